"""Displays are turned off after nothing has changed for long, and the next frame lights them."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import Client, Daemon, Refused, fill, ident

Start = Callable[..., Daemon]

SECOND = 1_000_000_000
WINDOW = ident(1)
GREEN = 0xFF00FF00


@pytest.fixture
def client(start: Start, tmp_path: Path) -> Client:
    """Of a daemon whose displays are turned off after 5 s."""
    conf = tmp_path / "kmsblitd.conf"
    conf.write_text("[display]\noff_after = 5\n")
    client = start("--config", str(conf), "--clock", "virtual",
                   "--output", "headless:128x64@60").client()
    client.window(WINDOW, 128, 64)
    client.show(WINDOW, fill(GREEN, (0, 0, 128, 64)))
    return client


def is_dark(client: Client) -> bool:
    """Whether the display shows nothing: there is nothing to photograph, then."""
    try:
        client.see_output()
    except Refused as refused:
        assert "NO_OUTPUT" in str(refused)
        return True
    return False


def test_off_after_five_seconds(client: Client) -> None:
    client.step(int(4.9 * SECOND))
    assert not is_dark(client)
    client.step(int(0.2 * SECOND))
    assert is_dark(client)


def test_a_frame_lights_it_again(client: Client) -> None:
    client.step(6 * SECOND)
    client.show(WINDOW, fill(GREEN ^ 0xFF, (0, 0, 16, 16)))
    assert client.see_output()[40, 100] == GREEN & 0xFFFFFF
    assert client.see_output()[1, 1] == (GREEN ^ 0xFF) & 0xFFFFFF


def test_so_does_one_that_changes_nothing(client: Client) -> None:
    """Somebody plays: the picture just stays the same."""
    client.step(6 * SECOND)
    client.show(WINDOW, fill(GREEN, (0, 0, 128, 64)))
    assert client.see_output()[40, 100] == GREEN & 0xFFFFFF


def test_who_plays_keeps_it_lit(client: Client) -> None:
    for _ in range(4):
        client.step(3 * SECOND)
        client.show(WINDOW, fill(GREEN, (0, 0, 128, 64)))
        assert not is_dark(client)

"""Pictures whose pixels are drawn when somebody needs them: what clients see of it must be nothing."""
from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import VIRTUAL
from harness import Client, Daemon, blit, fill, ident, noise
from kmsblit import protocol as kb

WINDOW, IMAGE = ident(1), ident(2)
RED, GREEN, BLUE = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF
ALL = (0, 0, 320, 240)
OWN = kb.StatisticsScope.WINDOW

Start = Callable[..., Daemon]


@pytest.fixture
def promising(start: Start) -> Client:
    """A client of a daemon that promises what it can."""
    return start(*VIRTUAL, "--simulate-direct", "on").client()


def test_a_frame_that_covers_everything_is_not_drawn(promising: Client, start: Start) -> None:
    """Its window draws nothing; the display does, and shows the same."""
    for client, tiles in ((promising, 0), (start(*VIRTUAL).client(), 20)):
        client.window(WINDOW, 320, 240)
        client.show(WINDOW, fill(RED, (0, 0, 100, 100)), clear=True)
        assert client.statistics(OWN, WINDOW)["tiles_drawn"] == tiles
        picture = client.see_output()
        assert (picture[:100, :100] == 0xFF0000).all() and (picture[100:] == 0).all()


def test_what_takes_long_is_the_windows_own_work(promising: Client) -> None:
    """A frame that draws everything many times would keep the display, and so all others, waiting."""
    promising.window(WINDOW, 320, 240)
    veil = fill(0x10FFFFFF, ALL, blend=kb.Blend.OVER)
    for count, tiles in ((31, 0), (32, 20), (31, 20), (1500, 40)):
        promising.show(WINDOW, fill(BLUE + count, ALL), *[veil] * count)
        assert promising.statistics(OWN, WINDOW)["tiles_drawn"] == tiles
        seen = promising.see_output()
        assert (seen == seen[0, 0]).all()
    assert seen[0, 0] > 0xE0E0E0


def test_a_hidden_windows_picture_is_drawn_for_a_screenshot(promising: Client) -> None:
    picture = noise(320, 240)
    promising.image(IMAGE, picture)
    promising.window(WINDOW, 320, 240, flags=kb.WindowFlag.HIDDEN)
    promising.frame(WINDOW, blit(IMAGE, 0, 0))
    promising.request(kb.encode_image_destroy, object=IMAGE)
    promising.refresh(2)
    for _ in range(2):
        assert (promising.see_window(WINDOW) == picture & 0xFFFFFF).all()
    assert promising.statistics(OWN, WINDOW)["tiles_drawn"] == 0


def test_drawing_over_promises(promising: Client) -> None:
    """A tile that is promised, one that is drawn over, and then both in one window, again and again."""
    picture = noise(64, 64)
    promising.image(IMAGE, picture)
    promising.window(WINDOW, 320, 240, flags=kb.WindowFlag.HIDDEN)
    for turn in range(6):
        promising.frame(WINDOW, fill((RED, GREEN)[turn % 2], ALL))
        promising.frame(WINDOW, fill(BLUE, (10, 10, 4, 4)))
        promising.refresh(3)
        promising.frame(WINDOW, blit(IMAGE, 64, 0), fill(GREEN, (20, 20, 1, 1)))
        promising.refresh(2)
        seen = promising.see_window(WINDOW)
        assert (seen[:64, 64:128] == picture & 0xFFFFFF).all()
        assert (seen[10:14, 10:14] == 0x0000FF).all() and seen[20, 20] == 0x00FF00
        assert seen[100, 100] == (0xFF0000, 0x00FF00)[turn % 2]


def test_a_promise_in_another_size(promising: Client) -> None:
    """The pixels move from tile to tile, so they are needed."""
    picture = noise(100, 70)
    promising.image(IMAGE, picture)
    promising.window(WINDOW, 100, 70)
    promising.frame(WINDOW, blit(IMAGE, 0, 0))
    promising.set(WINDOW, width=170, height=60)
    promising.refresh(3)
    seen = promising.see_window(WINDOW)
    assert seen.shape == (60, 170)
    assert (seen[:, :100] == picture[:60] & 0xFFFFFF).all() and (seen[:, 100:] == 0).all()


def test_what_a_promise_holds_is_given_back(promising: Client) -> None:
    """An image is charged for as long as a picture may have to be drawn from it, and no longer."""
    def memory() -> int:
        return promising.statistics(kb.StatisticsScope.CLIENT)["image_bytes"]

    promising.window(WINDOW, 320, 240, flags=kb.WindowFlag.HIDDEN)
    promising.frame(WINDOW, fill(RED, ALL))
    promising.refresh(2)
    empty = memory()
    for turn in range(10):
        image = ident(2, turn)
        promising.image(image, noise(320, 240))
        promising.frame(WINDOW, blit(image, 0, 0))
        promising.request(kb.encode_image_destroy, object=image)
        promising.refresh(2)
        assert empty < memory() < empty + 3 * 320 * 240 * 4
    promising.frame(WINDOW, fill(RED, ALL))
    promising.refresh(2)
    assert memory() == empty
    promising.request(kb.encode_window_destroy, object=WINDOW)
    promising.sync()
    assert memory() < empty

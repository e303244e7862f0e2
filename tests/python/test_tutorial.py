"""The programs of the tutorial and of "coming from pygame": each runs until Escape, the pygame one by `kmsblit run`."""
from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

import kmsblit

HANG_SECONDS = 60
TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))
KEY_ESCAPE = 1


def programs() -> Iterator[object]:
    """All blocks of Python: each is whole."""
    for page in ("tutorial.md", "coming-from-pygame.md"):
        text = (ROOT / "docs" / page).read_text()
        for found in re.finditer(r"^```python\n(.*?)^```", text, re.M | re.S):
            yield pytest.param(found[1], id=f"{page}:{text.count(chr(10), 0, found.start()) + 2}")


@pytest.mark.parametrize("code", programs())
def test_a_program(start, tmp_path: Path, code: str) -> None:
    daemon = start("--output", "headless:320x240@60")
    script = tmp_path / "fish.py"
    script.write_text(code)
    is_pygame = "import pygame" in code
    command = [TOOL, "run", "/usr/bin/python3"] if is_pygame else [sys.executable, "-W", "error"]
    env = {**os.environ, "KMSBLIT_SOCKET": daemon.socket, "PYTHONPATH": str(Path(kmsblit.__path__[0]).parent),
           "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    env.pop("SDL_VIDEODRIVER", None)
    game = subprocess.Popen([*command, "-B", str(script)], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + HANG_SECONDS
    with daemon.connect() as display:
        while display.statistics("output").get("frames_presented", 0) < 10:
            assert game.poll() is None and time.monotonic() < end, game.communicate()
        assert len(set(bytes(display.screenshot().pixels))) > 1
        display.inject(1, KEY_ESCAPE, 1)
        display.inject(0)
        display.sync()
        output = game.communicate(timeout=HANG_SECONDS)
    assert (game.returncode, *output) == (0, "", "")


def test_there_are_programs() -> None:
    """At every step of the tutorial, and on both sides of the comparison."""
    pages = [str(one.id).split(":")[0] for one in programs()]  # type: ignore[attr-defined]
    assert pages.count("tutorial.md") >= 4 and pages.count("coming-from-pygame.md") == 2


def test_the_whole_game_is_a_fish() -> None:
    """What the tutorial promises: short enough for ten minutes."""
    last = [one.values[0] for one in programs()][-3]  # type: ignore[attr-defined]
    assert "collide_mask" in last and len(last.splitlines()) < 130


def test_names_exist() -> None:
    """Whatever the pages say of kmsblit's is there."""
    text = (ROOT / "docs/tutorial.md").read_text() + (ROOT / "docs/coming-from-pygame.md").read_text()
    for name in set(re.findall(r"\bkmsblit\.([A-Za-z_]+)", text)) - {"conf"}:
        assert hasattr(kmsblit, name) or name == "draw", name

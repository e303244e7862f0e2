"""SDL's own tests through `kmsblit run`: what the display shows at the end is what SDL's dummy driver gets."""
from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pygame

import games
import play
from test_games import HANG_SECONDS, pytestmark, shown  # noqa: F401

SDL_TESTS = games.CACHE / "usr/libexec/installed-tests/SDL2"
SPRITES = games.Game("testsprite2", (str(SDL_TESTS / "testsprite2"), "--renderer", "software", "--iterations", "40", "--geometry",
                                     "640x480"), (640, 480))


def saved_frames(folder: Path, count: int) -> Path:
    """SDL's dummy driver keeps what it is given as files; the one after so many."""
    folder.mkdir()
    env = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_VIDEO_DUMMY_SAVE_FRAMES": "1"}
    process = subprocess.Popen(SPRITES.command, cwd=folder, env=env, stderr=subprocess.DEVNULL)
    picture = folder / f"SDL_window1-{count:08}.bmp"
    end = time.monotonic() + HANG_SECONDS
    while not (folder / f"SDL_window1-{count + 1:08}.bmp").exists():
        assert process.poll() is None and time.monotonic() < end
    process.kill()
    process.wait()
    return picture


def test_testsprite2(tmp_path: Path) -> None:
    """A hundred sprites by a renderer; they stop after 40 frames."""
    picture = pygame.image.load(saved_frames(tmp_path / "dummy", 60))
    wanted = pygame.surfarray.array3d(picture).swapaxes(0, 1)
    assert wanted.shape == (480, 640, 3) and len({tuple(color) for row in wanted[::8] for color in row}) > 5
    daemon = play.Daemon(tmp_path, SPRITES.size)
    process = play.start(SPRITES, daemon, tmp_path)
    try:
        end = time.monotonic() + HANG_SECONDS
        while (now := shown(daemon)).shape != wanted.shape or (now != wanted).any():
            assert process.poll() is None and time.monotonic() < end, (tmp_path / "game.log").read_text()
        # Whoever wants it to end closes its window.
        for key in ("ctrl", "alt", "backspace"):
            daemon.key(key, True)
        assert process.wait(HANG_SECONDS) == 0
    finally:
        play.end(process)
        daemon.stop()

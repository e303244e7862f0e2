"""Debian's games, unmodified, on a real driver: what the graphics card shows is what they draw, while somebody plays."""
from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from machine import Machine, Picture
from programs import BUILD, Daemon

TESTS = Path(__file__).resolve().parents[1] / "games"
sys.path.insert(0, str(TESTS))
import games  # noqa: E402

GAMES = [game for game in games.ALL if game.always and game.name in ("solarwolf", "oneisenough", "whichwayisup")]
SKIP = games.CACHES.parent / "skip-few"
FOLDER = "/tmp/game"
# At each of these presents another key goes down, and the one before up.
STOPS = (60, 100, 140, 180, 220)
KEYS = ("ret", "down", "ret", "right", "spc")


def centred(picture: Picture) -> Picture:
    """On the display, in its own size."""
    screen = np.zeros((720, 1280, 3), np.uint8)
    height, width = picture.shape[:2]
    top, left = (720 - height) // 2, (1280 - width) // 2
    screen[top:top + height, left:left + width] = picture
    return screen


@pytest.mark.skipif(SKIP.exists(), reason=SKIP.read_text() if SKIP.exists() else "")
@pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
def test_game(virtio: Machine, start: Callable[..., Daemon], game: games.Game) -> None:
    """It stops at some presents until the picture has been looked at (tests/games/hook)."""
    daemon = start(virtio, "--backend", "kms")
    virtio.run(f"rm -rf {FOLDER}; mkdir -p {FOLDER}/home; mkfifo {FOLDER}/told {FOLDER}/go")
    more = {"GAMES_HOOK": FOLDER, "GAMES_STOPS": ",".join(map(str, STOPS)), "HOME": f"{FOLDER}/home",
            "PYTHONPATH": f"{TESTS}/hook:{games.CACHE}/usr/lib/python3/dist-packages", "PYTHONHASHSEED": "0",
            "SDL_AUDIODRIVER": "dummy", "KMSBLIT_SOCKET": daemon.socket}
    command = " ".join(f"'{word}'" for word in game.command)
    program = virtio.spawn(f"cd '{game.folder}' && exec '{BUILD}/kmsblit' run --scale none {command}", env=more)
    pictures, held = set(), ""
    for key in KEYS:
        count, width, height = (int(word) for word in virtio.run(f"head -n 1 {FOLDER}/told").output.split())
        drawn = np.frombuffer(virtio.fetch(f"{FOLDER}/picture").read_bytes(), np.uint8).reshape(height, width, 3)
        shown = virtio.wait_picture(centred(drawn))
        assert np.array_equal(shown, centred(drawn)), (count, program.output)
        pictures.add(drawn.tobytes())
        if held:
            virtio.key(held, down=False)
        virtio.key(key, down=True)
        held = key
        virtio.run(f"printf g >{FOLDER}/go")
    virtio.key(held, down=False)
    assert len(pictures) > 1, "nothing ever changed"
    program.kill()
    daemon.stop()

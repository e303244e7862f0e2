"""A game goes on when its daemon is killed and started again, and hears what was lost."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path

import kmsblit

KMSBLITD = os.environ.get("KMSBLITD", "build/kmsblitd")


def start(path: Path) -> subprocess.Popen[bytes]:
    """A daemon that answers."""
    ready, says_ready = os.pipe()
    daemon = subprocess.Popen([KMSBLITD, "--socket", path, "--output", "headless:64x64@0",
                               "--ready-fd", str(says_ready)], pass_fds=[says_ready])
    os.close(says_ready)
    assert os.read(ready, 1) == b"\n"
    os.close(ready)
    return daemon


def test_what_only_the_daemon_had_is_told_once(tmp_path: Path) -> None:
    """A window that begins each frame anew is not lost; one that is drawn over, and a canvas, are."""
    path = tmp_path / "kmsblit.sock"
    daemon = start(path)
    with kmsblit.connect(path) as display:
        fresh = display.window((16, 16), title="fresh")
        drawn_over = display.window((16, 16), title="drawn over")
        canvas = display.canvas((8, 8))
        canvas.fill("red")
        canvas.commit()
        fresh.fill("navy")
        fresh.flip(wait=True)
        for column in range(3):
            drawn_over.fill("green", (column, 0, 1, 16))
            drawn_over.flip(wait=True)
        assert display.content_lost() == []
        daemon.kill()
        daemon.wait()
        daemon = start(path)
        fresh.fill("navy", (0, 0, 16, 16))
        fresh.flip(wait=True)
        lost = display.content_lost()
        assert drawn_over in lost and canvas in lost and fresh not in lost and len(lost) == 2
        assert display.content_lost() == []
        fresh.fill("teal")
        fresh.flip(wait=True)
        assert bytes(fresh.screenshot())[:4] == bytes([128, 128, 0, 255])
    daemon.terminate()
    assert daemon.wait() == 0

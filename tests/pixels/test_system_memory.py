"""In the steady state the daemon allocates nothing: what a frame takes is there from the frames before."""
from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from system import Daemon, kmsblit

ROOT = Path(__file__).resolve().parents[2]
COUNTER = ROOT / "build/release/count_allocations.so"
WIDTH, HEIGHT = 640, 400
PERIOD = 40  # frames, after which all is where it was
REFRESH_NS = 20_000_000


def play(display: kmsblit.Display, window: kmsblit.Window, images: list[kmsblit.Image],
         frames: range) -> None:
    """A map of tiles, and sprites that go to and fro."""
    for number in frames:
        step = abs(number % PERIOD - PERIOD // 2)
        window.clear()
        for y in range(0, HEIGHT, 32):
            for x in range(0, WIDTH, 32):
                window.blit(images[(x + y) // 32 % 3], (x, y))
        for n in range(30):
            window.blit(images[3], (n * 20 + 3 * step, n * 12 + (n % 3) * step))
        window.commit()
        display.step(REFRESH_NS)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("buffers", [2, 3])
def test_frames_allocate_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int,
                                 buffers: int) -> None:
    """Two hundred frames like those before. More may be drawn at once by chance where there are two threads."""
    counts = tmp_path / "counts"
    counts.write_bytes(bytes(8))
    monkeypatch.setenv("COUNT_FILE", str(counts))
    monkeypatch.setenv("LD_PRELOAD", str(COUNTER))
    daemon = Daemon(tmp_path, "--clock", "virtual", "--output", f"headless:{WIDTH}x{HEIGHT}",
                    "--threads", str(threads), "--buffers", str(buffers))
    monkeypatch.delenv("LD_PRELOAD")

    def counted() -> int:
        return int(struct.unpack("<Q", counts.read_bytes())[0])

    with daemon, daemon.connect() as display:
        rng = np.random.default_rng(5)
        images = [display.image(rng.integers(0, 256, (32, 32, 4), np.uint8)) for _ in range(3)]
        images.append(display.image(rng.integers(0, 256, (50, 40, 4), np.uint8)))
        window = display.window((WIDTH, HEIGHT), scale="none")
        started = counted()
        assert started > 0, "nothing is counted"
        play(display, window, images, range(3 * PERIOD))
        warm = counted()
        assert warm > started
        play(display, window, images, range(3 * PERIOD, 3 * PERIOD + 200))
        assert counted() - warm <= (0 if threads == 1 else 8)


def test_the_count_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the switch off every frame allocates."""
    counts = tmp_path / "counts"
    counts.write_bytes(bytes(8))
    monkeypatch.setenv("COUNT_FILE", str(counts))
    monkeypatch.setenv("LD_PRELOAD", str(COUNTER))
    daemon = Daemon(tmp_path, "--clock", "virtual", "--output", f"headless:{WIDTH}x{HEIGHT}",
                    "--off", "reuse")
    monkeypatch.delenv("LD_PRELOAD")
    with daemon, daemon.connect() as display:
        pixels = np.random.default_rng(5).integers(0, 256, (32, 32, 4), np.uint8)
        images = [display.image(pixels) for _ in range(4)]
        window = display.window((WIDTH, HEIGHT), scale="none")
        play(display, window, images, range(10))
        before = int(struct.unpack("<Q", counts.read_bytes())[0])
        play(display, window, images, range(10, 20))
        assert int(struct.unpack("<Q", counts.read_bytes())[0]) - before > 100

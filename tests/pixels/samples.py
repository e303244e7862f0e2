"""Random pixels for tests, and how two pictures are compared."""
from __future__ import annotations

import numpy as np

from model import Pixels, mul

# Values at which something changes; a quarter of all channels are one of these.
EDGES = np.array([0, 1, 2, 127, 128, 129, 253, 254, 255], np.uint8)

COLORS = slice(0, 3)
ALPHA = slice(3, 4)
ALL = slice(0, 4)


def random_pixels(rng: np.random.Generator, height: int = 128, width: int = 128,
                  alpha: int | None = None) -> Pixels:
    """Pixels of any colour and alpha; with an alpha, all of that one."""
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    at_edge = rng.random(pixels.shape) < 0.25
    pixels[at_edge] = rng.choice(EDGES, int(at_edge.sum()))
    if alpha is not None:
        pixels[..., 3] = alpha
    return pixels


def premultiplied(pixels: Pixels) -> Pixels:
    """Straight pixels, premultiplied: no colour is above its alpha."""
    result = pixels.copy()
    result[..., :3] = mul(pixels[..., :3].astype(np.int64), pixels[..., 3:].astype(np.int64))
    return result


def random_color(rng: np.random.Generator) -> int:
    """A colour 0xAARRGGBB."""
    return int(rng.integers(0, 1 << 32)) if rng.random() < 0.75 else \
        int.from_bytes(rng.choice(EDGES, 4).tobytes(), "little")


def difference(got: Pixels, want: Pixels, channels: slice = ALL) -> int:
    """The largest difference of any channel, in levels."""
    assert got.shape == want.shape
    levels = np.abs(got[..., channels].astype(int) - want[..., channels].astype(int))
    return int(levels.max(initial=0))


def assert_close(got: Pixels, want: Pixels, most: int = 0, channels: slice = ALL) -> None:
    """No channel may differ by more than so many levels. Says where the worst pixel is."""
    worst = difference(got, want, channels)
    if worst > most:
        levels = np.abs(got[..., channels].astype(int) - want[..., channels].astype(int))
        y, x = np.argwhere(levels == worst)[0][:2]
        raise AssertionError(f"differs by {worst} levels at ({x}, {y}), {most} are allowed: "
                             f"BGRA is {got[y, x].tolist()}, should be {want[y, x].tolist()}; "
                             f"{int((levels > most).any(axis=-1).sum())} pixels in all")


def assert_near(got: Pixels, want: Pixels, most: int, share: float) -> None:
    """No colour may differ by more than so many levels, but for a share of the pixels."""
    assert got.shape == want.shape
    levels = np.abs(got[..., COLORS].astype(int) - want[..., COLORS].astype(int))
    if (levels > most).any(axis=-1).mean() > share:
        assert_close(got, want, most, COLORS)

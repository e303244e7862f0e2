"""Transformed drawing against pixman, with its edges repeated, where we draw: the model, of which
test_system_transforms.py shows that it is what the daemon draws.

Pixman weighs with 7 bits where we take 8, and takes a centre that lies on an edge between two pixels to
the left one; so filtered pixels are up to 4 levels apart, 99 of 100 up to 2.
"""
from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

import model_transform
from kernels import Kernels
from model import Pixels
from model_transform import ONE, Matrix
from samples import COLORS, assert_close, premultiplied, random_pixels

WIDTH, HEIGHT = 141, 103
KINDS = {"opaque": True, "premultiplied": False}


def random_matrix(rng: np.random.Generator, width: int, height: int) -> Matrix:
    """Turned, scaled up to eight times either way, sheared; somewhere about the image."""
    rows = rng.normal(0, 1, (2, 3)) * np.exp(rng.uniform(-2, 2))
    middle = rows[:, :2] @ (rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT))
    rows[:, 2] = (width / 2, height / 2) - middle
    return tuple(int(value) for value in (rows * ONE).ravel())  # type: ignore[return-value]


def drawn(size: tuple[int, int], matrix: Matrix, margin: int) -> npt.NDArray[np.bool_]:
    """Which pixels of the target are drawn, and lie so many 65536ths from any edge of a pixel."""
    xx, xy, x0, yx, yy, y0 = matrix
    x, y = np.meshgrid(2 * np.arange(WIDTH) + 1, 2 * np.arange(HEIGHT) + 1)
    u, v = (xx * x + xy * y) // 2 + x0, (yx * x + yy * y) // 2 + y0
    mask: npt.NDArray[np.bool_] = (u >= 0) & (u < size[0] * ONE) & (v >= 0) & (v < size[1] * ONE)
    for place in (u, v):
        mask &= (place % ONE >= margin) & (place % ONE < ONE - margin)
    return mask


def pair(kernels: Kernels, rng: np.random.Generator, kind: str, canvas: bool,
         bilinear: bool) -> tuple[Pixels, Pixels]:
    """Our pixels and pixman's of one drawing, in a row."""
    width, height = (int(side) for side in rng.integers(1, 80, 2))
    source = premultiplied(random_pixels(rng, height, width, 255 if KINDS[kind] else None))
    target = premultiplied(random_pixels(rng, HEIGHT, WIDTH, None if canvas else 255))
    matrix = random_matrix(rng, width, height)
    theirs = kernels.pixman_transform(bilinear, target, source, canvas, KINDS[kind], matrix)
    ours = target.copy()
    model_transform.transformed_blit(ours, source, kind, (0, 0, width, height), matrix, bilinear,
                                     canvas=canvas)
    compared = drawn((width, height), matrix, 0 if bilinear else 2)
    if not canvas:
        theirs = theirs.copy()
        theirs[..., 3] = 255
    return ours[compared], theirs[compared]


@pytest.mark.parametrize("canvas", [False, True], ids=["window", "canvas"])
@pytest.mark.parametrize("kind", KINDS)
def test_nearest(kernels: Kernels, rng: np.random.Generator, kind: str, canvas: bool) -> None:
    """Equal, except where the centre lies at an edge between two pixels."""
    for _ in range(40):
        ours, theirs = pair(kernels, rng, kind, canvas, False)
        assert_close(ours[None], theirs[None])


@pytest.mark.parametrize("canvas", [False, True], ids=["window", "canvas"])
@pytest.mark.parametrize("kind", KINDS)
def test_bilinear(kernels: Kernels, rng: np.random.Generator, kind: str, canvas: bool) -> None:
    levels = []
    for _ in range(40):
        ours, theirs = pair(kernels, rng, kind, canvas, True)
        levels.append(np.abs(ours.astype(int) - theirs).max(axis=-1))
    all_levels = np.concatenate(levels)
    assert all_levels.size > 1000
    assert all_levels.max() <= 4
    assert (all_levels <= 2).mean() >= 0.99


def test_filter_is_close_to_real_numbers(rng: np.random.Generator) -> None:
    """Ours against the weighted mean in real numbers: off by the fraction's 8 bits, at most 2."""
    for _ in range(20):
        source = random_pixels(rng, 20, 30, 255)
        matrix = random_matrix(rng, 30, 20)
        target = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        model_transform.transformed_blit(target, source, "opaque", (0, 0, 30, 20), matrix, True)
        x, y = np.meshgrid(np.arange(WIDTH) + 0.5, np.arange(HEIGHT) + 0.5)
        xx, xy, x0, yx, yy, y0 = (value / ONE for value in matrix)
        u, v = xx * x + xy * y + x0 - 0.5, yx * x + yy * y + y0 - 0.5
        left, top = np.floor(u).astype(int), np.floor(v).astype(int)
        want = np.zeros((HEIGHT, WIDTH, 4))
        for column, row in ((0, 0), (1, 0), (0, 1), (1, 1)):
            weight = (1 - np.abs(u - left - column)) * (1 - np.abs(v - top - row))
            want += weight[..., None] * source[np.clip(top + row, 0, 19),
                                               np.clip(left + column, 0, 29)]
        mask = drawn((30, 20), matrix, 2)
        assert np.abs(target[mask][:, COLORS] - want[mask][:, COLORS]).max(initial=0) <= 2.6

"""The daemon's kernels against the model, to the bit, for everything that they can do."""
from __future__ import annotations

import numpy as np
import pytest

import model
from kernels import Kernels
from samples import assert_close, random_color, random_pixels

BOTH = pytest.mark.parametrize("canvas", [False, True], ids=["window", "canvas"])


@BOTH
@pytest.mark.parametrize("kind", model.KINDS)
@pytest.mark.parametrize("blend", model.BLENDS)
def test_blit(kernels: Kernels, rng: np.random.Generator, blend: str, kind: str,
              canvas: bool) -> None:
    target, source = random_pixels(rng), random_pixels(rng)
    want = target.copy()
    model.blit(want, source, kind, blend=blend, canvas=canvas)
    assert_close(kernels.blit(target, source, kind, blend, canvas), want)


@BOTH
@pytest.mark.parametrize("kind", model.KINDS)
@pytest.mark.parametrize("blend", model.BLENDS)
def test_blit_with_tint_and_alpha(kernels: Kernels, rng: np.random.Generator, blend: str, kind: str,
                                  canvas: bool) -> None:
    for alpha in (0, 1, 128, 254, 255, int(rng.integers(0, 256))):
        target, source = random_pixels(rng, 16), random_pixels(rng, 16)
        tint = random_color(rng) | 0xFF000000
        want = target.copy()
        model.blit(want, source, kind, blend=blend, tint=tint, alpha=alpha, canvas=canvas)
        changed = kernels.modulate(source, kind, tint, alpha)
        changed_kind = "straight" if kind == "opaque" else kind
        assert_close(kernels.blit(target, changed, changed_kind, blend, canvas), want)


@BOTH
@pytest.mark.parametrize("blend", model.BLENDS)
def test_fill(kernels: Kernels, rng: np.random.Generator, blend: str, canvas: bool) -> None:
    for _ in range(50):
        target, color = random_pixels(rng, 4), random_color(rng)
        want = target.copy()
        model.fill(want, (0, 0, 128, 4), color, blend, canvas=canvas)
        assert_close(kernels.fill(target, color, blend, canvas), want)


def test_reverse(kernels: Kernels, rng: np.random.Generator) -> None:
    for width in range(1, 70):
        row = random_pixels(rng, 1, width)
        assert_close(kernels.reverse(row), row[:, ::-1])


def test_scale(kernels: Kernels, rng: np.random.Generator) -> None:
    for _ in range(100):
        picture, shown = (int(value) for value in rng.integers(1, 600, 2))
        row = random_pixels(rng, 1, picture)
        want = model.scale_nearest(row, shown, 1)
        assert_close(kernels.scale(row, shown, 0, shown), want)
        first = int(rng.integers(0, shown))
        assert_close(kernels.scale(row, shown, first, shown - first), want[:, first:])

"""The daemon's kernels against pixman, to the bit, where both define the same operation."""
from __future__ import annotations

import numpy as np
import pytest

from kernels import Kernels
from samples import ALL, COLORS, assert_close, random_pixels

# Pixman's operators with our names of them: its ADD adds alpha too.
OPERATORS = {"over": "over", "src": "replace", "add": "rgba_add"}


@pytest.mark.parametrize("alpha", [255, 254, 128, 77, 1, 0])
@pytest.mark.parametrize("opaque", [False, True], ids=["argb", "xrgb"])
@pytest.mark.parametrize("canvas", [False, True], ids=["window", "canvas"])
@pytest.mark.parametrize("operator", OPERATORS)
def test_operator(kernels: Kernels, rng: np.random.Generator, operator: str, canvas: bool,
                  opaque: bool, alpha: int) -> None:
    target, source = random_pixels(rng), random_pixels(rng)
    want = kernels.pixman(operator, target, source, canvas, opaque, alpha)
    kind = "premultiplied"
    if alpha != 255:
        # an opaque pixel under a mask is a premultiplied one to pixman
        if opaque:
            source[..., 3] = 255
        source = kernels.modulate(source, kind, 0xFFFFFFFF, alpha)
    elif opaque:
        kind = "opaque"
    got = kernels.blit(target, source, kind, OPERATORS[operator], canvas)
    assert_close(got, want, channels=ALL if canvas else COLORS)

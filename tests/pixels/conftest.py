"""What the tests of pixels share. Random numbers differ in every run, and a test that fails prints
the seed that makes them come again: PIXELS_SEED=N repeats a run, also of a single test.
"""
from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from kernels import Kernels

PROGRAM = Path(__file__).resolve().parents[2] / "build/release/pixels/pixel_tool"
SEED = int(os.environ.get("PIXELS_SEED") or int.from_bytes(os.urandom(4), "little"))


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> np.random.Generator:
    """Random numbers of this test."""
    print(f"PIXELS_SEED={SEED} repeats these random numbers")
    return np.random.default_rng([SEED, zlib.crc32(request.node.name.encode())])


@pytest.fixture(scope="module", params=["ref", "best"])
def kernels(request: pytest.FixtureRequest) -> Iterator[Kernels]:
    """The daemon's kernels, the reference first."""
    program = os.environ.get("PIXEL_TOOL", str(PROGRAM))
    if not Path(program).exists():
        pytest.fail(f"{program} is not built: `make check-pixels` does")
    with Kernels(program, request.param) as running:
        yield running

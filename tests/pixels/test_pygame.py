"""The daemon's kernels against pygame. How far the two may be apart, and why, is written down in
docs/pixels.md; here it is held to that.
"""
from __future__ import annotations

import numpy as np
import pytest

import pygame_oracle as oracle
from kernels import Kernels
from samples import (ALL, ALPHA, COLORS, assert_close, difference, premultiplied, random_color,
                     random_pixels)

ALPHAS = pytest.mark.parametrize("alpha", [0, 1, 2, 64, 100, 127, 128, 200, 253, 254, 255])
SOURCES = pytest.mark.parametrize("kind", ["straight", "opaque"])
BYTE_BLENDS = [blend for blend in oracle.FLAGS if blend not in ("over", "premultiplied")]

# pygame multiplies by (a*b + 255) >> 8 and mixes with a shift as well: it is never exact there.
MULTIPLY = 2
OVER = 1
OVER_WITH_ALPHA = 2


def allowed(blend: str) -> int:
    """How many levels pygame may be away."""
    if blend in ("over", "premultiplied"):
        return OVER
    return MULTIPLY if blend.endswith("mult") else 0


@SOURCES
@pytest.mark.parametrize("blend", oracle.FLAGS)
def test_blit_to_window(kernels: Kernels, rng: np.random.Generator, blend: str, kind: str) -> None:
    target, source = random_pixels(rng, alpha=255), random_pixels(rng)
    if blend == "premultiplied":
        source = premultiplied(source)
    want = oracle.blit(target, source, oracle.FLAGS[blend], source_alpha=kind == "straight")
    got = kernels.blit(target, source, kind, blend, False)
    assert_close(got, want, allowed(blend), COLORS)
    assert (got[..., 3] == 255).all()


def test_premultiplied_image_to_window(kernels: Kernels, rng: np.random.Generator) -> None:
    """An image that says it is premultiplied, drawn `over`, is pygame's BLEND_PREMULTIPLIED."""
    target, source = random_pixels(rng, alpha=255), premultiplied(random_pixels(rng))
    want = oracle.blit(target, source, oracle.FLAGS["premultiplied"])
    got = kernels.blit(target, source, "premultiplied", "over", False)
    assert_close(got, want, OVER, COLORS)


@ALPHAS
@SOURCES
def test_surface_alpha(kernels: Kernels, rng: np.random.Generator, kind: str, alpha: int) -> None:
    target, source = random_pixels(rng, alpha=255), random_pixels(rng)
    want = oracle.blit(target, source, source_alpha=kind == "straight", alpha=alpha)
    changed = kernels.modulate(source, kind, 0xFFFFFFFF, alpha)
    got = kernels.blit(target, changed, "straight", "over", False)
    assert_close(got, want, OVER_WITH_ALPHA, COLORS)


@SOURCES
@pytest.mark.parametrize("blend", BYTE_BLENDS)
def test_surface_alpha_does_not_weaken(kernels: Kernels, rng: np.random.Generator, blend: str,
                                       kind: str) -> None:
    """Neither pygame's surface alpha nor our alpha has a say in add, sub, mult, min and max."""
    target, source = random_pixels(rng, alpha=255), random_pixels(rng)
    want = oracle.blit(target, source, oracle.FLAGS[blend], source_alpha=kind == "straight",
                       alpha=100)
    changed = kernels.modulate(source, kind, 0xFFFFFFFF, 100)
    assert_close(kernels.blit(target, changed, "straight", blend, False), want, allowed(blend),
                 COLORS)


def test_replace(kernels: Kernels, rng: np.random.Generator) -> None:
    """pygame copies without blending when the source's alpha is turned off."""
    target, source = random_pixels(rng, alpha=255), random_pixels(rng)
    onto, image = oracle.surface(target, False), oracle.surface(source, True)
    image.set_alpha(None)
    onto.blit(image, (0, 0))
    for kind in ("straight", "premultiplied", "opaque"):
        got = kernels.blit(target, source, kind, "replace", False)
        assert_close(got, oracle.pixels_of(onto), 0, COLORS)


def test_tint(kernels: Kernels, rng: np.random.Generator) -> None:
    """A game tints by multiplying a copy, then draws it: both of pygame's roundings add up."""
    for _ in range(20):
        target, source = random_pixels(rng, 32, alpha=255), random_pixels(rng, 32)
        tint = random_color(rng) | 0xFF000000
        tinted = oracle.fill(source, tint, oracle.FLAGS["mult"], target_alpha=True)
        changed = kernels.modulate(source, "straight", tint, 255)
        assert_close(changed, tinted, MULTIPLY)
        got = kernels.blit(target, changed, "straight", "over", False)
        assert_close(got, oracle.blit(target, tinted), MULTIPLY + OVER, COLORS)


@pytest.mark.parametrize("canvas", [False, True], ids=["window", "canvas"])
@pytest.mark.parametrize("blend", BYTE_BLENDS)
def test_fill(kernels: Kernels, rng: np.random.Generator, blend: str, canvas: bool) -> None:
    for _ in range(20):
        target = random_pixels(rng, 32, alpha=None if canvas else 255)
        color = random_color(rng)
        want = oracle.fill(target, color, oracle.FLAGS[blend], target_alpha=canvas)
        got = kernels.fill(target, color, blend, canvas)
        assert_close(got, want, allowed(blend), ALL if canvas else COLORS)


def test_plain_fills(kernels: Kernels, rng: np.random.Generator) -> None:
    """Without a flag pygame's fill replaces; a translucent one is a blit of a filled surface."""
    for _ in range(20):
        target, color = random_pixels(rng, 32, alpha=255), random_color(rng)
        got = kernels.fill(target, color, "replace", False)
        assert_close(got, oracle.fill(target, color, 0), 0, COLORS)
        veil = oracle.fill(target, color, 0, target_alpha=True)
        got = kernels.fill(target, color, "over", False)
        assert_close(got, oracle.blit(target, veil), OVER, COLORS)


# ---- Canvases: pygame's surfaces with alpha are straight, ours are premultiplied ----


@SOURCES
@pytest.mark.parametrize("blend", BYTE_BLENDS)
def test_bytes_on_canvas(kernels: Kernels, rng: np.random.Generator, blend: str, kind: str) -> None:
    """These blends look at bytes only, so it does not matter what the bytes mean."""
    target, source = random_pixels(rng), random_pixels(rng)
    want = oracle.blit(target, source, oracle.FLAGS[blend], source_alpha=kind == "straight",
                       target_alpha=True)
    got = kernels.blit(target, source, kind, blend, True)
    assert_close(got, want, allowed(blend))


def test_premultiplied_on_canvas(kernels: Kernels, rng: np.random.Generator) -> None:
    target, source = premultiplied(random_pixels(rng)), premultiplied(random_pixels(rng))
    want = oracle.blit(target, source, oracle.FLAGS["premultiplied"], target_alpha=True)
    for kind, blend in (("straight", "premultiplied"), ("premultiplied", "over")):
        assert_close(kernels.blit(target, source, kind, blend, True), want, OVER)


@pytest.mark.parametrize("alpha", [None, 0, 1, 100, 128, 200, 254])
@pytest.mark.parametrize("target_alpha", [0, 255])
def test_over_on_empty_and_opaque_canvas(kernels: Kernels, rng: np.random.Generator,
                                         target_alpha: int, alpha: int | None) -> None:
    """Where the canvas is empty or opaque, pygame's plain blit means what ours does."""
    target, source = random_pixels(rng, alpha=target_alpha), random_pixels(rng)
    if target_alpha == 0:
        target[...] = 0
    want = oracle.blit(target, source, target_alpha=True, alpha=alpha)
    changed = kernels.modulate(source, "straight", 0xFFFFFFFF, 255 if alpha is None else alpha)
    got = kernels.blit(premultiplied(target), changed, "straight", "over", True)
    assert_close(got, premultiplied(want), OVER if alpha is None else OVER_WITH_ALPHA)


def test_over_on_translucent_canvas(kernels: Kernels, rng: np.random.Generator) -> None:
    """In between, pygame takes a straight mean of the colours, whatever weight the target's has:
    its colours are off by up to a quarter of the range, its alpha is right."""
    target, source = random_pixels(rng), random_pixels(rng)
    pygame_says = oracle.blit(target, source, target_alpha=True)
    got = kernels.blit(premultiplied(target), source, "straight", "over", True)
    assert_close(got, pygame_says, 1, ALPHA)
    assert 32 < difference(got, premultiplied(pygame_says), COLORS) <= 65
    # what a mean weighted by alpha gives, in real numbers: ours is that, rounded three times
    s, d = source[..., :3] / 255, target[..., :3] / 255
    s_alpha, d_alpha = source[..., 3:] / 255, target[..., 3:] / 255
    exact = 255 * (s * s_alpha + d * d_alpha * (1 - s_alpha))
    assert np.abs(got[..., :3] - exact).max() < 1.5


# ---- Where pygame goes a way of its own: kept here so that we notice if it changes ----


def test_pygame_skips_glowing_pixels(kernels: Kernels, rng: np.random.Generator) -> None:
    """Premultiplied colours above their alpha saturate in both; under alpha 0, pygame leaves them
    out, while we (and pixman) add them."""
    target, source = random_pixels(rng, alpha=255), random_pixels(rng)
    drawn = oracle.blit(target, source, oracle.FLAGS["premultiplied"])
    got = kernels.blit(target, source, "premultiplied", "over", False)
    skipped = source[..., 3] == 0
    assert skipped.any()
    assert_close(drawn[skipped][None], target[skipped][None], 0, COLORS)
    added = np.minimum(255, target[skipped].astype(int) + source[skipped])
    assert (got[skipped][:, :3] == added[:, :3]).all()
    assert_close(got[~skipped][None], drawn[~skipped][None], OVER, COLORS)


def test_pygame_ignores_alpha_of_premultiplied(kernels: Kernels, rng: np.random.Generator) -> None:
    target, source = random_pixels(rng, alpha=255), premultiplied(random_pixels(rng))
    flags = oracle.FLAGS["premultiplied"]
    assert_close(oracle.blit(target, source, flags, alpha=100), oracle.blit(target, source, flags))
    changed = kernels.modulate(source, "premultiplied", 0xFFFFFFFF, 100)
    got = kernels.blit(target, changed, "premultiplied", "over", False)
    assert difference(got, kernels.blit(target, source, "premultiplied", "over", False)) > 50


def test_pygame_makes_canvas_opaque_under_faint_opaque_image(rng: np.random.Generator) -> None:
    """An opaque source with surface alpha leaves a target with alpha fully opaque in pygame."""
    target, source = random_pixels(rng), random_pixels(rng)
    drawn = oracle.blit(target, source, source_alpha=False, target_alpha=True, alpha=100)
    assert (drawn[..., 3] == 255).all()

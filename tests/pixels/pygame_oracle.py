"""pygame's own pixels, for comparison. Surfaces are made here with the pixels of model.py (B, G, R,
A) and turned back into them; without SRCALPHA the fourth byte means nothing.
"""
from __future__ import annotations

import os

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import pygame

from model import Pixels

# Our names of the blends that pygame has, with its flags. `over` is a plain blit.
FLAGS = {
    "over": 0,
    "premultiplied": pygame.BLEND_PREMULTIPLIED,
    "add": pygame.BLEND_RGB_ADD,
    "sub": pygame.BLEND_RGB_SUB,
    "mult": pygame.BLEND_RGB_MULT,
    "min": pygame.BLEND_RGB_MIN,
    "max": pygame.BLEND_RGB_MAX,
    "rgba_add": pygame.BLEND_RGBA_ADD,
    "rgba_sub": pygame.BLEND_RGBA_SUB,
    "rgba_mult": pygame.BLEND_RGBA_MULT,
    "rgba_min": pygame.BLEND_RGBA_MIN,
    "rgba_max": pygame.BLEND_RGBA_MAX,
}


def surface(pixels: Pixels, alpha: bool) -> pygame.Surface:
    """A surface with these pixels, with alpha (SRCALPHA) or without."""
    made = pygame.Surface((pixels.shape[1], pixels.shape[0]), pygame.SRCALPHA if alpha else 0, 32)
    assert made.get_masks() == (0xFF0000, 0xFF00, 0xFF, 0xFF000000 if alpha else 0)
    words = np.ascontiguousarray(pixels).view("<u4")[..., 0]
    view = pygame.surfarray.pixels2d(made)
    view[...] = words.T
    return made


def pixels_of(drawn: pygame.Surface) -> Pixels:
    """A surface's pixels."""
    words = pygame.surfarray.array2d(drawn).T.astype("<u4")
    return np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 4)


def color_of(color: int) -> tuple[int, int, int, int]:
    """pygame's (R, G, B, A) of 0xAARRGGBB."""
    return color >> 16 & 255, color >> 8 & 255, color & 255, color >> 24


def blit(target: Pixels, source: Pixels, flags: int = 0, *, source_alpha: bool = True,
         target_alpha: bool = False, alpha: int | None = None) -> Pixels:
    """The target after pygame's blit; alpha is the source's surface alpha."""
    onto, image = surface(target, target_alpha), surface(source, source_alpha)
    if alpha is not None:
        image.set_alpha(alpha)
    onto.blit(image, (0, 0), None, flags)
    return pixels_of(onto)


def fill(target: Pixels, color: int, flags: int, *, target_alpha: bool = False) -> Pixels:
    """The target after pygame's fill."""
    onto = surface(target, target_alpha)
    onto.fill(color_of(color), None, flags)
    return pixels_of(onto)

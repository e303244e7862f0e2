"""What frames may cost on each GPU: the figures that docs/videocore.md explains."""
from __future__ import annotations

from dataclasses import dataclass

TILES = 240  # of 64x64 in 1280x720


@dataclass(frozen=True)
class Limits:
    """Of one frame; None: not said."""

    loaded: int | None           # tiles read from memory ...
    stored: int | None           # ... and written
    draws: int | None = None
    jobs_vc4: int = 1            # a v3d has one for every frame
    textures: int | None = None  # different ones that are sampled
    textured_px: int | None = None


WHOLE_PX = 1280 * 720

# By frames.c's names. Whole frames begin with the tile buffer's own clear, so that nothing is loaded.
FRAMES = {
    "clear": Limits(0, TILES, draws=0, textures=0, textured_px=0),
    "fills": Limits(0, TILES, draws=1, textures=0, textured_px=0),
    "atlas": Limits(0, TILES, draws=1, textures=1, textured_px=200 * 64 * 64),
    "sprites": Limits(0, TILES, draws=1, textures=1),
    "white page": Limits(0, TILES, draws=2, textures=1, textured_px=WHOLE_PX // 5),
    "blends": Limits(0, TILES, draws=14, textures=2),
    "tints": Limits(0, TILES, draws=2, textures=1),
    "wide": Limits(0, TILES, draws=2, textures=2, textured_px=1290 * 40),
    "window": Limits(0, TILES, draws=1, textures=1, textured_px=WHOLE_PX),
    "W1": Limits(0, TILES, draws=1),
    "W2": Limits(0, TILES, draws=1),
    "W3": Limits(0, TILES, draws=2),
    "W4": Limits(0, TILES, draws=2),
    "W5": Limits(0, TILES, draws=2),
    "W6": Limits(0, TILES, draws=1),
    "W6a": Limits(0, TILES, draws=1),
    # Parts: no tile but those that the changed places touch.
    "one rectangle": Limits(4, 4, draws=2, textures=1),
    "one fill": Limits(4, 4, draws=1, textures=0),
    "one tile": Limits(1, 1, draws=2, textures=1),
    "two far apart": Limits(3, 3, draws=4, jobs_vc4=2),
}

# Tiles on a display of 1920x1080: (vc4, v3d). A v3d counts to 256; above, it takes tiles two by two.
LARGE = {
    "clear": (0, 0),
    "one tile": (1, 4),
    "one rectangle": (4, 16),
    "two far apart": (3, 8),
}

# Instructions of fragment shaders, at most. On vc4 blending is a part of the shader, on v3d it is not.
# Counted on targets with alpha, as the renderer takes them. Frame: (vc4, v3d 4.2, v3d 7.1)
SHADERS = {
    "op fill": (13, 9, 9),
    "op fill over": (15, 9, 9),
    "op fill add": (13, 9, 9),
    "op blit": (15, 11, 9),
    "op blit over": (18, 11, 9),
    "op blit mirrored": (18, 11, 9),
    "op blit add": (16, 11, 9),
    "op tint": (19, 17, 16),
    "op tint over": (23, 17, 16),
    "op fade over": (23, 17, 16),
    "op tint add": (20, 17, 16),
}

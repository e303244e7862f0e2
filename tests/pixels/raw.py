"""Single requests against a daemon, and beside them what the model says: for what the protocol can and
the Python package has no words for.
"""
from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

import system
import model
import model_transform
from model import Pixels, Rect
from model_transform import Matrix

sys.path.append(str(system.ROOT / "tests/protocol"))

import harness  # noqa: E402
from harness import Client, Daemon, ident  # noqa: E402, F401
from kmsblit import protocol as kb  # noqa: E402

BLENDS = {blend: int(kb.Blend[blend.upper()]) for blend in model.BLENDS}
FORMATS = {name: int(kb.Format[name.upper()]) for name in model_transform.FORMATS}


@dataclass
class Picture:
    """An image or canvas: its id, and its pixels as of the last request."""

    id: int
    pixels: Pixels
    kind: str
    is_canvas: bool = False


def as_pixels(words: npt.NDArray[np.uint32]) -> Pixels:
    """A screenshot as the model has pixels."""
    pixels = np.ascontiguousarray(words).view(np.uint8).reshape(*words.shape, 4).copy()
    pixels[..., 3] = 255
    return pixels


class Stage:
    """A client whose ids count up; each command is packed for the daemon and kept for the model."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.next_id = 1

    def new_id(self) -> int:
        """An id that was never used."""
        self.next_id += 1
        return self.next_id - 1

    def image(self, raw: npt.NDArray[np.uint8], name: str = "argb8888",
              palette: Sequence[int] = (), color_key: int | None = None,
              padding: int = 0) -> Picture:
        """An image out of bytes (height x width x bytes of a pixel); padding: pixels behind rows."""
        size = model_transform.bytes_per_px(name)
        height, width = raw.shape[:2]
        rows = np.full((height, width + padding, size), 0xA5, np.uint8)
        rows[:, :width] = raw.reshape(height, width, size)
        fd = harness.memfd(rows)
        made = self.new_id()
        serial = self.client.create_image(
            made, fd, width, height, format=FORMATS[name], stride=(width + padding) * size,
            flags=0 if color_key is None else kb.ImageFlag.COLOR_KEY, color_key=color_key or 0,
            palette=palette)
        os.close(fd)
        self.client.expect(kb.EvtReleased, serial=serial)
        return Picture(made, model_transform.decoded(raw.reshape(height, width, size), name,
                                                     palette, color_key),
                       model_transform.kind_of(name, color_key is not None))

    def canvas(self, width: int, height: int) -> Picture:
        """A canvas, transparent."""
        made = Picture(self.new_id(), np.zeros((height, width, 4), np.uint8),
                       model.PREMULTIPLIED_KIND, True)
        self.client.request(kb.encode_canvas_create, object=made.id, width=width, height=height)
        return made

    def window(self, width: int, height: int, **more: Any) -> Picture:
        """A window, black."""
        made = Picture(self.new_id(), np.zeros((height, width, 4), np.uint8), model.OPAQUE_KIND)
        made.pixels[..., 3] = 255
        self.client.window(made.id, width, height, **more)
        return made

    def destroy(self, picture: Picture) -> None:
        """Destroys an image or canvas."""
        self.client.request(kb.encode_image_destroy, object=picture.id)

    def shown(self, window: Picture) -> Pixels:
        """A window's own picture."""
        return as_pixels(self.client.see_window(window.id))


class List:
    """Commands of a frame, for the daemon and for the model."""

    def __init__(self, target: Picture) -> None:
        self.target = target
        self.bytes: list[bytes] = []
        self.draw: list[Callable[[], None]] = []
        self.clipped: Rect | None = None

    def clip(self, rect: Rect) -> None:
        """Limits what follows."""
        self.clipped = rect
        self.bytes.append(harness.clip(rect))

    def fill(self, color: int, rect: Rect, blend: str = "over", alpha: int = 255) -> None:
        """Fills."""
        self.bytes.append(harness.fill(color, rect, BLENDS[blend], alpha))
        clip = self.clipped
        self.draw.append(lambda: model.fill(self.target.pixels, rect, color, blend, alpha, clip,
                                            self.target.is_canvas))

    def blit(self, source: Picture, x: int, y: int, area: Rect | None = None, blend: str = "over",
             **more: Any) -> None:
        """Draws an image; more: alpha, tint, flip_x, flip_y."""
        height, width = source.pixels.shape[:2]
        area = area or (0, 0, width, height)
        self.bytes.append(harness.blit(
            source.id, x, y, area, blend=BLENDS[blend], alpha=more.get("alpha", 255),
            tint=more.get("tint", 0xFFFFFFFF), flags=flags(more)))
        clip, pixels = self.clipped, source.pixels
        self.draw.append(lambda: model.blit(self.target.pixels, pixels, source.kind, area, x, y,
                                            blend, clip=clip, canvas=self.target.is_canvas, **more))

    def transformed(self, source: Picture, matrix: Matrix, area: Rect | None = None,
                    bilinear: bool = False, blend: str = "over", **more: Any) -> None:
        """Draws an image transformed."""
        height, width = source.pixels.shape[:2]
        rect = area or (0, 0, width, height)
        self.bytes.append(kb.pack_transformed_blit(
            BLENDS[blend], more.get("alpha", 255), flags(more) |
            (kb.BlitFlag.BILINEAR if bilinear else 0), more.get("tint", 0xFFFFFFFF), source.id,
            *rect, *matrix))
        clip, pixels = self.clipped, source.pixels
        self.draw.append(lambda: model_transform.transformed_blit(
            self.target.pixels, pixels, source.kind, rect, matrix, bilinear, blend, clip=clip,
            canvas=self.target.is_canvas, **more))

    def commit(self, stage: Stage, clear: bool = False, base: int = 0) -> int:
        """Sends the frame; the model draws it at once, if it is clear from the base colour (of a
        window). Returns its serial."""
        pixels = self.target.pixels.copy()
        if clear:
            pixels[...] = 0 if self.target.is_canvas else model.unpacked(base | 0xFF000000)
        self.target.pixels = pixels  # who sampled the old ones keeps them
        for draw in self.draw:
            draw()
        return stage.client.frame(self.target.id, *self.bytes, clear=clear)


def flags(more: dict[str, Any]) -> int:
    """A blit's flags."""
    return (kb.BlitFlag.FLIP_X if more.get("flip_x") else 0) | \
        (kb.BlitFlag.FLIP_Y if more.get("flip_y") else 0)

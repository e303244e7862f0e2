"""What outputs must show: windows, their queues and the stack, as docs/protocol.md has them
("Program order, credits and answers", "Pictures and frames"), drawn anew as a whole every time. No
tiles, no keys, no damage, no buffers: whatever the daemon leaves out because it is there already
must look as if it had been drawn.
"""
from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

import model
import model_transform
from model import Pixels, Rect
from model_transform import Matrix

BLACK = 0xFF000000


@dataclass(frozen=True)
class Attributes:
    """What can be set of a window; the place lies on its output, None is all of that."""

    size: tuple[int, int]
    base: int = BLACK
    hidden: bool = False
    scale: str = "integer"
    filter: str = "nearest"
    z: int = 0
    place: Rect | None = None
    output: int = 0


@dataclass(frozen=True)
class Fill:
    """A fill, with the clip in force."""

    color: int
    rect: Rect
    blend: str
    clip: Rect | None
    alpha: int = 255

    def draw(self, target: Pixels, canvas: bool = False) -> None:
        """Draws it."""
        model.fill(target, self.rect, self.color, self.blend, self.alpha, self.clip, canvas)


@dataclass(frozen=True)
class Blit:
    """A blit, with the clip in force and the image's pixels as of the frame."""

    pixels: Pixels
    kind: str
    area: Rect | None
    x: int
    y: int
    blend: str
    alpha: int
    tint: int
    flip_x: bool
    flip_y: bool
    clip: Rect | None

    def draw(self, target: Pixels, canvas: bool = False) -> None:
        """Draws it."""
        model.blit(target, self.pixels, self.kind, self.area, self.x, self.y, self.blend,
                   self.alpha, self.tint, self.flip_x, self.flip_y, self.clip, canvas)


@dataclass(frozen=True)
class Turned:
    """A transformed blit."""

    pixels: Pixels
    kind: str
    area: Rect
    matrix: Matrix
    bilinear: bool
    blend: str
    alpha: int
    tint: int
    flip_x: bool
    flip_y: bool
    clip: Rect | None

    def draw(self, target: Pixels, canvas: bool = False) -> None:
        """Draws it."""
        model_transform.transformed_blit(
            target, self.pixels, self.kind, self.area, self.matrix, self.bilinear, self.blend,
            self.alpha, self.tint, self.flip_x, self.flip_y, self.clip, canvas)


@dataclass(frozen=True)
class Frame:
    """One frame's commands."""

    clear: bool
    commands: tuple[Fill | Blit | Turned, ...]


def plain(size: tuple[int, int], color: int) -> Pixels:
    """A picture of one colour."""
    picture = np.empty((size[1], size[0], 4), np.uint8)
    picture[...] = model.unpacked(color | 0xFF000000).astype(np.uint8)
    return picture


@dataclass
class Window:
    """A window, and what stands in its queue: frames, and changes of attributes between them."""

    shown: Attributes
    picture: Pixels | None = None
    queue: deque[Attributes | Frame] = field(default_factory=deque)

    @property
    def newest(self) -> Attributes:
        """The attributes as of the last request."""
        changes = [item for item in self.queue if isinstance(item, Attributes)]
        return changes[-1] if changes else self.shown

    @property
    def unanswered(self) -> int:
        """Frames in the queue."""
        return sum(isinstance(item, Frame) for item in self.queue)

    def take(self) -> None:
        """The oldest item of the queue takes effect."""
        item = self.queue.popleft()
        if isinstance(item, Frame):
            self.draw(item)
            return
        if self.picture is not None and item.size != self.shown.size:
            grown = plain(item.size, item.base)
            width, height = (min(pair) for pair in zip(item.size, self.shown.size))
            grown[:height, :width] = self.picture[:height, :width]
            self.picture = grown
        self.shown = item

    def take_changes(self) -> None:
        """Changes that no frame stands before take effect."""
        while self.queue and isinstance(self.queue[0], Attributes):
            self.take()

    def draw(self, frame: Frame) -> None:
        """Draws a frame over the picture."""
        if self.picture is None or frame.clear:
            self.picture = plain(self.shown.size, self.shown.base)
        for command in frame.commands:
            command.draw(self.picture)


class Scene:
    """All windows, in the order in which they were created, on outputs (x, y, width, height)."""

    def __init__(self, outputs: list[Rect]) -> None:
        self.outputs = outputs
        self.windows: list[Window] = []

    def is_seen(self, attributes: Attributes) -> bool:
        """Whether a window may be seen on an output."""
        place = self.place(attributes)
        return not attributes.hidden and any(
            0 not in model.intersection(place, output)[2:] for output in self.outputs)

    def discards(self) -> bool:
        """Whether a frame will be discarded: its time is not a refresh."""
        for window in self.windows:
            attributes = window.shown
            for item in window.queue:
                if isinstance(item, Attributes):
                    attributes = item
                elif not self.is_seen(attributes):
                    return True
        return False

    def refresh(self) -> None:
        """A refresh, if nothing is discarded: of each window one frame is shown. What was set
        before it is seen together with it; what was set after it, at the next refresh."""
        for window in self.windows:
            window.take_changes()
            if window.queue:
                window.take()

    def settle(self) -> None:
        """All that is in the queues takes effect."""
        for window in self.windows:
            while window.queue:
                window.take()

    def place(self, attributes: Attributes) -> Rect:
        """A window's rectangle among the outputs."""
        x, y, width, height = self.outputs[attributes.output]
        if attributes.place is None or 0 in attributes.place[2:]:
            return x, y, width, height
        left, top, width, height = attributes.place
        return x + left, y + top, width, height

    def output(self, number: int) -> Pixels:
        """What an output shows."""
        return self.mirror(number, self.outputs[number][2:])

    def mirror(self, number: int, size: tuple[int, int]) -> Pixels:
        """What a display of this size shows that mirrors an output: all edges where they are
        nearest, each picture scaled once."""
        x, y, *seen = self.outputs[number]
        left, top, *fit = model.place("fit", size, (seen[0], seen[1]))
        mirror = plain(size, BLACK)
        canvas = mirror[top:top + fit[1], left:left + fit[0]]

        def mapped(rect: Rect) -> Rect:
            ends = [(2 * edge * fit[i % 2] + seen[i % 2]) // (2 * seen[i % 2]) for i, edge in
                    enumerate((rect[0], rect[1], rect[0] + rect[2], rect[1] + rect[3]))]
            return ends[0], ends[1], ends[2] - ends[0], ends[3] - ends[1]

        order = sorted(range(len(self.windows)), key=lambda i: (self.windows[i].shown.z, i))
        for window in (self.windows[i] for i in order):
            if window.picture is not None and not window.shown.hidden:
                left, top, *sides = self.place(window.shown)
                where = left - x, top - y, sides[0], sides[1]
                picture = model.place(window.shown.scale, where[2:], window.shown.size)
                picture = where[0] + picture[0], where[1] + picture[1], *picture[2:]
                show(canvas, mapped(where), mapped(picture), window)
        return mirror


def show(canvas: Pixels, where: Rect, picture: Rect, window: Window) -> None:
    """A window in its rectangle: the base colour, and the picture scaled to its own rectangle over
    it. model.show() says the same with blits; this copies."""
    assert window.picture is not None
    attributes = window.shown
    left, top, width, height = model.intersection(where, model.drawable(canvas, None))
    if width == 0 or height == 0:
        return
    canvas[top:top + height, left:left + width] = plain((1, 1), attributes.base)
    x, y, *shown = picture
    first_x, last_x = max(left, x), min(left + width, x + shown[0])
    first_y, last_y = max(top, y), min(top + height, y + shown[1])
    if first_x >= last_x or first_y >= last_y:
        return
    bilinear = attributes.filter == "bilinear"
    places = model_transform.between_centres if bilinear else model.nearest
    columns = places(attributes.size[0], shown[0])[first_x - x:last_x - x]
    rows = places(attributes.size[1], shown[1])[first_y - y:last_y - y]
    if bilinear:
        pixels = model_transform.premultiplied(window.picture, model.OPAQUE_KIND)
        canvas[first_y:last_y, first_x:last_x] = model_transform.filtered(
            pixels, *np.meshgrid(columns, rows), (0, 0, *attributes.size))
    else:
        canvas[first_y:last_y, first_x:last_x] = window.picture[np.ix_(rows, columns)]

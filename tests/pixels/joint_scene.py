"""Random scenes as data: lists of actions that joint_world.py plays, and that can be stored, cut down and
played again. Any part of a scene is a scene: what needs an object that is not there is left out.

Actions, as they stand in JSON; rectangles are [x, y, width, height], None is all of it:

    ["image", id, width, height, {format, sort, seed, shared, palette, key, padding}]
    ["update", id, [rectangles], seed, sort]          a shared image is drawn into
    ["canvas", id, width, height]
    ["destroy", id]                                   of an image or canvas
    ["window", id, {size, base, hidden, scale, filter, z, place, output}]
    ["set", id, {some of these}]
    ["close", id]                                     of a window
    ["frame", id, clear, by memfd, [commands]]        of a window or canvas
    ["switch"]                                        the daemons take each other's places
    ["look", what]       a refresh; compared is nothing (0), the outputs (1), windows too (2)

    ["fill", colour, rectangle, blend, alpha]
    ["blit", image, x, y, rectangle, blend, {alpha, tint, flip_x, flip_y}]
    ["turn", image, matrix, rectangle, bilinear, blend, {alpha, ...}]
    ["clip", rectangle]
"""
from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from typing import Any

import model
import model_transform
from model_transform import ONE

MOST_IMAGES, MOST_WINDOWS = 10, 5
OUTPUTS = ([0, 0, 203, 149], [203, 20, 131, 117])
SIDES = (63, 64, 65, 100, 127, 128, 129, 150, 191, 193)
SORTS = ("noise", "plain", "disc", "framed", "stripes", "clear")
MOST = 2**31 - 1

Action = list[Any]


@dataclass
class Target:
    """A window or canvas as far as who makes scenes must know it."""

    size: tuple[int, int]
    is_canvas: bool = False
    output: int = 0
    play: list[Action] = field(default_factory=list)  # what its game draws, again and again
    past: list[tuple[bool, list[Action]]] = field(default_factory=list)
    had: dict[str, list[Any]] = field(default_factory=dict)  # attributes


@dataclass
class Image:
    """An image or canvas to be drawn."""

    size: tuple[int, int]
    shared: bool = False


class Maker:
    """Makes one scene."""

    def __init__(self, seed: object) -> None:
        self.random = random.Random(repr(seed))
        self.actions: list[Action] = []
        self.images: dict[int, Image] = {}
        self.targets: dict[int, Target] = {}
        self.next_id = 1
        self.outputs = [list(output) for output in OUTPUTS[:1 if self.chance(0.6) else 2]]
        self.turns = [self.turn() for _ in range(4)]
        # a game that goes on as it was, frame after frame, is what most optimisations are for
        self.is_calm = self.chance(0.5)
        for _ in range(4):
            self.add_image()
        for _ in range(2):
            self.add_window()

    def scene(self, looks: int) -> dict[str, Any]:
        """The scene with so many refreshes."""
        acts = (self.frame, self.change, self.update, self.draw_canvas, self.renew_image,
                self.add_window, self.close_window)
        weights = (90, 3, 6, 3, 1, 1, 1) if self.is_calm else (60, 16, 14, 10, 8, 4, 2)
        for _ in range(looks):
            for _ in range(self.random.choice((1, 1, 2, 3) if self.is_calm else (1, 2, 3, 5, 8))):
                self.random.choices(acts, weights)[0]()
            self.actions.append(["look", self.random.choices((0, 1, 2), (20, 50, 30))[0]])
            if self.chance(0.01):
                self.actions.append(["switch"])
        self.actions.append(["look", 2])
        return {"outputs": self.outputs, "actions": self.actions}

    # ---- Numbers ----

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self.random.randint(low, high)

    def chance(self, probability: float) -> bool:
        """Whether something happens."""
        return self.random.random() < probability

    def seed(self) -> int:
        """Of pixels."""
        return self.random.getrandbits(32)

    def side(self) -> int:
        """Of a window."""
        if self.chance(0.1):
            return self.between(1, 16)
        return self.random.choice(SIDES) if self.chance(0.5) else self.between(20, 200)

    def rect(self, width: int, height: int) -> list[int]:
        """A rectangle anywhere about something of this size; often small, sometimes exactly it."""
        if self.chance(0.1):
            return [0, 0, width, height]
        reach = 12 if self.chance(0.5) else max(width, height) + 20
        return [self.between(-20, width + 5), self.between(-20, height + 5),
                self.between(1, reach), self.between(1, reach)]

    def color(self) -> int:
        """A colour 0xAARRGGBB out of few or of all."""
        return self.random.choice((0xFF000000, 0xFFFFFFFF, 0xFF204060, 0x80FF0000)) \
            if self.chance(0.5) else self.random.getrandbits(32)

    def blend(self) -> str:
        """Mostly the usual one."""
        return "over" if self.chance(0.6) else self.random.choice(model.BLENDS)

    def turn(self) -> tuple[float, float, float]:
        """Angle and scales."""
        angle = self.random.choice((0, 0, math.pi / 2, math.pi, self.random.uniform(0, 7)))
        scale = math.exp(self.random.gauss(0, 0.6))
        return angle, scale, scale if self.chance(0.6) else math.exp(self.random.gauss(0, 0.6))

    # ---- Images ----

    def add_image(self) -> None:
        """An image of any kind."""
        shared = self.chance(0.35)
        width, height = self.between(1, 48), self.between(1, 48)
        if self.chance(0.5 if shared else 0.2):
            width, height = self.between(60, 150), self.between(60, 150)
        name = self.random.choice(model_transform.FORMATS) if self.chance(0.5) else \
            self.random.choice(("argb8888", "argb8888_premultiplied", "xrgb8888"))
        more = {"format": name, "sort": self.random.choice(SORTS), "seed": self.seed()}
        if shared:
            more["shared"] = True
        if name == "p8":
            more["palette"] = [self.color() for _ in range(self.between(1, 32))]
        if self.chance(0.15):
            more["key"] = self.color() & 0xFFFFFF
        if self.chance(0.2):
            more["padding"] = self.between(1, 3)
        self.images[self.next_id] = Image((width, height), shared)
        self.actions.append(["image", self.next_id, width, height, more])
        self.next_id += 1

    def renew_image(self) -> None:
        """One goes, whoever still needs it, and another one comes."""
        if len(self.images) >= MOST_IMAGES or (len(self.images) > 2 and self.chance(0.5)):
            gone = self.random.choice(list(self.images))
            del self.images[gone]
            self.targets.pop(gone, None)
            self.actions.append(["destroy", gone])
        self.add_image()

    def update(self) -> None:
        """A shared image is drawn into, in a few places."""
        shared = [one for one, image in self.images.items() if image.shared]
        if shared:
            one = self.random.choice(shared)
            rects = [self.rect(*self.images[one].size) for _ in range(self.between(1, 4))]
            self.actions.append(["update", one, rects, self.seed(), self.random.choice(SORTS)])

    def draw_canvas(self) -> None:
        """A canvas, perhaps a new one, is drawn into; frames that have been sent do not see it."""
        canvases = [one for one, target in self.targets.items() if target.is_canvas]
        if not canvases or (len(self.images) < MOST_IMAGES and self.chance(0.2)):
            size = self.between(1, 140), self.between(1, 140)
            self.images[self.next_id] = Image(size)
            self.targets[self.next_id] = Target(size, True)
            self.actions.append(["canvas", self.next_id, *size])
            canvases = [self.next_id]
            self.next_id += 1
        self.draw(self.random.choice(canvases))

    # ---- Windows ----

    def attribute(self, name: str, output: int) -> Any:
        """A random value of an attribute."""
        _, _, width, height = self.outputs[output]
        if name == "size":
            return [self.side(), self.side()]
        if name == "base":
            return self.color() | 0xFF000000
        if name == "hidden":
            return self.chance(0.25)
        if name == "scale":
            return self.random.choice(model.SCALES)
        if name == "filter":
            return self.random.choice(("nearest", "bilinear"))
        if name == "z":
            return self.random.choice((-2**31 + 1, -1, 0, 0, 1, 2, 2**31 - 2))
        if name == "output":
            return self.random.randrange(len(self.outputs))
        return None if self.chance(0.3) else [
            self.between(-width // 3, width), self.between(-height // 3, height), self.side(),
            self.side()]

    def add_window(self) -> None:
        """A window with random attributes; it is not seen before its first frame."""
        if sum(not target.is_canvas for target in self.targets.values()) < MOST_WINDOWS:
            output = self.attribute("output", 0)
            values = {name: self.attribute(name, output) for name in
                      ("size", "base", "scale", "filter", "z", "place")} | {"output": output}
            made = Target(tuple(values["size"]), output=output)
            made.had = {name: [value] for name, value in values.items()}
            self.targets[self.next_id] = made
            self.actions.append(["window", self.next_id, values])
            self.next_id += 1

    def windows(self) -> list[int]:
        """Their ids."""
        return [one for one, target in self.targets.items() if not target.is_canvas]

    def close_window(self) -> None:
        """One goes with all that is in its queue."""
        if len(self.windows()) > 1:
            gone = self.random.choice(self.windows())
            del self.targets[gone]
            self.actions.append(["close", gone])

    def change(self) -> None:
        """An attribute or two are set: a window moves, is hidden, is back, is resized ..."""
        one = self.random.choice(self.windows())
        target = self.targets[one]
        names = ["size", "base", "hidden", "scale", "filter", "z", "place", "place", "output"]
        values = {}
        for name in self.random.sample(names, self.random.choice((1, 1, 2, 3))):
            had = target.had.setdefault(name, [])
            # what is back must be seen to be back
            values[name] = self.random.choice(had) if had and self.chance(0.5) else \
                self.attribute(name, target.output)
            had.append(values[name])
            if name == "size":
                target.size = tuple(values[name])
            if name == "output":
                target.output = values[name]
        self.actions.append(["set", one, values])

    # ---- Frames ----

    def frame(self) -> None:
        """A frame of a window."""
        self.draw(self.random.choice(self.windows()))

    def draw(self, one: int) -> None:
        """A frame as a game would draw it after its last one, one that was drawn before, or any."""
        target = self.targets[one]
        sort = self.random.random() * (0.5 if self.is_calm else 1)
        if sort < 0.45 and not target.is_canvas:
            clear, commands = True, self.next_play(target, one)
        elif sort < 0.6 and target.past:
            clear, commands = self.random.choice(target.past)
        else:
            clear, commands = self.chance(0.4), self.commands(target, one)
        target.past = (target.past + [(clear, commands)])[-4:]
        self.actions.append(["frame", one, clear, self.chance(0.1), commands])

    def next_play(self, target: Target, one: int) -> list[Action]:
        """What a game drew before, with a few things changed."""
        if not target.play or self.chance(0.01 if self.is_calm else 0.1):
            target.play = self.commands(target, one)
        play = [list(command) for command in target.play]
        for _ in range(self.random.choice((0, 1, 1, 2) if self.is_calm else (0, 1, 1, 2, 4))):
            if not play:
                break
            at = self.random.randrange(len(play))
            if self.chance(0.05 if self.is_calm else 0.2):
                play[at:at + self.between(0, 1)] = self.command(target, one)
            else:
                play[at] = self.moved(play[at])
        target.play = play
        return play

    def moved(self, command: Action) -> Action:
        """The same a little elsewhere."""
        x, y = self.between(-5, 5), self.between(-5, 5)
        if command[0] in ("fill", "clip"):
            at = 2 if command[0] == "fill" else 1
            rect = command[at]
            return [*command[:at], [rect[0] + x, rect[1] + y, *rect[2:]], *command[at + 1:]]
        if command[0] == "blit":
            return [*command[:2], command[2] + x, command[3] + y, *command[4:]]
        return [*command[:2], shifted(command[2], x, y), *command[3:]]

    def commands(self, target: Target, one: int) -> list[Action]:
        """Any commands."""
        found: list[Action] = []
        for _ in range(self.random.choice((0, 1, 2, 3, 5, 8, 13, 21))):
            found += self.command(target, one)
        return found

    def command(self, target: Target, one: int) -> list[Action]:
        """One of any kind, or very many."""
        width, height = target.size
        sort = self.random.choices(("fill", "blit", "turn", "clip", "many"),
                                   (20, 50, 15, 6, 1))[0]
        if sort == "fill":
            return [["fill", self.color(), self.rect(width, height),
                     self.random.choice(("replace", "replace", "over", self.blend())),
                     255 if self.chance(0.7) else self.between(0, 255)]]
        if sort == "clip":
            return [["clip", self.rect(width, height)]]
        sources = [image for image in self.images if image != one]
        if not sources:
            return []
        if sort == "many":
            return [self.blit(self.random.choice(sources), target)
                    for _ in range(self.random.choice((30, 150)))]
        source = self.random.choice(sources)
        return [self.blit(source, target) if sort == "blit" else self.turned(source, target)]

    def more(self) -> dict[str, Any]:
        """What else a blit may have."""
        if self.chance(0.65):
            return {}
        return {"alpha": self.random.choice((0, 1, 128, 200, 255)),
                "tint": self.color() | 0xFF000000 if self.chance(0.5) else 0xFFFFFFFF,
                "flip_x": self.chance(0.5), "flip_y": self.chance(0.5)}

    def blit(self, source: int, target: Target) -> Action:
        """One blit."""
        width, height = target.size
        area = self.rect(*self.images[source].size) if self.chance(0.25) else None
        return ["blit", source, self.between(-30, width + 5), self.between(-30, height + 5), area,
                self.blend(), self.more()]

    def turned(self, source: int, target: Target) -> Action:
        """One transformed blit: of few angles and sizes, as games have them; sometimes of any."""
        size = self.images[source].size
        matrix = turned_about(*(self.random.choice(self.turns) if self.chance(0.8)
                                else self.turn()), size)
        matrix = shifted(matrix, self.between(0, target.size[0]), self.between(0, target.size[1]))
        if self.chance(0.06):
            odd = (0, 1, -1, ONE, -ONE, MOST, -MOST - 1, ONE // 2, self.between(-MOST, MOST))
            matrix = [self.random.choice(odd) if self.chance(0.4) else value for value in matrix]
        area = self.rect(*size) if self.chance(0.2) else None
        return ["turn", source, matrix, area, self.chance(0.5), self.blend(), self.more()]


def turned_about(angle: float, scale_x: float, scale_y: float, size: tuple[int, int]) -> list[int]:
    """The matrix that puts the middle of an image at the target's first corner."""
    sine, cosine = math.sin(angle), math.cos(angle)
    xx, xy, yx, yy = (round(value * ONE) for value in
                      (cosine / scale_x, sine / scale_x, -sine / scale_y, cosine / scale_y))
    return [xx, xy, size[0] * ONE // 2, yx, yy, size[1] * ONE // 2]


def shifted(matrix: list[int], x: int, y: int) -> list[int]:
    """The same image so many whole pixels elsewhere, as far as numbers reach."""
    xx, xy, x0, yx, yy, y0 = matrix
    x0, y0 = x0 - xx * x - xy * y, y0 - yx * x - yy * y
    return [xx, xy, max(-MOST - 1, min(MOST, x0)), yx, yy, max(-MOST - 1, min(MOST, y0))]

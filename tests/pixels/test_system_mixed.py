"""Random programs that mix everything: images of all formats, canvases that draw each other, transformed
and filtered drawing, filtered windows, objects destroyed in mid-queue. Everything is drawn anew by the
model; windows and outputs must be equal to the bit. scene_player.py plays longer ones, with queues.

PIXELS_MIXED=N plays N programs for each number of buffers (KMSBLIT_LONG=1: many).
"""
from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import model
import model_transform
import raw
from conftest import SEED
from model import Pixels, Rect
from raw import List, Picture, Stage, kb
from samples import assert_close, random_color, random_pixels
from test_system_transforms import extreme, random_more, random_rect, turned

WIDTH, HEIGHT = 203, 149
PROGRAMS = int(os.environ.get("PIXELS_MIXED") or
               (200 if os.environ.get("KMSBLIT_LONG") == "1" else 4))
ROUNDS = 14
MOST_WINDOWS, MOST_PICTURES = 3, 9


@dataclass
class Shown:
    """A window as it stands."""

    picture: Picture
    base: int
    scale: str
    bilinear: bool
    place: Rect
    z: int
    has_frame: bool = False


class Program:
    """The random program; all that it does takes effect in the model at once."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self.stage, self.rng = stage, rng
        self.pictures: list[Picture] = []
        self.windows: list[Shown] = []
        for _ in range(4):
            self.add_picture()
        for _ in range(2):
            self.add_window()

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return int(self.rng.integers(low, high + 1))

    def side(self) -> int:
        """Width or height, often about the edges of tiles."""
        return int(self.rng.choice((63, 64, 65, 127, 129))) if self.rng.random() < 0.3 \
            else self.between(1, 140)

    def add_picture(self) -> None:
        """A canvas, or an image of any format; the oldest one goes if there are many."""
        if len(self.pictures) == MOST_PICTURES:
            self.stage.destroy(self.pictures.pop(self.between(0, MOST_PICTURES - 1)))
        if self.rng.random() < 0.4:
            self.pictures.append(self.stage.canvas(self.side(), self.side()))
            return
        name = str(self.rng.choice(model_transform.FORMATS))
        size = model_transform.bytes_per_px(name)
        pixels = random_pixels(self.rng, self.side(), self.side())[..., :size]
        palette = [random_color(self.rng) for _ in range(self.between(1, 256))] \
            if name == "p8" else []
        key = None
        if self.rng.random() < 0.3:
            first = model_transform.decoded(pixels[:1, :1], name, palette)[0, 0, :3]
            key = int.from_bytes(first.tobytes(), "little")
        self.pictures.append(self.stage.image(np.ascontiguousarray(pixels), name, palette, key,
                                              self.between(0, 2)))

    def attributes(self) -> dict[str, int | str | bool | Rect]:
        """Of a window."""
        return {"base": random_color(self.rng) | 0xFF000000,
                "scale": str(self.rng.choice(model.SCALES)), "bilinear": bool(self.rng.integers(2)),
                "place": (self.between(-60, WIDTH - 10), self.between(-60, HEIGHT - 10),
                          self.side() + 30, self.side() + 30), "z": self.between(-1, 1)}

    def add_window(self) -> None:
        """A window; the oldest one goes if there are many."""
        if len(self.windows) == MOST_WINDOWS:
            gone = self.windows.pop(0)
            self.stage.client.request(kb.encode_window_destroy, object=gone.picture.id)
        values = self.attributes()
        made = Shown(Picture(0, np.zeros((0, 0, 4), np.uint8), model.OPAQUE_KIND),
                     **values)  # type: ignore[arg-type]
        made.picture = self.stage.window(
            self.side(), self.side(), base=made.base, z=made.z, place=made.place,
            scale=kb.Scale[made.scale.upper()], filter=kb.Filter(int(made.bilinear)))
        made.picture.pixels[...] = model.unpacked(made.base)
        self.windows.append(made)

    def change(self) -> None:
        """Scale, filter, place and stacking of a window."""
        window = self.windows[self.between(0, len(self.windows) - 1)]
        values = self.attributes()
        del values["base"]
        for name, value in values.items():
            setattr(window, name, value)
        self.stage.client.set(window.picture.id, scale=kb.Scale[window.scale.upper()],
                              filter=kb.Filter(int(window.bilinear)), output=0,
                              place=window.place, z=window.z)

    def frame(self, target: Picture, clear: bool, base: int = 0) -> None:
        """Draws into a window or canvas, from everything else."""
        frame = List(target)
        height, width = target.pixels.shape[:2]
        sources = [one for one in self.pictures if one is not target]
        for _ in range(self.between(0, 9)):
            sort = self.rng.random()
            blend = str(self.rng.choice(model.BLENDS)) if self.rng.random() < 0.4 else "over"
            source = sources[self.between(0, len(sources) - 1)]
            size = source.pixels.shape[1::-1]
            area = random_rect(self.rng, *size) if self.rng.random() < 0.3 else None
            if sort < 0.15:
                frame.clip(random_rect(self.rng, width, height))
            elif sort < 0.3:
                frame.fill(random_color(self.rng), random_rect(self.rng, width, height), blend,
                           self.between(0, 255))
            elif sort < 0.6:
                frame.blit(source, self.between(-40, width), self.between(-40, height), area,
                           blend, **random_more(self.rng))
            else:
                matrix = (extreme if self.rng.random() < 0.2 else turned)(self.rng, *size)
                frame.transformed(source, matrix, area, bool(self.rng.integers(2)), blend,
                                  **random_more(self.rng))
        frame.commit(self.stage, clear, base)

    def act(self) -> None:
        """A few things, one frame for each window at most."""
        for window in self.windows:
            for _ in range(self.between(0, 3)):
                canvases = [one for one in self.pictures if one.is_canvas]
                if canvases:
                    self.frame(canvases[self.between(0, len(canvases) - 1)],
                               bool(self.rng.random() < 0.2))
            if self.rng.random() < 0.8:
                self.show(window)
            if self.rng.random() < 0.4:
                self.add_picture()
        for chance, do in ((0.5, self.change), (0.15, self.add_window)):
            if self.rng.random() < chance:
                do()

    def show(self, window: Shown) -> None:
        """A frame of a window."""
        self.frame(window.picture, bool(self.rng.random() < 0.4), window.base)
        window.has_frame = True

    def output(self) -> Pixels:
        """What is to be seen."""
        pixels = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
        pixels[..., 3] = 255
        for window in sorted(self.windows, key=lambda one: one.z):
            if window.has_frame:
                (model_transform if window.bilinear else model).show(
                    pixels, window.place, window.picture.pixels, window.base, window.scale)
        return pixels


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_programs(tmp_path: Path, buffers: int) -> None:
    daemon = raw.Daemon(tmp_path, "--output", f"headless:{WIDTH}x{HEIGHT}@60", "--clock",
                        "virtual", "--buffers", str(buffers))
    for number in range(PROGRAMS):
        stage = Stage(daemon.client())
        program = Program(stage, np.random.default_rng([SEED, buffers, number]))
        for round_number in range(ROUNDS):
            program.act()
            stage.client.refresh(6)
            text = f"PIXELS_SEED={SEED}: program {number}, round {round_number}"
            try:
                for window in program.windows:
                    assert_close(stage.shown(window.picture), window.picture.pixels)
                assert_close(raw.as_pixels(stage.client.see_output()), program.output())
            except AssertionError as error:
                raise AssertionError(f"{text}: {error}") from None
        stage.client.close()
        daemon.clients.remove(stage.client)
    daemon.stop()

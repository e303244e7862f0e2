"""Plays scenes (joint_scene.py) on several daemons at once, set up in different ways, and on the model: all
must show the same pixels to the bit.
"""
from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import model
import model_transform
import raw
from joint_setup import Setup
from model import Pixels, Rect
from raw import kb
from samples import assert_close, assert_near, random_pixels
from scene_model import Attributes, Blit, Fill, Frame, Scene, Turned, Window

REFRESH_NS = 16_666_667

# What a GPU draws may be away from the model by so many levels, and by a step of 5 bits more where
# those are shown; and so large a share of an output by more, as edges of transformed blits may move
# by a pixel, also those between texels (tests/unit/test_gles_transforms.c looks at each).
GPU_LEVELS = 4
GPU_STEP = 9
GPU_EDGES = 0.05

PICTURE_ID = 60000  # and those above it, of images that are gone at once; scenes have less


class Differs(AssertionError):
    """A daemon showed something else; where in the scene, and which of them."""

    def __init__(self, stage: Stage, action: int, text: str) -> None:
        super().__init__(f"action {action}: {text}\n  with {stage.setup}")
        self.stage, self.action = stage, action


@dataclass
class Image:
    """An image or canvas: its pixels, and how they came from bytes."""

    pixels: Pixels
    kind: str
    is_canvas: bool = False
    bytes: npt.NDArray[np.uint8] | None = None
    more: dict[str, Any] | None = None

    def decode(self) -> None:
        """The pixels of the bytes. Who sampled the old ones keeps them."""
        assert self.bytes is not None and self.more is not None
        self.pixels = model_transform.decoded(self.bytes, self.more["format"],
                                              self.more.get("palette", ()), self.more.get("key"))


def content(width: int, height: int, name: str, sort: str, seed: int) -> npt.NDArray[np.uint8]:
    """Bytes of an image: height x width x bytes of a pixel."""
    rng = np.random.default_rng(seed)
    pixels = random_pixels(rng, height, width)
    flat = pixels[:1, :1].copy()
    y, x = np.ogrid[:height, :width]
    if sort == "plain":
        pixels[...] = flat
    elif sort == "clear":
        pixels[...] = 0
        pixels[height // 3:height // 2, width // 4:] = flat
    elif sort == "framed":
        inner = pixels[height // 5:height - height // 5, width // 5:width - width // 5]
        inner[...] = flat
        inner[..., 3] = 255
    elif sort == "stripes":
        pixels[..., 3] = np.where((x // 16 + y // 8) % 3 == 0, 255, np.where(y % 7 < 3, 0, 128))
    elif sort == "disc":
        pixels[...] = flat
        far = np.hypot((x - width / 2) / width, (y - height / 2) / height)
        pixels[..., 3] = np.clip((0.5 - far) * 1000, 0, 255)
    if name.endswith("premultiplied"):
        pixels[..., :3] = model.mul(pixels[..., :3].astype(np.int64),
                                    pixels[..., 3:].astype(np.int64))
    size = model_transform.bytes_per_px(name)
    return np.ascontiguousarray(pixels[..., 3:] if size == 1 and name == "a8"
                                else pixels[..., :size])


class Stage:
    """A daemon that was set up in some way, its client, and the client's memory."""

    def __init__(self, folder: Path, setup: Setup, outputs: list[Rect]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.setup, self.places = folder, setup, outputs
        self.memory: dict[int, int] = {}
        self.start()

    def start(self) -> None:
        """Starts the daemon, and meets it."""
        env = {**os.environ, "KMSBLIT_PIX": self.setup.pix}
        self.daemon = raw.Daemon(self.folder, *self.setup.options(self.places), env=env)
        self.client = self.daemon.client()
        self.outputs = sorted(self.client.outputs)
        for id, (_, _, width, height) in zip(self.outputs, self.places):
            output = self.client.outputs[id]
            assert (output.width, output.height) == (width, height)

    def stop(self) -> None:
        """Ends the daemon, which must have been well."""
        for fd in self.memory.values():
            os.close(fd)
        self.memory = {}
        self.daemon.stop()

    def rows(self, image: Image) -> npt.NDArray[np.uint8]:
        """An image's bytes as they lie in memory."""
        assert image.bytes is not None and image.more is not None
        return np.pad(image.bytes, ((0, 0), (0, image.more.get("padding", 0)), (0, 0)),
                      constant_values=0xA5)

    def image(self, id: int, image: Image) -> None:
        """Makes it; the memory of a shared one is kept."""
        assert image.more is not None
        rows, more = self.rows(image), image.more
        fd = raw.harness.memfd(rows)
        key = more.get("key")
        flags = (0 if key is None else kb.ImageFlag.COLOR_KEY) | \
            (kb.ImageFlag.SHARED if more.get("shared") else 0)
        serial = self.client.create_image(
            id, fd, *image.pixels.shape[1::-1], format=raw.FORMATS[more["format"]], flags=flags,
            stride=rows.shape[1] * rows.shape[2], color_key=key or 0,
            palette=more.get("palette", ()))
        self.client.expect(kb.EvtReleased, serial=serial)
        if more.get("shared"):
            self.memory[id] = fd
        else:
            os.close(fd)

    def picture(self, id: int, pixels: Pixels, kind: str) -> None:
        """A window or canvas becomes this."""
        name = {model.OPAQUE_KIND: "xrgb8888",
                model.PREMULTIPLIED_KIND: "argb8888_premultiplied"}[kind]
        image = PICTURE_ID + id
        self.image(image, Image(pixels, kind, bytes=pixels, more={"format": name}))
        height, width = pixels.shape[:2]
        self.client.frame(id, raw.harness.blit(image, 0, 0, (0, 0, width, height)))
        self.destroy(image)

    def update(self, id: int, image: Image, rects: list[Rect]) -> None:
        """The client has drawn."""
        rows = self.rows(image).tobytes()
        os.pwrite(self.memory[id], rows, 0)
        serial = self.client.update(id, *rects)
        self.client.expect(kb.EvtReleased, serial=serial)

    def destroy(self, id: int) -> None:
        """An image goes."""
        self.client.request(kb.encode_image_destroy, object=id)
        if id in self.memory:
            os.close(self.memory.pop(id))

    def values(self, values: dict[str, Any]) -> dict[str, Any]:
        """A window's attributes as requests have them."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name == "size":
                found["width"], found["height"] = value
            elif name == "base":
                found["base_color"] = value
            elif name == "hidden":
                found["flags"] = int(value)
            elif name in ("scale", "filter"):
                found[name] = int(kb.Scale[value.upper()] if name == "scale"
                                  else kb.Filter[value.upper()])
            elif name == "z":
                found[name] = value
        return found

    def set(self, id: int, values: dict[str, Any], now: Attributes) -> None:
        """Sets attributes; those that go together in a request are all said."""
        found = self.values(values)
        if "scale" in values or "filter" in values:
            found |= self.values({"scale": now.scale, "filter": now.filter})
        if "place" in values or "output" in values:
            found |= {"place": now.place or (0, 0, 0, 0), "output": self.outputs[now.output]}
        self.client.set(id, **found)

    def window(self, id: int, attributes: Attributes) -> None:
        """Makes one."""
        self.client.window(id, *attributes.size, base=attributes.base,
                           flags=int(attributes.hidden), z=attributes.z,
                           scale=kb.Scale[attributes.scale.upper()],
                           filter=kb.Filter[attributes.filter.upper()],
                           place=attributes.place or (0, 0, 0, 0),
                           output=self.outputs[attributes.output])

    def frame(self, id: int, clear: bool, by_memfd: bool, commands: list[bytes]) -> None:
        """Commits a frame."""
        if by_memfd and commands:
            self.client.frame_memfd(id, b"".join(commands), clear=clear)
        else:
            self.client.frame(id, *commands, clear=clear)

    def step(self, refreshes: int) -> None:
        """Time passes; what was answered is of no interest."""
        self.client.step(refreshes * REFRESH_NS)
        self.client.sync()
        self.client.events.clear()


class World:
    """The model of all objects, and the daemons that have them too."""

    def __init__(self, outputs: list[Rect], stages: Iterable[Stage]) -> None:
        self.scene = Scene(outputs)
        self.stages = list(stages)
        self.images: dict[int, Image] = {}
        self.windows: dict[int, Window] = {}
        self.looks = 0
        self.turned = False  # there were transformed blits

    def play(self, actions: list[list[Any]]) -> None:
        """All actions in turn."""
        for number, (name, *values) in enumerate(actions):
            self.number = number
            getattr(self, f"do_{name}")(*values)

    def do_switch(self) -> None:
        """Every daemon goes on as the next one was set up: another renderer, other switches. Clients
        tell their objects again; pictures come as images."""
        self.do_settle()
        setups = [stage.setup for stage in self.stages]
        for stage, setup in zip(self.stages, [*setups[1:], *setups[:1]]):
            stage.stop()
            stage.setup = setup
            stage.start()
            for id, image in self.images.items():
                if image.is_canvas:
                    self.renew_canvas(stage, id, image)
                else:
                    stage.image(id, image)
            for id, window in self.windows.items():
                stage.window(id, window.shown)
                if window.picture is not None:
                    stage.picture(id, window.picture, model.OPAQUE_KIND)
        for stage in self.stages:
            stage.step(4)

    def renew_canvas(self, stage: Stage, id: int, image: Image) -> None:
        """A canvas with what is in it."""
        height, width = image.pixels.shape[:2]
        stage.client.request(kb.encode_canvas_create, object=id, width=width, height=height)
        stage.picture(id, image.pixels, image.kind)

    def do_settle(self) -> None:
        """All that is in the queues takes effect."""
        for stage in self.stages:
            stage.client.sync()
        self.scene.settle()
        for stage in self.stages:
            stage.step(4)

    # ---- Images ----

    def do_image(self, id: int, width: int, height: int, more: dict[str, Any]) -> None:
        data = content(width, height, more["format"], more["sort"], more["seed"])
        image = Image(np.zeros((height, width, 4), np.uint8),
                      model_transform.kind_of(more["format"], more.get("key") is not None),
                      bytes=data, more=more)
        image.decode()
        self.images[id] = image
        for stage in self.stages:
            stage.image(id, image)

    def do_update(self, id: int, rects: list[list[int]], seed: int, sort: str) -> None:
        image = self.images.get(id)
        if image is None or image.bytes is None or image.more is None:
            return
        height, width = image.pixels.shape[:2]
        news = content(width, height, image.more["format"], sort, seed)
        after = image.bytes.copy()
        for rect in rects:
            left, top, *size = model.intersection(as_rect(rect), (0, 0, width, height))
            where = slice(top, top + size[1]), slice(left, left + size[0])
            after[where] = news[where]
        image.bytes = after
        image.decode()
        for stage in self.stages:
            stage.update(id, image, [as_rect(rect) for rect in rects])

    def do_canvas(self, id: int, width: int, height: int) -> None:
        self.images[id] = Image(np.zeros((height, width, 4), np.uint8), model.PREMULTIPLIED_KIND,
                                True)
        for stage in self.stages:
            stage.client.request(kb.encode_canvas_create, object=id, width=width, height=height)

    def do_destroy(self, id: int) -> None:
        if self.images.pop(id, None):
            for stage in self.stages:
                stage.destroy(id)

    # ---- Windows ----

    def do_window(self, id: int, values: dict[str, Any]) -> None:
        made = Window(Attributes(**{name: fitting(name, value) for name, value in values.items()}))
        self.windows[id] = made
        self.scene.windows.append(made)
        for stage in self.stages:
            stage.window(id, made.shown)

    def do_set(self, id: int, values: dict[str, Any]) -> None:
        window = self.windows.get(id)
        if window is None:
            return
        after = replace(window.newest,
                        **{name: fitting(name, value) for name, value in values.items()})
        window.queue.append(after)
        for stage in self.stages:
            stage.set(id, values, after)

    def do_close(self, id: int) -> None:
        window = self.windows.pop(id, None)
        if window:
            self.scene.windows = [one for one in self.scene.windows if one is not window]
            for stage in self.stages:
                stage.client.request(kb.encode_window_destroy, object=id)

    # ---- Frames ----

    def do_frame(self, id: int, clear: bool, by_memfd: bool, commands: list[list[Any]]) -> None:
        window, canvas = self.windows.get(id), self.images.get(id)
        if (window is None or window.unanswered == 2) and (canvas is None or not canvas.is_canvas):
            return
        made, packed = self.commands(id, commands)
        if window:
            window.queue.append(Frame(clear, tuple(made)))
        elif canvas:
            canvas.pixels = np.zeros_like(canvas.pixels) if clear else canvas.pixels.copy()
            for command in made:
                command.draw(canvas.pixels, True)
        for stage in self.stages:
            stage.frame(id, clear, by_memfd, packed)

    def commands(self, target: int, commands: list[list[Any]]) \
            -> tuple[list[Fill | Blit | Turned], list[bytes]]:
        """The commands that can be drawn, for the model and for daemons."""
        made: list[Fill | Blit | Turned] = []
        packed = []
        clip: Rect | None = None
        for name, *values in commands:
            if name == "clip":
                clip = as_rect(values[0])
                packed.append(raw.harness.clip(clip))
            elif name == "fill":
                color, rect, blend, alpha = values
                made.append(Fill(color, as_rect(rect), blend, clip, alpha))
                packed.append(raw.harness.fill(color, rect, raw.BLENDS[blend], alpha))
            elif values[0] in self.images and values[0] != target:
                one, data = self.blit(name, clip, *values)
                made.append(one)
                packed.append(data)
        return made, packed

    def blit(self, name: str, clip: Rect | None, id: int, *values: Any) -> tuple[Blit | Turned,
                                                                                bytes]:
        """A blit, transformed or not."""
        image = self.images[id]
        *where, area, middle, more = values if name == "blit" else \
            (values[0], values[1], values[2:4], values[4])
        height, width = image.pixels.shape[:2]
        rect = (0, 0, width, height) if area is None else as_rect(area)
        given: dict[str, Any] = {"alpha": 255, "tint": 0xFFFFFFFF, "flip_x": False,
                                 "flip_y": False, **more, "clip": clip}
        if name == "blit":
            x, y = where
            return Blit(image.pixels, image.kind, rect, x, y, middle, **given), raw.harness.blit(
                id, x, y, rect, blend=raw.BLENDS[middle], alpha=given["alpha"],
                tint=given["tint"], flags=raw.flags(more))
        self.turned = True
        bilinear, blend = middle
        xx, xy, x0, yx, yy, y0 = matrix = where[0]
        made = Turned(image.pixels, image.kind, rect, (xx, xy, x0, yx, yy, y0), bilinear, blend,
                      **given)
        return made, kb.pack_transformed_blit(
            raw.BLENDS[blend], given["alpha"],
            raw.flags(more) | (kb.BlitFlag.BILINEAR if bilinear else 0), given["tint"], id, *rect,
            *matrix)

    # ---- Looking ----

    def do_look(self, what: int) -> None:
        for stage in self.stages:
            stage.client.sync()
        # outputs take turns: which one shows a frame first is theirs
        if self.scene.discards() or len(self.scene.outputs) > 1:
            self.do_settle()
        else:
            self.scene.refresh()
            for stage in self.stages:
                stage.step(1)
        if what > 0:
            self.looks += 1
            self.compare_outputs()
        # what stands behind a shown frame takes effect now, and is seen at the next
        for window in self.scene.windows:
            window.take_changes()
        if what > 1:
            self.compare_windows()

    def compare_outputs(self) -> None:
        """What is to be seen."""
        for number in range(len(self.scene.outputs)):
            want = self.scene.output(number)
            narrow = model_transform.rgb565(want)
            for stage in self.stages:
                got = raw.as_pixels(stage.client.see_output(stage.outputs[number]))
                self.expect(stage, f"output {number}", got,
                            narrow if stage.setup.format == "rgb565" else want, True)

    def compare_windows(self) -> None:
        """Each window's own picture."""
        for id, window in self.windows.items():
            if window.picture is not None:
                for stage in self.stages:
                    got = raw.as_pixels(stage.client.see_window(id))
                    self.expect(stage, f"window {id}", got, window.picture)

    def expect(self, stage: Stage, name: str, got: Pixels, want: Pixels, is_output: bool = False) \
            -> None:
        """Equal to the bit; near where a GPU drew."""
        try:
            if is_output and stage.setup.renderer == "gles":
                assert_near(got, want, GPU_LEVELS + (GPU_STEP if stage.setup.format == "rgb565"
                                                     else 0), GPU_EDGES if self.turned else 0)
            else:
                assert_close(got, want)
        except AssertionError as error:
            raise Differs(stage, self.number, f"{name} {error}") from None


def as_rect(rect: list[int]) -> Rect:
    """A rectangle out of JSON."""
    x, y, width, height = rect
    return x, y, width, height


def fitting(name: str, value: Any) -> Any:
    """An attribute's value out of JSON."""
    return tuple(value) if name in ("size", "place") and value is not None else value


def play(folder: Path, scene: dict[str, Any], setups: list[Setup]) -> int:
    """Plays a scene on daemons set up in these ways; returns how often pictures were compared."""
    outputs = [as_rect(output) for output in scene["outputs"]]
    stages: list[Stage] = []
    try:
        for number, setup in enumerate(setups):
            stages.append(Stage(folder / str(number), setup, outputs))
        world = World(outputs, stages)
        world.play(scene["actions"])
    except BaseException:
        for stage in stages:
            stage.daemon.kill()
        raise
    for stage in stages:
        stage.stop()
    return world.looks

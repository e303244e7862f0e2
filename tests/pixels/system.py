"""The whole system as tests of pixels see it: a daemon of their own, images and windows through the
Python package, and beside each of them what the model says.

Programs are found through $KMSBLITD and $KMSBLIT_PYTHON, else in build/.
"""
from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

import model
from model import Pixels, Rect

ROOT = Path(__file__).resolve().parents[2]
KMSBLITD = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))
sys.path.insert(0, os.environ.get("KMSBLIT_PYTHON", str(ROOT / "build/python")))

import kmsblit  # noqa: E402

# Only against something that hangs for ever.
HANG_SECONDS = 120

# The package's names of the model's kinds and blends.
FORMATS = {"opaque": "xrgb8888", "straight": "argb8888", "premultiplied": "argb8888_premultiplied"}
FLAGS = {
    "over": 0,
    "replace": kmsblit.BLEND_REPLACE,
    "premultiplied": kmsblit.BLEND_PREMULTIPLIED,
    **{blend: getattr(kmsblit, f"BLEND_RGB_{blend.upper()}") for blend in model.COLOR_BLENDS},
    **{f"rgba_{blend}": getattr(kmsblit, f"BLEND_RGBA_{blend.upper()}")
       for blend in model.COLOR_BLENDS},
}


class Daemon:
    """A running kmsblitd with a socket in this folder. Must end well."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.socket = str(folder / "kmsblit.sock")
        self.log = folder / "kmsblitd.log"
        ready, says_ready = os.pipe()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [KMSBLITD, "--socket", self.socket, "--ready-fd", str(says_ready), *options],
                pass_fds=[says_ready], stderr=log)
        os.close(says_ready)
        readable, _, _ = select.select([ready], [], [], HANG_SECONDS)
        said = os.read(ready, 1) if readable else b""
        os.close(ready)
        if not said:
            self.stop()
            raise RuntimeError(f"kmsblitd did not become ready: {self.log.read_text()}")

    def connect(self, name: str = "pixels") -> kmsblit.Display:
        """A connection to it."""
        return kmsblit.connect(self.socket, name)

    def stop(self) -> int:
        """Ends it as a service manager would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        status = self.stop()
        assert kind or status == 0, f"kmsblitd ended with {status}: {self.log.read_text()}"


def pixels_of(shot: kmsblit.Screenshot) -> Pixels:
    """A screenshot as the model has pixels."""
    words = np.array(shot, "<u4")
    return words.view(np.uint8).reshape(*words.shape, 4)


def rgba(color: int) -> tuple[int, int, int, int]:
    """The package's colour of 0xAARRGGBB."""
    return color >> 16 & 255, color >> 8 & 255, color & 255, color >> 24


@dataclass
class Sprite:
    """An image of the package and its pixels. Whoever changes pixels puts a new array here."""

    image: kmsblit.Image
    pixels: Pixels
    kind: str


def sprite(display: kmsblit.Display, pixels: Pixels, kind: str) -> Sprite:
    """An image with these pixels."""
    size = (pixels.shape[1], pixels.shape[0])
    return Sprite(display.image(pixels.tobytes(), FORMATS[kind], size), pixels.copy(), kind)


class Board:
    """A window on a virtual clock, and beside it the picture that it should have. Each operation
    goes to both; shown() shows the frame and returns the window's own picture."""

    def __init__(self, display: kmsblit.Display, width: int, height: int) -> None:
        self.display = display
        self.window = display.window((width, height), scale="none")
        self.want: Pixels = np.zeros((height, width, 4), np.uint8)
        self.want[..., 3] = 255
        self.clip: Rect | None = None

    def set_clip(self, clip: Rect | None) -> None:
        """Limits what follows."""
        self.clip = clip
        self.window.set_clip(clip)

    def fill(self, color: int, rect: Rect | None = None, blend: str = "replace") -> None:
        """Fills; no flag is given where the package needs none."""
        self.window.fill(rgba(color), rect,
                         kmsblit.BLEND_ALPHA_SDL2 if blend == "over" else
                         0 if blend == "replace" else FLAGS[blend])
        whole = (0, 0, self.want.shape[1], self.want.shape[0])
        model.fill(self.want, whole if rect is None else rect, color, blend, clip=self.clip)

    def blit(self, source: Sprite, x: int = 0, y: int = 0, area: Rect | None = None,
             blend: str = "over", **more: Any) -> kmsblit.Rect:
        """Draws an image; more: alpha, tint (0xAARRGGBB), flip_x, flip_y."""
        model.blit(self.want, source.pixels, source.kind, area, x, y, blend, clip=self.clip, **more)
        if "tint" in more:
            more["tint"] = rgba(more["tint"])
        return self.window.blit(source.image, (x, y), area, FLAGS[blend], **more)

    def shown(self) -> Pixels:
        """The window's picture once the frame is shown."""
        serial = self.window.commit()
        self.display.step(self.display.outputs[0].refresh_ns)
        answer = self.window.presented
        assert answer is not None and answer.serial == serial and not answer.discarded
        return pixels_of(self.window.screenshot())

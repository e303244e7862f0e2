#!/usr/bin/python3
"""Makes the pictures of docs/performance.md, from real runs: `make pictures`.

Games of the benchmark play on a daemon; what they draw is kept as well, and given to the daemon's own
planner (explain.c), which says what it makes of it.
"""
from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "docs/pictures"
EXPLAIN = ROOT / "build/release/explain"
os.environ.setdefault("KMSBLITD", str(ROOT / "build/kmsblitd"))
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "build/python")]

from daemon import Daemon  # noqa: E402
from games import HEIGHT, WIDTH, Game, Menu, Meteors  # noqa: E402

import kmsblit  # noqa: E402
from kmsblit import protocol as kb  # noqa: E402

Picture = npt.NDArray[np.uint8]  # height x width x R, G, B

REFRESH_NS = 20_000_000
TILE = 64
MOST_BYTES = 60_000
DIGITS = {  # rows of three pixels
    "0": (7, 5, 5, 5, 7), "1": (2, 6, 2, 2, 7), "2": (7, 1, 7, 4, 7), "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1), "5": (7, 4, 7, 1, 7), "6": (7, 4, 7, 5, 7), "7": (7, 1, 1, 1, 1),
    "8": (7, 5, 7, 5, 7), "9": (7, 5, 7, 1, 7), "/": (1, 1, 2, 4, 4)}


# ---- What games draw ----

class SpyDisplay:
    """A display that remembers images."""

    def __init__(self, display: kmsblit.Display, folder: Path) -> None:
        self.display, self.folder = display, folder
        self.images: dict[int, int] = {}  # id to number
        self.lines: list[str] = []

    def image(self, pixels: Any, layout: str, size: tuple[int, int]) -> kmsblit.Image:
        """Makes one; its bytes go to a file, too."""
        data = np.frombuffer(bytes(pixels), np.uint8).reshape(size[1], size[0], len(layout))
        rows = np.full((size[1], size[0], 4), 255, np.uint8)
        rows[..., 2::-1] = data[..., :3]
        rows[..., 3] = data[..., 3] if layout == "RGBA" else 255
        path = self.folder / f"{len(self.lines)}.argb"
        path.write_bytes(rows.tobytes())
        image = self.display.image(pixels, layout, size)
        self.images[image.id] = len(self.lines)
        kind = 0 if layout == "RGBA" else 2
        self.lines.append(f"image {size[0]} {size[1]} {kind} {path}")
        return image


class SpyWindow:
    """A window that remembers what is drawn."""

    def __init__(self, window: kmsblit.Window, display: SpyDisplay) -> None:
        self.window, self.display = window, display
        self.commands: list[bytes] = []

    def fill(self, color: Any, rect: Any = None) -> kmsblit.Rect:
        """A fill, in one of the colours that are used here."""
        known = {"black": (0, 0, 0), "limegreen": (50, 205, 50)}
        red, green, blue = known.get(color, color)
        where = tuple(int(value) for value in rect or (0, 0, WIDTH, HEIGHT))
        self.commands.append(kb.pack_fill(kb.Blend.REPLACE, 255, 0xFF000000 | red << 16 |
                                          green << 8 | blue, kb.Rect(*where)))
        return self.window.fill(color, rect)

    def blit(self, source: kmsblit.Image, position: Any, area: Any = None, special_flags: int = 0,
             **more: Any) -> kmsblit.Rect:
        """A blit; tints shape keys, their colour does not matter here."""
        tint = 0xFFFFFFFF if "tint" not in more else 0xFF000000 | zlib.crc32(
            more["tint"].encode()) & 0xFFFFFF
        blend = kb.Blend.ADD if special_flags == kmsblit.BLEND_ADD else kb.Blend.OVER
        self.commands.append(kb.pack_blit(
            blend, more.get("alpha", 255), 0, tint, self.display.images[source.id], 0, 0,
            source.width, source.height, int(position[0]), int(position[1])))
        return self.window.blit(source, position, area, special_flags, **more)

    def blits(self, items: Any, doreturn: bool = True) -> None:
        """Many."""
        for item in items:
            self.blit(*item)

    def take(self, name: str) -> str:
        """The frame's commands as a line for explain."""
        path = self.display.folder / name
        path.write_bytes(b"".join(self.commands))
        self.commands = []
        return f"frame {WIDTH} {HEIGHT} ff000000 {path}"


class Stage:
    """A game on a daemon."""

    def __init__(self, kind: Any, folder: Path, *options: str) -> None:
        self.daemon = Daemon("--clock", "virtual", "--output", f"headless:{WIDTH}x{HEIGHT}",
                             "--buffers", "1", *options)
        self.display = kmsblit.connect(self.daemon.socket, "pictures")
        self.window = self.display.window((WIDTH, HEIGHT), scale="none")
        self.spy = SpyDisplay(self.display, folder)
        self.drawn = SpyWindow(self.window, self.spy)
        self.game: Game = kind(self.spy, self.drawn)
        self.number = 0

    def frame(self, more: Any = None) -> str:
        """The next frame, shown; its line."""
        self.game.frame()
        if more:
            more(self.drawn)
        self.window.commit()
        self.display.step(REFRESH_NS)
        self.number += 1
        return self.drawn.take(f"{self.number}.commands")

    def picture(self, of_window: bool = False) -> Picture:
        """What is to be seen, or the window's own picture."""
        shot = self.window.screenshot() if of_window else self.display.screenshot()
        words = np.frombuffer(bytes(shot.pixels), "<u4").reshape(HEIGHT, WIDTH)
        return np.stack([words >> 16 & 255, words >> 8 & 255, words & 255], -1).astype(np.uint8)

    def explain(self, lines: list[str]) -> dict[str, Any]:
        """What the planner makes of frames."""
        path = self.spy.folder / "list"
        path.write_text("\n".join(self.spy.lines + lines) + "\n")
        done = subprocess.run([EXPLAIN, path], capture_output=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def stop(self) -> None:
        """Ends the daemon."""
        self.display.close()
        self.daemon.stop()


# ---- Drawing ----

def dimmed(picture: Picture) -> Picture:
    """Grey and dark, for something to be drawn over it."""
    grey = picture.astype(float) @ (0.3, 0.59, 0.11) * 0.5 + 16
    return np.repeat((grey // 12 * 12).astype(np.uint8)[..., None], 3, axis=2)


def box(picture: Picture, left: int, top: int, right: int, bottom: int,
        color: tuple[int, int, int], thick: int = 1) -> None:
    """A frame inside of these edges."""
    part = picture[max(0, top):bottom, max(0, left):right]
    for side in (part[:thick], part[-thick:], part[:, :thick], part[:, -thick:]):
        side[...] = color


def text(picture: Picture, left: int, top: int, what: str, color: tuple[int, int, int]) -> None:
    """Digits, at twice their size, on black."""
    for letter in what:
        cell = np.array([[row >> (2 - x) & 1 for x in range(3)] for row in DIGITS[letter]], bool)
        cell = cell.repeat(2, 0).repeat(2, 1)
        picture[top - 2:top + 12, left - 2:left + 8] = (12, 12, 20)
        picture[top:top + 10, left:left + 6][cell] = color
        left += 8


def tiles() -> list[tuple[int, int, int, int]]:
    """The edges of all tiles, row by row."""
    return [(x, y, min(x + TILE, WIDTH), min(y + TILE, HEIGHT))
            for y in range(0, HEIGHT, TILE) for x in range(0, WIDTH, TILE)]


def tinted(picture: Picture, where: tuple[int, int, int, int], color: tuple[int, int, int]) -> None:
    """A third of a colour over a rectangle."""
    left, top, right, bottom = where
    part = picture[top:bottom, left:right]
    part[...] = (part * 0.65 + np.array(color) * 0.35).astype(np.uint8)


def chunk(name: bytes, data: bytes) -> bytes:
    """One of a PNG's."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def save(name: str, picture: Picture) -> None:
    """A PNG with a palette: as many bits of each channel as 256 colours have room for."""
    for bits in range(8, 1, -1):
        coarse = picture >> (8 - bits)
        words = coarse[..., 0].astype(int) << 16 | coarse[..., 1].astype(int) << 8 | coarse[..., 2]
        colors, index = np.unique(words, return_inverse=True)
        if len(colors) <= 256:
            break
    index = index.reshape(picture.shape[:2])
    palette = np.array([picture[index == i].mean(axis=0) for i in range(len(colors))])
    rows = b"".join(b"\0" + row.tobytes() for row in index.astype(np.uint8))
    data = (b"\x89PNG\r\n\x1a\n" +
            chunk(b"IHDR", struct.pack(">IIBBBBB", picture.shape[1], picture.shape[0], 8, 3, 0, 0, 0)) +
            chunk(b"PLTE", palette.round().astype(np.uint8).tobytes()) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))
    if len(data) > MOST_BYTES:
        sys.exit(f"{name} has {len(data)} bytes, {MOST_BYTES} are allowed")
    (OUT / name).write_bytes(data)
    print(f"{name}: {picture.shape[1]}x{picture.shape[0]}, {len(colors)} colours, {len(data)} bytes")


# ---- The pictures ----

def paused(window: SpyWindow) -> None:
    """An opaque panel over the middle of the demo."""
    window.fill((24, 28, 44), (150, 90, 340, 170))
    window.fill((60, 80, 150), (160, 100, 320, 150))


def bins_and_cover(folder: Path) -> None:
    """A frame, how many operations touch its tiles, and how many of these are drawn."""
    stage = Stage(Meteors, folder)
    for _ in range(150):
        stage.frame()
    line = stage.frame(paused)
    picture = stage.picture()
    found = stage.explain([line])["frames"][0]
    bins, cover = dimmed(picture), dimmed(picture)
    shown = touched = 0
    for where, tile in zip(tiles(), found["tiles"]):
        left, top, right, bottom = where
        touched += tile["touches"]
        shown += tile["shows"]
        if tile["shows"] < tile["touches"]:
            tinted(cover, where, (40, 220, 90))
        for over in (bins, cover):
            box(over, left, top, right, bottom, (90, 90, 120))
        text(bins, left + 6, top + 6, str(tile["touches"]), (255, 210, 90))
        text(cover, left + 6, top + 6, f"{tile['shows']}/{tile['touches']}",
             (140, 255, 160) if tile["shows"] < tile["touches"] else (255, 210, 90))
    save("frame.png", picture)
    save("bin.png", bins)
    save("cover.png", cover)
    print(f"the demo, paused: {found['operations']} operations, {touched} visits of tiles, {shown} drawn")
    stage.stop()


def keys_and_damage(folder: Path) -> None:
    """Two frames of a menu: tiles with other keys, and what the daemon drew."""
    stage = Stage(Menu, folder, "--debug-damage", "on")
    lines = [stage.frame() for _ in range(30)]
    before, after = stage.explain(lines[-2:])["frames"]
    keys = dimmed(stage.picture(True))
    for where, old, new in zip(tiles(), before["tiles"], after["tiles"]):
        if old["key"] != new["key"]:
            tinted(keys, where, (255, 150, 30))
        box(keys, *where, (90, 90, 120))
    save("key.png", keys)
    save("draw.png", stage.picture())
    stage.stop()


def sections(folder: Path) -> None:
    """Sprites of the demo as the classifier sees them."""
    stage = Stage(Meteors, folder)
    found = stage.explain([])["images"]
    sizes = [tuple(map(int, line.split()[1:3])) for line in stage.spy.lines]
    large = [i for i, size in enumerate(sizes) if size == (44, 44)]
    ship = next(i for i, size in enumerate(sizes) if size == (34, 34) and i not in large)
    letter = next(i for i, size in enumerate(sizes) if size == (12, 16))
    zoom, gap = 5, 20
    chosen = [large[0], ship, letter]
    width = sum(sizes[i][0] for i in chosen) * zoom + (len(chosen) + 1) * gap
    picture = np.full((44 * zoom + 2 * gap, width, 3), 30, np.uint8)
    left = gap
    for i in chosen:
        across, down = sizes[i]
        rows = np.frombuffer(Path(stage.spy.lines[i].split()[4]).read_bytes(), np.uint8)
        alpha = rows.reshape(down, across, 4)[..., 3]
        kinds = np.full((down, across, 3), (225, 90, 60), np.uint8)
        kinds[alpha == 0] = (60, 62, 74)
        kinds[alpha == 255] = (70, 150, 220)
        part = picture[gap:gap + down * zoom, left:left + across * zoom]
        part[...] = kinds.repeat(zoom, 0).repeat(zoom, 1)
        x1, y1, x2, y2 = (edge * zoom for edge in found[i]["opaque"])
        if x2 > x1:
            box(part, x1, y1, x2, y2, (255, 255, 255), 2)
        left += across * zoom + gap
    save("sections.png", picture)
    stage.stop()


def main() -> int:
    """All of them."""
    OUT.mkdir(exist_ok=True)
    for make in (bins_and_cover, keys_and_damage, sections):
        with tempfile.TemporaryDirectory(prefix="kmsblit-pictures-") as folder:
            make(Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())

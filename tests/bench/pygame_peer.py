#!/usr/bin/python3
"""pygame on the workloads: reads what `kmsblit-bench --dump DIR` wrote, prints lines of JSON as kmsblit-bench does.

    pygame_peer.py DIR [--quick] [--only W1,W5]

"blits" is what most programs do: pictures with alpha, and blits() or fill() of everything. "best" is
what an expert would write: convert() where pictures are opaque, premultiplied ones where they are
not. "dirty" redraws by hand what moved, "cached" keeps turned pictures.
"""
from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame  # noqa: E402

from touching import offsets, overlaps  # noqa: E402

FILL, BLIT, TURN = range(3)
SECONDS = 0.8  # for each way of each workload
Item = list[Any]  # kind, picture, x, y, width, height, color, angle, scale, center x and y, smooth


def rgba(data: bytes, premultiply: bool) -> bytes:
    """Little-endian 0xAARRGGBB as bytes R, G, B, A."""
    out = bytearray(len(data))
    out[0::4], out[1::4], out[2::4], out[3::4] = data[2::4], data[1::4], data[0::4], data[3::4]
    if premultiply:
        for channel in range(3):
            out[channel::4] = bytes([(c * a + 127) // 255
                                     for c, a in zip(out[channel::4], out[3::4])])
    return bytes(out)


def color_of(item: Item) -> tuple[int, int, int]:
    """The colour of a fill."""
    return item[6] >> 16 & 255, item[6] >> 8 & 255, item[6] & 255


class Pygame:
    """The pictures in the forms that pygame has, and the ways to draw."""

    def __init__(self, folder: Path, description: dict[str, Any]) -> None:
        pygame.display.init()
        self.screen = pygame.display.set_mode(description["size"])
        self.usual, self.best, self.opaque = [], [], []
        for index, (width, height, opaque) in enumerate(description["pictures"]):
            data = (folder / f"{index}.argb").read_bytes()
            usual = pygame.image.frombuffer(rgba(data, False), (width, height), "RGBA")
            self.usual.append(usual.convert_alpha())
            self.opaque.append(opaque)
            self.best.append(
                usual.convert() if opaque else
                pygame.image.frombuffer(rgba(data, True), (width, height), "RGBA").convert_alpha())
        self.scratch = pygame.Surface((256, 256))
        self.cache: dict[tuple[int, float, int], pygame.Surface] = {}

    def fill(self, item: Item) -> None:
        """A fill, opaque or translucent."""
        _, _, x, y, width, height = item[:6]
        if item[6] >> 24 == 255:
            self.screen.fill(color_of(item), (x, y, width, height))
            return
        self.scratch.fill(color_of(item), (0, 0, width, height))
        self.scratch.set_alpha(item[6] >> 24)
        self.screen.blit(self.scratch, (x, y), (0, 0, width, height))

    def turned(self, item: Item) -> pygame.Surface:
        """The picture turned and scaled, made anew."""
        picture = self.usual[item[1]]
        if item[11]:
            return pygame.transform.rotozoom(picture, item[7], item[8])
        size = (int(picture.get_width() * item[8]), int(picture.get_height() * item[8]))
        return pygame.transform.rotate(pygame.transform.scale(picture, size), item[7])

    def turn(self, item: Item, cached: bool) -> None:
        """Draws a turned picture."""
        key = (item[1], item[7], item[11])
        picture = self.cache.get(key) if cached else None
        if picture is None:
            picture = self.turned(item)
            if cached:
                self.cache[key] = picture
        self.screen.blit(picture, picture.get_rect(center=(item[9], item[10])))

    def frame(self, items: list[Item], best: bool) -> Callable[[], None]:
        """What a program would do for this frame; lists are made before, and not timed."""
        fills = [item for item in items if item[0] == FILL]
        if items[-1][0] != BLIT:
            if items[-1][0] == FILL:
                return lambda: [self.fill(item) for item in fills] and None
            return lambda: (self.fill(fills[0]),
                            [self.turn(item, best) for item in items[1:]]) and None
        premultiplied = pygame.BLEND_PREMULTIPLIED
        if best:
            blits = [(self.best[item[1]], (item[2], item[3]), None,
                      0 if self.opaque[item[1]] else premultiplied)
                     for item in items if item[0] == BLIT]
        else:
            blits = [(self.usual[item[1]], (item[2], item[3])) for item in items if item[0] == BLIT]
        if fills:
            return lambda: (self.fill(fills[0]), self.screen.blits(blits, False)) and None
        return lambda: self.screen.blits(blits, False)

    def dirty(self, before: list[Item], items: list[Item]) -> Callable[[], None]:
        """The background where sprites were, then the sprites where they are."""
        background = self.best[items[0][1]]
        old = [pygame.Rect(item[2:6]) for item in before[1:]]
        new = [(self.best[item[1]], (item[2], item[3]), None, pygame.BLEND_PREMULTIPLIED)
               for item in items[1:]]

        def draw() -> None:
            for rect in old:
                self.screen.blit(background, rect, rect)
            self.screen.blits(new, False)
        return draw


    def group(self, items: list[Item]) -> Callable[[], None]:
        """The pictures as sprites of a Group, which draws them; moving them is not timed."""
        group = pygame.sprite.Group()
        for item in items:
            if item[0] == BLIT:
                sprite = pygame.sprite.Sprite(group)
                sprite.image, sprite.rect = self.usual[item[1]], pygame.Rect(item[2:6])
        fills = [item for item in items if item[0] == FILL]
        return lambda: ([self.fill(item) for item in fills], group.draw(self.screen)) and None

    def touch(self, pairs: list[list[int]]) -> Callable[[], None]:
        """Whether pairs of pictures touch."""
        masks = {index: pygame.mask.from_surface(self.usual[index])
                 for index in {index for pair in pairs for index in pair[:2]}}
        return overlaps(pairs, masks)


def measure(frames: list[Callable[[], None]], quick: bool) -> list[float]:
    """Milliseconds of the processor's time, as kmsblit-bench has it, of each frame, drawn round and
    round after one round that only warms up.
    """
    for frame in frames:
        frame()
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < (1 if quick else 3) or (not quick and time.perf_counter() - begin < SECONDS):
        for frame in frames:
            before = time.process_time_ns()
            frame()
            times.append((time.process_time_ns() - before) / 1e6)
    return times


def ways(peer: Pygame, name: str, scene: dict[str, Any]) -> dict[str, list[Callable[[], None]]]:
    """The frames of a workload in each form that makes sense for it."""
    frames = scene["frames"]
    last = frames[0][-1][0]
    found = {"blits": [peer.frame(items, False) for items in frames]}
    if last == BLIT:
        found["best"] = [peer.frame(items, True) for items in frames]
    elif last == TURN and name.endswith("r"):
        found["cached"] = [peer.frame(items, True) for items in frames]
    if name == "W2":
        found["group"] = [peer.group(items) for items in frames]
    if name == "W5":
        found["dirty"] = [peer.dirty(frames[i - 1], items) for i, items in enumerate(frames)]
    return found


def main() -> int:
    """Runs the workloads that are wanted."""
    parser = argparse.ArgumentParser(description="pygame on the benchmark's workloads")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only")
    options = parser.parse_args()
    description = json.loads((options.folder / "scenes.json").read_text())
    peer = Pygame(options.folder, description)
    print(json.dumps({"kind": "setup", "pygame": pygame.version.ver,
                      "pygame_sdl": ".".join(map(str, pygame.get_sdl_version()))}))
    wanted = tuple(filter(None, options.only.split(","))) if options.only else ("",)

    def report(name: str, form: str, frames: list[Callable[[], None]]) -> None:
        times = measure(frames, options.quick)
        print(json.dumps({
            "kind": "time", "workload": name, "threads": 1, "subject": "pygame", "form": form,
            "resolution": "x".join(map(str, description["size"])), "min_ms": min(times),
            "median_ms": statistics.median(times), "repeats": len(times), "clock": "cpu"}),
            flush=True)

    for name, scene in description["scenes"].items():
        if name.startswith(wanted):
            for form, frames in ways(peer, name, scene).items():
                report(name, form, frames)
    if "mask".startswith(wanted):
        report("mask", "overlap", [peer.touch(offsets(description["pictures"]))])
    return 0


if __name__ == "__main__":
    sys.exit(main())

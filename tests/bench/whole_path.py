#!/usr/bin/python3
"""The whole path from Python: through the package, the socket and a daemon with a virtual display.

    whole_path.py DIR [--quick]

DIR is what `kmsblit-bench --dump DIR` wrote. Prints lines of JSON.
"""
from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from daemon import Daemon, add_package

add_package()
import kmsblit  # noqa: E402
from touching import offsets, overlaps  # noqa: E402

FILL, BLIT = 0, 1
SECONDS = 1.5
WORKLOADS = ("W1", "W2", "W5")
WAYS = {"W2": ("", "array", "group")}  # besides a list of tuples


def report(**fields: Any) -> None:
    """One line."""
    print(json.dumps(fields), flush=True)


def moved(items: list[Any]) -> list[Any]:
    """The same a pixel to the right, so that no two frames in a row are equal."""
    return [item if item[0] == FILL or item[4] > 1000 else item[:2] + [item[2] + 1] + item[3:]
            for item in items]


class Player:
    """Draws a workload's frames as a program would."""

    def __init__(self, display: kmsblit.Display, folder: Path, description: dict[str, Any]) -> None:
        self.display = display
        self.window = display.window(description["size"], scale="none")
        self.images = [display.image((folder / f"{index}.argb").read_bytes(),
                                     "xrgb8888" if opaque else "argb8888", (width, height))
                       for index, (width, height, opaque) in enumerate(description["pictures"])]

    def frames(self, scene: dict[str, Any], form: str = "") -> list[Callable[[], None]]:
        """A function for each frame, which draws it; the lists are made before."""
        lists = scene["frames"]
        return [self.frame(items, form) for items in
                (lists if len(lists) > 1 else [lists[0], moved(lists[0])])]

    def frame(self, items: list[Any], form: str) -> Callable[[], None]:
        blits = [item for item in items if item[0] == BLIT]
        fills = [item for item in items if item[0] == FILL]
        window = self.window
        draw_blits = getattr(self, form or "tuples")(blits)

        def draw() -> None:
            for item in fills:
                window.fill(item[6] & 0xFFFFFF)
            draw_blits(window)
        return draw

    def tuples(self, items: list[Any]) -> Callable[[kmsblit.Window], object]:
        """As pygame's blits() takes them."""
        blits = [(self.images[item[1]], (item[2], item[3])) for item in items]
        return lambda window: window.blits(blits, False)

    def array(self, items: list[Any]) -> Callable[[kmsblit.Window], object]:
        """As an array of numpy."""
        rows = kmsblit.blit_array(len(items))
        rows["image"] = [self.images[item[1]].id for item in items]
        rows["x"], rows["y"] = [item[2] for item in items], [item[3] for item in items]
        return lambda window: window.blits(rows)

    def group(self, items: list[Any]) -> Callable[[kmsblit.Window], object]:
        """As sprites of a group; moving them is not timed."""
        group = kmsblit.Group()
        for item in items:
            sprite = kmsblit.Sprite(group)
            sprite.image, sprite.rect = self.images[item[1]], kmsblit.Rect(item[2:6])
        return group.draw

    def touch(self, pairs: list[list[int]]) -> Callable[[], None]:
        """Whether pairs of pictures touch."""
        masks = {index: kmsblit.mask.from_surface(self.images[index])
                 for index in {index for pair in pairs for index in pair[:2]}}
        return overlaps(pairs, masks)


def timed(player: Player, frames: list[Callable[[], None]], quick: bool, whole: bool) -> list[float]:
    """Milliseconds from the first call to the commit (of the processor's time, for comparing with
    pygame's), or until the frame was shown (whole: real time, as two processes work at it).
    """
    clock = time.perf_counter_ns if whole else time.process_time_ns
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 2 * len(frames) or (not quick and time.perf_counter() - begin < SECONDS):
        for frame in frames:
            before = clock()
            frame()
            serial = player.window.commit()
            if not whole:
                times.append((clock() - before) / 1e6)
            player.window.wait(serial)
            if whole:
                times.append((clock() - before) / 1e6)
    return times[len(frames):]


def timed_alone(function: Callable[[], None], quick: bool) -> list[float]:
    """Milliseconds of the processor's time for what needs no daemon."""
    times: list[float] = []
    begin = time.perf_counter()
    while len(times) < 2 or (not quick and time.perf_counter() - begin < SECONDS):
        before = time.process_time_ns()
        function()
        times.append((time.process_time_ns() - before) / 1e6)
    return times[1:]


def frames_per_second(player: Player, frames: list[Callable[[], None]], quick: bool) -> float:
    """As many as go, the next one made while the one before is drawn."""
    count = 0
    for frame in frames:
        frame()
        player.window.flip(wait=True)
    begin = time.perf_counter()
    while count < 4 or (not quick and time.perf_counter() - begin < SECONDS):
        for frame in frames:
            frame()
            player.window.flip()
            count += 1
    frames[0]()
    player.window.flip(wait=True)
    return (count + 1) / (time.perf_counter() - begin)


def unchanged_px(player: Player, frames: list[Callable[[], None]]) -> int:
    """Pixels drawn for ten frames that are all the same."""
    frames[0]()
    player.window.flip(wait=True)
    before = player.window.statistics()["pixels_drawn"]
    for _ in range(10):
        frames[0]()
        player.window.flip(wait=True)
    return player.window.statistics()["pixels_drawn"] - before


def run_workloads(folder: Path, description: dict[str, Any], quick: bool) -> None:
    """Frames through a daemon whose display is not paced."""
    size = "x".join(map(str, description["size"]))
    with Daemon("--output", f"headless:{size}@0") as daemon:
        with kmsblit.connect(daemon.socket, "kmsblit-bench") as display:
            player = Player(display, folder, description)

            def report_times(name: str, form: str, times: list[float], clock: str) -> None:
                report(kind="time", workload=name, threads=1, subject="kmsblit", form=form,
                       resolution=size, min_ms=min(times), repeats=len(times),
                       median_ms=statistics.median(times), clock=clock)

            for name, way in ((name, way) for name in WORKLOADS for way in WAYS.get(name, ("",))):
                frames = player.frames(description["scenes"][name], way)
                for form, whole in (("call", False), ("whole", True)):
                    report_times(name, " ".join(filter(None, ("python", way, form))),
                                 timed(player, frames, quick, whole), "wall" if whole else "cpu")
                if not way:
                    report(kind="figure", name=f"{name}: frames per second, from Python",
                           unit="fps", value=frames_per_second(player, frames, quick))
            touch = player.touch(offsets(description["pictures"]))
            report_times("mask", "python overlap", timed_alone(touch, quick), "cpu")
            frames = player.frames(description["scenes"][WORKLOADS[-1]])
            report(kind="figure", name="pixels drawn for 10 unchanged frames", unit="px", at_most=0,
                   value=unchanged_px(player, frames))
            report(kind="figure", name="memory after this (RSS)", unit="MB",
                   value=daemon.resident_bytes()["VmRSS"] / 1e6)


def start_up(quick: bool) -> None:
    """From exec to the first frame, and the memory that is then in use."""
    times, resident, anonymous = [], 0, 0
    for _ in range(2 if quick else 15):
        with Daemon("--output", "headless:64x64@0") as daemon:
            with kmsblit.connect(daemon.socket, "kmsblit-bench") as display:
                window = display.window((64, 64), scale="none")
                window.fill("white")
                window.flip(wait=True)
                times.append((time.monotonic_ns() - daemon.started_ns) / 1e6)
                found = daemon.resident_bytes()
                resident = max(resident, found["VmRSS"])
                anonymous = max(anonymous, found["RssAnon"])
    report(kind="figure", name="exec to first frame, fastest", unit="ms", value=min(times),
           at_most=50)
    report(kind="figure", name="exec to first frame, median", unit="ms",
           value=statistics.median(times))
    report(kind="figure", name="memory without images and buffers (RSS)", unit="MB",
           value=resident / 1e6, at_most=12)
    report(kind="figure", name="of that not shared with other programs", unit="MB",
           value=anonymous / 1e6)


def main() -> int:
    """Everything, once."""
    parser = argparse.ArgumentParser(description="the whole path from Python")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    start_up(options.quick)
    run_workloads(options.folder, json.loads((options.folder / "scenes.json").read_text()),
                  options.quick)
    return 0


if __name__ == "__main__":
    sys.exit(main())

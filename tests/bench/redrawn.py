#!/usr/bin/python3
"""How many pixels the daemon draws for a frame, beside those that really change.

    redrawn.py [--quick] [--frames N]

Plays small games through a daemon on a virtual clock, a frame a refresh. The window's picture and the
output's are taken after each frame and compared with those before: that is the exact difference. An
output's buffer is behind by as many frames as there are buffers: buffer_exact is how far the picture
differs from that one, and no less can be drawn. What was drawn is what the daemon's statistics say.
Prints lines of JSON.
"""
from __future__ import annotations

import argparse
import json
import sys

from daemon import Daemon
from games import GAMES, HEIGHT, WIDTH, Game

import kmsblit

REFRESH_NS = 20_000_000  # a little more than one at 60 Hz
# Frames that are not counted: the first draws everything, and games have to get going.
FIRST, FIRST_QUICK = 60, 5
BUFFERS = 2


def differing(before: memoryview, after: memoryview) -> int:
    """Pixels that are not the same."""
    if before == after:
        return 0
    return sum(a != b for a, b in zip(before, after))


def flat(shot: kmsblit.Screenshot) -> memoryview:
    """The pixels in one row."""
    return memoryview(bytes(shot.pixels)).cast("I")


def play(kind: type[Game], frames: int, first: int) -> dict[str, float]:
    """Means of a frame: drawn and exact, of the window's picture and of the output."""
    sums = {"window_drawn": 0, "window_exact": 0, "output_drawn": 0, "output_exact": 0,
            "buffer_exact": 0}
    with Daemon("--clock", "virtual", "--output", f"headless:{WIDTH}x{HEIGHT}", "--buffers",
                str(BUFFERS)) as daemon:
        with kmsblit.connect(daemon.socket, "kmsblit-bench") as display:
            window = display.window((WIDTH, HEIGHT), scale="none")
            game = kind(display, window)
            past: list[dict[str, tuple[int, memoryview]]] = []
            for number in range(first + frames):
                game.frame()
                window.commit()
                display.step(REFRESH_NS)
                now = {"window": (window.statistics()["pixels_drawn"], flat(window.screenshot())),
                       "output": (display.statistics("output", 0)["pixels_drawn"],
                                  flat(display.screenshot()))}
                if number >= first:
                    for name, (drawn, pixels) in now.items():
                        sums[f"{name}_drawn"] += drawn - past[-1][name][0]
                        sums[f"{name}_exact"] += differing(past[-1][name][1], pixels)
                    sums["buffer_exact"] += differing(past[-BUFFERS]["output"][1],
                                                      now["output"][1])
                past = [*past, now][-BUFFERS:]
    return {name: value / frames for name, value in sums.items()}


def main() -> int:
    """All games."""
    parser = argparse.ArgumentParser(description="pixels drawn for a frame")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--frames", type=int, default=60)
    options = parser.parse_args()
    frames = 4 if options.quick else options.frames
    first = FIRST_QUICK if options.quick else FIRST
    for kind in GAMES:
        found = play(kind, frames, first)
        print(json.dumps({"kind": "redrawn", "game": kind.name, "frames": frames,
                          "all_px": WIDTH * HEIGHT, **found}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

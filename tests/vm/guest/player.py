#!/usr/bin/python3
"""A client for the tests: shows pictures that are easy to know again, and writes down the answers.

    player.py frames N      a square that moves a little in each of N frames; then the answers, as JSON
    player.py blink         shows or hides a 32x32 square for each line of standard input
    player.py play          plays on until standard input ends, and tells of outputs that come and go
    player.py corners NAME  four colours in the corners of an output, until standard input ends
"""
from __future__ import annotations

import json
import select
import sys

import kmsblit


def frames(display: kmsblit.Display, count: int) -> None:
    """One frame after the other, as fast as the daemon takes them."""
    window = display.window((320, 180), base="navy")
    known: dict[int, kmsblit.Presented] = {}
    serials: list[int] = []
    for number in range(count):
        window.clear()
        window.fill("orange", (number % 288, number % 148, 32, 32))
        serials.append(window.commit())
        # One frame ahead, so that every answer is seen: only the last one is kept.
        for serial in serials[-2:-1] if number < count - 1 else serials[-2:]:
            answer = window.wait(serial)
            if answer is not None:
                known[answer.serial] = answer
    assert window.presented is not None
    print(json.dumps({"refresh_ns": window.presented.refresh_ns, "answers": [
        [answer.time_ns, answer.sequence, answer.discarded, answer.hardware_clock]
        for _, answer in sorted(known.items())]}), flush=True)


def blink(display: kmsblit.Display) -> None:
    """The square lies inside one tile or more, wherever the tiles are: the test knows its place."""
    output = display.outputs[0]
    window = display.window((output.width, output.height), scale="none", base="navy")
    window.clear()
    window.flip(wait=True)
    print("ready", flush=True)
    for number, _ in enumerate(sys.stdin):
        window.fill("navy" if number % 2 else "orange", (320, 192, 32, 32))
        window.flip(wait=True)
        print(f"shown {number}", flush=True)


def play(display: kmsblit.Display) -> None:
    """Says how many frames were shown at every change of the outputs."""
    window = display.window((320, 180), base="navy")
    known: list[str] = []
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        window.clear()
        window.fill("orange", (number % 288, number % 148, 32, 32))
        window.flip()
        number += 1
        now = [f"{output.name}:{output.width}x{output.height}" for output in display.outputs]
        if now != known:
            known = now
            print(f"frame {number}: outputs {' '.join(now)}", flush=True)
    print(f"played {number}", flush=True)


def corners(display: kmsblit.Display, name: str) -> None:
    """Red, green, blue and white: clockwise from the upper left."""
    output = next(output for output in display.outputs if output.name == name)
    window = display.window((output.width, output.height), scale="none", base="navy", output=name)
    window.clear()
    right, lower = output.width - 64, output.height - 32
    for color, x, y in (("red", 0, 0), ((0, 255, 0), right, 0), ("blue", right, lower), ("white", 0, lower)):
        window.fill(color, (x, y, 64, 32))
    window.flip(wait=True)
    print("shown", flush=True)
    sys.stdin.read()


def main() -> None:
    """One of them."""
    with kmsblit.connect() as display:
        if sys.argv[1] == "frames":
            frames(display, int(sys.argv[2]))
        elif sys.argv[1] == "blink":
            blink(display)
        elif sys.argv[1] == "play":
            play(display)
        else:
            corners(display, sys.argv[2])


if __name__ == "__main__":
    main()

"""Programs under `kmsblit run`, told line by line what to do, and looked at by what the display shows."""
from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parents[2]
TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))
PAINTER = str(ROOT / "build/release/sdl2/painter")

# Only against something that hangs for ever.
HANG_SECONDS = 60

# Of a crash, these tests want the exit status only.
QUIET = {"PYGAME_HIDE_SUPPORT_PROMPT": "1", "KMSBLIT_CRASH_CARD": "0"}

Picture = npt.NDArray[np.uint32]


def solid(width: int, height: int, color: int) -> Picture:
    """A picture of one colour."""
    return np.full((height, width), color, np.uint32)


def run(socket: str, *command: str, options: tuple[str, ...] = (), **env: str) -> subprocess.CompletedProcess[str]:
    """A program under `kmsblit run`, until its end."""
    return subprocess.run([TOOL, "--socket", socket, "run", *options, *command], capture_output=True, text=True,
                          env={**os.environ, **QUIET, **env}, timeout=HANG_SECONDS, check=False)


class Game:
    """A program that answers lines."""

    def __init__(self, socket: str, *command: str, options: tuple[str, ...] = (), stats: Path | None = None,
                 **env: str) -> None:
        self.stats_path = stats
        options += (f"--stats={stats}",) if stats else ()
        self.process = subprocess.Popen([TOOL, "--socket", socket, "run", *options, *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **QUIET, **env},
                                        bufsize=0)  # else a second line waits where select() does not look

    def __enter__(self) -> Game:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()  # and with it goes the game: SDL makes an event of other signals
        self.process.wait(HANG_SECONDS)

    def answers(self, seconds: float) -> bool:
        """Whether it says something within that time."""
        return bool(select.select([self.process.stdout], [], [], seconds)[0])

    def read(self) -> str:
        """The next line that it says."""
        assert self.process.stdout is not None and self.process.stderr is not None
        assert self.answers(HANG_SECONDS), "it says nothing"
        line = self.process.stdout.readline().decode().strip()
        if not line:
            self.process.wait(HANG_SECONDS)
            raise AssertionError(f"it ended: {self.process.stderr.read().decode()}")
        return line

    def say(self, line: str) -> None:
        """Tells it a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def tell(self, *lines: object) -> list[int]:
        """Tells it lines; the numbers of the last answer. Each must be "ok"."""
        answer = "ok"
        for line in lines:
            self.say(str(line))
            answer = self.read()
            assert answer.startswith("ok"), f"{line}: {answer}"
        return [int(word) for word in answer.split()[1:]]

    def refused(self, line: str) -> str:
        """Tells it a line that SDL must refuse, and returns SDL's sentence."""
        self.say(line)
        answer = self.read()
        assert answer.startswith("error "), answer
        return answer[6:]

    def end(self, line: str = "end") -> int:
        """Lets it end; the exit status."""
        self.say(line)
        return self.process.wait(HANG_SECONDS)

    def stats(self) -> dict[str, Any]:
        """Of a program that has ended."""
        assert self.stats_path is not None
        stats: dict[str, Any] = json.loads(self.stats_path.read_text())
        return stats


def python_game(socket: str, code: str, **more: Any) -> Game:
    """A Python program that is one string, and answers by `answer(...)` and `ask()`."""
    head = ("import sys, os\n"
            "def answer(*words): print('ok', *words, flush=True)\n"
            "def ask(): return sys.stdin.readline().split()\n")
    return Game(socket, "python3", "-B", "-c", head + code, **more)


def shown(display: Any) -> Picture:
    """What the first display shows, as 0xRRGGBB."""
    return np.asarray(display.screenshot()) & np.uint32(0xFFFFFF)


def expect(display: Any, wanted: Picture) -> None:
    """Waits until the display shows exactly this. Frames are shown some time after they were presented."""
    deadline = time.monotonic() + 10
    found = None
    while time.monotonic() < deadline:
        try:
            found = shown(display)
        except OSError:  # nothing has been shown yet
            pass
        if found is not None and found.shape == wanted.shape and bool((found == wanted).all()):
            return
        display.dispatch(0.01)
    assert found is not None, "nothing was shown"
    assert found.shape == wanted.shape
    rows, columns = np.nonzero(found != wanted)
    raise AssertionError(f"{len(rows)} pixels differ, the first at {columns[0]}, {rows[0]}: "
                         f"{found[rows[0], columns[0]]:06x} instead of {wanted[rows[0], columns[0]]:06x}")


if __name__ == "__main__":
    sys.exit("a module of the tests")

"""Games that crash under `kmsblit run`: real ones, in Python and C. Their last picture stays and is dimmed, a card says what
happened, a key starts them again, Esc ends, and there is never nothing on the display."""
from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import HANG_SECONDS, Daemon, Picture, Refused, kb

Start = Callable[..., Daemon]

ROOT = Path(__file__).resolve().parents[2]
TOOL = os.environ.get("KMSBLIT_TOOL", str(ROOT / "build/kmsblit"))
BOUNCE = str(ROOT / "build/examples/bounce")
PYTHON = "/usr/bin/python3"
ESC, SPACE = 1, 57
BLUE, DIMMED, GREEN, LATER = 0x3060C0, 0x102040, 0x00FF00, 0xFFFF00
EDGE = 0xE5484D  # the card's

GAME = """
import os, sys, kmsblit
runs = sys.argv[1]
with open(runs, "a") as file:
    file.write("x")
again = os.path.getsize(runs) > 1
with kmsblit.connect() as display:
    window = display.window((320, 240), base="#3060C0")
    window.clear()
    if again:
        window.fill((255, 255, 0))
    window.flip()
    window.flip()
    {end}
"""
RAISE = "(lambda blue: {'red': 1}[blue])('bl' + 'ue')"
STAY = "__import__('signal').pause()"


class Run:
    """A game under `kmsblit run`."""

    def __init__(self, daemon: Daemon, tmp_path: Path, end: str = RAISE, *options: str,
                 command: list[str] | None = None, **more: str) -> None:
        self.daemon = daemon
        self.client = daemon.client("hand")
        self.runs = tmp_path / "runs"
        script = tmp_path / "snake.py"
        script.write_text(GAME.format(end=end))
        env = {**os.environ, "KMSBLIT_SOCKET": daemon.path, "PYTHONDONTWRITEBYTECODE": "1", "KMSBLIT_CRASH_CARD": "1", **more}
        self.said = tmp_path / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [TOOL, "run", *options, *(command or [PYTHON, str(script), str(self.runs)])],
                env=env, stdin=subprocess.DEVNULL, stderr=said)

    def see(self) -> Picture:
        """What the display shows."""
        return self.client.see_output()

    def until(self, seen: Callable[[Picture], bool]) -> Picture:
        """Looks until it is so. What is seen on the way is never nothing, once something was shown."""
        end, something = time.monotonic() + HANG_SECONDS, False
        while time.monotonic() < end:
            try:
                picture = self.see()
            except Refused as error:
                assert "NO_OUTPUT" in str(error)  # nothing was shown yet
                continue
            if seen(picture):
                return picture
            assert not (something and (picture == 0).all()), "there was nothing on the display"
            something |= bool((picture != 0).any())
        raise AssertionError(f"never seen: {self.text()}")

    def card(self, below: int | None = None) -> Picture:
        """Waits for the card: its edge, around it what was last shown, dimmed."""
        return self.until(lambda picture: bool((picture == EDGE).sum() > 100) and (
            below is None or int(picture[0, 0]) == below))

    def press(self, key: int) -> None:
        """Once."""
        for value in (1, 0):
            self.client.request(kb.encode_input_inject, type=1, code=key, value=value, device=0)
            self.client.request(kb.encode_input_inject, type=0, code=0, value=0, device=0)
        self.client.sync()

    def press_until(self, key: int, done: Callable[[], bool]) -> None:
        """Again and again: for a second the card takes no notice."""
        end = time.monotonic() + HANG_SECONDS
        while not done():
            assert time.monotonic() < end, self.text()
            self.press(key)

    def ended(self, key: int | None = None) -> int:
        """Its exit status; nothing of it is on the display then."""
        if key is not None:
            self.press_until(key, lambda: self.process.poll() is not None)
        status = self.process.wait(HANG_SECONDS)
        self.until(lambda picture: bool((picture == 0).all()))
        return status

    def text(self) -> str:
        """What the game and the tool said on standard error."""
        return self.said.read_text()

    def count(self) -> int:
        """How often it was started."""
        return self.runs.stat().st_size if self.runs.exists() else 0

    def pid(self, name: str) -> int:
        """Of a program that the tool started; waits until it is there."""
        end = time.monotonic() + HANG_SECONDS
        while time.monotonic() < end:
            for task in Path(f"/proc/{self.process.pid}/task").iterdir():
                for child in (task / "children").read_text().split():
                    try:
                        if Path(f"/proc/{child}/comm").read_text().strip() == name:
                            return int(child)
                    except OSError:
                        continue
        raise AssertionError(f"no process {name}")


@pytest.fixture(name="daemon")
def fixture_daemon(start: Start) -> Daemon:
    """On the real clock."""
    return start("--output", "headless:320x240@60")


Runner = Callable[..., Run]


@pytest.fixture(name="run")
def fixture_run(daemon: Daemon, tmp_path: Path) -> Iterator[Runner]:
    """Starts a game, and leaves none."""
    runs: list[Run] = []

    def starter(end: str = RAISE, *options: str, **more: str) -> Run:
        runs.append(Run(daemon, tmp_path, end, *options, **more))  # type: ignore[arg-type]
        return runs[-1]

    yield starter
    for one in runs:
        one.process.kill()
        one.process.wait()


def test_an_exception_is_shown_over_the_last_picture(run: Runner) -> None:
    """Esc ends, with the game's own status, and the log says all that the card does."""
    game = run()
    picture = game.card(DIMMED)
    top, left = np.argwhere(picture == EDGE).min(axis=0)
    assert left < 20 and 20 < top < 120
    assert set(np.unique(picture[:top])) == {DIMMED}  # what is not the card is the game, dimmed
    assert game.ended(ESC) == 1
    assert game.count() == 1
    assert "Traceback" in game.text() and "KeyError: 'blue'" in game.text()
    assert "kmsblit run: snake.py has crashed: KeyError: 'blue'" in game.text()


def test_a_key_starts_it_again(run: Runner) -> None:
    """The dimmed picture stays until the new one is there; the next crash has a card again."""
    game = run(f"{STAY} if again else {RAISE}")
    game.card(DIMMED)
    game.press_until(SPACE, lambda: game.count() == 2)
    game.until(lambda picture: bool((picture == LATER).all()))
    os.kill(game.pid("python3"), signal.SIGKILL)
    game.card((LATER * 85 // 255) & 0xFFFF00)
    assert game.ended(ESC) == 128 + signal.SIGKILL
    assert "snake.py ended by signal 9: Killed" in game.text()


def test_at_first_it_takes_no_notice(run: Runner) -> None:
    """Who is in the middle of a game presses keys without looking."""
    game = run()
    game.card()
    game.press(SPACE)
    game.press(ESC)
    assert game.process.poll() is None and game.count() == 1
    assert game.ended(ESC) == 1


def test_c_programs_too(run: Runner) -> None:
    """By their signal."""
    game = run(command=[BOUNCE])
    game.until(lambda picture: bool((picture != 0).any()))
    os.kill(game.pid("bounce"), signal.SIGSEGV)
    game.card()
    assert game.ended(ESC) == 128 + signal.SIGSEGV
    assert game.text().endswith("kmsblit run: bounce ended by signal 11: Segmentation fault\n")


def test_restart_needs_nobody(run: Runner) -> None:
    """Until it crashed three times soon after its start: then it waits for a key."""
    game = run(RAISE, "--restart=1")
    game.until(lambda _: game.count() == 3)
    game.card()
    seen = game.see()
    with pytest.raises(subprocess.TimeoutExpired):  # longer than it would wait otherwise
        game.process.wait(2.5)
    assert game.count() == 3 and (game.see() == seen).all()
    game.press_until(SPACE, lambda: game.count() == 4)
    game.card()
    assert game.ended(ESC) == 1


@pytest.mark.parametrize("end, status", [
    ("pass", 0), ("sys.exit(0)", 0), ("os.kill(os.getpid(), 15)", 143), ("sys.exit(130)", 130),
    ("os.kill(os.getpid(), 2)", 130)])
def test_no_crash_no_card(run: Runner, end: str, status: int) -> None:
    """Ends as it should, or was asked to."""
    game = run(end, "--restart")
    assert game.ended() == status
    assert game.count() == 1 and "kmsblit run" not in game.text()


def test_what_was_never_seen_ends_at_once(run: Runner) -> None:
    """A command that fails is not a game that crashed; unless it is to run always."""
    game = run(command=["sh", "-c", "echo no such level >&2; exit 3"])
    assert game.process.wait(HANG_SECONDS) == 3
    game = run("", "--restart", command=["sh", "-c", "echo no such level >&2; exit 3"])
    game.card(0x0C0E14)
    assert game.ended(ESC) == 3
    assert "kmsblit run: sh ended with status 3: " in game.text()


def test_it_can_be_switched_off(run: Runner) -> None:
    """For those who look after their games themselves."""
    game = run(RAISE, "--restart", KMSBLIT_CRASH_CARD="0")
    assert game.ended() == 1
    assert game.count() == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_tool_may_be_ended(run: Runner, number: int) -> None:
    """While the card is shown, by whatever: then nothing is left."""
    game = run(RAISE, "--restart=60")
    game.card()
    game.process.send_signal(number)
    assert game.ended() == -number


def test_the_tool_killed_while_the_game_runs(run: Runner) -> None:
    """Nobody keeps the picture then, and the game ends too."""
    game = run(STAY)
    game.until(lambda picture: bool((picture == BLUE).all()))
    pid = game.pid("python3")
    game.process.kill()
    game.ended()
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        pass


def test_much_is_said(run: Runner) -> None:
    """More than is remembered, at any speed, comes out as it went in; the end of it is on the card."""
    game = run("sys.stderr.write('all is well\\n' * 100000); sys.stderr.flush(); " + RAISE)
    game.card(DIMMED)
    assert game.ended(ESC) == 1
    assert game.text().count("all is well\n") == 100000
    assert "has crashed: KeyError: 'blue'" in game.text()


def test_a_gamepad_and_a_finger_can_choose(run: Runner) -> None:
    """Any button starts it again; Back, or a tap at the hint "Esc", ends."""
    game = run()
    pad, finger = 2, 1
    south, select = 0x130, 0x13A

    def say(device: int, *events: tuple[int, int, int]) -> None:
        for type, code, value in (*events, (0, 0, 0)):
            game.client.request(kb.encode_input_inject, type=type, code=code, value=value, device=device)
        game.client.sync()

    def button(code: int) -> None:
        say(pad, (1, code, 1))
        say(pad, (1, code, 0))

    def tap(x: int, y: int) -> None:
        say(finger, (3, 0x2F, 0), (3, 0x39, 7), (3, 0x35, (x * 65536 + 32768) // 320),
            (3, 0x36, (y * 65536 + 32768) // 240))
        say(finger, (3, 0x39, -1))

    def until(act: Callable[[], None], done: Callable[[], bool]) -> None:
        end = time.monotonic() + HANG_SECONDS
        while not done():
            assert time.monotonic() < end, game.text()
            act()

    game.card(DIMMED)
    until(lambda: button(south), lambda: game.count() == 2)
    picture = game.card()
    caps = np.argwhere(picture == 0x303446)  # the keys of the hints: "any key", and "Esc"
    row = picture[int(caps[:, 0].mean())] == 0x303446
    starts = [x for x in range(1, 320) if row[x] and not row[x - 12:x].any()]
    y = int(caps[:, 0].mean())
    tap(5, 5)
    tap(starts[0] + 2, 5)
    until(lambda: tap(starts[0] + 2, y), lambda: game.count() == 3)
    game.card()
    until(lambda: tap(starts[-1] + 2, y), lambda: game.process.poll() is not None)
    assert game.ended() == 1
    game = run()
    game.card()
    until(lambda: button(select), lambda: game.process.poll() is not None)
    assert game.ended() == 1


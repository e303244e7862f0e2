"""The kmsblit tool against a real daemon: what it prints, and its exit status."""
from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "build/kmsblit"
BOUNCE = ROOT / "build/examples/bounce"
DAEMON = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def environment(socket: Path) -> dict[str, str]:
    """Ours, with that socket and no other."""
    return {**os.environ, "KMSBLIT_SOCKET": str(socket), "LC_ALL": "C.UTF-8"}


@pytest.fixture(name="tool")
def fixture_tool(tmp_path: Path) -> Run:
    """Runs the tool with a socket in tmp_path."""
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([TOOL, *arguments], env=environment(tmp_path / "socket"),
                              capture_output=True, text=True, timeout=60, check=False)
    return run


def start(socket: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """A daemon that listens."""
    ready, told = os.pipe()
    daemon = subprocess.Popen(
        [DAEMON, "--socket", str(socket), "--ready-fd", str(told), *arguments],
        pass_fds=[told])
    os.close(told)
    with open(ready, "rb") as pipe:
        assert pipe.readline() == b"\n"
    return daemon


@pytest.fixture(name="daemon")
def fixture_daemon(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon with two outputs on a virtual clock."""
    process = start(tmp_path / "socket", "--clock", "virtual",
                    "--output", "headless:64x48@60,name=LEFT",
                    "--output", "headless:32x16@50,name=RIGHT,x=64")
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def read_png(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and the rows of an RGB PNG; by a reader of our own."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed, width, height = 8, b"", 0, 0
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + size]
        if kind == b"IHDR":
            width, height, depth, colour, *_ = struct.unpack(">IIBBBBB", body)
            assert (depth, colour) == (8, 2)
        elif kind == b"IDAT":
            packed += body
        at += 12 + size
    raw, step, rows, above = zlib.decompress(packed), 3 * width + 1, [], bytes(3 * width)
    for y in range(height):
        above = unfilter(raw[y * step], raw[y * step + 1:(y + 1) * step], above)
        rows.append(above)
    return width, height, rows


def unfilter(kind: int, line: bytes, above: bytes) -> bytes:
    """One row of a PNG with 3 bytes a pixel."""
    row = bytearray()
    for i, value in enumerate(line):
        left, up, corner = (row[i - 3] if i >= 3 else 0), above[i], (above[i - 3] if i >= 3 else 0)
        guess = left + up - corner
        nearest = min((abs(guess - one), order, one)
                      for order, one in enumerate((left, up, corner)))[2]
        row.append((value + (0, left, up, (left + up) // 2, nearest)[kind]) & 255)
    return bytes(row)


@pytest.mark.parametrize("arguments", [
    (), ("frobnicate",), ("--frobnicate",), ("screenshot",), ("screenshot", "a.png", "b.png"),
    ("screenshot", "--list", "a.png"), ("info", "more"), ("stats", "--yaml"), ("stats", "more"),
    ("wait", "--timeout", "soon"), ("wait", "--timeout", "-1"), ("step",), ("step", "-5"),
    ("step", "5x"), ("step", "3601s"), ("step", "1", "2"), ("help", "frobnicate"),
    ("devices", "more"), ("events", "more"), ("events", "--seconds", "0"), ("events", "--count", "0"),
    ("events", "--count", "1x"),
    ("version", "more"),
])
def test_mistakes_on_the_command_line(tool: Run, arguments: tuple[str, ...]) -> None:
    """They end with 2, tell where to read on, and print nothing on standard output."""
    done = tool(*arguments)
    assert done.returncode == 2
    assert "Try `kmsblit help" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("page", sorted(path.name for path in (ROOT / "docs/man").iterdir()))
def test_man_pages_are_pages(page: str) -> None:
    """make install makes them."""
    made = subprocess.run(["scdoc"], input=(ROOT / "docs/man" / page).read_bytes(),
                          capture_output=True)
    assert (made.returncode, made.stderr) == (0, b"")
    assert made.stdout.startswith(b".")


def test_help(tool: Run) -> None:
    """Every verb is in the list, has its own help, and is in the man page."""
    overview = tool("help")
    assert overview.returncode == 0
    assert tool("--help").stdout == overview.stdout
    verbs = [line.split()[0] for line in overview.stdout.splitlines()
             if line.startswith("  ") and line[2].isalpha()]
    assert verbs == ["screenshot", "info", "stats", "doctor", "devices", "events", "wait", "step",
                     "replay", "run", "bench", "help", "version"]
    page = (ROOT / "docs/man/kmsblit.1.scd").read_text()
    for verb in verbs:
        text = tool(verb, "--help")
        assert text.returncode == 0
        assert text.stdout.startswith(f"usage: kmsblit {verb}")
        assert tool("help", verb).stdout == text.stdout
        assert f"*{verb}*" in page


def test_version(tool: Run) -> None:
    """The verb and the option say the same."""
    assert tool("version").stdout == tool("--version").stdout
    assert tool("version").stdout.startswith("kmsblit 0.")


@pytest.mark.parametrize("arguments", [
    ("info",), ("stats",), ("step", "1"), ("screenshot", "a.png"), ("wait", "--timeout", "0"),
])
def test_no_daemon(tool: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """It says where it looked and how to start one."""
    done = tool("--socket", str(tmp_path / "none"), *arguments)
    assert done.returncode == 1
    assert f"no kmsblitd at {tmp_path}/none: start it with" in done.stderr
    done = tool(*arguments, "--socket", str(tmp_path / "none"))
    assert done.returncode == 1


def test_wait_for_a_daemon_that_comes(tmp_path: Path) -> None:
    """The tool is there first."""
    waiting = subprocess.Popen([TOOL, "wait", "--timeout", "60"],
                               env=environment(tmp_path / "socket"))
    daemon = start(tmp_path / "socket", "--output", "headless:8x8")
    assert waiting.wait(60) == 0
    daemon.terminate()
    assert daemon.wait(30) == 0


@pytest.mark.usefixtures("daemon")
def test_info(tool: Run, tmp_path: Path) -> None:
    """Daemon, socket, permissions, outputs."""
    done = tool("info")
    assert done.returncode == 0
    assert "kmsblitd 0." in done.stdout
    assert str(tmp_path / "socket") in done.stdout
    assert "LEFT         64x48 at 0,0, 60.00 Hz, headless, primary" in done.stdout
    assert "RIGHT        32x16 at 64,0, 50.00 Hz, headless" in done.stdout
    assert "clock" in done.stdout and "screenshot" in done.stdout


@pytest.mark.usefixtures("daemon")
def test_counters(tool: Run) -> None:
    """JSON and text have the same counters."""
    data = json.loads(tool("stats", "--json").stdout)
    assert set(data["daemon"]) == {"server", "renderer"}
    assert set(data["outputs"]) == {"LEFT", "RIGHT"}
    assert data["daemon"]["server"]["clients"] == 1
    text = tool("stats").stdout
    assert {line.split()[0] for line in text.splitlines() if line.startswith("  ")} == {
        name for group in [*data["daemon"].values(), *data["outputs"].values()] for name in group}


@pytest.mark.usefixtures("daemon")
def test_a_program_in_c_and_its_picture(tool: Run, tmp_path: Path) -> None:
    """The example plays on the virtual clock; the tool moves that and takes the picture."""
    with subprocess.Popen([BOUNCE, "1000"], env=environment(tmp_path / "socket"),
                          stdout=subprocess.PIPE, text=True) as game:
        presented = 0
        for _ in range(200):
            assert tool("step", "20ms").returncode == 0
            outputs = json.loads(tool("stats", "--json").stdout)["outputs"]
            presented = outputs["LEFT"]["frames_presented"]
            if presented >= 3:
                break
        assert presented >= 3
        path = tmp_path / "left.png"
        assert tool("screenshot", str(path)).returncode == 0
        nowhere = tool("screenshot", str(tmp_path / "none" / "left.png"))
        assert nowhere.returncode == 1
        assert "No such file or directory" in nowhere.stderr
        # A signal ends it although it waits for a clock that stands.
        game.send_signal(signal.SIGINT)
        said, _ = game.communicate(timeout=60)
        assert game.returncode == 0
        assert "frames, 0 of the answers were discards" in said
    width, height, rows = read_png(path.read_bytes())
    assert (width, height) == (64, 48)
    # 320x240 scaled by 1 and centred: the middle of its floor, with squares of two colours.
    colours = {row[3 * x:3 * x + 3] for row in rows for x in range(64)}
    assert {b"\x20\x20\x30", b"\x30\x30\x48"} <= colours


@pytest.mark.usefixtures("daemon")
def test_screenshots_that_cannot_be(tool: Run, tmp_path: Path) -> None:
    """They leave no file behind."""
    assert tool("screenshot", "--list").stdout == "LEFT\nRIGHT\n"
    path = tmp_path / "a.png"
    done = tool("screenshot", "--output", "MIDDLE", str(path))
    assert (done.returncode, path.exists()) == (1, False)
    assert 'no output "MIDDLE"' in done.stderr
    done = tool("screenshot", str(path))
    assert (done.returncode, path.exists()) == (1, False)
    assert "nothing has been shown" in done.stderr


def test_a_real_clock_is_not_stepped(tool: Run, tmp_path: Path) -> None:
    """The daemon says how it could be."""
    daemon = start(tmp_path / "socket", "--output", "headless:8x8")
    done = tool("step", "1")
    daemon.terminate()
    assert done.returncode == 1
    assert "--clock virtual" in done.stderr
    assert daemon.wait(30) == 0

"""KMSBLIT_RECORD and `kmsblit replay`: what was played is played again, to the pixel."""
from __future__ import annotations

import os
import re
import resource
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from harness import HANG_SECONDS, KMSBLITD, ROOT, Client, Daemon, Picture

BUILD = Path(os.environ.get("KMSBLIT_PYTHON", str(ROOT / "build/python"))).parent
# With sanitizers where the daemon has them.
TOOL = str(Path(KMSBLITD).parent / "kmsblit")
METEORS = str(ROOT / "clients/python/examples/meteors.py")
UNPACED = ("--output", "headless:640x360@0")

# A game that draws into a shared image, updates parts of it, and destroys images under way.
SHARED = """
import sys
import numpy as np
import kmsblit

display = kmsblit.connect()
window = display.window((64, 48))
shared = display.shared_image((48, 40))
pixels = np.asarray(shared)
for frame in range(12):
    x, y = frame * 3 % 40, frame * 5 % 30
    shared.wait()
    pixels[y:y + 9, x:x + 7] = np.random.default_rng(frame).integers(0, 1 << 32, (9, 7), np.uint32)
    shared.update((x, y, 7, 9))
    window.fill((frame * 9, 20, 30))
    window.blit(shared, (frame, 2))
    if frame % 3 == 0:
        small = display.image(bytes([frame * 20, 255, 0] * 64), "RGB", size=(8, 8))
        window.blit(small, (50, frame))
    for item in range(3000 if frame == 5 else 0):
        window.fill((item % 256, 0, 0), (item % 60, 30, 1, 1))
    window.flip(wait=frame == 11)
    if frame % 3 == 0:
        small.close()
print("played", flush=True)
sys.stdin.read()
"""


def environment(daemon: Daemon, **more: str) -> dict[str, str]:
    """Ours, with that daemon and no other."""
    return {**os.environ, "KMSBLIT_SOCKET": daemon.path, "PYTHONPATH": str(BUILD / "python"),
            "LC_ALL": "C.UTF-8", **more}


def line_of(process: subprocess.Popen[str]) -> str:
    """The first line that it prints."""
    assert process.stdout is not None
    assert select.select([process.stdout], [], [], HANG_SECONDS)[0], "nothing was printed"
    return process.stdout.readline()


def held_picture(daemon: Daemon, command: list[str], **more: str) -> tuple[Picture, str]:
    """What the output shows after a program that then holds its window; and what it printed."""
    with subprocess.Popen(command, env=environment(daemon, **more), stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as process:
        said = line_of(process)
        client = daemon.client()
        picture = client.see_output()
        client.close()
        process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 0
    return picture, said


def replay(daemon: Daemon, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Plays, and does not hold."""
    return subprocess.run([TOOL, "replay", *arguments], env=environment(daemon), text=True,
                          capture_output=True, check=False, timeout=HANG_SECONDS)


def dump(path: Path) -> list[str]:
    """The recording's messages."""
    done = subprocess.run([TOOL, "replay", "--dump", str(path)], capture_output=True, text=True,
                          check=True, timeout=HANG_SECONDS)
    return done.stdout.splitlines()


def record_meteors(daemon: Daemon, path: Path, frames: int = 60) -> tuple[Picture, str]:
    """Records the demo."""
    return held_picture(daemon, [sys.executable, METEORS, "--seed", "1", "--frames", str(frames),
                                 "--hold"], KMSBLIT_RECORD=str(path))


@pytest.fixture(scope="module", name="recording")
def fixture_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short recording of the demo, made by a daemon of its own."""
    folder = tmp_path_factory.mktemp("recording")
    daemon = Daemon(folder, *UNPACED)
    record_meteors(daemon, folder / "game", frames=3)
    daemon.stop()
    return folder / "game"


# ---- The same pictures ------------------------------------------------------------------------

def test_the_demo(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """Recorded and played again by another daemon: identical screenshots."""
    path = tmp_path / "game"
    first, said = record_meteors(start(*UNPACED), path)
    assert len(np.unique(first)) > 1000  # it is the game, not a black screen
    assert "60 presented" in said
    second, said = held_picture(start(*UNPACED),
                                [TOOL, "replay", "--fast", "--hold", str(path)])
    assert re.match(r"60 frames in .*; 60 presented, 0 discarded, .* 0 refused\n", said)
    assert np.array_equal(first, second)
    # A part of it is another picture: the comparison can fail.
    part, said = held_picture(start(*UNPACED), [TOOL, "replay", "--fast", "--hold",
                                                "--until-frame", "20", str(path)])
    assert said.startswith("20 frames")
    assert not np.array_equal(first, part)


def test_the_demo_at_its_own_speed(start: Callable[..., Daemon], recording: Path) -> None:
    """Requests are sent when they were; --speed makes that shorter."""
    daemon = start(*UNPACED)
    last = max(float(line.split()[0]) for line in dump(recording) if "-> frame" in line)
    for speed in ("1", "3"):
        done = replay(daemon, "--speed", speed, str(recording))
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("3 frames")
    assert last > 0


def test_shared_images_and_large_frames(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """Dirty rectangles are in the recording, and frames that came in memory."""
    path, game = tmp_path / "recording", tmp_path / "game.py"
    game.write_text(SHARED)
    output = ("--output", "headless:64x48@0")
    first, _ = held_picture(start(*output), [sys.executable, str(game)], KMSBLIT_RECORD=str(path))
    lines = dump(path)
    assert any("-> frame_memfd" in line for line in lines)
    assert sum("-> image_update" in line for line in lines) == 12
    assert path.stat().st_size < 400_000  # no whole image at each update
    # Not to the end: there the game takes its window away.
    second, said = held_picture(start(*output), [TOOL, "replay", "--fast", "--hold",
                                                 "--until-frame", "12", str(path)])
    assert said.startswith("12 frames")
    assert "12 presented, 0 discarded" in said
    assert np.array_equal(first, second)


def test_on_the_virtual_clock(daemon: Daemon, client: Client, recording: Path) -> None:
    """Frames wait for their credits; the clock is somebody else's to move."""
    with subprocess.Popen([TOOL, "replay", "--fast", str(recording)], env=environment(daemon),
                          stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(10_000):
            if select.select([process.stdout], [], [], 0)[0]:
                break
            client.refresh()
        assert "3 frames" in process.stdout.read()
    assert process.returncode == 0


def test_every_connection_has_a_file(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """The second one of a program, and a second program that runs at the same time."""
    daemon = start(*UNPACED)
    code = ("import kmsblit\nfirst = kmsblit.connect()\nsecond = kmsblit.connect()\n"
            "print('there', flush=True)\nimport sys\nsys.stdin.read()\n")
    more = {"KMSBLIT_RECORD": str(tmp_path / "game")}
    with subprocess.Popen([sys.executable, "-c", code], env=environment(daemon, **more),
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert line_of(process) == "there\n"
        subprocess.run([TOOL, "info"], env=environment(daemon, **more), check=True,
                       stdout=subprocess.DEVNULL, timeout=HANG_SECONDS)
        process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == 0
    names = {path.name: dump(path)[0] for path in tmp_path.glob("game*")}
    assert set(names) == {"game", "game.2", "game.3"}
    assert 'name="kmsblit"' in names["game.3"]
    assert 'name="kmsblit"' not in names["game"]


def test_a_game_that_is_killed(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """All that it sent is in the file, and the tool says that the end is missing."""
    daemon, path = start(*UNPACED), tmp_path / "game"
    code = ("import kmsblit, os, signal\ndisplay = kmsblit.connect()\n"
            "window = display.window((64, 48))\n"
            "for frame in range(5):\n    window.fill((frame, 0, 0))\n    window.flip()\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n")
    killed = subprocess.run([sys.executable, "-c", code], check=False, timeout=HANG_SECONDS,
                            env=environment(daemon, KMSBLIT_RECORD=str(path)))
    assert killed.returncode == -signal.SIGKILL
    done = replay(daemon, "--fast", str(path))
    assert done.returncode == 0
    assert done.stdout.startswith("5 frames")
    assert "ends before its program did" in done.stderr


def test_other_answers_are_told(start: Callable[..., Daemon], recording: Path) -> None:
    """A daemon that refuses what was done when it was recorded."""
    config = recording.parent / "small.conf"
    config.write_text("[limits]\nclient_objects = 1\n")
    done = replay(start("--config", str(config), *UNPACED), "--fast", str(recording))
    assert done.returncode == 1
    assert "(image_create) was refused here (quota), but not when it was recorded" in done.stderr


# ---- Files that are no good -------------------------------------------------------------------

def test_cut_anywhere(start: Callable[..., Daemon], recording: Path, tmp_path: Path) -> None:
    """What is whole is played; then it is said where the file ends."""
    daemon, data, cut = start(*UNPACED), recording.read_bytes(), tmp_path / "cut"
    rng = np.random.default_rng(1)
    for length in [17, 31, 32, 40, *rng.integers(100, len(data), 12).tolist()]:
        cut.write_bytes(data[:length])
        done = replay(daemon, "--fast", str(cut))
        if done.returncode == 0:
            assert "ends before its program did" in done.stderr
        else:
            assert done.returncode == 1
            assert re.search(r"cut: byte \d+: the file is cut off in the record", done.stderr)
    Client(daemon.path).close()


def file_of(kind: int, payload: bytes = b"", size: int | None = None, version: int = 1) -> bytes:
    """A recording of one record."""
    head = struct.pack("<IIQ", len(payload) if size is None else size, kind, 0)
    return b"kmsblit\n" + struct.pack("<II", version, 1) + head + payload


SYNC = struct.pack("<IHBBII", 16, 2, 0, 0, 0, 1)
LONGER = struct.pack("<IHBBII", 24, 2, 0, 0, 0, 1)
GARBAGE = {
    "empty": (b"", "this is no recording"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(100), "this is no recording"),
    "magic": (b"kmsblit\n", "this is no recording"),
    "version": (file_of(1, version=2), "a recording of version 2"),
    "kind": (file_of(9), "no kind of record is 9"),
    "size": (file_of(1, size=1 << 30), "a record of 1073741824 bytes"),
    "cut": (file_of(1, size=16), "byte 16: the file is cut off"),
    "order": (file_of(1, SYNC), "sync before hello"),
    "message": (file_of(1, LONGER), "a message of another size"),
    "event": (file_of(2, SYNC), "a request where an event should be"),
    "huge": (file_of(3, struct.pack("<IIQQ", 0, 0, 1 << 40, 0)), "of a memory of"),
    "outside": (file_of(3, struct.pack("<IIQQQ", 0, 0, 16, 1 << 63, 0)), "of a memory of"),
    "after": (file_of(4) + bytes(16), "after the recording's end"),
}


@pytest.mark.parametrize("case", GARBAGE)
def test_what_is_no_recording(daemon: Daemon, tmp_path: Path, case: str) -> None:
    """The tool says what is wrong, playing and dumping."""
    path = tmp_path / "garbage"
    data, sentence = GARBAGE[case]
    path.write_bytes(data)
    for arguments in (("--fast", str(path)), ("--dump", str(path))):
        done = replay(daemon, *arguments)
        assert done.returncode == 1
        assert f"{path}: " in done.stderr and sentence in done.stderr


def test_damage(start: Callable[..., Daemon], recording: Path, tmp_path: Path) -> None:
    """Bytes that are wrong are an error or another game; never a crash of tool or daemon."""
    daemon, path = start(*UNPACED), tmp_path / "damaged"
    rng = np.random.default_rng(2)
    good = recording.read_bytes()
    for _ in range(40):
        data = bytearray(good)
        for at in rng.integers(16, len(data), 30):
            data[at] = rng.integers(0, 256)
        # Heads of records, too: these are few among the pixels.
        at = int(rng.integers(16, 2000))
        data[at] ^= 1 << int(rng.integers(0, 8))
        path.write_bytes(data)
        done = replay(daemon, "--dump", str(path))
        assert done.returncode in (0, 1)
        done = replay(daemon, "--fast", str(path))
        assert done.returncode in (0, 1), done.stderr
        assert done.returncode == 0 or done.stderr


def test_mistakes_on_the_command_line(daemon: Daemon) -> None:
    """Each has its sentence."""
    for arguments in ((), ("a", "b"), ("--speed", "x", "a"), ("--speed", "0", "a"),
                      ("--until-frame", "0", "a"), ("--hold", "-")):
        done = replay(daemon, *arguments)
        assert done.returncode == 2
        assert "kmsblit replay: " in done.stderr
    done = replay(daemon, "/nowhere/game")
    assert (done.returncode, "No such file" in done.stderr) == (1, True)


# ---- Recording that cannot go on --------------------------------------------------------------

def game_with_record(daemon: Daemon, path: Path,
                     **more: object) -> subprocess.CompletedProcess[str]:
    """The demo, with a recording that may fail."""
    return subprocess.run([sys.executable, METEORS, "--frames", "60"], check=False,
                          env=environment(daemon, KMSBLIT_RECORD=str(path)), text=True,
                          capture_output=True, timeout=HANG_SECONDS, **more)  # type: ignore


def check_stopped(done: subprocess.CompletedProcess[str], daemon: Daemon, path: Path) -> None:
    """The game went on, with one warning, and what is in the file can be played."""
    assert done.returncode == 0
    assert "60 presented" in done.stdout
    assert done.stderr.count("\n") == 1
    assert "the recording ends here, the program goes on" in done.stderr
    played = replay(daemon, "--fast", str(path))
    assert played.returncode == 0, played.stderr
    assert "ends before its program did" in played.stderr


def test_a_limit_of_file_sizes(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """It is no signal that ends the game."""
    daemon, path = start(*UNPACED), tmp_path / "game"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        # Memfds count too: the game's largest image has 921,600 bytes.
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    code = f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL); import runpy; " \
           f"import sys; sys.argv = ['meteors.py', '--frames', '60']; " \
           f"runpy.run_path({METEORS!r}, run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", code], preexec_fn=limit, check=False, text=True,
                          env=environment(daemon, KMSBLIT_RECORD=str(path)), capture_output=True,
                          timeout=HANG_SECONDS)
    check_stopped(done, daemon, path)
    assert path.stat().st_size <= 1_000_000


@pytest.fixture(name="tiny")
def fixture_tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system with little room."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "tiny", str(folder)],
                             capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"a tmpfs cannot be mounted: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(start: Callable[..., Daemon], tiny: Path) -> None:
    """The file keeps its whole records."""
    daemon = start(*UNPACED)
    done = game_with_record(daemon, tiny / "game")
    check_stopped(done, daemon, tiny / "game")
    assert "No space left" in done.stderr


@pytest.mark.parametrize("path", ["/nowhere/game", "/dev/full", "/"])
def test_a_file_that_cannot_be(start: Callable[..., Daemon], path: str) -> None:
    """One line, and the game goes on."""
    done = game_with_record(start(*UNPACED), Path(path))
    assert done.returncode == 0
    assert done.stderr.count("\n") == 1
    assert f"KMSBLIT_RECORD: {path}: " in done.stderr

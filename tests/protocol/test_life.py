"""Beginning and end: sockets, permissions, configuration, signals; an idle daemon; the same under
valgrind and at full speed."""
from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import VIRTUAL
from harness import (HANG_SECONDS, KMSBLITD, ROOT, Client, Daemon, Pace, Refused, blit, child, fill,
                     ident, kb, noise, run_daemon)

Start = Callable[..., Daemon]

RED = 0xFFFF0000
WINDOW, IMAGE = ident(1), ident(2)
ALL = (0, 0, 64, 64)
NOBODY = 65534
RELEASE = str(ROOT / "build/kmsblitd")

# How long an idle daemon is watched.
IDLE_SECONDS = 10 if os.environ.get("KMSBLIT_LONG") else 3

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")


# ---- The end --------------------------------------------------------------------------------

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_well(daemon: Daemon, number: signal.Signals) -> None:
    """Whatever it is doing: with clients, frames, large images and questions under way."""
    client = daemon.client()
    client.window(WINDOW, 64, 64)
    client.image(IMAGE, noise(2048, 2048), shared=True, wait=False)
    client.frame(WINDOW, blit(IMAGE, 0, 0))
    client.frame(WINDOW, fill(RED, ALL))
    client.request(kb.encode_screenshot, object=WINDOW, target=1)
    client.request(kb.encode_clock_step, duration_ns=10**9)
    client.send(kb.encode_sync()[0][:7])
    daemon.stop(number)
    assert not os.path.exists(daemon.path + ".lock")


def test_it_ends_before_anybody_came(start: Start) -> None:
    start(*VIRTUAL).stop()
    start("--output", "headless:320x240@60").stop(signal.SIGINT)


# ---- The socket -----------------------------------------------------------------------------

def test_a_second_daemon_says_who_has_the_socket(daemon: Daemon) -> None:
    other = run_daemon("--socket", daemon.path)
    assert other.returncode == 1
    assert f"pid {daemon.pid}" in other.stderr and daemon.path in other.stderr
    daemon.client().sync()


def test_a_stale_socket_is_taken_over(start: Start) -> None:
    dead = start(*VIRTUAL)
    dead.kill()
    assert os.path.exists(dead.path)
    daemon = start(*VIRTUAL, "--socket", dead.path, socket_option=False)
    daemon.path = dead.path
    daemon.client().sync()


def test_a_socket_of_another_program_stays(tmp_path: Path) -> None:
    path = str(tmp_path / "taken.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        done = run_daemon("--socket", path)
    assert done.returncode == 1 and path in done.stderr
    assert os.path.exists(path)


@pytest.mark.parametrize("what", ["file", "directory", "symlink", "symlink to a socket", "fifo"])
def test_what_is_no_socket_stays(tmp_path: Path, what: str) -> None:
    path = tmp_path / "kmsblit.sock"
    if what == "file":
        path.write_text("precious")
    elif what == "directory":
        path.mkdir()
    elif what == "symlink":
        path.symlink_to("nowhere")
    elif what == "fifo":
        os.mkfifo(path)
    else:
        stale = tmp_path / "stale.sock"
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(stale))
        path.symlink_to(stale)
    before = os.lstat(path)
    done = run_daemon("--socket", str(path))
    assert done.returncode == 1
    assert str(path) in done.stderr and "--socket" in done.stderr
    after = os.lstat(path)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert sorted(one.name for one in tmp_path.iterdir()) in (
        ["kmsblit.sock"], ["kmsblit.sock", "stale.sock"])


def test_paths_that_are_too_long_or_nowhere(tmp_path: Path) -> None:
    for path in (str(tmp_path / ("x" * 120)), str(tmp_path / "a" / "b" / "c"), ""):
        done = run_daemon("--socket", path)
        assert done.returncode in (1, 2) and done.stderr


def test_the_socket_is_where_the_environment_says(start: Start, tmp_path: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "KMSBLIT_SOCKET"}
    for more, path in (({"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path / "kmsblit.sock"),
                       ({"XDG_RUNTIME_DIR": str(tmp_path),
                         "KMSBLIT_SOCKET": str(tmp_path / "own")}, tmp_path / "own")):
        daemon = start(*VIRTUAL, socket_option=False, env={**env, **more})
        daemon.path = str(path)
        daemon.client().sync()
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
        daemon.stop()


LAUNCHER = """
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1])
listening.listen()
os.dup2(listening.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""


def test_socket_activation(start: Start, tmp_path: Path) -> None:
    """The socket is systemd's: it is used, and left where it is."""
    path = tmp_path / "activated.sock"
    # The fd that readiness is told through must not be 3, which is the socket's place.
    spare = [os.open("/dev/null", os.O_RDONLY) for _ in range(4)]
    daemon = start(*VIRTUAL, command=(sys.executable, "-c", LAUNCHER, str(path), KMSBLITD),
                   socket_option=False, keeps_socket=True)
    for fd in spare:
        os.close(fd)
    daemon.path = str(path)
    pace = Pace(daemon.client())
    pace.run()


# ---- Other users ----------------------------------------------------------------------------

@contextlib.contextmanager
def user(uid: int) -> Iterator[None]:
    """Connects as another user: the kernel tells the daemon the effective one."""
    groups = os.getgroups()
    os.setgroups([])
    os.setegid(uid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that others may enter."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


NEEDS = {
    "screenshot": (kb.encode_screenshot, dict(object=0, target=0)),
    "statistics": (kb.encode_get_statistics, dict(object=0, scope=kb.StatisticsScope.SERVER)),
    "statistics of outputs": (kb.encode_get_statistics,
                              dict(object=1, scope=kb.StatisticsScope.OUTPUT)),
    "statistics of the renderer": (kb.encode_get_statistics,
                                   dict(object=0, scope=kb.StatisticsScope.RENDERER)),
    "statistics as text": (kb.encode_describe, dict()),
    "clock": (kb.encode_clock_step, dict(duration_ns=0)),
}


@as_root
@pytest.mark.parametrize("given", ["", "screenshot", "statistics clock"])
def test_others_may_do_what_the_configuration_says(public: Path, given: str) -> None:
    config = public / "conf"
    config.write_text(f"[socket]\nmode = 0666\n[permissions]\neveryone = {given}\n" if given else
                      "[socket]\nmode = 0666\n")
    daemon = Daemon(public, *VIRTUAL, "--config", str(config))
    owner = daemon.client()
    owner.refresh()
    assert owner.welcome.permissions == 63
    with user(NOBODY):
        other = daemon.client("nobody")
    assert other.welcome.permissions == sum(
        bit for name, bit in (("screenshot", 1), ("clock", 8), ("statistics", 32))
        if name in given.split())
    for name, (encode, values) in NEEDS.items():
        serial = other.request(encode, **values)
        if name.split()[0] in given.split():
            other.sync()
        else:
            other.refused(kb.ErrorCode.PERMISSION, serial)
    # Its own windows are its own.
    other.window(WINDOW, 64, 64)
    other.frame(WINDOW, fill(RED, ALL))
    other.sync()
    owner.refresh()
    assert (other.see_window(WINDOW) == RED & 0xFFFFFF).all()
    assert other.statistics(kb.StatisticsScope.WINDOW, WINDOW)["frames_presented"] == 1
    assert other.statistics(kb.StatisticsScope.CLIENT)["frames_presented"] == 1
    daemon.stop()


@as_root
def test_others_cannot_even_connect_unless_told_so(public: Path) -> None:
    daemon = Daemon(public, *VIRTUAL)
    with user(NOBODY), pytest.raises(PermissionError):
        daemon.client()
    daemon.stop()


# ---- Configuration --------------------------------------------------------------------------

@pytest.mark.parametrize("text, line, hint", [
    ("[socket]\nmode = 0666\n[nonsense]\n", 3, "[nonsense]"),
    ("[socket]\n\ncolour = red\n", 3, "colour"),
    ("[display]\nbuffers = 4\n", 2, "buffers"),
    ("[display]\nbuffers = 2\nbuffers = 2\n", 3, "line 2"),
    ("[limits]\nclients = many\n", 2, "clients"),
    ("[permissions]\neveryone = screenshot everything\n", 2, "everything"),
    ("[output LEFT]\nsize = 0x240\n", 2, "size"),
    ("socket\n", 1, ""),
    ("[socket\n", 1, "]"),
    ("buffers = 2\n", 1, "buffers"),
])
def test_mistakes_in_the_file_are_told_with_their_line(tmp_path: Path, text: str, line: int,
                                                       hint: str) -> None:
    config = tmp_path / "bad.conf"
    config.write_text(text)
    for options in (("--check-config",), ("--socket", str(tmp_path / "socket"))):
        done = run_daemon("--config", str(config), *options)
        assert done.returncode == 1
        assert f"{config}:{line}: " in done.stderr and hint in done.stderr
        assert not (tmp_path / "socket").exists()


def test_a_good_file_is_good(start: Start, tmp_path: Path) -> None:
    config = tmp_path / "good.conf"
    config.write_text("# a comment\n[display]\nclock = virtual\nbuffers = 3\n"
                      "[output LEFT]\nsize = 100x50\nrefresh = 50\n[output RIGHT]\nsize = 20x10\n")
    done = run_daemon("--config", str(config), "--check-config")
    assert done.returncode == 0 and "ok" in done.stdout
    client = start("--config", str(config)).client()
    assert [output.name for output in client.outputs.values()] == ["LEFT", "RIGHT"]
    assert client.outputs[1].refresh_ns == 20_000_000


@pytest.mark.parametrize("options", [
    ("--config", "/nonexistent/kmsblitd.conf"), ("--config", "/")])
def test_a_file_that_cannot_be_read(options: tuple[str, ...]) -> None:
    done = run_daemon(*options, "--check-config")
    assert done.returncode == 1 and options[1] in done.stderr


@pytest.mark.parametrize("options", [
    ("--nonsense",), ("--buffers", "0"), ("--buffers",), ("--clock", "sand"), ("--output", "x"),
    ("--output", "headless:0x0"), ("extra",), ("--simulate-draw", "game:10"),
    ("--ready-fd", "999")])
def test_mistakes_on_the_command_line(options: tuple[str, ...]) -> None:
    done = run_daemon(*options)
    assert done.returncode == 2
    assert done.stderr.startswith("kmsblitd: ")


def test_help_and_version() -> None:
    assert "--simulate-draw" in run_daemon("--help").stdout
    assert run_daemon("--version").stdout.startswith("kmsblitd ")


# ---- Doing nothing --------------------------------------------------------------------------

def threads_asleep(pid: int) -> bool:
    """Whether all threads wait in the kernel."""
    states = [(task / "stat").read_text().rpartition(")")[2].split()[0]
              for task in Path(f"/proc/{pid}/task").iterdir()]
    return all(state == "S" for state in states)


def session(client: Client, frames: int = 20) -> None:
    """Some of everything, on whatever clock."""
    virtual = client.welcome.flags & kb.WelcomeFlag.VIRTUAL_CLOCK
    client.image(IMAGE, noise(64, 64), shared=True)
    for slot in (1, 3, 4):
        client.window(ident(slot), 64, 64, z=slot, scale=slot % 4, place=(slot * 20, 0, 100, 100),
                      flags=kb.WindowFlag.HIDDEN if slot == 4 else 0)
    for number in range(frames):
        serials = []
        for slot in (1, 3, 4):
            serials.append(client.frame(ident(slot), fill(RED + number, ALL),
                                        blit(IMAGE, number, number, blend=kb.Blend.ADD)))
        client.update(IMAGE, (number, 0, 9, 9))
        client.frame_memfd(WINDOW, fill(RED, (0, 0, 5, 5)) * 3000)
        if virtual:
            client.refresh(3)
        for serial in serials[:2]:
            client.expect(kb.EvtPresented, serial=serial)
        client.expect(kb.EvtDiscarded, serial=serials[2])
        client.expect(kb.EvtPresented, object=WINDOW)
        client.set(ident(3), width=64 + number, height=64, z=number % 3)
    client.see_output()
    client.see_window(ident(3))
    client.server()


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_an_idle_daemon_makes_no_system_call(start: Start, tmp_path: Path) -> None:
    """Clients are connected, windows shown, nothing is owed: nothing wakes it. The release build,
    because sanitizers have threads of their own; its clock is real."""
    log = tmp_path / "strace.log"
    daemon = start("--output", "headless:320x240@60", "--output", "headless:64x48@50",
                   command=("strace", "-f", "-qq", "-o", str(log), RELEASE))
    daemon.find()
    client = daemon.client()
    session(client)
    client.sync()
    idle_from = 0
    deadline = time.monotonic() + HANG_SECONDS
    quiet = time.monotonic()
    while time.monotonic() - quiet < 1:  # a second without a call: all that was begun is done
        assert time.monotonic() < deadline, log.read_text()[-2000:]
        if log.stat().st_size != idle_from or not threads_asleep(daemon.pid):
            idle_from, quiet = log.stat().st_size, time.monotonic()
        select.select([], [], [], 0.01)  # looks again
    select.select([], [], [], IDLE_SECONDS)  # not for synchronisation: it is what is measured
    assert log.read_bytes()[idle_from:].decode() == ""
    wakeups = client.server()["wakeups"]
    assert log.stat().st_size > idle_from, "strace sees nothing at all"
    assert client.server()["wakeups"] - wakeups <= 3


# ---- Speed of life --------------------------------------------------------------------------

def test_two_games_at_once_on_a_real_clock(start: Start) -> None:
    """One is killed within a message; the other goes on."""
    daemon = start("--output", "headless:320x240@60")
    survivor = daemon.client("survivor")
    survivor.window(WINDOW, 64, 64, place=(0, 0, 64, 64))

    def work() -> Client:
        client = Client(daemon.path, "victim")
        client.window(WINDOW, 64, 64, place=(100, 0, 64, 64))
        for number in range(5):
            serial = client.frame(WINDOW, fill(RED + number, ALL))
            client.expect(kb.EvtPresented, serial=serial)
        client.send(kb.encode_frame(object=WINDOW, flags=0, commands=fill(RED, ALL) * 9)[0][:100])
        return client

    last = 0
    with child(work) as pid:
        for number in range(30):
            serial = survivor.frame(WINDOW, fill(RED + number, ALL))
            event = survivor.expect(kb.EvtPresented, serial=serial)
            assert event.sequence > last
            assert not event.flags & kb.PresentedFlag.UNCHANGED
            last = event.sequence
            if number == 10:
                os.kill(pid, signal.SIGKILL)
    survivor.alone()
    assert survivor.statistics(kb.StatisticsScope.WINDOW, WINDOW)["frames_presented"] == 30


@pytest.mark.parametrize("options", [VIRTUAL, ("--output", "headless:320x240@60", "--buffers", "1"),
                                     ("--output", "headless:320x240@0", "--threads", "4")])
def test_a_session_on_every_clock(start: Start, options: tuple[str, ...]) -> None:
    daemon = start(*options)
    clients = [daemon.client() for _ in range(3)]
    for client in clients:
        session(client)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_a_session_under_valgrind(start: Start) -> None:
    """The release build: nothing uninitialised, nothing lost, no fd left."""
    daemon = start(*VIRTUAL, command=(
        "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite,indirect,possible",
        "--errors-for-leak-kinds=definite,indirect", "--error-exitcode=99", RELEASE))
    session(daemon.client("one"))
    session(daemon.client("two"), 3)
    with pytest.raises(Refused):
        bad = daemon.client("bad")
        bad.frame(WINDOW)
        bad.sync()
    bad.send(b"\xff" * 64)
    bad.ended(kb.ErrorCode.PROTOCOL)
    daemon.stop()


def test_the_release_build_is_there() -> None:
    """Two tests above need it, whatever build the others try."""
    done = subprocess.run([RELEASE, "--version"], capture_output=True, check=False)
    assert done.returncode == 0

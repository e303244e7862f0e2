"""The private daemon: found, announced, shared, and gone with the program however that ends."""
from __future__ import annotations

import glob
import os
import re
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import kmsblit
from conftest import HANG_SECONDS, KMSBLITD

PACKAGE = Path(kmsblit.__path__[0])
HELLO = """
import sys, kmsblit
display = kmsblit.connect()
window = display.window((32, 24))
window.fill("red")
window.flip(wait=True)
print(window.screenshot().get_at((0, 0)), repr(display), flush=True)
"""


@pytest.fixture
def play(tmp_path):
    """Starts a program where no daemon is."""
    folder = tmp_path / "tmp"
    folder.mkdir()

    def start(code: str = HELLO, package: Path = PACKAGE, **variables: str | None) -> subprocess.Popen[str]:
        environment = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "TMPDIR": str(folder), "KMSBLITD": KMSBLITD,
                       "PYTHONPATH": str(package.parent), **variables}
        for name in [name for name, value in environment.items() if value is None or name == "KMSBLIT_SOCKET"]:
            if variables.get(name) is None:
                del environment[name]
        return subprocess.Popen([sys.executable, "-B", "-c", code], env=environment, stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    start.folder = folder
    return start


def finish(process, status=0):
    output, errors = process.communicate(timeout=HANG_SECONDS)
    assert process.returncode == status, errors
    return output, errors


def daemons(folder: Path) -> list[int]:
    """Processes that listen in this folder."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = Path(path).read_bytes().split(b"\0")
        except OSError:
            continue
        if any(word.startswith(os.fsencode(folder)) for word in words):
            found.append(int(path.split("/")[2]))
    return found


def wait_until_gone(folder: Path) -> None:
    """Nothing of the daemon is left: waits for processes, not for a time."""
    for pid in daemons(folder):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        assert select.select([handle], [], [], HANG_SECONDS)[0], f"{pid} lives on"
        os.close(handle)
    assert daemons(folder) == [] and list(folder.iterdir()) == []


def test_a_game_without_a_daemon(play):
    output, errors = finish(play())
    assert output.startswith("(255, 0, 0)") and str(play.folder) in output
    assert errors.count("\n") == 1 and "private" in errors and "KMSBLIT_AUTOSTART=0" in errors
    wait_until_gone(play.folder)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_gone_with_the_program(play, end):
    process = play(HELLO + "sys.stdin.read()")
    process.stdout.readline()
    assert len(daemons(play.folder)) == 2, "the daemon and who looks after it"
    process.send_signal(end)
    process.communicate(timeout=HANG_SECONDS)
    wait_until_gone(play.folder)


def test_gone_with_the_last_display(play):
    process = play("""
import sys, kmsblit
one, two = kmsblit.connect(), kmsblit.connect()
assert one.statistics("server")["clients"] == 2, "they share it"
three = kmsblit.connect()
one.close()
del three
window = two.window((8, 8))
window.flip(wait=True)
two.close()
print("closed", flush=True)
sys.stdin.readline()
again = kmsblit.connect()
print(repr(again), flush=True)
sys.stdin.readline()
""")
    assert process.stdout.readline() == "closed\n"
    wait_until_gone(play.folder)
    process.stdin.write("\n")
    process.stdin.flush()
    assert str(play.folder) in process.stdout.readline(), "a new one"
    _, errors = finish(process)
    assert errors.count("private") == 2
    wait_until_gone(play.folder)


def test_interrupts_of_the_terminal_do_not_reach_it(play):
    process = play(HELLO + "sys.stdin.read()")
    process.stdout.readline()
    for pid in daemons(play.folder):
        assert os.getpgid(pid) != os.getpgid(process.pid) and os.getsid(pid) != os.getsid(0)
    finish(process)
    wait_until_gone(play.folder)


@pytest.mark.parametrize("variables, match", [
    ({"KMSBLIT_AUTOSTART": "0"}, "no daemon|kmsblitd"),
    ({"KMSBLIT_SOCKET": "/nowhere/kmsblit.sock"}, "/nowhere"),
    ({"KMSBLITD": "/nowhere/kmsblitd"}, "KMSBLITD is '/nowhere/kmsblitd'"),
    ({"KMSBLITD": "/bin/false"}, "/bin/false did not become ready"),
])
def test_not_started(play, variables, match):
    output, errors = finish(play(**variables), 1)
    assert not output and "NoDaemonError" in errors and re.search(match, errors), errors
    assert "started a private" not in errors
    wait_until_gone(play.folder)


def test_not_for_a_socket_that_is_named(play, tmp_path):
    code = f"import kmsblit\nkmsblit.connect({str(tmp_path / 'none.sock')!r})"
    _, errors = finish(play(code), 1)
    assert "NoDaemonError" in errors and "none.sock" in errors and "private" not in errors


def test_where_the_daemon_is_found(play, tmp_path):
    """Beside the package as built and as installed, then in PATH; else a clear error."""
    for place, program in (("build/python/kmsblit", "build/kmsblitd"),
                           ("usr/lib/python3/dist-packages/kmsblit", "usr/bin/kmsblitd"),
                           ("elsewhere/a/b/c/kmsblit", "path/kmsblitd"), ("elsewhere/a/b/d/kmsblit", None)):
        package = tmp_path / place
        package.parent.mkdir(parents=True)
        shutil.copytree(PACKAGE, package)
        if program:
            (tmp_path / program).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / program).symlink_to(Path(KMSBLITD).resolve())
        process = play(package=package, KMSBLITD=None, PATH=str(tmp_path / "path") if program else "/nowhere")
        output, errors = finish(process, 0 if program else 1)
        assert "private" in errors
        if not program:
            assert "beside the package" in errors and "KMSBLITD" in errors
        wait_until_gone(play.folder)


def test_a_running_daemon_is_used(play, daemon, tmp_path):
    os.symlink(daemon.socket, tmp_path / "kmsblit.sock")
    output, errors = finish(play())
    assert output.startswith("(255, 0, 0)") and not errors and not list(play.folder.iterdir())

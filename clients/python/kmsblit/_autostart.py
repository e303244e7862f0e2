"""connect(), and the private daemon that it starts where none is found.

The daemon must not outlive the program, however that ends: a shell stands between the two and reads
from a pipe that only the program's displays hold open. When the last of them is closed, or the program
is gone (SIGKILL too), the shell reads the end, stops the daemon and removes its folder. (PR_SET_PDEATHSIG
would tie the daemon to the thread that started it, and leave the folder behind.)
"""
from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from os import PathLike
from pathlib import Path

from . import _crash, _kmsblit
from ._input import set_current
from ._kmsblit import Display, NoDaemonError

READY_SECONDS = 30
SCRIPT = """
trap '' HUP INT QUIT TERM
folder=$1
shift
"$@" --ready-fd 3 3>&1 >/dev/null </dev/null &
daemon=$!
exec >/dev/null
read -r end
kill "$daemon" 2>/dev/null
wait "$daemon"
PATH=/usr/bin:/bin
rm -f "$folder/kmsblit.sock" "$folder/kmsblit.sock.lock"
rmdir "$folder"
"""

_lock = threading.Lock()
_displays: weakref.WeakSet[Display] = weakref.WeakSet()
_socket = ""


def connect(
    socket: str | bytes | PathLike[str] | PathLike[bytes] | None = None, name: str | None = None
) -> Display:
    """Connects to the daemon.

    socket is its path; without it $KMSBLIT_SOCKET, $XDG_RUNTIME_DIR/kmsblit.sock and
    /run/kmsblit/kmsblit.sock are tried. name is the program's name for logs and tools (the
    script's, if it is not given).

    If nobody listens there, and neither socket nor $KMSBLIT_SOCKET is given, a private daemon with a
    virtual display is started, and a line on stderr says so: the program runs, and nothing is seen but
    by screenshot(). It ends with the last display of the program, or with the program. $KMSBLITD is the
    path of the daemon to start; KMSBLIT_AUTOSTART=0 forbids it.

    Raises NoDaemonError if there is no daemon, Error if it is none of ours, speaks another version, or
    does not answer within 5 seconds.
    """
    try:
        return _made(_kmsblit._connect(socket, name, -1, _crash.launch_token()))  # type: ignore[attr-defined]
    except NoDaemonError as error:
        if socket is not None or os.environ.get("KMSBLIT_SOCKET"):
            raise
        if os.environ.get("KMSBLIT_AUTOSTART") == "0":
            raise
        nobody = error
    with _lock:
        return _made(_connect_privately(nobody, name))


def _made(display: Display) -> Display:
    """No local of connect(): the error that it keeps would keep that, too."""
    set_current(display)
    _crash.made(display)
    return display


def _connect_privately(nobody: NoDaemonError, name: str | None) -> Display:
    global _socket
    for other in _displays:  # one private daemon is enough
        lifeline = other._lifeline()  # type: ignore[attr-defined]
        if lifeline >= 0:
            try:
                return _join(_socket, name, lifeline)
            except NoDaemonError:
                break
    _socket, lifeline = _start(nobody)
    try:
        return _join(_socket, name, lifeline)
    finally:
        os.close(lifeline)


def _join(socket: str, name: str | None, lifeline: int) -> Display:
    display: Display = _kmsblit._connect(socket, name, lifeline, _crash.launch_token())  # type: ignore[attr-defined]
    _displays.add(display)
    return display


def _refuse(nobody: NoDaemonError, why: str) -> NoDaemonError:
    error = NoDaemonError(f"{nobody}; and no private kmsblitd can be started: {why}")
    error.errno = nobody.errno
    return error


def _find(nobody: NoDaemonError) -> str:
    """$KMSBLITD; beside the package where it was built or installed; in $PATH."""
    named = os.environ.get("KMSBLITD")
    if named:
        if not os.access(named, os.X_OK) or os.path.isdir(named):
            raise _refuse(nobody, f"KMSBLITD is {named!r}, which cannot be run")
        return named
    folders = Path(__file__).resolve().parents
    beside = [folders[2] / "kmsblitd"]
    if len(folders) > 4:
        beside.append(folders[4] / "bin/kmsblitd")
    for path in beside:
        if os.access(path, os.X_OK) and path.is_file():
            return str(path)
    found = shutil.which("kmsblitd")
    if found is None:
        raise _refuse(nobody, "there is none beside the package nor in PATH; install it, or set KMSBLITD to its path")
    return found


def _start(nobody: NoDaemonError) -> tuple[str, int]:
    """The private daemon's socket, and a file descriptor that it lives as long as."""
    program = _find(nobody)
    folder = tempfile.mkdtemp(prefix="kmsblit-")
    socket = os.path.join(folder, "kmsblit.sock")
    command = [program, "--config", "/dev/null", "--socket", socket, "--output", "headless", "--log-level", "warn"]
    end, lifeline = os.pipe()
    ready, says_ready = os.pipe()
    try:
        keeper = subprocess.Popen(["/bin/sh", "-c", SCRIPT, "kmsblit", folder, *command], stdin=end, stdout=says_ready,
                                  start_new_session=True)
    except OSError as error:
        os.rmdir(folder)
        os.close(lifeline)
        os.close(ready)
        raise _refuse(nobody, str(error)) from None
    finally:
        os.close(end)
        os.close(says_ready)
    readable, _, _ = select.select([ready], [], [], READY_SECONDS)
    said = os.read(ready, 1) if readable else b""
    os.close(ready)
    if not said:
        os.close(lifeline)
        keeper.wait()
        raise _refuse(nobody, f"{program} did not become ready (it says above why)")
    # The shell ends by itself; whoever waits for children meanwhile is told nothing about it.
    threading.Thread(target=keeper.wait, daemon=True, name="kmsblit keeper").start()
    print(f"kmsblit: no kmsblitd is running: started a private one with a virtual display ({socket}); "
          "KMSBLIT_AUTOSTART=0 forbids it", file=sys.stderr, flush=True)
    return socket, lifeline

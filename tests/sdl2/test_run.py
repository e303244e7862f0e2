"""`kmsblit run` as a program that starts others: what it gives them, passes on, and leaves behind, which is nothing."""
from __future__ import annotations

import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Daemon
from game import HANG_SECONDS, PAINTER, TOOL, Game, expect, python_game, run, solid

GAME = """
import pygame
pygame.display.init()
screen = pygame.display.set_mode((320, 240))
screen.fill((9, 8, 7))
pygame.display.flip()
answer(); ask()
"""


def alive(pid: int) -> bool:
    """Whether there is such a process, and not only its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int) -> bool:
    """Waits for the end of a process that is not our child."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = bool(select.select([fd], [], [], HANG_SECONDS)[0])
    os.close(fd)
    return ended


# ---- The end ----------------------------------------------------------------------------------

@pytest.mark.parametrize("command, status", [
    (["true"], 0), (["sh", "-c", "exit 7"], 7), (["sh", "-c", "kill -KILL $$"], 128 + 9),
    (["sh", "-c", "kill -SEGV $$"], 128 + 11), (["no-such-program-anywhere"], 127), (["/etc/passwd"], 126),
    (["/no/such/file"], 127),
])
def test_exit_status(daemon: Daemon, command: list[str], status: int) -> None:
    assert run(daemon.socket, *command).returncode == status


def test_the_daemon_hangs(daemon: Daemon) -> None:
    """The program has ended, and nobody says what it left on the display: its status counts all the same."""
    command = ["sh", "-c", f"kill -STOP {daemon.process.pid}; exit 7"]
    try:
        assert run(daemon.socket, *command).returncode == 7
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)


def test_no_daemon(tmp_path: Path) -> None:
    """It is said before the program begins."""
    done = run(str(tmp_path / "nobody.sock"), "touch", str(tmp_path / "began"))
    assert done.returncode == 125
    assert "nobody.sock" in done.stderr and done.stderr.startswith("kmsblit run: ")
    assert not (tmp_path / "began").exists()


def test_usage(daemon: Daemon) -> None:
    """Mistakes are the tool's; options after the command are the command's."""
    for options in ([], ["--scale", "huge", "true"], ["--filter", "none", "true"], ["--wrong", "true"]):
        done = subprocess.run([TOOL, "run", *options], capture_output=True, text=True, check=False)
        assert done.returncode == 2, options
        assert "kmsblit help run" in done.stderr
    done = run(daemon.socket, "echo", "--stats", "--scale")
    assert (done.returncode, done.stdout) == (0, "--stats --scale\n")
    done = subprocess.run([TOOL, "run", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "solarwolf" in done.stdout


def test_nothing_shown(daemon: Daemon) -> None:
    """A program that SDL has no part in is told about."""
    said = run(daemon.socket, "true").stderr
    assert said == "kmsblit run: true set up no display through SDL 2, so nothing of it was shown\n"
    assert run(daemon.socket, "python3", "-c", "import pygame; pygame.display.init()").stderr == ""


def test_static(daemon: Daemon, tmp_path: Path) -> None:
    """Nothing can be loaded into it, and that is said."""
    (tmp_path / "game.c").write_text("int main(void) { return 3; }\n")
    subprocess.run(["gcc", "-static", "-o", tmp_path / "game", tmp_path / "game.c"], check=True)
    done = run(daemon.socket, str(tmp_path / "game"))
    assert done.returncode == 3 and "it is linked statically" in done.stderr
    subprocess.run(["gcc", "-o", tmp_path / "game", tmp_path / "game.c"], check=True)
    (tmp_path / "game").chmod(0o4755)
    assert "it is set-user-ID" in run(daemon.socket, str(tmp_path / "game")).stderr


# ---- Processes ----------------------------------------------------------------------------------

def test_own_group(daemon: Daemon) -> None:
    done = run(daemon.socket, "sh", "-c", 'echo $$; ps -o pgid= -p $$')
    pid, group = map(int, done.stdout.split())
    assert pid == group


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_signals_go_to_the_group(daemon: Daemon, number: signal.Signals) -> None:
    """To the program and to what it started."""
    name = number.name.removeprefix("SIG")
    child = f"trap 'echo child; exit' {name}; echo ready; while :; do sleep 0.01; done"
    script = f"trap 'wait; echo parent; exit 3' {name}; sh -c \"{child}\" & while :; do sleep 0.01; done"
    with Game(daemon.socket, "sh", "-c", script) as game:
        assert game.read() == "ready"
        game.process.send_signal(number)
        assert [game.read(), game.read()] == ["child", "parent"]
        assert game.process.wait(HANG_SECONDS) == 3


@pytest.mark.parametrize("detached", [False, True])
def test_nothing_is_left(daemon: Daemon, detached: bool) -> None:
    """What a program leaves behind is ended, also if it hid from the group and hears no signal."""
    start = "setsid sh -c" if detached else "sh -c"
    child = "trap : TERM HUP INT; echo $$; while :; do sleep 0.01; done"
    with Game(daemon.socket, "sh", "-c", f"{start} '{child}' & read line; exit 5") as game:
        pid = int(game.read())
        assert alive(pid)
        assert game.end() == 5
        assert not alive(pid)


def test_killed(daemon: Daemon) -> None:
    """If the tool is killed, the game goes too."""
    with python_game(daemon.socket, GAME.replace("answer()", "answer(os.getpid())")) as game:
        pid = int(game.read().split()[1])
        game.process.kill()
        assert ends(pid)


def test_terminal(daemon: Daemon) -> None:
    """On a terminal the program is in the foreground: it can read, and Ctrl-C is for it."""
    import pty
    pid, master = pty.fork()
    if pid == 0:
        os.execv(TOOL, [TOOL, "--socket", daemon.socket, "run", "sh", "-c",
                        "trap 'echo caught; exit 4' INT; read line; echo got $line; while :; do sleep 0.01; done"])
    said = b""
    os.write(master, b"hello\n")
    while b"got hello" not in said:
        said += os.read(master, 1000)
    os.write(master, b"\x03")
    while b"caught" not in said:
        said += os.read(master, 1000)
    _, status = os.waitpid(pid, 0)
    os.close(master)
    assert os.waitstatus_to_exitcode(status) == 4


# ---- The environment ------------------------------------------------------------------------------

def fake_python(folder: Path) -> str:
    """A folder with a python3 that is not Debian's."""
    folder.mkdir()
    (folder / "python3").write_text("#!/bin/sh\necho another\n")
    (folder / "python3").chmod(0o755)
    return str(folder)


def test_debians_python(daemon: Daemon, tmp_path: Path) -> None:
    """Wrappers that call python3 get the one that has pygame, unless a virtual environment is active."""
    path = f"{fake_python(tmp_path / 'bin')}:{os.environ['PATH']}"
    (tmp_path / "wrapper").write_text('#!/bin/sh\ncd /\nexec python3 -c "import sys; print(sys.executable)"\n')
    (tmp_path / "wrapper").chmod(0o755)
    assert run(daemon.socket, str(tmp_path / "wrapper"), PATH=path).stdout == "/usr/bin/python3\n"
    assert run(daemon.socket, "python3", "-c", "print(1)", PATH=path).stdout == "1\n"
    assert run(daemon.socket, "python3", PATH=path, VIRTUAL_ENV=str(tmp_path)).stdout == "another\n"


def test_games_are_found(daemon: Daemon) -> None:
    """Debian's games lie where root's PATH does not look."""
    done = run(daemon.socket, "sh", "-c", "echo $PATH", PATH="/usr/bin:/bin")
    assert done.stdout == "/usr/bin:/bin:/usr/games\n"


def test_what_was_set_stays(daemon: Daemon) -> None:
    done = run(daemon.socket, "sh", "-c", 'echo "$PYTHONPATH $SDL_VIDEODRIVER $KMSBLIT_SOCKET"', PYTHONPATH="/a:/b",
               SDL_VIDEODRIVER="x11")
    path, driver, socket = done.stdout.split()
    assert path.endswith(":/a:/b") and driver == "x11" and socket == daemon.socket


def test_other_driver_asked_for(daemon: Daemon) -> None:
    """A game that chooses a driver is shown all the same."""
    code = "os.environ['SDL_VIDEODRIVER'] = 'x11'\n" + GAME
    with python_game(daemon.socket, code) as game:
        assert game.read() == "ok"
        expect(daemon.connect(), solid(320, 240, 0x090807))


# ---- Where preloading is refused --------------------------------------------------------------------

def test_python_loads_it(daemon: Daemon) -> None:
    """Without LD_PRELOAD, Python finds sitecustomize.py, and that the library."""
    with Game(daemon.socket, "env", "-u", "LD_PRELOAD", "python3", "-B", "-c",
              "import sys\ndef answer(): print('ok', flush=True)\ndef ask(): sys.stdin.readline()\n" + GAME) as game:
        assert game.read() == "ok"
        expect(daemon.connect(), solid(320, 240, 0x090807))
        assert game.end() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a set-group-ID program, which only root can")
def test_set_group_id(start: Callable[..., Daemon], tmp_path: Path) -> None:
    """Debian's monsterz is such a program: started from C with another group, which the dynamic linker distrusts."""
    daemon = start("--output", "headless:320x240@0")
    (tmp_path / "game.py").write_text("import sys\n" + GAME.replace("answer()", "print('ok', flush=True)")
                                      .replace("ask()", "sys.stdin.readline()"))
    (tmp_path / "start.c").write_text("#include <unistd.h>\nint main(int n, char **v) { (void)n; "
                                      "return execl(\"/usr/bin/python3\", \"python3\", \"-B\", v[1], (char *)0); }\n")
    program = tmp_path / "start"
    subprocess.run(["gcc", "-o", program, tmp_path / "start.c"], check=True)
    shutil.chown(program, group="games")
    program.chmod(program.stat().st_mode | stat.S_ISGID)
    stats = tmp_path / "stats.json"
    with Game(daemon.socket, str(program), str(tmp_path / "game.py"), stats=stats) as game:
        assert game.read() == "ok"
        expect(daemon.connect(), solid(320, 240, 0x090807))
        assert game.end() == 0
    assert json.loads(stats.read_text())["frames"] == 2


def test_hidden_sitecustomize(daemon: Daemon, tmp_path: Path) -> None:
    """A sitecustomize.py of the user's own still runs."""
    (tmp_path / "sitecustomize.py").write_text("print('mine')\n")
    done = run(daemon.socket, "python3", "-B", "-c", "print('game')", PYTHONPATH=str(tmp_path))
    assert done.stdout == "mine\ngame\n"


# ---- Statistics and options --------------------------------------------------------------------------

def test_stats(daemon: Daemon, tmp_path: Path) -> None:
    """On standard error for people, into a file as JSON; also of a program that is killed."""
    code = GAME.replace("answer(); ask()", "os.kill(os.getpid(), 9)").replace("answer", "print")
    done = run(daemon.socket, "python3", "-c", "import os\n" + code, options=("--stats",))
    assert done.returncode == 128 + 9
    assert "320x240: presented 2 times" in done.stderr and "153600 pixels" in done.stderr
    done = run(daemon.socket, "python3", "-c", "import os\n" + code, KMSBLIT_RUN_STATS=str(tmp_path / "stats"))
    stats = json.loads((tmp_path / "stats").read_text())
    assert (stats["presents"], stats["frames"], stats["pixels_sent"]) == (2, 2, 2 * 320 * 240)  # pygame's first is black
    assert stats["added_ms_per_present"] > 0


@pytest.mark.parametrize("scale, left", [("fit", 0), ("integer", 60), ("stretch", 0), ("none", 110)])
def test_scale(daemon: Daemon, scale: str, left: int) -> None:
    """A window of 100x100 on a display of 320x240."""
    options = ("--scale", scale, "--filter", "nearest")
    with Game(daemon.socket, PAINTER, options=options) as painter:
        painter.read()
        painter.tell("window 100 100 0", "fill 0 0 100 100 0xffffff", "update")
        side = {"fit": 240, "integer": 200, "stretch": 240, "none": 100}[scale]
        width = 320 if scale == "stretch" else side
        left = (320 - width) // 2
        wanted = solid(320, 240, 0)
        wanted[(240 - side) // 2:(240 + side) // 2, left:left + width] = 0xFFFFFF
        expect(daemon.connect(), wanted)
        assert painter.end() == 0


def test_no_memory_is_left(daemon: Daemon) -> None:
    """Neither files nor sockets, whatever way it ends."""
    before = set(os.listdir("/dev/shm")) | set(os.listdir("/tmp"))
    for number in (signal.SIGTERM, signal.SIGKILL):
        with python_game(daemon.socket, GAME) as game:
            assert game.read() == "ok"
            game.process.send_signal(number)
    left = {name for name in set(os.listdir("/dev/shm")) | set(os.listdir("/tmp")) if "kmsblit" in name}
    assert left <= before


if __name__ == "__main__":
    sys.exit(pytest.main([__file__]))

"""The programs under test in a machine: the daemon, its tool, games."""
from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

import numpy as np

os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"
import pygame  # noqa: E402

from artefacts import ROOT
from machine import GuestFailure, Machine, Picture, Program, Result

BUILD = ROOT / "build"
KMSBLITD = os.environ.get("KMSBLITD", str(BUILD / "kmsblitd"))
TOOL = os.environ.get("KMSBLIT_TOOL", str(BUILD / "kmsblit"))
PYTHON = "/usr/bin/python3"
METEORS = ROOT / "clients" / "python" / "examples" / "meteors.py"
HANG_SECONDS = 300


def load_picture(path: Path) -> Picture:
    """A PNG's colours."""
    surface = pygame.image.load(str(path))
    return np.ascontiguousarray(pygame.surfarray.array3d(surface).transpose(1, 0, 2))


class Daemon:
    """A kmsblitd in a machine. `program` is the process, `program.output` its log."""

    def __init__(self, machine: Machine, *options: str, socket: str = "/run/kmsblit.sock",
                 user: str = "root", groups: tuple[str, ...] = (), env: dict[str, str] | None = None,
                 ready: bool = True, terminal: str = "") -> None:
        """terminal: a file that becomes its standard input and controlling terminal."""
        self.machine = machine
        self.socket = socket
        self.user = user
        command = shlex.join([KMSBLITD, "--socket", socket, *options])
        if terminal:
            command += f" <{terminal}"      # the shell leads a session: it opens what it then has
        self.program = machine.spawn(f'exec {command} --ready-fd "$READY_FD"', user=user,
                                     groups=groups, env=env, ready=True)
        if ready:
            self.program.wait_ready()

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self.program.output

    @property
    def pid(self) -> int:
        """Its process in the machine."""
        return self.program.pid

    def environment(self) -> dict[str, str]:
        """What its clients need."""
        return {"KMSBLIT_SOCKET": self.socket, "PYTHONPATH": str(BUILD / "python"),
                "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    def tool(self, *arguments: str, check: bool = True) -> Result:
        """Runs `kmsblit ARGUMENTS`."""
        return self.machine.run(shlex.join([TOOL, *arguments]), env=self.environment(), check=check,
                                user=self.user)

    def screenshot(self, *arguments: str) -> Picture:
        """The daemon's own picture of a display, through `kmsblit screenshot`."""
        self.machine.count += 1
        name = f"shot{self.machine.count}.png"
        self.tool("screenshot", *arguments, f"/mnt/share/{name}")
        return load_picture(self.machine.share / name)

    def game(self, *command: str, user: str | None = None) -> Program:
        """Starts a client: a Python file with its arguments. Its standard input stays open."""
        return self.machine.spawn("exec " + shlex.join([PYTHON, *command]), stdin=True,
                                  env=self.environment(), user=user or self.user)

    def meteors(self, frames: int, seed: int = 1) -> Program:
        """Plays the demo to its last frame, which then stays until close_stdin() or kill()."""
        program = self.game(str(METEORS), "--seed", str(seed), "--frames", str(frames), "--hold")
        program.wait_output(r"presented", HANG_SECONDS)
        return program

    def stop(self, number: int = signal.SIGTERM) -> Result:
        """Ends it by a signal; the status is negative where the signal itself ended it."""
        self.program.kill(number)
        result = self.program.wait()
        if number == signal.SIGTERM and result.status != 0:
            raise GuestFailure(f"the daemon ended with status {result.status}:\n{result.output}")
        return result


def host_meteors(frames: int, width: int = 1280, height: int = 720, seed: int = 1) -> Picture:
    """The last frame of the demo on a virtual display of this size, played on this system."""
    with tempfile.TemporaryDirectory(prefix="kmsblit-vm-") as folder:
        socket, picture = Path(folder, "socket"), Path(folder, "picture.png")
        env = {**os.environ, "KMSBLIT_SOCKET": str(socket), "PYTHONPATH": str(BUILD / "python"),
               "PYTHONUNBUFFERED": "1"}
        reader, writer = os.pipe()
        output = f"headless:{width}x{height}@60"
        with subprocess.Popen([KMSBLITD, "--socket", str(socket), "--output", output,
                               "--ready-fd", str(writer)], pass_fds=[writer]) as daemon:
            os.close(writer)
            try:
                assert os.read(reader, 1), "kmsblitd did not become ready"
                with subprocess.Popen([PYTHON, str(METEORS), "--seed", str(seed), "--frames",
                                       str(frames), "--hold"], env=env, stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True) as game:
                    assert game.stdout is not None
                    assert any("presented" in line for line in game.stdout), "the game did not play"
                    subprocess.run([TOOL, "screenshot", str(picture)], env=env, check=True,
                                   timeout=HANG_SECONDS)
                    game.communicate(timeout=HANG_SECONDS)
            finally:
                os.close(reader)
                daemon.terminate()
        return load_picture(picture)

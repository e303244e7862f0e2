"""A virtual machine that runs this system's programs with real graphics drivers.

qemu without KVM boots Debian's kernel (artefacts.py). The machine's root is this system's own,
read-only over 9p, below a tmpfs that takes what is written: so it runs the very programs that were
just built, at the same path. /tmp, /run and /mnt are the machine's own. An agent inside starts
programs and tells what they say (guest/agent); /mnt/share is Machine.share outside.

Nothing here waits for a length of time: programs end, output comes, the kernel tells what was
plugged. Limits are only against what never happens.
"""
from __future__ import annotations

import base64
import fcntl
import itertools
import json
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from artefacts import ROOT, Artefacts, Failure
from qmp import Qmp, QmpError, set_display_size

HERE = Path(__file__).resolve().parent
WORK = ROOT / "build" / "vm"

# Only against what hangs for ever: emulated machines are slow, and this one may be busy.
LIMIT_SECONDS = 180.0
BOOT_SECONDS = 300.0

Picture = npt.NDArray[np.uint8]      # height x width x 3: red, green, blue


class GuestFailure(AssertionError):
    """Something in the machine did not go as it should; the text has what it said."""


class MachineDied(Exception):
    """qemu or the kernel in it is gone."""


@dataclass(frozen=True)
class Configuration:
    """What a machine is made of."""

    name: str
    graphics: tuple[str, ...] = ()          # qemu's options
    heads: int = 0                          # displays that can be plugged and photographed
    modules: str = ""                       # loaded at boot, in this order
    systemd: bool = False


VIRTIO = ("-device", "virtio-gpu-pci,id=gpu0,max_outputs=2,xres=1280,yres=720")
CONFIGURATIONS = {configuration.name: configuration for configuration in (
    # Head 1 is not plugged when it boots.
    Configuration("virtio", VIRTIO, 2, "virtio-gpu,virtio_input,evdev,uinput"),
    Configuration("vkms", (), 0, "vkms,virtio_input,evdev,uinput"),
    Configuration("bochs", ("-device", "bochs-display,id=gpu0,xres=1280,yres=720,edid=on"), 1,
                  "bochs,virtio_input,evdev,uinput"),
    Configuration("mixed", VIRTIO, 2, "virtio-gpu,vkms,virtio_input,evdev,uinput"),
    Configuration("systemd", VIRTIO, 2, "virtio-gpu,virtio_input,evdev,uinput", True),
)}


@dataclass(frozen=True)
class Result:
    """How a command ended. The status is negative where a signal ended it."""

    status: int
    output: str


@dataclass
class Program:
    """A program in the machine. `output` is what it has written so far, both streams."""

    machine: Machine
    id: str
    command: str
    pid: int = 0
    output: str = ""
    status: int | None = None
    ready: bool | None = None
    refused: str = ""
    raw: bytearray = field(default_factory=bytearray, repr=False)

    def wait(self, limit: float = LIMIT_SECONDS) -> Result:
        """Waits until it has ended."""
        if not self.machine.wait_event(lambda: self.status is not None, limit):
            raise GuestFailure(f"still running after {limit:.0f} s: {self.command}\n{self.output}")
        assert self.status is not None
        return Result(self.status, self.output)

    def wait_output(self, pattern: str, limit: float = LIMIT_SECONDS) -> re.Match[str]:
        """Waits until its output has this regular expression."""
        def found() -> bool:
            return self.status is not None or re.search(pattern, self.output, re.M) is not None
        self.machine.wait_event(found, limit)
        match = re.search(pattern, self.output, re.M)
        if match is None:
            ended = f"ended with status {self.status}" if self.status is not None else "runs"
            raise GuestFailure(f"did not say {pattern!r}, and {ended}: {self.command}\n{self.output}")
        return match

    def wait_ready(self, limit: float = LIMIT_SECONDS) -> None:
        """Waits for the byte in $READY_FD (spawn(ready=True))."""
        self.machine.wait_event(lambda: self.ready is not None, limit)
        if not self.ready:
            self.machine.wait_event(lambda: self.status is not None, 10 if self.ready is False else 0)
            raise GuestFailure(f"did not become ready (status {self.status}): {self.command}\n"
                               f"{self.output}")

    def write(self, text: str) -> None:
        """For its standard input (spawn(stdin=True))."""
        self.machine.order("write", id=self.id, text=text)

    def close_stdin(self) -> None:
        """Ends its standard input."""
        self.machine.order("close", id=self.id)

    def kill(self, number: int = signal.SIGTERM, group: bool = False) -> None:
        """Sends a signal, to all that it started too with group=True."""
        self.machine.order("kill", id=self.id, signal=int(number), group=group)


def own_folder(name: str) -> tuple[Path, IO[str]]:
    """An empty folder build/vm/NAME; another one where a second run of the tests has that. It is this
    machine's as long as the file is open."""
    WORK.mkdir(parents=True, exist_ok=True)
    for number in itertools.count(1):
        folder = WORK / (name if number == 1 else f"{name}-{number}")
        lock = open(WORK / f".{folder.name}.lock", "w", encoding="ascii")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder, lock
    raise AssertionError("there is always a next number")


class Machine:
    """One booted machine. Use close(), or `with`."""

    def __init__(self, configuration: Configuration, artefacts: Artefacts) -> None:
        self.configuration = configuration
        self.folder, self.lock = own_folder(configuration.name)
        self.share = self.folder / "share"
        self.share.mkdir()
        self.share.chmod(0o1777)
        self.sockets = Path(tempfile.mkdtemp(prefix="kmsblit-vm-"))
        self.changed = threading.Condition()
        self.programs: dict[str, Program] = {}
        self.uevents: list[dict[str, str]] = []
        self.count = 0
        self.uptime = 0.0
        self.reaped = ""
        self.dead = False
        self.plugged = {0: (1280, 720)}
        self.boot_seconds = 0.0
        started = time.monotonic()
        agent = self._listen("agent")
        monitor = self._listen("qmp")
        self.qemu = self._start(artefacts)
        try:
            self.agent = self._accept(agent)
            self.qmp = Qmp(self._accept(monitor))
            if configuration.heads == 2:
                # The first size of a display is only remembered as what it had: say it now.
                set_display_size(self.sockets / "head0", *self.plugged[0])
            self.reader = threading.Thread(target=self._read, daemon=True)
            self.reader.start()
            if not self.wait_event(lambda: self.uptime > 0, BOOT_SECONDS):
                raise MachineDied(f"did not boot in {BOOT_SECONDS:.0f} s")
        except MachineDied as error:
            text = f"{configuration.name}: {error}\n{self.console()[-3000:]}"
            self.close()
            raise MachineDied(text) from None
        except BaseException:
            self.close()
            raise
        self.boot_seconds = time.monotonic() - started

    # ---- qemu

    def _listen(self, name: str) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(self.sockets / name))
        listening.listen(1)
        return listening

    def _accept(self, listening: socket.socket) -> socket.socket:
        """qemu connects at once, or says why it does not run."""
        with listening:
            while True:
                ready, _, _ = select.select([listening], [], [], 1)
                if ready:
                    return listening.accept()[0]
                if self.qemu.poll() is not None:
                    raise MachineDied(f"qemu ended with status {self.qemu.returncode}")

    def _start(self, artefacts: Artefacts) -> subprocess.Popen[bytes]:
        """Starts qemu."""
        def option(path: Path) -> str:
            return str(path).replace(",", ",,")
        here = self.configuration
        init = HERE / "guest" / ("agent" if here.systemd else "init")
        values = {"tree": ROOT, "modules": artefacts.modules, "init": init,
                  "load": here.modules, "systemd": int(here.systemd)}
        line = ("console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off nokaslr no_timer_check "
                "tsc=reliable cryptomgr.notests random.trust_cpu=on vkms.enable_overlay=1 "
                "vkms.enable_cursor=1 vkms.enable_writeback=1 " +
                " ".join(f"kmsblit.{name}={str(value).replace(' ', '%20')}"
                         for name, value in values.items()))
        command = [
            "qemu-system-x86_64", "-name", f"kmsblit-{here.name}", "-accel",
            "tcg,thread=multi,tb-size=512", "-cpu", "Nehalem", "-smp", "2", "-m", "2048",
            "-machine", "pc", "-nodefaults", "-no-user-config", "-display", "none", "-vga", "none",
            "-no-reboot", "-kernel", str(artefacts.kernel), "-initrd", str(artefacts.initramfs),
            "-append", line, "-serial", f"file:{option(self.folder / 'console')}",
            "-chardev", f"socket,id=qmp,path={option(self.sockets / 'qmp')}", "-mon",
            "chardev=qmp,mode=control", "-device", "virtio-serial-pci", "-chardev",
            f"socket,id=agent,path={option(self.sockets / 'agent')}", "-device",
            "virtserialport,chardev=agent,name=kmsblit", "-device", "virtio-rng-pci",
            "-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci", "-device",
            "virtio-mouse-pci"]
        for tag, folder, more in (("root", Path("/"), ",readonly=on,multidevs=remap"),
                                  ("tree", ROOT, ",readonly=on,multidevs=remap"),
                                  ("share", self.share, "")):
            command += ["-fsdev", f"local,id={tag},path={option(folder)},security_model=none{more}",
                        "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        command += here.graphics
        if "max_outputs" in " ".join(here.graphics):
            for head in range(here.heads):
                path = option(self.sockets / f"head{head}")
                command += ["-vnc", f"unix:{path},id=head{head},display=gpu0,head={head}"]
        with open(self.folder / "qemu.log", "wb") as log:
            log.write((shlex.join(command) + "\n").encode())
            log.flush()
            try:
                return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                        stderr=subprocess.STDOUT)
            except FileNotFoundError as error:
                raise Failure("qemu-system-x86_64 is not installed; `make deps` does") from error

    def close(self) -> None:
        """Ends the machine."""
        self.qemu.kill()
        self.qemu.wait()
        for name in ("agent", "qmp"):
            if hasattr(self, name):
                getattr(self, name).close()
        if hasattr(self, "reader"):
            self.reader.join()
        shutil.rmtree(self.sockets, ignore_errors=True)
        self.lock.close()

    def __enter__(self) -> Machine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def console(self) -> str:
        """What the kernel said, then what qemu said."""
        text = ""
        for name in ("console", "qemu.log"):
            path = self.folder / name
            if path.exists():
                text += f"--- {name}\n{path.read_text(errors='replace')}"
        return text

    # ---- The agent

    def _read(self) -> None:
        """The thread that takes what the agent tells."""
        try:
            with self.agent.makefile("rb") as lines:
                for line in lines:
                    with self.changed:
                        self._told(json.loads(line))
                        self.changed.notify_all()
        except (OSError, ValueError):
            pass
        with self.changed:
            self.dead = True
            self.changed.notify_all()

    def _told(self, what: dict[str, Any]) -> None:
        """One line from the agent."""
        kind = what.pop("tell")
        program = self.programs.get(what.get("id", ""))
        if kind == "ready":
            self.uptime = what["uptime"]
        elif kind == "uevent":
            self.uevents.append(what)
        elif kind == "reaped":
            self.reaped = what["id"]
        elif program is None:
            pass
        elif kind == "output":
            program.raw += base64.b64decode(what["data"])
            program.output = program.raw.decode("utf-8", "replace")
        elif kind == "started":
            program.pid = what["pid"]
        elif kind == "ready_fd":
            program.ready = what["ready"]
        elif kind == "exit":
            program.status = what["status"]
        elif kind == "refused":
            program.refused = what["error"]

    def wait_event(self, condition: Callable[[], bool], limit: float = LIMIT_SECONDS) -> bool:
        """Waits until something that the agent told made the condition true; False: it never was."""
        with self.changed:
            self.changed.wait_for(lambda: condition() or self.dead, limit)
            if condition():
                return True
            if self.dead:
                raise MachineDied(f"the machine is gone\n{self.console()[-2000:]}")
            return False

    def wait_until(self, condition: Callable[[], bool], what: str,
                   limit: float = LIMIT_SECONDS) -> None:
        """Waits until the condition is true; looks again at every uevent, and now and then."""
        end = time.monotonic() + limit
        while True:
            seen = len(self.uevents)
            if condition():
                return
            if time.monotonic() > end:
                raise GuestFailure(f"not after {limit:.0f} s: {what}")
            with self.changed:
                self.changed.wait_for(lambda: len(self.uevents) > seen or self.dead, 0.5)

    def order(self, do: str, **what: Any) -> None:
        """One line to the agent."""
        self.agent.sendall((json.dumps({"do": do, **what}) + "\n").encode())

    def spawn(self, command: str, *, env: dict[str, str] | None = None, user: str = "root",
              groups: tuple[str, ...] = (), cwd: str = "/tmp", stdin: bool = False,
              ready: bool = False) -> Program:
        """Starts a shell command and does not wait for its end. `exec` in it makes pid the
        program's. user="player" is an ordinary user; groups are its further groups. With ready=True
        $READY_FD is for --ready-fd."""
        self.count += 1
        program = Program(self, str(self.count), command)
        self.programs[program.id] = program
        self.order("run", id=program.id, command=command, env=env or {}, cwd=cwd, user=user,
                   groups=list(groups), stdin=stdin, ready=ready)
        if not self.wait_event(lambda: program.pid > 0 or bool(program.refused)) or program.refused:
            raise GuestFailure(f"cannot be started: {command}: {program.refused}")
        return program

    def run(self, command: str, *, check: bool = True, limit: float = LIMIT_SECONDS,
            **options: Any) -> Result:
        """Runs a shell command to its end. Unless check=False a status that is not 0 fails the test;
        further options are those of spawn()."""
        program = self.spawn(command, **options)
        try:
            result = program.wait(limit)
        except GuestFailure:
            program.kill(signal.SIGKILL, group=True)
            raise
        if check and result.status != 0:
            raise GuestFailure(f"status {result.status}: {command}\n{result.output}")
        return result

    def read(self, path: str) -> str:
        """A file of the machine, of any kind."""
        return self.run(f"cat {shlex.quote(path)}").output

    def write(self, path: str, text: str) -> None:
        """Writes a file of the machine (of /sys too)."""
        self.run(f"printf %s {shlex.quote(text)} >{shlex.quote(path)}")

    def fetch(self, path: str) -> Path:
        """Copies a file out of the machine; where it lies here."""
        self.count += 1
        name = f"{self.count}-{Path(path).name}"
        self.run(f"cp {shlex.quote(path)} /mnt/share/{shlex.quote(name)}")
        return self.share / name

    def reset(self) -> None:
        """As it was after booting, as far as programs and displays go. Called between tests."""
        self.count += 1
        wanted = str(self.count)
        self.order("reap", id=wanted)
        if not self.wait_event(lambda: self.reaped == wanted):
            raise GuestFailure("programs in the machine do not end, not even by SIGKILL")
        self.programs.clear()
        if self.configuration.heads == 2:
            if self.plugged.get(0) != (1280, 720):
                self.plug(0)
            if 1 in self.plugged:
                self.unplug(1)

    # ---- Displays

    def screenshot(self, path: Path | None = None, head: int = 0) -> Picture:
        """What the display shows, as the graphics card sends it (without a cursor plane)."""
        if self.configuration.heads <= head:
            raise GuestFailure(f"{self.configuration.name} has no display {head} to photograph")
        file = self.sockets / "screen.ppm"
        self.qmp("screendump", filename=str(file), device="gpu0", head=head, format="ppm")
        data = file.read_bytes()
        header = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
        assert header is not None
        width, height = int(header.group(1)), int(header.group(2))
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.qmp("screendump", filename=str(path), device="gpu0", head=head, format="png")
        return np.frombuffer(data, np.uint8, offset=header.end()).reshape(height, width, 3)

    def wait_picture(self, wanted: Picture, head: int = 0, limit: float = 20) -> Picture:
        """The screenshot as soon as it equals this picture; otherwise the last one taken. The card
        shows a frame a little later than the program hears that it did."""
        end = time.monotonic() + limit
        while True:
            shown = self.screenshot(head=head)
            if np.array_equal(shown, wanted) or time.monotonic() > end:
                return shown

    def _head(self, head: int) -> list[str]:
        """Of a display that can be plugged: its connector's name, its status, its modes."""
        said = self.run("set -- /sys/bus/pci/drivers/virtio-pci/*/drm/card*/card*-Virtual-*; "
                        f"shift {head} && read status <$1/status && echo ${{1##*/}} $status && "
                        "exec cat $1/modes", check=False)
        if said.status != 0:
            raise GuestFailure(f"there is no connector for display {head}: {said.output}")
        return said.output.split()

    def connector(self, head: int = 0) -> str:
        """The connector of a display that can be plugged, as in /sys/class/drm: card0-Virtual-1."""
        return self._head(head)[0]

    def status(self, head: int = 0) -> str:
        """`connected` or `disconnected`, as the kernel sees it."""
        return self._head(head)[1]

    def plug(self, head: int = 0, width: int = 1280, height: int = 720, wait: bool = True) -> None:
        """Connects a display whose preferred mode is this; one that is connected gets a new one."""
        set_display_size(self.sockets / f"head{head}", width, height)
        self.plugged[head] = (width, height)
        mode = f"{width}x{height}"
        if wait:
            self.wait_until(lambda: self._head(head)[1:3] == ["connected", mode],
                            f"display {head} is connected and prefers {mode}")

    def unplug(self, head: int = 0, wait: bool = True) -> None:
        """Disconnects a display."""
        set_display_size(self.sockets / f"head{head}", 0, 0)
        self.plugged.pop(head, None)
        if wait:
            self.wait_until(lambda: self.status(head) == "disconnected",
                            f"display {head} is disconnected")

    # ---- Input

    def input(self, *events: dict[str, Any]) -> None:
        """Input events as QMP has them, in one go."""
        self.qmp("input-send-event", events=list(events))

    def key(self, *codes: str, down: bool | None = None) -> None:
        """Presses and releases keys (QMP's names: "a", "ret", "ctrl", "f2"); several are held
        together. down=True only presses, down=False only releases."""
        for value in ([True, False] if down is None else [down]):
            for code in codes if value else reversed(codes):
                self.input({"type": "key", "data": {"down": value,
                                                    "key": {"type": "qcode", "data": code}}})

    def move_to(self, x: float, y: float, width: int = 1280, height: int = 720) -> None:
        """Puts the tablet's pointer at a place of a display of this size."""
        self.input(*({"type": "abs", "data": {"axis": axis, "value": int(value * 32767 / size)}}
                     for axis, value, size in (("x", x, width), ("y", y, height))))

    def move_by(self, x: int, y: int) -> None:
        """Moves the mouse."""
        self.input({"type": "rel", "data": {"axis": "x", "value": x}},
                   {"type": "rel", "data": {"axis": "y", "value": y}})

    def button(self, name: str = "left", down: bool | None = None) -> None:
        """A button ("left", "middle", "right", "wheel-up", "wheel-down")."""
        for value in ([True, False] if down is None else [down]):
            self.input({"type": "btn", "data": {"down": value, "button": name}})

    # ---- After a failure

    def keep(self, folder: Path) -> None:
        """Saves what may explain a failure: console, output of every program, screenshots."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "console.log").write_text(self.console())
        for program in self.programs.values():
            text = f"$ {program.command}\n{program.output}\n[status {program.status}]\n"
            (folder / f"program-{program.id}.log").write_text(text)
        for head in self.plugged if self.configuration.heads else ():
            try:
                self.screenshot(folder / f"head{head}.png", head)
            except (QmpError, OSError, GuestFailure):
                pass

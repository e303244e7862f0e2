"""The virtual terminals of a machine: what they are set to, who switches them, and whether one can type."""
from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Any

from machine import Machine, Program

# How an ordinary user starts the daemon, for start().
PLAYER: dict[str, Any] = {"user": "player", "groups": ("video",), "socket": "/run/player/kmsblit.sock"}

# <linux/kd.h>, <linux/vt.h>
KD_TEXT, KD_GRAPHICS = 0, 1
KEYS_ON = (1, 3)        # K_XLATE, K_UNICODE
K_OFF = 4

STATE = """
import fcntl, os, struct, sys
fd = os.open("/dev/tty" + sys.argv[1], os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
value = lambda request: struct.unpack("i", fcntl.ioctl(fd, request, bytes(4)))[0]
print(struct.unpack("HHH", fcntl.ioctl(fd, 0x5603, bytes(6)))[0], value(0x4b3b), value(0x4b44),
      fcntl.ioctl(fd, 0x5601, bytes(8))[0])
"""
SWITCH = """
import fcntl, os, sys
fd = os.open("/dev/tty0", os.O_WRONLY | os.O_NOCTTY)
fcntl.ioctl(fd, 0x5606, int(sys.argv[1]))
fcntl.ioctl(fd, 0x5607, int(sys.argv[1]))
"""
SWITCHES = """
import select
file = open("/sys/class/tty/tty0/active")
poll = select.poll()
poll.register(file, select.POLLPRI | select.POLLERR)
while True:
    file.seek(0)
    print("active", file.read().strip(), flush=True)
    poll.poll()
"""


@dataclass(frozen=True)
class Console:
    """A VT: whether it is the active one, what it shows, its keyboard, whether its owner is asked before a switch."""

    active: int
    text: int
    keyboard: int
    lock: int

    @property
    def usable(self) -> bool:
        """Text is shown, and keys are read. (seatd goes on to be asked before a switch.)"""
        return self.text == KD_TEXT and self.keyboard in KEYS_ON

    @property
    def taken(self) -> bool:
        """Neither, as a display server wants it."""
        return self.text == KD_GRAPHICS and self.keyboard == K_OFF and self.lock == 1


def console(machine: Machine, vt: int) -> Console:
    """A VT's state now; `active` is the number of the VT that is in front."""
    output = machine.run(f"/usr/bin/python3 -ESs -c {shlex.quote(STATE)} {vt}").output
    return Console(*(int(word) for word in output.split()))


def switch_command(vt: int) -> str:
    """Asks for a VT as chvt does, and waits until it is in front."""
    return f"exec /usr/bin/python3 -ESs -c {shlex.quote(SWITCH)} {vt}"


def switch(machine: Machine, vt: int) -> None:
    """Switches to a VT."""
    machine.run(switch_command(vt))


def wait_usable(machine: Machine, vt: int = 1) -> None:
    """Waits until a VT is in front and usable."""
    def is_so() -> bool:
        now = console(machine, vt)
        return now.active == vt and now.usable
    machine.wait_until(is_so, f"VT {vt} is in front and usable: {console(machine, vt)}", 30)


def watch_switches(machine: Machine) -> Program:
    """A program that says "active ttyN" now and at every switch."""
    program = machine.spawn(f"exec /usr/bin/python3 -ESs -c {shlex.quote(SWITCHES)}")
    program.wait_output("^active tty")
    return program


class Typist:
    """Somebody at the keyboard, and what reads on VT 1, as a shell there would."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        switch(machine, 1)
        self.reader = machine.spawn("echo reading; exec cat </dev/tty1")
        self.reader.wait_output("^reading$")
        self.lines = 0
        self.type("hello")

    def type(self, word: str) -> None:
        """Types a line, which arrives, and nothing else has since the last one."""
        self.machine.key("ret")         # ends what was typed into nothing
        for letter in word:
            self.machine.key(letter)
        self.machine.key("ret")
        self.reader.wait_output(f"(?m)^{word}\r?$", 30)
        self.reader.output = ""
        self.reader.raw.clear()

    def type_blindly(self, word: str) -> None:
        """Types what must not arrive."""
        for letter in word:
            self.machine.key(letter)

    @property
    def text(self) -> str:
        """What arrived since the last type()."""
        return self.reader.output

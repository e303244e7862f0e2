"""What the kernel of a machine says about graphics, independent of the daemon."""
from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from machine import GuestFailure, Machine, Picture

TRACING = "/sys/kernel/tracing"
# The arguments of virtio_gpu_cmd_transfer_to_host_2d(vgdev, offset, width, height, x, y, ...), in
# the registers of the x86_64 calling convention. (Its objects are on the stack.)
PROBE = ("p:kmsblit/transfer virtio_gpu_cmd_transfer_to_host_2d "
         "width=%dx:u32 height=%cx:u32 x=%r8:u32 y=%r9:u32")


@dataclass(frozen=True)
class Transfer:
    """A rectangle of a buffer that virtio-gpu sent to the host."""

    x: int
    y: int
    width: int
    height: int
    seconds: float      # the kernel's monotonic clock


@dataclass
class Transfers:
    """Filled when transfers() ends."""

    all: list[Transfer] = field(default_factory=list)


@contextlib.contextmanager
def transfers(machine: Machine) -> Iterator[Transfers]:
    """Records what virtio-gpu sends to the host meanwhile: `with transfers(m) as seen: ...`, then
    seen.all."""
    seen = Transfers()
    machine.run(f"cd {TRACING} && echo mono >trace_clock && echo >trace && "
                f"echo '{PROBE}' >>kprobe_events && echo 1 >events/kmsblit/transfer/enable")
    try:
        yield seen
    finally:
        text = machine.run(f"cd {TRACING} && echo 0 >events/kmsblit/transfer/enable && cat trace && "
                           "echo '-:kmsblit/transfer' >>kprobe_events").output
    for match in re.finditer(r" (\d+\.\d+): transfer: .*width=(\d+) height=(\d+) x=(\d+) y=(\d+)", text):
        width, height, x, y = (int(match.group(i)) for i in (2, 3, 4, 5))
        seen.all.append(Transfer(x, y, width, height, float(match.group(1))))


@dataclass(frozen=True)
class Card:
    """A graphics card in the machine."""

    minor: int
    driver: str

    @property
    def path(self) -> str:
        """Its primary node."""
        return f"/dev/dri/card{self.minor}"

    @property
    def debug(self) -> str:
        """Its folder in debugfs."""
        return f"/sys/kernel/debug/dri/{self.minor}"


def cards(machine: Machine) -> list[Card]:
    """Every card with a primary node, with its driver as DRM names it (virtio_gpu, vkms, ...)."""
    text = machine.run("cd /sys/kernel/debug/dri && for n in *; do [ -e /dev/dri/card$n ] && "
                       "echo $n $(cat $n/name); done; true").output
    return [Card(int(line.split()[0]), line.split()[1]) for line in text.splitlines()]


def card(machine: Machine, driver: str) -> Card:
    """The first card of a driver."""
    for found in cards(machine):
        if found.driver == driver:
            return found
    raise GuestFailure(f"there is no card with the driver {driver}: {cards(machine)}")


def state(machine: Machine, where: Card) -> dict[str, dict[str, str]]:
    """The atomic state: for each object ("plane[31]: plane-0", "crtc[36]: crtc-0", "connector[..]")
    its values. Nested ones have their own names only: the first of a name wins."""
    objects: dict[str, dict[str, str]] = {}
    for line in machine.read(f"{where.debug}/state").splitlines():
        if re.match(r"(plane|crtc|connector)\[", line):
            objects[line] = {}
        elif "=" in line and objects:
            key, value = line.strip().split("=", 1)
            objects[next(reversed(objects))].setdefault(key, value)
    return objects


def framebuffers(machine: Machine, where: Card) -> dict[int, str]:
    """Framebuffers by their id, with the name of the program that made each ("[fbcon]": the
    console)."""
    text = machine.read(f"{where.debug}/framebuffer")
    found = re.split(r"^framebuffer\[(\d+)\]:$", text, flags=re.M)[1:]
    owners = {}
    for number, body in zip(found[::2], found[1::2]):
        match = re.search(r"allocated by = (.*)", body)
        owners[int(number)] = match.group(1) if match else ""
    return owners


def clients(machine: Machine, where: Card) -> list[dict[str, str]]:
    """Who has the card open: command, tgid, dev, master (y or n), a (authenticated), uid, magic."""
    lines = [line.split() for line in machine.read(f"{where.debug}/clients").splitlines()]
    return [dict(zip(lines[0], line)) for line in lines[1:]]


def fds(machine: Machine, pid: int) -> dict[int, str]:
    """Open files of a process: where each fd leads."""
    text = machine.run(f"cd /proc/{pid}/fd && for n in *; do echo $n $(readlink $n); done").output
    # The shell's own listing of the folder is of another process.
    return {int(line.split()[0]): line.partition(" ")[2] for line in text.splitlines()}


def context_switches(machine: Machine, pid: int) -> int:
    """How often the threads of a process have gone to sleep of their own will so far: every wake-up
    of an idle process adds one."""
    text = machine.run(f"cat /proc/{pid}/task/*/status").output
    return sum(int(value) for value in re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M))


def crc(machine: Machine, where: Card, crtc: int = 0) -> int:
    """vkms: the CRC of the picture that is shown now, all planes composed (cursor too)."""
    folder = f"{where.debug}/crtc-{crtc}/crc"
    # The first frame may have been begun before the source was switched on: the third is whole.
    text = machine.run(f"echo auto >{folder}/control && head -n 3 {folder}/data").output
    return int(text.splitlines()[-1].split()[1], 16)


def expected_crc(picture: Picture) -> int:
    """What vkms computes over this picture: crc32_le, from 0, over 16-bit alpha, red, green, blue."""
    height, width, _ = picture.shape
    line = np.full((height, width, 4), 0xFFFF, np.uint16)
    line[:, :, 1:] = picture.astype(np.uint16) * 257
    # zlib inverts before and after; the kernel does not.
    return zlib.crc32(line.tobytes(), 0xFFFFFFFF) ^ 0xFFFFFFFF

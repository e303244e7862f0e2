"""Well-formed requests that cannot be done: the exact error, nothing changed, and the connection
goes on. Clients that do harm by how they behave are in test_bad_clients.py."""
from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import VIRTUAL
from harness import (ROOT, Client, Daemon, Pace, blit, clip, fill, ident, kb, memfd, noise, patched,
                     solid)

Start = Callable[..., Daemon]

BAD_OBJECT, WRONG_KIND = kb.ErrorCode.BAD_OBJECT, kb.ErrorCode.WRONG_KIND
BAD_VALUE, BAD_FD, QUOTA = kb.ErrorCode.BAD_VALUE, kb.ErrorCode.BAD_FD, kb.ErrorCode.QUOTA
IN_USE, NOT_YET = kb.ErrorCode.ID_IN_USE, kb.ErrorCode.NOT_IMPLEMENTED
PERMISSION = kb.ErrorCode.PERMISSION

RED = 0xFFFF0000
WINDOW, IMAGE = ident(1), ident(2)
ALL = (0, 0, 64, 64)


class Subject:
    """A client with a window that shows something, which no refused request may change."""

    def __init__(self, client: Client) -> None:
        self.client = client
        client.window(WINDOW, 64, 64, place=(100, 100, 64, 64))
        self.picture = noise(64, 64)
        client.image(IMAGE, self.picture)
        client.show(WINDOW, blit(IMAGE, 0, 0))

    def refused(self, code: kb.ErrorCode, serial: int, request: int) -> kb.EvtError:
        """The error, and nothing else that has changed."""
        error = self.client.refused(code, serial)
        assert error.request == request
        return error

    def check(self) -> None:
        """The window and the image are as they were, and no credit is lost."""
        client = self.client
        client.frame(WINDOW)
        client.frame(WINDOW, blit(IMAGE, 0, 0))
        client.refresh(2)
        events = client.take(kb.EvtPresented)
        assert [event.flags & kb.PresentedFlag.UNCHANGED for event in events] == [4, 4]
        assert (client.see_window(WINDOW) == self.picture & 0xFFFFFF).all()
        assert (client.see_output()[100:164, 100:164] == self.picture & 0xFFFFFF).all()


@pytest.fixture
def subject(daemon: Daemon) -> Iterator[Subject]:
    """Checked after the test; so are another client's pace and the daemon's fds and counters."""
    pace = Pace(daemon.client("pace"))
    pace.run()
    before = daemon.fds()
    subject = Subject(daemon.client("subject"))
    yield subject
    subject.check()
    pace.run()
    subject.client.close()
    pace.client.alone()
    assert daemon.fds() == before
    assert pace.client.server()["windows"] == 1
    pace.run()


@pytest.fixture
def bad(subject: Subject) -> Client:
    """Its client."""
    return subject.client


# ---- Memory that is none ---------------------------------------------------------------------

def other_fds() -> dict[str, Callable[[], int]]:
    """Makers of fds that are not sealed memfds."""
    def one_of(pair: tuple[Any, Any]) -> int:
        fds = [end if isinstance(end, int) else end.detach() for end in pair]
        os.close(fds[1])
        return fds[0]

    def regular(folder: str) -> int:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.truncate(4096)
            return os.dup(file.fileno())

    return {
        "an unsealed memfd": lambda: memfd(size=4096, seals=0),
        "a memfd that may not be sealed": lambda: sized(os.memfd_create("test")),
        "a memfd sealed against growing only": lambda: memfd(size=4096, seals=fcntl.F_SEAL_GROW),
        "a memfd sealed against sealing": lambda: memfd(size=4096, seals=fcntl.F_SEAL_SEAL),
        "a socket": lambda: one_of(socket.socketpair()),
        "a pipe": lambda: one_of(os.pipe()),
        "a directory": lambda: os.open("/", os.O_RDONLY | os.O_DIRECTORY),
        "/dev/zero": lambda: os.open("/dev/zero", os.O_RDWR),
        "/dev/null": lambda: os.open("/dev/null", os.O_RDWR),
        "O_PATH": lambda: os.open("/etc/passwd", os.O_PATH),
        "an eventfd": lambda: os.eventfd(1),
        "a file": lambda: regular(tempfile.gettempdir()),
        "shared memory": lambda: regular("/dev/shm"),
        "a memfd on huge pages": huge,
    }


def sized(fd: int) -> int:
    """With 4096 bytes."""
    os.ftruncate(fd, 4096)
    return fd


def huge() -> int:
    """Sealed as it should be, but on another file system."""
    try:
        fd = os.memfd_create("test", os.MFD_ALLOW_SEALING | os.MFD_HUGETLB)
    except OSError as error:
        pytest.skip(f"no memfd on huge pages here: {error.strerror}")
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
    return fd


@pytest.mark.parametrize("what", sorted(other_fds()))
def test_pixels_come_in_sealed_memfds_only(subject: Subject, bad: Client, what: str) -> None:
    fd = other_fds()[what]()
    subject.refused(BAD_FD, bad.create_image(ident(3), fd, 4, 4), kb.ReqImageCreate.OPCODE)
    subject.refused(BAD_FD, bad.frame_memfd(WINDOW, b"", fd=fd, units=1),
                    kb.ReqFrameMemfd.OPCODE)
    os.close(fd)
    bad.image(ident(3), solid(4, 4, RED))  # the id is still free


def test_a_read_only_memfd_will_do(subject: Subject, bad: Client) -> None:
    fd = memfd(solid(4, 4, RED))
    read_only = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY)
    bad.expect(kb.EvtReleased, serial=bad.create_image(ident(3), read_only, 4, 4))
    os.close(read_only)
    os.close(fd)


def test_a_write_only_memfd_cannot_be_read(subject: Subject, bad: Client) -> None:
    fd = memfd(solid(4, 4, RED))
    write_only = os.open(f"/proc/self/fd/{fd}", os.O_WRONLY)
    serial = bad.create_image(ident(3), write_only, 4, 4)
    bad.refused(BAD_FD, serial)
    bad.expect(kb.EvtReleased, serial=serial)
    serial = bad.frame_memfd(WINDOW, b"", fd=write_only, units=1)
    bad.refused(BAD_FD, serial)
    bad.expect(kb.EvtReleased, serial=serial)
    # A frame that draws the image that could not be read is not shown, but answered.
    bad.sync()
    serial = bad.frame(WINDOW, fill(RED, ALL), blit(ident(3), 0, 0))
    bad.refresh(2)
    answers = bad.take(kb.EvtPresented, kb.EvtDiscarded)
    assert [answer.serial for answer in answers] == [serial]
    bad.show(WINDOW, blit(IMAGE, 0, 0))
    for fd in (fd, write_only):
        os.close(fd)


def test_a_sparse_terabyte_is_over_the_quota(subject: Subject, bad: Client) -> None:
    fd = memfd(size=1 << 40)
    subject.refused(QUOTA, bad.create_image(ident(3), fd, 4, 4), kb.ReqImageCreate.OPCODE)
    subject.refused(QUOTA, bad.frame_memfd(WINDOW, b"", fd=fd, units=1), kb.ReqFrameMemfd.OPCODE)
    os.close(fd)


def test_holes_are_zeros(subject: Subject, bad: Client) -> None:
    fd = memfd(size=64 * 64 * 4)
    bad.window(ident(4), 64, 64, place=(200, 100, 64, 64))
    bad.expect(kb.EvtReleased, serial=bad.create_image(ident(3), fd, 64, 64,
                                                       flags=kb.ImageFlag.SHARED))
    bad.show(ident(4), fill(RED, ALL), blit(ident(3), 0, 0))
    assert (bad.see_window(ident(4)) == 0).all()
    os.close(fd)


def punch(fd: int, offset: int, length: int) -> None:
    """Makes a hole; F_SEAL_SHRINK does not forbid it."""
    keep_size, punch_hole = 1, 2
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.fallocate(fd, punch_hole | keep_size, ctypes.c_long(offset),
                            ctypes.c_long(length))
    assert result == 0, os.strerror(ctypes.get_errno())


def test_holes_punched_while_it_is_read(subject: Subject, bad: Client) -> None:
    """Every pixel is either what was there or zero."""
    picture = solid(1024, 1024, RED)
    for number in range(5):
        fd = memfd(picture)
        serial = bad.create_image(ident(3, number), fd, 1024, 1024)
        for page in range(0, 1024 * 4096, 4096 * 16):
            punch(fd, page, 4096 * 8)
        bad.expect(kb.EvtReleased, serial=serial)
        window = ident(4, number)
        bad.window(window, 1024, 1024, place=(200, 100, 64, 64))
        bad.show(window, blit(ident(3, number), 0, 0))
        assert set(np.unique(bad.see_window(window)).tolist()) <= {0, RED & 0xFFFFFF}
        for encode, id in ((kb.encode_image_destroy, ident(3, number)),
                           (kb.encode_window_destroy, window)):
            bad.request(encode, object=id)
        os.close(fd)


# ---- Sizes ----------------------------------------------------------------------------------

@pytest.mark.parametrize("width, height, stride, offset, bytes_held, code", [
    (4, 4, 16, 0, 64, None),
    (4, 4, 16, 0, 63, BAD_FD),
    (4, 4, 16, 0, 65, None),
    (4, 4, 16, 1, 64, BAD_FD),
    (4, 4, 16, 1, 65, None),                  # nothing needs to be aligned
    (4, 4, 20, 0, 76, None),                  # the last row needs no gap behind it
    (4, 4, 20, 0, 75, BAD_FD),
    (4, 4, 12, 0, 4096, BAD_VALUE),           # less than a row
    (4, 4, 15, 0, 4096, BAD_VALUE),
    (4, 4, 17, 0, 4096, BAD_VALUE),           # no whole pixels
    (4, 4, 0, 0, 4096, BAD_VALUE),
    (4, 4, 2**32 - 4, 0, 4096, BAD_FD),
    (4, 1, 2**32 - 4, 0, 16, None),           # one row has no next
    (4, 4, 2**31, 0, 4096, BAD_FD),
    (4, 4, 16, 2**64 - 64, 4096, BAD_FD),     # wraps
    (4, 4, 16, 2**64 - 1, 4096, BAD_FD),
    (4, 4, 16, 2**63 - 1, 4096, BAD_FD),
    (4, 4, 16, 4096 - 64, 4096, None),
    (4, 4, 16, 4096 - 63, 4096, BAD_FD),
    (16384, 16384, 65536, 0, 4096, BAD_FD),
    (16384, 1, 65536, 0, 65536, None),
    (1, 16384, 4, 0, 65536, None),
    (16384, 16384, 2**32 - 4, 2**64 - 1, 4096, BAD_FD),
    (4, 4, 16, 0, 0, BAD_FD),
])
def test_images_must_lie_in_their_memory(subject: Subject, bad: Client, width: int, height: int,
                                         stride: int, offset: int, bytes_held: int,
                                         code: kb.ErrorCode | None) -> None:
    fd = memfd(size=bytes_held)
    serial = bad.create_image(ident(3), fd, width, height, stride=stride, offset=offset)
    os.close(fd)
    if code is None:
        bad.expect(kb.EvtReleased, serial=serial)
    else:
        subject.refused(code, serial, kb.ReqImageCreate.OPCODE)
        bad.refused(BAD_OBJECT, bad.request(kb.encode_image_destroy, object=ident(3)))


@pytest.mark.parametrize("units, offset, bytes_held, good", [
    (2, 0, 64, True), (2, 0, 63, False), (2, 1, 65, True), (2, 1, 64, False),
    (2, 2**64 - 64, 64, False), (2, 2**64 - 1, 64, False), (0, 0, 0, True), (0, 1, 0, False),
    (2**20, 0, 64, False), (1, 2**63, 64, False)])
def test_frames_must_lie_in_their_memory(subject: Subject, bad: Client, units: int, offset: int,
                                         bytes_held: int, good: bool) -> None:
    commands = bytes(offset % 8) + clip(ALL) * 2
    fd = memfd(commands[:bytes_held], size=bytes_held)
    serial = bad.frame_memfd(WINDOW, b"", fd=fd, units=units, offset=offset)
    os.close(fd)
    if good:
        bad.expect(kb.EvtReleased, serial=serial)
        bad.refresh()
        bad.expect(kb.EvtPresented, serial=serial)
    else:
        subject.refused(BAD_FD, serial, kb.ReqFrameMemfd.OPCODE)


@pytest.mark.parametrize("width, height", [(0, 5), (5, 0)])
def test_a_window_cannot_be_made_empty(subject: Subject, bad: Client, width: int,
                                       height: int) -> None:
    subject.refused(BAD_VALUE, bad.set(WINDOW, width=width, height=height),
                    kb.ReqWindowSet.OPCODE)


@pytest.mark.parametrize("output", [3, 99, 2**32 - 1])
def test_outputs_that_do_not_exist(subject: Subject, bad: Client, output: int) -> None:
    subject.refused(BAD_VALUE, bad.window(ident(5), 4, 4, output=output),
                    kb.ReqWindowCreate.OPCODE)
    subject.refused(BAD_VALUE, bad.set(WINDOW, output=output, place=(0, 0, 4, 4)),
                    kb.ReqWindowSet.OPCODE)
    subject.refused(BAD_VALUE, bad.set(WINDOW, later=True, output=output, place=(0, 0, 4, 4)),
                    kb.ReqWindowSet.OPCODE)
    for encode, values in ((kb.encode_screenshot, dict(target=kb.ScreenshotTarget.OUTPUT)),
                           (kb.encode_get_statistics, dict(scope=kb.StatisticsScope.OUTPUT))):
        bad.refused(kb.ErrorCode.NO_OUTPUT, bad.request(encode, object=output, **values))


def test_nothing_has_been_shown_yet(daemon: Daemon) -> None:
    """On a virtual clock that has not moved."""
    client = daemon.client()
    client.refused(kb.ErrorCode.NO_OUTPUT, client.request(
        kb.encode_screenshot, object=0, target=kb.ScreenshotTarget.OUTPUT))


# ---- Objects --------------------------------------------------------------------------------

ABOUT = {
    "image_update": (lambda client, id: client.update(id, ALL), "image"),
    "image_destroy": (lambda client, id: client.request(kb.encode_image_destroy, object=id),
                      "image"),
    "window_set": (lambda client, id: client.set(id, z=1), "window"),
    "window_destroy": (lambda client, id: client.request(kb.encode_window_destroy, object=id),
                       "window"),
    "frame": (lambda client, id: client.frame(id), "window"),
    "frame_memfd": (lambda client, id: client.frame_memfd(id, clip(ALL)), "window"),
    "screenshot": (lambda client, id: client.request(
        kb.encode_screenshot, object=id, target=kb.ScreenshotTarget.WINDOW), "window"),
    "get_statistics": (lambda client, id: client.request(
        kb.encode_get_statistics, object=id, scope=kb.StatisticsScope.WINDOW), "window"),
}


@pytest.mark.parametrize("name", sorted(ABOUT))
@pytest.mark.parametrize("id", [0, ident(9), ident(1, 1), ident(2, 1), ident(2, 4095), ident(65535),
                                ident(65536), ident(2**20 - 1), 2**32 - 1])
def test_ids_of_nothing(subject: Subject, bad: Client, name: str, id: int) -> None:
    act, _ = ABOUT[name]
    bad.refused(BAD_OBJECT, act(bad, id))
    bad.take(kb.EvtReleased)


@pytest.mark.parametrize("name", sorted(ABOUT))
def test_ids_of_the_other_kind(subject: Subject, bad: Client, name: str) -> None:
    act, kind = ABOUT[name]
    bad.refused(WRONG_KIND, act(bad, WINDOW if kind == "image" else IMAGE))
    bad.take(kb.EvtReleased)


@pytest.mark.parametrize("name", sorted(ABOUT))
def test_ids_of_another_client_mean_nothing(daemon: Daemon, subject: Subject, name: str) -> None:
    act, kind = ABOUT[name]
    other = daemon.client("other")
    other.refused(BAD_OBJECT, act(other, WINDOW if kind == "window" else IMAGE))
    other.close()


def test_ids_that_cannot_be(subject: Subject, bad: Client) -> None:
    fd = memfd(size=64)
    for id in (0, 1 << 20, ident(65536), 2**20 - 1):
        subject.refused(BAD_VALUE, bad.create_image(id, fd, 4, 4), kb.ReqImageCreate.OPCODE)
        subject.refused(BAD_VALUE, bad.window(id, 4, 4), kb.ReqWindowCreate.OPCODE)
    os.close(fd)


def test_slots_in_use_and_generations(subject: Subject, bad: Client) -> None:
    fd = memfd(size=64)
    for id in (WINDOW, IMAGE, ident(1, 7), ident(2, 7)):
        subject.refused(IN_USE, bad.create_image(id, fd, 4, 4), kb.ReqImageCreate.OPCODE)
        subject.refused(IN_USE, bad.window(id, 4, 4), kb.ReqWindowCreate.OPCODE)
    for generation in (5, 4095, 0, 1):
        id = ident(6, generation)
        bad.expect(kb.EvtReleased, serial=bad.create_image(id, fd, 4, 4))
        bad.request(kb.encode_image_destroy, object=id)
        bad.refused(BAD_OBJECT, bad.request(kb.encode_image_destroy, object=id))
        bad.refused(IN_USE, bad.create_image(id, fd, 4, 4))
        bad.refused(IN_USE, bad.window(id, 4, 4))
        bad.refused(BAD_OBJECT, bad.frame(WINDOW, blit(id, 0, 0)))
    os.close(fd)
    bad.window(ident(6, 2), 4, 4)  # the slot of an image may become a window's
    bad.expect(kb.EvtWindowState, object=ident(6, 2))


def test_freed_while_on_screen(subject: Subject, bad: Client) -> None:
    bad.image(ident(3), solid(64, 64, RED))
    bad.window(ident(4), 64, 64, place=(200, 100, 64, 64))
    bad.show(ident(4), blit(ident(3), 0, 0))
    bad.request(kb.encode_image_destroy, object=ident(3))
    bad.show(ident(4), fill(0xFF000001, (0, 0, 1, 1)))
    assert bad.see_output()[100:164, 200:264].tolist()[1] == [RED & 0xFFFFFF] * 64


def test_updates_of_images_that_are_not_shared(subject: Subject, bad: Client) -> None:
    subject.refused(BAD_VALUE, bad.update(IMAGE, ALL), kb.ReqImageUpdate.OPCODE)


def test_more_objects_than_there_may_be(start: Start, tmp_path: Path) -> None:
    config = tmp_path / "limits.conf"
    config.write_text("[limits]\nclient_objects = 20\nclient_memory = 1M\n")
    client = start(*VIRTUAL, "--config", str(config)).client()
    assert client.welcome.max_objects == 20 and client.welcome.max_client_bytes == 1 << 20
    fd = memfd(size=64)
    for slot in range(1, 21):
        client.create_image(slot, fd, 4, 4)
    client.sync()
    client.refused(QUOTA, client.create_image(21, fd, 4, 4))
    client.refused(QUOTA, client.window(21, 4, 4))
    client.request(kb.encode_image_destroy, object=5)
    client.image(21, solid(4, 4, RED))


def test_more_memory_than_there_may_be(start: Start, tmp_path: Path) -> None:
    """An image counts with its memory while that is held, and with its pixels."""
    config = tmp_path / "limits.conf"
    config.write_text("[limits]\nclient_memory = 1M\n")
    client = start(*VIRTUAL, "--config", str(config)).client()
    half = solid(256, 256, RED)  # a quarter of the quota
    for slot in (1, 2, 3):
        client.image(slot, half)
    client.refused(QUOTA, client.create_image(4, memfd(half), 256, 256))
    client.request(kb.encode_image_destroy, object=1)
    client.image(4, half)
    held = client.statistics(kb.StatisticsScope.CLIENT)["image_bytes"]
    assert held == 3 << 18
    for slot in (2, 3, 4):
        client.request(kb.encode_image_destroy, object=slot)
    assert client.statistics(kb.StatisticsScope.CLIENT)["image_bytes"] == 0


# ---- Frames ---------------------------------------------------------------------------------

@pytest.mark.parametrize("way", ["frame", "frame_memfd"])
@pytest.mark.parametrize("command, code", [
    (blit(ident(9), 0, 0), BAD_OBJECT),
    (blit(ident(2, 1), 0, 0), BAD_OBJECT),
    (blit(0, 0, 0), BAD_OBJECT),
    (blit(WINDOW, 0, 0), WRONG_KIND),
    (blit(IMAGE, 0, 0, tint=0x00FFFFFF), BAD_VALUE),
    (blit(IMAGE, 0, 0, tint=0xFEFFFFFF), BAD_VALUE),
])
def test_half_a_batch_is_never_shown(subject: Subject, bad: Client, way: str, command: bytes,
                                     code: kb.ErrorCode) -> None:
    """The error says which command it was, and nothing of the frame is drawn."""
    commands = fill(RED, ALL) * 3 + command + fill(RED, ALL)
    serial = getattr(bad, way)(WINDOW, commands)
    assert bad.refused(code, serial).detail == 3
    bad.take(kb.EvtReleased)


def test_a_large_frame_with_a_malformed_command(daemon: Daemon, subject: Subject) -> None:
    """Malformed commands are malformed framing, wherever they lie."""
    client = daemon.client("bad")
    client.window(WINDOW, 64, 64)
    client.frame_memfd(WINDOW, fill(RED, ALL) * 3000 + patched(fill(RED, ALL), 0, "B", 77))
    error = client.ended(kb.ErrorCode.PROTOCOL)
    assert error.detail == 3000
    client.close()


def test_a_large_frame_whose_memory_changes_meanwhile(subject: Subject, bad: Client) -> None:
    """It is copied before it is checked: what is drawn is what was checked."""
    good, other = blit(IMAGE, 0, 0), fill(RED, ALL)
    bad.window(ident(4), 64, 64, place=(200, 100, 64, 64))
    for _ in range(20):
        fd = memfd(good * 20000)
        serial = bad.frame_memfd(ident(4), b"", fd=fd, units=20000)
        for index in range(0, 20000, 64):
            os.pwrite(fd, other, 32 * index)
        bad.expect(kb.EvtReleased, serial=serial)
        bad.refresh()
        bad.expect(kb.EvtPresented, serial=serial)
        os.close(fd)
    # All that was ever in it was either of the two.
    picture = bad.see_window(ident(4))
    assert (picture == subject.picture & 0xFFFFFF).all() or (picture == RED & 0xFFFFFF).all()


# ---- What is described, but not there yet ----------------------------------------------------

def described(kind: str, parent: str = "") -> list[str]:
    """Names in the description that are marked as not implemented."""
    root = ElementTree.parse(ROOT / "proto/kmsblit.xml").getroot()
    path = f"./{parent}/{kind}" if parent else f"./{kind}"
    return [node.get("name", "") for node in root.iterfind(path)
            if node.get("implemented") == "no"]


LATER = [("request", name) for name in described("request")]
LATER += [("format", name) for name in described("value", "enum[@name='format']")]
LATER += [("image flag", name) for name in described("bit", "flags[@name='image_flag']")]
LATER += [("filter", name) for name in described("value", "enum[@name='filter']")]
LATER += [("command", name) for name in described("struct", "union")]


@pytest.mark.parametrize("kind, name", LATER)
def test_what_is_described_but_comes_later(subject: Subject, bad: Client, kind: str,
                                           name: str) -> None:
    value = name.upper()
    fd = memfd(size=64)
    if kind == "request":
        from test_framing import GOOD
        values = dict(GOOD[name])
        if "object" in values:
            values["object"] = WINDOW if name.startswith("window_") else ident(3)
        serials = [bad.request(getattr(kb, f"encode_{name}"), **values)]
    elif kind == "format":
        serials = [bad.create_image(ident(3), fd, 4, 4, format=kb.Format[value])]
    elif kind == "image flag":
        serials = [bad.create_image(ident(3), fd, 4, 4, flags=kb.ImageFlag[value])]
    elif kind == "filter":
        serials = [bad.window(ident(5), 4, 4, filter=kb.Filter[value]),
                   bad.set(WINDOW, scale=0, filter=kb.Filter[value])]
    else:
        assert name == "transformed_blit"
        serials = [bad.frame(WINDOW, kb.pack_transformed_blit(
            0, 255, 0, 0xFFFFFFFF, IMAGE, 0, 0, 64, 64, 65536, 0, 0, 0, 65536, 0))]
    for serial in serials:
        bad.refused(NOT_YET, serial)
    os.close(fd)


# ---- Values that do not go together ---------------------------------------------------------

@pytest.mark.parametrize("values", [
    dict(color_key=0x123456),                                    # without the flag
    dict(palette=[0xFFFFFFFF]),                                  # not p8
])
def test_images_with_what_they_cannot_have(subject: Subject, bad: Client,
                                           values: dict[str, Any]) -> None:
    fd = memfd(size=64)
    error = bad.expect(kb.EvtError, serial=bad.create_image(ident(3), fd, 4, 4, **values))
    assert error.code in (BAD_VALUE, NOT_YET)
    os.close(fd)


def test_clock_steps_of_a_real_clock(start: Start) -> None:
    client = start("--output", "headless:320x240@60").client()
    assert not client.welcome.flags & kb.WelcomeFlag.VIRTUAL_CLOCK
    serial = client.request(kb.encode_clock_step, duration_ns=1)
    client.refused(kb.ErrorCode.NOT_POSSIBLE, serial)
    client.sync()


def test_random_words_never_hurt(subject: Subject, daemon: Daemon) -> None:
    """Good headers, random bodies; whatever they are, there is an answer or an end."""
    rng = np.random.default_rng(11)
    opcodes = [one.OPCODE for one in kb.Message.__subclasses__() if one.OPCODE < 0x8000]
    for round in range(150):
        client = daemon.client("random")
        client.window(WINDOW, 64, 64)
        client.image(IMAGE, solid(4, 4, RED), shared=True)
        for _ in range(10):
            body = bytearray(8 * int(rng.integers(0, 12)))
            for index in rng.integers(0, max(1, len(body)), 6):
                if body:
                    body[index] = int(rng.choice([0, 1, 2, 3, 32, 127, 128, 255]))
            opcode = int(rng.choice(opcodes))
            if opcode == kb.ReqClockStep.OPCODE:
                continue  # hours of it would only be slow
            nfds = int(opcode in (kb.ReqImageCreate.OPCODE, kb.ReqFrameMemfd.OPCODE))
            message = struct.pack("<IHBBII", 16 + len(body), opcode, nfds, 0,
                                  int(rng.choice([0, 1, 2, 3])), round) + body
            fd = memfd(size=256)
            try:
                client.send(message, [fd] * nfds)
            except OSError:
                pass
            os.close(fd)
        client.close()

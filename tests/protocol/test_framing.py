"""Bytes that no client of ours would send. Each ends its connection with an exact error, and the
daemon and its other clients notice nothing."""
from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from conftest import VIRTUAL
from harness import (KMSBLITD, Daemon, Gone, Pace, Refused, blit, clip, each_byte, fill, ident, kb,
                     memfd, patched, raw, solid)

Start = Callable[..., Daemon]

PROTOCOL, VERSION, TIMEOUT = kb.ErrorCode.PROTOCOL, kb.ErrorCode.VERSION, kb.ErrorCode.TIMEOUT
WINDOW = ident(1)
RED = 0xFFFF0000
SMALL = (0, 0, 16, 16)

# Every request of the description, with good values; fds are numbers that are replaced.
GOOD: dict[str, dict[str, Any]] = {
    "hello": dict(version=1, flags=0, token=0, name="x"),
    "sync": dict(),
    "image_create": dict(object=2, width=4, height=4, format=1, flags=0, stride_bytes=16,
                         color_key=0, offset_bytes=0, palette=[], pixels=0),
    "image_update": dict(object=2, rects=[kb.Rect(0, 0, 1, 1)]),
    "image_destroy": dict(object=2),
    "canvas_create": dict(object=3, width=4, height=4),
    "window_create": dict(object=4, width=4, height=4, base_color=0, flags=0, scale=0, filter=0,
                          z=0, output=0, place=kb.Rect(0, 0, 0, 0), title="x"),
    "window_set": dict(object=4, fields=0, width=4, height=4, base_color=0, flags=0, scale=0,
                       filter=0, z=0, output=0, place=kb.Rect(0, 0, 0, 0), title="x"),
    "window_destroy": dict(object=4),
    "window_focus": dict(object=4),
    "window_input": dict(object=4, flags=0),
    "window_cursor": dict(object=4, image=0, hot_x=0, hot_y=0),
    "frame": dict(object=4, flags=0, commands=fill(RED, SMALL)),
    "frame_memfd": dict(object=4, flags=0, units=0, offset_bytes=0, commands=0),
    "get_statistics": dict(object=0, scope=1),
    "screenshot": dict(object=0, target=0),
    "clock_step": dict(duration_ns=0),
    "monitor": dict(enable=0),
    "input_inject": dict(type=0, code=0, value=0, device=0),
    "output_set": dict(object=1, width=0, height=0, refresh_mhz=0, rotation=0, x=0, y=0),
    "describe": dict(),
    "gamepad_rumble": dict(object=1, strong=0, weak=0, duration_ms=0),
    "launch": dict(token=5),
    "launched": dict(token=6),
    "window_adopt": dict(object=4),
}


def good(name: str, /, **values: Any) -> tuple[bytes, int]:
    """A good message, and how many fds it must have."""
    message, fds = getattr(kb, f"encode_{name}")(**{**GOOD[name], **values}, serial=77)
    return message, len(fds)


@pytest.fixture
def pace(daemon: Daemon) -> Iterator[Pace]:
    """Another client; it keeps its pace while the test runs, and after it, and in the end nothing
    is left of the others."""
    pace = Pace(daemon.client("pace"))
    pace.run()
    before = daemon.fds()
    yield pace
    pace.run()
    for client in daemon.clients:
        if client is not pace.client:
            client.close()
    pace.client.alone()
    pace.run()
    assert daemon.fds() == before
    server = pace.client.server()
    assert (server["clients"], server["windows"]) == (1, 1)


def ends(daemon: Daemon, message: bytes, code: kb.ErrorCode = PROTOCOL, nfds: int = 0,
         hello: bool = True) -> kb.EvtError:
    """Sends bytes on a connection of their own, which then ends."""
    client = daemon.client("bad", hello=hello)
    memory = memfd(size=4096)
    client.send(message, [memory] * nfds)
    os.close(memory)
    error = client.ended(code)
    client.close()
    return error


def test_every_request_is_in_the_table() -> None:
    """So that a new request cannot be forgotten here."""
    names = {one.NAME for one in kb.Message.__subclasses__() if one.OPCODE < 0x8000}
    assert set(GOOD) == names
    for name in GOOD:
        good(name)


# ---- Headers --------------------------------------------------------------------------------

@pytest.mark.parametrize("size", [0, 1, 7, 8, 15, 17, 20, 23, 65537, 65544, 2**31 - 1, 2**31,
                                  2**32 - 8, 2**32 - 1])
def test_sizes_that_no_message_has(daemon: Daemon, pace: Pace, size: int) -> None:
    error = ends(daemon, raw(kb.ReqSync.OPCODE, size=size))
    assert error.detail == 0


@pytest.mark.parametrize("flags", [1, 128, 255])
def test_reserved_flags(daemon: Daemon, pace: Pace, flags: int) -> None:
    assert ends(daemon, raw(kb.ReqSync.OPCODE, flags=flags)).detail == 7


@pytest.mark.parametrize("opcode", [0, 3, 15, 255, 0x7FFF, 0x8001, 0x8061, 0xFFFF])
def test_opcodes_of_no_request(daemon: Daemon, pace: Pace, opcode: int) -> None:
    """Events are not requests either."""
    error = ends(daemon, raw(opcode, serial=99))
    assert (error.request, error.serial) == (opcode, 99)


def test_an_object_where_none_belongs(daemon: Daemon, pace: Pace) -> None:
    assert ends(daemon, raw(kb.ReqSync.OPCODE, object=5)).detail == 8


# ---- Lengths --------------------------------------------------------------------------------

@pytest.mark.parametrize("name", sorted(GOOD))
def test_every_truncation_of_every_message(daemon: Daemon, pace: Pace, name: str) -> None:
    """The header says a shorter size, and so long the message is."""
    message, nfds = good(name)
    for size in range(16, len(message), 8):
        if not is_whole(message[:size]):
            error = ends(daemon, patched(message[:size], 0, "I", size), nfds=nfds,
                         hello=name != "hello")
            assert error.request == struct.unpack_from("<H", message, 4)[0]
            assert error.serial == 77


def is_whole(part: bytes) -> bool:
    """Whether a part of a message is a message itself, for the codec."""
    header = kb.Header._make(struct.unpack_from("<IHBBII", part))
    try:
        kb.decode(patched(part, 0, "I", len(part)), [0] * header.nfds)
    except kb.ProtocolError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(GOOD))
def test_trailing_bytes(daemon: Daemon, pace: Pace, name: str) -> None:
    message, nfds = good(name)
    for extra in (8, 256):
        longer = patched(message + bytes(extra), 0, "I", len(message) + extra)
        ends(daemon, longer, nfds=nfds, hello=name != "hello")


@pytest.mark.parametrize("name", sorted(GOOD))
def test_the_connection_ends_inside_a_message(daemon: Daemon, pace: Pace, name: str) -> None:
    """At every byte; without a word to a client that has said all it had to."""
    message, nfds = good(name)
    for size in {1, 4, 15, 16, 17, len(message) - 1}:
        if size < len(message):
            client = daemon.client("bad", hello=name != "hello")
            memory = memfd(size=4096)
            client.send(message[:size], [memory] * nfds)
            os.close(memory)
            client.socket.shutdown(socket.SHUT_WR)
            client.ended(PROTOCOL)
            client.close()


def test_one_byte_at_a_time_is_fine(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client("slow", hello=False)
    for byte in each_byte(good("hello", name="a name")[0] + good("sync")[0]):
        client.send(byte)
    client.expect(kb.EvtWelcome, serial=77)
    client.expect(kb.EvtDone, serial=77)


def test_many_messages_at_once_are_fine(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client()
    client.send(b"".join(kb.encode_sync(serial=number)[0] for number in range(1000)))
    for number in range(1000):
        assert client.expect(kb.EvtDone).serial == number


@pytest.mark.parametrize("begin", [1, 8, 15, 16, 24])
def test_a_message_that_is_begun_must_be_complete_in_time(daemon: Daemon, pace: Pace,
                                                          begin: int) -> None:
    client = daemon.client()
    client.send(good("frame")[0][:begin])
    client.ended(TIMEOUT)


def test_dripping_bytes_do_not_extend_the_time(daemon: Daemon, pace: Pace) -> None:
    """The bytes of a message that never ends: as many as fit, until the daemon has enough of it."""
    client = daemon.client()
    client.send(raw(kb.ReqFrame.OPCODE, size=65536))
    error = None
    while error is None:
        if client.pending():
            error = client.ended(TIMEOUT)
        else:
            pace.run(1)  # time passes here
            try:
                client.send(b"\0")
            except (BrokenPipeError, ConnectionResetError):
                pass


# ---- Bodies ---------------------------------------------------------------------------------

FRAME_HEAD = 16 + 8 + 8  # header, fixed fields, the stream's count

BAD_BODIES = {
    "padding": (good("frame")[0], 20, "I", 1),
    "unknown flags": (good("frame")[0], 16, "I", 2),
    "count too large": (good("frame")[0], 24, "I", 2),
    "count wraps": (good("frame")[0], 24, "I", 2**27 + 1),
    "count of all": (good("frame")[0], 24, "I", 2**32 - 1),
    "count too small": (good("frame")[0], 24, "I", 0),
    "behind the count": (good("frame")[0], 28, "I", 1),
    "command 0": (good("frame")[0], FRAME_HEAD, "B", 0),
    "command 5": (good("frame")[0], FRAME_HEAD, "B", 5),
    "command 255": (good("frame")[0], FRAME_HEAD, "B", 255),
    "half a command": (good("frame")[0], FRAME_HEAD, "B", 3),
    "a fill's blend": (good("frame")[0], FRAME_HEAD + 1, "B", 13),
    "a fill's padding": (good("frame")[0], FRAME_HEAD + 3, "B", 1),
    "a fill's end": (good("frame")[0], FRAME_HEAD + 31, "B", 1),
    "a blit's flags": (good("frame", commands=blit(2, 0, 0))[0], FRAME_HEAD + 3, "B", 8),
    "a blit's padding": (good("frame", commands=blit(2, 0, 0))[0], FRAME_HEAD + 28, "B", 1),
    "a clip's padding": (good("frame", commands=clip(SMALL))[0], FRAME_HEAD + 1, "B", 1),
    "rects that wrap": (good("image_update")[0], 16, "I", 2**28 + 1),
    "rects over 2048": (raw(kb.ReqImageUpdate.OPCODE, bytes(8 + 2049 * 16), 2, 77), 16, "I", 2049),
    "a title's length": (good("window_create")[0], 64, "I", 257),
    "a title with NUL": (good("window_create", title="ab")[0], 72, "B", 0),
    "a title with ESC": (good("window_create", title="ab")[0], 72, "B", 27),
    "a title in Latin-1": (good("window_create", title="ab")[0], 72, "B", 0xE4),
    "a title's padding": (good("window_create", title="ab")[0], 79, "B", 1),
    "a window's flags": (good("window_create")[0], 28, "I", 2),
    "a window's scale": (good("window_create")[0], 32, "B", 4),
    "a window's filter": (good("window_create")[0], 33, "B", 2),
    "fields of a set": (good("window_set")[0], 16, "I", 256),
    "a format": (good("image_create")[0], 24, "B", 10),
    "format 0": (good("image_create")[0], 24, "B", 0),
    "an image's flags": (good("image_create")[0], 28, "I", 4),
    "a palette of 257": (good("image_create")[0], 48, "I", 257),
    "units over the most": (good("frame_memfd")[0], 20, "I", 2**20 + 1),
    "a step of 2 hours": (good("clock_step")[0], 16, "Q", 7200 * 10**9),
    "a step of all time": (good("clock_step")[0], 16, "Q", 2**64 - 1),
    "a statistics scope": (good("get_statistics")[0], 16, "I", 5),
    "a screenshot target": (good("screenshot")[0], 16, "I", 2),
}


@pytest.mark.parametrize("what", sorted(BAD_BODIES))
def test_bodies_that_break_a_rule(daemon: Daemon, pace: Pace, what: str) -> None:
    message, offset, layout, value = BAD_BODIES[what]
    nfds = message[6]
    client = daemon.client("bad")
    client.image(2, solid(4, 4, RED), shared=True)
    client.window(4, 4, 4)
    client.sync()
    memory = memfd(size=4096)
    client.send(patched(message, offset, layout, value), [memory] * nfds)
    os.close(memory)
    error = client.ended(PROTOCOL)
    assert error.serial == 77
    client.close()


@pytest.mark.parametrize("name, offset", [("image_create", 16), ("image_create", 20),
                                          ("window_create", 16), ("window_create", 20)])
@pytest.mark.parametrize("value", [0, "over", 2**16 - 1, 2**16, 2**31 - 1, 2**31, 2**32 - 1])
def test_sizes_of_images_and_windows(daemon: Daemon, pace: Pace, name: str, offset: int,
                                     value: int | str) -> None:
    most = kb.MAX_IMAGE_PX if name == "image_create" else kb.MAX_WINDOW_PX
    message, nfds = good(name)
    number = most + 1 if isinstance(value, str) else value
    error = ends(daemon, patched(message, offset, "I", number), nfds=nfds)
    assert error.detail == offset


# ---- hello ----------------------------------------------------------------------------------

@pytest.mark.parametrize("name", sorted(set(GOOD) - {"hello"}))
def test_hello_must_come_first(daemon: Daemon, pace: Pace, name: str) -> None:
    message, nfds = good(name)
    error = ends(daemon, message, nfds=nfds, hello=False)
    assert "hello" in error.message and error.serial == 77


def test_hello_comes_once(daemon: Daemon, pace: Pace) -> None:
    ends(daemon, good("hello")[0])


@pytest.mark.parametrize("version", [0, 2, 2**32 - 1])
def test_versions_that_nobody_speaks(daemon: Daemon, pace: Pace, version: int) -> None:
    error = ends(daemon, good("hello", version=version)[0], VERSION, hello=False)
    assert error.detail == kb.PROTO_VERSION and str(version) in error.message


def test_names_in_any_language_reach_the_log_whole(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client("Ünïcödé %n%s 名前")
    client.send(raw(99))
    client.ended(PROTOCOL)
    client.close()
    pace.run()
    assert "Ünïcödé %n%s 名前" in daemon.text()


def test_a_token_tells_a_daemon_that_lives_from_another(start: Start) -> None:
    one, other = start(*VIRTUAL), start(*VIRTUAL)
    token = one.client().welcome.token
    assert token != 0 and other.client().welcome.token != token
    for daemon, resumed in ((one, kb.WelcomeFlag.RESUMED), (other, 0)):
        client = daemon.client(hello=False)
        assert client.hello(token=token).flags & kb.WelcomeFlag.RESUMED == resumed


# ---- fds ------------------------------------------------------------------------------------

def test_fds_on_a_message_that_has_none(daemon: Daemon, pace: Pace) -> None:
    ends(daemon, patched(good("sync")[0], 6, "B", 1), nfds=1)
    ends(daemon, good("sync")[0] * 2, nfds=1)  # not announced in the header


@pytest.mark.parametrize("name", ["image_create", "frame_memfd"])
@pytest.mark.parametrize("announced, sent", [(0, 0), (0, 1), (1, 0), (2, 2), (4, 4), (5, 5), (1, 2),
                                             (255, 1)])
def test_not_as_many_fds_as_there_should_be(daemon: Daemon, pace: Pace, name: str, announced: int,
                                            sent: int) -> None:
    message = patched(good(name)[0], 6, "B", announced)
    client = daemon.client("bad")
    client.window(4, 4, 4)
    client.sync()
    memory = memfd(size=4096)
    client.send(message, [memory] * sent)
    os.close(memory)
    if (announced, sent) == (1, 2):  # the image is good, and then there is one too many
        with pytest.raises(Gone):
            while True:
                error = client.receive()
        assert isinstance(error, kb.EvtError) and error.code == PROTOCOL
    else:
        client.ended(PROTOCOL)


@pytest.mark.parametrize("count", [5, 64, 65, 253])
def test_many_fds_at_once(daemon: Daemon, pace: Pace, count: int) -> None:
    """253 is the most that the kernel sends."""
    ends(daemon, good("sync")[0] * 3, nfds=count)


def test_fds_without_data_are_no_message(daemon: Daemon, pace: Pace) -> None:
    """On a stream the kernel does not even send them; the connection goes on."""
    client = daemon.client()
    memory = memfd(size=16)
    rights = struct.pack("i", memory)
    client.socket.sendmsg([b""], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
    os.close(memory)
    client.sync()


def test_the_same_fd_ten_thousand_times(daemon: Daemon, pace: Pace) -> None:
    client = daemon.client()
    memory = memfd(size=64)
    for number in range(10_000):
        client.create_image(ident(1, number & 1), memory, 4, 4)
        client.request(kb.encode_image_destroy, object=ident(1, number & 1))
        if number % 500 == 499:
            client.sync()
            pace.run(1)
    client.sync()
    assert len(client.take(kb.EvtReleased)) <= 10_000
    os.close(memory)


def test_no_more_fds_here(start: Start) -> None:
    """With RLIMIT_NOFILE=64: who sends more than there is room for loses only itself."""
    daemon = start(*VIRTUAL, command=("prlimit", "--nofile=64", KMSBLITD))
    pace = Pace(daemon.client("pace"))
    pace.run()
    before = daemon.fds()
    greedy = daemon.client("greedy")
    memory = memfd(size=4096)
    with pytest.raises((Gone, OSError, Refused)):
        for number in range(1, 100):
            greedy.create_image(number, memory, 4, 4, flags=kb.ImageFlag.SHARED)
            greedy.sync()
            pace.run(1, look=False)
    os.close(memory)
    others = []
    try:
        for _ in range(100):
            others.append(daemon.client())
    except (Gone, OSError):
        pass
    assert len(others) < 100
    pace.run(look=False)
    # A screenshot needs an fd: that it cannot be had is an answer, too.
    pace.client.refused(kb.ErrorCode.NO_MEMORY, pace.client.request(
        kb.encode_screenshot, object=pace.id, target=kb.ScreenshotTarget.WINDOW))
    for client in [greedy, *others]:
        client.close()
    pace.client.alone()
    pace.run()
    assert daemon.fds() == before
    daemon.client().sync()



def test_hello_must_come_in_time(daemon: Daemon) -> None:
    """A connection that says nothing does not hold a client's place for ever."""
    silent = daemon.client(hello=False)
    assert "hello" in silent.ended(kb.ErrorCode.TIMEOUT).message
    daemon.client().sync()

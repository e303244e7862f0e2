"""A daemon of one's own, and clients that are nothing but a socket.

Clients speak through the generated Python codec, or send bytes that no codec would make. Nothing
here waits for a time to pass: either an answer comes, or it never does, and HANG_SECONDS ends the
test.
"""
from __future__ import annotations

import array
import contextlib
import fcntl
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from kmsblit import protocol as kb

ROOT = Path(__file__).resolve().parents[2]
KMSBLITD = os.environ.get("KMSBLITD", str(ROOT / "build/kmsblitd"))

# Only against something that hangs for ever.
HANG_SECONDS = float(os.environ.get("HANG_SECONDS", "120"))

Picture = npt.NDArray[np.uint32]
Encoded = tuple[bytes, list[int]]
Event = TypeVar("Event")

REPORT = re.compile(r"Sanitizer|runtime error|kmsblitd bug|Assertion|==\d+==")


class Gone(Exception):
    """The daemon closed the connection."""


class Refused(Exception):
    """The daemon sent an error that nobody expected."""


def ident(slot: int, generation: int = 0) -> int:
    """An object's id."""
    return generation << kb.SLOT_BITS | slot


# ---- Memory ---------------------------------------------------------------------------------

def memfd(data: bytes | npt.NDArray[Any] = b"", size: int | None = None,
          seals: int = fcntl.F_SEAL_SHRINK) -> int:
    """A memfd with these contents, made longer if size says so, and sealed."""
    content = data.tobytes() if isinstance(data, np.ndarray) else data
    fd = os.memfd_create("test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, len(content) if size is None else size)
    written = 0
    while written < len(content):
        written += os.pwrite(fd, content[written:], written)
    if seals:
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, seals)
    return fd


def solid(width: int, height: int, color: int) -> Picture:
    """A picture of one colour."""
    return np.full((height, width), color, np.uint32)


def noise(width: int, height: int, seed: int = 1) -> Picture:
    """An opaque picture without two equal neighbours to speak of."""
    random = np.random.default_rng(seed).integers(0, 1 << 24, (height, width), np.uint32)
    return random | np.uint32(0xFF000000)


# ---- Commands -------------------------------------------------------------------------------

def fill(color: int, where: Sequence[int], blend: int = kb.Blend.REPLACE,
         alpha: int = 255) -> bytes:
    """A fill; colour and rectangle as the protocol has them."""
    return kb.pack_fill(blend, alpha, color, kb.Rect(*where))


def clip(where: Sequence[int]) -> bytes:
    """Limits the commands after it."""
    return kb.pack_clip(kb.Rect(*where))


def blit(image: int, x: int, y: int, src: Sequence[int] = (0, 0, 65535, 65535), *,
         blend: int = kb.Blend.REPLACE, alpha: int = 255, flags: int = 0,
         tint: int = 0xFFFFFFFF) -> bytes:
    """A blit, by default of all of the image."""
    return kb.pack_blit(blend, alpha, flags, tint, image, *src, x, y)


def patched(message: bytes, offset: int, layout: str, value: int) -> bytes:
    """The message with other bytes at one place: what the codec would not encode."""
    packed = struct.pack("<" + layout, value)
    return message[:offset] + packed + message[offset + len(packed):]


def raw(opcode: int, body: bytes = b"", object: int = 0, serial: int = 0, nfds: int = 0,
        size: int | None = None, flags: int = 0) -> bytes:
    """A message of bytes, right or wrong."""
    length = 16 + len(body) if size is None else size
    return struct.pack("<IHBBII", length, opcode, nfds, flags, object, serial) + body


# ---- Clients --------------------------------------------------------------------------------

class Client:
    """One connection. Errors that a test does not ask for are exceptions."""

    def __init__(self, path: str, name: str = "test", hello: bool = True,
                 flags: int = 0) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(HANG_SECONDS)
        self.socket.connect(path)
        self.serial = 0
        self.events: list[kb.Message] = []  # received, and not asked for yet
        self.outputs: dict[int, kb.EvtOutput] = {}
        self.buffer = b""
        self.fds: list[int] = []  # received, and not a message's yet
        if hello:
            self.hello(name, flags=flags)

    def hello(self, name: str = "test", token: int = 0, flags: int = 0) -> kb.EvtWelcome:
        """Says hello; the daemon's outputs are known afterwards."""
        serial = self.request(kb.encode_hello, version=kb.PROTO_VERSION, flags=flags,
                              token=token, name=name)
        self.welcome = self.expect(kb.EvtWelcome, serial=serial)
        self.sync()
        for event in self.take(kb.EvtOutput):
            self.outputs[event.object] = event
        return self.welcome

    def close(self) -> None:
        """Closes it, with whatever had not been read."""
        self.socket.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []

    # Bytes

    def send(self, message: bytes, fds: Sequence[int] = ()) -> None:
        """Sends bytes, all of them, with fds at the first."""
        if fds:
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            sent = self.socket.sendmsg([message], rights)
            message = message[sent:]
        if message:
            self.socket.sendall(message)

    def request(self, encode: Callable[..., Encoded], **values: Any) -> int:
        """Sends a request; returns its serial."""
        self.serial += 1
        self.send(*encode(serial=self.serial, **values))
        return self.serial

    def _more(self) -> None:
        """Receives what there is."""
        room = socket.CMSG_SPACE(4 * 64)
        try:
            data, ancillary, flags, _ = self.socket.recvmsg(1 << 20, room, socket.MSG_CMSG_CLOEXEC)
        except ConnectionError as error:
            raise Gone(str(error)) from error
        assert not flags & socket.MSG_CTRUNC
        for level, kind, content in ancillary:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            self.fds += array.array("i", content).tolist()
        if not data:
            raise Gone("the daemon closed the connection")
        self.buffer += data

    def receive(self) -> kb.Message:
        """The next event from the socket; those in self.events came before it."""
        while True:
            if len(self.buffer) >= kb.HEADER_BYTES:
                header = kb.decode_header(self.buffer)
                if len(self.buffer) >= header.size:
                    break
            self._more()
        message, self.buffer = self.buffer[:header.size], self.buffer[header.size:]
        fds, self.fds = self.fds[:header.nfds], self.fds[header.nfds:]
        return kb.decode(message, fds)

    def pending(self) -> bool:
        """Whether something can be received without waiting."""
        return bool(self.buffer or select.select([self.socket], [], [], 0)[0])

    # Events

    def expect(self, kind: type[Event], **fields: Any) -> Event:
        """The first event of this kind with these fields; the others stay for later."""
        def fits(event: Any) -> bool:
            return isinstance(event, kind) and all(
                getattr(event, name) == value for name, value in fields.items())

        for index, event in enumerate(self.events):
            if fits(event):
                return self.events.pop(index)  # type: ignore[return-value]
        while True:
            event = self.receive()
            if fits(event):
                return event  # type: ignore[return-value]
            if isinstance(event, kb.EvtError):
                raise Refused(f"{kb.ErrorCode(event.code).name}: {event.message} ({event})")
            self.events.append(event)

    def take(self, *kinds: type[Event]) -> list[Event]:
        """The events of these kinds that have come, in their order."""
        found = [event for event in self.events if isinstance(event, kinds)]
        self.events = [event for event in self.events if not isinstance(event, kinds)]
        return found  # type: ignore[return-value]

    def refused(self, code: kb.ErrorCode, serial: int) -> kb.EvtError:
        """The error that answers a request; it must say something."""
        event = self.expect(kb.EvtError, serial=serial)
        assert kb.ErrorCode(event.code).name == code.name, event
        assert event.message
        return event

    def ended(self, code: kb.ErrorCode) -> kb.EvtError:
        """The error that is the last thing before the connection ends."""
        errors: list[kb.EvtError] = []
        try:
            while True:
                event = self.receive()
                if isinstance(event, kb.EvtError):
                    errors.append(event)
        except Gone:
            pass
        assert [kb.ErrorCode(error.code).name for error in errors] == [code.name], errors
        assert errors[0].message
        return errors[0]

    def sync(self) -> None:
        """Every request so far has been read, and every event so far is here."""
        self.expect(kb.EvtDone, serial=self.request(kb.encode_sync))

    # The clock

    def step(self, duration_ns: int) -> None:
        """Moves the virtual clock on."""
        self.expect(kb.EvtDone, serial=self.request(kb.encode_clock_step, duration_ns=duration_ns))

    def refresh_ns(self, output: int = 1) -> int:
        """An output's period."""
        return self.outputs[output].refresh_ns

    def refresh(self, count: int = 1, output: int = 1) -> None:
        """Moves the virtual clock on by whole refreshes."""
        self.step(count * self.refresh_ns(output))

    # Objects

    def image(self, id: int, pixels: Picture, format: int = kb.Format.XRGB8888,
              shared: bool = False, wait: bool = True) -> int:
        """An image of these pixels; returns its memory if it is shared, else -1."""
        fd = memfd(pixels)
        height, width = pixels.shape
        serial = self.create_image(id, fd, width, height, format=format,
                                   flags=kb.ImageFlag.SHARED if shared else 0)
        if wait:
            self.expect(kb.EvtReleased, object=id, serial=serial)
        if shared:
            return fd
        os.close(fd)
        return -1

    def create_image(self, id: int, fd: int, width: int, height: int, *,
                     format: int = kb.Format.XRGB8888, flags: int = 0, stride: int | None = None,
                     offset: int = 0, color_key: int = 0, palette: Sequence[int] = ()) -> int:
        """The bare request."""
        return self.request(kb.encode_image_create, object=id, width=width, height=height,
                            format=format, flags=flags,
                            stride_bytes=4 * width if stride is None else stride,
                            color_key=color_key, offset_bytes=offset, palette=palette, pixels=fd)

    def update(self, id: int, *rects: Sequence[int]) -> int:
        """Tells of dirty rectangles."""
        return self.request(kb.encode_image_update, object=id,
                            rects=[kb.Rect(*rect) for rect in rects])

    def window(self, id: int, width: int, height: int, *, base: int = 0xFF000000, flags: int = 0,
               scale: int = kb.Scale.NONE, filter: int = kb.Filter.NEAREST, z: int = 0,
               output: int = 0, place: Sequence[int] = (0, 0, 0, 0), title: str = "window") -> int:
        """The bare request to make a window."""
        return self.request(kb.encode_window_create, object=id, width=width, height=height,
                            base_color=base, flags=flags, scale=scale, filter=filter, z=z,
                            output=output, place=kb.Rect(*place), title=title)

    def set(self, id: int, *, later: bool = False, **values: Any) -> int:
        """Changes what is named: width and height, base_color, flags, scale, z, output, place,
        title. later: together with the next frame."""
        groups = {"width": "SIZE", "height": "SIZE", "base_color": "BASE", "flags": "FLAGS",
                  "scale": "SCALE", "filter": "SCALE", "z": "Z", "output": "PLACEMENT",
                  "place": "PLACEMENT", "title": "TITLE"}
        fields = kb.WindowField.WITH_NEXT_FRAME if later else kb.WindowField(0)
        for name in values:
            fields |= kb.WindowField[groups[name]]
        full: dict[str, Any] = dict(width=1, height=1, base_color=0, flags=0, scale=0, filter=0,
                                    z=0, output=0, place=(0, 0, 0, 0), title="")
        full.update(values)
        full["place"] = kb.Rect(*full["place"])
        return self.request(kb.encode_window_set, object=id, fields=fields, **full)

    def frame(self, id: int, *commands: bytes, clear: bool = False) -> int:
        """Commits a frame; returns its serial."""
        return self.request(kb.encode_frame, object=id, flags=kb.FrameFlag.CLEAR if clear else 0,
                            commands=b"".join(commands))

    def frame_memfd(self, id: int, commands: bytes, *, clear: bool = False, fd: int | None = None,
                    units: int | None = None, offset: int = 0) -> int:
        """Commits a frame whose commands lie in memory."""
        memory = memfd(commands) if fd is None else fd
        try:
            return self.request(kb.encode_frame_memfd, object=id,
                                flags=kb.FrameFlag.CLEAR if clear else 0,
                                units=len(commands) // 32 if units is None else units,
                                offset_bytes=offset, commands=memory)
        finally:
            if fd is None:
                os.close(memory)

    def show(self, id: int, *commands: bytes, clear: bool = False) -> kb.EvtPresented:
        """Commits a frame and lets it be presented, on the virtual clock."""
        serial = self.frame(id, *commands, clear=clear)
        self.refresh()
        return self.expect(kb.EvtPresented, serial=serial)

    # Looking

    def screenshot(self, target: kb.ScreenshotTarget,
                   id: int) -> tuple[Picture, kb.EvtScreenshotDone]:
        """A picture without its highest byte, and the event it came with."""
        serial = self.request(kb.encode_screenshot, object=id, target=target)
        done = self.expect(kb.EvtScreenshotDone, serial=serial)
        with os.fdopen(done.pixels, "rb") as file:
            file.seek(0)
            pixels = np.frombuffer(file.read(), np.uint32)
        assert pixels.size == done.width * done.height
        self.sync()  # the daemon has closed what it sent
        return pixels.reshape(done.height, done.width) & np.uint32(0xFFFFFF), done

    def see_window(self, id: int) -> Picture:
        """A window's picture."""
        return self.screenshot(kb.ScreenshotTarget.WINDOW, id)[0]

    def see_output(self, id: int = 0) -> Picture:
        """What an output shows."""
        return self.screenshot(kb.ScreenshotTarget.OUTPUT, id)[0]

    def statistics(self, scope: kb.StatisticsScope, id: int = 0) -> dict[str, int]:
        """Counters by their names in lower case."""
        serial = self.request(kb.encode_get_statistics, object=id, scope=scope)
        event = self.expect(kb.EvtStatistics, serial=serial)
        return {kb.Statistic(one.name).name.lower(): one.value for one in event.values}

    def server(self) -> dict[str, int]:
        """The daemon's counters."""
        return self.statistics(kb.StatisticsScope.SERVER)

    def alone(self) -> None:
        """Asks until the daemon has noticed that all other clients are gone, and freed them."""
        deadline = time.monotonic() + HANG_SECONDS
        while self.server()["clients"] > 1:
            assert time.monotonic() < deadline, "clients that are gone are still counted"
        self.sync()


# ---- Daemons --------------------------------------------------------------------------------

class Daemon:
    """A running kmsblitd. It must end well: stop() looks."""

    def __init__(self, folder: Path, *options: str, command: Sequence[str] = (KMSBLITD,),
                 socket_option: bool = True, env: dict[str, str] | None = None,
                 pass_fds: Sequence[int] = (), keeps_socket: bool = False) -> None:
        self.folder = folder
        self.path = str(folder / "kmsblit.sock")
        self.log = folder / "kmsblitd.log"
        self.clients: list[Client] = []
        self.stopped = False
        self.keeps_socket = keeps_socket  # it is not the daemon's own
        where = ["--socket", self.path] if socket_option else []
        self.ready, says_ready = os.pipe()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *where, "--ready-fd", str(says_ready), *options],
                pass_fds=[says_ready, *pass_fds], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=env)
        os.close(says_ready)
        readable, _, _ = select.select([self.ready], [], [], HANG_SECONDS)
        said = os.read(self.ready, 1) if readable else b""
        os.close(self.ready)
        if not said:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"kmsblitd did not become ready: {self.text()}")
        self.pid = self.process.pid  # of kmsblitd itself; other with strace before it

    def text(self) -> str:
        """What it logged."""
        return self.log.read_text(errors="replace")

    def client(self, name: str = "test", hello: bool = True, flags: int = 0) -> Client:
        """Connects."""
        client = Client(self.path, name, hello, flags)
        self.clients.append(client)
        return client

    def find(self) -> None:
        """Who listens at the socket: the daemon itself, where the process is its launcher."""
        client = self.client(hello=False)
        ucred = client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        self.pid = struct.unpack("iII", ucred)[0]
        client.close()

    def kill(self) -> None:
        """Ends it as no service manager would: nothing is judged."""
        self.stopped = True
        self.process.kill()
        self.process.wait()
        for client in self.clients:
            client.close()

    def fds(self) -> list[str]:
        """What its open fds are, in order."""
        folder = Path(f"/proc/{self.pid}/fd")
        return sorted(re.sub(r"\d+", "N", os.readlink(fd)) for fd in folder.iterdir())

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """Ends it as a service manager would, and judges how it ended."""
        if self.stopped:
            return
        self.stopped = True
        if self.process.poll() is None:
            os.kill(self.pid, signal_number)
        try:
            status = self.process.wait(HANG_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"kmsblitd did not end: {self.text()}") from None
        finally:
            for client in self.clients:
                client.close()
        text = self.text()
        assert status == 0, f"kmsblitd ended with status {status}: {text}"
        assert not REPORT.search(text), text
        assert os.path.lexists(self.path) == self.keeps_socket, "is the socket there?"


def run_daemon(*options: str,
               env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a daemon that is to end by itself."""
    return subprocess.run([KMSBLITD, *options], capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=HANG_SECONDS, env=env)


class Pace:
    """A well-behaved client on the virtual clock that shows something new at every refresh, to see
    that others cannot disturb it."""

    def __init__(self, client: Client, id: int = 1, place: Sequence[int] = (0, 0, 16, 16)) -> None:
        self.client = client
        self.id = id
        self.color = 0
        client.window(id, 16, 16, place=place, z=-1, title="pace")

    def run(self, frames: int = 3, look: bool = True) -> None:
        """Presents some frames, each at the refresh after the one before; looks at the last."""
        last = 0
        for _ in range(frames):
            self.color = (self.color + 1) & 0xFFFFFF
            serial = self.client.frame(self.id, fill(0xFF000000 | self.color, (0, 0, 16, 16)))
            self.client.refresh()
            sequence = self.client.expect(kb.EvtPresented, serial=serial).sequence
            assert last in (0, sequence - 1), "a refresh was missed"
            last = sequence
        if look:
            assert (self.client.see_window(self.id) == self.color).all()


@contextlib.contextmanager
def child(work: Callable[[], object]) -> Iterator[int]:
    """A process that does some work and then waits to be killed, which it is in the end; it has
    done its work when the context begins. What work returns it keeps until then."""
    is_done, says_done = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.closerange(3, says_done)  # clients of the parent end with the parent
            os.closerange(says_done + 1, 1024)
            kept = work()
            os.write(says_done, b"1")
            while kept:
                signal.pause()
        finally:
            os._exit(1)
    os.close(says_done)
    try:
        assert os.read(is_done, 1) == b"1", "the child failed"
        yield pid
    finally:
        os.close(is_done)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def each_byte(message: bytes) -> Iterator[bytes]:
    """Single bytes."""
    for index in range(len(message)):
        yield message[index:index + 1]

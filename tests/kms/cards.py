"""A whole daemon on cards that exist only in its own memory: the scripted libdrm (tests/fakes), loaded
before the real one. Lines of its script go to it while it runs; it writes down all that the daemon asks."""
from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from harness import HANG_SECONDS, ROOT, Daemon, Picture, kb

FAKEDRM = os.environ.get("FAKEDRM", str(ROOT / "build/release/fakedrm.so"))
ODD_EGL = os.environ.get("ODD_EGL", str(ROOT / "build/release/odd_egl.so"))
OPAQUE = np.uint32(0xFF000000)

Event = dict[str, Any]


class Card:
    """The script of a daemon, and what it wrote."""

    def __init__(self, folder: Path, nodes: Path, script: str) -> None:
        self.folder = folder
        self.nodes = nodes  # their paths are short
        self.file = folder / "s"
        self.log = folder / "drm.log"
        self.screen_file = folder / "screen"
        self.file.write_text(f"{script}\nlog {self.log}\n")
        self.socket: socket.socket | None = None
        self.lines: Any = None

    def environment(self, gpu: dict[str, str] | None = None) -> dict[str, str]:
        """What the daemon must be started with; gpu: variables of tests/preload/odd_egl.c."""
        asan = os.environ.get("ASAN_OPTIONS", "")
        preload = FAKEDRM if gpu is None else f"{ODD_EGL}:{FAKEDRM}"
        return {**os.environ, "LD_PRELOAD": preload, "FAKE_DRM_SCRIPT": str(self.file),
                "ASAN_OPTIONS": f"{asan}:verify_asan_link_order=0".lstrip(":"), **(gpu or {})}

    def tell(self, line: str) -> str:
        """Runs a line of the script now."""
        if self.socket is None:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(HANG_SECONDS)
            self.socket.connect(f"{self.file}.sock")
            self.lines = self.socket.makefile("r")
        self.socket.sendall(f"{line}\n".encode())
        answer: str = self.lines.readline()
        assert answer.startswith("ok"), f"{line}: {answer or 'the daemon has gone'}"
        return answer[3:].strip()

    def node(self, name: str) -> str:
        """The path for one more card."""
        return str(self.nodes / name)

    def close(self) -> None:
        """Ends the connection to the script."""
        if self.socket is not None:
            self.lines.close()
            self.socket.close()
            self.socket = None

    def counts(self) -> dict[str, int]:
        """What lives, and what was counted."""
        counted: dict[str, int] = json.loads(self.tell("counts"))
        return counted

    def alive(self) -> dict[str, int]:
        """What would leak, of these counts."""
        counted = self.counts()
        return {name: counted[name] for name in
                ("files", "framebuffers", "dumb_buffers", "memories", "blobs", "maps")}

    def wait_more(self, name: str, more: int = 1) -> None:
        """Until something was counted as many times more."""
        self.tell(f"wait {name} {self.counts()[name] + more}")

    def screen(self, crtc: int = 0) -> Picture | None:
        """What is to be seen on a CRTC, as screenshots are: without alpha; None if it is dark."""
        size = self.tell(f"screen {crtc} {self.screen_file}")
        if size == "off":
            return None
        width, height = map(int, size.split())
        return np.fromfile(self.screen_file, np.uint32).reshape(height, width) & ~OPAQUE

    def events(self, *kinds: str) -> list[Event]:
        """What happened, all or of these kinds."""
        events = [json.loads(line) for line in self.log.read_text().splitlines()]
        return [event for event in events if not kinds or event["what"] in kinds]

    def commits(self) -> list[Event]:
        """The commits that were no tests and went well."""
        return [event for event in self.events("commit")
                if not event["test"] and event["result"] == 0]


class Rig:
    """A daemon, its card, and a client with a window over the whole display."""

    def __init__(self, daemon: Daemon, card: Card) -> None:
        self.daemon = daemon
        self.card = card
        self.client = daemon.client()
        self.color = 0

    def window(self, id: int = 1, size: tuple[int, int] | None = None, **values: Any) -> None:
        """A window, by default of the display's size."""
        if size is None:
            output = next(iter(self.client.outputs.values()))
            size = (output.width, output.height)
        self.client.window(id, *size, **values)

    def outputs_changed(self) -> None:
        """Another display was plugged in."""
        output = self.client.expect(kb.EvtOutput)
        self.client.outputs = {output.object: output}

    def show(self, *commands: bytes, id: int = 1, clear: bool = False) -> kb.EvtPresented:
        """A frame, until it is seen."""
        serial = self.client.frame(id, *commands, clear=clear)
        return self.client.expect(kb.EvtPresented, serial=serial)

    def log(self, pattern: str) -> list[str]:
        """Lines of the daemon's log."""
        return [line for line in self.daemon.text().splitlines() if re.search(pattern, line)]

    def picture_is_right(self) -> None:
        """What the player sees is what the daemon says that it shows."""
        screen = self.card.screen()
        assert screen is not None, "the display is dark"
        wanted = self.client.see_output(next(iter(self.client.outputs)))
        assert screen.shape == wanted.shape
        wrong = np.argwhere(screen != wanted)
        assert not len(wrong), f"{len(wrong)} pixels differ, the first at {wrong[0][::-1]}"


StartRig = Callable[..., Rig]

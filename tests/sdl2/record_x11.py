#!/usr/bin/python3
"""Records what SDL gives on a real display: witness.py under SDL's own X11 driver, in Xvfb, with events made by XTEST.

    tests/sdl2/record_x11.py [SCENE...]

writes real_display.json, which test_input.py compares with. It needs Debian's xvfb (with setxkbmap), and libxtst6.
"""
from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

import scenes

HERE = Path(__file__).resolve().parent
BUTTONS = {scenes.LEFT: 1, scenes.MIDDLE: 2, scenes.RIGHT: 3, scenes.SIDE: 8, scenes.EXTRA: 9}


class Server:
    """Xvfb, and a hand for its keyboard and mouse."""

    def __init__(self) -> None:
        read, write = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-nolisten", "tcp"],
                                        pass_fds=[write], stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as said:
            self.name = f":{said.readline().strip()}"
        self.x11 = ctypes.CDLL("libX11.so.6")
        self.xtst = ctypes.CDLL("libXtst.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.display = ctypes.c_void_p(self.x11.XOpenDisplay(self.name.encode()))
        self.x11.XDefaultRootWindow.restype = ctypes.c_ulong

    def sync(self) -> None:
        self.x11.XSync(self.display, 0)

    def focus(self) -> None:
        """Gives the one window on the display the keys: there is no window manager."""
        root = ctypes.c_ulong(self.x11.XDefaultRootWindow(self.display))
        parent, children, count = ctypes.c_ulong(), ctypes.POINTER(ctypes.c_ulong)(), ctypes.c_uint()
        self.x11.XQueryTree(self.display, root, ctypes.byref(ctypes.c_ulong()), ctypes.byref(parent), ctypes.byref(children),
                            ctypes.byref(count))
        window = ctypes.c_ulong(children[count.value - 1])
        self.x11.XMoveWindow(self.display, window, 0, 0)
        self.x11.XSetInputFocus(self.display, window, 1, ctypes.c_ulong(0))
        self.sync()

    def act(self, action: tuple[str, int, int]) -> None:
        kind, one, two = action
        now = ctypes.c_ulong(0)
        if kind == "key":
            self.xtst.XTestFakeKeyEvent(self.display, one + 8, two, now)
        elif kind == "move":
            self.xtst.XTestFakeMotionEvent(self.display, 0, one, two, now)
        elif kind == "by":
            self.xtst.XTestFakeRelativeMotionEvent(self.display, one, two, now)
        elif kind == "button":
            self.xtst.XTestFakeButtonEvent(self.display, BUTTONS[one], two, now)
        elif kind == "wheel":
            button = (5 if two > 0 else 4) if two else (7 if one > 0 else 6)
            for down in (1, 0):
                self.xtst.XTestFakeButtonEvent(self.display, button, down, now)
        self.sync()


def step(out: IO[str]) -> list[dict[str, Any]]:
    """What the witness says up to the end of a step."""
    said = []
    while not said or "held" not in said[-1]:
        line = out.readline()
        if not line:
            raise SystemExit("the witness ended")
        said.append(json.loads(line))
    return said


def record(scene: str) -> list[Any]:
    layout, steps = scenes.SCENES[scene]
    server = Server()
    try:
        name, _, variant = layout.partition("(")
        subprocess.run(["setxkbmap", "-display", server.name, name, *(["-variant", variant.rstrip(")")] if variant else [])],
                       check=True)
        env = {**os.environ, "DISPLAY": server.name, "SDL_VIDEODRIVER": "x11", "SDL_AUDIODRIVER": "dummy", "LC_ALL": "C.UTF-8",
               "XMODIFIERS": "@im=none", "SDL_IM_MODULE": "", "SDL_MOUSE_FOCUS_CLICKTHROUGH": "1", "WITNESS_CURSOR": "hidden" if scene in scenes.HIDDEN else "shown"}
        witness = subprocess.Popen(["/usr/bin/python3", "-B", HERE / "witness.py"], env=env, stdout=subprocess.PIPE, text=True)
        assert witness.stdout
        while "ready" not in (line := witness.stdout.readline()):
            print(line, end="", file=sys.stderr)
        server.focus()
        server.act(("move", 50, 60))
        told = []
        for actions in [[], *steps]:
            for action in [*actions, *scenes.tap(scenes.F12)]:
                server.act(action)
            told.append(step(witness.stdout))
        for action in scenes.press(scenes.F8):
            server.act(action)
        witness.wait(10)
        return told[1:]
    finally:
        server.process.terminate()
        server.process.wait()


def main(names: list[str]) -> int:
    path = HERE / "real_display.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    for name in names or scenes.SCENES:
        print(name, flush=True)
        known[name] = record(name)
    lines = [f" {json.dumps(name)}: [\n" + ",\n".join(f"  {json.dumps(step)}" for step in steps) + "\n ]"
             for name, steps in known.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

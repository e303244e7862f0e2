"""Runs the frames of frames.c on the Pis of the stub, once each, and hands out what Mesa's drivers did."""
from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "videocore"
TOOLS = ROOT / "build" / "arm64" / "videocore"
NO_RENDERER = 3
# Against a test that hangs; none is judged by its speed.
HANG_SECONDS = 600


@dataclass(frozen=True)
class Pi:
    """A machine of the stub, with one of Mesa's releases."""

    machine: str  # as the stub calls it
    mesa: str     # as sysroot.py calls it
    card: str     # the display's
    gpu: str      # "vc4" or "v3d"

    def __str__(self) -> str:
        return f"{self.machine}-{self.mesa}"


PIS = (Pi("pi3", "release", "/dev/dri/card0", "vc4"),
       Pi("pi3", "backports", "/dev/dri/card0", "vc4"),
       Pi("pi4", "release", "/dev/dri/card1", "v3d"),
       Pi("pi4", "backports", "/dev/dri/card1", "v3d"),
       Pi("pi5", "backports", "/dev/dri/card1", "v3d"))


@dataclass
class Frame:
    """What was done for one frame."""

    tiles: int                                                  # that were to be drawn anew
    jobs: list[dict[str, Any]] = field(default_factory=list)
    shaders: list[dict[str, int]] = field(default_factory=list)  # of fragments, that were compiled for it

    def sum(self, what: str) -> int:
        """Of all jobs of the frame."""
        return sum(job[what] for job in self.jobs)


@dataclass
class Run:
    """What a run of frames.c left."""

    status: int
    said: str
    errors: str
    frames: dict[str, Frame]
    facts: list[dict[str, Any]]

    def frame(self, name: str) -> Frame:
        """One by its name; the test fails where it was not drawn."""
        assert self.status == 0, self.said + self.errors
        assert name in self.frames, f"{name} was not drawn: {self.said}{self.errors}"
        return self.frames[name]


def need(mesa: str) -> Path:
    """The folder of one of Mesa's releases, or a skip that says why there is none."""
    for skip in (ROOT / "build" / "arm" / "skip", BUILD / f"skip-{mesa}"):
        if skip.exists():
            pytest.skip(skip.read_text().strip())
    return BUILD / "cache" / mesa


def read_frames(facts: list[dict[str, Any]]) -> dict[str, Frame]:
    """Facts, by the frame that they belong to."""
    frames: dict[str, Frame] = {}
    now: Frame | None = None
    for fact in facts:
        if "frame" in fact:
            now = Frame(fact["tiles"]) if fact["frame"] else None
            if now is not None:
                frames[fact["frame"]] = now
        elif now is not None and "job" in fact:
            now.jobs.append(fact)
    return frames


# "SHADER-DB-GLSL40 - MESA_SHADER_FRAGMENT shader: 11 inst, 4 threads, 0 loops, 2 uniforms, ...": only v3d says it.
SHADER = re.compile(r"SHADER-DB\S* - MESA_SHADER_FRAGMENT shader: (.*)")


def read_shaders(errors: str, frames: dict[str, Frame]) -> None:
    """What the compiler said about programs for fragments, to the frame that was drawn at that time."""
    now: Frame | None = None
    for line in errors.splitlines():
        shader = SHADER.search(line)
        if line.startswith("frame "):
            now = frames.get(line.removeprefix("frame "))
        elif shader and now is not None:
            now.shaders.append({name: int(number)
                                for number, name in re.findall(r"(\d+) ([a-z-]+)", shader.group(1))})


@lru_cache(maxsize=None)
def run(pi: Pi, *frames: str, faults: str = "", **environment: str) -> Run:
    """Draws frames (all, if none is named) on a machine, and reads the facts."""
    root = need(pi.mesa)
    BUILD.mkdir(parents=True, exist_ok=True)
    log = BUILD / f"{pi}.log"
    log.unlink(missing_ok=True)
    settings = {"LD_PRELOAD": str(TOOLS / "stub.so"), "VIDEOCORE_MACHINE": pi.machine,
                "VIDEOCORE_LOG": str(log), "VIDEOCORE_FAULTS": faults,
                "MESA_SHADER_CACHE_DISABLE": "true", "LIBGL_DRIVERS_PATH": "",
                "V3D_DEBUG": "shaderdb", "VC4_DEBUG": "shaderdb", **environment}
    command = ["qemu-aarch64", "-L", str(root)]
    for name, value in settings.items():
        command += ["-E", f"{name}={value}"] if value else ["-U", name]
    command += [str(TOOLS / "frames"), pi.card, "vc4", *frames]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
                          env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    lines = log.read_text().splitlines() if log.exists() else []
    facts = [json.loads(line) for line in lines]
    drawn = read_frames(facts)
    read_shaders(done.stderr, drawn)
    return Run(done.returncode, done.stdout, done.stderr, drawn, facts)

"""The GLES renderer on a real display: Mesa's software driver draws into buffers of GBM, which the display card scans out."""
from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from consoles import PLAYER as USER
from consoles import switch
from machine import Machine, Picture, Program
from programs import BUILD, Daemon
from test_kms import PLAYER, used
from test_session import paused, seatd
from witnesses import card, framebuffers

__all__ = ["seatd"]

GLES = ("--backend", "kms", "--renderer", "gles")
ODD_EGL = str(BUILD / "release" / "odd_egl.so")

Start = Callable[..., Daemon]
Known = Callable[..., Picture]


def worst(shown: Picture, wanted: Picture) -> int:
    """The largest difference of a colour's level; 256 where the sizes differ."""
    if shown.shape != wanted.shape:
        return 256
    return int(np.abs(shown.astype(int) - wanted).max())


def wait_close(machine: Machine, wanted: Picture, head: int = 0) -> None:
    """Until the display shows this picture, within one level."""
    machine.wait_until(lambda: worst(machine.screenshot(head=head), wanted) <= 1,
                       "the display shows the picture", 60)


def test_demo(virtio: Machine, start: Start, meteors_picture: Known) -> None:
    """The demo's last frame is the CPU renderer's, within one level, on the display and in a screenshot."""
    daemon = start(virtio, *GLES)
    said = daemon.tool("doctor").output
    assert re.search(r"renderer: gles \(asked for: gles\): llvmpipe .*\(virtio_gpu\), drawing into the display's", said)
    assert re.search(r"output Virtual-1: .*the GPU draws into buffers of GBM", said)
    daemon.meteors(30)
    wanted = meteors_picture(30)
    wait_close(virtio, wanted)
    assert worst(daemon.screenshot(), wanted) <= 1
    assert re.search(r"renderer +2\n", daemon.tool("stats").output)
    # A witness that never says no is none.
    assert worst(virtio.screenshot(), np.roll(wanted, 1, axis=0)) > 1
    daemon.stop()


def test_auto(virtio: Machine, start: Start) -> None:
    """A software driver is not taken by itself, and it is said why."""
    daemon = start(virtio, "--backend", "kms")
    assert re.search(r"render: the renderer is cpu: .*there is only a software driver", daemon.log)
    assert re.search(r"renderer +0\n", daemon.tool("stats").output)
    daemon.stop()


def test_hot_plug(virtio: Machine, start: Start) -> None:
    """A second display comes and goes under a game: it gets its picture, nothing leaks, and the game plays on."""
    daemon = start(virtio, *GLES)
    where = card(virtio, "virtio_gpu")
    game = daemon.game(PLAYER, "play")
    game.wait_output(r"outputs Virtual-1:1280x720$")
    first = None
    for number in range(4):
        before = len(game.output)
        width = 800 + 8 * (number % 3)
        virtio.plug(1, width, 600)
        virtio.wait_event(lambda: f"Virtual-2:{width}x600" in game.output[before:], 60)
        virtio.wait_until(lambda: daemon.tool("screenshot", "--output", "Virtual-2", "/tmp/shown.png",
                                              check=False).status == 0, "it shows something")
        shown = daemon.screenshot("--output", "Virtual-2")
        assert shown.shape == (600, width, 3)
        wait_close(virtio, shown, 1)
        before = len(game.output)
        virtio.unplug(1)
        virtio.wait_event(lambda: re.search(r"outputs Virtual-1:1280x720\n$", game.output[before:])
                          is not None, 60)
        assert game.output.endswith("outputs Virtual-1:1280x720\n"), game.output + daemon.log
        if first is None:
            first = used(virtio, daemon, where)
    assert used(virtio, daemon, where) == first
    game.write("\n")
    assert game.wait().status == 0
    daemon.stop()
    assert "kmsblitd" not in framebuffers(virtio, where).values()


def test_vt_switch(virtio: Machine, seatd: Program,  # pylint: disable=redefined-outer-name
                   start: Start, meteors_picture: Known) -> None:
    """While it is away the console is on the display; back, the game's last picture."""
    del seatd
    daemon = start(virtio, "--session", "seat", "--renderer", "gles", **USER)
    assert "the renderer is gles" in daemon.log
    game = daemon.meteors(30)
    wanted = meteors_picture(30)
    wait_close(virtio, wanted)
    switch(virtio, 2)
    virtio.wait_until(lambda: paused(daemon) == 1, "the daemon has heard of the pause")
    virtio.wait_until(lambda: worst(virtio.screenshot(), wanted) > 1, "the text is shown")
    switch(virtio, 1)
    wait_close(virtio, wanted)
    game.kill()
    daemon.stop()


def test_lost(virtio: Machine, start: Start, meteors_picture: Known) -> None:
    """The GPU is lost while the demo plays: the processor draws the rest, into other buffers."""
    odd = {"LD_PRELOAD": ODD_EGL, "ODD_EGL_RESETS": "10", "ODD_EGL_NO_CONTEXT": "1",
           "ODD_EGL_ADD": "EGL_EXT_create_context_robustness GL_EXT_robustness"}
    daemon = start(virtio, *GLES, env=odd)
    assert "the renderer is gles" in daemon.log
    daemon.meteors(30)
    wanted = meteors_picture(30)
    wait_close(virtio, wanted)
    assert worst(daemon.screenshot(), wanted) == 0
    assert re.search(r"the renderer is cpu: the GPU was lost", daemon.log)
    assert re.search(r"gpu_losses +1\n", daemon.tool("stats").output)
    daemon.stop()

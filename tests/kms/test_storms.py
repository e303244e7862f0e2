"""Displays that come and go while everything is being drawn: for the sanitizers to watch."""
from __future__ import annotations

import random

import numpy as np
import pytest
from cards import Rig, StartRig
from harness import fill, kb

CARD = ("card card0", "crtcs 2", "plane primary zpos=0", "plane primary zpos=0",
        "plane overlay zpos=1..4 scale=0.1-100 filter",
        "plane overlay zpos=1..4 scale=0.1-100 filter",
        "connector HDMI-A-1 640x480@60*", "connector HDMI-A-2 800x600@75*")
LINES = ("unplug HDMI-A-1", "unplug HDMI-A-2", "plug HDMI-A-1 640x480@60*",
         "plug HDMI-A-1 320x200@60*", "plug HDMI-A-2 800x600@75*", "master Xorg", "master none",
         "flip held", "flip twice", "release", "fail commit 1 1 EINVAL", "fail commit 2 1 EBUSY",
         "fail drmModeCreateDumbBuffer 2 1 ENOMEM", "link bad HDMI-A-1", "fail test 1 2 EINVAL")
REST = ("no-rules", "release", "master none", "unplug HDMI-A-1", "unplug HDMI-A-2", "hotplug",
        "plug HDMI-A-1 640x480@60*", "plug HDMI-A-2 800x600@75*", "hotplug")


def answers(game: Rig, *serials: int) -> list[kb.Message]:
    """The frames were shown, or they were not."""
    waiting, found = set(serials), []
    while waiting:
        event = game.client.receive()
        if isinstance(event, (kb.EvtPresented, kb.EvtDiscarded)) and event.serial in waiting:
            waiting.remove(event.serial)
            found.append(event)
    return found


def outputs(game: Rig) -> dict[str, int]:
    """Those that a new client finds."""
    return {output.name: output.object for output in game.daemon.client().outputs.values()}


@pytest.mark.parametrize("seed", range(8))
def test_a_storm(rig: StartRig, seed: int) -> None:
    """Any of it in any order, in mid-frame; afterwards both displays show what they should."""
    choose = random.Random(seed)
    lines = [line for line in LINES if seed % 2 or not line.startswith("master")]
    game = rig(*CARD)
    ids = outputs(game)
    game.window(1, (640, 480), output=ids["HDMI-A-1"])
    game.window(2, (400, 300), output=ids["HDMI-A-2"], scale=kb.Scale.STRETCH)
    was_ours = True
    for n in range(40):
        serials = [game.client.frame(id, fill(0xFF000000 | choose.randrange(1 << 24),
                                              (n, n, 300, 200))) for id in (1, 2)]
        line = choose.choice(lines)
        was_ours = was_ours and line != "master Xorg"
        game.card.tell(line)
        if choose.random() < 0.7:
            game.card.tell("hotplug")
        answers(game, *serials)
    for line in REST:
        game.card.tell(line)
    while not {"HDMI-A-1", "HDMI-A-2"} <= set(ids := outputs(game)):
        pass
    for id in (1, 2):
        while not isinstance(answers(game, game.client.frame(
                id, fill(0xFF00FF00, (0, 0, 9, 9))))[0], kb.EvtPresented):
            pass
    where = game.card.commits()[-1]["connectors"]
    for name in ("HDMI-A-1", "HDMI-A-2"):
        screen = game.card.screen(where[name] - 40)
        assert screen is not None and screen[3, 3] == 0x00FF00
        assert np.array_equal(screen, game.client.see_output(ids[name])), name
    if was_ours:  # else what is plugged out meanwhile cannot be switched off first
        assert game.card.counts()["removed_while_shown"] == 0
    assert game.card.alive()["files"] == 1

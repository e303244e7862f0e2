"""Where pointers and fingers are in a window: scaled, cropped, turned, on several outputs; and clients that do not read."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import Client, Daemon, kb
from players import (A, ABS, B, KEY, LEFT, PAD, REL, SYN, Player, absolute, events, finger,
                     inject, key, point, tap)

Start = Callable[..., Daemon]
WHEEL, HWHEEL, WHEEL_FINE = 8, 6, 11


def at(client: Client, x: int, y: int) -> tuple[int, int]:
    """The only place that a touch and the pointer are told of when they are at a pixel of the output."""
    point(client, x, y)
    return x, y


# ---- Positions ------------------------------------------------------------------------------

@pytest.mark.parametrize("scale, size, place, pixel, where", [
    (kb.Scale.STRETCH, (32, 24), (0, 0, 320, 240), (100, 50), (10, 5)),
    (kb.Scale.STRETCH, (640, 480), (0, 0, 320, 240), (100, 50), (200, 100)),
    (kb.Scale.NONE, (100, 100), (110, 70, 100, 100), (110, 70), (0, 0)),
    (kb.Scale.NONE, (400, 400), (0, 0, 320, 240), (0, 0), (40, 80)),  # cropped
    (kb.Scale.INTEGER, (100, 100), (0, 0, 320, 240), (60, 20), (0, 0)),
    (kb.Scale.INTEGER, (100, 100), (0, 0, 320, 240), (160, 120), (50, 50)),
    (kb.Scale.FIT, (100, 100), (0, 0, 320, 240), (160, 120), (50, 50)),
    (kb.Scale.FIT, (100, 100), (0, 0, 320, 240), (10, 120), (0, 50)),  # in the bar
])
def test_scaled(daemon: Daemon, client: Client, scale: kb.Scale, size: tuple[int, int],
                place: tuple[int, int, int, int], pixel: tuple[int, int],
                where: tuple[int, int]) -> None:
    """In the window's own pixels, at most at the edges of its picture."""
    player = Player(daemon, size=size, scale=scale, place=place)
    point(client, 300, 230)
    point(client, *pixel)
    finger(client, 0, absolute(client, *pixel), True)
    told = player.told()
    motion = [one for one in told if one[0] == "motion"][-1]
    touch = [one for one in told if one[0] == "touch"][-1]
    for x, y in (motion[1:3], touch[3:5]):
        assert (x, y) == pytest.approx(where, abs=0.05)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("reflect", ["none", "x", "y"])
def test_turned(start: Start, rotate: int, reflect: str) -> None:
    """A touch screen is turned with its output, whatever it shows: the same corner of the glass is
    another one of the picture. The pointer is where people see it."""
    daemon = start("--clock", "virtual", "--output",
                   f"headless:320x240@60,rotate={rotate},reflect={reflect}")
    client = daemon.client()
    size = client.outputs[1]
    player = Player(daemon, size=(size.width, size.height))
    point(client, 30, 40)
    assert player.told()[2][:3] == ("motion", 30.0, 40.0)
    # The glass's own pixels are those of the mode.
    finger(client, 0, (10 * 65536 // 320 + 1, 20 * 65536 // 240 + 1), True)
    x, y = player.told()[0][3:5]
    across, down = (10.0, 20.0)
    if rotate == 90:  # the picture is turned counter-clockwise: its left edge is the glass's bottom
        across, down = 240 - 20.0, 10.0
    elif rotate == 180:
        across, down = 320 - 10.0, 240 - 20.0
    elif rotate == 270:
        across, down = 20.0, 320 - 10.0
    if reflect == "x":
        across = size.width - across
    elif reflect == "y":
        down = size.height - down
    assert (x, y) == pytest.approx((across, down), abs=0.1)


def test_two_outputs(start: Start) -> None:
    """Each window is told in its own pixels, on its own output."""
    daemon = start("--clock", "virtual", "--output", "headless:320x240@60",
                   "--output", "headless:200x400@60,rotate=90")
    client = daemon.client()
    player = Player(daemon, size=(40, 20), output=2)
    Player(daemon, "first", output=1, z=-1)
    point(client, 310, 100)
    events(client, (REL, 0, 20))
    told = player.told()
    assert told[:2] == [("focus", True), ("over", True)]
    assert told[2] == pytest.approx(("motion", 10 * 40 / 400, 100 * 20 / 200, 20, 0), abs=0.01)
    events(client, (REL, 0, -20))
    assert player.told() == [("over", False)]


def test_the_pointer_comes_and_goes(daemon: Daemon, client: Client) -> None:
    """Nothing is told of motions beside the window, and of none before it is over it."""
    player = Player(daemon, place=(100, 100, 64, 48))
    point(client, 10, 10)
    events(client, (REL, WHEEL, 1))
    key(client, LEFT, True)
    key(client, LEFT, False)
    assert player.told() == [("focus", True)]
    point(client, 110, 120)
    point(client, 111, 120)
    point(client, 10, 10)
    assert player.told() == [("over", True), ("motion", 10, 20, 0, 0), ("motion", 11, 20, 0, 0),
                             ("over", False)]
    player.client.set(player.id, place=(0, 0, 64, 48))  # under it
    player.client.refresh(2)
    over, = player.input()
    assert (over.inside, over.x >> 16, over.y >> 16) == (1, 10, 10)


def test_wheels(daemon: Daemon, client: Client) -> None:
    """Notches are 120, finer ones say it all; towards the user and right are positive."""
    player = Player(daemon)
    point(client, 10, 10)
    player.told()
    events(client, (REL, WHEEL, 1), (REL, HWHEEL, 2))
    assert player.told() == [("wheel", 240, -120)]
    events(client, (REL, WHEEL, -1), (REL, WHEEL_FINE, -30))
    assert player.told() == [("wheel", 0, 30)]


# ---- Lock and grab ----------------------------------------------------------------------------

def test_lock(daemon: Daemon, client: Client) -> None:
    """The pointer stays, and motion is relative; buttons are the window's wherever it is."""
    player = Player(daemon, place=(0, 0, 100, 100), size=(100, 100))
    beside = Player(daemon, "beside", place=(100, 0, 220, 240), z=-1)
    point(client, 200, 200)
    player.told()

    def flags(value: int) -> None:
        player.client.request(kb.encode_window_input, object=player.id, flags=value)
        player.client.sync()

    flags(kb.WindowInputFlag.LOCK_POINTER | kb.WindowInputFlag.GRAB_KEYBOARD)
    assert player.told() == [("over", True)]
    events(client, (REL, 0, -500), (REL, 1, 7))
    key(client, LEFT, True)
    key(client, LEFT, False)
    edge = 100 - 2**-16
    assert player.told() == [("motion", edge, edge, -500, 7), ("button", LEFT, True),
                             ("button", LEFT, False)]
    flags(0)
    assert player.told() == [("over", False)]
    events(client, (REL, 0, 1))
    key(client, LEFT, True)
    assert [one[:2] for one in beside.told()] == [("focus", True), ("over", True), ("button", LEFT)]
    flags(kb.WindowInputFlag.LOCK_POINTER)  # it does not have the focus
    events(client, (REL, 0, 1))
    assert [one[0] for one in beside.told()] == ["motion"]
    assert player.told() == [("focus", False)]


# ---- Touch and gamepads -----------------------------------------------------------------------

def test_a_finger_belongs_to_its_window(daemon: Daemon, client: Client) -> None:
    """For all its life, wherever it goes."""
    player = Player(daemon, place=(0, 0, 160, 240), size=(160, 240))
    finger(client, 0, absolute(client, 10, 20), True)
    finger(client, 5, absolute(client, 30, 40), True)
    finger(client, 0, absolute(client, 300, 20))
    finger(client, 0, None)
    finger(client, 5, absolute(client, 31, 40))
    finger(client, 9, absolute(client, 300, 20), True)  # on nothing
    finger(client, 9, absolute(client, 20, 20))
    finger(client, 9, None)
    told = player.told()[1:]
    edge = 160 - 2**-16
    wanted: list[tuple[Any, ...]] = [
        ("touch", 0, "down", 10, 20), ("touch", 5, "down", 30, 40), ("touch", 0, "motion", edge, 20),
        ("touch", 0, "up", edge, 20), ("touch", 5, "motion", 31, 40)]
    assert [one[:3] for one in told] == [one[:3] for one in wanted]
    for one, other in zip(told, wanted):
        assert one[3:] == pytest.approx(other[3:], abs=0.05)


def test_a_gamepad(daemon: Daemon, client: Client) -> None:
    """By the kernel's codes, told by SDL's layout; the hat is four buttons."""
    player = Player(daemon)
    events(client, (KEY, 0x130, 1), (KEY, 0x13B, 1), (ABS, 0, -32768), (ABS, 4, 5), (ABS, 16, -1),
           device=PAD)
    events(client, (ABS, 16, 1), (ABS, 17, 1), (ABS, 0, -32768), device=PAD)
    events(client, (ABS, 16, 0), (ABS, 0, 0), device=PAD)
    assert player.told()[1:] == [
        ("axis", 0, -32768), ("axis", 3, 5), ("pad", 0, True), ("pad", 6, True), ("pad", 13, True),
        ("pad", 13, False), ("pad", 14, True), ("pad", 12, True), ("axis", 0, 0), ("pad", 14, False)]
    pad = player.client.take(kb.EvtDevice)[0].object
    for device, code in [(pad, kb.ErrorCode.NOT_POSSIBLE), (pad + 7, kb.ErrorCode.BAD_OBJECT)]:
        player.client.refused(code, player.client.request(
            kb.encode_gamepad_rumble, object=device, strong=1, weak=2, duration_ms=3))
    client.refused(kb.ErrorCode.NOT_POSSIBLE, client.request(
        kb.encode_gamepad_rumble, object=pad, strong=1, weak=2, duration_ms=3))


# ---- Merged, and lost -------------------------------------------------------------------------

def test_motion_is_merged(daemon: Daemon, client: Client) -> None:
    """What comes together is one event; what stands between keys is not."""
    player = Player(daemon)
    point(client, 10, 10)
    player.told()
    message = b"".join(kb.encode_input_inject(serial=0, device=0, type=type, code=code,
                                              value=value)[0]
                       for type, code, value in [(REL, 0, 1), (SYN, 0, 0)] * 500)
    client.send(message)
    client.sync()
    told = player.told()
    assert sum(one[3] for one in told) == 500
    assert 1 <= len(told) <= 100
    for type, code, value in [(REL, 0, 1), (SYN, 0, 0), (KEY, A, 1), (SYN, 0, 0), (REL, 0, 2),
                              (SYN, 0, 0)]:
        inject(client, type, code, value)
    client.sync()
    assert [one[0] for one in player.told()] == ["motion", "key", "motion"]


def test_a_client_that_does_not_read(daemon: Daemon, client: Client) -> None:
    """It loses motion and, late, presses with their releases; it is told, and then how things are. What
    was down is up, and nobody else waits."""
    player = Player(daemon)
    point(client, 160, 120)
    key(client, LEFT, True)
    finger(client, 1, (20000, 20000), True)
    events(client, (ABS, 0, 30000), device=PAD)
    player.input()
    for number in range(40000):
        inject(client, REL, number % 2, 1 if number % 4 < 2 else -1)
        inject(client, SYN, 0, 0)
        if number % 2 == 0:
            code = 2 + number // 2 % 40
            inject(client, KEY, code, 1)
            inject(client, SYN, 0, 0)
            inject(client, KEY, code, 0)
            inject(client, SYN, 0, 0)
        if number % 1000 == 0:
            client.sync()
    client.sync()
    counters = client.server()
    assert counters["events_dropped"] > 10000
    assert counters["clients"] == 2  # it was not cut off
    key(client, LEFT, False)
    finger(client, 1, (30000, 30000))
    finger(client, 1, None)
    events(client, (ABS, 0, 0), device=PAD)
    key(client, A, True)
    told = player.told()
    player.client.refresh(2)
    told += player.told()
    down: set[tuple[Any, ...]] = {("button", LEFT), ("touch", 1)}
    for one in told:
        if one[0] in ("key", "button", "pad"):
            name = one[:2]
            assert one[2] == (name not in down), one
            (down.add if one[2] else down.discard)(name)
        elif one[0] == "touch" and one[2] == "up":
            down.discard(("touch", 1))
    assert not {name for name in down if name[0] != "key"}
    assert down <= {("key", A)}
    lost = [one[1] for one in told if one[0] == "lost"]
    assert lost and lost[-1] > 10000
    axes = [one for one in told if one[0] == "axis"]
    assert axes[-1] == ("axis", 0, 0)
    assert told[-1][0] != "lost"
    key(client, A, False)
    tap(client, B)
    rest = [one for one in player.told() if one[0] == "key"]
    assert rest[-2:] == [("key", B, True), ("key", B, False)]
    assert (("key", A) in down) == (("key", A, False) in rest)

"""The pointer and its cursor: where it can go, when and how it is shown, and what that costs."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from harness import Client, Daemon, Picture, fill, ident, kb, solid

Start = Callable[..., Daemon]
Where = npt.NDArray[np.intp]

SYN, KEY, REL, ABS = 0, 1, 2, 3
X, Y = 0, 1
GREY = 0xFF505050
RED, BLUE = 0xFFFF0000, 0xFF0000FF
WINDOW, OTHER, IMAGE = ident(1), ident(2), ident(3)
ONE = ("--clock", "virtual", "--output", "headless:320x240@60")
NOTHING = (kb.ErrorCode.NOT_IMPLEMENTED, kb.ErrorCode.BAD_VALUE)


def inject(client: Client, type: int, code: int, value: int, device: int = 0) -> int:
    """One input event."""
    return client.request(kb.encode_input_inject, type=type, code=code, value=value, device=device)


def move(client: Client, dx: int = 0, dy: int = 0) -> None:
    """A mouse is moved; it can be seen afterwards."""
    inject(client, REL, X, dx)
    inject(client, REL, Y, dy)
    inject(client, SYN, 0, 0)
    client.refresh(2)


def point(client: Client, x: int, y: int, output: int = 1) -> None:
    """A tablet points at a pixel of the primary output."""
    size = client.outputs[output]
    inject(client, ABS, X, -(-x * 65536 // size.width))
    inject(client, ABS, Y, -(-y * 65536 // size.height))
    inject(client, SYN, 0, 0)
    client.refresh(2)


def cursor(client: Client, window: int, image: int, hot_x: int = 0, hot_y: int = 0) -> int:
    """Another image over this window."""
    return client.request(kb.encode_window_cursor, object=window, image=image, hot_x=hot_x,
                          hot_y=hot_y)


def dot(client: Client, *windows: int, color: int = RED, id: int = IMAGE) -> None:
    """A cursor of a single pixel over these windows: where it is is seen exactly."""
    client.image(id, solid(1, 1, color))
    for window in windows:
        cursor(client, window, id)


def background(client: Client, output: int = 0, id: int = WINDOW) -> None:
    """A grey window all over an output."""
    client.window(id, 8, 8, base=GREY, scale=kb.Scale.STRETCH, output=output)
    client.show(id, fill(GREY, (0, 0, 8, 8)))
    client.refresh()


def where(client: Client, output: int = 1, color: int = RED) -> tuple[int, int] | None:
    """The only pixel of this colour, if there is one, x first."""
    found = np.argwhere(client.see_output(output) == color & 0xFFFFFF)
    assert len(found) <= 1
    return (int(found[0][1]), int(found[0][0])) if len(found) else None


def drawn(client: Client, output: int = 1) -> Where:
    """Pixels that are not the background."""
    return np.argwhere(client.see_output(output) != GREY & 0xFFFFFF)


# ---- When it is shown -----------------------------------------------------------------------

def test_it_is_shown_when_it_is_moved(start: Start) -> None:
    """Not before, and no event without a motion does."""
    client = start(*ONE).client()
    background(client)
    assert len(drawn(client)) == 0
    move(client, 0, 0)
    inject(client, REL, X, 5)  # not ended by a SYN
    client.refresh(2)
    assert len(drawn(client)) == 0
    inject(client, SYN, 0, 0)
    client.refresh(2)
    pixels = drawn(client)
    assert pixels.min(0).tolist() == [120, 165]  # in the middle, 5 to the right
    assert (pixels.max(0) < [144, 189]).all()
    assert len(pixels) > 100


def test_the_arrow(start: Start) -> None:
    """White within, black around, see-through elsewhere; it leaves nothing behind."""
    client = start(*ONE).client()
    background(client)
    before = client.see_output()
    point(client, 100, 50)
    picture = client.see_output()
    assert {0, 0xFFFFFF} < set(np.unique(picture))
    assert picture[53, 102] == 0xFFFFFF
    assert picture[50, 122] == picture[72, 100] == picture[49, 100] == GREY & 0xFFFFFF
    point(client, 200, 150)
    moved = client.see_output()
    assert (moved[150:174, 200:224] == picture[50:74, 100:124]).all()
    assert (moved[50:74, 100:124] == before[50:74, 100:124]).all()


def test_the_arrow_of_a_large_display(start: Start) -> None:
    """Twice the size."""
    client = start("--clock", "virtual", "--output", "headless:3840x2160@60").client()
    background(client)
    point(client, 100, 50)
    pixels = drawn(client)
    assert pixels.min(0).tolist() == [50, 100]
    assert pixels.max(0)[0] - 50 in range(36, 48)


def test_hidden_for_good(start: Start, tmp_path: Path) -> None:
    """By configuration."""
    config = tmp_path / "conf"
    config.write_text("[display]\ncursor = off\n")
    client = start("--config", str(config), *ONE).client()
    background(client)
    move(client, 7, 7)
    assert len(drawn(client)) == 0


def test_hidden_over_a_window(start: Start) -> None:
    """Only there."""
    client = start(*ONE).client()
    background(client)
    client.window(OTHER, 8, 8, z=1, place=(0, 0, 100, 100), base=GREY)
    client.show(OTHER, fill(GREY, (0, 0, 8, 8)))
    client.request(kb.encode_window_input, object=OTHER, flags=kb.WindowInputFlag.HIDE_CURSOR)
    point(client, 50, 50)
    assert len(drawn(client)) == 0
    point(client, 150, 50)
    assert len(drawn(client)) > 100
    client.request(kb.encode_window_input, object=OTHER, flags=0)
    point(client, 50, 50)
    assert len(drawn(client)) > 100


def test_a_motion_turns_the_display_on(start: Start, tmp_path: Path) -> None:
    """One that was turned off as nothing changed for long."""
    config = tmp_path / "conf"
    config.write_text("[display]\noff_after = 5\n")
    client = start("--config", str(config), *ONE).client()
    background(client)
    client.step(10_000_000_000)
    client.refused(kb.ErrorCode.NO_OUTPUT, client.request(
        kb.encode_screenshot, object=0, target=kb.ScreenshotTarget.OUTPUT))
    move(client, 1, 1)
    assert len(drawn(client)) > 100


# ---- Where it is ----------------------------------------------------------------------------

def test_edges(start: Start) -> None:
    """It stays on the output."""
    client = start(*ONE).client()
    background(client)
    dot(client, WINDOW)
    for dx, dy, x, y in [(9999, 0, 319, 120), (0, 9999, 319, 239), (-9999, 1, 0, 239),
                         (0, -2**31, 0, 0), (3, 4, 3, 4)]:
        move(client, dx, dy)
        assert where(client) == (x, y)


def test_tablets(start: Start) -> None:
    """0 to 65535 is the whole primary output; an axis that was not named stays."""
    client = start(*ONE).client()
    background(client)
    dot(client, WINDOW)
    for code, value, x, y in [(X, 0, 0, 120), (Y, 0, 0, 0), (X, 65535, 319, 0),
                              (Y, 65535, 319, 239), (X, 32768, 160, 239)]:
        inject(client, ABS, code, value)
        inject(client, SYN, 0, 0)
        client.refresh(2)
        assert where(client) == (x, y)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
@pytest.mark.parametrize("reflect", ["none", "x"])
def test_turned_outputs(start: Start, rotate: int, reflect: str) -> None:
    """People see it where it is, and upright."""
    upright = start(*ONE).client()
    background(upright)
    point(upright, 30, 30)
    arrow = upright.see_output()[30:54, 30:54]
    client = start("--clock", "virtual", "--output",
                   f"headless:320x240@60,rotate={rotate},reflect={reflect},overscan=8:4:2:6").client()
    background(client)
    size = client.outputs[1]
    point(client, 30, 40)
    assert (client.see_output()[40:64, 30:54] == arrow).all()
    move(client, size.width, size.height)  # only its tip is on the output
    assert drawn(client).tolist() == [[size.height - 1, size.width - 1]]
    dot(client, WINDOW)
    move(client, -10, -20)
    assert where(client) == (size.width - 11, size.height - 21)


def test_two_outputs(start: Start) -> None:
    """It goes over the edge, stays within what there is, and is in part on both."""
    client = start("--clock", "virtual", "--output", "headless:320x240@60",
                   "--output", "headless:200x400@50,rotate=90").client()
    second = client.outputs[2]
    assert (second.x, second.y, second.width, second.height) == (320, 0, 400, 200)
    background(client, 1)
    background(client, 2, OTHER)
    client.refresh(3)
    point(client, 310, 100)
    assert drawn(client, 1)[:, 1].max() == 319
    assert drawn(client, 2)[:, 1].min() == 0
    dot(client, WINDOW, OTHER)
    move(client, 20, 0)
    client.refresh(2)
    assert (where(client, 1), where(client, 2)) == (None, (10, 100))
    move(client, 0, 999)
    client.refresh(2)
    assert where(client, 2) == (10, 199)
    move(client, -20, 0)
    client.refresh(2)
    assert (where(client, 1), where(client, 2)) == ((310, 199), None)
    move(client, 0, 35)
    move(client, 50, 0)  # nothing is there
    client.refresh(2)
    assert where(client, 1) == (319, 234)


def test_mirrors(start: Start) -> None:
    """They show it where they show what is under it."""
    client = start("--clock", "virtual", "--output", "headless:320x240@60",
                   "--output", "headless:160x120@60,mirror=HEADLESS-1").client()
    background(client)
    dot(client, WINDOW)
    client.refresh(2)
    point(client, 100, 60)
    client.refresh(2)
    assert where(client, 1) == (100, 60)
    assert where(client, 2) == (50, 30)


# ---- Images ---------------------------------------------------------------------------------

def test_an_image_of_ones_own(start: Start) -> None:
    """Over its window, with the pixel that points where the pointer is; blended; taken as it is then."""
    client = start(*ONE).client()
    background(client)
    picture = np.array([[0xFF00FF00, 0x80FF0000, 0x00FFFFFF], [BLUE, BLUE, 0xFF123456]], np.uint32)
    client.image(IMAGE, picture, format=kb.Format.ARGB8888)
    cursor(client, WINDOW, IMAGE, 2, 1)
    client.request(kb.encode_image_destroy, object=IMAGE)
    point(client, 60, 70)
    seen = client.see_output()
    assert seen[70, 60] == 0x123456
    assert (seen[70, 58:60] == 0x0000FF).all()
    assert seen[69, 58:61].tolist() == [0x00FF00, 0xA82828, GREY & 0xFFFFFF]
    assert len(drawn(client)) == 5
    cursor(client, WINDOW, 0)
    client.refresh(2)
    assert len(drawn(client)) > 100


def test_the_topmost_window_decides(start: Start) -> None:
    """Also when windows come, go and move while the pointer rests."""
    client = start(*ONE).client()
    background(client)
    client.window(OTHER, 8, 8, z=1, place=(100, 0, 100, 240), base=GREY)
    client.show(OTHER, fill(GREY, (0, 0, 8, 8)))
    dot(client, WINDOW)
    dot(client, OTHER, color=BLUE, id=ident(9))
    point(client, 99, 20)
    assert where(client, color=RED) == (99, 20)
    point(client, 100, 20)
    assert where(client, color=BLUE) == (100, 20)
    client.set(OTHER, z=-1)
    client.refresh(2)
    assert where(client, color=RED) == (100, 20)
    client.set(OTHER, z=5)
    client.refresh(2)
    assert where(client, color=BLUE) == (100, 20)
    client.request(kb.encode_window_destroy, object=OTHER)
    client.refresh(2)
    assert where(client, color=RED) == (100, 20)


def test_images_that_cannot_be(start: Start) -> None:
    """Too large, without the pixel that points, no images at all."""
    client = start(*ONE).client()
    client.window(WINDOW, 8, 8)
    client.image(IMAGE, solid(257, 1, RED))
    bad = kb.ErrorCode.BAD_VALUE
    client.refused(bad, cursor(client, WINDOW, IMAGE))
    client.image(OTHER, solid(256, 256, RED))
    client.refused(bad, cursor(client, WINDOW, OTHER, 256, 0))
    client.refused(bad, cursor(client, WINDOW, OTHER, 0, -1))
    client.refused(bad, cursor(client, WINDOW, 0, 1, 0))
    client.refused(kb.ErrorCode.BAD_OBJECT, cursor(client, WINDOW, ident(77)))
    client.refused(kb.ErrorCode.WRONG_KIND, cursor(client, WINDOW, WINDOW))
    cursor(client, WINDOW, OTHER, 255, 255)
    client.sync()


def test_input_that_cannot_be(start: Start) -> None:
    """It says so, and does nothing."""
    client = start(*ONE).client()
    background(client)
    for type, code, value, error in [(KEY, 0x300, 1, 0), (KEY, 0, 1, 0), (KEY, 30, 3, 1),
                                     (REL, 3, 1, 0), (ABS, 40, 1, 0), (9, 9, 9, 0),
                                     (SYN, 3, 0, 0), (ABS, X, -1, 1), (ABS, Y, 65536, 1)]:
        client.refused(NOTHING[error], inject(client, type, code, value))
    client.refused(kb.ErrorCode.BAD_OBJECT, client.request(kb.encode_window_input, object=OTHER,
                                                           flags=1))
    inject(client, SYN, 0, 0)
    client.refresh(2)
    assert len(drawn(client)) == 0


# ---- What it costs --------------------------------------------------------------------------

def outputs(client: Client) -> tuple[int, int]:
    """Tiles drawn and commits, so far."""
    counters = client.statistics(kb.StatisticsScope.OUTPUT, 1)
    return counters["tiles_drawn"], counters["commits"]


def test_only_the_tiles_under_it(start: Start) -> None:
    """The old place and the new one; nothing at all when it rests, or for another display."""
    client = start("--clock", "virtual", "--output", "headless:640x480@60", "--buffers", "1",
                   "--output", "headless:64x64@60").client()
    background(client)
    dot(client, WINDOW)
    point(client, 10, 10)
    before = outputs(client), client.statistics(kb.StatisticsScope.OUTPUT, 2)
    point(client, 300, 300)
    after = outputs(client)
    assert (after[0] - before[0][0], after[1] - before[0][1]) == (2, 1)
    client.refresh(100)
    point(client, 300, 300)
    assert outputs(client) == after
    assert client.statistics(kb.StatisticsScope.OUTPUT, 2) == before[1]


def pictures(client: Client, places: list[tuple[int, int]]) -> list[Picture]:
    """What is seen at each of these places."""
    seen = []
    for place in places:
        point(client, *place)
        seen.append(client.see_output())
    return seen


@pytest.mark.parametrize("buffers", ["1", "2", "3"])
def test_buffers_have_the_right_pixels(start: Start, buffers: str) -> None:
    """However many there are."""
    places = [(10, 10), (60, 60), (10, 10), (200, 100), (201, 101), (10, 200)]
    client = start("--buffers", buffers, *ONE).client()
    background(client)
    for place, seen in zip(places, pictures(client, places)):
        fresh = start(*ONE).client()
        background(fresh)
        point(fresh, *place)
        assert (seen == fresh.see_output()).all()

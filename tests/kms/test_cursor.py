"""The cursor on planes: what the display is told when the pointer moves, and what the player then sees."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cards import Event, Rig, StartRig
from harness import fill, kb, noise, solid

SYN, ABS = 0, 3
GREY, RED = 0xFF505050, 0xFFFF0000
IMAGE = 9
CARD = ("card card0", "crtcs 1", "plane primary zpos=0", "connector HDMI-A-1 320x240@60*")
CURSOR = "plane cursor zpos=9 formats=AR24 max=64x64"


def begin(rig: StartRig, *script: str, dot: bool = True, config: str = "", **window: Any) -> Rig:
    """A grey window, whose cursor is a red pixel."""
    game = rig(*script, config=config)
    game.window(**window)
    show_grey(game)
    if dot:
        game.client.image(IMAGE, solid(1, 1, RED))
        game.client.request(kb.encode_window_cursor, object=1, image=IMAGE, hot_x=0, hot_y=0)
    return game


def show_grey(game: Rig) -> None:
    """The window, whatever it was."""
    game.show(fill(GREY, (0, 0, 8192, 8192)))


def point(game: Rig, x: int, y: int) -> None:
    """The pointer goes there, and is seen there."""
    output = game.client.outputs[1]
    for code, value, size in ((0, x, output.width), (1, y, output.height)):
        game.client.request(kb.encode_input_inject, type=ABS, code=code,
                            value=-(-value * 65536 // size), device=0)
    game.client.request(kb.encode_input_inject, type=SYN, code=0, value=0, device=0)
    game.show()  # a frame of nothing: it is answered when the cursor is seen


def where(game: Rig) -> list[list[int]]:
    """The red pixels that the player sees: x, y."""
    screen = game.card.screen()
    assert screen is not None
    found: list[list[int]] = np.argwhere(screen == RED & 0xFFFFFF)[:, ::-1].tolist()
    return found


def cursors(commit: Event) -> list[Event]:
    """Planes of cursors in a commit."""
    return [plane for plane in commit["planes"] if plane["type"] == 2]


def others_that_changed(commit: Event) -> list[Event]:
    """Other planes that a commit names."""
    return [plane for plane in commit["planes"] if plane["type"] != 2 and plane["changed"]]


def tiles(game: Rig) -> int:
    """How many the daemon has drawn."""
    return game.client.statistics(kb.StatisticsScope.OUTPUT, 1)["tiles_drawn"]


def test_a_plane_shows_it(rig: StartRig) -> None:
    """Motion moves the plane, and nothing else: nothing is drawn, no other plane is named."""
    game = begin(rig, *CARD, CURSOR)
    assert all(not cursors(commit) for commit in game.card.commits())
    point(game, 10, 20)
    drawn = tiles(game)
    for x, y in [(11, 20), (0, 0), (319, 239), (150, 100)]:
        point(game, x, y)
        assert where(game) == [[x, y]]
        commit = game.card.commits()[-1]
        assert cursors(commit)[0]["to"][:2] == [x, y]
        assert not others_that_changed(commit)
    assert tiles(game) == drawn
    assert len(game.log("cursor is")) == 1
    show_grey(game)
    game.show(fill(RED ^ 0xFF00, (0, 0, 9, 9)))
    assert where(game) == [[150, 100]]
    assert (game.client.see_output(1) != RED & 0xFFFFFF).all()  # screenshots do not have it
    assert game.card.counts()["written_while_shown"] == 0


@pytest.mark.parametrize("script, config", [
    ((), ""), ((CURSOR, "fail test 2 99 EINVAL"), ""), ((CURSOR,), "[display]\ncursor = software\n"),
    (("plane cursor zpos=9 formats=XR24",), "")])
def test_there_is_always_a_way(rig: StartRig, script: tuple[str, ...], config: str) -> None:
    """Where no plane shows it, it is drawn."""
    game = begin(rig, *CARD, *script, config=config)
    for x, y in [(10, 20), (11, 20), (319, 239), (150, 100)]:
        point(game, x, y)
        assert where(game) == [[x, y]]
        game.picture_is_right()
    assert all(not cursors(commit) for commit in game.card.commits())
    assert len(game.log("the cursor is drawn")) == 1


def test_a_refusal_later(rig: StartRig) -> None:
    """The test went well, the commit does not: it is drawn from then on."""
    game = begin(rig, *CARD, CURSOR)
    point(game, 10, 20)
    point(game, 11, 21)
    assert cursors(game.card.commits()[-1])
    game.card.tell("fail commit 1 1 EINVAL")
    point(game, 30, 40)
    show_grey(game)
    assert where(game) == [[30, 40]]
    game.picture_is_right()


def test_images(rig: StartRig) -> None:
    """The hot spot, an image too large for the plane, the default, none."""
    game = begin(rig, *CARD, CURSOR, dot=False)
    point(game, 100, 100)
    point(game, 101, 100)
    assert cursors(game.card.commits()[-1])
    picture = noise(20, 30)
    picture[5, 7] = RED
    game.client.image(IMAGE, picture)
    game.client.request(kb.encode_window_cursor, object=1, image=IMAGE, hot_x=7, hot_y=5)
    point(game, 60, 50)
    point(game, 61, 50)
    screen = game.card.screen()
    assert screen is not None and cursors(game.card.commits()[-1])
    assert (screen[45:75, 54:74] == picture & 0xFFFFFF).all()
    game.client.image(IMAGE + 1, noise(65, 9))
    game.client.request(kb.encode_window_cursor, object=1, image=IMAGE + 1, hot_x=0, hot_y=0)
    point(game, 70, 50)
    assert not [plane for plane in cursors(game.card.commits()[-1]) if plane["fb"]]
    screen = game.card.screen()
    assert screen is not None and (screen[50:59, 70:135] == noise(65, 9) & 0xFFFFFF).all()
    game.picture_is_right()
    game.client.request(kb.encode_window_input, object=1, flags=kb.WindowInputFlag.HIDE_CURSOR)
    show_grey(game)
    show_grey(game)
    screen = game.card.screen()
    assert screen is not None and (screen == GREY & 0xFFFFFF).all()


@pytest.mark.parametrize("plane", ["", "rotate=0,90,180,270,x,y"])
@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_turned(rig: StartRig, plane: str, rotate: int) -> None:
    """Cursor and screen turn together, whoever turns them."""
    game = begin(rig, "card card0", "crtcs 1", f"plane primary zpos=0 {plane}", CURSOR,
                 "connector HDMI-A-1 320x240@60*",
                 config=f"[output HDMI-A-1]\nrotate = {rotate}\n")
    for x, y in [(10, 20), (11, 20), (200, 100)]:
        point(game, x, y)
    size = game.client.outputs[1]
    seen = {90: [100, size.width - 1 - 200], 180: [size.width - 1 - 200, size.height - 1 - 100],
            270: [size.height - 1 - 100, 200]}
    assert where(game) == [seen[rotate]]
    assert bool(cursors(game.card.commits()[-1])) == (plane == "")


def test_beside_a_window_of_its_own_plane(rig: StartRig) -> None:
    """A window that the display scales stays there under a cursor that has a plane, and is drawn under
    one that has none."""
    overlay = "plane overlay zpos=1..4 scale=0.1-100 filter"
    for script, planes in (((overlay, CURSOR), 1), ((overlay,), 0)):
        game = begin(rig, *CARD, *script, size=(80, 60), scale=kb.Scale.STRETCH)
        for n in range(3):
            game.show(fill(GREY + n, (0, 0, 80, 60)))
        point(game, 10, 20)
        for x, y in [(11, 20), (200, 100)]:
            point(game, x, y)
            assert where(game) == [[x, y]]
        commit = game.card.commits()[-1]
        shown = [one for one in commit["planes"] if one["type"] == 0 and one["fb"]]
        assert len(shown) == planes
        game.show(fill(GREY - 5, (0, 0, 80, 60)))
        assert where(game) == [[200, 100]]
        assert game.card.counts()["written_while_shown"] == 0


def test_panels_are_told_of_what_changed(rig: StartRig) -> None:
    """Damage clips: nothing but the tiles under the old and the new place."""
    game = begin(rig, "preset spi card0")
    point(game, 10, 20)
    point(game, 200, 100)
    clips = next(one for one in game.card.commits()[-1]["planes"] if one["type"] == 1)["clips"]
    assert sorted(clips) == [[0, 0, 64, 64], [192, 64, 256, 128]]
    assert game.card.counts()["lies"] == 0
    assert where(game) == [[200, 100]]


def test_its_display_goes(rig: StartRig) -> None:
    """The pointer is then in the middle of the first one; a display that comes back does not take it."""
    game = rig("card card0", "crtcs 2", "plane primary crtcs=0 zpos=0", "plane primary crtcs=1 zpos=0",
               "plane cursor crtcs=0 zpos=9 formats=AR24 max=64x64", "connector HDMI-A-1 320x240@60*",
               "connector HDMI-A-2 200x100@60*")
    game.client.image(IMAGE, solid(1, 1, RED))
    for output in (1, 2):
        game.window(output, (8, 8), scale=kb.Scale.STRETCH, output=output)
        game.client.request(kb.encode_window_cursor, object=output, image=IMAGE, hot_x=0, hot_y=0)
        game.show(fill(GREY, (0, 0, 8, 8)), id=output)
    point(game, 319, 50)
    game.client.request(kb.encode_input_inject, type=2, code=0, value=11, device=0)
    game.client.request(kb.encode_input_inject, type=SYN, code=0, value=0, device=0)
    game.show(id=1)
    game.show(id=2)
    second = game.card.screen(1)
    assert where(game) == [] and second is not None
    assert np.argwhere(second == RED & 0xFFFFFF).tolist() == [[50, 10]]
    game.card.tell("unplug HDMI-A-2")
    game.card.tell("hotplug")
    game.client.expect(kb.EvtOutputGone, object=2)
    game.show(id=1)
    assert where(game) == [[160, 120]]
    game.card.tell("plug HDMI-A-2")
    game.card.tell("hotplug")
    game.client.expect(kb.EvtOutput, object=2)
    game.show(id=2)
    game.show(id=1)
    assert where(game) == [[160, 120]]

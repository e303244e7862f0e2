"""What a display is told to do: damage, planes, rotation, modes, several outputs."""
from __future__ import annotations

import numpy as np
import pytest
from cards import OPAQUE, Event, Rig, StartRig
from harness import Picture, fill, kb, noise

TILE = 64
SPRITE = (100, 60, 32, 32)
SPRITE_TILES = [64, 0, 192, 128]  # x1, y1, x2, y2 of the tiles that it touches
RED, GREEN, BLUE = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF


def rgb565(picture: Picture) -> Picture:
    """As a panel with 16 bits shows it, whatever the rounding of the daemon is: the screenshot's own
    values already are of 16 bits."""
    r, g, b = picture >> 19 & 31, picture >> 10 & 63, picture >> 3 & 31
    wide: Picture = ((r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | b << 3 | b >> 2)
    return wide.astype(np.uint32)


def background(game: Rig) -> None:
    """Something everywhere."""
    output = next(iter(game.client.outputs.values()))
    game.show(fill(0xFF102030, (0, 0, output.width, output.height)))


def blink(game: Rig, times: int = 6) -> list[Event]:
    """A sprite that comes and goes; the commits for that."""
    before = len(game.card.events("commit", "dirtyfb"))
    for n in range(times):
        game.show(fill(0xFF102030 if n % 2 else RED, SPRITE))
    return [event for event in game.card.events("commit", "dirtyfb")[before:]
            if not event.get("test")]


def primary(commit: Event) -> Event:
    """The plane of a display."""
    found: Event = next(plane for plane in commit["planes"] if plane["type"] == 1)
    return found


def inside(clips: list[list[int]], box: list[int]) -> bool:
    """Do all lie within?"""
    return all(box[0] <= x1 < x2 <= box[2] and box[1] <= y1 < y2 <= box[3]
               for x1, y1, x2, y2 in clips)


# ---- Damage ---------------------------------------------------------------------------------

def test_a_blinking_sprite_on_a_panel(rig: StartRig) -> None:
    """Damage clips with each commit: only the tiles that it touches; the panel shows the truth."""
    game = rig("preset spi card0", flips="at-once")
    game.window()
    background(game)
    commits = blink(game)
    assert len(commits) == 6
    for commit in commits:
        clips = primary(commit)["clips"]
        assert clips and inside(clips, SPRITE_TILES), clips
        assert primary(commit)["format"] == "RG16"
    assert game.card.counts()["lies"] == 0
    screen = game.card.screen()
    assert screen is not None
    assert (screen == rgb565(game.client.see_output(1))).all()


def test_scattered_changes_on_a_panel(rig: StartRig) -> None:
    """More rectangles than anybody would send one by one: whatever is sent covers them."""
    game = rig("card card0 panel depth=24", "crtcs 1", "plane primary damage cover",
               "connector DPI-1 1280x1280@60*", flips="at-once")
    game.window()
    background(game)
    for seed in range(6):
        random = np.random.default_rng(seed)
        game.show(*[fill(0xFF000000 | int(random.integers(1 << 24)),
                         (*map(int, random.integers(0, 1279, 2)), 1, 1))
                    for _ in range(10 ** (seed % 3 + 1))])
        clips = primary(game.card.commits()[-1])["clips"]
        assert clips is None or len(clips) <= 64
    assert game.card.counts()["lies"] == 0
    game.picture_is_right()


def test_no_property_no_clips(rig: StartRig) -> None:
    """A driver that does not listen is told nothing, and no blob is made for it."""
    game = rig("preset bare card0")
    game.window()
    background(game)
    assert all(primary(commit)["clips"] is None for commit in blink(game))
    game.picture_is_right()


@pytest.mark.parametrize("damage", ["full", "clips", "dirtyfb"])
def test_damage_as_configured(rig: StartRig, damage: str) -> None:
    """All three ways lead to the same picture."""
    game = rig("preset spi card0", config=f"[display]\ndamage = {damage}\n", flips="at-once")
    game.window()
    background(game)
    for event in blink(game):
        if damage == "dirtyfb":
            assert event["what"] == "dirtyfb"
            assert inside(event["planes"][0]["clips"], SPRITE_TILES)
        else:
            assert (primary(event)["clips"] is None) == (damage == "full")
    assert game.card.counts()["lies"] == 0
    assert game.card.alive()["framebuffers"] == (1 if damage == "dirtyfb" else 2)
    screen = game.card.screen()
    assert screen is not None
    assert (screen == rgb565(game.client.see_output(1))).all()


def test_a_virtual_machine_is_sent_only_changes(rig: StartRig) -> None:
    """virtio-gpu has no damage property in many kernels: DIRTYFB on one buffer."""
    game = rig("preset virtio card0", flips="at-once")
    game.window()
    background(game)
    for event in blink(game):
        assert event["what"] == "dirtyfb"
        assert inside(event["planes"][0]["clips"], SPRITE_TILES)
    game.picture_is_right()


def test_nothing_new_nothing_committed(rig: StartRig) -> None:
    """The same picture again is answered without a commit."""
    game = rig("preset pi4 card0")
    game.window()
    background(game)
    commits = len(game.card.commits())
    for _ in range(5):
        assert game.show(fill(0xFF102030, (0, 0, 1920, 1080))).flags & kb.PresentedFlag.UNCHANGED
    assert len(game.card.commits()) == commits


# ---- Rotation -------------------------------------------------------------------------------

def turned(picture: Picture, turn: int, reflect: str) -> Picture:
    """Reflected first, then turned counter-clockwise."""
    if "x" in reflect:
        picture = picture[:, ::-1]
    if "y" in reflect:
        picture = picture[::-1]
    return np.rot90(picture, turn // 90)


@pytest.mark.parametrize("planes", ["", "rotate=0,180,x,y", "rotate=0,90,180,270,x,y"])
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("reflect", ["none", "x", "y", "xy"])
def test_rotation(rig: StartRig, planes: str, turn: int, reflect: str) -> None:
    """By the plane where it can, else by the renderer: the player sees the same."""
    game = rig("card card0", "crtcs 1", f"plane primary {planes}", "connector DSI-1 96x160@60*",
               config=f"[output DSI-1]\nrotate = {turn}\nreflect = {reflect}\n")
    output = next(iter(game.client.outputs.values()))
    assert (output.width, output.height) == ((160, 96) if turn % 180 else (96, 160))
    game.window()
    game.client.image(5, noise(output.width, output.height))
    pixels = noise(output.width, output.height)
    game.show(*[fill(int(pixels[y, x]), (x, y, 8, 8))
                for y in range(0, output.height, 8) for x in range(0, output.width, 8)])
    wanted = game.client.see_output(1)
    assert len(np.unique(wanted)) > 100
    screen = game.card.screen()
    assert screen is not None
    assert (screen == turned(wanted, turn, reflect)).all()
    bits = {0: 1, 90: 2, 180: 4, 270: 8}[turn] | ("x" in reflect) << 4 | ("y" in reflect) << 5
    can = str(turn) in f"{planes},0".replace("=", ",").split(",") and \
        (reflect == "none" or "x" in planes)
    assert primary(game.card.commits()[-1])["rotation"] == (bits if can else 1)


def test_overscan(rig: StartRig) -> None:
    """The rim stays black."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60*",
               config="[output HDMI-A-1]\noverscan = 10,20,30,40\n")
    game.window()
    background(game)
    screen = game.card.screen()
    assert screen is not None
    assert (screen[20:200, 10:290] == 0x102030).all()
    assert (screen == 0x102030).sum() == 180 * 280


# ---- Modes ----------------------------------------------------------------------------------

@pytest.mark.parametrize("modes, config, wanted", [
    ("1920x1080@60* 1280x720@60", "", (1920, 1080)),
    ("3840x2160@30* 1920x1080@60 1280x1024@75", "", (1920, 1080)),  # never 30 Hz where it can be 60
    ("1920x1080i@60* 1280x720@60", "", (1280, 720)),
    ("3840x2160@30*", "", (3840, 2160)),
    ("1920x1080@60* 1280x720@60", "mode = 1280x720", (1280, 720)),
    ("1920x1080@60* 1280x720@60 1280x720@50", "mode = 1280x720@50", (1280, 720)),
])
def test_modes(rig: StartRig, modes: str, config: str, wanted: tuple[int, int]) -> None:
    """Which one a display gets."""
    game = rig("preset bare card0 no-connectors", f"connector HDMI-A-1 {modes}",
               config=f"[output HDMI-A-1]\n{config}\n")
    game.card.tell("wait flips 1")
    mode = game.card.commits()[-1]["crtcs"][0]["mode"]
    assert tuple(mode[:2]) == wanted
    if "@50" in config:
        assert mode[2] == 50000


# ---- Several displays -----------------------------------------------------------------------

def test_two_displays_of_different_sizes(rig: StartRig) -> None:
    """Each has its CRTC, its pictures, and its own refresh."""
    game = rig("preset pi4 card0 no-connectors", "connector HDMI-A-1 320x240@60*",
               "connector HDMI-A-2 160x120@75*")
    sizes = {output.name: (output.object, output.width, output.height)
             for output in game.client.outputs.values()}
    assert {name: size[1:] for name, size in sizes.items()} == {
        "HDMI-A-1": (320, 240), "HDMI-A-2": (160, 120)}
    for number, (name, (object, width, height)) in enumerate(sorted(sizes.items())):
        game.window(1 + number, (width, height), output=object)
        game.show(fill(RED + number, (0, 0, width, height)), fill(BLUE, (0, 0, 9, 9)),
                  id=1 + number)
    for name, (object, width, height) in sizes.items():
        crtc = game.card.commits()[-1]["connectors"][name] - 40
        screen = game.card.screen(crtc)
        assert screen is not None
        assert (screen == game.client.see_output(object)).all(), name
        assert screen[100, 100] == (0xFF0000 if name == "HDMI-A-1" else 0xFF0001)
    game.card.tell("unplug HDMI-A-2")
    game.card.tell("hotplug")
    game.client.expect(kb.EvtOutputGone)
    game.show(fill(GREEN, (0, 0, 320, 240)), id=1)
    assert (game.card.screen(game.card.commits()[-1]["connectors"]["HDMI-A-1"] - 40)
            == GREEN & ~OPAQUE).all()


# ---- Planes ---------------------------------------------------------------------------------

def overlays(commit: Event) -> list[Event]:
    """Planes of windows in a commit."""
    return [plane for plane in commit["planes"] if plane["type"] == 0]


def small_game(rig: StartRig, *script: str, config: str = "", filter: int = kb.Filter.NEAREST) -> Rig:
    """A window of 80x60 that is shown four times as large."""
    game = rig(*script, config=config)
    game.card.tell("wait flips 1")  # the first frame of a display is composed
    game.window(1, (80, 60), scale=kb.Scale.STRETCH, filter=filter)
    return game


PLANES = ("card card0", "crtcs 1", "plane primary zpos=0", "connector HDMI-A-1 320x240@60*")


def test_a_small_window_is_scaled_by_a_plane(rig: StartRig) -> None:
    """It is drawn at its own size, and the player sees the same as without."""
    game = small_game(rig, *PLANES, "plane overlay zpos=1..4 scale=0.1-100 filter")
    for n in range(5):
        game.show(*[fill(0xFF000000 | 999 * x * n + y, (x, y, 4, 4))
                    for x in range(0, 80, 4) for y in range(0, 60, 4)])
        planes = overlays(game.card.commits()[-1])
        assert len(planes) == 1
        assert planes[0]["from"][2:] == [80, 60]
        assert planes[0]["to"] == [0, 0, 320, 240]
        game.picture_is_right()
    assert game.card.counts()["written_while_shown"] == 0


@pytest.mark.parametrize("plane, failure", [
    ("zpos=1..4 scale=0.1-100", ""),                       # would blur
    ("zpos=1..4 filter", ""),                              # does not scale
    ("zpos=1..4 scale=0.1-100 filter", "fail test 2 100 EINVAL"),
    ("zpos=1..4 scale=0.1-100 filter formats=AR30", ""),
    ("zpos=0 scale=0.1-100 filter", ""),                   # lies below
])
def test_there_is_always_a_way_without_planes(rig: StartRig, plane: str, failure: str) -> None:
    """The picture is composed where no plane does it."""
    script = [*PLANES, f"plane overlay {plane}"]
    game = small_game(rig, *script, *([failure] if failure else []))
    for n in range(3):
        game.show(*[fill(0xFF000000 | 999 * x * n + y, (x, y, 4, 4))
                    for x in range(0, 80, 4) for y in range(0, 60, 4)])
        game.picture_is_right()
    assert all(not overlays(commit) for commit in game.card.commits())


def test_a_plane_that_is_refused_later(rig: StartRig) -> None:
    """The test went well, and the commit does not: ENOSPC, as from vc4's load tracker."""
    game = small_game(rig, *PLANES, "plane overlay zpos=1..4 scale=0.1-100 filter")
    game.show(fill(RED, (0, 0, 80, 60)))
    alive = game.card.alive()
    for error in ("ENOSPC", "EINVAL", "EBUSY"):
        game.card.tell(f"fail commit 1 1 {error}")
        game.show(fill(GREEN, (0, 0, 40, 30)))
        game.picture_is_right()
        game.show(fill(BLUE, (0, 0, 20, 30)))
        game.picture_is_right()
    assert game.card.alive()["framebuffers"] <= alive["framebuffers"]
    assert game.card.counts()["removed_while_shown"] == 0


def test_a_window_on_a_plane_moves(rig: StartRig) -> None:
    """The display is asked at most ten times a second; when it rests the plane shows it. The log says once what it answers."""
    game = small_game(rig, *PLANES, "plane overlay zpos=1..4 scale=0.1-100 filter")
    for n in range(9):
        game.client.set(1, place=(n, n, 160, 120))
        game.show(fill(GREEN, (0, 0, 9 + n, 9)))
        game.picture_is_right()
    for n in range(600):
        game.show(fill(BLUE if n % 2 else RED, (0, 0, 9, 9)))
        game.picture_is_right()
        shown = overlays(game.card.commits()[-1])
        if shown:
            break
    assert shown[0]["to"][:2] == [8, 8]
    assert len(game.log("a window of its own plane")) == 1, game.daemon.text()


def test_planes_come_and_go(rig: StartRig) -> None:
    """With a second window above, with a window that changes its size, with one that hides."""
    game = small_game(rig, *PLANES, "plane overlay zpos=1..4 scale=0.1-100 filter")
    game.show(fill(RED, (0, 0, 80, 60)), fill(GREEN, (3, 3, 7, 9)))
    game.client.window(2, 50, 50, place=(10, 10, 50, 50), z=1)
    for _ in range(3):
        game.show(fill(BLUE, (0, 0, 50, 50)), id=2)
        game.picture_is_right()
        game.show(fill(GREEN, (40, 40, 7, 9)))
        game.picture_is_right()
        game.client.set(2, flags=kb.WindowFlag.HIDDEN)
        game.show(fill(RED, (0, 0, 80, 60)), fill(GREEN, (3, 3, 7, 9)))
        game.picture_is_right()
        game.client.set(2, flags=0)
    assert any(overlays(commit) for commit in game.card.commits())
    assert not all(overlays(commit) for commit in game.card.commits())
    assert game.card.counts()["removed_while_shown"] == 0

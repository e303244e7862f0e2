"""Windows on outputs: where they are, what lies above what, changes in their order, screenshots and
counters. The oracle for pixels is tests/pixels/model.py."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import model
import numpy as np
import pytest
from conftest import VIRTUAL
from harness import Client, Daemon, Picture, blit, clip, fill, ident, kb, noise, solid

Start = Callable[..., Daemon]

RED, GREEN, BLUE, GREY = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFF808080
MANY = 65535

WINDOW = ident(1)
IMAGE = ident(2)
SCALES = [kb.Scale.NONE, kb.Scale.INTEGER, kb.Scale.FIT, kb.Scale.STRETCH]


def as_bytes(picture: Picture) -> model.Pixels:
    """As the model has pixels."""
    view: model.Pixels = (picture | np.uint32(0xFF000000)).view(np.uint8)
    return view.reshape(*picture.shape, 4)


def as_words(pixels: model.Pixels) -> Picture:
    """As screenshots are here."""
    words: Picture = pixels.copy().view(np.uint32)[..., 0] & np.uint32(0xFFFFFF)
    return words


Shown = tuple[tuple[int, int, int, int], Picture, int, int]


def wanted(size: tuple[int, int], windows: Sequence[Shown]) -> Picture:
    """An output's picture: windows (rectangle, picture, base, scale) from back to front."""
    output = as_bytes(solid(*size, 0))
    for where, picture, base, scale in windows:
        model.show(output, where, as_bytes(picture), base, kb.Scale(scale).name.lower())
    return as_words(output)


# ---- Placement ------------------------------------------------------------------------------

@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name.lower())
@pytest.mark.parametrize("size, place", [
    ((64, 48), (0, 0, 320, 240)),        # all of the output
    ((100, 70), (0, 0, 0, 0)),           # the same, unsaid
    ((31, 17), (13, 7, 101, 93)),        # odd bars
    ((320, 240), (50, 60, 33, 201)),     # larger than its rectangle
    ((1, 1), (300, 200, 64, 64)),        # partly off
    ((200, 3), (-40, -50, 131, 99)),
    ((3, 200), (0, 0, 1, 1)),
    ((7, 500), (100, 0, 100, 240)),      # 'fit' makes it narrow
    ((500, 1), (0, 0, 10, 240)),         # 'fit' makes it less than a pixel high
])
def test_a_picture_lies_where_the_rules_say(client: Client, scale: kb.Scale, size: tuple[int, int],
                                            place: tuple[int, int, int, int]) -> None:
    picture = noise(*size, seed=7)
    client.window(WINDOW, *size, base=GREY, scale=scale, place=place)
    client.image(IMAGE, picture)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    where = place if place[2] else (0, 0, 320, 240)
    assert (client.see_window(WINDOW) == picture & 0xFFFFFF).all()
    assert (client.see_output() == wanted((320, 240), [(where, picture, GREY, scale)])).all()
    state = client.expect(kb.EvtWindowState, object=WINDOW)
    x, y, width, height = model.place(scale.name.lower(), where[2:], size)
    assert tuple(state.place) == where
    assert tuple(state.picture) == (where[0] + x, where[1] + y, width, height)
    assert state.output == 1 and state.flags == kb.WindowStateFlag.VISIBLE


@pytest.mark.parametrize("place", [
    (-2**31, -2**31, 2**32 - 1, 2**32 - 1), (2**31 - 1, 2**31 - 1, 2**32 - 1, 2**32 - 1),
    (-2**31, 0, 2**31 + 64, 48), (0, 0, 2**32 - 1, 1), (0, 0, 1, 2**32 - 1)])
@pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.name.lower())
def test_rectangles_of_any_size_do_no_harm(client: Client, place: Sequence[int],
                                           scale: kb.Scale) -> None:
    """Only that everybody lives: coordinates are kept within 2^29, so no rule says which pixels."""
    client.window(WINDOW, 64, 48, base=GREY, scale=scale, place=place)
    client.frame(WINDOW, fill(RED, (0, 0, 64, 48)))
    client.refresh(3)
    assert len(client.take(kb.EvtPresented, kb.EvtDiscarded)) == 1
    client.see_output()
    client.request(kb.encode_window_destroy, object=WINDOW)
    client.refresh(3)
    assert (client.see_output() == 0).all()


def test_higher_z_lies_above_and_the_newer_of_equals(client: Client) -> None:
    places = [(0, 0, 100, 100), (50, 0, 100, 100), (0, 50, 100, 100)]
    colors = [RED, GREEN, BLUE]
    zs = [0, 0, 0]
    for slot, (place, color) in enumerate(zip(places, colors), 1):
        client.window(ident(slot), 100, 100, place=place)
        client.show(ident(slot), fill(color, (0, 0, 100, 100)))

    def check() -> None:
        order = sorted(range(3), key=lambda index: (zs[index], index))
        stack = [(places[index], solid(100, 100, colors[index]), 0, 0) for index in order]
        assert (client.see_output() == wanted((320, 240), stack)).all()

    check()
    for slot, z in ((1, 5), (2, 2**31 - 1), (3, -2**31), (2, 5), (1, 4), (3, 5)):
        client.set(ident(slot), z=z)
        zs[slot - 1] = z
        client.refresh()
        check()


def test_a_window_is_not_shown_before_its_first_frame(client: Client) -> None:
    client.window(WINDOW, 64, 64, base=RED)
    client.refresh(3)
    assert (client.see_output() == 0).all()
    assert (client.see_window(WINDOW) == RED & 0xFFFFFF).all()  # its picture is there all the same
    client.show(WINDOW)
    assert (client.see_output() == RED & 0xFFFFFF).all()


# ---- window_set -----------------------------------------------------------------------------

def test_a_change_takes_its_place_between_frames(client: Client) -> None:
    client.window(WINDOW, 320, 240)
    client.show(WINDOW, fill(GREEN, (0, 0, 320, 240)))
    first = client.frame(WINDOW, fill(RED, (0, 0, 320, 240)))
    client.set(WINDOW, place=(0, 0, 160, 240), scale=kb.Scale.STRETCH, base_color=BLUE)
    second = client.frame(WINDOW, clear=True)
    client.refresh()
    client.expect(kb.EvtPresented, serial=first)
    red, blue = solid(320, 240, RED & 0xFFFFFF), BLUE & 0xFFFFFF
    assert (client.see_output() == red).all()  # of the frame before the change
    client.refresh()
    client.expect(kb.EvtPresented, serial=second)
    screen = client.see_output()
    assert (screen[:, :160] == blue).all() and (screen[:, 160:] == 0).all()


def test_a_change_with_the_next_frame_waits_for_it(client: Client) -> None:
    client.window(WINDOW, 320, 240)
    client.show(WINDOW, fill(RED, (0, 0, 320, 240)))
    client.set(WINDOW, later=True, place=(0, 0, 160, 240))
    client.refresh(3)
    assert (client.see_output() == RED & 0xFFFFFF).all()
    client.show(WINDOW, fill(GREEN, (0, 0, 320, 240)))
    screen = client.see_output()
    assert (screen[:, :160] == GREEN & 0xFFFFFF).all() and (screen[:, 160:] == 0).all()


def test_a_change_alone_is_shown_without_a_frame(client: Client) -> None:
    client.window(WINDOW, 64, 64, place=(0, 0, 64, 64))
    client.show(WINDOW, fill(RED, (0, 0, 64, 64)))
    client.take(kb.EvtWindowState)
    client.set(WINDOW, place=(100, 100, 64, 64))
    client.refresh()
    (state,) = client.take(kb.EvtWindowState)
    assert tuple(state.place) == (100, 100, 64, 64)
    screen = client.see_output()
    assert (screen[100:164, 100:164] == RED & 0xFFFFFF).all()
    assert np.count_nonzero(screen) == 64 * 64
    client.set(WINDOW, flags=kb.WindowFlag.HIDDEN)
    client.refresh()
    (state,) = client.take(kb.EvtWindowState)
    assert state.output == 0 and state.flags == 0
    assert (client.see_output() == 0).all()


def test_ten_thousand_changes_are_no_burden(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    client.show(WINDOW, fill(RED, (0, 0, 64, 64)))
    for number in range(10_000):
        client.set(WINDOW, z=number, base_color=number, title=f"window {number}")
    client.refresh()
    screen = client.see_output()
    assert screen[120, 160] == RED & 0xFFFFFF and screen[0, 0] == 9_999


@pytest.mark.parametrize("size", [(200, 150), (64, 64), (65, 129), (20, 30), (200, 30), (20, 200)])
def test_a_resized_window_keeps_its_picture_at_the_top_left(client: Client,
                                                            size: tuple[int, int]) -> None:
    picture = noise(130, 100, seed=3)
    client.window(WINDOW, 130, 100, base=GREY)
    client.image(IMAGE, picture)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    client.set(WINDOW, width=size[0], height=size[1], base_color=BLUE)
    client.refresh()
    new = solid(*size, BLUE & 0xFFFFFF)
    width, height = min(130, size[0]), min(100, size[1])
    new[:height, :width] = picture[:height, :width] & 0xFFFFFF
    assert (client.see_window(WINDOW) == new).all()
    assert (client.see_output() == wanted((320, 240), [((0, 0, 320, 240), new, BLUE, 0)])).all()
    client.show(WINDOW, fill(RED, (size[0] - 5, size[1] - 5, 100, 100)))
    new[-5:, -5:] = RED & 0xFFFFFF
    assert (client.see_window(WINDOW) == new).all()
    # Back again: what was cut off is gone.
    client.set(WINDOW, width=130, height=100)
    client.refresh()
    back = solid(130, 100, BLUE & 0xFFFFFF)
    back[:height, :width] = new[:height, :width]
    assert (client.see_window(WINDOW) == back).all()


def test_a_resize_with_the_next_frame_is_one_step(client: Client) -> None:
    client.window(WINDOW, 100, 100, scale=kb.Scale.STRETCH)
    client.show(WINDOW, fill(RED, (0, 0, 100, 100)))
    client.set(WINDOW, later=True, width=50, height=50)
    client.refresh(2)
    assert client.see_window(WINDOW).shape == (100, 100)
    client.show(WINDOW, fill(GREEN, (0, 0, 25, 50)))
    picture = client.see_window(WINDOW)
    assert picture.shape == (50, 50)
    assert (picture[:, :25] == GREEN & 0xFFFFFF).all() and (picture[:, 25:] == RED & 0xFFFFFF).all()


# ---- Commands -------------------------------------------------------------------------------

INT_MIN, INT_MAX, U_MAX = -2**31, 2**31 - 1, 2**32 - 1


@pytest.mark.parametrize("where, drawn", [
    ((INT_MIN, INT_MIN, U_MAX, U_MAX), (0, 0, 100, 80)),
    ((INT_MIN, INT_MIN, 2**31, 2**31), None),
    ((INT_MIN, INT_MIN, 2**31 + 1, 2**31 + 2), (0, 0, 1, 2)),
    ((INT_MAX, INT_MAX, U_MAX, U_MAX), None),
    ((INT_MIN, 5, 2**31 + 7, 6), (0, 5, 7, 6)),
    ((99, 79, U_MAX, U_MAX), (99, 79, 1, 1)),
    ((100, 0, U_MAX, U_MAX), None),
    ((-1, -1, 2, 2), (0, 0, 1, 1)),
    ((3, 4, 0, U_MAX), None),
    ((3, 4, U_MAX, 0), None),
    ((-2**16, 2, 2**16 + 3, 1), (0, 2, 3, 1)),
])
def test_extreme_rectangles_draw_what_lies_inside(client: Client, where: Sequence[int],
                                                  drawn: Sequence[int] | None) -> None:
    new = solid(100, 80, 0)
    if drawn:
        x, y, width, height = drawn
        new[y:y + height, x:x + width] = RED & 0xFFFFFF
    client.window(WINDOW, 100, 80)
    client.show(WINDOW, fill(RED, where))
    assert (client.see_window(WINDOW) == new).all()
    client.show(WINDOW, clip(where), fill(RED, (0, 0, 100, 80)), clear=True)
    assert (client.see_window(WINDOW) == new).all()


def test_blits_at_extreme_places(client: Client) -> None:
    picture = noise(50, 40)
    client.window(WINDOW, 100, 80)
    client.image(IMAGE, picture)
    target = as_bytes(solid(100, 80, 0))
    rng = np.random.default_rng(5)
    extremes = [INT_MIN, INT_MIN + 1, -2**16, -49, -1, 0, 1, 60, 99, 100, 2**16, INT_MAX - 1,
                INT_MAX]
    sources = [-2**15, -2**15 + 1, -60, -3, 0, 3, 49, 50, 2**15 - 1]
    sizes = [0, 1, 7, 50, 60, 2**15, 2**16 - 1]
    commands = []
    for _ in range(400):
        x, y = (int(rng.choice(extremes)) for _ in range(2))
        src = (int(rng.choice(sources)), int(rng.choice(sources)), int(rng.choice(sizes)),
               int(rng.choice(sizes)))
        flags = int(rng.integers(0, 4))
        commands.append(blit(IMAGE, x, y, src, flags=flags))
        model.blit(target, as_bytes(picture), model.OPAQUE_KIND, src, x, y, "replace",
                   flip_x=bool(flags & 1), flip_y=bool(flags & 2))
    client.show(WINDOW, *commands)
    assert (client.see_window(WINDOW) == as_words(target)).all()


# ---- Several outputs ------------------------------------------------------------------------

TWO = ("--clock", "virtual", "--output", "headless:320x240@60,name=LEFT",
       "--output", "headless:200x240@50,name=RIGHT")


def test_outputs_are_announced(start: Start) -> None:
    client = start(*TWO).client()
    left, right = client.outputs[1], client.outputs[2]
    assert (left.name, left.width, left.height, left.x, left.y) == ("LEFT", 320, 240, 0, 0)
    assert (right.name, right.width, right.height, right.x, right.y) == ("RIGHT", 200, 240, 320, 0)
    assert left.flags == kb.OutputFlag.HEADLESS | kb.OutputFlag.PRIMARY
    assert right.flags == kb.OutputFlag.HEADLESS
    assert right.refresh_ns == 20_000_000 and abs(left.refresh_ns - 16_666_667) <= 1


def test_a_window_may_be_on_another_output(start: Start) -> None:
    client = start(*TWO).client()
    client.window(WINDOW, 50, 40, output=2, place=(10, 20, 50, 40))
    serial = client.frame(WINDOW, fill(RED, (0, 0, 50, 40)))
    client.refresh(output=2)
    event = client.expect(kb.EvtPresented, serial=serial)
    assert event.output == 2 and event.refresh_ns == 20_000_000
    assert client.expect(kb.EvtWindowState).output == 2
    screen = client.see_output(2)
    assert (screen[20:60, 10:60] == RED & 0xFFFFFF).all() and np.count_nonzero(screen) == 2000
    assert (client.see_output(1) == 0).all()


@pytest.mark.parametrize("x, output", [(200, 1), (219, 1), (221, 2), (300, 2)])
def test_the_output_that_shows_most_of_a_window_paces_it(start: Start, x: int, output: int) -> None:
    client = start(*TWO).client()
    client.window(WINDOW, 200, 100, place=(x, 0, 200, 100))
    picture = noise(200, 100)
    client.image(IMAGE, picture)
    client.frame(WINDOW, blit(IMAGE, 0, 0))
    client.step(100_000_000)
    (event,) = client.take(kb.EvtPresented)  # once
    assert event.output == output and event.refresh_ns == client.refresh_ns(output)
    assert client.expect(kb.EvtWindowState).output == output
    both = np.concatenate([client.see_output(1), client.see_output(2)], axis=1)
    assert (both == wanted((520, 240), [((x, 0, 200, 100), picture, 0, 0)])).all()
    sequences = []
    for number in range(10):
        serial = client.frame(WINDOW, fill(0xFF000001 + number, (0, 0, 200, 100)))
        client.refresh(output=output)
        sequences.append(client.expect(kb.EvtPresented, serial=serial).sequence)
    assert sequences == list(range(sequences[0], sequences[0] + 10))
    client.step(100_000_000)
    assert client.see_output(1)[0, 319] == client.see_output(2)[0, 0] == 10


def test_a_window_that_moves_to_another_output_is_paced_there(start: Start) -> None:
    client = start(*TWO).client()
    client.window(WINDOW, 100, 100, place=(0, 0, 100, 100))
    assert client.show(WINDOW, fill(RED, (0, 0, 100, 100))).output == 1
    client.set(WINDOW, output=2, place=(0, 0, 100, 100))
    serial = client.frame(WINDOW, fill(GREEN, (0, 0, 100, 100)))
    client.step(100_000_000)
    assert client.expect(kb.EvtPresented, serial=serial).output == 2
    assert (client.see_output(1) == 0).all()
    assert (client.see_output(2)[:100, :100] == GREEN & 0xFFFFFF).all()


def test_an_output_that_is_not_paced_answers_at_once(start: Start) -> None:
    client = start("--clock", "virtual", "--output", "headless:320x240@0").client()
    client.window(WINDOW, 64, 64)
    times = set()
    for number in range(20):
        serial = client.frame(WINDOW, fill(0xFF000000 + number, (0, 0, 64, 64)))
        client.step(0)
        event = client.expect(kb.EvtPresented, serial=serial)
        assert event.refresh_ns == 0
        times.add(event.time_ns)
    assert len(times) == 1


# ---- Looking --------------------------------------------------------------------------------

def test_screenshots_say_what_they_show(client: Client) -> None:
    client.window(WINDOW, 64, 48)
    shown = client.show(WINDOW, fill(RED, (0, 0, 64, 48)))
    picture, event = client.screenshot(kb.ScreenshotTarget.WINDOW, WINDOW)
    assert picture.shape == (48, 64) and event.sequence == 0 and event.object == WINDOW
    picture, event = client.screenshot(kb.ScreenshotTarget.OUTPUT, 0)
    assert picture.shape == (240, 320) and event.sequence == shown.sequence
    assert (client.see_output(1) == picture).all()


def test_a_screenshot_shows_complete_pictures_only(start: Start) -> None:
    """While the next one is being drawn it is the last one; a queued frame is not in it."""
    client = start(*VIRTUAL, "--simulate-draw", "slow:100").client()
    client.window(WINDOW, 64, 64, title="slow")
    client.frame(WINDOW, fill(RED, (0, 0, 64, 64)))
    client.refresh(8)
    client.frame(WINDOW, fill(GREEN, (0, 0, 64, 64)))
    client.refresh(2)
    assert (client.see_window(WINDOW) == RED & 0xFFFFFF).all()
    assert client.see_output()[120, 160] == RED & 0xFFFFFF
    client.refresh(6)
    assert (client.see_window(WINDOW) == GREEN & 0xFFFFFF).all()


def test_counters_add_up(client: Client) -> None:
    held = client.statistics(kb.StatisticsScope.CLIENT)["image_bytes"]
    client.image(IMAGE, noise(64, 64))
    assert client.statistics(kb.StatisticsScope.CLIENT)["image_bytes"] == held + 64 * 64 * 4
    client.window(WINDOW, 64, 64)
    for number in range(10):
        client.show(WINDOW, fill(0xFF000000 + number // 2, (0, 0, 64, 64)), fill(RED, (0, 0, 9, 9)))
    own = client.statistics(kb.StatisticsScope.WINDOW, WINDOW)
    assert own["frames_committed"] == own["frames_presented"] == 10
    assert own["frames_unchanged"] == 5 and own["frames_discarded"] == 0
    assert own["commands"] == 20
    assert own["tiles_drawn"] == own["tiles_kept"] == 5
    mine = client.statistics(kb.StatisticsScope.CLIENT)
    assert mine["frames_committed"] == mine["frames_presented"] == 10
    assert mine["errors"] == 0
    assert mine["bytes_received"] > 0 and mine["bytes_sent"] > 0
    server = client.server()
    assert server["clients"] == server["windows"] == 1
    output = client.statistics(kb.StatisticsScope.OUTPUT, 1)
    assert output["frames_presented"] == 10 and output["frames_unchanged"] == 5
    renderer = client.statistics(kb.StatisticsScope.RENDERER)
    assert renderer["tiles_drawn"] == output["tiles_drawn"] + own["tiles_drawn"]

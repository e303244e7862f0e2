"""Frames on the virtual clock: order, pace, credits, answers, and what is drawn for them."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from conftest import VIRTUAL
from harness import Client, Daemon, blit, fill, ident, kb, memfd, noise, solid

Start = Callable[..., Daemon]

RED, GREEN, BLUE, WHITE = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF, 0xFFFFFFFF
ALL = (0, 0, 320, 240)
SMALL = (0, 0, 64, 64)

WINDOW = ident(1)
IMAGE = ident(2)

DISPLAY, OWN = kb.StatisticsScope.OUTPUT, kb.StatisticsScope.WINDOW


def rgb(color: int) -> int:
    """As screenshots have it."""
    return color & 0xFFFFFF


# ---- Order and pace -------------------------------------------------------------------------

def test_frames_are_first_in_first_out_and_one_a_refresh(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    first = client.frame(WINDOW, fill(RED, SMALL))
    second = client.frame(WINDOW, fill(GREEN, SMALL))
    client.refresh()
    one = client.take(kb.EvtPresented)
    assert [event.serial for event in one] == [first]
    assert rgb(RED) == client.see_output()[120, 160]
    third = client.frame(WINDOW, fill(BLUE, SMALL))
    client.refresh()
    two = client.take(kb.EvtPresented)
    assert [event.serial for event in two] == [second]
    assert rgb(GREEN) == client.see_output()[120, 160]
    client.refresh(5)
    three = client.take(kb.EvtPresented)
    assert [event.serial for event in three] == [third]
    assert rgb(BLUE) == client.see_output()[120, 160]
    assert two[0].time_ns - one[0].time_ns == client.refresh_ns()
    assert three[0].time_ns - two[0].time_ns == client.refresh_ns()


def test_presented_times_lie_on_the_grid_of_refreshes(client: Client) -> None:
    """Also after pauses that are no multiple of a refresh."""
    client.window(WINDOW, 64, 64)
    period = client.refresh_ns()
    events = []
    for number in range(40):
        serial = client.frame(WINDOW, fill(0xFF000000 + number + 1, SMALL))
        client.step(period + number * period // 7)
        events.append(client.expect(kb.EvtPresented, serial=serial))
    start = events[0].time_ns - events[0].sequence * period
    for event in events:
        assert event.time_ns == start + event.sequence * period
        assert event.refresh_ns == period
        assert event.output == 1
        assert event.flags == kb.PresentedFlag.VSYNC
    sequences = [event.sequence for event in events]
    assert sequences == sorted(set(sequences))


def test_every_refresh_gets_its_frame(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    waiting = [client.frame(WINDOW, fill(0xFF000001, SMALL)),
               client.frame(WINDOW, fill(0xFF000002, SMALL))]
    seen = []
    for number in range(60):
        client.refresh()
        (event,) = client.take(kb.EvtPresented)
        assert event.serial == waiting.pop(0)
        seen.append(event.sequence)
        waiting.append(client.frame(WINDOW, fill(0xFF000003 + number, SMALL)))
    assert seen == list(range(seen[0], seen[0] + 60))
    assert client.statistics(DISPLAY)["missed_refreshes"] == 0


def test_a_frame_too_late_for_a_refresh_takes_the_next(start: Start) -> None:
    client = start(*VIRTUAL, "--simulate-draw", "slow:20").client()
    client.window(WINDOW, 64, 64, title="slow")
    serial = client.frame(WINDOW, fill(RED, SMALL))
    client.refresh()
    assert not client.take(kb.EvtPresented)
    client.refresh()
    client.expect(kb.EvtPresented, serial=serial)


# ---- Credits --------------------------------------------------------------------------------

def test_a_commit_without_a_credit_is_an_error_and_nothing_else(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    first = client.frame(WINDOW, fill(RED, SMALL))
    second = client.frame(WINDOW, fill(GREEN, SMALL))
    third = client.frame(WINDOW, fill(BLUE, SMALL))
    error = client.refused(kb.ErrorCode.NO_CREDIT, third)
    assert error.request == kb.ReqFrame.OPCODE and error.object == WINDOW
    client.refresh(4)
    assert [event.serial for event in client.take(kb.EvtPresented)] == [first, second]
    assert (client.see_window(WINDOW) == rgb(GREEN)).all()
    client.show(WINDOW, fill(WHITE, SMALL))
    assert (client.see_window(WINDOW) == rgb(WHITE)).all()


def test_a_large_frame_without_a_credit_is_refused_too(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    for color in (RED, GREEN):
        client.frame(WINDOW, fill(color, SMALL))
    serial = client.frame_memfd(WINDOW, fill(BLUE, SMALL))
    client.refused(kb.ErrorCode.NO_CREDIT, serial)
    client.expect(kb.EvtReleased, serial=serial)
    client.refresh(3)
    assert (client.see_window(WINDOW) == rgb(GREEN)).all()


def test_credits_are_of_one_window(client: Client) -> None:
    for slot in (1, 2, 3):
        client.window(ident(slot), 64, 64)
    serials = [client.frame(ident(slot), fill(RED, SMALL)) for slot in (1, 2, 3) for _ in range(2)]
    client.refresh(2)
    assert sorted(event.serial for event in client.take(kb.EvtPresented)) == serials


def test_a_refused_frame_takes_no_credit(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    for _ in range(5):
        client.refused(kb.ErrorCode.BAD_OBJECT,
                       client.frame(WINDOW, fill(RED, SMALL), blit(IMAGE, 0, 0)))
    client.frame(WINDOW, fill(GREEN, SMALL))
    client.frame(WINDOW, fill(BLUE, SMALL))
    client.refresh(2)
    assert len(client.take(kb.EvtPresented)) == 2


# ---- What did not change --------------------------------------------------------------------

def test_unchanged_frames_are_answered_without_drawing_or_commit(client: Client) -> None:
    client.window(WINDOW, 320, 240)
    first = client.show(WINDOW, fill(RED, ALL), fill(GREEN, (10, 20, 30, 40)))
    before, own_before = client.statistics(DISPLAY), client.statistics(OWN, WINDOW)
    last = first.sequence
    for _ in range(5):
        event = client.show(WINDOW, fill(RED, ALL), fill(GREEN, (10, 20, 30, 40)))
        assert event.flags & kb.PresentedFlag.UNCHANGED
        assert event.sequence == last + 1
        passed = event.sequence - first.sequence
        assert event.time_ns == first.time_ns + passed * client.refresh_ns()
        last = event.sequence
    after, own_after = client.statistics(DISPLAY), client.statistics(OWN, WINDOW)
    for name in ("tiles_drawn", "pixels_drawn", "commits", "flips"):
        assert after[name] == before[name], name
    assert own_after["tiles_drawn"] == own_before["tiles_drawn"]
    assert own_after["frames_unchanged"] == own_before["frames_unchanged"] + 5
    assert after["frames_unchanged"] == before["frames_unchanged"] + 5


def test_an_empty_frame_is_unchanged_and_an_equal_image_too(client: Client) -> None:
    """Games recreate equal images all the time: keys go by content, not by id."""
    picture = noise(64, 64)
    client.window(WINDOW, 64, 64)
    client.image(IMAGE, picture)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    assert client.show(WINDOW).flags & kb.PresentedFlag.UNCHANGED
    client.image(ident(3), picture)
    before = client.statistics(OWN, WINDOW)["tiles_drawn"]
    assert client.show(WINDOW, blit(ident(3), 0, 0)).flags & kb.PresentedFlag.UNCHANGED
    assert client.statistics(OWN, WINDOW)["tiles_drawn"] == before
    picture[63, 63] ^= 1
    client.image(ident(4), picture)
    assert not client.show(WINDOW, blit(ident(4), 0, 0)).flags & kb.PresentedFlag.UNCHANGED
    assert (client.see_window(WINDOW) == picture & 0xFFFFFF).all()


def test_a_change_of_one_pixel_draws_one_tile(client: Client) -> None:
    client.window(WINDOW, 320, 240)
    client.show(WINDOW, fill(RED, ALL))
    client.show(WINDOW, fill(RED, ALL))
    client.show(WINDOW, fill(BLUE, (0, 0, 1, 1)))  # both buffers hold the red
    client.show(WINDOW, fill(BLUE, (1, 0, 1, 1)))
    before = client.statistics(DISPLAY)
    client.show(WINDOW, fill(GREEN, (319, 239, 1, 1)))
    after = client.statistics(DISPLAY)
    assert after["commits"] == before["commits"] + 1
    assert after["tiles_drawn"] - before["tiles_drawn"] <= 2  # its own, and one of before
    assert client.see_output()[239, 319] == rgb(GREEN)
    assert (client.see_output()[0, :3] == [rgb(BLUE), rgb(BLUE), rgb(RED)]).all()


@pytest.mark.parametrize("buffers", [1, 2, 3])
def test_blinking_commits_every_change(start: Start, buffers: int) -> None:
    """A-B-A-B: the buffer that comes back may hold the right pixels already, but it is not what
    was shown last."""
    client = start(*VIRTUAL, "--buffers", str(buffers)).client()
    client.window(WINDOW, 320, 240)
    drawn = []
    for turn in range(12):
        color = (RED, GREEN)[turn % 2]
        before = client.statistics(DISPLAY)
        event = client.show(WINDOW, fill(color, ALL))
        after = client.statistics(DISPLAY)
        assert not event.flags & kb.PresentedFlag.UNCHANGED
        assert after["commits"] == before["commits"] + 1
        assert after["flips"] == before["flips"] + 1
        drawn.append(after["tiles_drawn"] - before["tiles_drawn"])
        assert (client.see_output() == rgb(color)).all(), turn
        assert (client.see_window(WINDOW) == rgb(color)).all(), turn
    everything = 5 * 4
    if buffers == 2:
        # Each buffer holds one of the two from then on.
        assert drawn[:2] == [everything] * 2 and drawn[2:] == [0] * 10
    else:
        assert drawn == [everything] * 12


def test_three_colours_in_three_buffers_are_drawn_once(start: Start) -> None:
    client = start(*VIRTUAL, "--buffers", "3").client()
    client.window(WINDOW, 320, 240)
    drawn = []
    for turn in range(9):
        before = client.statistics(DISPLAY)["tiles_drawn"]
        client.show(WINDOW, fill((RED, GREEN, BLUE)[turn % 3], ALL))
        drawn.append(client.statistics(DISPLAY)["tiles_drawn"] - before)
        assert (client.see_output() == rgb((RED, GREEN, BLUE)[turn % 3])).all()
    assert drawn == [20] * 3 + [0] * 6


# ---- Hidden windows -------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["hidden", "off"])
def test_unseen_windows_are_discarded_at_60_hz(client: Client, how: str) -> None:
    hidden = kb.WindowFlag.HIDDEN if how == "hidden" else 0
    client.window(WINDOW, 64, 64, flags=hidden,
                  place=(0, 0, 0, 0) if hidden else (5000, 5000, 64, 64))
    state = client.expect(kb.EvtWindowState, object=WINDOW)
    assert state.output == 0 and not state.flags & kb.WindowStateFlag.VISIBLE
    times = []
    waiting = [client.frame(WINDOW, fill(RED, SMALL)), client.frame(WINDOW, fill(GREEN, SMALL))]
    for number in range(30):
        client.step(50_000_000)
        for event in client.take(kb.EvtDiscarded):
            assert event.serial == waiting.pop(0)
            assert event.reason == (kb.DiscardReason.HIDDEN if hidden
                                    else kb.DiscardReason.NO_OUTPUT)
            times.append(event.time_ns)
        while len(waiting) < 2:
            waiting.append(client.frame(WINDOW, fill(0xFF000000 + number, SMALL)))
    gaps = np.diff(times)
    assert len(times) == 60
    assert min(gaps) >= 16_600_000
    assert min(gaps) <= 16_700_000  # two that wait are a sixtieth of a second apart
    assert not client.take(kb.EvtPresented)
    assert client.statistics(DISPLAY)["commits"] <= 1  # the empty output, at most


def test_a_client_that_never_pauses_gets_60_discards_a_second(client: Client) -> None:
    client.window(WINDOW, 64, 64, flags=kb.WindowFlag.HIDDEN)
    client.frame(WINDOW, fill(RED, SMALL))
    client.frame(WINDOW, fill(GREEN, SMALL))
    times = []
    for number in range(240):
        client.step(5_000_000)
        for event in client.take(kb.EvtDiscarded):
            times.append(event.time_ns)
            client.frame(WINDOW, fill(0xFF000000 + number, SMALL))
    gaps = np.diff(times)
    assert abs(gaps - 16_666_667).max() <= 1, gaps
    assert len(times) in range(71, 74)


def test_commands_of_discarded_frames_still_apply(client: Client) -> None:
    client.window(WINDOW, 64, 64, flags=kb.WindowFlag.HIDDEN)
    for index in range(4):
        color = 0xFF000000 + 0x10 * (index + 1)
        serial = client.frame(WINDOW, fill(color, (16 * index, 0, 16, 64)))
        client.refresh(2)
        client.expect(kb.EvtDiscarded, serial=serial)
    client.set(WINDOW, flags=0)
    client.refresh()
    picture = client.see_window(WINDOW)
    for index in range(4):
        assert (picture[:, 16 * index:16 * index + 16] == 0x10 * (index + 1)).all()
    assert (client.see_output()[88:152, 128:192] == picture).all()
    client.show(WINDOW, fill(WHITE, (0, 0, 1, 1)))
    assert client.see_window(WINDOW)[0, 0] == rgb(WHITE)
    assert (client.see_window(WINDOW)[1:] == picture[1:]).all()


# ---- Time -----------------------------------------------------------------------------------

def test_game_and_renderer_of_10_ms_each_make_60_fps(start: Start) -> None:
    """A game that draws for 10 ms and then a renderer that needs 10 ms: one after the other they
    would need 20, but they overlap."""
    client = start(*VIRTUAL, "--simulate-draw", "game:10").client()
    client.window(WINDOW, 64, 64, title="game")
    millisecond, credits, busy_until = 1_000_000, 2, 10
    presented = []
    now = number = 0
    while len(presented) < 120:
        if now >= busy_until and credits > 0:
            number += 1
            client.frame(WINDOW, fill(0xFF000000 + number, SMALL))
            credits -= 1
            busy_until = now + 10  # it goes on at once with the next
        client.step(millisecond)
        now += 1
        for event in client.take(kb.EvtPresented):
            presented.append(event)
            credits += 1
        assert now < 5000
    sequences = [event.sequence for event in presented]
    assert sequences == list(range(sequences[0], sequences[0] + 120))
    assert client.statistics(DISPLAY)["missed_refreshes"] == 0


def test_a_slow_window_delays_nobody(start: Start) -> None:
    """Neither another window nor an answer nor an error."""
    daemon = start(*VIRTUAL, "--simulate-draw", "slow:100")
    slow, fast = daemon.client("slow"), daemon.client("fast")
    slow.window(WINDOW, 64, 64, title="slow", place=(0, 0, 64, 64))
    fast.window(WINDOW, 64, 64, title="fast", place=(100, 0, 64, 64))
    waiting = [slow.frame(WINDOW, fill(RED, SMALL)), slow.frame(WINDOW, fill(GREEN, SMALL))]
    slow.sync()
    slow_seen, fast_seen = [], []
    for number in range(60):
        serial = fast.frame(WINDOW, fill(0xFF000001 + number, SMALL))
        fast.refresh()
        fast_seen.append(fast.expect(kb.EvtPresented, serial=serial).sequence)
        slow.sync()
        slow.refused(kb.ErrorCode.BAD_OBJECT, slow.frame(ident(9)))
        for event in slow.take(kb.EvtPresented):
            assert event.serial == waiting.pop(0)
            slow_seen.append(event.sequence)
            waiting.append(slow.frame(WINDOW, fill(0xFF000001 + number, SMALL)))
            slow.sync()
    assert fast_seen == list(range(fast_seen[0], fast_seen[0] + 60))
    gaps = np.diff(slow_seen)
    assert len(slow_seen) >= 8
    assert set(gaps.tolist()) <= {6, 7}  # 100 ms are 6 refreshes


def test_a_heavy_window_does_not_starve_others_of_the_only_thread(start: Start) -> None:
    """Drawing comes in slices, round robin, so a light frame that comes later is done earlier."""
    daemon = start("--output", "headless:320x240@0", "--threads", "1")
    heavy, light = daemon.client(), daemon.client()
    heavy.window(WINDOW, 2048, 2048)
    light.window(WINDOW, 64, 64)
    commands = b"".join(fill(0x80000000 + index, (0, 0, 2048, 2048), blend=kb.Blend.OVER)
                        for index in range(60))
    last = heavy.frame(WINDOW, commands)
    heavy.sync()
    for number in range(10):
        serial = light.frame(WINDOW, fill(0xFF000000 + number, SMALL))
        light.expect(kb.EvtPresented, serial=serial)
    heavy.sync()
    assert not heavy.take(kb.EvtPresented)
    heavy.expect(kb.EvtPresented, serial=last)


# ---- Program order --------------------------------------------------------------------------

def test_an_update_after_a_queued_frame_does_not_change_that_frame(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    memory = client.image(IMAGE, solid(64, 64, RED), shared=True)
    with open(memory, "r+b", closefd=False) as file:
        for turn in range(4):
            old, new = ((RED, GREEN), (GREEN, RED))[turn % 2]
            first = client.frame(WINDOW, blit(IMAGE, 0, 0))
            file.seek(0)
            file.write(solid(64, 64, new).tobytes())
            file.flush()
            client.expect(kb.EvtReleased, serial=client.update(IMAGE, SMALL))
            second = client.frame(WINDOW, blit(IMAGE, 0, 0))
            client.refresh()
            client.expect(kb.EvtPresented, serial=first)
            assert (client.see_window(WINDOW) == rgb(old)).all()
            assert (client.see_output()[88:152, 128:192] == rgb(old)).all()
            client.refresh()
            client.expect(kb.EvtPresented, serial=second)
            assert (client.see_window(WINDOW) == rgb(new)).all()


def test_an_update_before_a_queued_frame_is_drawn_does_not_change_it(start: Start) -> None:
    """The frame waits for the one before it; meanwhile new pixels are read, tile by tile."""
    client = start(*VIRTUAL, "--simulate-draw", "slow:100").client()
    client.window(WINDOW, 130, 130, title="slow")
    memory = client.image(IMAGE, solid(130, 130, RED), shared=True)
    client.frame(WINDOW, fill(BLUE, (0, 0, 130, 130)))
    client.frame(WINDOW, blit(IMAGE, 0, 0))
    with open(memory, "r+b", closefd=False) as file:
        file.write(solid(130, 130, GREEN).tobytes())
    for rect in ((0, 0, 130, 70), (5, 5, 1, 1)):
        client.expect(kb.EvtReleased, serial=client.update(IMAGE, rect))
    client.refresh(20)
    assert len(client.take(kb.EvtPresented)) == 2
    assert (client.see_window(WINDOW) == rgb(RED)).all()
    client.frame(WINDOW, blit(IMAGE, 0, 0))
    client.refresh(20)
    picture = client.see_window(WINDOW)
    assert (picture[:70] == rgb(GREEN)).all() and (picture[70:] == rgb(RED)).all()


def test_only_dirty_rectangles_are_read(client: Client) -> None:
    client.window(WINDOW, 130, 130)
    memory = client.image(IMAGE, solid(130, 130, RED), shared=True)
    with open(memory, "r+b", closefd=False) as file:
        file.write(solid(130, 130, GREEN).tobytes())
    released = client.update(IMAGE, (60, 60, 10, 10), (-5, 100, 8, 8), (128, 128, 50, 50),
                             (0, 0, 0, 5), (2**31 - 1, 0, 2**32 - 1, 1), (-2**31, -2**31, 5, 5))
    client.expect(kb.EvtReleased, serial=released)
    client.show(WINDOW, blit(IMAGE, 0, 0))
    wanted = solid(130, 130, rgb(RED))
    wanted[60:70, 60:70] = wanted[100:108, 0:3] = wanted[128:, 128:] = rgb(GREEN)
    assert (client.see_window(WINDOW) == wanted).all()


def test_an_image_destroyed_after_a_commit_is_still_drawn(start: Start) -> None:
    client = start(*VIRTUAL, "--simulate-draw", "slow:100").client()
    client.window(WINDOW, 64, 64, title="slow")
    picture = noise(64, 64)
    client.image(IMAGE, picture, wait=False)
    client.frame(WINDOW, fill(RED, SMALL))
    client.frame(WINDOW, blit(IMAGE, 0, 0))
    client.request(kb.encode_image_destroy, object=IMAGE)
    client.image(ident(2, 1), solid(64, 64, GREEN))  # the same slot
    client.refresh(20)
    assert len(client.take(kb.EvtPresented)) == 2
    assert (client.see_window(WINDOW) == picture & 0xFFFFFF).all()


def test_a_frame_in_memory_takes_its_place_in_the_queue(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    first = client.frame_memfd(WINDOW, fill(RED, SMALL) * 5000 + fill(GREEN, (0, 0, 32, 64)))
    second = client.frame(WINDOW, fill(BLUE, (0, 0, 16, 64)))
    client.expect(kb.EvtReleased, serial=first)
    client.refresh(2)
    assert [event.serial for event in client.take(kb.EvtPresented)] == [first, second]
    assert (client.see_window(WINDOW)[0, ::16] ==
            [rgb(color) for color in (BLUE, GREEN, RED, RED)]).all()


def test_a_frame_in_memory_may_begin_anywhere(client: Client) -> None:
    client.window(WINDOW, 64, 64)
    commands = fill(RED, SMALL) + fill(GREEN, SMALL) + fill(BLUE, SMALL)
    memory = memfd(b"junk" + commands)
    serial = client.frame_memfd(WINDOW, b"", fd=memory, units=2, offset=4)
    client.refresh()
    client.expect(kb.EvtPresented, serial=serial)
    assert (client.see_window(WINDOW) == rgb(GREEN)).all()


# ---- The end of things ----------------------------------------------------------------------

def test_a_destroyed_window_discards_what_was_queued(start: Start) -> None:
    client = start(*VIRTUAL, "--simulate-draw", "slow:100").client()
    for generation, title in enumerate(("slow", "quick")):
        window = ident(1, generation)
        client.window(window, 64, 64, title=title)
        serials = [client.frame(window, fill(RED, SMALL)), client.frame(window, fill(GREEN, SMALL))]
        client.step(50_000_000 if title == "slow" else 0)
        client.request(kb.encode_window_destroy, object=window)
        client.sync()
        assert [event.serial for event in client.take(kb.EvtDiscarded)] == serials
        client.refresh(20)
        assert not client.take(kb.EvtPresented)
        assert (client.see_output() == 0).all()
    assert client.server()["windows"] == 0


def test_a_window_destroyed_between_commit_and_flip(client: Client) -> None:
    """Its frame has been latched; the display may show it, but the client hears `discarded`."""
    client.window(WINDOW, 64, 64)
    serial = client.frame(WINDOW, fill(RED, SMALL))
    client.step(client.refresh_ns() - 500_000)
    assert not client.take(kb.EvtPresented)
    client.request(kb.encode_window_destroy, object=WINDOW)
    client.sync()
    assert [event.serial for event in client.take(kb.EvtDiscarded)] == [serial]
    client.refresh(3)
    assert not client.take(kb.EvtPresented, kb.EvtDiscarded)
    assert (client.see_output() == 0).all()


def test_destroying_a_window_uncovers_what_was_behind(client: Client) -> None:
    client.window(ident(1), 320, 240)
    client.window(ident(2), 64, 64, place=(0, 0, 64, 64))
    client.show(ident(1), fill(RED, ALL))
    client.show(ident(2), fill(GREEN, SMALL))
    assert client.see_output()[0, 0] == rgb(GREEN)
    client.request(kb.encode_window_destroy, object=ident(2))
    client.refresh()
    assert (client.see_output() == rgb(RED)).all()

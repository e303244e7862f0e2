"""Everything that a display can do wrong: the picture comes back, nothing leaks, and the log says once
what happened."""
from __future__ import annotations

import pytest
from cards import Rig, StartRig
from harness import fill, kb

CARD = ("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60*")
RED, GREEN, BLUE = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF


@pytest.fixture
def game(rig: StartRig) -> Rig:
    """A game that has shown its first two frames."""
    game = rig(*CARD)
    game.window()
    game.show(fill(RED, (0, 0, 320, 240)))
    game.show(fill(GREEN, (10, 10, 50, 50)))
    return game


def goes_on(game: Rig, alive: dict[str, int]) -> None:
    """New frames are seen as they should be, and nothing was left."""
    for n in range(4):
        game.show(fill(BLUE + 16 * n, (5 + n, 5, 99, 99)))
        game.picture_is_right()
    assert game.card.alive() == alive
    counts = game.card.counts()
    assert counts["removed_while_shown"] == 0


def test_a_picture(game: Rig) -> None:
    """Without any failure: what is on the screen is what the daemon says."""
    goes_on(game, game.card.alive())
    assert game.card.counts()["written_while_shown"] == 0
    assert game.card.counts()["refused"] == 0


@pytest.mark.parametrize("error, text", [
    ("EBUSY", "busy"), ("EINVAL", "Invalid argument"), ("ENOSPC", "No space"),
    ("ENOMEM", "memory"), ("EINTR", "Interrupted"), ("EIO", "error"), ("ERANGE", "range")])
@pytest.mark.parametrize("nth, count", [(1, 1), (2, 1), (1, 3)])
def test_a_commit_fails(game: Rig, error: str, text: str, nth: int, count: int) -> None:
    """The k-th commit fails, once or some times."""
    alive = game.card.alive()
    game.card.tell(f"fail drmModeAtomicCommit {nth} {count} {error}")
    goes_on(game, alive)
    assert len(game.log("error .*" + text)) == 1, game.daemon.text()


@pytest.mark.parametrize("call", ["drmModeCreatePropertyBlob", "drmModeAtomicAlloc", "mmap",
                                  "drmModeAddFB2", "drmModeCreateDumbBuffer", "drmHandleEvent"])
def test_another_call_fails(game: Rig, call: str) -> None:
    """Of the other calls, one that fails once while a game runs."""
    alive = game.card.alive()
    game.card.tell(f"fail {call} 1 1 ENOMEM")
    goes_on(game, alive)


@pytest.mark.parametrize("policy", ["lost", "never", "twice"])
def test_a_flip_goes_wrong(game: Rig, policy: str) -> None:
    """No event comes, or the display hangs, or an event comes twice."""
    alive = game.card.alive()
    game.card.tell(f"flip {policy}")
    serial = game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
    if policy == "never":
        game.card.tell("wait refused 1")  # tried again, and still busy
        game.card.tell("release")
    game.client.expect(kb.EvtPresented, serial=serial)
    goes_on(game, alive)
    lost = game.log("did not show a frame")
    assert len(lost) == (0 if policy == "twice" else 1), game.daemon.text()


def test_commits_fail_for_good(game: Rig) -> None:
    """The picture never comes, but a game that waits for its frames is told so, and goes on."""
    alive = game.card.alive()
    for kind in ("commit", "modeset"):
        game.card.tell(f"fail {kind} 1 1000000 EIO")
    for _ in range(2):
        serial = game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
        event = game.client.expect(kb.EvtDiscarded, serial=serial)
        assert event.reason == kb.DiscardReason.NO_OUTPUT
    assert len(game.log("trying again")) <= 2, game.daemon.text()
    game.card.tell("no-rules")
    game.card.wait_more("flips")
    game.show(fill(RED, (0, 0, 100, 100)))
    game.picture_is_right()
    assert game.card.alive() == alive


def test_flips_never_come(game: Rig) -> None:
    """Nor do the events of those that are tried again."""
    game.card.tell("flip lost 1 2")
    serial = game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
    game.client.expect(kb.EvtDiscarded, serial=serial)


def test_a_flip_that_comes_late(game: Rig) -> None:
    """After the watchdog gave it up, and after a newer commit: nobody takes it for that one's."""
    alive = game.card.alive()
    game.card.tell("flip held")
    serial = game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
    game.client.expect(kb.EvtPresented, serial=serial)
    game.card.tell("release")
    goes_on(game, alive)
    assert len(game.log("did not show a frame")) == 1


def test_the_display_is_taken_away(game: Rig) -> None:
    """Somebody else becomes master: the daemon waits, says so once, and comes back."""
    alive = game.card.alive()
    game.card.tell("master Xorg")
    refused = game.card.counts()["refused"]
    game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
    game.card.tell(f"wait refused {refused + 1}")
    game.client.expect(kb.EvtDiscarded)
    commits = game.card.counts()["commits"]
    game.card.tell("master none")
    game.card.tell(f"wait commits {commits + 1}")
    goes_on(game, alive)
    assert len(game.log("waiting until it is free")) == 1
    assert len(game.log("the display is ours")) == 1


def test_somebody_has_the_display_from_the_start(rig: StartRig) -> None:
    """It is said who, and the daemon comes onto the display when it is free."""
    game = rig("preset bare card0 master=Xorg no-connectors", "connector HDMI-A-1 320x240@60*")
    assert len(game.log("waiting until it is free")) == 1
    assert game.card.screen() is None
    game.card.tell("master none")
    game.card.tell("wait flips 1")
    game.window()
    goes_on(game, game.card.alive())


def test_unplugged_in_mid_commit(game: Rig) -> None:
    """The display goes while a flip is under way, whose event comes after that; then it comes back."""
    alive = game.card.alive()
    for _ in range(5):
        game.card.tell("flip held")
        commits = game.card.counts()["commits"]
        game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
        game.card.tell(f"wait commits {commits + 1}")
        game.card.tell("unplug HDMI-A-1")
        game.card.tell("hotplug")
        game.client.expect(kb.EvtOutputGone)
        game.card.tell("release")
        game.card.tell("plug HDMI-A-1 320x240@60*")
        game.card.tell("hotplug")
        game.outputs_changed()
        game.client.take(kb.EvtDiscarded, kb.EvtPresented)
        goes_on(game, alive)
    assert game.card.screen() is not None


def test_plugged_and_unplugged_often(game: Rig) -> None:
    """Fifty times, with the game running."""
    alive = game.card.alive()
    fds = len(game.daemon.fds())
    for _ in range(50):
        game.card.tell("unplug HDMI-A-1")
        game.card.tell("hotplug")
        game.client.expect(kb.EvtOutputGone)
        assert game.card.alive()["framebuffers"] == 0
        assert game.card.screen() is None
        game.card.tell("plug HDMI-A-1 320x240@60*")
        game.card.tell("hotplug")
        game.outputs_changed()
        game.show(fill(BLUE, (0, 0, 100, 100)))
    game.picture_is_right()
    assert game.card.alive() == alive
    assert len(game.daemon.fds()) == fds


def test_no_display_at_the_start(rig: StartRig) -> None:
    """It waits, and there is a picture when one is plugged in."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 off")
    assert game.log("waiting for one")
    assert not game.client.outputs
    game.card.tell("plug HDMI-A-1 320x240@60*")
    game.card.tell("hotplug")
    game.outputs_changed()
    game.window()
    goes_on(game, game.card.alive())


def test_the_card_goes(game: Rig) -> None:
    """A display that was plugged in by USB: no picture, no end of the daemon, no flood in the log."""
    game.card.tell("gone")
    game.client.frame(1, fill(BLUE, (0, 0, 100, 100)))
    game.card.tell("hotplug")
    game.client.expect(kb.EvtOutputGone)
    for _ in range(5):
        game.card.tell("hotplug")
    game.client.sync()
    assert len(game.log(r"card .*: No such device")) == 1, game.daemon.text()
    assert len(game.log("; waiting for a display")) == 1, game.daemon.text()


def test_the_card_comes_back(game: Rig) -> None:
    """The same, with another card plugged in after that."""
    game.card.tell("gone")
    game.card.tell("hotplug")
    game.client.expect(kb.EvtOutputGone)
    game.card.tell(f"card card1 path={game.card.node('card1')}")
    for line in ("crtcs 1", "plane primary", "connector HDMI-A-1 320x240@60*", "flips refresh"):
        game.card.tell(line)
    game.card.tell("hotplug")
    game.outputs_changed()
    goes_on(game, game.card.alive())


def test_a_mode_that_cannot_be_set(rig: StartRig) -> None:
    """The card refuses the preferred mode when it is set, though the test went well: another is used."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60* 160x120@60",
               "fail modeset 1 3 EINVAL")
    game.window()
    goes_on(game, game.card.alive())


def test_a_mode_that_is_refused(rig: StartRig) -> None:
    """The test of the preferred mode fails: the next best is used, and the log says so once."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60* 160x120@60",
               "fail test 1 1 EINVAL")
    output = next(iter(game.client.outputs.values()))
    assert (output.width, output.height) == (160, 120)
    assert len(game.log("320x240 cannot be set")) == 1
    game.window()
    goes_on(game, game.card.alive())


def test_a_mode_that_fails_for_good(rig: StartRig) -> None:
    """It passes every test and can never be set: another one must be found, or there is no picture."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60* 160x120@60",
               "refuse-mode 320x240 EINVAL")
    game.client.expect(kb.EvtOutputGone)
    game.outputs_changed()
    game.window()
    goes_on(game, game.card.alive())
    screen = game.card.screen()
    assert screen is not None and screen.shape == (120, 160)
    assert len(game.log("cannot be set; trying another")) == 1


def test_a_display_whose_only_mode_fails(rig: StartRig) -> None:
    """There is no other mode, so this one is tried until it works."""
    game = rig("preset bare card0 no-connectors", "connector HDMI-A-1 320x240@60*",
               "refuse-mode 320x240 EINVAL")
    game.card.tell("wait refused 12")
    assert len(game.log("cannot be set; trying another")) == 1
    game.card.tell("refuse-mode none")
    game.card.tell("wait flips 1")
    game.client = game.daemon.client()
    game.window()
    goes_on(game, game.card.alive())


def test_a_link_that_was_lost(game: Rig) -> None:
    """The cable was touched: the kernel asks for the mode to be set again, and nobody has to draw
    anything for that."""
    alive = game.card.alive()
    modesets = game.card.counts()["modesets"]
    game.card.tell("link bad HDMI-A-1")
    game.card.tell("hotplug")
    game.card.tell(f"wait modesets {modesets + 1}")
    goes_on(game, alive)
    assert len(game.log("the link was lost")) == 1

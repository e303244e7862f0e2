"""Programs that somebody launched: what stays of their windows when they go, whose it is then, and
what hostile clients can do with it."""
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from conftest import VIRTUAL
from harness import Client, Daemon, fill, ident, kb

Start = Callable[..., Daemon]

RED, GREEN, BLUE = 0xFFFF0000, 0xFF00FF00, 0xFF0000FF
WINDOW, OTHER, ADOPTED = ident(1), ident(2), ident(7)
ALL = (0, 0, 8192, 8192)
TOKEN = 0x1234_5678_9ABC_DEF0
State = tuple[int, int, int]


def launch(client: Client, token: int = TOKEN) -> State:
    """Says launch; the state that answers it."""
    serial = client.request(kb.encode_launch, token=token)
    state = client.expect(kb.EvtLaunchState, serial=serial)
    return state.clients, state.shown, state.left


def state(client: Client) -> State:
    """The last that was told, once the daemon has come so far."""
    client.sync()
    last = client.take(kb.EvtLaunchState)[-1]
    return last.clients, last.shown, last.left


def wait_for(client: Client, wanted: State) -> None:
    """Receives until the launch stands like this."""
    while True:
        told = client.expect(kb.EvtLaunchState)
        if (told.clients, told.shown, told.left) == wanted:
            return


def program(daemon: Daemon, token: int = TOKEN, **options: int) -> Client:
    """A launched program."""
    client = daemon.client("game", **options)
    client.request(kb.encode_launched, token=token)
    client.sync()
    return client


def shows(client: Client, color: int, window: int = WINDOW, **more: object) -> None:
    """Makes a window of one colour, which is shown."""
    client.window(window, 320, 240, **more)  # type: ignore[arg-type]
    client.show(window, fill(color, ALL))


def is_all(client: Client, color: int) -> bool:
    """Whether the display shows nothing but this colour."""
    client.refresh()
    return bool((client.see_output() == color & 0xFFFFFF).all())


def adopt(client: Client, window: int = ADOPTED) -> kb.EvtWindowAdopted:
    """Adopts what was left; what is said of it."""
    serial = client.request(kb.encode_window_adopt, object=window)
    return client.expect(kb.EvtWindowAdopted, object=window, serial=serial)


def test_a_picture_stays_when_its_program_goes(daemon: Daemon) -> None:
    """And is never off the screen on the way; it goes with the keeper."""
    keeper, looker = daemon.client("keeper"), daemon.client("looker")
    assert launch(keeper) == (0, 0, 0)
    game = program(daemon)
    shows(game, RED)
    assert state(keeper) == (1, 1, 0)
    commits = looker.statistics(kb.StatisticsScope.OUTPUT, 1)["commits"]
    game.close()
    wait_for(keeper, (0, 0, 1))
    assert is_all(looker, RED)
    assert looker.statistics(kb.StatisticsScope.OUTPUT, 1)["commits"] == commits
    keeper.close()
    looker.alone()
    assert is_all(looker, 0)


def test_without_a_launch_nothing_stays(daemon: Daemon) -> None:
    """A program with another token, or none, is nobody's."""
    keeper = daemon.client("keeper")
    launch(keeper)
    for token in (TOKEN + 1, 0):
        game = program(daemon, token) if token else daemon.client("game")
        shows(game, RED)
        game.close()
        keeper.alone()
        assert is_all(keeper, 0)
    assert launch(keeper) == (0, 0, 0)


def test_the_keeper_may_come_later(daemon: Daemon) -> None:
    """As after a daemon that was restarted, where all come back in any order."""
    game = program(daemon)
    shows(game, RED)
    keeper = daemon.client("keeper")
    assert launch(keeper) == (1, 1, 0)
    game.close()
    wait_for(keeper, (0, 0, 1))
    assert is_all(keeper, RED)


def test_the_next_programs_first_frame_replaces_it(daemon: Daemon) -> None:
    """Until then it stays, though a window is there."""
    keeper = daemon.client("keeper")
    launch(keeper)
    game = program(daemon)
    shows(game, RED)
    game.close()
    wait_for(keeper, (0, 0, 1))
    game = program(daemon)
    game.window(WINDOW, 100, 100, place=(0, 0, 100, 100))
    assert is_all(game, RED)
    game.show(WINDOW, fill(GREEN, ALL))
    seen = game.see_output()
    assert (seen[:100, :100] == GREEN & 0xFFFFFF).all()
    assert (seen[100:] == 0).all() and (seen[:, 100:] == 0).all()
    assert state(keeper) == (1, 1, 0)


def test_the_last_window_that_is_destroyed_stays(daemon: Daemon) -> None:
    """Of two the first one goes at once; hidden ones do not count."""
    keeper = daemon.client("keeper")
    launch(keeper)
    game = program(daemon)
    shows(game, RED)
    shows(game, GREEN, OTHER, z=1)
    game.window(ident(3), 320, 240, flags=kb.WindowFlag.HIDDEN)
    game.frame(ident(3), fill(BLUE, ALL))
    game.refresh(4)
    game.request(kb.encode_window_destroy, object=OTHER)
    assert is_all(game, RED)
    assert state(keeper) == (1, 1, 0)
    game.request(kb.encode_window_destroy, object=WINDOW)
    assert is_all(game, RED)
    assert state(keeper) == (1, 0, 1)
    shows(game, BLUE, ident(4))
    assert is_all(game, BLUE)
    assert state(keeper) == (1, 1, 0)


def test_what_was_left_can_be_adopted(daemon: Daemon) -> None:
    """It is a window as any other then, and is drawn over."""
    keeper = daemon.client("keeper")
    launch(keeper)
    game = program(daemon)
    shows(game, RED, z=5, place=(10, 20, 100, 50), scale=kb.Scale.STRETCH, base=BLUE, title="Snake")
    game.close()
    wait_for(keeper, (0, 0, 1))
    told = adopt(keeper)
    assert (told.width, told.height, told.z, told.base_color) == (320, 240, 5, BLUE)
    assert (told.scale, tuple(told.place), told.title) == (kb.Scale.STRETCH, (10, 20, 100, 50), "Snake")
    assert tuple(keeper.expect(kb.EvtWindowState, object=ADOPTED).place) == (10, 20, 100, 50)
    assert (keeper.see_window(ADOPTED) == RED & 0xFFFFFF).all()
    assert launch(keeper) == (0, 0, 0)  # which lets go of what was left, not of what is its own
    keeper.show(ADOPTED, fill(0x80000000, ALL, blend=kb.Blend.OVER))
    seen = keeper.see_output()
    assert (seen[20:70, 10:110] == 0x7F0000).all()
    assert np.count_nonzero(seen) == 50 * 100
    keeper.request(kb.encode_window_destroy, object=ADOPTED)
    assert is_all(keeper, 0)


def test_frames_on_their_way_are_not_shown(daemon: Daemon) -> None:
    """What was last shown stays, whatever was still queued."""
    keeper = daemon.client("keeper")
    launch(keeper)
    game = program(daemon)
    shows(game, RED)
    game.set(WINDOW, later=True, width=64, height=48)
    game.frame(WINDOW, fill(GREEN, ALL))
    game.frame(WINDOW, fill(BLUE, ALL))
    game.sync()
    game.close()
    wait_for(keeper, (0, 0, 1))
    assert is_all(keeper, RED)
    told = adopt(keeper)
    assert (told.width, told.height) == (320, 240)
    keeper.show(ADOPTED, fill(GREEN, (0, 0, 320, 120)))
    seen = keeper.see_output()
    assert (seen[:120] == GREEN & 0xFFFFFF).all() and (seen[120:] == RED & 0xFFFFFF).all()


def test_the_topmost_is_adopted_first(daemon: Daemon) -> None:
    """By z, then by age."""
    keeper = daemon.client("keeper")
    launch(keeper)
    game = program(daemon)
    for slot, z in ((1, 0), (2, 9), (3, 9), (4, 1)):
        shows(game, RED, ident(slot), z=z, title=f"{slot}")
    game.close()
    wait_for(keeper, (0, 0, 4))
    assert [adopt(keeper, ident(10 + i)).title for i in range(4)] == ["3", "2", "4", "1"]
    serial = keeper.request(kb.encode_window_adopt, object=ident(20))
    keeper.refused(kb.ErrorCode.NOT_POSSIBLE, serial)


def test_launch_said_again_or_ended_lets_go(daemon: Daemon) -> None:
    """And a program that goes after the end leaves nothing."""
    keeper = daemon.client("keeper")
    for token, after in ((TOKEN, 1), (0, 0), (TOKEN + 5, 0)):
        launch(keeper)
        first, second = program(daemon), program(daemon)
        shows(first, RED)
        first.close()
        wait_for(keeper, (1, 0, 1))
        assert launch(keeper, token) == ((1, 0, 0) if token == TOKEN else (0, 0, 0))
        assert is_all(keeper, 0)
        shows(second, GREEN)
        second.close()
        keeper.alone()
        assert is_all(keeper, GREEN if after else 0)
        launch(keeper, 0)
        keeper.take(kb.EvtLaunchState)


def test_input_is_never_for_what_was_left(daemon: Daemon) -> None:
    """The focus goes to who comes next, not to the keeper by accident."""
    wants = kb.HelloFlag.WANTS_INPUT
    keeper = daemon.client("keeper", flags=wants)
    launch(keeper)
    other = daemon.client("other", flags=wants)
    shows(other, BLUE, place=(0, 0, 320, 120))
    game = program(daemon, flags=wants)
    shows(game, RED)
    assert game.expect(kb.EvtFocus, object=WINDOW)
    game.close()
    wait_for(keeper, (0, 0, 1))
    other.sync()
    other.take(kb.EvtFocus)
    for value in (1, 0):
        keeper.request(kb.encode_input_inject, type=1, code=30, value=value, device=0)
        keeper.request(kb.encode_input_inject, type=0, code=0, value=0, device=0)
    keeper.sync()
    other.sync()
    assert not keeper.take(kb.EvtFocus, kb.EvtKey)
    assert not other.take(kb.EvtKey)  # it is covered by what was left
    adopt(keeper)
    assert keeper.expect(kb.EvtFocus, object=ADOPTED)


# ---- Clients that mean no good ------------------------------------------------------------------

def test_a_token_has_one_keeper(daemon: Daemon) -> None:
    """A second one is refused, and changes nothing; a program that knows its token is no keeper."""
    keeper, thief = daemon.client("keeper"), daemon.client("thief")
    launch(keeper)
    game = program(daemon)
    shows(game, RED)
    for client in (thief, game):
        serial = client.request(kb.encode_launch, token=TOKEN)
        client.refused(kb.ErrorCode.ID_IN_USE, serial)
        serial = client.request(kb.encode_window_adopt, object=ADOPTED)
        client.refused(kb.ErrorCode.NOT_POSSIBLE, serial)
    game.close()
    wait_for(keeper, (0, 0, 1))
    serial = thief.request(kb.encode_window_adopt, object=ADOPTED)
    thief.refused(kb.ErrorCode.NOT_POSSIBLE, serial)
    assert is_all(keeper, RED)
    keeper.close()
    game = program(daemon)  # the launch is there again, by its program
    while True:  # the keeper's end may still be on its way
        serial = thief.request(kb.encode_launch, token=TOKEN)
        thief.sync()
        if not thief.take(kb.EvtError):
            break
    thief.expect(kb.EvtLaunchState, serial=serial)


def test_a_launch_that_is_refused_changes_nothing(daemon: Daemon) -> None:
    """Who asks for somebody else's token keeps its own launch, and what stayed of it."""
    other, keeper, looker = daemon.client("other"), daemon.client("keeper"), daemon.client("looker")
    launch(other, TOKEN + 1)
    launch(keeper)
    game = program(daemon)
    shows(game, RED)
    game.close()
    wait_for(keeper, (0, 0, 1))
    serial = keeper.request(kb.encode_launch, token=TOKEN + 1)
    keeper.refused(kb.ErrorCode.ID_IN_USE, serial)
    assert is_all(looker, RED)
    adopt(keeper)
    second = program(daemon)
    wait_for(keeper, (1, 0, 0))
    second.close()


def test_launched_is_said_once(daemon: Daemon) -> None:
    """And never with 0."""
    game = daemon.client("game")
    game.refused(kb.ErrorCode.BAD_VALUE, game.request(kb.encode_launched, token=0))
    game.request(kb.encode_launched, token=1)
    for token in (1, 2, 2**64 - 1):
        serial = game.request(kb.encode_launched, token=token)
        game.refused(kb.ErrorCode.ID_IN_USE, serial)


@pytest.mark.parametrize("window", [0, 0xFFFFF, ident(1)])
def test_bad_ids_adopt_nothing(daemon: Daemon, window: int) -> None:
    """What was left stays as it was."""
    keeper = daemon.client("keeper")
    launch(keeper)
    keeper.window(ident(1), 10, 10)
    game = program(daemon)
    shows(game, RED)
    game.close()
    wait_for(keeper, (0, 0, 1))
    serial = keeper.request(kb.encode_window_adopt, object=window)
    keeper.refused(kb.ErrorCode.ID_IN_USE if window == ident(1) else kb.ErrorCode.BAD_VALUE, serial)
    assert is_all(keeper, RED)
    adopt(keeper)


def test_few_windows_stay(daemon: Daemon) -> None:
    """However many the program has, and however often it comes and goes."""
    keeper = daemon.client("keeper")
    launch(keeper)
    for _ in range(3):
        game = program(daemon)
        for slot in range(1, 40):
            game.window(ident(slot), 8, 8, place=(0, 0, 8, 8))
            game.frame(ident(slot), fill(RED, ALL))
        game.refresh(4)
        game.sync()
        game.close()
        wait_for(keeper, (0, 0, kb.MAX_LEFT))
        assert keeper.server()["windows"] == kb.MAX_LEFT


def test_what_stays_counts_for_the_keeper(start: Start, tmp_path: Path) -> None:
    """Where its quota is spent nothing stays; afterwards all of it is there again."""
    config = tmp_path / "kmsblitd.conf"
    config.write_text("[limits]\nclient_memory = 1M\n")
    daemon = start(*VIRTUAL, "--config", str(config))
    keeper = daemon.client("keeper")
    for generation in range(3):
        launch(keeper)
        large = ident(2, generation)
        game = program(daemon)
        shows(game, RED)  # a third of it
        keeper.window(large, 512, 400)  # more than two thirds
        game.close()
        wait_for(keeper, (0, 0, 0))
        assert is_all(keeper, 0)
        keeper.request(kb.encode_window_destroy, object=large)
        game = program(daemon)
        shows(game, RED)
        game.close()
        wait_for(keeper, (0, 0, 1))
        adopted = ident(7, generation)
        adopt(keeper, adopted)
        keeper.refused(kb.ErrorCode.QUOTA, keeper.window(ident(9, generation), 512, 400))
        keeper.request(kb.encode_window_destroy, object=adopted)
        keeper.take(kb.EvtLaunchState)


def test_it_may_launch_itself(daemon: Daemon) -> None:
    """A client that is its own program, and goes."""
    looker = daemon.client("looker")
    for _ in range(3):
        both = daemon.client("both")
        launch(both)
        both.request(kb.encode_launched, token=TOKEN)
        shows(both, RED)
        both.close()
        looker.alone()
        assert is_all(looker, 0)
    both = daemon.client("both")
    launch(both)
    both.request(kb.encode_launched, token=TOKEN)
    shows(both, RED)
    both.request(kb.encode_window_destroy, object=WINDOW)
    adopt(both)
    both.request(kb.encode_window_destroy, object=ADOPTED)
    assert is_all(both, RED)  # it is its program's, again
    launch(both)
    assert is_all(both, 0)

"""Input to the window that has the focus, and to nobody else."""
from __future__ import annotations

from collections.abc import Callable

from harness import Client, Daemon, kb
from players import A, BACKSPACE, LEFTSHIFT, SPACE, Player, key, keymap_text, tap

Start = Callable[..., Daemon]


# ---- Keys -----------------------------------------------------------------------------------

def test_keys_reach_the_focused_window(daemon: Daemon, client: Client) -> None:
    """With their meaning, once each."""
    player = Player(daemon)
    assert player.told() == [("focus", True)]
    key(client, A, True)
    key(client, A, False)
    down, up = player.input()
    assert (down.object, down.code, down.state, down.keysym, down.text) == (
        player.id, A, kb.KeyState.DOWN, ord("a"), "a")
    assert (up.code, up.state, up.keysym, up.text) == (A, kb.KeyState.UP, ord("a"), "")
    assert down.device == up.device > 0
    assert up.time_ns >= down.time_ns > 0
    key(client, LEFTSHIFT, True)
    tap(client, A, SPACE, BACKSPACE)
    key(client, LEFTSHIFT, False)
    shift, press, *_ = events = player.input()
    assert shift.modifiers == press.modifiers == kb.Modifier.SHIFT
    assert press.keysym == ord("A")
    assert [event.text for event in events if event.state] == ["", "A", " ", ""]
    assert events[-1].modifiers == 0


def test_the_keymap(daemon: Daemon) -> None:
    """It comes before the first focus, once."""
    player = Player(daemon)
    player.client.sync()
    kinds = [type(event) for event in player.client.events]
    assert kinds.index(kb.EvtKeymap) < kinds.index(kb.EvtFocus)
    keymap, = player.client.take(kb.EvtKeymap)
    assert keymap_text(keymap).startswith("xkb_keymap {")
    assert (keymap.repeat_delay_ms, keymap.repeat_rate) == (500, 25)

"""Events and what is held, with the real daemon: input is injected."""
from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

import kmsblit
from kmsblit import _events

EV_SYN, EV_KEY, EV_REL, EV_ABS = 0, 1, 2, 3
KEY_Q, KEY_A, KEY_C, KEY_SPACE, KEY_LEFT, KEY_LEFTSHIFT, KEY_LEFTCTRL = 16, 30, 46, 57, 105, 42, 29
BTN_LEFT, BTN_RIGHT, BTN_SOUTH = 0x110, 0x111, 0x130


def say(display, *events, device="seat"):
    """What a device does, all at once."""
    for type, code, value in events:
        display.inject(type, code, value, device)
    display.inject(EV_SYN, device=device)


def key(display, code, down):
    say(display, (EV_KEY, code, down))


def until(display, type, **values):
    """All events up to the first of this type, with these values."""
    seen = []
    while not seen or seen[-1].type != type or any(getattr(seen[-1], name) != value for name, value in values.items()):
        seen.append(kmsblit.wait_event(display=display))
    return seen


@pytest.fixture
def focused(window):
    """A window that has the focus, and no events."""
    window.fill("navy")
    window.flip(wait=True)
    until(window.display, kmsblit.WINDOWFOCUSGAINED)
    assert window.focused and window.display.keyboard.get_focused()
    return window


@pytest.fixture(autouse=True)
def no_handlers():
    yield
    _events._handlers.clear()
    kmsblit._kmsblit._set_hand_out(None)


def test_keys(focused):
    display = focused.display
    key(display, KEY_LEFTSHIFT, 1)
    key(display, KEY_A, 1)
    shift, a, text = until(display, kmsblit.TEXTINPUT)[-3:]
    assert (shift.key, shift.type, shift.unicode) == (kmsblit.K_LSHIFT, kmsblit.KEYDOWN, "")
    assert (a.key, a.unicode, a.code, a.scancode, a.repeat) == (kmsblit.K_a, "A", KEY_A, 4, False)
    assert a.mod == kmsblit.KMOD_LSHIFT and a.window is focused and text.text == "A"
    keyboard = kmsblit.keyboard
    assert keyboard[kmsblit.K_a] and keyboard["a"] and keyboard.a and keyboard.left_shift and not keyboard.space
    assert keyboard.pressed == {kmsblit.K_a, kmsblit.K_LSHIFT} and keyboard.codes == {KEY_A, KEY_LEFTSHIFT}
    assert keyboard.get_pressed()[kmsblit.K_a] and keyboard.get_mods() == kmsblit.KMOD_LSHIFT
    with pytest.raises(AttributeError, match="no key is called 'nonsense'"):
        _ = keyboard.nonsense
    key(display, KEY_A, 0)
    up = until(display, kmsblit.KEYUP)[-1]
    assert up.key == kmsblit.K_a and not keyboard.a and keyboard.left_shift
    key(display, KEY_LEFTSHIFT, 0)
    key(display, KEY_LEFTCTRL, 1)
    key(display, KEY_C, 1)
    until(display, kmsblit.KEYUP)
    until(display, kmsblit.KEYDOWN)
    control_c = until(display, kmsblit.KEYDOWN)[-1]
    assert control_c.unicode == "\x03" and control_c.mod & kmsblit.KMOD_CTRL
    key(display, KEY_C, 0)
    assert until(display, kmsblit.KEYUP)[0].type == kmsblit.KEYUP, "a command types nothing"


def test_layout(start, tmp_path):
    """K_ constants go by what is on the keys; codes and scancodes do not."""
    config = tmp_path / "fr.conf"
    config.write_text("[keyboard]\nlayout = fr\n")
    daemon = start("--config", str(config), "--output", "headless:64x64@0")
    with daemon.connect() as display, display.window((8, 8)) as window:
        window.flip(wait=True)
        key(display, KEY_Q, 1)
        event = until(display, kmsblit.KEYDOWN)[-1]
        assert (event.key, event.unicode, event.code, event.scancode) == (kmsblit.K_a, "a", KEY_Q, 20)
        assert display.keyboard[kmsblit.K_a] and not display.keyboard[kmsblit.K_q]


def test_repeat(focused):
    display = focused.display
    keyboard = display.keyboard
    delay, interval = keyboard.get_repeat()
    assert (delay, interval) == (500, 40)
    keyboard.set_repeat(1, 2)
    assert keyboard.get_repeat() == (1, 2)
    key(display, KEY_SPACE, 1)
    seen = []
    while len(seen) < 4:
        seen += [event for event in until(display, kmsblit.KEYDOWN) if event.type == kmsblit.KEYDOWN]
    assert [event.repeat for event in seen] == [False, True, True, True] and seen[3].unicode == " "
    keyboard.set_repeat(0)
    assert keyboard.get_repeat() == (0, 0)
    keyboard.set_repeat()
    assert keyboard.get_repeat() == (500, 40)
    with pytest.raises(kmsblit.RequestError):
        keyboard.set_repeat(-5)


def test_mouse(focused):
    display = focused.display
    say(display, (EV_ABS, 0, 20000), (EV_ABS, 1, 20000))
    until(display, kmsblit.WINDOWENTER)
    say(display, (EV_ABS, 0, 30000))
    until(display, kmsblit.MOUSEMOTION, pos=(29, 14))
    x, y = kmsblit.mouse.pos
    assert 0 < x < 64 and 0 < y < 48 and kmsblit.mouse.inside and (kmsblit.mouse.x, kmsblit.mouse.y) == (x, y)
    kmsblit.mouse.get_rel()
    say(display, (EV_REL, 0, 9), (EV_REL, 1, -9))
    moved = until(display, kmsblit.MOUSEMOTION, rel=(9, -9))[-1]
    assert moved.buttons == (0, 0, 0) and moved.pos == kmsblit.mouse.get_pos()
    assert kmsblit.mouse.get_rel() == (9, -9) and kmsblit.mouse.get_rel() == (0, 0)
    say(display, (EV_KEY, BTN_RIGHT, 1))
    down = until(display, kmsblit.MOUSEBUTTONDOWN)[-1]
    assert (down.button, down.pos, down.window) == (3, moved.pos, focused)
    assert kmsblit.mouse.get_pressed() == (False, False, True) and kmsblit.mouse.right and not kmsblit.mouse.left
    assert kmsblit.mouse.get_pressed(5) == (False, False, True, False, False)
    say(display, (EV_KEY, BTN_RIGHT, 0))
    assert until(display, kmsblit.MOUSEBUTTONUP)[-1].button == 3
    say(display, (EV_REL, 8, -2))
    wheel, down, up = until(display, kmsblit.MOUSEBUTTONUP)[-3:]
    assert (wheel.type, wheel.y, wheel.precise_y) == (kmsblit.MOUSEWHEEL, -2, -2.0)
    assert (down.button, up.button) == (5, 5)


def test_locked_pointer(focused):
    display = focused.display
    say(display, (EV_ABS, 0, 20000), (EV_ABS, 1, 20000))
    until(display, kmsblit.WINDOWENTER)
    say(display, (EV_ABS, 0, 30000))
    until(display, kmsblit.MOUSEMOTION)
    assert not focused.pointer_locked
    focused.pointer_locked = True
    display.sync()
    say(display, (EV_REL, 0, 5))
    moved = until(display, kmsblit.MOUSEMOTION, rel=(5, 0))[-1]
    where = moved.pos
    say(display, (EV_REL, 0, -50))
    moved = until(display, kmsblit.MOUSEMOTION, rel=(-50, 0))[-1]
    assert focused.pointer_locked and moved.pos == where == kmsblit.mouse.pos
    focused.pointer_locked = False
    focused.keyboard_grabbed = True
    assert focused.keyboard_grabbed
    display.sync()


def test_touch(focused):
    display = focused.display
    say(display, (EV_ABS, 0x2F, 0), (EV_ABS, 0x39, 7), (EV_ABS, 0x35, 32768), (EV_ABS, 0x36, 32768),
        device="touch_screen")
    down = until(display, kmsblit.FINGERDOWN)[-1]
    assert 0 < down.x < 1 and 0 < down.y < 1 and 0 < down.pos[0] < 64
    assert len(kmsblit.touches) == 1 and kmsblit.touches[0].pos == down.pos
    assert (kmsblit.touches[0].id, kmsblit.touches[0].touch_id) == (down.finger_id, down.touch_id)
    say(display, (EV_ABS, 0x39, -1), device="touch_screen")
    assert until(display, kmsblit.FINGERUP)[-1].finger_id == down.finger_id
    assert list(kmsblit.touches) == []


def test_gamepad(focused):
    display = focused.display
    with pytest.raises(IndexError, match="no gamepad 0"):
        _ = kmsblit.gamepads[0]
    say(display, (EV_KEY, BTN_SOUTH, 1), (EV_ABS, 0, -32768), device="gamepad")
    seen = until(display, kmsblit.CONTROLLERBUTTONDOWN)
    added = next(event for event in seen if event.type == kmsblit.CONTROLLERDEVICEADDED)
    while kmsblit.gamepads[0].axis("leftx") == 0:
        seen.append(kmsblit.wait_event())
    pad = kmsblit.gamepads[0]
    assert pad == added.gamepad and pad.mapped and pad.is_gamepad and pad.connected and pad in display.devices
    moved = next(event for event in seen if event.type == kmsblit.CONTROLLERAXISMOTION)
    assert (moved.axis, moved.name, moved.value, moved.gamepad) == (0, "leftx", -32768, pad)
    assert pad.axis("leftx") == pad.axis(0) == -1.0 and pad.axis("lefty") == 0
    assert pad.button("a") and pad.button(0) and not pad.button("b")
    with pytest.raises(ValueError, match="the names are leftx"):
        pad.axis("z")
    pad.rumble(0.5, 1, 0.1)
    say(display, (EV_KEY, BTN_SOUTH, 0), device="gamepad")
    assert until(display, kmsblit.CONTROLLERBUTTONUP)[-1].name == "a"


def test_focus(focused, daemon):
    """A key that is held comes up when the focus goes; a program that is not meant hears nothing."""
    display = focused.display
    key(display, KEY_LEFT, 1)
    until(display, kmsblit.KEYDOWN)
    assert kmsblit.keyboard.left
    with daemon.connect("other") as other:
        above = other.window((20, 20))
        above.fill("red")
        above.flip(wait=True)
        until(other, kmsblit.WINDOWFOCUSGAINED)
        seen = until(display, kmsblit.WINDOWFOCUSLOST)
        assert [event.key for event in seen if event.type == kmsblit.KEYUP] == [kmsblit.K_LEFT]
        assert not display.keyboard.left and not focused.focused
        key(display, KEY_LEFT, 0)
        key(display, KEY_SPACE, 1)
        until(other, kmsblit.TEXTINPUT)
        assert other.keyboard.pressed == {kmsblit.K_SPACE} == kmsblit.keyboard.pressed
        display.sync()
        assert [event for event in focused.events() if event.type in (kmsblit.KEYDOWN, kmsblit.TEXTINPUT)] == []
    until(display, kmsblit.WINDOWFOCUSGAINED)


def test_programs_that_only_ask(focused):
    """Without handlers and without asking for events, flip() keeps answers up to date."""
    display = focused.display
    key(display, KEY_SPACE, 1)
    display.sync()
    while not display.keyboard.space:
        focused.fill("red")
        focused.flip()
    seen = [event.type for event in display.events()]
    assert kmsblit.KEYDOWN in seen and kmsblit.TEXTINPUT in seen and kmsblit.keyboard.space


def test_handlers(focused):
    display = focused.display
    told = []

    @kmsblit.on_key_down
    def pressed(key, mod, unicode="?"):
        told.append((key, mod, unicode))

    @kmsblit.on_text
    def typed(*, text):
        told.append(text)

    @kmsblit.on_event
    def anything(event, display):
        told.append(kmsblit.event_name(event.type))

    key(display, KEY_A, 1)
    while "TEXTINPUT" not in told:
        focused.fill("red")
        focused.flip()
    assert told[-4:] == [(kmsblit.K_a, 0, "a"), "KEYDOWN", "a", "TEXTINPUT"]
    kmsblit.remove_handler(pressed)
    kmsblit.remove_handler(anything)
    kmsblit.remove_handler(typed)
    assert not _events._handlers
    with pytest.raises(TypeError, match="'colour', which no event has"):
        @kmsblit.on_key_up
        def wrong(colour):
            pass

    @kmsblit.on_key_up
    def fails():
        raise KeyError("mine")
    key(display, KEY_A, 0)
    with pytest.raises(KeyError, match="mine"):
        while True:
            focused.fill("red")
            focused.flip()


def test_events_say_what_they_have():
    event = kmsblit.Event(kmsblit.KEYDOWN, key=kmsblit.K_SPACE)
    assert event == kmsblit.Event(kmsblit.KEYDOWN, key=32) and event.dict == {"key": 32}
    assert repr(event) == "<Event KEYDOWN key=32>"
    with pytest.raises(AttributeError, match="a KEYDOWN event has no 'pos'; it has key"):
        _ = event.pos


def test_constants_are_pygames():
    pygame = pytest.importorskip("pygame")
    ours = [name for name in kmsblit.__all__ if name.isupper() or name.startswith("K_")]
    shared = [name for name in ours if hasattr(pygame, name) and isinstance(getattr(pygame, name), int)]
    assert len(shared) > 180 and [name for name in shared if getattr(kmsblit, name) != getattr(pygame, name)] == []
    assert {name for name in dir(pygame) if name.startswith(("K_", "KMOD_"))} <= set(ours)
    pygame.display.init()
    for name in ours:
        value = getattr(kmsblit, name)
        if name.startswith("K_") and value:
            assert kmsblit.key_name(value) == pygame.key.name(value)
            assert kmsblit.key_code(kmsblit.key_name(value)) == value


def test_waiting(focused):
    display = focused.display
    assert list(display.events()) == []
    assert kmsblit.wait_event(0) is None and kmsblit.wait_event(0.01, display) is None


def test_a_display_goes_with_events_that_nobody_took(daemon):
    """One event of the wheel is three: the others know the window, and by it the display."""
    display = daemon.connect()
    window = display.window((64, 48))
    window.flip(wait=True)
    until(display, kmsblit.WINDOWFOCUSGAINED)
    say(display, (EV_ABS, 0, 10), (EV_ABS, 1, 10))
    say(display, (EV_REL, 8, 1))
    until(display, kmsblit.MOUSEWHEEL)
    gone = weakref.ref(display)
    del display, window
    gc.collect()
    assert gone() is None


def test_no_display():
    done = subprocess.run([sys.executable, "-B", "-c", "import kmsblit; kmsblit.keyboard.space"],
                          capture_output=True, text=True)
    assert done.returncode == 1 and "call kmsblit.connect() first" in done.stderr


def test_nothing_leaks(focused):
    """Objects of events and devices go when nobody has them."""
    display = focused.display
    for turn in range(3):
        for _ in range(50):
            key(display, KEY_A, 1)
            key(display, KEY_A, 0)
            say(display, (EV_REL, 8, 1))
            say(display, (EV_KEY, BTN_SOUTH, 1), device="gamepad")
            say(display, (EV_KEY, BTN_SOUTH, 0), device="gamepad")
            until(display, kmsblit.CONTROLLERBUTTONUP)
            assert len(display.gamepads) == 1 and len(display.touches) == 0
        gc.collect()
        count = len(gc.get_objects()), sys.getrefcount(display), sys.getrefcount(focused)
        if turn == 1:
            before = count
    assert abs(count[0] - before[0]) < 20 and count[1:] == before[1:]

"""Events, as pygame has them, and functions that are called with them."""
from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from . import _keys, _kmsblit
from ._kmsblit import Display, Window

if TYPE_CHECKING:
    from ._input import Device, Gamepad

QUIT = 256
KEYDOWN = 768
KEYUP = 769
TEXTINPUT = 771
MOUSEMOTION = 1024
MOUSEBUTTONDOWN = 1025
MOUSEBUTTONUP = 1026
MOUSEWHEEL = 1027
JOYAXISMOTION = 1536
JOYBUTTONDOWN = 1539
JOYBUTTONUP = 1540
JOYDEVICEADDED = 1541
JOYDEVICEREMOVED = 1542
CONTROLLERAXISMOTION = 1616
CONTROLLERBUTTONDOWN = 1617
CONTROLLERBUTTONUP = 1618
CONTROLLERDEVICEADDED = 1619
CONTROLLERDEVICEREMOVED = 1620
FINGERDOWN = 1792
FINGERUP = 1793
FINGERMOTION = 1794
WINDOWENTER = 32783
WINDOWLEAVE = 32784
WINDOWFOCUSGAINED = 32785
WINDOWFOCUSLOST = 32786
# pygame has no such events, and leaves these numbers free.
DEVICEADDED = 40960
DEVICEREMOVED = 40961
EVENTSLOST = 40962
FINGERCANCEL = 40963

BUTTON_LEFT = 1
BUTTON_MIDDLE = 2
BUTTON_RIGHT = 3
BUTTON_WHEELUP = 4
BUTTON_WHEELDOWN = 5
BUTTON_X1 = 6
BUTTON_X2 = 7

_NAMES = {value: name for name, value in globals().items() if name.isupper() and isinstance(value, int)
          and not name.startswith("BUTTON_")}
# What keys type that the daemon counts as no text.
_CONTROLS = {0xFF0D: "\r", 0xFF8D: "\r", 0xFF09: "\t", 0xFF08: "\b", 0xFF1B: "\x1b", 0xFFFF: "\x7f"}
_CTRL = 4


def event_name(type: int) -> str:
    """The name of an event's type: "KEYDOWN"."""
    return _NAMES.get(type, "UNKNOWN")


class Event:
    """Something that the player did. Which attributes there are depends on type:

    - QUIT: somebody wants the game to end; window.
    - KEYDOWN, KEYUP: key (a K_ constant), mod (KMOD_ bits), unicode, scancode (the key's place as pygame counts),
      code (the same as Linux counts), repeat (whether the key is only held), window.
    - TEXTINPUT: text, window. For everything that is typed: dead keys and compose keys are put together.
    - MOUSEMOTION: pos, rel, buttons, touch, window. rel is the mouse's own motion, not accelerated.
    - MOUSEBUTTONDOWN, MOUSEBUTTONUP: pos, button (1 left, 2 middle, 3 right, 4 and 5 the wheel, 6 and 7), touch, window.
    - MOUSEWHEEL: x, y (whole notches; to the right, away from the player), precise_x, precise_y, flipped, touch, window.
    - FINGERDOWN, FINGERMOTION, FINGERUP, FINGERCANCEL: touch_id, finger_id, x, y (0 to 1), pos (pixels), window.
    - CONTROLLERAXISMOTION: gamepad, instance_id, axis, name ("leftx"), value (-32768 to 32767).
    - CONTROLLERBUTTONDOWN, CONTROLLERBUTTONUP: gamepad, instance_id, button, name ("a").
    - JOYAXISMOTION, JOYBUTTONDOWN, JOYBUTTONUP: the same of gamepads whose layout is not known; value is -1.0 to 1.0,
      and name is "".
    - CONTROLLERDEVICEADDED and -REMOVED, JOYDEVICEADDED and -REMOVED: gamepad, instance_id.
    - DEVICEADDED, DEVICEREMOVED: device. Of every device, gamepads too.
    - WINDOWFOCUSGAINED, WINDOWFOCUSLOST, WINDOWENTER, WINDOWLEAVE: window.
    - EVENTSLOST: count. The program took no events for long, and some were forgotten; no release of a key or button was.

    All have time_ns, as time.monotonic_ns() counts (0: unknown).
    """

    type: int
    time_ns: int
    window: Window | None
    key: int
    mod: int
    unicode: str
    scancode: int
    code: int
    repeat: bool
    text: str
    pos: tuple[int, int]
    rel: tuple[int, int]
    buttons: tuple[int, int, int]
    button: int
    touch: bool
    x: Any
    y: Any
    precise_x: float
    precise_y: float
    flipped: bool
    touch_id: int
    finger_id: int
    gamepad: Gamepad
    device: Device
    instance_id: int
    axis: int
    name: str
    value: Any
    count: int

    def __init__(self, type: int, **attributes: Any) -> None:
        self.__dict__.update(attributes)
        self.type = type

    @property
    def dict(self) -> dict[str, Any]:
        """All attributes but the type."""
        return {name: value for name, value in self.__dict__.items() if name != "type"}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and other.__dict__ == self.__dict__

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a {event_name(self.__dict__.get('type', 0))} event has no {name!r}; it has "
                             f"{', '.join(sorted(self.__dict__))}")

    def __repr__(self) -> str:
        rest = "".join(f" {name}={value!r}" for name, value in self.__dict__.items()
                       if name not in ("type", "window", "time_ns"))
        return f"<Event {event_name(self.type)}{rest}>"


# ---- Making them
# --------------------------------------------------------------------------------------

def _key(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    from ._input import modifiers_of
    code, keysym, base, modifiers, repeat, text = values
    unicode = text or _CONTROLS.get(keysym, "")
    if modifiers & _CTRL and 0x61 <= base <= 0x7A:
        unicode = chr(base & 31)
    return [Event(KEYDOWN if kind == 1 else KEYUP, key=_keys.key_of(code, base), mod=modifiers_of(display, modifiers),
                  unicode=unicode, scancode=_keys.scancode_of(code), code=code, repeat=repeat, **common)]


def _text(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    return [Event(TEXTINPUT, text=values[0], **common)]


def _motion(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    x, y, dx, dy, _ = values
    held = display._pointer()[4]
    return [Event(MOUSEMOTION, pos=(int(x // 1), int(y // 1)), rel=(round(dx), round(dy)),
                  buttons=(held & 1, held >> 2 & 1, held >> 1 & 1), touch=False, **common)]


def _button(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    number = values[4] - 0x110
    button = {0: BUTTON_LEFT, 1: BUTTON_RIGHT, 2: BUTTON_MIDDLE}.get(number, number + 3)
    return [Event(MOUSEBUTTONDOWN if kind == 5 else MOUSEBUTTONUP, pos=(int(values[0] // 1), int(values[1] // 1)),
                  button=button, touch=False, **common)]


def _wheel(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    horizontal, vertical, notches_x, notches_y = values
    made = [Event(MOUSEWHEEL, x=notches_x, y=-notches_y, precise_x=horizontal / 120, precise_y=-vertical / 120,
                  flipped=False, touch=False, **common)]
    if notches_y:  # as pygame does, for games older than wheels
        x, y = display._pointer()[:2]
        button = BUTTON_WHEELDOWN if notches_y > 0 else BUTTON_WHEELUP
        made += [Event(type, pos=(int(x // 1), int(y // 1)), button=button, touch=False, **common)
                 for type in (MOUSEBUTTONDOWN, MOUSEBUTTONUP)]
    return made


def _finger(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    finger, x, y = values
    type = {10: FINGERDOWN, 11: FINGERMOTION, 12: FINGERUP}.get(kind, FINGERCANCEL)
    width, height = common["window"].size if common["window"] is not None else (1, 1)
    return [Event(type, touch_id=common["device"], finger_id=finger, x=x / width, y=y / height,
                  pos=(int(x // 1), int(y // 1)), **{name: common[name] for name in ("time_ns", "window")})]


def _pad(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    from ._input import Gamepad, name_of_axis, name_of_button
    known = display._device(common.pop("device"))
    if known is None:
        return []
    axis, value, button = values
    pad = Gamepad(display, known)
    common.update(gamepad=pad, instance_id=pad.id)
    if kind == 14 and pad.mapped:
        return [Event(CONTROLLERAXISMOTION, axis=axis, name=name_of_axis(axis), value=value, **common)]
    if kind == 14:
        return [Event(JOYAXISMOTION, axis=axis, name="", value=value / (32768 if value < 0 else 32767), **common)]
    if pad.mapped:
        type = CONTROLLERBUTTONDOWN if kind == 15 else CONTROLLERBUTTONUP
        return [Event(type, button=button, name=name_of_button(button), **common)]
    return [Event(JOYBUTTONDOWN if kind == 15 else JOYBUTTONUP, button=button, name="", **common)]


def _device(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    from ._input import Gamepad, device_of
    known = display._device(common.pop("device"))
    if known is None:
        return []
    device = device_of(display, known)
    added = kind == 17
    made = [Event(DEVICEADDED if added else DEVICEREMOVED, device=device, **common)]
    if isinstance(device, Gamepad):
        type = CONTROLLERDEVICEADDED if device.mapped else JOYDEVICEADDED
        made.append(Event(type if added else type + 1, gamepad=device, instance_id=device.id, **common))
    return made


def _of_window(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    type = {7: WINDOWENTER, 8: WINDOWLEAVE, 19: WINDOWFOCUSGAINED, 20: WINDOWFOCUSLOST, 21: QUIT}[kind]
    return [Event(type, window=common["window"], time_ns=common["time_ns"])]


def _lost(display: Any, kind: int, common: dict[str, Any], values: tuple[Any, ...]) -> list[Event]:
    return [Event(EVENTSLOST, count=values[0], time_ns=common["time_ns"])]


# By enum kb_event_type of kmsblit.h.
_MAKERS = {1: _key, 2: _key, 3: _text, 4: _motion, 5: _button, 6: _button, 7: _of_window, 8: _of_window, 9: _wheel,
           10: _finger, 11: _finger, 12: _finger, 13: _finger, 14: _pad, 15: _pad, 16: _pad, 17: _device, 18: _device,
           19: _of_window, 20: _of_window, 21: _of_window, 22: _lost}
_WITH_DEVICE = {10, 11, 12, 13, 14, 15, 16, 17, 18}


def _take(display: Any) -> list[Event] | None:
    """The next event, which may be several of pygame's; None: there is none now."""
    taken = display._next_event()
    if taken is None:
        return None
    kind, time_ns, device, window, values = taken
    common = {"time_ns": time_ns, "window": window}
    if kind in _WITH_DEVICE:
        common["device"] = device
    return _MAKERS[kind](display, kind, common, values)


def _next(display: Any) -> Event | None:
    made: list[Event] | None = display._rest or []
    while made == []:
        made = _take(display)
    if made is None:
        return None
    # What became several events of pygame's is taken one after the other.
    display._rest = made[1:]
    return made[0]


def events(display: Display | None = None) -> Iterator[Event]:
    """Takes the events that have come, one after the other, without waiting for any.

        for event in kmsblit.events():
            if event.type == kmsblit.KEYDOWN and event.key == kmsblit.K_ESCAPE:
                ...

    display: the last one connected, if it is not given. What kmsblit.keyboard and the others tell is as of the last
    event taken.
    """
    from ._input import current
    source = display if display is not None else current()
    event = _next(source)
    while event is not None:
        yield event
        event = _next(source) if not source.closed else None


def wait_event(timeout: float | None = None, display: Display | None = None) -> Event | None:
    """Waits for the next event, and takes it; None: `timeout` seconds have passed."""
    from ._input import current
    source = display if display is not None else current()
    end = None if timeout is None else time.monotonic() + timeout
    while True:
        event = _next(source)
        left = None if end is None else end - time.monotonic()
        if event is not None or left is not None and left <= 0:
            return event
        source.dispatch(left)


# ---- Handlers
# --------------------------------------------------------------------------------------

Handler = TypeVar("Handler", bound=Callable[..., object])
_handlers: dict[int, list[tuple[Callable[..., object], tuple[str, ...] | None]]] = {}


def _names_of(function: Callable[..., object]) -> tuple[str, ...]:
    """What a handler wants to know, by the names of its arguments."""
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(name for name, argument in inspect.signature(function).parameters.items()
                 if argument.kind in kinds and (argument.default is argument.empty or name in Event.__annotations__))


def _on(*types: int) -> Callable[[Handler], Handler]:
    def register(function: Handler) -> Handler:
        names = _names_of(function)
        for name in names:
            if name != "event" and name not in Event.__annotations__ and name != "display":
                raise TypeError(f"{getattr(function, '__name__', 'handler')}() asks for {name!r}, which no event has")
        for type in types:
            _handlers.setdefault(type, []).append((function, names))
        _kmsblit._set_hand_out(hand_out)  # type: ignore[attr-defined]
        return function
    return register


def on_event(function: Handler) -> Handler:
    """Calls the function below it with every event."""
    return _on(*_NAMES)(function)


def on_key_down(function: Handler) -> Handler:
    """Calls the function below it when a key is pressed.

        @kmsblit.on_key_down
        def pressed(key, unicode):
            ...

    A handler gets what its arguments are called: attributes of the Event, or `event` itself. Handlers are called by
    flip() and update(), one after the other, in the order of the events.
    """
    return _on(KEYDOWN)(function)


def on_key_up(function: Handler) -> Handler:
    """... when a key is released."""
    return _on(KEYUP)(function)


def on_text(function: Handler) -> Handler:
    """... when text was typed: def typed(text)."""
    return _on(TEXTINPUT)(function)


def on_mouse_move(function: Handler) -> Handler:
    """... when the pointer was moved: def moved(pos, rel, buttons)."""
    return _on(MOUSEMOTION)(function)


def on_mouse_down(function: Handler) -> Handler:
    """... when a button was pressed: def clicked(pos, button)."""
    return _on(MOUSEBUTTONDOWN)(function)


def on_mouse_up(function: Handler) -> Handler:
    """... when a button was released."""
    return _on(MOUSEBUTTONUP)(function)


def on_mouse_wheel(function: Handler) -> Handler:
    """... when the wheel was turned: def turned(x, y)."""
    return _on(MOUSEWHEEL)(function)


def on_touch_down(function: Handler) -> Handler:
    """... when a finger touches the screen: def touched(pos, finger_id)."""
    return _on(FINGERDOWN)(function)


def on_touch_move(function: Handler) -> Handler:
    """... when a finger moves on it."""
    return _on(FINGERMOTION)(function)


def on_touch_up(function: Handler) -> Handler:
    """... when a finger leaves it, or was not meant for this game after all."""
    return _on(FINGERUP, FINGERCANCEL)(function)


def on_button_down(function: Handler) -> Handler:
    """... when a button of a gamepad was pressed: def pressed(gamepad, button, name)."""
    return _on(CONTROLLERBUTTONDOWN, JOYBUTTONDOWN)(function)


def on_button_up(function: Handler) -> Handler:
    """... when a button of a gamepad was released."""
    return _on(CONTROLLERBUTTONUP, JOYBUTTONUP)(function)


def on_axis(function: Handler) -> Handler:
    """... when a stick or trigger of a gamepad was moved: def moved(gamepad, axis, name, value)."""
    return _on(CONTROLLERAXISMOTION, JOYAXISMOTION)(function)


def on_focus(function: Handler) -> Handler:
    """... when the game gets the focus, or loses it: def focus(event)."""
    return _on(WINDOWFOCUSGAINED, WINDOWFOCUSLOST)(function)


def on_quit(function: Handler) -> Handler:
    """... when somebody wants the game to end. Without such a handler, a game that has others ends by SystemExit."""
    return _on(QUIT)(function)


def remove_handler(function: Callable[..., object]) -> None:
    """Does not call it any more."""
    for type in list(_handlers):
        _handlers[type] = [one for one in _handlers[type] if one[0] is not function]
        if not _handlers[type]:
            del _handlers[type]
    if not _handlers:
        _kmsblit._set_hand_out(None)  # type: ignore[attr-defined]


def hand_out(display: Display) -> None:
    """Calls the handlers with all events that have come."""
    for event in events(display):
        found = _handlers.get(event.type, ())
        for function, names in tuple(found):
            offered = {"event": event, "display": display}
            function(**{name: offered[name] if name in offered else getattr(event, name) for name in names or ()})
        if event.type == QUIT and not found:
            raise SystemExit
        if display.closed:
            return


__all__ = [
    "BUTTON_LEFT",
    "BUTTON_MIDDLE",
    "BUTTON_RIGHT",
    "BUTTON_WHEELDOWN",
    "BUTTON_WHEELUP",
    "BUTTON_X1",
    "BUTTON_X2",
    "CONTROLLERAXISMOTION",
    "CONTROLLERBUTTONDOWN",
    "CONTROLLERBUTTONUP",
    "CONTROLLERDEVICEADDED",
    "CONTROLLERDEVICEREMOVED",
    "DEVICEADDED",
    "DEVICEREMOVED",
    "EVENTSLOST",
    "FINGERCANCEL",
    "FINGERDOWN",
    "FINGERMOTION",
    "FINGERUP",
    "JOYAXISMOTION",
    "JOYBUTTONDOWN",
    "JOYBUTTONUP",
    "JOYDEVICEADDED",
    "JOYDEVICEREMOVED",
    "KEYDOWN",
    "KEYUP",
    "MOUSEBUTTONDOWN",
    "MOUSEBUTTONUP",
    "MOUSEMOTION",
    "MOUSEWHEEL",
    "QUIT",
    "TEXTINPUT",
    "WINDOWENTER",
    "WINDOWFOCUSGAINED",
    "WINDOWFOCUSLOST",
    "WINDOWLEAVE",
    "Event",
    "event_name",
    "events",
    "on_axis",
    "on_button_down",
    "on_button_up",
    "on_event",
    "on_focus",
    "on_key_down",
    "on_key_up",
    "on_mouse_down",
    "on_mouse_move",
    "on_mouse_up",
    "on_mouse_wheel",
    "on_quit",
    "on_text",
    "on_touch_down",
    "on_touch_move",
    "on_touch_up",
    "remove_handler",
    "wait_event",
]

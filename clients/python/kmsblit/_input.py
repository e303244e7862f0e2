"""Which keys are held, where the pointer is, fingers, gamepads: as of the last event taken."""
from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from typing import Any, overload

from . import _events, _keys
from ._kmsblit import Display, Error, Window

_AXES = ("leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger")
_BUTTONS = ("a", "b", "x", "y", "back", "guide", "start", "leftstick", "rightstick", "leftshoulder", "rightshoulder",
            "dpup", "dpdown", "dpleft", "dpright", "misc1", "paddle1", "paddle2", "paddle3", "paddle4", "touchpad")
_KEYBOARD, _POINTER, _TOUCH, _GAMEPAD, _MAPPED, _RUMBLE = 1, 2, 4, 8, 16, 32
# The daemon's modifiers, and the two keys of each in Linux's codes.
_SIDES = ((1, _keys.KMOD_LSHIFT, 42, _keys.KMOD_RSHIFT, 54), (4, _keys.KMOD_LCTRL, 29, _keys.KMOD_RCTRL, 97),
          (8, _keys.KMOD_LALT, 56, _keys.KMOD_RALT, 100), (64, _keys.KMOD_LMETA, 125, _keys.KMOD_RMETA, 126))
_LOCKS = ((2, _keys.KMOD_CAPS), (16, _keys.KMOD_NUM), (32, _keys.KMOD_MODE))

_current: weakref.ReferenceType[Display] | None = None


def set_current(display: Display) -> None:
    """The display that kmsblit.keyboard and the others are of: the last one connected."""
    global _current
    _current = weakref.ref(display)


def current() -> Display:
    """Raises Error if there is none."""
    display = _current() if _current is not None else None
    if display is None or display.closed:
        raise Error("there is no display: call kmsblit.connect() first, and keep what it returns")
    return display


class _OfDisplay:
    """Of one display, or of the last one connected."""

    def __init__(self, display: Any = None) -> None:
        self._own = display

    @property
    def _display(self) -> Any:
        return self._own if self._own is not None else current()


def modifiers_of(display: Any, modifiers: int) -> int:
    """KMOD_ bits. Which side it is, is seen by the keys that are held."""
    mod = 0
    if modifiers & 77:
        held = {code for code, _ in display._held_keys()}
        for bit, left, left_code, right, right_code in _SIDES:
            if modifiers & bit:
                mod |= right if right_code in held else 0
                mod |= left if left_code in held or right_code not in held else 0
    for bit, lock in _LOCKS:
        mod |= lock if modifiers & bit else 0
    return mod


class Keyboard(_OfDisplay):
    """Which keys are held down.

        if kmsblit.keyboard[kmsblit.K_SPACE]:
            jump()
        if kmsblit.keyboard.left:
            walk()

    Keys go by what is on them, in the player's layout. (By their place: keyboard.codes.) Nothing is held while another
    program has the focus.
    """

    def __getitem__(self, key: int | str) -> bool:
        """Whether a key is held, by its K_ constant or its name ("space", "left shift")."""
        if isinstance(key, str):
            key = _keys.key_code(key)
        return any(_keys.key_of(code, base) == key for code, base in self._display._held_keys())

    def __getattr__(self, name: str) -> bool:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self[name.replace("_", " ")]
        except ValueError as error:
            raise AttributeError(f"{error}; see kmsblit.key_name()") from None

    @property
    def pressed(self) -> frozenset[int]:
        """The K_ constants of the keys that are held."""
        return frozenset(_keys.key_of(code, base) for code, base in self._display._held_keys())

    @property
    def codes(self) -> frozenset[int]:
        """Linux's codes (KEY_W is 17) of the keys that are held: by their places."""
        return frozenset(code for code, _ in self._display._held_keys())

    def get_pressed(self) -> Keyboard:
        """As pygame.key.get_pressed(): to be asked with [K_...]."""
        return self

    def get_mods(self) -> int:
        """The KMOD_ bits of the modifiers in effect."""
        return modifiers_of(self._display, self._display._modifiers())

    def get_focused(self) -> bool:
        """Whether a window of this program has the focus."""
        return self._display._focus() is not None

    def set_repeat(self, delay: int | None = None, interval: int = 0) -> None:
        """A key that is held makes another KEYDOWN after `delay` milliseconds, and then every `interval` (0: as long as
        the delay). A delay of 0: never. None: as the daemon is configured, as it is from the beginning.
        """
        if delay is None:
            self._display._set_repeat(-1, -1)
        else:
            self._display._set_repeat(delay, max(1, 1000 // (interval or delay)) if delay else 0)

    def get_repeat(self) -> tuple[int, int]:
        """(delay, interval) in milliseconds; (0, 0): keys do not repeat."""
        delay, rate = self._display._get_repeat()
        return (delay, 1000 // rate) if delay and rate else (0, 0)


# What get_rel() has told.
_asked: weakref.WeakKeyDictionary[Display, tuple[float, float]] = weakref.WeakKeyDictionary()


class Mouse(_OfDisplay):
    """Where the pointer is, in pixels of the window that has the focus, and its buttons."""

    @property
    def pos(self) -> tuple[int, int]:
        """(x, y)."""
        x, y = self._display._pointer()[:2]
        return int(x // 1), int(y // 1)

    @property
    def x(self) -> int:
        return self.pos[0]

    @property
    def y(self) -> int:
        return self.pos[1]

    @property
    def left(self) -> bool:
        """Whether the left button is held."""
        return bool(self._display._pointer()[4] & 1)

    @property
    def middle(self) -> bool:
        return bool(self._display._pointer()[4] & 4)

    @property
    def right(self) -> bool:
        return bool(self._display._pointer()[4] & 2)

    @property
    def inside(self) -> bool:
        """Whether the pointer is over the window that has the focus."""
        return bool(self._display._pointer()[5])

    def get_pos(self) -> tuple[int, int]:
        """As pygame.mouse.get_pos()."""
        return self.pos

    def get_pressed(self, num_buttons: int = 3) -> tuple[bool, ...]:
        """(left, middle, right), and with num_buttons=5 two more. As pygame.mouse.get_pressed()."""
        if num_buttons not in (3, 5):
            raise ValueError("num_buttons is 3 or 5")
        buttons = self._display._pointer()[4]
        return tuple(bool(buttons >> bit & 1) for bit in (0, 2, 1, 3, 4)[:num_buttons])

    def get_rel(self) -> tuple[int, int]:
        """How far the mouse was moved since the last call, while the pointer is locked too. As pygame.mouse.get_rel()."""
        x, y = self._display._pointer()[2:4]
        last_x, last_y = _asked.get(self._display, (0.0, 0.0))
        dx, dy = int(x - last_x), int(y - last_y)
        _asked[self._display] = (last_x + dx, last_y + dy)
        return dx, dy


class Touch:
    """A finger on a touch screen."""

    __slots__ = ("id", "touch_id", "x", "y")

    def __init__(self, touch_id: int, finger: int, x: float, y: float) -> None:
        self.touch_id = touch_id
        self.id = finger
        self.x, self.y = x, y

    @property
    def pos(self) -> tuple[int, int]:
        """(x, y) in whole pixels of the window."""
        return int(self.x // 1), int(self.y // 1)

    def __repr__(self) -> str:
        return f"<kmsblit.Touch {self.id} at {self.pos}>"


class Touches(_OfDisplay, Sequence[Touch]):
    """The fingers that touch the window now, the first first."""

    def _all(self) -> list[Touch]:
        return [Touch(*touch) for touch in self._display._touches()]

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Touch: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Touch]: ...
    def __getitem__(self, index: int | slice) -> Touch | Sequence[Touch]:
        return self._all()[index]

    def __iter__(self) -> Iterator[Touch]:
        return iter(self._all())


class Device:
    """An input device: keyboard, mouse, touch screen, gamepad, or several of them in one."""

    def __init__(self, display: Display, values: tuple[Any, ...]) -> None:
        self._display: Any = display
        self.id: int = values[0]
        self.name: str = values[1]
        self._capabilities: int = values[2]
        self.bus: int = values[5]
        self.vendor: int = values[6]
        self.product: int = values[7]
        self.version: int = values[8]

    @property
    def is_keyboard(self) -> bool:
        return bool(self._capabilities & _KEYBOARD)

    @property
    def is_pointer(self) -> bool:
        """A mouse, touch pad, track ball or tablet."""
        return bool(self._capabilities & _POINTER)

    @property
    def is_touch(self) -> bool:
        return bool(self._capabilities & _TOUCH)

    @property
    def is_gamepad(self) -> bool:
        return bool(self._capabilities & _GAMEPAD)

    @property
    def connected(self) -> bool:
        """Whether it is still there."""
        return not self._display.closed and any(values[0] == self.id for values in self._display._devices())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device) and other._display is self._display and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def __repr__(self) -> str:
        return f"<kmsblit.{type(self).__name__} {self.id} {self.name!r}>"


class Gamepad(Device):
    """A gamepad or joystick.

        pad = kmsblit.gamepads[0]
        x += pad.axis("leftx") * speed
        if pad.button("a"):
            jump()
    """

    def __init__(self, display: Display, values: tuple[Any, ...]) -> None:
        super().__init__(display, values)
        self.axes: int = values[3]
        self.buttons: int = values[4]

    @property
    def mapped(self) -> bool:
        """Whether its layout is known, so that axes and buttons have names; else they have only numbers."""
        return bool(self._capabilities & _MAPPED)

    @property
    def can_rumble(self) -> bool:
        return bool(self._capabilities & _RUMBLE)

    def axis(self, axis: str | int) -> float:
        """Where a stick or trigger is: -1.0 (left, up) to 1.0 (right, down); triggers 0.0 to 1.0.

        axis: "leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger", or a number. 0.0 if the gamepad has
        gone.
        """
        value = self._display._axis(self.id, _number(axis, _AXES, "axis"))
        return float(value / (32768 if value < 0 else 32767))

    def button(self, button: str | int) -> bool:
        """Whether a button is held: "a" (the lowest), "b", "x", "y", "back", "guide", "start", "leftstick",
        "rightstick", "leftshoulder", "rightshoulder", "dpup", "dpdown", "dpleft", "dpright", or a number.
        """
        return bool(self._display._button(self.id, _number(button, _BUTTONS, "button")))

    def rumble(self, strong: float, weak: float, seconds: float) -> None:
        """Shakes: the slow and the fast motor, 0.0 to 1.0, for at most 10 seconds, while this program has the focus."""
        motors = [round(min(max(float(motor), 0.0), 1.0) * 65535) for motor in (strong, weak)]
        self._display._rumble(self.id, *motors, round(min(max(float(seconds), 0.0), 10.0) * 1000))


def _number(name: str | int, names: tuple[str, ...], what: str) -> int:
    if not isinstance(name, str):
        return name
    if name not in names:
        raise ValueError(f"no {what} of a gamepad is called {name!r}; the names are {', '.join(names)}")
    return names.index(name)


def name_of_axis(axis: int) -> str:
    return _AXES[axis] if axis < len(_AXES) else ""


def name_of_button(button: int) -> str:
    return _BUTTONS[button] if button < len(_BUTTONS) else ""


def device_of(display: Any, values: tuple[Any, ...]) -> Device:
    """A Device or a Gamepad."""
    return (Gamepad if values[2] & _GAMEPAD else Device)(display, values)


class Gamepads(_OfDisplay, Sequence[Gamepad]):
    """The gamepads there are, in the order in which they came.

        for pad in kmsblit.gamepads:
            print(pad.name)
    """

    def _all(self) -> list[Gamepad]:
        display = self._display
        return [Gamepad(display, values) for values in display._devices() if values[2] & _GAMEPAD]

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> Gamepad: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Gamepad]: ...
    def __getitem__(self, index: int | slice) -> Gamepad | Sequence[Gamepad]:
        pads = self._all()
        if not isinstance(index, slice) and not -len(pads) <= index < len(pads):
            raise IndexError(f"there is no gamepad {index}: {len(pads)} are connected")
        return pads[index]

    def __iter__(self) -> Iterator[Gamepad]:
        return iter(self._all())


keyboard = Keyboard()
mouse = Mouse()
touches = Touches()
gamepads = Gamepads()


# ---- For the part of the package that is written in C: of this display
# --------------------------------------------------------------------------------------

def keyboard_of(display: Display) -> Keyboard:
    return Keyboard(display)


def mouse_of(display: Display) -> Mouse:
    return Mouse(display)


def touches_of(display: Display) -> Touches:
    return Touches(display)


def gamepads_of(display: Display) -> Gamepads:
    return Gamepads(display)


def devices_of(display: Any) -> tuple[Device, ...]:
    return tuple(device_of(display, values) for values in display._devices())


def events_of(source: Display | Window) -> Iterator[_events.Event]:
    return _events.events(source.display if isinstance(source, Window) else source)


__all__ = ["Device", "Gamepad", "Gamepads", "Keyboard", "Mouse", "Touch", "Touches", "gamepads", "keyboard", "mouse", "touches"]

"""What is done to a program, step by step: the same on a real display (record_x11.py) and on kmsblitd (test_input.py).

A step is a list of actions: ("key", CODE, DOWN), ("move", X, Y) to a place of the window, ("by", DX, DY), ("button", CODE, DOWN),
("wheel", RIGHT, DOWN) in notches. Codes are those of <linux/input-event-codes.h>.
"""
from __future__ import annotations

Action = tuple[str, int, int]
Steps = list[list[Action]]

SHIFT, CTRL, ALT, RIGHT_SHIFT, RIGHT_CTRL, RIGHT_ALT, META, RIGHT_META = 42, 29, 56, 54, 97, 100, 125, 126
CAPS_LOCK, NUM_LOCK, SCROLL_LOCK = 58, 69, 70
F8, F9, F10, F11, F12 = 66, 67, 68, 87, 88
LEFT, RIGHT, MIDDLE, SIDE, EXTRA = 0x110, 0x111, 0x112, 0x113, 0x114
# The keys of a keyboard with 105 keys, but for those that steer the witness.
KEYS = [code for code in [*range(1, 84), 86, 87, 88, *range(96, 112), 119, 125, 126, 127]
        if code not in (F8, F9, F10, F11, F12)]


def press(code: int) -> list[Action]:
    return [("key", code, 1)]


def release(code: int) -> list[Action]:
    return [("key", code, 0)]


def tap(code: int) -> list[Action]:
    return press(code) + release(code)


def each_key() -> Steps:
    """Every key, down and up; locks twice, so that they are as they were."""
    steps = []
    for code in KEYS:
        for _ in range(2 if code in (CAPS_LOCK, NUM_LOCK, SCROLL_LOCK) else 1):
            steps += [press(code), release(code)]
    return steps


def modifiers() -> Steps:
    steps: Steps = []
    for modifier in (SHIFT, CTRL, ALT, RIGHT_SHIFT, RIGHT_CTRL, RIGHT_ALT, META, RIGHT_META):
        steps += [press(modifier), tap(30) + tap(2) + tap(57) + tap(28), release(modifier)]
    steps += [press(SHIFT) + press(CTRL) + press(ALT), tap(46), release(CTRL), release(SHIFT), release(ALT)]
    return steps


def locks() -> Steps:
    pad = tap(79) + tap(82) + tap(96)
    return [tap(CAPS_LOCK), tap(30) + tap(2), press(SHIFT) + tap(30) + release(SHIFT), tap(CAPS_LOCK), tap(30),
            pad, tap(NUM_LOCK), pad, tap(NUM_LOCK), pad]


def held_keys() -> Steps:
    arrows = [103, 105, 106, 108]
    return [[action for code in arrows for action in press(code)], tap(57), press(30) + press(31), release(103), release(105),
            release(30) + release(106), release(31) + release(108)]


def dead_keys() -> Steps:
    """With the layout us(intl): ' and e, ^ and o, a dead key and a space, one twice, and one that fits nothing."""
    circumflex = press(SHIFT) + tap(7) + release(SHIFT)
    return [tap(40), tap(18), circumflex, tap(24), tap(40) + tap(57), tap(40), tap(40), tap(40) + tap(45), tap(30),
            press(RIGHT_ALT), tap(18), release(RIGHT_ALT)]


def german() -> Steps:
    """With the layout de: letters that changed places, umlauts, and what the right Alt types."""
    return [tap(21), tap(44), tap(26) + tap(39) + tap(40) + tap(12), press(RIGHT_ALT) + tap(16) + tap(18) + release(RIGHT_ALT),
            press(44), release(44), tap(13), tap(18), press(SHIFT) + tap(3) + release(SHIFT)]


def mouse() -> Steps:
    steps: Steps = [[("move", 100, 100)], [("move", 110, 95)], [("by", 3, -4)]]
    for code in (LEFT, MIDDLE, RIGHT, SIDE, EXTRA):
        steps += [[("button", code, 1)], [("button", code, 0)]]
    steps += [[("button", LEFT, 1)], [("move", 120, 120)], [("button", RIGHT, 1)], [("move", 130, 125)],
              [("button", LEFT, 0)], [("move", 10, 20)], [("button", RIGHT, 0)],
              [("wheel", 0, 1)], [("wheel", 0, -1)], [("wheel", 1, 0)], [("wheel", -1, 0)], [("wheel", 0, -1), ("wheel", 0, -1)],
              [("move", 0, 0)], [("move", 319, 239)]]
    return steps


def pointer_set() -> Steps:
    return [[("move", 20, 30)], tap(F9), [("by", 5, 6)], tap(F9), [("by", 100, 150)], [("button", LEFT, 1)], tap(F9),
            [("button", LEFT, 0)]]


def relative() -> Steps:
    return [[("move", 160, 120)], tap(F11), [("by", 5, 5)], tap(F11), tap(F10), [("by", 7, -3)], [("by", -20, 4)],
            [("button", LEFT, 1)], [("by", 300, 0)], [("by", 300, 0)], [("button", LEFT, 0)], [("by", -1, -1)], tap(F10)]


# Name: the keyboard's layout, the steps.
SCENES: dict[str, tuple[str, Steps]] = {
    "each_key": ("us", each_key()), "modifiers": ("us", modifiers()), "locks": ("us", locks()),
    "held_keys": ("us", held_keys()), "dead_keys": ("us(intl)", dead_keys()), "german": ("de", german()),
    "mouse": ("us", mouse()), "pointer_set": ("us", pointer_set()), "relative": ("us", relative()),
}
# In these the program shows no cursor: only then may it put the pointer elsewhere (docs/run.md).
HIDDEN = ("pointer_set",)

"""Names of keys as pygame has them, and which key has which name under the player's layout."""
from __future__ import annotations

K_UNKNOWN = 0
K_BACKSPACE = 8
K_TAB = 9
K_RETURN = 13
K_ESCAPE = 27
K_SPACE = 32
K_EXCLAIM = 33
K_QUOTEDBL = 34
K_HASH = 35
K_DOLLAR = 36
K_PERCENT = 37
K_AMPERSAND = 38
K_QUOTE = 39
K_LEFTPAREN = 40
K_RIGHTPAREN = 41
K_ASTERISK = 42
K_PLUS = 43
K_COMMA = 44
K_MINUS = 45
K_PERIOD = 46
K_SLASH = 47
K_0 = 48
K_1 = 49
K_2 = 50
K_3 = 51
K_4 = 52
K_5 = 53
K_6 = 54
K_7 = 55
K_8 = 56
K_9 = 57
K_COLON = 58
K_SEMICOLON = 59
K_LESS = 60
K_EQUALS = 61
K_GREATER = 62
K_QUESTION = 63
K_AT = 64
K_LEFTBRACKET = 91
K_BACKSLASH = 92
K_RIGHTBRACKET = 93
K_CARET = 94
K_UNDERSCORE = 95
K_BACKQUOTE = 96
K_a = 97
K_b = 98
K_c = 99
K_d = 100
K_e = 101
K_f = 102
K_g = 103
K_h = 104
K_i = 105
K_j = 106
K_k = 107
K_l = 108
K_m = 109
K_n = 110
K_o = 111
K_p = 112
K_q = 113
K_r = 114
K_s = 115
K_t = 116
K_u = 117
K_v = 118
K_w = 119
K_x = 120
K_y = 121
K_z = 122
K_DELETE = 127
K_CAPSLOCK = 1073741881
K_F1 = 1073741882
K_F2 = 1073741883
K_F3 = 1073741884
K_F4 = 1073741885
K_F5 = 1073741886
K_F6 = 1073741887
K_F7 = 1073741888
K_F8 = 1073741889
K_F9 = 1073741890
K_F10 = 1073741891
K_F11 = 1073741892
K_F12 = 1073741893
K_PRINT = 1073741894
K_PRINTSCREEN = 1073741894
K_SCROLLLOCK = 1073741895
K_SCROLLOCK = 1073741895
K_BREAK = 1073741896
K_PAUSE = 1073741896
K_INSERT = 1073741897
K_HOME = 1073741898
K_PAGEUP = 1073741899
K_END = 1073741901
K_PAGEDOWN = 1073741902
K_RIGHT = 1073741903
K_LEFT = 1073741904
K_DOWN = 1073741905
K_UP = 1073741906
K_NUMLOCK = 1073741907
K_NUMLOCKCLEAR = 1073741907
K_KP_DIVIDE = 1073741908
K_KP_MULTIPLY = 1073741909
K_KP_MINUS = 1073741910
K_KP_PLUS = 1073741911
K_KP_ENTER = 1073741912
K_KP1 = 1073741913
K_KP_1 = 1073741913
K_KP2 = 1073741914
K_KP_2 = 1073741914
K_KP3 = 1073741915
K_KP_3 = 1073741915
K_KP4 = 1073741916
K_KP_4 = 1073741916
K_KP5 = 1073741917
K_KP_5 = 1073741917
K_KP6 = 1073741918
K_KP_6 = 1073741918
K_KP7 = 1073741919
K_KP_7 = 1073741919
K_KP8 = 1073741920
K_KP_8 = 1073741920
K_KP9 = 1073741921
K_KP_9 = 1073741921
K_KP0 = 1073741922
K_KP_0 = 1073741922
K_KP_PERIOD = 1073741923
K_POWER = 1073741926
K_KP_EQUALS = 1073741927
K_F13 = 1073741928
K_F14 = 1073741929
K_F15 = 1073741930
K_HELP = 1073741941
K_MENU = 1073741942
K_SYSREQ = 1073741978
K_CLEAR = 1073741980
K_CURRENCYUNIT = 1073742004
K_EURO = 1073742004
K_CURRENCYSUBUNIT = 1073742005
K_LCTRL = 1073742048
K_LSHIFT = 1073742049
K_LALT = 1073742050
K_LGUI = 1073742051
K_LMETA = 1073742051
K_LSUPER = 1073742051
K_RCTRL = 1073742052
K_RSHIFT = 1073742053
K_RALT = 1073742054
K_RGUI = 1073742055
K_RMETA = 1073742055
K_RSUPER = 1073742055
K_MODE = 1073742081
K_AC_BACK = 1073742094

KMOD_NONE = 0
KMOD_LSHIFT = 1
KMOD_RSHIFT = 2
KMOD_LCTRL = 64
KMOD_RCTRL = 128
KMOD_LALT = 256
KMOD_RALT = 512
KMOD_LGUI = 1024
KMOD_LMETA = 1024
KMOD_RGUI = 2048
KMOD_RMETA = 2048
KMOD_NUM = 4096
KMOD_CAPS = 8192
KMOD_MODE = 16384
KMOD_CTRL = 192
KMOD_SHIFT = 3
KMOD_ALT = 768
KMOD_GUI = 3072
KMOD_META = 3072

# The keys' places as pygame (SDL, USB) counts them, by their codes in Linux.
_SCANCODES: dict[int, int] = {
    1: 41, 2: 30, 3: 31, 4: 32, 5: 33, 6: 34, 7: 35, 8: 36, 9: 37, 10: 38, 11: 39, 12: 45, 13: 46, 14: 42, 15: 43,
    16: 20, 17: 26, 18: 8, 19: 21, 20: 23, 21: 28, 22: 24, 23: 12, 24: 18, 25: 19, 26: 47, 27: 48, 28: 40, 29: 224,
    30: 4, 31: 22, 32: 7, 33: 9, 34: 10, 35: 11, 36: 13, 37: 14, 38: 15, 39: 51, 40: 52, 41: 53, 42: 225, 43: 49,
    44: 29, 45: 27, 46: 6, 47: 25, 48: 5, 49: 17, 50: 16, 51: 54, 52: 55, 53: 56, 54: 229, 55: 85, 56: 226, 57: 44,
    58: 57, 59: 58, 60: 59, 61: 60, 62: 61, 63: 62, 64: 63, 65: 64, 66: 65, 67: 66, 68: 67, 69: 83, 70: 71, 71: 95,
    72: 96, 73: 97, 74: 86, 75: 92, 76: 93, 77: 94, 78: 87, 79: 89, 80: 90, 81: 91, 82: 98, 83: 99, 86: 100, 87: 68,
    88: 69, 89: 135, 92: 138, 93: 136, 94: 139, 96: 88, 97: 228, 98: 84, 99: 70, 100: 230, 102: 74, 103: 82,
    104: 75, 105: 80, 106: 79, 107: 77, 108: 81, 109: 78, 110: 73, 111: 76, 113: 127, 114: 129, 115: 128, 116: 102,
    117: 103, 119: 72, 124: 137, 125: 227, 126: 231, 127: 118, 128: 120, 129: 121, 131: 122, 133: 124, 135: 125,
    136: 126, 137: 123, 138: 117, 139: 118, 142: 282, 150: 264, 158: 270, 159: 271, 163: 258, 164: 261, 165: 259,
    166: 260, 172: 269, 173: 273, 183: 104, 184: 105, 185: 106, 186: 107, 187: 108, 188: 109, 189: 110, 190: 111,
    191: 112, 192: 113, 193: 114, 194: 115, 217: 268,
}

# What is on the keys of a US keyboard, where that is a character.
_PLACES: dict[int, int] = {
    1: 27, 2: 49, 3: 50, 4: 51, 5: 52, 6: 53, 7: 54, 8: 55, 9: 56, 10: 57, 11: 48, 12: 45, 13: 61, 14: 8, 15: 9,
    16: 113, 17: 119, 18: 101, 19: 114, 20: 116, 21: 121, 22: 117, 23: 105, 24: 111, 25: 112, 26: 91, 27: 93,
    28: 13, 30: 97, 31: 115, 32: 100, 33: 102, 34: 103, 35: 104, 36: 106, 37: 107, 38: 108, 39: 59, 40: 39, 41: 96,
    43: 92, 44: 122, 45: 120, 46: 99, 47: 118, 48: 98, 49: 110, 50: 109, 51: 44, 52: 46, 53: 47, 57: 32, 86: 60,
    111: 127,
}

# Keysyms of keys that type nothing.
_MEANINGS: dict[int, int] = {
    0xfe03: K_RALT, 0xfe20: K_TAB, 0xff08: K_BACKSPACE, 0xff09: K_TAB, 0xff0d: K_RETURN, 0xff13: K_BREAK,
    0xff14: K_SCROLLLOCK, 0xff15: K_SYSREQ, 0xff1b: K_ESCAPE, 0xff50: K_HOME, 0xff51: K_LEFT, 0xff52: K_UP,
    0xff53: K_RIGHT, 0xff54: K_DOWN, 0xff55: K_PAGEUP, 0xff56: K_PAGEDOWN, 0xff57: K_END, 0xff61: K_PRINTSCREEN,
    0xff63: K_INSERT, 0xff67: K_MENU, 0xff6a: K_HELP, 0xff7e: K_MODE, 0xff7f: K_NUMLOCK, 0xffbe: K_F1, 0xffbf: K_F2,
    0xffc0: K_F3, 0xffc1: K_F4, 0xffc2: K_F5, 0xffc3: K_F6, 0xffc4: K_F7, 0xffc5: K_F8, 0xffc6: K_F9, 0xffc7: K_F10,
    0xffc8: K_F11, 0xffc9: K_F12, 0xffca: K_F13, 0xffcb: K_F14, 0xffcc: K_F15, 0xffe1: K_LSHIFT, 0xffe2: K_RSHIFT,
    0xffe3: K_LCTRL, 0xffe4: K_RCTRL, 0xffe5: K_CAPSLOCK, 0xffe7: K_LGUI, 0xffe8: K_RGUI, 0xffe9: K_LALT,
    0xffea: K_RALT, 0xffeb: K_LGUI, 0xffec: K_RGUI, 0xffff: K_DELETE,
}

# Names of keys that are no characters.
_NAMES: dict[int, str] = {
    K_BACKSPACE: "backspace", K_TAB: "tab", K_RETURN: "return", K_ESCAPE: "escape", K_DELETE: "delete",
    K_CAPSLOCK: "caps lock", K_F1: "f1", K_F2: "f2", K_F3: "f3", K_F4: "f4", K_F5: "f5", K_F6: "f6", K_F7: "f7",
    K_F8: "f8", K_F9: "f9", K_F10: "f10", K_F11: "f11", K_F12: "f12", K_PRINT: "print screen",
    K_SCROLLLOCK: "scroll lock", K_BREAK: "break", K_INSERT: "insert", K_HOME: "home", K_PAGEUP: "page up",
    K_END: "end", K_PAGEDOWN: "page down", K_RIGHT: "right", K_LEFT: "left", K_DOWN: "down", K_UP: "up",
    K_NUMLOCK: "numlock", K_KP_DIVIDE: "[/]", K_KP_MULTIPLY: "[*]", K_KP_MINUS: "[-]", K_KP_PLUS: "[+]",
    K_KP_ENTER: "enter", K_KP1: "[1]", K_KP2: "[2]", K_KP3: "[3]", K_KP4: "[4]", K_KP5: "[5]", K_KP6: "[6]",
    K_KP7: "[7]", K_KP8: "[8]", K_KP9: "[9]", K_KP0: "[0]", K_KP_PERIOD: "[.]", K_POWER: "power",
    K_KP_EQUALS: "equals", K_F13: "f13", K_F14: "f14", K_F15: "f15", K_HELP: "help", K_MENU: "menu",
    K_SYSREQ: "sys req", K_CLEAR: "clear", K_CURRENCYUNIT: "CurrencyUnit", K_CURRENCYSUBUNIT: "CurrencySubUnit",
    K_LCTRL: "left ctrl", K_LSHIFT: "left shift", K_LALT: "left alt", K_LGUI: "left meta", K_RCTRL: "right ctrl",
    K_RSHIFT: "right shift", K_RALT: "right alt", K_RGUI: "right meta", K_MODE: "alt gr", K_AC_BACK: "AC Back",
    K_SPACE: "space",
}


def scancode_of(code: int) -> int:
    """pygame's number of the key's place."""
    return _SCANCODES.get(code, 0)


def key_of(code: int, base: int) -> int:
    """The key's K_ constant: by what is on it, in the layout in effect; of a key whose letter has no constant (in
    Cyrillic, say), by what is in its place on a US keyboard.
    """
    meaning = _MEANINGS.get(base)
    if meaning is not None:
        return meaning
    if 0x20 <= base <= 0x7E or 0xA0 <= base <= 0xFF:
        return ord(chr(base).lower())
    place = _PLACES.get(code)
    if place is not None:
        return place
    scancode = _SCANCODES.get(code)
    return scancode | 1 << 30 if scancode is not None else K_UNKNOWN


def key_name(key: int) -> str:
    """What a key is called: "space", "left", "a"; "" if it is unknown. As pygame.key.name()."""
    name = _NAMES.get(key)
    if name is not None:
        return name
    return chr(key) if 0x20 < key <= 0xFF else ""


def key_code(name: str) -> int:
    """The K_ constant of a key by its name: "space", "left", "a". Raises ValueError. As pygame.key.key_code()."""
    for key, own in _NAMES.items():
        if own.lower() == name.lower():
            return key
    if len(name) == 1 and 0x20 < ord(name) <= 0xFF:
        return ord(name.lower())
    raise ValueError(f"no key is called {name!r}")


__all__ = [
    "K_UNKNOWN",
    "K_BACKSPACE",
    "K_TAB",
    "K_RETURN",
    "K_ESCAPE",
    "K_SPACE",
    "K_EXCLAIM",
    "K_QUOTEDBL",
    "K_HASH",
    "K_DOLLAR",
    "K_PERCENT",
    "K_AMPERSAND",
    "K_QUOTE",
    "K_LEFTPAREN",
    "K_RIGHTPAREN",
    "K_ASTERISK",
    "K_PLUS",
    "K_COMMA",
    "K_MINUS",
    "K_PERIOD",
    "K_SLASH",
    "K_0",
    "K_1",
    "K_2",
    "K_3",
    "K_4",
    "K_5",
    "K_6",
    "K_7",
    "K_8",
    "K_9",
    "K_COLON",
    "K_SEMICOLON",
    "K_LESS",
    "K_EQUALS",
    "K_GREATER",
    "K_QUESTION",
    "K_AT",
    "K_LEFTBRACKET",
    "K_BACKSLASH",
    "K_RIGHTBRACKET",
    "K_CARET",
    "K_UNDERSCORE",
    "K_BACKQUOTE",
    "K_a",
    "K_b",
    "K_c",
    "K_d",
    "K_e",
    "K_f",
    "K_g",
    "K_h",
    "K_i",
    "K_j",
    "K_k",
    "K_l",
    "K_m",
    "K_n",
    "K_o",
    "K_p",
    "K_q",
    "K_r",
    "K_s",
    "K_t",
    "K_u",
    "K_v",
    "K_w",
    "K_x",
    "K_y",
    "K_z",
    "K_DELETE",
    "K_CAPSLOCK",
    "K_F1",
    "K_F2",
    "K_F3",
    "K_F4",
    "K_F5",
    "K_F6",
    "K_F7",
    "K_F8",
    "K_F9",
    "K_F10",
    "K_F11",
    "K_F12",
    "K_PRINT",
    "K_PRINTSCREEN",
    "K_SCROLLLOCK",
    "K_SCROLLOCK",
    "K_BREAK",
    "K_PAUSE",
    "K_INSERT",
    "K_HOME",
    "K_PAGEUP",
    "K_END",
    "K_PAGEDOWN",
    "K_RIGHT",
    "K_LEFT",
    "K_DOWN",
    "K_UP",
    "K_NUMLOCK",
    "K_NUMLOCKCLEAR",
    "K_KP_DIVIDE",
    "K_KP_MULTIPLY",
    "K_KP_MINUS",
    "K_KP_PLUS",
    "K_KP_ENTER",
    "K_KP1",
    "K_KP_1",
    "K_KP2",
    "K_KP_2",
    "K_KP3",
    "K_KP_3",
    "K_KP4",
    "K_KP_4",
    "K_KP5",
    "K_KP_5",
    "K_KP6",
    "K_KP_6",
    "K_KP7",
    "K_KP_7",
    "K_KP8",
    "K_KP_8",
    "K_KP9",
    "K_KP_9",
    "K_KP0",
    "K_KP_0",
    "K_KP_PERIOD",
    "K_POWER",
    "K_KP_EQUALS",
    "K_F13",
    "K_F14",
    "K_F15",
    "K_HELP",
    "K_MENU",
    "K_SYSREQ",
    "K_CLEAR",
    "K_CURRENCYUNIT",
    "K_EURO",
    "K_CURRENCYSUBUNIT",
    "K_LCTRL",
    "K_LSHIFT",
    "K_LALT",
    "K_LGUI",
    "K_LMETA",
    "K_LSUPER",
    "K_RCTRL",
    "K_RSHIFT",
    "K_RALT",
    "K_RGUI",
    "K_RMETA",
    "K_RSUPER",
    "K_MODE",
    "K_AC_BACK",
    "KMOD_NONE",
    "KMOD_LSHIFT",
    "KMOD_RSHIFT",
    "KMOD_LCTRL",
    "KMOD_RCTRL",
    "KMOD_LALT",
    "KMOD_RALT",
    "KMOD_LGUI",
    "KMOD_LMETA",
    "KMOD_RGUI",
    "KMOD_RMETA",
    "KMOD_NUM",
    "KMOD_CAPS",
    "KMOD_MODE",
    "KMOD_CTRL",
    "KMOD_SHIFT",
    "KMOD_ALT",
    "KMOD_GUI",
    "KMOD_META",
    "key_code",
    "key_name",
]

/* Names of keys, and of what gamepads have. */
#include <linux/input-event-codes.h>
#include <string.h>

#include "client.h"

/* As pygame calls them, where it does. */
static const struct {
    uint32_t code;
    const char *name;
} keys[] = {
    {KEY_ESC, "escape"},
    {KEY_1, "1"},
    {KEY_2, "2"},
    {KEY_3, "3"},
    {KEY_4, "4"},
    {KEY_5, "5"},
    {KEY_6, "6"},
    {KEY_7, "7"},
    {KEY_8, "8"},
    {KEY_9, "9"},
    {KEY_0, "0"},
    {KEY_MINUS, "-"},
    {KEY_EQUAL, "="},
    {KEY_BACKSPACE, "backspace"},
    {KEY_TAB, "tab"},
    {KEY_Q, "q"},
    {KEY_W, "w"},
    {KEY_E, "e"},
    {KEY_R, "r"},
    {KEY_T, "t"},
    {KEY_Y, "y"},
    {KEY_U, "u"},
    {KEY_I, "i"},
    {KEY_O, "o"},
    {KEY_P, "p"},
    {KEY_LEFTBRACE, "["},
    {KEY_RIGHTBRACE, "]"},
    {KEY_ENTER, "return"},
    {KEY_LEFTCTRL, "left ctrl"},
    {KEY_A, "a"},
    {KEY_S, "s"},
    {KEY_D, "d"},
    {KEY_F, "f"},
    {KEY_G, "g"},
    {KEY_H, "h"},
    {KEY_J, "j"},
    {KEY_K, "k"},
    {KEY_L, "l"},
    {KEY_SEMICOLON, ";"},
    {KEY_APOSTROPHE, "'"},
    {KEY_GRAVE, "`"},
    {KEY_LEFTSHIFT, "left shift"},
    {KEY_BACKSLASH, "\\"},
    {KEY_Z, "z"},
    {KEY_X, "x"},
    {KEY_C, "c"},
    {KEY_V, "v"},
    {KEY_B, "b"},
    {KEY_N, "n"},
    {KEY_M, "m"},
    {KEY_COMMA, ","},
    {KEY_DOT, "."},
    {KEY_SLASH, "/"},
    {KEY_RIGHTSHIFT, "right shift"},
    {KEY_KPASTERISK, "[*]"},
    {KEY_LEFTALT, "left alt"},
    {KEY_SPACE, "space"},
    {KEY_CAPSLOCK, "caps lock"},
    {KEY_F1, "f1"},
    {KEY_F2, "f2"},
    {KEY_F3, "f3"},
    {KEY_F4, "f4"},
    {KEY_F5, "f5"},
    {KEY_F6, "f6"},
    {KEY_F7, "f7"},
    {KEY_F8, "f8"},
    {KEY_F9, "f9"},
    {KEY_F10, "f10"},
    {KEY_NUMLOCK, "numlock"},
    {KEY_SCROLLLOCK, "scroll lock"},
    {KEY_KP7, "[7]"},
    {KEY_KP8, "[8]"},
    {KEY_KP9, "[9]"},
    {KEY_KPMINUS, "[-]"},
    {KEY_KP4, "[4]"},
    {KEY_KP5, "[5]"},
    {KEY_KP6, "[6]"},
    {KEY_KPPLUS, "[+]"},
    {KEY_KP1, "[1]"},
    {KEY_KP2, "[2]"},
    {KEY_KP3, "[3]"},
    {KEY_KP0, "[0]"},
    {KEY_KPDOT, "[.]"},
    {KEY_102ND, "<"},
    {KEY_F11, "f11"},
    {KEY_F12, "f12"},
    {KEY_RO, "ro"},
    {KEY_HENKAN, "henkan"},
    {KEY_KATAKANAHIRAGANA, "katakana hiragana"},
    {KEY_MUHENKAN, "muhenkan"},
    {KEY_KPENTER, "enter"},
    {KEY_RIGHTCTRL, "right ctrl"},
    {KEY_KPSLASH, "[/]"},
    {KEY_SYSRQ, "print screen"},
    {KEY_RIGHTALT, "right alt"},
    {KEY_HOME, "home"},
    {KEY_UP, "up"},
    {KEY_PAGEUP, "page up"},
    {KEY_LEFT, "left"},
    {KEY_RIGHT, "right"},
    {KEY_END, "end"},
    {KEY_DOWN, "down"},
    {KEY_PAGEDOWN, "page down"},
    {KEY_INSERT, "insert"},
    {KEY_DELETE, "delete"},
    {KEY_MUTE, "mute"},
    {KEY_VOLUMEDOWN, "volume down"},
    {KEY_VOLUMEUP, "volume up"},
    {KEY_POWER, "power"},
    {KEY_KPEQUAL, "equals"},
    {KEY_PAUSE, "pause"},
    {KEY_YEN, "yen"},
    {KEY_LEFTMETA, "left meta"},
    {KEY_RIGHTMETA, "right meta"},
    {KEY_COMPOSE, "menu"},
    {KEY_STOP, "stop"},
    {KEY_AGAIN, "again"},
    {KEY_UNDO, "undo"},
    {KEY_COPY, "copy"},
    {KEY_PASTE, "paste"},
    {KEY_FIND, "find"},
    {KEY_CUT, "cut"},
    {KEY_HELP, "help"},
    {KEY_SLEEP, "sleep"},
    {KEY_WWW, "www"},
    {KEY_BACK, "back"},
    {KEY_FORWARD, "forward"},
    {KEY_NEXTSONG, "next track"},
    {KEY_PLAYPAUSE, "play"},
    {KEY_PREVIOUSSONG, "previous track"},
    {KEY_STOPCD, "stop track"},
    {KEY_HOMEPAGE, "home page"},
    {KEY_REFRESH, "refresh"},
    {KEY_F13, "f13"},
    {KEY_F14, "f14"},
    {KEY_F15, "f15"},
    {KEY_F16, "f16"},
    {KEY_F17, "f17"},
    {KEY_F18, "f18"},
    {KEY_F19, "f19"},
    {KEY_F20, "f20"},
    {KEY_F21, "f21"},
    {KEY_F22, "f22"},
    {KEY_F23, "f23"},
    {KEY_F24, "f24"},
    {KEY_SEARCH, "search"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *kb_key_name(uint32_t code)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (keys[i].code == code)
            return keys[i].name;
    }
    return NULL;
}

uint32_t kb_key_from_name(const char *name)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        if (strcmp(keys[i].name, name) == 0)
            return keys[i].code;
    }
    return 0;
}

const char *kb_axis_name(uint32_t axis)
{
    return kb_gamepad_axis_name(axis);
}

const char *kb_button_name(uint32_t button)
{
    return kb_gamepad_button_name(button);
}

static int number_of(const char *(*name_of)(uint32_t number), const char *name)
{
    for (uint32_t i = 0; name_of(i) != NULL; i++) {
        if (strcmp(name_of(i), name) == 0)
            return (int)i;
    }
    return -1;
}

int kb_axis_from_name(const char *name)
{
    return number_of(kb_gamepad_axis_name, name);
}

int kb_button_from_name(const char *name)
{
    return number_of(kb_gamepad_button_name, name);
}

/* Keys and text. */
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "input.h"
#include "shim.h"

/* By codes of <linux/input-event-codes.h>: SDL counts keys as USB keyboards do. */
/* clang-format off */
static const uint16_t scancodes[] = {
    /*   0 */ 0, 41, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 45, 46, 42, 43,
    /*  16 */ 20, 26, 8, 21, 23, 28, 24, 12, 18, 19, 47, 48, 40, 224, 4, 22,
    /*  32 */ 7, 9, 10, 11, 13, 14, 15, 51, 52, 53, 225, 49, 29, 27, 6, 25,
    /*  48 */ 5, 17, 16, 54, 55, 56, 229, 85, 226, 44, 57, 58, 59, 60, 61, 62,
    /*  64 */ 63, 64, 65, 66, 67, 83, 71, 95, 96, 97, 86, 92, 93, 94, 87, 89,
    /*  80 */ 90, 91, 98, 99, 0, 0, 100, 68, 69, 135, 0, 0, 138, 136, 139, 0,
    /*  96 */ 88, 228, 84, 70, 230, 0, 74, 82, 75, 80, 79, 77, 81, 78, 73, 76,
    /* 112 */ 0, 127, 129, 128, 102, 103, 0, 72, 0, 0, 0, 0, 137, 227, 231, 101,
    /* 128 */ 120, 121, 0, 122, 0, 124, 0, 125, 126, 123, 117, 118, 0, 0, 282, 0,
    /* 144 */ 0, 0, 0, 0, 0, 0, 264, 0, 0, 0, 0, 0, 0, 0, 270, 271,
    /* 160 */ 0, 0, 0, 258, 261, 259, 260, 0, 0, 0, 0, 0, 269, 273, 0, 0,
    /* 176 */ 0, 0, 0, 0, 0, 0, 0, 104, 105, 106, 107, 108, 109, 110, 111, 112,
    /* 192 */ 113, 114, 115, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    /* 208 */ 0, 0, 0, 0, 0, 0, 0, 0, 0, 268,
};
/* clang-format on */

/* Keysyms that are no characters, of keys that may lie elsewhere than on a US keyboard. */
static const struct {
    uint32_t keysym;
    SDL_Keycode key;
} meanings[] = {
    {XKB_KEY_BackSpace, SDLK_BACKSPACE}, {XKB_KEY_Tab, SDLK_TAB},
    {XKB_KEY_ISO_Left_Tab, SDLK_TAB},    {XKB_KEY_Return, SDLK_RETURN},
    {XKB_KEY_Escape, SDLK_ESCAPE},       {XKB_KEY_Delete, SDLK_DELETE},
    {XKB_KEY_Shift_L, SDLK_LSHIFT},      {XKB_KEY_Shift_R, SDLK_RSHIFT},
    {XKB_KEY_Control_L, SDLK_LCTRL},     {XKB_KEY_Control_R, SDLK_RCTRL},
    {XKB_KEY_Caps_Lock, SDLK_CAPSLOCK},  {XKB_KEY_Alt_L, SDLK_LALT},
    {XKB_KEY_Alt_R, SDLK_RALT},          {XKB_KEY_ISO_Level3_Shift, SDLK_RALT},
    {XKB_KEY_Meta_L, SDLK_LGUI},         {XKB_KEY_Meta_R, SDLK_RGUI},
    {XKB_KEY_Super_L, SDLK_LGUI},        {XKB_KEY_Super_R, SDLK_RGUI},
    {XKB_KEY_Mode_switch, SDLK_MODE},
};

/* What keys mean in the player's layout, as far as it differs from SDL's own, a US keyboard: learned as they are
 * pressed. While a key is held its meaning is known, and that is what a program asks for. */
static struct {
    bool known;
    SDL_Keycode key;
} learned[SDL_NUM_SCANCODES];

SDL_Scancode sdl2_keys_scancode(uint32_t code)
{
    return code < SDL_arraysize(scancodes) ? (SDL_Scancode)scancodes[code] : SDL_SCANCODE_UNKNOWN;
}

/* What is printed on a key, as SDL's X11 driver says it. */
static SDL_Keycode keycode(SDL_Scancode scancode, uint32_t base)
{
    for (size_t i = 0; i < SDL_arraysize(meanings); i++)
        if (meanings[i].keysym == base)
            return meanings[i].key;
    if (base >= XKB_KEY_dead_grave && base <= XKB_KEY_dead_longsolidusoverlay)
        return SDL_SCANCODE_TO_KEYCODE(SDL_SCANCODE_UNKNOWN);
    /* Function keys, arrows and the key pad: by their places. */
    bool function = base == XKB_KEY_NoSymbol || (base & 0xfffff000) == 0xf000;
    Uint32 character = function ? 0 : xkb_keysym_to_utf32(base);
    return character ? (SDL_Keycode)character : SDL2_REAL(SDL_GetKeyFromScancode)(scancode);
}

static SDL_Keymod modifier_of(SDL_Keycode key)
{
    switch (key) {
    case SDLK_LCTRL: return KMOD_LCTRL;
    case SDLK_RCTRL: return KMOD_RCTRL;
    case SDLK_LSHIFT: return KMOD_LSHIFT;
    case SDLK_RSHIFT: return KMOD_RSHIFT;
    case SDLK_LALT: return KMOD_LALT;
    case SDLK_RALT: return KMOD_RALT;
    case SDLK_LGUI: return KMOD_LGUI;
    case SDLK_RGUI: return KMOD_RGUI;
    case SDLK_MODE: return KMOD_MODE;
    default: return KMOD_NONE;
    }
}

static SDL_Keymod lock_of(SDL_Keycode key)
{
    switch (key) {
    case SDLK_NUMLOCKCLEAR: return KMOD_NUM;
    case SDLK_CAPSLOCK: return KMOD_CAPS;
    case SDLK_SCROLLLOCK: return KMOD_SCROLL;
    default: return KMOD_NONE;
    }
}

void sdl2_keys_event(const struct kb_key_event *key, bool down)
{
    SDL_Scancode scancode = sdl2_keys_scancode(key->code);
    if (scancode == SDL_SCANCODE_UNKNOWN)
        return;
    /* SDL's own array: what it hands out is this. */
    Uint8 *held = (Uint8 *)SDL2_REAL(SDL_GetKeyboardState)(NULL);
    if (!down && !held[scancode])
        return;
    held[scancode] = down;
    SDL_Keycode meaning = keycode(scancode, key->base);
    learned[scancode].known = true;
    learned[scancode].key = meaning;

    unsigned modifiers = (unsigned)SDL2_REAL(SDL_GetModState)();
    if (!down)
        modifiers &= ~(unsigned)modifier_of(meaning);
    else if (lock_of(meaning) && !key->repeat)
        modifiers ^= (unsigned)lock_of(meaning);
    else
        modifiers |= (unsigned)modifier_of(meaning);
    SDL2_REAL(SDL_SetModState)((SDL_Keymod)modifiers);

    SDL_Event event = {
        .key = {.type = down ? SDL_KEYDOWN : SDL_KEYUP,
                .windowID = sdl2_input_id(sdl2_input_focus()),
                .state = down ? SDL_PRESSED : SDL_RELEASED,
                .repeat = down && key->repeat,
                .keysym = {.scancode = scancode, .sym = meaning, .mod = (Uint16)modifiers}}};
    sdl2_input_push(&event);
    /* To the library a key with Ctrl, Alt or the logo key types nothing; to SDL it does. */
    if (down && key->modifiers & (KB_MODIFIER_CTRL | KB_MODIFIER_ALT | KB_MODIFIER_LOGO))
        sdl2_keys_text(key->text);
}

void sdl2_keys_text(const char *text)
{
    if ((unsigned char)*text < ' ' || *text == 127)
        return;
    while (*text != '\0') {
        SDL_Event event = {
            .text = {.type = SDL_TEXTINPUT, .windowID = sdl2_input_id(sdl2_input_focus())}};
        size_t taken = SDL2_REAL(SDL_utf8strlcpy)(event.text.text, text, sizeof event.text.text);
        if (taken == 0)
            return;
        text += taken;
        sdl2_input_push(&event);
    }
}

void sdl2_keys_locks(uint32_t modifiers)
{
    unsigned now = (unsigned)SDL2_REAL(SDL_GetModState)() & ~(unsigned)(KMOD_CAPS | KMOD_NUM);
    now |= modifiers & KB_MODIFIER_CAPS_LOCK ? KMOD_CAPS : 0;
    now |= modifiers & KB_MODIFIER_NUM_LOCK ? KMOD_NUM : 0;
    SDL2_REAL(SDL_SetModState)((SDL_Keymod)now);
}

/* ---- In place of SDL's ------------------------------------------------------------------------ */

SDL_Keycode SDL_GetKeyFromScancode(SDL_Scancode scancode)
{
    if (scancode > SDL_SCANCODE_UNKNOWN && scancode < SDL_NUM_SCANCODES && learned[scancode].known)
        return learned[scancode].key;
    return SDL2_REAL(SDL_GetKeyFromScancode)(scancode);
}

SDL_Scancode SDL_GetScancodeFromKey(SDL_Keycode key)
{
    for (int i = 1; i < SDL_NUM_SCANCODES; i++)
        if (learned[i].known && learned[i].key == key)
            return (SDL_Scancode)i;
    SDL_Scancode scancode = SDL2_REAL(SDL_GetScancodeFromKey)(key);
    return learned[scancode].known ? SDL_SCANCODE_UNKNOWN : scancode;
}

/* The input half: what the daemon's events become for a program that asks SDL.
 *
 * SDL runs on its dummy driver, which has no input, and what it keeps of input cannot be set from outside, but for the
 * array of keys, modifiers and virtual joysticks. So the rest (focus, mouse, grabs, fingers) is kept here, as SDL 2.26
 * keeps it; the functions that ask for it are replaced, and events are pushed into SDL's own queue, where filters,
 * watchers and renderers with a logical size see them.
 *
 *     kmsblit -> input.c -> input_keys.c, input_mouse.c, input_touch.c, input_pads.c -> SDL_PushEvent() */
#ifndef SDL2_INPUT_H
#define SDL2_INPUT_H

#include "shim.h"

/* ---- input.c: the daemon's events, one after the other, and who has the focus ----------------- */

/* The window that has the keyboard; NULL: none. */
SDL_Window *sdl2_input_focus(void);
/* A window's id; 0: of none. */
Uint32 sdl2_input_id(SDL_Window *window);
/* Pushes an event, if the program wants events of this type. */
void sdl2_input_push(SDL_Event *event);
/* The window hears what happens to it. */
void sdl2_input_tell(SDL_Window *window, SDL_WindowEventID what);

/* ---- input_keys.c ----------------------------------------------------------------------------- */

void sdl2_keys_event(const struct kb_key_event *key, bool down);
void sdl2_keys_text(const char *text);
/* The locks as they are now: the window got the keyboard. */
void sdl2_keys_locks(uint32_t modifiers);
/* SDL's number of a key's place; SDL_SCANCODE_UNKNOWN: it has none. */
SDL_Scancode sdl2_keys_scancode(uint32_t code);

/* ---- input_mouse.c ---------------------------------------------------------------------------- */

void sdl2_mouse_event(SDL_Window *window, const struct kb_event *event);
/* A finger moves the mouse's pointer, and presses its left button: state as SDL_PRESSED; -1: it only moves. */
void sdl2_mouse_touch(SDL_Window *window, int x, int y, int state);
/* The keyboard came to this window, or went. */
void sdl2_mouse_focus(SDL_Window *window);
void sdl2_mouse_forget(const struct sdl2_window *window);

/* ---- input_touch.c ---------------------------------------------------------------------------- */

void sdl2_touch_event(SDL_Window *window, const struct kb_event *event);

/* ---- input_pads.c ----------------------------------------------------------------------------- */

/* Gamepads that are there become joysticks, if the program uses SDL's joysticks. */
void sdl2_pads_update(void);
/* SDL closed and forgot all joysticks. */
void sdl2_pads_forget(void);
/* A device went, perhaps a gamepad. */
void sdl2_pads_remove(uint32_t device);
void sdl2_pads_event(const struct kb_event *event);

#endif

/*
 * Old games, unmodified: this library is loaded below a program that uses SDL 2 (`kmsblit run` sees to it) and takes the
 * place of those of SDL's functions that have to do with a display. SDL itself runs on its dummy driver, so programs draw
 * into memory as ever; what they present is compared with what was presented before, and the 32-pixel tiles that differ
 * go to kmsblitd.
 *
 * SDL is not linked: the program brings its own, and a shell that a game is started with needs none. So every call of a
 * function of SDL's goes through SDL2_REAL(), which finds the program's.
 *
 * SDL's video belongs to one thread of the program. A second one, of ours, sends what could not be sent at once (rest.c):
 * everything that has to do with the connection, and with the list of windows, happens under one lock.
 */
#ifndef SDL2_SHIM_H
#define SDL2_SHIM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <SDL2/SDL.h>
#include <kmsblit.h>

#include "counters.h"

/* ---- SDL's own functions (real.c) ------------------------------------------------------------ */

/* SDL2_REAL(SDL_Delay)(10) calls SDL's own function. */
#define SDL2_REAL(function)                                    \
    ({                                                         \
        static void *found;                                    \
        (__typeof__(&(function)))sdl2_real(&found, #function); \
    })

/* The function's address in the program's SDL, remembered in *found. Ends the program if there is none. */
void *sdl2_real(void **found, const char *name);

/* ---- The connection and its windows (video.c, window.c) -------------------------------------- */

struct sdl2_picture;

/* A window of SDL's, and ours for it. */
struct sdl2_window {
    struct sdl2_window *next;
    SDL_Window *sdl;
    struct kb_window *window;     /* owned; NULL until it is shown */
    struct sdl2_picture *picture; /* owned; NULL until something was presented */
    uint32_t fullscreen;          /* SDL_WINDOW_FULLSCREEN or _DESKTOP, as the program was told */
    int windowed_width, windowed_height; /* the size to go back to; 0: none */
    SDL_DisplayMode mode; /* for full screen, as the program chose; w 0: it did not */
    bool hidden, mouse_grab, keyboard_grab, integer_scale;
};

/* The connection; NULL while SDL's video is not set up, after the daemon went away for good, and in a child after
 * fork(). Owned by video.c. */
struct kb_display *sdl2_display(void);

/* From here to the end of the block, no other thread uses the connection. May be said again within. */
#define SDL2_ALONE bool alone __attribute__((cleanup(sdl2_unlock), unused)) = sdl2_lock()
bool sdl2_lock(void);
void sdl2_unlock(bool *locked);
/* The lock itself, for pthread_cond_wait(). */
pthread_mutex_t *sdl2_mutex(void);

/* All windows, the newest first. */
struct sdl2_window *sdl2_windows(void);

/* The window for one of SDL's or ours; NULL: there is none. */
struct sdl2_window *sdl2_window_find(const SDL_Window *sdl);
struct sdl2_window *sdl2_window_of(const struct kb_window *window);

/* Makes our window if there is none yet; false if that fails. */
bool sdl2_window_show(struct sdl2_window *window);

/* What the daemon is told of a window whose picture has this size. */
void sdl2_window_describe(const struct sdl2_window *window, int width, int height,
                          struct kb_window_info *info);

/* Forgets windows that SDL has destroyed by itself. */
void sdl2_windows_destroy(void);

/* In a child after fork(): what the daemon has of the windows is the parent's. */
void sdl2_windows_disown(void);

/* The display's size and refresh as a mode of SDL's. */
void sdl2_desktop_mode(SDL_DisplayMode *mode);

/* Tells the user, once, and ends the connection: the program goes on unseen and is asked to quit. */
void sdl2_give_up(void);

/* A line on standard error. */
void sdl2_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Never NULL. */
struct sdl2_counters *sdl2_counters(void);

/* CLOCK_MONOTONIC, and the time that this thread has had a processor. */
int64_t sdl2_now_ns(void);
int64_t sdl2_cpu_ns(void);

/* ---- Presenting (present.c) ------------------------------------------------------------------ */

/* Shows what is in the window's surface now: all of it (count 0), or only these rectangles. */
void sdl2_present(struct sdl2_window *window, const SDL_Rect *rects, int count);

/* Sends what was presented and could not be sent at the time, as far as possible. Whether there is still some. */
bool sdl2_present_rest(void);

/* Frees what a window presented. */
void sdl2_picture_destroy(struct sdl2_picture *picture);

/* ---- What is left to be sent (rest.c) -------------------------------------------------------- */

/* There is some: it is sent as soon as it can be, whatever the program does meanwhile. */
void sdl2_rest_begin(void);

/* ---- Cursors (cursor.c) ---------------------------------------------------------------------- */

/* Shows the program's cursor, or none, over this window. */
void sdl2_cursor_apply(struct sdl2_window *window);

/* In relative mode there is none. */
void sdl2_cursor_relative(bool relative);

/* ---- Input (input.c) ------------------------------------------------------------------------- */

/* Called once our window has been made, and before it, or one that was never shown, is destroyed. Windows have the size that the program believes
 * them to have, so that events need no scaling. */
void sdl2_input_attach(struct sdl2_window *window);
void sdl2_input_detach(struct sdl2_window *window);

/* What SDL has ended is given up: it may begin anew before anybody asks for events. */
void sdl2_input_forget(void);

/* Takes what came from the daemon and hands it to SDL. Called wherever SDL would look at the system's events. */
void sdl2_input_pump(void);

#endif

/*
 * When a game crashed: what it showed last is dimmed, a card on it says what happened, and waits for what people want.
 * For whoever launched the game (kb_launch()); the calls wait, and -EINTR of the library ends what they wait for.
 */
#ifndef CRASH_H
#define CRASH_H

#include <stdbool.h>

#include <kmsblit.h>

#include "text/card.h"

#define CRASH_LEFT_MOST 16u /* KB_MAX_LEFT */

/* Windows that a program left and that were adopted. All zeros: none. */
struct crash_left {
    struct kb_window *windows[CRASH_LEFT_MOST]; /* owned */
    unsigned count;
};

/* Whether there is somebody to see it: on virtual displays there is not. $KMSBLIT_CRASH_CARD says so else, 0 or 1. */
bool crash_is_wanted(const struct kb_display *display);

/* Waits until the daemon knows that the program has gone, and we what it showed; a second at most. */
void crash_wait_gone(struct kb_display *display);

/* Dims what was left. Those windows are in *left from now on, after those that are there still. 0 or -errno. */
int crash_dim(struct kb_display *display, struct crash_left *left);

void crash_let_go(struct crash_left *left);

struct crash_card {
    const char *fonts;     /* the folder of the bundled ones */
    struct text_card text; /* the note is what is said instead of a countdown */
    unsigned seconds;      /* after which it is as if the first hint were chosen; 0: never */
};

/* Shows the card until somebody chooses. True: the first hint, by any key or button or by a tap at it. False: Escape, Back of a
 * gamepad, the second hint; or no card could be shown: then *error is -errno, else 0. What is below stays if the
 * first hint was chosen; where nothing was left it is a dark picture, which is then in *left. */
bool crash_show(struct kb_display *display, struct crash_left *left, const struct crash_card *card,
                int *error);

#endif

/*
 * The seat's focus: which window gets input, and what is held. One focus for everything: whoever has it gets keys, pointer, touch and gamepads, and
 * nobody else is told anything.
 *
 * What a window was told is down it is told is up, whatever happens: the focus goes elsewhere, the device is unplugged, the session ends. What was
 * pressed before it got the focus it never hears of. Tables are bounded: what does not fit is not told at all.
 *
 * Pure: no clock, no I/O. What follows from an input goes out by a table of functions, in order, at once.
 */
#ifndef KD_SCENE_FOCUS_H
#define KD_SCENE_FOCUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

struct kd_window;

#define KD_FOCUS_HELD    256 /* keys and buttons of all devices */
#define KD_FOCUS_TILTED  256 /* axes of all gamepads that are not in the middle */
#define KD_FOCUS_FINGERS 64

/* None of these may call the focus. */
struct kd_focus_out {
    void (*focus)(void *ctx, struct kd_window *window, bool gained, int64_t time_ns);

    /* A key of the seat is down now, by the first keyboard, or up, by the last one; whether or not a window is told. Down: whether windows may know
     * of it; else it is a shortcut of the daemon's own. */
    bool (*key)(void *ctx, uint32_t code, bool down);

    /* The pointer came over the window that has the focus, or left it. */
    void (*over)(void *ctx, struct kd_window *window, bool inside, int64_t time_ns);

    /* Something for the window that has the focus. Ups and cancels of touches have their last position. */
    void (*input)(void *ctx, struct kd_window *window, const struct kd_input *input);
};

/* A key or button, held on one device. */
struct kd_held {
    enum kd_input_kind kind;
    uint32_t code, device;
    bool
        is_told; /* to the window that has the focus; of all devices that hold the same key, or none */
};

struct kd_tilted {
    uint32_t device, axis;
    int32_t value; /* as told; not 0 */
};

struct kd_finger {
    uint32_t device;
    int32_t finger, x, y;
    bool is_told;
};

struct kd_focus {
    const struct kd_focus_out *out; /* borrowed */
    void *ctx;
    struct kd_window *window; /* has the focus, or NULL; the scene's */
    struct kd_window *under;  /* under the pointer, or NULL; the scene's */
    bool is_over;             /* what the window was told of the pointer */
    bool is_locked;           /* the pointer belongs to it, wherever it is */
    bool is_by_click;         /* presses give the focus */
    uint64_t turn;            /* counts kd_focus_restack() */
    unsigned held_count, tilted_count, fingers_count;
    struct kd_held held[KD_FOCUS_HELD];
    struct kd_tilted tilted[KD_FOCUS_TILTED];
    struct kd_finger fingers[KD_FOCUS_FINGERS];
};

void kd_focus_init(struct kd_focus *focus, const struct kd_focus_out *out, void *ctx);

/* NULL: nobody has it. */
void kd_focus_set(struct kd_focus *focus, struct kd_window *window, int64_t time_ns);

/* The windows that can be seen and want input, topmost first, whenever that may have changed. One that is newly above the window with the focus gets it;
 * if that one is not among them, the topmost one does. */
void kd_focus_restack(struct kd_focus *focus, struct kd_window *const *visible, size_t count,
                      int64_t time_ns);

/* The window that had the focus no longer has it, and the focus is nobody's until the next kd_focus_restack(). */
void kd_focus_forget(struct kd_focus *focus, const struct kd_window *window, int64_t time_ns);

/* The window at the pointer is another one now, though the pointer was not moved, or the pointer is gone (NULL). */
void kd_focus_pointer(struct kd_focus *focus, struct kd_window *under, int64_t time_ns);

/* The window with the focus has the pointer to itself. */
void kd_focus_lock(struct kd_focus *focus, bool locked, int64_t time_ns);

/* at: the window at the pointer, of motions (afterwards), positions, buttons and wheels; the one at the finger, of a touch that begins; else NULL. */
void kd_focus_input(struct kd_focus *focus, const struct kd_input *input, struct kd_window *at);

/* What is held on it is released. */
void kd_focus_unplugged(struct kd_focus *focus, uint32_t device, int64_t time_ns);

#endif

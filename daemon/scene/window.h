/*
 * Windows: what a client shows, and the frames on their way to be shown.
 *
 * A window's frames stand in one queue, in the order of the socket: QUEUED, then DRAWING, then DRAWN, each in turn; the output that
 * paces the window takes the oldest drawn one at each of its ticks ("latching"), and its picture and attributes become the shown ones.
 * A change of attributes is a frame too, one without commands and without an answer, so that it keeps its place.
 */
#ifndef KD_SCENE_WINDOW_H
#define KD_SCENE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/geom.h"
#include "base/jobs.h"
#include "image/image.h"
#include "scene/batch.h"
#include "scene/objects.h"

#include "gen/kmsblit_types.h"

struct kd_client;
struct kd_window;

/* What a client can say of a window, in force from a certain frame on. */
struct kd_window_attr {
    int32_t width_px, height_px; /* logical size */
    uint32_t base_color;         /* 0xFFRRGGBB */
    uint32_t flags;              /* enum kb_window_flag */
    enum kb_scale scale;
    enum kb_filter filter;
    int32_t z;
    uint32_t output;      /* 0: the primary one */
    struct kb_rect place; /* in the output's pixels; empty: all of it */
};

enum kd_frame_state { KD_FRAME_QUEUED, KD_FRAME_DRAWING, KD_FRAME_DRAWN };

struct kd_frame {
    struct kd_window *window; /* NULL once the window is destroyed: then who draws it frees it */
    struct kd_frame
        *next; /* in the window's queue, or in an output's list of frames to be answered */
    enum kd_frame_state state;
    bool
        is_answered; /* a client's frame: it took a credit and gets an answer; else a change of attributes */
    uint32_t serial;
    struct kd_window_attr attr;
    struct kd_batch batch;     /* owned */
    uint32_t sources_ready;    /* the first so many are known to be complete */
    int64_t drawn_at_ns;       /* not to be taken before this time: simulated drawing */
    struct kd_pixels *picture; /* a reference; once DRAWN, the window's picture from here on */
    bool failed;               /* could not be drawn: the picture is the one before */
    bool changed;              /* latched, and something of the window looks different */
};

struct kd_window_stats {
    uint64_t frames_committed, frames_presented, frames_discarded, frames_unchanged;
    uint64_t commands, tiles_drawn, tiles_kept, pixels_drawn, draw_ns;
};

/* What the pointer looks like over the window, from the request on. */
struct kd_window_cursor {
    struct kd_source *source; /* a reference; NULL: the default */
    int32_t hot_x, hot_y;     /* the pixel of the image that points */
    bool is_hidden;
};

struct kd_window {
    struct kd_client *client;
    uint32_t id;           /* the client's */
    uint64_t created;      /* counts all windows: order of equal z */
    char *title;           /* owned, safe for logs */
    struct kd_lane *lane;  /* owned: its drawing */
    struct kd_arena arena; /* owned: for plans, while nothing is drawn */
    struct kd_window
        *below; /* next in the scene's list, which is in order of creation, newest first */
    struct kd_window_attr newest;        /* as of the last request */
    struct kd_window_attr shown;         /* latched */
    struct kd_frame *queue, *queue_tail; /* owned, oldest first */
    unsigned credits_used;
    struct kd_pixels
        *drawn_picture; /* a reference; of the newest DRAWN frame; NULL: base colour everywhere */
    struct kd_pixels *shown_picture; /* a reference; latched */
    bool is_left;   /* its program has gone; it is its launch's keeper's (scene/launch.h) */
    bool has_frame; /* a client's frame has been latched: the window is shown from then on */
    uint32_t reported_output; /* the last window_state that was sent ... */
    uint32_t reported_flags;
    struct kb_rect reported_place, reported_picture;
    bool is_reported;
    struct kd_window_cursor cursor;
    uint32_t input_flags;      /* enum kb_window_input_flag */
    uint64_t stacked_turn;     /* the seat's: when it was last found visible ... */
    uint32_t stacked_depth;    /* ... and below how many others */
    uint64_t charged_bytes;    /* to the client's account: for its picture */
    uint32_t promises_rest;    /* so many frames draw their pictures, whatever they could promise */
    int64_t simulated_draw_ns; /* for tests on the virtual clock */
    int64_t
        drawn_until_ns; /* with simulated drawing: when the next frame may begin; else the past */
    struct kd_window_stats stats;
};

/* A frame of the window as its attributes are now. Takes over the batch, in any case. NULL: out of memory. */
struct kd_frame *kd_frame_create(const struct kd_window *window, struct kd_batch *batch);
void kd_frame_destroy(struct kd_frame *frame); /* NULL is allowed */

/* Whether every source is complete; sources that could not be read count as complete. */
bool kd_frame_is_ready(struct kd_frame *frame);

void kd_window_enqueue(struct kd_window *window, struct kd_frame *frame);

/* source: the cursor's image, of which it takes a reference; NULL: the default. */
void kd_window_set_cursor(struct kd_window *window, struct kd_source *source, int32_t hot_x,
                          int32_t hot_y);

/* The oldest frame that is not DRAWN yet, or NULL. */
struct kd_frame *kd_window_undrawn(const struct kd_window *window);

/* Takes the oldest frame, which must be DRAWN, out of the queue: its picture and attributes become the shown ones. The caller then owns it.
 * *changed: whether anything visible of the window became different. */
struct kd_frame *kd_window_latch(struct kd_window *window, bool *changed);

/* Where a picture goes within a rectangle of this size: relative to its top left corner ("Pictures and frames" in docs/protocol.md). */
struct kd_box kd_place_picture(enum kb_scale scale, int32_t place_width, int32_t place_height,
                               int32_t width, int32_t height);

#endif

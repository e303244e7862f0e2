/*
 * The pointer: where it is among the outputs, and which image shows it. What moves it calls kd_pointer_move*(); kd_pointer_settle() then tells the
 * displays concerned (server/cursor.h).
 */
#ifndef KD_SERVER_POINTER_H
#define KD_SERVER_POINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"
#include "base/view.h"
#include "image/pixels.h"

struct kd_display;
struct kd_server;

/* Positions are in so many parts of a pixel, those of absolute devices in so many parts of a display. */
#define KD_POINTER_PARTS  256
#define KD_POINTER_EXTENT 65536

struct kd_pointer_at {
    int64_t x, y; /* parts of pixels in the global space */
};

struct kd_pointer {
    struct kd_pointer_at at;
    bool is_placed;          /* at is on an output, or was on one that is gone now */
    bool is_shown;           /* it was moved, so there is somebody who wants to see it */
    struct kd_pixels *image; /* a reference: what shows it; NULL: nothing yet */
    struct kd_point hot;     /* which of its pixels points */
    bool is_arrow;           /* the image is the default: each display has its own */
    struct kd_pixels *arrows
        [2]; /* owned: for displays with pixels of usual size, and with small ones; NULL: not needed yet */
};

void kd_pointer_finish(struct kd_pointer *pointer);

/* Moves it, as far as there are outputs. */
void kd_pointer_move(struct kd_server *server, int64_t dx_parts, int64_t dy_parts);

/* To a place on a display, 0 to KD_POINTER_EXTENT - 1 from its left and top edge as people see it; negative: this axis stays as it is. */
void kd_pointer_move_to(struct kd_server *server, const struct kd_display *display, int32_t x,
                        int32_t y);

/* The same for devices that are fixed to the display, and do not turn with its picture: from the edges of its buffer. */
void kd_pointer_move_to_device(struct kd_server *server, struct kd_display *display, int32_t x,
                               int32_t y);

/* Where such a place is among the outputs; on a mirror, where what it shows there is. */
struct kd_pointer_at kd_pointer_on_device(struct kd_display *display, int32_t x, int32_t y);

/* A button was pressed: it is where it was, or in the middle of the primary output, and somebody wants to see it. */
void kd_pointer_show(struct kd_server *server);

/* Nobody wants to see it until it is moved again. */
void kd_pointer_hide(struct kd_server *server);

/* Outputs or windows may be elsewhere now, and the pointer may have been moved. */
void kd_pointer_settle(struct kd_server *server);

/* Where a motion ends that leads from here to there: on an output. Over the edge of one it goes on to another only straight ahead: along the axis
 * on which it left, over gaps to what is nearest. count > 0. */
struct kd_pointer_at kd_pointer_confined(const struct kd_box *outputs, size_t count,
                                         struct kd_pointer_at from, struct kd_pointer_at to);

/* The place on an output of this view that lies at x, y (parts of pixels) in its buffer; parts of pixels too. */
struct kd_pointer_at kd_pointer_upright(const struct kd_view *view, struct kd_pointer_at device);

#endif

/*
 * The cursor on one display: on a plane of its own where the display can do that, else drawn above all windows. Its image is turned as the display's picture
 * is, and never scaled.
 */
#ifndef KD_SERVER_CURSOR_H
#define KD_SERVER_CURSOR_H

#include "output/output.h"
#include "plan/plan.h"

struct kd_display;

/* What the cursor's plane shows. */
struct kd_cursor_shown {
    uint64_t serial; /* of the image; 0: nothing */
    int32_t x, y;
};

struct kd_display_cursor {
    bool is_visible;
    int32_t x, y;                 /* its hot spot, in the buffer's pixels */
    struct kd_cursor_image image; /* as it lies in the buffer; its pixels are owned */
    struct kd_pixels *pixels;     /* a reference: the same image, to be drawn */
    struct kd_point upright_hot;  /* of the image that it was made from */
    uint64_t upright_version;     /* of that image; 0: none */
    uint64_t asked_serial;        /* the image that the display was asked about; 0: none yet */
    bool has_plane;               /* what it said */
    struct kd_cursor_shown shown; /* by its plane, in the last commit */
    char reason[96];              /* where it is shown, and why; for people */
};

void kd_cursor_finish(struct kd_display_cursor *cursor);

/* Where it is, or that it is nowhere; the display is damaged if that is not what it was. upright: a picture that never changes; pixel: of the global
 * space. Out of memory: as it was. */
void kd_cursor_show(struct kd_display *display, const struct kd_pixels *upright,
                    struct kd_point hot, struct kd_global_box pixel);
void kd_cursor_hide(struct kd_display *display);

/* Whether it must be drawn. */
bool kd_cursor_is_drawn(struct kd_display *display);

/* The operation that does, above all others; source: the index of its pixels. */
void kd_cursor_draw(struct kd_display *display, uint32_t source, struct kd_ops *ops);

/* Whether its plane should show something else than in the last commit. */
bool kd_cursor_differs(struct kd_display *display);

/* For a commit: says what its plane shows (drawn: nothing), as committed() remembers; failed: the display refused it. */
void kd_cursor_commit(struct kd_display *display, bool is_drawn, struct kd_commit *commit);
void kd_cursor_committed(struct kd_display *display, const struct kd_commit *commit);
void kd_cursor_failed(struct kd_display *display, const struct kd_commit *commit, int error);

#endif

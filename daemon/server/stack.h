/*
 * The windows on a display, back to front, as layers of a plan; and whether the topmost one gets a plane of its own.
 */
#ifndef KD_SERVER_STACK_H
#define KD_SERVER_STACK_H

#include "base/arena.h"
#include "output/output.h"
#include "plan/plan.h"

struct kd_display;
struct kd_window;

struct kd_stack {
    struct kd_layer *layers;    /* in the arena */
    struct kd_window **windows; /* in the arena; as the layers */
    uint32_t count;
    struct kd_pixels **pictures; /* in the arena, a reference each: the layers' sources */
    uint32_t pictures_count;
};

/* -ENOMEM; to be finished in any case. */
int kd_stack_build(struct kd_stack *stack, struct kd_arena *arena, struct kd_display *display);
void kd_stack_finish(struct kd_stack *stack);

/* One more picture, of which it takes a reference: once. Returns its index. */
uint32_t kd_stack_add_picture(struct kd_stack *stack, struct kd_pixels *picture);

/* What was decided about a plane the last time, and is not asked again for the same question. */
struct kd_plane_choice {
    struct kd_box from, to;
    enum kb_filter filter;
    bool yes;
    int64_t asked_at_ns;            /* 0: nothing yet */
    bool used;                      /* in the last commit */
    const struct kd_window *window; /* borrowed: whose picture it showed, for comparing only */
};

/* If the topmost window may have a plane: fills *plane, with a buffer to draw its picture into at its own size, and takes the picture out
 * of its layer. Else plane->buffer is NULL, and output->plane_reason says why. */
void kd_stack_choose_plane(struct kd_stack *stack, struct kd_display *display,
                           struct kd_plane_window *plane);

/* The display refused what it had agreed to: not again for this window. */
void kd_stack_plane_failed(struct kd_display *display, int error);

#endif

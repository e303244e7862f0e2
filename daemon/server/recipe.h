/*
 * Pictures that are not drawn before somebody needs their pixels. Where the renderer can draw lists of commands straight into the buffer that is shown
 * (kd_renderer_impl.is_direct), a window's frame promises its tiles instead of drawing them: their keys are known, and the frame's plan, kept as the
 * picture's recipe, is drawn into the buffer in their place. Whoever needs the pixels themselves settles the picture: a frame that draws over it, a
 * display that scales or turns it, a screenshot, the processor after the GPU was lost.
 */
#ifndef KD_SERVER_RECIPE_H
#define KD_SERVER_RECIPE_H

#include "render/render.h"
#include "scene/batch.h"

/* Longer batches are not kept: composing, in the loop's thread, would take long. */
#define KD_PROMISE_UNITS 8192

/* Nor are those that draw all of the window's pixels more often, on average: that is its own lane's work. */
#define KD_PROMISE_TIMES 32

/* A window whose pictures had to be settled draws so many frames as ever. */
#define KD_PROMISES_REST 60

/* The recipe of a plan, which is copied, and what that refers to: all of it is taken over, and empty afterwards. To be released in the loop's thread. NULL: out of
 * memory, and nothing was taken. */
struct kd_recipe *kd_recipe_create(const struct kd_plan *plan, struct kd_arena *arena,
                                   struct kd_batch *batch, const struct kd_pixels ***sources);

/* Draws promised tiles of a version that nobody else sees: those for which wanted is set, by index, or all of them (NULL). In a worker's thread. 0 or -errno. */
int kd_recipe_settle(struct kd_renderer *renderer, struct kd_pixels *pixels, const bool *wanted);

/* A version equal to another one, without promises: *out, a reference. The other one must stay until this has returned. */
int kd_recipe_settled(struct kd_renderer *renderer, const struct kd_pixels *pixels,
                      struct kd_pixels **out);

#endif

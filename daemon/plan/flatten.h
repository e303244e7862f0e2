/*
 * Drawing commands where they are shown: in a plan that shows pictures whose tiles are promised, each picture's place is taken by what would have drawn it.
 */
#ifndef KD_PLAN_FLATTEN_H
#define KD_PLAN_FLATTEN_H

#include "plan/plan.h"

/* Whether an operation that shows a picture with a recipe can be replaced by that: it shows its pixels one to one, upright. */
bool kd_plan_can_inline(const struct kd_op *op, const struct kd_pixels *picture);

/* The same plan, to be drawn: its tiles' keys are the same, its lists are of operations that need no promised tile. What it refers to must stay.
 * -EOPNOTSUPP: not without the pictures' pixels, which must be settled first. -ENOMEM. */
int kd_plan_flatten(const struct kd_plan *plan, struct kd_arena *arena, struct kd_plan *out);

#endif

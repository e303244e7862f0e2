/*
 * Exact bounds inside changed tiles. A tile's key says that it changed; where, is said by how it was made and how it is to be made, for a window's
 * picture, and by how the picture's own tiles changed, for what shows it. Everything outside of the bounds is the same already.
 */
#ifndef KD_PLAN_BOUNDS_H
#define KD_PLAN_BOUNDS_H

#include "plan/plan.h"

/* Of tiles of a picture that are to be drawn. Zero: of none. */
struct kd_origins {
    const uint32_t *tiles; /* borrowed: their indices */
    uint32_t count;
    struct kd_box *bounds; /* in the arena: what must be drawn of each; NULL: all */
    struct kd_tile_origin *
        *list; /* in the arena, owned each: how they are made; NULL: not worth knowing */
};

/* The picture still has what was there before, which is what the plan draws over if it keeps anything. -ENOMEM; to be finished in any case. */
int kd_origins_init(struct kd_origins *origins, struct kd_arena *arena, const struct kd_plan *plan,
                    const struct kd_ops *ops, const struct kd_pixels *picture,
                    const uint32_t *tiles, uint32_t count);

/* The tiles have been drawn, and are the picture's own: they now know how they were made. */
void kd_origins_attach(struct kd_origins *origins, struct kd_pixels *picture);
void kd_origins_finish(struct kd_origins *origins);

/* Where a target tile that has this key (0: not known) must be drawn, if that is known from the past of the pictures that it shows; else all of it. */
struct kd_box kd_plan_bounds(const struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                             uint64_t have);

#endif

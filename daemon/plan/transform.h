/*
 * Transformed blits: where a target pixel's centre lies in the image ("Transformed blits" in docs/protocol.md).
 */
#ifndef KD_PLAN_TRANSFORM_H
#define KD_PLAN_TRANSFORM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"

#include "gen/kmsblit_types.h"

/* Everything that shapes the pixels, and nothing else: its bytes are hashed. */
struct kd_transform {
    int32_t xx, xy, x0, yx, yy, y0; /* target to image, 16.16 */
    int32_t mirror_x,
        mirror_y; /* left + right (top + bottom) edge of the source rectangle, if it is mirrored so; else INT32_MIN */
    struct kd_box source; /* the source rectangle, cut by the image */
};

#define KD_NOT_MIRRORED INT32_MIN

/* The image's coordinates of a target pixel's centre, 16.16, mirrored if so. x and y are within a target: less than 2^15. */
static inline void kd_transform_point(const struct kd_transform *t, int32_t x, int32_t y,
                                      int64_t *u, int64_t *v)
{
    int64_t center_x = 2 * (int64_t)x + 1, center_y = 2 * (int64_t)y + 1;

    *u = ((t->xx * center_x + t->xy * center_y) >> 1) + t->x0;
    *v = ((t->yx * center_x + t->yy * center_y) >> 1) + t->y0;
    if (t->mirror_x != KD_NOT_MIRRORED)
        *u = (int64_t)t->mirror_x * 65536 - 1 - *u;
    if (t->mirror_y != KD_NOT_MIRRORED)
        *v = (int64_t)t->mirror_y * 65536 - 1 - *v;
}

static inline bool kd_transform_inside(const struct kd_transform *t, int64_t u, int64_t v)
{
    return u >= (int64_t)t->source.x1 * 65536 && u < (int64_t)t->source.x2 * 65536 &&
           v >= (int64_t)t->source.y1 * 65536 && v < (int64_t)t->source.y2 * 65536;
}

/* source: the image's size. False if nothing can be drawn. */
bool kd_transform_init(struct kd_transform *t, const struct kb_command_transformed_blit *blit,
                       struct kd_box image);

/* A box within clip that holds every target pixel that may be drawn. */
struct kd_box kd_transform_bounds(const struct kd_transform *t, struct kd_box clip);

/* A box of image pixels that holds all that are sampled for a part of the target; may be empty. */
struct kd_box kd_transform_footprint(const struct kd_transform *t, struct kd_box part,
                                     bool bilinear);

#endif

/*
 * Images as transforms show them, kept: games draw the same picture turned the same way again and again. What is kept are the sampled pixels, before
 * tint, alpha and blend, so that drawing them is exactly what sampling them anew would be. Any thread.
 */
#ifndef KD_RENDER_CPU_KEPT_H
#define KD_RENDER_CPU_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/pixels.h"
#include "plan/transform.h"

struct kd_kept;

/* The pixels of a row that lie in the source, counted from the left edge of the box. */
struct kd_kept_span {
    uint16_t first, end;
    uint16_t shown_first, shown_end; /* of these, without the clear ones at both ends */
};

/* One image, turned. */
struct kd_kept_image {
    struct kd_transform
        transform; /* moved by whole pixels to where all that look the same come to be */
    bool bilinear;
    struct kd_box box; /* its pixels, as that transform places them */
    size_t stride_px;
    uint32_t *pixels; /* of the box's corner; what lies outside of the source is not set */
    struct kd_kept_span *spans; /* one for each row */
};

/* A visit of a tile by a transformed blit. */
struct kd_kept_visit {
    uint64_t drawing; /* one number for all visits of a drawing */
    uint32_t op;      /* ... and of an operation in it: its tiles are not yet a repetition */
    const struct kd_pixels *source; /* of a single tile */
    const struct kd_transform *transform;
    bool bilinear;
};

/* limit_bytes: of all pixels together. */
int kd_kept_create(size_t limit_bytes, struct kd_kept **out);
void kd_kept_destroy(struct kd_kept *kept);

/* The image, to be given back with kd_kept_release(); NULL: sample it. (x, y) is what a place in the target is moved by to be one in the box. The second
 * time that an image is wanted it is made: then is_new is set, and the caller fills pixels and spans before giving it back. */
struct kd_kept_image *kd_kept_take(struct kd_kept *kept, const struct kd_kept_visit *visit,
                                   int32_t *x, int32_t *y, bool *is_new);
void kd_kept_release(struct kd_kept *kept, struct kd_kept_image *image);

/* How many images there are, and the bytes of their pixels: for tests. */
void kd_kept_count(struct kd_kept *kept, unsigned *images, size_t *bytes);

#endif

/*
 * A batch: the commands of one frame, checked, with the versions of the images that they draw.
 */
#ifndef KD_SCENE_BATCH_H
#define KD_SCENE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"

#include "gen/kmsblit_types.h"

struct kd_batch {
    bool clear;                 /* start from the base instead of what is there */
    union kb_command *commands; /* owned, of the pool; the image fields are indices into sources */
    uint32_t units;             /* of 32 bytes */
    struct kd_source **sources; /* owned, of the pool, a reference each */
    uint32_t sources_count;
    struct kd_account
        *account; /* a reference, or NULL for an empty batch; charged for the commands */
};

/* Frees what it owns and leaves it empty. A zeroed batch is an empty one. */
void kd_batch_finish(struct kd_batch *batch);

/* The sources' pixels as an array of their own, to be freed with kd_pool_put(); NULL where an image could not be read. NULL: out of memory. */
const struct kd_pixels **kd_batch_pixels(const struct kd_batch *batch);

#endif

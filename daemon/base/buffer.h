/*
 * A scan-out buffer: what an output shows and the renderer draws into. Now always memory; dma-bufs, modifiers and fences
 * come with the displays and GPUs that need them.
 */
#ifndef KD_BASE_BUFFER_H
#define KD_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/tile.h"

struct kd_buffer {
    struct kd_grid grid; /* its size, divided into tiles */
    uint32_t *pixels;    /* XRGB8888; owned by the output that made the buffer */
    size_t stride_px;
    uint64_t *
        tile_keys; /* owned; what the pixels of each tile are made of; 0: not known. Set when drawing into
                             * a tile completes, cleared when it fails. */
};

/* Memory of the given size, black, keys unknown. */
int kd_buffer_create(int32_t width_px, int32_t height_px, struct kd_buffer **out);
void kd_buffer_destroy(struct kd_buffer *buffer);

#endif

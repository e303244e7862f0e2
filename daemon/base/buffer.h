/*
 * A scan-out buffer: what an output shows and the renderer draws into. Now always memory; dma-bufs, modifiers and fences
 * come with the displays and GPUs that need them.
 */
#ifndef KD_BASE_BUFFER_H
#define KD_BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/format.h"
#include "base/tile.h"

struct kd_buffer {
    struct kd_grid grid;   /* its size, divided into tiles */
    enum kb_format format; /* xrgb8888 or rgb565 */
    union {                /* owned by the output that made the buffer */
        uint32_t *pixels;
        uint16_t *pixels_565;
    };
    size_t stride_px;
    uint32_t *
        drawn_tile; /* owned; room for the tile that is being drawn, where pixels have other than 32 bits; else NULL */
    uint64_t *
        tile_keys; /* owned; what the pixels of each tile are made of; 0: not known. Set when drawing into
                             * a tile completes, cleared when it fails. */
};

/* Memory of the given size, black, keys unknown. -ENOMEM. */
int kd_buffer_create(int32_t width_px, int32_t height_px, enum kb_format format,
                     struct kd_buffer **out);
void kd_buffer_destroy(struct kd_buffer *buffer);

/* A pixel as 0xFFRRGGBB. */
static inline uint32_t kd_buffer_pixel(const struct kd_buffer *buffer, int32_t x, int32_t y)
{
    size_t at = (size_t)y * buffer->stride_px + (size_t)x;

    return buffer->format == KB_FORMAT_RGB565 ? kd_rgb565_widen(buffer->pixels_565[at])
                                              : buffer->pixels[at];
}

#endif

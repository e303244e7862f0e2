#include "base/buffer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int kd_buffer_create(int32_t width_px, int32_t height_px, enum kb_format format,
                     struct kd_buffer **out)
{
    struct kd_buffer *buffer = calloc(1, sizeof(*buffer));
    size_t bytes;

    if (!buffer)
        return -ENOMEM;
    buffer->grid = kd_grid_of(width_px, height_px);
    buffer->format = format;
    buffer->stride_px = ((size_t)width_px + 31) & ~(size_t)31;
    bytes = buffer->stride_px * (size_t)height_px * kd_format_get(format)->bytes_per_px;
    buffer->pixels = aligned_alloc(64, bytes);
    buffer->tile_keys = calloc(kd_grid_count(buffer->grid), sizeof(uint64_t));
    if (format != KB_FORMAT_XRGB8888)
        buffer->drawn_tile = malloc((size_t)KD_TILE_PX * KD_TILE_PX * sizeof(uint32_t));
    if (!buffer->pixels || !buffer->tile_keys ||
        (format != KB_FORMAT_XRGB8888 && !buffer->drawn_tile)) {
        kd_buffer_destroy(buffer);
        return -ENOMEM;
    }
    memset(buffer->pixels, 0, bytes);
    *out = buffer;
    return 0;
}

void kd_buffer_destroy(struct kd_buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->pixels);
    free(buffer->tile_keys);
    free(buffer->drawn_tile);
    free(buffer);
}

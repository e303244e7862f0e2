#include "server/tint.h"

#include <stdlib.h>

#include "plan/bounds.h"

struct kd_box *kd_tint_find(const struct kd_draw *draw, const struct kd_ops *ops,
                            struct kd_arena *arena)
{
    struct kd_buffer *buffer = draw->buffer;
    struct kd_box *tints;

    if (!buffer->pixels)
        return NULL; /* only devices can write it */
    if (!buffer->tinted_keys)
        buffer->tinted_keys = calloc(kd_grid_count(buffer->grid), sizeof(uint64_t));
    tints = kd_arena_alloc(arena, draw->tiles_count, sizeof(*tints));
    if (!buffer->tinted_keys || !tints)
        return NULL;
    for (uint32_t i = 0; i < draw->tiles_count; i++) {
        uint32_t index = draw->tiles[i];
        uint64_t have =
            buffer->tile_keys[index] ? buffer->tile_keys[index] : buffer->tinted_keys[index];

        tints[i] = (struct kd_box){0, 0, 0, 0};
        if (have != draw->plan->tiles[index].key)
            tints[i] = kd_plan_bounds(draw->plan, ops, index, have);
    }
    return tints;
}

/* Half the colour, half magenta. */
static void tint(struct kd_buffer *buffer, struct kd_box box)
{
    for (int32_t y = box.y1; y < box.y2; y++)
        for (int32_t x = box.x1; x < box.x2; x++) {
            size_t at = (size_t)y * buffer->stride_px + (size_t)x;
            uint32_t pixel = kd_buffer_pixel(buffer, x, y);

            pixel = 0xFF000000 | ((pixel >> 1 & 0x7F7F7F) + 0x7F007F);
            if (buffer->format == KB_FORMAT_RGB565)
                buffer->pixels_565[at] = kd_rgb565_narrow(pixel);
            else
                buffer->pixels[at] = pixel;
        }
}

void kd_tint_drawn(const struct kd_draw *draw, const struct kd_box *tints)
{
    if (!tints)
        return;
    kd_buffer_begin_access(draw->buffer);
    for (uint32_t i = 0; i < draw->tiles_count; i++) {
        uint32_t index = draw->tiles[i];

        if (kd_box_empty(tints[i]))
            continue;
        tint(draw->buffer, tints[i]);
        draw->buffer->tinted_keys[index] = draw->buffer->tile_keys[index];
        draw->buffer->tile_keys[index] = 0;
    }
    kd_buffer_end_access(draw->buffer);
}

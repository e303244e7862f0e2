/*
 * Plain blits, which games draw most: one to one, neither mirrored nor tinted. What lies in one tile of the source is drawn by one loop.
 */
#include "render/cpu.h"

bool kd_cpu_is_plain(const struct kd_op *op)
{
    return op->flags == 0 && op->alpha == 255 && (op->color & 0xFFFFFF) == 0xFFFFFF;
}

/* A piece that lies in one tile of the source, whose pixel (x, y) is drawn at to. */
static void draw_piece(const struct kd_cpu_tile *tile, kd_pix_blit_fn *blit,
                       const struct kd_tile *from, int32_t x, int32_t y, int32_t width_px,
                       int32_t height_px, uint32_t *to)
{
    const uint32_t *row = from->pixels + (size_t)y * from->stride_px + x;

    for (int32_t end = y + height_px; y < end; y++, row += from->stride_px, to += tile->stride_px)
        blit(to, row, (size_t)width_px);
}

/* Up to where a tile of the source reaches that has at in it. */
static int32_t tile_end(int32_t at, int32_t shift, int32_t end)
{
    int64_t edge = (((int64_t)at >> shift) + 1) << shift;

    return edge < end ? (int32_t)edge : end;
}

void kd_cpu_draw_plain(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    kd_pix_blit_fn *blit = tile->pix->blit[tile->plan->target][source->kind][op->blend];
    int32_t shift = source->tile_shift, mask = (int32_t)((UINT32_C(1) << shift) - 1);
    int32_t src_x = op->src_x + part.x1 - op->where.x1, end_x = src_x + kd_box_width(part);
    int32_t src_y = op->src_y + part.y1 - op->where.y1, end_y = src_y + kd_box_height(part);
    int32_t next_x, next_y;

    for (int32_t y = src_y; y < end_y; y = next_y) {
        size_t tiles = (size_t)(y >> shift) * (size_t)source->tiles_x;

        next_y = tile_end(y, shift, end_y);
        for (int32_t x = src_x; x < end_x; x = next_x) {
            struct kd_tile *const *from = &source->tiles[tiles + (size_t)(x >> shift)];

            next_x = tile_end(x, shift, end_x);
            for (size_t i = 0; next_x < end_x && kd_tiles_are_beside(from[i], from[i + 1]); i++)
                next_x = tile_end(next_x, shift, end_x);
            draw_piece(tile, blit, from[0], x & mask, y & mask, next_x - x, next_y - y,
                       kd_cpu_row(tile, part.x1 + x - src_x, part.y1 + y - src_y));
        }
    }
}

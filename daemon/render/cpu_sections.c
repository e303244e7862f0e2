/*
 * Blits of classified images: what is transparent is skipped, what is opaque is copied, and only the rest is blended.
 */
#include "render/cpu.h"

bool kd_cpu_by_sections(const struct kd_cpu_tile *tile, const struct kd_op *op)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];

    return op->blend == KB_BLEND_OVER && op->flags == 0 && op->alpha == 255 &&
           (op->color & 0xFFFFFF) == 0xFFFFFF && source->kind != KD_SOURCE_OPAQUE;
}

/* A row's piece that lies in one tile of the source: x and y are that tile's. */
static void draw_piece(const struct kd_cpu_tile *tile, enum kd_source_kind kind,
                       const struct kd_tile *from, int32_t x, int32_t y, int32_t count_px,
                       uint32_t *to)
{
    const uint32_t *row = from->pixels + (size_t)y * from->stride_px + x;
    const struct kd_sections *sections = from->sections;
    enum kd_target_kind target = tile->plan->target;
    struct kd_pix_chunks chunks;

    if (!sections || sections->mask_bytes == 0) {
        tile->pix->blit[target][kind][KB_BLEND_OVER](to, row, (size_t)count_px);
        return;
    }
    chunks = kd_sections_chunks(sections, x, y);
    tile->pix->over_chunks[target][kind](to, row, (size_t)count_px, &chunks);
}

void kd_cpu_draw_sections(const struct kd_cpu_tile *tile, const struct kd_op *op,
                          struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    int32_t shift = source->tile_shift, mask = (int32_t)((UINT32_C(1) << shift) - 1);
    int32_t src_x = op->src_x + part.x1 - op->where.x1, end = src_x + kd_box_width(part);
    int32_t src_y = op->src_y + part.y1 - op->where.y1;

    for (int32_t y = part.y1; y < part.y2; y++, src_y++) {
        int32_t run_px;

        for (int32_t x = src_x; x < end; x += run_px) {
            size_t index =
                (size_t)(src_y >> shift) * (size_t)source->tiles_x + (size_t)(x >> shift);
            int64_t tile_end = (((int64_t)x >> shift) + 1) << shift;

            run_px = (int32_t)(tile_end < end ? tile_end : end) - x;
            draw_piece(tile, source->kind, source->tiles[index], x & mask, src_y & mask, run_px,
                       kd_cpu_row(tile, part.x1 + x - src_x, y));
        }
    }
}

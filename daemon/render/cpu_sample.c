/*
 * Scaled pictures.
 */
#include <string.h>

#include "render/cpu.h"

/* One row of a scaled picture: run by run, as the source's pixels lie in memory. */
static void scale_row(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part,
                      int32_t y, int32_t src_y)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    int64_t x = part.x1 - op->shown_x, end = part.x2 - op->shown_x;
    uint32_t *dst = kd_cpu_row(tile, part.x1, y);

    while (x < end) {
        int32_t src_x =
            (int32_t)kd_pix_nearest(x, (uint32_t)source->width_px, (uint32_t)op->shown_width);
        int32_t run_px;
        const uint32_t *row = kd_pixels_at(source, src_x, src_y, &run_px);
        int64_t stop = kd_pix_first_shown((int64_t)src_x + run_px, (uint32_t)source->width_px,
                                          (uint32_t)op->shown_width);

        stop = stop < end ? stop : end;
        tile->pix->scale_nearest(dst, row, (size_t)(stop - x), x, src_x, (uint32_t)source->width_px,
                                 (uint32_t)op->shown_width);
        dst += stop - x;
        x = stop;
    }
}

static void scale_nearest(const struct kd_cpu_tile *tile, const struct kd_op *op,
                          struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    int32_t drawn_src_y = -1;

    for (int32_t y = part.y1; y < part.y2; y++) {
        int32_t src_y = (int32_t)kd_pix_nearest(y - op->shown_y, (uint32_t)source->height_px,
                                                (uint32_t)op->shown_height);

        if (src_y == drawn_src_y)
            memcpy(kd_cpu_row(tile, part.x1, y), kd_cpu_row(tile, part.x1, y - 1),
                   (size_t)kd_box_width(part) * sizeof(uint32_t));
        else
            scale_row(tile, op, part, y, src_y);
        drawn_src_y = src_y;
    }
}

/* Bilinear scaling of a tile: rows of the source, filtered across, of which each is made once and used for all rows that are
 * shown between it and the next. */
struct filter {
    const struct kd_pix *pix;
    const struct kd_pixels *source;
    int32_t width;
    int32_t
        columns[2 *
                KD_TILE_PX];    /* of the source, ascending: the two that each pixel lies between */
    uint16_t right[KD_TILE_PX]; /* the fraction of 256 that the second one gets */
    int32_t have[2];            /* which rows these are; -1: none */
    uint64_t rows[2][KD_TILE_PX];
};

static void filter_init(struct filter *filter, const struct kd_cpu_tile *tile,
                        const struct kd_op *op, struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];

    filter->pix = tile->pix;
    filter->source = source;
    filter->width = kd_box_width(part);
    filter->have[0] = filter->have[1] = -1;
    for (int32_t i = 0; i < filter->width; i++) {
        int64_t u = kd_pix_filtered(part.x1 - op->shown_x + i, (uint32_t)source->width_px,
                                    (uint32_t)op->shown_width);
        int32_t left = (int32_t)(u >> 8);

        filter->columns[2 * i] = kd_max(left, 0);
        filter->columns[2 * i + 1] = kd_min(left + 1, source->width_px - 1);
        filter->right[i] = u & 255;
    }
}

/* A row of the source; neighbours lie in different places. */
static const uint64_t *filter_row(struct filter *filter, int32_t y)
{
    uint32_t stored[2 * KD_TILE_PX], premultiplied[2 * KD_TILE_PX];
    const uint32_t *run = NULL, *pairs = stored;
    int32_t run_x = 0, run_px = 0, place = y & 1;
    size_t count = 2 * (size_t)filter->width;

    if (filter->have[place] == y)
        return filter->rows[place];
    for (size_t i = 0; i < count; i++) {
        int32_t x = filter->columns[i];

        if (x < run_x || x >= run_x + run_px) {
            run = kd_pixels_at(filter->source, x, y, &run_px);
            run_x = x;
        }
        stored[i] = run[x - run_x];
    }
    if (filter->source->kind != KD_SOURCE_PREMULTIPLIED) {
        filter->pix->blit[KD_TARGET_ALPHA][filter->source->kind][KB_BLEND_REPLACE](premultiplied,
                                                                                   stored, count);
        pairs = premultiplied;
    }
    filter->pix->bilinear_across(filter->rows[place], pairs, filter->right, (size_t)filter->width);
    filter->have[place] = y;
    return filter->rows[place];
}

static void scale_bilinear(const struct kd_cpu_tile *tile, const struct kd_op *op,
                           struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    struct filter filter;

    filter_init(&filter, tile, op, part);
    for (int32_t y = part.y1; y < part.y2; y++) {
        int64_t v = kd_pix_filtered(y - op->shown_y, (uint32_t)source->height_px,
                                    (uint32_t)op->shown_height);
        int32_t top = (int32_t)(v >> 8);
        const uint64_t *above = filter_row(&filter, kd_max(top, 0));
        const uint64_t *below = filter_row(&filter, kd_min(top + 1, source->height_px - 1));

        tile->pix->bilinear_down(kd_cpu_row(tile, part.x1, y), above, below, (size_t)filter.width,
                                 (uint32_t)(v & 255));
    }
}

void kd_cpu_draw_scaled(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    if (op->filter == KB_FILTER_BILINEAR)
        scale_bilinear(tile, op, part);
    else
        scale_nearest(tile, op, part);
}

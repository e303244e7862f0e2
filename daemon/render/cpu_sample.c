/*
 * Operations that sample: scaled pictures and transformed blits.
 */
#include <string.h>

#include "render/cpu.h"

static uint32_t pixel_at(const struct kd_pixels *source, int32_t x, int32_t y)
{
    int32_t run_px;

    return *kd_pixels_at(source, x, y, &run_px);
}

/* The four neighbours of a place between pixels, in 256ths, clamped to a box; filtered. The result is premultiplied. */
static uint32_t filtered(const struct kd_pixels *source, struct kd_box box, int64_t u, int64_t v)
{
    int32_t left = kd_coord_clamp(u >> 8), top = kd_coord_clamp(v >> 8);
    int32_t x[2] = {kd_min(kd_max(left, box.x1), box.x2 - 1),
                    kd_min(kd_max(left + 1, box.x1), box.x2 - 1)};
    int32_t y[2] = {kd_min(kd_max(top, box.y1), box.y2 - 1),
                    kd_min(kd_max(top + 1, box.y1), box.y2 - 1)};
    uint32_t pixels[2][2];

    for (int row = 0; row < 2; row++)
        for (int column = 0; column < 2; column++)
            pixels[row][column] =
                kd_pix_premultiplied(pixel_at(source, x[column], y[row]), source->kind);
    return kd_pix_bilinear(pixels, (uint32_t)(u & 255), (uint32_t)(v & 255));
}

/* ---- Scaled pictures ------------------------------------------------------------------------ */

/* The first shown pixel whose source pixel is at least `at`: the inverse of kd_pix_nearest(). */
static int64_t first_shown(int64_t at, int64_t picture_px, int64_t shown_px)
{
    int64_t numerator = 2 * at * shown_px - picture_px;

    return numerator <= 0 ? 0 : (numerator + 2 * picture_px - 1) / (2 * picture_px);
}

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
        int64_t stop = first_shown((int64_t)src_x + run_px, source->width_px, op->shown_width);

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

static void scale_bilinear(const struct kd_cpu_tile *tile, const struct kd_op *op,
                           struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    struct kd_box everything = kd_box_of_size(source->width_px, source->height_px);

    for (int32_t y = part.y1; y < part.y2; y++) {
        int64_t v = kd_pix_filtered(y - op->shown_y, (uint32_t)source->height_px,
                                    (uint32_t)op->shown_height);
        uint32_t *dst = kd_cpu_row(tile, part.x1, y);

        for (int32_t x = part.x1; x < part.x2; x++)
            *dst++ = filtered(source, everything,
                              kd_pix_filtered(x - op->shown_x, (uint32_t)source->width_px,
                                              (uint32_t)op->shown_width),
                              v);
    }
}

void kd_cpu_draw_scaled(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    if (op->filter == KB_FILTER_BILINEAR)
        scale_bilinear(tile, op, part);
    else
        scale_nearest(tile, op, part);
}

/* ---- Transformed blits ---------------------------------------------------------------------- */

void kd_cpu_draw_transformed(const struct kd_cpu_tile *tile, const struct kd_op *op,
                             struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    const struct kd_transform *transform = &tile->plan->transforms[op->transform];
    bool bilinear = op->filter == KB_FILTER_BILINEAR;
    enum kd_source_kind kind = bilinear ? KD_SOURCE_PREMULTIPLIED : source->kind;

    for (int32_t y = part.y1; y < part.y2; y++) {
        uint32_t row[KD_TILE_PX];
        int32_t first = part.x1,
                count = 0; /* what lies in the source is one run: the source is convex */

        for (int32_t x = part.x1; x < part.x2; x++) {
            int64_t u, v;

            kd_transform_point(transform, x, y, &u, &v);
            if (!kd_transform_inside(transform, u, v))
                continue;
            if (count == 0)
                first = x;
            row[count++] =
                bilinear ? filtered(source, transform->source, (u - 32768) >> 8, (v - 32768) >> 8)
                         : pixel_at(source, (int32_t)(u >> 16), (int32_t)(v >> 16));
        }
        if (count > 0)
            kd_cpu_blend_row(tile, op, kind, first, y, row, count);
    }
}

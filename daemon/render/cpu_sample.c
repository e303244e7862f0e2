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

/* ---- Transformed blits ---------------------------------------------------------------------- */

/* Of the numbers from first on and before end, leaves those i for which low <= at + i * step < high. */
static void keep_between(int64_t at, int64_t step, int64_t low, int64_t high, int64_t *first,
                         int64_t *end)
{
    if (step < 0) { /* -high < -at + i * -step <= -low */
        int64_t swapped = low;

        at = -at;
        step = -step;
        low = 1 - high;
        high = 1 - swapped;
    }
    if (step == 0) {
        *end = at >= low && at < high ? *end : *first;
        return;
    }
    if (at + *first * step < low)
        *first = (low - at + step - 1) / step;
    if (at + (*end - 1) * step >= high)
        *end = high <= at ? *first : (high - at + step - 1) / step;
}

/* Where the row y of a part of the target lies in the source: the places (u, v) of its pixels first to end (counted from part.x1) do, and
 * those of no others. The walk begins at first. */
static void walk_row(struct kd_pix_walk *walk, const struct kd_transform *transform,
                     struct kd_box part, int32_t y, int64_t *first, int64_t *end)
{
    kd_transform_point(transform, part.x1, y, &walk->u, &walk->v);
    walk->du = transform->mirror_x == KD_NOT_MIRRORED ? transform->xx : -(int64_t)transform->xx;
    walk->dv = transform->mirror_y == KD_NOT_MIRRORED ? transform->yx : -(int64_t)transform->yx;
    *first = 0;
    *end = kd_box_width(part);
    keep_between(walk->u, walk->du, (int64_t)walk->x1 * 65536, (int64_t)walk->x2 * 65536, first,
                 end);
    if (*first < *end)
        keep_between(walk->v, walk->dv, (int64_t)walk->y1 * 65536, (int64_t)walk->y2 * 65536, first,
                     end);
    walk->u += *first * walk->du;
    walk->v += *first * walk->dv;
}

/* The same as the kernels, from sources that do not lie in one piece. */
static void walk_tiles(uint32_t *row, const struct kd_pixels *source,
                       const struct kd_pix_walk *walk, int64_t count, bool bilinear)
{
    struct kd_box box = {walk->x1, walk->y1, walk->x2, walk->y2};

    for (int64_t i = 0; i < count; i++) {
        int64_t u = walk->u + i * walk->du, v = walk->v + i * walk->dv;

        row[i] = bilinear ? filtered(source, box, (u - 32768) >> 8, (v - 32768) >> 8)
                          : pixel_at(source, (int32_t)(u >> 16), (int32_t)(v >> 16));
    }
}

/* A transformed blit, in a tile or wherever its pixels are to be kept. */
struct sampler {
    const struct kd_pixels *source;
    const struct kd_transform *transform;
    struct kd_pix_walk walk; /* where the row begins changes */
    kd_pix_walk_fn *sample;
    bool bilinear;
};

static void sampler_init(struct sampler *sampler, const struct kd_pix *pix,
                         const struct kd_pixels *source, const struct kd_transform *transform,
                         bool bilinear)
{
    *sampler = (struct sampler){.source = source,
                                .transform = transform,
                                .walk = {.pixels = source->tiles[0]->pixels,
                                         .stride_px = source->tiles[0]->stride_px,
                                         .kind = source->kind,
                                         .x1 = transform->source.x1,
                                         .y1 = transform->source.y1,
                                         .x2 = transform->source.x2,
                                         .y2 = transform->source.y2},
                                .sample = bilinear ? pix->walk_bilinear : pix->walk_nearest,
                                .bilinear = bilinear};
}

/* Fills a new image. */
static void keep(struct sampler *sampler, struct kd_kept_image *image)
{
    uint32_t *row = image->pixels;

    sampler->transform = &image->transform;
    for (int32_t y = image->box.y1; y < image->box.y2; y++, row += image->stride_px) {
        int64_t first, end;

        walk_row(&sampler->walk, sampler->transform, image->box, y, &first, &end);
        if (first < end)
            sampler->sample(row + first, &sampler->walk, (size_t)(end - first));
        image->spans[y - image->box.y1] =
            first < end ? (struct kd_kept_span){(uint16_t)first, (uint16_t)end}
                        : (struct kd_kept_span){0, 0};
    }
}

/* The image as it was kept, or is from now on; NULL: there is none. (x, y): see kd_kept_take(). */
static struct kd_kept_image *kept_image(const struct kd_cpu_tile *tile, const struct kd_op *op,
                                        const struct sampler *sampler, int32_t *x, int32_t *y)
{
    struct kd_kept_visit visit = {.drawing = tile->drawing,
                                  .op = (uint32_t)(op - tile->plan->ops),
                                  .source = sampler->source,
                                  .transform = sampler->transform,
                                  .bilinear = sampler->bilinear};
    struct kd_kept_image *image;
    bool is_new;

    if (!tile->kept || kd_pixels_tiles(sampler->source) > 1)
        return NULL;
    image = kd_kept_take(tile->kept, &visit, x, y, &is_new);
    if (image && is_new) {
        struct sampler filler = *sampler;

        keep(&filler, image);
    }
    return image;
}

static void draw_kept(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part,
                      enum kd_source_kind kind, const struct kd_kept_image *image,
                      struct kd_box box)
{
    part = kd_box_intersect(part, box);
    for (int32_t y = part.y1; y < part.y2; y++) {
        const struct kd_kept_span span = image->spans[y - box.y1];
        int32_t first = kd_max(part.x1, box.x1 + span.first);
        int32_t end = kd_min(part.x2, box.x1 + span.end);

        if (first < end)
            kd_cpu_blend_row(tile, op, kind, first, y,
                             image->pixels + (size_t)(y - box.y1) * image->stride_px +
                                 (size_t)(first - box.x1),
                             end - first);
    }
}

static void draw_sampled(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part,
                         enum kd_source_kind kind, struct sampler *sampler)
{
    bool whole = kd_pixels_tiles(sampler->source) == 1;

    for (int32_t y = part.y1; y < part.y2; y++) {
        uint32_t row[KD_TILE_PX];
        int64_t first, end;

        walk_row(&sampler->walk, sampler->transform, part, y, &first, &end);
        if (first >= end)
            continue;
        if (whole)
            sampler->sample(row, &sampler->walk, (size_t)(end - first));
        else
            walk_tiles(row, sampler->source, &sampler->walk, end - first, sampler->bilinear);
        kd_cpu_blend_row(tile, op, kind, part.x1 + (int32_t)first, y, row, (int32_t)(end - first));
    }
}

void kd_cpu_draw_transformed(const struct kd_cpu_tile *tile, const struct kd_op *op,
                             struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    bool bilinear = op->filter == KB_FILTER_BILINEAR;
    enum kd_source_kind kind = bilinear ? KD_SOURCE_PREMULTIPLIED : source->kind;
    struct kd_kept_image *image;
    struct sampler sampler;
    int32_t x, y;

    sampler_init(&sampler, tile->pix, source, &tile->plan->transforms[op->transform], bilinear);
    image = kept_image(tile, op, &sampler, &x, &y);
    if (image) {
        draw_kept(tile, op, part, kind, image, kd_box_moved(image->box, -x, -y));
        kd_kept_release(tile->kept, image);
    } else {
        draw_sampled(tile, op, part, kind, &sampler);
    }
}

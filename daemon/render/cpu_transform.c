/*
 * Transformed blits: turned, scaled and sheared pictures, sampled row by row, or drawn as they were kept.
 */
#include "base/switches.h"
#include "render/cpu.h"
#include "render/cpu_spans.h"

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
    struct kd_pix_walk walk; /* where a row begins changes */
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

/* Begins with the first row of a part. False: there is nothing in it. */
static bool sampler_begin(struct sampler *sampler, struct kd_box part, const struct kd_hull *hull,
                          struct kd_spans *spans)
{
    bool any = kd_spans_init(spans, sampler->transform, part, hull, sampler->bilinear);

    sampler->walk.du = spans->du;
    sampler->walk.dv = spans->dv;
    return any;
}

/* A row of a new image. */
static struct kd_kept_span kept_span(const uint32_t *row, int64_t first, int64_t end,
                                     enum kd_source_kind kind)
{
    uint32_t shows = kind == KD_SOURCE_STRAIGHT ? 0xFF000000 : UINT32_MAX;
    struct kd_kept_span span = {.first = (uint16_t)first, .end = (uint16_t)end};

    if (kind != KD_SOURCE_OPAQUE) {
        while (first < end && (row[first] & shows) == 0)
            first++;
        while (first < end && (row[end - 1] & shows) == 0)
            end--;
    }
    span.shown_first = (uint16_t)first;
    span.shown_end = (uint16_t)end;
    return span;
}

/* Fills a new image. */
static void keep(struct sampler *sampler, enum kd_source_kind kind, struct kd_kept_image *image)
{
    uint32_t *row = image->pixels;
    struct kd_spans spans;
    bool any;

    sampler->transform = &image->transform;
    any = sampler_begin(sampler, image->box, NULL, &spans);
    for (int32_t y = 0; y < kd_box_height(image->box); y++, row += image->stride_px) {
        int64_t first, end;

        image->spans[y] = (struct kd_kept_span){0};
        if (!any || !kd_spans_next(&spans, &first, &end, &sampler->walk.u, &sampler->walk.v))
            continue;
        sampler->sample(row + first, &sampler->walk, (size_t)(end - first));
        image->spans[y] = kept_span(row, first, end, kind);
    }
}

/* The image as it was kept, or is from now on; NULL: there is none. (x, y): see kd_kept_take(). */
static struct kd_kept_image *kept_image(const struct kd_cpu_tile *tile, const struct kd_op *op,
                                        enum kd_source_kind kind, const struct sampler *sampler,
                                        int32_t *x, int32_t *y)
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

        keep(&filler, kind, image);
    }
    return image;
}

/* How rows are blended; what is clear changes nothing with some. */
struct blender {
    const struct kd_cpu_tile *tile;
    const struct kd_op *op;
    enum kd_source_kind kind;
    kd_pix_blit_fn *blit; /* NULL: there is tint or alpha to apply first */
    bool skips_clear;
};

static struct blender blender_of(const struct kd_cpu_tile *tile, const struct kd_op *op,
                                 enum kd_source_kind kind)
{
    bool plain = (op->color & 0xFFFFFF) == 0xFFFFFF && op->alpha == 255;

    return (struct blender){
        .tile = tile,
        .op = op,
        .kind = kind,
        .blit = plain ? tile->pix->blit[tile->plan->target][kind][op->blend] : NULL,
        .skips_clear = op->blend == KB_BLEND_OVER && kd_switch_is_on(KD_SWITCH_SECTIONS)};
}

static inline void blend(const struct blender *blender, int32_t x, int32_t y, const uint32_t *row,
                         int32_t width_px)
{
    if (blender->blit)
        blender->blit(kd_cpu_row(blender->tile, x, y), row, (size_t)width_px);
    else
        kd_cpu_blend_row(blender->tile, blender->op, blender->kind, x, y, row, width_px);
}

/* Rows that are fetched into the cache before they are drawn: they lie far apart. */
#define AHEAD_ROWS 4

static void fetch(const uint32_t *row, int32_t count_px)
{
    for (int32_t i = 0; i < count_px; i += 16)
        __builtin_prefetch(row + i);
}

/* box: the image's place in the target. */
static void draw_kept(const struct blender *blender, struct kd_box part,
                      const struct kd_kept_image *image, struct kd_box box)
{
    const struct kd_kept_span *span;
    const uint32_t *row;

    part = kd_box_intersect(part, box);
    span = image->spans + (part.y1 - box.y1);
    row = image->pixels + (size_t)(part.y1 - box.y1) * image->stride_px;
    for (int32_t y = part.y1; y < part.y2; y++, span++, row += image->stride_px) {
        int32_t first = box.x1 + (blender->skips_clear ? span->shown_first : span->first);
        int32_t end = box.x1 + (blender->skips_clear ? span->shown_end : span->end);

        first = kd_max(part.x1, first);
        end = kd_min(part.x2, end);
        if (first >= end)
            continue;
        if (y + AHEAD_ROWS < part.y2)
            fetch(row + AHEAD_ROWS * image->stride_px + (first - box.x1), end - first);
        blend(blender, first, y, row + (first - box.x1), end - first);
    }
}

static void draw_sampled(const struct blender *blender, struct kd_box part, struct sampler *sampler)
{
    const struct kd_sections *sections = kd_pixels_sections(sampler->source);
    bool has_hull = blender->skips_clear && sections && sections->content == KD_CONTENT_MIXED;
    bool whole = kd_pixels_tiles(sampler->source) == 1;
    struct kd_spans spans;

    if (!sampler_begin(sampler, part, has_hull ? &sections->hull : NULL, &spans))
        return;
    for (int32_t y = part.y1; y < part.y2; y++) {
        uint32_t row[KD_TILE_PX];
        int64_t first, end;

        if (!kd_spans_next(&spans, &first, &end, &sampler->walk.u, &sampler->walk.v))
            continue;
        if (whole)
            sampler->sample(row, &sampler->walk, (size_t)(end - first));
        else
            walk_tiles(row, sampler->source, &sampler->walk, end - first, sampler->bilinear);
        blend(blender, part.x1 + (int32_t)first, y, row, (int32_t)(end - first));
    }
}

void kd_cpu_draw_transformed(const struct kd_cpu_tile *tile, const struct kd_op *op,
                             struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    bool bilinear = op->filter == KB_FILTER_BILINEAR;
    enum kd_source_kind kind = bilinear ? KD_SOURCE_PREMULTIPLIED : source->kind;
    struct blender blender = blender_of(tile, op, kind);
    struct kd_kept_image *image;
    struct sampler sampler;
    int32_t x, y;

    sampler_init(&sampler, tile->pix, source, &tile->plan->transforms[op->transform], bilinear);
    image = kept_image(tile, op, kind, &sampler, &x, &y);
    if (image) {
        draw_kept(&blender, part, image, kd_box_moved(image->box, -x, -y));
        kd_kept_release(tile->kept, image);
    } else {
        draw_sampled(&blender, part, &sampler);
    }
}

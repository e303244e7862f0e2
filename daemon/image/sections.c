#include "image/sections.h"

#include <stdlib.h>
#include <string.h>

/* The largest opaque box is looked for among so many columns of chunks at most: larger images have more than one tile, or are not worth it. */
#define MAX_COLUMNS 256

/* Looking at one chunk: the pixels' alphas by and and or, so that the loop has no branches. */
struct look {
    uint32_t all; /* pixels, and'ed */
    uint32_t any; /* pixels, or'ed */
};

static struct look look_at(const uint32_t *pixels, int32_t count)
{
    struct look look = {UINT32_MAX, 0};

    for (int32_t i = 0; i < count; i++) {
        look.all &= pixels[i];
        look.any |= pixels[i];
    }
    return look;
}

static bool is_opaque(struct look look)
{
    return look.all >> 24 == 255;
}

/* Premultiplied pixels may have colour above an alpha of 0: those add light. */
static bool shows(struct look look, enum kd_source_kind kind)
{
    return kind == KD_SOURCE_PREMULTIPLIED ? look.any != 0 : look.any >> 24 != 0;
}

struct scan {
    struct kd_sections *sections;
    const uint32_t *pixels;
    size_t stride_px;
    int32_t width_px, height_px, columns;
    enum kd_source_kind kind;
    struct look whole;
};

static void scan_rows(struct scan *scan)
{
    scan->whole = (struct look){UINT32_MAX, 0};
    for (int32_t y = 0; y < scan->height_px; y++) {
        const uint32_t *row = scan->pixels + (size_t)y * scan->stride_px;
        uint8_t *opaque = scan->sections->masks + (size_t)y * 2 * scan->sections->mask_bytes;
        uint8_t *visible = opaque + scan->sections->mask_bytes;

        for (int32_t column = 0; column < scan->columns; column++) {
            int32_t x = column << KD_CHUNK_SHIFT;
            struct look look = look_at(row + x, kd_min(KD_CHUNK_PX, scan->width_px - x));
            uint8_t bit = (uint8_t)(1 << (column & 7));

            opaque[column >> 3] |= is_opaque(look) ? bit : 0;
            visible[column >> 3] |= shows(look, scan->kind) ? bit : 0;
            scan->whole.all &= look.all;
            scan->whole.any |= look.any;
        }
    }
}

/* ---- The largest opaque box -------------------------------------------------------------------- */

static bool chunk_is_opaque(const struct kd_sections *sections, int32_t column, int32_t y)
{
    return sections->masks[(size_t)y * 2 * sections->mask_bytes + (size_t)(column >> 3)] >>
               (column & 7) &
           1;
}

/* The best box that ends with row y: the classic search below a histogram, in a stack. heights[] has one more column, of height 0. */
static void best_below(const int32_t *heights, int32_t columns, int32_t y, struct kd_box *best)
{
    int32_t stack[MAX_COLUMNS + 1], depth = 0;

    for (int32_t column = 0; column <= columns; column++) {
        while (depth > 0 && heights[stack[depth - 1]] >= heights[column]) {
            int32_t height = heights[stack[--depth]];
            int32_t left = depth ? stack[depth - 1] + 1 : 0;
            struct kd_box box = {left, y + 1 - height, column, y + 1};

            if (kd_box_area(box) > kd_box_area(*best))
                *best = box;
        }
        stack[depth++] = column;
    }
}

static void find_opaque_box(struct scan *scan)
{
    int32_t heights[MAX_COLUMNS + 1] = {0};
    struct kd_box best = {0, 0, 0, 0};

    if (scan->columns > MAX_COLUMNS)
        return;
    for (int32_t y = 0; y < scan->height_px; y++) {
        for (int32_t column = 0; column < scan->columns; column++)
            heights[column] = chunk_is_opaque(scan->sections, column, y) ? heights[column] + 1 : 0;
        best_below(heights, scan->columns, y, &best);
    }
    scan->sections->opaque =
        (struct kd_box){best.x1 << KD_CHUNK_SHIFT, best.y1,
                        kd_min(best.x2 << KD_CHUNK_SHIFT, scan->width_px), best.y2};
}

/* ---- All of it --------------------------------------------------------------------------------- */

/* Of pixels without alpha only one colour throughout is worth knowing: all others are opaque anyway. NULL: it is none. */
static struct kd_sections *make_of_opaque(const uint32_t *pixels, size_t stride_px,
                                          int32_t width_px, int32_t height_px)
{
    const uint32_t first = pixels[0];
    struct kd_sections *sections;
    uint32_t differs = 0;

    for (int32_t y = 0; y < height_px && !differs; y++, pixels += stride_px)
        for (int32_t x = 0; x < width_px; x++)
            differs |= (pixels[x] ^ first) & 0xFFFFFF;
    sections = differs ? NULL : calloc(1, sizeof(*sections));
    if (sections) {
        sections->content = KD_CONTENT_SOLID;
        sections->color = first | 0xFF000000;
    }
    return sections;
}

static struct kd_sections *make_of_alpha(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                         int32_t height_px, enum kd_source_kind kind)
{
    int32_t columns = (width_px + KD_CHUNK_PX - 1) >> KD_CHUNK_SHIFT;
    uint32_t mask_bytes = ((uint32_t)columns + 7) / 8;
    size_t bytes = sizeof(struct kd_sections) + (size_t)height_px * 2 * mask_bytes;
    struct scan scan = {.sections = calloc(1, bytes),
                        .pixels = pixels,
                        .stride_px = stride_px,
                        .width_px = width_px,
                        .height_px = height_px,
                        .columns = columns,
                        .kind = kind};
    struct kd_sections *small;

    if (!scan.sections)
        return NULL;
    scan.sections->mask_bytes = mask_bytes;
    scan_rows(&scan);
    if (!shows(scan.whole, kind)) {
        scan.sections->content = KD_CONTENT_TRANSPARENT;
    } else if (scan.whole.all == scan.whole.any) {
        scan.sections->content = KD_CONTENT_SOLID;
        scan.sections->color = pixels[0];
    } else if (is_opaque(scan.whole)) {
        scan.sections->content = KD_CONTENT_OPAQUE;
    } else {
        find_opaque_box(&scan);
        return scan.sections;
    }
    scan.sections->mask_bytes = 0;
    small = realloc(scan.sections, sizeof(struct kd_sections));
    return small ? small : scan.sections;
}

struct kd_sections *kd_sections_make(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                     int32_t height_px, enum kd_source_kind kind)
{
    if (kind == KD_SOURCE_OPAQUE)
        return make_of_opaque(pixels, stride_px, width_px, height_px);
    return make_of_alpha(pixels, stride_px, width_px, height_px, kind);
}

/* Up to 16 bits of a mask, from bit first on. */
static uint32_t mask_bits(const uint8_t *mask, uint32_t mask_bytes, uint32_t first)
{
    uint32_t at = first >> 3, bits = 0;

    if (mask_bytes == 1) /* most sprites: rows are asked for one by one */
        return (uint32_t)mask[0] >> (first & 7);
    for (uint32_t i = 0; i < 3 && at + i < mask_bytes; i++)
        bits |= (uint32_t)mask[at + i] << 8 * i;
    return bits >> (first & 7);
}

struct kd_pix_chunks kd_sections_chunks(const struct kd_sections *sections, int32_t x, int32_t y)
{
    const uint8_t *opaque = sections->masks + (size_t)y * 2 * sections->mask_bytes;
    uint32_t first = (uint32_t)x >> KD_CHUNK_SHIFT;

    return (struct kd_pix_chunks){
        .opaque = mask_bits(opaque, sections->mask_bytes, first),
        .clear = ~(uint64_t)mask_bits(opaque + sections->mask_bytes, sections->mask_bytes, first),
        .skipped_px = (uint32_t)x & (KD_CHUNK_PX - 1)};
}

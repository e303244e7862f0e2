#include "image/sections.h"

#include <stdlib.h>

/* The largest opaque box is looked for among so many columns of units at most. */
#define MAX_COLUMNS 256

/* Pixels by `and` and `or`, so that looking at them has no branches. */
struct look {
    uint32_t all, any;
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

/* The best box that ends with row y: the classic search below a histogram, with a stack. heights[] has one more column, of height 0. */
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

static bool pixel_shows(uint32_t pixel, enum kd_source_kind kind)
{
    return shows((struct look){pixel, pixel}, kind);
}

/* Makes it hold what shows in a row, of which something does, in the units from number first to last. */
static void hull_add(struct kd_hull *hull, const uint32_t *row, int32_t width_px, int32_t y,
                     int32_t first, int32_t last, enum kd_source_kind kind)
{
    int32_t x1 = first << KD_SECTION_SHIFT;
    int32_t x2 = kd_min((last + 1) << KD_SECTION_SHIFT, width_px);

    while (!pixel_shows(row[x1], kind))
        x1++;
    while (!pixel_shows(row[x2 - 1], kind))
        x2--;
    hull->box.x1 = kd_min(hull->box.x1, x1);
    hull->box.x2 = kd_max(hull->box.x2, x2);
    hull->box.y1 = kd_min(hull->box.y1, y);
    hull->box.y2 = kd_max(hull->box.y2, y + 1);
    hull->sum_low = kd_min(hull->sum_low, x1 + y);
    hull->sum_high = kd_max(hull->sum_high, x2 + y);
    hull->difference_low = kd_min(hull->difference_low, x1 - y);
    hull->difference_high = kd_max(hull->difference_high, x2 - y);
}

/* All pixels together, what holds all that show, and the largest opaque box, in units across. */
static struct look look_at_all(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                               int32_t height_px, enum kd_source_kind kind, struct kd_hull *hull,
                               struct kd_box *best)
{
    int32_t columns = (width_px + KD_SECTION_PX - 1) >> KD_SECTION_SHIFT;
    int32_t heights[MAX_COLUMNS + 1] = {0};
    struct look whole = {UINT32_MAX, 0};

    for (int32_t y = 0; y < height_px; y++, pixels += stride_px) {
        int32_t first = columns, last = -1;

        for (int32_t column = 0; column < columns; column++) {
            int32_t x = column << KD_SECTION_SHIFT;
            struct look look = look_at(pixels + x, kd_min(KD_SECTION_PX, width_px - x));

            if (shows(look, kind)) {
                first = kd_min(first, column);
                last = column;
            }
            if (column < MAX_COLUMNS)
                heights[column] = is_opaque(look) ? heights[column] + 1 : 0;
            whole.all &= look.all;
            whole.any |= look.any;
        }
        if (last >= 0)
            hull_add(hull, pixels, width_px, y, first, last, kind);
        if (columns <= MAX_COLUMNS)
            best_below(heights, columns, y, best);
    }
    return whole;
}

static struct kd_sections *make_of_alpha(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                         int32_t height_px, enum kd_source_kind kind)
{
    struct kd_sections *sections = calloc(1, sizeof(*sections));
    struct kd_box best = {0, 0, 0, 0};
    struct look whole;

    if (!sections)
        return NULL;
    sections->hull = (struct kd_hull){.box = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN},
                                      .sum_low = INT32_MAX,
                                      .sum_high = INT32_MIN,
                                      .difference_low = INT32_MAX,
                                      .difference_high = INT32_MIN};
    whole = look_at_all(pixels, stride_px, width_px, height_px, kind, &sections->hull, &best);
    if (!shows(whole, kind)) {
        sections->content = KD_CONTENT_TRANSPARENT;
    } else if (whole.all == whole.any) {
        sections->content = KD_CONTENT_SOLID;
        sections->color = pixels[0];
    } else if (is_opaque(whole)) {
        sections->content = KD_CONTENT_OPAQUE;
    } else {
        sections->opaque = (struct kd_box){best.x1 << KD_SECTION_SHIFT, best.y1,
                                           kd_min(best.x2 << KD_SECTION_SHIFT, width_px), best.y2};
    }
    return sections;
}

/* Of pixels without alpha only one colour throughout is worth knowing: all others are opaque anyway. */
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

struct kd_sections *kd_sections_make(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                     int32_t height_px, enum kd_source_kind kind)
{
    if (kind == KD_SOURCE_OPAQUE)
        return make_of_opaque(pixels, stride_px, width_px, height_px);
    return make_of_alpha(pixels, stride_px, width_px, height_px, kind);
}

#include "image/sections.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- Which rows of columns are opaque ------------------------------------------------------------ */

#define WORDS_MAX (MAX_COLUMNS * KD_SECTION_PX / 64)

/* Eight rows under way: a bit for each pixel of the present one, then for each column that begins there. */
struct bits {
    uint64_t row[WORDS_MAX + 1];
    uint32_t even[8][WORDS_MAX];
};

/* A bit for each pixel that is opaque. Most chunks need no look at pixels: they were looked at. */
static uint32_t opaque_bits(const uint32_t *pixels, int32_t count, struct look look)
{
    uint32_t bits = 0;

    if (is_opaque(look))
        return 0xFFFF;
    if (look.any >> 24 != 255)
        return 0;
    for (int32_t i = 0; i < count; i++)
        bits |= (uint32_t)(pixels[i] >> 24 == 255) << i;
    return bits;
}

static uint64_t shifted(const uint64_t *row, size_t word, unsigned by)
{
    return row[word] >> by | row[word + 1] << (64 - by);
}

/* Bits 0, 2, 4, ... */
static uint32_t even_bits(uint64_t v)
{
    v &= UINT64_C(0x5555555555555555);
    v = (v | v >> 1) & UINT64_C(0x3333333333333333);
    v = (v | v >> 2) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    v = (v | v >> 4) & UINT64_C(0x00FF00FF00FF00FF);
    v = (v | v >> 8) & UINT64_C(0x0000FFFF0000FFFF);
    return (uint32_t)(v | v >> 16);
}

/* A pixel's bit becomes: it and the 8 to its right are opaque, or beyond the row. */
static void end_row(struct bits *bits, size_t width_px, uint32_t *even)
{
    size_t words = (width_px + 63) / 64;
    uint64_t *row = bits->row;

    row[words] = UINT64_MAX;
    row[words - 1] |= width_px % 64 ? UINT64_MAX << width_px % 64 : 0;
    for (size_t i = 0; i < words; i++) {
        uint64_t one[2] = {row[i], row[i + 1]}, next = i + 1 < words ? row[i + 2] : UINT64_MAX;
        uint64_t nine = one[0] & shifted(one, 0, 8);
        uint64_t two[2] = {one[0] & shifted(one, 0, 1), one[1] & (one[1] >> 1 | next << 63)};
        uint64_t four[2] = {two[0] & shifted(two, 0, 2), two[1] & two[1] >> 2};

        even[i] = even_bits(nine & four[0] & shifted(four, 0, 4));
    }
}

/* Eight rows of eight bits to eight columns of them. */
static uint64_t turned(uint64_t v)
{
    uint64_t t = (v ^ v >> 7) & UINT64_C(0x00AA00AA00AA00AA);

    v ^= t ^ t << 7;
    t = (v ^ v >> 14) & UINT64_C(0x0000CCCC0000CCCC);
    v ^= t ^ t << 14;
    t = (v ^ v >> 28) & UINT64_C(0x00000000F0F0F0F0);
    return v ^ t ^ t << 28;
}

/* The rows from 8 * group on. */
static void end_rows(struct bits *bits, struct kd_sections *sections, size_t group)
{
    for (uint32_t column = 0; column < sections->columns; column += 8) {
        uint64_t square = 0;

        for (unsigned y = 0; y < 8; y++)
            square |= (uint64_t)(bits->even[y][column / 32] >> column % 32 & 255) << 8 * y;
        square = turned(square);
        for (uint32_t i = column; i < sections->columns && i < column + 8; i++, square >>= 8)
            sections->opaque_rows[(size_t)i * sections->rows_bytes + group] = (uint8_t)square;
    }
}

/* ---- All of it ----------------------------------------------------------------------------------- */

/* All pixels together, what holds all that show, the largest opaque box, in units across, and the rows that are opaque. */
static struct look look_at_all(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                               int32_t height_px, enum kd_source_kind kind,
                               struct kd_sections *sections, struct kd_box *best)
{
    int32_t columns = (width_px + KD_SECTION_PX - 1) >> KD_SECTION_SHIFT;
    int32_t heights[MAX_COLUMNS + 1] = {0};
    struct look whole = {UINT32_MAX, 0};
    struct bits bits;

    memset(&bits, 0, sizeof(bits));
    for (int32_t y = 0; y < height_px; y++, pixels += stride_px) {
        int32_t first = columns, last = -1;

        memset(bits.row, 0, sizeof(bits.row));
        for (int32_t column = 0; column < columns; column++) {
            int32_t x = column << KD_SECTION_SHIFT, count = kd_min(KD_SECTION_PX, width_px - x);
            struct look look = look_at(pixels + x, count);

            if (shows(look, kind)) {
                first = kd_min(first, column);
                last = column;
            }
            whole.all &= look.all;
            whole.any |= look.any;
            if (column >= MAX_COLUMNS)
                continue;
            heights[column] = is_opaque(look) ? heights[column] + 1 : 0;
            bits.row[x / 64] |= (uint64_t)opaque_bits(pixels + x, count, look) << x % 64;
        }
        if (last >= 0)
            hull_add(&sections->hull, pixels, width_px, y, first, last, kind);
        if (columns > MAX_COLUMNS)
            continue;
        best_below(heights, columns, y, best);
        end_row(&bits, (size_t)width_px, bits.even[y % 8]);
        if (y % 8 == 7 || y == height_px - 1)
            end_rows(&bits, sections, (size_t)y / 8);
    }
    return whole;
}

/* With room for the rows, and 9 bytes more, which may be read. */
static struct kd_sections *create(int32_t width_px, int32_t height_px)
{
    size_t rows_bytes = ((size_t)height_px + 7) / 8;
    size_t columns = width_px >= 8 && width_px <= MAX_COLUMNS * KD_SECTION_PX
                         ? ((size_t)width_px - 8) / 2 + 1
                         : 0;
    struct kd_sections *sections = calloc(1, sizeof(*sections) + columns * rows_bytes + 9);

    if (sections) {
        sections->columns = (uint32_t)columns;
        sections->rows_bytes = (uint32_t)rows_bytes;
    }
    return sections;
}

/* Without the rows. */
static struct kd_sections *shrunk(struct kd_sections *sections)
{
    struct kd_sections *smaller = realloc(sections, sizeof(*sections));

    sections = smaller ? smaller : sections;
    sections->columns = 0;
    return sections;
}

static struct kd_sections *make_of_alpha(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                         int32_t height_px, enum kd_source_kind kind)
{
    struct kd_sections *sections = create(width_px, height_px);
    struct kd_box best = {0, 0, 0, 0};
    struct look whole;

    if (!sections)
        return NULL;
    sections->hull = (struct kd_hull){.box = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN},
                                      .sum_low = INT32_MAX,
                                      .sum_high = INT32_MIN,
                                      .difference_low = INT32_MAX,
                                      .difference_high = INT32_MIN};
    whole = look_at_all(pixels, stride_px, width_px, height_px, kind, sections, &best);
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
    return sections->content == KD_CONTENT_MIXED ? sections : shrunk(sections);
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

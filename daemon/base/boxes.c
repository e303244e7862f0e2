#include "base/boxes.h"

#include <errno.h>
#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct kd_box) == sizeof(pixman_box32_t),
               "boxes are pixman's, by another name");

int kd_boxes_disjoint(const struct kd_box *boxes, size_t count, struct kd_box **out,
                      size_t *out_count)
{
    pixman_region32_t region;
    const pixman_box32_t *bands;
    int bands_count = 0;
    int error = 0;

    if (!pixman_region32_init_rects(&region, (const pixman_box32_t *)boxes, (int)count))
        return -ENOMEM;
    bands = pixman_region32_rectangles(&region, &bands_count);
    *out = malloc((size_t)bands_count * sizeof(**out) + 1);
    if (*out) {
        memcpy(*out, bands, (size_t)bands_count * sizeof(**out));
        *out_count = (size_t)bands_count;
    } else {
        error = -ENOMEM;
    }
    pixman_region32_fini(&region);
    return error;
}

/* ---- By cells -------------------------------------------------------------------------------- */

#define MOST_CELLS 256 /* across, and down */
#define MOST_WORDS (MOST_CELLS / 64)

/* Cells of 8 pixels for few boxes, of 32 for many: what they add to the area grows with the boxes' edges that nobody else covers. */
static int shift_for(size_t boxes_count)
{
    return boxes_count < 256 ? 3 : boxes_count < 1024 ? 4 : 5;
}

struct cells {
    struct kd_box within;
    int shift;                                 /* log2 of a cell's edge */
    int32_t across, down;                      /* of cells */
    size_t words;                              /* of a row */
    uint64_t bits[MOST_CELLS + 3][MOST_WORDS]; /* see cells_set() */
};

/* Boxes under way, counted in cells. */
struct covering {
    struct kd_box *out;
    size_t count, room;
    uint32_t
        begun_at[MOST_CELLS]; /* by the first column: 1 + the last box that begins there; 0: none */
};

static int32_t cells_for(int32_t px, int shift)
{
    return (px + (1 << shift) - 1) >> shift;
}

static void cells_init(struct cells *cells, struct kd_box within, size_t count)
{
    cells->within = within;
    cells->shift = shift_for(count);
    while (cells_for(kd_box_width(within), cells->shift) > MOST_CELLS ||
           cells_for(kd_box_height(within), cells->shift) > MOST_CELLS)
        cells->shift++;
    cells->across = cells_for(kd_box_width(within), cells->shift);
    cells->down = cells_for(kd_box_height(within), cells->shift);
    cells->words = ((size_t)cells->across + 63) / 64;
    memset(cells->bits, 0, (size_t)cells->down * sizeof(cells->bits[0]));
}

/* Sets bits in rows y1 to y2 - 1, four at a time: how many they are is hard to foresee, and a processor that guesses wrong loses more than writing
 * nothing to a row costs. */
static void cells_set(struct cells *cells, uint32_t word, uint64_t mask, int32_t y1, int32_t y2)
{
    for (int32_t y = y1; y < y2; y += 4) {
        cells->bits[y][word] |= mask;
        cells->bits[y + 1][word] |= y + 1 < y2 ? mask : 0;
        cells->bits[y + 2][word] |= y + 2 < y2 ? mask : 0;
        cells->bits[y + 3][word] |= y + 3 < y2 ? mask : 0;
    }
}

static void cells_add(struct cells *cells, struct kd_box box)
{
    struct kd_box part = kd_box_intersect(box, cells->within);
    uint32_t first, last;
    uint64_t from, to;
    int32_t y1, y2;

    if (kd_box_empty(part))
        return;
    first = (uint32_t)(part.x1 - cells->within.x1) >> cells->shift;
    last = (uint32_t)(part.x2 - cells->within.x1 - 1) >> cells->shift;
    y1 = (part.y1 - cells->within.y1) >> cells->shift;
    y2 = cells_for(part.y2 - cells->within.y1, cells->shift);
    from = ~UINT64_C(0) << first % 64;
    to = ~UINT64_C(0) >> (63 - last % 64);
    if (first / 64 == last / 64) {
        cells_set(cells, first / 64, from & to, y1, y2);
        return;
    }
    cells_set(cells, first / 64, from, y1, y2);
    for (uint32_t word = first / 64 + 1; word < last / 64; word++)
        cells_set(cells, word, ~UINT64_C(0), y1, y2);
    cells_set(cells, last / 64, to, y1, y2);
}

/* The first cell from here on that is set (or clear); across if there is none. */
static int32_t next_cell(const struct cells *cells, int32_t y, int32_t from, bool set)
{
    uint64_t flip = set ? 0 : ~UINT64_C(0);

    for (size_t word = (size_t)from / 64; word < cells->words; word++) {
        uint64_t left = cells->bits[y][word] ^ flip;

        if (word == (size_t)from / 64)
            left &= ~UINT64_C(0) << from % 64;
        if (left)
            return kd_min((int32_t)word * 64 + __builtin_ctzll(left), cells->across);
    }
    return cells->across;
}

/* The runs of a row; those that lie below an equal one make it longer. False if there is no room. */
static bool cover_row(const struct cells *cells, int32_t y, struct covering *covering)
{
    int32_t x = next_cell(cells, y, 0, true);

    while (x < cells->across) {
        struct kd_box run = {x, y, next_cell(cells, y, x, false), y + 1};
        uint32_t *begun = &covering->begun_at[x];
        struct kd_box *above = *begun ? &covering->out[*begun - 1] : NULL;

        if (above && above->x2 == run.x2 && above->y2 == y) {
            above->y2++;
        } else {
            if (covering->count == covering->room)
                return false;
            covering->out[covering->count++] = run;
            *begun = (uint32_t)covering->count;
        }
        x = next_cell(cells, y, run.x2, true);
    }
    return true;
}

static struct kd_box bounds_of(const struct kd_box *boxes, size_t count)
{
    struct kd_box all = boxes[0];

    for (size_t i = 1; i < count; i++)
        all = kd_box_around(all, boxes[i]);
    return all;
}

size_t kd_boxes_cover(const struct kd_box *boxes, size_t count, struct kd_box within,
                      struct kd_box *out, size_t room)
{
    struct covering covering = {.out = out, .room = room};
    struct cells cells;
    bool fits = true;

    if (kd_box_empty(within))
        return 0;
    cells_init(&cells, within, count);
    for (size_t i = 0; i < count; i++)
        cells_add(&cells, boxes[i]);
    for (int32_t y = 0; y < cells.down && fits; y++)
        fits = cover_row(&cells, y, &covering);
    if (!fits) {
        out[0] = within;
        return 1;
    }
    for (size_t i = 0; i < covering.count; i++) {
        struct kd_box box = {out[i].x1 << cells.shift, out[i].y1 << cells.shift,
                             out[i].x2 << cells.shift, out[i].y2 << cells.shift};

        out[i] = kd_box_intersect(kd_box_moved(box, within.x1, within.y1), within);
    }
    return covering.count;
}

/* ---- Fewer ----------------------------------------------------------------------------------- */

/* Pairs, and all others for each pair, are looked at: more boxes than that are not worth it. */
#define MOST_TO_MERGE 24

/* One box around two of them and all that it then overlaps, if that pays. Returns how many are left. */
static size_t merge_two(struct kd_box *boxes, size_t count, size_t one, size_t other,
                        int64_t box_cost_px)
{
    struct kd_box all = kd_box_around(boxes[one], boxes[other]);
    int64_t gain_px = 0;
    size_t left = 0;

    for (size_t i = 0; i < count;) { /* until nothing more is overlapped */
        struct kd_box larger = kd_box_around(all, boxes[i]);

        if (kd_box_empty(kd_box_intersect(all, boxes[i])) || kd_box_equal(larger, all)) {
            i++;
        } else {
            all = larger;
            i = 0;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (kd_box_contains(all, boxes[i]))
            gain_px += box_cost_px + kd_box_area(boxes[i]);
    if (gain_px <= box_cost_px + kd_box_area(all))
        return count;
    for (size_t i = 0; i < count; i++)
        if (!kd_box_contains(all, boxes[i]))
            boxes[left++] = boxes[i];
    boxes[left++] = all;
    return left;
}

size_t kd_boxes_merge(struct kd_box *boxes, size_t count, int64_t box_cost_px)
{
    size_t before;

    if (count > MOST_TO_MERGE) {
        boxes[0] = bounds_of(boxes, count);
        return 1;
    }
    do { /* what was merged may now go with others */
        before = count;
        for (size_t one = 0; one < count && count == before; one++)
            for (size_t other = one + 1; other < count && count == before; other++)
                count = merge_two(boxes, count, one, other, box_cost_px);
    } while (count != before);
    return count;
}

/*
 * Sections: what kinds of pixels a tile is made of, found once when its content is complete, so that each kind meets its own blitter: nothing for
 * transparent ones, copies for opaque ones, fills for one colour; and so that opaque parts hide what is below them.
 *
 * Within sprites it is known of any eight pixels beside each other whether all are opaque, as a bit: 64 rows below each other are one word
 * (render/cpu_stack.c says what for).
 */
#ifndef KD_IMAGE_SECTIONS_H
#define KD_IMAGE_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/geom.h"
#include "pix/pix.h"

/* The unit of opaque boxes: 16 pixels of a row, one cache line, counted from the tile's left edge. */
#define KD_SECTION_SHIFT 4
#define KD_SECTION_PX    (1 << KD_SECTION_SHIFT)

enum kd_content {
    KD_CONTENT_MIXED,
    KD_CONTENT_TRANSPARENT, /* drawing it with `over` changes nothing */
    KD_CONTENT_OPAQUE,
    KD_CONTENT_SOLID, /* one colour throughout, of any alpha but 0 */
};

/* Eight lines around shown pixels: numbers x, y, x + y and x - y of pixels, from low on and before high. */
struct kd_hull {
    struct kd_box box;
    int32_t sum_low, sum_high, difference_low, difference_high;
};

struct kd_sections {
    enum kd_content content;
    uint32_t color; /* solid: the pixel as it is stored */
    struct kd_box
        opaque; /* mixed: the largest opaque box of whole units, in the tile's pixels; may be empty */
    struct kd_hull hull; /* mixed: nothing shows outside of it */
    /* Mixed: of columns of 9 pixels that begin at every other one, which rows are all opaque, as bits, a column's in rows_bytes; no columns: not known.
     * So any 8 pixels have theirs, at half the memory: a 64th of the pixels'. */
    uint32_t columns, rows_bytes;
    uint8_t opaque_rows[];
};

/* Whether pixels x to x + 7 of rows y to y + 63 are all opaque, a bit a row: surely where it is set. Bits of rows beyond the tile mean nothing. */
static inline uint64_t kd_sections_opaque_rows(const struct kd_sections *sections, int32_t x,
                                               int32_t y)
{
    const uint8_t *from;
    uint64_t rows;

    if ((uint32_t)x >> 1 >= sections->columns)
        return 0;
    from = sections->opaque_rows + ((size_t)x >> 1) * sections->rows_bytes + ((size_t)y >> 3);
    memcpy(&rows, from, sizeof(rows));
    y &= 7;
    return y ? rows >> y | (uint64_t)from[8] << (64 - y) : rows;
}

/* Looks at pixels. NULL: nothing is worth knowing, or out of memory, which only costs speed. To be freed with free(). Of those without alpha only
 * one colour throughout is noticed, with an alpha of 255. */
struct kd_sections *kd_sections_make(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                     int32_t height_px, enum kd_source_kind kind);

#endif

/*
 * Sections: what kinds of pixels a tile is made of, found once when its content is complete, so that each kind meets its own blitter: nothing for
 * transparent ones, copies for opaque ones, fills for one colour; and so that opaque parts hide what is below them.
 *
 * Inside of rows the kernels look themselves: a mask of transparent and opaque chunks for each row was tried, and is slower than a test of each vector
 * (1,000 sprites of 66x92: 4.9 ms against 1.7), because rows come in pieces of at most 64 pixels.
 */
#ifndef KD_IMAGE_SECTIONS_H
#define KD_IMAGE_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
};

/* Looks at pixels. NULL: nothing is worth knowing, or out of memory, which only costs speed. To be freed with free(). Of those without alpha only
 * one colour throughout is noticed, with an alpha of 255. */
struct kd_sections *kd_sections_make(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                     int32_t height_px, enum kd_source_kind kind);

#endif

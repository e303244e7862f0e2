/*
 * Sections: what kinds of pixels a tile is made of, found once when its content is complete, so that each kind meets its own blitter: nothing for
 * transparent ones, copies for opaque ones, fills for one colour; and so that opaque parts hide what is below them.
 *
 * The unit is a chunk: 16 pixels of a row, one cache line, counted from the tile's left edge. For sprites with soft edges chunks beat lists of runs.
 */
#ifndef KD_IMAGE_SECTIONS_H
#define KD_IMAGE_SECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"
#include "pix/pix.h"

#define KD_CHUNK_SHIFT 4

enum kd_content {
    KD_CONTENT_MIXED,
    KD_CONTENT_TRANSPARENT, /* drawing it with `over` changes nothing */
    KD_CONTENT_OPAQUE,
    KD_CONTENT_SOLID, /* one colour throughout, of any alpha but 0 */
};

struct kd_sections {
    enum kd_content content;
    uint32_t color; /* solid: the pixel as it is stored */
    struct kd_box
        opaque; /* the largest opaque box of whole chunks, in the tile's pixels; may be empty */
    uint32_t mask_bytes; /* of one mask of one row; 0: there are none, unless mixed */
    uint8_t masks
        []; /* for each row a mask of opaque chunks, then one of chunks that show; lowest bit first */
};

/* Looks at pixels. NULL: nothing is worth knowing, or out of memory, which only costs speed. To be freed with free(). Of those without alpha only
 * one colour throughout is noticed, with an alpha of 255. At most 3 % of the pixels' bytes and 256 more. */
struct kd_sections *kd_sections_make(const uint32_t *pixels, size_t stride_px, int32_t width_px,
                                     int32_t height_px, enum kd_source_kind kind);

/* What the kernel for such rows wants to know of a piece of row y that begins at pixel x and is at most KD_TILE_PX long. There are masks. */
struct kd_pix_chunks kd_sections_chunks(const struct kd_sections *sections, int32_t x, int32_t y);

#endif

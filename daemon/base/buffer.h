/*
 * A scan-out buffer: what an output shows and the renderer draws into: memory of its own, or a mapping that its maker owns.
 */
#ifndef KD_BASE_BUFFER_H
#define KD_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/format.h"
#include "base/tile.h"

/* So many runs of tiles may be drawn into a buffer at the same time. */
#define KD_BUFFER_DRAWN_RUNS 16

/* Memory that devices share, as one plane of pixels. */
struct kd_dmabuf {
    int fd;
    uint32_t fourcc; /* DRM_FORMAT_* */
    uint32_t stride_bytes, offset_bytes;
    uint64_t modifier; /* DRM_FORMAT_MOD_* */
};

/* Embedded in what its owner keeps. */
struct kd_attachment {
    void (*release)(struct kd_attachment *attachment); /* any thread; the buffer goes away */
};

struct kd_buffer {
    struct kd_grid grid;   /* its size, divided into tiles */
    enum kb_format format; /* xrgb8888 or rgb565 */
    union { /* owned if owns_pixels, else by the output that made the buffer; NULL: only devices can read and write it */
        uint32_t *pixels;
        uint16_t *pixels_565;
    };
    bool owns_pixels;
    size_t stride_px;

    /* Owned; room for KD_BUFFER_DRAWN_RUNS runs of tiles that are being drawn, where pixels have other than 32 bits, or where the memory is slow to read:
     * tiles are then made in the cache and written out once. Else NULL. */
    uint32_t *drawn_tiles;

    /* Owned; what the pixels of each tile are made of; 0: not known. Set when drawing into a tile completes, cleared when it fails. */
    uint64_t *tile_keys;

    /* What other devices know the memory by; fd -1: nothing. The fd is its maker's. */
    struct kd_dmabuf dmabuf;

    /* What the renderer keeps for this buffer, to be released with it; NULL: nothing. */
    struct kd_attachment *attachment;

    /* Owned; for debugging, else NULL: what the tiles were made of before they were tinted, which made their keys unknown. */
    uint64_t *tinted_keys;
};

/* Mapped memory to be drawn into. */
struct kd_mapping {
    void *pixels; /* borrowed, for as long as the buffer is there; aligned to 4 bytes */
    size_t stride_bytes;
    bool slow_reads; /* write-combined or uncached */
};

/* A buffer of the given size in memory of its own (mapping NULL), black, or in a mapping, as it is. Keys are unknown. -ENOMEM. */
int kd_buffer_init(struct kd_buffer *buffer, int32_t width_px, int32_t height_px,
                   enum kb_format format, const struct kd_mapping *mapping);
/* What the renderer keeps for it goes, and nobody knows what the pixels are. */
void kd_buffer_forget(struct kd_buffer *buffer);
void kd_buffer_finish(struct kd_buffer *buffer);

/* Around what the processor does with pixels that another device draws, too: its caches are brought up to date. Nothing where no device knows the memory. */
void kd_buffer_begin_access(const struct kd_buffer *buffer);
void kd_buffer_end_access(const struct kd_buffer *buffer);

/* The same on the heap, in memory of its own. */
int kd_buffer_create(int32_t width_px, int32_t height_px, enum kb_format format,
                     struct kd_buffer **out);
void kd_buffer_destroy(struct kd_buffer *buffer);

/* A pixel as 0xFFRRGGBB. */
static inline uint32_t kd_buffer_pixel(const struct kd_buffer *buffer, int32_t x, int32_t y)
{
    size_t at = (size_t)y * buffer->stride_px + (size_t)x;

    return buffer->format == KB_FORMAT_RGB565 ? kd_rgb565_widen(buffer->pixels_565[at])
                                              : buffer->pixels[at];
}

#endif

/*
 * Pixels that can be shared and versioned: what images, canvases and windows' pictures are made of.
 *
 * A kd_pixels is one version. It is a grid of tiles with counted references: a new version shares the tiles of the old one
 * and has its own only where they differ. Once others can see a version it never changes, so that any
 * thread may read it without a lock. An image that never changes is a single tile of its own size.
 *
 * A tile's key names its content: equal key, equal pixels. For images it is a hash of the pixels,
 * for pictures a hash of what they were drawn from.
 *
 * So a picture's tile may be promised: it has its key, but no pixels yet. The picture then has a recipe, by which every tile that it promises can be drawn.
 */
#ifndef KD_IMAGE_PIXELS_H
#define KD_IMAGE_PIXELS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"
#include "base/tile.h"
#include "image/blocks.h"
#include "image/sections.h"
#include "pix/pix.h"

/* One step in making a tile: an operation, and where. */
struct kd_tile_step {
    uint64_t key;
    struct kd_box box; /* within the tile, in the picture's pixels */
};

/* Another tile, and where its pixels are others: nowhere but in box. */
struct kd_tile_past {
    uint64_t key;
    struct kd_box box;
};

/* As many versions of a tile as there may be buffers that show it. */
#define KD_TILE_PASTS 3

/* How a picture's tile was made, so that it can be told where it differs from others (plan/bounds.h). */
struct kd_tile_origin {
    struct kd_tile_past pasts[KD_TILE_PASTS]; /* the tiles before it, latest first */
    uint32_t pasts_count;
    uint32_t steps_count;
    uint64_t base; /* key of what it was drawn over; 0: of nothing */
    struct kd_tile_step steps[];
};

/* 32-bit pixels 0xAARRGGBB, rows of stride_px. */
struct kd_tile {
    atomic_uint refs;
    uint32_t stride_px;
    uint32_t height_px;
    uint64_t key;
    struct kd_sections *sections;  /* owned; what the pixels are like; NULL: not known */
    struct kd_tile_origin *origin; /* owned, of the pool; NULL: not known */
    struct kd_block *block;        /* that it lies in; NULL: it has memory of its own */
    uint32_t *pixels;              /* its memory's; aligned to 64 bytes; NULL: promised */
};

/* How promised tiles are drawn: embedded in what its maker keeps for it. */
struct kd_recipe {
    atomic_uint refs;
    const struct kd_plan *plan; /* of the picture's grid; draws these tiles over nothing */
    void (*destroy)(
        struct kd_recipe *recipe); /* in the thread that gives the last reference back */
};

struct kd_recipe *kd_recipe_ref(struct kd_recipe *recipe); /* NULL is allowed */
void kd_recipe_unref(struct kd_recipe *recipe);            /* NULL is allowed */

struct kd_pixels {
    atomic_uint refs;
    enum kd_source_kind kind; /* what the pixels mean */
    int32_t width_px, height_px;
    uint8_t tile_shift; /* log2 of the tiles' edge; KD_TILE_SHIFT, or 31 for a single tile */
    int32_t tiles_x, tiles_y;
    uint64_t version;         /* of all versions that this process ever made, this one */
    uint64_t lineage;         /* the same in all versions that were derived from one */
    struct kd_blocks *blocks; /* a reference: where its own tiles lie; NULL: each by itself */
    struct kd_recipe *recipe; /* a reference; NULL: no tile is promised */
    struct kd_tile *tiles[];  /* a reference each; NULL: not made yet */
};

/* A version whose tiles are all NULL. versioned: divided by KD_TILE_SHIFT. NULL: out of memory. */
struct kd_pixels *kd_pixels_create(enum kd_source_kind kind, int32_t width_px, int32_t height_px,
                                   bool versioned);

/* A version that shares all tiles with another. NULL: out of memory. */
struct kd_pixels *kd_pixels_derive(const struct kd_pixels *other);

struct kd_pixels *kd_pixels_ref(struct kd_pixels *pixels);

/* NULL is allowed. Any thread. */
void kd_pixels_unref(struct kd_pixels *pixels);

/* A tile of this version alone, to be written before anybody else sees the version; its old content is kept if keep is
 * set, else undefined. The key is left as it was; sections and origin are forgotten. NULL: out of memory, nothing changed. */
struct kd_tile *kd_pixels_own_tile(struct kd_pixels *pixels, size_t index, bool keep);

/* The same, keeping what lies outside of a box within the tile; all if it is empty. */
struct kd_tile *kd_pixels_own_around(struct kd_pixels *pixels, size_t index, struct kd_box lost);

/* The same for tiles from index on, which are in one run, as neighbours in memory if that can be: see kd_tiles_are_beside(). False: out of memory; some
 * may be its own. */
bool kd_pixels_own_run(struct kd_pixels *pixels, size_t index, uint32_t count, struct kd_box lost);

/* Whether a tile's rows go on in the other one. */
static inline bool kd_tiles_are_beside(const struct kd_tile *tile, const struct kd_tile *right)
{
    return tile->block && tile->block == right->block && right == tile + 1;
}

/* Puts a tile that has a key but no pixels into the place of another one; the version must get a recipe for it. False: out of memory. */
bool kd_pixels_promise_tile(struct kd_pixels *pixels, size_t index, uint64_t key);

static inline bool kd_tile_is_promised(const struct kd_tile *tile)
{
    return tile && !tile->pixels;
}

/* Lets a tile be that of another version of the same grid. */
void kd_pixels_share_tile(struct kd_pixels *pixels, size_t index, struct kd_tile *tile);

static inline size_t kd_pixels_tiles(const struct kd_pixels *pixels)
{
    return (size_t)pixels->tiles_x * (size_t)pixels->tiles_y;
}

/* What is known of all pixels together: of images of a single tile. */
static inline const struct kd_sections *kd_pixels_sections(const struct kd_pixels *pixels)
{
    return kd_pixels_tiles(pixels) == 1 ? pixels->tiles[0]->sections : NULL;
}

/* The pixels of a tile, in the image's coordinates. */
struct kd_box kd_pixels_tile_box(const struct kd_pixels *pixels, size_t index);

/* The pixel (x, y), and how many to its right lie in memory after it. */
const uint32_t *kd_pixels_at(const struct kd_pixels *pixels, int32_t x, int32_t y, int32_t *run_px);

/* Copies a box that lies inside into rows of stride_px. */
void kd_pixels_read(const struct kd_pixels *pixels, struct kd_box box, uint32_t *out,
                    size_t stride_px);

/* Bytes that a picture of this size takes when nothing of it is shared: what quotas count. */
uint64_t kd_pixels_bytes(int32_t width_px, int32_t height_px);

#endif

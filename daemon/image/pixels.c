#include "image/pixels.h"

#include <stdlib.h>
#include <string.h>

#include "base/pool.h"
#include "base/switches.h"

#define ALIGN_BYTES       ((size_t)64)
#define SINGLE_TILE_SHIFT 31

static atomic_ullong versions_made;

/* The head lies before the pixels, and 64 bytes behind them: kernels may read whole columns (pix.h). */
_Static_assert(sizeof(struct kd_tile) >= KD_PIX_COLUMN_PX * sizeof(uint32_t), "room in front");

static struct kd_tile *tile_create(int32_t width_px, int32_t height_px)
{
    size_t head_bytes = (sizeof(struct kd_tile) + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
    size_t stride_px = ((size_t)width_px + 15) & ~(size_t)15;
    size_t bytes = head_bytes + stride_px * (size_t)height_px * sizeof(uint32_t) + ALIGN_BYTES;
    struct kd_tile *tile = aligned_alloc(ALIGN_BYTES, bytes);

    if (!tile)
        return NULL;
    atomic_init(&tile->refs, 1);
    tile->stride_px = (uint32_t)stride_px;
    tile->height_px = (uint32_t)height_px;
    tile->key = 0;
    tile->sections = NULL;
    tile->origin = NULL;
    tile->block = NULL;
    tile->pixels = (uint32_t *)(void *)((char *)tile + head_bytes);
    return tile;
}

static void tile_unref(struct kd_tile *tile)
{
    if (tile && atomic_fetch_sub_explicit(&tile->refs, 1, memory_order_acq_rel) == 1) {
        free(tile->sections);
        kd_pool_put(tile->origin);
        if (tile->block)
            kd_blocks_give(tile);
        else
            free(tile);
    }
}

static struct kd_pixels *create(enum kd_source_kind kind, int32_t width_px, int32_t height_px,
                                bool versioned)
{
    uint8_t shift = versioned ? KD_TILE_SHIFT : SINGLE_TILE_SHIFT;
    int32_t tiles_x = ((width_px - 1) >> shift) + 1;
    int32_t tiles_y = ((height_px - 1) >> shift) + 1;
    struct kd_pixels *pixels = kd_pool_get_cleared(
        sizeof(*pixels) + (size_t)tiles_x * (size_t)tiles_y * sizeof(pixels->tiles[0]));

    if (!pixels)
        return NULL;
    atomic_init(&pixels->refs, 1);
    pixels->kind = kind;
    pixels->width_px = width_px;
    pixels->height_px = height_px;
    pixels->tile_shift = shift;
    pixels->version = atomic_fetch_add_explicit(&versions_made, 1, memory_order_relaxed) + 1;
    pixels->lineage = pixels->version;
    pixels->tiles_x = tiles_x;
    pixels->tiles_y = tiles_y;
    return pixels;
}

struct kd_pixels *kd_pixels_create(enum kd_source_kind kind, int32_t width_px, int32_t height_px,
                                   bool versioned)
{
    struct kd_pixels *pixels = create(kind, width_px, height_px, versioned);

    if (pixels && kd_pixels_tiles(pixels) > 1 && kd_switch_is_on(KD_SWITCH_RUNS)) {
        pixels->blocks = kd_blocks_create(kd_grid_of(width_px, height_px));
        if (!pixels->blocks) {
            kd_pixels_unref(pixels);
            return NULL;
        }
    }
    return pixels;
}

struct kd_pixels *kd_pixels_derive(const struct kd_pixels *other)
{
    struct kd_pixels *pixels =
        create(other->kind, other->width_px, other->height_px, other->tile_shift == KD_TILE_SHIFT);

    if (!pixels)
        return NULL;
    pixels->lineage = other->lineage;
    pixels->recipe = kd_recipe_ref(other->recipe);
    pixels->blocks = other->blocks ? kd_blocks_ref(other->blocks) : NULL;
    for (size_t i = 0; i < kd_pixels_tiles(other); i++)
        kd_pixels_share_tile(pixels, i, other->tiles[i]);
    return pixels;
}

struct kd_pixels *kd_pixels_ref(struct kd_pixels *pixels)
{
    atomic_fetch_add_explicit(&pixels->refs, 1, memory_order_relaxed);
    return pixels;
}

void kd_pixels_unref(struct kd_pixels *pixels)
{
    if (!pixels || atomic_fetch_sub_explicit(&pixels->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++)
        tile_unref(pixels->tiles[i]);
    kd_blocks_unref(pixels->blocks);
    kd_recipe_unref(pixels->recipe);
    kd_pool_put(pixels);
}

struct kd_recipe *kd_recipe_ref(struct kd_recipe *recipe)
{
    if (recipe)
        atomic_fetch_add_explicit(&recipe->refs, 1, memory_order_relaxed);
    return recipe;
}

void kd_recipe_unref(struct kd_recipe *recipe)
{
    if (recipe && atomic_fetch_sub_explicit(&recipe->refs, 1, memory_order_acq_rel) == 1)
        recipe->destroy(recipe);
}

struct kd_box kd_pixels_tile_box(const struct kd_pixels *pixels, size_t index)
{
    struct kd_grid grid = {pixels->width_px, pixels->height_px, pixels->tiles_x, pixels->tiles_y};

    if (pixels->tile_shift == SINGLE_TILE_SHIFT)
        return kd_box_of_size(pixels->width_px, pixels->height_px);
    return kd_grid_tile(grid, index);
}

/* A tile's rows in another of the same size, but for what lies in a box of it. */
static void copy_around(struct kd_tile *to, const struct kd_tile *from, size_t width_px,
                        struct kd_box lost)
{
    for (int32_t y = 0; y < (int32_t)from->height_px; y++) {
        uint32_t *row = to->pixels + (size_t)y * to->stride_px;
        const uint32_t *old = from->pixels + (size_t)y * from->stride_px;

        if (y < lost.y1 || y >= lost.y2 || lost.x1 >= lost.x2) {
            memcpy(row, old, width_px * sizeof(uint32_t));
            continue;
        }
        memcpy(row, old, (size_t)lost.x1 * sizeof(uint32_t));
        memcpy(row + lost.x2, old + lost.x2, (width_px - (size_t)lost.x2) * sizeof(uint32_t));
    }
}

struct kd_tile *kd_pixels_own_tile(struct kd_pixels *pixels, size_t index, bool keep)
{
    const struct kd_box none = {0, 0, 0, 0};

    return kd_pixels_own_around(pixels, index, keep ? none : kd_pixels_tile_box(pixels, index));
}

static bool is_own(const struct kd_tile *tile)
{
    return tile && tile->pixels && atomic_load_explicit(&tile->refs, memory_order_acquire) == 1;
}

/* Puts a fresh tile into the place of another one, of which what lies around a box is kept. */
static void replace_tile(struct kd_pixels *pixels, size_t index, struct kd_tile *fresh,
                         struct kd_box lost)
{
    struct kd_tile *old = pixels->tiles[index];
    struct kd_box box = kd_pixels_tile_box(pixels, index), part = kd_box_intersect(lost, box);

    if (old) {
        fresh->key = old->key;
        if (old->pixels && !kd_box_equal(part, box))
            copy_around(fresh, old, (size_t)kd_box_width(box),
                        kd_box_moved(part, -box.x1, -box.y1));
        tile_unref(old);
    }
    pixels->tiles[index] = fresh;
}

struct kd_tile *kd_pixels_own_around(struct kd_pixels *pixels, size_t index, struct kd_box lost)
{
    struct kd_tile *old = pixels->tiles[index];
    struct kd_box box = kd_pixels_tile_box(pixels, index);
    struct kd_tile *fresh;

    if (is_own(old)) {
        free(old->sections);
        kd_pool_put(old->origin);
        old->sections = NULL;
        old->origin = NULL;
        return old;
    }
    fresh = pixels->blocks ? kd_blocks_take(pixels->blocks, index, 1) : NULL;
    if (!fresh)
        fresh = tile_create(kd_box_width(box), kd_box_height(box));
    if (fresh)
        replace_tile(pixels, index, fresh, lost);
    return fresh;
}

bool kd_pixels_own_run(struct kd_pixels *pixels, size_t index, uint32_t count, struct kd_box lost)
{
    struct kd_tile *fresh = NULL;
    bool none = true;

    for (uint32_t i = 0; i < count; i++)
        none = none && !is_own(pixels->tiles[index + i]);
    if (none && pixels->blocks)
        fresh = kd_blocks_take(pixels->blocks, index, count);
    for (uint32_t i = 0; fresh && i < count; i++)
        replace_tile(pixels, index + i, &fresh[i], lost);
    for (uint32_t i = 0; !fresh && i < count; i++)
        if (!kd_pixels_own_around(pixels, index + i, lost))
            return false;
    return true;
}

bool kd_pixels_promise_tile(struct kd_pixels *pixels, size_t index, uint64_t key)
{
    struct kd_tile *tile = calloc(1, sizeof(*tile));

    if (!tile)
        return false;
    atomic_init(&tile->refs, 1);
    tile->key = key;
    tile_unref(pixels->tiles[index]);
    pixels->tiles[index] = tile;
    return true;
}

void kd_pixels_share_tile(struct kd_pixels *pixels, size_t index, struct kd_tile *tile)
{
    if (tile)
        atomic_fetch_add_explicit(&tile->refs, 1, memory_order_relaxed);
    tile_unref(pixels->tiles[index]);
    pixels->tiles[index] = tile;
}

const uint32_t *kd_pixels_at(const struct kd_pixels *pixels, int32_t x, int32_t y, int32_t *run_px)
{
    uint8_t shift = pixels->tile_shift;
    size_t index = (size_t)(y >> shift) * (size_t)pixels->tiles_x + (size_t)(x >> shift);
    const struct kd_tile *tile = pixels->tiles[index];
    int32_t mask = (int32_t)((UINT32_C(1) << shift) - 1);
    int64_t right = (((int64_t)x >> shift) + 1) << shift;

    *run_px = (int32_t)(right < pixels->width_px ? right : pixels->width_px) - x;
    return tile->pixels + (size_t)(y & mask) * tile->stride_px + (x & mask);
}

void kd_pixels_read(const struct kd_pixels *pixels, struct kd_box box, uint32_t *out,
                    size_t stride_px)
{
    for (int32_t y = box.y1; y < box.y2; y++, out += stride_px) {
        int32_t run_px;

        for (int32_t x = box.x1; x < box.x2; x += run_px) {
            const uint32_t *row = kd_pixels_at(pixels, x, y, &run_px);

            run_px = kd_min(run_px, box.x2 - x);
            memcpy(out + (x - box.x1), row, (size_t)run_px * sizeof(uint32_t));
        }
    }
}

uint64_t kd_pixels_bytes(int32_t width_px, int32_t height_px)
{
    return (((uint64_t)width_px + 15) & ~UINT64_C(15)) * (uint64_t)height_px * sizeof(uint32_t);
}

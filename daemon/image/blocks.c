#include "image/blocks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/switches.h"
#include "image/pixels.h"

#define ALIGN_BYTES ((size_t)64)

/* So many versions of a run have blocks: what is shown, what will be, what is being drawn, and one more. Those beyond have memory of their own. */
#define LAYERS 4

/* Rows lie so much more than their length apart: in caches, those of one tile would else push each other out. */
#define APART_PX 16

/* Of empty blocks, in all: two more versions of pictures as large as a screen. */
#define SPARE_BYTES ((size_t)16 << 20)

static atomic_size_t spare_bytes;

struct kd_block {
    struct kd_blocks *blocks; /* borrowed: lives while a tile is taken */
    struct kd_block **slot;   /* where it stands there */
    size_t bytes;
    unsigned taken; /* a bit for each tile */
    struct kd_tile tiles[KD_RUN_TILES];
};

struct kd_blocks {
    pthread_mutex_t mutex; /* guards all but grid */
    unsigned refs;         /* of pictures; without any, empty blocks are not kept */
    size_t blocks_taken;   /* those that have a tile that is taken */
    struct kd_grid grid;
    size_t runs_x, runs;
    struct kd_block *list[]; /* owned: LAYERS of each run; NULL: not made */
};

struct kd_blocks *kd_blocks_create(struct kd_grid grid)
{
    size_t runs_x = ((size_t)grid.tiles_x + KD_RUN_TILES - 1) / KD_RUN_TILES;
    size_t runs = runs_x * (size_t)grid.tiles_y;
    struct kd_blocks *blocks = calloc(1, sizeof(*blocks) + runs * LAYERS * sizeof(blocks->list[0]));

    if (!blocks)
        return NULL;
    pthread_mutex_init(&blocks->mutex, NULL);
    blocks->refs = 1;
    blocks->grid = grid;
    blocks->runs_x = runs_x;
    blocks->runs = runs;
    return blocks;
}

struct kd_blocks *kd_blocks_ref(struct kd_blocks *blocks)
{
    pthread_mutex_lock(&blocks->mutex);
    blocks->refs++;
    pthread_mutex_unlock(&blocks->mutex);
    return blocks;
}

static void discard(struct kd_block *block)
{
    atomic_fetch_sub(&spare_bytes, block->bytes);
    *block->slot = NULL;
    free(block);
}

static void destroy(struct kd_blocks *blocks)
{
    pthread_mutex_destroy(&blocks->mutex);
    free(blocks);
}

void kd_blocks_unref(struct kd_blocks *blocks)
{
    bool is_last;

    if (!blocks)
        return;
    pthread_mutex_lock(&blocks->mutex);
    blocks->refs--;
    for (size_t i = 0; blocks->refs == 0 && i < blocks->runs * LAYERS; i++)
        if (blocks->list[i] && !blocks->list[i]->taken)
            discard(blocks->list[i]);
    is_last = blocks->refs == 0 && blocks->blocks_taken == 0;
    pthread_mutex_unlock(&blocks->mutex);
    if (is_last)
        destroy(blocks);
}

/* The pixels of a run. */
static struct kd_box run_box(const struct kd_blocks *blocks, size_t run)
{
    int32_t x = (int32_t)(run % blocks->runs_x) * KD_RUN_PX;
    int32_t y = (int32_t)(run / blocks->runs_x) * KD_TILE_PX;

    return (struct kd_box){x, y, kd_min(x + KD_RUN_PX, blocks->grid.width_px),
                           kd_min(y + KD_TILE_PX, blocks->grid.height_px)};
}

static struct kd_block *block_create(struct kd_blocks *blocks, size_t run)
{
    size_t head_bytes = (sizeof(struct kd_block) + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
    struct kd_box box = run_box(blocks, run);
    size_t stride_px = (((size_t)kd_box_width(box) + 15) & ~(size_t)15) + APART_PX;
    size_t bytes = head_bytes + stride_px * (size_t)kd_box_height(box) * sizeof(uint32_t);
    struct kd_block *block = aligned_alloc(ALIGN_BYTES, bytes);

    if (!block)
        return NULL;
    block->blocks = blocks;
    block->bytes = bytes;
    block->taken = 0;
    for (uint32_t i = 0; i < KD_RUN_TILES; i++) {
        struct kd_tile *tile = &block->tiles[i];

        tile->block = block;
        tile->stride_px = (uint32_t)stride_px;
        tile->height_px = (uint32_t)kd_box_height(box);
        tile->pixels = (uint32_t *)(void *)((char *)block + head_bytes) + (size_t)i * KD_TILE_PX;
    }
    atomic_fetch_add(&spare_bytes, bytes);
    return block;
}

/* A block of the run with room for these tiles. */
static struct kd_block *find_block(struct kd_blocks *blocks, size_t run, unsigned wanted)
{
    for (size_t layer = 0; layer < LAYERS; layer++) {
        struct kd_block **slot = &blocks->list[layer * blocks->runs + run];

        if (!*slot) {
            *slot = block_create(blocks, run);
            if (*slot)
                (*slot)->slot = slot;
            return *slot;
        }
        if (!((*slot)->taken & wanted))
            return *slot;
    }
    return NULL;
}

struct kd_tile *kd_blocks_take(struct kd_blocks *blocks, size_t index, uint32_t count)
{
    size_t x = index % (size_t)blocks->grid.tiles_x, y = index / (size_t)blocks->grid.tiles_x;
    unsigned first = kd_grid_in_run(blocks->grid, index), wanted = ((1U << count) - 1) << first;
    struct kd_block *block;

    pthread_mutex_lock(&blocks->mutex);
    block = find_block(blocks, y * blocks->runs_x + x / KD_RUN_TILES, wanted);
    if (block && !block->taken) {
        atomic_fetch_sub(&spare_bytes, block->bytes);
        blocks->blocks_taken++;
    }
    if (block)
        block->taken |= wanted;
    pthread_mutex_unlock(&blocks->mutex);
    for (uint32_t i = 0; block && i < count; i++) {
        struct kd_tile *tile = &block->tiles[first + i];

        atomic_init(&tile->refs, 1);
        tile->key = 0;
        tile->sections = NULL;
        tile->origin = NULL;
    }
    return block ? &block->tiles[first] : NULL;
}

void kd_blocks_give(struct kd_tile *tile)
{
    struct kd_block *block = tile->block;
    struct kd_blocks *blocks = block->blocks;
    bool is_last = false;

    pthread_mutex_lock(&blocks->mutex);
    block->taken &= ~(1U << (tile - block->tiles));
    if (!block->taken) {
        bool fits = atomic_fetch_add(&spare_bytes, block->bytes) + block->bytes <= SPARE_BYTES;

        if (!fits || blocks->refs == 0 || !kd_switch_is_on(KD_SWITCH_REUSE))
            discard(block);
        is_last = --blocks->blocks_taken == 0 && blocks->refs == 0;
    }
    pthread_mutex_unlock(&blocks->mutex);
    if (is_last)
        destroy(blocks);
}

size_t kd_blocks_spare_bytes(void)
{
    return atomic_load(&spare_bytes);
}

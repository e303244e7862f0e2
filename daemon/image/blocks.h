/*
 * Memory for the tiles of a picture's versions. Tiles that make up a run (base/tile.h) lie beside each other in a block, so that rows go on from one
 * to the next. There are as many blocks for a run as versions of it are alive; empty ones are kept for the versions to come, within a limit for all
 * pictures together: pictures that change in every frame then allocate nothing.
 */
#ifndef KD_IMAGE_BLOCKS_H
#define KD_IMAGE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#include "base/tile.h"

struct kd_blocks;
struct kd_tile;

/* NULL: out of memory. */
struct kd_blocks *kd_blocks_create(struct kd_grid grid);
struct kd_blocks *kd_blocks_ref(struct kd_blocks *blocks);

/* NULL is allowed. Tiles that were taken stay valid: pictures of another size may share them. Any thread. */
void kd_blocks_unref(struct kd_blocks *blocks);

/* The tiles from index on, all of them in one run, as neighbours in one block: the first of count in a row. Their pixels are not defined. NULL: there are as many
 * versions as there may be, or no memory. Any thread. */
struct kd_tile *kd_blocks_take(struct kd_blocks *blocks, size_t index, uint32_t count);

/* A tile that was taken. Any thread. */
void kd_blocks_give(struct kd_tile *tile);

/* Of all empty blocks that are kept: for tests. */
size_t kd_blocks_spare_bytes(void);

#endif

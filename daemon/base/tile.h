/*
 * The grid that everything changing is divided into: pictures, shared images and scan-out buffers. Keys, versions and
 * damage are per tile. 64 pixels is also the size of VideoCore's own tiles.
 */
#ifndef KD_BASE_TILE_H
#define KD_BASE_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"

#define KD_TILE_SHIFT 6
#define KD_TILE_PX    (INT32_C(1) << KD_TILE_SHIFT)

/* So many tiles of a row, from each multiple of it on, lie beside each other in memory where they can, and are drawn together: what is drawn across
 * them is then cut less often. */
#define KD_RUN_TILES 4
#define KD_RUN_PX    (KD_RUN_TILES * KD_TILE_PX)

struct kd_grid {
    int32_t width_px, height_px; /* what is divided */
    int32_t tiles_x, tiles_y;    /* tiles across and down; the last ones may be cut */
};

static inline struct kd_grid kd_grid_of(int32_t width_px, int32_t height_px)
{
    return (struct kd_grid){width_px, height_px, (width_px + KD_TILE_PX - 1) >> KD_TILE_SHIFT,
                            (height_px + KD_TILE_PX - 1) >> KD_TILE_SHIFT};
}

static inline size_t kd_grid_count(struct kd_grid grid)
{
    return (size_t)grid.tiles_x * (size_t)grid.tiles_y;
}

/* The pixels of the tile with this index (row by row). */
static inline struct kd_box kd_grid_tile(struct kd_grid grid, size_t index)
{
    int32_t x = (int32_t)(index % (size_t)grid.tiles_x) << KD_TILE_SHIFT;
    int32_t y = (int32_t)(index / (size_t)grid.tiles_x) << KD_TILE_SHIFT;

    return (struct kd_box){x, y, kd_min(x + KD_TILE_PX, grid.width_px),
                           kd_min(y + KD_TILE_PX, grid.height_px)};
}

/* How many tiles of its run this one has to its left. */
static inline uint32_t kd_grid_in_run(struct kd_grid grid, size_t index)
{
    return (uint32_t)(index % (size_t)grid.tiles_x % KD_RUN_TILES);
}

/* The tiles that a box inside the grid touches, as a box of tile columns and rows. */
static inline struct kd_box kd_grid_touched(struct kd_box px)
{
    return (struct kd_box){px.x1 >> KD_TILE_SHIFT, px.y1 >> KD_TILE_SHIFT,
                           (px.x2 + KD_TILE_PX - 1) >> KD_TILE_SHIFT,
                           (px.y2 + KD_TILE_PX - 1) >> KD_TILE_SHIFT};
}

#endif

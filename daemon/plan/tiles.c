#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "plan/plan.h"

uint64_t kd_plan_base_key(uint64_t seed, uint32_t base_color, struct kd_box tile)
{
    uint64_t key = kd_hash_mix(seed, base_color);

    return kd_hash_mix(key, (uint64_t)kd_box_width(tile) << 32 | (uint32_t)kd_box_height(tile));
}

struct kd_box kd_op_upright(const struct kd_op *op, struct kd_box part)
{
    bool is_scaled = op->kind == KD_OP_SCALE;
    bool flip_x = op->flags & KB_BLIT_FLAG_FLIP_X, flip_y = op->flags & KB_BLIT_FLAG_FLIP_Y;
    int32_t corner_x = is_scaled ? op->shown_x : op->where.x1;
    int32_t corner_y = is_scaled ? op->shown_y : op->where.y1;
    int32_t first_x = is_scaled ? (flip_x ? op->shown_width - 1 : 0) : op->src_x;
    int32_t first_y = is_scaled ? (flip_y ? op->shown_height - 1 : 0) : op->src_y;
    struct kd_box px = kd_box_moved(part, -corner_x, -corner_y);

    if (op->flags & KD_OP_TURNED)
        px = (struct kd_box){px.y1, px.x1, px.y2, px.x2};
    if (flip_x)
        px = (struct kd_box){1 - px.x2, px.y1, 1 - px.x1, px.y2};
    if (flip_y)
        px = (struct kd_box){px.x1, 1 - px.y2, px.x2, 1 - px.y1};
    return kd_box_moved(px, first_x, first_y);
}

/* The picture's pixels that a scaled one samples. */
static struct kd_box scale_footprint(const struct kd_op *op, struct kd_box part,
                                     const struct kd_pixels *source)
{
    const struct kd_box upright = kd_op_upright(op, part);
    const struct kd_box everything = kd_box_of_size(source->width_px, source->height_px);
    uint32_t w = (uint32_t)source->width_px, h = (uint32_t)source->height_px;
    uint32_t shown_w = (uint32_t)op->shown_width, shown_h = (uint32_t)op->shown_height;
    int32_t more = op->filter == KB_FILTER_BILINEAR ? 1 : 0;
    struct kd_box px;

    px.x1 = (int32_t)kd_pix_nearest(upright.x1, w, shown_w) - more;
    px.x2 = (int32_t)kd_pix_nearest(upright.x2 - 1, w, shown_w) + 1 + more;
    px.y1 = (int32_t)kd_pix_nearest(upright.y1, h, shown_h) - more;
    px.y2 = (int32_t)kd_pix_nearest(upright.y2 - 1, h, shown_h) + 1 + more;
    return kd_box_intersect(px, everything);
}

/* The source pixels that an operation samples for a part of its target. */
static struct kd_box footprint(const struct kd_ops *ops, const struct kd_op *op, struct kd_box part)
{
    switch (op->kind) {
    case KD_OP_SCALE: return scale_footprint(op, part, ops->sources[op->source]);
    case KD_OP_TRANSFORM:
        return kd_transform_footprint(&ops->transforms[op->transform], part,
                                      op->filter == KB_FILTER_BILINEAR);
    default: return kd_op_upright(op, part);
    }
}

/* The operation's key, with the content of the source tiles that this target tile samples. */
static uint64_t key_in_tile(const struct kd_ops *ops, const struct kd_op *op, struct kd_box tile)
{
    const struct kd_pixels *source;
    struct kd_box px;
    uint64_t key = op->key;

    if (op->kind == KD_OP_FILL || kd_pixels_tiles(ops->sources[op->source]) == 1)
        return key;
    source = ops->sources[op->source];
    px = footprint(ops, op, kd_box_intersect(op->where, tile));
    if (kd_box_empty(px))
        return key;
    for (int32_t ty = px.y1 >> source->tile_shift; ty <= (px.y2 - 1) >> source->tile_shift; ty++)
        for (int32_t tx = px.x1 >> source->tile_shift; tx <= (px.x2 - 1) >> source->tile_shift;
             tx++)
            key = kd_hash_mix(
                key, source->tiles[(size_t)ty * (size_t)source->tiles_x + (size_t)tx]->key);
    return key;
}

static void begin_tiles(struct kd_plan *plan, const struct kd_pixels *before, uint64_t seed)
{
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++) {
        uint64_t base = kd_plan_base_key(seed, plan->base_color, kd_grid_tile(plan->grid, i));

        plan->tiles[i] = (struct kd_plan_tile){.key = before ? before->tiles[i]->key : base,
                                               .load = before ? KD_LOAD_KEEP : KD_LOAD_BASE};
    }
}

/* First pass: the lengths of the lists. */
static uint32_t count_visits(struct kd_plan *plan, const struct kd_ops *ops, uint32_t first)
{
    uint32_t visits = 0;

    for (uint32_t i = first; i < ops->count; i++) {
        struct kd_box touched = kd_grid_touched(ops->ops[i].where);

        for (int32_t ty = touched.y1; ty < touched.y2; ty++) {
            struct kd_plan_tile *row = &plan->tiles[(size_t)ty * (size_t)plan->grid.tiles_x];

            for (int32_t tx = touched.x1; tx < touched.x2; tx++)
                row[tx].list_count++;
        }
        visits += (uint32_t)kd_box_area(touched);
    }
    return visits;
}

/* Second pass: the lists themselves, one after another. */
static void fill_lists(struct kd_plan *plan, const struct kd_ops *ops, uint32_t first,
                       uint32_t *lists)
{
    uint32_t at = 0;

    for (size_t i = 0; i < kd_grid_count(plan->grid); i++) {
        plan->tiles[i].list = at;
        at += plan->tiles[i].list_count;
        plan->tiles[i].list_count = 0;
    }
    for (uint32_t i = first; i < ops->count; i++) {
        struct kd_box touched = kd_grid_touched(ops->ops[i].where);

        for (int32_t ty = touched.y1; ty < touched.y2; ty++) {
            struct kd_plan_tile *row = &plan->tiles[(size_t)ty * (size_t)plan->grid.tiles_x];

            for (int32_t tx = touched.x1; tx < touched.x2; tx++)
                lists[row[tx].list + row[tx].list_count++] = i;
        }
    }
}

/* ---- What is hidden ----------------------------------------------------------------------------- */

/* A tile is 4x4 cells of 16 pixels: as many bits, row by row. A cell that the target's edge cuts is as large as is left of it. */
#define CELL_SHIFT 4
#define CELLS_ALL  0xFFFFu

/* Bits from..to-1 of one row of cells, in all rows. */
static uint32_t columns_mask(int32_t from, int32_t to)
{
    return ((UINT32_C(1) << to) - (UINT32_C(1) << from)) * 0x1111u;
}

static uint32_t rows_mask(int32_t from, int32_t to)
{
    return (UINT32_C(1) << 4 * to) - (UINT32_C(1) << 4 * from);
}

/* Cells that the box touches. It overlaps the tile. */
static uint32_t cells_touched(struct kd_box box, struct kd_box tile)
{
    struct kd_box part = kd_box_moved(kd_box_intersect(box, tile), -tile.x1, -tile.y1);

    return columns_mask(part.x1 >> CELL_SHIFT, (part.x2 + 15) >> CELL_SHIFT) &
           rows_mask(part.y1 >> CELL_SHIFT, (part.y2 + 15) >> CELL_SHIFT);
}

/* Cells that the box covers wholly. */
static uint32_t cells_covered(struct kd_box box, struct kd_box tile)
{
    struct kd_box part = kd_box_intersect(box, tile);
    int32_t x1, y1, x2, y2;

    if (kd_box_empty(part))
        return 0;
    x1 = (part.x1 - tile.x1 + 15) >> CELL_SHIFT;
    y1 = (part.y1 - tile.y1 + 15) >> CELL_SHIFT;
    x2 = part.x2 == tile.x2 ? 4 : (part.x2 - tile.x1) >> CELL_SHIFT;
    y2 = part.y2 == tile.y2 ? 4 : (part.y2 - tile.y1) >> CELL_SHIFT;
    return x1 < x2 && y1 < y2 ? columns_mask(x1, x2) & rows_mask(y1, y2) : 0;
}

/* From the last operation to the first: those of which no cell can be seen go, and once all cells are covered so do all that are left. */
static void drop_hidden(struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                        uint32_t *lists)
{
    struct kd_plan_tile *tile = &plan->tiles[index];
    struct kd_box box = kd_grid_tile(plan->grid, index);
    uint32_t *list = lists + tile->list;
    uint32_t covered = 0, at = tile->list_count, kept = tile->list_count;

    while (at > 0) {
        const struct kd_op *op = &ops->ops[list[--at]];

        if ((cells_touched(op->where, box) & ~covered) == 0)
            continue;
        list[--kept] = list[at];
        if (ops->no_cover)
            covered |= op->is_opaque && kd_box_contains(op->where, box) ? CELLS_ALL : 0;
        else
            covered |= cells_covered(op->is_opaque ? op->where : op->cover, box);
        if (covered == CELLS_ALL) {
            tile->load = KD_LOAD_NONE;
            break;
        }
    }
    tile->list += kept;
    tile->list_count -= kept;
}

/* The key of what is left. A tile that begins with nothing begins with no key either. */
static void make_key(struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                     const uint32_t *lists)
{
    struct kd_plan_tile *tile = &plan->tiles[index];
    struct kd_box box = kd_grid_tile(plan->grid, index);
    uint64_t key = tile->load == KD_LOAD_NONE ? ops->seed : tile->key;

    for (uint32_t i = 0; i < tile->list_count; i++)
        key = kd_hash_mix(key, key_in_tile(ops, &ops->ops[lists[tile->list + i]], box));
    tile->key = key | (key == 0); /* 0 means unknown */
}

/* The last operation that hides all before it, everywhere; 0 if there is none. */
static uint32_t first_visible(const struct kd_ops *ops, struct kd_grid grid)
{
    struct kd_box everything = kd_box_of_size(grid.width_px, grid.height_px);

    for (uint32_t i = ops->count; i > 0; i--)
        if (ops->ops[i - 1].is_opaque && kd_box_contains(ops->ops[i - 1].where, everything))
            return i - 1;
    return 0;
}

/* Visits of tiles by operations: what binning costs in time and memory. */
static uint64_t count_touches(const struct kd_ops *ops, uint32_t first)
{
    uint64_t touches = 0;

    for (uint32_t i = first; i < ops->count; i++)
        touches += (uint64_t)kd_box_area(kd_grid_touched(ops->ops[i].where));
    return touches;
}

/* Painter's order for batches made to be bad (a million commands that each touch everything): no lists, every tile walks all operations,
 * and its key is made of all of them. */
static void plan_coarse(struct kd_plan *plan, const struct kd_ops *ops, uint32_t first)
{
    uint64_t key = ops->seed;
    bool is_hidden = ops->ops[first].is_opaque &&
                     kd_box_contains(ops->ops[first].where,
                                     kd_box_of_size(plan->grid.width_px, plan->grid.height_px));

    for (uint32_t i = first; i < ops->count; i++) {
        const struct kd_op *op = &ops->ops[i];

        key = kd_hash_mix(key, op->key);
        if (op->kind != KD_OP_FILL && kd_pixels_tiles(ops->sources[op->source]) > 1)
            key = kd_hash_mix(key, ops->sources[op->source]->version);
    }
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++) {
        struct kd_plan_tile *tile = &plan->tiles[i];

        tile->first_op = first;
        tile->load = is_hidden ? KD_LOAD_NONE : tile->load;
        tile->key = kd_hash_mix(is_hidden ? ops->seed : tile->key, key);
        tile->key |= tile->key == 0;
    }
}

int kd_plan_make(struct kd_plan *plan, struct kd_arena *arena, struct kd_grid grid,
                 enum kd_target_kind target, uint32_t base_color, const struct kd_pixels *before,
                 const struct kd_ops *ops)
{
    uint32_t first = first_visible(ops, grid);
    uint32_t *lists;
    uint32_t visits;

    *plan = (struct kd_plan){.grid = grid,
                             .base_color = base_color,
                             .target = target,
                             .ops = ops->ops,
                             .ops_count = ops->count,
                             .transforms = ops->transforms,
                             .sources = ops->sources};
    plan->tiles = kd_arena_alloc(arena, kd_grid_count(grid), sizeof(*plan->tiles));
    if (!plan->tiles)
        return -ENOMEM;
    begin_tiles(plan, before, ops->seed);
    if (count_touches(ops, first) > ops->max_touches) {
        plan_coarse(plan, ops, first);
        return 0;
    }
    visits = count_visits(plan, ops, first);
    lists = kd_arena_alloc(arena, visits ? visits : 1, sizeof(*lists));
    if (!lists)
        return -ENOMEM;
    fill_lists(plan, ops, first, lists);
    for (size_t i = 0; i < kd_grid_count(grid); i++) {
        drop_hidden(plan, ops, i, lists);
        make_key(plan, ops, i, lists);
    }
    plan->lists = lists;
    return 0;
}

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

struct kd_box kd_op_footprint(const struct kd_ops *ops, const struct kd_op *op, struct kd_box part)
{
    switch (op->kind) {
    case KD_OP_SCALE: return scale_footprint(op, part, ops->sources[op->source]);
    case KD_OP_TRANSFORM:
        return kd_transform_footprint(&ops->transforms[op->transform], part,
                                      op->filter == KB_FILTER_BILINEAR);
    default: return kd_op_upright(op, part);
    }
}

uint64_t kd_op_key_in_tile(const struct kd_ops *ops, const struct kd_op *op, uint64_t key,
                           struct kd_box tile, size_t other, uint64_t other_key)
{
    const struct kd_pixels *source = ops->sources[op->source];
    struct kd_box px = kd_op_footprint(ops, op, kd_box_intersect(op->where, tile));

    if (kd_box_empty(px))
        return key;
    for (int32_t ty = px.y1 >> source->tile_shift; ty <= (px.y2 - 1) >> source->tile_shift; ty++)
        for (int32_t tx = px.x1 >> source->tile_shift; tx <= (px.x2 - 1) >> source->tile_shift;
             tx++) {
            size_t index = (size_t)ty * (size_t)source->tiles_x + (size_t)tx;

            key = kd_hash_mix(key, index == other ? other_key : source->tiles[index]->key);
        }
    return key;
}

static void begin_tiles(struct kd_plan *plan, const struct kd_pixels *before)
{
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++)
        plan->tiles[i] = (struct kd_plan_tile){.key = before ? before->tiles[i]->key : 0,
                                               .load = before ? KD_LOAD_KEEP : KD_LOAD_BASE};
}

/* Of what the tile begins with. */
static uint64_t begin_key(const struct kd_plan *plan, size_t index, uint64_t seed)
{
    const struct kd_plan_tile *tile = &plan->tiles[index];

    return tile->load == KD_LOAD_KEEP
               ? tile->key
               : kd_plan_base_key(seed, plan->base_color, kd_grid_tile(plan->grid, index));
}

/* ---- Cells --------------------------------------------------------------------------------------- */

/* A tile is 4x4 cells of 16 pixels: as many bits, row by row. A cell that the target's edge cuts is as large as is left of it. */
#define CELL_SHIFT 4
#define TILE_CELLS 4
#define CELLS_ALL  0xFFFFu

/* The cells that a box touches, counted from the target's corner. */
static struct kd_box cells_touched(struct kd_box px)
{
    return (struct kd_box){px.x1 >> CELL_SHIFT, px.y1 >> CELL_SHIFT, (px.x2 + 15) >> CELL_SHIFT,
                           (px.y2 + 15) >> CELL_SHIFT};
}

/* The cells that a box covers wholly; if it reaches the target's edge, also those beyond. */
static struct kd_box cells_covered(struct kd_box px, struct kd_grid grid)
{
    return (struct kd_box){(px.x1 + 15) >> CELL_SHIFT, (px.y1 + 15) >> CELL_SHIFT,
                           px.x2 == grid.width_px ? grid.tiles_x * TILE_CELLS : px.x2 >> CELL_SHIFT,
                           px.y2 == grid.height_px ? grid.tiles_y * TILE_CELLS
                                                   : px.y2 >> CELL_SHIFT};
}

/* The cells of a tile that lie in these columns of the target's cells, and those in these rows. */
static uint32_t columns_in_tile(int32_t from, int32_t to, int32_t tile)
{
    from = kd_max(from - tile * TILE_CELLS, 0);
    to = kd_min(to - tile * TILE_CELLS, TILE_CELLS);
    return from < to ? ((1u << to) - (1u << from)) * 0x1111u : 0;
}

static uint32_t rows_in_tile(int32_t from, int32_t to, int32_t tile)
{
    from = kd_max(from - tile * TILE_CELLS, 0);
    to = kd_min(to - tile * TILE_CELLS, TILE_CELLS);
    return from < to ? (1u << TILE_CELLS * to) - (1u << TILE_CELLS * from) : 0;
}

/* ---- Binning ------------------------------------------------------------------------------------- */

/* A tile's list under way, from its last operation to its first. */
struct bin {
    uint64_t key;     /* of the operations in it */
    uint32_t list;    /* where it begins so far */
    uint32_t count;   /* of operations in it */
    uint32_t covered; /* cells that they hide */
};

struct binning {
    struct kd_grid grid;
    const struct kd_ops *ops;
    struct bin *bins; /* by tile */
    uint32_t *lists;
    uint64_t *keys; /* by operation */
};

/* How often operations touch each tile, which is the room that its list needs; how often they do so in all is known. Changes are noted at
 * corners and summed up then: large operations cost no more than small ones. */
static void make_room(struct binning *binning, uint32_t first, int32_t *changes)
{
    size_t stride = (size_t)binning->grid.tiles_x + 1, index = 0;
    size_t count = stride * ((size_t)binning->grid.tiles_y + 1);
    uint32_t at = 0;

    memset(changes, 0, count * sizeof(*changes));
    for (uint32_t i = first; i < binning->ops->count; i++) {
        struct kd_box touched = kd_grid_touched(binning->ops->ops[i].where);
        int32_t *top = changes + (size_t)touched.y1 * stride;
        int32_t *bottom = changes + (size_t)touched.y2 * stride;

        top[touched.x1]++;
        top[touched.x2]--;
        bottom[touched.x1]--;
        bottom[touched.x2]++;
    }
    for (int32_t y = 0; y < binning->grid.tiles_y; y++)
        for (int32_t x = 0, sum = 0; x < binning->grid.tiles_x; x++) {
            int32_t *here = &changes[(size_t)y * stride + (size_t)x];

            sum += *here;
            *here = sum + (y ? here[-(ptrdiff_t)stride] : 0);
            at += (uint32_t)*here;
            binning->bins[index++] = (struct bin){.key = binning->ops->seed, .list = at};
        }
}

/* Puts an operation in front of a tile's list, if something of it shows. */
static void put_into_tile(const struct binning *binning, uint32_t i, size_t index, uint32_t touches,
                          uint32_t hides, uint64_t key)
{
    struct bin *bin = &binning->bins[index];
    const struct kd_op *op = &binning->ops->ops[i];

    if ((touches & ~bin->covered) == 0)
        return;
    if (op->has_tiles)
        key = kd_op_key_in_tile(binning->ops, op, key, kd_grid_tile(binning->grid, index), SIZE_MAX,
                                0);
    bin->key = kd_hash_mix(bin->key, key);
    bin->covered |= hides;
    bin->count++;
    binning->lists[--bin->list] = i;
}

/* What an operation hides; empty if nothing. */
static struct kd_box hidden_cells(const struct binning *binning, const struct kd_op *op)
{
    if (op->is_opaque)
        return cells_covered(op->where, binning->grid);
    if (op->cover.x1 < op->cover.x2 && !binning->ops->no_cover)
        return cells_covered(kd_cover_box(op->cover), binning->grid);
    return (struct kd_box){0, 0, 0, 0};
}

static void put_into_tiles(const struct binning *binning, uint32_t i)
{
    const struct kd_op *op = &binning->ops->ops[i];
    const struct kd_box touched = kd_grid_touched(op->where), cells = cells_touched(op->where);
    const struct kd_box hidden = hidden_cells(binning, op);
    const bool hides = !kd_box_empty(hidden);
    const uint64_t key = binning->keys[i] = kd_op_key(binning->ops, op);

    for (int32_t ty = touched.y1; ty < touched.y2; ty++) {
        const uint32_t rows = rows_in_tile(cells.y1, cells.y2, ty);
        const uint32_t hidden_rows = hides ? rows_in_tile(hidden.y1, hidden.y2, ty) : 0;

        for (int32_t tx = touched.x1; tx < touched.x2; tx++) {
            uint32_t hides_here =
                hidden_rows ? hidden_rows & columns_in_tile(hidden.x1, hidden.x2, tx) : 0;

            if (binning->ops->no_cover && hides_here != CELLS_ALL)
                hides_here = 0;
            put_into_tile(binning, i, (size_t)ty * (size_t)binning->grid.tiles_x + (size_t)tx,
                          rows & columns_in_tile(cells.x1, cells.x2, tx), hides_here, key);
        }
    }
}

/* A tile that begins with nothing begins with no key either; one that nothing is drawn into stays what it is. */
static void finish_tile(struct kd_plan *plan, size_t index, const struct bin *bin, uint64_t seed)
{
    struct kd_plan_tile *tile = &plan->tiles[index];

    tile->list = bin->list;
    tile->list_count = bin->count;
    if (bin->covered == CELLS_ALL) {
        tile->load = KD_LOAD_NONE;
        tile->key = bin->key;
    } else {
        tile->key = begin_key(plan, index, seed);
        if (bin->count)
            tile->key = kd_hash_mix(bin->key, tile->key);
    }
    tile->key |= tile->key == 0; /* 0 means unknown */
}

/* -ENOMEM. */
static int bin_ops(struct kd_plan *plan, struct kd_arena *arena, const struct kd_ops *ops,
                   uint32_t first, uint64_t touches)
{
    struct kd_grid grid = plan->grid;
    size_t tiles = kd_grid_count(grid);
    size_t corners = ((size_t)grid.tiles_x + 1) * ((size_t)grid.tiles_y + 1);
    int32_t *changes = kd_arena_alloc(arena, corners, sizeof(*changes));
    struct binning binning = {
        .grid = grid,
        .ops = ops,
        .bins = kd_arena_alloc(arena, tiles, sizeof(*binning.bins)),
        .lists = kd_arena_alloc(arena, touches + 1, sizeof(*binning.lists)),
        .keys = kd_arena_alloc(arena, (size_t)ops->count + 1, sizeof(*binning.keys))};

    if (!changes || !binning.bins || !binning.lists || !binning.keys)
        return -ENOMEM;
    make_room(&binning, first, changes);
    for (uint32_t i = ops->count; i > first; i--)
        put_into_tiles(&binning, i - 1);
    for (size_t i = 0; i < tiles; i++)
        finish_tile(plan, i, &binning.bins[i], ops->seed);
    plan->lists = binning.lists;
    plan->op_keys = binning.keys;
    return 0;
}

/* ---- Plans --------------------------------------------------------------------------------------- */

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

        key = kd_hash_mix(key, kd_op_key(ops, op));
        if (op->has_tiles)
            key = kd_hash_mix(key, ops->sources[op->source]->version);
    }
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++) {
        struct kd_plan_tile *tile = &plan->tiles[i];

        tile->key = kd_hash_mix(is_hidden ? ops->seed : begin_key(plan, i, ops->seed), key);
        tile->first_op = first;
        tile->load = is_hidden ? KD_LOAD_NONE : tile->load;
        tile->key |= tile->key == 0;
    }
}

int kd_plan_make(struct kd_plan *plan, struct kd_arena *arena, struct kd_grid grid,
                 enum kd_target_kind target, uint32_t base_color, const struct kd_pixels *before,
                 const struct kd_ops *ops)
{
    uint32_t first = first_visible(ops, grid);
    uint64_t touches;

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
    begin_tiles(plan, before);
    touches = count_touches(ops, first);
    if (touches <= ops->max_touches)
        return bin_ops(plan, arena, ops, first, touches);
    plan_coarse(plan, ops, first);
    return 0;
}

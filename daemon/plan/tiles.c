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

/* First pass: keys, what is covered, and the lengths of the lists. */
static uint64_t count_tiles(struct kd_plan *plan, const struct kd_ops *ops, uint32_t first)
{
    uint64_t entries = 0;

    for (uint32_t i = first; i < ops->count; i++) {
        const struct kd_op *op = &ops->ops[i];
        struct kd_box touched = kd_grid_touched(op->where);

        for (int32_t ty = touched.y1; ty < touched.y2; ty++) {
            for (int32_t tx = touched.x1; tx < touched.x2; tx++) {
                size_t index = (size_t)ty * (size_t)plan->grid.tiles_x + (size_t)tx;
                struct kd_box box = kd_grid_tile(plan->grid, index);
                struct kd_plan_tile *tile = &plan->tiles[index];

                if (op->is_opaque && kd_box_contains(op->where, box)) {
                    entries -= tile->list_count;
                    *tile = (struct kd_plan_tile){
                        .key = ops->seed, .first_op = i, .load = KD_LOAD_NONE};
                }
                tile->key = kd_hash_mix(tile->key, key_in_tile(ops, op, box));
                tile->list_count++;
                entries++;
            }
        }
    }
    return entries;
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
            for (int32_t tx = touched.x1; tx < touched.x2; tx++) {
                struct kd_plan_tile *tile =
                    &plan->tiles[(size_t)ty * (size_t)plan->grid.tiles_x + (size_t)tx];

                if (i >= tile->first_op)
                    lists[tile->list + tile->list_count++] = i;
            }
        }
    }
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
    uint64_t entries;

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
    entries = count_tiles(plan, ops, first);
    for (size_t i = 0; i < kd_grid_count(grid); i++)
        plan->tiles[i].key |= plan->tiles[i].key == 0; /* 0 means unknown */
    lists = kd_arena_alloc(arena, entries ? entries : 1, sizeof(*lists));
    if (!lists)
        return -ENOMEM;
    fill_lists(plan, ops, first, lists);
    plan->lists = lists;
    return 0;
}

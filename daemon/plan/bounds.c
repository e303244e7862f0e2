#include "plan/bounds.h"

#include <errno.h>

#include "base/hash.h"
#include "base/pool.h"

/* Tiles made in more steps are drawn as a whole: what could be saved is little, and steps take memory. */
#define MOST_STEPS 32

/* Nor are there many windows in a tile. */
#define MOST_LAYERS 8

static const struct kd_op *op_of(const struct kd_plan *plan, const struct kd_plan_tile *tile,
                                 uint32_t i)
{
    return &plan->ops[plan->lists[tile->list + i]];
}

static uint64_t step_key(const struct kd_plan *plan, const struct kd_ops *ops,
                         const struct kd_op *op, struct kd_box tile)
{
    uint64_t key = plan->op_keys[op - plan->ops];

    return op->has_tiles ? kd_op_key_in_tile(ops, op, key, tile, SIZE_MAX, 0) : key;
}

/* ---- Pictures -------------------------------------------------------------------------------- */

/* How a tile is made over what has this key. NULL: not worth knowing, or out of memory, which only costs speed. */
static struct kd_tile_origin *origin_make(const struct kd_plan *plan, const struct kd_ops *ops,
                                          size_t index, uint64_t base)
{
    const struct kd_plan_tile *tile = &plan->tiles[index];
    struct kd_box box = kd_grid_tile(plan->grid, index);
    struct kd_tile_origin *origin;

    if (!plan->lists || tile->list_count > MOST_STEPS)
        return NULL;
    origin = kd_pool_get(sizeof(*origin) + tile->list_count * sizeof(origin->steps[0]));
    if (!origin)
        return NULL;
    origin->pasts_count = 0;
    origin->base = tile->load == KD_LOAD_NONE ? 0 : base;
    origin->steps_count = tile->list_count;
    for (uint32_t i = 0; i < tile->list_count; i++) {
        const struct kd_op *op = op_of(plan, tile, i);

        origin->steps[i].key = step_key(plan, ops, op, box);
        origin->steps[i].box = kd_box_intersect(op->where, box);
    }
    return origin;
}

static void add_box(struct kd_box *bounds, struct kd_box box)
{
    *bounds = kd_box_empty(*bounds) ? box : kd_box_around(*bounds, box);
}

static void add_steps(struct kd_box *bounds, const struct kd_tile_step *steps, uint32_t from,
                      uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        add_box(bounds, steps[i].box);
}

/* The steps that both begin and end with show the same wherever none of the others is. */
static struct kd_box steps_between(const struct kd_tile_origin *one,
                                   const struct kd_tile_origin *other)
{
    uint32_t first = 0, one_end = one->steps_count, other_end = other->steps_count;
    struct kd_box bounds = {0, 0, 0, 0};

    while (first < one_end && first < other_end && one->steps[first].key == other->steps[first].key)
        first++;
    while (one_end > first && other_end > first &&
           one->steps[one_end - 1].key == other->steps[other_end - 1].key) {
        one_end--;
        other_end--;
    }
    add_steps(&bounds, one->steps, first, one_end);
    add_steps(&bounds, other->steps, first, other_end);
    return bounds;
}

/* Where the tile that was there before must be drawn to become what the plan says. */
static struct kd_box origin_bounds(const struct kd_plan *plan, size_t index,
                                   const struct kd_tile_origin *origin,
                                   const struct kd_tile *before)
{
    struct kd_box bounds = {0, 0, 0, 0};

    if (!origin || !before)
        return kd_grid_tile(plan->grid, index);
    if (plan->tiles[index].load == KD_LOAD_KEEP)
        add_steps(&bounds, origin->steps, 0, origin->steps_count);
    else if (before->origin && before->origin->base == origin->base)
        bounds = steps_between(origin, before->origin);
    return kd_box_empty(bounds) ? kd_grid_tile(plan->grid, index) : bounds;
}

/* A tile made so differs from the one before only in this box. */
static void add_past(struct kd_tile_origin *origin, const struct kd_tile *before,
                     struct kd_box changed)
{
    const struct kd_tile_origin *older = before->origin;

    origin->pasts[0] = (struct kd_tile_past){before->key, changed};
    origin->pasts_count = 1;
    for (uint32_t i = 0; older && i < older->pasts_count && i + 1 < KD_TILE_PASTS; i++)
        origin->pasts[origin->pasts_count++] =
            (struct kd_tile_past){older->pasts[i].key, kd_box_around(changed, older->pasts[i].box)};
}

static struct kd_tile_origin *look_at_tile(const struct kd_plan *plan, const struct kd_ops *ops,
                                           const struct kd_tile *before, size_t index,
                                           struct kd_box *bounds)
{
    struct kd_box tile = kd_grid_tile(plan->grid, index);
    bool keeps = plan->tiles[index].load == KD_LOAD_KEEP;
    uint64_t base = keeps ? before->key : kd_plan_base_key(ops->seed, plan->base_color, tile);
    struct kd_tile_origin *origin = origin_make(plan, ops, index, base);

    *bounds = origin_bounds(plan, index, origin, before);
    if (origin && before)
        add_past(origin, before, *bounds);
    return origin;
}

int kd_origins_init(struct kd_origins *origins, struct kd_arena *arena, const struct kd_plan *plan,
                    const struct kd_ops *ops, const struct kd_pixels *picture,
                    const uint32_t *tiles, uint32_t count)
{
    *origins =
        (struct kd_origins){.tiles = tiles,
                            .bounds = kd_arena_alloc(arena, count, sizeof(*origins->bounds)),
                            .list = kd_arena_alloc(arena, count, sizeof(struct kd_tile_origin *))};
    if (!origins->bounds || !origins->list)
        return -ENOMEM;
    for (; origins->count < count; origins->count++) {
        uint32_t i = origins->count;

        origins->list[i] =
            look_at_tile(plan, ops, picture->tiles[tiles[i]], tiles[i], &origins->bounds[i]);
    }
    return 0;
}

void kd_origins_attach(struct kd_origins *origins, struct kd_pixels *picture)
{
    for (uint32_t i = 0; i < origins->count; i++) {
        struct kd_tile *tile = picture->tiles[origins->tiles[i]];

        kd_pool_put(tile->origin);
        tile->origin = origins->list[i];
        origins->list[i] = NULL;
    }
}

void kd_origins_finish(struct kd_origins *origins)
{
    for (uint32_t i = 0; i < origins->count; i++)
        kd_pool_put(origins->list[i]);
    origins->count = 0;
}

/* ---- What shows pictures --------------------------------------------------------------------- */

/* A tile whose operations' keys are known, and what is asked about it. */
struct question {
    const struct kd_plan *plan;
    const struct kd_ops *ops;
    const struct kd_plan_tile *tile;
    struct kd_box box;
    uint64_t keys[MOST_LAYERS];    /* of the operations */
    uint64_t in_tile[MOST_LAYERS]; /* the same with the content of the sources */
    uint64_t base;
    uint64_t have;
};

/* Whether the tile is what it would be if one of its operations had another key. */
static bool would_be(const struct question *question, uint32_t which, uint64_t key)
{
    uint64_t all = question->ops->seed;

    for (uint32_t i = question->tile->list_count; i > 0; i--)
        all = kd_hash_mix(all, i - 1 == which ? key : question->in_tile[i - 1]);
    if (question->tile->load != KD_LOAD_NONE)
        all = kd_hash_mix(all, question->base);
    return (all | (all == 0)) == question->have;
}

/* The columns or rows of the target that those of the picture go to. */
static void scaled(int32_t *from, int32_t *to, int32_t shown, int32_t shown_length, int32_t length,
                   int32_t more)
{
    *from = shown + (int32_t)kd_floor_div((int64_t)(*from - more) * shown_length, length) - more;
    *to = shown + (int32_t)kd_floor_div((int64_t)(*to + more) * shown_length, length) + 1 + more;
}

/* A part of the source, where it is drawn to. */
static struct kd_box part_drawn(const struct question *question, const struct kd_op *op,
                                struct kd_box part)
{
    const struct kd_pixels *source = question->ops->sources[op->source];
    int32_t more = op->filter == KB_FILTER_BILINEAR ? 1 : 0;

    if (op->kind == KD_OP_BLIT) {
        part = kd_box_moved(part, op->where.x1 - op->src_x, op->where.y1 - op->src_y);
    } else {
        scaled(&part.x1, &part.x2, op->shown_x, op->shown_width, source->width_px, more);
        scaled(&part.y1, &part.y2, op->shown_y, op->shown_height, source->height_px, more);
    }
    return kd_box_intersect(kd_box_intersect(part, op->where), question->box);
}

/* One of the operation's source tiles may have been another when the target's tile was drawn. */
static bool ask_op(const struct question *question, uint32_t which, struct kd_box *bounds)
{
    const struct kd_op *op = op_of(question->plan, question->tile, which);
    const struct kd_pixels *source = question->ops->sources[op->source];
    struct kd_box px;

    if (!op->has_tiles || op->flags || (op->kind != KD_OP_BLIT && op->kind != KD_OP_SCALE))
        return false;
    px = kd_op_footprint(question->ops, op, kd_box_intersect(op->where, question->box));
    for (int32_t ty = px.y1 >> KD_TILE_SHIFT; ty <= (px.y2 - 1) >> KD_TILE_SHIFT; ty++)
        for (int32_t tx = px.x1 >> KD_TILE_SHIFT; tx <= (px.x2 - 1) >> KD_TILE_SHIFT; tx++) {
            size_t index = (size_t)ty * (size_t)source->tiles_x + (size_t)tx;
            const struct kd_tile_origin *origin = source->tiles[index]->origin;

            for (uint32_t i = 0; origin && i < origin->pasts_count; i++)
                if (would_be(question, which,
                             kd_op_key_in_tile(question->ops, op, question->keys[which],
                                               question->box, index, origin->pasts[i].key))) {
                    *bounds = part_drawn(question, op, origin->pasts[i].box);
                    return true;
                }
        }
    return false;
}

struct kd_box kd_plan_bounds(const struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                             uint64_t have)
{
    struct question question = {.plan = plan,
                                .ops = ops,
                                .tile = &plan->tiles[index],
                                .box = kd_grid_tile(plan->grid, index),
                                .have = have};
    struct kd_box bounds;

    if (!have || !plan->lists || question.tile->list_count > MOST_LAYERS)
        return question.box;
    question.base = kd_plan_base_key(ops->seed, plan->base_color, question.box);
    for (uint32_t i = 0; i < question.tile->list_count; i++) {
        const struct kd_op *op = op_of(plan, question.tile, i);

        question.keys[i] = plan->op_keys[op - plan->ops];
        question.in_tile[i] = step_key(plan, ops, op, question.box);
    }
    for (uint32_t i = 0; i < question.tile->list_count; i++)
        if (ask_op(&question, i, &bounds) && !kd_box_empty(bounds))
            return bounds;
    return question.box;
}

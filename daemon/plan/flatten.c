#include <errno.h>
#include <string.h>

#include "plan/flatten.h"

/* In place of an operation's index: there is none. */
#define NONE UINT32_MAX

/* A blit of a picture with a recipe, and what takes its place. */
struct inlined {
    const struct kd_plan *recipe;    /* NULL: the operation stays what it is */
    const struct kd_pixels *picture; /* of which tiles may be promised */
    int32_t dx, dy;                  /* from the picture's pixels to the target's */
    bool is_mixed;   /* some of its tiles have pixels: then its tiles are the target's */
    uint32_t base;   /* index of a fill with the base colour; of operations that stay, theirs */
    uint32_t ops;    /* index of the recipe's first operation */
    uint32_t *tiles; /* by tile of the picture: the blit of that tile; NONE: promised */
};

struct flat {
    const struct kd_plan *plan;
    struct inlined *inlined; /* by operation */
    struct kd_op *ops;
    struct kd_transform *transforms;
    const struct kd_pixels **sources;
    uint32_t *lists;
    uint32_t ops_count, transforms_count, sources_count;
    size_t lists_count;
};

bool kd_plan_can_inline(const struct kd_op *op, const struct kd_pixels *picture)
{
    return picture->recipe && op->kind == KD_OP_BLIT && op->blend == KB_BLEND_REPLACE &&
           op->flags == 0 && op->alpha == 255 && (op->color & 0xFFFFFF) == 0xFFFFFF;
}

/* ---- How much there will be ------------------------------------------------------------------- */

struct room {
    uint64_t ops, transforms, sources, lists;
};

static uint32_t sources_of(const struct kd_plan *plan)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan->ops_count; i++)
        if (plan->ops[i].kind != KD_OP_FILL && plan->ops[i].source >= count)
            count = plan->ops[i].source + 1;
    return count;
}

static uint32_t transforms_of(const struct kd_plan *plan)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < plan->ops_count; i++)
        if (plan->ops[i].kind == KD_OP_TRANSFORM && plan->ops[i].transform >= count)
            count = plan->ops[i].transform + 1;
    return count;
}

/* The picture's tiles that an operation shows in a box of the target. */
static struct kd_box touched_by(const struct inlined *in, const struct kd_op *op, struct kd_box box)
{
    return kd_grid_touched(kd_box_moved(kd_box_intersect(op->where, box), -in->dx, -in->dy));
}

static uint64_t list_room(const struct inlined *in, const struct kd_op *op, struct kd_box box)
{
    const struct kd_box touched = touched_by(in, op, box);
    uint64_t count = 1;

    for (int32_t ty = touched.y1; ty < touched.y2; ty++)
        for (int32_t tx = touched.x1; tx < touched.x2; tx++)
            count += 1 + in->recipe->tiles[ty * in->picture->tiles_x + tx].list_count;
    return count;
}

static void measure(const struct flat *flat, struct room *room)
{
    const struct kd_plan *plan = flat->plan;

    *room = (struct room){.sources = sources_of(plan), .transforms = transforms_of(plan)};
    for (uint32_t i = 0; i < plan->ops_count; i++) {
        const struct inlined *in = &flat->inlined[i];

        room->ops++;
        if (!in->recipe)
            continue;
        room->ops += in->recipe->ops_count + kd_pixels_tiles(in->picture);
        room->transforms += transforms_of(in->recipe);
        room->sources += sources_of(in->recipe);
    }
    for (size_t t = 0; t < kd_grid_count(plan->grid); t++) {
        const struct kd_plan_tile *tile = &plan->tiles[t];
        const struct kd_box box = kd_grid_tile(plan->grid, t);

        for (uint32_t i = 0; i < tile->list_count; i++) {
            const uint32_t op = plan->lists[tile->list + i];
            const struct inlined *in = &flat->inlined[op];

            room->lists += in->recipe ? list_room(in, &plan->ops[op], box) : 1;
        }
    }
}

/* ---- Operations ------------------------------------------------------------------------------- */

/* -EOPNOTSUPP: its numbers would not fit. */
static int add_transform(struct flat *flat, const struct kd_transform *from,
                         const struct inlined *in)
{
    struct kd_transform *to = &flat->transforms[flat->transforms_count];
    int64_t x0 = from->x0 - (int64_t)from->xx * in->dx - (int64_t)from->xy * in->dy;
    int64_t y0 = from->y0 - (int64_t)from->yx * in->dx - (int64_t)from->yy * in->dy;

    if (x0 < INT32_MIN || x0 > INT32_MAX || y0 < INT32_MIN || y0 > INT32_MAX)
        return -EOPNOTSUPP;
    *to = *from;
    to->x0 = (int32_t)x0;
    to->y0 = (int32_t)y0;
    flat->transforms_count++;
    return 0;
}

/* Leaves of an operation what is in clip: perhaps nothing, but it keeps its index. */
static void cut(struct kd_op *op, struct kd_box clip)
{
    const struct kd_box where = kd_box_intersect(op->where, clip);
    const int32_t right = where.x1 - op->where.x1, down = where.y1 - op->where.y1;

    op->where = kd_box_empty(where) ? (struct kd_box){0, 0, 0, 0} : where;
    if (op->kind == KD_OP_BLIT && !kd_box_empty(where)) {
        op->src_x += op->flags & KB_BLIT_FLAG_FLIP_X ? -right : right;
        op->src_y += op->flags & KB_BLIT_FLAG_FLIP_Y ? -down : down;
    }
}

/* The recipe's operations where the blit shows them. */
static int add_recipe(struct flat *flat, const struct inlined *in, struct kd_box where)
{
    const uint32_t transforms = flat->transforms_count, sources = flat->sources_count;
    int error = 0;

    for (uint32_t i = 0; i < transforms_of(in->recipe) && !error; i++)
        error = add_transform(flat, &in->recipe->transforms[i], in);
    for (uint32_t i = 0; i < sources_of(in->recipe); i++)
        flat->sources[flat->sources_count++] = in->recipe->sources[i];
    for (uint32_t i = 0; i < in->recipe->ops_count && !error; i++) {
        struct kd_op *op = &flat->ops[flat->ops_count++];
        struct kd_box cover;

        *op = in->recipe->ops[i];
        op->where = kd_box_moved(op->where, in->dx, in->dy);
        if (op->kind != KD_OP_FILL)
            op->source += sources;
        if (op->kind == KD_OP_TRANSFORM)
            op->transform += transforms;
        cover = kd_box_intersect(kd_box_moved(kd_cover_box(op->cover), in->dx, in->dy), where);
        op->cover = kd_cover_of(kd_box_empty(cover) ? (struct kd_box){0, 0, 0, 0} : cover);
        cut(op, where);
    }
    return error;
}

/* Tiles of the picture that have pixels are blits of their own, after all operations of the recipe: what those draw across them is hidden. */
static void add_drawn_tiles(struct flat *flat, struct inlined *in, const struct kd_op *blit)
{
    for (size_t i = 0; i < kd_pixels_tiles(in->picture); i++) {
        struct kd_op *op = &flat->ops[flat->ops_count];

        in->tiles[i] = NONE;
        if (kd_tile_is_promised(in->picture->tiles[i]))
            continue;
        *op = *blit;
        cut(op, kd_box_moved(kd_pixels_tile_box(in->picture, i), in->dx, in->dy));
        in->tiles[i] = flat->ops_count++;
    }
}

static int add_op(struct flat *flat, struct kd_arena *arena, uint32_t index)
{
    const struct kd_op *from = &flat->plan->ops[index];
    struct inlined *in = &flat->inlined[index];
    int error;

    in->base = flat->ops_count;
    flat->ops[flat->ops_count++] = *from;
    if (!in->recipe)
        return 0;
    flat->ops[in->base] = (struct kd_op){.kind = KD_OP_FILL,
                                         .blend = KB_BLEND_REPLACE,
                                         .alpha = 255,
                                         .color = in->recipe->base_color,
                                         .where = from->where,
                                         .is_opaque = true};
    in->ops = flat->ops_count;
    in->tiles = kd_arena_alloc(arena, kd_pixels_tiles(in->picture), sizeof(*in->tiles));
    if (!in->tiles)
        return -ENOMEM;
    error = add_recipe(flat, in, from->where);
    if (!error)
        add_drawn_tiles(flat, in, from);
    return error;
}

/* ---- Lists ------------------------------------------------------------------------------------ */

/* A list of each of up to four tiles of a picture that one tile of the target shows. */
struct heads {
    const uint32_t *at[4], *end[4];
    unsigned count;
};

/* The next operation in drawing order that is in any of them; NONE. */
static uint32_t next_of(struct heads *heads)
{
    uint32_t least = NONE;

    for (unsigned i = 0; i < heads->count; i++)
        if (heads->at[i] < heads->end[i] && *heads->at[i] < least)
            least = *heads->at[i];
    for (unsigned i = 0; i < heads->count; i++)
        if (heads->at[i] < heads->end[i] && *heads->at[i] == least)
            heads->at[i]++;
    return least;
}

/* What a tile of the target shows of a picture. Operations that one of the picture's tiles hides, and another one does not, are drawn in both: what hides them comes later. */
static void list_inlined(struct flat *flat, const struct inlined *in, const struct kd_op *blit,
                         struct kd_box box)
{
    const struct kd_box touched = touched_by(in, blit, box);
    const uint32_t at = (uint32_t)(touched.y1 * in->picture->tiles_x + touched.x1);
    struct heads heads = {.count = 0};
    bool has_base = false;

    if (in->tiles[at] != NONE) { /* then it is the only one: see is_mixed */
        flat->lists[flat->lists_count++] = in->tiles[at];
        return;
    }
    for (int32_t ty = touched.y1; ty < touched.y2; ty++)
        for (int32_t tx = touched.x1; tx < touched.x2; tx++) {
            const struct kd_plan_tile *tile = &in->recipe->tiles[ty * in->picture->tiles_x + tx];

            heads.at[heads.count] = in->recipe->lists + tile->list;
            heads.end[heads.count] = heads.at[heads.count] + tile->list_count;
            heads.count++;
            has_base = has_base || tile->load == KD_LOAD_BASE;
        }
    if (has_base)
        flat->lists[flat->lists_count++] = in->base;
    for (uint32_t op; (op = next_of(&heads)) != NONE;)
        flat->lists[flat->lists_count++] = in->ops + op;
}

static void list_tile(struct flat *flat, struct kd_plan_tile *tile, struct kd_box box)
{
    const uint32_t first = tile->list, count = tile->list_count;

    tile->list = (uint32_t)flat->lists_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = flat->plan->lists[first + i];
        const struct inlined *in = &flat->inlined[index];

        if (in->recipe)
            list_inlined(flat, in, &flat->plan->ops[index], box);
        else
            flat->lists[flat->lists_count++] = in->base;
    }
    tile->list_count = (uint32_t)(flat->lists_count - tile->list);
}

/* ---- The plan --------------------------------------------------------------------------------- */

/* Which operations are inlined. -EOPNOTSUPP, -ENOMEM. */
static int choose(struct flat *flat, struct kd_arena *arena)
{
    const struct kd_plan *plan = flat->plan;

    flat->inlined = kd_arena_alloc(arena, (size_t)plan->ops_count + 1, sizeof(*flat->inlined));
    if (!flat->inlined)
        return -ENOMEM;
    memset(flat->inlined, 0, plan->ops_count * sizeof(*flat->inlined));
    for (uint32_t i = 0; i < plan->ops_count; i++) {
        const struct kd_op *op = &plan->ops[i];
        const struct kd_pixels *picture = op->kind == KD_OP_FILL ? NULL : plan->sources[op->source];
        struct inlined *in = &flat->inlined[i];

        if (!picture || !picture->recipe)
            continue;
        if (!kd_plan_can_inline(op, picture))
            return -EOPNOTSUPP;
        *in = (struct inlined){.recipe = picture->recipe->plan,
                               .picture = picture,
                               .dx = op->where.x1 - op->src_x,
                               .dy = op->where.y1 - op->src_y};
        for (size_t t = 0; t < kd_pixels_tiles(picture); t++)
            in->is_mixed = in->is_mixed || !kd_tile_is_promised(picture->tiles[t]);
        if (in->is_mixed && ((in->dx | in->dy) & (KD_TILE_PX - 1)))
            return -EOPNOTSUPP;
    }
    return 0;
}

/* -ENOMEM. */
static int make_room(struct flat *flat, struct kd_arena *arena)
{
    struct room room;

    measure(flat, &room);
    if (room.ops > UINT32_MAX / 2 || room.lists > UINT32_MAX / 2)
        return -EOPNOTSUPP;
    flat->ops = kd_arena_alloc(arena, room.ops + 1, sizeof(*flat->ops));
    flat->transforms = kd_arena_alloc(arena, room.transforms + 1, sizeof(*flat->transforms));
    flat->sources = kd_arena_alloc(arena, room.sources + 1, sizeof(*flat->sources));
    flat->lists = kd_arena_alloc(arena, room.lists + 1, sizeof(*flat->lists));
    return flat->ops && flat->transforms && flat->sources && flat->lists ? 0 : -ENOMEM;
}

int kd_plan_flatten(const struct kd_plan *plan, struct kd_arena *arena, struct kd_plan *out)
{
    struct flat flat = {.plan = plan};
    int error = plan->lists ? choose(&flat, arena) : -EOPNOTSUPP;

    if (!error)
        error = make_room(&flat, arena);
    if (error)
        return error;
    flat.sources_count = sources_of(plan);
    flat.transforms_count = transforms_of(plan);
    memcpy(flat.sources, plan->sources, flat.sources_count * sizeof(*flat.sources));
    if (flat.transforms_count)
        memcpy(flat.transforms, plan->transforms, flat.transforms_count * sizeof(*flat.transforms));
    for (uint32_t i = 0; i < plan->ops_count && !error; i++)
        error = add_op(&flat, arena, i);
    *out = *plan;
    out->tiles = kd_arena_alloc(arena, kd_grid_count(plan->grid), sizeof(*out->tiles));
    if (error || !out->tiles)
        return error ? error : -ENOMEM;
    memcpy(out->tiles, plan->tiles, kd_grid_count(plan->grid) * sizeof(*out->tiles));
    for (size_t i = 0; i < kd_grid_count(plan->grid); i++)
        list_tile(&flat, &out->tiles[i], kd_grid_tile(plan->grid, i));
    out->ops = flat.ops;
    out->ops_count = flat.ops_count;
    out->transforms = flat.transforms;
    out->sources = flat.sources;
    out->lists = flat.lists;
    out->op_keys = NULL;
    return 0;
}

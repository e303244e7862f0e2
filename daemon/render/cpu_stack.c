/*
 * What shows of the operations in some tiles beside each other, found from the last to the first, so that only that is drawn; in painter's order
 * all the same.
 *
 * A tile is 8 columns of 8 pixels, and each column 64 rows: the bits of a word. An operation hides those of them that it makes opaque, which its
 * source's sections know without a look at pixels; whatever is before it is drawn only where nothing after it hides it. Since only what will be
 * overwritten is left out, pixels are the same. Drawing goes down the columns, where neighbours are mostly of one sort.
 */
#include <string.h>

#include "base/switches.h"
#include "render/cpu.h"

static uint64_t first_rows(int32_t count)
{
    return UINT64_MAX >> (64 - count);
}

/* How an operation can be drawn. */
struct look {
    struct kd_box part;         /* in the tile's pixels, from its corner */
    const struct kd_tile *from; /* what a blit's source has there */
    int32_t src_x, src_y;       /* in that tile */
    bool in_columns;            /* else as a whole */
};

static bool replaces(const struct kd_op *op)
{
    return op->is_opaque && op->blend <= KB_BLEND_PREMULTIPLIED;
}

/* Where a blit's part lies in its source, if that is one tile. */
static bool find_source(const struct kd_cpu_tile *tile, const struct kd_op *op, struct look *look)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    int32_t shift = source->tile_shift, mask = (int32_t)((UINT32_C(1) << shift) - 1);
    int32_t x = op->src_x + look->part.x1 + tile->box.x1 - op->where.x1;
    int32_t y = op->src_y + look->part.y1 + tile->box.y1 - op->where.y1;
    int32_t last_x = x + kd_box_width(look->part) - 1, last_y = y + kd_box_height(look->part) - 1;

    if (x >> shift != last_x >> shift || y >> shift != last_y >> shift)
        return false;
    look->from =
        source->tiles[(size_t)(y >> shift) * (size_t)source->tiles_x + (size_t)(x >> shift)];
    if (look->from->block && (look->part.x1 | look->part.x2) % KD_PIX_COLUMN_PX)
        return false; /* what lies beside it is not its own, and may be written just now */
    look->src_x = x & mask;
    look->src_y = y & mask;
    return true;
}

/* Only what `over` draws: what is opaque throughout may be said to replace. */
static bool is_in_columns(const struct kd_cpu_tile *tile, const struct kd_op *op, struct look *look)
{
    const struct kd_pixels *source;

    if (op->kind == KD_OP_FILL)
        return op->blend == KB_BLEND_OVER || (replaces(op) && op->color >> 24 == 255);
    if (op->kind != KD_OP_BLIT || !kd_cpu_is_plain(op) || !find_source(tile, op, look))
        return false;
    source = tile->plan->sources[op->source];
    if (op->blend == KB_BLEND_REPLACE)
        return source->kind == KD_SOURCE_OPAQUE ||
               (look->from->sections && look->from->sections->content == KD_CONTENT_OPAQUE);
    return op->blend == KB_BLEND_OVER;
}

/* Fills in the columns, and hides what is below them. Returns whether anything shows. */
static bool look_at_columns(struct kd_cpu_stack *stack, const struct kd_op *op,
                            const struct look *look, struct kd_pix_column *columns)
{
    const struct kd_sections *sections =
        look->in_columns && look->from && !op->is_opaque ? look->from->sections : NULL;
    struct kd_box part = look->part;
    uint64_t rows = first_rows(kd_box_height(part)), any = 0;
    int32_t src_x = look->src_x - part.x1;

    for (int32_t x = part.x1 & -KD_PIX_COLUMN_PX; x < part.x2; x += KD_PIX_COLUMN_PX, columns++) {
        uint64_t *covered = &stack->covered[x / KD_PIX_COLUMN_PX], opaque = 0;
        uint64_t shows = ~*covered >> part.y1 & rows;

        if (x >= part.x1 && x + KD_PIX_COLUMN_PX <= part.x2) {
            if (op->is_opaque)
                opaque = rows;
            else if (sections)
                opaque = kd_sections_opaque_rows(sections, src_x + x, look->src_y) & rows;
        }
        *covered |= opaque << part.y1;
        columns->copy = shows & opaque;
        columns->blend = shows & ~opaque;
        any |= shows;
    }
    return any != 0;
}

/* False: there is no room. */
static bool put(struct kd_cpu_stack *stack, const struct kd_cpu_tile *tile, const struct kd_op *op,
                struct kd_box clip)
{
    struct look look = {
        .part = kd_box_moved(kd_box_intersect(op->where, clip), -tile->box.x1, -tile->box.y1)};
    struct kd_box part = look.part;
    struct kd_cpu_shown *shown;
    size_t columns, bytes;

    if (kd_box_empty(part))
        return true;
    columns = (size_t)((part.x2 - 1) / KD_PIX_COLUMN_PX - part.x1 / KD_PIX_COLUMN_PX + 1);
    bytes = sizeof(*shown) + columns * sizeof(shown->columns[0]);
    if (stack->at < bytes)
        return false;
    shown = (struct kd_cpu_shown *)(void *)((unsigned char *)stack->room + stack->at - bytes);
    look.in_columns = is_in_columns(tile, op, &look);
    if (!look_at_columns(stack, op, &look, shown->columns))
        return true;
    stack->at -= bytes;
    shown->op = op;
    shown->count = (uint16_t)columns;
    shown->in_columns = look.in_columns;
    shown->x1 = (int16_t)part.x1;
    shown->y1 = (int16_t)part.y1;
    shown->x2 = (int16_t)part.x2;
    shown->y2 = (int16_t)part.y2;
    if (look.from) {
        shown->stride_px = look.from->stride_px;
        shown->pixels = look.from->pixels + (size_t)look.src_y * look.from->stride_px + look.src_x;
    }
    return true;
}

static bool all_covered(const struct kd_cpu_stack *stack, const struct kd_cpu_tile *tile)
{
    uint64_t rows = first_rows(kd_box_height(tile->box));

    for (int32_t i = 0; i < kd_box_width(tile->box) / KD_PIX_COLUMN_PX; i++)
        if (rows & ~stack->covered[i])
            return false;
    return true;
}

/* Lists say which operations come, and that they lie anywhere. */
#define AHEAD 3

static void prefetch(const struct kd_op *op)
{
    __builtin_prefetch(op);
    __builtin_prefetch((const char *)(op + 1) - 1);
}

/* The last operation of the lists, and what is drawn of it: as next_op() of cpu.c, from the other end, but that it stays in them. */
static bool last_op(const struct kd_cpu_lists *lists, uint32_t *op, struct kd_box *clip)
{
    const struct kd_draw_place *place = lists->place;
    uint32_t first = 0, last = 0, most = 0;
    bool is_any = false;

    for (uint32_t i = 0; i < place->count; i++) {
        const struct kd_plan_tile *tile = kd_cpu_planned(lists->draw, place->at + i);
        uint32_t here;

        if (place->ops[i] == lists->ends[i])
            continue;
        here = kd_cpu_op(lists->plan, tile, lists->ends[i] - 1);
        if (!is_any || here > most) {
            most = here;
            first = i;
        }
        last = here == most ? i : last;
        is_any = true;
    }
    clip->x1 = kd_draw_box(lists->draw, place->at + first).x1;
    clip->x2 = kd_draw_box(lists->draw, place->at + last).x2;
    *op = most;
    return is_any;
}

static void take_op(struct kd_cpu_lists *lists, uint32_t op)
{
    const struct kd_plan *plan = lists->plan;

    for (uint32_t i = 0; i < lists->place->count; i++) {
        const struct kd_plan_tile *tile = kd_cpu_planned(lists->draw, lists->place->at + i);

        if (lists->place->ops[i] == lists->ends[i] ||
            kd_cpu_op(plan, tile, lists->ends[i] - 1) != op)
            continue;
        lists->ends[i]--;
        if (lists->ends[i] > AHEAD)
            prefetch(&plan->ops[kd_cpu_op(plan, tile, lists->ends[i] - 1 - AHEAD)]);
    }
}

/* No more operations are looked at, of which most may have been hidden: it is done again by whoever goes on with the tiles. */
#define MOST_LOOKED_AT 4096

/* Of one operation there is nothing to be left out. */
static bool is_several(const struct kd_cpu_lists *lists)
{
    for (uint32_t i = 0; i < lists->place->count; i++)
        if (lists->ends[i] > lists->place->ops[i] + 1)
            return true;
    return false;
}

void kd_cpu_stack_look(struct kd_cpu_stack *stack, const struct kd_cpu_tile *tile,
                       struct kd_cpu_lists *lists)
{
    struct kd_box clip = tile->box;
    uint32_t op;

    stack->at = sizeof(stack->room);
    if (kd_box_width(tile->box) % KD_PIX_COLUMN_PX || !is_several(lists) ||
        !kd_switch_is_on(KD_SWITCH_STACK))
        return;
    memset(stack->covered, 0, sizeof(stack->covered));
    for (unsigned n = 1; n <= MOST_LOOKED_AT && last_op(lists, &op, &clip); n++) {
        if (!put(stack, tile, &lists->plan->ops[op], clip))
            return;
        take_op(lists, op);
        if (n % 8 == 0 && all_covered(stack, tile)) {
            memcpy(lists->ends, lists->place->ops, sizeof(lists->ends));
            return;
        }
    }
}

const struct kd_cpu_shown *kd_cpu_stack_next(struct kd_cpu_stack *stack)
{
    const struct kd_cpu_shown *shown;

    if (stack->at == sizeof(stack->room))
        return NULL;
    shown = (const struct kd_cpu_shown *)(const void *)((unsigned char *)stack->room + stack->at);
    stack->at += sizeof(*shown) + shown->count * sizeof(shown->columns[0]);
    return shown;
}

void kd_cpu_draw_shown(const struct kd_cpu_tile *tile, const struct kd_cpu_shown *shown)
{
    const struct kd_op *op = shown->op;
    int32_t left = shown->x1 & -KD_PIX_COLUMN_PX;
    struct kd_pix_columns columns = {.dst =
                                         tile->pixels + (size_t)shown->y1 * tile->stride_px + left,
                                     .dst_stride_px = tile->stride_px,
                                     .list = shown->columns,
                                     .count = shown->count,
                                     .first_px = (uint32_t)(shown->x1 - left),
                                     .end_px = (uint32_t)((shown->x2 - 1) % KD_PIX_COLUMN_PX + 1)};

    if (op->kind == KD_OP_FILL)
        tile->pix->fill_columns[tile->plan->target](&columns, op->color);
    else
        tile->pix->blit_columns[tile->plan->target][tile->plan->sources[op->source]->kind](
            &columns, shown->pixels - columns.first_px, shown->stride_px);
}

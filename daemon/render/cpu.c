/*
 * The CPU renderer: tile by tile, operation by operation, row by row, with the kernels of pix/.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/switches.h"
#include "pix/pix.h"
#include "render/cpu.h"
#include "render/render.h"

/* For images as transforms show them: some hundred sprites. */
#define KEPT_BYTES ((size_t)16 << 20)

struct cpu_renderer {
    struct kd_renderer base;
    const struct kd_pix *pix;
    struct kd_kept *kept; /* owned */
};

static void draw_fill(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    kd_pix_fill_fn *fill = tile->pix->fill[tile->plan->target][op->blend];

    for (int32_t y = part.y1; y < part.y2; y++)
        fill(kd_cpu_row(tile, part.x1, y), (size_t)kd_box_width(part), op->color);
}

/* count_px source pixels from (x, y) to the right, in one piece: in place where they lie so, else copied to scratch. */
static const uint32_t *source_row(const struct kd_pixels *source, int32_t x, int32_t y,
                                  int32_t count_px, uint32_t *scratch)
{
    int32_t run_px;
    const uint32_t *row = kd_pixels_at(source, x, y, &run_px);

    if (run_px >= count_px)
        return row;
    kd_pixels_read(source, (struct kd_box){x, y, x + count_px, y + 1}, scratch, (size_t)count_px);
    return scratch;
}

void kd_cpu_blend_row(const struct kd_cpu_tile *tile, const struct kd_op *op,
                      enum kd_source_kind kind, int32_t x, int32_t y, const uint32_t *row,
                      int32_t width)
{
    const struct kd_pix *pix = tile->pix;
    uint32_t tinted[KD_TILE_PX];

    if ((op->color & 0xFFFFFF) != 0xFFFFFF || op->alpha != 255) {
        pix->modulate(tinted, row, (size_t)width, kind, op->color, op->alpha);
        kind = kd_source_kind_modulated(kind, op->alpha);
        row = tinted;
    }
    pix->blit[tile->plan->target][kind][op->blend](kd_cpu_row(tile, x, y), row, (size_t)width);
}

void kd_cpu_draw_blit(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    const struct kd_pixels *source = tile->plan->sources[op->source];
    int32_t width = kd_box_width(part);
    int32_t dx = part.x1 - op->where.x1, dy = part.y1 - op->where.y1;
    int32_t src_x = op->flags & KB_BLIT_FLAG_FLIP_X ? op->src_x - dx - width + 1 : op->src_x + dx;
    uint32_t copied[KD_TILE_PX], mirrored[KD_TILE_PX];

    for (int32_t y = part.y1; y < part.y2; y++, dy++) {
        int32_t src_y = op->flags & KB_BLIT_FLAG_FLIP_Y ? op->src_y - dy : op->src_y + dy;
        const uint32_t *row = source_row(source, src_x, src_y, width, copied);

        if (op->flags & KB_BLIT_FLAG_FLIP_X) {
            tile->pix->reverse(mirrored, row, (size_t)width);
            row = mirrored;
        }
        kd_cpu_blend_row(tile, op, source->kind, part.x1, y, row, width);
    }
}

/* What draws within one tile. */
static void draw_in_tile(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    if (op->kind == KD_OP_TRANSFORM)
        kd_cpu_draw_transformed(tile, op, part);
    else if (op->flags & KD_OP_TURNED || (op->kind == KD_OP_SCALE && op->flags))
        kd_cpu_draw_turned(tile, op, part);
    else if (op->kind == KD_OP_SCALE)
        kd_cpu_draw_scaled(tile, op, part);
    else
        kd_cpu_draw_blit(tile, op, part);
}

static void draw_op(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box clip)
{
    struct kd_box part = kd_box_intersect(op->where, clip);

    if (kd_box_empty(part))
        return;
    if (op->kind == KD_OP_FILL) {
        draw_fill(tile, op, part);
    } else if (op->kind == KD_OP_BLIT && kd_cpu_is_plain(op)) {
        kd_cpu_draw_plain(tile, op, part);
    } else {
        for (struct kd_box piece = part; piece.x1 < part.x2; piece.x1 = piece.x2) {
            piece.x2 = kd_min((piece.x1 | (KD_TILE_PX - 1)) + 1, part.x2);
            draw_in_tile(tile, op, piece);
        }
    }
}

static void draw_base(const struct kd_cpu_tile *tile, struct kd_box part)
{
    kd_pix_fill_fn *fill = tile->pix->fill[tile->plan->target][KB_BLEND_REPLACE];

    for (int32_t y = part.y1; y < part.y2; y++)
        fill(kd_cpu_row(tile, part.x1, y), (size_t)kd_box_width(part), tile->plan->base_color);
}

/* ---- Tiles ---------------------------------------------------------------------------------- */

/* How many tiles from the first on are drawn as one box. */
static uint32_t count_together(const struct kd_draw *draw, const struct kd_draw_place *place,
                               struct kd_box *all)
{
    uint32_t count = 1;

    *all = kd_draw_box(draw, place->at);
    for (; place->at + count < place->end; count++) {
        struct kd_box box = kd_draw_box(draw, place->at + count);

        if (box.x1 != all->x2 || box.y1 != all->y1 || box.y2 != all->y2)
            break;
        all->x2 = box.x2;
    }
    return count;
}

/* The picture's tiles become its own. Those that do not lie beside the first are left for later. */
static int open_in_picture(struct kd_draw *draw, struct kd_draw_place *place,
                           struct kd_cpu_tile *tile)
{
    const uint32_t index = draw->tiles[place->at];
    const struct kd_box whole = kd_grid_tile(draw->plan->grid, index), none = {0, 0, 0, 0};
    struct kd_tile *const *own = &draw->picture->tiles[index];
    bool keeps = false;
    uint32_t count = 1;

    for (uint32_t i = 0; i < place->count; i++)
        keeps = keeps || kd_cpu_planned(draw, place->at + i)->load == KD_LOAD_KEEP;
    if (!kd_pixels_own_run(draw->picture, index, place->count, keeps ? none : tile->box))
        return -ENOMEM;
    while (count < place->count && kd_tiles_are_beside(own[count - 1], own[count]))
        count++;
    place->count = count;
    tile->box.x2 = kd_draw_box(draw, place->at + count - 1).x2;
    tile->stride_px = own[0]->stride_px;
    tile->pixels = own[0]->pixels + (size_t)(tile->box.y1 - whole.y1) * own[0]->stride_px +
                   (tile->box.x1 - whole.x1);
    return 0;
}

static void open_in_buffer(struct kd_draw *draw, unsigned number, struct kd_cpu_tile *tile)
{
    const struct kd_draw_place *place = &draw->places[number];
    struct kd_buffer *buffer = draw->buffer;
    uint32_t *beside = buffer->drawn_tiles;

    tile->stride_px = beside ? (size_t)KD_RUN_PX : buffer->stride_px;
    tile->pixels = beside
                       ? beside + (size_t)number * KD_RUN_PX * KD_TILE_PX
                       : buffer->pixels + (size_t)tile->box.y1 * buffer->stride_px + tile->box.x1;
    for (uint32_t i = 0; i < place->count; i++)
        buffer->tile_keys[draw->tiles[place->at + i]] = 0;
}

/* Makes some of the place's tiles ready to be drawn into, or those that somebody began. */
static int open_tiles(struct kd_draw *draw, unsigned number, struct kd_cpu_tile *tile)
{
    struct kd_draw_place *place = &draw->places[number];
    const bool begins = place->count == 0;
    const uint32_t count = count_together(draw, place, &tile->box);
    int error = 0;

    if (begins) {
        place->count = count;
        memset(place->ops, 0, sizeof(place->ops));
    }
    tile->box.x2 = kd_draw_box(draw, place->at + place->count - 1).x2;
    if (draw->picture)
        error = open_in_picture(draw, place, tile);
    else
        open_in_buffer(draw, number, tile);
    for (uint32_t i = 0; begins && !error && i < place->count; i++)
        if (kd_cpu_planned(draw, place->at + i)->load == KD_LOAD_BASE)
            draw_base(tile, kd_draw_box(draw, place->at + i));
    return error;
}

/* What was drawn beside its buffer goes there. */
static void store_tiles(struct kd_buffer *buffer, const struct kd_cpu_tile *tile)
{
    int32_t width = kd_box_width(tile->box);

    for (int32_t y = tile->box.y1; y < tile->box.y2; y++) {
        size_t at = (size_t)y * buffer->stride_px + (size_t)tile->box.x1;
        const uint32_t *row = kd_cpu_row(tile, tile->box.x1, y);

        if (buffer->format == KB_FORMAT_XRGB8888)
            memcpy(buffer->pixels + at, row, (size_t)width * sizeof(uint32_t));
        else
            tile->pix->narrow_565(buffer->pixels_565 + at, row, (size_t)width);
    }
}

/* The place goes on with what is left of its tiles. */
static void close_tiles(struct kd_draw *draw, struct kd_draw_place *place,
                        const struct kd_cpu_tile *tile)
{
    if (draw->buffer && draw->buffer->drawn_tiles)
        store_tiles(draw->buffer, tile);
    for (; place->count > 0; place->count--, place->at++) {
        uint32_t index = draw->tiles[place->at];
        uint64_t key = draw->plan->tiles[index].key;

        if (draw->picture)
            draw->picture->tiles[index]->key = key;
        else
            draw->buffer->tile_keys[index] = key;
    }
}

/* The next operation of the lists, in drawing order, and what is drawn of it: from the first to the last one of the tiles that it shows
 * in. What lies between is hidden by later ones, or has it, too. False: there is none. */
static bool next_op(const struct kd_cpu_lists *lists, uint32_t *op, struct kd_box *clip)
{
    const struct kd_draw *draw = lists->draw;
    struct kd_draw_place *place = lists->place;
    uint32_t first = 0, last = 0, least = UINT32_MAX;

    for (uint32_t i = 0; i < place->count; i++) {
        uint32_t here;

        if (place->ops[i] == lists->ends[i])
            continue;
        here = kd_cpu_op(lists->plan, kd_cpu_planned(draw, place->at + i), place->ops[i]);
        if (here < least) {
            least = here;
            first = i;
        }
        last = here == least ? i : last;
    }
    if (least == UINT32_MAX)
        return false;
    for (uint32_t i = first; i <= last; i++)
        if (place->ops[i] < lists->ends[i] &&
            kd_cpu_op(lists->plan, kd_cpu_planned(draw, place->at + i), place->ops[i]) == least)
            place->ops[i]++;
    clip->x1 = kd_draw_box(draw, place->at + first).x1;
    clip->x2 = kd_draw_box(draw, place->at + last).x2;
    *op = least;
    return true;
}

/* The clock is looked at after so many operations. */
#define OPS_AT_ONCE 8

/* Whoever goes on with the place's tiles begins with this operation. */
static void stop_before(const struct kd_cpu_lists *lists, uint32_t op)
{
    struct kd_draw_place *place = lists->place;

    for (uint32_t i = 0; i < place->count; i++) {
        const struct kd_plan_tile *tile = kd_cpu_planned(lists->draw, place->at + i);

        while (place->ops[i] < kd_cpu_ops(lists->plan, tile) &&
               kd_cpu_op(lists->plan, tile, place->ops[i]) < op)
            place->ops[i]++;
    }
}

static bool draw_stack(const struct kd_cpu_lists *lists, const struct kd_cpu_tile *tile,
                       struct kd_cpu_stack *stack, int64_t until_ns)
{
    const struct kd_cpu_shown *shown;

    for (uint32_t n = 0; (shown = kd_cpu_stack_next(stack)) != NULL; n++) {
        const struct kd_box part = {shown->x1, shown->y1, shown->x2, shown->y2};

        if (n % OPS_AT_ONCE == OPS_AT_ONCE - 1 && kd_clock_real_ns() > until_ns) {
            stop_before(lists, (uint32_t)(shown->op - lists->plan->ops));
            return false;
        }
        if (shown->in_columns)
            kd_cpu_draw_shown(tile, shown);
        else
            draw_op(tile, shown->op, kd_box_moved(part, tile->box.x1, tile->box.y1));
    }
    return true;
}

/* Draws the tiles' operations until they are complete (true) or the time is over. */
static bool draw_tiles(const struct kd_draw *draw, struct kd_draw_place *place,
                       const struct kd_cpu_tile *tile, int64_t until_ns)
{
    struct kd_cpu_lists lists = {.plan = draw->plan, .draw = draw, .place = place};
    struct kd_box clip = tile->box;
    struct kd_cpu_stack stack;
    uint32_t op;

    for (uint32_t i = 0; i < place->count; i++)
        lists.ends[i] = kd_cpu_ops(draw->plan, kd_cpu_planned(draw, place->at + i));
    kd_cpu_stack_look(&stack, tile, &lists);
    for (uint32_t n = 1; next_op(&lists, &op, &clip); n++) {
        draw_op(tile, &draw->plan->ops[op], clip);
        if (n % OPS_AT_ONCE == 0 && kd_clock_real_ns() > until_ns)
            return false;
    }
    return draw_stack(&lists, tile, &stack, until_ns);
}

/* ---- Slices --------------------------------------------------------------------------------- */

/* A place with a tile to go on with. False: none waits. */
static bool resume_place(struct kd_draw *draw, unsigned *number)
{
    unsigned waiting;

    while ((waiting = atomic_load(&draw->places_waiting)) != 0) {
        unsigned bit = waiting & -waiting;

        if (atomic_fetch_and(&draw->places_waiting, ~bit) & bit) { /* else another one was faster */
            *number = (unsigned)__builtin_ctz(bit);
            return true;
        }
    }
    return false;
}

/* A place that nobody has. There is one: whoever takes one saw that none waited, so all that were taken then belonged to other workers that draw now,
 * and those are fewer than KD_DRAW_WORKERS. */
static unsigned take_place(struct kd_draw *draw)
{
    unsigned taken = atomic_load(&draw->places_taken), bit;

    do {
        bit = ~taken & -~taken;
    } while (!atomic_compare_exchange_weak(&draw->places_taken, &taken, taken | bit));
    return (unsigned)__builtin_ctz(bit);
}

/* One after the last tile of a run that begins with this one. */
static uint32_t run_end(const struct kd_draw *draw, uint32_t at)
{
    uint32_t end = at + 1;

    while (kd_switch_is_on(KD_SWITCH_RUNS) && end < draw->tiles_count &&
           draw->tiles[end] == draw->tiles[end - 1] + 1 &&
           kd_grid_in_run(draw->plan->grid, draw->tiles[end]) > 0)
        end++;
    return end;
}

/* Tiles to be drawn, and the place for them. False: there are none, or others draw them. */
static bool begin_tiles(struct kd_draw *draw, unsigned *number)
{
    unsigned next = atomic_load(&draw->next_tile), end;

    if (resume_place(draw, number))
        return true;
    do {
        if (next >= draw->tiles_count)
            return false;
        end = run_end(draw, next);
    } while (!atomic_compare_exchange_weak(&draw->next_tile, &next, end));
    *number = take_place(draw);
    draw->places[*number] = (struct kd_draw_place){.at = next, .end = end};
    return true;
}

/* Draws in one place, and leaves it: to others if its tiles are not complete. */
static void draw_place(const struct cpu_renderer *cpu, struct kd_draw *draw, unsigned number,
                       int64_t until_ns)
{
    struct kd_draw_place *place = &draw->places[number];
    struct kd_cpu_tile tile = {.pix = cpu->pix, .plan = draw->plan};

    if (draw->picture && kd_switch_is_on(KD_SWITCH_TRANSFORMS)) {
        tile.kept = cpu->kept;
        tile.drawing = draw->picture->version;
    }
    while (place->at < place->end) {
        int error = open_tiles(draw, number, &tile);

        if (error) { /* nobody will go on */
            atomic_store(&draw->error, error);
            return;
        }
        if (!draw_tiles(draw, place, &tile, until_ns)) {
            atomic_fetch_or(&draw->places_waiting, 1U << number);
            return;
        }
        close_tiles(draw, place, &tile);
    }
    atomic_fetch_and(&draw->places_taken, ~(1U << number));
}

static enum kd_job_step cpu_draw(struct kd_renderer *renderer, struct kd_draw *draw)
{
    int64_t begin_ns = kd_clock_real_ns(), now_ns = begin_ns;
    int64_t until_ns = begin_ns + (draw->slice_ns ? draw->slice_ns : KD_SLICE_NS);
    unsigned number;

    while (now_ns < until_ns && atomic_load(&draw->error) == 0 && begin_tiles(draw, &number)) {
        draw_place((struct cpu_renderer *)renderer, draw, number, until_ns);
        now_ns = kd_clock_real_ns();
    }
    atomic_fetch_add(&draw->spent_ns, now_ns - begin_ns);
    return kd_draw_can_begin(draw) ? KD_JOB_AGAIN : KD_JOB_DONE;
}

/* Another worker is called for every so many pixels. Measured: on two cores of an x86-64 machine two workers copy 32 whole tiles as fast as one, 64 tiles
 * in 0.87 of its time and 128 in 0.72 (waking the other one takes 10 to 20 us); slower memory makes it pay earlier. */
#define WORKER_PX (UINT32_C(32) * KD_TILE_PX * KD_TILE_PX)

/* What an operation costs in a tile, as pixels copied. */
static uint64_t op_cost_px(const struct kd_op *op, struct kd_box tile)
{
    struct kd_box part = kd_box_intersect(op->where, tile);
    uint64_t area_px = kd_box_empty(part) ? 0 : (uint64_t)kd_box_area(part);
    bool samples = op->kind == KD_OP_TRANSFORM || op->kind == KD_OP_SCALE;

    return 64 + area_px * (samples ? 8 : 1);
}

/* Looks at no more operations than it must: counting costs nothing beside the drawing. */
static unsigned cpu_workers(const struct kd_renderer *renderer, const struct kd_draw *draw)
{
    const struct kd_plan *plan = draw->plan;
    uint64_t cost_px = 0;

    (void)renderer;
    if (!kd_switch_is_on(KD_SWITCH_ALONE))
        return KD_DRAW_WORKERS;
    for (uint32_t i = 0; i < draw->tiles_count; i++) {
        const struct kd_plan_tile *tile = &plan->tiles[draw->tiles[i]];
        struct kd_box box = kd_draw_box(draw, i);

        for (uint32_t n = 0; n < kd_cpu_ops(plan, tile); n++) {
            cost_px += op_cost_px(&plan->ops[kd_cpu_op(plan, tile, n)], box);
            if (cost_px >= (uint64_t)WORKER_PX * (KD_DRAW_WORKERS - 1))
                return KD_DRAW_WORKERS;
        }
    }
    return 1 + (unsigned)(cost_px / WORKER_PX);
}

struct kd_kept *kd_cpu_kept(struct kd_renderer *renderer)
{
    return ((struct cpu_renderer *)renderer)->kept;
}

/* What others may be drawing is read as it happens to be: callers stand in the display's lane. */
static int cpu_read(struct kd_renderer *renderer, struct kd_buffer *buffer, struct kd_box box,
                    uint32_t *out, size_t stride_px)
{
    (void)renderer;
    if (!buffer->pixels)
        return -EOPNOTSUPP;
    kd_buffer_begin_access(buffer);
    for (int32_t y = box.y1; y < box.y2; y++)
        for (int32_t x = box.x1; x < box.x2; x++)
            out[(size_t)(y - box.y1) * stride_px + (size_t)(x - box.x1)] =
                0xFF000000 | kd_buffer_pixel(buffer, x, y);
    kd_buffer_end_access(buffer);
    return 0;
}

static void cpu_destroy(struct kd_renderer *renderer)
{
    kd_kept_destroy(((struct cpu_renderer *)renderer)->kept);
    free(renderer);
}

static const struct kd_renderer_impl cpu_impl = {.name = "cpu",
                                                 .draw = cpu_draw,
                                                 .workers = cpu_workers,
                                                 .read = cpu_read,
                                                 .destroy = cpu_destroy};

int kd_cpu_renderer_create(struct kd_renderer **out)
{
    struct cpu_renderer *cpu = calloc(1, sizeof(*cpu));

    if (!cpu || kd_kept_create(KEPT_BYTES, &cpu->kept) < 0) {
        free(cpu);
        return -ENOMEM;
    }
    cpu->base.impl = &cpu_impl;
    snprintf(cpu->base.description, sizeof(cpu->base.description), "the processor (%s)",
             kd_pix_get()->name);
    cpu->pix = kd_pix_get();
    *out = &cpu->base;
    return 0;
}

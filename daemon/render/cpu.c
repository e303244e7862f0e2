/*
 * The CPU renderer: tile by tile, operation by operation, row by row, with the kernels of pix/.
 */
#include <errno.h>
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

static void draw_op(const struct kd_cpu_tile *tile, const struct kd_op *op)
{
    struct kd_box part = kd_box_intersect(op->where, tile->box);

    if (kd_box_empty(part))
        return;
    switch (op->kind) {
    case KD_OP_FILL: draw_fill(tile, op, part); break;
    case KD_OP_BLIT:
        if (op->flags & KD_OP_TURNED)
            kd_cpu_draw_turned(tile, op, part);
        else if (kd_cpu_is_plain(op))
            kd_cpu_draw_plain(tile, op, part);
        else
            kd_cpu_draw_blit(tile, op, part);
        break;
    case KD_OP_SCALE:
        if (op->flags)
            kd_cpu_draw_turned(tile, op, part);
        else
            kd_cpu_draw_scaled(tile, op, part);
        break;
    case KD_OP_TRANSFORM: kd_cpu_draw_transformed(tile, op, part); break;
    }
}

static void draw_base(const struct kd_cpu_tile *tile)
{
    kd_pix_fill_fn *fill = tile->pix->fill[tile->plan->target][KB_BLEND_REPLACE];

    for (int32_t y = tile->box.y1; y < tile->box.y2; y++)
        fill(kd_cpu_row(tile, tile->box.x1, y), (size_t)kd_box_width(tile->box),
             tile->plan->base_color);
}

/* ---- Tiles ---------------------------------------------------------------------------------- */

/* Makes the target's tile ready to be drawn into. */
static int open_tile(struct kd_draw *draw, unsigned number, struct kd_cpu_tile *tile)
{
    const struct kd_draw_place *place = &draw->places[number];
    const struct kd_box whole = kd_grid_tile(draw->plan->grid, place->tile);
    const bool over = draw->plan->tiles[place->tile].load == KD_LOAD_KEEP || place->op > 0;
    const struct kd_box none = {0, 0, 0, 0};

    tile->box = kd_draw_box(draw, place->at);
    if (draw->picture) {
        struct kd_tile *own =
            kd_pixels_own_around(draw->picture, place->tile, over ? none : tile->box);

        if (!own)
            return -ENOMEM;
        tile->stride_px = own->stride_px;
        tile->pixels = own->pixels + (size_t)(tile->box.y1 - whole.y1) * own->stride_px +
                       (tile->box.x1 - whole.x1);
    } else {
        struct kd_buffer *buffer = draw->buffer;
        uint32_t *beside = buffer->drawn_tiles;

        tile->stride_px = beside ? (size_t)KD_TILE_PX : buffer->stride_px;
        tile->pixels =
            beside ? beside + (size_t)number * KD_TILE_PX * KD_TILE_PX
                   : buffer->pixels + (size_t)tile->box.y1 * buffer->stride_px + tile->box.x1;
        buffer->tile_keys[place->tile] = 0;
    }
    return 0;
}

/* A tile that was drawn beside its buffer goes there. */
static void store_tile(struct kd_buffer *buffer, const struct kd_cpu_tile *tile)
{
    int32_t width = kd_box_width(tile->box);

    for (int32_t y = tile->box.y1; y < tile->box.y2; y++) {
        size_t at = (size_t)y * buffer->stride_px + (size_t)tile->box.x1;
        const uint32_t *row = kd_cpu_row(tile, tile->box.x1, y);

        if (buffer->format == KB_FORMAT_XRGB8888) {
            memcpy(buffer->pixels + at, row, (size_t)width * sizeof(uint32_t));
            continue;
        }
        for (int32_t x = 0; x < width; x++)
            buffer->pixels_565[at + (size_t)x] = kd_rgb565_narrow(row[x]);
    }
}

static void close_tile(struct kd_draw *draw, const struct kd_cpu_tile *tile, uint32_t index)
{
    uint64_t key = draw->plan->tiles[index].key;

    if (draw->picture) {
        draw->picture->tiles[index]->key = key;
    } else {
        if (draw->buffer->drawn_tiles)
            store_tile(draw->buffer, tile);
        draw->buffer->tile_keys[index] = key;
    }
}

static uint32_t tile_ops(const struct kd_plan *plan, const struct kd_plan_tile *tile)
{
    return plan->lists ? tile->list_count : plan->ops_count - tile->first_op;
}

/* The one that is drawn as number i. */
static const struct kd_op *tile_op(const struct kd_plan *plan, const struct kd_plan_tile *tile,
                                   uint32_t i)
{
    return &plan->ops[plan->lists ? plan->lists[tile->list + i] : tile->first_op + i];
}

/* Draws a tile's operations until it is complete (true) or the time is over. */
static bool draw_tile(struct kd_draw_place *place, const struct kd_cpu_tile *tile, int64_t until_ns)
{
    const struct kd_plan_tile *planned = &tile->plan->tiles[place->tile];
    uint32_t count = tile_ops(tile->plan, planned);

    if (place->op == 0 && planned->load == KD_LOAD_BASE)
        draw_base(tile);
    while (place->op < count) {
        uint32_t i = place->op++;

        draw_op(tile, tile_op(tile->plan, planned, i));
        if (i % 8 == 7 && place->op < count && kd_clock_real_ns() > until_ns)
            return false;
    }
    return true;
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

/* A tile to be drawn, and the place for it. False: there is none, or others draw them. */
static bool begin_tile(struct kd_draw *draw, unsigned *number)
{
    uint32_t next;

    if (resume_place(draw, number))
        return true;
    if (atomic_load(&draw->next_tile) >= draw->tiles_count)
        return false;
    next = atomic_fetch_add(&draw->next_tile, 1);
    if (next >= draw->tiles_count)
        return false;
    *number = take_place(draw);
    draw->places[*number] = (struct kd_draw_place){.tile = draw->tiles[next], .at = next};
    return true;
}

/* Draws in one place, and leaves it: to others if the tile is not complete. */
static void draw_place(const struct cpu_renderer *cpu, struct kd_draw *draw, unsigned number,
                       int64_t until_ns)
{
    struct kd_draw_place *place = &draw->places[number];
    struct kd_cpu_tile tile = {.pix = cpu->pix, .plan = draw->plan};
    int error = open_tile(draw, number, &tile);

    if (draw->picture && kd_switch_is_on(KD_SWITCH_TRANSFORMS)) {
        tile.kept = cpu->kept;
        tile.drawing = draw->picture->version;
    }
    if (error) { /* nobody will go on */
        atomic_store(&draw->error, error);
    } else if (draw_tile(place, &tile, until_ns)) {
        close_tile(draw, &tile, place->tile);
        atomic_fetch_and(&draw->places_taken, ~(1U << number));
    } else {
        atomic_fetch_or(&draw->places_waiting, 1U << number);
    }
}

static enum kd_job_step cpu_draw(struct kd_renderer *renderer, struct kd_draw *draw)
{
    int64_t begin_ns = kd_clock_real_ns(), now_ns = begin_ns;
    int64_t until_ns = begin_ns + (draw->slice_ns ? draw->slice_ns : KD_SLICE_NS);
    unsigned number;

    while (now_ns < until_ns && atomic_load(&draw->error) == 0 && begin_tile(draw, &number)) {
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

        for (uint32_t n = 0; n < tile_ops(plan, tile); n++) {
            cost_px += op_cost_px(tile_op(plan, tile, n), box);
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

static void cpu_destroy(struct kd_renderer *renderer)
{
    kd_kept_destroy(((struct cpu_renderer *)renderer)->kept);
    free(renderer);
}

static const struct kd_renderer_impl cpu_impl = {
    .name = "cpu", .draw = cpu_draw, .workers = cpu_workers, .destroy = cpu_destroy};

int kd_cpu_renderer_create(struct kd_renderer **out)
{
    struct cpu_renderer *cpu = calloc(1, sizeof(*cpu));

    if (!cpu || kd_kept_create(KEPT_BYTES, &cpu->kept) < 0) {
        free(cpu);
        return -ENOMEM;
    }
    cpu->base.impl = &cpu_impl;
    cpu->pix = kd_pix_get();
    *out = &cpu->base;
    return 0;
}

/*
 * The CPU renderer: tile by tile, operation by operation, row by row, with the kernels of pix/.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pix/pix.h"
#include "render/cpu.h"
#include "render/render.h"

struct cpu_renderer {
    struct kd_renderer base;
    const struct kd_pix *pix;
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
        else if (kd_cpu_by_sections(tile, op))
            kd_cpu_draw_sections(tile, op, part);
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

/* Makes the target's tile ready to be drawn into. */
static int open_tile(struct kd_draw *draw, uint32_t index, struct kd_cpu_tile *tile)
{
    bool keep = draw->plan->tiles[index].load == KD_LOAD_KEEP || draw->next_op > 0;

    tile->box = kd_grid_tile(draw->plan->grid, index);
    if (draw->picture) {
        struct kd_tile *own = kd_pixels_own_tile(draw->picture, index, keep);

        if (!own)
            return -ENOMEM;
        tile->pixels = own->pixels;
        tile->stride_px = own->stride_px;
    } else {
        struct kd_buffer *buffer = draw->buffer;

        tile->stride_px = buffer->drawn_tile ? (size_t)KD_TILE_PX : buffer->stride_px;
        tile->pixels =
            buffer->drawn_tile
                ? buffer->drawn_tile
                : buffer->pixels + (size_t)tile->box.y1 * buffer->stride_px + tile->box.x1;
        buffer->tile_keys[index] = 0;
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
        tile->pix->narrow_565(buffer->pixels_565 + at, row, (size_t)width);
    }
}

static void close_tile(struct kd_draw *draw, const struct kd_cpu_tile *tile, uint32_t index)
{
    uint64_t key = draw->plan->tiles[index].key;

    if (draw->picture) {
        draw->picture->tiles[index]->key = key;
    } else {
        if (draw->buffer->drawn_tile)
            store_tile(draw->buffer, tile);
        draw->buffer->tile_keys[index] = key;
    }
    draw->next_op = 0;
    draw->next_tile++;
}

/* Draws a tile's operations until it is complete (true) or the time is over. */
static bool draw_tile(struct kd_draw *draw, const struct kd_cpu_tile *tile, uint32_t index,
                      int64_t until_ns)
{
    const struct kd_plan *plan = draw->plan;
    const struct kd_plan_tile *planned = &plan->tiles[index];
    uint32_t count = plan->lists ? planned->list_count : plan->ops_count - planned->first_op;

    if (draw->next_op == 0 && planned->load == KD_LOAD_BASE)
        draw_base(tile);
    while (draw->next_op < count) {
        uint32_t i = draw->next_op++;

        draw_op(tile,
                &plan->ops[plan->lists ? plan->lists[planned->list + i] : planned->first_op + i]);
        if (i % 8 == 7 && draw->next_op < count && kd_clock_real_ns() > until_ns)
            return false;
    }
    return true;
}

static enum kd_job_step cpu_draw(struct kd_renderer *renderer, struct kd_draw *draw)
{
    struct cpu_renderer *cpu = (struct cpu_renderer *)renderer;
    int64_t begin_ns = kd_clock_real_ns(), now_ns = begin_ns;

    while (draw->next_tile < draw->tiles_count && now_ns < begin_ns + KD_SLICE_NS) {
        uint32_t index = draw->tiles[draw->next_tile];
        struct kd_cpu_tile tile = {.pix = cpu->pix, .plan = draw->plan};

        draw->error = open_tile(draw, index, &tile);
        if (draw->error)
            return KD_JOB_DONE;
        if (draw_tile(draw, &tile, index, begin_ns + KD_SLICE_NS))
            close_tile(draw, &tile, index);
        now_ns = kd_clock_real_ns();
    }
    draw->spent_ns += kd_clock_real_ns() - begin_ns;
    return draw->next_tile < draw->tiles_count ? KD_JOB_AGAIN : KD_JOB_DONE;
}

static void cpu_destroy(struct kd_renderer *renderer)
{
    free(renderer);
}

static const struct kd_renderer_impl cpu_impl = {
    .name = "cpu", .draw = cpu_draw, .destroy = cpu_destroy};

int kd_cpu_renderer_create(struct kd_renderer **out)
{
    struct cpu_renderer *cpu = calloc(1, sizeof(*cpu));

    if (!cpu)
        return -ENOMEM;
    cpu->base.impl = &cpu_impl;
    cpu->pix = kd_pix_get();
    *out = &cpu->base;
    return 0;
}

/*
 * The CPU renderer: tile by tile, operation by operation, row by row, with the kernels of pix/.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "pix/pix.h"
#include "render/render.h"

struct cpu_renderer {
    struct kd_renderer base;
    const struct kd_pix *pix;
};

/* The tile that is being drawn. */
struct canvas {
    const struct kd_pix *pix;
    const struct kd_plan *plan;
    struct kd_box box; /* its pixels, in the target */
    uint32_t *pixels;  /* of its top left corner */
    size_t stride_px;
};

static uint32_t *canvas_row(const struct canvas *canvas, int32_t x, int32_t y)
{
    return canvas->pixels + (size_t)(y - canvas->box.y1) * canvas->stride_px + (x - canvas->box.x1);
}

static void draw_fill(const struct canvas *canvas, const struct kd_op *op, struct kd_box part)
{
    kd_pix_fill_fn *fill = canvas->pix->fill[canvas->plan->target][op->blend];

    for (int32_t y = part.y1; y < part.y2; y++)
        fill(canvas_row(canvas, part.x1, y), (size_t)kd_box_width(part), op->color);
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

static void draw_blit(const struct canvas *canvas, const struct kd_op *op, struct kd_box part)
{
    const struct kd_pixels *source = canvas->plan->sources[op->source];
    const struct kd_pix *pix = canvas->pix;
    bool modulated = (op->color & 0xFFFFFF) != 0xFFFFFF || op->alpha != 255;
    enum kd_source_kind kind =
        modulated ? kd_source_kind_modulated(source->kind, op->alpha) : source->kind;
    kd_pix_blit_fn *blit = pix->blit[canvas->plan->target][kind][op->blend];
    int32_t width = kd_box_width(part);
    int32_t dx = part.x1 - op->where.x1, dy = part.y1 - op->where.y1;
    int32_t src_x = op->flags & KB_BLIT_FLAG_FLIP_X ? op->src_x - dx - width + 1 : op->src_x + dx;
    uint32_t copied[KD_TILE_PX], mirrored[KD_TILE_PX], tinted[KD_TILE_PX];

    for (int32_t y = part.y1; y < part.y2; y++, dy++) {
        int32_t src_y = op->flags & KB_BLIT_FLAG_FLIP_Y ? op->src_y - dy : op->src_y + dy;
        const uint32_t *row = source_row(source, src_x, src_y, width, copied);

        if (op->flags & KB_BLIT_FLAG_FLIP_X) {
            pix->reverse(mirrored, row, (size_t)width);
            row = mirrored;
        }
        if (modulated) {
            pix->modulate(tinted, row, (size_t)width, source->kind, op->color, op->alpha);
            row = tinted;
        }
        blit(canvas_row(canvas, part.x1, y), row, (size_t)width);
    }
}

/* The first shown pixel whose source pixel is at least `at`: the inverse of kd_pix_nearest(). */
static int64_t first_shown(int64_t at, int64_t picture_px, int64_t shown_px)
{
    int64_t numerator = 2 * at * shown_px - picture_px;

    return numerator <= 0 ? 0 : (numerator + 2 * picture_px - 1) / (2 * picture_px);
}

/* One row of a scaled picture: run by run, as the source's pixels lie in memory. */
static void scale_row(const struct canvas *canvas, const struct kd_op *op, struct kd_box part,
                      int32_t y, int32_t src_y)
{
    const struct kd_pixels *source = canvas->plan->sources[op->source];
    int64_t x = part.x1 - op->shown_x, end = part.x2 - op->shown_x;
    uint32_t *dst = canvas_row(canvas, part.x1, y);

    while (x < end) {
        int32_t src_x =
            (int32_t)kd_pix_nearest(x, (uint32_t)source->width_px, (uint32_t)op->shown_width);
        int32_t run_px;
        const uint32_t *row = kd_pixels_at(source, src_x, src_y, &run_px);
        int64_t stop = first_shown((int64_t)src_x + run_px, source->width_px, op->shown_width);

        stop = stop < end ? stop : end;
        canvas->pix->scale_nearest(dst, row, (size_t)(stop - x), x, src_x,
                                   (uint32_t)source->width_px, (uint32_t)op->shown_width);
        dst += stop - x;
        x = stop;
    }
}

static void draw_scaled(const struct canvas *canvas, const struct kd_op *op, struct kd_box part)
{
    const struct kd_pixels *source = canvas->plan->sources[op->source];
    int32_t drawn_src_y = -1;

    for (int32_t y = part.y1; y < part.y2; y++) {
        int32_t src_y = (int32_t)kd_pix_nearest(y - op->shown_y, (uint32_t)source->height_px,
                                                (uint32_t)op->shown_height);

        if (src_y == drawn_src_y)
            memcpy(canvas_row(canvas, part.x1, y), canvas_row(canvas, part.x1, y - 1),
                   (size_t)kd_box_width(part) * sizeof(uint32_t));
        else
            scale_row(canvas, op, part, y, src_y);
        drawn_src_y = src_y;
    }
}

static void draw_op(const struct canvas *canvas, const struct kd_op *op)
{
    struct kd_box part = kd_box_intersect(op->where, canvas->box);

    if (kd_box_empty(part))
        return;
    switch (op->kind) {
    case KD_OP_FILL: draw_fill(canvas, op, part); break;
    case KD_OP_BLIT: draw_blit(canvas, op, part); break;
    case KD_OP_SCALE: draw_scaled(canvas, op, part); break;
    }
}

static void draw_base(const struct canvas *canvas)
{
    kd_pix_fill_fn *fill = canvas->pix->fill[canvas->plan->target][KB_BLEND_REPLACE];

    for (int32_t y = canvas->box.y1; y < canvas->box.y2; y++)
        fill(canvas_row(canvas, canvas->box.x1, y), (size_t)kd_box_width(canvas->box),
             canvas->plan->base_color);
}

/* Makes the target's tile ready to be drawn into. */
static int open_tile(struct kd_draw *draw, uint32_t index, struct canvas *canvas)
{
    bool keep = draw->plan->tiles[index].load == KD_LOAD_KEEP || draw->next_op > 0;

    canvas->box = kd_grid_tile(draw->plan->grid, index);
    if (draw->picture) {
        struct kd_tile *tile = kd_pixels_own_tile(draw->picture, index, keep);

        if (!tile)
            return -ENOMEM;
        canvas->pixels = tile->pixels;
        canvas->stride_px = tile->stride_px;
    } else {
        canvas->stride_px = draw->buffer->stride_px;
        canvas->pixels =
            draw->buffer->pixels + (size_t)canvas->box.y1 * canvas->stride_px + canvas->box.x1;
        draw->buffer->tile_keys[index] = 0;
    }
    return 0;
}

static void close_tile(struct kd_draw *draw, uint32_t index)
{
    uint64_t key = draw->plan->tiles[index].key;

    if (draw->picture)
        draw->picture->tiles[index]->key = key;
    else
        draw->buffer->tile_keys[index] = key;
    draw->next_op = 0;
    draw->next_tile++;
}

/* Draws a tile's operations until it is complete (true) or the time is over. */
static bool draw_tile(struct kd_draw *draw, const struct canvas *canvas,
                      const struct kd_plan_tile *tile, int64_t until_ns)
{
    const struct kd_plan *plan = draw->plan;
    uint32_t count =
        plan->lists ? tile->list_count
                    : plan->ops_count - kd_min((int32_t)tile->first_op, (int32_t)plan->ops_count);

    if (draw->next_op == 0 && tile->load == KD_LOAD_BASE)
        draw_base(canvas);
    while (draw->next_op < count) {
        uint32_t i = draw->next_op++;

        draw_op(canvas, &plan->ops[plan->lists ? plan->lists[tile->list + i] : tile->first_op + i]);
        if (i % 64 == 63 && draw->next_op < count && kd_clock_real_ns() > until_ns)
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
        struct canvas canvas = {.pix = cpu->pix, .plan = draw->plan};

        draw->error = open_tile(draw, index, &canvas);
        if (draw->error)
            return KD_JOB_DONE;
        if (draw_tile(draw, &canvas, &draw->plan->tiles[index], begin_ns + KD_SLICE_NS))
            close_tile(draw, index);
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

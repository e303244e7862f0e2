/*
 * Inside the CPU renderer: the tile that is being drawn, and the operations that sample.
 */
#ifndef KD_RENDER_CPU_H
#define KD_RENDER_CPU_H

#include "pix/pix.h"
#include "plan/plan.h"
#include "render/cpu_kept.h"
#include "render/render.h"

/* Tiles of a run that lie beside each other. */
struct kd_cpu_tile {
    const struct kd_pix *pix;
    const struct kd_plan *plan;
    struct kd_box box; /* their pixels, in the target: what is drawn */
    uint32_t *pixels;  /* of its top left corner */
    size_t stride_px;
    struct kd_kept *kept; /* NULL: nothing is kept */
    uint64_t drawing;     /* which one it is: see kd_kept_visit */
};

static inline uint32_t *kd_cpu_row(const struct kd_cpu_tile *tile, int32_t x, int32_t y)
{
    return tile->pixels + (size_t)(y - tile->box.y1) * tile->stride_px + (x - tile->box.x1);
}

/* Tints a row, applies alpha, and blends it: what all blits end with. */
void kd_cpu_blend_row(const struct kd_cpu_tile *tile, const struct kd_op *op,
                      enum kd_source_kind kind, int32_t x, int32_t y, const uint32_t *row,
                      int32_t width);

/* Whether a blit is one to one, neither mirrored nor turned, tinted nor faded. */
bool kd_cpu_is_plain(const struct kd_op *op);

/* part: what is to be drawn of the operation; not empty. */
void kd_cpu_draw_plain(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part);

/* The others draw within one tile: at most KD_TILE_PX pixels in a row. */
void kd_cpu_draw_blit(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part);
void kd_cpu_draw_scaled(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part);

/* Blits and scaled pictures on displays that are turned or reflected. */
void kd_cpu_draw_turned(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part);

void kd_cpu_draw_transformed(const struct kd_cpu_tile *tile, const struct kd_op *op,
                             struct kd_box part);

/* The renderer's own: for tests. */
struct kd_kept *kd_cpu_kept(struct kd_renderer *renderer);

#endif

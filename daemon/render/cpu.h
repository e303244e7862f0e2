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

/* ---- What shows (cpu_stack.c) ---------------------------------------------------------------- */

/* Of the tiles that are drawn together, those of their operations that are still to be looked at: per tile, from its list's first to before its end. */
struct kd_cpu_lists {
    const struct kd_plan *plan;
    const struct kd_draw *draw;
    struct kd_draw_place *place; /* says where they begin */
    uint32_t ends[KD_RUN_TILES];
};

static inline const struct kd_plan_tile *kd_cpu_planned(const struct kd_draw *draw, uint32_t at)
{
    return &draw->plan->tiles[draw->tiles[at]];
}

static inline uint32_t kd_cpu_ops(const struct kd_plan *plan, const struct kd_plan_tile *tile)
{
    return plan->lists ? tile->list_count : plan->ops_count - tile->first_op;
}

/* The index of the one that is drawn as number i. */
static inline uint32_t kd_cpu_op(const struct kd_plan *plan, const struct kd_plan_tile *tile,
                                 uint32_t i)
{
    return plan->lists ? plan->lists[tile->list + i] : tile->first_op + i;
}

/* An operation of which something shows. */
struct kd_cpu_shown {
    const struct kd_op *op;
    const uint32_t *pixels; /* of a blit's source, at the part's corner */
    uint32_t stride_px;
    uint16_t count;         /* of columns */
    bool in_columns;        /* else it is drawn as a whole */
    int16_t x1, y1, x2, y2; /* the part of it that is drawn, counted from the tiles' corner */
    struct kd_pix_column columns[];
};

/* The last operations of some tiles, as far as they show. */
struct kd_cpu_stack {
    size_t at;                                      /* the next one, in the room's bytes */
    uint64_t covered[KD_RUN_PX / KD_PIX_COLUMN_PX]; /* rows that nothing below shows in */
    uint64_t room[6144];
};

/* Looks at operations from the last to the first, as far as there is room: those that are left in the lists are to be drawn before. Does nothing where it does
 * not pay. */
void kd_cpu_stack_look(struct kd_cpu_stack *stack, const struct kd_cpu_tile *tile,
                       struct kd_cpu_lists *lists);

/* Takes the next one in drawing order; NULL: there is no more. */
const struct kd_cpu_shown *kd_cpu_stack_next(struct kd_cpu_stack *stack);

/* Draws one whose columns are known. */
void kd_cpu_draw_shown(const struct kd_cpu_tile *tile, const struct kd_cpu_shown *shown);

/* The renderer's own: for tests. */
struct kd_kept *kd_cpu_kept(struct kd_renderer *renderer);

#endif

/*
 * What of a drawing shows where: its tiles as few rectangles, and in each the operations of the tiles that it touches, in order.
 */
#include <errno.h>
#include <string.h>

#include "base/boxes.h"
#include "render/gles_impl.h"

/* A step ends after so many quads, or pixels, and the next one goes on: others may draw between them. */
#define STEP_QUADS 16384
#define STEP_PX    (INT64_C(32) << 20)

static int64_t tiles_touched(const struct kd_gles *gles)
{
    int64_t tiles = 0;

    for (size_t i = 0; i < gles->rectangles_count; i++)
        tiles += kd_box_area(kd_grid_touched(gles->rectangles[i]));
    return tiles;
}

/* Loading, sampling and storing two thirds of the tiles moves as much memory as sampling and storing all of them. */
static bool is_most(const struct kd_gles *gles, struct kd_grid grid)
{
    return gles->driver->loads_tiles && 3 * tiles_touched(gles) > 2 * (int64_t)kd_grid_count(grid);
}

void kd_gles_find_rectangles(struct kd_gles *gles, const struct kd_draw *draw, bool whole)
{
    const struct kd_grid grid = draw->plan->grid;

    gles->rectangles_count = 0;
    for (uint32_t i = 0; i < draw->tiles_count; i++)
        gles->rectangles_count =
            kd_boxes_add(gles->rectangles, gles->rectangles_count, gles->limits.rectangles,
                         kd_draw_box(draw, i), gles->driver->rectangle_px);
    if (whole || is_most(gles, grid)) {
        gles->rectangles[0] = kd_box_of_size(grid.width_px, grid.height_px);
        gles->rectangles_count = 1;
    }
}

/* ---- What shows in a rectangle ---------------------------------------------------------------------- */

/* Operations by index: whether any of it shows, and where. */
struct shown {
    uint64_t *seen; /* bits */
    struct kd_cover *covers;
    uint32_t *based; /* tiles that begin with the base colour */
    uint32_t based_count;
    uint32_t count; /* of the plan's operations */
};

static int shown_init(struct kd_gles *gles, const struct kd_plan *plan, struct shown *shown)
{
    const size_t words = ((size_t)plan->ops_count + 63) / 64;

    shown->count = plan->ops_count;
    shown->based_count = 0;
    shown->seen = kd_gles_room_for(gles, &gles->seen, words + 1, sizeof(*shown->seen));
    shown->covers =
        kd_gles_room_for(gles, &gles->covers, (size_t)plan->ops_count + 1, sizeof(*shown->covers));
    shown->based =
        kd_gles_room_for(gles, &gles->loads, kd_grid_count(plan->grid), sizeof(*shown->based));
    if (!shown->seen || !shown->covers || !shown->based)
        return -ENOMEM;
    memset(shown->seen, 0, words * sizeof(*shown->seen));
    return 0;
}

static void see(struct shown *shown, uint32_t op, struct kd_box part)
{
    const uint64_t bit = UINT64_C(1) << (op & 63);

    if (shown->seen[op / 64] & bit)
        part = kd_box_around(kd_cover_box(shown->covers[op]), part);
    shown->seen[op / 64] |= bit;
    shown->covers[op] = kd_cover_of(part);
}

/* -EINVAL: a tile is to keep what is there, which the plans of buffers never ask for. */
static int look(const struct kd_plan *plan, struct kd_box rectangle, struct shown *shown)
{
    const struct kd_box touched = kd_grid_touched(rectangle);

    for (int32_t ty = touched.y1; ty < touched.y2; ty++)
        for (int32_t tx = touched.x1; tx < touched.x2; tx++) {
            const uint32_t index = (uint32_t)(ty * plan->grid.tiles_x + tx);
            const struct kd_plan_tile *tile = &plan->tiles[index];
            const struct kd_box part = kd_box_intersect(kd_grid_tile(plan->grid, index), rectangle);

            if (tile->load == KD_LOAD_KEEP)
                return -EINVAL;
            if (tile->load == KD_LOAD_BASE)
                shown->based[shown->based_count++] = index;
            for (uint32_t i = 0; plan->lists && i < tile->list_count; i++)
                see(shown, plan->lists[tile->list + i], part);
        }
    for (uint32_t i = plan->tiles[0].first_op; !plan->lists && i < plan->ops_count; i++)
        see(shown, i, rectangle); /* the same in all tiles */
    return 0;
}

/* ---- Quads ------------------------------------------------------------------------------------------- */

static int add_base(struct kd_gles *gles, const struct kd_plan *plan, const struct shown *shown,
                    uint32_t rectangle)
{
    struct kd_box *parts =
        kd_gles_room_for(gles, &gles->parts, (size_t)shown->based_count + 1, sizeof(*parts));
    uint32_t count;
    int error = 0;

    if (!parts)
        return -ENOMEM;
    count = kd_plan_rects(plan->grid, shown->based, shown->based_count, parts);
    for (uint32_t i = 0; i < count && !error; i++)
        error = kd_gles_add_fill(gles, kd_box_intersect(parts[i], gles->rectangles[rectangle]),
                                 plan->base_color, KD_GLES_NONE, rectangle);
    return error;
}

/* Never before a first operation: what a step begins with, the base colour, may be as much already. */
static bool has_enough(const struct kd_gles *gles)
{
    const struct kd_gles_batches *batches = &gles->batches;

    return batches->ops > 0 && (batches->quads_count + batches->sampled_count >= STEP_QUADS ||
                                batches->area_px >= STEP_PX);
}

/* Operations from *op on. -EAGAIN: from *op on in the next step. */
static int add_ops(struct kd_gles *gles, const struct kd_plan *plan, const struct shown *shown,
                   uint32_t rectangle, uint32_t *op)
{
    for (uint32_t word = *op / 64; word < (shown->count + 63) / 64; word++) {
        uint64_t bits = shown->seen[word];

        if (word == *op / 64)
            bits &= UINT64_MAX << (*op & 63);
        for (; bits; bits &= bits - 1) {
            int error;

            *op = word * 64 + (uint32_t)__builtin_ctzll(bits);
            if (has_enough(gles))
                return -EAGAIN;
            error = kd_gles_add_op(gles, plan, &plan->ops[*op], kd_cover_box(shown->covers[*op]),
                                   rectangle);
            if (error)
                return error;
            gles->batches.ops++;
        }
    }
    return 0;
}

/* A step that draws the whole target begins by clearing it, which costs nothing: nothing of it is loaded. A fill that is below everything is that clear. */
static void begin_whole(struct kd_gles *gles, const struct kd_plan *plan, const struct shown *shown,
                        uint32_t *op)
{
    uint32_t first = 0;

    gles->clears = true;
    gles->clear_color = plan->base_color;
    while (first < shown->count && !(shown->seen[first / 64] >> (first & 63) & 1))
        first++;
    /* No tile has the base colour: then all of them are covered by what they begin with, as this fill does its own. */
    if (first < shown->count && shown->based_count == 0 && plan->ops[first].kind == KD_OP_FILL &&
        plan->ops[first].is_opaque) {
        gles->clear_color = plan->ops[first].color;
        *op = first + 1;
    }
}

static bool is_whole(const struct kd_plan *plan, struct kd_box box)
{
    return kd_box_equal(box, kd_box_of_size(plan->grid.width_px, plan->grid.height_px));
}

int kd_gles_add_frame(struct kd_gles *gles, const struct kd_plan *plan,
                      struct kd_gles_progress *progress, bool *done)
{
    *done = false;
    for (; progress->rectangle < gles->rectangles_count; progress->rectangle++, progress->op = 0) {
        const struct kd_box box = gles->rectangles[progress->rectangle];
        struct shown shown;
        int error = shown_init(gles, plan, &shown);

        kd_gles_batches_rectangle(gles);
        if (!error)
            error = look(plan, box, &shown);
        if (!error && progress->op == 0 && is_whole(plan, box))
            begin_whole(gles, plan, &shown, &progress->op);
        else if (!error && progress->op == 0)
            error = add_base(gles, plan, &shown, progress->rectangle);
        if (!error)
            error = add_ops(gles, plan, &shown, progress->rectangle, &progress->op);
        if (error == -EAGAIN)
            return 0;
        if (error)
            return error;
    }
    *done = true;
    return 0;
}

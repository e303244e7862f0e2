#include "server/painting.h"

#include <errno.h>

#include "base/pool.h"
#include "base/switches.h"

/* The new version, sharing all tiles with the one before, in the size that is wanted. */
static int begin_picture(struct kd_painting *painting)
{
    const struct kd_pixels *before = painting->before;
    int32_t width_px = painting->width_px, height_px = painting->height_px;
    enum kd_source_kind kind =
        painting->target == KD_TARGET_OPAQUE ? KD_SOURCE_OPAQUE : KD_SOURCE_PREMULTIPLIED;

    if (before && (before->width_px != width_px || before->height_px != height_px))
        return kd_plan_resize(before, width_px, height_px, painting->base_color, painting->seed,
                              &painting->picture);
    painting->picture =
        before ? kd_pixels_derive(before) : kd_pixels_create(kind, width_px, height_px, true);
    return painting->picture ? 0 : -ENOMEM;
}

static int begin(struct kd_painting *painting)
{
    const struct kd_batch *batch = painting->batch;
    struct kd_grid grid = kd_grid_of(painting->width_px, painting->height_px);
    struct kd_ops ops;
    uint64_t *have;
    uint32_t *changed;
    int error = begin_picture(painting);

    if (error)
        return error;
    painting->sources = kd_batch_pixels(batch);
    if (!painting->sources)
        return -ENOMEM;
    error = kd_ops_from_commands(&ops, &painting->arena, grid, batch->commands, batch->units,
                                 painting->seed, painting->sources);
    ops.no_cover = !kd_switch_is_on(KD_SWITCH_COVER);
    if (!error)
        error = kd_plan_make(&painting->plan, &painting->arena, grid, painting->target,
                             painting->base_color,
                             batch->clear || !painting->before ? NULL : painting->picture, &ops);
    if (error)
        return error;
    have = kd_arena_alloc(&painting->arena, kd_grid_count(grid), sizeof(*have));
    changed = kd_arena_alloc(&painting->arena, kd_grid_count(grid), sizeof(*changed));
    if (!have || !changed)
        return -ENOMEM;
    for (size_t i = 0; i < kd_grid_count(grid); i++)
        have[i] = painting->picture->tiles[i] && kd_switch_is_on(KD_SWITCH_DIFFERENCE)
                      ? painting->picture->tiles[i]->key
                      : 0;
    painting->draw =
        (struct kd_draw){.plan = &painting->plan, .tiles = changed, .picture = painting->picture};
    painting->draw.tiles_count = kd_plan_changes(&painting->plan, have, changed);
    if (!kd_switch_is_on(KD_SWITCH_BOUNDS) || !kd_switch_is_on(KD_SWITCH_DIFFERENCE))
        return 0;
    error = kd_origins_init(&painting->origins, &painting->arena, &painting->plan, &ops,
                            painting->picture, changed, painting->draw.tiles_count);
    painting->draw.bounds = painting->origins.bounds;
    return error;
}

enum kd_job_step kd_painting_step(struct kd_painting *painting, struct kd_job *job)
{
    struct kd_renderer *renderer = painting->renderer;

    if (painting->is_begun)
        return renderer->impl->draw(renderer, &painting->draw);
    painting->is_begun = true;
    painting->begin_error = begin(painting);
    if (painting->begin_error || painting->draw.tiles_count == 0)
        return KD_JOB_DONE;
    job->workers = renderer->impl->workers(renderer, &painting->draw);
    return KD_JOB_AGAIN;
}

int kd_painting_error(const struct kd_painting *painting)
{
    return painting->begin_error ? painting->begin_error : atomic_load(&painting->draw.error);
}

void kd_painting_end(struct kd_painting *painting)
{
    kd_origins_attach(&painting->origins, painting->picture);
}

void kd_painting_finish(struct kd_painting *painting, struct kd_arena *keep)
{
    kd_origins_finish(&painting->origins);
    kd_pixels_unref(painting->before);
    kd_pixels_unref(painting->picture);
    if (keep) {
        kd_arena_finish(keep);
        kd_arena_pass(keep, &painting->arena);
    }
    kd_arena_finish(&painting->arena);
    kd_pool_put(painting->sources);
}

#include "server/painting.h"

#include <errno.h>

#include "base/pool.h"
#include "base/switches.h"
#include "server/recipe.h"

/* The picture before in another size: its pixels move from tile to tile. */
static int begin_resized(struct kd_painting *painting)
{
    struct kd_pixels *settled = NULL;
    int error = painting->before->recipe
                    ? kd_recipe_settled(painting->renderer, painting->before, &settled)
                    : 0;

    if (!error)
        error = kd_plan_resize(settled ? settled : painting->before, painting->width_px,
                               painting->height_px, painting->base_color, painting->seed,
                               &painting->picture);
    kd_pixels_unref(settled);
    return error;
}

/* The new version, sharing all tiles with the one before, in the size that is wanted. */
static int begin_picture(struct kd_painting *painting)
{
    const struct kd_pixels *before = painting->before;
    int32_t width_px = painting->width_px, height_px = painting->height_px;
    enum kd_source_kind kind =
        painting->target == KD_TARGET_OPAQUE ? KD_SOURCE_OPAQUE : KD_SOURCE_PREMULTIPLIED;

    if (before && (before->width_px != width_px || before->height_px != height_px))
        return begin_resized(painting);
    painting->picture =
        before ? kd_pixels_derive(before) : kd_pixels_create(kind, width_px, height_px, true);
    return painting->picture ? 0 : -ENOMEM;
}

/* What the plan draws over must have pixels. */
static int settle_kept(struct kd_painting *painting)
{
    struct kd_pixels *picture = painting->picture;
    const size_t count = kd_pixels_tiles(picture);
    bool *kept = kd_arena_alloc(&painting->arena, count, sizeof(*kept));

    if (!kept)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        kept[i] =
            kd_tile_is_promised(picture->tiles[i]) && painting->plan.tiles[i].load == KD_LOAD_KEEP;
        painting->has_settled = painting->has_settled || kept[i];
    }
    return painting->has_settled ? kd_recipe_settle(painting->renderer, picture, kept) : 0;
}

/* Promises what can be, of tiles that are to be drawn; the others are left in the list. Tiles that were promised before, and are kept as they are, can now be drawn by
 * this plan, too: their keys are the same. -ENOMEM. */
static int promise(struct kd_painting *painting, uint32_t *tiles, uint32_t *count)
{
    struct kd_pixels *picture = painting->picture;
    uint32_t left = 0;

    for (uint32_t i = 0; i < *count; i++) {
        const struct kd_plan_tile *tile = &painting->plan.tiles[tiles[i]];

        if (tile->load == KD_LOAD_KEEP)
            tiles[left++] = tiles[i];
        else if (!kd_pixels_promise_tile(picture, tiles[i], tile->key))
            return -ENOMEM;
    }
    *count = left;
    for (size_t i = 0; i < kd_pixels_tiles(picture); i++)
        painting->has_promises = painting->has_promises || kd_tile_is_promised(picture->tiles[i]);
    return 0;
}

/* What a tile's key is, if its pixels need not be drawn for it to be kept. */
static uint64_t key_to_keep(const struct kd_painting *painting, const struct kd_tile *tile)
{
    if (!tile || !kd_switch_is_on(KD_SWITCH_DIFFERENCE) ||
        (kd_tile_is_promised(tile) && !painting->may_promise))
        return 0;
    return tile->key;
}

/* The tiles to be drawn, and what of them. -ENOMEM. */
static int choose_tiles(struct kd_painting *painting, const struct kd_ops *ops)
{
    const size_t count = kd_pixels_tiles(painting->picture);
    uint64_t *have = kd_arena_alloc(&painting->arena, count, sizeof(*have));
    uint32_t *changed = kd_arena_alloc(&painting->arena, count, sizeof(*changed));
    int error = 0;

    if (!have || !changed)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        have[i] = key_to_keep(painting, painting->picture->tiles[i]);
    painting->draw =
        (struct kd_draw){.plan = &painting->plan, .tiles = changed, .picture = painting->picture};
    painting->draw.tiles_count = kd_plan_changes(&painting->plan, have, changed);
    if (painting->may_promise)
        error = promise(painting, changed, &painting->draw.tiles_count);
    if (error || !kd_switch_is_on(KD_SWITCH_BOUNDS) || !kd_switch_is_on(KD_SWITCH_DIFFERENCE))
        return error;
    error = kd_origins_init(&painting->origins, &painting->arena, &painting->plan, ops,
                            painting->picture, changed, painting->draw.tiles_count);
    painting->draw.bounds = painting->origins.bounds;
    return error;
}

/* Whether drawing it takes no longer than a display, and all that others show on it, may have to wait. */
static bool is_little(const struct kd_plan *plan)
{
    int64_t left_px = KD_PROMISE_TIMES * (int64_t)plan->grid.width_px * plan->grid.height_px;

    for (size_t t = 0; t < kd_grid_count(plan->grid) && left_px >= 0; t++) {
        const struct kd_plan_tile *tile = &plan->tiles[t];
        const struct kd_box box = kd_grid_tile(plan->grid, t);

        for (uint32_t i = 0; i < tile->list_count && left_px >= 0; i++)
            left_px -=
                kd_box_area(kd_box_intersect(plan->ops[plan->lists[tile->list + i]].where, box));
    }
    return left_px >= 0;
}

static int begin(struct kd_painting *painting)
{
    const struct kd_batch *batch = painting->batch;
    struct kd_grid grid = kd_grid_of(painting->width_px, painting->height_px);
    struct kd_ops ops;
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
    painting->may_promise =
        painting->may_promise && painting->plan.lists && is_little(&painting->plan);
    error = settle_kept(painting);
    return error ? error : choose_tiles(painting, &ops);
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

int kd_painting_end(struct kd_painting *painting, struct kd_batch *batch)
{
    struct kd_recipe *recipe = NULL;

    if (painting->has_promises) {
        recipe = kd_recipe_create(&painting->plan, &painting->arena, batch, &painting->sources);
        if (!recipe)
            return -ENOMEM;
    }
    kd_recipe_unref(painting->picture->recipe);
    painting->picture->recipe = recipe;
    kd_origins_attach(&painting->origins, painting->picture);
    return 0;
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

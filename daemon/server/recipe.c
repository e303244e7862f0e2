#include "server/recipe.h"

#include <errno.h>
#include <stdlib.h>

#include "base/pool.h"

struct recipe {
    struct kd_recipe base;
    struct kd_plan plan;
    struct kd_arena arena;            /* owned: what the plan refers to, ... */
    struct kd_batch batch;            /* owned: ... the sources' references ... */
    const struct kd_pixels **sources; /* owned, of the pool: ... and their list */
};

static void recipe_destroy(struct kd_recipe *base)
{
    struct recipe *recipe = (struct recipe *)base;

    kd_batch_finish(&recipe->batch);
    kd_pool_put(recipe->sources);
    kd_arena_finish(&recipe->arena);
    kd_pool_put(recipe);
}

struct kd_recipe *kd_recipe_create(const struct kd_plan *plan, struct kd_arena *arena,
                                   struct kd_batch *batch, const struct kd_pixels ***sources)
{
    struct recipe *recipe = kd_pool_get_cleared(sizeof(*recipe));

    if (!recipe)
        return NULL;
    atomic_init(&recipe->base.refs, 1);
    recipe->base.plan = &recipe->plan;
    recipe->base.destroy = recipe_destroy;
    recipe->plan = *plan;
    recipe->arena = *arena;
    recipe->batch = *batch;
    recipe->sources = *sources;
    *arena = (struct kd_arena){.first = NULL};
    *batch = (struct kd_batch){.commands = NULL};
    *sources = NULL;
    return &recipe->base;
}

/* The tiles to be drawn; their number. */
static uint32_t collect(const struct kd_pixels *pixels, const bool *wanted, uint32_t *tiles)
{
    uint32_t count = 0;

    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++)
        if (kd_tile_is_promised(pixels->tiles[i]) && (!wanted || wanted[i]))
            tiles[count++] = (uint32_t)i;
    return count;
}

int kd_recipe_settle(struct kd_renderer *renderer, struct kd_pixels *pixels, const bool *wanted)
{
    uint32_t *tiles;
    struct kd_draw *draw;
    int error = -ENOMEM;

    if (!pixels->recipe)
        return 0;
    tiles = kd_pool_get(kd_pixels_tiles(pixels) * sizeof(*tiles));
    draw = kd_pool_get_cleared(sizeof(*draw));
    if (tiles && draw) {
        draw->plan = pixels->recipe->plan;
        draw->tiles = tiles;
        draw->tiles_count = collect(pixels, wanted, tiles);
        draw->picture = pixels;
        while (draw->tiles_count > 0 && renderer->impl->draw(renderer, draw) == KD_JOB_AGAIN)
            ;
        error = atomic_load(&draw->error);
    }
    kd_pool_put(draw);
    kd_pool_put(tiles);
    return error;
}

int kd_recipe_settled(struct kd_renderer *renderer, const struct kd_pixels *pixels,
                      struct kd_pixels **out)
{
    struct kd_pixels *settled = kd_pixels_derive(pixels);
    int error = settled ? kd_recipe_settle(renderer, settled, NULL) : -ENOMEM;

    if (error) {
        kd_pixels_unref(settled);
        return error;
    }
    kd_recipe_unref(settled->recipe); /* not the last reference: the other version has one */
    settled->recipe = NULL;
    *out = settled;
    return 0;
}

/*
 * Both renderers on the same frames, into a display's buffer, in turns: real time until a frame is complete. What the GPU draws stays with it, as where it draws what
 * is scanned out; on a software driver that is this processor's work, and the figures say nothing about a GPU.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "commands.h"
#include "pix/pix.h"
#include "plan/plan.h"
#include "render/gles.h"

struct both {
    struct kd_renderer *renderers[2];
    struct kd_buffer *buffers[2];
    struct kd_arena arena;
    const struct bench_scene *scene;
    const struct bench_pictures *pictures;
    const struct kd_pixels **sources; /* owned, and a reference each */
    uint32_t *changed;
};

static const char *const names[2] = {"cpu", "gles"};

static void *checked(void *memory)
{
    if (!memory) {
        fputs("kmsblit-bench: no memory\n", stderr);
        exit(1);
    }
    return memory;
}

/* The frame's commands: in the arena. */
static const void *make_commands(struct both *both, uint32_t frame, uint32_t *units)
{
    const struct bench_scene *scene = both->scene;
    unsigned char *out = checked(kd_arena_alloc(&both->arena, scene->items_count + 1, 64));

    *units = 0;
    for (uint32_t i = 0; i < scene->items_count; i++) {
        const struct bench_item *item = &scene->items[frame][i];

        *units += bench_put_command(item, &both->pictures->list[item->picture],
                                    out + (size_t)*units * KB_COMMAND_UNIT_BYTES);
    }
    return out;
}

/* From the commands to the pixels, all of them. False: it could not be drawn. */
static bool draw(struct both *both, int which, uint32_t frame, struct bench_times *times)
{
    struct kd_buffer *buffer = both->buffers[which];
    const struct kd_renderer_impl *impl = both->renderers[which]->impl;
    struct kd_draw draw = {.tiles = both->changed, .buffer = buffer};
    const void *commands;
    uint32_t units;
    struct kd_plan plan;
    struct kd_ops ops;
    int64_t begin_ns;

    kd_arena_reset(&both->arena);
    commands = make_commands(both, frame, &units);
    memset(buffer->tile_keys, 0, kd_grid_count(buffer->grid) * sizeof(*buffer->tile_keys));
    begin_ns = bench_now_ns();
    if (kd_ops_from_commands(&ops, &both->arena, buffer->grid, commands, units, BENCH_SEED,
                             both->sources) < 0 ||
        kd_plan_make(&plan, &both->arena, buffer->grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops) <
            0)
        return false;
    times->plan_ns = bench_now_ns() - begin_ns;
    draw.plan = &plan;
    draw.tiles_count = kd_plan_changes(&plan, buffer->tile_keys, both->changed);
    while (impl->draw(both->renderers[which], &draw) == KD_JOB_AGAIN)
        ;
    if (draw.has_fence) {
        struct pollfd ready = {.fd = draw.fence_fd, .events = POLLIN};

        poll(&ready, 1, -1);
        close(draw.fence_fd);
    }
    times->total_ns = bench_now_ns() - begin_ns;
    return draw.error == 0;
}

static void report(const struct both *both, int which, const struct bench_series *series)
{
    struct kd_gles_counters counters = {0};

    if (which == 1)
        kd_gles_counters(both->renderers[1], &counters);
    printf(
        "{\"kind\": \"renderer\", \"workload\": \"%s\", \"renderer\": \"%s\", \"best_ms\": %.4f, "
        "\"median_ms\": %.4f, \"repeats\": %u, \"draws\": %.1f, \"textured_px\": %.0f}\n",
        both->scene->name, names[which], bench_min_ms(series->samples_ns, series->count),
        bench_median_ms(series->samples_ns, series->count), series->count,
        (double)counters.draws / (series->count + 2.0),
        (double)counters.textured_px / (series->count + 2.0));
}

static bool measure_scene(struct both *both, uint32_t repeats)
{
    struct bench_series *series = checked(calloc(2, sizeof(*series)));
    bool is_drawn = true;

    for (uint32_t i = 0; i < repeats + 2 && is_drawn; i++)
        for (int which = 0; which < 2 && is_drawn; which++) {
            struct bench_times times = {0, 0};

            is_drawn = draw(both, which, i % both->scene->frames_count, &times);
            if (i >= 2) /* before, images are uploaded */
                bench_series_add(&series[which], &times);
        }
    for (int which = 0; which < 2 && is_drawn; which++)
        report(both, which, &series[which]);
    free(series);
    return is_drawn;
}

/* NULL after saying why. */
static struct kd_renderer *create_gles(void)
{
    const struct kd_egl_settings settings = {.software_ok = true};
    struct kd_gles_limits limits;
    struct kd_renderer *renderer;
    struct kd_egl *egl;
    char why[300] = "";

    if (kd_egl_create(&settings, &egl, why, sizeof(why)) < 0) {
        fprintf(stderr, "kmsblit-bench: no GPU: %s\n", why);
        return NULL;
    }
    printf("{\"kind\": \"gpu\", \"name\": \"%s\", \"version\": \"%s\", \"software\": %s}\n",
           kd_egl_renderer(egl), kd_egl_version(egl), kd_egl_is_software(egl) ? "true" : "false");
    if (kd_gles_renderer_create(egl, &renderer, why, sizeof(why)) < 0) {
        fprintf(stderr, "kmsblit-bench: no GLES: %s\n", why);
        return NULL;
    }
    kd_gles_limits(renderer, &limits);
    limits.no_read_back = true;
    kd_gles_set_limits(renderer, &limits);
    return renderer;
}

static bool begin_scene(struct both *both, const struct bench_scene *scene)
{
    both->scene = scene;
    both->renderers[1] = create_gles();
    if (!both->renderers[1] || kd_cpu_renderer_create(&both->renderers[0]) < 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (kd_buffer_create(scene->width_px, scene->height_px, KB_FORMAT_XRGB8888,
                             &both->buffers[i]) < 0)
            return false;
    both->changed = checked(calloc(kd_grid_count(both->buffers[0]->grid), sizeof(uint32_t)));
    return true;
}

static void end_scene(struct both *both)
{
    for (int i = 0; i < 2; i++) {
        kd_buffer_destroy(both->buffers[i]);
        both->buffers[i] = NULL;
        if (both->renderers[i])
            both->renderers[i]->impl->destroy(both->renderers[i]);
        both->renderers[i] = NULL;
    }
    free(both->changed);
    both->changed = NULL;
}

bool bench_measure_renderers(const struct bench_options *options,
                             const struct bench_pictures *pictures,
                             const struct bench_scene *scenes, uint32_t count)
{
    struct both both = {.pictures = pictures};
    bool is_drawn = true;

    both.sources = checked(calloc(pictures->count, sizeof(*both.sources)));
    for (uint32_t i = 0; i < pictures->count; i++)
        both.sources[i] = checked(bench_make_source(&pictures->list[i], false));
    for (uint32_t i = 0; i < count && is_drawn; i++) {
        if (!bench_is_wanted(options, scenes[i].name))
            continue;
        is_drawn = begin_scene(&both, &scenes[i]) && measure_scene(&both, options->quick ? 3 : 60);
        end_scene(&both);
    }
    for (uint32_t i = 0; i < pictures->count; i++)
        kd_pixels_unref((struct kd_pixels *)both.sources[i]);
    free(both.sources);
    kd_arena_finish(&both.arena);
    return is_drawn;
}

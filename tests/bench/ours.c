/* The daemon's own path: commands to operations, plan, changes, renderer, into a picture. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/switches.h"
#include "bench.h"
#include "commands.h"
#include "pix/pix.h"
#include "plan/bounds.h"
#include "plan/plan.h"
#include "render/render.h"

struct ours {
    struct kd_job drawing; /* how several workers draw; first, so that it leads back here */
    struct kd_draw *draw;  /* what they draw; the frame's */
    bool is_drawn;
    struct kd_jobs *jobs; /* owned; NULL: drawn in this thread */
    struct kd_lane *lane; /* owned */
    unsigned threads;
    const struct bench_job *job;
    struct kd_renderer *renderer;
    struct kd_arena arena;
    struct kd_grid grid;
    struct kd_pixels *picture;  /* what is drawn into; nobody else holds its tiles */
    struct kd_pixels **sources; /* owned, and a reference each */
    unsigned char *commands[BENCH_FRAMES_MAX];
    uint32_t units[BENCH_FRAMES_MAX];
    uint64_t *have;
    uint32_t *changed;
    uint64_t drawn_px;
    uint32_t *rows; /* the picture in one piece, for comparing */
};

static void stop(const char *why)
{
    fprintf(stderr, "kmsblit-bench: %s\n", why);
    exit(1);
}

static void *checked(void *memory)
{
    if (!memory)
        stop("no memory");
    return memory;
}

static void make_commands(struct ours *ours)
{
    const struct bench_scene *scene = ours->job->scene;

    for (uint32_t frame = 0; frame < scene->frames_count; frame++) {
        unsigned char *out = checked(malloc((size_t)scene->items_count * 64));

        ours->commands[frame] = out;
        for (uint32_t i = 0; i < scene->items_count; i++) {
            const struct bench_item *item = &scene->items[frame][i];
            uint32_t units =
                bench_put_command(item, &ours->job->pictures->list[item->picture],
                                  out + (size_t)ours->units[frame] * KB_COMMAND_UNIT_BYTES);

            ours->units[frame] += units;
        }
    }
}

static void *create(const struct bench_job *job, bool straight, unsigned threads)
{
    struct ours *ours = checked(calloc(1, sizeof(*ours)));
    const struct bench_scene *scene = job->scene;

    ours->job = job;
    ours->grid = kd_grid_of(scene->width_px, scene->height_px);
    ours->threads = threads;
    if (kd_cpu_renderer_create(&ours->renderer))
        stop("the renderer cannot be made");
    if (threads > 1 &&
        (kd_jobs_create(threads, &ours->jobs) || kd_lane_create(ours->jobs, false, &ours->lane)))
        stop("the workers cannot be made");
    ours->picture =
        checked(kd_pixels_create(KD_SOURCE_OPAQUE, scene->width_px, scene->height_px, true));
    for (size_t i = 0; i < kd_grid_count(ours->grid); i++) {
        struct kd_tile *tile = checked(kd_pixels_own_tile(ours->picture, i, false));

        tile->key = 0;
    }
    ours->sources = checked(calloc(job->pictures->count, sizeof(struct kd_pixels *)));
    for (uint32_t i = 0; i < job->pictures->count; i++)
        ours->sources[i] = checked(bench_make_source(&job->pictures->list[i], straight));
    ours->have = checked(calloc(kd_grid_count(ours->grid), sizeof(*ours->have)));
    ours->changed = checked(calloc(kd_grid_count(ours->grid), sizeof(*ours->changed)));
    ours->rows =
        checked(malloc((size_t)scene->width_px * (size_t)scene->height_px * sizeof(uint32_t)));
    make_commands(ours);
    return ours;
}

static void *create_premultiplied(const struct bench_job *job)
{
    return create(job, false, job->threads);
}

/* Straight pictures, as programs that do not think of it hand them over. */
static void *create_straight(const struct bench_job *job)
{
    const struct bench_scene *scene = job->scene;

    return scene->items[0][scene->items_count - 1].kind == BENCH_BLIT
               ? create(job, true, job->threads)
               : NULL;
}

/* What several threads are compared with. */
static void *create_one_thread(const struct bench_job *job)
{
    return job->threads > 1 ? create(job, false, 1) : NULL;
}

static void *create_difference(const struct bench_job *job)
{
    return job->scene->has_difference ? create(job, false, job->threads) : NULL;
}

static enum kd_job_step step(struct kd_job *job)
{
    struct ours *ours = (struct ours *)job;

    return ours->renderer->impl->draw(ours->renderer, ours->draw);
}

static void done(struct kd_job *job)
{
    ((struct ours *)job)->is_drawn = true;
}

static void draw_tiles(struct ours *ours, struct kd_draw *draw)
{
    const struct kd_renderer_impl *impl = ours->renderer->impl;

    if (draw->tiles_count == 0)
        return;
    if (!ours->jobs) {
        while (impl->draw(ours->renderer, draw) == KD_JOB_AGAIN)
            ;
        return;
    }
    ours->draw = draw;
    ours->is_drawn = false;
    ours->drawing = (struct kd_job){.step = step, .done = done};
    ours->drawing.workers = impl->workers(ours->renderer, draw);
    if (ours->drawing.workers > ours->threads)
        ours->drawing.workers = ours->threads;
    kd_lane_submit(ours->lane, &ours->drawing);
    while (!ours->is_drawn) {
        struct pollfd ready = {.fd = kd_jobs_fd(ours->jobs), .events = POLLIN};

        poll(&ready, 1, -1);
        kd_jobs_collect(ours->jobs);
    }
}

static void draw_frame(struct ours *ours, uint32_t n, bool by_difference, struct bench_times *times)
{
    const struct kd_pixels *const *sources = (const struct kd_pixels *const *)ours->sources;
    struct kd_draw draw = {.tiles = ours->changed, .picture = ours->picture};
    int64_t begin_ns = bench_now_ns();
    struct kd_origins origins = {0};
    struct kd_plan plan;
    struct kd_ops ops;

    kd_arena_reset(&ours->arena);
    if (kd_ops_from_commands(&ops, &ours->arena, ours->grid, (const void *)ours->commands[n],
                             ours->units[n], BENCH_SEED, sources))
        stop("no memory for the operations");
    ops.no_cover = !kd_switch_is_on(KD_SWITCH_COVER);
    if (kd_plan_make(&plan, &ours->arena, ours->grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops))
        stop("the plan cannot be made");
    for (size_t i = 0; i < kd_grid_count(ours->grid); i++)
        ours->have[i] = by_difference && kd_switch_is_on(KD_SWITCH_DIFFERENCE)
                            ? ours->picture->tiles[i]->key
                            : 0;
    draw.plan = &plan;
    draw.tiles_count = kd_plan_changes(&plan, ours->have, ours->changed);
    if (by_difference && kd_switch_is_on(KD_SWITCH_DIFFERENCE) &&
        kd_switch_is_on(KD_SWITCH_BOUNDS) &&
        kd_origins_init(&origins, &ours->arena, &plan, &ops, ours->picture, ours->changed,
                        draw.tiles_count))
        stop("no memory for the bounds");
    draw.bounds = origins.bounds;
    times->plan_ns = bench_now_ns() - begin_ns;
    draw_tiles(ours, &draw);
    kd_origins_attach(&origins, ours->picture);
    times->total_ns = bench_now_ns() - begin_ns;
    if (draw.error)
        stop("drawing failed");
    kd_origins_finish(&origins);
    ours->drawn_px = kd_draw_area_px(&draw);
}

static void frame_full(void *subject, uint32_t n, struct bench_times *times)
{
    draw_frame(subject, n, false, times);
}

static void frame_difference(void *subject, uint32_t n, struct bench_times *times)
{
    draw_frame(subject, n, true, times);
}

static const uint32_t *pixels(void *subject, size_t *stride_px)
{
    struct ours *ours = subject;
    const struct kd_pixels *picture = ours->picture;

    *stride_px = (size_t)picture->width_px;
    kd_pixels_read(picture, kd_box_of_size(picture->width_px, picture->height_px), ours->rows,
                   *stride_px);
    return ours->rows;
}

static uint64_t drawn_px(void *subject)
{
    return ((struct ours *)subject)->drawn_px;
}

static void destroy(void *subject)
{
    struct ours *ours = subject;

    for (uint32_t i = 0; i < ours->job->pictures->count; i++)
        kd_pixels_unref(ours->sources[i]);
    for (uint32_t i = 0; i < BENCH_FRAMES_MAX; i++)
        free(ours->commands[i]);
    kd_pixels_unref(ours->picture);
    kd_lane_destroy(ours->lane);
    if (ours->jobs)
        kd_jobs_destroy(ours->jobs);
    ours->renderer->impl->destroy(ours->renderer);
    kd_arena_finish(&ours->arena);
    free(ours->sources);
    free(ours->have);
    free(ours->changed);
    free(ours->rows);
    free(ours);
}

const char *bench_ours_kernels(void)
{
    return kd_pix_get()->name;
}

unsigned bench_ours_threads_max(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > KD_DRAW_WORKERS ? KD_DRAW_WORKERS : (unsigned)cores;
}

const struct bench_subject bench_ours[] = {
    {"kmsblit", "full", create_premultiplied, frame_full, pixels, drawn_px, destroy},
    {"kmsblit", "straight", create_straight, frame_full, NULL, drawn_px, destroy},
    {"kmsblit", "one thread", create_one_thread, frame_full, pixels, drawn_px, destroy},
    {"kmsblit", "difference", create_difference, frame_difference, pixels, drawn_px, destroy},
    {0},
};

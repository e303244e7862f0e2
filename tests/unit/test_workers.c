/*
 * Several workers at one drawing, in slices as short as can be, against the painter of draw_rig.c: equal bit for bit, whoever drew what.
 */
#include "base/switches.h"
#include "draw_rig.h"
#include "pixel_test.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define MOST_IMAGES 5
#define MOST_UNITS  120
#define WIDTH_PX    330
#define HEIGHT_PX   200
#define COUNT_PX    (WIDTH_PX * HEIGHT_PX)

static const unsigned threads_counts[] = {1, 2, 4, 8};

/* A drawing as a job. */
struct work {
    struct kd_job job;
    struct kd_renderer *renderer;
    struct kd_draw draw;
    atomic_uint steps, fails_after; /* fails_after 0: never */
    unsigned dones;
};

static enum kd_job_step work_step(struct kd_job *job)
{
    struct work *work = (struct work *)job;

    if (kd_job_is_abandoned(job))
        return KD_JOB_DONE;
    if (atomic_fetch_add(&work->steps, 1) + 1 == work->fails_after)
        atomic_store(&work->draw.error, -ENOMEM); /* as a worker does that cannot have a tile */
    return work->renderer->impl->draw(work->renderer, &work->draw);
}

static void work_done(struct kd_job *job)
{
    ((struct work *)job)->dones++;
}

static void collect_all(struct kd_jobs *jobs)
{
    while (!kd_jobs_idle(jobs)) {
        struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

        ck_assert_int_eq(poll(&ready, 1, -1), 1);
        kd_jobs_collect(jobs);
    }
}

/* What is drawn, and what must come of it. */
struct scene {
    struct draw_image images[MOST_IMAGES];
    const struct kd_pixels *sources[MOST_IMAGES];
    unsigned char bytes[(MOST_UNITS + 1) * 32];
    struct kd_arena arena;
    struct kd_plan plan;
    uint32_t *tiles;
    uint32_t *want; /* owned */
};

static void scene_init(struct scene *scene, uint64_t max_touches)
{
    struct draw_commands list = {.bytes = scene->bytes};
    struct kd_grid grid = kd_grid_of(WIDTH_PX, HEIGHT_PX);
    struct kd_ops ops;

    memset(&scene->arena, 0, sizeof(scene->arena));
    for (uint32_t i = 0; i < MOST_IMAGES; i++) {
        scene->images[i] = draw_image_create(i % KD_SOURCE_KINDS, 1 + (int32_t)(random_u32() % 90),
                                             1 + (int32_t)(random_u32() % 90), random_u32() % 2);
        scene->sources[i] = scene->images[i].pixels;
    }
    while (list.units < MOST_UNITS)
        draw_random_command(&list, WIDTH_PX, HEIGHT_PX, scene->images, MOST_IMAGES);
    scene->want = malloc(COUNT_PX * sizeof(uint32_t));
    for (int i = 0; i < COUNT_PX; i++)
        scene->want[i] = 0xFF102030;
    draw_paint(scene->want, WIDTH_PX, HEIGHT_PX, KD_TARGET_OPAQUE, &list, scene->images);
    ck_assert_int_eq(kd_ops_from_commands(&ops, &scene->arena, grid, (const void *)list.bytes,
                                          list.units, DRAW_SEED, scene->sources),
                     0);
    ops.max_touches = max_touches;
    ck_assert_int_eq(
        kd_plan_make(&scene->plan, &scene->arena, grid, KD_TARGET_OPAQUE, 0xFF102030, NULL, &ops),
        0);
    scene->tiles = kd_arena_alloc(&scene->arena, kd_grid_count(grid), sizeof(uint32_t));
    for (uint32_t i = 0; i < kd_grid_count(grid); i++)
        scene->tiles[i] = i;
}

static void scene_finish(struct scene *scene)
{
    for (uint32_t i = 0; i < MOST_IMAGES; i++)
        draw_image_finish(&scene->images[i]);
    kd_arena_finish(&scene->arena);
    free(scene->want);
}

static void work_init(struct work *work, struct scene *scene)
{
    memset(work, 0, sizeof(*work));
    work->job = (struct kd_job){.step = work_step, .done = work_done, .workers = KD_DRAW_WORKERS};
    ck_assert_int_eq(kd_cpu_renderer_create(&work->renderer), 0);
    work->draw.plan = &scene->plan;
    work->draw.tiles = scene->tiles;
    work->draw.tiles_count = (uint32_t)kd_grid_count(scene->plan.grid);
    work->draw.slice_ns = 1;
}

static void work_run(struct work *work, struct kd_jobs *jobs)
{
    struct kd_lane *lane;

    ck_assert_int_eq(kd_lane_create(jobs, false, &lane), 0);
    kd_lane_submit(lane, &work->job);
    collect_all(jobs);
    kd_lane_destroy(lane);
    work->renderer->impl->destroy(work->renderer);
    ck_assert_uint_eq(work->dones, 1);
}

static unsigned splits; /* slices that ended within a run of tiles */

/* All tiles are drawn. */
static unsigned runs_count(const struct kd_draw *draw)
{
    struct kd_grid grid = draw->plan->grid;
    int32_t runs_x = kd_switch_is_on(KD_SWITCH_RUNS)
                         ? (grid.tiles_x + KD_RUN_TILES - 1) / KD_RUN_TILES
                         : grid.tiles_x;

    return (unsigned)(runs_x * grid.tiles_y);
}

static void expect_complete(const struct work *work)
{
    ck_assert_int_eq(work->draw.error, 0);
    ck_assert_uint_ge(work->draw.next_tile, work->draw.tiles_count);
    ck_assert_uint_eq(work->draw.places_taken, 0);
    ck_assert_uint_eq(work->draw.places_waiting, 0);
    ck_assert_uint_ge(work->steps, runs_count(&work->draw));
    splits += work->steps - runs_count(&work->draw);
}

static void check_picture(struct scene *scene, struct kd_jobs *jobs)
{
    uint32_t *got = malloc(COUNT_PX * sizeof(uint32_t));
    struct work work;

    work_init(&work, scene);
    work.draw.picture = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    work_run(&work, jobs);
    expect_complete(&work);
    kd_pixels_read(work.draw.picture, kd_box_of_size(WIDTH_PX, HEIGHT_PX), got, WIDTH_PX);
    draw_expect_equal(got, WIDTH_PX, scene->want, WIDTH_PX, HEIGHT_PX, "the picture");
    for (uint32_t i = 0; i < work.draw.tiles_count; i++)
        ck_assert_uint_eq(work.draw.picture->tiles[i]->key, scene->plan.tiles[i].key);
    kd_pixels_unref(work.draw.picture);
    free(got);
}

/* In memory that is read or not, and with 16 bits a pixel. */
static void check_buffer(struct scene *scene, struct kd_jobs *jobs, enum kb_format format,
                         bool slow_reads)
{
    uint32_t *memory = calloc(COUNT_PX, sizeof(uint32_t));
    bool narrow = format == KB_FORMAT_RGB565;
    struct kd_mapping mapping = {memory, WIDTH_PX * (narrow ? 2 : 4), slow_reads};
    struct kd_buffer buffer;
    struct work work;

    ck_assert_int_eq(kd_buffer_init(&buffer, WIDTH_PX, HEIGHT_PX, format, &mapping), 0);
    ck_assert_int_eq(buffer.drawn_tiles != NULL, narrow || slow_reads);
    work_init(&work, scene);
    work.draw.buffer = &buffer;
    work_run(&work, jobs);
    expect_complete(&work);
    for (int32_t y = 0; y < HEIGHT_PX; y++)
        for (int32_t x = 0; x < WIDTH_PX; x++) {
            uint32_t want = scene->want[y * WIDTH_PX + x];

            EXPECT_PIXEL(kd_buffer_pixel(&buffer, x, y),
                         narrow ? kd_rgb565_widen(kd_rgb565_narrow(want)) : want);
        }
    for (uint32_t i = 0; i < work.draw.tiles_count; i++)
        ck_assert_uint_eq(buffer.tile_keys[i], scene->plan.tiles[i].key);
    kd_buffer_finish(&buffer);
    free(memory);
}

static void check_scene(struct scene *scene, unsigned threads)
{
    struct kd_jobs *jobs;

    ck_assert_int_eq(kd_jobs_create(threads, &jobs), 0);
    check_picture(scene, jobs);
    check_buffer(scene, jobs, KB_FORMAT_XRGB8888, false);
    check_buffer(scene, jobs, KB_FORMAT_XRGB8888, true);
    check_buffer(scene, jobs, KB_FORMAT_RGB565, false);
    kd_jobs_destroy(jobs);
}

START_TEST(any_number_of_workers_draws_the_same)
{
    for (int round = 0; round < 6; round++) {
        struct scene scene;

        scene_init(&scene, round % 3 ? KD_PLAN_MAX_TOUCHES : 0); /* 0: painter's order */
        kd_switches_set_off(round % 2 ? KD_SWITCH_RUNS : 0);
        for (int i = 0; i < 4; i++)
            check_scene(&scene, threads_counts[i]);
        scene_finish(&scene);
    }
    kd_switches_set_off(0);
    ck_assert_uint_gt(splits, 50); /* how many depends on who runs when */
}
END_TEST

/* The others stop; the keys of what is not complete are unknown. */
START_TEST(one_error_ends_the_drawing)
{
    for (unsigned n = 1; n <= 20; n += 3) {
        struct kd_jobs *jobs;
        struct scene scene;
        struct work work;
        struct kd_buffer *buffer;
        uint32_t known = 0;

        kd_switches_set_off(n > 4 ? KD_SWITCH_RUNS : 0);
        ck_assert_int_eq(kd_jobs_create(threads_counts[n % 4], &jobs), 0);
        ck_assert_int_eq(kd_buffer_create(WIDTH_PX, HEIGHT_PX, KB_FORMAT_XRGB8888, &buffer), 0);
        scene_init(&scene, 0);
        work_init(&work, &scene);
        work.draw.buffer = buffer;
        work.fails_after = n;
        work_run(&work, jobs);
        ck_assert_int_eq(work.draw.error, -ENOMEM);
        ck_assert_uint_lt(work.steps, n + 2 * KD_DRAW_WORKERS);
        for (uint32_t i = 0; i < work.draw.tiles_count; i++) {
            known += buffer->tile_keys[i] != 0;
            if (buffer->tile_keys[i])
                ck_assert_uint_eq(buffer->tile_keys[i], scene.plan.tiles[i].key);
        }
        ck_assert_uint_le(known, (n - 1) * KD_RUN_TILES); /* the steps before */
        scene_finish(&scene);
        kd_buffer_destroy(buffer);
        kd_jobs_destroy(jobs);
    }
    kd_switches_set_off(0);
}
END_TEST

/* Nobody wants it any more: it may end anywhere, once. */
START_TEST(an_abandoned_drawing_ends)
{
    for (int round = 0; round < 40; round++) {
        struct kd_jobs *jobs;
        struct kd_lane *lane;
        struct scene scene;
        struct work work;

        ck_assert_int_eq(kd_jobs_create(4, &jobs), 0);
        ck_assert_int_eq(kd_lane_create(jobs, false, &lane), 0);
        scene_init(&scene, 0);
        work_init(&work, &scene);
        work.draw.picture = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
        kd_lane_submit(lane, &work.job);
        while (atomic_load(&work.steps) < (unsigned)round * 4 && !kd_jobs_collect(jobs))
            ;
        kd_lane_destroy(lane);
        collect_all(jobs);
        ck_assert_uint_eq(work.dones, 1);
        work.renderer->impl->destroy(work.renderer);
        kd_pixels_unref(work.draw.picture);
        scene_finish(&scene);
        kd_jobs_destroy(jobs);
    }
}
END_TEST

/* A small drawing is one worker's; a large one is everybody's. */
START_TEST(workers_are_called_where_it_pays)
{
    static unsigned char bytes[(64 + 1) * 32];
    struct kd_grid grid = kd_grid_of(1280, 720);
    unsigned last = 0;

    for (uint32_t fills = 1; fills <= 64; fills *= 2) {
        struct draw_commands list = {.bytes = bytes};
        uint32_t tiles[12 * 20];
        struct kd_arena arena = {0};
        struct kd_renderer *renderer;
        struct kd_plan plan;
        struct kd_ops ops;
        struct kd_draw draw = {.plan = &plan, .tiles = tiles};

        for (uint32_t i = 0; i < 12 * 20; i++)
            tiles[i] = i;
        for (uint32_t i = 0; i < fills; i++)
            draw_fill(&list, KB_BLEND_ADD, 255, i, (struct kb_rect){0, 0, 1280, 720});
        ck_assert_int_eq(kd_cpu_renderer_create(&renderer), 0);
        ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, grid, (const void *)bytes, list.units,
                                              DRAW_SEED, NULL),
                         0);
        ck_assert_int_eq(
            kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops), 0);
        ck_assert_uint_eq(renderer->impl->workers(renderer, &draw), 1); /* nothing */
        draw.tiles_count = 1;
        if (fills == 1)
            ck_assert_uint_eq(renderer->impl->workers(renderer, &draw), 1);
        draw.tiles_count = 12 * 20;
        ck_assert_uint_ge(renderer->impl->workers(renderer, &draw), last);
        last = renderer->impl->workers(renderer, &draw);
        ck_assert_uint_ge(last, 2);
        renderer->impl->destroy(renderer);
        kd_arena_finish(&arena);
    }
    ck_assert_uint_eq(last, KD_DRAW_WORKERS);
}
END_TEST

Suite *workers_suite(void)
{
    Suite *suite = suite_create("workers");
    TCase *workers = tcase_create("workers");

    tcase_set_timeout(workers, 0);
    tcase_add_test(workers, any_number_of_workers_draws_the_same);
    tcase_add_test(workers, one_error_ends_the_drawing);
    tcase_add_test(workers, an_abandoned_drawing_ends);
    tcase_add_test(workers, workers_are_called_where_it_pays);
    suite_add_tcase(suite, workers);
    return suite;
}

/*
 * Images kept as transforms show them: what is drawn from them equals the painter of draw_rig.c bit for bit, and there are never more than there is room for.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "render/cpu.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES    4
#define COMMANDS  40
#define WIDTH_PX  200
#define HEIGHT_PX 150
#define COUNT_PX  (WIDTH_PX * HEIGHT_PX)

static unsigned char bytes[COMMANDS * 64];

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

static struct draw_image random_image(enum kd_source_kind kind)
{
    int32_t width = random_between(1, 90), height = random_between(1, 90);

    return random_u32() % 2 ? draw_image_create_figure(kind, width, height)
                            : draw_image_create(kind, width, height, random_u32() % 3 == 0);
}

/* One that is drawn again and again at other places. */
static struct kb_command_transformed_blit random_turned(const struct draw_image *images)
{
    struct kb_command_transformed_blit blit = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                               .image = random_u32() % IMAGES,
                                               .xx = random_between(-150000, 150000),
                                               .xy = random_between(-150000, 150000),
                                               .yx = random_between(-150000, 150000),
                                               .yy = random_between(-150000, 150000),
                                               .src_x = (int16_t)random_between(-3, 9),
                                               .src_y = (int16_t)random_between(-3, 9)};

    if (random_u32() % 4 == 0) { /* a quarter turn */
        blit.xx = blit.yy = 0;
        blit.xy = random_u32() % 2 ? 65536 : -40000;
        blit.yx = random_u32() % 2 ? 65536 : -65536;
    }
    blit.src_width = (uint16_t)(1 + random_u32() % 80);
    blit.src_height = (uint16_t)(1 + random_u32() % 80);
    blit.flags = (uint8_t)(random_u32() % 8); /* flips, bilinear */
    blit.x0 = random_between(-100000, 100000);
    blit.y0 = random_between(-100000, 100000);
    (void)images;
    return blit;
}

static void put(struct draw_commands *list, struct kb_command_transformed_blit blit)
{
    int32_t x = random_between(-60, WIDTH_PX), y = random_between(-60, HEIGHT_PX);

    blit.x0 -= blit.xx * x + blit.xy * y;
    blit.y0 -= blit.yx * x + blit.yy * y;
    blit.blend = (uint8_t)(random_u32() % KD_PIX_BLENDS);
    blit.alpha = random_u32() % 2 ? 255 : (uint8_t)random_u32();
    blit.tint = random_u32() % 2 ? 0xFFFFFFFF : random_u32();
    memcpy(list->bytes + (size_t)list->units * 32, &blit, sizeof(blit));
    list->units += 2;
}

struct work {
    struct kd_job job;
    struct kd_renderer *renderer;
    struct kd_draw draw;
};

static enum kd_job_step work_step(struct kd_job *job)
{
    struct work *work = (struct work *)job;

    return work->renderer->impl->draw(work->renderer, &work->draw);
}

static void work_done(struct kd_job *job)
{
    (void)job;
}

static void run(struct work *work, struct kd_jobs *jobs)
{
    struct kd_lane *lane;

    ck_assert_int_eq(kd_lane_create(jobs, false, &lane), 0);
    kd_lane_submit(lane, &work->job);
    while (!kd_jobs_idle(jobs)) {
        struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

        ck_assert_int_eq(poll(&ready, 1, -1), 1);
        kd_jobs_collect(jobs);
    }
    kd_lane_destroy(lane);
    ck_assert_int_eq(work->draw.error, 0);
}

/* Draws a frame and compares it. */
static void check_frame(struct kd_renderer *renderer, struct kd_jobs *jobs,
                        enum kd_target_kind target, const struct draw_commands *list,
                        const struct draw_image *images)
{
    struct kd_grid grid = kd_grid_of(WIDTH_PX, HEIGHT_PX);
    uint32_t base = target == KD_TARGET_OPAQUE ? 0xFF203040 : 0, tiles[4 * 3];
    uint32_t *want = malloc(COUNT_PX * sizeof(uint32_t)),
             *got = malloc(COUNT_PX * sizeof(uint32_t));
    const struct kd_pixels *sources[IMAGES];
    struct kd_arena arena = {0};
    struct kd_plan plan;
    struct kd_ops ops;
    struct work work = {
        .job = {.step = work_step, .done = work_done, .workers = 4},
        .renderer = renderer,
        .draw = {.plan = &plan, .tiles = tiles, .tiles_count = 4 * 3, .slice_ns = 1}};

    for (uint32_t i = 0; i < IMAGES; i++)
        sources[i] = images[i].pixels;
    for (uint32_t i = 0; i < 4 * 3; i++)
        tiles[i] = i;
    for (int i = 0; i < COUNT_PX; i++)
        want[i] = base;
    draw_paint(want, WIDTH_PX, HEIGHT_PX, target, list, images);
    ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, grid, (const void *)list->bytes,
                                          list->units, DRAW_SEED, sources),
                     0);
    ck_assert_int_eq(kd_plan_make(&plan, &arena, grid, target, base, NULL, &ops), 0);
    work.draw.picture =
        kd_pixels_create(target == KD_TARGET_OPAQUE ? KD_SOURCE_OPAQUE : KD_SOURCE_PREMULTIPLIED,
                         WIDTH_PX, HEIGHT_PX, true);
    run(&work, jobs);
    kd_pixels_read(work.draw.picture, kd_box_of_size(WIDTH_PX, HEIGHT_PX), got, WIDTH_PX);
    draw_expect_equal(got, WIDTH_PX, want, WIDTH_PX, HEIGHT_PX, "turned again");
    kd_pixels_unref(work.draw.picture);
    kd_arena_finish(&arena);
    free(want);
    free(got);
}

START_TEST(what_is_drawn_again_is_the_same)
{
    struct kd_renderer *renderer;
    struct kd_jobs *jobs;
    unsigned images_kept;
    size_t bytes_kept;

    ck_assert_int_eq(kd_cpu_renderer_create(&renderer), 0);
    ck_assert_int_eq(kd_jobs_create(4, &jobs), 0);
    for (int round = 0; round < 40; round++) {
        struct kb_command_transformed_blit turned[5];
        struct draw_image images[IMAGES];

        for (uint32_t i = 0; i < IMAGES; i++)
            images[i] = random_image((round + i) % KD_SOURCE_KINDS);
        for (int i = 0; i < 5; i++)
            turned[i] = random_turned(images);
        for (int frame = 0; frame < 3; frame++) {
            struct draw_commands list = {.bytes = bytes};

            while (list.units < 2 * COMMANDS)
                put(&list, turned[random_u32() % 5]);
            check_frame(renderer, jobs, round % 4 ? KD_TARGET_OPAQUE : KD_TARGET_ALPHA, &list,
                        images);
        }
        for (uint32_t i = 0; i < IMAGES; i++)
            draw_image_finish(&images[i]);
    }
    kd_kept_count(kd_cpu_kept(renderer), &images_kept, &bytes_kept);
    ck_assert_uint_gt(images_kept, 40);
    kd_jobs_destroy(jobs);
    renderer->impl->destroy(renderer);
}
END_TEST

/* ---- By hand -------------------------------------------------------------------------------- */

static struct kd_transform plain_transform(int32_t x0, int32_t y0)
{
    return (struct kd_transform){.xx = 60000,
                                 .xy = -7000,
                                 .x0 = x0,
                                 .yx = 7000,
                                 .yy = 60000,
                                 .y0 = y0,
                                 .mirror_x = KD_NOT_MIRRORED,
                                 .mirror_y = KD_NOT_MIRRORED,
                                 .source = {0, 0, 40, 40}};
}

static struct kd_kept_image *take(struct kd_kept *kept, const struct draw_image *image,
                                  uint64_t drawing, uint32_t op, int32_t x0, int32_t y0,
                                  bool *is_new)
{
    struct kd_transform transform = plain_transform(x0, y0);
    struct kd_kept_visit visit = {drawing, op, image->pixels, &transform, false};
    int32_t x, y;

    return kd_kept_take(kept, &visit, &x, &y, is_new);
}

START_TEST(the_second_time_is_kept_and_others_are_not)
{
    struct draw_image image = draw_image_create(KD_SOURCE_STRAIGHT, 40, 40, false);
    struct kd_kept_image *first, *again;
    struct kd_kept *kept;
    bool is_new;

    ck_assert_int_eq(kd_kept_create(1 << 20, &kept), 0);
    ck_assert_ptr_null(take(kept, &image, 1, 7, 0, 0, &is_new));
    ck_assert_ptr_null(take(kept, &image, 1, 7, 0, 0, &is_new)); /* another tile of it */
    first = take(kept, &image, 1, 8, 0, 0, &is_new);
    ck_assert(first && is_new);
    ck_assert_ptr_null(take(kept, &image, 1, 9, 0, 0, &is_new)); /* it is being made */
    kd_kept_release(kept, first);
    again = take(kept, &image, 1, 9, 3 * 60000 - 5 * 7000, 3 * 7000 + 5 * 60000, &is_new);
    ck_assert_ptr_eq(again, first); /* moved by whole pixels */
    ck_assert(!is_new);
    kd_kept_release(kept, again);
    ck_assert_ptr_null(take(kept, &image, 2, 1, 1, 0, &is_new)); /* by a fraction */
    image.pixels->tiles[0]->key++;
    ck_assert_ptr_null(take(kept, &image, 2, 2, 0, 0, &is_new)); /* another content */
    draw_image_finish(&image);
    kd_kept_destroy(kept);
}
END_TEST

/* More images than there is room for: those in use and those used a moment ago stay. */
START_TEST(there_is_an_end_to_it)
{
    struct draw_image image = draw_image_create(KD_SOURCE_STRAIGHT, 40, 40, false);
    const size_t limit_bytes = 100000;
    struct kd_kept_image *first;
    struct kd_kept *kept;
    unsigned count, made = 0;
    size_t kept_bytes;
    bool is_new;

    ck_assert_int_eq(kd_kept_create(limit_bytes, &kept), 0);
    take(kept, &image, 1, 0, 0, 0, &is_new);
    first = take(kept, &image, 1, 1, 0, 0, &is_new);
    ck_assert(first && is_new);
    for (int32_t i = 1; i < 200; i++) { /* first is in use all the time */
        struct kd_kept_image *other;

        take(kept, &image, (uint64_t)i, 2, i, 0, &is_new);
        other = take(kept, &image, (uint64_t)i, 3, i, 0, &is_new);
        made += is_new;
        if (other)
            kd_kept_release(kept, other);
        kd_kept_count(kept, &count, &kept_bytes);
        ck_assert_uint_le(kept_bytes, limit_bytes);
        ck_assert_uint_ge(count, 1);
    }
    ck_assert_uint_gt(made, 20);
    ck_assert_uint_lt(made, 199);
    kd_kept_release(kept, first);
    ck_assert_ptr_eq(take(kept, &image, 500, 1, 0, 0, &is_new), first);
    draw_image_finish(&image);
    kd_kept_destroy(kept);
    kd_kept_destroy(NULL);
}
END_TEST

Suite *kept_suite(void)
{
    Suite *suite = suite_create("kept");
    TCase *kept = tcase_create("kept");

    tcase_set_timeout(kept, 0);
    tcase_add_test(kept, what_is_drawn_again_is_the_same);
    tcase_add_test(kept, the_second_time_is_kept_and_others_are_not);
    tcase_add_test(kept, there_is_an_end_to_it);
    suite_add_tcase(suite, kept);
    return suite;
}

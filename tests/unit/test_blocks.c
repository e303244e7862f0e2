/*
 * Where the tiles of pictures lie: neighbours beside each other, versions apart, and nothing is allocated where enough was given back.
 */
#include <check.h>
#include <string.h>

#include "base/switches.h"
#include "image/pixels.h"

#define WIDTH_PX  400
#define HEIGHT_PX 130

/* Writes a version's number into all pixels of its tiles. */
static void paint(struct kd_pixels *pixels, uint32_t value)
{
    struct kd_grid grid = kd_grid_of(WIDTH_PX, HEIGHT_PX);

    for (size_t i = 0; i < kd_pixels_tiles(pixels);) {
        size_t row_end = (i / (size_t)grid.tiles_x + 1) * (size_t)grid.tiles_x, end = i + 1;
        struct kd_box box;

        while (end < row_end && kd_grid_in_run(grid, end) > 0)
            end++;
        box = kd_box_around(kd_grid_tile(grid, i), kd_grid_tile(grid, end - 1));
        ck_assert(kd_pixels_own_run(pixels, i, (uint32_t)(end - i), box));
        for (; i < end; i++) {
            struct kd_tile *tile = pixels->tiles[i];

            box = kd_grid_tile(grid, i);
            for (int32_t y = 0; y < kd_box_height(box); y++)
                for (int32_t x = 0; x < kd_box_width(box); x++)
                    tile->pixels[(size_t)y * tile->stride_px + (size_t)x] = value;
        }
    }
}

static void expect(const struct kd_pixels *pixels, uint32_t value)
{
    static uint32_t out[WIDTH_PX * HEIGHT_PX];

    kd_pixels_read(pixels, kd_box_of_size(WIDTH_PX, HEIGHT_PX), out, WIDTH_PX);
    for (size_t i = 0; i < WIDTH_PX * HEIGHT_PX; i++)
        ck_assert_uint_eq(out[i], value);
}

START_TEST(a_run_lies_side_by_side)
{
    struct kd_pixels *pixels = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);

    paint(pixels, 1);
    for (size_t i = 0; i + 1 < kd_pixels_tiles(pixels); i++) {
        const struct kd_tile *one = pixels->tiles[i], *other = pixels->tiles[i + 1];
        bool same_run = i % 7 / KD_RUN_TILES == (i + 1) % 7 / KD_RUN_TILES && i % 7 != 6;

        ck_assert_int_eq(kd_tiles_are_beside(one, other), same_run);
        if (same_run)
            ck_assert_ptr_eq(one->pixels + KD_TILE_PX, other->pixels);
        ck_assert_uint_eq((uintptr_t)one->pixels % 64, 0);
    }
    kd_pixels_unref(pixels);
}
END_TEST

/* More than there are blocks for. */
START_TEST(versions_do_not_touch_each_other)
{
    struct kd_pixels *versions[7];

    versions[0] = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    paint(versions[0], 0);
    for (uint32_t i = 1; i < 7; i++) {
        versions[i] = kd_pixels_derive(versions[i - 1]);
        paint(versions[i], i);
    }
    for (uint32_t i = 0; i < 7; i++)
        expect(versions[i], i);
    for (uint32_t i = 0; i < 7; i++)
        kd_pixels_unref(versions[i]);
}
END_TEST

/* What is around the part that is to be drawn comes from the version before, wherever that lies. */
START_TEST(the_rest_is_kept)
{
    struct kd_box part = {70, 10, 250, 50};
    struct kd_pixels *before = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true),
                     *after;
    uint32_t out[KD_RUN_PX];

    paint(before, 7);
    after = kd_pixels_derive(before);
    ck_assert(kd_pixels_own_run(after, 1, 3, part));
    ck_assert(kd_tiles_are_beside(after->tiles[1], after->tiles[2]));
    for (int32_t y = part.y1; y < part.y2; y++)
        for (int32_t x = part.x1; x < part.x2; x++)
            after->tiles[1]->pixels[(size_t)y * after->tiles[1]->stride_px + (size_t)(x - 64)] = 9;
    for (int32_t y = 0; y < KD_TILE_PX; y++) {
        kd_pixels_read(after, (struct kd_box){0, y, KD_RUN_PX, y + 1}, out, KD_RUN_PX);
        for (int32_t x = 0; x < KD_RUN_PX; x++) {
            bool in = y >= part.y1 && y < part.y2 && x >= part.x1 && x < part.x2;

            ck_assert_uint_eq(out[x], in ? 9 : 7);
        }
    }
    expect(before, 7);
    kd_pixels_unref(before);
    kd_pixels_unref(after);
}
END_TEST

/* A tile that another picture shares outlives the one that it was made for. */
START_TEST(a_tile_outlives_its_picture)
{
    struct kd_pixels *one = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    struct kd_pixels *other = kd_pixels_create(KD_SOURCE_OPAQUE, 128, 64, true);

    paint(one, 5);
    kd_pixels_share_tile(other, 0, one->tiles[0]);
    kd_pixels_share_tile(other, 1, one->tiles[1]);
    kd_pixels_unref(one);
    ck_assert_uint_eq(other->tiles[1]->pixels[3], 5);
    ck_assert_ptr_nonnull(kd_pixels_own_tile(other, 1, true));
    ck_assert_uint_eq(other->tiles[1]->pixels[3], 5);
    kd_pixels_unref(other);
}
END_TEST

/* Nobody draws into a picture's old size any more: what is shared with it keeps the blocks that it lies in, and no empty ones. */
START_TEST(nothing_is_kept_for_no_picture)
{
    struct kd_pixels *now = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    struct kd_pixels *other = kd_pixels_create(KD_SOURCE_OPAQUE, 128, 64, true);
    size_t spare_bytes = kd_blocks_spare_bytes();

    paint(now, 5);
    for (uint32_t i = 0; i < 3; i++) {
        struct kd_pixels *next = kd_pixels_derive(now);

        paint(next, i);
        kd_pixels_unref(now);
        now = next;
    }
    ck_assert_uint_gt(kd_blocks_spare_bytes(), spare_bytes);
    kd_pixels_share_tile(other, 0, now->tiles[0]);
    kd_pixels_share_tile(other, 1, now->tiles[1]);
    kd_pixels_unref(now);
    ck_assert_uint_eq(kd_blocks_spare_bytes(), spare_bytes);
    ck_assert_uint_eq(other->tiles[1]->pixels[3], 2);
    ck_assert_ptr_nonnull(kd_pixels_own_tile(other, 0, true));
    ck_assert_uint_eq(other->tiles[0]->pixels[3], 2);
    kd_pixels_unref(other);
    ck_assert_uint_eq(kd_blocks_spare_bytes(), spare_bytes);
}
END_TEST

/* Two versions take turns: the same memory, over and over. */
START_TEST(memory_is_used_again)
{
    struct kd_pixels *now = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    const uint32_t *seen[2];

    paint(now, 0);
    for (uint32_t i = 0; i < 40; i++) {
        struct kd_pixels *next = kd_pixels_derive(now);

        paint(next, i);
        kd_pixels_unref(now);
        now = next;
        if (i >= 2)
            ck_assert_ptr_eq(now->tiles[0]->pixels, seen[i % 2]);
        seen[i % 2] = now->tiles[0]->pixels;
    }
    kd_pixels_unref(now);
}
END_TEST

START_TEST(without_runs_tiles_lie_alone)
{
    struct kd_pixels *pixels;

    kd_switches_set_off(KD_SWITCH_RUNS);
    pixels = kd_pixels_create(KD_SOURCE_OPAQUE, WIDTH_PX, HEIGHT_PX, true);
    paint(pixels, 3);
    ck_assert(!kd_tiles_are_beside(pixels->tiles[0], pixels->tiles[1]));
    expect(pixels, 3);
    kd_pixels_unref(pixels);
    kd_switches_set_off(0);
}
END_TEST

Suite *blocks_suite(void)
{
    Suite *suite = suite_create("blocks");
    TCase *tests = tcase_create("blocks");

    tcase_add_test(tests, a_run_lies_side_by_side);
    tcase_add_test(tests, versions_do_not_touch_each_other);
    tcase_add_test(tests, the_rest_is_kept);
    tcase_add_test(tests, a_tile_outlives_its_picture);
    tcase_add_test(tests, nothing_is_kept_for_no_picture);
    tcase_add_test(tests, memory_is_used_again);
    tcase_add_test(tests, without_runs_tiles_lie_alone);
    suite_add_tcase(suite, tests);
    return suite;
}

#include "image/pixels.h"
#include "pixel_test.h"

#include <check.h>
#include <string.h>

static struct kd_pixels *filled(int32_t width, int32_t height, bool versioned)
{
    struct kd_pixels *pixels = kd_pixels_create(KD_SOURCE_STRAIGHT, width, height, versioned);

    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++) {
        struct kd_box box = kd_pixels_tile_box(pixels, i);
        struct kd_tile *tile;

        ck_assert_ptr_null(pixels->tiles[i]);
        tile = kd_pixels_own_tile(pixels, i, false);
        ck_assert_ptr_nonnull(tile);
        ck_assert_uint_eq((uintptr_t)tile->pixels % 64, 0);
        tile->key = i + 1;
        for (int32_t y = box.y1; y < box.y2; y++)
            for (int32_t x = box.x1; x < box.x2; x++)
                tile->pixels[(size_t)(y - box.y1) * tile->stride_px + (size_t)(x - box.x1)] =
                    (uint32_t)y << 16 | (uint32_t)x;
    }
    return pixels;
}

static unsigned refs(const struct kd_pixels *pixels, size_t index)
{
    return atomic_load(&pixels->tiles[index]->refs);
}

static const int32_t sizes[][2] = {{1, 1}, {64, 64}, {65, 64}, {64, 65}, {130, 200}, {300, 1}};

START_TEST(every_pixel_is_where_it_belongs)
{
    for (size_t n = 0; n < sizeof(sizes) / sizeof(sizes[0]) * 2; n++) {
        int32_t w = sizes[n / 2][0], h = sizes[n / 2][1];
        struct kd_pixels *pixels = filled(w, h, n % 2);

        if (n % 2 == 0)
            ck_assert_uint_eq(kd_pixels_tiles(pixels), 1);
        for (int32_t y = 0; y < h; y++)
            for (int32_t x = 0; x < w; x++) {
                int32_t run_px;
                const uint32_t *at = kd_pixels_at(pixels, x, y, &run_px);
                int32_t edge = n % 2 ? (x | 63) + 1 : w;

                EXPECT(run_px == (edge < w ? edge : w) - x);
                for (int32_t i = 0; i < run_px; i++)
                    EXPECT_PIXEL(at[i], (uint32_t)y << 16 | (uint32_t)(x + i));
            }
        kd_pixels_unref(pixels);
    }
}
END_TEST

START_TEST(reading_over_the_borders_of_tiles)
{
    for (int n = 0; n < 400; n++) {
        struct kd_pixels *pixels = filled(150, 140, n % 4);
        struct kd_box box =
            kd_box_intersect(kd_box_from_rect((int)(random_u32() % 150), (int)(random_u32() % 140),
                                              random_u32() % 160, random_u32() % 150),
                             kd_box_of_size(150, 140));
        static uint32_t out[140 * 160];
        size_t stride = (size_t)kd_max(0, kd_box_width(box)) + random_u32() % 10;

        memset(out, 0xEE, sizeof(out));
        kd_pixels_read(pixels, box, out, stride);
        for (int32_t y = 0; y < kd_box_height(box); y++)
            for (size_t x = 0; x < stride; x++)
                EXPECT_PIXEL(out[(size_t)y * stride + x],
                             (int32_t)x < kd_box_width(box)
                                 ? (uint32_t)(box.y1 + y) << 16 | (uint32_t)(box.x1 + (int32_t)x)
                                 : 0xEEEEEEEE);
        kd_pixels_unref(pixels);
    }
}
END_TEST

START_TEST(versions_share_tiles_until_they_are_written)
{
    struct kd_pixels *one = filled(130, 130, true), *two = kd_pixels_derive(one), *three;
    struct kd_tile *tile;
    int32_t run_px;

    ck_assert_uint_gt(two->version, one->version);
    ck_assert_int_eq(two->kind, one->kind);
    for (size_t i = 0; i < 9; i++) {
        ck_assert_ptr_eq(one->tiles[i], two->tiles[i]);
        ck_assert_uint_eq(refs(one, i), 2);
    }
    tile = kd_pixels_own_tile(two, 4, true);
    ck_assert_ptr_ne(tile, one->tiles[4]);
    ck_assert_ptr_eq(tile, two->tiles[4]);
    ck_assert_uint_eq(tile->key, one->tiles[4]->key);
    ck_assert_uint_eq(refs(one, 4), 1);
    ck_assert_uint_eq(refs(two, 4), 1);
    ck_assert_uint_eq(*kd_pixels_at(two, 70, 71, &run_px), 71 << 16 | 70); /* kept */
    tile->pixels[0] = 0xDEADBEEF;
    ck_assert_uint_eq(*kd_pixels_at(one, 64, 64, &run_px),
                      64 << 16 | 64);                         /* the old one as it was */
    ck_assert_ptr_eq(kd_pixels_own_tile(two, 4, true), tile); /* own it already is */
    three = kd_pixels_derive(two);
    kd_pixels_unref(two);
    ck_assert_uint_eq(*kd_pixels_at(three, 64, 64, &run_px), 0xDEADBEEF);
    ck_assert_uint_eq(refs(three, 4), 1);
    ck_assert_uint_eq(refs(three, 0), 2);
    kd_pixels_share_tile(three, 4, one->tiles[4]); /* frees what was there */
    ck_assert_uint_eq(refs(one, 4), 2);
    kd_pixels_share_tile(three, 4, NULL);
    ck_assert_uint_eq(refs(one, 4), 1);
    kd_pixels_unref(three);
    for (size_t i = 0; i < 9; i++)
        ck_assert_uint_eq(refs(one, i), 1);
    kd_pixels_unref(kd_pixels_ref(one));
    ck_assert_uint_eq(atomic_load(&one->refs), 1);
    kd_pixels_unref(one);
    kd_pixels_unref(NULL);
}
END_TEST

START_TEST(single_tiles_are_copied_on_write_too)
{
    struct kd_pixels *one = filled(100, 3, false), *two = kd_pixels_derive(one);
    int32_t run_px;

    ck_assert_uint_eq(kd_pixels_tiles(two), 1);
    ck_assert_ptr_eq(two->tiles[0], one->tiles[0]);
    kd_pixels_own_tile(two, 0, true)->pixels[0] = 1;
    ck_assert_uint_eq(*kd_pixels_at(one, 0, 0, &run_px), 0);
    ck_assert_uint_eq(*kd_pixels_at(two, 0, 0, &run_px), 1);
    ck_assert_uint_eq(*kd_pixels_at(two, 99, 2, &run_px), 2 << 16 | 99);
    kd_pixels_unref(one);
    kd_pixels_unref(two);
}
END_TEST

START_TEST(quotas_count_whole_rows)
{
    ck_assert_uint_eq(kd_pixels_bytes(1, 1), 64);
    ck_assert_uint_eq(kd_pixels_bytes(16, 10), 640);
    ck_assert_uint_eq(kd_pixels_bytes(17, 10), 1280);
    ck_assert_uint_eq(kd_pixels_bytes(16384, 16384), UINT64_C(1) << 30);
}
END_TEST

Suite *pixels_suite(void)
{
    Suite *suite = suite_create("pixels");
    TCase *tiles = tcase_create("tiles");

    tcase_set_timeout(tiles, 0);
    tcase_add_test(tiles, every_pixel_is_where_it_belongs);
    tcase_add_test(tiles, reading_over_the_borders_of_tiles);
    tcase_add_test(tiles, versions_share_tiles_until_they_are_written);
    tcase_add_test(tiles, single_tiles_are_copied_on_write_too);
    tcase_add_test(tiles, quotas_count_whole_rows);
    suite_add_tcase(suite, tiles);
    return suite;
}

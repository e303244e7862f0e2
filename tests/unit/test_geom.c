/*
 * Boxes against numbers so wide that nothing in them can overflow.
 */
#include "base/geom.h"
#include "base/tile.h"
#include "pixel_test.h"

#include <check.h>
#include <stdlib.h>

#define CASES 100000

#ifdef __SIZEOF_INT128__
typedef __int128 wide;
#else
typedef int64_t wide; /* wide enough, too: what is added has 34 bits at most */
#endif

struct wide_box {
    wide x1, y1, x2, y2;
};

static int32_t random_i32(void)
{
    static const int32_t edges[] = {INT32_MIN,     INT32_MIN + 1,   -1,   0,     1,
                                    INT32_MAX - 1, INT32_MAX,       8192, -8192, KD_COORD_MAX,
                                    -KD_COORD_MAX, KD_COORD_MAX + 1};

    switch (random_u32() % 4) {
    case 0: return edges[random_u32() % 12];
    case 1: return (int32_t)random_u32();
    default: return (int32_t)(random_u32() % 2000) - 1000;
    }
}

static uint32_t random_length(void)
{
    static const uint32_t edges[] = {0,          1,          8192,       16384,      65535,
                                     0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF};

    switch (random_u32() % 4) {
    case 0: return edges[random_u32() % 10];
    case 1: return random_u32();
    default: return random_u32() % 1000;
    }
}

static wide wide_min(wide a, wide b)
{
    return a < b ? a : b;
}

static wide wide_max(wide a, wide b)
{
    return a > b ? a : b;
}

static struct wide_box wide_intersect(struct wide_box a, struct wide_box b)
{
    return (struct wide_box){wide_max(a.x1, b.x1), wide_max(a.y1, b.y1), wide_min(a.x2, b.x2),
                             wide_min(a.y2, b.y2)};
}

/* Clips of clips of any values, cut to a target: the same pixels whatever the numbers were. */
START_TEST(clips_of_any_values)
{
    for (int n = 0; n < CASES; n++) {
        int32_t w = 1 + (int32_t)(random_u32() % 8192), h = 1 + (int32_t)(random_u32() % 8192);
        struct kd_box got = kd_box_of_size(w, h);
        struct wide_box want = {0, 0, w, h};

        for (uint32_t rects = 1 + random_u32() % 3; rects > 0; rects--) {
            int32_t x = random_i32(), y = random_i32();
            uint32_t width = random_length(), height = random_length();
            struct wide_box rect = {x, y, (wide)x + width, (wide)y + height};

            got = kd_box_intersect(got, kd_box_from_rect(x, y, width, height));
            want = wide_intersect(want, rect);
        }
        if (want.x1 >= want.x2 || want.y1 >= want.y2) {
            EXPECT(kd_box_empty(got));
            EXPECT(kd_box_area(got) == 0);
        } else {
            EXPECT(got.x1 == want.x1 && got.y1 == want.y1);
            EXPECT(got.x2 == want.x2 && got.y2 == want.y2);
            EXPECT(kd_box_area(got) == (want.x2 - want.x1) * (want.y2 - want.y1));
            EXPECT(kd_box_contains(kd_box_of_size(w, h), got));
        }
    }
}
END_TEST

START_TEST(coordinates_stay_within_the_bound)
{
    for (int n = 0; n < CASES; n++) {
        int64_t x = (int64_t)random_i32() + random_i32(), y = (int64_t)random_i32() + random_i32();
        uint32_t width = random_length(), height = random_length();
        struct kd_box box = kd_box_from_rect(x, y, width, height);
        wide right = (wide)x + width;

        EXPECT(box.x1 >= -KD_COORD_MAX && box.x2 <= KD_COORD_MAX && box.x1 <= box.x2);
        EXPECT(box.y1 >= -KD_COORD_MAX && box.y2 <= KD_COORD_MAX && box.y1 <= box.y2);
        EXPECT(box.x2 == wide_max(-KD_COORD_MAX, wide_min(KD_COORD_MAX, right)));
        EXPECT(kd_box_area(box) >= 0);
    }
}
END_TEST

static bool has(struct kd_box box, int x, int y)
{
    return x >= box.x1 && x < box.x2 && y >= box.y1 && y < box.y2;
}

/* What the functions mean, pixel by pixel. */
START_TEST(boxes_as_sets_of_pixels)
{
    for (int n = 0; n < 3000; n++) {
        struct kd_box a = kd_box_from_rect((int)(random_u32() % 8), (int)(random_u32() % 8),
                                           random_u32() % 6, random_u32() % 6);
        struct kd_box b = kd_box_from_rect((int)(random_u32() % 8), (int)(random_u32() % 8),
                                           random_u32() % 6, random_u32() % 6);
        struct kd_box both = kd_box_intersect(a, b), moved = kd_box_moved(a, 3, -2);
        bool contains = true;
        int area = 0;

        for (int y = -4; y < 16; y++)
            for (int x = -4; x < 16; x++) {
                EXPECT(has(both, x, y) == (has(a, x, y) && has(b, x, y)));
                EXPECT(has(moved, x, y) == has(a, x - 3, y + 2));
                contains = contains && (!has(b, x, y) || has(a, x, y));
                area += has(a, x, y);
            }
        EXPECT(kd_box_area(a) == area && kd_box_empty(a) == (area == 0));
        if (!kd_box_empty(b))
            EXPECT(kd_box_contains(a, b) == contains);
        EXPECT(kd_box_equal(a, a) && kd_box_equal(a, b) == (a.x1 == b.x1 && a.y1 == b.y1 &&
                                                            a.x2 == b.x2 && a.y2 == b.y2));
    }
}
END_TEST

START_TEST(division_rounds_down)
{
    for (int n = 0; n < CASES; n++) {
        int64_t a = (int64_t)((uint64_t)random_u32() << 32 | random_u32()) >> random_u32() % 60;
        int64_t b = 1 + (int64_t)(random_u32() >> random_u32() % 30);
        int64_t q = kd_floor_div(a, b);

        EXPECT(a - (wide)q * b >= 0 && a - (wide)q * b < b);
    }
}
END_TEST

/* Every pixel lies in one tile, the one that the arithmetic says. */
START_TEST(tiles_cover_exactly)
{
    for (int n = 0; n < 60; n++) {
        int32_t w = 1 + (int32_t)(random_u32() % 300), h = 1 + (int32_t)(random_u32() % 300);
        struct kd_grid grid = kd_grid_of(w, h);
        unsigned char *seen = calloc((size_t)w * (size_t)h, 1);

        for (size_t i = 0; i < kd_grid_count(grid); i++) {
            struct kd_box tile = kd_grid_tile(grid, i), touched = kd_grid_touched(tile);

            EXPECT(!kd_box_empty(tile));
            EXPECT(touched.x2 == touched.x1 + 1 && touched.y2 == touched.y1 + 1);
            EXPECT((size_t)touched.y1 * (size_t)grid.tiles_x + (size_t)touched.x1 == i);
            for (int32_t y = tile.y1; y < tile.y2; y++)
                for (int32_t x = tile.x1; x < tile.x2; x++)
                    EXPECT(seen[y * w + x]++ == 0);
        }
        for (int32_t i = 0; i < w * h; i++)
            EXPECT(seen[i] == 1);
        free(seen);
    }
}
END_TEST

START_TEST(touched_tiles_are_those_that_intersect)
{
    struct kd_grid grid = kd_grid_of(400, 300);

    for (int n = 0; n < 3000; n++) {
        struct kd_box box =
            kd_box_intersect(kd_box_from_rect((int)(random_u32() % 400), (int)(random_u32() % 300),
                                              1 + random_u32() % 200, 1 + random_u32() % 200),
                             kd_box_of_size(400, 300));
        struct kd_box touched = kd_grid_touched(box);

        for (size_t i = 0; i < kd_grid_count(grid); i++)
            EXPECT(has(touched, (int)i % grid.tiles_x, (int)i / grid.tiles_x) ==
                   !kd_box_empty(kd_box_intersect(kd_grid_tile(grid, i), box)));
    }
}
END_TEST

Suite *geom_suite(void)
{
    Suite *suite = suite_create("geom");
    TCase *boxes = tcase_create("boxes"), *tiles = tcase_create("tiles");

    tcase_set_timeout(boxes, 0);
    tcase_add_test(boxes, clips_of_any_values);
    tcase_add_test(boxes, coordinates_stay_within_the_bound);
    tcase_add_test(boxes, boxes_as_sets_of_pixels);
    tcase_add_test(boxes, division_rounds_down);
    suite_add_tcase(suite, boxes);
    tcase_set_timeout(tiles, 0);
    tcase_add_test(tiles, tiles_cover_exactly);
    tcase_add_test(tiles, touched_tiles_are_those_that_intersect);
    suite_add_tcase(suite, tiles);
    return suite;
}

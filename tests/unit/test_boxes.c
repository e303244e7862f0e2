/*
 * Sets of boxes, against pixman's regions, which are exact.
 */
#include "base/boxes.h"
#include "pixel_test.h"

#include <pixman.h>
#include <stdlib.h>
#include <string.h>

#define MOST 1200
#define ROOM 6000

static struct kd_box boxes[MOST], out[ROOM];

static pixman_region32_t region_of(const struct kd_box *list, size_t count, struct kd_box within)
{
    pixman_region32_t region, clip;

    pixman_region32_init_rects(&region, (const pixman_box32_t *)list, (int)count);
    pixman_region32_init_rects(&clip, (const pixman_box32_t *)&within, 1);
    pixman_region32_intersect(&region, &region, &clip);
    pixman_region32_fini(&clip);
    return region;
}

static int64_t region_area(pixman_region32_t *region)
{
    int count;
    const pixman_box32_t *list = pixman_region32_rectangles(region, &count);
    int64_t area_px = 0;

    for (int i = 0; i < count; i++)
        area_px += (int64_t)(list[i].x2 - list[i].x1) * (list[i].y2 - list[i].y1);
    return area_px;
}

static bool region_contains(pixman_region32_t *outer, pixman_region32_t *inner)
{
    pixman_region32_t left;
    bool contains;

    pixman_region32_init(&left);
    pixman_region32_subtract(&left, inner, outer);
    contains = !pixman_region32_not_empty(&left);
    pixman_region32_fini(&left);
    return contains;
}

static int64_t area_of(const struct kd_box *list, size_t count)
{
    int64_t area_px = 0;

    for (size_t i = 0; i < count; i++)
        area_px += kd_box_area(list[i]);
    return area_px;
}

/* Boxes of all sizes, in and around a target; some are empty. */
static size_t make_boxes(struct kd_box within, size_t most, uint32_t largest_px)
{
    uint32_t width = (uint32_t)kd_box_width(within), height = (uint32_t)kd_box_height(within);
    size_t count = random_u32() % (most + 1);

    for (size_t i = 0; i < count; i++) {
        int32_t x = within.x1 - 20 + (int32_t)(random_u32() % (width + 40));
        int32_t y = within.y1 - 20 + (int32_t)(random_u32() % (height + 40));

        boxes[i] = (struct kd_box){x, y, x + (int32_t)(random_u32() % largest_px),
                                   y + (int32_t)(random_u32() % largest_px)};
        if (random_u32() % 50 == 0)
            boxes[i] = within;
    }
    return count;
}

static struct kd_box make_target(void)
{
    int32_t x = (int32_t)(random_u32() % 100), y = (int32_t)(random_u32() % 100);
    uint32_t most = random_u32() % 8 ? 1500 : 12000;

    return (struct kd_box){x, y, x + 1 + (int32_t)(random_u32() % most),
                           y + 1 + (int32_t)(random_u32() % most)};
}

/* Without overlap, and as a region. */
static pixman_region32_t disjoint_region(const struct kd_box *list, size_t count,
                                         struct kd_box within)
{
    pixman_region32_t region = region_of(list, count, within);

    EXPECT(region_area(&region) == area_of(list, count));
    for (size_t i = 0; i < count; i++)
        EXPECT(!kd_box_empty(list[i]));
    return region;
}

/* A client's dirty rectangles: exactly their union, no pixel twice, from top to bottom. */
START_TEST(disjoint_boxes_are_the_exact_union)
{
    static const struct kd_box anywhere = {-1000, -1000, 20000, 20000};

    for (int n = 0; n < 600; n++) {
        size_t count = make_boxes(make_target(), n % 3 ? 20 : MOST, 1 + random_u32() % 300), made;
        struct kd_box *list;

        ck_assert_int_eq(kd_boxes_disjoint(boxes, count, &list, &made), 0);
        pixman_region32_t exact = region_of(boxes, count, anywhere);
        pixman_region32_t region = disjoint_region(list, made, anywhere);

        EXPECT(pixman_region32_equal(&exact, &region));
        for (size_t i = 1; i < made; i++)
            EXPECT(list[i - 1].y1 < list[i].y1 ||
                   (list[i - 1].y1 == list[i].y1 && list[i - 1].x2 <= list[i].x1));
        pixman_region32_fini(&region);
        pixman_region32_fini(&exact);
        free(list);
    }
}
END_TEST

static size_t add_all(const struct kd_box *list, size_t count, size_t room, int64_t cost_px)
{
    size_t made = 0;

    for (size_t i = 0; i < count; i++) {
        made = kd_boxes_add(out, made, room, list[i], cost_px);
        EXPECT(made <= room);
    }
    return made;
}

START_TEST(few_boxes_hold_everything)
{
    static const struct kd_box within = {0, 0, 2000, 2000};
    unsigned several = 0;

    for (int n = 0; n < 3000; n++) {
        int64_t cost_px = (int64_t)(random_u32() % 4) * 3000;
        size_t count = make_boxes(within, n % 8 ? 20 : 300, 1 + random_u32() % 400);
        size_t room = 1 + random_u32() % 16, made = add_all(boxes, count, room, cost_px);
        pixman_region32_t exact =
            region_of(boxes, count, (struct kd_box){-9999, -9999, 9999, 9999});
        pixman_region32_t held =
            disjoint_region(out, made, (struct kd_box){-9999, -9999, 9999, 9999});
        const pixman_box32_t *around = pixman_region32_extents(&exact);
        const pixman_box32_t *held_around = pixman_region32_extents(&held);

        EXPECT(region_contains(&held, &exact));
        EXPECT(memcmp(around, held_around, sizeof(*around)) == 0);
        several += made > 1;
        pixman_region32_fini(&held);
        pixman_region32_fini(&exact);
    }
    ck_assert_uint_gt(several, 500);
}
END_TEST

/* Where a box more costs nothing, and there is room, nothing is added to the union of boxes that do not overlap. */
START_TEST(many_boxes_are_exact)
{
    static const struct kd_box within = {0, 0, 2000, 2000};

    for (int n = 0; n < 300; n++) {
        size_t count = make_boxes(within, 20, 1 + random_u32() % 400), made;
        struct kd_box *list;

        ck_assert_int_eq(kd_boxes_disjoint(boxes, count, &list, &count), 0);
        made = add_all(list, count, ROOM, 0);
        ck_assert_uint_eq(made, count);
        ck_assert_int_eq(area_of(out, made), area_of(list, count));
        free(list);
    }
}
END_TEST

START_TEST(merging_as_one_would)
{
    static const struct kd_box near[] = {{0, 0, 64, 64}, {80, 0, 144, 64}};
    static const struct kd_box far[] = {{0, 0, 64, 64}, {640, 0, 704, 64}};
    static const struct kd_box corner[] = {{90, 90, 99, 99}, {0, 0, 100, 10}, {0, 10, 10, 100}};
    static const struct kd_box row[] = {
        {0, 0, 10, 10}, {50, 0, 60, 10}, {62, 0, 70, 10}, {5, 5, 5, 9}};

    ck_assert_uint_eq(add_all(near, 2, 8, 1025), 1);
    ck_assert(kd_box_equal(out[0], (struct kd_box){0, 0, 144, 64}));
    ck_assert_uint_eq(add_all(near, 2, 8, 1024), 2);
    ck_assert_uint_eq(add_all(far, 2, 8, 1025), 2);
    ck_assert_uint_eq(add_all(corner, 2, 8, 100), 2);
    ck_assert_uint_eq(add_all(corner, 3, 8, 9000), 1);
    ck_assert(kd_box_equal(out[0], (struct kd_box){0, 0, 100, 100}));
    ck_assert_uint_eq(add_all(row, 4, 2, 0), 2); /* no room: those that lie closest */
    ck_assert(kd_box_equal(out[0], row[0]));
    ck_assert(kd_box_equal(out[1], (struct kd_box){50, 0, 70, 10}));
    ck_assert_uint_eq(add_all(far, 0, 8, 1000), 0);
}
END_TEST

Suite *boxes_suite(void)
{
    Suite *suite = suite_create("boxes");
    TCase *sets = tcase_create("sets");

    tcase_set_timeout(sets, 0);
    tcase_add_test(sets, disjoint_boxes_are_the_exact_union);
    tcase_add_test(sets, few_boxes_hold_everything);
    tcase_add_test(sets, many_boxes_are_exact);
    tcase_add_test(sets, merging_as_one_would);
    suite_add_tcase(suite, sets);
    return suite;
}

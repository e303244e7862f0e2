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

/* Each box to whole cells of this size. */
static pixman_region32_t cells_region(size_t count, struct kd_box within, int32_t cell_px)
{
    static struct kd_box cells[MOST];

    for (size_t i = 0; i < count; i++) {
        struct kd_box box = kd_box_intersect(boxes[i], within);
        struct kd_box at = kd_box_moved(box, -within.x1, -within.y1);

        cells[i] = (struct kd_box){0, 0, 0, 0};
        if (!kd_box_empty(box))
            cells[i] =
                kd_box_moved((struct kd_box){at.x1 / cell_px * cell_px, at.y1 / cell_px * cell_px,
                                             (at.x2 + cell_px - 1) / cell_px * cell_px,
                                             (at.y2 + cell_px - 1) / cell_px * cell_px},
                             within.x1, within.y1);
    }
    return region_of(cells, count, within);
}

START_TEST(covers_hold_everything_and_little_more)
{
    for (int n = 0; n < 600; n++) {
        struct kd_box within = make_target();
        int32_t longest_px = kd_max(kd_box_width(within), kd_box_height(within));
        size_t count = make_boxes(within, n % 3 ? 20 : MOST, 1 + random_u32() % 300);
        size_t made = kd_boxes_cover(boxes, count, within, out, ROOM);
        int32_t cell_px = longest_px > 8192 ? 64 : 32;
        pixman_region32_t exact = region_of(boxes, count, within);
        pixman_region32_t covered = disjoint_region(out, made, within);
        pixman_region32_t cells = cells_region(count, within, cell_px);

        EXPECT(region_contains(&covered, &exact));
        EXPECT(region_contains(&cells, &covered));
        pixman_region32_fini(&cells);
        pixman_region32_fini(&covered);
        pixman_region32_fini(&exact);
    }
}
END_TEST

/* What most frames are like, and what it may cost: not more than 1.35 times the pixels. */
START_TEST(covers_of_many_boxes_are_tight)
{
    static const struct kd_box within = {0, 0, 1280, 720};

    for (int n = 0; n < 20; n++) {
        pixman_region32_t exact;
        size_t made;

        for (size_t i = 0; i < MOST; i++) {
            int32_t x = (int32_t)(random_u32() % 1280), y = (int32_t)(random_u32() % 720);

            boxes[i] = (struct kd_box){x, y, x + 8 + (int32_t)(random_u32() % 90),
                                       y + 8 + (int32_t)(random_u32() % 90)};
        }
        made = kd_boxes_cover(boxes, MOST, within, out, ROOM);
        exact = region_of(boxes, MOST, within);
        EXPECT(area_of(out, made) * 100 <= region_area(&exact) * 135);
        EXPECT(made < 60);
        pixman_region32_fini(&exact);
    }
}
END_TEST

START_TEST(covers_without_room_are_one_box)
{
    static const struct kd_box within = {10, 20, 500, 400};
    static const struct kd_box apart[] = {{10, 20, 40, 50}, {400, 300, 420, 310}, {90, 90, 91, 91}};

    ck_assert_uint_eq(kd_boxes_cover(apart, 3, within, out, 3), 3);
    ck_assert_uint_eq(kd_boxes_cover(apart, 3, within, out, 2), 1);
    ck_assert(kd_box_equal(out[0], within));
    ck_assert_uint_eq(kd_boxes_cover(apart, 0, within, out, 1), 0);
    ck_assert_uint_eq(kd_boxes_cover(apart, 3, (struct kd_box){5, 5, 5, 5}, out, 1), 0);
}
END_TEST

START_TEST(merging_never_costs_more)
{
    static const struct kd_box within = {0, 0, 2000, 2000};
    unsigned fewer = 0;

    for (int n = 0; n < 3000; n++) {
        int64_t cost_px = (int64_t)(random_u32() % 4) * 3000, before;
        size_t given = make_boxes(within, 14, 1 + random_u32() % 400), count, made;
        pixman_region32_t exact = region_of(boxes, given, within), merged;
        const pixman_box32_t *bands;
        int bands_count;

        bands = pixman_region32_rectangles(&exact, &bands_count);
        count = (size_t)bands_count;
        memcpy(out, bands, count * sizeof(*out));
        before = area_of(out, count) + cost_px * (int64_t)count;
        made = kd_boxes_merge(out, count, cost_px);
        merged = disjoint_region(out, made, within);
        EXPECT(region_contains(&merged, &exact));
        if (count <= 24) {
            EXPECT(area_of(out, made) + cost_px * (int64_t)made <= before);
            EXPECT(cost_px || made == count);
            fewer += made < count;
        } else {
            EXPECT(made == 1);
        }
        pixman_region32_fini(&merged);
        pixman_region32_fini(&exact);
    }
    ck_assert_uint_gt(fewer, 500);
}
END_TEST

START_TEST(merging_as_one_would)
{
    struct kd_box near[] = {{0, 0, 64, 64}, {80, 0, 144, 64}};
    struct kd_box far[] = {{0, 0, 64, 64}, {640, 0, 704, 64}};
    struct kd_box corner[] = {{0, 0, 100, 10}, {0, 10, 10, 100}, {90, 90, 99, 99}};

    ck_assert_uint_eq(kd_boxes_merge(near, 2, 1025), 1);
    ck_assert(kd_box_equal(near[0], (struct kd_box){0, 0, 144, 64}));
    ck_assert_uint_eq(kd_boxes_merge(far, 2, 1025), 2);
    ck_assert_uint_eq(kd_boxes_merge(corner, 3, 4100), 1); /* the third is swallowed */
    ck_assert(kd_box_equal(corner[0], (struct kd_box){0, 0, 100, 100}));
    ck_assert_uint_eq(kd_boxes_merge(far, 0, 1000), 0);
}
END_TEST

Suite *boxes_suite(void)
{
    Suite *suite = suite_create("boxes");
    TCase *sets = tcase_create("sets");

    tcase_set_timeout(sets, 0);
    tcase_add_test(sets, disjoint_boxes_are_the_exact_union);
    tcase_add_test(sets, covers_hold_everything_and_little_more);
    tcase_add_test(sets, covers_of_many_boxes_are_tight);
    tcase_add_test(sets, covers_without_room_are_one_box);
    tcase_add_test(sets, merging_never_costs_more);
    tcase_add_test(sets, merging_as_one_would);
    suite_add_tcase(suite, sets);
    return suite;
}

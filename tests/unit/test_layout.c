/* Where outputs lie as they come and go. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "output/layout.h"

static struct kd_layout_item items[KD_LAYOUT_MAX];

static struct kd_layout_item sized(int32_t width_px, int32_t height_px)
{
    return (struct kd_layout_item){.width_px = width_px, .height_px = height_px};
}

static struct kd_layout_item wished(int32_t width_px, int32_t height_px, int32_t x, int32_t y)
{
    return (struct kd_layout_item){
        .width_px = width_px, .height_px = height_px, .has_wish = true, .wish_x = x, .wish_y = y};
}

static void assert_at(size_t i, int32_t x, int32_t y)
{
    struct kd_box box = items[i].place.box;

    ck_assert_msg(box.x1 == x && box.y1 == y, "item %zu: at %d,%d, not %d,%d", i, box.x1, box.y1, x,
                  y);
    ck_assert_int_eq(kd_box_width(box), items[i].width_px);
    ck_assert_int_eq(kd_box_height(box), items[i].height_px);
    ck_assert(items[i].is_placed);
}

START_TEST(test_side_by_side)
{
    items[0] = sized(1920, 1080);
    items[1] = sized(800, 480);
    items[2] = sized(240, 320);
    ck_assert_uint_eq(kd_layout(items, 3), 3);
    assert_at(0, 0, 0);
    assert_at(1, 1920, 0);
    assert_at(2, 2720, 0);
    ck_assert_uint_eq(kd_layout(items, 3), 0);
    ck_assert_uint_eq(kd_layout(items, 0), 0);
}
END_TEST

START_TEST(test_wishes)
{
    items[0] = sized(100, 100);
    items[1] = wished(100, 100, -50, -200); /* above */
    items[2] = sized(100, 100);             /* right of it, at the top, and not over the first */
    items[3] = wished(100, 100, 0, 0);      /* over the first, which makes room */
    ck_assert_uint_eq(kd_layout(items, 4), 4);
    assert_at(1, -50, -200);
    assert_at(3, 0, 0);
    assert_at(0, 100, 0);
    assert_at(2, 200, 0);
}
END_TEST

START_TEST(test_wishes_may_overlap)
{
    items[0] = wished(100, 100, 0, 0);
    items[1] = wished(100, 100, 50, 50);
    items[2] = wished(100, 100, 0, 0);
    ck_assert_uint_eq(kd_layout(items, 3), 3);
    assert_at(0, 0, 0);
    assert_at(1, 50, 50);
    assert_at(2, 0, 0);
}
END_TEST

START_TEST(test_plugging)
{
    items[0] = sized(1920, 1080);
    items[1] = sized(1280, 720);
    kd_layout(items, 2);
    /* The first one is unplugged: the second stays. */
    struct kd_layout_item first = items[0];
    items[0] = items[1];
    ck_assert_uint_eq(kd_layout(items, 1), 0);
    assert_at(0, 1920, 0);
    /* It comes back, to where it was. */
    items[1] = items[0];
    items[0] = sized(first.width_px, first.height_px);
    ck_assert_uint_eq(kd_layout(items, 2), 1);
    assert_at(0, 0, 0);
    assert_at(1, 1920, 0);
    /* A larger one comes in its place: there is no room for it. */
    items[0] = sized(3840, 2160);
    ck_assert_uint_eq(kd_layout(items, 2), 1);
    assert_at(0, 3200, 0);
    assert_at(1, 1920, 0);
    /* And a third one, behind the second in the list. */
    items[2] = sized(640, 480);
    ck_assert_uint_eq(kd_layout(items, 3), 1);
    assert_at(2, 7040, 0);
}
END_TEST

START_TEST(test_sizes_that_change)
{
    items[0] = sized(1920, 1080);
    items[1] = sized(1280, 720);
    items[2] = sized(10, 10);
    kd_layout(items, 3);
    items[0].width_px = 1280; /* smaller: nobody else moves */
    ck_assert_uint_eq(kd_layout(items, 3), 1);
    assert_at(0, 0, 0);
    assert_at(1, 1920, 0);
    assert_at(2, 3200, 0);
    items[0].width_px = 2000; /* larger: what it would cover makes room, and so on */
    ck_assert_uint_eq(kd_layout(items, 3), 3);
    assert_at(0, 0, 0);
    assert_at(1, 2000, 0);
    assert_at(2, 3280, 0);
}
END_TEST

START_TEST(test_a_wish_moves_who_was_there)
{
    items[0] = sized(100, 100);
    kd_layout(items, 1);
    items[1] = wished(100, 100, 0, 0);
    ck_assert_uint_eq(kd_layout(items, 2), 2);
    assert_at(0, 100, 0);
    assert_at(1, 0, 0);
}
END_TEST

/* Without wishes nothing covers anything, whatever comes and goes; who stays and keeps its size is
 * moved by nobody. With wishes, those without one still cover nothing. */
START_TEST(test_any_order)
{
    srand(3);
    for (int round = 0; round < 3000; round++) {
        size_t count = 0;

        for (int step = 0; step < 12; step++) {
            struct kd_layout_item before[8];

            if (count < 8 && rand() % 3) {
                size_t at = (size_t)rand() % (count + 1);

                memmove(items + at + 1, items + at, (count - at) * sizeof(items[0]));
                items[at] = sized(1 + rand() % 50, 1 + rand() % 50);
                if (_i == 1 && rand() % 3 == 0)
                    items[at] = wished(1 + rand() % 50, 1 + rand() % 50, rand() % 200 - 100,
                                       rand() % 20 - 10);
                count++;
            } else if (count > 0) {
                size_t at = (size_t)rand() % count;

                memmove(items + at, items + at + 1, (count - at - 1) * sizeof(items[0]));
                count--;
            }
            memcpy(before, items, count * sizeof(items[0]));
            kd_layout(items, count);
            for (size_t i = 0; i < count; i++) {
                struct kd_box a = items[i].place.box;

                if (items[i].has_wish)
                    assert_at(i, items[i].wish_x, items[i].wish_y);
                else if (before[i].is_placed && _i == 0)
                    assert_at(i, before[i].place.box.x1, before[i].place.box.y1);
                for (size_t k = 0; k < i; k++) {
                    struct kd_box b = items[k].place.box;

                    ck_assert(items[i].has_wish + items[k].has_wish == 2 || a.x2 <= b.x1 ||
                              b.x2 <= a.x1 || a.y2 <= b.y1 || b.y2 <= a.y1);
                }
            }
            ck_assert_uint_eq(kd_layout(items, count), 0);
        }
    }
}
END_TEST

/* Nothing overflows, and it ends. */
START_TEST(test_huge)
{
    for (size_t i = 0; i < KD_LAYOUT_MAX; i++)
        items[i] = i % 3 == 0   ? sized(INT32_MAX, INT32_MAX)
                   : i % 3 == 1 ? wished(INT32_MAX, 1, INT32_MIN, INT32_MAX)
                                : wished(1, INT32_MAX, INT32_MAX, INT32_MIN);
    kd_layout(items, KD_LAYOUT_MAX);
    for (size_t i = 0; i < KD_LAYOUT_MAX; i++) {
        ck_assert_int_le(items[i].place.box.x2, KD_COORD_MAX);
        ck_assert_int_ge(items[i].place.box.x1, -KD_COORD_MAX);
    }
}
END_TEST

Suite *layout_suite(void);
Suite *layout_suite(void)
{
    Suite *suite = suite_create("layout");
    TCase *tcase = tcase_create("layout");

    tcase_add_test(tcase, test_side_by_side);
    tcase_add_test(tcase, test_wishes);
    tcase_add_test(tcase, test_wishes_may_overlap);
    tcase_add_test(tcase, test_plugging);
    tcase_add_test(tcase, test_sizes_that_change);
    tcase_add_test(tcase, test_a_wish_moves_who_was_there);
    tcase_add_loop_test(tcase, test_any_order, 0, 2);
    tcase_add_test(tcase, test_huge);
    suite_add_tcase(suite, tcase);
    return suite;
}

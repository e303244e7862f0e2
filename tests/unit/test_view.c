/*
 * Where an output's pixels lie in its buffer.
 */
#include "base/view.h"
#include "pixel_test.h"

#include <check.h>

static const int32_t no_border[4] = {0, 0, 0, 0};

static struct kd_view random_view(uint32_t orientation)
{
    int32_t width = 1 + (int32_t)(random_u32() % 300), height = 1 + (int32_t)(random_u32() % 300);
    int32_t border[4];

    for (int i = 0; i < 4; i++)
        border[i] = (int32_t)(random_u32() % 40);
    return kd_view_of(width, height, orientation & 3, orientation & 4, orientation & 8, border);
}

START_TEST(a_plain_view_changes_nothing)
{
    struct kd_view view = kd_view_plain(1280, 720);
    struct kd_box box = {-5, 3, 17, 2000};

    ck_assert(kd_view_is_plain(&view));
    ck_assert_int_eq(kd_view_size(&view).x, 1280);
    ck_assert_int_eq(kd_view_size(&view).y, 720);
    ck_assert_int_eq(kd_view_grid(&view).tiles_x, 20);
    ck_assert(kd_box_equal(kd_view_to_device(&view, (struct kd_output_box){box}).box, box));
    ck_assert(kd_box_equal(kd_view_to_output(&view, (struct kd_device_box){box}).box, box));
    view = kd_view_of(1280, 720, KB_ROTATION_NORMAL, false, false, no_border);
    ck_assert(kd_view_is_plain(&view));
}
END_TEST

/* The picture is 3 by 2: where its corners (0, 0), (2, 0), (0, 1), (2, 1) come to lie, as seen by somebody who turns a sheet of paper. */
START_TEST(the_corners_lie_where_they_should)
{
    static const struct {
        enum kb_rotation rotation;
        bool reflect_x, reflect_y;
        struct kd_point corners[4];
    } cases[] = {
        {KB_ROTATION_NORMAL, false, false, {{0, 0}, {2, 0}, {0, 1}, {2, 1}}},
        {KB_ROTATION_ROTATE90, false, false, {{0, 2}, {0, 0}, {1, 2}, {1, 0}}},
        {KB_ROTATION_ROTATE180, false, false, {{2, 1}, {0, 1}, {2, 0}, {0, 0}}},
        {KB_ROTATION_ROTATE270, false, false, {{1, 0}, {1, 2}, {0, 0}, {0, 2}}},
        {KB_ROTATION_NORMAL, true, false, {{2, 0}, {0, 0}, {2, 1}, {0, 1}}},
        {KB_ROTATION_NORMAL, false, true, {{0, 1}, {2, 1}, {0, 0}, {2, 0}}},
        {KB_ROTATION_ROTATE90, true, false, {{0, 0}, {0, 2}, {1, 0}, {1, 2}}},
        {KB_ROTATION_ROTATE90, false, true, {{1, 2}, {1, 0}, {0, 2}, {0, 0}}},
        {KB_ROTATION_ROTATE180, true, true, {{0, 0}, {2, 0}, {0, 1}, {2, 1}}},
    };
    static const struct kd_point from[4] = {{0, 0}, {2, 0}, {0, 1}, {2, 1}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool turned = cases[i].rotation & 1;
        struct kd_view view = kd_view_of(turned ? 2 : 3, turned ? 3 : 2, cases[i].rotation,
                                         cases[i].reflect_x, cases[i].reflect_y, no_border);

        ck_assert_int_eq(kd_view_size(&view).x, 3);
        ck_assert_int_eq(kd_view_size(&view).y, 2);
        for (int corner = 0; corner < 4; corner++) {
            struct kd_point at = kd_view_point_to_device(&view, from[corner]);

            ck_assert_int_eq(at.x, cases[i].corners[corner].x);
            ck_assert_int_eq(at.y, cases[i].corners[corner].y);
        }
    }
}
END_TEST

START_TEST(there_and_back)
{
    for (uint32_t round = 0; round < 3200; round++) {
        struct kd_view view = random_view(round % 16);
        struct kd_point pixel = {(int32_t)(random_u32() % 900) - 300,
                                 (int32_t)(random_u32() % 900) - 300};
        struct kd_box box = {pixel.x, pixel.y, pixel.x + 1 + (int32_t)(random_u32() % 50),
                             pixel.y + 1 + (int32_t)(random_u32() % 50)};
        struct kd_box device = kd_view_to_device(&view, (struct kd_output_box){box}).box;
        struct kd_point at = kd_view_point_to_device(&view, pixel);
        struct kd_point back = kd_view_point_to_output(&view, at);

        ck_assert(kd_box_equal(kd_view_to_output(&view, (struct kd_device_box){device}).box, box));
        ck_assert_int_eq(kd_box_area(device), kd_box_area(box));
        ck_assert(kd_box_contains(device, (struct kd_box){at.x, at.y, at.x + 1, at.y + 1}));
        ck_assert_int_eq(back.x, pixel.x);
        ck_assert_int_eq(back.y, pixel.y);
    }
}
END_TEST

START_TEST(the_picture_fills_the_inner_box)
{
    for (uint32_t round = 0; round < 1600; round++) {
        struct kd_view view = random_view(round % 16);
        struct kd_point size = kd_view_size(&view);
        struct kd_output_box all = {kd_box_of_size(size.x, size.y)};

        ck_assert(kd_box_equal(kd_view_to_device(&view, all).box, view.inner));
    }
}
END_TEST

START_TEST(borders_that_leave_nothing_are_none)
{
    const int32_t wide[4] = {5, 2, 5, 3}, far[4] = {INT32_MAX, 0, INT32_MAX, 1};
    struct kd_view view = kd_view_of(10, 10, KB_ROTATION_NORMAL, false, false, wide);

    ck_assert(kd_box_equal(view.inner, (struct kd_box){0, 2, 10, 7}));
    view = kd_view_of(11, 5, KB_ROTATION_NORMAL, false, false, wide);
    ck_assert(kd_box_equal(view.inner, (struct kd_box){5, 0, 6, 5}));
    view = kd_view_of(10, 10, KB_ROTATION_NORMAL, false, false, far);
    ck_assert(kd_box_equal(view.inner, (struct kd_box){0, 0, 10, 9}));
    ck_assert(!kd_view_is_plain(&view));
}
END_TEST

Suite *view_suite(void)
{
    Suite *suite = suite_create("view");
    TCase *tests = tcase_create("view");

    tcase_add_test(tests, a_plain_view_changes_nothing);
    tcase_add_test(tests, the_corners_lie_where_they_should);
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, the_picture_fills_the_inner_box);
    tcase_add_test(tests, borders_that_leave_nothing_are_none);
    suite_add_tcase(suite, tests);
    return suite;
}

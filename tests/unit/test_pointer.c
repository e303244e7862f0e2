/*
 * Where the pointer can be.
 */
#include "pixel_test.h"
#include "server/cursor_arrow.h"
#include "server/pointer.h"

#include <check.h>

#define PARTS KD_POINTER_PARTS

static const int32_t no_border[4] = {0, 0, 0, 0};

/* The first is small, the second right of it and higher; a third lies beyond a gap. */
static const struct kd_box outputs[] = {
    {0, 0, 320, 240}, {320, -100, 720, 500}, {800, 0, 1000, 100}};

static void check_motion(int32_t from_x, int32_t from_y, int32_t dx, int32_t dy, int32_t x,
                         int32_t y)
{
    const struct kd_pointer_at from = {(int64_t)from_x * PARTS, (int64_t)from_y * PARTS};
    const struct kd_pointer_at to = {from.x + (int64_t)dx * PARTS, from.y + (int64_t)dy * PARTS};
    struct kd_pointer_at at = kd_pointer_confined(outputs, 3, from, to);

    ck_assert_msg(kd_floor_div(at.x, PARTS) == x && kd_floor_div(at.y, PARTS) == y,
                  "%d,%d by %d,%d: at %lld,%lld", from_x, from_y, dx, dy,
                  (long long)kd_floor_div(at.x, PARTS), (long long)kd_floor_div(at.y, PARTS));
}

START_TEST(motions)
{
    static const int32_t cases[][6] = {
        {5, 5, 10, 20, 15, 25},        /* free */
        {5, 5, -10, 3, 0, 8},          /* along an edge */
        {5, 5, -10, -10, 0, 0},        /* into a corner */
        {310, 100, 20, 0, 330, 100},   /* over to the neighbour */
        {330, 100, -20, 0, 310, 100},  /* and back */
        {310, 235, 0, 100, 310, 239},  /* down: not over to the neighbour, though that is nearer */
        {310, 235, 3, 100, 313, 239},  /* also not if it goes a little that way */
        {310, 235, 30, 100, 340, 335}, /* but if that is where it leads */
        {330, 400, -20, 0, 320, 400},  /* nothing is there */
        {700, 50, 50, 0, 719, 50},     /* into the gap, not far */
        {700, 50, 90, 0, 800, 50},     /* over it, nearly */
        {700, 50, 150, 0, 850, 50},    /* over it */
        {700, 300, 90, 0, 719, 300},   /* nothing is straight ahead */
        {700, -90, 999999, 0, 719, -90},        /* nor there */
        {810, 50, -30, 0, 800, 50},             /* the near end is nearer */
        {0, 0, INT32_MAX, INT32_MAX, 719, 499}, /* the far end of them all */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_motion(cases[i][0], cases[i][1], cases[i][2], cases[i][3], cases[i][4], cases[i][5]);
}
END_TEST

/* From anywhere to anywhere: on an output in the end, and where it leads to if that is one. */
START_TEST(it_is_always_on_an_output)
{
    for (int i = 0; i < 20000; i++) {
        const struct kd_pointer_at from = {(int32_t)(random_u32() % 600000) - 200000,
                                           (int32_t)(random_u32() % 600000) - 200000};
        const struct kd_pointer_at to = {(int32_t)(random_u32() % 600000) - 200000,
                                         (int32_t)(random_u32() % 600000) - 200000};
        struct kd_pointer_at at = kd_pointer_confined(outputs, 3, from, to);
        bool is_on_one = false, leads_to_one = false;

        for (size_t n = 0; n < 3; n++) {
            struct kd_box box = outputs[n];

            is_on_one |= at.x >= (int64_t)box.x1 * PARTS && at.x < (int64_t)box.x2 * PARTS &&
                         at.y >= (int64_t)box.y1 * PARTS && at.y < (int64_t)box.y2 * PARTS;
            leads_to_one |= to.x >= (int64_t)box.x1 * PARTS && to.x < (int64_t)box.x2 * PARTS &&
                            to.y >= (int64_t)box.y1 * PARTS && to.y < (int64_t)box.y2 * PARTS;
        }
        ck_assert(is_on_one);
        if (leads_to_one)
            ck_assert(at.x == to.x && at.y == to.y);
    }
}
END_TEST

/* Whole pixels as the view has them, and parts of pixels in the order in which they lie. */
START_TEST(devices_that_do_not_turn)
{
    for (uint32_t orientation = 0; orientation < 16; orientation++) {
        int32_t border[4] = {3, 5, 7, 2};
        struct kd_view view = kd_view_of(320, 240, orientation & 3, orientation & 4,
                                         orientation & 8, orientation ? border : no_border);

        for (int i = 0; i < 500; i++) {
            struct kd_point pixel = {
                view.inner.x1 + (int32_t)(random_u32() % (uint32_t)kd_box_width(view.inner)),
                view.inner.y1 + (int32_t)(random_u32() % (uint32_t)kd_box_height(view.inner))};
            struct kd_point wanted = kd_view_point_to_output(&view, pixel);
            struct kd_pointer_at device = {(int64_t)pixel.x * PARTS + random_u32() % PARTS,
                                           (int64_t)pixel.y * PARTS + random_u32() % PARTS};
            struct kd_pointer_at at = kd_pointer_upright(&view, device);

            ck_assert_int_eq(kd_floor_div(at.x, PARTS), wanted.x);
            ck_assert_int_eq(kd_floor_div(at.y, PARTS), wanted.y);
        }
    }
}
END_TEST

START_TEST(beside_the_picture_is_its_edge)
{
    struct kd_view view =
        kd_view_of(320, 240, KB_ROTATION_ROTATE90, false, false, (int32_t[4]){10, 10, 10, 10});
    struct kd_pointer_at at = kd_pointer_upright(&view, (struct kd_pointer_at){0, 0});

    ck_assert_int_eq(kd_floor_div(at.x, PARTS), 219);
    ck_assert_int_eq(kd_floor_div(at.y, PARTS), 0);
}
END_TEST

/* Premultiplied, both black and white, nothing at the far edges. */
START_TEST(the_arrow_is_an_image)
{
    for (int32_t factor = 1; factor <= 2; factor++) {
        struct kd_pixels *arrow = kd_cursor_arrow(factor);
        unsigned black = 0, white = 0;

        ck_assert_ptr_nonnull(arrow);
        ck_assert_int_eq(arrow->width_px, 24 * factor);
        for (int32_t y = 0; y < arrow->height_px; y++) {
            for (int32_t x = 0; x < arrow->width_px; x++) {
                int32_t run_px;
                uint32_t pixel = *kd_pixels_at(arrow, x, y, &run_px);

                black += pixel == 0xFF000000;
                white += pixel == 0xFFFFFFFF;
                ck_assert((pixel & 255) <= pixel >> 24);
                if (x == arrow->width_px - 1 || y == arrow->height_px - 1)
                    ck_assert_uint_eq(pixel, 0);
                if (x == 0 && y == 0)
                    ck_assert(pixel >> 24);
            }
        }
        ck_assert_uint_ge(black, 15);
        ck_assert_uint_ge(white, 40);
        kd_pixels_unref(arrow);
    }
}
END_TEST

Suite *pointer_suite(void)
{
    Suite *suite = suite_create("pointer");
    TCase *tcase = tcase_create("pointer");

    tcase_add_test(tcase, motions);
    tcase_add_test(tcase, it_is_always_on_an_output);
    tcase_add_test(tcase, devices_that_do_not_turn);
    tcase_add_test(tcase, beside_the_picture_is_its_edge);
    tcase_add_test(tcase, the_arrow_is_an_image);
    suite_add_tcase(suite, tcase);
    return suite;
}

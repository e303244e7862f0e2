/*
 * Transformed blits: where pixels may be drawn and what may be sampled, against every single pixel; and that tiles do not matter.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include <stdlib.h>
#include <string.h>

#define ONE 65536

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

/* Sensible ones, extreme ones, and pairs of rows that are nearly the same line. */
static void random_matrix(struct kb_command_transformed_blit *blit)
{
    static const int32_t odd[] = {
        0,       1,         -1,        2,    ONE,     -ONE, ONE / 2,
        ONE + 1, INT32_MAX, INT32_MIN, 4096, 3 * ONE, -300, INT32_MAX - 1};
    int32_t *values[] = {&blit->xx, &blit->xy, &blit->yx, &blit->yy};
    unsigned sort = random_u32() % 4;
    int32_t near_to = sort == 3 ? (int32_t)random_u32() : 3 * ONE;

    for (int i = 0; i < 4; i++) {
        *values[i] = random_between(-2 * ONE, 2 * ONE);
        if (sort == 1 && random_u32() % 2)
            *values[i] = odd[random_u32() % (sizeof(odd) / sizeof(odd[0]))];
        if (sort == 1 && random_u32() % 8 == 0)
            *values[i] = (int32_t)random_u32();
        if (sort >= 2) /* u and v are both about near_to * (X - Y) */
            *values[i] = (int32_t)((uint32_t)(i % 2 ? 0u - (uint32_t)near_to : (uint32_t)near_to) +
                                   random_u32() % 16);
    }
    blit->x0 = random_u32() % 8 ? random_between(-200 * ONE, 200 * ONE) : (int32_t)random_u32();
    blit->y0 = random_u32() % 8 ? random_between(-200 * ONE, 200 * ONE) : (int32_t)random_u32();
    if (sort >= 2)
        blit->x0 = blit->y0 = random_between(0, 50 * ONE);
}

static struct kb_command_transformed_blit random_blit(int32_t width, int32_t height)
{
    struct kb_command_transformed_blit blit = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                               .alpha = 255,
                                               .flags = (uint8_t)(random_u32() % 8),
                                               .tint = UINT32_MAX,
                                               .src_width = (uint16_t)width,
                                               .src_height = (uint16_t)height};

    if (random_u32() % 2) {
        blit.src_x = (int16_t)random_between(-width, width);
        blit.src_y = (int16_t)random_between(-height, height);
        blit.src_width = (uint16_t)random_between(0, 2 * width);
        blit.src_height = (uint16_t)random_between(0, 2 * height);
    }
    if (random_u32() % 50 == 0) {
        blit.src_x = INT16_MIN;
        blit.src_width = UINT16_MAX;
    }
    random_matrix(&blit);
    return blit;
}

static bool holds(struct kd_box box, int32_t x, int32_t y)
{
    return kd_box_contains(box, (struct kd_box){x, y, x + 1, y + 1});
}

/* What is sampled for one drawn pixel lies in the footprint of any part that has the pixel. */
static void check_samples(const struct kd_transform *t, struct kd_box part, int64_t u, int64_t v,
                          bool bilinear)
{
    struct kd_box footprint = kd_transform_footprint(t, part, bilinear);
    int64_t left = bilinear ? (u - ONE / 2) >> 16 : u >> 16;
    int64_t top = bilinear ? (v - ONE / 2) >> 16 : v >> 16;

    for (int64_t y = top; y <= top + bilinear; y++)
        for (int64_t x = left; x <= left + bilinear; x++) {
            int64_t px = x < t->source.x1 ? t->source.x1 : x >= t->source.x2 ? t->source.x2 - 1 : x;
            int64_t py = y < t->source.y1 ? t->source.y1 : y >= t->source.y2 ? t->source.y2 - 1 : y;

            EXPECT(holds(footprint, (int32_t)px, (int32_t)py));
        }
}

/* Returns how many pixels are drawn. */
static unsigned check_boxes(const struct kb_command_transformed_blit *blit, struct kd_box image,
                            struct kd_box clip)
{
    bool bilinear = blit->flags & KB_BLIT_FLAG_BILINEAR;
    struct kd_transform t;
    struct kd_box bounds;
    unsigned drawn = 0;

    if (!kd_transform_init(&t, blit, image))
        return 0;
    bounds = kd_transform_bounds(&t, clip);
    EXPECT(kd_box_empty(bounds) || kd_box_contains(clip, bounds));
    for (int32_t y = clip.y1; y < clip.y2; y++)
        for (int32_t x = clip.x1; x < clip.x2; x++) {
            struct kd_box part = {x & ~15, y & ~15, (x & ~15) + 16, (y & ~15) + 16};
            int64_t u, v;

            kd_transform_point(&t, x, y, &u, &v);
            if (!kd_transform_inside(&t, u, v))
                continue;
            drawn++;
            if (!holds(bounds, x, y))
                ck_abort_msg("(%d, %d) is drawn, but outside of [%d, %d) x [%d, %d): %d %d %d, "
                             "%d %d %d",
                             x, y, bounds.x1, bounds.x2, bounds.y1, bounds.y2, t.xx, t.xy, t.x0,
                             t.yx, t.yy, t.y0);
            check_samples(&t, kd_box_intersect(part, clip), u, v, bilinear);
        }
    return drawn;
}

START_TEST(boxes_hold_what_is_drawn_and_sampled)
{
    unsigned drawn = 0;

    for (int round = 0; round < 6000; round++) {
        struct kd_box image = kd_box_of_size(random_between(1, 90), random_between(1, 90));
        struct kb_command_transformed_blit blit = random_blit(image.x2, image.y2);

        drawn += check_boxes(&blit, image, kd_box_of_size(100, 80)) > 0;
    }
    ck_assert_uint_gt(drawn, 1000);
}
END_TEST

/* A corner of the image is seen near a place of the target. */
static void put_corner(struct kb_command_transformed_blit *blit, struct kd_box image, int32_t x,
                       int32_t y)
{
    int64_t x0 = (int64_t)(random_u32() % 2) * image.x2 * ONE + random_between(-9, 9);
    int64_t y0 = (int64_t)(random_u32() % 2) * image.y2 * ONE + random_between(-9, 9);

    x0 -= (int64_t)blit->xx * x + (int64_t)blit->xy * y;
    y0 -= (int64_t)blit->yx * x + (int64_t)blit->yy * y;
    if (x0 == (int32_t)x0 && y0 == (int32_t)y0) {
        blit->x0 = (int32_t)x0;
        blit->y0 = (int32_t)y0;
    }
}

/* Rows whose determinant is a few units of 2^-32, of large coefficients: doubles lose it. */
START_TEST(nearly_flat_matrices)
{
    unsigned drawn = 0;

    for (int round = 0; round < 4000; round++) {
        struct kd_box image = kd_box_of_size(random_between(1, 200), random_between(1, 200));
        int32_t a = INT32_MAX - (int32_t)(random_u32() % 2000);
        int32_t shift = (int32_t)(random_u32() % 31);
        struct kb_command_transformed_blit blit = {.flags = (uint8_t)(random_u32() % 8),
                                                   .src_width = (uint16_t)image.x2,
                                                   .src_height = (uint16_t)image.y2};

        blit.xx = (a >> shift) + random_between(-2, 0);
        blit.xy = -((a >> shift) + random_between(-2, 0));
        blit.yx = (a >> shift) + random_between(-2, 0);
        blit.yy = -((a >> shift) + random_between(-2, 0));
        blit.x0 = random_between(0, image.x2 * ONE);
        blit.y0 = random_between(0, image.y2 * ONE);
        if (random_u32() % 2) /* a corner of the source: what is drawn ends there */
            put_corner(&blit, image, random_between(0, 300), random_between(0, 20));
        drawn += check_boxes(&blit, image, kd_box_of_size(300, 20)) > 0;
    }
    ck_assert_uint_gt(drawn, 1000);
}
END_TEST

/* Bounds are for speed: an ordinary sprite's are close about it. */
START_TEST(bounds_are_close)
{
    struct kb_command_transformed_blit blit = {.xx = ONE / 2,
                                               .yy = ONE / 2,
                                               .x0 = -50 * ONE,
                                               .y0 = -20 * ONE,
                                               .src_width = 32,
                                               .src_height = 16};
    struct kd_transform t;
    struct kd_box bounds;

    ck_assert(kd_transform_init(&t, &blit, kd_box_of_size(32, 16)));
    bounds = kd_transform_bounds(&t, kd_box_of_size(1000, 1000));
    ck_assert_int_ge(bounds.x1, 97);
    ck_assert_int_le(bounds.x2, 167);
    ck_assert_int_ge(bounds.y1, 37);
    ck_assert_int_le(bounds.y2, 75);
    blit.x0 = 100 * ONE;
    ck_assert(kd_transform_init(&t, &blit, kd_box_of_size(32, 16)));
    ck_assert(kd_box_empty(kd_transform_bounds(&t, kd_box_of_size(1000, 1000))));
    blit.src_width = 0;
    ck_assert(!kd_transform_init(&t, &blit, kd_box_of_size(32, 16)));
}
END_TEST

/* ---- Tiles do not matter -------------------------------------------------------------------- */

/* A target of one tile's size, moved over the drawing, sees what the large target shows there. */
static void check_piece(const struct kb_command_transformed_blit *blit, struct draw_image *image,
                        const uint32_t *whole, int32_t whole_width, int32_t left, int32_t top)
{
    struct kb_command_transformed_blit moved = *blit;
    struct draw_commands list = {.bytes = (void *)&moved, .units = 2};
    struct drawn_frame frame;
    uint32_t got[20 * 20];
    int64_t x0 = blit->x0 + (int64_t)blit->xx * left + (int64_t)blit->xy * top;
    int64_t y0 = blit->y0 + (int64_t)blit->yx * left + (int64_t)blit->yy * top;

    if (x0 != (int32_t)x0 || y0 != (int32_t)y0)
        return;
    moved.x0 = (int32_t)x0;
    moved.y0 = (int32_t)y0;
    draw_frame(&frame, NULL, false, kd_grid_of(20, 20), KD_TARGET_ALPHA, 0, KD_PLAN_MAX_TOUCHES,
               &list, image, 1);
    kd_pixels_read(frame.picture, kd_box_of_size(20, 20), got, 20);
    for (int32_t y = 0; y < 20; y++)
        for (int32_t x = 0; x < 20; x++)
            EXPECT_PIXEL(got[y * 20 + x], whole[(top + y) * whole_width + left + x]);
    kd_pixels_unref(frame.picture);
}

START_TEST(tiles_do_not_matter)
{
    static uint32_t whole[150 * 130];

    for (int round = 0; round < 300; round++) {
        struct draw_image image =
            draw_image_create(random_u32() % KD_SOURCE_KINDS, random_between(1, 150),
                              random_between(1, 150), random_u32() % 2);
        struct kb_command_transformed_blit blit =
            random_blit(image.pixels->width_px, image.pixels->height_px);
        struct draw_commands list = {.bytes = (void *)&blit, .units = 2};
        struct drawn_frame frame;

        draw_frame(&frame, NULL, false, kd_grid_of(150, 130), KD_TARGET_ALPHA, 0,
                   random_u32() % 4 ? KD_PLAN_MAX_TOUCHES : 0, &list, &image, 1);
        kd_pixels_read(frame.picture, kd_box_of_size(150, 130), whole, 150);
        for (int piece = 0; piece < 12; piece++)
            check_piece(&blit, &image, whole, 150, random_between(0, 130), random_between(0, 110));
        kd_pixels_unref(frame.picture);
        draw_image_finish(&image);
    }
}
END_TEST

/* The key of a tile changes with what it samples, and only then. */
START_TEST(keys_follow_the_samples)
{
    struct draw_image image = draw_image_create(KD_SOURCE_OPAQUE, 150, 130, true);
    struct kb_command_transformed_blit blit = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                               .alpha = 255,
                                               .flags = KB_BLIT_FLAG_BILINEAR,
                                               .tint = UINT32_MAX,
                                               .src_width = 150,
                                               .src_height = 130,
                                               .xx = ONE,
                                               .yy = ONE,
                                               .x0 = ONE / 2};
    struct draw_commands list = {.bytes = (void *)&blit, .units = 2};
    struct drawn_frame first, again;

    draw_frame(&first, NULL, false, kd_grid_of(150, 130), KD_TARGET_OPAQUE, 0xFF000000,
               KD_PLAN_MAX_TOUCHES, &list, &image, 1);
    image.plain[70 * 150 + 64] ^= 0xFF; /* the filter takes column 64 for target column 63 */
    kd_pixels_unref(image.pixels);
    image.pixels = draw_pixels(KD_SOURCE_OPAQUE, 150, 130, true, image.plain);
    draw_frame(&again, first.picture, true, kd_grid_of(150, 130), KD_TARGET_OPAQUE, 0xFF000000,
               KD_PLAN_MAX_TOUCHES, &list, &image, 1);
    ck_assert_uint_ge(again.tiles_drawn, 2);
    ck_assert_uint_lt(again.tiles_drawn, 9);
    for (size_t i = 0; i < kd_pixels_tiles(again.picture); i++) {
        struct kd_box box = kd_pixels_tile_box(again.picture, i);
        bool touched = box.y1 <= 70 && box.y2 > 70 && box.x1 <= 64 && box.x2 > 63;

        if (touched)
            ck_assert_uint_ne(again.picture->tiles[i]->key, first.picture->tiles[i]->key);
    }
    kd_pixels_unref(first.picture);
    kd_pixels_unref(again.picture);
    draw_image_finish(&image);
}
END_TEST

Suite *transform_suite(void)
{
    Suite *suite = suite_create("transform");
    TCase *tcase = tcase_create("transform");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, boxes_hold_what_is_drawn_and_sampled);
    tcase_add_test(tcase, nearly_flat_matrices);
    tcase_add_test(tcase, bounds_are_close);
    tcase_add_test(tcase, tiles_do_not_matter);
    tcase_add_test(tcase, keys_follow_the_samples);
    suite_add_tcase(suite, tcase);
    return suite;
}

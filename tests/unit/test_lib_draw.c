/* libkmsblit: canvases, transformed blits, formats of images; against a scripted daemon. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kmsblit.h>

#include "fake_daemon.h"

static struct fake fake;
static struct kb_display *display;
static struct kb_window *window;

static void setup(void)
{
    const struct kb_window_info info = {.width = 320, .height = 240};
    fake_start(&fake);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), 0);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
}

static void teardown(void)
{
    kb_disconnect(display);
    fake_stop(&fake);
}

static uint32_t size_of(const struct fake_record *record)
{
    ck_assert_ptr_nonnull(record);
    return ((const struct kb_header *)(const void *)record->message)->size;
}

static struct kb_req_frame frame_at(unsigned index)
{
    struct kb_req_frame frame;
    const struct fake_record *record = fake_find(&fake, KB_REQ_FRAME, index);
    ck_assert_int_eq(kb_req_frame_decode(record->message, size_of(record), NULL, 0, &frame, NULL),
                     0);
    return frame;
}

static struct kb_image *make_image(uint32_t width, uint32_t height)
{
    struct kb_image *image;
    uint32_t *pixels = calloc((size_t)width * height, 4);
    const struct kb_image_info info = {.width = width, .height = height};
    ck_assert_int_eq(kb_image_create(display, &info, pixels, &image), 0);
    free(pixels);
    return image;
}

static void assert_says(const char *what)
{
    ck_assert_msg(strstr(kb_last_error(), what) != NULL, "\"%s\" does not say \"%s\"",
                  kb_last_error(), what);
}

START_TEST(canvas_frames)
{
    struct kb_image *canvas, *image = make_image(4, 4);
    struct kb_req_canvas_create create;
    uint32_t width, height, serial = 0;
    fake.hold = 10; /* frames of windows; a canvas's need no credit */
    ck_assert_int_eq(kb_canvas_create(display, 64, 48, &canvas), 0);
    kb_image_size(canvas, &width, &height);
    ck_assert_uint_eq(width * 1000 + height, 64048);
    struct kb_frame *frame = kb_canvas_frame(canvas);
    for (uint32_t i = 0; i < 5; i++) {
        kb_draw_clear(frame);
        kb_draw_fill(frame, NULL, 0x80000000 + i, KB_BLEND_REPLACE);
        kb_draw_blit(frame, image, NULL, 1, 2, NULL);
        ck_assert_int_eq(kb_canvas_commit(canvas, &serial), 0);
        ck_assert_uint_ne(serial, 0);
    }
    kb_draw_blit(kb_window_frame(window), canvas, NULL, 3, 4, NULL);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_canvas_wait(canvas), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(kb_credits(window), 1);
    const struct fake_record *record = fake_find(&fake, KB_REQ_CANVAS_CREATE, 0);
    ck_assert_int_eq(
        kb_req_canvas_create_decode(record->message, size_of(record), NULL, 0, &create, NULL), 0);
    ck_assert_uint_eq(create.object, kb_image_id(canvas));
    ck_assert_uint_eq(create.width * 1000 + create.height, 64048);
    const struct kb_req_frame last = frame_at(4);
    ck_assert_uint_eq(last.object, kb_image_id(canvas));
    ck_assert_uint_eq(last.serial, serial);
    ck_assert_uint_eq(last.flags, KB_FRAME_FLAG_CLEAR);
    const struct kb_command_fill *fill = last.commands;
    ck_assert_uint_eq(fill->color, 0x80000004);
    ck_assert_uint_eq(fill->where.width, 64);
    ck_assert_uint_eq(((const struct kb_command_blit *)frame_at(5).commands)->image,
                      kb_image_id(canvas));
    kb_image_destroy(canvas);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_DESTROY), 1);
}
END_TEST

START_TEST(canvas_mistakes)
{
    struct kb_image *canvas, *none, *image = make_image(4, 4);
    ck_assert_int_eq(kb_canvas_create(display, 0, 48, &none), -EINVAL);
    assert_says("canvas_create.width");
    ck_assert_ptr_null(none);
    ck_assert_int_eq(kb_canvas_create(display, 1, 16385, &none), -EINVAL);
    ck_assert_int_eq(kb_canvas_create(display, 8, 8, &canvas), 0);
    kb_draw_blit(kb_canvas_frame(canvas), canvas, NULL, 0, 0, NULL);
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), -EINVAL);
    assert_says("into itself");
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), 0); /* what was wrong is forgotten */
    ck_assert_ptr_null(kb_canvas_frame(image));
    ck_assert_int_eq(kb_canvas_commit(image, NULL), -EINVAL);
    assert_says("only a canvas");
    ck_assert_int_eq(kb_canvas_wait(image), 0);
    ck_assert_ptr_null(kb_image_pixels(canvas, NULL));
    ck_assert_int_eq(kb_image_update(canvas, NULL, 0), -EINVAL);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_CANVAS_CREATE), 1);
    fake.refuse = KB_REQ_FRAME;
    fake.refuse_code = KB_ERROR_CODE_QUOTA;
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), 0);
    ck_assert_int_eq(kb_canvas_wait(canvas), -EDQUOT);
    assert_says("not today");
}
END_TEST

/* A transformed blit of a 20x10 image with x0 = y0 = 100, and the record it makes; width 0: none. */
static const struct {
    struct kb_rect source;
    uint8_t flags;
    int16_t src_x, src_y;
    uint16_t src_width, src_height;
    int64_t x0, y0;
} fits[] = {
    {{0, 0, 20, 10}, 0, 0, 0, 20, 10, 100, 100},
    {{-7, 5, 60000, 10}, KB_BLIT_FLAG_FLIP_X, -7, 5, 60000, 10, 100, 100},
    {{-40000, 3, 40010, 4}, 0, 0, 3, 10, 4, 100, 100},
    {{-10, 3, 70000, 4}, KB_BLIT_FLAG_FLIP_X, 0, 0, 0, 0, 0, 0}, /* mirrored too far away */
    {{-500, 3, 66000, 4}, KB_BLIT_FLAG_FLIP_Y, 0, 3, 20, 4, 100, 100},
    {{20, 0, 70000, 5}, 0, 0, 0, 0, 0, 0, 0},
    {{0, 0, 0, 5}, 0, 0, 0, 0, 0, 0, 0},
    {{-32769, -32769, 65536, 65536},
     KB_BLIT_FLAG_FLIP_X | KB_BLIT_FLAG_FLIP_Y,
     0,
     0,
     20,
     10,
     100 + 22 * 65536,
     100 + 12 * 65536},
};

START_TEST(transformed)
{
    const struct kb_image *image = make_image(20, 10);
    const struct kb_transform transform = {1, 2, 100, 4, 5, 100};
    const struct kb_blit_options options = {.blend = KB_BLEND_ADD,
                                            .transparency = 5,
                                            .flags = fits[_i].flags | KB_BLIT_FLAG_BILINEAR,
                                            .tint = 0x010203};
    kb_blit_transformed(window, image, &fits[_i].source, &transform, &options);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    const struct kb_req_frame frame = frame_at(0);
    ck_assert_uint_eq(frame.commands_units, fits[_i].src_width == 0 ? 0 : 2);
    const struct kb_command_transformed_blit expected = {
        .op = KB_COMMAND_TRANSFORMED_BLIT,
        .blend = KB_BLEND_ADD,
        .alpha = 250,
        .flags = fits[_i].flags | KB_BLIT_FLAG_BILINEAR,
        .tint = 0xff010203,
        .image = kb_image_id(image),
        .src_x = fits[_i].src_x,
        .src_y = fits[_i].src_y,
        .src_width = fits[_i].src_width,
        .src_height = fits[_i].src_height,
        .xx = 1,
        .xy = 2,
        .x0 = (int32_t)fits[_i].x0,
        .yx = 4,
        .yy = 5,
        .y0 = (int32_t)fits[_i].y0,
    };
    if (frame.commands_units != 0)
        ck_assert_mem_eq(frame.commands, &expected, sizeof(expected));
}
END_TEST

START_TEST(transformed_whole_image)
{
    const struct kb_image *image = make_image(20, 10);
    const struct kb_transform transform = {.xx = KB_FIXED_ONE, .yy = KB_FIXED_ONE};
    kb_blit_transformed(window, image, NULL, &transform, NULL);
    kb_blit_posed(window, image, NULL, &(struct kb_pose){.scale_x = 1e-9, .x = 99}, NULL);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(frame_at(0).commands_units, 2);
    const struct kb_command_transformed_blit *blit = frame_at(0).commands;
    ck_assert_uint_eq(blit->src_width, 20);
    ck_assert_uint_eq(blit->alpha, 255);
    ck_assert_uint_eq(blit->tint, 0xffffffff);
}
END_TEST

/* Where a point of the target lies in the image, by the matrix. */
static double image_x(const struct kb_transform *t, double x, double y)
{
    return (t->xx * x + t->xy * y + t->x0) / KB_FIXED_ONE;
}

static double image_y(const struct kb_transform *t, double x, double y)
{
    return (t->yx * x + t->yy * y + t->y0) / KB_FIXED_ONE;
}

/* A pose, a point of the image counted from the source, and where that must come to lie. */
static const struct {
    struct kb_pose pose;
    double from_x, from_y, to_x, to_y;
} poses[] = {
    {{.x = 50, .y = 60}, 0, 0, 50, 60},
    {{.x = 50, .y = 60}, 7, 9, 57, 69},
    {{.x = 50, .y = 60, .scale_x = 3}, 7, 9, 71, 87},
    {{.x = 50, .y = 60, .scale_x = 3, .scale_y = 2}, 7, 9, 71, 78},
    {{.x = 50, .y = 60, .scale_x = -1, .scale_y = 1}, 7, 9, 43, 69},
    {{.x = 50, .y = 60, .pivot_x = 8, .pivot_y = 6}, 8, 6, 50, 60},
    /* Counter-clockwise, as seen: what points right points up. */
    {{.x = 50, .y = 60, .angle = 90}, 10, 0, 50, 50},
    {{.x = 50, .y = 60, .angle = 90}, 0, 10, 60, 60},
    {{.x = 50, .y = 60, .angle = -90, .scale_x = 2, .pivot_x = 8, .pivot_y = 6}, 10, 6, 50, 64},
    {{.x = 50, .y = 60, .angle = 45}, 10, 0, 57.0710678, 52.9289322},
    {{.x = 50, .y = 60, .angle = 180, .pivot_x = 8, .pivot_y = 6}, 0, 0, 58, 66},
};

START_TEST(posed)
{
    const struct kb_rect source = {.x = 100, .y = 200, .width = 16, .height = 16};
    struct kb_transform transform;
    ck_assert_int_eq(kb_pose_transform(&poses[_i].pose, &source, &transform), 0);
    double x = image_x(&transform, poses[_i].to_x, poses[_i].to_y);
    double y = image_y(&transform, poses[_i].to_x, poses[_i].to_y);
    ck_assert_msg(fabs(x - 100 - poses[_i].from_x) < 0.01, "x is %f", x);
    ck_assert_msg(fabs(y - 200 - poses[_i].from_y) < 0.01, "y is %f", y);
    ck_assert_int_eq(kb_pose_transform(&poses[_i].pose, NULL, &transform), 0);
    ck_assert(fabs(image_x(&transform, poses[_i].to_x, poses[_i].to_y) - poses[_i].from_x) < 0.01);
}
END_TEST

START_TEST(poses_that_cannot_be)
{
    static const struct kb_pose bad[] = {
        {.scale_x = 1e-6},   {.scale_x = 0.01, .x = 1000}, {.x = NAN},
        {.angle = INFINITY}, {.pivot_y = 40000},
    };
    struct kb_transform transform;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_int_eq(kb_pose_transform(&bad[i], NULL, &transform), -ERANGE);
}
END_TEST

static struct kb_req_image_create created(unsigned index, const struct fake_record **record)
{
    struct kb_req_image_create create;
    const int fd = 0;
    *record = fake_find(&fake, KB_REQ_IMAGE_CREATE, index);
    ck_assert_int_eq(
        kb_req_image_create_decode((*record)->message, size_of(*record), &fd, 1, &create, NULL), 0);
    return create;
}

START_TEST(formats)
{
    static const uint8_t bytes[] = {0, 1, 2, 9, 9, 9, 1, 0, 1};
    static const uint32_t palette[] = {0xff112233, 0x80445566, 7};
    const struct fake_record *record;
    struct kb_image *image;
    struct kb_image_info info = {.width = 3, .height = 2, .stride_bytes = 6};
    info.format = KB_FORMAT_P8;
    info.palette = palette;
    info.palette_count = 3;
    ck_assert_int_eq(kb_image_create(display, &info, bytes, &image), 0);
    info = (struct kb_image_info){.width = 3,
                                  .height = 1,
                                  .format = KB_FORMAT_RGB565,
                                  .has_color_key = true,
                                  .color_key = 0x55ff00ff};
    ck_assert_int_eq(kb_image_create(display, &info, bytes, &image), 0);
    info.has_color_key = false; /* the key is then nothing */
    ck_assert_int_eq(kb_image_create_shared(display, &info, &image), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    struct kb_req_image_create create = created(0, &record);
    ck_assert_uint_eq(create.format, KB_FORMAT_P8);
    ck_assert_uint_eq(create.stride_bytes, 3);
    ck_assert_uint_eq(create.flags, 0);
    ck_assert_uint_eq(create.palette_count, 3);
    ck_assert_mem_eq(create.palette, palette, sizeof(palette));
    ck_assert_mem_eq(record->memory, "\0\1\2\1\0\1", 6);
    create = created(1, &record);
    ck_assert_uint_eq(create.stride_bytes, 6);
    ck_assert_uint_eq(create.flags, KB_IMAGE_FLAG_COLOR_KEY);
    ck_assert_uint_eq(create.color_key, 0xff00ff);
    create = created(2, &record);
    ck_assert_uint_eq(create.flags, KB_IMAGE_FLAG_SHARED);
    ck_assert_uint_eq(create.color_key, 0);
}
END_TEST

START_TEST(palettes_that_cannot_be)
{
    static const uint32_t colors[257];
    struct kb_image *image;
    struct kb_image_info info = {.width = 1, .height = 1, .format = KB_FORMAT_P8};
    ck_assert_int_eq(kb_image_create(display, &info, colors, &image), -EINVAL);
    assert_says("palette of 0 colours");
    info.palette = colors;
    info.palette_count = 257;
    ck_assert_int_eq(kb_image_create(display, &info, colors, &image), -EINVAL);
    info.palette_count = 1;
    info.format = KB_FORMAT_A8;
    ck_assert_int_eq(kb_image_create_shared(display, &info, &image), -EINVAL);
    ck_assert_ptr_null(image);
}
END_TEST

Suite *lib_draw_suite(void)
{
    Suite *suite = suite_create("lib_draw");
    TCase *drawing = tcase_create("draw");
    tcase_add_checked_fixture(drawing, setup, teardown);
    tcase_add_test(drawing, canvas_frames);
    tcase_add_test(drawing, canvas_mistakes);
    tcase_add_loop_test(drawing, transformed, 0, sizeof(fits) / sizeof(fits[0]));
    tcase_add_test(drawing, transformed_whole_image);
    tcase_add_loop_test(drawing, posed, 0, sizeof(poses) / sizeof(poses[0]));
    tcase_add_test(drawing, poses_that_cannot_be);
    tcase_add_test(drawing, formats);
    tcase_add_test(drawing, palettes_that_cannot_be);
    suite_add_tcase(suite, drawing);
    return suite;
}

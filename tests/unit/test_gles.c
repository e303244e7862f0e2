/*
 * The GLES renderer against the CPU's, on Mesa's software driver.
 */
#include "gles_rig.h"
#include "pixel_test.h"

#include "base/switches.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  200
#define HEIGHT 150

static unsigned char bytes[2048 * 32];

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

/* Any pixels over all of the display. */
static void draw_noise(struct draw_commands *list, int32_t width, int32_t height)
{
    for (int32_t y = 0; y < height; y += 16)
        for (int32_t x = 0; x < width; x += 16)
            draw_fill(list, KB_BLEND_REPLACE, 255, random_pixel(), (struct kb_rect){x, y, 16, 16});
}

/* ---- Single operations ------------------------------------------------------------------------------ */

START_TEST(every_fill)
{
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (unsigned n = 0; n < 8 * KD_PIX_BLENDS; n++) {
        struct draw_commands list = {.bytes = bytes};

        draw_noise(&list, WIDTH, HEIGHT);
        for (int32_t y = 0; y < HEIGHT; y += 8)
            for (int32_t x = 0; x < WIDTH; x += 20)
                draw_fill(&list, n % KD_PIX_BLENDS, n % 3 ? 255 : (uint8_t)random_u32(),
                          random_pixel(), (struct kb_rect){x, y, 20, 8});
        gles_draw_commands(&display, &list, random_u32() | 0xFF000000, NULL, 0);
        gles_expect(&display, 1, NULL, "a fill");
    }
    gles_display_finish(&display);
}
END_TEST

/* Premultiplied pixels that both tint and alpha weaken the processor rounds once more, and llvmpipe multiplies 24 of all pairs of bytes to one less. */
START_TEST(every_blit)
{
    struct gles_display display;
    bool both;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (unsigned n = 0; n < 4 * 2 * 3 * KD_PIX_BLENDS * 4; n++) {
        struct draw_commands list = {.bytes = bytes};
        struct draw_image image =
            draw_image_create(n / 2 % 3, n % 3 ? 190 : 90, n % 3 ? 140 : 81, n % 5 < 2);
        struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                       .blend = (uint8_t)(n / 6 % KD_PIX_BLENDS),
                                       .alpha = n % 7 < 4 ? 255 : (uint8_t)random_u32(),
                                       .flags = (uint8_t)(n / 6 / KD_PIX_BLENDS % 4),
                                       .tint = n % 3 ? 0xFFFFFFFF : random_u32() | 0xFF000000,
                                       .src_x = -1,
                                       .src_y = 2,
                                       .src_width = 191,
                                       .src_height = 139,
                                       .x = random_between(-9, 9),
                                       .y = random_between(-9, 9)};
        char what[100];

        draw_noise(&list, WIDTH, HEIGHT);
        draw_blit(&list, &blit);
        gles_draw_commands(&display, &list, random_u32() | 0xFF000000, &image, 1);
        both = image.pixels->kind == KD_SOURCE_PREMULTIPLIED && blit.alpha != 255 &&
               blit.tint != 0xFFFFFFFF;
        snprintf(what, sizeof(what), "blend %u of kind %u, alpha %u, tint %08x, flags %u",
                 blit.blend, image.pixels->kind, blit.alpha, blit.tint, blit.flags);
        gles_expect(&display, both ? 2 : 1, NULL, what);
        draw_image_finish(&image);
    }
    gles_display_finish(&display);
}
END_TEST

/* ---- Scenes ------------------------------------------------------------------------------------------- */

#define MOST_IMAGES 7

static void make_images(struct draw_image *images)
{
    for (uint32_t i = 0; i < MOST_IMAGES; i++) {
        int32_t w = random_between(1, i < 3 ? 20 : 150), h = random_between(1, i < 3 ? 20 : 150);

        images[i] = draw_image_create(random_u32() % KD_SOURCE_KINDS, w, h, random_u32() % 2);
    }
}

static void finish_images(struct draw_image *images)
{
    for (uint32_t i = 0; i < MOST_IMAGES; i++)
        draw_image_finish(&images[i]);
}

/* Fills and blits, not transformed. */
static void random_upright(struct draw_commands *list, uint32_t units, int32_t width,
                           int32_t height, const struct draw_image *images)
{
    for (uint32_t end = list->units + units; list->units < end;) {
        struct draw_commands one = {.bytes = list->bytes + (size_t)list->units * 32};

        draw_random_command(&one, width, height, images, MOST_IMAGES);
        list->units += one.units == 1;
    }
}

/* Frames in sequence, so that buffers are partly right. */
static void check_scenes(int32_t width, int32_t height, const struct kd_gles_limits *limits,
                         int rounds)
{
    struct gles_display display;

    gles_display_init(&display, width, height, KB_FORMAT_XRGB8888, limits);
    for (int round = 0; round < rounds; round++) {
        struct draw_image images[MOST_IMAGES];
        const uint32_t base = random_u32() | 0xFF000000;
        struct draw_commands list = {.bytes = bytes};

        make_images(images);
        for (int frame = 0; frame < 4; frame++) {
            uint32_t units = 1 + random_u32() % 9;

            list.units = frame ? list.units / 2 : 0;
            random_upright(&list, units, width, height, images);
            gles_draw_commands(&display, &list, base, images, MOST_IMAGES);
            gles_expect(&display, list.units < 4 ? list.units : 4, NULL, "a scene");
        }
        finish_images(images);
    }
    gles_display_finish(&display);
}

START_TEST(scenes)
{
    static const int32_t sizes[][2] = {{1, 1},    {3, 200},  {64, 64},   {65, 63}, {100, 70},
                                       {128, 64}, {129, 65}, {200, 150}, {191, 1}, {640, 360}};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        check_scenes(sizes[i][0], sizes[i][1], NULL, 12);
}
END_TEST

/* Each optimisation off, and all of them: the same bounds. */
START_TEST(scenes_with_switches_off)
{
    static const unsigned off[] = {KD_SWITCH_GPU_CELLS, KD_SWITCH_GPU_BATCHES, KD_SWITCH_SECTIONS,
                                   KD_SWITCHES_ALL};

    kd_switches_set_off(off[_i]);
    check_scenes(WIDTH, HEIGHT, NULL, 12);
    kd_switches_set_off(0);
}
END_TEST

/* What other drivers may want. */
START_TEST(other_drivers)
{
    struct kd_gles_limits limits = {.texture_px = 2048,
                                    .atlas_px = 256,
                                    .budget_bytes = UINT64_C(8) << 20,
                                    .rectangles = 1 + (unsigned)_i % 16,
                                    .flushes = _i % 2,
                                    .no_bgra = _i % 3 == 0};

    check_scenes(WIDTH, HEIGHT, &limits, 6);
}
END_TEST

/* ---- Windows ------------------------------------------------------------------------------------------ */

#define MOST_LAYERS 4

/* A step of 5 bits, widened to 8. */
#define STEP_565 9

/* The CPU rounds places that are filtered down to a 256th of a texel, both ways: of neighbours that are as far apart as can be this is a level more. */
static unsigned levels_of(const struct kd_layer *layers, unsigned count)
{
    unsigned levels = 1;

    for (unsigned i = 0; i < count; i++)
        levels = layers[i].filter == KB_FILTER_BILINEAR ? 2 : levels;
    return levels;
}

static void check_layers(const struct kd_view *view, const struct kd_gles_limits *limits,
                         enum kb_format format, int frames)
{
    const int32_t width = kd_view_size(view).x, height = kd_view_size(view).y;
    struct draw_image pictures[4];
    struct kd_layer layers[MOST_LAYERS];
    struct gles_display display;

    gles_display_init(&display, view->device_width_px, view->device_height_px, format, limits);
    for (int i = 0; i < 4; i++)
        pictures[i] = draw_random_picture(200);
    for (int i = 0; i < MOST_LAYERS; i++)
        layers[i] = draw_random_layer(width, height, pictures, 4);
    for (int n = 0; n < frames; n++) {
        gles_draw_layers(&display, view, layers, MOST_LAYERS, pictures, 4);
        gles_expect(&display,
                    format == KB_FORMAT_RGB565 ? STEP_565 : levels_of(layers, MOST_LAYERS), NULL,
                    "windows");
        layers[random_u32() % MOST_LAYERS] = draw_random_layer(width, height, pictures, 4);
    }
    gles_display_finish(&display);
    for (int i = 0; i < 4; i++)
        draw_image_finish(&pictures[i]);
}

START_TEST(windows_in_every_view)
{
    for (uint32_t orientation = 0; orientation < 16; orientation++)
        for (int round = 0; round < 3; round++) {
            const int32_t border[4] = {random_between(0, 70), random_between(0, 9),
                                       random_between(0, 20), random_between(0, 64)};
            const int32_t none[4] = {0, 0, 0, 0};
            struct kd_view view =
                kd_view_of(random_between(1, 260), random_between(1, 260), orientation & 3,
                           orientation & 4, orientation & 8, round % 2 ? border : none);

            check_layers(&view, NULL, KB_FORMAT_XRGB8888, 6);
        }
}
END_TEST

/* On displays of 16 bits, pictures above the textures' limit, too. */
START_TEST(windows_in_565_and_in_pieces)
{
    const struct kd_gles_limits limits = {.texture_px = 66 + 64 * (_i / 2),
                                          .atlas_px = 64,
                                          .budget_bytes = UINT64_C(8) << 20,
                                          .rectangles = 16};
    const int32_t none[4] = {0, 0, 0, 0};

    for (uint32_t orientation = 0; orientation < 16; orientation++) {
        struct kd_view view = kd_view_of(random_between(100, 260), random_between(100, 260),
                                         orientation & 3, orientation & 4, orientation & 8, none);

        check_layers(&view, &limits, _i % 2 ? KB_FORMAT_RGB565 : KB_FORMAT_XRGB8888, 3);
    }
}
END_TEST

Suite *gles_suite(void)
{
    Suite *suite = suite_create("gles");
    TCase *single = tcase_create("single"), *many = tcase_create("scenes");

    if (gles_missing()) {
        printf("gles: left out: %s\n", gles_missing());
        return suite;
    }
    tcase_set_timeout(single, 0);
    tcase_add_test(single, every_fill);
    tcase_add_test(single, every_blit);
    suite_add_tcase(suite, single);
    tcase_set_timeout(many, 0);
    tcase_add_test(many, scenes);
    tcase_add_loop_test(many, scenes_with_switches_off, 0, 4);
    tcase_add_loop_test(many, other_drivers, 0, 6);
    tcase_add_test(many, windows_in_every_view);
    tcase_add_loop_test(many, windows_in_565_and_in_pieces, 0, 4);
    suite_add_tcase(suite, many);
    return suite;
}

/*
 * The GLES renderer against the CPU's, on Mesa's software driver.
 */
#include "gles_rig.h"
#include "pixel_test.h"

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

Suite *gles_suite(void)
{
    Suite *suite = suite_create("gles");
    TCase *single = tcase_create("single");

    if (gles_missing()) {
        printf("gles: left out: %s\n", gles_missing());
        return suite;
    }
    tcase_set_timeout(single, 0);
    tcase_add_test(single, every_fill);
    tcase_add_test(single, every_blit);
    suite_add_tcase(suite, single);
    return suite;
}

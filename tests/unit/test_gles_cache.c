/*
 * What the GLES renderer keeps on the GPU, and what it asks of it: images above all limits, atlases that are used again, a GPU that forgets everything; and how
 * few draws, uploads and texels frames take.
 */
#include "gles_rig.h"
#include "pixel_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  256
#define HEIGHT 192

static unsigned char bytes[(3000 + 8) * 32];

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

static void blit_at(struct draw_commands *list, uint32_t image, const struct kd_pixels *pixels,
                    int32_t x, int32_t y)
{
    const struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                         .blend = KB_BLEND_OVER,
                                         .alpha = 255,
                                         .tint = 0xFFFFFFFF,
                                         .image = image,
                                         .src_width = (uint16_t)pixels->width_px,
                                         .src_height = (uint16_t)pixels->height_px,
                                         .x = x,
                                         .y = y};

    draw_blit(list, &blit);
}

/* ---- Limits ------------------------------------------------------------------------------------------- */

/* Frames of some images, each once, of which none is above another: 1 level. */
static void check_images(struct gles_display *display, struct draw_image *images, uint32_t count)
{
    struct draw_commands list = {.bytes = bytes};

    for (uint32_t i = 0; i < count; i++) {
        const int32_t x = random_between(-images[i].pixels->width_px, WIDTH);
        const int32_t y = (int32_t)i * HEIGHT / (int32_t)count;

        draw_clip(&list, (struct kb_rect){0, y, WIDTH, HEIGHT / count});
        blit_at(&list, i, images[i].pixels, x, y - random_between(0, 60));
    }
    gles_draw_commands(display, &list, random_u32() | 0xFF000000, images, count);
    gles_expect(display, 1, NULL, "images");
}

START_TEST(images_above_the_texture_limit)
{
    const struct kd_gles_limits limits = {.texture_px = 66 + 70 * _i,
                                          .atlas_px = 64,
                                          .budget_bytes = UINT64_C(4) << 20,
                                          .rectangles = 16};
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, &limits);
    for (int round = 0; round < 10; round++) {
        struct draw_image images[3];

        for (int i = 0; i < 3; i++)
            images[i] = draw_image_create(random_u32() % KD_SOURCE_KINDS, random_between(60, 500),
                                          random_between(60, 400), random_u32() % 2);
        for (int frame = 0; frame < 4; frame++)
            check_images(&display, images, 3);
        for (int i = 0; i < 3; i++)
            draw_image_finish(&images[i]);
    }
    gles_display_finish(&display);
}
END_TEST

/* A budget of two atlases, and images that come and go: also more than fit at once. */
START_TEST(atlases_are_used_again)
{
    enum { IMAGES = 60 };
    const struct kd_gles_limits limits = {
        .texture_px = 2048, .atlas_px = 128, .budget_bytes = 2 * 128 * 128 * 4, .rectangles = 16};
    struct kd_gles_counters counted;
    struct gles_display display;
    unsigned most_steps = 0;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, &limits);
    for (int round = 0; round < 12; round++) {
        struct draw_image images[IMAGES];

        for (int i = 0; i < IMAGES; i++)
            images[i] = draw_image_create(random_u32() % KD_SOURCE_KINDS, random_between(1, 50),
                                          random_between(1, 50), i % 5 == 0);
        for (uint32_t frame = 0; frame < 6; frame++) {
            check_images(&display, images, frame < 3 ? 5 : IMAGES);
            most_steps = display.steps > most_steps ? display.steps : most_steps;
        }
        for (int i = 0; i < IMAGES; i++)
            draw_image_finish(&images[i]);
    }
    counted = gles_counted(&display);
    ck_assert_uint_gt(counted.pages_recycled, 12);
    ck_assert_uint_gt(most_steps, 1);
    gles_display_finish(&display);
}
END_TEST

/* One image alone may take more than there is. */
START_TEST(an_image_above_the_budget)
{
    const struct kd_gles_limits limits = {
        .texture_px = 130, .atlas_px = 64, .budget_bytes = 30000, .rectangles = 16};
    struct draw_image images[2] = {draw_image_create(KD_SOURCE_STRAIGHT, 120, 100, false),
                                   draw_image_create(KD_SOURCE_OPAQUE, 200, 150, true)};
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, &limits);
    for (int frame = 0; frame < 4; frame++) {
        struct draw_commands list = {.bytes = bytes};

        if (frame > 0) /* a part of the display, over its base colour */
            blit_at(&list, 0, images[0].pixels, 2 + frame, 7);
        if (frame > 2)
            blit_at(&list, 1, images[1].pixels, 30, frame);
        gles_draw_commands(&display, &list, 0xFF332211, images, 2);
        gles_expect(&display, 2, NULL, "above the budget");
        ck_assert_uint_le(display.steps, 4);
    }
    gles_display_finish(&display);
    draw_image_finish(&images[0]);
    draw_image_finish(&images[1]);
}
END_TEST

/* A new version: of each tile its first row is another one. */
static struct draw_image next_version(const struct draw_image *image)
{
    struct draw_image next = {.pixels = kd_pixels_derive(image->pixels)};

    for (size_t i = 0; i < kd_pixels_tiles(next.pixels); i++) {
        struct kd_tile *tile = kd_pixels_own_tile(next.pixels, i, true);

        for (uint32_t x = 0; x < (uint32_t)kd_box_width(kd_pixels_tile_box(next.pixels, i)); x++)
            tile->pixels[x] ^= 0xFFFFFF;
        tile->key++;
    }
    return next;
}

/* What windows show of an image that was changed between their frames. */
START_TEST(versions_of_one_image)
{
    struct draw_image images[2] = {draw_image_create(KD_SOURCE_OPAQUE, 128, 64, true)};
    struct kd_gles_counters counted;
    struct gles_display display;

    images[1] = next_version(&images[0]);
    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (uint32_t frame = 0; frame < 4; frame++) {
        struct draw_commands list = {.bytes = bytes};

        for (uint32_t i = 0; i < 6; i++) { /* the first three are beside each other */
            const uint32_t which = (i + frame) % 2;
            const int32_t x = i < 3 ? (int32_t)i * 64 : (int32_t)(frame * 9);

            draw_clip(&list, i < 3 ? (struct kb_rect){x, 0, 64, 64}
                                   : (struct kb_rect){0, (int32_t)i * 20, WIDTH, 20});
            blit_at(&list, which, images[which].pixels, i == 1 ? 0 : x,
                    i < 3 ? 0 : (int32_t)i * 20);
        }
        gles_draw_commands(&display, &list, 0xFF000000, images, 2);
        gles_expect(&display, 0, NULL, "two versions");
    }
    counted = gles_counted(&display);
    ck_assert_uint_gt(counted.steps, 4);
    gles_display_finish(&display);
    draw_image_finish(&images[0]);
    draw_image_finish(&images[1]);
}
END_TEST

START_TEST(many_sources)
{
    enum { IMAGES = 1500 };
    struct draw_image *images = calloc(IMAGES, sizeof(*images));
    struct draw_commands list = {.bytes = bytes};
    struct kd_gles_counters counted;
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (uint32_t i = 0; i < IMAGES; i++) {
        uint32_t plain[25];

        for (int n = 0; n < 25; n++) /* neither opaque nor of one colour */
            plain[n] = n % 5 ? random_pixel() : 0x40102030 + i;
        images[i].pixels = draw_pixels(KD_SOURCE_PREMULTIPLIED, 5, 5, false, plain);
        blit_at(&list, i, images[i].pixels, (int32_t)(i % 50) * 5, (int32_t)(i / 50) * 5);
    }
    gles_draw_commands(&display, &list, 0xFF102030, images, IMAGES);
    gles_expect(&display, 1, NULL, "many sources");
    counted = gles_counted(&display);
    ck_assert_uint_le(counted.draws, 2);
    ck_assert_uint_le(counted.uploads, IMAGES);
    gles_display_finish(&display);
    for (uint32_t i = 0; i < IMAGES; i++)
        draw_image_finish(&images[i]);
    free(images);
}
END_TEST

/* Tiles without lists: all of them take all operations; and more than are drawn in one step. */
START_TEST(long_lists_take_steps)
{
    enum { FILLS = 3000 };
    struct draw_image image = draw_image_create(KD_SOURCE_STRAIGHT, 30, 30, false);
    struct draw_commands list = {.bytes = bytes};
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    display.max_touches = 100;
    for (uint32_t i = 0; i < FILLS; i++)
        draw_fill(&list, KB_BLEND_REPLACE, 255, random_pixel(),
                  (struct kb_rect){0, 0, WIDTH, HEIGHT});
    draw_fill(&list, KB_BLEND_OVER, 255, random_pixel(), (struct kb_rect){3, 3, WIDTH, HEIGHT});
    blit_at(&list, 0, image.pixels, 70, 50);
    gles_draw_commands(&display, &list, 0xFF102030, &image, 1);
    gles_expect(&display, 2, NULL, "a long list");
    gles_display_finish(&display);
    draw_image_finish(&image);
}
END_TEST

/* ---- Losing the GPU ------------------------------------------------------------------------------------ */

START_TEST(a_lost_gpu_costs_a_redraw)
{
    struct draw_image images[2] = {draw_image_create(KD_SOURCE_STRAIGHT, 100, 100, false),
                                   draw_image_create(KD_SOURCE_OPAQUE, 300, 200, true)};
    struct kd_gles_counters counted;
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (int frame = 0; frame < 12; frame++) {
        struct draw_commands list = {.bytes = bytes};

        if (frame % 3 == 2)
            kd_gles_lose(display.gles);
        blit_at(&list, 1, images[1].pixels, 0, 0);
        blit_at(&list, 0, images[0].pixels, frame * 9, 20);
        gles_draw_commands(&display, &list, 0xFF000000, images, 2);
        gles_expect(&display, 1, NULL, "after a loss");
        counted = gles_counted(&display);
        ck_assert_uint_eq(counted.losses, frame % 3 == 2);
        ck_assert_uint_eq(counted.clears, frame % 3 == 2 || frame == 0 ? counted.clears : 0);
        ck_assert_uint_eq(counted.uploads > 0, frame % 3 == 2 || frame == 0);
    }
    gles_display_finish(&display);
    draw_image_finish(&images[0]);
    draw_image_finish(&images[1]);
}
END_TEST

/* The frame is not drawn then; and what is sampled in the next one is there. */
START_TEST(no_memory_for_textures)
{
    struct draw_image images[2] = {draw_image_create(KD_SOURCE_OPAQUE, 50, 60, false),
                                   draw_image_create(KD_SOURCE_OPAQUE, 300, 250, true)};
    struct draw_commands list = {.bytes = bytes};
    struct kd_gles_limits limits;
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    gles_draw_commands(&display, &list, 0xFF00FF00, NULL, 0);
    display.has_no_memory = true;
    display.textures = (unsigned)_i;
    blit_at(&list, 0, images[0].pixels, 70, 20);
    blit_at(&list, 1, images[1].pixels, 150, 50);
    gles_draw_commands(&display, &list, 0xFF000000, images, 2);
    gles_expect(&display, 0, NULL, "after there was no memory");
    kd_gles_limits(display.gles, &limits);
    ck_assert_uint_lt(limits.budget_bytes, UINT64_C(48) << 20);
    gles_display_finish(&display);
    draw_image_finish(&images[0]);
    draw_image_finish(&images[1]);
}
END_TEST

/* Its buffers may go before the renderer and after it. */
START_TEST(buffers_and_renderers_go_in_any_order)
{
    struct draw_commands list = {.bytes = bytes};
    struct gles_display display;

    draw_fill(&list, KB_BLEND_REPLACE, 255, 0xFF123456, (struct kb_rect){0, 0, 90, 90});
    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    gles_draw_commands(&display, &list, 0xFF000000, NULL, 0);
    ck_assert_ptr_nonnull(display.got->attachment);
    display.gles->impl->destroy(display.gles);
    ck_assert_ptr_null(display.got->attachment);
    display.gles = gles_create(NULL);
    memset(display.got->tile_keys, 0, kd_grid_count(display.got->grid) * sizeof(uint64_t));
    gles_draw_commands(&display, &list, 0xFF000000, NULL, 0);
    gles_expect(&display, 0, NULL, "by another renderer");
    gles_display_finish(&display);
}
END_TEST

/* ---- What frames take ---------------------------------------------------------------------------------- */

/* 200 sprites of a sheet and of images of their own, with a background: a draw for it and one for them; and nothing is uploaded twice. */
START_TEST(two_hundred_sprites_are_one_draw)
{
    enum { SPRITES = 200, IMAGES = 11 };
    struct draw_image images[IMAGES];
    struct kd_gles_counters counted;
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    images[0] = draw_image_create(KD_SOURCE_OPAQUE, WIDTH, HEIGHT, false);
    for (int i = 1; i < IMAGES; i++)
        images[i] = draw_image_create_figure(KD_SOURCE_STRAIGHT, 20 + i, 30);
    for (int frame = 0; frame < 3; frame++) {
        struct draw_commands list = {.bytes = bytes};

        blit_at(&list, 0, images[0].pixels, 0, 0);
        for (uint32_t i = 0; i < SPRITES; i++)
            blit_at(&list, 1 + i % (IMAGES - 1), images[1 + i % (IMAGES - 1)].pixels,
                    random_between(-10, WIDTH), random_between(-10, HEIGHT));
        gles_draw_commands(&display, &list, 0xFF000000, images, IMAGES);
        counted = gles_counted(&display);
        ck_assert_uint_le(counted.draws, 2);
        ck_assert_uint_le(counted.texture_switches, 2);
        ck_assert_uint_eq(counted.steps, 1);
        ck_assert(frame == 0 || counted.uploads == 0);
    }
    gles_display_finish(&display);
    for (int i = 0; i < IMAGES; i++)
        draw_image_finish(&images[i]);
}
END_TEST

/* Frames that are like those before find all memory that they need. */
START_TEST(memory_is_kept)
{
    struct draw_image images[4];
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (int i = 0; i < 4; i++)
        images[i] = draw_image_create(KD_SOURCE_STRAIGHT, 40 + 50 * i, 60, i % 2);
    for (int frame = 0; frame < 30; frame++) {
        struct draw_commands list = {.bytes = bytes};
        struct kd_gles_counters counted;

        for (int i = 0; i < 100; i++)
            blit_at(&list, (uint32_t)i % 4, images[i % 4].pixels,
                    (i * 37 + frame % 10 * 13) % WIDTH, i * 53 % HEIGHT);
        gles_draw_commands(&display, &list, 0xFF000000, images, 4);
        counted = gles_counted(&display);
        ck_assert_uint_gt(counted.quads, 0);
        ck_assert(frame < 10 || counted.allocations == 0);
        ck_assert(frame > 0 || counted.allocations > 0);
    }
    gles_display_finish(&display);
    for (int i = 0; i < 4; i++)
        draw_image_finish(&images[i]);
}
END_TEST

/* A page of text: what is white is filled, texels are fetched for the rest. */
START_TEST(a_white_page_is_filled)
{
    enum { PAGE = 640 };
    uint32_t *plain = malloc(PAGE * PAGE * sizeof(*plain));
    struct draw_image page = {.plain = plain};
    struct draw_commands list = {.bytes = bytes};
    struct kd_gles_counters counted;
    struct gles_display display;

    for (int i = 0; i < PAGE * PAGE; i++) /* a fifth of its rows of cells has letters */
        plain[i] = i / PAGE / 64 % 5 == 1 ? random_pixel() : 0xFFFFFFFF;
    page.pixels = draw_pixels(KD_SOURCE_STRAIGHT, PAGE, PAGE, false, plain);
    gles_display_init(&display, PAGE, PAGE, KB_FORMAT_XRGB8888, NULL);
    blit_at(&list, 0, page.pixels, 0, 0);
    gles_draw_commands(&display, &list, 0xFF000000, &page, 1);
    gles_expect(&display, 1, NULL, "a page");
    counted = gles_counted(&display);
    ck_assert_uint_eq(counted.textured_px, PAGE * PAGE / 5);
    ck_assert_uint_eq(counted.filled_px, PAGE * PAGE * 4 / 5);
    ck_assert_uint_eq(counted.blended_px, PAGE * PAGE / 5);
    ck_assert_uint_le(counted.draws, 2);
    gles_display_finish(&display);
    draw_image_finish(&page);
}
END_TEST

/* Of a picture only what is sampled, and only what differs. */
START_TEST(changed_tiles_are_uploaded)
{
    struct draw_image picture = draw_image_create(KD_SOURCE_OPAQUE, WIDTH, HEIGHT, true);
    struct kd_pixels *next = kd_pixels_derive(picture.pixels);
    struct draw_commands list = {.bytes = bytes};
    struct kd_gles_counters counted;
    struct gles_display display;
    struct kd_tile *tile;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    blit_at(&list, 0, picture.pixels, 0,
            128); /* the bottom third of the display, the picture's top */
    gles_draw_commands(&display, &list, 0xFF000000, &picture, 1);
    counted = gles_counted(&display);
    ck_assert_uint_eq(counted.upload_bytes, WIDTH * 64 * 4);
    tile = kd_pixels_own_tile(next, 2, true);
    tile->pixels[5] ^= 0xFFFFFF;
    picture.plain[2 * 64 + 5] ^= 0xFFFFFF;
    tile->key++;
    kd_pixels_unref(picture.pixels);
    picture.pixels = next;
    gles_draw_commands(&display, &list, 0xFF000000, &picture, 1);
    gles_expect(&display, 1, NULL, "a tile that changed");
    counted = gles_counted(&display);
    ck_assert_uint_eq(counted.upload_bytes, 64 * 64 * 4);
    ck_assert_uint_eq(counted.uploads, 1);
    ck_assert_uint_eq(counted.textured_px, 64 * 64);
    ck_assert_uint_eq(counted.rectangles, 1);
    gles_display_finish(&display);
    draw_image_finish(&picture);
}
END_TEST

Suite *gles_cache_suite(void)
{
    Suite *suite = suite_create("gles_cache");
    TCase *limits = tcase_create("limits"), *counted = tcase_create("counted");

    if (gles_missing()) {
        printf("gles_cache: left out: %s\n", gles_missing());
        return suite;
    }
    tcase_set_timeout(limits, 0);
    tcase_add_loop_test(limits, images_above_the_texture_limit, 0, 3);
    tcase_add_test(limits, atlases_are_used_again);
    tcase_add_test(limits, an_image_above_the_budget);
    tcase_add_test(limits, versions_of_one_image);
    tcase_add_test(limits, many_sources);
    tcase_add_test(limits, long_lists_take_steps);
    tcase_add_test(limits, a_lost_gpu_costs_a_redraw);
    tcase_add_loop_test(limits, no_memory_for_textures, 0, 2);
    tcase_add_test(limits, buffers_and_renderers_go_in_any_order);
    suite_add_tcase(suite, limits);
    tcase_set_timeout(counted, 0);
    tcase_add_test(counted, two_hundred_sprites_are_one_draw);
    tcase_add_test(counted, memory_is_kept);
    tcase_add_test(counted, a_white_page_is_filled);
    tcase_add_test(counted, changed_tiles_are_uploaded);
    suite_add_tcase(suite, counted);
    return suite;
}

/*
 * Transformed blits by the GLES renderer: within 3 levels of the CPU's, away from edges, which may move by a pixel.
 *
 * An edge is: the border of what is drawn, and, of pixels that are not filtered, the border between two texels. Places are calculated with floating point
 * numbers: so near to a border as those may be wrong, nothing is compared. In tests that look at everything at once the borders of all blits count.
 */
#include "gles_rig.h"
#include "pixel_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  200
#define HEIGHT 150

static unsigned char bytes[2048 * 32];
static uint8_t mask[WIDTH * HEIGHT];

/* Whether a place, in 65536ths of a texel, is so near to a border between texels that it may be on the other side. */
static bool is_near_border(int64_t place, double reach)
{
    double rest = (double)(place & 65535) / 65536;

    return rest < reach || rest > 1 - reach;
}

/* How far away from the right place floating point numbers may be, in texels: a 256th at least, more where places are far from each other. */
static double reach_of(const struct kd_transform *t)
{
    double step =
        fmax(fabs((double)t->xx) + fabs((double)t->xy), fabs((double)t->yx) + fabs((double)t->yy));

    return 1.0 / 256 + step / 65536 * (WIDTH + HEIGHT) / (1 << 20);
}

static bool is_inside(const struct kd_transform *t, int32_t x, int32_t y)
{
    int64_t u, v;

    kd_transform_point(t, x, y, &u, &v);
    return kd_transform_inside(t, u, v);
}

/* Adds the edges of a transformed blit to the mask. */
static void mask_edges(const struct kd_transform *t, bool bilinear)
{
    const double reach = reach_of(t);

    for (int32_t y = 0; y < HEIGHT; y++)
        for (int32_t x = 0; x < WIDTH; x++) {
            const bool inside = is_inside(t, x, y);
            int64_t u, v;

            kd_transform_point(t, x, y, &u, &v);
            if (inside && ((!bilinear && (is_near_border(u, reach) || is_near_border(v, reach))) ||
                           reach > 0.25))
                mask[y * WIDTH + x] = 1;
            for (int32_t i = 0; i < 9; i++)
                if (is_inside(t, x + i % 3 - 1, y + i / 3 - 1) != inside)
                    mask[y * WIDTH + x] = 1;
        }
}

static unsigned count_masked(void)
{
    unsigned count = 0;

    for (size_t i = 0; i < sizeof(mask); i++)
        count += mask[i];
    return count;
}

static void append(struct draw_commands *list, const struct kb_command_transformed_blit *blit)
{
    memcpy(list->bytes + (size_t)list->units * 32, blit, sizeof(*blit));
    list->units += 2;
}

static void draw_noise(struct draw_commands *list)
{
    for (int32_t y = 0; y < HEIGHT; y += 16)
        for (int32_t x = 0; x < WIDTH; x += 16)
            draw_fill(list, KB_BLEND_REPLACE, 255, random_pixel(), (struct kb_rect){x, y, 16, 16});
}

/* An image turned and scaled about the middle, mirrored perhaps. */
static struct kb_command_transformed_blit turned(const struct kd_pixels *image, double angle,
                                                 double scale, uint8_t flags)
{
    const double c = cos(angle) / scale * 65536, s = sin(angle) / scale * 65536;
    struct kb_command_transformed_blit blit = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                               .blend = KB_BLEND_OVER,
                                               .alpha = 255,
                                               .flags = flags,
                                               .tint = 0xFFFFFFFF,
                                               .src_width = (uint16_t)image->width_px,
                                               .src_height = (uint16_t)image->height_px,
                                               .xx = (int32_t)c,
                                               .xy = (int32_t)s,
                                               .yx = (int32_t)-s,
                                               .yy = (int32_t)c};

    blit.x0 = (int32_t)(image->width_px * 32768.0 - c * WIDTH / 2 - s * HEIGHT / 2);
    blit.y0 = (int32_t)(image->height_px * 32768.0 + s * WIDTH / 2 - c * HEIGHT / 2);
    return blit;
}

static void mask_blit(const struct kb_command_transformed_blit *blit, const struct kd_pixels *image)
{
    struct kd_transform t;

    if (kd_transform_init(&t, blit, kd_box_of_size(image->width_px, image->height_px)))
        mask_edges(&t, blit->flags & KB_BLIT_FLAG_BILINEAR);
}

/* What games do: of what is masked there is little. */
static void check_turned(const struct kd_gles_limits *limits, int32_t most_px)
{
    struct gles_display display;
    unsigned masked = 0, rounds = 0;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, limits);
    for (unsigned n = 0; n < 160; n++) {
        struct draw_commands list = {.bytes = bytes};
        struct draw_image image =
            draw_image_create(n % 3, 1 + (int32_t)(random_u32() % (uint32_t)most_px),
                              1 + (int32_t)(random_u32() % (uint32_t)most_px), n % 5 < 2);
        struct kb_command_transformed_blit blit =
            turned(image.pixels, random_u32() % 4 ? random_u32() % 6283 / 1000.0 : 0,
                   0.25 + random_u32() % 500 / 100.0, (uint8_t)(random_u32() % 8));
        char what[100];

        memset(mask, 0, sizeof(mask));
        if (n % 4 == 0) {
            blit.alpha = (uint8_t)random_u32();
            blit.tint = random_u32() | 0xFF000000;
        }
        blit.blend = n % 2 ? KB_BLEND_OVER : (uint8_t)(random_u32() % KD_PIX_BLENDS);
        draw_noise(&list);
        if (n % 3 == 0)
            draw_clip(&list, (struct kb_rect){31, 17, 111, 90});
        append(&list, &blit);
        mask_blit(&blit, image.pixels);
        gles_draw_commands(&display, &list, 0xFF000000, &image, 1);
        snprintf(what, sizeof(what), "blend %u of kind %u, flags %u, %dx%d, matrix %d %d %d %d",
                 blit.blend, image.pixels->kind, blit.flags, image.pixels->width_px,
                 image.pixels->height_px, blit.xx, blit.xy, blit.yx, blit.yy);
        gles_expect(&display, 3, mask, what);
        masked += count_masked();
        rounds++;
        draw_image_finish(&image);
    }
    ck_assert_msg(masked < rounds * WIDTH * HEIGHT / 12, "%u of %u pixels were not compared",
                  masked, rounds * WIDTH * HEIGHT);
    gles_display_finish(&display);
}

START_TEST(turned_sprites)
{
    check_turned(NULL, 120);
}
END_TEST

START_TEST(turned_pieces)
{
    struct kd_gles_limits limits = {
        .texture_px = 66, .atlas_px = 32, .budget_bytes = UINT64_C(8) << 20, .rectangles = 16};

    check_turned(&limits, 300);
}
END_TEST

/* Any matrices, shears, lines and nonsense, several above each other. */
START_TEST(any_matrices)
{
    struct gles_display display;

    gles_display_init(&display, WIDTH, HEIGHT, KB_FORMAT_XRGB8888, NULL);
    for (unsigned n = 0; n < 150; n++) {
        struct draw_commands list = {.bytes = bytes};
        struct draw_image images[2] = {draw_image_create(n % 3, 70, 40, n % 2),
                                       draw_image_create((n + 1) % 3, 20, 150, false)};
        unsigned blits = 0;

        memset(mask, 0, sizeof(mask));
        draw_noise(&list);
        while (blits < 1 + n % 3) {
            struct draw_commands one = {.bytes = list.bytes + (size_t)list.units * 32};
            struct kb_command_transformed_blit blit;

            draw_random_command(&one, WIDTH, HEIGHT, images, 2);
            if (one.units != 2)
                continue;
            memcpy(&blit, one.bytes, sizeof(blit));
            mask_blit(&blit, images[blit.image].pixels);
            list.units += 2;
            blits++;
        }
        gles_draw_commands(&display, &list, 0xFF000000, images, 2);
        gles_expect(&display, 3 + blits - 1, mask, "transformed");
        draw_image_finish(&images[0]);
        draw_image_finish(&images[1]);
    }
    gles_display_finish(&display);
}
END_TEST

/* Pieces that end where a low rectangle begins: of those nothing is drawn, however many there are. */
START_TEST(nothing_of_a_piece)
{
    const struct kd_gles_limits limits = {
        .texture_px = 66, .atlas_px = 64, .budget_bytes = UINT64_C(16) << 20, .rectangles = 16};
    const int32_t low = KD_TILE_PX + 2 * _i + 2;
    struct draw_image image = draw_image_create(KD_SOURCE_OPAQUE, 40, 128, false);
    struct draw_commands list = {.bytes = bytes};
    struct gles_display display;

    gles_display_init(&display, WIDTH, low, KB_FORMAT_XRGB8888, &limits);
    for (int frame = 0; frame < 2; frame++) {
        list.units = 0;
        draw_fill(&list, KB_BLEND_REPLACE, 255, 0xFF203040 + (uint32_t)frame,
                  (struct kb_rect){0, KD_TILE_PX, WIDTH, KD_TILE_PX});
        for (int32_t i = 0; i < 40; i++) {
            struct kb_command_transformed_blit blit = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                                       .blend = KB_BLEND_REPLACE,
                                                       .alpha = 255,
                                                       .flags = KB_BLIT_FLAG_BILINEAR,
                                                       .tint = 0xFFFFFFFF,
                                                       .src_width = 40,
                                                       .src_height = 128,
                                                       .xx = 65536,
                                                       .yy = 65536,
                                                       .x0 = -i * 4 * 65536};

            append(&list, &blit);
        }
        gles_draw_commands(&display, &list, 0xFF000000, &image, 1);
        gles_expect(&display, 3, NULL, "low rectangles");
    }
    gles_display_finish(&display);
    draw_image_finish(&image);
}
END_TEST

Suite *gles_transforms_suite(void)
{
    Suite *suite = suite_create("gles_transforms");
    TCase *all = tcase_create("all");

    if (gles_missing()) {
        printf("gles_transforms: left out: %s\n", gles_missing());
        return suite;
    }
    tcase_set_timeout(all, 0);
    tcase_add_test(all, turned_sprites);
    tcase_add_test(all, turned_pieces);
    tcase_add_test(all, any_matrices);
    tcase_add_loop_test(all, nothing_of_a_piece, 0, 6);
    suite_add_tcase(suite, all);
    return suite;
}

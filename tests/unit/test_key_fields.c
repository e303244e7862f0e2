/*
 * Everything that shapes a pixel is in its tile's key. What there is, is listed here, field by field, and the lists are checked to be complete; each
 * value of each field is tried: the key changes, or the pixels are equal.
 *
 * What is not in keys does not vary where keys are compared: a buffer has one format, a picture one kind of target, a daemon one renderer, whose
 * kernels are equal to the bit (test_pix.c). A buffer of another format or size begins without keys.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "image/sections.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH  100
#define HEIGHT 80
#define TILES  4
#define IMAGES 4

struct field {
    const char *name;
    size_t offset, bytes;
    uint32_t values; /* all values below this one are tried; 0: each bit is flipped */
    bool is_padding;
};

#define FIELD(type, name, values)                                                              \
    {                                                                                          \
#name, offsetof(struct type, name), sizeof(((struct type *)NULL)->name), values, false \
    }
#define PADDING(type, name)                                                              \
    {                                                                                    \
#name, offsetof(struct type, name), sizeof(((struct type *)NULL)->name), 0, true \
    }

static const struct field fill_fields[] = {
    PADDING(kb_command_fill, op),
    FIELD(kb_command_fill, blend, KD_PIX_BLENDS),
    FIELD(kb_command_fill, alpha, 0),
    PADDING(kb_command_fill, pad0),
    FIELD(kb_command_fill, color, 0),
    FIELD(kb_command_fill, where.x, 0),
    FIELD(kb_command_fill, where.y, 0),
    FIELD(kb_command_fill, where.width, 0),
    FIELD(kb_command_fill, where.height, 0),
    PADDING(kb_command_fill, pad1),
};

static const struct field blit_fields[] = {
    PADDING(kb_command_blit, op),         FIELD(kb_command_blit, blend, KD_PIX_BLENDS),
    FIELD(kb_command_blit, alpha, 0),     FIELD(kb_command_blit, flags, 4),
    FIELD(kb_command_blit, tint, 0),      FIELD(kb_command_blit, image, IMAGES),
    FIELD(kb_command_blit, src_x, 0),     FIELD(kb_command_blit, src_y, 0),
    FIELD(kb_command_blit, src_width, 0), FIELD(kb_command_blit, src_height, 0),
    FIELD(kb_command_blit, x, 0),         FIELD(kb_command_blit, y, 0),
    PADDING(kb_command_blit, pad0),
};

static const struct field transformed_fields[] = {
    PADDING(kb_command_transformed_blit, op),
    FIELD(kb_command_transformed_blit, blend, KD_PIX_BLENDS),
    FIELD(kb_command_transformed_blit, alpha, 0),
    FIELD(kb_command_transformed_blit, flags, 8),
    FIELD(kb_command_transformed_blit, tint, 0),
    FIELD(kb_command_transformed_blit, image, IMAGES),
    FIELD(kb_command_transformed_blit, src_x, 0),
    FIELD(kb_command_transformed_blit, src_y, 0),
    FIELD(kb_command_transformed_blit, src_width, 0),
    FIELD(kb_command_transformed_blit, src_height, 0),
    PADDING(kb_command_transformed_blit, pad0),
    FIELD(kb_command_transformed_blit, xx, 0),
    FIELD(kb_command_transformed_blit, xy, 0),
    FIELD(kb_command_transformed_blit, x0, 0),
    FIELD(kb_command_transformed_blit, yx, 0),
    FIELD(kb_command_transformed_blit, yy, 0),
    FIELD(kb_command_transformed_blit, y0, 0),
    PADDING(kb_command_transformed_blit, pad1),
};

static const struct field clip_fields[] = {
    PADDING(kb_command_clip, op),           PADDING(kb_command_clip, pad0),
    FIELD(kb_command_clip, where.x, 0),     FIELD(kb_command_clip, where.y, 0),
    FIELD(kb_command_clip, where.width, 0), FIELD(kb_command_clip, where.height, 0),
    PADDING(kb_command_clip, pad1),
};

static const struct field layer_fields[] = {
    FIELD(kd_layer, place.box.x1, 0),   FIELD(kd_layer, place.box.y1, 0),
    FIELD(kd_layer, place.box.x2, 0),   FIELD(kd_layer, place.box.y2, 0),
    FIELD(kd_layer, picture.box.x1, 0), FIELD(kd_layer, picture.box.y1, 0),
    FIELD(kd_layer, picture.box.x2, 0), FIELD(kd_layer, picture.box.y2, 0),
    FIELD(kd_layer, base_color, 0),     FIELD(kd_layer, filter, 2),
    FIELD(kd_layer, source, IMAGES),
};

static const struct field view_fields[] = {
    PADDING(kd_view, device_width_px), /* other buffers then: nothing is compared */
    PADDING(kd_view, device_height_px), FIELD(kd_view, inner.x1, 0),  FIELD(kd_view, inner.y1, 0),
    FIELD(kd_view, inner.x2, 0),        FIELD(kd_view, inner.y2, 0),  FIELD(kd_view, rotation, 4),
    FIELD(kd_view, reflect_x, 2),       FIELD(kd_view, reflect_y, 2),
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Every byte of the structure is in one field, except at most so many at its end. */
static void expect_complete(const struct field *fields, size_t count, size_t bytes, size_t tail)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        ck_assert_msg(fields[i].offset == at, "something is missing before %s", fields[i].name);
        at += fields[i].bytes;
    }
    ck_assert_uint_le(at, bytes);
    ck_assert_uint_le(bytes - at, tail);
}

START_TEST(the_lists_are_complete)
{
    expect_complete(fill_fields, COUNT(fill_fields), sizeof(struct kb_command_fill), 0);
    expect_complete(blit_fields, COUNT(blit_fields), sizeof(struct kb_command_blit), 0);
    expect_complete(transformed_fields, COUNT(transformed_fields),
                    sizeof(struct kb_command_transformed_blit), 0);
    expect_complete(clip_fields, COUNT(clip_fields), sizeof(struct kb_command_clip), 0);
    expect_complete(layer_fields, COUNT(layer_fields), sizeof(struct kd_layer), 0);
    expect_complete(view_fields, COUNT(view_fields), sizeof(struct kd_view), 1);
}
END_TEST

/* How many other values a field can have, and setting it to one of them. */
static uint32_t others_of(const struct field *field)
{
    return field->is_padding ? 0 : field->values ? field->values - 1 : (uint32_t)field->bytes * 8;
}

static void set_other(void *structure, const struct field *field, uint32_t which)
{
    unsigned char *at = (unsigned char *)structure + field->offset;

    if (field->values)
        at[0] = (unsigned char)((at[0] + 1 + which) % field->values);
    else
        at[which / 8] ^= (unsigned char)(1u << which % 8);
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static struct kd_arena arena;
static const struct kd_grid grid = {WIDTH, HEIGHT, 2, 2};

/* One way things are: its keys and its pixels. */
struct outcome {
    uint64_t keys[TILES];
    uint32_t pixels[WIDTH * HEIGHT];
};

/* Returns how many tiles look different. */
static unsigned compare(const struct outcome *one, const struct outcome *other, const char *what)
{
    unsigned differing = 0;

    for (size_t i = 0; i < TILES; i++) {
        struct kd_box box = kd_grid_tile(grid, i);
        bool equal = true;

        for (int32_t y = box.y1; y < box.y2; y++)
            equal = equal &&
                    memcmp(one->pixels + y * WIDTH + box.x1, other->pixels + y * WIDTH + box.x1,
                           (size_t)kd_box_width(box) * sizeof(uint32_t)) == 0;
        if (!equal && one->keys[i] == other->keys[i])
            ck_abort_msg("%s: tile %zu looks different with the same key", what, i);
        differing += !equal;
    }
    return differing;
}

static void take_keys(struct outcome *outcome, const struct kd_plan *plan)
{
    for (size_t i = 0; i < TILES; i++)
        outcome->keys[i] = plan->tiles[i].key;
}

static void classify(const struct draw_image *image)
{
    const struct kd_pixels *pixels = image->pixels;

    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++) {
        struct kd_box box = kd_pixels_tile_box(pixels, i);
        struct kd_tile *tile = pixels->tiles[i];

        free(tile->sections);
        tile->sections = kd_sections_make(tile->pixels, tile->stride_px, kd_box_width(box),
                                          kd_box_height(box), pixels->kind);
    }
}

/* ---- Frames ---------------------------------------------------------------------------------- */

struct frame {
    struct draw_image images[IMAGES];
    unsigned char bytes[6 * 32];
    struct draw_commands list;
    uint32_t base_color;
};

/* Of all kinds: small, of one colour, in tiles, with a solid middle. */
static void make_images(struct draw_image images[IMAGES], uint32_t round)
{
    for (uint32_t i = 0; i < IMAGES; i++) {
        enum kd_source_kind kind = (i + round) % KD_SOURCE_KINDS;
        int32_t width = 40 + (int32_t)i * 20, height = 33;
        bool in_tiles = i == 2;

        images[i] = draw_image_create(kind, width, height, in_tiles);
        for (int32_t at = 0; at < width * height; at++)
            if (i == 1)
                images[i].plain[at] = 0xFF204080;
            else if (i == 3 && at % width > 8 && at % width < 60)
                images[i].plain[at] |= 0xFF000000;
        kd_pixels_unref(images[i].pixels);
        images[i].pixels = draw_pixels(kind, width, height, in_tiles, images[i].plain);
        classify(&images[i]);
    }
}

static void run_frame(struct outcome *outcome, const struct frame *frame, uint64_t max_touches)
{
    const struct kd_pixels *sources[IMAGES];
    struct kd_plan plan;
    struct kd_ops ops;

    for (int i = 0; i < IMAGES; i++)
        sources[i] = frame->images[i].pixels;
    ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, grid, (const void *)frame->bytes,
                                          frame->list.units, DRAW_SEED, sources),
                     0);
    ops.max_touches = max_touches;
    ck_assert_int_eq(
        kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, frame->base_color, NULL, &ops), 0);
    take_keys(outcome, &plan);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        outcome->pixels[i] = frame->base_color;
    draw_paint(outcome->pixels, WIDTH, HEIGHT, KD_TARGET_OPAQUE, &frame->list, frame->images);
    kd_arena_reset(&arena);
}

/* Tries every value of every field of the command at this unit. */
static void try_command(struct frame *frame, uint32_t unit, const struct field *fields,
                        size_t count, unsigned *shown, uint64_t max_touches)
{
    static struct outcome before, after;
    unsigned char *command = frame->bytes + unit * (size_t)32, old[64];

    memcpy(old, command, sizeof(old));
    run_frame(&before, frame, max_touches);
    for (size_t i = 0; i < count; i++)
        for (uint32_t n = 0; n < others_of(&fields[i]); n++) {
            set_other(command, &fields[i], n);
            run_frame(&after, frame, max_touches);
            shown[i] += compare(&before, &after, fields[i].name);
            memcpy(command, old, sizeof(old));
        }
}

static void expect_shown(const struct field *fields, size_t count, const unsigned *shown)
{
    for (size_t i = 0; i < count; i++)
        if (others_of(&fields[i]))
            ck_assert_msg(shown[i] > 0, "%s never showed", fields[i].name);
}

/* What can be seen of everything: fills and blits that are not opaque, a transform that magnifies, a clip that cuts. */
static void make_commands(struct frame *frame, uint32_t round)
{
    uint32_t image = round % IMAGES;
    const struct kd_pixels *pixels = frame->images[image].pixels;
    const struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                         .alpha = round % 2 ? 255 : 200,
                                         .flags = (uint8_t)(round % 4),
                                         .tint = round % 3 ? 0xFFFFFFFF : 0xFFC0E0FF,
                                         .image = image,
                                         .src_x = (int16_t)(round % 4),
                                         .src_width = (uint16_t)(pixels->width_px - 6),
                                         .src_height = 28,
                                         .x = 24,
                                         .y = 30};
    struct kb_command_transformed_blit turned = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                                 .alpha = 230,
                                                 .flags = (uint8_t)(round % 8),
                                                 .tint = 0xFFFFF0FF,
                                                 .image = (image + 1) % IMAGES,
                                                 .src_x = 2,
                                                 .src_width = 30,
                                                 .src_height = 30,
                                                 .xx = 40000,
                                                 .xy = 3000,
                                                 .x0 = -700000,
                                                 .yx = -2500,
                                                 .yy = 42000,
                                                 .y0 = -500000};

    frame->list = (struct draw_commands){.bytes = frame->bytes};
    draw_fill(&frame->list, KB_BLEND_OVER, 180, 0xE0306090, (struct kb_rect){5, 7, 80, 60});
    draw_clip(&frame->list, (struct kb_rect){10, 8, 70, 62});
    draw_blit(&frame->list, &blit);
    memcpy(frame->bytes + frame->list.units * (size_t)32, &turned, sizeof(turned));
    frame->list.units += 2;
}

static void check_commands(uint64_t max_touches)
{
    unsigned fills[COUNT(fill_fields)] = {0}, clips[COUNT(clip_fields)] = {0};
    unsigned blits[COUNT(blit_fields)] = {0}, turned[COUNT(transformed_fields)] = {0};

    for (uint32_t round = 0; round < 4; round++) {
        struct frame frame = {.base_color = 0xFF102030};

        make_images(frame.images, round);
        make_commands(&frame, round);
        try_command(&frame, 0, fill_fields, COUNT(fill_fields), fills, max_touches);
        try_command(&frame, 1, clip_fields, COUNT(clip_fields), clips, max_touches);
        try_command(&frame, 2, blit_fields, COUNT(blit_fields), blits, max_touches);
        try_command(&frame, 3, transformed_fields, COUNT(transformed_fields), turned, max_touches);
        for (int i = 0; i < IMAGES; i++)
            draw_image_finish(&frame.images[i]);
    }
    expect_shown(fill_fields, COUNT(fill_fields), fills);
    expect_shown(clip_fields, COUNT(clip_fields), clips);
    expect_shown(blit_fields, COUNT(blit_fields), blits);
    expect_shown(transformed_fields, COUNT(transformed_fields), turned);
    kd_arena_finish(&arena);
}

START_TEST(all_fields_of_commands)
{
    check_commands(KD_PLAN_MAX_TOUCHES);
}
END_TEST

START_TEST(all_fields_of_commands_without_lists)
{
    check_commands(0);
}
END_TEST

/* The image in another form: a pixel, what its bytes mean, its size. */
static void change_image(struct draw_image *image, uint32_t which)
{
    const struct kd_pixels *old = image->pixels;
    enum kd_source_kind kind = old->kind;
    int32_t width = old->width_px, height = old->height_px;
    struct kd_pixels *pixels;

    switch (which) {
    case 0: kind = (kind + 1) % KD_SOURCE_KINDS; break;
    case 1: kind = (kind + 2) % KD_SOURCE_KINDS; break;
    case 2: width--; break; /* the rows shear */
    case 3: height -= 9; break;
    default: image->plain[random_u32() % (uint32_t)(width * height)] ^= 1u << (which - 4) % 32;
    }
    pixels = draw_pixels(kind, width, height, old->tile_shift == KD_TILE_SHIFT, image->plain);
    kd_pixels_unref(image->pixels);
    image->pixels = pixels;
    if (which % 3)
        classify(image);
}

START_TEST(images_and_the_base_colour)
{
    static struct outcome before, after;
    unsigned shown[5] = {0};

    for (uint32_t round = 0; round < 12; round++) {
        struct frame frame = {.base_color = 0xFF102030};

        make_images(frame.images, round);
        make_commands(&frame, round);
        run_frame(&before, &frame, KD_PLAN_MAX_TOUCHES);
        for (uint32_t bit = 0; bit < 24; bit++) {
            frame.base_color ^= 1u << bit;
            run_frame(&after, &frame, KD_PLAN_MAX_TOUCHES);
            shown[4] += compare(&before, &after, "base_color");
            frame.base_color ^= 1u << bit;
        }
        for (uint32_t which = 0; which < 100; which++) {
            struct draw_image *image = &frame.images[random_u32() % IMAGES];

            run_frame(&before, &frame, KD_PLAN_MAX_TOUCHES);
            change_image(image, which);
            run_frame(&after, &frame, KD_PLAN_MAX_TOUCHES);
            shown[which < 2 ? 0 : which < 4 ? which - 1 : 3] += compare(&before, &after, "image");
        }
        for (int i = 0; i < IMAGES; i++)
            draw_image_finish(&frame.images[i]);
    }
    for (int i = 0; i < 5; i++)
        ck_assert_msg(shown[i] > 0, "change %d never showed", i);
    kd_arena_finish(&arena);
}
END_TEST

/* A frame over another one. */
static void run_both(struct outcome *outcome, const struct frame *first, const struct frame *second)
{
    struct drawn_frame one, two;

    draw_frame(&one, NULL, true, grid, KD_TARGET_OPAQUE, first->base_color, KD_PLAN_MAX_TOUCHES,
               &first->list, first->images, IMAGES);
    draw_frame(&two, one.picture, false, grid, KD_TARGET_OPAQUE, second->base_color,
               KD_PLAN_MAX_TOUCHES, &second->list, second->images, IMAGES);
    for (size_t i = 0; i < TILES; i++)
        outcome->keys[i] = two.picture->tiles[i]->key;
    kd_pixels_read(two.picture, kd_box_of_size(WIDTH, HEIGHT), outcome->pixels, WIDTH);
    kd_pixels_unref(one.picture);
    kd_pixels_unref(two.picture);
}

START_TEST(the_picture_before)
{
    static struct outcome before, after;
    unsigned bases = 0, images = 0;

    for (uint32_t round = 0; round < 12; round++) {
        struct frame first = {.base_color = 0xFF102030}, second = {.base_color = 0xFF405060};

        make_images(first.images, round);
        make_images(second.images, round);
        make_commands(&first, round);
        make_commands(&second, round + 1);
        run_both(&before, &first, &second);
        for (uint32_t bit = 0; bit < 24; bit++) {
            first.base_color ^= 1u << bit;
            run_both(&after, &first, &second);
            bases += compare(&before, &after, "the base colour before");
            first.base_color ^= 1u << bit;
        }
        for (uint32_t which = 0; which < 40; which++) {
            change_image(&first.images[random_u32() % IMAGES], which);
            run_both(&after, &first, &second);
            images += compare(&before, &after, "an image of the frame before");
            before = after;
        }
        for (int i = 0; i < IMAGES; i++) {
            draw_image_finish(&first.images[i]);
            draw_image_finish(&second.images[i]);
        }
    }
    ck_assert_uint_gt(bases, 0);
    ck_assert_uint_gt(images, 0);
}
END_TEST

/* ---- Displays -------------------------------------------------------------------------------- */

struct screen {
    struct draw_image pictures[IMAGES];
    struct kd_layer layers[2];
    struct kd_view view;
};

static void run_screen(struct outcome *outcome, const struct screen *screen)
{
    const struct kd_pixels *sources[IMAGES];
    struct kd_point size = kd_view_size(&screen->view);
    uint32_t *rows = malloc((size_t)size.x * (size_t)size.y * sizeof(*rows)), *device;
    struct kd_plan plan;
    struct kd_ops ops;

    for (int i = 0; i < IMAGES; i++)
        sources[i] = screen->pictures[i].pixels;
    ck_assert_int_eq(
        kd_ops_from_layers(&ops, &arena, &screen->view, screen->layers, 2, DRAW_SEED, sources), 0);
    ck_assert_int_eq(kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops),
                     0);
    take_keys(outcome, &plan);
    for (int32_t i = 0; i < size.x * size.y; i++)
        rows[i] = 0xFF000000;
    for (int i = 0; i < 2; i++)
        draw_paint_layer(rows, size.x, size.y, &screen->layers[i], screen->pictures);
    device = draw_on_device(&screen->view, rows);
    memcpy(outcome->pixels, device, sizeof(outcome->pixels));
    free(device);
    free(rows);
    kd_arena_reset(&arena);
}

static bool box_is_sane(struct kd_box box)
{
    return !kd_box_empty(box) && box.x1 > -4000 && box.y1 > -4000 && box.x2 < 4000 && box.y2 < 4000;
}

static bool is_sane(const struct screen *screen)
{
    for (int i = 0; i < 2; i++)
        if (!box_is_sane(screen->layers[i].place.box) ||
            !box_is_sane(screen->layers[i].picture.box))
            return false;
    return !kd_box_empty(screen->view.inner) &&
           kd_box_contains(kd_box_of_size(WIDTH, HEIGHT), screen->view.inner);
}

/* structure: a part of the screen. */
static void try_structure(struct screen *screen, void *structure, const struct field *fields,
                          size_t count, unsigned *shown)
{
    static struct outcome before, after;
    const struct screen old = *screen;

    run_screen(&before, screen);
    for (size_t i = 0; i < count; i++)
        for (uint32_t n = 0; n < others_of(&fields[i]); n++) {
            set_other(structure, &fields[i], n);
            if (is_sane(screen)) {
                run_screen(&after, screen);
                shown[i] += compare(&before, &after, fields[i].name);
            }
            *screen = old;
        }
}

static void make_screen(struct screen *screen, uint32_t round)
{
    *screen = (struct screen){.view = kd_view_plain(WIDTH, HEIGHT)};
    screen->view.inner = (struct kd_box){2, 1, WIDTH - 5, HEIGHT - 3};
    screen->view.rotation = (uint8_t)(round % 4);
    screen->view.reflect_x = round & 1;
    screen->view.reflect_y = round & 2;
    for (int i = 0; i < IMAGES; i++) {
        int32_t width = 50 + 10 * i, height = i == 3 ? 70 : 45;
        struct draw_image *picture = &screen->pictures[i];

        *picture = draw_image_create(KD_SOURCE_OPAQUE, width, height, true);
        for (int32_t at = 0; at < width * height; at++)
            picture->plain[at] |= 0xFF000000;
        kd_pixels_unref(picture->pixels);
        picture->pixels = draw_pixels(KD_SOURCE_OPAQUE, width, height, true, picture->plain);
    }
    screen->layers[0] = (struct kd_layer){.place.box = {1, 2, 70, 60},
                                          .picture.box = {4, 6, 54, 51},
                                          .base_color = 0xFF112233,
                                          .source = 0};
    screen->layers[1] =
        (struct kd_layer){.place.box = {30, 20, 88, 70},
                          .picture.box = {33, 24, 33 + 40 + (int32_t)round * 9, 66},
                          .base_color = 0xFF445566,
                          .filter = round % 2 ? KB_FILTER_BILINEAR : KB_FILTER_NEAREST,
                          .source = 1 + round % 3};
}

START_TEST(all_attributes_of_windows_and_displays)
{
    unsigned layers[COUNT(layer_fields)] = {0}, views[COUNT(view_fields)] = {0}, order = 0;
    static struct outcome before, after;

    for (uint32_t round = 0; round < 8; round++) {
        struct screen screen;
        struct kd_layer first;

        make_screen(&screen, round);
        for (int i = 0; i < 2; i++)
            try_structure(&screen, &screen.layers[i], layer_fields, COUNT(layer_fields), layers);
        try_structure(&screen, &screen.view, view_fields, COUNT(view_fields), views);
        run_screen(&before, &screen);
        first = screen.layers[0];
        screen.layers[0] = screen.layers[1];
        screen.layers[1] = first;
        run_screen(&after, &screen);
        order += compare(&before, &after, "order");
        for (int i = 0; i < IMAGES; i++)
            draw_image_finish(&screen.pictures[i]);
    }
    expect_shown(layer_fields, COUNT(layer_fields), layers);
    expect_shown(view_fields, COUNT(view_fields), views);
    ck_assert_uint_gt(order, 0);
    kd_arena_finish(&arena);
}
END_TEST

Suite *key_fields_suite(void)
{
    Suite *suite = suite_create("key_fields");
    TCase *fields = tcase_create("fields");

    tcase_set_timeout(fields, 0);
    tcase_add_test(fields, the_lists_are_complete);
    tcase_add_test(fields, all_fields_of_commands);
    tcase_add_test(fields, all_fields_of_commands_without_lists);
    tcase_add_test(fields, images_and_the_base_colour);
    tcase_add_test(fields, the_picture_before);
    tcase_add_test(fields, all_attributes_of_windows_and_displays);
    suite_add_tcase(suite, fields);
    return suite;
}

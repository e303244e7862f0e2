/*
 * Commands and layers through operations, plan and CPU renderer, against the painter of draw_rig.c: equal bit for bit.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "base/hash.h"
#include "render/cpu.h"

#include <stdlib.h>
#include <string.h>

#define MOST_IMAGES   7
#define MOST_COMMANDS 64

static unsigned char command_bytes[(MOST_COMMANDS + 1) * 32];

static const int32_t sizes[][2] = {{1, 1},    {3, 200},  {64, 64},   {65, 63}, {100, 70},
                                   {128, 64}, {129, 65}, {200, 150}, {191, 1}};

/* Small and large ones of all kinds, single tiles and many. One in seven could not be read. */
static void make_images(struct draw_image *images)
{
    for (uint32_t i = 0; i < MOST_IMAGES; i++) {
        int32_t w = 1 + (int32_t)(random_u32() % (i < 3 ? 20 : 150));
        int32_t h = 1 + (int32_t)(random_u32() % (i < 3 ? 20 : 150));

        images[i] = draw_image_create(random_u32() % KD_SOURCE_KINDS, w, h, random_u32() % 2);
    }
    if (random_u32() % 3 == 0) {
        draw_image_finish(&images[MOST_IMAGES - 1]);
        images[MOST_IMAGES - 1] = (struct draw_image){NULL, NULL};
    }
}

static void finish_images(struct draw_image *images)
{
    for (uint32_t i = 0; i < MOST_IMAGES; i++)
        draw_image_finish(&images[i]);
}

static void random_commands(struct draw_commands *list, int32_t width, int32_t height,
                            const struct draw_image *images, uint32_t units)
{
    *list = (struct draw_commands){.bytes = command_bytes};
    while (list->units < units)
        draw_random_command(list, width, height, images, MOST_IMAGES);
}

static uint32_t random_base(enum kd_target_kind target)
{
    return target == KD_TARGET_OPAQUE ? random_u32() | 0xFF000000 : 0;
}

static void expect_picture(const struct kd_pixels *picture, const uint32_t *want, const char *what)
{
    size_t count = (size_t)picture->width_px * (size_t)picture->height_px;
    uint32_t *got = malloc(count * sizeof(uint32_t));

    kd_pixels_read(picture, kd_box_of_size(picture->width_px, picture->height_px), got,
                   (size_t)picture->width_px);
    draw_expect_equal(got, (size_t)picture->width_px, want, picture->width_px, picture->height_px,
                      what);
    free(got);
}

/* Frames in sequence over one picture; earlier pictures stay as they were. */
static void check_sequence(int32_t width, int32_t height, enum kd_target_kind target,
                           uint64_t max_touches)
{
    struct kd_grid grid = kd_grid_of(width, height);
    size_t count = (size_t)width * (size_t)height;
    uint32_t *want = malloc(count * sizeof(uint32_t)), *last = malloc(count * sizeof(uint32_t));
    uint32_t base = random_base(target);
    struct draw_image images[MOST_IMAGES];
    struct kd_pixels *picture = NULL;
    struct draw_commands list;
    struct drawn_frame frame;

    make_images(images);
    for (int n = 0; n < 4; n++) {
        bool clear = n > 0 && random_u32() % 3 == 0;

        random_commands(&list, width, height, images, random_u32() % 14);
        for (size_t i = 0; (clear || n == 0) && i < count; i++)
            want[i] = base;
        draw_paint(want, width, height, target, &list, images);
        draw_frame(&frame, picture, clear, grid, target, base, max_touches, &list, images,
                   MOST_IMAGES);
        expect_picture(frame.picture, want, "the new picture");
        if (picture)
            expect_picture(picture, last, "the picture before");
        kd_pixels_unref(picture);
        picture = frame.picture;
        memcpy(last, want, count * sizeof(uint32_t));
    }
    kd_pixels_unref(picture);
    finish_images(images);
    free(want);
    free(last);
}

START_TEST(commands_equal_the_painter)
{
    for (int round = 0; round < 24; round++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            check_sequence(sizes[i][0], sizes[i][1], round % 4 ? KD_TARGET_OPAQUE : KD_TARGET_ALPHA,
                           KD_PLAN_MAX_TOUCHES);
}
END_TEST

/* Many above each other, of which little shows; of some tiles, more than there is room to remember. */
START_TEST(much_above_each_other)
{
    enum { UNITS = 1200, WIDTH = 384, HEIGHT = 70 };
    unsigned char *bytes = malloc((UNITS + 4) * 32);
    uint32_t *want = malloc(WIDTH * HEIGHT * sizeof(uint32_t));

    for (int round = 0; round < 24; round++) {
        struct draw_commands list = {.bytes = bytes};
        struct draw_image images[MOST_IMAGES];
        uint32_t units = round % 3 ? 60 : UNITS, base;
        enum kd_target_kind target = round % 4 ? KD_TARGET_OPAQUE : KD_TARGET_ALPHA;
        struct drawn_frame frame;

        make_images(images);
        while (list.units < units) {
            uint32_t n = random_u32() % MOST_IMAGES;
            struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                           .blend = KB_BLEND_OVER,
                                           .alpha = 255,
                                           .tint = 0xFFFFFFFF,
                                           .image = n,
                                           .x = (int32_t)(random_u32() % (WIDTH + 40)) - 40,
                                           .y = (int32_t)(random_u32() % (HEIGHT + 40)) - 40};

            if (!images[n].pixels || random_u32() % 30 == 0) {
                draw_random_command(&list, WIDTH, HEIGHT, images, MOST_IMAGES);
                draw_clip(&list, (struct kb_rect){0, 0, WIDTH, HEIGHT});
                continue;
            }
            blit.src_width = (uint16_t)images[n].pixels->width_px;
            blit.src_height = (uint16_t)images[n].pixels->height_px;
            draw_blit(&list, &blit);
        }
        base = random_base(target);
        for (size_t i = 0; i < WIDTH * HEIGHT; i++)
            want[i] = base;
        draw_paint(want, WIDTH, HEIGHT, target, &list, images);
        draw_frame(&frame, NULL, false, kd_grid_of(WIDTH, HEIGHT), target, base,
                   round % 5 ? KD_PLAN_MAX_TOUCHES : 4, &list, images, MOST_IMAGES);
        expect_picture(frame.picture, want, "much above each other");
        kd_pixels_unref(frame.picture);
        finish_images(images);
    }
    free(want);
    free(bytes);
}
END_TEST

/* Long and thin ones, on both sides of what is known of their rows; parts from anywhere in them. */
START_TEST(images_as_long_as_they_may_be)
{
    static const int32_t longest[][2] = {{16384, 3}, {3, 16384}, {16384, 17}, {40, 16384},
                                         {4096, 70}, {4097, 70}, {5, 16383}};
    enum { WIDTH = 320, HEIGHT = 128, UNITS = 40 };
    uint32_t *want = malloc(WIDTH * HEIGHT * sizeof(uint32_t));

    for (int round = 0; round < 14; round++) {
        struct draw_commands list = {.bytes = command_bytes};
        const int32_t *size = longest[round % 7];
        struct draw_image image = draw_image_create(random_u32() % KD_SOURCE_KINDS, size[0],
                                                    size[1], random_u32() % 4 == 0);
        struct drawn_frame frame;

        draw_fill(&list, KB_BLEND_REPLACE, 255, 0xFF102030, (struct kb_rect){0, 0, WIDTH, HEIGHT});
        while (list.units < UNITS) {
            struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                           .blend = KB_BLEND_OVER,
                                           .alpha = 255,
                                           .tint = 0xFFFFFFFF,
                                           .src_width = (uint16_t)size[0],
                                           .src_height = (uint16_t)size[1]};

            blit.x = (int32_t)(random_u32() % (uint32_t)(WIDTH + size[0])) - size[0];
            blit.y = (int32_t)(random_u32() % (uint32_t)(HEIGHT + size[1])) - size[1];
            draw_blit(&list, &blit);
            draw_random_command(&list, WIDTH, HEIGHT, &image, 1);
            draw_clip(&list, (struct kb_rect){0, 0, WIDTH, HEIGHT});
        }
        memset(want, 0, WIDTH * HEIGHT * sizeof(uint32_t));
        draw_paint(want, WIDTH, HEIGHT, KD_TARGET_OPAQUE, &list, &image);
        draw_frame(&frame, NULL, false, kd_grid_of(WIDTH, HEIGHT), KD_TARGET_OPAQUE, 0xFF000000,
                   KD_PLAN_MAX_TOUCHES, &list, &image, 1);
        expect_picture(frame.picture, want, "long images");
        kd_pixels_unref(frame.picture);
        draw_image_finish(&image);
    }
    free(want);
}
END_TEST

/* Lists may be made to be bad: so long that looking for what shows would take many times the drawing's time, each time that a slice ends. */
START_TEST(long_lists_are_not_looked_through)
{
    enum { COUNT = 100000 };
    struct kd_op *ops = calloc(COUNT, sizeof(*ops));
    struct kd_plan_tile tiles[1] = {{.load = KD_LOAD_BASE}};
    struct kd_plan plan = {
        .grid = kd_grid_of(64, 64), .ops = ops, .ops_count = COUNT, .tiles = tiles};
    const uint32_t indices[1] = {0};
    struct kd_draw draw = {.plan = &plan, .tiles = indices, .tiles_count = 1};
    struct kd_draw_place place = {.end = 1, .count = 1};
    struct kd_cpu_lists lists = {.plan = &plan, .draw = &draw, .place = &place, .ends = {COUNT}};
    struct kd_cpu_tile tile = {.pix = kd_pix_get(), .plan = &plan, .box = {0, 0, 64, 64}};
    struct kd_cpu_stack *stack = malloc(sizeof(*stack));

    for (uint32_t i = 0; i < COUNT; i++) /* each but the last is hidden */
        ops[i] = (struct kd_op){.kind = KD_OP_FILL,
                                .color = 0xFF000000 + i,
                                .where = {8, 8, 16, 16},
                                .is_opaque = true,
                                .blend = KB_BLEND_REPLACE};
    kd_cpu_stack_look(stack, &tile, &lists);
    ck_assert_uint_lt(lists.ends[0], COUNT - 1000);
    ck_assert_uint_gt(lists.ends[0], COUNT - 10000);
    ck_assert_ptr_eq(kd_cpu_stack_next(stack)->op, &ops[COUNT - 1]);
    ck_assert_ptr_null(kd_cpu_stack_next(stack));
    free(stack);
    free(ops);
}
END_TEST

START_TEST(without_lists_the_pixels_are_the_same)
{
    for (int round = 0; round < 8; round++)
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            check_sequence(sizes[i][0], sizes[i][1], KD_TARGET_OPAQUE, random_u32() % 8);
}
END_TEST

/* Every blend with every kind of source, alone: that random lists left none out. */
START_TEST(every_blend_flip_and_kind)
{
    struct kd_grid grid = kd_grid_of(70, 66);
    uint32_t *want = malloc(70 * 66 * sizeof(uint32_t));

    for (unsigned n = 0; n < 2 * 3 * KD_PIX_BLENDS * 4; n++) {
        struct draw_commands list = {.bytes = command_bytes};
        enum kd_target_kind target = n % 2;
        struct draw_image image = draw_image_create(n / 2 % 3, 80, 81, n % 5 < 2);
        struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                       .blend = (uint8_t)(n / 6 % KD_PIX_BLENDS),
                                       .alpha = n % 7 ? 255 : 77,
                                       .flags = (uint8_t)(n / 6 / KD_PIX_BLENDS),
                                       .tint = n % 3 ? 0xFFFFFFFF : 0xFF80FF21,
                                       .src_x = -1,
                                       .src_y = 2,
                                       .src_width = 81,
                                       .src_height = 70,
                                       .x = -5,
                                       .y = -2};
        struct drawn_frame frame;
        uint32_t base = random_base(target);

        for (int i = 0; i < 70 * 66; i++)
            want[i] = base;
        for (int y = 0; y < 66; y += 11)
            draw_fill(&list, KB_BLEND_REPLACE, 255, random_pixel(), (struct kb_rect){0, y, 70, 11});
        draw_blit(&list, &blit);
        draw_paint(want, 70, 66, target, &list, &image);
        draw_frame(&frame, NULL, false, grid, target, base, KD_PLAN_MAX_TOUCHES, &list, &image, 1);
        expect_picture(frame.picture, want, "one blit");
        kd_pixels_unref(frame.picture);
        draw_image_finish(&image);
    }
    free(want);
}
END_TEST

/* A few commands that show, many that only cost time, a few that show again. Returns whether a slice ended within a tile. */
static bool check_slices(uint32_t idle, const struct draw_image *image, struct kd_pixels *before)
{
    struct draw_commands list = {.bytes = malloc((size_t)(idle + 20) * 32)};
    struct draw_commands shown = {.bytes = malloc(20 * 32)};
    uint32_t *want = malloc(130 * 60 * sizeof(uint32_t));
    struct drawn_frame frame;

    while (shown.units < 8)
        draw_random_command(&shown, 130, 60, image, 1);
    memcpy(list.bytes, shown.bytes, (size_t)shown.units * 32);
    list.units = shown.units;
    for (uint32_t i = 0; i < idle; i++)
        draw_fill(&list, KB_BLEND_OVER, 0, 0xFFFFFF, (struct kb_rect){0, 0, 130, 60});
    while (shown.units < 16) {
        struct draw_commands one = {list.bytes + (size_t)list.units * 32, 0};

        draw_random_command(&one, 130, 60, image, 1);
        memcpy(shown.bytes + (size_t)shown.units * 32, one.bytes, (size_t)one.units * 32);
        shown.units += one.units;
        list.units += one.units;
    }
    for (int i = 0; i < 130 * 60; i++)
        want[i] = 0xFF102030;
    draw_paint(want, 130, 60, KD_TARGET_OPAQUE, &shown, image);
    draw_frame(&frame, before, before == NULL, kd_grid_of(130, 60), KD_TARGET_OPAQUE, 0xFF102030,
               KD_PLAN_MAX_TOUCHES, &list, image, 1);
    expect_picture(frame.picture, want, "after slices");
    kd_pixels_unref(frame.picture);
    free(want);
    free(list.bytes);
    free(shown.bytes);
    return frame.split_a_tile;
}

/* Over the base colour and over a picture: more and more commands until a slice ends within a tile. */
START_TEST(slices_that_end_within_a_tile)
{
    struct draw_commands none = {0};
    struct draw_image image = draw_image_create(KD_SOURCE_STRAIGHT, 40, 40, false);
    struct drawn_frame before;

    draw_frame(&before, NULL, false, kd_grid_of(130, 60), KD_TARGET_OPAQUE, 0xFF102030,
               KD_PLAN_MAX_TOUCHES, &none, &image, 1);
    for (int over = 0; over < 2; over++)
        for (int splits = 0, n = 0; splits < 4; n++) {
            uint32_t idle = 512u << kd_min(n, 10);

            ck_assert_int_lt(n, 100);
            splits += check_slices(idle, &image, over ? before.picture : NULL);
        }
    kd_pixels_unref(before.picture);
    draw_image_finish(&image);
}
END_TEST

/* Equal frames, and equal content in other images under other indices, draw nothing. */
START_TEST(what_is_there_is_not_drawn_again)
{
    for (int round = 0; round < 20; round++) {
        struct kd_grid grid = kd_grid_of(200, 150);
        struct draw_image images[MOST_IMAGES], copies[MOST_IMAGES + 1] = {{NULL, NULL}};
        struct draw_commands list;
        struct drawn_frame first, again;

        make_images(images);
        random_commands(&list, 200, 150, images, 12);
        draw_frame(&first, NULL, true, grid, KD_TARGET_OPAQUE, 0xFF000000, KD_PLAN_MAX_TOUCHES,
                   &list, images, MOST_IMAGES);
        for (uint32_t i = 0; i < MOST_IMAGES; i++) {
            const struct kd_pixels *pixels = images[i].pixels;

            if (pixels)
                copies[i + 1].pixels =
                    draw_pixels(pixels->kind, pixels->width_px, pixels->height_px,
                                pixels->tile_shift == KD_TILE_SHIFT, images[i].plain);
        }
        for (uint32_t i = 0; i < list.units; i++) {
            union kb_command *command = (void *)(list.bytes + (size_t)i * 32);

            if (command->op == KB_COMMAND_BLIT)
                command->blit.image++;
            if (command->op == KB_COMMAND_TRANSFORMED_BLIT) {
                command->transformed_blit.image++;
                i++;
            }
        }
        draw_frame(&again, first.picture, true, grid, KD_TARGET_OPAQUE, 0xFF000000,
                   KD_PLAN_MAX_TOUCHES, &list, copies, MOST_IMAGES + 1);
        ck_assert_uint_eq(again.tiles_drawn, 0);
        kd_pixels_unref(again.picture);
        kd_pixels_unref(first.picture);
        finish_images(images);
        for (uint32_t i = 0; i <= MOST_IMAGES; i++)
            kd_pixels_unref(copies[i].pixels);
    }
}
END_TEST

/* ---- Layers into scan-out buffers ----------------------------------------------------------- */

#define MOST_LAYERS 5

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

/* What a display does with its buffers. */
struct display {
    struct kd_view view;
    struct kd_grid grid; /* of the buffers */
    struct kd_buffer *buffers[3];
    unsigned buffers_count, next;
    uint64_t *shown_keys;
    uint32_t *shown; /* plain rows: what was last committed */
    uint64_t tiles_drawn;
};

/* Pixels outside of the rectangles must be as last shown. */
static void check_clips(const struct display *display, const uint32_t *want,
                        const struct kd_box *clips, uint32_t clips_count)
{
    int32_t width = display->grid.width_px;

    for (int32_t y = 0; y < display->grid.height_px; y++)
        for (int32_t x = 0; x < width; x++) {
            bool clipped = false;

            for (uint32_t i = 0; i < clips_count; i++)
                clipped = clipped || kd_box_contains(clips[i], (struct kd_box){x, y, x + 1, y + 1});
            if (!clipped)
                EXPECT_PIXEL(want[y * width + x], display->shown[y * width + x]);
        }
}

static void compose(struct display *display, const struct kd_layer *layers, uint32_t layers_count,
                    const struct draw_image *pictures, uint32_t pictures_count,
                    const uint32_t *want)
{
    struct kd_arena arena = {0};
    struct kd_grid grid = display->grid;
    struct kd_buffer *buffer = display->buffers[display->next++ % display->buffers_count];
    const struct kd_pixels *sources[MOST_IMAGES];
    uint32_t *changed = kd_arena_alloc(&arena, kd_grid_count(grid), sizeof(*changed));
    struct kd_box *clips = kd_arena_alloc(&arena, kd_grid_count(grid), sizeof(*clips));
    struct kd_plan plan;
    struct kd_ops ops;
    struct kd_draw draw = {.plan = &plan, .buffer = buffer, .tiles = changed};
    bool split = false;

    for (uint32_t i = 0; i < pictures_count; i++)
        sources[i] = pictures[i].pixels;
    ck_assert_int_eq(
        kd_ops_from_layers(&ops, &arena, &display->view, layers, layers_count, DRAW_SEED, sources),
        0);
    ck_assert_int_eq(kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops),
                     0);
    draw.tiles_count = kd_plan_changes(&plan, display->shown_keys, changed);
    check_clips(display, want, clips, kd_plan_rects(grid, changed, draw.tiles_count, clips));
    draw.tiles_count = kd_plan_changes(&plan, buffer->tile_keys, changed);
    display->tiles_drawn += draw.tiles_count;
    draw_run(&draw, &split);
    draw_expect_equal(buffer->pixels, buffer->stride_px, want, grid.width_px, grid.height_px,
                      "the buffer");
    for (size_t i = 0; i < kd_grid_count(grid); i++) {
        ck_assert_uint_eq(buffer->tile_keys[i], plan.tiles[i].key);
        display->shown_keys[i] = plan.tiles[i].key;
    }
    memcpy(display->shown, want, (size_t)grid.width_px * (size_t)grid.height_px * sizeof(uint32_t));
    kd_arena_finish(&arena);
}

/* One thing is different: the stack, a layer, or what a picture shows. */
static void change_something(struct kd_layer *layers, uint32_t *layers_count,
                             struct draw_image *pictures, uint32_t pictures_count, int32_t width,
                             int32_t height)
{
    uint32_t i = random_u32() % MOST_LAYERS;
    struct draw_image *picture = &pictures[random_u32() % pictures_count];

    switch (random_u32() % 5) {
    case 0: *layers_count = 1 + random_u32() % MOST_LAYERS; break;
    case 1: layers[i] = draw_random_layer(width, height, pictures, pictures_count); break;
    case 2: layers[i].base_color ^= 0x10; break;
    case 3: { /* a few pixels of it */
        int32_t w = picture->pixels->width_px, h = picture->pixels->height_px;
        size_t at = random_u32() % ((size_t)w * (size_t)h);

        picture->plain[at] ^= 0x00FFFFFF;
        kd_pixels_unref(picture->pixels);
        picture->pixels = draw_pixels(KD_SOURCE_OPAQUE, w, h, true, picture->plain);
        break;
    }
    default: break;
    }
}

static void check_display(const struct kd_view *view, unsigned buffers)
{
    const int32_t width = kd_view_size(view).x, height = kd_view_size(view).y;
    const int32_t device_width = view->device_width_px, device_height = view->device_height_px;
    size_t count = (size_t)width * (size_t)height;
    struct display display = {
        .view = *view, .grid = kd_grid_of(device_width, device_height), .buffers_count = buffers};
    struct draw_image pictures[4];
    struct kd_layer layers[MOST_LAYERS];
    uint32_t layers_count = MOST_LAYERS;
    uint32_t *want = malloc(count * sizeof(uint32_t)), *on_device;

    display.shown_keys = calloc(kd_grid_count(display.grid), sizeof(uint64_t));
    display.shown = calloc((size_t)device_width * (size_t)device_height, sizeof(uint32_t));
    for (unsigned i = 0; i < buffers; i++)
        ck_assert_int_eq(
            kd_buffer_create(device_width, device_height, KB_FORMAT_XRGB8888, &display.buffers[i]),
            0);
    for (uint32_t i = 0; i < 4; i++)
        pictures[i] = draw_random_picture(140);
    for (uint32_t i = 0; i < MOST_LAYERS; i++)
        layers[i] = draw_random_layer(width, height, pictures, 4);
    for (int n = 0; n < 12; n++) {
        for (size_t i = 0; i < count; i++)
            want[i] = 0xFF000000;
        for (uint32_t i = 0; i < layers_count; i++)
            draw_paint_layer(want, width, height, &layers[i], pictures);
        on_device = draw_on_device(view, want);
        compose(&display, layers, layers_count, pictures, 4, on_device);
        free(on_device);
        change_something(layers, &layers_count, pictures, 4, width, height);
    }
    ck_assert_uint_le(display.tiles_drawn, 12 * kd_grid_count(display.grid));
    for (unsigned i = 0; i < buffers; i++)
        kd_buffer_destroy(display.buffers[i]);
    for (uint32_t i = 0; i < 4; i++)
        draw_image_finish(&pictures[i]);
    free(display.shown_keys);
    free(display.shown);
    free(want);
}

START_TEST(buffers_in_rotation_equal_a_full_redraw)
{
    for (unsigned buffers = 1; buffers <= 3; buffers++)
        for (int round = 0; round < 8; round++) {
            struct kd_view views[] = {kd_view_plain(200, 140), kd_view_plain(65, 129),
                                      kd_view_plain(1, 70)};

            for (int i = 0; i < 3; i++)
                check_display(&views[i], buffers);
        }
}
END_TEST

/* The whole output turned afterwards: nothing is sampled differently because of it. */
START_TEST(turned_displays_show_what_upright_ones_show)
{
    for (uint32_t orientation = 0; orientation < 16; orientation++)
        for (int round = 0; round < 6; round++) {
            const int32_t border[4] = {random_between(0, 70), random_between(0, 9),
                                       random_between(0, 20), random_between(0, 64)};
            const int32_t none[4] = {0, 0, 0, 0};
            struct kd_view view =
                kd_view_of(random_between(1, 220), random_between(1, 220), orientation & 3,
                           orientation & 4, orientation & 8, round % 2 ? border : none);

            check_display(&view, 1 + random_u32() % 2);
        }
}
END_TEST

/* A picture made smaller and larger, drawn over afterwards: as one painter would see it. */
START_TEST(a_resized_picture_keeps_its_corner)
{
    for (int round = 0; round < 60; round++) {
        struct draw_image images[MOST_IMAGES];
        struct kd_pixels *picture = NULL;
        uint32_t *want = calloc(1, 1);
        int32_t width = 0, height = 0;

        make_images(images);
        for (int n = 0; n < 5; n++) {
            static const int32_t edges[] = {1, 20, 63, 64, 65, 100, 128, 140, 192};
            int32_t w = edges[random_u32() % 9], h = edges[random_u32() % 9];
            uint32_t base = random_base(KD_TARGET_OPAQUE);
            uint32_t *next = malloc((size_t)w * (size_t)h * sizeof(uint32_t));
            struct kd_pixels *resized = NULL;
            struct draw_commands list;
            struct drawn_frame frame;

            for (int32_t y = 0; y < h; y++)
                for (int32_t x = 0; x < w; x++)
                    next[y * w + x] = x < width && y < height ? want[y * width + x] : base;
            if (picture)
                ck_assert_int_eq(kd_plan_resize(picture, w, h, base, DRAW_SEED, &resized), 0);
            if (resized)
                expect_picture(resized, next, "resized");
            random_commands(&list, w, h, images, random_u32() % 6);
            draw_paint(next, w, h, KD_TARGET_OPAQUE, &list, images);
            draw_frame(&frame, resized, false, kd_grid_of(w, h), KD_TARGET_OPAQUE, base,
                       KD_PLAN_MAX_TOUCHES, &list, images, MOST_IMAGES);
            expect_picture(frame.picture, next, "drawn over a resized picture");
            kd_pixels_unref(resized);
            kd_pixels_unref(picture);
            picture = frame.picture;
            free(want);
            want = next;
            width = w;
            height = h;
        }
        kd_pixels_unref(picture);
        free(want);
        finish_images(images);
    }
}
END_TEST

Suite *cpu_suite(void)
{
    Suite *suite = suite_create("cpu");
    TCase *commands = tcase_create("commands");
    TCase *layers = tcase_create("layers");

    tcase_set_timeout(commands, 0);
    tcase_add_test(commands, commands_equal_the_painter);
    tcase_add_test(commands, much_above_each_other);
    tcase_add_test(commands, images_as_long_as_they_may_be);
    tcase_add_test(commands, long_lists_are_not_looked_through);
    tcase_add_test(commands, without_lists_the_pixels_are_the_same);
    tcase_add_test(commands, every_blend_flip_and_kind);
    tcase_add_test(commands, slices_that_end_within_a_tile);
    tcase_add_test(commands, what_is_there_is_not_drawn_again);
    tcase_add_test(commands, a_resized_picture_keeps_its_corner);
    suite_add_tcase(suite, commands);
    tcase_set_timeout(layers, 0);
    tcase_add_test(layers, buffers_in_rotation_equal_a_full_redraw);
    tcase_add_test(layers, turned_displays_show_what_upright_ones_show);
    suite_add_tcase(suite, layers);
    return suite;
}

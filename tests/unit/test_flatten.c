/*
 * Plans in which promised pictures are replaced by what would draw them: drawn, they equal the plans that show the pictures.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "plan/flatten.h"

#include <errno.h>
#include <string.h>

#define IMAGES   4
#define COMMANDS 24
#define BASE     0xFF203040

static unsigned char bytes[(COMMANDS + 1) * 32];

static void keep_recipe(struct kd_recipe *recipe)
{
    (void)recipe; /* it is on the stack */
}

/* A window's frame: its picture as it is drawn, and with promises in place of some tiles. */
struct window {
    struct draw_image images[IMAGES];
    const struct kd_pixels *sources[IMAGES];
    struct kd_arena arena;
    struct kd_ops ops;
    struct kd_plan plan;
    struct kd_recipe recipe;
    struct kd_pixels *drawn, *promised; /* owned */
};

static void make_images(struct window *window)
{
    for (uint32_t i = 0; i < IMAGES; i++) {
        const int32_t width = 1 + (int32_t)(random_u32() % 90),
                      height = 1 + (int32_t)(random_u32() % 90);

        window->images[i] =
            i % 2 ? draw_image_create_figure(random_u32() % KD_SOURCE_KINDS, width, height)
                  : draw_image_create(random_u32() % KD_SOURCE_KINDS, width, height,
                                      random_u32() % 2);
        window->sources[i] = window->images[i].pixels;
    }
}

/* Of ten tiles so many keep their pixels. */
static void window_init(struct window *window, int32_t width, int32_t height, unsigned kept,
                        uint32_t units)
{
    const struct kd_grid grid = kd_grid_of(width, height);
    struct draw_commands list = {.bytes = bytes};
    struct drawn_frame frame;

    *window = (struct window){.plan = {.ops_count = 0}};
    make_images(window);
    while (list.units < units)
        draw_random_command(&list, width, height, window->images, IMAGES);
    draw_frame(&frame, NULL, true, grid, KD_TARGET_OPAQUE, BASE, KD_PLAN_MAX_TOUCHES, &list,
               window->images, IMAGES);
    window->drawn = frame.picture;
    ck_assert_int_eq(kd_ops_from_commands(&window->ops, &window->arena, grid, (const void *)bytes,
                                          list.units, DRAW_SEED, window->sources),
                     0);
    ck_assert_int_eq(kd_plan_make(&window->plan, &window->arena, grid, KD_TARGET_OPAQUE, BASE, NULL,
                                  &window->ops),
                     0);
    window->promised = kd_pixels_derive(window->drawn);
    for (size_t i = 0; i < kd_pixels_tiles(window->promised); i++) {
        ck_assert_uint_eq(window->plan.tiles[i].key, window->drawn->tiles[i]->key);
        if (random_u32() % 10 >= kept)
            ck_assert(kd_pixels_promise_tile(window->promised, i, window->plan.tiles[i].key));
    }
    window->recipe = (struct kd_recipe){.plan = &window->plan, .destroy = keep_recipe};
    atomic_init(&window->recipe.refs, 2);
    window->promised->recipe = &window->recipe;
}

static void window_finish(struct window *window)
{
    kd_pixels_unref(window->drawn);
    kd_pixels_unref(window->promised);
    ck_assert_uint_eq(atomic_load(&window->recipe.refs), 1);
    for (uint32_t i = 0; i < IMAGES; i++)
        draw_image_finish(&window->images[i]);
    kd_arena_finish(&window->arena);
}

/* A display of two windows, the second one above the first, with one's tiles promised. Returns what kd_plan_flatten() said. */
static int show(struct window *windows, const struct kd_layer *layers, bool promised,
                struct kd_buffer *buffer)
{
    const struct kd_view view = kd_view_plain(buffer->grid.width_px, buffer->grid.height_px);
    const struct kd_pixels *pictures[2] = {promised ? windows[0].promised : windows[0].drawn,
                                           promised ? windows[1].promised : windows[1].drawn};
    struct kd_arena arena = {0};
    struct kd_plan plan, flat;
    struct kd_ops ops;
    struct kd_draw draw = {.buffer = buffer};
    uint32_t *all = kd_arena_alloc(&arena, kd_grid_count(buffer->grid), sizeof(*all));
    bool split = false;
    int error = 0;

    ck_assert_int_eq(kd_ops_from_layers(&ops, &arena, &view, layers, 2, DRAW_SEED, pictures), 0);
    ck_assert_int_eq(
        kd_plan_make(&plan, &arena, buffer->grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops), 0);
    if (promised)
        error = kd_plan_flatten(&plan, &arena, &flat);
    draw.plan = promised ? &flat : &plan;
    draw.tiles = all;
    draw.tiles_count = kd_plan_changes(&plan, buffer->tile_keys, all);
    ck_assert_uint_eq(draw.tiles_count, kd_grid_count(buffer->grid));
    if (!error)
        draw_run(&draw, &split);
    for (size_t i = 0; !error && i < kd_grid_count(buffer->grid); i++)
        ck_assert_uint_eq(buffer->tile_keys[i], plan.tiles[i].key);
    kd_arena_finish(&arena);
    return error;
}

static void random_layer(struct kd_layer *layer, uint32_t number, const struct kd_pixels *picture,
                         bool on_tiles)
{
    int32_t x = (int32_t)(random_u32() % 300) - 120, y = (int32_t)(random_u32() % 300) - 120;
    struct kd_box box = kd_box_of_size(picture->width_px, picture->height_px);

    if (on_tiles) {
        x &= ~(KD_TILE_PX - 1);
        y &= ~(KD_TILE_PX - 1);
    }
    *layer = (struct kd_layer){.base_color = 0xFF405060, .source = number};
    layer->picture.box = kd_box_moved(box, x, y);
    layer->place.box = kd_box_moved(box, x, y);
    if (random_u32() % 2) /* cropped, or with a border */
        layer->place.box = kd_box_moved(layer->place.box, 7 - (int32_t)(random_u32() % 15), 5);
}

/* on_tiles: they lie on the display's tiles, and some of their tiles may have pixels. */
static void check(bool on_tiles, unsigned kept)
{
    unsigned flattened = 0;

    for (unsigned round = 0; round < 150; round++) {
        struct window windows[2];
        struct kd_layer layers[2];
        struct kd_buffer *want, *got;
        int error;

        ck_assert_int_eq(kd_buffer_create(300, 200, KB_FORMAT_XRGB8888, &want), 0);
        ck_assert_int_eq(kd_buffer_create(300, 200, KB_FORMAT_XRGB8888, &got), 0);
        for (uint32_t i = 0; i < 2; i++) {
            window_init(&windows[i], 1 + (int32_t)(random_u32() % 260),
                        1 + (int32_t)(random_u32() % 260), kept, random_u32() % COMMANDS);
            random_layer(&layers[i], i, windows[i].drawn, on_tiles);
        }
        ck_assert_int_eq(show(windows, layers, false, want), 0);
        error = show(windows, layers, true, got);
        if (error == 0) {
            draw_expect_equal(got->pixels, got->stride_px, want->pixels, (int32_t)want->stride_px,
                              200, "the display");
            flattened++;
        } else {
            ck_assert_int_eq(error, -EOPNOTSUPP); /* a transform of extremes, moved, is none */
        }
        for (uint32_t i = 0; i < 2; i++)
            window_finish(&windows[i]);
        kd_buffer_destroy(want);
        kd_buffer_destroy(got);
    }
    ck_assert_uint_gt(flattened, 50);
}

START_TEST(a_promised_picture_is_drawn_in_its_place)
{
    check(false, 0);
}
END_TEST

START_TEST(tiles_with_pixels_stay_blits)
{
    check(true, 5);
}
END_TEST

START_TEST(what_cannot_be_replaced_is_refused)
{
    struct window windows[2];
    struct kd_layer layers[2];
    struct kd_buffer *buffer;

    ck_assert_int_eq(kd_buffer_create(300, 200, KB_FORMAT_XRGB8888, &buffer), 0);
    for (uint32_t i = 0; i < 2; i++) {
        window_init(&windows[i], 200, 200, 0, 0);
        random_layer(&layers[i], i, windows[i].drawn, true);
        layers[i].picture.box = layers[i].place.box = kd_box_of_size(200, 200);
    }
    layers[1].picture.box.x2++; /* scaled */
    ck_assert_int_eq(show(windows, layers, true, buffer), -EOPNOTSUPP);
    layers[1].picture.box = kd_box_moved(layers[1].place.box, 1, 0);
    ck_assert_int_eq(show(windows, layers, true, buffer), 0);
    memset(buffer->tile_keys, 0, kd_grid_count(buffer->grid) * sizeof(uint64_t));
    kd_pixels_share_tile(windows[1].promised, 0, windows[1].drawn->tiles[0]); /* beside the tiles */
    ck_assert_int_eq(show(windows, layers, true, buffer), -EOPNOTSUPP);
    for (uint32_t i = 0; i < 2; i++)
        window_finish(&windows[i]);
    kd_buffer_destroy(buffer);
}
END_TEST

Suite *flatten_suite(void)
{
    Suite *suite = suite_create("flatten");
    TCase *tests = tcase_create("flatten");

    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, a_promised_picture_is_drawn_in_its_place);
    tcase_add_test(tests, tiles_with_pixels_stay_blits);
    tcase_add_test(tests, what_cannot_be_replaced_is_refused);
    suite_add_tcase(suite, tests);
    return suite;
}

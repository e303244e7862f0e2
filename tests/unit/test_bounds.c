/*
 * Exact bounds inside tiles: what is drawn only within them is as if all were drawn.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "plan/bounds.h"

#include <stdlib.h>
#include <string.h>

#define IMAGES   3
#define COMMANDS 8
#define WIDTH    200
#define HEIGHT   140
#define BUFFERS  3

static const struct kd_grid grid = {WIDTH, HEIGHT, 4, 3};

/* A game, and the display that shows it. */
struct game {
    struct draw_image images[IMAGES];
    unsigned char bytes[COMMANDS * 32];
    struct draw_commands list;
    struct kd_pixels *picture;     /* a reference; NULL: no frame yet */
    uint32_t want[WIDTH * HEIGHT]; /* its pixels, by a painter */
    struct kd_view view;
    struct kd_buffer *buffers[BUFFERS];
    uint64_t drawn_px, whole_px; /* of buffers: with bounds, and had tiles been drawn */
};

static struct kb_command_blit *blit_of(struct game *game, uint32_t i)
{
    return (void *)(game->bytes + i * (size_t)32);
}

static void place(struct kb_command_blit *blit)
{
    blit->x = (int32_t)(random_u32() % (WIDTH + 30)) - 30;
    blit->y = (int32_t)(random_u32() % (HEIGHT + 30)) - 30;
}

static void game_create(struct game *game)
{
    game->list = (struct draw_commands){.bytes = game->bytes};
    game->picture = NULL;
    game->drawn_px = game->whole_px = 0;
    for (int i = 0; i < IMAGES; i++)
        game->images[i] = draw_image_create(i, i ? 20 : WIDTH, i ? 24 : HEIGHT, i == 2);
    for (uint32_t i = 0; i < COMMANDS; i++) {
        uint32_t image = i ? random_u32() % IMAGES : 0;
        struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                       .alpha = 255,
                                       .tint = UINT32_MAX,
                                       .image = image,
                                       .src_width = image ? 20
                                                    : i   ? 33
                                                          : WIDTH,
                                       .src_height = image ? 24
                                                     : i   ? 25
                                                           : HEIGHT};

        if (i)
            place(&blit);
        draw_blit(&game->list, &blit);
    }
    game->view = kd_view_plain(WIDTH, HEIGHT);
    for (int i = 0; i < BUFFERS; i++)
        ck_assert_int_eq(kd_buffer_create(WIDTH, HEIGHT, KB_FORMAT_XRGB8888, &game->buffers[i]), 0);
}

static void game_finish(struct game *game)
{
    for (int i = 0; i < IMAGES; i++)
        draw_image_finish(&game->images[i]);
    for (int i = 0; i < BUFFERS; i++)
        kd_buffer_destroy(game->buffers[i]);
    kd_pixels_unref(game->picture);
}

/* The next frame: a sprite or two somewhere else, or in another place of the list, or over what was there. */
static void game_frame(struct game *game, bool clear)
{
    struct drawn_frame frame;
    uint32_t which = 1 + random_u32() % (COMMANDS - 1), *rows = malloc(sizeof(game->want));

    place(blit_of(game, which));
    if (random_u32() % 2)
        place(blit_of(game, 1 + random_u32() % (COMMANDS - 1)));
    if (random_u32() % 5 == 0) {
        struct kb_command_blit copy = *blit_of(game, which);

        *blit_of(game, which) = *blit_of(game, COMMANDS - 1);
        *blit_of(game, COMMANDS - 1) = copy;
    }
    if (random_u32() % 8 == 0)
        game->images[1].pixels->kind = random_u32() % KD_SOURCE_KINDS;
    draw_frame(&frame, game->picture, clear, grid, KD_TARGET_OPAQUE, 0xFF102030,
               KD_PLAN_MAX_TOUCHES, &game->list, game->images, IMAGES);
    for (int i = 0; (clear || !game->picture) && i < WIDTH * HEIGHT; i++)
        game->want[i] = 0xFF102030;
    draw_paint(game->want, WIDTH, HEIGHT, KD_TARGET_OPAQUE, &game->list, game->images);
    kd_pixels_unref(game->picture);
    game->picture = frame.picture;
    kd_pixels_read(game->picture, kd_box_of_size(WIDTH, HEIGHT), rows, WIDTH);
    draw_expect_equal(rows, WIDTH, game->want, WIDTH, HEIGHT, "the picture");
    free(rows);
}

/* Shows the picture in one of the buffers. */
static void game_show(struct game *game, const struct kd_layer *layer, struct kd_buffer *buffer)
{
    const struct draw_image shown = {.pixels = game->picture, .plain = game->want};
    const struct kd_pixels *sources[] = {game->picture};
    uint32_t *want = malloc(sizeof(game->want)), changed[12];
    struct kd_box bounds[12];
    struct kd_arena arena = {0};
    struct kd_plan plan;
    struct kd_ops ops;
    struct kd_draw draw = {.plan = &plan, .tiles = changed, .bounds = bounds, .buffer = buffer};
    bool split = false;

    kd_ops_from_layers(&ops, &arena, &game->view, layer, 1, DRAW_SEED, sources);
    kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, &ops);
    draw.tiles_count = kd_plan_changes(&plan, buffer->tile_keys, changed);
    for (uint32_t i = 0; i < draw.tiles_count; i++)
        bounds[i] = kd_plan_bounds(&plan, &ops, changed[i], buffer->tile_keys[changed[i]]);
    game->drawn_px += kd_draw_area_px(&draw);
    game->whole_px += kd_plan_area_px(grid, changed, draw.tiles_count);
    draw_run(&draw, &split);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        want[i] = 0xFF000000;
    draw_paint_layer(want, WIDTH, HEIGHT, layer, &shown);
    draw_expect_equal(buffer->pixels, buffer->stride_px, want, WIDTH, HEIGHT, "the buffer");
    kd_arena_finish(&arena);
    free(want);
}

static void play(struct kd_layer layer, uint64_t *drawn_px, uint64_t *whole_px)
{
    struct game *game = calloc(1, sizeof(*game));

    game_create(game);
    for (uint32_t frame = 0; frame < 30; frame++) {
        game_frame(game, random_u32() % 4);
        if (random_u32() % 4) /* not each one is shown */
            game_show(game, &layer, game->buffers[frame % BUFFERS]);
    }
    *drawn_px += game->drawn_px;
    *whole_px += game->whole_px;
    game_finish(game);
    free(game);
}

static struct kd_layer layer_of(struct kd_box picture, enum kb_filter filter)
{
    return (struct kd_layer){.place.box = {0, 0, WIDTH, HEIGHT},
                             .picture.box = picture,
                             .base_color = 0xFF405060,
                             .filter = filter};
}

START_TEST(parts_of_tiles_are_enough)
{
    static const struct kd_box pictures[] = {
        {0, 0, WIDTH, HEIGHT},           {-13, 9, WIDTH - 13, HEIGHT + 9},
        {0, 0, 2 * WIDTH, 2 * HEIGHT},   {-31, -7, 3 * WIDTH - 31, 3 * HEIGHT - 7},
        {10, 20, WIDTH / 2, HEIGHT / 2}, {3, 5, WIDTH + 60, HEIGHT - 17}};

    for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++)
        for (int filter = 0; filter < 2; filter++) {
            struct kd_layer layer =
                layer_of(pictures[i], filter ? KB_FILTER_BILINEAR : KB_FILTER_NEAREST);
            uint64_t drawn_px = 0, whole_px = 0;

            for (int round = 0; round < 6; round++)
                play(layer, &drawn_px, &whole_px);
            ck_assert_uint_lt(drawn_px, whole_px);
        }
}
END_TEST

Suite *bounds_suite(void)
{
    Suite *suite = suite_create("bounds");
    TCase *bounds = tcase_create("bounds");

    tcase_set_timeout(bounds, 0);
    tcase_add_test(bounds, parts_of_tiles_are_enough);
    suite_add_tcase(suite, bounds);
    return suite;
}

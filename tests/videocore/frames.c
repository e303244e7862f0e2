/*
 * Frames drawn by the daemon's GLES renderer, for the stub to say what they cost: the benchmark's workloads, and small ones that each show one thing.
 *
 *     frames CARD DRIVER [--linear] [--large] [FRAME...]
 *
 * CARD and DRIVER are the display's, which has 1280x720 pixels, or 1920x1080 if it is large. Buffers are what it would show: tiled where its own GPU
 * draws, else linear. Every frame is drawn twice, as the first one also hands over the images. Exit status 3: there is no renderer; the reason is on
 * standard output.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plan/plan.h"
#include "render/gles.h"
#include "tests/bench/commands.h"
#include "tests/videocore/display.h"

#define NO_RENDERER   3
#define COMMAND_BYTES ((size_t)2 * KB_COMMAND_UNIT_BYTES)
#define COMMANDS_MAX  10200

/* The stub's. */
__attribute__((weak)) void videocore_frame(const char *name, unsigned tiles);

/* The benchmark's clock, which nothing here asks. */
int64_t bench_now_ns(void)
{
    return 0;
}

/* The display. */
static int32_t width_px = 1280, height_px = 720;

static void stop(const char *why)
{
    fprintf(stderr, "frames: %s\n", why);
    exit(1);
}

static void *checked(void *memory)
{
    if (!memory)
        stop("no memory");
    return memory;
}

/* ---- Frames ------------------------------------------------------------------------------------ */

struct stage {
    struct kd_renderer *renderer;
    struct kd_buffer buffer;
    struct kd_arena arena;
    struct bench_pictures pictures;
    uint32_t sheet, white_page, wide; /* more pictures */
    struct kd_pixels **sources;
    unsigned char *commands; /* the frame's */
    uint32_t units;
};

static void put(struct stage *stage, const void *command, size_t bytes)
{
    unsigned char *to = stage->commands + (size_t)stage->units * KB_COMMAND_UNIT_BYTES;

    memcpy(to, command, bytes);
    stage->units += (uint32_t)(bytes / KB_COMMAND_UNIT_BYTES);
}

static void put_fill(struct stage *stage, enum kb_blend blend, uint32_t color, int32_t x, int32_t y,
                     int32_t width, int32_t height)
{
    struct kb_command_fill fill = {.op = KB_COMMAND_FILL,
                                   .blend = blend,
                                   .alpha = 255,
                                   .color = color,
                                   .where = {x, y, (uint32_t)width, (uint32_t)height}};

    put(stage, &fill, sizeof(fill));
}

static struct kb_command_blit blit_of(const struct stage *stage, uint32_t picture, int32_t x,
                                      int32_t y)
{
    return (struct kb_command_blit){.op = KB_COMMAND_BLIT,
                                    .alpha = 255,
                                    .tint = 0xFFFFFFFF,
                                    .image = picture,
                                    .src_width = (uint16_t)stage->pictures.list[picture].width_px,
                                    .src_height = (uint16_t)stage->pictures.list[picture].height_px,
                                    .x = x,
                                    .y = y};
}

static void put_blit(struct stage *stage, uint32_t picture, int32_t x, int32_t y)
{
    struct kb_command_blit blit = blit_of(stage, picture, x, y);

    put(stage, &blit, sizeof(blit));
}

static void put_base(struct stage *stage)
{
    put_fill(stage, KB_BLEND_REPLACE, 0xFF203040, 0, 0, width_px, height_px);
}

/* 200 parts of one image, over a colour. */
static void make_atlas(struct stage *stage)
{
    put_base(stage);
    for (int32_t i = 0; i < 200; i++) {
        struct kb_command_blit blit =
            blit_of(stage, stage->sheet, i % 20 * 61 + 7, i / 20 * 70 + 5);

        blit.src_x = (int16_t)(i % 4 * 64);
        blit.src_y = (int16_t)(i / 4 % 4 * 64);
        blit.src_width = blit.src_height = 64;
        put(stage, &blit, sizeof(blit));
    }
}

/* 200 images, of eight kinds. */
static void make_sprites(struct stage *stage)
{
    put_base(stage);
    for (int32_t i = 0; i < 200; i++)
        put_blit(stage, stage->pictures.sprites + (uint32_t)i % stage->pictures.sprites_count,
                 i % 20 * 60, i / 20 * 60);
}

static void make_white_page(struct stage *stage)
{
    put_blit(stage, stage->white_page, 0, 0);
}

/* Wider than any of these GPUs' textures: from its middle to its end. */
static void make_wide(struct stage *stage)
{
    put_base(stage);
    put_blit(stage, stage->wide, width_px - 5000, 100);
}

static void make_clear(struct stage *stage)
{
    put_base(stage);
}

/* Fills that are visible and do not cover each other. */
static void make_fills(struct stage *stage)
{
    put_base(stage);
    for (int32_t i = 0; i < 200; i++)
        put_fill(stage, KB_BLEND_OVER, 0xFF000000 | (uint32_t)i * 0x010203, i % 20 * 60,
                 i / 20 * 60, 40, 40);
}

/* What single operations cost: each after a colour that fills all. */
static const struct op {
    const char *name;
    bool is_fill, is_opaque; /* of an opaque image */
    enum kb_blend blend;
    uint32_t color; /* the fill's, or the tint */
    uint8_t alpha, flags;
} operations[] = {
    {"op fill", true, true, KB_BLEND_OVER, 0xFF4080C0, 255, 0},
    {"op fill over", true, false, KB_BLEND_OVER, 0x804080C0, 255, 0},
    {"op fill add", true, false, KB_BLEND_ADD, 0xFF4080C0, 255, 0},
    {"op blit", false, true, KB_BLEND_OVER, 0xFFFFFFFF, 255, 0},
    {"op blit over", false, false, KB_BLEND_OVER, 0xFFFFFFFF, 255, 0},
    {"op blit mirrored", false, false, KB_BLEND_OVER, 0xFFFFFFFF, 255,
     KB_BLIT_FLAG_FLIP_X | KB_BLIT_FLAG_FLIP_Y},
    {"op blit add", false, false, KB_BLEND_ADD, 0xFFFFFFFF, 255, 0},
    {"op blit sub", false, false, KB_BLEND_SUB, 0xFFFFFFFF, 255, 0},
    {"op blit mult", false, false, KB_BLEND_MULT, 0xFFFFFFFF, 255, 0},
    {"op tint", false, true, KB_BLEND_OVER, 0xFF4080C0, 255, 0},
    {"op tint over", false, false, KB_BLEND_OVER, 0xFF4080C0, 255, 0},
    {"op fade over", false, false, KB_BLEND_OVER, 0xFFFFFFFF, 128, 0},
    {"op tint add", false, false, KB_BLEND_ADD, 0xFF4080C0, 255, 0},
};

static void make_op(struct stage *stage, const struct op *op)
{
    struct kb_command_blit blit =
        blit_of(stage, op->is_opaque ? stage->pictures.tiles : stage->pictures.sprites, 200, 100);

    put_base(stage);
    if (op->is_fill) {
        put_fill(stage, op->blend, op->color, 200, 100, 50, 50);
        return;
    }
    blit.blend = (uint8_t)op->blend;
    blit.tint = op->color;
    blit.alpha = op->alpha;
    blit.flags = op->flags;
    put(stage, &blit, sizeof(blit));
}

/* Everything that a blend can be, of fills and of images. */
static void make_blends(struct stage *stage)
{
    put_base(stage);
    for (int32_t i = 0; i <= KB_BLEND_RGBA_MAX; i++) {
        struct kb_command_blit blit = blit_of(stage, stage->pictures.sprites, i * 90, 200);

        put_fill(stage, (enum kb_blend)i, 0x80FF8040, i * 90, 20, 60, 60);
        blit.blend = (uint8_t)i;
        put(stage, &blit, sizeof(blit));
    }
}

/* Tinted, faded, mirrored. */
static void make_tints(struct stage *stage)
{
    put_base(stage);
    for (int32_t i = 0; i < 32; i++) {
        struct kb_command_blit blit =
            blit_of(stage, stage->pictures.sprites, i % 8 * 120, i / 8 * 120);

        blit.alpha = i & 1 ? 128 : 255;
        blit.tint = i & 2 ? 0xFFFF8040 : 0xFFFFFFFF;
        blit.flags = (uint8_t)(i >> 2 & 3);
        put(stage, &blit, sizeof(blit));
    }
}

static void make_scene(struct stage *stage, const struct bench_scene *scene, uint32_t n)
{
    for (uint32_t i = 0; i < scene->items_count; i++) {
        const struct bench_item *item = &scene->items[n][i];
        unsigned char command[COMMAND_BYTES];
        uint32_t units = bench_put_command(item, &stage->pictures.list[item->picture], command);

        put(stage, command, (size_t)units * KB_COMMAND_UNIT_BYTES);
    }
}

/* ---- Drawing ----------------------------------------------------------------------------------- */

static void draw(struct stage *stage, const char *name, struct kd_draw *draw)
{
    draw->buffer = &stage->buffer;
    fprintf(stderr, "frame %s\n", name); /* among what Mesa says of shaders */
    if (videocore_frame)
        videocore_frame(name, draw->tiles_count);
    while (stage->renderer->impl->draw(stage->renderer, draw) == KD_JOB_AGAIN)
        ;
    if (videocore_frame)
        videocore_frame("", 0);
    if (draw->has_fence && draw->fence_fd >= 0)
        close(draw->fence_fd);
    if (draw->error)
        printf("%s: error %d\n", name, draw->error);
}

/* boxes: what is to be drawn anew, each within tiles of its own; count 0: what the buffer's keys say. */
static void draw_ops(struct stage *stage, const char *name, const struct kd_ops *ops,
                     const struct kd_box *boxes, uint32_t count)
{
    struct kd_grid grid = stage->buffer.grid;
    uint32_t *tiles = checked(calloc(kd_grid_count(grid), sizeof(*tiles)));
    struct kd_box *bounds = checked(calloc(kd_grid_count(grid), sizeof(*bounds)));
    struct kd_draw drawing = {.tiles = tiles};
    struct kd_plan plan;

    if (kd_plan_make(&plan, &stage->arena, grid, KD_TARGET_OPAQUE, 0xFF000000, NULL, ops))
        stop("the frame cannot be planned");
    drawing.plan = &plan;
    if (count == 0)
        drawing.tiles_count = kd_plan_changes(&plan, stage->buffer.tile_keys, tiles);
    for (uint32_t i = 0; count && i < kd_grid_count(grid); i++)
        for (uint32_t b = 0; b < count; b++) {
            struct kd_box part = kd_box_intersect(kd_grid_tile(grid, i), boxes[b]);

            if (!kd_box_empty(part)) {
                bounds[drawing.tiles_count] = part;
                tiles[drawing.tiles_count++] = i;
            }
        }
    drawing.bounds = count ? bounds : NULL;
    draw(stage, name, &drawing);
    free(bounds);
    free(tiles);
}

static void draw_commands(struct stage *stage, const char *name, const struct kd_box *boxes,
                          uint32_t count)
{
    struct kd_ops ops;

    kd_arena_reset(&stage->arena);
    if (kd_ops_from_commands(&ops, &stage->arena, stage->buffer.grid, (const void *)stage->commands,
                             stage->units, BENCH_SEED,
                             (const struct kd_pixels *const *)stage->sources))
        stop("no memory for the frame");
    draw_ops(stage, name, &ops, boxes, count);
}

static void forget(struct stage *stage)
{
    memset(stage->buffer.tile_keys, 0, kd_grid_count(stage->buffer.grid) * sizeof(uint64_t));
}

/* Whole: first with images that nobody has seen, then again. */
static void draw_whole(struct stage *stage, const char *name)
{
    char first[64];

    snprintf(first, sizeof(first), "%s, first", name);
    forget(stage);
    draw_commands(stage, first, NULL, 0);
    forget(stage);
    draw_commands(stage, name, NULL, 0);
}

static void draw_scene(struct stage *stage, const struct bench_scene *scene)
{
    char name[64];

    stage->units = 0;
    make_scene(stage, scene, 0);
    draw_whole(stage, scene->name);
    if (!scene->has_difference || scene->frames_count < 2)
        return;
    stage->units = 0;
    make_scene(stage, scene, 1);
    snprintf(name, sizeof(name), "%s, next", scene->name);
    draw_commands(stage, name, NULL, 0);
}

/* ---- A window's picture, scaled to the display -------------------------------------------------- */

static void draw_window(struct stage *stage, const char *name, const struct kd_pixels *picture)
{
    struct kd_view view = kd_view_plain(width_px, height_px);
    struct kd_layer layer = {.place = {{0, 0, width_px, height_px}},
                             .picture = {{0, 0, width_px, height_px}},
                             .filter = KB_FILTER_BILINEAR};
    struct kd_ops ops;

    kd_arena_reset(&stage->arena);
    if (kd_ops_from_layers(&ops, &stage->arena, &view, &layer, 1, BENCH_SEED, &picture))
        stop("no memory for the window");
    draw_ops(stage, name, &ops, NULL, 0);
}

static void paint_tile(struct kd_pixels *picture, size_t index, uint64_t key)
{
    struct kd_tile *tile = checked(kd_pixels_own_tile(picture, index, false));
    struct kd_box box = kd_pixels_tile_box(picture, index);

    for (int32_t y = 0; y < kd_box_height(box); y++)
        for (int32_t x = 0; x < kd_box_width(box); x++)
            tile->pixels[(size_t)y * tile->stride_px + (size_t)x] =
                0xFF000000 | (uint32_t)(x * y) * (uint32_t)key;
    tile->key = key;
}

/* Then a version of it of which one tile is another. */
static void draw_windows(struct stage *stage)
{
    struct kd_pixels *picture = checked(kd_pixels_create(KD_SOURCE_OPAQUE, 640, 360, true)), *next;

    for (size_t i = 0; i < kd_pixels_tiles(picture); i++)
        paint_tile(picture, i, i + 1);
    forget(stage);
    draw_window(stage, "window, first", picture);
    forget(stage);
    draw_window(stage, "window", picture);
    next = checked(kd_pixels_derive(picture));
    paint_tile(next, 22, 1000);
    draw_window(stage, "window, next", next);
    kd_pixels_unref(next);
    kd_pixels_unref(picture);
}

/* ---- All of them ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*make)(struct stage *stage);
    uint32_t
        boxes_count; /* after it was drawn as a whole, of these places only; 0: again as a whole */
    struct kd_box boxes[17];
} frames[] = {
    {"clear", make_clear, 0, {{0}}},
    {"fills", make_fills, 0, {{0}}},
    {"atlas", make_atlas, 0, {{0}}},
    {"sprites", make_sprites, 0, {{0}}},
    {"white page", make_white_page, 0, {{0}}},
    {"wide", make_wide, 0, {{0}}},
    {"blends", make_blends, 0, {{0}}},
    {"tints", make_tints, 0, {{0}}},
    {"one rectangle", make_sprites, 1, {{100, 100, 150, 150}}},
    {"one fill", make_clear, 1, {{100, 100, 150, 150}}},
    {"one tile", make_sprites, 1, {{128, 128, 192, 192}}},
    {"two far apart", make_sprites, 2, {{10, 10, 50, 50}, {1230, 670, 1270, 710}}},
    {"seventeen",
     make_sprites,
     17,
     {{10, 10, 50, 50},
      {400, 10, 440, 50},
      {800, 10, 830, 50},
      {1200, 10, 1240, 50},
      {10, 200, 50, 240},
      {400, 200, 440, 240},
      {800, 200, 830, 240},
      {1200, 200, 1240, 240},
      {10, 400, 50, 440},
      {400, 400, 440, 440},
      {800, 400, 830, 440},
      {1200, 400, 1240, 440},
      {10, 600, 50, 635},
      {400, 600, 440, 635},
      {800, 600, 830, 635},
      {1200, 600, 1240, 635},
      {600, 300, 635, 315}}},
};

static bool is_wanted(const char *name, char *const *wanted, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(wanted[i], name) == 0)
            return true;
    return count == 0;
}

static void draw_frames(struct stage *stage, char *const *wanted, int count)
{
    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        if (!is_wanted(frames[i].name, wanted, count))
            continue;
        stage->units = 0;
        frames[i].make(stage);
        if (frames[i].boxes_count == 0) {
            draw_whole(stage, frames[i].name);
            continue;
        }
        draw_whole(stage, "before");
        draw_commands(stage, frames[i].name, frames[i].boxes, frames[i].boxes_count);
    }
    if (is_wanted("window", wanted, count))
        draw_windows(stage);
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (is_wanted(operations[i].name, wanted, count)) {
            stage->units = 0;
            make_op(stage, &operations[i]);
            draw_whole(stage, operations[i].name);
        }
}

/* Those of the benchmark are made only where they are asked for: under an emulator that takes its time. */
static void draw_scenes(struct stage *stage, char *const *wanted, int count)
{
    struct bench_scene scenes[BENCH_SCENES_MAX];
    uint32_t scenes_count;
    bool is_any = count == 0;

    for (int i = 0; i < count; i++)
        is_any |= wanted[i][0] == 'W';
    if (!is_any)
        return;
    scenes_count = bench_scenes_make(scenes, &stage->pictures, width_px, height_px);
    for (uint32_t i = 0; i < scenes_count; i++) {
        if (is_wanted(scenes[i].name, wanted, count))
            draw_scene(stage, &scenes[i]);
        bench_scene_finish(&scenes[i]);
    }
}

/* ---- What there is to draw with ---------------------------------------------------------------- */

/* Four by four sprites in one image. */
static uint32_t add_sheet(struct bench_pictures *pictures)
{
    uint32_t index = pictures->count;
    struct bench_picture *sheet = bench_pictures_add(pictures, 256, 256);

    for (int32_t y = 0; y < 256; y++)
        for (int32_t x = 0; x < 256; x++) {
            int32_t dx = x % 64 - 32, dy = y % 64 - 32;
            uint32_t alpha = dx * dx + dy * dy > 900 ? 0 : dx * dx + dy * dy > 600 ? 128 : 255;

            sheet->straight[y * 256 + x] = sheet->premultiplied[y * 256 + x] =
                alpha << 24 | alpha / 2 << 16 | (uint32_t)(x & y) * alpha / 255;
        }
    return index;
}

static uint32_t add_wide(struct bench_pictures *pictures)
{
    uint32_t index = pictures->count;
    struct bench_picture *wide = bench_pictures_add(pictures, 5000, 40);

    wide->is_opaque = true;
    for (uint32_t i = 0; i < 5000 * 40; i++)
        wide->straight[i] = wide->premultiplied[i] = 0xFF000000 | i * 7;
    return index;
}

/* A page of which four fifths of the tiles are white. */
static uint32_t add_white_page(struct bench_pictures *pictures)
{
    uint32_t index = pictures->count;
    struct bench_picture *page = bench_pictures_add(pictures, width_px, height_px);

    page->is_opaque = true;
    for (int32_t y = 0; y < height_px; y++)
        for (int32_t x = 0; x < width_px; x++) {
            bool is_text = (x / 64) % 5 == 2 && (x * 7 + y * 13) % 11 < 4;

            page->straight[y * width_px + x] = page->premultiplied[y * width_px + x] =
                is_text ? 0xFF102030 : 0xFFFFFFFF;
        }
    return index;
}

static void make_stage(struct stage *stage)
{
    if (!bench_pictures_make(&stage->pictures, width_px, height_px, NULL))
        stop("no pictures");
    stage->sheet = add_sheet(&stage->pictures);
    stage->white_page = add_white_page(&stage->pictures);
    stage->wide = add_wide(&stage->pictures);
    stage->sources = checked(calloc(stage->pictures.count, sizeof(struct kd_pixels *)));
    for (uint32_t i = 0; i < stage->pictures.count; i++)
        stage->sources[i] = checked(bench_make_source(&stage->pictures.list[i], false));
    stage->commands = checked(malloc(COMMANDS_MAX * COMMAND_BYTES));
}

static void finish_stage(struct stage *stage)
{
    kd_buffer_finish(&stage->buffer);
    stage->renderer->impl->destroy(stage->renderer);
    for (uint32_t i = 0; i < stage->pictures.count; i++)
        kd_pixels_unref(stage->sources[i]);
    free(stage->sources);
    free(stage->commands);
    bench_pictures_finish(&stage->pictures);
    kd_arena_finish(&stage->arena);
}

int main(int argc, char **argv)
{
    struct kd_egl_settings settings = {0};
    struct stage stage = {0};
    struct kd_egl *egl = NULL;
    char why[512] = "";
    bool is_linear = false;
    int first = 3, card;

    if (argc < 3)
        stop("usage: frames CARD DRIVER [--linear] [--large] [FRAME...]");
    for (; first < argc && argv[first][0] == '-'; first++) {
        is_linear |= strcmp(argv[first], "--linear") == 0;
        if (strcmp(argv[first], "--large") == 0) {
            width_px = 1920;
            height_px = 1080;
        }
    }
    settings.display_path = argv[1];
    settings.display_driver = argv[2];
    card = open(argv[1], O_RDWR | O_CLOEXEC);
    if (card < 0)
        stop("the card cannot be opened");
    if (kd_egl_create(&settings, &egl, why, sizeof(why))) {
        printf("no GPU: %s\n", why);
        return NO_RENDERER;
    }
    printf("GPU: %s\n", why);
    is_linear |= strcmp(kd_egl_driver(egl), argv[2]) != 0;
    if (kd_gles_renderer_create(egl, &stage.renderer, why, sizeof(why))) {
        printf("no renderer: %s\n", why);
        return NO_RENDERER;
    }
    printf("renderer: %s\n", stage.renderer->description);
    make_buffer(card, !is_linear, width_px, height_px, &stage.buffer);
    make_stage(&stage);
    draw_frames(&stage, argv + first, argc - first);
    draw_scenes(&stage, argv + first, argc - first);
    finish_stage(&stage);
    close(card);
    return 0;
}

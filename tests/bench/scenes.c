/* The workloads W1 to W8, as lists of what is drawn (docs/performance.md says what they are like). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

/* A scene being filled. */
struct maker {
    struct bench_scene *scene;
    const struct bench_pictures *pictures;
    uint64_t random;
    uint32_t frame, count; /* the frame, and how many items it has so far */
};

static struct bench_item *add(struct maker *maker, enum bench_item_kind kind)
{
    struct bench_item *item = &maker->scene->items[maker->frame][maker->count++];

    *item = (struct bench_item){.kind = (uint8_t)kind};
    return item;
}

static void add_fill(struct maker *maker, int32_t x, int32_t y, int32_t width_px, int32_t height_px,
                     uint32_t color)
{
    struct bench_item *item = add(maker, BENCH_FILL);

    item->x = x;
    item->y = y;
    item->width_px = width_px;
    item->height_px = height_px;
    item->color = color;
}

static void add_clear(struct maker *maker)
{
    add_fill(maker, 0, 0, maker->scene->width_px, maker->scene->height_px, 0xFF203040);
}

static void add_blit(struct maker *maker, uint32_t picture, int32_t x, int32_t y)
{
    struct bench_item *item = add(maker, BENCH_BLIT);

    item->picture = picture;
    item->x = x;
    item->y = y;
    item->width_px = maker->pictures->list[picture].width_px;
    item->height_px = maker->pictures->list[picture].height_px;
}

/* Anywhere, also partly outside. */
static void add_anywhere(struct maker *maker, uint32_t picture)
{
    const struct bench_picture *p = &maker->pictures->list[picture];
    int32_t x = bench_below(&maker->random, maker->scene->width_px) - p->width_px / 2;

    add_blit(maker, picture, x,
             bench_below(&maker->random, maker->scene->height_px) - p->height_px / 2);
}

static int32_t fixed(double value)
{
    return (int32_t)lrint(value * 65536);
}

/* By the coefficients as they were rounded, as the client library has it (kb_pose_transform()). */
static int32_t offset(int32_t length_px, int32_t by_x, int32_t by_y, const struct bench_item *item)
{
    return fixed(length_px / 2.0 - (by_x * item->center_x + by_y * item->center_y) / 65536);
}

static void add_turned(struct maker *maker, uint32_t picture, double angle_deg, bool smooth)
{
    const struct bench_picture *p = &maker->pictures->list[picture];
    struct bench_item *item = add(maker, BENCH_TURN);
    double cos_a = cos(angle_deg * M_PI / 180), sin_a = sin(angle_deg * M_PI / 180);
    double scale = 1.5, half_x, half_y;

    item->picture = picture;
    item->smooth = smooth;
    item->angle_deg = angle_deg;
    item->scale = scale;
    item->center_x = bench_below(&maker->random, maker->scene->width_px);
    item->center_y = bench_below(&maker->random, maker->scene->height_px);
    item->matrix.xx = item->matrix.yy = fixed(cos_a / scale);
    item->matrix.xy = fixed(-sin_a / scale);
    item->matrix.yx = fixed(sin_a / scale);
    item->matrix.x0 = offset(p->width_px, item->matrix.xx, item->matrix.xy, item);
    item->matrix.y0 = offset(p->height_px, item->matrix.yx, item->matrix.yy, item);
    half_x = scale * (fabs(cos_a) * p->width_px + fabs(sin_a) * p->height_px) / 2;
    half_y = scale * (fabs(sin_a) * p->width_px + fabs(cos_a) * p->height_px) / 2;
    item->x = (int32_t)floor(item->center_x - half_x) - 1;
    item->y = (int32_t)floor(item->center_y - half_y) - 1;
    item->width_px = (int32_t)ceil(2 * half_x) + 3;
    item->height_px = (int32_t)ceil(2 * half_y) + 3;
}

/* --- The workloads ----------------------------------------------------------------------------- */

static void draw_sprites(struct maker *maker, uint32_t first, uint32_t kinds, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        add_anywhere(maker, first + i % kinds);
}

static void make_w1(struct maker *maker)
{
    add_clear(maker);
    draw_sprites(maker, maker->pictures->sprites, maker->pictures->sprites_count, 1000);
}

static void make_w2(struct maker *maker)
{
    add_clear(maker);
    draw_sprites(maker, maker->pictures->small, maker->pictures->small_count, 10000);
}

/* Sprites on their ways: each keeps its own, frame after frame, and comes back at the end. */
static void draw_moving(struct maker *maker, uint32_t count)
{
    maker->random = BENCH_SEED + 7;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t picture = maker->pictures->sprites + i % maker->pictures->sprites_count;
        int32_t x = bench_below(&maker->random, maker->scene->width_px - 80);
        int32_t y = bench_below(&maker->random, maker->scene->height_px - 100);
        int32_t dx = bench_below(&maker->random, 7) - 3, dy = bench_below(&maker->random, 7) - 3;
        int32_t step = (int32_t)(maker->frame < 4 ? maker->frame : BENCH_FRAMES_MAX - maker->frame);

        add_blit(maker, picture, x + dx * step, y + (dx == 0 && dy == 0 ? 1 : dy) * step);
    }
}

static void make_w3(struct maker *maker)
{
    maker->random = BENCH_SEED + 3; /* the same map in every frame */
    for (int32_t y = 0; y < maker->scene->height_px; y += 32)
        for (int32_t x = 0; x < maker->scene->width_px; x += 32)
            add_blit(
                maker,
                maker->pictures->tiles +
                    (uint32_t)bench_below(&maker->random, (int32_t)maker->pictures->tiles_count),
                x, y);
    draw_moving(maker, 200);
}

static void make_w4(struct maker *maker)
{
    add_blit(maker, maker->pictures->page, 0, 0);
}

static void make_w5(struct maker *maker)
{
    add_blit(maker, maker->pictures->background, 0, 0);
    draw_moving(maker, 5);
}

static void draw_fills(struct maker *maker, uint32_t alpha)
{
    add_clear(maker);
    for (int i = 0; i < 2000; i++) {
        int32_t width_px = 8 + bench_below(&maker->random, 160);
        int32_t height_px = 8 + bench_below(&maker->random, 160);
        int32_t x = bench_below(&maker->random, maker->scene->width_px) - width_px / 2;
        int32_t y = bench_below(&maker->random, maker->scene->height_px) - height_px / 2;

        add_fill(maker, x, y, width_px, height_px,
                 alpha << 24 | (uint32_t)(bench_random(&maker->random) & 0xFFFFFF));
    }
}

static void make_w6(struct maker *maker)
{
    draw_fills(maker, 255);
}

static void make_w6a(struct maker *maker)
{
    draw_fills(maker, 128);
}

static void draw_turned(struct maker *maker, bool smooth, bool repeated)
{
    add_clear(maker);
    for (uint32_t i = 0; i < 500; i++) {
        double angle = repeated ? 22.5 * bench_below(&maker->random, 16)
                                : bench_below(&maker->random, 360000) / 1000.0;

        add_turned(maker, maker->pictures->sprites + i % maker->pictures->sprites_count, angle,
                   smooth);
    }
}

static void make_w8n(struct maker *maker)
{
    draw_turned(maker, false, false);
}

static void make_w8b(struct maker *maker)
{
    draw_turned(maker, true, false);
}

static void make_w8nr(struct maker *maker)
{
    draw_turned(maker, false, true);
}

static void make_w8br(struct maker *maker)
{
    draw_turned(maker, true, true);
}

static const struct {
    const char *name, *what;
    void (*make)(struct maker *maker);
    bool has_difference;
    uint32_t frames;
    int tolerance;
} kinds[] = {
    {"W1", "1,000 sprites with soft edges", make_w1, false, 1, 0},
    {"W2", "10,000 sprites of 32x32", make_w2, false, 1, 0},
    {"W3", "a map of tiles and 200 sprites", make_w3, true, BENCH_FRAMES_MAX, 0},
    {"W4", "a page of text as one image", make_w4, true, 1, 0},
    {"W5", "a background and 5 sprites", make_w5, true, BENCH_FRAMES_MAX, 0},
    {"W6", "2,000 opaque fills", make_w6, false, 1, 0},
    {"W6a", "2,000 fills at half alpha", make_w6a, false, 1, 2},
    {"W8n", "500 sprites turned and scaled, nearest", make_w8n, false, BENCH_FRAMES_MAX, -1},
    {"W8b", "500 sprites turned and scaled, bilinear", make_w8b, false, BENCH_FRAMES_MAX, -1},
    {"W8nr", "the same with 16 angles, nearest", make_w8nr, false, BENCH_FRAMES_MAX, -1},
    {"W8br", "the same with 16 angles, bilinear", make_w8br, false, BENCH_FRAMES_MAX, -1},
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) <= BENCH_SCENES_MAX, "too many scenes");

#define ITEMS_MAX 10100

static void make_frame(struct bench_scene *scene, const struct bench_pictures *pictures,
                       uint32_t frame, void (*make)(struct maker *maker))
{
    struct maker maker = {.scene = scene, .pictures = pictures, .frame = frame};

    maker.random = BENCH_SEED + 100 * frame;
    scene->items[frame] = calloc(ITEMS_MAX, sizeof(*scene->items[frame]));
    if (!scene->items[frame]) {
        fputs("kmsblit-bench: no memory\n", stderr);
        exit(1);
    }
    make(&maker);
    scene->items_count = maker.count;
}

uint32_t bench_scenes_make(struct bench_scene *scenes, const struct bench_pictures *pictures,
                           int32_t width_px, int32_t height_px)
{
    uint32_t count = sizeof(kinds) / sizeof(kinds[0]);

    for (uint32_t i = 0; i < count; i++) {
        scenes[i] = (struct bench_scene){.name = kinds[i].name,
                                         .what = kinds[i].what,
                                         .width_px = width_px,
                                         .height_px = height_px,
                                         .has_difference = kinds[i].has_difference,
                                         .tolerance = kinds[i].tolerance,
                                         .frames_count = kinds[i].frames};
        for (uint32_t frame = 0; frame < scenes[i].frames_count; frame++)
            make_frame(&scenes[i], pictures, frame, kinds[i].make);
    }
    return count;
}

void bench_scene_finish(struct bench_scene *scene)
{
    for (uint32_t i = 0; i < scene->frames_count; i++)
        free(scene->items[i]);
}

static uint64_t visible_px(const struct bench_scene *scene, const struct bench_item *item)
{
    int64_t x1 = item->x > 0 ? item->x : 0, y1 = item->y > 0 ? item->y : 0;
    int64_t x2 = item->x + item->width_px, y2 = item->y + item->height_px;

    x2 = x2 < scene->width_px ? x2 : scene->width_px;
    y2 = y2 < scene->height_px ? y2 : scene->height_px;
    return x2 > x1 && y2 > y1 ? (uint64_t)((x2 - x1) * (y2 - y1)) : 0;
}

uint64_t bench_scene_painter_bytes(const struct bench_scene *scene,
                                   const struct bench_pictures *pictures)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < scene->items_count; i++) {
        const struct bench_item *item = &scene->items[0][i];
        bool is_fill = item->kind == BENCH_FILL;
        bool is_opaque =
            is_fill ? item->color >> 24 == 255 : pictures->list[item->picture].is_opaque;

        bytes += visible_px(scene, item) * 4 * (1 + (is_fill ? 0 : 1) + (is_opaque ? 0 : 1));
    }
    return bytes;
}

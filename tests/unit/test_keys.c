/*
 * "Equal key, equal pixels": whatever is changed of a frame.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include <stdlib.h>
#include <string.h>

#define IMAGES   4
#define COMMANDS 10
#define WIDTH    200
#define HEIGHT   140

static struct kd_arena arena;
static const struct kd_grid grid = {WIDTH, HEIGHT, 4, 3};

/* Everything that shapes a frame's pixels. */
struct world {
    struct draw_image images[IMAGES];
    unsigned char bytes[(COMMANDS + 3) * 32];
    struct draw_commands list;
    uint32_t base_color;
};

static void world_create(struct world *world)
{
    *world = (struct world){.base_color = random_u32() | 0xFF000000};
    world->list.bytes = world->bytes;
    for (int i = 0; i < IMAGES; i++)
        world->images[i] =
            draw_image_create(random_u32() % KD_SOURCE_KINDS, 1 + (int32_t)(random_u32() % 140),
                              1 + (int32_t)(random_u32() % 140), i % 2);
    while (world->list.units < COMMANDS)
        draw_random_command(&world->list, WIDTH, HEIGHT, world->images, IMAGES);
}

static void world_copy(struct world *copy, const struct world *world)
{
    *copy = *world;
    copy->list.bytes = copy->bytes;
    for (int i = 0; i < IMAGES; i++) {
        const struct kd_pixels *pixels = world->images[i].pixels;
        size_t bytes = (size_t)pixels->width_px * (size_t)pixels->height_px * 4;

        copy->images[i].plain = malloc(bytes);
        memcpy(copy->images[i].plain, world->images[i].plain, bytes);
        copy->images[i].pixels =
            draw_pixels(pixels->kind, pixels->width_px, pixels->height_px,
                        pixels->tile_shift == KD_TILE_SHIFT, world->images[i].plain);
    }
}

static void world_finish(struct world *world)
{
    for (int i = 0; i < IMAGES; i++)
        draw_image_finish(&world->images[i]);
}

static void world_plan(struct kd_plan *plan, const struct world *world, uint64_t max_touches)
{
    const struct kd_pixels **sources =
        kd_arena_alloc(&arena, IMAGES, sizeof(const struct kd_pixels *));
    struct kd_ops ops;

    for (int i = 0; i < IMAGES; i++)
        sources[i] = world->images[i].pixels;
    ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, grid, (const void *)world->list.bytes,
                                          world->list.units, DRAW_SEED, sources),
                     0);
    ops.max_touches = max_touches;
    ck_assert_int_eq(
        kd_plan_make(plan, &arena, grid, KD_TARGET_OPAQUE, world->base_color, NULL, &ops), 0);
}

static void world_paint(uint32_t *out, const struct world *world)
{
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        out[i] = world->base_color;
    draw_paint(out, WIDTH, HEIGHT, KD_TARGET_OPAQUE, &world->list, world->images);
}

static bool tile_equal(const uint32_t *a, const uint32_t *b, size_t index)
{
    struct kd_box box = kd_grid_tile(grid, index);

    for (int32_t y = box.y1; y < box.y2; y++)
        if (memcmp(a + y * WIDTH + box.x1, b + y * WIDTH + box.x1, (size_t)kd_box_width(box) * 4) !=
            0)
            return false;
    return true;
}

/* ---- Changes -------------------------------------------------------------------------------- */

static void change_pixel(struct world *world)
{
    struct draw_image *image = &world->images[random_u32() % IMAGES];
    const struct kd_pixels *pixels = image->pixels;
    int32_t w = pixels->width_px, h = pixels->height_px;
    struct kd_pixels *changed;

    image->plain[random_u32() % (uint32_t)(w * h)] ^= 1u << random_u32() % 32;
    changed = draw_pixels(pixels->kind, w, h, pixels->tile_shift == KD_TILE_SHIFT, image->plain);
    kd_pixels_unref(image->pixels);
    image->pixels = changed;
}

/* The same bytes meaning something else. */
static void change_kind(struct world *world)
{
    struct draw_image *image = &world->images[random_u32() % IMAGES];

    image->pixels->kind = (image->pixels->kind + 1 + random_u32() % 2) % KD_SOURCE_KINDS;
}

/* Another width, the same area of bytes: rows shear. */
static void change_shape(struct world *world)
{
    struct draw_image *image = &world->images[random_u32() % IMAGES];
    const struct kd_pixels *pixels = image->pixels;
    struct kd_pixels *changed = draw_pixels(pixels->kind, pixels->height_px, pixels->width_px,
                                            pixels->tile_shift == KD_TILE_SHIFT, image->plain);

    kd_pixels_unref(image->pixels);
    image->pixels = changed;
}

/* The units at which commands begin; returns how many. */
static uint32_t starts_of(const struct world *world, uint32_t *starts)
{
    uint32_t count = 0;

    for (uint32_t unit = 0; unit < world->list.units; unit++) {
        starts[count++] = unit;
        unit += world->bytes[unit * 32] == KB_COMMAND_TRANSFORMED_BLIT;
    }
    return count;
}

static void change_blit(struct kb_command_blit *blit, uint32_t bit)
{
    switch (random_u32() % 11) {
    case 0: blit->blend = (uint8_t)((blit->blend + 1 + random_u32() % 12) % 13); break;
    case 1: blit->alpha ^= (uint8_t)(1u << random_u32() % 8); break;
    case 2: blit->flags ^= (uint8_t)(1u << random_u32() % 2); break;
    case 3: blit->tint ^= 1u << random_u32() % 24; break;
    case 4: blit->image = (blit->image + 1) % IMAGES; break;
    case 5: blit->src_x ^= (int16_t)(bit & 63); break;
    case 6: blit->src_y ^= (int16_t)(bit & 63); break;
    case 7: blit->src_width ^= (uint16_t)bit; break;
    case 8: blit->src_height ^= (uint16_t)bit; break;
    case 9: blit->x ^= (int32_t)bit; break;
    default: blit->y ^= (int32_t)bit;
    }
}

static void change_transformed(struct kb_command_transformed_blit *blit)
{
    int32_t *const fields[] = {&blit->xx, &blit->xy, &blit->x0, &blit->yx, &blit->yy, &blit->y0};

    if (random_u32() % 2) {
        *fields[random_u32() % 6] ^= 1 << random_u32() % 20;
        return;
    }
    switch (random_u32() % 9) {
    case 0: blit->blend = (uint8_t)((blit->blend + 1 + random_u32() % 12) % 13); break;
    case 1: blit->alpha ^= (uint8_t)(1u << random_u32() % 8); break;
    case 2: blit->flags ^= (uint8_t)(1u << random_u32() % 3); break;
    case 3: blit->tint ^= 1u << random_u32() % 24; break;
    case 4: blit->image = (blit->image + 1) % IMAGES; break;
    case 5: blit->src_x ^= (int16_t)(1 << random_u32() % 6); break;
    case 6: blit->src_y ^= (int16_t)(1 << random_u32() % 6); break;
    case 7: blit->src_width ^= (uint16_t)(1u << random_u32() % 7); break;
    default: blit->src_height ^= (uint16_t)(1u << random_u32() % 7);
    }
}

static void change_fill(struct kb_command_fill *fill)
{
    switch (random_u32() % 3) {
    case 0: fill->color ^= 1u << random_u32() % 32; break;
    case 1: fill->alpha ^= (uint8_t)(1u << random_u32() % 8); break;
    default: fill->blend = (uint8_t)(random_u32() % 13);
    }
}

static void change_where(struct kb_rect *where, uint32_t bit)
{
    switch (random_u32() % 4) {
    case 0: where->x ^= (int32_t)bit; break;
    case 1: where->y ^= (int32_t)bit; break;
    case 2: where->width ^= bit; break;
    default: where->height ^= bit;
    }
}

/* One bit of one field. */
static void change_field(struct world *world)
{
    uint32_t starts[COMMANDS + 1], count = starts_of(world, starts);
    union kb_command *command = (void *)(world->bytes + starts[random_u32() % count] * (size_t)32);
    uint32_t bit = 1u << random_u32() % 9;

    switch (command->op) {
    case KB_COMMAND_BLIT: change_blit(&command->blit, bit); break;
    case KB_COMMAND_TRANSFORMED_BLIT: change_transformed(&command->transformed_blit); break;
    case KB_COMMAND_CLIP: change_where(&command->clip.where, bit); break;
    default:
        if (random_u32() % 2)
            change_fill(&command->fill);
        else
            change_where(&command->fill.where, bit);
    }
}

/* Two commands in the other order, one less, or one more. */
static void change_list(struct world *world)
{
    unsigned char old[sizeof(world->bytes)];
    uint32_t starts[COMMANDS + 1], count = starts_of(world, starts), changed, kind;

    changed = random_u32() % (count - 1);
    kind = random_u32() % 3;
    if (kind == 2) {
        draw_random_command(&world->list, WIDTH, HEIGHT, world->images, IMAGES);
        return;
    }
    memcpy(old, world->bytes, sizeof(old));
    world->list.units = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i;
        size_t bytes;

        if (kind == 1 && i == changed)
            continue;
        if (kind == 0 && (i == changed || i == changed + 1))
            from = 2 * changed + 1 - i;
        bytes = old[starts[from] * 32] == KB_COMMAND_TRANSFORMED_BLIT ? 64 : 32;
        memcpy(world->bytes + world->list.units * (size_t)32, old + starts[from] * (size_t)32,
               bytes);
        world->list.units += (uint32_t)bytes / 32;
    }
}

static void change_base(struct world *world)
{
    world->base_color ^= 1u << random_u32() % 24;
}

static void (*const changes[])(struct world *) = {change_field, change_field, change_field,
                                                  change_field, change_pixel, change_kind,
                                                  change_shape, change_list,  change_base};
#define CHANGES (sizeof(changes) / sizeof(changes[0]))

static void check_keys(int rounds, uint64_t max_touches)
{
    static uint32_t before[WIDTH * HEIGHT], after[WIDTH * HEIGHT];
    unsigned differing[CHANGES] = {0}, kept = 0;

    for (int round = 0; round < rounds; round++) {
        struct world world, changed;
        struct kd_plan plan, other;

        world_create(&world);
        world_plan(&plan, &world, max_touches);
        world_paint(before, &world);
        for (size_t n = 0; n < CHANGES; n++) {
            world_copy(&changed, &world);
            changes[n](&changed);
            world_plan(&other, &changed, max_touches);
            world_paint(after, &changed);
            for (size_t i = 0; i < kd_grid_count(grid); i++) {
                EXPECT(plan.tiles[i].key != 0);
                if (!tile_equal(before, after, i)) {
                    differing[n]++;
                    if (plan.tiles[i].key == other.tiles[i].key)
                        ck_abort_msg("change %zu: tile %zu looks different with the same key", n,
                                     i);
                }
                kept += plan.tiles[i].key == other.tiles[i].key;
            }
            world_finish(&changed);
        }
        world_finish(&world);
        kd_arena_reset(&arena);
    }
    for (size_t n = 0; n < CHANGES; n++)
        ck_assert_uint_gt(differing[n], 0); /* each kind of change has shown itself */
    if (max_touches)
        ck_assert_uint_gt(kept, 0);
    kd_arena_finish(&arena);
}

START_TEST(equal_key_equal_pixels)
{
    check_keys(60, KD_PLAN_MAX_TOUCHES);
}
END_TEST

START_TEST(equal_key_equal_pixels_without_lists)
{
    check_keys(80, 0);
}
END_TEST

START_TEST(the_seed_is_in_every_key)
{
    struct kd_box tile = {0, 0, 64, 64};

    ck_assert_uint_ne(kd_plan_base_key(1, 0xFF000000, tile), kd_plan_base_key(2, 0xFF000000, tile));
    ck_assert_uint_ne(kd_plan_base_key(1, 0xFF000000, tile), kd_plan_base_key(1, 0xFF000001, tile));
    ck_assert_uint_ne(kd_plan_base_key(1, 0, tile), kd_plan_base_key(1, 0, kd_box_of_size(64, 63)));
    ck_assert_uint_eq(kd_plan_base_key(1, 0, tile),
                      kd_plan_base_key(1, 0, kd_box_moved(tile, 64, 128)));
}
END_TEST

/* The picture's pixels that a scaled pixel is made of. */
static struct kd_box scale_samples(const struct kd_op *op, int64_t w, int64_t h, int32_t x,
                                   int32_t y)
{
    int64_t at_x = (2 * (int64_t)(x - op->shown_x) + 1) * w;
    int64_t at_y = (2 * (int64_t)(y - op->shown_y) + 1) * h;
    int32_t left, top;

    if (op->filter == KB_FILTER_NEAREST) {
        left = (int32_t)(at_x / (2 * op->shown_width));
        top = (int32_t)(at_y / (2 * op->shown_height));
        return (struct kd_box){left, top, left + 1, top + 1};
    }
    left = (int32_t)kd_floor_div(at_x * 256 / (2 * op->shown_width) - 128, 256);
    top = (int32_t)kd_floor_div(at_y * 256 / (2 * op->shown_height) - 128, 256);
    return (struct kd_box){left, top, left + 2, top + 2};
}

/* A changed tile of a source changes the tiles that sample it, and of a blit no others. */
static void check_footprint(struct kd_op op, struct draw_image *image)
{
    const struct kd_pixels *sources[1] = {image->pixels};
    struct kd_pixels *changed = kd_pixels_derive(image->pixels);
    size_t which = random_u32() % kd_pixels_tiles(changed);
    struct kd_box dirty = kd_pixels_tile_box(changed, which);
    int32_t w = changed->width_px, h = changed->height_px;
    struct kd_plan one, other;
    struct kd_ops ops;

    kd_pixels_own_tile(changed, which, true)->key ^= 1;
    ck_assert_int_eq(kd_ops_init(&ops, &arena, 1, DRAW_SEED, sources), 0);
    kd_ops_add(&ops, &op);
    kd_plan_make(&one, &arena, grid, KD_TARGET_OPAQUE, 0, NULL, &ops);
    sources[0] = changed;
    kd_ops_init(&ops, &arena, 1, DRAW_SEED, sources);
    kd_ops_add(&ops, &op);
    kd_plan_make(&other, &arena, grid, KD_TARGET_OPAQUE, 0, NULL, &ops);
    for (size_t i = 0; i < kd_grid_count(grid); i++) {
        struct kd_box part = kd_box_intersect(kd_grid_tile(grid, i), op.where);
        bool sampled = false;

        for (int32_t y = part.y1; y < part.y2; y++)
            for (int32_t x = part.x1; x < part.x2; x++) {
                int32_t dx = x - op.where.x1, dy = y - op.where.y1;
                int32_t sx = op.flags & KB_BLIT_FLAG_FLIP_X ? op.src_x - dx : op.src_x + dx;
                int32_t sy = op.flags & KB_BLIT_FLAG_FLIP_Y ? op.src_y - dy : op.src_y + dy;

                struct kd_box px = {sx, sy, sx + 1, sy + 1};

                if (op.kind == KD_OP_SCALE)
                    px = scale_samples(&op, w, h, x, y);
                sampled = sampled || !kd_box_empty(kd_box_intersect(dirty, px));
            }
        EXPECT(!sampled || one.tiles[i].key != other.tiles[i].key);
        if (op.kind == KD_OP_BLIT || kd_box_empty(part))
            EXPECT(sampled == (one.tiles[i].key != other.tiles[i].key));
    }
    kd_pixels_unref(changed);
    kd_arena_reset(&arena);
}

START_TEST(keys_have_the_content_that_is_sampled)
{
    struct draw_image image = draw_image_create(KD_SOURCE_OPAQUE, 250, 190, true);

    for (int n = 0; n < 900; n++) {
        struct kd_op op = {.kind = n % 3 ? KD_OP_BLIT : KD_OP_SCALE, .alpha = 255};
        int32_t w = 1 + (int32_t)(random_u32() % 190), h = 1 + (int32_t)(random_u32() % 130);

        op.where = kd_box_moved(kd_box_of_size(w, h), (int32_t)(random_u32() % (201 - (uint32_t)w)),
                                (int32_t)(random_u32() % (141 - (uint32_t)h)));
        op.flags = (uint8_t)(random_u32() % 4);
        op.src_x = (int32_t)(random_u32() % (251 - (uint32_t)w));
        op.src_y = (int32_t)(random_u32() % (191 - (uint32_t)h));
        if (op.flags & KB_BLIT_FLAG_FLIP_X)
            op.src_x += w - 1;
        if (op.flags & KB_BLIT_FLAG_FLIP_Y)
            op.src_y += h - 1;
        if (op.kind == KD_OP_SCALE) {
            op.flags = 0;
            op.filter = n % 2 ? KB_FILTER_BILINEAR : KB_FILTER_NEAREST;
            op.shown_x = op.where.x1 - (int32_t)(random_u32() % 50);
            op.shown_y = op.where.y1 - (int32_t)(random_u32() % 50);
            op.shown_width = op.where.x2 - op.shown_x + (int32_t)(random_u32() % 50);
            op.shown_height = op.where.y2 - op.shown_y + (int32_t)(random_u32() % 50);
            if (random_u32() % 4) { /* twice as large, edges of its tiles near edges of tiles */
                op.where = kd_box_of_size(WIDTH, HEIGHT);
                op.shown_x = -(int32_t)(random_u32() % 5) - 64 * (int32_t)(random_u32() % 3);
                op.shown_y = -(int32_t)(random_u32() % 5) - 64 * (int32_t)(random_u32() % 3);
                op.shown_width = 500;
                op.shown_height = 380;
            }
        }
        check_footprint(op, &image);
    }
    draw_image_finish(&image);
    kd_arena_finish(&arena);
}
END_TEST

Suite *keys_suite(void)
{
    Suite *suite = suite_create("keys");
    TCase *keys = tcase_create("keys");

    tcase_set_timeout(keys, 0);
    tcase_add_test(keys, equal_key_equal_pixels);
    tcase_add_test(keys, equal_key_equal_pixels_without_lists);
    tcase_add_test(keys, the_seed_is_in_every_key);
    tcase_add_test(keys, keys_have_the_content_that_is_sampled);
    suite_add_tcase(suite, keys);
    return suite;
}

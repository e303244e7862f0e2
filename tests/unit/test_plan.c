/*
 * Plans: what is in a tile's list, and "equal key, equal pixels".
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
    unsigned char bytes[(COMMANDS + 1) * 32];
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

/* ---- Equal key, equal pixels ---------------------------------------------------------------- */

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

/* One bit of one field. */
static void change_field(struct world *world)
{
    union kb_command *command =
        (void *)(world->list.bytes + random_u32() % world->list.units * (size_t)32);
    struct kb_rect *where = &command->fill.where;
    uint32_t bit = 1u << random_u32() % 9;

    if (command->op == KB_COMMAND_BLIT) {
        struct kb_command_blit *blit = &command->blit;

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
        return;
    }
    if (command->op == KB_COMMAND_CLIP)
        where = &command->clip.where;
    switch (random_u32() % 7) {
    case 0: where->x ^= (int32_t)bit; break;
    case 1: where->y ^= (int32_t)bit; break;
    case 2: where->width ^= bit; break;
    case 3: where->height ^= bit; break;
    case 4:
        if (command->op == KB_COMMAND_FILL)
            command->fill.color ^= 1u << random_u32() % 32;
        break;
    case 5:
        if (command->op == KB_COMMAND_FILL)
            command->fill.alpha ^= (uint8_t)(1u << random_u32() % 8);
        break;
    default:
        if (command->op == KB_COMMAND_FILL)
            command->fill.blend = (uint8_t)(random_u32() % 13);
    }
}

static void change_list(struct world *world)
{
    unsigned char saved[32], *bytes = world->list.bytes;
    size_t i = random_u32() % (world->list.units - 1) * (size_t)32;

    switch (random_u32() % 3) {
    case 0: /* two commands in the other order */
        memcpy(saved, bytes + i, 32);
        memcpy(bytes + i, bytes + i + 32, 32);
        memcpy(bytes + i + 32, saved, 32);
        break;
    case 1: /* one less */
        memmove(bytes + i, bytes + i + 32, (size_t)world->list.units * 32 - i - 32);
        world->list.units--;
        break;
    default: draw_random_command(&world->list, WIDTH, HEIGHT, world->images, IMAGES); break;
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
    check_keys(25, 0);
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

                if (op.kind == KD_OP_SCALE) {
                    sx =
                        (int32_t)(((2 * (int64_t)(x - op.shown_x) + 1) * w) / (2 * op.shown_width));
                    sy = (int32_t)(((2 * (int64_t)(y - op.shown_y) + 1) * h) /
                                   (2 * op.shown_height));
                }
                sampled =
                    sampled || kd_box_contains(dirty, (struct kd_box){sx, sy, sx + 1, sy + 1});
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

    for (int n = 0; n < 300; n++) {
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
            op.shown_x = op.where.x1 - (int32_t)(random_u32() % 50);
            op.shown_y = op.where.y1 - (int32_t)(random_u32() % 50);
            op.shown_width = op.where.x2 - op.shown_x + (int32_t)(random_u32() % 50);
            op.shown_height = op.where.y2 - op.shown_y + (int32_t)(random_u32() % 50);
        }
        check_footprint(op, &image);
    }
    draw_image_finish(&image);
    kd_arena_finish(&arena);
}
END_TEST

/* ---- Lists ---------------------------------------------------------------------------------- */

static struct kd_box random_box(void)
{
    struct kd_box box = kd_box_from_rect((int)(random_u32() % WIDTH), (int)(random_u32() % HEIGHT),
                                         1 + random_u32() % WIDTH, 1 + random_u32() % HEIGHT);

    if (random_u32() % 3 == 0) { /* whole tiles */
        box.x1 &= ~63;
        box.y1 &= ~63;
        box.x2 = (box.x2 + 63) & ~63;
        box.y2 = (box.y2 + 63) & ~63;
    }
    if (random_u32() % 40 == 0)
        box = kd_box_of_size(WIDTH, HEIGHT);
    return kd_box_intersect(box, kd_box_of_size(WIDTH, HEIGHT));
}

/* What a tile must do, found by looking at every operation. */
static void check_tile(const struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                       bool has_before)
{
    const struct kd_plan_tile *tile = &plan->tiles[index];
    struct kd_box box = kd_grid_tile(grid, index);
    uint32_t first = 0, at = 0;
    bool covered = false;

    for (uint32_t i = 0; i < ops->count; i++)
        if (ops->ops[i].is_opaque && kd_box_contains(ops->ops[i].where, box)) {
            first = i;
            covered = true;
        }
    EXPECT(tile->load == (covered ? KD_LOAD_NONE : has_before ? KD_LOAD_KEEP : KD_LOAD_BASE));
    for (uint32_t i = first; i < ops->count; i++)
        if (!kd_box_empty(kd_box_intersect(ops->ops[i].where, box))) {
            EXPECT(at < tile->list_count);
            EXPECT(plan->lists[tile->list + at++] == i);
        }
    EXPECT(at == tile->list_count);
}

START_TEST(lists_hold_what_shows)
{
    struct draw_image before = draw_image_create(KD_SOURCE_OPAQUE, WIDTH, HEIGHT, true);

    for (int n = 0; n < 400; n++) {
        uint32_t count = random_u32() % 30;
        struct kd_ops ops;
        struct kd_plan plan;

        ck_assert_int_eq(kd_ops_init(&ops, &arena, count, DRAW_SEED, NULL), 0);
        for (uint32_t i = 0; i < count; i++)
            kd_ops_add(&ops, &(struct kd_op){.kind = KD_OP_FILL,
                                             .color = i,
                                             .where = random_box(),
                                             .is_opaque = random_u32() % 2});
        ck_assert_uint_eq(ops.count, count);
        ck_assert_int_eq(kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0,
                                      n % 2 ? before.pixels : NULL, &ops),
                         0);
        ck_assert_ptr_nonnull(plan.lists);
        for (size_t i = 0; i < kd_grid_count(grid); i++)
            check_tile(&plan, &ops, i, n % 2);
        kd_arena_reset(&arena);
    }
    draw_image_finish(&before);
    kd_arena_finish(&arena);
}
END_TEST

/* What is covered does not count: neither what was there, nor the base, nor the operations below. */
START_TEST(covered_tiles_forget_what_is_below)
{
    const struct kd_op below = {.kind = KD_OP_FILL, .color = 5, .where = {0, 0, 150, 140}};
    const struct kd_op cover = {
        .kind = KD_OP_FILL, .color = 0xFF000007, .where = {64, 0, 128, 140}, .is_opaque = true};
    struct draw_image before = draw_image_create(KD_SOURCE_OPAQUE, WIDTH, HEIGHT, true);
    struct kd_plan plans[2];

    for (int n = 0; n < 2; n++) {
        struct kd_ops ops;

        kd_ops_init(&ops, &arena, 2, DRAW_SEED, NULL);
        if (n)
            kd_ops_add(&ops, &below);
        kd_ops_add(&ops, &cover);
        kd_plan_make(&plans[n], &arena, grid, KD_TARGET_OPAQUE, (uint32_t)n,
                     n ? before.pixels : NULL, &ops);
    }
    for (size_t i = 0; i < kd_grid_count(grid); i++)
        ck_assert_int_eq(plans[0].tiles[i].key == plans[1].tiles[i].key, i % 4 == 1);
    draw_image_finish(&before);
    kd_arena_finish(&arena);
}
END_TEST

START_TEST(too_many_visits_make_no_lists)
{
    const struct kd_box all = {0, 0, WIDTH, HEIGHT};
    struct kd_op op = {.kind = KD_OP_FILL, .color = 5, .where = all};
    struct kd_plan plan;
    struct kd_ops ops;

    kd_ops_init(&ops, &arena, 6, DRAW_SEED, NULL);
    for (int i = 0; i < 6; i++) {
        op.is_opaque = i == 1;
        kd_ops_add(&ops, &op);
    }
    /* 5 show, of 12 tiles each. */
    ops.max_touches = 60;
    kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0, NULL, &ops);
    ck_assert_ptr_nonnull(plan.lists);
    ops.max_touches = 59;
    kd_plan_make(&plan, &arena, grid, KD_TARGET_OPAQUE, 0, NULL, &ops);
    ck_assert_ptr_null(plan.lists);
    for (size_t i = 0; i < kd_grid_count(grid); i++) {
        ck_assert_uint_eq(plan.tiles[i].first_op, 1);
        ck_assert_int_eq(plan.tiles[i].load, KD_LOAD_NONE);
    }
    kd_arena_finish(&arena);
}
END_TEST

START_TEST(empty_operations_are_left_out)
{
    struct kd_ops ops;

    kd_ops_init(&ops, &arena, 0, DRAW_SEED, NULL);
    kd_ops_add(&ops, &(struct kd_op){.where = {5, 5, 5, 9}});
    kd_ops_add(&ops, &(struct kd_op){.where = {5, 9, 9, 5}});
    ck_assert_uint_eq(ops.count, 0);
    kd_arena_finish(&arena);
}
END_TEST

/* ---- Changes and rectangles ----------------------------------------------------------------- */

START_TEST(changes_are_the_keys_that_differ)
{
    for (int n = 0; n < 300; n++) {
        struct kd_plan_tile tiles[12];
        struct kd_plan plan = {.grid = grid, .tiles = tiles};
        uint64_t have[12], area = 0;
        uint32_t changed[12], count, want = 0;

        for (size_t i = 0; i < 12; i++) {
            tiles[i] = (struct kd_plan_tile){.key = 1 + random_u32() % 3};
            have[i] = random_u32() % 4;
        }
        count = kd_plan_changes(&plan, have, changed);
        for (uint32_t i = 0; i < 12; i++)
            if (tiles[i].key != have[i]) {
                EXPECT(want < count && changed[want++] == i);
                area += (uint64_t)kd_box_area(kd_grid_tile(grid, i));
            }
        EXPECT(want == count);
        EXPECT(kd_plan_area_px(grid, changed, count) == area);
    }
}
END_TEST

static void check_rects(struct kd_grid of, const uint32_t *tiles, uint32_t count, uint32_t most)
{
    unsigned char *seen = calloc(kd_grid_count(of), 1);
    struct kd_box *rects = calloc(count + 1, sizeof(*rects));
    uint32_t made = kd_plan_rects(of, tiles, count, rects), covered = 0;

    EXPECT(made <= most);
    for (uint32_t i = 0; i < made; i++) {
        struct kd_box touched = kd_grid_touched(rects[i]);

        EXPECT(!kd_box_empty(rects[i]));
        EXPECT(rects[i].x1 % 64 == 0 && rects[i].y1 % 64 == 0);
        EXPECT(rects[i].x2 % 64 == 0 || rects[i].x2 == of.width_px);
        EXPECT(rects[i].y2 % 64 == 0 || rects[i].y2 == of.height_px);
        EXPECT(kd_box_contains(kd_box_of_size(of.width_px, of.height_px), rects[i]));
        for (int32_t y = touched.y1; y < touched.y2; y++)
            for (int32_t x = touched.x1; x < touched.x2; x++) {
                EXPECT(seen[y * of.tiles_x + x]++ == 0); /* no overlap */
                covered++;
            }
    }
    EXPECT(covered == count);
    for (uint32_t i = 0; i < count; i++)
        EXPECT(seen[tiles[i]] == 1);
    free(seen);
    free(rects);
}

START_TEST(rectangles_cover_exactly)
{
    for (int n = 0; n < 2000; n++) {
        struct kd_grid of =
            kd_grid_of(1 + (int32_t)(random_u32() % 900), 1 + (int32_t)(random_u32() % 900));
        uint32_t tiles[15 * 15], count = 0, density = random_u32() % 9, runs = 0;

        for (uint32_t i = 0; i < kd_grid_count(of); i++)
            if (random_u32() % 8 < density)
                tiles[count++] = i;
        for (uint32_t i = 0; i < count; i++)
            runs += i == 0 || tiles[i] != tiles[i - 1] + 1 || tiles[i] % (uint32_t)of.tiles_x == 0;
        check_rects(of, tiles, count, runs);
    }
}
END_TEST

START_TEST(a_rectangle_of_tiles_is_one_rectangle)
{
    struct kd_grid of = kd_grid_of(900, 700);

    for (int32_t x1 = 0; x1 < of.tiles_x; x1++)
        for (int32_t y1 = 0; y1 < of.tiles_y; y1++) {
            uint32_t tiles[15 * 11], count = 0;

            for (int32_t y = y1; y < of.tiles_y; y++)
                for (int32_t x = x1; x < of.tiles_x; x++)
                    tiles[count++] = (uint32_t)(y * of.tiles_x + x);
            check_rects(of, tiles, count, 1);
        }
}
END_TEST

Suite *plan_suite(void)
{
    Suite *suite = suite_create("plan");
    TCase *keys = tcase_create("keys"), *lists = tcase_create("lists"),
          *rects = tcase_create("changes");

    tcase_set_timeout(keys, 0);
    tcase_add_test(keys, equal_key_equal_pixels);
    tcase_add_test(keys, equal_key_equal_pixels_without_lists);
    tcase_add_test(keys, the_seed_is_in_every_key);
    tcase_add_test(keys, keys_have_the_content_that_is_sampled);
    suite_add_tcase(suite, keys);
    tcase_set_timeout(lists, 0);
    tcase_add_test(lists, lists_hold_what_shows);
    tcase_add_test(lists, covered_tiles_forget_what_is_below);
    tcase_add_test(lists, too_many_visits_make_no_lists);
    tcase_add_test(lists, empty_operations_are_left_out);
    suite_add_tcase(suite, lists);
    tcase_set_timeout(rects, 0);
    tcase_add_test(rects, changes_are_the_keys_that_differ);
    tcase_add_test(rects, rectangles_cover_exactly);
    tcase_add_test(rects, a_rectangle_of_tiles_is_one_rectangle);
    suite_add_tcase(suite, rects);
    return suite;
}

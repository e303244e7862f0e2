/*
 * Plans: what is in a tile's list, and the rectangles that changed.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH  200
#define HEIGHT 140

static struct kd_arena arena;
static const struct kd_grid grid = {WIDTH, HEIGHT, 4, 3};

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

/* The cells of 16 pixels that a tile is made of: by which operation each is covered last; -1: by none. */
static void cover_cells(const struct kd_ops *ops, struct kd_box tile, int64_t covered_by[16])
{
    for (int cell = 0; cell < 16; cell++) {
        int32_t x = tile.x1 + cell % 4 * 16, y = tile.y1 + cell / 4 * 16;
        struct kd_box box = kd_box_intersect((struct kd_box){x, y, x + 16, y + 16}, tile);

        covered_by[cell] = -1;
        for (uint32_t i = 0; i < ops->count; i++) {
            const struct kd_op *op = &ops->ops[i];

            if (!kd_box_empty(box) &&
                kd_box_contains(op->is_opaque ? op->where : kd_cover_box(op->cover), box))
                covered_by[cell] = i;
        }
    }
}

static bool shows_in_a_cell(const struct kd_op *op, int64_t i, struct kd_box tile,
                            const int64_t covered_by[16])
{
    for (int cell = 0; cell < 16; cell++) {
        int32_t x = tile.x1 + cell % 4 * 16, y = tile.y1 + cell / 4 * 16;
        struct kd_box box = kd_box_intersect((struct kd_box){x, y, x + 16, y + 16}, tile);

        if (!kd_box_empty(kd_box_intersect(op->where, box)) && covered_by[cell] <= i)
            return true;
    }
    return false;
}

/* What a tile must do, found by looking at every operation and every cell. */
static void check_tile(const struct kd_plan *plan, const struct kd_ops *ops, size_t index,
                       bool has_before)
{
    const struct kd_plan_tile *tile = &plan->tiles[index];
    struct kd_box box = kd_grid_tile(grid, index);
    int64_t covered_by[16];
    uint32_t at = 0;
    bool covered = true;

    cover_cells(ops, box, covered_by);
    for (int cell = 0; cell < 16; cell++)
        covered &= covered_by[cell] >= 0 || box.x1 + cell % 4 * 16 >= box.x2 ||
                   box.y1 + cell / 4 * 16 >= box.y2;
    EXPECT(tile->load == (covered ? KD_LOAD_NONE : has_before ? KD_LOAD_KEEP : KD_LOAD_BASE));
    for (uint32_t i = 0; i < ops->count; i++)
        if (shows_in_a_cell(&ops->ops[i], i, box, covered_by)) {
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
        for (uint32_t i = 0; i < count; i++) {
            struct kd_op op = {.kind = KD_OP_FILL, .color = i, .where = random_box()};

            op.is_opaque = random_u32() % 2;
            if (random_u32() % 3 == 0)
                op.cover = kd_cover_of(kd_box_intersect(random_box(), op.where));
            kd_ops_add(&ops, &op);
        }
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

/* Which commands cover: those whose result does not depend on what was there, of the blends that can do so. */
static bool op_is_opaque(enum kb_blend blend, uint8_t alpha, uint32_t color,
                         const struct draw_image *image)
{
    const struct kd_pixels *source = image ? image->pixels : NULL;
    unsigned char bytes[32];
    struct draw_commands list = {.bytes = bytes};
    struct kd_ops ops;

    if (image)
        draw_blit(&list, &(struct kb_command_blit){.op = KB_COMMAND_BLIT,
                                                   .blend = (uint8_t)blend,
                                                   .alpha = alpha,
                                                   .tint = color,
                                                   .src_width = 8,
                                                   .src_height = 8});
    else
        draw_fill(&list, blend, alpha, color, (struct kb_rect){0, 0, 8, 8});
    kd_ops_from_commands(&ops, &arena, grid, (const void *)bytes, 1, DRAW_SEED, &source);
    ck_assert_uint_eq(ops.count, 1);
    return ops.ops[0].is_opaque;
}

START_TEST(what_covers)
{
    for (int kind = 0; kind < KD_SOURCE_KINDS; kind++) {
        struct draw_image image = draw_image_create(kind, 8, 8, false);

        for (enum kb_blend blend = KB_BLEND_OVER; blend <= KB_BLEND_RGBA_MAX; blend++) {
            bool over = blend == KB_BLEND_OVER || blend == KB_BLEND_PREMULTIPLIED;
            bool replace = blend == KB_BLEND_REPLACE, solid = kind == KD_SOURCE_OPAQUE;

            ck_assert_int_eq(op_is_opaque(blend, 255, 0xFF804020, &image),
                             replace || (over && solid));
            ck_assert_int_eq(op_is_opaque(blend, 254, 0xFF804020, &image), replace);
            ck_assert_int_eq(op_is_opaque(blend, 255, 0xFF804020, NULL), replace || over);
            ck_assert_int_eq(op_is_opaque(blend, 255, 0xFE804020, NULL), replace);
            ck_assert_int_eq(op_is_opaque(blend, 254, 0xFF804020, NULL), replace);
        }
        draw_image_finish(&image);
    }
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

/* Of a resized picture: the same pixels have the same keys, other content or another cut has others. */
START_TEST(keys_of_resized_pictures)
{
    static const int32_t to[][2] = {{100, 100}, {130, 100}, {100, 130}, {64, 64}};
    struct draw_image one = draw_image_create(KD_SOURCE_OPAQUE, 110, 110, true);
    struct draw_image other = draw_image_create(KD_SOURCE_OPAQUE, 110, 110, true);
    uint64_t last = 0;

    for (int n = 0; n < 4; n++) {
        struct kd_pixels *made[4];
        size_t i;

        for (int m = 0; m < 4; m++)
            ck_assert_int_eq(kd_plan_resize(m == 2 ? other.pixels : one.pixels, to[n][0], to[n][1],
                                            m == 3 ? 0xFF000001 : 0xFF000000, DRAW_SEED, &made[m]),
                             0);
        for (i = 0; i < kd_pixels_tiles(made[0]); i++) {
            bool has_old = i % 3 < 2 && i / (size_t)made[0]->tiles_x < 2;
            uint64_t key = made[0]->tiles[i]->key;

            ck_assert_uint_eq(key, made[1]->tiles[i]->key);
            if (has_old)
                ck_assert_uint_ne(key, made[2]->tiles[i]->key);
        }
        i--; /* the last one is cut, or of the base colour, but for the smallest picture */
        if (n < 3) {
            ck_assert_uint_ne(made[0]->tiles[i]->key, made[3]->tiles[i]->key);
            ck_assert_uint_ne(made[0]->tiles[i]->key, last);
        } else {
            ck_assert_ptr_eq(made[0]->tiles[0], one.pixels->tiles[0]);
        }
        last = made[0]->tiles[i]->key;
        for (int m = 0; m < 4; m++)
            kd_pixels_unref(made[m]);
    }
    draw_image_finish(&one);
    draw_image_finish(&other);
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
    TCase *lists = tcase_create("lists"), *rects = tcase_create("changes");

    tcase_set_timeout(lists, 0);
    tcase_add_test(lists, lists_hold_what_shows);
    tcase_add_test(lists, what_covers);
    tcase_add_test(lists, covered_tiles_forget_what_is_below);
    tcase_add_test(lists, keys_of_resized_pictures);
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

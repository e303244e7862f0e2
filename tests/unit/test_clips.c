/*
 * A million random blits and fills, as far out as the protocol's numbers go, against intervals in 128 bits: what is drawn, and from where.
 */
#include "pixel_test.h"

#include "plan/plan.h"

#include <stdlib.h>
#include <string.h>

#ifdef __SIZEOF_INT128__
typedef __int128 wide;
#else
typedef int64_t wide; /* wide enough, too: what is added has 35 bits at most */
#endif

struct interval {
    wide first, end;
};

static struct interval both(struct interval a, struct interval b)
{
    return (struct interval){a.first > b.first ? a.first : b.first, a.end < b.end ? a.end : b.end};
}

/* Numbers of any size, those about the edges often. */
static uint32_t any(void)
{
    static const uint32_t edges[] = {0,          1,          2,        63,         64,
                                     100,        32767,      65535,    65536,      0x1FFFFFFF,
                                     0x20000000, 0x7FFFFFFF, 1u << 31, UINT32_MAX, UINT32_MAX - 9};
    uint32_t value = random_u32();

    switch (value % 4) {
    case 0: return edges[random_u32() % (sizeof(edges) / sizeof(edges[0]))];
    case 1: return random_u32() >> random_u32() % 32;
    default: return random_u32() % 300 - 100;
    }
}

static struct kb_rect any_rect(void)
{
    return (struct kb_rect){(int32_t)any(), (int32_t)any(), any(), any()};
}

/* Where along one axis a blit is drawn. */
static struct interval drawn(struct interval allowed, int32_t to, int32_t from, uint32_t length,
                             bool flip, int32_t image)
{
    /* columns of the source rectangle as drawn, of which column c shows the image's from + c, or from + length - 1 - c */
    struct interval columns = {0, length};
    struct interval in_image = {-(wide)from, (wide)image - from};

    if (flip)
        in_image = (struct interval){(wide)from + length - image, (wide)from + length};
    columns = both(columns, in_image);
    return both(allowed, (struct interval){columns.first + to, columns.end + to});
}

static void expect_op(const struct kd_ops *ops, uint32_t *at, struct interval x, struct interval y,
                      const struct kb_command_blit *blit)
{
    const struct kd_op *op = &ops->ops[*at];

    if (x.first >= x.end || y.first >= y.end)
        return; /* nothing is drawn, so there must be no operation: the count shows it */
    EXPECT(*at < ops->count);
    EXPECT(op->where.x1 == x.first && op->where.x2 == x.end);
    EXPECT(op->where.y1 == y.first && op->where.y2 == y.end);
    if (blit) {
        wide column = x.first - blit->x, row = y.first - blit->y;

        if (blit->flags & KB_BLIT_FLAG_FLIP_X)
            column = (wide)blit->src_width - 1 - column;
        if (blit->flags & KB_BLIT_FLAG_FLIP_Y)
            row = (wide)blit->src_height - 1 - row;
        EXPECT(op->src_x == blit->src_x + column && op->src_y == blit->src_y + row);
    }
    ++*at;
}

#define PAIRS 1000

/* The union also has longer records; these all have 32 bytes. */
union record {
    struct kb_command_fill fill;
    struct kb_command_blit blit;
    struct kb_command_clip clip;
};
_Static_assert(sizeof(union record) == 32, "records lie one behind the other");

static void make(union record *commands)
{
    for (int i = 0; i < PAIRS; i++) {
        commands[2 * i].clip = (struct kb_command_clip){.op = KB_COMMAND_CLIP, .where = any_rect()};
        if (i % 4)
            commands[2 * i].clip.where =
                (struct kb_rect){INT32_MIN, INT32_MIN, UINT32_MAX, UINT32_MAX};
        if (i % 3 == 0)
            commands[2 * i + 1].fill =
                (struct kb_command_fill){.op = KB_COMMAND_FILL, .alpha = 255, .where = any_rect()};
        else
            commands[2 * i + 1].blit =
                (struct kb_command_blit){.op = KB_COMMAND_BLIT,
                                         .alpha = 255,
                                         .flags = (uint8_t)(random_u32() % 4),
                                         .tint = UINT32_MAX,
                                         .src_x = (int16_t)any(),
                                         .src_y = (int16_t)any(),
                                         .src_width = (uint16_t)any(),
                                         .src_height = (uint16_t)any(),
                                         .x = (int32_t)any(),
                                         .y = (int32_t)any()};
    }
}

static unsigned check(const union record *commands, const struct kd_ops *ops, int32_t width,
                      int32_t height, const struct kd_pixels *image)
{
    uint32_t at = 0;

    for (int i = 0; i < PAIRS; i++) {
        struct kb_rect clip = commands[2 * i].clip.where;
        const struct kb_command_blit *blit = &commands[2 * i + 1].blit;
        struct kb_rect fill = commands[2 * i + 1].fill.where;
        struct interval x =
            both((struct interval){0, width}, (struct interval){clip.x, (wide)clip.x + clip.width});
        struct interval y = both((struct interval){0, height},
                                 (struct interval){clip.y, (wide)clip.y + clip.height});

        if (blit->op == KB_COMMAND_FILL) {
            x = both(x, (struct interval){fill.x, (wide)fill.x + fill.width});
            y = both(y, (struct interval){fill.y, (wide)fill.y + fill.height});
            expect_op(ops, &at, x, y, NULL);
        } else {
            x = drawn(x, blit->x, blit->src_x, blit->src_width, blit->flags & KB_BLIT_FLAG_FLIP_X,
                      image->width_px);
            y = drawn(y, blit->y, blit->src_y, blit->src_height, blit->flags & KB_BLIT_FLAG_FLIP_Y,
                      image->height_px);
            expect_op(ops, &at, x, y, blit);
        }
    }
    EXPECT(at == ops->count);
    return at;
}

START_TEST(a_million)
{
    union record *commands = calloc(2 * PAIRS, sizeof(*commands));
    unsigned found = 0;

    for (int round = 0; round < 1000000 / PAIRS; round++) {
        int32_t width = 1 + (int32_t)(random_u32() % 8192), height = 1 + (int32_t)(any() % 8192);
        struct kd_pixels *image = kd_pixels_create(KD_SOURCE_STRAIGHT, 1 + (int32_t)(any() % 40),
                                                   1 + (int32_t)(any() % 40), false);
        const struct kd_pixels *sources[] = {image};
        struct kd_arena arena = {0};
        struct kd_ops ops;

        ck_assert_ptr_nonnull(kd_pixels_own_tile(image, 0, false));
        make(commands);
        ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, kd_grid_of(width, height),
                                              (const void *)commands, 2 * PAIRS, 1, sources),
                         0);
        found += check(commands, &ops, width, height, image);
        kd_arena_finish(&arena);
        kd_pixels_unref(image);
    }
    ck_assert_uint_gt(found, 50000);
    free(commands);
}
END_TEST

Suite *clips_suite(void)
{
    Suite *suite = suite_create("clips");
    TCase *tcase = tcase_create("clips");

    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, a_million);
    suite_add_tcase(suite, tcase);
    return suite;
}

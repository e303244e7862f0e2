/*
 * The pixels of each row that a transformed blit draws: against every single pixel.
 */
#include "draw_rig.h"
#include "pixel_test.h"

#include "render/cpu_spans.h"

#include <stdlib.h>

#define ONE 65536

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

static int32_t random_factor(void)
{
    static const int32_t odd[] = {0,       1,        -1,        2,           ONE,
                                  -ONE,    ONE / 2,  3 * ONE,   INT32_MAX,   INT32_MIN,
                                  ONE + 1, -ONE - 1, ONE << 12, -(ONE << 12)};

    return random_u32() % 4 ? random_between(-2 * ONE, 2 * ONE)
                            : odd[random_u32() % (sizeof(odd) / sizeof(odd[0]))];
}

/* A transform of an image around a place in the part, so that it is often seen. */
static struct kd_transform random_transform(const struct draw_image *image, struct kd_box part)
{
    struct kd_box all = {0, 0, image->pixels->width_px, image->pixels->height_px};
    struct kd_transform t = {.xx = random_factor(),
                             .xy = random_factor(),
                             .yx = random_factor(),
                             .yy = random_factor(),
                             .mirror_x = random_u32() % 4 ? KD_NOT_MIRRORED : all.x2,
                             .mirror_y = random_u32() % 4 ? KD_NOT_MIRRORED : all.y2,
                             .source = all};
    bool exact = random_u32() % 4 == 0;
    int64_t x = random_between(part.x1, part.x2), y = random_between(part.y1, part.y2);

    if (random_u32() % 2) {
        t.source.x1 = random_between(0, all.x2 - 1);
        t.source.x2 = random_between(t.source.x1 + 1, all.x2);
        t.source.y2 = random_between(1, all.y2);
    }
    if (exact)
        t.xx = t.yy = random_u32() % 2 ? -ONE : ONE * 2;
    t.x0 = (int32_t)((uint32_t)random_between(0, all.x2 * ONE) - (uint32_t)(t.xx * x + t.xy * y));
    t.y0 = (int32_t)((uint32_t)random_between(0, all.y2 * ONE) - (uint32_t)(t.yx * x + t.yy * y));
    if (exact) { /* places on the very edges of pixels */
        t.x0 &= ~(ONE / 2 - 1);
        t.y0 &= ~(ONE / 2 - 1);
    }
    return t;
}

static bool shows(const struct draw_image *image, const struct kd_transform *t, int64_t u,
                  int64_t v, bool bilinear)
{
    const struct kd_pixels *source = image->pixels;
    const struct kd_pix_walk walk = {.pixels = source->tiles[0]->pixels,
                                     .stride_px = source->tiles[0]->stride_px,
                                     .kind = source->kind,
                                     .x1 = t->source.x1,
                                     .y1 = t->source.y1,
                                     .x2 = t->source.x2,
                                     .y2 = t->source.y2,
                                     .u = u,
                                     .v = v};
    uint32_t pixel;

    if (bilinear)
        kd_pix_reference()->walk_bilinear(&pixel, &walk, 1);
    else
        kd_pix_reference()->walk_nearest(&pixel, &walk, 1);
    return bilinear || source->kind == KD_SOURCE_PREMULTIPLIED ? pixel != 0 : pixel >> 24 != 0;
}

/* What one part's rows come to. */
struct found {
    unsigned drawn, left_out;
};

static void check_row(const struct draw_image *image, const struct kd_transform *t,
                      struct kd_box part, int32_t y, const struct kd_hull *hull, bool bilinear,
                      struct kd_spans *spans, struct found *found)
{
    int64_t first = 0, end = 0, at_u = 0, at_v = 0;
    bool any = spans && kd_spans_next(spans, &first, &end, &at_u, &at_v);

    EXPECT(!any || (first >= 0 && first < end && end <= kd_box_width(part)));
    for (int32_t x = 0; x < kd_box_width(part); x++) {
        bool drawn = any && x >= first && x < end;
        int64_t u, v;

        kd_transform_point(t, part.x1 + x, y, &u, &v);
        found->drawn += drawn;
        if (drawn)
            EXPECT(kd_transform_inside(t, u, v));
        else if (!kd_transform_inside(t, u, v))
            continue;
        if (any && x == first)
            EXPECT(u == at_u && v == at_v);
        if (drawn)
            continue;
        EXPECT(hull && !shows(image, t, u, v, bilinear));
        found->left_out++;
    }
}

static void check_part(const struct draw_image *image, bool bilinear, bool with_hull,
                       struct found *found)
{
    struct kd_box part = {random_between(0, 900), random_between(0, 900), 0, 0};
    const struct kd_sections *sections = image->pixels->tiles[0]->sections;
    const struct kd_hull *hull = NULL;
    struct kd_transform t;
    struct kd_spans spans;
    bool any;

    part.x2 = part.x1 + random_between(1, random_u32() % 8 ? KD_TILE_PX : KD_SPANS_MAX_PX);
    part.y2 = part.y1 + random_between(1, KD_TILE_PX);
    t = random_transform(image, part);
    if (with_hull && sections->content == KD_CONTENT_MIXED)
        hull = &sections->hull;
    any = kd_spans_init(&spans, &t, part, hull, bilinear);
    for (int32_t y = part.y1; y < part.y2; y++)
        check_row(image, &t, part, y, hull, bilinear, any ? &spans : NULL, found);
}

static struct found check_parts(bool with_hull)
{
    struct found found = {0};

    for (unsigned n = 0; n < 40; n++) {
        enum kd_source_kind kind = n % 2 ? KD_SOURCE_STRAIGHT : KD_SOURCE_PREMULTIPLIED;
        struct draw_image image =
            draw_image_create_figure(kind, random_between(2, 90), random_between(2, 90));

        for (unsigned i = 0; i < 40; i++)
            check_part(&image, i % 2, with_hull, &found);
        draw_image_finish(&image);
    }
    return found;
}

START_TEST(rows_are_exactly_what_lies_inside)
{
    struct found found = check_parts(false);

    ck_assert_uint_gt(found.drawn, 200000);
}
END_TEST

START_TEST(only_what_is_clear_is_left_out)
{
    struct found found = check_parts(true);

    ck_assert_uint_gt(found.drawn, 100000);
    ck_assert_uint_gt(found.left_out, 50000);
}
END_TEST

Suite *spans_suite(void)
{
    Suite *suite = suite_create("spans");
    TCase *spans = tcase_create("spans");

    tcase_set_timeout(spans, 0);
    tcase_add_test(spans, rows_are_exactly_what_lies_inside);
    tcase_add_test(spans, only_what_is_clear_is_left_out);
    suite_add_tcase(suite, spans);
    return suite;
}

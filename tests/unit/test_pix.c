/*
 * The reference kernels against their formulas, computed in another way (real numbers), and against what is known of
 * them; test_pix_tables.c compares other kernels with the reference.
 */
#include "pix/pix.h"
#include "pixel_test.h"

#include <check.h>
#include <math.h>
#include <string.h>

#define MOST_PX 70

static const enum kd_target_kind targets[] = {KD_TARGET_OPAQUE, KD_TARGET_ALPHA};
static const enum kd_source_kind kinds[] = {KD_SOURCE_STRAIGHT, KD_SOURCE_PREMULTIPLIED,
                                            KD_SOURCE_OPAQUE};

static uint32_t channel_of(uint32_t pixel, unsigned shift)
{
    return pixel >> shift & 0xFF;
}

/* ---- The formulas again, in real numbers and one at a time ---- */

/* a*b/255 is never half way between two whole numbers, 255 being odd. */
static double real_mul(double a, double b)
{
    return floor(a * b / 255.0 + 0.5);
}

static double real_channel(enum kb_blend blend, double stored, double multiplied, double d,
                           double alpha)
{
    switch (blend) {
    case KB_BLEND_OVER: return fmin(multiplied + real_mul(d, 255 - alpha), 255);
    case KB_BLEND_REPLACE: return multiplied;
    case KB_BLEND_PREMULTIPLIED: return fmin(stored + real_mul(d, 255 - alpha), 255);
    case KB_BLEND_ADD: return fmin(stored + d, 255);
    case KB_BLEND_SUB: return fmax(d - stored, 0);
    case KB_BLEND_MULT: return real_mul(d, stored);
    case KB_BLEND_MIN: return fmin(d, stored);
    case KB_BLEND_MAX: return fmax(d, stored);
    default: ck_abort_msg("blend %d has no formula here", (int)blend);
    }
    return 0;
}

static uint32_t real_pixel(enum kd_target_kind target, enum kd_source_kind kind,
                           enum kb_blend blend, uint32_t dst, uint32_t src)
{
    bool rgba = blend >= KB_BLEND_RGBA_ADD;
    enum kb_blend base = rgba ? blend - KB_BLEND_RGBA_ADD + KB_BLEND_ADD : blend;
    double alpha = kind == KD_SOURCE_OPAQUE ? 255 : src >> 24;
    uint32_t result = 0xFF000000;
    if (target == KD_TARGET_ALPHA) {
        bool kept = base >= KB_BLEND_ADD && !rgba;
        double d = dst >> 24;
        result = (uint32_t)(kept ? d : real_channel(base, alpha, alpha, d, alpha)) << 24;
    }
    for (unsigned shift = 0; shift < 24; shift += 8) {
        double s = channel_of(src, shift);
        double p = kind == KD_SOURCE_STRAIGHT ? real_mul(s, alpha) : s;
        if (base == KB_BLEND_REPLACE && target == KD_TARGET_OPAQUE) {
            p = s;
        }
        double c = real_channel(base, s, p, channel_of(dst, shift), alpha);
        result |= (uint32_t)c << shift;
    }
    return result;
}

static uint32_t real_modulated(enum kd_source_kind kind, uint32_t src, uint32_t tint, double alpha)
{
    double src_alpha = kind == KD_SOURCE_OPAQUE ? 255 : src >> 24;
    uint32_t result = (uint32_t)real_mul(src_alpha, alpha) << 24;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        double c = real_mul(channel_of(src, shift), channel_of(tint, shift));
        c = kind == KD_SOURCE_PREMULTIPLIED ? real_mul(c, alpha) : c;
        result |= (uint32_t)c << shift;
    }
    return result;
}

/* ---- The reference against the formulas ---- */

START_TEST(mul_rounds_to_nearest)
{
    for (uint32_t a = 0; a < 256; a++) {
        for (uint32_t b = 0; b < 256; b++) {
            EXPECT_PIXEL(kd_pix_mul(a, b), (uint32_t)roundl((long double)(a * b) / 255.0L));
        }
    }
}
END_TEST

/* All pairs of source and target values, with alphas that run through everything beside them. */
START_TEST(blit_obeys_formulas)
{
    enum kb_blend blend = (enum kb_blend)_i;
    uint32_t dst[256], before[256], src[256];
    for (unsigned s = 0; s < 256; s++) {
        for (unsigned d = 0; d < 256; d++) {
            uint32_t alpha = random_pixel() >> 24;
            src[d] = alpha << 24 | s << 16 | (255 - s) << 8 | (s ^ 0xA5);
            before[d] = random_u32() << 24 | d << 16 | (d ^ 0x55) << 8 | (255 - d);
        }
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
                memcpy(dst, before, sizeof(dst));
                kd_pix_reference()->blit[targets[t]][kinds[k]][blend](dst, src, 256);
                for (unsigned i = 0; i < 256; i++) {
                    uint32_t want = real_pixel(targets[t], kinds[k], blend, before[i], src[i]);
                    if (dst[i] != want) {
                        ck_abort_msg("blend %d target %u kind %u: %08x on %08x is %08x, not %08x",
                                     (int)blend, t, k, src[i], before[i], dst[i], want);
                    }
                }
            }
        }
    }
}
END_TEST

/* All pairs of alpha and colour of straight sources, for the blends that multiply. */
START_TEST(over_obeys_formula_for_all_alphas)
{
    uint32_t dst[256], before[256], src[256];
    for (uint32_t alpha = 0; alpha < 256; alpha++) {
        for (uint32_t c = 0; c < 256; c++) {
            src[c] = alpha << 24 | c << 16 | c << 8 | c;
            before[c] = (255 - c) << 24 | random_u32() >> 8;
        }
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            memcpy(dst, before, sizeof(dst));
            kd_pix_reference()->blit[t][KD_SOURCE_STRAIGHT][KB_BLEND_OVER](dst, src, 256);
            for (unsigned i = 0; i < 256; i++) {
                EXPECT_PIXEL(dst[i], real_pixel(targets[t], KD_SOURCE_STRAIGHT, KB_BLEND_OVER,
                                                before[i], src[i]));
            }
        }
    }
}
END_TEST

START_TEST(fill_obeys_formulas)
{
    enum kb_blend blend = (enum kb_blend)_i;
    uint32_t dst[256], before[256];
    for (unsigned round = 0; round < 200; round++) {
        uint32_t color = random_pixel();
        for (unsigned i = 0; i < 256; i++) {
            before[i] = random_pixel();
        }
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            memcpy(dst, before, sizeof(dst));
            kd_pix_reference()->fill[t][blend](dst, 256, color);
            for (unsigned i = 0; i < 256; i++) {
                EXPECT_PIXEL(dst[i],
                             real_pixel(targets[t], KD_SOURCE_STRAIGHT, blend, before[i], color));
            }
        }
    }
}
END_TEST

START_TEST(fill_color_applies_alpha)
{
    for (uint32_t alpha = 0; alpha < 256; alpha++) {
        for (uint32_t a = 0; a < 256; a++) {
            uint32_t color = kd_pix_fill_color(a << 24 | 0x123456, (uint8_t)alpha);
            EXPECT_PIXEL(color & 0xFFFFFF, 0x123456);
            EXPECT_PIXEL(color >> 24, (uint32_t)real_mul(a, alpha));
        }
    }
}
END_TEST

START_TEST(modulate_obeys_formulas)
{
    uint32_t src[256], out[256];
    for (uint32_t value = 0; value < 256; value++) {
        for (uint32_t c = 0; c < 256; c++) {
            src[c] = c << 24 | (255 - c) << 16 | c << 8 | random_u32() % 256;
        }
        uint32_t tint = random_u32() << 24 | value << 16 | value << 8 | random_u32() % 256;
        uint8_t alpha = (uint8_t)(value * 73);
        for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
            kd_pix_reference()->modulate(out, src, 256, kinds[k], tint, alpha);
            for (unsigned i = 0; i < 256; i++) {
                EXPECT_PIXEL(out[i], real_modulated(kinds[k], src[i], tint, alpha));
            }
        }
    }
}
END_TEST

/* ---- Known relations ---- */

#define ROW_PX 512

static uint32_t row_src[ROW_PX], row_dst[ROW_PX], row_before[ROW_PX];

static void random_rows(void)
{
    for (unsigned i = 0; i < ROW_PX; i++) {
        row_src[i] = random_pixel();
        row_before[i] = random_pixel();
    }
}

/* Blends row_src on row_before, result in row_dst. */
static void blit_rows(enum kd_target_kind target, enum kd_source_kind kind, enum kb_blend blend)
{
    memcpy(row_dst, row_before, sizeof(row_dst));
    kd_pix_get()->blit[target][kind][blend](row_dst, row_src, ROW_PX);
}

/* The same with one colour everywhere. */
static void fill_rows(enum kd_target_kind target, enum kb_blend blend, uint32_t color)
{
    memcpy(row_dst, row_before, sizeof(row_dst));
    kd_pix_get()->fill[target][blend](row_dst, ROW_PX, color);
}

START_TEST(over_with_full_alpha_copies)
{
    random_rows();
    for (unsigned i = 0; i < ROW_PX; i++) {
        row_src[i] |= 0xFF000000;
    }
    for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
        for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
            blit_rows(targets[t], kinds[k], KB_BLEND_OVER);
            ck_assert_mem_eq(row_dst, row_src, sizeof(row_dst));
            blit_rows(targets[t], kinds[k], KB_BLEND_REPLACE);
            ck_assert_mem_eq(row_dst, row_src, sizeof(row_dst));
        }
    }
}
END_TEST

START_TEST(over_without_alpha_changes_nothing)
{
    random_rows();
    for (unsigned i = 0; i < ROW_PX; i++) {
        row_src[i] &= 0x00FFFFFF;
    }
    blit_rows(KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, KB_BLEND_OVER);
    ck_assert_mem_eq(row_dst, row_before, sizeof(row_dst));
    fill_rows(KD_TARGET_ALPHA, KB_BLEND_OVER, 0x00123456);
    ck_assert_mem_eq(row_dst, row_before, sizeof(row_dst));
    blit_rows(KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT, KB_BLEND_OVER);
    for (unsigned i = 0; i < ROW_PX; i++) {
        EXPECT_PIXEL(row_dst[i], row_before[i] | 0xFF000000);
    }
}
END_TEST

START_TEST(neutral_colors_change_nothing)
{
    static const struct {
        enum kb_blend blend;
        uint32_t color;
    } neutral[] = {
        {KB_BLEND_ADD, 0xFF000000},      {KB_BLEND_SUB, 0xFF000000},
        {KB_BLEND_MULT, 0x00FFFFFF},     {KB_BLEND_MIN, 0x00FFFFFF},
        {KB_BLEND_MAX, 0xFF000000},      {KB_BLEND_RGBA_ADD, 0x00000000},
        {KB_BLEND_RGBA_SUB, 0x00000000}, {KB_BLEND_RGBA_MULT, 0xFFFFFFFF},
        {KB_BLEND_RGBA_MIN, 0xFFFFFFFF}, {KB_BLEND_RGBA_MAX, 0x00000000},
    };
    random_rows();
    for (size_t i = 0; i < sizeof(neutral) / sizeof(neutral[0]); i++) {
        fill_rows(KD_TARGET_ALPHA, neutral[i].blend, neutral[i].color);
        ck_assert_mem_eq(row_dst, row_before, sizeof(row_dst));
    }
}
END_TEST

/* A window is a canvas whose alpha happens to be 255, except that replace drops the alpha. */
START_TEST(window_is_canvas_with_full_alpha)
{
    random_rows();
    for (unsigned i = 0; i < ROW_PX; i++) {
        row_before[i] |= 0xFF000000;
    }
    for (unsigned blend = 0; blend < KD_PIX_BLENDS; blend++) {
        for (unsigned k = 0; k < KD_SOURCE_KINDS && blend != KB_BLEND_REPLACE; k++) {
            uint32_t window[ROW_PX];
            blit_rows(KD_TARGET_OPAQUE, kinds[k], blend);
            memcpy(window, row_dst, sizeof(window));
            blit_rows(KD_TARGET_ALPHA, kinds[k], blend);
            for (unsigned i = 0; i < ROW_PX; i++) {
                EXPECT_PIXEL(window[i], row_dst[i] | 0xFF000000);
            }
        }
    }
}
END_TEST

/* Drawing straight pixels, and drawing what replace made of them on a canvas, is the same. */
START_TEST(premultiplying_first_is_the_same)
{
    uint32_t premultiplied[ROW_PX], straight[ROW_PX];
    random_rows();
    blit_rows(KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, KB_BLEND_REPLACE);
    memcpy(premultiplied, row_dst, sizeof(premultiplied));
    for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
        memcpy(straight, row_before, sizeof(straight));
        kd_pix_get()->blit[t][KD_SOURCE_STRAIGHT][KB_BLEND_OVER](straight, row_src, ROW_PX);
        memcpy(row_dst, row_before, sizeof(row_dst));
        kd_pix_get()->blit[t][KD_SOURCE_PREMULTIPLIED][KB_BLEND_OVER](row_dst, premultiplied,
                                                                      ROW_PX);
        ck_assert_mem_eq(row_dst, straight, sizeof(straight));
        memcpy(row_dst, row_before, sizeof(row_dst));
        kd_pix_get()->blit[t][KD_SOURCE_STRAIGHT][KB_BLEND_PREMULTIPLIED](row_dst, premultiplied,
                                                                          ROW_PX);
        ck_assert_mem_eq(row_dst, straight, sizeof(straight));
    }
}
END_TEST

START_TEST(over_keeps_colors_below_alpha)
{
    random_rows();
    for (unsigned i = 0; i < ROW_PX; i++) {
        uint32_t alpha = row_before[i] >> 24;
        row_before[i] = alpha << 24 | alpha << 16 | random_u32() % (alpha + 1) << 8;
    }
    blit_rows(KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, KB_BLEND_OVER);
    for (unsigned i = 0; i < ROW_PX; i++) {
        for (unsigned shift = 0; shift < 24; shift += 8) {
            EXPECT(channel_of(row_dst[i], shift) <= row_dst[i] >> 24);
        }
    }
}
END_TEST

START_TEST(modulate_with_white_changes_nothing)
{
    random_rows();
    for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
        uint32_t opaque = kinds[k] == KD_SOURCE_OPAQUE ? 0xFF000000 : 0;
        kd_pix_get()->modulate(row_dst, row_src, ROW_PX, kinds[k], 0xFFFFFFFF, 255);
        for (unsigned i = 0; i < ROW_PX; i++) {
            EXPECT_PIXEL(row_dst[i], row_src[i] | opaque);
        }
        memcpy(row_before, row_src, sizeof(row_before));
        kd_pix_get()->modulate(row_dst, row_src, ROW_PX, kinds[k], 0xFF8040C0, 100);
        kd_pix_get()->modulate(row_before, row_before, ROW_PX, kinds[k], 0xFF8040C0, 100);
        ck_assert_mem_eq(row_before, row_dst, sizeof(row_dst)); /* in place */
    }
    ck_assert_int_eq(kd_source_kind_modulated(KD_SOURCE_OPAQUE, 254), KD_SOURCE_STRAIGHT);
    ck_assert_int_eq(kd_source_kind_modulated(KD_SOURCE_OPAQUE, 255), KD_SOURCE_OPAQUE);
    ck_assert_int_eq(kd_source_kind_modulated(KD_SOURCE_PREMULTIPLIED, 0), KD_SOURCE_PREMULTIPLIED);
}
END_TEST

START_TEST(reverse_mirrors)
{
    for (size_t count = 0; count <= MOST_PX; count++) {
        random_rows();
        kd_pix_get()->reverse(row_dst, row_src, count);
        for (size_t i = 0; i < count; i++) {
            EXPECT_PIXEL(row_dst[i], row_src[count - 1 - i]);
        }
    }
}
END_TEST

/* ---- Scaling ---- */

/* The pixel under the centre of a shown pixel: the last whose left edge is not right of it. Found by comparing in
 * units of 1/(2*shown_px) of a pixel instead of dividing. */
static size_t pixel_under(size_t place, size_t picture_px, size_t shown_px)
{
    size_t pixel = 0;
    while ((pixel + 1) * 2 * shown_px <= (2 * place + 1) * picture_px) {
        pixel++;
    }
    return pixel;
}

START_TEST(nearest_takes_the_pixel_under_the_centre)
{
    static const uint32_t widths[][2] = {{1, 1},     {1, 300}, {2, 3},    {3, 2},
                                         {7, 7},     {7, 21},  {320, 1},  {5, 512},
                                         {255, 256}, {16, 41}, {512, 511}};
    random_rows();
    for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
        uint32_t picture = widths[i][0], shown = widths[i][1];
        kd_pix_get()->scale_nearest(row_dst, row_src, shown, 0, 0, picture, shown);
        for (uint32_t x = 0; x < shown; x++) {
            EXPECT_PIXEL(row_dst[x], row_src[pixel_under(x, picture, shown)]);
        }
        /* any part of the row is that part of the whole row, made from a part of the picture */
        uint32_t first = random_u32() % shown, count = random_u32() % (shown - first + 1);
        uint32_t part[ROW_PX];
        int64_t row_first = kd_pix_nearest(first, picture, shown);
        kd_pix_get()->scale_nearest(part, row_src + row_first, count, first, row_first, picture,
                                    shown);
        ck_assert_mem_eq(part, row_dst + first, count * sizeof(part[0]));
    }
}
END_TEST

START_TEST(nearest_is_exact_for_large_widths)
{
    const uint32_t most = (1u << 30) - 1;
    ck_assert_int_eq(kd_pix_nearest(most - 1, most, most), most - 1);
    ck_assert_int_eq(kd_pix_nearest(most - 1, 1, most), 0);
    ck_assert_int_eq(kd_pix_nearest(0, most, 1), most / 2);
    for (unsigned i = 0; i < 10000; i++) {
        uint32_t picture = random_u32() % most + 1, shown = random_u32() % most + 1;
        uint32_t place = random_u32() % shown;
        int64_t pixel = kd_pix_nearest(place, picture, shown);
        /* pixel <= (place + 1/2) * picture / shown < pixel + 1 */
        EXPECT(pixel >= 0 && pixel < picture);
        EXPECT(pixel * 2 * shown <= (2 * (int64_t)place + 1) * picture);
        EXPECT((pixel + 1) * 2 * shown > (2 * (int64_t)place + 1) * picture);
    }
}
END_TEST

/* ---- Filtering ---- */

/* First across, then down, is kd_pix_bilinear(), which is in its turn the four pixels' weighted mean. */
START_TEST(filtering_in_steps_is_filtering)
{
    for (unsigned n = 0; n < 20000; n++) {
        uint32_t p[2][2], got, lower = n % 257;
        uint16_t right = (uint16_t)(random_u32() % 257);
        uint64_t rows[2];
        for (unsigned i = 0; i < 4; i++) {
            p[i / 2][i % 2] = random_pixel();
        }
        kd_pix_get()->bilinear_across(&rows[0], p[0], &right, 1);
        kd_pix_get()->bilinear_across(&rows[1], p[1], &right, 1);
        kd_pix_get()->bilinear_down(&got, &rows[0], &rows[1], 1, lower);
        EXPECT_PIXEL(got, kd_pix_bilinear((const uint32_t(*)[2])p, right, lower));
        for (unsigned shift = 0; shift < 32; shift += 8) {
            double x = right / 256.0, y = lower / 256.0;
            double above = channel_of(p[0][0], shift) * (1 - x) + channel_of(p[0][1], shift) * x;
            double below = channel_of(p[1][0], shift) * (1 - x) + channel_of(p[1][1], shift) * x;
            EXPECT(channel_of(got, shift) == floor(above * (1 - y) + below * y + 0.5));
        }
    }
}
END_TEST

/* Along a row, in the middles of pixels, nothing is filtered; half way between them is their mean. */
START_TEST(walks_sample_where_they_are)
{
    random_rows();
    struct kd_pix_walk walk = {.pixels = row_src,
                               .stride_px = 16,
                               .kind = KD_SOURCE_PREMULTIPLIED,
                               .x2 = 16,
                               .y2 = 8,
                               .u = 32768,
                               .v = 3 * 65536 + 32768,
                               .du = 65536};
    kd_pix_get()->walk_nearest(row_dst, &walk, 16);
    ck_assert_mem_eq(row_dst, row_src + 48, 64);
    kd_pix_get()->walk_bilinear(row_dst, &walk, 16);
    ck_assert_mem_eq(row_dst, row_src + 48, 64);
    walk.u = 0; /* the first one is clamped to the edge */
    kd_pix_get()->walk_bilinear(row_dst, &walk, 16);
    EXPECT_PIXEL(row_dst[0], row_src[48]);
    for (unsigned i = 1; i < 16; i++) {
        for (unsigned shift = 0; shift < 32; shift += 8) {
            uint32_t sum = channel_of(row_src[47 + i], shift) + channel_of(row_src[48 + i], shift);
            EXPECT(channel_of(row_dst[i], shift) == (sum + 1) / 2);
        }
    }
    walk.du = 0; /* down a column, from the last row upwards */
    walk.u = 5 * 65536 + 32768;
    walk.v = 7 * 65536 + 65535;
    walk.dv = -65536;
    kd_pix_get()->walk_nearest(row_dst, &walk, 8);
    for (unsigned i = 0; i < 8; i++) {
        EXPECT_PIXEL(row_dst[i], row_src[(7 - i) * 16 + 5]);
    }
}
END_TEST

Suite *pix_suite(void)
{
    Suite *suite = suite_create("pix");
    TCase *formulas = tcase_create("formulas");
    tcase_set_timeout(formulas, 0);
    tcase_add_test(formulas, mul_rounds_to_nearest);
    tcase_add_loop_test(formulas, blit_obeys_formulas, 0, KD_PIX_BLENDS);
    tcase_add_test(formulas, over_obeys_formula_for_all_alphas);
    tcase_add_loop_test(formulas, fill_obeys_formulas, 0, KD_PIX_BLENDS);
    tcase_add_test(formulas, fill_color_applies_alpha);
    tcase_add_test(formulas, modulate_obeys_formulas);
    suite_add_tcase(suite, formulas);

    TCase *relations = tcase_create("relations");
    tcase_add_test(relations, over_with_full_alpha_copies);
    tcase_add_test(relations, over_without_alpha_changes_nothing);
    tcase_add_test(relations, neutral_colors_change_nothing);
    tcase_add_test(relations, window_is_canvas_with_full_alpha);
    tcase_add_test(relations, premultiplying_first_is_the_same);
    tcase_add_test(relations, over_keeps_colors_below_alpha);
    tcase_add_test(relations, modulate_with_white_changes_nothing);
    tcase_add_test(relations, reverse_mirrors);
    tcase_add_test(relations, nearest_takes_the_pixel_under_the_centre);
    tcase_add_test(relations, nearest_is_exact_for_large_widths);
    tcase_add_test(relations, filtering_in_steps_is_filtering);
    tcase_add_test(relations, walks_sample_where_they_are);
    suite_add_tcase(suite, relations);
    return suite;
}

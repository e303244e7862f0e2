/*
 * What is found out about images, against a look at every pixel.
 */
#include "image/sections.h"
#include "pixel_test.h"

#include <stdlib.h>
#include <string.h>

#define MOST_PX 200

static uint32_t pixels[MOST_PX * MOST_PX];

static bool shows(uint32_t pixel, enum kd_source_kind kind)
{
    return kind == KD_SOURCE_PREMULTIPLIED ? pixel != 0 : pixel >> 24 != 0;
}

/* Patches of transparent, opaque and any pixels. */
static void paint(int32_t width, int32_t height, unsigned patches)
{
    uint32_t first = random_u32() % 2 ? 0 : random_pixel();

    for (int32_t i = 0; i < width * height; i++)
        pixels[i] = first;
    for (unsigned n = 0; n < patches; n++) {
        int32_t x1 = (int32_t)(random_u32() % (uint32_t)width),
                y1 = (int32_t)(random_u32() % (uint32_t)height);
        int32_t x2 = x1 + 1 + (int32_t)(random_u32() % 80),
                y2 = y1 + 1 + (int32_t)(random_u32() % 40);
        unsigned what = random_u32() % 4;

        for (int32_t y = y1; y < kd_min(y2, height); y++)
            for (int32_t x = x1; x < kd_min(x2, width); x++)
                pixels[y * width + x] = what == 0   ? 0
                                        : what == 1 ? random_u32() & 0xFFFFFF
                                        : what == 2 ? random_u32() | 0xFF000000
                                                    : random_pixel();
    }
}

/* The largest number of pixels in a box of whole units that is opaque, by trying all. */
static int64_t best_area(int32_t width, int32_t height)
{
    int64_t best = 0;

    for (int32_t x1 = 0; x1 < width; x1 += KD_SECTION_PX)
        for (int32_t x2 = x1 + KD_SECTION_PX; x2 < width + KD_SECTION_PX; x2 += KD_SECTION_PX) {
            int32_t rows = 0;

            for (int32_t y = 0; y < height; y++) {
                rows++;
                for (int32_t x = x1; x < kd_min(x2, width); x++)
                    if (pixels[y * width + x] >> 24 != 255)
                        rows = 0;
                if ((int64_t)rows * (x2 - x1) > best)
                    best = (int64_t)rows * (x2 - x1);
            }
        }
    return best;
}

static void check_box(const struct kd_sections *sections, int32_t width, int32_t height)
{
    struct kd_box box = sections->opaque;

    for (int32_t y = box.y1; y < box.y2; y++)
        for (int32_t x = box.x1; x < box.x2; x++)
            EXPECT(pixels[y * width + x] >> 24 == 255);
    box.x2 = (box.x2 + KD_SECTION_PX - 1) & ~(KD_SECTION_PX - 1);
    EXPECT(kd_box_area(box) == best_area(width, height));
}

/* Nothing shows outside, and each of its eight lines is as close as it can be. */
static void check_hull(const struct kd_hull *hull, int32_t width, int32_t height,
                       enum kd_source_kind kind)
{
    struct kd_hull want = {{width, height, 0, 0}, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN};

    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            if (!shows(pixels[y * width + x], kind))
                continue;
            want.box = (struct kd_box){kd_min(want.box.x1, x), kd_min(want.box.y1, y),
                                       kd_max(want.box.x2, x + 1), kd_max(want.box.y2, y + 1)};
            want.sum_low = kd_min(want.sum_low, x + y);
            want.sum_high = kd_max(want.sum_high, x + y + 1);
            want.difference_low = kd_min(want.difference_low, x - y);
            want.difference_high = kd_max(want.difference_high, x - y + 1);
        }
    EXPECT(kd_box_equal(hull->box, want.box));
    EXPECT(hull->sum_low == want.sum_low && hull->sum_high == want.sum_high);
    EXPECT(hull->difference_low == want.difference_low &&
           hull->difference_high == want.difference_high);
}

static bool is_opaque(int32_t width, int32_t x1, int32_t x2, int32_t y)
{
    for (int32_t x = x1; x < x2; x++)
        if (pixels[y * width + x] >> 24 != 255)
            return false;
    return true;
}

/* Rows that are said to be opaque are; of columns that begin at even pixels, none is left out if one pixel more is. */
static void check_rows(const struct kd_sections *sections, int32_t width, int32_t height)
{
    EXPECT(sections->columns * sections->rows_bytes * 100 <=
           (uint32_t)(3 * 4 * width * height + 25600));
    for (int32_t x = 0; x + 8 <= width; x++)
        for (int32_t y = 0; y < height; y++) {
            int32_t first = y - (int32_t)(random_u32() % 64) % (y + 1);
            bool is_set = kd_sections_opaque_rows(sections, x, first) >> (y - first) & 1;

            EXPECT(!is_set || is_opaque(width, x, x + 8, y));
            EXPECT(is_set || !is_opaque(width, x & ~1, kd_min((x & ~1) + 9, width), y));
        }
    for (int32_t x = kd_max(width - 7, 0); x < width; x++)
        EXPECT(kd_sections_opaque_rows(sections, x, 0) == 0 || x + 8 <= width + 1);
}

static enum kd_content content(int32_t width, int32_t height, enum kd_source_kind kind)
{
    bool same = true, visible = false, opaque = true;

    for (int32_t i = 0; i < width * height; i++) {
        same &= pixels[i] == pixels[0];
        visible |= shows(pixels[i], kind);
        opaque &= pixels[i] >> 24 == 255;
    }
    return !visible ? KD_CONTENT_TRANSPARENT
           : same   ? KD_CONTENT_SOLID
           : opaque ? KD_CONTENT_OPAQUE
                    : KD_CONTENT_MIXED;
}

START_TEST(images_with_alpha)
{
    for (unsigned n = 0; n < 600; n++) {
        int32_t width = 1 + (int32_t)(random_u32() % (n % 2 ? 70 : MOST_PX));
        int32_t height = 1 + (int32_t)(random_u32() % 60);
        enum kd_source_kind kind = n % 3 ? KD_SOURCE_STRAIGHT : KD_SOURCE_PREMULTIPLIED;
        struct kd_sections *sections;

        paint(width, height, n % 7);
        sections = kd_sections_make(pixels, (size_t)width, width, height, kind);
        ck_assert_ptr_nonnull(sections);
        ck_assert_int_eq(sections->content, content(width, height, kind));
        if (sections->content == KD_CONTENT_MIXED) {
            check_box(sections, width, height);
            check_hull(&sections->hull, width, height, kind);
            check_rows(sections, width, height);
        } else {
            EXPECT(kd_sections_opaque_rows(sections, 0, 0) == 0);
        }
        if (sections->content == KD_CONTENT_SOLID)
            ck_assert_uint_eq(sections->color, pixels[0]);
        free(sections);
    }
}
END_TEST

START_TEST(images_without_alpha)
{
    struct kd_sections *sections;

    for (int32_t i = 0; i < 50 * 40; i++)
        pixels[i] = (uint32_t)i << 24 | 0x123456; /* the highest byte says nothing */
    sections = kd_sections_make(pixels, 50, 50, 40, KD_SOURCE_OPAQUE);
    ck_assert_ptr_nonnull(sections);
    ck_assert_int_eq(sections->content, KD_CONTENT_SOLID);
    ck_assert_uint_eq(sections->color, 0xFF123456);
    free(sections);
    for (int32_t i = 0; i < 50 * 40; i += 7) {
        pixels[i] ^= 1;
        ck_assert_ptr_null(kd_sections_make(pixels, 50, 50, 40, KD_SOURCE_OPAQUE));
        pixels[i] ^= 1;
    }
}
END_TEST

Suite *sections_suite(void)
{
    Suite *suite = suite_create("sections");
    TCase *tcase = tcase_create("sections");

    tcase_add_test(tcase, images_with_alpha);
    tcase_add_test(tcase, images_without_alpha);
    suite_add_tcase(suite, tcase);
    return suite;
}

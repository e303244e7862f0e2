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

static void check_masks(const struct kd_sections *sections, int32_t width, int32_t height,
                        enum kd_source_kind kind)
{
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x += 1 + (int32_t)(random_u32() % 20)) {
            struct kd_pix_chunks chunks = kd_sections_chunks(sections, x, y);
            int32_t end = kd_min(x + 64, width);

            EXPECT(chunks.skipped_px == (uint32_t)x % KD_CHUNK_PX);
            for (int32_t at = x & ~(KD_CHUNK_PX - 1), bit = 0; at < end; at += KD_CHUNK_PX, bit++) {
                bool opaque = true, clear = true;

                for (int32_t i = at; i < kd_min(at + KD_CHUNK_PX, width); i++) {
                    opaque &= pixels[y * width + i] >> 24 == 255;
                    clear &= !shows(pixels[y * width + i], kind);
                }
                EXPECT((chunks.opaque >> bit & 1) == opaque);
                EXPECT((chunks.clear >> bit & 1) == clear);
            }
        }
}

/* The largest number of pixels in a box of whole chunks that is opaque, by trying all. */
static int64_t best_area(int32_t width, int32_t height)
{
    int64_t best = 0;

    for (int32_t x1 = 0; x1 < width; x1 += KD_CHUNK_PX)
        for (int32_t x2 = x1 + KD_CHUNK_PX; x2 < width + KD_CHUNK_PX; x2 += KD_CHUNK_PX) {
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
    box.x2 = (box.x2 + KD_CHUNK_PX - 1) & ~(KD_CHUNK_PX - 1);
    EXPECT(kd_box_area(box) == best_area(width, height));
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
            check_masks(sections, width, height, kind);
            check_box(sections, width, height);
        } else {
            ck_assert_uint_eq(sections->mask_bytes, 0);
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

/* At most 3 % of the pixels' bytes, and 256. */
START_TEST(they_take_little_room)
{
    for (int32_t width = 1; width <= 8192; width += width < 300 ? 1 : 97)
        for (int32_t height = 1; height <= 8192; height += height < 10 ? 1 : 511) {
            size_t row_bytes = 2 * (((size_t)width + 127) / 128);
            double bytes = (double)sizeof(struct kd_sections) + (double)height * (double)row_bytes;

            if (width >= 64)
                EXPECT(bytes <= 0.03 * 4 * width * height + 256);
        }
}
END_TEST

Suite *sections_suite(void)
{
    Suite *suite = suite_create("sections");
    TCase *tcase = tcase_create("sections");

    tcase_add_test(tcase, images_with_alpha);
    tcase_add_test(tcase, images_without_alpha);
    tcase_add_test(tcase, they_take_little_room);
    suite_add_tcase(suite, tcase);
    return suite;
}

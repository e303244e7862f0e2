/*
 * Text: lines, wrapping, alignment, UTF-8, pixels; against the numbers that FreeType itself gives.
 */
#include "text/text.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "/usr/share/fonts/truetype/dejavu" /* where the build takes them from */

static struct text_font *font;

static void open_font(void)
{
    ck_assert_int_eq(text_open_bundled(FOLDER, TEXT_MONO, 20, &font), 0);
}

static void close_font(void)
{
    text_close(font);
    font = NULL;
}

static void measure(const char *text, uint32_t wrap_px, int32_t *width, int32_t *height)
{
    const struct text_style style = {.wrap_px = wrap_px};
    ck_assert_int_eq(text_measure(font, text, strlen(text), &style, width, height), 0);
}

/* A letter of the mono font is 0.6 em wide. */
#define LETTER_PX 12

static void check_size(const char *text, uint32_t wrap_px, int letters, int lines)
{
    struct text_metrics metrics;
    int32_t width, height;
    text_metrics(font, &metrics);
    measure(text, wrap_px, &width, &height);
    ck_assert_msg(width == letters * LETTER_PX, "\"%s\": %d pixels, not %d letters", text, width,
                  letters);
    ck_assert_msg(height == metrics.height_px + (lines - 1) * metrics.line_px,
                  "\"%s\": %d pixels high, not %d lines", text, height, lines);
}

START_TEST(test_lines)
{
    check_size("", 0, 0, 1);
    check_size("abc", 0, 3, 1);
    check_size("abc\nabcde", 0, 5, 2);
    check_size("abc\n", 0, 3, 2);
    check_size("\n\n", 0, 0, 3);
    check_size("a\tb", 0, 9, 1);
    check_size("12345678\tb", 0, 17, 1);
    check_size("a\rb\x01", 0, 2, 1);
}
END_TEST

START_TEST(test_wrapping)
{
    check_size("one two three", 8 * LETTER_PX, 7, 2);
    check_size("one two three", 7 * LETTER_PX, 7, 2);
    check_size("one two three", 7 * LETTER_PX - 1, 5, 3);
    check_size("one   two", 5 * LETTER_PX, 3, 2); /* spaces at a break are dropped */
    check_size("unbreakable", 4 * LETTER_PX, 4, 3);
    check_size("    indented", 6 * LETTER_PX, 6, 2); /* not an empty line first */
    check_size("abc", 1, 1, 3);
    check_size("ab cd\n\nef", 100 * LETTER_PX, 5, 3);
    check_size("trail   ", 100 * LETTER_PX, 8, 1);
}
END_TEST

START_TEST(test_utf8)
{
    check_size("h\xc3\xa4\xe2\x82\xac\xf0\x9d\x94\xb8", 0, 4, 1);
    check_size("\xff\xfe", 0, 2, 1);     /* never begin a character */
    check_size("\xc3(", 0, 2, 1);        /* cut short by another character */
    check_size("\xc3", 0, 1, 1);         /* by the end */
    check_size("\xc0\x80", 0, 2, 1);     /* longer than need be */
    check_size("\xed\xa0\x80", 0, 3, 1); /* half of a pair of UTF-16 */
    check_size("\xf4\x90\x80\x80", 0, 4, 1);
}
END_TEST

/* Alpha that lies in columns [from, to) of the picture. */
static uint64_t ink(const struct text_picture *picture, uint32_t from, uint32_t to)
{
    uint64_t sum = 0;
    for (uint32_t y = 0; y < picture->height; y++) {
        for (uint32_t x = from; x < to && x < picture->width; x++)
            sum += picture->pixels[(size_t)y * picture->width + x];
    }
    return sum;
}

START_TEST(test_alignment)
{
    const char text[] = "wide line\nx";
    struct text_picture picture;
    for (enum text_align align = TEXT_LEFT; align <= TEXT_RIGHT; align++) {
        const struct text_style style = {.align = align};
        struct text_metrics metrics;
        text_metrics(font, &metrics);
        ck_assert_int_eq(text_render(font, text, strlen(text), &style, &picture), 0);
        ck_assert_uint_eq(picture.width, 9 * LETTER_PX);
        /* Only the second line counts. */
        size_t above = (size_t)metrics.line_px * picture.width;
        memset(picture.pixels, 0, above);
        uint32_t begin = align == TEXT_LEFT     ? 0
                         : align == TEXT_CENTER ? 4 * LETTER_PX
                                                : 8 * LETTER_PX;
        ck_assert_uint_gt(ink(&picture, begin, begin + LETTER_PX), 0);
        ck_assert_uint_eq(ink(&picture, begin, begin + LETTER_PX), ink(&picture, 0, picture.width));
        free(picture.pixels);
    }
}
END_TEST

START_TEST(test_sharp)
{
    const struct text_style sharp = {.sharp = true};
    struct text_picture picture;
    bool between = false;
    ck_assert_int_eq(text_render(font, "Sharp & x", 9, &sharp, &picture), 0);
    for (size_t i = 0; i < (size_t)picture.width * picture.height; i++)
        ck_assert(picture.pixels[i] == 0 || picture.pixels[i] == 255);
    ck_assert_uint_gt(ink(&picture, 0, picture.width), 0);
    free(picture.pixels);
    ck_assert_int_eq(text_render(font, "Smooth & x", 10, NULL, &picture), 0);
    for (size_t i = 0; i < (size_t)picture.width * picture.height; i++)
        between |= picture.pixels[i] > 0 && picture.pixels[i] < 255;
    ck_assert(between);
    free(picture.pixels);
}
END_TEST

START_TEST(test_paint)
{
    uint8_t alphas[] = {0, 128, 255, 255};
    const struct text_picture picture = {.width = 2, .height = 2, .pixels = alphas};
    uint32_t pixels[3 * 3];
    for (size_t i = 0; i < 9; i++)
        pixels[i] = 0xff000000;
    text_paint(&picture, 0xffff8000, pixels, 3, 3, 3, 1, 1);
    ck_assert_uint_eq(pixels[4], 0xff000000);
    ck_assert_uint_eq(pixels[5], 0xff804000);
    ck_assert_uint_eq(pixels[7], 0xffff8000);
    ck_assert_uint_eq(pixels[0], 0xff000000);
    memset(pixels, 0, sizeof(pixels));
    text_paint(&picture, 0x80ffffff, pixels, 3, 3, 3, -1, -1); /* one pixel of it is within */
    ck_assert_uint_eq(pixels[0], 0x80808080);
    for (size_t i = 1; i < 9; i++)
        ck_assert_uint_eq(pixels[i], 0);
}
END_TEST

static int count(void *context, const struct text_glyph *glyph, int32_t x, int32_t y)
{
    int *left = context;
    ck_assert_ptr_nonnull(glyph->pixels);
    ck_assert_int_ge(x, 0);
    ck_assert_int_ge(y, 0);
    return --*left == 0 ? 7 : 0;
}

START_TEST(test_walk)
{
    int left = 100;
    ck_assert_int_eq(text_walk(font, "a b\nc", 5, NULL, count, &left), 0);
    ck_assert_int_eq(left, 97); /* a space has no pixels */
    left = 2;
    ck_assert_int_eq(text_walk(font, "a b\nc", 5, NULL, count, &left), 7);
    ck_assert_int_eq(left, 0);
}
END_TEST

START_TEST(test_kerning)
{
    struct text_font *sans;
    int32_t a, v, both, height;
    ck_assert_int_eq(text_open_bundled(FOLDER, TEXT_SANS, 48, &sans), 0);
    ck_assert_int_eq(text_measure(sans, "A", 1, NULL, &a, &height), 0);
    ck_assert_int_eq(text_measure(sans, "V", 1, NULL, &v, &height), 0);
    ck_assert_int_eq(text_measure(sans, "AV", 2, NULL, &both, &height), 0);
    ck_assert_int_lt(both, a + v);
    text_close(sans);
}
END_TEST

START_TEST(test_errors)
{
    struct text_font *none = (struct text_font *)&none;
    struct text_picture picture;
    ck_assert_int_eq(text_open("/does/not/exist.ttf", 20, &none), -ENOENT);
    ck_assert_ptr_null(none);
    ck_assert_int_eq(text_open("Makefile", 20, &none), -EINVAL);
    ck_assert_int_eq(text_open(FOLDER "/DejaVuSans.ttf", 0, &none), -EINVAL);
    ck_assert_int_eq(text_open(FOLDER "/DejaVuSans.ttf", TEXT_SIZE_MOST_PX + 1, &none), -EINVAL);
    ck_assert_int_eq(text_open_bundled("/does/not", TEXT_BOLD, 20, &none), -ENOENT);
    char *lines = malloc(2000);
    memset(lines, '\n', 2000);
    ck_assert_int_eq(text_render(font, lines, 2000, NULL, &picture), -E2BIG);
    ck_assert_ptr_null(picture.pixels);
    free(lines);
    text_close(NULL);
}
END_TEST

START_TEST(test_many_glyphs)
{
    /* More than the table of glyphs begins with: each stays what it was. */
    char text[4];
    int32_t before[700], width, height;
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 700; i++) {
            const uint32_t code = 0x100 + i;
            text[0] = (char)(0xc0 | code >> 6);
            text[1] = (char)(0x80 | (code & 0x3f));
            ck_assert_int_eq(text_measure(font, text, 2, NULL, &width, &height), 0);
            if (round == 0)
                before[i] = width;
            else
                ck_assert_int_eq(before[i], width);
        }
    }
}
END_TEST

Suite *text_suite(void);
Suite *text_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tests = tcase_create("text");
    tcase_add_checked_fixture(tests, open_font, close_font);
    tcase_add_test(tests, test_lines);
    tcase_add_test(tests, test_wrapping);
    tcase_add_test(tests, test_utf8);
    tcase_add_test(tests, test_alignment);
    tcase_add_test(tests, test_sharp);
    tcase_add_test(tests, test_paint);
    tcase_add_test(tests, test_walk);
    tcase_add_test(tests, test_kerning);
    tcase_add_test(tests, test_errors);
    tcase_add_test(tests, test_many_glyphs);
    suite_add_tcase(suite, tests);
    return suite;
}

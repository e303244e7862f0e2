#include "base/format.h"
#include "gen/kmsblit_proto.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Little-endian letters, as drm_fourcc.h has them. */
static uint32_t fourcc(const char *letters)
{
    uint32_t value;
    memcpy(&value, letters, 4);
    return value;
}

START_TEST(every_format_of_the_protocol_is_known)
{
    unsigned found = 0;
    for (unsigned value = 0; value < 256; value++) {
        const struct kd_format *format = kd_format_get(value);
        ck_assert_int_eq(format != NULL, kb_format_valid(value));
        if (format != NULL) {
            ck_assert_uint_eq(format->value, value);
            ck_assert_str_eq(format->name, kb_format_name(value));
            found++;
        }
    }
    ck_assert_uint_ge(found, 9);
    ck_assert_ptr_null(kd_format_get(256 + KB_FORMAT_ARGB8888));
}
END_TEST

START_TEST(columns_fit_together)
{
    for (unsigned value = KB_FORMAT_ARGB8888; value <= KB_FORMAT_P8; value++) {
        const struct kd_format *format = kd_format_get(value);
        ck_assert(!(format->opaque && format->premultiplied));
        ck_assert_int_eq(format->premultiplied, strstr(format->name, "premultiplied") != NULL);
        ck_assert_int_eq(format->opaque, format->name[0] == 'x' || value == KB_FORMAT_RGB565);
        uint8_t bytes = strstr(format->name, "8888") ? 4 : value == KB_FORMAT_RGB565 ? 2 : 1;
        ck_assert_uint_eq(format->bytes_per_px, bytes);
        ck_assert(format->implemented);
    }
}
END_TEST

START_TEST(fourccs_are_those_of_drm)
{
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_ARGB8888)->drm_fourcc, fourcc("AR24"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_ARGB8888_PREMULTIPLIED)->drm_fourcc, fourcc("AR24"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_XRGB8888)->drm_fourcc, 0x34325258); /* XR24 */
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_ABGR8888)->drm_fourcc, fourcc("AB24"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_ABGR8888_PREMULTIPLIED)->drm_fourcc, fourcc("AB24"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_XBGR8888)->drm_fourcc, fourcc("XB24"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_RGB565)->drm_fourcc, fourcc("RG16"));
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_A8)->drm_fourcc, 0);
    ck_assert_uint_eq(kd_format_get(KB_FORMAT_P8)->drm_fourcc, fourcc("C8  "));
}
END_TEST

/* Against real numbers: the nearest value, and widening is as good as exact. */
START_TEST(rgb565_rounds)
{
    for (uint32_t value = 0; value < 65536; value++)
        ck_assert_uint_eq(kd_rgb565_narrow(kd_rgb565_widen(value)), value);
    for (uint32_t c = 0; c < 256; c++) {
        uint16_t narrow = kd_rgb565_narrow(c << 16 | c << 8 | c);
        uint32_t wide = kd_rgb565_widen(narrow);

        ck_assert_uint_eq(narrow >> 11, (uint32_t)(c / 255.0 * 31 + 0.5));
        ck_assert_uint_eq(narrow >> 5 & 63, (uint32_t)(c / 255.0 * 63 + 0.5));
        ck_assert_uint_eq(narrow & 31, narrow >> 11);
        ck_assert_int_le(abs((int)(wide >> 16 & 255) - (int)c), 4);
        ck_assert_int_le(abs((int)(wide >> 8 & 255) - (int)c), 2);
        ck_assert_uint_eq(wide & 255, wide >> 16 & 255);
        ck_assert_uint_eq(wide >> 24, 255);
    }
}
END_TEST

Suite *format_suite(void)
{
    Suite *suite = suite_create("format");
    TCase *table = tcase_create("table");
    tcase_add_test(table, every_format_of_the_protocol_is_known);
    tcase_add_test(table, columns_fit_together);
    tcase_add_test(table, fourccs_are_those_of_drm);
    tcase_add_test(table, rgb565_rounds);
    suite_add_tcase(suite, table);
    return suite;
}

/* What `kmsblit run` finds changed in a row of pixels: the fast way against the plain one, and that against memcmp(). */
#include "sdl2/compare.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PIXELS_MAX 200
#define TILES_MAX  (PIXELS_MAX / SDL2_TILE_PX + 1)

static uint32_t state = 1;

static uint32_t any(uint32_t below)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) % below;
}

/* Both ways from the same beginning, at any alignment; they must agree with `wanted`. */
static void check_row(const uint32_t *now, const uint32_t *before, size_t pixels,
                      const uint8_t *known, const uint8_t *wanted)
{
    static sdl2_compare_row *const ways[] = {sdl2_compare_row_scalar, sdl2_compare_row_fast};
    static uint8_t a[PIXELS_MAX * 4 + 16], b[PIXELS_MAX * 4 + 16];
    for (size_t way = 0; way < 2; way++) {
        uint8_t changed[TILES_MAX + 1];
        uint8_t *from_a = a + any(16), *from_b = b + any(16);
        memcpy(from_a, now, pixels * 4);
        memcpy(from_b, before, pixels * 4);
        memcpy(changed, known, sizeof(changed));
        ways[way](from_a, from_b, pixels * 4, changed);
        ck_assert_mem_eq(changed, wanted, sizeof(changed));
    }
}

/* A difference of one bit anywhere is found in its tile and nowhere else, unless it is in the byte that means nothing;
 * what lies behind the row is not touched. */
START_TEST(every_bit)
{
    uint32_t now[PIXELS_MAX], before[PIXELS_MAX];
    const uint8_t nothing[TILES_MAX + 1] = {0};
    for (size_t pixels = 1; pixels <= PIXELS_MAX; pixels += 1 + pixels / 9) {
        for (size_t i = 0; i < pixels; i++)
            now[i] = before[i] = any(UINT32_MAX);
        check_row(now, before, pixels, nothing, nothing);
        for (size_t i = 0; i < pixels; i++) {
            uint8_t wanted[TILES_MAX + 1] = {0};
            int bit = (int)any(32);
            now[i] ^= 1u << bit;
            wanted[i / SDL2_TILE_PX] = bit < 24;
            check_row(now, before, pixels, nothing, wanted);
            now[i] = before[i];
        }
    }
}
END_TEST

/* Any number of differences; tiles that are known to differ stay so. */
START_TEST(random_rows)
{
    for (int round = 0; round < 3000; round++) {
        uint32_t now[PIXELS_MAX], before[PIXELS_MAX];
        uint8_t known[TILES_MAX + 1] = {0}, wanted[TILES_MAX + 1];
        size_t pixels = 1 + any(PIXELS_MAX), differences = any(8);
        for (size_t i = 0; i < pixels; i++)
            now[i] = before[i] = any(UINT32_MAX);
        for (size_t i = 0; i < (pixels + SDL2_TILE_PX - 1) / SDL2_TILE_PX; i++)
            known[i] = any(4) == 0;
        memcpy(wanted, known, sizeof(wanted));
        for (size_t i = 0; i < differences; i++) {
            size_t at = any((uint32_t)pixels);
            now[at] = before[at] ^ (1 + any(0xFFFFFF));
            wanted[at / SDL2_TILE_PX] = 1;
        }
        check_row(now, before, pixels, known, wanted);
    }
}
END_TEST

Suite *compare_suite(void)
{
    Suite *suite = suite_create("compare");
    TCase *tcase = tcase_create("rows");
    tcase_add_test(tcase, every_bit);
    tcase_add_test(tcase, random_rows);
    suite_add_tcase(suite, tcase);
    return suite;
}

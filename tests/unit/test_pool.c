/*
 * Memory that is kept for the next frame: it is found again, whatever was kept before, and there is a limit.
 */
#include <check.h>
#include <stdint.h>
#include <string.h>

#include "base/pool.h"
#include "base/switches.h"

#define COUNT       1000
#define SMALL_BYTES 2000   /* a piece of 2048 */
#define LARGE_BYTES 500000 /* a piece of 512 KiB: four of them are all that is kept */

static void *pieces[COUNT];

static void take(size_t count, size_t bytes)
{
    for (size_t i = 0; i < count; i++) {
        pieces[i] = kd_pool_get(bytes);
        ck_assert_ptr_nonnull(pieces[i]);
        memset(pieces[i], (int)i, bytes);
    }
}

static void give(size_t count)
{
    for (size_t i = 0; i < count; i++)
        kd_pool_put(pieces[i]);
}

/* Under sanitizers, none. */
static bool keeps_any(void)
{
    kd_pool_put(kd_pool_get(1));
    return kd_pool_kept_bytes() > 0;
}

START_TEST(small_pieces_are_kept_before_large_ones)
{
    const size_t large_bytes = (size_t)4 << 19, small_bytes = (size_t)COUNT * 2048;
    size_t kept_bytes;

    if (!keeps_any())
        return;
    take(8, LARGE_BYTES);
    give(8);
    ck_assert_uint_le(kd_pool_kept_bytes(), large_bytes);
    take(COUNT, SMALL_BYTES);
    give(COUNT);
    kept_bytes = kd_pool_kept_bytes();
    ck_assert_uint_ge(kept_bytes, small_bytes);
    take(COUNT, SMALL_BYTES);
    ck_assert_uint_eq(kd_pool_kept_bytes(), kept_bytes - small_bytes);
    give(COUNT);
}
END_TEST

START_TEST(what_grows_keeps_its_content)
{
    unsigned char *memory = kd_pool_get(10);

    memset(memory, 7, 10);
    for (size_t bytes = 20; bytes < 3000000; bytes *= 3) {
        memory = kd_pool_grow(memory, bytes);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % 16, 0);
        for (size_t i = 0; i < 10; i++)
            ck_assert_uint_eq(memory[i], 7);
        memory[bytes - 1] = 1;
    }
    ck_assert_ptr_null(kd_pool_grow(memory, SIZE_MAX - 8));
    ck_assert_uint_eq(memory[9], 7);
    kd_pool_put(memory);
}
END_TEST

START_TEST(switched_off_nothing_is_kept)
{
    size_t kept_bytes = kd_pool_kept_bytes();

    kd_switches_set_off(KD_SWITCH_REUSE);
    take(10, SMALL_BYTES);
    give(10);
    ck_assert_uint_le(kd_pool_kept_bytes(), kept_bytes);
    kd_switches_set_off(0);
}
END_TEST

Suite *pool_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");

    tcase_add_test(tests, small_pieces_are_kept_before_large_ones);
    tcase_add_test(tests, what_grows_keeps_its_content);
    tcase_add_test(tests, switched_off_nothing_is_kept);
    suite_add_tcase(suite, tests);
    return suite;
}

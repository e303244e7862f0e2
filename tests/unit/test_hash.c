#include "base/hash.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEED 0x0123456789ABCDEFu

/* Bytes without any pattern that a hash could like. */
static void scramble(unsigned char *bytes, size_t count, uint32_t state)
{
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(state >> 24);
    }
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void assert_all_different(uint64_t *keys, size_t count)
{
    qsort(keys, count, sizeof(keys[0]), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (keys[i - 1] == keys[i]) {
            ck_abort_msg("two of %zu hashes are %016llx", count, (unsigned long long)keys[i]);
        }
    }
}

/* Bits that differ between two hashes: 32 of 64 on average if they are unrelated. */
static int distance(uint64_t a, uint64_t b)
{
    return __builtin_popcountll(a ^ b);
}

START_TEST(same_bytes_same_hash)
{
    unsigned char bytes[600 + 16], copy[600 + 16];
    scramble(bytes, sizeof(bytes), 1);
    for (size_t count = 0; count <= 600; count++) {
        for (size_t shift = 0; shift < 16; shift += 5) { /* whatever the alignment */
            memcpy(copy + shift, bytes, count);
            ck_assert_uint_eq(kd_hash_bytes(SEED, bytes, count),
                              kd_hash_bytes(SEED, copy + shift, count));
        }
    }
    ck_assert_uint_eq(kd_hash_bytes(SEED, NULL, 0), kd_hash_bytes(SEED, bytes, 0));
}
END_TEST

/* Every bit, the length and the seed matter. */
START_TEST(other_bytes_other_hash)
{
    static const size_t counts[] = {1, 4, 8, 16, 17, 64, 128, 129, 240, 241, 512, 1024};
    unsigned char bytes[1024];
    for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
        size_t bits = counts[c] * 8, n = 0;
        uint64_t *keys = calloc(bits + 4, sizeof(keys[0]));
        ck_assert_ptr_nonnull(keys);
        scramble(bytes, sizeof(bytes), 2);
        keys[n++] = kd_hash_bytes(SEED, bytes, counts[c]);
        keys[n++] = kd_hash_bytes(SEED, bytes, counts[c] - 1);
        keys[n++] = kd_hash_bytes(SEED + 1, bytes, counts[c]);
        keys[n++] = kd_hash_bytes(0, bytes, counts[c]);
        for (size_t bit = 0; bit < bits; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
            keys[n++] = kd_hash_bytes(SEED, bytes, counts[c]);
            bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        assert_all_different(keys, n);
        free(keys);
    }
}
END_TEST

START_TEST(reads_no_byte_beside)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *map = mmap(NULL, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(map, MAP_FAILED);
    ck_assert_int_eq(mprotect(map + page, page, PROT_READ | PROT_WRITE), 0);
    scramble(map + page, page, 3);
    uint64_t all = 0;
    for (size_t count = 0; count <= 1100 && count <= page; count++) {
        all = kd_hash_mix(all, kd_hash_bytes(SEED, map + page, count));
        all = kd_hash_mix(all, kd_hash_bytes(SEED, map + 2 * page - count, count));
    }
    ck_assert_uint_ne(all, 0);
    /* the last row's stride would end far outside */
    ck_assert_uint_ne(kd_hash_rows(SEED, map + 2 * page - 12 - 2048, 2048, 12, 2), 0);
    munmap(map, 3 * page);
}
END_TEST

/* The quick way for so many bytes is no other hash. */
START_TEST(words_are_bytes)
{
    uint64_t words[KD_HASH_WORDS];

    for (uint32_t i = 0; i < 50; i++) {
        scramble((unsigned char *)words, sizeof(words), i);
        ck_assert_uint_eq(kd_hash_words(SEED, words), kd_hash_bytes(SEED, words, sizeof(words)));
        ck_assert_uint_ne(kd_hash_words(SEED + 1, words), kd_hash_words(SEED, words));
    }
}
END_TEST

START_TEST(rows_do_not_depend_on_the_stride)
{
    enum { ROWS = 9, ROW_BYTES = 52 };
    unsigned char packed[ROWS * ROW_BYTES], spread[ROWS * 100], upside_down[ROWS * ROW_BYTES];
    scramble(packed, sizeof(packed), 4);
    scramble(spread, sizeof(spread), 5);
    for (size_t y = 0; y < ROWS; y++) {
        memcpy(spread + y * 100, packed + y * ROW_BYTES, ROW_BYTES);
        memcpy(upside_down + (ROWS - 1 - y) * ROW_BYTES, packed + y * ROW_BYTES, ROW_BYTES);
    }
    uint64_t key = kd_hash_rows(SEED, packed, ROW_BYTES, ROW_BYTES, ROWS);
    ck_assert_uint_eq(key, kd_hash_rows(SEED, spread, 100, ROW_BYTES, ROWS));
    ck_assert_uint_eq(
        key, kd_hash_rows(SEED, upside_down + (ROWS - 1) * ROW_BYTES, -ROW_BYTES, ROW_BYTES, ROWS));
    ck_assert_uint_ne(key, kd_hash_rows(SEED, upside_down, ROW_BYTES, ROW_BYTES, ROWS));
    ck_assert_uint_ne(key, kd_hash_rows(SEED + 1, packed, ROW_BYTES, ROW_BYTES, ROWS));
    spread[3 * 100 + ROW_BYTES - 1] ^= 1; /* the last byte of a row */
    ck_assert_uint_ne(key, kd_hash_rows(SEED, spread, 100, ROW_BYTES, ROWS));
}
END_TEST

/* Rows must be hashed with the seed: what is equal under one key could be found and sent, else. */
START_TEST(every_row_is_keyed)
{
    unsigned char rows[2 * 40];
    scramble(rows, sizeof(rows), 6);
    uint64_t key = kd_hash_mix(kd_hash_mix(SEED, 40), 2);
    key = kd_hash_mix(key, kd_hash_bytes(SEED, rows, 40));
    key = kd_hash_mix(key, kd_hash_bytes(SEED, rows + 40, 40));
    ck_assert_uint_eq(kd_hash_rows(SEED, rows, 40, 40, 2), key);
}
END_TEST

/* The same zeros as rectangles of other shapes are other pictures. */
START_TEST(shape_matters)
{
    unsigned char zeros[64] = {0};
    uint64_t keys[16];
    size_t n = 0;
    for (size_t rows = 1; rows <= 64; rows *= 2) {
        keys[n++] = kd_hash_rows(SEED, zeros, (ptrdiff_t)(64 / rows), 64 / rows, rows);
    }
    keys[n++] = kd_hash_rows(SEED, zeros, 0, 0, 0);
    keys[n++] = kd_hash_rows(SEED, zeros, 0, 0, 1);
    keys[n++] = kd_hash_rows(SEED, zeros, 4, 4, 0);
    assert_all_different(keys, n);
}
END_TEST

START_TEST(mix_depends_on_order_and_all_values)
{
    uint64_t keys[600];
    size_t n = 0;
    keys[n++] = SEED;
    for (uint64_t a = 0; a < 17; a++) {
        keys[n++] = kd_hash_mix(SEED, a);
        for (uint64_t b = 0; b < 17; b++) {
            keys[n++] = kd_hash_mix(kd_hash_mix(SEED, a), b);
        }
    }
    keys[n++] = kd_hash_mix(kd_hash_mix(kd_hash_mix(SEED, 7), 7), 7);
    keys[n++] = kd_hash_mix(0, 0);
    keys[n++] = 0;
    assert_all_different(keys, n);
}
END_TEST

/* One flipped bit of key or value flips about half of the result's bits, whichever it is. */
START_TEST(mix_spreads_every_bit)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        int by_value = 0, by_key = 0;
        uint64_t key = SEED;
        for (unsigned i = 0; i < 256; i++) {
            key = kd_hash_mix(key, i);
            uint64_t flipped = UINT64_C(1) << bit;
            by_value += distance(kd_hash_mix(key, i), kd_hash_mix(key, i ^ flipped));
            by_key += distance(kd_hash_mix(key, i), kd_hash_mix(key ^ flipped, i));
        }
        ck_assert_int_ge(by_value, 30 * 256);
        ck_assert_int_le(by_value, 34 * 256);
        ck_assert_int_ge(by_key, 30 * 256);
        ck_assert_int_le(by_key, 34 * 256);
    }
}
END_TEST

Suite *hash_suite(void)
{
    Suite *suite = suite_create("hash");
    TCase *bytes = tcase_create("bytes");
    tcase_add_test(bytes, same_bytes_same_hash);
    tcase_add_test(bytes, other_bytes_other_hash);
    tcase_add_test(bytes, reads_no_byte_beside);
    tcase_add_test(bytes, words_are_bytes);
    tcase_add_test(bytes, rows_do_not_depend_on_the_stride);
    tcase_add_test(bytes, every_row_is_keyed);
    tcase_add_test(bytes, shape_matters);
    suite_add_tcase(suite, bytes);
    TCase *mix = tcase_create("mix");
    tcase_add_test(mix, mix_depends_on_order_and_all_values);
    tcase_add_test(mix, mix_spreads_every_bit);
    suite_add_tcase(suite, mix);
    return suite;
}

#include "base/arena.h"
#include "pixel_test.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

#define MOST 500

struct piece {
    unsigned char *at;
    size_t bytes;
};

static size_t blocks(const struct kd_arena *arena)
{
    size_t count = 0;

    for (struct kd_arena_block *block = arena->first; block;
         block = *(struct kd_arena_block **)block)
        count++;
    return count;
}

/* Pieces are aligned, large enough, and none lies in another: each keeps what was written to it. */
static void fill_and_check(struct kd_arena *arena)
{
    static struct piece pieces[MOST];

    for (unsigned i = 0; i < MOST; i++) {
        size_t count = random_u32() % 40, size = random_u32() % (i % 50 ? 100 : 8000);

        pieces[i] = (struct piece){kd_arena_alloc(arena, count, size), count * size};
        ck_assert_ptr_nonnull(pieces[i].at);
        ck_assert_uint_eq((uintptr_t)pieces[i].at % 64, 0);
        memset(pieces[i].at, (int)(i & 255), pieces[i].bytes);
    }
    for (unsigned i = 0; i < MOST; i++)
        for (size_t at = 0; at < pieces[i].bytes; at++)
            EXPECT(pieces[i].at[at] == (i & 255));
}

START_TEST(pieces_are_apart_and_aligned)
{
    struct kd_arena arena = {0};

    for (int round = 0; round < 5; round++) {
        fill_and_check(&arena);
        kd_arena_reset(&arena);
    }
    kd_arena_finish(&arena);
    kd_arena_finish(&arena); /* an empty one again */
}
END_TEST

START_TEST(reset_keeps_the_memory)
{
    struct kd_arena arena = {0};
    void *first = kd_arena_alloc(&arena, 1, 100);
    size_t before;

    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(kd_arena_alloc(&arena, 1, 10000));
    before = blocks(&arena);
    ck_assert_uint_gt(before, 1);
    for (int round = 0; round < 3; round++) {
        kd_arena_reset(&arena);
        ck_assert_ptr_eq(kd_arena_alloc(&arena, 1, 100), first);
        for (int i = 0; i < 100; i++)
            ck_assert_ptr_nonnull(kd_arena_alloc(&arena, 1, 10000));
        ck_assert_uint_eq(blocks(&arena), before);
    }
    kd_arena_finish(&arena);
}
END_TEST

START_TEST(too_much_is_refused)
{
    struct kd_arena arena = {0};

    ck_assert_ptr_null(kd_arena_alloc(&arena, SIZE_MAX, 2));
    ck_assert_ptr_null(kd_arena_alloc(&arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(kd_arena_alloc(&arena, SIZE_MAX, 1));
    ck_assert_ptr_null(kd_arena_alloc(&arena, (SIZE_MAX >> 1) + 1, 2)); /* wraps to 0 */
    ck_assert_ptr_nonnull(kd_arena_alloc(&arena, 0, 0));
    ck_assert_ptr_nonnull(kd_arena_alloc(&arena, 0, SIZE_MAX));
    ck_assert_ptr_nonnull(kd_arena_alloc(&arena, 1, 1));
    kd_arena_finish(&arena);
}
END_TEST

START_TEST(passing_on_keeps_memory_of_the_usual_size)
{
    struct kd_arena one = {0}, other = {0};
    void *first = kd_arena_alloc(&one, 1000, 1);

    kd_arena_pass(&other, &one);
    ck_assert_ptr_null(one.first);
    ck_assert_ptr_eq(kd_arena_alloc(&other, 1000, 1), first);
    ck_assert_ptr_nonnull(kd_arena_alloc(&other, 3 << 20, 1));
    kd_arena_pass(&one, &other);
    ck_assert_ptr_null(one.first);
    ck_assert_ptr_null(other.first);
    kd_arena_pass(&one, &other); /* nothing */
    ck_assert_ptr_null(one.first);
}
END_TEST

Suite *arena_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *arena = tcase_create("arena");

    tcase_add_test(arena, passing_on_keeps_memory_of_the_usual_size);
    tcase_add_test(arena, pieces_are_apart_and_aligned);
    tcase_add_test(arena, reset_keeps_the_memory);
    tcase_add_test(arena, too_much_is_refused);
    suite_add_tcase(suite, arena);
    return suite;
}

/*
 * Every table of kernels that this machine can make against the reference, with rows of all small lengths that end or
 * begin at a guard page.
 */
#include "pix/pix.h"
#include "pixel_test.h"

#include <check.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MOST_PX 70

static const enum kd_source_kind kinds[] = {KD_SOURCE_STRAIGHT, KD_SOURCE_PREMULTIPLIED,
                                            KD_SOURCE_OPAQUE};

struct fence {
    unsigned char *map; /* guard page, page, guard page */
    size_t page_bytes;
};

static struct fence fence_make(void)
{
    struct fence fence = {.page_bytes = (size_t)sysconf(_SC_PAGESIZE)};
    fence.map = mmap(NULL, 3 * fence.page_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(fence.map, MAP_FAILED);
    ck_assert_int_eq(
        mprotect(fence.map + fence.page_bytes, fence.page_bytes, PROT_READ | PROT_WRITE), 0);
    return fence;
}

static void fence_protect(const struct fence *fence, int protection)
{
    ck_assert_int_eq(mprotect(fence->map + fence->page_bytes, fence->page_bytes, protection), 0);
}

static void fence_free(struct fence *fence)
{
    munmap(fence->map, 3 * fence->page_bytes);
}

/* Room for count_px pixels that ends, or begins, at a guard page. */
static uint32_t *fence_row(const struct fence *fence, size_t count_px, bool at_end)
{
    unsigned char *page = fence->map + fence->page_bytes;
    return (uint32_t *)(void *)(at_end ? page + fence->page_bytes - 4 * count_px : page);
}

static struct fence fence_dst, fence_src;
static uint32_t want_row[MOST_PX];

static void fences_make(void)
{
    fence_dst = fence_make();
    fence_src = fence_make();
}

static void fences_free(void)
{
    fence_free(&fence_dst);
    fence_free(&fence_src);
}

/* The source's pixels, which no kernel can write to. */
static const uint32_t *source_prepare(size_t count_px, bool at_end)
{
    uint32_t *src = fence_row(&fence_src, count_px, at_end);
    fence_protect(&fence_src, PROT_READ | PROT_WRITE);
    for (size_t i = 0; i < count_px; i++) {
        src[i] = random_pixel();
    }
    fence_protect(&fence_src, PROT_READ);
    return src;
}

/* On the side without a guard page, so many pixels beside the row must stay as they are. */
#define BESIDE_PX 64
#define CANARY    0x5A5A5A5Au

/* The target, the same in want_row. */
static uint32_t *target_prepare(size_t count_px, bool at_end)
{
    uint32_t *dst = fence_row(&fence_dst, count_px, at_end);
    uint32_t *beside = at_end ? dst - BESIDE_PX : dst + count_px;
    for (size_t i = 0; i < BESIDE_PX; i++) {
        beside[i] = CANARY;
    }
    for (size_t i = 0; i < count_px; i++) {
        want_row[i] = dst[i] = random_pixel();
    }
    return dst;
}

static void target_check(const char *what, unsigned blend, size_t count_px, bool at_end)
{
    const uint32_t *dst = fence_row(&fence_dst, count_px, at_end);
    const uint32_t *beside = at_end ? dst - BESIDE_PX : dst + count_px;
    for (size_t i = 0; i < count_px; i++) {
        if (dst[i] != want_row[i]) {
            ck_abort_msg("%s blend %u, pixel %zu of %zu: %08x, not %08x", what, blend, i, count_px,
                         dst[i], want_row[i]);
        }
    }
    for (size_t i = 0; i < BESIDE_PX; i++) {
        if (beside[i] != CANARY) {
            ck_abort_msg("%s blend %u: wrote beside %zu pixels", what, blend, count_px);
        }
    }
}

static void compare_blends(const struct kd_pix *pix, size_t count_px, bool at_end)
{
    const struct kd_pix *ref = kd_pix_reference();
    const uint32_t *src = source_prepare(count_px, at_end);
    uint32_t *dst;
    for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
        for (unsigned blend = 0; blend < KD_PIX_BLENDS; blend++) {
            for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
                dst = target_prepare(count_px, at_end);
                ref->blit[t][k][blend](want_row, src, count_px);
                pix->blit[t][k][blend](dst, src, count_px);
                target_check("blit", blend, count_px, at_end);
            }
            uint32_t color = random_pixel();
            dst = target_prepare(count_px, at_end);
            ref->fill[t][blend](want_row, count_px, color);
            pix->fill[t][blend](dst, count_px, color);
            target_check("fill", blend, count_px, at_end);
        }
    }
}

static void compare_others(const struct kd_pix *pix, size_t count_px, bool at_end)
{
    const struct kd_pix *ref = kd_pix_reference();
    const uint32_t *src = source_prepare(count_px, at_end);
    uint32_t *dst;
    for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
        uint32_t tint = random_pixel();
        uint8_t alpha = (uint8_t)(random_pixel() >> 24);
        dst = target_prepare(count_px, at_end);
        ref->modulate(want_row, src, count_px, kinds[k], tint, alpha);
        pix->modulate(dst, src, count_px, kinds[k], tint, alpha);
        target_check("modulate", k, count_px, at_end);
    }
    dst = target_prepare(count_px, at_end);
    ref->reverse(want_row, src, count_px);
    pix->reverse(dst, src, count_px);
    target_check("reverse", 0, count_px, at_end);
    if (count_px == 0) {
        return;
    }
    uint32_t shown_px = (uint32_t)count_px + random_u32() % 100;
    int64_t first = random_u32() % (shown_px - count_px + 1);
    dst = target_prepare(count_px, at_end);
    ref->scale_nearest(want_row, src, count_px, first, 0, (uint32_t)count_px, shown_px);
    pix->scale_nearest(dst, src, count_px, first, 0, (uint32_t)count_px, shown_px);
    target_check("scale_nearest", 0, count_px, at_end);
}

/* The reference against itself finds accesses beside the rows; others, wrong pixels as well. */
START_TEST(tables_equal_the_reference)
{
    static const unsigned sets[] = {0, KD_PIX_CPU_SSE2, KD_PIX_CPU_AVX2, KD_PIX_CPU_NEON, ~0u};
    if ((sets[_i] & kd_pix_cpu_detect()) == 0 && sets[_i] != 0) {
        return; /* this machine has not got it */
    }
    struct kd_pix pix;
    kd_pix_make(&pix, sets[_i] & kd_pix_cpu_detect());
    for (size_t count_px = 0; count_px <= MOST_PX; count_px++) {
        for (int at_end = 0; at_end < 2; at_end++) {
            compare_blends(&pix, count_px, at_end);
            compare_others(&pix, count_px, at_end);
        }
    }
}
END_TEST

/* ---- The choice of a table ---- */

START_TEST(tables_are_complete)
{
    const struct kd_pix *tables[] = {kd_pix_reference(), kd_pix_get()};
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_ptr_nonnull(tables[i]->name);
        EXPECT(tables[i]->modulate && tables[i]->reverse && tables[i]->scale_nearest);
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            for (unsigned blend = 0; blend < KD_PIX_BLENDS; blend++) {
                EXPECT(tables[i]->fill[t][blend] != NULL);
                for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
                    EXPECT(tables[i]->blit[t][k][blend] != NULL);
                }
            }
        }
    }
    ck_assert_ptr_eq(kd_pix_get(), kd_pix_get());
    ck_assert_str_eq(kd_pix_reference()->name, "ref");
}
END_TEST

START_TEST(mask_is_parsed)
{
    const unsigned all = KD_PIX_CPU_SSE2 | KD_PIX_CPU_AVX2 | KD_PIX_CPU_NEON;
    const struct {
        const char *text;
        unsigned cpu;
        bool unknown;
    } cases[] = {
        {NULL, all, false},
        {"", all, false},
        {"ref", 0, false},
        {"sse2", KD_PIX_CPU_SSE2, false},
        {"sse2,avx2", KD_PIX_CPU_SSE2 | KD_PIX_CPU_AVX2, false},
        {"neon,ref", KD_PIX_CPU_NEON, false},
        {"sse", 0, true},
        {"sse22", 0, true},
        {"avx2,mmx", KD_PIX_CPU_AVX2, true},
        {",", 0, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool unknown = !cases[i].unknown;
        EXPECT_PIXEL(kd_pix_cpu_parse(cases[i].text, &unknown), cases[i].cpu);
        ck_assert_int_eq(unknown, cases[i].unknown);
    }
}
END_TEST

Suite *pix_tables_suite(void)
{
    Suite *suite = suite_create("pix_tables");
    TCase *tables = tcase_create("tables");
    tcase_set_timeout(tables, 0);
    tcase_add_checked_fixture(tables, fences_make, fences_free);
    tcase_add_loop_test(tables, tables_equal_the_reference, 0, 5);
    tcase_add_test(tables, tables_are_complete);
    tcase_add_test(tables, mask_is_parsed);
    suite_add_tcase(suite, tables);
    return suite;
}

/*
 * Every table of kernels that this machine can make against the reference, with rows of all small lengths that end or
 * begin at a guard page.
 */
#include "base/geom.h"
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
static _Alignas(uint64_t) uint32_t want_row[2 * MOST_PX];

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

/* Of one sort: nothing, transparent, opaque, anything. */
static uint32_t pixel_of(unsigned sort)
{
    switch (sort) {
    case 0: return 0;
    case 1: return random_pixel() & 0x00FFFFFF;
    case 2: return random_pixel() | 0xFF000000;
    default: return random_pixel();
    }
}

/* The source's pixels, which no kernel can write to. Runs of one sort, as in pictures, among which kernels may take
 * shorter ways. */
static const uint32_t *source_prepare(size_t count_px, bool at_end)
{
    uint32_t *src = fence_row(&fence_src, count_px, at_end);
    unsigned most = random_u32() % 30 + 1, sort = 0;
    fence_protect(&fence_src, PROT_READ | PROT_WRITE);
    for (size_t i = 0, run = 0; i < count_px; i++, run--) {
        if (run == 0) {
            run = random_u32() % most + 1;
            sort = random_u32() % 4;
        }
        src[i] = pixel_of(sort);
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

/* ---- Columns ---- */

#define COLUMNS_MOST 3
#define COLUMNS_PX   1024 /* a page */

/* Rows of which all pixels are opaque, and whether they are drawn, for each column. */
static void columns_prepare(struct kd_pix_column *list, const struct kd_pix_columns *columns,
                            size_t rows, const uint32_t *src, size_t stride_px, bool all_opaque)
{
    for (uint32_t c = 0; c < columns->count; c++) {
        bool whole = (c > 0 || columns->first_px == 0) &&
                     (c < columns->count - 1 || columns->end_px == KD_PIX_COLUMN_PX);
        uint64_t wanted =
            random_u32() % 3 ? UINT64_MAX : (uint64_t)random_u32() << 32 | random_u32();
        list[c] = (struct kd_pix_column){0, 0};
        for (size_t y = 0; y < rows; y++) {
            bool opaque = true;
            for (size_t x = 0; x < KD_PIX_COLUMN_PX; x++) {
                opaque = opaque && src[y * stride_px + c * KD_PIX_COLUMN_PX + x] >> 24 == 255;
            }
            uint64_t bit = (uint64_t)1 << y & wanted;
            list[c].copy |= whole && (opaque || all_opaque) ? bit : 0;
        }
        list[c].blend = wanted & ~list[c].copy & UINT64_MAX >> (64 - rows);
    }
}

/* Both draw a piece of at most a page that begins or ends at a guard page; nothing beside the piece may differ. */
static void compare_columns(const struct kd_pix *pix, bool at_end)
{
    static uint32_t want[COLUMNS_PX];
    const struct kd_pix *ref = kd_pix_reference();
    struct kd_pix_column list[COLUMNS_MOST];
    uint32_t count = random_u32() % COLUMNS_MOST + 1, color = random_pixel();
    size_t stride_px = (count + random_u32() % 2) * KD_PIX_COLUMN_PX + random_u32() % 3;
    size_t rows = random_u32() % (kd_min(COLUMNS_PX / (int32_t)stride_px, 64)) + 1;
    size_t all_px = stride_px * (rows - 1) + count * KD_PIX_COLUMN_PX;
    const uint32_t *src = source_prepare(all_px, at_end);
    uint32_t *page = fence_row(&fence_dst, COLUMNS_PX, false);
    uint32_t *dst = fence_row(&fence_dst, all_px, at_end);
    struct kd_pix_columns columns = {
        .dst_stride_px = stride_px, .list = list, .count = count, .first_px = random_u32() % 8};
    columns.end_px = count > 1 ? random_u32() % 8 + 1
                               : columns.first_px + random_u32() % (8 - columns.first_px) + 1;
    if (random_u32() % 2) {
        columns.first_px = 0;
        columns.end_px = KD_PIX_COLUMN_PX;
    }
    for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
        for (unsigned k = 0; k <= KD_SOURCE_KINDS; k++) { /* the last one: a fill */
            bool fills = k == KD_SOURCE_KINDS;
            columns_prepare(list, &columns, rows, src, stride_px,
                            k == KD_SOURCE_OPAQUE || (fills && color >> 24 == 255));
            for (uint32_t c = 0; fills && color >> 24 != 255 && c < count; c++) {
                list[c].blend |= list[c].copy;
                list[c].copy = 0;
            }
            for (size_t i = 0; i < COLUMNS_PX; i++) {
                want[i] = page[i] = random_pixel() | (t == KD_TARGET_OPAQUE ? 0xFF000000 : 0);
            }
            columns.dst = want + (dst - page);
            if (fills) {
                ref->fill_columns[t](&columns, color);
            } else {
                ref->blit_columns[t][k](&columns, src, stride_px);
            }
            columns.dst = dst;
            if (fills) {
                pix->fill_columns[t](&columns, color);
            } else {
                pix->blit_columns[t][k](&columns, src, stride_px);
            }
            for (size_t i = 0; i < COLUMNS_PX; i++) {
                if (page[i] != want[i]) {
                    ck_abort_msg("columns to %u from %u, pixel %zu of a page: %08x, not %08x", t, k,
                                 i, page[i], want[i]);
                }
            }
        }
    }
}

/* One colour is blended by arithmetic of its own: all alphas by all channels of the target. */
static void compare_fill_everything(const struct kd_pix *pix)
{
    uint32_t got[256], want[256];
    for (uint32_t a = 0; a < 256; a++) {
        uint32_t color = a << 24 | (random_pixel() & 0xFFFFFF);
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            for (uint32_t i = 0; i < 256; i++) {
                want[i] = got[i] = i * 0x01010101u;
            }
            kd_pix_reference()->fill[t][KB_BLEND_OVER](want, 256, color);
            pix->fill[t][KB_BLEND_OVER](got, 256, color);
            ck_assert_mem_eq(got, want, sizeof(got));
        }
    }
}

/* The reference's columns against its rows. */
static void compare_columns_with_rows(const struct kd_pix *pix)
{
    uint32_t src[16 * 64], got[16 * 64], want[16 * 64], color = random_pixel();
    struct kd_pix_column list[2] = {{0, random_u32()}, {0, (uint64_t)random_u32() << 31}};
    struct kd_pix_columns columns = {got, 16, list, 2, 3, 6};
    for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
        for (unsigned k = 0; k <= KD_SOURCE_KINDS; k++) {
            for (size_t i = 0; i < 16 * 64; i++) {
                src[i] = random_pixel();
                want[i] = got[i] = random_pixel() | (t == KD_TARGET_OPAQUE ? 0xFF000000 : 0);
            }
            for (size_t y = 0; y < 64; y++) {
                for (size_t x = 3; x < 8 + 6; x++) {
                    size_t i = 16 * y + x;
                    if (!(list[x / 8].blend >> y & 1)) {
                        continue;
                    }
                    if (k == KD_SOURCE_KINDS) {
                        pix->fill[t][KB_BLEND_OVER](want + i, 1, color);
                    } else {
                        pix->blit[t][k][KB_BLEND_OVER](want + i, src + i, 1);
                    }
                }
            }
            if (k == KD_SOURCE_KINDS) {
                pix->fill_columns[t](&columns, color);
            } else {
                pix->blit_columns[t][k](&columns, src, 16);
            }
            ck_assert_mem_eq(got, want, sizeof(got));
        }
    }
}

/* Rows of 64 bits are compared as twice as many of 32. */
static void compare_scaling(const struct kd_pix *pix, size_t count_px, bool at_end)
{
    const struct kd_pix *ref = kd_pix_reference();
    static uint64_t rows[2][MOST_PX];
    static uint16_t right[MOST_PX];
    const uint32_t *pairs = source_prepare(2 * count_px, at_end);
    for (size_t i = 0; i < count_px; i++) {
        uint32_t value = random_u32();
        right[i] = (uint16_t)(value & 1024 ? value % 257 : value & 512 ? 256 : 0);
    }
    uint32_t *dst = target_prepare(2 * count_px, at_end);
    ref->bilinear_across((uint64_t *)(void *)want_row, pairs, right, count_px);
    pix->bilinear_across((uint64_t *)(void *)dst, pairs, right, count_px);
    target_check("bilinear_across", 0, 2 * count_px, at_end);

    for (size_t i = 0; i < 2 * count_px; i++) { /* at most 255 * 256 a channel */
        uint64_t sums = 0;
        for (unsigned shift = 0; shift < 64; shift += 16) {
            uint32_t value = random_u32();
            sums |= (uint64_t)(value & 4096 ? value % 65281 : value & 8192 ? 65280 : 0) << shift;
        }
        rows[i / count_px][i % count_px] = sums;
    }
    uint32_t lower = random_u32() % 257;
    dst = target_prepare(count_px, at_end);
    ref->bilinear_down(want_row, rows[0], rows[1], count_px, lower);
    pix->bilinear_down(dst, rows[0], rows[1], count_px, lower);
    target_check("bilinear_down", lower, count_px, at_end);
}

/* Any place below a limit, at times at its edges; 16.16. */
static int64_t place_in(int32_t low, int32_t high)
{
    int64_t span = (int64_t)(high - low) * 65536;
    switch (random_u32() % 4) {
    case 0: return (int64_t)low * 65536 + random_u32() % 40000;
    case 1: return (int64_t)high * 65536 - 1 - random_u32() % 40000;
    default: return (int64_t)low * 65536 + random_u32() % span;
    }
}

/* A picture of at most a page, walked from one place in a box to another. */
static void compare_walks(const struct kd_pix *pix, size_t count_px, bool at_end)
{
    const struct kd_pix *ref = kd_pix_reference();
    int32_t width = (int32_t)(random_u32() % 20 + 1), height = (int32_t)(random_u32() % 20 + 1);
    struct kd_pix_walk walk = {.stride_px = width + (int32_t)(random_u32() % 5),
                               .kind = kinds[random_u32() % KD_SOURCE_KINDS]};
    /* its last row needs no rest of the stride */
    walk.pixels = source_prepare((size_t)(walk.stride_px * (height - 1) + width), at_end);
    walk.x1 = (int32_t)(random_u32() % (uint32_t)width) * (int32_t)(random_u32() % 2);
    walk.y1 = (int32_t)(random_u32() % (uint32_t)height) * (int32_t)(random_u32() % 2);
    walk.x2 = walk.x1 + 1 + (int32_t)(random_u32() % (uint32_t)(width - walk.x1));
    walk.y2 = walk.y1 + 1 + (int32_t)(random_u32() % (uint32_t)(height - walk.y1));
    walk.u = place_in(walk.x1, walk.x2);
    walk.v = place_in(walk.y1, walk.y2);
    int64_t steps = count_px > 1 ? (int64_t)count_px - 1 : 1;
    walk.du = (place_in(walk.x1, walk.x2) - walk.u) / steps;
    walk.dv = (place_in(walk.y1, walk.y2) - walk.v) / steps;

    uint32_t *dst = target_prepare(count_px, at_end);
    ref->walk_nearest(want_row, &walk, count_px);
    pix->walk_nearest(dst, &walk, count_px);
    target_check("walk_nearest", walk.kind, count_px, at_end);
    dst = target_prepare(count_px, at_end);
    ref->walk_bilinear(want_row, &walk, count_px);
    pix->walk_bilinear(dst, &walk, count_px);
    target_check("walk_bilinear", walk.kind, count_px, at_end);
}

/* Rows of 16 bits end or begin in the middle of 32. */
static void compare_narrow(const struct kd_pix *pix, size_t count_px, bool at_end)
{
    const uint32_t *src = source_prepare(count_px, at_end);
    size_t words = (count_px + 1) / 2, odd = count_px % 2;
    uint32_t *dst = target_prepare(words, at_end);
    size_t skipped = at_end ? odd : 0;
    kd_pix_reference()->narrow_565((uint16_t *)(void *)want_row + skipped, src, count_px);
    pix->narrow_565((uint16_t *)(void *)dst + skipped, src, count_px);
    target_check("narrow_565", 0, words, at_end);
}

static const unsigned sets[] = {0, KD_PIX_CPU_SSE2, KD_PIX_CPU_AVX2, KD_PIX_CPU_NEON, ~0u};

/* The reference against itself finds accesses beside the rows; others, wrong pixels as well. */
START_TEST(tables_equal_the_reference)
{
    if ((sets[_i] & kd_pix_cpu_detect()) == 0 && sets[_i] != 0) {
        return; /* this machine has not got it */
    }
    struct kd_pix pix;
    kd_pix_make(&pix, sets[_i] & kd_pix_cpu_detect());
    for (size_t count_px = 0; count_px <= MOST_PX; count_px++) {
        for (int at_end = 0; at_end < 2; at_end++) {
            compare_blends(&pix, count_px, at_end);
            compare_others(&pix, count_px, at_end);
            compare_scaling(&pix, count_px, at_end);
            compare_narrow(&pix, count_px, at_end);
            for (int n = 0; n < 20; n++) {
                compare_walks(&pix, count_px, at_end);
                compare_columns(&pix, at_end);
            }
            compare_columns_with_rows(&pix);
        }
    }
}
END_TEST

/* All pairs of bytes wherever two bytes are multiplied, and all that are narrowed. */
START_TEST(tables_equal_for_all_bytes)
{
    if ((sets[_i] & kd_pix_cpu_detect()) == 0) {
        return; /* the reference's own test is in test_pix.c, or this machine has not got it */
    }
    const struct kd_pix *ref = kd_pix_reference();
    struct kd_pix pix;
    static uint32_t src[256], want[256], got[256];
    static uint16_t want_565[256], got_565[256];
    kd_pix_make(&pix, sets[_i] & kd_pix_cpu_detect());
    compare_fill_everything(&pix);
    for (uint32_t a = 0; a < 256; a++) {
        for (uint32_t b = 0; b < 256; b++) {
            src[b] = a << 24 | b << 16 | (255 - b) << 8 | (b ^ 0x5A);
        }
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            for (unsigned blend = 0; blend < KD_PIX_BLENDS; blend++) {
                for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
                    for (uint32_t b = 0; b < 256; b++) {
                        want[b] = got[b] = b << 24 | a << 16 | b << 8 | (a ^ b);
                    }
                    ref->blit[t][k][blend](want, src, 256);
                    pix.blit[t][k][blend](got, src, 256);
                    ck_assert_mem_eq(got, want, sizeof(got));
                }
            }
        }
        for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
            ref->modulate(want, src, 256, kinds[k], a * 0x010101, (uint8_t)(255 - a));
            pix.modulate(got, src, 256, kinds[k], a * 0x010101, (uint8_t)(255 - a));
            ck_assert_mem_eq(got, want, sizeof(got));
        }
        ref->narrow_565(want_565, src, 256);
        pix.narrow_565(got_565, src, 256);
        ck_assert_mem_eq(got_565, want_565, sizeof(got_565));
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
        EXPECT(tables[i]->bilinear_across && tables[i]->bilinear_down && tables[i]->narrow_565);
        EXPECT(tables[i]->walk_nearest && tables[i]->walk_bilinear);
        for (unsigned t = 0; t < KD_TARGET_KINDS; t++) {
            EXPECT(tables[i]->fill_columns[t] != NULL);
            for (unsigned k = 0; k < KD_SOURCE_KINDS; k++) {
                EXPECT(tables[i]->blit_columns[t][k] != NULL);
            }
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

/* What is allowed and there is taken, the fastest of it. */
START_TEST(tables_have_their_names)
{
    static const struct {
        unsigned cpu;
        const char *name;
    } cases[] = {
        {0, "ref"},
#if defined(__x86_64__) || defined(__i386__)
        {KD_PIX_CPU_SSE2, "sse2"},
        {KD_PIX_CPU_AVX2, "avx2"},
        {KD_PIX_CPU_SSE2 | KD_PIX_CPU_AVX2, "avx2"},
        {KD_PIX_CPU_NEON, "ref"}
#endif
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kd_pix pix;
        kd_pix_make(&pix, cases[i].cpu);
        ck_assert_str_eq(pix.name, cases[i].name);
    }
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
    tcase_add_loop_test(tables, tables_equal_for_all_bytes, 0, 5);
    tcase_add_test(tables, tables_are_complete);
    tcase_add_test(tables, tables_have_their_names);
    tcase_add_test(tables, mask_is_parsed);
    suite_add_tcase(suite, tables);
    return suite;
}

/* For tests of kernels: pixels, the same in every run, and checks that cost nothing. */
#ifndef PIXEL_TEST_H
#define PIXEL_TEST_H

#include <check.h>
#include <stdint.h>

/* For checks that are made a million times: Check's own write a message to its parent each time. */
#define EXPECT(condition)                             \
    do {                                              \
        if (!(condition)) {                           \
            ck_abort_msg("not true: %s", #condition); \
        }                                             \
    } while (0)

#define EXPECT_PIXEL(got, want)                                      \
    do {                                                             \
        uint32_t got_ = (got), want_ = (want);                       \
        if (got_ != want_) {                                         \
            ck_abort_msg("%s is %08x, not %08x", #got, got_, want_); \
        }                                                            \
    } while (0)

static uint64_t random_state = 0x243F6A8885A308D3u;

static inline uint32_t random_u32(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 32);
}

/* Random pixels among which the interesting values are common. */
static inline uint32_t random_pixel(void)
{
    static const uint32_t edges[] = {0x00000000, 0xFFFFFFFF, 0xFF000000, 0x00FFFFFF,
                                     0x01FFFFFF, 0xFE010101, 0x80808080, 0x7F7F7F7F};
    uint32_t pixel = random_u32();
    switch (random_u32() % 4) {
    case 0: return edges[pixel % 8];
    case 1: return pixel | 0xFF000000;
    default: return pixel;
    }
}

#endif

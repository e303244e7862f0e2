#include "compare.h"

#include <string.h>

#define COLOR_MASK 0x00FFFFFFu

/* Up to a tile's width. */
static int differs_scalar(const uint8_t *now, const uint8_t *before, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += 4) {
        uint32_t a, b;
        memcpy(&a, now + i, 4);
        memcpy(&b, before + i, 4);
        if ((a ^ b) & COLOR_MASK)
            return 1;
    }
    return 0;
}

void sdl2_compare_row_scalar(const uint8_t *now, const uint8_t *before, size_t bytes,
                             uint8_t *changed)
{
    for (size_t x = 0; x < bytes; x += SDL2_TILE_BYTES, changed++) {
        size_t left = bytes - x;
        if (!*changed &&
            differs_scalar(now + x, before + x, left < SDL2_TILE_BYTES ? left : SDL2_TILE_BYTES))
            *changed = 1;
    }
}

/* Differences of a whole tile's row, gathered before the one question whether there are any. */
#if defined(__SSE2__)
#include <emmintrin.h>

static inline int differs(const uint8_t *now, const uint8_t *before)
{
    __m128i any = _mm_setzero_si128();
    for (int i = 0; i < SDL2_TILE_BYTES; i += 16)
        any = _mm_or_si128(any, _mm_xor_si128(_mm_loadu_si128((const void *)(now + i)),
                                              _mm_loadu_si128((const void *)(before + i))));
    any = _mm_and_si128(any, _mm_set1_epi32((int)COLOR_MASK));
    return _mm_movemask_epi8(_mm_cmpeq_epi32(any, _mm_setzero_si128())) != 0xFFFF;
}
#elif defined(__ARM_NEON)
#include <arm_neon.h>

static inline int differs(const uint8_t *now, const uint8_t *before)
{
    uint8x16_t any = vdupq_n_u8(0);
    for (int i = 0; i < SDL2_TILE_BYTES; i += 16)
        any = vorrq_u8(any, veorq_u8(vld1q_u8(now + i), vld1q_u8(before + i)));
    uint64x2_t colors =
        vreinterpretq_u64_u32(vandq_u32(vreinterpretq_u32_u8(any), vdupq_n_u32(COLOR_MASK)));
    return (vgetq_lane_u64(colors, 0) | vgetq_lane_u64(colors, 1)) != 0;
}
#else
static inline int differs(const uint8_t *now, const uint8_t *before)
{
    return differs_scalar(now, before, SDL2_TILE_BYTES);
}
#endif

void sdl2_compare_row_fast(const uint8_t *now, const uint8_t *before, size_t bytes,
                           uint8_t *changed)
{
    size_t x = 0;
    for (; x + SDL2_TILE_BYTES <= bytes; x += SDL2_TILE_BYTES, changed++) {
        if (!*changed && differs(now + x, before + x))
            *changed = 1;
    }
    if (x < bytes && !*changed && differs_scalar(now + x, before + x, bytes - x))
        *changed = 1;
}

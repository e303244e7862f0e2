/*
 * The operations of pix_vec.h for AVX2: eight pixels as they lie in memory.
 */
#ifndef KD_PIX_PIX_VEC_AVX2_H
#define KD_PIX_PIX_VEC_AVX2_H

#define KV_PX     8
#define KI_PX     8
#define KV_FN     static __attribute__((target("avx2")))
#define KV_INLINE static inline __attribute__((always_inline, target("avx2")))

#include <immintrin.h>

#include "pix/pix_x86.h"

typedef __m256i kv;
typedef int32_t ki __attribute__((vector_size(32)));

KV_INLINE kv kv_load(const uint32_t *src)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)src);
}

KV_INLINE void kv_store(uint32_t *dst, kv v)
{
    _mm256_storeu_si256((__m256i *)(void *)dst, v);
}

/* -1 in the first n of eight. */
KV_INLINE kv kv_first(size_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

KV_INLINE kv kv_load_part(const uint32_t *src, size_t n)
{
    return _mm256_maskload_epi32((const int *)(const void *)src, kv_first(n));
}

KV_INLINE void kv_store_part(uint32_t *dst, kv v, size_t n)
{
    _mm256_maskstore_epi32((int *)(void *)dst, kv_first(n), v);
}

KV_INLINE kv kv_set(uint32_t pixel)
{
    return _mm256_set1_epi32((int)pixel);
}

KV_INLINE kv kv_or(kv a, kv b)
{
    return _mm256_or_si256(a, b);
}

KV_INLINE kv kv_select(kv mask, kv a, kv b)
{
    return _mm256_blendv_epi8(b, a, mask);
}

KV_INLINE kv kv_adds(kv a, kv b)
{
    return _mm256_adds_epu8(a, b);
}

KV_INLINE kv kv_subs(kv a, kv b)
{
    return _mm256_subs_epu8(a, b);
}

KV_INLINE kv kv_min(kv a, kv b)
{
    return _mm256_min_epu8(a, b);
}

KV_INLINE kv kv_max(kv a, kv b)
{
    return _mm256_max_epu8(a, b);
}

/* Within each half of 128 bits, its low and its high pixels. */
KV_INLINE kv kv_low(kv v)
{
    return _mm256_unpacklo_epi8(v, _mm256_setzero_si256());
}

KV_INLINE kv kv_high(kv v)
{
    return _mm256_unpackhi_epi8(v, _mm256_setzero_si256());
}

/* As div255_epu16(). */
KV_INLINE kv kv_div255(kv products)
{
    return _mm256_mulhi_epu16(_mm256_add_epi16(products, _mm256_set1_epi16(128)),
                              _mm256_set1_epi16(257));
}

KV_INLINE kv kv_mul(kv a, kv b)
{
    return _mm256_packus_epi16(kv_div255(_mm256_mullo_epi16(kv_low(a), kv_low(b))),
                               kv_div255(_mm256_mullo_epi16(kv_high(a), kv_high(b))));
}

/* The alphas of low (high) pixels in all channels of 16 bits. */
KV_INLINE kv kv_alpha_low(kv v)
{
    return _mm256_shuffle_epi8(v, _mm256_setr_epi8(3, -1, 3, -1, 3, -1, 3, -1, 7, -1, 7, -1, 7, -1,
                                                   7, -1, 3, -1, 3, -1, 3, -1, 3, -1, 7, -1, 7, -1,
                                                   7, -1, 7, -1));
}

KV_INLINE kv kv_alpha_high(kv v)
{
    return _mm256_shuffle_epi8(v, _mm256_setr_epi8(11, -1, 11, -1, 11, -1, 11, -1, 15, -1, 15, -1,
                                                   15, -1, 15, -1, 11, -1, 11, -1, 11, -1, 11, -1,
                                                   15, -1, 15, -1, 15, -1, 15, -1));
}

KV_INLINE kv kv_premultiply(kv s)
{
    kv full = kv_or(s, kv_set(0xFF000000));
    kv low = _mm256_mullo_epi16(kv_low(full), kv_alpha_low(s));
    kv high = _mm256_mullo_epi16(kv_high(full), kv_alpha_high(s));
    return _mm256_packus_epi16(kv_div255(low), kv_div255(high));
}

KV_INLINE kv kv_over(kv s, kv d)
{
    kv rest = _mm256_xor_si256(s, _mm256_set1_epi32(-1));
    kv low = _mm256_mullo_epi16(kv_low(d), kv_alpha_low(rest));
    kv high = _mm256_mullo_epi16(kv_high(d), kv_alpha_high(rest));
    return kv_adds(s, _mm256_packus_epi16(kv_div255(low), kv_div255(high)));
}

/* ---- One colour ---- */

#define KF_PX      KV_PX
#define kf_load    kv_load
#define kf_store   kv_store
#define kf_set     kv_set
#define KF_ALIGNED true
typedef kv kf;

/* One colour: twice a channel's product over 255 is the high half of 257 * channel times twice the rest of alpha, and a
 * mean rounds the sum of that and of twice the colour. For 24 rests one bit in a channel's lower half makes up for what 257 lacks. */
struct kf_color {
    kv bit, factor, color;
};

KV_INLINE struct kf_color kf_color_make(uint32_t color, enum kd_target_kind target)
{
    uint32_t rest = 255 - (color >> 24);
    int64_t factor = 2 * (int64_t)rest * 0x0001000100010001;
    int64_t twice = (int64_t)(color & 255) << 1 | (int64_t)(color >> 8 & 255) << 17 |
                    (int64_t)(color >> 16 & 255) << 33 | (int64_t)(color >> 24) << 49;
    if (target == KD_TARGET_OPAQUE) {
        factor &= INT64_C(0xFFFFFFFFFFFF);
        twice |= INT64_C(510) << 48;
    }
    return (struct kf_color){_mm256_set1_epi8((char)px_fixed_bit[rest]), _mm256_set1_epi64x(factor),
                             _mm256_set1_epi64x(twice)};
}

KV_INLINE kf kf_over(struct kf_color color, kf d)
{
    kv lower = kv_or(d, color.bit);
    kv low = _mm256_mulhi_epu16(_mm256_unpacklo_epi8(lower, d), color.factor);
    kv high = _mm256_mulhi_epu16(_mm256_unpackhi_epi8(lower, d), color.factor);
    return _mm256_packus_epi16(_mm256_avg_epu16(low, color.color),
                               _mm256_avg_epu16(high, color.color));
}

KV_INLINE bool kv_is_zero(kv v)
{
    return _mm256_testz_si256(v, v);
}

KV_INLINE bool kv_is_clear(kv v)
{
    return _mm256_testz_si256(v, kv_set(0xFF000000));
}

KV_INLINE bool kv_is_opaque(kv v)
{
    return _mm256_testc_si256(v, kv_set(0xFF000000));
}

KV_INLINE kv kv_reverse(kv v)
{
    return _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

/* Channels of 16 bits rounded to 5, 6, 5 bits: c * 31 and c * 63 over 255. */
KV_INLINE void kv_narrow_565(uint16_t *dst, kv v)
{
    kv most = _mm256_set1_epi64x(31 | INT64_C(63) << 16 | INT64_C(31) << 32);
    kv place = _mm256_set1_epi64x(1 | INT64_C(1) << 21 | INT64_C(1) << 43);
    kv low = _mm256_madd_epi16(kv_div255(_mm256_mullo_epi16(kv_low(v), most)), place);
    kv high = _mm256_madd_epi16(kv_div255(_mm256_mullo_epi16(kv_high(v), most)), place);
    /* 32 bits with blue and green, 32 bits with red for each pixel */
    kv both = _mm256_hadd_epi32(low, high);
    both = _mm256_permute4x64_epi64(_mm256_packus_epi32(both, both), _MM_SHUFFLE(3, 1, 2, 0));
    px4_store((uint32_t *)(void *)dst, _mm256_castsi256_si128(both));
}

/* ---- Bilinear filtering: as in pix_vec_sse2.h, where the arithmetic is explained ---- */

/* Two of 128 bits. */
KV_INLINE kv kv_join(__m128i low, __m128i high)
{
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

KV_INLINE void kv_across(uint64_t *out, const uint32_t *pairs, const uint16_t *right)
{
    kv left = _mm256_set_epi64x(0, -1, 0, -1);
    kv more = _mm256_set_epi64x(0, 0x0101010101010101, 0, 0x0101010101010101);
    for (int i = 0; i < KV_PX; i += 4) {
        kv sums[2];
        for (int n = 0; n < 2; n++) {
            const uint16_t *fractions = right + i + 2 * n;
            kv weights =
                kv_join(_mm_set1_epi16((short)fractions[0]), _mm_set1_epi16((short)fractions[1]));
            weights = _mm256_add_epi16(_mm256_xor_si256(weights, left), more);
            sums[n] = _mm256_mullo_epi16(_mm256_cvtepu8_epi16(px4_load(pairs + 2 * (i + 2 * n))),
                                         weights);
        }
        kv both = _mm256_add_epi16(_mm256_unpacklo_epi64(sums[0], sums[1]),
                                   _mm256_unpackhi_epi64(sums[0], sums[1]));
        both = _mm256_permute4x64_epi64(both, _MM_SHUFFLE(3, 1, 2, 0));
        _mm256_storeu_si256((__m256i *)(void *)(out + i), both);
    }
}

KV_INLINE kv kv_weigh(kv sums, kv weights)
{
    return _mm256_srli_epi32(
        _mm256_add_epi32(_mm256_madd_epi16(sums, weights), _mm256_set1_epi32(32768 * 256 + 32768)),
        16);
}

KV_INLINE kv kv_moved(kv v)
{
    return _mm256_xor_si256(v, _mm256_set1_epi16(-32768));
}

KV_INLINE void kv_down(uint32_t *dst, const uint64_t *above, const uint64_t *below, uint32_t lower)
{
    kv weights = _mm256_set1_epi32((int)(lower << 16 | (256 - lower))), halves[2];
    for (int i = 0; i < 2; i++) {
        kv a = kv_moved(_mm256_loadu_si256((const __m256i *)(const void *)(above + 4 * i)));
        kv b = kv_moved(_mm256_loadu_si256((const __m256i *)(const void *)(below + 4 * i)));
        halves[i] = _mm256_packs_epi32(kv_weigh(_mm256_unpacklo_epi16(a, b), weights),
                                       kv_weigh(_mm256_unpackhi_epi16(a, b), weights));
    }
    kv_store(dst, _mm256_permute4x64_epi64(_mm256_packus_epi16(halves[0], halves[1]),
                                           _MM_SHUFFLE(3, 1, 2, 0)));
}

/* As channels of 16 bits. */
KV_INLINE kv kv_widened(__m128i pixels, enum kd_source_kind kind)
{
    kv v = _mm256_cvtepu8_epi16(pixels);
    kv full = _mm256_set1_epi64x(INT64_C(255) << 48);
    if (kind == KD_SOURCE_PREMULTIPLIED) {
        return v;
    }
    if (kind == KD_SOURCE_OPAQUE) {
        return kv_or(v, full);
    }
    kv alpha = _mm256_shufflehi_epi16(_mm256_shufflelo_epi16(v, 0xFF), 0xFF);
    return kv_div255(_mm256_mullo_epi16(kv_or(v, full), alpha));
}

KV_INLINE __m128i four_or(const __m128i v[4])
{
    return _mm_or_si128(_mm_or_si128(v[0], v[1]), _mm_or_si128(v[2], v[3]));
}

KV_INLINE __m128i four_and(const __m128i v[4])
{
    return _mm_and_si128(_mm_and_si128(v[0], v[1]), _mm_and_si128(v[2], v[3]));
}

/* Pixels are taken in pairs of number n and n + 4: so nothing crosses from a half of a vector to the other one. */
struct kv_tapped {
    __m128i above[4], below[4]; /* two taps each */
    kv right, lower;            /* the weights of all, in 32 bits each */
};

/* A pair, as four times 32 bits each, by weights that fill both halves. */
KV_INLINE kv kv_filtered(__m128i tapped_above, __m128i tapped_below, kv right, kv lower,
                         enum kd_source_kind kind)
{
    kv above = kv_widened(tapped_above, kind), below = kv_widened(tapped_below, kind);
    kv more = _mm256_mullo_epi16(_mm256_sub_epi16(below, above), lower);
    kv both = kv_moved(_mm256_add_epi16(_mm256_slli_epi16(above, 8), more));
    /* left and right beside each other */
    kv order = _mm256_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15, 0, 1, 8, 9, 2,
                                3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15);
    return kv_weigh(_mm256_shuffle_epi8(both, order), right);
}

#define KV_FILTERED(n)                                                                             \
    kv_filtered(tapped->above[n], tapped->below[n], _mm256_shuffle_epi32(tapped->right, (n)*0x55), \
                _mm256_shuffle_epi32(tapped->lower, (n)*0x55), kind)

KV_INLINE kv kv_filtered_all(const struct kv_tapped *tapped, enum kd_source_kind kind)
{
    kv first = _mm256_packs_epi32(KV_FILTERED(0), KV_FILTERED(1));
    return _mm256_packus_epi16(first, _mm256_packs_epi32(KV_FILTERED(2), KV_FILTERED(3)));
}

/* ---- Walks ---- */

KV_INLINE ki ki_min(ki a, ki b)
{
    return (ki)_mm256_min_epi32((kv)a, (kv)b);
}

KV_INLINE ki ki_max(ki a, ki b)
{
    return (ki)_mm256_max_epi32((kv)a, (kv)b);
}

/* A pair of numbers, the first one below. */
KV_INLINE uint64_t ki_pair(ki v, int which)
{
    __m128i half = which < 2 ? _mm256_castsi256_si128((kv)v) : _mm256_extracti128_si256((kv)v, 1);
#ifdef __x86_64__
    return (uint64_t)(which & 1 ? _mm_extract_epi64(half, 1) : _mm_cvtsi128_si64(half));
#else
    return (uint32_t)(which & 1 ? _mm_extract_epi32(half, 2) : _mm_cvtsi128_si32(half)) |
           (uint64_t)(uint32_t)_mm_extract_epi32(half, which & 1 ? 3 : 1) << 32;
#endif
}

/* Pixel by pixel: gathers of the processor are slower, and so are numbers that go through memory. */
KV_INLINE __m128i px4_gather(const uint32_t *pixels, uint64_t low, uint64_t high)
{
    __m128i v = _mm_cvtsi32_si128((int)pixels[(uint32_t)low]);
    v = _mm_insert_epi32(v, (int)pixels[low >> 32], 1);
    v = _mm_insert_epi32(v, (int)pixels[(uint32_t)high], 2);
    return _mm_insert_epi32(v, (int)pixels[high >> 32], 3);
}

KV_INLINE void ki_gather(uint32_t *dst, const uint32_t *pixels, ki index)
{
    px4_store(dst, px4_gather(pixels, ki_pair(index, 0), ki_pair(index, 1)));
    px4_store(dst + 4, px4_gather(pixels, ki_pair(index, 2), ki_pair(index, 3)));
}

/* Two pixels and the ones beside them. */
KV_INLINE __m128i kv_tapped(const uint32_t *pixels, uint64_t first, uint64_t second)
{
    return px2_load_high(px2_load(pixels + first), pixels + second);
}

/* Of four pairs, two numbers each, the lower ones and the upper ones. */
#define KV_TAPPED_LOW(pixels, a, b)  kv_tapped(pixels, (uint32_t)(a), (uint32_t)(b))
#define KV_TAPPED_HIGH(pixels, a, b) kv_tapped(pixels, (a) >> 32, (b) >> 32)

/* Inside of sprites all alphas are 255, and nothing need be multiplied by them; beside them all pixels are clear. */
KV_INLINE void ki_filter(uint32_t *dst, const uint32_t *above, const uint32_t *below, ki index,
                         ki right, ki lower, enum kd_source_kind kind)
{
    uint64_t i01 = ki_pair(index, 0), i23 = ki_pair(index, 1);
    uint64_t i45 = ki_pair(index, 2), i67 = ki_pair(index, 3);
    struct kv_tapped tapped = {
        .above = {KV_TAPPED_LOW(above, i01, i45), KV_TAPPED_HIGH(above, i01, i45),
                  KV_TAPPED_LOW(above, i23, i67), KV_TAPPED_HIGH(above, i23, i67)},
        .below = {KV_TAPPED_LOW(below, i01, i45), KV_TAPPED_HIGH(below, i01, i45),
                  KV_TAPPED_LOW(below, i23, i67), KV_TAPPED_HIGH(below, i23, i67)},
    };
    tapped.right = (kv)((right << 16) | (256 - right));
    tapped.lower = (kv)((lower << 16) | lower);
    if (kind == KD_SOURCE_STRAIGHT) {
        __m128i any = _mm_or_si128(four_or(tapped.above), four_or(tapped.below));
        __m128i all = _mm_and_si128(four_and(tapped.above), four_and(tapped.below));
        if (_mm_testz_si128(any, _mm_set1_epi32((int)0xFF000000))) {
            kv_store(dst, _mm256_setzero_si256());
            return;
        }
        if (_mm_testc_si128(all, _mm_set1_epi32((int)0xFF000000))) {
            kv_store(dst, kv_filtered_all(&tapped, KD_SOURCE_PREMULTIPLIED));
            return;
        }
    }
    kv_store(dst, kv_filtered_all(&tapped, kind));
}

#endif

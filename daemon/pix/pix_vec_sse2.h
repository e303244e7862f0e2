/*
 * The operations of pix_vec.h for SSE2: four pixels as they lie in memory.
 */
#ifndef KD_PIX_PIX_VEC_SSE2_H
#define KD_PIX_PIX_VEC_SSE2_H

#define KV_PX     4
#define KI_PX     4
#define KV_FN     static __attribute__((target("sse2")))
#define KV_INLINE static inline __attribute__((always_inline, target("sse2")))

#include "pix/pix_x86.h"

typedef __m128i kv;
typedef int32_t ki __attribute__((vector_size(16)));

KV_INLINE kv kv_load(const uint32_t *src)
{
    return px4_load(src);
}

KV_INLINE void kv_store(uint32_t *dst, kv v)
{
    px4_store(dst, v);
}

KV_INLINE kv kv_load_part(const uint32_t *src, size_t n)
{
    return px4_load_part(src, n);
}

KV_INLINE void kv_store_part(uint32_t *dst, kv v, size_t n)
{
    px4_store_part(dst, v, n);
}

KV_INLINE kv kv_set(uint32_t pixel)
{
    return _mm_set1_epi32((int)pixel);
}

KV_INLINE kv kv_or(kv a, kv b)
{
    return _mm_or_si128(a, b);
}

KV_INLINE kv kv_select(kv mask, kv a, kv b)
{
    return _mm_or_si128(_mm_and_si128(mask, a), _mm_andnot_si128(mask, b));
}

KV_INLINE kv kv_adds(kv a, kv b)
{
    return _mm_adds_epu8(a, b);
}

KV_INLINE kv kv_subs(kv a, kv b)
{
    return _mm_subs_epu8(a, b);
}

KV_INLINE kv kv_min(kv a, kv b)
{
    return _mm_min_epu8(a, b);
}

KV_INLINE kv kv_max(kv a, kv b)
{
    return _mm_max_epu8(a, b);
}

KV_INLINE kv kv_low(kv v)
{
    return _mm_unpacklo_epi8(v, _mm_setzero_si128());
}

KV_INLINE kv kv_high(kv v)
{
    return _mm_unpackhi_epi8(v, _mm_setzero_si128());
}

KV_INLINE kv kv_mul(kv a, kv b)
{
    return _mm_packus_epi16(div255_epu16(_mm_mullo_epi16(kv_low(a), kv_low(b))),
                            div255_epu16(_mm_mullo_epi16(kv_high(a), kv_high(b))));
}

KV_INLINE kv kv_premultiply(kv s)
{
    return _mm_packus_epi16(premultiply_epi16(kv_low(s)), premultiply_epi16(kv_high(s)));
}

KV_INLINE kv kv_over(kv s, kv d)
{
    kv rest = _mm_xor_si128(s, _mm_set1_epi32(-1));
    kv low = _mm_mullo_epi16(kv_low(d), alpha_epi16(kv_low(rest)));
    kv high = _mm_mullo_epi16(kv_high(d), alpha_epi16(kv_high(rest)));
    return _mm_adds_epu8(s, _mm_packus_epi16(div255_epu16(low), div255_epu16(high)));
}

/* ---- One colour ---- */

#define KF_PX      KV_PX
#define kf_load    kv_load
#define kf_store   kv_store
#define kf_set     kv_set
#define KF_ALIGNED true
typedef kv kf;

/* As in pix_vec_avx2.h, where the arithmetic is explained. */
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
    return (struct kf_color){_mm_set1_epi8((char)px_fixed_bit[rest]), _mm_set1_epi64x(factor),
                             _mm_set1_epi64x(twice)};
}

KV_INLINE kf kf_over(struct kf_color color, kf d)
{
    kv lower = kv_or(d, color.bit);
    kv low = _mm_mulhi_epu16(_mm_unpacklo_epi8(lower, d), color.factor);
    kv high = _mm_mulhi_epu16(_mm_unpackhi_epi8(lower, d), color.factor);
    return _mm_packus_epi16(_mm_avg_epu16(low, color.color), _mm_avg_epu16(high, color.color));
}

/* Bits 3, 7, 11, 15: the alphas' bytes. */
KV_INLINE int kv_alphas_equal(kv v, kv other)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8(v, other)) & 0x8888;
}

KV_INLINE bool kv_is_zero(kv v)
{
    return _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128())) == 0xFFFF;
}

KV_INLINE bool kv_is_clear(kv v)
{
    return kv_alphas_equal(v, _mm_setzero_si128()) == 0x8888;
}

KV_INLINE bool kv_is_opaque(kv v)
{
    return kv_alphas_equal(v, _mm_set1_epi32(-1)) == 0x8888;
}

KV_INLINE kv kv_reverse(kv v)
{
    return _mm_shuffle_epi32(v, _MM_SHUFFLE(0, 1, 2, 3));
}

/* Channels of 16 bits rounded to 5, 6, 5 bits: c * 31 and c * 63 over 255. */
KV_INLINE void kv_narrow_565(uint16_t *dst, kv v)
{
    kv most = _mm_setr_epi16(31, 63, 31, 0, 31, 63, 31, 0);
    kv place = _mm_setr_epi16(1, 1 << 5, 1 << 11, 0, 1, 1 << 5, 1 << 11, 0);
    kv low = _mm_mullo_epi16(div255_epu16(_mm_mullo_epi16(kv_low(v), most)), place);
    kv high = _mm_mullo_epi16(div255_epu16(_mm_mullo_epi16(kv_high(v), most)), place);
    /* or the channels of each pixel into its lowest */
    low = _mm_or_si128(low, _mm_srli_epi64(low, 32));
    high = _mm_or_si128(high, _mm_srli_epi64(high, 32));
    kv both = _mm_castps_si128(
        _mm_shuffle_ps(_mm_castsi128_ps(low), _mm_castsi128_ps(high), _MM_SHUFFLE(2, 0, 2, 0)));
    both = _mm_or_si128(both, _mm_srli_epi32(both, 16));
    both = _mm_shufflelo_epi16(_mm_shufflehi_epi16(both, _MM_SHUFFLE(3, 3, 2, 0)),
                               _MM_SHUFFLE(3, 3, 2, 0));
    both = _mm_shuffle_epi32(both, _MM_SHUFFLE(3, 3, 2, 0));
    _mm_storel_epi64((__m128i *)(void *)dst, both);
}

/* ---- Bilinear filtering ---- */

/* 256 - f four times, then f four times: ~f is -1 - f. */
KV_INLINE kv weights_epi16(uint32_t f)
{
    kv left = _mm_setr_epi16(-1, -1, -1, -1, 0, 0, 0, 0);
    kv more = _mm_setr_epi16(257, 257, 257, 257, 0, 0, 0, 0);
    return _mm_add_epi16(_mm_xor_si128(_mm_set1_epi16((short)f), left), more);
}

KV_INLINE void kv_across(uint64_t *out, const uint32_t *pairs, const uint16_t *right)
{
    for (int i = 0; i < KV_PX; i += 2) {
        kv both = px4_load(pairs + 2 * i);
        kv first = _mm_mullo_epi16(kv_low(both), weights_epi16(right[i]));
        kv second = _mm_mullo_epi16(kv_high(both), weights_epi16(right[i + 1]));
        kv sums =
            _mm_add_epi16(_mm_unpacklo_epi64(first, second), _mm_unpackhi_epi64(first, second));
        _mm_storeu_si128((__m128i *)(void *)(out + i), sums);
    }
}

/* Two sums of 16 bits by their weights, rounded, as 32 bits. Sums are unsigned, the multiplication is not: they are
 * moved by 32768, and so is the rounding (32768 * 256 is added again). */
KV_INLINE kv weigh_epi32(kv sums, kv weights)
{
    return _mm_srli_epi32(
        _mm_add_epi32(_mm_madd_epi16(sums, weights), _mm_set1_epi32(32768 * 256 + 32768)), 16);
}

KV_INLINE kv moved_epi16(kv v)
{
    return _mm_xor_si128(v, _mm_set1_epi16(-32768));
}

KV_INLINE kv weight_pair(uint32_t f)
{
    return _mm_set1_epi32((int)(f << 16 | (256 - f)));
}

KV_INLINE void kv_down(uint32_t *dst, const uint64_t *above, const uint64_t *below, uint32_t lower)
{
    kv weights = weight_pair(lower), halves[2];
    for (int i = 0; i < 2; i++) {
        kv a = moved_epi16(_mm_loadu_si128((const __m128i *)(const void *)(above + 2 * i)));
        kv b = moved_epi16(_mm_loadu_si128((const __m128i *)(const void *)(below + 2 * i)));
        halves[i] = _mm_packs_epi32(weigh_epi32(_mm_unpacklo_epi16(a, b), weights),
                                    weigh_epi32(_mm_unpackhi_epi16(a, b), weights));
    }
    px4_store(dst, _mm_packus_epi16(halves[0], halves[1]));
}

/* Two pixels of a row, as channels of 16 bits. */
KV_INLINE kv widened_epi16(kv pair, enum kd_source_kind kind)
{
    if (kind == KD_SOURCE_OPAQUE) {
        pair = _mm_or_si128(pair, _mm_set1_epi32((int)0xFF000000));
    }
    pair = kv_low(pair);
    return kind == KD_SOURCE_STRAIGHT ? premultiply_epi16(pair) : pair;
}

/* A pixel as four times 32 bits. First down, which is exact in 16 bits, then across. */
KV_INLINE kv filtered_epi32(kv above, kv below, kv right, kv lower, enum kd_source_kind kind)
{
    above = widened_epi16(above, kind);
    below = widened_epi16(below, kind);
    kv more = _mm_mullo_epi16(_mm_sub_epi16(below, above), lower);
    kv both = moved_epi16(_mm_add_epi16(_mm_slli_epi16(above, 8), more));
    return weigh_epi32(_mm_unpacklo_epi16(both, _mm_srli_si128(both, 8)), right);
}

/* The first two of four numbers. */
struct two {
    int32_t first, second;
};

KV_INLINE struct two ki_two(kv v)
{
    return (struct two){_mm_cvtsi128_si32(v),
                        _mm_cvtsi128_si32(_mm_shuffle_epi32(v, _MM_SHUFFLE(1, 1, 1, 1)))};
}

KV_INLINE kv ki_high(kv v)
{
    return _mm_unpackhi_epi64(v, v);
}

/* Two pixels as eight times 16 bits, by the first two of the numbers. Inside of sprites all alphas are 255, and nothing need be multiplied by them; beside them all
 * pixels are clear. */
KV_INLINE kv filtered_epi16(const uint32_t *row_above, const uint32_t *row_below, kv index,
                            kv right, kv lower, enum kd_source_kind kind)
{
    struct two at = ki_two(index);
    kv first_above = px2_load(row_above + at.first), first_below = px2_load(row_below + at.first);
    kv above = px2_load(row_above + at.second), below = px2_load(row_below + at.second);
    if (kind == KD_SOURCE_STRAIGHT) {
        kv all =
            _mm_and_si128(_mm_and_si128(first_above, first_below), _mm_and_si128(above, below));
        kv any = _mm_or_si128(_mm_or_si128(first_above, first_below), _mm_or_si128(above, below));
        if (kv_is_clear(any)) {
            return _mm_setzero_si128();
        }
        if (kv_is_opaque(_mm_unpacklo_epi64(all, all))) {
            kind = KD_SOURCE_PREMULTIPLIED;
        }
    }
    return _mm_packs_epi32(filtered_epi32(first_above, first_below, _mm_shuffle_epi32(right, 0),
                                          _mm_shuffle_epi32(lower, 0), kind),
                           filtered_epi32(above, below, _mm_shuffle_epi32(right, 0x55),
                                          _mm_shuffle_epi32(lower, 0x55), kind));
}

KV_INLINE void ki_filter(uint32_t *dst, const uint32_t *above, const uint32_t *below, ki index,
                         ki right, ki lower, enum kd_source_kind kind)
{
    kv at = (kv)index, across = (kv)((right << 16) | (256 - right)),
       down = (kv)((lower << 16) | lower);
    kv first = filtered_epi16(above, below, at, across, down, kind);
    kv second = filtered_epi16(above, below, ki_high(at), ki_high(across), ki_high(down), kind);
    px4_store(dst, _mm_packus_epi16(first, second));
}

/* ---- Walks ---- */

KV_INLINE ki ki_min(ki a, ki b)
{
    ki less = a < b;
    return (a & less) | (b & ~less);
}

KV_INLINE ki ki_max(ki a, ki b)
{
    ki less = a < b;
    return (b & less) | (a & ~less);
}

KV_INLINE kv px2_gather(const uint32_t *pixels, kv index)
{
    struct two at = ki_two(index);
    return _mm_unpacklo_epi32(_mm_cvtsi32_si128((int)pixels[at.first]),
                              _mm_cvtsi32_si128((int)pixels[at.second]));
}

KV_INLINE void ki_gather(uint32_t *dst, const uint32_t *pixels, ki index)
{
    px4_store(dst, _mm_unpacklo_epi64(px2_gather(pixels, (kv)index),
                                      px2_gather(pixels, ki_high((kv)index))));
}

#endif

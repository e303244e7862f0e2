/*
 * What pix_vec_sse2.h and pix_vec_avx2.h share: four pixels, and walks. KV_INLINE is defined by who includes this.
 */
#ifdef KV_INLINE

#include <emmintrin.h>

#include "pix/pix_impl.h"

KV_INLINE __m128i px4_load(const uint32_t *src)
{
    return _mm_loadu_si128((const __m128i *)(const void *)src);
}

KV_INLINE void px4_store(uint32_t *dst, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)dst, v);
}

KV_INLINE __m128i px2_load(const uint32_t *src)
{
    return _mm_loadl_epi64((const __m128i *)(const void *)src);
}

/* Two more above two. */
KV_INLINE __m128i px2_load_high(__m128i low, const uint32_t *src)
{
    return _mm_castpd_si128(_mm_loadh_pd(_mm_castsi128_pd(low), (const double *)(const void *)src));
}

/* 0 < n < 4 */
KV_INLINE __m128i px4_load_part(const uint32_t *src, size_t n)
{
    if (n == 1) {
        return _mm_cvtsi32_si128((int)src[0]);
    }
    __m128i low = px2_load(src);
    return n == 2 ? low : _mm_unpacklo_epi64(low, _mm_cvtsi32_si128((int)src[2]));
}

KV_INLINE void px4_store_part(uint32_t *dst, __m128i v, size_t n)
{
    if (n == 1) {
        dst[0] = (uint32_t)_mm_cvtsi128_si32(v);
        return;
    }
    _mm_storel_epi64((__m128i *)(void *)dst, v);
    if (n == 3) {
        dst[2] = (uint32_t)_mm_cvtsi128_si32(_mm_unpackhi_epi64(v, v));
    }
}

/* Eight products of bytes, in 16 bits each, over 255 and rounded: (t + 128) * 257 / 65536 is (t + 127) / 255 for all of them. */
KV_INLINE __m128i div255_epu16(__m128i products)
{
    return _mm_mulhi_epu16(_mm_add_epi16(products, _mm_set1_epi16(128)), _mm_set1_epi16(257));
}

/* For struct kf_color, by 255 - alpha. Found by trial of all channels; the unit tests try them all again. */
static const uint8_t px_fixed_bit[256] = {
    [152] = 2, [169] = 2, [173] = 2, [188] = 2, [191] = 2, [194] = 2,  [196] = 2,  [197] = 2,
    [208] = 2, [212] = 2, [214] = 4, [223] = 4, [226] = 2, [227] = 1,  [229] = 2,  [232] = 1,
    [233] = 1, [236] = 2, [239] = 8, [241] = 2, [244] = 2, [247] = 16, [251] = 32, [253] = 64,
};

/* The alphas of two pixels of 4*16 bits, in all their channels. */
KV_INLINE __m128i alpha_epi16(__m128i v)
{
    return _mm_shufflehi_epi16(_mm_shufflelo_epi16(v, 0xFF), 0xFF);
}

/* Two pixels of 4*16 bits, premultiplied. */
KV_INLINE __m128i premultiply_epi16(__m128i v)
{
    __m128i full = _mm_setr_epi16(0, 0, 0, 255, 0, 0, 0, 255);
    return div255_epu16(_mm_mullo_epi16(_mm_or_si128(v, full), alpha_epi16(v)));
}

#endif

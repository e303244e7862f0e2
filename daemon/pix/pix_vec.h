/*
 * All kernels, written once for every instruction set with vectors. pix_NAME.c includes its
 * pix_vec_NAME.h, which defines the operations below, then this file, and takes the table.
 *
 *     KV_PX                       pixels in a vector: 4, 8 or 16
 *     KV_FN, KV_INLINE            static functions for this instruction set; always inlined ones
 *     kv                          a vector of KV_PX pixels. What lies where in it is its own affair:
 *                                 channels may well be apart.
 *     kv_load(src)  kv_store(dst, v)                   KV_PX pixels, aligned as uint32_t is
 *     kv_load_part(src, n)  kv_store_part(dst, v, n)   0 < n < KV_PX pixels; touch nothing else. The rest is any value.
 *     kv_set(pixel)               the same pixel everywhere
 *     kv_or(a, b)  kv_select(mask, a, b)               bits; select: a where the mask is set, else b
 *     kv_adds kv_subs kv_min kv_max                    bytes, unsigned, saturating
 *     kv_mul(a, b)                                     bytes: kd_pix_mul()
 *     kv_premultiply(s)           colours multiplied by their pixel's alpha
 *     kv_over(s, d)               s + d * (255 - alpha of s), s premultiplied, saturating
 *     kv_is_zero(v)  kv_is_clear(v)  kv_is_opaque(v)   all bits 0; all alphas 0; all alphas 255. May say no where
 *                                 they do not know: where asking costs more than blending.
 *     kv_reverse(v)               the last pixel first
 *     kv_narrow_565(dst, v)       stores KV_PX pixels by kd_rgb565_narrow()
 *     kv_across(out, pairs, right)                     bilinear_across and ...
 *     kv_down(dst, above, below, lower)                ... bilinear_down of KV_PX pixels
 *     kv_filter(dst, taps, kind)                       kd_pix_bilinear() of KV_PX pixels (see struct kv_tap)
 */
#ifdef KV_PX

#include <string.h>

#include "base/format.h"
#include "pix/pix_impl.h"

#define ALPHA_MASK 0xFF000000u

/* ---- Blending: everything but the pixels is known when a row is compiled ---- */

KV_INLINE kv blend_colors(enum kd_target_kind target, enum kd_source_kind source,
                          enum kb_blend blend, kv d, kv s)
{
    bool straight = source == KD_SOURCE_STRAIGHT;
    switch (blend) {
    case KB_BLEND_OVER:
        return source == KD_SOURCE_OPAQUE ? s : kv_over(straight ? kv_premultiply(s) : s, d);
    case KB_BLEND_REPLACE: return straight && target == KD_TARGET_ALPHA ? kv_premultiply(s) : s;
    case KB_BLEND_PREMULTIPLIED: return source == KD_SOURCE_OPAQUE ? s : kv_over(s, d);
    case KB_BLEND_ADD:
    case KB_BLEND_RGBA_ADD: return kv_adds(d, s);
    case KB_BLEND_SUB:
    case KB_BLEND_RGBA_SUB: return kv_subs(d, s);
    case KB_BLEND_MULT:
    case KB_BLEND_RGBA_MULT: return kv_mul(d, s);
    case KB_BLEND_MIN:
    case KB_BLEND_RGBA_MIN: return kv_min(d, s);
    case KB_BLEND_MAX:
    case KB_BLEND_RGBA_MAX: return kv_max(d, s);
    }
    return d;
}

KV_INLINE kv blend_pixels(enum kd_target_kind target, enum kd_source_kind source,
                          enum kb_blend blend, kv d, kv s)
{
    kv alpha = kv_set(ALPHA_MASK);
    kv result =
        blend_colors(target, source, blend, d, source == KD_SOURCE_OPAQUE ? kv_or(s, alpha) : s);
    if (target == KD_TARGET_OPAQUE) {
        return kv_or(result, alpha);
    }
    bool keeps_alpha = blend >= KB_BLEND_ADD && blend <= KB_BLEND_MAX;
    return keeps_alpha ? kv_select(alpha, d, result) : result;
}

/* Whether a blend does not look at the target: then it need not be loaded. */
KV_INLINE bool blend_covers(enum kd_source_kind source, enum kb_blend blend)
{
    return blend == KB_BLEND_REPLACE ||
           (source == KD_SOURCE_OPAQUE && blend <= KB_BLEND_PREMULTIPLIED);
}

/* One vector of OVER (or PREMULTIPLIED), where most vectors of most pictures are all clear or all opaque. */
KV_INLINE void over_vector(enum kd_target_kind target, enum kd_source_kind source,
                           enum kb_blend blend, uint32_t *dst, kv s)
{
    if (kv_is_opaque(s)) {
        kv_store(dst, s);
        return;
    }
    bool as_stored = source == KD_SOURCE_PREMULTIPLIED || blend == KB_BLEND_PREMULTIPLIED;
    if (as_stored ? kv_is_zero(s) : kv_is_clear(s)) {
        if (target == KD_TARGET_OPAQUE) {
            kv_store(dst, kv_or(kv_load(dst), kv_set(ALPHA_MASK)));
        }
        return;
    }
    kv_store(dst, blend_pixels(target, source, blend, kv_load(dst), s));
}

KV_INLINE void blit_row(enum kd_target_kind target, enum kd_source_kind source, enum kb_blend blend,
                        uint32_t *dst, const uint32_t *src, size_t count_px)
{
    bool covers = blend_covers(source, blend);
    bool over = !covers && (blend == KB_BLEND_OVER || blend == KB_BLEND_PREMULTIPLIED);
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv s = kv_load(src + i);
        if (over) {
            over_vector(target, source, blend, dst + i, s);
        } else {
            kv d = covers ? s : kv_load(dst + i);
            kv_store(dst + i, blend_pixels(target, source, blend, d, s));
        }
    }
    if (i < count_px) {
        kv s = kv_load_part(src + i, count_px - i);
        kv d = covers ? s : kv_load_part(dst + i, count_px - i);
        kv_store_part(dst + i, blend_pixels(target, source, blend, d, s), count_px - i);
    }
}

KV_INLINE void fill_row(enum kd_target_kind target, enum kb_blend blend, uint32_t *dst,
                        size_t count_px, uint32_t color)
{
    bool covers = blend_covers(KD_SOURCE_STRAIGHT, blend);
    kv s = kv_set(color);
    if (blend == KB_BLEND_OVER) { /* premultiplied once */
        s = kv_premultiply(s);
        blend = KB_BLEND_PREMULTIPLIED;
    }
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv d = covers ? s : kv_load(dst + i);
        kv_store(dst + i, blend_pixels(target, KD_SOURCE_STRAIGHT, blend, d, s));
    }
    if (i < count_px) {
        kv d = covers ? s : kv_load_part(dst + i, count_px - i);
        kv_store_part(dst + i, blend_pixels(target, KD_SOURCE_STRAIGHT, blend, d, s), count_px - i);
    }
}

#define BLIT_ROW(name, target, source, blend)                            \
    KV_FN void name(uint32_t *dst, const uint32_t *src, size_t count_px) \
    {                                                                    \
        blit_row(target, source, blend, dst, src, count_px);             \
    }

#define FILL_ROW(name, target, blend)                               \
    KV_FN void name(uint32_t *dst, size_t count_px, uint32_t color) \
    {                                                               \
        fill_row(target, blend, dst, count_px, color);              \
    }

KD_PIX_EACH_BLEND(KD_PIX_ROWS)

/* ---- Rows of which something is known ---- */

/* Runs of equal chunks at a time. */
KV_INLINE void chunks_row(enum kd_target_kind target, enum kd_source_kind source, uint32_t *dst,
                          const uint32_t *src, size_t count_px, const struct kd_pix_chunks *chunks)
{
    size_t chunk = 0, i = 0;
    while (i < count_px) {
        uint64_t clear = chunks->clear >> chunk, opaque = chunks->opaque >> chunk;
        uint64_t other = clear & 1 ? ~clear : opaque & 1 ? ~opaque : clear | opaque;
        chunk += other ? (size_t)__builtin_ctzll(other) : 64;
        size_t end = chunk * KD_CHUNK_PX - chunks->skipped_px;
        if (chunk >= 64 || end > count_px) {
            end = count_px;
        }
        if (!(clear & 1)) {
            enum kb_blend blend = opaque & 1 ? KB_BLEND_REPLACE : KB_BLEND_OVER;
            if (blend == KB_BLEND_REPLACE) {
                blit_row(target, KD_SOURCE_OPAQUE, KB_BLEND_REPLACE, dst + i, src + i, end - i);
            } else {
                blit_row(target, source, KB_BLEND_OVER, dst + i, src + i, end - i);
            }
        }
        i = end;
    }
}

#define CHUNKS_ROW(name, target, source)                                 \
    KV_FN void name(uint32_t *dst, const uint32_t *src, size_t count_px, \
                    const struct kd_pix_chunks *chunks)                  \
    {                                                                    \
        chunks_row(target, source, dst, src, count_px, chunks);          \
    }

CHUNKS_ROW(window_straight_chunks, KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT)
CHUNKS_ROW(window_premultiplied_chunks, KD_TARGET_OPAQUE, KD_SOURCE_PREMULTIPLIED)
CHUNKS_ROW(canvas_straight_chunks, KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT)
CHUNKS_ROW(canvas_premultiplied_chunks, KD_TARGET_ALPHA, KD_SOURCE_PREMULTIPLIED)

/* ---- Tint and alpha, mirroring, narrowing ---- */

/* Alpha once on everything (premultiplied), or on the alpha byte (else). */
KV_INLINE void modulate_row(enum kd_source_kind kind, uint32_t *out, const uint32_t *src,
                            size_t count_px, uint32_t tint, uint8_t alpha)
{
    bool twice = kind == KD_SOURCE_PREMULTIPLIED;
    kv first = kv_set((tint & ~ALPHA_MASK) | (twice ? ALPHA_MASK : (uint32_t)alpha << 24));
    kv second = kv_set(alpha * 0x01010101u);
    for (size_t i = 0; i < count_px; i += KV_PX) {
        bool whole = count_px - i >= KV_PX;
        kv s = whole ? kv_load(src + i) : kv_load_part(src + i, count_px - i);
        s = kv_mul(kind == KD_SOURCE_OPAQUE ? kv_or(s, kv_set(ALPHA_MASK)) : s, first);
        s = twice ? kv_mul(s, second) : s;
        if (whole) {
            kv_store(out + i, s);
        } else {
            kv_store_part(out + i, s, count_px - i);
        }
    }
}

KV_FN void modulate(uint32_t *out, const uint32_t *src, size_t count_px, enum kd_source_kind kind,
                    uint32_t tint, uint8_t alpha)
{
    switch (kind) {
    case KD_SOURCE_STRAIGHT:
        modulate_row(KD_SOURCE_STRAIGHT, out, src, count_px, tint, alpha);
        break;
    case KD_SOURCE_PREMULTIPLIED:
        modulate_row(KD_SOURCE_PREMULTIPLIED, out, src, count_px, tint, alpha);
        break;
    case KD_SOURCE_OPAQUE: modulate_row(KD_SOURCE_OPAQUE, out, src, count_px, tint, alpha); break;
    }
}

KV_FN void reverse(uint32_t *out, const uint32_t *src, size_t count_px)
{
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv_store(out + i, kv_reverse(kv_load(src + count_px - i - KV_PX)));
    }
    for (; i < count_px; i++) {
        out[i] = src[count_px - 1 - i];
    }
}

KV_FN void narrow_565(uint16_t *dst, const uint32_t *src, size_t count_px)
{
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv_narrow_565(dst + i, kv_load(src + i));
    }
    for (; i < count_px; i++) {
        dst[i] = kd_rgb565_narrow(src[i]);
    }
}

/* ---- Scaling ---- */

/* kd_pix_nearest() from pixel to pixel: by how much it grows, and the remainder, without dividing. */
KV_FN void scale_nearest(uint32_t *dst, const uint32_t *src_row, size_t count_px, int64_t first,
                         int64_t row_first, uint32_t picture_px, uint32_t shown_px)
{
    if (count_px == 0) {
        return;
    }
    uint32_t step = picture_px / shown_px, rest_step = 2 * (picture_px % shown_px);
    uint64_t numerator = (uint64_t)(2 * first + 1) * picture_px, whole = 2 * (uint64_t)shown_px;
    uint32_t rest = (uint32_t)(numerator % whole);
    const uint32_t *src = src_row + ((int64_t)(numerator / whole) - row_first);
    for (size_t i = 0;;) {
        dst[i] = *src;
        if (++i == count_px) {
            return;
        }
        rest += rest_step; /* below 2^32: both widths are below 2^30 */
        bool carry = rest >= whole;
        rest -= carry ? (uint32_t)whole : 0;
        src += step + carry;
    }
}

KV_FN void bilinear_across(uint64_t *out, const uint32_t *pairs, const uint16_t *right,
                           size_t count_px)
{
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv_across(out + i, pairs + 2 * i, right + i);
    }
    kd_pix_ref_table.bilinear_across(out + i, pairs + 2 * i, right + i, count_px - i);
}

KV_FN void bilinear_down(uint32_t *dst, const uint64_t *above, const uint64_t *below,
                         size_t count_px, uint32_t lower)
{
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        kv_down(dst + i, above + i, below + i, lower);
    }
    kd_pix_ref_table.bilinear_down(dst + i, above + i, below + i, count_px - i, lower);
}

/* ---- Walks ---- */

/* Coordinates have 32 bits here, and wrap between places: all places themselves lie in a picture. */
KV_FN void walk_nearest(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    const uint32_t *pixels = walk->pixels;
    size_t stride_px = (size_t)walk->stride_px;
    uint32_t u = (uint32_t)walk->u, v = (uint32_t)walk->v;
    uint32_t du = (uint32_t)walk->du, dv = (uint32_t)walk->dv;
    for (size_t i = 0; i < count_px; i++, u += du, v += dv) {
        dst[i] = pixels[(v >> 16) * stride_px + (u >> 16)];
    }
}

/* The pixels that lie around (u, v). Those at the edges of the box are taken at its edge: always two beside each other, one of
 * them with no weight. */
KV_INLINE struct kv_tap tap_at(const struct kd_pix_walk *walk, uint32_t u, uint32_t v)
{
    int32_t place_x = ((int32_t)u - 32768) >> 8, place_y = ((int32_t)v - 32768) >> 8;
    int32_t left = place_x >> 8, top = place_y >> 8, right = place_x & 255;
    int32_t above = top < walk->y1 ? walk->y1 : top;
    int32_t below = top + 1 < walk->y2 ? top + 1 : walk->y2 - 1;
    right = left < walk->x1 ? 0 : left > walk->x2 - 2 ? 256 : right;
    left = left < walk->x1 ? walk->x1 : left > walk->x2 - 2 ? walk->x2 - 2 : left;
    return (struct kv_tap){walk->pixels + above * walk->stride_px + left,
                           walk->pixels + below * walk->stride_px + left, (uint32_t)right,
                           (uint32_t)place_y & 255};
}

KV_INLINE void filter_walk(enum kd_source_kind kind, uint32_t *dst, const struct kd_pix_walk *walk,
                           size_t count_px)
{
    uint32_t u = (uint32_t)walk->u, v = (uint32_t)walk->v;
    uint32_t du = (uint32_t)walk->du, dv = (uint32_t)walk->dv;
    size_t i = 0;
    for (; i + KV_PX <= count_px; i += KV_PX) {
        struct kv_tap taps[KV_PX];
        for (unsigned n = 0; n < KV_PX; n++, u += du, v += dv) {
            taps[n] = tap_at(walk, u, v);
        }
        kv_filter(dst + i, taps, kind);
    }
    if (i < count_px) {
        struct kv_tap taps[KV_PX];
        uint32_t last[KV_PX];
        for (unsigned n = 0; n < KV_PX; n++) {
            taps[n] = i + n < count_px ? tap_at(walk, u + n * du, v + n * dv) : taps[0];
        }
        kv_filter(last, taps, kind);
        memcpy(dst + i, last, (count_px - i) * sizeof(*dst));
    }
}

KV_FN void walk_bilinear(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    if (walk->x2 - walk->x1 < 2) { /* nothing lies beside anything */
        kd_pix_ref_table.walk_bilinear(dst, walk, count_px);
        return;
    }
    switch (walk->kind) {
    case KD_SOURCE_STRAIGHT: filter_walk(KD_SOURCE_STRAIGHT, dst, walk, count_px); break;
    case KD_SOURCE_PREMULTIPLIED: filter_walk(KD_SOURCE_PREMULTIPLIED, dst, walk, count_px); break;
    case KD_SOURCE_OPAQUE: filter_walk(KD_SOURCE_OPAQUE, dst, walk, count_px); break;
    }
}

static const struct kd_pix table = {KD_PIX_TABLE};

#endif

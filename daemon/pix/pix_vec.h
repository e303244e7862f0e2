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
 *     kf, KF_PX  kf_load(src)  kf_store(dst, v)  kf_set(pixel)      vectors that one colour is blended into; what suits that best
 *     KF_ALIGNED                  whether aligned stores are worth a vector more in a row
 *     struct kf_color, kf_color_make(color, target)    a premultiplied colour, no channel above its alpha, for targets of a kind
 *     kf_over(color, d)           kv_over() of that colour, and the target's alpha
 *     ki, KI_PX                   a vector of 4 or 8 numbers of 32 bits, as the compiler knows it
 *     ki_min(a, b)  ki_max(a, b)                       with a sign
 *     ki_gather(dst, pixels, index)                    dst[i] = pixels[index[i]], KI_PX of them
 *     ki_filter(dst, above, below, index, right, lower, kind)      kd_pix_bilinear() of KI_PX pixels: above[index] and the
 *                                 pixel after it, those in the row below, and the fractions of 256 (0..256)
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

/* Rows end with a vector that overlaps the one before. What it gives is made before anything is stored, and is the same where they overlap. Only
 * rows shorter than a vector have parts of one. */
KV_INLINE void blit_row(enum kd_target_kind target, enum kd_source_kind source, enum kb_blend blend,
                        uint32_t *dst, const uint32_t *src, size_t count_px)
{
    bool covers = blend_covers(source, blend);
    bool over = !covers && (blend == KB_BLEND_OVER || blend == KB_BLEND_PREMULTIPLIED);
    if (count_px < KV_PX) {
        if (count_px > 0) {
            kv s = kv_load_part(src, count_px);
            kv d = covers ? s : kv_load_part(dst, count_px);
            kv_store_part(dst, blend_pixels(target, source, blend, d, s), count_px);
        }
        return;
    }
    size_t last = count_px - KV_PX, i = 0;
    kv last_s = kv_load(src + last);
    kv last_d = covers ? last_s : kv_load(dst + last);
    kv last_result = blend_pixels(target, source, blend, last_d, last_s);
    for (; i < last; i += KV_PX) {
        kv s = kv_load(src + i);
        if (over) {
            over_vector(target, source, blend, dst + i, s);
        } else {
            kv d = covers ? s : kv_load(dst + i);
            kv_store(dst + i, blend_pixels(target, source, blend, d, s));
        }
    }
    kv_store(dst + last, last_result);
}

/* OVER of one colour: all loads of four vectors first, as processors that work in order wait for each otherwise. As in blit_row(), vectors at the
 * ends may overlap others, and are made before anything is stored. */
KV_INLINE void fill_over_row(struct kf_color color, uint32_t *dst, size_t count_px)
{
    if (count_px < KF_PX) {
        uint32_t part[KF_PX] = {0};
        for (size_t i = 0; i < count_px; i++) {
            part[i] = dst[i];
        }
        kf_store(part, kf_over(color, kf_load(part)));
        for (size_t i = 0; i < count_px; i++) {
            dst[i] = part[i];
        }
        return;
    }
    uint32_t *begin = dst, *last = dst + count_px - KF_PX;
    kf first_result = kf_over(color, kf_load(begin)), last_result = kf_over(color, kf_load(last));
    if (KF_ALIGNED) {
        dst = (uint32_t *)(((uintptr_t)dst + 4 * KF_PX) & -(uintptr_t)(4 * KF_PX));
    }
    for (; last - dst > 3 * KF_PX; dst += 4 * KF_PX) {
        kf first = kf_load(dst), second = kf_load(dst + KF_PX);
        kf third = kf_load(dst + 2 * KF_PX), fourth = kf_load(dst + 3 * KF_PX);
        kf_store(dst, kf_over(color, first));
        kf_store(dst + KF_PX, kf_over(color, second));
        kf_store(dst + 2 * KF_PX, kf_over(color, third));
        kf_store(dst + 3 * KF_PX, kf_over(color, fourth));
    }
    for (; last > dst; dst += KF_PX) {
        kf_store(dst, kf_over(color, kf_load(dst)));
    }
    if (KF_ALIGNED) {
        kf_store(begin, first_result);
    }
    kf_store(last, last_result);
}

KV_INLINE void fill_same_row(uint32_t *dst, size_t count_px, uint32_t color)
{
    uint32_t *end = dst + count_px;
    kf same = kf_set(color);
    if (count_px < KF_PX) {
        for (; dst < end; dst++) {
            *dst = color;
        }
        return;
    }
    for (; end - dst >= 4 * KF_PX; dst += 4 * KF_PX) {
        kf_store(dst, same);
        kf_store(dst + KF_PX, same);
        kf_store(dst + 2 * KF_PX, same);
        kf_store(dst + 3 * KF_PX, same);
    }
    for (; end - dst >= KF_PX; dst += KF_PX) {
        kf_store(dst, same);
    }
    kf_store(end - KF_PX, same);
}

KV_INLINE void fill_row(enum kd_target_kind target, enum kb_blend blend, uint32_t *dst,
                        size_t count_px, uint32_t color)
{
    bool covers = blend_covers(KD_SOURCE_STRAIGHT, blend);
    enum kd_source_kind kind = KD_SOURCE_STRAIGHT;
    kv s = kv_set(color);
    if (count_px < KV_PX) {
        if (count_px > 0) {
            kv d = covers ? s : kv_load_part(dst, count_px);
            kv_store_part(dst, blend_pixels(target, kind, blend, d, s), count_px);
        }
        return;
    }
    size_t last = count_px - KV_PX;
    kv last_result = blend_pixels(target, kind, blend, covers ? s : kv_load(dst + last), s);
    for (size_t i = 0; i < last; i += KV_PX) {
        kv d = covers ? s : kv_load(dst + i);
        kv_store(dst + i, blend_pixels(target, kind, blend, d, s));
    }
    kv_store(dst + last, last_result);
}

KV_INLINE void fill_over(enum kd_target_kind target, uint32_t *dst, size_t count_px, uint32_t color)
{
    fill_over_row(kf_color_make(kd_pix_premultiplied(color, KD_SOURCE_STRAIGHT), target), dst,
                  count_px);
}

#define BLIT_ROW(name, target, source, blend)                            \
    KV_FN void name(uint32_t *dst, const uint32_t *src, size_t count_px) \
    {                                                                    \
        blit_row(target, source, blend, dst, src, count_px);             \
    }

#define FILL_ROW(name, target, blend)                               \
    KV_FN void name(uint32_t *dst, size_t count_px, uint32_t color) \
    {                                                               \
        if (blend == KB_BLEND_OVER) {                               \
            fill_over(target, dst, count_px, color);                \
        } else {                                                    \
            fill_row(target, blend, dst, count_px, color);          \
        }                                                           \
    }

KD_PIX_EACH_BLEND(KD_PIX_ROWS)

/* ---- Columns ---- */

static const uint32_t column_lanes[3 * KD_PIX_COLUMN_PX] = {
    [KD_PIX_COLUMN_PX] = UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
    UINT32_MAX,
};

/* Which pixels of a column are drawn. */
struct column_edge {
    uint32_t lanes[KD_PIX_COLUMN_PX]; /* each all bits, or none */
};

#ifndef KV_OWN_COLUMN
/* Pixels that are not drawn become clear ones. edge NULL: all are. */
KV_INLINE void column_over(enum kd_target_kind target, enum kd_source_kind source, uint32_t *dst,
                           const uint32_t *src, const struct column_edge *edge)
{
    for (int i = 0; i < KD_PIX_COLUMN_PX; i += KV_PX) {
        kv s = kv_load(src + i);
        if (source != KD_SOURCE_PREMULTIPLIED) {
            s = source == KD_SOURCE_OPAQUE ? kv_or(s, kv_set(ALPHA_MASK)) : kv_premultiply(s);
        }
        if (edge) {
            s = kv_select(kv_load(edge->lanes + i), s, kv_set(0));
        }
        kv d = kv_over(s, kv_load(dst + i));
        kv_store(dst + i, target == KD_TARGET_OPAQUE ? kv_or(d, kv_set(ALPHA_MASK)) : d);
    }
}

KV_INLINE void column_copy(enum kd_source_kind source, uint32_t *dst, const uint32_t *src)
{
    for (int i = 0; i < KD_PIX_COLUMN_PX; i += KV_PX) {
        kv s = kv_load(src + i);
        kv_store(dst + i, source == KD_SOURCE_OPAQUE ? kv_or(s, kv_set(ALPHA_MASK)) : s);
    }
}
#endif

KV_INLINE void columns_blend(enum kd_target_kind target, enum kd_source_kind source, uint64_t rows,
                             uint32_t *dst, size_t dst_stride_px, const uint32_t *src,
                             size_t src_stride_px, const struct column_edge *edge)
{
    for (; rows; rows &= rows - 1) {
        size_t y = (size_t)__builtin_ctzll(rows);
        column_over(target, source, dst + y * dst_stride_px, src + y * src_stride_px, edge);
    }
}

/* Run by run. */
KV_INLINE void columns_copy(enum kd_source_kind source, uint64_t rows, uint32_t *dst,
                            size_t dst_stride_px, const uint32_t *src, size_t src_stride_px)
{
    while (rows) {
        size_t y = (size_t)__builtin_ctzll(rows);
        uint64_t rest = rows & (rows + (rows & -rows)); /* without the first run */
        const uint32_t *from = src + y * src_stride_px;
        uint32_t *to = dst + y * dst_stride_px;
        for (int n = __builtin_popcountll(rows ^ rest); n > 0; n--) {
            column_copy(source, to, from);
            to += dst_stride_px;
            from += src_stride_px;
        }
        rows = rest;
    }
}

KV_INLINE void edge_make(struct column_edge *edge, uint32_t first_px, uint32_t end_px)
{
    const uint32_t *from_first = column_lanes + (KD_PIX_COLUMN_PX - first_px);
    const uint32_t *to_end = column_lanes + (2 * KD_PIX_COLUMN_PX - end_px);
    for (size_t i = 0; i < KD_PIX_COLUMN_PX; i++) {
        edge->lanes[i] = from_first[i] & to_end[i];
    }
}

KV_INLINE void draw_columns(enum kd_target_kind target, enum kd_source_kind source,
                            const struct kd_pix_columns *columns, const uint32_t *src,
                            size_t src_stride_px)
{
    size_t stride_px = columns->dst_stride_px;
    uint32_t *dst = columns->dst;
    for (uint32_t c = 0; c < columns->count; c++) {
        uint64_t copy = columns->list[c].copy, blend = columns->list[c].blend;
        uint32_t first_px = c == 0 ? columns->first_px : 0;
        uint32_t end_px = c == columns->count - 1 ? columns->end_px : KD_PIX_COLUMN_PX;
        columns_copy(source, copy, dst, stride_px, src, src_stride_px);
        if (end_px - first_px == KD_PIX_COLUMN_PX) {
            columns_blend(target, source, blend, dst, stride_px, src, src_stride_px, NULL);
        } else {
            struct column_edge edge;
            edge_make(&edge, first_px, end_px);
            columns_blend(target, source, blend, dst, stride_px, src, src_stride_px, &edge);
        }
        dst += KD_PIX_COLUMN_PX;
        src += KD_PIX_COLUMN_PX;
    }
}

/* Fills need no guesses: columns that show the same rows are drawn together, row by row. */
KV_INLINE void draw_fill_columns(enum kd_target_kind target, const struct kd_pix_columns *columns,
                                 uint32_t color)
{
    struct kf_color premultiplied =
        kf_color_make(kd_pix_premultiplied(color, KD_SOURCE_STRAIGHT), target);
    const struct kd_pix_column *list = columns->list;
    for (uint32_t c = 0, next; c < columns->count; c = next) {
        uint64_t rows = list[c].copy | list[c].blend;
        uint32_t first = KD_PIX_COLUMN_PX * c + (c == 0 ? columns->first_px : 0);
        for (next = c + 1; next < columns->count; next++) {
            if ((list[next].copy | list[next].blend) != rows) {
                break;
            }
        }
        uint32_t end = KD_PIX_COLUMN_PX * (next - 1) +
                       (next == columns->count ? columns->end_px : KD_PIX_COLUMN_PX);
        for (; rows; rows &= rows - 1) {
            uint32_t *row = columns->dst + (size_t)__builtin_ctzll(rows) * columns->dst_stride_px;
            if (color >> 24 == 255) {
                fill_same_row(row + first, end - first, color);
            } else {
                fill_over_row(premultiplied, row + first, end - first);
            }
        }
    }
}

#define BLIT_COLUMNS(name, target, source)                                     \
    KV_FN void name(const struct kd_pix_columns *columns, const uint32_t *src, \
                    size_t src_stride_px)                                      \
    {                                                                          \
        draw_columns(target, source, columns, src, src_stride_px);             \
    }

#define FILL_COLUMNS(name, target)                                        \
    KV_FN void name(const struct kd_pix_columns *columns, uint32_t color) \
    {                                                                     \
        draw_fill_columns(target, columns, color);                        \
    }

KD_PIX_COLUMNS

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

/* kd_pix_nearest() from pixel to pixel, in 2^32nds of a pixel. Both the first place and the step are rounded up, so after n steps it
 * is less than (n + 1) / 2^32 too far. True places are multiples of 1 / (2 * shown_px): the next whole number is not reached while that
 * is more. */
KV_FN void scale_nearest(uint32_t *dst, const uint32_t *src_row, size_t count_px, int64_t first,
                         int64_t row_first, uint32_t picture_px, uint32_t shown_px)
{
    uint64_t whole = 2 * (uint64_t)shown_px;
    if (count_px > (UINT64_C(1) << 32) / whole) {
        kd_pix_ref_table.scale_nearest(dst, src_row, count_px, first, row_first, picture_px,
                                       shown_px);
        return;
    }
    uint64_t numerator = (uint64_t)(2 * first + 1) * picture_px;
    uint64_t place = ((numerator % whole << 32) + whole - 1) / whole;
    uint64_t step = (((uint64_t)picture_px << 32) + shown_px - 1) / shown_px;
    const uint32_t *src = src_row + ((int64_t)(numerator / whole) - row_first);
    for (size_t i = 0; i < count_px; i++, place += step) {
        dst[i] = src[place >> 32];
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

#include "pix/pix_vec_walk.h"

static const struct kd_pix table = {KD_PIX_TABLE};

#endif

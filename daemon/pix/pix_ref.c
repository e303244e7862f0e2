/*
 * The specification of all pixel kernels: scalar, exact, and as close to the table of formulas in
 * docs/protocol.md ("Colours and blending") as C allows. Faster kernels are judged by it, so make
 * it faster only where it stays as plain.
 */
#include "pix/pix_impl.h"

#include "base/format.h"

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static inline uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* One channel. s is the source's as it is stored, p the same premultiplied, d the target's, and
 * alpha the source pixel's alpha. The alpha channel obeys the same formulas with s = p = alpha. */
static inline uint32_t blend_channel(enum kb_blend blend, uint32_t s, uint32_t p, uint32_t d,
                                     uint32_t alpha)
{
    switch (blend) {
    case KB_BLEND_OVER: return min_u32(255, p + kd_pix_mul(d, 255 - alpha));
    case KB_BLEND_REPLACE: return p;
    case KB_BLEND_PREMULTIPLIED: return min_u32(255, s + kd_pix_mul(d, 255 - alpha));
    case KB_BLEND_ADD:
    case KB_BLEND_RGBA_ADD: return min_u32(255, d + s);
    case KB_BLEND_SUB:
    case KB_BLEND_RGBA_SUB: return d > s ? d - s : 0;
    case KB_BLEND_MULT:
    case KB_BLEND_RGBA_MULT: return kd_pix_mul(d, s);
    case KB_BLEND_MIN:
    case KB_BLEND_RGBA_MIN: return min_u32(d, s);
    case KB_BLEND_MAX:
    case KB_BLEND_RGBA_MAX: return max_u32(d, s);
    }
    return d;
}

/* Whether a blend leaves a canvas's alpha alone. */
static inline bool keeps_alpha(enum kb_blend blend)
{
    return blend >= KB_BLEND_ADD && blend <= KB_BLEND_MAX;
}

static inline uint32_t blend_alpha(enum kd_target_kind target, enum kb_blend blend, uint32_t alpha,
                                   uint32_t dst_alpha)
{
    if (target == KD_TARGET_OPAQUE) {
        return 255;
    }
    if (keeps_alpha(blend)) {
        return dst_alpha;
    }
    return blend_channel(blend, alpha, alpha, dst_alpha, alpha);
}

static inline __attribute__((always_inline)) uint32_t blend_pixel(enum kd_target_kind target,
                                                                  enum kd_source_kind source,
                                                                  enum kb_blend blend, uint32_t dst,
                                                                  uint32_t src)
{
    /* A window's plain copies take the colour bytes and drop the alpha. */
    bool as_stored = source == KD_SOURCE_PREMULTIPLIED ||
                     (blend == KB_BLEND_REPLACE && target == KD_TARGET_OPAQUE);
    uint32_t alpha = source == KD_SOURCE_OPAQUE ? 255 : src >> 24;
    uint32_t result = blend_alpha(target, blend, alpha, dst >> 24) << 24;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        uint32_t s = src >> shift & 0xFF;
        uint32_t d = dst >> shift & 0xFF;
        uint32_t p = as_stored ? s : kd_pix_mul(s, alpha);
        result |= blend_channel(blend, s, p, d, alpha) << shift;
    }
    return result;
}

/* Everything but the pixels is known when a row is compiled, so that nothing is decided in it. */
#define BLIT_ROW(name, target, source, blend)                                               \
    static void name(uint32_t *restrict dst, const uint32_t *restrict src, size_t count_px) \
    {                                                                                       \
        for (size_t i = 0; i < count_px; i++) {                                             \
            dst[i] = blend_pixel(target, source, blend, dst[i], src[i]);                    \
        }                                                                                   \
    }

#define FILL_ROW(name, target, blend)                                               \
    static void name(uint32_t *dst, size_t count_px, uint32_t color)                \
    {                                                                               \
        for (size_t i = 0; i < count_px; i++) {                                     \
            dst[i] = blend_pixel(target, KD_SOURCE_STRAIGHT, blend, dst[i], color); \
        }                                                                           \
    }

KD_PIX_EACH_BLEND(KD_PIX_ROWS)

/* ---- Columns ---- */

/* src_step_px: 0 for a colour. */
static inline __attribute__((always_inline)) void draw_columns(
    enum kd_target_kind target, enum kd_source_kind source, const struct kd_pix_columns *columns,
    const uint32_t *src, size_t src_stride_px, size_t src_step_px)
{
    for (uint32_t c = 0; c < columns->count; c++) {
        uint32_t first = KD_PIX_COLUMN_PX * c + (c == 0 ? columns->first_px : 0);
        uint32_t end =
            KD_PIX_COLUMN_PX * c + (c == columns->count - 1 ? columns->end_px : KD_PIX_COLUMN_PX);
        for (uint64_t rows = columns->list[c].copy | columns->list[c].blend; rows;
             rows &= rows - 1) {
            size_t y = (size_t)__builtin_ctzll(rows);
            uint32_t *dst = columns->dst + y * columns->dst_stride_px;
            for (uint32_t x = first; x < end; x++) {
                dst[x] = blend_pixel(target, source, KB_BLEND_OVER, dst[x],
                                     src[y * src_stride_px + x * src_step_px]);
            }
        }
    }
}

#define BLIT_COLUMNS(name, target, source)                                      \
    static void name(const struct kd_pix_columns *columns, const uint32_t *src, \
                     size_t src_stride_px)                                      \
    {                                                                           \
        draw_columns(target, source, columns, src, src_stride_px, 1);           \
    }

#define FILL_COLUMNS(name, target)                                         \
    static void name(const struct kd_pix_columns *columns, uint32_t color) \
    {                                                                      \
        draw_columns(target, KD_SOURCE_STRAIGHT, columns, &color, 0, 0);   \
    }

KD_PIX_COLUMNS

static void modulate(uint32_t *out, const uint32_t *src, size_t count_px, enum kd_source_kind kind,
                     uint32_t tint, uint8_t alpha)
{
    for (size_t i = 0; i < count_px; i++) {
        uint32_t src_alpha = kind == KD_SOURCE_OPAQUE ? 255 : src[i] >> 24;
        uint32_t result = kd_pix_mul(src_alpha, alpha) << 24;
        for (unsigned shift = 0; shift < 24; shift += 8) {
            uint32_t c = kd_pix_mul(src[i] >> shift & 0xFF, tint >> shift & 0xFF);
            if (kind == KD_SOURCE_PREMULTIPLIED) {
                c = kd_pix_mul(c, alpha);
            }
            result |= c << shift;
        }
        out[i] = result;
    }
}

static void reverse(uint32_t *restrict out, const uint32_t *restrict src, size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        out[i] = src[count_px - 1 - i];
    }
}

static void scale_nearest(uint32_t *restrict dst, const uint32_t *restrict src_row, size_t count_px,
                          int64_t first, int64_t row_first, uint32_t picture_px, uint32_t shown_px)
{
    for (size_t i = 0; i < count_px; i++) {
        dst[i] = src_row[kd_pix_nearest(first + (int64_t)i, picture_px, shown_px) - row_first];
    }
}

/* ---- Bilinear filtering ---- */

static void bilinear_across(uint64_t *restrict out, const uint32_t *restrict pairs,
                            const uint16_t *restrict right, size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        uint64_t result = 0;
        for (unsigned shift = 0; shift < 32; shift += 8) {
            uint32_t sum = (pairs[2 * i] >> shift & 0xFF) * (256u - right[i]) +
                           (pairs[2 * i + 1] >> shift & 0xFF) * right[i];
            result |= (uint64_t)sum << 2 * shift;
        }
        out[i] = result;
    }
}

static void bilinear_down(uint32_t *restrict dst, const uint64_t *above, const uint64_t *below,
                          size_t count_px, uint32_t lower)
{
    for (size_t i = 0; i < count_px; i++) {
        uint32_t result = 0;
        for (unsigned shift = 0; shift < 32; shift += 8) {
            uint32_t sum = (uint32_t)(above[i] >> 2 * shift & 0xFFFF) * (256 - lower) +
                           (uint32_t)(below[i] >> 2 * shift & 0xFFFF) * lower;
            result |= (sum + 32768) >> 16 << shift;
        }
        dst[i] = result;
    }
}

static void walk_nearest(uint32_t *restrict dst, const struct kd_pix_walk *walk, size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        int64_t x = (walk->u + (int64_t)i * walk->du) >> 16;
        int64_t y = (walk->v + (int64_t)i * walk->dv) >> 16;
        dst[i] = walk->pixels[y * walk->stride_px + x];
    }
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void walk_bilinear(uint32_t *restrict dst, const struct kd_pix_walk *walk, size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        int64_t u = (walk->u + (int64_t)i * walk->du - 32768) >> 8;
        int64_t v = (walk->v + (int64_t)i * walk->dv - 32768) >> 8;
        uint32_t pixels[2][2];
        for (int row = 0; row < 2; row++) {
            for (int column = 0; column < 2; column++) {
                int64_t x = clamp((u >> 8) + column, walk->x1, walk->x2 - 1);
                int64_t y = clamp((v >> 8) + row, walk->y1, walk->y2 - 1);
                pixels[row][column] =
                    kd_pix_premultiplied(walk->pixels[y * walk->stride_px + x], walk->kind);
            }
        }
        dst[i] = kd_pix_bilinear(pixels, (uint32_t)(u & 255), (uint32_t)(v & 255));
    }
}

/* ---- Narrowing ---- */

static void narrow_565(uint16_t *restrict dst, const uint32_t *restrict src, size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        dst[i] = kd_rgb565_narrow(src[i]);
    }
}

const struct kd_pix kd_pix_ref_table = {
    .name = "ref",
    KD_PIX_TABLE,
};

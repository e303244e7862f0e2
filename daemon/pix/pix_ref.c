/*
 * The specification of all pixel kernels: scalar, exact, and as close to the table of formulas in
 * docs/protocol.md ("Colours and blending") as C allows. Faster kernels are judged by it, so make
 * it faster only where it stays as plain.
 */
#include "pix/pix_impl.h"

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

#define ROWS(blend, BLEND)                                                                   \
    BLIT_ROW(window_straight_##blend, KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT, BLEND)           \
    BLIT_ROW(window_premultiplied_##blend, KD_TARGET_OPAQUE, KD_SOURCE_PREMULTIPLIED, BLEND) \
    BLIT_ROW(window_opaque_##blend, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE, BLEND)               \
    BLIT_ROW(canvas_straight_##blend, KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, BLEND)            \
    BLIT_ROW(canvas_premultiplied_##blend, KD_TARGET_ALPHA, KD_SOURCE_PREMULTIPLIED, BLEND)  \
    BLIT_ROW(canvas_opaque_##blend, KD_TARGET_ALPHA, KD_SOURCE_OPAQUE, BLEND)                \
    FILL_ROW(window_fill_##blend, KD_TARGET_OPAQUE, BLEND)                                   \
    FILL_ROW(canvas_fill_##blend, KD_TARGET_ALPHA, BLEND)

#define BLENDS(X)                            \
    X(over, KB_BLEND_OVER)                   \
    X(replace, KB_BLEND_REPLACE)             \
    X(premultiplied, KB_BLEND_PREMULTIPLIED) \
    X(add, KB_BLEND_ADD)                     \
    X(sub, KB_BLEND_SUB)                     \
    X(mult, KB_BLEND_MULT)                   \
    X(min, KB_BLEND_MIN)                     \
    X(max, KB_BLEND_MAX)                     \
    X(rgba_add, KB_BLEND_RGBA_ADD)           \
    X(rgba_sub, KB_BLEND_RGBA_SUB)           \
    X(rgba_mult, KB_BLEND_RGBA_MULT)         \
    X(rgba_min, KB_BLEND_RGBA_MIN)           \
    X(rgba_max, KB_BLEND_RGBA_MAX)

BLENDS(ROWS)

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

#define WINDOW_STRAIGHT(blend, BLEND)      [BLEND] = window_straight_##blend,
#define WINDOW_PREMULTIPLIED(blend, BLEND) [BLEND] = window_premultiplied_##blend,
#define WINDOW_OPAQUE(blend, BLEND)        [BLEND] = window_opaque_##blend,
#define CANVAS_STRAIGHT(blend, BLEND)      [BLEND] = canvas_straight_##blend,
#define CANVAS_PREMULTIPLIED(blend, BLEND) [BLEND] = canvas_premultiplied_##blend,
#define CANVAS_OPAQUE(blend, BLEND)        [BLEND] = canvas_opaque_##blend,
#define WINDOW_FILL(blend, BLEND)          [BLEND] = window_fill_##blend,
#define CANVAS_FILL(blend, BLEND)          [BLEND] = canvas_fill_##blend,

const struct kd_pix kd_pix_ref_table = {
    .name = "ref",
    .blit =
        {
            [KD_TARGET_OPAQUE] =
                {
                    [KD_SOURCE_STRAIGHT] = {BLENDS(WINDOW_STRAIGHT)},
                    [KD_SOURCE_PREMULTIPLIED] = {BLENDS(WINDOW_PREMULTIPLIED)},
                    [KD_SOURCE_OPAQUE] = {BLENDS(WINDOW_OPAQUE)},
                },
            [KD_TARGET_ALPHA] =
                {
                    [KD_SOURCE_STRAIGHT] = {BLENDS(CANVAS_STRAIGHT)},
                    [KD_SOURCE_PREMULTIPLIED] = {BLENDS(CANVAS_PREMULTIPLIED)},
                    [KD_SOURCE_OPAQUE] = {BLENDS(CANVAS_OPAQUE)},
                },
        },
    .fill =
        {
            [KD_TARGET_OPAQUE] = {BLENDS(WINDOW_FILL)},
            [KD_TARGET_ALPHA] = {BLENDS(CANVAS_FILL)},
        },
    .modulate = modulate,
    .reverse = reverse,
    .scale_nearest = scale_nearest,
};

/*
 * NEON: what every arm64 has, and most armhf: there it is chosen at run time.
 */
#include "pix/pix_vec_neon.h"

#ifdef KD_PIX_HAS_NEON
#include "pix/pix_vec.h"

#ifdef __aarch64__
/*
 * OVER, of which there is most: written for itself, as it comes out a third shorter. A sum of alphas says at once whether 16 pixels are
 * opaque or clear. Rows end with a vector that overlaps the one before, where the pixels that are drawn already are made clear:
 * so nothing is kept over the loop, and on a canvas an end that is clear costs nothing. Only rows shorter than 8 pixels have parts of vectors.
 */

/* Lane i of a load from n is set where i >= 16 - n, of one from 8 + n where i >= 8 - n. */
static const uint8_t drawn_mask[2 * KV_PX] = {[KV_PX] = 255, 255, 255, 255, 255, 255, 255, 255,
                                              255,           255, 255, 255, 255, 255, 255, 255};

/* What is known of a row when its kernel is compiled. */
struct over_kind {
    bool window; /* its alpha is written even where the source is clear */
    bool straight;
};

KV_INLINE planes over_planes(struct over_kind kind, planes s, const uint32_t *dst)
{
    planes d = vld4q_u8((const uint8_t *)dst);
    plane rest = ~s.val[3];
    if (kind.straight) {
        s.val[0] = plane_mul(s.val[0], s.val[3]);
        s.val[1] = plane_mul(s.val[1], s.val[3]);
        s.val[2] = plane_mul(s.val[2], s.val[3]);
    }
    d.val[0] = vqaddq_u8(s.val[0], plane_mul(d.val[0], rest));
    d.val[1] = vqaddq_u8(s.val[1], plane_mul(d.val[1], rest));
    d.val[2] = vqaddq_u8(s.val[2], plane_mul(d.val[2], rest));
    d.val[3] = kind.window ? KV_SET(255) : vqaddq_u8(s.val[3], plane_mul(d.val[3], rest));
    return d;
}

/* Nothing shows: with no alpha, colours of premultiplied pixels are still added. */
KV_INLINE bool shows_nothing(struct over_kind kind, planes s)
{
    return kind.straight || vmaxvq_u8(s.val[0] | s.val[1] | s.val[2]) == 0;
}

/* Loads and stores of planes are slow: what is copied stays as it lies in memory. */
KV_INLINE void copy_16(uint32_t *dst, const uint32_t *src)
{
    uint32x4_t first = vld1q_u32(src), second = vld1q_u32(src + 4);
    uint32x4_t third = vld1q_u32(src + 8), fourth = vld1q_u32(src + 12);
    vst1q_u32(dst, first);
    vst1q_u32(dst + 4, second);
    vst1q_u32(dst + 8, third);
    vst1q_u32(dst + 12, fourth);
}

/* drawn_px: of the first ones, so many are there already. */
KV_INLINE void over_16(struct over_kind kind, uint32_t *dst, const uint32_t *src, size_t drawn_px)
{
    planes s = vld4q_u8((const uint8_t *)src);
    uint16_t sum = vaddlvq_u8(s.val[3]);
    if (sum == 255 * KV_PX) {
        copy_16(dst, src);
        return;
    }
    if (sum == 0 && shows_nothing(kind, s)) {
        if (kind.window) {
            uint32x4_t alpha = vdupq_n_u32(ALPHA_MASK);
            uint32x4_t first = vld1q_u32(dst) | alpha, second = vld1q_u32(dst + 4) | alpha;
            uint32x4_t third = vld1q_u32(dst + 8) | alpha, fourth = vld1q_u32(dst + 12) | alpha;
            vst1q_u32(dst, first);
            vst1q_u32(dst + 4, second);
            vst1q_u32(dst + 8, third);
            vst1q_u32(dst + 12, fourth);
        }
        return;
    }
    if (drawn_px > 0) {
        plane mask = vld1q_u8(drawn_mask + KV_PX - drawn_px);
        s.val[3] &= mask;
        if (!kind.straight) {
            s.val[0] &= mask;
            s.val[1] &= mask;
            s.val[2] &= mask;
        }
    }
    vst4q_u8((uint8_t *)dst, over_planes(kind, s, dst));
}

KV_INLINE uint8x8_t over_8_channel(bool straight, uint8x8_t s, uint8x8_t d, uint8x8_t alpha)
{
    uint8x8_t p = straight ? div255(vmull_u8(s, alpha)) : s;
    return vqadd_u8(p, div255(vmull_u8(d, ~alpha)));
}

/* Half as many. */
KV_INLINE void over_8(struct over_kind kind, uint32_t *dst, const uint32_t *src, size_t drawn_px)
{
    uint8x8x4_t s = vld4_u8((const uint8_t *)src);
    uint8x8_t mask = vld1_u8(drawn_mask + KV_PX - drawn_px);
    uint8x8_t alpha = s.val[3] & mask, shown = alpha;
    if (!kind.straight) {
        s.val[0] &= mask;
        s.val[1] &= mask;
        s.val[2] &= mask;
        shown = alpha | s.val[0] | s.val[1] | s.val[2];
    }
    if (!kind.window && vget_lane_u64(vreinterpret_u64_u8(shown), 0) == 0) {
        return;
    }
    uint8x8x4_t d = vld4_u8((const uint8_t *)dst);
    d.val[0] = over_8_channel(kind.straight, s.val[0], d.val[0], alpha);
    d.val[1] = over_8_channel(kind.straight, s.val[1], d.val[1], alpha);
    d.val[2] = over_8_channel(kind.straight, s.val[2], d.val[2], alpha);
    d.val[3] = kind.window ? vdup_n_u8(255) : over_8_channel(false, alpha, d.val[3], alpha);
    vst4_u8((uint8_t *)dst, d);
}

KV_INLINE void over_row(struct over_kind kind, uint32_t *dst, const uint32_t *src, size_t count_px)
{
    const uint32_t *end = src + (count_px & ~(size_t)(KV_PX - 1));
    do {
        over_16(kind, dst, src, 0);
        dst += KV_PX;
        src += KV_PX;
    } while (src != end);
    count_px &= KV_PX - 1;
    if (count_px > 8) {
        size_t drawn_px = KV_PX - count_px;
        over_16(kind, dst - drawn_px, src - drawn_px, drawn_px);
    } else if (count_px > 0) {
        size_t drawn_px = 8 - count_px;
        over_8(kind, dst - drawn_px, src - drawn_px, drawn_px);
    }
}

/* 0 < count_px < 16 */
KV_INLINE void over_short(struct over_kind kind, uint32_t *dst, const uint32_t *src,
                          size_t count_px)
{
    uint32_t part_src[8], part_dst[8];
    if (count_px >= 8) {
        over_8(kind, dst, src, 0);
        if (count_px > 8) {
            over_8(kind, dst + count_px - 8, src + count_px - 8, 16 - count_px);
        }
        return;
    }
    copy_part(part_src, src, count_px);
    copy_part(part_dst, dst, count_px);
    over_8(kind, part_dst, part_src, 0);
    copy_part(dst, part_dst, count_px);
}

/* For one kind: a row, which leaves short ones to a function of their own, because that needs the stack. */
#define OVER(name, window, straight)                                                       \
    static __attribute__((noinline)) void name##_short(uint32_t *dst, const uint32_t *src, \
                                                       size_t count_px)                    \
    {                                                                                      \
        if (count_px > 0) {                                                                \
            over_short((struct over_kind){window, straight}, dst, src, count_px);          \
        }                                                                                  \
    }                                                                                      \
    static void name(uint32_t *dst, const uint32_t *src, size_t count_px)                  \
    {                                                                                      \
        if (count_px < KV_PX) {                                                            \
            name##_short(dst, src, count_px);                                              \
        } else {                                                                           \
            over_row((struct over_kind){window, straight}, dst, src, count_px);            \
        }                                                                                  \
    }

OVER(over_window_straight, true, true)
OVER(over_window_premultiplied, true, false)
OVER(over_straight, false, true)
OVER(over_premultiplied, false, false)

static void use_over(struct kd_pix *pix)
{
    kd_pix_blit_fn **window = pix->blit[KD_TARGET_OPAQUE][KD_SOURCE_STRAIGHT];
    kd_pix_blit_fn **canvas = pix->blit[KD_TARGET_ALPHA][KD_SOURCE_STRAIGHT];
    window[KB_BLEND_OVER] = over_window_straight;
    window[KB_BLEND_PREMULTIPLIED] = over_window_premultiplied;
    canvas[KB_BLEND_OVER] = over_straight;
    canvas[KB_BLEND_PREMULTIPLIED] = over_premultiplied;
    window = pix->blit[KD_TARGET_OPAQUE][KD_SOURCE_PREMULTIPLIED];
    canvas = pix->blit[KD_TARGET_ALPHA][KD_SOURCE_PREMULTIPLIED];
    window[KB_BLEND_OVER] = window[KB_BLEND_PREMULTIPLIED] = over_window_premultiplied;
    canvas[KB_BLEND_OVER] = canvas[KB_BLEND_PREMULTIPLIED] = over_premultiplied;
}

/* ---- Copies of opaque pixels, and fills with them ---- */

static void copy_opaque(uint32_t *dst, const uint32_t *src, size_t count_px)
{
    uint32x4_t alpha = vdupq_n_u32(ALPHA_MASK);
    if (count_px < 4) {
        for (size_t i = 0; i < count_px; i++) {
            dst[i] = src[i] | ALPHA_MASK;
        }
        return;
    }
    const uint32_t *end = src + count_px;
    uint32_t *last_dst = dst + count_px - 4;
    for (; end - src >= 16; dst += 16, src += 16) {
        /* all loads first: a processor that works in order waits for each otherwise */
        uint32x4_t first = vld1q_u32(src), second = vld1q_u32(src + 4);
        uint32x4_t third = vld1q_u32(src + 8), fourth = vld1q_u32(src + 12);
        vst1q_u32(dst, vorrq_u32(first, alpha));
        vst1q_u32(dst + 4, vorrq_u32(second, alpha));
        vst1q_u32(dst + 8, vorrq_u32(third, alpha));
        vst1q_u32(dst + 12, vorrq_u32(fourth, alpha));
    }
    for (; end - src >= 4; dst += 4, src += 4) {
        vst1q_u32(dst, vorrq_u32(vld1q_u32(src), alpha));
    }
    vst1q_u32(last_dst, vorrq_u32(vld1q_u32(end - 4), alpha));
}

static void fill_opaque(uint32_t *dst, size_t count_px, uint32_t color)
{
    uint32x4_t four = vdupq_n_u32(color | ALPHA_MASK);
    uint32_t *end = dst + count_px;
    if (count_px < 4) {
        for (; dst < end; dst++) {
            *dst = color | ALPHA_MASK;
        }
        return;
    }
    for (; end - dst >= 16; dst += 16) {
        vst1q_u32(dst, four);
        vst1q_u32(dst + 4, four);
        vst1q_u32(dst + 8, four);
        vst1q_u32(dst + 12, four);
    }
    for (; end - dst >= 4; dst += 4) {
        vst1q_u32(dst, four);
    }
    vst1q_u32(end - 4, four);
}
#endif

void kd_pix_neon(struct kd_pix *pix)
{
    *pix = table;
#ifdef __aarch64__
    use_over(pix);
    pix->fill[KD_TARGET_OPAQUE][KB_BLEND_REPLACE] = fill_opaque;
    for (unsigned blend = KB_BLEND_OVER; blend <= KB_BLEND_PREMULTIPLIED; blend++) {
        pix->blit[KD_TARGET_OPAQUE][KD_SOURCE_OPAQUE][blend] = copy_opaque;
        pix->blit[KD_TARGET_ALPHA][KD_SOURCE_OPAQUE][blend] = copy_opaque;
    }
    for (unsigned kind = KD_SOURCE_STRAIGHT; kind < KD_SOURCE_KINDS; kind++) {
        pix->blit[KD_TARGET_OPAQUE][kind][KB_BLEND_REPLACE] = copy_opaque;
    }
#endif
    pix->name = "neon";
}
#endif

/*
 * The operations of pix_vec.h for NEON: the channels of 16 pixels (8 where addresses have 32 bits, and registers are few) in a
 * register each, which loads and stores take apart and put together. What nobody uses of them, such as a window's alpha, is
 * never computed.
 */
#ifndef KD_PIX_PIX_VEC_NEON_H
#define KD_PIX_PIX_VEC_NEON_H

#include "pix/pix_impl.h"

#ifdef KD_PIX_HAS_NEON
#include <arm_neon.h>

#define KI_PX 4
#ifdef __aarch64__
#define KV_PX 16
#define KV_TARGET
#define KV_Q(name) name##q_u8
#define KV_SET     vdupq_n_u8
typedef uint8x16_t plane;
typedef uint8x16x4_t planes;
#else
#define KV_PX      8
#define KV_TARGET  __attribute__((target("arch=armv7-a,fpu=neon")))
#define KV_Q(name) name##_u8
#define KV_SET     vdup_n_u8
typedef uint8x8_t plane;
typedef uint8x8x4_t planes;
#endif
#define KV_FN     static KV_TARGET
#define KV_INLINE static inline __attribute__((always_inline)) KV_TARGET

typedef int32_t ki __attribute__((vector_size(16)));

/* By name, and nowhere in a loop: gcc keeps arrays of registers in memory. */
typedef struct {
    plane b, g, r, a;
} kv;

KV_INLINE kv kv_load(const uint32_t *src)
{
    planes v = KV_Q(vld4)((const uint8_t *)src);
    return (kv){v.val[0], v.val[1], v.val[2], v.val[3]};
}

KV_INLINE void kv_store(uint32_t *dst, kv v)
{
    KV_Q(vst4)((uint8_t *)dst, ((planes){{v.b, v.g, v.r, v.a}}));
}

/* 0 < n < 16 pixels in few pieces, which overlap. */
KV_INLINE void copy_part(uint32_t *to, const uint32_t *from, size_t n)
{
    if (n >= 8) {
        uint32x4_t first = vld1q_u32(from), second = vld1q_u32(from + 4);
        uint32x4_t third = vld1q_u32(from + n - 8), last = vld1q_u32(from + n - 4);
        vst1q_u32(to, first);
        vst1q_u32(to + 4, second);
        vst1q_u32(to + n - 8, third);
        vst1q_u32(to + n - 4, last);
    } else if (n >= 4) {
        uint32x4_t first = vld1q_u32(from), last = vld1q_u32(from + n - 4);
        vst1q_u32(to, first);
        vst1q_u32(to + n - 4, last);
    } else if (n >= 2) {
        uint32x2_t first = vld1_u32(from), last = vld1_u32(from + n - 2);
        vst1_u32(to, first);
        vst1_u32(to + n - 2, last);
    } else {
        *to = *from;
    }
}

KV_INLINE kv kv_load_part(const uint32_t *src, size_t n)
{
    uint32_t part[KV_PX];
    copy_part(part, src, n);
    return kv_load(part);
}

KV_INLINE void kv_store_part(uint32_t *dst, kv v, size_t n)
{
    uint32_t part[KV_PX];
    kv_store(part, v);
    copy_part(dst, part, n);
}

KV_INLINE kv kv_set(uint32_t pixel)
{
    return (kv){KV_SET((uint8_t)pixel), KV_SET((uint8_t)(pixel >> 8)),
                KV_SET((uint8_t)(pixel >> 16)), KV_SET((uint8_t)(pixel >> 24))};
}

/* Both written with operators, which the compiler knows more about: masks are constants. */
KV_INLINE kv kv_or(kv a, kv b)
{
    return (kv){a.b | b.b, a.g | b.g, a.r | b.r, a.a | b.a};
}

KV_INLINE plane plane_select(plane mask, plane a, plane b)
{
    return (a & mask) | (b & ~mask);
}

KV_INLINE kv kv_select(kv mask, kv a, kv b)
{
    return (kv){plane_select(mask.b, a.b, b.b), plane_select(mask.g, a.g, b.g),
                plane_select(mask.r, a.r, b.r), plane_select(mask.a, a.a, b.a)};
}

#define KV_EACH(name, function)                                                 \
    KV_INLINE kv name(kv a, kv b)                                               \
    {                                                                           \
        return (kv){function(a.b, b.b), function(a.g, b.g), function(a.r, b.r), \
                    function(a.a, b.a)};                                        \
    }

KV_EACH(kv_adds, KV_Q(vqadd))
KV_EACH(kv_subs, KV_Q(vqsub))
KV_EACH(kv_min, KV_Q(vmin))
KV_EACH(kv_max, KV_Q(vmax))

/* Eight products of bytes over 255, rounded: with t' = t + (t + 128) / 256 it is (t' + 128) / 256. */
KV_INLINE uint8x8_t div255(uint16x8_t products)
{
    return vrshrn_n_u16(vrsraq_n_u16(products, products, 8), 8);
}

KV_INLINE plane plane_mul(plane a, plane b)
{
#ifdef __aarch64__
    uint16x8_t low = vmull_u8(vget_low_u8(a), vget_low_u8(b)), high = vmull_high_u8(a, b);
    return vrshrn_high_n_u16(div255(low), vrsraq_n_u16(high, high, 8), 8);
#else
    return div255(vmull_u8(a, b));
#endif
}

KV_EACH(kv_mul, plane_mul)

KV_INLINE kv kv_premultiply(kv s)
{
    return (kv){plane_mul(s.b, s.a), plane_mul(s.g, s.a), plane_mul(s.r, s.a), s.a};
}

KV_INLINE kv kv_over(kv s, kv d)
{
    plane rest = ~s.a;
    return kv_adds(s, kv_mul(d, (kv){rest, rest, rest, rest}));
}

/* ---- One colour: channels as they lie in memory, four pixels at a time, which takes fewer registers and no taking apart ---- */

#define KF_PX      4
#define KF_ALIGNED false
typedef uint8x16_t kf;

struct kf_color {
    uint8x16_t rest;
    uint16x8_t color; /* two pixels, in their high bytes */
};

KV_INLINE struct kf_color kf_color_make(uint32_t color, enum kd_target_kind target)
{
    uint32_t rest = (255 - (color >> 24)) * 0x01010101u;
    if (target == KD_TARGET_OPAQUE) {
        rest &= 0x00FFFFFF;
        color |= 0xFF000000;
    }
    return (struct kf_color){vreinterpretq_u8_u32(vdupq_n_u32(rest)),
                             vshll_n_u8(vreinterpret_u8_u32(vdup_n_u32(color)), 8)};
}

KV_INLINE kf kf_load(const uint32_t *src)
{
    return vreinterpretq_u8_u32(vld1q_u32(src));
}

KV_INLINE void kf_store(uint32_t *dst, kf v)
{
    vst1q_u32(dst, vreinterpretq_u32_u8(v));
}

KV_INLINE kf kf_set(uint32_t pixel)
{
    return vreinterpretq_u8_u32(vdupq_n_u32(pixel));
}

/* With t = d * rest, t' = t + (t + 128) / 256, it is (t' + 128 + 256 * colour) / 256. */
KV_INLINE kf kf_over(struct kf_color color, kf d)
{
    uint16x8_t low = vmull_u8(vget_low_u8(d), vget_low_u8(color.rest));
#ifdef __aarch64__
    uint16x8_t high = vmull_high_u8(d, color.rest);
    uint8x8_t narrow = vraddhn_u16(vrsraq_n_u16(low, low, 8), color.color);
    return vraddhn_high_u16(narrow, vrsraq_n_u16(high, high, 8), color.color);
#else
    uint16x8_t high = vmull_u8(vget_high_u8(d), vget_high_u8(color.rest));
    return vcombine_u8(vraddhn_u16(vrsraq_n_u16(low, low, 8), color.color),
                       vraddhn_u16(vrsraq_n_u16(high, high, 8), color.color));
#endif
}

/* ---- Questions: one number out of a plane answers all about it ---- */

#ifdef __aarch64__
KV_INLINE bool plane_is_zero(plane p)
{
    return vmaxvq_u8(p) == 0;
}

/* The sum of the alphas. */
KV_INLINE bool kv_is_clear(kv v)
{
    return vaddlvq_u8(v.a) == 0;
}

KV_INLINE bool kv_is_opaque(kv v)
{
    return vaddlvq_u8(v.a) == 255 * KV_PX;
}
#else
KV_INLINE bool plane_is_zero(plane p)
{
    return vget_lane_u64(vreinterpret_u64_u8(p), 0) == 0;
}

KV_INLINE bool kv_is_clear(kv v)
{
    return plane_is_zero(v.a);
}

KV_INLINE bool kv_is_opaque(kv v)
{
    return vget_lane_u64(vreinterpret_u64_u8(v.a), 0) == UINT64_MAX;
}
#endif

KV_INLINE bool kv_is_zero(kv v)
{
    return kv_is_clear(v) && plane_is_zero(v.b | v.g | v.r);
}

/* ---- Columns: of eight pixels, in half the registers ---- */

#ifdef __aarch64__
#define KV_OWN_COLUMN 1
struct column_edge;

KV_INLINE void column_over(enum kd_target_kind target, enum kd_source_kind source, uint32_t *dst,
                           const uint32_t *src, const struct column_edge *edge)
{
    uint8x8x4_t s = vld4_u8((const uint8_t *)src), d = vld4_u8((const uint8_t *)dst);
    if (source == KD_SOURCE_OPAQUE) {
        s.val[3] = vdup_n_u8(255);
    }
    if (edge) {
        /* lanes of 32 bits, narrowed: the edge is nothing but them */
        const uint32_t *lanes = (const uint32_t *)(const void *)edge;
        uint8x8_t mask =
            vmovn_u16(vcombine_u16(vmovn_u32(vld1q_u32(lanes)), vmovn_u32(vld1q_u32(lanes + 4))));
        s.val[0] &= mask;
        s.val[1] &= mask;
        s.val[2] &= mask;
        s.val[3] &= mask;
    }
    if (source == KD_SOURCE_STRAIGHT) {
        s.val[0] = div255(vmull_u8(s.val[0], s.val[3]));
        s.val[1] = div255(vmull_u8(s.val[1], s.val[3]));
        s.val[2] = div255(vmull_u8(s.val[2], s.val[3]));
    }
    uint8x8_t rest = ~s.val[3];
    d.val[0] = vqadd_u8(s.val[0], div255(vmull_u8(d.val[0], rest)));
    d.val[1] = vqadd_u8(s.val[1], div255(vmull_u8(d.val[1], rest)));
    d.val[2] = vqadd_u8(s.val[2], div255(vmull_u8(d.val[2], rest)));
    d.val[3] = target == KD_TARGET_OPAQUE ? vdup_n_u8(255)
                                          : vqadd_u8(s.val[3], div255(vmull_u8(d.val[3], rest)));
    vst4_u8((uint8_t *)dst, d);
}

KV_INLINE void column_copy(enum kd_source_kind source, uint32_t *dst, const uint32_t *src)
{
    uint32x4_t left = vld1q_u32(src), right = vld1q_u32(src + 4);
    uint32x4_t alpha = vdupq_n_u32(source == KD_SOURCE_OPAQUE ? 0xFF000000u : 0);
    vst1q_u32(dst, left | alpha);
    vst1q_u32(dst + 4, right | alpha);
}
#endif

/* ---- Order, and fewer bits ---- */

KV_INLINE plane plane_reverse(plane p)
{
#ifdef __aarch64__
    plane halves = vrev64q_u8(p);
    return vextq_u8(halves, halves, 8);
#else
    return vrev64_u8(p);
#endif
}

KV_INLINE kv kv_reverse(kv v)
{
    return (kv){plane_reverse(v.b), plane_reverse(v.g), plane_reverse(v.r), plane_reverse(v.a)};
}

KV_INLINE void narrow8_565(uint16_t *dst, uint8x8_t b, uint8x8_t g, uint8x8_t r)
{
    uint16x8_t result = vshlq_n_u16(vmovl_u8(div255(vmull_u8(r, vdup_n_u8(31)))), 11);
    result = vorrq_u16(result, vshll_n_u8(div255(vmull_u8(g, vdup_n_u8(63))), 5));
    vst1q_u16(dst, vorrq_u16(result, vmovl_u8(div255(vmull_u8(b, vdup_n_u8(31))))));
}

KV_INLINE void kv_narrow_565(uint16_t *dst, kv v)
{
#ifdef __aarch64__
    narrow8_565(dst, vget_low_u8(v.b), vget_low_u8(v.g), vget_low_u8(v.r));
    narrow8_565(dst + 8, vget_high_u8(v.b), vget_high_u8(v.g), vget_high_u8(v.r));
#else
    narrow8_565(dst, v.b, v.g, v.r);
#endif
}

/* ---- Bilinear filtering: channels of 16 bits as they lie in memory ---- */

/* first * (256 - weight) + second * weight: differences wrap, the sum does not. */
KV_INLINE uint16x8_t weigh_u16(uint8x8_t first, uint8x8_t second, uint16x8_t weight)
{
    return vmlaq_u16(vshll_n_u8(first, 8), vsubl_u8(second, first), weight);
}

/* Four pixels at a time. */
KV_INLINE void kv_across(uint64_t *out, const uint32_t *pairs, const uint16_t *right)
{
    for (int i = 0; i < KV_PX; i += 4) {
        uint32x4x2_t pixels = vld2q_u32(pairs + 2 * i); /* the left ones, the right ones */
        uint8x16_t left = vreinterpretq_u8_u32(pixels.val[0]);
        uint8x16_t beside = vreinterpretq_u8_u32(pixels.val[1]);
        uint16x4_t weights = vld1_u16(right + i);
        uint16x4x2_t twice = vzip_u16(weights, weights);
        uint32x4_t both = vreinterpretq_u32_u16(vcombine_u16(twice.val[0], twice.val[1]));
        uint32x4x2_t each = vzipq_u32(both, both);
        uint16_t *to = (uint16_t *)(out + i);
        vst1q_u16(to, weigh_u16(vget_low_u8(left), vget_low_u8(beside),
                                vreinterpretq_u16_u32(each.val[0])));
        vst1q_u16(to + 8, weigh_u16(vget_high_u8(left), vget_high_u8(beside),
                                    vreinterpretq_u16_u32(each.val[1])));
    }
}

/* Two pixels. */
KV_INLINE uint16x8_t down_u16(const uint64_t *above, const uint64_t *below, uint16_t lower)
{
    uint16x8_t a = vld1q_u16((const uint16_t *)above), b = vld1q_u16((const uint16_t *)below);
    uint32x4_t low = vmull_n_u16(vget_low_u16(a), (uint16_t)(256 - lower));
    uint32x4_t high = vmull_n_u16(vget_high_u16(a), (uint16_t)(256 - lower));
    low = vmlal_n_u16(low, vget_low_u16(b), lower);
    high = vmlal_n_u16(high, vget_high_u16(b), lower);
    return vcombine_u16(vrshrn_n_u32(low, 16), vrshrn_n_u32(high, 16));
}

KV_INLINE void kv_down(uint32_t *dst, const uint64_t *above, const uint64_t *below, uint32_t lower)
{
    for (int i = 0; i < KV_PX; i += 4) {
        uint8x8_t low = vmovn_u16(down_u16(above + i, below + i, (uint16_t)lower));
        uint8x8_t high = vmovn_u16(down_u16(above + i + 2, below + i + 2, (uint16_t)lower));
        vst1q_u8((uint8_t *)(dst + i), vcombine_u8(low, high));
    }
}

/* Two pixels beside each other, premultiplied. */
KV_INLINE uint8x8_t tapped(const uint32_t *pixels, enum kd_source_kind kind)
{
    uint8x8_t v = vld1_u8((const uint8_t *)pixels);
    uint8x8_t full = vreinterpret_u8_u32(vdup_n_u32(0xFF000000));
    if (kind == KD_SOURCE_PREMULTIPLIED) {
        return v;
    }
    if (kind == KD_SOURCE_OPAQUE) {
        return vorr_u8(v, full);
    }
    uint8x8_t alphas = vtbl1_u8(v, vcreate_u8(0x0707070703030303));
    return div255(vmull_u8(vorr_u8(v, full), alphas));
}

/* A pixel; the weights of what is below, on the left and on the right. */
KV_INLINE uint16x4_t filtered(const uint32_t *above, const uint32_t *below, uint16x8_t lower,
                              uint16x4_t left, uint16x4_t right, enum kd_source_kind kind)
{
    uint16x8_t both = weigh_u16(tapped(above, kind), tapped(below, kind), lower);
    uint32x4_t sum = vmull_u16(vget_low_u16(both), left);
    return vrshrn_n_u32(vmlal_u16(sum, vget_high_u16(both), right), 16);
}

/* ---- Walks ---- */

KV_INLINE ki ki_min(ki a, ki b)
{
    return (ki)vminq_s32((int32x4_t)a, (int32x4_t)b);
}

KV_INLINE ki ki_max(ki a, ki b)
{
    return (ki)vmaxq_s32((int32x4_t)a, (int32x4_t)b);
}

/* Two numbers, the first one below; which is constant. */
#define KI_PAIR(v, which) ((uint64_t)vgetq_lane_s64(vreinterpretq_s64_s32((int32x4_t)(v)), which))

/* All loads first. */
KV_INLINE void ki_gather(uint32_t *dst, const uint32_t *pixels, ki index)
{
    uint64_t low = KI_PAIR(index, 0), high = KI_PAIR(index, 1);
    uint32_t first = pixels[(uint32_t)low], second = pixels[low >> 32];
    uint32_t third = pixels[(uint32_t)high], fourth = pixels[high >> 32];
    dst[0] = first;
    dst[1] = second;
    dst[2] = third;
    dst[3] = fourth;
}

#define KI_FILTERED(index, n)                                                               \
    filtered(above + (uint32_t)(index), below + (uint32_t)(index), vdupq_lane_u16(down, n), \
             vdup_lane_u16(left, n), vdup_lane_u16(beside, n), kind)

KV_INLINE void ki_filter(uint32_t *dst, const uint32_t *above, const uint32_t *below, ki index,
                         ki right, ki lower, enum kd_source_kind kind)
{
    uint64_t low = KI_PAIR(index, 0), high = KI_PAIR(index, 1);
    uint16x4_t beside = vmovn_u32((uint32x4_t)right), down = vmovn_u32((uint32x4_t)lower);
    uint16x4_t left = vsub_u16(vdup_n_u16(256), beside);
    uint16x8_t first = vcombine_u16(KI_FILTERED(low, 0), KI_FILTERED(low >> 32, 1));
    uint16x8_t second = vcombine_u16(KI_FILTERED(high, 2), KI_FILTERED(high >> 32, 3));
    vst1q_u8((uint8_t *)dst, vcombine_u8(vmovn_u16(first), vmovn_u16(second)));
}

#endif
#endif

/*
 * The inner loops of kernels for 16 pixels, marked for llvm-mca (tests/arm/bench): what each kind of vector costs, without the
 * branches that choose. It is compiled, and never run.
 */
#include "pix/pix_vec_neon.h"

#include "pix/pix_vec.h"

#define BEGIN(name) __asm__ volatile("# LLVM-MCA-BEGIN " #name ::: "memory")
#define END()       __asm__ volatile("# LLVM-MCA-END" ::: "memory")

#define LOOP(name, target, source, blend)                                 \
    void name(uint32_t *dst, const uint32_t *src, size_t count_px);       \
    void name(uint32_t *dst, const uint32_t *src, size_t count_px)        \
    {                                                                     \
        for (size_t i = 0; i < count_px; i += KV_PX) {                    \
            BEGIN(name);                                                  \
            kv s = kv_load(src + i);                                      \
            kv d = blend_covers(source, blend) ? s : kv_load(dst + i);    \
            kv_store(dst + i, blend_pixels(target, source, blend, d, s)); \
            END();                                                        \
        }                                                                 \
    }

LOOP(over_premultiplied, KD_TARGET_OPAQUE, KD_SOURCE_PREMULTIPLIED, KB_BLEND_OVER)
LOOP(over_straight, KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT, KB_BLEND_OVER)
LOOP(over_straight_canvas, KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, KB_BLEND_OVER)
LOOP(copy_planes, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE, KB_BLEND_REPLACE)
LOOP(add, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE, KB_BLEND_ADD)
LOOP(mult, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE, KB_BLEND_MULT)

/* Opaque pixels are copied as they lie in memory (daemon/pix/pix_neon.c); copy_planes is what it would be with planes. */
void copy_as_it_lies(uint32_t *dst, const uint32_t *src, size_t count_px);
void copy_as_it_lies(uint32_t *dst, const uint32_t *src, size_t count_px)
{
    uint32x4_t alpha = vdupq_n_u32(ALPHA_MASK);
    for (size_t i = 0; i < count_px; i += 16) {
        BEGIN(copy_as_it_lies);
        uint32x4_t first = vld1q_u32(src + i), second = vld1q_u32(src + i + 4);
        uint32x4_t third = vld1q_u32(src + i + 8), fourth = vld1q_u32(src + i + 12);
        vst1q_u32(dst + i, vorrq_u32(first, alpha));
        vst1q_u32(dst + i + 4, vorrq_u32(second, alpha));
        vst1q_u32(dst + i + 8, vorrq_u32(third, alpha));
        vst1q_u32(dst + i + 12, vorrq_u32(fourth, alpha));
        END();
    }
}

/*
 * Pixel kernels: what happens to one row of pixels.
 *
 * A pixel is a uint32_t 0xAARRGGBB in host order. The formulas are those of docs/protocol.md,
 * "Colours and blending"; pix_ref.c is their specification in C, and every other implementation
 * equals it bit for bit.
 *
 * What holds for all kernels: rows need no more alignment than uint32_t; count_px may be 0;
 * exactly count_px pixels are read and written, none beside them (but by columns); rows of one call do not overlap
 * unless the kernel says that they may. Kernels keep no state and may run on any thread.
 */
#ifndef KD_PIX_PIX_H
#define KD_PIX_PIX_H

#include "gen/kmsblit_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kd_source_kind {
    KD_SOURCE_STRAIGHT,
    KD_SOURCE_PREMULTIPLIED, /* colours above their alpha are legal: results saturate */
    KD_SOURCE_OPAQUE,        /* the alpha byte is ignored and counts as 255 */
};
#define KD_SOURCE_KINDS (KD_SOURCE_OPAQUE + 1)

enum kd_target_kind {
    KD_TARGET_OPAQUE, /* a window: alpha is written as 255, whatever it was */
    KD_TARGET_ALPHA,  /* a canvas: premultiplied colours with alpha */
};
#define KD_TARGET_KINDS (KD_TARGET_ALPHA + 1)

#define KD_PIX_BLENDS (KB_BLEND_RGBA_MAX + 1)

/* Blends src into dst; target kind, source kind and blend are chosen by the place in the table. */
typedef void kd_pix_blit_fn(uint32_t *dst, const uint32_t *src, size_t count_px);

/* Blends a straight colour, to which the command's alpha has been applied, into dst. */
typedef void kd_pix_fill_fn(uint32_t *dst, size_t count_px, uint32_t color);

/* OVER for pieces of a tile, column by column: what lies below each other is mostly of one sort, which processors guess well, and a column's rows are
 * the bits of a word. The first column's first first_px pixels, and the last one's from end_px (1 to 8) on, are not written; dst and src are
 * the pixels of bit 0 at the left edge of the first column, drawn or not. Of rows that are blended, all pixels of all columns may be read,
 * of dst and src, and what dst has beside the piece is written again (in a window its alpha is 255 there). */
#define KD_PIX_COLUMN_PX 8
struct kd_pix_column {
    uint64_t copy;  /* rows that are drawn and opaque; only of columns that are drawn wholly */
    uint64_t blend; /* other rows that are drawn */
};
struct kd_pix_columns {
    uint32_t *dst;
    size_t dst_stride_px;
    const struct kd_pix_column *list;
    uint32_t count;
    uint32_t first_px, end_px;
};
typedef void kd_pix_blit_columns_fn(const struct kd_pix_columns *columns, const uint32_t *src,
                                    size_t src_stride_px);
typedef void kd_pix_fill_columns_fn(const struct kd_pix_columns *columns, uint32_t color);

/* Applies tint, then alpha, to a row of the given kind. The tint's alpha byte is not used. The
 * result is of the kind kd_source_kind_modulated(kind, alpha). out may be src itself. */
typedef void kd_pix_modulate_fn(uint32_t *out, const uint32_t *src, size_t count_px,
                                enum kd_source_kind kind, uint32_t tint, uint8_t alpha);

/* out[i] = src[count_px - 1 - i]: what flip_x does to the source rectangle's row. */
typedef void kd_pix_reverse_fn(uint32_t *out, const uint32_t *src, size_t count_px);

/* Nearest scaling of a row of picture_px pixels shown shown_px wide: dst[i] is the picture's pixel
 * floor((2*X + 1) * picture_px / (2*shown_px)), where X = first + i is counted from the left edge of
 * the shown picture. 0 <= first, first + count_px <= shown_px; both widths are below 2^30. Whole
 * rows are chosen by the same rule: kd_pix_nearest(). src_row[0] is the picture's pixel row_first, so that a row
 * may come in pieces. */
typedef void kd_pix_scale_nearest_fn(uint32_t *dst, const uint32_t *src_row, size_t count_px,
                                     int64_t first, int64_t row_first, uint32_t picture_px,
                                     uint32_t shown_px);

/* Bilinear scaling of a row in two steps, of which the first need not be done again for each row that is shown of the same
 * two. Across: out[i] is the premultiplied pixels pairs[2*i] and pairs[2*i + 1], weighted 256 - right[i] to right[i]
 * (0..256): four sums of 16 bits, the channel at bits 8*c of a pixel at bits 16*c. */
typedef void kd_pix_bilinear_across_fn(uint64_t *out, const uint32_t *pairs, const uint16_t *right,
                                       size_t count_px);

/* Down: two such rows (they may be the same) weighted 256 - lower to lower (0..256), rounded: what kd_pix_bilinear() gives. */
typedef void kd_pix_bilinear_down_fn(uint32_t *dst, const uint64_t *above, const uint64_t *below,
                                     size_t count_px, uint32_t lower);

/* A straight walk through a picture that lies in one piece: pixel i is sampled at (u + i*du, v + i*dv), 16.16. All these places lie
 * in the box, and the box in the picture, whose sides are at most 2^14. */
struct kd_pix_walk {
    const uint32_t *pixels; /* the picture's pixel (0, 0) */
    int64_t stride_px;      /* below 2^16 */
    enum kd_source_kind kind;
    int32_t x1, y1, x2, y2; /* the box */
    int64_t u, v, du, dv;
};

/* Nearest: dst[i] is the pixel that the place lies in, as it is stored. Bilinear: filtered between the centres of pixels, which are
 * clamped to the box, and premultiplied. */
typedef void kd_pix_walk_fn(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px);

/* dst[i] = kd_rgb565_narrow(src[i]) */
typedef void kd_pix_narrow_565_fn(uint16_t *dst, const uint32_t *src, size_t count_px);

struct kd_pix {
    const char *name; /* of the fastest part of it: "ref", "avx2", ... */
    kd_pix_blit_fn *blit[KD_TARGET_KINDS][KD_SOURCE_KINDS][KD_PIX_BLENDS];
    kd_pix_fill_fn *fill[KD_TARGET_KINDS][KD_PIX_BLENDS];
    kd_pix_blit_columns_fn *blit_columns[KD_TARGET_KINDS][KD_SOURCE_KINDS];
    kd_pix_fill_columns_fn *fill_columns[KD_TARGET_KINDS];
    kd_pix_modulate_fn *modulate;
    kd_pix_reverse_fn *reverse;
    kd_pix_scale_nearest_fn *scale_nearest;
    kd_pix_bilinear_across_fn *bilinear_across;
    kd_pix_bilinear_down_fn *bilinear_down;
    kd_pix_walk_fn *walk_nearest, *walk_bilinear;
    kd_pix_narrow_565_fn *narrow_565;
};

/* The kernels for this machine, chosen once, at the first call. The environment variable
 * KMSBLIT_PIX limits the choice: "ref" forces the reference, else the names of the instruction
 * sets that may be used, separated by commas ("sse2,avx2"). Any thread. */
const struct kd_pix *kd_pix_get(void);

/* The specification. */
const struct kd_pix *kd_pix_reference(void);

/* Instruction sets that kernels are written for. */
enum kd_pix_cpu {
    KD_PIX_CPU_SSE2 = 1,
    KD_PIX_CPU_AVX2 = 2,
    KD_PIX_CPU_NEON = 4,
};

/* What this machine has: enum kd_pix_cpu bits. */
unsigned kd_pix_cpu_detect(void);

/* What a value of KMSBLIT_PIX allows; NULL and "" allow everything. *unknown is set if a word in it
 * is not known (the others still count). */
unsigned kd_pix_cpu_parse(const char *text, bool *unknown);

/* Makes the table that a machine with just these instruction sets would get. For tests and
 * benchmarks, which compare tables. */
void kd_pix_make(struct kd_pix *pix, unsigned cpu);

/* mul(a, b) of the protocol: a*b/255 rounded to nearest, for 0 <= a, b <= 255. */
static inline uint32_t kd_pix_mul(uint32_t a, uint32_t b)
{
    return (a * b + 127) / 255;
}

/* The kind of what modulate makes of a row: an opaque row becomes straight with a real alpha. */
static inline enum kd_source_kind kd_source_kind_modulated(enum kd_source_kind kind, uint8_t alpha)
{
    return kind == KD_SOURCE_OPAQUE && alpha != 255 ? KD_SOURCE_STRAIGHT : kind;
}

/* A fill's colour with the command's alpha applied, as kd_pix_fill_fn wants it. */
static inline uint32_t kd_pix_fill_color(uint32_t color, uint8_t alpha)
{
    return (color & 0x00FFFFFFu) | kd_pix_mul(color >> 24, alpha) << 24;
}

/* Bilinear filtering: four premultiplied neighbours (left and right, above and below), the fractions of 256 that the right and
 * the lower ones get. */
static inline uint32_t kd_pix_bilinear(const uint32_t p[2][2], uint32_t fx, uint32_t fy)
{
    uint32_t out = 0;

    for (int shift = 0; shift < 32; shift += 8) {
        uint32_t above = (p[0][0] >> shift & 255) * (256 - fx) + (p[0][1] >> shift & 255) * fx;
        uint32_t below = (p[1][0] >> shift & 255) * (256 - fx) + (p[1][1] >> shift & 255) * fx;

        out |= (above * (256 - fy) + below * fy + 32768) >> 16 << shift;
    }
    return out;
}

/* A pixel of a source as a premultiplied one. */
static inline uint32_t kd_pix_premultiplied(uint32_t pixel, enum kd_source_kind kind)
{
    uint32_t a = pixel >> 24;

    if (kind == KD_SOURCE_OPAQUE)
        return pixel | 0xFF000000;
    if (kind == KD_SOURCE_PREMULTIPLIED)
        return pixel;
    return a << 24 | kd_pix_mul(pixel >> 16 & 255, a) << 16 | kd_pix_mul(pixel >> 8 & 255, a) << 8 |
           kd_pix_mul(pixel & 255, a);
}

/* Where a shown pixel's centre lies in a picture, in 256ths of a pixel, counted from the centre of the picture's first one. */
static inline int64_t kd_pix_filtered(int64_t place, uint32_t picture_px, uint32_t shown_px)
{
    return (2 * place + 1) * (int64_t)picture_px * 256 / (2 * (int64_t)shown_px) - 128;
}

/* The pixel (or row) of a picture picture_px long that is shown at place of shown_px, 0 <= place. */
static inline int64_t kd_pix_nearest(int64_t place, uint32_t picture_px, uint32_t shown_px)
{
    return (2 * place + 1) * (int64_t)picture_px / (2 * (int64_t)shown_px);
}

/* The first place whose pixel of the picture is at least `at`: the inverse of kd_pix_nearest(). */
static inline int64_t kd_pix_first_shown(int64_t at, uint32_t picture_px, uint32_t shown_px)
{
    int64_t numerator = 2 * at * (int64_t)shown_px - (int64_t)picture_px;

    return numerator <= 0 ? 0
                          : (numerator + 2 * (int64_t)picture_px - 1) / (2 * (int64_t)picture_px);
}

#endif

/*
 * Shared by the files of daemon/pix/ only. An implementation for an instruction set is one file
 * pix_NAME.c with one function that overrides the entries of the table that it is faster at;
 * pix_init.c calls it if the machine has the instruction set. Kernels are written once for all
 * instruction sets with vectors, in pix_vec.h; pix_vec_NAME.h says what they are made of.
 */
#ifndef KD_PIX_PIX_IMPL_H
#define KD_PIX_PIX_IMPL_H

#include "pix/pix.h"

extern const struct kd_pix kd_pix_ref_table;

#if defined(__x86_64__) || defined(__i386__)
void kd_pix_sse2(struct kd_pix *pix);
void kd_pix_avx2(struct kd_pix *pix);
#endif

/* With soft floating point there are no registers for it. Of the compilers for 32 bits, only gcc compiles single functions for it. */
#if defined(__aarch64__) || defined(__ARM_NEON) || \
    (defined(__arm__) && defined(__ARM_FP) && !defined(__clang__))
#define KD_PIX_HAS_NEON 1
void kd_pix_neon(struct kd_pix *pix);
#endif

/* ---- A whole table: its entries have the same names in each file, where they are static ---- */

#define KD_PIX_EACH_BLEND(X)                 \
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

/* Rows of one blend, by the file's own BLIT_ROW(name, target, source, blend) and FILL_ROW(name, target, blend). */
#define KD_PIX_ROWS(blend, BLEND)                                                            \
    BLIT_ROW(window_straight_##blend, KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT, BLEND)           \
    BLIT_ROW(window_premultiplied_##blend, KD_TARGET_OPAQUE, KD_SOURCE_PREMULTIPLIED, BLEND) \
    BLIT_ROW(window_opaque_##blend, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE, BLEND)               \
    BLIT_ROW(canvas_straight_##blend, KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT, BLEND)            \
    BLIT_ROW(canvas_premultiplied_##blend, KD_TARGET_ALPHA, KD_SOURCE_PREMULTIPLIED, BLEND)  \
    BLIT_ROW(canvas_opaque_##blend, KD_TARGET_ALPHA, KD_SOURCE_OPAQUE, BLEND)                \
    FILL_ROW(window_fill_##blend, KD_TARGET_OPAQUE, BLEND)                                   \
    FILL_ROW(canvas_fill_##blend, KD_TARGET_ALPHA, BLEND)

#define KD_PIX_WINDOW_STRAIGHT(blend, BLEND)      [BLEND] = window_straight_##blend,
#define KD_PIX_WINDOW_PREMULTIPLIED(blend, BLEND) [BLEND] = window_premultiplied_##blend,
#define KD_PIX_WINDOW_OPAQUE(blend, BLEND)        [BLEND] = window_opaque_##blend,
#define KD_PIX_CANVAS_STRAIGHT(blend, BLEND)      [BLEND] = canvas_straight_##blend,
#define KD_PIX_CANVAS_PREMULTIPLIED(blend, BLEND) [BLEND] = canvas_premultiplied_##blend,
#define KD_PIX_CANVAS_OPAQUE(blend, BLEND)        [BLEND] = canvas_opaque_##blend,
#define KD_PIX_WINDOW_FILL(blend, BLEND)          [BLEND] = window_fill_##blend,
#define KD_PIX_CANVAS_FILL(blend, BLEND)          [BLEND] = canvas_fill_##blend,

/* Columns, by the file's own BLIT_COLUMNS(name, target, source) and FILL_COLUMNS(name, target). */
#define KD_PIX_COLUMNS                                                                    \
    BLIT_COLUMNS(window_straight_columns, KD_TARGET_OPAQUE, KD_SOURCE_STRAIGHT)           \
    BLIT_COLUMNS(window_premultiplied_columns, KD_TARGET_OPAQUE, KD_SOURCE_PREMULTIPLIED) \
    BLIT_COLUMNS(window_opaque_columns, KD_TARGET_OPAQUE, KD_SOURCE_OPAQUE)               \
    BLIT_COLUMNS(canvas_straight_columns, KD_TARGET_ALPHA, KD_SOURCE_STRAIGHT)            \
    BLIT_COLUMNS(canvas_premultiplied_columns, KD_TARGET_ALPHA, KD_SOURCE_PREMULTIPLIED)  \
    BLIT_COLUMNS(canvas_opaque_columns, KD_TARGET_ALPHA, KD_SOURCE_OPAQUE)                \
    FILL_COLUMNS(window_fill_columns, KD_TARGET_OPAQUE)                                   \
    FILL_COLUMNS(canvas_fill_columns, KD_TARGET_ALPHA)

/* All of struct kd_pix but the name. */
#define KD_PIX_TABLE                                                                              \
    .blit[KD_TARGET_OPAQUE] =                                                                     \
        {                                                                                         \
            [KD_SOURCE_STRAIGHT] = {KD_PIX_EACH_BLEND(KD_PIX_WINDOW_STRAIGHT)},                   \
            [KD_SOURCE_PREMULTIPLIED] = {KD_PIX_EACH_BLEND(KD_PIX_WINDOW_PREMULTIPLIED)},         \
            [KD_SOURCE_OPAQUE] = {KD_PIX_EACH_BLEND(KD_PIX_WINDOW_OPAQUE)},                       \
    },                                                                                            \
    .blit[KD_TARGET_ALPHA] =                                                                      \
        {                                                                                         \
            [KD_SOURCE_STRAIGHT] = {KD_PIX_EACH_BLEND(KD_PIX_CANVAS_STRAIGHT)},                   \
            [KD_SOURCE_PREMULTIPLIED] = {KD_PIX_EACH_BLEND(KD_PIX_CANVAS_PREMULTIPLIED)},         \
            [KD_SOURCE_OPAQUE] = {KD_PIX_EACH_BLEND(KD_PIX_CANVAS_OPAQUE)},                       \
    },                                                                                            \
    .fill[KD_TARGET_OPAQUE] = {KD_PIX_EACH_BLEND(KD_PIX_WINDOW_FILL)},                            \
    .fill[KD_TARGET_ALPHA] = {KD_PIX_EACH_BLEND(KD_PIX_CANVAS_FILL)},                             \
    .blit_columns = {[KD_TARGET_OPAQUE] = {window_straight_columns, window_premultiplied_columns, \
                                           window_opaque_columns},                                \
                     [KD_TARGET_ALPHA] = {canvas_straight_columns, canvas_premultiplied_columns,  \
                                          canvas_opaque_columns}},                                \
    .fill_columns = {window_fill_columns, canvas_fill_columns}, .modulate = modulate,             \
    .reverse = reverse, .scale_nearest = scale_nearest, .bilinear_across = bilinear_across,       \
    .bilinear_down = bilinear_down, .walk_nearest = walk_nearest, .walk_bilinear = walk_bilinear, \
    .narrow_565 = narrow_565

#endif

/*
 * Runs single pixel kernels, and pixman beside them, for the tests in this folder.
 *
 *     pixel_tool [ref | best]
 *
 * uses the reference, or the kernels that the daemon would use. An operation on the standard input is a line of words,
 * then pixels (native uint32_t 0xAARRGGBB); its answer on the standard output is COUNT pixels.
 *
 *     blit window|canvas straight|premultiplied|opaque BLEND COUNT       then COUNT of the target, COUNT of the source
 *     fill window|canvas BLEND COLOR COUNT                               COUNT of the target
 *     modulate straight|premultiplied|opaque TINT ALPHA COUNT            COUNT
 *     reverse COUNT                                                      COUNT
 *     scale FIRST PICTURE_PX SHOWN_PX COUNT                              PICTURE_PX
 *     pixman over|src|add window|canvas argb|xrgb ALPHA COUNT            COUNT of the target, COUNT of the source
 *     transform nearest|bilinear window|canvas argb|xrgb WIDTH HEIGHT XX XY X0 YX YY Y0 SOURCE_WIDTH SOURCE_HEIGHT
 *                                                      WIDTH*HEIGHT of the target, SOURCE_WIDTH*SOURCE_HEIGHT of the source
 *                                                      (pixman's OVER, the source repeated by its edges, the matrix in 16.16)
 *
 * Anything that it does not understand ends it with status 2 and a line on the standard error.
 */
#include "gen/kmsblit_proto.h"
#include "pix/pix.h"

#include <pixman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_PX (1u << 24)

static const struct kd_pix *pix;

static _Noreturn void fail(const char *what, const char *word)
{
    fprintf(stderr, "pixel_tool: %s: %s\n", what, word);
    exit(2);
}

/* The index of a word in a list that ends with NULL. */
static unsigned word_index(const char *const *list, const char *word)
{
    for (unsigned i = 0; list[i] != NULL; i++) {
        if (strcmp(list[i], word) == 0) {
            return i;
        }
    }
    fail("no such word here", word);
}

static enum kd_target_kind target_of(const char *word)
{
    static const char *const words[] = {"window", "canvas", NULL};
    static const enum kd_target_kind values[] = {KD_TARGET_OPAQUE, KD_TARGET_ALPHA};
    return values[word_index(words, word)];
}

static enum kd_source_kind source_of(const char *word)
{
    static const char *const words[] = {"straight", "premultiplied", "opaque", NULL};
    static const enum kd_source_kind values[] = {KD_SOURCE_STRAIGHT, KD_SOURCE_PREMULTIPLIED,
                                                 KD_SOURCE_OPAQUE};
    return values[word_index(words, word)];
}

static enum kb_blend blend_of(const char *word)
{
    for (unsigned blend = 0; blend < KD_PIX_BLENDS; blend++) {
        if (strcmp(kb_blend_name(blend), word) == 0) {
            return (enum kb_blend)blend;
        }
    }
    fail("no such blend", word);
}

static uint32_t number_of(const char *word, uint32_t most)
{
    char *end;
    unsigned long long value = strtoull(word, &end, 0);
    if (*word == '\0' || *end != '\0' || value > most) {
        fail("not a number, or too large", word);
    }
    return (uint32_t)value;
}

/* Exactly as much memory as there are pixels, so that a sanitizer sees what is beside. The caller frees. */
static uint32_t *pixels_new(size_t count_px)
{
    uint32_t *pixels = calloc(count_px + (count_px == 0), sizeof(*pixels));
    if (pixels == NULL) {
        fail("no memory", "for pixels");
    }
    return pixels;
}

static uint32_t *pixels_read(size_t count_px)
{
    uint32_t *pixels = pixels_new(count_px);
    if (fread(pixels, sizeof(*pixels), count_px, stdin) != count_px) {
        fail("the input ends", "among pixels");
    }
    return pixels;
}

/* Frees the pixels. */
static void pixels_write(uint32_t *pixels, size_t count_px)
{
    if (fwrite(pixels, sizeof(*pixels), count_px, stdout) != count_px || fflush(stdout) != 0) {
        fail("cannot write", "to the standard output");
    }
    free(pixels);
}

static void run_blit(char **words)
{
    size_t count_px = number_of(words[3], MOST_PX);
    uint32_t *dst = pixels_read(count_px), *src = pixels_read(count_px);
    pix->blit[target_of(words[0])][source_of(words[1])][blend_of(words[2])](dst, src, count_px);
    pixels_write(dst, count_px);
    free(src);
}

static void run_fill(char **words)
{
    size_t count_px = number_of(words[3], MOST_PX);
    uint32_t *dst = pixels_read(count_px);
    pix->fill[target_of(words[0])][blend_of(words[1])](dst, count_px,
                                                       number_of(words[2], UINT32_MAX));
    pixels_write(dst, count_px);
}

static void run_modulate(char **words)
{
    size_t count_px = number_of(words[3], MOST_PX);
    uint32_t *src = pixels_read(count_px), *out = pixels_new(count_px);
    pix->modulate(out, src, count_px, source_of(words[0]), number_of(words[1], UINT32_MAX),
                  (uint8_t)number_of(words[2], 255));
    pixels_write(out, count_px);
    free(src);
}

static void run_reverse(char **words)
{
    size_t count_px = number_of(words[0], MOST_PX);
    uint32_t *src = pixels_read(count_px), *out = pixels_new(count_px);
    pix->reverse(out, src, count_px);
    pixels_write(out, count_px);
    free(src);
}

static void run_scale(char **words)
{
    uint32_t first = number_of(words[0], MOST_PX), picture_px = number_of(words[1], MOST_PX);
    uint32_t shown_px = number_of(words[2], MOST_PX), count_px = number_of(words[3], MOST_PX);
    if (picture_px == 0 || shown_px == 0 || first + count_px > shown_px) {
        fail("outside of the picture", words[3]);
    }
    uint32_t *src = pixels_read(picture_px), *out = pixels_new(count_px);
    pix->scale_nearest(out, src, count_px, first, 0, picture_px, shown_px);
    pixels_write(out, count_px);
    free(src);
}

/* Pixman's own answer; ALPHA is a constant mask over everything. */
static void run_pixman(char **words)
{
    static const char *const operators[] = {"over", "src", "add", NULL};
    static const pixman_op_t values[] = {PIXMAN_OP_OVER, PIXMAN_OP_SRC, PIXMAN_OP_ADD};
    static const char *const formats[] = {"argb", "xrgb", NULL};
    pixman_op_t operation = values[word_index(operators, words[0])];
    bool window = target_of(words[1]) == KD_TARGET_OPAQUE;
    bool xrgb = word_index(formats, words[2]) == 1;
    uint16_t alpha = (uint16_t)(number_of(words[3], 255) * 257);
    int count_px = (int)number_of(words[4], 32767); /* pixman's widest image */
    uint32_t *dst = pixels_read((size_t)count_px), *src = pixels_read((size_t)count_px);
    pixman_color_t color = {0, 0, 0, alpha};
    pixman_image_t *mask = alpha == 0xFFFF ? NULL : pixman_image_create_solid_fill(&color);
    pixman_image_t *to = pixman_image_create_bits(window ? PIXMAN_x8r8g8b8 : PIXMAN_a8r8g8b8,
                                                  count_px, 1, dst, 4 * count_px);
    pixman_image_t *from = pixman_image_create_bits(xrgb ? PIXMAN_x8r8g8b8 : PIXMAN_a8r8g8b8,
                                                    count_px, 1, src, 4 * count_px);
    pixman_image_composite32(operation, from, mask, to, 0, 0, 0, 0, 0, 0, count_px, 1);
    pixman_image_unref(to);
    pixman_image_unref(from);
    if (mask != NULL) {
        pixman_image_unref(mask);
    }
    pixels_write(dst, (size_t)count_px);
    free(src);
}

static int32_t fixed_of(const char *word)
{
    bool negative = *word == '-';
    int64_t value = number_of(word + negative, UINT32_C(1) << 31);
    return (int32_t)(negative ? -value : value);
}

static pixman_image_t *pixman_image_of(const char *format, uint32_t *pixels, uint32_t width,
                                       uint32_t height)
{
    static const char *const formats[] = {"argb", "xrgb", "canvas", "window", NULL};
    return pixman_image_create_bits(word_index(formats, format) % 2 ? PIXMAN_x8r8g8b8
                                                                    : PIXMAN_a8r8g8b8,
                                    (int)width, (int)height, pixels, (int)(4 * width));
}

/* Pixman's own transformed drawing. */
static void run_transform(char **words)
{
    static const char *const filters[] = {"nearest", "bilinear", NULL};
    static const pixman_filter_t values[] = {PIXMAN_FILTER_NEAREST, PIXMAN_FILTER_BILINEAR};
    uint32_t width = number_of(words[3], 4096), height = number_of(words[4], 4096);
    uint32_t src_width = number_of(words[11], 4096), src_height = number_of(words[12], 4096);
    uint32_t *dst = pixels_read((size_t)width * height);
    uint32_t *src = pixels_read((size_t)src_width * src_height);
    pixman_image_t *to = pixman_image_of(words[1], dst, width, height);
    pixman_image_t *from = pixman_image_of(words[2], src, src_width, src_height);
    pixman_transform_t matrix = {{{0, 0, 0}, {0, 0, 0}, {0, 0, pixman_fixed_1}}};
    for (int i = 0; i < 6; i++) {
        matrix.matrix[i / 3][i % 3] = fixed_of(words[5 + i]);
    }
    pixman_image_set_transform(from, &matrix);
    pixman_image_set_filter(from, values[word_index(filters, words[0])], NULL, 0);
    pixman_image_set_repeat(from, PIXMAN_REPEAT_PAD);
    pixman_image_composite32(PIXMAN_OP_OVER, from, NULL, to, 0, 0, 0, 0, 0, 0, (int)width,
                             (int)height);
    pixman_image_unref(to);
    pixman_image_unref(from);
    pixels_write(dst, (size_t)width * height);
    free(src);
}

static const struct {
    const char *name;
    unsigned words; /* after the name */
    void (*run)(char **words);
} operations[] = {
    {"blit", 4, run_blit},
    {"fill", 4, run_fill},
    {"modulate", 4, run_modulate},
    {"reverse", 1, run_reverse},
    {"scale", 4, run_scale},
    {"pixman", 5, run_pixman},
    {"transform", 13, run_transform},
};

static void run_line(char *line)
{
    char *words[14];
    char *rest;
    unsigned count = 0;
    for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < 14;
         word = strtok_r(NULL, " \n", &rest)) {
        words[count++] = word;
    }
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (count == operations[i].words + 1 && strcmp(words[0], operations[i].name) == 0) {
            operations[i].run(words + 1);
            return;
        }
    }
    fail("no such operation, or other words than it wants", count > 0 ? words[0] : "(nothing)");
}

int main(int argc, char **argv)
{
    static const char *const tables[] = {"ref", "best", NULL};
    char line[256];
    unsigned table = argc > 1 ? word_index(tables, argv[1]) : 1;
    pix = table == 0 ? kd_pix_reference() : kd_pix_get();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        run_line(line);
    }
    return 0;
}

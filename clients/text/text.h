/*
 * Text as pixels: a font at one size, lines that wrap, and a picture of them.
 *
 * Lines go from left to right, glyph by glyph with kerning; nothing is shaped, so that scripts whose
 * letters join look wrong. Text is UTF-8; a byte that cannot be is drawn as U+FFFD. '\n' begins a line,
 * a tab goes on to the next multiple of eight spaces, other control characters are not drawn.
 *
 * A font is for one thread at a time.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_SIZE_MOST_PX 1024

struct text_font;

/* The fonts that come with kmsblit. */
enum text_face { TEXT_SANS, TEXT_BOLD, TEXT_MONO };

enum text_align { TEXT_LEFT, TEXT_CENTER, TEXT_RIGHT };

struct text_style {
    uint32_t
        wrap_px; /* no line becomes wider, but for one letter that is; 0: lines end at '\n' only */
    enum text_align align;
    bool sharp; /* pixels are on or off */
};

/* Heights as the font has them at its size. A line's top is ascent_px above its baseline. */
struct text_metrics {
    int32_t ascent_px, descent_px; /* both positive */
    int32_t height_px; /* from the top of the highest letter to the bottom of the lowest */
    int32_t line_px;   /* from baseline to baseline */
};

/* A letter's pixels. */
struct text_glyph {
    uint32_t number;    /* of the glyph and its sharpness, in its font */
    int32_t left, top;  /* from the pen on the baseline to the first pixel; top goes upwards */
    int32_t advance_px; /* from pen to pen */
    uint32_t width, height;
    uint8_t *pixels; /* owned by the font: alpha, rows without gaps; NULL if there are none */
};

/* 8 bits of alpha a pixel. */
struct text_picture {
    uint32_t width, height; /* at least 1 */
    uint8_t *pixels;        /* owned, rows without gaps; free() */
};

/* Makes a font of a file, of size_px pixels an em (as pygame counts it). 0 or -errno: of opening the
 * file, -EINVAL for what is no font or no size, -ENOMEM. */
int text_open(const char *file, uint32_t size_px, struct text_font **font);

/* The same of a face in a folder of bundled fonts. */
int text_open_bundled(const char *folder, enum text_face face, uint32_t size_px,
                      struct text_font **font);

/* The folder of the bundled fonts of the running program: where they were built or installed beside
 * it. -ENOENT if there are none. */
int text_program_folder(char *folder, size_t bytes);

void text_close(struct text_font *font); /* NULL is allowed */

void text_metrics(const struct text_font *font, struct text_metrics *metrics);

/* How large the picture is. style may be NULL: no wrapping, at the left, smooth. 0 or -ENOMEM. */
int text_measure(struct text_font *font, const char *utf8, size_t bytes,
                 const struct text_style *style, int32_t *width, int32_t *height);

/* Calls place for every glyph that has pixels, with the picture's pixel that its first one goes to;
 * anything but 0 that it returns ends that, and is returned. */
typedef int (*text_place)(void *context, const struct text_glyph *glyph, int32_t x, int32_t y);
int text_walk(struct text_font *font, const char *utf8, size_t bytes,
              const struct text_style *style, text_place place, void *context);

/* 0, -ENOMEM, or -E2BIG for a picture that is wider or higher than 16384 pixels. */
int text_render(struct text_font *font, const char *utf8, size_t bytes,
                const struct text_style *style, struct text_picture *picture);

/* Draws a picture in a colour 0xAARRGGBB over rows of premultiplied 0xAARRGGBB, cut to them. */
void text_paint(const struct text_picture *picture, uint32_t color, uint32_t *pixels,
                size_t stride_px, uint32_t width, uint32_t height, int32_t x, int32_t y);

#endif

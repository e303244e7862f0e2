/* Where glyphs go: characters, words, lines; and the picture of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "glyphs.h"

#define PICTURE_MOST_PX 16384
#define TAB_SPACES      8
#define NO_CHARACTER    0xfffdu

/* A character that has a place in its line. */
struct item {
    const struct text_glyph *glyph; /* borrowed from the font */
    int32_t x;                      /* of the pen, from the beginning of the text's line */
    bool space;                     /* a line may break here */
};

/* A line is first <= item < end, and begins at the pen position start. */
struct line {
    size_t first, end;
    int32_t start;
    int32_t left, right; /* what it covers, from start on */
};

struct layout {
    struct item *items; /* owned */
    size_t items_count;
    struct line *lines; /* owned */
    size_t lines_count, lines_capacity;
    int32_t left, width; /* of all lines */
    int32_t height;
};

/* ---- Characters ----------------------------------------------------------------------------- */

/* The next character of text that has at least one byte. */
static uint32_t next_character(const uint8_t **text, const uint8_t *end)
{
    const uint8_t *at = *text;
    uint32_t first = *at++, code, least;
    unsigned more;
    *text = at;
    if (first < 0x80)
        return first;
    if (first >= 0xc2 && first <= 0xdf) {
        more = 1;
        code = first & 0x1f;
        least = 0x80;
    } else if (first >= 0xe0 && first <= 0xef) {
        more = 2;
        code = first & 0x0f;
        least = 0x800;
    } else if (first >= 0xf0 && first <= 0xf4) {
        more = 3;
        code = first & 0x07;
        least = 0x10000;
    } else {
        return NO_CHARACTER;
    }
    for (; more > 0; more--, at++) {
        if (at == end || (*at & 0xc0) != 0x80)
            return NO_CHARACTER;
        code = code << 6 | (*at & 0x3f);
    }
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return NO_CHARACTER;
    *text = at;
    return code;
}

static bool is_drawn(uint32_t code)
{
    return code >= 0x20 && (code < 0x7f || code > 0x9f);
}

/* Saturates: text of a million letters is only not shown well. */
static int32_t add(int32_t x, int32_t by)
{
    int32_t sum;
    return __builtin_add_overflow(x, by, &sum) ? (by < 0 ? INT32_MIN / 2 : INT32_MAX / 2) : sum;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static int add_line(struct layout *layout, size_t first, size_t end)
{
    if (layout->lines_count == layout->lines_capacity) {
        size_t capacity = layout->lines_capacity == 0 ? 8 : layout->lines_capacity * 2;
        struct line *lines = realloc(layout->lines, capacity * sizeof(*lines));
        if (lines == NULL)
            return -ENOMEM;
        layout->lines = lines;
        layout->lines_capacity = capacity;
    }
    struct line line = {.first = first, .end = end};
    if (first < end)
        line.start = layout->items[first].x;
    for (size_t i = first; i < end; i++) {
        const struct text_glyph *glyph = layout->items[i].glyph;
        int32_t pen = layout->items[i].x - line.start;
        int32_t left = add(pen, glyph->left), right = add(left, (int32_t)glyph->width);
        int32_t next = add(pen, glyph->advance_px);
        if (glyph->pixels != NULL && left < line.left)
            line.left = left;
        if (glyph->pixels != NULL && right > line.right)
            line.right = right;
        if (next > line.right)
            line.right = next;
    }
    layout->lines[layout->lines_count++] = line;
    return 0;
}

/* Where a line that begins with first ends, for its width; at most end. */
static size_t break_line(const struct layout *layout, size_t first, size_t end, uint32_t wrap_px)
{
    const struct item *items = layout->items;
    size_t word = first; /* the last space behind a word: the line could end with it */
    bool letters = false;
    for (size_t i = first; i < end; i++) {
        const struct text_glyph *glyph = items[i].glyph;
        int32_t reaches = add(items[i].x - items[first].x, glyph->advance_px);
        int32_t ink = add(items[i].x - items[first].x, glyph->left + (int32_t)glyph->width);
        if (items[i].space) {
            word = letters ? i : word;
        } else if (i > first && (reaches > (int64_t)wrap_px ||
                                 (glyph->pixels != NULL && ink > (int64_t)wrap_px))) {
            return word > first ? word : i;
        } else {
            letters = true;
        }
    }
    return end;
}

/* Spaces that a line is broken at belong to neither of the two. */
static int wrap(struct layout *layout, size_t first, size_t end, uint32_t wrap_px)
{
    do {
        size_t stop = wrap_px > 0 ? break_line(layout, first, end, wrap_px) : end;
        size_t used = stop;
        while (stop < end && used > first && layout->items[used - 1].space)
            used--;
        int error = add_line(layout, first, used);
        if (error < 0)
            return error;
        while (stop < end && layout->items[stop].space)
            stop++;
        first = stop;
    } while (first < end);
    return 0;
}

/* One line of the text becomes items, and those one line or several. */
static int lay_line(struct layout *layout, struct text_font *font, const uint8_t *text,
                    const uint8_t *end, const struct text_style *style)
{
    const uint32_t space = text_glyph_number(font, ' ', style->sharp);
    const size_t first = layout->items_count;
    uint32_t before = 0;
    int32_t x = 0;
    while (text < end) {
        const struct text_glyph *glyph;
        uint32_t code = next_character(&text, end);
        if (code != '\t' && !is_drawn(code))
            continue;
        uint32_t number = code == '\t' ? space : text_glyph_number(font, code, style->sharp);
        int error = text_glyph_get(font, number, &glyph);
        if (error < 0)
            return error;
        if (before != 0)
            x = add(x, text_kerning(font, before, number));
        before = number;
        layout->items[layout->items_count++] =
            (struct item){.glyph = glyph, .x = x, .space = code == ' ' || code == '\t'};
        if (code == '\t' && glyph->advance_px > 0) {
            int32_t stop = glyph->advance_px * TAB_SPACES;
            x = add(x - x % stop, stop);
        } else {
            x = add(x, glyph->advance_px);
        }
    }
    return wrap(layout, first, layout->items_count, style->wrap_px);
}

static void layout_finish(struct layout *layout)
{
    free(layout->items);
    free(layout->lines);
}

static int lay(struct layout *layout, struct text_font *font, const char *utf8, size_t bytes,
               const struct text_style *style)
{
    static const uint8_t nothing[1];
    const uint8_t *at = bytes > 0 ? (const uint8_t *)utf8 : nothing, *end = at + bytes;
    *layout = (struct layout){.items = malloc((bytes + 1) * sizeof(*layout->items))};
    int error = layout->items == NULL ? -ENOMEM : 0;
    while (error == 0) {
        const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
        error = lay_line(layout, font, at, newline != NULL ? newline : end, style);
        if (newline == NULL)
            break;
        at = newline + 1;
    }
    int32_t right = 0;
    for (size_t i = 0; i < layout->lines_count; i++) {
        const struct line *line = &layout->lines[i];
        layout->left = line->left < layout->left ? line->left : layout->left;
        right = line->right > right ? line->right : right;
    }
    layout->width = right - layout->left;
    int64_t height = font->metrics.height_px;
    if (layout->lines_count > 1)
        height += (int64_t)(layout->lines_count - 1) * font->metrics.line_px;
    layout->height = height > INT32_MAX ? INT32_MAX : (int32_t)height;
    if (error < 0)
        layout_finish(layout);
    return error;
}

/* ---- What that is good for ------------------------------------------------------------------ */

static const struct text_style plain;

int text_measure(struct text_font *font, const char *utf8, size_t bytes,
                 const struct text_style *style, int32_t *width, int32_t *height)
{
    struct layout layout;
    int error = lay(&layout, font, utf8, bytes, style != NULL ? style : &plain);
    if (error < 0)
        return error;
    *width = layout.width;
    *height = layout.height;
    layout_finish(&layout);
    return 0;
}

static int walk(const struct layout *layout, const struct text_font *font, enum text_align align,
                text_place place, void *context)
{
    for (size_t i = 0; i < layout->lines_count; i++) {
        const struct line *line = &layout->lines[i];
        const int32_t y = (int32_t)((int64_t)i * font->metrics.line_px + font->metrics.ascent_px);
        const int32_t room = layout->width - (line->right - layout->left);
        int32_t x = -layout->left - line->start;
        if (align != TEXT_LEFT)
            x += align == TEXT_RIGHT ? room : room / 2;
        for (size_t k = line->first; k < line->end; k++) {
            const struct item *item = &layout->items[k];
            if (item->glyph->pixels == NULL)
                continue;
            int stop =
                place(context, item->glyph, item->x + x + item->glyph->left, y - item->glyph->top);
            if (stop != 0)
                return stop;
        }
    }
    return 0;
}

int text_walk(struct text_font *font, const char *utf8, size_t bytes,
              const struct text_style *style, text_place place, void *context)
{
    struct layout layout;
    if (style == NULL)
        style = &plain;
    int error = lay(&layout, font, utf8, bytes, style);
    if (error < 0)
        return error;
    error = walk(&layout, font, style->align, place, context);
    layout_finish(&layout);
    return error;
}

/* a * b of what 255 is one of, to the nearest. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
    uint32_t t = a * b + 128;
    return (t + (t >> 8)) >> 8;
}

/* Letters may overlap: the later one covers what is left. */
static int place_in_picture(void *context, const struct text_glyph *glyph, int32_t x, int32_t y)
{
    struct text_picture *picture = context;
    for (uint32_t row = 0; row < glyph->height; row++) {
        int64_t to_y = (int64_t)y + row;
        if (to_y < 0 || to_y >= picture->height)
            continue;
        for (uint32_t column = 0; column < glyph->width; column++) {
            int64_t to_x = (int64_t)x + column;
            if (to_x < 0 || to_x >= picture->width)
                continue;
            uint32_t alpha = glyph->pixels[(size_t)row * glyph->width + column];
            uint8_t *to = &picture->pixels[(size_t)to_y * picture->width + (size_t)to_x];
            *to = (uint8_t)(alpha + multiply(*to, 255 - alpha));
        }
    }
    return 0;
}

int text_render(struct text_font *font, const char *utf8, size_t bytes,
                const struct text_style *style, struct text_picture *picture)
{
    struct layout layout;
    if (style == NULL)
        style = &plain;
    *picture = (struct text_picture){0};
    int error = lay(&layout, font, utf8, bytes, style);
    if (error < 0)
        return error;
    if (layout.width > PICTURE_MOST_PX || layout.height > PICTURE_MOST_PX) {
        error = -E2BIG;
        goto finish;
    }
    picture->width = layout.width < 1 ? 1 : (uint32_t)layout.width;
    picture->height = (uint32_t)layout.height;
    picture->pixels = calloc(picture->height, picture->width);
    if (picture->pixels == NULL)
        error = -ENOMEM;
    else
        walk(&layout, font, style->align, place_in_picture, picture);
finish:
    layout_finish(&layout);
    return error;
}

/* Premultiplied, times what 255 is one of. */
static uint32_t fade(uint32_t color, uint32_t by)
{
    return multiply(color >> 24, by) << 24 | multiply(color >> 16 & 255, by) << 16 |
           multiply(color >> 8 & 255, by) << 8 | multiply(color & 255, by);
}

void text_paint(const struct text_picture *picture, uint32_t color, uint32_t *pixels,
                size_t stride_px, uint32_t width, uint32_t height, int32_t x, int32_t y)
{
    const uint32_t premultiplied = fade(color | 0xff000000, color >> 24);
    for (uint32_t row = 0; row < picture->height; row++) {
        int64_t to_y = (int64_t)y + row;
        if (to_y < 0 || to_y >= height)
            continue;
        for (uint32_t column = 0; column < picture->width; column++) {
            int64_t to_x = (int64_t)x + column;
            uint32_t alpha = picture->pixels[(size_t)row * picture->width + column];
            if (alpha == 0 || to_x < 0 || to_x >= width)
                continue;
            uint32_t over = fade(premultiplied, alpha);
            uint32_t *to = &pixels[(size_t)to_y * stride_px + (size_t)to_x];
            *to = over + fade(*to, 255 - (over >> 24));
        }
    }
}

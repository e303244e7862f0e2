#include "card.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define BACK   0xFF1A1C25u
#define EDGE   0xFF3B3F52u
#define ACCENT 0xFFE5484Du
#define BRIGHT 0xFFF4F4F8u
#define SAID   0xFFFFA79Eu
#define CODE   0xFFD5D8E6u
#define QUIET  0xFF8E93A8u
#define CAP    0xFF303446u

#define COLUMNS    84u /* of the detail, at most */
#define WHAT_LINES 6
#define LINES_MOST 64u /* of the detail that are looked at */

struct canvas {
    uint32_t width, height;
    uint32_t *pixels;
};

struct line {
    const char *text;
    size_t bytes;
    int32_t height_px;
};

/* All lengths in pixels. */
struct layout {
    struct text_font *title, *what, *detail, *hint; /* owned */
    int32_t pad, gap, stripe, border;
    int32_t width, inner;
    int32_t title_height, what_height, detail_height, hint_height, height;
    char *text;                    /* owned: the detail, of lines that each end with '\n' */
    struct line lines[LINES_MOST]; /* of it, that are shown: from the first to the last */
    size_t first;
};

/* ---- How large everything is -------------------------------------------------------------------- */

static uint32_t clamp(uint32_t value, uint32_t least, uint32_t most)
{
    return value < least ? least : value > most ? most : value;
}

static int open_fonts(const char *folder, uint32_t body, struct layout *layout)
{
    int error = text_open_bundled(folder, TEXT_BOLD, body * 3 / 2, &layout->title);
    if (error == 0)
        error = text_open_bundled(folder, TEXT_SANS, body + body / 8, &layout->what);
    if (error == 0)
        error = text_open_bundled(folder, TEXT_MONO, clamp(body * 9 / 10, 10, 64), &layout->detail);
    if (error == 0)
        error = text_open_bundled(folder, TEXT_SANS, body, &layout->hint);
    return error;
}

static int32_t line_px(const struct text_font *font)
{
    struct text_metrics metrics;
    text_metrics(font, &metrics);
    return metrics.line_px;
}

static int measure(struct text_font *font, const char *text, size_t bytes, int32_t wrap_px,
                   int32_t *height_px)
{
    const struct text_style style = {.wrap_px = (uint32_t)wrap_px};
    int32_t width;
    return text_measure(font, text, bytes, &style, &width, height_px);
}

/* Python's tracebacks are long: where something happened is told by the file's name alone, and what only underlines is
 * left out, as are the heading and what all lines are indented by. The copy is to be freed. */
static char *tidy(const char *detail)
{
    static const char place[] = "  File \"", heading[] = "Traceback (most recent call last):";
    char *copy = malloc(strlen(detail) + 1), *to = copy;
    while (copy != NULL && *detail != '\0') {
        size_t bytes = strcspn(detail, "\n"), blank = strspn(detail, " ~^");
        const char *from = detail, *end = detail + bytes;
        detail = *end == '\n' ? end + 1 : end;
        if (blank >= bytes || strncmp(from, heading, sizeof(heading) - 1) == 0)
            continue;
        if (strncmp(from, place, sizeof(place) - 1) == 0) {
            const char *quote = memchr(from + sizeof(place) - 1, '"', bytes - (sizeof(place) - 1));
            const char *slash = quote != NULL ? memrchr(from, '/', (size_t)(quote - from)) : NULL;
            memcpy(to, place + 2, sizeof(place) - 3);
            to += sizeof(place) - 3;
            from = slash != NULL ? slash + 1 : from + sizeof(place) - 1;
        }
        if (strncmp(from, "  ", 2) == 0)
            from += 2;
        memcpy(to, from, (size_t)(end - from));
        to += end - from;
        *to++ = '\n';
    }
    if (copy != NULL)
        *to = '\0';
    return copy;
}

/* The line that ends before `end`, and where it begins. */
static int line_before(const struct layout *layout, const char *detail, size_t end,
                       struct line *line)
{
    size_t begin = end;
    while (begin > 0 && detail[begin - 1] != '\n')
        begin--;
    *line = (struct line){.text = detail + begin, .bytes = end - begin};
    int error = measure(layout->detail, line->text, line->bytes, layout->inner, &line->height_px);
    if (line->height_px < line_px(layout->detail))
        line->height_px = line_px(layout->detail);
    return error;
}

/* From the last line of the detail up: as many as there is room for, and above them a sign that there were more. */
static int choose_lines(const char *detail, int32_t room_px, struct layout *layout)
{
    static const char more[] = "…";
    const int32_t more_px = line_px(layout->detail);
    size_t end = strlen(detail), at = LINES_MOST;
    while (end > 0 && at > 1) {
        struct line line;
        int error = line_before(layout, detail, --end, &line); /* without its '\n' */
        if (error < 0)
            return error;
        end -= line.bytes;
        if (layout->detail_height + line.height_px + (end > 0 ? more_px : 0) > room_px) {
            end = 1;
            break;
        }
        layout->detail_height += line.height_px;
        layout->lines[--at] = line;
    }
    if (end > 0 && at < LINES_MOST) {
        layout->detail_height += more_px;
        layout->lines[--at] =
            (struct line){.text = more, .bytes = sizeof(more) - 1, .height_px = more_px};
    }
    layout->first = at;
    return 0;
}

static int lay_out(const struct text_card *card, uint32_t display_width, uint32_t display_height,
                   struct layout *layout)
{
    int32_t column, unused;
    int error = text_measure(layout->detail, "0", 1, NULL, &column, &unused);
    if (error < 0)
        return error;
    layout->width = (int32_t)COLUMNS * column + 2 * layout->pad;
    if (layout->width > (int32_t)display_width - 2 * layout->gap)
        layout->width = (int32_t)display_width - 2 * layout->gap;
    if (layout->width < 2 * layout->pad + column)
        layout->width = 2 * layout->pad + column;
    layout->inner = layout->width - 2 * layout->pad;
    layout->title_height = line_px(layout->title);
    error =
        measure(layout->what, card->what, strlen(card->what), layout->inner, &layout->what_height);
    if (layout->what_height > WHAT_LINES * line_px(layout->what))
        layout->what_height = WHAT_LINES * line_px(layout->what);
    layout->hint_height = line_px(layout->hint) + layout->pad * 5 / 3;
    layout->height = layout->stripe + layout->pad + layout->title_height + layout->pad / 2 +
                     layout->what_height + layout->pad / 2 + layout->hint_height;
    int32_t room = (int32_t)display_height - 2 * layout->gap - layout->height - layout->pad;
    layout->text = tidy(card->detail);
    if (error == 0)
        error = layout->text != NULL ? choose_lines(layout->text, room, layout) : -ENOMEM;
    if (layout->first < LINES_MOST)
        layout->height += layout->detail_height + layout->pad;
    return error;
}

/* ---- Drawing ---------------------------------------------------------------------------------- */

static void fill(const struct canvas *canvas, int32_t x, int32_t y, int32_t width, int32_t height,
                 uint32_t color)
{
    for (int32_t row = y < 0 ? 0 : y; row < y + height && row < (int32_t)canvas->height; row++)
        for (int32_t at = x < 0 ? 0 : x; at < x + width && at < (int32_t)canvas->width; at++)
            canvas->pixels[(size_t)row * canvas->width + (size_t)at] = color;
}

/* Text at (x, y), no lower than so much; *width is how wide it was. */
static int write_text(const struct canvas *canvas, struct text_font *font, const char *text,
                      size_t bytes, uint32_t color, int32_t x, int32_t y, int32_t wrap_px,
                      int32_t height_px, int32_t *width)
{
    const struct text_style style = {.wrap_px = (uint32_t)wrap_px};
    struct text_picture picture;
    int error = text_render(font, text, bytes, &style, &picture);
    if (error < 0)
        return error;
    uint32_t bottom = (uint32_t)(y + height_px);
    text_paint(&picture, color, canvas->pixels, canvas->width, canvas->width,
               bottom < canvas->height ? bottom : canvas->height, x, y);
    if (width != NULL)
        *width = (int32_t)picture.width;
    free(picture.pixels);
    return 0;
}

/* A place in a file matters less than the line of code that stands there. */
static uint32_t color_of(const struct line *line)
{
    static const char file[] = "File \"";
    bool is_place =
        line->bytes >= sizeof(file) - 1 && memcmp(line->text, file, sizeof(file) - 1) == 0;
    return is_place || memchr("T ", line->text[0], 2) == NULL ? QUIET : CODE;
}

static int draw_detail(const struct canvas *canvas, const struct layout *layout, int32_t y)
{
    fill(canvas, layout->pad, y, layout->inner, layout->border, EDGE);
    y += layout->pad / 2;
    for (size_t i = layout->first; i < LINES_MOST; i++) {
        const struct line *line = &layout->lines[i];
        int error = write_text(canvas, layout->detail, line->text, line->bytes, color_of(line),
                               layout->pad, y, layout->inner, line->height_px, NULL);
        if (error < 0)
            return error;
        y += line->height_px;
    }
    return 0;
}

/* A key as it looks on a keyboard, and what it does. */
static int draw_hint(const struct canvas *canvas, const struct layout *layout,
                     const struct text_card_hint *hint, int32_t *x, int32_t y)
{
    const int32_t line = line_px(layout->hint), inset = layout->pad / 3;
    int32_t width, unused;
    int error = text_measure(layout->hint, hint->key, strlen(hint->key), NULL, &width, &unused);
    if (error < 0)
        return error;
    fill(canvas, *x, y - inset / 2, width + 2 * inset, line + inset, CAP);
    fill(canvas, *x, y - inset / 2 + line + inset, width + 2 * inset, layout->border, EDGE);
    error = write_text(canvas, layout->hint, hint->key, strlen(hint->key), BRIGHT, *x + inset, y, 0,
                       line, NULL);
    *x += width + 3 * inset;
    if (error == 0)
        error = write_text(canvas, layout->hint, hint->does, strlen(hint->does), CODE, *x, y, 0,
                           line, &width);
    *x += width + layout->pad;
    return error;
}

static int draw_hints(const struct canvas *canvas, const struct layout *layout,
                      const struct text_card *card, struct text_card_picture *picture)
{
    int32_t x = layout->pad, y = layout->height - layout->hint_height, width = 0, unused;
    int error = 0;
    picture->hints_top = (uint32_t)y;
    y += layout->pad * 2 / 3;
    for (size_t i = 0; i < 2 && error == 0; i++) {
        picture->hints[i].left = (uint32_t)x;
        if (card->hints[i].key != NULL)
            error = draw_hint(canvas, layout, &card->hints[i], &x, y);
        picture->hints[i].right = (uint32_t)x;
    }
    if (error == 0)
        error = text_measure(layout->hint, card->note, strlen(card->note), NULL, &width, &unused);
    if (error == 0 && x + width <= layout->width - layout->pad)
        error = write_text(canvas, layout->hint, card->note, strlen(card->note), QUIET,
                           layout->width - layout->pad - width, y, 0, line_px(layout->hint), NULL);
    return error;
}

static int draw(const struct layout *layout, const struct text_card *card,
                struct text_card_picture *picture)
{
    const struct canvas canvas = {
        .width = picture->width, .height = picture->height, .pixels = picture->pixels};
    int32_t x = layout->pad, y = layout->stripe + layout->pad;
    fill(&canvas, 0, 0, layout->width, layout->height, EDGE);
    fill(&canvas, layout->border, layout->border, layout->width - 2 * layout->border,
         layout->height - 2 * layout->border, BACK);
    fill(&canvas, 0, 0, layout->width, layout->stripe, ACCENT);
    int error = write_text(&canvas, layout->title, card->title, strlen(card->title), BRIGHT, x, y,
                           0, layout->title_height, NULL);
    y += layout->title_height + layout->pad / 2;
    if (error == 0)
        error = write_text(&canvas, layout->what, card->what, strlen(card->what), SAID, x, y,
                           layout->inner, layout->what_height, NULL);
    y += layout->what_height + layout->pad / 2;
    if (error == 0 && layout->first < LINES_MOST)
        error = draw_detail(&canvas, layout, y);
    if (error == 0)
        error = draw_hints(&canvas, layout, card, picture);
    return error;
}

int text_card_render(const char *folder, const struct text_card *card, uint32_t display_width,
                     uint32_t display_height, struct text_card_picture *picture)
{
    const uint32_t least =
        display_height < display_width * 3 / 4 ? display_height : display_width * 3 / 4;
    const uint32_t body = clamp(least / 40, 10, 54);
    struct layout layout = {.pad = (int32_t)body,
                            .gap = (int32_t)body * 2 / 3,
                            .stripe = (int32_t)body / 4,
                            .border = (int32_t)body / 16 + 1};
    *picture = (struct text_card_picture){.pixels = NULL};
    int error = open_fonts(folder, body, &layout);
    if (error == 0)
        error = lay_out(card, display_width, display_height, &layout);
    if (error == 0) {
        picture->width = (uint32_t)layout.width;
        picture->height = (uint32_t)layout.height;
        picture->pixels = calloc((size_t)picture->width * picture->height, sizeof(uint32_t));
        error = picture->pixels != NULL ? draw(&layout, card, picture) : -ENOMEM;
    }
    if (error < 0) {
        free(picture->pixels);
        picture->pixels = NULL;
    }
    free(layout.text);
    text_close(layout.title);
    text_close(layout.what);
    text_close(layout.detail);
    text_close(layout.hint);
    return error;
}

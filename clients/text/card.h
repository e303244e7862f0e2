/*
 * The card that is shown when a program crashed, as a picture: what happened, the end of what the program said of it, and what
 * can be done now. It is as large as it must be, with letters that can be read on small panels as on large ones.
 */
#ifndef TEXT_CARD_H
#define TEXT_CARD_H

#include <stddef.h>
#include <stdint.h>

struct text_card_hint {
    const char *key;  /* "Esc" */
    const char *does; /* "quit" */
};

struct text_card {
    const char *title;  /* one line: "snake.py has crashed" */
    const char *what;   /* a sentence or two: the exception, the signal */
    const char *detail; /* lines; where not all fit, the last ones are shown. "": none */
    struct text_card_hint hints[2];
    const char *note; /* at the lower right: "starts again in 9 s"; "": nothing */
};

struct text_card_picture {
    uint32_t width, height;
    uint32_t *pixels; /* owned: opaque, 0xFFRRGGBB, rows without gaps; free() */
    /* Where the hints are, to be pressed with finger or mouse: from left to right edge. They are as
     * high as the picture from hints_top on. */
    uint32_t hints_top;
    struct {
        uint32_t left, right;
    } hints[2];
};

/* folder: of the bundled fonts. The picture fits well into a display of that size. 0 or -errno. */
int text_card_render(const char *folder, const struct text_card *card, uint32_t display_width,
                     uint32_t display_height, struct text_card_picture *picture);

#endif

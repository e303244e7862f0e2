/* What the files of clients/text share: the font, and its glyphs as they were drawn once. */
#ifndef TEXT_GLYPHS_H
#define TEXT_GLYPHS_H

#include "text.h"

struct FT_LibraryRec_;
struct FT_FaceRec_;

struct text_font {
    struct FT_LibraryRec_ *library; /* owned */
    struct FT_FaceRec_ *face;       /* owned */
    struct text_metrics metrics;
    struct text_glyph **slots; /* owned: a hash table of owned glyphs, by their numbers */
    size_t slots_count;        /* a power of two, or 0 */
    size_t glyphs_count;
};

/* The glyph of a character; the number of "no such character" if the font lacks it. */
uint32_t text_glyph_number(const struct text_font *font, uint32_t code, bool sharp);

/* By how many pixels the second comes nearer (then it is negative) to the first. */
int32_t text_kerning(const struct text_font *font, uint32_t left, uint32_t right);

/* Valid as long as the font. 0 or -ENOMEM. */
int text_glyph_get(struct text_font *font, uint32_t number, const struct text_glyph **glyph);

#endif

/*
 * Masks of bits, without Python: a bit a pixel, 64 pixels side by side a word.
 *
 * Words lie in stripes of 64 columns, from top to bottom: what two masks have in common is found by
 * walking down two stretches of memory, many rows at once.
 */
#ifndef KMSBLIT_BITS_H
#define KMSBLIT_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bits {
    int32_t width, height;
    uint64_t *words; /* owned: stripe by stripe, height words each; bits right of width are 0 */
};

/* False without memory. Width and height are 0 or more. */
bool bits_init(struct bits *bits, int32_t width, int32_t height);
void bits_finish(struct bits *bits);

static inline int32_t bits_stripes(const struct bits *bits)
{
    return (bits->width + 63) / 64;
}

static inline size_t bits_words(const struct bits *bits)
{
    return (size_t)bits_stripes(bits) * (size_t)bits->height;
}

static inline uint64_t *bits_word(const struct bits *bits, int32_t x, int32_t y)
{
    return &bits->words[(size_t)(x / 64) * (size_t)bits->height + (size_t)y];
}

/* x and y lie within. */
static inline bool bits_get(const struct bits *bits, int32_t x, int32_t y)
{
    return *bits_word(bits, x, y) >> (x & 63) & 1;
}

static inline void bits_set(struct bits *bits, int32_t x, int32_t y)
{
    *bits_word(bits, x, y) |= (uint64_t)1 << (x & 63);
}

static inline void bits_unset(struct bits *bits, int32_t x, int32_t y)
{
    *bits_word(bits, x, y) &= ~((uint64_t)1 << (x & 63));
}

void bits_fill(struct bits *bits);
void bits_clear(struct bits *bits);
void bits_invert(struct bits *bits);
uint64_t bits_count(const struct bits *bits);

/* In the following, other's top left pixel lies on the pixel (x, y) of bits. */

/* Whether any pixel is set in both, and one that is, in bits' own coordinates: the same one that
 * pygame finds. */
bool bits_overlap(const struct bits *bits, const struct bits *other, int64_t x, int64_t y,
                  int64_t *at_x, int64_t *at_y);
uint64_t bits_overlap_area(const struct bits *bits, const struct bits *other, int64_t x, int64_t y);
/* Sets in out, which is as large as bits, what is set in both. */
void bits_overlap_mask(const struct bits *bits, const struct bits *other, int64_t x, int64_t y,
                       struct bits *out);
void bits_draw(struct bits *bits, const struct bits *other, int64_t x, int64_t y);
void bits_erase(struct bits *bits, const struct bits *other, int64_t x, int64_t y);

/* out is of another size; without memory for it nothing is done. */
void bits_scale(const struct bits *bits, struct bits *out);

/* Sums of coordinates over the pixels that are set, for centroid and angle. */
struct bits_moments {
    int64_t count, x, y, xx, xy, yy;
};
void bits_moments(const struct bits *bits, struct bits_moments *moments);

/* ---- bits_parts.c: what hangs together ------------------------------------------------------ */

/* Pixels that touch, also at corners, have the same number, from 1 on. */
struct bits_parts {
    uint32_t *labels; /* owned: width x height; 0 for pixels that are not set */
    uint32_t *sizes;  /* owned: pixels of each part, sizes[0] does not matter */
    uint32_t count;   /* of parts; they are in the order of their first pixels, row by row */
};

/* False without memory. */
bool bits_parts_init(struct bits_parts *parts, const struct bits *bits);
void bits_parts_finish(struct bits_parts *parts);

/* Calls add with the pixels around the first part, clockwise, as pygame's outline() has them; stops
 * when that returns false, and returns what it returned. */
bool bits_outline(const struct bits *bits, int every, bool (*add)(void *context, int x, int y),
                  void *context);

#endif

/* Masks of bits. Loops over rows are written so that compilers make vectors of them. */
#include "bits.h"

#include <stdlib.h>
#include <string.h>

/* Processors that have wide vectors and count bits get code for that (in functions of one
 * file: the others would become visible). */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

bool bits_init(struct bits *bits, int32_t width, int32_t height)
{
    *bits = (struct bits){.width = width, .height = height};
    const size_t words = bits_words(bits);
    bits->words = calloc(words > 0 ? words : 1, sizeof(uint64_t));
    return bits->words != NULL;
}

void bits_finish(struct bits *bits)
{
    free(bits->words);
    bits->words = NULL;
}

/* The bits of the last stripe that are pixels. */
static uint64_t last_stripe(const struct bits *bits)
{
    const unsigned used = (unsigned)bits->width & 63;
    return used == 0 ? UINT64_MAX : ((uint64_t)1 << used) - 1;
}

static void trim(struct bits *bits)
{
    const uint64_t most = last_stripe(bits);
    const size_t words = bits_words(bits);
    for (size_t i = words - (words > 0 ? (size_t)bits->height : 0); i < words; i++) {
        bits->words[i] &= most;
    }
}

void bits_fill(struct bits *bits)
{
    memset(bits->words, 0xff, bits_words(bits) * sizeof(uint64_t));
    trim(bits);
}

void bits_clear(struct bits *bits)
{
    memset(bits->words, 0, bits_words(bits) * sizeof(uint64_t));
}

void bits_invert(struct bits *bits)
{
    const size_t words = bits_words(bits);
    for (size_t i = 0; i < words; i++) {
        bits->words[i] = ~bits->words[i];
    }
    trim(bits);
}

WIDE static uint64_t count_words(const uint64_t *words, size_t length)
{
    uint64_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count += (uint64_t)__builtin_popcountll(words[i]);
    }
    return count;
}

uint64_t bits_count(const struct bits *bits)
{
    return count_words(bits->words, bits_words(bits));
}

/* ---- Two masks ------------------------------------------------------------------------------ */

/* A stretch of one stripe, and the stretch of the other mask's stripe that lies on it when it is
 * moved: to the left by so many bits, which are fewer than 64, or to the right. */
struct piece {
    uint64_t *own; /* borrowed, as other */
    const uint64_t *other;
    size_t rows;
    unsigned left, right;
    int64_t x, y; /* of the first own word */
};

/* All pieces of two masks one by one, from left to right: at most two of each own stripe. */
struct walk {
    const struct bits *bits, *other;
    int64_t x, own_y, other_y;
    size_t rows;
    int64_t next; /* twice the own stripe, and 1 for its second piece */
};

/* False if there are none. Inline, as it takes as long as the search that follows. */
static inline __attribute__((always_inline)) bool walk_begin(struct walk *walk,
                                                             const struct bits *bits,
                                                             const struct bits *other, int64_t x,
                                                             int64_t y)
{
    if (x >= bits->width || y >= bits->height || x <= -(int64_t)other->width ||
        y <= -(int64_t)other->height) {
        return false;
    }
    const int64_t own_y = y > 0 ? y : 0, other_y = y > 0 ? 0 : -y;
    const int64_t own_rows = bits->height - own_y, other_rows = other->height - other_y;
    *walk = (struct walk){
        .bits = bits,
        .other = other,
        .x = x,
        .own_y = own_y,
        .other_y = other_y,
        .rows = (size_t)(own_rows < other_rows ? own_rows : other_rows),
        .next = x > 0 ? x / 64 * 2 : 0,
    };
    return walk->rows > 0;
}

static bool walk_next(struct walk *walk, struct piece *piece)
{
    for (;;) {
        const int64_t stripe = walk->next / 2, second = walk->next % 2;
        const int64_t from = stripe * 64 - walk->x; /* the stripe's first column, in the other */
        const int64_t first = from >= 0 ? from / 64 : -((63 - from) / 64);
        const unsigned shift = (unsigned)(from - first * 64);
        if (stripe >= bits_stripes(walk->bits) || first >= bits_stripes(walk->other)) {
            return false;
        }
        walk->next++;
        const int64_t there = first + second;
        if (there < 0 || there >= bits_stripes(walk->other) || (second == 1 && shift == 0)) {
            continue;
        }
        *piece = (struct piece){
            .own = walk->bits->words + stripe * walk->bits->height + walk->own_y,
            .other = walk->other->words + there * walk->other->height + walk->other_y,
            .rows = walk->rows,
            .left = second == 1 ? 64 - shift : 0,
            .right = second == 1 ? 0 : shift,
            .x = stripe * 64,
            .y = walk->own_y,
        };
        return true;
    }
}

/* One stripe of the other mask, and the one or two own stripes that it lies on. */
struct below {
    const uint64_t *first, *second; /* borrowed, as other; NULL: there is none */
    const uint64_t *other;
    size_t rows;
    unsigned shift; /* of the other's first column, in the first own stripe */
};

/* What they have in common, as the other's columns, of one row. */
static inline uint64_t common(const struct below *at, size_t row)
{
    uint64_t own = at->first != NULL ? at->first[row] >> at->shift : 0;
    if (at->second != NULL) {
        own |= at->second[row] << (64 - at->shift);
    }
    return own & at->other[row];
}

typedef uint64_t rows4 __attribute__((vector_size(32)));
#define ROWS 4 /* of a vector */

/* The same of several rows. */
static inline __attribute__((always_inline)) void common4(rows4 *out, const struct below *at,
                                                          bool first, bool second, size_t row)
{
    rows4 own = {0}, next, other;
    if (first) {
        memcpy(&own, at->first + row, sizeof(own));
        own >>= at->shift;
    }
    if (second) {
        memcpy(&next, at->second + row, sizeof(next));
        own |= next << (64 - at->shift);
    }
    memcpy(&other, at->other + row, sizeof(other));
    *out = own & other;
}

/* The first of the rows among which there is something common; rows if there is nothing. */
static inline __attribute__((always_inline)) size_t find(const struct below *at, bool first,
                                                         bool second)
{
    size_t row = 0;
    rows4 a, b;
    for (; row + 2 * ROWS <= at->rows; row += 2 * ROWS) {
        common4(&a, at, first, second, row);
        common4(&b, at, first, second, row + ROWS);
        a |= b;
        if ((a[0] | a[1] | a[2] | a[3]) != 0) {
            return row;
        }
    }
    while (row < at->rows && common(at, row) == 0) {
        row++;
    }
    return row;
}

WIDE static size_t find_common(const struct below *at)
{
    return at->first == NULL    ? find(at, false, true)
           : at->second == NULL ? find(at, true, false)
                                : find(at, true, true);
}

#define TWOS   0x5555555555555555u
#define FOURS  0x3333333333333333u
#define EIGHTS 0x0f0f0f0f0f0f0f0fu

/* A byte counts 8 bits at most: it holds 31 rows of that. */
#define ROWS_OF_BYTES 31

static inline __attribute__((always_inline)) uint64_t count(const struct below *at, bool first,
                                                            bool second)
{
    uint64_t total = 0;
    size_t row = 0;
    while (row + ROWS <= at->rows) {
        rows4 bytes = {0}, bits;
        for (int i = 0; i < ROWS_OF_BYTES && row + ROWS <= at->rows; i++, row += ROWS) {
            common4(&bits, at, first, second, row);
            bits -= bits >> 1 & TWOS;
            bits = (bits & FOURS) + (bits >> 2 & FOURS);
            bytes += (bits + (bits >> 4)) & EIGHTS;
        }
        for (int i = 0; i < ROWS; i++) { /* to sums of two bytes, which do not overflow */
            const uint64_t halves =
                (bytes[i] & 0x00ff00ff00ff00ffu) + (bytes[i] >> 8 & 0x00ff00ff00ff00ffu);
            total += halves * 0x0001000100010001u >> 48;
        }
    }
    for (; row < at->rows; row++) {
        total += (uint64_t)__builtin_popcountll(common(at, row));
    }
    return total;
}

WIDE static uint64_t count_common(const struct below *at)
{
    return at->first == NULL    ? count(at, false, true)
           : at->second == NULL ? count(at, true, false)
                                : count(at, true, true);
}

/* The stripe of the other mask whose first column lies on the own column x. False: nothing below. */
static inline __attribute__((always_inline)) bool below_of(const struct walk *walk, int64_t stripe,
                                                           struct below *at)
{
    const struct bits *bits = walk->bits;
    const int64_t x = walk->x + stripe * 64;
    const int64_t first = x >= 0 ? x / 64 : -((63 - x) / 64), count_own = bits_stripes(bits);
    *at = (struct below){
        .other = walk->other->words + stripe * walk->other->height + walk->other_y,
        .rows = walk->rows,
        .shift = (unsigned)(x - first * 64),
    };
    if (first >= 0 && first < count_own) {
        at->first = bits->words + first * bits->height + walk->own_y;
    }
    if (first + 1 >= 0 && first + 1 < count_own && at->shift > 0) {
        at->second = bits->words + (first + 1) * bits->height + walk->own_y;
    }
    return at->first != NULL || at->second != NULL;
}

/* The first row from row on with a pixel on the first own stripe, then on the second: so pygame
 * searches. There is one. */
static size_t first_of(const struct below *at, size_t row, uint64_t *pixels)
{
    struct below one = *at;
    one.second = NULL;
    for (size_t i = row; at->first != NULL && i < at->rows; i++) {
        if ((*pixels = common(&one, i)) != 0) {
            return i;
        }
    }
    while ((*pixels = common(at, row)) == 0) {
        row++;
    }
    return row;
}

bool bits_overlap(const struct bits *bits, const struct bits *other, int64_t x, int64_t y,
                  int64_t *at_x, int64_t *at_y)
{
    struct walk walk;
    struct below at;
    if (x < 0) { /* as pygame searches */
        const bool found = bits_overlap(other, bits, -x, -y, at_x, at_y);
        *at_x += found ? x : 0;
        *at_y += found ? y : 0;
        return found;
    }
    if (!walk_begin(&walk, bits, other, x, y)) {
        return false;
    }
    for (int64_t stripe = 0; stripe < bits_stripes(other); stripe++) {
        if (!below_of(&walk, stripe, &at)) {
            continue;
        }
        size_t row = find_common(&at);
        if (row < at.rows) {
            uint64_t pixels;
            row = first_of(&at, row, &pixels);
            *at_x = x + stripe * 64 + __builtin_ctzll(pixels);
            *at_y = walk.own_y + (int64_t)row;
            return true;
        }
    }
    return false;
}

uint64_t bits_overlap_area(const struct bits *bits, const struct bits *other, int64_t x, int64_t y)
{
    struct walk walk;
    struct below at;
    uint64_t total = 0;
    if (walk_begin(&walk, bits, other, x, y)) {
        for (int64_t stripe = 0; stripe < bits_stripes(other); stripe++) {
            total += below_of(&walk, stripe, &at) ? count_common(&at) : 0;
        }
    }
    return total;
}

void bits_overlap_mask(const struct bits *bits, const struct bits *other, int64_t x, int64_t y,
                       struct bits *out)
{
    struct walk walk;
    struct piece piece;
    if (!walk_begin(&walk, bits, other, x, y)) {
        return;
    }
    while (walk_next(&walk, &piece)) {
        uint64_t *to = out->words + (piece.own - bits->words);
        for (size_t row = 0; row < piece.rows; row++) {
            to[row] |= piece.own[row] & piece.other[row] << piece.left >> piece.right;
        }
    }
}

void bits_draw(struct bits *bits, const struct bits *other, int64_t x, int64_t y)
{
    struct walk walk;
    struct piece piece;
    if (!walk_begin(&walk, bits, other, x, y)) {
        return;
    }
    while (walk_next(&walk, &piece)) {
        for (size_t row = 0; row < piece.rows; row++) {
            piece.own[row] |= piece.other[row] << piece.left >> piece.right;
        }
    }
    trim(bits);
}

void bits_erase(struct bits *bits, const struct bits *other, int64_t x, int64_t y)
{
    struct walk walk;
    struct piece piece;
    if (!walk_begin(&walk, bits, other, x, y)) {
        return;
    }
    while (walk_next(&walk, &piece)) {
        for (size_t row = 0; row < piece.rows; row++) {
            piece.own[row] &= ~(piece.other[row] << piece.left >> piece.right);
        }
    }
}

/* ---- One mask ------------------------------------------------------------------------------- */

void bits_scale(const struct bits *bits, struct bits *out)
{
    for (int64_t y = 0; bits->height > 0 && bits->width > 0 && y < out->height; y++) {
        const int32_t from_y = (int32_t)(y * bits->height / out->height);
        for (int64_t x = 0; x < out->width; x++) {
            if (bits_get(bits, (int32_t)(x * bits->width / out->width), from_y)) {
                bits_set(out, (int32_t)x, (int32_t)y);
            }
        }
    }
}

void bits_moments(const struct bits *bits, struct bits_moments *moments)
{
    *moments = (struct bits_moments){0};
    for (int64_t x = 0; x < bits->width; x++) {
        for (int64_t y = 0; y < bits->height; y++) {
            if (bits_get(bits, (int32_t)x, (int32_t)y)) {
                moments->count++;
                moments->x += x;
                moments->y += y;
                moments->xx += x * x;
                moments->xy += x * y;
                moments->yy += y * y;
            }
        }
    }
}

/* What hangs together in a mask: its parts, and the way around one. */
#include "bits.h"

#include <stdlib.h>

/* ---- Parts ---------------------------------------------------------------------------------- */

/* The smallest label that stands for the same part; shortens the way there. */
static uint32_t root_of(uint32_t *same, uint32_t label)
{
    while (same[label] != label) {
        same[label] = same[same[label]];
        label = same[label];
    }
    return label;
}

static uint32_t join(uint32_t *same, uint32_t a, uint32_t b)
{
    a = root_of(same, a);
    b = root_of(same, b);
    if (a < b) {
        same[b] = a;
        return a;
    }
    same[a] = b;
    return b;
}

/* Gives a pixel the label of a neighbour before it, or a new one. */
static uint32_t label_of(const uint32_t *labels, int64_t width, int64_t x, int64_t y,
                         uint32_t *same, uint32_t *count)
{
    const uint32_t *here = labels + y * width + x;
    uint32_t label = x > 0 ? here[-1] : 0;
    for (int64_t by = -1; y > 0 && by <= 1; by++) {
        if (x + by < 0 || x + by >= width || here[by - width] == 0) {
            continue;
        }
        label = label == 0 ? here[by - width] : join(same, label, here[by - width]);
    }
    if (label == 0) {
        label = ++*count;
        same[label] = label;
    }
    return label;
}

bool bits_parts_init(struct bits_parts *parts, const struct bits *bits)
{
    const int64_t width = bits->width, height = bits->height;
    const size_t pixels = (size_t)width * (size_t)height;
    /* Pixels that do not touch: at most one of each two by two. */
    const size_t most = (size_t)(width / 2 + 1) * (size_t)(height / 2 + 1) + 1;
    uint32_t labels = 0;
    uint32_t *same = calloc(most, sizeof(*same));
    *parts = (struct bits_parts){
        .labels = calloc(pixels > 0 ? pixels : 1, sizeof(uint32_t)),
        .sizes = calloc(most, sizeof(uint32_t)),
    };
    if (same == NULL || parts->labels == NULL || parts->sizes == NULL) {
        free(same);
        bits_parts_finish(parts);
        return false;
    }
    for (int64_t y = 0; y < height; y++) {
        for (int64_t x = 0; x < width; x++) {
            if (bits_get(bits, (int32_t)x, (int32_t)y)) {
                parts->labels[y * width + x] = label_of(parts->labels, width, x, y, same, &labels);
            }
        }
    }
    /* A root is smaller than what it stands for: it has got its number before. */
    for (uint32_t label = 1; label <= labels; label++) {
        same[label] = same[label] == label ? ++parts->count : same[same[label]];
    }
    for (size_t i = 0; i < pixels; i++) {
        parts->labels[i] = same[parts->labels[i]];
        parts->sizes[parts->labels[i]]++;
    }
    free(same);
    return true;
}

void bits_parts_finish(struct bits_parts *parts)
{
    free(parts->labels);
    free(parts->sizes);
    parts->labels = parts->sizes = NULL;
}

/* ---- The way around ------------------------------------------------------------------------- */

static const int8_t step_x[8] = {1, 1, 0, -1, -1, -1, 0, 1};
static const int8_t step_y[8] = {0, 1, 1, 1, 0, -1, -1, -1};

static bool is_set(const struct bits *bits, int x, int y)
{
    return x >= 0 && y >= 0 && x < bits->width && y < bits->height && bits_get(bits, x, y);
}

/* The first neighbour that is set, of the directions from direction on clockwise; -1 if there is
 * none. */
static int neighbour(const struct bits *bits, int x, int y, int direction)
{
    for (int i = 0; i < 8; i++) {
        const int at = (direction + i) & 7;
        if (is_set(bits, x + step_x[at], y + step_y[at])) {
            return at;
        }
    }
    return -1;
}

static bool first_pixel(const struct bits *bits, int *x, int *y)
{
    for (*y = 0; *y < bits->height; ++*y) {
        for (*x = 0; *x < bits->width; ++*x) {
            if (bits_get(bits, *x, *y)) {
                return true;
            }
        }
    }
    return false;
}

bool bits_outline(const struct bits *bits, int every, bool (*add)(void *context, int x, int y),
                  void *context)
{
    int first_x, first_y, left = every;
    if (!first_pixel(bits, &first_x, &first_y)) {
        return true;
    }
    if (!add(context, first_x, first_y)) {
        return false;
    }
    const int first = neighbour(bits, first_x, first_y, 0);
    int x = first_x, y = first_y, direction = first;
    while (direction >= 0) {
        x += step_x[direction];
        y += step_y[direction];
        if (--left == 0) {
            left = every;
            if (!add(context, x, y)) {
                return false;
            }
        }
        direction = neighbour(bits, x, y, (direction + 6) & 7);
        if (x == first_x && y == first_y && direction == first) {
            break; /* it would go the same way again */
        }
    }
    return true;
}

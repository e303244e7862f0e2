/* The list of a shape's pixels: cut, sorted, joined. */
#include "shapes.h"

#include <stdlib.h>

void shape_init(struct shape *shape, int32_t left, int32_t top, int32_t right, int32_t bottom)
{
    *shape = (struct shape){.left = left, .top = top, .right = right, .bottom = bottom};
}

void shape_finish(struct shape *shape)
{
    free(shape->parts);
    shape->parts = NULL;
}

static bool grow(struct shape *shape)
{
    if (shape->count < shape->capacity) {
        return true;
    }
    const size_t capacity = shape->capacity == 0 ? 64 : shape->capacity * 2;
    struct shape_part *parts = realloc(shape->parts, capacity * sizeof(*parts));
    if (parts == NULL) {
        shape->failed = true;
        return false;
    }
    shape->parts = parts;
    shape->capacity = capacity;
    return true;
}

void shape_span(struct shape *shape, int64_t x1, int64_t x2, int64_t y, uint8_t alpha)
{
    if (x1 > x2) {
        const int64_t x = x1;
        x1 = x2;
        x2 = x;
    }
    x1 = x1 < shape->left ? shape->left : x1;
    x2 = x2 >= shape->right ? shape->right - 1 : x2;
    if (x1 > x2 || y < shape->top || y >= shape->bottom || alpha == 0 || !grow(shape)) {
        return;
    }
    shape->parts[shape->count++] =
        (struct shape_part){(int32_t)x1, (int32_t)y, (int32_t)(x2 - x1 + 1), 1, alpha};
}

static int by_rows(const void *a, const void *b)
{
    const struct shape_part *one = a, *other = b;
    if (one->y != other->y) {
        return one->y < other->y ? -1 : 1;
    }
    return (one->x > other->x) - (one->x < other->x);
}

static int by_columns(const void *a, const void *b)
{
    const struct shape_part *one = a, *other = b;
    if (one->x != other->x) {
        return one->x < other->x ? -1 : 1;
    }
    if (one->width != other->width) {
        return one->width < other->width ? -1 : 1;
    }
    return (one->y > other->y) - (one->y < other->y);
}

/* Stretches of one row that overlap or touch. */
static void join_rows(struct shape *shape)
{
    size_t used = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_part *part = &shape->parts[i];
        struct shape_part *last = used > 0 ? &shape->parts[used - 1] : NULL;
        if (last != NULL && last->y == part->y && last->alpha == part->alpha &&
            part->x <= last->x + last->width) {
            const int32_t end = part->x + part->width;
            last->width = end > last->x + last->width ? end - last->x : last->width;
        } else {
            shape->parts[used++] = *part;
        }
    }
    shape->count = used;
}

/* Stretches below each other. */
static void join_columns(struct shape *shape)
{
    size_t used = 0;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_part *part = &shape->parts[i];
        struct shape_part *last = used > 0 ? &shape->parts[used - 1] : NULL;
        if (last != NULL && last->x == part->x && last->width == part->width &&
            last->alpha == part->alpha && last->y + last->height == part->y) {
            last->height += part->height;
        } else {
            shape->parts[used++] = *part;
        }
    }
    shape->count = used;
}

bool shape_end(struct shape *shape)
{
    if (shape->failed) {
        return false;
    }
    if (shape->count > 1) {
        qsort(shape->parts, shape->count, sizeof(*shape->parts), by_rows);
        join_rows(shape);
        qsort(shape->parts, shape->count, sizeof(*shape->parts), by_columns);
        join_columns(shape);
    }
    return true;
}

/*
 * Boxes: half-open rectangles [x1, x2) x [y1, y2) in whole pixels. Anything with x1 >= x2 or y1 >= y2 is empty.
 * The coordinate spaces have types of their own, so that mixing them up does not compile: pictures (a window's logical pixels, or an image's), the
 * global space in which outputs are laid out, one output's own pixels as people see them, and those of its buffer (base/view.h).
 */
#ifndef KD_BASE_GEOM_H
#define KD_BASE_GEOM_H

#include <stdbool.h>
#include <stdint.h>

/* Coordinates are kept within this bound, so that sums and differences of two fit an int32_t. */
#define KD_COORD_MAX (INT32_C(1) << 29)

struct kd_box {
    int32_t x1, y1, x2, y2;
};

struct kd_global_box {
    struct kd_box box; /* in the space in which outputs are laid out */
};

struct kd_output_box {
    struct kd_box box; /* in one output's pixels */
};

struct kd_device_box {
    struct kd_box box; /* in the pixels of an output's buffer */
};

static inline int32_t kd_coord_clamp(int64_t value)
{
    return value < -KD_COORD_MAX  ? -KD_COORD_MAX
           : value > KD_COORD_MAX ? KD_COORD_MAX
                                  : (int32_t)value;
}

static inline int32_t kd_min(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

static inline int32_t kd_max(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static inline bool kd_box_empty(struct kd_box b)
{
    return b.x1 >= b.x2 || b.y1 >= b.y2;
}

static inline int32_t kd_box_width(struct kd_box b)
{
    return b.x2 - b.x1;
}

static inline int32_t kd_box_height(struct kd_box b)
{
    return b.y2 - b.y1;
}

static inline int64_t kd_box_area(struct kd_box b)
{
    return kd_box_empty(b) ? 0 : (int64_t)kd_box_width(b) * kd_box_height(b);
}

/* A rectangle of any values, as clients send them: evaluated in 64 bits, then kept within KD_COORD_MAX. */
static inline struct kd_box kd_box_from_rect(int64_t x, int64_t y, uint32_t width, uint32_t height)
{
    return (struct kd_box){kd_coord_clamp(x), kd_coord_clamp(y), kd_coord_clamp(x + width),
                           kd_coord_clamp(y + height)};
}

static inline struct kd_box kd_box_of_size(int32_t width, int32_t height)
{
    return (struct kd_box){0, 0, width, height};
}

static inline struct kd_box kd_box_intersect(struct kd_box a, struct kd_box b)
{
    return (struct kd_box){kd_max(a.x1, b.x1), kd_max(a.y1, b.y1), kd_min(a.x2, b.x2),
                           kd_min(a.y2, b.y2)};
}

/* The smallest box that holds both, neither of them empty. */
static inline struct kd_box kd_box_around(struct kd_box a, struct kd_box b)
{
    return (struct kd_box){kd_min(a.x1, b.x1), kd_min(a.y1, b.y1), kd_max(a.x2, b.x2),
                           kd_max(a.y2, b.y2)};
}

static inline struct kd_box kd_box_moved(struct kd_box b, int32_t dx, int32_t dy)
{
    return (struct kd_box){b.x1 + dx, b.y1 + dy, b.x2 + dx, b.y2 + dy};
}

/* Whether inner, not empty, lies wholly in outer. */
static inline bool kd_box_contains(struct kd_box outer, struct kd_box inner)
{
    return outer.x1 <= inner.x1 && outer.y1 <= inner.y1 && outer.x2 >= inner.x2 &&
           outer.y2 >= inner.y2;
}

static inline bool kd_box_equal(struct kd_box a, struct kd_box b)
{
    return a.x1 == b.x1 && a.y1 == b.y1 && a.x2 == b.x2 && a.y2 == b.y2;
}

/* Division rounding down, for a positive divisor. */
static inline int64_t kd_floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

#endif

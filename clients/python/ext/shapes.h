/*
 * Lines, circles and so on as stretches of pixels, without Python. Where pygame.draw's pixels make
 * sense, these are the same.
 */
#ifndef KMSBLIT_SHAPES_H
#define KMSBLIT_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_MOST_PX 65535 /* of what a shape is: widths, radii */

/* A rectangle of pixels that are set. */
struct shape_part {
    int32_t x, y, width, height;
    uint8_t alpha; /* how much of a pixel is covered; 255 except for smooth lines */
};

struct shape {
    int32_t left, top, right, bottom; /* what is cut off; right and bottom are the first outside */
    struct shape_part *parts;         /* owned */
    size_t count, capacity;
    bool failed; /* there was no memory */
};

struct shape_point {
    int32_t x, y;
};

void shape_init(struct shape *shape, int32_t left, int32_t top, int32_t right, int32_t bottom);
void shape_finish(struct shape *shape);

void shape_line(struct shape *shape, struct shape_point from, struct shape_point to, int32_t width);
void shape_smooth_line(struct shape *shape, double x1, double y1, double x2, double y2);
void shape_polygon(struct shape *shape, const struct shape_point *points, size_t count);

/* Corners of a circle or a rectangle. */
enum shape_corner { TOP_LEFT, TOP_RIGHT, BOTTOM_LEFT, BOTTOM_RIGHT, CORNERS };

/* Of width 0, all of it. corners: which quarters are drawn. */
void shape_circle(struct shape *shape, struct shape_point center, int32_t radius, int32_t width,
                  const bool corners[CORNERS]);
void shape_ellipse(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
                   int32_t line);
void shape_arc(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
               double start, double stop, int32_t line);
void shape_rect(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
                int32_t line, const int32_t radii[CORNERS]);

/* Sorts the parts and joins those that touch or overlap. False if there was no memory for all. */
bool shape_end(struct shape *shape);

/* shape_list.c: adds the pixels from x1 to x2. */
void shape_span(struct shape *shape, int64_t x1, int64_t x2, int64_t y, uint8_t alpha);

#endif

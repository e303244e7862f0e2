/* Which pixels lines and polygons, rectangles and arcs are made of; circles are in shape_rounds.c. */
#include "shapes.h"

#include <math.h>
#include <stdlib.h>

/* ---- Lines ---------------------------------------------------------------------------------- */

/* Bresenham's, with steps along both axes at once. A wide line is made of rows if it is steep, else
 * of columns. */
void shape_line(struct shape *shape, struct shape_point from, struct shape_point to, int32_t width)
{
    const int64_t dx = llabs((int64_t)to.x - from.x), dy = llabs((int64_t)to.y - from.y);
    const int step_x = from.x < to.x ? 1 : -1, step_y = from.y < to.y ? 1 : -1;
    const int64_t before = (width - 1) / 2, behind = width / 2;
    int64_t error = (dx > dy ? dx : -dy) / 2, x = from.x, y = from.y;
    for (;;) {
        if (dx <= dy) {
            shape_span(shape, x - before, x + behind, y, 255);
        } else {
            for (int64_t row = y - before; row <= y + behind; row++) {
                shape_span(shape, x, x, row, 255);
            }
        }
        if (x == to.x && y == to.y) {
            return;
        }
        const int64_t was = error;
        if (was > -dx) {
            error -= dy;
            x += step_x;
        }
        if (was < dy) {
            error += dx;
            y += step_y;
        }
    }
}

/* What a pixel gets, or the one beside it, of a line between the two. */
static void cover(struct shape *shape, bool steep, int64_t along, double across, double share)
{
    const double whole = floor(across), rest = across - whole;
    for (int i = 0; i < 2; i++) {
        const int64_t at = (int64_t)whole + i;
        const long alpha = lround((i == 0 ? 1 - rest : rest) * share * 255);
        if (steep) {
            shape_span(shape, at, at, along, (uint8_t)alpha);
        } else {
            shape_span(shape, along, along, at, (uint8_t)alpha);
        }
    }
}

/* Two pixels across at each step along, by how near they are; the ends by how far the line reaches
 * into them. */
void shape_smooth_line(struct shape *shape, double x1, double y1, double x2, double y2)
{
    const bool steep = fabs(y2 - y1) > fabs(x2 - x1);
    double from = steep ? y1 : x1, to = steep ? y2 : x2;
    double start = steep ? x1 : y1, end = steep ? x2 : y2;
    if (from > to) {
        double swapped = from;
        from = to;
        to = swapped;
        swapped = start;
        start = end;
        end = swapped;
    }
    const double slope = to > from ? (end - start) / (to - from) : 0;
    const int64_t first = (int64_t)floor(from + 0.5), last = (int64_t)floor(to + 0.5);
    const int64_t low = steep ? shape->top : shape->left,
                  high = steep ? shape->bottom : shape->right;
    for (int64_t at = first < low ? low : first; at <= last && at < high; at++) {
        double share = 1;
        share -= at == first ? fmax(0, from - (double)at) : 0;
        share -= at == last ? fmax(0, (double)at - to) : 0;
        cover(shape, steep, at, start + ((double)at - from) * slope, share);
    }
}

/* ---- Polygons ------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* Where a row meets an edge, whose lower end belongs to the next one, except on the last row. */
static bool meets(struct shape_point a, struct shape_point b, int32_t y, int32_t last, int64_t *x)
{
    if (a.y == b.y) {
        return false;
    }
    if (a.y > b.y) {
        const struct shape_point swapped = a;
        a = b;
        b = swapped;
    }
    if ((y < a.y || y >= b.y) && (y != last || b.y != last)) {
        return false;
    }
    *x = ((int64_t)y - a.y) * ((int64_t)b.x - a.x) / ((int64_t)b.y - a.y) + a.x;
    return true;
}

static void polygon_row(struct shape *shape, const struct shape_point *points, size_t count,
                        int32_t y, int32_t last, int64_t *crossings)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += meets(points[i > 0 ? i - 1 : count - 1], points[i], y, last, &crossings[found]);
    }
    qsort(crossings, found, sizeof(*crossings), by_value);
    for (size_t i = 0; i + 1 < found; i += 2) {
        shape_span(shape, crossings[i], crossings[i + 1], y, 255);
    }
}

void shape_polygon(struct shape *shape, const struct shape_point *points, size_t count)
{
    int32_t first = INT32_MAX, last = INT32_MIN;
    int64_t *crossings = malloc((count + 1) * sizeof(*crossings));
    if (crossings == NULL) {
        shape->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        first = points[i].y < first ? points[i].y : first;
        last = points[i].y > last ? points[i].y : last;
    }
    for (int64_t y = first > shape->top ? first : shape->top; y <= last && y < shape->bottom; y++) {
        polygon_row(shape, points, count, (int32_t)y, last, crossings);
    }
    for (size_t i = 0; i < count; i++) { /* level edges: a row meets none of their points */
        const struct shape_point *before = &points[i > 0 ? i - 1 : count - 1];
        if (before->y == points[i].y &&
            ((before->y > first && before->y < last) || first == last)) {
            shape_span(shape, before->x, points[i].x, points[i].y, 255);
        }
    }
    free(crossings);
}

/* ---- Arcs ----------------------------------------------------------------------------------- */

static struct shape_point on_ellipse(double x, double y, double radius_x, double radius_y,
                                     double angle)
{
    return (struct shape_point){(int32_t)(x + cos(angle) * radius_x),
                                (int32_t)(y - sin(angle) * radius_y)};
}

/* About two pixels on the smaller side, but no finer than a twentieth. */
static double step_of(double radius_x, double radius_y)
{
    const double radius = radius_x < radius_y ? radius_x : radius_y;
    const double step = radius < 1e-4 ? 1 : asin(fmin(1, 2 / radius));
    return step < 0.05 ? 0.05 : step;
}

/* The next angle of an arc; false behind its end. */
static bool step_on(double *angle, double stop, double step)
{
    if (*angle >= stop) {
        return false;
    }
    *angle = fmin(*angle + step, stop);
    return true;
}

/* A thin arc is a chain of lines. */
static void thin_arc(struct shape *shape, double x, double y, double radius_x, double radius_y,
                     double start, double stop)
{
    const double step = step_of(radius_x, radius_y);
    struct shape_point last = on_ellipse(x, y, radius_x, radius_y, start);
    for (double angle = start; step_on(&angle, stop, step);) {
        const struct shape_point next = on_ellipse(x, y, radius_x, radius_y, angle);
        shape_line(shape, last, next, 1);
        last = next;
    }
}

/* A wide one is a polygon: there along the outside, and back along the inside. */
static void wide_arc(struct shape *shape, double x, double y, double radius_x, double radius_y,
                     double start, double stop, double line)
{
    enum { MOST = 256 }; /* two ways of a full circle in steps of a twentieth */
    struct shape_point points[2 * MOST];
    const double step = 0.05;
    size_t count = 0;
    points[count++] = on_ellipse(x, y, radius_x, radius_y, start);
    for (double angle = start; count < MOST && step_on(&angle, stop, step);) {
        points[count++] = on_ellipse(x, y, radius_x, radius_y, angle);
    }
    for (size_t i = 0, outer = count; i < outer; i++) {
        const double angle = fmax(start, stop - step * (double)i);
        points[count++] = on_ellipse(x, y, radius_x - line, radius_y - line, angle);
    }
    shape_polygon(shape, points, count);
}

void shape_arc(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
               double start, double stop, int32_t line)
{
    const int32_t radius_x = width / 2, radius_y = height / 2;
    const int32_t most = radius_x < radius_y ? radius_x : radius_y;
    const double center_x = (double)x + radius_x, center_y = (double)y + radius_y;
    const double turn = 2 * acos(-1);
    stop = stop < start ? stop + turn : stop;
    stop = stop > start + turn ? start + turn : stop;
    line = line > most ? most : line;
    if (line == 1) {
        thin_arc(shape, center_x, center_y, radius_x, radius_y, start, stop);
    } else if (line > 1) {
        wide_arc(shape, center_x, center_y, radius_x, radius_y, start, stop, line - 1);
    }
}

/* Circles, ellipses, and rectangles whose corners are quarters of circles. */
#include "shapes.h"

#include <stdlib.h>

/* ---- Circles, by whole numbers -------------------------------------------------------------- */

/* The midpoint circle, an eighth of it: step by step outwards from the middle of its top. */
struct eighth {
    int32_t x, y; /* the x-th column from the middle has its outermost pixel in the y-th row */
    int32_t error;
};

static struct eighth eighth_of(int32_t radius)
{
    return (struct eighth){.x = 0, .y = radius, .error = 1 - radius};
}

static bool eighth_next(struct eighth *at)
{
    if (at->x >= at->y) {
        return false;
    }
    if (at->error >= 0) {
        at->y--;
        at->error -= 2 * at->y;
    }
    at->x++;
    at->error += 2 * at->x + 1;
    return true;
}

/* Whatever is on a row `row` from the middle (from 1 on) and from column `inner` to `outer` from
 * there: in each quarter that is asked for. */
static void quarters(struct shape *shape, struct shape_point center, int64_t row, int64_t inner,
                     int64_t outer, const bool corners[CORNERS])
{
    /* The eighth's last step may be one too far, which mirrored is the same as the first. */
    row = row < 1 ? 1 : row;
    inner = inner < 1 ? 1 : inner;
    outer = outer < 1 ? 1 : outer;
    const int64_t above = center.y - row, below = center.y + row - 1;
    const int64_t left_from = center.x - outer, left_to = center.x - inner;
    const int64_t right_from = center.x + inner - 1, right_to = center.x + outer - 1;
    if (corners[TOP_LEFT]) {
        shape_span(shape, left_from, left_to, above, 255);
    }
    if (corners[TOP_RIGHT]) {
        shape_span(shape, right_from, right_to, above, 255);
    }
    if (corners[BOTTOM_LEFT]) {
        shape_span(shape, left_from, left_to, below, 255);
    }
    if (corners[BOTTOM_RIGHT]) {
        shape_span(shape, right_from, right_to, below, 255);
    }
}

static void full_circle(struct shape *shape, struct shape_point center, int32_t radius,
                        const bool corners[CORNERS])
{
    for (struct eighth at = eighth_of(radius); eighth_next(&at);) {
        quarters(shape, center, at.y, 1, at.x, corners);
        quarters(shape, center, at.x, 1, at.y, corners);
    }
}

static void thin_circle(struct shape *shape, struct shape_point center, int32_t radius,
                        const bool corners[CORNERS])
{
    for (struct eighth at = eighth_of(radius); eighth_next(&at);) {
        quarters(shape, center, at.y, at.x, at.x, corners);
        quarters(shape, center, at.x, at.y, at.y, corners);
    }
}

/* What is left of a full circle when a smaller one is taken out. */
static void wide_circle(struct shape *shape, struct shape_point center, int32_t radius,
                        int32_t inner, const bool corners[CORNERS])
{
    int32_t *halves = calloc(2 * ((size_t)radius + 1), sizeof(*halves));
    if (halves == NULL) {
        shape->failed = true;
        return;
    }
    int32_t *out = halves + radius + 1; /* the outermost column of each row */
    for (struct eighth at = eighth_of(inner); eighth_next(&at);) {
        halves[at.y] = at.x > halves[at.y] ? at.x : halves[at.y];
        halves[at.x] = at.y > halves[at.x] ? at.y : halves[at.x];
    }
    for (struct eighth at = eighth_of(radius); eighth_next(&at);) {
        out[at.y] = at.x > out[at.y] ? at.x : out[at.y];
        out[at.x] = at.y > out[at.x] ? at.y : out[at.x];
    }
    for (int32_t row = 1; row <= radius; row++) {
        if (out[row] > halves[row]) {
            quarters(shape, center, row, halves[row] + 1, out[row], corners);
        }
    }
    free(halves);
}

/* ---- Ellipses ------------------------------------------------------------------------------- */

/* A quarter of an ellipse from its top on, by the midpoint method: first, where it is flat, the
 * column decides, then the row. */
struct quarter {
    int64_t x, y;
    int64_t xx, yy;           /* squares of the radii */
    int64_t slope_x, slope_y; /* the second part begins where these are equal */
    double flat_error, error; /* of the first and the second part */
    bool has_error;
};

static struct quarter quarter_of(int64_t radius_x, int64_t radius_y)
{
    struct quarter at = {
        .y = radius_y,
        .xx = radius_x * radius_x,
        .yy = radius_y * radius_y,
    };
    at.slope_y = 2 * at.xx * at.y;
    at.flat_error = (double)(at.yy - at.xx * radius_y) + 0.25 * (double)at.xx;
    return at;
}

static bool is_flat(const struct quarter *at)
{
    return at->slope_x < at->slope_y;
}

static void step_out(struct quarter *at)
{
    at->x++;
    at->slope_x += 2 * at->yy;
}

static void step_down(struct quarter *at)
{
    at->y--;
    at->slope_y -= 2 * at->xx;
}

/* To the last column of a row of the flat part. */
static void widen(struct quarter *at)
{
    while (at->flat_error < 0) {
        step_out(at);
        at->flat_error += (double)(at->slope_x + at->yy);
    }
}

/* One column on, and perhaps a row, within the flat part. Whether it was a row. */
static bool flat_step(struct quarter *at)
{
    const bool down = at->flat_error >= 0;
    step_out(at);
    if (down) {
        step_down(at);
    }
    at->flat_error += (double)(at->slope_x - (down ? at->slope_y : 0) + at->yy);
    return down;
}

/* One row on in the second part; true. */
static bool steep_step(struct quarter *at)
{
    if (!at->has_error) {
        const double x = (double)at->x + 0.5, y = (double)at->y - 1;
        at->error =
            (double)at->yy * x * x + (double)at->xx * y * y - (double)at->xx * (double)at->yy;
        at->has_error = true;
    }
    const bool out = at->error <= 0;
    step_down(at);
    if (out) {
        step_out(at);
    }
    at->error += (double)((out ? at->slope_x : 0) - at->slope_y + at->xx);
    return true;
}

/* The inner edge of a line goes down row by row with the outer one. */
static void inner_step(struct quarter *at)
{
    if (is_flat(at)) {
        widen(at);
        flat_step(at);
    } else if (at->y >= 0) {
        steep_step(at);
    }
}

/* Where an ellipse lies. Of an even width, the middle is between two columns. */
struct place {
    int64_t x, y, even_x, even_y;
};

static void ellipse_row(struct shape *shape, const struct place *at, int64_t y, int64_t inner,
                        int64_t outer)
{
    const int64_t rows[2] = {at->y - y, at->y + y - at->even_y};
    for (int i = 0; i < 2; i++) {
        shape_span(shape, at->x - outer, at->x - inner, rows[i], 255);
        shape_span(shape, at->x + inner - at->even_x, at->x + outer - at->even_x, rows[i], 255);
    }
}

/* Without an inner edge, the two halves of a row must meet. */
static void full_row(struct shape *shape, const struct place *at, int64_t y, int64_t outer)
{
    shape_span(shape, at->x - outer, at->x + outer - at->even_x, at->y - y, 255);
    shape_span(shape, at->x - outer, at->x + outer - at->even_x, at->y + y - at->even_y, 255);
}

static void ring_row(struct shape *shape, const struct place *at, const struct quarter *outer,
                     const struct quarter *inner, bool full)
{
    if (full) {
        full_row(shape, at, outer->y, outer->x);
    } else {
        ellipse_row(shape, at, outer->y, inner->x, outer->x);
    }
}

/* Between two ellipses. */
static void ring(struct shape *shape, const struct place *at, struct quarter outer,
                 struct quarter inner)
{
    const int64_t first_inner = inner.y;
    bool full = true;
    while (outer.y >= 0) {
        ring_row(shape, at, &outer, &inner, full);
        if (is_flat(&outer) ? flat_step(&outer) : steep_step(&outer)) {
            full = full && outer.y >= first_inner;
            if (!full) {
                inner_step(&inner);
            }
        }
    }
}

static void full_ellipse(struct shape *shape, const struct place *at, struct quarter outer)
{
    while (outer.y >= 0) {
        full_row(shape, at, outer.y, outer.x);
        if (is_flat(&outer)) {
            flat_step(&outer);
        } else {
            steep_step(&outer);
        }
    }
}

void shape_ellipse(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
                   int32_t line)
{
    const int64_t radius_x = width / 2, radius_y = height / 2;
    const struct place at = {x + radius_x, y + radius_y, (width + 1) % 2, (height + 1) % 2};
    const int32_t smaller = width < height ? width : height;
    if (smaller <= 1) { /* a line, or nothing */
        for (int64_t row = 0; width > 0 && row < height; row++) {
            shape_span(shape, x, (int64_t)x + width - 1, y + row, 255);
        }
    } else if (line == 0 || line >= smaller / 2 + smaller % 2) {
        full_ellipse(shape, &at, quarter_of(radius_x, radius_y));
    } else {
        ring(shape, &at, quarter_of(radius_x, radius_y),
             quarter_of(radius_x - line + 1, radius_y - line + 1));
    }
}

void shape_circle(struct shape *shape, struct shape_point center, int32_t radius, int32_t width,
                  const bool corners[CORNERS])
{
    if (width == 0 || width >= radius) {
        full_circle(shape, center, radius, corners);
    } else if (width == 1) {
        thin_circle(shape, center, radius, corners);
    } else {
        wide_circle(shape, center, radius, radius - width, corners);
    }
}

/* ---- Rectangles ----------------------------------------------------------------------------- */

static void fill(struct shape *shape, int64_t x1, int64_t y1, int64_t x2, int64_t y2)
{
    y1 = y1 < shape->top ? shape->top : y1;
    for (int64_t y = y1; x1 <= x2 && y <= y2 && y < shape->bottom; y++) {
        shape_span(shape, x1, x2, y, 255);
    }
}

/* Radii that do not fit are all made smaller in the same proportion. */
static void fit_radii(int32_t width, int32_t height, const int32_t wanted[CORNERS],
                      int32_t radii[CORNERS])
{
    const struct {
        int32_t length;
        int64_t radii;
    } sides[] = {
        {width, (int64_t)wanted[TOP_LEFT] + wanted[TOP_RIGHT]},
        {width, (int64_t)wanted[BOTTOM_LEFT] + wanted[BOTTOM_RIGHT]},
        {height, (int64_t)wanted[TOP_LEFT] + wanted[BOTTOM_LEFT]},
        {height, (int64_t)wanted[TOP_RIGHT] + wanted[BOTTOM_RIGHT]},
    };
    float factor = 1;
    for (int i = 0; i < 4; i++) {
        const float fits = (float)sides[i].length / (float)sides[i].radii;
        factor = sides[i].radii > sides[i].length && fits < factor ? fits : factor;
    }
    for (int i = 0; i < CORNERS; i++) {
        radii[i] = (int32_t)((float)wanted[i] * factor);
    }
}

/* One corner, of which the circle's middle lies so far from the edges as its radius is. */
static void corner(struct shape *shape, const int64_t edges[4], enum shape_corner which,
                   int32_t radius, int32_t line)
{
    bool corners[CORNERS] = {false};
    const bool left = which == TOP_LEFT || which == BOTTOM_LEFT;
    const bool top = which == TOP_LEFT || which == TOP_RIGHT;
    const struct shape_point center = {
        (int32_t)(left ? edges[0] + radius : edges[2] - radius + 1),
        (int32_t)(top ? edges[1] + radius : edges[3] - radius + 1),
    };
    corners[which] = true;
    if (line == 0 || line >= radius) {
        full_circle(shape, center, radius, corners);
    } else {
        wide_circle(shape, center, radius, radius - line, corners);
    }
}

static void full_rect(struct shape *shape, const int64_t edges[4], const int32_t radii[CORNERS])
{
    for (int64_t y = edges[1] < shape->top ? shape->top : edges[1];
         y <= edges[3] && y < shape->bottom; y++) {
        const int64_t from_top = y - edges[1], from_bottom = edges[3] - y;
        const int64_t left = from_top < radii[TOP_LEFT]         ? radii[TOP_LEFT]
                             : from_bottom < radii[BOTTOM_LEFT] ? radii[BOTTOM_LEFT]
                                                                : 0;
        const int64_t right = from_top < radii[TOP_RIGHT]         ? radii[TOP_RIGHT]
                              : from_bottom < radii[BOTTOM_RIGHT] ? radii[BOTTOM_RIGHT]
                                                                  : 0;
        if (edges[0] + left <= edges[2] - right) {
            shape_span(shape, edges[0] + left, edges[2] - right, y, 255);
        }
    }
}

static void frame(struct shape *shape, const int64_t edges[4], const int32_t radii[CORNERS],
                  int32_t line)
{
    const int64_t left = edges[0], top = edges[1], right = edges[2], bottom = edges[3];
    fill(shape, left + radii[TOP_LEFT], top, right - radii[TOP_RIGHT], top + line - 1);
    fill(shape, left + radii[BOTTOM_LEFT], bottom - line + 1, right - radii[BOTTOM_RIGHT], bottom);
    fill(shape, left, top + radii[TOP_LEFT], left + line - 1, bottom - radii[BOTTOM_LEFT]);
    fill(shape, right - line + 1, top + radii[TOP_RIGHT], right, bottom - radii[BOTTOM_RIGHT]);
}

void shape_rect(struct shape *shape, int32_t x, int32_t y, int32_t width, int32_t height,
                int32_t line, const int32_t wanted[CORNERS])
{
    const int64_t edges[4] = {x, y, (int64_t)x + width - 1, (int64_t)y + height - 1};
    int32_t radii[CORNERS];
    fit_radii(width, height, wanted, radii);
    const bool full = line == 0 || 2 * (int64_t)line >= width || 2 * (int64_t)line >= height;
    if (full) {
        full_rect(shape, edges, radii);
    } else {
        frame(shape, edges, radii, line);
    }
    for (int i = 0; i < CORNERS; i++) {
        if (radii[i] > 0) {
            corner(shape, edges, (enum shape_corner)i, radii[i], full ? 0 : line);
        }
    }
}

/* kmsblit.draw: shapes as fills in the frame of a window or canvas, or as pixels of a shared image. */
#include "module.h"
#include "shapes.h"

#include <math.h>
#include <stdlib.h>

/* What is drawn into, and how. The bounds are those of the shape. */
struct target {
    struct state *state;
    PyObject *object; /* borrowed: a window, a canvas or a shared image */
    uint32_t color;
    int32_t x, y; /* where the rectangle that is returned lies if nothing was drawn */
};

static bool is_frame(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->window_type || Py_TYPE(object) == state->canvas_type;
}

static struct state *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

/* The first two arguments of all functions. */
static bool begin(PyObject *module, PyObject *object, PyObject *color, struct target *target,
                  struct shape *shape)
{
    *target = (struct target){.state = state_of(module), .object = object};
    if (!color_parse(color, &target->color)) {
        return false;
    }
    if (is_frame(target->state, object)) {
        struct frame *frame = frame_enter(object);
        if (frame == NULL) {
            return false;
        }
        const struct box bounds = frame_bounds(frame);
        shape_init(shape, bounds.x, bounds.y, bounds.x + bounds.w, bounds.y + bounds.h);
        return true;
    }
    if (Py_TYPE(object) == target->state->shared_image_type) {
        const struct image *image = (const struct image *)object;
        shape_init(shape, 0, 0, image->width, image->height);
        return true;
    }
    PyErr_Format(PyExc_TypeError,
                 "%R cannot be drawn into: a Window, a Canvas and a SharedImage can", object);
    return false;
}

/* ---- Into a frame --------------------------------------------------------------------------- */

static uint32_t faded(uint32_t color, uint8_t alpha)
{
    return ((color >> 24) * alpha + 127) / 255 << 24 | (color & 0xffffff);
}

/* All parts or, if the frame is full, none. */
static bool draw_frame(const struct target *target, const struct shape *shape)
{
    struct frame *frame = frame_enter(target->object);
    if (frame == NULL) {
        return false;
    }
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_part *part = &shape->parts[i];
        union kb_command *record = frame_append(frame, target->state, 1);
        if (record == NULL) {
            frame_trim(frame, i);
            return false;
        }
        const uint32_t opaque = frame->own == NULL ? target->color | 0xff000000 : target->color;
        record->fill = (struct kb_command_fill){
            .op = KB_COMMAND_FILL,
            .blend = part->alpha == 255 ? KB_BLEND_REPLACE : KB_BLEND_OVER,
            .alpha = 255,
            .color = part->alpha == 255 ? opaque : faded(opaque, part->alpha),
            .where = {part->x, part->y, (uint32_t)part->width, (uint32_t)part->height},
        };
    }
    return true;
}

/* ---- Into memory ---------------------------------------------------------------------------- */

static uint32_t swap_red_blue(uint32_t color)
{
    return (color & 0xff00ff00) | (color >> 16 & 255) | (color & 255) << 16;
}

static uint32_t premultiplied(uint32_t color)
{
    const uint32_t alpha = color >> 24;
    uint32_t made = color & 0xff000000;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        made |= ((color >> shift & 255) * alpha + 127) / 255 << shift;
    }
    return made;
}

/* Straight, over straight. */
static uint32_t over(uint32_t color, uint32_t below)
{
    const uint32_t alpha = color >> 24, rest = ((below >> 24) * (255 - alpha) + 127) / 255;
    const uint32_t sum = alpha + rest;
    uint32_t made = sum << 24;
    for (unsigned shift = 0; sum > 0 && shift < 24; shift += 8) {
        made |= ((color >> shift & 255) * alpha + (below >> shift & 255) * rest + sum / 2) / sum
                << shift;
    }
    return made;
}

/* How one straight colour lies in memory, over what is there. */
static uint32_t stored(enum kb_format format, uint32_t color, uint8_t alpha, uint32_t below)
{
    const bool swapped = format == KB_FORMAT_ABGR8888 || format == KB_FORMAT_XBGR8888 ||
                         format == KB_FORMAT_ABGR8888_PREMULTIPLIED;
    const bool opaque = format == KB_FORMAT_XRGB8888 || format == KB_FORMAT_XBGR8888;
    const bool multiplied =
        format == KB_FORMAT_ARGB8888_PREMULTIPLIED || format == KB_FORMAT_ABGR8888_PREMULTIPLIED;
    color = swapped ? swap_red_blue(color) : color;
    color = opaque ? color | 0xff000000 : color;
    if (alpha == 255) {
        return multiplied ? premultiplied(color) : color;
    }
    below = opaque ? below | 0xff000000 : below;
    color = faded(color, alpha);
    if (!multiplied) {
        return over(color, below);
    }
    uint32_t made = premultiplied(color);
    for (unsigned shift = 0; shift < 32; shift += 8) {
        made += ((below >> shift & 255) * (255 - (color >> 24)) + 127) / 255 << shift;
    }
    return made;
}

static bool draw_memory(const struct target *target, const struct shape *shape)
{
    struct image *image = (struct image *)target->object;
    if (!image_enter(image)) {
        return false;
    }
    char *pixels = kb_image_pixels(image->kb, NULL);
    const enum kb_format format = image->format;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_part *part = &shape->parts[i];
        for (int32_t y = part->y; y < part->y + part->height; y++) {
            uint32_t *row = (uint32_t *)(void *)(pixels + (size_t)y * image->stride_bytes);
            for (int32_t x = part->x; x < part->x + part->width; x++) {
                row[x] = stored(format, target->color, part->alpha, row[x]);
            }
        }
    }
    return true;
}

/* Draws the shape, frees it, and returns the rectangle that it covers. */
static PyObject *finish(const struct target *target, struct shape *shape)
{
    int32_t left = INT32_MAX, top = INT32_MAX, right = INT32_MIN, bottom = INT32_MIN;
    bool drawn = shape_end(shape);
    if (!drawn) {
        PyErr_NoMemory();
    } else {
        drawn = is_frame(target->state, target->object) ? draw_frame(target, shape)
                                                        : draw_memory(target, shape);
    }
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_part *part = &shape->parts[i];
        left = part->x < left ? part->x : left;
        top = part->y < top ? part->y : top;
        right = part->x + part->width > right ? part->x + part->width : right;
        bottom = part->y + part->height > bottom ? part->y + part->height : bottom;
    }
    const bool any = shape->count > 0;
    shape_finish(shape);
    if (!drawn) {
        return NULL;
    }
    return any ? rect_new(target->state, left, top, right - left, bottom - top)
               : rect_new(target->state, target->x, target->y, 0, 0);
}

/* ---- Arguments ------------------------------------------------------------------------------ */

static bool is_far(int32_t value)
{
    return value > 1 << 20 || value < -(1 << 20);
}

/* Shapes are walked along: there must be an end. */
static bool check_point(struct shape_point point)
{
    if (is_far(point.x) || is_far(point.y)) {
        PyErr_Format(PyExc_ValueError, "(%d, %d) is too far away: shapes lie within %d pixels",
                     (int)point.x, (int)point.y, 1 << 20);
        return false;
    }
    return true;
}

static bool check_size(const char *what, int32_t size)
{
    if (size > SHAPE_MOST_PX) {
        PyErr_Format(PyExc_ValueError, "%s is %d: it goes up to %d", what, (int)size,
                     SHAPE_MOST_PX);
        return false;
    }
    return true;
}

static bool parse_point(PyObject *object, const char *what, struct shape_point *point)
{
    return number_parse_pair(object, what, &point->x, &point->y) && check_point(*point);
}

static bool parse_rect(const struct target *target, PyObject *object, struct box *box)
{
    return number_parse_box(target->state, object, "rect", box) &&
           check_point((struct shape_point){box->x, box->y}) && check_size("the width", box->w) &&
           check_size("the height", box->h);
}

/* A list of at least so many points, to be freed. */
static struct shape_point *parse_points(PyObject *object, Py_ssize_t least, size_t *count)
{
    PyObject *items = PySequence_Tuple(object);
    if (items == NULL) {
        return NULL;
    }
    const Py_ssize_t size = PyTuple_Size(items);
    struct shape_point *points = NULL;
    if (size < least) {
        PyErr_Format(PyExc_ValueError, "%zd points are too few: at least %zd are needed", size,
                     least);
    } else if ((points = calloc((size_t)size, sizeof(*points))) == NULL) {
        PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; points != NULL && i < size; i++) {
        if (!parse_point(PyTuple_GetItem(items, i), "a point", &points[i])) {
            free(points);
            points = NULL;
        }
    }
    Py_DECREF(items);
    *count = (size_t)size;
    return points;
}

/* ---- The functions -------------------------------------------------------------------------- */

PyObject *shapes_line(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "start_pos", "end_pos", "width", NULL};
    PyObject *surface, *color, *start, *end;
    struct target target;
    struct shape shape;
    struct shape_point from, to;
    int width = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|i:line", keywords, &surface, &color,
                                     &start, &end, &width) ||
        !parse_point(start, "start_pos", &from) || !parse_point(end, "end_pos", &to) ||
        !check_size("width", width) || !begin(module, surface, color, &target, &shape)) {
        return NULL;
    }
    target.x = from.x;
    target.y = from.y;
    if (width > 0) {
        shape_line(&shape, from, to, width);
    }
    return finish(&target, &shape);
}

static void chain(struct shape *shape, const struct shape_point *points, size_t count, bool closed,
                  int width)
{
    for (size_t i = 1; width > 0 && i < count; i++) {
        shape_line(shape, points[i - 1], points[i], width);
    }
    if (width > 0 && closed && count > 2) {
        shape_line(shape, points[count - 1], points[0], width);
    }
}

PyObject *shapes_lines(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "closed", "points", "width", NULL};
    PyObject *surface, *color, *list;
    struct target target;
    struct shape shape;
    int closed, width = 1;
    size_t count;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOpO|i:lines", keywords, &surface, &color,
                                     &closed, &list, &width) ||
        !check_size("width", width)) {
        return NULL;
    }
    struct shape_point *points = parse_points(list, 2, &count);
    PyObject *result = NULL;
    if (points != NULL && begin(module, surface, color, &target, &shape)) {
        target.x = points[0].x;
        target.y = points[0].y;
        chain(&shape, points, count, closed, width);
        result = finish(&target, &shape);
    }
    free(points);
    return result;
}

PyObject *shapes_polygon(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "points", "width", NULL};
    PyObject *surface, *color, *list;
    struct target target;
    struct shape shape;
    int width = 0;
    size_t count;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|i:polygon", keywords, &surface, &color,
                                     &list, &width) ||
        !check_size("width", width)) {
        return NULL;
    }
    struct shape_point *points = parse_points(list, width == 0 ? 3 : 2, &count);
    PyObject *result = NULL;
    if (points != NULL && begin(module, surface, color, &target, &shape)) {
        target.x = points[0].x;
        target.y = points[0].y;
        if (width == 0) {
            shape_polygon(&shape, points, count);
        } else {
            chain(&shape, points, count, true, width);
        }
        result = finish(&target, &shape);
    }
    free(points);
    return result;
}

PyObject *shapes_circle(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface",
                               "color",
                               "center",
                               "radius",
                               "width",
                               "draw_top_right",
                               "draw_top_left",
                               "draw_bottom_left",
                               "draw_bottom_right",
                               NULL};
    PyObject *surface, *color, *center_object, *radius_object;
    struct target target;
    struct shape shape;
    struct shape_point center;
    int32_t radius;
    int width = 0, top_right = 0, top_left = 0, bottom_left = 0, bottom_right = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|ipppp:circle", keywords, &surface, &color,
                                     &center_object, &radius_object, &width, &top_right, &top_left,
                                     &bottom_left, &bottom_right) ||
        !parse_point(center_object, "center", &center) || !number_parse(radius_object, &radius) ||
        !check_size("radius", radius) || !begin(module, surface, color, &target, &shape)) {
        return NULL;
    }
    const bool all = !top_right && !top_left && !bottom_left && !bottom_right;
    const bool corners[CORNERS] = {
        [TOP_LEFT] = all || top_left,
        [TOP_RIGHT] = all || top_right,
        [BOTTOM_LEFT] = all || bottom_left,
        [BOTTOM_RIGHT] = all || bottom_right,
    };
    target.x = center.x;
    target.y = center.y;
    if (radius >= 1 && width >= 0) {
        shape_circle(&shape, center, radius, width, corners);
    }
    return finish(&target, &shape);
}

PyObject *shapes_ellipse(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "rect", "width", NULL};
    PyObject *surface, *color, *rect;
    struct target target;
    struct shape shape;
    struct box box;
    int width = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|i:ellipse", keywords, &surface, &color,
                                     &rect, &width) ||
        !begin(module, surface, color, &target, &shape) || !parse_rect(&target, rect, &box)) {
        return NULL;
    }
    target.x = box.x;
    target.y = box.y;
    if (width >= 0) {
        shape_ellipse(&shape, box.x, box.y, box.w, box.h, width);
    }
    return finish(&target, &shape);
}

PyObject *shapes_arc(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface",    "color", "rect", "start_angle",
                               "stop_angle", "width", NULL};
    PyObject *surface, *color, *rect;
    struct target target;
    struct shape shape;
    struct box box;
    double start, stop;
    int width = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOdd|i:arc", keywords, &surface, &color, &rect,
                                     &start, &stop, &width) ||
        !begin(module, surface, color, &target, &shape) || !parse_rect(&target, rect, &box)) {
        return NULL;
    }
    if (!isfinite(start) || !isfinite(stop)) {
        return PyErr_Format(PyExc_ValueError, "an arc goes from one angle to another, in radians");
    }
    target.x = box.x;
    target.y = box.y;
    if (width > 0 && box.w > 0 && box.h > 0) {
        shape_arc(&shape, box.x, box.y, box.w, box.h, start, stop, width);
    }
    return finish(&target, &shape);
}

PyObject *shapes_rect(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface",
                               "color",
                               "rect",
                               "width",
                               "border_radius",
                               "border_top_left_radius",
                               "border_top_right_radius",
                               "border_bottom_left_radius",
                               "border_bottom_right_radius",
                               NULL};
    PyObject *surface, *color, *rect;
    struct target target;
    struct shape shape;
    struct box box;
    int width = 0, radius = 0, radii[CORNERS] = {-1, -1, -1, -1};
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOO|iiiiii:rect", keywords, &surface, &color,
                                     &rect, &width, &radius, &radii[TOP_LEFT], &radii[TOP_RIGHT],
                                     &radii[BOTTOM_LEFT], &radii[BOTTOM_RIGHT]) ||
        !begin(module, surface, color, &target, &shape) || !parse_rect(&target, rect, &box)) {
        return NULL;
    }
    int32_t rounded[CORNERS];
    for (int i = 0; i < CORNERS; i++) {
        const int wanted = radii[i] >= 0 ? radii[i] : radius;
        rounded[i] = wanted < 0 || box.w < 2 || box.h < 2 ? 0 : wanted;
        rounded[i] = rounded[i] > SHAPE_MOST_PX ? SHAPE_MOST_PX : rounded[i];
    }
    target.x = box.x;
    target.y = box.y;
    if (width >= 0 && box.w > 0 && box.h > 0) {
        shape_rect(&shape, box.x, box.y, box.w, box.h, width, rounded);
    }
    return finish(&target, &shape);
}

/* ---- Smooth lines --------------------------------------------------------------------------- */

static bool parse_reals(PyObject *object, double *x, double *y)
{
    return number_parse_reals(object, "a point", x, y) &&
           (fabs(*x) <= 1 << 20 && fabs(*y) <= 1 << 20
                ? true
                : check_point((struct shape_point){INT32_MAX, INT32_MAX}));
}

PyObject *shapes_aaline(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "start_pos", "end_pos", "blend", NULL};
    PyObject *surface, *color, *start, *end;
    struct target target;
    struct shape shape;
    double x1, y1, x2, y2;
    int blend;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOOO|i:aaline", keywords, &surface, &color,
                                     &start, &end, &blend) ||
        !parse_reals(start, &x1, &y1) || !parse_reals(end, &x2, &y2) ||
        !begin(module, surface, color, &target, &shape)) {
        return NULL;
    }
    target.x = (int32_t)x1;
    target.y = (int32_t)y1;
    shape_smooth_line(&shape, x1, y1, x2, y2);
    return finish(&target, &shape);
}

PyObject *shapes_aalines(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "color", "closed", "points", "blend", NULL};
    PyObject *surface, *color, *list, *items;
    struct target target;
    struct shape shape;
    int closed, blend;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OOpO|i:aalines", keywords, &surface, &color,
                                     &closed, &list, &blend) ||
        (items = PySequence_Tuple(list)) == NULL) {
        return NULL;
    }
    const Py_ssize_t count = PyTuple_Size(items);
    double first_x = 0, first_y = 0, x1 = 0, y1 = 0, x2, y2;
    bool done = count >= 2;
    if (!done) {
        PyErr_SetString(PyExc_ValueError, "at least 2 points are needed");
    }
    done = done && parse_reals(PyTuple_GetItem(items, 0), &first_x, &first_y) &&
           begin(module, surface, color, &target, &shape);
    const bool begun = done;
    x1 = first_x;
    y1 = first_y;
    for (Py_ssize_t i = 1; done && i < count; i++, x1 = x2, y1 = y2) {
        done = parse_reals(PyTuple_GetItem(items, i), &x2, &y2);
        if (done) {
            shape_smooth_line(&shape, x1, y1, x2, y2);
        }
    }
    Py_DECREF(items);
    if (!done) {
        if (begun) {
            shape_finish(&shape);
        }
        return NULL;
    }
    if (closed && count > 2) {
        shape_smooth_line(&shape, x1, y1, first_x, first_y);
    }
    target.x = (int32_t)first_x;
    target.y = (int32_t)first_y;
    return finish(&target, &shape);
}

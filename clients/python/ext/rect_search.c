/* Rect's methods that look for others, or cut lines. */
#include "module.h"

#include <math.h>

/* ---- Rectangles of dicts and objects -------------------------------------------------------- */

/* The first (key, value) that touches, or None; or all of them are added to a list. */
static PyObject *search_dict(struct rect *self, PyObject *args, PyObject *kwargs, PyObject *all)
{
    static char *keywords[] = {"rect_dict", "values", NULL};
    PyObject *dict, *key, *value, *found = NULL;
    int values = 0;
    Py_ssize_t position = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|p:collidedict", keywords, &PyDict_Type,
                                     &dict, &values)) {
        return NULL;
    }
    PyObject *copy = PyDict_Copy(dict); /* looking at .rect may run code that changes it */
    while (copy != NULL && PyDict_Next(copy, &position, &key, &value)) {
        struct box other;
        if (!number_parse_box(self->state, values ? value : key,
                              values ? "the dict's value" : "the dict's key", &other)) {
            break;
        }
        if (!rect_boxes_collide((struct box){self->x, self->y, self->w, self->h}, other)) {
            continue;
        }
        found = PyTuple_Pack(2, key, value);
        if (found == NULL || all == NULL) {
            break;
        }
        const int failed = PyList_Append(all, found);
        Py_CLEAR(found);
        if (failed < 0) {
            break;
        }
    }
    Py_XDECREF(copy);
    if (PyErr_Occurred()) {
        Py_XDECREF(found);
        return NULL;
    }
    return found != NULL ? found : Py_NewRef(all != NULL ? all : Py_None);
}

PyObject *rect_collidedict(struct rect *self, PyObject *args, PyObject *kwargs)
{
    return search_dict(self, args, kwargs, NULL);
}

PyObject *rect_collidedictall(struct rect *self, PyObject *args, PyObject *kwargs)
{
    PyObject *all = PyList_New(0);
    PyObject *result = all != NULL ? search_dict(self, args, kwargs, all) : NULL;
    Py_XDECREF(all);
    return result;
}

/* The rectangle of an object: what key returns for it, or as everywhere. */
static bool box_of(struct state *state, PyObject *object, PyObject *key, struct box *box)
{
    PyObject *rect =
        key != Py_None ? PyObject_CallFunctionObjArgs(key, object, NULL) : Py_NewRef(object);
    const bool done = rect != NULL && number_parse_box(state, rect, "the object's rectangle", box);
    Py_XDECREF(rect);
    return done;
}

/* The first object that touches, or None; or all of them are added to a list. */
static PyObject *search_objects(struct rect *self, PyObject *args, PyObject *kwargs, PyObject *all)
{
    static char *keywords[] = {"objects", "key", NULL};
    PyObject *objects, *key = Py_None, *item, *found = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$O:collideobjects", keywords, &objects,
                                     &key)) {
        return NULL;
    }
    PyObject *iterator = PyObject_GetIter(objects);
    while (iterator != NULL && found == NULL && (item = PyIter_Next(iterator)) != NULL) {
        struct box other;
        bool done = box_of(self->state, item, key, &other);
        if (done && rect_boxes_collide((struct box){self->x, self->y, self->w, self->h}, other)) {
            if (all != NULL) {
                done = PyList_Append(all, item) == 0;
            } else {
                found = Py_NewRef(item);
            }
        }
        Py_DECREF(item);
        if (!done) {
            break;
        }
    }
    Py_XDECREF(iterator);
    if (PyErr_Occurred()) {
        Py_XDECREF(found);
        return NULL;
    }
    return found != NULL ? found : Py_NewRef(all != NULL ? all : Py_None);
}

PyObject *rect_collideobjects(struct rect *self, PyObject *args, PyObject *kwargs)
{
    return search_objects(self, args, kwargs, NULL);
}

PyObject *rect_collideobjectsall(struct rect *self, PyObject *args, PyObject *kwargs)
{
    PyObject *all = PyList_New(0);
    PyObject *result = all != NULL ? search_objects(self, args, kwargs, all) : NULL;
    Py_XDECREF(all);
    return result;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

struct line {
    int64_t x1, y1, x2, y2;
};

/* The first and the last pixel within. */
struct limits {
    int64_t left, top, right, bottom;
};

enum side { ABOVE = 1, BELOW = 2, LEFT = 4, RIGHT = 8 };

static unsigned sides_of(const struct limits *limits, int64_t x, int64_t y)
{
    return (y < limits->top      ? ABOVE
            : y > limits->bottom ? BELOW
                                 : 0u) |
           (x < limits->left    ? LEFT
            : x > limits->right ? RIGHT
                                : 0u);
}

/* a * b / c, where the product of two numbers of 33 bits may need 66: then to the last digits only. */
static int64_t proportion(int64_t a, int64_t b, int64_t c)
{
    int64_t product;
    if (!__builtin_mul_overflow(a, b, &product)) {
        return product / c;
    }
    return (int64_t)((long double)a * (long double)b / (long double)c);
}

/* Moves a point outside onto the edge, along the line. */
static void move_in(const struct line *line, const struct limits *limits, unsigned sides,
                    int64_t *x, int64_t *y)
{
    const int64_t dx = line->x2 - line->x1, dy = line->y2 - line->y1;
    if (sides & (ABOVE | BELOW)) {
        *y = sides & ABOVE ? limits->top : limits->bottom;
        *x = line->x1 + proportion(dx, *y - line->y1, dy);
    } else {
        *x = sides & LEFT ? limits->left : limits->right;
        *y = line->y1 + proportion(dy, *x - line->x1, dx);
    }
}

static bool clip_line(const struct limits *limits, struct line *line)
{
    for (;;) {
        const unsigned first = sides_of(limits, line->x1, line->y1);
        const unsigned second = sides_of(limits, line->x2, line->y2);
        int64_t x, y;
        if (first & second) {
            return false;
        }
        if (first != 0) {
            move_in(line, limits, first, &x, &y);
            line->x1 = x;
            line->y1 = y;
        } else if (second != 0) {
            move_in(line, limits, second, &x, &y);
            line->x2 = x;
            line->y2 = y;
        } else {
            return true;
        }
    }
}

PyObject *rect_clipline(struct rect *self, PyObject *args)
{
    struct box box;
    if (!number_parse_box(self->state, args, "the line", &box)) {
        return NULL;
    }
    const int64_t x = self->w < 0 ? (int64_t)self->x + self->w : self->x;
    const int64_t y = self->h < 0 ? (int64_t)self->y + self->h : self->y;
    const int64_t w = self->w < 0 ? -(int64_t)self->w : self->w;
    const int64_t h = self->h < 0 ? -(int64_t)self->h : self->h;
    const struct limits limits = {x, y, x + w - 1, y + h - 1};
    struct line line = {box.x, box.y, box.w, box.h};
    if (w == 0 || h == 0 || !clip_line(&limits, &line)) {
        return PyTuple_New(0);
    }
    return Py_BuildValue("((LL)(LL))", (long long)line.x1, (long long)line.y1, (long long)line.x2,
                         (long long)line.y2);
}

/* ---- Other sizes ---------------------------------------------------------------------------- */

PyObject *rect_fit(struct rect *self, PyObject *args)
{
    struct box in;
    PyObject *object = PyTuple_Size(args) == 1 ? PyTuple_GetItem(args, 0) : args;
    if (!number_parse_box(self->state, object, "the argument", &in)) {
        return NULL;
    }
    /* pygame computes with few bits, and that can be seen. */
    const float x_ratio = (float)self->w / (float)in.w, y_ratio = (float)self->h / (float)in.h;
    const float ratio = x_ratio > y_ratio ? x_ratio : y_ratio;
    const float width = (float)self->w / ratio, height = (float)self->h / ratio;
    const bool sane = fabsf(width) < 2e9f && fabsf(height) < 2e9f; /* nothing was 0 */
    const int32_t w = sane ? (int32_t)width : 0, h = sane ? (int32_t)height : 0;
    return rect_like(self, (int64_t)in.x + (in.w - w) / 2, (int64_t)in.y + (in.h - h) / 2, w, h);
}

static bool parse_factors(PyObject *args, PyObject *kwargs, float *x, float *y)
{
    static char *keywords[] = {"x", "y", NULL};
    *y = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "f|f:scale_by", keywords, x, y)) {
        return false;
    }
    *x = fabsf(*x);
    *y = fabsf(*y) > 0 ? fabsf(*y) : *x;
    if (!isfinite(*x) || !isfinite(*y)) {
        PyErr_SetString(PyExc_ValueError, "scale_by() needs numbers");
        return false;
    }
    return true;
}

static int64_t whole(float value)
{
    return fabsf(value) < 4e18f ? (int64_t)value : value < 0 ? INT64_MIN / 2 : INT64_MAX / 2;
}

PyObject *rect_scale_by(struct rect *self, PyObject *args, PyObject *kwargs)
{
    float x, y;
    if (!parse_factors(args, kwargs, &x, &y)) {
        return NULL;
    }
    const float w = (float)self->w, h = (float)self->h;
    return rect_like(self, whole((float)(self->x + (int64_t)(self->w / 2)) - w * x / 2),
                     whole((float)(self->y + (int64_t)(self->h / 2)) - h * y / 2), whole(w * x),
                     whole(h * y));
}

PyObject *rect_scale_by_ip(struct rect *self, PyObject *args, PyObject *kwargs)
{
    PyObject *scaled = rect_scale_by(self, args, kwargs);
    if (scaled == NULL) {
        return NULL;
    }
    const struct rect *from = (const struct rect *)scaled;
    self->x = from->x;
    self->y = from->y;
    self->w = from->w;
    self->h = from->h;
    Py_DECREF(scaled);
    Py_RETURN_NONE;
}

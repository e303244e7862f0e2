/* Positions, sizes and rectangles as pygame takes them: ints, floats without their fraction, pairs,
 * rectangles in all their forms. */
#include "module.h"

#include <math.h>

static bool out_of_range(PyObject *object)
{
    PyErr_Format(PyExc_ValueError,
                 "%R is out of range: coordinates go from -2147483647 to 2147483647", object);
    return false;
}

/* Anything that has __index__ or __float__: numpy's numbers, for example. */
static bool parse_other(PyObject *object, int32_t *value)
{
    PyObject *number = PyIndex_Check(object) ? PyNumber_Index(object) : PyNumber_Float(object);
    if (number == NULL) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Format(PyExc_TypeError, "a number is needed, not %R", object);
        }
        return false;
    }
    bool done = number_parse(number, value);
    Py_DECREF(number);
    return done;
}

bool number_parse(PyObject *object, int32_t *value)
{
    /* The exact type first: that is no call. */
    if (PyLong_CheckExact(object) || PyLong_Check(object)) {
        int overflow;
        long number = PyLong_AsLongAndOverflow(object, &overflow);
        if (number == -1 && PyErr_Occurred()) {
            return false;
        }
        if (overflow != 0 || number < -INT32_MAX || number > INT32_MAX) {
            return out_of_range(object);
        }
        *value = (int32_t)number;
        return true;
    }
    if (PyFloat_Check(object)) {
        double number = PyFloat_AsDouble(object);
        if (!(fabs(number) < (double)INT32_MAX)) { /* not a number comes here too */
            return out_of_range(object);
        }
        *value = (int32_t)number;
        return true;
    }
    if (PyUnicode_Check(object) || PyBytes_Check(object)) {
        PyErr_Format(PyExc_TypeError, "a number is needed, not %R", object);
        return false;
    }
    return parse_other(object, value);
}

/* Up to most items of a sequence as new references; the sequence's length, or -1 with an exception.
 * Copied because parsing an item may run code that changes a list. */
static Py_ssize_t take_items(PyObject *object, PyObject **items, Py_ssize_t most)
{
    if (!PySequence_Check(object) || PyUnicode_Check(object) || PyBytes_Check(object)) {
        PyErr_SetNone(PyExc_TypeError);
        return -1;
    }
    Py_ssize_t count = PySequence_Size(object);
    for (Py_ssize_t i = 0; i < count && i < most; i++) {
        items[i] = PySequence_GetItem(object, i);
        if (items[i] == NULL) {
            while (i-- > 0) {
                Py_DECREF(items[i]);
            }
            return -1;
        }
    }
    return count;
}

static void drop_items(PyObject **items, Py_ssize_t count)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_DECREF(items[i]);
    }
}

/* Errors about what a thing is are said in the words of the whole argument; those about values (out
 * of range) and foreign ones stay. */
static bool say_what(PyObject *object, const char *what, const char *needed)
{
    if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        PyErr_Format(PyExc_TypeError, "%s must be %s, not %R", what, needed, object);
    }
    return false;
}

static bool parse_two(PyObject *object, int32_t *first, int32_t *second)
{
    if (PyTuple_CheckExact(object) || PyTuple_Check(object)) {
        return PyTuple_Size(object) == 2 && number_parse(PyTuple_GetItem(object, 0), first) &&
               number_parse(PyTuple_GetItem(object, 1), second);
    }
    PyObject *items[2];
    Py_ssize_t count = take_items(object, items, 2);
    if (count < 0) {
        return false;
    }
    bool done = count == 2 && number_parse(items[0], first) && number_parse(items[1], second);
    drop_items(items, count < 2 ? count : 2);
    return done;
}

bool number_parse_pair(PyObject *object, const char *what, int32_t *first, int32_t *second)
{
    return parse_two(object, first, second) || say_what(object, what, "a pair of numbers");
}

bool number_parse_reals(PyObject *object, const char *what, double *first, double *second)
{
    PyObject *items[2];
    Py_ssize_t count = take_items(object, items, 2);
    if (count == 2) {
        *first = PyFloat_AsDouble(items[0]);
        *second = PyErr_Occurred() ? 0 : PyFloat_AsDouble(items[1]);
    }
    drop_items(items, count < 2 ? count : 2);
    if (count != 2 || PyErr_Occurred()) {
        return say_what(object, what, "a pair of numbers");
    }
    if (!isfinite(*first) || !isfinite(*second)) {
        PyErr_Format(PyExc_ValueError, "%s %R is no pair of numbers", what, object);
        return false;
    }
    return true;
}

bool number_parse_size(PyObject *object, const char *what, uint32_t most, uint32_t *width,
                       uint32_t *height)
{
    int32_t w, h;
    if (!number_parse_pair(object, what, &w, &h)) {
        return false;
    }
    if (w < 1 || h < 1 || (uint32_t)w > most || (uint32_t)h > most) {
        PyErr_Format(PyExc_ValueError, "%s is %dx%d: width and height go from 1 to %u pixels", what,
                     (int)w, (int)h, (unsigned)most);
        return false;
    }
    *width = (uint32_t)w;
    *height = (uint32_t)h;
    return true;
}

static bool parse_box(struct state *state, PyObject *object, int depth, struct box *box);

static bool parse_box_items(struct state *state, PyObject *object, int depth, struct box *box)
{
    PyObject *items[4];
    Py_ssize_t count = take_items(object, items, 4);
    if (count < 0) {
        return false;
    }
    bool done = false;
    if (count == 4) {
        done = number_parse(items[0], &box->x) && number_parse(items[1], &box->y) &&
               number_parse(items[2], &box->w) && number_parse(items[3], &box->h);
    } else if (count == 2) {
        done = parse_two(items[0], &box->x, &box->y) && parse_two(items[1], &box->w, &box->h);
    } else if (count == 1) {
        done = parse_box(state, items[0], depth + 1, box);
    }
    drop_items(items, count < 4 ? count : 4);
    return done;
}

/* The value of .rect, or what it returns. */
static bool parse_box_attribute(struct state *state, PyObject *object, int depth, struct box *box)
{
    PyObject *rect = PyObject_GetAttrString(object, "rect");
    if (rect == NULL) {
        if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
            PyErr_Clear();
        }
        return false;
    }
    if (PyCallable_Check(rect)) {
        PyObject *result = PyObject_CallNoArgs(rect);
        Py_DECREF(rect);
        rect = result;
    }
    bool done = rect != NULL && parse_box(state, rect, depth + 1, box);
    Py_XDECREF(rect);
    return done;
}

/* Returns false without an exception for what is no rectangle at all. */
static bool parse_box(struct state *state, PyObject *object, int depth, struct box *box)
{
    if (rect_check(state, object)) {
        const struct rect *rect = (const struct rect *)object;
        *box = (struct box){rect->x, rect->y, rect->w, rect->h};
        return true;
    }
    if (depth > 4) { /* a .rect whose .rect is itself */
        return false;
    }
    if (PySequence_Check(object)) {
        return parse_box_items(state, object, depth, box);
    }
    return parse_box_attribute(state, object, depth, box);
}

bool number_parse_box(struct state *state, PyObject *object, const char *what, struct box *box)
{
    return parse_box(state, object, 0, box) ||
           say_what(object, what, "a rectangle (x, y, width, height)");
}

bool number_parse_position(struct state *state, PyObject *object, int32_t *x, int32_t *y)
{
    if (PyTuple_CheckExact(object) && PyTuple_Size(object) == 2) {
        PyObject *first = PyTuple_GetItem(object, 0);
        if (PyLong_Check(first) || PyFloat_Check(first)) {
            return (number_parse(first, x) && number_parse(PyTuple_GetItem(object, 1), y)) ||
                   say_what(object, "dest", "a position (x, y) or a rectangle");
        }
    }
    struct box box;
    if (parse_box(state, object, 0, &box)) {
        *x = box.x;
        *y = box.y;
        return true;
    }
    if (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_TypeError)) {
        PyErr_Clear();
        if (parse_two(object, x, y)) {
            return true;
        }
    }
    return say_what(object, "dest", "a position (x, y) or a rectangle");
}

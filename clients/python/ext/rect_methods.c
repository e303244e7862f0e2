/* Rect's methods: pygame's arithmetic, written out. */
#include "module.h"

static struct box box_of(const struct rect *rect)
{
    return (struct box){rect->x, rect->y, rect->w, rect->h};
}

static PyObject *assign(struct rect *self, int64_t x, int64_t y, int64_t w, int64_t h)
{
    PyObject *result = rect_like(self, x, y, w, h); /* saturates */
    if (result == NULL) {
        return NULL;
    }
    const struct rect *from = (const struct rect *)result;
    self->x = from->x;
    self->y = from->y;
    self->w = from->w;
    self->h = from->h;
    Py_DECREF(result);
    Py_RETURN_NONE;
}

/* f((x, y)) or f(x, y) */
static bool parse_two_args(PyObject *args, int32_t *x, int32_t *y)
{
    if (PyTuple_Size(args) == 1) {
        return number_parse_pair(PyTuple_GetItem(args, 0), "the argument", x, y);
    }
    return number_parse_pair(args, "the argument", x, y);
}

static PyObject *rect_copy(struct rect *self, PyObject *unused)
{
    (void)unused;
    return rect_like(self, self->x, self->y, self->w, self->h);
}

static PyObject *rect_reduce(struct rect *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(O(iiii))", (PyObject *)Py_TYPE((PyObject *)self), (int)self->x,
                         (int)self->y, (int)self->w, (int)self->h);
}

static PyObject *rect_update(struct rect *self, PyObject *args)
{
    struct box box;
    if (!number_parse_box(self->state, args, "the arguments", &box)) {
        return NULL;
    }
    return assign(self, box.x, box.y, box.w, box.h);
}

static PyObject *rect_move(struct rect *self, PyObject *args)
{
    int32_t x, y;
    return parse_two_args(args, &x, &y)
               ? rect_like(self, (int64_t)self->x + x, (int64_t)self->y + y, self->w, self->h)
               : NULL;
}

static PyObject *rect_move_ip(struct rect *self, PyObject *args)
{
    int32_t x, y;
    return parse_two_args(args, &x, &y)
               ? assign(self, (int64_t)self->x + x, (int64_t)self->y + y, self->w, self->h)
               : NULL;
}

static PyObject *rect_inflate(struct rect *self, PyObject *args)
{
    int32_t x, y;
    return parse_two_args(args, &x, &y)
               ? rect_like(self, (int64_t)self->x - x / 2, (int64_t)self->y - y / 2,
                           (int64_t)self->w + x, (int64_t)self->h + y)
               : NULL;
}

static PyObject *rect_inflate_ip(struct rect *self, PyObject *args)
{
    int32_t x, y;
    return parse_two_args(args, &x, &y)
               ? assign(self, (int64_t)self->x - x / 2, (int64_t)self->y - y / 2,
                        (int64_t)self->w + x, (int64_t)self->h + y)
               : NULL;
}

/* Where [start, start + length) goes to lie within [other, other + room). */
static int64_t clamp_along(int64_t start, int64_t length, int64_t other, int64_t room)
{
    if (length >= room) {
        return other + room / 2 - length / 2;
    }
    if (start < other) {
        return other;
    }
    return start + length > other + room ? other + room - length : start;
}

static bool parse_other(struct rect *self, PyObject *args, struct box *box)
{
    PyObject *object = PyTuple_Size(args) == 1 ? PyTuple_GetItem(args, 0) : args;
    return number_parse_box(self->state, object, "the argument", box);
}

static PyObject *rect_clamp(struct rect *self, PyObject *args)
{
    struct box in;
    return parse_other(self, args, &in)
               ? rect_like(self, clamp_along(self->x, self->w, in.x, in.w),
                           clamp_along(self->y, self->h, in.y, in.h), self->w, self->h)
               : NULL;
}

static PyObject *rect_clamp_ip(struct rect *self, PyObject *args)
{
    struct box in;
    return parse_other(self, args, &in)
               ? assign(self, clamp_along(self->x, self->w, in.x, in.w),
                        clamp_along(self->y, self->h, in.y, in.h), self->w, self->h)
               : NULL;
}

struct span {
    int64_t start, end;
};

static struct span span_of(int64_t start, int64_t length)
{
    return length < 0 ? (struct span){start + length, start} : (struct span){start, start + length};
}

/* The common part; false if there is none. */
static bool overlap(struct span a, struct span b, struct span *common)
{
    common->start = a.start > b.start ? a.start : b.start;
    common->end = a.end < b.end ? a.end : b.end;
    return common->start < common->end;
}

/* The same for clip(), which keeps an empty stretch that lies within the other, as pygame does. */
static bool clip_along(struct span a, struct span b, struct span *common)
{
    if (a.start >= b.start && a.start < b.end) {
        common->start = a.start;
    } else if (b.start >= a.start && b.start < a.end) {
        common->start = b.start;
    } else {
        return false;
    }
    if (a.end > b.start && a.end <= b.end) {
        common->end = a.end;
    } else if (b.end > a.start && b.end <= a.end) {
        common->end = b.end;
    } else {
        return false;
    }
    return true;
}

static PyObject *rect_clip(struct rect *self, PyObject *args)
{
    struct box other;
    struct span x, y;
    if (!parse_other(self, args, &other)) {
        return NULL;
    }
    if (!clip_along(span_of(self->x, self->w), span_of(other.x, other.w), &x) ||
        !clip_along(span_of(self->y, self->h), span_of(other.y, other.h), &y)) {
        return rect_like(self, self->x, self->y, 0, 0);
    }
    return rect_like(self, x.start, y.start, x.end - x.start, y.end - y.start);
}

bool rect_boxes_collide(struct box a, struct box b)
{
    struct span common;
    return overlap(span_of(a.x, a.w), span_of(b.x, b.w), &common) &&
           overlap(span_of(a.y, a.h), span_of(b.y, b.h), &common);
}

struct box rect_boxes_join(struct box a, struct box b)
{
    const int64_t x = a.x < b.x ? a.x : b.x;
    const int64_t y = a.y < b.y ? a.y : b.y;
    const int64_t a_right = (int64_t)a.x + a.w, b_right = (int64_t)b.x + b.w;
    const int64_t a_bottom = (int64_t)a.y + a.h, b_bottom = (int64_t)b.y + b.h;
    const int64_t w = (a_right > b_right ? a_right : b_right) - x;
    const int64_t h = (a_bottom > b_bottom ? a_bottom : b_bottom) - y;
    return (struct box){(int32_t)x, (int32_t)y, w > INT32_MAX ? INT32_MAX : (int32_t)w,
                        h > INT32_MAX ? INT32_MAX : (int32_t)h};
}

static PyObject *rect_union(struct rect *self, PyObject *args)
{
    struct box other;
    if (!parse_other(self, args, &other)) {
        return NULL;
    }
    other = rect_boxes_join(box_of(self), other);
    return rect_like(self, other.x, other.y, other.w, other.h);
}

static PyObject *rect_union_ip(struct rect *self, PyObject *args)
{
    struct box other;
    if (!parse_other(self, args, &other)) {
        return NULL;
    }
    other = rect_boxes_join(box_of(self), other);
    return assign(self, other.x, other.y, other.w, other.h);
}

static bool join_all(struct rect *self, PyObject *sequence, struct box *all)
{
    PyObject *iterator = PyObject_GetIter(sequence), *item;
    *all = box_of(self);
    while (iterator != NULL && (item = PyIter_Next(iterator)) != NULL) {
        struct box other;
        bool done = number_parse_box(self->state, item, "the item", &other);
        Py_DECREF(item);
        if (!done) {
            break;
        }
        *all = rect_boxes_join(*all, other);
    }
    Py_XDECREF(iterator);
    return PyErr_Occurred() == NULL;
}

static PyObject *rect_unionall(struct rect *self, PyObject *sequence)
{
    struct box all;
    return join_all(self, sequence, &all) ? rect_like(self, all.x, all.y, all.w, all.h) : NULL;
}

static PyObject *rect_unionall_ip(struct rect *self, PyObject *sequence)
{
    struct box all;
    return join_all(self, sequence, &all) ? assign(self, all.x, all.y, all.w, all.h) : NULL;
}

static PyObject *rect_normalize(struct rect *self, PyObject *unused)
{
    (void)unused;
    const struct span x = span_of(self->x, self->w), y = span_of(self->y, self->h);
    return assign(self, x.start, y.start, x.end - x.start, y.end - y.start);
}

static PyObject *rect_contains(struct rect *self, PyObject *args)
{
    struct box other;
    if (!parse_other(self, args, &other)) {
        return NULL;
    }
    const int64_t right = (int64_t)self->x + self->w, bottom = (int64_t)self->y + self->h;
    const int64_t other_right = (int64_t)other.x + other.w;
    const int64_t other_bottom = (int64_t)other.y + other.h;
    return PyBool_FromLong(self->x <= other.x && self->y <= other.y && right >= other_right &&
                           bottom >= other_bottom && right > other.x && bottom > other.y);
}

static PyObject *rect_collidepoint(struct rect *self, PyObject *args)
{
    int32_t x, y;
    if (!parse_two_args(args, &x, &y)) {
        return NULL;
    }
    return PyBool_FromLong(x >= self->x && x < (int64_t)self->x + self->w && y >= self->y &&
                           y < (int64_t)self->y + self->h);
}

static PyObject *rect_colliderect(struct rect *self, PyObject *args)
{
    struct box other;
    return parse_other(self, args, &other)
               ? PyBool_FromLong(rect_boxes_collide(box_of(self), other))
               : NULL;
}

/* The index of the first rectangle that touches, -1 for none; or all of them as a list. */
static PyObject *collide_items(struct rect *self, PyObject *sequence, PyObject *all)
{
    PyObject *iterator = PyObject_GetIter(sequence), *item;
    Py_ssize_t found = -1;
    if (iterator == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; found < 0 && (item = PyIter_Next(iterator)) != NULL; i++) {
        struct box other;
        bool done = number_parse_box(self->state, item, "the item", &other);
        Py_DECREF(item);
        if (!done) {
            break;
        }
        if (!rect_boxes_collide(box_of(self), other)) {
            continue;
        }
        if (all == NULL) {
            found = i;
        } else {
            PyObject *index = PyLong_FromSsize_t(i);
            if (index == NULL || PyList_Append(all, index) < 0) {
                Py_XDECREF(index);
                break;
            }
            Py_DECREF(index);
        }
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred()) {
        return NULL;
    }
    return all != NULL ? Py_NewRef(all) : PyLong_FromSsize_t(found);
}

static PyObject *rect_collidelist(struct rect *self, PyObject *sequence)
{
    return collide_items(self, sequence, NULL);
}

static PyObject *rect_collidelistall(struct rect *self, PyObject *sequence)
{
    PyObject *all = PyList_New(0);
    PyObject *result = all != NULL ? collide_items(self, sequence, all) : NULL;
    Py_XDECREF(all);
    return result;
}

PyMethodDef rect_methods[] = {
    METHOD("copy", rect_copy, METH_NOARGS, "A new Rect with the same numbers."),
    METHOD("__copy__", rect_copy, METH_NOARGS, NULL),
    METHOD("__reduce__", rect_reduce, METH_NOARGS, NULL),
    METHOD("update", rect_update, METH_VARARGS, "Takes new numbers, as Rect(...) does."),
    METHOD("move", rect_move, METH_VARARGS, "A Rect moved by (x, y)."),
    METHOD("move_ip", rect_move_ip, METH_VARARGS, "Moves by (x, y)."),
    METHOD("inflate", rect_inflate, METH_VARARGS, "A Rect grown by (x, y) about its centre."),
    METHOD("inflate_ip", rect_inflate_ip, METH_VARARGS, "Grows by (x, y) about its centre."),
    METHOD("clamp", rect_clamp, METH_VARARGS, "A Rect moved into another."),
    METHOD("clamp_ip", rect_clamp_ip, METH_VARARGS, "Moves into another."),
    METHOD("clip", rect_clip, METH_VARARGS, "The part within another; size 0 if there is none."),
    METHOD("union", rect_union, METH_VARARGS, "The smallest Rect around both."),
    METHOD("union_ip", rect_union_ip, METH_VARARGS, "Grows to hold another."),
    METHOD("unionall", rect_unionall, METH_O, "The smallest Rect around this and all others."),
    METHOD("unionall_ip", rect_unionall_ip, METH_O, "Grows to hold all others."),
    METHOD("normalize", rect_normalize, METH_NOARGS, "Makes negative sizes positive."),
    METHOD("contains", rect_contains, METH_VARARGS, "Whether another lies wholly within."),
    METHOD("collidepoint", rect_collidepoint, METH_VARARGS, "Whether the point lies within."),
    METHOD("colliderect", rect_colliderect, METH_VARARGS, "Whether any pixel is common."),
    METHOD("collidelist", rect_collidelist, METH_O, "Index of the first that collides, or -1."),
    METHOD("collidelistall", rect_collidelistall, METH_O, "Indices of all that collide."),
    METHOD("collidedict", rect_collidedict, METH_VARARGS | METH_KEYWORDS,
           "collidedict($self, rect_dict, values=False)\n--\n\nThe first item that collides."),
    METHOD("collidedictall", rect_collidedictall, METH_VARARGS | METH_KEYWORDS,
           "collidedictall($self, rect_dict, values=False)\n--\n\nAll items that collide."),
    METHOD("collideobjects", rect_collideobjects, METH_VARARGS | METH_KEYWORDS,
           "collideobjects($self, objects, *, key=None)\n--\n\nThe first that collides."),
    METHOD("collideobjectsall", rect_collideobjectsall, METH_VARARGS | METH_KEYWORDS,
           "collideobjectsall($self, objects, *, key=None)\n--\n\nAll that collide."),
    METHOD("clipline", rect_clipline, METH_VARARGS, "The part of a line that lies within."),
    METHOD("fit", rect_fit, METH_VARARGS, "A Rect of this shape, as large as fits into another."),
    METHOD("scale_by", rect_scale_by, METH_VARARGS | METH_KEYWORDS,
           "scale_by($self, x, y=0)\n--\n\nA Rect of another size about its centre."),
    METHOD("scale_by_ip", rect_scale_by_ip, METH_VARARGS | METH_KEYWORDS,
           "scale_by_ip($self, x, y=0)\n--\n\nChanges the size about the centre."),
    {0},
};

/* Rect: x, y, w, h in whole pixels, with pygame's virtual attributes. The methods are in
 * rect_methods.c. Sums saturate instead of wrapping. */
#include "module.h"

static int32_t saturate(int64_t value)
{
    return value > INT32_MAX ? INT32_MAX : value < -INT32_MAX ? -INT32_MAX : (int32_t)value;
}

static void set(struct rect *self, int64_t x, int64_t y, int64_t w, int64_t h)
{
    self->x = saturate(x);
    self->y = saturate(y);
    self->w = saturate(w);
    self->h = saturate(h);
}

bool rect_check(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->rect_type || PyObject_TypeCheck(object, state->rect_type);
}

static PyObject *make(PyTypeObject *type, struct state *state, int64_t x, int64_t y, int64_t w,
                      int64_t h)
{
    struct rect *self = object_new(type);
    if (self != NULL) {
        self->state = state;
        set(self, x, y, w, h);
    }
    return (PyObject *)self;
}

PyObject *rect_new(const struct state *state, int64_t x, int64_t y, int64_t w, int64_t h)
{
    return make(state->rect_type, (struct state *)state, x, y, w, h);
}

PyObject *rect_like(struct rect *like, int64_t x, int64_t y, int64_t w, int64_t h)
{
    return make(Py_TYPE((PyObject *)like), like->state, x, y, w, h);
}

PyObject *rect_of_size(const struct state *state, int32_t width, int32_t height, PyObject *args,
                       PyObject *kwargs)
{
    PyObject *name, *value;
    Py_ssize_t position = 0;

    if (PyTuple_Size(args) != 0) {
        return PyErr_Format(PyExc_TypeError, "get_rect() takes keywords only: center=(x, y)");
    }
    PyObject *rect = rect_new(state, 0, 0, width, height);
    while (rect != NULL && kwargs != NULL && PyDict_Next(kwargs, &position, &name, &value)) {
        if (PyObject_SetAttr(rect, name, value) < 0) {
            Py_CLEAR(rect);
        }
    }
    return rect;
}

/* Rect(x, y, w, h), Rect((x, y), (w, h)), Rect(rectangle): the arguments are such a sequence. */
static bool parse_args(struct state *state, PyObject *args, PyObject *kwargs, struct box *box)
{
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "Rect takes no keyword arguments");
        return false;
    }
    return number_parse_box(state, args, "Rect's arguments", box);
}

static PyObject *rect_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    struct state *state = state_of_type(type);
    return state == NULL ? NULL : make(type, state, 0, 0, 0, 0);
}

static int rect_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct rect *self = (struct rect *)object;
    struct box box;
    if (!parse_args(self->state, args, kwargs, &box)) {
        return -1;
    }
    set(self, box.x, box.y, box.w, box.h);
    return 0;
}

static PyObject *rect_repr(PyObject *object)
{
    const struct rect *self = (const struct rect *)object;
    return PyUnicode_FromFormat("Rect(%d, %d, %d, %d)", (int)self->x, (int)self->y, (int)self->w,
                                (int)self->h);
}

static int rect_bool(PyObject *object)
{
    const struct rect *self = (const struct rect *)object;
    return self->w != 0 && self->h != 0;
}

static PyObject *as_tuple(const struct rect *self)
{
    return Py_BuildValue("(iiii)", (int)self->x, (int)self->y, (int)self->w, (int)self->h);
}

/* Equality with anything rectangular, order with tuples, as pygame has it. */
static PyObject *rect_compare(PyObject *object, PyObject *other, int operation)
{
    struct rect *self = (struct rect *)object;
    struct box box;
    if (!number_parse_box(self->state, other, "a rectangle", &box)) {
        if (!PyErr_ExceptionMatches(PyExc_TypeError) && !PyErr_ExceptionMatches(PyExc_ValueError)) {
            return NULL;
        }
        PyErr_Clear();
        Py_RETURN_NOTIMPLEMENTED;
    }
    PyObject *mine = as_tuple(self);
    PyObject *theirs = Py_BuildValue("(iiii)", (int)box.x, (int)box.y, (int)box.w, (int)box.h);
    PyObject *result =
        mine != NULL && theirs != NULL ? PyObject_RichCompare(mine, theirs, operation) : NULL;
    Py_XDECREF(mine);
    Py_XDECREF(theirs);
    return result;
}

/* ---- As a sequence of four numbers ---------------------------------------------------------- */

static Py_ssize_t rect_length(PyObject *self)
{
    (void)self;
    return 4;
}

static int32_t *element(PyObject *object, Py_ssize_t index)
{
    struct rect *self = (struct rect *)object;
    switch (index) {
    case 0: return &self->x;
    case 1: return &self->y;
    case 2: return &self->w;
    case 3: return &self->h;
    default: PyErr_SetString(PyExc_IndexError, "a Rect has the indices 0 to 3"); return NULL;
    }
}

static PyObject *rect_item(PyObject *self, Py_ssize_t index)
{
    const int32_t *value = element(self, index);
    return value != NULL ? PyLong_FromLong(*value) : NULL;
}

static PyObject *rect_subscript(PyObject *object, PyObject *key)
{
    PyObject *all = as_tuple((struct rect *)object);
    PyObject *result = all != NULL ? PyObject_GetItem(all, key) : NULL;
    Py_XDECREF(all);
    return result;
}

static int rect_ass_subscript(PyObject *object, PyObject *key, PyObject *value)
{
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a Rect always has four numbers");
        return -1;
    }
    struct rect *self = (struct rect *)object;
    PyObject *all = PyList_New(0);
    PyObject *tuple = as_tuple(self);
    struct box box;
    int result = -1;
    if (all != NULL && tuple != NULL && PyList_SetSlice(all, 0, 0, tuple) == 0 &&
        PyObject_SetItem(all, key, value) == 0 &&
        number_parse_box(self->state, all, "Rect", &box)) {
        set(self, box.x, box.y, box.w, box.h);
        result = 0;
    }
    Py_XDECREF(tuple);
    Py_XDECREF(all);
    return result;
}

/* ---- Virtual attributes --------------------------------------------------------------------- */

/* An attribute is a point or a size: where it lies along each axis, or that it has none there. */
enum along { NONE, START, MIDDLE, END, LENGTH };
struct attribute {
    enum along x, y;
};
#define AT(name, x, y)                                                \
    {                                                                 \
        name, get_attribute, set_attribute, NULL, &(struct attribute) \
        {                                                             \
            x, y                                                      \
        }                                                             \
    }

static int32_t get_along(int32_t start, int32_t length, enum along along)
{
    switch (along) {
    case MIDDLE: return saturate((int64_t)start + (length >> 1));
    case END: return saturate((int64_t)start + length);
    case LENGTH: return length;
    default: return start;
    }
}

static void set_along(int32_t *start, int32_t *length, enum along along, int32_t value)
{
    switch (along) {
    case START: *start = value; break;
    case MIDDLE: *start = saturate((int64_t)value - (*length >> 1)); break;
    case END: *start = saturate((int64_t)value - *length); break;
    case LENGTH: *length = value; break;
    case NONE: break;
    }
}

static PyObject *get_attribute(PyObject *object, void *closure)
{
    const struct rect *self = (const struct rect *)object;
    const struct attribute *attribute = closure;
    const int32_t x = get_along(self->x, self->w, attribute->x);
    const int32_t y = get_along(self->y, self->h, attribute->y);
    if (attribute->x == NONE || attribute->y == NONE) {
        return PyLong_FromLong(attribute->x == NONE ? y : x);
    }
    return Py_BuildValue("(ii)", (int)x, (int)y);
}

static int set_attribute(PyObject *object, PyObject *value, void *closure)
{
    struct rect *self = (struct rect *)object;
    const struct attribute *attribute = closure;
    int32_t x = 0, y = 0;

    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a Rect's attributes cannot be deleted");
        return -1;
    }
    bool pair = attribute->x != NONE && attribute->y != NONE;
    if (pair ? !number_parse_pair(value, "the attribute's value", &x, &y)
             : !number_parse(value, &x)) {
        return -1;
    }
    set_along(&self->x, &self->w, attribute->x, x);
    set_along(&self->y, &self->h, attribute->y, pair ? y : x);
    return 0;
}

static PyGetSetDef rect_getset[] = {
    AT("x", START, NONE),
    AT("y", NONE, START),
    AT("w", LENGTH, NONE),
    AT("h", NONE, LENGTH),
    AT("width", LENGTH, NONE),
    AT("height", NONE, LENGTH),
    AT("left", START, NONE),
    AT("top", NONE, START),
    AT("right", END, NONE),
    AT("bottom", NONE, END),
    AT("centerx", MIDDLE, NONE),
    AT("centery", NONE, MIDDLE),
    AT("topleft", START, START),
    AT("midtop", MIDDLE, START),
    AT("topright", END, START),
    AT("midleft", START, MIDDLE),
    AT("center", MIDDLE, MIDDLE),
    AT("midright", END, MIDDLE),
    AT("bottomleft", START, END),
    AT("midbottom", MIDDLE, END),
    AT("bottomright", END, END),
    AT("size", LENGTH, LENGTH),
    {0},
};

static PyType_Slot rect_slots[] = {
    {Py_tp_doc, "Rect(x, y, width, height)\n--\n\nA rectangle of whole pixels."},
    {Py_tp_new, rect_tp_new},
    {Py_tp_init, rect_init},
    {Py_tp_dealloc, object_free},
    {Py_tp_repr, rect_repr},
    {Py_tp_richcompare, rect_compare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_tp_getset, rect_getset},
    {Py_tp_methods, rect_methods},
    {Py_nb_bool, rect_bool},
    {Py_sq_length, rect_length},
    {Py_sq_item, rect_item},
    {Py_mp_length, rect_length},
    {Py_mp_subscript, rect_subscript},
    {Py_mp_ass_subscript, rect_ass_subscript},
    {0},
};

PyType_Spec rect_spec = {
    .name = "kmsblit.Rect",
    .basicsize = sizeof(struct rect),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = rect_slots,
};

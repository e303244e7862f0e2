/* Images turned and scaled: the matrix that the daemon wants, and the light objects that rotated()
 * and scaled() return. */
#include "module.h"

#include <math.h>

#define MOST_PX 65535 /* of what something covers: far beyond any window */

bool transform_parse_scale(PyObject *object, double *x, double *y)
{
    if (PyFloat_Check(object) || PyLong_Check(object) || PyIndex_Check(object) ||
        !PySequence_Check(object)) {
        *x = *y = PyFloat_AsDouble(object);
        if (PyErr_Occurred()) {
            return false;
        }
    } else if (!number_parse_reals(object, "scale", x, y)) {
        return false;
    }
    if (!(*x > 0 && *y > 0 && *x < 65536 && *y < 65536)) {
        PyErr_Format(PyExc_ValueError, "scale is %R: it must be above 0 (flip_x and flip_y mirror)",
                     object);
        return false;
    }
    return true;
}

/* Quarter turns exactly. */
static void turn(double angle, double *cosine, double *sine)
{
    const double whole = remainder(angle, 360), radians = whole * (acos(-1) / 180);
    const bool quarter = fmod(whole, 90) == 0;
    *cosine = quarter ? nearbyint(cos(radians)) : cos(radians);
    *sine = quarter ? nearbyint(sin(radians)) : sin(radians);
}

static bool to_fixed(double value, kb_fixed *fixed)
{
    value = nearbyint(value * KB_FIXED_ONE);
    *fixed = value >= INT32_MIN && value <= INT32_MAX ? (kb_fixed)value : 0;
    return value >= INT32_MIN && value <= INT32_MAX;
}

/* The offset that brings the target's (x, y) to the image's point, with the numbers as rounded: so
 * that nothing is off there, however large the picture. */
static bool offset(double point, kb_fixed by_x, kb_fixed by_y, double x, double y, kb_fixed *fixed)
{
    return to_fixed(point - (by_x * x + by_y * y) / KB_FIXED_ONE, fixed);
}

static bool box_from(double left, double top, double right, double bottom, struct box *box)
{
    const double most = INT32_MAX / 2;
    left = floor(left + 1e-6);
    top = floor(top + 1e-6);
    right = ceil(right - 1e-6);
    bottom = ceil(bottom - 1e-6);
    if (!(left > -most && top > -most && right < most && bottom < most)) {
        return false;
    }
    *box =
        (struct box){(int32_t)left, (int32_t)top, (int32_t)(right - left), (int32_t)(bottom - top)};
    return true;
}

/* Where the source's corners go. */
static bool extent_of(const struct pose *pose, double cosine, double sine, const struct box *area,
                      struct box *extent)
{
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    for (int corner = 0; corner < 4; corner++) {
        const double u = ((corner & 1 ? area->w : 0) - pose->pivot_x) * pose->scale_x;
        const double v = ((corner & 2 ? area->h : 0) - pose->pivot_y) * pose->scale_y;
        const double x = pose->x + cosine * u + sine * v, y = pose->y - sine * u + cosine * v;
        left = fmin(left, x);
        top = fmin(top, y);
        right = fmax(right, x);
        bottom = fmax(bottom, y);
    }
    return box_from(left, top, right, bottom, extent);
}

bool transform_pose(const struct pose *pose, struct blit *blit)
{
    struct kb_transform *to = &blit->transform;
    const struct box *area = &blit->area;
    double cosine, sine;

    if (area->x < INT16_MIN || area->x > INT16_MAX || area->y < INT16_MIN || area->y > INT16_MAX ||
        area->w < 0 || area->w > UINT16_MAX || area->h < 0 || area->h > UINT16_MAX) {
        PyErr_SetString(PyExc_ValueError, "area is too far outside of the image to be turned");
        return false;
    }
    turn(pose->angle, &cosine, &sine);
    blit->posed = true;
    if (to_fixed(cosine / pose->scale_x, &to->xx) && to_fixed(-sine / pose->scale_x, &to->xy) &&
        to_fixed(sine / pose->scale_y, &to->yx) && to_fixed(cosine / pose->scale_y, &to->yy) &&
        offset(area->x + pose->pivot_x, to->xx, to->xy, pose->x, pose->y, &to->x0) &&
        offset(area->y + pose->pivot_y, to->yx, to->yy, pose->x, pose->y, &to->y0) &&
        extent_of(pose, cosine, sine, area, &blit->extent)) {
        return true;
    }
    PyErr_SetString(PyExc_ValueError, "this angle and scale at this place cannot be drawn: numbers "
                                      "of 16.16 bits do not hold them");
    return false;
}

bool transformed_pose(const struct transformed *self, struct blit *blit)
{
    const struct pose pose = {
        .x = blit->x + self->width / 2.0,
        .y = blit->y + self->height / 2.0,
        .pivot_x = self->area.w / 2.0,
        .pivot_y = self->area.h / 2.0,
        .angle = self->angle,
        .scale_x = self->scale_x,
        .scale_y = self->scale_y,
    };
    blit->area = self->area;
    blit->flags |= self->smooth ? KB_BLIT_FLAG_BILINEAR : 0;
    return transform_pose(&pose, blit);
}

/* ---- Making --------------------------------------------------------------------------------- */

static PyObject *make(struct image *image, const struct box *area, double angle, double scale_x,
                      double scale_y, double width, double height, bool smooth)
{
    if (!(width <= MOST_PX && height <= MOST_PX)) {
        return PyErr_Format(PyExc_ValueError, "that is more than %d pixels wide or high", MOST_PX);
    }
    if (!image_enter(image)) {
        return NULL;
    }
    struct transformed *self = object_new(image->display->state->transformed_type);
    if (self != NULL) {
        self->image = (struct image *)Py_NewRef((PyObject *)image);
        self->area = *area;
        self->angle = angle;
        self->scale_x = scale_x;
        self->scale_y = scale_y;
        self->width = width < 1 ? 1 : (int32_t)width;
        self->height = height < 1 ? 1 : (int32_t)height;
        self->smooth = smooth;
    }
    return (PyObject *)self;
}

PyObject *transform_rotated(struct image *image, const struct box *area, PyObject *args,
                            PyObject *kwargs)
{
    static char *keywords[] = {"angle", "scale", "smooth", NULL};
    PyObject *scale = NULL;
    double angle, scale_x = 1, scale_y = 1, cosine, sine;
    int smooth = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "d|Op:rotated", keywords, &angle, &scale,
                                     &smooth) ||
        (scale != NULL && !transform_parse_scale(scale, &scale_x, &scale_y))) {
        return NULL;
    }
    if (!isfinite(angle)) {
        return PyErr_Format(PyExc_ValueError, "angle is no number of degrees");
    }
    turn(angle, &cosine, &sine);
    const double width = area->w * scale_x, height = area->h * scale_y;
    /* As large as pygame.transform.rotate() makes it: fractions are dropped. */
    return make(image, area, angle, scale_x, scale_y,
                floor(fabs(cosine * width) + fabs(sine * height) + 1e-9),
                floor(fabs(sine * width) + fabs(cosine * height) + 1e-9), smooth);
}

PyObject *transform_scaled(struct image *image, const struct box *area, PyObject *args,
                           PyObject *kwargs)
{
    static char *keywords[] = {"size", "smooth", NULL};
    PyObject *size;
    uint32_t width, height;
    int smooth = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:scaled", keywords, &size, &smooth) ||
        !number_parse_size(size, "size", MOST_PX, &width, &height)) {
        return NULL;
    }
    return make(image, area, 0, (double)width / area->w, (double)height / area->h, width, height,
                smooth);
}

static struct box all_of(const struct image *image)
{
    return (struct box){0, 0, image->width, image->height};
}

PyObject *image_rotated(struct image *self, PyObject *args, PyObject *kwargs)
{
    const struct box area = all_of(self);
    return transform_rotated(self, &area, args, kwargs);
}

PyObject *image_scaled(struct image *self, PyObject *args, PyObject *kwargs)
{
    const struct box area = all_of(self);
    return transform_scaled(self, &area, args, kwargs);
}

/* ---- The object ----------------------------------------------------------------------------- */

static int transformed_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct transformed *)object)->image);
    return 0;
}

static void transformed_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    PyObject *image = (PyObject *)((struct transformed *)object)->image;
    object_free(object);
    Py_XDECREF(image);
}

static PyObject *get_rect(struct transformed *self, PyObject *args, PyObject *kwargs)
{
    return rect_of_size(self->image->display->state, self->width, self->height, args, kwargs);
}

static PyObject *get_size(struct transformed *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(ii)", (int)self->width, (int)self->height);
}

static PyObject *get_width(struct transformed *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->width);
}

static PyObject *get_height(struct transformed *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->height);
}

static PyObject *size_getter(PyObject *self, void *closure)
{
    (void)closure;
    return get_size((struct transformed *)self, NULL);
}

static PyObject *width_getter(PyObject *self, void *closure)
{
    (void)closure;
    return get_width((struct transformed *)self, NULL);
}

static PyObject *height_getter(PyObject *self, void *closure)
{
    (void)closure;
    return get_height((struct transformed *)self, NULL);
}

static PyObject *transformed_repr(PyObject *object)
{
    const struct transformed *self = (const struct transformed *)object;
    return PyUnicode_FromFormat("<kmsblit.Transformed %dx%d of %R>", (int)self->width,
                                (int)self->height, (PyObject *)self->image);
}

static PyMethodDef transformed_methods[] = {
    METHOD("get_rect", get_rect, METH_VARARGS | METH_KEYWORDS,
           "A Rect of its size at (0, 0); keywords set its attributes."),
    METHOD("get_size", get_size, METH_NOARGS, "(width, height) in pixels."),
    METHOD("get_width", get_width, METH_NOARGS, "Width in pixels."),
    METHOD("get_height", get_height, METH_NOARGS, "Height in pixels."),
    {0},
};

static PyGetSetDef transformed_getset[] = {
    {"size", size_getter, NULL, "(width, height) in pixels.", NULL},
    {"width", width_getter, NULL, "Width in pixels.", NULL},
    {"height", height_getter, NULL, "Height in pixels.", NULL},
    {0},
};

static PyMemberDef transformed_members[] = {
    {"image", T_OBJECT, offsetof(struct transformed, image), READONLY, "The image."},
    {"angle", T_DOUBLE, offsetof(struct transformed, angle), READONLY, "Degrees."},
    {"smooth", T_BOOL, offsetof(struct transformed, smooth), READONLY, "Whether it is filtered."},
    {0},
};

static PyType_Slot transformed_slots[] = {
    {Py_tp_doc, "An image turned or scaled, to be drawn."},
    {Py_tp_traverse, transformed_traverse},
    {Py_tp_dealloc, transformed_dealloc},
    {Py_tp_repr, transformed_repr},
    {Py_tp_methods, transformed_methods},
    {Py_tp_getset, transformed_getset},
    {Py_tp_members, transformed_members},
    {0},
};

PyType_Spec transformed_spec = {
    .name = "kmsblit.Transformed",
    .basicsize = sizeof(struct transformed),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = transformed_slots,
};

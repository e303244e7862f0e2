/* Mask: which pixels of a picture count, for collisions. pygame's, with the normal besides. */
#include "bits.h"
#include "module.h"

#include <math.h>
#include <stdlib.h>

struct mask {
    PyObject_HEAD struct state *state;
    struct bits bits;
};

bool mask_check(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->mask_type || PyObject_TypeCheck(object, state->mask_type);
}

struct bits *mask_bits(PyObject *mask)
{
    return &((struct mask *)mask)->bits;
}

struct state *mask_state(PyObject *mask)
{
    return ((struct mask *)mask)->state;
}

/* ---- Making --------------------------------------------------------------------------------- */

static struct mask *make(PyTypeObject *type, struct state *state, int32_t width, int32_t height)
{
    struct mask *self = object_new(type);
    if (self != NULL) {
        self->state = state;
        if (!bits_init(&self->bits, width, height)) {
            Py_DECREF((PyObject *)self);
            PyErr_NoMemory();
            return NULL;
        }
    }
    return self;
}

PyObject *mask_new(struct state *state, int32_t width, int32_t height)
{
    return (PyObject *)make(state->mask_type, state, width, height);
}

/* As large as like, and empty. */
static struct mask *make_like(const struct mask *like)
{
    return make(like->state->mask_type, like->state, like->bits.width, like->bits.height);
}

static bool parse_size(PyObject *object, int32_t *width, int32_t *height)
{
    if (!number_parse_pair(object, "size", width, height)) {
        return false;
    }
    if (*width < 0 || *height < 0 || (uint32_t)*width > KB_MAX_IMAGE_PX ||
        (uint32_t)*height > KB_MAX_IMAGE_PX) {
        PyErr_Format(PyExc_ValueError, "a mask of %dx%d: width and height go from 0 to %u pixels",
                     (int)*width, (int)*height, KB_MAX_IMAGE_PX);
        return false;
    }
    return true;
}

static PyObject *mask_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"size", "fill", NULL};
    PyObject *size;
    int fill = 0;
    int32_t width, height;
    struct state *state = state_of_type(type);
    if (state == NULL ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "O|p:Mask", keywords, &size, &fill) ||
        !parse_size(size, &width, &height)) {
        return NULL;
    }
    struct mask *self = make(type, state, width, height);
    if (self != NULL && fill) {
        bits_fill(&self->bits);
    }
    return (PyObject *)self;
}

static void mask_dealloc(PyObject *object)
{
    bits_finish(&((struct mask *)object)->bits);
    object_free(object);
}

static PyObject *of_pixels(struct state *state, const uint32_t *pixels, uint32_t width,
                           uint32_t height, int threshold)
{
    struct mask *self = make(state->mask_type, state, (int32_t)width, (int32_t)height);
    for (int32_t y = 0; self != NULL && y < (int32_t)height; y++) {
        for (int32_t x = 0; x < (int32_t)width; x++) {
            if ((int)(pixels[(size_t)y * width + (size_t)x] >> 24) > threshold) {
                bits_set(&self->bits, x, y);
            }
        }
    }
    return (PyObject *)self;
}

PyObject *mask_of_image(struct state *state, PyObject *source, int threshold)
{
    uint32_t width, height, *pixels;
    bool keyed = false;
    if (image_check(state, source)) {
        pixels = image_read((struct image *)source, NULL);
        width = (uint32_t)((struct image *)source)->width;
        height = (uint32_t)((struct image *)source)->height;
    } else if (sub_check(state, source)) {
        const struct sub_image *part = (const struct sub_image *)source;
        pixels = image_read(part->image, &part->area);
        width = (uint32_t)part->area.w;
        height = (uint32_t)part->area.h;
    } else if (surface_check(source)) {
        pixels = surface_read(source, &width, &height, &keyed);
        threshold = keyed ? 127 : threshold;
    } else {
        return PyErr_Format(PyExc_TypeError,
                            "a mask is made of an Image or a pygame Surface, not %R", source);
    }
    PyObject *mask = pixels != NULL ? of_pixels(state, pixels, width, height, threshold) : NULL;
    free(pixels);
    return mask;
}

static PyObject *from_image(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"image", "threshold", NULL};
    PyObject *source;
    int threshold = 127;
    struct state *state = state_of_type(type);
    if (state == NULL || !PyArg_ParseTupleAndKeywords(args, kwargs, "O|i:from_image", keywords,
                                                      &source, &threshold)) {
        return NULL;
    }
    return mask_of_image(state, source, threshold);
}

static PyObject *mask_copy(struct mask *self, PyObject *unused)
{
    (void)unused;
    struct mask *copy =
        make(Py_TYPE((PyObject *)self), self->state, self->bits.width, self->bits.height);
    if (copy != NULL) {
        bits_draw(&copy->bits, &self->bits, 0, 0);
    }
    return (PyObject *)copy;
}

/* ---- Pixels --------------------------------------------------------------------------------- */

bool mask_parse_pixel(PyObject *mask, PyObject *object, int32_t *x, int32_t *y)
{
    const struct mask *self = (struct mask *)mask;
    if (!number_parse_pair(object, "pos", x, y)) {
        return false;
    }
    if (*x < 0 || *y < 0 || *x >= self->bits.width || *y >= self->bits.height) {
        PyErr_Format(PyExc_IndexError, "(%d, %d) is outside of a mask of %dx%d pixels", (int)*x,
                     (int)*y, (int)self->bits.width, (int)self->bits.height);
        return false;
    }
    return true;
}

/* Two arguments of which the second may be missing, by place or by name; quickly. */
static bool take_two(const char *function, PyObject *const *args, Py_ssize_t count, PyObject *names,
                     const char *const keywords[2], PyObject *taken[2])
{
    const Py_ssize_t named = names != NULL ? PyTuple_Size(names) : 0;
    for (Py_ssize_t i = 0; i < count && i < 2; i++) {
        taken[i] = args[i];
    }
    for (Py_ssize_t i = 0; i < named; i++) {
        PyObject *name = PyTuple_GetItem(names, i);
        const int at = PyUnicode_CompareWithASCIIString(name, keywords[0]) == 0   ? 0
                       : PyUnicode_CompareWithASCIIString(name, keywords[1]) == 0 ? 1
                                                                                  : -1;
        if (at < 0 || at < count) {
            PyErr_Format(PyExc_TypeError, "%s() takes %s and %s; %R is not known or given twice",
                         function, keywords[0], keywords[1], name);
            return false;
        }
        taken[at] = args[count + i];
    }
    if (count > 2 || taken[0] == NULL) {
        PyErr_Format(PyExc_TypeError, "%s() takes %s and %s", function, keywords[0], keywords[1]);
        return false;
    }
    return true;
}

static PyObject *mask_get_at(struct mask *self, PyObject *const *args, Py_ssize_t count,
                             PyObject *names)
{
    static const char *const keywords[2] = {"pos", "pos"};
    PyObject *taken[2] = {NULL, NULL};
    int32_t x, y;
    if (!take_two("get_at", args, count, names, keywords, taken)) {
        return NULL;
    }
    if (taken[1] != NULL) {
        return PyErr_Format(PyExc_TypeError, "get_at() takes pos only");
    }
    return mask_parse_pixel((PyObject *)self, taken[0], &x, &y)
               ? PyLong_FromLong(bits_get(&self->bits, x, y))
               : NULL;
}

static PyObject *mask_set_at(struct mask *self, PyObject *const *args, Py_ssize_t count,
                             PyObject *names)
{
    static const char *const keywords[2] = {"pos", "value"};
    PyObject *taken[2] = {NULL, NULL};
    int32_t x, y;
    if (!take_two("set_at", args, count, names, keywords, taken)) {
        return NULL;
    }
    const int value = taken[1] != NULL ? PyObject_IsTrue(taken[1]) : 1;
    if (value < 0 || !mask_parse_pixel((PyObject *)self, taken[0], &x, &y)) {
        return NULL;
    }
    if (value) {
        bits_set(&self->bits, x, y);
    } else {
        bits_unset(&self->bits, x, y);
    }
    Py_RETURN_NONE;
}

static PyObject *mask_fill(struct mask *self, PyObject *unused)
{
    (void)unused;
    bits_fill(&self->bits);
    Py_RETURN_NONE;
}

static PyObject *mask_clear(struct mask *self, PyObject *unused)
{
    (void)unused;
    bits_clear(&self->bits);
    Py_RETURN_NONE;
}

static PyObject *mask_invert(struct mask *self, PyObject *unused)
{
    (void)unused;
    bits_invert(&self->bits);
    Py_RETURN_NONE;
}

static PyObject *mask_count(struct mask *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLongLong(bits_count(&self->bits));
}

/* Of numbers that lie in masks. Py_BuildValue() takes as long as all the rest of overlap(). */
static PyObject *pair_of(int64_t first, int64_t second)
{
    PyObject *x = PyLong_FromLong((long)first), *y = PyLong_FromLong((long)second);
    PyObject *pair = x != NULL && y != NULL ? PyTuple_Pack(2, x, y) : NULL;
    Py_XDECREF(x);
    Py_XDECREF(y);
    return pair;
}

/* ---- Two masks ------------------------------------------------------------------------------ */

/* (x, y) of small whole numbers, quickly; false for anything else, without an exception. */
static inline bool take_offset(PyObject *object, int32_t *x, int32_t *y)
{
    if (!PyTuple_CheckExact(object) || PyTuple_Size(object) != 2) {
        return false;
    }
    PyObject *first = PyTuple_GetItem(object, 0), *second = PyTuple_GetItem(object, 1);
    if (!PyLong_CheckExact(first) || !PyLong_CheckExact(second)) {
        return false;
    }
    const long to_x = PyLong_AsLong(first), to_y = PyLong_AsLong(second);
    if (to_x <= -INT32_MAX || to_x > INT32_MAX || to_y <= -INT32_MAX || to_y > INT32_MAX ||
        to_x == -1 || to_y == -1) { /* -1 may be an exception, which the long way finds again */
        PyErr_Clear();
        return false;
    }
    *x = (int32_t)to_x;
    *y = (int32_t)to_y;
    return true;
}

/* other and offset of one of the following, which have the same arguments. */
static struct mask *parse_slowly(struct mask *self, const char *function, PyObject *const *args,
                                 Py_ssize_t count, PyObject *names, int32_t *x, int32_t *y)
{
    static const char *const keywords[2] = {"other", "offset"};
    PyObject *taken[2] = {NULL, NULL};
    if (!take_two(function, args, count, names, keywords, taken)) {
        return NULL;
    }
    if (taken[1] == NULL) {
        return (struct mask *)PyErr_Format(PyExc_TypeError, "%s() needs an offset (x, y)",
                                           function);
    }
    if (!mask_check(self->state, taken[0])) {
        return (struct mask *)PyErr_Format(PyExc_TypeError, "other must be a Mask, not %R",
                                           taken[0]);
    }
    return number_parse_pair(taken[1], "offset", x, y) ? (struct mask *)taken[0] : NULL;
}

static inline struct mask *parse_other(struct mask *self, const char *function,
                                       PyObject *const *args, Py_ssize_t count, PyObject *names,
                                       int32_t *x, int32_t *y)
{
    if (names == NULL && count == 2 && Py_TYPE(args[0]) == self->state->mask_type &&
        take_offset(args[1], x, y)) {
        return (struct mask *)args[0];
    }
    return parse_slowly(self, function, args, count, names, x, y);
}

static PyObject *mask_overlap(struct mask *self, PyObject *const *args, Py_ssize_t count,
                              PyObject *names)
{
    int32_t x, y;
    int64_t at_x, at_y;
    const struct mask *other = parse_other(self, "overlap", args, count, names, &x, &y);
    if (other == NULL) {
        return NULL;
    }
    if (!bits_overlap(&self->bits, &other->bits, x, y, &at_x, &at_y)) {
        Py_RETURN_NONE;
    }
    return pair_of(at_x, at_y);
}

static PyObject *mask_overlap_area(struct mask *self, PyObject *const *args, Py_ssize_t count,
                                   PyObject *names)
{
    int32_t x, y;
    const struct mask *other = parse_other(self, "overlap_area", args, count, names, &x, &y);
    return other == NULL
               ? NULL
               : PyLong_FromUnsignedLongLong(bits_overlap_area(&self->bits, &other->bits, x, y));
}

/* How the common area changes when the other one moves: away from there it goes. */
static PyObject *mask_overlap_normal(struct mask *self, PyObject *const *args, Py_ssize_t count,
                                     PyObject *names)
{
    int32_t x, y;
    const struct mask *other = parse_other(self, "overlap_normal", args, count, names, &x, &y);
    if (other == NULL) {
        return NULL;
    }
    const struct bits *a = &self->bits, *b = &other->bits;
    const int64_t dx = (int64_t)bits_overlap_area(a, b, (int64_t)x + 1, y) -
                       (int64_t)bits_overlap_area(a, b, (int64_t)x - 1, y);
    const int64_t dy = (int64_t)bits_overlap_area(a, b, x, (int64_t)y + 1) -
                       (int64_t)bits_overlap_area(a, b, x, (int64_t)y - 1);
    return Py_BuildValue("(LL)", (long long)dx, (long long)dy);
}

static PyObject *mask_overlap_mask(struct mask *self, PyObject *const *args, Py_ssize_t count,
                                   PyObject *names)
{
    int32_t x, y;
    const struct mask *other = parse_other(self, "overlap_mask", args, count, names, &x, &y);
    struct mask *out = other != NULL ? make_like(self) : NULL;
    if (out != NULL) {
        bits_overlap_mask(&self->bits, &other->bits, x, y, &out->bits);
    }
    return (PyObject *)out;
}

/* A mask that draws on itself is read from a copy. */
static PyObject *combine(struct mask *self, const char *function, PyObject *const *args,
                         Py_ssize_t count, PyObject *names,
                         void (*into)(struct bits *, const struct bits *, int64_t, int64_t))
{
    int32_t x, y;
    struct mask *other = parse_other(self, function, args, count, names, &x, &y);
    if (other == NULL) {
        return NULL;
    }
    PyObject *copy = other == self ? mask_copy(other, NULL) : Py_NewRef((PyObject *)other);
    if (copy == NULL) {
        return NULL;
    }
    into(&self->bits, mask_bits(copy), x, y);
    Py_DECREF(copy);
    Py_RETURN_NONE;
}

static PyObject *mask_draw(struct mask *self, PyObject *const *args, Py_ssize_t count,
                           PyObject *names)
{
    return combine(self, "draw", args, count, names, bits_draw);
}

static PyObject *mask_erase(struct mask *self, PyObject *const *args, Py_ssize_t count,
                            PyObject *names)
{
    return combine(self, "erase", args, count, names, bits_erase);
}

static PyObject *mask_convolve(struct mask *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"other", "output", "offset", NULL};
    PyObject *other_object, *output = Py_None, *offset = NULL;
    int32_t x = 0, y = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|OO:convolve", keywords,
                                     self->state->mask_type, &other_object, &output, &offset) ||
        (offset != NULL && !number_parse_pair(offset, "offset", &x, &y))) {
        return NULL;
    }
    const struct bits *a = &self->bits, *b = mask_bits(other_object);
    if (output != Py_None && !mask_check(self->state, output)) {
        return PyErr_Format(PyExc_TypeError, "output must be a Mask, not %R", output);
    }
    if (output == (PyObject *)self || output == other_object) {
        return PyErr_Format(PyExc_ValueError, "output must be another mask than the two");
    }
    const int64_t width = (int64_t)a->width + b->width - 1;
    const int64_t height = (int64_t)a->height + b->height - 1;
    PyObject *out = output != Py_None ? Py_NewRef(output)
                                      : (PyObject *)make(self->state->mask_type, self->state,
                                                         (int32_t)(width > 0 ? width : 0),
                                                         (int32_t)(height > 0 ? height : 0));
    for (int32_t row = 0; out != NULL && row < b->height; row++) {
        for (int32_t column = 0; column < b->width; column++) {
            if (bits_get(b, column, row)) {
                bits_draw(mask_bits(out), a, (int64_t)x + b->width - 1 - column,
                          (int64_t)y + b->height - 1 - row);
            }
        }
    }
    return out;
}

/* ---- What a mask is like -------------------------------------------------------------------- */

static PyObject *mask_centroid(struct mask *self, PyObject *unused)
{
    (void)unused;
    struct bits_moments sums;
    bits_moments(&self->bits, &sums);
    const int64_t count = sums.count > 0 ? sums.count : 1;
    return Py_BuildValue("(LL)", (long long)(sums.x / count), (long long)(sums.y / count));
}

/* In whole numbers, as pygame computes it. */
static PyObject *mask_angle(struct mask *self, PyObject *unused)
{
    (void)unused;
    struct bits_moments sums;
    bits_moments(&self->bits, &sums);
    if (sums.count == 0) {
        return PyFloat_FromDouble(0);
    }
    const int64_t n = sums.count, x = sums.x / n, y = sums.y / n;
    const int64_t xx = sums.xx / n - x * x, yy = sums.yy / n - y * y, xy = sums.xy / n - x * y;
    return PyFloat_FromDouble(-90 * atan2((double)(2 * xy), (double)(xx - yy)) / acos(-1));
}

static PyObject *mask_scale(struct mask *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"scale", NULL};
    PyObject *size;
    int32_t width, height;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:scale", keywords, &size) ||
        !parse_size(size, &width, &height)) {
        return NULL;
    }
    struct mask *out = make(self->state->mask_type, self->state, width, height);
    if (out != NULL) {
        bits_scale(&self->bits, &out->bits);
    }
    return (PyObject *)out;
}

/* None is transparent, NULL leaves the colour as it is. */
static bool parse_color(PyObject *object, uint32_t *color)
{
    if (object == Py_None) {
        *color = 0;
    }
    return object == NULL || object == Py_None || color_parse(object, color);
}

static PyObject *mask_to_image(struct mask *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"setcolor", "unsetcolor", "display", NULL};
    PyObject *set_object = NULL, *unset_object = NULL, *display_object = Py_None;
    uint32_t set = 0xffffffff, unset = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO$O:to_image", keywords, &set_object,
                                     &unset_object, &display_object) ||
        !parse_color(set_object, &set) || !parse_color(unset_object, &unset)) {
        return NULL;
    }
    const struct kb_image_info info = {
        .width = (uint32_t)self->bits.width,
        .height = (uint32_t)self->bits.height,
        .format = KB_FORMAT_ARGB8888,
    };
    if (info.width == 0 || info.height == 0) {
        return PyErr_Format(PyExc_ValueError, "a mask without pixels cannot become an image");
    }
    struct display *display = display_find(self->state, display_object);
    if (display == NULL) {
        return NULL;
    }
    uint32_t *pixels = malloc((size_t)info.width * info.height * sizeof(*pixels));
    PyObject *image = pixels == NULL ? PyErr_NoMemory() : NULL;
    for (size_t i = 0; pixels != NULL && i < (size_t)info.width * info.height; i++) {
        pixels[i] = bits_get(&self->bits, (int32_t)(i % info.width), (int32_t)(i / info.width))
                        ? set
                        : unset;
    }
    if (pixels != NULL) {
        image = image_create(display, &info, pixels);
    }
    free(pixels);
    Py_DECREF((PyObject *)display);
    return image;
}

static PyObject *mask_get_size(struct mask *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(ii)", (int)self->bits.width, (int)self->bits.height);
}

static PyObject *mask_get_rect(struct mask *self, PyObject *args, PyObject *kwargs)
{
    return rect_of_size(self->state, self->bits.width, self->bits.height, args, kwargs);
}

static PyObject *mask_repr(PyObject *object)
{
    const struct mask *self = (const struct mask *)object;
    return PyUnicode_FromFormat("<kmsblit.Mask %dx%d>", (int)self->bits.width,
                                (int)self->bits.height);
}

#define FAST          (METH_FASTCALL | METH_KEYWORDS)
#define WITH_KEYWORDS (METH_VARARGS | METH_KEYWORDS)

static PyMethodDef mask_methods[] = {
    METHOD("from_image", from_image, WITH_KEYWORDS | METH_CLASS,
           "from_image($type, image, threshold=127)\n--\n\nThe pixels with more alpha."),
    METHOD("copy", mask_copy, METH_NOARGS, "Another mask with the same pixels."),
    METHOD("__copy__", mask_copy, METH_NOARGS, NULL),
    METHOD("get_size", mask_get_size, METH_NOARGS, "(width, height) in pixels."),
    METHOD("get_rect", mask_get_rect, WITH_KEYWORDS,
           "A Rect of its size at (0, 0); keywords set its attributes."),
    METHOD("get_at", mask_get_at, FAST, "get_at($self, pos)\n--\n\n1 or 0."),
    METHOD("set_at", mask_set_at, FAST, "set_at($self, pos, value=1)\n--\n\nSets a pixel."),
    METHOD("overlap", mask_overlap, FAST,
           "overlap($self, other, offset)\n--\n\nA common pixel, or None."),
    METHOD("overlap_area", mask_overlap_area, FAST,
           "overlap_area($self, other, offset)\n--\n\nNumber of common pixels."),
    METHOD("overlap_mask", mask_overlap_mask, FAST,
           "overlap_mask($self, other, offset)\n--\n\nThe common pixels."),
    METHOD("overlap_normal", mask_overlap_normal, FAST,
           "overlap_normal($self, other, offset)\n--\n\nWhere the surface faces."),
    METHOD("draw", mask_draw, FAST, "draw($self, other, offset)\n--\n\nAdds the other's pixels."),
    METHOD("erase", mask_erase, FAST,
           "erase($self, other, offset)\n--\n\nTakes the other's pixels away."),
    METHOD("convolve", mask_convolve, WITH_KEYWORDS,
           "convolve($self, other, output=None, offset=(0, 0))\n--\n\nAll offsets that touch."),
    METHOD("fill", mask_fill, METH_NOARGS, "Sets all pixels."),
    METHOD("clear", mask_clear, METH_NOARGS, "Sets none."),
    METHOD("invert", mask_invert, METH_NOARGS, "Sets those that were not."),
    METHOD("count", mask_count, METH_NOARGS, "Number of pixels that are set."),
    METHOD("centroid", mask_centroid, METH_NOARGS, "The middle (x, y) of the pixels."),
    METHOD("angle", mask_angle, METH_NOARGS, "Degrees of the pixels' long axis."),
    METHOD("outline", mask_outline, WITH_KEYWORDS,
           "outline($self, every=1)\n--\n\nPoints around the first part."),
    METHOD("get_bounding_rects", mask_get_bounding_rects, METH_NOARGS, "A Rect for each part."),
    METHOD("connected_component", mask_connected_component, WITH_KEYWORDS,
           "connected_component($self, pos=...)\n--\n\nThe largest part, or that of a pixel."),
    METHOD("connected_components", mask_connected_components, WITH_KEYWORDS,
           "connected_components($self, minimum=0)\n--\n\nA mask for each part."),
    METHOD("scale", mask_scale, WITH_KEYWORDS, "scale($self, scale)\n--\n\nIn another size."),
    METHOD("to_image", mask_to_image, WITH_KEYWORDS,
           "to_image($self, setcolor='white', unsetcolor=None, *, display=None)\n--\n\n"
           "A picture of it."),
    {0},
};

static PyType_Slot mask_slots[] = {
    {Py_tp_doc, "Mask(size, fill=False)\n--\n\nWhich pixels of a picture count."},
    {Py_tp_new, mask_tp_new},
    {Py_tp_dealloc, mask_dealloc},
    {Py_tp_repr, mask_repr},
    {Py_tp_methods, mask_methods},
    {0},
};

PyType_Spec mask_spec = {
    .name = "kmsblit.Mask",
    .basicsize = sizeof(struct mask),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = mask_slots,
};

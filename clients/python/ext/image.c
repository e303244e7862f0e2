/* Image and SharedImage: pixels that the daemon holds. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool image_check(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->image_type || PyObject_TypeCheck(object, state->image_type);
}

#define SLOT_OF(id) ((id) & ((1u << KB_SLOT_BITS) - 1))

struct image *image_of_id(const struct display *display, uint32_t id)
{
    const size_t slot = SLOT_OF(id);
    struct image *image = slot < display->images_count ? display->images[slot] : NULL;
    return image != NULL && image->id == id ? image : NULL;
}

static bool note_id(struct image *self)
{
    struct display *display = self->display;
    const size_t slot = SLOT_OF(self->id);

    if (slot >= display->images_count) {
        const size_t count = slot * 2 + 16;
        struct image **images = realloc(display->images, count * sizeof(*images));
        if (images == NULL) {
            PyErr_NoMemory();
            return false;
        }
        memset(&images[display->images_count], 0,
               (count - display->images_count) * sizeof(*images));
        display->images = images;
        display->images_count = count;
    }
    display->images[slot] = self;
    return true;
}

static void forget_id(struct image *self)
{
    struct display *display = self->display;
    const size_t slot = SLOT_OF(self->id);
    if (slot < display->images_count && display->images[slot] == self) {
        display->images[slot] = NULL; /* else a later image has the slot */
    }
}

PyObject *image_wrap(struct display *display, PyTypeObject *type, struct kb_image *kb)
{
    uint32_t width, height;
    struct image *self = object_new(type);
    if (self == NULL) {
        call_destroy(display, kb, NULL);
        return NULL;
    }
    kb_image_size(kb, &width, &height);
    self->display = (struct display *)Py_NewRef((PyObject *)display);
    self->kb = kb;
    self->id = kb_image_id(kb);
    self->width = (int32_t)width;
    self->height = (int32_t)height;
    if (!note_id(self)) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

void image_free_unneeded(struct image *self)
{
    if (self->closed && self->frames == 0 && self->exports == 0 && self->kb != NULL) {
        if (self->is_canvas) {
            canvas_drop((struct canvas *)self);
        }
        call_destroy(self->display, self->kb, NULL);
        self->kb = NULL;
    }
}

void image_unuse(struct image *image)
{
    image->frames--;
    image_free_unneeded(image);
}

bool image_enter(struct image *self)
{
    if (!call_enter(self->display)) {
        return false;
    }
    if (self->closed) {
        error_set(self->display->state, EBADF, "the %s has been closed",
                  self->is_canvas ? "canvas" : "image");
        return false;
    }
    return true;
}

/* ---- Making --------------------------------------------------------------------------------- */

PyObject *image_create(struct display *display, const struct kb_image_info *info,
                       const void *pixels)
{
    struct kb_image *kb;
    int error;

    if (!call_enter(display)) {
        return NULL;
    }
    CALL_PATIENTLY(display, error, kb_image_create(display->kb, info, pixels, &kb));
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    return image_wrap(display, display->state->image_type, kb);
}

static PyObject *loaded(struct display *display, int error, struct kb_image *kb)
{
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    return image_wrap(display, display->state->image_type, kb);
}

static PyObject *load_path(struct display *display, PyObject *source)
{
    PyObject *path;
    struct kb_image *kb;
    int error;

    if (!PyUnicode_FSConverter(source, &path)) {
        return NULL;
    }
    if (!call_enter(display)) {
        Py_DECREF(path);
        return NULL;
    }
    const char *bytes = PyBytes_AsString(path);
    CALL_PATIENTLY(display, error, kb_image_load(display->kb, bytes, &kb));
    Py_DECREF(path);
    if (error == -ENOENT || error == -EACCES || error == -EISDIR || error == -ENOTDIR) {
        errno = -error;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, source);
    }
    return loaded(display, error, kb);
}

static PyObject *load_bytes(struct display *display, PyObject *source)
{
    Py_buffer png;
    struct kb_image *kb;
    int error;

    if (PyObject_GetBuffer(source, &png, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    if (!call_enter(display)) {
        PyBuffer_Release(&png);
        return NULL;
    }
    CALL_PATIENTLY(display, error,
                   kb_image_load_memory(display->kb, png.buf, (size_t)png.len, &kb));
    PyBuffer_Release(&png);
    return loaded(display, error, kb);
}

PyObject *image_load(struct display *display, PyObject *source)
{
    if (PyUnicode_Check(source) || PyObject_HasAttrString(source, "__fspath__")) {
        return load_path(display, source);
    }
    if (PyObject_CheckBuffer(source)) {
        return load_bytes(display, source);
    }
    if (PyObject_HasAttrString(source, "read")) {
        PyObject *bytes = PyObject_CallMethod(source, "read", NULL);
        PyObject *image = bytes != NULL ? load_bytes(display, bytes) : NULL;
        Py_XDECREF(bytes);
        return image;
    }
    return PyErr_Format(PyExc_TypeError,
                        "load() needs a path, the bytes of a PNG or an open file, not %R", source);
}

#define PALETTE_MOST 256

/* palette= and color_key=, into what like and colors are. */
static bool parse_colors(PyObject *palette, PyObject *key, struct kb_image_info *like,
                         uint32_t *colors)
{
    if (key != Py_None) {
        if (!color_parse(key, &like->color_key)) {
            return false;
        }
        like->color_key &= 0xffffff;
        like->has_color_key = true;
    }
    if (palette == Py_None) {
        return true;
    }
    PyObject *tuple = PySequence_Tuple(palette);
    const Py_ssize_t count = tuple != NULL ? PyTuple_Size(tuple) : -1;
    bool done = count >= 1 && count <= PALETTE_MOST;
    if (count >= 0 && !done) {
        PyErr_Format(PyExc_ValueError, "a palette has 1 to %d colours, not %zd", PALETTE_MOST,
                     count);
    }
    for (Py_ssize_t i = 0; done && i < count; i++) {
        done = color_parse(PyTuple_GetItem(tuple, i), &colors[i]);
        if (!done) {
            error_name_item("palette", i);
        }
    }
    Py_XDECREF(tuple);
    like->palette = colors;
    like->palette_count = (size_t)count;
    return done;
}

PyObject *image_make(struct display *display, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"source", "format", "size", "stride", "palette", "color_key", NULL};
    PyObject *source, *format = Py_None, *size = Py_None, *stride = Py_None;
    PyObject *palette = Py_None, *key = Py_None;
    struct kb_image_info like = {0};
    uint32_t colors[PALETTE_MOST];

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OOO$OO:image", keywords, &source, &format,
                                     &size, &stride, &palette, &key) ||
        !parse_colors(palette, key, &like, colors) || !call_enter(display)) {
        return NULL;
    }
    if (surface_check(source)) {
        if (format != Py_None || size != Py_None || stride != Py_None || palette != Py_None ||
            key != Py_None) {
            return PyErr_Format(PyExc_TypeError,
                                "a Surface brings its own format, size, stride, palette and key");
        }
        return surface_convert(display, source);
    }
    if (!PyObject_CheckBuffer(source)) {
        return PyErr_Format(PyExc_TypeError,
                            "image() needs bytes, an array or a pygame Surface, not %R; files are "
                            "loaded with load()",
                            source);
    }
    if (size != Py_None) {
        return pixels_from_bytes(display, &like, source, format, size, stride);
    }
    if (stride != Py_None) {
        return PyErr_Format(PyExc_TypeError, "stride goes with size=(width, height)");
    }
    return pixels_from_array(display, &like, source, format);
}

/* ---- Reading -------------------------------------------------------------------------------- */

static bool read_pixels(struct image *self, const struct kb_rect *area, uint32_t *pixels)
{
    if (!image_enter(self)) {
        return false;
    }
    int error = kb_image_read(self->kb, area, pixels);
    if (error < 0) {
        error_of_library(self->display->state, error);
    }
    return error == 0;
}

uint32_t *image_read(struct image *self, const struct box *area)
{
    struct kb_rect rect = {0, 0, (uint32_t)self->width, (uint32_t)self->height};
    if (area != NULL) {
        rect = (struct kb_rect){area->x, area->y, (uint32_t)area->w, (uint32_t)area->h};
    }
    uint32_t *pixels = malloc((size_t)rect.width * rect.height * sizeof(*pixels));
    if (pixels == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    if (!read_pixels(self, &rect, pixels)) {
        free(pixels);
        return NULL;
    }
    return pixels;
}

static PyObject *image_get_at(struct image *self, PyObject *position)
{
    int32_t x, y;
    uint32_t pixel;
    if (!number_parse_pair(position, "the position", &x, &y)) {
        return NULL;
    }
    if (x < 0 || y < 0 || x >= self->width || y >= self->height) {
        return PyErr_Format(PyExc_IndexError, "(%d, %d) is outside of %dx%d pixels", (int)x, (int)y,
                            (int)self->width, (int)self->height);
    }
    const struct kb_rect area = {x, y, 1, 1};
    if (!read_pixels(self, &area, &pixel)) {
        return NULL;
    }
    return Py_BuildValue("(iiii)", (int)(pixel >> 16 & 255), (int)(pixel >> 8 & 255),
                         (int)(pixel & 255), (int)(pixel >> 24));
}

/* ---- Methods of all images ------------------------------------------------------------------ */

static PyObject *image_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)type;
    (void)args;
    (void)kwargs;
    PyErr_SetString(PyExc_TypeError, "images are made by display.load(), display.image(), "
                                     "display.shared_image() and display.canvas()");
    return NULL;
}

int image_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct image *)object)->display);
    return 0;
}

void image_dealloc(PyObject *object)
{
    struct image *self = (struct image *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    self->closed = true;
    if (self->display != NULL) {
        forget_id(self);
        image_free_unneeded(self);
    }
    PyObject *display = (PyObject *)self->display;
    object_free(object);
    Py_XDECREF(display);
}

static PyObject *image_close(struct image *self, PyObject *unused)
{
    (void)unused;
    if (self->is_canvas && ((struct canvas *)self)->frame.building) {
        frame_enter((PyObject *)self); /* sets the exception */
        return NULL;
    }
    self->closed = true;
    image_free_unneeded(self);
    Py_RETURN_NONE;
}

static PyObject *image_with(struct image *self, PyObject *unused)
{
    (void)unused;
    return image_enter(self) ? Py_NewRef((PyObject *)self) : NULL;
}

static PyObject *image_exit(struct image *self, PyObject *args)
{
    (void)args;
    return image_close(self, NULL);
}

static PyObject *image_get_rect(struct image *self, PyObject *args, PyObject *kwargs)
{
    return rect_of_size(self->display->state, self->width, self->height, args, kwargs);
}

static PyObject *image_get_size(struct image *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(ii)", (int)self->width, (int)self->height);
}

static PyObject *image_get_width(struct image *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->width);
}

static PyObject *image_get_height(struct image *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->height);
}

static PyObject *get_size(PyObject *self, void *closure)
{
    (void)closure;
    return image_get_size((struct image *)self, NULL);
}

static PyObject *get_width(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(((struct image *)self)->width);
}

static PyObject *get_height(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(((struct image *)self)->height);
}

static PyObject *get_id(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLong(((struct image *)self)->id);
}

static PyObject *get_closed(PyObject *object, void *closure)
{
    (void)closure;
    const struct image *self = (const struct image *)object;
    return PyBool_FromLong(self->closed || self->display->closed);
}

static PyObject *image_repr(PyObject *object)
{
    const struct image *self = (const struct image *)object;
    return PyUnicode_FromFormat("<kmsblit.%s %dx%d%s>",
                                self->shared      ? "SharedImage"
                                : self->is_canvas ? "Canvas"
                                                  : "Image",
                                (int)self->width, (int)self->height,
                                self->closed || self->display->closed ? ", closed" : "");
}

/* ---- Types ---------------------------------------------------------------------------------- */

static PyMethodDef image_methods[] = {
    METHOD("get_rect", image_get_rect, METH_VARARGS | METH_KEYWORDS,
           "A Rect of the image's size at (0, 0); keywords set its attributes."),
    METHOD("get_size", image_get_size, METH_NOARGS, "(width, height) in pixels."),
    METHOD("get_width", image_get_width, METH_NOARGS, "Width in pixels."),
    METHOD("get_height", image_get_height, METH_NOARGS, "Height in pixels."),
    METHOD("get_at", image_get_at, METH_O,
           "get_at($self, position)\n--\n\nThe colour (r, g, b, a) of a pixel."),
    METHOD("subsurface", image_subsurface, METH_VARARGS,
           "A part of the image, without copying it."),
    METHOD("rotated", image_rotated, METH_VARARGS | METH_KEYWORDS,
           "rotated($self, angle, scale=1, smooth=False)\n--\n\n"
           "The image turned counter-clockwise, to be drawn."),
    METHOD("scaled", image_scaled, METH_VARARGS | METH_KEYWORDS,
           "scaled($self, size, smooth=False)\n--\n\nThe image in another size, to be drawn."),
    METHOD("close", image_close, METH_NOARGS, "Gives the image up."),
    METHOD("__enter__", image_with, METH_NOARGS, NULL),
    METHOD("__exit__", image_exit, METH_VARARGS, NULL),
    {0},
};

static PyGetSetDef image_getset[] = {
    {"size", get_size, NULL, "(width, height) in pixels.", NULL},
    {"width", get_width, NULL, "Width in pixels.", NULL},
    {"height", get_height, NULL, "Height in pixels.", NULL},
    {"id", get_id, NULL, "The number that stands for it in arrays for blits().", NULL},
    {"closed", get_closed, NULL, "Whether the image or its display was closed.", NULL},
    {0},
};

static PyMemberDef image_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct image, weakrefs), READONLY, NULL},
    {0},
};

static PyType_Slot image_slots[] = {
    {Py_tp_doc, "A picture that frames can draw."},
    {Py_tp_new, image_tp_new},
    {Py_tp_traverse, image_traverse},
    {Py_tp_dealloc, image_dealloc},
    {Py_tp_repr, image_repr},
    {Py_tp_methods, image_methods},
    {Py_tp_getset, image_getset},
    {Py_tp_members, image_members},
    {0},
};

PyType_Spec image_spec = {
    .name = "kmsblit.Image",
    .basicsize = sizeof(struct image),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = image_slots,
};

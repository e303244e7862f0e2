/* Screenshot: a picture that the daemon has taken. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>

struct screenshot {
    PyObject_HEAD uint32_t width, height;
    uint32_t *pixels; /* owned: 0xffRRGGBB rows without gaps */
};

PyObject *screenshot_take(struct display *display, uint32_t output, struct window *window)
{
    uint32_t width, height, *pixels;
    int error;

    if (window != NULL) {
        WINDOW_CALL(window, error,
                    kb_screenshot(display->kb, output, window->kb, &width, &height, &pixels));
    } else {
        CALL_PATIENTLY(display, error,
                       kb_screenshot(display->kb, output, NULL, &width, &height, &pixels));
    }
    if (error < 0) {
        return window != NULL ? NULL : error_of_library(display->state, error);
    }
    struct screenshot *self = object_new(display->state->screenshot_type);
    if (self == NULL) {
        free(pixels);
        return NULL;
    }
    for (size_t i = 0; i < (size_t)width * height; i++) {
        pixels[i] |= 0xff000000;
    }
    self->width = width;
    self->height = height;
    self->pixels = pixels;
    return (PyObject *)self;
}

static void screenshot_dealloc(PyObject *object)
{
    free(((struct screenshot *)object)->pixels);
    object_free(object);
}

static int screenshot_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct screenshot *self = (struct screenshot *)object;
    return view_fill(view, object, self->pixels, self->width, self->height, (size_t)self->width * 4,
                     true, flags);
}

static void screenshot_releasebuffer(PyObject *object, Py_buffer *view)
{
    (void)object;
    view_release(view);
}

static PyObject *screenshot_get_at(struct screenshot *self, PyObject *position)
{
    int32_t x, y;
    if (!number_parse_pair(position, "the position", &x, &y)) {
        return NULL;
    }
    if (x < 0 || y < 0 || (uint32_t)x >= self->width || (uint32_t)y >= self->height) {
        return PyErr_Format(PyExc_IndexError, "(%d, %d) is outside of %ux%u pixels", (int)x, (int)y,
                            (unsigned)self->width, (unsigned)self->height);
    }
    return color_tuple(self->pixels[(size_t)y * self->width + (size_t)x]);
}

static PyObject *screenshot_save(struct screenshot *self, PyObject *file)
{
    PyObject *path;
    int error;

    if (!PyUnicode_FSConverter(file, &path)) {
        return NULL;
    }
    const char *bytes = PyBytes_AsString(path);
    Py_BEGIN_ALLOW_THREADS error = png_write(bytes, self->width, self->height, self->pixels);
    Py_END_ALLOW_THREADS Py_DECREF(path);
    if (error < 0) {
        errno = -error;
        return PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, file);
    }
    Py_RETURN_NONE;
}

static PyObject *get_size(PyObject *object, void *closure)
{
    (void)closure;
    const struct screenshot *self = (const struct screenshot *)object;
    return Py_BuildValue("(II)", self->width, self->height);
}

static PyObject *get_width(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLong(((const struct screenshot *)object)->width);
}

static PyObject *get_height(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLong(((const struct screenshot *)object)->height);
}

static PyObject *get_pixels(PyObject *self, void *closure)
{
    (void)closure;
    return PyMemoryView_FromObject(self);
}

static PyObject *screenshot_repr(PyObject *object)
{
    const struct screenshot *self = (const struct screenshot *)object;
    return PyUnicode_FromFormat("<kmsblit.Screenshot %ux%u>", (unsigned)self->width,
                                (unsigned)self->height);
}

static PyMethodDef screenshot_methods[] = {
    {"get_at", (PyCFunction)(void (*)(void))screenshot_get_at, METH_O,
     "get_at($self, position)\n--\n\nThe colour (r, g, b) of a pixel."},
    {"save", (PyCFunction)(void (*)(void))screenshot_save, METH_O,
     "save($self, path)\n--\n\nWrites a PNG file."},
    {0},
};

static PyGetSetDef screenshot_getset[] = {
    {"size", get_size, NULL, "(width, height) in pixels.", NULL},
    {"width", get_width, NULL, "Width in pixels.", NULL},
    {"height", get_height, NULL, "Height in pixels.", NULL},
    {"pixels", get_pixels, NULL, "A memoryview: pixels[y, x] is 0xffRRGGBB.", NULL},
    {0},
};

static PyType_Slot screenshot_slots[] = {
    {Py_tp_doc, "A picture of an output or a window."},
    {Py_tp_dealloc, screenshot_dealloc},
    {Py_tp_repr, screenshot_repr},
    {Py_bf_getbuffer, screenshot_getbuffer},
    {Py_bf_releasebuffer, screenshot_releasebuffer},
    {Py_tp_methods, screenshot_methods},
    {Py_tp_getset, screenshot_getset},
    {0},
};

PyType_Spec screenshot_spec = {
    .name = "kmsblit.Screenshot",
    .basicsize = sizeof(struct screenshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = screenshot_slots,
};

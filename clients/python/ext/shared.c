/* SharedImage: an image in memory that the program keeps drawing into. */
#include "module.h"

#include <errno.h>

PyObject *image_make_shared(struct display *display, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"size", "format", NULL};
    PyObject *size, *format = NULL;
    struct kb_image_info info = {.format = KB_FORMAT_ARGB8888};
    struct kb_image *kb;
    int error;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O:shared_image", keywords, &size, &format) ||
        !number_parse_size(size, "size", KB_MAX_IMAGE_PX, &info.width, &info.height) ||
        (format != NULL && !names_format(format, &info.format)) || !call_enter(display)) {
        return NULL;
    }
    if (pixels_bytes_of(info.format) != 4) {
        return PyErr_Format(PyExc_ValueError, "shared images have 32-bit formats, not %R", format);
    }
    CALL_PATIENTLY(display, error, kb_image_create_shared(display->kb, &info, &kb));
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    struct image *self = (struct image *)image_wrap(display, display->state->shared_image_type, kb);
    if (self != NULL) {
        self->shared = true;
        self->format = info.format;
        kb_image_pixels(kb, &self->stride_bytes);
    }
    return (PyObject *)self;
}

static int shared_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct image *self = (struct image *)object;
    view->obj = NULL;
    if (!image_enter(self)) {
        PyErr_Clear();
        PyErr_SetString(PyExc_BufferError, "the image has been closed");
        return -1;
    }
    if (view_fill(view, object, kb_image_pixels(self->kb, NULL), (uint32_t)self->width,
                  (uint32_t)self->height, self->stride_bytes, false, flags) < 0) {
        return -1;
    }
    self->exports++;
    self->display->exports++;
    return 0;
}

static void shared_releasebuffer(PyObject *object, Py_buffer *view)
{
    struct image *self = (struct image *)object;
    view_release(view);
    self->exports--;
    image_free_unneeded(self);
    if (--self->display->exports == 0 && self->display->closed) {
        call_disconnect(self->display);
    }
}

static PyObject *get_pixels(PyObject *self, void *closure)
{
    (void)closure;
    return PyMemoryView_FromObject(self);
}

/* Cut to the image; false if nothing is left. */
static bool cut(const struct image *self, const struct box *box, struct kb_rect *rect)
{
    int64_t left = box->x < 0 ? 0 : box->x, top = box->y < 0 ? 0 : box->y;
    int64_t right = (int64_t)box->x + box->w, bottom = (int64_t)box->y + box->h;
    right = right > self->width ? self->width : right;
    bottom = bottom > self->height ? self->height : bottom;
    if (left >= right || top >= bottom) {
        return false;
    }
    *rect = (struct kb_rect){(int32_t)left, (int32_t)top, (uint32_t)(right - left),
                             (uint32_t)(bottom - top)};
    return true;
}

#define RECTS_AT_ONCE 256

static bool send_update(struct image *self, const struct kb_rect *rects, size_t count)
{
    if (!image_enter(self)) {
        return false;
    }
    int error = kb_image_update(self->kb, rects, count);
    if (error < 0) {
        error_of_library(self->display->state, error);
        return false;
    }
    return true;
}

static PyObject *update_sequence(struct image *self, PyObject *sequence)
{
    struct kb_rect rects[RECTS_AT_ONCE];
    size_t count = 0;
    PyObject *iterator = PyObject_GetIter(sequence), *item;
    if (iterator == NULL) {
        return NULL;
    }
    for (Py_ssize_t i = 0; (item = PyIter_Next(iterator)) != NULL; i++) {
        struct box box;
        bool done = number_parse_box(self->display->state, item, "rects", &box);
        Py_DECREF(item);
        if (!done) {
            error_name_item("update()", i);
            break;
        }
        count += cut(self, &box, &rects[count]) ? 1 : 0;
        if (count == RECTS_AT_ONCE) {
            count = 0;
            if (!send_update(self, rects, RECTS_AT_ONCE)) {
                break;
            }
        }
    }
    Py_DECREF(iterator);
    if (PyErr_Occurred() || (count > 0 && !send_update(self, rects, count))) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *shared_update(struct image *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"rects", NULL};
    PyObject *rects = Py_None;
    struct box box;
    struct kb_rect rect;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:update", keywords, &rects) ||
        !image_enter(self)) {
        return NULL;
    }
    if (rects == Py_None) {
        if (!send_update(self, NULL, 0)) {
            return NULL;
        }
        Py_RETURN_NONE;
    }
    if (number_parse_box(self->display->state, rects, "rects", &box)) {
        if (cut(self, &box, &rect) && !send_update(self, &rect, 1)) {
            return NULL;
        }
        Py_RETURN_NONE;
    }
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) {
        return NULL;
    }
    PyErr_Clear();
    return update_sequence(self, rects);
}

static PyObject *shared_wait(struct image *self, PyObject *unused)
{
    (void)unused;
    int error;
    if (!image_enter(self)) {
        return NULL;
    }
    self->exports++; /* so that another thread's close() leaves it alone */
    CALL_PATIENTLY(self->display, error, kb_image_wait(self->kb));
    self->exports--;
    image_free_unneeded(self);
    if (error < 0) {
        return error_of_library(self->display->state, error);
    }
    Py_RETURN_NONE;
}

static PyMethodDef shared_methods[] = {
    METHOD("update", shared_update, METH_VARARGS | METH_KEYWORDS,
           "update($self, rects=None)\n--\n\nTells what has been drawn into."),
    METHOD("wait", shared_wait, METH_NOARGS, "Waits until the daemon has read the last update."),
    {0},
};

static PyGetSetDef shared_getset[] = {
    {"pixels", get_pixels, NULL, "A memoryview of the pixels: pixels[y, x] = 0xAARRGGBB.", NULL},
    {0},
};

static PyType_Slot shared_slots[] = {
    {Py_tp_doc, "An image that the program keeps drawing into."},
    {Py_tp_traverse, image_traverse},
    {Py_tp_dealloc, image_dealloc},
    {Py_bf_getbuffer, shared_getbuffer},
    {Py_bf_releasebuffer, shared_releasebuffer},
    {Py_tp_methods, shared_methods},
    {Py_tp_getset, shared_getset},
    {0},
};

PyType_Spec shared_image_spec = {
    .name = "kmsblit.SharedImage",
    .basicsize = sizeof(struct image),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = shared_slots,
};

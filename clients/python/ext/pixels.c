/* Pixels out of bytes and arrays. */
#include "module.h"

#include <stdlib.h>
#include <string.h>

unsigned pixels_bytes_of(enum kb_format format)
{
    switch (format) {
    case KB_FORMAT_RGB565: return 2;
    case KB_FORMAT_A8:
    case KB_FORMAT_P8: return 1;
    default: return 4;
    }
}

/* ---- Raw rows ------------------------------------------------------------------------------- */

/* How rows are stored: as a format of the protocol, or as bytes R, G, B (and A), which are
 * reordered here. */
struct layout {
    enum kb_format format;
    unsigned pixel_bytes;
    bool reorder;
};

static bool parse_layout(PyObject *object, struct layout *layout)
{
    *layout = (struct layout){.format = KB_FORMAT_ARGB8888};
    if (object != Py_None) {
        if (PyUnicode_Check(object) && PyUnicode_CompareWithASCIIString(object, "RGBA") == 0) {
            *layout = (struct layout){KB_FORMAT_ARGB8888, 4, true};
            return true;
        }
        if (PyUnicode_Check(object) && PyUnicode_CompareWithASCIIString(object, "RGB") == 0) {
            *layout = (struct layout){KB_FORMAT_XRGB8888, 3, true};
            return true;
        }
        if (!names_format(object, &layout->format)) {
            return false;
        }
    }
    layout->pixel_bytes = pixels_bytes_of(layout->format);
    return true;
}

/* Rows of bytes R, G, B (and A) with these distances become packed 0xAARRGGBB; NULL is no memory. */
static uint32_t *reorder(const uint8_t *source, Py_ssize_t width, Py_ssize_t height, Py_ssize_t row,
                         Py_ssize_t column, Py_ssize_t channel, bool alpha)
{
    uint32_t *pixels = malloc((size_t)width * (size_t)height * 4);
    for (Py_ssize_t y = 0; pixels != NULL && y < height; y++) {
        const uint8_t *from = source + y * row;
        uint32_t *to = pixels + y * width;
        for (Py_ssize_t x = 0; x < width; x++, from += column) {
            to[x] = (uint32_t)from[0] << 16 | (uint32_t)from[channel] << 8 | from[2 * channel] |
                    (alpha ? (uint32_t)from[3 * channel] << 24 : 0xff000000);
        }
    }
    return pixels;
}

static PyObject *create_packed(struct display *display, const struct kb_image_info *like,
                               uint32_t width, uint32_t height, enum kb_format format,
                               uint32_t *pixels)
{
    if (pixels == NULL) {
        return PyErr_NoMemory();
    }
    struct kb_image_info info = *like;
    info.width = width;
    info.height = height;
    info.format = format;
    info.stride_bytes = 0;
    PyObject *image = image_create(display, &info, pixels);
    free(pixels);
    return image;
}

static PyObject *from_rows(struct display *display, const Py_buffer *view,
                           const struct layout *layout, struct kb_image_info *info)
{
    const size_t row = (size_t)info->width * layout->pixel_bytes;
    const size_t stride = info->stride_bytes != 0 ? info->stride_bytes : row;

    if (stride < row || stride % layout->pixel_bytes != 0) {
        return PyErr_Format(PyExc_ValueError,
                            "a stride of %zu bytes cannot be: a row has %u pixels of %u bytes",
                            stride, (unsigned)info->width, layout->pixel_bytes);
    }
    const size_t needed = stride * (info->height - 1) + row;
    if ((size_t)view->len < needed) {
        return PyErr_Format(PyExc_ValueError,
                            "%ux%u pixels of this format need %zu bytes, but there are %zd",
                            (unsigned)info->width, (unsigned)info->height, needed, view->len);
    }
    if (layout->reorder) {
        return create_packed(display, info, info->width, info->height, layout->format,
                             reorder(view->buf, (Py_ssize_t)info->width, (Py_ssize_t)info->height,
                                     (Py_ssize_t)stride, layout->pixel_bytes, 1,
                                     layout->pixel_bytes == 4));
    }
    return image_create(display, info, view->buf);
}

/* A palette goes with p8, and only with that. */
static bool check_palette(const struct kb_image_info *info, enum kb_format format)
{
    if ((format == KB_FORMAT_P8) != (info->palette != NULL)) {
        PyErr_SetString(PyExc_ValueError, "format 'p8' needs a palette=, and no other has one");
        return false;
    }
    return true;
}

PyObject *pixels_from_bytes(struct display *display, const struct kb_image_info *like,
                            PyObject *source, PyObject *format, PyObject *size, PyObject *stride)
{
    struct layout layout;
    struct kb_image_info info = *like;
    Py_buffer view;
    int32_t stride_bytes = 0;

    if (!parse_layout(format, &layout) || !check_palette(like, layout.format) ||
        !number_parse_size(size, "size", KB_MAX_IMAGE_PX, &info.width, &info.height) ||
        (stride != Py_None && !number_parse(stride, &stride_bytes))) {
        return NULL;
    }
    if (stride_bytes < 0 || (stride != Py_None && stride_bytes == 0)) {
        return PyErr_Format(PyExc_ValueError, "a stride of %d bytes cannot be", (int)stride_bytes);
    }
    info.format = layout.format;
    info.stride_bytes = (size_t)stride_bytes;
    if (PyObject_GetBuffer(source, &view, PyBUF_SIMPLE) < 0) {
        return NULL;
    }
    PyObject *image = from_rows(display, &view, &layout, &info);
    PyBuffer_Release(&view);
    return image;
}

/* ---- Arrays --------------------------------------------------------------------------------- */

static bool is_format(const Py_buffer *view, const char *letters)
{
    const char *format = view->format != NULL ? view->format : "B";
    if (*format == '@' || *format == '=' || *format == '<') {
        format++;
    }
    return format[0] != '\0' && format[1] == '\0' && strchr(letters, format[0]) != NULL;
}

static PyObject *refuse_array(const Py_buffer *view)
{
    PyObject *shape = PyTuple_New(view->ndim);
    for (int i = 0; shape != NULL && i < view->ndim; i++) {
        PyObject *length = PyLong_FromSsize_t(view->shape[i]);
        if (length == NULL || PyTuple_SetItem(shape, i, length) < 0) {
            Py_CLEAR(shape);
        }
    }
    if (shape != NULL) {
        PyErr_Format(
            PyExc_ValueError,
            "an array must be height x width x 3 or 4 of uint8 (R, G, B, A) or height x "
            "width of uint32 (0xAARRGGBB; uint16 or uint8 if a format is given), not %S of \"%s\"; plain bytes need "
            "size=(width, height)",
            shape, view->format != NULL ? view->format : "B");
        Py_DECREF(shape);
    }
    return NULL;
}

static PyObject *from_words(struct display *display, const struct kb_image_info *like,
                            const Py_buffer *view, enum kb_format format)
{
    const Py_ssize_t height = view->shape[0], width = view->shape[1];
    uint32_t *pixels = malloc((size_t)width * (size_t)height * 4);
    for (Py_ssize_t y = 0; pixels != NULL && y < height; y++) {
        const char *from = (const char *)view->buf + y * view->strides[0];
        uint32_t *to = pixels + y * width;
        if (view->strides[1] == 4) {
            memcpy(to, from, (size_t)width * 4);
            continue;
        }
        for (Py_ssize_t x = 0; x < width; x++) {
            memcpy(&to[x], from + x * view->strides[1], 4);
        }
    }
    return create_packed(display, like, (uint32_t)width, (uint32_t)height, format, pixels);
}

/* height x width items of one or two bytes: rgb565, a8, p8. */
static PyObject *from_items(struct display *display, const struct kb_image_info *like,
                            const Py_buffer *view, enum kb_format format)
{
    const Py_ssize_t height = view->shape[0], width = view->shape[1], bytes = view->itemsize;
    if (bytes != (Py_ssize_t)pixels_bytes_of(format)) {
        return PyErr_Format(PyExc_ValueError, "an array of %zd-byte items cannot be of that format",
                            bytes);
    }
    struct kb_image_info info = *like;
    info.width = (uint32_t)width;
    info.height = (uint32_t)height;
    info.format = format;
    char *pixels = malloc((size_t)(width * height * bytes));
    if (pixels == NULL) {
        return PyErr_NoMemory();
    }
    for (Py_ssize_t y = 0; y < height; y++) {
        for (Py_ssize_t x = 0; x < width; x++) {
            memcpy(pixels + (y * width + x) * bytes,
                   (const char *)view->buf + y * view->strides[0] + x * view->strides[1],
                   (size_t)bytes);
        }
    }
    PyObject *image = image_create(display, &info, pixels);
    free(pixels);
    return image;
}

static PyObject *from_view(struct display *display, const struct kb_image_info *like,
                           const Py_buffer *view, PyObject *format)
{
    const bool words = view->ndim == 2 && view->itemsize == 4 && is_format(view, "ILil");
    const bool bytes = view->ndim == 3 && view->itemsize == 1 && is_format(view, "B") &&
                       (view->shape[2] == 3 || view->shape[2] == 4);
    const bool alpha = words || (bytes && view->shape[2] == 4);
    enum kb_format as = alpha ? KB_FORMAT_ARGB8888 : KB_FORMAT_XRGB8888;

    const bool small = format != Py_None && view->ndim == 2 &&
                       ((view->itemsize == 1 && is_format(view, "B")) ||
                        (view->itemsize == 2 && is_format(view, "H")));

    if ((!words && !bytes && !small) || view->suboffsets != NULL) {
        return refuse_array(view);
    }
    if (view->shape[0] < 1 || view->shape[1] < 1 || view->shape[0] > KB_MAX_IMAGE_PX ||
        view->shape[1] > KB_MAX_IMAGE_PX) {
        return PyErr_Format(PyExc_ValueError,
                            "the array is %zdx%zd: width and height go from 1 to %u pixels",
                            view->shape[1], view->shape[0], KB_MAX_IMAGE_PX);
    }
    if ((format != Py_None && !names_format(format, &as)) || !check_palette(like, as)) {
        return NULL;
    }
    if (small) {
        return from_items(display, like, view, as);
    }
    if (as != KB_FORMAT_XRGB8888 &&
        (!alpha || (as != KB_FORMAT_ARGB8888 && as != KB_FORMAT_ARGB8888_PREMULTIPLIED))) {
        return PyErr_Format(PyExc_ValueError, "this array cannot be of the format %R", format);
    }
    if (words) {
        return from_words(display, like, view, as);
    }
    return create_packed(display, like, (uint32_t)view->shape[1], (uint32_t)view->shape[0], as,
                         reorder(view->buf, view->shape[1], view->shape[0], view->strides[0],
                                 view->strides[1], view->strides[2], view->shape[2] == 4));
}

PyObject *pixels_from_array(struct display *display, const struct kb_image_info *like,
                            PyObject *source, PyObject *format)
{
    Py_buffer view;
    if (PyObject_GetBuffer(source, &view, PyBUF_FULL_RO) < 0) {
        return NULL;
    }
    PyObject *image = from_view(display, like, &view, format);
    PyBuffer_Release(&view);
    return image;
}

/*
 * pygame Surfaces, of any depth, by the methods that they have: pygame itself is not needed.
 *
 * Surfaces of eight bits stay so, with their palette; a colour key stays one where there is no
 * alpha. Otherwise what pygame does while blitting is done to the pixels once: the key's pixels
 * become transparent, the surface's alpha is multiplied in.
 */
#include "module.h"

#include <stdlib.h>
#include <string.h>

#define PYGAME_SRCALPHA 0x00010000

struct channel {
    uint32_t mask;
    unsigned shift;
    uint8_t values[256]; /* 8-bit value of each value under the mask */
};

struct surface {
    struct channel channels[4]; /* red, green, blue, alpha */
    uint32_t palette[256];      /* 0xffRRGGBB, of 8-bit surfaces */
    uint32_t key;               /* 0x00RRGGBB */
    uint32_t alpha;             /* of the whole surface */
    bool has_palette, has_alpha, has_key;
    bool keeps_key; /* it becomes the image's own colour key */
};

static bool has_method(PyObject *object, const char *name)
{
    PyObject *method = PyObject_GetAttrString(object, name);
    if (method == NULL) {
        PyErr_Clear();
        return false;
    }
    bool callable = PyCallable_Check(method);
    Py_DECREF(method);
    return callable;
}

bool surface_check(PyObject *source)
{
    return has_method(source, "get_view") && has_method(source, "get_masks") &&
           has_method(source, "get_flags") && has_method(source, "get_colorkey");
}

/* Values of n bits widen as SDL does it: in proportion, rounded down. */
static void fill_channel(struct channel *channel, uint32_t mask)
{
    channel->mask = mask;
    channel->shift = 0;
    if (mask == 0) {
        return;
    }
    while ((mask >> channel->shift & 1) == 0) {
        channel->shift++;
    }
    uint32_t most = mask >> channel->shift;
    while (most > 255) { /* ten bits of colour: the highest eight */
        channel->shift++;
        most >>= 1;
    }
    for (uint32_t value = 0; value <= most; value++) {
        channel->values[value] = (uint8_t)(value * 255 / most);
    }
}

static bool read_masks(PyObject *source, struct surface *surface)
{
    PyObject *masks = PyObject_CallMethod(source, "get_masks", NULL);
    bool done = masks != NULL;
    for (Py_ssize_t i = 0; done && i < 4; i++) {
        PyObject *mask = PySequence_GetItem(masks, i);
        unsigned long value = mask != NULL ? PyLong_AsUnsignedLongMask(mask) : 0;
        Py_XDECREF(mask);
        done = PyErr_Occurred() == NULL;
        fill_channel(&surface->channels[i], (uint32_t)value);
    }
    Py_XDECREF(masks);
    return done;
}

static bool read_palette(PyObject *source, struct surface *surface)
{
    PyObject *palette = PyObject_CallMethod(source, "get_palette", NULL);
    Py_ssize_t count = palette != NULL ? PySequence_Size(palette) : -1;
    for (Py_ssize_t i = 0; i < count && i < 256; i++) {
        PyObject *color = PySequence_GetItem(palette, i);
        bool done = color != NULL && color_parse(color, &surface->palette[i]);
        Py_XDECREF(color);
        surface->palette[i] |= 0xff000000;
        if (!done) {
            count = -1;
        }
    }
    Py_XDECREF(palette);
    surface->has_palette = true;
    return count >= 0;
}

/* Calls a method whose result is a number or None. */
static bool read_number(PyObject *source, const char *method, long none, long *value)
{
    PyObject *number = PyObject_CallMethod(source, method, NULL);
    if (number == NULL) {
        return false;
    }
    *value = number == Py_None ? none : PyLong_AsLong(number);
    Py_DECREF(number);
    return PyErr_Occurred() == NULL;
}

static bool read_key(PyObject *source, struct surface *surface)
{
    PyObject *key = PyObject_CallMethod(source, "get_colorkey", NULL);
    bool done = key != NULL;
    if (done && key != Py_None) {
        done = color_parse(key, &surface->key);
        surface->key &= 0xffffff;
        surface->has_key = true;
    }
    Py_XDECREF(key);
    return done;
}

static bool read_surface(PyObject *source, Py_ssize_t pixel_bytes, struct surface *surface)
{
    long flags, alpha;
    memset(surface, 0, sizeof(*surface));
    if (!read_masks(source, surface) || !read_key(source, surface) ||
        !read_number(source, "get_flags", 0, &flags) ||
        !read_number(source, "get_alpha", 255, &alpha) ||
        (pixel_bytes == 1 && !read_palette(source, surface))) {
        return false;
    }
    surface->alpha = alpha < 0 || alpha > 255 ? 255 : (uint32_t)alpha;
    surface->has_alpha = surface->channels[3].mask != 0 && (flags & PYGAME_SRCALPHA) != 0;
    return true;
}

static uint32_t read_channel(const struct channel *channel, uint32_t raw)
{
    return channel->values[(raw & channel->mask) >> channel->shift & 255];
}

static uint32_t convert_pixel(const struct surface *surface, uint32_t raw)
{
    uint32_t color, alpha = 255;
    if (surface->has_palette) {
        color = surface->palette[raw & 255] & 0xffffff;
    } else {
        color = read_channel(&surface->channels[0], raw) << 16 |
                read_channel(&surface->channels[1], raw) << 8 |
                read_channel(&surface->channels[2], raw);
    }
    if (surface->has_alpha) {
        alpha = read_channel(&surface->channels[3], raw);
    }
    if (surface->has_key && !surface->keeps_key && color == surface->key) {
        return 0;
    }
    return (alpha * surface->alpha + 127) / 255 << 24 | color;
}

/* The view has width x height items of 1 to 4 bytes. */
static uint32_t *convert(const struct surface *surface, const Py_buffer *view)
{
    const Py_ssize_t width = view->shape[0], height = view->shape[1];
    uint32_t *pixels = malloc((size_t)width * (size_t)height * 4);
    for (Py_ssize_t y = 0; pixels != NULL && y < height; y++) {
        const uint8_t *from = (const uint8_t *)view->buf + y * view->strides[1];
        uint32_t *to = pixels + y * width;
        for (Py_ssize_t x = 0; x < width; x++, from += view->strides[0]) {
            uint32_t raw = 0;
            memcpy(&raw, from, (size_t)view->itemsize); /* little-endian */
            to[x] = convert_pixel(surface, raw);
        }
    }
    return pixels;
}

/* Eight bits a pixel stay as they are. */
static PyObject *from_palette(struct display *display, const Py_buffer *view,
                              const struct surface *surface)
{
    const Py_ssize_t width = view->shape[0], height = view->shape[1];
    const struct kb_image_info info = {
        .width = (uint32_t)width,
        .height = (uint32_t)height,
        .format = KB_FORMAT_P8,
        .palette = surface->palette,
        .palette_count = 256,
        .has_color_key = surface->has_key,
        .color_key = surface->key,
    };
    uint8_t *pixels = malloc((size_t)width * (size_t)height);
    if (pixels == NULL) {
        return PyErr_NoMemory();
    }
    for (Py_ssize_t y = 0; y < height; y++) {
        for (Py_ssize_t x = 0; x < width; x++) {
            pixels[y * width + x] =
                *((const uint8_t *)view->buf + y * view->strides[1] + x * view->strides[0]);
        }
    }
    PyObject *image = image_create(display, &info, pixels);
    free(pixels);
    return image;
}

static bool check_view(PyObject *source, const Py_buffer *view)
{
    if (view->ndim != 2 || view->itemsize < 1 || view->itemsize > 4) {
        PyErr_Format(PyExc_ValueError, "the pixels of %R cannot be read", source);
        return false;
    }
    if (view->shape[0] < 1 || view->shape[1] < 1 || view->shape[0] > KB_MAX_IMAGE_PX ||
        view->shape[1] > KB_MAX_IMAGE_PX) {
        PyErr_Format(PyExc_ValueError,
                     "the surface is %zdx%zd: width and height go from 1 to %u pixels",
                     view->shape[0], view->shape[1], KB_MAX_IMAGE_PX);
        return false;
    }
    return true;
}

static PyObject *from_view(struct display *display, PyObject *source, const Py_buffer *view)
{
    struct surface surface;

    if (!check_view(source, view) || !read_surface(source, view->itemsize, &surface)) {
        return NULL;
    }
    surface.keeps_key = surface.has_key && !surface.has_alpha && surface.alpha == 255;
    if (surface.has_palette && surface.alpha == 255) {
        return from_palette(display, view, &surface);
    }
    uint32_t *pixels = convert(&surface, view);
    if (pixels == NULL) {
        return PyErr_NoMemory();
    }
    const bool alpha =
        surface.has_alpha || (surface.has_key && !surface.keeps_key) || surface.alpha < 255;
    const struct kb_image_info info = {
        .width = (uint32_t)view->shape[0],
        .height = (uint32_t)view->shape[1],
        .format = alpha ? KB_FORMAT_ARGB8888 : KB_FORMAT_XRGB8888,
        .has_color_key = surface.keeps_key,
        .color_key = surface.keeps_key ? surface.key : 0,
    };
    PyObject *image = image_create(display, &info, pixels);
    free(pixels);
    return image;
}

static bool get_view(PyObject *source, Py_buffer *view)
{
    PyObject *pixels = PyObject_CallMethod(source, "get_view", "s", "2");
    const bool done = pixels != NULL && PyObject_GetBuffer(pixels, view, PyBUF_FULL_RO) == 0;
    Py_XDECREF(pixels); /* the view has it */
    return done;
}

PyObject *surface_convert(struct display *display, PyObject *source)
{
    Py_buffer view;
    if (!get_view(source, &view)) {
        return NULL;
    }
    PyObject *image = from_view(display, source, &view);
    PyBuffer_Release(&view);
    return image;
}

/* The alpha of the whole surface does not count, nor whether it blends. With a colour key, exactly
 * the pixels of that colour, with all their alpha, are out. */
uint32_t *surface_read(PyObject *source, uint32_t *width, uint32_t *height, bool *keyed)
{
    struct surface surface;
    Py_buffer view;
    uint32_t *pixels = NULL;
    if (!get_view(source, &view)) {
        return NULL;
    }
    if (check_view(source, &view) && read_surface(source, view.itemsize, &surface)) {
        *keyed = surface.has_key;
        *width = (uint32_t)view.shape[0];
        *height = (uint32_t)view.shape[1];
        surface.alpha = 255;
        surface.has_alpha = surface.channels[3].mask != 0;
        surface.has_key = false;
        pixels = convert(&surface, &view);
        for (size_t i = 0; pixels != NULL && *keyed && i < (size_t)*width * *height; i++) {
            pixels[i] = pixels[i] == (surface.key | 0xff000000) ? 0 : pixels[i] | 0xff000000;
        }
        if (pixels == NULL) {
            PyErr_NoMemory();
        }
    }
    PyBuffer_Release(&view);
    return pixels;
}

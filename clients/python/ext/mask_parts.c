/* Masks' methods that look for what hangs together. */
#include "bits.h"
#include "module.h"

#include <stdlib.h>

static bool append_point(void *list, int x, int y)
{
    PyObject *point = Py_BuildValue("(ii)", x, y);
    const bool done = point != NULL && PyList_Append(list, point) == 0;
    Py_XDECREF(point);
    return done;
}

PyObject *mask_outline(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"every", NULL};
    int every = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|i:outline", keywords, &every)) {
        return NULL;
    }
    if (every < 1) {
        return PyErr_Format(PyExc_ValueError, "every %d. pixel cannot be", every);
    }
    PyObject *list = PyList_New(0);
    if (list != NULL && !bits_outline(mask_bits(self), every, append_point, list)) {
        Py_CLEAR(list);
    }
    return list;
}

PyObject *mask_get_bounding_rects(PyObject *self, PyObject *unused)
{
    (void)unused;
    struct bits_parts parts;
    if (!bits_parts_init(&parts, mask_bits(self))) {
        return PyErr_NoMemory();
    }
    const struct bits *from = mask_bits(self);
    struct edges {
        int32_t left, top, right, bottom;
    } *edges = calloc((size_t)parts.count + 1, sizeof(*edges));
    PyObject *list = edges != NULL ? PyList_New(0) : PyErr_NoMemory();
    const uint32_t *label = parts.labels;
    for (int32_t y = 0; list != NULL && y < from->height; y++) {
        for (int32_t x = 0; x < from->width; x++, label++) {
            struct edges *of = &edges[*label];
            if (of->bottom == 0) { /* its first pixel */
                *of = (struct edges){x, y, x + 1, y + 1};
            }
            of->left = x < of->left ? x : of->left;
            of->right = x >= of->right ? x + 1 : of->right;
            of->bottom = y + 1;
        }
    }
    for (uint32_t i = 1; list != NULL && i <= parts.count; i++) {
        PyObject *rect = rect_new(mask_state(self), edges[i].left, edges[i].top,
                                  edges[i].right - edges[i].left, edges[i].bottom - edges[i].top);
        if (rect == NULL || PyList_Append(list, rect) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(rect);
    }
    free(edges);
    bits_parts_finish(&parts);
    return list;
}

/* A new mask of one part; 0 is none. */
static PyObject *of_part(PyObject *self, const struct bits_parts *parts, uint32_t part)
{
    const struct bits *from = mask_bits(self);
    PyObject *mask = mask_new(mask_state(self), from->width, from->height);
    const uint32_t *label = parts->labels;
    for (int32_t y = 0; mask != NULL && y < from->height; y++) {
        for (int32_t x = 0; x < from->width; x++, label++) {
            if (part != 0 && *label == part) {
                bits_set(mask_bits(mask), x, y);
            }
        }
    }
    return mask;
}

PyObject *mask_connected_component(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"pos", NULL};
    PyObject *pos = NULL;
    int32_t x = 0, y = 0;
    struct bits_parts parts;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:connected_component", keywords, &pos) ||
        (pos != NULL && !mask_parse_pixel(self, pos, &x, &y))) {
        return NULL;
    }
    if (!bits_parts_init(&parts, mask_bits(self))) {
        return PyErr_NoMemory();
    }
    uint32_t part = parts.count > 0;
    for (uint32_t i = 2; i <= parts.count; i++) {
        part = parts.sizes[i] > parts.sizes[part] ? i : part;
    }
    if (pos != NULL) {
        part = parts.labels[(size_t)y * (size_t)mask_bits(self)->width + (size_t)x];
    }
    PyObject *mask = of_part(self, &parts, part);
    bits_parts_finish(&parts);
    return mask;
}

PyObject *mask_connected_components(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"minimum", NULL};
    int minimum = 0;
    struct bits_parts parts;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|i:connected_components", keywords, &minimum)) {
        return NULL;
    }
    if (!bits_parts_init(&parts, mask_bits(self))) {
        return PyErr_NoMemory();
    }
    PyObject *list = PyList_New(0);
    for (uint32_t i = 1; list != NULL && i <= parts.count; i++) {
        if ((int64_t)parts.sizes[i] < minimum) {
            continue;
        }
        PyObject *mask = of_part(self, &parts, i);
        if (mask == NULL || PyList_Append(list, mask) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(mask);
    }
    bits_parts_finish(&parts);
    return list;
}

/* Words and flags for the protocol's numbers. The words are the protocol description's own (the
 * generated kb_*_name functions); only pygame's numbers stand here. */
#include "module.h"

#include <string.h>

#include "gen/kmsblit_proto.h"

/* pygame's special_flags. What pygame lacks has values that pygame does not use. */
static const struct {
    const char *name;
    int value;
    enum kb_blend blend;
} blends[] = {
    {"BLEND_ADD", 1, KB_BLEND_ADD},
    {"BLEND_SUB", 2, KB_BLEND_SUB},
    {"BLEND_MULT", 3, KB_BLEND_MULT},
    {"BLEND_MIN", 4, KB_BLEND_MIN},
    {"BLEND_MAX", 5, KB_BLEND_MAX},
    {"BLEND_RGB_ADD", 1, KB_BLEND_ADD},
    {"BLEND_RGB_SUB", 2, KB_BLEND_SUB},
    {"BLEND_RGB_MULT", 3, KB_BLEND_MULT},
    {"BLEND_RGB_MIN", 4, KB_BLEND_MIN},
    {"BLEND_RGB_MAX", 5, KB_BLEND_MAX},
    {"BLEND_RGBA_ADD", 6, KB_BLEND_RGBA_ADD},
    {"BLEND_RGBA_SUB", 7, KB_BLEND_RGBA_SUB},
    {"BLEND_RGBA_MULT", 8, KB_BLEND_RGBA_MULT},
    {"BLEND_RGBA_MIN", 9, KB_BLEND_RGBA_MIN},
    {"BLEND_RGBA_MAX", 16, KB_BLEND_RGBA_MAX},
    {"BLEND_PREMULTIPLIED", 17, KB_BLEND_PREMULTIPLIED},
    {"BLEND_ALPHA_SDL2", 18, KB_BLEND_OVER},
    {"BLEND_REPLACE", 256, KB_BLEND_REPLACE},
};
#define BLENDS_COUNT (sizeof(blends) / sizeof(blends[0]))

bool names_blend_of(long value, enum kb_blend plain, enum kb_blend *blend)
{
    if (value == 0) {
        *blend = plain;
        return true;
    }
    for (size_t i = 0; i < BLENDS_COUNT; i++) {
        if (blends[i].value == value) {
            *blend = blends[i].blend;
            return true;
        }
    }
    return false;
}

bool names_blend(PyObject *object, enum kb_blend plain, enum kb_blend *blend)
{
    long value = PyLong_AsLong(object);
    if (value == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_OverflowError)) {
            value = -1;
            PyErr_Clear();
        } else {
            return false;
        }
    }
    if (names_blend_of(value, plain, blend)) {
        return true;
    }
    PyErr_Format(PyExc_ValueError, "special_flags %R is none of the BLEND_ constants", object);
    return false;
}

int names_add(PyObject *module)
{
    for (size_t i = 0; i < BLENDS_COUNT; i++) {
        if (PyModule_AddIntConstant(module, blends[i].name, blends[i].value) < 0) {
            return -1;
        }
    }
    if (PyModule_AddIntConstant(module, "FLIP_X", KB_BLIT_FLAG_FLIP_X) < 0) {
        return -1;
    }
    return PyModule_AddIntConstant(module, "FLIP_Y", KB_BLIT_FLAG_FLIP_Y);
}

#define VALUES_MOST 64u /* more than any of the enums has */

static bool refuse_word(PyObject *object, const char *what, const char *(*name_of)(unsigned))
{
    PyObject *names = PyList_New(0);
    for (unsigned value = 0; names != NULL && value < VALUES_MOST; value++) {
        PyObject *name = name_of(value) != NULL ? PyUnicode_FromString(name_of(value)) : NULL;
        if (name != NULL && PyList_Append(names, name) < 0) {
            Py_CLEAR(names);
        }
        Py_XDECREF(name);
    }
    if (names != NULL) {
        PyErr_Format(PyExc_ValueError, "%s %R is not known: there are %S", what, object, names);
        Py_DECREF(names);
    }
    return false;
}

/* The number whose name is this; the error lists what there is. */
static bool find(PyObject *object, const char *what, const char *(*name_of)(unsigned),
                 unsigned *found)
{
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "%s must be a word, not %R", what, object);
        return false;
    }
    const char *word = PyUnicode_AsUTF8AndSize(object, NULL);
    if (word == NULL) {
        return false;
    }
    for (unsigned value = 0; value < VALUES_MOST; value++) {
        const char *name = name_of(value);
        if (name != NULL && strcmp(name, word) == 0) {
            *found = value;
            return true;
        }
    }
    return refuse_word(object, what, name_of);
}

bool names_format(PyObject *object, enum kb_format *format)
{
    unsigned value;
    if (!find(object, "format", kb_format_name, &value)) {
        return false;
    }
    *format = (enum kb_format)value;
    return true;
}

bool names_scale(PyObject *object, enum kb_scale *scale)
{
    unsigned value;
    if (!find(object, "scale", kb_scale_name, &value)) {
        return false;
    }
    *scale = (enum kb_scale)value;
    return true;
}

bool names_filter(PyObject *object, enum kb_filter *filter)
{
    unsigned value;
    if (!find(object, "filter", kb_filter_name, &value)) {
        return false;
    }
    *filter = (enum kb_filter)value;
    return true;
}

bool names_scope(PyObject *object, enum kb_statistics_scope *scope)
{
    unsigned value;
    if (!find(object, "scope", kb_statistics_scope_name, &value)) {
        return false;
    }
    *scope = (enum kb_statistics_scope)value;
    return true;
}

PyObject *names_scale_of(enum kb_scale scale)
{
    return PyUnicode_FromString(kb_scale_name((unsigned)scale));
}

PyObject *names_filter_of(enum kb_filter filter)
{
    return PyUnicode_FromString(kb_filter_name((unsigned)filter));
}

PyObject *names_format_of(enum kb_format format)
{
    return PyUnicode_FromString(kb_format_name((unsigned)format));
}

PyObject *names_statistic_of(uint32_t statistic)
{
    const char *name = kb_statistic_name(statistic);
    return name != NULL ? PyUnicode_FromString(name)
                        : PyUnicode_FromFormat("statistic_%u", (unsigned)statistic);
}

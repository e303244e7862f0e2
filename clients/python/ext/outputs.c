/* Outputs and statistics: what the daemon tells about itself. */
#include "module.h"

#include <errno.h>
#include <string.h>

static PyStructSequence_Field output_fields[] = {
    {"id", "The daemon's number of it."},
    {"name", "Its connector: \"HDMI-A-1\"."},
    {"description", "Maker and model."},
    {"x", "Position among the outputs, in pixels."},
    {"y", "Position among the outputs, in pixels."},
    {"width", "Pixels, after rotation."},
    {"height", "Pixels, after rotation."},
    {"refresh_ns", "Nanoseconds from refresh to refresh; 0 where frames are not paced."},
    {"headless", "Whether it is virtual."},
    {"primary", "Whether windows go there by default."},
    {0},
};

PyStructSequence_Desc output_desc = {
    .name = "kmsblit.Output",
    .doc = "A display that windows can be on.",
    .fields = output_fields,
    .n_in_sequence = 10,
};

PyObject *sequence_new(PyTypeObject *type, PyObject **values, Py_ssize_t count)
{
    PyObject *result = PyStructSequence_New(type);
    bool complete = result != NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        complete = complete && values[i] != NULL;
        if (result != NULL) {
            PyStructSequence_SetItem(result, i, values[i]);
        } else {
            Py_XDECREF(values[i]);
        }
    }
    if (!complete) {
        Py_CLEAR(result);
    }
    return result;
}

static PyObject *text(const char *bytes)
{
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace");
}

static PyObject *output_new(const struct state *state, const struct kb_output_info *info)
{
    PyObject *values[] = {
        PyLong_FromUnsignedLong(info->id),
        text(info->name),
        text(info->description),
        PyLong_FromLong(info->x),
        PyLong_FromLong(info->y),
        PyLong_FromUnsignedLong(info->width),
        PyLong_FromUnsignedLong(info->height),
        PyLong_FromUnsignedLongLong(info->refresh_ns),
        PyBool_FromLong((info->flags & KB_OUTPUT_FLAG_HEADLESS) != 0),
        PyBool_FromLong((info->flags & KB_OUTPUT_FLAG_PRIMARY) != 0),
    };
    return sequence_new(state->output_type, values, output_desc.n_in_sequence);
}

PyObject *outputs_get(struct display *display, void *closure)
{
    (void)closure;
    if (!call_enter(display) || call_wait(display, 0) < 0) {
        return NULL;
    }
    size_t count = kb_output_count(display->kb);
    PyObject *outputs = PyTuple_New((Py_ssize_t)count);
    for (size_t i = 0; outputs != NULL && i < count; i++) {
        struct kb_output_info info;
        int error = kb_output_get(display->kb, i, &info);
        PyObject *output =
            error < 0 ? error_of_library(display->state, error) : output_new(display->state, &info);
        if (output == NULL || PyTuple_SetItem(outputs, (Py_ssize_t)i, output) < 0) {
            Py_CLEAR(outputs);
        }
    }
    return outputs;
}

static bool find_by_name(struct display *display, PyObject *name, uint32_t *id)
{
    const char *wanted = PyUnicode_AsUTF8AndSize(name, NULL);
    struct kb_output_info info;

    if (wanted == NULL) {
        return false;
    }
    PyObject *names = PyList_New(0);
    for (size_t i = 0; names != NULL && kb_output_get(display->kb, i, &info) == 0; i++) {
        if (strcmp(info.name, wanted) == 0) {
            *id = info.id;
            Py_DECREF(names);
            return true;
        }
        PyObject *one = text(info.name);
        if (one == NULL || PyList_Append(names, one) < 0) {
            Py_CLEAR(names);
        }
        Py_XDECREF(one);
    }
    if (names != NULL) {
        PyErr_Format(PyExc_ValueError, "there is no output %R; there are %R", name, names);
        Py_DECREF(names);
    }
    return false;
}

bool outputs_parse(struct display *display, PyObject *object, uint32_t *id)
{
    if (object == Py_None) {
        *id = 0;
        return true;
    }
    if (PyUnicode_Check(object)) {
        return find_by_name(display, object, id);
    }
    PyObject *number = PyObject_TypeCheck(object, display->state->output_type)
                           ? Py_NewRef(PyStructSequence_GetItem(object, 0))
                       : PyIndex_Check(object) ? PyNumber_Index(object)
                                               : NULL;
    if (number == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_Format(PyExc_TypeError, "output must be an Output, its name or its id, not %R",
                         object);
        }
        return false;
    }
    unsigned long value = PyLong_AsUnsignedLong(number);
    Py_DECREF(number);
    if (PyErr_Occurred() || value > UINT32_MAX) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "there is no output %R", object);
        return false;
    }
    *id = (uint32_t)value;
    return true;
}

PyObject *statistics_of(struct display *display, enum kb_statistics_scope scope, uint32_t object)
{
    struct kb_statistic_value values[256];
    int count;

    CALL_PATIENTLY(
        display, count,
        kb_statistics(display->kb, scope, object, values, sizeof(values) / sizeof(values[0])));
    if (count < 0) {
        return error_of_library(display->state, count);
    }
    PyObject *result = PyDict_New();
    for (int i = 0; result != NULL && i < count; i++) {
        PyObject *name = names_statistic_of(values[i].name);
        PyObject *value = PyLong_FromUnsignedLongLong(values[i].value);
        if (name == NULL || value == NULL || PyDict_SetItem(result, name, value) < 0) {
            Py_CLEAR(result);
        }
        Py_XDECREF(name);
        Py_XDECREF(value);
    }
    return result;
}

PyObject *display_statistics(struct display *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"scope", "object", NULL};
    PyObject *word = NULL, *object = Py_None;
    enum kb_statistics_scope scope = KB_STATISTICS_SCOPE_CLIENT;
    uint32_t id = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:statistics", keywords, &word, &object) ||
        (word != NULL && !names_scope(word, &scope)) || !call_enter(self)) {
        return NULL;
    }
    if (scope == KB_STATISTICS_SCOPE_WINDOW) {
        struct window *window = (struct window *)object;
        if (Py_TYPE(object) != self->state->window_type || window->display != self) {
            return PyErr_Format(
                PyExc_TypeError,
                "the scope \"window\" needs object=WINDOW, a window of this display");
        }
        if (!window_enter(window)) {
            return NULL;
        }
        id = kb_window_id(window->kb);
    } else if (!outputs_parse(self, object, &id)) {
        return NULL;
    }
    return statistics_of(self, scope, id);
}

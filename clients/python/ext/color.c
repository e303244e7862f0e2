/* Colours as pygame takes them. */
#include "module.h"

#include <string.h>

static bool not_a_color(PyObject *object)
{
    PyErr_Format(PyExc_ValueError,
                 "%R is no colour: use a name like \"orange\", \"#rrggbb\", \"#rrggbbaa\", "
                 "(r, g, b) or (r, g, b, a) with 0 to 255, or 0xRRGGBB",
                 object);
    return false;
}

/* "#rgb", "#rrggbb" and "#rrggbbaa", also with "0x". */
static bool parse_hex(const char *digits, uint32_t *color)
{
    uint32_t value = 0;
    size_t count = strlen(digits);
    for (size_t i = 0; i < count && i < 9; i++) {
        char c = digits[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return false;
        }
        value = value << 4 | digit;
    }
    switch (count) {
    case 3:
        *color = 0xff000000 | (value >> 8 & 15) * 0x110000 | (value >> 4 & 15) * 0x1100 |
                 (value & 15) * 0x11;
        return true;
    case 6: *color = 0xff000000 | value; return true;
    case 8: *color = value << 24 | value >> 8; return true;
    default: return false;
    }
}

static bool parse_text(PyObject *object, uint32_t *color)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(object, &size);
    char name[32];
    size_t used = 0;

    if (text == NULL) {
        return false;
    }
    if (strlen(text) != (size_t)size) {
        return not_a_color(object);
    }
    if (text[0] == '#') {
        return parse_hex(text + 1, color) || not_a_color(object);
    }
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        return parse_hex(text + 2, color) || not_a_color(object);
    }
    for (const char *c = text; *c != '\0' && used + 1 < sizeof(name); c++) {
        if (*c != ' ') { /* pygame takes "Light Blue" */
            name[used++] = *c >= 'A' && *c <= 'Z' ? (char)(*c | 0x20) : *c;
        }
    }
    name[used] = '\0';
    return color_by_name(name, color) || not_a_color(object);
}

static bool parse_int(PyObject *object, uint32_t *color)
{
    unsigned long long value = PyLong_AsUnsignedLongLong(object);
    if (PyErr_Occurred()) {
        PyErr_Clear();
        return not_a_color(object);
    }
    if (value > UINT32_MAX) {
        return not_a_color(object);
    }
    *color = value > 0xffffff ? (uint32_t)value : 0xff000000 | (uint32_t)value;
    return true;
}

static bool parse_channels(PyObject *object, uint32_t *color)
{
    Py_ssize_t count = PySequence_Size(object);
    if (count != 3 && count != 4) {
        PyErr_Clear();
        return not_a_color(object);
    }
    uint32_t channels[4] = {0, 0, 0, 255};
    for (Py_ssize_t i = 0; i < count; i++) {
        int32_t value;
        PyObject *item = PySequence_GetItem(object, i);
        if (item == NULL) {
            return false;
        }
        bool done = number_parse(item, &value);
        Py_DECREF(item);
        if (!done) {
            return false;
        }
        if (value < 0 || value > 255) {
            return not_a_color(object);
        }
        channels[i] = (uint32_t)value;
    }
    *color = channels[3] << 24 | channels[0] << 16 | channels[1] << 8 | channels[2];
    return true;
}

bool color_parse(PyObject *object, uint32_t *color)
{
    if (PyUnicode_Check(object)) {
        return parse_text(object, color);
    }
    if (PyLong_Check(object)) {
        return parse_int(object, color);
    }
    if (PySequence_Check(object)) {
        return parse_channels(object, color);
    }
    if (PyIndex_Check(object)) { /* numpy's ints */
        PyObject *number = PyNumber_Index(object);
        bool done = number != NULL && parse_int(number, color);
        Py_XDECREF(number);
        return done;
    }
    return not_a_color(object);
}

PyObject *color_tuple(uint32_t color)
{
    return Py_BuildValue("(iii)", (int)(color >> 16 & 255), (int)(color >> 8 & 255),
                         (int)(color & 255));
}

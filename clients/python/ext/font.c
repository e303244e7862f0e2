/* Font: text as images, and drawn into frames letter by letter. */
#include "module.h"
#include "text/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct font {
    PyObject_HEAD struct state *state;
    struct text_font *text;
    PyObject *name;                /* as it was given */
    PyObject *letters;             /* dict: a glyph's number to its Image, of this display */
    const struct display *display; /* compared only; the images keep it */
    int size;
};

/* ---- Making --------------------------------------------------------------------------------- */

static bool is_named(PyObject *name, enum text_face *face)
{
    static const char *const names[] = {
        [TEXT_SANS] = "sans", [TEXT_BOLD] = "bold", [TEXT_MONO] = "mono"};
    *face = TEXT_SANS;
    if (name == Py_None) {
        return true;
    }
    for (size_t i = 0; PyUnicode_Check(name) && i < sizeof(names) / sizeof(names[0]); i++) {
        if (PyUnicode_CompareWithASCIIString(name, names[i]) == 0) {
            *face = (enum text_face)i;
            return true;
        }
    }
    return false;
}

static bool open_bundled(struct font *self, enum text_face face)
{
    const char *folder = PyUnicode_AsUTF8AndSize(self->state->fonts, NULL);
    if (folder == NULL) {
        return false;
    }
    int error = text_open_bundled(folder, face, (uint32_t)self->size, &self->text);
    if (error == -ENOMEM) {
        PyErr_NoMemory();
    } else if (error < 0) {
        error_set(self->state, -error,
                  "the fonts that come with kmsblit are not in %s (%s): install the package as a "
                  "whole, or name a font's file",
                  folder, strerror(-error));
    }
    return error == 0;
}

static bool open_file(struct font *self, PyObject *name)
{
    PyObject *path;
    if (!PyUnicode_FSConverter(name, &path)) {
        return false;
    }
    int error = text_open(PyBytes_AsString(path), (uint32_t)self->size, &self->text);
    Py_DECREF(path);
    if (error == -ENOMEM) {
        PyErr_NoMemory();
    } else if (error == -EINVAL) {
        PyErr_Format(PyExc_ValueError, "%R is not a font (of this size) that FreeType knows", name);
    } else if (error < 0) {
        errno = -error;
        PyErr_SetFromErrnoWithFilenameObject(PyExc_OSError, name);
    }
    return error == 0;
}

static PyObject *font_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"name", "size", NULL};
    PyObject *name = Py_None, *size = NULL;
    int32_t size_px = 20;
    enum text_face face;
    struct state *state = state_of_type(type);

    if (state == NULL ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:Font", keywords, &name, &size) ||
        (size != NULL && !number_parse(size, &size_px))) {
        return NULL;
    }
    if (size_px < 1 || size_px > TEXT_SIZE_MOST_PX) {
        return PyErr_Format(PyExc_ValueError, "a font of %d pixels: sizes go from 1 to %d",
                            (int)size_px, TEXT_SIZE_MOST_PX);
    }
    struct font *self = object_new(type);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    self->name = Py_NewRef(name);
    self->size = size_px;
    if (!(is_named(name, &face) ? open_bundled(self, face) : open_file(self, name))) {
        Py_DECREF((PyObject *)self);
        return NULL;
    }
    return (PyObject *)self;
}

static void font_dealloc(PyObject *object)
{
    struct font *self = (struct font *)object;
    text_close(self->text);
    Py_XDECREF(self->name);
    Py_XDECREF(self->letters);
    object_free(object);
}

/* ---- Arguments ------------------------------------------------------------------------------ */

/* str, UTF-8 as bytes, or None for nothing. What it points to is object's. */
static bool parse_text(PyObject *object, const char **text, Py_ssize_t *length)
{
    char *bytes;
    if (object == Py_None) {
        *text = "";
        *length = 0;
        return true;
    }
    if (PyUnicode_Check(object)) {
        *text = PyUnicode_AsUTF8AndSize(object, length);
        return *text != NULL;
    }
    if (PyBytes_Check(object) && PyBytes_AsStringAndSize(object, &bytes, length) == 0) {
        *text = bytes;
        return true;
    }
    PyErr_Format(PyExc_TypeError, "text must be a str, not %R", object);
    return false;
}

static bool parse_style(int wrap, const char *align, int antialias, struct text_style *style)
{
    static const char *const names[] = {
        [TEXT_LEFT] = "left", [TEXT_CENTER] = "center", [TEXT_RIGHT] = "right"};
    *style = (struct text_style){.wrap_px = (uint32_t)wrap, .sharp = !antialias};
    if (wrap < 0) {
        PyErr_Format(PyExc_ValueError, "lines cannot be %d pixels wide", wrap);
        return false;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(align, names[i]) == 0) {
            style->align = (enum text_align)i;
            return true;
        }
    }
    PyErr_Format(PyExc_ValueError, "align is \"left\", \"center\" or \"right\", not \"%s\"", align);
    return false;
}

static void *text_failed(int error)
{
    if (error == -E2BIG) {
        return PyErr_Format(PyExc_ValueError, "this text is more than %u pixels wide or high",
                            KB_MAX_IMAGE_PX);
    }
    return PyErr_NoMemory();
}

/* ---- Images of text ------------------------------------------------------------------------- */

/* Premultiplied, on a background of any alpha. */
static PyObject *painted(struct display *display, const struct text_picture *picture,
                         uint32_t color, uint32_t background)
{
    const size_t count = (size_t)picture->width * picture->height;
    const uint32_t alpha = background >> 24;
    const struct kb_image_info info = {
        .width = picture->width,
        .height = picture->height,
        .format = alpha == 255 ? KB_FORMAT_XRGB8888 : KB_FORMAT_ARGB8888_PREMULTIPLIED,
    };
    uint32_t *pixels = malloc(count * sizeof(*pixels));
    if (pixels == NULL) {
        return PyErr_NoMemory();
    }
    uint32_t below = alpha << 24;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        below |= ((background >> shift & 255) * alpha + 127) / 255 << shift;
    }
    for (size_t i = 0; i < count; i++) {
        pixels[i] = below;
    }
    text_paint(picture, color, pixels, picture->width, picture->width, picture->height, 0, 0);
    PyObject *image = image_create(display, &info, pixels);
    free(pixels);
    return image;
}

static PyObject *font_render(struct font *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"text", "antialias", "color",   "background",
                               "wrap", "align",     "display", NULL};
    PyObject *object, *color_object = NULL, *background_object = Py_None, *display_object = Py_None;
    int antialias = 1, wrap = 0;
    const char *align = "left", *text;
    Py_ssize_t length;
    uint32_t color = 0xffffffff, background = 0;
    struct text_style style;
    struct text_picture picture;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|pOO$isO:render", keywords, &object,
                                     &antialias, &color_object, &background_object, &wrap, &align,
                                     &display_object) ||
        !parse_text(object, &text, &length) || !parse_style(wrap, align, antialias, &style) ||
        (color_object != NULL && !color_parse(color_object, &color)) ||
        (background_object != Py_None && !color_parse(background_object, &background))) {
        return NULL;
    }
    struct display *display = display_find(self->state, display_object);
    if (display == NULL) {
        return NULL;
    }
    PyObject *image = NULL;
    int error = text_render(self->text, text, (size_t)length, &style, &picture);
    if (error < 0) {
        text_failed(error);
    } else {
        image = painted(display, &picture, color, background);
    }
    free(picture.pixels);
    Py_DECREF((PyObject *)display);
    return image;
}

static PyObject *font_size(struct font *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"text", "wrap", "antialias", NULL};
    PyObject *object;
    int wrap = 0, antialias = 1;
    const char *text;
    Py_ssize_t length;
    struct text_style style;
    int32_t width, height;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$ip:size", keywords, &object, &wrap,
                                     &antialias) ||
        !parse_text(object, &text, &length) || !parse_style(wrap, "left", antialias, &style)) {
        return NULL;
    }
    int error = text_measure(self->text, text, (size_t)length, &style, &width, &height);
    return error < 0 ? text_failed(error) : Py_BuildValue("(ii)", (int)width, (int)height);
}

/* ---- Text in frames ------------------------------------------------------------------------- */

/* The letters of a text: all images are there before the first is drawn. */
struct letters {
    PyObject *kept; /* owned: the font's dict */
    struct display *display;
    struct letter {
        struct image *image; /* owned */
        int32_t x, y;
    } * items; /* owned */
    size_t count, capacity;
};

/* The image of a glyph, borrowed from the dict. Its colour is the tint that it is drawn with. */
static PyObject *letter_image(PyObject *kept, struct display *display,
                              const struct text_glyph *glyph)
{
    PyObject *key = PyLong_FromUnsignedLong(glyph->number);
    PyObject *image = key != NULL ? PyDict_GetItemWithError(kept, key) : NULL;
    if (image == NULL && key != NULL && !PyErr_Occurred()) {
        const struct kb_image_info info = {
            .width = glyph->width, .height = glyph->height, .format = KB_FORMAT_A8};
        image = image_create(display, &info, glyph->pixels);
        if (image != NULL && PyDict_SetItem(kept, key, image) < 0) {
            Py_CLEAR(image);
        }
        Py_XDECREF(image); /* the dict has it */
    }
    Py_XDECREF(key);
    return image;
}

/* Letters are kept for the display that was drawn to last. */
static bool begin_letters(struct font *font, const struct display *display)
{
    if (font->letters != NULL && font->display == display) {
        return true;
    }
    PyObject *letters = PyDict_New(), *before = font->letters;
    if (letters == NULL) {
        return false;
    }
    font->letters = letters;
    font->display = display;
    Py_XDECREF(before);
    return true;
}

static int place_letter(void *context, const struct text_glyph *glyph, int32_t x, int32_t y)
{
    struct letters *letters = context;
    if (letters->count == letters->capacity) {
        size_t capacity = letters->capacity == 0 ? 64 : letters->capacity * 2;
        struct letter *items = realloc(letters->items, capacity * sizeof(*items));
        if (items == NULL) {
            return -ENOMEM;
        }
        letters->items = items;
        letters->capacity = capacity;
    }
    PyObject *image = letter_image(letters->kept, letters->display, glyph);
    if (image == NULL) {
        return 1;
    }
    letters->items[letters->count++] =
        (struct letter){.image = (struct image *)Py_NewRef(image), .x = x, .y = y};
    return 0;
}

static void letters_finish(struct letters *letters)
{
    for (size_t i = 0; i < letters->count; i++) {
        Py_DECREF((PyObject *)letters->items[i].image);
    }
    free(letters->items);
    Py_DECREF(letters->kept);
}

/* All of them or none. */
static bool draw_letters(PyObject *owner, const struct letters *letters, int32_t x, int32_t y,
                         uint32_t color)
{
    struct display *display = letters->display;
    struct frame *frame = frame_enter(owner);
    size_t drawn_units = 0;
    for (size_t i = 0; frame != NULL && i < letters->count; i++) {
        const struct letter *letter = &letters->items[i];
        const int64_t to_x = (int64_t)x + letter->x, to_y = (int64_t)y + letter->y;
        struct box drawn;
        union kb_command record;
        if (to_x < -INT32_MAX || to_x > INT32_MAX || to_y < -INT32_MAX || to_y > INT32_MAX) {
            continue;
        }
        const struct blit blit = {
            .image = letter->image,
            .x = (int32_t)to_x,
            .y = (int32_t)to_y,
            .blend = KB_BLEND_OVER,
            .alpha = (uint8_t)(color >> 24),
            .tint = color | 0xff000000,
        };
        size_t units = draw_record(frame, &blit, &drawn, &record);
        if (units == 0) {
            continue;
        }
        union kb_command *room = frame_append(frame, display->state, units);
        if (room == NULL || !frame_use(frame, letter->image)) {
            frame_trim(frame, drawn_units + (room != NULL ? units : 0));
            return false;
        }
        memcpy(room, &record, units * KB_COMMAND_UNIT_BYTES);
        drawn_units += units;
    }
    return frame != NULL;
}

PyObject *font_draw_text(PyObject *owner, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"font", "text", "dest", "color", "wrap", "align", "antialias", NULL};
    struct display *display = frame_display(owner);
    PyObject *font, *object, *dest, *color_object = NULL;
    int antialias = 1, wrap = 0;
    const char *align = "left", *text;
    Py_ssize_t length;
    uint32_t color = 0xffffffff;
    struct text_style style;
    int32_t x, y, width, height;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!OO|O$isp:draw_text", keywords,
                                     display->state->font_type, &font, &object, &dest,
                                     &color_object, &wrap, &align, &antialias) ||
        !parse_text(object, &text, &length) || !parse_style(wrap, align, antialias, &style) ||
        !number_parse_position(display->state, dest, &x, &y) ||
        (color_object != NULL && !color_parse(color_object, &color)) ||
        !begin_letters((struct font *)font, display)) {
        return NULL;
    }
    struct text_font *face = ((struct font *)font)->text;
    struct letters letters = {.kept = Py_NewRef(((struct font *)font)->letters),
                              .display = display};
    PyObject *result = NULL;
    int error = text_measure(face, text, (size_t)length, &style, &width, &height);
    if (error == 0) {
        error = text_walk(face, text, (size_t)length, &style, place_letter, &letters);
    }
    if (error < 0) {
        text_failed(error);
    } else if (error == 0 && draw_letters(owner, &letters, x, y, color)) {
        result = rect_new(display->state, x, y, width, height);
    }
    letters_finish(&letters);
    return result;
}

/* ---- The type ------------------------------------------------------------------------------- */

static PyObject *get_metric(struct font *self, size_t offset)
{
    struct text_metrics metrics;
    text_metrics(self->text, &metrics);
    return PyLong_FromLong(*(const int32_t *)((const char *)&metrics + offset));
}

static PyObject *font_get_linesize(struct font *self, PyObject *unused)
{
    (void)unused;
    return get_metric(self, offsetof(struct text_metrics, line_px));
}

static PyObject *font_get_height(struct font *self, PyObject *unused)
{
    (void)unused;
    return get_metric(self, offsetof(struct text_metrics, height_px));
}

static PyObject *font_get_ascent(struct font *self, PyObject *unused)
{
    (void)unused;
    return get_metric(self, offsetof(struct text_metrics, ascent_px));
}

/* pygame has it negative. */
static PyObject *font_get_descent(struct font *self, PyObject *unused)
{
    struct text_metrics metrics;
    (void)unused;
    text_metrics(self->text, &metrics);
    return PyLong_FromLong(-metrics.descent_px);
}

static PyObject *font_repr(PyObject *object)
{
    const struct font *self = (const struct font *)object;
    return PyUnicode_FromFormat("<kmsblit.Font %R, %d px>", self->name, self->size);
}

static PyMethodDef font_methods[] = {
    METHOD("render", font_render, METH_VARARGS | METH_KEYWORDS,
           "render($self, text, antialias=True, color='white', background=None, *, wrap=0, "
           "align='left', display=None)\n--\n\nAn image of the text."),
    METHOD(
        "size", font_size, METH_VARARGS | METH_KEYWORDS,
        "size($self, text, *, wrap=0, antialias=True)\n--\n\n(width, height) of the text in pixels."),
    METHOD("get_linesize", font_get_linesize, METH_NOARGS, "Pixels from line to line."),
    METHOD("get_height", font_get_height, METH_NOARGS, "Pixels of a line of text."),
    METHOD("get_ascent", font_get_ascent, METH_NOARGS, "Pixels above the baseline."),
    METHOD("get_descent", font_get_descent, METH_NOARGS, "Pixels below the baseline, negative."),
    {0},
};

static PyMemberDef font_members[] = {
    {"name", T_OBJECT, offsetof(struct font, name), READONLY, "As it was given."},
    {"point_size", T_INT, offsetof(struct font, size), READONLY, "Pixels."},
    {0},
};

static PyType_Slot font_slots[] = {
    {Py_tp_doc, "Font(name=None, size=20)\n--\n\nA font at one size."},
    {Py_tp_new, font_tp_new},
    {Py_tp_dealloc, font_dealloc},
    {Py_tp_repr, font_repr},
    {Py_tp_methods, font_methods},
    {Py_tp_members, font_members},
    {0},
};

PyType_Spec font_spec = {
    .name = "kmsblit.Font",
    .basicsize = sizeof(struct font),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = font_slots,
};

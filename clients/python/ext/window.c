/* Window: what is shown, and how. Drawing is in draw.c and blits.c, showing in show.c. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>

bool window_enter(struct window *self)
{
    if (!call_enter(self->display)) {
        return false;
    }
    if (self->closed) {
        error_set(self->display->state, EBADF, "the window has been closed");
        return false;
    }
    return true;
}

static void free_unneeded(struct window *self)
{
    if (self->closed && self->calls == 0 && self->kb != NULL) {
        call_destroy(self->display, NULL, self->kb);
        self->kb = NULL;
        frame_begin(&self->frame, self->display); /* after the window: its frame is never sent */
    }
}

void window_call_begin(struct window *self)
{
    self->calls++;
}

void window_call_end(struct window *self)
{
    self->calls--;
    free_unneeded(self);
}

/* ---- Making --------------------------------------------------------------------------------- */

static bool parse_place(struct display *display, PyObject *object, struct kb_rect *place)
{
    struct box box;
    *place = (struct kb_rect){0};
    if (object == Py_None) {
        return true;
    }
    if (!number_parse_box(display->state, object, "place", &box)) {
        return false;
    }
    if (box.w < 1 || box.h < 1) {
        PyErr_SetString(PyExc_ValueError, "place must be a rectangle with pixels in it, or None");
        return false;
    }
    *place = (struct kb_rect){box.x, box.y, (uint32_t)box.w, (uint32_t)box.h};
    return true;
}

/* The library copies the title during the call; until then the str keeps its bytes. */
static bool parse_title(PyObject *object, const char **title)
{
    *title = NULL;
    if (object == Py_None) {
        return true;
    }
    if (!PyUnicode_Check(object)) {
        PyErr_Format(PyExc_TypeError, "title must be a str, not %R", object);
        return false;
    }
    *title = PyUnicode_AsUTF8AndSize(object, NULL);
    return *title != NULL;
}

static bool parse_base(PyObject *object, uint32_t *base)
{
    if (!color_parse(object, base)) {
        return false;
    }
    *base |= 0xff000000;
    return true;
}

static bool parse_size(PyObject *object, struct kb_window_info *info)
{
    return number_parse_size(object, "size", KB_MAX_WINDOW_PX, &info->width, &info->height);
}

static PyObject *create(struct display *display, const struct kb_window_info *info, PyObject *title)
{
    struct kb_window *kb;
    int error;

    if (!call_enter(display)) {
        return NULL;
    }
    CALL_PATIENTLY(display, error, kb_window_create(display->kb, info, &kb));
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    struct window *self = object_new(display->state->window_type);
    if (self == NULL) {
        call_destroy(display, NULL, kb);
        return NULL;
    }
    self->display = (struct display *)Py_NewRef((PyObject *)display);
    self->next = display->windows;
    display->windows = self;
    self->kb = kb;
    self->info = *info;
    self->info.title = NULL;
    self->title = Py_NewRef(title);
    self->frame.kb = kb_window_frame(kb);
    self->frame.width = info->width;
    self->frame.height = info->height;
    frame_begin(&self->frame, display);
    return (PyObject *)self;
}

PyObject *window_make(struct display *display, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"size",  "scale",  "title",  "base",   "z",
                               "place", "output", "hidden", "filter", NULL};
    PyObject *size, *scale = NULL, *title = Py_None, *base = NULL, *z = NULL, *place = Py_None;
    PyObject *output = Py_None, *filter = NULL;
    int hidden = 0;
    struct kb_window_info info = {.scale = KB_SCALE_INTEGER, .base_color = 0xff000000};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|$OOOOOOpO:window", keywords, &size, &scale,
                                     &title, &base, &z, &place, &output, &hidden, &filter)) {
        return NULL;
    }
    if (!parse_size(size, &info) || (scale != NULL && !names_scale(scale, &info.scale)) ||
        (filter != NULL && !names_filter(filter, &info.filter)) ||
        !parse_title(title, &info.title) || (base != NULL && !parse_base(base, &info.base_color)) ||
        (z != NULL && !number_parse(z, &info.z)) || !parse_place(display, place, &info.place) ||
        !call_enter(display) || !outputs_parse(display, output, &info.output)) {
        return NULL;
    }
    info.flags = hidden ? KB_WINDOW_FLAG_HIDDEN : 0;
    return create(display, &info, title);
}

/* ---- The object ----------------------------------------------------------------------------- */

static int window_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct window *self = (struct window *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->display);
    Py_VISIT(self->title);
    Py_VISIT(self->cursor);
    return frame_traverse(&self->frame, visit, arg);
}

struct window *window_of_library(const struct display *display, const struct kb_window *kb)
{
    struct window *window = display->windows;

    while (window != NULL && (window->closed || window->kb != kb)) {
        window = window->next;
    }
    return window;
}

static void leave_display(const struct window *self)
{
    struct window **link = &self->display->windows;

    while (*link != self) {
        link = &(*link)->next;
    }
    *link = self->next;
}

static void window_dealloc(PyObject *object)
{
    struct window *self = (struct window *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    self->closed = true;
    PyObject *display = (PyObject *)self->display;
    if (display != NULL) {
        leave_display(self);
        free_unneeded(self);
        frame_begin(&self->frame, self->display);
    }
    Py_CLEAR(self->title);
    Py_CLEAR(self->cursor);
    object_free(object);
    Py_XDECREF(display);
}

static PyObject *window_close(struct window *self, PyObject *unused)
{
    (void)unused;
    if (self->frame.building) {
        frame_enter((PyObject *)self); /* sets the exception */
        return NULL;
    }
    self->closed = true;
    free_unneeded(self);
    Py_RETURN_NONE;
}

static PyObject *window_with(struct window *self, PyObject *unused)
{
    (void)unused;
    return window_enter(self) ? Py_NewRef((PyObject *)self) : NULL;
}

static PyObject *window_exit(struct window *self, PyObject *args)
{
    (void)args;
    return window_close(self, NULL);
}

static PyObject *window_screenshot(struct window *self, PyObject *unused)
{
    (void)unused;
    return window_enter(self) ? screenshot_take(self->display, 0, self) : NULL;
}

static PyObject *window_statistics(struct window *self, PyObject *unused)
{
    (void)unused;
    return window_enter(self)
               ? statistics_of(self->display, KB_STATISTICS_SCOPE_WINDOW, kb_window_id(self->kb))
               : NULL;
}

static PyObject *window_get_rect(struct window *self, PyObject *args, PyObject *kwargs)
{
    return rect_of_size(self->display->state, (int32_t)self->info.width, (int32_t)self->info.height,
                        args, kwargs);
}

static PyObject *window_get_size(struct window *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(II)", self->info.width, self->info.height);
}

static PyObject *window_get_width(struct window *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(self->info.width);
}

static PyObject *window_get_height(struct window *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromUnsignedLong(self->info.height);
}

static PyObject *window_repr(PyObject *object)
{
    const struct window *self = (const struct window *)object;
    return PyUnicode_FromFormat("<kmsblit.Window %R %ux%u%s>", self->title,
                                (unsigned)self->info.width, (unsigned)self->info.height,
                                self->closed || self->display->closed ? ", closed" : "");
}

/* ---- Properties ----------------------------------------------------------------------------- */

enum property { SIZE, SCALE, FILTER, TITLE, BASE, Z, PLACE, OUTPUT, HIDDEN };

static PyObject *rect_or_none(const struct state *state, const struct kb_rect *rect)
{
    if (rect->width == 0 || rect->height == 0) {
        Py_RETURN_NONE;
    }
    return rect_new(state, rect->x, rect->y, rect->width, rect->height);
}

static PyObject *get_property(PyObject *object, void *closure)
{
    const struct window *self = (const struct window *)object;
    switch (*(const enum property *)closure) {
    case SIZE: return Py_BuildValue("(II)", self->info.width, self->info.height);
    case SCALE: return names_scale_of(self->info.scale);
    case FILTER: return names_filter_of(self->info.filter);
    case TITLE: return Py_NewRef(self->title);
    case BASE: return color_tuple(self->info.base_color);
    case Z: return PyLong_FromLong(self->info.z);
    case PLACE: return rect_or_none(self->display->state, &self->info.place);
    case OUTPUT: return PyLong_FromUnsignedLong(self->info.output);
    case HIDDEN: return PyBool_FromLong((self->info.flags & KB_WINDOW_FLAG_HIDDEN) != 0);
    }
    return NULL;
}

static bool set_hidden(PyObject *value, uint32_t *flags)
{
    int hidden = PyObject_IsTrue(value);
    *flags = (*flags & ~(uint32_t)KB_WINDOW_FLAG_HIDDEN) | (hidden > 0 ? KB_WINDOW_FLAG_HIDDEN : 0);
    return hidden >= 0;
}

static bool change(struct window *self, enum property property, PyObject *value,
                   struct kb_window_info *info, uint32_t *field)
{
    switch (property) {
    case SIZE: *field = KB_WINDOW_FIELD_SIZE; return parse_size(value, info);
    case SCALE: *field = KB_WINDOW_FIELD_SCALE; return names_scale(value, &info->scale);
    case FILTER: *field = KB_WINDOW_FIELD_SCALE; return names_filter(value, &info->filter);
    case TITLE: *field = KB_WINDOW_FIELD_TITLE; return parse_title(value, &info->title);
    case BASE: *field = KB_WINDOW_FIELD_BASE; return parse_base(value, &info->base_color);
    case Z: *field = KB_WINDOW_FIELD_Z; return number_parse(value, &info->z);
    case PLACE:
        *field = KB_WINDOW_FIELD_PLACEMENT;
        return parse_place(self->display, value, &info->place);
    case OUTPUT:
        *field = KB_WINDOW_FIELD_PLACEMENT;
        return outputs_parse(self->display, value, &info->output);
    case HIDDEN: *field = KB_WINDOW_FIELD_FLAGS; return set_hidden(value, &info->flags);
    }
    return false;
}

static int set_property(PyObject *object, PyObject *value, void *closure)
{
    struct window *self = (struct window *)object;
    const enum property property = *(const enum property *)closure;
    uint32_t field = 0;
    int error;

    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a window's properties cannot be deleted");
        return -1;
    }
    struct kb_window_info info = self->info;
    if (!window_enter(self) || !change(self, property, value, &info, &field) ||
        frame_enter(object) == NULL) {
        return -1;
    }
    WINDOW_CALL(self, error, kb_window_set(self->kb, field, &info));
    if (error < 0) {
        return -1;
    }
    self->info = info;
    self->info.title = NULL;
    self->frame.width = info.width;
    self->frame.height = info.height;
    if (property == TITLE) {
        PyObject *old = self->title;
        self->title = Py_NewRef(value);
        Py_DECREF(old);
    }
    return 0;
}

/* ---- The cursor ----------------------------------------------------------------------------- */

static PyObject *get_cursor(PyObject *object, void *closure)
{
    (void)closure;
    const struct window *self = (const struct window *)object;
    return Py_NewRef(self->cursor != NULL ? self->cursor : Py_None);
}

/* An image, or an image and its pixel that points. */
static struct image *parse_cursor(const struct window *self, PyObject *value, int *hot_x,
                                  int *hot_y)
{
    PyObject *image = value;
    *hot_x = *hot_y = 0;
    if (PyTuple_Check(value) && !PyArg_ParseTuple(value, "O(ii):cursor", &image, hot_x, hot_y)) {
        return NULL;
    }
    if (!image_check(self->display->state, image)) {
        PyErr_Format(PyExc_TypeError,
                     "cursor must be an Image, (image, (x, y)), None or False, not %R", value);
        return NULL;
    }
    struct image *parsed = (struct image *)image;
    if (parsed->display != self->display) {
        PyErr_SetString(PyExc_ValueError, "the cursor's image belongs to another display");
        return NULL;
    }
    return image_enter(parsed) ? parsed : NULL;
}

static int set_cursor(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    struct window *self = (struct window *)object;
    struct image *image = NULL;
    int hot_x = 0, hot_y = 0, error;

    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a window's properties cannot be deleted");
        return -1;
    }
    if (!window_enter(self)) {
        return -1;
    }
    if (value != Py_None && value != Py_False) {
        image = parse_cursor(self, value, &hot_x, &hot_y);
        if (image == NULL) {
            return -1;
        }
        image->frames++; /* it stays while the call lasts */
    }
    WINDOW_CALL(self, error,
                kb_window_set_cursor(self->kb, image != NULL ? image->kb : NULL, hot_x, hot_y));
    if (image != NULL) {
        image_unuse(image);
    }
    if (error < 0) {
        return -1;
    }
    WINDOW_CALL(self, error, kb_window_hide_cursor(self->kb, value == Py_False));
    if (error < 0) {
        return -1;
    }
    PyObject *old = self->cursor;
    self->cursor = Py_NewRef(value);
    Py_XDECREF(old);
    return 0;
}

static bool get_state(PyObject *object, struct kb_window_state *state)
{
    struct window *self = (struct window *)object;
    if (!window_enter(self) || call_wait(self->display, 0) < 0 || !window_enter(self)) {
        return false;
    }
    kb_window_get_state(self->kb, state);
    return true;
}

static PyObject *get_visible(PyObject *self, void *closure)
{
    (void)closure;
    struct kb_window_state state;
    return get_state(self, &state)
               ? PyBool_FromLong((state.flags & KB_WINDOW_STATE_FLAG_VISIBLE) != 0)
               : NULL;
}

static PyObject *get_picture(PyObject *self, void *closure)
{
    (void)closure;
    struct kb_window_state state;
    return get_state(self, &state)
               ? rect_or_none(((struct window *)self)->display->state, &state.picture)
               : NULL;
}

static PyObject *get_credits(PyObject *object, void *closure)
{
    (void)closure;
    struct window *self = (struct window *)object;
    if (!window_enter(self) || call_wait(self->display, 0) < 0 || !window_enter(self)) {
        return NULL;
    }
    return PyLong_FromUnsignedLong(kb_credits(self->kb));
}

static PyObject *get_closed(PyObject *object, void *closure)
{
    (void)closure;
    const struct window *self = (const struct window *)object;
    return PyBool_FromLong(self->closed || self->display->closed);
}

static PyObject *get_display(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef((PyObject *)((struct window *)object)->display);
}

static PyObject *get_presented(PyObject *self, void *closure)
{
    return show_presented((struct window *)self, closure);
}

/* ---- The type ------------------------------------------------------------------------------- */

static PyMethodDef window_methods[] = {
    METHOD("clear", frame_clear, METH_NOARGS, "Starts the frame anew from the base colour."),
    METHOD("fill", draw_fill, METH_VARARGS | METH_KEYWORDS,
           "fill($self, color, rect=None, special_flags=0)\n--\n\nFills a rectangle."),
    METHOD("blit", draw_blit, METH_VARARGS | METH_KEYWORDS,
           "blit($self, source, dest, area=None, special_flags=0, *, alpha=255, tint=None, "
           "flip_x=False, flip_y=False, angle=0.0, scale=1, pivot=None, smooth=False)"
           "\n--\n\nDraws an image."),
    METHOD(
        "blits", draw_blits, METH_VARARGS | METH_KEYWORDS,
        "blits($self, blit_sequence, return_rects=True, *, doreturn=True, image=None, images=None)"
        "\n--\n\nDraws many images at once."),
    METHOD("draw_text", font_draw_text, METH_VARARGS | METH_KEYWORDS,
           "draw_text($self, font, text, dest, color='white', *, wrap=0, align='left', "
           "antialias=True)\n--\n\nDraws text, letter by letter."),
    METHOD("set_clip", frame_set_clip, METH_O, "set_clip($self, rect)\n--\n\nLimits drawing."),
    METHOD("get_clip", frame_get_clip, METH_NOARGS, "The Rect that drawing is limited to."),
    METHOD("flip", show_flip, METH_VARARGS | METH_KEYWORDS,
           "flip($self, wait=False)\n--\n\nShows the frame."),
    METHOD("update", show_update, METH_VARARGS | METH_KEYWORDS,
           "update($self, rects=None)\n--\n\nShows the frame; the rectangles do not matter."),
    METHOD("commit", show_commit, METH_NOARGS, "Sends the frame; returns its serial."),
    METHOD("wait", show_wait, METH_O, "wait($self, serial)\n--\n\nWaits for a frame's answer."),
    METHOD("screenshot", window_screenshot, METH_NOARGS, "The window's last complete picture."),
    METHOD("statistics", window_statistics, METH_NOARGS, "The window's counters."),
    METHOD("get_rect", window_get_rect, METH_VARARGS | METH_KEYWORDS,
           "A Rect of the window's size at (0, 0); keywords set its attributes."),
    METHOD("get_size", window_get_size, METH_NOARGS, "(width, height) in pixels."),
    METHOD("get_width", window_get_width, METH_NOARGS, "Width in pixels."),
    METHOD("get_height", window_get_height, METH_NOARGS, "Height in pixels."),
    METHOD("events", input_events, METH_NOARGS,
           "Takes the events that have come, one after the other."),
    METHOD("focus", input_window_focus, METH_NOARGS, "Asks for the keyboard and all other input."),
    METHOD("close", window_close, METH_NOARGS, "Gives the window up."),
    METHOD("__enter__", window_with, METH_NOARGS, NULL),
    METHOD("__exit__", window_exit, METH_VARARGS, NULL),
    {0},
};

#define PROPERTY(name, which, doc)                              \
    {                                                           \
        name, get_property, set_property, doc, &(enum property) \
        {                                                       \
            which                                               \
        }                                                       \
    }

static PyGetSetDef window_getset[] = {
    PROPERTY("size", SIZE, "Logical (width, height) in pixels."),
    PROPERTY("scale", SCALE, "How the picture fills its place."),
    PROPERTY("filter", FILTER, "How it is sampled when scaled."),
    PROPERTY("title", TITLE, "For people and tools."),
    PROPERTY("base", BASE, "What clear() starts from, and the bars."),
    PROPERTY("z", Z, "Higher is nearer."),
    PROPERTY("place", PLACE, "A Rect in output pixels, or None for all of the output."),
    PROPERTY("output", OUTPUT, "An output's id; 0 is the primary one."),
    PROPERTY("hidden", HIDDEN, "Whether the window is not shown."),
    {"cursor", get_cursor, set_cursor, "The cursor's image while the pointer is over it.", NULL},
    {"focused", input_get_focused, NULL, "Whether it gets input.", NULL},
    {"pointer_locked", input_get_locked, input_set_locked, "Whether the pointer stays where it is.",
     NULL},
    {"keyboard_grabbed", input_get_grabbed, input_set_grabbed, "Whether shortcuts come as keys.",
     NULL},
    {"clip", frame_clip_getter, frame_clip_setter, "The Rect that drawing is limited to.", NULL},
    {"visible", get_visible, NULL, "Whether some of it may be seen.", NULL},
    {"picture", get_picture, NULL, "Where its scaled picture lies on the output, or None.", NULL},
    {"credits", get_credits, NULL, "Frames that can be committed now without waiting.", NULL},
    {"presented", get_presented, NULL, "The last answer to a frame, or None.", NULL},
    {"display", get_display, NULL, "The display that it belongs to.", NULL},
    {"closed", get_closed, NULL, "Whether the window or its display was closed.", NULL},
    {0},
};

static PyMemberDef window_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct window, weakrefs), READONLY, NULL},
    {0},
};

static PyType_Slot window_slots[] = {
    {Py_tp_doc, "Something that is shown, and the frame being built for it."},
    {Py_tp_traverse, window_traverse},
    {Py_tp_dealloc, window_dealloc},
    {Py_tp_repr, window_repr},
    {Py_tp_methods, window_methods},
    {Py_tp_getset, window_getset},
    {Py_tp_members, window_members},
    {0},
};

PyType_Spec window_spec = {
    .name = "kmsblit.Window",
    .basicsize = sizeof(struct window),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = window_slots,
};

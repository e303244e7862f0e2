/* Canvas: an image that frames are drawn into, with a window's methods. */
#include "module.h"

#include <errno.h>

PyObject *canvas_make(struct display *display, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"size", NULL};
    PyObject *size;
    struct kb_image *kb;
    uint32_t width, height;
    int error;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:canvas", keywords, &size) ||
        !number_parse_size(size, "size", KB_MAX_IMAGE_PX, &width, &height) ||
        !call_enter(display)) {
        return NULL;
    }
    CALL_PATIENTLY(display, error, kb_canvas_create(display->kb, width, height, &kb));
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    struct canvas *self = (struct canvas *)image_wrap(display, display->state->canvas_type, kb);
    if (self != NULL) {
        self->image.is_canvas = true;
        self->frame.kb = kb_canvas_frame(kb);
        self->frame.width = width;
        self->frame.height = height;
        self->frame.own = &self->image;
        frame_begin(&self->frame, display);
    }
    return (PyObject *)self;
}

void canvas_drop(struct canvas *self)
{
    self->frame.kb = NULL;
    frame_begin(&self->frame, self->image.display);
}

static bool commit(struct canvas *self)
{
    struct display *display = self->image.display;
    int error;

    if (frame_enter((PyObject *)self) == NULL) {
        return false;
    }
    self->image.frames++; /* kb must live as long */
    CALL_PATIENTLY(display, error, kb_canvas_commit(self->image.kb, NULL));
    if (error < 0) {
        /* Refused for an earlier mistake, the frame is still there; without memory it is not. */
        self->frame.clip_sent = false;
        error_of_library(display->state, error);
    } else {
        frame_begin(&self->frame, display);
    }
    image_unuse(&self->image);
    return error >= 0;
}

bool canvas_settle(struct canvas *self)
{
    return !self->frame.begun || self->image.closed || commit(self);
}

static PyObject *canvas_commit(struct canvas *self, PyObject *unused)
{
    (void)unused;
    if (!commit(self)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *canvas_wait(struct canvas *self, PyObject *unused)
{
    (void)unused;
    struct display *display = self->image.display;
    int error;
    if (!image_enter(&self->image)) {
        return NULL;
    }
    self->image.frames++; /* kb must live as long */
    CALL_PATIENTLY(display, error, kb_canvas_wait(self->image.kb));
    image_unuse(&self->image);
    if (error < 0) {
        return error_of_library(display->state, error);
    }
    Py_RETURN_NONE;
}

static int canvas_traverse(PyObject *object, visitproc visit, void *arg)
{
    int stop = frame_traverse(&((struct canvas *)object)->frame, visit, arg);
    return stop != 0 ? stop : image_traverse(object, visit, arg);
}

static void canvas_dealloc(PyObject *object)
{
    struct canvas *self = (struct canvas *)object;
    PyObject_GC_UnTrack(object);
    if (self->image.display != NULL) {
        frame_begin(&self->frame, self->image.display); /* its images go */
    }
    image_dealloc(object);
}

static PyMethodDef canvas_methods[] = {
    METHOD("clear", frame_clear, METH_NOARGS, "Starts anew from transparent."),
    METHOD("fill", draw_fill, METH_VARARGS | METH_KEYWORDS,
           "fill($self, color, rect=None, special_flags=0)\n--\n\nFills a rectangle."),
    METHOD("blit", draw_blit, METH_VARARGS | METH_KEYWORDS,
           "blit($self, source, dest, area=None, special_flags=0, *, alpha=255, tint=None, "
           "flip_x=False, flip_y=False, angle=0.0, scale=1, pivot=None, smooth=False)"
           "\n--\n\nDraws an image."),
    METHOD("blits", draw_blits, METH_VARARGS | METH_KEYWORDS,
           "blits($self, blit_sequence, return_rects=True, *, doreturn=True, image=None, "
           "images=None)\n--\n\nDraws many images at once."),
    METHOD("draw_text", font_draw_text, METH_VARARGS | METH_KEYWORDS,
           "draw_text($self, font, text, dest, color='white', *, wrap=0, align='left', "
           "antialias=True)\n--\n\nDraws text, letter by letter."),
    METHOD("set_clip", frame_set_clip, METH_O, "set_clip($self, rect)\n--\n\nLimits drawing."),
    METHOD("get_clip", frame_get_clip, METH_NOARGS, "The Rect that drawing is limited to."),
    METHOD("commit", canvas_commit, METH_NOARGS, "Sends what was drawn."),
    METHOD("wait", canvas_wait, METH_NOARGS, "Waits until all that was sent has been drawn."),
    {0},
};

static PyGetSetDef canvas_getset[] = {
    {"clip", frame_clip_getter, frame_clip_setter, "The Rect that drawing is limited to.", NULL},
    {0},
};

static PyType_Slot canvas_slots[] = {
    {Py_tp_doc, "An image that is drawn into as a window is."},
    {Py_tp_traverse, canvas_traverse},
    {Py_tp_dealloc, canvas_dealloc},
    {Py_tp_methods, canvas_methods},
    {Py_tp_getset, canvas_getset},
    {0},
};

PyType_Spec canvas_spec = {
    .name = "kmsblit.Canvas",
    .basicsize = sizeof(struct canvas),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = canvas_slots,
};

/* Showing frames: commit, flip, wait. */
#include "module.h"

#include <errno.h>
#include <string.h>

static PyStructSequence_Field presented_fields[] = {
    {"serial", "The frame's number, as commit() returned it."},
    {"time_ns", "When it was shown, in nanoseconds of CLOCK_MONOTONIC (time.monotonic_ns())."},
    {"refresh_ns", "Nanoseconds from refresh to refresh; 0 where frames are not paced."},
    {"sequence", "The output's count of refreshes."},
    {"output", "The id of the output that showed it."},
    {"discarded", "Whether it was not shown, since the window is hidden or on no output."},
    {"unchanged", "Whether it changed no pixel, so that nothing had to be drawn."},
    {"vsync", "Whether it was shown at vertical blank, without tearing."},
    {"hardware_clock", "Whether time_ns is the display hardware's own."},
    {"scaled_by_plane", "Whether the display hardware scaled the picture."},
    {0},
};

PyStructSequence_Desc presented_desc = {
    .name = "kmsblit.Presented",
    .doc = "The answer to a frame.",
    .fields = presented_fields,
    .n_in_sequence = 10,
};

static PyObject *presented_new(const struct state *state, const struct kb_presented *presented)
{
    if (presented->serial == 0) {
        Py_RETURN_NONE;
    }
    const uint32_t flags = presented->flags;
    PyObject *values[] = {
        PyLong_FromUnsignedLong(presented->serial),
        PyLong_FromUnsignedLongLong(presented->time_ns),
        PyLong_FromUnsignedLongLong(presented->refresh_ns),
        PyLong_FromUnsignedLongLong(presented->sequence),
        PyLong_FromUnsignedLong(presented->output),
        PyBool_FromLong(presented->discarded),
        PyBool_FromLong((flags & KB_PRESENTED_FLAG_UNCHANGED) != 0),
        PyBool_FromLong((flags & KB_PRESENTED_FLAG_VSYNC) != 0),
        PyBool_FromLong((flags & KB_PRESENTED_FLAG_HARDWARE_CLOCK) != 0),
        PyBool_FromLong((flags & KB_PRESENTED_FLAG_SCALED_BY_PLANE) != 0),
    };
    return sequence_new(state->presented_type, values, presented_desc.n_in_sequence);
}

static PyObject *last_presented(struct window *self)
{
    struct kb_presented presented;
    kb_last_presented(self->kb, &presented);
    return presented_new(self->display->state, &presented);
}

PyObject *show_presented(struct window *self, void *closure)
{
    (void)closure;
    if (!window_enter(self) || call_wait(self->display, 0) < 0 || !window_enter(self)) {
        return NULL;
    }
    return last_presented(self);
}

static bool wait_for_credit(struct window *self)
{
    while (kb_credits(self->kb) == 0) {
        if (call_wait(self->display, -1) < 0 || !window_enter(self)) {
            return false;
        }
    }
    return true;
}

/* Frames are answered in order, so that those without an answer are the last ones committed. */
static bool is_answered(const struct window *self, uint32_t serial)
{
    const unsigned unanswered = KB_CREDITS - kb_credits(self->kb);
    for (unsigned i = 0; i < unanswered; i++) {
        if (self->serials[i] == serial) {
            return false;
        }
    }
    return true;
}

static PyObject *wait_for_answer(struct window *self, uint32_t serial)
{
    struct kb_presented presented;
    int error;

    while (!is_answered(self, serial)) {
        if (call_wait(self->display, -1) < 0 || !window_enter(self)) {
            return NULL;
        }
    }
    WINDOW_CALL(self, error, kb_wait(self->kb, serial, &presented));
    return error < 0 ? NULL : presented_new(self->display->state, &presented);
}

/* Waits for a credit here, not in the library, so that other threads may use the display. */
static bool commit(struct window *self, uint32_t *serial)
{
    int error;

    if (frame_enter((PyObject *)self) == NULL || !wait_for_credit(self) ||
        frame_enter((PyObject *)self) == NULL) {
        return false;
    }
    WINDOW_CALL(self, error, kb_commit(self->kb, serial));
    if (error < 0) {
        /* Refused for an earlier mistake, the frame is still there; without memory it is not. */
        self->frame.clip_sent = false;
        return false;
    }
    memmove(&self->serials[1], &self->serials[0], sizeof(self->serials) - sizeof(self->serials[0]));
    self->serials[0] = *serial;
    frame_begin(&self->frame, self->display);
    return true;
}

PyObject *show_commit(struct window *self, PyObject *unused)
{
    (void)unused;
    uint32_t serial;
    return commit(self, &serial) ? PyLong_FromUnsignedLong(serial) : NULL;
}

/* The end of flip() and update(): waits, and gives events to handlers, which may close everything. */
static PyObject *finish(struct window *self, uint32_t serial, bool wait)
{
    PyObject *answer = NULL;
    if (wait) {
        answer = wait_for_answer(self, serial);
    } else if (wait_for_credit(self)) {
        answer = last_presented(self);
    }
    if (answer != NULL && !input_after_flip(self->display)) {
        Py_CLEAR(answer);
    }
    return answer;
}

PyObject *show_flip(struct window *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"wait", NULL};
    int wait = 0;
    uint32_t serial;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|p:flip", keywords, &wait) ||
        !commit(self, &serial) || !window_enter(self)) {
        return NULL;
    }
    return finish(self, serial, wait != 0);
}

/* Whether it is a rectangle, None, or a sequence of them; they are looked at for nothing else. */
static bool check_rects(struct state *state, PyObject *rects)
{
    struct box box;
    if (rects == Py_None || number_parse_box(state, rects, "rects", &box)) {
        return true;
    }
    if (!PyErr_ExceptionMatches(PyExc_TypeError) || PyUnicode_Check(rects)) {
        return false;
    }
    PyErr_Clear();
    PyObject *iterator = PyObject_GetIter(rects), *item;
    if (iterator == NULL) {
        PyErr_Format(PyExc_TypeError, "rects must be a rectangle, several, or None, not %R", rects);
        return false;
    }
    bool good = true;
    for (Py_ssize_t i = 0; good && (item = PyIter_Next(iterator)) != NULL; i++) {
        good = item == Py_None || number_parse_box(state, item, "rects", &box);
        Py_DECREF(item);
        if (!good) {
            error_name_item("update()", i);
        }
    }
    Py_DECREF(iterator);
    return PyErr_Occurred() == NULL;
}

PyObject *show_update(struct window *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"rects", NULL};
    PyObject *rects = Py_None;
    uint32_t serial;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:update", keywords, &rects) ||
        !check_rects(self->display->state, rects) || !commit(self, &serial) ||
        !window_enter(self)) {
        return NULL;
    }
    return finish(self, serial, false);
}

PyObject *show_wait(struct window *self, PyObject *object)
{
    unsigned long serial = PyLong_AsUnsignedLong(object);
    if (PyErr_Occurred()) {
        if (!PyErr_ExceptionMatches(PyExc_OverflowError)) {
            return NULL;
        }
        PyErr_Clear();
        serial = 0;
    }
    if (!window_enter(self)) {
        return NULL;
    }
    if (serial == 0 || serial > UINT32_MAX || self->serials[0] == 0 ||
        (int32_t)(self->serials[0] - (uint32_t)serial) < 0) {
        return PyErr_Format(PyExc_ValueError, "no frame of this window has the serial %R", object);
    }
    return wait_for_answer(self, (uint32_t)serial);
}

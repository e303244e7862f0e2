/* Clock and Animation: how time goes by in a game. */
#include "module.h"

#include <errno.h>
#include <math.h>
#include <time.h>

#define NS_PER_MS 1000000
#define TICKS     10 /* that frames per second are averaged over, as in pygame */

/* ---- Clock ---------------------------------------------------------------------------------- */

struct clock {
    PyObject_HEAD struct state *state;
    struct window *window; /* owned, or NULL */
    int64_t last_ns;       /* when the last tick() returned */
    int64_t shown_ns;      /* of the last frame that was shown then; 0: none */
    int64_t passed_ns, raw_ns;
    int64_t ticks_ns[TICKS]; /* the last ones, in turn */
    uint64_t ticks;
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* False: a signal's handler raised an exception. */
static bool wait_until(int64_t until_ns)
{
    const struct timespec until = {until_ns / 1000000000, until_ns % 1000000000};
    int error;
    do {
        Py_BEGIN_ALLOW_THREADS error =
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        Py_END_ALLOW_THREADS
    } while (error == EINTR && PyErr_CheckSignals() == 0);
    return error != EINTR;
}

/* When the window's last frame was shown; 0 where frames have no rhythm, or before the first one. */
static int64_t shown_ns(const struct window *window)
{
    struct kb_presented last;
    if (window == NULL || window->closed || window->display->closed || window->kb == NULL) {
        return 0;
    }
    kb_last_presented(window->kb, &last);
    return last.serial != 0 && last.refresh_ns != 0 ? (int64_t)last.time_ns : 0;
}

static PyObject *tick(struct clock *self, double framerate)
{
    if (!isfinite(framerate)) {
        return PyErr_Format(PyExc_ValueError, "that is no number of frames per second");
    }
    int64_t now = now_ns();
    self->raw_ns = now - self->last_ns;
    if (framerate > 0) {
        /* Whole milliseconds, as pygame waits: so 60 does not disturb a display of 60 Hz. */
        const double ms = floor(1000 / framerate);
        const int64_t until = self->last_ns + (int64_t)fmin(ms, 1e9) * NS_PER_MS;
        if (until > now && !wait_until(until)) {
            return NULL;
        }
        now = now_ns();
    }
    const int64_t shown = shown_ns(self->window), before = self->shown_ns;
    self->shown_ns = shown;
    self->passed_ns = shown > before && before != 0 ? shown - before : now - self->last_ns;
    self->last_ns = now;
    self->ticks_ns[self->ticks++ % TICKS] = shown != 0 ? shown : now;
    return PyLong_FromLongLong((self->passed_ns + NS_PER_MS / 2) / NS_PER_MS);
}

static PyObject *clock_tick(struct clock *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"framerate", NULL};
    double framerate = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|d:tick", keywords, &framerate)) {
        return NULL;
    }
    return tick(self, framerate);
}

static PyObject *clock_get_time(struct clock *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLongLong((self->passed_ns + NS_PER_MS / 2) / NS_PER_MS);
}

static PyObject *clock_get_rawtime(struct clock *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLongLong((self->raw_ns + NS_PER_MS / 2) / NS_PER_MS);
}

static PyObject *clock_get_fps(struct clock *self, PyObject *unused)
{
    (void)unused;
    if (self->ticks < TICKS) {
        return PyFloat_FromDouble(0);
    }
    const int64_t newest = self->ticks_ns[(self->ticks - 1) % TICKS];
    const int64_t span = newest - self->ticks_ns[self->ticks % TICKS];
    return PyFloat_FromDouble(span > 0 ? (TICKS - 1) * 1e9 / (double)span : 0);
}

static PyObject *get_dt(PyObject *self, void *closure)
{
    (void)closure;
    return PyFloat_FromDouble((double)((struct clock *)self)->passed_ns / 1e9);
}

static PyObject *clock_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"window", NULL};
    PyObject *window = Py_None;
    struct state *state = state_of_type(type);
    if (state == NULL ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "|O:Clock", keywords, &window)) {
        return NULL;
    }
    if (window != Py_None && Py_TYPE(window) != state->window_type) {
        return PyErr_Format(PyExc_TypeError, "a Clock goes by a Window or by nothing, not %R",
                            window);
    }
    struct clock *self = object_new(type);
    if (self != NULL) {
        self->state = state;
        self->window = window != Py_None ? (struct window *)Py_NewRef(window) : NULL;
        self->last_ns = now_ns();
    }
    return (PyObject *)self;
}

static int clock_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct clock *)object)->window);
    return 0;
}

static void clock_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    PyObject *window = (PyObject *)((struct clock *)object)->window;
    object_free(object);
    Py_XDECREF(window);
}

static PyMethodDef clock_methods[] = {
    METHOD("tick", clock_tick, METH_VARARGS | METH_KEYWORDS,
           "tick($self, framerate=0)\n--\n\nMilliseconds since the last tick()."),
    METHOD("tick_busy_loop", clock_tick, METH_VARARGS | METH_KEYWORDS,
           "tick_busy_loop($self, framerate=0)\n--\n\nAs tick()."),
    METHOD("get_time", clock_get_time, METH_NOARGS, "What the last tick() returned."),
    METHOD("get_rawtime", clock_get_rawtime, METH_NOARGS, "The same without tick()'s waiting."),
    METHOD("get_fps", clock_get_fps, METH_NOARGS, "Frames per second, of the last ten."),
    {0},
};

static PyGetSetDef clock_getset[] = {
    {"dt", get_dt, NULL, "Seconds between the last two tick()s.", NULL},
    {0},
};

static PyType_Slot clock_slots[] = {
    {Py_tp_doc, "Clock(window=None)\n--\n\nMeasures frames."},
    {Py_tp_new, clock_tp_new},
    {Py_tp_traverse, clock_traverse},
    {Py_tp_dealloc, clock_dealloc},
    {Py_tp_methods, clock_methods},
    {Py_tp_getset, clock_getset},
    {0},
};

PyType_Spec clock_spec = {
    .name = "kmsblit.Clock",
    .basicsize = sizeof(struct clock),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = clock_slots,
};

/* ---- Animation ------------------------------------------------------------------------------ */

struct animation {
    PyObject_HEAD PyObject *frames; /* owned tuple, not empty */
    double fps;
    double time; /* seconds since it began */
    char loop;
};

static Py_ssize_t index_at(const struct animation *self, double time)
{
    const Py_ssize_t count = PyTuple_Size(self->frames);
    /* A frame's time times the rate may be a hair below the frame. */
    double frame = floor(time * self->fps + 1e-6);
    if (self->loop) {
        frame = fmod(frame, (double)count);
        frame = frame < 0 ? frame + (double)count : frame;
    }
    return frame <= 0 ? 0 : frame >= (double)count ? count - 1 : (Py_ssize_t)frame;
}

static PyObject *frame_at(const struct animation *self, double time)
{
    return Py_NewRef(PyTuple_GetItem(self->frames, index_at(self, time)));
}

static PyObject *animation_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"frames", "fps", "loop", NULL};
    PyObject *frames;
    double fps = 10;
    int loop = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|dp:Animation", keywords, &frames, &fps,
                                     &loop)) {
        return NULL;
    }
    if (!(fps > 0 && fps < 1e6)) {
        return PyErr_Format(PyExc_ValueError, "an animation needs frames per second above 0");
    }
    PyObject *tuple = PySequence_Tuple(frames);
    if (tuple == NULL) {
        return NULL;
    }
    struct animation *self = PyTuple_Size(tuple) > 0 ? object_new(type) : NULL;
    if (self == NULL) {
        if (!PyErr_Occurred()) {
            PyErr_SetString(PyExc_ValueError, "an animation needs at least one frame");
        }
        Py_DECREF(tuple);
        return NULL;
    }
    self->frames = tuple;
    self->fps = fps;
    self->loop = (char)loop;
    return (PyObject *)self;
}

static int animation_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct animation *)object)->frames);
    return 0;
}

static void animation_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    PyObject *frames = ((struct animation *)object)->frames;
    object_free(object);
    Py_XDECREF(frames);
}

static bool parse_seconds(PyObject *object, double *seconds)
{
    *seconds = PyFloat_AsDouble(object);
    if (PyErr_Occurred()) {
        return false;
    }
    if (!isfinite(*seconds)) {
        PyErr_Format(PyExc_ValueError, "%R is no number of seconds", object);
        return false;
    }
    return true;
}

static PyObject *animation_update(struct animation *self, PyObject *object)
{
    double seconds;
    if (!parse_seconds(object, &seconds)) {
        return NULL;
    }
    self->time += seconds;
    return frame_at(self, self->time);
}

static PyObject *animation_at(struct animation *self, PyObject *object)
{
    double seconds;
    return parse_seconds(object, &seconds) ? frame_at(self, seconds) : NULL;
}

static PyObject *animation_restart(struct animation *self, PyObject *unused)
{
    (void)unused;
    self->time = 0;
    Py_RETURN_NONE;
}

static PyObject *get_image(PyObject *object, void *closure)
{
    (void)closure;
    return frame_at((struct animation *)object, ((struct animation *)object)->time);
}

static PyObject *get_index(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromSsize_t(
        index_at((struct animation *)object, ((struct animation *)object)->time));
}

static double duration_of(const struct animation *self)
{
    return (double)PyTuple_Size(self->frames) / self->fps;
}

static PyObject *get_duration(PyObject *object, void *closure)
{
    (void)closure;
    return PyFloat_FromDouble(duration_of((struct animation *)object));
}

static PyObject *get_finished(PyObject *object, void *closure)
{
    const struct animation *self = (const struct animation *)object;
    (void)closure;
    return PyBool_FromLong(!self->loop && self->time + 1e-6 / self->fps >= duration_of(self));
}

static PyObject *get_time(PyObject *object, void *closure)
{
    (void)closure;
    return PyFloat_FromDouble(((struct animation *)object)->time);
}

static int set_time(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "an animation always has a time");
        return -1;
    }
    return parse_seconds(value, &((struct animation *)object)->time) ? 0 : -1;
}

static Py_ssize_t animation_length(PyObject *object)
{
    return PyTuple_Size(((struct animation *)object)->frames);
}

static PyMethodDef animation_methods[] = {
    METHOD("update", animation_update, METH_O,
           "update($self, seconds)\n--\n\nGoes on; returns the frame to be drawn."),
    METHOD("at", animation_at, METH_O, "at($self, seconds)\n--\n\nThe frame at a time."),
    METHOD("restart", animation_restart, METH_NOARGS, "Begins again."),
    {0},
};

static PyGetSetDef animation_getset[] = {
    {"image", get_image, NULL, "The frame to be drawn.", NULL},
    {"index", get_index, NULL, "Its number.", NULL},
    {"duration", get_duration, NULL, "Seconds that all frames take.", NULL},
    {"finished", get_finished, NULL, "Whether all have been shown.", NULL},
    {"time", get_time, set_time, "Seconds since it began.", NULL},
    {0},
};

static PyMemberDef animation_members[] = {
    {"frames", T_OBJECT, offsetof(struct animation, frames), READONLY, "All frames."},
    {"fps", T_DOUBLE, offsetof(struct animation, fps), READONLY, "Frames per second."},
    {"loop", T_BOOL, offsetof(struct animation, loop), READONLY, "Whether it begins again."},
    {0},
};

static PyType_Slot animation_slots[] = {
    {Py_tp_doc, "Animation(frames, fps=10.0, loop=True)\n--\n\nFrames, one after the other."},
    {Py_tp_new, animation_tp_new},
    {Py_tp_traverse, animation_traverse},
    {Py_tp_dealloc, animation_dealloc},
    {Py_tp_methods, animation_methods},
    {Py_tp_getset, animation_getset},
    {Py_tp_members, animation_members},
    {Py_sq_length, animation_length},
    {0},
};

PyType_Spec animation_spec = {
    .name = "kmsblit.Animation",
    .basicsize = sizeof(struct animation),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = animation_slots,
};

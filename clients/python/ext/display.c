/* Display: the connection. */
#include "module.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* The program's name for logs: the script's, not "python3". A new str, or NULL without an exception
 * if there is none. */
static PyObject *script_name(void)
{
    PyObject *argv = PySys_GetObject("argv"); /* borrowed */
    PyObject *path = argv != NULL && PyList_Check(argv) ? PyList_GetItem(argv, 0) : NULL;
    PyObject *name = NULL;

    if (path != NULL && PyUnicode_Check(path) && PyUnicode_GetLength(path) > 0) {
        Py_ssize_t length = PyUnicode_GetLength(path);
        Py_ssize_t slash = PyUnicode_FindChar(path, '/', 0, length, -1);
        name = PyUnicode_Substring(path, slash < 0 ? 0 : slash + 1, length);
    }
    PyErr_Clear();
    return name;
}

static PyObject *connect_to(struct state *state, PyObject *socket, PyObject *socket_bytes,
                            PyObject *name, int lifeline)
{
    const char *path = socket_bytes != NULL ? PyBytes_AsString(socket_bytes) : NULL;
    const char *program = name != NULL ? PyUnicode_AsUTF8AndSize(name, NULL) : NULL;
    if (PyErr_Occurred()) {
        return NULL;
    }
    struct display *self = object_new(state->display_type);
    if (self == NULL) {
        return NULL;
    }
    self->state = state;
    self->socket = Py_NewRef(socket);
    self->wake_fd = -1;
    self->lifeline = lifeline >= 0 ? fcntl(lifeline, F_DUPFD_CLOEXEC, 3) : -1;
    self->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
    self->lock = PyThread_allocate_lock();
    if (self->wake_fd < 0 || self->lock == NULL || (lifeline >= 0 && self->lifeline < 0)) {
        PyErr_SetFromErrno(PyExc_OSError);
        Py_DECREF(self);
        return NULL;
    }
    int error;
    do {
        Py_BEGIN_ALLOW_THREADS error = kb_connect(path, program, &self->kb);
        Py_END_ALLOW_THREADS
    } while (error == -EINTR && PyErr_CheckSignals() == 0);
    if (error < 0) {
        self->kb = NULL;
        if (error != -EINTR) {
            error_of_connect(state, error);
        }
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

PyObject *display_connect(PyObject *module, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"socket", "name", "lifeline", "launch_token", NULL};
    PyObject *socket = Py_None, *name = Py_None, *socket_bytes = NULL;
    int lifeline = -1;
    unsigned long long launch_token = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OOiK:connect", keywords, &socket, &name,
                                     &lifeline, &launch_token)) {
        return NULL;
    }
    if (name != Py_None && !PyUnicode_Check(name)) {
        return PyErr_Format(PyExc_TypeError, "name must be a str, not %R", name);
    }
    if (socket != Py_None && !PyUnicode_FSConverter(socket, &socket_bytes)) {
        return NULL;
    }
    PyObject *program = name != Py_None ? Py_NewRef(name) : script_name();
    PyObject *display =
        connect_to(PyModule_GetState(module), socket, socket_bytes, program, lifeline);
    if (display != NULL && launch_token != 0) {
        kb_launched(((struct display *)display)->kb, launch_token); /* what fails comes out later */
    }
    Py_XDECREF(program);
    Py_XDECREF(socket_bytes);
    return display;
}

struct display *display_find(const struct state *state, PyObject *display)
{
    if (display == Py_None) {
        PyObject *module = PyImport_ImportModule("kmsblit._input");
        display = module != NULL ? PyObject_CallMethod(module, "current", NULL) : NULL;
        Py_XDECREF(module);
    } else {
        Py_INCREF(display);
    }
    if (display != NULL && Py_TYPE(display) != state->display_type) {
        PyErr_Format(PyExc_TypeError, "display must be a Display, not %R", display);
        Py_CLEAR(display);
    }
    return (struct display *)display;
}

static int display_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct display *self = (struct display *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->socket);
    Py_VISIT(self->rest);
    return 0;
}

/* Events know their display, by their window. */
static int display_clear(PyObject *object)
{
    Py_CLEAR(((struct display *)object)->rest);
    return 0;
}

/* Nothing refers to the display any more: no image, no window, no call, no view. */
static void display_dealloc(PyObject *object)
{
    struct display *self = (struct display *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    call_disconnect(self);
    if (self->lock != NULL) {
        PyThread_free_lock(self->lock);
    }
    if (self->wake_fd >= 0) {
        close(self->wake_fd);
    }
    if (self->lifeline >= 0) { /* never connected */
        close(self->lifeline);
    }
    free(self->images); /* none is left: they keep the display alive */
    Py_CLEAR(self->socket);
    Py_CLEAR(self->rest);
    object_free(object);
}

static PyObject *display_close(struct display *self, PyObject *unused)
{
    (void)unused;
    self->closed = true;
    call_disconnect(self);
    Py_RETURN_NONE;
}

static PyObject *display_enter(struct display *self, PyObject *unused)
{
    (void)unused;
    return call_enter(self) ? Py_NewRef((PyObject *)self) : NULL;
}

static PyObject *display_exit(struct display *self, PyObject *args)
{
    PyObject *kind = PyTuple_Size(args) > 0 ? PyTuple_GetItem(args, 0) : Py_None;
    if (kind != Py_None) {
        PyObject *crash = PyImport_ImportModule("kmsblit._crash");
        PyObject *done =
            crash != NULL ? PyObject_CallMethod(crash, "leaving", "OO", self, kind) : NULL;
        if (done == NULL) {
            PyErr_WriteUnraisable((PyObject *)self);
        }
        Py_XDECREF(done);
        Py_XDECREF(crash);
    }
    return display_close(self, NULL);
}

static PyObject *display_window(struct display *self, PyObject *args, PyObject *kwargs)
{
    return window_make(self, args, kwargs);
}

static PyObject *display_load(struct display *self, PyObject *source)
{
    return image_load(self, source);
}

static PyObject *display_image(struct display *self, PyObject *args, PyObject *kwargs)
{
    return image_make(self, args, kwargs);
}

static PyObject *display_shared_image(struct display *self, PyObject *args, PyObject *kwargs)
{
    return image_make_shared(self, args, kwargs);
}

static PyObject *display_canvas(struct display *self, PyObject *args, PyObject *kwargs)
{
    return canvas_make(self, args, kwargs);
}

static PyObject *display_screenshot(struct display *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"output", NULL};
    PyObject *output = Py_None;
    uint32_t id;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:screenshot", keywords, &output) ||
        !call_enter(self) || !outputs_parse(self, output, &id)) {
        return NULL;
    }
    return screenshot_take(self, id, NULL);
}

static PyObject *display_sync(struct display *self, PyObject *unused)
{
    (void)unused;
    int error;
    if (!call_enter(self)) {
        return NULL;
    }
    CALL_PATIENTLY(self, error, kb_sync(self->kb));
    if (error < 0) {
        return error_of_library(self->state, error);
    }
    Py_RETURN_NONE;
}

static PyObject *display_content_lost(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_image *canvas;
    struct kb_window *window;

    if (!call_enter(self)) {
        return NULL;
    }
    PyObject *lost = PyList_New(0);
    while (lost != NULL && kb_next_lost(self->kb, &canvas, &window) == 1) {
        PyObject *object = canvas != NULL ? (PyObject *)image_of_id(self, kb_image_id(canvas))
                                          : (PyObject *)window_of_library(self, window);
        if (object != NULL && PyList_Append(lost, object) < 0) {
            Py_CLEAR(lost);
        }
    }
    return lost;
}

static PyObject *display_step(struct display *self, PyObject *duration)
{
    unsigned long long duration_ns;
    int error;

    if (PyFloat_Check(duration)) {
        return PyErr_Format(PyExc_TypeError, "a step is a whole number of nanoseconds");
    }
    PyObject *number = PyNumber_Index(duration);
    if (number == NULL) {
        return NULL;
    }
    duration_ns = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (PyErr_Occurred() || !call_enter(self)) {
        return NULL;
    }
    CALL_PATIENTLY(self, error, kb_clock_step(self->kb, duration_ns));
    if (error < 0) {
        return error_of_library(self->state, error);
    }
    Py_RETURN_NONE;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static PyObject *display_dispatch(struct display *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"timeout", NULL};
    PyObject *timeout = NULL;
    double seconds = 0;
    int events;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:dispatch", keywords, &timeout)) {
        return NULL;
    }
    if (timeout != NULL && timeout != Py_None) {
        seconds = PyFloat_AsDouble(timeout);
        if (PyErr_Occurred()) {
            return NULL;
        }
        if (!(seconds >= 0 && seconds <= 1000000)) {
            return PyErr_Format(PyExc_ValueError, "timeout %R is not a number of seconds", timeout);
        }
    }
    const int64_t end_ms = now_ms() + (int64_t)(seconds * 1000);
    do {
        int64_t left_ms = timeout == Py_None ? 1000 : end_ms - now_ms();
        events = call_wait(self, left_ms < 0 ? 0 : (int)left_ms);
    } while (events == 0 && (timeout == Py_None || end_ms > now_ms()));
    return events < 0 ? NULL : PyLong_FromLong(events);
}

static PyObject *display_lifeline(struct display *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->closed ? -1 : self->lifeline);
}

static PyObject *display_fileno(struct display *self, PyObject *unused)
{
    (void)unused;
    return call_enter(self) ? PyLong_FromLong(kb_get_fd(self->kb)) : NULL;
}

static PyObject *get_closed(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((struct display *)self)->closed);
}

static PyObject *get_server(PyObject *object, void *closure)
{
    (void)closure;
    struct display *self = (struct display *)object;
    return call_enter(self) ? PyUnicode_FromString(kb_server_name(self->kb)) : NULL;
}

static PyObject *get_outputs(PyObject *object, void *closure)
{
    return outputs_get((struct display *)object, closure);
}

static PyObject *display_repr(PyObject *object)
{
    struct display *self = (struct display *)object;
    if (self->closed) {
        return PyUnicode_FromString("<kmsblit.Display, closed>");
    }
    return self->socket == Py_None ? PyUnicode_FromString("<kmsblit.Display>")
                                   : PyUnicode_FromFormat("<kmsblit.Display at %R>", self->socket);
}

static PyMethodDef display_methods[] = {
    METHOD("window", display_window, METH_VARARGS | METH_KEYWORDS,
           "window($self, size, *, scale='integer', title=None, base=0, z=0, place=None, "
           "output=None, hidden=False, filter='nearest')\n--\n\nMakes a window."),
    METHOD("load", display_load, METH_O, "load($self, file)\n--\n\nLoads a PNG picture."),
    METHOD("image", display_image, METH_VARARGS | METH_KEYWORDS,
           "image($self, source, format=None, size=None, stride=None, *, palette=None, "
           "color_key=None)\n--\n\n"
           "Makes an image of pixels, an array or a pygame Surface."),
    METHOD("shared_image", display_shared_image, METH_VARARGS | METH_KEYWORDS,
           "shared_image($self, size, format='argb8888')\n--\n\n"
           "Makes an image that the program keeps drawing into."),
    METHOD("canvas", display_canvas, METH_VARARGS | METH_KEYWORDS,
           "canvas($self, size)\n--\n\nMakes an image that is drawn into as a window is."),
    METHOD("screenshot", display_screenshot, METH_VARARGS | METH_KEYWORDS,
           "screenshot($self, output=None)\n--\n\nWhat an output shows."),
    METHOD("statistics", display_statistics, METH_VARARGS | METH_KEYWORDS,
           "statistics($self, scope='client', object=None)\n--\n\nThe daemon's counters."),
    METHOD("sync", display_sync, METH_NOARGS,
           "Waits until the daemon has checked every request; raises what it refused."),
    METHOD(
        "content_lost", display_content_lost, METH_NOARGS,
        "What lost its picture when the daemon was restarted: windows and canvases to be drawn anew."),
    METHOD("step", display_step, METH_O, "step($self, duration_ns)\n--\n\nMoves a virtual clock."),
    METHOD("dispatch", display_dispatch, METH_VARARGS | METH_KEYWORDS,
           "dispatch($self, timeout=0.0)\n--\n\nHandles what the daemon sent."),
    METHOD("fileno", display_fileno, METH_NOARGS, "The socket, to be polled for reading."),
    METHOD("events", input_events, METH_NOARGS,
           "Takes the events that have come, one after the other."),
    METHOD("inject", input_inject, METH_VARARGS | METH_KEYWORDS,
           "inject($self, type, code=0, value=0, device='seat')\n--\n\nActs as an input device."),
    METHOD("_next_event", input_next_event, METH_NOARGS, NULL),
    METHOD("_pump", input_pump, METH_NOARGS, NULL),
    METHOD("_focus", input_focus, METH_NOARGS, NULL),
    METHOD("_held_keys", input_held_keys, METH_NOARGS, NULL),
    METHOD("_modifiers", input_modifiers, METH_NOARGS, NULL),
    METHOD("_pointer", input_pointer, METH_NOARGS, NULL),
    METHOD("_touches", input_touches, METH_NOARGS, NULL),
    METHOD("_devices", input_devices, METH_NOARGS, NULL),
    METHOD("_device", input_device, METH_VARARGS, NULL),
    METHOD("_axis", input_axis, METH_VARARGS, NULL),
    METHOD("_button", input_button, METH_VARARGS, NULL),
    METHOD("_rumble", input_rumble, METH_VARARGS, NULL),
    METHOD("_set_repeat", input_set_repeat, METH_VARARGS, NULL),
    METHOD("_get_repeat", input_get_repeat, METH_NOARGS, NULL),
    METHOD("_lifeline", display_lifeline, METH_NOARGS, NULL),
    METHOD("close", display_close, METH_NOARGS, "Ends the connection."),
    METHOD("__enter__", display_enter, METH_NOARGS, NULL),
    METHOD("__exit__", display_exit, METH_VARARGS, NULL),
    {0},
};

static PyGetSetDef display_getset[] = {
    {"closed", get_closed, NULL, "Whether close() was called.", NULL},
    {"server", get_server, NULL, "The daemon's name and version.", NULL},
    {"keyboard", input_get_in_python, NULL, "Which keys are held.", "keyboard_of"},
    {"mouse", input_get_in_python, NULL, "Where the pointer is.", "mouse_of"},
    {"touches", input_get_in_python, NULL, "The fingers on touch screens.", "touches_of"},
    {"gamepads", input_get_in_python, NULL, "The gamepads there are.", "gamepads_of"},
    {"devices", input_get_in_python, NULL, "The input devices there are.", "devices_of"},
    {"outputs", get_outputs, NULL, "The outputs there are now, as a tuple of Output.", NULL},
    {0},
};

static PyMemberDef display_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct display, weakrefs), READONLY, NULL},
    {"_rest", T_OBJECT, offsetof(struct display, rest), 0, NULL},
    {0},
};

static PyType_Slot display_slots[] = {
    {Py_tp_doc, "A connection to kmsblitd, made by connect()."},
    {Py_tp_traverse, display_traverse},
    {Py_tp_clear, display_clear},
    {Py_tp_dealloc, display_dealloc},
    {Py_tp_repr, display_repr},
    {Py_tp_methods, display_methods},
    {Py_tp_getset, display_getset},
    {Py_tp_members, display_members},
    {0},
};

PyType_Spec display_spec = {
    .name = "kmsblit.Display",
    .basicsize = sizeof(struct display),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = display_slots,
};

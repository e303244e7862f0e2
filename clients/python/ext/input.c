/* Input: what the package's own Python modules need. They make events and devices of it. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"

/* ---- Events --------------------------------------------------------------------------------- */

/* What an event tells besides its type, time, device and window, as a tuple. */
static PyObject *payload_of(const struct kb_event *event)
{
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_KEY_UP:
        return Py_BuildValue("(IIIIOs)", event->key.code, event->key.keysym, event->key.base,
                             event->key.modifiers, event->key.repeat ? Py_True : Py_False,
                             event->key.text);
    case KB_EVENT_TEXT: return Py_BuildValue("(s)", event->text.text);
    case KB_EVENT_POINTER_MOTION:
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP:
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_POINTER_LEAVE:
        return Py_BuildValue("(ddddI)", event->pointer.x, event->pointer.y, event->pointer.dx,
                             event->pointer.dy, event->pointer.button);
    case KB_EVENT_WHEEL:
        return Py_BuildValue("(iiii)", event->wheel.horizontal, event->wheel.vertical,
                             event->wheel.notches_x, event->wheel.notches_y);
    case KB_EVENT_TOUCH_DOWN:
    case KB_EVENT_TOUCH_MOTION:
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL:
        return Py_BuildValue("(idd)", event->touch.finger, event->touch.x, event->touch.y);
    case KB_EVENT_AXIS:
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP:
        return Py_BuildValue("(IiI)", event->gamepad.axis, event->gamepad.value,
                             event->gamepad.button);
    case KB_EVENT_LOST: return Py_BuildValue("(K)", (unsigned long long)event->lost.count);
    case KB_EVENT_DEVICE_ADDED:
    case KB_EVENT_DEVICE_REMOVED:
    case KB_EVENT_FOCUS_GAINED:
    case KB_EVENT_FOCUS_LOST:
    case KB_EVENT_CLOSE: break;
    }
    return PyTuple_New(0);
}

static PyObject *window_or_none(const struct display *self, const struct kb_window *kb)
{
    PyObject *window = kb != NULL ? (PyObject *)window_of_library(self, kb) : NULL;
    return Py_NewRef(window != NULL ? window : Py_None);
}

PyObject *input_next_event(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_event event;
    if (!call_enter(self)) {
        return NULL;
    }
    self->asked = true;
    int taken = kb_next_event(self->kb, &event);
    if (taken < 0) {
        return error_of_library(self->state, taken);
    }
    if (taken == 0) {
        Py_RETURN_NONE;
    }
    PyObject *payload = payload_of(&event);
    if (payload == NULL) {
        return NULL;
    }
    return Py_BuildValue("(iKINN)", (int)event.type, (unsigned long long)event.time_ns,
                         event.device, window_or_none(self, event.window), payload);
}

PyObject *input_pump(struct display *self, PyObject *unused)
{
    (void)unused;
    if (!call_enter(self)) {
        return NULL;
    }
    int error = kb_pump(self->kb);
    return error < 0 ? error_of_library(self->state, error) : Py_NewRef(Py_None);
}

bool input_after_flip(struct display *self)
{
    struct state *state = self->state;
    const bool asked = self->asked;

    self->asked = false;
    if (state->hand_out != NULL && state->hand_out != Py_None) {
        PyObject *hand_out = Py_NewRef(state->hand_out);
        PyObject *result = PyObject_CallFunctionObjArgs(hand_out, (PyObject *)self, NULL);
        Py_DECREF(hand_out);
        Py_XDECREF(result);
        return result != NULL;
    }
    if (!asked && !self->closed && self->kb != NULL && call_enter(self)) {
        kb_pump(self->kb); /* an error comes out of the next call as well */
    }
    return PyErr_Occurred() == NULL;
}

PyObject *input_set_hand_out(PyObject *module, PyObject *function)
{
    struct state *state = PyModule_GetState(module);
    PyObject *old = state->hand_out;
    state->hand_out = Py_NewRef(function);
    Py_XDECREF(old);
    Py_RETURN_NONE;
}

/* ---- Questions ------------------------------------------------------------------------------ */

PyObject *input_focus(struct display *self, PyObject *unused)
{
    (void)unused;
    return call_enter(self) ? window_or_none(self, kb_focus(self->kb)) : NULL;
}

PyObject *input_held_keys(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_held_key keys[64];
    if (!call_enter(self)) {
        return NULL;
    }
    size_t count = kb_keys_down(self->kb, keys, 64);
    count = count < 64 ? count : 64;
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < count; i++) {
        PyObject *key = Py_BuildValue("(II)", keys[i].code, keys[i].base);
        if (key == NULL || PyList_Append(list, key) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(key);
    }
    return list;
}

PyObject *input_modifiers(struct display *self, PyObject *unused)
{
    (void)unused;
    return call_enter(self) ? PyLong_FromUnsignedLong(kb_modifiers(self->kb)) : NULL;
}

PyObject *input_pointer(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_pointer pointer;
    if (!call_enter(self)) {
        return NULL;
    }
    kb_pointer_get(self->kb, &pointer);
    return Py_BuildValue("(ddddIO)", pointer.x, pointer.y, pointer.moved_x, pointer.moved_y,
                         pointer.buttons, pointer.inside ? Py_True : Py_False);
}

PyObject *input_touches(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_touch touches[64];
    if (!call_enter(self)) {
        return NULL;
    }
    size_t count = kb_touches(self->kb, touches, 64);
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < count && i < 64; i++) {
        PyObject *touch = Py_BuildValue("(Iidd)", touches[i].device, touches[i].finger,
                                        touches[i].x, touches[i].y);
        if (touch == NULL || PyList_Append(list, touch) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(touch);
    }
    return list;
}

static PyObject *device_tuple(const struct kb_device_info *info)
{
    PyObject *name =
        PyUnicode_DecodeUTF8(info->name, (Py_ssize_t)strlen(info->name), "backslashreplace");
    if (name == NULL) {
        return NULL;
    }
    return Py_BuildValue("(INIIIIIII)", info->id, name, info->capabilities, info->axes,
                         info->buttons, (unsigned)info->bus, (unsigned)info->vendor,
                         (unsigned)info->product, (unsigned)info->version);
}

PyObject *input_devices(struct display *self, PyObject *unused)
{
    (void)unused;
    struct kb_device_info info;
    if (!call_enter(self)) {
        return NULL;
    }
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < kb_device_count(self->kb); i++) {
        PyObject *device = kb_device_get(self->kb, i, &info) == 0 ? device_tuple(&info) : NULL;
        if (device == NULL || PyList_Append(list, device) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(device);
    }
    return list;
}

PyObject *input_device(struct display *self, PyObject *args)
{
    struct kb_device_info info;
    unsigned id;
    if (!PyArg_ParseTuple(args, "I:_device", &id) || !call_enter(self)) {
        return NULL;
    }
    if (kb_device_find(self->kb, id, &info) < 0) {
        Py_RETURN_NONE;
    }
    return device_tuple(&info);
}

PyObject *input_axis(struct display *self, PyObject *args)
{
    unsigned id, axis;
    if (!PyArg_ParseTuple(args, "II:_axis", &id, &axis) || !call_enter(self)) {
        return NULL;
    }
    return PyLong_FromLong(kb_gamepad_axis(self->kb, id, axis));
}

PyObject *input_button(struct display *self, PyObject *args)
{
    unsigned id, button;
    if (!PyArg_ParseTuple(args, "II:_button", &id, &button) || !call_enter(self)) {
        return NULL;
    }
    return PyBool_FromLong(kb_gamepad_button(self->kb, id, button));
}

/* ---- Wishes --------------------------------------------------------------------------------- */

static PyObject *none_or_error(const struct display *self, int error)
{
    return error < 0 ? error_of_library(self->state, error) : Py_NewRef(Py_None);
}

PyObject *input_rumble(struct display *self, PyObject *args)
{
    unsigned id, strong, weak, ms;
    int error;
    if (!PyArg_ParseTuple(args, "IIII:_rumble", &id, &strong, &weak, &ms) || !call_enter(self)) {
        return NULL;
    }
    CALL_PATIENTLY(self, error,
                   kb_gamepad_rumble(self->kb, id, (uint16_t)strong, (uint16_t)weak, ms));
    return none_or_error(self, error);
}

PyObject *input_set_repeat(struct display *self, PyObject *args)
{
    int delay_ms, rate;
    if (!PyArg_ParseTuple(args, "ii:_set_repeat", &delay_ms, &rate) || !call_enter(self)) {
        return NULL;
    }
    return none_or_error(self, kb_set_key_repeat(self->kb, delay_ms, rate));
}

PyObject *input_get_repeat(struct display *self, PyObject *unused)
{
    (void)unused;
    unsigned delay_ms, rate;
    if (!call_enter(self)) {
        return NULL;
    }
    kb_get_key_repeat(self->kb, &delay_ms, &rate);
    return Py_BuildValue("(II)", delay_ms, rate);
}

PyObject *input_inject(struct display *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"type", "code", "value", "device", NULL};
    unsigned short type, code = 0;
    int value = 0, error;
    const char *device = "seat";
    unsigned number = 0;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "H|His:inject", keywords, &type, &code, &value,
                                     &device) ||
        !call_enter(self)) {
        return NULL;
    }
    while (kb_injected_device_name(number) != NULL &&
           strcmp(kb_injected_device_name(number), device) != 0) {
        number++;
    }
    if (kb_injected_device_name(number) == NULL) {
        return PyErr_Format(PyExc_ValueError,
                            "device is \"seat\", \"touch_screen\" or \"gamepad\", not \"%s\"",
                            device);
    }
    CALL_PATIENTLY(self, error,
                   kb_inject(self->kb, (enum kb_injected_device)number, type, code, value));
    return none_or_error(self, error);
}

/* ---- Windows -------------------------------------------------------------------------------- */

PyObject *input_window_focus(struct window *self, PyObject *unused)
{
    (void)unused;
    int error;
    if (!window_enter(self)) {
        return NULL;
    }
    WINDOW_CALL(self, error, kb_window_focus(self->kb));
    return error < 0 ? NULL : Py_NewRef(Py_None);
}

PyObject *input_get_focused(PyObject *object, void *closure)
{
    (void)closure;
    struct window *self = (struct window *)object;
    return window_enter(self) ? PyBool_FromLong(kb_focus(self->display->kb) == self->kb) : NULL;
}

PyObject *input_get_locked(PyObject *object, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((const struct window *)object)->locked);
}

PyObject *input_get_grabbed(PyObject *object, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((const struct window *)object)->grabbed);
}

static int set_wish(struct window *self, PyObject *value, bool *wish,
                    int (*set)(struct kb_window *window, bool on))
{
    int error;
    if (value == NULL) {
        PyErr_SetString(PyExc_TypeError, "a window's properties cannot be deleted");
        return -1;
    }
    int on = PyObject_IsTrue(value);
    if (on < 0 || !window_enter(self)) {
        return -1;
    }
    WINDOW_CALL(self, error, set(self->kb, on != 0));
    if (error < 0) {
        return -1;
    }
    *wish = on != 0;
    return 0;
}

int input_set_locked(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    struct window *self = (struct window *)object;
    return set_wish(self, value, &self->locked, kb_window_lock_pointer);
}

int input_set_grabbed(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    struct window *self = (struct window *)object;
    return set_wish(self, value, &self->grabbed, kb_window_grab_keyboard);
}

/* ---- What Python's part of the package does ------------------------------------------------- */

/* Calls a function of kmsblit._input with the object. */
PyObject *input_in_python(PyObject *object, const char *function)
{
    PyObject *module = PyImport_ImportModule("kmsblit._input");
    if (module == NULL) {
        return NULL;
    }
    PyObject *result = PyObject_CallMethod(module, function, "(O)", object);
    Py_DECREF(module);
    return result;
}

PyObject *input_get_in_python(PyObject *object, void *closure)
{
    return input_in_python(object, closure);
}

PyObject *input_events(PyObject *object, PyObject *unused)
{
    (void)unused;
    return input_in_python(object, "events_of");
}

/* The card after an exception that nobody caught: see kmsblit._crash. */
#include "crash/crash.h"
#include "module.h"

#include <errno.h>
#include <string.h>

#define KEEPER "kmsblit._kmsblit.keeper"

/* A connection that keeps what the program's own ones showed. */
static void keeper_free(PyObject *capsule)
{
    kb_disconnect(PyCapsule_GetPointer(capsule, KEEPER));
}

PyObject *crash_keep(PyObject *module, PyObject *args)
{
    struct state *state = PyModule_GetState(module);
    PyObject *object;
    unsigned long long token;
    struct kb_display *keeper = NULL;
    if (!PyArg_ParseTuple(args, "O!K:_crash_keep", state->display_type, &object, &token)) {
        return NULL;
    }
    const struct display *display = (struct display *)object;
    if (display->kb == NULL) {
        Py_RETURN_NONE;
    }
    const char *path = kb_socket_path(display->kb);
    int error = kb_connect(path, NULL, &keeper);
    if (error == 0) {
        kb_set_reconnect(keeper, 0);
        error = crash_is_wanted(keeper) ? kb_launch(keeper, token) : -ECANCELED;
    }
    PyObject *capsule =
        error == 0 ? PyCapsule_New(keeper, KEEPER, keeper_free) : Py_NewRef(Py_None);
    if (capsule == NULL || error != 0) {
        kb_disconnect(keeper);
    }
    return capsule;
}

PyObject *crash_card(PyObject *module, PyObject *args)
{
    const struct state *state = PyModule_GetState(module);
    struct kb_launch_state left_there;
    struct crash_left left = {.count = 0};
    struct crash_card card = {.text = {.hints = {{"any key", "close"}}, .note = ""}};
    PyObject *capsule;
    if (!PyArg_ParseTuple(args, "Osss:_crash_card", &capsule, &card.text.title, &card.text.what,
                          &card.text.detail)) {
        return NULL;
    }
    struct kb_display *keeper = PyCapsule_GetPointer(capsule, KEEPER);
    card.fonts = PyUnicode_AsUTF8AndSize(state->fonts, NULL);
    if (keeper == NULL || card.fonts == NULL) {
        return NULL;
    }
    int error = 0;
    Py_BEGIN_ALLOW_THREADS crash_wait_gone(keeper);
    kb_launch_get(keeper, &left_there);
    if (left_there.left > 0) {
        crash_show(keeper, &left, &card, &error);
        crash_let_go(&left);
        kb_flush(keeper);
    }
    Py_END_ALLOW_THREADS if (error < 0 && error != -EINTR)
    {
        return PyErr_Format(PyExc_RuntimeError, "no card could be shown: %s", strerror(-error));
    }
    Py_RETURN_NONE;
}

/* Exceptions: which one stands for which error, and that their texts say what to do. */
#include "module.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static PyObject *add_class(PyObject *module, const char *name, const char *doc, PyObject *base)
{
    PyObject *class = PyErr_NewExceptionWithDoc(name, doc, base, NULL);
    if (class == NULL) {
        return NULL;
    }
    if (PyModule_AddObjectRef(module, strrchr(name, '.') + 1, class) < 0) {
        Py_DECREF(class);
        return NULL;
    }
    return class;
}

int errors_add(PyObject *module, struct state *state)
{
    state->error = add_class(module, "kmsblit.Error",
                             "Something went wrong between the program and kmsblitd.\n\n"
                             "errno tells what kind of mistake it was.",
                             PyExc_OSError);
    if (state->error == NULL) {
        return -1;
    }
    state->no_daemon_error = add_class(
        module, "kmsblit.NoDaemonError",
        "No kmsblitd answers at the socket; the text says how to start one.", state->error);
    state->request_error =
        add_class(module, "kmsblit.RequestError",
                  "The daemon refused a request; the text is the daemon's.", state->error);
    PyObject *bases = PyTuple_Pack(2, state->error, PyExc_ConnectionError);
    if (bases == NULL) {
        return -1;
    }
    state->connection_lost_error =
        add_class(module, "kmsblit.ConnectionLostError",
                  "The connection to the daemon has ended; connect again.", bases);
    Py_DECREF(bases);
    return state->no_daemon_error != NULL && state->request_error != NULL &&
                   state->connection_lost_error != NULL
               ? 0
               : -1;
}

/* An OSError with one argument prints it alone, and errno can be set beside it. */
static void *raise_text(PyObject *class, int error, PyObject *text)
{
    if (text == NULL) {
        return NULL;
    }
    PyObject *exception = PyObject_CallFunctionObjArgs(class, text, NULL);
    PyObject *number = PyLong_FromLong(error);
    if (exception != NULL && number != NULL &&
        PyObject_SetAttrString(exception, "errno", number) == 0) {
        PyErr_SetObject(class, exception);
    }
    Py_XDECREF(exception);
    Py_XDECREF(number);
    Py_DECREF(text);
    return NULL;
}

void *error_set(const struct state *state, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    PyObject *text = PyUnicode_FromFormatV(format, args);
    va_end(args);
    return raise_text(state->error, error, text);
}

/* The library's sentences may quote bytes that are not UTF-8. */
static PyObject *library_text(void)
{
    const char *text = kb_last_error();
    return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "backslashreplace");
}

void *error_of_library(const struct state *state, int error)
{
    if (error == -EINTR) { /* call_again() has set it */
        return NULL;
    }
    switch (-error) {
    case ECANCELED:
    case EPIPE:
    case ECONNRESET:
        return raise_text(state->connection_lost_error, error == -ECANCELED ? ECANCELED : EPIPE,
                          library_text());
    default: return raise_text(state->request_error, -error, library_text());
    }
}

void *error_of_connect(const struct state *state, int error)
{
    PyObject *said = library_text();
    if (said == NULL) {
        return NULL;
    }
    if (error != -ENOENT && error != -ECONNREFUSED) {
        return raise_text(state->error, -error, said);
    }
    PyObject *text = PyUnicode_FromFormat(
        "%U (if it listens elsewhere, set KMSBLIT_SOCKET or use connect(socket=...))", said);
    Py_DECREF(said);
    return raise_text(state->no_daemon_error, -error, text);
}

/* Replaces the exception by one of the same class with the item's number in front. Classes that
 * are not about arguments (KeyboardInterrupt, or what a generator raised) get a note instead. */
void error_name_item(const char *function, Py_ssize_t index)
{
    PyObject *class, *value, *traceback;

    PyErr_Fetch(&class, &value, &traceback);
    PyErr_NormalizeException(&class, &value, &traceback);
    PyObject *where = PyUnicode_FromFormat("%s item %zd", function, index);
    if (where == NULL || value == NULL) {
        PyErr_Clear();
        PyErr_Restore(class, value, traceback);
        Py_XDECREF(where);
        return;
    }
    if (class == PyExc_TypeError || class == PyExc_ValueError || class == PyExc_OverflowError) {
        PyErr_Format(class, "%U: %S", where, value);
        Py_DECREF(class);
        Py_DECREF(value);
        Py_XDECREF(traceback);
    } else {
        PyObject *note = PyObject_CallMethod(value, "add_note", "O", where);
        Py_XDECREF(note);
        PyErr_Clear();
        PyErr_Restore(class, value, traceback);
    }
    Py_DECREF(where);
}

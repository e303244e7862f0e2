/*
 * Calls into libkmsblit, and Python's threads.
 *
 * The library wants a display to be used by one thread at a time. Calls that are over at once keep
 * Python's lock and need nothing else. A call that may take long lets go of Python's lock: it marks
 * the display busy, and whoever comes meanwhile waits on the display's own lock (call_enter). What
 * must not wait, the freeing of an object, goes on a list that the next call empties.
 *
 * Waiting for events is not such a call: only poll() runs without Python's lock, so that another
 * thread may load images while the first waits in flip(). Since that thread may read the events
 * that the first one waits for, it wakes all waiters through an eventfd afterwards.
 */
#include "module.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A signal may come just before poll(): look again after this time at the latest. */
#define SIGNAL_CHECK_MS 500

struct trash {
    struct trash *next;
    struct kb_image *image; /* one of the two */
    struct kb_window *window;
};

static void empty_trash(struct display *display)
{
    while (display->trash != NULL) {
        struct trash *item = display->trash;
        display->trash = item->next;
        if (display->kb != NULL) {
            kb_image_destroy(item->image);
            kb_window_destroy(item->window);
        }
        free(item);
    }
}

bool call_enter(struct display *display)
{
    while (display->busy) {
        PyThreadState *thread = PyEval_SaveThread();
        PyThread_acquire_lock(display->lock, WAIT_LOCK);
        PyThread_release_lock(display->lock);
        PyEval_RestoreThread(thread);
    }
    if (display->closed || display->kb == NULL) {
        error_set(display->state, EBADF, "the display has been closed");
        return false;
    }
    if (display->trash != NULL) {
        empty_trash(display);
    }
    return true;
}

PyThreadState *call_begin(struct display *display)
{
    display->busy = true;
    PyThreadState *thread = PyEval_SaveThread();
    PyThread_acquire_lock(display->lock, WAIT_LOCK);
    return thread;
}

static void wake_waiters(struct display *display)
{
    const uint64_t count = display->waiters;
    if (count > 0) {
        /* Cannot fail but for a full counter, and then nobody sleeps. */
        ssize_t written = write(display->wake_fd, &count, sizeof(count));
        (void)written;
    }
}

void call_end(struct display *display, PyThreadState *thread)
{
    PyEval_RestoreThread(thread);
    display->busy = false;
    PyThread_release_lock(display->lock);
    wake_waiters(display);
    if (display->closed) {
        call_disconnect(display);
    }
}

bool call_again(struct display *display)
{
    return PyErr_CheckSignals() == 0 && call_enter(display);
}

/* 0 is "look again"; -1 an exception. */
static int poll_events(struct display *display, int timeout_ms)
{
    struct pollfd fds[2] = {
        {.fd = kb_get_fd(display->kb), .events = POLLIN},
        {.fd = display->wake_fd, .events = POLLIN},
    };
    uint64_t count;

    display->waiters++;
    PyThreadState *thread = PyEval_SaveThread();
    int ready = poll(fds, 2, timeout_ms);
    if (ready > 0 && fds[1].revents != 0) {
        ssize_t got = read(display->wake_fd, &count, sizeof(count));
        (void)got;
    }
    PyEval_RestoreThread(thread);
    display->waiters--;
    if (display->closed) {
        call_disconnect(display);
    }
    return PyErr_CheckSignals();
}

int call_wait(struct display *display, int timeout_ms)
{
    if (!call_enter(display)) {
        return -1;
    }
    int error;
    CALL_PATIENTLY(display, error, kb_flush(display->kb));
    if (error < 0) {
        error_of_library(display->state, error);
        return -1;
    }
    for (int turn = 0;; turn++) {
        int events = kb_dispatch(display->kb, 0);
        if (events < 0) {
            error_of_library(display->state, events);
            return -1;
        }
        if (events > 0) {
            wake_waiters(display);
            return events;
        }
        if (timeout_ms == 0 || turn == 1) {
            return 0;
        }
        int slice_ms =
            timeout_ms < 0 || timeout_ms > SIGNAL_CHECK_MS ? SIGNAL_CHECK_MS : timeout_ms;
        if (poll_events(display, slice_ms) < 0 || !call_enter(display)) {
            return -1;
        }
    }
}

void call_destroy(struct display *display, struct kb_image *image, struct kb_window *window)
{
    if (display->kb == NULL || (image == NULL && window == NULL)) {
        return;
    }
    if (!display->busy) {
        kb_image_destroy(image);
        kb_window_destroy(window);
        return;
    }
    struct trash *item = malloc(sizeof(*item));
    if (item != NULL) { /* else it is freed with the connection */
        *item = (struct trash){.next = display->trash, .image = image, .window = window};
        display->trash = item;
    }
}

void call_disconnect(struct display *display)
{
    if (display->kb == NULL || display->busy || display->waiters > 0 || display->building > 0) {
        wake_waiters(display); /* the last of them comes here again */
        return;
    }
    if (display->exports > 0) {
        /* The daemon is to know now; the memory stays until the last view of it is gone. */
        kb_shutdown(display->kb);
        return;
    }
    empty_trash(display);
    kb_disconnect(display->kb);
    display->kb = NULL;
    if (display->lifeline >= 0) {
        close(display->lifeline);
        display->lifeline = -1;
    }
}

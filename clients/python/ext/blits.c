/* blits(): many blits in one call, all or none. The records are written where they will be sent
 * from. Arrays are read in arrays.c. */
#include "module.h"

#include <string.h>

#define ROOM_BEGIN 256u
#define ROOM_MOST  8192u

_Static_assert(sizeof(struct kb_command_blit) == KB_COMMAND_UNIT_BYTES,
               "blits lie one after the other");

bool batch_make_room(struct batch *batch, size_t units)
{
    union kb_command *records = frame_append(batch->frame, batch->display->state, units);
    if (records == NULL) {
        return false;
    }
    batch->records = &records->blit;
    batch->room = units;
    batch->used = 0;
    batch->appended += units;
    return true;
}

/* items: (image, dest), (image, dest, area) or (image, dest, area, special_flags). */
static bool parse_tuple(struct batch *batch, PyObject *items, struct blit *blit)
{
    struct state *state = batch->display->state;
    const Py_ssize_t count = PyTuple_Size(items);

    if (count < 2 || count > 4) {
        PyErr_Format(PyExc_ValueError,
                     "it has %zd parts: (image, dest), (image, dest, area) or (image, dest, area, "
                     "special_flags) is needed",
                     count);
        return false;
    }
    *blit = (struct blit){.blend = KB_BLEND_OVER, .alpha = 255, .tint = 0xffffffff};
    if (!number_parse_position(state, PyTuple_GetItem(items, 1), &blit->x, &blit->y)) {
        return false;
    }
    if (count > 2) {
        PyObject *area = PyTuple_GetItem(items, 2);
        blit->has_area = area != Py_None;
        if (blit->has_area && !number_parse_box(state, area, "area", &blit->area)) {
            return false;
        }
    }
    if (count > 3 && PyTuple_GetItem(items, 3) != Py_None &&
        !names_blend(PyTuple_GetItem(items, 3), KB_BLEND_OVER, &blit->blend)) {
        return false;
    }
    /* Last, because what came before may have run code that closed the image. */
    PyObject *source = PyTuple_GetItem(items, 0);
    return draw_settle(state, source) &&
           draw_parse_source(batch->display, batch->frame, source, blit);
}

static bool add_rect(struct batch *batch, const struct box *drawn)
{
    PyObject *rect = rect_new(batch->display->state, drawn->x, drawn->y, drawn->w, drawn->h);
    bool added = rect != NULL && PyList_Append(batch->rects, rect) == 0;
    Py_XDECREF(rect);
    return added;
}

/* Room for a record of so many units in one piece. */
static bool ensure_room(struct batch *batch, size_t units)
{
    const size_t left = batch->room - batch->used;
    if (left >= units) {
        return true;
    }
    frame_trim(batch->frame, left);
    batch->appended -= left;
    return batch_make_room(batch, batch->appended < ROOM_BEGIN  ? ROOM_BEGIN
                                  : batch->appended < ROOM_MOST ? batch->appended
                                                                : ROOM_MOST);
}

bool batch_add(struct batch *batch, const struct blit *blit)
{
    union kb_command record;

    const size_t units = draw_record(batch->frame, blit, &batch->drawn, &record);
    if (units > 0) {
        if (!ensure_room(batch, units) || !frame_use(batch->frame, blit->image)) {
            return false;
        }
        memcpy(&batch->records[batch->used], &record, units * KB_COMMAND_UNIT_BYTES);
        batch->used += units;
    }
    return batch->rects == NULL || add_rect(batch, &batch->drawn);
}

static bool add_tuple(struct batch *batch, PyObject *items)
{
    struct blit blit;
    return parse_tuple(batch, items, &blit) && batch_add(batch, &blit);
}

/* Keeps the item alive meanwhile. */
static bool add_item(struct batch *batch, PyObject *item)
{
    if (PyTuple_Check(item)) {
        Py_INCREF(item);
        bool added = add_tuple(batch, item);
        Py_DECREF(item);
        return added;
    }
    if (!PySequence_Check(item) || PyUnicode_Check(item) || PyBytes_Check(item)) {
        PyErr_Format(PyExc_TypeError, "it must be a tuple (image, dest), not %R", item);
        return false;
    }
    PyObject *items = PySequence_Tuple(item);
    bool added = items != NULL && add_tuple(batch, items);
    Py_XDECREF(items);
    return added;
}

/* The size is looked at again and again: an item's code might change a list. */
static bool add_list(struct batch *batch, PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_Size(list); i++) {
        if (!add_item(batch, PyList_GetItem(list, i))) {
            error_name_item("blits()", i);
            return false;
        }
    }
    return true;
}

static bool add_all_of_tuple(struct batch *batch, PyObject *tuple)
{
    const Py_ssize_t count = PyTuple_Size(tuple);
    for (Py_ssize_t i = 0; i < count; i++) {
        if (!add_item(batch, PyTuple_GetItem(tuple, i))) {
            error_name_item("blits()", i);
            return false;
        }
    }
    return true;
}

static bool add_iterable(struct batch *batch, PyObject *iterable)
{
    PyObject *iterator = PyObject_GetIter(iterable), *item;
    bool done = iterator != NULL;

    for (Py_ssize_t i = 0; done; i++) {
        item = PyIter_Next(iterator);
        if (item == NULL && PyErr_Occurred() == NULL) {
            break;
        }
        done = item != NULL && add_item(batch, item);
        Py_XDECREF(item);
        if (!done) {
            error_name_item("blits()", i);
        }
    }
    Py_XDECREF(iterator);
    return done;
}

static bool add_all(struct batch *batch, PyObject *sequence)
{
    if (PyList_Check(sequence)) {
        const Py_ssize_t count = PyList_Size(sequence);
        return count == 0 || (batch_make_room(batch, (size_t)count) && add_list(batch, sequence));
    }
    if (PyTuple_Check(sequence)) {
        const Py_ssize_t count = PyTuple_Size(sequence);
        return count == 0 ||
               (batch_make_room(batch, (size_t)count) && add_all_of_tuple(batch, sequence));
    }
    return add_iterable(batch, sequence);
}

bool batch_begin(struct batch *batch, PyObject *owner, bool rects)
{
    *batch = (struct batch){.display = frame_display(owner), .frame = frame_enter(owner)};
    if (batch->frame == NULL || (rects && (batch->rects = PyList_New(0)) == NULL)) {
        return false;
    }
    batch->frame->building = true; /* what items' code may do to the window until then is little */
    batch->display->building++;
    return true;
}

PyObject *batch_end(struct batch *batch, bool done)
{
    batch->frame->building = false;
    batch->display->building--;
    frame_trim(batch->frame, done ? batch->room - batch->used : batch->appended);
    if (batch->display->closed) {
        call_disconnect(batch->display);
    }
    if (!done) {
        Py_CLEAR(batch->rects);
        return NULL;
    }
    return batch->rects != NULL ? batch->rects : Py_NewRef(Py_None);
}

PyObject *draw_blits(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"blit_sequence", "return_rects", "doreturn",
                               "image",         "images",       NULL};
    PyObject *sequence, *image = Py_None, *images = Py_None;
    int return_rects = -1, doreturn = -1;
    struct batch batch;
    bool array;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|p$pOO:blits", keywords, &sequence,
                                     &return_rects, &doreturn, &image, &images) ||
        !arrays_check(sequence, &array)) {
        return NULL;
    }
    if (!array && (image != Py_None || images != Py_None)) {
        return PyErr_Format(PyExc_TypeError, "image= and images= go with an array");
    }
    const bool no_rects = return_rects == 0 || doreturn == 0;
    const bool rects = !no_rects && (!array || return_rects == 1 || doreturn == 1);
    if (!batch_begin(&batch, self, rects)) {
        return NULL;
    }
    return batch_end(&batch, array ? arrays_add(&batch, sequence, image, images)
                                   : add_all(&batch, sequence));
}

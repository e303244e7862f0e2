/* Drawing groups: one batch for all sprites, and what is to be drawn anew without it. */
#include "sprites.h"

#include <stdlib.h>

/* ---- All sprites at once -------------------------------------------------------------------- */

static bool draw_sprite(struct batch *batch, struct look *look, PyObject *sprite)
{
    struct state *state = batch->display->state;
    struct blit blit = {.blend = KB_BLEND_OVER, .alpha = 255, .tint = 0xffffffff};
    PyObject *image = look_image(look, sprite);
    PyObject *rect = image != NULL ? look_rect(look, sprite) : NULL;

    /* The image last, because what came before may have run code that closed it. */
    bool done = rect != NULL && number_parse_position(state, rect, &blit.x, &blit.y) &&
                draw_settle(state, image) &&
                draw_parse_source(batch->display, batch->frame, image, &blit) &&
                batch_add(batch, &blit);
    Py_XDECREF(rect);
    Py_XDECREF(image);
    return done;
}

/* Draws a list of sprites into a window or canvas; drawn gets a box for each. */
static bool draw_list(struct look *look, PyObject *list, PyObject *surface, struct box *drawn)
{
    const Py_ssize_t count = PyList_Size(list);
    struct batch batch;

    if (!batch_begin(&batch, surface, false)) {
        return false;
    }
    bool done = count == 0 || batch_make_room(&batch, (size_t)count);
    for (Py_ssize_t i = 0; done && i < count; i++) {
        done = draw_sprite(&batch, look, PyList_GetItem(list, i));
        drawn[i] = batch.drawn;
        if (!done) {
            error_name_item("draw()", i);
        }
    }
    PyObject *result = batch_end(&batch, done);
    Py_XDECREF(result);
    return result != NULL;
}

/* The same into anything else that has blits(): a pygame Surface. */
static PyObject *blit_items(struct look *look, PyObject *list)
{
    const Py_ssize_t count = PyList_Size(list);
    PyObject *items = PyList_New(count);

    for (Py_ssize_t i = 0; items != NULL && i < count; i++) {
        PyObject *sprite = PyList_GetItem(list, i);
        PyObject *image = look_image(look, sprite);
        PyObject *rect = image != NULL ? look_rect(look, sprite) : NULL;
        PyObject *item = rect != NULL ? PyTuple_Pack(2, image, rect) : NULL;
        Py_XDECREF(image);
        Py_XDECREF(rect);
        if (item == NULL) {
            Py_CLEAR(items);
        } else {
            PyList_SetItem(items, i, item);
        }
    }
    return items;
}

static bool draw_list_elsewhere(struct look *look, PyObject *list, PyObject *surface,
                                struct box *drawn)
{
    PyObject *items = blit_items(look, list);
    PyObject *rects = items != NULL ? PyObject_CallMethod(surface, "blits", "O", items) : NULL;
    PyObject *all = rects != NULL ? PySequence_List(rects) : NULL;
    bool done = all != NULL;

    if (done && PyList_Size(all) != PyList_Size(list)) {
        PyErr_SetString(PyExc_TypeError, "blits() returned no list of a rectangle for each sprite");
        done = false;
    }
    for (Py_ssize_t i = 0; done && i < PyList_Size(list) && i < PyList_Size(all); i++) {
        done = number_parse_box((struct state *)look->state, PyList_GetItem(all, i),
                                "what blits() returned", &drawn[i]);
    }
    Py_XDECREF(all);
    Py_XDECREF(rects);
    Py_XDECREF(items);
    return done;
}

static bool is_target(const struct state *state, PyObject *surface)
{
    return Py_TYPE(surface) == state->window_type || Py_TYPE(surface) == state->canvas_type;
}

static bool draw_into(const struct state *state, PyObject *list, PyObject *surface,
                      struct box *drawn)
{
    struct look look = {.state = state};
    bool done = is_target(state, surface) ? draw_list(&look, list, surface, drawn)
                                          : draw_list_elsewhere(&look, list, surface, drawn);
    look_end(&look);
    return done;
}

/* ---- What has changed ----------------------------------------------------------------------- */

static bool append_box(const struct group *self, PyObject *list, const struct box *box)
{
    PyObject *rect = rect_new(self->state, box->x, box->y, box->w, box->h);
    bool done = rect != NULL && PyList_Append(list, rect) == 0;
    Py_XDECREF(rect);
    return done;
}

/* A sprite was drawn in old, or nowhere, and is drawn in box now. */
static bool append_change(const struct group *self, PyObject *list, const struct box *old,
                          const struct box *box)
{
    if (old == NULL) {
        return append_box(self, list, box);
    }
    if (rect_boxes_collide(*box, *old)) {
        const struct box both = rect_boxes_join(*box, *old);
        return append_box(self, list, &both);
    }
    return append_box(self, list, box) && append_box(self, list, old);
}

/* Notes where the sprites of the list were drawn; changes is a list of what has changed by that, or
 * NULL. */
static bool note_drawn(struct group *self, PyObject *list, const struct box *drawn,
                       PyObject *changes)
{
    bool done = true;

    for (size_t i = 0; done && changes != NULL && i < self->lost_count; i++) {
        done = append_box(self, changes, &self->lost[i]);
    }
    self->lost_count = 0;
    self->ever_drawn = true;
    for (Py_ssize_t i = 0; done && i < PyList_Size(list); i++) {
        PyObject *sprite = PyList_GetItem(list, i);
        struct member *member =
            sprite_check(self->state, sprite) ? group_find(self, (struct sprite *)sprite) : NULL;
        const struct box old = member != NULL ? member->drawn : (struct box){0};
        const bool empty = old.w == 0 || old.h == 0;
        const bool was_drawn =
            member != NULL && member->was_drawn && (!empty || self->kind == GROUP_LAYERED);
        if (member != NULL) {
            member->drawn = drawn[i];
            member->was_drawn = true;
        }
        done = changes == NULL || append_change(self, changes, was_drawn ? &old : NULL, &drawn[i]);
    }
    return done;
}

static PyObject *draw(struct group *self, PyObject *surface, bool wants_changes)
{
    PyObject *list = group_list(self);
    PyObject *changes = list != NULL ? PyList_New(0) : NULL;
    const size_t count = changes != NULL ? (size_t)PyList_Size(list) : 0;
    struct box *drawn = calloc(count + 1, sizeof(*drawn));
    bool done = changes != NULL && drawn != NULL;

    if (drawn == NULL) {
        PyErr_NoMemory();
    }
    done = done && draw_into(self->state, list, surface, drawn) &&
           note_drawn(self, list, drawn, wants_changes ? changes : NULL);
    free(drawn);
    Py_XDECREF(list);
    if (!done) {
        Py_CLEAR(changes);
    }
    return changes;
}

PyObject *group_draw(struct group *self, PyObject *surface)
{
    return draw(self, surface, false);
}

PyObject *group_draw_updates(struct group *self, PyObject *surface)
{
    return draw(self, surface, true);
}

/* ---- clear() -------------------------------------------------------------------------------- */

static bool clear_rect(PyObject *surface, PyObject *background, PyObject *rect)
{
    PyObject *result = PyCallable_Check(background)
                           ? PyObject_CallFunctionObjArgs(background, surface, rect, NULL)
                           : PyObject_CallMethod(surface, "blit", "OOO", background, rect, rect);
    Py_XDECREF(result);
    return result != NULL;
}

/* Where something was drawn since clear() or draw(): a list of Rects. */
static PyObject *drawn_rects(const struct group *self)
{
    PyObject *list = PyList_New(0);
    const struct member *member;
    bool done = list != NULL;
    size_t index = 0;

    for (size_t i = 0; done && i < self->lost_count; i++) {
        done = append_box(self, list, &self->lost[i]);
    }
    while (done && (member = group_next(self, &index)) != NULL) {
        if (member->was_drawn && member->drawn.w != 0 && member->drawn.h != 0) {
            done = append_box(self, list, &member->drawn);
        }
    }
    if (!done) {
        Py_CLEAR(list);
    }
    return list;
}

/* A window's frame begins empty: all of it is to be drawn, not only where sprites were. */
static PyObject *all_rects(PyObject *window)
{
    PyObject *rect = PyObject_CallMethod(window, "get_rect", NULL);
    PyObject *list = rect != NULL ? PyList_New(0) : NULL;
    if (list != NULL && PyList_Append(list, rect) < 0) {
        Py_CLEAR(list);
    }
    Py_XDECREF(rect);
    return list;
}

PyObject *group_clear_drawn(struct group *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"surface", "bgd", NULL};
    PyObject *surface, *background;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:clear", keywords, &surface, &background)) {
        return NULL;
    }
    PyObject *rects =
        Py_TYPE(surface) == self->state->window_type ? all_rects(surface) : drawn_rects(self);
    bool done = rects != NULL;
    for (Py_ssize_t i = 0; done && i < PyList_Size(rects); i++) {
        done = clear_rect(surface, background, PyList_GetItem(rects, i));
    }
    Py_XDECREF(rects);
    return done ? Py_NewRef(Py_None) : NULL;
}

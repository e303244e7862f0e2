/* Who is in which group, and in what order. */
#include "sprites.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEFT_AT_LEAST 32u /* members that have left are kept until there are so many */

bool group_check(const struct state *state, PyObject *object)
{
    return PyObject_TypeCheck(object, (PyTypeObject *)state->sprites[KEPT_ABSTRACT_GROUP]);
}

struct member *group_find(const struct group *self, const struct sprite *sprite)
{
    for (size_t i = 0; i < sprite->members_count; i++) {
        if (sprite->members[i]->group == self) {
            return sprite->members[i];
        }
    }
    return NULL;
}

struct member *group_next(const struct group *self, size_t *index)
{
    while (*index < self->members_count) {
        struct member *member = self->members[(*index)++];
        if (member->sprite != NULL) {
            return member;
        }
    }
    return NULL;
}

/* ---- Layers --------------------------------------------------------------------------------- */

#define LAYER_MOST 9007199254740992.0 /* 2 to the power of 53: beyond, doubles skip whole numbers */

bool layer_parse(PyObject *object, struct layer *layer)
{
    layer->fraction = PyFloat_Check(object) || !PyIndex_Check(object);
    layer->value = PyFloat_AsDouble(object);
    if (layer->value == -1 && PyErr_Occurred()) {
        if (PyErr_ExceptionMatches(PyExc_TypeError)) {
            PyErr_Clear();
            PyErr_Format(PyExc_TypeError, "a layer is a number, not %R", object);
        }
        return false;
    }
    if (!(fabs(layer->value) <= LAYER_MOST)) { /* not a number comes here too */
        PyErr_Format(PyExc_ValueError, "%R is no layer: they lie within 9007199254740992", object);
        return false;
    }
    return true;
}

PyObject *layer_object(const struct layer *layer)
{
    return layer->fraction ? PyFloat_FromDouble(layer->value)
                           : PyLong_FromLongLong((long long)layer->value);
}

/* The sprite's layer, or else the group's, which it then has as its own. */
static bool layer_of(const struct group *self, struct sprite *sprite, struct layer *layer)
{
    PyObject *object = PyObject_GetAttr((PyObject *)sprite, self->state->sprites[KEPT_NAME_LAYER]);
    if (object != NULL) {
        bool done = layer_parse(object, layer);
        Py_DECREF(object);
        return done;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError)) {
        return false;
    }
    PyErr_Clear();
    *layer = self->default_layer;
    object = layer_object(layer);
    bool done =
        object != NULL && PyObject_SetAttr((PyObject *)sprite,
                                           self->state->sprites[KEPT_NAME_OWN_LAYER], object) == 0;
    Py_XDECREF(object);
    return done;
}

/* A sprite that knows a layer learns the new one. */
static bool tell_layer(const struct group *self, struct sprite *sprite, const struct layer *layer)
{
    PyObject *name = self->state->sprites[KEPT_NAME_OWN_LAYER];
    if (!PyObject_HasAttr((PyObject *)sprite, name)) {
        return true;
    }
    PyObject *object = layer_object(layer);
    bool done = object != NULL && PyObject_SetAttr((PyObject *)sprite, name, object) == 0;
    Py_XDECREF(object);
    return done;
}

/* ---- Positions ------------------------------------------------------------------------------ */

/* Where the first one lies that comes after such a layer and order. */
static size_t position_after(const struct group *self, double layer, uint64_t order)
{
    size_t low = 0, high = self->members_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct member *member = self->members[middle];
        if (member->layer.value < layer ||
            (member->layer.value == layer && member->order <= order)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void put_in_order(struct group *self, struct member *member)
{
    member->order = ++self->orders;
    const size_t at = position_after(self, member->layer.value, member->order);
    memmove(&self->members[at + 1], &self->members[at],
            (self->members_count - at) * sizeof(*self->members));
    self->members[at] = member;
    self->members_count++;
}

static void take_out(struct group *self, const struct member *member)
{
    const size_t at = position_after(self, member->layer.value, member->order) - 1;
    self->members_count--;
    memmove(&self->members[at], &self->members[at + 1],
            (self->members_count - at) * sizeof(*self->members));
}

/* Once most members have left. */
static void forget_left(struct group *self)
{
    const size_t left = self->members_count - self->count;
    size_t kept = 0;

    if (left < LEFT_AT_LEAST || left < self->count) {
        return;
    }
    for (size_t i = 0; i < self->members_count; i++) {
        if (self->members[i]->sprite == NULL) {
            free(self->members[i]);
        } else {
            self->members[kept++] = self->members[i];
        }
    }
    self->members_count = kept;
}

/* ---- Coming and going ----------------------------------------------------------------------- */

/* Room for one more pointer. */
static bool grow(struct member ***members, size_t count, size_t *capacity)
{
    if (count < *capacity) {
        return true;
    }
    const size_t more = *capacity == 0 ? 2 : *capacity * 2;
    struct member **room = realloc(*members, more * sizeof(*room));
    if (room == NULL) {
        PyErr_NoMemory();
        return false;
    }
    *members = room;
    *capacity = more;
    return true;
}

static bool join(struct group *self, struct sprite *sprite, const struct layer *layer)
{
    struct member *member = calloc(1, sizeof(*member));
    if (member == NULL || !grow(&self->members, self->members_count, &self->members_capacity) ||
        !grow(&sprite->members, sprite->members_count, &sprite->members_capacity)) {
        free(member);
        PyErr_NoMemory();
        return false;
    }
    member->sprite = (struct sprite *)Py_NewRef((PyObject *)sprite);
    member->group = (struct group *)Py_NewRef((PyObject *)self);
    member->layer = *layer;
    put_in_order(self, member);
    self->count++;
    sprite->members[sprite->members_count++] = member;
    return true;
}

bool group_add(struct group *self, struct sprite *sprite, const struct layer *layer)
{
    struct layer own = {0};

    if (group_find(self, sprite) != NULL) {
        return true;
    }
    if (self->kind == GROUP_LAYERED) {
        if (layer != NULL ? !tell_layer(self, sprite, layer) : !layer_of(self, sprite, &own)) {
            return false;
        }
        if (group_find(self, sprite) != NULL) { /* code that ran has added it */
            return true;
        }
    }
    while (self->kind == GROUP_SINGLE && self->count > 0) {
        size_t index = 0;
        if (!group_remove(self, group_next(self, &index)->sprite)) {
            return false;
        }
    }
    return join(self, sprite, layer != NULL ? layer : &own);
}

static bool lose(struct group *self, const struct box *box)
{
    if (self->lost_count == self->lost_capacity) {
        const size_t more = self->lost_capacity == 0 ? 8 : self->lost_capacity * 2;
        struct box *lost = realloc(self->lost, more * sizeof(*lost));
        if (lost == NULL) {
            PyErr_NoMemory();
            return false;
        }
        self->lost = lost;
        self->lost_capacity = more;
    }
    self->lost[self->lost_count++] = *box;
    return true;
}

/* Where a sprite is now, if it is anywhere. */
static bool rect_now(const struct group *self, struct sprite *sprite, struct box *box, bool *has)
{
    struct look look = {.state = self->state};
    *has = look_box(&look, (PyObject *)sprite, box);
    look_end(&look);
    if (*has) {
        return true;
    }
    if (!PyErr_ExceptionMatches(PyExc_AttributeError) && !PyErr_ExceptionMatches(PyExc_TypeError)) {
        return false;
    }
    PyErr_Clear();
    return true;
}

/* Notes which places are to be drawn anew without the sprite. */
static bool note_lost(struct group *self, struct sprite *sprite)
{
    struct box now;
    bool has = false;

    if (!self->ever_drawn) {
        return true;
    }
    if (self->kind == GROUP_LAYERED && !rect_now(self, sprite, &now, &has)) {
        return false;
    }
    const struct member *member = group_find(self, sprite);
    if (member == NULL) {
        return true;
    }
    const struct box *drawn = &member->drawn;
    const bool empty = drawn->w == 0 || drawn->h == 0;
    return (!member->was_drawn || (empty && self->kind != GROUP_LAYERED) || lose(self, drawn)) &&
           (!has || lose(self, &now));
}

/* Ends a membership. Gives up the references, which may run code: last, then. */
static void leave(struct member *member)
{
    struct sprite *sprite = member->sprite;
    struct group *group = member->group;
    size_t at = 0;

    while (sprite->members[at] != member) {
        at++;
    }
    sprite->members_count--;
    memmove(&sprite->members[at], &sprite->members[at + 1],
            (sprite->members_count - at) * sizeof(struct member *));
    member->sprite = NULL;
    member->group = NULL;
    group->count--;
    forget_left(group); /* and with it perhaps the member */
    Py_DECREF((PyObject *)sprite);
    Py_DECREF((PyObject *)group);
}

bool group_remove(struct group *self, struct sprite *sprite)
{
    if (group_find(self, sprite) == NULL) {
        return true;
    }
    Py_INCREF((PyObject *)sprite);
    const bool done = note_lost(self, sprite);
    struct member *member = group_find(self, sprite); /* code that ran may have removed it */
    if (done && member != NULL) {
        leave(member);
    }
    Py_DECREF((PyObject *)sprite);
    return done;
}

void group_free(struct group *self)
{
    struct member *member;
    size_t index = 0;

    while ((member = group_next(self, &index)) != NULL) {
        const size_t length = self->members_count;
        leave(member);
        index = self->members_count == length ? index : 0; /* they may have moved together */
    }
    for (size_t i = 0; i < self->members_count; i++) {
        free(self->members[i]);
    }
    free(self->members);
    free(self->lost);
    self->members = NULL;
    self->lost = NULL;
    self->members_count = self->members_capacity = self->lost_count = self->lost_capacity = 0;
}

bool group_set_layer(struct group *self, struct sprite *sprite, const struct layer *layer)
{
    struct member *member = group_find(self, sprite);
    if (member == NULL) {
        PyErr_Format(PyExc_ValueError, "%R is not in %R", (PyObject *)sprite, (PyObject *)self);
        return false;
    }
    take_out(self, member);
    member->layer = *layer;
    put_in_order(self, member);
    return tell_layer(self, sprite, layer);
}

/* ---- Lists ---------------------------------------------------------------------------------- */

PyObject *group_own_list(struct group *self)
{
    for (;;) {
        const size_t count = self->count;
        PyObject *list = PyList_New((Py_ssize_t)count);
        if (list == NULL || count == self->count) { /* making it may have run code */
            const struct member *member;
            size_t index = 0;
            for (Py_ssize_t i = 0; list != NULL && (member = group_next(self, &index)) != NULL;
                 i++) {
                PyList_SetItem(list, i, Py_NewRef((PyObject *)member->sprite));
            }
            return list;
        }
        Py_DECREF(list);
    }
}

/* Whether the class has a sprites() of its own. */
static int has_own_sprites(const struct group *self)
{
    PyObject **kept = self->state->sprites;
    PyObject *method =
        PyObject_GetAttr((PyObject *)Py_TYPE((PyObject *)self), kept[KEPT_NAME_SPRITES]);
    if (method == NULL) {
        return -1;
    }
    Py_DECREF(method);
    return method != kept[KEPT_GROUP_SPRITES];
}

PyObject *group_list(struct group *self)
{
    const int own = has_own_sprites(self);
    if (own <= 0) {
        return own < 0 ? NULL : group_own_list(self);
    }
    PyObject *sprites =
        PyObject_CallMethodObjArgs((PyObject *)self, self->state->sprites[KEPT_NAME_SPRITES], NULL);
    PyObject *list = sprites != NULL ? PySequence_List(sprites) : NULL;
    Py_XDECREF(sprites);
    return list;
}

Py_ssize_t group_size(struct group *self)
{
    const int own = has_own_sprites(self);
    if (own <= 0) {
        return own < 0 ? -1 : (Py_ssize_t)self->count;
    }
    PyObject *list = group_list(self);
    Py_ssize_t size = list != NULL ? PyList_Size(list) : -1;
    Py_XDECREF(list);
    return size;
}

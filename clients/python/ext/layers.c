/* LayeredUpdates: a group whose sprites lie in layers. */
#include "sprites.h"

static bool add_one(void *group, PyObject *sprite, void *layer)
{
    return group_add(group, (struct sprite *)sprite, layer);
}

/* layer: NULL or None for the sprites' own. */
static bool add_all(struct group *self, PyObject *sprites, PyObject *layer)
{
    struct layer parsed;
    const bool own = layer == NULL || layer == Py_None;
    return (own || layer_parse(layer, &parsed)) &&
           sprites_each(self->state, KEPT_SPRITE, "add()", sprites, add_one, self,
                        own ? NULL : &parsed);
}

/* Keywords only, of which the second may be left out: *sprites takes what has no keyword. */
static bool parse_keywords(PyObject *kwargs, const char *format, char **keywords, PyObject **first,
                           PyObject **second)
{
    PyObject *none = PyTuple_New(0);
    bool done =
        none != NULL && PyArg_ParseTupleAndKeywords(none, kwargs, format, keywords, first, second);
    Py_XDECREF(none);
    return done;
}

int layered_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"default_layer", "layer", NULL};
    struct group *self = (struct group *)object;
    PyObject *default_layer = NULL, *layer = NULL;
    return parse_keywords(kwargs, "|$OO:LayeredUpdates", keywords, &default_layer, &layer) &&
                   (default_layer == NULL || layer_parse(default_layer, &self->default_layer)) &&
                   add_all(self, args, layer)
               ? 0
               : -1;
}

static PyObject *layered_add(struct group *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"layer", NULL};
    PyObject *layer = NULL;
    if (!parse_keywords(kwargs, "|$O:add", keywords, &layer, NULL) || !add_all(self, args, layer)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static bool parse_sprite(const struct group *self, PyObject *object, struct sprite **sprite)
{
    if (!sprite_check(self->state, object)) {
        PyErr_Format(PyExc_TypeError, "a Sprite is needed, not %R", object);
        return false;
    }
    *sprite = (struct sprite *)object;
    return true;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

/* Called with each member in order; whether its sprite is meant. */
typedef bool member_filter(const struct member *member, const void *context);

/* Members' sprites that are meant. No code runs before all are collected but the list's growing,
 * which makes no objects. */
static PyObject *filtered(const struct group *self, member_filter *meant, const void *context)
{
    PyObject *list = PyList_New(0);
    const struct member *member;
    size_t index = 0;
    while (list != NULL && (member = group_next(self, &index)) != NULL) {
        if (meant(member, context) && PyList_Append(list, (PyObject *)member->sprite) < 0) {
            Py_CLEAR(list);
        }
    }
    return list;
}

static bool is_of_layer(const struct member *member, const void *layer)
{
    return member->layer.value == ((const struct layer *)layer)->value;
}

static PyObject *get_sprites_from_layer(struct group *self, PyObject *object)
{
    struct layer layer;
    return layer_parse(object, &layer) ? filtered(self, is_of_layer, &layer) : NULL;
}

static PyObject *get_sprites_at(struct group *self, PyObject *pos)
{
    struct look look = {.state = self->state};
    struct box at = {.w = 1, .h = 1}, box;
    if (!number_parse_pair(pos, "pos", &at.x, &at.y)) {
        return NULL;
    }
    PyObject *all = group_own_list(self), *found = PyList_New(0);
    bool done = all != NULL && found != NULL;
    for (Py_ssize_t i = 0; done && i < PyList_Size(all); i++) {
        PyObject *sprite = PyList_GetItem(all, i);
        done = look_box(&look, sprite, &box) &&
               (!rect_boxes_collide(at, box) || PyList_Append(found, sprite) == 0);
    }
    look_end(&look);
    Py_XDECREF(all);
    if (!done) {
        Py_CLEAR(found);
    }
    return found;
}

static PyObject *layers(struct group *self, PyObject *unused)
{
    (void)unused;
    PyObject *list = PyList_New(0), *number;
    const struct member *member, *before = NULL;
    size_t index = 0;
    while (list != NULL && (member = group_next(self, &index)) != NULL) {
        if (before != NULL && is_of_layer(member, &before->layer)) {
            continue;
        }
        before = member;
        number = layer_object(&member->layer);
        if (number == NULL || PyList_Append(list, number) < 0) {
            Py_CLEAR(list);
        }
        Py_XDECREF(number);
    }
    return list;
}

/* ---- One of them ---------------------------------------------------------------------------- */

/* The first or the last; NULL with an exception if there is none. */
static struct member *outermost(const struct group *self, bool last)
{
    struct member *member;
    size_t index = 0;
    if (last) {
        for (size_t i = self->members_count; i > 0; i--) {
            if (self->members[i - 1]->sprite != NULL) {
                return self->members[i - 1];
            }
        }
    } else if ((member = group_next(self, &index)) != NULL) {
        return member;
    }
    PyErr_SetString(PyExc_IndexError, "there is no sprite in the group");
    return NULL;
}

static PyObject *get_top_layer(struct group *self, PyObject *unused)
{
    (void)unused;
    const struct member *member = outermost(self, true);
    return member != NULL ? layer_object(&member->layer) : NULL;
}

static PyObject *get_bottom_layer(struct group *self, PyObject *unused)
{
    (void)unused;
    const struct member *member = outermost(self, false);
    return member != NULL ? layer_object(&member->layer) : NULL;
}

static PyObject *get_top_sprite(struct group *self, PyObject *unused)
{
    (void)unused;
    const struct member *member = outermost(self, true);
    return member != NULL ? Py_NewRef((PyObject *)member->sprite) : NULL;
}

static PyObject *get_sprite(struct group *self, PyObject *index)
{
    PyObject *list = group_own_list(self);
    PyObject *sprite = list != NULL ? PyObject_GetItem(list, index) : NULL;
    Py_XDECREF(list);
    return sprite;
}

static PyObject *get_layer_of_sprite(struct group *self, PyObject *object)
{
    struct sprite *sprite;
    if (!parse_sprite(self, object, &sprite)) {
        return NULL;
    }
    const struct member *member = group_find(self, sprite);
    return layer_object(member != NULL ? &member->layer : &self->default_layer);
}

/* ---- Changes -------------------------------------------------------------------------------- */

static PyObject *set_layer(struct group *self, PyObject *object, const struct layer *layer)
{
    struct sprite *sprite;
    if (!parse_sprite(self, object, &sprite) || !group_set_layer(self, sprite, layer)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *change_layer(struct group *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"sprite", "new_layer", NULL};
    PyObject *sprite, *new_layer;
    struct layer layer;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:change_layer", keywords, &sprite,
                                     &new_layer) ||
        !layer_parse(new_layer, &layer)) {
        return NULL;
    }
    return set_layer(self, sprite, &layer);
}

static PyObject *move_to_front(struct group *self, PyObject *sprite)
{
    const struct member *member = outermost(self, true);
    if (member == NULL) {
        return NULL;
    }
    const struct layer layer = member->layer;
    return set_layer(self, sprite, &layer);
}

static PyObject *move_to_back(struct group *self, PyObject *sprite)
{
    const struct member *member = outermost(self, false);
    if (member == NULL) {
        return NULL;
    }
    const struct layer layer = {member->layer.value - 1, member->layer.fraction};
    return set_layer(self, sprite, &layer);
}

static bool remove_list(struct group *self, PyObject *list)
{
    bool done = true;
    for (Py_ssize_t i = 0; done && i < PyList_Size(list); i++) {
        done = group_remove(self, (struct sprite *)PyList_GetItem(list, i));
    }
    return done;
}

static PyObject *remove_sprites_of_layer(struct group *self, PyObject *layer)
{
    PyObject *list = get_sprites_from_layer(self, layer);
    if (list != NULL && !remove_list(self, list)) {
        Py_CLEAR(list);
    }
    return list;
}

/* As pygame does it: those of the first leave and come again. */
static PyObject *switch_layer(struct group *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"layer1_nr", "layer2_nr", NULL};
    PyObject *object1, *object2;
    struct layer layer1, layer2;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:switch_layer", keywords, &object1,
                                     &object2) ||
        !layer_parse(object1, &layer1) || !layer_parse(object2, &layer2)) {
        return NULL;
    }
    PyObject *first = remove_sprites_of_layer(self, object1);
    PyObject *second = first != NULL ? get_sprites_from_layer(self, object2) : NULL;
    bool done = second != NULL;
    for (Py_ssize_t i = 0; done && i < PyList_Size(second); i++) {
        done = group_set_layer(self, (struct sprite *)PyList_GetItem(second, i), &layer1);
    }
    for (Py_ssize_t i = 0; done && i < PyList_Size(first); i++) {
        done = group_add(self, (struct sprite *)PyList_GetItem(first, i), &layer2);
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return done ? Py_NewRef(Py_None) : NULL;
}

PyMethodDef layered_methods[] = {
    METHOD("add", layered_add, METH_VARARGS | METH_KEYWORDS,
           "add($self, /, *sprites, layer=None)\n--\n\nTakes sprites in, into a layer."),
    METHOD("draw", group_draw_updates, METH_O,
           "draw($self, surface, /)\n--\n\nDraws every sprite; returns what has changed."),
    METHOD("get_sprites_at", get_sprites_at, METH_O,
           "get_sprites_at($self, pos, /)\n--\n\nThe sprites at a point, the topmost last."),
    METHOD("get_sprite", get_sprite, METH_O,
           "get_sprite($self, idx, /)\n--\n\nThe sprite at an index, 0 is the lowest."),
    METHOD("remove_sprites_of_layer", remove_sprites_of_layer, METH_O,
           "remove_sprites_of_layer($self, layer_nr, /)\n--\n\nLets a layer's sprites go."),
    METHOD("layers", layers, METH_NOARGS,
           "layers($self, /)\n--\n\nThe layers that there are, the lowest first."),
    METHOD("change_layer", change_layer, METH_VARARGS | METH_KEYWORDS,
           "change_layer($self, sprite, new_layer)\n--\n\nMoves a sprite to another layer."),
    METHOD("get_layer_of_sprite", get_layer_of_sprite, METH_O,
           "get_layer_of_sprite($self, sprite, /)\n--\n\nThe layer that it is in."),
    METHOD("get_top_layer", get_top_layer, METH_NOARGS,
           "get_top_layer($self, /)\n--\n\nThe topmost layer."),
    METHOD("get_bottom_layer", get_bottom_layer, METH_NOARGS,
           "get_bottom_layer($self, /)\n--\n\nThe lowest layer."),
    METHOD("move_to_front", move_to_front, METH_O,
           "move_to_front($self, sprite, /)\n--\n\nTo the end of the topmost layer."),
    METHOD("move_to_back", move_to_back, METH_O,
           "move_to_back($self, sprite, /)\n--\n\nInto a new layer below all."),
    METHOD("get_top_sprite", get_top_sprite, METH_NOARGS,
           "get_top_sprite($self, /)\n--\n\nThe topmost sprite."),
    METHOD("get_sprites_from_layer", get_sprites_from_layer, METH_O,
           "get_sprites_from_layer($self, layer, /)\n--\n\nA layer's sprites."),
    METHOD("switch_layer", switch_layer, METH_VARARGS | METH_KEYWORDS,
           "switch_layer($self, layer1_nr, layer2_nr)\n--\n\nExchanges two layers' sprites."),
    {0},
};

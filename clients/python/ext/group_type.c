/* AbstractGroup, Group, RenderUpdates, OrderedUpdates, LayeredUpdates and GroupSingle: the types,
 * and the methods that all of them have. */
#include "sprites.h"

/* ---- Adding and removing -------------------------------------------------------------------- */

static bool add_one(void *group, PyObject *sprite, void *unused)
{
    (void)unused;
    return group_add(group, (struct sprite *)sprite, NULL);
}

static bool remove_one(void *group, PyObject *sprite, void *unused)
{
    (void)unused;
    return group_remove(group, (struct sprite *)sprite);
}

static PyObject *add(struct group *self, PyObject *sprites)
{
    if (!sprites_each(self->state, KEPT_SPRITE, "add()", sprites, add_one, self, NULL)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *remove_(struct group *self, PyObject *sprites)
{
    if (!sprites_each(self->state, KEPT_SPRITE, "remove()", sprites, remove_one, self, NULL)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *empty(struct group *self, PyObject *unused)
{
    (void)unused;
    PyObject *list = group_list(self);
    PyObject *args = list != NULL ? PyTuple_Pack(1, list) : NULL;
    PyObject *result = args != NULL ? remove_(self, args) : NULL;
    Py_XDECREF(args);
    Py_XDECREF(list);
    return result;
}

/* ---- Asking --------------------------------------------------------------------------------- */

/* objects: sprites and iterables of such; without any sprite the answer is no, as pygame's is. */
static bool has_all(const struct group *self, PyObject *objects, bool *all)
{
    *all = PyTuple_Size(objects) > 0;
    if (Py_EnterRecursiveCall(" in has()") != 0) {
        return false;
    }
    bool done = true;
    for (Py_ssize_t i = 0; done && *all && i < PyTuple_Size(objects); i++) {
        PyObject *object = PyTuple_GetItem(objects, i);
        if (sprite_check(self->state, object)) {
            *all = group_find(self, (struct sprite *)object) != NULL;
            continue;
        }
        PyObject *more = PyUnicode_Check(object) ? NULL : PySequence_Tuple(object);
        if (more == NULL) {
            done = !PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_TypeError);
            if (done) {
                PyErr_Clear();
            }
            *all = false;
        } else {
            done = has_all(self, more, all);
            Py_DECREF(more);
        }
    }
    Py_LeaveRecursiveCall();
    return done;
}

static PyObject *has(struct group *self, PyObject *sprites)
{
    bool all;
    return has_all(self, sprites, &all) ? PyBool_FromLong(all) : NULL;
}

static int contains(PyObject *object, PyObject *sprite)
{
    struct group *self = (struct group *)object;
    if (self->kind == GROUP_SINGLE || sprite_check(self->state, sprite)) {
        return sprite_check(self->state, sprite) &&
               group_find(self, (struct sprite *)sprite) != NULL;
    }
    PyObject *args = PyTuple_Pack(1, sprite);
    bool all = false;
    bool done = args != NULL && has_all(self, args, &all);
    Py_XDECREF(args);
    return done ? all : -1;
}

static PyObject *sprites(struct group *self, PyObject *unused)
{
    (void)unused;
    return group_own_list(self);
}

static PyObject *iterate(PyObject *self)
{
    PyObject *list = group_list((struct group *)self);
    PyObject *iterator = list != NULL ? PyObject_GetIter(list) : NULL;
    Py_XDECREF(list);
    return iterator;
}

static Py_ssize_t length(PyObject *self)
{
    return group_size((struct group *)self);
}

static int truth(PyObject *self)
{
    const Py_ssize_t size = group_size((struct group *)self);
    return size < 0 ? -1 : size > 0;
}

static PyObject *repr(PyObject *self)
{
    const Py_ssize_t size = group_size((struct group *)self);
    PyObject *name = size >= 0 ? PyType_GetName(Py_TYPE(self)) : NULL;
    PyObject *result = name != NULL ? PyUnicode_FromFormat("<%U(%zd sprites)>", name, size) : NULL;
    Py_XDECREF(name);
    return result;
}

static PyObject *copy(struct group *self, PyObject *unused)
{
    (void)unused;
    PyObject *list = group_list(self);
    if (list == NULL) {
        return NULL;
    }
    PyObject *argument = list;
    if (self->kind == GROUP_SINGLE) {
        argument = PyList_Size(list) > 0 ? PyList_GetItem(list, 0) : Py_None;
    }
    PyObject *result =
        PyObject_CallFunctionObjArgs((PyObject *)Py_TYPE((PyObject *)self), argument, NULL);
    Py_DECREF(list);
    return result;
}

/* sprite.update(*args, **kwargs); without arguments no bound method is made for it. */
static PyObject *update_one(PyObject *sprite, PyObject *name, PyObject *args, PyObject *kwargs)
{
    if (kwargs == NULL && PyTuple_Size(args) == 0) {
        return PyObject_CallMethodObjArgs(sprite, name, NULL);
    }
    PyObject *method = PyObject_GetAttr(sprite, name);
    PyObject *result = method != NULL ? PyObject_Call(method, args, kwargs) : NULL;
    Py_XDECREF(method);
    return result;
}

static PyObject *update(struct group *self, PyObject *args, PyObject *kwargs)
{
    PyObject *list = group_list(self);
    bool done = list != NULL;

    for (Py_ssize_t i = 0; done && i < PyList_Size(list); i++) {
        PyObject *result = update_one(PyList_GetItem(list, i),
                                      self->state->sprites[KEPT_NAME_UPDATE], args, kwargs);
        done = result != NULL;
        Py_XDECREF(result);
    }
    Py_XDECREF(list);
    return done ? Py_NewRef(Py_None) : NULL;
}

/* ---- GroupSingle ---------------------------------------------------------------------------- */

static PyObject *single_get(PyObject *object, void *closure)
{
    (void)closure;
    size_t index = 0;
    const struct member *member = group_next((struct group *)object, &index);
    return Py_NewRef(member != NULL ? (PyObject *)member->sprite : Py_None);
}

/* Also for the sprite that it has: that comes anew. */
static int single_set(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    struct group *self = (struct group *)object;
    if (value != NULL && value != Py_None && !sprite_check(self->state, value)) {
        PyErr_Format(PyExc_TypeError, "sprite must be a Sprite or None, not %R", value);
        return -1;
    }
    PyObject *before = single_get(object, NULL);
    bool done = before == Py_None || group_remove(self, (struct sprite *)before);
    Py_DECREF(before);
    if (done && value != NULL && value != Py_None) {
        done = group_add(self, (struct sprite *)value, NULL);
    }
    return done ? 0 : -1;
}

static int single_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"sprite", NULL};
    PyObject *sprite = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:GroupSingle", keywords, &sprite)) {
        return -1;
    }
    return sprite == Py_None ? 0 : single_set(object, sprite, NULL);
}

/* ---- The types ------------------------------------------------------------------------------ */

static enum group_kind kind_of(const struct state *state, PyTypeObject *type)
{
    PyObject *const *kept = state->sprites;
    if (PyType_IsSubtype(type, (PyTypeObject *)kept[KEPT_LAYERED_UPDATES])) {
        return GROUP_LAYERED;
    }
    return PyType_IsSubtype(type, (PyTypeObject *)kept[KEPT_GROUP_SINGLE]) ? GROUP_SINGLE
                                                                           : GROUP_PLAIN;
}

static void group_dealloc(PyObject *object);

static PyObject *group_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    struct state *state = sprites_state(type, group_dealloc);
    struct group *self = state == NULL ? NULL : object_new(type);
    if (self != NULL) {
        self->state = state;
        self->kind = kind_of(state, type);
    }
    return (PyObject *)self;
}

static int group_tp_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct group *self = (struct group *)object;
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "a group takes sprites, and no keyword arguments");
        return -1;
    }
    return sprites_each(self->state, KEPT_SPRITE, "a group", args, add_one, self, NULL) ? 0 : -1;
}

static int group_traverse(PyObject *object, visitproc visit, void *arg)
{
    struct group *self = (struct group *)object;
    const struct member *member;
    size_t index = 0;

    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->dict);
    while ((member = group_next(self, &index)) != NULL) {
        Py_VISIT((PyObject *)member->sprite);
    }
    return 0;
}

static int group_clear(PyObject *object)
{
    Py_CLEAR(((struct group *)object)->dict);
    group_free((struct group *)object);
    return 0;
}

static void group_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    if (((struct group *)object)->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    group_clear(object); /* nobody has it: nobody is in it */
    object_free(object);
}

static PyMethodDef group_methods[] = {
    METHOD("add", add, METH_VARARGS,
           "add($self, /, *sprites)\n--\n\nTakes sprites, and iterables of sprites, in."),
    METHOD("remove", remove_, METH_VARARGS,
           "remove($self, /, *sprites)\n--\n\nLets sprites, and iterables of sprites, go."),
    METHOD("has", has, METH_VARARGS,
           "has($self, /, *sprites)\n--\n\nWhether all of them are in it."),
    METHOD("sprites", sprites, METH_NOARGS, "sprites($self, /)\n--\n\nA list of its sprites."),
    METHOD("empty", empty, METH_NOARGS, "empty($self, /)\n--\n\nLets all sprites go."),
    METHOD("copy", copy, METH_NOARGS,
           "copy($self, /)\n--\n\nA group of the same class with the same sprites."),
    METHOD("update", update, METH_VARARGS | METH_KEYWORDS,
           "update($self, /, *args, **kwargs)\n--\n\nCalls every sprite's update()."),
    METHOD("draw", group_draw, METH_O,
           "draw($self, surface, /)\n--\n\nDraws every sprite's image at its rect."),
    METHOD("clear", group_clear_drawn, METH_VARARGS | METH_KEYWORDS,
           "clear($self, surface, bgd)\n--\n\nDraws the background where sprites were drawn."),
    {0},
};

static PyGetSetDef group_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {0},
};

static PyMemberDef group_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct group, weakrefs), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(struct group, dict), READONLY, NULL},
    {0},
};

/* What a type that has them in its base must have all the same. */
#define GROUP_MEMORY                                              \
    {Py_tp_traverse, group_traverse}, {Py_tp_clear, group_clear}, \
    {                                                             \
        Py_tp_dealloc, group_dealloc                              \
    }

static PyType_Slot abstract_group_slots[] = {
    {Py_tp_doc, "AbstractGroup(*sprites)\n--\n\nWhat all groups are."},
    {Py_tp_new, group_tp_new},
    {Py_tp_init, group_tp_init},
    GROUP_MEMORY,
    {Py_tp_repr, repr},
    {Py_tp_iter, iterate},
    {Py_nb_bool, truth},
    {Py_sq_length, length},
    {Py_sq_contains, contains},
    {Py_tp_methods, group_methods},
    {Py_tp_getset, group_getset},
    {Py_tp_members, group_members},
    {0},
};

#define GROUP_SPEC(name_, slots_)                                                                \
    {                                                                                            \
        .name = "kmsblit." name_, .basicsize = sizeof(struct group),                             \
        .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE, .slots = slots_, \
    }

static PyType_Slot group_slots[] = {
    {Py_tp_doc, "Group(*sprites)\n--\n\nSprites that are updated and drawn together."},
    GROUP_MEMORY,
    {0},
};

static PyMethodDef updates_methods[] = {
    METHOD("draw", group_draw_updates, METH_O,
           "draw($self, surface, /)\n--\n\nDraws every sprite; returns what has changed."),
    {0},
};

static PyType_Slot render_updates_slots[] = {
    {Py_tp_doc, "RenderUpdates(*sprites)\n--\n\nA group that knows what draw() has changed."},
    {Py_tp_methods, updates_methods},
    GROUP_MEMORY,
    {0},
};

static PyType_Slot ordered_updates_slots[] = {
    {Py_tp_doc, "OrderedUpdates(*sprites)\n--\n\nAll groups keep the order; this one says so."},
    GROUP_MEMORY,
    {0},
};

static PyType_Slot layered_updates_slots[] = {
    {Py_tp_doc, "LayeredUpdates(*sprites, default_layer=0, layer=None)\n--\n\n"
                "A group whose sprites lie in layers."},
    {Py_tp_init, layered_init},
    {Py_tp_methods, layered_methods},
    GROUP_MEMORY,
    {0},
};

static PyGetSetDef single_getset[] = {
    {"sprite", single_get, single_set, "The sprite, or None.", NULL},
    {0},
};

static PyType_Slot group_single_slots[] = {
    {Py_tp_doc, "GroupSingle(sprite=None)\n--\n\nA group of at most one sprite, the last added."},
    {Py_tp_init, single_init},
    {Py_tp_getset, single_getset},
    GROUP_MEMORY,
    {0},
};

PyType_Spec abstract_group_spec = GROUP_SPEC("AbstractGroup", abstract_group_slots);
PyType_Spec group_spec = GROUP_SPEC("Group", group_slots);
PyType_Spec render_updates_spec = GROUP_SPEC("RenderUpdates", render_updates_slots);
PyType_Spec ordered_updates_spec = GROUP_SPEC("OrderedUpdates", ordered_updates_slots);
PyType_Spec layered_updates_spec = GROUP_SPEC("LayeredUpdates", layered_updates_slots);
PyType_Spec group_single_spec = GROUP_SPEC("GroupSingle", group_single_slots);

/* Sprite, and what there is to know about the attributes of sprites' classes. */
#include "sprites.h"

#include <stdlib.h>

bool sprite_check(const struct state *state, PyObject *object)
{
    return PyObject_TypeCheck(object, (PyTypeObject *)state->sprites[KEPT_SPRITE]);
}

struct state *sprites_state(PyTypeObject *type, destructor own)
{
    while ((destructor)PyType_GetSlot(type, Py_tp_dealloc) != own) {
        type = PyType_GetSlot(type, Py_tp_base);
    }
    return state_of_type(type);
}

bool sprites_each(const struct state *state, enum sprites_kept type, const char *method,
                  PyObject *objects, each_function *function, void *self, void *context)
{
    bool done = Py_EnterRecursiveCall(" in a group's or sprite's method") == 0;
    if (!done) {
        return false;
    }
    for (Py_ssize_t i = 0; done && i < PyTuple_Size(objects); i++) {
        PyObject *object = PyTuple_GetItem(objects, i);
        if (PyObject_TypeCheck(object, (PyTypeObject *)state->sprites[type])) {
            done = function(self, object, context);
            continue;
        }
        PyObject *more =
            PyUnicode_Check(object) || PyBytes_Check(object) ? NULL : PySequence_Tuple(object);
        done = more != NULL && sprites_each(state, type, method, more, function, self, context);
        if (more == NULL && (!PyErr_Occurred() || PyErr_ExceptionMatches(PyExc_TypeError))) {
            PyErr_Clear();
            PyErr_Format(PyExc_TypeError, "%s takes %s, and iterables of them, not %R", method,
                         type == KEPT_SPRITE ? "Sprites" : "Groups", object);
        }
        Py_XDECREF(more);
    }
    Py_LeaveRecursiveCall();
    return done;
}

/* ---- Attributes ----------------------------------------------------------------------------- */

static bool is_kept(const struct look *look, PyTypeObject *type, enum sprites_kept name,
                    enum sprites_kept own)
{
    PyObject *found = PyObject_GetAttr((PyObject *)type, look->state->sprites[name]);
    if (found == NULL) {
        PyErr_Clear();
        return false;
    }
    Py_DECREF(found);
    return found == look->state->sprites[own];
}

/* Where Sprite's own attributes are meant, no code of the program's runs to read them. */
static const struct look_class *look_at(struct look *look, PyObject *sprite)
{
    PyTypeObject *type = Py_TYPE(sprite);
    for (unsigned i = 0; i < LOOK_CLASSES; i++) {
        if (look->classes[i].type == type) {
            return &look->classes[i];
        }
    }
    struct look_class *class = &look->classes[look->next++ % LOOK_CLASSES];
    Py_XDECREF((PyObject *)class->type);
    class->type = (PyTypeObject *)Py_NewRef((PyObject *)type);
    const bool plain =
        sprite_check(look->state, sprite) &&
        (getattrofunc)PyType_GetSlot(type, Py_tp_getattro) == PyObject_GenericGetAttr;
    class->image = plain && is_kept(look, type, KEPT_NAME_IMAGE, KEPT_SPRITE_IMAGE);
    class->rect = plain && is_kept(look, type, KEPT_NAME_RECT, KEPT_SPRITE_RECT);
    return class;
}

void look_end(struct look *look)
{
    for (unsigned i = 0; i < LOOK_CLASSES; i++) {
        Py_CLEAR(look->classes[i].type);
    }
}

/* A class may change while code runs. */
static PyObject *look_up(struct look *look, PyObject *sprite, enum sprites_kept name)
{
    PyObject *value = PyObject_GetAttr(sprite, look->state->sprites[name]);
    look_end(look);
    return value;
}

PyObject *look_image(struct look *look, PyObject *sprite)
{
    if (look_at(look, sprite)->image && ((struct sprite *)sprite)->image != NULL) {
        return Py_NewRef(((struct sprite *)sprite)->image);
    }
    return look_up(look, sprite, KEPT_NAME_IMAGE);
}

PyObject *look_rect(struct look *look, PyObject *sprite)
{
    if (look_at(look, sprite)->rect && ((struct sprite *)sprite)->rect != NULL) {
        return Py_NewRef(((struct sprite *)sprite)->rect);
    }
    return look_up(look, sprite, KEPT_NAME_RECT);
}

bool look_box(struct look *look, PyObject *sprite, struct box *box)
{
    if (look_at(look, sprite)->rect) {
        const struct rect *own = (const struct rect *)((struct sprite *)sprite)->rect;
        if (own != NULL && Py_TYPE((PyObject *)own) == look->state->rect_type) { /* quickly */
            *box = (struct box){own->x, own->y, own->w, own->h};
            return true;
        }
    }
    PyObject *rect = look_rect(look, sprite);
    bool done =
        rect != NULL && number_parse_box((struct state *)look->state, rect, "a sprite's rect", box);
    Py_XDECREF(rect);
    return done;
}

/* ---- Groups --------------------------------------------------------------------------------- */

static bool add_to(void *sprite, PyObject *group, void *unused)
{
    (void)unused;
    return group_add((struct group *)group, sprite, NULL);
}

static bool remove_from(void *sprite, PyObject *group, void *unused)
{
    (void)unused;
    return group_remove((struct group *)group, sprite);
}

static PyObject *sprite_add(struct sprite *self, PyObject *groups)
{
    if (!sprites_each(self->state, KEPT_ABSTRACT_GROUP, "add()", groups, add_to, self, NULL)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *sprite_remove(struct sprite *self, PyObject *groups)
{
    if (!sprites_each(self->state, KEPT_ABSTRACT_GROUP, "remove()", groups, remove_from, self,
                      NULL)) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *sprite_groups(struct sprite *self, PyObject *unused)
{
    (void)unused;
    PyObject *list;
    size_t count;

    do { /* making the list may run code */
        count = self->members_count;
        if ((list = PyList_New((Py_ssize_t)count)) == NULL) {
            return NULL;
        }
        for (size_t i = 0; i < count && count == self->members_count; i++) {
            PyList_SetItem(list, (Py_ssize_t)i, Py_NewRef((PyObject *)self->members[i]->group));
        }
    } while (count != self->members_count && (Py_DECREF(list), true));
    return list;
}

static PyObject *sprite_kill(struct sprite *self, PyObject *unused)
{
    PyObject *groups = sprite_groups(self, unused);
    bool done = groups != NULL;
    for (Py_ssize_t i = 0; done && i < PyList_Size(groups); i++) {
        done = group_remove((struct group *)PyList_GetItem(groups, i), self);
    }
    Py_XDECREF(groups);
    return done ? Py_NewRef(Py_None) : NULL;
}

static PyObject *sprite_alive(struct sprite *self, PyObject *unused)
{
    (void)unused;
    return PyBool_FromLong(self->members_count > 0);
}

static PyObject *sprite_update(struct sprite *self, PyObject *args, PyObject *kwargs)
{
    (void)self;
    (void)args;
    (void)kwargs;
    Py_RETURN_NONE;
}

static PyObject *get_layer(PyObject *self, void *closure)
{
    (void)closure;
    return PyObject_GetAttr(self, ((struct sprite *)self)->state->sprites[KEPT_NAME_OWN_LAYER]);
}

static int set_layer(PyObject *object, PyObject *value, void *closure)
{
    (void)closure;
    struct sprite *self = (struct sprite *)object;
    if (self->members_count > 0 || value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "Can't set layer directly after adding to group. Use "
                                              "group.change_layer(sprite, new_layer) instead.");
        return -1;
    }
    return PyObject_SetAttr(object, self->state->sprites[KEPT_NAME_OWN_LAYER], value);
}

/* ---- The type ------------------------------------------------------------------------------- */

static void sprite_dealloc(PyObject *object);

static PyObject *sprite_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    struct state *state = sprites_state(type, sprite_dealloc);
    struct sprite *self = state == NULL ? NULL : object_new(type);
    if (self != NULL) {
        self->state = state;
    }
    return (PyObject *)self;
}

static int sprite_init(PyObject *object, PyObject *args, PyObject *kwargs)
{
    struct sprite *self = (struct sprite *)object;
    if (kwargs != NULL && PyDict_Size(kwargs) > 0) {
        PyErr_SetString(PyExc_TypeError, "Sprite() takes groups, and no keyword arguments");
        return -1;
    }
    return sprites_each(self->state, KEPT_ABSTRACT_GROUP, "Sprite()", args, add_to, self, NULL)
               ? 0
               : -1;
}

static int sprite_traverse(PyObject *object, visitproc visit, void *arg)
{
    const struct sprite *self = (const struct sprite *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->dict);
    Py_VISIT(self->image);
    Py_VISIT(self->rect);
    Py_VISIT(self->layer);
    for (size_t i = 0; i < self->members_count; i++) {
        Py_VISIT((PyObject *)self->members[i]->group);
    }
    return 0;
}

/* Its groups clear what they have of each other: they are in every cycle through a member. */
static int sprite_clear(PyObject *object)
{
    struct sprite *self = (struct sprite *)object;
    Py_CLEAR(self->dict);
    Py_CLEAR(self->image);
    Py_CLEAR(self->rect);
    Py_CLEAR(self->layer);
    return 0;
}

static void sprite_dealloc(PyObject *object)
{
    struct sprite *self = (struct sprite *)object;
    PyObject_GC_UnTrack(object);
    if (self->weakrefs != NULL) {
        PyObject_ClearWeakRefs(object);
    }
    sprite_clear(object);
    free(self->members); /* nobody has it: it is in no group */
    object_free(object);
}

static PyObject *sprite_repr(PyObject *object)
{
    PyObject *name = PyType_GetName(Py_TYPE(object));
    PyObject *result =
        name != NULL ? PyUnicode_FromFormat("<%U Sprite(in %zd groups)>", name,
                                            (Py_ssize_t)((struct sprite *)object)->members_count)
                     : NULL;
    Py_XDECREF(name);
    return result;
}

static PyMethodDef sprite_methods[] = {
    METHOD("add", sprite_add, METH_VARARGS,
           "add($self, /, *groups)\n--\n\nJoins groups that it is not in yet."),
    METHOD("remove", sprite_remove, METH_VARARGS,
           "remove($self, /, *groups)\n--\n\nLeaves groups."),
    METHOD("kill", sprite_kill, METH_NOARGS, "kill($self, /)\n--\n\nLeaves all groups."),
    METHOD("alive", sprite_alive, METH_NOARGS,
           "alive($self, /)\n--\n\nWhether it is in any group."),
    METHOD("groups", sprite_groups, METH_NOARGS,
           "groups($self, /)\n--\n\nA list of the groups that it is in."),
    METHOD("update", sprite_update, METH_VARARGS | METH_KEYWORDS,
           "update($self, /, *args, **kwargs)\n--\n\nDoes nothing: for classes to define."),
    {0},
};

static PyGetSetDef sprite_getset[] = {
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"layer", get_layer, set_layer, "Its layer in a LayeredUpdates.", NULL},
    {0},
};

static PyMemberDef sprite_members[] = {
    {"__weaklistoffset__", T_PYSSIZET, offsetof(struct sprite, weakrefs), READONLY, NULL},
    {"__dictoffset__", T_PYSSIZET, offsetof(struct sprite, dict), READONLY, NULL},
    {"image", T_OBJECT_EX, offsetof(struct sprite, image), 0, "What is drawn."},
    {"rect", T_OBJECT_EX, offsetof(struct sprite, rect), 0, "Where it is."},
    {"_layer", T_OBJECT_EX, offsetof(struct sprite, layer), 0, NULL},
    {0},
};

static PyType_Slot sprite_slots[] = {
    {Py_tp_doc, "Sprite(*groups)\n--\n\nSomething that is seen, for groups."},
    {Py_tp_new, sprite_new},
    {Py_tp_init, sprite_init},
    {Py_tp_traverse, sprite_traverse},
    {Py_tp_clear, sprite_clear},
    {Py_tp_dealloc, sprite_dealloc},
    {Py_tp_repr, sprite_repr},
    {Py_tp_methods, sprite_methods},
    {Py_tp_getset, sprite_getset},
    {Py_tp_members, sprite_members},
    {0},
};

static PyType_Spec sprite_spec = {
    .name = "kmsblit.Sprite",
    .basicsize = sizeof(struct sprite),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_BASETYPE,
    .slots = sprite_slots,
};

/* ---- The module ----------------------------------------------------------------------------- */

static bool add_types(PyObject *module, PyObject **kept)
{
    const struct {
        PyType_Spec *spec;
        int base; /* index of the type, or -1 */
        int kept;
    } types[] = {
        {&sprite_spec, -1, KEPT_SPRITE},
        {&abstract_group_spec, -1, KEPT_ABSTRACT_GROUP},
        {&group_spec, 1, -1},
        {&render_updates_spec, 2, -1},
        {&ordered_updates_spec, 3, -1},
        {&layered_updates_spec, 1, KEPT_LAYERED_UPDATES},
        {&group_single_spec, 1, KEPT_GROUP_SINGLE},
        {&collide_rect_ratio_spec, -1, KEPT_COLLIDE_RECT_RATIO},
        {&collide_circle_ratio_spec, -1, KEPT_COLLIDE_CIRCLE_RATIO},
    };
    PyTypeObject *made[sizeof(types) / sizeof(*types)] = {NULL};
    const size_t count = sizeof(types) / sizeof(*types);
    size_t i;

    for (i = 0; i < count; i++) {
        made[i] =
            module_add_type(module, types[i].spec, types[i].base >= 0 ? made[types[i].base] : NULL);
        if (made[i] == NULL) {
            break;
        }
        if (types[i].kept >= 0) {
            kept[types[i].kept] = Py_NewRef((PyObject *)made[i]);
        }
    }
    for (size_t j = 0; j < i; j++) {
        Py_DECREF((PyObject *)made[j]); /* the module has them */
    }
    return i == count;
}

int sprites_add(PyObject *module, struct state *state)
{
    static const struct {
        enum sprites_kept kept;
        const char *name;
    } names[] = {
        {KEPT_NAME_IMAGE, "image"},      {KEPT_NAME_RECT, "rect"},
        {KEPT_NAME_SPRITES, "sprites"},  {KEPT_NAME_UPDATE, "update"},
        {KEPT_NAME_KILL, "kill"},        {KEPT_NAME_LAYER, "layer"},
        {KEPT_NAME_OWN_LAYER, "_layer"}, {KEPT_NAME_RADIUS, "radius"},
        {KEPT_NAME_MASK, "mask"},
    };
    PyObject **kept = state->sprites;

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        kept[names[i].kept] = PyUnicode_InternFromString(names[i].name);
        if (kept[names[i].kept] == NULL) {
            return -1;
        }
    }
    if (!add_types(module, kept)) {
        return -1;
    }
    kept[KEPT_SPRITE_IMAGE] = PyObject_GetAttr(kept[KEPT_SPRITE], kept[KEPT_NAME_IMAGE]);
    kept[KEPT_SPRITE_RECT] = PyObject_GetAttr(kept[KEPT_SPRITE], kept[KEPT_NAME_RECT]);
    kept[KEPT_GROUP_SPRITES] = PyObject_GetAttr(kept[KEPT_ABSTRACT_GROUP], kept[KEPT_NAME_SPRITES]);
    kept[KEPT_COLLIDE_RECT] = PyObject_GetAttrString(module, "collide_rect");
    kept[KEPT_COLLIDE_CIRCLE] = PyObject_GetAttrString(module, "collide_circle");
    kept[KEPT_COLLIDE_MASK] = PyObject_GetAttrString(module, "collide_mask");
    return PyErr_Occurred() != NULL ? -1 : 0;
}

/*
 * Sprites and groups, as pygame has them: what their files share.
 *
 * That a sprite is in a group is a thing of its own, a struct member. The group has its members in
 * order, by layer and then by when they came; in a group without layers all have the same one. A
 * sprite has those that it is by, few as a rule. A member that has left stays in the group's array
 * until many have: positions are found by bisection, and leaving costs no more than that.
 *
 * Code of the program's may run wherever an attribute is read, an object is made (the garbage
 * collector) or a reference is given up, and change every group. So whoever goes through a group
 * goes through a list of its sprites.
 */
#ifndef KMSBLIT_SPRITES_H
#define KMSBLIT_SPRITES_H

#include "module.h"

struct group;

/* Numbers are compared as what they are in C: whole ones within 2 to the power of 53 are exact. */
struct layer {
    double value;
    bool fraction; /* it was a float */
};

struct member {
    struct sprite *sprite; /* owned by the group; NULL: it has left */
    struct group *group;   /* owned by the sprite; NULL: it has left */
    struct layer layer;
    uint64_t order;   /* of coming into its layer */
    struct box drawn; /* where draw() drew it last, if was_drawn */
    bool was_drawn;
};

struct sprite {
    PyObject_HEAD PyObject *weakrefs, *dict;
    PyObject *image, *rect, *layer; /* the attributes image, rect and _layer; NULL: not set */
    struct state *state;
    struct member **members; /* owned array of borrowed pointers */
    size_t members_count, members_capacity;
};

enum group_kind { GROUP_PLAIN, GROUP_LAYERED, GROUP_SINGLE };

struct group {
    PyObject_HEAD PyObject *weakrefs, *dict;
    struct state *state;
    enum group_kind kind;
    struct member **members; /* owned array of owned pointers, in order */
    size_t members_count, members_capacity;
    size_t count;    /* of those that have not left */
    uint64_t orders; /* given out */
    struct layer default_layer;
    struct box *lost; /* owned array: where those were drawn that left since the last draw() */
    size_t lost_count, lost_capacity;
    bool ever_drawn;
};

/* ---- sprite.c ------------------------------------------------------------------------------- */

/* Adds all types, and what is kept of them, to the module. */
int sprites_add(PyObject *module, struct state *state);
/* state_of_type(), quickly: own is what frees objects of our types. Classes made in Python have
 * another function for that. */
struct state *sprites_state(PyTypeObject *type, destructor own);
bool sprite_check(const struct state *state, PyObject *object);

/* What is known of the classes of sprites that were looked at. */
#define LOOK_CLASSES 4u
struct look {
    const struct state *state;
    struct look_class {
        PyTypeObject *type; /* owned or NULL */
        bool image, rect;   /* these attributes are Sprite's own */
    } classes[LOOK_CLASSES];
    unsigned next; /* is forgotten next */
};
/* An attribute of a sprite, or of anything else: a new reference, or NULL with an exception. */
PyObject *look_image(struct look *look, PyObject *sprite);
PyObject *look_rect(struct look *look, PyObject *sprite);
/* Its rect as a box. */
bool look_box(struct look *look, PyObject *sprite, struct box *box);
void look_end(struct look *look);

/* Calls function with each object of a type in objects, a tuple of such and of iterables of such,
 * however deep. method is for errors: "add()". False with an exception. */
typedef bool each_function(void *self, PyObject *object, void *context);
bool sprites_each(const struct state *state, enum sprites_kept type, const char *method,
                  PyObject *objects, each_function *function, void *self, void *context);

/* ---- group.c: who is in which group --------------------------------------------------------- */

bool group_check(const struct state *state, PyObject *object);
/* NULL: it is not in the group. */
struct member *group_find(const struct group *self, const struct sprite *sprite);
/* Nothing happens if it is there already. layer: NULL for the sprite's own, or the group's. */
bool group_add(struct group *self, struct sprite *sprite, const struct layer *layer);
/* Nothing happens if it is not there. */
bool group_remove(struct group *self, struct sprite *sprite);
bool group_set_layer(struct group *self, struct sprite *sprite, const struct layer *layer);
/* Ends all memberships. self must have another reference, or no members. */
void group_free(struct group *self);
/* The next one from index on that has not left, or NULL. */
struct member *group_next(const struct group *self, size_t *index);
/* A new list of its sprites; the second asks the class's own sprites(), if it has one. */
PyObject *group_own_list(struct group *self);
PyObject *group_list(struct group *self);
/* How many those are; -1 with an exception. */
Py_ssize_t group_size(struct group *self);

/* ---- group_type.c, group_draw.c, layers.c --------------------------------------------------- */

extern PyType_Spec abstract_group_spec, group_spec, render_updates_spec, ordered_updates_spec,
    layered_updates_spec, group_single_spec;
extern PyMethodDef layered_methods[];
int layered_init(PyObject *object, PyObject *args, PyObject *kwargs);
bool layer_parse(PyObject *object, struct layer *layer);
PyObject *layer_object(const struct layer *layer);
PyObject *group_draw(struct group *self, PyObject *surface);
PyObject *group_draw_updates(struct group *self, PyObject *surface);
PyObject *group_clear_drawn(struct group *self, PyObject *args, PyObject *kwargs);

/* ---- collide.c ------------------------------------------------------------------------------ */

extern PyType_Spec collide_rect_ratio_spec, collide_circle_ratio_spec;
PyObject *collide_spritecollide(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *collide_spritecollideany(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *collide_groupcollide(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *collide_rect(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *collide_circle(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *collide_mask(PyObject *module, PyObject *args, PyObject *kwargs);

#endif

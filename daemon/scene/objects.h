/*
 * A client's objects by their ids: a slot and a generation, so that a stale id is an error and never another object.
 */
#ifndef KD_SCENE_OBJECTS_H
#define KD_SCENE_OBJECTS_H

#include <stddef.h>
#include <stdint.h>

enum kd_object_kind { KD_OBJECT_NONE, KD_OBJECT_IMAGE, KD_OBJECT_WINDOW };

struct kd_objects {
    struct kd_object *slots; /* owned; indexed by slot */
    uint32_t slots_count;
    uint32_t used;
    uint32_t max_used; /* quota */
};

/* Reserves the id, for kd_objects_put(). Errors: -EINVAL slot 0 or too high, -EEXIST in use or the last generation of its slot, -EDQUOT, -ENOMEM. */
int kd_objects_check_new(struct kd_objects *objects, uint32_t id);

/* After kd_objects_check_new(), which made room: cannot fail. The object is not owned. */
void kd_objects_put(struct kd_objects *objects, uint32_t id, enum kd_object_kind kind,
                    void *object);

/* The object with this id, of whatever kind; NULL if there is none. */
void *kd_objects_get(const struct kd_objects *objects, uint32_t id, enum kd_object_kind *kind);

/* Forgets it; its generation stays known. */
void kd_objects_remove(struct kd_objects *objects, uint32_t id);

/* Calls visit for every object. */
void kd_objects_each(const struct kd_objects *objects,
                     void (*visit)(void *ctx, uint32_t id, enum kd_object_kind kind, void *object),
                     void *ctx);

/* Frees the table, not the objects. */
void kd_objects_finish(struct kd_objects *objects);

#endif

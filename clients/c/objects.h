/* Ids of this client's objects: a slot and a generation, so that no id names two objects. */
#ifndef KC_OBJECTS_H
#define KC_OBJECTS_H

#include <stdint.h>

enum kc_object_kind { KC_OBJECT_FREE, KC_OBJECT_IMAGE, KC_OBJECT_WINDOW };

struct kc_slot {
    void *object; /* borrowed; NULL while the slot is free */
    enum kc_object_kind kind;
    uint32_t generation; /* of the present or last object */
    uint32_t next_free;  /* slot; 0 ends the list */
};

struct kc_objects {
    struct kc_slot *slots; /* owned; slot 0 is never used */
    uint32_t slots_count;
    uint32_t slots_capacity;
    uint32_t first_free; /* 0: none */
};

void kc_objects_finish(struct kc_objects *objects);

/* Takes a slot for an object. -ENOMEM, or -EDQUOT if there are too many objects. */
int kc_objects_add(struct kc_objects *objects, enum kc_object_kind kind, void *object,
                   uint32_t *id);
void kc_objects_remove(struct kc_objects *objects, uint32_t id);

/* NULL if there is no such object (any more), or if it is of another kind. */
void *kc_objects_find(const struct kc_objects *objects, enum kc_object_kind kind, uint32_t id);

#endif

#include "objects.h"

#include <errno.h>
#include <stdlib.h>

#include <kmsblit.h>

#include "error.h"

#define SLOT_MASK       ((1u << KB_SLOT_BITS) - 1)
#define GENERATION_MASK ((1u << (32 - KB_SLOT_BITS)) - 1)

void kc_objects_finish(struct kc_objects *objects)
{
    free(objects->slots);
    *objects = (struct kc_objects){0};
}

static int grow(struct kc_objects *objects)
{
    uint32_t capacity = objects->slots_capacity == 0 ? 64 : objects->slots_capacity * 2;
    struct kc_slot *slots = realloc(objects->slots, capacity * sizeof(*slots));
    if (slots == NULL)
        return kc_fail(-ENOMEM, "no memory for %u objects", capacity);
    objects->slots = slots;
    objects->slots_capacity = capacity;
    if (objects->slots_count == 0)
        slots[objects->slots_count++] = (struct kc_slot){0};
    return 0;
}

int kc_objects_add(struct kc_objects *objects, enum kc_object_kind kind, void *object, uint32_t *id)
{
    uint32_t slot = objects->first_free;
    if (slot != 0) {
        objects->first_free = objects->slots[slot].next_free;
    } else {
        if (objects->slots_count > KB_MAX_SLOT)
            return kc_fail(-EDQUOT, "%u images and windows are the most; destroy some first",
                           (unsigned)KB_MAX_SLOT);
        if (objects->slots_count == objects->slots_capacity) {
            int error = grow(objects);
            if (error < 0)
                return error;
        }
        slot = objects->slots_count++;
        objects->slots[slot] = (struct kc_slot){0};
    }
    struct kc_slot *taken = &objects->slots[slot];
    taken->object = object;
    taken->kind = kind;
    taken->generation = (taken->generation + 1) & GENERATION_MASK;
    *id = taken->generation << KB_SLOT_BITS | slot;
    return 0;
}

static struct kc_slot *slot_of(const struct kc_objects *objects, uint32_t id)
{
    uint32_t slot = id & SLOT_MASK;
    if (slot >= objects->slots_count || objects->slots[slot].object == NULL ||
        objects->slots[slot].generation != id >> KB_SLOT_BITS)
        return NULL;
    return &objects->slots[slot];
}

void kc_objects_remove(struct kc_objects *objects, uint32_t id)
{
    struct kc_slot *slot = slot_of(objects, id);
    if (slot == NULL)
        return;
    slot->object = NULL;
    slot->kind = KC_OBJECT_FREE;
    slot->next_free = objects->first_free;
    objects->first_free = id & SLOT_MASK;
}

void *kc_objects_find(const struct kc_objects *objects, enum kc_object_kind kind, uint32_t id)
{
    const struct kc_slot *slot = slot_of(objects, id);
    return slot != NULL && slot->kind == kind ? slot->object : NULL;
}

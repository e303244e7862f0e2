#include "scene/objects.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_types.h"

#define SLOT_MASK ((UINT32_C(1) << KB_SLOT_BITS) - 1)

struct kd_object {
    void *object;
    uint16_t generation; /* of the object, or of the last one that was here */
    uint8_t kind;        /* enum kd_object_kind */
    bool was_used;
};

static uint32_t slot_of(uint32_t id)
{
    return id & SLOT_MASK;
}

static uint16_t generation_of(uint32_t id)
{
    return (uint16_t)(id >> KB_SLOT_BITS);
}

static int grow(struct kd_objects *objects, uint32_t slot)
{
    uint32_t count = objects->slots_count ? objects->slots_count : 64;
    struct kd_object *slots;

    while (count <= slot)
        count *= 2;
    if (count == objects->slots_count)
        return 0;
    slots = realloc(objects->slots, count * sizeof(*slots));
    if (!slots)
        return -ENOMEM;
    memset(slots + objects->slots_count, 0, (count - objects->slots_count) * sizeof(*slots));
    objects->slots = slots;
    objects->slots_count = count;
    return 0;
}

int kd_objects_check_new(struct kd_objects *objects, uint32_t id)
{
    uint32_t slot = slot_of(id);
    const struct kd_object *entry;

    if (slot == 0 || slot > KB_MAX_SLOT)
        return -EINVAL;
    if (objects->used >= objects->max_used)
        return -EDQUOT;
    if (grow(objects, slot) < 0)
        return -ENOMEM;
    entry = &objects->slots[slot];
    if (entry->kind != KD_OBJECT_NONE ||
        (entry->was_used && entry->generation == generation_of(id)))
        return -EEXIST;
    return 0;
}

void kd_objects_put(struct kd_objects *objects, uint32_t id, enum kd_object_kind kind, void *object)
{
    objects->slots[slot_of(id)] = (struct kd_object){
        .object = object, .generation = generation_of(id), .kind = (uint8_t)kind, .was_used = true};
    objects->used++;
}

void *kd_objects_get(const struct kd_objects *objects, uint32_t id, enum kd_object_kind *kind)
{
    uint32_t slot = slot_of(id);
    const struct kd_object *entry = slot < objects->slots_count ? &objects->slots[slot] : NULL;

    if (!entry || entry->kind == KD_OBJECT_NONE || entry->generation != generation_of(id)) {
        *kind = KD_OBJECT_NONE;
        return NULL;
    }
    *kind = entry->kind;
    return entry->object;
}

void kd_objects_remove(struct kd_objects *objects, uint32_t id)
{
    struct kd_object *entry = &objects->slots[slot_of(id)];

    entry->kind = KD_OBJECT_NONE;
    entry->object = NULL;
    objects->used--;
}

void kd_objects_each(const struct kd_objects *objects,
                     void (*visit)(void *ctx, uint32_t id, enum kd_object_kind kind, void *object),
                     void *ctx)
{
    for (uint32_t slot = 0; slot < objects->slots_count; slot++) {
        const struct kd_object *entry = &objects->slots[slot];

        if (entry->kind != KD_OBJECT_NONE)
            visit(ctx, slot | (uint32_t)entry->generation << KB_SLOT_BITS, entry->kind,
                  entry->object);
    }
}

void kd_objects_finish(struct kd_objects *objects)
{
    free(objects->slots);
    objects->slots = NULL;
    objects->slots_count = 0;
}

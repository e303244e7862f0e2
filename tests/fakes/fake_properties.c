/*
 * The properties by their real names and kinds. Those that a kernel makes for each plane anew (rotation, zpos) have an id for each plane; the others share one.
 */
#include "fake_model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ATOMIC DRM_MODE_PROP_ATOMIC
#define FIXED  DRM_MODE_PROP_IMMUTABLE
#define LOWEST ((uint64_t)INT32_MIN)

const struct fake_property fake_properties[K_COUNT] = {
    [K_TYPE] = {"type", DRM_MODE_PROP_ENUM | FIXED, 0, 0, {"Overlay", "Primary", "Cursor"}},
    [K_FB_ID] = {"FB_ID", DRM_MODE_PROP_OBJECT | ATOMIC, DRM_MODE_OBJECT_FB, 0, {0}},
    [K_IN_FENCE_FD] =
        {"IN_FENCE_FD", DRM_MODE_PROP_SIGNED_RANGE | ATOMIC, (uint64_t)-1, INT32_MAX, {0}},
    [K_CRTC_ID] = {"CRTC_ID", DRM_MODE_PROP_OBJECT | ATOMIC, DRM_MODE_OBJECT_CRTC, 0, {0}},
    [K_CRTC_X] = {"CRTC_X", DRM_MODE_PROP_SIGNED_RANGE | ATOMIC, LOWEST, INT32_MAX, {0}},
    [K_CRTC_Y] = {"CRTC_Y", DRM_MODE_PROP_SIGNED_RANGE | ATOMIC, LOWEST, INT32_MAX, {0}},
    [K_CRTC_W] = {"CRTC_W", DRM_MODE_PROP_RANGE | ATOMIC, 0, INT32_MAX, {0}},
    [K_CRTC_H] = {"CRTC_H", DRM_MODE_PROP_RANGE | ATOMIC, 0, INT32_MAX, {0}},
    [K_SRC_X] = {"SRC_X", DRM_MODE_PROP_RANGE | ATOMIC, 0, UINT32_MAX, {0}},
    [K_SRC_Y] = {"SRC_Y", DRM_MODE_PROP_RANGE | ATOMIC, 0, UINT32_MAX, {0}},
    [K_SRC_W] = {"SRC_W", DRM_MODE_PROP_RANGE | ATOMIC, 0, UINT32_MAX, {0}},
    [K_SRC_H] = {"SRC_H", DRM_MODE_PROP_RANGE | ATOMIC, 0, UINT32_MAX, {0}},
    [K_ROTATION] = {"rotation",
                    DRM_MODE_PROP_BITMASK,
                    0,
                    0,
                    {"rotate-0", "rotate-90", "rotate-180", "rotate-270", "reflect-x",
                     "reflect-y"}},
    [K_ZPOS] = {"zpos", DRM_MODE_PROP_RANGE, 0, 0, {0}},
    [K_ALPHA] = {"alpha", DRM_MODE_PROP_RANGE, 0, 0xffff, {0}},
    [K_BLEND] =
        {"pixel blend mode", DRM_MODE_PROP_ENUM, 0, 0, {"Pre-multiplied", "Coverage", "None"}},
    [K_FILTER] = {"SCALING_FILTER", DRM_MODE_PROP_ENUM, 0, 0, {"Default", "Nearest Neighbor"}},
    [K_DAMAGE] = {"FB_DAMAGE_CLIPS", DRM_MODE_PROP_BLOB | ATOMIC, 0, 0, {0}},
    [K_IN_FORMATS] = {"IN_FORMATS", DRM_MODE_PROP_BLOB | FIXED, 0, 0, {0}},
    [K_ACTIVE] = {"ACTIVE", DRM_MODE_PROP_RANGE | ATOMIC, 0, 1, {0}},
    [K_MODE_ID] = {"MODE_ID", DRM_MODE_PROP_BLOB | ATOMIC, 0, 0, {0}},
    [K_OUT_FENCE] = {"OUT_FENCE_PTR", DRM_MODE_PROP_RANGE | ATOMIC, 0, UINT64_MAX, {0}},
    [K_EDID] = {"EDID", DRM_MODE_PROP_BLOB | FIXED, 0, 0, {0}},
    [K_DPMS] = {"DPMS", DRM_MODE_PROP_ENUM, 0, 0, {"On", "Standby", "Suspend", "Off"}},
    [K_LINK] = {"link-status", DRM_MODE_PROP_ENUM, 0, 0, {"Good", "Bad"}},
    [K_NON_DESKTOP] = {"non-desktop", DRM_MODE_PROP_RANGE | FIXED, 0, 1, {0}},
};

#define SHARED_ID 1000
#define OWN_ID    2000

static bool each_has_its_own(enum fake_kind kind)
{
    return kind == K_ROTATION || kind == K_ZPOS || kind == K_ALPHA || kind == K_BLEND ||
           kind == K_FILTER;
}

uint32_t fake_property_id(const struct fake_card *card, const struct fake_object *object,
                          enum fake_kind kind)
{
    return each_has_its_own(kind) ? OWN_ID + fake_index(card, object) * K_COUNT + kind
                                  : SHARED_ID + (uint32_t)kind;
}

enum fake_kind fake_property_kind(struct fake_card *card, uint32_t id, struct fake_object **owner)
{
    *owner = NULL;
    if (id >= SHARED_ID && id < SHARED_ID + K_COUNT)
        return id - SHARED_ID;
    if (id >= OWN_ID && id < OWN_ID + FAKE_OBJECTS * K_COUNT) {
        *owner = &card->objects[(id - OWN_ID) / K_COUNT];
        return (id - OWN_ID) % K_COUNT;
    }
    return K_COUNT;
}

bool fake_property_fixed(const struct fake_object *object, enum fake_kind kind)
{
    if (kind == K_ZPOS && object)
        return object->zpos_min == object->zpos_max;
    return fake_properties[kind].flags & FIXED;
}

uint32_t fake_drm_property_id(const struct fake_card *card, uint32_t object, const char *name)
{
    struct fake_object *found = fake_find_object((struct fake_card *)card, object);

    for (unsigned kind = 0; found && kind < K_COUNT; kind++)
        if (found->has >> kind & 1 && !strcmp(fake_properties[kind].name, name))
            return fake_property_id(card, found, kind);
    return 0;
}

/* ---- What libdrm says about them ------------------------------------------------------------ */

drmModeObjectPropertiesPtr drmModeObjectGetProperties(int fd, uint32_t object_id,
                                                      uint32_t object_type)
{
    drmModeObjectProperties *properties = NULL;
    struct fake_object *object = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeObjectGetProperties") : errno;
    if (!error) {
        object = fake_find_object(file->card, object_id);
        if (!object || (object_type && object_type != object->type))
            error = ENOENT;
    }
    if (!error) {
        properties = calloc(1, sizeof(*properties));
        properties->props = calloc(K_COUNT, sizeof(*properties->props));
        properties->prop_values = calloc(K_COUNT, sizeof(*properties->prop_values));
        for (unsigned kind = 0; kind < K_COUNT; kind++) {
            if (!(object->has >> kind & 1) ||
                (!file->atomic && fake_properties[kind].flags & ATOMIC))
                continue;
            properties->props[properties->count_props] = fake_property_id(file->card, object, kind);
            properties->prop_values[properties->count_props++] =
                fake_get(&file->card->state, fake_index(file->card, object), kind);
        }
    }
    fake_unlock();
    errno = error;
    return properties;
}

void drmModeFreeObjectProperties(drmModeObjectPropertiesPtr properties)
{
    if (!properties)
        return;
    free(properties->props);
    free(properties->prop_values);
    free(properties);
}

static void add_enums(drmModePropertyRes *property, enum fake_kind kind,
                      const struct fake_object *owner)
{
    const char *const *names = fake_properties[kind].values;

    property->enums = calloc(8, sizeof(*property->enums));
    for (unsigned n = 0; n < 8 && names[n]; n++) {
        struct drm_mode_property_enum *one = &property->enums[property->count_enums];

        if (kind == K_ROTATION && owner && !(owner->rotations >> n & 1))
            continue;
        one->value = n; /* for bits: the bit's number */
        snprintf(one->name, sizeof(one->name), "%s", names[n]);
        property->count_enums++;
    }
}

static drmModePropertyRes *describe(uint32_t id, enum fake_kind kind,
                                    const struct fake_object *owner)
{
    const struct fake_property *what = &fake_properties[kind];
    drmModePropertyRes *property = calloc(1, sizeof(*property));
    uint32_t type = what->flags & (DRM_MODE_PROP_LEGACY_TYPE | DRM_MODE_PROP_EXTENDED_TYPE);

    property->prop_id = id;
    property->flags = what->flags | (fake_property_fixed(owner, kind) ? FIXED : 0);
    snprintf(property->name, sizeof(property->name), "%s", what->name);
    property->values = calloc(2, sizeof(*property->values));
    property->values[0] = kind == K_ZPOS && owner ? owner->zpos_min : what->min;
    property->values[1] = kind == K_ZPOS && owner ? owner->zpos_max : what->max;
    if (type == DRM_MODE_PROP_OBJECT)
        property->count_values = 1;
    else if (type == DRM_MODE_PROP_RANGE || type == DRM_MODE_PROP_SIGNED_RANGE)
        property->count_values = 2;
    else if (type != DRM_MODE_PROP_BLOB)
        add_enums(property, kind, owner);
    return property;
}

drmModePropertyPtr drmModeGetProperty(int fd, uint32_t property_id)
{
    drmModePropertyRes *property = NULL;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails("drmModeGetProperty") : errno;
    if (!error) {
        struct fake_object *owner;
        enum fake_kind kind = fake_property_kind(file->card, property_id, &owner);

        if (kind == K_COUNT || (owner && (!owner->id || !(owner->has >> kind & 1))))
            error = ENOENT;
        else
            property = describe(property_id, kind, owner);
    }
    fake_unlock();
    errno = error;
    return property;
}

void drmModeFreeProperty(drmModePropertyPtr property)
{
    if (!property)
        return;
    free(property->values);
    free(property->enums);
    free(property->blob_ids);
    free(property);
}

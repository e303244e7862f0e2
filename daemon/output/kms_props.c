#include <errno.h>
#include <string.h>

#include "output/kms_impl.h"

static const char *const names[KMS_PROPS] = {
    [KMS_TYPE] = "type",
    [KMS_FB_ID] = "FB_ID",
    [KMS_SRC_X] = "SRC_X",
    [KMS_SRC_Y] = "SRC_Y",
    [KMS_SRC_W] = "SRC_W",
    [KMS_SRC_H] = "SRC_H",
    [KMS_CRTC_X] = "CRTC_X",
    [KMS_CRTC_Y] = "CRTC_Y",
    [KMS_CRTC_W] = "CRTC_W",
    [KMS_CRTC_H] = "CRTC_H",
    [KMS_IN_FENCE_FD] = "IN_FENCE_FD",
    [KMS_IN_FORMATS] = "IN_FORMATS",
    [KMS_FB_DAMAGE_CLIPS] = "FB_DAMAGE_CLIPS",
    [KMS_ROTATION] = "rotation",
    [KMS_ZPOS] = "zpos",
    [KMS_SCALING_FILTER] = "SCALING_FILTER",
    [KMS_CRTC_ID] = "CRTC_ID",
    [KMS_MODE_ID] = "MODE_ID",
    [KMS_ACTIVE] = "ACTIVE",
    [KMS_OUT_FENCE_PTR] = "OUT_FENCE_PTR",
    [KMS_EDID] = "EDID",
    [KMS_LINK_STATUS] = "link-status",
    [KMS_NON_DESKTOP] = "non-desktop",
};

int kd_kms_object_read(int fd, uint32_t id, uint32_t type, struct kms_object *object)
{
    drmModeObjectProperties *list = drmModeObjectGetProperties(fd, id, type);
    int error = list ? 0 : -errno;

    if (error)
        return error;
    *object = (struct kms_object){.id = id};
    for (uint32_t i = 0; i < list->count_props && !error; i++) {
        drmModePropertyRes *prop = drmModeGetProperty(fd, list->props[i]);

        error = prop ? 0 : -errno;
        for (int name = 0; prop && name < KMS_PROPS; name++) {
            if (strcmp(prop->name, names[name]) != 0)
                continue;
            object->props[name] = prop->prop_id;
            object->values[name] = list->prop_values[i];
        }
        drmModeFreeProperty(prop);
    }
    drmModeFreeObjectProperties(list);
    return error;
}

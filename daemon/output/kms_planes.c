/*
 * What planes can do, and whose they are.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/kms_impl.h"

/* Values of a property by name; bits of the values of a bit mask. */
static void read_choices(int fd, struct kms_plane *plane)
{
    drmModePropertyRes *prop;

    plane->rotations = DRM_MODE_ROTATE_0;
    prop = plane->object.props[KMS_ROTATION]
               ? drmModeGetProperty(fd, plane->object.props[KMS_ROTATION])
               : NULL;
    for (int i = 0; prop && i < prop->count_enums; i++)
        if (prop->enums[i].value < 32)
            plane->rotations |= UINT32_C(1) << prop->enums[i].value;
    drmModeFreeProperty(prop);

    prop = plane->object.props[KMS_SCALING_FILTER]
               ? drmModeGetProperty(fd, plane->object.props[KMS_SCALING_FILTER])
               : NULL;
    for (int i = 0; prop && i < prop->count_enums; i++) {
        if (strcmp(prop->enums[i].name, "Nearest Neighbor") != 0)
            continue;
        plane->has_nearest = true;
        plane->nearest = prop->enums[i].value;
    }
    drmModeFreeProperty(prop);

    prop = plane->object.props[KMS_ZPOS] ? drmModeGetProperty(fd, plane->object.props[KMS_ZPOS])
                                         : NULL;
    plane->zpos_fixed = !prop || prop->flags & DRM_MODE_PROP_IMMUTABLE;
    plane->zpos_min = plane->zpos_max = plane->object.values[KMS_ZPOS];
    if (prop && !plane->zpos_fixed && prop->count_values >= 2) {
        plane->zpos_min = prop->values[0];
        plane->zpos_max = prop->values[1];
    }
    drmModeFreeProperty(prop);
}

static int read_plane(int fd, uint32_t id, struct kms_plane *plane)
{
    drmModePlane *info = drmModeGetPlane(fd, id);
    int error = info ? kd_kms_object_read(fd, id, DRM_MODE_OBJECT_PLANE, &plane->object) : -errno;

    if (!error) {
        plane->crtcs = info->possible_crtcs;
        for (uint32_t i = 0; i < info->count_formats; i++) {
            plane->has_xrgb8888 |= info->formats[i] == DRM_FORMAT_XRGB8888;
            plane->has_argb8888 |= info->formats[i] == DRM_FORMAT_ARGB8888;
            plane->has_rgb565 |= info->formats[i] == DRM_FORMAT_RGB565;
        }
        read_choices(fd, plane);
    }
    drmModeFreePlane(info);
    return error;
}

int kd_kms_planes_read(struct kd_kms *kms)
{
    drmModePlaneRes *list = drmModeGetPlaneResources(kms->fd);
    int error = 0;

    if (!list)
        return -errno;
    kms->planes = calloc(list->count_planes ? list->count_planes : 1, sizeof(*kms->planes));
    if (!kms->planes)
        error = -ENOMEM;
    for (uint32_t i = 0; i < list->count_planes && !error; i++) {
        error = read_plane(kms->fd, list->planes[i], &kms->planes[i]);
        kms->planes_count += !error;
    }
    drmModeFreePlaneResources(list);
    return error;
}

static bool has_format(const struct kms_plane *plane, uint32_t fourcc)
{
    return fourcc == DRM_FORMAT_RGB565     ? plane->has_rgb565
           : fourcc == DRM_FORMAT_ARGB8888 ? plane->has_argb8888
                                           : plane->has_xrgb8888;
}

/* A free plane of this kind for the output's CRTC: rather one that no other CRTC could use. */
static struct kms_plane *find(struct kms_output *output, uint64_t type, uint32_t fourcc)
{
    struct kd_kms *kms = output->kms;
    uint32_t crtc = UINT32_C(1) << (output->crtc - kms->crtcs);
    struct kms_plane *best = NULL;

    for (size_t i = 0; i < kms->planes_count; i++) {
        struct kms_plane *plane = &kms->planes[i];

        if (plane->user || plane->object.values[KMS_TYPE] != type || !(plane->crtcs & crtc) ||
            !has_format(plane, fourcc))
            continue;
        if (!best || __builtin_popcount(plane->crtcs) < __builtin_popcount(best->crtcs))
            best = plane;
    }
    if (best)
        best->user = output;
    return best;
}

/* Whether a plane can lie above another: drivers without zpos stack them in the order of their ids. */
static bool can_be_above(const struct kms_plane *plane, const struct kms_plane *below)
{
    if (!plane->object.props[KMS_ZPOS] || !below->object.props[KMS_ZPOS])
        return plane->object.id > below->object.id;
    return plane->zpos_max > below->object.values[KMS_ZPOS];
}

bool kd_kms_planes_take(struct kms_output *output, uint32_t fourcc)
{
    const struct kd_kms_settings *settings = &output->kms->settings;

    output->primary = find(output, DRM_PLANE_TYPE_PRIMARY, fourcc);
    if (!output->primary)
        return false;
    if (settings->cursor_planes)
        output->cursor = find(output, DRM_PLANE_TYPE_CURSOR, DRM_FORMAT_ARGB8888);
    if (settings->window_planes)
        output->overlay = find(output, DRM_PLANE_TYPE_OVERLAY, fourcc);
    if (output->overlay && !can_be_above(output->overlay, output->primary)) {
        output->overlay->user = NULL;
        output->overlay = NULL;
    }
    return true;
}

void kd_kms_planes_release(struct kms_output *output)
{
    struct kms_plane *planes[] = {output->primary, output->overlay, output->cursor};

    for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++)
        if (planes[i])
            planes[i]->user = NULL;
    output->primary = output->overlay = output->cursor = NULL;
}

/* Both sides count counter-clockwise, and reflect first. */
uint32_t kd_kms_rotation_bits(enum kb_rotation rotation, bool reflect_x, bool reflect_y)
{
    static const uint32_t turns[] = {
        [KB_ROTATION_NORMAL] = DRM_MODE_ROTATE_0,
        [KB_ROTATION_ROTATE90] = DRM_MODE_ROTATE_90,
        [KB_ROTATION_ROTATE180] = DRM_MODE_ROTATE_180,
        [KB_ROTATION_ROTATE270] = DRM_MODE_ROTATE_270,
    };

    return turns[rotation] | (reflect_x ? DRM_MODE_REFLECT_X : 0) |
           (reflect_y ? DRM_MODE_REFLECT_Y : 0);
}

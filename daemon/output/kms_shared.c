/*
 * Framebuffers that another device draws into: made by GBM in a layout (modifier) that both know, else "dumb" ones, which are linear.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <gbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/kms_impl.h"

#define MAX_MODIFIERS 64

/* ---- Modifiers --------------------------------------------------------------------------------- */

static bool plane_has(const drmModePropertyBlobRes *formats, uint32_t fourcc, uint64_t modifier)
{
    drmModeFormatModifierIterator at = {0};

    while (drmModeFormatModifierBlobIterNext(formats, &at))
        if (at.fmt == fourcc && at.mod == modifier)
            return true;
    return false;
}

/* Of those that the drawing device knows, those that the plane can show. */
static unsigned common_modifiers(const struct kd_kms *kms, const struct kms_plane *plane,
                                 uint32_t fourcc, uint64_t *modifiers)
{
    const struct kd_sharing *sharing = &kms->settings.sharing;
    uint64_t known[MAX_MODIFIERS];
    size_t count = sharing->modifiers(sharing->ctx, fourcc, known, MAX_MODIFIERS);
    drmModePropertyBlobRes *formats =
        kms->has_modifiers && plane->object.values[KMS_IN_FORMATS]
            ? drmModeGetPropertyBlob(kms->fd, (uint32_t)plane->object.values[KMS_IN_FORMATS])
            : NULL;
    unsigned common = 0;

    for (size_t i = 0; formats && i < count; i++)
        if (plane_has(formats, fourcc, known[i]))
            modifiers[common++] = known[i];
    drmModeFreePropertyBlob(formats);
    return common;
}

/* ---- GBM --------------------------------------------------------------------------------------- */

static struct gbm_bo *make_bo(struct kd_kms *kms, const struct kms_plane *plane, int32_t width_px,
                              int32_t height_px, uint32_t fourcc)
{
    uint64_t modifiers[MAX_MODIFIERS];
    unsigned count = common_modifiers(kms, plane, fourcc, modifiers);
    struct gbm_bo *bo = NULL;

    if (!kms->gbm && !kms->has_no_gbm)
        kms->gbm = gbm_create_device(kms->fd);
    kms->has_no_gbm = !kms->gbm;
    if (kms->has_no_gbm)
        return NULL;
    if (count)
        bo = gbm_bo_create_with_modifiers2(kms->gbm, (uint32_t)width_px, (uint32_t)height_px,
                                           fourcc, modifiers, count,
                                           GBM_BO_USE_SCANOUT | GBM_BO_USE_RENDERING);
    if (!bo)
        bo = gbm_bo_create(kms->gbm, (uint32_t)width_px, (uint32_t)height_px, fourcc,
                           GBM_BO_USE_SCANOUT | GBM_BO_USE_RENDERING | GBM_BO_USE_LINEAR);
    return bo;
}

static int add_framebuffer(struct kd_kms *kms, struct gbm_bo *bo, uint32_t fourcc, uint32_t *fb_id)
{
    uint32_t width_px = gbm_bo_get_width(bo), height_px = gbm_bo_get_height(bo);
    uint32_t handles[4] = {gbm_bo_get_handle(bo).u32}, strides[4] = {gbm_bo_get_stride(bo)};
    uint32_t offsets[4] = {gbm_bo_get_offset(bo, 0)};
    uint64_t modifiers[4] = {gbm_bo_get_modifier(bo)};
    bool says_modifier = kms->has_modifiers && modifiers[0] != DRM_FORMAT_MOD_INVALID;

    if (gbm_bo_get_plane_count(bo) != 1)
        return -EOPNOTSUPP; /* compressed, with a plane for that */
    if (drmModeAddFB2WithModifiers(kms->fd, width_px, height_px, fourcc, handles, strides, offsets,
                                   says_modifier ? modifiers : NULL, fb_id,
                                   says_modifier ? DRM_MODE_FB_MODIFIERS : 0) < 0)
        return -errno;
    return 0;
}

int kd_kms_gbm_create(struct kd_kms *kms, const struct kms_plane *plane, int32_t width_px,
                      int32_t height_px, enum kb_format format, uint32_t fourcc,
                      struct kms_buffer *buffer)
{
    struct kd_mapping none = {.pixels = NULL};
    int error;

    *buffer = (struct kms_buffer){.base = {.dmabuf = {.fd = -1}}};
    buffer->bo = make_bo(kms, plane, width_px, height_px, fourcc);
    if (!buffer->bo)
        return -EOPNOTSUPP;
    error = add_framebuffer(kms, buffer->bo, fourcc, &buffer->fb_id);
    if (!error)
        error = kd_buffer_init(&buffer->base, width_px, height_px, format, &none);
    if (!error) {
        buffer->base.dmabuf = (struct kd_dmabuf){.fd = gbm_bo_get_fd(buffer->bo),
                                                 .fourcc = fourcc,
                                                 .stride_bytes = gbm_bo_get_stride(buffer->bo),
                                                 .offset_bytes = gbm_bo_get_offset(buffer->bo, 0),
                                                 .modifier = gbm_bo_get_modifier(buffer->bo)};
        error = buffer->base.dmabuf.fd < 0 ? -EOPNOTSUPP : kd_kms_buffer_try(kms, buffer);
    }
    if (error)
        kd_kms_buffer_destroy(kms, buffer);
    return error;
}

/* ---- Dumb buffers ------------------------------------------------------------------------------ */

int kd_kms_buffer_try(const struct kd_kms *kms, const struct kms_buffer *buffer)
{
    const struct kd_sharing *sharing = &kms->settings.sharing;
    const struct kd_grid *grid = &buffer->base.grid;

    return sharing->try(sharing->ctx, &buffer->base.dmabuf, grid->width_px, grid->height_px);
}

int kd_kms_buffer_export(struct kd_kms *kms, uint32_t fourcc, struct kms_buffer *buffer)
{
    const struct kd_sharing *sharing = &kms->settings.sharing;
    struct kd_dmabuf *dmabuf = &buffer->base.dmabuf;
    uint64_t known[MAX_MODIFIERS];
    size_t count = sharing->modifiers(sharing->ctx, fourcc, known, MAX_MODIFIERS);
    int error, fd;

    if (drmPrimeHandleToFD(kms->fd, buffer->handle, DRM_CLOEXEC | DRM_RDWR, &fd) < 0)
        return -errno;
    *dmabuf = (struct kd_dmabuf){.fd = fd,
                                 .fourcc = fourcc,
                                 .stride_bytes = buffer->stride_bytes,
                                 .modifier = DRM_FORMAT_MOD_INVALID};
    for (size_t i = 0; i < count; i++)
        if (known[i] == DRM_FORMAT_MOD_LINEAR)
            dmabuf->modifier = DRM_FORMAT_MOD_LINEAR;
    error = kd_kms_buffer_try(kms, buffer);
    if (error) {
        close(fd);
        dmabuf->fd = -1;
    }
    return error;
}

void kd_kms_gbm_destroy(struct kms_buffer *buffer)
{
    if (buffer->bo)
        gbm_bo_destroy(buffer->bo);
    buffer->bo = NULL;
}

/* ---- What there is ----------------------------------------------------------------------------- */

void kd_kms_swap_describe(const struct kms_swap *swap, char *text, size_t text_bytes)
{
    uint64_t modifier = swap->buffers[0].base.dmabuf.modifier;
    char *name;

    if (swap->kind != KMS_GBM) {
        snprintf(text, text_bytes, "%s",
                 swap->kind == KMS_DUMB ? "the GPU draws into dumb buffers" : "");
        return;
    }
    name = modifier == DRM_FORMAT_MOD_INVALID ? NULL : drmGetFormatModifierName(modifier);
    snprintf(text, text_bytes, "the GPU draws into buffers of GBM, %s", name ? name : "linear");
    free(name);
}

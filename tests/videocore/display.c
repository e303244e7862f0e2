/* Memory as a display would show it. */
#include "display.h"

#include <drm_fourcc.h>
#include <fcntl.h>
#include <gbm.h>
#include <stdio.h>
#include <stdlib.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

static void stop(const char *why)
{
    fprintf(stderr, "frames: %s\n", why);
    exit(1);
}

static void *checked(void *memory)
{
    if (!memory)
        stop("the display gives no memory");
    return memory;
}

static void make_tiled(int card, int32_t width_px, int32_t height_px, struct kd_dmabuf *dmabuf)
{
    static const uint64_t modifier = DRM_FORMAT_MOD_BROADCOM_VC4_T_TILED;
    struct gbm_device *gbm = checked(gbm_create_device(card));
    struct gbm_bo *bo = checked(gbm_bo_create_with_modifiers(
        gbm, (uint32_t)width_px, (uint32_t)height_px, GBM_FORMAT_XRGB8888, &modifier, 1));

    dmabuf->fd = gbm_bo_get_fd(bo);
    dmabuf->stride_bytes = gbm_bo_get_stride(bo);
    dmabuf->modifier = gbm_bo_get_modifier(bo);
    gbm_bo_destroy(bo);
    gbm_device_destroy(gbm);
}

static void make_linear(int card, int32_t width_px, int32_t height_px, struct kd_dmabuf *dmabuf)
{
    struct drm_mode_create_dumb dumb = {
        .width = (uint32_t)width_px, .height = (uint32_t)height_px, .bpp = 32};

    if (drmIoctl(card, DRM_IOCTL_MODE_CREATE_DUMB, &dumb) ||
        drmPrimeHandleToFD(card, dumb.handle, DRM_CLOEXEC | DRM_RDWR, &dmabuf->fd))
        stop("the display gives no memory");
    dmabuf->stride_bytes = dumb.pitch;
    dmabuf->modifier = DRM_FORMAT_MOD_LINEAR;
}

void make_buffer(int card, bool is_tiled, int32_t width_px, int32_t height_px,
                 struct kd_buffer *buffer)
{
    struct kd_dmabuf dmabuf = {.fd = -1, .fourcc = DRM_FORMAT_XRGB8888};
    struct kd_mapping mapping = {0};

    (is_tiled ? make_tiled : make_linear)(card, width_px, height_px, &dmabuf);
    mapping.stride_bytes = dmabuf.stride_bytes;
    if (kd_buffer_init(buffer, width_px, height_px, KB_FORMAT_XRGB8888, &mapping))
        stop("no memory for the buffer");
    buffer->dmabuf = dmabuf;
}

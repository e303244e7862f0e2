/*
 * Framebuffers in memory that the processor draws into ("dumb" buffers), and sets of framebuffers that take turns.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "output/kms_impl.h"

static int map(struct kd_kms *kms, uint64_t bytes, struct kms_buffer *buffer)
{
    uint64_t offset;

    if (drmModeMapDumbBuffer(kms->fd, buffer->handle, &offset) < 0)
        return -errno;
    buffer->map =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd, (off_t)offset);
    if (buffer->map == MAP_FAILED) {
        buffer->map = NULL;
        return -errno;
    }
    buffer->map_bytes = (size_t)bytes;
    memset(buffer->map, 0, buffer->map_bytes);
    return 0;
}

int kd_kms_buffer_create(struct kd_kms *kms, int32_t width_px, int32_t height_px,
                         enum kb_format format, uint32_t fourcc, struct kms_buffer *buffer)
{
    uint32_t bits = 8U * kd_format_get(format)->bytes_per_px;
    struct kd_mapping mapping;
    uint64_t bytes = 0;
    int error;

    *buffer = (struct kms_buffer){.base = {.dmabuf = {.fd = -1}}};
    if (drmModeCreateDumbBuffer(kms->fd, (uint32_t)width_px, (uint32_t)height_px, bits, 0,
                                &buffer->handle, &buffer->stride_bytes, &bytes) < 0)
        return -errno;
    error = map(kms, bytes, buffer);
    if (!error && drmModeAddFB2(kms->fd, (uint32_t)width_px, (uint32_t)height_px, fourcc,
                                (uint32_t[4]){buffer->handle}, (uint32_t[4]){buffer->stride_bytes},
                                (uint32_t[4]){0}, &buffer->fb_id, 0) < 0)
        error = -errno;
    mapping = (struct kd_mapping){buffer->map, buffer->stride_bytes, kms->prefers_shadow};
    if (!error)
        error = kd_buffer_init(&buffer->base, width_px, height_px, format, &mapping);
    if (error)
        kd_kms_buffer_destroy(kms, buffer);
    return error;
}

void kd_kms_buffer_destroy(struct kd_kms *kms, struct kms_buffer *buffer)
{
    int shared_fd = buffer->base.tile_keys ? buffer->base.dmabuf.fd : -1;

    kd_buffer_finish(&buffer->base);
    if (shared_fd >= 0)
        close(shared_fd);
    if (buffer->fb_id)
        drmModeRmFB(kms->fd, buffer->fb_id);
    if (buffer->map)
        munmap(buffer->map, buffer->map_bytes);
    if (buffer->handle)
        drmModeDestroyDumbBuffer(kms->fd, buffer->handle);
    kd_kms_gbm_destroy(buffer);
    *buffer = (struct kms_buffer){.base = {.dmabuf = {.fd = -1}}};
}

/* ---- Taking turns ------------------------------------------------------------------------------ */

enum kms_kind kd_kms_best_kind(const struct kd_kms *kms)
{
    const struct kd_sharing *sharing = &kms->settings.sharing;

    if (!sharing->is_wanted || !sharing->is_wanted(sharing->ctx))
        return KMS_PLAIN;
    return kms->settings.mapped_buffers ? KMS_DUMB : KMS_GBM;
}

int kd_kms_swap_create(struct kd_kms *kms, enum kms_kind kind, const struct kms_plane *plane,
                       unsigned wanted, int32_t width_px, int32_t height_px, enum kb_format format,
                       struct kms_swap *swap)
{
    uint32_t fourcc = format == KB_FORMAT_RGB565 ? DRM_FORMAT_RGB565 : DRM_FORMAT_XRGB8888;
    int error = 0;

    *swap = (struct kms_swap){.kind = kind};
    while (swap->count < wanted && !error) {
        struct kms_buffer *buffer = &swap->buffers[swap->count];

        if (kind == KMS_GBM)
            error = kd_kms_gbm_create(kms, plane, width_px, height_px, format, fourcc, buffer);
        else
            error = kd_kms_buffer_create(kms, width_px, height_px, format, fourcc, buffer);
        if (!error && kind == KMS_DUMB) {
            error = kd_kms_buffer_export(kms, fourcc, buffer);
            if (error)
                kd_kms_buffer_destroy(kms, buffer);
        }
        swap->count += !error;
    }
    return swap->count ? 0 : error;
}

void kd_kms_swap_destroy(struct kd_kms *kms, struct kms_swap *swap)
{
    for (unsigned i = 0; i < swap->count; i++)
        kd_kms_buffer_destroy(kms, &swap->buffers[i]);
    *swap = (struct kms_swap){.count = 0};
}

struct kms_buffer *kd_kms_swap_free(struct kms_swap *swap)
{
    if (swap->count == 1)
        return swap->pending ? NULL : &swap->buffers[0];
    for (unsigned i = 0; i < swap->count; i++) {
        struct kms_buffer *buffer = &swap->buffers[(swap->next + i) % swap->count];

        if (buffer != swap->shown && buffer != swap->pending)
            return buffer;
    }
    return NULL;
}

struct kms_buffer *kd_kms_swap_find(struct kms_swap *swap, const struct kd_buffer *buffer)
{
    for (unsigned i = 0; i < swap->count; i++)
        if (&swap->buffers[i].base == buffer)
            return &swap->buffers[i];
    return NULL;
}

void kd_kms_swap_submitted(struct kms_swap *swap, struct kms_buffer *buffer)
{
    swap->pending = buffer;
    swap->next = (unsigned)(buffer - swap->buffers) + 1;
}

void kd_kms_swap_flipped(struct kms_swap *swap)
{
    swap->shown = swap->pending;
    swap->pending = NULL;
}

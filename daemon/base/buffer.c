#include "base/buffer.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

static int init_pixels(struct kd_buffer *buffer, const struct kd_mapping *mapping)
{
    size_t bytes_per_px = kd_format_get(buffer->format)->bytes_per_px, bytes;

    if (mapping) {
        buffer->pixels = mapping->pixels;
        buffer->stride_px = mapping->stride_bytes / bytes_per_px;
        return 0;
    }
    buffer->stride_px = ((size_t)buffer->grid.width_px + 31) & ~(size_t)31;
    bytes = buffer->stride_px * (size_t)buffer->grid.height_px * bytes_per_px;
    buffer->pixels = aligned_alloc(64, bytes);
    if (!buffer->pixels)
        return -ENOMEM;
    buffer->owns_pixels = true;
    memset(buffer->pixels, 0, bytes);
    return 0;
}

int kd_buffer_init(struct kd_buffer *buffer, int32_t width_px, int32_t height_px,
                   enum kb_format format, const struct kd_mapping *mapping)
{
    bool beside = format != KB_FORMAT_XRGB8888 || (mapping && mapping->slow_reads);

    *buffer = (struct kd_buffer){
        .grid = kd_grid_of(width_px, height_px), .format = format, .dmabuf = {.fd = -1}};
    buffer->tile_keys = calloc(kd_grid_count(buffer->grid), sizeof(uint64_t));
    if (beside)
        buffer->drawn_tiles =
            malloc((size_t)KD_BUFFER_DRAWN_RUNS * KD_RUN_PX * KD_TILE_PX * sizeof(uint32_t));
    if (!buffer->tile_keys || (beside && !buffer->drawn_tiles) ||
        init_pixels(buffer, mapping) < 0) {
        kd_buffer_finish(buffer);
        return -ENOMEM;
    }
    return 0;
}

void kd_buffer_forget(struct kd_buffer *buffer)
{
    struct kd_attachment *attachment = buffer->attachment;

    buffer->attachment = NULL;
    if (attachment)
        attachment->release(attachment);
    if (buffer->tile_keys)
        memset(buffer->tile_keys, 0, kd_grid_count(buffer->grid) * sizeof(uint64_t));
}

void kd_buffer_finish(struct kd_buffer *buffer)
{
    kd_buffer_forget(buffer);
    if (buffer->owns_pixels)
        free(buffer->pixels);
    free(buffer->tile_keys);
    free(buffer->tinted_keys);
    free(buffer->drawn_tiles);
    *buffer = (struct kd_buffer){.dmabuf = {.fd = -1}};
}

static void synchronise(const struct kd_buffer *buffer, uint64_t flags)
{
    struct dma_buf_sync sync = {.flags = flags | DMA_BUF_SYNC_RW};

    if (buffer->dmabuf.fd < 0)
        return;
    while (ioctl(buffer->dmabuf.fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 &&
           (errno == EINTR || errno == EAGAIN))
        ;
}

void kd_buffer_begin_access(const struct kd_buffer *buffer)
{
    synchronise(buffer, DMA_BUF_SYNC_START);
}

void kd_buffer_end_access(const struct kd_buffer *buffer)
{
    synchronise(buffer, DMA_BUF_SYNC_END);
}

int kd_buffer_create(int32_t width_px, int32_t height_px, enum kb_format format,
                     struct kd_buffer **out)
{
    struct kd_buffer *buffer = malloc(sizeof(*buffer));
    int error = buffer ? kd_buffer_init(buffer, width_px, height_px, format, NULL) : -ENOMEM;

    if (error) {
        free(buffer);
        return error;
    }
    *out = buffer;
    return 0;
}

void kd_buffer_destroy(struct kd_buffer *buffer)
{
    if (!buffer)
        return;
    kd_buffer_finish(buffer);
    free(buffer);
}

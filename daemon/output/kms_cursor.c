/*
 * The cursor's plane: two buffers of the size that the card wants, so that a new image never changes one that is shown.
 */
#include <drm_fourcc.h>
#include <string.h>

#include "output/kms_impl.h"

static void fill(struct kms_buffer *buffer, const struct kd_cursor_image *image)
{
    uint32_t *to = buffer->base.pixels;

    memset(buffer->map, 0, buffer->map_bytes);
    for (int32_t y = 0; y < image->height_px; y++, to += buffer->base.stride_px)
        memcpy(to, image->pixels + (size_t)y * (size_t)image->width_px,
               (size_t)image->width_px * sizeof(uint32_t));
}

struct kms_buffer *kd_kms_cursor_prepare(struct kms_output *output,
                                         const struct kd_cursor_image *image)
{
    struct kd_kms *kms = output->kms;
    int32_t width_px = (int32_t)kms->cursor_width_px, height_px = (int32_t)kms->cursor_height_px;
    unsigned next = output->cursor_front ^ 1;

    if (!output->cursor || image->width_px > width_px || image->height_px > height_px ||
        output->plane_rotation != DRM_MODE_ROTATE_0)
        return NULL;
    if (output->cursor_serial == image->serial)
        return &output->cursor_buffers[output->cursor_buffer];
    if (!output->cursor_buffers[next].fb_id &&
        kd_kms_buffer_create(kms, width_px, height_px, KB_FORMAT_XRGB8888, DRM_FORMAT_ARGB8888,
                             &output->cursor_buffers[next]) < 0)
        return NULL;
    fill(&output->cursor_buffers[next], image);
    output->cursor_buffer = next;
    output->cursor_serial = image->serial;
    return &output->cursor_buffers[next];
}

/*
 * What the GPU draws into: a buffer's own memory, imported once; or, where devices know nothing of that memory, a texture, from which it is read back.
 */
#include <GLES2/gl2.h>
#include <GLES2/gl2ext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/gles_impl.h"

/* What it has in the context. */
static void finish_target(struct kd_gles_target *target)
{
    if (target->is_imported) {
        kd_egl_target_finish(target->gles->egl, &target->egl);
    } else {
        glDeleteFramebuffers(1, &target->egl.framebuffer);
        glDeleteTextures(1, &target->texture);
    }
    target->egl = (struct kd_egl_target){0};
}

static void unlink_target(struct kd_gles_target *target)
{
    struct kd_gles_target **link = &target->gles->targets;

    while (*link != target)
        link = &(*link)->next;
    *link = target->next;
}

/* The buffer goes away. */
static void release(struct kd_attachment *attachment)
{
    struct kd_gles_target *target = (struct kd_gles_target *)attachment;
    struct kd_gles *gles = target->gles;

    pthread_mutex_lock(&gles->lock);
    if (kd_egl_enter(gles->egl) == 0) {
        finish_target(target);
        kd_egl_leave(gles->egl);
    }
    unlink_target(target);
    pthread_mutex_unlock(&gles->lock);
    free(target);
}

/* A texture that is read back. */
static int make_texture(struct kd_gles_target *target)
{
    const struct kd_grid grid = target->buffer->grid;

    glGenTextures(1, &target->texture);
    glBindTexture(GL_TEXTURE_2D, target->texture);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
    glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA, grid.width_px, grid.height_px, 0, GL_RGBA,
                 GL_UNSIGNED_BYTE, NULL);
    glGenFramebuffers(1, &target->egl.framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, target->egl.framebuffer);
    glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, target->texture, 0);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) == GL_FRAMEBUFFER_COMPLETE)
        return 0;
    finish_target(target);
    return -EOPNOTSUPP;
}

static int make_target(struct kd_gles_target *target)
{
    const struct kd_buffer *buffer = target->buffer;
    const struct kd_grid grid = buffer->grid;

    target->is_imported =
        buffer->dmabuf.fd >= 0 && kd_egl_import(target->gles->egl, &buffer->dmabuf, grid.width_px,
                                                grid.height_px, &target->egl) == 0;
    if (target->is_imported)
        return 0;
    return buffer->pixels ? make_texture(target) : -EOPNOTSUPP;
}

int kd_gles_target_get(struct kd_gles *gles, struct kd_buffer *buffer, struct kd_gles_target **out)
{
    struct kd_gles_target *target = (struct kd_gles_target *)buffer->attachment;
    int error = 0;

    if (!target) {
        target = calloc(1, sizeof(*target));
        if (!target)
            return -ENOMEM;
        *target = (struct kd_gles_target){.attachment = {.release = release},
                                          .next = gles->targets,
                                          .gles = gles,
                                          .buffer = buffer};
        gles->targets = target;
        gles->counters.allocations++;
        buffer->attachment = &target->attachment;
    }
    if (!target->egl.framebuffer)
        error = make_target(target);
    glBindFramebuffer(GL_FRAMEBUFFER, target->egl.framebuffer);
    *out = target;
    return error;
}

/* ---- Reading ------------------------------------------------------------------------------------------ */

/* Rows of a box, beside each other, of the target that is bound. NULL: out of memory. */
static const uint32_t *read_rows(struct kd_gles *gles, struct kd_box box)
{
    const size_t count = (size_t)kd_box_area(box);
    uint32_t *rows = kd_gles_room_for(gles, &gles->images.rows, count, sizeof(*rows));

    if (!rows)
        return NULL;
    glReadPixels(box.x1, box.y1, kd_box_width(box), kd_box_height(box),
                 gles->reads_bgra ? GL_BGRA_EXT : GL_RGBA, GL_UNSIGNED_BYTE, rows);
    for (size_t i = 0; i < count; i++)
        rows[i] = 0xFF000000 | (gles->reads_bgra ? rows[i]
                                                 : (rows[i] & 0xFF00) | (rows[i] >> 16 & 0xFF) |
                                                       (rows[i] & 0xFF) << 16);
    return rows;
}

static int read_back(struct kd_gles *gles, struct kd_buffer *buffer, struct kd_box box)
{
    const size_t width = (size_t)kd_box_width(box);
    const uint32_t *row = read_rows(gles, box);

    if (!row)
        return -ENOMEM;
    for (int32_t y = box.y1; y < box.y2; y++, row += width) {
        const size_t at = (size_t)y * buffer->stride_px + (size_t)box.x1;

        if (buffer->format == KB_FORMAT_RGB565)
            gles->pix->narrow_565(buffer->pixels_565 + at, row, width);
        else
            memcpy(buffer->pixels + at, row, width * sizeof(*row));
    }
    return 0;
}

int kd_gles_target_read_back(struct kd_gles *gles, struct kd_gles_target *target)
{
    int error = 0;

    for (size_t i = 0;
         !error && !target->is_imported && !gles->limits.no_read_back && i < gles->rectangles_count;
         i++)
        error = read_back(gles, target->buffer, gles->rectangles[i]);
    return error;
}

int kd_gles_target_read(struct kd_gles *gles, struct kd_box box, uint32_t *out, size_t stride_px)
{
    const size_t width = (size_t)kd_box_width(box);
    const uint32_t *row = read_rows(gles, box);

    if (!row)
        return -ENOMEM;
    for (int32_t y = box.y1; y < box.y2; y++, row += width, out += stride_px)
        memcpy(out, row, width * sizeof(*row));
    return 0;
}

/* ---- Losing them -------------------------------------------------------------------------------------- */

void kd_gles_targets_lose(struct kd_gles *gles)
{
    for (struct kd_gles_target *target = gles->targets; target; target = target->next) {
        finish_target(target);
        target->is_lost = true;
    }
}

void kd_gles_targets_finish(struct kd_gles *gles)
{
    while (gles->targets) {
        struct kd_gles_target *target = gles->targets;

        finish_target(target);
        gles->targets = target->next;
        target->buffer->attachment = NULL;
        free(target);
    }
}

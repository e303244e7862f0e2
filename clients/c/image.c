#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

unsigned kc_pixel_bytes(enum kb_format format)
{
    switch (format) {
    case KB_FORMAT_ARGB8888:
    case KB_FORMAT_ARGB8888_PREMULTIPLIED:
    case KB_FORMAT_XRGB8888:
    case KB_FORMAT_ABGR8888:
    case KB_FORMAT_ABGR8888_PREMULTIPLIED:
    case KB_FORMAT_XBGR8888: return 4;
    case KB_FORMAT_RGB565: return 2;
    case KB_FORMAT_A8:
    case KB_FORMAT_P8: return 1;
    }
    return 0;
}

/* Copies info with its defaults filled in. */
static int check_info(const struct kb_image_info *info, struct kb_image_info *checked)
{
    *checked = *info;
    if (checked->format == 0)
        checked->format = KB_FORMAT_ARGB8888;
    unsigned bytes = kc_pixel_bytes(checked->format);
    if (bytes == 0)
        return kc_fail(-EINVAL, "%u is not a pixel format", (unsigned)checked->format);
    if (info->width < 1 || info->height < 1 || info->width > KB_MAX_IMAGE_PX ||
        info->height > KB_MAX_IMAGE_PX)
        return kc_fail(-EINVAL, "an image of %ux%u pixels: width and height must be 1 to %u",
                       info->width, info->height, KB_MAX_IMAGE_PX);
    size_t row_bytes = (size_t)info->width * bytes;
    if (checked->stride_bytes == 0)
        checked->stride_bytes = row_bytes;
    if (checked->stride_bytes < row_bytes)
        return kc_fail(-EINVAL, "a stride of %zu bytes is less than a row of %u pixels (%zu bytes)",
                       checked->stride_bytes, info->width, row_bytes);
    if ((info->palette_count != 0) != (checked->format == KB_FORMAT_P8) ||
        info->palette_count > 256)
        return kc_fail(-EINVAL,
                       "a palette of %zu colours: images of format p8 have 1 to 256, "
                       "others have none",
                       info->palette_count);
    if (!info->has_color_key)
        checked->color_key = 0;
    checked->color_key &= 0xffffffu;
    return 0;
}

int kc_image_alloc(struct kb_display *display, uint32_t width, uint32_t height,
                   struct kb_image **image)
{
    struct kb_image *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return kc_fail(-ENOMEM, "no memory for an image");
    made->display = display;
    made->width = width;
    made->height = height;
    int error = kc_objects_add(&display->objects, KC_OBJECT_IMAGE, made, &made->id);
    if (error < 0) {
        free(made);
        return error;
    }
    *image = made;
    return 0;
}

void kc_image_undo(struct kb_image *image)
{
    kc_objects_remove(&image->display->objects, image->id);
    kc_image_free(image);
}

int kc_image_announce(struct kb_image *image, struct kc_memory *memory)
{
    const struct kb_req_image_create create = {
        .object = image->id,
        .serial = kc_next_serial(image->display),
        .width = image->width,
        .height = image->height,
        .format = (uint8_t)image->format,
        .flags = image->flags,
        .stride_bytes = (uint32_t)image->stride_bytes,
        .color_key = image->color_key,
        .palette = image->palette,
        .palette_count = image->palette_count,
        .pixels = memory->fd,
    };
    image->unread_serial = create.serial;
    int error = kc_request(image->display, KB_REQ_IMAGE_CREATE, &create, memory, KC_WAIT);
    if (error < 0)
        image->unread_serial = 0;
    return error;
}

/* What the daemon has to be told of the pixels. */
static int describe(struct kb_image *image, const struct kb_image_info *info, uint32_t flags)
{
    image->format = info->format;
    image->flags = flags | (info->has_color_key ? KB_IMAGE_FLAG_COLOR_KEY : 0);
    image->color_key = info->color_key;
    image->stride_bytes = info->stride_bytes;
    if (info->palette_count == 0)
        return 0;
    image->palette = malloc(info->palette_count * sizeof(*image->palette));
    if (image->palette == NULL)
        return kc_fail(-ENOMEM, "no memory for a palette");
    memcpy(image->palette, info->palette, info->palette_count * sizeof(*image->palette));
    image->palette_count = (uint32_t)info->palette_count;
    return 0;
}

int kb_image_create(struct kb_display *display, const struct kb_image_info *info,
                    const void *pixels, struct kb_image **image)
{
    struct kb_image_info checked;
    struct kc_memory *memory = NULL;
    struct kb_image *made;
    *image = NULL;
    int error = check_info(info, &checked);
    if (error < 0)
        return error;
    if (pixels == NULL)
        return kc_fail(-EINVAL, "an image needs pixels; kb_image_create_shared() begins with none");
    error = kc_image_alloc(display, checked.width, checked.height, &made);
    if (error < 0)
        return error;
    error = describe(made, &checked, 0);
    made->stride_bytes = (size_t)checked.width * kc_pixel_bytes(checked.format);
    if (error == 0)
        error = kc_memory_create_copy("kmsblit-image", pixels, made->stride_bytes,
                                      checked.stride_bytes, checked.height, &memory);
    /* The daemon reads the memory, which then goes; a view of it, without an fd, is kept for a
     * daemon that comes later. */
    if (error == 0 && display->link.limit_ns > 0)
        error = kc_memory_view(memory, &made->memory);
    if (error == 0)
        error = kc_image_announce(made, memory);
    kc_memory_unref(memory);
    if (error < 0) {
        kc_image_undo(made);
        return error;
    }
    *image = made;
    return 0;
}

int kb_image_create_shared(struct kb_display *display, const struct kb_image_info *info,
                           struct kb_image **image)
{
    struct kb_image_info checked;
    struct kb_image *made;
    *image = NULL;
    int error = check_info(info, &checked);
    if (error < 0)
        return error;
    if (checked.stride_bytes % kc_pixel_bytes(checked.format) != 0 ||
        checked.stride_bytes > KB_MAX_IMAGE_PX * 16u)
        return kc_fail(-EINVAL,
                       "a shared image cannot have a stride of %zu bytes: it must be a "
                       "multiple of the pixel's size, at most %u",
                       checked.stride_bytes, KB_MAX_IMAGE_PX * 16u);
    error = kc_image_alloc(display, checked.width, checked.height, &made);
    if (error < 0)
        return error;
    error = describe(made, &checked, KB_IMAGE_FLAG_SHARED);
    if (error == 0)
        error =
            kc_memory_create("kmsblit-shared", made->stride_bytes * made->height, &made->memory);
    if (error == 0)
        error = kc_image_announce(made, made->memory);
    if (error < 0) {
        kc_image_undo(made);
        return error;
    }
    *image = made;
    return 0;
}

void *kb_image_pixels(struct kb_image *image, size_t *stride_bytes)
{
    if (!(image->flags & KB_IMAGE_FLAG_SHARED)) {
        kc_fail(-EINVAL, "only a shared image has memory to draw into");
        return NULL;
    }
    if (stride_bytes != NULL)
        *stride_bytes = image->stride_bytes;
    return image->memory->map;
}

int kb_image_update(struct kb_image *image, const struct kb_rect *rects, size_t count)
{
    enum { RECTS_MAX = 2048 };
    const struct kb_rect all = {.width = image->width, .height = image->height};
    if (!(image->flags & KB_IMAGE_FLAG_SHARED))
        return kc_fail(-EINVAL, "only a shared image can be updated: this one never changes");
    if (count == 0) {
        rects = &all;
        count = 1;
    }
    while (count > 0) {
        uint32_t some = count < RECTS_MAX ? (uint32_t)count : RECTS_MAX;
        const struct kb_req_image_update update = {
            .object = image->id,
            .serial = kc_next_serial(image->display),
            .rects = rects,
            .rects_count = some,
        };
        unsigned epoch = image->display->link.epoch;
        int error = kc_request(image->display, KB_REQ_IMAGE_UPDATE, &update, NULL, KC_WAIT);
        if (error < 0)
            return error;
        if (epoch == image->display->link.epoch)
            image->unread_serial = update.serial; /* else a daemon that came back is reading it */
        rects += some;
        count -= some;
    }
    return 0;
}

int kb_image_wait(struct kb_image *image)
{
    int error = 0;
    while (image->unread_serial != 0 && error >= 0)
        error = kc_turn(image->display, KC_FOREVER);
    return error < 0 ? error : 0;
}

void kb_image_size(const struct kb_image *image, uint32_t *width, uint32_t *height)
{
    *width = image->width;
    *height = image->height;
}

uint32_t kb_image_id(const struct kb_image *image)
{
    return image->id;
}

void kc_image_free(struct kb_image *image)
{
    image->display->lost_count -= image->content_lost;
    kc_memory_unref(image->memory);
    free(image->palette);
    if (image->frame != NULL)
        kc_frame_finish(image->frame);
    free(image->frame);
    free(image);
}

static void mark(const struct kb_display *display, uint32_t id, void *context)
{
    struct kb_image *image = kc_objects_find(&display->objects, KC_OBJECT_IMAGE, id);
    (void)context;
    if (image != NULL)
        image->marked = true;
}

static void mark_kept(const struct kb_display *display)
{
    for (uint32_t i = 0; i < display->objects.slots_count; i++) {
        const struct kc_slot *slot = &display->objects.slots[i];
        if (slot->kind != KC_OBJECT_WINDOW)
            continue;
        const struct kb_window *window = slot->object;
        if (window->picture == KC_PICTURE_KEPT)
            kc_kept_images(&window->kept, mark, display, NULL);
        for (unsigned k = 0; k < window->sent_count; k++)
            kc_kept_images(&window->sent[k], mark, display, NULL);
    }
}

void kc_images_leave(struct kb_display *display)
{
    for (struct kb_image *image = display->leaving; image != NULL; image = image->next_leaving)
        image->marked = false;
    mark_kept(display);
    struct kb_image **link = &display->leaving;
    while (*link != NULL) {
        struct kb_image *image = *link;
        if (image->marked) {
            link = &image->next_leaving;
            continue;
        }
        *link = image->next_leaving;
        display->leaving_count--;
        kc_objects_remove(&display->objects, image->id);
        kc_image_free(image);
    }
    display->leaving_limit = 2 * display->leaving_count + 64;
}

void kb_image_destroy(struct kb_image *image)
{
    if (image == NULL)
        return;
    struct kb_display *display = image->display;
    const struct kb_req_image_destroy destroy = {.object = image->id,
                                                 .serial = kc_next_serial(display)};
    bool stays = display->link.limit_ns > 0 && display->windows_made > 0;
    if (stays) { /* a frame that may have to be told again may draw it: its id stays taken too */
        display->lost_count -= image->content_lost;
        image->content_lost = false;
        image->leaving = true;
        image->next_leaving = display->leaving;
        display->leaving = image;
        display->leaving_count++;
    }
    kc_request(display, KB_REQ_IMAGE_DESTROY, &destroy, NULL, KC_GROW);
    if (!stays) {
        kc_objects_remove(&display->objects, image->id);
        kc_image_free(image);
    } else if (display->leaving_count > display->leaving_limit) {
        kc_images_leave(display);
    }
}

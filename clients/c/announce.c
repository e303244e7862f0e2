/* Telling a daemon that knows nothing of everything: images, then windows with their pictures. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static struct kb_image *image_at(const struct kb_display *display, uint32_t slot)
{
    const struct kc_slot *one = &display->objects.slots[slot];
    return one->kind == KC_OBJECT_IMAGE ? one->object : NULL;
}

static struct kb_window *window_at(const struct kb_display *display, uint32_t slot)
{
    const struct kc_slot *one = &display->objects.slots[slot];
    return one->kind == KC_OBJECT_WINDOW ? one->object : NULL;
}

/* An image's memory as it was, in a file that can be handed over. */
static int announce_pixels(struct kb_image *image)
{
    struct kc_memory *memory = image->memory;
    if (memory == NULL) /* it was made while no daemon was to be looked for */
        return 0;
    if (image->flags & KB_IMAGE_FLAG_SHARED)
        return kc_image_announce(image, memory);
    int error = kc_memory_create_copy("kmsblit-image", memory->map, memory->bytes, memory->bytes, 1,
                                      &memory);
    if (error < 0)
        return error;
    error = kc_image_announce(image, memory);
    kc_memory_unref(memory);
    return error;
}

static int announce_images(struct kb_display *display)
{
    int error = 0;
    for (uint32_t i = 0; i < display->objects.slots_count && error == 0; i++) {
        struct kb_image *image = image_at(display, i);
        if (image == NULL)
            continue;
        image->undone_serial = image->unread_serial = 0;
        error = image->frame != NULL ? kc_canvas_announce(image) : announce_pixels(image);
    }
    return error;
}

/* Those that only frames needed go again. */
static int destroy_leaving(struct kb_display *display)
{
    int error = 0;
    for (const struct kb_image *image = display->leaving; image != NULL && error == 0;
         image = image->next_leaving) {
        const struct kb_req_image_destroy destroy = {.object = image->id,
                                                     .serial = kc_next_serial(display)};
        error = kc_request(display, KB_REQ_IMAGE_DESTROY, &destroy, NULL, KC_WAIT);
    }
    return error;
}

/* ---- Windows -------------------------------------------------------------------------------- */

static void see_canvas(const struct kb_display *display, uint32_t id, void *context)
{
    const struct kb_image *image = kc_objects_find(&display->objects, KC_OBJECT_IMAGE, id);
    bool *seen = context;
    *seen |= image != NULL && image->drawn;
}

/* Puts the frames in order that make the window's picture and that are to be answered. */
static void prepare(struct kb_window *window)
{
    bool lost = false, whole = false;
    /* Of an earlier restart: it is sent once more below. */
    while (window->sent_count > 0 && window->sent[0].again)
        kc_kept_pop(window, 0, true);
    for (unsigned i = 0; i < window->sent_count; i++)
        whole |= (window->sent[i].flags & KB_FRAME_FLAG_CLEAR) != 0;
    if (window->picture == KC_PICTURE_DRAWN_ON) {
        lost = !whole;
        window->picture = KC_PICTURE_BLANK;
    }
    if (window->picture == KC_PICTURE_KEPT && window->sent_count == 0) {
        window->sent_count = 1;
        window->sent[0].units = 0;
        window->sent[0].flags = 0;
        window->sent[0].serial = window->kept.serial;
        window->sent[0].again = true;
        kc_kept_images(&window->kept, see_canvas, window->display, &lost);
    } else if (window->picture == KC_PICTURE_KEPT &&
               !(window->sent[0].flags & KB_FRAME_FLAG_CLEAR) && !kc_kept_merge(window)) {
        lost |= !whole;
    }
    for (unsigned i = 0; i < window->sent_count; i++)
        kc_kept_images(&window->sent[i], see_canvas, window->display, &lost);
    if (lost && !window->content_lost) {
        window->content_lost = true;
        window->display->lost_count++;
    }
}

static const struct kc_sent *frame_of(const struct kb_window *window, unsigned index)
{
    return window->sent[index].again ? &window->kept : &window->sent[index];
}

static int resize(struct kb_window *window, const struct kc_sent *before,
                  const struct kc_sent *after)
{
    if (before->width == after->width && before->height == after->height &&
        before->base_color == after->base_color)
        return 0;
    const struct kb_req_window_set set = {
        .object = window->id,
        .serial = kc_next_serial(window->display),
        .fields = KB_WINDOW_FIELD_SIZE | KB_WINDOW_FIELD_BASE,
        .width = after->width,
        .height = after->height,
        .base_color = after->base_color | 0xff000000u,
    };
    return kc_request(window->display, KB_REQ_WINDOW_SET, &set, NULL, KC_WAIT);
}

static bool has_output(const struct kb_display *display, uint32_t id)
{
    for (size_t i = 0; i < display->outputs_count; i++) {
        if (display->outputs[i].id == id)
            return true;
    }
    return id == 0;
}

static int announce_window(struct kb_window *window)
{
    struct kb_display *display = window->display;
    const struct kc_sent now = {.width = window->frame.width,
                                .height = window->frame.height,
                                .base_color = window->info.base_color};
    /* Copies: answers may come while later ones wait for room. What they borrow stays until their
     * own answer. */
    struct kc_sent frames[KB_CREDITS];
    unsigned count = window->sent_count;
    for (unsigned i = 0; i < count; i++)
        frames[i] = *frame_of(window, i);
    const struct kc_sent first = count > 0 ? frames[0] : now;
    int error = kc_window_announce(window, &first, !has_output(display, window->info.output));
    for (unsigned i = 0; i < count && error == 0; i++) {
        error = resize(window, i == 0 ? &first : &frames[i - 1], &frames[i]);
        if (error == 0)
            error = kc_commands_send(display, window->id, frames[i].serial, frames[i].flags,
                                     frames[i].bytes, frames[i].units);
    }
    if (error == 0)
        error = kc_window_announce_input(window);
    return error == 0 ? resize(window, count > 0 ? &frames[count - 1] : &first, &now) : error;
}

static int by_order(const void *a, const void *b)
{
    const struct kb_window *const *one = a, *const *other = b;
    return (*one)->order < (*other)->order ? -1 : 1;
}

static void prepare_windows(struct kb_display *display)
{
    for (uint32_t i = 0; i < display->objects.slots_count; i++) {
        struct kb_window *window = window_at(display, i);
        if (window != NULL)
            prepare(window);
    }
}

static int announce_windows(struct kb_display *display)
{
    size_t count = 0;
    int error = 0;
    struct kb_window **windows = malloc((display->objects.slots_count + 1) * sizeof(*windows));
    if (windows == NULL)
        return kc_fail(-ENOMEM, "no memory for telling the daemon of %u objects",
                       display->objects.slots_count);
    for (uint32_t i = 0; i < display->objects.slots_count; i++) {
        windows[count] = window_at(display, i);
        count += windows[count] != NULL;
    }
    qsort(windows, count, sizeof(*windows), by_order);
    for (size_t i = 0; i < count && error == 0; i++)
        error = announce_window(windows[i]);
    free(windows);
    return error;
}

/* ---- All ------------------------------------------------------------------------------------ */

static int ask_again(struct kb_display *display, const struct kc_reply *reply)
{
    if (reply->serial == 0 || reply->complete || reply->request == KB_REQ_WINDOW_CREATE ||
        reply->request == KB_REQ_WINDOW_ADOPT)
        return 0;
    return kc_request(display, reply->request, &reply->question, NULL, KC_WAIT);
}

static void lose_canvases(struct kb_display *display)
{
    for (uint32_t i = 0; i < display->objects.slots_count; i++) {
        struct kb_image *image = image_at(display, i);
        if (image == NULL || !image->drawn)
            continue;
        image->drawn = false;
        if (!image->content_lost && !image->leaving) {
            image->content_lost = true;
            display->lost_count++;
        }
    }
}

int kc_announce_all(struct kb_display *display)
{
    prepare_windows(display);
    kc_images_leave(display);
    int error = announce_images(display);
    if (error == 0)
        error = announce_windows(display);
    if (error == 0)
        error = destroy_leaving(display);
    if (error == 0)
        error = ask_again(display, &display->reply);
    if (error == 0)
        error = ask_again(display, &display->step);
    if (error == 0)
        error = kc_push(display);
    if (error == 0)
        lose_canvases(display);
    return error;
}

int kb_next_lost(struct kb_display *display, struct kb_image **canvas, struct kb_window **window)
{
    *canvas = NULL;
    *window = NULL;
    for (uint32_t i = 0; i < display->objects.slots_count && display->lost_count > 0; i++) {
        struct kb_image *image = image_at(display, i);
        struct kb_window *one = window_at(display, i);
        if (image != NULL && image->content_lost) {
            image->content_lost = false;
            display->lost_count--;
            *canvas = image;
            return 1;
        }
        if (one != NULL && one->content_lost) {
            one->content_lost = false;
            display->lost_count--;
            *window = one;
            return 1;
        }
    }
    return 0;
}

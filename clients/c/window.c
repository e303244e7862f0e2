#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define OPAQUE 0xff000000u

/* What does not fit the wire's byte is no valid value either; the encoder then says so. */
static uint8_t to_byte(unsigned value)
{
    return value > UINT8_MAX ? UINT8_MAX : (uint8_t)value;
}

static int announce(struct kb_window *window, const struct kb_window_info *info, uint32_t serial)
{
    const char *title = info->title != NULL ? info->title : window->display->name;
    const struct kb_req_window_create create = {
        .object = window->id,
        .serial = serial,
        .width = info->width,
        .height = info->height,
        .base_color = info->base_color | OPAQUE,
        .flags = info->flags,
        .scale = to_byte(info->scale),
        .filter = to_byte(info->filter),
        .z = info->z,
        .output = info->output,
        .place = info->place,
        .title = title,
        .title_bytes = (uint32_t)strlen(title),
    };
    return kc_request(window->display, KB_REQ_WINDOW_CREATE, &create, NULL, KC_WAIT);
}

static void tell_destroyed(struct kb_window *window)
{
    const struct kb_req_window_destroy destroy = {.object = window->id,
                                                  .serial = kc_next_serial(window->display)};
    kc_request(window->display, KB_REQ_WINDOW_DESTROY, &destroy, NULL, KC_GROW);
    kc_push(window->display);
}

/* Waits for the first window_state. A wait that is interrupted leaves no window behind. */
static int wait_for_state(struct kb_window *window, struct kc_reply *reply)
{
    int error = 0;
    while (!window->has_state && !reply->complete && error >= 0)
        error = kc_turn(window->display, KC_FOREVER);
    reply->serial = 0;
    if (window->has_state)
        return 0;
    if (reply->complete)
        return kc_fail(reply->error == 0 ? -EPROTO : reply->error, "%s",
                       reply->error == 0 ? "window_create: done without a window_state"
                                         : reply->sentence);
    if (error == -EINTR)
        tell_destroyed(window);
    return error;
}

int kb_window_create(struct kb_display *display, const struct kb_window_info *info,
                     struct kb_window **window)
{
    *window = NULL;
    struct kb_window *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return kc_fail(-ENOMEM, "no memory for a window");
    made->display = display;
    int error = kc_objects_add(&display->objects, KC_OBJECT_WINDOW, made, &made->id);
    if (error < 0) {
        free(made);
        return error;
    }
    kc_frame_init(&made->frame, display, made->id, info->width, info->height);
    uint32_t serial = kc_next_serial(display);
    kc_reply_begin(&display->reply, KB_REQ_WINDOW_CREATE, serial);
    error = announce(made, info, serial);
    if (error == 0)
        error = wait_for_state(made, &display->reply);
    if (error < 0) {
        kc_objects_remove(&display->objects, made->id);
        kc_window_free(made);
        return error;
    }
    *window = made;
    return 0;
}

int kb_window_set(struct kb_window *window, uint32_t fields, const struct kb_window_info *info)
{
    struct kb_req_window_set set = {
        .object = window->id,
        .serial = kc_next_serial(window->display),
        .fields = fields,
        .base_color = OPAQUE,
    };
    if (fields & KB_WINDOW_FIELD_SIZE) {
        if (info->width == 0 || info->height == 0)
            return kc_fail(-EINVAL, "window_set: a window of %ux%u pixels", info->width,
                           info->height);
        set.width = info->width;
        set.height = info->height;
    }
    if (fields & KB_WINDOW_FIELD_BASE)
        set.base_color = info->base_color | OPAQUE;
    if (fields & KB_WINDOW_FIELD_FLAGS)
        set.flags = info->flags;
    if (fields & KB_WINDOW_FIELD_SCALE) {
        set.scale = to_byte(info->scale);
        set.filter = to_byte(info->filter);
    }
    if (fields & KB_WINDOW_FIELD_Z)
        set.z = info->z;
    if (fields & KB_WINDOW_FIELD_PLACEMENT) {
        set.output = info->output;
        set.place = info->place;
    }
    if (fields & KB_WINDOW_FIELD_TITLE) {
        set.title = info->title != NULL ? info->title : window->display->name;
        set.title_bytes = (uint32_t)strlen(set.title);
    }
    int error = kc_request(window->display, KB_REQ_WINDOW_SET, &set, NULL, KC_WAIT);
    if (error < 0)
        return error;
    if (fields & KB_WINDOW_FIELD_SIZE) {
        window->frame.width = info->width;
        window->frame.height = info->height;
    }
    return kc_push(window->display);
}

void kb_window_get_state(const struct kb_window *window, struct kb_window_state *state)
{
    *state = window->state;
}

void kb_window_size(const struct kb_window *window, uint32_t *width, uint32_t *height)
{
    *width = window->frame.width;
    *height = window->frame.height;
}

uint32_t kb_window_id(const struct kb_window *window)
{
    return window->id;
}

void kc_window_free(struct kb_window *window)
{
    kc_frame_finish(&window->frame);
    free(window);
}

void kb_window_destroy(struct kb_window *window)
{
    if (window == NULL)
        return;
    tell_destroyed(window);
    kc_objects_remove(&window->display->objects, window->id);
    kc_window_free(window);
}

void kc_window_answer(struct kb_window *window, uint32_t serial, const struct kc_answer *answer)
{
    unsigned at = 0;
    while (at < window->pending_count && window->pending[at] != serial)
        at++;
    if (at == window->pending_count)
        return;
    window->pending_count--;
    memmove(&window->pending[at], &window->pending[at + 1],
            (window->pending_count - at) * sizeof(window->pending[0]));
    window->answers[window->answers_count++ % KC_ANSWERS_KEPT] = *answer;
    if (answer->error == 0)
        window->last = answer->presented;
}

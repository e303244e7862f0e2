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

int kc_window_announce(const struct kb_window *window, const struct kc_sent *as_of, bool anywhere)
{
    const struct kb_window_info *info = &window->info;
    const char *title = info->title != NULL ? info->title : window->display->name;
    const struct kb_req_window_create create = {
        .object = window->id,
        .serial = window->create_serial,
        .width = as_of->width,
        .height = as_of->height,
        .base_color = as_of->base_color | OPAQUE,
        .flags = info->flags,
        .scale = to_byte(info->scale),
        .filter = to_byte(info->filter),
        .z = info->z,
        .output = anywhere ? 0 : info->output,
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
                       reply->error == 0 ? "a window: done without a window_state"
                                         : reply->sentence);
    if (error == -EINTR)
        tell_destroyed(window);
    return error;
}

/* A handle that the daemon has not heard of. Its title is the caller's to give back. */
static int window_alloc(struct kb_display *display, const struct kb_window_info *info,
                        struct kb_window **window)
{
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
    made->order = display->windows_made++;
    made->create_serial = kc_next_serial(display);
    made->info = *info;
    made->info.title = NULL;
    *window = made;
    return 0;
}

/* The daemon's answer decides: the window is there, or is given back. */
static int window_finish(struct kb_window *made, int error, struct kb_window **window)
{
    struct kb_display *display = made->display;
    if (error == 0)
        error = wait_for_state(made, &display->reply);
    if (error < 0) {
        kc_objects_remove(&display->objects, made->id);
        kc_input_leave(display, made->id);
        kc_window_free(made);
        return error;
    }
    *window = made;
    return 0;
}

int kb_window_create(struct kb_display *display, const struct kb_window_info *info,
                     struct kb_window **window)
{
    struct kb_window *made;
    *window = NULL;
    int error = window_alloc(display, info, &made);
    if (error < 0)
        return error;
    made->info.title = info->title != NULL ? strdup(info->title) : NULL;
    if (info->title != NULL && made->info.title == NULL)
        error = kc_fail(-ENOMEM, "no memory for a window's title");
    kc_reply_begin(&display->reply, KB_REQ_WINDOW_CREATE, made->create_serial);
    const struct kc_sent now = {
        .width = info->width, .height = info->height, .base_color = info->base_color};
    if (error == 0)
        error = kc_window_announce(made, &now, false);
    return window_finish(made, error, window);
}

int kb_window_adopt(struct kb_display *display, struct kb_window_info *info,
                    struct kb_window **window)
{
    /* As it is until the daemon says more; for one that restarts just now, which knows of nothing that was left. */
    const struct kb_window_info unknown = {.width = 1, .height = 1};
    struct kb_window *made;
    *window = NULL;
    int error = window_alloc(display, &unknown, &made);
    if (error < 0)
        return error;
    made->picture = KC_PICTURE_DRAWN_ON;
    kc_reply_begin(&display->reply, KB_REQ_WINDOW_ADOPT, made->create_serial);
    const struct kb_req_window_adopt adopt = {.object = made->id, .serial = made->create_serial};
    error = kc_request(display, KB_REQ_WINDOW_ADOPT, &adopt, NULL, KC_WAIT);
    error = window_finish(made, error, window);
    if (error == 0 && info != NULL)
        *info = made->info;
    return error;
}

void kc_window_adopted(struct kb_window *window, const struct kb_evt_window_adopted *event)
{
    char *title = strndup(event->title_bytes > 0 ? event->title : "", event->title_bytes);
    free((char *)(uintptr_t)window->info.title);
    window->info = (struct kb_window_info){.width = event->width,
                                           .height = event->height,
                                           .base_color = event->base_color,
                                           .scale = event->scale,
                                           .filter = event->filter,
                                           .z = event->z,
                                           .output = event->output,
                                           .place = event->place,
                                           .title = title};
    window->frame.width = event->width;
    window->frame.height = event->height;
}

/* Keeps what was asked for, for a daemon that comes later. The caller frees the title before. */
static int record(struct kb_window *window, uint32_t fields, const struct kb_window_info *info)
{
    struct kb_window_info *now = &window->info;
    char *title = NULL;
    if (fields & KB_WINDOW_FIELD_TITLE && info->title != NULL) {
        title = strdup(info->title);
        if (title == NULL)
            return kc_fail(-ENOMEM, "no memory for a window's title");
    }
    if (fields & KB_WINDOW_FIELD_TITLE)
        now->title = title;
    if (fields & KB_WINDOW_FIELD_SIZE) {
        now->width = info->width;
        now->height = info->height;
    }
    if (fields & KB_WINDOW_FIELD_BASE)
        now->base_color = info->base_color;
    if (fields & KB_WINDOW_FIELD_FLAGS)
        now->flags = info->flags;
    if (fields & KB_WINDOW_FIELD_SCALE) {
        now->scale = info->scale;
        now->filter = info->filter;
    }
    if (fields & KB_WINDOW_FIELD_Z)
        now->z = info->z;
    if (fields & KB_WINDOW_FIELD_PLACEMENT) {
        now->output = info->output;
        now->place = info->place;
    }
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
    struct kb_window_info before = window->info;
    int error = record(window, fields, info);
    if (error == 0)
        error = kc_request(window->display, KB_REQ_WINDOW_SET, &set, NULL, KC_WAIT);
    if (error < 0) {
        if (window->info.title != before.title)
            free((char *)(uintptr_t)window->info.title);
        window->info = before;
        return error;
    }
    if (window->info.title != before.title)
        free((char *)(uintptr_t)before.title);
    window->frame.width = window->info.width;
    window->frame.height = window->info.height;
    window->base_changed |= before.base_color != window->info.base_color;
    return kc_push(window->display);
}

/* ---- The cursor ----------------------------------------------------------------------------- */

static int send_cursor(struct kb_window *window)
{
    struct kb_req_window_cursor cursor = window->cursor;
    cursor.object = window->id;
    cursor.serial = kc_next_serial(window->display);
    return kc_request(window->display, KB_REQ_WINDOW_CURSOR, &cursor, NULL, KC_WAIT);
}

static int send_input(struct kb_window *window)
{
    const struct kb_req_window_input input = {
        .object = window->id,
        .serial = kc_next_serial(window->display),
        .flags = window->input_flags,
    };
    return kc_request(window->display, KB_REQ_WINDOW_INPUT, &input, NULL, KC_WAIT);
}

int kc_window_announce_input(struct kb_window *window)
{
    const struct kb_image *image =
        kc_objects_find(&window->display->objects, KC_OBJECT_IMAGE, window->cursor.image);
    int error = 0;
    if (image == NULL || image->leaving)
        window->cursor = (struct kb_req_window_cursor){.image = 0};
    if (window->cursor.image != 0)
        error = send_cursor(window);
    if (error == 0 && window->input_flags != 0)
        error = send_input(window);
    return error;
}

int kb_window_set_cursor(struct kb_window *window, const struct kb_image *image, int hot_x,
                         int hot_y)
{
    const struct kb_req_window_cursor before = window->cursor;
    const uint32_t width = image != NULL ? image->width : 1;
    const uint32_t height = image != NULL ? image->height : 1;
    if (width > 256 || height > 256)
        return kc_fail(-EINVAL, "a cursor's image of %ux%u pixels: 256x256 is the most", width,
                       height);
    if (hot_x < 0 || hot_y < 0 || (uint32_t)hot_x >= width || (uint32_t)hot_y >= height)
        return kc_fail(-EINVAL, "the pixel (%d, %d) points, but is not in the cursor's image",
                       hot_x, hot_y);
    window->cursor = (struct kb_req_window_cursor){
        .image = image != NULL ? image->id : 0, .hot_x = (int16_t)hot_x, .hot_y = (int16_t)hot_y};
    int error = send_cursor(window);
    if (error < 0) {
        window->cursor = before;
        return error;
    }
    return kc_push(window->display);
}

static int set_input(struct kb_window *window, uint32_t flag, bool on)
{
    const uint32_t before = window->input_flags;
    window->input_flags = on ? before | flag : before & ~flag;
    int error = send_input(window);
    if (error < 0) {
        window->input_flags = before;
        return error;
    }
    return kc_push(window->display);
}

int kb_window_hide_cursor(struct kb_window *window, bool hide)
{
    return set_input(window, KB_WINDOW_INPUT_FLAG_HIDE_CURSOR, hide);
}

int kb_window_grab_keyboard(struct kb_window *window, bool grab)
{
    return set_input(window, KB_WINDOW_INPUT_FLAG_GRAB_KEYBOARD, grab);
}

int kb_window_lock_pointer(struct kb_window *window, bool lock)
{
    return set_input(window, KB_WINDOW_INPUT_FLAG_LOCK_POINTER, lock);
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
    window->display->lost_count -= window->content_lost;
    kc_frame_finish(&window->frame);
    kc_kept_finish(window);
    free((char *)(uintptr_t)window->info.title);
    free(window);
}

void kb_window_destroy(struct kb_window *window)
{
    if (window == NULL)
        return;
    tell_destroyed(window);
    kc_objects_remove(&window->display->objects, window->id);
    kc_input_leave(window->display, window->id);
    kc_window_free(window);
}

void kc_window_answer(struct kb_window *window, uint32_t serial, const struct kc_answer *answer)
{
    struct kb_display *display = window->display;
    unsigned at = 0;
    while (at < window->sent_count && window->sent[at].serial != serial)
        at++;
    if (at == window->sent_count)
        return;
    bool again = window->sent[at].again;
    kc_kept_pop(window, at, answer->error != 0);
    if (again) { /* the program has had an answer to it */
        display->lost_count += answer->error != 0 && !window->content_lost;
        window->content_lost |= answer->error != 0;
        return;
    }
    display->link.progress |= answer->error == 0;
    window->answers[window->answers_count++ % KC_ANSWERS_KEPT] = *answer;
    if (answer->error == 0)
        window->last = answer->presented;
}

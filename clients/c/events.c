/* What the daemon says. Nothing here calls the program: events only change what handles know. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

static void copy_text(char *to, size_t to_bytes, const char *text, uint32_t text_bytes)
{
    snprintf(to, to_bytes, "%.*s", (int)text_bytes, text_bytes > 0 ? text : "");
}

static struct kb_window *find_window(const struct kb_display *display, uint32_t id)
{
    return kc_objects_find(&display->objects, KC_OBJECT_WINDOW, id);
}

static struct kc_reply *find_reply(struct kb_display *display, uint32_t serial)
{
    if (serial == 0)
        return NULL;
    if (display->reply.serial == serial && !display->reply.complete)
        return &display->reply;
    if (display->step.serial == serial && !display->step.complete)
        return &display->step;
    if (display->hello.serial == serial && !display->hello.complete)
        return &display->hello;
    if (display->greeting.serial == serial && !display->greeting.complete)
        return &display->greeting;
    return NULL;
}

static int on_welcome(void *context, const struct kb_evt_welcome *event)
{
    struct kb_display *display = context;
    if (event->version != KB_PROTO_VERSION)
        return kc_break(display, -EPROTONOSUPPORT,
                        "the daemon at %s speaks version %u of the protocol, this library %u; "
                        "install the same version of both",
                        display->path, event->version, (unsigned)KB_PROTO_VERSION);
    display->hello.complete = true;
    display->welcome = *event;
    copy_text(display->server, sizeof(display->server), event->server, event->server_bytes);
    return 0;
}

/* The daemon has read the memory that came with this request, or refused the request. */
static void release(struct kb_display *display, uint32_t object, uint32_t serial)
{
    for (unsigned i = 0; i < KC_FRAME_POOL_SIZE; i++) {
        if (display->frame_pool[i].serial == serial)
            display->frame_pool[i].serial = 0;
    }
    struct kb_image *image = kc_objects_find(&display->objects, KC_OBJECT_IMAGE, object);
    if (image != NULL && image->unread_serial == serial)
        image->unread_serial = 0;
}

/* A canvas's frame was drawn, or refused. */
static void canvas_answered(const struct kb_display *display, uint32_t object, uint32_t serial)
{
    struct kb_image *image = kc_objects_find(&display->objects, KC_OBJECT_IMAGE, object);
    if (image != NULL && image->undone_serial == serial)
        image->undone_serial = 0;
}

static void refuse(struct kb_display *display, const struct kb_evt_error *event)
{
    int error = kc_error_of(event->code);
    const struct kb_message_info *request = kb_message_info(event->request);
    char sentence[KC_SENTENCE_BYTES];
    snprintf(sentence, sizeof(sentence), "%s: %.*s", request == NULL ? "request" : request->name,
             (int)event->message_bytes, event->message_bytes > 0 ? event->message : "");
    struct kc_reply *reply = find_reply(display, event->serial);
    if (reply != NULL) {
        reply->complete = true;
        reply->error = error;
        memcpy(reply->sentence, sentence, sizeof(sentence));
    } else if (display->refusal.error == 0) {
        display->refusal.error = error;
        display->refusal.serial = event->serial;
        memcpy(display->refusal.sentence, sentence, sizeof(sentence));
    }
}

static int on_error(void *context, const struct kb_evt_error *event)
{
    struct kb_display *display = context;
    if (event->code == KB_ERROR_CODE_TIMEOUT) /* as after a program was stopped for long */
        return kc_lose(display, kc_error_of(event->code),
                       "the daemon at %s ended the connection: %.*s", display->path,
                       (int)event->message_bytes, event->message_bytes > 0 ? event->message : "");
    if (event->code == KB_ERROR_CODE_ENDED) {
        kc_input_close(display, display->input.state[KC_COME].focus);
        return kc_break(display, -ECANCELED, "this program was ended: %.*s",
                        (int)event->message_bytes, event->message_bytes > 0 ? event->message : "");
    }
    if (event->code == KB_ERROR_CODE_PROTOCOL || event->code == KB_ERROR_CODE_VERSION)
        return kc_break(display, kc_error_of(event->code),
                        "the daemon at %s ended the connection: %.*s", display->path,
                        (int)event->message_bytes, event->message_bytes > 0 ? event->message : "");
    bool destroyed =
        event->request == KB_REQ_IMAGE_DESTROY || event->request == KB_REQ_WINDOW_DESTROY;
    if (destroyed && event->code == KB_ERROR_CODE_BAD_OBJECT)
        return 0; /* its creation was refused, and that has been said */
    release(display, event->object, event->serial);
    canvas_answered(display, event->object, event->serial);
    struct kb_window *window = find_window(display, event->object);
    if (window != NULL)
        kc_window_answer(window, event->serial,
                         &(struct kc_answer){.error = kc_error_of(event->code),
                                             .presented = {.serial = event->serial}});
    refuse(display, event);
    return 0;
}

static int on_done(void *context, const struct kb_evt_done *event)
{
    const struct kb_display *display = context;
    canvas_answered(display, event->object, event->serial);
    struct kc_reply *reply = find_reply(context, event->serial);
    if (reply != NULL && (reply->request == KB_REQ_SYNC || reply->request == KB_REQ_CLOCK_STEP))
        reply->complete = true;
    return 0;
}

static int on_released(void *context, const struct kb_evt_released *event)
{
    release(context, event->object, event->serial);
    return 0;
}

static int on_output(void *context, const struct kb_evt_output *event)
{
    struct kb_display *display = context;
    size_t at = 0;
    while (at < display->outputs_count && display->outputs[at].id != event->object)
        at++;
    if (at == display->outputs_count) {
        struct kb_output_info *more =
            realloc(display->outputs, (display->outputs_count + 1) * sizeof(*more));
        if (more == NULL)
            return kc_break(display, -ENOMEM, "no memory for one more output");
        display->outputs = more;
        display->outputs_count++;
    }
    struct kb_output_info *output = &display->outputs[at];
    *output = (struct kb_output_info){
        .id = event->object,
        .x = event->x,
        .y = event->y,
        .width = event->width,
        .height = event->height,
        .refresh_ns = event->refresh_ns,
        .flags = event->flags,
    };
    copy_text(output->name, sizeof(output->name), event->name, event->name_bytes);
    copy_text(output->description, sizeof(output->description), event->description,
              event->description_bytes);
    return 0;
}

static int on_output_gone(void *context, const struct kb_evt_output_gone *event)
{
    struct kb_display *display = context;
    for (size_t i = 0; i < display->outputs_count; i++) {
        if (display->outputs[i].id != event->object)
            continue;
        display->outputs_count--;
        memmove(&display->outputs[i], &display->outputs[i + 1],
                (display->outputs_count - i) * sizeof(display->outputs[0]));
        break;
    }
    return 0;
}

static int on_window_state(void *context, const struct kb_evt_window_state *event)
{
    struct kb_window *window = find_window(context, event->object);
    if (window == NULL)
        return 0;
    window->has_state = true;
    window->state = (struct kb_window_state){
        .output = event->output,
        .flags = event->flags,
        .place = event->place,
        .picture = event->picture,
    };
    return 0;
}

static int on_window_adopted(void *context, const struct kb_evt_window_adopted *event)
{
    struct kb_window *window = find_window(context, event->object);
    if (window != NULL)
        kc_window_adopted(window, event);
    return 0;
}

static int on_launch_state(void *context, const struct kb_evt_launch_state *event)
{
    struct kb_display *display = context;
    display->launch_state = (struct kb_launch_state){
        .clients = event->clients, .shown = event->shown, .left = event->left};
    struct kc_reply *reply = find_reply(display, event->serial);
    if (reply != NULL && reply->request == KB_REQ_LAUNCH)
        reply->complete = true;
    return 0;
}

static int on_presented(void *context, const struct kb_evt_presented *event)
{
    struct kb_window *window = find_window(context, event->object);
    if (window != NULL)
        kc_window_answer(window, event->serial,
                         &(struct kc_answer){.presented = {
                                                 .serial = event->serial,
                                                 .flags = event->flags,
                                                 .output = event->output,
                                                 .time_ns = event->time_ns,
                                                 .refresh_ns = event->refresh_ns,
                                                 .sequence = event->sequence,
                                             }});
    return 0;
}

static int on_discarded(void *context, const struct kb_evt_discarded *event)
{
    struct kb_window *window = find_window(context, event->object);
    if (window != NULL)
        kc_window_answer(window, event->serial,
                         &(struct kc_answer){.presented = {
                                                 .serial = event->serial,
                                                 .discarded = true,
                                                 .time_ns = event->time_ns,
                                             }});
    return 0;
}

static int on_statistics(void *context, const struct kb_evt_statistics *event)
{
    struct kc_reply *reply = find_reply(context, event->serial);
    if (reply == NULL || reply->request != KB_REQ_GET_STATISTICS)
        return 0;
    size_t count = event->values_count;
    if (count > reply->values_capacity)
        count = reply->values_capacity;
    if (count > 0)
        memcpy(reply->values, event->values, count * sizeof(*reply->values));
    reply->values_count = count;
    reply->complete = true;
    return 0;
}

static int on_screenshot_done(void *context, const struct kb_evt_screenshot_done *event)
{
    struct kc_reply *reply = find_reply(context, event->serial);
    if (reply == NULL || reply->request != KB_REQ_SCREENSHOT) {
        close(event->pixels);
        return 0;
    }
    reply->width = event->width;
    reply->height = event->height;
    reply->pixels = event->pixels;
    reply->complete = true;
    return 0;
}

static int on_description(void *context, const struct kb_evt_description *event)
{
    struct kc_reply *reply = find_reply(context, event->serial);
    if (reply == NULL || reply->request != KB_REQ_DESCRIBE)
        return 0;
    free(reply->text);
    reply->text = strndup(event->text_bytes > 0 ? event->text : "", event->text_bytes);
    reply->complete = true;
    return 0;
}

static int on_content_lost(void *context, const struct kb_evt_content_lost *event)
{
    struct kb_display *display = context;
    struct kb_image *image = kc_objects_find(&display->objects, KC_OBJECT_IMAGE, event->object);
    struct kb_window *window = find_window(display, event->object);
    bool *lost = NULL;
    if (image != NULL && image->frame != NULL)
        lost = &image->content_lost;
    else if (window != NULL)
        lost = &window->content_lost;
    if (lost != NULL && !*lost) {
        *lost = true;
        display->lost_count++;
    }
    return 0;
}

static const struct kb_evt_handler handler = {
    .welcome = on_welcome,
    .error = on_error,
    .done = on_done,
    .released = on_released,
    .output = on_output,
    .output_gone = on_output_gone,
    .window_state = on_window_state,
    .window_adopted = on_window_adopted,
    .launch_state = on_launch_state,
    .presented = on_presented,
    .discarded = on_discarded,
    .content_lost = on_content_lost,
    .statistics = on_statistics,
    .screenshot_done = on_screenshot_done,
    .description = on_description,
    .events_lost = kc_on_events_lost,
    .device = kc_on_device,
    .device_gone = kc_on_device_gone,
    .focus = kc_on_focus,
    .key = kc_on_key,
    .keymap = kc_on_keymap,
    .pointer_motion = kc_on_pointer_motion,
    .pointer_button = kc_on_pointer_button,
    .pointer_wheel = kc_on_pointer_wheel,
    .pointer_over = kc_on_pointer_over,
    .touch = kc_on_touch,
    .gamepad_axis = kc_on_gamepad_axis,
    .gamepad_button = kc_on_gamepad_button,
    .window_close = kc_on_window_close,
};

int kc_handle_event(struct kb_display *display, const struct kb_header *message, int *fds)
{
    struct kb_wire_error error = {.what = "a malformed event"};
    int status =
        kb_evt_dispatch(&handler, display, message, message->size, fds, message->nfds, &error);
    for (unsigned i = 0; i < message->nfds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    if (status == -EPROTO)
        return kc_break(display, -EPROTO, "%s does not speak kmsblit's protocol: %s", display->path,
                        error.what);
    return status;
}

/* What programs call about input: taking events, asking how things are, wishes. */
#include <errno.h>
#include <string.h>

#include "client.h"

#define RUMBLE_MS_MAX 10000u

/* ---- Taking --------------------------------------------------------------------------------- */

static bool take(struct kb_display *display, struct kb_event *event)
{
    struct kc_queued queued;
    if (!kc_queue_take(&display->input, &queued))
        return false;
    *event = queued.event;
    event->window = kc_objects_find(&display->objects, KC_OBJECT_WINDOW, queued.window);
    return true;
}

/* Reads what has come, and looks for repeats if that was nothing. */
static int look(struct kb_display *display)
{
    const int error = kc_pull(display);
    if (display->input.queue.count == 0 && error >= 0)
        kc_repeat_run(display);
    return error < 0 ? error : 0;
}

int kb_next_event(struct kb_display *display, struct kb_event *event)
{
    if (take(display, event))
        return 1;
    const int error = look(display);
    return take(display, event) ? 1 : error;
}

int kb_wait_event(struct kb_display *display, int timeout_ms, struct kb_event *event)
{
    const int64_t deadline_ns =
        timeout_ms < 0 ? KC_FOREVER : kc_now_ns() + timeout_ms * INT64_C(1000000);
    for (;;) {
        const int taken = kb_next_event(display, event);
        if (taken != 0)
            return taken;
        const int error = kc_turn(display, deadline_ns);
        if (error < 0 && display->input.queue.count == 0)
            return error == -ETIMEDOUT ? 0 : error;
    }
}

int kb_pump(struct kb_display *display)
{
    const int error = look(display);
    const size_t count = kc_queue_pump(&display->input);
    return error < 0 && count == 0 ? error : (int)count;
}

void kb_set_event_handler(struct kb_display *display, kb_event_handler handler, void *context)
{
    display->input.handler = handler;
    display->input.handler_context = context;
}

int kc_input_hand_out(struct kb_display *display)
{
    struct kb_event event;
    int count = 0;
    while (display->input.handler != NULL && take(display, &event)) {
        display->input.handler(display, &event, display->input.handler_context);
        count++;
    }
    return count;
}

/* ---- Asking --------------------------------------------------------------------------------- */

static const struct kc_state *taken(const struct kb_display *display)
{
    return &display->input.state[KC_TAKEN];
}

struct kb_window *kb_focus(const struct kb_display *display)
{
    return kc_objects_find(&display->objects, KC_OBJECT_WINDOW, taken(display)->focus);
}

bool kb_key_down(const struct kb_display *display, uint32_t code)
{
    return code < KC_KEYS && taken(display)->keys[code].down;
}

size_t kb_keys_down(const struct kb_display *display, struct kb_held_key *keys, size_t capacity)
{
    const struct kc_state *state = taken(display);
    size_t count = 0;
    for (uint32_t code = 0; code < KC_KEYS; code++) {
        if (!state->keys[code].down)
            continue;
        if (count < capacity)
            keys[count] = (struct kb_held_key){.code = code, .base = state->keys[code].base};
        count++;
    }
    return count;
}

uint32_t kb_modifiers(const struct kb_display *display)
{
    return taken(display)->modifiers;
}

void kb_pointer_get(const struct kb_display *display, struct kb_pointer *pointer)
{
    *pointer = taken(display)->pointer;
}

size_t kb_touches(const struct kb_display *display, struct kb_touch *touches, size_t capacity)
{
    const struct kc_state *state = taken(display);
    for (size_t i = 0; i < state->touches_count && i < capacity; i++)
        touches[i] = state->touches[i];
    return state->touches_count;
}

size_t kb_device_count(const struct kb_display *display)
{
    size_t count = 0;
    for (size_t i = 0; i < display->input.devices_count; i++)
        count += display->input.devices[i]->at[KC_TAKEN].there;
    return count;
}

int kb_device_get(const struct kb_display *display, size_t index, struct kb_device_info *info)
{
    size_t left = index;
    for (size_t i = 0; i < display->input.devices_count; i++) {
        const struct kc_device *device = display->input.devices[i];
        if (device->at[KC_TAKEN].there && left-- == 0) {
            *info = device->info;
            return 0;
        }
    }
    return kc_fail(-EINVAL, "there is no input device %zu: there are %zu", index,
                   kb_device_count(display));
}

int kb_device_find(const struct kb_display *display, uint32_t id, struct kb_device_info *info)
{
    const struct kc_input *input = &display->input;
    const struct kc_device *device = kc_input_device(input, KC_TAKEN, id);
    /* The one that has just gone, then: it is kept until more of them come. */
    for (size_t i = input->devices_count; device == NULL && i-- > 0;) {
        const struct kc_device *gone = input->devices[i];
        if (gone->info.id == id && !gone->at[KC_COME].there)
            device = gone;
    }
    if (device == NULL)
        return kc_fail(-EINVAL, "there is no input device with the id %u", id);
    *info = device->info;
    return 0;
}

int32_t kb_gamepad_axis(const struct kb_display *display, uint32_t device, uint32_t axis)
{
    const struct kc_device *pad = kc_input_device(&display->input, KC_TAKEN, device);
    return pad != NULL && axis < KC_PAD_AXES ? pad->at[KC_TAKEN].axes[axis] : 0;
}

bool kb_gamepad_button(const struct kb_display *display, uint32_t device, uint32_t button)
{
    const struct kc_device *pad = kc_input_device(&display->input, KC_TAKEN, device);
    return pad != NULL && button < KC_PAD_BUTTONS && pad->at[KC_TAKEN].buttons[button];
}

/* ---- Wishes --------------------------------------------------------------------------------- */

int kb_gamepad_rumble(struct kb_display *display, uint32_t device, uint16_t strong, uint16_t weak,
                      uint32_t duration_ms)
{
    const struct kb_req_gamepad_rumble rumble = {
        .object = device,
        .serial = kc_next_serial(display),
        .strong = strong,
        .weak = weak,
        .duration_ms = duration_ms,
    };
    if (duration_ms > RUMBLE_MS_MAX)
        return kc_fail(-EINVAL, "a gamepad cannot shake for %u ms: %u is the most", duration_ms,
                       RUMBLE_MS_MAX);
    const int error = kc_request(display, KB_REQ_GAMEPAD_RUMBLE, &rumble, NULL, KC_WAIT);
    return error < 0 ? error : kc_push(display);
}

int kb_window_focus(struct kb_window *window)
{
    struct kb_display *display = window->display;
    const struct kb_req_window_focus focus = {.object = window->id,
                                              .serial = kc_next_serial(display)};
    const int error = kc_request(display, KB_REQ_WINDOW_FOCUS, &focus, NULL, KC_WAIT);
    return error < 0 ? error : kc_push(display);
}

int kb_inject(struct kb_display *display, enum kb_injected_device device, uint16_t type,
              uint16_t code, int32_t value)
{
    const struct kb_req_input_inject inject = {
        .serial = kc_next_serial(display),
        .type = type,
        .code = code,
        .value = value,
        .device = device,
    };
    const int error = kc_request(display, KB_REQ_INPUT_INJECT, &inject, NULL, KC_WAIT);
    return error < 0 ? error : kc_push(display);
}

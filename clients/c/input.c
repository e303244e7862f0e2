/* The daemon's input events as the program gets them, and releases of what is held. */
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client.h"

#define KEYMAP_BYTES_MAX (1u << 20)
#define NOTCH            120

static double to_pixels(kb_fixed value)
{
    return value / 65536.0;
}

static void push(struct kb_display *display, const struct kc_queued *queued)
{
    kc_queue_push(&display->input, queued); /* what finds no memory is counted as lost */
}

void kc_input_init(struct kc_input *input)
{
    kc_repeat_init(&input->repeat);
}

void kc_input_finish(struct kc_input *input)
{
    for (size_t i = 0; i < input->devices_count; i++)
        free(input->devices[i]);
    free(input->devices);
    free(input->queue.events);
    kc_text_destroy(input->text);
    kc_repeat_finish(&input->repeat);
}

/* Events of a window that the program has destroyed meanwhile are nobody's. */
static bool is_ours(const struct kb_display *display, uint32_t window)
{
    return kc_objects_find(&display->objects, KC_OBJECT_WINDOW, window) != NULL;
}

/* ---- Devices -------------------------------------------------------------------------------- */

struct kc_device *kc_input_device(const struct kc_input *input, enum kc_when when, uint32_t id)
{
    for (size_t i = 0; i < input->devices_count; i++) {
        if (input->devices[i]->at[when].there && input->devices[i]->info.id == id)
            return input->devices[i];
    }
    return NULL;
}

/* Frees those that neither are there nor will be. */
static void sweep_devices(struct kc_input *input)
{
    size_t kept = 0;
    for (size_t i = 0; i < input->devices_count; i++) {
        struct kc_device *device = input->devices[i];
        if (device->at[KC_TAKEN].there || device->at[KC_COME].there || device->queued > 0)
            input->devices[kept++] = device;
        else
            free(device);
    }
    input->devices_count = kept;
}

static int add_device(struct kb_display *display, const struct kb_evt_device *event)
{
    struct kc_input *input = &display->input;
    struct kc_device *device = calloc(1, sizeof(*device));
    struct kc_device **more =
        realloc(input->devices, (input->devices_count + 1) * sizeof(struct kc_device *));
    if (more != NULL)
        input->devices = more;
    if (device == NULL || more == NULL) {
        free(device);
        return kc_break(display, -ENOMEM, "no memory for one more input device");
    }
    device->info = (struct kb_device_info){
        .id = event->object,
        .capabilities = event->capabilities,
        .axes = event->axes,
        .buttons = event->buttons,
        .bus = event->bus,
        .vendor = event->vendor,
        .product = event->product,
        .version = event->version,
    };
    snprintf(device->info.name, sizeof(device->info.name), "%.*s", (int)event->name_bytes,
             event->name_bytes > 0 ? event->name : "");
    input->devices[input->devices_count++] = device;
    push(display, &(struct kc_queued){
                      .event = {.type = KB_EVENT_DEVICE_ADDED, .device = event->object},
                      .device = device,
                  });
    return 0;
}

static void release_pad(struct kb_display *display, struct kc_device *device)
{
    struct kc_queued up = {.event = {.device = device->info.id}, .device = device};
    up.window = display->input.state[KC_COME].focus;
    up.event.type = KB_EVENT_BUTTON_UP;
    for (uint32_t i = 0; i < KC_PAD_BUTTONS; i++) {
        up.event.gamepad = (struct kb_gamepad_event){.button = i};
        if (device->at[KC_COME].buttons[i])
            push(display, &up);
    }
    up.event.type = KB_EVENT_AXIS;
    for (uint32_t i = 0; i < KC_PAD_AXES; i++) {
        up.event.gamepad = (struct kb_gamepad_event){.axis = i};
        if (device->at[KC_COME].axes[i] != 0)
            push(display, &up);
    }
}

/* The touches of a device, or of all (NULL). */
static void cancel_touches(struct kb_display *display, const struct kc_device *device)
{
    const struct kc_state *come = &display->input.state[KC_COME];
    for (unsigned i = come->touches_count; i-- > 0;) {
        const struct kb_touch *touch = &come->touches[i];
        if (device != NULL && touch->device != device->info.id)
            continue;
        const struct kc_queued cancel = {
            .event = {.type = KB_EVENT_TOUCH_CANCEL,
                      .device = touch->device,
                      .touch = {.finger = touch->finger, .x = touch->x, .y = touch->y}},
            .window = come->focus,
        };
        push(display, &cancel);
    }
}

static void remove_device(struct kb_display *display, struct kc_device *device)
{
    cancel_touches(display, device);
    release_pad(display, device);
    push(display, &(struct kc_queued){
                      .event = {.type = KB_EVENT_DEVICE_REMOVED, .device = device->info.id},
                      .device = device,
                  });
}

int kc_on_device(void *context, const struct kb_evt_device *event)
{
    struct kb_display *display = context;
    struct kc_device *known = kc_input_device(&display->input, KC_COME, event->object);
    if (known != NULL) /* it has changed */
        remove_device(display, known);
    sweep_devices(&display->input);
    return add_device(display, event);
}

int kc_on_device_gone(void *context, const struct kb_evt_device_gone *event)
{
    struct kb_display *display = context;
    struct kc_device *device = kc_input_device(&display->input, KC_COME, event->object);
    if (device != NULL)
        remove_device(display, device);
    return 0;
}

/* ---- Releases ------------------------------------------------------------------------------- */

static void release_keys(struct kb_display *display)
{
    const struct kc_state *come = &display->input.state[KC_COME];
    const uint32_t locks = KB_MODIFIER_CAPS_LOCK | KB_MODIFIER_NUM_LOCK;
    for (uint32_t code = 0; code < KC_KEYS; code++) {
        if (!come->keys[code].down)
            continue;
        const struct kc_queued up = {
            .event = {.type = KB_EVENT_KEY_UP,
                      .key = {.code = code,
                              .keysym = come->keys[code].base,
                              .base = come->keys[code].base,
                              .modifiers = come->modifiers & locks}},
            .window = come->focus,
        };
        push(display, &up);
    }
}

static void release_buttons(struct kb_display *display)
{
    const struct kc_state *come = &display->input.state[KC_COME];
    for (uint32_t i = 0; i < KC_BUTTONS; i++) {
        if ((come->pointer.buttons & UINT32_C(1) << i) == 0)
            continue;
        const struct kc_queued up = {
            .event = {.type = KB_EVENT_POINTER_UP,
                      .pointer = {.x = come->pointer.x,
                                  .y = come->pointer.y,
                                  .button = KC_BUTTON_FIRST + i}},
            .window = come->focus,
        };
        push(display, &up);
    }
}

static void release_all(struct kb_display *display)
{
    struct kc_input *input = &display->input;
    kc_repeat_end(display);
    kc_text_reset(input->text);
    release_keys(display);
    release_buttons(display);
    cancel_touches(display, NULL);
    for (size_t i = 0; i < input->devices_count; i++) {
        if (input->devices[i]->at[KC_COME].there)
            release_pad(display, input->devices[i]);
    }
    input->wheel_x = input->wheel_y = 0;
}

static void lose_focus(struct kb_display *display, uint32_t modifiers, uint64_t time_ns)
{
    const struct kc_state *come = &display->input.state[KC_COME];
    release_all(display);
    if (come->pointer.inside)
        push(display, &(struct kc_queued){
                          .event = {.type = KB_EVENT_POINTER_LEAVE,
                                    .time_ns = time_ns,
                                    .pointer = {.x = come->pointer.x, .y = come->pointer.y}},
                          .window = come->focus,
                      });
    push(display, &(struct kc_queued){
                      .event = {.type = KB_EVENT_FOCUS_LOST, .time_ns = time_ns},
                      .window = come->focus,
                      .modifiers = modifiers,
                  });
}

void kc_input_reset(struct kb_display *display)
{
    struct kc_input *input = &display->input;
    if (input->state[KC_COME].focus != 0)
        lose_focus(display, 0, 0);
    else
        release_all(display);
    for (size_t i = 0; i < input->devices_count; i++) {
        if (input->devices[i]->at[KC_COME].there)
            remove_device(display, input->devices[i]);
    }
}

void kc_input_leave(struct kb_display *display, uint32_t window)
{
    struct kc_input *input = &display->input;
    if (input->state[KC_COME].focus == window)
        lose_focus(display, input->state[KC_COME].modifiers, 0);
    kc_queue_forget_window(&input->queue, window);
    if (input->state[KC_TAKEN].focus == window)
        input->state[KC_TAKEN].focus = 0;
    if (input->repeat.key.window == window)
        kc_repeat_end(display);
}

void kc_input_close(struct kb_display *display, uint32_t window)
{
    push(display,
         &(struct kc_queued){.event = {.type = KB_EVENT_CLOSE, .time_ns = (uint64_t)kc_now_ns()},
                             .window = window});
}

int kc_on_window_close(void *context, const struct kb_evt_window_close *event)
{
    if (is_ours(context, event->object))
        kc_input_close(context, event->object);
    return 0;
}

int kc_on_events_lost(void *context, const struct kb_evt_events_lost *event)
{
    struct kb_display *display = context;
    struct kc_input *input = &display->input;
    const struct kc_state *come = &input->state[KC_COME];
    input->lost_there = event->count;
    push(display,
         &(struct kc_queued){
             .event = {.type = KB_EVENT_LOST, .lost.count = input->lost_here + input->lost_there},
             .modifiers = come->modifiers,
             .pointer = come->pointer,
         });
    return 0;
}

/* ---- Focus and keys ------------------------------------------------------------------------- */

int kc_on_focus(void *context, const struct kb_evt_focus *event)
{
    struct kb_display *display = context;
    struct kc_input *input = &display->input;
    if (!is_ours(display, event->object))
        return 0;
    const uint32_t focus = input->state[KC_COME].focus;
    if (!event->gained) {
        if (focus == event->object && focus != 0)
            lose_focus(display, event->modifiers, 0);
        return 0;
    }
    if (focus != 0)
        lose_focus(display, event->modifiers, 0);
    if (input->text == NULL)
        input->text = kc_text_create();
    kc_text_ready(input->text);
    push(display, &(struct kc_queued){.event = {.type = KB_EVENT_FOCUS_GAINED},
                                      .window = event->object,
                                      .modifiers = event->modifiers});
    return 0;
}

int kc_on_keymap(void *context, const struct kb_evt_keymap *event)
{
    struct kb_display *display = context;
    struct kc_input *input = &display->input;
    const size_t bytes = event->size_bytes;
    if (input->text == NULL)
        input->text = kc_text_create();
    void *map = bytes == 0 || bytes > KEYMAP_BYTES_MAX
                    ? MAP_FAILED
                    : mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, event->text, 0);
    close(event->text);
    if (map != MAP_FAILED) {
        if (input->text != NULL)
            kc_text_keymap(input->text, map, bytes);
        munmap(map, bytes);
    }
    kc_repeat_say(display, event->repeat_delay_ms, event->repeat_rate);
    return 0;
}

/* Sends text on in pieces that fit an event, cut between characters. */
static void push_text(struct kb_display *display, const struct kc_queued *key, const char *text)
{
    struct kc_queued typed = {.event = {.type = KB_EVENT_TEXT,
                                        .device = key->event.device,
                                        .time_ns = key->event.time_ns},
                              .window = key->window};
    const size_t room = sizeof(typed.event.text.text) - 1;
    for (size_t bytes = strlen(text); bytes > 0;) {
        size_t piece = bytes < room ? bytes : room;
        while (piece < bytes && piece > 1 && ((unsigned char)text[piece] & 0xc0) == 0x80)
            piece--;
        memcpy(typed.event.text.text, text, piece);
        typed.event.text.text[piece] = '\0';
        push(display, &typed);
        text += piece;
        bytes -= piece;
    }
}

/* A key that is pressed together with these is a command. */
static bool is_command(uint32_t modifiers)
{
    return (modifiers & (KB_MODIFIER_CTRL | KB_MODIFIER_ALT | KB_MODIFIER_LOGO)) != 0;
}

void kc_input_key(struct kb_display *display, const struct kc_queued *key)
{
    struct kc_text *text = display->input.text;
    const struct kb_key_event *what = &key->event.key;
    char typed[KC_TYPED_BYTES];
    push(display, key);
    if (what->repeat && kc_text_is_composing(text))
        return;
    if (what->repeat)
        snprintf(typed, sizeof(typed), "%s", what->text);
    else
        kc_text_type(text, what->keysym, what->text, typed);
    if (!is_command(what->modifiers))
        push_text(display, key, typed);
}

int kc_on_key(void *context, const struct kb_evt_key *event)
{
    struct kb_display *display = context;
    struct kc_input *input = &display->input;
    if (event->code >= KC_KEYS || !is_ours(display, event->object))
        return 0;
    const bool was_down = input->state[KC_COME].keys[event->code].down;
    const bool down = event->state == KB_KEY_STATE_DOWN;
    struct kc_queued key = {
        .event = {.type = down ? KB_EVENT_KEY_DOWN : KB_EVENT_KEY_UP,
                  .device = event->device,
                  .time_ns = event->time_ns,
                  .key = {.code = event->code,
                          .keysym = event->keysym,
                          .modifiers = event->modifiers}},
        .window = event->object,
    };
    /* A key comes up as what it went down as, whatever the layout is by then. */
    key.event.key.base = was_down ? input->state[KC_COME].keys[event->code].base
                                  : kc_text_base(input->text, event->code, event->keysym);
    snprintf(key.event.key.text, sizeof(key.event.key.text), "%.*s", (int)event->text_bytes,
             event->text_bytes > 0 ? event->text : "");
    if (!down) {
        if (input->repeat.key.event.key.code == event->code)
            kc_repeat_end(display);
        if (was_down)
            push(display, &key);
        return 0;
    }
    if (was_down)
        return 0;
    kc_repeat_end(display);
    kc_input_key(display, &key);
    if (kc_text_repeats(input->text, event->code, event->keysym))
        kc_repeat_begin(display, &key);
    return 0;
}

/* ---- Pointer, touches, gamepads ------------------------------------------------------------- */

int kc_on_pointer_motion(void *context, const struct kb_evt_pointer_motion *event)
{
    if (!is_ours(context, event->object))
        return 0;
    push(context, &(struct kc_queued){
                      .event = {.type = KB_EVENT_POINTER_MOTION,
                                .device = event->device,
                                .time_ns = event->time_ns,
                                .pointer = {.x = to_pixels(event->x),
                                            .y = to_pixels(event->y),
                                            .dx = to_pixels(event->dx),
                                            .dy = to_pixels(event->dy)}},
                      .window = event->object,
                  });
    return 0;
}

int kc_on_pointer_over(void *context, const struct kb_evt_pointer_over *event)
{
    if (!is_ours(context, event->object))
        return 0;
    push(context,
         &(struct kc_queued){
             .event = {.type = event->inside ? KB_EVENT_POINTER_ENTER : KB_EVENT_POINTER_LEAVE,
                       .time_ns = event->time_ns,
                       .pointer = {.x = to_pixels(event->x), .y = to_pixels(event->y)}},
             .window = event->object,
         });
    return 0;
}

int kc_on_pointer_button(void *context, const struct kb_evt_pointer_button *event)
{
    const struct kb_display *display = context;
    const bool down = event->state == KB_KEY_STATE_DOWN;
    const uint32_t number = event->button - KC_BUTTON_FIRST;
    if (number >= KC_BUTTONS || !is_ours(display, event->object) ||
        ((display->input.state[KC_COME].pointer.buttons >> number & 1) != 0) == down)
        return 0;
    push(context, &(struct kc_queued){
                      .event = {.type = down ? KB_EVENT_POINTER_DOWN : KB_EVENT_POINTER_UP,
                                .device = event->device,
                                .time_ns = event->time_ns,
                                .pointer = {.x = to_pixels(event->x),
                                            .y = to_pixels(event->y),
                                            .button = event->button}},
                      .window = event->object,
                  });
    return 0;
}

/* Adds a turn of a wheel; returns the notches that are complete with it. */
static int32_t turn(int32_t *part, int32_t by)
{
    const int64_t sum = (int64_t)*part + by;
    *part = (int32_t)(sum % NOTCH);
    return (int32_t)(sum / NOTCH);
}

int kc_on_pointer_wheel(void *context, const struct kb_evt_pointer_wheel *event)
{
    struct kb_display *display = context;
    struct kc_input *input = &display->input;
    struct kc_queued queued = {
        .event = {.type = KB_EVENT_WHEEL,
                  .device = event->device,
                  .time_ns = event->time_ns,
                  .wheel = {.horizontal = event->horizontal, .vertical = event->vertical}},
        .window = event->object,
    };
    if (!is_ours(display, event->object))
        return 0;
    queued.event.wheel.notches_x = turn(&input->wheel_x, event->horizontal);
    queued.event.wheel.notches_y = turn(&input->wheel_y, event->vertical);
    push(display, &queued);
    return 0;
}

static bool is_touching(const struct kc_state *state, uint32_t device, int32_t finger)
{
    for (unsigned i = 0; i < state->touches_count; i++) {
        if (state->touches[i].device == device && state->touches[i].finger == finger)
            return true;
    }
    return false;
}

int kc_on_touch(void *context, const struct kb_evt_touch *event)
{
    static const enum kb_event_type types[] = {
        [KB_TOUCH_PHASE_DOWN] = KB_EVENT_TOUCH_DOWN,
        [KB_TOUCH_PHASE_MOTION] = KB_EVENT_TOUCH_MOTION,
        [KB_TOUCH_PHASE_UP] = KB_EVENT_TOUCH_UP,
        [KB_TOUCH_PHASE_CANCEL] = KB_EVENT_TOUCH_CANCEL,
    };
    struct kb_display *display = context;
    const struct kc_state *come = &display->input.state[KC_COME];
    const bool down = event->phase == KB_TOUCH_PHASE_DOWN;
    if (event->phase > KB_TOUCH_PHASE_CANCEL || !is_ours(display, event->object) ||
        is_touching(come, event->device, event->finger) == down ||
        (down && come->touches_count == KC_TOUCHES))
        return 0;
    push(display, &(struct kc_queued){
                      .event = {.type = types[event->phase],
                                .device = event->device,
                                .time_ns = event->time_ns,
                                .touch = {.finger = event->finger,
                                          .x = to_pixels(event->x),
                                          .y = to_pixels(event->y)}},
                      .window = event->object,
                  });
    return 0;
}

int kc_on_gamepad_axis(void *context, const struct kb_evt_gamepad_axis *event)
{
    struct kb_display *display = context;
    struct kc_device *device = kc_input_device(&display->input, KC_COME, event->device);
    if (device == NULL || event->axis >= KC_PAD_AXES || !is_ours(display, event->object))
        return 0;
    push(display, &(struct kc_queued){
                      .event = {.type = KB_EVENT_AXIS,
                                .device = event->device,
                                .time_ns = event->time_ns,
                                .gamepad = {.axis = event->axis, .value = event->value}},
                      .window = event->object,
                      .device = device,
                  });
    return 0;
}

int kc_on_gamepad_button(void *context, const struct kb_evt_gamepad_button *event)
{
    struct kb_display *display = context;
    struct kc_device *device = kc_input_device(&display->input, KC_COME, event->device);
    const bool down = event->state == KB_KEY_STATE_DOWN;
    if (device == NULL || event->button >= KC_PAD_BUTTONS || !is_ours(display, event->object) ||
        device->at[KC_COME].buttons[event->button] == down)
        return 0;
    push(display, &(struct kc_queued){
                      .event = {.type = down ? KB_EVENT_BUTTON_DOWN : KB_EVENT_BUTTON_UP,
                                .device = event->device,
                                .time_ns = event->time_ns,
                                .gamepad = {.button = event->button}},
                      .window = event->object,
                      .device = device,
                  });
    return 0;
}

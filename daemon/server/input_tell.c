/*
 * What the focus says, made events of the protocol: positions in the window's pixels, keysyms and text.
 */
#include <string.h>

#include "server/server.h"

static struct kd_feed *feed_of(const struct kd_window *window)
{
    return window->client->connection ? window->client->connection->feed : NULL;
}

static kb_fixed located(int64_t at_parts, int32_t begin_px, int32_t shown_px, int32_t logical_px)
{
    int64_t offset = at_parts - (int64_t)begin_px * KD_POINTER_PARTS,
            most = (int64_t)logical_px * 65536 - 1;
    int64_t fixed;

    if (shown_px <= 0)
        return 0;
    fixed = kd_floor_div(offset * logical_px * (65536 / KD_POINTER_PARTS), shown_px);
    return (kb_fixed)(fixed < 0 ? 0 : fixed > most ? most : fixed);
}

void kd_inputs_locate(const struct kd_server *server, const struct kd_window *window,
                      struct kd_pointer_at at, kb_fixed *x, kb_fixed *y)
{
    struct kd_global_box place, picture;

    *x = *y = 0;
    if (!kd_window_place(server, window, &place, &picture))
        return;
    *x = located(at.x, picture.box.x1, kd_box_width(picture.box), window->shown.width_px);
    *y = located(at.y, picture.box.y1, kd_box_height(picture.box), window->shown.height_px);
}

static void on_focus(void *ctx, struct kd_window *window, bool gained, int64_t time_ns)
{
    struct kd_server *server = ctx;
    struct kd_connection *connection = window->client->connection;
    const struct kd_keyboard *keyboard = &server->inputs.keyboard;

    (void)time_ns;
    if (!gained)
        kd_sources_still(server);
    if (gained && connection && !connection->has_keymap)
        kd_inputs_tell_keymap(server, connection);
    kd_feed_focus(feed_of(window),
                  &(struct kb_evt_focus){.object = window->id,
                                         .gained = gained,
                                         .modifiers = kd_keyboard_modifiers(keyboard)});
    kd_window_report(server, window);
}

static bool on_key(void *ctx, uint32_t code, bool down)
{
    struct kd_server *server = ctx;

    struct kd_keyboard *keyboard = &server->inputs.keyboard;
    uint32_t locked = kd_keyboard_locked(keyboard);

    kd_keyboard_press(keyboard, code, down);
    if (kd_keyboard_locked(keyboard) != locked)
        kd_sources_set_leds(server, kd_keyboard_locked(keyboard));
    return !down || !kd_shortcut(server, code);
}

static void on_over(void *ctx, struct kd_window *window, bool inside, int64_t time_ns)
{
    const struct kd_server *server = ctx;
    struct kb_evt_pointer_over event = {
        .object = window->id, .time_ns = (uint64_t)time_ns, .inside = inside};

    kd_inputs_locate(server, window, server->pointer.at, &event.x, &event.y);
    kd_feed_over(feed_of(window), &event);
}

static enum kb_key_state state_of(const struct kd_input *input)
{
    return input->key.down ? KB_KEY_STATE_DOWN : KB_KEY_STATE_UP;
}

/* text: of a press. A key that is released as the focus goes elsewhere is still held: the keymap has not heard of it. */
static void fill_key(const struct kd_keyboard *keyboard, const struct kd_input *input,
                     struct kd_feed_event *event)
{
    const char *text = input->key.down ? keyboard->key.text : "";

    event->key = (struct kb_evt_key){.time_ns = (uint64_t)input->time_ns,
                                     .device = input->device,
                                     .code = input->key.code,
                                     .keysym = keyboard->keysyms[input->key.code],
                                     .state = state_of(input),
                                     .modifiers = kd_keyboard_modifiers(keyboard),
                                     .text = text,
                                     .text_bytes = (uint32_t)strlen(text)};
}

static void fill_pointer(const struct kd_server *server, const struct kd_window *window,
                         const struct kd_input *input, struct kd_feed_event *event)
{
    if (input->kind == KD_INPUT_BUTTON) {
        event->button = (struct kb_evt_pointer_button){.object = window->id,
                                                       .time_ns = (uint64_t)input->time_ns,
                                                       .device = input->device,
                                                       .button = input->key.code,
                                                       .state = state_of(input)};
        kd_inputs_locate(server, window, server->pointer.at, &event->button.x, &event->button.y);
        return;
    }
    event->kind = KD_INPUT_MOTION;
    event->motion = (struct kb_evt_pointer_motion){
        .object = window->id, .time_ns = (uint64_t)input->time_ns, .device = input->device};
    if (input->kind == KD_INPUT_MOTION) {
        event->motion.dx = input->motion.raw_dx;
        event->motion.dy = input->motion.raw_dy;
    }
    kd_inputs_locate(server, window, server->pointer.at, &event->motion.x, &event->motion.y);
}

static void fill_touch(const struct kd_server *server, const struct kd_window *window,
                       const struct kd_input *input, struct kd_feed_event *event)
{
    const struct kd_pointer_at at = {input->touch.x, input->touch.y};

    event->touch = (struct kb_evt_touch){.object = window->id,
                                         .time_ns = (uint64_t)input->time_ns,
                                         .device = input->device,
                                         .finger = input->touch.finger,
                                         .phase = input->touch.phase};
    kd_inputs_locate(server, window, at, &event->touch.x, &event->touch.y);
}

static void on_input(void *ctx, struct kd_window *window, const struct kd_input *input)
{
    const struct kd_server *server = ctx;
    struct kd_feed_event event = {.kind = input->kind};
    uint64_t time_ns = (uint64_t)input->time_ns;

    switch (input->kind) {
    case KD_INPUT_KEY:
        fill_key(&server->inputs.keyboard, input, &event);
        event.key.object = window->id;
        break;
    case KD_INPUT_BUTTON:
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION: fill_pointer(server, window, input, &event); break;
    case KD_INPUT_WHEEL:
        event.wheel = (struct kb_evt_pointer_wheel){.object = window->id,
                                                    .time_ns = time_ns,
                                                    .device = input->device,
                                                    .horizontal = input->wheel.horizontal,
                                                    .vertical = input->wheel.vertical};
        break;
    case KD_INPUT_TOUCH: fill_touch(server, window, input, &event); break;
    case KD_INPUT_PAD_AXIS:
        event.axis = (struct kb_evt_gamepad_axis){.object = window->id,
                                                  .time_ns = time_ns,
                                                  .device = input->device,
                                                  .axis = input->axis.axis,
                                                  .value = input->axis.value};
        break;
    case KD_INPUT_PAD_BUTTON:
        event.pad_button = (struct kb_evt_gamepad_button){.object = window->id,
                                                          .time_ns = time_ns,
                                                          .device = input->device,
                                                          .button = input->key.code,
                                                          .state = state_of(input)};
        break;
    }
    kd_feed_put(feed_of(window), &event);
}

const struct kd_focus_out kd_inputs_out = {on_focus, on_key, on_over, on_input};

/*
 * From a device to the seat: the pointer is moved, and the window found that lies at the pointer or under the finger.
 */
#include "server/server.h"

/* Parts of a pixel, from 16.16. */
static int64_t parts_of(kb_fixed pixels)
{
    return (int64_t)pixels * KD_POINTER_PARTS / 65536;
}

static bool is_there(const struct kd_server *server, const struct kd_window *window,
                     struct kd_box pixel)
{
    struct kd_global_box place, picture;

    return window->has_frame && !(window->shown.flags & KB_WINDOW_FLAG_HIDDEN) &&
           kd_window_wants_input(window) && kd_window_place(server, window, &place, &picture) &&
           kd_box_contains(place.box, pixel);
}

struct kd_window *kd_inputs_window_at(const struct kd_server *server, struct kd_pointer_at at)
{
    int32_t x = kd_coord_clamp(kd_floor_div(at.x, KD_POINTER_PARTS));
    int32_t y = kd_coord_clamp(kd_floor_div(at.y, KD_POINTER_PARTS));
    struct kd_box pixel = {x, y, x + 1, y + 1};
    struct kd_window *found = NULL;

    for (struct kd_window *window = server->scene.windows; window; window = window->below)
        if ((!found || window->shown.z > found->shown.z) && is_there(server, window, pixel))
            found = window; /* of equal ones the newest is first */
    return found;
}

static struct kd_window *under_pointer(const struct kd_server *server)
{
    return server->pointer.is_shown ? kd_inputs_window_at(server, server->pointer.at) : NULL;
}

static void move_to(struct kd_server *server, const struct kd_device *device,
                    const struct kd_input *input)
{
    struct kd_display *display = kd_device_display(server, device);

    if (!display)
        return;
    if (device->is_upright)
        kd_pointer_move_to(server, display, input->position.x, input->position.y);
    else
        kd_pointer_move_to_device(server, display, input->position.x, input->position.y);
}

/* Touches come to the focus in parts of pixels among the outputs. */
static void take_touch(struct kd_server *server, const struct kd_device *device,
                       const struct kd_input *input)
{
    struct kd_display *display = kd_device_display(server, device);
    struct kd_input placed = *input;
    struct kd_window *at = NULL;

    if (input->touch.phase <= KB_TOUCH_PHASE_MOTION) {
        struct kd_pointer_at finger;

        if (!display)
            return;
        finger = kd_pointer_on_device(display, input->touch.x, input->touch.y);
        placed.touch.x = (int32_t)finger.x;
        placed.touch.y = (int32_t)finger.y;
        if (input->touch.phase == KB_TOUCH_PHASE_DOWN)
            at = kd_inputs_window_at(server, finger);
    }
    kd_focus_input(&server->inputs.focus, &placed, at);
}

/* What clients inject must not fill the seat's tables: real keyboards and their shortcuts would be without effect. */
static bool leaves_room(const struct kd_focus *focus, const struct kd_input *input)
{
    switch (input->kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
    case KD_INPUT_PAD_BUTTON: return !input->key.down || focus->held_count < KD_FOCUS_HELD / 2;
    case KD_INPUT_TOUCH:
        return input->touch.phase != KB_TOUCH_PHASE_DOWN ||
               focus->fingers_count < KD_FOCUS_FINGERS / 2;
    case KD_INPUT_PAD_AXIS:
        return input->axis.value == 0 || focus->tilted_count < KD_FOCUS_TILTED / 2;
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION:
    case KD_INPUT_WHEEL: break;
    }
    return true;
}

void kd_inputs_take(struct kd_server *server, const struct kd_input *input)
{
    struct kd_inputs *inputs = &server->inputs;
    const struct kd_device *device = kd_inputs_device(inputs, input->device);

    if (!device || (device->is_injected && !leaves_room(&inputs->focus, input)))
        return;
    if (inputs->recorder)
        kd_recorder_input(inputs->recorder, input);
    switch (input->kind) {
    case KD_INPUT_KEY:
        if (input->key.code == 0 || input->key.code >= KD_KEY_CODES)
            return;
        kd_focus_input(&inputs->focus, input, NULL);
        break;
    case KD_INPUT_MOTION:
        if (!inputs->focus.is_locked)
            kd_pointer_move(server, parts_of(input->motion.dx), parts_of(input->motion.dy));
        kd_focus_input(&inputs->focus, input, under_pointer(server));
        break;
    case KD_INPUT_POSITION:
        if (!inputs->focus.is_locked)
            move_to(server, device, input);
        kd_focus_input(&inputs->focus, input, under_pointer(server));
        break;
    case KD_INPUT_BUTTON:
        if (input->key.down)
            kd_pointer_show(server);
        kd_focus_input(&inputs->focus, input, under_pointer(server));
        break;
    case KD_INPUT_WHEEL: kd_focus_input(&inputs->focus, input, under_pointer(server)); break;
    case KD_INPUT_TOUCH: take_touch(server, device, input); break;
    case KD_INPUT_PAD_AXIS:
    case KD_INPUT_PAD_BUTTON: kd_focus_input(&inputs->focus, input, NULL); break;
    }
}

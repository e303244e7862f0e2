#include "input/libinput_events.h"

#include <libinput.h>
#include <linux/input-event-codes.h>
#include <math.h>

/* Two fingers that go as far scroll a notch: what libinput says of a wheel with 24 notches, in degrees. */
#define WAY_PER_NOTCH 15
#define NOTCH         120

static kb_fixed to_fixed(double pixels)
{
    double value = pixels * 65536;

    return value >= INT32_MAX    ? INT32_MAX
           : value <= -INT32_MAX ? -INT32_MAX
                                 : (kb_fixed)lrint(value);
}

static int32_t to_place(double place)
{
    return place < 0 ? 0 : place >= KD_INPUT_EXTENT ? KD_INPUT_EXTENT - 1 : (int32_t)place;
}

static int64_t to_ns(uint64_t time_us)
{
    return (int64_t)time_us * 1000;
}

static bool on_keyboard(struct libinput_event_keyboard *event, struct kd_input *input)
{
    input->kind = KD_INPUT_KEY;
    input->time_ns = to_ns(libinput_event_keyboard_get_time_usec(event));
    input->key.code = libinput_event_keyboard_get_key(event);
    input->key.down = libinput_event_keyboard_get_key_state(event) == LIBINPUT_KEY_STATE_PRESSED;
    return true;
}

static bool on_motion(struct libinput_event_pointer *event, struct kd_input *input)
{
    input->kind = KD_INPUT_MOTION;
    input->motion.dx = to_fixed(libinput_event_pointer_get_dx(event));
    input->motion.dy = to_fixed(libinput_event_pointer_get_dy(event));
    input->motion.raw_dx = to_fixed(libinput_event_pointer_get_dx_unaccelerated(event));
    input->motion.raw_dy = to_fixed(libinput_event_pointer_get_dy_unaccelerated(event));
    return true;
}

static bool on_position(struct libinput_event_pointer *event, struct kd_input *input)
{
    input->kind = KD_INPUT_POSITION;
    input->position.x =
        to_place(libinput_event_pointer_get_absolute_x_transformed(event, KD_INPUT_EXTENT));
    input->position.y =
        to_place(libinput_event_pointer_get_absolute_y_transformed(event, KD_INPUT_EXTENT));
    return true;
}

static bool on_button(struct libinput_event_pointer *event, struct kd_input *input)
{
    input->kind = KD_INPUT_BUTTON;
    input->key.code = libinput_event_pointer_get_button(event);
    input->key.down =
        libinput_event_pointer_get_button_state(event) == LIBINPUT_BUTTON_STATE_PRESSED;
    return true;
}

/* What one axis adds, in whole 120ths; the rest is kept. Fingers that were lifted leave no rest. */
static int32_t scrolled(struct libinput_event_pointer *event, enum libinput_pointer_axis axis,
                        bool is_wheel, double *rest)
{
    if (!libinput_event_pointer_has_axis(event, axis))
        return 0;
    double way = is_wheel
                     ? libinput_event_pointer_get_scroll_value_v120(event, axis)
                     : libinput_event_pointer_get_scroll_value(event, axis) * NOTCH / WAY_PER_NOTCH;
    if (way == 0) {
        *rest = 0;
        return 0;
    }
    way += *rest;
    way = way > 1e6 ? 1e6 : way < -1e6 ? -1e6 : way;
    double whole = trunc(way);
    *rest = way - whole;
    return (int32_t)whole;
}

static bool on_scroll(struct kd_libinput_device *device, struct libinput_event_pointer *event,
                      bool is_wheel, struct kd_input *input)
{
    input->kind = KD_INPUT_WHEEL;
    input->wheel.horizontal =
        scrolled(event, LIBINPUT_POINTER_AXIS_SCROLL_HORIZONTAL, is_wheel, &device->horizontal);
    input->wheel.vertical =
        scrolled(event, LIBINPUT_POINTER_AXIS_SCROLL_VERTICAL, is_wheel, &device->vertical);
    return input->wheel.horizontal || input->wheel.vertical;
}

static bool on_touch(struct libinput_event_touch *event, enum kb_touch_phase phase,
                     struct kd_input *input)
{
    int32_t slot = libinput_event_touch_get_slot(event);

    input->kind = KD_INPUT_TOUCH;
    input->time_ns = to_ns(libinput_event_touch_get_time_usec(event));
    input->touch.phase = phase;
    input->touch.finger = slot < 0 ? 0 : slot; /* a panel for one finger has no slots */
    if (phase == KB_TOUCH_PHASE_DOWN || phase == KB_TOUCH_PHASE_MOTION) {
        input->touch.x = to_place(libinput_event_touch_get_x_transformed(event, KD_INPUT_EXTENT));
        input->touch.y = to_place(libinput_event_touch_get_y_transformed(event, KD_INPUT_EXTENT));
    }
    return true;
}

/* A pen is a pointer: where it is, its tip and its buttons. */
static void on_tablet(const struct kd_input_handler *handler, struct libinput_event *event,
                      struct kd_input *input)
{
    struct libinput_event_tablet_tool *tool = libinput_event_get_tablet_tool_event(event);
    enum libinput_event_type type = libinput_event_get_type(event);

    input->time_ns = to_ns(libinput_event_tablet_tool_get_time_usec(tool));
    if (type != LIBINPUT_EVENT_TABLET_TOOL_BUTTON) {
        input->kind = KD_INPUT_POSITION;
        input->position.x =
            to_place(libinput_event_tablet_tool_get_x_transformed(tool, KD_INPUT_EXTENT));
        input->position.y =
            to_place(libinput_event_tablet_tool_get_y_transformed(tool, KD_INPUT_EXTENT));
        handler->input(handler->ctx, input);
    }
    if (type == LIBINPUT_EVENT_TABLET_TOOL_TIP || type == LIBINPUT_EVENT_TABLET_TOOL_BUTTON) {
        bool is_tip = type == LIBINPUT_EVENT_TABLET_TOOL_TIP;
        input->kind = KD_INPUT_BUTTON;
        input->key.code = is_tip ? BTN_LEFT : libinput_event_tablet_tool_get_button(tool);
        input->key.down =
            is_tip ? libinput_event_tablet_tool_get_tip_state(tool) == LIBINPUT_TABLET_TOOL_TIP_DOWN
                   : libinput_event_tablet_tool_get_button_state(tool) ==
                         LIBINPUT_BUTTON_STATE_PRESSED;
        handler->input(handler->ctx, input);
    }
}

static bool on_pointer(struct kd_libinput_device *device, enum libinput_event_type type,
                       struct libinput_event_pointer *event, struct kd_input *input)
{
    input->time_ns = to_ns(libinput_event_pointer_get_time_usec(event));
    switch (type) {
    case LIBINPUT_EVENT_POINTER_MOTION: return on_motion(event, input);
    case LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE: return on_position(event, input);
    case LIBINPUT_EVENT_POINTER_BUTTON: return on_button(event, input);
    case LIBINPUT_EVENT_POINTER_SCROLL_WHEEL: return on_scroll(device, event, true, input);
    case LIBINPUT_EVENT_POINTER_SCROLL_FINGER:
    case LIBINPUT_EVENT_POINTER_SCROLL_CONTINUOUS: return on_scroll(device, event, false, input);
    default: return false;
    }
}

void kd_libinput_event(const struct kd_input_handler *handler, struct kd_libinput_device *device,
                       struct libinput_event *event)
{
    struct kd_input input = {.device = device->id};
    enum libinput_event_type type = libinput_event_get_type(event);
    bool is_any = false;

    switch (type) {
    case LIBINPUT_EVENT_KEYBOARD_KEY:
        is_any = on_keyboard(libinput_event_get_keyboard_event(event), &input);
        break;
    case LIBINPUT_EVENT_POINTER_MOTION:
    case LIBINPUT_EVENT_POINTER_MOTION_ABSOLUTE:
    case LIBINPUT_EVENT_POINTER_BUTTON:
    case LIBINPUT_EVENT_POINTER_SCROLL_WHEEL:
    case LIBINPUT_EVENT_POINTER_SCROLL_FINGER:
    case LIBINPUT_EVENT_POINTER_SCROLL_CONTINUOUS:
        is_any = on_pointer(device, type, libinput_event_get_pointer_event(event), &input);
        break;
    case LIBINPUT_EVENT_TOUCH_DOWN:
    case LIBINPUT_EVENT_TOUCH_MOTION:
    case LIBINPUT_EVENT_TOUCH_UP:
    case LIBINPUT_EVENT_TOUCH_CANCEL:
        is_any = on_touch(libinput_event_get_touch_event(event),
                          type == LIBINPUT_EVENT_TOUCH_DOWN     ? KB_TOUCH_PHASE_DOWN
                          : type == LIBINPUT_EVENT_TOUCH_MOTION ? KB_TOUCH_PHASE_MOTION
                          : type == LIBINPUT_EVENT_TOUCH_UP     ? KB_TOUCH_PHASE_UP
                                                                : KB_TOUCH_PHASE_CANCEL,
                          &input);
        break;
    case LIBINPUT_EVENT_TABLET_TOOL_AXIS:
    case LIBINPUT_EVENT_TABLET_TOOL_PROXIMITY:
    case LIBINPUT_EVENT_TABLET_TOOL_TIP:
    case LIBINPUT_EVENT_TABLET_TOOL_BUTTON: on_tablet(handler, event, &input); break;
    default: break;
    }
    if (is_any)
        handler->input(handler->ctx, &input);
}

/*
 * A client acts as input devices: events as the kernel has them, taken together at EV_SYN, become what a source says of a real device. Each device is
 * there from its first event until the client goes.
 */
#include <errno.h>
#include <linux/input.h>
#include <stdlib.h>

#include "server/server.h"

/* Keys and buttons until EV_SYN, and fingers. */
#define KEYS    64
#define FINGERS 16

#define DEVICES 3

struct finger {
    bool is_down, was_down; /* now, and at the last EV_SYN */
    bool is_new;            /* another finger than the one before */
    bool has_moved;
    int32_t x, y;
};

struct kd_injector {
    uint32_t numbers[DEVICES]; /* 0: not there */
    struct {
        uint16_t code;
        bool down;
    } keys[DEVICES][KEYS];
    unsigned keys_count[DEVICES];

    /* The seat. */
    int32_t dx, dy, x, y; /* x, y: -1 as they are */
    int32_t wheel_x, wheel_y;
    bool is_fine; /* the wheel was turned in parts of notches, which say it all */

    /* The touch screen. */
    unsigned slot;
    struct finger fingers[FINGERS];

    /* The gamepad. */
    uint32_t axes_changed;
    int32_t axes[6];
    int32_t hat_x, hat_y;
};

static const struct kd_input_device infos[DEVICES] = {
    [KB_INJECTED_DEVICE_SEAT] = {.capabilities =
                                     KB_DEVICE_CAPABILITY_KEYBOARD | KB_DEVICE_CAPABILITY_POINTER,
                                 .bus = BUS_VIRTUAL,
                                 .name = "injected keyboard and mouse"},
    [KB_INJECTED_DEVICE_TOUCH_SCREEN] = {.capabilities = KB_DEVICE_CAPABILITY_TOUCH,
                                         .bus = BUS_VIRTUAL,
                                         .name = "injected touch screen"},
    [KB_INJECTED_DEVICE_GAMEPAD] = {.capabilities =
                                        KB_DEVICE_CAPABILITY_GAMEPAD | KB_DEVICE_CAPABILITY_MAPPED,
                                    .axes = 6,
                                    .buttons = 15,
                                    .bus = BUS_VIRTUAL,
                                    .name = "injected gamepad"},
};

static int32_t sum(int32_t a, int32_t b)
{
    return kd_coord_clamp((int64_t)a + b);
}

static kb_fixed fixed_of(int32_t pixels)
{
    return kd_max(-INT16_MAX, kd_min(INT16_MAX, pixels)) * 65536;
}

/* ---- What is said, until it takes effect --------------------------------------------------------- */

static int note_key(struct kd_injector *injector, unsigned device, uint16_t code, int32_t value,
                    const char **why)
{
    unsigned *count = &injector->keys_count[device];

    if (value < 0 || value > 2) {
        *why = "a key is 1 (pressed), 0 (released) or 2 (repeats)";
        return -EINVAL;
    }
    if (value == 2)
        return 0; /* whoever gets keys repeats them */
    if (*count == KEYS) {
        *why = "at most 64 keys and buttons at once: say EV_SYN";
        return -EDQUOT;
    }
    injector->keys[device][*count].code = code;
    injector->keys[device][(*count)++].down = value == 1;
    return 0;
}

static bool is_mouse_button(uint16_t code)
{
    return code >= BTN_MOUSE && code < BTN_JOYSTICK;
}

static bool is_key(uint16_t code)
{
    return code > 0 && (code < BTN_MISC || (code >= KEY_OK && code < KD_KEY_CODES)) &&
           !(code >= BTN_DPAD_UP && code <= BTN_DPAD_RIGHT) && code < BTN_TRIGGER_HAPPY;
}

static int note_seat(struct kd_injector *injector, const struct kb_req_input_inject *in,
                     const char **why)
{
    if (in->type == EV_KEY && (is_key(in->code) || is_mouse_button(in->code)))
        return note_key(injector, KB_INJECTED_DEVICE_SEAT, in->code, in->value, why);
    if (in->type == EV_REL) {
        switch (in->code) {
        case REL_X: injector->dx = sum(injector->dx, in->value); return 0;
        case REL_Y: injector->dy = sum(injector->dy, in->value); return 0;
        case REL_WHEEL_HI_RES:
        case REL_HWHEEL_HI_RES:
            if (!injector->is_fine)
                injector->wheel_x = injector->wheel_y = 0;
            injector->is_fine = true;
            if (in->code == REL_WHEEL_HI_RES)
                injector->wheel_y = sum(injector->wheel_y, -kd_coord_clamp(in->value));
            else
                injector->wheel_x = sum(injector->wheel_x, in->value);
            return 0;
        case REL_WHEEL:
        case REL_HWHEEL:
            if (injector->is_fine)
                return 0;
            if (in->code == REL_WHEEL)
                injector->wheel_y =
                    sum(injector->wheel_y, -kd_coord_clamp((int64_t)in->value * 120));
            else
                injector->wheel_x =
                    sum(injector->wheel_x, kd_coord_clamp((int64_t)in->value * 120));
            return 0;
        default: break;
        }
    }
    if (in->type == EV_ABS && (in->code == ABS_X || in->code == ABS_Y)) {
        if (in->value < 0 || in->value >= KD_INPUT_EXTENT) {
            *why = "ABS_X and ABS_Y go from 0 to 65535, over the whole primary output";
            return -EINVAL;
        }
        *(in->code == ABS_X ? &injector->x : &injector->y) = in->value;
        return 0;
    }
    *why = "the injected seat has keys, mouse buttons, REL_X, REL_Y, wheels, ABS_X and ABS_Y";
    return -ENOSYS;
}

static int note_touch(struct kd_injector *injector, const struct kb_req_input_inject *in,
                      const char **why)
{
    struct finger *finger = &injector->fingers[injector->slot];

    if (in->type == EV_KEY && in->code == BTN_TOUCH)
        return 0; /* the slots say as much */
    *why = "the injected touch screen has BTN_TOUCH, ABS_MT_SLOT, ABS_MT_TRACKING_ID, "
           "ABS_MT_POSITION_X and ABS_MT_POSITION_Y";
    if (in->type != EV_ABS)
        return -ENOSYS;
    switch (in->code) {
    case ABS_MT_SLOT:
        if (in->value < 0 || in->value >= FINGERS) {
            *why = "ABS_MT_SLOT goes from 0 to 15";
            return -EINVAL;
        }
        injector->slot = (unsigned)in->value;
        return 0;
    case ABS_MT_TRACKING_ID:
        finger->is_new = finger->is_new || in->value >= 0;
        finger->is_down = in->value >= 0;
        return 0;
    case ABS_MT_POSITION_X:
    case ABS_MT_POSITION_Y:
        if (in->value < 0 || in->value >= KD_INPUT_EXTENT) {
            *why = "ABS_MT_POSITION_X and ABS_MT_POSITION_Y go from 0 to 65535";
            return -EINVAL;
        }
        *(in->code == ABS_MT_POSITION_X ? &finger->x : &finger->y) = in->value;
        finger->has_moved = true;
        return 0;
    default: return -ENOSYS;
    }
}

/* By the kernel's rules for gamepads; -1: it has no such button. */
static int pad_button(uint16_t code)
{
    switch (code) {
    case BTN_SOUTH: return KB_GAMEPAD_BUTTON_A;
    case BTN_EAST: return KB_GAMEPAD_BUTTON_B;
    case BTN_WEST: return KB_GAMEPAD_BUTTON_X;
    case BTN_NORTH: return KB_GAMEPAD_BUTTON_Y;
    case BTN_SELECT: return KB_GAMEPAD_BUTTON_BACK;
    case BTN_MODE: return KB_GAMEPAD_BUTTON_GUIDE;
    case BTN_START: return KB_GAMEPAD_BUTTON_START;
    case BTN_THUMBL: return KB_GAMEPAD_BUTTON_LEFTSTICK;
    case BTN_THUMBR: return KB_GAMEPAD_BUTTON_RIGHTSTICK;
    case BTN_TL: return KB_GAMEPAD_BUTTON_LEFTSHOULDER;
    case BTN_TR: return KB_GAMEPAD_BUTTON_RIGHTSHOULDER;
    case BTN_DPAD_UP: return KB_GAMEPAD_BUTTON_DPUP;
    case BTN_DPAD_DOWN: return KB_GAMEPAD_BUTTON_DPDOWN;
    case BTN_DPAD_LEFT: return KB_GAMEPAD_BUTTON_DPLEFT;
    case BTN_DPAD_RIGHT: return KB_GAMEPAD_BUTTON_DPRIGHT;
    default: return -1;
    }
}

static int pad_axis(uint16_t code)
{
    switch (code) {
    case ABS_X: return KB_GAMEPAD_AXIS_LEFTX;
    case ABS_Y: return KB_GAMEPAD_AXIS_LEFTY;
    case ABS_RX: return KB_GAMEPAD_AXIS_RIGHTX;
    case ABS_RY: return KB_GAMEPAD_AXIS_RIGHTY;
    case ABS_Z: return KB_GAMEPAD_AXIS_LEFTTRIGGER;
    case ABS_RZ: return KB_GAMEPAD_AXIS_RIGHTTRIGGER;
    default: return -1;
    }
}

/* A hat is two pairs of buttons. */
static int note_hat(struct kd_injector *injector, const struct kb_req_input_inject *in,
                    const char **why)
{
    bool is_x = in->code == ABS_HAT0X;
    int32_t *hat = is_x ? &injector->hat_x : &injector->hat_y, before = *hat;
    int error = 0;

    if (in->value < -1 || in->value > 1) {
        *why = "a hat's axis is -1, 0 or 1";
        return -EINVAL;
    }
    if (before != 0 && before != in->value)
        error = note_key(injector, KB_INJECTED_DEVICE_GAMEPAD,
                         is_x ? (before < 0 ? BTN_DPAD_LEFT : BTN_DPAD_RIGHT)
                              : (before < 0 ? BTN_DPAD_UP : BTN_DPAD_DOWN),
                         0, why);
    if (!error && in->value != 0 && before != in->value)
        error = note_key(injector, KB_INJECTED_DEVICE_GAMEPAD,
                         is_x ? (in->value < 0 ? BTN_DPAD_LEFT : BTN_DPAD_RIGHT)
                              : (in->value < 0 ? BTN_DPAD_UP : BTN_DPAD_DOWN),
                         1, why);
    if (!error)
        *hat = in->value;
    return error;
}

static int note_pad(struct kd_injector *injector, const struct kb_req_input_inject *in,
                    const char **why)
{
    int axis = pad_axis(in->code);
    bool is_trigger = axis >= KB_GAMEPAD_AXIS_LEFTTRIGGER;

    if (in->type == EV_KEY && pad_button(in->code) >= 0)
        return note_key(injector, KB_INJECTED_DEVICE_GAMEPAD, in->code, in->value, why);
    if (in->type == EV_ABS && (in->code == ABS_HAT0X || in->code == ABS_HAT0Y))
        return note_hat(injector, in, why);
    if (in->type != EV_ABS || axis < 0) {
        *why = "the injected gamepad has the kernel's standard buttons, ABS_X, ABS_Y, ABS_RX, "
               "ABS_RY, ABS_Z, ABS_RZ, ABS_HAT0X and ABS_HAT0Y";
        return -ENOSYS;
    }
    if (in->value < (is_trigger ? 0 : INT16_MIN) || in->value > INT16_MAX) {
        *why = "sticks go from -32768 to 32767, triggers (ABS_Z, ABS_RZ) from 0 to 32767";
        return -EINVAL;
    }
    injector->axes[axis] = in->value;
    injector->axes_changed |= 1u << axis;
    return 0;
}

/* ---- What takes effect --------------------------------------------------------------------------- */

static void act_seat(struct kd_server *server, struct kd_injector *injector, struct kd_input input)
{
    if (injector->x >= 0 || injector->y >= 0) {
        input.kind = KD_INPUT_POSITION;
        input.position.x = injector->x;
        input.position.y = injector->y;
        kd_inputs_take(server, &input);
    }
    if (injector->dx != 0 || injector->dy != 0) {
        input.kind = KD_INPUT_MOTION;
        input.motion.dx = input.motion.raw_dx = fixed_of(injector->dx);
        input.motion.dy = input.motion.raw_dy = fixed_of(injector->dy);
        kd_inputs_take(server, &input);
    }
    for (unsigned i = 0; i < injector->keys_count[KB_INJECTED_DEVICE_SEAT]; i++) {
        input.key.code = injector->keys[KB_INJECTED_DEVICE_SEAT][i].code;
        input.key.down = injector->keys[KB_INJECTED_DEVICE_SEAT][i].down;
        input.kind = is_mouse_button((uint16_t)input.key.code) ? KD_INPUT_BUTTON : KD_INPUT_KEY;
        kd_inputs_take(server, &input);
    }
    if (injector->wheel_x != 0 || injector->wheel_y != 0) {
        input.kind = KD_INPUT_WHEEL;
        input.wheel.horizontal = injector->wheel_x;
        input.wheel.vertical = injector->wheel_y;
        kd_inputs_take(server, &input);
    }
    injector->x = injector->y = -1;
    injector->dx = injector->dy = injector->wheel_x = injector->wheel_y = 0;
    injector->is_fine = false;
}

static void act_finger(struct kd_server *server, struct finger *finger, struct kd_input input)
{
    if (finger->was_down && (!finger->is_down || finger->is_new)) {
        input.touch.phase = KB_TOUCH_PHASE_UP;
        kd_inputs_take(server, &input);
    }
    input.touch.x = finger->x;
    input.touch.y = finger->y;
    if (finger->is_down && (finger->is_new || finger->has_moved)) {
        input.touch.phase = finger->is_new ? KB_TOUCH_PHASE_DOWN : KB_TOUCH_PHASE_MOTION;
        kd_inputs_take(server, &input);
    }
    finger->was_down = finger->is_down;
    finger->is_new = finger->has_moved = false;
}

static void act_pad(struct kd_server *server, struct kd_injector *injector, struct kd_input input)
{
    input.kind = KD_INPUT_PAD_AXIS;
    for (uint32_t axis = 0; axis < 6; axis++) {
        input.axis.axis = axis;
        input.axis.value = injector->axes[axis];
        if (injector->axes_changed & 1u << axis)
            kd_inputs_take(server, &input);
    }
    input.kind = KD_INPUT_PAD_BUTTON;
    for (unsigned i = 0; i < injector->keys_count[KB_INJECTED_DEVICE_GAMEPAD]; i++) {
        input.key.code = (uint32_t)pad_button(injector->keys[KB_INJECTED_DEVICE_GAMEPAD][i].code);
        input.key.down = injector->keys[KB_INJECTED_DEVICE_GAMEPAD][i].down;
        kd_inputs_take(server, &input);
    }
    injector->axes_changed = 0;
}

static void act(struct kd_server *server, struct kd_injector *injector, unsigned device)
{
    struct kd_input input = {.device = injector->numbers[device],
                             .time_ns = kd_server_now_ns(server)};

    switch (device) {
    case KB_INJECTED_DEVICE_SEAT: act_seat(server, injector, input); break;
    case KB_INJECTED_DEVICE_TOUCH_SCREEN:
        input.kind = KD_INPUT_TOUCH;
        for (unsigned i = 0; i < FINGERS; i++) {
            input.touch.finger = (int32_t)i;
            act_finger(server, &injector->fingers[i], input);
        }
        break;
    default: act_pad(server, injector, input);
    }
    injector->keys_count[device] = 0;
}

static struct kd_injector *injector_of(struct kd_connection *connection)
{
    if (!connection->injector) {
        connection->injector = calloc(1, sizeof(*connection->injector));
        if (connection->injector)
            connection->injector->x = connection->injector->y = -1;
    }
    return connection->injector;
}

int kd_inject(void *ctx, struct kd_connection *connection, const struct kb_req_input_inject *in,
              const char **why)
{
    struct kd_server *server = ctx;
    struct kd_injector *injector = injector_of(connection);
    int error = 0;

    *why = "the daemon is out of memory";
    if (!injector)
        return -ENOMEM;
    if (in->type == EV_SYN && in->code != SYN_REPORT) {
        *why = "of EV_SYN there is only SYN_REPORT";
        return -ENOSYS;
    }
    if (in->type != EV_SYN) {
        error = in->device == KB_INJECTED_DEVICE_SEAT           ? note_seat(injector, in, why)
                : in->device == KB_INJECTED_DEVICE_TOUCH_SCREEN ? note_touch(injector, in, why)
                                                                : note_pad(injector, in, why);
    } else if (injector->numbers[in->device]) {
        act(server, injector, in->device);
    }
    if (error || in->type == EV_SYN || injector->numbers[in->device])
        return error;
    injector->numbers[in->device] = kd_inputs_added(server, &infos[in->device], true);
    if (!injector->numbers[in->device]) {
        *why = "there are as many input devices as there may be";
        return -EDQUOT;
    }
    return 0;
}

void kd_inject_end(struct kd_server *server, struct kd_injector *injector)
{
    if (!injector)
        return;
    for (unsigned i = 0; i < DEVICES; i++)
        kd_inputs_removed(server, injector->numbers[i]);
    free(injector);
}

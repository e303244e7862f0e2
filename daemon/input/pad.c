#include "input/pad.h"

#include <math.h>
#include <string.h>

#include "gen/kmsblit_types.h"
#include "input/names.h"

#define AXIS_MIN (-32768)
#define AXIS_MAX 32767

/* ---- How SDL counts -------------------------------------------------------------------------- */

static void count_keys(struct kd_pad *pad, const struct kd_pad_parts *parts, unsigned begin,
                       unsigned end)
{
    for (unsigned code = begin; code < end; code++) {
        if (parts->keys[code] && pad->raw_buttons < KD_PAD_BUTTONS)
            pad->key_index[code] = (uint16_t)++pad->raw_buttons;
    }
}

/* A hat is a pair of axes that only know -1, 0 and 1, or that are no analog ones otherwise. */
static bool is_digital(const struct kd_pad_parts *parts, unsigned code)
{
    bool is_small = true, is_plain = true;

    for (unsigned i = code; i < code + 2; i++) {
        if (!parts->abs[i].is_there)
            continue;
        is_small = is_small && parts->abs[i].min == -1 && parts->abs[i].max == 1;
        is_plain =
            is_plain && !parts->abs[i].fuzz && !parts->abs[i].flat && !parts->abs[i].resolution;
    }
    return is_small || is_plain;
}

static void count(struct kd_pad *pad, const struct kd_pad_parts *parts)
{
    count_keys(pad, parts, BTN_JOYSTICK, KEY_CNT);
    count_keys(pad, parts, 0, BTN_JOYSTICK);
    for (unsigned code = ABS_HAT0X; code <= ABS_HAT3Y; code += 2) {
        bool is_any = parts->abs[code].is_there || parts->abs[code + 1].is_there;
        if (is_any && is_digital(parts, code))
            pad->hat_index[code] = pad->hat_index[code + 1] = (uint8_t)++pad->raw_hats;
    }
    for (unsigned code = 0; code < ABS_CNT; code++) {
        pad->ranges[code].min = parts->abs[code].min;
        pad->ranges[code].max = parts->abs[code].max;
        if (parts->abs[code].is_there && !pad->hat_index[code])
            pad->axis_index[code] = (uint8_t)++pad->raw_axes;
    }
}

/* ---- The kernel's convention ----------------------------------------------------------------- */

static void bind(struct kd_pad *pad, struct kd_bind what)
{
    if (pad->binds_count < sizeof(pad->binds) / sizeof(pad->binds[0]))
        pad->binds[pad->binds_count++] = what;
}

static bool bind_key(struct kd_pad *pad, unsigned code, enum kb_gamepad_button to)
{
    if (!pad->key_index[code])
        return false;
    bind(pad, (struct kd_bind){.from = KD_BIND_BUTTON,
                               .index = (uint16_t)(pad->key_index[code] - 1),
                               .to = (uint16_t)to});
    return true;
}

static void bind_axis(struct kd_pad *pad, unsigned code, enum kb_gamepad_axis to)
{
    bind(pad, (struct kd_bind){.from = KD_BIND_AXIS,
                               .index = (uint16_t)(pad->axis_index[code] - 1),
                               .to_axis = true,
                               .to_trigger = to >= KB_GAMEPAD_AXIS_LEFTTRIGGER,
                               .to = (uint16_t)to});
}

static bool bind_axes(struct kd_pad *pad, unsigned first, enum kb_gamepad_axis first_to,
                      unsigned second, enum kb_gamepad_axis second_to)
{
    if (!pad->axis_index[first] || !pad->axis_index[second])
        return false;
    bind_axis(pad, first, first_to);
    bind_axis(pad, second, second_to);
    return true;
}

static void bind_trigger_key(struct kd_pad *pad, unsigned code, enum kb_gamepad_axis to)
{
    if (pad->key_index[code])
        bind(pad, (struct kd_bind){.from = KD_BIND_BUTTON,
                                   .index = (uint16_t)(pad->key_index[code] - 1),
                                   .to_axis = true,
                                   .to_trigger = true,
                                   .to = (uint16_t)to});
}

static void bind_dpad(struct kd_pad *pad)
{
    static const struct {
        unsigned code;
        enum kb_gamepad_button to;
    } keys[] = {{BTN_DPAD_UP, KB_GAMEPAD_BUTTON_DPUP},
                {BTN_DPAD_RIGHT, KB_GAMEPAD_BUTTON_DPRIGHT},
                {BTN_DPAD_DOWN, KB_GAMEPAD_BUTTON_DPDOWN},
                {BTN_DPAD_LEFT, KB_GAMEPAD_BUTTON_DPLEFT}};

    for (unsigned i = 0; i < 4; i++) {
        bind_key(pad, keys[i].code, keys[i].to);
        if (pad->hat_index[ABS_HAT0X])
            bind(pad, (struct kd_bind){.from = KD_BIND_HAT,
                                       .index = (uint16_t)(pad->hat_index[ABS_HAT0X] - 1),
                                       .hat_bit = (uint8_t)(1 << i),
                                       .to = (uint16_t)keys[i].to});
    }
}

/* Documentation/input/gamepad.rst of the kernel, and what drivers do where it leaves a choice. */
static void map_by_kernel(struct kd_pad *pad, bool x_is_north)
{
    static const struct {
        unsigned code;
        enum kb_gamepad_button to;
    } keys[] = {{BTN_SOUTH, KB_GAMEPAD_BUTTON_A},
                {BTN_EAST, KB_GAMEPAD_BUTTON_B},
                {BTN_SELECT, KB_GAMEPAD_BUTTON_BACK},
                {BTN_MODE, KB_GAMEPAD_BUTTON_GUIDE},
                {BTN_START, KB_GAMEPAD_BUTTON_START},
                {BTN_THUMBL, KB_GAMEPAD_BUTTON_LEFTSTICK},
                {BTN_THUMBR, KB_GAMEPAD_BUTTON_RIGHTSTICK},
                {BTN_TL, KB_GAMEPAD_BUTTON_LEFTSHOULDER},
                {BTN_TR, KB_GAMEPAD_BUTTON_RIGHTSHOULDER},
                {KEY_RECORD, KB_GAMEPAD_BUTTON_MISC1},
                {BTN_TRIGGER_HAPPY5, KB_GAMEPAD_BUTTON_PADDLE1},
                {BTN_TRIGGER_HAPPY6, KB_GAMEPAD_BUTTON_PADDLE3},
                {BTN_TRIGGER_HAPPY7, KB_GAMEPAD_BUTTON_PADDLE2},
                {BTN_TRIGGER_HAPPY8, KB_GAMEPAD_BUTTON_PADDLE4}};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        bind_key(pad, keys[i].code, keys[i].to);
    bind_key(pad, BTN_NORTH, x_is_north ? KB_GAMEPAD_BUTTON_X : KB_GAMEPAD_BUTTON_Y);
    bind_key(pad, BTN_WEST, x_is_north ? KB_GAMEPAD_BUTTON_Y : KB_GAMEPAD_BUTTON_X);
    bind_dpad(pad);
    bind_axes(pad, ABS_X, KB_GAMEPAD_AXIS_LEFTX, ABS_Y, KB_GAMEPAD_AXIS_LEFTY);
    bool has_right = bind_axes(pad, ABS_RX, KB_GAMEPAD_AXIS_RIGHTX, ABS_RY, KB_GAMEPAD_AXIS_RIGHTY);
    /* The second pair is the triggers of a gamepad whose right stick has axes of its own, else it is that stick. */
    bool has_triggers = has_right && bind_axes(pad, ABS_Z, KB_GAMEPAD_AXIS_LEFTTRIGGER, ABS_RZ,
                                               KB_GAMEPAD_AXIS_RIGHTTRIGGER);
    if (!has_right)
        bind_axes(pad, ABS_Z, KB_GAMEPAD_AXIS_RIGHTX, ABS_RZ, KB_GAMEPAD_AXIS_RIGHTY);
    has_triggers = has_triggers ||
                   bind_axes(pad, ABS_BRAKE, KB_GAMEPAD_AXIS_LEFTTRIGGER, ABS_GAS,
                             KB_GAMEPAD_AXIS_RIGHTTRIGGER) ||
                   bind_axes(pad, ABS_HAT2Y, KB_GAMEPAD_AXIS_LEFTTRIGGER, ABS_HAT2X,
                             KB_GAMEPAD_AXIS_RIGHTTRIGGER);
    if (!has_triggers) {
        bind_trigger_key(pad, BTN_TL2, KB_GAMEPAD_AXIS_LEFTTRIGGER);
        bind_trigger_key(pad, BTN_TR2, KB_GAMEPAD_AXIS_RIGHTTRIGGER);
    }
}

static void map_by_count(struct kd_pad *pad)
{
    for (uint32_t i = 0; i < pad->raw_buttons; i++)
        bind(pad,
             (struct kd_bind){.from = KD_BIND_BUTTON, .index = (uint16_t)i, .to = (uint16_t)i});
    for (uint32_t i = 0; i < 4 * pad->raw_hats; i++)
        bind(pad, (struct kd_bind){.from = KD_BIND_HAT,
                                   .index = (uint16_t)(i / 4),
                                   .hat_bit = (uint8_t)(1 << i % 4),
                                   .to = (uint16_t)(pad->raw_buttons + i)});
    for (uint32_t i = 0; i < pad->raw_axes; i++)
        bind(pad,
             (struct kd_bind){
                 .from = KD_BIND_AXIS, .index = (uint16_t)i, .to_axis = true, .to = (uint16_t)i});
}

void kd_pad_init(struct kd_pad *pad, const struct kd_pad_parts *parts,
                 const struct kd_mapping *mapping, bool x_is_north)
{
    memset(pad, 0, sizeof(*pad));
    count(pad, parts);
    pad->mapped = mapping || pad->key_index[BTN_GAMEPAD];
    if (mapping) {
        for (uint32_t i = 0; i < mapping->binds_count; i++)
            bind(pad, mapping->binds[i]);
    } else if (pad->mapped) {
        map_by_kernel(pad, x_is_north);
    } else {
        map_by_count(pad);
    }
    pad->axes = pad->mapped ? KD_GAMEPAD_AXES : pad->raw_axes;
    pad->buttons = pad->mapped ? KD_GAMEPAD_BUTTONS : pad->raw_buttons + 4 * pad->raw_hats;
}

/* ---- What the device says -------------------------------------------------------------------- */

static int32_t normal(int32_t min, int32_t max, int32_t value)
{
    if (min >= max)
        return 0;
    double scaled = floor(((double)value - min) * 65535 / ((double)max - min) + 0.5) + AXIS_MIN;
    return scaled < AXIS_MIN ? AXIS_MIN : scaled > AXIS_MAX ? AXIS_MAX : (int32_t)scaled;
}

/* Which third of its range a hat is in: -1, 0, 1. */
static int8_t third(int32_t min, int32_t max, int32_t value)
{
    int64_t way = 3 * ((int64_t)value - min), range = (int64_t)max - min;

    return way < range ? -1 : way > 2 * range ? 1 : 0;
}

/* What it is of the device, in from and index of source; false: nothing. */
static bool take(struct kd_pad *pad, uint16_t type, uint16_t code, int32_t value,
                 struct kd_bind *source)
{
    if (type == EV_KEY && code < KEY_CNT && pad->key_index[code] && value != 2) {
        source->from = KD_BIND_BUTTON;
        source->index = (uint16_t)(pad->key_index[code] - 1);
        pad->button[source->index] = value != 0;
        return true;
    }
    if (type != EV_ABS || code >= ABS_CNT || (!pad->hat_index[code] && !pad->axis_index[code]))
        return false;
    int32_t min = pad->ranges[code].min, max = pad->ranges[code].max;
    if (pad->hat_index[code]) {
        int8_t *way = (code - ABS_HAT0X) % 2 ? pad->hat_y : pad->hat_x;
        source->from = KD_BIND_HAT;
        source->index = (uint16_t)(pad->hat_index[code] - 1);
        way[source->index] = third(min, max, value);
    } else {
        source->from = KD_BIND_AXIS;
        source->index = (uint16_t)(pad->axis_index[code] - 1);
        pad->axis[source->index] = normal(min, max, value);
    }
    return true;
}

/* ---- What is made of it ---------------------------------------------------------------------- */

static unsigned hat_bits(const struct kd_pad *pad, uint16_t index)
{
    if (index >= KD_PAD_HATS)
        return 0;
    return (pad->hat_y[index] < 0 ? 1u : 0) | (pad->hat_x[index] > 0 ? 2u : 0) |
           (pad->hat_y[index] > 0 ? 4u : 0) | (pad->hat_x[index] < 0 ? 8u : 0);
}

/* How far a source is on its way: 0 to 65535, and where 0 of a whole axis is. */
static int32_t way_of(const struct kd_pad *pad, const struct kd_bind *bind)
{
    int32_t way = 0;

    if (bind->from == KD_BIND_BUTTON) {
        way = bind->index < KD_PAD_BUTTONS && pad->button[bind->index] ? 65535 : 0;
    } else if (bind->from == KD_BIND_HAT) {
        way = hat_bits(pad, bind->index) & bind->hat_bit ? 65535 : 0;
    } else {
        int32_t value = bind->index < KD_PAD_AXES ? pad->axis[bind->index] : 0;
        if (!bind->from_half)
            way = value - AXIS_MIN;
        else if (bind->from_half > 0)
            way = value > 0 ? (int32_t)(value * INT64_C(65535) / AXIS_MAX) : 0;
        else
            way = value < 0 ? (int32_t)(value * INT64_C(65535) / AXIS_MIN) : 0;
        way = bind->from_inverted ? 65535 - way : way;
    }
    return way;
}

/* What a source adds to an axis. */
static int32_t axis_part(const struct kd_pad *pad, const struct kd_bind *bind)
{
    int32_t way = way_of(pad, bind);

    if (bind->to_half < 0)
        return -(int32_t)((int64_t)way * 32768 / 65535);
    if (bind->to_half > 0 || bind->to_trigger || bind->from != KD_BIND_AXIS)
        return (int32_t)((int64_t)way * AXIS_MAX / 65535);
    return way + AXIS_MIN;
}

static void tell_axis(struct kd_pad *pad, uint16_t index, kd_pad_told_fn *told, void *ctx)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < pad->binds_count; i++) {
        if (pad->binds[i].to_axis && pad->binds[i].to == index)
            sum += axis_part(pad, &pad->binds[i]);
    }
    int32_t value = sum < AXIS_MIN ? AXIS_MIN : sum > AXIS_MAX ? AXIS_MAX : (int32_t)sum;
    if (value == pad->told_axis[index])
        return;
    pad->told_axis[index] = value;
    told(ctx, true, index, value);
}

static bool is_pressed(const struct kd_pad *pad, uint16_t index)
{
    for (uint32_t i = 0; i < pad->binds_count; i++) {
        const struct kd_bind *at = &pad->binds[i];
        if (!at->to_axis && at->to == index && way_of(pad, at) >= 32768)
            return true;
    }
    return false;
}

static void tell_button(struct kd_pad *pad, uint16_t index, kd_pad_told_fn *told, void *ctx)
{
    bool pressed = is_pressed(pad, index);

    if (pad->held_before[index]) {
        pad->held_before[index] = pressed;
        return;
    }
    if (pressed == pad->told_button[index])
        return;
    pad->told_button[index] = pressed;
    told(ctx, false, index, pressed);
}

void kd_pad_event(struct kd_pad *pad, uint16_t type, uint16_t code, int32_t value,
                  kd_pad_told_fn *told, void *ctx)
{
    struct kd_bind source = {0};

    if (!take(pad, type, code, value, &source) || !pad->has_begun)
        return;
    for (uint32_t i = 0; i < pad->binds_count; i++) {
        const struct kd_bind *at = &pad->binds[i];
        if (at->from != source.from || at->index != source.index)
            continue;
        if (at->to_axis)
            tell_axis(pad, at->to, told, ctx);
        else
            tell_button(pad, at->to, told, ctx);
    }
}

void kd_pad_begin(struct kd_pad *pad, kd_pad_told_fn *told, void *ctx)
{
    pad->has_begun = true;
    for (uint32_t i = 0; i < pad->binds_count; i++) {
        const struct kd_bind *at = &pad->binds[i];
        if (at->to_axis)
            tell_axis(pad, at->to, told, ctx);
        else
            pad->held_before[at->to] = is_pressed(pad, at->to);
    }
}

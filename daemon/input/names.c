#include "input/names.h"

#include "base/input.h"

_Static_assert(KB_GAMEPAD_AXIS_RIGHTTRIGGER + 1 == KD_GAMEPAD_AXES, "every axis has a name");
_Static_assert(KB_GAMEPAD_BUTTON_TOUCHPAD + 1 == KD_GAMEPAD_BUTTONS, "every button has a name");
_Static_assert(KB_DEVICE_CAPABILITY_ALL == (1u << KD_RECORDING_CAPABILITIES) - 1,
               "and every capability");

const char *const kd_gamepad_axis_names[KD_GAMEPAD_AXES] = {
    [KB_GAMEPAD_AXIS_LEFTX] = "leftx",
    [KB_GAMEPAD_AXIS_LEFTY] = "lefty",
    [KB_GAMEPAD_AXIS_RIGHTX] = "rightx",
    [KB_GAMEPAD_AXIS_RIGHTY] = "righty",
    [KB_GAMEPAD_AXIS_LEFTTRIGGER] = "lefttrigger",
    [KB_GAMEPAD_AXIS_RIGHTTRIGGER] = "righttrigger",
};

const char *const kd_gamepad_button_names[KD_GAMEPAD_BUTTONS] = {
    [KB_GAMEPAD_BUTTON_A] = "a",
    [KB_GAMEPAD_BUTTON_B] = "b",
    [KB_GAMEPAD_BUTTON_X] = "x",
    [KB_GAMEPAD_BUTTON_Y] = "y",
    [KB_GAMEPAD_BUTTON_BACK] = "back",
    [KB_GAMEPAD_BUTTON_GUIDE] = "guide",
    [KB_GAMEPAD_BUTTON_START] = "start",
    [KB_GAMEPAD_BUTTON_LEFTSTICK] = "leftstick",
    [KB_GAMEPAD_BUTTON_RIGHTSTICK] = "rightstick",
    [KB_GAMEPAD_BUTTON_LEFTSHOULDER] = "leftshoulder",
    [KB_GAMEPAD_BUTTON_RIGHTSHOULDER] = "rightshoulder",
    [KB_GAMEPAD_BUTTON_DPUP] = "dpup",
    [KB_GAMEPAD_BUTTON_DPDOWN] = "dpdown",
    [KB_GAMEPAD_BUTTON_DPLEFT] = "dpleft",
    [KB_GAMEPAD_BUTTON_DPRIGHT] = "dpright",
    [KB_GAMEPAD_BUTTON_MISC1] = "misc1",
    [KB_GAMEPAD_BUTTON_PADDLE1] = "paddle1",
    [KB_GAMEPAD_BUTTON_PADDLE2] = "paddle2",
    [KB_GAMEPAD_BUTTON_PADDLE3] = "paddle3",
    [KB_GAMEPAD_BUTTON_PADDLE4] = "paddle4",
    [KB_GAMEPAD_BUTTON_TOUCHPAD] = "touchpad",
};

const char *const kd_recording_events[KD_RECORDING_EVENTS] = {
    [KD_INPUT_KEY] = "key",       [KD_INPUT_BUTTON] = "button",
    [KD_INPUT_MOTION] = "motion", [KD_INPUT_POSITION] = "position",
    [KD_INPUT_WHEEL] = "wheel",   [KD_INPUT_TOUCH] = "touch",
    [KD_INPUT_PAD_AXIS] = "axis", [KD_INPUT_PAD_BUTTON] = "pad_button",
};

const char *const kd_recording_phases[KD_RECORDING_PHASES] = {
    [KB_TOUCH_PHASE_DOWN] = "down",
    [KB_TOUCH_PHASE_MOTION] = "motion",
    [KB_TOUCH_PHASE_UP] = "up",
    [KB_TOUCH_PHASE_CANCEL] = "cancel",
};

const char *const kd_recording_capabilities[KD_RECORDING_CAPABILITIES] = {
    "keyboard", "pointer", "touch", "gamepad", "mapped", "rumble"};

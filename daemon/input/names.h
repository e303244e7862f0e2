/*
 * What values are called in files: in recordings, and in SDL's mappings.
 */
#ifndef KD_INPUT_NAMES_H
#define KD_INPUT_NAMES_H

#define KD_GAMEPAD_AXES    6
#define KD_GAMEPAD_BUTTONS 21

/* By enum kb_gamepad_axis and enum kb_gamepad_button; SDL's names. */
extern const char *const kd_gamepad_axis_names[KD_GAMEPAD_AXES];
extern const char *const kd_gamepad_button_names[KD_GAMEPAD_BUTTONS];

#define KD_RECORDING_EVENTS       8
#define KD_RECORDING_PHASES       4
#define KD_RECORDING_CAPABILITIES 6

/* By enum kd_input_kind, by enum kb_touch_phase, and by the bits of enum kb_device_capability. */
extern const char *const kd_recording_events[KD_RECORDING_EVENTS];
extern const char *const kd_recording_phases[KD_RECORDING_PHASES];
extern const char *const kd_recording_capabilities[KD_RECORDING_CAPABILITIES];

#endif

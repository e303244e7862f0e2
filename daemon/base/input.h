/*
 * What input devices say, as values: from whichever source (libinput, gamepads, a recording, a client that injects) to whoever gets it.
 *
 * Sources speak of the device; the server makes positions in windows of it, and text of keys.
 */
#ifndef KD_BASE_INPUT_H
#define KD_BASE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "gen/kmsblit_types.h"

/* Positions on a device, 0 to KD_INPUT_EXTENT - 1 from its left and top edge. */
#define KD_INPUT_EXTENT 65536

/* A device. Its number is given by the server, and never used again. */
struct kd_input_device {
    uint32_t capabilities;                  /* enum kb_device_capability */
    uint32_t axes, buttons;                 /* of a gamepad */
    uint16_t bus, vendor, product, version; /* 0: not known */
    char name[257];  /* UTF-8 without control characters, whatever the device says */
    char path[64];   /* "/dev/input/event3", or "" */
    char output[33]; /* the output that it lies on, by the system's knowledge, or "" */
};

enum kd_input_kind {
    KD_INPUT_KEY,      /* of a keyboard */
    KD_INPUT_BUTTON,   /* of a pointer */
    KD_INPUT_MOTION,   /* of a pointer, by so much */
    KD_INPUT_POSITION, /* of a pointer that knows where it is, such as a tablet */
    KD_INPUT_WHEEL,
    KD_INPUT_TOUCH,
    KD_INPUT_PAD_AXIS,
    KD_INPUT_PAD_BUTTON,
};

struct kd_input {
    enum kd_input_kind kind;
    uint32_t device;
    int64_t time_ns; /* when it happened, by the kernel; the clock of the displays */
    union {
        struct {
            uint32_t code; /* KEY_*, BTN_*; of a gamepad: enum kb_gamepad_button, or its number */
            bool down;
        } key; /* and buttons of every kind */
        struct {
            kb_fixed dx, dy;         /* in pixels, as the pointer goes */
            kb_fixed raw_dx, raw_dy; /* as the device says, not accelerated */
        } motion;
        struct {
            int32_t x, y; /* negative: this one stays as it is */
        } position;
        struct {
            int32_t horizontal,
                vertical; /* 120 is a notch; right and towards the user are positive */
        } wheel;
        struct {
            enum kb_touch_phase phase;
            int32_t finger; /* small numbers, of this device */
            int32_t x, y;   /* not of up and cancel */
        } touch;
        struct {
            uint32_t axis; /* enum kb_gamepad_axis, or its number */
            int32_t value; /* -32768 to 32767 */
        } axis;
    };
};

#endif

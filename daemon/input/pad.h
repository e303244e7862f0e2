/*
 * A gamepad's state: what the kernel says of its keys and axes becomes buttons and axes of a gamepad, by a mapping. Without devices: values in, values out.
 */
#ifndef KD_INPUT_PAD_H
#define KD_INPUT_PAD_H

#include <linux/input-event-codes.h>
#include <stdbool.h>
#include <stdint.h>

#include "input/mapping.h"

#define KD_PAD_BUTTONS 128 /* more of a device are not used */
#define KD_PAD_AXES    ABS_CNT
#define KD_PAD_HATS    4

/* What a device has, as the kernel says. */
struct kd_pad_parts {
    bool keys[KEY_CNT];
    struct {
        bool is_there;
        int32_t min, max, fuzz, flat, resolution;
    } abs[ABS_CNT];
};

struct kd_pad {
    uint32_t axes, buttons; /* that it says it has */
    bool mapped;

    /* Of the device: how keys and axes are counted, as SDL does; 0: not, else the index + 1. */
    uint16_t key_index[KEY_CNT];
    uint8_t axis_index[ABS_CNT], hat_index[ABS_CNT];
    bool has_begun;
    uint32_t raw_buttons, raw_axes, raw_hats;
    struct {
        int32_t min, max;
    } ranges[ABS_CNT]; /* by code */

    /* What it says now; axes as -32768 to 32767. */
    bool button[KD_PAD_BUTTONS];
    int32_t axis[KD_PAD_AXES];
    int8_t hat_x[KD_PAD_HATS], hat_y[KD_PAD_HATS];

    /* What is made of it, and was told. */
    uint32_t binds_count;
    struct kd_bind binds[KD_PAD_BUTTONS + KD_PAD_AXES + 4 * KD_PAD_HATS];
    bool told_button[KD_PAD_BUTTONS + 4 * KD_PAD_HATS];
    bool held_before[KD_PAD_BUTTONS + 4 * KD_PAD_HATS]; /* since before kd_pad_begin(): not told */
    int32_t told_axis[KD_PAD_AXES];
};

/* Told of each change: a button (value 0 or 1), or an axis. */
typedef void kd_pad_told_fn(void *ctx, bool is_axis, uint32_t index, int32_t value);

/* mapping NULL: by the kernel's convention if the device says that it is a gamepad, else as it counts. x_is_north: its driver calls the left button
 * of the four BTN_NORTH (as BTN_X is the same number), not the top one. */
void kd_pad_init(struct kd_pad *pad, const struct kd_pad_parts *parts,
                 const struct kd_mapping *mapping, bool x_is_north);

/* What the kernel says: an event. Before kd_pad_begin() nothing is told of it. */
void kd_pad_event(struct kd_pad *pad, uint16_t type, uint16_t code, int32_t value,
                  kd_pad_told_fn *told, void *ctx);

/* Tells where the axes are that are not at 0. A button that is held now was not pressed now: neither that nor its release is told. */
void kd_pad_begin(struct kd_pad *pad, kd_pad_told_fn *told, void *ctx);

#endif

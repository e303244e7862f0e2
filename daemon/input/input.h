/*
 * Sources of input: each knows some devices and says what they do. libinput.c: keyboards, pointers, touch screens; gamepad.c: gamepads;
 * replay.c: a recording. A source knows no event loop, no windows and no keymap.
 */
#ifndef KD_INPUT_INPUT_H
#define KD_INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

struct kd_input_source;

/* What a source needs of the rest; borrowed. Nothing is called but inside of create(), dispatch(), suspend() and resume(). */
struct kd_input_handler {
    void *ctx;

    /* A device is there: its number from now on; 0: it is not wanted (the source closes it). */
    uint32_t (*added)(void *ctx, const struct kd_input_device *device);

    /* It is gone; what was held on it is released by the handler. */
    void (*removed)(void *ctx, uint32_t device);
    void (*input)(void *ctx, const struct kd_input *input);

    /* A device that is there cannot be used: error is -errno of opening path; name "" where it is not known. It may be offered again. Error 0: it is not
     * refused any more, as it could be opened, or is gone. */
    void (*refused)(void *ctx, const char *path, const char *name, int error);

    /* Opens a device for reading and writing without blocking: an fd or -errno; and closes it. */
    int (*open)(void *ctx, const char *path);
    void (*close)(void *ctx, int fd);
};

/* A device's settings, as configured; by the device's name. */
struct kd_input_settings {
    bool accelerate; /* pointers */
    double speed;    /* of pointers, -1 to 1; 0 is usual */
    bool natural_scroll, left_handed, tap;
    bool ignore; /* the device is not used */
    bool has_matrix;
    float matrix[6]; /* of touch screens and tablets: libinput's calibration matrix */
};

/* Looks a device's settings up; ctx is the handler's. */
typedef void kd_input_settings_fn(void *ctx, const char *name, struct kd_input_settings *settings);

struct kd_input_impl {
    const char *name;

    /* To be polled for reading, then dispatched; -1: only time drives it. */
    int (*get_fd)(const struct kd_input_source *source);

    /* Hands out what there is. 0, or -errno: the source is broken for good, destroy it. */
    int (*dispatch)(struct kd_input_source *source, int64_t now_ns);

    /* When to be dispatched without its fd being readable; 0: not. */
    int64_t (*wake_ns)(const struct kd_input_source *source);

    /* The devices must not be used (closed) for a while, as another VT is shown; and may be again. They are told as removed and added. */
    void (*suspend)(struct kd_input_source *source);
    void (*resume)(struct kd_input_source *source);

    /* Shakes a gamepad: strengths 0 to 65535, for so long. -ENODEV: not one of these; -EOPNOTSUPP. */
    int (*rumble)(struct kd_input_source *source, uint32_t device, uint16_t strong, uint16_t weak,
                  uint32_t duration_ms);

    /* Lamps of all keyboards: the modifiers that are locked (enum kb_modifier: caps_lock, num_lock). */
    void (*set_leds)(struct kd_input_source *source, uint32_t modifiers);
    void (*destroy)(struct kd_input_source *source);
};

/* The base of each. */
struct kd_input_source {
    const struct kd_input_impl *impl;
    const struct kd_input_handler *handler;
};

/* libinput.c: the devices of seat0 by udev, now and later. Without any device, or without permission for any, it waits; what was refused is opened when
 * its node's permissions change. settings is called with the values that libinput has by itself. -errno. */
int kd_libinput_create(const struct kd_input_handler *handler, kd_input_settings_fn *settings,
                       struct kd_input_source **out);

/* gamepad.c: by udev and libevdev. mappings: files in SDL's format, read in order, then $SDL_GAMECONTROLLERCONFIG_FILE and $SDL_GAMECONTROLLERCONFIG;
 * later lines win; what is wrong in them is warned about. Without a line for it, a device that says it is a gamepad is mapped by the kernel's convention. */
int kd_gamepads_create(const struct kd_input_handler *handler, kd_input_settings_fn *settings,
                       const char *const *mappings, size_t mappings_count,
                       struct kd_input_source **out);

/* replay.c: a recording, which begins at begin_ns. -errno; why then is a sentence, with the line. Its devices are told by dispatch(), and are there until
 * the recording says that they are gone, also when it has ended. */
int kd_replay_create(const struct kd_input_handler *handler, const char *path, int64_t begin_ns,
                     char *why, size_t why_bytes, struct kd_input_source **out);

/* record.c: writes what it is told as a recording, to a new file that only its owner may read (keys may be a password). What cannot be written is said
 * once, and ends the recording, but nothing else. -EEXIST: path is something else, or somebody else's. */
struct kd_recorder;
int kd_recorder_create(const char *path, int64_t begin_ns, struct kd_recorder **out);
void kd_recorder_added(struct kd_recorder *recorder, uint32_t id,
                       const struct kd_input_device *device, int64_t now_ns);
void kd_recorder_removed(struct kd_recorder *recorder, uint32_t id, int64_t now_ns);
void kd_recorder_input(struct kd_recorder *recorder, const struct kd_input *input);
int kd_recorder_destroy(struct kd_recorder *recorder); /* 0, or -errno: what could not be written */

/* Whatever a device says its name is, as UTF-8 without characters that control, hide or turn around, cut to what fits. Still not a format. */
void kd_input_safe_name(char *to, size_t to_bytes, const char *from);

#endif

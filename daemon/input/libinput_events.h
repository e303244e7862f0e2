/*
 * What a device of libinput's says, as the values of base/input.h. Between libinput.c and libinput_events.c only.
 */
#ifndef KD_INPUT_LIBINPUT_EVENTS_H
#define KD_INPUT_LIBINPUT_EVENTS_H

#include "gen/kmsblit_types.h"
#include "input/input.h"

struct libinput_device;
struct libinput_event;

struct kd_libinput_device {
    struct kd_libinput_device *next; /* owned by the one before */
    struct libinput_device *device;  /* owned: a reference; its user data is this */
    struct kd_input_device info;
    uint32_t id;                 /* of the handler */
    double horizontal, vertical; /* of a wheel: what is less than a 120th of a notch, for later */
};

/* Hands out what an event says, if anything. */
void kd_libinput_event(const struct kd_input_handler *handler, struct kd_libinput_device *device,
                       struct libinput_event *event);

#endif

/*
 * The text of recordings of input: one line in, one line out. docs/input.md has the format for people.
 *
 *     kmsblit-input 1
 *     device 1 keyboard,pointer 0 0 0x3 0x46d 0xc31c 0x111 "A keyboard"
 *     0.250000000 1 key 57 down
 */
#ifndef KD_INPUT_RECORDING_H
#define KD_INPUT_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/input.h"

/* Lines are shorter than that, with their end. */
#define KD_RECORDING_LINE_BYTES 1024

/* So many devices are there at a time. */
#define KD_RECORDING_DEVICES_MAX 64

/* kb_fixed has 16 bits behind the point, which 16 digits say exactly: 10^16 / 2^16. */
#define KD_RECORDING_FIXED_UNIT INT64_C(152587890625)

#define KD_RECORDING_HEADER "kmsblit-input 1"

enum kd_record_kind {
    KD_RECORD_NOTHING, /* an empty line, or a remark */
    KD_RECORD_DEVICE,  /* is there from now on */
    KD_RECORD_GONE,
    KD_RECORD_INPUT,
};

/* What a line says. */
struct kd_record {
    enum kd_record_kind kind;
    int64_t time_ns; /* since the recording began; a line without a time: that of the line before */
    uint32_t id;     /* of the device, in the recording */
    struct kd_input_device device; /* without a path */
    struct kd_input input;         /* device is id, time_ns is as above */
};

/* What the lines so far have said, so that a line can be judged. Embedded; zero is the beginning. */
struct kd_recording {
    struct {
        uint32_t id, capabilities;
    } devices[KD_RECORDING_DEVICES_MAX];
    size_t devices_count;
    int64_t time_ns;
    bool has_begun; /* the first line was read */
};

/* Reads a line, without its end. -EINVAL: it is none; why is then what is wrong with it. */
int kd_recording_read(struct kd_recording *recording, const char *line, struct kd_record *record,
                      char *why, size_t why_bytes);

/* Writes a line, with its end. Returns its length. */
size_t kd_recording_write(char line[KD_RECORDING_LINE_BYTES], const struct kd_record *record);

#endif

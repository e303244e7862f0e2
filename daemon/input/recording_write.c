#include <stdio.h>

#include "gen/kmsblit_types.h"
#include "input/names.h"
#include "input/recording.h"

/* "-1.5", exactly. */
static const char *fixed_text(char text[32], kb_fixed value)
{
    int64_t magnitude = value < 0 ? -(int64_t)value : value;
    int length =
        snprintf(text, 32, "%s%lld.%016lld", value < 0 ? "-" : "", (long long)(magnitude >> 16),
                 (long long)((magnitude & 65535) * KD_RECORDING_FIXED_UNIT));

    while (text[length - 1] == '0')
        length--;
    text[text[length - 1] == '.' ? length - 1 : length] = '\0';
    return text;
}

static int write_place(char *to, size_t bytes, int32_t place)
{
    return place < 0 ? snprintf(to, bytes, " -") : snprintf(to, bytes, " %d", place);
}

static int write_input(char *to, size_t bytes, const struct kd_input *input)
{
    char text[4][32];
    int length;

    switch (input->kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
    case KD_INPUT_PAD_BUTTON:
        return snprintf(to, bytes, " %u %s", input->key.code, input->key.down ? "down" : "up");
    case KD_INPUT_MOTION:
        return snprintf(to, bytes, " %s %s %s %s", fixed_text(text[0], input->motion.dx),
                        fixed_text(text[1], input->motion.dy),
                        fixed_text(text[2], input->motion.raw_dx),
                        fixed_text(text[3], input->motion.raw_dy));
    case KD_INPUT_POSITION:
        length = write_place(to, bytes, input->position.x);
        return length + write_place(to + length, bytes - (size_t)length, input->position.y);
    case KD_INPUT_WHEEL:
        return snprintf(to, bytes, " %d %d", input->wheel.horizontal, input->wheel.vertical);
    case KD_INPUT_TOUCH:
        length = snprintf(to, bytes, " %d %s", input->touch.finger,
                          kd_recording_phases[input->touch.phase]);
        if (input->touch.phase == KB_TOUCH_PHASE_DOWN ||
            input->touch.phase == KB_TOUCH_PHASE_MOTION)
            length += snprintf(to + length, bytes - (size_t)length, " %d %d", input->touch.x,
                               input->touch.y);
        return length;
    case KD_INPUT_PAD_AXIS:
        return snprintf(to, bytes, " %u %d", input->axis.axis, input->axis.value);
    }
    return 0;
}

static size_t write_quoted(char *to, const char *text)
{
    size_t used = 0;

    to[used++] = ' ';
    to[used++] = '"';
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            to[used++] = '\\';
        to[used++] = *text;
    }
    to[used++] = '"';
    return used;
}

static size_t write_device(char *to, size_t bytes, uint32_t id,
                           const struct kd_input_device *device)
{
    char capabilities[80] = "";
    size_t used = 0;

    for (size_t i = 0; i < KD_RECORDING_CAPABILITIES; i++) {
        if (device->capabilities >> i & 1)
            used += (size_t)snprintf(capabilities + used, sizeof(capabilities) - used, "%s%s",
                                     used ? "," : "", kd_recording_capabilities[i]);
    }
    used = (size_t)snprintf(to, bytes, "device %u %s %u %u 0x%x 0x%x 0x%x 0x%x", id,
                            used ? capabilities : "none", device->axes, device->buttons,
                            device->bus, device->vendor, device->product, device->version);
    used += write_quoted(to + used, device->name);
    if (device->output[0])
        used += write_quoted(to + used, device->output);
    return used;
}

size_t kd_recording_write(char line[KD_RECORDING_LINE_BYTES], const struct kd_record *record)
{
    size_t bytes = KD_RECORDING_LINE_BYTES, used = 0;

    if (record->kind != KD_RECORD_DEVICE || record->time_ns != 0)
        used =
            (size_t)snprintf(line, bytes, "%lld.%09lld ", (long long)(record->time_ns / 1000000000),
                             (long long)(record->time_ns % 1000000000));
    if (record->kind == KD_RECORD_DEVICE) {
        used += write_device(line + used, bytes - used, record->id, &record->device);
    } else if (record->kind == KD_RECORD_GONE) {
        used += (size_t)snprintf(line + used, bytes - used, "%u gone", record->id);
    } else if (record->kind == KD_RECORD_INPUT) {
        used += (size_t)snprintf(line + used, bytes - used, "%u %s", record->id,
                                 kd_recording_events[record->input.kind]);
        used += (size_t)write_input(line + used, bytes - used, &record->input);
    }
    line[used++] = '\n';
    return used;
}

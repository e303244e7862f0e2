/* Any bytes as a recording of input, as a list of gamepads' layouts, as one layout of a gamepad that then is used, and as a name. What is read of a recording
 * is written again, and must read as the same. */
#include "input/input.h"
#include "input/mapping.h"
#include "input/pad.h"
#include "input/recording.h"

#define KD_LOG_MODULE "fuzz"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool truth, const char *what)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz_input_files: %s\n", what);
    abort();
}

/* ---- Recordings ------------------------------------------------------------------------------ */

static void write_again(const struct kd_record *record, const struct kd_recording *before)
{
    char line[KD_RECORDING_LINE_BYTES + 1], why[256];
    struct kd_recording recording = *before;
    struct kd_record again;

    size_t bytes = kd_recording_write(line, record);
    require(bytes > 0 && bytes < KD_RECORDING_LINE_BYTES && line[bytes - 1] == '\n',
            "what was read is written as a line");
    line[bytes - 1] = '\0';
    require(!memchr(line, '\n', bytes - 1), "as one line");
    if (record->kind == KD_RECORD_DEVICE && record->time_ns == 0)
        recording.time_ns = 0;
    require(kd_recording_read(&recording, line, &again, why, sizeof(why)) == 0,
            "what was written is read again");
    require(memcmp(&again, record, sizeof(again)) == 0, "and is the same");
}

static void try_line(struct kd_recording *recording, const char *line)
{
    struct kd_recording before = *recording;
    struct kd_record record;
    char why[256] = "";

    int error = kd_recording_read(recording, line, &record, why, sizeof(why));
    if (error) {
        require(error == -EINVAL && why[0], "what is refused is explained");
        require(memcmp(&before, recording, sizeof(before)) == 0, "and changes nothing");
    } else if (record.kind != KD_RECORD_NOTHING) {
        write_again(&record, &before);
    }
}

/* ---- Gamepads -------------------------------------------------------------------------------- */

static void on_told(void *ctx, bool is_axis, uint32_t index, int32_t value)
{
    const struct kd_pad *pad = ctx;

    require(index < (is_axis ? pad->axes : pad->buttons), "a gamepad has what it tells of");
    require(value >= (is_axis ? -32768 : 0) && value <= (is_axis ? 32767 : 1), "in its range");
}

static void use(const struct kd_mapping *mapping)
{
    static struct kd_pad_parts parts;
    static struct kd_pad pad;

    require(mapping->binds_count > 0 && mapping->binds_count <= KD_BINDS_MAX, "some are assigned");
    for (unsigned code = BTN_SOUTH; code < BTN_THUMBR; code++)
        parts.keys[code] = true;
    for (unsigned code = ABS_X; code <= ABS_HAT1Y; code++) {
        parts.abs[code].is_there = true;
        parts.abs[code].min = code < ABS_HAT0X ? -100 : -1;
        parts.abs[code].max = code < ABS_HAT0X ? 1000 : 1;
    }
    kd_pad_init(&pad, &parts, mapping, false);
    kd_pad_begin(&pad, on_told, &pad);
    for (uint16_t code = 0; code < KEY_CNT; code++) {
        kd_pad_event(&pad, EV_KEY, code, 1, on_told, &pad);
        kd_pad_event(&pad, EV_ABS, code, code % 3 - 1, on_told, &pad);
        kd_pad_event(&pad, EV_KEY, code, 0, on_told, &pad);
    }
}

static void try_mapping(const char *line)
{
    struct kd_mapping mapping;
    char why[256] = "";
    int status = kd_mapping_parse(line, &mapping, why, sizeof(why));

    require(status == 0 || status == 1 || (status == -EINVAL && why[0]), "a line is judged");
    if (status == 1)
        use(&mapping);
}

/* ---- All of it ------------------------------------------------------------------------------- */

static void try_name(const char *from)
{
    char name[64], again[64];

    kd_input_safe_name(name, sizeof(name), from);
    require(strnlen(name, sizeof(name)) < sizeof(name), "a name has an end");
    for (const char *at = name; *at; at++)
        require((uint8_t)*at >= 0x20 && *at != 0x7f, "a name can be printed");
    kd_input_safe_name(again, sizeof(again), name);
    require(strcmp(name, again) == 0, "a safe name is safe");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kd_recording recording = {0};
    struct kd_mappings *mappings;
    struct kd_record begin;
    char *text = malloc(size + 1), why[64];

    if (!text)
        return 0;
    kd_log_set_level(KD_LOG_ERROR);
    memcpy(text, data, size);
    text[size] = '\0';
    try_name(text);
    if (kd_mappings_create(&mappings) == 0)
        kd_mappings_add_text(mappings, text, size, "fuzz");
    kd_mappings_destroy(mappings);
    /* The header is taken as given, so that more than one line in a million is tried. */
    kd_recording_read(&recording, KD_RECORDING_HEADER, &begin, why, sizeof(why));
    for (char *at = text, *end; at; at = end ? end + 1 : NULL) {
        end = strchr(at, '\n');
        if (end)
            *end = '\0';
        try_line(&recording, at);
        try_mapping(at);
    }
    free(text);
    return 0;
}

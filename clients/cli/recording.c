#include "recording.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "gen/kmsblit_proto.h"

#define MEMORY_BYTES_MAX (UINT64_C(1) << 33)
#define EVENT_BIT        0x8000u

static int __attribute__((format(printf, 2, 3)))
damaged(struct cli_recording *recording, const char *format, ...)
{
    int used =
        snprintf(recording->why, sizeof(recording->why), "byte %" PRIu64 ": ", recording->at_bytes);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(recording->why + used, sizeof(recording->why) - (size_t)used, format, arguments);
    va_end(arguments);
    return -1;
}

/* 1, or 0 at the end of the file, or -1: only some of it is there. */
static int read_all(struct cli_recording *recording, void *to, size_t bytes)
{
    size_t got = fread(to, 1, bytes, recording->file);
    if (ferror(recording->file))
        return damaged(recording, "%s", strerror(errno));
    if (got > 0 && got < bytes)
        return damaged(recording, "the file is cut off in the record that begins here");
    return got == bytes;
}

int cli_recording_open(struct cli_recording *recording, const char *path)
{
    struct kb_recording_header header;
    recording->path = path;
    recording->at_bytes = recording->time_ns = 0;
    recording->began = recording->finished = false;
    recording->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (recording->file == NULL) {
        snprintf(recording->why, sizeof(recording->why), "%s", strerror(errno));
        return -1;
    }
    int status = read_all(recording, &header, sizeof(header));
    if (status < 0 && ferror(recording->file))
        return -1;
    if (status <= 0 || memcmp(header.magic, KB_RECORDING_MAGIC, sizeof(header.magic)) != 0) {
        snprintf(recording->why, sizeof(recording->why),
                 "this is no recording: KMSBLIT_RECORD=FILE makes one");
        return -1;
    }
    if (header.version != KB_RECORDING_VERSION || header.protocol != KB_PROTO_VERSION) {
        snprintf(recording->why, sizeof(recording->why),
                 "a recording of version %" PRIu32 " with messages of version %" PRIu32
                 "; this tool reads %u and %u",
                 header.version, header.protocol, KB_RECORDING_VERSION, (unsigned)KB_PROTO_VERSION);
        return -1;
    }
    recording->at_bytes = sizeof(header);
    return 0;
}

void cli_recording_close(struct cli_recording *recording)
{
    if (recording->file != NULL && recording->file != stdin)
        fclose(recording->file);
    recording->file = NULL;
}

/* 1, or 0: an event to be passed over. */
static int check_message(struct cli_recording *recording, const struct cli_record *record)
{
    const struct kb_header *message = record->message;
    bool is_event = record->kind == KB_RECORDING_EVENT;
    if (record->bytes < sizeof(*message) || message->size != record->bytes)
        return damaged(recording, "a message of another size than its record");
    if (!(message->opcode & EVENT_BIT) == is_event)
        return damaged(recording, "%s where %s should be", is_event ? "a request" : "an event",
                       is_event ? "an event" : "a request");
    const struct kb_message_info *info = kb_message_info(message->opcode);
    if (info == NULL && is_event)
        return 0;
    if (info == NULL)
        return damaged(recording, "there is no request %u", message->opcode);
    struct kb_wire_error error = {.what = "malformed"};
    if (kb_wire_decode(info, message, message->size, NULL, info->nfds, NULL, &error) < 0)
        return damaged(recording, "%s: %s", info->name, error.what);
    if (!recording->began && message->opcode != KB_REQ_HELLO)
        return damaged(recording, "%s before hello", info->name);
    recording->began = true;
    return 1;
}

static int check_memory(struct cli_recording *recording, const struct cli_record *record)
{
    const struct kb_recording_memory *memory = record->memory;
    if (record->bytes < sizeof(*memory))
        return damaged(recording, "a record of memory without memory");
    uint64_t data_bytes = record->bytes - sizeof(*memory);
    if (memory->size_bytes == 0 || memory->size_bytes > MEMORY_BYTES_MAX ||
        memory->offset_bytes > memory->size_bytes ||
        data_bytes > memory->size_bytes - memory->offset_bytes)
        return damaged(recording, "%" PRIu64 " bytes at %" PRIu64 " of a memory of %" PRIu64,
                       data_bytes, memory->offset_bytes, memory->size_bytes);
    return 1;
}

static int check(struct cli_recording *recording, const struct cli_record *record)
{
    switch (record->kind) {
    case KB_RECORDING_REQUEST:
    case KB_RECORDING_EVENT: return check_message(recording, record);
    case KB_RECORDING_MEMORY: return check_memory(recording, record);
    case KB_RECORDING_END: break;
    }
    recording->finished = true;
    return record->bytes == 0 ? 1 : damaged(recording, "an end that is not empty");
}

int cli_recording_next(struct cli_recording *recording, struct cli_record *record)
{
    struct kb_recording_record head;
    int status;
    do {
        status = read_all(recording, &head, sizeof(head));
        if (status <= 0)
            return status;
        if (recording->finished)
            return damaged(recording, "something after the recording's end");
        if (head.kind < KB_RECORDING_REQUEST || head.kind > KB_RECORDING_END)
            return damaged(recording, "no kind of record is %" PRIu32, head.kind);
        if (head.payload_bytes > KB_RECORDING_PAYLOAD_BYTES_MAX)
            return damaged(recording, "a record of %" PRIu32 " bytes: %zu are the most",
                           head.payload_bytes, (size_t)KB_RECORDING_PAYLOAD_BYTES_MAX);
        if (head.time_ns < recording->time_ns)
            return damaged(recording, "time goes backwards");
        size_t padded_bytes = (head.payload_bytes + 7u) & ~7u;
        if (padded_bytes > 0 && read_all(recording, recording->payload, padded_bytes) <= 0)
            return damaged(recording, "the file is cut off in the record that begins here");
        *record = (struct cli_record){.kind = (enum kb_recording_kind)head.kind,
                                      .time_ns = head.time_ns,
                                      .bytes = head.payload_bytes,
                                      .payload = recording->payload};
        status = check(recording, record);
        recording->at_bytes += sizeof(head) + padded_bytes;
        recording->time_ns = head.time_ns;
    } while (status == 0);
    return status;
}

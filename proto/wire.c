#include "proto/wire.h"

#include <errno.h>
#include <string.h>

#define VARIABLE_HEAD_BYTES 8u

static int refuse(struct kb_wire_error *error, uint32_t offset, const char *what)
{
    if (error) {
        error->what = what;
        error->offset = offset;
    }
    return -EPROTO;
}

/* Scalars have 1, 2, 4 or 8 bytes; a memcpy() of a known size is one instruction. */
static uint64_t load_unsigned(const void *at, uint32_t bytes)
{
    uint64_t all;
    uint32_t half;
    uint16_t quarter;
    switch (bytes) {
    case 1: return *(const uint8_t *)at;
    case 2: memcpy(&quarter, at, sizeof(quarter)); return quarter;
    case 4: memcpy(&half, at, sizeof(half)); return half;
    default: memcpy(&all, at, sizeof(all)); return all;
    }
}

static int64_t load_signed(const void *at, uint32_t bytes)
{
    uint64_t sign = 1ull << (8 * bytes - 1);
    return (int64_t)((load_unsigned(at, bytes) ^ sign) - sign);
}

static uint64_t round_up_8(uint64_t bytes)
{
    return (bytes + 7) & ~(uint64_t)7;
}

static bool all_zero(const uint8_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (at[i])
            return false;
    return true;
}

/* Text */

/* The length of the UTF-8 sequence at the start of text, 0 if it is not a clean one. */
static size_t text_step(const uint8_t *text, size_t left)
{
    uint8_t first = text[0];
    if (first < 0x80)
        return first >= 0x20 || first == '\t' || first == '\n';
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left)
        return 0;
    /* The second byte excludes overlong forms, surrogates, and all above U+10FFFF. */
    uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

bool kb_wire_text_ok(const char *text, size_t text_bytes)
{
    const uint8_t *at = (const uint8_t *)text;
    while (text_bytes) {
        size_t step = text_step(at, text_bytes);
        if (!step)
            return false;
        at += step;
        text_bytes -= step;
    }
    return true;
}

/* Values */

const char *kb_wire_value_name(const struct kb_wire_values *values, uint32_t number)
{
    for (uint32_t i = 0; i < values->values_count; i++)
        if (values->values[i].number == number)
            return values->values[i].name;
    return NULL;
}

bool kb_wire_value_known(const struct kb_wire_values *values, uint32_t number)
{
    if (number < 64)
        return values->mask >> number & 1;
    return kb_wire_value_name(values, number) != NULL;
}

static bool scalar_ok(const struct kb_wire_field *field, const uint8_t *at)
{
    switch ((enum kb_wire_kind)field->kind) {
    case KB_WIRE_PAD: return all_zero(at, field->bytes);
    case KB_WIRE_ENUM:
        return kb_wire_value_known(field->values, (uint32_t)load_unsigned(at, field->bytes));
    case KB_WIRE_FLAGS: return !(load_unsigned(at, field->bytes) & ~field->values->mask);
    case KB_WIRE_UINT: {
        uint64_t value = load_unsigned(at, field->bytes);
        return value <= INT64_MAX && (int64_t)value >= field->min && (int64_t)value <= field->max;
    }
    case KB_WIRE_INT:
    case KB_WIRE_FIXED: {
        int64_t value = load_signed(at, field->bytes);
        return value >= field->min && value <= field->max;
    }
    default: return true;
    }
}

static int check_record(const struct kb_wire_record *record, const uint8_t *bytes, uint32_t offset,
                        struct kb_wire_error *error)
{
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct kb_wire_field *field = &record->fields[i];
        if (!field->checked)
            continue;
        uint32_t where = offset + field->at;
        if (field->kind == KB_WIRE_STRUCT) {
            int status = check_record(field->record, bytes + field->at, where, error);
            if (status)
                return status;
        } else if (!scalar_ok(field, bytes + field->at)) {
            return refuse(error, where, field->rule);
        }
    }
    return 0;
}

/* A fixed field of a message or of its C struct; `at` points to the field's own bytes. */
static int check_fixed(const struct kb_wire_field *field, const uint8_t *at, uint32_t offset,
                       struct kb_wire_error *error)
{
    if (!field->checked)
        return 0;
    if (field->kind == KB_WIRE_STRUCT)
        return check_record(field->record, at, offset, error);
    return scalar_ok(field, at) ? 0 : refuse(error, offset, field->rule);
}

/* The contents of a variable field that is known to lie within its message. */
static int check_items(const struct kb_wire_field *field, const uint8_t *data, uint32_t count,
                       uint32_t offset, struct kb_wire_error *error)
{
    if (field->kind == KB_WIRE_STRING && !kb_wire_text_ok((const char *)data, count))
        return refuse(error, offset, field->rule);
    if (field->kind != KB_WIRE_ARRAY || !field->record || !field->record->checked)
        return 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t skip = i * field->bytes;
        int status = check_record(field->record, data + skip, offset + skip, error);
        if (status)
            return status;
    }
    return 0;
}

/* Decoding */

int kb_header_check(const struct kb_header *header, struct kb_wire_error *error)
{
    if (header->size < sizeof(*header) || header->size > KB_WIRE_MESSAGE_BYTES_MAX ||
        header->size % 8)
        return refuse(error, 0, "header.size: must be a multiple of 8 from 16 to 65536");
    if (header->nfds > KB_WIRE_MESSAGE_FDS_MAX)
        return refuse(error, offsetof(struct kb_header, nfds), "header.nfds: must be at most 4");
    if (header->flags)
        return refuse(error, offsetof(struct kb_header, flags),
                      "header.flags: reserved bytes must be zero");
    return 0;
}

int kb_wire_peek(const void *message, size_t message_bytes, unsigned fds_count,
                 struct kb_wire_error *error)
{
    struct kb_header header;
    if (message_bytes < sizeof(header))
        return refuse(error, 0, "header: must be 16 bytes");
    memcpy(&header, message, sizeof(header));
    int status = kb_header_check(&header, error);
    if (status)
        return status;
    if (header.size != message_bytes)
        return refuse(error, 0, "header.size: must be the length of the message");
    if (header.nfds != fds_count)
        return refuse(error, offsetof(struct kb_header, nfds),
                      "header.nfds: must be the number of fds that came");
    return 0;
}

static int check_envelope(const struct kb_message_info *info, const void *message,
                          size_t message_bytes, unsigned fds_count, struct kb_wire_error *error)
{
    struct kb_header header;
    int status = kb_wire_peek(message, message_bytes, fds_count, error);
    if (status)
        return status;
    memcpy(&header, message, sizeof(header));
    if (header.opcode != info->opcode)
        return refuse(error, offsetof(struct kb_header, opcode),
                      "header.opcode: must be that of the message");
    if (header.nfds != info->nfds)
        return refuse(error, offsetof(struct kb_header, nfds),
                      "header.nfds: must be the number that the message has");
    if (info->object == KB_OBJECT_NONE && header.object)
        return refuse(error, offsetof(struct kb_header, object),
                      "header.object: must be 0, the message is about no object");
    if (header.size < info->fixed_bytes)
        return refuse(error, header.size, "message: must not end before its last field");
    return 0;
}

/* Finds one variable field at *offset, checks all of it, and moves *offset behind it. */
static int read_variable(const struct kb_wire_field *field, const uint8_t *message,
                         size_t message_bytes, uint32_t *offset, const uint8_t **data,
                         uint32_t *count, struct kb_wire_error *error)
{
    uint32_t start = *offset;
    if (message_bytes - start < VARIABLE_HEAD_BYTES)
        return refuse(error, start, field->rule);
    *count = (uint32_t)load_unsigned(message + start, 4);
    *data = message + start + VARIABLE_HEAD_BYTES;
    if (!all_zero(message + start + 4, 4))
        return refuse(error, start + 4, field->rule);
    uint64_t bytes = (uint64_t)*count * field->bytes;
    uint64_t padded = round_up_8(bytes);
    if (*count > field->max || padded > message_bytes - start - VARIABLE_HEAD_BYTES)
        return refuse(error, start, field->rule);
    if (!all_zero(*data + bytes, padded - bytes))
        return refuse(error, start + VARIABLE_HEAD_BYTES + (uint32_t)bytes, field->rule);
    *offset = start + VARIABLE_HEAD_BYTES + (uint32_t)padded;
    return check_items(field, *data, *count, start + VARIABLE_HEAD_BYTES, error);
}

static void store_header(const struct kb_message_info *info, const void *message, uint8_t *out)
{
    struct kb_header header;
    memcpy(&header, message, sizeof(header));
    if (info->object != KB_OBJECT_NONE) {
        memcpy(out, &header.object, sizeof(header.object));
        out += sizeof(header.object);
    }
    memcpy(out, &header.serial, sizeof(header.serial));
}

/* `out` is NULL where only the check is wanted; the fds are then not looked at. */
static int walk(const struct kb_message_info *info, const uint8_t *message, size_t message_bytes,
                const int *fds, uint8_t *out, struct kb_wire_error *error)
{
    uint32_t offset = info->fixed_bytes;
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind == KB_WIRE_FD) {
            if (out)
                memcpy(out + field->out, fds++, sizeof(*fds));
            continue;
        }
        if (field->kind >= KB_WIRE_STRING) {
            const uint8_t *data;
            uint32_t count;
            int status =
                read_variable(field, message, message_bytes, &offset, &data, &count, error);
            if (status)
                return status;
            if (out) {
                memcpy(out + field->out, &data, sizeof(data));
                memcpy(out + field->count, &count, sizeof(count));
            }
            continue;
        }
        int status = check_fixed(field, message + field->at, field->at, error);
        if (status)
            return status;
        if (out && field->kind != KB_WIRE_PAD)
            memcpy(out + field->out, message + field->at, field->bytes);
    }
    if (offset != message_bytes)
        return refuse(error, offset, "message: must end after its last field");
    return 0;
}

int kb_wire_decode(const struct kb_message_info *info, const void *message, size_t message_bytes,
                   const int *fds, unsigned fds_count, void *out, struct kb_wire_error *error)
{
    int status = check_envelope(info, message, message_bytes, fds_count, error);
    if (status)
        return status;
    if (out)
        store_header(info, message, out);
    return walk(info, message, message_bytes, fds, out, error);
}

const struct kb_message_info *kb_wire_find(const struct kb_message_info *infos, size_t count,
                                           uint16_t opcode)
{
    size_t low = 0;
    while (low < count) {
        size_t middle = low + (count - low) / 2;
        if (infos[middle].opcode == opcode)
            return &infos[middle];
        if (infos[middle].opcode < opcode)
            low = middle + 1;
        else
            count = middle;
    }
    return NULL;
}

/* Streams */

void kb_stream_init(struct kb_stream *stream, const void *data, uint32_t units)
{
    *stream = (struct kb_stream){.at = data, .units = units};
}

int kb_wire_next(const struct kb_wire_union *of, struct kb_stream *stream, const void **out,
                 struct kb_wire_error *error)
{
    if (!stream->units)
        return 0;
    uint8_t tag = stream->at[0];
    const struct kb_wire_record *record = tag < of->records_count ? of->records[tag] : NULL;
    if (!record || record->bytes / of->unit_bytes > stream->units)
        return refuse(error, stream->offset, of->rule);
    int status = check_record(record, stream->at, stream->offset, error);
    if (status)
        return status;
    *out = stream->at;
    stream->at += record->bytes;
    stream->offset += record->bytes;
    stream->units -= record->bytes / of->unit_bytes;
    return 1;
}

/* Encoding */

void kb_writer_init(struct kb_writer *writer, void *bytes, size_t capacity_bytes)
{
    writer->bytes = bytes;
    writer->capacity_bytes = capacity_bytes;
    kb_writer_reset(writer);
}

void kb_writer_reset(struct kb_writer *writer)
{
    writer->used_bytes = 0;
    writer->fds_count = 0;
    writer->error = 0;
    writer->what = NULL;
}

static int stick(struct kb_writer *writer, int error, const char *what)
{
    writer->error = error;
    writer->what = what;
    return error;
}

static void load_items(const struct kb_wire_field *field, const uint8_t *in, const uint8_t **data,
                       uint32_t *count)
{
    memcpy(data, in + field->out, sizeof(*data));
    memcpy(count, in + field->count, sizeof(*count));
}

/* Checks everything that the message will hold; *size is what it will take. */
static int measure(const struct kb_message_info *info, struct kb_writer *writer, const uint8_t *in,
                   uint64_t *size)
{
    *size = info->fixed_bytes;
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        struct kb_wire_error why = {.what = field->rule};
        int status = 0;
        if (field->kind == KB_WIRE_FD) {
            status = load_signed(in + field->out, sizeof(int)) < 0 ? -EINVAL : 0;
        } else if (field->kind >= KB_WIRE_STRING) {
            const uint8_t *data;
            uint32_t count;
            load_items(field, in, &data, &count);
            if (count > field->max)
                return stick(writer, -EMSGSIZE, field->rule);
            if (count && !data)
                return stick(writer, -EINVAL, field->rule);
            *size += VARIABLE_HEAD_BYTES + round_up_8((uint64_t)count * field->bytes);
            status = check_items(field, data, count, 0, &why);
        } else if (field->kind != KB_WIRE_PAD) {
            status = check_fixed(field, in + field->out, 0, &why);
        }
        if (status)
            return stick(writer, -EINVAL, why.what);
    }
    if (*size > KB_WIRE_MESSAGE_BYTES_MAX)
        return stick(writer, -EMSGSIZE, "message: must be at most 65536 bytes");
    return 0;
}

static void write_header(const struct kb_message_info *info, uint32_t size, const uint8_t *in,
                         uint8_t *message)
{
    struct kb_header header = {.size = size, .opcode = info->opcode, .nfds = info->nfds};
    if (info->object != KB_OBJECT_NONE) {
        memcpy(&header.object, in, sizeof(header.object));
        in += sizeof(header.object);
    }
    memcpy(&header.serial, in, sizeof(header.serial));
    memcpy(message, &header, sizeof(header));
}

int kb_wire_encode(const struct kb_message_info *info, struct kb_writer *writer, const void *in)
{
    const uint8_t *from = in;
    uint64_t size;
    if (writer->error)
        return writer->error;
    int status = measure(info, writer, from, &size);
    if (status)
        return status;
    if (size > writer->capacity_bytes - writer->used_bytes ||
        info->nfds > KB_WRITER_FDS_MAX - writer->fds_count)
        return stick(writer, -ENOBUFS, "writer: is full");

    uint8_t *message = writer->bytes + writer->used_bytes;
    uint8_t *end = message + info->fixed_bytes;
    memset(message, 0, size);
    write_header(info, (uint32_t)size, from, message);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind == KB_WIRE_FD) {
            memcpy(&writer->fds[writer->fds_count++], from + field->out, sizeof(int));
        } else if (field->kind >= KB_WIRE_STRING) {
            const uint8_t *data;
            uint32_t count;
            load_items(field, from, &data, &count);
            memcpy(end, &count, sizeof(count));
            if (count)
                memcpy(end + VARIABLE_HEAD_BYTES, data, (size_t)count * field->bytes);
            end += VARIABLE_HEAD_BYTES + round_up_8((uint64_t)count * field->bytes);
        } else if (field->kind != KB_WIRE_PAD) {
            memcpy(message + field->at, from + field->out, field->bytes);
        }
    }
    writer->used_bytes += size;
    return 0;
}

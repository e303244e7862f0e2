/* Messages as text for people: kb_wire_dump() of proto/wire.h. */
#include "proto/wire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ITEMS_SHOWN 4u

struct printer {
    char *out; /* borrowed */
    size_t out_bytes;
    size_t used; /* without the NUL; below out_bytes */
};

__attribute__((format(printf, 2, 3))) static void print(struct printer *to, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = to->out_bytes - to->used;
    int length = vsnprintf(to->out + to->used, left, format, arguments);
    va_end(arguments);
    if (length > 0)
        to->used += (size_t)length < left ? (size_t)length : left - 1;
}

/* Text comes from other programs: nothing in it may reach a terminal as a control sequence. */
static void print_text(struct printer *to, const uint8_t *text, uint32_t text_bytes)
{
    print(to, "\"");
    for (uint32_t i = 0; i < text_bytes; i++) {
        bool is_c1 = text[i] == 0xc2 && i + 1 < text_bytes && text[i + 1] < 0xa0;
        if (is_c1)
            print(to, "\\x%02x", text[++i]);
        else if (text[i] == '"' || text[i] == '\\')
            print(to, "\\%c", text[i]);
        else if (text[i] < 0x20 || text[i] == 0x7f)
            print(to, "\\x%02x", text[i]);
        else
            print(to, "%c", text[i]);
    }
    print(to, "\"");
}

static void print_flags(struct printer *to, const struct kb_wire_values *values, uint32_t number)
{
    const char *separator = "";
    if (!number)
        print(to, "0");
    for (uint32_t i = 0; i < values->values_count; i++) {
        if (!(number & values->values[i].number))
            continue;
        print(to, "%s%s", separator, values->values[i].name);
        separator = "|";
    }
}

static void print_scalar(struct printer *to, uint8_t kind, const struct kb_wire_values *values,
                         const uint8_t *at, uint32_t bytes)
{
    uint64_t number = 0;
    memcpy(&number, at, bytes);
    uint64_t sign = 1ull << (8 * bytes - 1);
    int64_t signed_number = (int64_t)((number ^ sign) - sign);
    if (kind == KB_WIRE_ENUM)
        print(to, "%s", kb_wire_value_name(values, (uint32_t)number));
    else if (kind == KB_WIRE_FLAGS)
        print_flags(to, values, (uint32_t)number);
    else if (kind == KB_WIRE_FIXED)
        print(to, "%.5f", (double)signed_number / 65536);
    else if (kind == KB_WIRE_INT)
        print(to, "%" PRId64, signed_number);
    else
        print(to, "%" PRIu64, number);
}

static void print_record(struct printer *to, const struct kb_wire_record *record,
                         const uint8_t *bytes)
{
    const char *separator = "{";
    for (uint32_t i = 0; i < record->fields_count; i++) {
        const struct kb_wire_field *field = &record->fields[i];
        if (field->kind == KB_WIRE_PAD)
            continue;
        print(to, "%s%s=", separator, field->name);
        separator = " ";
        if (field->kind == KB_WIRE_STRUCT)
            print_record(to, field->record, bytes + field->at);
        else
            print_scalar(to, field->kind, field->values, bytes + field->at, field->bytes);
    }
    print(to, "}");
}

static void print_array(struct printer *to, const struct kb_wire_field *field, const uint8_t *data,
                        uint32_t count)
{
    print(to, "%" PRIu32 "[", count);
    for (uint32_t i = 0; i < count && i < ITEMS_SHOWN; i++) {
        const uint8_t *item = data + (size_t)i * field->bytes;
        print(to, "%s", i ? " " : "");
        if (field->record)
            print_record(to, field->record, item);
        else
            print_scalar(to, field->element, NULL, item, field->bytes);
    }
    print(to, count > ITEMS_SHOWN ? " ...]" : "]");
}

/* Prints the variable field at `at` and returns where the next one begins. */
static const uint8_t *print_variable(struct printer *to, const struct kb_wire_field *field,
                                     const uint8_t *at)
{
    uint32_t count;
    memcpy(&count, at, sizeof(count));
    const uint8_t *data = at + 8;
    if (field->kind == KB_WIRE_STRING)
        print_text(to, data, count);
    else if (field->kind == KB_WIRE_ARRAY)
        print_array(to, field, data, count);
    else
        print(to, "%" PRIu32 "units", count);
    return data + (((size_t)count * field->bytes + 7) & ~(size_t)7);
}

static void print_message(struct printer *to, const struct kb_message_info *info,
                          const uint8_t *message)
{
    struct kb_header header;
    memcpy(&header, message, sizeof(header));
    print(to, "%s", info->name);
    if (info->object != KB_OBJECT_NONE)
        print(to, " object=%" PRIu32, header.object);
    print(to, " serial=%" PRIu32, header.serial);
    const uint8_t *variable = message + info->fixed_bytes;
    for (uint32_t i = 0; i < info->fields_count; i++) {
        const struct kb_wire_field *field = &info->fields[i];
        if (field->kind == KB_WIRE_PAD)
            continue;
        print(to, " %s=", field->name);
        if (field->kind == KB_WIRE_FD)
            print(to, "fd");
        else if (field->kind >= KB_WIRE_STRING)
            variable = print_variable(to, field, variable);
        else if (field->kind == KB_WIRE_STRUCT)
            print_record(to, field->record, message + field->at);
        else
            print_scalar(to, field->kind, field->values, message + field->at, field->bytes);
    }
}

int kb_wire_dump(const struct kb_message_info *info, const void *message, size_t message_bytes,
                 char *out, size_t out_bytes)
{
    struct printer to = {.out = out, .out_bytes = out_bytes};
    if (!out_bytes)
        return -EINVAL;
    out[0] = '\0';
    int status = kb_wire_decode(info, message, message_bytes, NULL, info->nfds, NULL, NULL);
    if (status)
        return status;
    print_message(&to, info, message);
    return (int)to.used;
}

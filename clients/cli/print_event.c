#include "print_event.h"

#include <inttypes.h>
#include <libevdev/libevdev.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"
#include "proto/json.h"

void cli_print_quoted(FILE *out, const char *text, size_t text_bytes)
{
    fputc('"', out);
    for (size_t i = 0; i < text_bytes; i++) {
        unsigned char byte = (unsigned char)text[i];
        /* The control characters of two bytes act on terminals as well. */
        if (byte == 0xC2 && i + 1 < text_bytes && (unsigned char)text[i + 1] < 0xA0)
            fprintf(out, "\\x%02x", (unsigned char)text[++i]);
        else if (byte < 0x20 || byte == 0x7F)
            fprintf(out, "\\x%02x", byte);
        else if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else
            fputc(byte, out);
    }
    fputc('"', out);
}

void cli_print_flags(FILE *out, uint16_t opcode, const char *field, uint32_t flags,
                     const char *separator)
{
    const char *before = "";
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        const char *name = flags & bit ? cli_flag_name(opcode, field, bit) : NULL;
        if (name == NULL)
            continue;
        fprintf(out, "%s%s", before, name);
        before = separator;
    }
    if (flags == 0)
        fputs("none", out);
}

/* ---- Devices -------------------------------------------------------------------------------- */

static void forget(struct cli_event_printer *printer, uint32_t id)
{
    for (uint32_t i = 0; i < printer->devices_count; i++) {
        if (printer->devices[i].id != id)
            continue;
        memmove(&printer->devices[i], &printer->devices[i + 1],
                (printer->devices_count - i - 1) * sizeof(printer->devices[0]));
        printer->devices_count--;
        return;
    }
}

static void remember(struct cli_event_printer *printer, const struct kb_evt_device *device)
{
    forget(printer, device->object);
    if (printer->devices_count == CLI_DEVICES_MAX)
        forget(printer, printer->devices[0].id);
    printer->devices[printer->devices_count].id = device->object;
    printer->devices[printer->devices_count++].capabilities = device->capabilities;
}

/* Whether the axes and buttons of a gamepad have names. */
static bool is_mapped(const struct cli_event_printer *printer, uint32_t id)
{
    for (uint32_t i = 0; i < printer->devices_count; i++) {
        if (printer->devices[i].id == id)
            return (printer->devices[i].capabilities & KB_DEVICE_CAPABILITY_MAPPED) != 0;
    }
    return false;
}

/* ---- Numbers that have names ---------------------------------------------------------------- */

static uint32_t read_u32(const void *event, const struct kb_wire_field *field)
{
    uint32_t value;
    memcpy(&value, (const uint8_t *)event + field->out, sizeof(value));
    return value;
}

static const char *code_name(uint32_t code)
{
    return code <= KEY_MAX ? libevdev_event_code_get_name(EV_KEY, code) : NULL;
}

/* What a plain number of an event means, or NULL. Returns out or something static. */
static const char *meaning(const struct cli_event_printer *printer, uint16_t opcode,
                           const void *event, const struct kb_wire_field *field, char *out,
                           size_t out_bytes)
{
    uint32_t value = field->bytes == 4 ? read_u32(event, field) : 0;
    if (opcode == KB_EVT_KEY && strcmp(field->name, "code") == 0)
        return code_name(value);
    if (opcode == KB_EVT_POINTER_BUTTON && strcmp(field->name, "button") == 0)
        return code_name(value);
    if (opcode == KB_EVT_KEY && strcmp(field->name, "keysym") == 0)
        return xkb_keysym_get_name(value, out, out_bytes) > 0 ? out : NULL;
    if (opcode == KB_EVT_GAMEPAD_AXIS && strcmp(field->name, "axis") == 0)
        return is_mapped(printer, ((const struct kb_evt_gamepad_axis *)event)->device)
                   ? kb_gamepad_axis_name(value)
                   : NULL;
    if (opcode == KB_EVT_GAMEPAD_BUTTON && strcmp(field->name, "button") == 0)
        return is_mapped(printer, ((const struct kb_evt_gamepad_button *)event)->device)
                   ? kb_gamepad_button_name(value)
                   : NULL;
    return NULL;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static int64_t read_number(const void *event, const struct kb_wire_field *field)
{
    const uint8_t *at = (const uint8_t *)event + field->out;
    uint64_t whole = 0;
    memcpy(&whole, at, field->bytes);
    if (field->kind == KB_WIRE_INT || field->kind == KB_WIRE_FIXED) {
        unsigned unused_bits = 64 - 8 * field->bytes;
        return (int64_t)(whole << unused_bits) >> unused_bits;
    }
    return (int64_t)whole;
}

static const char *read_text(const void *event, const struct kb_wire_field *field,
                             size_t *text_bytes)
{
    const char *text;
    uint32_t count;
    memcpy(&text, (const uint8_t *)event + field->out, sizeof(text));
    memcpy(&count, (const uint8_t *)event + field->count, sizeof(count));
    *text_bytes = count;
    return count > 0 ? text : "";
}

static bool is_time(const struct kb_wire_field *field)
{
    return strcmp(field->name, "time_ns") == 0;
}

static void print_field(const struct cli_event_printer *printer, uint16_t opcode, const void *event,
                        const struct kb_wire_field *field)
{
    FILE *out = printer->out;
    char name_text[128];
    const char *name;
    size_t text_bytes;
    int64_t number = field->kind < KB_WIRE_STRUCT ? read_number(event, field) : 0;
    fprintf(out, " %s=", field->name);
    switch (field->kind) {
    case KB_WIRE_FIXED: fprintf(out, "%.2f", (double)number / 65536); break;
    case KB_WIRE_FLAGS: cli_print_flags(out, opcode, field->name, (uint32_t)number, "|"); break;
    case KB_WIRE_ENUM: fputs(kb_wire_value_name(field->values, (uint32_t)number), out); break;
    case KB_WIRE_STRING: {
        const char *text = read_text(event, field, &text_bytes);
        cli_print_quoted(out, text, text_bytes);
        break;
    }
    default:
        name = meaning(printer, opcode, event, field, name_text, sizeof(name_text));
        if (name != NULL)
            fprintf(out, "%s(%" PRId64 ")", name, number);
        else
            fprintf(out, "%" PRId64, number);
        break;
    }
}

static bool is_printed(const struct kb_wire_field *field)
{
    return field->kind != KB_WIRE_PAD && field->kind <= KB_WIRE_STRING && !is_time(field) &&
           field->kind != KB_WIRE_STRUCT;
}

static void print_text(const struct cli_event_printer *printer, const struct kb_message_info *info,
                       const void *event)
{
    char time_text[32] = "";
    for (uint32_t i = 0; i < info->fields_count; i++) {
        if (is_time(&info->fields[i])) {
            uint64_t time_ns = (uint64_t)read_number(event, &info->fields[i]);
            snprintf(time_text, sizeof(time_text), "%" PRIu64 ".%06" PRIu64, time_ns / 1000000000,
                     time_ns / 1000 % 1000000);
        }
    }
    fprintf(printer->out, "%15s %-14s", time_text, info->name);
    if (info->object == KB_OBJECT_DEVICE)
        fprintf(printer->out, " device=%" PRIu32, *(const uint32_t *)event);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        if (is_printed(&info->fields[i]))
            print_field(printer, info->opcode, event, &info->fields[i]);
    }
    fputc('\n', printer->out);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void write_flags(struct kb_json *json, const struct kb_wire_field *field, uint32_t flags)
{
    kb_json_array(json, field->name, true);
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        const char *name = flags & bit ? kb_wire_value_name(field->values, bit) : NULL;
        if (name != NULL)
            kb_json_string(json, NULL, name);
    }
    kb_json_array_end(json);
}

static void write_field(const struct cli_event_printer *printer, struct kb_json *json,
                        uint16_t opcode, const void *event, const struct kb_wire_field *field)
{
    char text[512], name_text[128];
    size_t text_bytes;
    int64_t number = field->kind < KB_WIRE_STRUCT ? read_number(event, field) : 0;
    switch (field->kind) {
    case KB_WIRE_FIXED:
        snprintf(text, sizeof(text), "%.10g", (double)number / 65536);
        kb_json_raw(json, field->name, text);
        break;
    case KB_WIRE_FLAGS: write_flags(json, field, (uint32_t)number); break;
    case KB_WIRE_ENUM:
        kb_json_string(json, field->name, kb_wire_value_name(field->values, (uint32_t)number));
        break;
    case KB_WIRE_STRING: {
        const char *from = read_text(event, field, &text_bytes);
        snprintf(text, sizeof(text), "%.*s", (int)text_bytes, from);
        kb_json_string(json, field->name, text);
        break;
    }
    default:
        kb_json_number(json, field->name, number);
        const char *name = meaning(printer, opcode, event, field, name_text, sizeof(name_text));
        snprintf(text, sizeof(text), "%s_name", field->name);
        if (name != NULL)
            kb_json_string(json, text, name);
        break;
    }
}

static void print_json(const struct cli_event_printer *printer, const struct kb_message_info *info,
                       const void *event)
{
    struct kb_json json;
    kb_json_init(&json, printer->out);
    kb_json_object(&json, NULL, true);
    kb_json_string(&json, "event", info->name);
    if (info->object == KB_OBJECT_DEVICE)
        kb_json_number(&json, "device", *(const uint32_t *)event);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        if (is_printed(&info->fields[i]) || is_time(&info->fields[i]))
            write_field(printer, &json, info->opcode, event, &info->fields[i]);
    }
    kb_json_object_end(&json);
    kb_json_finish(&json);
}

void cli_event_print(struct cli_event_printer *printer, uint16_t opcode, const void *event)
{
    const struct kb_message_info *info = kb_message_info(opcode);
    if (opcode == KB_EVT_DEVICE)
        remember(printer, event);
    if (printer->json)
        print_json(printer, info, event);
    else
        print_text(printer, info, event);
    if (opcode == KB_EVT_DEVICE_GONE)
        forget(printer, ((const struct kb_evt_device_gone *)event)->object);
    fflush(printer->out);
}

#include "input/mapping.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gen/kmsblit_types.h"
#include "input/input.h"
#include "input/names.h"

#define INDEX_MAX 1023

/* One field, "KEY:VALUE", and where what is wrong with it is said. */
struct field {
    char key[64], value[128];
    char *why; /* borrowed */
    size_t why_bytes;
};

__attribute__((format(printf, 2, 3))) static int refuse(const struct field *field,
                                                        const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(field->why, field->why_bytes, format, args);
    va_end(args);
    return -EINVAL;
}

/* ---- GUIDs ----------------------------------------------------------------------------------- */

/* CRC-16/ARC, as SDL has it. */
static uint16_t crc_of(const char *name)
{
    uint16_t crc = 0;

    for (; *name; name++) {
        crc ^= (uint8_t)*name;
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc >> 1 ^ (crc & 1 ? 0xa001 : 0));
    }
    return crc;
}

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)value;
    at[1] = (uint8_t)(value >> 8);
}

void kd_guid_make(uint8_t guid[KD_GUID_BYTES], uint16_t bus, uint16_t vendor, uint16_t product,
                  uint16_t version, const char *name)
{
    memset(guid, 0, KD_GUID_BYTES);
    put16(guid, bus);
    if (vendor) {
        put16(guid + 4, vendor);
        put16(guid + 8, product);
        put16(guid + 12, version);
    } else {
        memcpy(guid + 4, name, strnlen(name, 11));
    }
}

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool parse_guid(const char *text, size_t length, uint8_t guid[KD_GUID_BYTES])
{
    if (length != 2 * (size_t)KD_GUID_BYTES)
        return false;
    for (size_t i = 0; i < KD_GUID_BYTES; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        guid[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* Digits at *at, which then is behind them. */
static bool take_number(const char **at, unsigned max, unsigned *out)
{
    const char *begin = *at;

    for (*out = 0; **at >= '0' && **at <= '9' && *out <= max; (*at)++)
        *out = *out * 10 + (unsigned)(**at - '0');
    return *at > begin && *out <= max;
}

static int8_t take_sign(const char **at)
{
    int8_t sign = **at == '+' ? 1 : **at == '-' ? -1 : 0;

    *at += sign != 0;
    return sign;
}

/* What of the device: b3, h0.4, a2, +a2, -a2, a2~. */
static bool parse_from(const char *at, struct kd_bind *bind)
{
    unsigned number, bit;

    bind->from_half = take_sign(&at);
    char kind = *at;
    at += kind != '\0';
    if (!take_number(&at, INDEX_MAX, &number) || !strchr("abh", kind))
        return false;
    bind->index = (uint16_t)number;
    bind->from = kind == 'a' ? KD_BIND_AXIS : kind == 'b' ? KD_BIND_BUTTON : KD_BIND_HAT;
    if (kind == 'a') {
        bind->from_inverted = *at == '~';
        at += bind->from_inverted;
    } else if (bind->from_half) {
        return false;
    }
    if (kind == 'h') {
        if (*at++ != '.' || !take_number(&at, 15, &bit) || bit == 0)
            return false;
        bind->hat_bit = (uint8_t)bit;
    }
    return *at == '\0';
}

/* What of a gamepad; false: nothing that is known here, as newer SDLs know more. */
static bool parse_to(const char *at, struct kd_bind *bind)
{
    bind->to_half = take_sign(&at);
    for (uint16_t i = 0; i < KD_GAMEPAD_AXES; i++) {
        if (strcmp(at, kd_gamepad_axis_names[i]) == 0) {
            bind->to_axis = true;
            bind->to_trigger = i >= KB_GAMEPAD_AXIS_LEFTTRIGGER;
            bind->to = i;
            return true;
        }
    }
    for (uint16_t i = 0; i < KD_GAMEPAD_BUTTONS && !bind->to_half; i++) {
        if (strcmp(at, kd_gamepad_button_names[i]) == 0) {
            bind->to = i;
            return true;
        }
    }
    return false;
}

/* "[!]NAME:=DEFAULT": whether a mapping is meant for who has that hint. Here buttons are by their places, not by their labels. */
static bool hint_allows(const char *value)
{
    bool negated = *value == '!';
    const char *name = value + negated, *set = strstr(name, ":=");
    bool is_on = set && set[2] == '1';

    if (strncmp(name, "SDL_GAMECONTROLLER_USE_BUTTON_LABELS", 36) == 0)
        is_on = false;
    return is_on != negated;
}

/* 1: go on; 0: the mapping is not for us; -EINVAL. */
static int take_field(struct field *field, struct kd_mapping *mapping)
{
    struct kd_bind bind = {0};

    if (strcmp(field->key, "platform") == 0)
        return strcmp(field->value, "Linux") == 0;
    if (strcmp(field->key, "hint") == 0)
        return hint_allows(field->value);
    if (strcmp(field->key, "crc") == 0) {
        uint16_t crc = 0;
        for (const char *at = field->value; *at; at++) {
            if (digit(*at) < 0 || at - field->value == 4)
                return refuse(field, "\"crc:\" needs four hexadecimal digits");
            crc = (uint16_t)(crc << 4 | digit(*at));
        }
        mapping->crc = crc;
        return 1;
    }
    if (!parse_to(field->key, &bind))
        return 1;
    if (!parse_from(field->value, &bind))
        return refuse(field,
                      "\"%s\" of \"%s\" is no button (b0), axis (a0, +a0, -a0, a0~) or hat (h0.1)",
                      field->value, field->key);
    if (mapping->binds_count == KD_BINDS_MAX)
        return refuse(field, "more than %d assignments", KD_BINDS_MAX);
    mapping->binds[mapping->binds_count++] = bind;
    return 1;
}

static int read_fields(const char *at, struct kd_mapping *mapping, char *why, size_t why_bytes)
{
    struct field field = {.why = why, .why_bytes = why_bytes};
    char text[200], safe[48];

    while (*at) {
        size_t length = strcspn(at, ",");
        size_t key = strcspn(at, ":,");
        if (length > 0 && length < sizeof(text)) {
            memcpy(text, at, length);
            text[length] = '\0';
            kd_input_safe_name(safe, sizeof(safe), text);
        }
        if (length >= sizeof(text) || key >= sizeof(field.key) ||
            length - key > sizeof(field.value))
            return refuse(&field, "a field is too long");
        if (length > 0 && key == length)
            return refuse(&field, "\"%s\" has no colon", safe);
        if (length > 0) {
            memcpy(field.key, at, key);
            field.key[key] = '\0';
            kd_input_safe_name(field.value, sizeof(field.value), text + key + 1);
            int status = take_field(&field, mapping);
            if (status <= 0)
                return status;
        }
        at += length + (at[length] == ',');
    }
    if (mapping->binds_count == 0)
        return refuse(&field, "nothing is assigned");
    return 1;
}

/* Lines for other systems are not looked at: theirs may have other GUIDs and fields. */
static bool is_for_others(const char *line)
{
    const char *platform = strstr(line, ",platform:");

    if (!platform)
        return false;
    platform += strlen(",platform:");
    return strncmp(platform, "Linux", 5) != 0 || (platform[5] && platform[5] != ',');
}

int kd_mapping_parse(const char *line, struct kd_mapping *mapping, char *why, size_t why_bytes)
{
    struct field field = {.why = why, .why_bytes = why_bytes};

    memset(mapping, 0, sizeof(*mapping));
    line += strspn(line, " \t\r");
    if (*line == '\0' || *line == '#' || is_for_others(line))
        return 0;
    size_t length = strcspn(line, ",");
    if (!parse_guid(line, length, mapping->guid))
        return refuse(&field, "a mapping begins with a GUID: 32 hexadecimal digits");
    const char *at = line + length;
    if (*at != ',')
        return refuse(&field, "the name of the gamepad is missing");
    at++;
    at += strcspn(at, ",");
    if (*at != ',')
        return refuse(&field, "nothing is assigned");
    /* Newer files have the name's checksum in the GUID. */
    mapping->crc = (uint16_t)(mapping->guid[2] | mapping->guid[3] << 8);
    mapping->guid[2] = mapping->guid[3] = 0;
    return read_fields(at + 1, mapping, why, why_bytes);
}

/* ---- Finding one ----------------------------------------------------------------------------- */

bool kd_mapping_matches(const struct kd_mapping *mapping, const uint8_t guid[KD_GUID_BYTES],
                        const char *name, bool by_name, bool any_version)
{
    bool has_version = guid[4] && !guid[6] && !guid[7] && !guid[10] && !guid[11];
    size_t bytes = any_version && has_version ? 12 : KD_GUID_BYTES;

    if (memcmp(mapping->guid, guid, bytes) != 0)
        return false;
    return by_name ? mapping->crc != 0 && mapping->crc == crc_of(name) : mapping->crc == 0;
}

#include "server/config_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "proto/wire.h"

static bool __attribute__((format(printf, 2, 3))) refuse(char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, KD_CONFIG_WHY_BYTES, format, args);
    va_end(args);
    return false;
}

/* ---- Values
 * ----------------------------------------------------------------------------------- */

/* Digits alone: no sign, no space, nothing behind them. */
static bool parse_number(const char *text, int base, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit >= (uint64_t)base || digit > max || value > (max - digit) / (uint64_t)base) {
            return false;
        }
        value = value * (uint64_t)base + digit;
    }
    *out = value;
    return true;
}

static bool set_number(const char *value, uint32_t min, uint32_t max, uint32_t *out, char *why)
{
    uint64_t number;
    if (!parse_number(value, 10, max, &number) || number < min) {
        return refuse(why, "must be a number from %u to %u", min, max);
    }
    *out = (uint32_t)number;
    return true;
}

static bool set_coordinate(const char *value, int32_t *out, char *why)
{
    bool negative = value[0] == '-';
    uint64_t number;
    if (!parse_number(value + negative, 10, 65536, &number)) {
        return refuse(why, "must be a number from -65536 to 65536");
    }
    *out = negative ? -(int32_t)number : (int32_t)number;
    return true;
}

static bool set_bytes(const char *value, uint64_t *out, char *why)
{
    static const char allowed[] = "must be a size from 1M to 1024G: digits and K, M or G";
    static const char units[] = "KMG";
    char digits[24];
    size_t length = strlen(value);
    unsigned shift = 0;
    if (length == 0 || length >= sizeof(digits)) {
        return refuse(why, "%s", allowed);
    }
    const char *unit = strchr(units, value[length - 1]);
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        length--;
    }
    memcpy(digits, value, length);
    digits[length] = '\0';
    uint64_t number;
    if (!parse_number(digits, 10, (UINT64_C(1) << 40) >> shift, &number) ||
        number << shift < UINT64_C(1) << 20) {
        return refuse(why, "%s", allowed);
    }
    *out = number << shift;
    return true;
}

static bool copy_text(char *to, size_t to_bytes, const char *value, const char *what, char *why)
{
    size_t length = strlen(value);
    if (length >= to_bytes) {
        return refuse(why, "must be %s of at most %zu bytes", what, to_bytes - 1);
    }
    if (!kb_wire_text_ok(value, length) || strpbrk(value, "\t\n") != NULL) {
        return refuse(why, "must be %s without control characters, in UTF-8", what);
    }
    memcpy(to, value, length + 1);
    return true;
}

/* ---- Outputs
 * ---------------------------------------------------------------------------------- */

static bool set_output_name(struct kd_config *config, struct kd_config_output *output,
                            const char *value, char *why)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(value);
    if (length == 0 || length >= sizeof(output->name) || strspn(value, allowed) != length) {
        return refuse(why, "an output's name must be 1 to %zu letters, digits, '.', '_' or '-'",
                      sizeof(output->name) - 1);
    }
    for (size_t i = 0; i < config->outputs_count; i++) {
        if (&config->outputs[i] != output && strcmp(config->outputs[i].name, value) == 0) {
            return refuse(why, "another output has the name %s", value);
        }
    }
    memcpy(output->name, value, length + 1);
    return true;
}

static bool name_is_free(const struct kd_config *config, const char *name)
{
    for (size_t i = 0; i < config->outputs_count; i++) {
        if (strcmp(config->outputs[i].name, name) == 0) {
            return false;
        }
    }
    return true;
}

struct kd_config_output *kd_config_add_output(struct kd_config *config, const char *name, char *why)
{
    size_t count = config->outputs_count;
    if (count == KD_CONFIG_MAX_OUTPUTS) {
        refuse(why, "there can be at most %d outputs", KD_CONFIG_MAX_OUTPUTS);
        return NULL;
    }
    struct kd_config_output *output = &config->outputs[count];
    *output = (struct kd_config_output){.width_px = 1280,
                                        .height_px = 720,
                                        .refresh_ns = UINT64_C(16666667),
                                        .format = KB_FORMAT_XRGB8888};
    if (count > 0) {
        const struct kd_config_output *last = &config->outputs[count - 1];
        output->x = last->x + (int32_t)last->width_px;
    }
    if (name[0] != '\0') {
        if (!set_output_name(config, output, name, why)) {
            return NULL;
        }
    } else {
        for (size_t number = count + 1; output->name[0] == '\0'; number++) {
            char numbered[sizeof(output->name)] = "";
            snprintf(numbered, sizeof(numbered), "HEADLESS-%zu", number);
            if (name_is_free(config, numbered)) {
                memcpy(output->name, numbered, sizeof(numbered));
            }
        }
    }
    config->outputs_count++;
    return output;
}

static bool set_size(struct kd_config_output *output, const char *value, char *why)
{
    char width[16];
    uint64_t width_px, height_px;
    const char *x = strchr(value, 'x');
    bool good = x != NULL && (size_t)(x - value) < sizeof(width);
    if (good) {
        memcpy(width, value, (size_t)(x - value));
        width[x - value] = '\0';
        good = parse_number(width, 10, KB_MAX_WINDOW_PX, &width_px) && width_px > 0 &&
               parse_number(x + 1, 10, KB_MAX_WINDOW_PX, &height_px) && height_px > 0;
    }
    if (!good) {
        return refuse(why, "a size must be WIDTHxHEIGHT, each from 1 to %u pixels",
                      (unsigned)KB_MAX_WINDOW_PX);
    }
    output->width_px = (uint32_t)width_px;
    output->height_px = (uint32_t)height_px;
    return true;
}

/* Hz with up to three decimals. */
static bool set_refresh(struct kd_config_output *output, const char *value, char *why)
{
    char whole[8];
    char decimals[4] = "000";
    uint64_t hz, mhz;
    size_t whole_length = strcspn(value, ".");
    size_t decimals_length = value[whole_length] == '.' ? strlen(value + whole_length + 1) : 0;
    bool good = whole_length < sizeof(whole) && decimals_length < sizeof(decimals) &&
                (value[whole_length] == '\0' || decimals_length > 0);
    if (good) {
        memcpy(whole, value, whole_length);
        whole[whole_length] = '\0';
        memcpy(decimals, value + whole_length + 1, decimals_length);
        good = parse_number(whole, 10, 1000, &hz) && parse_number(decimals, 10, 999, &mhz);
    }
    if (!good || hz * 1000 + mhz > 1000000 || (hz == 0 && mhz > 0)) {
        return refuse(why, "a refresh must be from 1 to 1000 Hz with at most three decimals, or 0: "
                           "not paced");
    }
    mhz += hz * 1000;
    output->refresh_ns = mhz > 0 ? (UINT64_C(1000000000000) + mhz / 2) / mhz : 0;
    return true;
}

static struct kd_config_output *last_output(struct kd_config *config)
{
    return &config->outputs[config->outputs_count - 1];
}

static bool key_size(struct kd_config *config, const char *value, char *why)
{
    return set_size(last_output(config), value, why);
}

static bool key_refresh(struct kd_config *config, const char *value, char *why)
{
    return set_refresh(last_output(config), value, why);
}

static bool key_x(struct kd_config *config, const char *value, char *why)
{
    return set_coordinate(value, &last_output(config)->x, why);
}

static bool key_y(struct kd_config *config, const char *value, char *why)
{
    return set_coordinate(value, &last_output(config)->y, why);
}

static bool set_format(struct kd_config_output *output, const char *value, char *why)
{
    if (strcmp(value, "xrgb8888") == 0) {
        output->format = KB_FORMAT_XRGB8888;
    } else if (strcmp(value, "rgb565") == 0) {
        output->format = KB_FORMAT_RGB565;
    } else {
        return refuse(why, "a display's format must be xrgb8888 or rgb565");
    }
    return true;
}

static bool key_format(struct kd_config *config, const char *value, char *why)
{
    return set_format(last_output(config), value, why);
}

/* One "NAME=VALUE" behind a comma. */
static bool set_output_part(struct kd_config *config, struct kd_config_output *output,
                            const char *part, char *why)
{
    if (strncmp(part, "name=", 5) == 0) {
        return set_output_name(config, output, part + 5, why);
    }
    if (strncmp(part, "x=", 2) == 0) {
        return set_coordinate(part + 2, &output->x, why);
    }
    if (strncmp(part, "y=", 2) == 0) {
        return set_coordinate(part + 2, &output->y, why);
    }
    if (strncmp(part, "format=", 7) == 0) {
        return set_format(output, part + 7, why);
    }
    return refuse(why, "'%.32s' is none of name=, x=, y= and format=", part);
}

static bool parse_output(struct kd_config *config, struct kd_config_output *output, char *spec,
                         char *why)
{
    static const char prefix[] = "headless";
    char *next = strchr(spec, ',');
    if (next != NULL) {
        *next++ = '\0';
    }
    if (strncmp(spec, prefix, sizeof(prefix) - 1) != 0) {
        return refuse(
            why, "must be headless[:WIDTHxHEIGHT[@HZ]][,name=NAME][,x=X][,y=Y][,format=FORMAT]");
    }
    char *mode = spec + sizeof(prefix) - 1;
    if (*mode == ':') {
        char *refresh = strchr(++mode, '@');
        if (refresh != NULL) {
            *refresh++ = '\0';
        }
        if (!set_size(output, mode, why) || (refresh && !set_refresh(output, refresh, why))) {
            return false;
        }
    } else if (*mode != '\0') {
        return refuse(
            why, "must be headless[:WIDTHxHEIGHT[@HZ]][,name=NAME][,x=X][,y=Y][,format=FORMAT]");
    }
    while (next != NULL) {
        char *part = next;
        next = strchr(part, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        if (!set_output_part(config, output, part, why)) {
            return false;
        }
    }
    return true;
}

static bool key_output(struct kd_config *config, const char *value, char *why)
{
    char spec[128];
    size_t length = strlen(value);
    if (length >= sizeof(spec)) {
        return refuse(why, "must have at most %zu bytes", sizeof(spec) - 1);
    }
    memcpy(spec, value, length + 1);
    struct kd_config_output *output = kd_config_add_output(config, "", why);
    if (output == NULL) {
        return false;
    }
    if (!parse_output(config, output, spec, why)) {
        config->outputs_count--;
        return false;
    }
    return true;
}

/* ---- All the others
 * --------------------------------------------------------------------------- */

static bool key_socket(struct kd_config *config, const char *value, char *why)
{
    if (value[0] == '\0') {
        return refuse(why, "must be a path");
    }
    return copy_text(config->socket_path, sizeof(config->socket_path), value, "a path", why);
}

static bool key_mode(struct kd_config *config, const char *value, char *why)
{
    uint64_t mode;
    if (!parse_number(value, 8, 0777, &mode) || (mode & 0600) != 0600 || (mode & 0111) != 0) {
        return refuse(why, "must be an octal mode from 0600 to 0666 that lets the owner in");
    }
    config->socket_mode = (mode_t)mode;
    return true;
}

static bool key_group(struct kd_config *config, const char *value, char *why)
{
    if (value[0] != '\0' && getgrnam(value) == NULL) {
        return refuse(why, "must be a group of this system (see /etc/group), or empty");
    }
    return copy_text(config->socket_group, sizeof(config->socket_group), value, "a group", why);
}

static bool key_buffers(struct kd_config *config, const char *value, char *why)
{
    return set_number(value, 1, 3, &config->buffers, why);
}

static bool key_clock(struct kd_config *config, const char *value, char *why)
{
    if (strcmp(value, "real") != 0 && strcmp(value, "virtual") != 0) {
        return refuse(why, "must be real or virtual");
    }
    config->clock = value[0] == 'r' ? KD_CLOCK_REAL : KD_CLOCK_VIRTUAL;
    return true;
}

static bool key_threads(struct kd_config *config, const char *value, char *why)
{
    return set_number(value, 0, 64, &config->threads, why);
}

static bool key_client_memory(struct kd_config *config, const char *value, char *why)
{
    return set_bytes(value, &config->max_client_bytes, why);
}

static bool key_client_objects(struct kd_config *config, const char *value, char *why)
{
    return set_number(value, 1, KB_MAX_SLOT, &config->max_client_objects, why);
}

static bool key_clients(struct kd_config *config, const char *value, char *why)
{
    return set_number(value, 1, 4096, &config->max_clients, why);
}

/* The protocol's own table of permissions: that of the message which tells a client its own. */
static const struct kb_wire_values *permission_values(void)
{
    const struct kb_message_info *info = kb_message_info(KB_EVT_WELCOME);
    for (uint32_t i = 0; i < info->fields_count; i++) {
        if (strcmp(info->fields[i].name, "permissions") == 0) {
            return info->fields[i].values;
        }
    }
    abort(); /* welcome without permissions is another protocol */
}

const char *kd_config_permission_name(uint32_t bit)
{
    return kb_wire_value_name(permission_values(), bit);
}

static bool refuse_permission(const struct kb_wire_values *values, char *why)
{
    size_t used = (size_t)snprintf(why, KD_CONFIG_WHY_BYTES, "must be a list of");
    for (uint32_t i = 0; i < values->values_count && used < KD_CONFIG_WHY_BYTES; i++) {
        used += (size_t)snprintf(why + used, KD_CONFIG_WHY_BYTES - used, "%s %s", i ? "," : "",
                                 values->values[i].name);
    }
    return false;
}

static bool key_everyone(struct kd_config *config, const char *value, char *why)
{
    static const char separators[] = ", ";
    const struct kb_wire_values *values = permission_values();
    uint32_t everyone = 0;
    for (value += strspn(value, separators); *value != '\0'; value += strspn(value, separators)) {
        size_t length = strcspn(value, separators);
        uint32_t bit = 0;
        for (uint32_t i = 0; i < values->values_count; i++) {
            const char *name = values->values[i].name;
            if (strlen(name) == length && memcmp(name, value, length) == 0) {
                bit = values->values[i].number;
            }
        }
        if (bit == 0) {
            return refuse_permission(values, why);
        }
        everyone |= bit;
        value += length;
    }
    config->everyone = everyone;
    return true;
}

static bool key_log_level(struct kd_config *config, const char *value, char *why)
{
    return kd_log_level_parse(value, &config->log_level) ||
           refuse(why, "must be error, warn, info or debug");
}

static bool key_ready_fd(struct kd_config *config, const char *value, char *why)
{
    uint32_t fd = 0;
    if (config->running) {
        return true; /* closed long ago */
    }
    if (!set_number(value, 0, 65535, &fd, why)) {
        return false;
    }
    if (fcntl((int)fd, F_GETFD) < 0) {
        return refuse(why, "must be an open file descriptor");
    }
    config->ready_fd = (int)fd;
    return true;
}

static bool key_simulate_draw(struct kd_config *config, const char *value, char *why)
{
    for (const char *entry = value; *entry != '\0';) {
        size_t length = strcspn(entry, ",");
        const char *colon = memchr(entry, ':', length);
        char ms[8];
        uint64_t number;
        size_t ms_length = colon != NULL ? length - (size_t)(colon + 1 - entry) : 0;
        if (ms_length == 0 || ms_length >= sizeof(ms)) {
            return refuse(why, "must be TITLE:MILLISECONDS, or several with commas between them");
        }
        memcpy(ms, colon + 1, ms_length);
        ms[ms_length] = '\0';
        if (!parse_number(ms, 10, 60000, &number)) {
            return refuse(why, "must be TITLE:MILLISECONDS with at most 60000 ms");
        }
        entry += length + (entry[length] == ',');
    }
    size_t used = strlen(config->simulate_draw);
    if (used > 0 && used < sizeof(config->simulate_draw) - 1) {
        config->simulate_draw[used++] = ',';
    }
    return copy_text(config->simulate_draw + used, sizeof(config->simulate_draw) - used, value,
                     "a list", why);
}

static void clear_outputs(struct kd_config *config)
{
    config->outputs_count = 0;
}

static void clear_simulate_draw(struct kd_config *config)
{
    config->simulate_draw[0] = '\0';
}

/* ---- The tables
 * ------------------------------------------------------------------------------- */

const struct kd_config_key kd_config_keys[] = {
    {"socket", "path", "socket", "PATH", "listen at PATH", NULL, key_socket},
    {"socket", "mode", NULL, NULL, NULL, NULL, key_mode},
    {"socket", "group", NULL, NULL, NULL, NULL, key_group},
    {NULL, NULL, "output", "SPEC",
     "add a display: headless[:WxH[@HZ]][,name=NAME][,x=X][,y=Y]\n"
     "[,format=xrgb8888|rgb565], instead of those in the file;\n"
     "may be repeated",
     clear_outputs, key_output},
    {"display", "buffers", "buffers", "N", "buffers of each display, 1 to 3 (2)", NULL,
     key_buffers},
    {"display", "clock", "clock", "real|virtual", "virtual: time moves only when a client steps it",
     NULL, key_clock},
    {"render", "threads", "threads", "N", "threads that draw, up to 64 (0: one per core)", NULL,
     key_threads},
    {"limits", "client_memory", NULL, NULL, NULL, NULL, key_client_memory},
    {"limits", "client_objects", NULL, NULL, NULL, NULL, key_client_objects},
    {"limits", "clients", NULL, NULL, NULL, NULL, key_clients},
    {"permissions", "everyone", NULL, NULL, NULL, NULL, key_everyone},
    {"log", "level", "log-level", "LEVEL", "error, warn, info or debug (info)", NULL,
     key_log_level},
    {NULL, NULL, "ready-fd", "N",
     "write a newline to this file descriptor when clients\ncan connect", NULL, key_ready_fd},
    {"test", "simulate_draw", "simulate-draw", "TITLE:MS",
     "for tests, on the virtual clock: drawing a frame of that\n"
     "window takes so long; may be repeated",
     clear_simulate_draw, key_simulate_draw},
};
const size_t kd_config_keys_count = sizeof(kd_config_keys) / sizeof(kd_config_keys[0]);

const struct kd_config_key kd_config_output_keys[] = {
    {"output", "size", NULL, NULL, NULL, NULL, key_size},
    {"output", "refresh", NULL, NULL, NULL, NULL, key_refresh},
    {"output", "x", NULL, NULL, NULL, NULL, key_x},
    {"output", "y", NULL, NULL, NULL, NULL, key_y},
    {"output", "format", NULL, NULL, NULL, NULL, key_format},
};
const size_t kd_config_output_keys_count =
    sizeof(kd_config_output_keys) / sizeof(kd_config_output_keys[0]);

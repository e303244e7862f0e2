#include "server/config_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "proto/wire.h"

static bool set_bytes(const char *value, uint64_t *out, char *why)
{
    static const char allowed[] = "must be a size from 1M to 1024G: digits and K, M or G";
    static const char units[] = "KMG";
    char digits[24];
    size_t length = strlen(value);
    unsigned shift = 0;
    if (length == 0 || length >= sizeof(digits)) {
        return kd_config_refuse(why, "%s", allowed);
    }
    const char *unit = strchr(units, value[length - 1]);
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        length--;
    }
    memcpy(digits, value, length);
    digits[length] = '\0';
    uint64_t number;
    if (!kd_config_digits(digits, 10, (UINT64_C(1) << 40) >> shift, &number) ||
        number << shift < UINT64_C(1) << 20) {
        return kd_config_refuse(why, "%s", allowed);
    }
    *out = number << shift;
    return true;
}

static bool key_socket(struct kd_config *config, const char *value, char *why)
{
    if (value[0] == '\0') {
        return kd_config_refuse(why, "must be a path");
    }
    return kd_config_copy_text(config->socket_path, sizeof(config->socket_path), value, "a path",
                               why);
}

static bool key_mode(struct kd_config *config, const char *value, char *why)
{
    uint64_t mode;
    if (!kd_config_digits(value, 8, 0777, &mode) || (mode & 0600) != 0600 || (mode & 0111) != 0) {
        return kd_config_refuse(why,
                                "must be an octal mode from 0600 to 0666 that lets the owner in");
    }
    config->socket_mode = (mode_t)mode;
    return true;
}

static bool key_group(struct kd_config *config, const char *value, char *why)
{
    if (value[0] != '\0' && getgrnam(value) == NULL) {
        return kd_config_refuse(why, "must be a group of this system (see /etc/group), or empty");
    }
    return kd_config_copy_text(config->socket_group, sizeof(config->socket_group), value, "a group",
                               why);
}

static bool key_buffers(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 1, 3, &config->buffers, why);
}

#define COUNT(array) ((unsigned)(sizeof(array) / sizeof((array)[0])))

const char *const kd_config_backends[] = {"auto", "kms", "headless"};
const char *const kd_config_sessions[] = {"auto", "service", "seat"};
const char *const kd_config_renderers[] = {"auto", "gles", "cpu"};
const char *const kd_config_tris[] = {"auto", "on", "off"};
const char *const kd_config_damages[] = {"auto", "clips", "dirtyfb", "full"};

static bool key_backend(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;
    if (!kd_config_choice(value, kd_config_backends, COUNT(kd_config_backends), &choice, why)) {
        return false;
    }
    config->backend = (enum kd_backend)choice;
    return true;
}

static bool key_session(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;
    if (!kd_config_choice(value, kd_config_sessions, COUNT(kd_config_sessions), &choice, why)) {
        return false;
    }
    config->session_mode = (enum kd_session_mode)choice;
    return true;
}

static bool key_card(struct kd_config *config, const char *value, char *why)
{
    return kd_config_copy_text(config->card, sizeof(config->card), value,
                               "a card's path (/dev/dri/card0) or its driver's name (vc4)", why);
}

static bool key_vt(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 0, 63, &config->vt, why);
}

static bool key_plane_scaling(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;
    if (!kd_config_choice(value, kd_config_tris, COUNT(kd_config_tris), &choice, why)) {
        return false;
    }
    config->plane_scaling = (enum kd_tri)choice;
    return true;
}

static bool key_cursor(struct kd_config *config, const char *value, char *why)
{
    static const char *const cursors[] = {"auto", "software", "off"};
    unsigned choice;
    if (!kd_config_choice(value, cursors, COUNT(cursors), &choice, why)) {
        return false;
    }
    config->hardware_cursor = choice == 0 ? KD_AUTO : KD_OFF;
    config->cursor_hidden = choice == 2;
    return true;
}

static bool key_damage(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;
    if (!kd_config_choice(value, kd_config_damages, COUNT(kd_config_damages), &choice, why)) {
        return false;
    }
    config->damage = (enum kd_damage_mode)choice;
    return true;
}

static bool key_off_after(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 0, 1000000, &config->off_after_s, why);
}

static bool key_margin(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 0, 10000, &config->margin_us, why);
}

static bool key_clock(struct kd_config *config, const char *value, char *why)
{
    if (strcmp(value, "real") != 0 && strcmp(value, "virtual") != 0) {
        return kd_config_refuse(why, "must be real or virtual");
    }
    config->clock = value[0] == 'r' ? KD_CLOCK_REAL : KD_CLOCK_VIRTUAL;
    return true;
}

bool kd_config_renderer(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;

    if (!kd_config_choice(value, kd_config_renderers, COUNT(kd_config_renderers), &choice, why))
        return false;
    config->renderer = (enum kd_renderer_choice)choice;
    return true;
}

static bool key_render_node(struct kd_config *config, const char *value, char *why)
{
    return kd_config_copy_text(config->render_node, sizeof(config->render_node), value,
                               "a GPU's path (/dev/dri/renderD128)", why);
}

static bool key_threads(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 0, 64, &config->threads, why);
}

static bool key_off(struct kd_config *config, const char *value, char *why)
{
    char bad[64];

    if (!kd_switches_parse(value, &config->switched_off, bad, sizeof(bad)))
        return kd_config_refuse(
            why,
            "'%s' is none of sections, cover, difference, alone, bounds, transforms, runs, stack, reuse and all",
            bad);
    return true;
}

static bool choose_on(bool *on, const char *value, char *why)
{
    static const char *const modes[] = {"off", "on"};
    unsigned choice;

    if (!kd_config_choice(value, modes, COUNT(modes), &choice, why))
        return false;
    *on = choice == 1;
    return true;
}

static bool key_debug_damage(struct kd_config *config, const char *value, char *why)
{
    return choose_on(&config->debug_damage, value, why);
}

static bool key_simulate_direct(struct kd_config *config, const char *value, char *why)
{
    return choose_on(&config->simulate_direct, value, why);
}

static bool key_client_memory(struct kd_config *config, const char *value, char *why)
{
    return set_bytes(value, &config->max_client_bytes, why);
}

static bool key_client_objects(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 1, KB_MAX_SLOT, &config->max_client_objects, why);
}

static bool key_clients(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 1, 4096, &config->max_clients, why);
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
           kd_config_refuse(why, "must be error, warn, info or debug");
}

static bool key_ready_fd(struct kd_config *config, const char *value, char *why)
{
    uint32_t fd = 0;
    if (config->running) {
        return true; /* closed long ago */
    }
    if (!kd_config_number(value, 0, 65535, &fd, why)) {
        return false;
    }
    if (fcntl((int)fd, F_GETFD) < 0) {
        return kd_config_refuse(why, "must be an open file descriptor");
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
            return kd_config_refuse(
                why, "must be TITLE:MILLISECONDS, or several with commas between them");
        }
        memcpy(ms, colon + 1, ms_length);
        ms[ms_length] = '\0';
        if (!kd_config_digits(ms, 10, 60000, &number)) {
            return kd_config_refuse(why, "must be TITLE:MILLISECONDS with at most 60000 ms");
        }
        entry += length + (entry[length] == ',');
    }
    size_t used = strlen(config->simulate_draw);
    if (used > 0 && used < sizeof(config->simulate_draw) - 1) {
        config->simulate_draw[used++] = ',';
    }
    return kd_config_copy_text(config->simulate_draw + used, sizeof(config->simulate_draw) - used,
                               value, "a list", why);
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
     "[,format=xrgb8888|rgb565][,rotate=90|180|270]\n"
     "[,reflect=x|y|xy][,overscan=PIXELS][,mirror=NAME],\n"
     "instead of those in the file; may be repeated",
     clear_outputs, kd_config_key_output},
    {"display", "buffers", "buffers", "N", "buffers of each display, 1 to 3 (2)", NULL,
     key_buffers},
    {"display", "clock", "clock", "real|virtual", "virtual: time moves only when a client steps it",
     NULL, key_clock},
    {"display", "backend", "backend", "BACKEND",
     "auto, kms or headless (auto: kms unless --output or\n"
     "--clock virtual is given, or there is no display)",
     NULL, key_backend},
    {"display", "session", "session", "MODE", "auto, service (a VT of its own) or seat (libseat)",
     NULL, key_session},
    {"display", "card", "card", "CARD", "a path or a driver's name (chosen by its connectors)",
     NULL, key_card},
    {"display", "vt", "vt", "N", "the VT to run on, up to 63 (0: chosen)", NULL, key_vt},
    {"display", "plane_scaling", NULL, NULL, NULL, NULL, key_plane_scaling},
    {"display", "cursor", NULL, NULL, NULL, NULL, key_cursor},
    {"display", "damage", NULL, NULL, NULL, NULL, key_damage},
    {"display", "off_after", NULL, NULL, NULL, NULL, key_off_after},
    {"display", "margin", NULL, NULL, NULL, NULL, key_margin},
    {"render", "renderer", "renderer", "RENDERER",
     "auto, gles or cpu (auto: gles on a real GPU with a real\ndisplay, else cpu)", NULL,
     kd_config_renderer},
    {"render", "render_node", NULL, NULL, NULL, NULL, key_render_node},
    {"render", "threads", "threads", "N", "threads that draw, up to 64 (0: one per core)", NULL,
     key_threads},
    {"render", "off", "off", "LIST",
     "optimisations to be switched off: sections, cover,\n"
     "difference, alone, bounds, transforms, runs, stack,\n"
     "reuse, or all; the pixels stay the same",
     NULL, key_off},
    {"render", "debug_damage", "debug-damage", "MODE", "on: tint what was redrawn in a frame (off)",
     NULL, key_debug_damage},
    {"keyboard", "model", NULL, NULL, NULL, NULL, kd_config_key_model},
    {"keyboard", "layout", NULL, NULL, NULL, NULL, kd_config_key_layout},
    {"keyboard", "variant", NULL, NULL, NULL, NULL, kd_config_key_variant},
    {"keyboard", "options", NULL, NULL, NULL, NULL, kd_config_key_xkb_options},
    {"keyboard", "repeat_delay_ms", NULL, NULL, NULL, NULL, kd_config_key_repeat_delay},
    {"keyboard", "repeat_rate", NULL, NULL, NULL, NULL, kd_config_key_repeat_rate},
    {"input", "devices", "input", "auto|on|off",
     "use keyboards, mice, touch screens and gamepads\n(auto: with real displays)", NULL,
     kd_config_key_devices},
    {"input", "acceleration", NULL, NULL, NULL, NULL, kd_config_key_acceleration},
    {"input", "speed", NULL, NULL, NULL, NULL, kd_config_key_speed},
    {"input", "end_game", NULL, NULL, NULL, NULL, kd_config_key_end_game},
    {"input", "focus_click", NULL, NULL, NULL, NULL, kd_config_key_focus_click},
    {"input", "record", "record-input", "FILE", "write all input to FILE, passwords too", NULL,
     kd_config_key_record},
    {"input", "replay", "replay-input", "FILE", "play such a FILE, beginning now", NULL,
     kd_config_key_replay},
    {"input", "gamepad_mappings", NULL, NULL, NULL, NULL, kd_config_key_mappings},
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
    {"test", "simulate_direct", "simulate-direct", "MODE",
     "for tests: on: pictures are drawn when they are needed\n(off)", NULL, key_simulate_direct},
};
const size_t kd_config_keys_count = sizeof(kd_config_keys) / sizeof(kd_config_keys[0]);

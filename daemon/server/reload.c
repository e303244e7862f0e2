/*
 * SIGHUP: the configuration is read again. What can change while clients are connected changes at
 * once; of the rest it is said that it needs a restart. A mistake leaves everything as it was.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "server/config_keys.h"
#include "server/server.h"

#define KD_LOG_MODULE "config"
#include "base/log.h"

#define TEXT_BYTES 2048

/* ---- What settings are, as text -------------------------------------------------------------- */

static void say_path(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->socket_path);
}

static void say_mode(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%04o", (unsigned)config->socket_mode);
}

static void say_group(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->socket_group);
}

/* Adds to text, of which used bytes are taken. */
static size_t __attribute__((format(printf, 3, 4)))
say_more(char *text, size_t used, const char *format, ...)
{
    va_list args;
    int bytes;

    if (used >= TEXT_BYTES)
        return used;
    va_start(args, format);
    bytes = vsnprintf(text + used, TEXT_BYTES - used, format, args);
    va_end(args);
    return used + (size_t)bytes;
}

/* How a display hangs. */
static size_t say_view(uint8_t rotation, bool reflect_x, bool reflect_y, const int32_t *overscan,
                       char *text, size_t used)
{
    if (rotation != KB_ROTATION_NORMAL)
        used = say_more(text, used, " rotate %d", 90 * (rotation - KB_ROTATION_NORMAL));
    if (reflect_x || reflect_y)
        used = say_more(text, used, " reflect %s%s", reflect_x ? "x" : "", reflect_y ? "y" : "");
    if (overscan[0] || overscan[1] || overscan[2] || overscan[3])
        used = say_more(text, used, " overscan %" PRId32 ",%" PRId32 ",%" PRId32 ",%" PRId32,
                        overscan[0], overscan[1], overscan[2], overscan[3]);
    return used;
}

static void say_outputs(const struct kd_config *config, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < config->outputs_count; i++) {
        const struct kd_config_output *output = &config->outputs[i];
        double hz = output->refresh_ns ? 1e9 / (double)output->refresh_ns : 0;

        used = say_more(text, used, "%s%s %" PRIu32 "x%" PRIu32 "@%.3f%+" PRId32 "%+" PRId32 "%s",
                        i ? ", " : "", output->name, output->width_px, output->height_px, hz,
                        output->x, output->y, output->format == KB_FORMAT_RGB565 ? " rgb565" : "");
        used = say_view(output->rotation, output->reflect_x, output->reflect_y, output->overscan,
                        text, used);
        if (output->mirror[0])
            used = say_more(text, used, " mirror of %s", output->mirror);
    }
}

static size_t say_connector(const struct kd_config_connector *connector, char *text, size_t used)
{
    const struct kd_mode_wish *mode = &connector->mode;

    used = say_more(text, used, "%s%s", used ? ", " : "", connector->name);
    if (connector->off)
        used = say_more(text, used, " off");
    if (mode->width_px)
        used = say_more(text, used, " %" PRId32 "x%" PRId32, mode->width_px, mode->height_px);
    if (mode->refresh_mhz)
        used = say_more(text, used, "@%.3f", mode->refresh_mhz / 1e3);
    used = say_view(connector->rotation, connector->reflect_x, connector->reflect_y,
                    connector->overscan, text, used);
    if (connector->has_position)
        used = say_more(text, used, " at %" PRId32 ",%" PRId32, connector->x, connector->y);
    if (connector->mirror[0])
        used = say_more(text, used, " mirror of %s", connector->mirror);
    if (connector->has_format)
        used = say_more(text, used, " %s",
                        connector->format == KB_FORMAT_RGB565 ? "rgb565" : "xrgb8888");
    return used;
}

static void say_connectors(const struct kd_config *config, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < config->connectors_count; i++)
        used = say_connector(&config->connectors[i], text, used);
}

static void say_backend(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s",
             kd_config_backends[config->backend_follows ? KD_BACKEND_AUTO : config->backend]);
}

static void say_session(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", kd_config_sessions[config->session_mode]);
}

static void say_card(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->card);
}

static void say_vt(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->vt);
}

static void say_plane_scaling(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", kd_config_tris[config->plane_scaling]);
}

static void say_cursor(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s",
             config->cursor_hidden               ? "off"
             : config->hardware_cursor == KD_OFF ? "software"
                                                 : "auto");
}

static void say_damage(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", kd_config_damages[config->damage]);
}

static void say_off_after(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->off_after_s);
}

static void say_margin(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->margin_us);
}

static void say_buffers(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->buffers);
}

static void say_clock(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->clock == KD_CLOCK_REAL ? "real" : "virtual");
}

static void say_renderer(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s%s%s", kd_config_renderers[config->renderer],
             config->render_node[0] ? " on " : "", config->render_node);
}

static void say_threads(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->threads);
}

static void say_off(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->switched_off);
}

static void say_debug_damage(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->debug_damage ? "on" : "off");
}

static void say_client_memory(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%" PRIu64 "K", config->max_client_bytes >> 10);
}

static void say_client_objects(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%" PRIu32, config->max_client_objects);
}

static void say_clients(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%" PRIu32, config->max_clients);
}

static void say_everyone(const struct kd_config *config, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (uint32_t bit = 1; bit != 0 && used < TEXT_BYTES; bit <<= 1) {
        const char *name = config->everyone & bit ? kd_config_permission_name(bit) : NULL;

        if (name)
            used +=
                (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s", used ? ", " : "", name);
    }
}

static void say_log_level(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", kd_log_level_name(config->log_level));
}

static void say_simulate_draw(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->simulate_draw);
}

static void say_simulate_direct(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->simulate_direct ? "on" : "off");
}

static void say_keyboard(const struct kd_config *config, char *text)
{
    const struct kd_config_input *input = &config->input;

    snprintf(text, TEXT_BYTES, "%s %s %s %s, repeats after %u ms %u times a second",
             input->keyboard.model, input->keyboard.layout, input->keyboard.variant,
             input->keyboard.options, input->repeat_delay_ms, input->repeat_rate);
}

static void say_input_devices(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s, record %s, replay %s, mappings %s",
             kd_config_tris[config->input.devices], config->input.record, config->input.replay,
             config->input.mappings);
}

static void say_input(const struct kd_config *config, char *text)
{
    const struct kd_config_input *input = &config->input;
    char combination[64];

    kd_combination_name(&input->end_game, combination);
    snprintf(text, TEXT_BYTES, "acceleration %s, speed %g, end_game %s, focus_click %s",
             input->accelerate ? "on" : "off", input->speed, combination,
             input->focus_click ? "on" : "off");
}

static void say_settings(const struct kd_config *config, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < config->input.settings_count; i++) {
        const struct kd_config_device *device = &config->input.settings[i];

        used = say_more(text, used, "%s%s:", i ? "; " : "", device->pattern);
        used = say_more(text, used, " output %s", device->output[0] ? device->output : "-");
        used = say_more(text, used, ", acceleration %s, speed %g",
                        kd_config_tris[device->acceleration], device->speed);
        used = say_more(text, used, ", natural_scroll %s, left_handed %s, tap %s, ignore %s",
                        kd_config_tris[device->natural_scroll], kd_config_tris[device->left_handed],
                        kd_config_tris[device->tap], kd_config_tris[device->ignore]);
        for (unsigned j = 0; j < 6 && device->has_matrix; j++)
            used = say_more(text, used, "%s%g", j ? " " : ", matrix ", (double)device->matrix[j]);
    }
}

/* A setting has changed if its text has. */
static const struct setting {
    const char *name;
    bool at_once; /* else it needs a restart */
    void (*say)(const struct kd_config *config, char *text);
} settings[] = {
    {"[socket] path", false, say_path},
    {"[socket] mode", false, say_mode},
    {"[socket] group", false, say_group},
    {"[display] backend", false, say_backend},
    {"[display] session", false, say_session},
    {"[display] card", false, say_card},
    {"[display] vt", false, say_vt},
    {"[display] plane_scaling", false, say_plane_scaling},
    {"[display] cursor", false, say_cursor},
    {"[display] damage", false, say_damage},
    {"[display] off_after", true, say_off_after},
    {"[display] margin", true, say_margin},
    {"[output]", false, say_outputs},
    {"[output], real", false, say_connectors},
    {"[display] buffers", false, say_buffers},
    {"[display] clock", false, say_clock},
    {"[render] renderer, render_node", false, say_renderer},
    {"[render] threads", false, say_threads},
    {"[render] off", false, say_off},
    {"[render] debug_damage", true, say_debug_damage},
    {"[keyboard]", true, say_keyboard},
    {"[input] devices, record, replay, gamepad_mappings", false, say_input_devices},
    {"[input]", true, say_input},
    {"[input], of devices", true, say_settings},
    {"[limits] client_memory", true, say_client_memory},
    {"[limits] client_objects", true, say_client_objects},
    {"[limits] clients", true, say_clients},
    {"[permissions] everyone", true, say_everyone},
    {"[log] level", true, say_log_level},
    {"[test] simulate_draw", false, say_simulate_draw},
    {"[test] simulate_direct", false, say_simulate_direct},
};

/* ---- Taking it over -------------------------------------------------------------------------- */

/* Returns how many settings differ. */
static unsigned report(const struct kd_config *old, const struct kd_config *fresh)
{
    unsigned changed = 0;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        char before[TEXT_BYTES], after[TEXT_BYTES];

        settings[i].say(old, before);
        settings[i].say(fresh, after);
        if (strcmp(before, after) == 0)
            continue;
        changed++;
        kd_log(settings[i].at_once ? KD_LOG_INFO : KD_LOG_WARN, KD_LOG_MODULE,
               "%s: \"%s\" becomes \"%s\"%s", settings[i].name, before, after,
               settings[i].at_once ? "" : " only when kmsblitd is restarted");
    }
    return changed;
}

/* Clients that hold more than they now may keep it, and get nothing more. */
static void apply(struct kd_server *server, const struct kd_config *fresh)
{
    struct kd_config *config = &server->config;
    struct kd_host *host = &server->host;

    config->log_level = fresh->log_level;
    config->off_after_s = fresh->off_after_s;
    config->margin_us = fresh->margin_us;
    config->everyone = host->policy.everyone = fresh->everyone;
    kd_inputs_reload(server, &fresh->input);
    config->max_clients = fresh->max_clients;
    config->max_client_bytes = host->max_client_bytes = fresh->max_client_bytes;
    config->max_client_objects = host->max_client_objects = fresh->max_client_objects;
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next) {
        struct kd_client *client = connection->client;

        client->permissions =
            kd_policy_permissions(&host->policy, kd_peer_identity(connection->peer));
        client->account->limit_bytes = host->max_client_bytes;
        client->objects.max_used = host->max_client_objects;
    }
}

void kd_server_reload(struct kd_server *server)
{
    struct kd_config *fresh = calloc(1, sizeof(*fresh));
    enum kd_log_level old_level = kd_log_get_level();
    char why[KD_CONFIG_WHY_BYTES];

    if (!fresh) {
        KD_ERROR("no memory to read the configuration again: all stays as it is");
        return;
    }
    if (kd_config_parse_again(fresh, &server->config) != KD_CONFIG_RUN) {
        KD_ERROR("the configuration has mistakes: all stays as it is");
    } else {
        /* Said at the more talkative of the two levels. */
        if (fresh->log_level > old_level)
            kd_log_set_level(fresh->log_level);
        KD_INFO("the configuration was read again");
        /* The output that the server gave itself is no change. */
        if (fresh->outputs_count == 0 && server->config.outputs_count > 0)
            kd_config_add_output(fresh, "", why);
        if (report(&server->config, fresh) == 0)
            KD_INFO("nothing in it has changed");
        apply(server, fresh);
        kd_log_set_level(fresh->log_level);
    }
    free(fresh);
}

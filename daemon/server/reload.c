/*
 * SIGHUP: the configuration is read again. What can change while clients are connected changes at
 * once; of the rest it is said that it needs a restart. A mistake leaves everything as it was.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "server/config_keys.h"
#include "server/server.h"

#define KD_LOG_MODULE "config"
#include "base/log.h"

#define TEXT_BYTES 1024

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

static void say_outputs(const struct kd_config *config, char *text)
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < config->outputs_count && used < TEXT_BYTES; i++) {
        const struct kd_config_output *output = &config->outputs[i];
        double hz = output->refresh_ns ? 1e9 / (double)output->refresh_ns : 0;

        used += (size_t)snprintf(text + used, TEXT_BYTES - used,
                                 "%s%s %" PRIu32 "x%" PRIu32 "@%.3f%+" PRId32 "%+" PRId32 "%s",
                                 i ? ", " : "", output->name, output->width_px, output->height_px,
                                 hz, output->x, output->y,
                                 output->format == KB_FORMAT_RGB565 ? " rgb565" : "");
    }
}

static void say_buffers(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->buffers);
}

static void say_clock(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%s", config->clock == KD_CLOCK_REAL ? "real" : "virtual");
}

static void say_threads(const struct kd_config *config, char *text)
{
    snprintf(text, TEXT_BYTES, "%u", config->threads);
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

/* A setting has changed if its text has. */
static const struct setting {
    const char *name;
    bool at_once; /* else it needs a restart */
    void (*say)(const struct kd_config *config, char *text);
} settings[] = {
    {"[socket] path", false, say_path},
    {"[socket] mode", false, say_mode},
    {"[socket] group", false, say_group},
    {"[output]", false, say_outputs},
    {"[display] buffers", false, say_buffers},
    {"[display] clock", false, say_clock},
    {"[render] threads", false, say_threads},
    {"[limits] client_memory", true, say_client_memory},
    {"[limits] client_objects", true, say_client_objects},
    {"[limits] clients", true, say_clients},
    {"[permissions] everyone", true, say_everyone},
    {"[log] level", true, say_log_level},
    {"[test] simulate_draw", false, say_simulate_draw},
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
    config->everyone = host->policy.everyone = fresh->everyone;
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
        if (report(&server->config, fresh) == 0)
            KD_INFO("nothing in it has changed");
        apply(server, fresh);
        kd_log_set_level(fresh->log_level);
    }
    free(fresh);
}

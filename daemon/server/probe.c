#include "server/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/json.h"

#define WHY_BYTES 2048

/* ---- Facts ---------------------------------------------------------------------------------- */

static const char *status_name(enum kd_connector_status status)
{
    static const char *const names[] = {[KD_CONNECTED] = "connected",
                                        [KD_DISCONNECTED] = "disconnected",
                                        [KD_CONNECTION_UNKNOWN] = "unknown"};

    return names[status];
}

static const struct kd_config_connector *wish_for(const struct kd_config *config, const char *name)
{
    for (size_t i = 0; i < config->connectors_count; i++) {
        if (strcmp(config->connectors[i].name, name) == 0)
            return &config->connectors[i];
    }
    return NULL;
}

static void write_mode(struct kb_json *json, const char *name, const struct kd_mode *mode)
{
    kb_json_object(json, name, true);
    kb_json_number(json, "width", mode->width_px);
    kb_json_number(json, "height", mode->height_px);
    kb_json_milli(json, "refresh_hz", mode->refresh_mhz);
    kb_json_bool(json, "preferred", mode->preferred);
    kb_json_bool(json, "interlaced", mode->interlaced);
    kb_json_object_end(json);
}

static void write_chosen_mode(struct kb_json *json, const struct kd_config *config,
                              const struct kd_card_connector *connector)
{
    static const struct kd_mode_wish any;
    const struct kd_config_connector *wish = wish_for(config, connector->name);
    char why[512];
    int chosen;

    if ((wish && wish->off) || connector->status == KD_DISCONNECTED) {
        kb_json_null(json, "chosen_mode");
        kb_json_string(json, "chosen_because",
                       connector->status == KD_DISCONNECTED
                           ? "nothing is connected"
                           : "the configuration says that it is off");
        return;
    }
    chosen = kd_mode_choose(connector->modes, connector->modes_count, wish ? &wish->mode : &any,
                            why, sizeof(why));
    if (chosen >= 0)
        write_mode(json, "chosen_mode", &connector->modes[chosen]);
    else
        kb_json_null(json, "chosen_mode");
    kb_json_string(json, "chosen_because", why);
}

static void write_connector(struct kb_json *json, const struct kd_config *config,
                            const struct kd_card_connector *connector)
{
    kb_json_object(json, NULL, false);
    kb_json_string(json, "name", connector->name);
    kb_json_string(json, "status", status_name(connector->status));
    kb_json_bool(json, "is_desktop", connector->is_desktop);
    kb_json_string(json, "display", connector->edid.name[0] ? connector->edid.name : NULL);
    kb_json_number(json, "width_mm", connector->edid.width_mm);
    kb_json_number(json, "height_mm", connector->edid.height_mm);
    write_chosen_mode(json, config, connector);
    kb_json_array(json, "modes", false);
    for (size_t i = 0; i < connector->modes_count; i++)
        write_mode(json, NULL, &connector->modes[i]);
    kb_json_array_end(json);
    kb_json_number(json, "modes_left_out", (int64_t)connector->modes_left_out);
    kb_json_object_end(json);
}

static void write_formats(struct kb_json *json, const struct kd_card_plane *plane)
{
    kb_json_array(json, "formats", true);
    for (size_t i = 0; i < plane->formats_count; i++) {
        uint32_t format = plane->formats[i];
        const char name[5] = {(char)(format & 0x7F), (char)(format >> 8 & 0x7F),
                              (char)(format >> 16 & 0x7F), (char)(format >> 24 & 0x7F), '\0'};

        kb_json_string(json, NULL, name);
    }
    kb_json_array_end(json);
}

static void write_rotations(struct kb_json *json, const struct kd_card_plane *plane)
{
    static const char *const names[] = {"rotate-0",   "rotate-90", "rotate-180",
                                        "rotate-270", "reflect-x", "reflect-y"};

    kb_json_array(json, "rotations", true);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (plane->rotations & (UINT32_C(1) << i))
            kb_json_string(json, NULL, names[i]);
    }
    kb_json_array_end(json);
}

static void write_plane(struct kb_json *json, const struct kd_card_plane *plane)
{
    static const char *const types[] = {[KD_PLANE_PRIMARY] = "primary",
                                        [KD_PLANE_OVERLAY] = "overlay",
                                        [KD_PLANE_CURSOR] = "cursor"};

    kb_json_object(json, NULL, false);
    kb_json_number(json, "id", plane->id);
    kb_json_string(json, "type", types[plane->type]);
    kb_json_number(json, "crtcs_mask", plane->crtcs);
    write_formats(json, plane);
    write_rotations(json, plane);
    if (plane->has_zpos) {
        kb_json_object(json, "zpos", true);
        kb_json_number(json, "min", (int64_t)plane->zpos_min);
        kb_json_number(json, "max", (int64_t)plane->zpos_max);
        kb_json_bool(json, "is_fixed", plane->zpos_fixed);
        kb_json_object_end(json);
    } else {
        kb_json_null(json, "zpos");
    }
    kb_json_bool(json, "alpha", plane->has_alpha);
    kb_json_bool(json, "blend_mode", plane->has_blend_mode);
    kb_json_bool(json, "scaling_filter", plane->has_scaling_filter);
    kb_json_bool(json, "damage_clips", plane->has_damage_clips);
    kb_json_bool(json, "modifiers", plane->has_modifiers);
    kb_json_object_end(json);
}

static void write_abilities(struct kb_json *json, const struct kd_card *card)
{
    kb_json_bool(json, "is_display", card->is_display);
    kb_json_bool(json, "is_atomic", card->is_atomic);
    kb_json_bool(json, "dumb_buffers", card->has_dumb);
    kb_json_bool(json, "prefers_shadow", card->prefers_shadow);
    kb_json_bool(json, "modifiers", card->has_modifiers);
    kb_json_bool(json, "is_free", card->is_master);
    kb_json_number(json, "cursor_width", card->cursor_px[0]);
    kb_json_number(json, "cursor_height", card->cursor_px[1]);
    kb_json_number(json, "crtcs", (int64_t)card->crtcs_count);
}

static void write_card(struct kb_json *json, const struct kd_config *config,
                       const struct kd_card *card)
{
    char mode[8], device[24];

    snprintf(mode, sizeof(mode), "%03o", card->mode & 07777);
    snprintf(device, sizeof(device), "%u:%u", card->dev_major, card->dev_minor);
    kb_json_object(json, NULL, false);
    kb_json_string(json, "path", card->path);
    kb_json_string(json, "driver", card->driver[0] ? card->driver : NULL);
    kb_json_string(json, "bus", card->bus);
    kb_json_string(json, "device", device);
    kb_json_string(json, "group", card->group);
    kb_json_string(json, "mode", mode);
    kb_json_string(json, "error", card->error ? strerrorname_np(-card->error) : NULL);
    kb_json_string(json, "unusable", kd_card_unusable(card));
    write_abilities(json, card);
    kb_json_array(json, "connectors", false);
    for (size_t i = 0; i < card->connectors_count; i++)
        write_connector(json, config, &card->connectors[i]);
    kb_json_array_end(json);
    kb_json_array(json, "planes", false);
    for (size_t i = 0; i < card->planes_count; i++)
        write_plane(json, &card->planes[i]);
    kb_json_array_end(json);
    kb_json_object_end(json);
}

static void write_wishes(struct kb_json *json, const struct kd_config *config)
{
    static const char *const backends[] = {
        [KD_BACKEND_AUTO] = "auto", [KD_BACKEND_KMS] = "kms", [KD_BACKEND_HEADLESS] = "headless"};
    static const char *const sessions[] = {
        [KD_SESSION_AUTO] = "auto", [KD_SESSION_SERVICE] = "service", [KD_SESSION_SEAT] = "seat"};
    char socket[sizeof(config->socket_path)];

    kb_json_object(json, "config", false);
    kb_json_string(json, "backend", backends[config->backend]);
    kb_json_string(json, "session", sessions[config->session_mode]);
    kb_json_string(json, "card", config->card[0] ? config->card : NULL);
    kb_json_number(json, "vt", config->vt);
    kb_json_string(json, "socket",
                   kd_config_socket_path(config, socket, sizeof(socket)) == 0 ? socket : NULL);
    kb_json_object_end(json);
}

/* ---- The whole ------------------------------------------------------------------------------ */

int kd_probe_write(const struct kd_config *config, const struct kd_card *cards, size_t count,
                   const char *holder, FILE *out)
{
    const struct passwd *user = getpwuid(geteuid());
    char why[WHY_BYTES];
    struct kb_json json;
    int chosen = kd_cards_choose(cards, count, config->card, why, sizeof(why));
    /* What another kmsblitd shows works. */
    bool is_usable = chosen >= 0 && (!holder || strncmp(holder, "kmsblitd ", 9) == 0);

    kb_json_init(&json, out);
    kb_json_object(&json, NULL, false);
    kb_json_string(&json, "version", KMSBLIT_VERSION);
    kb_json_string(&json, "user", user ? user->pw_name : NULL);
    kb_json_bool(&json, "usable", is_usable);
    kb_json_string(&json, "chosen", chosen >= 0 ? cards[chosen].path : NULL);
    kb_json_string(&json, "reason", why);
    kb_json_string(&json, "error", chosen < 0 ? strerrorname_np(-chosen) : NULL);
    kb_json_string(&json, "holder", holder);
    write_wishes(&json, config);
    kb_json_array(&json, "cards", false);
    for (size_t i = 0; i < count; i++)
        write_card(&json, config, &cards[i]);
    kb_json_array_end(&json);
    kb_json_object_end(&json);
    kb_json_finish(&json);
    return is_usable ? 0 : 1;
}

static int open_card(void *ctx, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    (void)ctx;
    return fd < 0 ? -errno : fd;
}

static void close_card(void *ctx, int fd)
{
    (void)ctx;
    close(fd);
}

int kd_probe(const struct kd_config *config)
{
    static const struct kd_opener opener = {.open = open_card, .close = close_card};
    struct kd_card *cards = calloc(KD_CARDS_MAX, sizeof(*cards));
    char why[WHY_BYTES], holder[256];
    const char *other = NULL;
    int count, chosen, result;

    if (!cards) {
        fprintf(stderr, "kmsblitd: no memory to look at the display cards\n");
        return 1;
    }
    count = kd_cards_find(&opener, cards, KD_CARDS_MAX);
    if (count < 0) {
        fprintf(stderr, "kmsblitd: looking at /dev/dri: %s\n", strerror(-count));
        count = 0;
    }
    chosen = kd_cards_choose(cards, (size_t)count, config->card, why, sizeof(why));
    if (chosen >= 0 && !cards[chosen].is_master) {
        kd_card_holder(cards[chosen].path, holder, sizeof(holder));
        other = holder;
    }
    result = kd_probe_write(config, cards, (size_t)count, other, stdout);
    free(cards);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "kmsblitd: writing to standard output: %s\n", strerror(errno));
        return 1;
    }
    return result;
}

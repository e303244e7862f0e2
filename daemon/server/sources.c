/*
 * Where input comes from: real devices, by libinput and as gamepads, and a recording that is played; and where it is recorded. Devices are opened through
 * the session, if there is one, and closed while it is paused.
 */
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/hardware.h"
#include "server/server.h"

#define KD_LOG_MODULE "input"
#include "base/log.h"

/* ---- Settings of devices ------------------------------------------------------------------------- */

static bool said(uint8_t tri, bool before)
{
    return tri == KD_AUTO ? before : tri == KD_ON;
}

static void settings_of(void *ctx, const char *name, struct kd_input_settings *settings)
{
    const struct kd_server *server = ctx;
    const struct kd_config_input *config = &server->config.input;

    *settings =
        (struct kd_input_settings){.accelerate = config->accelerate, .speed = config->speed};
    for (size_t i = 0; i < config->settings_count; i++) {
        const struct kd_config_device *device = &config->settings[i];

        if (fnmatch(device->pattern, name, 0) != 0)
            continue;
        settings->accelerate = said(device->acceleration, settings->accelerate);
        settings->natural_scroll = said(device->natural_scroll, settings->natural_scroll);
        settings->left_handed = said(device->left_handed, settings->left_handed);
        settings->tap = said(device->tap, settings->tap);
        settings->ignore = said(device->ignore, settings->ignore);
        if (device->has_speed)
            settings->speed = device->speed;
        if (device->has_matrix)
            memcpy(settings->matrix, device->matrix, sizeof(settings->matrix));
        settings->has_matrix = settings->has_matrix || device->has_matrix;
    }
}

static const char *configured_output(const struct kd_server *server, const char *name)
{
    const struct kd_config_input *config = &server->config.input;
    const char *output = "";

    for (size_t i = 0; i < config->settings_count; i++)
        if (config->settings[i].output[0] && fnmatch(config->settings[i].pattern, name, 0) == 0)
            output = config->settings[i].output;
    return output;
}

/* The only display that is built in, if there is one alone. */
static struct kd_display *internal_panel(const struct kd_server *server)
{
    static const char *const prefixes[] = {"DSI-", "DPI-", "LVDS-", "eDP-"};
    struct kd_display *found = NULL;

    for (size_t i = 0; i < server->displays_count; i++)
        for (size_t j = 0; j < sizeof(prefixes) / sizeof(prefixes[0]); j++) {
            struct kd_display *display = server->displays[i];

            if (strncmp(display->output->name, prefixes[j], strlen(prefixes[j])) != 0)
                continue;
            if (found)
                return NULL;
            found = display;
        }
    return found;
}

struct kd_display *kd_device_display(const struct kd_server *server, const struct kd_device *device)
{
    const char *name = configured_output(server, device->info.name);
    struct kd_display *panel = NULL;

    if (!name[0])
        name = device->info.output;
    for (size_t i = 0; i < server->displays_count && name[0]; i++)
        if (strcmp(server->displays[i]->output->name, name) == 0)
            return server->displays[i];
    if (name[0])
        return NULL; /* nobody sees what it lies on */
    if (device->info.capabilities & KB_DEVICE_CAPABILITY_TOUCH && !device->is_injected)
        panel = internal_panel(server);
    return panel ? panel : kd_display_find(server, 0);
}

/* ---- What sources say ---------------------------------------------------------------------------- */

static void forget_refused(struct kd_inputs *inputs, const char *path)
{
    for (unsigned i = 0; i < inputs->refused_count; i++)
        if (strcmp(inputs->refused[i].path, path) == 0)
            inputs->refused[i--] = inputs->refused[--inputs->refused_count];
}

static uint32_t on_added(void *ctx, const struct kd_input_device *device)
{
    struct kd_server *server = ctx;

    forget_refused(&server->inputs, device->path);
    return kd_inputs_added(server, device, false);
}

static void on_removed(void *ctx, uint32_t device)
{
    kd_inputs_removed(ctx, device);
}

/* On a virtual clock everything happens when its displays say. */
static void on_input(void *ctx, const struct kd_input *input)
{
    struct kd_server *server = ctx;
    struct kd_input now = *input;

    if (server->clock.is_virtual)
        now.time_ns = kd_server_now_ns(server);
    kd_inputs_take(server, &now);
}

static void advise(const char *path, int error, char *text, size_t text_bytes)
{
    const struct group *group;
    struct stat status;

    snprintf(text, text_bytes, "%s", strerror(-error));
    if (error != -EACCES && error != -EPERM)
        return;
    group = stat(path, &status) == 0 && status.st_gid != 0 ? getgrgid(status.st_gid) : NULL;
    snprintf(text, text_bytes, "%s; add the daemon's user to the group %s", strerror(-error),
             group ? group->gr_name : "input");
}

static void on_refused(void *ctx, const char *path, const char *name, int error)
{
    struct kd_server *server = ctx;
    struct kd_inputs *inputs = &server->inputs;
    struct kd_refused *refused = NULL;
    char safe[sizeof(inputs->refused[0].name)], advice[sizeof(inputs->refused[0].advice)];

    if (!error) {
        forget_refused(inputs, path);
        return;
    }
    kd_input_safe_name(safe, sizeof(safe), name);
    for (unsigned i = 0; i < inputs->refused_count; i++)
        if (strcmp(inputs->refused[i].path, path) == 0)
            refused = &inputs->refused[i];
    if (refused && refused->error == error)
        return; /* said once */
    if (!refused && inputs->refused_count < KD_MAX_REFUSED)
        refused = &inputs->refused[inputs->refused_count++];
    advise(path, error, advice, sizeof(advice));
    KD_WARN("cannot open %s%s%s%s: %s", path, safe[0] ? " (" : "", safe, safe[0] ? ")" : "",
            advice);
    if (!refused)
        return;
    refused->error = error;
    snprintf(refused->path, sizeof(refused->path), "%s", path);
    memcpy(refused->name, safe, sizeof(safe));
    memcpy(refused->advice, advice, sizeof(advice));
}

static int on_open(void *ctx, const char *path)
{
    const struct kd_server *server = ctx;
    int fd;

    if (server->hardware)
        return kd_hardware_open(server->hardware, path);
    fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

static void on_close(void *ctx, int fd)
{
    const struct kd_server *server = ctx;

    if (server->hardware)
        kd_hardware_close(server->hardware, fd);
    else
        close(fd);
}

/* ---- The sources --------------------------------------------------------------------------------- */

static void drop_source(struct kd_source_in_use *used)
{
    kd_loop_unwatch(&used->watch);
    used->source->impl->destroy(used->source);
    used->source = NULL;
}

static void dispatch(struct kd_server *server, struct kd_source_in_use *used)
{
    int error = used->source->impl->dispatch(used->source, kd_server_now_ns(server));

    if (!error)
        return;
    KD_ERROR("%s: %s: its devices are gone", used->source->impl->name, strerror(-error));
    for (unsigned i = server->inputs.devices_count; i-- > 0;)
        if (server->inputs.devices[i]->source == used->source)
            kd_inputs_removed(server, server->inputs.devices[i]->number);
    drop_source(used);
}

static void on_ready(void *ctx)
{
    struct kd_source_in_use *used = ctx;

    used->server->inputs.speaking = used->source;
    dispatch(used->server, used);
    used->server->inputs.speaking = NULL;
}

/* Takes the source over. */
static void use(struct kd_server *server, struct kd_input_source *source, bool is_hardware)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_source_in_use *used = &inputs->sources[inputs->sources_count++];
    int fd = source->impl->get_fd(source);

    *used = (struct kd_source_in_use){.server = server,
                                      .source = source,
                                      .is_hardware = is_hardware,
                                      .watch = {on_ready, used, NULL}};
    if (fd >= 0 && kd_loop_watch(server->loop, &used->watch, fd) < 0)
        KD_ERROR("%s: cannot be watched", source->impl->name);
    on_ready(used);
}

static int begin_replay(struct kd_server *server)
{
    struct kd_input_source *source;
    char why[256];
    int error;

    if (server->config.input.replay[0] == '\0')
        return 0;
    error = kd_replay_create(&server->inputs.handler, server->config.input.replay,
                             kd_server_now_ns(server), why, sizeof(why), &source);
    if (error) {
        KD_ERROR("%s", why);
        return error;
    }
    use(server, source, false);
    return 0;
}

static int begin_recording(struct kd_server *server)
{
    const char *path = server->config.input.record;
    int error;

    if (path[0] == '\0')
        return 0;
    error = kd_recorder_create(path, kd_server_now_ns(server), &server->inputs.recorder);
    if (error)
        KD_ERROR("input cannot be recorded to %s: %s", path, strerror(-error));
    else
        KD_INFO("all input is recorded to %s, passwords too", path);
    return error;
}

/* Devices may have been told before the source was known. */
static void begin_one(struct kd_server *server, int error, struct kd_input_source *source,
                      const char *what)
{
    if (error) {
        KD_ERROR("no %s: %s", what, strerror(-error));
        return;
    }
    for (unsigned i = 0; i < server->inputs.devices_count; i++)
        if (!server->inputs.devices[i]->is_injected && !server->inputs.devices[i]->source)
            server->inputs.devices[i]->source = source;
    use(server, source, true);
}

static void begin_hardware(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;
    const char *mappings = server->config.input.mappings;
    struct kd_input_source *source = NULL;
    int error;

    inputs->has_hardware = true;
    error = kd_libinput_create(&inputs->handler, settings_of, &source);
    begin_one(server, error, source, "keyboards, mice and touch screens");
    source = NULL;
    error =
        kd_gamepads_create(&inputs->handler, settings_of, &mappings, mappings[0] ? 1 : 0, &source);
    begin_one(server, error, source, "gamepads");
}

int kd_sources_start(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;
    uint8_t wished = server->config.input.devices;
    int error;

    inputs->handler = (struct kd_input_handler){server,     on_added, on_removed, on_input,
                                                on_refused, on_open,  on_close};
    inputs->wants_hardware = wished == KD_ON || (wished == KD_AUTO && server->hardware);
    error = begin_recording(server);
    if (!error)
        error = begin_replay(server);
    if (!error && inputs->wants_hardware &&
        (!server->hardware || kd_hardware_is_active(server->hardware)))
        begin_hardware(server);
    return error;
}

void kd_sources_stop(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;

    for (unsigned i = 0; i < inputs->sources_count; i++)
        if (inputs->sources[i].source)
            drop_source(&inputs->sources[i]);
    inputs->sources_count = 0;
    if (inputs->recorder)
        kd_recorder_destroy(inputs->recorder);
    inputs->recorder = NULL;
}

void kd_sources_suspend(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;

    for (unsigned i = 0; i < inputs->sources_count; i++)
        if (inputs->sources[i].source && inputs->sources[i].is_hardware)
            inputs->sources[i].source->impl->suspend(inputs->sources[i].source);
}

void kd_sources_resume(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;

    if (inputs->wants_hardware && !inputs->has_hardware)
        begin_hardware(server);
    for (unsigned i = 0; i < inputs->sources_count; i++) {
        struct kd_source_in_use *used = &inputs->sources[i];

        if (!used->source || !used->is_hardware)
            continue;
        inputs->speaking = used->source;
        used->source->impl->resume(used->source);
        inputs->speaking = NULL;
    }
}

void kd_sources_set_leds(struct kd_server *server, uint32_t modifiers)
{
    struct kd_inputs *inputs = &server->inputs;

    for (unsigned i = 0; i < inputs->sources_count; i++)
        if (inputs->sources[i].source)
            inputs->sources[i].source->impl->set_leds(inputs->sources[i].source, modifiers);
}

int kd_sources_rumble(struct kd_server *server, uint32_t device, uint16_t strong, uint16_t weak,
                      uint32_t duration_ms)
{
    const struct kd_device *one = kd_inputs_device(&server->inputs, device);

    if (!one || !(one->info.capabilities & KB_DEVICE_CAPABILITY_GAMEPAD))
        return -ENODEV;
    return one->source ? one->source->impl->rumble(one->source, device, strong, weak, duration_ms)
                       : -EOPNOTSUPP;
}

void kd_sources_still(struct kd_server *server)
{
    for (unsigned i = 0; i < server->inputs.devices_count; i++) {
        struct kd_device *device = server->inputs.devices[i];

        if (device->is_shaking)
            kd_sources_rumble(server, device->number, 0, 0, 0);
        device->is_shaking = false;
    }
}

int64_t kd_sources_wake_ns(const struct kd_server *server)
{
    const struct kd_inputs *inputs = &server->inputs;
    int64_t wake_ns = 0;

    for (unsigned i = 0; i < inputs->sources_count; i++) {
        const struct kd_input_source *source = inputs->sources[i].source;
        int64_t at_ns = source ? source->impl->wake_ns(source) : 0;

        if (at_ns != 0 && (wake_ns == 0 || at_ns < wake_ns))
            wake_ns = at_ns;
    }
    return wake_ns;
}

void kd_sources_run(struct kd_server *server, int64_t now_ns)
{
    struct kd_inputs *inputs = &server->inputs;

    for (unsigned i = 0; i < inputs->sources_count; i++) {
        struct kd_source_in_use *used = &inputs->sources[i];
        int64_t at_ns = used->source ? used->source->impl->wake_ns(used->source) : 0;

        if (at_ns != 0 && at_ns <= now_ns)
            on_ready(used);
    }
}

#include "server/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "server/hardware.h"
#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "input"
#include "base/log.h"

/* With more windows than this nobody looks which of them hide others. */
#define MANY_WINDOWS 64

#define KD_SYSTEM_KEYBOARD "/etc/default/keyboard"

/* ---- Devices ------------------------------------------------------------------------------------ */

const struct kd_device *kd_inputs_device(const struct kd_inputs *inputs, uint32_t number)
{
    for (unsigned i = 0; i < inputs->devices_count; i++)
        if (inputs->devices[i]->number == number)
            return inputs->devices[i];
    return NULL;
}

static void announce(const struct kd_device *device, struct kd_client *client)
{
    const struct kd_input_device *info = &device->info;

    kd_event_device(client, &(struct kb_evt_device){.object = device->number,
                                                    .capabilities = info->capabilities,
                                                    .axes = info->axes,
                                                    .buttons = info->buttons,
                                                    .bus = info->bus,
                                                    .vendor = info->vendor,
                                                    .product = info->product,
                                                    .version = info->version,
                                                    .name = info->name,
                                                    .name_bytes = (uint32_t)strlen(info->name)});
}

void kd_inputs_announce(const struct kd_inputs *inputs, struct kd_client *client)
{
    for (unsigned i = 0; i < inputs->devices_count; i++)
        announce(inputs->devices[i], client);
}

uint32_t kd_inputs_added(struct kd_server *server, const struct kd_input_device *info,
                         bool is_injected)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_device *device;

    if (inputs->devices_count >= (is_injected ? KD_MAX_DEVICES / 2 : KD_MAX_DEVICES))
        return 0; /* clients leave room for what is plugged in */
    device = calloc(1, sizeof(*device));
    if (!device)
        return 0;
    device->number = ++inputs->devices_created;
    device->info = *info;
    device->source = inputs->speaking;
    device->is_injected = is_injected;
    device->is_upright = is_injected && info->capabilities & KB_DEVICE_CAPABILITY_POINTER;
    inputs->devices[inputs->devices_count++] = device;
    KD_INFO("device %u: %s%s%s", device->number, info->name, info->path[0] ? ", " : "", info->path);
    if (inputs->recorder)
        kd_recorder_added(inputs->recorder, device->number, info, kd_server_now_ns(server));
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->said_hello)
            announce(device, connection->client);
    return device->number;
}

/* Without a pointer there is no cursor. */
static bool has_pointer(const struct kd_inputs *inputs)
{
    for (unsigned i = 0; i < inputs->devices_count; i++)
        if (inputs->devices[i]->info.capabilities & KB_DEVICE_CAPABILITY_POINTER)
            return true;
    return false;
}

void kd_inputs_removed(struct kd_server *server, uint32_t number)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_device *device;
    unsigned i = 0;

    while (i < inputs->devices_count && inputs->devices[i]->number != number)
        i++;
    if (i == inputs->devices_count)
        return;
    kd_focus_unplugged(&inputs->focus, number, kd_server_now_ns(server));
    device = inputs->devices[i];
    inputs->devices_count--;
    memmove(&inputs->devices[i], &inputs->devices[i + 1],
            (inputs->devices_count - i) * sizeof(inputs->devices[0]));
    KD_INFO("device %u: %s: gone", number, device->info.name);
    if (inputs->recorder)
        kd_recorder_removed(inputs->recorder, number, kd_server_now_ns(server));
    if (device->info.capabilities & KB_DEVICE_CAPABILITY_POINTER && !has_pointer(inputs))
        kd_pointer_hide(server);
    for (struct kd_connection *connection = server->connections; connection;
         connection = connection->next)
        if (connection->said_hello)
            kd_event_device_gone(connection->client, number);
    free(device);
}

/* ---- Which windows can be seen ------------------------------------------------------------------- */

static bool is_somewhere(const struct kd_server *server, const struct kd_window *window,
                         struct kd_box *place)
{
    struct kd_global_box where, picture;

    if (!window->has_frame || window->shown.flags & KB_WINDOW_FLAG_HIDDEN ||
        !kd_window_place(server, window, &where, &picture))
        return false;
    *place = where.box;
    for (size_t i = 0; i < server->displays_count; i++)
        if (!kd_box_empty(kd_box_intersect(where.box, server->displays[i]->output->place.box)))
            return true;
    return false;
}

/* Whether another client's window covers it, whose client wants no input: what is typed is not for a window that nobody sees. */
static bool is_covered(const struct kd_server *server, const struct kd_window *window,
                       struct kd_box place)
{
    if (server->scene.windows_count > MANY_WINDOWS)
        return false;
    for (const struct kd_window *other = server->scene.windows; other; other = other->below) {
        struct kd_box cover;
        bool is_above = other->shown.z > window->shown.z ||
                        (other->shown.z == window->shown.z && other->created > window->created);

        if (is_above && !kd_window_wants_input(other) && other->client != window->client &&
            is_somewhere(server, other, &cover) && kd_box_contains(cover, place))
            return true;
    }
    return false;
}

static int compare_windows(const void *a, const void *b)
{
    const struct kd_window *one = *(const struct kd_window *const *)a,
                           *other = *(const struct kd_window *const *)b;

    if (one->shown.z != other->shown.z)
        return one->shown.z > other->shown.z ? -1 : 1;
    return one->created > other->created ? -1 : 1;
}

bool kd_inputs_can_see(const struct kd_server *server, const struct kd_window *window)
{
    struct kd_box place;

    return kd_window_wants_input(window) && is_somewhere(server, window, &place) &&
           !is_covered(server, window, place);
}

static void restack(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_window **visible =
        calloc(server->scene.windows_count + 1, sizeof(struct kd_window *));
    size_t count = 0;

    if (!visible)
        return; /* the next turn tries again */
    for (struct kd_window *window = server->scene.windows; window; window = window->below)
        if (kd_inputs_can_see(server, window))
            visible[count++] = window;
    qsort(visible, count, sizeof(struct kd_window *), compare_windows);
    inputs->is_stacked_anew = false;
    kd_focus_restack(&inputs->focus, visible, count, kd_server_now_ns(server));
    free(visible);
}

void kd_inputs_settle(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_window *under = NULL;

    if (inputs->is_stacked_anew)
        restack(server);
    if (server->pointer.is_shown)
        under = kd_inputs_window_at(server, server->pointer.at);
    if (under != inputs->focus.under)
        kd_focus_pointer(&inputs->focus, under, kd_server_now_ns(server));
}

/* ---- What clients ask for ------------------------------------------------------------------------- */

int kd_inputs_focus(void *ctx, struct kd_window *window, const char **why)
{
    struct kd_server *server = ctx;
    struct kd_focus *focus = &server->inputs.focus;

    if (server->inputs.is_stacked_anew)
        restack(server);
    *why = !window->client->wants_input ? "this client wants no input: say wants_input in hello"
           : !kd_inputs_can_see(server, window)
               ? "the window cannot be seen: show a frame of it, and do not hide it"
           : focus->window && focus->window->client != window->client
               ? "another client has the focus: raise the window, or wait for a click on it"
               : NULL;
    if (*why)
        return -EPERM;
    kd_focus_set(focus, window, kd_server_now_ns(server));
    return 0;
}

void kd_inputs_flags(void *ctx, struct kd_window *window)
{
    struct kd_server *server = ctx;
    struct kd_focus *focus = &server->inputs.focus;

    if (focus->window == window)
        kd_focus_lock(focus, window->input_flags & KB_WINDOW_INPUT_FLAG_LOCK_POINTER,
                      kd_server_now_ns(server));
}

int kd_inputs_rumble(void *ctx, struct kd_client *client, const struct kb_req_gamepad_rumble *in,
                     const char **why)
{
    struct kd_server *server = ctx;
    struct kd_inputs *inputs = &server->inputs;
    int error;

    if (!inputs->focus.window || inputs->focus.window->client != client) {
        *why = "this client does not have the focus";
        return -EPERM;
    }
    error = kd_sources_rumble(server, in->object, in->strong, in->weak, in->duration_ms);
    *why = error == -ENODEV ? "there is no such gamepad" : "this gamepad cannot shake";
    for (unsigned i = 0; i < inputs->devices_count && !error; i++)
        if (inputs->devices[i]->number == in->object)
            inputs->devices[i]->is_shaking = true;
    return error;
}

/* ---- Beginning and end --------------------------------------------------------------------------- */

/* Whether it is another keymap now. What is locked is forgotten with the one before. */
static bool set_keyboard(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;
    struct kd_keymap_names names = server->config.input.keyboard;

    kd_keymap_system_names(&names, KD_SYSTEM_KEYBOARD);
    if (inputs->keyboard.keymap && memcmp(&names, &inputs->asked, sizeof(names)) == 0)
        return false;
    inputs->asked = names;
    kd_keyboard_set(&inputs->keyboard, &names, &inputs->focus);
    return true;
}

/* Their devices come again, and are set up anew. */
static void set_up_again(struct kd_server *server)
{
    if (!server->inputs.has_hardware ||
        (server->hardware && !kd_hardware_is_active(server->hardware)))
        return;
    kd_sources_suspend(server);
    kd_sources_resume(server);
}

static bool are_same_settings(const struct kd_config_input *a, const struct kd_config_input *b)
{
    return a->accelerate == b->accelerate && a->speed == b->speed &&
           a->settings_count == b->settings_count &&
           memcmp(a->settings, b->settings, sizeof(a->settings)) == 0;
}

void kd_inputs_reload(struct kd_server *server, const struct kd_config_input *fresh)
{
    struct kd_config_input *config = &server->config.input;
    bool devices = !are_same_settings(config, fresh);
    bool keymap = config->repeat_delay_ms != fresh->repeat_delay_ms ||
                  config->repeat_rate != fresh->repeat_rate;
    struct kd_config_input before = *config;

    *config = *fresh;
    config->devices = before.devices; /* these need a restart */
    memcpy(config->record, before.record, sizeof(config->record));
    memcpy(config->replay, before.replay, sizeof(config->replay));
    memcpy(config->mappings, before.mappings, sizeof(config->mappings));
    server->inputs.focus.is_by_click = fresh->focus_click;
    keymap = set_keyboard(server) || keymap;
    for (struct kd_connection *connection = server->connections; connection && keymap;
         connection = connection->next)
        if (connection->has_keymap)
            kd_inputs_tell_keymap(server, connection);
    if (devices)
        set_up_again(server);
}

void kd_inputs_tell_keymap(const struct kd_server *server, struct kd_connection *connection)
{
    connection->has_keymap = true;
    kd_keyboard_tell(&server->inputs.keyboard, connection, server->config.input.repeat_delay_ms,
                     server->config.input.repeat_rate);
}

int kd_inputs_init(struct kd_server *server)
{
    struct kd_inputs *inputs = &server->inputs;

    kd_focus_init(&inputs->focus, &kd_inputs_out, server);
    inputs->focus.is_by_click = server->config.input.focus_click;
    inputs->keyboard.text_fd = -1;
    set_keyboard(server);
    return 0;
}

void kd_inputs_finish(struct kd_server *server)
{
    while (server->inputs.devices_count > 0)
        free(server->inputs.devices[--server->inputs.devices_count]);
    kd_keyboard_finish(&server->inputs.keyboard);
}

void kd_inputs_forget_window(struct kd_server *server, const struct kd_window *window)
{
    kd_focus_forget(&server->inputs.focus, window, kd_server_now_ns(server));
    server->inputs.is_stacked_anew = true;
}

void kd_inputs_forget_client(struct kd_server *server, struct kd_connection *connection)
{
    server->inputs.sent += kd_feed_sent(connection->feed);
    server->inputs.lost += kd_feed_lost(connection->feed);
    kd_inject_end(server, connection->injector);
    connection->injector = NULL;
}

/*
 * What the daemon uses, and why: lines for people who wonder what they see, or why it is black.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "server/config_keys.h"
#include "server/hardware.h"
#include "server/server.h"

struct text {
    char *out;
    size_t bytes, used;
    bool is_full;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *text, const char *format, ...)
{
    va_list arguments;
    int wanted;

    if (text->is_full)
        return;
    va_start(arguments, format);
    wanted = vsnprintf(text->out + text->used, text->bytes - text->used, format, arguments);
    va_end(arguments);
    text->is_full = wanted < 0 || (size_t)wanted >= text->bytes - text->used;
    if (!text->is_full)
        text->used += (size_t)wanted;
    while (text->is_full && text->used > 0 && text->out[text->used - 1] != '\n')
        text->used--; /* no half lines, and no half characters */
    text->out[text->used] = '\0';
}

static void say_daemon(struct text *text, const struct kd_server *server)
{
    static const char *const wished[] = {
        [KD_BACKEND_AUTO] = "auto", [KD_BACKEND_KMS] = "kms", [KD_BACKEND_HEADLESS] = "headless"};

    char real[600] = "";

    if (server->hardware)
        kd_hardware_describe(server->hardware, real, sizeof(real));
    say(text, "daemon: kmsblitd %s, pid %d, user id %u, %s clock\n", KMSBLIT_VERSION, (int)getpid(),
        (unsigned)geteuid(), server->clock.is_virtual ? "virtual" : "real");
    say(text, "backend: %s (asked for: %s)%s%s\n", server->hardware ? "kms" : "headless",
        wished[server->config.backend], server->hardware || server->reason[0] ? ": " : "",
        server->hardware ? real : server->reason);
    say(text, "renderer: %s (asked for: %s): %s, %u threads\n", server->renderer->impl->name,
        kd_config_renderers[server->config.renderer], server->renderer_reason,
        kd_jobs_threads(server->jobs));
    say(text, "clients: %u, windows: %u\n", server->connections_count,
        (unsigned)server->scene.windows_count);
}

static void say_view(struct text *text, const struct kd_output *output)
{
    static const char *const turns[] = {"", ", turned by 90 degrees", ", turned by 180 degrees",
                                        ", turned by 270 degrees"};
    const struct kd_view *view = &output->view;
    struct kd_box inner = view->inner;

    say(text, "%s", turns[view->rotation & 3]);
    if (view->reflect_x || view->reflect_y)
        say(text, ", reflected%s%s", view->reflect_x ? " left to right" : "",
            view->reflect_y ? " top to bottom" : "");
    if (inner.x1 > 0 || inner.y1 > 0 || inner.x2 < view->device_width_px ||
        inner.y2 < view->device_height_px)
        say(text, ", inside of a border in a mode of %" PRId32 "x%" PRId32, view->device_width_px,
            view->device_height_px);
}

static void say_display(struct text *text, const struct kd_display *display)
{
    const struct kd_output *output = display->output;
    struct kd_box box = output->place.box;

    say(text, "output %s: %" PRId32 "x%" PRId32 " at %" PRId32 ",%" PRId32, output->name,
        kd_box_width(box), kd_box_height(box), box.x1, box.y1);
    if (output->refresh_ns > 0)
        say(text, ", %.2f Hz", 1e9 / (double)output->refresh_ns);
    else
        say(text, ", not paced");
    say_view(text, output);
    say(text, ", %s%s", kd_output_state_name(output->state),
        display->is_dark ? " (dark: nothing has changed for long)" : "");
    if (output->description[0])
        say(text, ", %s", output->description);
    say(text, "\n");
    if (output->reason[0])
        say(text, "output %s: %s\n", output->name, output->reason);
    if (output->plane_reason[0])
        say(text, "output %s: %s\n", output->name, output->plane_reason);
    if (display->cursor.reason[0])
        say(text, "output %s: %s\n", output->name, display->cursor.reason);
    say(text, "output %s: %" PRIu64 " flips, %" PRIu64 " refreshes missed\n", output->name,
        display->stats.flips, display->stats.missed);
}

/* Why nobody can see a window. */
static const char *unseen(const struct kd_server *server, const struct kd_window *window)
{
    if (window->shown.flags & KB_WINDOW_FLAG_HIDDEN)
        return "hidden by its program";
    if (!window->has_frame)
        return "not shown: it has had no frame yet";
    if (server->displays_count == 0)
        return "not shown: there is no output";
    return kd_display_find(server, window->shown.output)
               ? "not shown: it is outside of every output that is on"
               : "not shown: its output is not there";
}

static void say_window(struct text *text, const struct kd_server *server,
                       const struct kd_window *window)
{
    const struct kd_window_attr *attr = &window->shown;
    const struct kd_display *display = kd_window_display(server, window);
    struct kd_global_box place, picture;

    say(text, "window \"%s\" of %s: %" PRId32 "x%" PRId32, window->title, window->client->name,
        attr->width_px, attr->height_px);
    if (display && window->has_frame && kd_window_place(server, window, &place, &picture))
        say(text,
            ", drawn %" PRId32 "x%" PRId32 " at %" PRId32 ",%" PRId32 " on output %s, z %" PRId32,
            kd_box_width(picture.box), kd_box_height(picture.box), picture.box.x1, picture.box.y1,
            display->output->name, attr->z);
    else
        say(text, ", %s", unseen(server, window));
    say(text, "; %" PRIu64 " frames presented, %" PRIu64 " discarded\n",
        window->stats.frames_presented, window->stats.frames_discarded);
}

static void say_device(struct text *text, const struct kd_server *server,
                       const struct kd_device *device)
{
    static const char *const names[] = {"keyboard", "pointer", "touch screen",
                                        "gamepad",  NULL,      "shakes"};
    const struct kd_input_device *info = &device->info;
    const struct kd_display *display = kd_device_display(server, device);
    const char *between = ": ";

    say(text, "device %u: %s%s%s", device->number, info->name, info->path[0] ? ", " : "",
        info->path);
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!names[i] || !(info->capabilities & 1u << i))
            continue;
        say(text, "%s%s", between, names[i]);
        between = ", ";
    }
    if (info->capabilities & KB_DEVICE_CAPABILITY_GAMEPAD)
        say(text, " (%u axes, %u buttons, layout %s)", info->axes, info->buttons,
            info->capabilities & KB_DEVICE_CAPABILITY_MAPPED ? "known" : "not known");
    if (info->capabilities & KB_DEVICE_CAPABILITY_TOUCH)
        say(text, ", on %s",
            display ? display->output->name : "an output that is not there: it is not used");
    say(text, "%s\n", device->is_injected ? ", injected by a client" : "");
}

static void say_input(struct text *text, const struct kd_server *server)
{
    const struct kd_inputs *inputs = &server->inputs;
    const struct kd_keymap_names *names = &inputs->keyboard.names;
    const struct kd_window *window = inputs->focus.window;

    say(text, "input: %s, %u devices\n",
        !inputs->wants_hardware ? "devices are not used (without real displays, --input on)"
        : !inputs->has_hardware ? "devices are used when the session is active"
                                : "devices are used",
        inputs->devices_count);
    for (unsigned i = 0; i < inputs->devices_count; i++)
        say_device(text, server, inputs->devices[i]);
    for (unsigned i = 0; i < inputs->refused_count; i++)
        say(text, "device %s%s%s%s: cannot be used: %s\n", inputs->refused[i].path,
            inputs->refused[i].name[0] ? " (" : "", inputs->refused[i].name,
            inputs->refused[i].name[0] ? ")" : "", inputs->refused[i].advice);
    if (inputs->keyboard.reason[0])
        say(text, "keymap: %s\n", inputs->keyboard.reason);
    say(text, "keymap: %s%s%s%s%s\n",
        !inputs->keyboard.keymap ? "none"
        : names->layout[0]       ? names->layout
                                 : "us",
        names->variant[0] ? ", variant " : "", names->variant,
        names->options[0] ? ", options " : "", names->options);
    if (window)
        say(text, "focus: window \"%s\" of %s\n", window->title, window->client->name);
    else
        say(text, "focus: nobody's\n");
}

void kd_describe(void *ctx, char *out, size_t out_bytes)
{
    const struct kd_server *server = ctx;
    struct text text = {.out = out, .bytes = out_bytes};

    say_daemon(&text, server);
    if (server->displays_count == 0)
        say(&text, "output: none; waiting for a display to be connected\n");
    for (size_t i = 0; i < server->displays_count; i++)
        say_display(&text, server->displays[i]);
    for (const struct kd_window *window = server->scene.windows; window; window = window->below)
        say_window(&text, server, window);
    say_input(&text, server);
}

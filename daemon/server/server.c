#include "server/server.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/pool.h"
#include "server/hardware.h"
#include "server/renderer.h"
#include "server/simulate.h"
#include "socket/events.h"

#define KD_LOG_MODULE "server"
#include "base/log.h"

int64_t kd_server_now_ns(const struct kd_server *server)
{
    return kd_clock_now_ns(&server->clock);
}

/* ---- What requests need ---------------------------------------------------------------------- */

static void host_announce_outputs(void *ctx, struct kd_connection *connection)
{
    struct kd_server *server = ctx;

    for (size_t i = 0; i < server->displays_count; i++)
        kd_displays_announce(server->displays[i]->output, connection->client);
}

static bool host_output_exists(void *ctx, uint32_t id)
{
    const struct kd_server *server = ctx;

    for (size_t i = 0; i < server->displays_count; i++)
        if (server->displays[i]->output->id == id)
            return true;
    return false;
}

static void host_window_created(void *ctx, struct kd_window *window)
{
    struct kd_server *server = ctx;

    if (server->clock.is_virtual)
        window->simulated_draw_ns =
            kd_simulated_draw_ns(server->config.simulate_draw, window->title);
    kd_window_report(server, window);
}

static void host_window_adopted(void *ctx, struct kd_window *window)
{
    struct kd_server *server = ctx;

    server->inputs.is_stacked_anew = true;
    kd_window_report(server, window);
}

static void host_window_queued(void *ctx, struct kd_window *window)
{
    kd_paint_pump(ctx, window);
}

/* Frames that are not answered are discarded now: their client may still be there. */
static void host_window_destroyed(void *ctx, struct kd_window *window)
{
    struct kd_server *server = ctx;
    int64_t now_ns = kd_server_now_ns(server);

    for (size_t i = 0; i < server->displays_count; i++)
        kd_display_forget_window(server->displays[i], window, now_ns);
    for (const struct kd_frame *frame = window->queue; frame; frame = frame->next)
        if (frame->is_answered)
            kd_window_discarded(window, frame, KB_DISCARD_REASON_HIDDEN, now_ns);
    kd_window_damage(server, window);
    kd_inputs_forget_window(server, window);
}

static void host_client_gone(void *ctx, struct kd_connection *connection)
{
    kd_inputs_forget_client(ctx, connection);
}

static void host_announce_devices(void *ctx, struct kd_connection *connection)
{
    const struct kd_server *server = ctx;

    kd_inputs_announce(&server->inputs, connection->client);
}

static struct kd_host host_of(struct kd_server *server)
{
    return (struct kd_host){
        .ctx = server,
        .scene = &server->scene,
        .jobs = server->jobs,
        .policy = {.owner = geteuid(), .everyone = server->config.everyone},
        .token = kd_hash_mix(server->seed, 1),
        .max_client_bytes = server->config.max_client_bytes,
        .max_client_objects = server->config.max_client_objects,
        .faults = &server->faults,
        .virtual_clock = server->clock.is_virtual,
        .announce_outputs = host_announce_outputs,
        .output_exists = host_output_exists,
        .window_created = host_window_created,
        .window_adopted = host_window_adopted,
        .window_queued = host_window_queued,
        .canvas_frame = kd_canvas_frame,
        .window_destroyed = host_window_destroyed,
        .client_gone = host_client_gone,
        .inject = kd_inject,
        .window_focus = kd_inputs_focus,
        .window_input = kd_inputs_flags,
        .rumble = kd_inputs_rumble,
        .announce_devices = host_announce_devices,
        .screenshot = kd_tools_screenshot,
        .statistics = kd_tools_statistics,
        .describe = kd_describe,
        .clock_step = kd_tools_clock_step,
    };
}

/* ---- Being up to date ------------------------------------------------------------------------- */

static int64_t earlier_ns(int64_t a_ns, int64_t b_ns)
{
    return a_ns == 0 || (b_ns != 0 && b_ns < a_ns) ? b_ns : a_ns;
}

int64_t kd_server_wake_ns(const struct kd_server *server)
{
    int64_t now_ns = kd_server_now_ns(server), wake_ns = server->discard_at_ns;

    wake_ns = earlier_ns(wake_ns, kd_hardware_wake_ns(server->hardware));
    wake_ns = earlier_ns(wake_ns, kd_sources_wake_ns(server));
    wake_ns = earlier_ns(wake_ns, kd_shortcuts_wake_ns(server));
    for (size_t i = 0; i < server->displays_count; i++)
        wake_ns = earlier_ns(wake_ns, kd_display_wake_ns(server->displays[i]));
    for (const struct kd_window *window = server->scene.windows; window; window = window->below)
        if (window->drawn_until_ns > now_ns)
            wake_ns = earlier_ns(wake_ns, window->drawn_until_ns);
    return wake_ns;
}

int64_t kd_server_real_wake_ns(const struct kd_server *server)
{
    int64_t wake_ns = server->clock.is_virtual ? 0 : kd_server_wake_ns(server);

    for (const struct kd_connection *connection = server->connections; connection;
         connection = connection->next) {
        wake_ns = earlier_ns(wake_ns, kd_peer_deadline_ns(connection->peer));
        wake_ns = earlier_ns(wake_ns, connection->hello_by_ns);
    }
    return wake_ns;
}

static void finish_step(struct kd_server *server)
{
    struct kd_step *step = server->steps;

    server->steps = step->next;
    kd_event_done(step->client, 0, step->serial);
    kd_client_unref(step->client);
    kd_pool_put(step);
}

/* Moves a virtual clock towards where a client wants it, one event at a time, and only when all work is done. True if something may be due now. */
static bool step_clock(struct kd_server *server)
{
    struct kd_step *step = server->steps;
    struct kd_clock *clock = &server->clock;
    int64_t wake_ns;

    if (!step || !kd_jobs_idle(server->jobs) || kd_loop_has_messages(server->loop))
        return false;
    if (step->target_ns == 0)
        step->target_ns = clock->virtual_ns + (int64_t)step->duration_ns;
    wake_ns = kd_server_wake_ns(server);
    if (wake_ns != 0 && wake_ns <= step->target_ns) {
        clock->virtual_ns = wake_ns > clock->virtual_ns ? wake_ns : clock->virtual_ns;
        return true;
    }
    clock->virtual_ns = step->target_ns;
    finish_step(server);
    return true;
}

void kd_server_settle(struct kd_server *server)
{
    do {
        int64_t now_ns = kd_server_now_ns(server);

        for (struct kd_window *window = server->scene.windows; window; window = window->below) {
            if (!window->queue)
                continue;
            kd_paint_pump(server, window);
            kd_windows_advance(server, window);
        }
        kd_windows_discard(server, now_ns);
        if (server->hardware)
            kd_hardware_run(server->hardware, now_ns);
        kd_sources_run(server, now_ns);
        kd_shortcuts_run(server, now_ns);
        kd_pointer_settle(server);
        for (size_t i = 0; i < server->displays_count; i++)
            kd_display_run(server->displays[i], now_ns);
        kd_displays_reap(server);
        kd_renderer_reap(server);
        kd_inputs_settle(server);
    } while (step_clock(server));
}

/* ---- Beginning and end ------------------------------------------------------------------------ */

static int create_listener(struct kd_server *server)
{
    char path[108], why[256];
    int fd = kd_loop_activation_fd(), error;

    if (fd >= 0) {
        error = kd_listener_adopt(fd, why, sizeof(why), &server->listener);
    } else {
        error = kd_config_socket_path(&server->config, path, sizeof(path));
        if (error) {
            KD_ERROR("the socket's path is too long: at most 107 bytes");
            return error;
        }
        error = kd_listener_create(path, server->config.socket_mode,
                                   kd_config_socket_gid(&server->config), why, sizeof(why),
                                   &server->listener);
    }
    if (error)
        KD_ERROR("%s", why);
    else
        KD_INFO("listening at %s", kd_listener_path(server->listener));
    return error;
}

bool kd_server_is_direct(const struct kd_server *server)
{
    return kd_switch_is_on(KD_SWITCH_DIRECT) &&
           (server->renderer->impl->is_direct || server->config.simulate_direct);
}

int kd_server_create(const struct kd_config *config, struct kd_server **out)
{
    struct kd_server *server = calloc(1, sizeof(*server));
    int error = -ENOMEM;

    if (!server)
        return error;
    server->config = *config;
    server->seed = kd_hash_process_seed();
    kd_clock_init(&server->clock, config->clock == KD_CLOCK_VIRTUAL);
    error = create_listener(server);
    if (!error)
        error = kd_backend_prepare(server);
    if (!error)
        error = kd_jobs_create(config->threads, &server->jobs);
    if (!error)
        error = kd_renderer_start(server);
    if (!error) {
        server->host = host_of(server);
        error = kd_inputs_init(server);
    }
    if (!error) {
        error = kd_loop_create(server, &server->loop);
    }
    if (!error)
        error = kd_backend_start(server);
    if (!error)
        error = kd_sources_start(server);
    if (error) {
        if (!server->listener)
            KD_DEBUG("giving up");
        else
            KD_ERROR("cannot start: %s", strerror(-error));
        kd_server_destroy(server);
        return error;
    }
    KD_INFO("kmsblitd " KMSBLIT_VERSION ": renderer %s, %u threads", server->renderer->impl->name,
            kd_jobs_threads(server->jobs));
    *out = server;
    return 0;
}

/* Work under way refers to clients, windows and buffers: wait for it. It comes in slices, so not for long. */
static void drain_jobs(struct kd_server *server)
{
    struct pollfd poll_fd = {.fd = kd_jobs_fd(server->jobs), .events = POLLIN};

    while (!kd_jobs_idle(server->jobs)) {
        poll(&poll_fd, 1, -1);
        kd_jobs_collect(server->jobs);
    }
}

void kd_server_destroy(struct kd_server *server)
{
    if (!server)
        return;
    while (server->connections) {
        struct kd_connection *connection = server->connections;

        server->connections = connection->next;
        kd_loop_forget(server->loop, connection);
        kd_connection_destroy(connection);
    }
    while (server->steps)
        finish_step(server);
    if (server->jobs)
        drain_jobs(server);
    kd_sources_stop(server);
    kd_hardware_stop(server->hardware);
    kd_loop_destroy(server->loop);
    kd_displays_stop(server);
    kd_hardware_destroy(server->hardware);
    kd_renderer_stop(server);
    kd_jobs_destroy(server->jobs);
    kd_listener_destroy(server->listener);
    kd_inputs_finish(server);
    kd_pointer_finish(&server->pointer);
    free(server);
}

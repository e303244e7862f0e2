/*
 * The event loop: everything about sd-event. No timer runs when nothing is due.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "server/fdstore.h"
#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "loop"
#include "base/log.h"

/* Messages of one client that are handled before the others have their turn. */
#define MESSAGES_PER_TURN 64

struct kd_loop {
    struct kd_server *server;
    sd_event *event;
    sd_event_source *timer; /* for whatever is due next */
    sd_event_source *more;  /* messages are buffered: comes back without waiting */
    bool has_messages;      /* some client's messages are buffered */
};

bool kd_loop_has_messages(const struct kd_loop *loop)
{
    return loop->has_messages;
}

int kd_loop_activation_fd(void)
{
    int fd = kd_fdstore_take_socket(), extra, others = 0;

    while ((extra = kd_fdstore_take_socket()) >= 0) {
        close(extra);
        others++;
    }
    if (others > 0)
        KD_WARN("systemd passed %d sockets; only the first is used", others + 1);
    return fd;
}

void kd_loop_forget(struct kd_loop *loop, struct kd_connection *connection)
{
    (void)loop;
    sd_event_source_disable_unref(connection->watch);
    connection->watch = NULL;
}

static void end_connection(struct kd_loop *loop, struct kd_connection *connection)
{
    struct kd_server *server = loop->server;
    struct kd_connection **link = &server->connections;

    while (*link != connection)
        link = &(*link)->next;
    *link = connection->next;
    server->connections_count--;
    server->requests += connection->client->stats.requests;
    server->errors += connection->client->stats.errors;
    server->bytes_received += kd_peer_received_bytes(connection->peer);
    server->bytes_sent += kd_peer_sent_bytes(connection->peer);
    KD_DEBUG("client %u (%s): gone", connection->client->number, connection->client->name);
    kd_loop_forget(loop, connection);
    kd_connection_destroy(connection);
}

/* Reads, handles and writes what is there. */
static void serve(struct kd_loop *loop, struct kd_connection *connection, uint32_t revents)
{
    int64_t now_ns = kd_clock_real_ns();
    int result = kd_peer_dispatch(connection->peer, revents, now_ns, MESSAGES_PER_TURN);

    if (result < 0) {
        end_connection(loop, connection);
        return;
    }
    if (result == 1)
        loop->has_messages = true;
    kd_connection_check_hello(connection, now_ns);
}

static int on_peer(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
    struct kd_connection *connection = ctx;
    struct kd_server *server = connection->host->ctx;

    (void)source;
    (void)fd;
    serve(server->loop, connection, revents);
    return 0;
}

/* Every client's turn: buffered messages, deadlines, and clients that waited for a job. */
static void serve_all(struct kd_loop *loop)
{
    struct kd_connection *next;

    loop->has_messages = false;
    for (struct kd_connection *connection = loop->server->connections; connection;
         connection = next) {
        next = connection->next;
        serve(loop, connection, 0);
    }
}

static int on_more(sd_event_source *source, void *ctx)
{
    (void)source;
    serve_all(ctx);
    return 0;
}

static void accept_one(struct kd_loop *loop, int fd)
{
    struct kd_server *server = loop->server;
    struct kd_connection *connection;
    sd_event_source *watch = NULL;

    if (kd_connection_create(fd, &server->host, kd_clock_real_ns(), &connection) < 0) {
        KD_ERROR("a client cannot be served: out of memory");
        return;
    }
    if (sd_event_add_io(loop->event, &watch, kd_peer_fd(connection->peer), EPOLLIN, on_peer,
                        connection) < 0) {
        kd_connection_destroy(connection);
        return;
    }
    connection->watch = watch;
    connection->next = server->connections;
    server->connections = connection;
    if (server->connections_count++ >= server->config.max_clients) {
        kd_connection_error(
            connection, 0, 0, KB_ERROR_CODE_QUOTA, 0,
            "this daemon has as many clients as it may (%u): raise clients in kmsblitd.conf",
            server->config.max_clients);
        kd_peer_shut(connection->peer);
    }
}

static int on_listener(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
    struct kd_loop *loop = ctx;

    (void)source;
    (void)fd;
    (void)revents;
    for (int i = 0; i < 16; i++) {
        int accepted = kd_listener_accept(loop->server->listener);

        if (accepted < 0)
            break;
        accept_one(loop, accepted);
    }
    return 0;
}

static int on_jobs(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
    struct kd_loop *loop = ctx;

    (void)source;
    (void)fd;
    (void)revents;
    kd_jobs_collect(loop->server->jobs);
    serve_all(loop);
    return 0;
}

static int on_timer(sd_event_source *source, uint64_t due_us, void *ctx)
{
    (void)source;
    (void)due_us;
    serve_all(ctx);
    return 0;
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
    struct kd_loop *loop = ctx;

    (void)source;
    KD_INFO("ending: %s", strsignal((int)info->ssi_signo));
    sd_notify(0, "STOPPING=1");
    return sd_event_exit(loop->event, 0);
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *ctx)
{
    struct kd_loop *loop = ctx;

    (void)source;
    (void)info;
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)(kd_clock_real_ns() / 1000));
    kd_server_reload(loop->server);
    sd_notify(0, "READY=1");
    return 0;
}

static void watch_connections(struct kd_loop *loop)
{
    struct kd_connection *next;

    for (struct kd_connection *connection = loop->server->connections; connection;
         connection = next) {
        next = connection->next;
        kd_feed_flush(connection->feed);
        if (kd_peer_flush(connection->peer) < 0) {
            end_connection(loop, connection);
            continue;
        }
        kd_feed_written(connection->feed, kd_server_now_ns(loop->server),
                        &loop->server->inputs.latency);
        sd_event_source_set_io_events(connection->watch, kd_peer_events(connection->peer));
    }
}

static void arm_timer(struct kd_loop *loop)
{
    int64_t wake_ns = kd_server_real_wake_ns(loop->server);

    sd_event_source_set_enabled(loop->more, loop->has_messages ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
    if (wake_ns == 0) {
        sd_event_source_set_enabled(loop->timer, SD_EVENT_OFF);
        return;
    }
    sd_event_source_set_time(loop->timer, (uint64_t)(wake_ns + 999) / 1000);
    sd_event_source_set_enabled(loop->timer, SD_EVENT_ONESHOT);
}

/* After each turn. A client that is found gone while its answers are written leaves damage behind: once more, then. */
static void settle(struct kd_loop *loop)
{
    unsigned connections;

    loop->server->wakeups++;
    do {
        connections = loop->server->connections_count;
        kd_server_settle(loop->server);
        watch_connections(loop);
    } while (connections != loop->server->connections_count);
    arm_timer(loop);
}

static int on_settle(sd_event_source *source, void *ctx)
{
    (void)source;
    settle(ctx);
    return 0;
}

static int on_watch(sd_event_source *source, int fd, uint32_t revents, void *ctx)
{
    const struct kd_watch *watch = ctx;

    (void)source;
    (void)fd;
    (void)revents;
    watch->ready(watch->ctx);
    return 0;
}

int kd_loop_watch(struct kd_loop *loop, struct kd_watch *watch, int fd)
{
    sd_event_source *source = NULL;
    int r = sd_event_add_io(loop->event, &source, fd, EPOLLIN, on_watch, watch);

    watch->source = source;
    return r < 0 ? r : 0;
}

void kd_loop_unwatch(struct kd_watch *watch)
{
    sd_event_source_disable_unref(watch->source);
    watch->source = NULL;
}

/* The loop's own sources; all float: they go with the event. */
static int add_sources(struct kd_loop *loop)
{
    struct kd_server *server = loop->server;
    sd_event_source *settle_source;
    sigset_t signals;
    int r;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    r = sd_event_add_signal(loop->event, NULL, SIGTERM, on_signal, loop);
    if (r >= 0)
        r = sd_event_add_signal(loop->event, NULL, SIGINT, on_signal, loop);
    if (r >= 0)
        r = sd_event_add_signal(loop->event, NULL, SIGHUP, on_hangup, loop);
    if (r >= 0)
        r = sd_event_add_io(loop->event, NULL, kd_listener_fd(server->listener), EPOLLIN,
                            on_listener, loop);
    if (r >= 0)
        r = sd_event_add_io(loop->event, NULL, kd_jobs_fd(server->jobs), EPOLLIN, on_jobs, loop);
    if (r >= 0)
        r = sd_event_add_defer(loop->event, &loop->more, on_more, loop);
    if (r >= 0)
        r = sd_event_add_time(loop->event, &loop->timer, CLOCK_MONOTONIC, 0, 1, on_timer, loop);
    if (r >= 0)
        r = sd_event_add_post(loop->event, &settle_source, on_settle, loop);
    if (r >= 0)
        r = sd_event_source_set_floating(settle_source, 1);
    if (r >= 0)
        sd_event_source_unref(settle_source);
    return r < 0 ? r : 0;
}

int kd_loop_create(struct kd_server *server, struct kd_loop **out)
{
    struct kd_loop *loop = calloc(1, sizeof(*loop));
    int r;

    if (!loop)
        return -ENOMEM;
    loop->server = server;
    r = sd_event_new(&loop->event);
    if (r >= 0)
        r = sd_event_set_watchdog(loop->event,
                                  true); /* if the service manager wants to hear of us */
    if (r >= 0)
        r = add_sources(loop);
    if (r < 0) {
        kd_loop_destroy(loop);
        return r;
    }
    *out = loop;
    return 0;
}

void kd_loop_destroy(struct kd_loop *loop)
{
    if (!loop)
        return;
    sd_event_source_disable_unref(loop->timer);
    sd_event_source_disable_unref(loop->more);
    sd_event_unref(loop->event);
    free(loop);
}

static void announce_ready(const struct kd_config *config)
{
    sd_notify(0, "READY=1");
    if (config->ready_fd >= 0) {
        if (write(config->ready_fd, "\n", 1) != 1)
            KD_WARN("--ready-fd %d: %s", config->ready_fd, strerror(errno));
        close(config->ready_fd);
    }
}

void kd_loop_quit(struct kd_loop *loop, int result)
{
    sd_event_exit(loop->event, result);
}

int kd_loop_run(struct kd_loop *loop)
{
    settle(loop);
    announce_ready(&loop->server->config);
    return sd_event_loop(loop->event);
}

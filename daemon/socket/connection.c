#include "socket/connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gen/kmsblit_proto.h"
#include "socket/events.h"
#include "socket/feed.h"
#include "socket/launch.h"

#define KD_LOG_MODULE "client"
#include "base/log.h"

enum kb_error_code kd_error_code(int error)
{
    switch (error) {
    case -EINVAL: return KB_ERROR_CODE_BAD_VALUE;
    case -EEXIST: return KB_ERROR_CODE_ID_IN_USE;
    case -EDQUOT: return KB_ERROR_CODE_QUOTA;
    case -EBADF: return KB_ERROR_CODE_BAD_FD;
    case -ENOSYS: return KB_ERROR_CODE_NOT_IMPLEMENTED;
    case -ENOMEM: return KB_ERROR_CODE_NO_MEMORY;
    default: return KB_ERROR_CODE_IO;
    }
}

void kd_connection_error(struct kd_connection *connection, uint32_t object, uint32_t serial,
                         enum kb_error_code code, uint32_t detail, const char *format, ...)
{
    const struct kb_message_info *info = kb_message_info(connection->opcode);
    struct kd_client *client = connection->client;
    char text[400];
    va_list args;
    int length;

    va_start(args, format);
    length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= sizeof(text))
        length = length < 0 ? 0 : (int)sizeof(text) - 1;
    KD_DEBUG("client %u (%s): %s refused: %s", client->number, client->name,
             info ? info->name : "message", text);
    kd_event_error(client, &(struct kb_evt_error){.object = object,
                                                  .serial = serial,
                                                  .code = (uint16_t)code,
                                                  .request = connection->opcode,
                                                  .detail = detail,
                                                  .message = text,
                                                  .message_bytes = (uint32_t)length});
}

void *kd_connection_object(struct kd_connection *connection, uint32_t id, enum kd_object_kind kind,
                           uint32_t serial)
{
    static const char *const names[] = {"object", "image", "window"};
    enum kd_object_kind found;
    void *object = kd_objects_get(&connection->client->objects, id, &found);

    if (object && found == kind)
        return object;
    if (!object)
        kd_connection_error(connection, id, serial, KB_ERROR_CODE_BAD_OBJECT, 0,
                            "there is no %s 0x%x: it was never created, or has been destroyed",
                            names[kind], id);
    else
        kd_connection_error(connection, id, serial, KB_ERROR_CODE_WRONG_KIND, 0,
                            "0x%x is a %s, not a %s", id, names[found], names[kind]);
    return NULL;
}

/* Clients can misbehave without end; the log must not grow with it. */
static void log_ended(const struct kd_connection *connection, const char *what)
{
    const struct kd_client *client = connection->client;
    uint32_t suppressed;

    if (!kd_log_allow(connection->host->faults, kd_clock_real_ns(), &suppressed))
        return;
    KD_WARN("client %u (%s): ended: %s", client->number, client->name, what);
    if (suppressed > 0)
        KD_WARN("and %u more such messages were left out", suppressed);
}

/* The last thing a client hears before the connection ends. */
static void on_broken(void *ctx, unsigned code, const char *what, uint32_t offset)
{
    struct kd_connection *connection = ctx;

    log_ended(connection, what);
    kd_connection_error(connection, 0, 0, (enum kb_error_code)code, offset, "%s", what);
}

static void close_fds(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
}

/* False, and the fds are closed, if the request is not to be handled. */
static bool check_permitted(struct kd_connection *connection, const struct kb_header *header)
{
    if (!connection->said_hello && header->opcode != KB_REQ_HELLO) {
        kd_connection_error(connection, header->object, header->serial, KB_ERROR_CODE_PROTOCOL, 0,
                            "the first request must be hello");
        kd_peer_shut(connection->peer);
        return false;
    }
    return true;
}

static int on_message(void *ctx, const void *message, size_t message_bytes, const int *fds,
                      unsigned fds_count)
{
    struct kd_connection *connection = ctx;
    const struct kb_header *header = message;
    struct kb_wire_error error = {.what = "", .offset = 0};
    int taken[KB_MAX_FDS] = {-1, -1, -1, -1}; /* decoding claims them one by one */
    int result;

    memcpy(taken, fds, fds_count * sizeof(*fds));

    connection->opcode = header->opcode;
    connection->client->stats.requests++;
    if (!check_permitted(connection, header)) {
        close_fds(fds, fds_count);
        return 0;
    }
    result = header->opcode < 0x8000 ? kb_req_dispatch(&kd_request_handler, connection, message,
                                                       message_bytes, taken, fds_count, &error)
                                     : -EOPNOTSUPP;
    if (result == -ENOSYS) { /* well-formed, but there is no handler */
        close_fds(fds, fds_count);
        kd_connection_error(connection, header->object, header->serial,
                            KB_ERROR_CODE_NOT_IMPLEMENTED, 0, "this daemon cannot do %s yet",
                            kb_message_info(header->opcode)->name);
        return 0;
    }
    if (result == -EPROTO || result == -EOPNOTSUPP) {
        close_fds(fds, fds_count); /* nothing was handed over */
        if (result != -EPROTO)
            error.what = "there is no request with this opcode";
        log_ended(connection, error.what);
        kd_connection_error(connection, header->object, header->serial, KB_ERROR_CODE_PROTOCOL,
                            error.offset, "%s", error.what);
        kd_peer_shut(connection->peer);
        return 0;
    }
    return result;
}

int kd_connection_create(int fd, const struct kd_host *host, int64_t now_ns,
                         struct kd_connection **out)
{
    static const struct kd_peer_handler handler = {.message = on_message, .broken = on_broken};
    struct kd_connection *connection = calloc(1, sizeof(*connection));

    if (!connection) {
        close(fd);
        return -ENOMEM;
    }
    connection->host = host;
    connection->hello_by_ns = now_ns + KB_HELLO_DEADLINE_MS * KD_NS_PER_MS;
    if (kd_client_create(host->scene, host->jobs, host->max_client_bytes, host->max_client_objects,
                         &connection->client) < 0) {
        close(fd);
        free(connection);
        return -ENOMEM;
    }
    if (kd_peer_create(fd, &handler, connection, &connection->peer) < 0) {
        kd_client_unref(connection->client);
        free(connection);
        return -ENOMEM;
    }
    connection->client->connection = connection;
    connection->client->permissions =
        kd_policy_permissions(&host->policy, kd_peer_identity(connection->peer));
    *out = connection;
    return 0;
}

void kd_connection_check_hello(struct kd_connection *connection, int64_t now_ns)
{
    if (connection->hello_by_ns == 0 || now_ns < connection->hello_by_ns)
        return;
    connection->hello_by_ns = 0;
    connection->opcode = KB_REQ_HELLO;
    kd_connection_error(connection, 0, 0, KB_ERROR_CODE_TIMEOUT, 0,
                        "hello did not come within 10 seconds");
    kd_peer_shut(connection->peer);
}

static void destroy_object(void *ctx, uint32_t id, enum kd_object_kind kind, void *object)
{
    struct kd_connection *connection = ctx;

    kd_objects_remove(&connection->client->objects, id);
    if (kind == KD_OBJECT_IMAGE)
        kd_image_destroy(object);
    else
        kd_launch_window_gone(connection->host, object, true);
}

void kd_connection_destroy(struct kd_connection *connection)
{
    if (!connection)
        return;
    connection->client->connection = NULL;
    kd_lane_abandon(connection->client->lane);
    kd_objects_each(&connection->client->objects, destroy_object, connection);
    kd_launch_client_gone(connection->host, connection->client);
    connection->host->client_gone(connection->host->ctx, connection);
    kd_client_unref(connection->client);
    kd_feed_destroy(connection->feed);
    kd_peer_destroy(connection->peer);
    free(connection);
}

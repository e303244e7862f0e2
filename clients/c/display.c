#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "client.h"

#define CONNECT_SECONDS 5

const char *kb_version(void)
{
    return KMSBLIT_VERSION;
}

/* Writes a candidate for the socket's path. 0, -ENOENT: the variable is not set, -ENAMETOOLONG. */
static int candidate(const char *variable, const char *tail, char *path, size_t path_bytes)
{
    const char *head = variable == NULL ? "" : getenv(variable);
    if (head == NULL || (variable != NULL && head[0] == '\0'))
        return -ENOENT;
    int length = snprintf(path, path_bytes, "%s%s", head, tail);
    /* The address of a socket has no room for more than sun_path, its 0 included. */
    if ((size_t)length + 1 > sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return kc_fail(-ENAMETOOLONG, "%s%s: a socket's path has at most %zu bytes", head, tail,
                       sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1);
    return 0;
}

/* What the user named; else the first place where there is something; if there is nothing, the first place. */
static int find_socket(const char *given, char *path, size_t path_bytes)
{
    static const struct {
        const char *variable, *tail;
    } places[] = {
        {"KMSBLIT_SOCKET", ""},
        {"XDG_RUNTIME_DIR", "/kmsblit.sock"},
        {NULL, "/run/kmsblit/kmsblit.sock"},
    };
    if (given != NULL && given[0] == '\0')
        return kc_fail(-EINVAL, "the socket's path is empty");
    if (given != NULL)
        return candidate(NULL, given, path, path_bytes);
    char first[sizeof(((struct kb_display *)NULL)->path)] = "";
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        int error = candidate(places[i].variable, places[i].tail, path, path_bytes);
        if (error == -ENOENT)
            continue;
        if (error < 0 || i == 0 || access(path, F_OK) == 0)
            return error; /* what $KMSBLIT_SOCKET names is meant, there or not */
        if (first[0] == '\0')
            memcpy(first, path, sizeof(first));
    }
    memcpy(path, first, sizeof(first));
    return 0;
}

static int explain_connect(int error, const char *path)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return kc_fail(error == ECONNREFUSED ? -ECONNREFUSED : -ENOENT,
                       "no kmsblitd at %s: start it with `systemctl start kmsblitd` or "
                       "`kmsblitd --output headless`",
                       path);
    case EACCES:
    case EPERM:
        return kc_fail(-EACCES,
                       "%s: you may not use this kmsblitd: ask for the group that owns "
                       "the socket (`ls -l %s`), or start your own with "
                       "`kmsblitd --output headless`",
                       path, path);
    case EINTR: return kc_fail(-EINTR, "a signal interrupted the wait for the daemon");
    case EAGAIN:
        return kc_fail(-ETIMEDOUT, "the daemon at %s takes no connections: see its log", path);
    case EPROTOTYPE: return kc_fail(-EPROTO, "%s is not the socket of a kmsblitd", path);
    default: return kc_fail(-error, "connecting to %s: %s", path, strerror(error));
    }
}

/* A connected, non-blocking socket. The kernel lets connect() wait for room in the daemon's queue
 * as long as a send may take, so that is limited first. */
int kc_open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = CONNECT_SECONDS};
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return kc_fail(-errno, "making a socket: %s", strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        int error = explain_connect(errno, path);
        close(fd);
        return error;
    }
    return fd;
}

/* The program's name as it goes over the wire: given, or the executable's made fit. */
static int set_name(struct kb_display *display, const char *name)
{
    bool given = name != NULL;
    if (!given)
        name = program_invocation_short_name;
    size_t bytes = strlen(name);
    if (given && (bytes > KC_NAME_BYTES_MAX || !kb_wire_text_ok(name, bytes)))
        return kc_fail(-EINVAL,
                       "the program's name must be UTF-8 without control characters, at "
                       "most %u bytes",
                       KC_NAME_BYTES_MAX);
    if (bytes > KC_NAME_BYTES_MAX || !kb_wire_text_ok(name, bytes))
        name = "unnamed";
    snprintf(display->name, sizeof(display->name), "%s", name);
    return 0;
}

int kc_greet(struct kb_display *display)
{
    const struct kb_req_hello hello = {
        .serial = kc_next_serial(display),
        .version = KB_PROTO_VERSION,
        .flags = KB_HELLO_FLAG_WANTS_INPUT,
        .token = display->welcome.token,
        .name = display->name,
        .name_bytes = (uint32_t)strlen(display->name),
    };
    const struct kb_req_sync sync = {.serial = kc_next_serial(display)};
    int64_t deadline_ns = kc_now_ns() + CONNECT_SECONDS * INT64_C(1000000000);
    struct kc_reply *welcome = &display->hello, *done = &display->greeting;
    kc_reply_begin(welcome, KB_REQ_HELLO, hello.serial);
    kc_reply_begin(done, KB_REQ_SYNC, sync.serial);
    int error = kc_request(display, KB_REQ_HELLO, &hello, NULL, KC_WAIT);
    if (error == 0)
        error = kc_launch_announce(display);
    if (error == 0)
        error = kc_request(display, KB_REQ_SYNC, &sync, NULL, KC_WAIT);
    while (error >= 0 && !done->complete && !(welcome->complete && welcome->error != 0))
        error = kc_turn(display, deadline_ns);
    welcome->serial = done->serial = 0;
    if (error == -ETIMEDOUT)
        return kc_fail(error, "the daemon at %s did not answer within %d s: see its log",
                       display->path, CONNECT_SECONDS);
    if (error == -EPIPE && display->broken == -EPIPE)
        return kc_fail(-EPROTO,
                       "%s closed the connection without a welcome: it is no kmsblitd, or "
                       "it is ending",
                       display->path);
    if (error == -EPIPE)
        return display->broken; /* the sentence is there already */
    if (error < 0)
        return error;
    if (welcome->error != 0)
        return kc_fail(welcome->error == -EPERM ? -EACCES : welcome->error, "%s",
                       welcome->sentence);
    if (done->error != 0)
        return kc_fail(-EPROTO, "%s", done->sentence);
    if (!welcome->complete)
        return kc_fail(-EPROTO, "%s does not speak kmsblit's protocol: no welcome", display->path);
    return 0;
}

int kb_connect(const char *socket_path, const char *name, struct kb_display **display)
{
    *display = NULL;
    struct kb_display *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return kc_fail(-ENOMEM, "no memory for a connection");
    made->transport.fd = made->link.poll_fd = made->link.timer_fd = -1;
    kc_input_init(&made->input);
    int error = find_socket(socket_path, made->path, sizeof(made->path));
    if (error == 0)
        error = kc_link_init(made);
    if (error == 0)
        error = set_name(made, name);
    if (error == 0) {
        int fd = kc_open_socket(made->path);
        error = fd < 0 ? fd : kc_transport_init(&made->transport, fd);
        if (error == -ENOMEM)
            kc_fail(error, "no memory for a connection");
    }
    if (error == 0)
        error = kc_link_watch(&made->link, made->transport.fd);
    if (error == 0)
        error = kc_greet(made);
    if (error < 0) {
        kb_disconnect(made);
        return error;
    }
    made->link.established = made->link.progress = true;
    *display = made;
    return 0;
}

void kb_disconnect(struct kb_display *display)
{
    if (display == NULL)
        return;
    for (uint32_t i = 0; i < display->objects.slots_count; i++) {
        const struct kc_slot *slot = &display->objects.slots[i];
        if (slot->kind == KC_OBJECT_IMAGE)
            kc_image_free(slot->object);
        else if (slot->kind == KC_OBJECT_WINDOW)
            kc_window_free(slot->object);
    }
    kc_objects_finish(&display->objects);
    kc_input_finish(&display->input);
    for (unsigned i = 0; i < KC_FRAME_POOL_SIZE; i++)
        kc_memory_unref(display->frame_pool[i].memory);
    kc_transport_finish(&display->transport);
    kc_link_finish(&display->link);
    free(display->outputs);
    free(display);
}

int kb_get_fd(const struct kb_display *display)
{
    return display->link.poll_fd;
}

static int64_t deadline_of(int timeout_ms)
{
    return timeout_ms < 0 ? KC_FOREVER : kc_now_ns() + timeout_ms * INT64_C(1000000);
}

int kb_dispatch(struct kb_display *display, int timeout_ms)
{
    const int64_t deadline_ns = deadline_of(timeout_ms);
    int events = kc_input_hand_out(display);
    while (events == 0)
        events = kc_turn(display, deadline_ns);
    const int taken = kc_input_hand_out(display);
    if (events < 0 && taken > 0) /* the error comes out of the next call */
        return taken;
    return events == -ETIMEDOUT ? 0 : events;
}

int kb_flush(struct kb_display *display)
{
    int error = kc_push(display);
    while (error >= 0 && kc_transport_has_queued(&display->transport))
        error = kc_turn(display, KC_FOREVER);
    return error < 0 ? error : 0;
}

int kb_sync(struct kb_display *display)
{
    return kb_sync_within(display, -1);
}

int kb_sync_within(struct kb_display *display, int timeout_ms)
{
    const int64_t deadline_ns = deadline_of(timeout_ms);
    const union kc_question question = {.sync = {.serial = kc_next_serial(display)}};
    int error =
        kc_reply_ask(display, &display->reply, KB_REQ_SYNC, question.sync.serial, &question);
    if (error == 0)
        error = kc_reply_wait(display, &display->reply, deadline_ns);
    return error < 0 ? error : kc_take_refusal(display);
}

const char *kb_server_name(const struct kb_display *display)
{
    return display->server;
}

const char *kb_socket_path(const struct kb_display *display)
{
    return display->path;
}

uint32_t kb_permissions(const struct kb_display *display)
{
    return display->welcome.permissions;
}

size_t kb_output_count(const struct kb_display *display)
{
    return display->outputs_count;
}

int kb_output_get(const struct kb_display *display, size_t index, struct kb_output_info *info)
{
    if (index >= display->outputs_count)
        return kc_fail(-EINVAL, "there is no output %zu: there are %zu", index,
                       display->outputs_count);
    *info = display->outputs[index];
    return 0;
}

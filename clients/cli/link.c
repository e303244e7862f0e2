#include "link.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static int __attribute__((format(printf, 2, 3)))
fail(struct cli_link *link, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(link->why, sizeof(link->why), format, arguments);
    va_end(arguments);
    return -1;
}

int64_t cli_link_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

int cli_link_open(struct cli_link *link, const char *path, const struct kb_evt_handler *handler,
                  void *ctx)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    link->handler = handler;
    link->ctx = ctx;
    link->fds_count = 0;
    link->in_begin = link->in_end = 0;
    link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return fail(link, "making a socket: %s", strerror(errno));
    if (length >= sizeof(address.sun_path))
        return fail(link, "%s: the path is too long for a socket", path);
    memcpy(address.sun_path, path, length + 1);
    if (connect(link->fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        return fail(link, "connecting to %s: %s", path, strerror(errno));
    return 0;
}

void cli_link_close(struct cli_link *link)
{
    for (unsigned i = 0; i < link->fds_count; i++)
        close(link->fds[i]);
    link->fds_count = 0;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
}

/* ---- Events -------------------------------------------------------------------------------- */

static void keep_fds(struct cli_link *link, struct msghdr *message)
{
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            if (link->fds_count < CLI_LINK_FDS_MAX)
                link->fds[link->fds_count++] = fd;
            else
                close(fd);
        }
    }
}

/* 1, 0: there is no whole message, or -1. */
static int handle_one(struct cli_link *link)
{
    size_t bytes = link->in_end - link->in_begin;
    const struct kb_header *header = (const void *)(link->in + link->in_begin);
    struct kb_wire_error error = {.what = "malformed"};
    int fds[KB_WIRE_MESSAGE_FDS_MAX] = {-1, -1, -1, -1};
    if (bytes < sizeof(*header))
        return 0;
    if (kb_header_check(header, &error) < 0)
        return fail(link, "the daemon does not speak kmsblit's protocol: %s", error.what);
    if (bytes < header->size)
        return 0;
    if (link->fds_count < header->nfds)
        return fail(link, "the daemon sent a message without its file descriptors");
    memcpy(fds, link->fds, header->nfds * sizeof(int));
    link->fds_count -= header->nfds;
    memmove(link->fds, link->fds + header->nfds, link->fds_count * sizeof(int));
    int status =
        kb_evt_dispatch(link->handler, link->ctx, header, header->size, fds, header->nfds, &error);
    for (unsigned i = 0; i < header->nfds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    link->in_begin += header->size;
    return status < 0 ? fail(link, "the daemon sent a malformed message: %s", error.what) : 1;
}

/* Reads once, without waiting, and handles what came. */
static int receive(struct cli_link *link)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(CLI_LINK_FDS_MAX * sizeof(int))];
    } control;
    size_t left_bytes = link->in_end - link->in_begin;
    memmove(link->in, link->in + link->in_begin, left_bytes);
    link->in_begin = 0;
    link->in_end = left_bytes;
    struct iovec piece = {.iov_base = link->in + left_bytes,
                          .iov_len = CLI_LINK_IN_BYTES - left_bytes};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(link->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return fail(link, "the daemon closed the connection%s%s", got < 0 ? ": " : "",
                    got < 0 ? strerror(errno) : "");
    keep_fds(link, &message);
    link->in_end += (size_t)got;
    int status;
    do {
        status = handle_one(link);
    } while (status > 0);
    return status;
}

static int wait_for(struct cli_link *link, short events, int64_t deadline_ns)
{
    struct timespec left, *timeout = NULL;
    if (deadline_ns != CLI_LINK_FOREVER) {
        int64_t left_ns = deadline_ns - cli_link_now_ns();
        left_ns = left_ns < 0 ? 0 : left_ns;
        left = (struct timespec){.tv_sec = (time_t)(left_ns / 1000000000),
                                 .tv_nsec = (long)(left_ns % 1000000000)};
        timeout = &left;
    }
    struct pollfd wanted = {.fd = link->fd, .events = events};
    if (ppoll(&wanted, 1, timeout, NULL) < 0 && errno != EINTR)
        return fail(link, "waiting for the daemon: %s", strerror(errno));
    return wanted.revents & (short)~POLLOUT ? receive(link) : 0;
}

int cli_link_turn(struct cli_link *link, int64_t deadline_ns)
{
    return wait_for(link, POLLIN, deadline_ns);
}

/* ---- Requests ------------------------------------------------------------------------------ */

static ssize_t send_some(struct cli_link *link, const uint8_t *bytes, size_t size, int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec piece = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (fd >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
    }
    return sendmsg(link->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

int cli_link_send(struct cli_link *link, const struct kb_header *message, int fd)
{
    size_t at = 0;
    while (at < message->size) {
        ssize_t sent =
            send_some(link, (const uint8_t *)message + at, message->size - at, at == 0 ? fd : -1);
        if (sent > 0) {
            at += (size_t)sent;
        } else if (errno == EPIPE || errno == ECONNRESET) {
            /* The daemon is gone. It may have said why. */
            while (receive(link) == 0)
                ;
            return -1;
        } else if (errno != EAGAIN && errno != EINTR) {
            return fail(link, "writing to the daemon: %s", strerror(errno));
        } else if (wait_for(link, POLLIN | POLLOUT, CLI_LINK_FOREVER) < 0) {
            return -1;
        }
    }
    return 0;
}

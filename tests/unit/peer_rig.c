#include "peer_rig.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t body_byte(uint32_t serial, size_t at)
{
    return (uint8_t)(serial * 31 + at * 7 + (at >> 8));
}

void rig_fill(void *message, uint32_t message_bytes, unsigned nfds, uint32_t serial)
{
    struct kb_header header = {
        .size = message_bytes, .opcode = 0x7001, .nfds = (uint8_t)nfds, .serial = serial};
    memcpy(message, &header, sizeof(header));
    uint8_t *bytes = message;
    for (size_t at = sizeof(header); at < message_bytes; at++) {
        bytes[at] = body_byte(serial, at);
    }
}

struct kb_header rig_header(const void *message)
{
    struct kb_header header;
    memcpy(&header, message, sizeof(header));
    return header;
}

static int on_message(void *ctx, const void *message, size_t message_bytes, const int *fds,
                      unsigned fds_count)
{
    struct peer_rig *rig = ctx;
    const struct kb_header *header = message;
    const uint8_t *bytes = message;
    ck_assert_uint_eq((uintptr_t)message % 8, 0);
    ck_assert_uint_eq(header->size, message_bytes);
    ck_assert_uint_eq(header->nfds, fds_count);
    for (size_t at = sizeof(*header); at < message_bytes; at++) {
        if (bytes[at] != body_byte(header->serial, at)) { /* an assertion for each would be slow */
            ck_abort_msg("message %u: byte %zu is wrong", header->serial, at);
        }
    }
    ck_assert_uint_lt(rig->messages, RIG_MESSAGES_MAX);
    rig->serials[rig->messages++] = header->serial;
    for (unsigned i = 0; i < fds_count; i++) {
        ck_assert_int_eq(fcntl(fds[i], F_GETFD), FD_CLOEXEC);
        if (rig->fds < 64) {
            rig->inodes[rig->fds] = inode_of(fds[i]);
        }
        rig->fds++;
        close(fds[i]);
    }
    if (rig->answer_bytes > 0) {
        uint8_t *answer = malloc(rig->answer_bytes);
        rig_fill(answer, rig->answer_bytes, 0, header->serial);
        kd_peer_send(rig->peer, answer, rig->answer_bytes, NULL, 0);
        free(answer);
    }
    return rig->messages == rig->pause_at ? -EAGAIN : 0;
}

static void on_broken(void *ctx, unsigned code, const char *what, uint32_t offset)
{
    struct peer_rig *rig = ctx;
    rig->broken++;
    rig->code = code;
    rig->offset = offset;
    snprintf(rig->what, sizeof(rig->what), "%s", what);
    if (rig->last_event) {
        uint64_t event[3];
        rig_fill(event, sizeof(event), 0, 99);
        ck_assert_int_eq(kd_peer_send(rig->peer, event, sizeof(event), NULL, 0), 0);
    }
}

static const struct kd_peer_handler handler = {.message = on_message, .broken = on_broken};

void rig_start(struct peer_rig *rig)
{
    memset(rig, 0, sizeof(*rig));
    rig->open_fds = count_open_fds();
    rig->now_ns = RIG_NOW_NS;
    int pair[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    rig->client = pair[0];
    /* The default is smaller than an inbox. */
    int room = 512 * 1024;
    setsockopt(rig->client, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    ck_assert_int_eq(kd_peer_create(pair[1], &handler, rig, &rig->peer), 0);
}

void rig_stop(struct peer_rig *rig)
{
    kd_peer_destroy(rig->peer);
    if (rig->client >= 0) {
        close(rig->client);
    }
    ck_assert_int_eq(count_open_fds(), rig->open_fds);
}

void rig_write_fds(struct peer_rig *rig, const void *bytes, size_t count, const int *fds,
                   unsigned fds_count)
{
    size_t fds_bytes = fds_count * sizeof(int);
    uint64_t control[CMSG_SPACE(256 * sizeof(int)) / 8] = {0};
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    if (fds_count > 0) {
        struct cmsghdr *cmsg = (struct cmsghdr *)control;
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(fds_bytes);
        memcpy(CMSG_DATA(cmsg), fds, fds_bytes);
        header.msg_control = control;
        header.msg_controllen = CMSG_SPACE(fds_bytes);
    }
    ssize_t sent = sendmsg(rig->client, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
    ck_assert_msg(sent == (ssize_t)count, "sendmsg: %zd of %zu: %m", sent, count);
}

void rig_write(struct peer_rig *rig, const void *bytes, size_t count)
{
    rig_write_fds(rig, bytes, count, NULL, 0);
}

void rig_write_message(struct peer_rig *rig, uint32_t message_bytes, uint32_t serial)
{
    void *message = malloc(message_bytes);
    rig_fill(message, message_bytes, 0, serial);
    rig_write(rig, message, message_bytes);
    free(message);
}

int rig_run(struct peer_rig *rig)
{
    int said = 0;
    for (int turns = 0; turns < 100000; turns++) {
        struct pollfd poll_fd = {.fd = kd_peer_fd(rig->peer),
                                 .events = (short)kd_peer_events(rig->peer)};
        ck_assert_int_ge(poll(&poll_fd, 1, 0), 0);
        if (poll_fd.revents == 0 && said != 1) {
            return said;
        }
        /* poll's bits are epoll's. */
        said = kd_peer_dispatch(rig->peer, (uint32_t)poll_fd.revents, rig->now_ns, 64);
        if (said < 0) {
            return said;
        }
    }
    ck_abort_msg("the peer spins");
}

int rig_read(struct peer_rig *rig, void *bytes, size_t count)
{
    ssize_t got = recv(rig->client, bytes, count, MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) {
        return 0;
    }
    return got > 0 ? (int)got : -1;
}

void rig_assert_broken(const struct peer_rig *rig, unsigned code, const char *text)
{
    ck_assert_uint_eq(rig->broken, 1);
    ck_assert_uint_eq(rig->code, code);
    ck_assert_msg(strstr(rig->what, text) != NULL, "\"%s\" does not say \"%s\"", rig->what, text);
}

int count_open_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(directory);
    int count = 0;
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

uint64_t inode_of(int fd)
{
    struct stat stat;
    ck_assert_int_eq(fstat(fd, &stat), 0);
    return stat.st_ino;
}

int make_file(uint64_t *inode)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    *inode = inode_of(fd);
    return fd;
}

static struct rlimit full_limit;

bool limit_fds_begin(int more)
{
    int next = dup(STDERR_FILENO);
    ck_assert_int_ge(next, 0);
    FILE *limits = fopen("/proc/self/limits", "r"); /* while it can be opened */
    ck_assert_ptr_nonnull(limits);
    setbuf(limits, NULL);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &full_limit), 0);
    struct rlimit low = {.rlim_cur = (rlim_t)(next + more), .rlim_max = full_limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);

    /* Valgrind only pretends to set it. */
    unsigned long really = 0;
    char line[256];
    while (fgets(line, sizeof(line), limits) != NULL) {
        sscanf(line, "Max open files %lu", &really);
    }
    fclose(limits);
    if (really != low.rlim_cur) {
        limit_fds_end();
        return false;
    }
    return true;
}

void limit_fds_end(void)
{
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &full_limit), 0);
}

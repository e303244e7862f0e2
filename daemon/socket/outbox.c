#include "socket/outbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST_CAPACITY_BYTES 4096u
#define KEPT_CAPACITY_BYTES  65536u /* a drained outbox gives back what is above this */

static void close_all(const int *fds, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        close(fds[i]);
    }
}

void kd_outbox_finish(struct kd_outbox *outbox)
{
    for (unsigned i = 0; i < outbox->groups_count; i++) {
        close_all(outbox->groups[i].fds, outbox->groups[i].count);
    }
    free(outbox->bytes);
    *outbox = (struct kd_outbox){0};
}

size_t kd_outbox_unsent_bytes(const struct kd_outbox *outbox)
{
    return outbox->tail - outbox->head;
}

/* Makes room for so many bytes behind tail. What is held is moved only when it is at most twice
 * what was sent since the last time, so that a slow reader costs no more than a quick one. */
static int reserve(struct kd_outbox *outbox, size_t bytes)
{
    size_t held_bytes = outbox->tail - outbox->head;
    if (outbox->capacity_bytes - outbox->tail >= bytes) {
        return 0;
    }
    if (outbox->head >= held_bytes / 2 && outbox->capacity_bytes - held_bytes >= bytes) {
        memmove(outbox->bytes, outbox->bytes + outbox->head, held_bytes);
        outbox->head = 0;
        outbox->tail = held_bytes;
        return 0;
    }
    size_t capacity_bytes = outbox->capacity_bytes;
    if (capacity_bytes < FIRST_CAPACITY_BYTES) {
        capacity_bytes = FIRST_CAPACITY_BYTES;
    }
    while (capacity_bytes - outbox->tail < bytes) {
        capacity_bytes *= 2;
    }
    uint8_t *grown = realloc(outbox->bytes, capacity_bytes);
    if (grown == NULL) {
        return -ENOMEM;
    }
    outbox->bytes = grown;
    outbox->capacity_bytes = capacity_bytes;
    return 0;
}

static int duplicate(const int *fds, unsigned count, int *out)
{
    for (unsigned i = 0; i < count; i++) {
        out[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (out[i] < 0) {
            int error = -errno;
            close_all(out, i);
            return error;
        }
    }
    return 0;
}

int kd_outbox_add(struct kd_outbox *outbox, const void *message, size_t message_bytes,
                  const int *fds, unsigned fds_count, size_t limit_bytes)
{
    size_t held_bytes = kd_outbox_unsent_bytes(outbox);
    assert(fds_count <= KB_WIRE_MESSAGE_FDS_MAX);
    if (message_bytes > limit_bytes - held_bytes ||
        fds_count > KD_OUTBOX_FDS_MAX - outbox->fds_count) {
        return -ENOBUFS;
    }
    int error = reserve(outbox, message_bytes);
    if (error < 0) {
        return error;
    }
    if (fds_count > 0) {
        struct kd_outbox_fds *group = &outbox->groups[outbox->groups_count];
        error = duplicate(fds, fds_count, group->fds);
        if (error < 0) {
            return error;
        }
        group->at_byte = outbox->sent_bytes + held_bytes;
        group->count = fds_count;
        outbox->groups_count++;
        outbox->fds_count += fds_count;
    }
    memcpy(outbox->bytes + outbox->tail, message, message_bytes);
    outbox->tail += message_bytes;
    return 0;
}

static void attach(struct msghdr *header, struct cmsghdr *cmsg, const struct kd_outbox_fds *group)
{
    size_t fds_bytes = group->count * sizeof(int);
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(fds_bytes);
    memcpy(CMSG_DATA(cmsg), group->fds, fds_bytes);
    header->msg_control = cmsg;
    header->msg_controllen = CMSG_SPACE(fds_bytes);
}

/* Everything up to the next message with fds; if such a one comes first, its fds and up to the
 * one after it. */
static ssize_t send_some(struct kd_outbox *outbox, int fd, size_t *offered_bytes)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(KB_WIRE_MESSAGE_FDS_MAX * sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr header = {0};
    unsigned used = 0;
    if (outbox->groups_count > 0 && outbox->groups[0].at_byte == outbox->sent_bytes) {
        attach(&header, &control.header, &outbox->groups[0]);
        used = 1;
    }
    *offered_bytes = outbox->groups_count > used
                         ? (size_t)(outbox->groups[used].at_byte - outbox->sent_bytes)
                         : kd_outbox_unsent_bytes(outbox);
    struct iovec part = {.iov_base = outbox->bytes + outbox->head, .iov_len = *offered_bytes};
    header.msg_iov = &part;
    header.msg_iovlen = 1;
    ssize_t sent;
    do {
        sent = sendmsg(fd, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    if (sent < 0) {
        return -errno;
    }
    if (used > 0) {
        close_all(outbox->groups[0].fds, outbox->groups[0].count);
        outbox->fds_count -= outbox->groups[0].count;
        outbox->groups_count--;
        memmove(outbox->groups, outbox->groups + 1,
                outbox->groups_count * sizeof(outbox->groups[0]));
    }
    outbox->head += (size_t)sent;
    outbox->sent_bytes += (size_t)sent;
    return sent;
}

static void drained(struct kd_outbox *outbox)
{
    outbox->head = outbox->tail = 0;
    if (outbox->capacity_bytes > KEPT_CAPACITY_BYTES) {
        free(outbox->bytes);
        outbox->bytes = NULL;
        outbox->capacity_bytes = 0;
    }
}

int kd_outbox_flush(struct kd_outbox *outbox, int fd)
{
    outbox->full = false;
    while (kd_outbox_unsent_bytes(outbox) > 0) {
        size_t offered_bytes;
        ssize_t sent = send_some(outbox, fd, &offered_bytes);
        if (sent == -EAGAIN || (sent >= 0 && (size_t)sent < offered_bytes)) {
            outbox->full = true;
            return 0;
        }
        if (sent < 0) {
            return (int)sent;
        }
    }
    drained(outbox);
    return 0;
}

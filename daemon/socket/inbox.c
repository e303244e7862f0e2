#include "socket/inbox.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int kd_inbox_init(struct kd_inbox *inbox)
{
    *inbox = (struct kd_inbox){.bytes = malloc(KD_INBOX_BYTES)};
    return inbox->bytes != NULL ? 0 : -ENOMEM;
}

void kd_inbox_close_fds(struct kd_inbox *inbox)
{
    for (unsigned i = 0; i < inbox->fds_count; i++) {
        close(inbox->fds[i].fd);
    }
    inbox->fds_count = 0;
}

void kd_inbox_finish(struct kd_inbox *inbox)
{
    kd_inbox_close_fds(inbox);
    free(inbox->bytes);
    *inbox = (struct kd_inbox){0};
}

static void make_room(struct kd_inbox *inbox)
{
    if (inbox->head == inbox->tail) {
        inbox->head = inbox->tail = 0;
    } else if (KD_INBOX_BYTES - inbox->tail < KB_WIRE_MESSAGE_BYTES_MAX) {
        memmove(inbox->bytes, inbox->bytes + inbox->head, inbox->tail - inbox->head);
        inbox->tail -= inbox->head;
        inbox->head = 0;
    }
}

/* Every fd that the kernel made must be noted, or it would leak: also those of a read that is a
 * fault. */
static void take_rights(struct kd_inbox *inbox, struct msghdr *header, uint64_t before_byte)
{
    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(header); cmsg != NULL;
         cmsg = CMSG_NXTHDR(header, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        size_t count = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(int));
            assert(inbox->fds_count < 2 * KD_INBOX_FDS_MAX);
            inbox->fds[inbox->fds_count].fd = fd;
            inbox->fds[inbox->fds_count].before_byte = before_byte;
            inbox->fds_count++;
        }
    }
}

ssize_t kd_inbox_read(struct kd_inbox *inbox, int fd)
{
    make_room(inbox);
    assert(inbox->fault == NULL && inbox->tail < KD_INBOX_BYTES);

    /* Room for KD_INBOX_FDS_MAX; the kernel drops what does not fit and says MSG_CTRUNC. */
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(KD_INBOX_FDS_MAX * sizeof(int))];
    } control;
    struct iovec part = {.iov_base = inbox->bytes + inbox->tail,
                         .iov_len = KD_INBOX_BYTES - inbox->tail};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    do {
        got = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return -errno;
    }
    inbox->tail += (size_t)got;
    inbox->received_bytes += (size_t)got;
    take_rights(inbox, &header, inbox->received_bytes);
    if (header.msg_flags & MSG_CTRUNC) {
        inbox->fault = "file descriptors were lost: more than 64 at once, or no free ones here";
    } else if (inbox->fds_count > KD_INBOX_FDS_MAX) {
        inbox->fault = "more than 64 file descriptors wait for their messages";
    }
    return got;
}

static int refuse(struct kb_wire_error *error, const char *what, uint32_t offset)
{
    *error = (struct kb_wire_error){.what = what, .offset = offset};
    return -EPROTO;
}

int kd_inbox_peek(const struct kd_inbox *inbox, const void **message, struct kb_wire_error *error)
{
    size_t held_bytes = inbox->tail - inbox->head;
    uint64_t first_byte = inbox->received_bytes - held_bytes;
    if (inbox->fault != NULL) {
        return refuse(error, inbox->fault, 0);
    }
    if (inbox->fds_count > 0 && inbox->fds[0].before_byte <= first_byte) {
        return refuse(error, "file descriptors came that no message announced", 0);
    }
    struct kb_header header;
    if (held_bytes < sizeof(header)) {
        return 0;
    }
    memcpy(&header, inbox->bytes + inbox->head, sizeof(header));
    if (kb_header_check(&header, error) < 0) {
        return -EPROTO;
    }
    if (held_bytes < header.size) {
        return 0;
    }
    if (inbox->fds_count < header.nfds) {
        return refuse(error, "header.nfds: fewer file descriptors came with the message",
                      (uint32_t)offsetof(struct kb_header, nfds));
    }
    *message = inbox->bytes + inbox->head;
    return (int)header.size;
}

void kd_inbox_take(struct kd_inbox *inbox, int fds[KB_WIRE_MESSAGE_FDS_MAX])
{
    struct kb_header header;
    memcpy(&header, inbox->bytes + inbox->head, sizeof(header));
    assert(header.size <= inbox->tail - inbox->head && header.nfds <= inbox->fds_count);
    inbox->head += header.size;
    for (unsigned i = 0; i < header.nfds; i++) {
        fds[i] = inbox->fds[i].fd;
    }
    inbox->fds_count -= header.nfds;
    memmove(inbox->fds, inbox->fds + header.nfds, inbox->fds_count * sizeof(inbox->fds[0]));
}

bool kd_inbox_begun(const struct kd_inbox *inbox)
{
    return inbox->tail > inbox->head;
}

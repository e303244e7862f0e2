#include "transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"

int kc_transport_init(struct kc_transport *transport, int fd)
{
    *transport = (struct kc_transport){.fd = fd};
    transport->out = malloc(KC_OUT_BYTES_BEGIN);
    transport->in = malloc(KC_IN_BYTES);
    if (transport->out == NULL || transport->in == NULL) {
        kc_transport_finish(transport);
        return -ENOMEM;
    }
    transport->out_capacity = KC_OUT_BYTES_BEGIN;
    transport->record = kc_record_begin();
    return 0;
}

void kc_transport_finish(struct kc_transport *transport)
{
    for (unsigned i = 0; i < transport->parcels_count; i++)
        kc_memory_unref(transport->parcels[i].memory);
    for (unsigned i = 0; i < transport->in_fds_count; i++)
        close(transport->in_fds[i]);
    free(transport->out);
    free(transport->in);
    if (transport->fd >= 0)
        close(transport->fd);
    kc_record_end(transport->record);
    *transport = (struct kc_transport){.fd = -1};
}

void kc_transport_detach(struct kc_transport *transport)
{
    for (unsigned i = 0; i < transport->parcels_count; i++)
        kc_memory_unref(transport->parcels[i].memory);
    for (unsigned i = 0; i < transport->in_fds_count; i++)
        close(transport->in_fds[i]);
    transport->parcels_count = transport->in_fds_count = 0;
    transport->out_begin = transport->out_end = 0;
    transport->in_begin = transport->in_end = 0;
    if (transport->fd >= 0)
        close(transport->fd);
    transport->fd = -1;
    kc_record_end(transport->record); /* each connection has a recording of its own */
    transport->record = NULL;
}

void kc_transport_attach(struct kc_transport *transport, int fd)
{
    transport->fd = fd;
    transport->record = kc_record_begin();
}

/* Sending */

bool kc_transport_has_queued(const struct kc_transport *transport)
{
    return transport->out_begin < transport->out_end;
}

/* Moves what is queued towards the buffer's start, and makes the buffer larger if that is wanted.
 * The end stays a multiple of 8, although a begun message may have been sent up to any byte. */
static int make_room(struct kc_transport *transport, bool grow)
{
    size_t gap_bytes = transport->out_begin & ~(size_t)7;
    if (gap_bytes > 0) {
        memmove(transport->out, transport->out + gap_bytes, transport->out_end - gap_bytes);
        transport->out_begin -= gap_bytes;
        transport->out_end -= gap_bytes;
        return 0;
    }
    if (!grow)
        return -ENOBUFS;
    uint8_t *larger = realloc(transport->out, transport->out_capacity * 2);
    if (larger == NULL)
        return -ENOMEM;
    transport->out = larger;
    transport->out_capacity *= 2;
    return 0;
}

int kc_transport_check(struct kc_transport *transport, uint16_t opcode, const void *message,
                       const char **what)
{
    struct kb_writer writer;
    kb_writer_init(&writer, transport->out + transport->out_end,
                   transport->out_capacity - transport->out_end);
    int error = kb_wire_encode(kb_message_info(opcode), &writer, message);
    if (error < 0)
        *what = writer.what;
    return error;
}

int kc_transport_queue(struct kc_transport *transport, uint16_t opcode, const void *message,
                       struct kc_memory *memory, bool grow, const char **what)
{
    if (memory != NULL && transport->parcels_count == KC_PARCELS_MAX)
        return -ENOBUFS;
    for (;;) {
        struct kb_writer writer;
        kb_writer_init(&writer, transport->out + transport->out_end,
                       transport->out_capacity - transport->out_end);
        int error = kb_wire_encode(kb_message_info(opcode), &writer, message);
        if (error == -ENOBUFS) {
            error = make_room(transport, grow);
            if (error < 0)
                return error;
            continue;
        }
        if (error < 0) {
            *what = writer.what;
            return error;
        }
        if (memory != NULL) {
            uint64_t at = transport->sent + (transport->out_end - transport->out_begin);
            transport->parcels[transport->parcels_count++] =
                (struct kc_parcel){.at = at, .memory = kc_memory_ref(memory)};
        }
        kc_record_request(transport->record, message, writer.bytes, memory);
        transport->out_end += writer.used_bytes;
        return 0;
    }
}

/* One sendmsg(): up to the next message that has an fd, and with the fd of the first. */
static ssize_t send_some(struct kc_transport *transport)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    size_t bytes = transport->out_end - transport->out_begin;
    const struct kc_parcel *first = transport->parcels_count > 0 ? &transport->parcels[0] : NULL;
    bool with_fd = first != NULL && first->at == transport->sent;
    const struct kc_parcel *next = first;
    if (with_fd)
        next = transport->parcels_count > 1 ? first + 1 : NULL;
    if (next != NULL && next->at - transport->sent < bytes)
        bytes = (size_t)(next->at - transport->sent);
    struct iovec piece = {.iov_base = transport->out + transport->out_begin, .iov_len = bytes};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (with_fd) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &first->memory->fd, sizeof(int));
    }
    ssize_t sent = sendmsg(transport->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent <= 0)
        return sent;
    transport->out_begin += (size_t)sent;
    transport->sent += (uint64_t)sent;
    if (with_fd) {
        kc_memory_unref(transport->parcels[0].memory);
        transport->parcels_count--;
        memmove(transport->parcels, transport->parcels + 1,
                transport->parcels_count * sizeof(transport->parcels[0]));
    }
    return sent;
}

int kc_transport_send(struct kc_transport *transport)
{
    kc_record_flush(transport->record);
    while (kc_transport_has_queued(transport)) {
        if (send_some(transport) < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN ? 0 : -errno;
        }
    }
    transport->out_begin = transport->out_end = 0;
    return 0;
}

/* Receiving */

/* Keeps the fds that came with a read. -EMFILE if not all of them did, -EPROTO if they are too
 * many to belong to messages. */
static int keep_fds(struct kc_transport *transport, struct msghdr *message)
{
    int error = message->msg_flags & MSG_CTRUNC ? -EMFILE : 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(message); control != NULL;
         control = CMSG_NXTHDR(message, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
            if (transport->in_fds_count < KC_FDS_MAX) {
                transport->in_fds[transport->in_fds_count++] = fd;
            } else {
                close(fd);
                error = -EPROTO;
            }
        }
    }
    return error;
}

int kc_transport_receive(struct kc_transport *transport)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(KC_FDS_MAX * sizeof(int))];
    } control;
    /* Whole messages have been taken: what is left is less than one, and moves to the start. */
    size_t left_bytes = transport->in_end - transport->in_begin;
    memmove(transport->in, transport->in + transport->in_begin, left_bytes);
    transport->in_begin = 0;
    transport->in_end = left_bytes;
    struct iovec piece = {.iov_base = transport->in + left_bytes,
                          .iov_len = KC_IN_BYTES - left_bytes};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t received;
    do {
        received = recvmsg(transport->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (received < 0 && errno == EINTR);
    if (received < 0)
        return errno == EAGAIN ? 0 : -errno;
    int error = keep_fds(transport, &message);
    if (error < 0)
        return error;
    if (received == 0)
        return -EPIPE;
    transport->in_end += (size_t)received;
    return (int)received;
}

static int refuse(struct kb_wire_error *error, const char *what)
{
    *error = (struct kb_wire_error){.what = what};
    return -EPROTO;
}

int kc_transport_take(struct kc_transport *transport, const struct kb_header **message, int *fds,
                      struct kb_wire_error *error)
{
    size_t bytes = transport->in_end - transport->in_begin;
    const struct kb_header *header = (const void *)(transport->in + transport->in_begin);
    if (bytes == 0 && transport->in_fds_count > 0)
        return refuse(error, "file descriptors that belong to no message");
    if (bytes < sizeof(*header))
        return 0;
    int status = kb_header_check(header, error);
    if (status < 0)
        return status;
    if (header->size > bytes)
        return 0;
    if (header->nfds > transport->in_fds_count)
        return refuse(error, "a message without its file descriptors");
    memcpy(fds, transport->in_fds, header->nfds * sizeof(int));
    transport->in_fds_count -= header->nfds;
    memmove(transport->in_fds, transport->in_fds + header->nfds,
            transport->in_fds_count * sizeof(int));
    transport->in_begin += header->size;
    kc_record_event(transport->record, header);
    *message = header;
    return 1;
}

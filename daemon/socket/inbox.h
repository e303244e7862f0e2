/*
 * Bytes and fds as they come from a socket, cut into messages. Bounded: two messages' worth of
 * bytes, 64 fds. Part of a peer, which decides when to read and what to do with a fault.
 */
#ifndef KD_SOCKET_INBOX_H
#define KD_SOCKET_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/wire.h"

#define KD_INBOX_BYTES   (2u * KB_WIRE_MESSAGE_BYTES_MAX)
#define KD_INBOX_FDS_MAX 64u

struct kd_inbox {
    uint8_t *bytes; /* owned, KD_INBOX_BYTES of them, 8-byte aligned */
    size_t head;    /* of the first message, a multiple of 8 */
    size_t tail;    /* behind the last byte received */
    uint64_t received_bytes;
    struct {
        int fd;               /* owned until kd_inbox_take() */
        uint64_t before_byte; /* a message that begins before this byte of the stream claims it */
    } fds[2 * KD_INBOX_FDS_MAX]; /* so many only until the fault is noticed */
    unsigned fds_count;
    const char *fault; /* static; NULL while the stream can be trusted */
};

int kd_inbox_init(struct kd_inbox *inbox);

/* When nothing more will be taken: closes the fds that no message took. */
void kd_inbox_close_fds(struct kd_inbox *inbox);

/* That too. Safe on zeroed memory. */
void kd_inbox_finish(struct kd_inbox *inbox);

/* One recvmsg(2), never blocking. Only when kd_inbox_peek() said 0: then there is room. Returns
 * the number of bytes, 0 at the end of the stream, -EAGAIN, or another -errno. */
ssize_t kd_inbox_read(struct kd_inbox *inbox, int fd);

/* The first message: its size and address if it is whole, 0 if more must be read, -EPROTO if the
 * stream is broken. The address is good until the next read. */
int kd_inbox_peek(const struct kd_inbox *inbox, const void **message, struct kb_wire_error *error);

/* Removes the message that was peeked, and hands over its fds (as many as its header says). */
void kd_inbox_take(struct kd_inbox *inbox, int fds[KB_WIRE_MESSAGE_FDS_MAX]);

/* Is there the beginning of a message? */
bool kd_inbox_begun(const struct kd_inbox *inbox);

#endif

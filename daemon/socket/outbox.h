/*
 * Messages and their fds on the way to a socket: as few sendmsg(2) as possible, each message's
 * fds with its first byte. Part of a peer, which decides what happens when it is full.
 */
#ifndef KD_SOCKET_OUTBOX_H
#define KD_SOCKET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

#define KD_OUTBOX_FDS_MAX 64u /* of unsent messages, together */

struct kd_outbox_fds {
    uint64_t at_byte; /* of the stream: where their message begins */
    unsigned count;
    int fds[KB_WIRE_MESSAGE_FDS_MAX]; /* owned */
};

struct kd_outbox {
    uint8_t *bytes; /* owned; NULL while nothing was ever sent */
    size_t capacity_bytes;
    size_t head, tail;
    uint64_t sent_bytes;
    struct kd_outbox_fds groups[KD_OUTBOX_FDS_MAX]; /* in the order of their messages */
    unsigned groups_count;
    unsigned fds_count; /* of all groups */
    bool full;          /* the socket took less than it was given: wait for EPOLLOUT */
};

/* A zeroed outbox is an empty one. Closes what was not sent. */
void kd_outbox_finish(struct kd_outbox *outbox);

size_t kd_outbox_unsent_bytes(const struct kd_outbox *outbox);

/* Adds a message; the fds are duplicated. -ENOBUFS: over limit_bytes or KD_OUTBOX_FDS_MAX.
 * -ENOMEM, -EMFILE, ...: nothing was added. */
int kd_outbox_add(struct kd_outbox *outbox, const void *message, size_t message_bytes,
                  const int *fds, unsigned fds_count, size_t limit_bytes);

/* Sends what the socket takes. 0, or -errno when it takes nothing any more. */
int kd_outbox_flush(struct kd_outbox *outbox, int fd);

#endif

/* Bytes and fds over the socket: buffers of whole messages out, whole messages in. Never waits. */
#ifndef KC_TRANSPORT_H
#define KC_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "proto/wire.h"
#include "record.h"

#define KC_PARCELS_MAX     16u
#define KC_FDS_MAX         16u
#define KC_OUT_BYTES_BEGIN (2u * KB_WIRE_MESSAGE_BYTES_MAX)
#define KC_IN_BYTES        (2u * KB_WIRE_MESSAGE_BYTES_MAX)

/* An fd that goes with the first byte of a message. */
struct kc_parcel {
    uint64_t at;              /* that byte's place in all that was ever queued */
    struct kc_memory *memory; /* a reference, until it is sent */
};

struct kc_transport {
    int fd; /* owned, non-blocking */

    uint8_t *out; /* owned */
    size_t out_capacity;
    size_t out_begin, out_end; /* what is queued and not sent */
    uint64_t sent;             /* bytes ever sent: the place of out[out_begin] */
    struct kc_parcel parcels[KC_PARCELS_MAX];
    unsigned parcels_count;

    uint8_t *in; /* owned */
    size_t in_begin, in_end;
    int in_fds[KC_FDS_MAX]; /* owned: came and belong to messages not yet taken */
    unsigned in_fds_count;

    struct kc_record *record; /* owned; NULL unless messages are recorded */
};

/* Takes over the socket, also when it fails. -ENOMEM. */
int kc_transport_init(struct kc_transport *transport, int fd);
void kc_transport_finish(struct kc_transport *transport);

/* Closes the socket and forgets all that is queued or was not taken; and goes on with another one,
 * which it takes over. */
void kc_transport_detach(struct kc_transport *transport);
void kc_transport_attach(struct kc_transport *transport, int fd);

/* Whether a message could be queued: 0, -EINVAL or -EMSGSIZE; *what says why. */
int kc_transport_check(struct kc_transport *transport, uint16_t opcode, const void *message,
                       const char **what);

/* Queues a message of the opcode from its struct; memory (NULL: none) is what its fd field names.
 * -ENOBUFS: no room until something has been sent, unless `grow` lets the buffer grow (-ENOMEM).
 * -EINVAL, -EMSGSIZE: not a message; *what says why. */
int kc_transport_queue(struct kc_transport *transport, uint16_t opcode, const void *message,
                       struct kc_memory *memory, bool grow, const char **what);

bool kc_transport_has_queued(const struct kc_transport *transport);

/* Sends what the socket takes. 0, or the socket's -errno. */
int kc_transport_send(struct kc_transport *transport);

/* Reads once. Returns the number of bytes, 0 if there is nothing now, -EPIPE at the end, the
 * socket's -errno, or -EMFILE if fds got lost. */
int kc_transport_receive(struct kc_transport *transport);

/* The next whole message. Its bytes stay valid until the next receive; the fds are the caller's.
 * 1, 0 if there is none yet, or -EPROTO. */
int kc_transport_take(struct kc_transport *transport, const struct kb_header **message, int *fds,
                      struct kb_wire_error *error);

#endif

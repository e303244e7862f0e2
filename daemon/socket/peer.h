/*
 * One connection: bytes and fds in, bounded; bytes and fds out, bounded. Knows framing and
 * deadlines, not what messages mean. Knows no event loop: the owner polls kd_peer_fd() for
 * kd_peer_events() and calls kd_peer_dispatch().
 */
#ifndef KD_SOCKET_PEER_H
#define KD_SOCKET_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct kd_peer;

struct kd_peer_identity {
    pid_t pid; /* 0: unknown */
    uid_t uid;
    gid_t gid;
};

struct kd_peer_handler {
    /* One whole message, 8-byte aligned, header already checked by kb_header_check(). The
     * handler owns the fds (n of them as the header says) from here on. Returns 0 to go on, or
     * -EAGAIN: taken, but read no further until kd_peer_resume() (what follows stays in the
     * buffer, so program order holds). */
    int (*message)(void *ctx, const void *message, size_t message_bytes, const int *fds,
                   unsigned fds_count);
    /* The stream cannot be trusted any more: framing, fds, a deadline, or an end inside a
     * message. what is a static sentence; code an enum kb_error_code for the last event (may be
     * sent by the handler with kd_peer_send); offset is the byte of the message that is wrong.
     * After it the peer only drains. Called once. */
    void (*broken)(void *ctx, unsigned code, const char *what, uint32_t offset);
};

/* Takes the connected socket fd (made non-blocking, CLOEXEC) in any case; handler and ctx are
 * borrowed. */
int kd_peer_create(int fd, const struct kd_peer_handler *handler, void *ctx, struct kd_peer **out);

/* Closes the socket and every fd not handed over. NULL is allowed. Not inside its own handler
 * (use kd_peer_shut). */
void kd_peer_destroy(struct kd_peer *peer);

int kd_peer_fd(const struct kd_peer *peer);
struct kd_peer_identity kd_peer_identity(
    const struct kd_peer *peer); /* from SO_PEERCRED at connection */

/* Sends a signal to the process that connected, if it still is that one. 0 or -errno. */
int kd_peer_signal(const struct kd_peer *peer, int signal_number);

/* EPOLLIN unless paused, too much is waiting to be written, or it is shut; EPOLLOUT only after a
 * short write. May change with every call below that is not const. */
uint32_t kd_peer_events(const struct kd_peer *peer);

/* Reads at most one buffer full and handles at most max_messages, writes what can be written.
 * epoll_events is what epoll said; 0 when called for the deadline, after kd_peer_resume() or
 * after a 1. Returns 0; 1 if whole messages are still buffered (call again without polling,
 * after others had their turn); -EPIPE when the connection is over: destroy it. */
int kd_peer_dispatch(struct kd_peer *peer, uint32_t epoll_events, int64_t now_ns,
                     unsigned max_messages);

/* After a handler said -EAGAIN. Returns true if whole messages are already buffered: dispatch
 * then. */
bool kd_peer_resume(struct kd_peer *peer);

/* When kd_peer_dispatch() must be called at the latest, or 0 for never: the deadline of a begun
 * message, or of a shut peer. In the past (1) while there is something to do that no event will
 * tell: whole messages that may be handled now (after a 1, after kd_peer_resume(), or because
 * kd_peer_flush() ended the back-pressure), kd_peer_shut(), a failed kd_peer_flush(). A
 * message's time does not run while its peer is not being read. */
int64_t kd_peer_deadline_ns(const struct kd_peer *peer);

/* Appends one encoded message (and its fds, duplicated: the caller keeps its own) to what is
 * written. Events are coalesced: nothing is written until kd_peer_dispatch() or kd_peer_flush().
 * Above KD_PEER_OUT_BYTES or KD_PEER_OUT_FDS the peer is shut: -ENOBUFS; without memory
 * likewise: -ENOMEM. If an fd cannot be duplicated (-EMFILE, -EBADF), nothing was sent, and an
 * error can be sent instead. Anything sent after the end is dropped silently: 0. */
int kd_peer_send(struct kd_peer *peer, const void *message, size_t message_bytes, const int *fds,
                 unsigned fds_count);
int kd_peer_flush(struct kd_peer *peer); /* 0, or -EPIPE */
size_t kd_peer_unsent_bytes(const struct kd_peer *peer);

/* Reads nothing more; what is buffered for writing is still tried, for at most a second; then
 * dispatch says -EPIPE. */
void kd_peer_shut(struct kd_peer *peer);

uint64_t kd_peer_received_bytes(const struct kd_peer *peer);
uint64_t kd_peer_sent_bytes(const struct kd_peer *peer);

#define KD_PEER_OUT_BYTES       (1u << 20)  /* hard limit of unsent events */
#define KD_PEER_OUT_FDS         64u         /* hard limit of their fds */
#define KD_PEER_OUT_PAUSE_BYTES (64u << 10) /* above this no requests are read: back-pressure */
#define KD_PEER_OUT_PAUSE_FDS   16u         /* likewise */

#endif

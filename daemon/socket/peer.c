#include "socket/peer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"
#include "proto/wire.h"
#include "socket/inbox.h"
#include "socket/outbox.h"

/* Since Linux 6.5. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

#define LINGER_NS INT64_C(1000000000)

_Static_assert(KD_PEER_OUT_FDS == KD_OUTBOX_FDS_MAX, "as the outbox has room");

enum peer_state {
    PEER_OPEN,
    PEER_SHUT, /* reads nothing more, still writes */
    PEER_DEAD, /* neither: dispatch says -EPIPE */
};

struct kd_peer {
    int fd; /* owned */
    enum peer_state state;
    const struct kd_peer_handler *handler; /* borrowed */
    void *ctx;                             /* the handler's */
    struct kd_peer_identity identity;
    int pidfd; /* owned: the process that connected; -1: it is not known */
    struct kd_inbox inbox;
    struct kd_outbox outbox;
    bool paused; /* the handler said -EAGAIN */
    bool ended;  /* the client writes nothing more */
    /* When the first message in the inbox began, or its peer was read again; 0: no time runs. */
    int64_t begun_ns;
    /* When a shut peer is given up; 0: a second after the next dispatch. */
    int64_t linger_ns;
};

static int prepare_fd(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return -errno;
    }
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

/* Of the process itself, whatever its number is used for later. The kernel's own answer, where it gives one, cannot be about another process; that there is
 * none any more is an answer too. */
static int open_pidfd(int fd, pid_t pid)
{
    int pidfd = -1;
    socklen_t pidfd_bytes = sizeof(pidfd);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &pidfd_bytes) == 0) {
        return pidfd;
    }
    return errno == ENOPROTOOPT && pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

int kd_peer_signal(const struct kd_peer *peer, int signal_number)
{
    if (peer->pidfd < 0 || peer->identity.pid == getpid()) {
        return -ESRCH;
    }
    return syscall(SYS_pidfd_send_signal, peer->pidfd, signal_number, NULL, 0) < 0 ? -errno : 0;
}

int kd_peer_create(int fd, const struct kd_peer_handler *handler, void *ctx, struct kd_peer **out)
{
    struct kd_peer *peer = calloc(1, sizeof(*peer));
    if (peer == NULL) {
        close(fd);
        return -ENOMEM;
    }
    peer->fd = fd;
    peer->pidfd = -1;
    peer->handler = handler;
    peer->ctx = ctx;
    int error = prepare_fd(fd);
    if (error == 0) {
        error = kd_inbox_init(&peer->inbox);
    }
    if (error < 0) {
        kd_peer_destroy(peer);
        return error;
    }
    struct ucred ucred;
    socklen_t ucred_bytes = sizeof(ucred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &ucred_bytes) == 0) {
        peer->identity =
            (struct kd_peer_identity){.pid = ucred.pid, .uid = ucred.uid, .gid = ucred.gid};
    } else {
        peer->identity = (struct kd_peer_identity){.uid = (uid_t)-1, .gid = (gid_t)-1};
    }
    peer->pidfd = open_pidfd(fd, peer->identity.pid);
    *out = peer;
    return 0;
}

void kd_peer_destroy(struct kd_peer *peer)
{
    if (peer == NULL) {
        return;
    }
    kd_inbox_finish(&peer->inbox);
    kd_outbox_finish(&peer->outbox);
    close(peer->fd);
    if (peer->pidfd >= 0) {
        close(peer->pidfd);
    }
    free(peer);
}

int kd_peer_fd(const struct kd_peer *peer)
{
    return peer->fd;
}

struct kd_peer_identity kd_peer_identity(const struct kd_peer *peer)
{
    return peer->identity;
}

/* More requests would make more events, and the client does not read those that it has. */
static bool out_of_step(const struct kd_peer *peer)
{
    return kd_outbox_unsent_bytes(&peer->outbox) > KD_PEER_OUT_PAUSE_BYTES ||
           peer->outbox.fds_count > KD_PEER_OUT_PAUSE_FDS;
}

static bool may_handle(const struct kd_peer *peer)
{
    return peer->state == PEER_OPEN && !peer->paused && !out_of_step(peer);
}

/* Is there something that handle_messages() would do? */
static bool has_message(const struct kd_peer *peer)
{
    const void *message;
    struct kb_wire_error error;
    return kd_inbox_peek(&peer->inbox, &message, &error) != 0;
}

uint32_t kd_peer_events(const struct kd_peer *peer)
{
    uint32_t events = 0;
    if (may_handle(peer) && !peer->ended) {
        events |= EPOLLIN;
    }
    if (peer->state != PEER_DEAD && peer->outbox.full) {
        events |= EPOLLOUT;
    }
    return events;
}

int64_t kd_peer_deadline_ns(const struct kd_peer *peer)
{
    switch (peer->state) {
    case PEER_OPEN:
        if (may_handle(peer) && has_message(peer)) {
            return 1; /* no event will come for what has been read already */
        }
        return peer->begun_ns > 0 ? peer->begun_ns + (int64_t)KB_MESSAGE_DEADLINE_NS : 0;
    case PEER_SHUT: return peer->linger_ns > 0 ? peer->linger_ns : 1;
    case PEER_DEAD: break;
    }
    return 1;
}

void kd_peer_shut(struct kd_peer *peer)
{
    if (peer->state == PEER_OPEN) {
        peer->state = PEER_SHUT;
        kd_inbox_close_fds(&peer->inbox);
    }
}

static void break_peer(struct kd_peer *peer, unsigned code, const char *what, uint32_t offset)
{
    if (peer->state == PEER_OPEN) {
        /* Still open inside the handler, so that its last event is sent. */
        peer->handler->broken(peer->ctx, code, what, offset);
        kd_peer_shut(peer);
    }
}

int kd_peer_send(struct kd_peer *peer, const void *message, size_t message_bytes, const int *fds,
                 unsigned fds_count)
{
    assert(message_bytes >= sizeof(struct kb_header) && message_bytes % 8 == 0);
    if (peer->state != PEER_OPEN) {
        return 0;
    }
    int error =
        kd_outbox_add(&peer->outbox, message, message_bytes, fds, fds_count, KD_PEER_OUT_BYTES);
    if (error == -ENOBUFS || error == -ENOMEM) {
        kd_peer_shut(peer);
    }
    return error;
}

int kd_peer_flush(struct kd_peer *peer)
{
    if (peer->state != PEER_DEAD && kd_outbox_flush(&peer->outbox, peer->fd) < 0) {
        peer->state = PEER_DEAD;
    }
    return peer->state == PEER_DEAD ? -EPIPE : 0;
}

size_t kd_peer_unsent_bytes(const struct kd_peer *peer)
{
    return kd_outbox_unsent_bytes(&peer->outbox);
}

bool kd_peer_resume(struct kd_peer *peer)
{
    peer->paused = false;
    return may_handle(peer) && has_message(peer);
}

uint64_t kd_peer_received_bytes(const struct kd_peer *peer)
{
    return peer->inbox.received_bytes;
}

uint64_t kd_peer_sent_bytes(const struct kd_peer *peer)
{
    return peer->outbox.sent_bytes;
}

static void handle_messages(struct kd_peer *peer, unsigned *left)
{
    while (may_handle(peer)) {
        const void *message;
        struct kb_wire_error error;
        int message_bytes = kd_inbox_peek(&peer->inbox, &message, &error);
        if (message_bytes < 0) {
            break_peer(peer, KB_ERROR_CODE_PROTOCOL, error.what, error.offset);
            return;
        }
        if (message_bytes == 0 || *left == 0) {
            return;
        }
        --*left;
        int fds[KB_WIRE_MESSAGE_FDS_MAX];
        unsigned fds_count = ((const struct kb_header *)message)->nfds;
        kd_inbox_take(&peer->inbox, fds);
        peer->begun_ns = 0;
        int answer =
            peer->handler->message(peer->ctx, message, (size_t)message_bytes, fds, fds_count);
        assert(answer == 0 || answer == -EAGAIN);
        peer->paused = answer == -EAGAIN;
        if (out_of_step(peer)) {
            kd_peer_flush(peer);
        }
    }
}

static void read_once(struct kd_peer *peer)
{
    ssize_t got = kd_inbox_read(&peer->inbox, peer->fd);
    if (got == 0) {
        peer->ended = true;
    } else if (got < 0 && got != -EAGAIN) {
        peer->state = PEER_DEAD;
    }
}

/* What is left in the inbox after all was read that could be: a message may be late, or never be
 * whole. */
static void check_progress(struct kd_peer *peer, int64_t now_ns)
{
    if (!may_handle(peer) || has_message(peer) || !kd_inbox_begun(&peer->inbox)) {
        peer->begun_ns = 0;
    } else if (peer->ended) {
        break_peer(peer, KB_ERROR_CODE_PROTOCOL, "the connection ended inside a message", 0);
    } else if (peer->begun_ns == 0) {
        peer->begun_ns = now_ns;
    } else if (now_ns - peer->begun_ns >= (int64_t)KB_MESSAGE_DEADLINE_NS) {
        break_peer(peer, KB_ERROR_CODE_TIMEOUT, "a message was begun and not completed in time", 0);
    }
}

/* Whether a connection that is still there has nothing left to do. */
static bool is_over(struct kd_peer *peer, uint32_t epoll_events, int64_t now_ns)
{
    bool hung_up = (epoll_events & (EPOLLHUP | EPOLLERR)) != 0;
    switch (peer->state) {
    case PEER_OPEN:
        /* Nobody is left to be answered; a peer that is not read would be told so again and
         * again. */
        if (hung_up && !may_handle(peer)) {
            return true;
        }
        return peer->ended && may_handle(peer) && !has_message(peer);
    case PEER_SHUT:
        if (peer->linger_ns == 0) {
            peer->linger_ns = now_ns + LINGER_NS;
        }
        return hung_up || kd_outbox_unsent_bytes(&peer->outbox) == 0 || now_ns >= peer->linger_ns;
    case PEER_DEAD: break;
    }
    return true;
}

int kd_peer_dispatch(struct kd_peer *peer, uint32_t epoll_events, int64_t now_ns,
                     unsigned max_messages)
{
    unsigned left = max_messages;
    kd_peer_flush(peer);
    handle_messages(peer, &left);
    /* Without an event there is only one reason to read: a message must not be late because
     * nobody looked. */
    bool readable = (epoll_events & ~(uint32_t)EPOLLOUT) != 0 || peer->begun_ns > 0;
    if (readable && may_handle(peer) && !peer->ended && !has_message(peer)) {
        read_once(peer);
        handle_messages(peer, &left);
    }
    check_progress(peer, now_ns);
    kd_peer_flush(peer);
    if (is_over(peer, epoll_events, now_ns)) {
        peer->state = PEER_DEAD;
        return -EPIPE;
    }
    return may_handle(peer) && has_message(peer) ? 1 : 0;
}

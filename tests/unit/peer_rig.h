/* A peer with its client's end of the socket, and a handler that writes down what it is told. */
#ifndef KD_TESTS_PEER_RIG_H
#define KD_TESTS_PEER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"
#include "socket/peer.h"

#define RIG_MESSAGES_MAX 20000
#define RIG_NOW_NS       INT64_C(5000000000)

struct peer_rig {
    int client; /* blocking */
    struct kd_peer *peer;
    int64_t now_ns;
    int open_fds; /* before anything was made */

    unsigned messages;
    uint32_t serials[RIG_MESSAGES_MAX];
    unsigned fds;        /* handed over, all closed again */
    uint64_t inodes[64]; /* of the first of them */

    unsigned pause_at;     /* the message, counted from 1, that is answered with -EAGAIN; 0: none */
    unsigned answer_bytes; /* what each message is answered with */
    bool last_event;       /* send an event when broken */

    unsigned broken;
    unsigned code;
    uint32_t offset;
    char what[128];
};

void rig_start(struct peer_rig *rig);

/* Destroys both ends and checks that no fd is left. */
void rig_stop(struct peer_rig *rig);

/* Fills message_bytes with a header and a body that the handler recognises by the serial. */
void rig_fill(void *message, uint32_t message_bytes, unsigned nfds, uint32_t serial);

struct kb_header rig_header(const void *message);

/* What a client writes: all of it, or the test fails. */
void rig_write(struct peer_rig *rig, const void *bytes, size_t count);
void rig_write_fds(struct peer_rig *rig, const void *bytes, size_t count, const int *fds,
                   unsigned fds_count);
void rig_write_message(struct peer_rig *rig, uint32_t message_bytes, uint32_t serial);

/* Dispatches for what epoll would say now, until that says nothing; returns what dispatch said
 * last. */
int rig_run(struct peer_rig *rig);

/* Reads what is there for the client; 0 if there is nothing, -1 at the end of the stream. */
int rig_read(struct peer_rig *rig, void *bytes, size_t count);

/* The stream was broken exactly once, with this code and a sentence that contains text. */
void rig_assert_broken(const struct peer_rig *rig, unsigned code, const char *text);

int count_open_fds(void);

/* A new memfd and its inode. */
int make_file(uint64_t *inode);
uint64_t inode_of(int fd);

/* Lets this process open only so many more fds until limit_fds_end(); false where that cannot be
 * done (valgrind). */
bool limit_fds_begin(int more);
void limit_fds_end(void);

#endif

/* A daemon that only keeps what it is told, for tests of libkmsblit. It runs in a thread, serves one
 * connection after another, and answers as its fields say. Its records may be looked at after
 * kb_sync(), which it answers last. */
#ifndef FAKE_DAEMON_H
#define FAKE_DAEMON_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "gen/kmsblit_proto.h"

#define FAKE_RECORDS_MAX 256
#define FAKE_HELD_MAX    16

/* A request as it came. */
struct fake_record {
    uint64_t *message; /* owned, aligned; the header and what follows it */
    uint8_t *memory;   /* owned copy of the file that came with it, or NULL */
    size_t memory_bytes;
    int seals;
    ino_t inode;
};

struct fake {
    /* What it does; set when no request is under way, or with FAKE_SET(). */
    void (*on_connect)(struct fake *fake, int fd); /* instead of everything else; NULL: as below */
    unsigned hold;        /* frames are answered once more than this many are waiting ... */
    bool answer_on_sync;  /* ... or all of them before a sync is answered */
    bool discard;         /* with `discarded` instead of `presented` */
    bool release;         /* memory is released at once */
    uint16_t refuse;      /* the opcode of requests that are answered by an error ... */
    uint16_t refuse_code; /* ... of this code */
    uint16_t derail;      /* a request with this opcode is answered by derail_bytes, as they are */
    const void *derail_bytes;
    size_t derail_size;
    bool derail_closes; /* and the connection ends */
    bool derail_once;   /* and later ones are answered */
    bool byte_by_byte;  /* events are sent in single bytes */
    uint32_t version;   /* of the welcome */
    int event_fd;       /* sent with screenshot_done; -1: none */

    /* What it was told. */
    struct fake_record records[FAKE_RECORDS_MAX];
    unsigned records_count;

    pthread_mutex_t lock; /* held while a request is being answered */
    char folder[64], path[96];
    int listener;
    int connection;
    pthread_t thread;
    struct {
        uint32_t window, serial;
    } held[FAKE_HELD_MAX];
    unsigned held_count;
    uint64_t sequence;
};

void fake_start(struct fake *fake);
void fake_stop(struct fake *fake); /* after the clients have gone */

/* Ends the connection that there is, as a daemon that dies does, and forgets what it was told. The
 * next one begins as a daemon that knows nothing. */
void fake_restart(struct fake *fake);

/* Changes a field between two requests, while the thread may still be busy with the first. */
#define FAKE_SET(fake, field, value)         \
    do {                                     \
        pthread_mutex_lock(&(fake)->lock);   \
        (fake)->field = (value);             \
        pthread_mutex_unlock(&(fake)->lock); \
    } while (0)

/* Encodes and sends an event; fd -1: without one. */
void fake_send(struct fake *fake, uint16_t opcode, const void *event, int fd);
void fake_send_bytes(struct fake *fake, const void *bytes, size_t size, int fd);

/* The number of requests of an opcode, and the index-th of them. */
unsigned fake_count(const struct fake *fake, uint16_t opcode);
const struct fake_record *fake_find(const struct fake *fake, uint16_t opcode, unsigned index);

#endif

/* Plays a recording to a daemon: what was sent, in its order, as the answers allow. */
#ifndef CLI_PLAYER_H
#define CLI_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "link.h"
#include "recording.h"

/* A request that is not answered yet, or was refused. */
struct cli_request {
    uint32_t object, serial;
    uint16_t opcode;
    uint16_t code; /* enum kb_error_code, of a refused one */
};

struct cli_requests {
    struct cli_request *list; /* owned */
    size_t count, capacity;
};

/* Memory of a shared image that exists. */
struct cli_shared {
    uint32_t id;
    int fd; /* owned */
    uint64_t bytes;
};

struct cli_player {
    struct cli_link link;
    struct cli_requests frames;   /* of windows, not answered */
    struct cli_requests unread;   /* whose memory the daemon has not read */
    struct cli_requests windows;  /* that exist; only object is set */
    struct cli_requests refused;  /* here */
    struct cli_requests recorded; /* refused when it was recorded */
    struct cli_shared *shared;    /* owned */
    size_t shared_count;
    int memory_fd; /* owned: for the next request; or -1 */
    uint64_t memory_bytes;
    uint32_t last_serial; /* of what was sent */
    bool synced;
    int64_t first_frame_ns, last_answer_ns; /* CLOCK_MONOTONIC; 0: none yet */
    uint64_t sent, frames_sent, presented, discarded, unchanged;
    char why[512]; /* after -1 */
};

/* 0, or -1 and why. Finish it in any case. */
int cli_player_init(struct cli_player *player, const char *socket_path);
void cli_player_finish(struct cli_player *player);

/* Waits until it may, and does what the record says. Events are waited for, or noted. */
int cli_player_play(struct cli_player *player, const struct cli_record *record);

/* Notes which requests were refused when this was recorded; sends nothing. */
int cli_player_note(struct cli_player *player, const struct cli_record *record);

/* Handles events until then. */
int cli_player_wait(struct cli_player *player, int64_t deadline_ns);

/* Waits until everything is answered. */
int cli_player_drain(struct cli_player *player);

/* Tells on standard error of requests that were refused either here or when recorded. Returns how
 * many. */
unsigned cli_player_compare(const struct cli_player *player);

#endif

/* A bare connection to a daemon: whole messages as they are, with their serials and ids. */
#ifndef CLI_LINK_H
#define CLI_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "gen/kmsblit_proto.h"

#define CLI_LINK_FOREVER  INT64_MAX
#define CLI_LINK_IN_BYTES (2u * KB_WIRE_MESSAGE_BYTES_MAX)
#define CLI_LINK_FDS_MAX  16u

struct cli_link {
    int fd;                               /* owned; -1: closed */
    const struct kb_evt_handler *handler; /* borrowed; its functions return 0. It gets no fds. */
    void *ctx;                            /* borrowed: the handler's */
    int fds[CLI_LINK_FDS_MAX];            /* owned: came with messages that are not whole yet */
    unsigned fds_count;
    size_t in_begin, in_end;
    char why[256]; /* after -1 */
    _Alignas(8) uint8_t in[CLI_LINK_IN_BYTES];
};

/* 0, or -1 and why. Close it in any case. */
int cli_link_open(struct cli_link *link, const char *path, const struct kb_evt_handler *handler,
                  void *ctx);
void cli_link_close(struct cli_link *link);

int64_t cli_link_now_ns(void);

/* Sends a whole message with an fd (-1: none), handling events meanwhile. 0, or -1 and why. */
int cli_link_send(struct cli_link *link, const struct kb_header *message, int fd);

/* Waits for events until then (CLOCK_MONOTONIC) or until some came, and handles them. 0, or -1. */
int cli_link_turn(struct cli_link *link, int64_t deadline_ns);

#endif

/*
 * A small process that has the console for the daemon and gives it back when the daemon is gone, however it went.
 *
 * The two are connected by a pair of sockets. As long as anybody holds the daemon's end, the display is somebody's: the daemon, or
 * systemd's fd store between a crash and the automatic restart. When nobody does any more, the guard gives the console back and exits.
 */
#ifndef KD_SERVER_GUARD_H
#define KD_SERVER_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "server/console.h"

struct kd_guard {
    int fd;    /* owned: the daemon's end */
    pid_t pid; /* of our child; 0: an earlier daemon's */
    unsigned vt;
    bool can_be_kept; /* its end may go to the fd store */
};

/* Starts one, and waits until it has the console (vt as in kd_console_enter()) or has failed, saying why. The child
 * logs only when the console has been given back. Returns 0 or -errno. */
int kd_guard_start(struct kd_guard *guard, const struct kd_console_calls *calls, unsigned vt,
                   char *why, size_t why_bytes);

/* Goes on with the guard of an earlier daemon, whose socket fd was. Takes fd over in any case. -errno: it is not there any more. */
int kd_guard_adopt(struct kd_guard *guard, int fd);

/* Has the console given back and waits until the guard is gone. Returns 0, or -errno and why. */
int kd_guard_end(struct kd_guard *guard, char *why, size_t why_bytes);

#endif

/* A kernel with two dozen virtual terminals, in memory that a guard process shares: what was called, and what came of it. */
#ifndef CONSOLE_RIG_H
#define CONSOLE_RIG_H

#include <stdbool.h>
#include <sys/types.h>

#include "server/console.h"

struct console_vt {
    int text, keyboard, lock;
};

struct console_rig {
    char log[2048]; /* one word for each call */
    unsigned active, free_vt, inherited_vt;
    struct console_vt vts[24];
    int opened;       /* fds of VTs that are open */
    bool is_terminal; /* standard input is a controlling terminal ... */
    pid_t session;    /* ... of this session */
    /* Call number fail_at (from 1), or every call of this name, fails. */
    int calls, fail_at, fail_errno;
    const char *fail_name;
};

/* VT 1 is active with text; 7 is free. Shared with child processes; unmapped with the test's process. */
struct console_rig *console_rig_create(struct kd_console_calls *calls);

#endif

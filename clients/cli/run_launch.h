/* `kmsblit run` beside the program that it runs: the daemon keeps what the program showed, and what it says is kept, too. */
#ifndef CLI_RUN_LAUNCH_H
#define CLI_RUN_LAUNCH_H

#include <pthread.h>
#include <stdbool.h>

#include <kmsblit.h>

#include "crash/crash.h"

/* Of what a program writes to its standard error, so much is remembered. */
#define CLI_SAID_BYTES 65536u

struct cli_launch {
    struct kb_display *display; /* owned; the thread's while it runs */
    struct crash_left left;     /* of the program before, until the next one shows something */
    bool was_shown;             /* a program of this launch has shown something */
    int errors;       /* owned: where the program writes its errors; -1: nowhere of ours */
    int said_fd;      /* owned: where they are read from */
    int stop;         /* owned: an eventfd that ends the thread */
    pthread_t thread; /* reads errors and hears the daemon while the program runs */
    char *said;       /* owned: the last that was said, with a 0 at its end */
    size_t said_bytes;
};

/* Connects, and lets programs that are started from now on belong to this launch. 0, or CLI_RUN_FAILED
 * after telling why. */
int cli_launch_begin(struct cli_launch *launch);
void cli_launch_end(struct cli_launch *launch);

/* Around each run of the program. 0 or -errno. The end waits until the daemon knows that the program has ended, but not
 * for long. */
int cli_launch_watch(struct cli_launch *launch);
void cli_launch_unwatch(struct cli_launch *launch);

#endif

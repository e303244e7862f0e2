/* `kmsblit run` beside the program that it runs: the daemon keeps what the program showed, and what it says is kept, too. */
#ifndef CLI_RUN_LAUNCH_H
#define CLI_RUN_LAUNCH_H

#include <pthread.h>
#include <stdbool.h>

#include <kmsblit.h>

/* Of what a program writes to its standard error, so much is remembered. */
#define CLI_SAID_BYTES 65536u
#define CLI_LEFT_MOST  16u /* KB_MAX_LEFT */

struct cli_launch {
    struct kb_display *display; /* owned; the thread's while it runs */
    struct kb_window
        *left[CLI_LEFT_MOST]; /* owned: of the program before, until the next one shows something */
    unsigned left_count;
    bool was_shown;   /* a program of this launch has shown something */
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

/* Dims what it left. Those windows are in launch->left from now on, after those that are there still. 0 or -errno. */
int cli_launch_dim(struct cli_launch *launch);

/* They go. */
void cli_launch_let_go(struct cli_launch *launch);

#endif

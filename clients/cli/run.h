/* `kmsblit run`: what its parts share. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include <stdbool.h>
#include <sys/types.h>

#include "sdl2/counters.h"

enum {
    CLI_RUN_FAILED = 125,     /* kmsblit could not start the program */
    CLI_RUN_CANNOT_RUN = 126, /* the system could not */
    CLI_RUN_NOT_FOUND = 127,
    CLI_RUN_SIGNAL = 128, /* plus the signal's number: it died of that */
};

/* ---- The program as processes (run_process.c) ------------------------------------------------- */

/*
 * Runs a program in a process group of its own, in the foreground if we are, and waits for its end. Signals that we get
 * go to the group. What is left of it after its end is ended too, also if we are killed. path is the file, argv its
 * arguments; the environment is ours.
 *
 * errors: an fd for its standard error; -1: ours. Returns 0, or the errno for which it could not be started.
 */
struct cli_run_end {
    int status;    /* wait()'s */
    bool is_asked; /* we got a signal that asks to end, and passed it on */
};
int cli_run_process(const char *path, char *const *argv, int errors, struct cli_run_end *end);

/* ---- The program as a file (run_program.c) ---------------------------------------------------- */

/* Finds it as the shell does. 0, or the exit status for what is wrong with it, and *why (static) says that. */
int cli_run_find(const char *name, char *path, size_t size, const char **why);

/* Why our library cannot come below this program's SDL, as the end of a sentence; NULL: nothing is known against it. */
const char *cli_run_obstacle(const char *path);

/* ---- What it presented (run_stats.c) ---------------------------------------------------------- */

struct cli_run_stats {
    int fd; /* owned; -1: none */
    struct sdl2_counters
        *counters; /* owned: a mapping; never NULL after cli_run_stats_open() succeeded */
};

/* Makes the counters, and tells programs where they are by the environment. 0 or -errno. */
int cli_run_stats_open(struct cli_run_stats *stats);
void cli_run_stats_close(struct cli_run_stats *stats);

/* On standard error, for people. */
void cli_run_stats_print(const struct cli_run_stats *stats);

/* As one JSON object. 0 or -errno. */
int cli_run_stats_write(const struct cli_run_stats *stats, const char *path);

#endif

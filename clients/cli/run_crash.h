/* A program that ended: whether it crashed, and what is to be said of it. */
#ifndef CLI_RUN_CRASH_H
#define CLI_RUN_CRASH_H

#include <stdbool.h>

struct cli_crash {
    char name[256];  /* the program's, for people */
    char title[320]; /* "snake.py has crashed" */
    char *what;      /* owned: the exception, or the signal in words */
    char *detail;    /* owned: the traceback, or the last that it said */
};

/* The name of what a command runs: of the script, where it runs one. */
const char *cli_crash_name(char *const *command);

/* Says what happened, by wait()'s status and what was written to standard error. False: it did not crash, or there is no
 * memory. */
bool cli_crash_explain(const char *name, int status, const char *said, struct cli_crash *crash);
void cli_crash_finish(struct cli_crash *crash);

#endif

#include "run_crash.h"

#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "run.h"

#define TRACEBACK "Traceback (most recent call last):"

/* ---- Its name --------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

const char *cli_crash_name(char *const *command)
{
    const char *program = base_name(command[0]);
    if (strncmp(program, "python", 6) != 0 && strcmp(program, "pgzrun") != 0)
        return program;
    for (char *const *argument = command + 1; *argument != NULL; argument++) {
        bool is_module = strcmp(*argument, "-m") == 0;
        if (is_module && argument[1] != NULL)
            return argument[1];
        if (strcmp(*argument, "-c") == 0)
            break;
        if (**argument != '-')
            return base_name(*argument);
    }
    return program;
}

/* ---- Whether it crashed ------------------------------------------------------------------------- */

/* By these a program is asked to end, or ends as it should. */
static bool is_asked(int signal_number)
{
    static const int asking[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM};
    for (size_t i = 0; i < sizeof(asking) / sizeof(asking[0]); i++)
        if (signal_number == asking[i])
            return true;
    return false;
}

static bool is_crash(int status)
{
    if (WIFSIGNALED(status))
        return !is_asked(WTERMSIG(status));
    return WEXITSTATUS(status) != 0 && !(WEXITSTATUS(status) > CLI_RUN_SIGNAL &&
                                         is_asked(WEXITSTATUS(status) - CLI_RUN_SIGNAL));
}

/* ---- What happened ---------------------------------------------------------------------------- */

/* The last traceback, or NULL. */
static const char *find_traceback(const char *said)
{
    const char *found = NULL;
    for (const char *next = said; (next = strstr(next, TRACEBACK)) != NULL; next++)
        if (next == said || next[-1] == '\n')
            found = next;
    return found;
}

/* Where its indented lines end: there the exception stands, on as many lines as its text has. */
static const char *after_frames(const char *traceback)
{
    const char *at = strchr(traceback, '\n');
    while (at != NULL && (at[1] == ' ' || at[1] == '\n'))
        at = strchr(at + 1, '\n');
    return at != NULL ? at + 1 : "";
}

static void trim(char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        text[--length] = '\0';
}

static void explain_python(struct cli_crash *crash, const char *traceback)
{
    const char *exception = after_frames(traceback), *begin = exception;
    snprintf(crash->title, sizeof(crash->title), "%s has crashed", crash->name);
    /* What came before by "During handling of the above exception" is told by the log. */
    while (*begin != '\0' && strncmp(begin, "\n\n", 2) != 0)
        begin++;
    crash->what = strndup(exception, (size_t)(begin - exception));
    crash->detail = strndup(traceback, (size_t)(exception - traceback));
    if (crash->detail != NULL && crash->what != NULL && crash->what[0] == '\0') {
        free(crash->what); /* it was cut off */
        crash->what = strdup("an exception that was not caught");
    }
}

static void explain_other(struct cli_crash *crash, int status, const char *said)
{
    if (WIFSIGNALED(status)) {
        snprintf(crash->title, sizeof(crash->title), "%s ended by signal %d", crash->name,
                 WTERMSIG(status));
        crash->what = strdup(strsignal(WTERMSIG(status)));
    } else {
        snprintf(crash->title, sizeof(crash->title), "%s ended with status %d", crash->name,
                 WEXITSTATUS(status));
        crash->what = strdup(said[0] != '\0' ? "This is the last that it said:"
                                             : "It said nothing about why.");
    }
    crash->detail = strdup(said);
}

bool cli_crash_explain(const char *name, int status, const char *said, struct cli_crash *crash)
{
    const char *traceback = find_traceback(said);
    *crash = (struct cli_crash){.what = NULL};
    if (!is_crash(status))
        return false;
    snprintf(crash->name, sizeof(crash->name), "%s", name);
    if (traceback != NULL && !WIFSIGNALED(status))
        explain_python(crash, traceback);
    else
        explain_other(crash, status, said);
    trim(crash->what);
    trim(crash->detail);
    if (crash->what != NULL && crash->detail != NULL)
        return true;
    cli_crash_finish(crash);
    return false;
}

void cli_crash_finish(struct cli_crash *crash)
{
    free(crash->what);
    free(crash->detail);
    crash->what = crash->detail = NULL;
}

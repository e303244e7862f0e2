/*
 * A program, and whatever it starts, as one process group.
 *
 * Signals are never handled here, only waited for: those for the program, and those about it. Processes that it leaves
 * behind become our children (we are their subreaper), so nothing can hide from the end. If we are killed ourselves, a
 * guard that only waits on a pipe for our end kills the group.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "run.h"

/* For programs that put their things in order when they are asked to end. */
#define GRACE_SECONDS 1

struct group {
    pid_t leader;   /* the program; also the group's id */
    pid_t guard;    /* 0: none */
    int guard_pipe; /* its end tells the guard of ours; -1: none */
    bool foreground;
    bool ended;
    struct cli_run_end end; /* the leader's */
};

static const int passed_on[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT};

/* ---- The terminal -------------------------------------------------------------------------- */

/* SIGTTOU is blocked, so this is allowed in the background, too. */
static void give_terminal(const struct group *group, pid_t to)
{
    if (group->foreground)
        tcsetpgrp(STDIN_FILENO, to);
}

/* Ctrl-Z stops the program; then we stop as well, so that the shell goes on, and continue together. */
static void stop_along(const struct group *group)
{
    give_terminal(group, getpgrp());
    kill(getpid(), SIGSTOP);
    give_terminal(group, group->leader);
    kill(-group->leader, SIGCONT);
}

/* ---- Starting ------------------------------------------------------------------------------ */

/* In the guard: waits for our end and ends the group then. It holds nothing else open. */
static void __attribute__((noreturn)) be_guard(pid_t leader, int end)
{
    char byte;
    setpgid(0, 0);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    while (read(end, &byte, 1) < 0 && errno == EINTR)
        ;
    kill(-leader, SIGKILL);
    _exit(0);
}

static void start_guard(struct group *group)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return; /* all is well without, as long as nobody kills us */
    group->guard = fork();
    if (group->guard == 0) {
        close(ends[1]);
        be_guard(group->leader, ends[0]);
    }
    close(ends[0]);
    group->guard_pipe = ends[1];
}

/* In the child. What it writes into the pipe is why it could not become the program. */
static void __attribute__((noreturn))
be_program(struct group *group, const char *path, char *const *argv, int errors,
           const sigset_t *mask, int why)
{
    setpgid(0, 0);
    give_terminal(group, getpid());
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (errors >= 0)
        dup2(errors, STDERR_FILENO);
    execv(path, argv);
    int error = errno;
    if (write(why, &error, sizeof(error)) < 0)
        error = 0;
    _exit(CLI_RUN_CANNOT_RUN);
}

/* 0, or the errno. */
static int start(struct group *group, const char *path, char *const *argv, int errors,
                 const sigset_t *mask)
{
    int ends[2], error = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return errno;
    group->leader = fork();
    if (group->leader == 0) {
        close(ends[0]);
        be_program(group, path, argv, errors, mask, ends[1]);
    }
    if (group->leader < 0)
        error = errno;
    close(ends[1]);
    if (error == 0) {
        setpgid(group->leader, group->leader); /* whoever of the two is first */
        give_terminal(group, group->leader);
        if (read(ends[0], &error, sizeof(error)) != (ssize_t)sizeof(error))
            error = 0;
        if (error != 0)
            waitpid(group->leader, NULL, 0);
    }
    close(ends[0]);
    if (error == 0)
        start_guard(group);
    return error;
}

/* ---- Waiting and ending -------------------------------------------------------------------- */

/* Takes notice of every child that ended or stopped. False: there are no children. */
static bool reap(struct group *group)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | WUNTRACED);
        if (pid <= 0)
            return pid == 0;
        if (pid != group->leader)
            continue;
        if (WIFSTOPPED(status)) {
            stop_along(group);
        } else {
            group->ended = true;
            group->end.status = status;
        }
    }
}

static void pass_on(struct group *group, int signal_number)
{
    kill(-group->leader, signal_number);
    group->end.is_asked |= signal_number == SIGINT || signal_number == SIGTERM ||
                           signal_number == SIGHUP || signal_number == SIGQUIT;
}

static void wait_for_leader(struct group *group, const sigset_t *waited)
{
    reap(group);
    while (!group->ended) {
        siginfo_t info;
        if (sigwaitinfo(waited, &info) < 0)
            continue;
        if (info.si_signo == SIGCHLD)
            reap(group);
        else
            pass_on(group, info.si_signo);
    }
}

/* The processes that are our children now, whatever group they put themselves into. */
static void kill_children(int signal_number)
{
    char path[64], line[4096];
    snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    char *children = fgets(line, sizeof(line), file);
    for (long pid; children != NULL && (pid = strtol(children, &children, 10)) > 0;)
        kill((pid_t)pid, signal_number);
    fclose(file);
}

/* Ends what the program left behind: politely, and then not. */
static void end_rest(struct group *group)
{
    struct timespec grace = {.tv_sec = GRACE_SECONDS};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    if (group->guard > 0) {
        kill(group->guard, SIGKILL);
        waitpid(group->guard, NULL, 0);
    }
    if (group->guard_pipe >= 0)
        close(group->guard_pipe);
    kill(-group->leader, SIGTERM);
    kill(-group->leader, SIGCONT);
    kill_children(SIGTERM);
    while (reap(group)) {
        if (sigtimedwait(&ends, NULL, &grace) >= 0 || errno == EINTR)
            continue;
        kill(-group->leader, SIGKILL);
        kill_children(SIGKILL);
        grace.tv_sec = 0;
        grace.tv_nsec = 10000000;
    }
}

int cli_run_process(const char *path, char *const *argv, int errors, struct cli_run_end *end)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    struct group group = {.guard_pipe = -1};
    sigset_t blocked, before;
    sigemptyset(&blocked);
    for (size_t i = 0; i < sizeof(passed_on) / sizeof(passed_on[0]); i++)
        sigaddset(&blocked, passed_on[i]);
    sigaddset(&blocked, SIGCHLD);
    sigaddset(&blocked, SIGTTOU);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    sigdelset(&blocked, SIGTTOU);
    sigaction(SIGCHLD, &usual, NULL); /* whoever started us may have had it ignored */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    group.foreground = isatty(STDIN_FILENO) && tcgetpgrp(STDIN_FILENO) == getpgrp();
    int error = start(&group, path, argv, errors, &before);
    if (error == 0) {
        wait_for_leader(&group, &blocked);
        end_rest(&group);
    }
    give_terminal(&group, getpgrp());
    sigprocmask(SIG_SETMASK, &before, NULL);
    *end = group.end;
    return error;
}

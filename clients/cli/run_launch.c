#include "run_launch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli.h"
#include "run.h"

/* ---- Beginning and end ------------------------------------------------------------------------ */

int cli_launch_begin(struct cli_launch *launch)
{
    char variable[24];
    uint64_t token = 0;
    *launch = (struct cli_launch){.errors = -1, .said_fd = -1, .stop = -1};
    if (kb_connect(cli_socket, "kmsblit run", &launch->display) < 0) {
        cli_fail(&cli_run, "%s", kb_last_error());
        return CLI_RUN_FAILED;
    }
    launch->said = malloc(CLI_SAID_BYTES + 1);
    while (token == 0 && launch->said != NULL)
        if (getrandom(&token, sizeof(token), 0) < 0)
            break;
    snprintf(variable, sizeof(variable), "%016" PRIx64, token);
    if (token == 0 || kb_launch(launch->display, token) < 0 ||
        setenv("KMSBLIT_LAUNCH", variable, 1) < 0) {
        cli_fail(&cli_run, "%s", token == 0 ? "no memory, or no random numbers" : kb_last_error());
        cli_launch_end(launch);
        return CLI_RUN_FAILED;
    }
    return CLI_OK;
}

void cli_launch_end(struct cli_launch *launch)
{
    kb_disconnect(launch->display);
    launch->display = NULL;
    free(launch->said);
    launch->said = NULL;
}

/* ---- While the program runs ------------------------------------------------------------------- */

/* Keeps the end of it. */
static void remember(struct cli_launch *launch, const char *bytes, size_t count)
{
    if (launch->said_bytes + count > CLI_SAID_BYTES) {
        size_t keep =
            CLI_SAID_BYTES / 2 < launch->said_bytes ? CLI_SAID_BYTES / 2 : launch->said_bytes;
        memmove(launch->said, launch->said + launch->said_bytes - keep, keep);
        launch->said_bytes = keep;
    }
    memcpy(launch->said + launch->said_bytes, bytes, count);
    launch->said_bytes += count;
    launch->said[launch->said_bytes] = '\0';
}

/* False: nothing more comes. */
static bool pass_on(struct cli_launch *launch)
{
    char bytes[4096];
    ssize_t count = read(launch->said_fd, bytes, sizeof(bytes));
    if (count < 0)
        return errno == EINTR;
    for (ssize_t done = 0; done < count;) {
        ssize_t wrote = write(STDERR_FILENO, bytes + done, (size_t)(count - done));
        if (wrote < 0 && errno != EINTR)
            break; /* nobody reads it any more; the card still does */
        done += wrote > 0 ? wrote : 0;
    }
    remember(launch, bytes, (size_t)count);
    return count > 0;
}

/* False: the daemon is gone for good. */
static bool hear(struct cli_launch *launch)
{
    struct kb_launch_state state;
    struct kb_event event;
    int events;
    while ((events = kb_next_event(launch->display, &event)) > 0)
        ;
    kb_launch_get(launch->display, &state);
    if (state.shown > 0) {
        launch->was_shown = true;
        crash_let_go(&launch->left);
    }
    return events == 0;
}

static void *watch(void *context)
{
    struct cli_launch *launch = context;
    struct pollfd wanted[] = {{.fd = launch->stop, .events = POLLIN},
                              {.fd = launch->said_fd, .events = POLLIN},
                              {.fd = kb_get_fd(launch->display), .events = POLLIN}};
    while (!(wanted[0].revents & POLLIN)) {
        if (!hear(launch))
            wanted[2].fd = -1;
        if (poll(wanted, 3, -1) > 0 && wanted[1].revents != 0 && !pass_on(launch))
            wanted[1].fd = -1;
    }
    while (pass_on(launch)) /* what is still in the pipe, which does not block */
        ;
    return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct cli_launch *launch)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&launch->thread, NULL, watch, launch);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

static void close_fds(struct cli_launch *launch)
{
    int *fds[] = {&launch->errors, &launch->said_fd, &launch->stop};
    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

int cli_launch_watch(struct cli_launch *launch)
{
    int ends[2], error;
    launch->said_bytes = 0;
    launch->said[0] = '\0';
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    launch->said_fd = ends[0];
    launch->errors = ends[1];
    launch->stop = eventfd(0, EFD_CLOEXEC);
    if (launch->stop < 0 || fcntl(launch->said_fd, F_SETFL, O_NONBLOCK) < 0)
        error = -errno;
    else
        error = start_thread(launch);
    if (error < 0)
        close_fds(launch);
    return error;
}

void cli_launch_unwatch(struct cli_launch *launch)
{
    struct kb_launch_state state;
    eventfd_write(launch->stop, 1);
    pthread_join(launch->thread, NULL);
    close_fds(launch);
    crash_wait_gone(launch->display);
    kb_launch_get(launch->display, &state);
    if (state.left > 0) {
        launch->was_shown = true;
        crash_let_go(&launch->left);
    }
}

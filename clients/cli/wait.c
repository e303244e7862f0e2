#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "cli.h"

#define DEFAULT_SECONDS 10.0
#define RETRY_MS        20

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Errors that go away when a daemon starts; others would stay. */
static bool may_pass(int error)
{
    return error == -ENOENT || error == -ECONNREFUSED || error == -EPROTO || error == -ETIMEDOUT ||
           error == -EINTR;
}

static int wait_until(double deadline)
{
    struct kb_display *display;
    int error;
    while ((error = kb_connect(cli_socket, "kmsblit", &display)) < 0) {
        if (!may_pass(error) || now() >= deadline)
            return cli_fail(&cli_wait, "%s", kb_last_error());
        /* No event tells of a socket that begins to listen: ask again after a while. */
        poll(NULL, 0, RETRY_MS);
    }
    kb_disconnect(display);
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"timeout", required_argument, NULL, 't'},
        CLI_OPTIONS,
    };
    double seconds = DEFAULT_SECONDS;
    int option;
    while ((option = cli_option(&cli_wait, argc, argv, options)) != -1) {
        char *end;
        if (option != 't')
            return CLI_USAGE;
        seconds = strtod(optarg, &end);
        if (end == optarg || *end != '\0' || !isfinite(seconds) || seconds < 0)
            return cli_usage(&cli_wait, "--timeout %s: not a number of seconds", optarg);
    }
    if (optind < argc)
        return cli_usage(&cli_wait, "it takes no argument \"%s\"", argv[optind]);
    return wait_until(now() + seconds);
}

const struct cli_verb cli_wait = {
    .name = "wait",
    .summary = "wait until a daemon answers",
    .help =
        "usage: kmsblit wait [--socket PATH] [--timeout S]\n"
        "\n"
        "Waits until a daemon answers at the socket; for scripts that have just started one.\n"
        "\n"
        "  --timeout S  give up after S seconds, and exit with 1; 10 if not said, 0 asks once.\n"
        "               (A daemon that takes the connection but does not answer gets 5 s more.)\n",
    .run = run,
};

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#define STEP_NS_MAX UINT64_C(3600000000000)

static bool parse(const char *text, uint64_t *duration_ns)
{
    static const struct {
        const char *name;
        uint64_t ns;
    } units[] = {{"", 1}, {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].name) != 0)
            continue;
        *duration_ns = number * units[i].ns;
        return errno == 0 && number <= STEP_NS_MAX / units[i].ns;
    }
    return false;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {CLI_OPTIONS};
    uint64_t duration_ns;
    struct kb_display *display;
    if (cli_option(&cli_step, argc, argv, options) != -1)
        return CLI_USAGE;
    if (argc - optind != 1)
        return cli_usage(&cli_step, "name one duration");
    if (!parse(argv[optind], &duration_ns))
        return cli_usage(&cli_step,
                         "%s: not a duration from 0 to one hour, such as 16666667 or 20ms",
                         argv[optind]);
    if (cli_connect(&cli_step, &display) != CLI_OK)
        return CLI_FAILED;
    int error = kb_clock_step(display, duration_ns);
    int status = error < 0 ? cli_fail(&cli_step, "%s", kb_last_error()) : CLI_OK;
    kb_disconnect(display);
    return status;
}

const struct cli_verb cli_step = {
    .name = "step",
    .summary = "move the daemon's virtual clock on",
    .help = "usage: kmsblit step [--socket PATH] NS\n"
            "\n"
            "Moves the clock of a daemon that runs on a virtual one by NS nanoseconds (or 20ms,\n"
            "500us, 1s; one hour at most), and waits until everything that falls due has happened\n"
            "and is drawn. 0 only waits for drawing. Needs the permission \"clock\": the daemon's\n"
            "own user and root have it.\n",
    .run = run,
};

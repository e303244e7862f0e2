#include <stdio.h>

#include "cli.h"

static int run(int argc, char **argv)
{
    static const struct option options[] = {CLI_OPTIONS};
    if (cli_option(&cli_version, argc, argv, options) != -1)
        return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cli_version, "there is nothing to say about \"%s\"", argv[optind]);
    printf("kmsblit %s\n", kb_version());
    return CLI_OK;
}

const struct cli_verb cli_version = {
    .name = "version",
    .summary = "print the tool's version",
    .help = "usage: kmsblit version\n"
            "\n"
            "Prints the version of this tool. `kmsblit info` prints the daemon's.\n",
    .run = run,
};

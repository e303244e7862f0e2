#include <stdio.h>
#include <string.h>

#include "cli.h"

static void print_overview(void)
{
    fputs("usage: kmsblit [--socket PATH] VERB [...]\n"
          "\n"
          "Looks at a kmsblitd and helps with it. The verbs:\n"
          "\n",
          stdout);
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++)
        printf("  %-12s%s\n", (*verb)->name, (*verb)->summary);
    fputs("\n"
          "`kmsblit help VERB` or `kmsblit VERB --help` says more about a verb.\n"
          "\n"
          "  --socket PATH  the daemon's socket; otherwise $KMSBLIT_SOCKET, or where that\n"
          "                 is not set, the first that exists of\n"
          "                 $XDG_RUNTIME_DIR/kmsblit.sock and /run/kmsblit/kmsblit.sock\n"
          "  --version      print the version\n"
          "\n"
          "Exit status: 0 done, 1 not done, 2 a mistake on the command line.\n",
          stdout);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {CLI_OPTIONS};
    if (cli_option(&cli_help, argc, argv, options) != -1)
        return CLI_USAGE;
    if (argc - optind > 1)
        return cli_usage(&cli_help, "name one verb, or none");
    if (optind == argc) {
        print_overview();
        return CLI_OK;
    }
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        if (strcmp((*verb)->name, argv[optind]) == 0) {
            fputs((*verb)->help, stdout);
            return CLI_OK;
        }
    }
    return cli_usage(&cli_help, "there is no verb \"%s\"", argv[optind]);
}

const struct cli_verb cli_help = {
    .name = "help",
    .summary = "say what there is, or more about a verb",
    .help = "usage: kmsblit help [VERB]\n"
            "\n"
            "Prints the list of verbs, or all about one.\n",
    .run = run,
};

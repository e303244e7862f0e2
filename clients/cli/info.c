#include <stdio.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"

static void print_flags(uint16_t opcode, const char *field, uint32_t flags, const char *before)
{
    for (uint32_t bit = 1; bit != 0; bit <<= 1) {
        const char *name = flags & bit ? cli_flag_name(opcode, field, bit) : NULL;
        if (name == NULL)
            continue;
        printf("%s%s", before, name);
        before = ", ";
    }
}

static void print_output(const struct kb_output_info *output)
{
    printf("  %-12s %ux%u at %d,%d", output->name, output->width, output->height, output->x,
           output->y);
    if (output->refresh_ns != 0)
        printf(", %.2f Hz", 1e9 / (double)output->refresh_ns);
    else
        fputs(", not paced", stdout);
    print_flags(KB_EVT_OUTPUT, "flags", output->flags, ", ");
    if (output->description[0] != '\0')
        printf(" (%s)", output->description);
    putchar('\n');
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {CLI_OPTIONS};
    struct kb_display *display;
    if (cli_option(&cli_info, argc, argv, options) != -1)
        return CLI_USAGE;
    if (optind < argc)
        return cli_usage(&cli_info, "it takes no argument \"%s\"", argv[optind]);
    if (cli_connect(&cli_info, &display) != CLI_OK)
        return CLI_FAILED;
    printf("daemon       %s\nsocket       %s\n", kb_server_name(display), kb_socket_path(display));
    fputs("permissions  ", stdout);
    if (kb_permissions(display) == 0)
        fputs("none", stdout);
    print_flags(KB_EVT_WELCOME, "permissions", kb_permissions(display), "");
    puts(kb_output_count(display) == 0 ? "\noutputs      none" : "\noutputs");
    struct kb_output_info output;
    for (size_t i = 0; kb_output_get(display, i, &output) == 0; i++)
        print_output(&output);
    kb_disconnect(display);
    return CLI_OK;
}

const struct cli_verb cli_info = {
    .name = "info",
    .summary = "say which daemon answers, its outputs, and what you may do",
    .help =
        "usage: kmsblit info [--socket PATH]\n"
        "\n"
        "Prints the daemon's name, its socket, the permissions that you have, and the outputs:\n"
        "name, size, position, refresh.\n",
    .run = run,
};

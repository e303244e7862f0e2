#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"

const char *cli_socket;

const struct cli_verb *const cli_verbs[] = {
    &cli_screenshot, &cli_info,   &cli_stats, &cli_doctor, &cli_devices, &cli_events,  &cli_wait,
    &cli_step,       &cli_replay, &cli_run,   &cli_bench,  &cli_help,    &cli_version, NULL,
};

static void complain(const struct cli_verb *verb, const char *format, va_list arguments)
{
    fprintf(stderr, "kmsblit%s%s: ", verb != NULL ? " " : "", verb != NULL ? verb->name : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int cli_usage(const struct cli_verb *verb, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(verb, format, arguments);
    va_end(arguments);
    fprintf(stderr, "Try `kmsblit help%s%s`.\n", verb != NULL ? " " : "",
            verb != NULL ? verb->name : "");
    return CLI_USAGE;
}

int cli_fail(const struct cli_verb *verb, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(verb, format, arguments);
    va_end(arguments);
    return CLI_FAILED;
}

int cli_option(const struct cli_verb *verb, int argc, char **argv, const struct option *options)
{
    for (;;) {
        int option = getopt_long(argc, argv, verb->own_arguments ? "+" : "", options, NULL);
        if (option == 's') {
            cli_socket = optarg;
        } else if (option == 'h') {
            fputs(verb->help, stdout);
            exit(CLI_OK);
        } else {
            if (option == '?')
                fprintf(stderr, "Try `kmsblit help %s`.\n", verb->name);
            return option;
        }
    }
}

int cli_connect(const struct cli_verb *verb, struct kb_display **display)
{
    if (kb_connect(cli_socket, "kmsblit", display) < 0)
        return cli_fail(verb, "%s", kb_last_error());
    kb_set_reconnect(*display, 0); /* a tool says at once that its daemon went away */
    return CLI_OK;
}

const char *cli_flag_name(uint16_t opcode, const char *field, uint32_t bit)
{
    const struct kb_message_info *message = kb_message_info(opcode);
    for (uint32_t i = 0; i < message->fields_count; i++) {
        if (message->fields[i].values != NULL && strcmp(message->fields[i].name, field) == 0)
            return kb_wire_value_name(message->fields[i].values, bit);
    }
    return NULL;
}

static int run_verb(const char *name, int argc, char **argv)
{
    for (const struct cli_verb *const *verb = cli_verbs; *verb != NULL; verb++) {
        if (strcmp((*verb)->name, name) != 0)
            continue;
        /* getopt's own complaints begin with argv[0]. */
        char program[64];
        snprintf(program, sizeof(program), "kmsblit %s", name);
        argv[0] = program;
        optind = 0;
        int status = (*verb)->run(argc, argv);
        if (fflush(stdout) != 0 || ferror(stdout))
            return cli_fail(*verb, "writing to standard output: %s", strerror(errno));
        return status;
    }
    return cli_usage(NULL, "there is no verb \"%s\"", name);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"version", no_argument, NULL, 'v'},
        CLI_OPTIONS,
    };
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 's': cli_socket = optarg; break;
        case 'h': return run_verb("help", 1, argv);
        case 'v': return run_verb("version", 1, argv);
        default: fputs("Try `kmsblit help`.\n", stderr); return CLI_USAGE;
        }
    }
    if (optind == argc)
        return cli_usage(NULL, "say what to do");
    return run_verb(argv[optind], argc - optind, argv + optind);
}

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "gen/kmsblit_proto.h"

#define VALUES_MAX 256

/* One group of counters, as text or as a member of a JSON object. */
struct printer {
    FILE *out; /* memory: a run that fails prints nothing */
    bool json;
    bool first; /* nothing was printed in this object yet */
};

/* JSON takes UTF-8 as it is, which the protocol guarantees; only these characters are escaped. */
static void print_quoted(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", (unsigned)*text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void print_value(const struct printer *printer, const struct kb_statistic_value *value,
                        bool first)
{
    const char *name = kb_statistic_name(value->name);
    if (printer->json)
        fprintf(printer->out, "%s\n      \"%s\": ", first ? "" : ",", name);
    else
        fprintf(printer->out, "  %-22s ", name);
    if (value->name == KB_STATISTIC_PREDICTION_ERROR_NS)
        fprintf(printer->out, "%" PRId64, (int64_t)value->value);
    else
        fprintf(printer->out, "%" PRIu64, value->value);
    if (!printer->json)
        fputc('\n', printer->out);
}

/* Counters that this tool has no name for come from a newer daemon, and are skipped. */
static int print_scope(struct kb_display *display, struct printer *printer, const char *title,
                       enum kb_statistics_scope scope, uint32_t object)
{
    struct kb_statistic_value values[VALUES_MAX];
    int count = kb_statistics(display, scope, object, values, VALUES_MAX);
    if (count == -ENOSYS)
        return CLI_OK;
    if (count < 0)
        return cli_fail(&cli_stats, "%s", kb_last_error());
    if (printer->json) {
        fputs(printer->first ? "\n    " : ",\n    ", printer->out);
        print_quoted(printer->out, title);
        fputs(": {", printer->out);
    } else {
        fprintf(printer->out, "%s\n", title);
    }
    printer->first = false;
    bool first = true;
    for (int i = 0; i < count; i++) {
        if (kb_statistic_name(values[i].name) == NULL)
            continue;
        print_value(printer, &values[i], first);
        first = false;
    }
    if (printer->json)
        fputs("\n    }", printer->out);
    return CLI_OK;
}

static int print_all(struct kb_display *display, struct printer *printer)
{
    if (printer->json)
        fputs("{\n  \"daemon\": {", printer->out);
    int status = print_scope(display, printer, "server", KB_STATISTICS_SCOPE_SERVER, 0);
    if (status == CLI_OK)
        status = print_scope(display, printer, "renderer", KB_STATISTICS_SCOPE_RENDERER, 0);
    if (printer->json)
        fputs("\n  },\n  \"outputs\": {", printer->out);
    printer->first = true;
    struct kb_output_info output;
    for (size_t i = 0; status == CLI_OK && kb_output_get(display, i, &output) == 0; i++) {
        char title[sizeof(output.name) + 8];
        snprintf(title, sizeof(title), "%s%s", printer->json ? "" : "output ", output.name);
        status = print_scope(display, printer, title, KB_STATISTICS_SCOPE_OUTPUT, output.id);
    }
    if (printer->json)
        fputs("\n  }\n}\n", printer->out);
    return status;
}

static int print_or_nothing(struct kb_display *display, bool json)
{
    char *text = NULL;
    size_t text_bytes;
    struct printer printer = {.json = json, .first = true};
    printer.out = open_memstream(&text, &text_bytes);
    if (printer.out == NULL)
        return cli_fail(&cli_stats, "no memory");
    int status = print_all(display, &printer);
    if (fclose(printer.out) != 0)
        status = cli_fail(&cli_stats, "no memory");
    if (status == CLI_OK)
        fputs(text, stdout);
    free(text);
    return status;
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'},
        CLI_OPTIONS,
    };
    bool json = false;
    int option;
    while ((option = cli_option(&cli_stats, argc, argv, options)) != -1) {
        if (option != 'j')
            return CLI_USAGE;
        json = true;
    }
    if (optind < argc)
        return cli_usage(&cli_stats, "it takes no argument \"%s\"", argv[optind]);
    struct kb_display *display;
    if (cli_connect(&cli_stats, &display) != CLI_OK)
        return CLI_FAILED;
    int status = print_or_nothing(display, json);
    kb_disconnect(display);
    return status;
}

const struct cli_verb cli_stats = {
    .name = "stats",
    .summary = "print the daemon's counters",
    .help =
        "usage: kmsblit stats [--socket PATH] [--json]\n"
        "\n"
        "Prints the counters of the daemon, its renderer and its outputs. They begin at 0 when\n"
        "the daemon starts. Needs the permission \"statistics\": the daemon's own user and root\n"
        "have it.\n"
        "\n"
        "  --json  print one JSON object: {\"daemon\": {\"server\": {...}, \"renderer\": {...}},\n"
        "          \"outputs\": {NAME: {...}}}\n",
    .run = run,
};

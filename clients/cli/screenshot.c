#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* The id of the output with that name; NULL: the first. */
static int find_output(struct kb_display *display, const char *name, uint32_t *id)
{
    struct kb_output_info output;
    *id = 0;
    if (name == NULL)
        return CLI_OK;
    for (size_t i = 0; kb_output_get(display, i, &output) == 0; i++) {
        if (strcmp(output.name, name) == 0) {
            *id = output.id;
            return CLI_OK;
        }
    }
    return cli_fail(&cli_screenshot,
                    "there is no output \"%s\": `kmsblit screenshot --list` names them", name);
}

static int save(struct kb_display *display, uint32_t output, const char *path)
{
    uint32_t width, height, *pixels;
    const char *why = NULL;
    if (kb_screenshot(display, output, NULL, &width, &height, &pixels) < 0)
        return cli_fail(&cli_screenshot, "%s", kb_last_error());
    int error = cli_png_write(path, width, height, pixels, &why);
    free(pixels);
    return error < 0 ? cli_fail(&cli_screenshot, "%s: %s", path, why) : CLI_OK;
}

static void list(struct kb_display *display)
{
    struct kb_output_info output;
    for (size_t i = 0; kb_output_get(display, i, &output) == 0; i++)
        puts(output.name);
}

static int run(int argc, char **argv)
{
    static const struct option options[] = {
        {"output", required_argument, NULL, 'o'},
        {"list", no_argument, NULL, 'l'},
        CLI_OPTIONS,
    };
    const char *name = NULL;
    bool only_list = false;
    int option;
    while ((option = cli_option(&cli_screenshot, argc, argv, options)) != -1) {
        switch (option) {
        case 'o': name = optarg; break;
        case 'l': only_list = true; break;
        default: return CLI_USAGE;
        }
    }
    if (only_list && (name != NULL || optind < argc))
        return cli_usage(&cli_screenshot, "--list goes alone");
    if (!only_list && argc - optind != 1)
        return cli_usage(&cli_screenshot, "name one file to write");
    if (!only_list && strcmp(argv[optind], "-") == 0 && isatty(STDOUT_FILENO))
        return cli_usage(&cli_screenshot, "a terminal cannot show a PNG: name a file");
    struct kb_display *display;
    uint32_t output;
    if (cli_connect(&cli_screenshot, &display) != CLI_OK)
        return CLI_FAILED;
    int status = find_output(display, name, &output);
    if (status == CLI_OK && only_list)
        list(display);
    else if (status == CLI_OK)
        status = save(display, output, argv[optind]);
    kb_disconnect(display);
    return status;
}

const struct cli_verb cli_screenshot = {
    .name = "screenshot",
    .summary = "save what an output shows as a PNG",
    .help = "usage: kmsblit screenshot [--socket PATH] [--output NAME] FILE.png\n"
            "       kmsblit screenshot [--socket PATH] --list\n"
            "\n"
            "Saves what an output shows. FILE.png \"-\" is standard output. Needs the permission\n"
            "\"screenshot\": the daemon's own user and root have it.\n"
            "\n"
            "  --output NAME  which output; otherwise the first\n"
            "  --list         print the names of the outputs instead\n",
    .run = run,
};

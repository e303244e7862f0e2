/* Runs a game that knows nothing of kmsblit: prepares its environment, so that our library comes below its SDL, and then
 * does nothing but wait for it. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"
#include "run.h"
#include "run_crash.h"
#include "run_launch.h"
#include "text/text.h"

#define LIBRARY "libkmsblit-sdl2.so"

/* A program that crashed so often, each time this soon, waits for a key. */
#define QUICK_CRASHES 3
#define QUICK_SECONDS 10

#define RESTART_SECONDS 10

struct options {
    const char *stats_path; /* NULL: none */
    bool stats;
    bool restarts;    /* also when nobody presses a key ... */
    unsigned seconds; /* ... after so many */
    char **command;
};

/* ---- The environment ------------------------------------------------------------------------ */

/* $name becomes "text" or, where it has a value already, "text:value". */
static bool prepend(const char *name, const char *text)
{
    const char *value = getenv(name);
    char *both;
    if (value == NULL || *value == '\0')
        return setenv(name, text, 1) == 0;
    if (asprintf(&both, "%s:%s", text, value) < 0)
        return false;
    bool done = setenv(name, both, 1) == 0;
    free(both);
    return done;
}

/* Whether a folder is in $PATH; before the first one that has python3 if `early`. */
static bool in_path(const char *folder, bool early)
{
    const char *at = getenv("PATH");
    size_t length = strlen(folder);
    while (at != NULL) {
        size_t here = strcspn(at, ":");
        char python[PATH_MAX];
        if (here == length && strncmp(at, folder, here) == 0)
            return true;
        snprintf(python, sizeof(python), "%.*s/python3", (int)here, at);
        if (early && access(python, X_OK) == 0)
            return false;
        at = at[here] != '\0' ? at + here + 1 : NULL;
    }
    return false;
}

/* Games call python3 and mean Debian's, which has pygame; and lie where root's PATH does not look. A virtual environment
 * is meant as it is. */
static bool set_path(void)
{
    const char *environment = getenv("VIRTUAL_ENV"), *path = getenv("PATH");
    char *all;
    if (path == NULL || *path == '\0')
        return setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/games", 1) == 0;
    if ((environment == NULL || *environment == '\0') && access("/usr/bin/python3", X_OK) == 0 &&
        !in_path("/usr/bin", true) && !prepend("PATH", "/usr/bin"))
        return false;
    if (in_path("/usr/games", false))
        return true;
    if (asprintf(&all, "%s:/usr/games", getenv("PATH")) < 0)
        return false;
    bool done = setenv("PATH", all, 1) == 0;
    free(all);
    return done;
}

/* The folder with the library, as built beside the tool or as installed. */
static bool find_folder(char *folder, size_t size)
{
    static const char *const places[] = {"run", "../lib/kmsblit", "../lib/*/kmsblit",
                                         "../lib64/kmsblit"};
    char tool[PATH_MAX], pattern[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
    if (length <= 0)
        return false;
    tool[length] = '\0';
    dirname(tool);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        glob_t found;
        snprintf(pattern, sizeof(pattern), "%s/%s/" LIBRARY, tool, places[i]);
        if (glob(pattern, 0, NULL, &found) != 0)
            continue;
        char absolute[PATH_MAX];
        bool fits = realpath(found.gl_pathv[0], absolute) != NULL &&
                    (size_t)snprintf(folder, size, "%s", dirname(absolute)) < size;
        globfree(&found);
        return fits;
    }
    return false;
}

static int set_environment(const struct options *options)
{
    char folder[PATH_MAX], library[PATH_MAX + 64], python[PATH_MAX + 64];
    if (!find_folder(folder, sizeof(folder))) {
        cli_fail(&cli_run, LIBRARY
                 " is neither beside this tool nor in ../lib/kmsblit: install kmsblit again");
        return CLI_RUN_FAILED;
    }
    if (strpbrk(folder, ": ") != NULL) {
        cli_fail(
            &cli_run,
            "%s: the dynamic linker takes no library from a folder with spaces or colons in its name",
            folder);
        return CLI_RUN_FAILED;
    }
    snprintf(library, sizeof(library), "%s/" LIBRARY, folder);
    snprintf(python, sizeof(python), "%s/python", folder);
    if (!prepend("LD_PRELOAD", library) || !prepend("PYTHONPATH", python) || !set_path() ||
        setenv("KMSBLIT_RUN_NAME", cli_crash_name(options->command), 1) < 0 ||
        (cli_socket != NULL && setenv("KMSBLIT_SOCKET", cli_socket, 1) < 0)) {
        cli_fail(&cli_run, "no memory");
        return CLI_RUN_FAILED;
    }
    return CLI_OK;
}

/* ---- The program ---------------------------------------------------------------------------- */

/* What a program that ended should have told, and did not. */
static void explain(const char *name, const char *path, const struct sdl2_counters *counters)
{
    const char *obstacle = cli_run_obstacle(path);
    if (counters->loads == 0)
        fprintf(stderr,
                "kmsblit run: %s set up no display through SDL 2, so nothing of it was shown%s%s\n",
                name, obstacle != NULL ? ": " : "", obstacle != NULL ? obstacle : "");
    else if (counters->refusals > 0 && counters->presents == 0)
        fprintf(stderr, "kmsblit run: %s could not be shown: it needs OpenGL or Vulkan\n", name);
}

static int exit_status(int status)
{
    return WIFSIGNALED(status) ? CLI_RUN_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Runs it once. False: it could not be started, which was told. */
static bool run_once(const char *path, char **command, struct cli_launch *launch,
                     struct cli_run_end *end)
{
    int error = -cli_launch_watch(launch);
    if (error == 0) {
        error = cli_run_process(path, command, launch->errors, end);
        cli_launch_unwatch(launch);
    }
    if (error != 0)
        cli_fail(&cli_run, "%s: %s", path, strerror(error));
    return error == 0;
}

/* What crashes again and again as soon as it has begun is not started again by itself. */
static bool is_hopeless(const struct timespec *began, unsigned *quick)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    *quick = now.tv_sec - began->tv_sec < QUICK_SECONDS ? *quick + 1 : 0;
    return *quick >= QUICK_CRASHES;
}

static bool show_card(const struct cli_crash *crash, struct cli_launch *launch, unsigned seconds,
                      const char *note)
{
    char fonts[PATH_MAX];
    const struct crash_card card = {.fonts = fonts,
                                    .text = {.title = crash->title,
                                             .what = crash->what,
                                             .detail = crash->detail,
                                             .hints = {{"any key", "start again"}, {"Esc", "quit"}},
                                             .note = note},
                                    .seconds = seconds};
    bool again = false;
    int error = text_program_folder(fonts, sizeof(fonts));
    if (error == 0)
        again = crash_show(launch->display, &launch->left, &card, &error);
    if (error < 0)
        cli_fail(&cli_run, "no card could be shown: %s", strerror(-error));
    return again;
}

/* Whether it is to be started again. Only what people saw, or what has to run, is told of on the display. */
static bool look_after(const struct options *options, struct cli_launch *launch,
                       const struct cli_run_end *end, bool is_hopeless)
{
    struct cli_crash crash;
    bool again, waits = !options->restarts || is_hopeless;
    if (end->is_asked || !crash_is_wanted(launch->display) ||
        !(launch->was_shown || options->restarts) ||
        !cli_crash_explain(cli_crash_name(options->command), end->status, launch->said, &crash))
        return false;
    fprintf(stderr, "kmsblit run: %s: %s\n", crash.title, crash.what);
    again = show_card(&crash, launch, waits ? 0 : options->seconds,
                      options->restarts && is_hopeless ? "it crashes at once" : "");
    cli_crash_finish(&crash);
    return again;
}

static int run_program(const struct options *options, const struct cli_run_stats *stats)
{
    char path[PATH_MAX];
    struct cli_launch launch;
    struct cli_run_end end;
    struct timespec began;
    unsigned quick = 0;
    const char *why;
    int status = cli_run_find(options->command[0], path, sizeof(path), &why);
    if (status != 0)
        cli_fail(&cli_run, "%s: %s", options->command[0], why);
    else
        status = cli_launch_begin(&launch);
    if (status != 0)
        return status;
    do {
        clock_gettime(CLOCK_MONOTONIC, &began);
        if (!run_once(path, options->command, &launch, &end)) {
            cli_launch_end(&launch);
            return CLI_RUN_CANNOT_RUN;
        }
    } while (look_after(options, &launch, &end, is_hopeless(&began, &quick)));
    if (!launch.was_shown)
        explain(options->command[0], path, stats->counters);
    cli_launch_end(&launch);
    return exit_status(end.status);
}

static int report(const struct options *options, const struct cli_run_stats *stats)
{
    int error = options->stats_path != NULL ? cli_run_stats_write(stats, options->stats_path) : 0;
    if (options->stats)
        cli_run_stats_print(stats);
    return error < 0 ? cli_fail(&cli_run, "%s: %s", options->stats_path, strerror(-error)) : CLI_OK;
}

static bool parse_seconds(const char *text, unsigned *seconds)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *seconds = (unsigned)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value >= 1 && value <= 86400;
}

static int parse(int argc, char **argv, struct options *options)
{
    static const struct option known[] = {
        {"restart", optional_argument, NULL, 'r'},
        {"stats", optional_argument, NULL, 'S'},
        {"scale", required_argument, NULL, 'c'},
        {"filter", required_argument, NULL, 'f'},
        CLI_OPTIONS,
    };
    static const char scales[] = " fit integer stretch none ",
                      filters[] = " auto nearest bilinear ";
    int option;
    while ((option = cli_option(&cli_run, argc, argv, known)) != -1) {
        char word[32];
        snprintf(word, sizeof(word), " %s ", optarg != NULL ? optarg : "");
        switch (option) {
        case 'r':
            options->restarts = true;
            options->seconds = RESTART_SECONDS;
            if (optarg != NULL && !parse_seconds(optarg, &options->seconds))
                return cli_usage(&cli_run, "--restart=%s: not 1 to 86400 seconds", optarg);
            break;
        case 'S':
            options->stats = optarg == NULL;
            options->stats_path = optarg;
            break;
        case 'c':
            if (strstr(scales, word) == NULL)
                return cli_usage(&cli_run, "--scale %s: not one of%s", optarg, scales);
            setenv("KMSBLIT_RUN_SCALE", optarg, 1);
            break;
        case 'f':
            if (strstr(filters, word) == NULL)
                return cli_usage(&cli_run, "--filter %s: not one of%s", optarg, filters);
            setenv("KMSBLIT_RUN_FILTER", optarg, 1);
            break;
        default: return CLI_USAGE;
        }
    }
    if (optind == argc)
        return cli_usage(&cli_run, "name the program to run");
    options->command = argv + optind;
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    const char *stats_path = getenv("KMSBLIT_RUN_STATS");
    struct options options = {.stats_path = stats_path != NULL && *stats_path ? stats_path : NULL};
    struct cli_run_stats stats;
    int status = parse(argc, argv, &options);
    if (status == CLI_OK)
        status = set_environment(&options);
    if (status != CLI_OK)
        return status;
    int error = cli_run_stats_open(&stats);
    if (error < 0) {
        cli_fail(&cli_run, "no memory for counters: %s", strerror(-error));
        return CLI_RUN_FAILED;
    }
    status = run_program(&options, &stats);
    int reported = report(&options, &stats);
    cli_run_stats_close(&stats);
    return status != CLI_OK ? status : reported;
}

const struct cli_verb cli_run = {
    .name = "run",
    .summary = "run a game that knows nothing of kmsblit",
    .own_arguments = true,
    .help =
        "usage: kmsblit run [--socket PATH] [--scale HOW] [--filter HOW] [--restart[=SECONDS]]\n"
        "                   [--stats[=FILE]] COMMAND...\n"
        "\n"
        "Runs an unmodified pygame or Pygame Zero program, or any other that uses SDL 2 and draws in\n"
        "software, and shows it through kmsblitd:\n"
        "\n"
        "  kmsblit run solarwolf\n"
        "  kmsblit run python3 game.py\n"
        "  kmsblit run pgzrun game.py\n"
        "\n"
        "Only what changes is sent. The game gets the daemon's input; sound is SDL's own. Games that need\n"
        "OpenGL are told that there is none. python3 is Debian's, except in a virtual environment.\n"
        "\n"
        "  --scale HOW     how the picture fills the display: fit (the default), integer, stretch, none\n"
        "  --filter HOW    nearest, bilinear, or auto (the default): nearest where the factor is whole\n"
        "When the game crashes, its last picture stays, and a card on it says what happened: any key starts\n"
        "it again, Esc quits (Select or Back on a gamepad). Not on virtual displays, and\n"
        "nowhere with KMSBLIT_CRASH_CARD=0.\n"
        "\n"
        "  --restart       start it again also when nobody presses a key for 10 seconds, or SECONDS; a game\n"
        "                  that crashes three times soon after its start waits for a key\n"
        "  --stats         tell at the end what was presented and sent, and what it cost\n"
        "  --stats=FILE    the same as JSON, into FILE\n"
        "\n"
        "Exit status: that of the program, 128 and the signal's number if it died of one; 125 if there is\n"
        "no daemon, 126 if the program cannot be run, 127 if there is none of that name.\n",
    .run = run,
};

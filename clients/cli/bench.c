/* Measuring is not the tool's own work: it runs the benchmark that is installed with it, or was built beside it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

/* The folder that this program lies in; false if it cannot be known. */
static bool own_folder(char *path, size_t size)
{
    ssize_t length = readlink("/proc/self/exe", path, size - 1);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return false;
    *slash = '\0';
    return true;
}

static int run(int argc, char **argv)
{
    static const char *const places[] = {"bench/run", "../libexec/kmsblit/bench/run"};
    char folder[2048], path[sizeof(folder) + 64];
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(cli_bench.help, stdout);
            return CLI_OK;
        }
    }
    if (!own_folder(folder, sizeof(folder)))
        return cli_fail(&cli_bench, "/proc/self/exe: %s", strerror(errno));
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, places[i]);
        if (access(path, X_OK) != 0)
            continue;
        execv(path, argv);
        return cli_fail(&cli_bench, "%s: %s; it needs python3", path, strerror(errno));
    }
    return cli_fail(&cli_bench, "the benchmark is neither in %s/bench nor in %s/../libexec/kmsblit",
                    folder, folder);
}

const struct cli_verb cli_bench = {
    .name = "bench",
    .summary = "measure how fast this machine draws",
    .help =
        "usage: kmsblit bench [--json FILE] [--quick] [--only NAMES] [--part PART]... [--size WxH]\n"
        "                     [--threads N] [--renderer cpu|gles|both] [--images DIR]\n"
        "\n"
        "Measures drawing, on frames that it makes itself: the workloads W1 to W8, the sorting of\n"
        "images by what they are made of, the whole path from Python through a private daemon, and\n"
        "how many pixels are drawn again for frames of small games. pixman, and SDL 2 and pygame\n"
        "where they are installed, draw the same frames in the same run. Takes about two minutes;\n"
        "let nothing else run meanwhile. Needs python3. Uses no display, and no running daemon.\n"
        "\n"
        "Times are the fastest of many repeats, with their median. The ratio is the peer's time over\n"
        "the subject's: above 1, kmsblit is faster.\n"
        "\n"
        "  --json FILE    write all figures, with machine and versions, to FILE\n"
        "  --quick        few repeats: shows that it works, and not how fast\n"
        "  --only NAMES   workloads whose names begin so, such as W1,W5 or classify\n"
        "  --part PART    draw, pygame, python or redrawn only; may be given more than once\n"
        "  --size WxH     size of the picture (1280x720)\n"
        "  --threads N    threads that the renderer uses (1, and a part again with 2)\n"
        "  --renderer R   both: the renderer of the GPU, too, beside the processor's, on a display's\n"
        "                 buffer, in real time; gles: only these two (cpu). The first GPU that can\n"
        "                 draw is taken, else Mesa's software driver, which the table says\n"
        "  --images DIR   sprites from the PNGs of a folder\n",
    .run = run,
};

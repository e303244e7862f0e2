/* kmsblit-bench: measures drawing and prints lines of JSON. `kmsblit bench` runs it and makes a table of them. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/switches.h"
#include "bench.h"

static const char help[] =
    "usage: kmsblit-bench [OPTIONS]\n"
    "\n"
    "Times the renderer and its peers on the workloads W1 to W8, and prints a line of JSON for each\n"
    "result. `kmsblit bench` runs this, and more, and makes a table of it.\n"
    "\n"
    "  --size WxH     of the picture that is drawn (1280x720)\n"
    "  --threads N    that the renderer uses (1)\n"
    "  --only NAMES   workloads whose names begin so, such as W1,W5\n"
    "  --renderers    only the processor's renderer beside the GPU's\n"
    "  --quick        a few repeats only: shows that it works, and not how fast\n"
    "  --images DIR   sprites from the PNGs of a folder, of at most 512x512 pixels\n"
    "  --dump DIR     write pictures and frames into a folder, and measure nothing\n";

static const struct option long_options[] = {
    {"size", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, 't'},
    {"only", required_argument, NULL, 'o'},
    {"quick", no_argument, NULL, 'q'},
    {"images", required_argument, NULL, 'i'},
    {"dump", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {"renderers", no_argument, NULL, 'r'},
    {0},
};

static int mistake(const char *what, const char *value)
{
    fprintf(stderr, "kmsblit-bench: %s: \"%s\"; try --help\n", what, value);
    return 2;
}

static bool parse_size(const char *text, struct bench_options *options)
{
    int end = 0;

    return sscanf(text, "%dx%d%n", &options->width_px, &options->height_px, &end) == 2 &&
           text[end] == '\0' && options->width_px >= 320 && options->height_px >= 240 &&
           options->width_px <= 8192 && options->height_px <= 8192;
}

static bool parse_threads(const char *text, struct bench_options *options)
{
    char *end;
    unsigned long threads = strtoul(text, &end, 10);

    options->threads = (unsigned)threads;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && threads >= 1 && threads <= 64;
}

/* 0, or the exit status plus 1. */
static int parse(int argc, char **argv, struct bench_options *options, const char **dump)
{
    int option;

    while ((option = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (option) {
        case 's':
            if (!parse_size(optarg, options))
                return 1 + mistake("not a size from 320x240 to 8192x8192", optarg);
            break;
        case 't':
            if (!parse_threads(optarg, options))
                return 1 + mistake("not a number of threads from 1 to 64", optarg);
            break;
        case 'o': options->only = optarg; break;
        case 'q': options->quick = true; break;
        case 'r': options->renderers = true; break;
        case 'i': options->images = optarg; break;
        case 'd': *dump = optarg; break;
        case 'h': fputs(help, stdout); return 1;
        default: return 1 + 2;
        }
    }
    return optind < argc ? 1 + mistake("there are no arguments", argv[optind]) : 0;
}

/* As the daemon does, so that each optimisation's worth can be measured. */
static bool apply_switches(void)
{
    const char *text = getenv("KMSBLIT_OFF");
    char bad[64];
    unsigned off;

    if (!text)
        return true;
    if (!kd_switches_parse(text, &off, bad, sizeof(bad))) {
        fprintf(stderr, "kmsblit-bench: KMSBLIT_OFF: there is no \"%s\" to be switched off\n", bad);
        return false;
    }
    kd_switches_set_off(off);
    return true;
}

static void print_setup(const struct bench_options *options, const struct bench_pictures *pictures)
{
    struct bench_shares shares = bench_pictures_shares(pictures);
    const char *sdl = bench_sdl_version(), *off = getenv("KMSBLIT_OFF");

    printf(
        "{\"kind\": \"setup\", \"version\": \"%s\", \"kernels\": \"%s\", \"threads_max\": %u, "
        "\"pixman\": \"%s\", \"sdl\": %s%s%s, \"off\": \"%s\", \"transparent\": %.3f, \"opaque\": %.3f, "
        "\"translucent\": %.3f, \"sprites\": %u, \"quick\": %s}\n",
        KMSBLIT_VERSION, bench_ours_kernels(), bench_ours_threads_max(), bench_pixman_version(),
        sdl ? "\"" : "", sdl ? sdl : "null", sdl ? "\"" : "", off ? off : "", shares.transparent,
        shares.opaque, shares.translucent, pictures->sprites_count,
        options->quick ? "true" : "false");
}

static bool measure(const struct bench_options *options, const struct bench_pictures *pictures,
                    const struct bench_scene *scenes, uint32_t count)
{
    bool is_right = true;

    print_setup(options, pictures);
    for (uint32_t i = 0; i < count; i++)
        if (bench_is_wanted(options, scenes[i].name))
            is_right = bench_measure(options, &scenes[i], pictures) && is_right;
    if (bench_is_wanted(options, "W7"))
        bench_measure_rectangles(options);
    if (options->threads > 1)
        bench_measure_threads(options);
    if (bench_is_wanted(options, "classify"))
        bench_measure_classifier(options, pictures);
    return is_right;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.width_px = 1280, .height_px = 720, .threads = 1};
    struct bench_scene scenes[BENCH_SCENES_MAX];
    struct bench_pictures pictures;
    const char *dump = NULL;
    bool is_done;
    uint32_t count;
    int status = parse(argc, argv, &options, &dump);

    if (status)
        return status - 1;
    if (!apply_switches())
        return 2;
    if (options.threads > bench_ours_threads_max()) {
        fprintf(stderr, "kmsblit-bench: the renderer uses %u thread(s) at most\n",
                bench_ours_threads_max());
        options.threads = bench_ours_threads_max();
    }
    if (options.threads > 1 || options.renderers)
        bench_use_wall_clock();
    if (!bench_pictures_make(&pictures, options.width_px, options.height_px, options.images))
        return 1;
    count = bench_scenes_make(scenes, &pictures, options.width_px, options.height_px);
    is_done = dump                ? bench_dump(dump, &pictures, scenes, count)
              : options.renderers ? bench_measure_renderers(&options, &pictures, scenes, count)
                                  : measure(&options, &pictures, scenes, count);
    for (uint32_t i = 0; i < count; i++)
        bench_scene_finish(&scenes[i]);
    bench_pictures_finish(&pictures);
    return is_done && fflush(stdout) == 0 ? 0 : 1;
}

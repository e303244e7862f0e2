/* What programs presented: they add to a file that has no name, so that nothing is left of it. They find it by our number
 * in /proc, or, where they are set-group-ID and may not look there, among the files that they inherit. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "run.h"

int cli_run_stats_open(struct cli_run_stats *stats)
{
    char path[64];
    *stats = (struct cli_run_stats){.fd = memfd_create(SDL2_COUNTERS_NAME, 0)};
    if (stats->fd < 0 || ftruncate(stats->fd, sizeof(*stats->counters)) < 0)
        goto failed;
    stats->counters =
        mmap(NULL, sizeof(*stats->counters), PROT_READ | PROT_WRITE, MAP_SHARED, stats->fd, 0);
    if (stats->counters == MAP_FAILED)
        goto failed;
    snprintf(path, sizeof(path), "/proc/%ld/fd/%d", (long)getpid(), stats->fd);
    if (setenv(SDL2_COUNTERS_VARIABLE, path, 1) == 0)
        return 0;
failed:;
    int error = errno;
    cli_run_stats_close(stats);
    return -error;
}

void cli_run_stats_close(struct cli_run_stats *stats)
{
    if (stats->counters != NULL && stats->counters != MAP_FAILED)
        munmap(stats->counters, sizeof(*stats->counters));
    if (stats->fd >= 0)
        close(stats->fd);
    *stats = (struct cli_run_stats){.fd = -1};
}

static double share(uint64_t part, uint64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

void cli_run_stats_print(const struct cli_run_stats *stats)
{
    const struct sdl2_counters *c = stats->counters;
    fprintf(
        stderr,
        "kmsblit run: %" PRIu32 "x%" PRIu32 ": presented %" PRIu64 " times, %" PRIu64
        " of them without a change; %" PRIu64 " frames sent\n"
        "kmsblit run: %" PRIu64 " of %" PRIu64 " tiles changed (%.1f %%), %" PRIu64
        " sent: %" PRIu64 " pixels\n"
        "kmsblit run: %.3f ms added to each present, %.3f of them of the processor's; %.3f to the slowest\n"
        "kmsblit run: held back for %.2f s in all, to keep the display's pace\n",
        c->width, c->height, c->presents, c->identical, c->frames, c->changed, c->compared,
        100 * share(c->changed, c->compared), c->sent, c->pixels,
        share(c->added_ns, c->presents) / 1e6, share(c->added_cpu_ns, c->presents) / 1e6,
        (double)c->slowest_ns / 1e6, (double)c->waited_ns / 1e9);
}

int cli_run_stats_write(const struct cli_run_stats *stats, const char *path)
{
    const struct sdl2_counters *c = stats->counters;
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return -errno;
    fprintf(
        file,
        "{\"width\": %" PRIu32 ", \"height\": %" PRIu32 ", \"presents\": %" PRIu64
        ", \"identical\": %" PRIu64 ", \"frames\": %" PRIu64 ", \"tiles_compared\": %" PRIu64
        ", \"tiles_changed\": %" PRIu64 ", \"tiles_sent\": %" PRIu64 ", \"pixels_sent\": %" PRIu64
        ", \"added_ms_per_present\": %.4f, \"added_cpu_ms_per_present\": %.4f, \"slowest_ms\": %.4f, \"waited_s\": %.4f"
        ", \"programs\": %" PRIu64 ", \"refusals\": %" PRIu64 "}\n",
        c->width, c->height, c->presents, c->identical, c->frames, c->compared, c->changed, c->sent,
        c->pixels, share(c->added_ns, c->presents) / 1e6, share(c->added_cpu_ns, c->presents) / 1e6,
        (double)c->slowest_ns / 1e6, (double)c->waited_ns / 1e9, c->loads, c->refusals);
    return fclose(file) == 0 ? 0 : -errno;
}

/* Takes the time of all subjects of a scene in turns, and compares what they drew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define RUNNERS_MAX 16
#define BURST       3 /* frames in a row, after one that only warms the caches */

static clockid_t measuring_clock = CLOCK_PROCESS_CPUTIME_ID;

void bench_use_wall_clock(void)
{
    measuring_clock = CLOCK_MONOTONIC;
}

const char *bench_clock_name(void)
{
    return measuring_clock == CLOCK_MONOTONIC ? "wall" : "cpu";
}

int64_t bench_now_ns(void)
{
    struct timespec now;

    clock_gettime(measuring_clock, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool bench_is_wanted(const struct bench_options *options, const char *name)
{
    const char *at = options->only;

    while (at && *at) {
        size_t length = strcspn(at, ",");

        if (length > 0 && strncmp(name, at, length) == 0)
            return true;
        at += length + (at[length] == ',');
    }
    return options->only == NULL;
}

void bench_series_add(struct bench_series *series, const struct bench_times *times)
{
    if (series->count == sizeof(series->samples_ns) / sizeof(series->samples_ns[0]))
        return;
    series->samples_ns[series->count] = times->total_ns;
    series->plans_ns[series->count++] = times->plan_ns;
}

static int compare_ns(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

double bench_min_ms(const int64_t *samples_ns, uint32_t count)
{
    int64_t least = count ? samples_ns[0] : 0;

    for (uint32_t i = 1; i < count; i++)
        least = samples_ns[i] < least ? samples_ns[i] : least;
    return (double)least / 1e6;
}

double bench_median_ms(const int64_t *samples_ns, uint32_t count)
{
    static int64_t sorted[sizeof(((struct bench_series *)NULL)->samples_ns) / sizeof(int64_t)];

    if (count == 0)
        return 0;
    memcpy(sorted, samples_ns, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_ns);
    return (double)sorted[count / 2] / 1e6;
}

/* --- Subjects of a scene ----------------------------------------------------------------------- */

struct runner {
    const struct bench_subject *subject;
    void *state; /* owned */
    struct bench_series series;
    uint64_t drawn_px, frames;
    uint32_t next; /* the next frame of the scene */
};

static struct runner *runners;
static uint32_t runners_count;

static void add_runners(const struct bench_subject *subjects, const struct bench_job *job)
{
    for (; subjects->name && runners_count < RUNNERS_MAX; subjects++) {
        struct runner *runner = &runners[runners_count];

        *runner = (struct runner){.subject = subjects, .state = subjects->create(job)};
        runners_count += runner->state != NULL;
    }
}

static void run_frame(struct runner *runner, const struct bench_scene *scene, bool counts)
{
    struct bench_times times = {0};

    runner->subject->frame(runner->state, runner->next, &times);
    runner->next = (runner->next + 1) % scene->frames_count;
    if (!counts)
        return;
    bench_series_add(&runner->series, &times);
    runner->frames++;
    if (runner->subject->drawn_px)
        runner->drawn_px += runner->subject->drawn_px(runner->state);
}

static void run_all(const struct bench_options *options, const struct bench_scene *scene)
{
    int64_t budget_ns = options->quick ? 0 : (int64_t)runners_count * 400000000;
    int64_t begin_ns = bench_now_ns();
    unsigned rounds = options->quick ? 2 : 4; /* at least */

    /* The first round only warms up. */
    for (unsigned round = 0;
         round < rounds || (bench_now_ns() - begin_ns < budget_ns && round < 1000); round++) {
        for (uint32_t i = 0; i < runners_count; i++) {
            run_frame(&runners[i], scene, false);
            for (int k = 0; k < (options->quick ? 1 : BURST); k++)
                run_frame(&runners[i], scene, round > 0);
        }
    }
}

/* --- What they drew ---------------------------------------------------------------------------- */

struct difference {
    int levels;         /* the largest of any channel */
    uint64_t pixels_px; /* that differ */
};

static struct difference compare(const uint32_t *a, size_t a_stride_px, const uint32_t *b,
                                 size_t b_stride_px, const struct bench_scene *scene)
{
    struct difference found = {0};

    for (int32_t y = 0; y < scene->height_px; y++) {
        for (int32_t x = 0; x < scene->width_px; x++) {
            uint32_t p = a[(size_t)y * a_stride_px + (size_t)x];
            uint32_t q = b[(size_t)y * b_stride_px + (size_t)x];

            found.pixels_px += ((p ^ q) & 0xFFFFFF) != 0;
            for (int shift = 0; shift < 24; shift += 8) {
                int levels = abs((int)(p >> shift & 255) - (int)(q >> shift & 255));

                found.levels = levels > found.levels ? levels : found.levels;
            }
        }
    }
    return found;
}

/* Every subject that shows its pixels draws the frame after its last one; then all have drawn frame 1 (or 0 of 1). */
static bool check_pixels(const struct bench_scene *scene)
{
    const struct runner *first = NULL;
    const uint32_t *pixels;
    size_t stride_px;
    bool is_right = true;

    for (uint32_t i = 0; i < runners_count; i++) {
        struct runner *runner = &runners[i];
        struct bench_times times;
        struct difference found;
        const uint32_t *others;
        size_t others_stride_px;
        bool is_close;

        if (!runner->subject->pixels)
            continue;
        runner->subject->frame(runner->state, 0, &times);
        runner->subject->frame(runner->state, 1 % scene->frames_count, &times);
        if (!first) {
            first = runner;
            continue;
        }
        pixels = first->subject->pixels(first->state, &stride_px);
        others = runner->subject->pixels(runner->state, &others_stride_px);
        found = compare(pixels, stride_px, others, others_stride_px, scene);
        is_close = scene->tolerance < 0 || found.levels <= scene->tolerance;
        printf(
            "{\"kind\": \"pixels\", \"workload\": \"%s\", \"subject\": \"%s\", \"form\": \"%s\", "
            "\"peer\": \"%s\", \"levels\": %d, \"pixels\": %llu, \"allowed\": %d}\n",
            scene->name, first->subject->name, runner->subject->form, runner->subject->name,
            found.levels, (unsigned long long)found.pixels_px, scene->tolerance);
        if (!is_close)
            fprintf(stderr,
                    "kmsblit-bench: %s: pixels differ from those of %s (%s) by up to %d levels\n",
                    scene->name, runner->subject->name, runner->subject->form, found.levels);
        is_right = is_right && is_close;
    }
    return is_right;
}

/* Pixels that really change from a frame to the next, in the mean; drawn with the first subject, which has them all. */
static double exact_px(const struct bench_scene *scene)
{
    size_t row_bytes = (size_t)scene->width_px * sizeof(uint32_t);
    uint32_t *before = malloc(row_bytes * (size_t)scene->height_px);
    uint64_t sum = 0;

    if (!before || !scene->has_difference) {
        free(before);
        return -1;
    }
    for (uint32_t n = 0; n <= scene->frames_count; n++) {
        struct bench_times times;
        const uint32_t *pixels;
        size_t stride_px;

        runners[0].subject->frame(runners[0].state, n % scene->frames_count, &times);
        pixels = runners[0].subject->pixels(runners[0].state, &stride_px);
        if (n > 0)
            sum += compare(before, (size_t)scene->width_px, pixels, stride_px, scene).pixels_px;
        for (int32_t y = 0; y < scene->height_px; y++)
            memcpy(before + (size_t)y * (size_t)scene->width_px, pixels + (size_t)y * stride_px,
                   row_bytes);
    }
    free(before);
    return (double)sum / scene->frames_count;
}

static void print_runner(const struct runner *runner, const struct bench_job *job, double exact,
                         uint64_t bytes)
{
    const struct bench_series *series = &runner->series;
    const struct bench_scene *scene = job->scene;
    bool is_difference = strcmp(runner->subject->form, "difference") == 0;
    bool uses_threads = strcmp(runner->subject->name, "kmsblit") == 0 &&
                        strcmp(runner->subject->form, "one thread") != 0;

    printf("{\"kind\": \"time\", \"workload\": \"%s\", \"resolution\": \"%dx%d\", \"threads\": %u, "
           "\"subject\": \"%s\", \"form\": \"%s\", \"min_ms\": %.6f, \"median_ms\": %.6f, "
           "\"repeats\": %u, \"clock\": \"%s\", \"painter_bytes\": %llu",
           scene->name, scene->width_px, scene->height_px, uses_threads ? job->threads : 1,
           runner->subject->name, runner->subject->form,
           bench_min_ms(series->samples_ns, series->count),
           bench_median_ms(series->samples_ns, series->count), series->count, bench_clock_name(),
           (unsigned long long)bytes);
    if (series->count && series->plans_ns[0])
        printf(", \"plan_min_ms\": %.6f, \"plan_median_ms\": %.6f",
               bench_min_ms(series->plans_ns, series->count),
               bench_median_ms(series->plans_ns, series->count));
    if (runner->subject->drawn_px && runner->frames)
        printf(", \"drawn_px\": %.0f", (double)runner->drawn_px / (double)runner->frames);
    if (is_difference && exact >= 0)
        printf(", \"exact_px\": %.0f", exact);
    puts("}");
}

bool bench_measure(const struct bench_options *options, const struct bench_scene *scene,
                   const struct bench_pictures *pictures)
{
    struct bench_job job = {.scene = scene, .pictures = pictures, .threads = options->threads};
    uint64_t bytes = bench_scene_painter_bytes(scene, pictures);
    double exact;
    bool is_right;

    runners = calloc(RUNNERS_MAX, sizeof(*runners));
    runners_count = 0;
    if (!runners)
        return false;
    add_runners(bench_ours, &job);
    add_runners(bench_pixman, &job);
    add_runners(bench_sdl, &job);
    add_runners(bench_limits, &job);
    run_all(options, scene);
    exact = exact_px(scene);
    for (uint32_t i = 0; i < runners_count; i++)
        print_runner(&runners[i], &job, exact, bytes);
    is_right = check_pixels(scene);
    for (uint32_t i = 0; i < runners_count; i++)
        runners[i].subject->destroy(runners[i].state);
    free(runners);
    fflush(stdout);
    return is_right;
}

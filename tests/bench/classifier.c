/* Classification of images into sections: pixels a second, and what it keeps. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "image/sections.h"

static size_t picture_bytes(const struct bench_picture *picture)
{
    return (size_t)picture->width_px * (size_t)picture->height_px * sizeof(uint32_t);
}

/* Reading the pixels once: what every classifier has to do. */
static void read_once(const struct bench_picture *picture, struct bench_times *times)
{
    int64_t begin_ns = bench_now_ns();
    uint32_t all = 0;

    for (size_t i = 0; i < picture_bytes(picture) / sizeof(uint32_t); i++)
        all |= picture->premultiplied[i];
    __asm__ volatile("" : : "r"(all));
    times->total_ns += bench_now_ns() - begin_ns;
}

/* Bytes that it keeps. */
static size_t classify(const struct bench_picture *picture, struct bench_times *times)
{
    int64_t begin_ns = bench_now_ns();
    struct kd_sections *sections =
        kd_sections_make(picture->premultiplied, (size_t)picture->width_px, picture->width_px,
                         picture->height_px, KD_SOURCE_PREMULTIPLIED);
    size_t kept_bytes = sections ? malloc_usable_size(sections) : 0;

    times->total_ns += bench_now_ns() - begin_ns;
    free(sections);
    return kept_bytes;
}

static void print(const struct bench_options *options, const char *name, const char *subject,
                  const struct bench_series *series, size_t bytes, size_t kept_bytes)
{
    double min_ms = bench_min_ms(series->samples_ns, series->count);

    printf("{\"kind\": \"time\", \"workload\": \"classify-%s\", \"resolution\": \"%dx%d\", "
           "\"threads\": 1, \"subject\": \"%s\", \"form\": \"classify\", \"min_ms\": %.6f, "
           "\"median_ms\": %.6f, \"repeats\": %u, \"bytes\": %zu, \"kept_bytes\": %zu, "
           "\"gb_per_s\": %.3f}\n",
           name, options->width_px, options->height_px, subject, min_ms,
           bench_median_ms(series->samples_ns, series->count), series->count, bytes, kept_bytes,
           (double)bytes / min_ms / 1e6);
}

static void measure(const struct bench_options *options, const char *name,
                    const struct bench_picture *list, uint32_t count)
{
    static struct bench_series ours, limit;
    size_t bytes = 0, kept_bytes = 0;

    ours.count = limit.count = 0;
    for (unsigned round = 0; round < (options->quick ? 4u : 100u); round++) {
        struct bench_times ours_times = {0}, limit_times = {0};

        bytes = kept_bytes = 0;
        for (uint32_t i = 0; i < count; i++) {
            read_once(&list[i], &limit_times);
            kept_bytes += classify(&list[i], &ours_times);
            bytes += picture_bytes(&list[i]);
        }
        bench_series_add(&ours, &ours_times);
        bench_series_add(&limit, &limit_times);
    }
    print(options, name, "kmsblit", &ours, bytes, kept_bytes);
    print(options, name, "reading", &limit, bytes, 0);
}

void bench_measure_classifier(const struct bench_options *options,
                              const struct bench_pictures *pictures)
{
    measure(options, "sprites", &pictures->list[pictures->sprites], pictures->sprites_count);
    measure(options, "page", &pictures->list[pictures->page], 1);
}

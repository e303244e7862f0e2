/* W7: many random rectangles as a set without overlap: few that hold all, as the daemon tells displays what changed, and exactly (by pixman). */
#include <pixman.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/boxes.h"
#include "bench.h"

#define MAX_RECTANGLES 2000

struct set {
    const struct bench_options *options;
    size_t count;
    struct kd_box boxes[MAX_RECTANGLES];
    pixman_box32_t pixman_boxes[MAX_RECTANGLES];
};

/* What came out of one way. */
struct result {
    struct bench_series series;
    size_t rectangles;
    int64_t area_px;
};

static void make_set(struct set *set, size_t count)
{
    uint64_t random = BENCH_SEED + count;
    const struct kd_box everything =
        kd_box_of_size(set->options->width_px, set->options->height_px);

    set->count = count;
    for (size_t i = 0; i < count; i++) {
        int32_t x = bench_below(&random, everything.x2), y = bench_below(&random, everything.y2);
        uint32_t width_px = 8 + (uint32_t)bench_below(&random, 90);
        struct kd_box box = kd_box_intersect(
            kd_box_from_rect(x, y, width_px, 8 + (uint32_t)bench_below(&random, 90)), everything);

        set->boxes[i] = box;
        set->pixman_boxes[i] = (pixman_box32_t){box.x1, box.y1, box.x2, box.y2};
    }
}

static void run_ours(const struct set *set, struct result *result)
{
    struct kd_box out[KD_CLIPS_MOST];
    struct bench_times times = {0};
    int64_t begin_ns = bench_now_ns();

    result->rectangles = 0;
    for (size_t i = 0; i < set->count; i++)
        result->rectangles =
            kd_boxes_add(out, result->rectangles, KD_CLIPS_MOST, set->boxes[i], KD_CLIP_COST_PX);
    times.total_ns = bench_now_ns() - begin_ns;
    result->area_px = 0;
    for (size_t i = 0; i < result->rectangles; i++)
        result->area_px += kd_box_area(out[i]);
    bench_series_add(&result->series, &times);
}

static void run_pixman(const struct set *set, struct result *result)
{
    struct bench_times times = {0};
    pixman_region32_t region;
    const pixman_box32_t *out;
    int count;
    int64_t begin_ns = bench_now_ns();

    pixman_region32_init_rects(&region, set->pixman_boxes, (int)set->count);
    times.total_ns = bench_now_ns() - begin_ns;
    out = pixman_region32_rectangles(&region, &count);
    result->rectangles = (size_t)count;
    result->area_px = 0;
    for (int i = 0; i < count; i++)
        result->area_px += (int64_t)(out[i].x2 - out[i].x1) * (out[i].y2 - out[i].y1);
    pixman_region32_fini(&region);
    bench_series_add(&result->series, &times);
}

static void print(const struct set *set, const char *subject, const struct result *result,
                  int64_t exact_px)
{
    printf(
        "{\"kind\": \"time\", \"workload\": \"W7-%zu\", \"resolution\": \"%dx%d\", \"threads\": 1, "
        "\"subject\": \"%s\", \"form\": \"rectangles\", \"min_ms\": %.6f, \"median_ms\": %.6f, "
        "\"repeats\": %u, \"rectangles\": %zu, \"area_ratio\": %.4f}\n",
        set->count, set->options->width_px, set->options->height_px, subject,
        bench_min_ms(result->series.samples_ns, result->series.count),
        bench_median_ms(result->series.samples_ns, result->series.count), result->series.count,
        result->rectangles, (double)result->area_px / (double)exact_px);
}

void bench_measure_rectangles(const struct bench_options *options)
{
    static const size_t counts[] = {10, 100, MAX_RECTANGLES};
    static struct result ours, peer;
    struct set *set = calloc(1, sizeof(*set));

    if (!set)
        return;
    set->options = options;
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        unsigned rounds = options->quick ? 4 : 100;

        make_set(set, counts[i]);
        ours.series.count = peer.series.count = 0;
        for (unsigned round = 0; round < rounds; round++) {
            run_ours(set, &ours);
            run_pixman(set, &peer);
        }
        print(set, "kmsblit", &ours, peer.area_px);
        print(set, "pixman", &peer, peer.area_px);
    }
    free(set);
}

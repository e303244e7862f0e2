/* What the machine's memory allows: nothing that makes these pixels in these ways can be faster. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"

struct limit {
    const struct bench_job *job;
    uint32_t *target; /* owned */
};

static size_t target_bytes(const struct bench_scene *scene)
{
    return (size_t)scene->width_px * (size_t)scene->height_px * sizeof(uint32_t);
}

static void *create(const struct bench_job *job)
{
    struct limit *limit = calloc(1, sizeof(*limit));

    if (!limit)
        return NULL;
    limit->job = job;
    limit->target = calloc(1, target_bytes(job->scene));
    return limit;
}

static void *create_rows(const struct bench_job *job)
{
    const struct bench_scene *scene = job->scene;

    return scene->items[0][scene->items_count - 1].kind == BENCH_TURN ? NULL : create(job);
}

/* Keeps the compiler from leaving out stores that nobody reads. */
static void use(const void *memory)
{
    __asm__ volatile("" : : "r"(memory) : "memory");
}

static void frame_memcpy(void *subject, uint32_t n, struct bench_times *times)
{
    struct limit *limit = subject;
    const struct bench_pictures *pictures = limit->job->pictures;
    int64_t begin_ns = bench_now_ns();

    (void)n;
    memcpy(limit->target, pictures->list[pictures->page].straight, target_bytes(limit->job->scene));
    use(limit->target);
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

static void frame_memset(void *subject, uint32_t n, struct bench_times *times)
{
    struct limit *limit = subject;
    int64_t begin_ns = bench_now_ns();

    memset(limit->target, (int)n, target_bytes(limit->job->scene));
    use(limit->target);
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

/* Rows of everything, in order, copied as if they were opaque; fills are stored. */
static void copy_rows(const struct limit *limit, const struct bench_item *item)
{
    const struct bench_scene *scene = limit->job->scene;
    const struct bench_picture *picture = &limit->job->pictures->list[item->picture];
    int32_t x1 = item->x > 0 ? item->x : 0, y1 = item->y > 0 ? item->y : 0;
    int32_t x2 = item->x + item->width_px, y2 = item->y + item->height_px;

    x2 = x2 < scene->width_px ? x2 : scene->width_px;
    y2 = y2 < scene->height_px ? y2 : scene->height_px;
    if (x1 >= x2)
        return;
    for (int32_t y = y1; y < y2; y++) {
        uint32_t *to = limit->target + (size_t)y * (size_t)scene->width_px + x1;

        if (item->kind == BENCH_FILL)
            for (int32_t x = 0; x < x2 - x1; x++)
                to[x] = item->color;
        else
            memcpy(to, picture->straight + (y - item->y) * picture->width_px + (x1 - item->x),
                   (size_t)(x2 - x1) * sizeof(uint32_t));
    }
}

static void frame_rows(void *subject, uint32_t n, struct bench_times *times)
{
    struct limit *limit = subject;
    const struct bench_scene *scene = limit->job->scene;
    int64_t begin_ns = bench_now_ns();

    for (uint32_t i = 0; i < scene->items_count; i++)
        copy_rows(limit, &scene->items[n][i]);
    use(limit->target);
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

static void destroy(void *subject)
{
    struct limit *limit = subject;

    free(limit->target);
    free(limit);
}

const struct bench_subject bench_limits[] = {
    {"memcpy", "each pixel once", create, frame_memcpy, NULL, NULL, destroy},
    {"memset", "each pixel once", create, frame_memset, NULL, NULL, destroy},
    {"rows", "copied in order", create_rows, frame_rows, NULL, NULL, destroy},
    {0},
};

/* What the machine gives to threads that share nothing: the limit of drawing with several. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench.h"
#include "pix/pix.h"

#define ROUNDS      100
#define MOST        64
#define RUN_PX      256 /* what is blended: as much as the renderer draws at once */
#define RUN_ROWS    64
#define REPETITIONS 60 /* about a millisecond */

struct alone {
    pthread_t thread;
    uint32_t *source, *target; /* owned; nobody else's */
    atomic_int *waiting;       /* how many threads have not begun */
    int64_t begin_ns, end_ns;
};

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void *work(void *arg)
{
    struct alone *alone = arg;
    kd_pix_blit_fn *blend =
        kd_pix_get()->blit[KD_TARGET_OPAQUE][KD_SOURCE_PREMULTIPLIED][KB_BLEND_OVER];

    atomic_fetch_sub(alone->waiting, 1);
    while (atomic_load(alone->waiting) > 0)
        ;
    alone->begin_ns = now_ns();
    for (int n = 0; n < REPETITIONS; n++)
        for (size_t y = 0; y < RUN_ROWS; y++)
            blend(alone->target + y * RUN_PX, alone->source + y * RUN_PX, RUN_PX);
    alone->end_ns = now_ns();
    return NULL;
}

/* From when all have begun until the last has ended. */
static int64_t run(struct alone *threads, unsigned count)
{
    atomic_int waiting = (int)count;
    int64_t begin_ns = INT64_MAX, end_ns = 0;

    for (unsigned i = 0; i < count; i++) {
        threads[i].waiting = &waiting;
        if (pthread_create(&threads[i].thread, NULL, work, &threads[i])) {
            fputs("kmsblit-bench: threads cannot be made\n", stderr);
            exit(1);
        }
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(threads[i].thread, NULL);
        begin_ns = threads[i].begin_ns < begin_ns ? threads[i].begin_ns : begin_ns;
        end_ns = threads[i].end_ns > end_ns ? threads[i].end_ns : end_ns;
    }
    return end_ns - begin_ns;
}

void bench_measure_threads(const struct bench_options *options)
{
    unsigned count = options->threads > MOST ? MOST : options->threads;
    int rounds = options->quick ? 2 : ROUNDS;
    static struct alone threads[MOST];
    int64_t one_ns = INT64_MAX, all_ns = INT64_MAX;

    if (count < 2 || count > bench_ours_threads_max())
        return;
    for (unsigned i = 0; i < count; i++) {
        threads[i].source = calloc(RUN_PX * RUN_ROWS, sizeof(uint32_t));
        threads[i].target = calloc(RUN_PX * RUN_ROWS, sizeof(uint32_t));
        if (!threads[i].source || !threads[i].target) {
            fputs("kmsblit-bench: no memory\n", stderr);
            exit(1);
        }
        for (size_t n = 0; n < RUN_PX * RUN_ROWS; n++)
            threads[i].source[n] = 0x80402010u + (uint32_t)n % 16;
    }
    for (int round = 0; round < rounds; round++) {
        int64_t ns = run(threads, 1);

        one_ns = ns < one_ns ? ns : one_ns;
        ns = run(threads, count);
        all_ns = ns < all_ns ? ns : all_ns;
    }
    printf("{\"kind\": \"figure\", \"name\": \"%u threads that share nothing, over one\", "
           "\"unit\": \"x\", \"value\": %.3f}\n",
           count, (double)count * (double)one_ns / (double)all_ns);
    for (unsigned i = 0; i < count; i++) {
        free(threads[i].source);
        free(threads[i].target);
    }
}

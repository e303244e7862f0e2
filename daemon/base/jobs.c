#include "base/jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAX_THREADS 64

struct kd_lane {
    struct kd_jobs *jobs;
    struct kd_job *head, *tail; /* waiting or running jobs; the head is the one that runs */
    struct kd_lane *next;       /* among those that wait for their turn */
    unsigned uncollected;       /* complete jobs whose done() has not returned */
    bool urgent;
    bool dying;            /* freed when empty */
    atomic_bool abandoned; /* nobody waits for its jobs */
};

/* Lanes whose turn will come. */
struct turns {
    struct kd_lane *head, *tail;
};

struct kd_jobs {
    pthread_mutex_t mutex;      /* guards everything below and all lanes */
    pthread_cond_t work;        /* a lane waits for its turn, or stopping */
    struct turns urgent, usual; /* lanes with a job that is waiting; urgent ones go first */
    struct kd_job *complete, *complete_tail; /* for kd_jobs_collect() */
    unsigned unfinished;                     /* submitted, and done() has not returned */
    bool stopping;
    int event_fd;
    unsigned threads_count;
    pthread_t threads[MAX_THREADS];
};

static void ready_push(struct kd_jobs *jobs, struct kd_lane *lane)
{
    struct turns *turns = lane->urgent ? &jobs->urgent : &jobs->usual;

    lane->next = NULL;
    if (turns->tail)
        turns->tail->next = lane;
    else
        turns->head = lane;
    turns->tail = lane;
    pthread_cond_signal(&jobs->work);
}

/* The lane whose turn it is; NULL: none waits. */
static struct kd_lane *ready_pop(struct kd_jobs *jobs)
{
    struct turns *turns = jobs->urgent.head ? &jobs->urgent : &jobs->usual;
    struct kd_lane *lane = turns->head;

    if (!lane)
        return NULL;
    turns->head = lane->next;
    if (!turns->head)
        turns->tail = NULL;
    return lane;
}

/* The lane's head is complete: hand it over and let the lane go on. */
static void complete_head(struct kd_jobs *jobs, struct kd_lane *lane)
{
    struct kd_job *job = lane->head;
    uint64_t one = 1;

    lane->head = job->next;
    if (!lane->head)
        lane->tail = NULL;
    lane->uncollected++;
    job->next = NULL;
    if (jobs->complete_tail)
        jobs->complete_tail->next = job;
    else
        jobs->complete = job;
    jobs->complete_tail = job;
    if (write(jobs->event_fd, &one, sizeof(one)) < 0) {
        /* Only EAGAIN at 2^64-2 completions: it is readable already. */
    }
    if (lane->head)
        ready_push(jobs, lane);
}

static void *worker(void *arg)
{
    struct kd_jobs *jobs = arg;

    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->stopping) {
        struct kd_lane *lane = ready_pop(jobs);
        enum kd_job_step step;

        if (!lane) {
            pthread_cond_wait(&jobs->work, &jobs->mutex);
            continue;
        }
        pthread_mutex_unlock(&jobs->mutex);
        step = lane->head->step(lane->head);
        pthread_mutex_lock(&jobs->mutex);
        if (step == KD_JOB_AGAIN)
            ready_push(jobs, lane);
        else
            complete_head(jobs, lane);
    }
    pthread_mutex_unlock(&jobs->mutex);
    return NULL;
}

static unsigned default_threads(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    return cores < 1 ? 1 : cores > MAX_THREADS ? MAX_THREADS : (unsigned)cores;
}

int kd_jobs_create(unsigned threads, struct kd_jobs **out)
{
    struct kd_jobs *jobs = calloc(1, sizeof(*jobs));
    sigset_t all, before;
    int error = 0;

    if (!jobs)
        return -ENOMEM;
    jobs->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (jobs->event_fd < 0) {
        error = -errno;
        free(jobs);
        return error;
    }
    pthread_mutex_init(&jobs->mutex, NULL);
    pthread_cond_init(&jobs->work, NULL);
    if (threads == 0)
        threads = default_threads();
    /* Signals are the loop's alone. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (jobs->threads_count < threads && jobs->threads_count < MAX_THREADS) {
        error = pthread_create(&jobs->threads[jobs->threads_count], NULL, worker, jobs);
        if (error)
            break;
        jobs->threads_count++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (jobs->threads_count == 0) {
        kd_jobs_destroy(jobs);
        return -error;
    }
    *out = jobs;
    return 0;
}

void kd_jobs_destroy(struct kd_jobs *jobs)
{
    if (!jobs)
        return;
    pthread_mutex_lock(&jobs->mutex);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->work);
    pthread_mutex_unlock(&jobs->mutex);
    for (unsigned i = 0; i < jobs->threads_count; i++)
        pthread_join(jobs->threads[i], NULL);
    pthread_cond_destroy(&jobs->work);
    pthread_mutex_destroy(&jobs->mutex);
    close(jobs->event_fd);
    free(jobs);
}

int kd_jobs_fd(const struct kd_jobs *jobs)
{
    return jobs->event_fd;
}

unsigned kd_jobs_threads(const struct kd_jobs *jobs)
{
    return jobs->threads_count;
}

static void lane_release(struct kd_lane *lane)
{
    if (lane->dying && !lane->head && lane->uncollected == 0)
        free(lane);
}

unsigned kd_jobs_collect(struct kd_jobs *jobs)
{
    struct kd_job *job;
    uint64_t ignored;
    unsigned collected = 0;

    pthread_mutex_lock(&jobs->mutex);
    if (read(jobs->event_fd, &ignored, sizeof(ignored)) < 0) {
        /* EAGAIN: nothing new; the list says what there is. */
    }
    job = jobs->complete;
    jobs->complete = NULL;
    jobs->complete_tail = NULL;
    pthread_mutex_unlock(&jobs->mutex);
    while (job) {
        struct kd_job *next = job->next;
        struct kd_lane *lane = job->lane;

        job->done(job);
        pthread_mutex_lock(&jobs->mutex);
        jobs->unfinished--;
        lane->uncollected--;
        lane_release(lane);
        pthread_mutex_unlock(&jobs->mutex);
        job = next;
        collected++;
    }
    return collected;
}

bool kd_jobs_idle(struct kd_jobs *jobs)
{
    bool idle;

    pthread_mutex_lock(&jobs->mutex);
    idle = jobs->unfinished == 0;
    pthread_mutex_unlock(&jobs->mutex);
    return idle;
}

int kd_lane_create(struct kd_jobs *jobs, bool urgent, struct kd_lane **out)
{
    struct kd_lane *lane = calloc(1, sizeof(*lane));

    if (!lane)
        return -ENOMEM;
    lane->jobs = jobs;
    lane->urgent = urgent;
    *out = lane;
    return 0;
}

void kd_lane_abandon(struct kd_lane *lane)
{
    atomic_store_explicit(&lane->abandoned, true, memory_order_relaxed);
}

void kd_lane_destroy(struct kd_lane *lane)
{
    struct kd_jobs *jobs;

    if (!lane)
        return;
    kd_lane_abandon(lane);
    jobs = lane->jobs;
    pthread_mutex_lock(&jobs->mutex);
    lane->dying = true;
    lane_release(lane);
    pthread_mutex_unlock(&jobs->mutex);
}

bool kd_job_is_abandoned(const struct kd_job *job)
{
    return atomic_load_explicit(&job->lane->abandoned, memory_order_relaxed);
}

void kd_lane_submit(struct kd_lane *lane, struct kd_job *job)
{
    struct kd_jobs *jobs = lane->jobs;

    job->lane = lane;
    job->next = NULL;
    pthread_mutex_lock(&jobs->mutex);
    jobs->unfinished++;
    if (lane->tail)
        lane->tail->next = job;
    else
        lane->head = job;
    lane->tail = job;
    if (lane->head == job)
        ready_push(jobs, lane);
    pthread_mutex_unlock(&jobs->mutex);
}

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
    struct kd_job *head, *tail;    /* waiting or running jobs; the head is the one that runs */
    struct kd_lane *next, *before; /* among those that wait for their turn */
    unsigned uncollected;          /* complete jobs whose done() has not returned */
    unsigned workers;              /* the head's: so many may step it at once */
    unsigned running;              /* its steps that have not returned */
    unsigned agains;               /* how often its steps asked for another one */
    bool wanted;                   /* its next step may find something to begin */
    bool has_turn;                 /* it waits for its turn */
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

static struct turns *turns_of(struct kd_lane *lane)
{
    return lane->urgent ? &lane->jobs->urgent : &lane->jobs->usual;
}

static void turns_add(struct kd_lane *lane)
{
    struct turns *turns = turns_of(lane);

    lane->has_turn = true;
    lane->next = NULL;
    lane->before = turns->tail;
    if (turns->tail)
        turns->tail->next = lane;
    else
        turns->head = lane;
    turns->tail = lane;
}

static void turns_remove(struct kd_lane *lane)
{
    struct turns *turns = turns_of(lane);

    lane->has_turn = false;
    if (lane->before)
        lane->before->next = lane->next;
    else
        turns->head = lane->next;
    if (lane->next)
        lane->next->before = lane->before;
    else
        turns->tail = lane->before;
}

/* The lane whose turn it is; NULL: none waits. */
static struct kd_lane *turns_first(const struct kd_jobs *jobs)
{
    return jobs->urgent.head ? jobs->urgent.head : jobs->usual.head;
}

/* Something about the lane is different now: it waits for its turn if a step of its head can be begun. */
static void lane_update(struct kd_lane *lane)
{
    bool can_begin = lane->head && lane->wanted && lane->running < lane->workers;

    if (can_begin && !lane->has_turn)
        turns_add(lane);
    else if (!can_begin && lane->has_turn)
        turns_remove(lane);
}

static void note_workers(struct kd_lane *lane)
{
    lane->workers = lane->head->workers ? lane->head->workers : 1;
}

/* The lane has another head. */
static void begin_head(struct kd_lane *lane)
{
    lane->wanted = true;
    note_workers(lane);
}

/* The lane's head is complete: hand it over and let the lane go on. */
static void complete_head(struct kd_lane *lane)
{
    struct kd_jobs *jobs = lane->jobs;
    struct kd_job *job = lane->head;
    uint64_t one = 1;

    if (job->end) {
        lane->running = 1;
        lane_update(lane); /* nobody may step it any more */
        pthread_mutex_unlock(&jobs->mutex);
        job->end(job);
        pthread_mutex_lock(&jobs->mutex);
        lane->running = 0;
    }
    lane->head = job->next;
    if (lane->head)
        begin_head(lane);
    else
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
}

/* One step of the lane's head. */
static void take_turn(struct kd_lane *lane)
{
    struct kd_jobs *jobs = lane->jobs;
    struct kd_job *job = lane->head;
    unsigned agains = lane->agains;
    enum kd_job_step step;

    turns_remove(lane);
    lane->running++;
    lane_update(lane);
    if (turns_first(jobs)) /* for somebody else */
        pthread_cond_signal(&jobs->work);
    pthread_mutex_unlock(&jobs->mutex);
    step = job->step(job);
    pthread_mutex_lock(&jobs->mutex);
    lane->running--;
    if (lane->running == 0)
        note_workers(lane);
    if (step == KD_JOB_AGAIN) {
        lane->agains++;
        lane->wanted = true;
    } else if (lane->agains == agains) {
        lane->wanted = false;
    } /* else there may be something that this step did not see */
    if (lane->running == 0 && !lane->wanted)
        complete_head(lane);
    lane_update(lane);
}

static void *worker(void *arg)
{
    struct kd_jobs *jobs = arg;

    pthread_mutex_lock(&jobs->mutex);
    while (!jobs->stopping) {
        struct kd_lane *lane = turns_first(jobs);

        if (lane)
            take_turn(lane);
        else
            pthread_cond_wait(&jobs->work, &jobs->mutex);
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
    if (lane->head == job) {
        begin_head(lane);
        lane_update(lane);
        /* All that it can use at once: a chain of workers who wake each other takes as long as its members together. */
        for (unsigned i = 0; i < lane->workers && i < jobs->threads_count; i++)
            pthread_cond_signal(&jobs->work);
    }
    pthread_mutex_unlock(&jobs->mutex);
}

/*
 * Work that the loop must not wait for: drawing, and reading clients' memory.
 *
 * Jobs stand in lanes. A lane runs its jobs one at a time, in order; lanes take turns, one step each, so that a long job in one
 * lane delays the others by no more than a step. A step returns KD_JOB_AGAIN to be called again after the others' turns.
 * What a job touches belongs to it until its done() is called, in the loop's thread, from kd_jobs_collect().
 *
 * A job may let several workers step it at once. The lane then has a turn even while steps of its job run, and KD_JOB_DONE means: there is
 * nothing (any more) that this step could begin. A step must have left what it did not finish where another one finds it before it
 * returns KD_JOB_AGAIN. The job is complete when no step runs and none has asked for another one. So nobody waits for workers that have
 * not begun, and nothing but the pool needs to know which step was the last.
 */
#ifndef KD_BASE_JOBS_H
#define KD_BASE_JOBS_H

#include <stdbool.h>

struct kd_jobs;
struct kd_lane;

enum kd_job_step { KD_JOB_DONE, KD_JOB_AGAIN };

/* Embedded in the caller's structure, which lives until done() was called. */
struct kd_job {
    enum kd_job_step (*step)(struct kd_job *job); /* in a worker's thread */
    void (*done)(struct kd_job *job);             /* in the loop's thread; may free the job */

    /* In a worker's thread, once: after the last step, before the lane's next job. NULL: nothing is to be done then. */
    void (*end)(struct kd_job *job);

    /* At most so many step it at once; 0 is 1. A step that is known to run alone may change it. */
    unsigned workers;

    struct kd_lane *lane; /* the rest is the pool's */
    struct kd_job *next;
};

/* threads 0: one per core. */
int kd_jobs_create(unsigned threads, struct kd_jobs **out);

/* Every lane must have been destroyed. Waits for jobs that still run, and calls no done() any more. */
void kd_jobs_destroy(struct kd_jobs *jobs);

/* Readable when jobs are complete: then call kd_jobs_collect(), which calls their done(). Returns how many. */
int kd_jobs_fd(const struct kd_jobs *jobs);
unsigned kd_jobs_collect(struct kd_jobs *jobs);

/* Whether nothing is waiting, running, or complete and not collected. */
bool kd_jobs_idle(struct kd_jobs *jobs);

/* The number of worker threads. */
unsigned kd_jobs_threads(const struct kd_jobs *jobs);

/* urgent lanes go before the others when it is somebody's turn. */
int kd_lane_create(struct kd_jobs *jobs, bool urgent, struct kd_lane **out);

/* Nobody waits for the lane's jobs any more: they may end early. */
void kd_lane_abandon(struct kd_lane *lane);

/* Abandons the lane, and frees it as soon as its last job is done; no more jobs may be submitted. NULL is allowed. */
void kd_lane_destroy(struct kd_lane *lane);

/* In a step: whether the lane has been abandoned or destroyed. */
bool kd_job_is_abandoned(const struct kd_job *job);

void kd_lane_submit(struct kd_lane *lane, struct kd_job *job);

#endif

/*
 * Lanes and workers. With one worker the order of steps is known; with four it is not, and then the sanitizers look on.
 */
#include "base/jobs.h"
#include "pixel_test.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* A job that notes its name at each step. */
struct note_job {
    struct kd_job job;
    char name;
    unsigned steps; /* so many are left */
    bool is_done;
};

static char steps_seen[4096], dones_seen[4096];
static atomic_uint steps_count;
static unsigned dones_count;

static enum kd_job_step note_step(struct kd_job *job)
{
    struct note_job *note = (struct note_job *)job;

    steps_seen[atomic_fetch_add(&steps_count, 1)] = note->name;
    return --note->steps > 0 ? KD_JOB_AGAIN : KD_JOB_DONE;
}

static void note_done(struct kd_job *job)
{
    struct note_job *note = (struct note_job *)job;

    dones_seen[dones_count++] = note->name;
    note->is_done = true;
}

static struct note_job note(char name, unsigned steps)
{
    return (struct note_job){
        .job = {.step = note_step, .done = note_done}, .name = name, .steps = steps};
}

/* Holds a worker until it is let go, so that what comes after it can be queued in peace. */
struct gate_job {
    struct kd_job job;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool is_held, is_open;
};

static enum kd_job_step gate_step(struct kd_job *job)
{
    struct gate_job *gate = (struct gate_job *)job;

    pthread_mutex_lock(&gate->mutex);
    gate->is_held = true;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->is_open)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
    return KD_JOB_DONE;
}

static void gate_done(struct kd_job *job)
{
    (void)job;
}

static struct kd_lane *gate_lane;

static void gate_close(struct kd_jobs *jobs, struct gate_job *gate)
{
    *gate = (struct gate_job){.job = {.step = gate_step, .done = gate_done},
                              .mutex = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    ck_assert_int_eq(kd_lane_create(jobs, true, &gate_lane), 0);
    kd_lane_submit(gate_lane, &gate->job);
    pthread_mutex_lock(&gate->mutex);
    while (!gate->is_held)
        pthread_cond_wait(&gate->changed, &gate->mutex);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_open(struct gate_job *gate)
{
    kd_lane_destroy(gate_lane);
    pthread_mutex_lock(&gate->mutex);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->mutex);
}

/* As the loop does it: waits for the fd, then collects. */
static void collect_all(struct kd_jobs *jobs)
{
    while (!kd_jobs_idle(jobs)) {
        struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

        ck_assert_int_eq(poll(&ready, 1, -1), 1);
        kd_jobs_collect(jobs);
    }
    ck_assert_uint_eq(kd_jobs_collect(jobs), 0);
}

static struct kd_jobs *start(unsigned threads)
{
    struct kd_jobs *jobs;

    memset(steps_seen, 0, sizeof(steps_seen));
    memset(dones_seen, 0, sizeof(dones_seen));
    atomic_store(&steps_count, 0);
    dones_count = 0;
    ck_assert_int_eq(kd_jobs_create(threads, &jobs), 0);
    ck_assert_uint_eq(kd_jobs_threads(jobs), threads);
    ck_assert(kd_jobs_idle(jobs));
    return jobs;
}

static struct kd_lane *lane(struct kd_jobs *jobs, bool urgent)
{
    struct kd_lane *made;

    ck_assert_int_eq(kd_lane_create(jobs, urgent, &made), 0);
    return made;
}

START_TEST(a_lane_runs_its_jobs_in_order)
{
    struct kd_jobs *jobs = start(4);
    struct kd_lane *only = lane(jobs, false);
    struct note_job notes[] = {note('a', 3), note('b', 1), note('c', 5), note('d', 1)};

    for (int i = 0; i < 4; i++)
        kd_lane_submit(only, &notes[i].job);
    ck_assert(!kd_jobs_idle(jobs));
    collect_all(jobs);
    ck_assert_str_eq(steps_seen, "aaabcccccd");
    ck_assert_str_eq(dones_seen, "abcd");
    kd_lane_destroy(only);
    kd_jobs_destroy(jobs);
}
END_TEST

START_TEST(lanes_take_turns)
{
    struct kd_jobs *jobs = start(1);
    struct kd_lane *lanes[3] = {lane(jobs, false), lane(jobs, false), lane(jobs, false)};
    struct note_job longest = note('L', 6), b = note('b', 1), c = note('c', 2), d = note('d', 1);
    struct gate_job gate;

    gate_close(jobs, &gate);
    kd_lane_submit(lanes[0], &longest.job);
    kd_lane_submit(lanes[1], &b.job);
    kd_lane_submit(lanes[1], &d.job);
    kd_lane_submit(lanes[2], &c.job);
    gate_open(&gate);
    collect_all(jobs);
    ck_assert_str_eq(steps_seen, "LbcLdcLLLL");
    for (int i = 0; i < 3; i++)
        kd_lane_destroy(lanes[i]);
    kd_jobs_destroy(jobs);
}
END_TEST

START_TEST(urgent_lanes_go_first_and_take_turns)
{
    struct kd_jobs *jobs = start(1);
    struct kd_lane *usual = lane(jobs, false), *one = lane(jobs, true), *other = lane(jobs, true);
    struct note_job u = note('u', 2), a = note('a', 3), b = note('b', 2);
    struct gate_job gate;

    gate_close(jobs, &gate);
    kd_lane_submit(usual, &u.job);
    kd_lane_submit(one, &a.job);
    kd_lane_submit(other, &b.job);
    gate_open(&gate);
    collect_all(jobs);
    ck_assert_str_eq(steps_seen, "ababauu");
    kd_lane_destroy(usual);
    kd_lane_destroy(one);
    kd_lane_destroy(other);
    kd_jobs_destroy(jobs);
}
END_TEST

START_TEST(a_lane_destroyed_with_jobs_still_does_them)
{
    struct kd_jobs *jobs = start(1);
    struct kd_lane *dying = lane(jobs, false), *unused = lane(jobs, false);
    struct note_job notes[] = {note('x', 2), note('y', 1)};
    struct gate_job gate;

    gate_close(jobs, &gate);
    kd_lane_submit(dying, &notes[0].job);
    kd_lane_submit(dying, &notes[1].job);
    kd_lane_destroy(dying);
    kd_lane_destroy(unused);
    kd_lane_destroy(NULL);
    gate_open(&gate);
    collect_all(jobs);
    ck_assert_str_eq(steps_seen, "xxy");
    ck_assert_str_eq(dones_seen, "xy");
    kd_jobs_destroy(jobs);
}
END_TEST

/* A job whose done() submits the next one, and destroys the lane at the end: what windows do. */
struct chain_job {
    struct kd_job job;
    struct kd_lane *lane;
    unsigned left;
};

static enum kd_job_step chain_step(struct kd_job *job)
{
    (void)job;
    return KD_JOB_DONE;
}

static void chain_done(struct kd_job *job)
{
    struct chain_job *chain = (struct chain_job *)job;

    if (chain->left-- > 0)
        kd_lane_submit(chain->lane, job);
    else
        kd_lane_destroy(chain->lane);
}

START_TEST(done_may_submit_and_destroy)
{
    struct kd_jobs *jobs = start(2);
    struct chain_job chain = {.job = {.step = chain_step, .done = chain_done}, .left = 100};

    chain.lane = lane(jobs, false);
    kd_lane_submit(chain.lane, &chain.job);
    collect_all(jobs);
    ck_assert_uint_eq(chain.left, UINT32_MAX);
    kd_jobs_destroy(jobs);
}
END_TEST

START_TEST(nothing_is_done_before_it_is_collected)
{
    struct kd_jobs *jobs = start(2);
    struct kd_lane *only = lane(jobs, false);
    struct note_job a = note('a', 1);
    struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

    ck_assert_int_eq(poll(&ready, 1, 0), 0);
    kd_lane_submit(only, &a.job);
    ck_assert_int_eq(poll(&ready, 1, -1), 1);
    ck_assert(!a.is_done);
    ck_assert(!kd_jobs_idle(jobs));
    ck_assert_uint_eq(kd_jobs_collect(jobs), 1);
    ck_assert(a.is_done);
    ck_assert(kd_jobs_idle(jobs));
    ck_assert_int_eq(poll(&ready, 1, 0), 0);
    kd_lane_destroy(only);
    kd_jobs_destroy(jobs);
}
END_TEST

/* Many lanes on four workers. What a lane's jobs share needs no lock: one at a time. */
struct sum_lane {
    struct kd_lane *lane;
    unsigned next; /* the job that must come next */
    uint64_t sum;
};

struct sum_job {
    struct kd_job job;
    struct sum_lane *lane;
    unsigned number, steps;
};

static atomic_uint sums_out_of_order;

static enum kd_job_step sum_step(struct kd_job *job)
{
    struct sum_job *sum = (struct sum_job *)job;

    if (sum->lane->next != sum->number)
        atomic_fetch_add(&sums_out_of_order, 1);
    sum->lane->sum += sum->number;
    if (--sum->steps > 0)
        return KD_JOB_AGAIN;
    sum->lane->next++;
    return KD_JOB_DONE;
}

static void sum_done(struct kd_job *job)
{
    free(job);
}

START_TEST(four_workers_and_many_lanes)
{
    struct kd_jobs *jobs = start(4);
    struct sum_lane lanes[16] = {{0}};
    uint64_t want[16] = {0};
    unsigned counts[16] = {0};

    for (int i = 0; i < 16; i++)
        lanes[i].lane = lane(jobs, i % 5 == 0);
    for (int n = 0; n < 4000; n++) {
        unsigned i = random_u32() % 16;
        struct sum_job *sum = calloc(1, sizeof(*sum));

        *sum = (struct sum_job){.job = {.step = sum_step, .done = sum_done},
                                .lane = &lanes[i],
                                .number = counts[i]++,
                                .steps = 1 + random_u32() % 4};
        want[i] += (uint64_t)sum->number * sum->steps;
        kd_lane_submit(lanes[i].lane, &sum->job);
        if (random_u32() % 8 == 0)
            kd_jobs_collect(jobs);
    }
    for (int i = 0; i < 8; i++)
        kd_lane_destroy(lanes[i].lane);
    collect_all(jobs);
    ck_assert_uint_eq(atomic_load(&sums_out_of_order), 0);
    for (int i = 0; i < 16; i++) {
        ck_assert_uint_eq(lanes[i].sum, want[i]);
        if (i >= 8)
            kd_lane_destroy(lanes[i].lane);
    }
    kd_jobs_destroy(jobs);
    kd_jobs_destroy(NULL);
}
END_TEST

/* ---- Several workers at one job ------------------------------------------------------------- */

/* Its first steps wait for each other: they return only because they run at once. */
struct meeting_job {
    struct kd_job job;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    unsigned wanted, here, most, steps, ends;
};

static enum kd_job_step meeting_step(struct kd_job *job)
{
    struct meeting_job *meeting = (struct meeting_job *)job;
    bool met;

    pthread_mutex_lock(&meeting->mutex);
    meeting->steps++;
    meeting->here++;
    if (meeting->here > meeting->most)
        meeting->most = meeting->here;
    pthread_cond_broadcast(&meeting->changed);
    while (meeting->most < meeting->wanted)
        pthread_cond_wait(&meeting->changed, &meeting->mutex);
    meeting->here--;
    met = meeting->steps > 200;
    pthread_mutex_unlock(&meeting->mutex);
    return met ? KD_JOB_DONE : KD_JOB_AGAIN;
}

static void meeting_end(struct kd_job *job)
{
    struct meeting_job *meeting = (struct meeting_job *)job;

    pthread_mutex_lock(&meeting->mutex);
    meeting->ends += meeting->here == 0 ? 1 : 100;
    pthread_mutex_unlock(&meeting->mutex);
}

START_TEST(as_many_workers_as_the_job_wants)
{
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct kd_jobs *jobs = start(4);
        struct kd_lane *only = lane(jobs, workers % 2);
        struct meeting_job meeting = {.job = {.step = meeting_step,
                                              .end = meeting_end,
                                              .done = gate_done,
                                              .workers = workers},
                                      .mutex = PTHREAD_MUTEX_INITIALIZER,
                                      .changed = PTHREAD_COND_INITIALIZER,
                                      .wanted = workers};
        struct note_job after = note('a', 1);

        kd_lane_submit(only, &meeting.job);
        kd_lane_submit(only, &after.job);
        collect_all(jobs);
        ck_assert_uint_eq(meeting.most, workers);
        ck_assert_uint_eq(meeting.ends, 1);
        ck_assert_str_eq(steps_seen, "a");
        kd_lane_destroy(only);
        kd_jobs_destroy(jobs);
    }
}
END_TEST

/* One worker: a job for many of them has no more turns than others. */
START_TEST(many_workers_are_not_many_turns)
{
    struct kd_jobs *jobs = start(1);
    struct kd_lane *lanes[2] = {lane(jobs, false), lane(jobs, false)};
    struct note_job wide = note('w', 5), narrow = note('n', 4);
    struct gate_job gate;

    wide.job.workers = 8;
    gate_close(jobs, &gate);
    kd_lane_submit(lanes[0], &wide.job);
    kd_lane_submit(lanes[1], &narrow.job);
    gate_open(&gate);
    collect_all(jobs);
    ck_assert_str_eq(steps_seen, "wnwnwnwnw");
    kd_lane_destroy(lanes[0]);
    kd_lane_destroy(lanes[1]);
    kd_jobs_destroy(jobs);
}
END_TEST

/* Pieces of work that are begun, put back half done, and gone on with by others. Its first step, alone, says how many workers it wants. */
struct pieces_job {
    struct kd_job job;
    struct pieces_lane *lane;
    unsigned number, workers;
    atomic_uint begun, halves, complete, running, over, ends;
    unsigned pieces;
    bool is_planned;
};

struct pieces_lane {
    struct kd_lane *lane;
    unsigned next; /* the job that must come next; written at ends */
};

static atomic_uint pieces_wrong, pieces_dones;

/* One half of a piece. False: there is none. */
static bool take_half(struct pieces_job *job, bool *is_second)
{
    unsigned halves = atomic_load(&job->halves);

    while (halves > 0)
        if (atomic_compare_exchange_weak(&job->halves, &halves, halves - 1)) {
            *is_second = true;
            return true;
        }
    *is_second = false;
    return atomic_load(&job->begun) < job->pieces && atomic_fetch_add(&job->begun, 1) < job->pieces;
}

static enum kd_job_step pieces_step(struct kd_job *base)
{
    struct pieces_job *job = (struct pieces_job *)base;
    unsigned running = atomic_fetch_add(&job->running, 1) + 1;
    enum kd_job_step step = KD_JOB_DONE;
    bool is_second;

    if (job->lane->next != job->number || running > (job->is_planned ? job->workers : 1))
        atomic_fetch_add(&pieces_wrong, 1);
    if (!job->is_planned) {
        job->is_planned = true;
        job->job.workers = job->workers;
        step = KD_JOB_AGAIN;
    } else if (take_half(job, &is_second)) {
        atomic_fetch_add(is_second ? &job->complete : &job->halves, 1);
        step = !is_second || atomic_load(&job->begun) < job->pieces || atomic_load(&job->halves)
                   ? KD_JOB_AGAIN
                   : KD_JOB_DONE;
    }
    atomic_fetch_sub(&job->running, 1);
    return step;
}

static void pieces_end(struct kd_job *base)
{
    struct pieces_job *job = (struct pieces_job *)base;

    if (atomic_load(&job->running) || atomic_load(&job->complete) != job->pieces)
        atomic_fetch_add(&pieces_wrong, 1);
    atomic_fetch_add(&job->ends, 1);
    job->lane->next++;
}

static void pieces_done(struct kd_job *base)
{
    struct pieces_job *job = (struct pieces_job *)base;

    if (atomic_load(&job->ends) != 1)
        atomic_fetch_add(&pieces_wrong, 1);
    atomic_fetch_add(&pieces_dones, 1);
    free(job);
}

static void check_pieces(unsigned threads)
{
    struct kd_jobs *jobs = start(threads);
    struct pieces_lane lanes[5] = {{0}};
    unsigned counts[5] = {0}, submitted = 0;

    atomic_store(&pieces_dones, 0);
    for (int i = 0; i < 5; i++)
        lanes[i].lane = lane(jobs, i == 0);
    for (int n = 0; n < 400; n++) {
        struct pieces_job *job = calloc(1, sizeof(*job));
        unsigned i = random_u32() % 5;

        job->job = (struct kd_job){.step = pieces_step, .end = pieces_end, .done = pieces_done};
        job->lane = &lanes[i];
        job->number = counts[i]++;
        job->workers = 1 + random_u32() % 9;
        job->pieces = random_u32() % 30;
        kd_lane_submit(lanes[i].lane, &job->job);
        submitted++;
        if (random_u32() % 8 == 0)
            kd_jobs_collect(jobs);
    }
    collect_all(jobs);
    ck_assert_uint_eq(atomic_load(&pieces_wrong), 0);
    ck_assert_uint_eq(atomic_load(&pieces_dones), submitted);
    for (int i = 0; i < 5; i++)
        kd_lane_destroy(lanes[i].lane);
    kd_jobs_destroy(jobs);
}

START_TEST(pieces_put_back_are_gone_on_with)
{
    check_pieces(1);
    check_pieces(2);
    check_pieces(4);
    check_pieces(8);
}
END_TEST

/* Never has enough. */
static enum kd_job_step endless_step(struct kd_job *job)
{
    return kd_job_is_abandoned(job) ? KD_JOB_DONE : KD_JOB_AGAIN;
}

START_TEST(an_abandoned_job_ends_with_all_its_workers)
{
    struct kd_jobs *jobs = start(4);
    struct kd_lane *left = lane(jobs, false), *usual = lane(jobs, false);
    struct note_job endless = {.job = {.step = endless_step, .done = note_done, .workers = 4},
                               .name = 'e'};
    struct note_job beside = note('b', 20);

    kd_lane_submit(left, &endless.job);
    kd_lane_submit(usual, &beside.job);
    while (!beside.is_done) {
        struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

        ck_assert_int_eq(poll(&ready, 1, -1), 1);
        kd_jobs_collect(jobs);
    }
    ck_assert(!endless.is_done);
    kd_lane_destroy(left);
    collect_all(jobs);
    ck_assert_str_eq(dones_seen, "be");
    kd_lane_destroy(usual);
    kd_jobs_destroy(jobs);
}
END_TEST

Suite *jobs_suite(void)
{
    Suite *suite = suite_create("jobs");
    TCase *jobs = tcase_create("jobs");

    tcase_set_timeout(jobs, 0);
    tcase_add_test(jobs, a_lane_runs_its_jobs_in_order);
    tcase_add_test(jobs, lanes_take_turns);
    tcase_add_test(jobs, urgent_lanes_go_first_and_take_turns);
    tcase_add_test(jobs, a_lane_destroyed_with_jobs_still_does_them);
    tcase_add_test(jobs, done_may_submit_and_destroy);
    tcase_add_test(jobs, nothing_is_done_before_it_is_collected);
    tcase_add_test(jobs, four_workers_and_many_lanes);
    tcase_add_test(jobs, as_many_workers_as_the_job_wants);
    tcase_add_test(jobs, many_workers_are_not_many_turns);
    tcase_add_test(jobs, pieces_put_back_are_gone_on_with);
    tcase_add_test(jobs, an_abandoned_job_ends_with_all_its_workers);
    suite_add_tcase(suite, jobs);
    return suite;
}

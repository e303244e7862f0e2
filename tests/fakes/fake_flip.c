/*
 * What happens after a request was found good: the flip at the next refresh, or whatever the script has instead of it; the events.
 */
#include "fake_model.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* ---- Fences --------------------------------------------------------------------------------- */

int fake_drm_fence(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void fake_drm_fence_signal(int fd)
{
    const uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) != sizeof(one))
        abort();
}

static bool fences_ready(const struct fake_crtc *crtc)
{
    for (int n = 0; n < crtc->in_fences_count; n++) {
        struct pollfd fence = {.fd = crtc->in_fences[n], .events = POLLIN};

        if (poll(&fence, 1, 0) != 1)
            return false;
    }
    return true;
}

static void take_fences(struct fake_card *card, unsigned index, const struct fake_check *check)
{
    struct fake_crtc *crtc = &card->crtc[index];
    int32_t *out = (int32_t *)(uintptr_t)check->next->values[index][K_OUT_FENCE];

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++) {
        int64_t fd = (int64_t)check->next->values[n][K_IN_FENCE_FD];

        if (fd < 0 || check->next->values[n][K_CRTC_ID] != card->objects[index].id)
            continue;
        crtc->in_fences[crtc->in_fences_count++] = dup((int)fd);
        card->counts.fences++;
    }
    crtc->out_fence = -1;
    if (out) {
        int fence = fake_drm_fence();

        crtc->out_fence = dup(fence);
        memcpy(out, &fence, sizeof(fence));
    }
}

static void drop_fences(struct fake_crtc *crtc)
{
    while (crtc->in_fences_count)
        close(crtc->in_fences[--crtc->in_fences_count]);
    if (crtc->out_fence >= 0) {
        fake_drm_fence_signal(crtc->out_fence);
        close(crtc->out_fence);
    }
    crtc->out_fence = -1;
}

/* ---- Flips ---------------------------------------------------------------------------------- */

static void log_flip(const struct fake_card *card, unsigned index, int64_t time_ns)
{
    fake_log("\"what\": \"flip\", \"card\": \"%s\", \"crtc\": %u, \"sequence\": %u, \"time\": %lld",
             card->name, index, card->crtc[index].sequence, (long long)time_ns);
}

/* Any pixel written since it came onto the screen was written under the eyes of the player. */
static void look_for_tearing(struct fake_card *card, unsigned index)
{
    struct fake_crtc *crtc = &card->crtc[index];
    bool same = true;

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
        if (crtc->shown.values[n][K_FB_ID] != crtc->next.values[n][K_FB_ID])
            same = false;
    if (crtc->shows && !same && !card->panel && fake_hash_shown(card, index) != crtc->shown_hash)
        card->counts.written_while_shown++;
}

static void show(struct fake_card *card, unsigned index)
{
    struct fake_crtc *crtc = &card->crtc[index];
    bool was = crtc->shows;

    look_for_tearing(card, index);
    crtc->shown = crtc->next;
    crtc->shows = fake_get(&crtc->shown, index, K_ACTIVE);
    if (card->panel)
        fake_to_panel(card, index, !was);
    crtc->shown_hash = fake_hash_shown(card, index);
    drop_fences(crtc);
}

static void send_event(struct fake_card *card, unsigned index, int64_t time_ns, bool held)
{
    struct fake_crtc *crtc = &card->crtc[index];
    const struct fake_event event = {.user_data = crtc->user_data,
                                     .time_ns = time_ns,
                                     .crtc = card->objects[index].id,
                                     .sequence = card->no_vblank ? 0 : crtc->sequence,
                                     .fd = crtc->fd};

    if (held && card->held_count < FAKE_EVENTS)
        card->held[card->held_count++] = event;
    else
        fake_push_event(card, &event);
}

void fake_complete(struct fake_card *card, unsigned index, int64_t time_ns)
{
    struct fake_crtc *crtc = &card->crtc[index];

    crtc->pending = false;
    card->counts.flips++;
    fake_changed();
    show(card, index);
    log_flip(card, index, time_ns);
    if (!crtc->wants_event || crtc->policy == FLIP_LOST)
        return;
    send_event(card, index, time_ns, crtc->policy == FLIP_HELD);
    if (crtc->policy == FLIP_TWICE)
        send_event(card, index, time_ns, false);
}

void fake_release_events(struct fake_card *card)
{
    for (unsigned n = 0; n < card->held_count; n++)
        fake_push_event(card, &card->held[n]);
    card->held_count = 0;
}

static bool due(const struct fake_crtc *crtc)
{
    return crtc->pending && crtc->policy != FLIP_NEVER && fences_ready(crtc);
}

void fake_drm_vblank(struct fake_card *card, unsigned index, int64_t time_ns)
{
    fake_lock();
    card->crtc[index].sequence++;
    if (due(&card->crtc[index]))
        fake_complete(card, index, time_ns);
    fake_unlock();
}

bool fake_drm_pending(const struct fake_card *card, unsigned crtc)
{
    bool pending;

    fake_lock();
    pending = card->crtc[crtc].pending;
    fake_unlock();
    return pending;
}

/* ---- Real refreshes ------------------------------------------------------------------------- */

static pthread_t thread;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static bool thread_runs, thread_ends, work_came;

static int64_t period_ns(const struct fake_card *card, unsigned crtc)
{
    drmModeModeInfo mode;
    uint32_t mhz = fake_crtc_mode(card, &card->state, crtc, &mode) ? fake_refresh_mhz(&mode) : 0;

    return mhz ? INT64_C(1000000000000) / mhz : 16666667;
}

/* Completes what is due; returns when the next is, or 0. */
static int64_t refresh(void)
{
    int64_t now = fake_now_ns(), next = 0;

    for (unsigned c = 0; c < FAKE_CARDS; c++)
        for (unsigned n = 0; fake_cards[c] && n < fake_cards[c]->crtcs; n++) {
            struct fake_crtc *crtc = &fake_cards[c]->crtc[n];
            int64_t period = period_ns(fake_cards[c], n), at = crtc->due_ns;

            if (!crtc->pending || !at || crtc->policy == FLIP_NEVER)
                continue;
            if (now >= at) {
                crtc->sequence = (uint32_t)(at / period);
                if (due(crtc)) {
                    fake_complete(fake_cards[c], n, at);
                    continue;
                }
                crtc->due_ns = at = (now / period + 1) * period;
            }
            if (!next || at < next)
                next = at;
        }
    return next;
}

static void *refresher(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&wake_lock);
    while (!thread_ends) {
        struct timespec until;
        int64_t next;

        work_came = false;
        pthread_mutex_unlock(&wake_lock);
        fake_lock();
        next = refresh();
        fake_unlock();
        pthread_mutex_lock(&wake_lock);
        until = (struct timespec){next / 1000000000, next % 1000000000};
        while (!work_came && !thread_ends) {
            if (!next)
                pthread_cond_wait(&wake, &wake_lock);
            else if (pthread_cond_clockwait(&wake, &wake_lock, CLOCK_MONOTONIC, &until))
                break;
        }
    }
    pthread_mutex_unlock(&wake_lock);
    return NULL;
}

static void wake_thread(void)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are not for this thread */
    pthread_mutex_lock(&wake_lock);
    work_came = true;
    if (!thread_runs)
        thread_runs = pthread_create(&thread, NULL, refresher, NULL) == 0;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&wake_lock);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void fake_stop_thread(void)
{
    pthread_mutex_lock(&wake_lock);
    thread_ends = true;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&wake_lock);
    if (thread_runs)
        pthread_join(thread, NULL);
    thread_runs = thread_ends = false;
}

/* ---- Commits -------------------------------------------------------------------------------- */

static enum fake_policy policy_for(const struct fake_card *card, bool waits)
{
    int scripted = fake_rule_value("flip");

    if (scripted)
        return (enum fake_policy)scripted;
    return waits ? FLIP_AT_ONCE : card->policy;
}

static void begin_flip(struct fake_file *file, unsigned index, const struct fake_check *check,
                       uint32_t flags, void *user_data)
{
    struct fake_card *card = file->card;
    struct fake_crtc *crtc = &card->crtc[index];
    bool waits = !(flags & DRM_MODE_ATOMIC_NONBLOCK);
    int64_t now = fake_now_ns(), period = period_ns(card, index);

    if (crtc->pending) /* a commit that waits waits for that one too; a kernel gives up after 10 s */
        fake_complete(card, index, now);
    crtc->next = *check->next;
    crtc->user_data = (uintptr_t)user_data;
    crtc->fd = file->fd;
    crtc->wants_event = flags & DRM_MODE_PAGE_FLIP_EVENT;
    crtc->policy = policy_for(card, waits);
    take_fences(card, index, check);
    crtc->pending = true;
    crtc->due_ns = 0;
    if (crtc->policy == FLIP_AT_ONCE || (waits && crtc->policy != FLIP_NEVER) ||
        !fake_get(check->next, index, K_ACTIVE)) {
        fake_complete(card, index, now);
    } else if (card->policy == FLIP_AT_ONCE && crtc->policy != FLIP_NEVER && fences_ready(crtc)) {
        fake_complete(card, index, now);
    } else if (card->policy == FLIP_REFRESH) {
        crtc->due_ns = (now / period + 1) * period;
        wake_thread();
    }
}

void fake_apply(struct fake_file *file, const struct fake_check *check, uint32_t flags,
                void *user_data)
{
    struct fake_card *card = file->card;

    card->state = *check->next;
    for (unsigned n = FAKE_FIRST_CONNECTOR; n < FAKE_FIRST_CONNECTOR + card->connectors; n++)
        card->state.values[n][K_DPMS] =
            fake_get(&card->state, n, K_CRTC_ID) ? DRM_MODE_DPMS_ON : DRM_MODE_DPMS_OFF;
    for (unsigned n = 0; n < card->crtcs; n++)
        if (check->crtcs >> n & 1)
            begin_flip(file, n, check, flags, user_data);
    for (unsigned n = 0; n < FAKE_OBJECTS; n++)
        card->state.values[n][K_DAMAGE] = 0;
}

/* ---- Framebuffers that go, and those that are written to ------------------------------------ */

static bool take_off(struct fake_card *card, struct fake_state *state, uint32_t fb)
{
    bool found = false;

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++) {
        if (state->values[n][K_FB_ID] != fb)
            continue;
        int crtc = fake_crtc_index(card, (uint32_t)state->values[n][K_CRTC_ID]);

        found = true;
        state->values[n][K_FB_ID] = state->values[n][K_CRTC_ID] = 0;
        if (crtc >= 0 && state->values[n][K_TYPE] == DRM_PLANE_TYPE_PRIMARY)
            state->values[crtc][K_ACTIVE] = 0; /* a kernel switches the whole CRTC off */
    }
    return found;
}

void fake_planes_off(struct fake_card *card, uint32_t fb)
{
    if (take_off(card, &card->state, fb)) {
        card->counts.removed_while_shown++;
        fake_log("\"what\": \"removed-while-shown\", \"fb\": %u", fb);
    }
    for (unsigned n = 0; n < card->crtcs; n++) {
        struct fake_crtc *crtc = &card->crtc[n];

        if (crtc->pending)
            take_off(card, &crtc->next, fb);
        if (take_off(card, &crtc->shown, fb)) {
            crtc->shows = fake_get(&crtc->shown, n, K_ACTIVE);
            crtc->shown_hash = fake_hash_shown(card, n);
        }
    }
}

static int check_dirty(const struct fake_file *file, const struct fake_fb *fb,
                       const drmModeClip *clips, uint32_t num_clips)
{
    int error = fake_fails("drmModeDirtyFB");

    if (error)
        return error;
    if (file->card->master_fd != file->fd || *file->card->master)
        return EACCES;
    if (!fb)
        return ENOENT;
    if (!num_clips != !clips || num_clips > DRM_MODE_FB_DIRTY_MAX_CLIPS)
        return EINVAL;
    return file->card->panel ? 0 : ENOSYS; /* what scans out by itself has no dirty() */
}

int drmModeDirtyFB(int fd, uint32_t bufferId, drmModeClipPtr clips, uint32_t num_clips)
{
    const struct fake_fb *fb;
    struct fake_commit *commit;
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? 0 : errno;
    if (file) {
        fb = fake_find_fb(file->card, bufferId);
        error = check_dirty(file, fb, clips, num_clips);
        commit = fake_new_commit(file->card);
        commit->is_dirtyfb = true;
        commit->result = -error;
        commit->planes_count = 1;
        commit->planes[0].fb = bufferId;
        commit->planes[0].has_clips = num_clips > 0;
        commit->planes[0].clips_count = num_clips;
        for (uint32_t n = 0; n < num_clips && n < FAKE_CLIPS; n++)
            commit->planes[0].clips[n] =
                (struct fake_rect){clips[n].x1, clips[n].y1, clips[n].x2, clips[n].y2};
        fake_record(file->card, commit, NULL, 0, -error);
        if (!error)
            fake_dirty_panel(file->card, fb, clips, num_clips);
    }
    fake_unlock();
    if (error)
        errno = error;
    return -error;
}

/*
 * One connector with a display: the outputs' vtable, and when refreshes are.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fence.h"
#include "output/kms_impl.h"

#define KD_LOG_MODULE "kms"
#include "base/log.h"

/* A flip that has not come by then is lost. Setting a mode may take a display a while. */
#define FLIP_LIMIT_NS    (1 * KD_NS_PER_S)
#define MODESET_LIMIT_NS (10 * KD_NS_PER_S)

/* A mode that cannot be set so often is given up for another one: after about half a second. */
#define MAX_MODESET_FAILURES 5

/* The same where every mode has been given up: after about a minute. */
#define MAX_LAST_FAILURES 60

/* How long a time stamp is good enough to count refreshes from: clocks of display and processor differ. */
#define VBLANK_TRUST_NS KD_NS_PER_S

/* ---- When refreshes are ------------------------------------------------------------------------ */

static void ask_for_vblank(struct kms_output *output, int64_t now_ns)
{
    uint64_t sequence, time_ns;

    if (!output->has_vblank || !output->crtc || output->needs_modeset ||
        now_ns - output->vblank_ns < VBLANK_TRUST_NS)
        return;
    if (drmCrtcGetSequence(output->kms->fd, output->crtc->object.id, &sequence, &time_ns) == 0 &&
        (int64_t)time_ns > output->vblank_ns && (int64_t)time_ns <= now_ns) {
        /* Both count the same refreshes; the kernel's number is the one that flips carry. */
        output->vblank_ns = (int64_t)time_ns;
        output->vblank_sequence +=
            (uint32_t)((uint32_t)sequence - (uint32_t)output->vblank_sequence);
    }
}

static int64_t kms_next_refresh_ns(struct kd_output *base, int64_t now_ns, uint64_t *sequence)
{
    struct kms_output *output = kms_output_of(base);
    int64_t passed;

    ask_for_vblank(output, now_ns);
    passed = kd_floor_div(now_ns - output->vblank_ns, (int64_t)base->refresh_ns);
    if (passed == -1) /* kernels say when the first line of the last one will be sent: soon */
        passed = 0;
    *sequence = output->vblank_sequence + (uint64_t)(passed + 1);
    return output->vblank_ns + (passed + 1) * (int64_t)base->refresh_ns;
}

void kd_kms_output_flipped(struct kms_output *output, uint64_t commit, uint32_t sequence,
                           int64_t time_ns)
{
    if (!output->is_pending || output->has_arrived ||
        (uintptr_t)commit != (uintptr_t)output->base.commits) {
        KD_DEBUG("output %s: a late flip, of commit %llu; dropped", output->base.name,
                 (unsigned long long)commit);
        return;
    }
    output->has_arrived = true;
    output->arrived_sequence = sequence;
    output->arrived_ns = time_ns;
}

/* The display's own clock, or, where it has none or was not asked, the daemon's: then frames are shown as soon as they are committed, and
 * counted as shown at the refresh that they are for. */
static void note_flip(struct kms_output *output, struct kd_flip *flip)
{
    uint64_t refresh_ns = output->base.refresh_ns;

    if (!output->is_counted) {
        uint32_t ahead = output->arrived_sequence - (uint32_t)output->vblank_sequence;

        output->vblank_sequence += ahead;
        output->vblank_ns = output->arrived_ns;
        flip->flags = KB_PRESENTED_FLAG_VSYNC | KB_PRESENTED_FLAG_HARDWARE_CLOCK;
    } else {
        int64_t passed = (output->flip_at_ns - output->vblank_ns + (int64_t)refresh_ns / 2) /
                         (int64_t)refresh_ns;

        output->vblank_sequence += (uint64_t)passed;
        output->vblank_ns = output->flip_at_ns;
        flip->flags = 0;
    }
    flip->commit = output->base.commits;
    flip->time_ns = output->vblank_ns;
    flip->sequence = output->vblank_sequence;
    if (output->window_shown)
        flip->flags |= KB_PRESENTED_FLAG_SCALED_BY_PLANE;
}

/* Nobody looks at them any more. */
static void destroy_old(struct kms_output *output)
{
    kd_kms_swap_destroy(output->kms, &output->old[0]);
    kd_kms_swap_destroy(output->kms, &output->old[1]);
}

static int kms_dispatch(struct kd_output *base, int64_t now_ns, struct kd_flip *flip)
{
    struct kms_output *output = kms_output_of(base);

    if (!output->is_pending)
        return 0;
    if (!output->has_arrived) {
        if (now_ns < output->deadline_ns)
            return 0;
        output->is_pending = false;
        output->swap.pending = output->window.pending = NULL;
        output->needs_modeset = true;
        return -ETIMEDOUT;
    }
    if (output->is_counted && now_ns < output->flip_at_ns)
        return 0;
    output->is_pending = false;
    kd_kms_swap_flipped(&output->swap);
    kd_kms_swap_flipped(&output->window);
    destroy_old(output);
    note_flip(output, flip);
    return 1;
}

static int64_t kms_wake_ns(struct kd_output *base)
{
    struct kms_output *output = kms_output_of(base);

    if (!output->is_pending || (output->has_arrived && !output->is_counted))
        return 0; /* an arrived flip is dispatched in the same turn of the loop */
    return output->has_arrived ? output->flip_at_ns : output->deadline_ns;
}

/* ---- Buffers ----------------------------------------------------------------------------------- */

static bool window_can_be_scaled(struct kms_output *output, const struct kd_plane_window *window)
{
    bool same_size = kd_box_width(window->from) == kd_box_width(window->to) &&
                     kd_box_height(window->from) == kd_box_height(window->to);
    const char *why = NULL;

    if (!output->overlay)
        why = "the display has no plane to spare";
    else if (output->plane_rotation != DRM_MODE_ROTATE_0 || !kd_view_is_plain(&output->base.view))
        why = "the display is turned";
    else if (!same_size && window->filter == KB_FILTER_NEAREST && !output->overlay->has_nearest &&
             !output->kms->settings.blurred_ok)
        why = "the plane cannot scale without blurring (plane_scaling = on allows it)";
    if (why)
        snprintf(output->base.plane_reason, sizeof(output->base.plane_reason), "%s", why);
    return !why;
}

static struct kd_buffer *acquire_window(struct kms_output *output,
                                        const struct kd_plane_window *window)
{
    int32_t width_px = kd_box_width(window->from), height_px = kd_box_height(window->from);
    struct kms_swap *swap = &output->window;
    struct kms_buffer *buffer;

    if (!window_can_be_scaled(output, window))
        return NULL;
    if (swap->count && (swap->buffers[0].base.grid.width_px != width_px ||
                        swap->buffers[0].base.grid.height_px != height_px)) {
        if (output->window_shown)
            return NULL; /* in the next frame, when nobody looks at the old ones any more */
        kd_kms_swap_destroy(output->kms, swap);
    }
    if (!swap->count &&
        kd_kms_swap_create(output->kms, output->swap.kind, output->overlay, KMS_MAX_BUFFERS,
                           width_px, height_px, output->swap.buffers[0].base.format, swap) < 0) {
        snprintf(output->base.plane_reason, sizeof(output->base.plane_reason),
                 "no memory for buffers of %dx%d", width_px, height_px);
        return NULL;
    }
    buffer = kd_kms_swap_free(swap);
    return buffer ? &buffer->base : NULL;
}

static struct kd_buffer *kms_acquire(struct kd_output *base, const struct kd_plane_window *window)
{
    struct kms_output *output = kms_output_of(base);
    struct kms_buffer *buffer;

    if (window)
        return acquire_window(output, window);
    buffer = kd_kms_swap_free(&output->swap);
    return buffer ? &buffer->base : NULL;
}

static void forget(struct kms_swap *swap)
{
    for (unsigned i = 0; i < swap->count; i++) {
        struct kd_buffer *buffer = &swap->buffers[i].base;

        kd_buffer_forget(buffer);
        kd_buffer_begin_access(buffer); /* from now on it is the processor that draws */
        kd_buffer_end_access(buffer);
    }
}

/* What is shown of them stays until something else is. */
static void put_aside(struct kms_swap *swap, struct kms_swap *old)
{
    swap->shown = swap->pending = NULL;
    *old = *swap;
    *swap = (struct kms_swap){.count = 0};
}

static int kms_renew(struct kd_output *base)
{
    struct kms_output *output = kms_output_of(base);
    enum kb_format format = output->swap.buffers[0].base.format;
    int error;

    forget(&output->swap);
    forget(&output->window);
    if (output->swap.kind == KMS_DUMB && kd_kms_best_kind(output->kms) == KMS_PLAIN) {
        output->swap.kind = KMS_PLAIN; /* and so will be those that planes need */
        kd_kms_output_describe(output);
    }
    if (!output->crtc || output->swap.kind == KMS_PLAIN)
        return 0;        /* the processor can use them as they are */
    destroy_old(output); /* from a time before the last flip */
    put_aside(&output->swap, &output->old[0]);
    put_aside(&output->window, &output->old[1]);
    error = kd_kms_output_make_buffers(output, format);
    if (error) {
        output->swap = output->old[0];
        output->window = output->old[1];
        output->old[0] = output->old[1] = (struct kms_swap){.count = 0};
        return error;
    }
    kd_kms_output_describe(output);
    return 0;
}

static struct kd_buffer *kms_front(struct kd_output *base)
{
    struct kms_output *output = kms_output_of(base);

    return output->swap.shown ? &output->swap.shown->base : NULL;
}

/* ---- Commits ----------------------------------------------------------------------------------- */

/* Drivers that send changes somewhere (a virtual machine's host, a panel on a slow bus) keep a copy of the buffer, so one is enough and is never torn; and
 * without damage clips this is the only way to tell them what changed. */
static int send_changes(struct kms_output *output, const struct kd_commit *commit, uint32_t fb_id)
{
    drmModeClip clips[DRM_MODE_FB_DIRTY_MAX_CLIPS];
    size_t count = commit->clips_count;

    kd_fence_wait(commit->fence_fd);

    if (count > DRM_MODE_FB_DIRTY_MAX_CLIPS)
        count = 0; /* all of it */
    for (size_t i = 0; i < count; i++)
        clips[i] =
            (drmModeClip){(unsigned short)commit->clips[i].x1, (unsigned short)commit->clips[i].y1,
                          (unsigned short)commit->clips[i].x2, (unsigned short)commit->clips[i].y2};
    return drmModeDirtyFB(output->kms->fd, fb_id, count ? clips : NULL, (uint32_t)count) < 0
               ? -errno
               : 0;
}

static bool is_cursor_same(const struct kms_output *output, const struct kd_commit *commit)
{
    if (!commit->cursor || !output->cursor_shown)
        return !commit->cursor && !output->cursor_shown;
    return commit->cursor->serial == output->shown_cursor_serial &&
           commit->cursor_x == output->shown_cursor_x && commit->cursor_y == output->shown_cursor_y;
}

static bool is_change_of_buffer_alone(const struct kms_output *output,
                                      const struct kd_commit *commit)
{
    return output->uses_dirtyfb && !output->needs_modeset && output->swap.shown &&
           &output->swap.shown->base == commit->buffer && !commit->window.buffer &&
           !output->window_shown && is_cursor_same(output, commit);
}

static int go_dark(struct kms_output *output)
{
    int error = kd_kms_commit_off(output);

    if (error)
        return error;
    output->is_pending = false;
    output->swap.pending = output->swap.shown = NULL;
    output->window.pending = output->window.shown = NULL;
    output->needs_modeset = true;
    return 0;
}

static void submitted(struct kms_output *output, const struct kd_commit *commit, bool at_once,
                      int64_t now_ns)
{
    struct kms_buffer *window = kd_kms_swap_find(&output->window, commit->window.buffer);
    uint64_t sequence;

    output->base.commits++;
    output->is_pending = true;
    output->has_arrived = false;
    output->is_counted = at_once || !output->has_vblank;
    output->flip_at_ns = kms_next_refresh_ns(&output->base, now_ns, &sequence);
    output->deadline_ns = now_ns + (output->needs_modeset ? MODESET_LIMIT_NS : FLIP_LIMIT_NS);
    output->needs_modeset = false;
    kd_kms_swap_submitted(&output->swap, kd_kms_swap_find(&output->swap, commit->buffer));
    output->window.pending = NULL;
    if (window)
        kd_kms_swap_submitted(&output->window, window);
}

static int kms_output_commit(struct kd_output *base, const struct kd_commit *commit, int64_t now_ns)
{
    struct kms_output *output = kms_output_of(base);
    bool at_once = commit->buffer && is_change_of_buffer_alone(output, commit);
    int error;

    if (!output->crtc)
        return -ENODEV;
    if (output->kms->paused)
        return -EACCES;
    if (!commit->buffer)
        return go_dark(output);
    if (output->is_pending && !commit->test_only)
        return -EBUSY;
    if (at_once && commit->test_only)
        return 0;
    error = at_once ? send_changes(output, commit, output->swap.shown->fb_id) : 0;
    if (error == -ENOSYS || error == -EOPNOTSUPP) {
        KD_WARN("output %s: the driver has no DIRTYFB; whole frames are committed instead",
                base->name);
        output->uses_dirtyfb = at_once = false;
        error = 0;
    }
    if (!error && !at_once)
        error = kd_kms_commit(output, commit);
    if (error == -EINVAL && commit->test_only && commit->window.buffer && !output->keeps_primary) {
        output->keeps_primary = true; /* perhaps it was but that */
        error = kd_kms_commit(output, commit);
    }
    if (commit->test_only || error == -EACCES || error == -ENODEV)
        return error;
    if (error) {
        if (output->needs_modeset && error != -EBUSY && error != -EINTR &&
            ++output->modeset_failures ==
                (output->is_last_resort ? MAX_LAST_FAILURES : MAX_MODESET_FAILURES))
            kd_kms_forbid_mode(output);
        output->needs_modeset |= error != -EBUSY && error != -ENOMEM; /* from the beginning, then */
        return error;
    }
    output->modeset_failures = 0;
    submitted(output, commit, at_once, now_ns);
    if (at_once)
        kd_kms_output_flipped(output, base->commits, 0, now_ns);
    return 0;
}

/* ---- Beginning and end ------------------------------------------------------------------------- */

void kd_kms_output_release(struct kms_output *output)
{
    struct kd_kms *kms = output->kms;

    if (!output->crtc)
        return;
    if (!kms->paused && (!output->needs_modeset || output->swap.shown))
        go_dark(output);
    if (kms->commits < output->base.commits)
        kms->commits = output->base.commits;
    kd_kms_planes_release(output);
    output->crtc->user = NULL;
    output->crtc = NULL;
    output->is_pending = false;
    for (struct kms_output **link = &kms->outputs; *link; link = &(*link)->next) {
        if (*link == output) {
            *link = output->next;
            break;
        }
    }
}

static void kms_output_destroy(struct kd_output *base)
{
    struct kms_output *output = kms_output_of(base);
    struct kd_kms *kms = output->kms;

    if (output->crtc) { /* the card is closed: what is shown may stay until then */
        output->needs_modeset = true;
        output->swap.shown = NULL;
        kd_kms_output_release(output);
    }
    kd_kms_swap_destroy(kms, &output->swap);
    kd_kms_swap_destroy(kms, &output->window);
    destroy_old(output);
    kd_kms_buffer_destroy(kms, &output->cursor_buffers[0]);
    kd_kms_buffer_destroy(kms, &output->cursor_buffers[1]);
    if (output->mode_blob)
        drmModeDestroyPropertyBlob(kms->fd, output->mode_blob);
    free(output);
}

const struct kd_output_impl kd_kms_output_impl = {
    .name = "kms",
    .acquire = kms_acquire,
    .commit = kms_output_commit,
    .front = kms_front,
    .renew = kms_renew,
    .next_refresh_ns = kms_next_refresh_ns,
    .wake_ns = kms_wake_ns,
    .dispatch = kms_dispatch,
    .destroy = kms_output_destroy,
};

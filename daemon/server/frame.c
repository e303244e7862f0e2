/*
 * The displays' tick. As late before a refresh as experience allows, each window's oldest drawn frame is latched, and what is then to be seen is composed
 * (compose.c). At the refresh, frames are answered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/hardware.h"
#include "server/renderer.h"
#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "frame"
#include "base/log.h"

/* Time that is kept free before a refresh beside the predicted drawing time; in real time it is the configuration's `margin`. */
#define VIRTUAL_MARGIN_NS KD_NS_PER_MS

/* How long a display rests after a commit that failed. */
#define RETRY_NS (16 * KD_NS_PER_MS) /* the first time, then ever longer */

/* Frames wait so many failures for a display: about a second. */
#define PATIENCE 6

/* ---- When ----------------------------------------------------------------------------------- */

static int64_t lead_ns(const struct kd_display *display)
{
    const struct kd_server *server = display->server;
    int64_t lead = server->clock.is_virtual
                       ? VIRTUAL_MARGIN_NS
                       : display->predicted_ns + (int64_t)server->config.margin_us * 1000;
    int64_t most = (int64_t)display->output->refresh_ns / 2;

    return lead < most ? lead : most;
}

/* The time to look at what the next refresh should show. */
static int64_t next_tick_ns(struct kd_display *display, int64_t now_ns)
{
    struct kd_output *output = display->output;
    uint64_t sequence;
    int64_t tick_ns;

    if (output->refresh_ns == 0)
        return now_ns;
    tick_ns = output->impl->next_refresh_ns(output, now_ns, &sequence) - lead_ns(display);
    return tick_ns > now_ns ? tick_ns : now_ns;
}

void kd_display_damage(struct kd_display *display)
{
    struct kd_output *output = display->output;

    display->damaged = true;
    if (output->state == KD_OUTPUT_IDLE && kd_output_step(output, KD_OUTPUT_DAMAGE))
        display->tick_at_ns = next_tick_ns(display, kd_server_now_ns(display->server));
}

static void rest_or_schedule(struct kd_display *display, int64_t now_ns)
{
    if (display->damaged)
        display->tick_at_ns = next_tick_ns(display, now_ns);
    else
        kd_output_step(display->output, KD_OUTPUT_REST);
}

/* When the display is turned off, should nothing happen until then; 0: never. */
static int64_t dark_at_ns(const struct kd_display *display)
{
    unsigned off_after_s = display->server->config.off_after_s;

    if (off_after_s == 0 || display->is_dark || display->output->state != KD_OUTPUT_IDLE)
        return 0;
    return display->changed_at_ns + (int64_t)off_after_s * KD_NS_PER_S;
}

int64_t kd_display_wake_ns(const struct kd_display *display)
{
    struct kd_output *output = display->output;
    int64_t dark_ns = dark_at_ns(display);

    if (dark_ns)
        return dark_ns;

    if (output->state == KD_OUTPUT_SCHEDULED && display->composing)
        return 0; /* its end wakes us */
    if (output->state == KD_OUTPUT_SCHEDULED)
        return display->answer_at_ns ? display->answer_at_ns : display->tick_at_ns;
    return output->impl->wake_ns(output);
}

/* ---- Answers -------------------------------------------------------------------------------- */

static void owe(struct kd_display *display, struct kd_frame *frame)
{
    if (display->owed_tail)
        display->owed_tail->next = frame;
    else
        display->owed = frame;
    display->owed_tail = frame;
}

static void answer(struct kd_display *display, struct kd_frame *frame, const struct kd_flip *flip,
                   bool committed)
{
    struct kd_window *window = frame->window;
    bool unchanged = !committed || !frame->changed;
    bool scaled = display->plane.used && display->plane.window == window;
    uint32_t flags =
        scaled ? flip->flags : flip->flags & ~(uint32_t)KB_PRESENTED_FLAG_SCALED_BY_PLANE;
    struct kb_evt_presented event = {.object = window->id,
                                     .serial = frame->serial,
                                     .time_ns = (uint64_t)flip->time_ns,
                                     .refresh_ns = display->output->refresh_ns,
                                     .sequence = flip->sequence,
                                     .flags = flags | (unchanged ? KB_PRESENTED_FLAG_UNCHANGED : 0),
                                     .output = display->output->id};

    if (frame->failed) {
        kd_window_discarded(window, frame, KB_DISCARD_REASON_FAILED, flip->time_ns);
        return;
    }
    window->credits_used--;
    window->stats.frames_presented++;
    window->stats.frames_unchanged += unchanged;
    display->stats.frames_presented++;
    display->stats.frames_unchanged += unchanged;
    kd_event_presented(window->client, &event);
}

static void answer_owed(struct kd_display *display, const struct kd_flip *flip, bool committed)
{
    while (display->owed) {
        struct kd_frame *frame = display->owed;

        display->owed = frame->next;
        if (!display->owed)
            display->owed_tail = NULL;
        answer(display, frame, flip, committed);
        kd_frame_destroy(frame);
    }
    display->answer_at_ns = 0;
    display->changed_at_ns = kd_server_now_ns(display->server);
}

/* A window goes: its latched frames are discarded. */
void kd_display_forget_window(struct kd_display *display, const struct kd_window *window,
                              int64_t now_ns)
{
    struct kd_frame **link = &display->owed;

    display->owed_tail = NULL;
    while (*link) {
        struct kd_frame *frame = *link;

        if (frame->window == window) {
            *link = frame->next;
            kd_window_discarded(frame->window, frame, KB_DISCARD_REASON_HIDDEN, now_ns);
            kd_frame_destroy(frame);
        } else {
            display->owed_tail = frame;
            link = &frame->next;
        }
    }
}

void kd_display_retry(struct kd_display *display, const char *what, int error)
{
    int64_t pause_ns = RETRY_NS << (display->failures < 6 ? display->failures : 6);
    int64_t now_ns = kd_server_now_ns(display->server);

    if (error == -EACCES) {
        kd_hardware_lost(display->server->hardware);
        return;
    }
    if (display->failures++ == 0)
        KD_ERROR("output %s: %s: %s; trying again", display->output->name, what, strerror(-error));
    kd_output_step(display->output, KD_OUTPUT_FAIL);
    display->damaged = true;
    display->tick_at_ns = now_ns + pause_ns;
    if (display->failures > PATIENCE)
        kd_display_forget_frames(display, now_ns); /* games go on */
}

/* Nothing is known of what the display shows: all of it will have to be committed. */
static void forget_shown(struct kd_display *display)
{
    struct kd_view view = display->output->view;

    display->plane.used = false;
    display->plane.asked_at_ns = 0;
    memset(display->shown_keys, 0,
           kd_grid_count(kd_grid_of(view.device_width_px, view.device_height_px)) *
               sizeof(uint64_t));
}

void kd_display_redraw(struct kd_display *display, int error)
{
    /* whatever it is that the GPU cannot do */
    bool gives_up = display->server->egl && display->failures >= PATIENCE;

    if (error != -ENODEV && !gives_up) {
        kd_display_retry(display, "drawing failed", error);
        return;
    }
    kd_renderer_lost(display->server);
    if (display->server->egl) { /* there is no other one */
        kd_display_retry(display, "drawing failed", error);
        return;
    }
    kd_output_step(display->output, KD_OUTPUT_FAIL);
    display->damaged = true;
    display->tick_at_ns = kd_server_now_ns(display->server);
}

/* What the former renderer drew into may be nothing for this one. 0; 1: it is still read; or -errno. */
static int renew_buffers(struct kd_display *display)
{
    int error = 0;

    if (!display->has_old_buffers)
        return 0;
    if (display->busy)
        return 1;
    error = display->output->impl->renew(display->output);
    if (error)
        return error;
    display->has_old_buffers = false;
    forget_shown(display);
    return 0;
}

static void compose(struct kd_display *display, int64_t now_ns)
{
    uint64_t sequence;
    int result = renew_buffers(display);

    if (result > 0) {
        display->damaged = true;
        display->tick_at_ns = now_ns + KD_NS_PER_MS;
        return;
    }
    if (result < 0) {
        kd_display_retry(display, "no other buffers", result);
        return;
    }
    display->target_ns = display->output->impl->next_refresh_ns(display->output, now_ns, &sequence);
    result = kd_compose_begin(display);
    if (result < 0)
        kd_display_retry(display, "cannot compose", result);
    else if (result == 0 && display->owed)
        display->answer_at_ns = display->target_ns;
    else if (result == 0)
        rest_or_schedule(display, now_ns);
}

/* ---- Coming and going ------------------------------------------------------------------ */

bool kd_display_is_on(const struct kd_display *display)
{
    return display->output->state != KD_OUTPUT_OFF && display->output->state != KD_OUTPUT_PAUSED;
}

void kd_display_forget_frames(struct kd_display *display, int64_t now_ns)
{
    while (display->owed) {
        struct kd_frame *frame = display->owed;

        display->owed = frame->next;
        kd_window_discarded(frame->window, frame, KB_DISCARD_REASON_NO_OUTPUT, now_ns);
        kd_frame_destroy(frame);
    }
    display->owed_tail = NULL;
    display->answer_at_ns = 0;
}

/* Nothing has happened for long. The next frame lights it again. */
static void go_dark(struct kd_display *display, int64_t now_ns)
{
    struct kd_output *output = display->output;
    int error = output->impl->commit(output, &(struct kd_commit){.fence_fd = -1}, now_ns);

    display->changed_at_ns = now_ns; /* if it failed, later once more */
    if (error == -EACCES) {
        kd_hardware_lost(display->server->hardware);
        return;
    }
    if (error) {
        KD_WARN("output %s: cannot be turned off: %s", output->name, strerror(-error));
        return;
    }
    KD_INFO("output %s: turned off, as nothing has changed for %u s", output->name,
            display->server->config.off_after_s);
    display->is_dark = true;
    forget_shown(display);
}

/* Windows may have more frames waiting for the refresh after this one, or for nothing. */
static void look_for_more(struct kd_display *display)
{
    struct kd_server *server = display->server;

    for (struct kd_window *window = server->scene.windows; window; window = window->below)
        if (window->queue)
            kd_windows_advance(server, window);
}

void kd_display_pause(struct kd_display *display, int64_t now_ns)
{
    kd_output_step(display->output, KD_OUTPUT_PAUSE);
    kd_display_forget_frames(display, now_ns);
    look_for_more(display);
}

void kd_display_resume(struct kd_display *display, int64_t now_ns)
{
    if (display->output->state != KD_OUTPUT_PAUSED ||
        !kd_output_step(display->output, KD_OUTPUT_RESUME))
        return;
    forget_shown(display);
    display->damaged = true;
    display->failures = 0;
    display->tick_at_ns = now_ns;
}

void kd_display_show_again(struct kd_display *display)
{
    if (display->is_dark)
        return;
    forget_shown(display);
    kd_display_damage(display);
}

/* The flip that was waited for did not come. */
static void flip_is_lost(struct kd_display *display, int error)
{
    forget_shown(display);
    if (display->failures > 0) /* and it took long enough already */
        kd_display_forget_frames(display, kd_server_now_ns(display->server));
    kd_display_retry(display, "the display did not show a frame", error);
}

/* ---- The tick ------------------------------------------------------------------------------- */

/* At most one frame of each window that this display paces. */
static void latch_all(struct kd_display *display, int64_t now_ns)
{
    struct kd_server *server = display->server;

    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        struct kd_frame *head = window->queue;

        if (!head || head->state != KD_FRAME_DRAWN || head->drawn_at_ns > now_ns ||
            !head->is_answered || kd_window_display(server, window) != display)
            continue;
        owe(display, kd_windows_latch(server, window));
    }
}

static void flipped(struct kd_display *display, const struct kd_flip *flip, int64_t now_ns)
{
    if (display->failures)
        KD_INFO("output %s: shows frames again, after %u failures", display->output->name,
                display->failures);
    display->failures = 0;
    display->stats.flips++;
    kd_output_step(display->output, KD_OUTPUT_FLIP);
    answer_owed(display, flip, true);
    look_for_more(display);
    if (display->output->state == KD_OUTPUT_SCHEDULED)
        rest_or_schedule(display, now_ns);
}

void kd_display_run(struct kd_display *display, int64_t now_ns)
{
    struct kd_output *output = display->output;
    struct kd_flip flip;
    int result;

    while ((result = output->impl->dispatch(output, now_ns, &flip)) != 0) {
        if (result < 0)
            flip_is_lost(display, result);
        else if (flip.commit == output->commits)
            flipped(display, &flip, now_ns);
    }
    if (dark_at_ns(display) && now_ns >= dark_at_ns(display))
        go_dark(display, now_ns);
    if (output->state != KD_OUTPUT_SCHEDULED || display->composing) /* from before a pause */
        return;
    if (display->answer_at_ns) {
        if (now_ns < display->answer_at_ns)
            return;
        flip = (struct kd_flip){.time_ns = display->answer_at_ns,
                                .flags = output->refresh_ns ? KB_PRESENTED_FLAG_VSYNC : 0};
        output->impl->next_refresh_ns(output, display->answer_at_ns - (output->refresh_ns != 0),
                                      &flip.sequence);
        answer_owed(display, &flip, false);
        look_for_more(display);
        rest_or_schedule(display, now_ns);
        return;
    }
    if (now_ns >= display->tick_at_ns) {
        display->damaged = false;
        latch_all(display, now_ns);
        display->damaged = false; /* latching damages what it latched */
        compose(display, now_ns);
    }
}

int kd_display_create(struct kd_server *server, struct kd_output *output, struct kd_display **out)
{
    struct kd_display *display = calloc(1, sizeof(*display));
    struct kd_view view = output->view;

    if (!display)
        return -ENOMEM;
    display->server = server;
    display->shown_keys = calloc(
        kd_grid_count(kd_grid_of(view.device_width_px, view.device_height_px)), sizeof(uint64_t));
    if (!display->shown_keys || kd_lane_create(server->jobs, true, &display->lane) < 0) {
        free(display->shown_keys);
        free(display);
        return -ENOMEM;
    }
    display->output = output;
    display->changed_at_ns = kd_server_now_ns(server);
    kd_output_step(output, KD_OUTPUT_ENABLE);
    display->damaged = true;
    display->tick_at_ns = next_tick_ns(display, kd_server_now_ns(server));
    *out = display;
    return 0;
}

void kd_display_destroy(struct kd_display *display)
{
    while (display->owed) {
        struct kd_frame *frame = display->owed;

        display->owed = frame->next;
        kd_frame_destroy(frame);
    }
    kd_lane_destroy(display->lane);
    kd_arena_finish(&display->arena);
    kd_cursor_finish(&display->cursor);
    free(display->shown_keys);
    free(display->window_keys);
    display->output->impl->destroy(display->output);
    free(display);
}

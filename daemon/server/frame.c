/*
 * The displays' tick. As late before a refresh as experience allows, each window's oldest drawn frame is latched, the stack of windows is planned, and the
 * keys of its tiles are compared twice: with those last committed (does anything look different? which tiles?) and with the buffer's own (what
 * must be drawn into it?).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"
#include "socket/events.h"

#define KD_LOG_MODULE "frame"
#include "base/log.h"

/* Time that is kept free before a refresh beside the predicted drawing time. */
#define MARGIN_NS         (KD_NS_PER_MS + KD_NS_PER_MS / 2)
#define VIRTUAL_MARGIN_NS KD_NS_PER_MS

/* How long a display rests after a commit that failed. */
#define RETRY_NS (16 * KD_NS_PER_MS)

#define BACKGROUND 0xFF000000

/* Composing one frame of a display: a job in its lane. */
struct kd_compose {
    struct kd_job job;
    struct kd_display *display; /* NULL once it is gone */
    struct kd_renderer *renderer;
    struct kd_buffer *buffer; /* the output's */
    struct kd_arena arena;
    struct kd_plan plan;
    struct kd_draw draw;
    struct kd_pixels **pictures; /* in the arena, a reference each */
    uint32_t pictures_count;
    struct kd_box *clips;
    uint32_t clips_count;
    int64_t begun_ns; /* real time */
};

/* ---- When ----------------------------------------------------------------------------------- */

static int64_t lead_ns(const struct kd_display *display)
{
    int64_t margin_ns = display->server->clock.is_virtual ? VIRTUAL_MARGIN_NS : MARGIN_NS;
    int64_t lead =
        display->server->clock.is_virtual ? margin_ns : display->predicted_ns + margin_ns;
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

int64_t kd_display_wake_ns(const struct kd_display *display)
{
    struct kd_output *output = display->output;

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
    struct kb_evt_presented event = {.object = window->id,
                                     .serial = frame->serial,
                                     .time_ns = (uint64_t)flip->time_ns,
                                     .refresh_ns = display->output->refresh_ns,
                                     .sequence = flip->sequence,
                                     .flags = flip->flags |
                                              (unchanged ? KB_PRESENTED_FLAG_UNCHANGED : 0),
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

/* ---- The stack ------------------------------------------------------------------------------ */

static int compare_windows(const void *a, const void *b)
{
    const struct kd_window *one = *(const struct kd_window *const *)a,
                           *other = *(const struct kd_window *const *)b;

    if (one->shown.z != other->shown.z)
        return one->shown.z < other->shown.z ? -1 : 1;
    return one->created < other->created ? -1 : 1;
}

/* Windows that may be seen on the display, back to front. */
static uint32_t collect(const struct kd_display *display, struct kd_window **windows)
{
    const struct kd_server *server = display->server;
    uint32_t count = 0;

    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        struct kd_global_box place, picture;

        if (!window->has_frame || window->shown.flags & KB_WINDOW_FLAG_HIDDEN ||
            !kd_window_place(server, window, &place, &picture) ||
            kd_box_empty(kd_box_intersect(place.box, display->output->place.box)))
            continue;
        windows[count++] = window;
    }
    qsort(windows, count, sizeof(windows[0]), compare_windows);
    return count;
}

static struct kd_output_box on_output(struct kd_global_box global, const struct kd_output *output)
{
    struct kd_box origin = output->place.box;

    return (struct kd_output_box){kd_box_moved(global.box, -origin.x1, -origin.y1)};
}

/* Layers of the windows, and references to their pictures. -ENOMEM. */
static int stack_build(struct kd_compose *compose, struct kd_layer **layers_out,
                       uint32_t *count_out)
{
    struct kd_display *display = compose->display;
    uint32_t most = display->server->scene.windows_count;
    struct kd_window **windows = kd_arena_alloc(&compose->arena, most, sizeof(struct kd_window *));
    struct kd_layer *layers = kd_arena_alloc(&compose->arena, most, sizeof(*layers));

    compose->pictures = kd_arena_alloc(&compose->arena, most, sizeof(struct kd_pixels *));
    if (!windows || !layers || !compose->pictures)
        return -ENOMEM;
    *count_out = collect(display, windows);
    for (uint32_t i = 0; i < *count_out; i++) {
        const struct kd_window *window = windows[i];
        struct kd_global_box place, picture;

        kd_window_place(display->server, window, &place, &picture);
        layers[i] = (struct kd_layer){.place = on_output(place, display->output),
                                      .picture = on_output(picture, display->output),
                                      .base_color = window->shown.base_color,
                                      .filter = window->shown.filter};
        if (window->shown_picture) {
            layers[i].source = compose->pictures_count;
            compose->pictures[compose->pictures_count++] = kd_pixels_ref(window->shown_picture);
        } else {
            layers[i].picture.box = (struct kd_box){0, 0, 0, 0}; /* nothing but the base colour */
        }
    }
    *layers_out = layers;
    return 0;
}

/* ---- Composing ------------------------------------------------------------------------------ */

static void compose_free(struct kd_compose *compose)
{
    for (uint32_t i = 0; i < compose->pictures_count; i++)
        kd_pixels_unref(compose->pictures[i]);
    kd_arena_finish(&compose->arena);
    free(compose);
}

static void note_duration(struct kd_display *display, int64_t spent_ns)
{
    int64_t decayed_ns = display->predicted_ns - display->predicted_ns / 16;

    display->predicted_ns = spent_ns > decayed_ns ? spent_ns : decayed_ns;
}

static void retry_later(struct kd_display *display, int64_t now_ns)
{
    kd_output_step(display->output, KD_OUTPUT_FAIL);
    display->damaged = true;
    display->tick_at_ns = now_ns + RETRY_NS;
}

/* The buffer holds what it should: show it. */
static void submit(struct kd_display *display, struct kd_compose *compose)
{
    struct kd_output *output = display->output;
    int64_t now_ns = kd_server_now_ns(display->server);
    int error;

    if (output->refresh_ns && now_ns > display->target_ns)
        display->stats.missed++;
    error =
        output->impl->commit(output, compose->buffer, compose->clips, compose->clips_count, now_ns);
    if (error) {
        KD_ERROR("output %s: commit failed: %s; trying again", output->name, strerror(-error));
        retry_later(display, now_ns);
        return;
    }
    display->stats.commits++;
    for (size_t i = 0; i < kd_grid_count(compose->plan.grid); i++)
        display->shown_keys[i] = compose->plan.tiles[i].key;
    kd_output_step(output, KD_OUTPUT_SUBMIT);
}

static enum kd_job_step compose_step(struct kd_job *job)
{
    struct kd_compose *compose =
        (struct kd_compose *)((char *)job - offsetof(struct kd_compose, job));

    return compose->renderer->impl->draw(compose->renderer, &compose->draw);
}

static void compose_done(struct kd_job *job)
{
    struct kd_compose *compose =
        (struct kd_compose *)((char *)job - offsetof(struct kd_compose, job));
    struct kd_display *display = compose->display;

    if (display) {
        display->composing = NULL;
        display->stats.draw_ns += (uint64_t)compose->draw.spent_ns;
        note_duration(display, kd_clock_real_ns() - compose->begun_ns);
        if (compose->draw.error) {
            KD_ERROR("output %s: drawing failed: %s; trying again", display->output->name,
                     strerror(-compose->draw.error));
            retry_later(display, kd_server_now_ns(display->server));
        } else {
            submit(display, compose);
        }
    }
    compose_free(compose);
}

/* The plan of what the display should show, and how it differs from what was last committed. -ENOMEM. */
static int compose_plan(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    const struct kd_view *view = &display->output->view;
    struct kd_grid grid = kd_view_grid(view);
    uint64_t seed = display->server->seed;
    struct kd_layer *layers;
    uint32_t layers_count, *differing;
    struct kd_ops ops;
    int error = stack_build(compose, &layers, &layers_count);

    if (!error)
        error = kd_ops_from_layers(&ops, &compose->arena, view, layers, layers_count, seed,
                                   (const struct kd_pixels *const *)compose->pictures);
    if (!error)
        error = kd_plan_make(&compose->plan, &compose->arena, grid, KD_TARGET_OPAQUE, BACKGROUND,
                             NULL, &ops);
    if (error)
        return error;
    differing = kd_arena_alloc(&compose->arena, kd_grid_count(grid), sizeof(*differing));
    compose->clips = kd_arena_alloc(&compose->arena, kd_grid_count(grid), sizeof(*compose->clips));
    if (!differing || !compose->clips)
        return -ENOMEM;
    compose->clips_count = kd_plan_changes(&compose->plan, display->shown_keys, differing);
    compose->clips_count = kd_plan_rects(grid, differing, compose->clips_count, compose->clips);
    return 0;
}

/* What must be drawn into the buffer; then draws it. */
static int compose_draw(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    const struct kd_plan *plan = &compose->plan;
    uint32_t *changed =
        kd_arena_alloc(&compose->arena, kd_grid_count(plan->grid), sizeof(*changed));
    uint32_t count;

    compose->buffer = display->output->impl->acquire(display->output);
    if (!changed || !compose->buffer)
        return !changed ? -ENOMEM : -EBUSY;
    count = kd_plan_changes(plan, compose->buffer->tile_keys, changed);
    display->stats.tiles_drawn += count;
    display->stats.tiles_kept += kd_grid_count(plan->grid) - count;
    display->stats.pixels_drawn += kd_plan_area_px(plan->grid, changed, count);
    if (count == 0) {
        submit(display, compose);
        compose_free(compose);
        return 0;
    }
    compose->draw = (struct kd_draw){
        .plan = plan, .tiles = changed, .tiles_count = count, .buffer = compose->buffer};
    compose->job.step = compose_step;
    compose->job.done = compose_done;
    compose->renderer = display->server->renderer;
    display->composing = compose;
    kd_output_step(display->output, KD_OUTPUT_DRAW);
    kd_lane_submit(display->lane, &compose->job);
    return 0;
}

static void compose(struct kd_display *display, int64_t now_ns)
{
    struct kd_compose *compose = calloc(1, sizeof(*compose));
    uint64_t sequence;
    int error = compose ? 0 : -ENOMEM;

    display->target_ns = display->output->impl->next_refresh_ns(display->output, now_ns, &sequence);
    if (!error) {
        compose->display = display;
        compose->begun_ns = kd_clock_real_ns();
        error = compose_plan(compose);
    }
    if (!error && compose->clips_count == 0) {
        compose_free(compose);
        if (display->owed)
            display->answer_at_ns = display->target_ns;
        else
            rest_or_schedule(display, now_ns);
        return;
    }
    if (!error)
        error = compose_draw(compose);
    if (error) {
        KD_ERROR("output %s: cannot compose: %s; trying again", display->output->name,
                 strerror(-error));
        if (compose)
            compose_free(compose);
        retry_later(display, now_ns);
    }
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

/* Windows may have more frames waiting for the refresh after this one. */
static void look_for_more(struct kd_display *display)
{
    struct kd_server *server = display->server;

    for (struct kd_window *window = server->scene.windows; window; window = window->below)
        if (window->queue)
            kd_windows_advance(server, window);
}

void kd_display_run(struct kd_display *display, int64_t now_ns)
{
    struct kd_output *output = display->output;
    struct kd_flip flip;

    while (output->impl->dispatch(output, now_ns, &flip)) {
        if (flip.commit != output->commits)
            continue;
        display->stats.flips++;
        kd_output_step(output, KD_OUTPUT_FLIP);
        answer_owed(display, &flip, true);
        look_for_more(display);
        rest_or_schedule(display, now_ns);
    }
    if (output->state != KD_OUTPUT_SCHEDULED)
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

int kd_display_init(struct kd_display *display, struct kd_server *server, struct kd_output *output)
{
    *display = (struct kd_display){.server = server, .output = output};
    display->shown_keys = calloc(kd_grid_count(kd_view_grid(&output->view)), sizeof(uint64_t));
    if (!display->shown_keys || kd_lane_create(server->jobs, true, &display->lane) < 0) {
        kd_display_finish(display);
        return -ENOMEM;
    }
    kd_output_step(output, KD_OUTPUT_ENABLE);
    display->damaged = true;
    display->tick_at_ns = next_tick_ns(display, kd_server_now_ns(server));
    return 0;
}

void kd_display_finish(struct kd_display *display)
{
    while (display->owed) {
        struct kd_frame *frame = display->owed;

        display->owed = frame->next;
        kd_frame_destroy(frame);
    }
    if (display->composing)
        display->composing->display = NULL;
    kd_lane_destroy(display->lane);
    free(display->shown_keys);
    display->output->impl->destroy(display->output);
}

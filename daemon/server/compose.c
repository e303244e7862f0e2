/*
 * Composing: the stack of windows on a display is planned, and the keys of its tiles are compared twice: with those last committed (does anything look
 * different? which tiles?) and with the buffer's own (what must be drawn into it?). Drawing is a job; its end commits the buffer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/server.h"

#define KD_LOG_MODULE "frame"
#include "base/log.h"

#define BACKGROUND 0xFF000000

/* Composing one frame of a display: a job in its lane. */
struct kd_compose {
    struct kd_job job;
    struct kd_display *display;
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
static uint32_t collect(struct kd_display *display, struct kd_window **windows)
{
    const struct kd_server *server = display->server;
    struct kd_box seen = kd_mirror_source(display)->output->place.box;
    uint32_t count = 0;

    for (struct kd_window *window = server->scene.windows; window; window = window->below) {
        struct kd_global_box place, picture;

        if (!window->has_frame || window->shown.flags & KB_WINDOW_FLAG_HIDDEN ||
            !kd_window_place(server, window, &place, &picture) ||
            kd_box_empty(kd_box_intersect(place.box, seen)))
            continue;
        windows[count++] = window;
    }
    qsort(windows, count, sizeof(windows[0]), compare_windows);
    return count;
}

/* Layers of the windows, and references to their pictures. -ENOMEM. */
static int stack_build(struct kd_compose *compose, struct kd_layer **layers_out,
                       uint32_t *count_out)
{
    struct kd_display *display = compose->display;
    uint32_t most = display->server->scene.windows_count;
    struct kd_window **windows = kd_arena_alloc(&compose->arena, most, sizeof(struct kd_window *));
    struct kd_layer *layers = kd_arena_alloc(&compose->arena, most, sizeof(*layers));
    struct kd_box area = kd_mirror_area(display).box;

    compose->pictures = kd_arena_alloc(&compose->arena, most, sizeof(struct kd_pixels *));
    if (!windows || !layers || !compose->pictures)
        return -ENOMEM;
    *count_out = collect(display, windows);
    for (uint32_t i = 0; i < *count_out; i++) {
        const struct kd_window *window = windows[i];
        struct kd_global_box place, picture;

        kd_window_place(display->server, window, &place, &picture);
        layers[i] = (struct kd_layer){.place = kd_mirror_box(display, place),
                                      .picture = kd_mirror_box(display, picture),
                                      .base_color = window->shown.base_color,
                                      .filter = window->shown.filter};
        layers[i].place.box = kd_box_intersect(layers[i].place.box, area);
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
    if (!compose)
        return;
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

/* The buffer holds what it should: show it. */
static int submit(struct kd_display *display, struct kd_compose *compose)
{
    struct kd_output *output = display->output;
    int64_t now_ns = kd_server_now_ns(display->server);
    const struct kd_commit commit = {.buffer = compose->buffer,
                                     .clips = compose->clips,
                                     .clips_count = compose->clips_count,
                                     .fence_fd = -1};
    int error;

    if (output->refresh_ns && now_ns > display->target_ns)
        display->stats.missed++;
    error = output->impl->commit(output, &commit, now_ns);
    if (error)
        return error;
    display->stats.commits++;
    display->changed_at_ns = now_ns;
    for (size_t i = 0; i < kd_grid_count(compose->plan.grid); i++)
        display->shown_keys[i] = compose->plan.tiles[i].key;
    kd_output_step(output, KD_OUTPUT_SUBMIT);
    return 0;
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
    int error = compose->draw.error;

    display->busy--;
    display->composing = NULL;
    display->stats.draw_ns += (uint64_t)compose->draw.spent_ns;
    note_duration(display, kd_clock_real_ns() - compose->begun_ns);
    if (display->output->state == KD_OUTPUT_DRAWING) { /* else it was paused or unplugged */
        if (error) {
            kd_display_retry(display, "drawing failed", error);
        } else {
            error = submit(display, compose);
            if (error)
                kd_display_retry(display, "commit failed", error);
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
    int error;

    compose->buffer = display->output->impl->acquire(display->output, NULL);
    if (!changed || !compose->buffer)
        return !changed ? -ENOMEM : -EBUSY;
    count = kd_plan_changes(plan, compose->buffer->tile_keys, changed);
    display->stats.tiles_drawn += count;
    display->stats.tiles_kept += kd_grid_count(plan->grid) - count;
    display->stats.pixels_drawn += kd_plan_area_px(plan->grid, changed, count);
    if (count == 0) {
        error = submit(display, compose);
        if (!error)
            compose_free(compose);
        return error;
    }
    compose->draw = (struct kd_draw){
        .plan = plan, .tiles = changed, .tiles_count = count, .buffer = compose->buffer};
    compose->job.step = compose_step;
    compose->job.done = compose_done;
    compose->renderer = display->server->renderer;
    display->composing = compose;
    display->busy++;
    kd_output_step(display->output, KD_OUTPUT_DRAW);
    kd_lane_submit(display->lane, &compose->job);
    return 0;
}

int kd_compose_begin(struct kd_display *display)
{
    struct kd_compose *compose = calloc(1, sizeof(*compose));
    int error = -ENOMEM;

    if (compose) {
        compose->display = display;
        compose->begun_ns = kd_clock_real_ns();
        error = compose_plan(compose);
    }
    if (!error && compose->clips_count == 0) {
        compose_free(compose);
        return 0;
    }
    if (!error)
        error = compose_draw(compose);
    if (error)
        compose_free(compose);
    return error ? error : 1;
}

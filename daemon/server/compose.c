/*
 * Composing: the stack of windows on a display is planned, and the keys of its tiles are compared twice: with those last committed (does anything look
 * different? which tiles?) and with the buffer's own (what must be drawn into it?). Drawing is a job; its end commits the buffer.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/boxes.h"
#include "base/fence.h"
#include "base/pool.h"
#include "base/switches.h"
#include "plan/bounds.h"
#include "plan/flatten.h"
#include "server/recipe.h"
#include "server/server.h"
#include "server/stack.h"
#include "server/tint.h"

#define KD_LOG_MODULE "frame"
#include "base/log.h"

#define BACKGROUND 0xFF000000

/* Exact rectangles of so many tiles at most; for more of them the tiles' own are good enough. */
#define MOST_EXACT_CLIPS 24

/* A buffer, and what should be in it. */
struct target {
    struct kd_buffer *buffer; /* the output's; NULL: there is nothing to be drawn */
    struct kd_ops ops;
    struct kd_plan plan;
    struct kd_plan flat; /* what is drawn where pictures are promised: the same, without them */
    struct kd_draw draw;
    struct kd_box *tints; /* of the draw's tiles: what is to be tinted; NULL: nothing */
    bool differs;         /* from what was last committed */
};

/* Composing one frame of a display: a job in its lane. */
struct kd_compose {
    struct kd_job job;
    struct kd_display *display;
    struct kd_renderer *renderer;
    struct kd_arena arena;
    struct kd_stack stack;
    struct target screen;         /* all windows but that on a plane */
    struct target window;         /* the picture of the one on a plane */
    struct kd_plane_window plane; /* buffer NULL: there is none */
    struct kd_box *clips;         /* where the screen differs */
    uint32_t clips_count;
    bool draws_cursor; /* into the screen */
    bool
        is_promised; /* there are pictures with promised tiles: the first step of the job makes the best of it */
    bool settles; /* ... and draws those tiles, as somebody needs their pixels */
    struct kd_pixels **
        promising; /* in the arena: by picture of the stack, what it was before it was settled: a reference; or NULL */
    int fence_fd;     /* owned: what was drawn is there when it signals; -1: it is there */
    int64_t begun_ns; /* real time */
};

static void compose_free(struct kd_compose *compose)
{
    if (!compose)
        return;
    for (uint32_t i = 0; compose->promising && i < compose->stack.pictures_count; i++)
        kd_pixels_unref(compose->promising[i]);
    kd_fence_close(compose->fence_fd);
    kd_stack_finish(&compose->stack);
    kd_arena_finish(&compose->display->arena); /* if another one came back meanwhile */
    kd_arena_pass(&compose->display->arena, &compose->arena);
    kd_pool_put(compose);
}

/* The prediction, and how good it was. */
static void note_duration(struct kd_display *display, int64_t spent_ns)
{
    int64_t decayed_ns = display->predicted_ns - display->predicted_ns / 16;
    struct kd_prediction *prediction = &display->prediction;
    int64_t now_ns = kd_clock_real_ns();

    prediction->sum_ns += display->predicted_ns - spent_ns;
    prediction->count++;
    if (now_ns - prediction->begun_ns >= KD_NS_PER_S) {
        prediction->mean_ns = prediction->sum_ns / prediction->count;
        prediction->sum_ns = prediction->count = 0;
        prediction->begun_ns = now_ns;
    }
    display->predicted_ns = spent_ns > decayed_ns ? spent_ns : decayed_ns;
}

/* ---- Committing ------------------------------------------------------------------------------ */

/* The keys of the window's plane, as last committed; room for all its tiles. NULL: out of memory. */
static uint64_t *window_keys(struct kd_display *display, struct kd_grid grid)
{
    size_t count = kd_grid_count(grid);

    if (display->window_keys_count != count) {
        free(display->window_keys);
        display->window_keys = calloc(count, sizeof(uint64_t));
        display->window_keys_count = display->window_keys ? count : 0;
    }
    return display->window_keys;
}

static void note_shown(struct kd_display *display, const struct kd_compose *compose)
{
    const struct kd_plan *plan = &compose->screen.plan;

    for (size_t i = 0; i < kd_grid_count(plan->grid); i++)
        display->shown_keys[i] = plan->tiles[i].key;
    plan = &compose->window.plan;
    for (size_t i = 0; compose->plane.buffer && i < display->window_keys_count; i++)
        display->window_keys[i] = plan->tiles[i].key;
    display->plane.used = compose->plane.buffer != NULL;
    display->shown_window = compose->plane;
}

/* The buffers hold what they should: show them. */
static int submit(struct kd_display *display, struct kd_compose *compose)
{
    struct kd_output *output = display->output;
    int64_t now_ns = kd_server_now_ns(display->server);
    struct kd_commit commit = {.buffer = compose->screen.buffer,
                               .clips = compose->clips,
                               .clips_count = compose->clips_count,
                               .window = compose->plane,
                               .fence_fd = compose->fence_fd};
    int error;

    kd_cursor_commit(display, compose->draws_cursor, &commit);
    if (output->refresh_ns && now_ns > display->target_ns)
        display->stats.missed++;
    error = output->impl->commit(output, &commit, now_ns);
    if (error && compose->plane.buffer && error != -EACCES && error != -EBUSY)
        kd_stack_plane_failed(display, error);
    else if (error)
        kd_cursor_failed(display, &commit, error);
    if (error)
        return error;
    kd_cursor_committed(display, &commit);
    display->stats.commits++;
    display->changed_at_ns = now_ns;
    display->is_dark = false;
    note_shown(display, compose);
    kd_output_step(output, KD_OUTPUT_SUBMIT);
    return 0;
}

/* ---- Drawing --------------------------------------------------------------------------------- */

static unsigned draw_workers(const struct kd_compose *compose)
{
    const struct kd_renderer *renderer = compose->renderer;
    unsigned screen = renderer->impl->workers(renderer, &compose->screen.draw);
    unsigned window = renderer->impl->workers(renderer, &compose->window.draw);

    return screen > window ? screen : window;
}

/* The plans refer to the pictures by their list, and to their keys, which stay the same. */
static int settle(struct kd_compose *compose)
{
    struct kd_stack *stack = &compose->stack;
    int error = 0;

    for (uint32_t i = 0; !error && i < stack->pictures_count; i++) {
        struct kd_pixels *picture = stack->pictures[i], *settled;

        if (!picture->recipe)
            continue;
        error = kd_recipe_settled(compose->renderer, picture, &settled);
        if (!error) {
            compose->promising[i] = picture;
            stack->pictures[i] = settled;
        }
    }
    return error;
}

/* Whoever needs these pictures' pixels again finds them. */
static void keep_settled(struct kd_compose *compose)
{
    struct kd_window *window = compose->display->server->scene.windows;

    for (; window; window = window->below)
        for (uint32_t i = 0; i < compose->stack.pictures_count; i++) {
            struct kd_pixels *before = compose->promising[i], *settled = compose->stack.pictures[i];

            if (!before || (window->shown_picture != before && window->drawn_picture != before))
                continue;
            if (window->drawn_picture == before) {
                kd_pixels_unref(before);
                window->drawn_picture = kd_pixels_ref(settled);
            }
            if (window->shown_picture == before) {
                kd_pixels_unref(before);
                window->shown_picture = kd_pixels_ref(settled);
            }
            window->promises_rest = KD_PROMISES_REST;
        }
}

/* -EOPNOTSUPP, -ENOMEM. */
static int flatten(struct kd_compose *compose, struct target *target)
{
    int error = 0;

    if (target->draw.tiles_count > 0)
        error = kd_plan_flatten(&target->plan, &compose->arena, &target->flat);
    return error;
}

/* Pictures with promised tiles are replaced by what would draw them; where that is not possible, they are drawn now. */
static int redeem(struct kd_compose *compose)
{
    int error = -EOPNOTSUPP;

    if (!compose->settles) {
        error = flatten(compose, &compose->screen);
        if (!error)
            error = flatten(compose, &compose->window);
    }
    if (!error) {
        compose->screen.draw.plan = &compose->screen.flat;
        compose->window.draw.plan = &compose->window.flat;
    }
    return error == -EOPNOTSUPP ? settle(compose) : error;
}

/* The screen, then the window's plane; several workers may be here at once, but for the first step if there are promises. */
static enum kd_job_step compose_step(struct kd_job *job)
{
    struct kd_compose *compose =
        (struct kd_compose *)((char *)job - offsetof(struct kd_compose, job));
    const struct kd_renderer_impl *impl = compose->renderer->impl;
    enum kd_job_step step;

    if (compose->is_promised) {
        int error = redeem(compose);

        compose->is_promised = false;
        atomic_store(&compose->screen.draw.error, error);
        job->workers = error ? 1 : draw_workers(compose);
        return error ? KD_JOB_DONE : KD_JOB_AGAIN;
    }
    if (!kd_draw_can_begin(&compose->screen.draw))
        return impl->draw(compose->renderer, &compose->window.draw);
    step = impl->draw(compose->renderer, &compose->screen.draw);
    return kd_draw_can_begin(&compose->window.draw) ? KD_JOB_AGAIN : step;
}

/* For --debug-damage. What was tinted before must go from the display, too: all of it changes. */
static void show_damage(struct kd_compose *compose)
{
    struct kd_grid grid = compose->screen.plan.grid;

    kd_fence_wait(compose->fence_fd);
    kd_tint_drawn(&compose->screen.draw, compose->screen.tints);
    kd_tint_drawn(&compose->window.draw, compose->window.tints);
    compose->clips[0] = kd_box_of_size(grid.width_px, grid.height_px);
    compose->clips_count = 1;
}

/* Of one or both drawings. */
static void take_fence(struct kd_compose *compose, struct kd_draw *draw)
{
    if (!draw->has_fence)
        return;
    draw->has_fence = false;
    compose->fence_fd = kd_fence_merge(compose->fence_fd, draw->fence_fd);
}

static void compose_done(struct kd_job *job)
{
    struct kd_compose *compose =
        (struct kd_compose *)((char *)job - offsetof(struct kd_compose, job));
    struct kd_display *display = compose->display;
    const struct kd_draw *screen = &compose->screen.draw, *window = &compose->window.draw;
    int error = atomic_load(&screen->error);

    error = error ? error : atomic_load(&window->error);
    take_fence(compose, &compose->screen.draw);
    take_fence(compose, &compose->window.draw);
    display->busy--;
    display->composing = NULL;
    display->stats.draw_ns += (uint64_t)(screen->spent_ns + window->spent_ns);
    if (compose->promising)
        keep_settled(compose);
    note_duration(display, kd_clock_real_ns() - compose->begun_ns);
    if (display->output->state == KD_OUTPUT_DRAWING) { /* else it was paused or unplugged */
        if (error) {
            kd_display_redraw(display, error);
        } else {
            if (compose->screen.tints || compose->window.tints)
                show_damage(compose);
            error = submit(display, compose);
            if (error)
                kd_display_retry(display, "commit failed", error);
        }
    }
    compose_free(compose);
}

/* ---- Planning -------------------------------------------------------------------------------- */

/* Whether promised tiles of a picture are shown, and whether they must be drawn for it. -ENOMEM. */
static int note_promises(struct kd_compose *compose, const struct kd_ops *ops)
{
    const bool is_direct = kd_server_is_direct(compose->display->server);
    const size_t room = (size_t)compose->stack.count + 1; /* the cursor's picture is one, too */

    for (uint32_t i = 0; i < ops->count; i++) {
        const struct kd_op *op = &ops->ops[i];

        if (op->kind == KD_OP_FILL || !ops->sources[op->source]->recipe)
            continue;
        compose->is_promised = true;
        compose->settles =
            compose->settles || !is_direct || !kd_plan_can_inline(op, ops->sources[op->source]);
    }
    if (!compose->is_promised || compose->promising)
        return 0;
    compose->promising = kd_arena_alloc(&compose->arena, room, sizeof(*compose->promising));
    if (!compose->promising)
        return -ENOMEM;
    memset(compose->promising, 0, room * sizeof(*compose->promising));
    return 0;
}

static int plan_layers(struct kd_compose *compose, struct target *target,
                       const struct kd_view *view, const struct kd_layer *layers, uint32_t count)
{
    struct kd_display *display = compose->display;
    struct kd_ops *ops = &target->ops;
    int error = kd_ops_from_layers(ops, &compose->arena, view, layers, count, display->server->seed,
                                   (const struct kd_pixels *const *)compose->stack.pictures);

    if (!error)
        error = note_promises(compose, ops);
    if (!error && compose->draws_cursor && target == &compose->screen)
        kd_cursor_draw(display, kd_stack_add_picture(&compose->stack, display->cursor.pixels), ops);
    return error ? error
                 : kd_plan_make(&target->plan, &compose->arena, kd_view_grid(view),
                                KD_TARGET_OPAQUE, BACKGROUND, NULL, ops);
}

/* What of each of these tiles is not as these keys say. NULL: not known. */
static struct kd_box *find_bounds(struct kd_compose *compose, const struct target *target,
                                  const uint32_t *tiles, uint32_t count, const uint64_t *have)
{
    struct kd_box *bounds = NULL;

    if (kd_switch_is_on(KD_SWITCH_BOUNDS) && kd_switch_is_on(KD_SWITCH_DIFFERENCE))
        bounds = kd_arena_alloc(&compose->arena, count, sizeof(*bounds));
    for (uint32_t i = 0; bounds && i < count; i++)
        bounds[i] = kd_plan_bounds(&target->plan, &target->ops, tiles[i], have[tiles[i]]);
    return bounds;
}

/* Where the screen differs from what was last committed, in few rectangles. */
static void make_clips(struct kd_compose *compose, const uint32_t *differing, uint32_t count)
{
    const uint64_t *shown = compose->display->shown_keys;
    struct kd_grid grid = compose->screen.plan.grid;
    struct kd_box *bounds = NULL;
    size_t made = 0;

    if (count > 0 && count <= MOST_EXACT_CLIPS)
        bounds = find_bounds(compose, &compose->screen, differing, count, shown);
    if (!bounds) {
        bounds = compose->clips;
        count = kd_plan_rects(grid, differing, count, bounds);
    }
    for (uint32_t i = 0; i < count; i++) /* in place: no more are made than were read */
        made = kd_boxes_add(compose->clips, made, KD_CLIPS_MOST, bounds[i], KD_CLIP_COST_PX);
    compose->clips_count = (uint32_t)made;
}

/* The screen, and how it differs from what was last committed. -ENOMEM. */
static int plan_screen(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    struct kd_grid grid = kd_view_grid(&display->output->view);
    uint32_t *differing = kd_arena_alloc(&compose->arena, kd_grid_count(grid), sizeof(*differing));
    int error;

    compose->clips = kd_arena_alloc(&compose->arena, kd_grid_count(grid), sizeof(*compose->clips));
    if (!differing || !compose->clips)
        return -ENOMEM;
    error = plan_layers(compose, &compose->screen, &display->output->view, compose->stack.layers,
                        compose->stack.count);
    if (error)
        return error;
    make_clips(compose, differing,
               kd_plan_changes(&compose->screen.plan, display->shown_keys, differing));
    compose->screen.differs = compose->clips_count > 0;
    return 0;
}

/* The picture of the window on the plane. -ENOMEM. */
static int plan_window(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    const struct kd_plane_window *plane = &compose->plane;
    struct kd_view view = kd_view_plain(kd_box_width(plane->from), kd_box_height(plane->from));
    struct kd_layer layer = compose->stack.layers[compose->stack.count - 1];
    struct kd_grid grid = kd_view_grid(&view);
    uint32_t *differing = kd_arena_alloc(&compose->arena, kd_grid_count(grid), sizeof(*differing));
    const uint64_t *shown = window_keys(display, grid);
    int error;

    if (!differing || !shown)
        return -ENOMEM;
    layer.place.box = layer.picture.box = plane->from;
    error = plan_layers(compose, &compose->window, &view, &layer, 1);
    if (error)
        return error;
    compose->window.differs = !display->plane.used ||
                              !kd_box_equal(display->shown_window.from, plane->from) ||
                              !kd_box_equal(display->shown_window.to, plane->to) ||
                              display->shown_window.filter != plane->filter ||
                              kd_plan_changes(&compose->window.plan, shown, differing) > 0;
    return 0;
}

static int compose_plan(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    int error = kd_stack_build(&compose->stack, &compose->arena, display);

    if (error)
        return error;
    compose->draws_cursor = kd_cursor_is_drawn(display);
    kd_stack_choose_plane(&compose->stack, display, &compose->plane);
    error = plan_screen(compose);
    if (!error && compose->plane.buffer)
        error = plan_window(compose);
    else if (!error)
        compose->window.differs = display->plane.used; /* it goes */
    return error;
}

/* What must be drawn into a buffer. -ENOMEM. */
static int aim(struct kd_compose *compose, struct target *target, struct kd_buffer *buffer)
{
    struct kd_display_stats *stats = &compose->display->stats;
    const struct kd_plan *plan = &target->plan;
    uint32_t *changed =
        kd_arena_alloc(&compose->arena, kd_grid_count(plan->grid), sizeof(*changed));
    uint32_t count;

    if (!changed)
        return -ENOMEM;
    count = kd_plan_changes(plan, buffer->tile_keys, changed);
    stats->tiles_drawn += count;
    stats->tiles_kept += kd_grid_count(plan->grid) - count;
    target->buffer = buffer;
    target->draw =
        (struct kd_draw){.plan = plan,
                         .tiles = changed,
                         .tiles_count = count,
                         .bounds = find_bounds(compose, target, changed, count, buffer->tile_keys),
                         .buffer = buffer};
    stats->pixels_drawn += kd_draw_area_px(&target->draw);
    if (compose->display->server->config.debug_damage)
        target->tints = kd_tint_find(&target->draw, &target->ops, &compose->arena);
    return 0;
}

/* A screen or window that does not differ stays as it is. */
static int aim_all(struct kd_compose *compose)
{
    struct kd_output *output = compose->display->output;
    struct kd_buffer *front = output->impl->front(output);
    struct kd_buffer *buffer =
        compose->screen.differs || !front ? output->impl->acquire(output, NULL) : front;
    int error = buffer ? 0 : -EBUSY;

    if (!error && buffer != front)
        error = aim(compose, &compose->screen, buffer);
    else
        compose->screen.buffer = buffer;
    if (!error && buffer == front && compose->screen.differs) /* there is but one */
        error = aim(compose, &compose->screen, buffer);
    if (!error && compose->plane.buffer && !compose->window.differs)
        compose->plane.buffer = compose->display->shown_window.buffer;
    else if (!error && compose->plane.buffer)
        error = aim(compose, &compose->window, compose->plane.buffer);
    return error;
}

/* Draws what must be drawn, then commits. */
static int compose_draw(struct kd_compose *compose)
{
    struct kd_display *display = compose->display;
    int error = aim_all(compose);

    if (error)
        return error;
    if (compose->screen.draw.tiles_count + compose->window.draw.tiles_count == 0) {
        error = submit(display, compose);
        if (!error)
            compose_free(compose);
        return error;
    }
    compose->job.step = compose_step;
    compose->job.done = compose_done;
    compose->job.workers = compose->is_promised ? 1 : draw_workers(compose);
    display->composing = compose;
    display->busy++;
    kd_output_step(display->output, KD_OUTPUT_DRAW);
    kd_lane_submit(display->lane, &compose->job);
    return 0;
}

int kd_compose_begin(struct kd_display *display)
{
    struct kd_compose *compose = kd_pool_get_cleared(sizeof(*compose));
    int error = -ENOMEM;

    if (compose) {
        compose->display = display;
        compose->renderer = display->server->renderer;
        compose->fence_fd = -1;
        kd_arena_pass(&compose->arena, &display->arena);
        compose->begun_ns = kd_clock_real_ns();
        error = compose_plan(compose);
    }
    if (!error && !compose->screen.differs && !compose->window.differs &&
        !kd_cursor_differs(display)) {
        compose_free(compose);
        return 0;
    }
    if (!error)
        error = compose_draw(compose);
    if (error)
        compose_free(compose);
    return error ? error : 1;
}

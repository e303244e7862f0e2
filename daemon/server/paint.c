/*
 * Drawing windows' pictures: each frame, in turn, as a job in its window's lane.
 */
#include <errno.h>
#include <string.h>

#include "base/pool.h"
#include "server/painting.h"
#include "server/recipe.h"
#include "server/server.h"

#define KD_LOG_MODULE "paint"
#include "base/log.h"

struct paint {
    struct kd_job job;
    struct kd_frame *frame; /* the window's, or, once that is gone, owned */
    struct kd_painting painting;
};

static struct paint *paint_of(struct kd_job *job)
{
    return (struct paint *)((char *)job - offsetof(struct paint, job));
}

static enum kd_job_step paint_step(struct kd_job *job)
{
    return kd_job_is_abandoned(job) ? KD_JOB_DONE : kd_painting_step(&paint_of(job)->painting, job);
}

static void count(struct kd_window_stats *stats, const struct kd_painting *painting)
{
    const struct kd_draw *draw = &painting->draw;

    stats->tiles_drawn += draw->tiles_count;
    stats->tiles_kept += kd_pixels_tiles(painting->picture) - draw->tiles_count;
    stats->pixels_drawn += kd_draw_area_px(draw);
    stats->draw_ns += (uint64_t)draw->spent_ns;
}

/* The frame has its picture: the new one, or, if it could not be drawn, the one before. */
static void frame_is_drawn(struct kd_frame *frame, struct kd_pixels *picture, bool failed)
{
    struct kd_window *window = frame->window;

    frame->state = KD_FRAME_DRAWN;
    frame->failed = failed;
    frame->picture = picture ? kd_pixels_ref(picture) : NULL;
    if (window->drawn_picture != picture) {
        kd_pixels_unref(window->drawn_picture);
        window->drawn_picture = picture ? kd_pixels_ref(picture) : NULL;
    }
    kd_batch_finish(
        &frame->batch); /* versions of images that nobody draws any more are given back */
}

static void paint_done(struct kd_job *job)
{
    struct paint *paint = paint_of(job);
    struct kd_painting *painting = &paint->painting;
    struct kd_frame *frame = paint->frame;
    struct kd_window *window = frame->window;
    int error = kd_painting_error(painting);

    if (window && !error && !kd_job_is_abandoned(job))
        error = kd_painting_end(painting, &frame->batch);
    if (!window) {
        kd_frame_destroy(frame);
    } else if (error) {
        KD_WARN("window %s of client %u (%s): a frame could not be drawn: %s", window->title,
                window->client->number, window->client->name, strerror(-error));
        frame_is_drawn(frame, painting->before, true);
    } else {
        count(&window->stats, painting);
        if (painting->has_settled)
            window->promises_rest = KD_PROMISES_REST;
        frame_is_drawn(frame, painting->picture, false);
    }
    kd_painting_finish(painting, window ? &window->arena : NULL);
    kd_pool_put(paint);
}

/* Whether the frame needs a job: a change of attributes only does if the size is another one. */
static bool needs_drawing(const struct kd_frame *frame, const struct kd_pixels *before)
{
    return frame->is_answered || (before && (before->width_px != frame->attr.width_px ||
                                             before->height_px != frame->attr.height_px));
}

/* The window as it will be, as far as can be seen now, is shown as it is drawn, pixel by pixel. If that turns out otherwise, its picture is settled. */
static bool is_shown_plainly(const struct kd_server *server, const struct kd_window *window)
{
    struct kd_global_box place, picture;
    uint32_t shown_on = 0;

    if (!kd_window_place(server, window, &place, &picture) ||
        kd_box_width(picture.box) != window->shown.width_px ||
        kd_box_height(picture.box) != window->shown.height_px)
        return false;
    for (size_t i = 0; i < server->displays_count; i++) {
        struct kd_display *display = server->displays[i];
        struct kd_box seen = kd_mirror_source(display)->output->place.box;

        if (kd_box_empty(kd_box_intersect(place.box, seen)))
            continue;
        if (kd_mirror_is(display) || !kd_view_is_upright(&display->output->view))
            return false;
        shown_on++;
    }
    return shown_on > 0;
}

/* Whether it is worth not to draw the frame's picture. */
static bool may_promise(const struct kd_server *server, const struct kd_frame *frame)
{
    struct kd_window *window = frame->window;

    if (!kd_server_is_direct(server) || frame->batch.units > KD_PROMISE_UNITS)
        return false;
    if (server->config.simulate_direct)
        return true;
    if (window->promises_rest > 0) {
        window->promises_rest--;
        return false;
    }
    return window->has_frame && !(frame->attr.flags & KB_WINDOW_FLAG_HIDDEN) &&
           memcmp(&frame->attr, &window->shown, sizeof(frame->attr)) == 0 &&
           is_shown_plainly(server, window);
}

static struct paint *paint_create(const struct kd_server *server, struct kd_frame *frame)
{
    struct paint *paint = kd_pool_get_cleared(sizeof(*paint));
    struct kd_pixels *before = frame->window->drawn_picture;

    if (!paint)
        return NULL;
    paint->job.step = paint_step;
    paint->job.done = paint_done;
    paint->frame = frame;
    paint->painting = (struct kd_painting){.renderer = server->renderer,
                                           .seed = server->seed,
                                           .batch = &frame->batch,
                                           .target = KD_TARGET_OPAQUE,
                                           .width_px = frame->attr.width_px,
                                           .height_px = frame->attr.height_px,
                                           .base_color = frame->attr.base_color,
                                           .may_promise = may_promise(server, frame),
                                           .before = before ? kd_pixels_ref(before) : NULL};
    kd_arena_pass(&paint->painting.arena, &frame->window->arena);
    return paint;
}

void kd_paint_pump(struct kd_server *server, struct kd_window *window)
{
    int64_t now_ns = kd_server_now_ns(server);
    struct kd_frame *frame;

    while ((frame = kd_window_undrawn(window)) && frame->state == KD_FRAME_QUEUED &&
           kd_frame_is_ready(frame) && window->drawn_until_ns <= now_ns) {
        struct paint *paint = NULL;

        if (needs_drawing(frame, window->drawn_picture))
            paint = paint_create(server, frame);
        if (paint) {
            frame->state = KD_FRAME_DRAWING;
            frame->drawn_at_ns = now_ns + window->simulated_draw_ns;
            window->drawn_until_ns = frame->drawn_at_ns;
            kd_lane_submit(window->lane, &paint->job);
            return;
        }
        frame_is_drawn(frame, window->drawn_picture, needs_drawing(frame, window->drawn_picture));
    }
}

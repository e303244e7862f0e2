/*
 * Drawing windows' pictures: each frame, in turn, as a job in its window's lane. The job makes the plan, then the renderer draws the tiles that
 * differ from the picture before.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "server/server.h"

#define KD_LOG_MODULE "paint"
#include "base/log.h"

struct paint {
    struct kd_job job;
    struct kd_server *server;
    struct kd_frame *frame;           /* the window's, or, once that is gone, owned */
    struct kd_pixels *before;         /* a reference; the picture before, or NULL */
    struct kd_pixels *picture;        /* a reference; being drawn */
    const struct kd_pixels **sources; /* owned array; NULL where an image could not be read */
    struct kd_arena arena;
    struct kd_plan plan;
    struct kd_draw draw;
    int error;
};

static struct paint *paint_of(struct kd_job *job)
{
    return (struct paint *)((char *)job - offsetof(struct paint, job));
}

/* The picture that the frame is drawn over, with the size that the window has from this frame on. */
static int begin_picture(struct paint *paint)
{
    const struct kd_window_attr *attr = &paint->frame->attr;
    const struct kd_pixels *before = paint->before;

    if (before && (before->width_px != attr->width_px || before->height_px != attr->height_px))
        return kd_plan_resize(before, attr->width_px, attr->height_px, attr->base_color,
                              paint->server->seed, &paint->picture);
    paint->picture =
        before ? kd_pixels_derive(before)
               : kd_pixels_create(KD_SOURCE_OPAQUE, attr->width_px, attr->height_px, true);
    return paint->picture ? 0 : -ENOMEM;
}

static int begin(struct paint *paint)
{
    const struct kd_frame *frame = paint->frame;
    struct kd_grid grid = kd_grid_of(frame->attr.width_px, frame->attr.height_px);
    struct kd_ops ops;
    uint64_t *have;
    uint32_t *changed;
    int error = begin_picture(paint);

    if (error)
        return error;
    error = kd_ops_from_commands(&ops, &paint->arena, grid, frame->commands, frame->units,
                                 paint->server->seed, paint->sources);
    if (!error)
        error = kd_plan_make(&paint->plan, &paint->arena, grid, KD_TARGET_OPAQUE,
                             frame->attr.base_color,
                             frame->clear || !paint->before ? NULL : paint->picture, &ops);
    if (error)
        return error;
    have = kd_arena_alloc(&paint->arena, kd_grid_count(grid), sizeof(*have));
    changed = kd_arena_alloc(&paint->arena, kd_grid_count(grid), sizeof(*changed));
    if (!have || !changed)
        return -ENOMEM;
    for (size_t i = 0; i < kd_grid_count(grid); i++)
        have[i] = paint->picture->tiles[i] ? paint->picture->tiles[i]->key : 0;
    paint->draw.tiles_count = kd_plan_changes(&paint->plan, have, changed);
    paint->draw.tiles = changed;
    paint->draw.plan = &paint->plan;
    paint->draw.picture = paint->picture;
    return 0;
}

static enum kd_job_step paint_step(struct kd_job *job)
{
    struct paint *paint = paint_of(job);
    struct kd_renderer *renderer = paint->server->renderer;
    enum kd_job_step step;

    if (kd_job_is_abandoned(job))
        return KD_JOB_DONE;
    if (!paint->picture) {
        paint->error = begin(paint);
        return paint->error || paint->draw.tiles_count == 0 ? KD_JOB_DONE : KD_JOB_AGAIN;
    }
    step = renderer->impl->draw(renderer, &paint->draw);
    paint->error = paint->draw.error;
    return step;
}

static void count(struct kd_window_stats *stats, const struct paint *paint)
{
    stats->tiles_drawn += paint->draw.tiles_count;
    stats->tiles_kept += kd_pixels_tiles(paint->picture) - paint->draw.tiles_count;
    stats->pixels_drawn +=
        kd_plan_area_px(paint->plan.grid, paint->draw.tiles, paint->draw.tiles_count);
    stats->draw_ns += (uint64_t)paint->draw.spent_ns;
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
}

static void paint_free(struct paint *paint)
{
    kd_pixels_unref(paint->before);
    kd_pixels_unref(paint->picture);
    kd_arena_finish(&paint->arena);
    free(paint->sources);
    free(paint);
}

static void paint_done(struct kd_job *job)
{
    struct paint *paint = paint_of(job);
    struct kd_frame *frame = paint->frame;
    struct kd_window *window = frame->window;

    if (!window) {
        kd_frame_destroy(frame);
    } else if (paint->error) {
        KD_WARN("window %s of client %u (%s): a frame could not be drawn: %s", window->title,
                window->client->number, window->client->name, strerror(-paint->error));
        frame_is_drawn(frame, paint->before, true);
    } else {
        count(&window->stats, paint);
        frame_is_drawn(frame, paint->picture, false);
    }
    paint_free(paint);
}

/* Whether the frame needs a job: a change of attributes only does if the size is another one. */
static bool needs_drawing(const struct kd_frame *frame, const struct kd_pixels *before)
{
    return frame->is_answered || (before && (before->width_px != frame->attr.width_px ||
                                             before->height_px != frame->attr.height_px));
}

static struct paint *paint_create(struct kd_server *server, struct kd_frame *frame)
{
    struct paint *paint = calloc(1, sizeof(*paint));

    if (!paint)
        return NULL;
    paint->sources =
        calloc(frame->sources_count ? frame->sources_count : 1, sizeof(*paint->sources));
    if (!paint->sources) {
        free(paint);
        return NULL;
    }
    for (uint32_t i = 0; i < frame->sources_count; i++)
        paint->sources[i] = frame->sources[i]->pixels;
    paint->job.step = paint_step;
    paint->job.done = paint_done;
    paint->server = server;
    paint->frame = frame;
    paint->before =
        frame->window->drawn_picture ? kd_pixels_ref(frame->window->drawn_picture) : NULL;
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

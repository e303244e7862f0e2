/*
 * The GLES renderer's steps, and what happens when the GPU forgets everything.
 */
#define KD_LOG_MODULE "gles"

#include <GLES2/gl2.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "render/gles_impl.h"

/* Of all textures together. A Pi's GPU shares memory with everything else, and older ones have 64 MiB that they can use at all. */
#define BUDGET_BYTES  (UINT64_C(48) << 20)
#define ATLAS_PX      1024
#define MOST_SCISSORS 16

/*
 * VideoCore VI and VII remember 16 scissored areas of a job, and load and store the tiles in them; VideoCore IV one area around all: there each rectangle is a
 * job of its own, which costs some time by itself.
 */
static const struct kd_gles_driver drivers[] = {
    {"VC4", MOST_SCISSORS, 16 * KD_TILE_PX *KD_TILE_PX, true, true},
    {"V3D", MOST_SCISSORS, KD_TILE_PX *KD_TILE_PX, false, true},
    {"", MOST_SCISSORS, 2 * KD_TILE_PX *KD_TILE_PX, false, false}, /* any other */
};

void *kd_gles_room_for(struct kd_gles *gles, struct kd_gles_room *room, size_t count, size_t size)
{
    const size_t needed = count > 0 ? count * size : 1;
    size_t bytes = room->bytes ? room->bytes : 4096;
    void *data;

    if (room->data && needed <= room->bytes)
        return room->data;
    while (bytes < needed)
        bytes *= 2;
    data = realloc(room->data, bytes);
    if (!data)
        return NULL;
    gles->counters.allocations++;
    room->data = data;
    room->bytes = bytes;
    return data;
}

/* ---- The context ---------------------------------------------------------------------------------------- */

static int begin_context(struct kd_gles *gles, char *why, size_t why_bytes)
{
    int limit = 0;

    glGetIntegerv(GL_MAX_TEXTURE_SIZE, &limit);
    if (!kd_egl_has_gl(gles->egl, "GL_EXT_blend_minmax")) {
        snprintf(why, why_bytes,
                 "%s cannot take the darker or lighter of two colours (GL_EXT_blend_minmax)",
                 kd_egl_renderer(gles->egl));
        return -EOPNOTSUPP;
    }
    gles->limits.texture_px = kd_min(gles->limits.texture_px, limit);
    gles->limits.atlas_px = kd_min(gles->limits.atlas_px, gles->limits.texture_px);
    gles->limits.no_bgra =
        gles->limits.no_bgra || !kd_egl_has_gl(gles->egl, "GL_EXT_texture_format_BGRA8888");
    gles->reads_bgra = kd_egl_has_gl(gles->egl, "GL_EXT_read_format_bgra");
    return kd_gles_batches_init(gles, why, why_bytes);
}

static void end_context(struct kd_gles *gles)
{
    kd_gles_pages_finish(gles);
    kd_gles_images_sweep(gles, true);
    kd_gles_targets_lose(gles);
    kd_gles_batches_finish(gles);
}

/* Everything is thrown away, and made again as it is needed. 0, or -ENODEV: the GPU is gone. */
static int renew(struct kd_gles *gles)
{
    char why[160] = "";

    KD_WARN("the GPU (%s) forgot everything: beginning again", kd_egl_renderer(gles->egl));
    gles->counters.losses++;
    end_context(gles);
    if (kd_egl_renew(gles->egl) < 0 || begin_context(gles, why, sizeof(why)) < 0) {
        KD_ERROR("the GPU (%s) does not come back: %s", kd_egl_renderer(gles->egl),
                 *why ? why : "there is no new context");
        return -ENODEV;
    }
    return 0;
}

static bool is_lost(struct kd_gles *gles)
{
    return kd_egl_is_lost(gles->egl) || atomic_exchange(&gles->loses, false);
}

/* ---- Steps ---------------------------------------------------------------------------------------------- */

/* Where the next step goes on is kept in the drawing: it has no places, as one worker draws all of it. If the GPU forgot what there was, it begins anew. */
static struct kd_gles_progress progress_of(const struct kd_gles *gles, const struct kd_draw *draw)
{
    if (draw->places[0].end != (uint32_t)gles->counters.losses)
        return (struct kd_gles_progress){0, 0};
    return (struct kd_gles_progress){draw->places[0].at, draw->places[0].ops[0]};
}

static void keep_progress(const struct kd_gles *gles, struct kd_draw *draw,
                          struct kd_gles_progress progress)
{
    draw->places[0].at = progress.rectangle;
    draw->places[0].ops[0] = progress.op;
    draw->places[0].end = (uint32_t)gles->counters.losses;
}

/* Everything of a step but what is drawn. */
static void begin_step(struct kd_gles *gles, const struct kd_draw *draw, bool whole)
{
    gles->step++;
    gles->counters.steps++;
    gles->clears = false;
    kd_gles_images_sweep(gles, false);
    kd_gles_batches_begin(gles);
    kd_gles_find_rectangles(gles, draw, whole);
}

static void clear(struct kd_gles *gles, uint32_t color)
{
    glDisable(GL_SCISSOR_TEST);
    glClearColor((float)(color >> 16 & 255) / 255, (float)(color >> 8 & 255) / 255,
                 (float)(color & 255) / 255, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    gles->counters.clears++;
}

/* What was added is drawn. */
static int draw_quads(struct kd_gles *gles, const struct kd_plan *plan)
{
    glViewport(0, 0, plan->grid.width_px, plan->grid.height_px);
    if (gles->clears)
        clear(gles, gles->clear_color);
    glEnable(GL_SCISSOR_TEST);
    return kd_gles_batches_draw(gles, plan->grid.width_px, plan->grid.height_px);
}

/* Nobody knows which textures there was no memory for: there will be fewer, and all of them anew. */
static int check_memory(struct kd_gles *gles)
{
    const uint64_t least = (uint64_t)ATLAS_PX * ATLAS_PX * 4, half = gles->pages.bytes / 2;
    const uint64_t budget = half > least ? half : least;

    if (glGetError() != GL_OUT_OF_MEMORY)
        return 0;
    if (gles->limits.budget_bytes > budget)
        gles->limits.budget_bytes = budget;
    kd_gles_pages_finish(gles);
    kd_gles_images_sweep(gles, true);
    return -ENOMEM;
}

/* A step. *done: it was the last one. 0 or -errno. */
static int draw_step(struct kd_gles *gles, struct kd_draw *draw, bool *done)
{
    struct kd_gles_progress progress = progress_of(gles, draw);
    struct kd_gles_target *target;
    int error = kd_gles_target_get(gles, draw->buffer, &target);

    if (error)
        return error;
    begin_step(gles, draw, target->is_lost);
    error = kd_gles_add_frame(gles, draw->plan, &progress, done);
    if (error)
        return error;
    glBindFramebuffer(GL_FRAMEBUFFER, target->egl.framebuffer);
    error = draw_quads(gles, draw->plan);
    if (!error && *done)
        error = kd_gles_target_read_back(gles, target);
    if (!error)
        error = check_memory(gles);
    if (!error && !*done)
        glFinish(); /* no more than a step is under way */
    keep_progress(gles, draw, progress);
    return error;
}

/* What was asked for is on its way: when the GPU has done it, the fence says so. */
static int submit(struct kd_gles *gles, struct kd_draw *draw)
{
    int fence_fd = -1;
    int error = kd_egl_submit(gles->egl, &fence_fd);

    draw->has_fence = fence_fd >= 0;
    draw->fence_fd = fence_fd;
    return error;
}

static void drop_fence(struct kd_draw *draw)
{
    if (draw->has_fence)
        close(draw->fence_fd);
    draw->has_fence = false;
}

/* Between steps others' drawings may lose the GPU, and in each step this one may: what was drawn then counts for nothing. */
#define MOST_LOSSES 3

/* A step, perhaps several times. */
static int draw_until_it_holds(struct kd_gles *gles, struct kd_draw *draw, bool *done)
{
    for (int losses = 0;; losses++) {
        int error = draw_step(gles, draw, done);

        if (!error && *done)
            error = submit(gles, draw);
        if (!is_lost(gles))
            return error;
        drop_fence(draw);
        if (losses == MOST_LOSSES || renew(gles) < 0)
            return -ENODEV;
    }
}

/* ---- Drawings ------------------------------------------------------------------------------------------- */

static void set_keys(const struct kd_draw *draw, bool complete)
{
    const struct kd_gles_target *target = (struct kd_gles_target *)draw->buffer->attachment;
    const bool whole = target && target->is_lost;
    const size_t count = whole ? kd_grid_count(draw->plan->grid) : draw->tiles_count;

    for (size_t i = 0; i < count; i++) {
        const size_t index = whole ? i : draw->tiles[i];

        draw->buffer->tile_keys[index] = complete ? draw->plan->tiles[index].key : 0;
    }
}

/* For `--log-level debug`: what the drawing asked of the GPU. */
static void tell(struct kd_gles *gles, const struct kd_gles_counters *before)
{
    const struct kd_gles_counters *now = &gles->counters;

    KD_DEBUG(
        "%llu draws of %llu quads in %llu rectangles, %llu kpx filled, %llu textured, %llu of all blended; "
        "%llu uploads, %llu KiB",
        (unsigned long long)(now->draws - before->draws),
        (unsigned long long)(now->quads - before->quads),
        (unsigned long long)(now->rectangles - before->rectangles),
        (unsigned long long)(now->filled_px - before->filled_px) / 1000,
        (unsigned long long)(now->textured_px - before->textured_px) / 1000,
        (unsigned long long)(now->blended_px - before->blended_px) / 1000,
        (unsigned long long)(now->uploads - before->uploads),
        (unsigned long long)(now->upload_bytes - before->upload_bytes) >> 10);
}

static int draw_buffer(struct kd_gles *gles, struct kd_draw *draw, bool *done)
{
    struct kd_gles_counters before;
    int error = -ENODEV;

    pthread_mutex_lock(&gles->lock);
    before = gles->counters;
    set_keys(draw, false);
    if (kd_egl_enter(gles->egl) == 0) {
        error = draw_until_it_holds(gles, draw, done);
        kd_egl_leave(gles->egl);
    }
    if (!error && *done) {
        set_keys(draw, true);
        ((struct kd_gles_target *)draw->buffer->attachment)->is_lost = false;
    }
    if (kd_log_get_level() >= KD_LOG_DEBUG)
        tell(gles, &before);
    pthread_mutex_unlock(&gles->lock);
    return error;
}

static enum kd_job_step gles_draw(struct kd_renderer *renderer, struct kd_draw *draw)
{
    struct kd_gles *gles = (struct kd_gles *)renderer;
    const int64_t begin_ns = kd_clock_real_ns();
    bool done = false;
    int error;

    if (draw->picture)
        return gles->cpu->impl->draw(gles->cpu, draw);
    if (!kd_draw_can_begin(draw))
        return KD_JOB_DONE;
    error = draw_buffer(gles, draw, &done);
    if (error)
        atomic_store(&draw->error, error);
    else if (done)
        atomic_store(&draw->next_tile, draw->tiles_count);
    atomic_fetch_add(&draw->spent_ns, kd_clock_real_ns() - begin_ns);
    return error || done ? KD_JOB_DONE : KD_JOB_AGAIN;
}

static unsigned gles_workers(const struct kd_renderer *renderer, const struct kd_draw *draw)
{
    const struct kd_gles *gles = (const struct kd_gles *)renderer;

    return draw->picture ? gles->cpu->impl->workers(gles->cpu, draw) : 1;
}

static int gles_read(struct kd_renderer *renderer, struct kd_buffer *buffer, struct kd_box box,
                     uint32_t *out, size_t stride_px)
{
    struct kd_gles *gles = (struct kd_gles *)renderer;
    struct kd_gles_target *target;
    int error = -ENODEV;

    if (buffer->pixels)
        return gles->cpu->impl->read(gles->cpu, buffer, box, out, stride_px);
    pthread_mutex_lock(&gles->lock);
    if (kd_egl_enter(gles->egl) == 0) {
        error = kd_gles_target_get(gles, buffer, &target);
        if (!error)
            error = kd_gles_target_read(gles, box, out, stride_px);
        kd_egl_leave(gles->egl);
    }
    pthread_mutex_unlock(&gles->lock);
    return error;
}

/* ---- Beginning and end ------------------------------------------------------------------------------------ */

static void free_rooms(struct kd_gles *gles)
{
    struct kd_gles_batches *batches = &gles->batches;
    const struct kd_gles_room *const rooms[] = {
        &gles->covers,           &gles->seen,       &gles->loads,    &gles->parts,
        &gles->images.rows,      &batches->batches, &batches->quads, &batches->sampled,
        &batches->sampled_batch, &batches->vertices};

    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
        free(rooms[i]->data);
}

static void gles_destroy(struct kd_renderer *renderer)
{
    struct kd_gles *gles = (struct kd_gles *)renderer;
    bool current = kd_egl_enter(gles->egl) == 0;

    end_context(gles);
    kd_gles_targets_finish(gles);
    if (current)
        kd_egl_leave(gles->egl);
    kd_egl_destroy(gles->egl);
    gles->cpu->impl->destroy(gles->cpu);
    pthread_mutex_destroy(&gles->lock);
    free_rooms(gles);
    free(gles);
}

static const struct kd_renderer_impl gles_impl = {.name = "gles",
                                                  .draw = gles_draw,
                                                  .workers = gles_workers,
                                                  .read = gles_read,
                                                  .destroy = gles_destroy,
                                                  .is_direct = true};

static const struct kd_gles_driver *find_driver(const char *renderer)
{
    const struct kd_gles_driver *driver = drivers;

    while (strncasecmp(driver->name, renderer, strlen(driver->name)) != 0)
        driver++;
    return driver;
}

static int init(struct kd_gles *gles, char *why, size_t why_bytes)
{
    int error;

    gles->driver = find_driver(kd_egl_renderer(gles->egl));
    gles->limits = (struct kd_gles_limits){.texture_px = INT16_MAX,
                                           .atlas_px = ATLAS_PX,
                                           .budget_bytes = BUDGET_BYTES,
                                           .rectangles = gles->driver->rectangles,
                                           .flushes = gles->driver->flushes};
    gles->pix = kd_pix_get();
    snprintf(gles->base.description, sizeof(gles->base.description), "GLES on %s",
             kd_egl_renderer(gles->egl));
    if (kd_egl_enter(gles->egl) < 0) {
        snprintf(why, why_bytes, "the context of %s cannot be used", kd_egl_renderer(gles->egl));
        return -EOPNOTSUPP;
    }
    error = begin_context(gles, why, why_bytes);
    kd_egl_leave(gles->egl);
    return error;
}

int kd_gles_renderer_create(struct kd_egl *egl, struct kd_renderer **out, char *why,
                            size_t why_bytes)
{
    struct kd_gles *gles = calloc(1, sizeof(*gles));
    int error;

    if (!gles || kd_cpu_renderer_create(&gles->cpu) < 0) {
        free(gles);
        kd_egl_destroy(egl);
        return -ENOMEM;
    }
    gles->base.impl = &gles_impl;
    gles->egl = egl;
    pthread_mutex_init(&gles->lock, NULL);
    error = init(gles, why, why_bytes);
    if (error) {
        gles_destroy(&gles->base);
        return error;
    }
    *out = &gles->base;
    return 0;
}

/* ---- For tests, measuring, and the log -------------------------------------------------------------------- */

void kd_gles_counters(struct kd_renderer *renderer, struct kd_gles_counters *out)
{
    struct kd_gles *gles = (struct kd_gles *)renderer;

    pthread_mutex_lock(&gles->lock);
    *out = gles->counters;
    pthread_mutex_unlock(&gles->lock);
}

void kd_gles_limits(struct kd_renderer *renderer, struct kd_gles_limits *out)
{
    *out = ((struct kd_gles *)renderer)->limits;
}

void kd_gles_set_limits(struct kd_renderer *renderer, const struct kd_gles_limits *limits)
{
    ((struct kd_gles *)renderer)->limits = *limits;
}

void kd_gles_lose(struct kd_renderer *renderer)
{
    atomic_store(&((struct kd_gles *)renderer)->loses, true);
}

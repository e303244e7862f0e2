/*
 * Drawing plans into targets. A renderer is one of these vtables; the CPU's is the reference.
 */
#ifndef KD_RENDER_RENDER_H
#define KD_RENDER_RENDER_H

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/jobs.h"
#include "plan/plan.h"

/* So many workers may draw one drawing at once. */
#define KD_DRAW_WORKERS KD_BUFFER_DRAWN_RUNS

/* Where one worker at a time draws: tiles of a run, as many of them together as lie beside each other. If it has to stop among their operations,
 * another one goes on here. */
struct kd_draw_place {
    uint32_t at, end;           /* which ones of the drawing's tiles: those that are not complete */
    uint32_t count;             /* so many of them are being drawn; 0: not begun */
    uint32_t ops[KD_RUN_TILES]; /* how many of the operations of each of those are drawn */
};

/* One drawing: which tiles of a plan go where. Everything in it stays unchanged, and is the renderer's to read, until the drawing is complete;
 * the target's tiles that are drawn are the renderer's to write. */
struct kd_draw {
    const struct kd_plan *plan;
    const uint32_t *tiles; /* indices of the plan's tiles to be drawn */
    uint32_t tiles_count;
    const struct kd_box
        *bounds; /* what is to be drawn of each of them, the rest being right; NULL: all */
    struct kd_pixels *picture; /* the target: a new version that nobody else sees yet, or ... */
    struct kd_buffer *buffer;  /* ... a scan-out buffer; exactly one of the two */
    int64_t slice_ns;          /* 0: KD_SLICE_NS; tests choose less */

    /* Set by the renderer. Zero at first. */
    atomic_uint next_tile;      /* how many of the tiles were begun */
    atomic_uint places_taken;   /* a bit for each place that a worker has or that waits */
    atomic_uint places_waiting; /* a bit for each place with tiles that somebody must go on with */
    struct kd_draw_place places[KD_DRAW_WORKERS];
    atomic_int error;      /* 0, or -errno: what the target's tiles then hold is not known */
    atomic_llong spent_ns; /* time spent drawing, by all workers together */

    /* The buffer is complete only when fence_fd, which is the caller's to close, signals. */
    bool has_fence;
    int fence_fd;
};

/* Whether a worker would find something to begin. */
static inline bool kd_draw_can_begin(const struct kd_draw *draw)
{
    return atomic_load(&draw->error) == 0 && (atomic_load(&draw->next_tile) < draw->tiles_count ||
                                              atomic_load(&draw->places_waiting) != 0);
}

/* The part of one of its tiles that is drawn. */
static inline struct kd_box kd_draw_box(const struct kd_draw *draw, uint32_t at)
{
    return draw->bounds ? draw->bounds[at] : kd_grid_tile(draw->plan->grid, draw->tiles[at]);
}

static inline uint64_t kd_draw_area_px(const struct kd_draw *draw)
{
    uint64_t area_px = 0;

    for (uint32_t i = 0; i < draw->tiles_count; i++)
        area_px += (uint64_t)kd_box_area(kd_draw_box(draw, i));
    return area_px;
}

struct kd_renderer {
    const struct kd_renderer_impl *impl;
    struct kd_renderer *retired; /* the server's: the next one that waits for its last drawing */
    char description[160];       /* what draws, for people: "GLES on V3D 4.2 (Mesa 22.3.6)" */
};

struct kd_renderer_impl {
    const char *name;

    /* A part of the drawing, of about KD_SLICE_NS, in any worker's thread, and in several at once: a step of a job (jobs.h). Sets the keys of the
     * target's tiles as they become complete. */
    enum kd_job_step (*draw)(struct kd_renderer *renderer, struct kd_draw *draw);

    /* How many workers it pays to draw this with, 1 to KD_DRAW_WORKERS. Before the first slice. */
    unsigned (*workers)(const struct kd_renderer *renderer, const struct kd_draw *draw);

    /* Copies a part of a buffer, as it was last drawn, to rows of 0xFFRRGGBB. Any thread. 0 or -errno. */
    int (*read)(struct kd_renderer *renderer, struct kd_buffer *buffer, struct kd_box box,
                uint32_t *out, size_t stride_px);

    void (*destroy)(struct kd_renderer *renderer);

    /* Lists of commands may be drawn into buffers as they are: their pictures need not be drawn before. */
    bool is_direct;
};

#define KD_SLICE_NS INT64_C(1000000)

int kd_cpu_renderer_create(struct kd_renderer **out);

#endif

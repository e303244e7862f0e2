/*
 * Drawing plans into targets. A renderer is one of these vtables; the CPU's is the reference.
 */
#ifndef KD_RENDER_RENDER_H
#define KD_RENDER_RENDER_H

#include "base/buffer.h"
#include "base/jobs.h"
#include "plan/plan.h"

/* One drawing: which tiles of a plan go where. Everything in it stays unchanged, and is the renderer's to read, until the drawing is complete;
 * the target's tiles that are drawn are the renderer's to write. */
struct kd_draw {
    const struct kd_plan *plan;
    const uint32_t *tiles; /* indices of the plan's tiles to be drawn */
    uint32_t tiles_count;
    struct kd_pixels *picture; /* the target: a new version that nobody else sees yet, or ... */
    struct kd_buffer *buffer;  /* ... a scan-out buffer; exactly one of the two */

    /* Set by the renderer. Zero at first. */
    uint32_t next_tile, next_op; /* where the next slice goes on */
    int error;                   /* 0, or -errno: what the target's tiles then hold is not known */
    int64_t spent_ns;            /* time spent drawing */
};

struct kd_renderer {
    const struct kd_renderer_impl *impl;
};

struct kd_renderer_impl {
    const char *name;

    /* A part of the drawing, of about KD_SLICE_NS, in any worker's thread; KD_JOB_DONE when it is complete. Sets the keys of the target's
     * tiles as they become complete. */
    enum kd_job_step (*draw)(struct kd_renderer *renderer, struct kd_draw *draw);

    void (*destroy)(struct kd_renderer *renderer);
};

#define KD_SLICE_NS INT64_C(1000000)

int kd_cpu_renderer_create(struct kd_renderer **out);

#endif

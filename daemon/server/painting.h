/*
 * A batch drawn over a version of pixels, as a new version: what windows' frames and canvases' frames have in common. The steps run in a job.
 */
#ifndef KD_SERVER_PAINTING_H
#define KD_SERVER_PAINTING_H

#include "plan/bounds.h"
#include "render/render.h"
#include "scene/batch.h"

struct kd_painting {
    /* What is wanted; set before the first step. */
    struct kd_renderer *renderer;
    uint64_t seed;
    const struct kd_batch *batch;
    enum kd_target_kind target;
    int32_t width_px, height_px;
    uint32_t base_color;
    struct kd_pixels *before; /* a reference; NULL: the base colour everywhere */
    bool may_promise; /* tiles that need nothing of what was there before need not be drawn */

    /* What comes of it. */
    struct kd_pixels
        *picture; /* a reference; complete when the last step has returned and there is no error */
    int begin_error; /* else see kd_painting_error() */

    bool has_promises; /* of the picture's tiles: the end makes its recipe */
    bool has_settled;  /* it drew over promised tiles, which cost their drawing */

    bool is_begun;
    const struct kd_pixels **sources; /* owned, of the pool */
    struct kd_arena arena;
    struct kd_plan plan;
    struct kd_draw draw;
    struct kd_origins origins; /* of the draw's tiles */
};

/* The first step makes the plan; all sources of the batch must be complete by then. The others may be several at once. */
enum kd_job_step kd_painting_step(struct kd_painting *painting, struct kd_job *job);

/* When the last step has returned: 0, or -errno. */
int kd_painting_error(const struct kd_painting *painting);

/* When it has returned, without an error, and before anybody else sees the picture; in the loop's thread. Takes over the batch if there are promises. 0, or -ENOMEM: then
 * the picture is none. */
int kd_painting_end(struct kd_painting *painting, struct kd_batch *batch);

/* The arena's memory goes to keep, whose own is freed; NULL: it is freed. */
void kd_painting_finish(struct kd_painting *painting, struct kd_arena *keep);

#endif

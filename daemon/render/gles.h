/*
 * The GLES renderer: buffers are drawn by the GPU, pictures (which others read) by the CPU's renderer.
 *
 * The GPU holds nothing but caches: images and pictures stay in memory, so that a GPU that is lost costs a redraw and nothing else.
 */
#ifndef KD_RENDER_GLES_H
#define KD_RENDER_GLES_H

#include "render/egl.h"
#include "render/render.h"

/* egl is taken over, in any case. 0, -ENOMEM, or -EOPNOTSUPP: the context lacks something; why is then a sentence. */
int kd_gles_renderer_create(struct kd_egl *egl, struct kd_renderer **out, char *why,
                            size_t why_bytes);

/* ---- For tests, measuring, and the log ---------------------------------------------------------- */

/* What was asked of the GPU since the renderer was made. */
struct kd_gles_counters {
    uint64_t steps;      /* each is one job for the GPU, or as many as the driver makes of it */
    uint64_t rectangles; /* scissored areas */
    uint64_t clears;
    uint64_t draws, quads;
    uint64_t filled_px, textured_px; /* what quads without and with a texture cover */
    uint64_t blended_px;             /* of both: those that read what they are drawn over */
    uint64_t texture_switches;
    uint64_t uploads, upload_bytes;
    uint64_t pages_made, pages_recycled; /* textures; those that others' images went into */
    uint64_t allocations;                /* of memory of our own */
    uint64_t losses;                     /* the GPU forgot everything */
};
void kd_gles_counters(struct kd_renderer *renderer, struct kd_gles_counters *out);

/* What a driver is, less than it may be: before anything is drawn. */
struct kd_gles_limits {
    int32_t texture_px;    /* edge of the largest texture, at least 66 */
    int32_t atlas_px;      /* edge of those that small images share */
    uint64_t budget_bytes; /* of all textures together */
    uint32_t rectangles;   /* at most 16 */
    bool flushes;          /* one job for each rectangle */
    bool no_bgra;          /* bytes change places when they are uploaded */
    bool no_read_back;     /* what is drawn stays with the GPU: for measuring */
};
void kd_gles_limits(struct kd_renderer *renderer, struct kd_gles_limits *out);
void kd_gles_set_limits(struct kd_renderer *renderer, const struct kd_gles_limits *limits);

/* As if the GPU were reset in the middle of the next drawing. */
void kd_gles_lose(struct kd_renderer *renderer);

#endif

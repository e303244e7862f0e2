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

#endif

/*
 * Which GPU may draw for a display: found by what drivers are, never by their numbers.
 */
#ifndef KD_RENDER_EGL_FIND_H
#define KD_RENDER_EGL_FIND_H

#include "render/egl.h"

#define KD_GPUS_MAX 8

struct kd_gpu {
    char node[64];   /* "/dev/dri/renderD128"; of a software driver the display's card */
    char driver[32]; /* the kernel's, "v3d" */
    const char *because;
};

/* Those that may draw, the best first. Returns how many; 0: why is a sentence. */
size_t kd_gpus_find(const struct kd_egl_settings *settings, struct kd_gpu gpus[KD_GPUS_MAX],
                    char *why, size_t why_bytes);

/* Whether a GPU with that driver draws into the memory of a display with the other one. */
bool kd_gpu_is_paired(const char *display_driver, const char *render_driver);

/* Whether GL_RENDERER names a driver that draws by the processor. */
bool kd_gpu_is_software(const char *renderer);

#endif

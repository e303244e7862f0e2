/*
 * EGL: a context of GLES 2 on a GPU that need not be the display's, memory that both know, and fences.
 *
 * A context is current in no thread but between kd_egl_enter() and kd_egl_leave(), which also keep others out.
 */
#ifndef KD_RENDER_EGL_H
#define KD_RENDER_EGL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct kd_egl;

struct kd_egl_settings {
    const char *render_node;    /* "/dev/dri/renderD128"; NULL or empty: found by itself */
    const char *display_path;   /* the display's card, "/dev/dri/card1"; NULL: there is none */
    const char *display_driver; /* its driver, "vc4"; NULL: there is none */
    bool software_ok;           /* also Mesa's software drivers (llvmpipe, softpipe) */
};

/* A GPU and a context on it. 0 or -errno: -ENODEV: there is none that may be used. why is a sentence in both cases: which one and for what reason. */
int kd_egl_create(const struct kd_egl_settings *settings, struct kd_egl **out, char *why,
                  size_t why_bytes);
void kd_egl_destroy(struct kd_egl *egl); /* NULL is allowed */

/* What it is, for people and for the table of drivers: "V3D 4.2", "vc4", "llvmpipe". */
const char *kd_egl_renderer(const struct kd_egl *egl);
const char *kd_egl_version(const struct kd_egl *egl); /* "OpenGL ES 3.1 Mesa 22.3.6" */
const char *kd_egl_driver(const struct kd_egl *egl);  /* the kernel's, "v3d"; empty: none */
const char *kd_egl_node(const struct kd_egl *egl);    /* "/dev/dri/renderD128"; empty: none */
bool kd_egl_is_software(const struct kd_egl *egl);

/* 0, or -EIO: the context cannot be made current. Then kd_egl_leave() must not be called. */
int kd_egl_enter(struct kd_egl *egl);
void kd_egl_leave(struct kd_egl *egl);

/* Between those two: */

bool kd_egl_has_gl(const struct kd_egl *egl, const char *extension);

/* A framebuffer object, to be deleted with kd_egl_target_finish(), that draws into a buffer's memory. -EOPNOTSUPP: it cannot be imported. */
struct kd_egl_target {
    void *image; /* EGLImage */
    unsigned renderbuffer, framebuffer;
};
int kd_egl_import(struct kd_egl *egl, const struct kd_dmabuf *dmabuf, int32_t width_px,
                  int32_t height_px, struct kd_egl_target *target);
void kd_egl_target_finish(struct kd_egl *egl, struct kd_egl_target *target);

/* Everything that was asked for is submitted. *fence_fd: signals when it is done; -1: it is done (this has waited). 0, or -EIO. */
int kd_egl_submit(struct kd_egl *egl, int *fence_fd);

/* Whether the GPU was reset since: everything in the context is gone. */
bool kd_egl_is_lost(struct kd_egl *egl);

/* A new context in place of the lost one. 0 or -errno: then the old one stays, of no use but to be left. */
int kd_egl_renew(struct kd_egl *egl);

/* Any time: modifiers of buffers with this DRM_FORMAT_* that can be drawn into, as the driver prefers them. Returns how many, at most max. */
size_t kd_egl_modifiers(const struct kd_egl *egl, uint32_t fourcc, uint64_t *modifiers, size_t max);

#endif

/*
 * Inside the KMS backend: what it knows of the card's objects.
 */
#ifndef KD_OUTPUT_KMS_IMPL_H
#define KD_OUTPUT_KMS_IMPL_H

#include <xf86drm.h>
#include <xf86drmMode.h>

#include "output/kms.h"

/* ---- Properties (kms_props.c) ----------------------------------------------------------------- */

enum kms_prop {
    KMS_TYPE, /* planes */
    KMS_FB_ID,
    KMS_SRC_X,
    KMS_SRC_Y,
    KMS_SRC_W,
    KMS_SRC_H,
    KMS_CRTC_X,
    KMS_CRTC_Y,
    KMS_CRTC_W,
    KMS_CRTC_H,
    KMS_IN_FENCE_FD,
    KMS_IN_FORMATS,
    KMS_FB_DAMAGE_CLIPS,
    KMS_ROTATION,
    KMS_ZPOS,
    KMS_SCALING_FILTER,
    KMS_CRTC_ID, /* planes and connectors */
    KMS_MODE_ID, /* CRTCs */
    KMS_ACTIVE,
    KMS_OUT_FENCE_PTR,
    KMS_EDID, /* connectors */
    KMS_LINK_STATUS,
    KMS_NON_DESKTOP,
};
#define KMS_PROPS (KMS_NON_DESKTOP + 1)

struct kms_object {
    uint32_t id;
    uint32_t props[KMS_PROPS];  /* ids; 0: it has no such property */
    uint64_t values[KMS_PROPS]; /* when it was last read */
};

/* type: DRM_MODE_OBJECT_*. */
int kd_kms_object_read(int fd, uint32_t id, uint32_t type, struct kms_object *object);

struct kms_plane;

/* ---- Buffers (kms_fb.c) ------------------------------------------------------------------------ */

struct kms_buffer {
    struct kd_buffer base;
    uint32_t fb_id;  /* 0: there is no such buffer */
    uint32_t handle; /* of a dumb buffer, as what follows */
    uint32_t stride_bytes;
    void *map;
    size_t map_bytes;
    struct gbm_bo *bo; /* owned; NULL: it is a dumb buffer */
};

/* fourcc: of the framebuffer; the pixels are drawn as base.format says. */
int kd_kms_buffer_create(struct kd_kms *kms, int32_t width_px, int32_t height_px,
                         enum kb_format format, uint32_t fourcc, struct kms_buffer *buffer);
void kd_kms_buffer_destroy(struct kd_kms *kms, struct kms_buffer *buffer);

/* kms_shared.c: for another device that draws. try(): whether it can. export(): makes a dumb buffer known to it. All 0 or -errno. */
int kd_kms_gbm_create(struct kd_kms *kms, const struct kms_plane *plane, int32_t width_px,
                      int32_t height_px, enum kb_format format, uint32_t fourcc,
                      struct kms_buffer *buffer);
void kd_kms_gbm_destroy(struct kms_buffer *buffer);
int kd_kms_buffer_export(struct kd_kms *kms, uint32_t fourcc, struct kms_buffer *buffer);
int kd_kms_buffer_try(const struct kd_kms *kms, const struct kms_buffer *buffer);

#define KMS_MAX_BUFFERS 3

/* What buffers are, the one that is tried first last. */
enum kms_kind {
    KMS_PLAIN, /* dumb, for the processor alone */
    KMS_DUMB,  /* dumb, for another device too */
    KMS_GBM,   /* for another device; the processor cannot see their pixels */
};

/* Buffers of one size that take turns on a plane. */
struct kms_swap {
    struct kms_buffer buffers[KMS_MAX_BUFFERS];
    unsigned count;
    enum kms_kind kind;
    unsigned next;            /* where the search for a free one begins: the one used longest ago */
    struct kms_buffer *shown; /* one of them, or NULL */
    struct kms_buffer *pending; /* one of them, committed and not shown yet; or NULL */
};

/* What kind to begin with. */
enum kms_kind kd_kms_best_kind(const struct kd_kms *kms);

/* For that plane. As many of the wanted ones as there is memory for; -errno if there is not even one. */
int kd_kms_swap_create(struct kd_kms *kms, enum kms_kind kind, const struct kms_plane *plane,
                       unsigned wanted, int32_t width_px, int32_t height_px, enum kb_format format,
                       struct kms_swap *swap);

/* For people; "": nothing that is worth a word. */
void kd_kms_swap_describe(const struct kms_swap *swap, char *text, size_t text_bytes);
void kd_kms_swap_destroy(struct kd_kms *kms, struct kms_swap *swap);
struct kms_buffer *kd_kms_swap_free(struct kms_swap *swap);
struct kms_buffer *kd_kms_swap_find(struct kms_swap *swap, const struct kd_buffer *buffer);
void kd_kms_swap_submitted(struct kms_swap *swap, struct kms_buffer *buffer);
void kd_kms_swap_flipped(struct kms_swap *swap);

/* ---- The card ---------------------------------------------------------------------------------- */

struct kms_output;

struct kms_plane {
    struct kms_object object;
    uint32_t crtcs; /* mask by index */
    bool has_xrgb8888, has_rgb565, has_argb8888;
    uint32_t rotations; /* DRM_MODE_ROTATE_* and DRM_MODE_REFLECT_* that it can do */
    bool has_nearest;   /* its scaler can be told to repeat pixels */
    uint64_t nearest;   /* the property's value for that */
    uint64_t zpos_min, zpos_max;
    bool zpos_fixed;
    struct kms_output *user; /* NULL: free */
};

struct kms_crtc {
    struct kms_object object;
    struct kms_output *user; /* NULL: free */
};

/* A mode that passed every test and could not be set all the same. */
struct kms_bad_mode {
    uint32_t connector_id;
    drmModeModeInfo mode;
};
#define KMS_MAX_BAD_MODES 8

struct kd_kms {
    int fd;
    const char *path;
    struct kd_kms_settings settings;
    struct kd_kms_listener listener;
    bool prefers_shadow, is_16_bit, has_modifiers;
    struct gbm_device *gbm; /* owned; NULL: not needed yet, or ... */
    bool has_no_gbm;        /* ... it cannot be made */
    uint32_t cursor_width_px, cursor_height_px;
    bool is_virtio; /* what is committed is copied at once, so one buffer is enough */
    bool paused;
    struct kms_crtc *crtcs; /* owned, by index */
    size_t crtcs_count;
    struct kms_plane *planes; /* owned */
    size_t planes_count;
    struct kms_output *outputs; /* linked; destroyed by their own function */
    struct kms_bad_mode bad_modes[KMS_MAX_BAD_MODES];
    size_t bad_modes_count;
    bool wants_scan; /* an output is to get another mode */
    uint64_t
        commits; /* of outputs that are gone, at most: a late flip of one is not its successor's */
    uint32_t *stale; /* owned: framebuffers of an earlier process */
    size_t stale_count;
};

struct kms_output {
    struct kd_output base;
    struct kd_kms *kms;
    struct kms_output *next;
    struct kms_object connector;
    uint32_t preferred_px[2];             /* of the display when it was plugged in: width, height */
    struct kms_crtc *crtc;                /* NULL once it is removed, as the planes */
    struct kms_plane *primary;            /* never NULL before */
    struct kms_plane *overlay;            /* for a window; NULL: there is none */
    struct kms_plane *cursor;             /* NULL: there is none */
    const struct kd_connector_wish *wish; /* borrowed */
    drmModeModeInfo mode;
    uint32_t mode_blob;
    uint32_t plane_rotation; /* DRM_MODE_ROTATE_* and DRM_MODE_REFLECT_*: the primary plane's */
    struct kd_box plane_box; /* where the buffer is shown: the whole mode */
    struct kms_swap swap;
    struct kms_swap window; /* of the overlay plane; count 0: none yet */
    struct kms_swap old[2]; /* those that were replaced: shown until the next flip; count 0: none */
    bool window_shown;      /* the overlay plane was on in the last commit */
    bool primary_shown;     /* the primary plane was */
    bool keeps_primary;     /* the driver wants it on, even when it is covered */
    struct kms_buffer cursor_buffers[2];
    unsigned cursor_buffer; /* which one has the newest image ... */
    unsigned cursor_front;  /* ... and which one was committed last: people may see it */
    uint64_t cursor_serial; /* of the image in it */
    bool cursor_shown;
    uint64_t shown_cursor_serial;           /* of the image in the last commit ... */
    int32_t shown_cursor_x, shown_cursor_y; /* ... and where it was */
    bool needs_modeset;                     /* nothing is set yet, or not any more */
    unsigned modeset_failures;              /* one after another */
    bool is_last_resort;                    /* no mode of the display could be set */
    bool uses_dirtyfb, uses_clips;
    bool has_vblank;

    /* The commit under way. */
    bool is_pending;
    bool is_counted;  /* the daemon says when it is shown: at flip_at_ns */
    bool has_arrived; /* the kernel said that it is shown */
    uint32_t arrived_sequence;
    int64_t arrived_ns;
    int64_t flip_at_ns;  /* the refresh that it is for */
    int64_t deadline_ns; /* it is lost if it does not come until then */

    /* When refreshes are: one was at that time, with that number. */
    int64_t vblank_ns;
    uint64_t vblank_sequence;
};

static inline struct kms_output *kms_output_of(struct kd_output *output)
{
    return (struct kms_output *)output;
}

/* kms_connect.c */
void kd_kms_connector_name(const drmModeConnector *connector, char name[33]);
const struct kd_connector_wish *kd_kms_wish(const struct kd_kms *kms, const char *name);
int kd_kms_output_create(struct kd_kms *kms, const drmModeConnector *connector, int64_t now_ns,
                         struct kms_output **out);

/* For the mode and the view that it has: 0 or -errno. */
int kd_kms_output_make_buffers(struct kms_output *output, enum kb_format format);
void kd_kms_output_describe(struct kms_output *output);

/* For as long as the display stays plugged in. */
void kd_kms_forbid_mode(struct kms_output *output);
bool kd_kms_mode_is_bad(const struct kd_kms *kms, uint32_t connector_id,
                        const drmModeModeInfo *mode);
void kd_kms_forgive_modes(struct kd_kms *kms, uint32_t connector_id);

/* kms_output.c */
extern const struct kd_output_impl kd_kms_output_impl;

/* Lets go of the CRTC and the planes; the display goes dark. */
void kd_kms_output_release(struct kms_output *output);
void kd_kms_output_flipped(struct kms_output *output, uint64_t commit, uint32_t sequence,
                           int64_t time_ns);

/* kms_commit.c */
int kd_kms_commit(struct kms_output *output, const struct kd_commit *commit);
int kd_kms_commit_off(struct kms_output *output);

/* kms_planes.c */
int kd_kms_planes_read(struct kd_kms *kms);
bool kd_kms_planes_take(struct kms_output *output, uint32_t fourcc);
void kd_kms_planes_release(struct kms_output *output);
uint32_t kd_kms_rotation_bits(enum kb_rotation rotation, bool reflect_x, bool reflect_y);

/* kms_cursor.c: the buffer that holds the image; NULL: it cannot be shown by a plane. Where a plane turns the screen, nothing turns a cursor. */
struct kms_buffer *kd_kms_cursor_prepare(struct kms_output *output,
                                         const struct kd_cursor_image *image);

#endif

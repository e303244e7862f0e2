/*
 * A display card, by atomic mode setting (KMS): its connectors that have a display become outputs.
 */
#ifndef KD_OUTPUT_KMS_H
#define KD_OUTPUT_KMS_H

#include "output/modes.h"
#include "output/output.h"

struct kd_kms;

/* What is wished for the connector of that name. */
struct kd_connector_wish {
    char name[33]; /* "HDMI-A-1" */
    struct kd_mode_wish mode;
    enum kb_rotation rotation;
    bool reflect_x, reflect_y;
    int32_t overscan_px[4]; /* left, top, right, bottom: stay black */
    bool off;               /* is not used */
    bool has_format;
    enum kb_format format; /* of its buffers */
};

/* How a driver is told what changed. */
enum kd_kms_damage {
    KD_KMS_DAMAGE_AUTO,    /* what is best for the driver */
    KD_KMS_DAMAGE_CLIPS,   /* with each commit, where the driver listens */
    KD_KMS_DAMAGE_DIRTYFB, /* one buffer, and only what changed in it is sent */
    KD_KMS_DAMAGE_FULL,    /* not at all */
};

struct kd_kms_settings {
    unsigned buffers; /* of each output: 1 to 3 */
    enum kd_kms_damage damage;
    bool window_planes; /* windows may have planes of their own */
    bool blurred_ok; /* also where the plane's scaler is not known to filter as the window wants */
    bool cursor_planes;
    bool rotation_planes;      /* planes may turn the picture */
    bool mapped_buffers;       /* the processor must see all pixels, even where others draw them */
    struct kd_sharing sharing; /* of zeros: the processor draws, always */
    const struct kd_connector_wish *wishes;
    size_t wishes_count; /* borrowed for as long as the card is there */
};

/* Called by kd_kms_scan() alone. An output that was added is to be destroyed (by its own function) some time after it was removed; nothing
 * can be shown on it then. */
struct kd_kms_listener {
    void *ctx;
    void (*added)(void *ctx, struct kd_output *output);
    void (*removed)(void *ctx, struct kd_output *output);
    void (*lost)(void *ctx, struct kd_output *output); /* dark until it is committed; or NULL */
};

/* fd and path are borrowed for as long as the card is there. -ENOMEM, -EOPNOTSUPP: no atomic mode setting; -errno. */
int kd_kms_create(int fd, const char *path, const struct kd_kms_settings *settings,
                  const struct kd_kms_listener *listener, struct kd_kms **out);

/* All outputs must have been destroyed. */
void kd_kms_destroy(struct kd_kms *kms);

/* Looks at the connectors: at the start, and whenever something may have been plugged or unplugged. Returns how many displays there are now,
 * or -errno: -ENODEV when the card is gone; all outputs have been removed then. After another error they are as they were. */
int kd_kms_scan(struct kd_kms *kms, int64_t now_ns);

/* Whether an output can never have the mode that it has, so that a scan is to give it another one. */
bool kd_kms_wants_scan(const struct kd_kms *kms);

/* To be called when the card's fd is readable: outputs' dispatch() then finds what happened. 0 or -errno. */
int kd_kms_dispatch(struct kd_kms *kms);

/* Somebody else has the display: nothing can be committed. Afterwards modes are set anew. resume(): 0, or -EACCES: somebody still has it. */
void kd_kms_pause(struct kd_kms *kms);
int kd_kms_resume(struct kd_kms *kms);

/* Framebuffers that an earlier process left on this fd: gone after all outputs show something else. */
unsigned kd_kms_forget_stale(struct kd_kms *kms);

#endif

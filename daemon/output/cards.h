/*
 * Cards: what display devices there are, what each can do, and which one to use. A card is found
 * by its connectors, never by its number: a Raspberry Pi 5 has three, in any order.
 */
#ifndef KD_OUTPUT_CARDS_H
#define KD_OUTPUT_CARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "output/edid.h"
#include "output/modes.h"

#define KD_CARDS_MAX       16
#define KD_CARD_CONNECTORS 16
#define KD_CARD_PLANES     32
#define KD_CARD_MODES      96 /* of a connector */
#define KD_CARD_FORMATS    64 /* of a plane */

/* How device files are opened: by group, or by a seat. */
struct kd_opener {
    void *ctx;
    int (*open)(void *ctx, const char *path); /* an fd, or -errno */
    void (*close)(void *ctx, int fd);
};

enum kd_connector_status { KD_CONNECTED, KD_DISCONNECTED, KD_CONNECTION_UNKNOWN };
enum kd_plane_type { KD_PLANE_PRIMARY, KD_PLANE_OVERLAY, KD_PLANE_CURSOR };

struct kd_card_connector {
    uint32_t id;
    char name[33]; /* "HDMI-A-1" */
    enum kd_connector_status status;
    bool is_desktop; /* false: a headset, or something that is no display */
    struct kd_edid edid;
    struct kd_mode modes[KD_CARD_MODES]; /* in the driver's order */
    size_t modes_count;
    size_t modes_left_out; /* more than that */
};

struct kd_card_plane {
    uint32_t id;
    enum kd_plane_type type;
    uint32_t crtcs;                    /* mask by index */
    uint32_t formats[KD_CARD_FORMATS]; /* DRM fourcc */
    size_t formats_count;
    uint32_t rotations; /* mask of DRM_MODE_ROTATE_* and DRM_MODE_REFLECT_*; 0: no such property */
    bool has_zpos, zpos_fixed, has_alpha, has_blend_mode, has_scaling_filter, has_damage_clips,
        has_modifiers;
    uint64_t zpos_min, zpos_max;
};

/* Large: keep these on the heap. Nothing in it is owned. */
struct kd_card {
    char path[64];   /* "/dev/dri/card1" */
    char driver[32]; /* "vc4"; empty while it could not be opened */
    char bus[64];    /* "platform:gpu", "pci:0000:00:02.0" */
    unsigned dev_major, dev_minor;
    char group[33];    /* of the file */
    unsigned mode;     /* of the file: permission bits */
    int error;         /* -errno when it could not be opened */
    char problem[256]; /* what error means here, with file, group and what to do */

    bool is_display; /* has mode setting at all: v3d has not */
    bool is_atomic;
    bool has_dumb;         /* gives memory that the processor can draw into */
    bool prefers_shadow;   /* reading that memory is slow */
    bool has_modifiers;    /* framebuffers may have them */
    bool is_master;        /* nobody else had the display when it was looked at */
    uint32_t cursor_px[2]; /* width, height; 0: not said */
    size_t crtcs_count;
    struct kd_card_connector connectors[KD_CARD_CONNECTORS];
    size_t connectors_count;
    struct kd_card_plane planes[KD_CARD_PLANES];
    size_t planes_count;
};

/* Looks at every primary node, in the order of their numbers: facts, no choice. Cards that cannot
 * be opened are there too, with their error. A number, 0 without /dev/dri, or -errno. */
int kd_cards_find(const struct kd_opener *opener, struct kd_card *cards, size_t max);

/* Chooses: a card with a connected display before one without, a real one before a virtual one
 * (vkms); never one without atomic commits, memory for pictures, or connectors. wish is empty, a
 * path, a driver's name or a bus. Pure, but that a path may be a link. An index, or -errno (-ENODEV: none can be used; -EACCES:
 * one that could not be opened might be); why is a sentence for the log in both cases. */
int kd_cards_choose(const struct kd_card *cards, size_t count, const char *wish, char *why,
                    size_t why_bytes);

/* What speaks against using this card, or NULL. Valid as long as the card. */
const char *kd_card_unusable(const struct kd_card *card);

/* "cannot open /dev/dri/card1: permission denied; add the user pi to group video": looks at the
 * file. For any device file, of input too. Returns out. */
const char *kd_open_problem(const char *path, int error, char *out, size_t out_bytes);

/* A path that a person wrote may be a link, /dev/dri/by-path/...: the file that it leads to.
 * Anything else is copied. Returns out. */
const char *kd_card_wish(const char *wish, char *out, size_t out_bytes);

/* Who has this display now: "Xorg (pid 512)". False, and out says how to see it, if that is not
 * known. This process does not count. */
bool kd_card_holder(const char *path, char *out, size_t out_bytes);
/* The same below another root than "", for tests. */
bool kd_card_holder_at(const char *root, const char *path, char *out, size_t out_bytes);

#endif

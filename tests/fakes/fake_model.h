/*
 * The insides of the scripted libdrm: cards, their objects, states and memory. Everything here is guarded by one recursive lock.
 */
#ifndef KD_FAKE_MODEL_H
#define KD_FAKE_MODEL_H

#include "fake_drm.h"

#include <drm_fourcc.h>
#include <sys/types.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#define FAKE_CARDS      4
#define FAKE_CRTCS      FAKE_COMMIT_CRTCS
#define FAKE_CONNECTORS FAKE_COMMIT_CONNECTORS
#define FAKE_PLANES     FAKE_COMMIT_PLANES
#define FAKE_MODES      24
#define FAKE_FORMATS    12
#define FAKE_RULES      32
#define FAKE_EVENTS     64
#define FAKE_FILES      32
#define FAKE_KEPT       512 /* commits */

/* Where the kinds of objects lie in a card's table, and so in a state. */
#define FAKE_FIRST_CONNECTOR FAKE_CRTCS
#define FAKE_FIRST_PLANE     (FAKE_CRTCS + FAKE_CONNECTORS)
#define FAKE_OBJECTS         (FAKE_FIRST_PLANE + FAKE_PLANES)

enum fake_kind {
    K_TYPE,
    K_FB_ID,
    K_IN_FENCE_FD,
    K_CRTC_ID,
    K_CRTC_X,
    K_CRTC_Y,
    K_CRTC_W,
    K_CRTC_H,
    K_SRC_X,
    K_SRC_Y,
    K_SRC_W,
    K_SRC_H,
    K_ROTATION,
    K_ZPOS,
    K_ALPHA,
    K_BLEND,
    K_FILTER,
    K_DAMAGE,
    K_IN_FORMATS,
    K_ACTIVE,
    K_MODE_ID,
    K_OUT_FENCE,
    K_EDID,
    K_DPMS,
    K_LINK,
    K_NON_DESKTOP,
    K_COUNT,
};

/* A CRTC, a connector or a plane; those members count that are its type's. */
struct fake_object {
    uint32_t id; /* 0: there is none */
    uint32_t type;
    uint64_t has; /* bits of enum fake_kind */
    /* planes */
    uint32_t crtcs; /* bits of the CRTCs that it can be on */
    uint32_t formats[FAKE_FORMATS];
    unsigned formats_count;
    uint32_t rotations;
    uint64_t zpos_min, zpos_max;
    uint32_t scale_min, scale_max; /* destination by source, 16.16 */
    uint32_t width_max, height_max;
    bool covers; /* must cover its CRTC */
    /* connectors */
    char name[32];
    uint32_t connector_type, connector_type_id, encoder;
    uint32_t width_mm, height_mm;
    bool connected;
    drmModeModeInfo modes[FAKE_MODES];
    unsigned modes_count;
};

struct fake_state {
    uint64_t values[FAKE_OBJECTS][K_COUNT];
};

struct fake_memory { /* a dumb buffer */
    struct fake_memory *next;
    uint32_t handle;
    int owner; /* the file with the handle; -1: closed, kept by framebuffers only */
    unsigned framebuffers;
    uint32_t width, height, bpp, pitch;
    uint64_t size, offset;
    uint8_t *bytes; /* owned: a shared mapping, of which the maps are others */
};

struct fake_fb {
    struct fake_fb *next;
    uint32_t id, width, height, format, pitch, offset;
    struct fake_memory *memory; /* counted */
    int owner;
};

struct fake_blob {
    struct fake_blob *next;
    uint32_t id;
    int owner; /* -1: the kernel's own, or destroyed and still part of a state */
    bool fixed;
    size_t bytes_count;
    uint8_t bytes[];
};

struct fake_event {
    uint64_t user_data;
    int64_t time_ns;
    uint32_t crtc, sequence;
    int fd;
};

enum fake_policy {
    FLIP_MANUAL,  /* fake_drm_vblank() */
    FLIP_AT_ONCE, /* within the commit */
    FLIP_REFRESH, /* a thread, at the next refresh of the mode */
    FLIP_NEVER,   /* the hardware hangs: EBUSY for ever, or until a modeset that waits */
    FLIP_LOST,    /* shown, but no event comes */
    FLIP_TWICE,   /* two events */
    FLIP_HELD,    /* shown, and the event comes when `release` says so */
};

struct fake_crtc {
    bool pending, wants_event, shows;
    enum fake_policy policy; /* of the pending flip */
    uint64_t user_data;
    int fd; /* the committer's */
    int64_t due_ns;
    uint32_t sequence;
    int in_fences[FAKE_PLANES], in_fences_count; /* owned */
    int out_fence;                               /* owned; -1: none */
    struct fake_state next, shown;
    uint64_t shown_hash;
    /* A display with memory of its own: what it holds. */
    uint32_t *panel; /* owned */
    int32_t panel_width, panel_height;
};

struct fake_rule {
    char call[48];
    unsigned nth, count, seen;
    int value; /* an errno or a policy */
};

struct fake_card {
    char name[32], path[108], driver[32], master[32]; /* who else is master */
    bool own_folder;                                  /* the FIFO is ours to remove */
    dev_t dev;
    ino_t ino;
    bool no_atomic, no_dumb, no_vblank, panel, prefer_shadow, unplugged, truth;
    bool renders, no_primary; /* its node is one for rendering, too, or only that */
    unsigned depth, planes_max;
    int64_t draw_max; /* sum of the planes' pixels, 0: any */
    int refuse_error;
    uint32_t refuse_width, refuse_height; /* a mode that passes TEST_ONLY and then fails */
    int master_fd;                        /* -1: nobody of ours */
    struct fake_object objects[FAKE_OBJECTS];
    unsigned crtcs, connectors, planes;
    struct fake_state state; /* as committed */
    struct fake_crtc crtc[FAKE_CRTCS];
    enum fake_policy policy;
    uint32_t next_id;
    uint64_t next_offset;
    struct fake_memory *memories;
    struct fake_fb *fbs;
    struct fake_blob *blobs;
    struct fake_event events[FAKE_EVENTS], held[FAKE_EVENTS];
    unsigned events_count, held_count;
    struct fake_commit *commits; /* ring of FAKE_KEPT */
    unsigned commits_count;
    struct fake_counts counts;
};

struct fake_file {
    int fd;
    struct fake_card *card;
    bool atomic, universal;
};

struct fake_atomic_item {
    uint32_t object, property;
    uint64_t value;
};

struct _drmModeAtomicReq {
    int count, room;
    struct fake_atomic_item *items;
};

/* What a commit found out about itself. */
struct fake_check {
    struct fake_state *next; /* the candidate */
    uint64_t named;          /* bits of the objects that the request named, by index */
    uint32_t crtcs;          /* bits of those concerned */
    bool modeset;
    char why[96];
};

/* fake_cards.c */
extern struct fake_card *fake_cards[FAKE_CARDS];
extern struct fake_card *fake_current; /* the one that the lines of the script are about */
void fake_lock(void);
void fake_unlock(void);
int64_t fake_now_ns(void);
void fake_wait(void); /* until something is counted; the lock is held once */
void fake_changed(void);
int fake_new_card(const char *name, const char *path, struct fake_card **out);
struct fake_object *fake_new_object(struct fake_card *card, uint32_t type);
struct fake_object *fake_find_object(struct fake_card *card, uint32_t id);
struct fake_object *fake_find_connector(struct fake_card *card, const char *name);
unsigned fake_index(const struct fake_card *card, const struct fake_object *object);
int fake_crtc_index(const struct fake_card *card, uint32_t id); /* -1: none */
uint64_t fake_get(const struct fake_state *state, unsigned index, enum fake_kind kind);
void fake_default_state(struct fake_card *card, struct fake_object *object);
void fake_add_edid(struct fake_card *card, struct fake_object *connector, const char *name);
bool fake_mode(drmModeModeInfo *mode, const char *text);
uint32_t fake_refresh_mhz(const drmModeModeInfo *mode);
bool fake_crtc_mode(const struct fake_card *card, const struct fake_state *state, unsigned crtc,
                    drmModeModeInfo *mode);

/* fake_properties.c */
struct fake_property {
    const char *name;
    uint32_t flags;
    uint64_t min, max;     /* of ranges */
    const char *values[8]; /* of enums and bits, by number; NULL ends */
};
extern const struct fake_property fake_properties[K_COUNT];
uint32_t fake_property_id(const struct fake_card *card, const struct fake_object *object,
                          enum fake_kind kind);
/* The kind, and the object if it is that object's own; K_COUNT: none. */
enum fake_kind fake_property_kind(struct fake_card *card, uint32_t id, struct fake_object **owner);
bool fake_property_fixed(const struct fake_object *object, enum fake_kind kind);

/* fake_files.c */
struct fake_file *fake_file(int fd); /* NULL with errno: not a fake's, or unplugged */
int fake_fails(const char *call);    /* an errno, or 0 */
int fake_add_rule(const char *call, unsigned nth, unsigned count, int value);
int fake_rule_value(const char *call); /* of the rule that matches now, or 0 */
void fake_forget_rules(void);
void fake_forget_files(void);
void fake_push_event(struct fake_card *card, const struct fake_event *event);

/* fake_memory.c */
struct fake_fb *fake_find_fb(const struct fake_card *card, uint32_t id);
struct fake_blob *fake_find_blob(const struct fake_card *card, uint32_t id);
struct fake_blob *fake_new_blob(struct fake_card *card, int owner, const void *bytes,
                                size_t bytes_count);
void fake_sweep_blobs(struct fake_card *card);
void fake_close_memory(struct fake_card *card, int owner); /* of a file, or -1: of all */
unsigned fake_live_maps(void);

/* fake_atomic.c */
int fake_check(struct fake_file *file, const struct _drmModeAtomicReq *request, uint32_t flags,
               struct fake_check *check);

/* fake_flip.c */
void fake_apply(struct fake_file *file, const struct fake_check *check, uint32_t flags,
                void *user_data);
void fake_complete(struct fake_card *card, unsigned crtc, int64_t time_ns);
void fake_planes_off(struct fake_card *card, uint32_t fb);
void fake_release_events(struct fake_card *card);
void fake_stop_thread(void);

/* fake_screen.c */
bool fake_compose(const struct fake_card *card, unsigned crtc, const struct fake_state *state,
                  uint32_t **pixels, int32_t *width, int32_t *height);
void fake_to_panel(struct fake_card *card, unsigned crtc, bool everything);
void fake_dirty_panel(struct fake_card *card, const struct fake_fb *fb, const drmModeClip *clips,
                      unsigned count);
uint64_t fake_hash_shown(const struct fake_card *card, unsigned crtc);

/* fake_log.c */
void fake_log_open(const char *path);
void fake_log(const char *format, ...) __attribute__((format(printf, 1, 2))); /* JSON object */
struct fake_commit *fake_new_commit(struct fake_card *card);
void fake_record(struct fake_card *card, struct fake_commit *commit, const struct fake_check *check,
                 uint32_t flags, int result);

/* fake_presets.c: the lines after the card's own, NULL if there is no such preset */
const char *fake_preset(const char *name, const char **options);

/* preload_system.c, where there is one */
void fake_hotplug(void) __attribute__((weak));

/* fake_script.c */
int fake_run_line(const char *line, char *answer, size_t answer_bytes);

#endif

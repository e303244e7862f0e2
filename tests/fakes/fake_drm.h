/*
 * A scripted libdrm: cards that exist only in this process, which refuse what a kernel refuses and do on command what no virtual driver does.
 *
 * A program that links these files has them in place of libdrm; under LD_PRELOAD the daemon gets them (preload.c). Lines of text describe the cards and say
 * what goes wrong; fake_script.c has the list of the lines. A card's node is a FIFO, so that it can be opened, polled and closed like any other file.
 */
#ifndef KD_FAKE_DRM_H
#define KD_FAKE_DRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAKE_CLIPS             64
#define FAKE_COMMIT_PLANES     24
#define FAKE_COMMIT_CRTCS      4
#define FAKE_COMMIT_CONNECTORS 8

struct fake_card;

struct fake_rect {
    int32_t x1, y1, x2, y2;
};

/* A plane that a commit leaves switched on. */
struct fake_commit_plane {
    uint32_t id, type, crtc, fb, format;
    struct fake_rect to;            /* device pixels */
    uint32_t from[4];               /* x, y, width, height in 16.16 */
    uint32_t rotation, zpos, alpha; /* bits of DRM_MODE_ROTATE_ and REFLECT_ */
    bool changed;                   /* the request named it */
    bool has_clips;
    unsigned clips_count; /* as many as were sent; at most FAKE_CLIPS of them are kept */
    struct fake_rect clips[FAKE_CLIPS];
};

/* One call of drmModeAtomicCommit, or of drmModeDirtyFB (is_dirtyfb: one plane without a place). */
struct fake_commit {
    unsigned number; /* counted from 0 */
    bool is_dirtyfb;
    uint32_t flags;
    int result;   /* 0 or -errno */
    bool modeset; /* a mode, a connector or active changed */
    char why[96]; /* why it was refused */
    int64_t time_ns;
    unsigned planes_count, crtcs_count, connectors_count;
    struct fake_commit_plane planes[FAKE_COMMIT_PLANES];
    struct {
        uint32_t id;
        bool active;
        uint32_t width_px, height_px, refresh_mhz;
    } crtcs[FAKE_COMMIT_CRTCS];
    struct {
        char name[32];
        uint32_t crtc; /* 0: off */
    } connectors[FAKE_COMMIT_CONNECTORS];
};

struct fake_counts {
    unsigned files, framebuffers, dumb_buffers, memories, blobs, maps; /* that live now */
    unsigned commits, tests, refused, flips, modesets, dirtyfbs, probes, events;
    unsigned removed_while_shown; /* framebuffers */
    unsigned written_while_shown; /* flips away from a picture that was drawn over on the screen */
    unsigned lies;        /* flips whose damage clips left out what had changed (panels only) */
    unsigned fences;      /* that commits waited for */
    unsigned empty_reads; /* drmHandleEvent with nothing to read */
};

/* Runs a line of the script. Ends the program where the line is wrong: a test's own mistake. */
void fake_drm(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same for lines that come from elsewhere: 0 or -errno, with an answer or the reason. */
int fake_drm_line(const char *line, char *answer, size_t answer_bytes);
/* Forgets all cards and rules; files that are open become those of no card. */
void fake_drm_reset(void);

/* A card of the script, by its name; it exists until the reset. */
struct fake_card *fake_drm_card(const char *name);
const char *fake_drm_path(const struct fake_card *card);
uint32_t fake_drm_crtc_id(const struct fake_card *card, unsigned index);
uint32_t fake_drm_plane_id(const struct fake_card *card, unsigned index);
uint32_t fake_drm_connector_id(const struct fake_card *card, const char *name);
/* The id of a property of an object by its name, 0 where it has none. */
uint32_t fake_drm_property_id(const struct fake_card *card, uint32_t object, const char *name);

/* What the fake takes for the time of CLOCK_MONOTONIC; NULL: the real one. */
void fake_drm_clock(int64_t (*now_ns)(void));
/* A refresh of a CRTC at this time: what waits for it is shown, and its event becomes readable. */
void fake_drm_vblank(struct fake_card *card, unsigned crtc, int64_t time_ns);
/* Is a commit waiting for its refresh? */
bool fake_drm_pending(const struct fake_card *card, unsigned crtc);

struct fake_counts fake_drm_counts(const struct fake_card *card);
/* The n-th commit, counted from 0, or from the end if negative. Ends the program where there is no such, or where it is too long ago (512). */
const struct fake_commit *fake_drm_commit(const struct fake_card *card, int n);
/* What is to be seen on a CRTC, xrgb8888 with x = 0xff, to be freed by the caller; NULL: it is off. */
uint32_t *fake_drm_screen(const struct fake_card *card, unsigned crtc, int32_t *width_px,
                          int32_t *height_px);

/* A fence that IN_FENCE_FD takes; the caller closes it. Signalled once and for good. */
int fake_drm_fence(void);
void fake_drm_fence_signal(int fd);

#endif

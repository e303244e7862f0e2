/*
 * Outputs: something that shows buffers, one per refresh. The state machine here is the same for every backend; docs/states.md has its table.
 * Backends are small vtables that know neither windows nor the event loop.
 */
#ifndef KD_OUTPUT_OUTPUT_H
#define KD_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/view.h"

enum kd_output_state {
    KD_OUTPUT_OFF,       /* not showing anything */
    KD_OUTPUT_IDLE,      /* nothing to show, nothing owed: no timer */
    KD_OUTPUT_SCHEDULED, /* the timer runs: something is to be shown, or answers are owed */
    KD_OUTPUT_DRAWING,   /* a buffer is being drawn */
    KD_OUTPUT_SUBMITTED, /* a buffer was given to the display and is not shown yet */
    KD_OUTPUT_PAUSED,    /* somebody else has the display */
};
#define KD_OUTPUT_STATES (KD_OUTPUT_PAUSED + 1)

enum kd_output_event {
    KD_OUTPUT_ENABLE, /* begins to show; everything is damaged */
    KD_OUTPUT_DAMAGE, /* something may have to be shown */
    KD_OUTPUT_REST,   /* the timer fired, and neither damage nor an answer is left */
    KD_OUTPUT_DRAW,   /* the timer fired, drawing began */
    KD_OUTPUT_SUBMIT, /* the backend took the buffer */
    KD_OUTPUT_FAIL,   /* drawing or the commit failed; to be tried again */
    KD_OUTPUT_FLIP,   /* the buffer is shown */
    KD_OUTPUT_PAUSE,
    KD_OUTPUT_RESUME,
    KD_OUTPUT_UNPLUG,
};
#define KD_OUTPUT_EVENTS (KD_OUTPUT_UNPLUG + 1)

const char *kd_output_state_name(enum kd_output_state state);
const char *kd_output_event_name(enum kd_output_event event);

/* A buffer became visible. */
struct kd_flip {
    uint64_t commit; /* which one: a stale flip is recognised by it */
    int64_t time_ns;
    uint64_t sequence; /* count of refreshes */
    uint32_t flags;    /* enum kb_presented_flag */
};

struct kd_output {
    const struct kd_output_impl *impl;
    uint32_t id;
    char name[33];
    char description[64];
    uint32_t flags;             /* enum kb_output_flag */
    struct kd_global_box place; /* its pixels among all outputs: of the view's size */
    struct kd_view view;        /* how they lie in its buffers */
    enum kb_rotation rotation;  /* how it hangs, whether the view turns pictures or the hardware */
    uint64_t refresh_ns;        /* 0: not paced */
    enum kd_output_state state;
    uint64_t commits;             /* number of the newest commit */
    uint32_t width_mm, height_mm; /* 0: not known */
    char reason[192];             /* why it is as it is: mode, planes; for people */
    bool is_shared;               /* another device can draw into its buffers */
    char plane_reason[128];       /* why the last window asked for got a plane, or not */
};

/* A window that has a plane of its own, above everything else: the display hardware scales it. */
struct kd_plane_window {
    struct kd_buffer *buffer; /* NULL: none */
    struct kd_box from;       /* its pixels that are shown */
    struct kd_box to;         /* where, in the display's pixels */
    enum kb_filter filter;
};

/* The cursor's image: premultiplied 0xAARRGGBB. */
struct kd_cursor_image {
    const uint32_t *pixels; /* borrowed, unchanged while serial is the same */
    int32_t width_px, height_px;
    int32_t hot_x, hot_y;
    uint64_t serial; /* another image has another one; 0: no cursor */
};

/* What is to be shown from the next refresh on. */
struct kd_commit {
    struct kd_buffer *buffer;   /* NULL: nothing, the display goes dark */
    const struct kd_box *clips; /* what differs from the buffer shown now */
    size_t clips_count;
    struct kd_plane_window window;
    const struct kd_cursor_image *cursor; /* on a plane of its own; NULL: none */
    int32_t cursor_x, cursor_y;           /* where its hot spot is, in the display's pixels */
    int fence_fd; /* borrowed: what is new in the buffers is drawn when it signals; -1: it is drawn */
    /* If not NULL: gets an fd, the caller's, that signals when what was shown before is not read any more; -1 where the display has no such fences. */
    int *out_fence_fd;
    bool test_only; /* only asks whether the display could show it */
};

struct kd_output_impl {
    const char *name;

    /* A buffer to draw into, which nobody looks at (with a single buffer: the one that is shown). window NULL: one for the whole output, else one of the
     * size of window->from, for a plane. NULL: none is free. It stays the backend's. */
    struct kd_buffer *(*acquire)(struct kd_output *output, const struct kd_plane_window *window);

    /* Shows it at the next refresh. 0, or -errno: then nothing happened. -EACCES: somebody else has the display. -EINVAL: the display cannot show it
     * like this. Going dark takes effect at once, without a flip. */
    int (*commit)(struct kd_output *output, const struct kd_commit *commit, int64_t now_ns);

    /* The buffer that is shown; NULL before the first flip. */
    struct kd_buffer *(*front)(struct kd_output *output);

    /* When the first refresh after now is. Outputs that are not paced: now. */
    int64_t (*next_refresh_ns)(struct kd_output *output, int64_t now_ns, uint64_t *sequence);

    /* The time at which dispatch() has something to do, or 0: nothing before an fd is readable. */
    int64_t (*wake_ns)(struct kd_output *output);

    /* 1: a flip happened by now. 0: none did. -ETIMEDOUT: it never came, and everything is to be drawn again. */
    int (*dispatch)(struct kd_output *output, int64_t now_ns, struct kd_flip *flip);

    /* Another device draws from now on, or none: buffers in memory that suits it, their contents unknown. Nobody uses those that there were but the
     * display, which shows its own until the next flip. 0, or -errno: they are as before. */
    int (*renew)(struct kd_output *output);

    void (*destroy)(struct kd_output *output);
};

/* What another device, which draws, can do with buffers. */
struct kd_sharing {
    void *ctx;
    bool (*is_wanted)(void *ctx); /* now; false: the processor draws */
    size_t (*modifiers)(void *ctx, uint32_t fourcc, uint64_t *modifiers, size_t max);
    int (*try)(void *ctx, const struct kd_dmabuf *dmabuf, int32_t width_px, int32_t height_px);
};

/* Goes to the state that the table names, and logs it. False, and nothing changes, where the table says that the event cannot happen in this state: our bug,
 * logged as such. */
bool kd_output_step(struct kd_output *output, enum kd_output_event event);

/* A virtual display. buffers 1 to 3. -ENOMEM. */
struct kd_headless_info {
    const char *name;
    int32_t width_px, height_px;
    int32_t x, y;
    enum kb_rotation rotation;
    bool reflect_x, reflect_y;
    int32_t overscan_px[4]; /* left, top, right, bottom */
    enum kb_format format;  /* of its buffers: xrgb8888 or rgb565 */
    uint64_t refresh_ns;    /* 0: not paced */
    unsigned buffers;
    int64_t origin_ns; /* a refresh is at this time, and every refresh_ns before and after */
};
int kd_headless_create(const struct kd_headless_info *info, struct kd_output **out);

#endif

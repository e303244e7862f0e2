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
    uint64_t refresh_ns;        /* 0: not paced */
    enum kd_output_state state;
    uint64_t commits; /* number of the newest commit */
};

struct kd_output_impl {
    const char *name;

    /* A buffer to draw into, which nobody looks at (with a single buffer: the one that is shown). NULL: none is free. It stays the backend's. */
    struct kd_buffer *(*acquire)(struct kd_output *output);

    /* Shows the buffer at the next refresh; clips say what differs from the buffer shown now. 0, or -errno: then nothing happened. */
    int (*commit)(struct kd_output *output, struct kd_buffer *buffer, const struct kd_box *clips,
                  size_t clips_count, int64_t now_ns);

    /* The buffer that is shown; NULL before the first flip. */
    struct kd_buffer *(*front)(struct kd_output *output);

    /* When the first refresh after now is. Outputs that are not paced: now. */
    int64_t (*next_refresh_ns)(struct kd_output *output, int64_t now_ns, uint64_t *sequence);

    /* The fd to poll for reading, or -1; and the time at which dispatch() has something to do without it, or 0. */
    int (*get_fd)(struct kd_output *output);
    int64_t (*wake_ns)(struct kd_output *output);

    /* True if a flip happened by now. */
    bool (*dispatch)(struct kd_output *output, int64_t now_ns, struct kd_flip *flip);

    void (*destroy)(struct kd_output *output);
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
    uint64_t refresh_ns;   /* 0: not paced */
    unsigned buffers;
    int64_t origin_ns; /* a refresh is at this time, and every refresh_ns before and after */
};
int kd_headless_create(const struct kd_headless_info *info, struct kd_output **out);

#endif

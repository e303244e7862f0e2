/* What the files of libkmsblit share: the three handles, and the work on the connection. */
#ifndef KC_CLIENT_H
#define KC_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include <kmsblit.h>

#include "error.h"
#include "gen/kmsblit_proto.h"
#include "memory.h"
#include "objects.h"
#include "transport.h"

#define KC_NAME_BYTES_MAX  128u
#define KC_SENTENCE_BYTES  768u
#define KC_FRAME_POOL_SIZE 4u
#define KC_ANSWERS_KEPT    4u
#define KC_FOREVER         INT64_MAX

/* The answer that a call waits for. */
struct kc_reply {
    uint16_t request; /* its opcode */
    uint32_t serial;  /* of the request; 0: nobody waits */
    bool complete;
    int error; /* 0 or -errno; then there is a sentence */
    char sentence[KC_SENTENCE_BYTES];
    /* screenshot_done */
    uint32_t width, height;
    int pixels; /* owned, or -1 */
    /* statistics: the caller's room, and how much of it was filled */
    struct kb_statistic_value *values; /* borrowed */
    size_t values_capacity, values_count;
};

/* The first refusal that nobody has been told of. */
struct kc_refusal {
    int error; /* 0: none */
    uint32_t serial;
    char sentence[KC_SENTENCE_BYTES];
};

/* Memory of a frame too large for a message; it is used again and again. */
struct kc_pooled {
    struct kc_memory *memory; /* a reference, or NULL */
    uint32_t serial;          /* of the frame_memfd that the daemon has not read yet; 0: free */
};

struct kb_display {
    struct kc_transport transport;
    uint32_t last_serial;

    int broken; /* 0, or why the connection is of no more use, as -errno ... */
    char broken_why[KC_SENTENCE_BYTES]; /* ... and as a sentence */

    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    char name[KC_NAME_BYTES_MAX + 1]; /* the program's */

    bool welcomed;
    struct kb_evt_welcome welcome; /* its strings are not valid */
    char server[129];

    struct kb_output_info *outputs; /* owned */
    size_t outputs_count;

    struct kc_objects objects; /* struct kb_image and kb_window, which the display owns */
    struct kc_refusal refusal;
    struct kc_reply reply; /* of the call that waits now */
    struct kc_reply step;  /* of clock_step, which an interrupted call leaves waiting */
    struct kc_pooled frame_pool[KC_FRAME_POOL_SIZE];
};

struct kb_image {
    struct kb_display *display; /* borrowed */
    uint32_t id;
    uint32_t width, height;
    size_t stride_bytes;
    struct kc_memory *memory; /* a shared image's; else NULL, see handed_over() in image.c */
    uint32_t unread_serial; /* of the last request whose memory the daemon has not read; 0: none */
    struct kb_frame *frame; /* owned: a canvas's; else NULL */
    uint32_t undone_serial; /* of a canvas's last frame, until it is answered; 0: none */
};

/* The commands of the frame being built. */
struct kb_frame {
    struct kb_display *display; /* borrowed */
    uint32_t object;            /* the id of the window or canvas */
    uint32_t width, height;     /* and its size */
    uint8_t *bytes; /* owned: units of KB_COMMAND_UNIT_BYTES; kept from frame to frame */
    size_t units, units_capacity;
    uint32_t flags;   /* enum kb_frame_flag */
    int error;        /* 0, or why the frame cannot be sent, as -errno ... */
    const char *what; /* ... and as a sentence, static */
};

struct kc_answer {
    int error; /* 0, or the frame was refused */
    struct kb_presented presented;
};

struct kb_window {
    struct kb_display *display; /* borrowed */
    uint32_t id;
    bool has_state;
    struct kb_window_state state;
    struct kb_frame frame;        /* embedded; it knows the window's size */
    uint32_t pending[KB_CREDITS]; /* serials of the frames not answered, oldest first */
    unsigned pending_count;
    struct kc_answer answers[KC_ANSWERS_KEPT]; /* the latest is [answers_count - 1 mod kept] */
    unsigned answers_count;
    struct kb_presented last; /* the last answer that was no refusal */
    bool flip_waits;          /* a flip was interrupted after its commit */
};

/* connection.c: moving bytes and waiting. A function that waits returns -EINTR if a signal handler
 * ran meanwhile, and -EPIPE when the connection is of no more use. */

/* Marks the connection as of no more use, says why, and returns -EPIPE. */
int kc_break(struct kb_display *display, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

uint32_t kc_next_serial(struct kb_display *display);

/* Queues a request. KC_WAIT: waits while there is no room, before anything is queued. KC_GROW:
 * never waits. memory is what the fd field names. -EINVAL: not a valid request. */
enum kc_room { KC_WAIT, KC_GROW };
int kc_request(struct kb_display *display, uint16_t opcode, const void *message,
               struct kc_memory *memory, enum kc_room room);

/* Sends what the socket takes, without waiting. */
int kc_push(struct kb_display *display);

/* Handles what has come, without waiting. Returns the number of events. */
int kc_pull(struct kb_display *display);

/* Waits until something can be sent or has come, and does that. Returns the number of events
 * handled, which may be 0, or -ETIMEDOUT. deadline_ns is of CLOCK_MONOTONIC. */
int kc_turn(struct kb_display *display, int64_t deadline_ns);

int64_t kc_now_ns(void);

/* Returns what was refused since the last time, as kb_sync() does. */
int kc_take_refusal(struct kb_display *display);

/* Waits for the answer to a request: between the two, it is sent. The caller owns reply->pixels. */
void kc_reply_begin(struct kc_reply *reply, uint16_t request, uint32_t serial);
int kc_reply_wait(struct kb_display *display, struct kc_reply *reply);

/* events.c: handles one message of the daemon. Closes the fds that nobody took. 0, or -EPIPE. */
int kc_handle_event(struct kb_display *display, const struct kb_header *message, int *fds);

/* image.c: an image with an id and nothing else, that the daemon has not heard of; and taking such
 * a one back. -ENOMEM, -EDQUOT. */
int kc_image_alloc(struct kb_display *display, uint32_t width, uint32_t height,
                   struct kb_image **image);
void kc_image_undo(struct kb_image *image);

/* image.c, window.c: what kb_disconnect() does with objects; the daemon is not told. */
void kc_image_free(struct kb_image *image);
void kc_window_free(struct kb_window *window);

/* window.c: a frame was answered; it gives its credit back. Unknown serials are ignored. */
void kc_window_answer(struct kb_window *window, uint32_t serial, const struct kc_answer *answer);

/* frame.c */
void kc_frame_init(struct kb_frame *frame, struct kb_display *display, uint32_t object,
                   uint32_t width, uint32_t height);
void kc_frame_finish(struct kb_frame *frame);
void kc_frame_reset(struct kb_frame *frame);

/* show.c: 0, or why the frame could not be built, which is forgotten then. */
int kc_frame_check(struct kb_frame *frame);

/* show.c: sends the frame and begins a new one. -EINTR: it has not been sent, and is still there. */
int kc_frame_send(struct kb_frame *frame, uint32_t *serial);

/* Allocates the memory of frames. Tests put their own here to see it fail. */
extern void *(*kc_frame_realloc)(void *memory, size_t bytes);

#endif

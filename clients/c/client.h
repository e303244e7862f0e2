/* What the files of libkmsblit share: the three handles, and the work on the connection. */
#ifndef KC_CLIENT_H
#define KC_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include <kmsblit.h>

#include "error.h"
#include "gen/kmsblit_proto.h"
#include "input.h"
#include "memory.h"
#include "objects.h"
#include "transport.h"

#define KC_NAME_BYTES_MAX  128u
#define KC_SENTENCE_BYTES  768u
#define KC_FRAME_POOL_SIZE 4u
#define KC_ANSWERS_KEPT    4u
#define KC_FOREVER         INT64_MAX

/* A request that is answered once, as it is sent again to a restarted daemon. */
union kc_question {
    struct kb_req_sync sync;
    struct kb_req_get_statistics get_statistics;
    struct kb_req_screenshot screenshot;
    struct kb_req_describe describe;
    struct kb_req_clock_step clock_step;
    struct kb_req_launch launch;
};

/* The answer that a call waits for. */
struct kc_reply {
    uint16_t request;           /* its opcode */
    uint32_t serial;            /* of the request; 0: nobody waits */
    union kc_question question; /* the request; not of those that make a window */
    bool complete;
    int error; /* 0 or -errno; then there is a sentence */
    char sentence[KC_SENTENCE_BYTES];
    /* screenshot_done */
    uint32_t width, height;
    int pixels; /* owned, or -1 */
    /* statistics: the caller's room, and how much of it was filled */
    struct kb_statistic_value *values; /* borrowed */
    size_t values_capacity, values_count;
    char *text; /* description: owned; NULL: none came */
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

/* Whether the daemon is there. While it is not, requests are not queued: what they ask for is
 * recorded before in the handles, and told to the daemon that comes next. */
struct kc_link {
    int64_t limit_ns; /* how long to look for a daemon that went away; 0: not at all */
    bool established; /* there was a welcome once */
    bool lost;        /* the daemon went away */
    bool reviving;    /* it is back, and is being told of everything */
    unsigned epoch;   /* counts how often it went away */
    int64_t give_up_ns, next_try_ns, delay_ns;
    int64_t attempt_end_ns; /* by then the daemon must have taken all that it is told */
    int64_t revived_ns;     /* when it last came back ... */
    bool progress;          /* ... and whether a frame was answered since */
    char why[KC_SENTENCE_BYTES];
    int poll_fd;  /* owned: an epoll of the socket and the timer, which programs poll */
    int timer_fd; /* owned: of the next try */
};

struct kb_display {
    struct kc_transport transport;
    struct kc_link link;
    uint32_t last_serial;

    int broken; /* 0, or why the connection is of no more use, as -errno ... */
    char broken_why[KC_SENTENCE_BYTES]; /* ... and as a sentence */

    uint64_t launch, launched; /* tokens: this program's own, and who launched it; or 0 */
    struct kb_launch_state launch_state;

    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    char name[KC_NAME_BYTES_MAX + 1]; /* the program's */

    struct kb_evt_welcome welcome; /* its strings are not valid */
    char server[129];

    struct kb_output_info *outputs; /* owned */
    size_t outputs_count;

    struct kc_objects objects;           /* struct kb_image and kb_window, which the display owns */
    struct kb_image *leaving;            /* list: destroyed, but frames that are kept draw them */
    size_t leaving_count, leaving_limit; /* at the limit, the list is looked through */
    size_t lost_count;                   /* objects whose content_lost is set */
    uint64_t windows_made;
    struct kc_refusal refusal;
    struct kc_reply reply;           /* of the call that waits now */
    struct kc_reply hello, greeting; /* of a connection that begins, and of the sync after it */
    struct kc_reply step;            /* of clock_step, which an interrupted call leaves waiting */
    struct kc_pooled frame_pool[KC_FRAME_POOL_SIZE];
    struct kc_input input;
};

struct kb_image {
    struct kb_display *display; /* borrowed */
    uint32_t id;
    uint32_t width, height;
    /* Of pixels: what the daemon is told, with the palette owned. */
    enum kb_format format;
    uint32_t flags; /* enum kb_image_flag */
    uint32_t color_key;
    uint32_t *palette;
    uint32_t palette_count;
    size_t stride_bytes;
    struct kc_memory *memory; /* a reference: a shared image's; another's for a restarted daemon */
    uint32_t unread_serial; /* of the last request whose memory the daemon has not read; 0: none */
    /* Of a canvas. */
    struct kb_frame *frame; /* owned; NULL of others */
    uint32_t undone_serial; /* of its last frame, until it is answered; 0: none */
    bool drawn;             /* a frame was committed to it */
    bool content_lost;      /* and the program has not been told */
    bool leaving;           /* destroyed by the program; in the display's list */
    bool marked;            /* a kept frame draws it */
    struct kb_image *next_leaving;
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

/* A frame as it was sent, and the window's size and base colour then. */
struct kc_sent {
    uint8_t *bytes; /* owned */
    size_t units, units_capacity;
    uint32_t flags; /* enum kb_frame_flag; CLEAR also if the frame covers all that was there */
    uint32_t serial;
    uint32_t width, height, base_color;
    bool again; /* the program has its answer already, and this one is for a restarted daemon */
};

/* What is known of a window's picture once its unanswered frames are left out. */
enum kc_picture {
    KC_PICTURE_BLANK,    /* nothing was drawn */
    KC_PICTURE_KEPT,     /* `kept` draws it */
    KC_PICTURE_DRAWN_ON, /* only the daemon has it */
};

struct kb_window {
    struct kb_display *display; /* borrowed */
    uint32_t id;
    uint64_t order; /* of creation, which decides between equal z */
    uint32_t create_serial;
    struct kb_window_info info;         /* as last set; the title is owned */
    bool base_changed;                  /* before the first frame */
    struct kb_req_window_cursor cursor; /* as last set; its image may be gone */
    uint32_t input_flags;               /* enum kb_window_input_flag */
    bool has_state;
    struct kb_window_state state;
    struct kb_frame frame;           /* embedded; it knows the window's size */
    struct kc_sent sent[KB_CREDITS]; /* the frames not answered, oldest first; then spare memory */
    unsigned sent_count;
    struct kc_sent kept;
    enum kc_picture picture;
    bool content_lost;                         /* and the program has not been told */
    struct kc_answer answers[KC_ANSWERS_KEPT]; /* the latest is [answers_count - 1 mod kept] */
    unsigned answers_count;
    struct kb_presented last; /* the last answer that was no refusal */
    bool flip_waits;          /* a flip was interrupted after its commit */
};

/* connection.c: moving bytes and waiting. A function that waits returns -EINTR if a signal handler
 * ran meanwhile, and -EPIPE when the connection is of no more use (-ECANCELED: the program was ended). While the daemon is away, those
 * that wait look for it; those that do not return 0. While one that came back is being told of
 * everything, -ENOTCONN says that it went away again. */

/* Marks the connection as of no more use, says why, and returns -EPIPE or -ECANCELED. */
int kc_break(struct kb_display *display, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What every call returns from then on. */
int kc_broken(const struct kb_display *display);

/* The daemon went away, and why. Breaks the connection if it is not to be looked for. Returns 0,
 * -ENOTCONN or -EPIPE as above. */
int kc_lose(struct kb_display *display, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

uint32_t kc_next_serial(struct kb_display *display);

/* Queues a request. What it asks for must be recorded before: if the daemon went away it is told by
 * reconnect.c, and this returns 0. KC_WAIT: waits while there is no room, before anything is queued. KC_GROW:
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
/* Begins, and sends a request of which the reply keeps a copy. */
int kc_reply_ask(struct kb_display *display, struct kc_reply *reply, uint16_t request,
                 uint32_t serial, const union kc_question *question);
int kc_reply_wait(struct kb_display *display, struct kc_reply *reply, int64_t deadline_ns);

/* display.c: a connected, non-blocking socket, or -errno. Says hello with the token of an earlier
 * welcome, and waits until the daemon has told of itself and of all its outputs. */
int kc_open_socket(const char *path);
int kc_greet(struct kb_display *display);

/* reconnect.c: what kb_get_fd() returns, and how long to look for a daemon. -EMFILE, -ENOMEM. */
int kc_link_init(struct kb_display *display);
void kc_link_finish(struct kc_link *link);
/* Lets programs poll a socket that was opened; 0 or -errno. Makes them call, from now on. */
int kc_link_watch(struct kc_link *link, int fd);
void kc_link_alarm(struct kc_link *link, int64_t in_ns);
/* The daemon went away: looks for it when the next try is due, or waits for that. Returns 1 if it is
 * back and knows everything, else 0, -ETIMEDOUT, -EINTR or -EPIPE. */
int kc_recover(struct kb_display *display, int64_t deadline_ns);

/* announce.c: tells a daemon that knows nothing of everything. 0 or -errno. */
int kc_announce_all(struct kb_display *display);

/* events.c: handles one message of the daemon. Closes the fds that nobody took. 0, or -EPIPE. */
int kc_handle_event(struct kb_display *display, const struct kb_header *message, int *fds);

/* image.c: an image with an id and nothing else, that the daemon has not heard of; and taking such
 * a one back. -ENOMEM, -EDQUOT. */
int kc_image_alloc(struct kb_display *display, uint32_t width, uint32_t height,
                   struct kb_image **image);
void kc_image_undo(struct kb_image *image);

/* image.c: 0 for a format without a known pixel. */
unsigned kc_pixel_bytes(enum kb_format format);

/* image.c: tells the daemon of an image whose handle is complete. memory is not yet read. */
int kc_image_announce(struct kb_image *image, struct kc_memory *memory);
int kc_canvas_announce(const struct kb_image *canvas);
int kc_window_announce(const struct kb_window *window, const struct kc_sent *as_of, bool anywhere);

/* window.c: what is known of a window that was left. */
void kc_window_adopted(struct kb_window *window, const struct kb_evt_window_adopted *event);

/* launch.c: queues who launched this program, and that it launches others. 0 or -errno. */
int kc_launch_announce(struct kb_display *display);

/* window.c: tells a restarted daemon of the window's cursor, and how it wants its input. */
int kc_window_announce_input(struct kb_window *window);

/* ask.c: gives what waits to the program's handler. Returns the number of events. */
int kc_input_hand_out(struct kb_display *display);

/* kept.c: frames that a restarted daemon may have to be told again. A frame that is sent leaves its
 * memory there; kc_kept_undo() takes the last one back. */
void kc_kept_push(struct kb_window *window, uint32_t serial);
void kc_kept_undo(struct kb_window *window);
/* The frame at the index was answered; was it refused? */
void kc_kept_pop(struct kb_window *window, unsigned index, bool refused);
void kc_kept_finish(struct kb_window *window);
/* What was drawn over what is kept becomes one frame with that. False: that cannot be. */
bool kc_kept_merge(struct kb_window *window);
/* The images that a frame draws, one call each time. */
void kc_kept_images(const struct kc_sent *sent,
                    void (*found)(const struct kb_display *display, uint32_t id, void *context),
                    const struct kb_display *display, void *context);

/* image.c: frees destroyed images that no kept frame draws. */
void kc_images_leave(struct kb_display *display);

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

/* show.c: sends commands. -EINTR: they have not been sent. */
int kc_commands_send(struct kb_display *display, uint32_t object, uint32_t serial, uint32_t flags,
                     const uint8_t *bytes, size_t units);

/* Allocates the memory of frames. Tests put their own here to see it fail. */
extern void *(*kc_frame_realloc)(void *memory, size_t bytes);

#endif

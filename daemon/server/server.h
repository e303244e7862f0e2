/*
 * The daemon: one of everything, and what happens when. This is the only room that knows all the others.
 *
 * After each turn of the event loop kd_server_settle() brings everything up to date: frames that can be drawn are started, outputs whose time has
 * come tick, answers go out, and the timer is set for the next thing that is due. Nothing due: no timer.
 */
#ifndef KD_SERVER_SERVER_H
#define KD_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/jobs.h"
#include "output/output.h"
#include "render/render.h"
#include "scene/client.h"
#include "server/config.h"
#include "server/cursor.h"
#include "server/input.h"
#include "server/pointer.h"
#include "server/stack.h"
#include "server/watch.h"
#include "socket/connection.h"
#include "socket/listen.h"

struct kd_egl;
struct kd_hardware;
struct kd_loop;

/* Outputs at a time, and names of outputs in all. */
#define KD_MAX_DISPLAYS     16
#define KD_MAX_OUTPUT_NAMES 64

struct kd_display_stats {
    uint64_t frames_presented, frames_unchanged, tiles_drawn, tiles_kept, pixels_drawn, commits,
        flips, missed, draw_ns;
};

/* How far predicted drawing times are from real ones: predicted minus real. */
struct kd_prediction {
    int64_t mean_ns; /* of the last second that is over */
    int64_t sum_ns, count, begun_ns;
};

/* An output and what the daemon shows on it. */
struct kd_display {
    struct kd_server *server;
    struct kd_output *output; /* owned */
    struct kd_lane *lane;     /* owned: composing */
    struct kd_arena arena;    /* owned: for plans, while nothing is composed */
    unsigned busy;            /* jobs that use the output's buffers: until they are done it stays */
    bool is_gone;             /* its output is unplugged; to be destroyed when it is not busy */
    bool is_dark;             /* turned off, nothing having changed for long */
    bool has_old_buffers;     /* the former renderer's: made anew before anything is drawn */
    char mirror[33];      /* shows what the output of this name shows, if that is there; or "" */
    uint64_t *shown_keys; /* owned: of the tiles last committed */
    struct kd_plane_choice plane;        /* whether the topmost window has a plane */
    struct kd_plane_window shown_window; /* as last committed; buffer NULL: none */
    uint64_t *window_keys;               /* owned: of its tiles */
    size_t window_keys_count;
    bool damaged;       /* something may look different now */
    int64_t tick_at_ns; /* while SCHEDULED: when to look */
    int64_t
        answer_at_ns; /* while unchanged frames are owed an answer: the refresh that gives it; else 0 */
    int64_t target_ns;    /* the refresh that the frame being drawn is for */
    int64_t predicted_ns; /* how long composing takes, by experience */
    struct kd_prediction prediction;
    int64_t changed_at_ns; /* when a frame was last committed */
    unsigned failures;     /* commits and drawings that failed since the last that did not */
    struct kd_frame *owed; /* owned: latched and not answered; oldest first */
    struct kd_frame *owed_tail;
    struct kd_compose *composing; /* the job under way, or NULL */
    struct kd_display_cursor cursor;
    struct kd_display_stats stats;
    struct kd_display *next_gone;
};

/* A client waits for a virtual clock to move. */
struct kd_step {
    struct kd_step *next;
    struct kd_client *client; /* a reference */
    uint32_t serial;
    int64_t target_ns; /* 0: not begun */
    uint64_t duration_ns;
};

struct kd_server {
    struct kd_config config;
    struct kd_clock clock;
    uint64_t seed;                /* of the keys */
    struct kd_jobs *jobs;         /* owned */
    struct kd_renderer *renderer; /* owned */
    struct kd_renderer *retired;  /* owned: linked; still in use somewhere */
    struct kd_egl *egl;           /* the renderer's; NULL: the CPU draws */
    char renderer_reason[400];    /* why it draws, for people */
    uint64_t gpu_losses;
    struct kd_scene scene;
    struct kd_host host;
    struct kd_pointer pointer;
    struct kd_inputs inputs;
    struct kd_listener *listener; /* owned */
    struct kd_hardware *hardware; /* owned; NULL: virtual displays */
    struct kd_display
        *displays[KD_MAX_DISPLAYS]; /* owned; by id, so the first is the primary one */
    size_t displays_count;
    char reason[512];                           /* why this backend and card, for people */
    struct kd_display *gone;                    /* owned: linked; unplugged while still busy */
    char output_names[KD_MAX_OUTPUT_NAMES][33]; /* an output that comes back has the id it had */
    struct kd_connection *connections;          /* owned */
    unsigned connections_count;
    int64_t discard_at_ns;      /* when hidden windows' frames are answered next; 0: none wait */
    struct kd_log_limit faults; /* messages about clients that misbehave */
    struct kd_step *steps;      /* owned; oldest first */
    uint64_t wakeups, bytes_received, bytes_sent, requests,
        errors;           /* of connections that are gone, but for wakeups */
    struct kd_loop *loop; /* owned */
};

int64_t kd_server_now_ns(const struct kd_server *server);

/* Whether frames may promise their tiles (recipe.h). */
bool kd_server_is_direct(const struct kd_server *server);

/* server.c */
int kd_server_create(const struct kd_config *config, struct kd_server **out);
void kd_server_destroy(struct kd_server *server);
void kd_server_settle(struct kd_server *server);

/* When something is due next: on the displays' clock, and (sockets' deadlines) in real time; 0: nothing. */
int64_t kd_server_wake_ns(const struct kd_server *server);
int64_t kd_server_real_wake_ns(const struct kd_server *server);

/* loop.c: everything about sd-event. run() returns when a signal ended the daemon: 0 or -errno. */
int kd_loop_create(struct kd_server *server, struct kd_loop **out);
void kd_loop_destroy(struct kd_loop *loop);
int kd_loop_run(struct kd_loop *loop);
void kd_loop_quit(struct kd_loop *loop, int result);

/* Whether messages that have arrived wait to be handled. */
bool kd_loop_has_messages(const struct kd_loop *loop);

/* Stops watching a connection that is about to be destroyed. */
void kd_loop_forget(struct kd_loop *loop, struct kd_connection *connection);

/* The socket that systemd passed, or -1. */
int kd_loop_activation_fd(void);

/* windows.c: where windows are, and their frames on the way from QUEUED to latched. */
/* The display of the output with this id; 0: the primary one. NULL: there is none. */
struct kd_display *kd_display_find(const struct kd_server *server, uint32_t id);
struct kd_display *kd_window_display(const struct kd_server *server,
                                     const struct kd_window *window);
bool kd_window_place(const struct kd_server *server, const struct kd_window *window,
                     struct kd_global_box *place, struct kd_global_box *picture);
void kd_windows_advance(struct kd_server *server, struct kd_window *window);
struct kd_frame *kd_windows_latch(struct kd_server *server, struct kd_window *window);
void kd_windows_discard(struct kd_server *server, int64_t now_ns);
void kd_window_discarded(struct kd_window *window, const struct kd_frame *frame,
                         enum kb_discard_reason reason, int64_t now_ns);
void kd_window_report(struct kd_server *server, struct kd_window *window);
void kd_window_damage(struct kd_server *server, const struct kd_window *window);

/* mirror.c: displays that show what others show. */
/* Looks up in the configuration which. */
void kd_mirror_init(struct kd_display *display);

/* The display whose windows it shows: itself, or another one. */
struct kd_display *kd_mirror_source(struct kd_display *display);
bool kd_mirror_is(struct kd_display *display);

/* Where it shows its source's area, in its own pixels, and where a box of that then is. */
struct kd_output_box kd_mirror_area(struct kd_display *display);
struct kd_output_box kd_mirror_box(struct kd_display *display, struct kd_global_box global);

/* Puts its corner where its source's is. Whether it moved. */
bool kd_mirror_move(struct kd_display *display);

/* reload.c: reads the configuration again. */
void kd_server_reload(struct kd_server *server);

/* paint.c: drawing windows' pictures. */
void kd_paint_pump(struct kd_server *server, struct kd_window *window);

/* canvas.c: frames of canvases. Takes over the batch if it returns 0; else *why is a static sentence. */
int kd_canvas_frame(void *ctx, struct kd_client *client, struct kd_image *image,
                    struct kd_batch *batch, uint32_t object, uint32_t serial, const char **why);

/* backend.c: real displays or virtual ones. prepare() comes before there are threads. */
int kd_backend_prepare(struct kd_server *server);
int kd_backend_start(struct kd_server *server);

/* displays.c: outputs that come and go. The server takes the output over if add() returns 0. */
int kd_displays_add(struct kd_server *server, struct kd_output *output);
void kd_displays_remove(struct kd_server *server, struct kd_output *output);
void kd_displays_reap(struct kd_server *server);
void kd_displays_stop(struct kd_server *server);

/* Windows may be elsewhere now, or nowhere. */
void kd_displays_moved(struct kd_server *server);
void kd_displays_announce(const struct kd_output *output, struct kd_client *client);
void kd_displays_tell(struct kd_server *server, const struct kd_output *output); /* all clients */

/* frame.c: the displays' tick. The display takes the output over if it returns 0. */
int kd_display_create(struct kd_server *server, struct kd_output *output, struct kd_display **out);
void kd_display_destroy(struct kd_display *display);
void kd_display_damage(struct kd_display *display);

/* It may have lost its picture: all of it is committed once more. */
void kd_display_show_again(struct kd_display *display);
void kd_display_run(struct kd_display *display, int64_t now_ns);
int64_t kd_display_wake_ns(const struct kd_display *display);
void kd_display_forget_window(struct kd_display *display, const struct kd_window *window,
                              int64_t now_ns);

/* Whether windows can be seen on it. */
bool kd_display_is_on(const struct kd_display *display);

/* Its latched frames are discarded: nobody will see them there. */
void kd_display_forget_frames(struct kd_display *display, int64_t now_ns);

/* Somebody else has the display, and has it no more. */
void kd_display_pause(struct kd_display *display, int64_t now_ns);
void kd_display_resume(struct kd_display *display, int64_t now_ns);

/* A drawing failed: once more; by the processor, and at once, if the GPU is gone or fails again and again. */
void kd_display_redraw(struct kd_display *display, int error);

/* A commit or a drawing failed: once more, later. what: for the log, once. */
void kd_display_retry(struct kd_display *display, const char *what, int error);

/* compose.c: draws what a display should show into a buffer, and commits that. */
/* 1: it is under way. 0: there is nothing to be shown that is not shown. -errno. */
int kd_compose_begin(struct kd_display *display);

/* describe.c: what is used, and why. ctx is the server. */
void kd_describe(void *ctx, char *text, size_t text_bytes);

/* tools.c: screenshots, statistics, steps of the clock. */
int kd_tools_screenshot(void *ctx, struct kd_connection *connection,
                        enum kb_screenshot_target target, uint32_t object, uint32_t serial);
void kd_tools_statistics(void *ctx, struct kd_connection *connection,
                         enum kb_statistics_scope scope, uint32_t object, uint32_t serial);
void kd_tools_clock_step(void *ctx, struct kd_connection *connection, uint64_t duration_ns,
                         uint32_t serial);

#endif

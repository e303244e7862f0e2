/*
 * A client on its socket: the peer's bytes on one side, the scene's client on the other.
 */
#ifndef KD_SOCKET_CONNECTION_H
#define KD_SOCKET_CONNECTION_H

#include "scene/client.h"
#include "socket/peer.h"
#include "socket/policy.h"

struct kb_req_gamepad_rumble;
struct kb_req_input_inject;
struct kd_feed;
struct kd_injector;

/* What requests need of the rest of the daemon; server/ fills it in. All in the loop's thread. */
struct kd_host {
    void *ctx;
    struct kd_scene *scene;
    struct kd_jobs *jobs;
    struct kd_policy policy;
    uint64_t token; /* of this daemon's life */
    uint64_t max_client_bytes;
    uint32_t max_client_objects;
    bool virtual_clock;
    struct kd_log_limit *faults; /* the server's: bounds what misbehaving clients make it log */

    void (*announce_outputs)(void *ctx, struct kd_connection *connection);
    bool (*output_exists)(void *ctx, uint32_t output);

    /* A window is new, has frames to be drawn, or (before it is destroyed) is about to go. */
    void (*window_created)(void *ctx, struct kd_window *window);
    void (*window_adopted)(void *ctx, struct kd_window *window); /* another client's from now on */
    void (*window_queued)(void *ctx, struct kd_window *window);
    int (*canvas_frame)(void *ctx, struct kd_client *client, struct kd_image *image,
                        struct kd_batch *batch, uint32_t object, uint32_t serial,
                        const char **why); /* takes over the batch if it returns 0 */
    void (*window_destroyed)(void *ctx, struct kd_window *window);

    /* The client has gone; its windows too. */
    void (*client_gone)(void *ctx, struct kd_connection *connection);

    /* 0, or -errno and *why, a static sentence. */
    int (*inject)(void *ctx, struct kd_connection *connection, const struct kb_req_input_inject *in,
                  const char **why);
    /* Who has the focus. 0, or -errno and *why. */
    int (*window_focus)(void *ctx, struct kd_window *window, const char **why);

    /* The window's input_flags are others now. */
    void (*window_input)(void *ctx, struct kd_window *window);
    int (*rumble)(void *ctx, struct kd_client *client, const struct kb_req_gamepad_rumble *in,
                  const char **why);
    void (*announce_devices)(void *ctx, struct kd_connection *connection);

    /* These answer by themselves, now or later. screenshot: 0, or -EAGAIN: the peer is resumed with the answer. */
    int (*screenshot)(void *ctx, struct kd_connection *connection, enum kb_screenshot_target target,
                      uint32_t object, uint32_t serial);
    void (*statistics)(void *ctx, struct kd_connection *connection, enum kb_statistics_scope scope,
                       uint32_t object, uint32_t serial);
    /* Lines of text, without control characters but newlines; cut to what fits. */
    void (*describe)(void *ctx, char *text, size_t text_bytes);
    void (*clock_step)(void *ctx, struct kd_connection *connection, uint64_t duration_ns,
                       uint32_t serial);
};

struct kd_connection {
    const struct kd_host *host;
    struct kd_peer *peer;       /* owned */
    struct kd_client *client;   /* a reference */
    struct kd_connection *next; /* in the server's list */
    void *watch;                /* the server's */
    bool said_hello;
    int64_t hello_by_ns;  /* real time; 0: it has come, or is not waited for any more */
    uint16_t opcode;      /* of the request that is being handled */
    struct kd_feed *feed; /* owned; NULL: it wants no input */
    bool has_keymap;      /* it was told */
    int64_t end_at_ns;    /* it was asked to end, and is ended then; 0: not */
    struct kd_injector
        *injector; /* the server's, freed by client_gone(); NULL: it acts as no device */
};

/* Takes over fd in any case; now_ns is real time. Errors: -ENOMEM. */
int kd_connection_create(int fd, const struct kd_host *host, int64_t now_ns,
                         struct kd_connection **out);

/* Ends a connection on which hello did not come in time. */
void kd_connection_check_hello(struct kd_connection *connection, int64_t now_ns);

/* Destroys its windows and images and closes the socket. NULL is allowed. */
void kd_connection_destroy(struct kd_connection *connection);

/* Answers a request with an error; the message is a sentence that says what to do. */
void kd_connection_error(struct kd_connection *connection, uint32_t object, uint32_t serial,
                         enum kb_error_code code, uint32_t detail, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

/* The error code for an -errno of image/, scene/ and their like. */
enum kb_error_code kd_error_code(int error);

/* The client's object of this kind, or NULL after an error was sent. */
void *kd_connection_object(struct kd_connection *connection, uint32_t id, enum kd_object_kind kind,
                           uint32_t serial);

/* Handles one decoded request; the tables of handlers are in requests.c and frames.c. */
struct kb_req_handler;
extern const struct kb_req_handler kd_request_handler;

#endif

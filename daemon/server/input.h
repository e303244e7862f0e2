/*
 * Input: the devices that are there, and what happens with what they say. Sources (input/input.h) and clients that inject hand in values; the seat's
 * focus (scene/focus.h) says for which window they are; positions in it are made here, and its client's feed (socket/feed.h) sends them.
 */
#ifndef KD_SERVER_INPUT_H
#define KD_SERVER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/input.h"
#include "input/input.h"
#include "scene/focus.h"
#include "server/keyboard.h"
#include "server/pointer.h"
#include "server/watch.h"
#include "socket/feed.h"

struct kb_req_gamepad_rumble;
struct kb_req_input_inject;
struct kd_client;
struct kd_connection;
struct kd_server;

#define KD_MAX_DEVICES 128
#define KD_MAX_REFUSED 32
#define KD_MAX_SOURCES 4

struct kd_device {
    uint32_t number;
    struct kd_input_source *source; /* borrowed; NULL: a client injects */
    bool is_injected;
    bool is_shaking; /* as the client with the focus wanted */
    struct kd_input_device info;
    bool
        is_upright; /* positions on it are as people see the picture, however the display is turned */
};

/* A device that cannot be used. */
struct kd_refused {
    int error; /* -errno */
    char path[64], name[128], advice[160];
};

struct kd_source_in_use {
    struct kd_server *server;
    struct kd_input_source *source; /* owned; NULL: it broke */
    bool is_hardware;               /* not to be used while the session is paused */
    struct kd_watch watch;
};

struct kd_inputs {
    struct kd_focus focus;
    struct kd_keyboard keyboard;
    struct kd_keymap_names asked;              /* what the keymap was to be */
    struct kd_device *devices[KD_MAX_DEVICES]; /* owned; in order of their numbers */
    unsigned devices_count;
    uint32_t devices_created;
    struct kd_input_handler handler;
    struct kd_source_in_use sources[KD_MAX_SOURCES];
    unsigned sources_count;
    struct kd_input_source *speaking; /* the one that says what is being handled, or NULL */
    bool wants_hardware, has_hardware;
    struct kd_recorder *recorder; /* owned; NULL: nothing is recorded */
    struct kd_refused refused[KD_MAX_REFUSED];
    unsigned refused_count;
    bool is_stacked_anew; /* which windows can be seen, or their order, may have changed */
    struct kd_feed_latency latency;
    uint64_t sent, lost; /* of connections that are gone */
};

int kd_inputs_init(struct kd_server *server);
void kd_inputs_finish(struct kd_server *server);

/* The configuration is another one; what needs a restart stays as it is. */
struct kd_config_input;
void kd_inputs_reload(struct kd_server *server, const struct kd_config_input *fresh);
void kd_inputs_tell_keymap(const struct kd_server *server, struct kd_connection *connection);

/* Who has the focus and what is under the pointer, after windows or outputs changed. */
void kd_inputs_settle(struct kd_server *server);

/* A device is there: its number, or 0: there are too many. What is held on it when it goes is released. */
uint32_t kd_inputs_added(struct kd_server *server, const struct kd_input_device *info,
                         bool is_injected);
void kd_inputs_removed(struct kd_server *server, uint32_t number);
const struct kd_device *kd_inputs_device(const struct kd_inputs *inputs, uint32_t number);

/* Tells a client which devices are there. */
void kd_inputs_announce(const struct kd_inputs *inputs, struct kd_client *client);

/* Whether it can be seen, and wants input. */
bool kd_inputs_can_see(const struct kd_server *server, const struct kd_window *window);

/* A window or a connection is about to go. */
void kd_inputs_forget_window(struct kd_server *server, const struct kd_window *window);
void kd_inputs_forget_client(struct kd_server *server, struct kd_connection *connection);

/* input_route.c: something happened on a device. */
void kd_inputs_take(struct kd_server *server, const struct kd_input *input);

/* The topmost window at a place that wants input; NULL: there is none. */
struct kd_window *kd_inputs_window_at(const struct kd_server *server, struct kd_pointer_at at);

/* input_tell.c: what the focus says is sent. ctx is the server. */
extern const struct kd_focus_out kd_inputs_out;

/* Where a place among the outputs is in the window, in its logical pixels, at most at its edges. */
void kd_inputs_locate(const struct kd_server *server, const struct kd_window *window,
                      struct kd_pointer_at at, kb_fixed *x, kb_fixed *y);

/* sources.c: real devices, recordings played and made. start(): 0 or -errno, which was said. */
int kd_sources_start(struct kd_server *server);
void kd_sources_stop(struct kd_server *server);

/* The session is paused: devices must not be used; and is no more. */
void kd_sources_suspend(struct kd_server *server);
void kd_sources_resume(struct kd_server *server);
void kd_sources_set_leds(struct kd_server *server, uint32_t modifiers);

/* -ENODEV: there is no such gamepad. -EOPNOTSUPP: it cannot shake. */
int kd_sources_rumble(struct kd_server *server, uint32_t device, uint16_t strong, uint16_t weak,
                      uint32_t duration_ms);

/* Nothing shakes any more. */
void kd_sources_still(struct kd_server *server);

/* Sources that time drives. */
int64_t kd_sources_wake_ns(const struct kd_server *server);
void kd_sources_run(struct kd_server *server, int64_t now_ns);

/* The display that a device with positions lies on; NULL: it is not there. */
struct kd_display *kd_device_display(const struct kd_server *server,
                                     const struct kd_device *device);

/* shortcuts.c: a key was pressed. Whether it is the daemon's own. */
bool kd_shortcut(struct kd_server *server, uint32_t code);

/* Games that were asked to end. */
int64_t kd_shortcuts_wake_ns(const struct kd_server *server);
void kd_shortcuts_run(struct kd_server *server, int64_t now_ns);

/* What clients ask for; ctx is the server. */
int kd_inputs_focus(void *ctx, struct kd_window *window, const char **why);
void kd_inputs_flags(void *ctx, struct kd_window *window);
int kd_inputs_rumble(void *ctx, struct kd_client *client, const struct kb_req_gamepad_rumble *in,
                     const char **why);

/* inject.c: a client acts as devices; ctx is the server. 0, or -errno and why, a static sentence. */
struct kd_injector;
int kd_inject(void *ctx, struct kd_connection *connection, const struct kb_req_input_inject *in,
              const char **why);
void kd_inject_end(struct kd_server *server, struct kd_injector *injector); /* NULL is allowed */

#endif

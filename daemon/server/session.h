/*
 * How the daemon comes to its devices and its console. Two ways, behind one table of functions:
 *
 * service (service.c): devices are opened by group; the daemon has a VT of its own, without switching, which a guard process gives back.
 * seat (seat.c): a plain user; libseat (logind or seatd) opens the devices and switches VTs.
 *
 * Create it before any device is opened; destroy it after all devices are closed.
 */
#ifndef KD_SERVER_SESSION_H
#define KD_SERVER_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"

struct kd_session;

/* Called from kd_session_dispatch() only. After paused() returns, devices must not be used; before resumed() is called they may be
 * again (a display needs its modes set anew). A session that is not active when it is created calls resumed() first. */
struct kd_session_handler {
    void *ctx;
    void (*paused)(void *ctx);
    void (*resumed)(void *ctx);
};

struct kd_session_info {
    enum kd_session_mode mode;
    unsigned vt; /* of the service mode; 0: one is chosen */
    struct kd_session_handler handler;
};

/* Says in the log which mode it is, and why. On failure why is a whole sentence for the log: what was wrong and what to do. Returns 0
 * or -errno. Nothing is to be seen yet. */
int kd_session_create(const struct kd_session_info *info, struct kd_session **out, char *why,
                      size_t why_bytes);

/* The service mode's console is ours from now on: no text, no keys, no switching. To be called when a display was found and opened,
 * before it shows anything, and, as it forks, better before there are threads. A console that cannot be had is warned about, once, with
 * what to do. Waits for the switch, at most a few seconds. The seat mode has its console by then: nothing happens. */
void kd_session_take_console(struct kd_session *session);

/* Gives the console back: close every device first. */
void kd_session_destroy(struct kd_session *session);

/* "service" or "seat". */
const char *kd_session_name(const struct kd_session *session);

/* The VT that the daemon shows itself on; 0: none, or not known. */
unsigned kd_session_vt(const struct kd_session *session);

/* A device, opened for reading and writing: an fd, to be closed with kd_session_close(), or -errno. In the service mode a display
 * that was kept over a restart is adopted: *is_kept (may be NULL) is then true. Until kd_session_keep_display() it may be closed and
 * opened again, to look at it. */
int kd_session_open(struct kd_session *session, const char *path, bool *is_kept);
void kd_session_close(struct kd_session *session, int fd);

/* Whether devices may be used. Always, in the service mode. */
bool kd_session_active(const struct kd_session *session);

/* To be watched for reading, then dispatched; -1: there is nothing to be watched. Returns 0, or -errno when the seat is lost: the
 * daemon cannot go on with its devices then. */
int kd_session_fd(const struct kd_session *session);
int kd_session_dispatch(struct kd_session *session);

/* 0, or -errno: -EOPNOTSUPP in the service mode. */
int kd_session_switch_vt(struct kd_session *session, unsigned vt);

/* Service mode under systemd: the display, an fd of kd_session_open(), outlives a crash, and the next daemon's kd_session_open()
 * adopts it. Forgotten by kd_session_close(), and thus by every orderly end. */
void kd_session_keep_display(struct kd_session *session, int fd);

/* The base of either kind; what follows is for service.c and seat.c. */
struct kd_session_impl {
    const char *name;
    int (*open)(struct kd_session *session, const char *path, bool *is_kept);
    void (*close)(struct kd_session *session, int fd);
    void (*take_console)(struct kd_session *session);
    void (*keep_display)(struct kd_session *session, int fd);
    int (*get_fd)(const struct kd_session *session);
    int (*dispatch)(struct kd_session *session);
    int (*switch_vt)(struct kd_session *session, unsigned vt);
    void (*destroy)(struct kd_session *session);
};

struct kd_session {
    const struct kd_session_impl *impl;
    struct kd_session_handler handler;
    unsigned vt;
    bool active;
};

int kd_service_create(const struct kd_session_info *info, struct kd_session **out);
int kd_seat_create(const struct kd_session_info *info, struct kd_session **out, char *why,
                   size_t why_bytes);

#endif

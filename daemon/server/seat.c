/* The seat mode: a plain user, whose devices and VT switches come from logind or seatd, through libseat. */
#include <errno.h>
#include <libseat.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/session.h"

#define KD_LOG_MODULE "seat"
#include "base/log.h"

/* A seat that is in front says so at once. */
#define ENABLE_NS   (2 * INT64_C(1000000000))
#define MAX_DEVICES 64

struct seat {
    struct kd_session base;
    struct libseat *seat; /* owned */
    bool is_created;      /* only then is the handler called */
    struct {
        int fd; /* libseat's */
        int id;
    } devices[MAX_DEVICES];
    size_t devices_count;
};

/* libseat's last complaint: why there is no seat, in its own words. */
static char complaint[256];

static void on_log(enum libseat_log_level level, const char *format, va_list arguments)
{
    char text[256];

    vsnprintf(text, sizeof(text), format, arguments);
    KD_DEBUG("libseat: %s", text);
    if (level == LIBSEAT_LOG_LEVEL_ERROR)
        memcpy(complaint, text, sizeof(complaint));
}

static struct seat *of(struct kd_session *session)
{
    return (struct seat *)session;
}

/* ---- Pause and resume ------------------------------------------------------------------------- */

static void on_enable(struct libseat *libseat, void *ctx)
{
    struct seat *seat = ctx;

    (void)libseat;
    seat->base.active = true;
    if (!seat->is_created)
        return;
    KD_INFO("the VT is in front again");
    seat->base.handler.resumed(seat->base.handler.ctx);
}

/* The devices are taken away when the seat hears that we are ready, or after a while anyway. */
static void on_disable(struct libseat *libseat, void *ctx)
{
    struct seat *seat = ctx;

    seat->base.active = false;
    if (seat->is_created) {
        KD_INFO("another VT comes to the front: paused");
        seat->base.handler.paused(seat->base.handler.ctx);
    }
    if (libseat_disable_seat(libseat) < 0)
        KD_WARN("the seat does not take the pause: %s", strerror(errno));
}

static const struct libseat_seat_listener listener = {
    .enable_seat = on_enable,
    .disable_seat = on_disable,
};

/* ---- Devices ---------------------------------------------------------------------------------- */

static int seat_open(struct kd_session *session, const char *path, bool *is_kept)
{
    struct seat *seat = of(session);
    int fd, id;

    *is_kept = false;
    if (seat->devices_count == MAX_DEVICES)
        return -EMFILE;
    id = libseat_open_device(seat->seat, path, &fd);
    if (id < 0)
        return errno ? -errno : -EIO;
    seat->devices[seat->devices_count].fd = fd;
    seat->devices[seat->devices_count++].id = id;
    return fd;
}

/* The fd is libseat's to close. */
static void seat_close(struct kd_session *session, int fd)
{
    struct seat *seat = of(session);

    for (size_t i = 0; i < seat->devices_count; i++) {
        if (seat->devices[i].fd != fd)
            continue;
        if (libseat_close_device(seat->seat, seat->devices[i].id) < 0)
            KD_DEBUG("a device was gone before it was closed: %s", strerror(errno));
        seat->devices[i] = seat->devices[--seat->devices_count];
        return;
    }
}

static void seat_take_console(struct kd_session *session)
{
    (void)session;
}

static void seat_keep_display(struct kd_session *session, int fd)
{
    (void)session;
    (void)fd;
}

/* ---- Beginning and end ------------------------------------------------------------------------ */

static int seat_fd(const struct kd_session *session)
{
    return libseat_get_fd(((const struct seat *)session)->seat);
}

static int seat_dispatch(struct kd_session *session)
{
    if (libseat_dispatch(of(session)->seat, 0) >= 0)
        return 0;
    return errno ? -errno : -EPIPE;
}

static int seat_switch_vt(struct kd_session *session, unsigned vt)
{
    return libseat_switch_session(of(session)->seat, (int)vt) < 0 ? -errno : 0;
}

static void seat_destroy(struct kd_session *session)
{
    struct seat *seat = of(session);

    seat->is_created = false;
    while (seat->devices_count > 0)
        seat_close(session, seat->devices[0].fd);
    if (seat->seat)
        libseat_close_seat(seat->seat);
    free(seat);
}

static const struct kd_session_impl seat_impl = {
    .name = "seat",
    .open = seat_open,
    .close = seat_close,
    .take_console = seat_take_console,
    .keep_display = seat_keep_display,
    .get_fd = seat_fd,
    .dispatch = seat_dispatch,
    .switch_vt = seat_switch_vt,
    .destroy = seat_destroy,
};

static int await_enable(struct seat *seat)
{
    int64_t until_ns = kd_clock_real_ns() + ENABLE_NS;
    int64_t left_ns = ENABLE_NS;

    while (!seat->base.active && left_ns > 0) {
        if (libseat_dispatch(seat->seat, (int)(left_ns / 1000000) + 1) < 0 && errno != EINTR)
            return errno ? -errno : -EPIPE;
        left_ns = until_ns - kd_clock_real_ns();
    }
    return 0;
}

int kd_seat_create(const struct kd_session_info *info, struct kd_session **out, char *why,
                   size_t why_bytes)
{
    struct seat *seat = calloc(1, sizeof(*seat));
    int error;

    (void)info;
    if (!seat) {
        snprintf(why, why_bytes, "there is no memory for a seat");
        return -ENOMEM;
    }
    seat->base.impl = &seat_impl;
    complaint[0] = '\0';
    libseat_set_log_handler(on_log);
    libseat_set_log_level(LIBSEAT_LOG_LEVEL_DEBUG);
    errno = 0;
    seat->seat = libseat_open_seat(&listener, seat);
    error = seat->seat ? await_enable(seat) : errno ? -errno : -ENOENT;
    if (error) {
        snprintf(why, why_bytes,
                 "there is no seat for this user, by logind or seatd: %s%s%s (log in on the device "
                 "itself, or start seatd and join its group)",
                 strerror(-error), complaint[0] ? "; " : "", complaint);
        seat_destroy(&seat->base);
        return error;
    }
    seat->is_created = true;
    KD_INFO("seat mode: %s%s", libseat_seat_name(seat->seat),
            seat->base.active ? "" : "; another VT is in front: waiting for ours");
    *out = &seat->base;
    return 0;
}

/* The seat mode: a plain user, whose devices and VT switches come from logind or seatd, through libseat. */
#include <errno.h>
#include <libseat.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/session.h"

#define KD_LOG_MODULE "seat"
#include "base/log.h"

/* A seat that is in front says so at once. */
#define ENABLE_NS   (2 * INT64_C(1000000000))
#define MAX_DEVICES 64

enum news { NEWS_NONE, NEWS_ENABLED, NEWS_DISABLED };

struct seat {
    struct kd_session base;
    struct libseat *seat;  /* owned */
    int epoll_fd, wake_fd; /* owned: watches libseat's fd and wake_fd, an eventfd */
    enum news news;        /* what the handler has not heard yet */
    bool is_paused;        /* what the handler believes */
    struct {
        int fd; /* libseat's */
        int id;
    } devices[MAX_DEVICES];
    size_t devices_count;
};

/* Not "builtin", which opens for anybody and then shows nothing. */
static const char *const backends[] = {"seatd", "logind"};

/* Why there is no seat, in libseat's own words. */
static char complaints[300];

/* Its lines begin with the place in its source. What could not be connected to is told as mere information. */
static void on_log(enum libseat_log_level level, const char *format, va_list arguments)
{
    char text[256], *said;
    size_t used = strlen(complaints);

    vsnprintf(text, sizeof(text), format, arguments);
    KD_DEBUG("libseat: %s", text);
    said = text[0] == '[' ? strstr(text, "] ") : NULL;
    said = said ? said + 2 : text;
    if (strncmp(said, "Could not", 9) == 0 || (level == LIBSEAT_LOG_LEVEL_ERROR && used == 0))
        snprintf(complaints + used, sizeof(complaints) - used, "%s%.160s", used ? "; " : "", said);
}

static struct seat *of(struct kd_session *session)
{
    return (struct seat *)session;
}

/* ---- Pause and resume ------------------------------------------------------------------------- */

/* libseat also says these while a device is being opened or closed, where the handler must not be called: it hears of them from
 * kd_session_dispatch(). */
static void on_enable(struct libseat *libseat, void *ctx)
{
    struct seat *seat = ctx;

    (void)libseat;
    seat->news = NEWS_ENABLED;
}

static void on_disable(struct libseat *libseat, void *ctx)
{
    struct seat *seat = ctx;

    (void)libseat;
    seat->base.active = false;
    seat->news = NEWS_DISABLED;
}

/* The devices are taken away when the seat hears that we are ready, or after a while anyway. */
static void pass_on(struct seat *seat)
{
    const struct kd_session_handler *handler = &seat->base.handler;
    enum news news = seat->news;

    seat->news = NEWS_NONE;
    seat->base.active = news == NEWS_ENABLED || (news == NEWS_NONE && seat->base.active);
    if (news == NEWS_ENABLED && seat->is_paused) {
        seat->is_paused = false;
        KD_INFO("our VT is in front");
        handler->resumed(handler->ctx);
    } else if (news == NEWS_DISABLED) {
        if (!seat->is_paused) {
            seat->is_paused = true;
            KD_INFO("another VT comes to the front: paused");
            handler->paused(handler->ctx);
        }
        if (libseat_disable_seat(seat->seat) < 0)
            KD_WARN("the seat does not take the pause: %s", strerror(errno));
    }
}

/* libseat may have read more than it has told: have it dispatched once more. */
static void wake(struct seat *seat)
{
    if (eventfd_write(seat->wake_fd, 1) < 0)
        KD_WARN("the seat cannot be woken: %s", strerror(errno));
}

/* ---- Devices ---------------------------------------------------------------------------------- */

static int seat_open(struct kd_session *session, const char *path, bool *is_kept)
{
    struct seat *seat = of(session);
    int fd, id, error;

    *is_kept = false;
    if (seat->devices_count == MAX_DEVICES)
        return -EMFILE;
    id = libseat_open_device(seat->seat, path, &fd);
    error = id < 0 ? (errno ? -errno : -EIO) : 0;
    wake(seat);
    if (error)
        return error;
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
        wake(seat);
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
    return ((const struct seat *)session)->epoll_fd;
}

/* libseat itself overlooks the end of seatd's connection when it does not wait. */
static int seat_dispatch(struct kd_session *session)
{
    struct seat *seat = of(session);
    struct pollfd poll_fd = {.fd = libseat_get_fd(seat->seat)};
    eventfd_t ignored;
    int result;

    eventfd_read(seat->wake_fd, &ignored);
    errno = 0;
    result = libseat_dispatch(seat->seat, 0) < 0 ? (errno ? -errno : -EPIPE) : 0;
    if (!result && poll(&poll_fd, 1, 0) > 0 && (poll_fd.revents & (POLLHUP | POLLERR | POLLNVAL)))
        result = -EPIPE;
    pass_on(seat);
    return result;
}

static int seat_switch_vt(struct kd_session *session, unsigned vt)
{
    return libseat_switch_session(of(session)->seat, (int)vt) < 0 ? -errno : 0;
}

static void seat_destroy(struct kd_session *session)
{
    struct seat *seat = of(session);

    while (seat->devices_count > 0)
        seat_close(session, seat->devices[0].fd);
    if (seat->seat)
        libseat_close_seat(seat->seat);
    if (seat->wake_fd >= 0)
        close(seat->wake_fd);
    if (seat->epoll_fd >= 0)
        close(seat->epoll_fd);
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

static const struct libseat_seat_listener listener = {
    .enable_seat = on_enable,
    .disable_seat = on_disable,
};

/* A backend can only be named by the environment; what the user wrote there holds. */
static struct libseat *open_any(struct seat *seat)
{
    struct libseat *opened = NULL;

    if (getenv("LIBSEAT_BACKEND"))
        return libseat_open_seat(&listener, seat);
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]) && !opened; i++) {
        setenv("LIBSEAT_BACKEND", backends[i], 1);
        opened = libseat_open_seat(&listener, seat);
    }
    unsetenv("LIBSEAT_BACKEND");
    return opened;
}

static int await_enable(struct seat *seat)
{
    int64_t until_ns = kd_clock_real_ns() + ENABLE_NS;
    int64_t left_ns = ENABLE_NS;

    while (seat->news != NEWS_ENABLED && left_ns > 0) {
        if (libseat_dispatch(seat->seat, (int)(left_ns / 1000000) + 1) < 0 && errno != EINTR)
            return errno ? -errno : -EPIPE;
        left_ns = until_ns - kd_clock_real_ns();
    }
    seat->base.active = seat->news == NEWS_ENABLED;
    seat->is_paused = !seat->base.active;
    if (seat->base.active)
        seat->news = NEWS_NONE;
    return 0;
}

/* One fd to watch for both. */
static int watch(struct seat *seat)
{
    struct epoll_event event = {.events = EPOLLIN};

    seat->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    seat->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (seat->wake_fd < 0 || seat->epoll_fd < 0 ||
        epoll_ctl(seat->epoll_fd, EPOLL_CTL_ADD, seat->wake_fd, &event) < 0 ||
        epoll_ctl(seat->epoll_fd, EPOLL_CTL_ADD, libseat_get_fd(seat->seat), &event) < 0)
        return -errno;
    wake(seat);
    return 0;
}

/* Makes the seat ours. */
static int begin(struct seat *seat)
{
    int error;

    seat->base.impl = &seat_impl;
    seat->wake_fd = seat->epoll_fd = -1;
    complaints[0] = '\0';
    libseat_set_log_handler(on_log);
    libseat_set_log_level(LIBSEAT_LOG_LEVEL_DEBUG);
    errno = 0;
    seat->seat = open_any(seat);
    if (!seat->seat)
        return errno ? -errno : -ENOENT;
    error = watch(seat);
    return error ? error : await_enable(seat);
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
    error = begin(seat);
    if (error) {
        snprintf(why, why_bytes,
                 "no seat is to be had from seatd or logind: %s (log in on the device itself, or "
                 "start seatd and join its group)",
                 complaints[0] ? complaints : strerror(-error));
        seat_destroy(&seat->base);
        return error;
    }
    KD_INFO("seat mode: %s%s", libseat_seat_name(seat->seat),
            seat->base.active ? "" : "; another VT is in front: waiting for ours");
    *out = &seat->base;
    return 0;
}

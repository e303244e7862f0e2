/* The service mode: devices by group, a VT of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/fdstore.h"
#include "server/guard.h"
#include "server/session.h"

#define KD_LOG_MODULE "session"
#include "base/log.h"

#define MAX_KEPT 4

struct service {
    struct kd_session base;
    unsigned wanted_vt;    /* 0: any */
    struct kd_guard guard; /* fd -1: there is no console */
    struct {
        int fd;       /* owned */
        bool is_lent; /* handed out by kd_session_open() */
    } kept[MAX_KEPT]; /* displays of an earlier daemon that nobody has asked to keep again yet */
    size_t kept_count;
    int stored; /* borrowed: what the fd store has a copy of; -1: nothing */
};

static struct service *of(struct kd_session *session)
{
    return (struct service *)session;
}

/* ---- Devices ---------------------------------------------------------------------------------- */

static int adopt(struct service *service, const char *path)
{
    struct stat wanted, kept;

    if (service->kept_count == 0 || stat(path, &wanted) < 0)
        return -1;
    for (size_t i = 0; i < service->kept_count; i++) {
        int fd = service->kept[i].fd;

        if (service->kept[i].is_lent || fstat(fd, &kept) < 0 || !S_ISCHR(kept.st_mode) ||
            kept.st_rdev != wanted.st_rdev)
            continue;
        service->kept[i].is_lent = true;
        return fd;
    }
    return -1;
}

static int service_open(struct kd_session *session, const char *path, bool *is_kept)
{
    int fd = adopt(of(session), path);

    *is_kept = fd >= 0;
    if (fd >= 0) {
        KD_DEBUG("%s was kept over the restart", path);
        return fd;
    }
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* Takes an fd out of those of the earlier daemon. False: it is none of them. */
static bool claim(struct service *service, int fd)
{
    for (size_t i = 0; i < service->kept_count; i++)
        if (service->kept[i].fd == fd) {
            service->kept[i] = service->kept[--service->kept_count];
            return true;
        }
    return false;
}

/* Somebody only had a look, among all cards: what an earlier daemon left can be opened again. */
static void service_close(struct kd_session *session, int fd)
{
    struct service *service = of(session);

    for (size_t i = 0; i < service->kept_count; i++)
        if (service->kept[i].fd == fd) {
            service->kept[i].is_lent = false;
            return;
        }
    if (fd == service->stored) {
        kd_fdstore_forget(KD_FDSTORE_CARD);
        service->stored = -1;
    }
    close(fd);
}

static void close_kept(struct service *service)
{
    for (size_t i = 0; i < service->kept_count; i++)
        close(service->kept[i].fd);
    service->kept_count = 0;
}

static void service_keep_display(struct kd_session *session, int fd)
{
    struct service *service = of(session);
    bool is_stored;

    if (fd == service->stored || (service->guard.fd >= 0 && !service->guard.can_be_kept))
        return;
    is_stored = claim(service, fd);
    if (is_stored)
        KD_INFO("the display was kept over the restart");
    if (service->kept_count > 0) { /* displays that are not used any more */
        close_kept(service);
        kd_fdstore_forget(KD_FDSTORE_CARD);
        is_stored = false;
    }
    if (!is_stored)
        kd_fdstore_keep(fd, KD_FDSTORE_CARD);
    service->stored = fd;
}

/* ---- Console ---------------------------------------------------------------------------------- */

/* The guard of a daemon that crashed, if it has the right VT. */
static void adopt_guard(struct service *service)
{
    char why[256];
    int fd;

    while (service->guard.fd < 0 && (fd = kd_fdstore_take(KD_FDSTORE_GUARD)) >= 0) {
        int error = kd_guard_adopt(&service->guard, fd);

        if (error) {
            KD_WARN("the guard of the daemon before this one is gone: %s", strerror(-error));
            kd_fdstore_forget(KD_FDSTORE_GUARD);
        } else if (service->wanted_vt != 0 && service->wanted_vt != service->guard.vt) {
            if (kd_guard_end(&service->guard, why, sizeof(why)))
                KD_WARN("the console of the daemon before this one: %s", why);
            kd_fdstore_forget(KD_FDSTORE_GUARD);
        } else {
            KD_INFO("VT %u was kept over the restart", service->guard.vt);
            service->base.vt = service->guard.vt;
        }
    }
}

static void service_take_console(struct kd_session *session)
{
    struct service *service = of(session);
    unsigned vt = service->wanted_vt;
    char why[256];
    int error;

    if (service->guard.fd >= 0)
        return;
    if (vt == 0)
        vt = kd_console_inherited_vt(&kd_console_kernel);
    error = kd_guard_start(&service->guard, &kd_console_kernel, vt, why, sizeof(why));
    if (error == -ENOENT || error == -ENXIO || error == -ENODEV) {
        KD_INFO("no console: %s", why);
    } else if (error) {
        KD_WARN("no console: %s; going on without, so what is typed also reaches whatever listens "
                "on the active one",
                why);
    } else {
        KD_INFO("console: VT %u is ours", service->guard.vt);
        session->vt = service->guard.vt;
        if (service->guard.can_be_kept)
            kd_fdstore_keep(service->guard.fd, KD_FDSTORE_GUARD);
    }
}

/* ---- Beginning and end ------------------------------------------------------------------------ */

static int service_fd(const struct kd_session *session)
{
    (void)session;
    return -1;
}

static int service_dispatch(struct kd_session *session)
{
    (void)session;
    return 0;
}

static int service_switch_vt(struct kd_session *session, unsigned vt)
{
    (void)session;
    (void)vt;
    return -EOPNOTSUPP;
}

static void service_destroy(struct kd_session *session)
{
    struct service *service = of(session);
    char why[256];

    if (service->kept_count > 0 || service->stored >= 0)
        kd_fdstore_forget(KD_FDSTORE_CARD);
    close_kept(service);
    if (service->guard.fd >= 0) {
        if (service->guard.can_be_kept)
            kd_fdstore_forget(KD_FDSTORE_GUARD);
        if (kd_guard_end(&service->guard, why, sizeof(why)))
            KD_ERROR("the console is not as it was: %s", why);
        else
            KD_INFO("console: given back");
    }
    free(service);
}

static const struct kd_session_impl service_impl = {
    .name = "service",
    .open = service_open,
    .close = service_close,
    .take_console = service_take_console,
    .keep_display = service_keep_display,
    .get_fd = service_fd,
    .dispatch = service_dispatch,
    .switch_vt = service_switch_vt,
    .destroy = service_destroy,
};

int kd_service_create(const struct kd_session_info *info, struct kd_session **out)
{
    struct service *service = calloc(1, sizeof(*service));
    int fd;

    if (!service)
        return -ENOMEM;
    service->base.impl = &service_impl;
    service->base.active = true;
    service->guard.fd = -1;
    service->stored = -1;
    service->wanted_vt = info->vt;
    adopt_guard(service);
    while ((fd = kd_fdstore_take(KD_FDSTORE_CARD)) >= 0) {
        if (service->kept_count == MAX_KEPT)
            close(fd);
        else
            service->kept[service->kept_count++].fd = fd;
    }
    *out = &service->base;
    return 0;
}

#include "server/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KD_LOG_MODULE "session"
#include "base/log.h"

/* Whether the system's own service manager started this process, and for no login. */
static bool is_system_service(void)
{
    const char *started = getenv("SYSTEMD_EXEC_PID");

    return started && strtol(started, NULL, 10) == getpid() && getppid() == 1 &&
           !getenv("XDG_SESSION_ID");
}

static int create_service(const struct kd_session_info *info, const char *reason,
                          struct kd_session **out, char *why, size_t why_bytes)
{
    int error;

    KD_INFO("service mode: %s", reason);
    error = kd_service_create(info, out);
    if (error)
        snprintf(why, why_bytes, "the service mode cannot begin: %s", strerror(-error));
    return error;
}

static int create_any(const struct kd_session_info *info, struct kd_session **out, char *why,
                      size_t why_bytes)
{
    char reason[512], no_seat[448];

    if (geteuid() == 0)
        return create_service(info, "started as root", out, why, why_bytes);
    if (is_system_service())
        return create_service(info, "started as a system service", out, why, why_bytes);
    if (kd_seat_create(info, out, no_seat, sizeof(no_seat)) == 0)
        return 0;
    snprintf(reason, sizeof(reason), "devices are opened by group, because %s", no_seat);
    return create_service(info, reason, out, why, why_bytes);
}

int kd_session_create(const struct kd_session_info *info, struct kd_session **out, char *why,
                      size_t why_bytes)
{
    int error = -EINVAL;

    switch (info->mode) {
    case KD_SESSION_AUTO: error = create_any(info, out, why, why_bytes); break;
    case KD_SESSION_SERVICE: error = create_service(info, "asked for", out, why, why_bytes); break;
    case KD_SESSION_SEAT: error = kd_seat_create(info, out, why, why_bytes); break;
    }
    if (!error)
        (*out)->handler = info->handler;
    return error;
}

void kd_session_destroy(struct kd_session *session)
{
    if (session)
        session->impl->destroy(session);
}

void kd_session_take_console(struct kd_session *session)
{
    session->impl->take_console(session);
}

const char *kd_session_name(const struct kd_session *session)
{
    return session->impl->name;
}

unsigned kd_session_vt(const struct kd_session *session)
{
    return session->vt;
}

int kd_session_open(struct kd_session *session, const char *path, bool *is_kept)
{
    bool unused;

    return session->impl->open(session, path, is_kept ? is_kept : &unused);
}

void kd_session_close(struct kd_session *session, int fd)
{
    if (fd >= 0)
        session->impl->close(session, fd);
}

bool kd_session_active(const struct kd_session *session)
{
    return session->active;
}

int kd_session_fd(const struct kd_session *session)
{
    return session->impl->get_fd(session);
}

int kd_session_dispatch(struct kd_session *session)
{
    return session->impl->dispatch(session);
}

int kd_session_switch_vt(struct kd_session *session, unsigned vt)
{
    return session->impl->switch_vt(session, vt);
}

void kd_session_keep_display(struct kd_session *session, int fd)
{
    session->impl->keep_display(session, fd);
}

#include "server/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/major.h>
#include <linux/vt.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <unistd.h>

/* A switch that another display server does not agree to never comes. */
#define SWITCH_TICKS   30
#define SWITCH_TICK_US 100000

/* ---- The kernel's calls ----------------------------------------------------------------------- */

static void on_alarm(int number)
{
    (void)number;
}

/* VT_WAITACTIVE, but not for ever: a ticking timer interrupts it. Only the guard's process has this timer. */
static int wait_active(int fd, void *vt)
{
    const struct sigaction action = {.sa_handler = on_alarm};
    const struct itimerval tick = {{0, SWITCH_TICK_US}, {0, SWITCH_TICK_US}};
    struct sigaction before;
    int result = -1, error = ETIMEDOUT;

    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &tick, NULL);
    for (int i = 0; i < SWITCH_TICKS && result < 0; i++) {
        result = ioctl(fd, VT_WAITACTIVE, vt);
        if (result < 0 && errno != EINTR) {
            error = errno;
            break;
        }
    }
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL);
    sigaction(SIGALRM, &before, NULL);
    errno = error;
    return result;
}

static int kernel_open(void *ctx, const char *path, int flags)
{
    (void)ctx;
    return open(path, flags);
}

static int kernel_close(void *ctx, int fd)
{
    (void)ctx;
    return close(fd);
}

static int kernel_ioctl(void *ctx, int fd, unsigned long request, void *argument)
{
    (void)ctx;
    return request == VT_WAITACTIVE ? wait_active(fd, argument) : ioctl(fd, request, argument);
}

static unsigned kernel_vt_of(void *ctx, int fd)
{
    struct stat stat;

    (void)ctx;
    if (fstat(fd, &stat) < 0 || !S_ISCHR(stat.st_mode) || major(stat.st_rdev) != TTY_MAJOR ||
        minor(stat.st_rdev) > MAX_NR_CONSOLES)
        return 0;
    return minor(stat.st_rdev);
}

const struct kd_console_calls kd_console_kernel = {
    .open = kernel_open,
    .close = kernel_close,
    .ioctl = kernel_ioctl,
    .vt_of = kernel_vt_of,
};

/* ---- Steps ------------------------------------------------------------------------------------ */

static void path_of(unsigned vt, char path[32])
{
    snprintf(path, 32, "/dev/tty%u", vt);
}

/* Members of the group tty may only write, which is enough. */
static int open_vt(const struct kd_console_calls *calls, unsigned vt)
{
    const int flags = O_NOCTTY | O_CLOEXEC | O_NONBLOCK;
    char path[32];
    int fd;

    path_of(vt, path);
    fd = calls->open(calls->ctx, path, O_RDWR | flags);
    if (fd < 0 && errno == EACCES)
        fd = calls->open(calls->ctx, path, O_WRONLY | flags);
    return fd;
}

static void explain_open(unsigned vt, int error, char *why, size_t why_bytes)
{
    char path[32];

    path_of(vt, path);
    if (error == EACCES)
        snprintf(why, why_bytes,
                 "cannot open %s: permission denied; add the daemon's user to the group tty, or "
                 "start it as the service kmsblitd",
                 path);
    else if (error == ENOENT || error == ENXIO || error == ENODEV)
        snprintf(why, why_bytes, "there is no %s", path);
    else
        snprintf(why, why_bytes, "cannot open %s: %s", path, strerror(error));
}

/* A getty that starts on the VT, or the end of the session that it belonged to, cuts off every fd of it (EIO): then it is opened
 * again. */
static int call(struct kd_console *console, unsigned long request, void *argument)
{
    const struct kd_console_calls *calls = console->calls;
    int fd;

    if (calls->ioctl(calls->ctx, console->fd, request, argument) >= 0)
        return 0;
    if (errno != EIO)
        return -errno;
    fd = open_vt(calls, console->vt);
    if (fd < 0)
        return -errno;
    calls->close(calls->ctx, console->fd);
    console->fd = fd;
    return calls->ioctl(calls->ctx, fd, request, argument) < 0 ? -errno : 0;
}

static void *number(unsigned long value)
{
    return (void *)(uintptr_t)value;
}

static int switch_to(struct kd_console *console, unsigned vt)
{
    int error = call(console, VT_ACTIVATE, number(vt));

    return error ? error : call(console, VT_WAITACTIVE, number(vt));
}

/* With VT_PROCESS the kernel asks the owner before it switches away, by a signal: none is sent, and so the answer never comes. */
static int set_lock(struct kd_console *console, bool locked)
{
    struct vt_mode mode = {.mode = locked ? VT_PROCESS : VT_AUTO};

    return call(console, VT_SETMODE, &mode);
}

static int active_vt(struct kd_console *console, unsigned *vt)
{
    struct vt_stat state = {0};
    int error = call(console, VT_GETSTATE, &state);

    *vt = state.v_active;
    return error;
}

static int choose_vt(const struct kd_console_calls *calls, unsigned *vt, char *why,
                     size_t why_bytes)
{
    int free_vt = -1, error = 0, fd = open_vt(calls, 0);

    if (fd < 0) {
        error = -errno;
        explain_open(0, -error, why, why_bytes);
        return error;
    }
    if (calls->ioctl(calls->ctx, fd, VT_OPENQRY, &free_vt) < 0)
        error = -errno;
    calls->close(calls->ctx, fd);
    if (!error && free_vt <= 0)
        error = -EBUSY;
    if (error)
        snprintf(why, why_bytes, "no virtual terminal is free (/dev/tty0: %s); set vt",
                 strerror(-error));
    *vt = error ? 0 : (unsigned)free_vt;
    return error;
}

/* ---- In and out ------------------------------------------------------------------------------- */

unsigned kd_console_inherited_vt(const struct kd_console_calls *calls)
{
    return calls->vt_of(calls->ctx, STDIN_FILENO);
}

static void explain_step(const struct kd_console *console, const char *step, int error, char *why,
                         size_t why_bytes)
{
    const char *hint = "";

    if (error == -EPERM)
        hint =
            "; the daemon needs CAP_SYS_TTY_CONFIG, as kmsblitd.service has it, or to be started "
            "on that terminal";
    else if (error == -ETIMEDOUT)
        hint = "; what shows itself now does not give way: end that display server";
    snprintf(why, why_bytes, "/dev/tty%u: %s: %s%s", console->vt, step, strerror(-error), hint);
}

static int save(struct kd_console *console, const char **step)
{
    int error;

    *step = "cannot see which terminal is active";
    error = active_vt(console, &console->previous_vt);
    if (error)
        return error;
    *step = "cannot see its keyboard's mode";
    error = call(console, KDGKBMODE, &console->keyboard_mode);
    /* What a program that crashed left behind is not worth coming back to. */
    if (console->keyboard_mode != K_XLATE && console->keyboard_mode != K_UNICODE)
        console->keyboard_mode = K_UNICODE;
    return error;
}

/* Graphics before the switch: no text, and no prompt, is ever seen. */
static int take(struct kd_console *console, const char **step)
{
    int error;

    *step = "cannot turn off its keyboard";
    error = call(console, KDSKBMODE, number(K_OFF));
    if (error)
        return error;
    console->is_keyboard_off = true;
    *step = "cannot turn off its text";
    error = call(console, KDSETMODE, number(KD_GRAPHICS));
    if (error)
        return error;
    console->is_graphics = true;
    if (console->previous_vt != console->vt) {
        *step = "cannot switch there";
        console->is_switched = true; /* perhaps late */
        error = switch_to(console, console->vt);
        if (error)
            return error;
    }
    *step = "cannot lock it";
    error = set_lock(console, true);
    console->is_locked = !error;
    return error;
}

int kd_console_enter(struct kd_console *console, const struct kd_console_calls *calls, unsigned vt,
                     bool has_terminal, char *why, size_t why_bytes)
{
    const char *step = "";
    char ignored[8];
    int error;

    *console = (struct kd_console){.calls = calls, .fd = -1, .vt = vt};
    if (vt == 0) {
        error = choose_vt(calls, &console->vt, why, why_bytes);
        if (error)
            return error;
    }
    console->fd = open_vt(calls, console->vt);
    if (console->fd < 0) {
        error = -errno;
        explain_open(console->vt, -error, why, why_bytes);
        return error;
    }
    step = "cannot make it the controlling terminal";
    error = has_terminal ? call(console, TIOCSCTTY, number(0)) : 0;
    if (!error)
        error = save(console, &step);
    if (!error)
        error = take(console, &step);
    if (error) {
        explain_step(console, step, error, why, why_bytes);
        kd_console_leave(console, ignored, sizeof(ignored));
    }
    return error;
}

static void note(const struct kd_console *console, const char *step, int result, int *error,
                 char *why, size_t why_bytes)
{
    if (result == 0 || *error)
        return;
    *error = result;
    explain_step(console, step, result, why, why_bytes);
}

/* If something else is shown by now, it stays. The kernel does not switch away from a VT without text: so text comes first. */
int kd_console_leave(struct kd_console *console, char *why, size_t why_bytes)
{
    unsigned active = console->vt;
    int error = 0;

    if (console->fd < 0)
        return 0;
    if (console->is_locked)
        note(console, "cannot unlock it", set_lock(console, false), &error, why, why_bytes);
    if (console->is_graphics)
        note(console, "cannot turn its text on again", call(console, KDSETMODE, number(KD_TEXT)),
             &error, why, why_bytes);
    if (console->is_keyboard_off)
        note(console, "cannot turn its keyboard on again",
             call(console, KDSKBMODE, number((unsigned long)console->keyboard_mode)), &error, why,
             why_bytes);
    if (console->is_switched) {
        active_vt(console, &active);
        if (active == console->vt)
            note(console, "cannot switch back", switch_to(console, console->previous_vt), &error,
                 why, why_bytes);
    }
    console->calls->close(console->calls->ctx, console->fd);
    console->fd = -1;
    console->is_locked = console->is_switched = console->is_graphics = console->is_keyboard_off =
        false;
    return error;
}

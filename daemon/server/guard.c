#include "server/guard.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#define KD_LOG_MODULE "guard"
#include "base/log.h"

/* Longer than the console's own limit for a switch, twice: there and back. */
#define ANSWER_MS 8000

enum request_kind { REQUEST_STATE, REQUEST_END };

struct request {
    uint32_t kind;
    uint32_t
        nonce; /* comes back: an answer to a daemon that died meanwhile is not taken for ours */
};

struct answer {
    uint32_t nonce; /* 0: has begun */
    int32_t error;
    uint32_t vt;
    char why[240];
};

/* ---- The guard's process: system calls only --------------------------------------------------- */

enum terminal {
    TERMINAL_NONE,   /* the VT is nobody's controlling terminal, or it does not matter whose */
    TERMINAL_SHARED, /* it is that of the shell that started the daemon: stay in its session */
    TERMINAL_OWN,    /* it was the daemon's, which has let go of it: it becomes the guard's */
};

static void set_apart(int fd, enum terminal terminal)
{
    static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGPIPE,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t none;

    prctl(PR_SET_NAME, "kmsblitd-guard");
    for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
        sigaction(ignored[i], &ignore, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (terminal == TERMINAL_SHARED)
        setpgid(0, 0);
    else
        setsid();
    /* Only standard error, for what goes wrong, and the socket. */
    close_range(0, 1, 0);
    if (fd > 3)
        close_range(3, (unsigned)fd - 1, 0);
    close_range((unsigned)fd + 1, ~0U, 0);
    if (chdir("/") < 0)
        return; /* it stays in a folder that perhaps cannot be unmounted then: no more than that */
}

static void say(int fd, const struct answer *answer)
{
    send(fd, answer, sizeof(*answer), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Waits until the console is to be given back. Returns the nonce of who asked for it, or 0: nobody is there any more. */
static uint32_t stand_guard(int fd, const struct kd_console *console)
{
    struct request request;

    for (;;) {
        ssize_t count = recv(fd, &request, sizeof(request), 0);

        if (count < 0 && errno == EINTR)
            continue;
        if (count != sizeof(request))
            return 0;
        if (request.kind == REQUEST_END)
            return request.nonce;
        say(fd, &(struct answer){.nonce = request.nonce, .vt = console->vt});
    }
}

static _Noreturn void guard_main(int fd, const struct kd_console_calls *calls, unsigned vt,
                                 enum terminal terminal)
{
    struct kd_console console;
    struct answer answer = {0};

    set_apart(fd, terminal);
    answer.error = kd_console_enter(&console, calls, vt, terminal == TERMINAL_OWN, answer.why,
                                    sizeof(answer.why));
    answer.vt = console.vt;
    say(fd, &answer);
    if (answer.error)
        _exit(1);
    answer.nonce = stand_guard(fd, &console);
    answer.error = kd_console_leave(&console, answer.why, sizeof(answer.why));
    if (answer.nonce)
        say(fd, &answer);
    else if (answer.error)
        KD_ERROR("the console is not as it was: %s", answer.why);
    else
        KD_INFO("the daemon is gone: the console is given back");
    _exit(answer.error != 0);
}

/* ---- The daemon's side ------------------------------------------------------------------------ */

/* 0, or -errno: -EPIPE if the guard is gone. */
static int await(int fd, uint32_t nonce, struct answer *answer)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    int64_t until_ns = kd_clock_real_ns() + ANSWER_MS * INT64_C(1000000);

    for (;;) {
        int64_t left_ns = until_ns - kd_clock_real_ns();
        int count = left_ns <= 0 ? 0 : poll(&poll_fd, 1, (int)(left_ns / 1000000) + 1);

        if (count == 0)
            return -ETIMEDOUT;
        if (count > 0) {
            ssize_t bytes = recv(fd, answer, sizeof(*answer), MSG_DONTWAIT);

            if (bytes == sizeof(*answer) && answer->nonce == nonce) {
                answer->why[sizeof(answer->why) - 1] = '\0';
                return 0;
            }
            if (bytes == 0 || (bytes < 0 && errno != EAGAIN && errno != EINTR))
                return -EPIPE;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
}

static int ask(int fd, enum request_kind kind, struct answer *answer)
{
    const struct request request = {.kind = kind, .nonce = (uint32_t)kd_clock_real_ns() | 1};

    if (send(fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof(request))
        return -EPIPE;
    return await(fd, request.nonce, answer);
}

/* When the leader of a session ends, its terminal is cut off from everybody, the guard too. So a daemon that leads one lets go of the
 * terminal, and the guard's own session gets it. Letting go sends this process a SIGHUP. */
static enum terminal find_terminal(const struct kd_console_calls *calls, unsigned vt)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction before;
    pid_t session;

    if (vt == 0 || kd_console_inherited_vt(calls) != vt ||
        calls->ioctl(calls->ctx, STDIN_FILENO, TIOCGSID, &session) < 0)
        return TERMINAL_NONE;
    if (session != getpid())
        return TERMINAL_SHARED;
    sigaction(SIGHUP, &ignore, &before);
    if (calls->ioctl(calls->ctx, STDIN_FILENO, TIOCNOTTY, NULL) < 0)
        KD_WARN("cannot let go of /dev/tty%u: %s", vt, strerror(errno));
    sigaction(SIGHUP, &before, NULL);
    return TERMINAL_OWN;
}

static void reap(struct kd_guard *guard)
{
    while (guard->pid > 0 && waitpid(guard->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    guard->pid = 0;
}

int kd_guard_start(struct kd_guard *guard, const struct kd_console_calls *calls, unsigned vt,
                   char *why, size_t why_bytes)
{
    enum terminal terminal = find_terminal(calls, vt);
    struct answer answer = {0};
    int fds[2], error;

    *guard = (struct kd_guard){.fd = -1, .can_be_kept = terminal == TERMINAL_NONE};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0) {
        error = -errno;
        snprintf(why, why_bytes, "the guard has no socket: %s", strerror(-error));
        return error;
    }
    guard->pid = fork();
    if (guard->pid == 0)
        guard_main(fds[1], calls, vt, terminal);
    error = guard->pid < 0 ? -errno : 0;
    close(fds[1]);
    if (!error)
        error = await(fds[0], 0, &answer);
    if (!error && !answer.error) {
        guard->fd = fds[0];
        guard->vt = answer.vt;
        return 0;
    }
    if (error)
        snprintf(why, why_bytes, "the guard process did not start: %s", strerror(-error));
    else
        snprintf(why, why_bytes, "%s", answer.why);
    close(fds[0]);
    if (error != -ETIMEDOUT)
        reap(guard);
    return error ? error : answer.error;
}

int kd_guard_adopt(struct kd_guard *guard, int fd)
{
    struct answer answer;
    int error = ask(fd, REQUEST_STATE, &answer);

    *guard = (struct kd_guard){.fd = -1, .can_be_kept = true};
    if (error) {
        close(fd);
        return error;
    }
    guard->fd = fd;
    guard->vt = answer.vt;
    return 0;
}

int kd_guard_end(struct kd_guard *guard, char *why, size_t why_bytes)
{
    struct answer answer = {0};
    int error;

    if (guard->fd < 0)
        return 0;
    error = ask(guard->fd, REQUEST_END, &answer);
    if (error)
        snprintf(why, why_bytes, "the guard process does not answer: %s", strerror(-error));
    else if (answer.error)
        snprintf(why, why_bytes, "%s", answer.why);
    close(guard->fd);
    guard->fd = -1;
    if (error != -ETIMEDOUT)
        reap(guard);
    return error ? error : answer.error;
}

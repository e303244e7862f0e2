/* The guard process: real processes, real sockets, and a console that the test plays. */
#include "server/guard.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console_rig.h"
#include "peer_rig.h"

static struct kd_console_calls calls;
static struct console_rig *rig;
static struct kd_guard guard;
static char why[256];
static int open_fds;

static void setup(void)
{
    rig = console_rig_create(&calls);
    why[0] = '\0';
    open_fds = count_open_fds();
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(count_open_fds(), open_fds);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

static void start(void)
{
    int error = kd_guard_start(&guard, &calls, 7, why, sizeof(why));

    ck_assert_msg(error == 0, "%s", why);
    ck_assert_uint_eq(guard.vt, 7);
}

static void assert_taken(void)
{
    ck_assert_uint_eq(rig->active, 7);
    ck_assert_int_eq(rig->vts[7].text, KD_GRAPHICS);
    ck_assert_int_eq(rig->vts[7].keyboard, K_OFF);
    ck_assert_int_eq(rig->vts[7].lock, VT_PROCESS);
}

static void assert_given_back(void)
{
    ck_assert_uint_eq(rig->active, 1);
    ck_assert_int_eq(rig->vts[7].text, KD_TEXT);
    ck_assert_int_eq(rig->vts[7].keyboard, K_UNICODE);
    ck_assert_int_eq(rig->vts[7].lock, VT_AUTO);
}

/* The guard ends, well. */
static void await_end(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

START_TEST(test_orderly)
{
    start();
    assert_taken();
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
    assert_given_back();
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
}
END_TEST

START_TEST(test_the_socket_ends)
{
    start();
    close(guard.fd);
    await_end(guard.pid);
    assert_given_back();
}
END_TEST

/* The daemon is killed: the guard notices, in a session of its own. */
START_TEST(test_the_daemon_is_killed)
{
    int fds[2];
    pid_t daemon, pid;

    ck_assert_int_eq(pipe(fds), 0);
    daemon = fork();
    if (daemon == 0) {
        start();
        if (write(fds[1], &guard.pid, sizeof(guard.pid)) == sizeof(guard.pid))
            kill(getpid(), SIGKILL);
        _exit(1);
    }
    ck_assert_int_eq(read(fds[0], &pid, sizeof(pid)), sizeof(pid));
    ck_assert_int_eq(waitpid(daemon, NULL, 0), daemon);
    await_end(pid);
    assert_given_back();
    close(fds[0]);
    close(fds[1]);
}
END_TEST

/* Somebody else has a copy of the daemon's end: the display is still somebody's. */
START_TEST(test_kept_and_adopted)
{
    struct kd_guard next;
    int kept;

    start();
    ck_assert(guard.can_be_kept);
    kept = dup(guard.fd);
    close(guard.fd);
    ck_assert_int_eq(kd_guard_adopt(&next, kept), 0);
    ck_assert_uint_eq(next.vt, 7);
    assert_taken();
    ck_assert_int_eq(kd_guard_end(&next, why, sizeof(why)), 0);
    await_end(guard.pid);
    assert_given_back();
}
END_TEST

/* A daemon that died while it waited left its answer in the socket. */
START_TEST(test_somebody_elses_answer)
{
    const struct {
        uint32_t kind, nonce;
    } request = {0, 12345};
    char peeked;

    start();
    ck_assert_int_eq(write(guard.fd, &request, sizeof(request)), sizeof(request));
    ck_assert_int_eq(recv(guard.fd, &peeked, 1, MSG_PEEK), 1);
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
    assert_given_back();
}
END_TEST

static void read_text(pid_t pid, const char *file, char *text, size_t text_bytes)
{
    char path[64];
    ssize_t count;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    count = read(fd, text, text_bytes - 1);
    ck_assert_int_ge(count, 0);
    text[count] = '\0';
    close(fd);
}

/* The signals that end daemons, also those for a whole process group, do not end it; it holds no fd but its socket. */
START_TEST(test_apart)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
    char text[64], path[64];
    struct kd_guard again;

    start();
    read_text(guard.pid, "comm", text, sizeof(text));
    ck_assert_str_eq(text, "kmsblitd-guard\n");
    ck_assert_int_eq(getsid(guard.pid), guard.pid);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        ck_assert_int_eq(kill(guard.pid, signals[i]), 0);
    ck_assert_int_eq(kd_guard_adopt(&again, dup(guard.fd)), 0);
    close(again.fd);
    for (int fd = 0, held = 0; fd < 64; fd++) {
        snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)guard.pid, fd);
        held += fd != STDERR_FILENO && access(path, F_OK) == 0;
        ck_assert_int_le(held, 1);
    }
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
}
END_TEST

/* Nothing is left of a guard that could not begin. */
START_TEST(test_no_console)
{
    rig->fail_name = "text";
    rig->fail_errno = EPERM;
    ck_assert_int_eq(kd_guard_start(&guard, &calls, 7, why, sizeof(why)), -EPERM);
    ck_assert_ptr_nonnull(strstr(why, "/dev/tty7: cannot turn off its text"));
    ck_assert_int_eq(guard.fd, -1);
    assert_given_back();
}
END_TEST

START_TEST(test_it_cannot_give_back)
{
    start();
    rig->fail_name = "keyboard";
    rig->fail_errno = ENOTTY;
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), -ENOTTY);
    ck_assert_ptr_nonnull(strstr(why, "cannot turn its keyboard on again"));
    ck_assert_int_eq(rig->vts[7].text, KD_TEXT);
}
END_TEST

START_TEST(test_the_guard_is_killed)
{
    struct kd_guard next;
    int copy;

    start();
    copy = dup(guard.fd);
    kill(guard.pid, SIGKILL);
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), -EPIPE);
    ck_assert_ptr_nonnull(strstr(why, "does not answer"));
    ck_assert_int_eq(kd_guard_adopt(&next, copy), -EPIPE);
    ck_assert_int_eq(next.fd, -1);
}
END_TEST

/* Started by a shell on the VT: the guard stays in its session, where it may use the VT. */
START_TEST(test_a_shells_terminal)
{
    rig->inherited_vt = 7;
    rig->is_terminal = true;
    rig->session = getsid(0);
    if (rig->session == getpid()) /* without CK_FORK */
        return;
    start();
    ck_assert(!guard.can_be_kept);
    ck_assert(rig->is_terminal);
    ck_assert_int_eq(getsid(guard.pid), getsid(0));
    ck_assert_int_eq(getpgid(guard.pid), guard.pid);
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
}
END_TEST

/* Started by systemd on the VT: the daemon leads the session, and its end would cut the guard off. */
START_TEST(test_the_daemons_own_terminal)
{
    rig->inherited_vt = 7;
    rig->is_terminal = true;
    rig->session = getpid();
    start();
    ck_assert(!guard.can_be_kept);
    ck_assert(!rig->is_terminal);
    ck_assert_ptr_nonnull(strstr(rig->log, "session disown open7 own "));
    ck_assert_int_eq(getsid(guard.pid), guard.pid);
    ck_assert_int_eq(kd_guard_end(&guard, why, sizeof(why)), 0);
    assert_given_back();
}
END_TEST

Suite *guard_suite(void)
{
    Suite *suite = suite_create("guard");
    TCase *tcase = tcase_create("guard");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_orderly);
    tcase_add_test(tcase, test_the_socket_ends);
    tcase_add_test(tcase, test_the_daemon_is_killed);
    tcase_add_test(tcase, test_kept_and_adopted);
    tcase_add_test(tcase, test_somebody_elses_answer);
    tcase_add_test(tcase, test_apart);
    tcase_add_test(tcase, test_no_console);
    tcase_add_test(tcase, test_it_cannot_give_back);
    tcase_add_test(tcase, test_the_guard_is_killed);
    tcase_add_test(tcase, test_a_shells_terminal);
    tcase_add_test(tcase, test_the_daemons_own_terminal);
    suite_add_tcase(suite, tcase);
    return suite;
}

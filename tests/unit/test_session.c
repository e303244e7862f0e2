/* The two modes, and what systemd keeps between two daemons. */
#include "server/session.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "console_rig.h"
#include "fake_seatd.h"
#include "server/fdstore.h"
#include "server/guard.h"

static char why[512];

static void assert_says(const char *text)
{
    ck_assert_msg(strstr(why, text) != NULL, "\"%s\" does not say \"%s\"", why, text);
}

/* ---- systemd, as the test plays it ------------------------------------------------------------ */

static int notify_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    static unsigned count; /* tests may share a process */
    char name[64];

    snprintf(name, sizeof(name), "@kmsblit-notify-%d-%u", (int)getpid(), count++);
    memcpy(address.sun_path, name, strlen(name));
    address.sun_path[0] = '\0';
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                     0);
    setenv("NOTIFY_SOCKET", name, 1);
    return fd;
}

/* The next message, and the fd that came with it or -1. */
static int next_message(int notify, char text[256])
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec iov = {.iov_base = text, .iov_len = 255};
    struct msghdr message = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t count = recvmsg(notify, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    struct cmsghdr *header;
    int fd = -1;

    ck_assert_msg(count >= 0, "systemd hears nothing");
    text[count] = '\0';
    for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
        if (header->cmsg_type == SCM_RIGHTS)
            memcpy(&fd, CMSG_DATA(header), sizeof(fd));
    return fd;
}

/* Hands over fds as systemd does; the process that calls it may not need its fds from 3 on any more. */
static void hand_over(const int *fds, int count, const char *names)
{
    char text[16];

    for (int i = 0; i < count; i++)
        dup2(fds[i], 3 + i);
    snprintf(text, sizeof(text), "%d", (int)getpid());
    setenv("LISTEN_PID", text, 1);
    snprintf(text, sizeof(text), "%d", count);
    setenv("LISTEN_FDS", text, 1);
    setenv("LISTEN_FDNAMES", names, 1);
    kd_fdstore_init();
}

/* Runs in a process of its own. Returns what function returned. */
static int in_child(int (*function)(void *), void *ctx)
{
    pid_t pid = fork();
    int status;

    if (pid == 0)
        _exit(function(ctx));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFEXITED(status), "signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static int same_file(int a, int b)
{
    struct stat stat_a, stat_b;

    return fstat(a, &stat_a) == 0 && fstat(b, &stat_b) == 0 && stat_a.st_ino == stat_b.st_ino &&
           stat_a.st_dev == stat_b.st_dev;
}

/* ---- The store -------------------------------------------------------------------------------- */

START_TEST(test_keep_and_forget)
{
    int notify = notify_socket(), fds[2], kept;
    char text[256];

    ck_assert_int_eq(pipe(fds), 0);
    kd_fdstore_keep(fds[0], KD_FDSTORE_CARD);
    kept = next_message(notify, text);
    ck_assert_str_eq(text, "FDSTORE=1\nFDNAME=card");
    ck_assert_int_ge(kept, 0);
    ck_assert(same_file(kept, fds[0]));
    kd_fdstore_forget(KD_FDSTORE_CARD);
    ck_assert_int_eq(next_message(notify, text), -1);
    ck_assert_str_eq(text, "FDSTOREREMOVE=1\nFDNAME=card");
    unsetenv("NOTIFY_SOCKET");
    kd_fdstore_keep(fds[0], KD_FDSTORE_CARD); /* no systemd: nothing happens */
    kd_fdstore_forget(KD_FDSTORE_CARD);
}
END_TEST

static int take_by_name(void *ctx)
{
    const int fds[] = {0, 0, 0, 0, 0};

    (void)ctx;
    hand_over(fds, 5, "guard:kmsblitd.socket:card:second:card");
    if (kd_fdstore_take(KD_FDSTORE_CARD) != 5 || kd_fdstore_take(KD_FDSTORE_CARD) != 7 ||
        kd_fdstore_take(KD_FDSTORE_CARD) != -1)
        return 1;
    if (kd_fdstore_take_socket() != 4 || kd_fdstore_take_socket() != 6 ||
        kd_fdstore_take_socket() != -1)
        return 2;
    if (kd_fdstore_take(KD_FDSTORE_GUARD) != 3 || kd_fdstore_take(KD_FDSTORE_GUARD) != -1)
        return 3;
    return getenv("LISTEN_FDS") != NULL;
}

START_TEST(test_take_by_name)
{
    ck_assert_int_eq(in_child(take_by_name, NULL), 0);
}
END_TEST

static int take_without_names(void *ctx)
{
    const int fds[] = {0};

    (void)ctx;
    hand_over(fds, 1, "");
    unsetenv("LISTEN_FDNAMES");
    return kd_fdstore_take_socket() != 3;
}

START_TEST(test_take_without_names)
{
    ck_assert_int_eq(in_child(take_without_names, NULL), 0);
}
END_TEST

/* ---- The service mode ------------------------------------------------------------------------- */

static struct kd_session *create(enum kd_session_mode mode)
{
    const struct kd_session_info info = {.mode = mode};
    struct kd_session *session = NULL;

    ck_assert_msg(kd_session_create(&info, &session, why, sizeof(why)) == 0, "%s", why);
    return session;
}

START_TEST(test_service)
{
    struct kd_session *session = create(KD_SESSION_SERVICE);
    bool is_kept = true;
    int fd = kd_session_open(session, "/dev/null", &is_kept);

    ck_assert_str_eq(kd_session_name(session), "service");
    ck_assert(kd_session_active(session));
    ck_assert_uint_eq(kd_session_vt(session), 0);
    ck_assert_int_ge(fd, 0);
    ck_assert(!is_kept);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
    ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(kd_session_open(session, "/dev/no such file", NULL), -ENOENT);
    ck_assert_int_eq(kd_session_fd(session), -1);
    ck_assert_int_eq(kd_session_dispatch(session), 0);
    ck_assert_int_eq(kd_session_switch_vt(session, 2), -EOPNOTSUPP);
    kd_session_close(session, fd);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    kd_session_close(session, -1);
    kd_session_destroy(session);
    kd_session_destroy(NULL);
}
END_TEST

struct life {
    struct kd_console_calls calls;
    struct console_rig *rig;
    int guard_fd, notify;
};

/* The daemon after one that crashed: the console and the display are there already. */
static int second_life(void *ctx)
{
    const struct life *life = ctx;
    int card = open("/dev/zero", O_RDWR), other;
    const int fds[] = {life->guard_fd, card};
    struct kd_session *session;
    bool is_kept;

    hand_over(fds, 2, "guard:card");
    session = create(KD_SESSION_SERVICE);
    if (kd_session_vt(session) != 7 || life->rig->active != 7)
        return 1;
    kd_session_take_console(session); /* is taken */
    other = kd_session_open(session, "/dev/null", &is_kept);
    if (other < 0 || is_kept)
        return 2;
    for (int i = 0; i < 2; i++) { /* it may be looked at */
        if (kd_session_open(session, "/dev/zero", &is_kept) != 4 || !is_kept)
            return 3;
        kd_session_close(session, 4);
    }
    if (kd_session_open(session, "/dev/zero", &is_kept) != 4 || !is_kept)
        return 3;
    kd_session_keep_display(session, 4); /* systemd has it */
    if (kd_session_open(session, "/dev/zero", &is_kept) < 0 || is_kept)
        return 4;
    kd_session_close(session, 4);
    kd_session_destroy(session);
    return life->rig->active != 1;
}

START_TEST(test_a_second_life)
{
    struct life life;
    struct kd_guard guard;
    char text[256];

    life.rig = console_rig_create(&life.calls);
    life.notify = notify_socket();
    ck_assert_int_eq(kd_guard_start(&guard, &life.calls, 7, why, sizeof(why)), 0);
    life.guard_fd = guard.fd;
    ck_assert_int_eq(in_child(second_life, &life), 0);
    ck_assert_int_eq(waitpid(guard.pid, NULL, 0), guard.pid);
    ck_assert_int_eq(next_message(life.notify, text), -1);
    ck_assert_str_eq(text, "FDSTOREREMOVE=1\nFDNAME=card");
    ck_assert_int_eq(next_message(life.notify, text), -1);
    ck_assert_str_eq(text, "FDSTOREREMOVE=1\nFDNAME=guard");
    ck_assert_int_eq(recv(life.notify, text, sizeof(text), MSG_DONTWAIT), -1);
}
END_TEST

/* The second daemon uses another card than the first: that one is let go of. */
static int another_card(void *ctx)
{
    const int fds[] = {open("/dev/zero", O_RDWR)};
    struct kd_session *session;
    char text[256];
    int fd, kept, *notify = ctx;

    hand_over(fds, 1, "card");
    session = create(KD_SESSION_SERVICE);
    fd = kd_session_open(session, "/dev/full", NULL);
    kd_session_keep_display(session, fd);
    if (fcntl(3, F_GETFD) != -1)
        return 1;
    next_message(*notify, text);
    if (strcmp(text, "FDSTOREREMOVE=1\nFDNAME=card") != 0)
        return 2;
    kept = next_message(*notify, text);
    if (strcmp(text, "FDSTORE=1\nFDNAME=card") != 0 || !same_file(kept, fd))
        return 3;
    kd_session_close(session, fd);
    kd_session_destroy(session);
    return 0;
}

START_TEST(test_another_card)
{
    int spare[4], notify;

    for (int i = 0; i < 4; i++) /* so that it is not where the card is handed over */
        spare[i] = dup(0);
    notify = notify_socket();
    ck_assert_int_eq(in_child(another_card, &notify), 0);
    for (int i = 0; i < 4; i++)
        close(spare[i]);
}
END_TEST

START_TEST(test_the_display_is_kept)
{
    int notify = notify_socket(), fd, kept;
    struct kd_session *session = create(KD_SESSION_SERVICE);
    char text[256];

    fd = kd_session_open(session, "/dev/zero", NULL);
    kd_session_keep_display(session, fd);
    kept = next_message(notify, text);
    ck_assert_str_eq(text, "FDSTORE=1\nFDNAME=card");
    ck_assert(same_file(kept, fd));
    kd_session_keep_display(session, fd); /* once is enough */
    ck_assert_int_eq(recv(notify, text, sizeof(text), MSG_DONTWAIT), -1);
    kd_session_close(session, fd);
    next_message(notify, text);
    ck_assert_str_eq(text, "FDSTOREREMOVE=1\nFDNAME=card");
    kd_session_destroy(session);
    ck_assert_int_eq(recv(notify, text, sizeof(text), MSG_DONTWAIT), -1);
}
END_TEST

/* ---- The seat mode: a seatd that the test plays ----------------------------------------------- */

/* What the daemon heard, and what seatd had heard by then. */
struct heard {
    char text[128];
    const struct fake_seatd *seatd;
};

static void on_paused(void *ctx)
{
    struct heard *heard = ctx;

    ck_assert_ptr_null(strstr(heard->seatd->log, "disable"));
    memcpy(heard->text + strlen(heard->text), "paused ", sizeof("paused "));
}

static void on_resumed(void *ctx)
{
    struct heard *heard = ctx;

    memcpy(heard->text + strlen(heard->text), "resumed ", sizeof("resumed "));
}

static struct kd_session *create_seat(struct heard *heard)
{
    const struct kd_session_info info = {
        .mode = KD_SESSION_SEAT,
        .handler = {.ctx = heard, .paused = on_paused, .resumed = on_resumed}};
    struct kd_session *session = NULL;

    ck_assert_msg(kd_session_create(&info, &session, why, sizeof(why)) == 0, "%s", why);
    return session;
}

START_TEST(test_seat)
{
    struct fake_seatd seatd;
    struct heard heard = {.seatd = &seatd};
    struct kd_session *session;
    bool is_kept = true;
    int fd;

    fake_seatd_start(&seatd, 1);
    session = create_seat(&heard);
    ck_assert_str_eq(kd_session_name(session), "seat");
    ck_assert(kd_session_active(session));
    ck_assert_str_eq(heard.text, "");
    ck_assert_int_ge(kd_session_fd(session), 0);
    kd_session_take_console(session);
    fd = kd_session_open(session, "/dev/null", &is_kept);
    ck_assert_int_ge(fd, 0);
    ck_assert(!is_kept);
    ck_assert_int_eq(kd_session_open(session, "/dev/no such file", NULL), -ENOENT);
    kd_session_keep_display(session, fd);
    ck_assert_int_eq(kd_session_switch_vt(session, 2), 0);
    kd_session_close(session, fd);
    kd_session_close(session, fd); /* not a device any more: nothing happens */
    ck_assert_int_ge(kd_session_open(session, "/dev/zero", NULL), 0);
    kd_session_destroy(session);
    ck_assert_str_eq(seatd.log, "seat open open switch close open close bye ");
    fake_seatd_stop(&seatd);
}
END_TEST

/* seatd hears that the seat may go only after the daemon has heard it. */
START_TEST(test_pause_and_resume)
{
    struct fake_seatd seatd;
    struct heard heard = {.seatd = &seatd};
    struct kd_session *session;

    fake_seatd_start(&seatd, 1);
    session = create_seat(&heard);
    fake_seatd_tell(&seatd, 'd');
    ck_assert_int_eq(kd_session_dispatch(session), 0);
    ck_assert(!kd_session_active(session));
    ck_assert_str_eq(heard.text, "paused ");
    fake_seatd_tell(&seatd, 'e');
    ck_assert_str_eq(seatd.log, "seat disable ");
    ck_assert_int_eq(kd_session_dispatch(session), 0);
    ck_assert(kd_session_active(session));
    ck_assert_str_eq(heard.text, "paused resumed ");
    kd_session_destroy(session);
    fake_seatd_stop(&seatd);
}
END_TEST

/* The news come while a device is opened: the handler hears them later, when it expects them. */
START_TEST(test_paused_while_a_device_is_opened)
{
    struct fake_seatd seatd;
    struct heard heard = {.seatd = &seatd};
    struct kd_session *session;
    struct pollfd poll_fd = {.events = POLLIN};

    fake_seatd_start(&seatd, 1);
    session = create_seat(&heard);
    poll_fd.fd = kd_session_fd(session);
    while (poll(&poll_fd, 1, 0) > 0)
        ck_assert_int_eq(kd_session_dispatch(session), 0);
    fake_seatd_tell(&seatd, 'd');
    ck_assert_int_ge(kd_session_open(session, "/dev/null", NULL), 0);
    ck_assert_str_eq(heard.text, "");
    ck_assert_int_eq(poll(&poll_fd, 1, 0), 1);
    ck_assert_int_eq(kd_session_dispatch(session), 0);
    ck_assert(!kd_session_active(session));
    ck_assert_str_eq(heard.text, "paused ");
    kd_session_destroy(session);
    fake_seatd_stop(&seatd);
}
END_TEST

/* Another VT is in front when the daemon starts. */
START_TEST(test_in_front_later)
{
    struct fake_seatd seatd;
    struct heard heard = {.seatd = &seatd};
    struct kd_session *session;

    fake_seatd_start(&seatd, 0);
    session = create_seat(&heard);
    ck_assert(!kd_session_active(session));
    fake_seatd_tell(&seatd, 'e');
    ck_assert_int_eq(kd_session_dispatch(session), 0);
    ck_assert_str_eq(heard.text, "resumed ");
    kd_session_destroy(session);
    fake_seatd_stop(&seatd);
}
END_TEST

START_TEST(test_the_seat_is_lost)
{
    struct fake_seatd seatd;
    struct heard heard = {.seatd = &seatd};
    struct kd_session *session;

    fake_seatd_start(&seatd, 1);
    session = create_seat(&heard);
    fake_seatd_stop(&seatd);
    ck_assert_int_lt(kd_session_dispatch(session), 0);
    ck_assert_int_lt(kd_session_open(session, "/dev/null", NULL), 0);
    kd_session_destroy(session);
}
END_TEST

static void no_seat(void)
{
    setenv("LIBSEAT_BACKEND", "seatd", 1);
    setenv("SEATD_SOCK", "/nonexistent/seatd.sock", 1);
}

START_TEST(test_no_seat)
{
    const struct kd_session_info info = {.mode = KD_SESSION_SEAT};
    struct kd_session *session = NULL;

    no_seat();
    ck_assert_int_lt(kd_session_create(&info, &session, why, sizeof(why)), 0);
    ck_assert_ptr_null(session);
    assert_says("/nonexistent/seatd.sock");
    assert_says("start seatd");
}
END_TEST

/* ---- Which of them ---------------------------------------------------------------------------- */

static int name_of_auto(void *ctx)
{
    const char *wanted = ctx;
    struct kd_session *session;
    int differs;

    session = create(KD_SESSION_AUTO);
    differs = strcmp(kd_session_name(session), wanted) != 0;
    kd_session_destroy(session);
    return differs;
}

static int name_of_auto_as_user(void *ctx)
{
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
        return 2;
    return name_of_auto(ctx);
}

START_TEST(test_auto)
{
    char service[] = "service", seat[] = "seat";
    struct fake_seatd seatd;

    fake_seatd_start(&seatd, 1);
    ck_assert_int_eq(chmod(seatd.path, 0666), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(in_child(name_of_auto, service), 0);
    ck_assert_int_eq(in_child(name_of_auto_as_user, seat), 0);
    fake_seatd_stop(&seatd);
    no_seat();
    ck_assert_int_eq(in_child(name_of_auto_as_user, service), 0);
}
END_TEST

Suite *session_suite(void)
{
    Suite *suite = suite_create("session");
    TCase *tcase = tcase_create("session");

    tcase_add_test(tcase, test_keep_and_forget);
    tcase_add_test(tcase, test_take_by_name);
    tcase_add_test(tcase, test_take_without_names);
    tcase_add_test(tcase, test_service);
    tcase_add_test(tcase, test_a_second_life);
    tcase_add_test(tcase, test_another_card);
    tcase_add_test(tcase, test_the_display_is_kept);
    tcase_add_test(tcase, test_seat);
    tcase_add_test(tcase, test_pause_and_resume);
    tcase_add_test(tcase, test_paused_while_a_device_is_opened);
    tcase_add_test(tcase, test_in_front_later);
    tcase_add_test(tcase, test_the_seat_is_lost);
    tcase_add_test(tcase, test_no_seat);
    tcase_add_test(tcase, test_auto);
    suite_add_tcase(suite, tcase);
    return suite;
}

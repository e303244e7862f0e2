/* The listening socket: who may own a path, what is taken over and what is left alone. */
#include "socket/listen.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer_rig.h"

static char folder[32];
static char path[64], lock_path[80];
static char why[256];
static int open_fds;

static void setup(void)
{
    snprintf(folder, sizeof(folder), "/tmp/kmsblit-listen-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/socket", folder);
    snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
    why[0] = '\0';
    open_fds = count_open_fds();
}

/* Everything that a test made is removed by it, or by the listener. */
static void teardown(void)
{
    ck_assert_int_eq(count_open_fds(), open_fds);
    ck_assert_msg(rmdir(folder) == 0, "%s: %m", folder);
}

static struct kd_listener *listen_at(const char *at)
{
    struct kd_listener *listener = NULL;
    int error = kd_listener_create(at, 0660, (gid_t)-1, why, sizeof(why), &listener);
    ck_assert_msg(error == 0, "%s", why);
    return listener;
}

static void assert_refused(int error, const char *text)
{
    struct kd_listener *listener = NULL;
    ck_assert_int_eq(kd_listener_create(path, 0660, (gid_t)-1, why, sizeof(why), &listener), error);
    ck_assert_ptr_null(listener);
    ck_assert_msg(strstr(why, text) != NULL, "\"%s\" does not say \"%s\"", why, text);
}

static struct sockaddr_un address_of(const char *at)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", at);
    return address;
}

static int connect_to(const char *at)
{
    struct sockaddr_un address = address_of(at);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static int bind_at(const char *at, int type, bool listening)
{
    struct sockaddr_un address = address_of(at);
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    if (listening) {
        ck_assert_int_eq(listen(fd, 8), 0);
    }
    return fd;
}

static bool exists(const char *at)
{
    struct stat stat;
    return lstat(at, &stat) == 0;
}

START_TEST(test_connect)
{
    struct kd_listener *listener = listen_at(path);
    ck_assert_str_eq(kd_listener_path(listener), path);
    ck_assert_int_eq(kd_listener_accept(listener), -EAGAIN);
    int client = connect_to(path);
    ck_assert_int_ge(client, 0);
    int fd = kd_listener_accept(listener);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
    ck_assert_int_eq(fcntl(kd_listener_fd(listener), F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(kd_listener_accept(listener), -EAGAIN);
    ck_assert_int_eq(write(client, "x", 1), 1);
    char byte;
    ck_assert_int_eq(read(fd, &byte, 1), 1);
    close(client);
    close(fd);
    kd_listener_destroy(listener);
    ck_assert(!exists(path) && !exists(lock_path));
    kd_listener_destroy(NULL);
}
END_TEST

START_TEST(test_mode_and_group)
{
    static const mode_t modes[] = {0600, 0660, 0666};
    gid_t groups[64];
    int groups_count = getgroups(64, groups);
    gid_t group = groups_count > 0 ? groups[groups_count - 1] : getgid();
    struct kd_listener *listener;
    mode_t mask = umask(0027);
    int error = kd_listener_create(path, modes[_i], group, why, sizeof(why), &listener);
    ck_assert_msg(error == 0, "%s", why);
    ck_assert_uint_eq(umask(mask), 0027);
    struct stat stat;
    ck_assert_int_eq(lstat(path, &stat), 0);
    ck_assert_uint_eq(stat.st_mode & 07777, modes[_i]);
    ck_assert_uint_eq(stat.st_gid, group);
    ck_assert_int_eq(lstat(lock_path, &stat), 0);
    ck_assert_uint_eq(stat.st_mode & 07777, 0600);
    kd_listener_destroy(listener);
}
END_TEST

START_TEST(test_stale_socket_is_taken_over)
{
    close(bind_at(path, SOCK_STREAM, true));
    ck_assert(exists(path));
    ck_assert_int_lt(connect_to(path), 0);
    struct kd_listener *listener = listen_at(path);
    int client = connect_to(path);
    ck_assert_int_ge(client, 0);
    close(client);
    kd_listener_destroy(listener);
}
END_TEST

/* What SIGKILL leaves behind. */
START_TEST(test_killed_daemon_is_taken_over)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct kd_listener *listener;
        _exit(kd_listener_create(path, 0660, (gid_t)-1, why, sizeof(why), &listener) == 0 ? 7 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    ck_assert(exists(path) && exists(lock_path));
    kd_listener_destroy(listen_at(path));
    ck_assert(!exists(path) && !exists(lock_path));
}
END_TEST

START_TEST(test_second_daemon)
{
    struct kd_listener *listener = listen_at(path);
    char owner[64];
    const struct passwd *user = getpwuid(geteuid());
    if (user != NULL) {
        snprintf(owner, sizeof(owner), "(pid %d, user %s)", getpid(), user->pw_name);
    } else {
        snprintf(owner, sizeof(owner), "(pid %d, user %u)", getpid(), (unsigned)geteuid());
    }
    assert_refused(-EADDRINUSE, owner);
    assert_refused(-EADDRINUSE, path);
    assert_refused(-EADDRINUSE, "--socket");
    /* The first one notices nothing. */
    int client = connect_to(path);
    ck_assert_int_ge(client, 0);
    close(client);
    kd_listener_destroy(listener);
    kd_listener_destroy(listen_at(path));
}
END_TEST

START_TEST(test_another_program_listens)
{
    int other = bind_at(path, SOCK_STREAM, true);
    assert_refused(-EADDRINUSE, "another program listens");
    int client = connect_to(path);
    ck_assert_int_ge(client, 0);
    close(client);
    close(other);
    unlink(path);
    ck_assert(!exists(lock_path));

    other = bind_at(path, SOCK_DGRAM, false);
    assert_refused(-EADDRINUSE, "another program listens");
    close(other);
    unlink(path);
}
END_TEST

START_TEST(test_what_is_no_socket_is_left_alone)
{
    static const char *const texts[] = {"a file", "a directory", "a symbolic link",
                                        "a symbolic link", "a file"};
    char target[80];
    snprintf(target, sizeof(target), "%s/target", folder);
    switch (_i) {
    case 0: close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)); break;
    case 1: ck_assert_int_eq(mkdir(path, 0700), 0); break;
    case 2: ck_assert_int_eq(symlink(target, path), 0); break; /* dangles */
    case 3:
        close(bind_at(target, SOCK_STREAM, true)); /* a stale socket behind a link */
        ck_assert_int_eq(symlink(target, path), 0);
        break;
    default: ck_assert_int_eq(mkfifo(path, 0600), 0);
    }
    assert_refused(-EEXIST, texts[_i]);
    assert_refused(-EEXIST, "--socket");
    ck_assert(exists(path));
    ck_assert_int_eq(exists(target), _i == 3);
    ck_assert(!exists(lock_path));
    remove(path);
    remove(target);
}
END_TEST

START_TEST(test_what_is_no_lock_file_is_left_alone)
{
    char target[80];
    snprintf(target, sizeof(target), "%s/target", folder);
    int fd;
    switch (_i) {
    case 0: ck_assert_int_eq(mkdir(lock_path, 0700), 0); break;
    case 1: ck_assert_int_eq(symlink(target, lock_path), 0); break;
    case 2: ck_assert_int_eq(mkfifo(lock_path, 0600), 0); break;
    default:
        fd = open(lock_path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        ck_assert_int_eq(write(fd, "Dear diary,\n", 12), 12);
        close(fd);
    }
    assert_refused(-EEXIST, "is not a lock file");
    ck_assert(exists(lock_path) && !exists(target) && !exists(path));
    if (_i == 3) {
        struct stat stat;
        ck_assert_int_eq(lstat(lock_path, &stat), 0);
        ck_assert_int_eq(stat.st_size, 12);
    }
    remove(lock_path);
}
END_TEST

START_TEST(test_folder_is_made)
{
    char sub[64], deep[80];
    snprintf(sub, sizeof(sub), "%s/run", folder);
    snprintf(deep, sizeof(deep), "%s/socket", sub);
    mode_t mask = umask(0022);
    struct kd_listener *listener = listen_at(deep);
    umask(mask);
    struct stat stat;
    ck_assert_int_eq(lstat(sub, &stat), 0);
    ck_assert_uint_eq(stat.st_mode, S_IFDIR | 0755);
    kd_listener_destroy(listener);
    ck_assert_int_eq(rmdir(sub), 0);

    struct kd_listener *none = NULL;
    snprintf(deep, sizeof(deep), "%s/no/such/socket", folder);
    ck_assert_int_eq(kd_listener_create(deep, 0660, (gid_t)-1, why, sizeof(why), &none), -ENOENT);
    ck_assert_ptr_nonnull(strstr(why, "cannot create the directory"));
}
END_TEST

START_TEST(test_bad_paths)
{
    struct kd_listener *none = NULL;
    char longest[128];
    int folder_bytes = snprintf(longest, sizeof(longest), "%s/", folder);
    memset(longest + folder_bytes, 'x', sizeof(longest) - (size_t)folder_bytes);
    longest[108] = '\0';
    ck_assert_int_eq(kd_listener_create(longest, 0660, (gid_t)-1, why, sizeof(why), &none),
                     -ENAMETOOLONG);
    ck_assert_ptr_nonnull(strstr(why, "has 108 bytes, but 107"));
    longest[107] = '\0';
    kd_listener_destroy(listen_at(longest));
    ck_assert_int_eq(kd_listener_create("", 0660, (gid_t)-1, why, sizeof(why), &none), -EINVAL);
}
END_TEST

/* Somebody removed our socket, and made another there: that is not ours to remove. */
START_TEST(test_a_replaced_socket_stays)
{
    struct kd_listener *listener = listen_at(path);
    unlink(path);
    int other = bind_at(path, SOCK_STREAM, true);
    kd_listener_destroy(listener);
    ck_assert(exists(path));
    close(other);
    unlink(path);
}
END_TEST

START_TEST(test_adopt)
{
    struct kd_listener *listener;
    int fd = bind_at(path, SOCK_STREAM, true);
    ck_assert_int_eq(kd_listener_adopt(fd, why, sizeof(why), &listener), 0);
    ck_assert_str_eq(kd_listener_path(listener), path);
    ck_assert_int_eq(kd_listener_fd(listener), fd);
    ck_assert_int_eq(kd_listener_accept(listener), -EAGAIN);
    int client = connect_to(path);
    int accepted = kd_listener_accept(listener);
    ck_assert_int_ge(accepted, 0);
    close(accepted);
    close(client);
    kd_listener_destroy(listener);
    ck_assert(exists(path));
    unlink(path);
}
END_TEST

START_TEST(test_adopt_abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int name_bytes = snprintf(address.sun_path + 1, 64, "kmsblit-test-%d", getpid());
    struct kd_listener *listener;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t address_bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)name_bytes);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, address_bytes), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    ck_assert_int_eq(kd_listener_adopt(fd, why, sizeof(why), &listener), 0);
    ck_assert_int_eq(kd_listener_path(listener)[0], '@');
    ck_assert_str_eq(kd_listener_path(listener) + 1, address.sun_path + 1);
    kd_listener_destroy(listener);
}
END_TEST

START_TEST(test_adopt_what_is_none)
{
    struct kd_listener *listener = NULL;
    int pair[2];
    int fds[5] = {open("/dev/null", O_RDONLY | O_CLOEXEC), bind_at(path, SOCK_STREAM, false),
                  socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                  socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), -1};
    unlink(path);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    fds[4] = pair[0];
    close(pair[1]);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(kd_listener_adopt(fds[i], why, sizeof(why), &listener), -EINVAL);
        ck_assert_ptr_nonnull(strstr(why, "not a listening Unix stream socket"));
    }
    ck_assert_ptr_null(listener);
}
END_TEST

/* The one that cannot be served is let go, so that the loop does not hear of it for ever. */
START_TEST(test_no_fds_left)
{
    struct kd_listener *listener = listen_at(path);
    int first = connect_to(path);
    int second = connect_to(path);
    if (limit_fds_begin(0)) {
        int said = kd_listener_accept(listener);
        int said_next = kd_listener_accept(listener);
        int said_last = kd_listener_accept(listener);
        limit_fds_end();
        ck_assert_int_eq(said, -EMFILE);
        ck_assert_int_eq(said_next, -EMFILE);
        ck_assert_int_eq(said_last, -EAGAIN);
        char byte;
        ck_assert_int_eq(read(first, &byte, 1), 0);
        ck_assert_int_eq(read(second, &byte, 1), 0);
    }
    int third = connect_to(path);
    ck_assert_int_ge(third, 0);
    close(first);
    close(second);
    close(third);
    kd_listener_destroy(listener);
}
END_TEST

START_TEST(test_a_thousand_clients)
{
    struct kd_listener *listener = listen_at(path);
    for (int i = 0; i < 1000; i++) {
        int client = connect_to(path);
        int fd = kd_listener_accept(listener);
        ck_assert(client >= 0 && fd >= 0);
        close(client);
        close(fd);
    }
    kd_listener_destroy(listener);
}
END_TEST

/* Daemons that start and stop at once: never two at a time. */
START_TEST(test_race)
{
    char counter[80];
    snprintf(counter, sizeof(counter), "%s/owners", folder);
    enum { CHILDREN = 4, TURNS = 2000 };
    pid_t pids[CHILDREN];
    for (int i = 0; i < CHILDREN; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            int owned = 0;
            for (int turn = 0; turn < TURNS; turn++) {
                struct kd_listener *listener;
                int error = kd_listener_create(path, 0660, (gid_t)-1, why, sizeof(why), &listener);
                if (error == 0) {
                    /* Whoever owns the path makes this file; two at once would collide. */
                    int fd = open(counter, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
                    if (fd < 0 || unlink(counter) < 0) {
                        _exit(3);
                    }
                    close(fd);
                    owned++;
                    kd_listener_destroy(listener);
                } else if (error != -EADDRINUSE) {
                    fprintf(stderr, "%s\n", why);
                    _exit(4);
                }
            }
            _exit(owned > 0 ? 0 : 1);
        }
    }
    int owners = 0;
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) <= 1, "a daemon exits with %d",
                      WEXITSTATUS(status));
        owners += WEXITSTATUS(status) == 0;
    }
    ck_assert_int_gt(owners, 0);
    ck_assert(!exists(path) && !exists(lock_path));
}
END_TEST

Suite *listen_suite(void);
Suite *listen_suite(void)
{
    Suite *suite = suite_create("listen");
    TCase *path_case = tcase_create("path");
    tcase_add_checked_fixture(path_case, setup, teardown);
    tcase_add_test(path_case, test_connect);
    tcase_add_loop_test(path_case, test_mode_and_group, 0, 3);
    tcase_add_test(path_case, test_stale_socket_is_taken_over);
    tcase_add_test(path_case, test_killed_daemon_is_taken_over);
    tcase_add_test(path_case, test_second_daemon);
    tcase_add_test(path_case, test_another_program_listens);
    tcase_add_loop_test(path_case, test_what_is_no_socket_is_left_alone, 0, 5);
    tcase_add_loop_test(path_case, test_what_is_no_lock_file_is_left_alone, 0, 4);
    tcase_add_test(path_case, test_folder_is_made);
    tcase_add_test(path_case, test_bad_paths);
    tcase_add_test(path_case, test_a_replaced_socket_stays);
    suite_add_tcase(suite, path_case);

    TCase *race = tcase_create("race");
    tcase_set_timeout(race, 60);
    tcase_add_checked_fixture(race, setup, teardown);
    tcase_add_test(race, test_race);
    suite_add_tcase(suite, race);

    TCase *other = tcase_create("other");
    tcase_add_checked_fixture(other, setup, teardown);
    tcase_add_test(other, test_adopt);
    tcase_add_test(other, test_adopt_abstract);
    tcase_add_test(other, test_adopt_what_is_none);
    tcase_add_test(other, test_no_fds_left);
    tcase_add_test(other, test_a_thousand_clients);
    suite_add_tcase(suite, other);
    return suite;
}

#include "socket/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LOCK_TRIES 10
#define PID_BYTES  16

struct kd_listener {
    int fd;       /* owned */
    int spare_fd; /* owned; given up for a moment to refuse a connection when there are no more */
    int lock_fd;  /* owned; -1 if adopted */
    bool bound;   /* the socket at path is ours to remove */
    dev_t dev;    /* of the socket at path */
    ino_t ino;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 2];
    char lock_path[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
};

/* What goes wrong is told in words; the code is handed through. */
struct problem {
    char *why; /* borrowed */
    size_t why_bytes;
};

static int __attribute__((format(printf, 3, 4)))
fail(const struct problem *problem, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(problem->why, problem->why_bytes, format, args);
    va_end(args);
    return error;
}

static const char *user_name(uid_t uid, char *text, size_t text_bytes)
{
    const struct passwd *user = getpwuid(uid);
    if (user != NULL) {
        snprintf(text, text_bytes, "%s", user->pw_name);
    } else {
        snprintf(text, text_bytes, "%u", (unsigned)uid);
    }
    return text;
}

static struct kd_listener *listener_new(void)
{
    struct kd_listener *listener = calloc(1, sizeof(*listener));
    if (listener != NULL) {
        listener->fd = -1;
        listener->lock_fd = -1;
        listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return listener;
}

void kd_listener_destroy(struct kd_listener *listener)
{
    if (listener == NULL) {
        return;
    }
    struct stat stat;
    if (listener->bound && lstat(listener->path, &stat) == 0 && stat.st_dev == listener->dev &&
        stat.st_ino == listener->ino) {
        unlink(listener->path);
    }
    if (listener->fd >= 0) {
        close(listener->fd);
    }
    if (listener->lock_fd >= 0) {
        /* While it is still locked: who opens it now sees in lock_is_current() that it is gone. */
        unlink(listener->lock_path);
        close(listener->lock_fd);
    }
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
    }
    free(listener);
}

static int make_parent(const char *path, const struct problem *problem)
{
    char parent[sizeof(((struct sockaddr_un *)0)->sun_path)];
    snprintf(parent, sizeof(parent), "%s", path);
    char *slash = strrchr(parent, '/');
    if (slash == NULL || slash == parent) {
        return 0;
    }
    *slash = '\0';
    if (mkdir(parent, 0755) == 0 || errno == EEXIST) {
        return 0;
    }
    int error = -errno;
    return fail(problem, error,
                "cannot create the directory %s for the socket: %s; create it, or choose another "
                "place with --socket",
                parent, strerror(-error));
}

/* Reads who wrote the lock file. False if its contents are not what we write there. */
static bool lock_read(int fd, long *pid)
{
    char text[PID_BYTES];
    ssize_t got = pread(fd, text, sizeof(text), 0);
    *pid = 0;
    if (got <= 0) {
        return got == 0;
    }
    if (got == sizeof(text) || text[got - 1] != '\n') {
        return false;
    }
    text[got - 1] = '\0';
    char *end;
    *pid = strtol(text, &end, 10);
    return *end == '\0' && *pid > 0;
}

/* A lock file that its owner removed between our open and our flock protects nothing. */
static bool lock_is_current(int fd, const char *path)
{
    struct stat held, there;
    return fstat(fd, &held) == 0 && lstat(path, &there) == 0 && held.st_dev == there.st_dev &&
           held.st_ino == there.st_ino;
}

static int lock_taken(int fd, const char *path, const struct problem *problem)
{
    char user[64];
    struct stat stat;
    long pid;
    bool known = lock_read(fd, &pid) && pid > 0 && fstat(fd, &stat) == 0;
    if (!known) {
        return fail(problem, -EADDRINUSE,
                    "another kmsblitd owns %s; stop it, or choose another place with --socket",
                    path);
    }
    return fail(problem, -EADDRINUSE,
                "another kmsblitd (pid %ld, user %s) owns %s; stop it, or choose another place "
                "with --socket",
                pid, user_name(stat.st_uid, user, sizeof(user)), path);
}

static int lock_refused(int error, const struct kd_listener *listener,
                        const struct problem *problem)
{
    struct stat stat;
    char user[64];
    if (error == -ELOOP || error == -EISDIR || error == -ENXIO) {
        return fail(problem, -EEXIST,
                    "%s is not a lock file; remove it, or choose another place with --socket",
                    listener->lock_path);
    }
    if (lstat(listener->lock_path, &stat) == 0) {
        return fail(problem, error,
                    "cannot open %s, which belongs to user %s: %s; choose another place with "
                    "--socket",
                    listener->lock_path, user_name(stat.st_uid, user, sizeof(user)),
                    strerror(-error));
    }
    return fail(problem, error, "cannot create %s: %s; choose another place with --socket",
                listener->lock_path, strerror(-error));
}

/* One try; 1 if the file vanished under us. */
static int lock_once(struct kd_listener *listener, const struct problem *problem)
{
    int fd =
        open(listener->lock_path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (fd < 0) {
        return lock_refused(-errno, listener, problem);
    }
    struct stat stat;
    long pid;
    int result;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
        result = lock_refused(-ENXIO, listener, problem);
    } else if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        result = errno == EWOULDBLOCK ? lock_taken(fd, listener->path, problem)
                                      : lock_refused(-errno, listener, problem);
    } else if (!lock_is_current(fd, listener->lock_path)) {
        result = 1;
    } else if (!lock_read(fd, &pid)) {
        result = lock_refused(-ENXIO, listener, problem);
    } else {
        listener->lock_fd = fd;
        return 0;
    }
    close(fd);
    return result;
}

static int lock(struct kd_listener *listener, const struct problem *problem)
{
    snprintf(listener->lock_path, sizeof(listener->lock_path), "%s.lock", listener->path);
    int result = 1;
    for (int i = 0; i < LOCK_TRIES && result == 1; i++) {
        result = lock_once(listener, problem);
    }
    if (result == 1) {
        result = fail(problem, -EADDRINUSE,
                      "other kmsblitds come and go at %s; choose another place with --socket",
                      listener->path);
    }
    if (result < 0) {
        return result;
    }
    char text[PID_BYTES];
    int text_bytes = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
    /* Only for the message to a second daemon: a full disk does not matter. */
    if (ftruncate(listener->lock_fd, 0) == 0) {
        (void)!pwrite(listener->lock_fd, text, (size_t)text_bytes, 0);
    }
    return 0;
}

static const char *kind_of(mode_t mode)
{
    return S_ISLNK(mode) ? "a symbolic link" : S_ISDIR(mode) ? "a directory" : "a file";
}

/* Removes a socket that nobody listens at; refuses everything else. */
static int clear_path(const struct sockaddr_un *address, const struct problem *problem)
{
    const char *path = address->sun_path;
    struct stat stat;
    if (lstat(path, &stat) < 0) {
        return errno == ENOENT
                   ? 0
                   : fail(problem, -errno, "cannot look at %s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(stat.st_mode)) {
        return fail(problem, -EEXIST,
                    "%s is %s, not a socket; remove it, or choose another place with --socket",
                    path, kind_of(stat.st_mode));
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return fail(problem, -errno, "cannot make a socket: %s", strerror(errno));
    }
    int error = connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? errno : 0;
    close(fd);
    if (error == ECONNREFUSED) {
        if (unlink(path) == 0 || errno == ENOENT) {
            return 0;
        }
        return fail(problem, -errno, "cannot remove the stale socket %s: %s", path,
                    strerror(errno));
    }
    if (error == EACCES || error == EPERM) {
        char user[64];
        return fail(problem, -error,
                    "%s belongs to user %s and cannot be looked at: %s; choose another place with "
                    "--socket",
                    path, user_name(stat.st_uid, user, sizeof(user)), strerror(error));
    }
    return fail(problem, -EADDRINUSE,
                "another program listens at %s; stop it, or choose another place with --socket",
                path);
}

static int bind_and_listen(struct kd_listener *listener, const struct sockaddr_un *address,
                           mode_t mode, gid_t group, const struct problem *problem)
{
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0) {
        return fail(problem, -errno, "cannot make a socket: %s", strerror(errno));
    }
    /* Nobody can connect before listen(), so mode and group are in force from the first client
     * on. */
    mode_t mask = umask(0777 & ~mode);
    int bound = bind(listener->fd, (const struct sockaddr *)address, sizeof(*address));
    int error = -errno;
    umask(mask);
    if (bound < 0) {
        return fail(problem, error,
                    "cannot create the socket %s: %s; choose another place with --socket",
                    listener->path, strerror(-error));
    }
    struct stat stat;
    if (lstat(listener->path, &stat) == 0) {
        listener->bound = true;
        listener->dev = stat.st_dev;
        listener->ino = stat.st_ino;
    }
    if (group != (gid_t)-1 && lchown(listener->path, (uid_t)-1, group) < 0) {
        return fail(problem, -errno,
                    "cannot give the socket %s to group %u: %s; the daemon's user must be in that "
                    "group",
                    listener->path, (unsigned)group, strerror(errno));
    }
    if (listen(listener->fd, SOMAXCONN) < 0) {
        return fail(problem, -errno, "cannot listen at %s: %s", listener->path, strerror(errno));
    }
    return 0;
}

int kd_listener_create(const char *path, mode_t mode, gid_t group, char *why, size_t why_bytes,
                       struct kd_listener **out)
{
    const struct problem problem = {.why = why, .why_bytes = why_bytes};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t path_bytes = strlen(path) + 1;
    if (path_bytes == 1) {
        return fail(&problem, -EINVAL, "the path of the socket is empty");
    }
    if (path_bytes > sizeof(address.sun_path)) {
        return fail(&problem, -ENAMETOOLONG,
                    "the path of the socket has %zu bytes, but %zu is the most: %s", path_bytes - 1,
                    sizeof(address.sun_path) - 1, path);
    }
    memcpy(address.sun_path, path, path_bytes);
    struct kd_listener *listener = listener_new();
    if (listener == NULL) {
        return fail(&problem, -ENOMEM, "out of memory");
    }
    memcpy(listener->path, path, path_bytes);

    int error = make_parent(path, &problem);
    if (error == 0) {
        error = lock(listener, &problem);
    }
    if (error == 0) {
        error = clear_path(&address, &problem);
    }
    if (error == 0) {
        error = bind_and_listen(listener, &address, mode, group, &problem);
    }
    if (error < 0) {
        kd_listener_destroy(listener);
        return error;
    }
    *out = listener;
    return 0;
}

static bool option_is(int fd, int option, int wanted)
{
    int value;
    socklen_t value_bytes = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &value_bytes) == 0 && value == wanted;
}

int kd_listener_adopt(int fd, char *why, size_t why_bytes, struct kd_listener **out)
{
    const struct problem problem = {.why = why, .why_bytes = why_bytes};
    if (!option_is(fd, SO_DOMAIN, AF_UNIX) || !option_is(fd, SO_TYPE, SOCK_STREAM) ||
        !option_is(fd, SO_ACCEPTCONN, 1)) {
        close(fd);
        return fail(&problem, -EINVAL,
                    "file descriptor %d is not a listening Unix stream socket; the socket unit "
                    "needs ListenStream= with a path",
                    fd);
    }
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
        int error = -errno;
        close(fd);
        return fail(&problem, error, "cannot set up file descriptor %d: %s", fd, strerror(-error));
    }
    struct kd_listener *listener = listener_new();
    if (listener == NULL) {
        close(fd);
        return fail(&problem, -ENOMEM, "out of memory");
    }
    listener->fd = fd;
    struct sockaddr_un address = {0};
    socklen_t address_bytes = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &address_bytes) == 0 &&
        address_bytes > offsetof(struct sockaddr_un, sun_path)) {
        bool abstract = address.sun_path[0] == '\0';
        size_t name_bytes = address_bytes - offsetof(struct sockaddr_un, sun_path);
        snprintf(listener->path, sizeof(listener->path), "%s%.*s", abstract ? "@" : "",
                 (int)name_bytes - abstract, address.sun_path + abstract);
    }
    *out = listener;
    return 0;
}

int kd_listener_fd(const struct kd_listener *listener)
{
    return listener->fd;
}

const char *kd_listener_path(const struct kd_listener *listener)
{
    return listener->path;
}

static int accept_one(int fd)
{
    int client;
    do {
        client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    } while (client < 0 && (errno == EINTR || errno == ECONNABORTED));
    return client < 0 ? -errno : client;
}

int kd_listener_accept(struct kd_listener *listener)
{
    int client = accept_one(listener->fd);
    if (client != -EMFILE && client != -ENFILE) {
        return client;
    }
    int error = client;
    if (listener->spare_fd >= 0) {
        close(listener->spare_fd);
        client = accept_one(listener->fd);
        if (client >= 0) {
            close(client);
        } else if (client == -EAGAIN) {
            error = client; /* nobody was waiting */
        }
    }
    listener->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    return error;
}

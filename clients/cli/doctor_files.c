/* What the doctor's checks use: files below a root, programs, permissions. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "doctor.h"

#define RUN_SECONDS    10
#define RUN_BYTES_MAX  (4u << 20)
#define ERRORS_MAX     4096u
#define GROUPS_MAX_NUM 256

extern char **environ;

const char *doctor_path(const struct doctor *doctor, const char *path, char *out, size_t out_bytes)
{
    snprintf(out, out_bytes, "%s%s", doctor->root, path);
    return out;
}

bool doctor_read_line(const struct doctor *doctor, const char *path, char *out, size_t out_bytes)
{
    char whole[600];
    FILE *file = fopen(doctor_path(doctor, path, whole, sizeof(whole)), "re");
    out[0] = '\0';
    if (file == NULL)
        return false;
    /* A device tree's strings end with a NUL, others with a newline. */
    size_t bytes = fread(out, 1, out_bytes - 1, file);
    out[bytes] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
    return out[0] != '\0';
}

/* ---- Programs ------------------------------------------------------------------------------- */

struct stream {
    int fd; /* owned; -1: ended */
    char *bytes;
    size_t used, capacity, most;
};

/* Reads once; what is over the limit is thrown away. */
static void read_stream(struct stream *stream)
{
    char bytes[4096];
    ssize_t got = read(stream->fd, bytes, sizeof(bytes));
    if (got <= 0) {
        close(stream->fd);
        stream->fd = -1;
        return;
    }
    size_t take =
        (size_t)got < stream->most - stream->used ? (size_t)got : stream->most - stream->used;
    if (stream->used + take + 1 > stream->capacity) {
        size_t capacity = (stream->used + take + 1) * 2;
        char *larger = realloc(stream->bytes, capacity);
        if (larger == NULL)
            return;
        stream->bytes = larger;
        stream->capacity = capacity;
    }
    memcpy(stream->bytes + stream->used, bytes, take);
    stream->used += take;
    stream->bytes[stream->used] = '\0';
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads both until they end; false after too long. */
static bool read_both(struct stream *out, struct stream *errors)
{
    int64_t deadline_ms = now_ms() + RUN_SECONDS * 1000;
    while (out->fd >= 0 || errors->fd >= 0) {
        struct pollfd fds[] = {{.fd = out->fd, .events = POLLIN},
                               {.fd = errors->fd, .events = POLLIN}};
        int64_t left_ms = deadline_ms - now_ms();
        int ready = left_ms > 0 ? poll(fds, 2, (int)left_ms) : 0;
        if (ready == 0 || (ready < 0 && errno != EINTR))
            return false;
        if (ready > 0 && fds[0].revents != 0)
            read_stream(out);
        if (ready > 0 && fds[1].revents != 0)
            read_stream(errors);
    }
    return true;
}

static int spawn(char *const argv[], int out, int errors, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, errors, 2);
    setenv("LC_ALL", "C", 1);
    int error = posix_spawnp(child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

/* The child has closed its pipes or is too slow: its exit status, or -1. */
static int reap(pid_t child, bool ended, const char *program, char *error, size_t error_bytes)
{
    int status;
    if (!ended)
        kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!ended)
        snprintf(error, error_bytes, "%s did not end within %d s", program, RUN_SECONDS);
    else if (!WIFEXITED(status))
        snprintf(error, error_bytes, "%s was ended by signal %d", program, WTERMSIG(status));
    return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int doctor_run(char *const argv[], char **out, char *error, size_t error_bytes)
{
    int out_pipe[2], error_pipe[2];
    pid_t child;
    *out = NULL;
    error[0] = '\0';
    if (pipe2(out_pipe, O_CLOEXEC) < 0) {
        snprintf(error, error_bytes, "making a pipe: %s", strerror(errno));
        return -1;
    }
    if (pipe2(error_pipe, O_CLOEXEC) < 0) {
        snprintf(error, error_bytes, "making a pipe: %s", strerror(errno));
        close(out_pipe[0]);
        close(out_pipe[1]);
        return -1;
    }
    int failed = spawn(argv, out_pipe[1], error_pipe[1], &child);
    close(out_pipe[1]);
    close(error_pipe[1]);
    if (failed != 0) {
        snprintf(error, error_bytes, "%s: %s", argv[0], strerror(failed));
        close(out_pipe[0]);
        close(error_pipe[0]);
        return -1;
    }
    struct stream output = {.fd = out_pipe[0], .most = RUN_BYTES_MAX};
    struct stream errors = {.fd = error_pipe[0], .most = ERRORS_MAX};
    bool ended = read_both(&output, &errors);
    if (errors.bytes != NULL)
        snprintf(error, error_bytes, "%.*s", (int)strcspn(errors.bytes, "\n"), errors.bytes);
    int status = reap(child, ended, argv[0], error, error_bytes);
    if (output.fd >= 0)
        close(output.fd);
    if (errors.fd >= 0)
        close(errors.fd);
    free(errors.bytes);
    *out = output.bytes != NULL ? output.bytes : strdup("");
    return status;
}

/* ---- Permissions ---------------------------------------------------------------------------- */

/* Whether the user is a member by the group file, though this login may be older than that. */
static bool is_listed(const char *user, const struct group *group)
{
    for (char **member = group->gr_mem; *member != NULL; member++) {
        if (strcmp(*member, user) == 0)
            return true;
    }
    return false;
}

static void say_group(const struct doctor *doctor, const struct stat *file, char *remedy,
                      size_t remedy_bytes)
{
    const struct group *group = getgrgid(file->st_gid);
    mode_t wanted = S_IRGRP | S_IWGRP;
    if (group == NULL || (file->st_mode & wanted) == 0 || file->st_gid == 0)
        snprintf(remedy, remedy_bytes,
                 "its group may not open it either; run as root, or let the daemon use a seat "
                 "(--session seat)");
    else if (is_listed(doctor->user, group))
        snprintf(remedy, remedy_bytes,
                 "%s is in group %s since this login began: log out and in again", doctor->user,
                 group->gr_name);
    else
        snprintf(remedy, remedy_bytes,
                 "sudo usermod -aG %s %s, then log out and in again; a daemon with a seat "
                 "(--session seat) does without",
                 group->gr_name, doctor->user);
}

bool doctor_may_open(const struct doctor *doctor, const char *path, bool writing, char *why,
                     size_t why_bytes, char *remedy, size_t remedy_bytes)
{
    char whole[600];
    struct stat file;
    doctor_path(doctor, path, whole, sizeof(whole));
    why[0] = remedy[0] = '\0';
    if (faccessat(AT_FDCWD, whole, writing ? R_OK | W_OK : R_OK, AT_EACCESS) == 0)
        return true;
    int error = errno;
    if (stat(whole, &file) < 0) {
        snprintf(why, why_bytes, "%s: %s", whole, strerror(errno));
        return false;
    }
    const struct group *group = getgrgid(file.st_gid);
    snprintf(why, why_bytes, "%s cannot be opened by %s: %s (group %s, mode %03o)", whole,
             doctor->user, strerror(error), group != NULL ? group->gr_name : "unknown",
             (unsigned)file.st_mode & 0777);
    say_group(doctor, &file, remedy, remedy_bytes);
    return false;
}

/* Writes a recording: in whole lines, and to nobody but its owner. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/input.h"
#include "input/recording.h"

#define KD_LOG_MODULE "record"
#include "base/log.h"

#define BUFFER_BYTES 65536

/* What was recorded is in the file after so long, as long as there is input. */
#define FLUSH_NS INT64_C(1000000000)

struct kd_recorder {
    int fd;    /* owned; -1: an error has ended the recording */
    int error; /* that error, -errno */
    int64_t begin_ns;
    int64_t flush_ns; /* since the begin: when the buffer is written next, full or not */
    off_t file_bytes; /* written, in whole lines */
    size_t used_bytes;
    char path[256]; /* to be shown */
    char buffer[BUFFER_BYTES];
};

/* A file of somebody else, or one that others may have open already, is not written to: it is a new one. */
static int open_new(const char *path)
{
    struct stat stat;

    if (lstat(path, &stat) == 0) {
        if (!S_ISREG(stat.st_mode) || stat.st_uid != geteuid())
            return -EEXIST;
        if (unlink(path) < 0)
            return -errno;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? -errno : fd;
}

/* Says so once; what was written stays, up to its last whole line. */
static void end(struct kd_recorder *recorder, int error)
{
    KD_ERROR("recording of input to %s ends here: %s", recorder->path, strerror(-error));
    if (ftruncate(recorder->fd, recorder->file_bytes) < 0)
        KD_WARN("%s: its last line is not whole", recorder->path);
    recorder->error = error;
    close(recorder->fd);
    recorder->fd = -1;
}

/* A limit of a file's size is an error like any other, and not the end of the daemon, as its signal would have it. */
static ssize_t write_some(int fd, const char *bytes, size_t count)
{
    const struct timespec at_once = {0};
    sigset_t limit, usual;

    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &limit, &usual);
    ssize_t wrote = write(fd, bytes, count);
    int error = errno;
    if (wrote < 0 && error == EFBIG)
        sigtimedwait(&limit, NULL, &at_once);
    pthread_sigmask(SIG_SETMASK, &usual, NULL);
    errno = error;
    return wrote;
}

static void flush(struct kd_recorder *recorder)
{
    size_t done = 0;

    while (done < recorder->used_bytes) {
        ssize_t wrote =
            write_some(recorder->fd, recorder->buffer + done, recorder->used_bytes - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0) {
            const char *last = memrchr(recorder->buffer, '\n', done);
            int error = wrote < 0 ? -errno : -EIO;
            recorder->file_bytes += last ? last + 1 - recorder->buffer : 0;
            end(recorder, error);
            return;
        }
        done += (size_t)wrote;
    }
    recorder->file_bytes += (off_t)done;
    recorder->used_bytes = 0;
}

static void put(struct kd_recorder *recorder, struct kd_record *record, int64_t now_ns)
{
    char line[KD_RECORDING_LINE_BYTES];

    if (recorder->fd < 0)
        return;
    record->time_ns = now_ns > recorder->begin_ns ? now_ns - recorder->begin_ns : 0;
    size_t bytes = kd_recording_write(line, record);
    if (recorder->used_bytes + bytes > sizeof(recorder->buffer))
        flush(recorder);
    if (recorder->fd < 0)
        return;
    memcpy(recorder->buffer + recorder->used_bytes, line, bytes);
    recorder->used_bytes += bytes;
    if (record->time_ns >= recorder->flush_ns) {
        flush(recorder);
        recorder->flush_ns = record->time_ns + FLUSH_NS;
    }
}

int kd_recorder_create(const char *path, int64_t begin_ns, struct kd_recorder **out)
{
    struct kd_recorder *recorder = calloc(1, sizeof(*recorder));

    if (!recorder)
        return -ENOMEM;
    recorder->fd = open_new(path);
    if (recorder->fd < 0) {
        int error = recorder->fd;
        free(recorder);
        return error;
    }
    recorder->begin_ns = begin_ns;
    recorder->flush_ns = FLUSH_NS;
    kd_log_safe(recorder->path, sizeof(recorder->path), path, (uint32_t)strlen(path));
    recorder->used_bytes =
        (size_t)snprintf(recorder->buffer, sizeof(recorder->buffer), "%s\n", KD_RECORDING_HEADER);
    *out = recorder;
    return 0;
}

void kd_recorder_added(struct kd_recorder *recorder, uint32_t id,
                       const struct kd_input_device *device, int64_t now_ns)
{
    struct kd_record record = {.kind = KD_RECORD_DEVICE, .id = id, .device = *device};

    put(recorder, &record, now_ns);
}

void kd_recorder_removed(struct kd_recorder *recorder, uint32_t id, int64_t now_ns)
{
    struct kd_record record = {.kind = KD_RECORD_GONE, .id = id};

    put(recorder, &record, now_ns);
}

void kd_recorder_input(struct kd_recorder *recorder, const struct kd_input *input)
{
    struct kd_record record = {.kind = KD_RECORD_INPUT, .id = input->device, .input = *input};

    put(recorder, &record, input->time_ns);
}

int kd_recorder_destroy(struct kd_recorder *recorder)
{
    if (!recorder)
        return 0;
    if (recorder->fd >= 0)
        flush(recorder);
    if (recorder->fd >= 0 && close(recorder->fd) < 0)
        recorder->error = -errno;
    int error = recorder->error;
    free(recorder);
    return error;
}

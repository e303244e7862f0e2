/* Plays a recording. The file is looked through when it is opened, so that mistakes in it are known at once, and then read line by line. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gen/kmsblit_types.h"
#include "input/input.h"
#include "input/recording.h"

#define KD_LOG_MODULE "replay"
#include "base/log.h"

/* So much is handed out at a time; others want to work too. */
#define EVENTS_AT_A_TIME 1024

struct replay {
    struct kd_input_source base;
    FILE *file; /* owned */
    int64_t begin_ns;
    int64_t due_ns;            /* when next happens; times of the file that go back do not count */
    struct kd_record next;     /* KD_RECORD_NOTHING: the recording is at its end */
    struct kd_recording lines; /* what was read so far, next included */
    unsigned line_number;
    uint64_t events_count;
    bool is_suspended;
    struct {
        struct kd_input_device device;
        uint32_t file_id, id; /* in the file, of the handler; id 0: not wanted, or suspended */
    } devices[KD_RECORDING_DEVICES_MAX];
    size_t devices_count;
    char path[256]; /* to be shown */
};

/* ---- Reading --------------------------------------------------------------------------------- */

/* The next line that says something into next. -EINVAL: why says what is wrong, with the line. */
static int read_next(struct replay *replay, char *why, size_t why_bytes)
{
    char line[KD_RECORDING_LINE_BYTES], what[256];

    for (;;) {
        replay->next = (struct kd_record){0};
        if (!fgets(line, sizeof(line), replay->file)) {
            if (ferror(replay->file) || !replay->lines.has_begun) {
                snprintf(why, why_bytes, "%s: %s", replay->path,
                         ferror(replay->file) ? "it cannot be read" : "it is empty");
                return -EINVAL;
            }
            return 0;
        }
        replay->line_number++;
        size_t length = strlen(line);
        bool is_whole = length > 0 && line[length - 1] == '\n';
        if (is_whole)
            line[length - 1] = '\0';
        else if (!feof(replay->file)) {
            snprintf(why, why_bytes, "%s:%u: the line is too long, or no text", replay->path,
                     replay->line_number);
            return -EINVAL;
        }
        if (kd_recording_read(&replay->lines, line, &replay->next, what, sizeof(what))) {
            snprintf(why, why_bytes, "%s:%u: %s", replay->path, replay->line_number, what);
            return -EINVAL;
        }
        if (replay->next.kind != KD_RECORD_NOTHING)
            break;
    }
    int64_t at_ns = replay->begin_ns + replay->next.time_ns;
    replay->due_ns = at_ns > replay->due_ns ? at_ns : replay->due_ns;
    return 0;
}

static void rewind_to_begin(struct replay *replay)
{
    rewind(replay->file);
    replay->lines = (struct kd_recording){0};
    replay->line_number = 0;
    replay->due_ns = replay->begin_ns;
}

static int open_file(struct replay *replay, const char *path, char *why, size_t why_bytes)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    int error = fd < 0 ? -errno : 0;

    if (!error && fstat(fd, &stat) < 0)
        error = -errno;
    if (!error && !S_ISREG(stat.st_mode))
        error = S_ISDIR(stat.st_mode) ? -EISDIR : -EINVAL;
    if (!error) {
        replay->file = fdopen(fd, "r");
        error = replay->file ? 0 : -errno;
    }
    if (error) {
        snprintf(why, why_bytes, "%s: %s", replay->path,
                 error == -EINVAL ? "it is no file" : strerror(-error));
        if (fd >= 0)
            close(fd);
    }
    return error;
}

/* ---- The source ------------------------------------------------------------------------------ */

static int replay_get_fd(const struct kd_input_source *source)
{
    (void)source;
    return -1;
}

static int64_t replay_wake_ns(const struct kd_input_source *source)
{
    const struct replay *replay = (const struct replay *)source;

    return replay->next.kind == KD_RECORD_NOTHING ? 0 : replay->due_ns;
}

static size_t find(const struct replay *replay, uint32_t file_id)
{
    size_t i = 0;

    while (i < replay->devices_count && replay->devices[i].file_id != file_id)
        i++;
    return i;
}

static void tell_added(struct replay *replay, size_t at)
{
    const struct kd_input_handler *handler = replay->base.handler;

    if (!replay->is_suspended)
        replay->devices[at].id = handler->added(handler->ctx, &replay->devices[at].device);
}

static void tell_removed(struct replay *replay, size_t at)
{
    const struct kd_input_handler *handler = replay->base.handler;

    if (replay->devices[at].id)
        handler->removed(handler->ctx, replay->devices[at].id);
    replay->devices[at].id = 0;
}

static void play(struct replay *replay)
{
    const struct kd_input_handler *handler = replay->base.handler;
    size_t at = find(replay, replay->next.id);

    if (replay->next.kind == KD_RECORD_DEVICE) {
        replay->devices[at].device = replay->next.device;
        replay->devices[at].file_id = replay->next.id;
        replay->devices[at].id = 0;
        replay->devices_count++;
        tell_added(replay, at);
    } else if (replay->next.kind == KD_RECORD_GONE) {
        tell_removed(replay, at);
        replay->devices[at] = replay->devices[--replay->devices_count];
    } else if (replay->devices[at].id) {
        struct kd_input input = replay->next.input;
        input.device = replay->devices[at].id;
        input.time_ns += replay->begin_ns;
        handler->input(handler->ctx, &input);
        replay->events_count++;
    }
}

static int replay_dispatch(struct kd_input_source *source, int64_t now_ns)
{
    struct replay *replay = (struct replay *)source;
    char why[512];

    for (int i = 0; i < EVENTS_AT_A_TIME; i++) {
        if (replay->next.kind == KD_RECORD_NOTHING || replay->due_ns > now_ns)
            return 0;
        play(replay);
        int error = read_next(replay, why, sizeof(why));
        if (error) {
            KD_ERROR("the recording changed while it was played: %s", why);
            replay->next.kind = KD_RECORD_NOTHING;
            return error;
        }
        if (replay->next.kind == KD_RECORD_NOTHING)
            KD_INFO("%s was played: %llu events", replay->path,
                    (unsigned long long)replay->events_count);
    }
    return 0;
}

/* Time goes on in a recording while its devices are away. */
static void replay_suspend(struct kd_input_source *source)
{
    struct replay *replay = (struct replay *)source;

    for (size_t i = 0; i < replay->devices_count; i++)
        tell_removed(replay, i);
    replay->is_suspended = true;
}

static void replay_resume(struct kd_input_source *source)
{
    struct replay *replay = (struct replay *)source;

    if (!replay->is_suspended)
        return;
    replay->is_suspended = false;
    for (size_t i = 0; i < replay->devices_count; i++)
        tell_added(replay, i);
}

static int replay_rumble(struct kd_input_source *source, uint32_t device, uint16_t strong,
                         uint16_t weak, uint32_t duration_ms)
{
    struct replay *replay = (struct replay *)source;

    (void)strong;
    (void)weak;
    (void)duration_ms;
    for (size_t i = 0; i < replay->devices_count; i++) {
        if (replay->devices[i].id == device && device)
            return replay->devices[i].device.capabilities & KB_DEVICE_CAPABILITY_RUMBLE
                       ? 0
                       : -EOPNOTSUPP;
    }
    return -ENODEV;
}

static void replay_set_leds(struct kd_input_source *source, uint32_t modifiers)
{
    (void)source;
    (void)modifiers;
}

static void replay_destroy(struct kd_input_source *source)
{
    struct replay *replay = (struct replay *)source;

    if (replay->file)
        fclose(replay->file);
    free(replay);
}

static const struct kd_input_impl replay_impl = {
    .name = "replay",
    .get_fd = replay_get_fd,
    .dispatch = replay_dispatch,
    .wake_ns = replay_wake_ns,
    .suspend = replay_suspend,
    .resume = replay_resume,
    .rumble = replay_rumble,
    .set_leds = replay_set_leds,
    .destroy = replay_destroy,
};

int kd_replay_create(const struct kd_input_handler *handler, const char *path, int64_t begin_ns,
                     char *why, size_t why_bytes, struct kd_input_source **out)
{
    struct replay *replay = calloc(1, sizeof(*replay));

    if (!replay) {
        snprintf(why, why_bytes, "out of memory");
        return -ENOMEM;
    }
    replay->base = (struct kd_input_source){&replay_impl, handler};
    replay->begin_ns = begin_ns;
    kd_log_safe(replay->path, sizeof(replay->path), path, (uint32_t)strlen(path));
    int error = open_file(replay, path, why, why_bytes);
    while (!error) {
        error = read_next(replay, why, why_bytes);
        if (replay->next.kind == KD_RECORD_NOTHING)
            break;
    }
    if (!error) {
        rewind_to_begin(replay);
        error = read_next(replay, why, why_bytes);
    }
    if (error) {
        replay_destroy(&replay->base);
        return error;
    }
    *out = &replay->base;
    return 0;
}

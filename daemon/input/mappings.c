/* Many mappings, from files. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/mapping.h"

#define KD_LOG_MODULE "gamepad"
#include "base/log.h"

#define FILE_BYTES_MAX (16 << 20)
#define MAPPINGS_MAX   65536
#define WARNINGS_MAX   10 /* of one file */

struct kd_mappings {
    struct kd_mapping *all; /* owned */
    size_t count, room;
};

int kd_mappings_create(struct kd_mappings **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

void kd_mappings_destroy(struct kd_mappings *mappings)
{
    if (!mappings)
        return;
    free(mappings->all);
    free(mappings);
}

static void add(struct kd_mappings *mappings, const struct kd_mapping *mapping)
{
    if (mappings->count == mappings->room) {
        size_t room = mappings->room ? mappings->room * 2 : 64;
        struct kd_mapping *all =
            room > MAPPINGS_MAX ? NULL : realloc(mappings->all, room * sizeof(*all));
        if (!all)
            return;
        mappings->all = all;
        mappings->room = room;
    }
    mappings->all[mappings->count++] = *mapping;
}

void kd_mappings_add_text(struct kd_mappings *mappings, const char *text, size_t bytes,
                          const char *from)
{
    char line[KD_MAPPING_BYTES], why[256], safe[128];
    struct kd_mapping mapping;
    unsigned number = 0, wrong = 0;

    kd_log_safe(safe, sizeof(safe), from, (uint32_t)strlen(from));
    while (bytes) {
        const char *end = memchr(text, '\n', bytes);
        size_t length = end ? (size_t)(end - text) : bytes;
        int status = -EINVAL;
        number++;
        if (length >= sizeof(line) || memchr(text, '\0', length)) {
            snprintf(why, sizeof(why), "the line is too long, or no text");
        } else {
            memcpy(line, text, length);
            line[length] = '\0';
            line[strcspn(line, "\r")] = '\0';
            status = kd_mapping_parse(line, &mapping, why, sizeof(why));
        }
        if (status > 0)
            add(mappings, &mapping);
        else if (status < 0 && wrong++ < WARNINGS_MAX)
            KD_WARN("%s:%u: this line is ignored: %s", safe, number, why);
        text += length + (end != NULL);
        bytes -= length + (end != NULL);
    }
    if (wrong > WARNINGS_MAX)
        KD_WARN("%s: %u more lines are ignored", safe, wrong - WARNINGS_MAX);
}

int kd_mappings_add_file(struct kd_mappings *mappings, const char *path)
{
    struct stat stat;
    size_t used = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    int error = fstat(fd, &stat) < 0            ? -errno
                : !S_ISREG(stat.st_mode)        ? -EINVAL
                : stat.st_size > FILE_BYTES_MAX ? -EFBIG
                                                : 0;
    size_t bytes = error ? 0 : (size_t)stat.st_size;
    char *text = malloc(bytes + 1);
    if (!text)
        error = -ENOMEM;
    while (!error && got > 0 && used < bytes) {
        got = read(fd, text + used, bytes - used);
        used += got > 0 ? (size_t)got : 0;
        error = got < 0 ? -errno : 0;
    }
    if (!error)
        kd_mappings_add_text(mappings, text, used, path);
    free(text);
    close(fd);
    return error;
}

const struct kd_mapping *kd_mappings_find(const struct kd_mappings *mappings,
                                          const uint8_t guid[KD_GUID_BYTES], const char *name)
{
    for (unsigned how = 0; how < 4; how++) {
        for (size_t i = mappings->count; i > 0; i--) {
            const struct kd_mapping *mapping = &mappings->all[i - 1];
            if (kd_mapping_matches(mapping, guid, name, how % 2 == 0, how >= 2))
                return mapping;
        }
    }
    return NULL;
}

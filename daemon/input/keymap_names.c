/* The system's keyboard, from a file of shell assignments such as Debian's /etc/default/keyboard. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/keymap.h"

#define KD_LOG_MODULE "keymap"
#include "base/log.h"

#define FILE_BYTES_MAX 65536

struct reader {
    const char *at; /* borrowed; ends with 0 */
    const char *path;
};

/* One character of a value, as a shell would take it; -1: the value has ended. quote is 0, ' or ". */
static int next_char(struct reader *reader, char *quote)
{
    for (;;) {
        char c = *reader->at;
        if (c == '\0')
            return -1;
        if (*quote == 0 && strchr(" \t\r\n;&|#()<>", c))
            return -1;
        reader->at++;
        if (c == *quote) {
            *quote = 0;
        } else if (*quote == 0 && (c == '\'' || c == '"')) {
            *quote = c;
        } else if (c == '\\' && *quote != '\'') {
            char escaped = *reader->at;
            if (escaped == '\0')
                return -1;
            if (*quote == '"' && !strchr("$`\"\\\n", escaped))
                return c;
            reader->at++;
            if (escaped != '\n')
                return (uint8_t)escaped;
        } else {
            return (uint8_t)c;
        }
    }
}

/* A value into a field; one that cannot be right is warned about, and the field is then empty. */
static void read_value(struct reader *reader, const char *key, char *to, size_t to_bytes)
{
    size_t used = 0;
    char quote = 0, safe[64];
    bool is_bad = false;
    int c;

    while ((c = next_char(reader, &quote)) >= 0) {
        is_bad = is_bad || c < 0x21 || c == 0x7f || used + 1 >= to_bytes;
        if (!is_bad)
            to[used++] = (char)c;
    }
    to[is_bad || quote ? 0 : used] = '\0';
    if (is_bad || quote)
        KD_WARN("%s: %s is ignored: %s",
                kd_log_safe(safe, sizeof(safe), reader->path, (uint32_t)strlen(reader->path)), key,
                quote ? "its quote is not closed" : "it is too long, or not a name");
}

static void read_line(struct reader *reader, struct kd_keymap_names *found)
{
    const struct {
        const char *key;
        char *to;
        size_t to_bytes;
    } keys[] = {
        {"XKBMODEL", found->model, sizeof(found->model)},
        {"XKBLAYOUT", found->layout, sizeof(found->layout)},
        {"XKBVARIANT", found->variant, sizeof(found->variant)},
        {"XKBOPTIONS", found->options, sizeof(found->options)},
    };

    reader->at += strspn(reader->at, " \t\r");
    if (strncmp(reader->at, "export ", 7) == 0)
        reader->at += 7 + strspn(reader->at + 7, " \t");
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        size_t length = strlen(keys[i].key);
        if (strncmp(reader->at, keys[i].key, length) == 0 && reader->at[length] == '=') {
            reader->at += length + 1;
            read_value(reader, keys[i].key, keys[i].to, keys[i].to_bytes);
            break;
        }
    }
    reader->at += strcspn(reader->at, "\n");
    reader->at += *reader->at == '\n';
}

static int read_file(const char *path, char *to, size_t to_bytes)
{
    struct stat stat;
    size_t used = 0;
    ssize_t got = 1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode)) {
        close(fd);
        return -EINVAL;
    }
    while (got > 0 && used + 1 < to_bytes) {
        got = read(fd, to + used, to_bytes - 1 - used);
        used += got > 0 ? (size_t)got : 0;
    }
    int error = got < 0 ? -errno : 0;
    close(fd);
    to[used] = '\0';
    return error;
}

void kd_keymap_system_names(struct kd_keymap_names *names, const char *path)
{
    static char text[FILE_BYTES_MAX];
    struct kd_keymap_names found = {0};
    struct reader reader = {text, path};
    char safe[128];

    int error = read_file(path, text, sizeof(text));
    if (error) {
        if (error != -ENOENT)
            KD_WARN("%s cannot be read, and is ignored: %s",
                    kd_log_safe(safe, sizeof(safe), path, (uint32_t)strlen(path)),
                    strerror(-error));
        return;
    }
    while (*reader.at)
        read_line(&reader, &found);
    if (!names->model[0])
        memcpy(names->model, found.model, sizeof(names->model));
    if (!names->options[0])
        memcpy(names->options, found.options, sizeof(names->options));
    if (!names->layout[0]) {
        memcpy(names->layout, found.layout, sizeof(names->layout));
        if (!names->variant[0])
            memcpy(names->variant, found.variant, sizeof(names->variant));
    }
}

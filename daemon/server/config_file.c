/*
 * The configuration file. inih splits it into sections, names and values; the reader below gives
 * it line by line, so that every mistake can be told with its line, also those that inih passes
 * over: lines that are too long, an indented line (inih would join it to the value before), a
 * section without keys, a second syntax error.
 */
#include <assert.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config.h"
#include "server/config_keys.h"

#define FILE_BYTES_MAX (1u << 20)
#define REPORTS_MAX    20
#define KEYS_MAX       64

enum section_kind { SECTION_NONE, SECTION_KEYS, SECTION_OUTPUT, SECTION_INPUT, SECTION_BAD };

struct reading {
    struct kd_config *config; /* borrowed */
    const char *path;
    FILE *file; /* owned by kd_config_read() */
    unsigned line;
    unsigned mistakes;
    size_t bytes_read;
    bool ended;      /* nothing more is to be read */
    bool understood; /* the present line needs no more said about it */
    enum section_kind section;
    char section_name[160];
    unsigned set_at[KEYS_MAX];       /* the line that set each key; 0: none */
    unsigned part_set_at[KEYS_MAX];  /* likewise in the present [output NAME] or [input NAME] */
    struct kd_config_section output; /* that section */
    struct kd_config_device device;  /* likewise */
    unsigned output_line;
};

static void __attribute__((format(printf, 2, 3)))
report(struct reading *reading, const char *format, ...)
{
    reading->understood = true;
    if (reading->mistakes++ >= REPORTS_MAX) {
        return;
    }
    char text[1024], safe[1024];
    va_list args;
    va_start(args, format);
    int text_bytes = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if ((size_t)text_bytes >= sizeof(text)) {
        text_bytes = sizeof(text) - 1;
    }
    fprintf(stderr, "%s:%u: %s\n", reading->path, reading->line,
            kd_log_safe(safe, sizeof(safe), text, (uint32_t)text_bytes));
}

/* ---- Sections
 * --------------------------------------------------------------------------------- */

static bool has_section(const char *name)
{
    for (size_t i = 0; i < kd_config_keys_count; i++) {
        if (kd_config_keys[i].section != NULL && strcmp(kd_config_keys[i].section, name) == 0) {
            return true;
        }
    }
    return false;
}

static void report_section(struct reading *reading, const char *name)
{
    char list[256] = "";
    size_t used = 0;
    const char *last = "";
    for (size_t i = 0; i < kd_config_keys_count; i++) {
        const char *section = kd_config_keys[i].section;
        if (section != NULL && strcmp(section, last) != 0 && used < sizeof(list)) {
            used += (size_t)snprintf(list + used, sizeof(list) - used, "[%s], ", section);
            last = section;
        }
    }
    report(reading, "[%s]: unknown section; there are %s[output NAME], [input NAME]", name, list);
}

static void end_section(struct reading *reading)
{
    char why[KD_CONFIG_WHY_BYTES];
    if (reading->section == SECTION_OUTPUT &&
        !kd_config_section_end(reading->config, &reading->output, why)) {
        unsigned line = reading->line;
        reading->line = reading->output_line;
        report(reading, "[%s]: %s", reading->section_name, why);
        reading->line = line;
    }
    if (reading->section == SECTION_INPUT) {
        kd_config_device_end(reading->config, &reading->device);
    }
    reading->section = SECTION_BAD;
}

static void begin_device(struct reading *reading, const char *name)
{
    char why[KD_CONFIG_WHY_BYTES];
    memset(reading->part_set_at, 0, sizeof(reading->part_set_at));
    reading->section = SECTION_INPUT;
    if (!kd_config_device_begin(reading->config, &reading->device, name + strspn(name, " "), why)) {
        reading->section = SECTION_BAD;
        report(reading, "[%s]: %s", reading->section_name, why);
    }
}

static void begin_section(struct reading *reading, const char *name)
{
    char why[KD_CONFIG_WHY_BYTES];
    snprintf(reading->section_name, sizeof(reading->section_name), "%s", name);
    if (strncmp(name, "output", 6) == 0 && (name[6] == ' ' || name[6] == '\0')) {
        const char *output = name + 6 + strspn(name + 6, " ");
        memset(reading->part_set_at, 0, sizeof(reading->part_set_at));
        reading->section = SECTION_OUTPUT;
        reading->output_line = reading->line;
        if (output[0] == '\0') {
            reading->section = SECTION_BAD;
            report(reading, "[output]: the output's name is missing: [output NAME]");
        } else if (!kd_config_section_begin(reading->config, &reading->output, output, why)) {
            reading->section = SECTION_BAD;
            report(reading, "[%s]: %s", name, why);
        }
    } else if (strncmp(name, "input ", 6) == 0) {
        begin_device(reading, name + 6);
    } else if (has_section(name)) {
        reading->section = SECTION_KEYS;
    } else {
        reading->section = SECTION_BAD;
        report_section(reading, name);
    }
}

/* The line without its first bracket. */
static void read_section(struct reading *reading, char *line)
{
    char *end = strchr(line, ']');
    end_section(reading);
    if (end == NULL) {
        report(reading, "'[' without ']': a section is [NAME]");
        return;
    }
    const char *rest = end + 1 + strspn(end + 1, " \t");
    if (*rest != '\0' && *rest != ';' && *rest != '#') {
        report(reading, "'%s' behind ']': a section has a line of its own", rest);
        return;
    }
    *end = '\0';
    begin_section(reading, line);
}

/* ---- Keys
 * ------------------------------------------------------------------------------------- */

/* list: the keys there are. */
static void report_key(struct reading *reading, const char *name, const char *list)
{
    report(reading, "[%s] %s: unknown key; there %s %s", reading->section_name, name,
           strchr(list, ',') ? "are" : "is", list);
}

static void list_key(char list[256], const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, 256 - used, "%s%s", used ? ", " : "", name);
}

/* True the first time that a key is set; set_at is where the line is kept. */
static bool set_first(struct reading *reading, const char *name, unsigned *set_at)
{
    unsigned before = *set_at;
    *set_at = reading->line;
    if (before != 0) {
        report(reading, "[%s] %s: is set in line %u already", reading->section_name, name, before);
    }
    return before == 0;
}

static void set_key(struct reading *reading, const char *name, const char *value)
{
    char why[KD_CONFIG_WHY_BYTES], list[256] = "";
    assert(kd_config_keys_count <= KEYS_MAX);
    for (size_t i = 0; i < kd_config_keys_count; i++) {
        const struct kd_config_key *key = &kd_config_keys[i];
        if (key->section == NULL || strcmp(key->section, reading->section_name) != 0) {
            continue;
        }
        list_key(list, key->name);
        if (strcmp(key->name, name) != 0) {
            continue;
        }
        if (set_first(reading, name, &reading->set_at[i]) &&
            !key->set(reading->config, value, why)) {
            report(reading, "[%s] %s = %s: %s", reading->section_name, name, value, why);
        }
        return;
    }
    report_key(reading, name, list);
}

static void set_output_key(struct reading *reading, const char *name, const char *value)
{
    char why[KD_CONFIG_WHY_BYTES], list[256] = "";
    assert(kd_config_output_keys_count <= KEYS_MAX);
    for (size_t i = 0; i < kd_config_output_keys_count; i++) {
        const struct kd_config_output_key *key = &kd_config_output_keys[i];
        list_key(list, key->name);
        if (strcmp(key->name, name) != 0) {
            continue;
        }
        if (set_first(reading, name, &reading->part_set_at[i]) &&
            !kd_config_section_set(&reading->output, key, value, why)) {
            report(reading, "[%s] %s = %s: %s", reading->section_name, name, value, why);
        }
        return;
    }
    report_key(reading, name, list);
}

static void set_device_key(struct reading *reading, const char *name, const char *value)
{
    char why[KD_CONFIG_WHY_BYTES], list[256] = "";
    assert(kd_config_device_keys_count <= KEYS_MAX);
    for (size_t i = 0; i < kd_config_device_keys_count; i++) {
        const struct kd_config_device_key *key = &kd_config_device_keys[i];
        list_key(list, key->name);
        if (strcmp(key->name, name) != 0) {
            continue;
        }
        if (set_first(reading, name, &reading->part_set_at[i]) &&
            !key->set(&reading->device, value, why)) {
            report(reading, "[%s] %s = %s: %s", reading->section_name, name, value, why);
        }
        return;
    }
    report_key(reading, name, list);
}

static int on_value(void *ctx, const char *section, const char *name, const char *value)
{
    struct reading *reading = ctx;
    (void)section; /* cut at 49 bytes: ours is whole */
    reading->understood = true;
    switch (reading->section) {
    case SECTION_NONE: report(reading, "%s: stands before the first [SECTION]", name); break;
    case SECTION_KEYS: set_key(reading, name, value); break;
    case SECTION_OUTPUT: set_output_key(reading, name, value); break;
    case SECTION_INPUT: set_device_key(reading, name, value); break;
    case SECTION_BAD: break; /* said once */
    }
    return 1;
}

/* ---- Lines
 * ------------------------------------------------------------------------------------ */

/* Reads one line without its end into line, of size bytes. */
static bool next_line(struct reading *reading, char *line, size_t size)
{
    size_t length = 0;
    bool nul = false;
    int c;
    if (reading->ended) {
        return false;
    }
    reading->line++;
    reading->understood = false;
    while ((c = getc(reading->file)) != EOF && c != '\n') {
        if (++reading->bytes_read > FILE_BYTES_MAX) {
            report(reading, "the file is longer than 1 MiB: that is no configuration");
            reading->ended = true;
            return false;
        }
        nul = nul || c == '\0';
        if (length < size) {
            line[length++] = (char)c;
        }
    }
    if (c == EOF) {
        reading->ended = true;
        if (length == 0 || ferror(reading->file)) {
            reading->understood = true; /* there is no such line */
            return false;
        }
    }
    if (nul) {
        report(reading, "a zero byte: this is not text");
        length = 0;
    } else if (length == size) {
        report(reading, "the line is longer than %zu bytes", size - 1);
        length = 0;
    }
    if (length > 0 && line[length - 1] == '\r') {
        length--;
    }
    line[length] = '\0';
    return true;
}

static void finish_line(struct reading *reading)
{
    if (reading->line > 0 && !reading->understood) {
        report(reading, "neither KEY = VALUE nor [SECTION]");
    }
    reading->understood = true;
}

/* inih's fgets: gives it the lines that hold a key, or are none of ours to judge, and empty ones
 * for all others. */
static char *give_line(char *str, int num, void *ctx)
{
    struct reading *reading = ctx;
    finish_line(reading);
    if (num < 2 || !next_line(reading, str, (size_t)num - 1)) {
        return NULL;
    }
    if (reading->line == 1 && strncmp(str, "\xef\xbb\xbf", 3) == 0) {
        memmove(str, str + 3, strlen(str + 3) + 1);
    }
    size_t indent = strspn(str, " \t");
    memmove(str, str + indent, strlen(str + indent) + 1);
    if (str[0] == '\0' || str[0] == '#' || str[0] == ';') {
        reading->understood = true;
        str[0] = '\0';
    } else if (str[0] == '[') {
        reading->understood = true;
        read_section(reading, str + 1);
        str[0] = '\0';
    }
    size_t length = strlen(str);
    memcpy(str + length, "\n", 2); /* there is room: next_line() was given one byte less */
    return str;
}

int kd_config_read(struct kd_config *config, const char *path)
{
    struct reading reading = {.config = config, .path = path, .understood = true};
    reading.file = fopen(path, "re");
    if (reading.file == NULL) {
        int error = -errno;
        if (error != -ENOENT) {
            fprintf(stderr, "%s: cannot be read: %s\n", path, strerror(-error));
        }
        return error;
    }
    int result = ini_parse_stream(give_line, &reading, on_value, &reading);
    finish_line(&reading);
    end_section(&reading);
    int error = ferror(reading.file) ? -EIO : result == -2 ? -ENOMEM : 0;
    fclose(reading.file);
    if (error < 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return error;
    }
    if (reading.mistakes > REPORTS_MAX) {
        fprintf(stderr, "%s: %u mistakes more\n", path, reading.mistakes - REPORTS_MAX);
    }
    return reading.mistakes > 0 ? -EINVAL : 0;
}

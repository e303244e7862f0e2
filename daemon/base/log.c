#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES      1024
#define RING_LINES      256
#define RING_LINE_BYTES 256

#define LIMIT_BURST     10
#define LIMIT_REFILL_NS INT64_C(1000000000)

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const int syslog_levels[] = {3, 4, 6, 7};
#define LEVELS_COUNT (sizeof(level_names) / sizeof(level_names[0]))

static atomic_int printed_level = KD_LOG_INFO;

/* Written once, or by kd_log_set_fd(). */
static struct {
    int fd; /* borrowed */
    bool journal;
} sink = {.fd = STDERR_FILENO};
static pthread_once_t sink_once = PTHREAD_ONCE_INIT;

static struct {
    pthread_mutex_t mutex;
    uint64_t count; /* lines ever put in; line i lies in lines[i % RING_LINES] */
    char lines[RING_LINES][RING_LINE_BYTES]; /* with their newline, terminated */
} ring = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool fd_is_journal(int fd)
{
    const char *text = getenv("JOURNAL_STREAM");
    struct stat stat;
    if (text == NULL || fstat(fd, &stat) < 0) {
        return false;
    }
    char mine[64];
    snprintf(mine, sizeof(mine), "%llu:%llu", (unsigned long long)stat.st_dev,
             (unsigned long long)stat.st_ino);
    return strcmp(text, mine) == 0;
}

static void sink_init(void)
{
    sink.journal = fd_is_journal(sink.fd);
}

void kd_log_set_fd(int fd)
{
    pthread_once(&sink_once, sink_init);
    sink.fd = fd;
    sink.journal = fd_is_journal(fd);
}

void kd_log_set_level(enum kd_log_level level)
{
    atomic_store_explicit(&printed_level, (int)level, memory_order_relaxed);
}

enum kd_log_level kd_log_get_level(void)
{
    return (enum kd_log_level)atomic_load_explicit(&printed_level, memory_order_relaxed);
}

bool kd_log_level_parse(const char *text, enum kd_log_level *level)
{
    for (size_t i = 0; i < LEVELS_COUNT; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *level = (enum kd_log_level)i;
            return true;
        }
    }
    return false;
}

const char *kd_log_level_name(enum kd_log_level level)
{
    return (size_t)level < LEVELS_COUNT ? level_names[level] : "unknown";
}

/* The length of the printable character that text begins with, 0 if that is none: control
 * characters (C1 too), overlong forms, surrogates, what is above U+10FFFF, and a sequence that
 * is cut off. */
static size_t printable_step(const uint8_t *text, size_t left)
{
    uint8_t first = text[0];
    if (first < 0x80) {
        return first >= 0x20 && first != 0x7f;
    }
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || length > left) {
        return 0;
    }
    uint8_t low = first == 0xe0 || first == 0xc2 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

const char *kd_log_safe(char *buffer, uint32_t buffer_bytes, const char *text, uint32_t text_bytes)
{
    static const char cut[] = "...";
    if (buffer_bytes == 0) {
        return "";
    }
    const uint8_t *at = (const uint8_t *)text;
    uint32_t used = 0;
    uint32_t cut_at = 0; /* the last boundary with room for the dots behind it */
    for (uint32_t i = 0; i < text_bytes;) {
        size_t step = printable_step(at + i, text_bytes - i);
        size_t out_bytes = step > 0 ? step : 1;
        if (used + out_bytes >= buffer_bytes) {
            if (buffer_bytes >= sizeof(cut)) {
                memcpy(buffer + cut_at, cut, sizeof(cut));
                return buffer;
            }
            break;
        }
        if (step > 0) {
            memcpy(buffer + used, at + i, step);
        } else {
            buffer[used] = '?';
        }
        used += (uint32_t)out_bytes;
        i += (uint32_t)out_bytes;
        if (used + sizeof(cut) <= buffer_bytes) {
            cut_at = used;
        }
    }
    buffer[used] = '\0';
    return buffer;
}

static void write_line(const char *line, size_t line_bytes)
{
    /* Nothing sensible can be done where logging fails: the ring still has the line. */
    while (write(sink.fd, line, line_bytes) < 0 && errno == EINTR) {
    }
}

static void ring_put(const char *line, size_t line_bytes)
{
    if (line_bytes >= RING_LINE_BYTES) {
        line_bytes = RING_LINE_BYTES - 1;
    }
    pthread_mutex_lock(&ring.mutex);
    char *to = ring.lines[ring.count % RING_LINES];
    memcpy(to, line, line_bytes);
    to[line_bytes - 1] = '\n';
    to[line_bytes] = '\0';
    ring.count++;
    pthread_mutex_unlock(&ring.mutex);
}

void kd_log(enum kd_log_level level, const char *module, const char *format, ...)
{
    int saved_errno = errno;
    pthread_once(&sink_once, sink_init);

    struct timespec now = {0};
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[LINE_BYTES];
    int head = snprintf(line, sizeof(line), "[%6lld.%06ld] %-5s ", (long long)now.tv_sec,
                        now.tv_nsec / 1000, kd_log_level_name(level));
    int named = snprintf(line + head, sizeof(line) - (size_t)head, "%s: ", module);
    size_t at = (size_t)head + (size_t)(named > 0 ? named : 0);
    if (at >= sizeof(line) / 2) {
        at = sizeof(line) / 2; /* no module's name is this long */
    }

    char text[LINE_BYTES];
    va_list args;
    va_start(args, format);
    int wanted = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (wanted < 0) {
        wanted = snprintf(text, sizeof(text), "(unprintable) %s", format);
    }
    /* What did not fit in text cannot fit in what is left of line either, so it is cut there,
     * with dots. */
    size_t text_bytes = (size_t)wanted < sizeof(text) ? (size_t)wanted : sizeof(text) - 1;
    kd_log_safe(line + at, (uint32_t)(sizeof(line) - 1 - at), text, (uint32_t)text_bytes);
    size_t line_bytes = at + strlen(line + at);
    line[line_bytes++] = '\n';

    ring_put(line, line_bytes);
    if (level <= kd_log_get_level()) {
        if (sink.journal) {
            /* The journal knows the time itself: the prefix takes the place of time and level,
             * in the same memory. */
            char prefix[8];
            int prefix_bytes = snprintf(prefix, sizeof(prefix), "<%d>",
                                        (size_t)level < LEVELS_COUNT ? syslog_levels[level] : 3);
            char *start = line + head - prefix_bytes;
            memcpy(start, prefix, (size_t)prefix_bytes);
            write_line(start, line_bytes - (size_t)(start - line));
        } else {
            write_line(line, line_bytes);
        }
    }
    errno = saved_errno;
}

void kd_log_dump_ring(void)
{
    static const char begin[] = "--- the last messages of all levels:\n";
    static const char end[] = "--- end of the last messages\n";
    int saved_errno = errno;
    /* Who is interrupted while holding the mutex never lets go of it; a torn line is then better
     * than none. */
    bool locked = pthread_mutex_trylock(&ring.mutex) == 0;
    write_line(begin, sizeof(begin) - 1);
    uint64_t first = ring.count > RING_LINES ? ring.count - RING_LINES : 0;
    for (uint64_t i = first; i < ring.count; i++) {
        const char *line = ring.lines[i % RING_LINES];
        write_line(line, strnlen(line, RING_LINE_BYTES));
    }
    write_line(end, sizeof(end) - 1);
    if (locked) {
        pthread_mutex_unlock(&ring.mutex);
    }
    errno = saved_errno;
}

bool kd_log_allow(struct kd_log_limit *limit, int64_t now_ns, uint32_t *suppressed)
{
    *suppressed = 0;
    if (limit->used > 0 && now_ns >= limit->refill_at_ns) {
        int64_t refills = 1 + (now_ns - limit->refill_at_ns) / LIMIT_REFILL_NS;
        limit->used = refills < (int64_t)limit->used ? limit->used - (uint32_t)refills : 0;
        limit->refill_at_ns += refills * LIMIT_REFILL_NS;
    }
    if (limit->used == 0) {
        limit->refill_at_ns = now_ns + LIMIT_REFILL_NS;
    }
    if (limit->used >= LIMIT_BURST) {
        limit->suppressed++;
        return false;
    }
    limit->used++;
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    return true;
}

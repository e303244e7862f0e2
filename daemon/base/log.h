/*
 * Logging. One line per event, written with a single write(2): with systemd's <level> prefixes
 * when stderr is the journal, with the CLOCK_MONOTONIC time (the clock of presented frames) and
 * the level otherwise. A source file names its module before including this header:
 *
 *     #define KD_LOG_MODULE "peer"
 *     #include "base/log.h"
 *
 * and every message names the noun it is about: KD_WARN("client 3 (meteors): ..."). The last
 * messages of all levels are kept in a ring that kd_log_dump_ring() prints after a fatal error.
 * Safe to call from any thread, except for kd_log_set_fd(); errno is left as it was.
 */
#ifndef KD_BASE_LOG_H
#define KD_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum kd_log_level { KD_LOG_ERROR, KD_LOG_WARN, KD_LOG_INFO, KD_LOG_DEBUG };

/* What is at most this level is printed; everything goes into the ring. The default is
 * KD_LOG_INFO. */
void kd_log_set_level(enum kd_log_level level);
enum kd_log_level kd_log_get_level(void);

/* "error", "warn", "info", "debug" to a level; false if it is none of them. */
bool kd_log_level_parse(const char *text, enum kd_log_level *level);
const char *kd_log_level_name(enum kd_log_level level);

/* Where lines go, stderr unless this is called; fd is borrowed. Looks at $JOURNAL_STREAM to see
 * whether that is the journal. Only while no other thread logs. */
void kd_log_set_fd(int fd);

/* Writes one line. Text that comes from outside must be passed through kd_log_safe(); what slips
 * through cannot forge a second line, as control characters are replaced here too. Long lines
 * are cut. */
void kd_log(enum kd_log_level level, const char *module, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Makes untrusted text printable: control characters and broken UTF-8 become '?', long text is
 * cut and then ends in "...". Returns buffer, always terminated. */
const char *kd_log_safe(char *buffer, uint32_t buffer_bytes, const char *text, uint32_t text_bytes);

/* Prints the ring, oldest line first: after a fatal error. May be called from a signal handler. */
void kd_log_dump_ring(void);

/* A bucket for messages that a client could cause without end: a burst of 10, then one a second,
 * saying how many were left out before it; quiet seconds fill it up again. Zero-initialised
 * buckets are full. A bucket belongs to one thread. *suppressed is set to 0 unless messages were
 * left out just before one that is allowed. */
struct kd_log_limit {
    int64_t refill_at_ns;
    uint32_t used;
    uint32_t suppressed;
};
bool kd_log_allow(struct kd_log_limit *limit, int64_t now_ns, uint32_t *suppressed);

#define KD_ERROR(...) kd_log(KD_LOG_ERROR, KD_LOG_MODULE, __VA_ARGS__)
#define KD_WARN(...)  kd_log(KD_LOG_WARN, KD_LOG_MODULE, __VA_ARGS__)
#define KD_INFO(...)  kd_log(KD_LOG_INFO, KD_LOG_MODULE, __VA_ARGS__)
#define KD_DEBUG(...) kd_log(KD_LOG_DEBUG, KD_LOG_MODULE, __VA_ARGS__)

#endif

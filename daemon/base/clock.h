/*
 * Time is int64_t nanoseconds of CLOCK_MONOTONIC, handed down as an argument: only server/ asks what time it is.
 */
#ifndef KD_BASE_CLOCK_H
#define KD_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define KD_NS_PER_S  INT64_C(1000000000)
#define KD_NS_PER_MS INT64_C(1000000)

struct kd_clock {
    bool is_virtual;
    int64_t virtual_ns; /* the time, if virtual */
};

/* A virtual clock begins at 1 s, so that 0 can mean "never". */
void kd_clock_init(struct kd_clock *clock, bool is_virtual);
int64_t kd_clock_now_ns(const struct kd_clock *clock);

/* The real time whatever clock the displays run on: for measuring work and for deadlines of sockets. */
int64_t kd_clock_real_ns(void);

#endif

#include "base/clock.h"

#include <time.h>

void kd_clock_init(struct kd_clock *clock, bool is_virtual)
{
    *clock = (struct kd_clock){.is_virtual = is_virtual, .virtual_ns = KD_NS_PER_S};
}

int64_t kd_clock_now_ns(const struct kd_clock *clock)
{
    return clock->is_virtual ? clock->virtual_ns : kd_clock_real_ns();
}

int64_t kd_clock_real_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * KD_NS_PER_S + now.tv_nsec;
}

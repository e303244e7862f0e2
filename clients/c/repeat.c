/* A key that is held types again and again. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client.h"

#define MS_NS     INT64_C(1000000)
#define SECOND_NS INT64_C(1000000000)
#define DELAY_MAX 60000
#define RATE_MAX  1000
/* A program that looks seldom gets this many at once, and is spared the others. */
#define AT_ONCE   8

void kc_repeat_init(struct kc_repeat *repeat)
{
    repeat->timer_fd = -1;
}

void kc_repeat_finish(struct kc_repeat *repeat)
{
    if (repeat->timer_fd >= 0)
        close(repeat->timer_fd);
    repeat->timer_fd = -1;
}

/* Wakes programs that poll when the next one is due. Without the timer they get it when they look. */
static void set_timer(struct kb_display *display)
{
    struct kc_repeat *repeat = &display->input.repeat;
    const bool active = repeat->key.event.type != 0;
    if (repeat->timer_fd < 0 && active) {
        struct epoll_event event = {.events = EPOLLIN};
        repeat->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (repeat->timer_fd >= 0)
            epoll_ctl(display->link.poll_fd, EPOLL_CTL_ADD, repeat->timer_fd, &event);
    }
    struct itimerspec when = {.it_value = {0}};
    if (active) {
        when.it_value.tv_sec = (time_t)(repeat->due_ns / SECOND_NS);
        when.it_value.tv_nsec = (long)(repeat->due_ns % SECOND_NS);
    }
    if (repeat->timer_fd >= 0)
        timerfd_settime(repeat->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void kc_repeat_say(struct kb_display *display, unsigned delay_ms, unsigned rate)
{
    struct kc_repeat *repeat = &display->input.repeat;
    repeat->said_delay_ms = delay_ms;
    repeat->said_rate = rate;
    if (repeat->own)
        return;
    repeat->delay_ms = delay_ms;
    repeat->rate = rate;
    if (delay_ms == 0 || rate == 0) /* a key may be held that repeated until now */
        kc_repeat_end(display);
}

void kc_repeat_begin(struct kb_display *display, const struct kc_queued *key)
{
    struct kc_repeat *repeat = &display->input.repeat;
    if (repeat->delay_ms == 0 || repeat->rate == 0)
        return;
    repeat->key = *key;
    repeat->key.event.key.repeat = true;
    repeat->began_ns = kc_now_ns();
    repeat->due_ns = repeat->began_ns + repeat->delay_ms * MS_NS;
    set_timer(display);
}

void kc_repeat_end(struct kb_display *display)
{
    struct kc_repeat *repeat = &display->input.repeat;
    if (repeat->key.event.type == 0)
        return;
    memset(&repeat->key, 0, sizeof(repeat->key));
    set_timer(display);
}

int64_t kc_repeat_due(const struct kb_display *display)
{
    const struct kc_repeat *repeat = &display->input.repeat;
    return repeat->key.event.type == 0 ? INT64_MAX : repeat->due_ns;
}

int kc_repeat_run(struct kb_display *display)
{
    struct kc_repeat *repeat = &display->input.repeat;
    const int64_t now_ns = kc_now_ns();
    int count = 0;
    if (now_ns < kc_repeat_due(display))
        return 0;
    const int64_t interval_ns = SECOND_NS / repeat->rate;
    for (; repeat->due_ns <= now_ns && count < AT_ONCE; count++) {
        struct kc_queued key = repeat->key;
        key.event.time_ns += (uint64_t)(repeat->due_ns - repeat->began_ns);
        kc_input_key(display, &key);
        repeat->due_ns += interval_ns;
    }
    if (repeat->due_ns <= now_ns)
        repeat->due_ns = now_ns + interval_ns;
    set_timer(display);
    return count;
}

int kb_set_key_repeat(struct kb_display *display, int delay_ms, int rate)
{
    struct kc_repeat *repeat = &display->input.repeat;
    const bool own = delay_ms != -1 || rate != -1;
    if (own && (delay_ms < 0 || delay_ms > DELAY_MAX || rate < 0 || rate > RATE_MAX))
        return kc_fail(-EINVAL,
                       "keys that repeat after %d ms, %d times a second: 0 to %d ms, 0 to %d times "
                       "can be, or -1 for both",
                       delay_ms, rate, DELAY_MAX, RATE_MAX);
    kc_repeat_end(display);
    repeat->own = own;
    repeat->delay_ms = own ? (unsigned)delay_ms : repeat->said_delay_ms;
    repeat->rate = own ? (unsigned)rate : repeat->said_rate;
    return 0;
}

void kb_get_key_repeat(const struct kb_display *display, unsigned *delay_ms, unsigned *rate)
{
    *delay_ms = display->input.repeat.delay_ms;
    *rate = display->input.repeat.rate;
}

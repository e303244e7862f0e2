/* A daemon that went away: looking for it, and what programs poll meanwhile. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client.h"

#define SECOND_NS        INT64_C(1000000000)
#define LIMIT_SECONDS    30
#define SECONDS_MAX      1000000
#define DELAY_FIRST_NS   (SECOND_NS / 200)
#define DELAY_LONGEST_NS (SECOND_NS / 4)
#define ATTEMPT_NS       (5 * SECOND_NS)

/* $KMSBLIT_RECONNECT: whole seconds. */
static int64_t limit_from_environment(void)
{
    const char *text = getenv("KMSBLIT_RECONNECT");
    char *end;
    if (text == NULL || text[0] == '\0')
        return LIMIT_SECONDS * SECOND_NS;
    long seconds = strtol(text, &end, 10);
    if (*end != '\0' || seconds < 0 || seconds > SECONDS_MAX) {
        fprintf(stderr,
                "libkmsblit: KMSBLIT_RECONNECT is \"%s\", but must be 0 to %d seconds; taking %d\n",
                text, SECONDS_MAX, LIMIT_SECONDS);
        seconds = LIMIT_SECONDS;
    }
    return seconds * SECOND_NS;
}

static int too_many_files(void)
{
    return kc_fail(-EMFILE, "too many files are open to watch the connection: %s", strerror(errno));
}

int kc_link_init(struct kb_display *display)
{
    struct kc_link *link = &display->link;
    struct epoll_event timer = {.events = EPOLLIN};
    link->limit_ns = limit_from_environment();
    link->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    link->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (link->timer_fd < 0 || link->poll_fd < 0 ||
        epoll_ctl(link->poll_fd, EPOLL_CTL_ADD, link->timer_fd, &timer) < 0)
        return too_many_files();
    return 0;
}

void kc_link_finish(struct kc_link *link)
{
    if (link->poll_fd >= 0)
        close(link->poll_fd);
    if (link->timer_fd >= 0)
        close(link->timer_fd);
    link->poll_fd = link->timer_fd = -1;
}

int kc_link_watch(struct kc_link *link, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(link->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? too_many_files() : 0;
}

void kc_link_alarm(struct kc_link *link, int64_t in_ns)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = in_ns / SECOND_NS,
                     .tv_nsec = in_ns <= 0 ? 1 : (long)(in_ns % SECOND_NS)}};
    if (link->timer_fd >= 0)
        timerfd_settime(link->timer_fd, 0, &when, NULL);
}

static void silence(struct kc_link *link)
{
    timerfd_settime(link->timer_fd, 0, &(const struct itimerspec){0}, NULL);
}

/* One connection, and everything told over it. 0 or -errno. */
static int attempt(struct kb_display *display)
{
    struct kc_link *link = &display->link;
    int fd = kc_open_socket(display->path);
    if (fd < 0)
        return fd;
    kc_transport_attach(&display->transport, fd);
    link->lost = false;
    display->outputs_count = 0;
    int error = kc_link_watch(link, fd);
    if (error == 0)
        error = kc_greet(display);
    if (error == 0)
        error = kc_announce_all(display);
    return error;
}

static int try_now(struct kb_display *display)
{
    struct kc_link *link = &display->link;
    link->reviving = true;
    link->attempt_end_ns = kc_now_ns() + ATTEMPT_NS;
    int error = attempt(display);
    link->reviving = false;
    if (display->broken != 0)
        return kc_broken(display);
    int64_t now_ns = kc_now_ns();
    if (error == 0) {
        link->revived_ns = now_ns;
        link->progress = false;
        silence(link);
        return 1;
    }
    if (!link->lost) {
        kc_transport_detach(&display->transport);
        link->lost = true;
        link->epoch++;
    }
    if (error == -EINTR)
        return error; /* the next call tries again */
    if (now_ns >= link->give_up_ns)
        return kc_break(display, -EPIPE, "%s; it did not come back within %d s (KMSBLIT_RECONNECT)",
                        link->why, (int)(link->limit_ns / SECOND_NS));
    link->delay_ns = link->delay_ns == 0 ? DELAY_FIRST_NS : link->delay_ns * 2;
    if (link->delay_ns > DELAY_LONGEST_NS)
        link->delay_ns = DELAY_LONGEST_NS;
    link->next_try_ns = now_ns + link->delay_ns;
    kc_link_alarm(link, link->delay_ns);
    return 0;
}

int kc_recover(struct kb_display *display, int64_t deadline_ns)
{
    const struct kc_link *link = &display->link;
    int64_t now_ns = kc_now_ns();
    if (now_ns < link->next_try_ns) {
        int64_t until_ns = deadline_ns < link->next_try_ns ? deadline_ns : link->next_try_ns;
        int64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        const struct timespec left = {.tv_sec = (time_t)(left_ns / SECOND_NS),
                                      .tv_nsec = (long)(left_ns % SECOND_NS)};
        if (left_ns > 0 && ppoll(NULL, 0, &left, NULL) < 0)
            return kc_fail(-EINTR, "a signal interrupted the wait for the daemon");
        if (until_ns < link->next_try_ns)
            return kc_fail(-ETIMEDOUT, "the daemon at %s is away", display->path);
    }
    return try_now(display);
}

int kb_set_reconnect(struct kb_display *display, unsigned seconds)
{
    if (seconds > SECONDS_MAX)
        return kc_fail(-EINVAL, "%u seconds are more than %d", seconds, SECONDS_MAX);
    display->link.limit_ns = seconds * SECOND_NS;
    return 0;
}

void kb_shutdown(struct kb_display *display)
{
    kc_break(display, -EPIPE, "the program ended the connection");
    kc_transport_detach(&display->transport);
}

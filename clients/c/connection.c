#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

int kc_broken(const struct kb_display *display)
{
    return kc_fail(display->broken == -ECANCELED ? -ECANCELED : -EPIPE, "%s", display->broken_why);
}

int kc_break(struct kb_display *display, int error, const char *format, ...)
{
    if (display->broken == 0) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(display->broken_why, sizeof(display->broken_why), format, arguments);
        va_end(arguments);
        display->broken = error;
        kc_link_alarm(&display->link, 0);
        kc_input_reset(display);
    }
    return kc_broken(display);
}

/* What a call that does not wait returns while the daemon is away. */
static int away(const struct kb_display *display)
{
    return display->link.reviving ? kc_fail(-ENOTCONN, "%s", display->link.why) : 0;
}

int kc_lose(struct kb_display *display, int error, const char *format, ...)
{
    struct kc_link *link = &display->link;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(link->why, sizeof(link->why), format, arguments);
    va_end(arguments);
    if (!link->established || link->limit_ns == 0)
        return kc_break(display, error, "%s", link->why);
    int64_t now_ns = kc_now_ns();
    if (!link->reviving) {
        /* A daemon that always ends soon after it was told of everything is not waited for again
         * and again. */
        if (link->progress || now_ns - link->revived_ns > 1000000000) {
            link->give_up_ns = now_ns + link->limit_ns;
            link->delay_ns = 0;
        } else if (now_ns >= link->give_up_ns) {
            return kc_break(display, error, "%s, again and again", link->why);
        }
        link->next_try_ns = now_ns + link->delay_ns;
        kc_link_alarm(link, link->delay_ns);
    }
    link->lost = true;
    link->epoch++;
    kc_transport_detach(&display->transport);
    kc_input_reset(display);
    for (unsigned i = 0; i < KC_FRAME_POOL_SIZE; i++)
        display->frame_pool[i].serial = 0;
    return away(display);
}

uint32_t kc_next_serial(struct kb_display *display)
{
    if (++display->last_serial == 0)
        ++display->last_serial;
    return display->last_serial;
}

int64_t kc_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Reads once and handles what came. Returns the bytes read, 0: nothing is there. */
static int read_once(struct kb_display *display, int *events)
{
    int received = kc_transport_receive(&display->transport);
    if (received == -EMFILE)
        return kc_break(display, -EMFILE,
                        "too many files are open to take the daemon's file "
                        "descriptors; close some or raise `ulimit -n`");
    if (received == -EPIPE || received == -ECONNRESET)
        return kc_lose(display, -EPIPE, "the daemon at %s closed the connection", display->path);
    if (received < 0)
        return kc_lose(display, received, "reading from the daemon: %s", strerror(-received));
    for (;;) {
        const struct kb_header *message;
        int fds[KB_WIRE_MESSAGE_FDS_MAX];
        struct kb_wire_error error;
        int status = kc_transport_take(&display->transport, &message, fds, &error);
        if (status == 0)
            return received;
        if (status < 0)
            return kc_break(display, -EPROTO, "%s does not speak kmsblit's protocol: %s",
                            display->path, error.what);
        (*events)++;
        status = kc_handle_event(display, message, fds);
        if (status < 0 || display->link.lost)
            return status;
    }
}

int kc_push(struct kb_display *display)
{
    if (display->broken != 0)
        return kc_broken(display);
    if (display->link.lost)
        return away(display);
    int error = kc_transport_send(&display->transport);
    if (error == 0)
        return 0;
    /* The daemon is gone. It may have said why. */
    int events = 0, received;
    do {
        received = read_once(display, &events);
    } while (received > 0);
    if (received < 0 || display->link.lost)
        return received;
    return kc_lose(display, error, "writing to the daemon: %s", strerror(-error));
}

int kc_pull(struct kb_display *display)
{
    int events = 0;
    if (display->broken != 0)
        return kc_broken(display);
    if (display->link.lost && display->link.reviving)
        return away(display);
    if (display->link.lost) {
        int error = kc_recover(display, 0);
        return error == -ETIMEDOUT ? 0 : error;
    }
    int received = read_once(display, &events);
    return received < 0 ? received : events;
}

int kc_turn(struct kb_display *display, int64_t deadline_ns)
{
    int error = kc_push(display);
    if (error < 0)
        return error;
    if (display->link.lost)
        return kc_recover(display, deadline_ns);
    if (display->link.reviving && deadline_ns > display->link.attempt_end_ns)
        deadline_ns = display->link.attempt_end_ns;
    struct timespec left, *timeout = NULL;
    const int64_t repeat_ns = kc_repeat_due(display);
    const int64_t until_ns = repeat_ns < deadline_ns ? repeat_ns : deadline_ns;
    if (until_ns != KC_FOREVER) {
        int64_t left_ns = until_ns - kc_now_ns();
        left_ns = left_ns < 0 ? 0 : left_ns;
        left = (struct timespec){.tv_sec = (time_t)(left_ns / 1000000000),
                                 .tv_nsec = (long)(left_ns % 1000000000)};
        timeout = &left;
    }
    struct pollfd wanted = {.fd = display->transport.fd, .events = POLLIN};
    if (kc_transport_has_queued(&display->transport))
        wanted.events |= POLLOUT;
    int ready = ppoll(&wanted, 1, timeout, NULL);
    if (ready < 0)
        return errno == EINTR ? kc_fail(-EINTR, "a signal interrupted the wait for the daemon")
                              : kc_fail(-errno, "waiting for the daemon: %s", strerror(errno));
    if (ready == 0 && repeat_ns <= deadline_ns)
        return kc_repeat_run(display);
    if (ready == 0)
        return kc_fail(-ETIMEDOUT, "the daemon did not answer in time");
    if (wanted.revents & POLLOUT) {
        error = kc_push(display);
        if (error < 0 || display->link.lost)
            return error;
    }
    return wanted.revents & ~POLLOUT ? kc_pull(display) : 0;
}

int kc_request(struct kb_display *display, uint16_t opcode, const void *message,
               struct kc_memory *memory, enum kc_room room)
{
    unsigned epoch = display->link.epoch;
    if (display->broken != 0)
        return kc_broken(display);
    for (;;) {
        const char *what = NULL;
        if (display->link.lost &&
            kc_transport_check(&display->transport, opcode, message, &what) < 0)
            return kc_fail(-EINVAL, "%s", what);
        if (display->link.lost || epoch != display->link.epoch)
            return away(display);
        int error = kc_transport_queue(&display->transport, opcode, message, memory,
                                       room == KC_GROW, &what);
        if (what != NULL)
            return kc_fail(-EINVAL, "%s", what);
        if (error == -ENOMEM)
            return kc_fail(error, "no memory for a message to the daemon");
        if (error != -ENOBUFS)
            break;
        error = kc_push(display);
        if (error == 0 && kc_transport_has_queued(&display->transport))
            error = kc_turn(display, KC_FOREVER);
        if (error < 0 && (epoch == display->link.epoch || display->broken != 0))
            return error;
    }
    /* Memory is held as long as it is queued: do not let much of it gather. */
    if (display->transport.parcels_count >= KC_PARCELS_MAX / 2)
        kc_push(display);
    return 0;
}

int kc_take_refusal(struct kb_display *display)
{
    int error = display->refusal.error;
    display->refusal.error = 0;
    return error == 0 ? 0 : kc_fail(error, "%s", display->refusal.sentence);
}

void kc_reply_begin(struct kc_reply *reply, uint16_t request, uint32_t serial)
{
    reply->request = request;
    reply->serial = serial;
    reply->complete = false;
    reply->error = 0;
    reply->pixels = -1;
    reply->values_count = 0;
}

int kc_reply_ask(struct kb_display *display, struct kc_reply *reply, uint16_t request,
                 uint32_t serial, const union kc_question *question)
{
    kc_reply_begin(reply, request, serial);
    reply->question = *question;
    int error = kc_request(display, request, question, NULL, KC_WAIT);
    if (error < 0)
        reply->serial = 0;
    return error;
}

int kc_reply_wait(struct kb_display *display, struct kc_reply *reply, int64_t deadline_ns)
{
    int error = 0;
    while (!reply->complete && error >= 0)
        error = kc_turn(display, deadline_ns);
    reply->serial = 0;
    if (reply->complete)
        return reply->error == 0 ? 0 : kc_fail(reply->error, "%s", reply->sentence);
    return error;
}

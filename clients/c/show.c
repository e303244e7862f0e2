/* Sending frames and waiting for their answers. */
#include <errno.h>
#include <string.h>

#include "client.h"

#define INLINE_UNITS_MAX 2046u
#define POOLED_BYTES_MIN ((size_t)256 << 10)

/* Finds free memory for a large frame; waits while the daemon has not read any of it. */
static int take_memory(struct kb_display *display, size_t bytes, struct kc_pooled **taken)
{
    struct kc_pooled *free_one = NULL;
    for (;;) {
        for (unsigned i = 0; i < KC_FRAME_POOL_SIZE; i++) {
            struct kc_pooled *one = &display->frame_pool[i];
            if (one->serial != 0)
                continue;
            if (one->memory != NULL && one->memory->bytes >= bytes) {
                *taken = one;
                return 0;
            }
            free_one = one;
        }
        if (free_one != NULL)
            break;
        int error = kc_turn(display, KC_FOREVER);
        if (error < 0)
            return error;
    }
    size_t capacity_bytes = POOLED_BYTES_MIN;
    while (capacity_bytes < bytes)
        capacity_bytes *= 2;
    kc_memory_unref(free_one->memory);
    free_one->memory = NULL;
    *taken = free_one;
    return kc_memory_create("kmsblit-frame", capacity_bytes, &free_one->memory);
}

int kc_commands_send(struct kb_display *display, uint32_t object, uint32_t serial, uint32_t flags,
                     const uint8_t *bytes, size_t units)
{
    if (units <= INLINE_UNITS_MAX) {
        const struct kb_req_frame request = {
            .object = object,
            .serial = serial,
            .flags = flags,
            .commands = bytes,
            .commands_units = (uint32_t)units,
        };
        return kc_request(display, KB_REQ_FRAME, &request, NULL, KC_WAIT);
    }
    struct kc_pooled *pooled;
    unsigned epoch = display->link.epoch;
    int error = take_memory(display, units * KB_COMMAND_UNIT_BYTES, &pooled);
    if (error < 0)
        return error;
    if (epoch != display->link.epoch)
        return 0; /* it was, or will be, told to the daemon that came back */
    memcpy(pooled->memory->map, bytes, units * KB_COMMAND_UNIT_BYTES);
    const struct kb_req_frame_memfd request = {
        .object = object,
        .serial = serial,
        .flags = flags,
        .units = (uint32_t)units,
        .commands = pooled->memory->fd,
    };
    pooled->serial = serial;
    error = kc_request(display, KB_REQ_FRAME_MEMFD, &request, pooled->memory, KC_WAIT);
    if ((error < 0 || display->link.lost) && pooled->serial == serial)
        pooled->serial = 0;
    return error;
}

int kc_frame_check(struct kb_frame *frame)
{
    if (frame->error == 0)
        return 0;
    int error = kc_fail(frame->error, "%s", frame->what);
    kc_frame_reset(frame);
    return error;
}

/* Waits until less than two frames are unanswered. */
static int wait_for_credit(struct kb_window *window)
{
    int error = 0;
    while (window->sent_count == KB_CREDITS && error >= 0)
        error = kc_turn(window->display, KC_FOREVER);
    return error < 0 ? error : 0;
}

/* All that may be interrupted comes before the frame is queued: an -EINTR from here always means
 * that the frame was not sent. */
int kb_commit(struct kb_window *window, uint32_t *serial)
{
    struct kb_display *display = window->display;
    struct kb_frame *frame = &window->frame;
    window->flip_waits = false;
    int error = kc_frame_check(&window->frame);
    if (error == 0)
        error = kc_pull(display);
    if (error >= 0)
        error = wait_for_credit(window);
    if (error == 0)
        error = kc_take_refusal(display);
    if (error < 0)
        return error;
    uint32_t number = kc_next_serial(display);
    kc_kept_push(window, number);
    const struct kc_sent sent = window->sent[window->sent_count - 1];
    error = kc_commands_send(display, window->id, number, frame->flags, sent.bytes, sent.units);
    if (error < 0) {
        kc_kept_undo(window);
        if (error == -ENOMEM || error == -EMFILE)
            kc_frame_reset(frame);
        return error;
    }
    kc_frame_reset(frame);
    if (serial != NULL)
        *serial = number;
    error = kb_flush(display);
    return error == -EINTR ? 0 : error; /* what is left goes with the next wait */
}

static bool is_untouched(const struct kb_frame *frame)
{
    return frame->units == 0 && frame->flags == 0 && frame->error == 0;
}

int kb_flip(struct kb_window *window, struct kb_presented *presented)
{
    int error = 0;
    if (!window->flip_waits || !is_untouched(&window->frame))
        error = kb_commit(window, NULL);
    if (error < 0)
        return error;
    error = wait_for_credit(window);
    window->flip_waits = error == -EINTR;
    if (error == 0)
        error = kc_take_refusal(window->display);
    if (presented != NULL)
        *presented = window->last;
    return error;
}

bool kb_is_answered(const struct kb_window *window, uint32_t serial)
{
    for (unsigned i = 0; i < window->sent_count; i++) {
        if (window->sent[i].serial == serial && !window->sent[i].again)
            return false;
    }
    return true;
}

/* NULL if it is too long ago. */
static const struct kc_answer *find_answer(const struct kb_window *window, uint32_t serial)
{
    for (unsigned i = 0; i < KC_ANSWERS_KEPT; i++) {
        if (window->answers[i].presented.serial == serial)
            return &window->answers[i];
    }
    return NULL;
}

int kb_wait(struct kb_window *window, uint32_t serial, struct kb_presented *presented)
{
    struct kb_display *display = window->display;
    if (serial == 0 || (int32_t)(display->last_serial - serial) < 0)
        return kc_fail(-EINVAL, "no frame has the serial %u", serial);
    int error = 0;
    while (!kb_is_answered(window, serial) && error >= 0)
        error = kc_turn(display, KC_FOREVER);
    if (error < 0)
        return error;
    const struct kc_answer *answer = find_answer(window, serial);
    if (answer != NULL && answer->error != 0) {
        if (display->refusal.error != 0 && display->refusal.serial == serial)
            return kc_take_refusal(display);
        return kc_fail(answer->error, "the daemon refused frame %u", serial);
    }
    if (presented != NULL)
        *presented = answer != NULL ? answer->presented : window->last;
    return 0;
}

void kb_last_presented(const struct kb_window *window, struct kb_presented *presented)
{
    *presented = window->last;
}

unsigned kb_credits(const struct kb_window *window)
{
    return KB_CREDITS - window->sent_count;
}

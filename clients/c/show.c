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

static int send_inline(const struct kb_frame *frame, uint32_t serial)
{
    const struct kb_req_frame request = {
        .object = frame->object,
        .serial = serial,
        .flags = frame->flags,
        .commands = frame->bytes,
        .commands_units = (uint32_t)frame->units,
    };
    return kc_request(frame->display, KB_REQ_FRAME, &request, NULL, KC_WAIT);
}

static int send_memfd(const struct kb_frame *frame, uint32_t serial)
{
    struct kc_pooled *pooled;
    size_t bytes = frame->units * KB_COMMAND_UNIT_BYTES;
    int error = take_memory(frame->display, bytes, &pooled);
    if (error < 0)
        return error;
    memcpy(pooled->memory->map, frame->bytes, bytes);
    const struct kb_req_frame_memfd request = {
        .object = frame->object,
        .serial = serial,
        .flags = frame->flags,
        .units = (uint32_t)frame->units,
        .commands = pooled->memory->fd,
    };
    error = kc_request(frame->display, KB_REQ_FRAME_MEMFD, &request, pooled->memory, KC_WAIT);
    if (error == 0)
        pooled->serial = serial;
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

int kc_frame_send(struct kb_frame *frame, uint32_t *serial)
{
    uint32_t number = kc_next_serial(frame->display);
    int error =
        frame->units <= INLINE_UNITS_MAX ? send_inline(frame, number) : send_memfd(frame, number);
    if (error == -ENOMEM || error == -EMFILE)
        kc_frame_reset(frame);
    if (error < 0)
        return error;
    kc_frame_reset(frame);
    *serial = number;
    return 0;
}

/* Waits until less than two frames are unanswered. */
static int wait_for_credit(struct kb_window *window)
{
    int error = 0;
    while (window->pending_count == KB_CREDITS && error >= 0)
        error = kc_turn(window->display, KC_FOREVER);
    return error < 0 ? error : 0;
}

/* All that may be interrupted comes before the frame is queued: an -EINTR from here always means
 * that the frame was not sent. */
int kb_commit(struct kb_window *window, uint32_t *serial)
{
    struct kb_display *display = window->display;
    uint32_t number;
    window->flip_waits = false;
    int error = kc_frame_check(&window->frame);
    if (error == 0)
        error = kc_pull(display);
    if (error >= 0)
        error = wait_for_credit(window);
    if (error == 0)
        error = kc_take_refusal(display);
    if (error == 0)
        error = kc_frame_send(&window->frame, &number);
    if (error < 0)
        return error;
    window->pending[window->pending_count++] = number;
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

static bool is_pending(const struct kb_window *window, uint32_t serial)
{
    for (unsigned i = 0; i < window->pending_count; i++) {
        if (window->pending[i] == serial)
            return true;
    }
    return false;
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
    while (is_pending(window, serial) && error >= 0)
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
    return KB_CREDITS - window->pending_count;
}

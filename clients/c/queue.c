/*
 * Events that wait to be taken.
 *
 * There may be any number of them, but not much memory for them. When many wait they are compacted,
 * so that the states stay what they are:
 *
 *     motion, axes, wheels     joined with the next of the same
 *     text, repeats            dropped
 *     all that goes on and off (keys, buttons, touches, focus, devices ...), each by itself
 *         on off on off ...    nothing is left
 *         on off ... on        the last one
 *         off ...              the first one: the program was told `on` before
 *         off ... on           both
 *
 * What is left is bounded by what there is to press and to move. KB_EVENT_LOST ends it: it sets what
 * depends on dropped events otherwise, modifiers and the pointer's place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

enum kind { KIND_OTHER, KIND_MOTION, KIND_EDGE };

static struct kc_queued *at(const struct kc_queue *queue, size_t index)
{
    return &queue->events[(queue->first + index) % queue->capacity];
}

static void hold_device(const struct kc_queued *queued, bool hold)
{
    if (queued->device != NULL)
        queued->device->queued += hold ? 1u : -1u;
}

/* ---- What belongs together ------------------------------------------------------------------ */

static enum kind kind_of(const struct kb_event *event)
{
    switch (event->type) {
    case KB_EVENT_TEXT: return KIND_OTHER;
    case KB_EVENT_KEY_DOWN: return event->key.repeat ? KIND_OTHER : KIND_EDGE;
    case KB_EVENT_POINTER_MOTION:
    case KB_EVENT_WHEEL:
    case KB_EVENT_TOUCH_MOTION:
    case KB_EVENT_AXIS:
    case KB_EVENT_LOST: return KIND_MOTION;
    case KB_EVENT_KEY_UP:
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP:
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_POINTER_LEAVE:
    case KB_EVENT_TOUCH_DOWN:
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL:
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP:
    case KB_EVENT_DEVICE_ADDED:
    case KB_EVENT_DEVICE_REMOVED:
    case KB_EVENT_FOCUS_GAINED:
    case KB_EVENT_FOCUS_LOST:
    case KB_EVENT_CLOSE: return KIND_EDGE;
    }
    return KIND_OTHER;
}

static bool is_on(const struct kb_event *event)
{
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_TOUCH_DOWN:
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_DEVICE_ADDED:
    case KB_EVENT_FOCUS_GAINED: return true;
    default: return false;
    }
}

/* What an event is about: of each such thing, a number that tells it from others. */
struct thing {
    enum {
        KEY,
        BUTTON,
        TOUCH,
        PAD_BUTTON,
        DEVICE,
        OVER,
        FOCUS,
        CLOSE,
        POINTER,
        WHEEL,
        AXIS,
        LOST,
        NOTHING
    } what;
    const struct kc_device *device;
    uint32_t number;
    uint32_t screen; /* the id of a touch's device */
};

/* What a motion or an edge is of; an axis is of its device and of itself, a touch's motion of the touch. */
static struct thing thing_of(const struct kc_queued *queued)
{
    const struct kb_event *event = &queued->event;
    switch (event->type) {
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_KEY_UP: return (struct thing){KEY, NULL, event->key.code, 0};
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP: return (struct thing){BUTTON, NULL, event->pointer.button, 0};
    case KB_EVENT_TOUCH_DOWN:
    case KB_EVENT_TOUCH_MOTION:
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL:
        return (struct thing){TOUCH, NULL, (uint32_t)event->touch.finger, event->device};
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP:
        return (struct thing){PAD_BUTTON, queued->device, event->gamepad.button, 0};
    case KB_EVENT_DEVICE_ADDED:
    case KB_EVENT_DEVICE_REMOVED: return (struct thing){DEVICE, queued->device, 0, 0};
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_POINTER_LEAVE: return (struct thing){OVER, NULL, queued->window, 0};
    case KB_EVENT_FOCUS_GAINED:
    case KB_EVENT_FOCUS_LOST: return (struct thing){FOCUS, NULL, queued->window, 0};
    case KB_EVENT_CLOSE: return (struct thing){CLOSE, NULL, queued->window, 0};
    case KB_EVENT_POINTER_MOTION: return (struct thing){POINTER, NULL, queued->window, 0};
    case KB_EVENT_WHEEL: return (struct thing){WHEEL, NULL, queued->window, 0};
    case KB_EVENT_AXIS: return (struct thing){AXIS, queued->device, event->gamepad.axis, 0};
    case KB_EVENT_LOST: return (struct thing){LOST, NULL, 0, 0};
    case KB_EVENT_TEXT: break;
    }
    return (struct thing){NOTHING, NULL, 0, 0};
}

static bool is_same(const struct thing *a, const struct thing *b)
{
    return a->what == b->what && a->device == b->device && a->number == b->number &&
           a->screen == b->screen;
}

/* ---- Compacting ----------------------------------------------------------------------------- */

/* Looks from an event forwards or backwards for the next edge or motion of a thing. NULL: none. */
static struct kc_queued *look(const struct kc_queue *queue, size_t from, int step,
                              const struct thing *thing, enum kind kind)
{
    for (size_t i = from + (size_t)step; i < queue->count; i += (size_t)step) {
        struct kc_queued *other = at(queue, i);
        if (kind_of(&other->event) != kind)
            continue;
        const struct thing its = thing_of(other);
        if (is_same(&its, thing))
            return other;
    }
    return NULL;
}

static bool keeps_edge(const struct kc_queue *queue, size_t index)
{
    const struct kc_queued *queued = at(queue, index);
    const struct thing thing = thing_of(queued);
    return look(queue, index, is_on(&queued->event) ? 1 : -1, &thing, KIND_EDGE) == NULL;
}

/* Whether what a motion is of is there for the program at that place, once edges were dropped. */
static bool has_owner(const struct kc_queue *queue, size_t index)
{
    const struct kc_queued *queued = at(queue, index);
    struct thing owner = thing_of(queued);
    if (owner.what == AXIS)
        owner = (struct thing){DEVICE, queued->device, 0, 0};
    else if (owner.what != TOUCH)
        return true;
    const struct kc_queued *edge = look(queue, index, -1, &owner, KIND_EDGE);
    if (edge == NULL)
        return true;
    return is_on(&edge->event) && look(queue, index, 1, &owner, KIND_EDGE) == NULL;
}

/* The later event gets what the earlier one told, besides where things are. */
static void join(struct kb_event *later, const struct kb_event *earlier)
{
    if (later->type == KB_EVENT_POINTER_MOTION) {
        later->pointer.dx += earlier->pointer.dx;
        later->pointer.dy += earlier->pointer.dy;
    } else if (later->type == KB_EVENT_WHEEL) {
        later->wheel.horizontal += earlier->wheel.horizontal;
        later->wheel.vertical += earlier->wheel.vertical;
        later->wheel.notches_x += earlier->wheel.notches_x;
        later->wheel.notches_y += earlier->wheel.notches_y;
    }
}

static bool keeps_motion(const struct kc_queue *queue, size_t index)
{
    const struct kc_queued *queued = at(queue, index);
    const struct thing thing = thing_of(queued);
    struct kc_queued *later = look(queue, index, 1, &thing, KIND_MOTION);
    if (later != NULL)
        join(&later->event, &queued->event);
    return later == NULL && thing.what != LOST && has_owner(queue, index);
}

/* All events have acted on both states afterwards, or none of those that are left. */
static void compact(struct kc_input *input)
{
    struct kc_queue *queue = &input->queue;
    size_t kept = 0;
    if (queue->pumped > 0)
        kc_queue_pump(input);
    bool *keep = malloc(queue->count);
    if (keep == NULL)
        return;
    for (size_t i = 0; i < queue->count; i++) {
        const enum kind kind = kind_of(&at(queue, i)->event);
        keep[i] = kind == KIND_EDGE     ? keeps_edge(queue, i)
                  : kind == KIND_MOTION ? keeps_motion(queue, i)
                                        : false;
    }
    for (size_t i = 0; i < queue->count; i++) {
        if (keep[i])
            *at(queue, kept++) = *at(queue, i);
        else
            hold_device(at(queue, i), false);
        input->lost_here += !keep[i] && at(queue, i)->event.type != KB_EVENT_LOST;
    }
    free(keep);
    queue->count = kept;
    if (queue->pumped > 0)
        queue->pumped = kept;
    queue->limit = kept * 2 > KC_EVENTS_SOFT ? kept * 2 : KC_EVENTS_SOFT;
}

/* ---- The queue ------------------------------------------------------------------------------ */

static bool grow(struct kc_queue *queue)
{
    const size_t capacity = queue->capacity == 0 ? 32 : queue->capacity * 2;
    struct kc_queued *larger = malloc(capacity * sizeof(*larger));
    if (larger == NULL)
        return false;
    for (size_t i = 0; i < queue->count; i++)
        larger[i] = *at(queue, i);
    free(queue->events);
    queue->events = larger;
    queue->capacity = capacity;
    queue->first = 0;
    return true;
}

static int append(struct kc_input *input, const struct kc_queued *queued)
{
    struct kc_queue *queue = &input->queue;
    kc_state_apply(input, KC_COME, queued);
    if (queue->count == queue->capacity && !grow(queue)) {
        input->lost_here++;
        return -ENOMEM;
    }
    *at(queue, queue->count++) = *queued;
    hold_device(queued, true);
    return 0;
}

int kc_queue_push(struct kc_input *input, const struct kc_queued *queued)
{
    if (input->queue.limit == 0)
        input->queue.limit = KC_EVENTS_SOFT;
    if (input->queue.count >= input->queue.limit) {
        const struct kc_state *come = &input->state[KC_COME];
        compact(input);
        const struct kc_queued lost = {
            .event = {.type = KB_EVENT_LOST,
                      .time_ns = queued->event.time_ns,
                      .lost.count = input->lost_here + input->lost_there},
            .modifiers = come->modifiers,
            .pointer = come->pointer,
        };
        append(input, &lost);
        if (input->queue.pumped > 0)
            input->queue.pumped++;
    }
    return append(input, queued);
}

bool kc_queue_take(struct kc_input *input, struct kc_queued *queued)
{
    struct kc_queue *queue = &input->queue;
    if (queue->count == 0)
        return false;
    *queued = *at(queue, 0);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    hold_device(queued, false);
    if (queue->pumped > 0)
        queue->pumped--;
    else
        kc_state_apply(input, KC_TAKEN, queued);
    return true;
}

size_t kc_queue_pump(struct kc_input *input)
{
    struct kc_queue *queue = &input->queue;
    const size_t before = queue->pumped;
    for (; queue->pumped < queue->count; queue->pumped++)
        kc_state_apply(input, KC_TAKEN, at(queue, queue->pumped));
    return queue->count - before;
}

void kc_queue_forget_window(struct kc_queue *queue, uint32_t window)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (at(queue, i)->window == window)
            at(queue, i)->window = 0;
    }
}

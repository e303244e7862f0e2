#include "socket/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "socket/peer.h"

/* States that wait, and presses that were dropped and are still held: more than the seat holds at a time. */
#define ITEMS   128
#define DROPPED 512

/* Room for the largest event of input: a key with its text. */
#define EVENT_BYTES 256

#define HOUR_NS (3600 * KD_NS_PER_S)

enum pace { PACE_FREE, PACE_SLOW, PACE_STUCK };

/* What a press and its release have in common. */
struct pressed {
    enum kd_input_kind kind;
    uint32_t device; /* of gamepads and touch screens */
    uint32_t code;
};

struct kd_feed {
    struct kd_peer *peer; /* borrowed */
    unsigned items_count;
    struct kd_feed_event items[ITEMS]; /* only what can be merged; oldest first */
    bool has_fallen_behind;         /* the client was slow, and has not been told how things are */
    bool is_focused, is_focus_told; /* how it is, and as the client knows it */
    struct kb_evt_focus focus;      /* the last that was gained */
    bool is_over, is_over_told;
    struct kb_evt_pointer_over over; /* likewise */
    unsigned dropped_count;
    struct pressed dropped[DROPPED];
    uint64_t sent, lost, lost_told;

    /* Sent since kd_feed_written(): how many, when the first and the oldest of them happened, and how much later than the first all of them together. */
    int64_t unwritten, unwritten_first_ns, unwritten_oldest_ns, unwritten_sum_ns;
};

int kd_feed_create(struct kd_peer *peer, struct kd_feed **out)
{
    struct kd_feed *feed = calloc(1, sizeof(*feed));

    if (!feed)
        return -ENOMEM;
    feed->peer = peer;
    *out = feed;
    return 0;
}

void kd_feed_destroy(struct kd_feed *feed)
{
    free(feed);
}

uint64_t kd_feed_sent(const struct kd_feed *feed)
{
    return feed ? feed->sent : 0;
}

uint64_t kd_feed_lost(const struct kd_feed *feed)
{
    return feed ? feed->lost : 0;
}

/* ---- Sending ----------------------------------------------------------------------------------- */

#define SEND(feed, name, event)                                                            \
    do {                                                                                   \
        _Alignas(8) uint8_t bytes_[EVENT_BYTES];                                           \
        struct kb_writer writer_;                                                          \
                                                                                           \
        kb_writer_init(&writer_, bytes_, sizeof(bytes_));                                  \
        if (kb_evt_##name##_encode(&writer_, event) == 0)                                  \
            kd_peer_send((feed)->peer, writer_.bytes, writer_.used_bytes, writer_.fds, 0); \
    } while (0)

static uint64_t time_of(const struct kd_feed_event *event)
{
    switch (event->kind) {
    case KD_INPUT_KEY: return event->key.time_ns;
    case KD_INPUT_BUTTON: return event->button.time_ns;
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION: return event->motion.time_ns;
    case KD_INPUT_WHEEL: return event->wheel.time_ns;
    case KD_INPUT_TOUCH: return event->touch.time_ns;
    case KD_INPUT_PAD_AXIS: return event->axis.time_ns;
    case KD_INPUT_PAD_BUTTON: return event->pad_button.time_ns;
    }
    return 0;
}

/* Times of a recording made by hand may be anything. */
static int64_t within_hour(int64_t time_ns)
{
    return time_ns < -HOUR_NS ? -HOUR_NS : time_ns > HOUR_NS ? HOUR_NS : time_ns;
}

static void send_event(struct kd_feed *feed, const struct kd_feed_event *event)
{
    int64_t time_ns = (int64_t)time_of(event);

    switch (event->kind) {
    case KD_INPUT_KEY: SEND(feed, key, &event->key); break;
    case KD_INPUT_BUTTON: SEND(feed, pointer_button, &event->button); break;
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION: SEND(feed, pointer_motion, &event->motion); break;
    case KD_INPUT_WHEEL: SEND(feed, pointer_wheel, &event->wheel); break;
    case KD_INPUT_TOUCH: SEND(feed, touch, &event->touch); break;
    case KD_INPUT_PAD_AXIS: SEND(feed, gamepad_axis, &event->axis); break;
    case KD_INPUT_PAD_BUTTON: SEND(feed, gamepad_button, &event->pad_button); break;
    }
    feed->sent++;
    if (feed->unwritten++ == 0)
        feed->unwritten_first_ns = feed->unwritten_oldest_ns = time_ns;
    if (time_ns < feed->unwritten_oldest_ns)
        feed->unwritten_oldest_ns = time_ns;
    feed->unwritten_sum_ns += within_hour(time_ns - feed->unwritten_first_ns);
}

/* How well the client reads. What was sent since the last turn says nothing yet: it is written first. */
static enum pace pace_of(struct kd_feed *feed)
{
    size_t unsent = kd_peer_unsent_bytes(feed->peer);

    if (unsent > KD_FEED_SLOW_BYTES && !(kd_peer_events(feed->peer) & EPOLLOUT)) {
        kd_peer_flush(feed->peer);
        unsent = kd_peer_unsent_bytes(feed->peer);
    }
    if (unsent > KD_FEED_SLOW_BYTES)
        feed->has_fallen_behind = true;
    return unsent > KD_FEED_STUCK_BYTES  ? PACE_STUCK
           : unsent > KD_FEED_SLOW_BYTES ? PACE_SLOW
                                         : PACE_FREE;
}

static void tell_focus(struct kd_feed *feed)
{
    if (feed->is_focused && !feed->is_focus_told)
        SEND(feed, focus, &feed->focus);
    feed->is_focus_told = feed->is_focused;
}

static void tell_over(struct kd_feed *feed)
{
    if (feed->is_over && !feed->is_over_told)
        SEND(feed, pointer_over, &feed->over);
    feed->is_over_told = feed->is_over;
}

/* The client reads (again): all that waits. */
static void catch_up(struct kd_feed *feed)
{
    if (feed->has_fallen_behind) {
        feed->has_fallen_behind = false;
        if (feed->lost != feed->lost_told)
            SEND(feed, events_lost, (&(struct kb_evt_events_lost){.count = feed->lost}));
        feed->lost_told = feed->lost;
        tell_focus(feed);
        tell_over(feed);
    }
    for (unsigned i = 0; i < feed->items_count; i++)
        send_event(feed, &feed->items[i]);
    feed->items_count = 0;
}

void kd_feed_flush(struct kd_feed *feed)
{
    if (feed && (feed->items_count > 0 || feed->has_fallen_behind) && pace_of(feed) == PACE_FREE)
        catch_up(feed);
}

void kd_feed_latency_age(struct kd_feed_latency *latency, int64_t now_ns)
{
    if (now_ns - latency->begun_ns < KD_NS_PER_S)
        return;
    if (latency->count > 0) {
        latency->mean_ns = latency->sum_ns / latency->count;
        latency->max_ns = latency->longest_ns;
    }
    latency->sum_ns = latency->count = latency->longest_ns = 0;
    latency->begun_ns = now_ns;
}

void kd_feed_written(struct kd_feed *feed, int64_t now_ns, struct kd_feed_latency *latency)
{
    int64_t longest_ns;

    if (!feed || feed->unwritten == 0)
        return;
    longest_ns = within_hour(now_ns - feed->unwritten_oldest_ns);
    kd_feed_latency_age(latency, now_ns);
    latency->sum_ns +=
        within_hour(now_ns - feed->unwritten_first_ns) * feed->unwritten - feed->unwritten_sum_ns;
    latency->count += feed->unwritten;
    if (longest_ns > latency->longest_ns)
        latency->longest_ns = longest_ns;
    feed->unwritten = feed->unwritten_sum_ns = 0;
}

/* ---- State, which is merged ------------------------------------------------------------------- */

static bool is_same_state(const struct kd_feed_event *a, const struct kd_feed_event *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case KD_INPUT_MOTION:
        return a->motion.object == b->motion.object && a->motion.device == b->motion.device;
    case KD_INPUT_WHEEL:
        return a->wheel.object == b->wheel.object && a->wheel.device == b->wheel.device;
    case KD_INPUT_TOUCH:
        return a->touch.device == b->touch.device && a->touch.finger == b->touch.finger;
    case KD_INPUT_PAD_AXIS:
        return a->axis.object == b->axis.object && a->axis.device == b->axis.device &&
               a->axis.axis == b->axis.axis;
    default: return false;
    }
}

static int32_t sum(int32_t a, int32_t b)
{
    int64_t both = (int64_t)a + b;

    return both > INT32_MAX ? INT32_MAX : both < INT32_MIN ? INT32_MIN : (int32_t)both;
}

static void merge(struct kd_feed_event *into, const struct kd_feed_event *event)
{
    struct kd_feed_event before = *into;

    *into = *event;
    if (event->kind == KD_INPUT_MOTION) {
        into->motion.dx = sum(before.motion.dx, event->motion.dx);
        into->motion.dy = sum(before.motion.dy, event->motion.dy);
    } else if (event->kind == KD_INPUT_WHEEL) {
        into->wheel.horizontal = sum(before.wheel.horizontal, event->wheel.horizontal);
        into->wheel.vertical = sum(before.wheel.vertical, event->wheel.vertical);
    }
}

static struct kd_feed_event *find_item(struct kd_feed *feed, const struct kd_feed_event *event)
{
    for (unsigned i = 0; i < feed->items_count; i++)
        if (is_same_state(&feed->items[i], event))
            return &feed->items[i];
    return NULL;
}

static void remove_item(struct kd_feed *feed, struct kd_feed_event *item)
{
    unsigned after = feed->items_count - (unsigned)(item - feed->items) - 1;

    memmove(item, item + 1, after * sizeof(*item));
    feed->items_count--;
}

static void put_state(struct kd_feed *feed, const struct kd_feed_event *event)
{
    enum pace pace = pace_of(feed);
    struct kd_feed_event *item;

    if (pace == PACE_FREE && (feed->has_fallen_behind || feed->items_count == ITEMS))
        catch_up(feed);
    item = find_item(feed, event);
    if (item) {
        merge(item, event);
        feed->lost += pace != PACE_FREE;
    } else if (feed->items_count < ITEMS) {
        feed->items[feed->items_count++] = *event;
    } else {
        feed->lost++;
    }
}

/* ---- Presses and releases ---------------------------------------------------------------------- */

static struct pressed pressed_of(const struct kd_feed_event *event, bool *is_down)
{
    struct pressed pressed = {.kind = event->kind};

    switch (event->kind) {
    case KD_INPUT_KEY:
        pressed.code = event->key.code;
        *is_down = event->key.state == KB_KEY_STATE_DOWN;
        break;
    case KD_INPUT_BUTTON:
        pressed.code = event->button.button;
        *is_down = event->button.state == KB_KEY_STATE_DOWN;
        break;
    case KD_INPUT_PAD_BUTTON:
        pressed.device = event->pad_button.device;
        pressed.code = event->pad_button.button;
        *is_down = event->pad_button.state == KB_KEY_STATE_DOWN;
        break;
    default:
        pressed.device = event->touch.device;
        pressed.code = (uint32_t)event->touch.finger;
        *is_down = event->touch.phase == KB_TOUCH_PHASE_DOWN;
    }
    return pressed;
}

/* Whether its press was dropped; then it is forgotten. */
static bool was_dropped(struct kd_feed *feed, const struct pressed *pressed)
{
    for (unsigned i = 0; i < feed->dropped_count; i++) {
        const struct pressed *dropped = &feed->dropped[i];

        if (dropped->kind != pressed->kind || dropped->device != pressed->device ||
            dropped->code != pressed->code)
            continue;
        feed->dropped[i] = feed->dropped[--feed->dropped_count];
        return true;
    }
    return false;
}

static void put_press(struct kd_feed *feed, const struct kd_feed_event *event)
{
    bool is_down;
    struct pressed pressed = pressed_of(event, &is_down);
    enum pace pace = pace_of(feed);
    struct kd_feed_event *item;

    if (pace == PACE_FREE)
        catch_up(feed);
    if (is_down ? pace == PACE_STUCK || !feed->is_focus_told : was_dropped(feed, &pressed)) {
        feed->lost++;
        if (is_down && feed->dropped_count < DROPPED)
            feed->dropped[feed->dropped_count++] = pressed;
        else if (is_down)
            kd_peer_shut(feed->peer);
        return;
    }
    item = find_item(feed, event);
    if (item) { /* a finger's last motion: where it was lifted says more */
        remove_item(feed, item);
        feed->lost++;
    }
    send_event(feed, event);
}

void kd_feed_put(struct kd_feed *feed, const struct kd_feed_event *event)
{
    if (!feed)
        return;
    switch (event->kind) {
    case KD_INPUT_MOTION:
    case KD_INPUT_POSITION:
    case KD_INPUT_WHEEL:
    case KD_INPUT_PAD_AXIS: put_state(feed, event); break;
    case KD_INPUT_TOUCH:
        if (event->touch.phase == KB_TOUCH_PHASE_MOTION)
            put_state(feed, event);
        else
            put_press(feed, event);
        break;
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
    case KD_INPUT_PAD_BUTTON: put_press(feed, event); break;
    }
}

/* ---- Focus -------------------------------------------------------------------------------------- */

/* A window that has it no more hears nothing more: what waits for it is lost, but for axes, which went to the middle. */
static void drop_items(struct kd_feed *feed)
{
    for (unsigned i = 0; i < feed->items_count; i++) {
        if (feed->items[i].kind == KD_INPUT_PAD_AXIS && feed->is_focus_told)
            send_event(feed, &feed->items[i]);
        else
            feed->lost++;
    }
    feed->items_count = 0;
}

void kd_feed_focus(struct kd_feed *feed, const struct kb_evt_focus *event)
{
    enum pace pace;

    if (!feed)
        return;
    pace = pace_of(feed);
    if (pace == PACE_FREE)
        catch_up(feed);
    feed->is_focused = event->gained;
    if (event->gained) {
        feed->focus = *event;
        if (pace == PACE_STUCK)
            feed->lost++;
        else
            tell_focus(feed);
        return;
    }
    drop_items(feed);
    if (feed->is_focus_told)
        SEND(feed, focus, event);
    else
        feed->lost++;
    feed->is_focus_told = false;
}

void kd_feed_over(struct kd_feed *feed, const struct kb_evt_pointer_over *event)
{
    enum pace pace;

    if (!feed)
        return;
    pace = pace_of(feed);
    if (pace == PACE_FREE)
        catch_up(feed);
    feed->is_over = event->inside;
    if (event->inside) {
        feed->over = *event;
        if (pace != PACE_STUCK && feed->is_focus_told)
            tell_over(feed);
        return;
    }
    for (unsigned i = feed->items_count; i-- > 0;) {
        if (feed->items[i].kind != KD_INPUT_MOTION && feed->items[i].kind != KD_INPUT_WHEEL)
            continue;
        remove_item(feed, &feed->items[i]);
        feed->lost++;
    }
    if (feed->is_over_told)
        SEND(feed, pointer_over, event);
    feed->is_over_told = false;
}

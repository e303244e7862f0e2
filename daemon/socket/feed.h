/*
 * Input events on their way to one client. What only says how things are now (motion, axes, where fingers are) waits for the end of the loop's turn and
 * is merged till then; presses and releases go at once, after what waits, so that their order is kept.
 *
 * A client that does not read gets, above KD_FEED_SLOW_BYTES unsent, no such state but the last: it is merged for as long as that lasts, in bounded
 * memory. Above KD_FEED_STUCK_BYTES presses are dropped too, and their releases with them, and that it gets the focus or the pointer waits. What it was
 * told is down it is always told is up. When it reads again it is told how much was lost, and then how things are.
 */
#ifndef KD_SOCKET_FEED_H
#define KD_SOCKET_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/input.h"
#include "gen/kmsblit_proto.h"

struct kd_peer;
struct kd_feed;

#define KD_FEED_SLOW_BYTES  (32u << 10)
#define KD_FEED_STUCK_BYTES (256u << 10)

/* How long input took to a socket, of all clients. */
struct kd_feed_latency {
    int64_t mean_ns, max_ns; /* of the last second in which there was input, and that is over */
    int64_t sum_ns, longest_ns, count, begun_ns;
};

struct kd_feed_event {
    enum kd_input_kind kind; /* not POSITION, which is told as MOTION */
    union {
        struct kb_evt_key key;
        struct kb_evt_pointer_button button;
        struct kb_evt_pointer_motion motion;
        struct kb_evt_pointer_wheel wheel;
        struct kb_evt_touch touch;
        struct kb_evt_gamepad_axis axis;
        struct kb_evt_gamepad_button pad_button;
    };
};

/* peer is borrowed. -ENOMEM. */
int kd_feed_create(struct kd_peer *peer, struct kd_feed **out);
void kd_feed_destroy(
    struct kd_feed *feed); /* NULL is allowed, there and below: a client without input */

/* A window has the focus, or the pointer, or has it no more. */
void kd_feed_focus(struct kd_feed *feed, const struct kb_evt_focus *event);
void kd_feed_over(struct kd_feed *feed, const struct kb_evt_pointer_over *event);

/* Something for the window that has the focus. Texts are read at once. */
void kd_feed_put(struct kd_feed *feed, const struct kd_feed_event *event);

/* Sends what waits, as far as the client reads. At the end of a turn of the loop, and before any other event that says so. */
void kd_feed_flush(struct kd_feed *feed);

/* Everything sent so far is in the socket, or at least on its way. */
void kd_feed_written(struct kd_feed *feed, int64_t now_ns, struct kd_feed_latency *latency);

/* If its second is over, its figures are those of a second that is over. */
void kd_feed_latency_age(struct kd_feed_latency *latency, int64_t now_ns);

/* Events sent and events lost, in all. */
uint64_t kd_feed_sent(const struct kd_feed *feed);
uint64_t kd_feed_lost(const struct kd_feed *feed);

#endif

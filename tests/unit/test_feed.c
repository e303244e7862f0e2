/* How long input took: what is told of it, at any time of the clock. What clients are told is in tests/protocol. */
#include <check.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "socket/feed.h"
#include "socket/peer.h"

static int on_message(void *ctx, const void *message, size_t message_bytes, const int *fds,
                      unsigned fds_count)
{
    (void)ctx;
    (void)message;
    (void)message_bytes;
    (void)fds;
    (void)fds_count;
    return 0;
}

static void on_broken(void *ctx, unsigned code, const char *what, uint32_t offset)
{
    (void)ctx;
    (void)code;
    (void)what;
    (void)offset;
}

static const struct kd_peer_handler handler = {.message = on_message, .broken = on_broken};

static void put_key(struct kd_feed *feed, int64_t time_ns)
{
    const struct kd_feed_event event = {
        .kind = KD_INPUT_KEY,
        .key = {.object = 1, .time_ns = (uint64_t)time_ns, .code = 30, .text = ""}};

    kd_feed_put(feed, &event);
}

/* Many events in one turn of the loop, of a machine that has run for a year; some are seconds old, and one says that it is of long ago. */
START_TEST(test_latency)
{
    const int64_t now_ns = 365 * 86400 * KD_NS_PER_S;
    struct kd_feed_latency latency = {.begun_ns = now_ns};
    struct kd_feed *feed;
    struct kd_peer *peer;
    int fds[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ck_assert_int_eq(kd_peer_create(fds[0], &handler, NULL, &peer), 0);
    ck_assert_int_eq(kd_feed_create(peer, &feed), 0);
    kd_feed_focus(feed, &(struct kb_evt_focus){.object = 1, .gained = true});
    for (int i = 0; i < 1000; i++) {
        put_key(feed, now_ns - 1000);
        put_key(feed, now_ns - 3000);
    }
    kd_feed_written(feed, now_ns, &latency);
    kd_feed_latency_age(&latency, now_ns + KD_NS_PER_S);
    ck_assert_int_eq(latency.mean_ns, 2000);
    ck_assert_int_eq(latency.max_ns, 3000);
    put_key(feed, 0);
    kd_feed_written(feed, now_ns + KD_NS_PER_S, &latency);
    kd_feed_latency_age(&latency, now_ns + 2 * KD_NS_PER_S);
    ck_assert_int_eq(latency.max_ns, 3600 * KD_NS_PER_S);
    kd_feed_destroy(feed);
    kd_peer_destroy(peer);
    close(fds[1]);
}
END_TEST

Suite *feed_suite(void);
Suite *feed_suite(void)
{
    Suite *suite = suite_create("feed");
    TCase *tcase = tcase_create("feed");

    tcase_add_test(tcase, test_latency);
    suite_add_tcase(suite, tcase);
    return suite;
}

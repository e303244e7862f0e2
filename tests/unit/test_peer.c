/* Framing, deadlines and flow of a connection. What its fds do is in test_peer_fds.c. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"
#include "peer_rig.h"

#define DEADLINE_NS  ((int64_t)KB_MESSAGE_DEADLINE_NS)
#define STREAM_BYTES (16 + 40 + 24)

static struct peer_rig rig;

static void setup(void)
{
    rig_start(&rig);
}

static void teardown(void)
{
    rig_stop(&rig);
}

static void assert_in_order(unsigned count)
{
    ck_assert_uint_eq(rig.messages, count);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(rig.serials[i], i);
    }
}

START_TEST(test_sizes_that_are_right)
{
    rig_write_message(&rig, 16, 0);
    rig_write_message(&rig, 24, 1);
    rig_write_message(&rig, 65536, 2);
    rig_write_message(&rig, 65528, 3);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(4);
    ck_assert_uint_eq(rig.broken, 0);
    ck_assert_uint_eq(kd_peer_received_bytes(rig.peer), 16 + 24 + 65536 + 65528);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 0);
}
END_TEST

static const struct {
    uint32_t size;
    uint8_t nfds, flags;
    uint32_t offset;
    const char *text;
} bad_headers[] = {
    {0, 0, 0, 0, "size"},           {7, 0, 0, 0, "size"},           {8, 0, 0, 0, "size"},
    {15, 0, 0, 0, "size"},          {17, 0, 0, 0, "size"},          {20, 0, 0, 0, "size"},
    {65537, 0, 0, 0, "size"},       {65544, 0, 0, 0, "size"},       {1u << 31, 0, 0, 0, "size"},
    {0xfffffff8u, 0, 0, 0, "size"}, {0xffffffffu, 0, 0, 0, "size"}, {16, 5, 0, 6, "nfds"},
    {16, 253, 0, 6, "nfds"},        {16, 255, 0, 6, "nfds"},        {16, 0, 1, 7, "reserved"},
    {16, 0, 0x80, 7, "reserved"},
};

/* Noticed as soon as the header is there, whatever size it claims; the message before it still
 * counts. */
START_TEST(test_bad_header)
{
    struct kb_header header = {.size = bad_headers[_i].size,
                               .opcode = 1,
                               .nfds = bad_headers[_i].nfds,
                               .flags = bad_headers[_i].flags};
    rig.last_event = true;
    rig_write_message(&rig, 16, 0);
    rig_write(&rig, &header, sizeof(header) - 1);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.broken, 0);
    rig_write(&rig, (const char *)&header + sizeof(header) - 1, 1);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, bad_headers[_i].text);
    ck_assert_uint_eq(rig.offset, bad_headers[_i].offset);
    assert_in_order(1);

    /* The client can still read why. */
    uint64_t event[4];
    ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 24);
    ck_assert_int_eq(rig_header(event).serial, 99);
}
END_TEST

START_TEST(test_nothing_is_handled_after_a_bad_header)
{
    uint64_t bytes[2 + 2] = {0};
    rig_fill(bytes + 2, 16, 0, 7);
    rig_write(&rig, bytes, sizeof(bytes));
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    ck_assert_uint_eq(rig.broken, 1);
    ck_assert_uint_eq(rig.messages, 0);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 64), -EPIPE);
    ck_assert_uint_eq(rig.broken, 1);
}
END_TEST

/* Three messages, of 16, 40 and 24 bytes. */
static void fill_stream(uint8_t *stream)
{
    rig_fill(stream, 16, 0, 0);
    rig_fill(stream + 16, 40, 0, 1);
    rig_fill(stream + 56, 24, 0, 2);
}

START_TEST(test_split_at_every_byte)
{
    uint8_t stream[STREAM_BYTES];
    fill_stream(stream);
    rig_write(&rig, stream, (size_t)_i);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.messages, _i < 16 ? 0 : _i < 56 ? 1 : _i < 80 ? 2 : 3);
    rig_write(&rig, stream + _i, (size_t)(STREAM_BYTES - _i));
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(3);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

START_TEST(test_one_byte_at_a_time)
{
    uint8_t stream[STREAM_BYTES];
    fill_stream(stream);
    for (size_t i = 0; i < STREAM_BYTES; i++) {
        rig_write(&rig, stream + i, 1);
        ck_assert_int_eq(rig_run(&rig), 0);
        rig.now_ns += DEADLINE_NS / 50; /* 40 bytes take less than the deadline, all take more */
    }
    assert_in_order(3);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

START_TEST(test_truncated_at_every_byte)
{
    uint8_t stream[STREAM_BYTES];
    fill_stream(stream);
    rig.last_event = true;
    rig_write(&rig, stream, (size_t)_i);
    shutdown(rig.client, SHUT_WR);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    if (_i == 0 || _i == 16 || _i == 56 || _i == 80) {
        ck_assert_uint_eq(rig.broken, 0);
    } else {
        rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "ended inside a message");
        uint64_t event[4];
        ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 24);
    }
    ck_assert_uint_eq(rig.messages, _i < 16 ? 0 : _i < 56 ? 1 : _i < 80 ? 2 : 3);
}
END_TEST

START_TEST(test_many_messages_in_one_read)
{
    enum { COUNT = 8000 };
    uint8_t *stream = malloc(COUNT * 16);
    for (uint32_t i = 0; i < COUNT; i++) {
        rig_fill(stream + 16 * i, 16, 0, i);
    }
    rig_write(&rig, stream, COUNT * 16);
    free(stream);

    /* 100 at a time, without another read. */
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 100), 1);
    ck_assert_uint_eq(rig.messages, 100);
    ck_assert_uint_eq(kd_peer_received_bytes(rig.peer), COUNT * 16);
    unsigned turns = 1;
    while (kd_peer_dispatch(rig.peer, 0, rig.now_ns, 100) == 1) {
        turns++;
    }
    ck_assert_uint_eq(turns, COUNT / 100 - 1);
    assert_in_order(COUNT);
}
END_TEST

START_TEST(test_long_stream_of_odd_pieces)
{
    enum { COUNT = 3000 };
    uint8_t *stream = malloc(COUNT * 4096);
    size_t bytes = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t size = 16 + 8 * (i * i * 37 % 500);
        rig_fill(stream + bytes, size, 0, i);
        bytes += size;
    }
    size_t piece = 1;
    for (size_t at = 0; at < bytes; at += piece) {
        piece = piece * 75 % 65537;
        if (piece > bytes - at) {
            piece = bytes - at;
        }
        rig_write(&rig, stream + at, piece);
        ck_assert_int_eq(rig_run(&rig), 0);
    }
    free(stream);
    assert_in_order(COUNT);
}
END_TEST

START_TEST(test_deadline_of_a_begun_message)
{
    uint8_t message[40];
    rig_fill(message, sizeof(message), 0, 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 0);
    rig_write(&rig, message, (size_t)_i);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), rig.now_ns + DEADLINE_NS);
    rig.now_ns += DEADLINE_NS - 1;
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    ck_assert_uint_eq(rig.broken, 0);
    rig.now_ns += 1;
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_TIMEOUT, "not completed in time");
}
END_TEST

/* The daemon may be the one that is late. */
START_TEST(test_deadline_spares_what_is_in_the_socket)
{
    uint8_t message[40];
    rig_fill(message, sizeof(message), 0, 0);
    rig_write(&rig, message, 39);
    ck_assert_int_eq(rig_run(&rig), 0);
    rig_write(&rig, message + 39, 1);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns + 10 * DEADLINE_NS, 64), 0);
    assert_in_order(1);
    ck_assert_uint_eq(rig.broken, 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 0);
}
END_TEST

START_TEST(test_each_message_has_its_own_deadline)
{
    uint8_t stream[STREAM_BYTES];
    fill_stream(stream);
    rig_write(&rig, stream, 50);
    ck_assert_int_eq(rig_run(&rig), 0);
    int64_t first_ns = rig.now_ns;
    rig.now_ns += DEADLINE_NS - 1;
    rig_write(&rig, stream + 50, 10);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), first_ns + 2 * DEADLINE_NS - 1);
    rig.now_ns += DEADLINE_NS - 1;
    rig_write(&rig, stream + 60, 20);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(3);
}
END_TEST

START_TEST(test_pause_keeps_the_order)
{
    rig.pause_at = 2;
    for (uint32_t i = 0; i < 5; i++) {
        rig_write_message(&rig, 24, i);
    }
    rig_run(&rig);
    ck_assert_uint_eq(rig.messages, 2);
    ck_assert_uint_eq(kd_peer_events(rig.peer), 0);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 64), 0);
    for (uint32_t i = 5; i < 8; i++) {
        rig_write_message(&rig, 24, i);
    }
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.messages, 2);

    ck_assert(kd_peer_resume(rig.peer));
    ck_assert_uint_eq(kd_peer_events(rig.peer), EPOLLIN);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(8);
}
END_TEST

START_TEST(test_pause_at_the_last_message)
{
    rig.pause_at = 1;
    rig_write_message(&rig, 24, 0);
    rig_run(&rig);
    ck_assert_uint_eq(kd_peer_events(rig.peer), 0);
    ck_assert(!kd_peer_resume(rig.peer));
    ck_assert_uint_eq(kd_peer_events(rig.peer), EPOLLIN);
    rig_write_message(&rig, 24, 1);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(2);
}
END_TEST

/* Nobody can complete a message that is not read. */
START_TEST(test_no_deadline_during_a_pause)
{
    uint8_t stream[STREAM_BYTES];
    fill_stream(stream);
    rig.pause_at = 1;
    rig_write(&rig, stream, 50);
    rig_run(&rig);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 0);
    rig.now_ns += 10 * DEADLINE_NS;
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    ck_assert(!kd_peer_resume(rig.peer));
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), rig.now_ns + DEADLINE_NS);
    rig_write(&rig, stream + 50, STREAM_BYTES - 50);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_in_order(3);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

START_TEST(test_client_gone)
{
    rig_write_message(&rig, 16, 0);
    close(rig.client);
    rig.client = -1;
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    assert_in_order(1);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

/* epoll reports a hang-up whether it is asked for or not. */
START_TEST(test_client_gone_during_a_pause)
{
    rig.pause_at = 1;
    rig_write_message(&rig, 16, 0);
    rig_write_message(&rig, 16, 1);
    rig_run(&rig);
    close(rig.client);
    rig.client = -1;
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    ck_assert_uint_eq(rig.messages, 1);
}
END_TEST

START_TEST(test_writing_to_a_client_that_is_gone)
{
    uint64_t event[2];
    rig_fill(event, sizeof(event), 0, 0);
    close(rig.client);
    rig.client = -1;
    ck_assert_int_eq(kd_peer_send(rig.peer, event, sizeof(event), NULL, 0), 0);
    ck_assert_int_eq(kd_peer_flush(rig.peer), -EPIPE);
    ck_assert_int_ne(kd_peer_deadline_ns(rig.peer), 0);
    ck_assert_int_le(kd_peer_deadline_ns(rig.peer), rig.now_ns);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), -EPIPE);
}
END_TEST

START_TEST(test_identity)
{
    struct kd_peer_identity identity = kd_peer_identity(rig.peer);
    ck_assert_int_eq(identity.pid, getpid());
    ck_assert_uint_eq(identity.uid, getuid());
    ck_assert_uint_eq(identity.gid, getgid());
}
END_TEST

/* One sendmsg(2) each would fill a default socket with 278 of them. */
START_TEST(test_events_are_coalesced)
{
    uint64_t event[4];
    for (uint32_t i = 0; i < 1500; i++) {
        rig_fill(event, sizeof(event), 0, i);
        ck_assert_int_eq(kd_peer_send(rig.peer, event, sizeof(event), NULL, 0), 0);
    }
    ck_assert_uint_eq(kd_peer_unsent_bytes(rig.peer), 1500 * 32);
    ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 0);
    ck_assert_int_eq(kd_peer_flush(rig.peer), 0);
    ck_assert_uint_eq(kd_peer_unsent_bytes(rig.peer), 0);
    ck_assert_uint_eq(kd_peer_sent_bytes(rig.peer), 1500 * 32);
    for (uint32_t i = 0; i < 1500; i++) {
        ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 32);
        ck_assert_uint_eq(rig_header(event).serial, i);
    }
}
END_TEST

/* Requests of a client that does not read its answers wait, until it does. */
START_TEST(test_back_pressure)
{
    enum { COUNT = 12000, ANSWER = 1024 };
    rig.answer_bytes = ANSWER;
    uint8_t *stream = malloc(COUNT * 16);
    for (uint32_t i = 0; i < COUNT; i++) {
        rig_fill(stream + 16 * i, 16, 0, i);
    }
    rig_write(&rig, stream, COUNT * 16); /* more than an inbox */
    free(stream);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_lt(rig.messages, COUNT / 2);
    ck_assert_uint_lt(kd_peer_received_bytes(rig.peer), COUNT * 16);
    ck_assert_uint_eq(kd_peer_events(rig.peer), EPOLLOUT);
    ck_assert_uint_gt(kd_peer_unsent_bytes(rig.peer), KD_PEER_OUT_PAUSE_BYTES);
    ck_assert_uint_le(kd_peer_unsent_bytes(rig.peer), KD_PEER_OUT_PAUSE_BYTES + ANSWER);

    uint8_t answer[ANSWER], wanted[ANSWER];
    for (uint32_t i = 0; i < COUNT; i++) {
        for (size_t at = 0; at < ANSWER;) {
            int got = rig_read(&rig, answer + at, ANSWER - at);
            ck_assert_int_ge(got, 0);
            if (got == 0) {
                ck_assert_int_eq(rig_run(&rig), 0);
            }
            at += (size_t)got;
        }
        rig_fill(wanted, ANSWER, 0, i);
        ck_assert_mem_eq(answer, wanted, ANSWER);
    }
    assert_in_order(COUNT);
    ck_assert_uint_eq(kd_peer_events(rig.peer), EPOLLIN);
    ck_assert_uint_eq(kd_peer_unsent_bytes(rig.peer), 0);
}
END_TEST

/* The owner may write by itself what is waiting: nothing must then be forgotten in the buffer. */
START_TEST(test_back_pressure_ends_by_flushing)
{
    rig.answer_bytes = 4096;
    for (uint32_t i = 0; i < 200; i++) {
        rig_write_message(&rig, 16, i);
    }
    ck_assert_int_eq(rig_run(&rig), 0);
    unsigned before = rig.messages;
    ck_assert_uint_lt(before, 200);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 0);

    uint8_t *bytes = malloc(65536);
    while (kd_peer_unsent_bytes(rig.peer) > 0) {
        ck_assert_int_gt(rig_read(&rig, bytes, 65536), 0);
        ck_assert_int_eq(kd_peer_flush(rig.peer), 0);
    }
    free(bytes);
    ck_assert_uint_eq(rig.messages, before);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), 1);
    kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64);
    ck_assert_uint_gt(rig.messages, before);
}
END_TEST

/* Fills the peer's output until it is too much; returns what can be read of it. */
static size_t overflow(uint32_t piece)
{
    uint8_t *event = malloc(piece);
    size_t accepted = 0;
    int error;
    for (uint32_t i = 0;; i++) {
        rig_fill(event, piece, 0, i);
        error = kd_peer_send(rig.peer, event, piece, NULL, 0);
        if (error != 0) {
            break;
        }
        accepted += piece;
        ck_assert_uint_le(kd_peer_unsent_bytes(rig.peer), KD_PEER_OUT_BYTES);
        kd_peer_flush(rig.peer);
    }
    ck_assert_int_eq(error, -ENOBUFS);
    ck_assert_int_eq(kd_peer_send(rig.peer, event, piece, NULL, 0), 0); /* dropped */
    free(event);
    ck_assert_uint_gt(kd_peer_unsent_bytes(rig.peer) + piece, KD_PEER_OUT_BYTES);
    return accepted;
}

START_TEST(test_too_many_unread_events)
{
    overflow(65536);
    rig_write_message(&rig, 16, 0);
    ck_assert_uint_eq(kd_peer_events(rig.peer), EPOLLOUT);
    int64_t deadline_ns = kd_peer_deadline_ns(rig.peer);
    ck_assert(deadline_ns != 0 && deadline_ns <= rig.now_ns);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), rig.now_ns + INT64_C(1000000000));
    rig.now_ns += INT64_C(999999999);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 64), 0);
    rig.now_ns += 1;
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), -EPIPE);
    ck_assert_uint_eq(rig.messages, 0);
}
END_TEST

START_TEST(test_a_shut_peer_still_writes)
{
    size_t accepted = overflow(1000);
    size_t total = 0;
    uint8_t *bytes = malloc(65536);
    int said = 0;
    for (;;) {
        int got = rig_read(&rig, bytes, 65536);
        ck_assert_int_ge(got, 0);
        total += (size_t)got;
        if (got == 0) {
            if (said == -EPIPE) {
                break;
            }
            said = kd_peer_dispatch(rig.peer, EPOLLOUT, rig.now_ns, 64);
        }
    }
    free(bytes);
    ck_assert_uint_eq(total, accepted);
}
END_TEST

START_TEST(test_shut_with_nothing_to_write)
{
    rig_write_message(&rig, 16, 0);
    kd_peer_shut(rig.peer);
    ck_assert_uint_eq(kd_peer_events(rig.peer), 0);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 64), -EPIPE);
    ck_assert_uint_eq(rig.messages, 0);
}
END_TEST

START_TEST(test_shut_between_messages)
{
    rig.answer_bytes = 32;
    rig_write_message(&rig, 16, 0);
    rig_write_message(&rig, 16, 1);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLIN, rig.now_ns, 1), 1);
    kd_peer_shut(rig.peer);
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), -EPIPE);
    ck_assert_uint_eq(rig.messages, 1);
    uint64_t event[8];
    ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 32);
}
END_TEST

START_TEST(test_destroy_null)
{
    kd_peer_destroy(NULL);
}
END_TEST

START_TEST(test_create_takes_a_bad_fd_too)
{
    struct kd_peer *peer = NULL;
    static const struct kd_peer_handler none;
    ck_assert_int_eq(kd_peer_create(-1, &none, NULL, &peer), -EBADF);
    ck_assert_ptr_null(peer);
}
END_TEST

Suite *peer_suite(void);
Suite *peer_suite(void)
{
    Suite *suite = suite_create("peer");
    TCase *framing = tcase_create("framing");
    tcase_add_checked_fixture(framing, setup, teardown);
    tcase_add_test(framing, test_sizes_that_are_right);
    tcase_add_loop_test(framing, test_bad_header, 0, sizeof(bad_headers) / sizeof(bad_headers[0]));
    tcase_add_test(framing, test_nothing_is_handled_after_a_bad_header);
    tcase_add_loop_test(framing, test_split_at_every_byte, 0, STREAM_BYTES + 1);
    tcase_add_test(framing, test_one_byte_at_a_time);
    tcase_add_loop_test(framing, test_truncated_at_every_byte, 0, STREAM_BYTES + 1);
    tcase_add_test(framing, test_many_messages_in_one_read);
    tcase_add_test(framing, test_long_stream_of_odd_pieces);
    suite_add_tcase(suite, framing);

    TCase *deadline = tcase_create("deadline");
    tcase_add_checked_fixture(deadline, setup, teardown);
    tcase_add_loop_test(deadline, test_deadline_of_a_begun_message, 1, 40);
    tcase_add_test(deadline, test_deadline_spares_what_is_in_the_socket);
    tcase_add_test(deadline, test_each_message_has_its_own_deadline);
    tcase_add_test(deadline, test_no_deadline_during_a_pause);
    suite_add_tcase(suite, deadline);

    TCase *flow = tcase_create("flow");
    tcase_add_checked_fixture(flow, setup, teardown);
    tcase_add_test(flow, test_pause_keeps_the_order);
    tcase_add_test(flow, test_pause_at_the_last_message);
    tcase_add_test(flow, test_client_gone);
    tcase_add_test(flow, test_client_gone_during_a_pause);
    tcase_add_test(flow, test_writing_to_a_client_that_is_gone);
    tcase_add_test(flow, test_identity);
    tcase_add_test(flow, test_events_are_coalesced);
    tcase_add_test(flow, test_back_pressure);
    tcase_add_test(flow, test_back_pressure_ends_by_flushing);
    tcase_add_test(flow, test_too_many_unread_events);
    tcase_add_test(flow, test_a_shut_peer_still_writes);
    tcase_add_test(flow, test_shut_with_nothing_to_write);
    tcase_add_test(flow, test_shut_between_messages);
    suite_add_tcase(suite, flow);

    TCase *life = tcase_create("life");
    tcase_add_test(life, test_destroy_null);
    tcase_add_test(life, test_create_takes_a_bad_fd_too);
    suite_add_tcase(suite, life);
    return suite;
}

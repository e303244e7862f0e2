/* The fds of a connection's messages: each reaches its own message, and none is ever left open. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"
#include "peer_rig.h"

#define FILES 64

static struct peer_rig rig;
static int files[FILES];
static uint64_t inodes[FILES];

static void setup(void)
{
    rig_start(&rig);
    for (int i = 0; i < FILES; i++) {
        files[i] = make_file(&inodes[i]);
    }
}

static void teardown(void)
{
    for (int i = 0; i < FILES; i++) {
        close(files[i]);
    }
    rig_stop(&rig);
}

static void write_message_fds(unsigned nfds, const int *fds, unsigned fds_count, uint32_t serial)
{
    uint64_t message[4];
    rig_fill(message, sizeof(message), nfds, serial);
    rig_write_fds(&rig, message, sizeof(message), fds, fds_count);
}

static void assert_files_in_order(unsigned count)
{
    ck_assert_uint_eq(rig.fds, count);
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(rig.inodes[i], inodes[i]);
    }
}

START_TEST(test_each_message_gets_its_own)
{
    unsigned used = 0;
    for (unsigned i = 0; i < 20; i++) {
        unsigned nfds = i % 5;
        write_message_fds(nfds, files + used, nfds, i);
        used += nfds;
    }
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.messages, 20);
    assert_files_in_order(used);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

/* A client that puts many messages into one call hands over all their fds with the first byte. */
START_TEST(test_sixteen_messages_in_one_call)
{
    uint64_t messages[16][3];
    for (uint32_t i = 0; i < 16; i++) {
        rig_fill(messages[i], sizeof(messages[i]), 4, i);
    }
    rig_write_fds(&rig, messages, sizeof(messages), files, 64);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.messages, 16);
    assert_files_in_order(64);
}
END_TEST

START_TEST(test_split_at_every_byte)
{
    uint8_t stream[24 + 40 + 16];
    rig_fill(stream, 24, 1, 0);
    rig_fill(stream + 24, 40, 2, 1);
    rig_fill(stream + 64, 16, 0, 2);
    size_t cut = (size_t)_i;
    if (cut <= 24) {
        rig_write_fds(&rig, stream, cut, files, 1);
        rig_run(&rig);
        rig_write(&rig, stream + cut, 24 - cut);
        rig_write_fds(&rig, stream + 24, 56, files + 1, 2);
    } else {
        rig_write_fds(&rig, stream, 24, files, 1);
        rig_write_fds(&rig, stream + 24, cut - 24, files + 1, 2);
        rig_run(&rig);
        rig_write(&rig, stream + cut, sizeof(stream) - cut);
    }
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_uint_eq(rig.messages, 3);
    ck_assert_uint_eq(rig.broken, 0);
    assert_files_in_order(3);
}
END_TEST

START_TEST(test_pause_keeps_fds_with_their_messages)
{
    rig.pause_at = 1;
    uint64_t messages[3][3];
    for (uint32_t i = 0; i < 3; i++) {
        rig_fill(messages[i], sizeof(messages[i]), 1, i);
    }
    rig_write_fds(&rig, messages, sizeof(messages), files, 3);
    rig_run(&rig);
    assert_files_in_order(1);
    ck_assert(kd_peer_resume(rig.peer));
    ck_assert_int_eq(kd_peer_dispatch(rig.peer, 0, rig.now_ns, 64), 0);
    assert_files_in_order(3);
}
END_TEST

static const struct {
    unsigned nfds, sent;
    const char *text;
} wrong_counts[] = {
    {0, 1, "no message announced"},
    {0, 4, "no message announced"},
    {1, 0, "fewer"},
    {1, 2, "no message announced"},
    {2, 1, "fewer"},
    {4, 3, "fewer"},
    {4, 5, "no message announced"},
    {0, 64, "no message announced"},
    {4, 64, "no message announced"},
};

START_TEST(test_wrong_count)
{
    write_message_fds(wrong_counts[_i].nfds, files, wrong_counts[_i].sent, 0);
    write_message_fds(0, NULL, 0, 1);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, wrong_counts[_i].text);
    ck_assert_uint_le(rig.messages, 1);
    if (wrong_counts[_i].sent < wrong_counts[_i].nfds) {
        ck_assert_uint_eq(rig.messages, 0);
    }
}
END_TEST

/* Fds that come too early belong to nothing, even if the next message wants them. */
START_TEST(test_fds_of_the_next_message)
{
    write_message_fds(0, files, 1, 0);
    write_message_fds(1, NULL, 0, 1);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "no message announced");
    ck_assert_uint_eq(rig.fds, 0);
}
END_TEST

/* Whichever of the two messages takes the fd: one has none. */
START_TEST(test_fds_after_their_message)
{
    uint64_t message[4];
    rig_fill(message, sizeof(message), 1, 0);
    rig_write(&rig, message, sizeof(message));
    if (_i == 0) {
        ck_assert_int_eq(rig_run(&rig), -EPIPE);
    }
    rig_write_fds(&rig, message, sizeof(message), files, 1);
    if (_i == 1) {
        ck_assert_int_eq(rig_run(&rig), -EPIPE);
    }
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "fewer");
}
END_TEST

START_TEST(test_253_in_one_message)
{
    int fds[253];
    for (int i = 0; i < 253; i++) {
        fds[i] = files[i % FILES];
    }
    write_message_fds((unsigned)_i, fds, 253, 0);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "lost");
    ck_assert_uint_eq(rig.messages, 0);
}
END_TEST

START_TEST(test_65_in_one_message)
{
    int fds[65];
    memcpy(fds, files, sizeof(files));
    fds[64] = files[0];
    write_message_fds(0, fds, 65, 0);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "lost");
}
END_TEST

/* A message that never ends must not collect them. */
START_TEST(test_too_many_waiting)
{
    uint64_t message[1024];
    rig_fill(message, sizeof(message), 4, 0);
    rig_write_fds(&rig, message, 32, files, 40);
    ck_assert_int_eq(rig_run(&rig), 0);
    rig_write_fds(&rig, message + 4, 32, files, 24);
    ck_assert_int_eq(rig_run(&rig), 0);
    rig_write_fds(&rig, message + 8, 32, files, 1);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "more than 64");
}
END_TEST

/* A stream has no message without a byte: the kernel drops the fds, and nothing comes. */
START_TEST(test_fds_without_data)
{
    rig_write_fds(&rig, "", 0, files, 4);
    ck_assert_int_eq(rig_run(&rig), 0);
    write_message_fds(1, files, 1, 0);
    ck_assert_int_eq(rig_run(&rig), 0);
    assert_files_in_order(1);
}
END_TEST

START_TEST(test_the_same_fd_ten_thousand_times)
{
    for (uint32_t i = 0; i < 10000; i++) {
        write_message_fds(1, files, 1, i);
        ck_assert_int_eq(rig_run(&rig), 0);
    }
    ck_assert_uint_eq(rig.fds, 10000);
    ck_assert_uint_eq(rig.broken, 0);
}
END_TEST

START_TEST(test_no_free_fd_here)
{
    struct peer_rig other;
    rig_start(&other);
    if (limit_fds_begin(_i)) {
        write_message_fds(4, files, 4, 0);
        rig_write_message(&other, 32, 0);
        int said = rig_run(&rig);
        int other_said = rig_run(&other);
        limit_fds_end();
        ck_assert_int_eq(said, -EPIPE);
        rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "lost");
        ck_assert_uint_eq(rig.messages, 0);
        ck_assert_int_eq(other_said, 0);
        ck_assert_uint_eq(other.messages, 1);
    }
    rig_stop(&other);
}
END_TEST

/* teardown() counts what is open. */
START_TEST(test_destroyed_with_unclaimed_fds)
{
    uint64_t message[4];
    rig_fill(message, sizeof(message), 4, 0);
    rig_write_fds(&rig, message, 24, files, 4);
    ck_assert_int_eq(rig_run(&rig), 0);
    ck_assert_int_eq(kd_peer_deadline_ns(rig.peer), rig.now_ns + (int64_t)KB_MESSAGE_DEADLINE_NS);
}
END_TEST

START_TEST(test_destroyed_with_fds_in_the_socket)
{
    write_message_fds(4, files, 4, 0);
}
END_TEST

START_TEST(test_truncated_with_fds)
{
    uint64_t message[4];
    rig_fill(message, sizeof(message), 4, 0);
    rig_write_fds(&rig, message, 24, files, 4);
    shutdown(rig.client, SHUT_WR);
    ck_assert_int_eq(rig_run(&rig), -EPIPE);
    rig_assert_broken(&rig, KB_ERROR_CODE_PROTOCOL, "ended inside");
}
END_TEST

/* The client's side of one recvmsg(2): bytes, and the fds that came with them. */
static int receive(void *bytes, size_t count, int *fds, unsigned *fds_count)
{
    uint64_t control[CMSG_SPACE(64 * sizeof(int)) / 8];
    struct iovec part = {.iov_base = bytes, .iov_len = count};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control,
                            .msg_controllen = sizeof(control)};
    ssize_t got = recvmsg(rig.client, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    *fds_count = 0;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&header);
    if (got > 0 && cmsg != NULL) {
        *fds_count = (unsigned)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(cmsg), *fds_count * sizeof(int));
    }
    return (int)got;
}

static int send_event(uint32_t serial, const int *fds, unsigned nfds)
{
    uint64_t event[4];
    rig_fill(event, sizeof(event), nfds, serial);
    return kd_peer_send(rig.peer, event, sizeof(event), fds, nfds);
}

START_TEST(test_events_with_fds)
{
    /* fds with events 2, 3 and 6 of 8 */
    unsigned used = 0;
    for (uint32_t i = 0; i < 8; i++) {
        unsigned nfds = i == 2 || i == 6 ? 1 : i == 3 ? 4 : 0;
        ck_assert_int_eq(send_event(i, files + used, nfds), 0);
        used += nfds;
    }
    ck_assert_int_eq(kd_peer_flush(rig.peer), 0);
    unsigned got_fds = 0;
    for (uint32_t i = 0; i < 8; i++) {
        uint64_t event[4];
        int fds[64];
        unsigned fds_count;
        ck_assert_int_eq(receive(event, sizeof(event), fds, &fds_count), sizeof(event));
        ck_assert_uint_eq(rig_header(event).serial, i);
        ck_assert_uint_eq(rig_header(event).nfds, fds_count);
        for (unsigned k = 0; k < fds_count; k++) {
            ck_assert_uint_eq(inode_of(fds[k]), inodes[got_fds++]);
            close(fds[k]);
        }
    }
    ck_assert_uint_eq(got_fds, used);
}
END_TEST

/* The fds go out with the first byte, however much of the event the socket takes. */
START_TEST(test_events_with_fds_and_a_full_socket)
{
    static uint8_t event[65536];
    enum { COUNT = 12 };
    for (uint32_t i = 0; i < COUNT; i++) {
        rig_fill(event, sizeof(event), 1, i);
        ck_assert_int_eq(kd_peer_send(rig.peer, event, sizeof(event), files + i, 1), 0);
    }
    ck_assert_int_eq(kd_peer_flush(rig.peer), 0);
    ck_assert_uint_eq(kd_peer_events(rig.peer) & EPOLLOUT, EPOLLOUT);
    unsigned got_fds = 0;
    size_t total = 0;
    while (total < COUNT * sizeof(event)) {
        int fds[64];
        unsigned fds_count;
        size_t in_message = total % sizeof(event);
        int got = receive(event, sizeof(event) - in_message, fds, &fds_count);
        if (got < 0) {
            ck_assert_int_eq(errno, EAGAIN);
            ck_assert_int_eq(kd_peer_dispatch(rig.peer, EPOLLOUT, rig.now_ns, 64), 0);
            continue;
        }
        ck_assert_uint_eq(fds_count, in_message == 0 ? 1 : 0);
        if (fds_count == 1) {
            ck_assert_uint_eq(inode_of(fds[0]), inodes[got_fds++]);
            close(fds[0]);
        }
        total += (size_t)got;
    }
    ck_assert_uint_eq(got_fds, COUNT);
}
END_TEST

START_TEST(test_events_with_too_many_fds)
{
    for (uint32_t i = 0; i < KD_PEER_OUT_FDS / 4; i++) {
        ck_assert_int_eq(send_event(i, files, 4), 0);
        ck_assert_uint_eq(kd_peer_events(rig.peer),
                          (i + 1) * 4 > KD_PEER_OUT_PAUSE_FDS ? 0 : EPOLLIN);
    }
    ck_assert_int_eq(send_event(99, files, 1), -ENOBUFS);
    ck_assert_uint_eq(kd_peer_events(rig.peer), 0);
}
END_TEST

START_TEST(test_event_whose_fd_cannot_be_duplicated)
{
    int fds[2] = {files[0], -1};
    ck_assert_int_eq(send_event(0, fds, 2), -EBADF);
    ck_assert_uint_eq(kd_peer_unsent_bytes(rig.peer), 0);
    if (limit_fds_begin(1)) {
        int error = send_event(1, files, 2);
        limit_fds_end();
        ck_assert_int_eq(error, -EMFILE);
    }
    ck_assert_int_eq(send_event(2, files, 1), 0);
    ck_assert_int_eq(kd_peer_flush(rig.peer), 0);
    uint64_t event[8];
    ck_assert_int_eq(rig_read(&rig, event, sizeof(event)), 32);
    ck_assert_uint_eq(rig_header(event).serial, 2);
}
END_TEST

START_TEST(test_destroyed_with_unsent_fds)
{
    ck_assert_int_eq(send_event(0, files, 4), 0);
    ck_assert_int_eq(send_event(1, files + 4, 1), 0);
}
END_TEST

Suite *peer_fds_suite(void);
Suite *peer_fds_suite(void)
{
    Suite *suite = suite_create("peer_fds");
    TCase *in = tcase_create("in");
    tcase_add_checked_fixture(in, setup, teardown);
    tcase_add_test(in, test_each_message_gets_its_own);
    tcase_add_test(in, test_sixteen_messages_in_one_call);
    tcase_add_loop_test(in, test_split_at_every_byte, 1, 80);
    tcase_add_test(in, test_pause_keeps_fds_with_their_messages);
    tcase_add_loop_test(in, test_wrong_count, 0, sizeof(wrong_counts) / sizeof(wrong_counts[0]));
    tcase_add_test(in, test_fds_of_the_next_message);
    tcase_add_loop_test(in, test_fds_after_their_message, 0, 2);
    tcase_add_loop_test(in, test_253_in_one_message, 0, 5);
    tcase_add_test(in, test_65_in_one_message);
    tcase_add_test(in, test_too_many_waiting);
    tcase_add_test(in, test_fds_without_data);
    tcase_add_test(in, test_the_same_fd_ten_thousand_times);
    tcase_add_loop_test(in, test_no_free_fd_here, 0, 4);
    tcase_add_test(in, test_destroyed_with_unclaimed_fds);
    tcase_add_test(in, test_destroyed_with_fds_in_the_socket);
    tcase_add_test(in, test_truncated_with_fds);
    suite_add_tcase(suite, in);

    TCase *out = tcase_create("out");
    tcase_add_checked_fixture(out, setup, teardown);
    tcase_add_test(out, test_events_with_fds);
    tcase_add_test(out, test_events_with_fds_and_a_full_socket);
    tcase_add_test(out, test_events_with_too_many_fds);
    tcase_add_test(out, test_event_whose_fd_cannot_be_duplicated);
    tcase_add_test(out, test_destroyed_with_unsent_fds);
    suite_add_tcase(suite, out);
    return suite;
}

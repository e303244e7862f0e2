#include "fake_seatd.h"

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOG_BYTES 1024

enum request { OPEN_SEAT = 1, CLOSE_SEAT, OPEN_DEVICE, CLOSE_DEVICE, DISABLE, SWITCH, PING };
enum event {
    SEAT_OPENED = 0x8001,
    SEAT_CLOSED,
    DEVICE_OPENED,
    DEVICE_CLOSED,
    DISABLE_SEAT,
    ENABLE_SEAT,
    PONG,
    FAILED = 0xffff
};

struct header {
    uint16_t opcode, size;
};

static void event(int fd, enum event opcode, const void *payload, size_t payload_bytes, int passed)
{
    char bytes[64];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    const struct header header = {(uint16_t)opcode, (uint16_t)payload_bytes};
    struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(header) + payload_bytes};
    struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};
    struct cmsghdr *cmsg;

    memcpy(bytes, &header, sizeof(header));
    if (payload_bytes > 0)
        memcpy(bytes + sizeof(header), payload, payload_bytes);
    if (passed >= 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof(control.bytes);
        cmsg = CMSG_FIRSTHDR(&message);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cmsg), &passed, sizeof(int));
    }
    if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
        _exit(3);
}

static void open_device(int fd, const char *path)
{
    static int32_t id;
    int32_t error;
    int device = open(path, O_RDWR | O_CLOEXEC);

    if (device < 0) {
        error = 2;
        event(fd, FAILED, &error, sizeof(error), -1);
        return;
    }
    id++;
    event(fd, DEVICE_OPENED, &id, sizeof(id), device);
    close(device);
}

static void answer(int fd, char *log, int enabled)
{
    static const char *const names[] = {"",      "seat",    "bye",    "open",
                                        "close", "disable", "switch", "ping"};
    const struct {
        uint16_t name_bytes;
        char name[6];
    } opened = {6, "seat0"};
    struct header header;
    char payload[512] = "";

    if (recv(fd, &header, sizeof(header), MSG_WAITALL) != sizeof(header))
        _exit(0);
    if (header.size > 0 && recv(fd, payload, header.size, MSG_WAITALL) != header.size)
        _exit(0);
    snprintf(log + strlen(log), LOG_BYTES - strlen(log), "%s ",
             header.opcode <= PING ? names[header.opcode] : "?");
    switch (header.opcode) {
    case OPEN_SEAT:
        event(fd, SEAT_OPENED, &opened, sizeof(opened), -1);
        if (enabled)
            event(fd, ENABLE_SEAT, NULL, 0, -1);
        break;
    case CLOSE_SEAT: event(fd, SEAT_CLOSED, NULL, 0, -1); break;
    case OPEN_DEVICE: open_device(fd, payload + 2); break;
    case CLOSE_DEVICE: event(fd, DEVICE_CLOSED, NULL, 0, -1); break;
    case DISABLE:
    case SWITCH: break; /* not answered */
    case PING: event(fd, PONG, NULL, 0, -1); break;
    default: _exit(4);
    }
}

static _Noreturn void serve(int listener, int control, char *log, int enabled)
{
    int client = accept(listener, NULL, NULL);

    for (;;) {
        struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = control, .events = POLLIN}};
        char command;

        if (poll(fds, 2, -1) < 0)
            _exit(5);
        /* First what the daemon said before the test went on. */
        if (fds[0].revents) {
            answer(client, log, enabled);
        } else if (fds[1].revents) {
            if (read(control, &command, 1) != 1)
                _exit(0);
            event(client, command == 'd' ? DISABLE_SEAT : ENABLE_SEAT, NULL, 0, -1);
            if (write(control, "k", 1) != 1)
                _exit(6);
        }
    }
}

void fake_seatd_start(struct fake_seatd *seatd, int enabled)
{
    static unsigned count; /* tests may share a process */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), pair[2];

    snprintf(seatd->path, sizeof(seatd->path), "/tmp/kmsblit-seatd-%d-%u", (int)getpid(), count++);
    memcpy(address.sun_path, seatd->path, sizeof(seatd->path));
    seatd->log = mmap(NULL, LOG_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(seatd->log, MAP_FAILED);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    setenv("LIBSEAT_BACKEND", "seatd", 1);
    setenv("SEATD_SOCK", seatd->path, 1);
    seatd->control = pair[0];
    seatd->pid = fork();
    if (seatd->pid == 0) {
        close(pair[0]);
        serve(listener, pair[1], seatd->log, enabled);
    }
    close(pair[1]);
    close(listener);
}

void fake_seatd_stop(struct fake_seatd *seatd)
{
    close(seatd->control);
    kill(seatd->pid, SIGKILL);
    ck_assert_int_eq(waitpid(seatd->pid, NULL, 0), seatd->pid);
    unlink(seatd->path);
}

void fake_seatd_tell(const struct fake_seatd *seatd, char command)
{
    char done;

    ck_assert_int_eq(write(seatd->control, &command, 1), 1);
    ck_assert_int_eq(read(seatd->control, &done, 1), 1);
}

#include "fake_daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void die(const char *what)
{
    perror(what);
    abort();
}

void fake_send_bytes(struct fake *fake, const void *bytes, size_t size, int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    size_t at = 0;
    while (at < size) {
        struct iovec piece = {.iov_base = (char *)(uintptr_t)bytes + at,
                              .iov_len = fake->byte_by_byte ? 1 : size - at};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
        if (fd >= 0 && at == 0) {
            message.msg_control = control.bytes;
            message.msg_controllen = sizeof(control.bytes);
            control.head.cmsg_level = SOL_SOCKET;
            control.head.cmsg_type = SCM_RIGHTS;
            control.head.cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(&control.head), &fd, sizeof(int));
        }
        ssize_t sent = sendmsg(fake->connection, &message, MSG_NOSIGNAL);
        if (sent < 0)
            return; /* the client has gone */
        at += (size_t)sent;
    }
}

void fake_send(struct fake *fake, uint16_t opcode, const void *event, int fd)
{
    static _Thread_local uint64_t bytes[KB_MAX_MESSAGE_BYTES / 8];
    struct kb_writer writer;
    kb_writer_init(&writer, bytes, sizeof(bytes));
    if (kb_wire_encode(kb_message_info(opcode), &writer, event) < 0) {
        fprintf(stderr, "fake daemon: %s\n", writer.what);
        abort();
    }
    fake_send_bytes(fake, bytes, writer.used_bytes, fd);
}

unsigned fake_count(const struct fake *fake, uint16_t opcode)
{
    unsigned count = 0;
    for (unsigned i = 0; i < fake->records_count; i++) {
        const struct kb_header *header = (const void *)fake->records[i].message;
        count += header->opcode == opcode;
    }
    return count;
}

const struct fake_record *fake_find(const struct fake *fake, uint16_t opcode, unsigned index)
{
    for (unsigned i = 0; i < fake->records_count; i++) {
        const struct kb_header *header = (const void *)fake->records[i].message;
        if (header->opcode == opcode && index-- == 0)
            return &fake->records[i];
    }
    return NULL;
}

static void forget(struct fake_record *record)
{
    free(record->message);
    free(record->memory);
}

/* Copies the memory behind an fd and closes it. */
static void keep_memory(struct fake_record *record, int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        die("fstat");
    record->seals = fcntl(fd, F_GET_SEALS);
    record->inode = status.st_ino;
    record->memory_bytes = (size_t)status.st_size;
    record->memory = malloc(record->memory_bytes + 1);
    if (pread(fd, record->memory, record->memory_bytes, 0) != (ssize_t)record->memory_bytes)
        die("pread");
    close(fd);
}

/* Reads one whole message; false at the end of the connection. */
static bool read_message(struct fake *fake, struct fake_record *record)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(4 * sizeof(int))];
    } control;
    struct kb_header header;
    struct iovec piece = {.iov_base = &header, .iov_len = sizeof(header)};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got = recvmsg(fake->connection, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
    if (got != sizeof(header))
        return false;
    memset(record, 0, sizeof(*record));
    struct cmsghdr *fds = CMSG_FIRSTHDR(&message);
    if ((fds != NULL) != (header.nfds == 1)) {
        fprintf(stderr, "fake daemon: the fd came with another message\n");
        abort();
    }
    if (fds != NULL) {
        int fd;
        memcpy(&fd, CMSG_DATA(fds), sizeof(fd));
        keep_memory(record, fd);
    }
    record->message = malloc(header.size);
    memcpy(record->message, &header, sizeof(header));
    size_t rest = header.size - sizeof(header);
    if (rest == 0 ||
        recv(fake->connection, record->message + 2, rest, MSG_WAITALL) == (ssize_t)rest)
        return true;
    forget(record);
    return false;
}

static void answer_frames(struct fake *fake, unsigned leave)
{
    while (fake->held_count > leave) {
        const struct kb_evt_presented presented = {
            .object = fake->held[0].window,
            .serial = fake->held[0].serial,
            .time_ns = 1000 + fake->sequence,
            .refresh_ns = 16666667,
            .sequence = ++fake->sequence,
            .flags = KB_PRESENTED_FLAG_VSYNC,
            .output = 7,
        };
        const struct kb_evt_discarded discarded = {
            .object = presented.object,
            .serial = presented.serial,
            .time_ns = presented.time_ns,
            .reason = KB_DISCARD_REASON_HIDDEN,
        };
        if (fake->discard)
            fake_send(fake, KB_EVT_DISCARDED, &discarded, -1);
        else
            fake_send(fake, KB_EVT_PRESENTED, &presented, -1);
        fake->held_count--;
        memmove(&fake->held[0], &fake->held[1], fake->held_count * sizeof(fake->held[0]));
    }
}

static void welcome(struct fake *fake, const struct kb_header *request)
{
    static const char *const names[] = {"FAKE-1", "FAKE-2"};
    const struct kb_evt_welcome event = {
        .serial = request->serial,
        .version = fake->version,
        .token = 1,
        .permissions = KB_PERMISSION_SCREENSHOT | KB_PERMISSION_CLOCK,
        .server = "fake 1.0",
        .server_bytes = 8,
    };
    fake_send(fake, KB_EVT_WELCOME, &event, -1);
    for (uint32_t i = 0; i < 2; i++) {
        const struct kb_evt_output output = {
            .object = 7 + i,
            .width = 640,
            .height = 480,
            .x = (int32_t)(640 * i),
            .refresh_ns = 16666667,
            .flags = i == 0 ? KB_OUTPUT_FLAG_PRIMARY : 0,
            .name = names[i],
            .name_bytes = 6,
        };
        fake_send(fake, KB_EVT_OUTPUT, &output, -1);
    }
}

static void window_state(struct fake *fake, const struct kb_header *request)
{
    const struct kb_evt_window_state event = {
        .object = request->object,
        .serial = request->serial,
        .output = 7,
        .flags = KB_WINDOW_STATE_FLAG_VISIBLE,
        .place = {.width = 640, .height = 480},
        .picture = {.x = 10, .y = 20, .width = 620, .height = 440},
    };
    fake_send(fake, KB_EVT_WINDOW_STATE, &event, -1);
}

static void statistics(struct fake *fake, const struct kb_header *request)
{
    const struct kb_statistic_value values[] = {
        {.name = KB_STATISTIC_FRAMES_COMMITTED, .value = 11},
        {.name = KB_STATISTIC_COMMANDS, .value = 22},
        {.name = 999, .value = 33},
    };
    const struct kb_evt_statistics event = {
        .object = request->object,
        .serial = request->serial,
        .values = values,
        .values_count = 3,
    };
    fake_send(fake, KB_EVT_STATISTICS, &event, -1);
}

static void describe(struct fake *fake, const struct kb_header *request)
{
    static const char text[] = "daemon: a fake\noutput: none\n";
    const struct kb_evt_description event = {
        .serial = request->serial, .text = text, .text_bytes = sizeof(text) - 1};
    fake_send(fake, KB_EVT_DESCRIPTION, &event, -1);
}

static bool is_canvas(const struct fake *fake, uint32_t object)
{
    const struct fake_record *record;
    for (unsigned i = 0; (record = fake_find(fake, KB_REQ_CANVAS_CREATE, i)) != NULL; i++) {
        if (((const struct kb_header *)(const void *)record->message)->object == object)
            return true;
    }
    return false;
}

static void answer(struct fake *fake, const struct kb_header *request)
{
    const struct kb_evt_done done = {.object = request->object, .serial = request->serial};
    const struct kb_evt_released released = {.object = request->object, .serial = request->serial};
    const struct kb_evt_screenshot_done picture = {.object = request->object,
                                                   .serial = request->serial,
                                                   .width = 3,
                                                   .height = 2,
                                                   .sequence = 5,
                                                   .pixels = fake->event_fd};
    switch (request->opcode) {
    case KB_REQ_HELLO: welcome(fake, request); break;
    case KB_REQ_SYNC:
        if (fake->answer_on_sync)
            answer_frames(fake, 0);
        fake_send(fake, KB_EVT_DONE, &done, -1);
        break;
    case KB_REQ_CLOCK_STEP: fake_send(fake, KB_EVT_DONE, &done, -1); break;
    case KB_REQ_WINDOW_CREATE: window_state(fake, request); break;
    case KB_REQ_FRAME:
    case KB_REQ_FRAME_MEMFD:
        if (is_canvas(fake, request->object)) {
            fake_send(fake, KB_EVT_DONE, &done, -1);
            break;
        }
        fake->held[fake->held_count].window = request->object;
        fake->held[fake->held_count++].serial = request->serial;
        if (fake->release && request->opcode == KB_REQ_FRAME_MEMFD)
            fake_send(fake, KB_EVT_RELEASED, &released, -1);
        answer_frames(fake, fake->hold);
        break;
    case KB_REQ_IMAGE_CREATE:
    case KB_REQ_IMAGE_UPDATE:
        if (fake->release)
            fake_send(fake, KB_EVT_RELEASED, &released, -1);
        break;
    case KB_REQ_GET_STATISTICS: statistics(fake, request); break;
    case KB_REQ_DESCRIBE: describe(fake, request); break;
    case KB_REQ_SCREENSHOT:
        fake_send(fake, KB_EVT_SCREENSHOT_DONE, &picture, fake->event_fd);
        break;
    default: break;
    }
}

/* False if the connection is to end. */
static bool handle(struct fake *fake, const struct kb_header *header)
{
    if (header->opcode == fake->derail) {
        fake_send_bytes(fake, fake->derail_bytes, fake->derail_size, -1);
        if (fake->derail_once)
            fake->derail = 0;
        return !fake->derail_closes;
    }
    if (header->opcode != fake->refuse) {
        answer(fake, header);
        return true;
    }
    const struct kb_evt_error error = {
        .object = header->object,
        .serial = header->serial,
        .code = fake->refuse_code,
        .request = header->opcode,
        .message = "not today",
        .message_bytes = 9,
    };
    fake_send(fake, KB_EVT_ERROR, &error, -1);
    return true;
}

static void serve(struct fake *fake)
{
    struct fake_record record;
    bool goes_on = true;
    while (goes_on && read_message(fake, &record)) {
        pthread_mutex_lock(&fake->lock);
        bool kept = fake->records_count < FAKE_RECORDS_MAX;
        if (kept)
            fake->records[fake->records_count++] = record;
        goes_on = handle(fake, (const void *)record.message);
        pthread_mutex_unlock(&fake->lock);
        if (!kept)
            forget(&record);
    }
}

static void forget_all(struct fake *fake)
{
    for (unsigned i = 0; i < fake->records_count; i++)
        forget(&fake->records[i]);
    fake->records_count = 0;
}

void fake_restart(struct fake *fake)
{
    pthread_mutex_lock(&fake->lock);
    forget_all(fake);
    fake->held_count = 0;
    shutdown(fake->connection, SHUT_RDWR);
    pthread_mutex_unlock(&fake->lock);
}

static void *run(void *context)
{
    struct fake *fake = context;
    while ((fake->connection = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (fake->on_connect != NULL)
            fake->on_connect(fake, fake->connection);
        else
            serve(fake);
        close(fake->connection);
    }
    return NULL;
}

void fake_start(struct fake *fake)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *fake = (struct fake){.version = KB_PROTO_VERSION, .release = true, .event_fd = -1};
    snprintf(fake->folder, sizeof(fake->folder), "/tmp/kmsblit-test-XXXXXX");
    pthread_mutex_init(&fake->lock, NULL);
    if (mkdtemp(fake->folder) == NULL)
        die("mkdtemp");
    snprintf(fake->path, sizeof(fake->path), "%s/kmsblit.sock", fake->folder);
    memcpy(address.sun_path, fake->path, sizeof(fake->path));
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fake->listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fake->listener, 4) < 0)
        die("listen");
    if (pthread_create(&fake->thread, NULL, run, fake) != 0)
        die("pthread_create");
}

void fake_stop(struct fake *fake)
{
    shutdown(fake->listener, SHUT_RDWR); /* wakes accept() */
    pthread_join(fake->thread, NULL);
    pthread_mutex_destroy(&fake->lock);
    close(fake->listener);
    forget_all(fake);
    unlink(fake->path);
    rmdir(fake->folder);
}

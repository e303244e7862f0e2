#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "gen/kmsblit_proto.h"
#include "proto/recording.h"

#define BUFFER_BYTES   131072u
#define NUMBER_MAX     1000u
#define PAGE_BYTES     4096u
#define PATH_BYTES     4096u
#define SHARED_AT_ONCE 16u

/* A shared image: what is drawn into it is recorded at each update. */
struct shared {
    uint32_t id;
    uint32_t width, height, stride_bytes, pixel_bytes;
    uint64_t offset_bytes;
    struct kc_memory *memory; /* a reference */
};

struct kc_record {
    int fd; /* owned; -1 after a failure */
    char path[PATH_BYTES];
    int64_t began_ns;
    struct shared *shared; /* owned */
    size_t shared_count, shared_capacity;
    uint64_t written_bytes;  /* in the file */
    uint64_t whole_bytes;    /* of them, those of whole records */
    uint64_t boundary_bytes; /* the same, with those that are still in the buffer */
    size_t used_bytes;       /* of the buffer */
    uint8_t buffer[BUFFER_BYTES];
};

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- The file ------------------------------------------------------------------------------ */

static void drop_shared(struct kc_record *record)
{
    for (size_t i = 0; i < record->shared_count; i++)
        kc_memory_unref(record->shared[i].memory);
    free(record->shared);
    record->shared = NULL;
    record->shared_count = record->shared_capacity = 0;
}

/* The file keeps its whole records. */
static void stop(struct kc_record *record, const char *why)
{
    fprintf(stderr,
            "libkmsblit: KMSBLIT_RECORD: %s: %s; the recording ends here, the program goes on\n",
            record->path, why);
    if (ftruncate(record->fd, (off_t)record->whole_bytes) < 0 && errno != EINVAL)
        fprintf(stderr, "libkmsblit: %s: the end is not whole: %s\n", record->path,
                strerror(errno));
    close(record->fd);
    record->fd = -1;
    drop_shared(record);
}

/* write(), but a limit of file sizes (`ulimit -f`) is an error and not a signal. */
static ssize_t write_quietly(int fd, const void *bytes, size_t size)
{
    sigset_t limit, before, pending;
    sigemptyset(&limit);
    sigaddset(&limit, SIGXFSZ);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, &limit, &before);
    ssize_t written = write(fd, bytes, size);
    int error = errno;
    if (written < 0 && error == EFBIG && !sigismember(&pending, SIGXFSZ))
        sigtimedwait(&limit, NULL, &(const struct timespec){0});
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return written;
}

void kc_record_flush(struct kc_record *record)
{
    if (record == NULL || record->fd < 0 || record->used_bytes == 0)
        return;
    size_t at = 0;
    while (at < record->used_bytes) {
        ssize_t written = write_quietly(record->fd, record->buffer + at, record->used_bytes - at);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            stop(record, written == 0 ? "nothing can be written" : strerror(errno));
            return;
        }
        at += (size_t)written;
    }
    record->written_bytes += at;
    record->used_bytes = 0;
    record->whole_bytes = record->boundary_bytes;
}

static void put(struct kc_record *record, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0 && record->fd >= 0) {
        size_t room = BUFFER_BYTES - record->used_bytes;
        size_t some = size < room ? size : room;
        memcpy(record->buffer + record->used_bytes, from, some);
        record->used_bytes += some;
        from += some;
        size -= some;
        if (record->used_bytes == BUFFER_BYTES)
            kc_record_flush(record);
    }
}

/* A record whose payload has two parts, of which the first ends at a multiple of 8. */
static void put_record(struct kc_record *record, enum kb_recording_kind kind, const void *first,
                       size_t first_bytes, const void *second, size_t second_bytes)
{
    static const uint8_t zeros[8];
    const struct kb_recording_record head = {
        .payload_bytes = (uint32_t)(first_bytes + second_bytes),
        .kind = kind,
        .time_ns = (uint64_t)(now_ns() - record->began_ns),
    };
    put(record, &head, sizeof(head));
    put(record, first, first_bytes);
    put(record, second, second_bytes);
    put(record, zeros, -second_bytes & 7);
    record->boundary_bytes = record->written_bytes + record->used_bytes;
}

/* Opens FILE, or FILE.2 and so on for this program's later connections. Another program that
 * records into the same file now is left alone. */
static int open_file(struct kc_record *record, const char *name)
{
    static atomic_uint last_number;
    for (;;) {
        unsigned number = atomic_fetch_add(&last_number, 1) + 1;
        if (number > NUMBER_MAX)
            return -EMFILE;
        int length = number == 1 ? snprintf(record->path, PATH_BYTES, "%s", name)
                                 : snprintf(record->path, PATH_BYTES, "%s.%u", name, number);
        if ((size_t)length >= PATH_BYTES)
            return -ENAMETOOLONG;
        record->fd = open(record->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
        if (record->fd < 0)
            return -errno;
        if (flock(record->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return 0;
        close(record->fd);
        record->fd = -1;
    }
}

struct kc_record *kc_record_begin(void)
{
    const char *name = secure_getenv("KMSBLIT_RECORD");
    if (name == NULL || name[0] == '\0')
        return NULL;
    struct kc_record *record = calloc(1, sizeof(*record));
    if (record == NULL) {
        fputs("libkmsblit: KMSBLIT_RECORD: no memory to record with\n", stderr);
        return NULL;
    }
    record->fd = -1;
    record->began_ns = now_ns();
    int error = open_file(record, name);
    struct stat status;
    if (error == 0 && fstat(record->fd, &status) == 0 && S_ISREG(status.st_mode) &&
        ftruncate(record->fd, 0) < 0)
        error = -errno;
    if (error < 0) {
        fprintf(stderr, "libkmsblit: KMSBLIT_RECORD: %s: %s; nothing is recorded\n", record->path,
                strerror(-error));
        kc_record_end(record);
        return NULL;
    }
    const struct kb_recording_header header = {
        .magic = KB_RECORDING_MAGIC,
        .version = KB_RECORDING_VERSION,
        .protocol = KB_PROTO_VERSION,
    };
    put(record, &header, sizeof(header));
    record->boundary_bytes = sizeof(header);
    return record;
}

void kc_record_end(struct kc_record *record)
{
    if (record == NULL)
        return;
    if (record->fd >= 0) {
        put_record(record, KB_RECORDING_END, NULL, 0, NULL, 0);
        kc_record_flush(record);
    }
    if (record->fd >= 0)
        close(record->fd);
    drop_shared(record);
    free(record);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static bool is_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

/* Records some of a memfd, in pieces; zero ones are left out of memory that is new. */
static void put_memory(struct kc_record *record, uint32_t object, const struct kc_memory *memory,
                       uint64_t begin, uint64_t end)
{
    uint8_t data[PAGE_BYTES * 4];
    if (end > memory->bytes)
        end = memory->bytes;
    while (begin < end && record->fd >= 0) {
        size_t size = end - begin < sizeof(data) ? (size_t)(end - begin) : sizeof(data);
        ssize_t got = pread(memory->fd, data, size, (off_t)begin);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            stop(record, "the memory of a request cannot be read");
            return;
        }
        const struct kb_recording_memory piece = {
            .object = object, .size_bytes = memory->bytes, .offset_bytes = begin};
        if (object != 0 || !is_zero(data, (size_t)got))
            put_record(record, KB_RECORDING_MEMORY, &piece, sizeof(piece), data, (size_t)got);
        begin += (uint64_t)got;
    }
}

/* A piece of nothing, so that the size is known although all of it is zero. */
static void put_memory_size(struct kc_record *record, const struct kc_memory *memory)
{
    const struct kb_recording_memory piece = {.size_bytes = memory->bytes};
    put_record(record, KB_RECORDING_MEMORY, &piece, sizeof(piece), NULL, 0);
}

static struct shared *find_shared(struct kc_record *record, uint32_t id)
{
    for (size_t i = 0; i < record->shared_count; i++) {
        if (record->shared[i].id == id)
            return &record->shared[i];
    }
    return NULL;
}

static uint32_t pixel_bytes(uint8_t format)
{
    switch ((enum kb_format)format) {
    case KB_FORMAT_RGB565: return 2;
    case KB_FORMAT_A8:
    case KB_FORMAT_P8: return 1;
    default: return 4;
    }
}

static void on_image_create(struct kc_record *record, const struct kb_req_image_create *create,
                            struct kc_memory *memory)
{
    put_memory_size(record, memory);
    put_memory(record, 0, memory, 0, memory->bytes);
    if (!(create->flags & KB_IMAGE_FLAG_SHARED) || record->fd < 0)
        return;
    if (record->shared_count == record->shared_capacity) {
        size_t capacity = record->shared_capacity + SHARED_AT_ONCE;
        struct shared *more = realloc(record->shared, capacity * sizeof(*more));
        if (more == NULL) {
            stop(record, strerror(ENOMEM));
            return;
        }
        record->shared = more;
        record->shared_capacity = capacity;
    }
    record->shared[record->shared_count++] = (struct shared){
        .id = create->object,
        .width = create->width,
        .height = create->height,
        .stride_bytes = create->stride_bytes,
        .pixel_bytes = pixel_bytes(create->format),
        .offset_bytes = create->offset_bytes,
        .memory = kc_memory_ref(memory),
    };
}

static int64_t between(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

/* The rectangle's rows, as they lie in memory. */
static void put_rect(struct kc_record *record, const struct shared *image, struct kb_rect rect)
{
    uint64_t x1 = (uint64_t)between(rect.x, 0, image->width);
    uint64_t y1 = (uint64_t)between(rect.y, 0, image->height);
    uint64_t x2 = (uint64_t)between((int64_t)rect.x + rect.width, 0, image->width);
    uint64_t y2 = (uint64_t)between((int64_t)rect.y + rect.height, 0, image->height);
    if (x1 >= x2 || y1 >= y2)
        return;
    uint64_t begin = image->offset_bytes + x1 * image->pixel_bytes;
    uint64_t row_bytes = (x2 - x1) * image->pixel_bytes;
    if (row_bytes == image->stride_bytes) {
        put_memory(record, image->id, image->memory, begin + y1 * image->stride_bytes,
                   begin + y2 * image->stride_bytes);
        return;
    }
    for (uint64_t y = y1; y < y2; y++) {
        uint64_t row = begin + y * image->stride_bytes;
        put_memory(record, image->id, image->memory, row, row + row_bytes);
    }
}

static void on_image_update(struct kc_record *record, const struct kb_req_image_update *update)
{
    const struct shared *image = find_shared(record, update->object);
    for (uint32_t i = 0; image != NULL && i < update->rects_count && record->fd >= 0; i++)
        put_rect(record, image, update->rects[i]);
}

static void on_image_destroy(struct kc_record *record, const struct kb_req_image_destroy *destroy)
{
    struct shared *image = find_shared(record, destroy->object);
    if (image == NULL)
        return;
    kc_memory_unref(image->memory);
    *image = record->shared[--record->shared_count];
}

/* ---- Messages ------------------------------------------------------------------------------ */

void kc_record_request(struct kc_record *record, const void *request, const void *bytes,
                       struct kc_memory *memory)
{
    const struct kb_header *header = bytes;
    if (record == NULL || record->fd < 0)
        return;
    switch (header->opcode) {
    case KB_REQ_IMAGE_CREATE: on_image_create(record, request, memory); break;
    case KB_REQ_IMAGE_UPDATE: on_image_update(record, request); break;
    case KB_REQ_IMAGE_DESTROY: on_image_destroy(record, request); break;
    case KB_REQ_FRAME_MEMFD: {
        const struct kb_req_frame_memfd *frame = request;
        put_memory_size(record, memory);
        put_memory(record, 0, memory, frame->offset_bytes,
                   frame->offset_bytes + (uint64_t)frame->units * KB_COMMAND_UNIT_BYTES);
        break;
    }
    default: break;
    }
    put_record(record, KB_RECORDING_REQUEST, header, header->size, NULL, 0);
}

void kc_record_event(struct kc_record *record, const struct kb_header *event)
{
    if (record != NULL && record->fd >= 0)
        put_record(record, KB_RECORDING_EVENT, event, event->size, NULL, 0);
}

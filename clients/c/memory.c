#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "error.h"

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

/* Turns what can go wrong with memory that lies in files into what callers expect of memory. */
static int out_of_memory(int error, size_t bytes)
{
    if (error == EMFILE || error == ENFILE)
        return kc_fail(-EMFILE, "too many files are open to make memory for the daemon; close some "
                                "or raise `ulimit -n`");
    return kc_fail(-ENOMEM, "no memory for %zu bytes: %s", bytes, strerror(error));
}

static int create(const char *name, size_t bytes, struct kc_memory **memory)
{
    struct kc_memory *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return out_of_memory(ENOMEM, sizeof(*made));
    made->refs = 1;
    made->bytes = bytes;
    made->fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made->fd < 0) {
        int error = errno;
        free(made);
        return out_of_memory(error, bytes);
    }
    *memory = made;
    return 0;
}

/* EINTR restarts: a signal handler that ran is seen by the next wait. */
static int reserve(int fd, size_t bytes)
{
    int error;
    do {
        error = posix_fallocate(fd, 0, (off_t)bytes);
    } while (error == EINTR);
    return error;
}

int kc_memory_create(const char *name, size_t bytes, struct kc_memory **memory)
{
    struct kc_memory *made;
    int error = create(name, bytes, &made);
    if (error < 0)
        return error;
    error = reserve(made->fd, bytes);
    if (error == 0) {
        void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, made->fd, 0);
        made->map = map == MAP_FAILED ? NULL : map;
        if (made->map == NULL || fcntl(made->fd, F_ADD_SEALS, SEALS) < 0)
            error = errno;
    }
    if (error != 0) {
        kc_memory_unref(made);
        return out_of_memory(error, bytes);
    }
    *memory = made;
    return 0;
}

/* Writes all rows without gaps; 0 or errno. Written rather than copied through a mapping, because a
 * full tmpfs then is an error and not a signal. */
static int write_rows(int fd, const uint8_t *rows, size_t row_bytes, size_t stride_bytes,
                      size_t rows_count)
{
    if (stride_bytes == row_bytes) {
        row_bytes *= rows_count;
        stride_bytes = row_bytes;
        rows_count = 1;
    }
    size_t row = 0, begun_bytes = 0; /* what is written: whole rows, and some of the next */
    while (row < rows_count) {
        struct iovec pieces[64];
        int count = 0;
        for (size_t at = row; at < rows_count && count < 64; at++, count++) {
            size_t skip = at == row ? begun_bytes : 0;
            pieces[count].iov_base = (void *)(uintptr_t)(rows + at * stride_bytes + skip);
            pieces[count].iov_len = row_bytes - skip;
        }
        ssize_t written = writev(fd, pieces, count);
        if (written < 0 && errno != EINTR)
            return errno;
        begun_bytes += written > 0 ? (size_t)written : 0;
        row += begun_bytes / row_bytes;
        begun_bytes %= row_bytes;
    }
    return 0;
}

int kc_memory_create_copy(const char *name, const void *rows, size_t row_bytes, size_t stride_bytes,
                          size_t rows_count, struct kc_memory **memory)
{
    struct kc_memory *made;
    size_t bytes = row_bytes * rows_count;
    int error = create(name, bytes, &made);
    if (error < 0)
        return error;
    error = write_rows(made->fd, rows, row_bytes, stride_bytes, rows_count);
    if (error == 0 && fcntl(made->fd, F_ADD_SEALS, SEALS) < 0)
        error = errno;
    if (error != 0) {
        kc_memory_unref(made);
        return out_of_memory(error, bytes);
    }
    *memory = made;
    return 0;
}

int kc_memory_view(const struct kc_memory *memory, struct kc_memory **view)
{
    struct kc_memory *made = calloc(1, sizeof(*made));
    if (made == NULL)
        return out_of_memory(ENOMEM, sizeof(*made));
    void *map = mmap(NULL, memory->bytes, PROT_READ, MAP_SHARED, memory->fd, 0);
    if (map == MAP_FAILED) {
        int error = errno;
        free(made);
        return out_of_memory(error, memory->bytes);
    }
    *made = (struct kc_memory){.fd = -1, .refs = 1, .bytes = memory->bytes, .map = map};
    *view = made;
    return 0;
}

struct kc_memory *kc_memory_ref(struct kc_memory *memory)
{
    memory->refs++;
    return memory;
}

void kc_memory_unref(struct kc_memory *memory)
{
    if (memory == NULL || --memory->refs > 0)
        return;
    if (memory->map != NULL)
        munmap(memory->map, memory->bytes);
    if (memory->fd >= 0)
        close(memory->fd);
    free(memory);
}

#include "image/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

struct kd_account *kd_account_create(uint64_t limit_bytes)
{
    struct kd_account *account = calloc(1, sizeof(*account));

    if (account)
        *account = (struct kd_account){.refs = 1, .limit_bytes = limit_bytes};
    return account;
}

struct kd_account *kd_account_ref(struct kd_account *account)
{
    account->refs++;
    return account;
}

void kd_account_unref(struct kd_account *account)
{
    if (account && --account->refs == 0)
        free(account);
}

bool kd_account_charge(struct kd_account *account, uint64_t bytes)
{
    if (bytes > account->limit_bytes || account->used_bytes > account->limit_bytes - bytes)
        return false;
    account->used_bytes += bytes;
    return true;
}

void kd_account_release(struct kd_account *account, uint64_t bytes)
{
    account->used_bytes -= bytes;
}

/* Only tmpfs answers F_GET_SEALS with a seal set; hugetlbfs does too, and reading it could block on huge pages. */
static const char *check_kind(int fd)
{
    struct statfs fs;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || !(seals & F_SEAL_SHRINK))
        return "the fd is not a memfd sealed with F_SEAL_SHRINK: make it with memfd_create(MFD_ALLOW_SEALING), set its size and seal it";
    if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC)
        return "the memfd is not on tmpfs: make it without MFD_HUGETLB";
    return NULL;
}

static int memory_check(int fd, struct kd_account *account, const char **why, uint64_t *size_bytes)
{
    struct stat st;

    *why = check_kind(fd);
    if (*why)
        return -EBADF;
    if (fstat(fd, &st) < 0) {
        *why = "the memfd has no size";
        return -EBADF;
    }
    *size_bytes = (uint64_t)st.st_size;
    if (!kd_account_charge(account, *size_bytes)) {
        *why =
            "the memfd is larger than what this client may still hold: free images, or make it as small as its content";
        return -EDQUOT;
    }
    return 0;
}

int kd_memory_create(int fd, struct kd_account *account, const char **why, struct kd_memory **out)
{
    struct kd_memory *memory;
    uint64_t size_bytes;
    int error = memory_check(fd, account, why, &size_bytes);

    if (error) {
        close(fd);
        return error;
    }
    memory = calloc(1, sizeof(*memory));
    if (!memory) {
        kd_account_release(account, size_bytes);
        close(fd);
        *why = "the daemon is out of memory";
        return -ENOMEM;
    }
    *memory = (struct kd_memory){
        .refs = 1, .fd = fd, .size_bytes = size_bytes, .account = kd_account_ref(account)};
    *out = memory;
    return 0;
}

struct kd_memory *kd_memory_ref(struct kd_memory *memory)
{
    memory->refs++;
    return memory;
}

void kd_memory_unref(struct kd_memory *memory)
{
    if (!memory || --memory->refs > 0)
        return;
    kd_account_release(memory->account, memory->size_bytes);
    kd_account_unref(memory->account);
    close(memory->fd);
    free(memory);
}

int kd_memory_read(const struct kd_memory *memory, uint64_t offset_bytes, void *out, size_t bytes)
{
    char *to = out;

    if (offset_bytes > (uint64_t)INT64_MAX - bytes)
        return -EIO;
    while (bytes > 0) {
        ssize_t got = pread(memory->fd, to, bytes, (off_t)offset_bytes);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EIO;
        to += got;
        bytes -= (size_t)got;
        offset_bytes += (uint64_t)got;
    }
    return 0;
}

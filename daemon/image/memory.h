/*
 * Memory that a client shares with the daemon: a memfd sealed against shrinking, only ever read with pread().
 */
#ifndef KD_IMAGE_MEMORY_H
#define KD_IMAGE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a client may hold. The loop's thread only. */
struct kd_account {
    unsigned refs; /* the client, and everything charged to it */
    uint64_t limit_bytes;
    uint64_t used_bytes;
};

struct kd_account *kd_account_create(uint64_t limit_bytes); /* NULL: out of memory */
struct kd_account *kd_account_ref(struct kd_account *account);
void kd_account_unref(struct kd_account *account); /* NULL is allowed */

/* False, and nothing changed, if it would be too much. */
bool kd_account_charge(struct kd_account *account, uint64_t bytes);
void kd_account_release(struct kd_account *account, uint64_t bytes);

struct kd_memory {
    unsigned refs; /* the loop's thread only */
    int fd;        /* owned */
    uint64_t size_bytes;
    struct kd_account *account; /* a reference; its size is charged to it */
};

/* Takes over fd in any case. Errors: -EBADF not a memfd sealed against shrinking, -EDQUOT too large for the account, -ENOMEM;
 * *why is then a static sentence. */
int kd_memory_create(int fd, struct kd_account *account, const char **why, struct kd_memory **out);
struct kd_memory *kd_memory_ref(struct kd_memory *memory);
void kd_memory_unref(struct kd_memory *memory); /* NULL is allowed */

/* Reads exactly so much, or returns -errno (-EIO past the end). Any thread that is kept a reference for. */
int kd_memory_read(const struct kd_memory *memory, uint64_t offset_bytes, void *out, size_t bytes);

#endif

/* Sealed memfds: memory that the daemon may be handed. */
#ifndef KC_MEMORY_H
#define KC_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Counted: by whoever keeps it, and by the transport until its fd has been sent. */
struct kc_memory {
    int fd; /* owned; cannot shrink or grow; -1 of a view */
    unsigned refs;
    size_t bytes;
    uint8_t *map; /* owned mapping of all of it; NULL if it was made without one */
};

/* Makes memory of zeros, with its pages reserved so that writing into it cannot fail, and mapped.
 * -ENOMEM, -EMFILE. */
int kc_memory_create(const char *name, size_t bytes, struct kc_memory **memory);

/* Makes memory with a copy of rows of row_bytes that lie stride_bytes apart; not mapped. */
int kc_memory_create_copy(const char *name, const void *rows, size_t row_bytes, size_t stride_bytes,
                          size_t rows_count, struct kc_memory **memory);

/* Makes memory that shows another's bytes, read-only and without an fd, also after that is gone. */
int kc_memory_view(const struct kc_memory *memory, struct kc_memory **view);

struct kc_memory *kc_memory_ref(struct kc_memory *memory);
void kc_memory_unref(struct kc_memory *memory); /* NULL is allowed */

#endif

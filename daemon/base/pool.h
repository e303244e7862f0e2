/*
 * Memory for what comes and goes with every frame: given back, it is kept for the next of about its size, so that nothing is allocated once frames are
 * like those before. What is kept is bounded. Any thread.
 */
#ifndef KD_BASE_POOL_H
#define KD_BASE_POOL_H

#include <stddef.h>

/* Aligned to 16 bytes, not cleared. NULL: out of memory. */
void *kd_pool_get(size_t bytes);
void *kd_pool_get_cleared(size_t bytes);

/* As realloc(): memory may be NULL, and is as it was if this returns NULL. */
void *kd_pool_grow(void *memory, size_t bytes);

/* What one of these returned, or NULL. */
void kd_pool_put(void *memory);

/* Of all that nobody has: for tests. */
size_t kd_pool_kept_bytes(void);

#endif

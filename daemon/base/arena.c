#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define ALIGN_BYTES ((size_t)64)
#define BLOCK_BYTES ((size_t)64 << 10)
#define KEPT_BYTES  ((size_t)2 << 20) /* the plan of 20,000 operations */

struct kd_arena_block {
    struct kd_arena_block *next;
    size_t capacity_bytes;
    size_t used_bytes;
    alignas(ALIGN_BYTES) unsigned char data[];
};

static struct kd_arena_block *block_create(size_t capacity_bytes)
{
    size_t total_bytes = sizeof(struct kd_arena_block) + capacity_bytes;
    struct kd_arena_block *block =
        aligned_alloc(ALIGN_BYTES, (total_bytes + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1));

    if (block) {
        block->next = NULL;
        block->capacity_bytes = capacity_bytes;
        block->used_bytes = 0;
    }
    return block;
}

void kd_arena_finish(struct kd_arena *arena)
{
    struct kd_arena_block *block = arena->first;

    while (block) {
        struct kd_arena_block *next = block->next;

        free(block);
        block = next;
    }
    arena->first = NULL;
    arena->current = NULL;
}

void kd_arena_reset(struct kd_arena *arena)
{
    for (struct kd_arena_block *block = arena->first; block; block = block->next)
        block->used_bytes = 0;
    arena->current = arena->first;
}

void kd_arena_pass(struct kd_arena *to, struct kd_arena *from)
{
    size_t bytes = 0;

    for (struct kd_arena_block *block = from->first; block; block = block->next)
        bytes += block->capacity_bytes;
    if (bytes > KEPT_BYTES)
        kd_arena_finish(from);
    kd_arena_reset(from);
    *to = *from;
    *from = (struct kd_arena){NULL, NULL};
}

void *kd_arena_alloc(struct kd_arena *arena, size_t count, size_t size)
{
    struct kd_arena_block *block = arena->current;
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 4)
        return NULL;
    bytes = (bytes + ALIGN_BYTES - 1) & ~(ALIGN_BYTES - 1);
    while (block && block->capacity_bytes - block->used_bytes < bytes && block->next)
        block = block->next;
    if (!block || block->capacity_bytes - block->used_bytes < bytes) {
        struct kd_arena_block *fresh = block_create(bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES);

        if (!fresh)
            return NULL;
        if (block)
            block->next = fresh;
        else
            arena->first = fresh;
        block = fresh;
    }
    arena->current = block;
    block->used_bytes += bytes;
    return block->data + block->used_bytes - bytes;
}

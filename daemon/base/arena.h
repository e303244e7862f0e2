/*
 * Memory for one piece of work, freed as a whole. Grows in blocks that it keeps when it is reset.
 */
#ifndef KD_BASE_ARENA_H
#define KD_BASE_ARENA_H

#include <stddef.h>

struct kd_arena {
    struct kd_arena_block *first;   /* owned, with all that follow */
    struct kd_arena_block *current; /* the one in use */
};

/* A zeroed arena is an empty one. */
void kd_arena_finish(struct kd_arena *arena);

/* Forgets everything allocated, keeps the memory. */
void kd_arena_reset(struct kd_arena *arena);

/* Hands the memory over from one piece of work to the next, forgetting what was in it; to, which is empty, then has it. Where it is more than usual
 * work takes it is freed. */
void kd_arena_pass(struct kd_arena *to, struct kd_arena *from);

/* count elements of size bytes each, aligned to 64 bytes, not cleared. NULL if memory ran out or the product overflows. */
void *kd_arena_alloc(struct kd_arena *arena, size_t count, size_t size);

#endif

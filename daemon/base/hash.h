/*
 * Keyed 64-bit hashes of pixels and of what pixels are made of. "Equal key, equal pixels" rests on them, so the seed
 * must be random and must not leave the daemon: then a client cannot make up two pictures with equal hashes. Hashes
 * mean nothing outside of the process that made them.
 */
#ifndef KD_BASE_HASH_H
#define KD_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash of a string of bytes; data may be NULL if bytes is 0. */
uint64_t kd_hash_bytes(uint64_t seed, const void *data, size_t bytes);

/* Hash of so many words: of their bytes, quickly. */
#define KD_HASH_WORDS 8
uint64_t kd_hash_words(uint64_t seed, const uint64_t words[KD_HASH_WORDS]);

/* Hash of a rectangle of pixels: depends on row_bytes, rows and the bytes in the rows, not on the stride, the
 * alignment or what lies between the rows. stride_bytes may be negative (bottom row first in memory). */
uint64_t kd_hash_rows(uint64_t seed, const void *first_row, ptrdiff_t stride_bytes,
                      size_t row_bytes, size_t rows);

/* The seed of this process, from the kernel's random numbers at the first call. Any thread. */
uint64_t kd_hash_process_seed(void);

/* Adds a value to a running key; the order matters. For a given key, different values give
 * different keys, and for a given value so do different keys. */
static inline uint64_t kd_hash_mix(uint64_t key, uint64_t value)
{
    /* Pelle Evensen's rrmxmx, a bijective mixer whose output bits all depend on all input bits;
     * multiplications of 64 bits only, as 32-bit machines have none of 128. The constant that is
     * added moves the mixer's fixed point 0 away from keys and values that begin with 0. */
    uint64_t v = (key ^ value) + 0x9E3779B97F4A7C15u;
    v ^= (v >> 49 | v << 15) ^ (v >> 24 | v << 40);
    v *= 0x9FB21C651E98DF25u;
    v ^= v >> 28;
    v *= 0x9FB21C651E98DF25u;
    return v ^ v >> 28;
}

#endif

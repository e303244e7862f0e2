#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

/* XXH3 is the fastest keyed hash in Debian that needs no special instructions; all of it is compiled into this file,
 * with SSE2 or NEON where the compiler's target has them. */
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t kd_hash_bytes(uint64_t seed, const void *data, size_t bytes)
{
    return XXH3_64bits_withSeed(data, bytes, seed);
}

uint64_t kd_hash_words(uint64_t seed, const uint64_t words[KD_HASH_WORDS])
{
    /* The length is a constant here: what XXH3 does for other lengths is not even asked for. */
    return XXH3_64bits_withSeed(words, KD_HASH_WORDS * sizeof(words[0]), seed);
}

uint64_t kd_hash_rows(uint64_t seed, const void *first_row, ptrdiff_t stride_bytes,
                      size_t row_bytes, size_t rows)
{
    const unsigned char *first = first_row;
    uint64_t key = kd_hash_mix(kd_hash_mix(seed, row_bytes), rows);
    if (row_bytes == 0) {
        return key;
    }
    /* Rows are hashed by themselves, so that the processor may work on several at once. */
    for (size_t i = 0; i < rows; i++) {
        const unsigned char *row = first + (ptrdiff_t)i * stride_bytes;
        key = kd_hash_mix(key, kd_hash_bytes(seed, row, row_bytes));
    }
    return key;
}

static uint64_t process_seed;

static void make_process_seed(void)
{
    if (getrandom(&process_seed, sizeof(process_seed), 0) != (ssize_t)sizeof(process_seed))
        abort(); /* cannot happen for so few bytes once the kernel is up */
}

uint64_t kd_hash_process_seed(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, make_process_seed);
    return process_seed;
}

#include "base/pool.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/switches.h"

/* Pieces are powers of two, from 64 bytes to the commands of some 16,000 blits. Larger ones are not kept. */
#define LEAST_SHIFT 6
#define MOST_SHIFT  19

#define KEPT_BYTES ((size_t)2 << 20) /* of all pieces that nobody has */

/* Under this one, whoever uses memory that was given back must be found out. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_NOTHING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEPS_NOTHING 1
#endif
#endif
#ifndef KEEPS_NOTHING
#define KEEPS_NOTHING 0
#endif

struct piece {
    alignas(16) struct piece *next; /* among those that nobody has */
    size_t bytes;                   /* with this */
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the rest */
static struct piece *kept[MOST_SHIFT + 1];                /* owned; by the shift of their size */
static size_t kept_bytes;

/* Of the smallest piece with so many bytes; above MOST_SHIFT: there is none. */
static unsigned shift_for(size_t bytes)
{
    unsigned shift = LEAST_SHIFT;

    while (shift <= MOST_SHIFT && (size_t)1 << shift < bytes)
        shift++;
    return shift;
}

void *kd_pool_get(size_t bytes)
{
    unsigned shift = shift_for(bytes + sizeof(struct piece));
    struct piece *piece = NULL;

    if (bytes > SIZE_MAX - sizeof(*piece))
        return NULL;
    bytes = shift <= MOST_SHIFT ? (size_t)1 << shift : bytes + sizeof(*piece);
    if (shift <= MOST_SHIFT) {
        pthread_mutex_lock(&mutex);
        piece = kept[shift];
        if (piece) {
            kept[shift] = piece->next;
            kept_bytes -= bytes;
        }
        pthread_mutex_unlock(&mutex);
    }
    if (!piece)
        piece = malloc(bytes);
    if (!piece)
        return NULL;
    piece->bytes = bytes;
    return piece + 1;
}

void *kd_pool_get_cleared(size_t bytes)
{
    void *memory = kd_pool_get(bytes);

    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void *kd_pool_grow(void *memory, size_t bytes)
{
    struct piece *piece = memory ? (struct piece *)memory - 1 : NULL;
    void *larger;

    if (piece && piece->bytes - sizeof(*piece) >= bytes)
        return memory;
    larger = kd_pool_get(bytes);
    if (larger && piece) {
        memcpy(larger, memory, piece->bytes - sizeof(*piece));
        kd_pool_put(memory);
    }
    return larger;
}

/* Larger pieces that nobody has go until there is room for a smaller one: of those there are more, so that they are wanted again sooner. Locked. */
static bool make_room(unsigned shift)
{
    size_t bytes = (size_t)1 << shift;

    for (unsigned larger = MOST_SHIFT; larger > shift; larger--)
        while (kept_bytes + bytes > KEPT_BYTES && kept[larger]) {
            struct piece *piece = kept[larger];

            kept[larger] = piece->next;
            kept_bytes -= piece->bytes;
            free(piece);
        }
    return kept_bytes + bytes <= KEPT_BYTES;
}

void kd_pool_put(void *memory)
{
    struct piece *piece = memory ? (struct piece *)memory - 1 : NULL;
    unsigned shift;

    if (!piece)
        return;
    shift = shift_for(piece->bytes);
    if (!KEEPS_NOTHING && shift <= MOST_SHIFT && kd_switch_is_on(KD_SWITCH_REUSE)) {
        pthread_mutex_lock(&mutex);
        if (make_room(shift)) {
            kept_bytes += piece->bytes;
            piece->next = kept[shift];
            kept[shift] = piece;
            piece = NULL;
        }
        pthread_mutex_unlock(&mutex);
    }
    free(piece);
}

size_t kd_pool_kept_bytes(void)
{
    size_t bytes;

    pthread_mutex_lock(&mutex);
    bytes = kept_bytes;
    pthread_mutex_unlock(&mutex);
    return bytes;
}

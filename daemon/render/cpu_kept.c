#include "render/cpu_kept.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "render/cpu_spans.h"

#define BUCKETS 1024 /* a power of 2 */
#define SEEN    4096 /* a power of 2 */

/* Larger ones are not kept: making one must not take longer than a slice. */
#define IMAGE_MAX_PX KD_SPANS_MAX_PX

/* Images that were used in the last so many drawings are not given up for others: if more are drawn than there is room for, some stay and the others are
 * sampled, instead of each pushing out the next. */
#define FRESH_DRAWINGS 8

/* Matrices with larger factors shrink so much that nothing is gained; with these no product here overflows. */
#define FACTOR_MAX (INT32_C(64) << 16)

struct entry {
    struct kd_kept_image image; /* the first member */
    struct entry *next;         /* in its bucket */
    uint64_t key;
    uint64_t used;  /* number of the drawing that used it last */
    unsigned users; /* who took it and did not give it back */
    bool is_ready;
    size_t bytes;
};

/* An image that was wanted. */
struct seen {
    uint64_t key;
    uint64_t drawing;
    uint32_t op;
};

struct kd_kept {
    pthread_mutex_t mutex; /* guards everything below, but not pixels */
    size_t limit_bytes, bytes;
    unsigned count;
    uint64_t seed;
    uint64_t drawing, drawings; /* the last one, and how many there were */
    struct entry *buckets[BUCKETS];
    struct seen seen[SEEN];
};

int kd_kept_create(size_t limit_bytes, struct kd_kept **out)
{
    struct kd_kept *kept = calloc(1, sizeof(*kept));

    if (!kept)
        return -ENOMEM;
    pthread_mutex_init(&kept->mutex, NULL);
    kept->limit_bytes = limit_bytes;
    kept->seed = kd_hash_process_seed();
    *out = kept;
    return 0;
}

void kd_kept_destroy(struct kd_kept *kept)
{
    if (!kept)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        while (kept->buckets[i]) {
            struct entry *entry = kept->buckets[i];

            kept->buckets[i] = entry->next;
            free(entry);
        }
    pthread_mutex_destroy(&kept->mutex);
    free(kept);
}

static bool is_small(int32_t factor)
{
    return factor <= FACTOR_MAX && factor >= -FACTOR_MAX;
}

/* Transforms that differ by whole pixels of the target sample the same: of all of these the one that takes the image's corner (0, 0) into the target's
 * first pixel. False: not this one. */
static bool normalize(struct kd_transform *t, int32_t *x, int32_t *y)
{
    int64_t determinant = (int64_t)t->xx * t->yy - (int64_t)t->xy * t->yx;
    int64_t right, down;

    if (!is_small(t->xx) || !is_small(t->xy) || !is_small(t->yx) || !is_small(t->yy) ||
        determinant == 0)
        return false;
    right = (int64_t)t->yy * t->x0 - (int64_t)t->xy * t->y0;
    down = (int64_t)t->xx * t->y0 - (int64_t)t->yx * t->x0;
    if (determinant < 0) {
        determinant = -determinant;
        right = -right;
        down = -down;
    }
    right = kd_floor_div(right, determinant);
    down = kd_floor_div(down, determinant);
    if (right != kd_coord_clamp(right) || down != kd_coord_clamp(down))
        return false;
    t->x0 = (int32_t)(t->x0 - t->xx * right - t->xy * down);
    t->y0 = (int32_t)(t->y0 - t->yx * right - t->yy * down);
    *x = (int32_t)right;
    *y = (int32_t)down;
    return true;
}

static uint64_t key_of(const struct kd_kept *kept, const struct kd_kept_visit *visit,
                       const struct kd_transform *transform)
{
    const struct kd_pixels *source = visit->source;
    uint64_t key = kd_hash_bytes(kept->seed, transform, sizeof(*transform));

    key = kd_hash_mix(key, source->tiles[0]->key);
    key = kd_hash_mix(key, (uint64_t)source->width_px << 32 | (uint32_t)source->height_px);
    return kd_hash_mix(key, (uint64_t)source->kind << 1 | visit->bilinear);
}

static struct entry *find(const struct kd_kept *kept, uint64_t key)
{
    struct entry *entry = kept->buckets[key % BUCKETS];

    while (entry && entry->key != key)
        entry = entry->next;
    return entry;
}

/* Whether another operation, or another drawing, wanted it before. */
static bool is_repeated(struct kd_kept *kept, const struct kd_kept_visit *visit, uint64_t key)
{
    struct seen *seen = &kept->seen[key / BUCKETS % SEEN];
    bool same = seen->key == key && (seen->drawing != visit->drawing || seen->op != visit->op);

    *seen = (struct seen){key, visit->drawing, visit->op};
    return same;
}

static void discard(struct kd_kept *kept, struct entry *entry)
{
    struct entry **link = &kept->buckets[entry->key % BUCKETS];

    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    kept->bytes -= entry->bytes;
    kept->count--;
    free(entry);
}

/* The one that was not used for longest; NULL: all are in use or fresh. */
static struct entry *stalest(const struct kd_kept *kept)
{
    struct entry *found = NULL;

    for (size_t i = 0; i < BUCKETS; i++)
        for (struct entry *entry = kept->buckets[i]; entry; entry = entry->next)
            if (entry->users == 0 && entry->used + FRESH_DRAWINGS < kept->drawings &&
                (!found || entry->used < found->used))
                found = entry;
    return found;
}

static struct entry *make(struct kd_kept *kept, const struct kd_kept_visit *visit, uint64_t key,
                          const struct kd_transform *transform)
{
    struct kd_box everywhere = {-KD_COORD_MAX, -KD_COORD_MAX, KD_COORD_MAX, KD_COORD_MAX};
    struct kd_box box = kd_transform_bounds(transform, everywhere);
    size_t head_bytes = (sizeof(struct entry) + 63) & ~(size_t)63;
    size_t stride_px, spans_bytes, bytes;
    struct entry *entry;

    if (kd_box_empty(box) || kd_box_width(box) > IMAGE_MAX_PX || kd_box_height(box) > IMAGE_MAX_PX)
        return NULL;
    stride_px = ((size_t)kd_box_width(box) + 15) & ~(size_t)15;
    spans_bytes = ((size_t)kd_box_height(box) * sizeof(struct kd_kept_span) + 63) & ~(size_t)63;
    bytes = head_bytes + spans_bytes + stride_px * (size_t)kd_box_height(box) * sizeof(uint32_t);
    while (kept->bytes + bytes > kept->limit_bytes && (entry = stalest(kept)) != NULL)
        discard(kept, entry);
    if (kept->bytes + bytes > kept->limit_bytes)
        return NULL;
    entry = aligned_alloc(64, bytes);
    if (!entry)
        return NULL;
    *entry = (struct entry){.image = {.transform = *transform,
                                      .bilinear = visit->bilinear,
                                      .box = box,
                                      .stride_px = stride_px,
                                      .spans = (void *)((char *)entry + head_bytes),
                                      .pixels = (void *)((char *)entry + head_bytes + spans_bytes)},
                            .next = kept->buckets[key % BUCKETS],
                            .key = key,
                            .bytes = bytes};
    kept->buckets[key % BUCKETS] = entry;
    kept->bytes += bytes;
    kept->count++;
    return entry;
}

struct kd_kept_image *kd_kept_take(struct kd_kept *kept, const struct kd_kept_visit *visit,
                                   int32_t *x, int32_t *y, bool *is_new)
{
    struct kd_transform transform = *visit->transform;
    struct entry *entry;
    uint64_t key;

    *is_new = false;
    if (!normalize(&transform, x, y))
        return NULL;
    key = key_of(kept, visit, &transform);
    pthread_mutex_lock(&kept->mutex);
    if (kept->drawing != visit->drawing) {
        kept->drawing = visit->drawing;
        kept->drawings++;
    }
    entry = find(kept, key);
    if (entry && !entry->is_ready) { /* somebody else is making it: nobody waits */
        entry = NULL;
    } else if (!entry && is_repeated(kept, visit, key)) {
        entry = make(kept, visit, key, &transform);
        *is_new = entry != NULL;
    }
    if (entry) {
        entry->used = kept->drawings;
        entry->users++;
    }
    pthread_mutex_unlock(&kept->mutex);
    return entry ? &entry->image : NULL;
}

void kd_kept_release(struct kd_kept *kept, struct kd_kept_image *image)
{
    struct entry *entry = (struct entry *)image;

    pthread_mutex_lock(&kept->mutex);
    entry->is_ready = true;
    entry->users--;
    pthread_mutex_unlock(&kept->mutex);
}

void kd_kept_count(struct kd_kept *kept, unsigned *images, size_t *bytes)
{
    pthread_mutex_lock(&kept->mutex);
    *images = kept->count;
    *bytes = kept->bytes;
    pthread_mutex_unlock(&kept->mutex);
}

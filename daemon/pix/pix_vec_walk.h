/*
 * Walks through pictures, for pix_vec.h: where pixels lie is computed for many of them at once. Coordinates have 32 bits here, and wrap between places: all
 * places themselves lie in a picture.
 */
#ifdef KV_PX

/* Without a sign. */
typedef uint32_t ku __attribute__((vector_size(4 * KI_PX)));

/* start, start + step, ... */
KV_INLINE ku ku_ramp(uint32_t start, uint32_t step)
{
#if KI_PX == 8
    const ku counted = {0, 1, 2, 3, 4, 5, 6, 7};
#else
    const ku counted = {0, 1, 2, 3};
#endif
    return counted * step + start;
}

/* As many places as fit in a vector. */
struct places {
    ku u, v;
};

KV_INLINE struct places places_of(const struct kd_pix_walk *walk)
{
    return (struct places){ku_ramp((uint32_t)walk->u, (uint32_t)walk->du),
                           ku_ramp((uint32_t)walk->v, (uint32_t)walk->dv)};
}

/* So many pixels further on. */
KV_INLINE struct places places_after(struct places at, const struct kd_pix_walk *walk,
                                     uint32_t count_px)
{
    return (struct places){at.u + (uint32_t)walk->du * count_px,
                           at.v + (uint32_t)walk->dv * count_px};
}

KV_INLINE void nearest_pixels(uint32_t *dst, const struct kd_pix_walk *walk, struct places at)
{
    ki_gather(dst, walk->pixels, (ki)((at.v >> 16) * (uint32_t)walk->stride_px + (at.u >> 16)));
}

/* Rows end with a vector that overlaps the one before. */
KV_FN void walk_nearest(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    if (count_px < KI_PX) {
        kd_pix_ref_table.walk_nearest(dst, walk, count_px);
        return;
    }
    const struct kd_pix_walk own = *walk; /* which no store changes */
    struct places at = places_of(&own);
    uint32_t last = (uint32_t)count_px - KI_PX;
    struct places last_at = places_after(at, &own, last);
    for (uint32_t i = 0; i < last; i += KI_PX, at = places_after(at, &own, KI_PX)) {
        nearest_pixels(dst + i, &own, at);
    }
    nearest_pixels(dst + last, &own, last_at);
}

/* ---- Bilinear ---- */

/* Where places lie between the centres of two pixels of a box, which are the first and the one after it: at an edge it is that one which is all of it. The
 * fraction of 256 that the second one gets. */
KV_INLINE ki between(ku places, int32_t low, int32_t high, ki *first)
{
    ki at = (ki)(places - 32768) >> 8, none = {0};
    at = ki_max(ki_min(at, none + (high - 1) * 256), none + low * 256);
    *first = ki_min(at >> 8, none + (high - 2));
    return at - (*first << 8);
}

/* The left one of the upper two pixels that places lie between, and the fractions of 256 that the right and the lower ones get. */
struct taps {
    ki index, right, lower;
};

/* Places that are not in the box count as those at its edges. */
KV_INLINE struct taps taps_of(const struct kd_pix_walk *walk, struct places at)
{
    ki left, top;
    ki right = between(at.u, walk->x1, walk->x2, &left);
    ki lower = between(at.v, walk->y1, walk->y2, &top);
    return (struct taps){top * (int32_t)walk->stride_px + left, right, lower};
}

KV_INLINE void filter_walk(enum kd_source_kind kind, uint32_t *dst, const struct kd_pix_walk *walk,
                           size_t count_px)
{
    const uint32_t *above = walk->pixels, *below = walk->pixels + walk->stride_px;
    uint32_t part[KI_PX], *to = count_px < KI_PX ? part : dst;
    uint32_t last = count_px < KI_PX ? 0 : (uint32_t)count_px - KI_PX, i = 0;
    struct places at = places_of(walk), last_at = places_after(at, walk, last);
    struct taps taps = taps_of(walk, at);
    for (
        ;
        ;) { /* what comes next is looked for before this is filtered: so much fits into no processor's window */
        uint32_t next = i + KI_PX;
        at = places_after(at, walk, KI_PX);
        if (next >= last) {
            next = last;
            at = last_at;
        }
        struct taps ahead = taps_of(walk, at);
        ki_filter(to + i, above, below, taps.index, taps.right, taps.lower, kind);
        if (i == last) {
            break;
        }
        taps = ahead;
        i = next;
    }
    if (count_px < KI_PX) {
        memcpy(dst, part, count_px * sizeof(*dst));
    }
}

KV_FN void walk_bilinear(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    if (walk->x2 - walk->x1 < 2 || walk->y2 - walk->y1 < 2) { /* nothing lies beside anything */
        kd_pix_ref_table.walk_bilinear(dst, walk, count_px);
        return;
    }
    const struct kd_pix_walk own = *walk; /* which no store changes */
    switch (walk->kind) {
    case KD_SOURCE_STRAIGHT: filter_walk(KD_SOURCE_STRAIGHT, dst, &own, count_px); break;
    case KD_SOURCE_PREMULTIPLIED: filter_walk(KD_SOURCE_PREMULTIPLIED, dst, &own, count_px); break;
    case KD_SOURCE_OPAQUE: filter_walk(KD_SOURCE_OPAQUE, dst, &own, count_px); break;
    }
}

#endif

/*
 * Walks through pictures, for pix_vec.h: where pixels lie is computed for many of them at once. Coordinates have 32 bits here, and wrap between places: all
 * places themselves lie in a picture.
 */
#ifdef KV_PX

/* Without a sign. */
typedef uint32_t ku __attribute__((vector_size(4 * KI_PX)));

/* As many numbers as are computed before the first of them is used: nobody waits for what was just stored. */
#define AHEAD_PX 64

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

KV_INLINE void ki_store(int32_t *to, ki v)
{
    memcpy(to, &v, sizeof(v));
}

/* Which pixels of a picture the places are in, from (u, v) on: count_px at most AHEAD_PX. More of them may be set. */
KV_INLINE void find_nearest(int32_t *index, const struct kd_pix_walk *walk, uint32_t u, uint32_t v,
                            size_t count_px)
{
    uint32_t du = (uint32_t)walk->du, dv = (uint32_t)walk->dv,
             stride_px = (uint32_t)walk->stride_px;
    ku x = ku_ramp(u, du), y = ku_ramp(v, dv);
    for (size_t i = 0; i < count_px; i += KI_PX, x += KI_PX * du, y += KI_PX * dv) {
        ki_store(index + i, (ki)((y >> 16) * stride_px + (x >> 16)));
    }
}

/* Rows end with a vector that overlaps the one before. */
KV_FN void walk_nearest(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    _Alignas(64) int32_t index[AHEAD_PX];
    uint32_t u = (uint32_t)walk->u, v = (uint32_t)walk->v;
    while (count_px > 0) {
        size_t count = count_px < AHEAD_PX ? count_px : AHEAD_PX;
        find_nearest(index, walk, u, v, count);
        if (count >= KI_PX) {
            size_t last = count - KI_PX;
            for (size_t i = 0; i < last; i += KI_PX) {
                ki_gather(dst + i, walk->pixels, index + i);
            }
            ki_gather(dst + last, walk->pixels, index + last);
        } else {
            for (size_t i = 0; i < count; i++) {
                dst[i] = walk->pixels[index[i]];
            }
        }
        u += AHEAD_PX * (uint32_t)walk->du;
        v += AHEAD_PX * (uint32_t)walk->dv;
        dst += count;
        count_px -= count;
    }
}

/* ---- Bilinear ---- */

/* Where a place lies between the centres of two pixels of a box, which are the first and the one after it: at an edge it is that one which is all of it. The
 * fraction of 256 that the second one gets. */
KV_INLINE ki between(ku place, int32_t low, int32_t high, ki *first)
{
    ki at = (ki)(place - 32768) >> 8, none = {0};
    at = ki_max(ki_min(at, none + (high - 1) * 256), none + low * 256);
    *first = ki_min(at >> 8, none + (high - 2));
    return at - (*first << 8);
}

KV_INLINE void find_taps(struct kv_taps *taps, const struct kd_pix_walk *walk, uint32_t u,
                         uint32_t v)
{
    uint32_t du = (uint32_t)walk->du, dv = (uint32_t)walk->dv;
    ku x = ku_ramp(u, du), y = ku_ramp(v, dv);
    for (size_t i = 0; i < KV_PX; i += KI_PX, x += KI_PX * du, y += KI_PX * dv) {
        ki left, top;
        ki_store(taps->right + i, between(x, walk->x1, walk->x2, &left));
        ki_store(taps->lower + i, between(y, walk->y1, walk->y2, &top));
        ki_store(taps->above + i, top * (int32_t)walk->stride_px + left);
    }
}

KV_INLINE void filter_walk(enum kd_source_kind kind, uint32_t *dst, const struct kd_pix_walk *walk,
                           size_t count_px)
{
    struct kv_taps taps[AHEAD_PX / KV_PX];
    const uint32_t *above = walk->pixels, *below = walk->pixels + walk->stride_px;
    uint32_t u = (uint32_t)walk->u, v = (uint32_t)walk->v;
    while (count_px > 0) {
        size_t count = count_px < AHEAD_PX ? count_px : AHEAD_PX, i;
        for (i = 0; i < count; i += KV_PX) {
            find_taps(&taps[i / KV_PX], walk, u + (uint32_t)i * (uint32_t)walk->du,
                      v + (uint32_t)i * (uint32_t)walk->dv);
        }
        for (i = 0; i + KV_PX <= count; i += KV_PX) {
            kv_filter(dst + i, above, below, &taps[i / KV_PX], kind);
        }
        if (i < count) { /* places that are not there are at an edge of the box */
            uint32_t last[KV_PX];
            kv_filter(last, above, below, &taps[i / KV_PX], kind);
            memcpy(dst + i, last, (count - i) * sizeof(*dst));
        }
        u += AHEAD_PX * (uint32_t)walk->du;
        v += AHEAD_PX * (uint32_t)walk->dv;
        dst += count;
        count_px -= count;
    }
}

KV_FN void walk_bilinear(uint32_t *dst, const struct kd_pix_walk *walk, size_t count_px)
{
    if (walk->x2 - walk->x1 < 2 || walk->y2 - walk->y1 < 2) { /* nothing lies beside anything */
        kd_pix_ref_table.walk_bilinear(dst, walk, count_px);
        return;
    }
    switch (walk->kind) {
    case KD_SOURCE_STRAIGHT: filter_walk(KD_SOURCE_STRAIGHT, dst, walk, count_px); break;
    case KD_SOURCE_PREMULTIPLIED: filter_walk(KD_SOURCE_PREMULTIPLIED, dst, walk, count_px); break;
    case KD_SOURCE_OPAQUE: filter_walk(KD_SOURCE_OPAQUE, dst, walk, count_px); break;
    }
}

#endif

/*
 * Which pixels of each row a transformed blit draws: exactly those that lie in its source rectangle, less some that are known to show nothing. Found by
 * following each line that the part is cut by from row to row, without a division for each row.
 */
#ifndef KD_RENDER_CPU_SPANS_H
#define KD_RENDER_CPU_SPANS_H

#include <stdbool.h>
#include <stdint.h>

#include "image/sections.h"
#include "plan/transform.h"

/* Parts are not wider. */
#define KD_SPANS_MAX_PX 384

/* floor(numerator / divisor) of a numerator that changes by as much from row to row. */
struct kd_span_edge {
    int64_t place, rest, step, step_rest, divisor;
};

struct kd_spans {
    int64_t u, v;           /* where the row's first pixel lies, 16.16 */
    int64_t down_u, down_v; /* ... from row to row */
    int64_t du, dv;         /* from pixel to pixel */
    int32_t width_px;
    uint32_t firsts_count, ends_count;
    struct kd_span_edge firsts[4], ends[4];
};

/* hull: what lies outside of it may be left out; NULL: nothing. False: no row of the part has any pixels. */
bool kd_spans_init(struct kd_spans *spans, const struct kd_transform *transform, struct kd_box part,
                   const struct kd_hull *hull, bool bilinear);

static inline int64_t kd_span_edge_next(struct kd_span_edge *edge)
{
    int64_t place = edge->place, rest = edge->rest + edge->step_rest - edge->divisor;

    edge->place += edge->step + (rest >= 0);
    edge->rest = rest + (rest < 0 ? edge->divisor : 0);
    return place;
}

/* The next row: its pixels from first on and before end, counted from the part's left edge, and where the first one lies. False: there are none. */
static inline bool kd_spans_next(struct kd_spans *spans, int64_t *first, int64_t *end, int64_t *u,
                                 int64_t *v)
{
    *first = 0;
    *end = spans->width_px;
    for (uint32_t i = 0; i < spans->firsts_count; i++) {
        int64_t place = kd_span_edge_next(&spans->firsts[i]);

        *first = place > *first ? place : *first;
    }
    for (uint32_t i = 0; i < spans->ends_count; i++) {
        int64_t place = kd_span_edge_next(&spans->ends[i]);

        *end = place < *end ? place : *end;
    }
    *u = spans->u;
    *v = spans->v;
    spans->u += spans->down_u;
    spans->v += spans->down_v;
    if (*first >= *end)
        return false;
    *u += *first * spans->du;
    *v += *first * spans->dv;
    return true;
}

#endif

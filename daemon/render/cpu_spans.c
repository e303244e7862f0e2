#include "render/cpu_spans.h"

/* A place that is the same along a row is inside for all of it or outside: then the edges are further away than a row is long. */
#define FAR_PX 512
_Static_assert(FAR_PX > KD_SPANS_MAX_PX, "an edge must not come to be in a row");

/* A number that changes along and down a part: u, v, their sum, their difference. */
struct slope {
    int64_t at; /* of the part's first pixel */
    int64_t across, down;
};

static void add_edge(struct kd_span_edge *edges, uint32_t *count, int64_t numerator, int64_t change,
                     int64_t divisor)
{
    struct kd_span_edge *edge = &edges[(*count)++];

    edge->place = kd_floor_div(numerator, divisor);
    edge->rest = numerator - edge->place * divisor;
    edge->step = kd_floor_div(change, divisor);
    edge->step_rest = change - edge->step * divisor;
    edge->divisor = divisor;
}

/* Pixels from where the number is at least low on (across >= 0), or less than high (else). */
static void add_first(struct kd_spans *spans, struct slope slope, int64_t low, int64_t high)
{
    struct kd_span_edge *edges = spans->firsts;
    uint32_t *count = &spans->firsts_count;

    if (slope.across > 0)
        add_edge(edges, count, low - slope.at + slope.across - 1, -slope.down, slope.across);
    else if (slope.across < 0)
        add_edge(edges, count, slope.at - high - slope.across, slope.down, -slope.across);
    else
        add_edge(edges, count, (low - slope.at) * FAR_PX, -slope.down * FAR_PX, 1);
}

/* Pixels before the number is high, or less than low: the first one that is not drawn. */
static void add_end(struct kd_spans *spans, struct slope slope, int64_t low, int64_t high)
{
    struct kd_span_edge *edges = spans->ends;
    uint32_t *count = &spans->ends_count;

    if (slope.across > 0)
        add_edge(edges, count, high - slope.at + slope.across - 1, -slope.down, slope.across);
    else if (slope.across < 0)
        add_edge(edges, count, slope.at - low - slope.across, slope.down, -slope.across);
    else
        add_edge(edges, count, (high - slope.at) * FAR_PX, -slope.down * FAR_PX, 1);
}

/* Leaves those pixels of which low <= number < high. What no row of the part reaches needs no edge. False: there are none. */
static bool keep_between(struct kd_spans *spans, struct kd_box part, struct slope slope,
                         int64_t low, int64_t high)
{
    int64_t right = slope.across * (kd_box_width(part) - 1);
    int64_t below = slope.down * (kd_box_height(part) - 1);
    int64_t least = slope.at + (right < 0 ? right : 0) + (below < 0 ? below : 0);
    int64_t most = slope.at + (right > 0 ? right : 0) + (below > 0 ? below : 0);
    bool rises = slope.across >= 0;

    if (most < low || least >= high)
        return false;
    if (rises ? least < low : most >= high)
        add_first(spans, slope, low, high);
    if (rises ? most >= high : least < low)
        add_end(spans, slope, low, high);
    return true;
}

/* From pixels, and 16.16 to be added. */
static int64_t fixed(int64_t pixels, int64_t more)
{
    return pixels * 65536 + more;
}

/* Places that sample shown pixels lie between these. Filtered ones reach half a pixel further each way; sums and differences are not exact, but safe: two
 * fractions come to less than two pixels. */
static bool keep_hull(struct kd_spans *spans, struct kd_box part, struct slope u, struct slope v,
                      const struct kd_hull *hull, bool bilinear)
{
    struct slope sum = {u.at + v.at, u.across + v.across, u.down + v.down};
    struct slope difference = {u.at - v.at, u.across - v.across, u.down - v.down};
    int64_t more = bilinear ? 65536 : 0;

    return keep_between(spans, part, sum, fixed(hull->sum_low, -more),
                        fixed(hull->sum_high + 1, more)) &&
           keep_between(spans, part, difference, fixed(hull->difference_low - 1, -more),
                        fixed(hull->difference_high, more));
}

static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

bool kd_spans_init(struct kd_spans *spans, const struct kd_transform *transform, struct kd_box part,
                   const struct kd_hull *hull, bool bilinear)
{
    const struct kd_box box = transform->source;
    int64_t flip_u = transform->mirror_x == KD_NOT_MIRRORED ? 1 : -1;
    int64_t flip_v = transform->mirror_y == KD_NOT_MIRRORED ? 1 : -1;
    int64_t left = fixed(box.x1, 0), right = fixed(box.x2, 0);
    int64_t top = fixed(box.y1, 0), bottom = fixed(box.y2, 0);
    struct slope u = {.across = flip_u * transform->xx, .down = flip_u * transform->xy};
    struct slope v = {.across = flip_v * transform->yx, .down = flip_v * transform->yy};

    kd_transform_point(transform, part.x1, part.y1, &u.at, &v.at);
    spans->u = u.at;
    spans->v = v.at;
    spans->du = u.across;
    spans->dv = v.across;
    spans->down_u = u.down;
    spans->down_v = v.down;
    spans->width_px = kd_box_width(part);
    spans->firsts_count = spans->ends_count = 0;
    if (hull) {
        int64_t half = bilinear ? 32768 : 0;

        left = greater(left, fixed(hull->box.x1, -half));
        right = lesser(right, fixed(hull->box.x2, half));
        top = greater(top, fixed(hull->box.y1, -half));
        bottom = lesser(bottom, fixed(hull->box.y2, half));
    }
    return keep_between(spans, part, u, left, right) && keep_between(spans, part, v, top, bottom) &&
           (!hull || keep_hull(spans, part, u, v, hull, bilinear));
}

#include "plan/transform.h"

#include <math.h>

bool kd_transform_init(struct kd_transform *t, const struct kb_command_transformed_blit *blit,
                       struct kd_box image)
{
    struct kd_box rect =
        kd_box_from_rect(blit->src_x, blit->src_y, blit->src_width, blit->src_height);

    *t = (struct kd_transform){
        .xx = blit->xx,
        .xy = blit->xy,
        .x0 = blit->x0,
        .yx = blit->yx,
        .yy = blit->yy,
        .y0 = blit->y0,
        .mirror_x = blit->flags & KB_BLIT_FLAG_FLIP_X ? rect.x1 + rect.x2 : KD_NOT_MIRRORED,
        .mirror_y = blit->flags & KB_BLIT_FLAG_FLIP_Y ? rect.y1 + rect.y2 : KD_NOT_MIRRORED,
        .source = kd_box_intersect(rect, image)};
    return !kd_box_empty(t->source);
}

/* An edge of the bounds: two pixels to spare for rounding, and no further out than coordinates go. */
static int32_t edge(double value)
{
    return !(value > -KD_COORD_MAX)  ? -KD_COORD_MAX
           : !(value < KD_COORD_MAX) ? KD_COORD_MAX
                                     : (int32_t)value;
}

struct kd_box kd_transform_bounds(const struct kd_transform *t, struct kd_box clip)
{
    struct kd_box s = t->source;
    double xx = t->xx / 65536.0, xy = t->xy / 65536.0, yx = t->yx / 65536.0, yy = t->yy / 65536.0;
    double determinant = xx * yy - xy * yx;
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;

    if (t->mirror_x != KD_NOT_MIRRORED)
        s = (struct kd_box){t->mirror_x - s.x2, s.y1, t->mirror_x - s.x1, s.y2};
    if (t->mirror_y != KD_NOT_MIRRORED)
        s = (struct kd_box){s.x1, t->mirror_y - s.y2, s.x2, t->mirror_y - s.y1};
    if (fabs(determinant) < 1e-9)
        return clip; /* nearly a line: it may be anywhere */
    for (int corner = 0; corner < 4; corner++) {
        double u = (corner & 1 ? s.x2 : s.x1) - t->x0 / 65536.0;
        double v = (corner & 2 ? s.y2 : s.y1) - t->y0 / 65536.0;
        double x = (yy * u - xy * v) / determinant, y = (xx * v - yx * u) / determinant;

        left = x < left ? x : left;
        right = x > right ? x : right;
        top = y < top ? y : top;
        bottom = y > bottom ? y : bottom;
    }
    return kd_box_intersect((struct kd_box){edge(floor(left) - 2), edge(floor(top) - 2),
                                            edge(ceil(right) + 2), edge(ceil(bottom) + 2)},
                            clip);
}

struct kd_box kd_transform_footprint(const struct kd_transform *t, struct kd_box part,
                                     bool bilinear)
{
    int64_t left = INT64_MAX, top = INT64_MAX, right = INT64_MIN, bottom = INT64_MIN;
    int32_t more = bilinear ? 1 : 0;

    for (int corner = 0; corner < 4; corner++) {
        int64_t u, v;

        kd_transform_point(t, corner & 1 ? part.x2 - 1 : part.x1,
                           corner & 2 ? part.y2 - 1 : part.y1, &u, &v);
        left = u < left ? u : left;
        right = u > right ? u : right;
        top = v < top ? v : top;
        bottom = v > bottom ? v : bottom;
    }
    return kd_box_intersect((struct kd_box){kd_coord_clamp((left >> 16) - more),
                                            kd_coord_clamp((top >> 16) - more),
                                            kd_coord_clamp((right >> 16) + 1 + more),
                                            kd_coord_clamp((bottom >> 16) + 1 + more)},
                            t->source);
}

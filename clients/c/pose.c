/* Where a turned and scaled image goes, as the matrix that the daemon wants. */
#include <errno.h>
#include <math.h>

#include "client.h"

/* False if 16.16 fixed point cannot hold it. */
static bool to_fixed(double value, int32_t *fixed)
{
    value = round(value * KB_FIXED_ONE);
    if (!(value >= INT32_MIN && value <= INT32_MAX))
        return false;
    *fixed = (int32_t)value;
    return true;
}

/* By the coefficients as they were rounded, so that the pivot goes exactly to the position. */
static bool to_offset(double pivot, int32_t by_x, int32_t by_y, const struct kb_pose *pose,
                      int32_t *fixed)
{
    return to_fixed(pivot - (by_x * pose->x + by_y * pose->y) / KB_FIXED_ONE, fixed);
}

int kb_pose_transform(const struct kb_pose *pose, const struct kb_rect *source,
                      struct kb_transform *transform)
{
    /* A point of the image goes to the target by taking away the pivot, scaling, turning, and
     * adding the position; this is the way back. */
    double turn = pose->angle * (acos(-1) / 180), cosine = cos(turn), sine = sin(turn);
    double scale_x = pose->scale_x == 0 ? 1 : pose->scale_x;
    double scale_y = pose->scale_y == 0 ? scale_x : pose->scale_y;
    double xx = cosine / scale_x, xy = -sine / scale_x;
    double yx = sine / scale_y, yy = cosine / scale_y;
    double pivot_x = pose->pivot_x + (source != NULL ? source->x : 0);
    double pivot_y = pose->pivot_y + (source != NULL ? source->y : 0);
    if (to_fixed(xx, &transform->xx) && to_fixed(xy, &transform->xy) &&
        to_fixed(yx, &transform->yx) && to_fixed(yy, &transform->yy) &&
        to_offset(pivot_x, transform->xx, transform->xy, pose, &transform->x0) &&
        to_offset(pivot_y, transform->yx, transform->yy, pose, &transform->y0))
        return 0;
    return kc_fail(-ERANGE, "a pose that numbers of 16.16 bits cannot express: too small, too far "
                            "away, or not a number");
}

void kb_draw_posed(struct kb_frame *frame, const struct kb_image *image,
                   const struct kb_rect *source, const struct kb_pose *pose,
                   const struct kb_blit_options *options)
{
    struct kb_transform transform;
    if (kb_pose_transform(pose, source, &transform) == 0)
        kb_draw_transformed(frame, image, source, &transform, options);
}

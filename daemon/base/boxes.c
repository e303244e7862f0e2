#include "base/boxes.h"

#include <errno.h>
#include <pixman.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(struct kd_box) == sizeof(pixman_box32_t),
               "boxes are pixman's, by another name");

int kd_boxes_disjoint(const struct kd_box *boxes, size_t count, struct kd_box **out,
                      size_t *out_count)
{
    pixman_region32_t region;
    const pixman_box32_t *bands;
    int bands_count = 0;
    int error = 0;

    if (!pixman_region32_init_rects(&region, (const pixman_box32_t *)boxes, (int)count))
        return -ENOMEM;
    bands = pixman_region32_rectangles(&region, &bands_count);
    *out = malloc((size_t)bands_count * sizeof(**out) + 1);
    if (*out) {
        memcpy(*out, bands, (size_t)bands_count * sizeof(**out));
        *out_count = (size_t)bands_count;
    } else {
        error = -ENOMEM;
    }
    pixman_region32_fini(&region);
    return error;
}

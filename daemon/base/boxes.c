#include "base/boxes.h"

#include <errno.h>
#include <pixman.h>
#include <stdbool.h>
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

static bool overlap(struct kd_box a, struct kd_box b)
{
    return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/* The pixels that one box around both has more than the two. */
static int64_t growth_px(struct kd_box a, struct kd_box b)
{
    return kd_box_area(kd_box_around(a, b)) - kd_box_area(a) - kd_box_area(b);
}

/* The box to which another one adds the least. */
static size_t closest(const struct kd_box *boxes, size_t count, struct kd_box box)
{
    int64_t least_px = growth_px(boxes[0], box);
    size_t best = 0;

    for (size_t i = 1; i < count; i++) {
        int64_t px = growth_px(boxes[i], box);

        if (px < least_px) {
            least_px = px;
            best = i;
        }
    }
    return best;
}

size_t kd_boxes_add(struct kd_box *boxes, size_t count, size_t room, struct kd_box box,
                    int64_t box_cost_px)
{
    size_t full;

    if (kd_box_empty(box))
        return count;
    for (;;) {
        for (size_t i = 0; i < count;) {
            if (!overlap(boxes[i], box) && growth_px(boxes[i], box) >= box_cost_px) {
                i++;
            } else if (kd_box_contains(boxes[i], box)) {
                return count;
            } else { /* what is larger may now go with others */
                box = kd_box_around(boxes[i], box);
                boxes[i] = boxes[--count];
                i = 0;
            }
        }
        if (count < room) {
            boxes[count] = box;
            return count + 1;
        }
        full = closest(boxes, count, box);
        box = kd_box_around(boxes[full], box);
        boxes[full] = boxes[--count];
    }
}

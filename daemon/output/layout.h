/*
 * Where outputs lie beside each other, as they come and go: a pure function, so that no order of plugging is left untested.
 */
#ifndef KD_OUTPUT_LAYOUT_H
#define KD_OUTPUT_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"

#define KD_LAYOUT_MAX 64 /* items, more than any card has connectors */

/* One output that has a picture of its own: mirrors have no place. */
struct kd_layout_item {
    int32_t width_px, height_px; /* as it is seen: turned, without overscan */
    bool has_wish;
    int32_t wish_x, wish_y;     /* its top left corner, as configured */
    bool is_placed;             /* place says where it has been until now */
    struct kd_global_box place; /* the answer */
};

/* Gives each of up to KD_LAYOUT_MAX items its place, and returns how many are not where, or not as large as, they were.
 *
 * Who has a wish lies exactly there, over others if it must be. Of the rest, who is placed already
 * keeps its corner, and a new one lies right of the one before it in the list, at the top; who
 * would cover another moves right until it does not. */
size_t kd_layout(struct kd_layout_item *items, size_t count);

#endif

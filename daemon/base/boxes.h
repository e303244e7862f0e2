/*
 * Sets of boxes, by pixman's regions.
 */
#ifndef KD_BASE_BOXES_H
#define KD_BASE_BOXES_H

#include <stddef.h>

#include "base/geom.h"

/* Boxes that cover what the given ones cover, without overlap, in bands from top to bottom. *out is to be freed with free(). -ENOMEM. */
int kd_boxes_disjoint(const struct kd_box *boxes, size_t count, struct kd_box **out,
                      size_t *out_count);

#endif

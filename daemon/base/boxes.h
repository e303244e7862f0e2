/*
 * Sets of boxes: exactly, by pixman's regions; nearly, by cells, a hundred times faster; and fewer of them, where each costs something by itself.
 */
#ifndef KD_BASE_BOXES_H
#define KD_BASE_BOXES_H

#include <stddef.h>

#include "base/geom.h"

/* Boxes that cover what the given ones cover, without overlap, in bands from top to bottom. *out is to be freed with free(). -ENOMEM. */
int kd_boxes_disjoint(const struct kd_box *boxes, size_t count, struct kd_box **out,
                      size_t *out_count);

/* Boxes that cover what the given ones cover of within, without overlap, and somewhat more: all cells, of 8 pixels and more, that they touch. For
 * damage, where too much does no harm. out has room for so many, at least 1; if they are not enough, one box covers all. Returns their number. */
size_t kd_boxes_cover(const struct kd_box *boxes, size_t count, struct kd_box within,
                      struct kd_box *out, size_t room);

/* Boxes that do not overlap become fewer, in place, which still do not, where a box less saves more than the pixels that are added cost; a box costs as
 * much as so many pixels. Many boxes become one around all. Returns how many are left. */
size_t kd_boxes_merge(struct kd_box *boxes, size_t count, int64_t box_cost_px);

#endif

/*
 * Sets of boxes: exactly, by pixman's regions; and few of them that hold all, where each costs something by itself.
 */
#ifndef KD_BASE_BOXES_H
#define KD_BASE_BOXES_H

#include <stddef.h>
#include <stdint.h>

#include "base/geom.h"

/* Boxes that cover what the given ones cover, without overlap, in bands from top to bottom. *out is to be freed with free(). -ENOMEM. */
int kd_boxes_disjoint(const struct kd_box *boxes, size_t count, struct kd_box **out,
                      size_t *out_count);

/* Puts a box to some that do not overlap, in which there is room for so many, at least 1; afterwards they hold it, too, and still do not overlap. Two become
 * one around both where a box less saves more than the pixels that are added: it costs as much as box_cost_px. For what is to be
 * drawn, or copied: too much does no harm. Returns how many there are. */
size_t kd_boxes_add(struct kd_box *boxes, size_t count, size_t room, struct kd_box box,
                    int64_t box_cost_px);

/* A commit says in so many rectangles at most where it differs, ... */
#define KD_CLIPS_MOST 16

/* ... and a rectangle more costs a display that copies what changed as much as so many pixels. An estimate, of drivers that take them one by one, as
 * DIRTYFB does: a request of some microseconds, in which a few thousand pixels could be copied. Drivers that copy the one box around all of them
 * (mipi_dbi) gain nothing by more of them, and those that scan memory out do not look at them. Only a display can say better. */
#define KD_CLIP_COST_PX 8192

#endif

/*
 * The job that reads rectangles of a client's memory into a new version of an image.
 */
#ifndef KD_IMAGE_READ_H
#define KD_IMAGE_READ_H

#include "image/image.h"

/* Fills source (a reference is taken, and one of image->newest, which it is derived from) in the lane. -ENOMEM. */
int kd_read_start(const struct kd_image *image, struct kd_source *source,
                  const struct kb_rect *rects, size_t count, struct kd_lane *lane,
                  const struct kd_image_notice *notice);

#endif

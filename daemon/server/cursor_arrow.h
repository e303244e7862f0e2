/*
 * The image that the pointer has by default.
 */
#ifndef KD_SERVER_CURSOR_ARROW_H
#define KD_SERVER_CURSOR_ARROW_H

#include "image/pixels.h"

/* An arrow whose top left pixel points, of 24x24 pixels times factor; premultiplied, a single tile. NULL: out of memory. */
struct kd_pixels *kd_cursor_arrow(int32_t factor);

#endif

/* The memory that frames are drawn into. */
#ifndef VIDEOCORE_DISPLAY_H
#define VIDEOCORE_DISPLAY_H

#include "base/buffer.h"

/* A buffer that a card's display could show: tiled, or linear. Ends the program if there is none. */
void make_buffer(int card, bool is_tiled, int32_t width_px, int32_t height_px,
                 struct kd_buffer *buffer);

#endif

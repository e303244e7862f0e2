/*
 * How an output's picture lies in its buffer: reflected, then turned counter-clockwise, then put into a box of the buffer. What is around that box
 * (overscan) stays black.
 */
#ifndef KD_BASE_VIEW_H
#define KD_BASE_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/geom.h"
#include "base/tile.h"

#include "gen/kmsblit_types.h"

struct kd_view {
    int32_t device_width_px, device_height_px; /* the buffer's size */
    struct kd_box inner;                       /* where the picture is in it; not empty */
    uint8_t rotation;                          /* enum kb_rotation */
    bool reflect_x, reflect_y;                 /* left and right, top and bottom change places */
};

struct kd_point {
    int32_t x, y;
};

/* The picture as it is, all over the buffer. */
struct kd_view kd_view_plain(int32_t width_px, int32_t height_px);

/* border_px: of the buffer's left, top, right and bottom edge, not negative. Where nothing would be left between two edges they have no border. */
struct kd_view kd_view_of(int32_t device_width_px, int32_t device_height_px,
                          enum kb_rotation rotation, bool reflect_x, bool reflect_y,
                          const int32_t border_px[4]);

bool kd_view_is_plain(const struct kd_view *view);

/* Neither turned nor mirrored; there may be a border. */
bool kd_view_is_upright(const struct kd_view *view);

/* The picture's size: the output's, as clients see it. */
struct kd_point kd_view_size(const struct kd_view *view);

/* The buffer's tiles. */
struct kd_grid kd_view_grid(const struct kd_view *view);

/* The same in one step: the column (row) of the buffer says the picture's row (column) if it is turned, counted from the far edge if
 * mirrored. */
struct kd_orientation {
    bool turned;             /* the buffer's columns are the picture's rows */
    bool mirror_x, mirror_y; /* the picture's columns (rows) run backwards */
};
struct kd_orientation kd_view_orientation(const struct kd_view *view);

/* Boxes and pixels from the one to the other; they may lie outside. */
struct kd_device_box kd_view_to_device(const struct kd_view *view, struct kd_output_box box);
struct kd_output_box kd_view_to_output(const struct kd_view *view, struct kd_device_box box);
struct kd_point kd_view_point_to_device(const struct kd_view *view, struct kd_point pixel);
struct kd_point kd_view_point_to_output(const struct kd_view *view, struct kd_point pixel);

#endif

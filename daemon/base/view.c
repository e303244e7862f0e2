#include "base/view.h"

struct kd_view kd_view_plain(int32_t width_px, int32_t height_px)
{
    return (struct kd_view){.device_width_px = width_px,
                            .device_height_px = height_px,
                            .inner = kd_box_of_size(width_px, height_px),
                            .rotation = KB_ROTATION_NORMAL};
}

struct kd_view kd_view_of(int32_t device_width_px, int32_t device_height_px,
                          enum kb_rotation rotation, bool reflect_x, bool reflect_y,
                          const int32_t border_px[4])
{
    struct kd_view view = kd_view_plain(device_width_px, device_height_px);

    view.rotation = (uint8_t)rotation;
    view.reflect_x = reflect_x;
    view.reflect_y = reflect_y;
    if ((int64_t)border_px[0] + border_px[2] < device_width_px) {
        view.inner.x1 = border_px[0];
        view.inner.x2 = device_width_px - border_px[2];
    }
    if ((int64_t)border_px[1] + border_px[3] < device_height_px) {
        view.inner.y1 = border_px[1];
        view.inner.y2 = device_height_px - border_px[3];
    }
    return view;
}

bool kd_view_is_plain(const struct kd_view *view)
{
    return view->rotation == KB_ROTATION_NORMAL && !view->reflect_x && !view->reflect_y &&
           kd_box_equal(view->inner, kd_box_of_size(view->device_width_px, view->device_height_px));
}

bool kd_view_is_upright(const struct kd_view *view)
{
    struct kd_orientation orientation = kd_view_orientation(view);

    return !orientation.turned && !orientation.mirror_x && !orientation.mirror_y;
}

struct kd_point kd_view_size(const struct kd_view *view)
{
    int32_t width_px = kd_box_width(view->inner), height_px = kd_box_height(view->inner);

    return kd_view_orientation(view).turned ? (struct kd_point){height_px, width_px}
                                            : (struct kd_point){width_px, height_px};
}

struct kd_grid kd_view_grid(const struct kd_view *view)
{
    return kd_grid_of(view->device_width_px, view->device_height_px);
}

struct kd_orientation kd_view_orientation(const struct kd_view *view)
{
    bool quarter = view->rotation == KB_ROTATION_ROTATE90;
    bool half = view->rotation == KB_ROTATION_ROTATE180;
    bool three_quarters = view->rotation == KB_ROTATION_ROTATE270;

    return (struct kd_orientation){.turned = quarter || three_quarters,
                                   .mirror_x = view->reflect_x != (quarter || half),
                                   .mirror_y = view->reflect_y != (half || three_quarters)};
}

struct kd_device_box kd_view_to_device(const struct kd_view *view, struct kd_output_box output)
{
    struct kd_orientation orientation = kd_view_orientation(view);
    struct kd_point size = kd_view_size(view);
    struct kd_box box = output.box;

    if (orientation.mirror_x)
        box = (struct kd_box){size.x - box.x2, box.y1, size.x - box.x1, box.y2};
    if (orientation.mirror_y)
        box = (struct kd_box){box.x1, size.y - box.y2, box.x2, size.y - box.y1};
    if (orientation.turned)
        box = (struct kd_box){box.y1, box.x1, box.y2, box.x2};
    return (struct kd_device_box){kd_box_moved(box, view->inner.x1, view->inner.y1)};
}

struct kd_output_box kd_view_to_output(const struct kd_view *view, struct kd_device_box device)
{
    struct kd_orientation orientation = kd_view_orientation(view);
    struct kd_point size = kd_view_size(view);
    struct kd_box box = kd_box_moved(device.box, -view->inner.x1, -view->inner.y1);

    if (orientation.turned)
        box = (struct kd_box){box.y1, box.x1, box.y2, box.x2};
    if (orientation.mirror_x)
        box = (struct kd_box){size.x - box.x2, box.y1, size.x - box.x1, box.y2};
    if (orientation.mirror_y)
        box = (struct kd_box){box.x1, size.y - box.y2, box.x2, size.y - box.y1};
    return (struct kd_output_box){box};
}

static struct kd_box pixel_box(struct kd_point pixel)
{
    return (struct kd_box){pixel.x, pixel.y, pixel.x + 1, pixel.y + 1};
}

struct kd_point kd_view_point_to_device(const struct kd_view *view, struct kd_point pixel)
{
    struct kd_box box = kd_view_to_device(view, (struct kd_output_box){pixel_box(pixel)}).box;

    return (struct kd_point){box.x1, box.y1};
}

struct kd_point kd_view_point_to_output(const struct kd_view *view, struct kd_point pixel)
{
    struct kd_box box = kd_view_to_output(view, (struct kd_device_box){pixel_box(pixel)}).box;

    return (struct kd_point){box.x1, box.y1};
}

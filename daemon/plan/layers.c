#include "plan/plan.h"

static void add_fill(struct kd_ops *ops, struct kd_box where, uint32_t color)
{
    struct kd_op op = {.kind = KD_OP_FILL,
                       .blend = KB_BLEND_REPLACE,
                       .alpha = 255,
                       .color = color,
                       .where = where,
                       .is_opaque = true};

    kd_ops_add(ops, &op);
}

/* where: output pixels, not empty. */
static void add_picture(struct kd_ops *ops, const struct kd_view *view,
                        const struct kd_layer *layer, struct kd_output_box where)
{
    const struct kd_pixels *picture = ops->sources[layer->source];
    const struct kd_orientation orientation = kd_view_orientation(view);
    struct kd_box shown = layer->picture.box;
    struct kd_op op = {.blend = KB_BLEND_REPLACE,
                       .alpha = 255,
                       .color = UINT32_MAX,
                       .flags = (uint8_t)((orientation.mirror_x ? KB_BLIT_FLAG_FLIP_X : 0) |
                                          (orientation.mirror_y ? KB_BLIT_FLAG_FLIP_Y : 0) |
                                          (orientation.turned ? KD_OP_TURNED : 0)),
                       .where = kd_view_to_device(view, where).box,
                       .source = layer->source,
                       .is_opaque = true};

    if (kd_box_width(shown) == picture->width_px && kd_box_height(shown) == picture->height_px) {
        op.kind = KD_OP_BLIT;
        op.src_x = (orientation.mirror_x ? where.box.x2 - 1 : where.box.x1) - shown.x1;
        op.src_y = (orientation.mirror_y ? where.box.y2 - 1 : where.box.y1) - shown.y1;
    } else {
        struct kd_box device = kd_view_to_device(view, layer->picture).box;

        op.kind = KD_OP_SCALE;
        op.filter = layer->filter;
        op.shown_x = device.x1;
        op.shown_y = device.y1;
        op.shown_width = kd_box_width(shown);
        op.shown_height = kd_box_height(shown);
    }
    kd_ops_add(ops, &op);
}

int kd_ops_from_layers(struct kd_ops *ops, struct kd_arena *arena, const struct kd_view *view,
                       const struct kd_layer *layers, uint32_t layers_count, uint64_t seed,
                       const struct kd_pixels *const *sources)
{
    const struct kd_point size = kd_view_size(view);
    const struct kd_box everything = kd_box_of_size(size.x, size.y);
    int error = kd_ops_init(ops, arena, 2 * layers_count + 1, seed, sources);

    if (error)
        return error;
    for (uint32_t i = 0; i < layers_count; i++) {
        const struct kd_layer *layer = &layers[i];
        struct kd_output_box place = {kd_box_intersect(layer->place.box, everything)};
        struct kd_output_box picture = {kd_box_intersect(layer->picture.box, place.box)};

        if (kd_box_empty(picture.box) || !kd_box_contains(picture.box, place.box))
            add_fill(ops, kd_view_to_device(view, place).box, layer->base_color);
        if (!kd_box_empty(picture.box))
            add_picture(ops, view, layer, picture);
    }
    return 0;
}

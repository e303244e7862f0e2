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

static void add_picture(struct kd_ops *ops, const struct kd_layer *layer, struct kd_box where)
{
    const struct kd_pixels *picture = ops->sources[layer->source];
    struct kd_box shown = layer->picture.box;
    struct kd_op op = {.blend = KB_BLEND_REPLACE,
                       .alpha = 255,
                       .color = UINT32_MAX,
                       .where = where,
                       .source = layer->source,
                       .is_opaque = true};

    if (kd_box_width(shown) == picture->width_px && kd_box_height(shown) == picture->height_px) {
        op.kind = KD_OP_BLIT;
        op.src_x = where.x1 - shown.x1;
        op.src_y = where.y1 - shown.y1;
    } else {
        op.kind = KD_OP_SCALE;
        op.filter = layer->filter;
        op.shown_x = shown.x1;
        op.shown_y = shown.y1;
        op.shown_width = kd_box_width(shown);
        op.shown_height = kd_box_height(shown);
    }
    kd_ops_add(ops, &op);
}

int kd_ops_from_layers(struct kd_ops *ops, struct kd_arena *arena, struct kd_grid grid,
                       const struct kd_layer *layers, uint32_t layers_count, uint64_t seed,
                       const struct kd_pixels *const *sources)
{
    const struct kd_box everything = kd_box_of_size(grid.width_px, grid.height_px);
    int error = kd_ops_init(ops, arena, 2 * layers_count, seed, sources);

    if (error)
        return error;
    for (uint32_t i = 0; i < layers_count; i++) {
        const struct kd_layer *layer = &layers[i];
        struct kd_box place = kd_box_intersect(layer->place.box, everything);
        struct kd_box picture = kd_box_intersect(layer->picture.box, place);

        if (kd_box_empty(picture) || !kd_box_contains(picture, place))
            add_fill(ops, place, layer->base_color);
        if (!kd_box_empty(picture))
            add_picture(ops, layer, picture);
    }
    return 0;
}

#include <errno.h>

#include "plan/plan.h"

/* Operations under way from a frame's commands. */
struct builder {
    struct kd_ops *ops;
    struct kd_box everything; /* the target */
    struct kd_box clip;       /* within it */
};

static bool blend_is_opaque(enum kb_blend blend, bool alpha_is_255)
{
    switch (blend) {
    case KB_BLEND_REPLACE: return true;
    case KB_BLEND_OVER:
    case KB_BLEND_PREMULTIPLIED: return alpha_is_255;
    default: return false;
    }
}

/* The image as a whole: what is known of it, as the drawing sees it. */
static enum kd_content content_of(const struct kd_pixels *source)
{
    const struct kd_sections *sections = kd_pixels_sections(source);

    return sections ? sections->content : KD_CONTENT_MIXED;
}

static bool source_is_opaque(const struct kd_pixels *source)
{
    const struct kd_sections *sections = kd_pixels_sections(source);

    return source->kind == KD_SOURCE_OPAQUE ||
           (sections && (sections->content == KD_CONTENT_OPAQUE ||
                         (sections->content == KD_CONTENT_SOLID && sections->color >> 24 == 255)));
}

/* One colour throughout is a fill, if that colour can be said as a straight one. */
static bool become_fill(struct kd_op *op, const struct kd_pixels *source)
{
    const struct kd_sections *sections = kd_pixels_sections(source);
    enum kd_source_kind kind = source->kind;
    uint32_t pixel;

    if (!sections || sections->content != KD_CONTENT_SOLID)
        return false;
    pixel = sections->color;
    if (kind == KD_SOURCE_PREMULTIPLIED && (pixel >> 24 != 255 || op->alpha != 255))
        return false;
    kd_pix_reference()->modulate(&pixel, &pixel, 1,
                                 kind == KD_SOURCE_OPAQUE ? kind : KD_SOURCE_STRAIGHT, op->color,
                                 op->alpha);
    *op = (struct kd_op){.kind = KD_OP_FILL,
                         .blend = op->blend,
                         .alpha = 255,
                         .color = pixel,
                         .where = op->where,
                         .is_opaque = blend_is_opaque(op->blend, pixel >> 24 == 255)};
    return true;
}

/* Where a blit hides what is below: an opaque part of an image that is not wholly so. */
static struct kd_cover opaque_part(const struct kd_op *op, const struct kd_pixels *source)
{
    const struct kd_sections *sections = kd_pixels_sections(source);
    const struct kd_cover none = {0, 0, 0, 0};
    struct kd_box box;

    if (!sections || sections->content != KD_CONTENT_MIXED || op->flags || op->alpha != 255 ||
        (op->blend != KB_BLEND_OVER && op->blend != KB_BLEND_PREMULTIPLIED) ||
        kd_box_empty(sections->opaque))
        return none;
    box = kd_box_intersect(op->where, kd_box_moved(sections->opaque, op->where.x1 - op->src_x,
                                                   op->where.y1 - op->src_y));
    return kd_box_empty(box) ? none : kd_cover_of(box);
}

/* Where the next operation is made. */
static struct kd_op *next_op(const struct builder *builder)
{
    return &builder->ops->ops[builder->ops->count];
}

/* What hides everything below it is the same as a plain replacement, and then what is below need not be read. */
static void add(struct builder *builder, struct kd_op *op)
{
    if (op->is_opaque)
        op->blend = KB_BLEND_REPLACE;
    kd_ops_add_last(builder->ops);
}

static void add_fill(struct builder *builder, const struct kb_command_fill *fill)
{
    struct kd_op *op = next_op(builder);
    uint32_t color = kd_pix_fill_color(fill->color, fill->alpha);

    *op = (struct kd_op){
        .kind = KD_OP_FILL,
        .blend = fill->blend,
        .alpha = 255,
        .color = color,
        .where = kd_box_intersect(
            kd_box_from_rect(fill->where.x, fill->where.y, fill->where.width, fill->where.height),
            builder->clip),
        .is_opaque = blend_is_opaque(fill->blend, color >> 24 == 255)};
    add(builder, op);
}

/* The part of the source rectangle that lies in the image, in the coordinates of the rectangle itself: what is outside draws nothing and
 * moves nothing. Mirroring is of the whole rectangle. */
static struct kd_box visible_part(const struct kb_command_blit *blit,
                                  const struct kd_pixels *source)
{
    struct kd_box rect =
        kd_box_from_rect(blit->src_x, blit->src_y, blit->src_width, blit->src_height);
    struct kd_box everything = kd_box_of_size(source->width_px, source->height_px);
    struct kd_box part = kd_box_intersect(rect, everything);

    if (kd_box_contains(everything, rect)) /* as nearly always; empty ones too */
        return kd_box_of_size(blit->src_width, blit->src_height);
    part = kd_box_moved(part, -blit->src_x, -blit->src_y);
    if (blit->flags & KB_BLIT_FLAG_FLIP_X)
        part =
            (struct kd_box){blit->src_width - part.x2, part.y1, blit->src_width - part.x1, part.y2};
    if (blit->flags & KB_BLIT_FLAG_FLIP_Y)
        part = (struct kd_box){part.x1, blit->src_height - part.y2, part.x2,
                               blit->src_height - part.y1};
    return part;
}

static void add_blit(struct builder *builder, const struct kb_command_blit *blit)
{
    const struct kd_pixels *source = builder->ops->sources[blit->image];
    struct kd_op *op = next_op(builder);
    int64_t column, row; /* of the source rectangle, as drawn, at where's corner */
    struct kd_box part, where;

    if (!source || (content_of(source) == KD_CONTENT_TRANSPARENT && blit->blend == KB_BLEND_OVER))
        return;
    part = visible_part(blit, source);
    if (kd_box_empty(part))
        return;
    where = (struct kd_box){
        kd_coord_clamp((int64_t)blit->x + part.x1), kd_coord_clamp((int64_t)blit->y + part.y1),
        kd_coord_clamp((int64_t)blit->x + part.x2), kd_coord_clamp((int64_t)blit->y + part.y2)};
    where = kd_box_intersect(where, builder->clip);
    if (kd_box_empty(where))
        return;
    column = where.x1 - (int64_t)blit->x;
    row = where.y1 - (int64_t)blit->y;
    *op = (struct kd_op){
        .kind = KD_OP_BLIT,
        .blend = blit->blend,
        .alpha = blit->alpha,
        .flags = blit->flags,
        .color = blit->tint,
        .where = where,
        .source = blit->image,
        .is_opaque = blend_is_opaque(blit->blend, source_is_opaque(source) && blit->alpha == 255),
        .src_x =
            blit->src_x +
            (int32_t)(blit->flags & KB_BLIT_FLAG_FLIP_X ? blit->src_width - 1 - column : column),
        .src_y = blit->src_y +
                 (int32_t)(blit->flags & KB_BLIT_FLAG_FLIP_Y ? blit->src_height - 1 - row : row)};
    if (!become_fill(op, source))
        op->cover = opaque_part(op, source);
    add(builder, op);
}

static void add_transformed(struct builder *builder, const struct kb_command_transformed_blit *blit)
{
    struct kd_ops *ops = builder->ops;
    const struct kd_pixels *source = ops->sources[blit->image];
    struct kd_transform *transform = &ops->transforms[ops->transforms_count];

    if (!source || (content_of(source) == KD_CONTENT_TRANSPARENT && blit->blend == KB_BLEND_OVER) ||
        !kd_transform_init(transform, blit, kd_box_of_size(source->width_px, source->height_px)))
        return;
    *next_op(builder) = (struct kd_op){
        .kind = KD_OP_TRANSFORM,
        .blend = blit->blend,
        .alpha = blit->alpha,
        .color = blit->tint,
        .where = kd_transform_bounds(transform, builder->clip),
        .source = blit->image,
        .filter = blit->flags & KB_BLIT_FLAG_BILINEAR ? KB_FILTER_BILINEAR : KB_FILTER_NEAREST,
        .transform = ops->transforms_count++};
    kd_ops_add_last(ops);
}

/* Room for the transforms of as many commands as can have one. -ENOMEM. */
static int alloc_transforms(struct kd_ops *ops, struct kd_arena *arena, uint32_t units)
{
    ops->transforms = kd_arena_alloc(arena, units / 2 + 1, sizeof(*ops->transforms));
    return ops->transforms ? 0 : -ENOMEM;
}

int kd_ops_from_commands(struct kd_ops *ops, struct kd_arena *arena, struct kd_grid grid,
                         const union kb_command *commands, uint32_t units, uint64_t seed,
                         const struct kd_pixels *const *sources)
{
    struct builder builder = {.ops = ops,
                              .everything = kd_box_of_size(grid.width_px, grid.height_px)};
    int error = kd_ops_init(ops, arena, units, seed, sources);

    if (!error)
        error = alloc_transforms(ops, arena, units);
    if (error)
        return error;
    builder.clip = builder.everything;
    for (uint32_t i = 0; i < units; i++) {
        const union kb_command *command = (const void *)((const char *)commands + (size_t)i * 32);

        switch (command->op) {
        case KB_COMMAND_FILL: add_fill(&builder, &command->fill); break;
        case KB_COMMAND_BLIT: add_blit(&builder, &command->blit); break;
        case KB_COMMAND_CLIP:
            builder.clip = kd_box_intersect(
                kd_box_from_rect(command->clip.where.x, command->clip.where.y,
                                 command->clip.where.width, command->clip.where.height),
                builder.everything);
            break;
        case KB_COMMAND_TRANSFORMED_BLIT:
            add_transformed(&builder, &command->transformed_blit);
            i++; /* it has 64 bytes */
            break;
        }
    }
    return 0;
}

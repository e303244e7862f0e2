/*
 * Operations as quads: fills, and blits one to one, with what is known of their pixels.
 */
#include <errno.h>

#include "render/gles_impl.h"

static const enum kd_gles_blend simple_blends[] = {
    [KB_BLEND_ADD] = KD_GLES_ADD,      [KB_BLEND_SUB] = KD_GLES_SUB,
    [KB_BLEND_MULT] = KD_GLES_MULT,    [KB_BLEND_MIN] = KD_GLES_MIN,
    [KB_BLEND_MAX] = KD_GLES_MAX,      [KB_BLEND_RGBA_ADD] = KD_GLES_ADD,
    [KB_BLEND_RGBA_SUB] = KD_GLES_SUB, [KB_BLEND_RGBA_MULT] = KD_GLES_MULT,
    [KB_BLEND_RGBA_MIN] = KD_GLES_MIN, [KB_BLEND_RGBA_MAX] = KD_GLES_MAX,
};

/* Channel by channel. */
static uint32_t multiplied(uint32_t a, uint32_t b)
{
    uint32_t out = 0;

    for (int shift = 0; shift < 32; shift += 8)
        out |= kd_pix_mul(a >> shift & 255, b >> shift & 255) << shift;
    return out;
}

/* The colour channels by alpha. */
static uint32_t premultiplied(uint32_t color)
{
    return multiplied(color, (color >> 24) * 0x010101 | 0xFF000000);
}

/* ---- Fills ------------------------------------------------------------------------------------------ */

static bool is_nothing(uint32_t color, enum kd_gles_blend blend)
{
    return color == 0 && (blend == KD_GLES_OVER || blend == KD_GLES_ADD || blend == KD_GLES_SUB);
}

int kd_gles_add_fill(struct kd_gles *gles, struct kd_box where, uint32_t color,
                     enum kd_gles_blend blend, uint32_t rectangle)
{
    struct kd_gles_state state = {.program = KD_GLES_FILL, .blend = (uint8_t)blend};
    struct kd_gles_quad quad = {.where = kd_cover_of(where), .color = kd_gles_color_of(color)};

    if (kd_box_empty(where) || is_nothing(color, blend))
        return 0;
    if (blend == KD_GLES_OVER && color >> 24 == 255)
        state.blend = KD_GLES_NONE;
    return kd_gles_add_quad(gles, &state, &quad, rectangle);
}

static int add_fill(struct kd_gles *gles, const struct kd_op *op, struct kd_box part,
                    uint32_t rectangle)
{
    switch (op->blend) {
    case KB_BLEND_REPLACE: return kd_gles_add_fill(gles, part, op->color, KD_GLES_NONE, rectangle);
    case KB_BLEND_OVER:
        return kd_gles_add_fill(gles, part, premultiplied(op->color), KD_GLES_OVER, rectangle);
    case KB_BLEND_PREMULTIPLIED:
        return kd_gles_add_fill(gles, part, op->color, KD_GLES_OVER, rectangle);
    default: return kd_gles_add_fill(gles, part, op->color, simple_blends[op->blend], rectangle);
    }
}

/* A pixel as the GPU multiplies it. */
static uint32_t colored(uint32_t pixel, struct kd_gles_color color)
{
    const uint32_t by[4] = {color.blue, color.green, color.red, color.alpha};
    uint32_t out = 0;

    for (int i = 0; i < 4; i++)
        out |= ((pixel >> 8 * i & 255) * by[i] + 32767) / 65535 << 8 * i;
    return out;
}

/* ---- How sources are used --------------------------------------------------------------------------- */

/* Its pixels are opaque, though they could be otherwise. */
static enum kd_source_kind kind_of(const struct kd_pixels *source)
{
    const struct kd_sections *sections = kd_pixels_sections(source);

    return source->kind == KD_SOURCE_STRAIGHT && sections && sections->content == KD_CONTENT_OPAQUE
               ? KD_SOURCE_OPAQUE
               : source->kind;
}

/* The colours by alpha. */
static void weaken(struct kd_gles_color *color)
{
    color->red = (uint16_t)(((uint32_t)color->red * color->alpha + 32767) / 65535);
    color->green = (uint16_t)(((uint32_t)color->green * color->alpha + 32767) / 65535);
    color->blue = (uint16_t)(((uint32_t)color->blue * color->alpha + 32767) / 65535);
}

/*
 * Premultiplied pixels are what GPUs blend with the least work; but straight ones that tint or alpha weaken would be rounded once more than the processor
 * does, and so are taken as they are stored.
 */
struct kd_gles_use kd_gles_use_of(const struct kd_op *op, const struct kd_pixels *source)
{
    const bool filtered = op->filter == KB_FILTER_BILINEAR && op->kind != KD_OP_BLIT;
    const enum kd_source_kind kind = kind_of(source);
    const uint32_t tint = op->color | 0xFF000000;
    const bool plain = (filtered && kind != KD_SOURCE_OPAQUE) || kind == KD_SOURCE_PREMULTIPLIED;
    const bool weakened = !plain && !filtered && (tint != 0xFFFFFFFF || op->alpha != 255);
    struct kd_gles_use use = {
        .conversion = kind == KD_SOURCE_OPAQUE          ? KD_GLES_OPAQUE
                      : kind == KD_SOURCE_PREMULTIPLIED ? KD_GLES_AS_STORED
                                                        : KD_GLES_PREMULTIPLIED,
        .color = kd_gles_color_of((tint & 0xFFFFFF) | (uint32_t)op->alpha << 24)};

    if (plain || filtered || (op->blend == KB_BLEND_OVER && !weakened))
        weaken(&use.color);
    else if (kind == KD_SOURCE_STRAIGHT)
        use.conversion = KD_GLES_AS_STORED;
    switch (op->blend) {
    case KB_BLEND_REPLACE: use.blend = KD_GLES_NONE; break;
    case KB_BLEND_OVER: use.blend = weakened ? KD_GLES_STRAIGHT : KD_GLES_OVER; break;
    case KB_BLEND_PREMULTIPLIED: use.blend = KD_GLES_OVER; break;
    default: use.blend = simple_blends[op->blend]; break;
    }
    if ((use.blend == KD_GLES_OVER || use.blend == KD_GLES_STRAIGHT) && kind == KD_SOURCE_OPAQUE &&
        op->alpha == 255)
        use.blend = KD_GLES_NONE;
    return use;
}

/* ---- Blits ------------------------------------------------------------------------------------------- */

/* One to one, of one operation. */
struct blit {
    struct kd_gles *gles;
    const struct kd_op *op;
    const struct kd_gles_image *image;
    struct kd_gles_use use;
    struct kd_box part, upright; /* of the target, of the image */
    uint32_t rectangle;
};

struct kd_box kd_gles_placed(const struct kd_op *op, struct kd_box part, struct kd_box upright,
                             struct kd_box sub)
{
    struct kd_box less = {sub.x1 - upright.x1, sub.y1 - upright.y1, upright.x2 - sub.x2,
                          upright.y2 - sub.y2};

    if (op->flags & KB_BLIT_FLAG_FLIP_X)
        less = (struct kd_box){less.x2, less.y1, less.x1, less.y2};
    if (op->flags & KB_BLIT_FLAG_FLIP_Y)
        less = (struct kd_box){less.x1, less.y2, less.x2, less.y1};
    if (op->flags & KD_OP_TURNED)
        less = (struct kd_box){less.y1, less.x1, less.y2, less.x2};
    return (struct kd_box){part.x1 + less.x1, part.y1 + less.y1, part.x2 - less.x2,
                           part.y2 - less.y2};
}

/* A part of the image that lies in one piece. */
static int add_texture(const struct blit *blit, const struct kd_gles_piece *piece,
                       struct kd_box sub, enum kd_gles_blend blend)
{
    const struct kd_gles_state state = {
        .program = kd_gles_is_white(blit->use.color) ? KD_GLES_TEXTURE : KD_GLES_TINT,
        .blend = (uint8_t)blend,
        .page = piece->page};
    const struct kd_box texels =
        kd_box_moved(sub, piece->x - piece->box.x1, piece->y - piece->box.y1);
    const bool flip_x = blit->op->flags & KB_BLIT_FLAG_FLIP_X;
    const bool flip_y = blit->op->flags & KB_BLIT_FLAG_FLIP_Y;
    struct kd_gles_quad quad = {
        .where = kd_cover_of(kd_gles_placed(blit->op, blit->part, blit->upright, sub)),
        .u1 = (int16_t)(flip_x ? texels.x2 : texels.x1),
        .u2 = (int16_t)(flip_x ? texels.x1 : texels.x2),
        .v1 = (int16_t)(flip_y ? texels.y2 : texels.y1),
        .v2 = (int16_t)(flip_y ? texels.y1 : texels.y2),
        .turned = (blit->op->flags & KD_OP_TURNED) != 0,
        .color = blit->use.color};

    return kd_gles_add_quad(blit->gles, &state, &quad, blit->rectangle);
}

/* Some cells beside each other that are alike. */
static int add_cells(const struct blit *blit, const struct kd_gles_piece *piece,
                     const struct kd_gles_cell *cell, struct kd_box sub)
{
    const bool straight = blit->use.blend == KD_GLES_STRAIGHT;
    const uint32_t color = colored(cell->color, blit->use.color);
    enum kd_gles_blend blend = straight ? KD_GLES_OVER : blit->use.blend;

    if (cell->content == KD_CONTENT_SOLID)
        return kd_gles_add_fill(blit->gles,
                                kd_gles_placed(blit->op, blit->part, blit->upright, sub),
                                straight ? premultiplied(color) : color, blend, blit->rectangle);
    if (cell->content == KD_CONTENT_OPAQUE && blend == KD_GLES_OVER && blit->op->alpha == 255)
        blend = KD_GLES_NONE;
    else
        blend = blit->use.blend;
    return add_texture(blit, piece, sub, blend);
}

static bool are_alike(const struct kd_gles_cell *a, const struct kd_gles_cell *b)
{
    return a->content == b->content && (a->content != KD_CONTENT_SOLID || a->color == b->color);
}

/* One after the last of the cells that are like the first: of a row, from cx on. */
static int32_t alike_end(const struct kd_gles_cell *row, int32_t cx, int32_t end)
{
    int32_t at = cx + 1;

    while (at < end && are_alike(&row[cx], &row[at]))
        at++;
    return at;
}

/* Whether the runs in a row of cells are those in the row above. */
static bool rows_are_alike(const struct kd_gles_cell *row, const struct kd_gles_cell *above,
                           struct kd_box cells)
{
    for (int32_t cx = cells.x1; cx < cells.x2; cx++)
        if (!are_alike(&row[cx], &above[cx]))
            return false;
    return true;
}

/* Rows of cells that are alike as one, and in them those beside each other. */
static int add_by_cells(const struct blit *blit, const struct kd_gles_piece *piece,
                        struct kd_box box)
{
    const struct kd_box cells = kd_grid_touched(box);
    const struct kd_gles_image *image = blit->image;
    int error = 0;

    for (int32_t cy = cells.y1, next_y; cy < cells.y2; cy = next_y) {
        const struct kd_gles_cell *row = &image->cells[cy * image->cells_x];

        for (next_y = cy + 1; next_y < cells.y2; next_y++)
            if (!rows_are_alike(&image->cells[next_y * image->cells_x], row, cells))
                break;
        for (int32_t cx = cells.x1, end; cx < cells.x2 && !error; cx = end) {
            end = alike_end(row, cx, cells.x2);
            error =
                add_cells(blit, piece, &row[cx],
                          kd_box_intersect((struct kd_box){cx * KD_TILE_PX, cy * KD_TILE_PX,
                                                           end * KD_TILE_PX, next_y * KD_TILE_PX},
                                           box));
        }
    }
    return error;
}

static int add_blit(struct kd_gles *gles, const struct kd_plan *plan, const struct kd_op *op,
                    struct kd_box part, uint32_t rectangle)
{
    const struct kd_pixels *source = plan->sources[op->source];
    struct blit blit = {.gles = gles,
                        .op = op,
                        .use = kd_gles_use_of(op, source),
                        .part = part,
                        .upright = kd_op_upright(op, part),
                        .rectangle = rectangle};
    struct kd_gles_image *image;
    int error = kd_gles_image_get(gles, source, blit.use.conversion, blit.upright, &image);

    blit.image = image;
    for (int32_t i = 0; !error && i < image->pieces_x * image->pieces_y; i++) {
        const struct kd_gles_piece *piece = &image->pieces[i];
        const struct kd_box sub = kd_box_intersect(blit.upright, piece->core);

        if (kd_box_empty(sub))
            continue;
        error = image->has_cells ? add_by_cells(&blit, piece, sub)
                                 : add_texture(&blit, piece, sub, blit.use.blend);
    }
    return error;
}

int kd_gles_add_op(struct kd_gles *gles, const struct kd_plan *plan, const struct kd_op *op,
                   struct kd_box clip, uint32_t rectangle)
{
    const struct kd_box part = kd_box_intersect(op->where, clip);

    if (kd_box_empty(part))
        return 0;
    switch (op->kind) {
    case KD_OP_FILL: return add_fill(gles, op, part, rectangle);
    case KD_OP_BLIT: return add_blit(gles, plan, op, part, rectangle);
    case KD_OP_SCALE: return kd_gles_add_scaled(gles, plan, op, part, rectangle);
    default: return kd_gles_add_transformed(gles, plan, op, part, rectangle);
    }
}

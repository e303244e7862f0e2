/*
 * Operations that sample: scaled pictures, and transformed blits. Where a target's pixel lies in the source is the same affine function everywhere, so that the
 * GPU interpolates it exactly enough between any corners; the corners are found here.
 */
#include <errno.h>
#include <math.h>

#include "render/gles_impl.h"

/* What all quads of an operation have in common. */
struct sampling {
    struct kd_gles *gles;
    const struct kd_op *op;
    struct kd_gles_use use;
    struct kd_box part; /* of the target */
    uint32_t rectangle;
    bool bilinear;
};

static double common_divisor(double a, double b)
{
    while (b > 0.5) {
        double rest = fmod(a, b);

        a = b;
        b = rest;
    }
    return a;
}

/*
 * By how much places of a scaled picture are moved, in texels. A pixel's centre that lies on an edge between two texels means the right one: so it is moved by
 * less than any other is away from an edge. Filtered ones the CPU rounds down to a 256th of a texel, and here they are moved by as much in the middle: that is
 * none if all of them are whole 256ths.
 */
static double nudge(int32_t size_px, int32_t shown_px, bool bilinear)
{
    const double twice = 2.0 * shown_px;

    if (bilinear) {
        const double parts = twice / common_divisor(256.0 * size_px, twice);

        return fmod(parts, 2) > 0.5 ? -(1 - 1 / parts) / 512 : -1.0 / 512;
    }
    return common_divisor(size_px, twice) / (2 * twice);
}

/* A box of the image's pixels that places are kept in, in the page. */
static void keep_in(const struct kd_gles_piece *piece, struct kd_box box, float out[4])
{
    const double width = piece->page->width_px, height = piece->page->height_px;
    const double x = piece->x - piece->box.x1, y = piece->y - piece->box.y1;

    out[0] = (float)((box.x1 + x + 0.5) / width);
    out[1] = (float)((box.y1 + y + 0.5) / height);
    out[2] = (float)((box.x2 + x - 0.5) / width);
    out[3] = (float)((box.y2 + y - 0.5) / height);
}

static struct kd_gles_vertex vertex(const struct sampling *sampling,
                                    const struct kd_gles_piece *piece, double x, double y, double u,
                                    double v)
{
    return (struct kd_gles_vertex){
        .x = (float)x,
        .y = (float)y,
        .u = (float)((u + piece->x - piece->box.x1) / piece->page->width_px),
        .v = (float)((v + piece->y - piece->box.y1) / piece->page->height_px),
        .color = sampling->use.color};
}

/* ---- Scaled pictures --------------------------------------------------------------------------------- */

/* The part of a scaled picture whose pixels are in one piece. */
static struct kd_box shown_of(const struct sampling *sampling, const struct kd_gles_image *image,
                              const struct kd_gles_piece *piece)
{
    const uint32_t w = (uint32_t)image->width_px, h = (uint32_t)image->height_px;
    const uint32_t shown_w = (uint32_t)sampling->op->shown_width;
    const uint32_t shown_h = (uint32_t)sampling->op->shown_height;

    return (struct kd_box){(int32_t)kd_pix_first_shown(piece->core.x1, w, shown_w),
                           (int32_t)kd_pix_first_shown(piece->core.y1, h, shown_h),
                           (int32_t)kd_pix_first_shown(piece->core.x2, w, shown_w),
                           (int32_t)kd_pix_first_shown(piece->core.y2, h, shown_h)};
}

static void swap(double *a, double *b)
{
    double kept = *a;

    *a = *b;
    *b = kept;
}

/* sub: of the scaled picture, upright. */
static int add_scaled(const struct sampling *sampling, const struct kd_gles_image *image,
                      const struct kd_gles_piece *piece, struct kd_box upright, struct kd_box sub)
{
    const struct kd_op *op = sampling->op;
    const bool turned = op->flags & KD_OP_TURNED;
    const bool whole = piece->page->owner && image->pieces_x * image->pieces_y == 1;
    const double across = (double)image->width_px / op->shown_width;
    const double down = (double)image->height_px / op->shown_height;
    const double right = nudge(image->width_px, op->shown_width, sampling->bilinear);
    const double below = nudge(image->height_px, op->shown_height, sampling->bilinear);
    const struct kd_box where = kd_gles_placed(op, sampling->part, upright, sub);
    const struct kd_gles_state state = {.program = whole && kd_gles_is_white(sampling->use.color)
                                                       ? KD_GLES_SCALED
                                                       : KD_GLES_SAMPLED,
                                        .blend = (uint8_t)sampling->use.blend,
                                        .bilinear = sampling->bilinear,
                                        .page = piece->page};
    double u1 = sub.x1 * across + right, u2 = sub.x2 * across + right;
    double v1 = sub.y1 * down + below, v2 = sub.y2 * down + below;
    struct kd_gles_vertex corners[4];

    if (op->flags & KB_BLIT_FLAG_FLIP_X)
        swap(&u1, &u2);
    if (op->flags & KB_BLIT_FLAG_FLIP_Y)
        swap(&v1, &v2);
    corners[0] = vertex(sampling, piece, where.x1, where.y1, u1, v1);
    corners[1] = vertex(sampling, piece, where.x2, where.y1, turned ? u1 : u2, turned ? v2 : v1);
    corners[2] = vertex(sampling, piece, where.x2, where.y2, u2, v2);
    corners[3] = vertex(sampling, piece, where.x1, where.y2, turned ? u2 : u1, turned ? v1 : v2);
    for (int i = 0; i < 4; i++)
        keep_in(piece, piece->box, corners[i].box);
    return kd_gles_add_sampled(sampling->gles, &state, corners, where, sampling->rectangle);
}

/* The source's pixels that are sampled. */
static struct kd_box footprint(const struct kd_plan *plan, const struct kd_op *op,
                               struct kd_box part)
{
    const struct kd_ops ops = {.transforms = (struct kd_transform *)plan->transforms,
                               .sources = plan->sources};

    return kd_op_footprint(&ops, op, part);
}

int kd_gles_add_scaled(struct kd_gles *gles, const struct kd_plan *plan, const struct kd_op *op,
                       struct kd_box part, uint32_t rectangle)
{
    const struct kd_pixels *source = plan->sources[op->source];
    const struct sampling sampling = {.gles = gles,
                                      .op = op,
                                      .use = kd_gles_use_of(op, source),
                                      .part = part,
                                      .rectangle = rectangle,
                                      .bilinear = op->filter == KB_FILTER_BILINEAR};
    const struct kd_box upright = kd_op_upright(op, part);
    struct kd_gles_image *image;
    int error =
        kd_gles_image_get(gles, source, sampling.use.conversion, footprint(plan, op, part), &image);

    for (int32_t i = 0; !error && i < image->pieces_x * image->pieces_y; i++) {
        const struct kd_box sub =
            kd_box_intersect(upright, shown_of(&sampling, image, &image->pieces[i]));

        if (!kd_box_empty(sub))
            error = add_scaled(&sampling, image, &image->pieces[i], upright, sub);
    }
    return error;
}

/* ---- Transformed blits ------------------------------------------------------------------------------- */

/* a*x + b*y + c */
struct plane {
    double a, b, c;
};

static double plane_at(struct plane plane, double x, double y)
{
    return plane.a * x + plane.b * y + plane.c;
}

/* A rectangle cut by four lines. */
#define MOST_CORNERS 8

struct polygon {
    uint32_t count;
    double x[MOST_CORNERS], y[MOST_CORNERS];
};

static void polygon_add(struct polygon *polygon, double x, double y)
{
    if (polygon->count < MOST_CORNERS) {
        polygon->x[polygon->count] = x;
        polygon->y[polygon->count++] = y;
    }
}

/* What of it is on the positive side. */
static void polygon_cut(struct polygon *polygon, struct plane plane)
{
    const struct polygon all = *polygon;

    polygon->count = 0;
    for (uint32_t i = 0; i < all.count; i++) {
        const uint32_t j = (i + 1) % all.count;
        const double here = plane_at(plane, all.x[i], all.y[i]);
        const double there = plane_at(plane, all.x[j], all.y[j]);

        if (here >= 0)
            polygon_add(polygon, all.x[i], all.y[i]);
        if ((here >= 0) != (there >= 0))
            polygon_add(polygon, all.x[i] + (all.x[j] - all.x[i]) * here / (here - there),
                        all.y[i] + (all.y[j] - all.y[i]) * here / (here - there));
    }
}

/* GPUs know corners to a 16th of a pixel: where these are is said exactly, and what lies there. */
static double snapped(double value)
{
    return floor(value * 16 + 0.5) / 16;
}

/* Where target pixels lie in the source. */
struct places {
    struct plane u, v;
};

static struct places places_of(const struct kd_transform *t, bool bilinear)
{
    /* as nudge(); of places that are mirrored the left texel is meant */
    const double least = 1.0 / 4096;
    struct places places = {
        {t->xx / 65536.0, t->xy / 65536.0, t->x0 / 65536.0 + (bilinear ? 0 : least)},
        {t->yx / 65536.0, t->yy / 65536.0, t->y0 / 65536.0 + (bilinear ? 0 : least)},
    };

    if (t->mirror_x != KD_NOT_MIRRORED)
        places.u = (struct plane){-places.u.a, -places.u.b, t->mirror_x - places.u.c};
    if (t->mirror_y != KD_NOT_MIRRORED)
        places.v = (struct plane){-places.v.a, -places.v.b, t->mirror_y - places.v.c};
    if (bilinear) {
        places.u.c -= 1.0 / 512;
        places.v.c -= 1.0 / 512;
    }
    return places;
}

/* The quads of a convex polygon: the first corner and three others each, the last one perhaps twice. */
static int add_polygon(const struct sampling *sampling, const struct kd_gles_piece *piece,
                       const struct places *places, const struct polygon *polygon,
                       struct kd_box kept)
{
    const struct kd_gles_state state = {.program = KD_GLES_SAMPLED,
                                        .blend = (uint8_t)sampling->use.blend,
                                        .bilinear = sampling->bilinear,
                                        .page = piece->page};
    struct kd_gles_vertex corners[MOST_CORNERS];
    double left = INFINITY, top = INFINITY, right = -INFINITY, bottom = -INFINITY;
    int error = 0;

    for (uint32_t i = 0; i < polygon->count; i++) {
        const double x = snapped(polygon->x[i]), y = snapped(polygon->y[i]);

        corners[i] =
            vertex(sampling, piece, x, y, plane_at(places->u, x, y), plane_at(places->v, x, y));
        keep_in(piece, kept, corners[i].box);
        left = fmin(left, x);
        top = fmin(top, y);
        right = fmax(right, x);
        bottom = fmax(bottom, y);
    }
    if (left >= right || top >= bottom)
        return 0;
    for (uint32_t i = 1; !error && i + 1 < polygon->count; i += 2) {
        const struct kd_gles_vertex quad[4] = {corners[0], corners[i], corners[i + 1],
                                               corners[i + 2 < polygon->count ? i + 2 : i + 1]};

        error = kd_gles_add_sampled(sampling->gles, &state, quad,
                                    (struct kd_box){(int32_t)floor(left), (int32_t)floor(top),
                                                    (int32_t)ceil(right), (int32_t)ceil(bottom)},
                                    sampling->rectangle);
    }
    return error;
}

/* The pixels whose places are in these of the source's. */
static int add_within(const struct sampling *sampling, const struct kd_gles_piece *piece,
                      const struct places *places, struct kd_box within, struct kd_box kept)
{
    const struct kd_box part = sampling->part;
    struct polygon polygon = {
        4, {part.x1, part.x2, part.x2, part.x1}, {part.y1, part.y1, part.y2, part.y2}};

    polygon_cut(&polygon, (struct plane){places->u.a, places->u.b, places->u.c - within.x1});
    polygon_cut(&polygon, (struct plane){-places->u.a, -places->u.b, within.x2 - places->u.c});
    polygon_cut(&polygon, (struct plane){places->v.a, places->v.b, places->v.c - within.y1});
    polygon_cut(&polygon, (struct plane){-places->v.a, -places->v.b, within.y2 - places->v.c});
    return polygon.count < 3 ? 0 : add_polygon(sampling, piece, places, &polygon, kept);
}

int kd_gles_add_transformed(struct kd_gles *gles, const struct kd_plan *plan,
                            const struct kd_op *op, struct kd_box part, uint32_t rectangle)
{
    const struct kd_pixels *source = plan->sources[op->source];
    const struct kd_transform *transform = &plan->transforms[op->transform];
    const struct sampling sampling = {.gles = gles,
                                      .op = op,
                                      .use = kd_gles_use_of(op, source),
                                      .part = part,
                                      .rectangle = rectangle,
                                      .bilinear = op->filter == KB_FILTER_BILINEAR};
    const struct places places = places_of(transform, sampling.bilinear);
    const struct kd_box sampled = footprint(plan, op, part);
    struct kd_gles_image *image;
    int error;

    if (kd_box_empty(sampled))
        return 0;
    error = kd_gles_image_get(gles, source, sampling.use.conversion, sampled, &image);
    for (int32_t i = 0; !error && i < image->pieces_x * image->pieces_y; i++) {
        const struct kd_gles_piece *piece = &image->pieces[i];
        const struct kd_box within = kd_box_intersect(transform->source, piece->core);

        if (piece->page && !kd_box_empty(kd_box_intersect(within, sampled)))
            error = add_within(&sampling, piece, &places, within,
                               kd_box_intersect(transform->source, piece->box));
    }
    return error;
}

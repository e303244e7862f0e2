/* pixman, on pictures in the form that it likes best: premultiplied, and without alpha where they are opaque. */
#include <pixman.h>
#include <stdlib.h>

#include "bench.h"

struct peer {
    const struct bench_job *job;
    pixman_image_t *target;
    pixman_image_t **pictures; /* owned, and a reference each */
};

const char *bench_pixman_version(void)
{
    return pixman_version_string();
}

static void *create(const struct bench_job *job)
{
    const struct bench_pictures *pictures = job->pictures;
    struct peer *peer = calloc(1, sizeof(*peer));
    pixman_region32_t everything;

    if (!peer)
        return NULL;
    peer->job = job;
    peer->pictures = calloc(pictures->count, sizeof(pixman_image_t *));
    peer->target = pixman_image_create_bits(PIXMAN_x8r8g8b8, job->scene->width_px,
                                            job->scene->height_px, NULL, 0);
    /* Fills are cut by nothing else, not even by the edges of the picture. */
    pixman_region32_init_rect(&everything, 0, 0, (unsigned)job->scene->width_px,
                              (unsigned)job->scene->height_px);
    pixman_image_set_clip_region32(peer->target, &everything);
    pixman_region32_fini(&everything);
    for (uint32_t i = 0; i < pictures->count && peer->pictures; i++) {
        const struct bench_picture *picture = &pictures->list[i];

        peer->pictures[i] = pixman_image_create_bits(
            picture->is_opaque ? PIXMAN_x8r8g8b8 : PIXMAN_a8r8g8b8, picture->width_px,
            picture->height_px, picture->premultiplied, picture->width_px * 4);
    }
    return peer;
}

static void fill(struct peer *peer, const struct bench_item *item)
{
    uint32_t a = item->color >> 24;
    pixman_color_t color = {.alpha = (uint16_t)(a * 257)};
    pixman_box32_t box = {item->x, item->y, item->x + item->width_px, item->y + item->height_px};

    /* Colours are premultiplied here too. */
    color.red = (uint16_t)((item->color >> 16 & 255) * 257 * a / 255);
    color.green = (uint16_t)((item->color >> 8 & 255) * 257 * a / 255);
    color.blue = (uint16_t)((item->color & 255) * 257 * a / 255);
    pixman_image_fill_boxes(a == 255 ? PIXMAN_OP_SRC : PIXMAN_OP_OVER, peer->target, &color, 1,
                            &box);
}

static void turn(struct peer *peer, const struct bench_item *item)
{
    const struct bench_matrix *m = &item->matrix;
    pixman_image_t *picture = peer->pictures[item->picture];
    pixman_transform_t transform = {
        {{m->xx, m->xy, m->x0}, {m->yx, m->yy, m->y0}, {0, 0, pixman_fixed_1}}};

    pixman_image_set_transform(picture, &transform);
    pixman_image_set_filter(picture, item->smooth ? PIXMAN_FILTER_BILINEAR : PIXMAN_FILTER_NEAREST,
                            NULL, 0);
    pixman_image_composite32(PIXMAN_OP_OVER, picture, NULL, peer->target, item->x, item->y, 0, 0,
                             item->x, item->y, item->width_px, item->height_px);
}

static void frame(void *subject, uint32_t n, struct bench_times *times)
{
    struct peer *peer = subject;
    const struct bench_scene *scene = peer->job->scene;
    int64_t begin_ns = bench_now_ns();

    for (uint32_t i = 0; i < scene->items_count; i++) {
        const struct bench_item *item = &scene->items[n][i];

        if (item->kind == BENCH_FILL)
            fill(peer, item);
        else if (item->kind == BENCH_TURN)
            turn(peer, item);
        else
            pixman_image_composite32(
                peer->job->pictures->list[item->picture].is_opaque ? PIXMAN_OP_SRC : PIXMAN_OP_OVER,
                peer->pictures[item->picture], NULL, peer->target, 0, 0, 0, 0, item->x, item->y,
                item->width_px, item->height_px);
    }
    *times = (struct bench_times){.total_ns = bench_now_ns() - begin_ns};
}

static const uint32_t *pixels(void *subject, size_t *stride_px)
{
    struct peer *peer = subject;

    *stride_px = (size_t)pixman_image_get_stride(peer->target) / sizeof(uint32_t);
    return pixman_image_get_data(peer->target);
}

static void destroy(void *subject)
{
    struct peer *peer = subject;

    for (uint32_t i = 0; i < peer->job->pictures->count && peer->pictures; i++)
        pixman_image_unref(peer->pictures[i]);
    pixman_image_unref(peer->target);
    free(peer->pictures);
    free(peer);
}

const struct bench_subject bench_pixman[] = {
    {"pixman", "best", create, frame, pixels, NULL, destroy},
    {0},
};

#include "scene/window.h"

#include <string.h>

#include "base/pool.h"

struct kd_frame *kd_frame_create(const struct kd_window *window, struct kd_batch *batch)
{
    struct kd_frame *frame = kd_pool_get_cleared(sizeof(*frame));

    if (!frame) {
        kd_batch_finish(batch);
        return NULL;
    }
    frame->attr = window->newest;
    frame->batch = *batch;
    *batch = (struct kd_batch){.commands = NULL};
    return frame;
}

void kd_frame_destroy(struct kd_frame *frame)
{
    if (!frame)
        return;
    kd_batch_finish(&frame->batch);
    kd_pixels_unref(frame->picture);
    kd_pool_put(frame);
}

bool kd_frame_is_ready(struct kd_frame *frame)
{
    while (frame->sources_ready < frame->batch.sources_count) {
        if (frame->batch.sources[frame->sources_ready]->state == KD_SOURCE_WAITING)
            return false;
        frame->sources_ready++;
    }
    return true;
}

void kd_window_enqueue(struct kd_window *window, struct kd_frame *frame)
{
    frame->window = window;
    frame->next = NULL;
    if (window->queue_tail)
        window->queue_tail->next = frame;
    else
        window->queue = frame;
    window->queue_tail = frame;
}

void kd_window_set_cursor(struct kd_window *window, struct kd_source *source, int32_t hot_x,
                          int32_t hot_y)
{
    struct kd_source *before = window->cursor.source;

    window->cursor.source = source ? kd_source_ref(source) : NULL;
    window->cursor.hot_x = hot_x;
    window->cursor.hot_y = hot_y;
    kd_source_unref(before);
}

struct kd_frame *kd_window_undrawn(const struct kd_window *window)
{
    struct kd_frame *frame = window->queue;

    while (frame && frame->state == KD_FRAME_DRAWN)
        frame = frame->next;
    return frame;
}

/* Equal keys, equal pixels. */
static bool pictures_differ(const struct kd_pixels *a, const struct kd_pixels *b)
{
    if (a == b)
        return false;
    if (!a || !b || a->width_px != b->width_px || a->height_px != b->height_px)
        return true;
    for (size_t i = 0; i < kd_pixels_tiles(a); i++)
        if (a->tiles[i] != b->tiles[i] && a->tiles[i]->key != b->tiles[i]->key)
            return true;
    return false;
}

static bool attrs_differ(const struct kd_window_attr *a, const struct kd_window_attr *b)
{
    return a->width_px != b->width_px || a->height_px != b->height_px ||
           a->base_color != b->base_color || a->flags != b->flags || a->scale != b->scale ||
           a->filter != b->filter || a->z != b->z || a->output != b->output ||
           memcmp(&a->place, &b->place, sizeof(a->place)) != 0;
}

struct kd_frame *kd_window_latch(struct kd_window *window, bool *changed)
{
    struct kd_frame *frame = window->queue;

    window->queue = frame->next;
    if (!window->queue)
        window->queue_tail = NULL;
    frame->next = NULL;
    *changed = attrs_differ(&window->shown, &frame->attr) ||
               pictures_differ(window->shown_picture, frame->picture) ||
               (frame->is_answered && !window->has_frame);
    window->shown = frame->attr;
    kd_pixels_unref(window->shown_picture);
    window->shown_picture = frame->picture;
    frame->picture = NULL;
    if (frame->is_answered)
        window->has_frame = true;
    return frame;
}

struct kd_box kd_place_picture(enum kb_scale scale, int32_t place_width, int32_t place_height,
                               int32_t width, int32_t height)
{
    int64_t w = width, h = height;
    int32_t x, y;

    switch (scale) {
    case KB_SCALE_NONE: break;
    case KB_SCALE_INTEGER: {
        int32_t factor = kd_max(1, kd_min(place_width / width, place_height / height));

        w = (int64_t)width * factor;
        h = (int64_t)height * factor;
        break;
    }
    case KB_SCALE_FIT:
        w = (int64_t)width * place_height / height;
        h = (int64_t)height * place_width / width;
        w = w > place_width ? place_width : w < 1 ? 1 : w;
        h = h > place_height ? place_height : h < 1 ? 1 : h;
        break;
    case KB_SCALE_STRETCH:
        w = place_width;
        h = place_height;
        break;
    }
    x = (int32_t)kd_floor_div(place_width - w, 2);
    y = (int32_t)kd_floor_div(place_height - h, 2);
    return (struct kd_box){x, y, x + (int32_t)w, y + (int32_t)h};
}

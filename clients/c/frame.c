/* Drawing: records at the end of the frame being built. The first failure sticks to the frame. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define UNITS_BEGIN 256u
#define OPAQUE      0xff000000u
#define WHITE       0xffffffffu

void *(*kc_frame_realloc)(void *memory, size_t bytes) = realloc;

static void *fail(struct kc_frame *frame, int error, const char *what)
{
    if (frame->error == 0) {
        frame->error = error;
        frame->what = what;
    }
    kc_fail(frame->error, "%s", frame->what);
    return NULL;
}

static bool grow(struct kc_frame *frame, size_t units)
{
    size_t capacity = frame->units_capacity == 0 ? UNITS_BEGIN : frame->units_capacity;
    while (capacity < units)
        capacity *= 2;
    uint8_t *bytes = kc_frame_realloc(frame->bytes, capacity * KB_COMMAND_UNIT_BYTES);
    if (bytes == NULL)
        return false;
    frame->bytes = bytes;
    frame->units_capacity = capacity;
    return true;
}

static void *append(struct kc_frame *frame, size_t units)
{
    if (frame->error != 0)
        return NULL;
    if (units > KB_MAX_FRAME_UNITS - frame->units)
        return fail(frame, -E2BIG, "the frame has more than 1,048,576 units of commands");
    size_t wanted = frame->units + units;
    if ((wanted > frame->units_capacity || frame->bytes == NULL) && !grow(frame, wanted))
        return fail(frame, -ENOMEM, "no memory for the frame's commands");
    void *at = frame->bytes + frame->units * KB_COMMAND_UNIT_BYTES;
    frame->units = wanted;
    return at;
}

void kc_frame_reset(struct kc_frame *frame)
{
    frame->units = 0;
    frame->flags = 0;
    frame->error = 0;
}

void *kb_frame_append(struct kb_window *window, size_t units)
{
    return append(&window->frame, units);
}

void kb_frame_trim(struct kb_window *window, size_t units)
{
    struct kc_frame *frame = &window->frame;
    frame->units -= units < frame->units ? units : frame->units;
}

void kb_clear(struct kb_window *window)
{
    kc_frame_reset(&window->frame);
    window->frame.flags = KB_FRAME_FLAG_CLEAR;
}

static struct kb_rect all_of(const struct kb_window *window)
{
    return (struct kb_rect){.width = window->width, .height = window->height};
}

void kb_fill_with(struct kb_window *window, const struct kb_rect *rect, uint32_t color,
                  enum kb_blend blend)
{
    if (!kb_blend_valid(blend)) {
        fail(&window->frame, -EINVAL, "kb_fill_with(): no such blend");
        return;
    }
    struct kb_command_fill *fill = append(&window->frame, 1);
    if (fill == NULL)
        return;
    *fill = (struct kb_command_fill){
        .op = KB_COMMAND_FILL,
        .blend = (uint8_t)blend,
        .alpha = 255,
        .color = color,
        .where = rect != NULL ? *rect : all_of(window),
    };
}

void kb_fill(struct kb_window *window, const struct kb_rect *rect, uint32_t color)
{
    kb_fill_with(window, rect, color | OPAQUE, KB_BLEND_REPLACE);
}

void kb_clip(struct kb_window *window, const struct kb_rect *rect)
{
    struct kb_command_clip *clip = append(&window->frame, 1);
    if (clip == NULL)
        return;
    *clip = (struct kb_command_clip){
        .op = KB_COMMAND_CLIP,
        .where = rect != NULL ? *rect : all_of(window),
    };
}

/* One axis of a blit: the source from begin on, and where it goes. */
struct span {
    int64_t begin, length, to;
};

/* Cuts the source to the image, as drawing does: what is outside draws nothing and moves nothing.
 * The record's 16 bits then hold it. False if nothing is left. */
static bool cut(struct span *span, int64_t image_length, bool mirrored)
{
    int64_t end = span->begin + span->length;
    int64_t low = span->begin < 0 ? 0 : span->begin;
    int64_t high = end > image_length ? image_length : end;
    if (low >= high)
        return false;
    span->to += mirrored ? end - high : low - span->begin;
    span->begin = low;
    span->length = high - low;
    return span->to <= INT32_MAX; /* further right than any window */
}

static bool check_blit(struct kb_window *window, const struct kb_image *image,
                       const struct kb_blit_options *options)
{
    const char *what = NULL;
    if (image == NULL || image->display != window->display)
        what = "kb_blit(): the image is NULL or belongs to another connection";
    else if (!kb_blend_valid(options->blend))
        what = "kb_blit_with(): no such blend";
    else if (options->flags & ~KB_BLIT_FLAG_ALL)
        what = "kb_blit_with(): no such flag";
    if (what != NULL)
        fail(&window->frame, -EINVAL, what);
    return what == NULL;
}

void kb_blit_with(struct kb_window *window, const struct kb_image *image,
                  const struct kb_rect *source, int32_t x, int32_t y,
                  const struct kb_blit_options *options)
{
    static const struct kb_blit_options plain = {.blend = KB_BLEND_OVER};
    if (options == NULL)
        options = &plain;
    if (!check_blit(window, image, options))
        return;
    struct span across = {.length = image->width, .to = x};
    struct span down = {.length = image->height, .to = y};
    if (source != NULL) {
        across.begin = source->x;
        across.length = source->width;
        down.begin = source->y;
        down.length = source->height;
    }
    if (!cut(&across, image->width, options->flags & KB_BLIT_FLAG_FLIP_X) ||
        !cut(&down, image->height, options->flags & KB_BLIT_FLAG_FLIP_Y))
        return;
    struct kb_command_blit *blit = append(&window->frame, 1);
    if (blit == NULL)
        return;
    *blit = (struct kb_command_blit){
        .op = KB_COMMAND_BLIT,
        .blend = (uint8_t)options->blend,
        .alpha = (uint8_t)(255 - options->transparency),
        .flags = options->flags,
        .tint = options->tint == 0 ? WHITE : options->tint | OPAQUE,
        .image = image->id,
        .src_x = (int16_t)across.begin,
        .src_y = (int16_t)down.begin,
        .src_width = (uint16_t)across.length,
        .src_height = (uint16_t)down.length,
        .x = (int32_t)across.to,
        .y = (int32_t)down.to,
    };
}

void kb_blit(struct kb_window *window, const struct kb_image *image, const struct kb_rect *source,
             int32_t x, int32_t y)
{
    kb_blit_with(window, image, source, x, y, NULL);
}

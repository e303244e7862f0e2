/* Drawing: records at the end of the frame being built. The first failure sticks to the frame. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define UNITS_BEGIN 256u
#define OPAQUE      0xff000000u
#define WHITE       0xffffffffu

void *(*kc_frame_realloc)(void *memory, size_t bytes) = realloc;

static void *fail(struct kb_frame *frame, int error, const char *what)
{
    if (frame->error == 0) {
        frame->error = error;
        frame->what = what;
    }
    kc_fail(frame->error, "%s", frame->what);
    return NULL;
}

static bool grow(struct kb_frame *frame, size_t units)
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

static void *append(struct kb_frame *frame, size_t units)
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

void kc_frame_reset(struct kb_frame *frame)
{
    frame->units = 0;
    frame->flags = 0;
    frame->error = 0;
}

void kc_frame_init(struct kb_frame *frame, struct kb_display *display, uint32_t object,
                   uint32_t width, uint32_t height)
{
    *frame =
        (struct kb_frame){.display = display, .object = object, .width = width, .height = height};
}

void kc_frame_finish(struct kb_frame *frame)
{
    free(frame->bytes);
    frame->bytes = NULL;
}

void *kb_draw_append(struct kb_frame *frame, size_t units)
{
    return append(frame, units);
}

void kb_draw_trim(struct kb_frame *frame, size_t units)
{
    frame->units -= units < frame->units ? units : frame->units;
}

void kb_draw_clear(struct kb_frame *frame)
{
    kc_frame_reset(frame);
    frame->flags = KB_FRAME_FLAG_CLEAR;
}

static struct kb_rect all_of(const struct kb_frame *frame)
{
    return (struct kb_rect){.width = frame->width, .height = frame->height};
}

void kb_draw_fill(struct kb_frame *frame, const struct kb_rect *rect, uint32_t color,
                  enum kb_blend blend)
{
    if (!kb_blend_valid(blend)) {
        fail(frame, -EINVAL, "a fill with a blend that does not exist");
        return;
    }
    struct kb_command_fill *fill = append(frame, 1);
    if (fill == NULL)
        return;
    *fill = (struct kb_command_fill){
        .op = KB_COMMAND_FILL,
        .blend = (uint8_t)blend,
        .alpha = 255,
        .color = color,
        .where = rect != NULL ? *rect : all_of(frame),
    };
}

void kb_draw_clip(struct kb_frame *frame, const struct kb_rect *rect)
{
    struct kb_command_clip *clip = append(frame, 1);
    if (clip == NULL)
        return;
    *clip = (struct kb_command_clip){
        .op = KB_COMMAND_CLIP,
        .where = rect != NULL ? *rect : all_of(frame),
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
    return true;
}

static const struct kb_blit_options plain = {.blend = KB_BLEND_OVER};

static bool check_blit(struct kb_frame *frame, const struct kb_image *image,
                       const struct kb_blit_options *options)
{
    const char *what = NULL;
    if (image == NULL || image->display != frame->display)
        what = "a blit of an image that is NULL or belongs to another connection";
    else if (image->id == frame->object)
        what = "a canvas cannot be drawn into itself: draw it into another one first";
    else if (!kb_blend_valid(options->blend))
        what = "a blit with a blend that does not exist";
    else if (options->flags & ~KB_BLIT_FLAG_ALL)
        what = "a blit with a flag that does not exist";
    if (what != NULL)
        fail(frame, -EINVAL, what);
    return what == NULL;
}

static uint8_t alpha_of(const struct kb_blit_options *options)
{
    return (uint8_t)(255 - options->transparency);
}

static uint32_t tint_of(const struct kb_blit_options *options)
{
    return options->tint == 0 ? WHITE : options->tint | OPAQUE;
}

static void spans_of(const struct kb_image *image, const struct kb_rect *source,
                     struct span *across, struct span *down)
{
    across->begin = source != NULL ? source->x : 0;
    across->length = source != NULL ? source->width : image->width;
    down->begin = source != NULL ? source->y : 0;
    down->length = source != NULL ? source->height : image->height;
}

void kb_draw_blit(struct kb_frame *frame, const struct kb_image *image,
                  const struct kb_rect *source, int32_t x, int32_t y,
                  const struct kb_blit_options *options)
{
    struct span across = {.to = x}, down = {.to = y};
    if (options == NULL)
        options = &plain;
    if (!check_blit(frame, image, options))
        return;
    spans_of(image, source, &across, &down);
    if (!cut(&across, image->width, options->flags & KB_BLIT_FLAG_FLIP_X) ||
        !cut(&down, image->height, options->flags & KB_BLIT_FLAG_FLIP_Y) || across.to > INT32_MAX ||
        down.to > INT32_MAX) /* further right than any target */
        return;
    struct kb_command_blit *blit = append(frame, 1);
    if (blit == NULL)
        return;
    *blit = (struct kb_command_blit){
        .op = KB_COMMAND_BLIT,
        .blend = (uint8_t)options->blend,
        .alpha = alpha_of(options),
        .flags = options->flags & ~KB_BLIT_FLAG_BILINEAR, /* nothing lies between pixels here */
        .tint = tint_of(options),
        .image = image->id,
        .src_x = (int16_t)across.begin,
        .src_y = (int16_t)down.begin,
        .src_width = (uint16_t)across.length,
        .src_height = (uint16_t)down.length,
        .x = (int32_t)across.to,
        .y = (int32_t)down.to,
    };
}

/* Cuts an axis of a transformed blit's source if the record's 16 bits cannot hold it. A mirrored
 * source is mirrored in all of itself: the offset makes up for what was cut. */
static bool fit(struct span *span, int64_t image_length, bool mirrored)
{
    if (span->begin >= INT16_MIN && span->begin <= INT16_MAX && span->length <= UINT16_MAX)
        return span->length > 0;
    int64_t middle = 2 * span->begin + span->length, offset = span->to;
    if (!cut(span, image_length, mirrored))
        return false;
    span->to = offset;
    if (mirrored)
        span->to += (2 * span->begin + span->length - middle) * KB_FIXED_ONE;
    return span->to >= INT32_MIN && span->to <= INT32_MAX;
}

void kb_draw_transformed(struct kb_frame *frame, const struct kb_image *image,
                         const struct kb_rect *source, const struct kb_transform *transform,
                         const struct kb_blit_options *options)
{
    struct span across = {.to = transform->x0}, down = {.to = transform->y0};
    if (options == NULL)
        options = &plain;
    if (!check_blit(frame, image, options))
        return;
    spans_of(image, source, &across, &down);
    if (!fit(&across, image->width, options->flags & KB_BLIT_FLAG_FLIP_X) ||
        !fit(&down, image->height, options->flags & KB_BLIT_FLAG_FLIP_Y))
        return;
    struct kb_command_transformed_blit *blit = append(frame, 2);
    if (blit == NULL)
        return;
    *blit = (struct kb_command_transformed_blit){
        .op = KB_COMMAND_TRANSFORMED_BLIT,
        .blend = (uint8_t)options->blend,
        .alpha = alpha_of(options),
        .flags = options->flags,
        .tint = tint_of(options),
        .image = image->id,
        .src_x = (int16_t)across.begin,
        .src_y = (int16_t)down.begin,
        .src_width = (uint16_t)across.length,
        .src_height = (uint16_t)down.length,
        .xx = transform->xx,
        .xy = transform->xy,
        .x0 = (int32_t)across.to,
        .yx = transform->yx,
        .yy = transform->yy,
        .y0 = (int32_t)down.to,
    };
}

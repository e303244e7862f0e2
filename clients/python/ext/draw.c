/* Drawing into the frame being built, of a window or a canvas: fill and blit. */
#include "module.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* ---- Sources -------------------------------------------------------------------------------- */

static bool is_transformed(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->transformed_type;
}

bool draw_settle(const struct state *state, PyObject *source)
{
    if (is_transformed(state, source)) {
        source = (PyObject *)((struct transformed *)source)->image;
    } else if (sub_check(state, source)) {
        source = (PyObject *)((struct sub_image *)source)->image;
    }
    return Py_TYPE(source) != state->canvas_type || canvas_settle((struct canvas *)source);
}

bool draw_parse_image(const struct display *display, const struct frame *frame, PyObject *object,
                      struct image **image)
{
    if (!image_check(display->state, object)) {
        if (surface_check(object)) {
            PyErr_Format(PyExc_TypeError,
                         "%R must become an image first: image = display.image(surface), once",
                         object);
        } else {
            PyErr_Format(PyExc_TypeError, "source must be an Image, not %R", object);
        }
        return false;
    }
    *image = (struct image *)object;
    if ((*image)->closed) {
        error_set(display->state, EBADF, "%R cannot be drawn", object);
        return false;
    }
    if ((*image)->display != display) {
        PyErr_Format(PyExc_ValueError, "%R belongs to another display", object);
        return false;
    }
    if (*image == frame->own) {
        PyErr_SetString(PyExc_ValueError,
                        "a canvas cannot be drawn into itself: draw it into another one first");
        return false;
    }
    return true;
}

bool draw_parse_source(const struct display *display, const struct frame *frame, PyObject *object,
                       struct blit *blit)
{
    if (sub_check(display->state, object)) {
        const struct sub_image *part = (const struct sub_image *)object;
        sub_narrow(part, blit);
        return draw_parse_image(display, frame, (PyObject *)part->image, &blit->image);
    }
    if (!is_transformed(display->state, object)) {
        return draw_parse_image(display, frame, object, &blit->image);
    }
    const struct transformed *transformed = (const struct transformed *)object;
    if (blit->has_area || blit->posed) {
        PyErr_SetString(
            PyExc_TypeError,
            "area, angle, scale and pivot go with an Image, not with what its rotated() "
            "or scaled() returned");
        return false;
    }
    return draw_parse_image(display, frame, (PyObject *)transformed->image, &blit->image) &&
           transformed_pose(transformed, blit);
}

/* ---- Blits ---------------------------------------------------------------------------------- */

/* One axis of a blit: the source's stretch, where it goes, and what is drawn. */
struct span {
    int64_t source, length; /* cut to the image */
    int64_t to;             /* where that goes */
    int64_t drawn, drawn_length;
};

static bool cut(struct span *span, int64_t image_length, bool mirrored, int64_t from,
                int64_t from_length)
{
    int64_t low = span->source < 0 ? 0 : span->source;
    int64_t high = span->source + span->length;
    const int64_t end = high;
    high = high > image_length ? image_length : high;
    if (low < high) {
        span->to += mirrored ? end - high : low - span->source;
    } else if (!mirrored && span->source < 0) {
        span->to -= span->source;
    }
    span->source = low;
    span->length = high > low ? high - low : 0;
    span->drawn = span->to > from ? span->to : from;
    int64_t drawn_end = span->to + span->length;
    drawn_end = drawn_end > from + from_length ? from + from_length : drawn_end;
    span->drawn_length = drawn_end - span->drawn;
    return span->length > 0 && span->drawn_length > 0;
}

static bool plain_record(const struct box *bounds, const struct blit *blit, struct box *drawn,
                         struct kb_command_blit *record)
{
    const struct image *image = blit->image;
    struct span x = {.length = image->width, .to = blit->x};
    struct span y = {.length = image->height, .to = blit->y};
    if (blit->has_area) {
        x.source = blit->area.x;
        x.length = blit->area.w;
        y.source = blit->area.y;
        y.length = blit->area.h;
    }
    bool wide =
        cut(&x, image->width, (blit->flags & KB_BLIT_FLAG_FLIP_X) != 0, bounds->x, bounds->w);
    bool high =
        cut(&y, image->height, (blit->flags & KB_BLIT_FLAG_FLIP_Y) != 0, bounds->y, bounds->h);
    bool visible = wide && high;
    *drawn = (struct box){
        .x = x.drawn > INT32_MAX ? INT32_MAX : (int32_t)x.drawn,
        .y = y.drawn > INT32_MAX ? INT32_MAX : (int32_t)y.drawn,
        .w = visible ? (int32_t)x.drawn_length : 0,
        .h = visible ? (int32_t)y.drawn_length : 0,
    };
    if (visible) {
        *record = (struct kb_command_blit){
            .op = KB_COMMAND_BLIT,
            .blend = (uint8_t)blit->blend,
            .alpha = blit->alpha,
            .flags = blit->flags & (uint8_t)~KB_BLIT_FLAG_BILINEAR,
            .tint = blit->tint,
            .image = image->id,
            .src_x = (int16_t)x.source,
            .src_y = (int16_t)y.source,
            .src_width = (uint16_t)x.length,
            .src_height = (uint16_t)y.length,
            .x = (int32_t)x.to,
            .y = (int32_t)y.to,
        };
    }
    return visible;
}

size_t draw_record(const struct frame *frame, const struct blit *blit, struct box *drawn,
                   union kb_command *record)
{
    const struct box bounds = frame_bounds(frame);

    if (!blit->posed) {
        return plain_record(&bounds, blit, drawn, &record->blit) ? 1 : 0;
    }
    if (!frame_intersect(&blit->extent, &bounds, drawn)) {
        *drawn = (struct box){blit->extent.x, blit->extent.y, 0, 0};
        return 0;
    }
    record->transformed_blit = (struct kb_command_transformed_blit){
        .op = KB_COMMAND_TRANSFORMED_BLIT,
        .blend = (uint8_t)blit->blend,
        .alpha = blit->alpha,
        .flags = blit->flags,
        .tint = blit->tint,
        .image = blit->image->id,
        .src_x = (int16_t)blit->area.x,
        .src_y = (int16_t)blit->area.y,
        .src_width = (uint16_t)blit->area.w,
        .src_height = (uint16_t)blit->area.h,
        .xx = blit->transform.xx,
        .xy = blit->transform.xy,
        .x0 = blit->transform.x0,
        .yx = blit->transform.yx,
        .yy = blit->transform.yy,
        .y0 = blit->transform.y0,
    };
    return 2;
}

/* The parts of a blit that keywords may give. */
struct blit_arguments {
    PyObject *source, *dest, *area, *special_flags, *tint, *scale, *pivot;
    double angle;
    int alpha, flip_x, flip_y, smooth;
};

static bool parse_arguments(PyObject *args, PyObject *kwargs, struct blit_arguments *out)
{
    static char *keywords[] = {"source", "dest",   "area",   "special_flags", "alpha",
                               "tint",   "flip_x", "flip_y", "angle",         "scale",
                               "pivot",  "smooth", NULL};
    const Py_ssize_t count = PyTuple_Size(args);

    *out =
        (struct blit_arguments){.area = Py_None, .tint = Py_None, .pivot = Py_None, .alpha = 255};
    if (kwargs == NULL && count >= 2 && count <= 4) { /* the usual case, quickly */
        out->source = PyTuple_GetItem(args, 0);
        out->dest = PyTuple_GetItem(args, 1);
        out->area = count > 2 ? PyTuple_GetItem(args, 2) : Py_None;
        out->special_flags = count > 3 ? PyTuple_GetItem(args, 3) : NULL;
        return true;
    }
    return PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OO$iOppdOOp:blit", keywords, &out->source,
                                       &out->dest, &out->area, &out->special_flags, &out->alpha,
                                       &out->tint, &out->flip_x, &out->flip_y, &out->angle,
                                       &out->scale, &out->pivot, &out->smooth);
}

static bool parse_blit(struct state *state, const struct blit_arguments *arguments,
                       struct blit *blit)
{
    *blit = (struct blit){.blend = KB_BLEND_OVER, .tint = 0xffffffff};
    if (arguments->alpha < 0 || arguments->alpha > 255) {
        PyErr_Format(PyExc_ValueError, "alpha is %d: it goes from 0 to 255", arguments->alpha);
        return false;
    }
    blit->alpha = (uint8_t)arguments->alpha;
    blit->flags = (uint8_t)((arguments->flip_x ? KB_BLIT_FLAG_FLIP_X : 0) |
                            (arguments->flip_y ? KB_BLIT_FLAG_FLIP_Y : 0) |
                            (arguments->smooth ? KB_BLIT_FLAG_BILINEAR : 0));
    blit->has_area = arguments->area != Py_None;
    if (!number_parse_position(state, arguments->dest, &blit->x, &blit->y) ||
        (blit->has_area && !number_parse_box(state, arguments->area, "area", &blit->area)) ||
        (arguments->special_flags != NULL &&
         !names_blend(arguments->special_flags, KB_BLEND_OVER, &blit->blend)) ||
        (arguments->tint != Py_None && !color_parse(arguments->tint, &blit->tint))) {
        return false;
    }
    blit->tint |= 0xff000000;
    return true;
}

/* angle, scale and pivot; has_pose tells whether there are any. */
static bool parse_pose(const struct blit_arguments *arguments, struct pose *pose, bool *has_pose)
{
    *pose = (struct pose){.angle = arguments->angle, .scale_x = 1, .scale_y = 1};
    if (arguments->scale != NULL &&
        !transform_parse_scale(arguments->scale, &pose->scale_x, &pose->scale_y)) {
        return false;
    }
    if (arguments->pivot != Py_None &&
        !number_parse_reals(arguments->pivot, "pivot", &pose->pivot_x, &pose->pivot_y)) {
        return false;
    }
    if (!isfinite(pose->angle)) {
        PyErr_SetString(PyExc_ValueError, "angle is no number of degrees");
        return false;
    }
    *has_pose = pose->angle != 0 || pose->scale_x != 1 || pose->scale_y != 1;
    return true;
}

/* The pivot, or else the middle, stays where it would be without the pose. */
static bool take_pose(const struct blit_arguments *arguments, struct pose *pose, struct blit *blit)
{
    if (!blit->has_area) {
        blit->area = (struct box){0, 0, blit->image->width, blit->image->height};
    }
    if (arguments->pivot == Py_None) {
        pose->pivot_x = blit->area.w / 2.0;
        pose->pivot_y = blit->area.h / 2.0;
    }
    pose->x = blit->x + pose->pivot_x;
    pose->y = blit->y + pose->pivot_y;
    return transform_pose(pose, blit);
}

PyObject *draw_blit(PyObject *self, PyObject *args, PyObject *kwargs)
{
    struct display *display = frame_display(self);
    struct blit_arguments arguments;
    struct blit blit;
    struct pose pose;
    struct box drawn;
    union kb_command record;
    struct frame *frame = NULL;

    /* The image and the window are looked at last: parsing may run code that closes them. */
    if (!parse_arguments(args, kwargs, &arguments) ||
        !parse_blit(display->state, &arguments, &blit) ||
        !parse_pose(&arguments, &pose, &blit.posed) ||
        !draw_settle(display->state, arguments.source) || (frame = frame_enter(self)) == NULL ||
        !draw_parse_source(display, frame, arguments.source, &blit) ||
        (!is_transformed(display->state, arguments.source) && blit.posed &&
         !take_pose(&arguments, &pose, &blit))) {
        return NULL;
    }
    const size_t units = draw_record(frame, &blit, &drawn, &record);
    if (units > 0) {
        union kb_command *room = frame_append(frame, display->state, units);
        if (room == NULL || !frame_use(frame, blit.image)) {
            if (room != NULL) {
                frame_trim(frame, units);
            }
            return NULL;
        }
        memcpy(room, &record, units * KB_COMMAND_UNIT_BYTES);
    }
    return rect_new(display->state, drawn.x, drawn.y, drawn.w, drawn.h);
}

/* ---- Fills ---------------------------------------------------------------------------------- */

PyObject *draw_fill(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"color", "rect", "special_flags", NULL};
    struct display *display = frame_display(self);
    PyObject *color_object, *rect = Py_None, *special_flags = NULL;
    enum kb_blend blend = KB_BLEND_REPLACE;
    uint32_t color;
    struct box where = {0};
    struct frame *frame = NULL;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO:fill", keywords, &color_object, &rect,
                                     &special_flags) ||
        !color_parse(color_object, &color) ||
        (rect != Py_None && !number_parse_box(display->state, rect, "rect", &where)) ||
        (special_flags != NULL && !names_blend(special_flags, KB_BLEND_REPLACE, &blend)) ||
        (frame = frame_enter(self)) == NULL) {
        return NULL;
    }
    const struct box bounds = frame_bounds(frame);
    if (frame_intersect(rect != Py_None ? &where : &bounds, &bounds, &where)) {
        union kb_command *record = frame_append(frame, display->state, 1);
        if (record == NULL) {
            return NULL;
        }
        /* A window has no alpha to be replaced. */
        const bool opaque = blend == KB_BLEND_REPLACE && frame->own == NULL;
        record->fill = (struct kb_command_fill){
            .op = KB_COMMAND_FILL,
            .blend = (uint8_t)blend,
            .alpha = 255,
            .color = opaque ? color | 0xff000000 : color,
            .where = {where.x, where.y, (uint32_t)where.w, (uint32_t)where.h},
        };
    }
    return rect_new(display->state, where.x, where.y, where.w, where.h);
}

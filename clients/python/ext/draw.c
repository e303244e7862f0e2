/* Drawing into the frame being built: clear, fill, blit, and the clip. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>

/* ---- Room in the frame ---------------------------------------------------------------------- */

/* Asked for here so that the library's frame does not become unusable. */
static bool check_room(struct window *self, size_t units)
{
    if (units > KB_MAX_FRAME_UNITS - self->units) {
        error_set(self->display->state, E2BIG,
                  "a frame can have %u commands at most: show it with flip() or commit() and go on "
                  "in the next one",
                  KB_MAX_FRAME_UNITS);
        return false;
    }
    return true;
}

static struct box bounds_of(const struct window *self)
{
    if (self->has_clip) {
        return (struct box){self->clip.x, self->clip.y, (int32_t)self->clip.width,
                            (int32_t)self->clip.height};
    }
    return (struct box){0, 0, (int32_t)self->info.width, (int32_t)self->info.height};
}

static union kb_command *append(struct window *self, size_t units)
{
    if (!check_room(self, units)) {
        return NULL;
    }
    union kb_command *records = kb_frame_append(self->kb, units);
    if (records == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->units += units;
    return records;
}

static bool append_clip(struct window *self)
{
    if (self->has_clip || self->frame_clipped) {
        union kb_command *record = append(self, 1);
        if (record == NULL) {
            return false;
        }
        const struct box bounds = bounds_of(self);
        record->clip = (struct kb_command_clip){
            .op = KB_COMMAND_CLIP,
            .where = {bounds.x, bounds.y, (uint32_t)bounds.w, (uint32_t)bounds.h},
        };
        self->frame_clipped = self->has_clip;
    }
    self->clip_sent = true;
    return true;
}

union kb_command *draw_append(struct window *self, size_t units)
{
    return self->clip_sent || append_clip(self) ? append(self, units) : NULL;
}

void draw_trim(struct window *self, size_t units)
{
    kb_frame_trim(self->kb, units);
    self->units -= units;
}

/* ---- Images of the frame -------------------------------------------------------------------- */

bool draw_parse_image(struct window *self, PyObject *object, struct image **image)
{
    if (!image_check(self->display->state, object)) {
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
        error_set(self->display->state, EBADF, "%R cannot be drawn", object);
        return false;
    }
    if ((*image)->display != self->display) {
        PyErr_Format(PyExc_ValueError, "%R belongs to another display", object);
        return false;
    }
    return true;
}

static bool grow_used(struct window *self)
{
    size_t capacity = self->used_capacity == 0 ? 16 : self->used_capacity * 2;
    struct image **used = realloc(self->used, capacity * sizeof(*used));
    if (used == NULL) {
        PyErr_NoMemory();
        return false;
    }
    self->used = used;
    self->used_capacity = capacity;
    return true;
}

bool draw_use(struct window *self, struct image *image)
{
    if (image->frame == self->frame) {
        return true;
    }
    if (self->used_count == self->used_capacity && !grow_used(self)) {
        return false;
    }
    Py_INCREF((PyObject *)image);
    self->used[self->used_count++] = image;
    image->frames++;
    image->frame = self->frame;
    return true;
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

bool draw_record(const struct window *self, const struct blit *blit, struct box *drawn,
                 struct kb_command_blit *record)
{
    const struct image *image = blit->image;
    const struct box bounds = bounds_of(self);
    struct span x = {.length = image->width, .to = blit->x};
    struct span y = {.length = image->height, .to = blit->y};
    if (blit->has_area) {
        x.source = blit->area.x;
        x.length = blit->area.w;
        y.source = blit->area.y;
        y.length = blit->area.h;
    }
    bool wide = cut(&x, image->width, (blit->flags & KB_BLIT_FLAG_FLIP_X) != 0, bounds.x, bounds.w);
    bool high =
        cut(&y, image->height, (blit->flags & KB_BLIT_FLAG_FLIP_Y) != 0, bounds.y, bounds.h);
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
            .flags = blit->flags,
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

/* The parts of a blit that keywords may give. */
struct blit_arguments {
    PyObject *source, *dest, *area, *special_flags, *tint;
    int alpha, flip_x, flip_y;
};

static bool parse_arguments(PyObject *args, PyObject *kwargs, struct blit_arguments *out)
{
    static char *keywords[] = {"source", "dest",   "area", "special_flags", "alpha", "tint",
                               "flip_x", "flip_y", NULL};
    const Py_ssize_t count = PyTuple_Size(args);

    *out = (struct blit_arguments){.area = Py_None, .tint = Py_None, .alpha = 255};
    if (kwargs == NULL && count >= 2 && count <= 4) { /* the usual case, quickly */
        out->source = PyTuple_GetItem(args, 0);
        out->dest = PyTuple_GetItem(args, 1);
        out->area = count > 2 ? PyTuple_GetItem(args, 2) : Py_None;
        out->special_flags = count > 3 ? PyTuple_GetItem(args, 3) : NULL;
        return true;
    }
    return PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OO$iOpp:blit", keywords, &out->source,
                                       &out->dest, &out->area, &out->special_flags, &out->alpha,
                                       &out->tint, &out->flip_x, &out->flip_y);
}

static bool parse_blit(struct window *self, const struct blit_arguments *arguments,
                       struct blit *blit)
{
    *blit = (struct blit){.blend = KB_BLEND_OVER, .tint = 0xffffffff};
    if (arguments->alpha < 0 || arguments->alpha > 255) {
        PyErr_Format(PyExc_ValueError, "alpha is %d: it goes from 0 to 255", arguments->alpha);
        return false;
    }
    blit->alpha = (uint8_t)arguments->alpha;
    blit->flags = (uint8_t)((arguments->flip_x ? KB_BLIT_FLAG_FLIP_X : 0) |
                            (arguments->flip_y ? KB_BLIT_FLAG_FLIP_Y : 0));
    blit->has_area = arguments->area != Py_None;
    if (!number_parse_position(self->display->state, arguments->dest, &blit->x, &blit->y) ||
        (blit->has_area &&
         !number_parse_box(self->display->state, arguments->area, "area", &blit->area)) ||
        (arguments->special_flags != NULL &&
         !names_blend(arguments->special_flags, KB_BLEND_OVER, &blit->blend)) ||
        (arguments->tint != Py_None && !color_parse(arguments->tint, &blit->tint))) {
        return false;
    }
    blit->tint |= 0xff000000;
    return true;
}

PyObject *draw_blit(struct window *self, PyObject *args, PyObject *kwargs)
{
    struct blit_arguments arguments;
    struct blit blit;
    struct box drawn;
    struct kb_command_blit record;

    /* The image and the window are looked at last: parsing may run code that closes them. */
    if (!parse_arguments(args, kwargs, &arguments) || !parse_blit(self, &arguments, &blit) ||
        !window_enter_frame(self) || !draw_parse_image(self, arguments.source, &blit.image)) {
        return NULL;
    }
    if (draw_record(self, &blit, &drawn, &record)) {
        union kb_command *room = draw_append(self, 1);
        if (room == NULL || !draw_use(self, blit.image)) {
            if (room != NULL) {
                draw_trim(self, 1);
            }
            return NULL;
        }
        room->blit = record;
    }
    return rect_new(self->display->state, drawn.x, drawn.y, drawn.w, drawn.h);
}

/* ---- Fills ---------------------------------------------------------------------------------- */

/* The common part; false if there is none. */
static bool intersect(const struct box *a, const struct box *b, struct box *common)
{
    const int64_t left = a->x > b->x ? a->x : b->x, top = a->y > b->y ? a->y : b->y;
    const int64_t a_right = (int64_t)a->x + a->w, b_right = (int64_t)b->x + b->w;
    const int64_t a_bottom = (int64_t)a->y + a->h, b_bottom = (int64_t)b->y + b->h;
    const int64_t right = a_right < b_right ? a_right : b_right;
    const int64_t bottom = a_bottom < b_bottom ? a_bottom : b_bottom;
    if (right <= left || bottom <= top) {
        *common = (struct box){0};
        return false;
    }
    *common =
        (struct box){(int32_t)left, (int32_t)top, (int32_t)(right - left), (int32_t)(bottom - top)};
    return true;
}

PyObject *draw_fill(struct window *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"color", "rect", "special_flags", NULL};
    PyObject *color_object, *rect = Py_None, *special_flags = NULL;
    enum kb_blend blend = KB_BLEND_REPLACE;
    uint32_t color;
    struct box where = {0};

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|OO:fill", keywords, &color_object, &rect,
                                     &special_flags) ||
        !color_parse(color_object, &color) ||
        (rect != Py_None && !number_parse_box(self->display->state, rect, "rect", &where)) ||
        (special_flags != NULL && !names_blend(special_flags, KB_BLEND_REPLACE, &blend)) ||
        !window_enter_frame(self)) {
        return NULL;
    }
    const struct box bounds = bounds_of(self);
    if (intersect(rect != Py_None ? &where : &bounds, &bounds, &where)) {
        union kb_command *record = draw_append(self, 1);
        if (record == NULL) {
            return NULL;
        }
        record->fill = (struct kb_command_fill){
            .op = KB_COMMAND_FILL,
            .blend = (uint8_t)blend,
            .alpha = 255,
            .color = blend == KB_BLEND_REPLACE ? color | 0xff000000 : color,
            .where = {where.x, where.y, (uint32_t)where.w, (uint32_t)where.h},
        };
    }
    return rect_new(self->display->state, where.x, where.y, where.w, where.h);
}

PyObject *draw_clear(struct window *self, PyObject *unused)
{
    (void)unused;
    if (!window_enter_frame(self)) {
        return NULL;
    }
    kb_clear(self->kb);
    window_begin_frame(self);
    Py_RETURN_NONE;
}

/* ---- The clip ------------------------------------------------------------------------------- */

PyObject *draw_set_clip(struct window *self, PyObject *rect)
{
    struct box box = {0}, common;
    if (rect != Py_None && !number_parse_box(self->display->state, rect, "clip", &box)) {
        return NULL;
    }
    if (!window_enter_frame(self)) {
        return NULL;
    }
    const struct box all = {0, 0, (int32_t)self->info.width, (int32_t)self->info.height};
    self->has_clip = rect != Py_None;
    self->clip_sent = false;
    if (self->has_clip) {
        intersect(&box, &all, &common);
        self->clip = (struct kb_rect){common.x, common.y, (uint32_t)common.w, (uint32_t)common.h};
    }
    Py_RETURN_NONE;
}

PyObject *draw_get_clip(struct window *self, PyObject *unused)
{
    (void)unused;
    const struct box bounds = bounds_of(self);
    return rect_new(self->display->state, bounds.x, bounds.y, bounds.w, bounds.h);
}

/* The frame being built, of a window or a canvas: its records, images and clip. */
#include "module.h"

#include <errno.h>
#include <stdlib.h>

/* Every owner of a frame is an image or a window. */
static bool is_window(PyObject *owner)
{
    return Py_TYPE(owner) == ((struct window *)owner)->display->state->window_type;
}

struct frame *frame_of(PyObject *owner)
{
    return is_window(owner) ? &((struct window *)owner)->frame : &((struct canvas *)owner)->frame;
}

struct display *frame_display(PyObject *owner)
{
    return ((struct window *)owner)->display;
}

struct frame *frame_enter(PyObject *owner)
{
    const bool window = is_window(owner);
    struct frame *self = frame_of(owner);
    if (!(window ? window_enter((struct window *)owner) : image_enter((struct image *)owner))) {
        return NULL;
    }
    if (self->building) {
        PyErr_Format(PyExc_RuntimeError,
                     "this %s is in blits(): it cannot be drawn into or shown until that returns",
                     window ? "window" : "canvas");
        return NULL;
    }
    return self;
}

void frame_begin(struct frame *self, struct display *display)
{
    const size_t count = self->used_count;

    self->number = ++display->frames_begun;
    self->units = 0;
    self->clip_sent = false;
    self->clipped = false;
    self->begun = false;
    /* Images that die here run no code of the program's that could add to the list: it is a new
     * frame's already. */
    struct image **used = self->used;
    self->used = NULL;
    self->used_count = self->used_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        image_unuse(used[i]);
        Py_DECREF((PyObject *)used[i]);
    }
    free(used);
}

int frame_traverse(struct frame *self, visitproc visit, void *arg)
{
    for (size_t i = 0; i < self->used_count; i++) {
        Py_VISIT(self->used[i]);
    }
    return 0;
}

/* ---- Room in the frame ---------------------------------------------------------------------- */

/* Asked for here so that the library's frame does not become unusable. */
static bool check_room(const struct frame *self, const struct state *state, size_t units)
{
    if (units > KB_MAX_FRAME_UNITS - self->units) {
        error_set(state, E2BIG,
                  "a frame can have %u commands at most: show it with flip() or commit() and go on "
                  "in the next one",
                  KB_MAX_FRAME_UNITS);
        return false;
    }
    return true;
}

struct box frame_bounds(const struct frame *self)
{
    if (self->has_clip) {
        return (struct box){self->clip.x, self->clip.y, (int32_t)self->clip.width,
                            (int32_t)self->clip.height};
    }
    return (struct box){0, 0, (int32_t)self->width, (int32_t)self->height};
}

static union kb_command *append(struct frame *self, const struct state *state, size_t units)
{
    if (!check_room(self, state, units)) {
        return NULL;
    }
    union kb_command *records = kb_draw_append(self->kb, units);
    if (records == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    self->units += units;
    self->begun = true;
    return records;
}

static bool append_clip(struct frame *self, const struct state *state)
{
    if (self->has_clip || self->clipped) {
        union kb_command *record = append(self, state, 1);
        if (record == NULL) {
            return false;
        }
        const struct box bounds = frame_bounds(self);
        record->clip = (struct kb_command_clip){
            .op = KB_COMMAND_CLIP,
            .where = {bounds.x, bounds.y, (uint32_t)bounds.w, (uint32_t)bounds.h},
        };
        self->clipped = self->has_clip;
    }
    self->clip_sent = true;
    return true;
}

union kb_command *frame_append(struct frame *self, const struct state *state, size_t units)
{
    return self->clip_sent || append_clip(self, state) ? append(self, state, units) : NULL;
}

void frame_trim(struct frame *self, size_t units)
{
    kb_draw_trim(self->kb, units);
    self->units -= units;
}

/* ---- Images of the frame -------------------------------------------------------------------- */

static bool grow_used(struct frame *self)
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

bool frame_use(struct frame *self, struct image *image)
{
    if (image->frame == self->number) {
        return true;
    }
    if (self->used_count == self->used_capacity && !grow_used(self)) {
        return false;
    }
    Py_INCREF((PyObject *)image);
    self->used[self->used_count++] = image;
    image->frames++;
    image->frame = self->number;
    return true;
}

/* ---- Clearing and the clip ------------------------------------------------------------------ */

bool frame_intersect(const struct box *a, const struct box *b, struct box *common)
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

PyObject *frame_clear(PyObject *owner, PyObject *unused)
{
    (void)unused;
    struct frame *self = frame_enter(owner);
    if (self == NULL) {
        return NULL;
    }
    kb_draw_clear(self->kb);
    frame_begin(self, frame_display(owner));
    self->begun = true;
    Py_RETURN_NONE;
}

PyObject *frame_set_clip(PyObject *owner, PyObject *rect)
{
    struct box box = {0}, common;
    if (rect != Py_None && !number_parse_box(frame_display(owner)->state, rect, "clip", &box)) {
        return NULL;
    }
    struct frame *self = frame_enter(owner);
    if (self == NULL) {
        return NULL;
    }
    const struct box all = {0, 0, (int32_t)self->width, (int32_t)self->height};
    self->has_clip = rect != Py_None;
    self->clip_sent = false;
    if (self->has_clip) {
        frame_intersect(&box, &all, &common);
        self->clip = (struct kb_rect){common.x, common.y, (uint32_t)common.w, (uint32_t)common.h};
    }
    Py_RETURN_NONE;
}

PyObject *frame_get_clip(PyObject *owner, PyObject *unused)
{
    (void)unused;
    const struct box bounds = frame_bounds(frame_of(owner));
    return rect_new(frame_display(owner)->state, bounds.x, bounds.y, bounds.w, bounds.h);
}

PyObject *frame_clip_getter(PyObject *self, void *closure)
{
    (void)closure;
    return frame_get_clip(self, NULL);
}

int frame_clip_setter(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    PyObject *result = frame_set_clip(self, value != NULL ? value : Py_None);
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

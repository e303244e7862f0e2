/* Parts of images: SubImage, and SpriteSheet, which is many of one size. No pixels are copied. */
#include "module.h"

bool sub_check(const struct state *state, PyObject *object)
{
    return Py_TYPE(object) == state->sub_image_type;
}

PyObject *sub_new(struct image *image, const struct box *area)
{
    struct sub_image *self = object_new(image->display->state->sub_image_type);
    if (self != NULL) {
        self->image = (struct image *)Py_NewRef((PyObject *)image);
        self->area = *area;
    }
    return (PyObject *)self;
}

PyObject *image_subsurface(struct image *self, PyObject *args)
{
    struct box box;
    PyObject *object = PyTuple_Size(args) == 1 ? PyTuple_GetItem(args, 0) : args;
    if (!number_parse_box(self->display->state, object, "the part", &box)) {
        return NULL;
    }
    if (box.x < 0 || box.y < 0 || box.w < 1 || box.h < 1 || box.w > self->width - box.x ||
        box.h > self->height - box.y) {
        return PyErr_Format(PyExc_ValueError, "(%d, %d, %d, %d) is not within %dx%d pixels",
                            (int)box.x, (int)box.y, (int)box.w, (int)box.h, (int)self->width,
                            (int)self->height);
    }
    return sub_new(self, &box);
}

/* Cuts [start, start + length) to [0, room); how much is cut off at each end. */
static void narrow(int32_t *start, int32_t *length, int32_t room, int64_t *before, int64_t *behind)
{
    const int64_t end = (int64_t)*start + *length;
    *before = *start < 0 ? -(int64_t)*start : 0;
    *behind = end > room ? end - room : 0;
    const int64_t left = *length - *before - *behind;
    *start = (int32_t)(*start + *before);
    *length = left > 0 ? (int32_t)left : 0;
}

void sub_narrow(const struct sub_image *self, struct blit *blit)
{
    blit->image = self->image;
    if (!blit->has_area) {
        blit->has_area = true;
        blit->area = self->area;
        return;
    }
    int64_t left, right, above, below;
    narrow(&blit->area.x, &blit->area.w, self->area.w, &left, &right);
    narrow(&blit->area.y, &blit->area.h, self->area.h, &above, &below);
    const int64_t x = blit->x + ((blit->flags & KB_BLIT_FLAG_FLIP_X) != 0 ? right : left);
    const int64_t y = blit->y + ((blit->flags & KB_BLIT_FLAG_FLIP_Y) != 0 ? below : above);
    blit->x = x > INT32_MAX ? INT32_MAX : (int32_t)x;
    blit->y = y > INT32_MAX ? INT32_MAX : (int32_t)y;
    blit->area.x += self->area.x;
    blit->area.y += self->area.y;
}

/* ---- SubImage ------------------------------------------------------------------------------- */

static int sub_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct sub_image *)object)->image);
    return 0;
}

static void sub_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    PyObject *image = (PyObject *)((struct sub_image *)object)->image;
    object_free(object);
    Py_XDECREF(image);
}

static PyObject *sub_get_rect(struct sub_image *self, PyObject *args, PyObject *kwargs)
{
    return rect_of_size(self->image->display->state, self->area.w, self->area.h, args, kwargs);
}

static PyObject *sub_get_size(struct sub_image *self, PyObject *unused)
{
    (void)unused;
    return Py_BuildValue("(ii)", (int)self->area.w, (int)self->area.h);
}

static PyObject *sub_get_width(struct sub_image *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->area.w);
}

static PyObject *sub_get_height(struct sub_image *self, PyObject *unused)
{
    (void)unused;
    return PyLong_FromLong(self->area.h);
}

static PyObject *sub_rotated(struct sub_image *self, PyObject *args, PyObject *kwargs)
{
    return transform_rotated(self->image, &self->area, args, kwargs);
}

static PyObject *sub_scaled(struct sub_image *self, PyObject *args, PyObject *kwargs)
{
    return transform_scaled(self->image, &self->area, args, kwargs);
}

static PyObject *size_getter(PyObject *self, void *closure)
{
    (void)closure;
    return sub_get_size((struct sub_image *)self, NULL);
}

static PyObject *width_getter(PyObject *self, void *closure)
{
    (void)closure;
    return sub_get_width((struct sub_image *)self, NULL);
}

static PyObject *height_getter(PyObject *self, void *closure)
{
    (void)closure;
    return sub_get_height((struct sub_image *)self, NULL);
}

static PyObject *area_getter(PyObject *object, void *closure)
{
    const struct sub_image *self = (const struct sub_image *)object;
    (void)closure;
    return rect_new(self->image->display->state, self->area.x, self->area.y, self->area.w,
                    self->area.h);
}

static PyObject *sub_repr(PyObject *object)
{
    const struct sub_image *self = (const struct sub_image *)object;
    return PyUnicode_FromFormat("<kmsblit.SubImage %dx%d at (%d, %d) of %R>", (int)self->area.w,
                                (int)self->area.h, (int)self->area.x, (int)self->area.y,
                                (PyObject *)self->image);
}

static PyMethodDef sub_methods[] = {
    METHOD("get_rect", sub_get_rect, METH_VARARGS | METH_KEYWORDS,
           "A Rect of its size at (0, 0); keywords set its attributes."),
    METHOD("get_size", sub_get_size, METH_NOARGS, "(width, height) in pixels."),
    METHOD("get_width", sub_get_width, METH_NOARGS, "Width in pixels."),
    METHOD("get_height", sub_get_height, METH_NOARGS, "Height in pixels."),
    METHOD("rotated", sub_rotated, METH_VARARGS | METH_KEYWORDS,
           "rotated($self, angle, scale=1, smooth=False)\n--\n\nTurned, to be drawn."),
    METHOD("scaled", sub_scaled, METH_VARARGS | METH_KEYWORDS,
           "scaled($self, size, smooth=False)\n--\n\nIn another size, to be drawn."),
    {0},
};

static PyGetSetDef sub_getset[] = {
    {"area", area_getter, NULL, "The Rect of it in its image.", NULL},
    {"size", size_getter, NULL, "(width, height) in pixels.", NULL},
    {"width", width_getter, NULL, "Width in pixels.", NULL},
    {"height", height_getter, NULL, "Height in pixels.", NULL},
    {0},
};

static PyMemberDef sub_members[] = {
    {"image", T_OBJECT, offsetof(struct sub_image, image), READONLY, "The whole image."},
    {0},
};

static PyType_Slot sub_slots[] = {
    {Py_tp_doc, "A part of an image, to be drawn."},
    {Py_tp_traverse, sub_traverse},
    {Py_tp_dealloc, sub_dealloc},
    {Py_tp_repr, sub_repr},
    {Py_tp_methods, sub_methods},
    {Py_tp_getset, sub_getset},
    {Py_tp_members, sub_members},
    {0},
};

PyType_Spec sub_image_spec = {
    .name = "kmsblit.SubImage",
    .basicsize = sizeof(struct sub_image),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = sub_slots,
};

/* ---- SpriteSheet ---------------------------------------------------------------------------- */

struct sheet {
    PyObject_HEAD struct image *image; /* owned */
    PyObject *frames;                  /* owned tuple of SubImages, row by row */
    int32_t width, height;             /* of a frame */
    int32_t columns, rows;
};

/* How many frames fit along an axis. */
static int32_t fit(int32_t length, int32_t frame, int32_t margin, int32_t spacing)
{
    const int64_t room = (int64_t)length - 2 * (int64_t)margin + spacing;
    return room < (int64_t)frame + spacing ? 0 : (int32_t)(room / ((int64_t)frame + spacing));
}

static PyObject *cut(const struct sheet *self, int32_t margin, int32_t spacing, int32_t count)
{
    PyObject *frames = PyTuple_New(count);
    for (int32_t i = 0; frames != NULL && i < count; i++) {
        const struct box area = {
            margin + i % self->columns * (self->width + spacing),
            margin + i / self->columns * (self->height + spacing),
            self->width,
            self->height,
        };
        PyObject *frame = sub_new(self->image, &area);
        if (frame == NULL) {
            Py_CLEAR(frames);
        } else {
            PyTuple_SetItem(frames, i, frame);
        }
    }
    return frames;
}

static bool check_sheet(const struct sheet *self, int margin, int spacing, PyObject *count_object,
                        int32_t *count)
{
    const int64_t most = (int64_t)self->columns * self->rows;
    if (margin < 0 || spacing < 0) {
        PyErr_SetString(PyExc_ValueError, "margin and spacing cannot be negative");
        return false;
    }
    if (most == 0) {
        PyErr_Format(PyExc_ValueError, "no frame of %dx%d pixels fits into %R", (int)self->width,
                     (int)self->height, (PyObject *)self->image);
        return false;
    }
    *count = (int32_t)most;
    if (count_object != Py_None && !number_parse(count_object, count)) {
        return false;
    }
    if (*count < 1 || *count > most) {
        PyErr_Format(PyExc_ValueError, "%d frames: there are %lld", (int)*count, (long long)most);
        return false;
    }
    return true;
}

static PyObject *sheet_tp_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"image", "size", "margin", "spacing", "count", NULL};
    PyObject *image, *size, *count_object = Py_None;
    int margin = 0, spacing = 0;
    uint32_t width, height;
    int32_t count;
    struct state *state = state_of_type(type);
    if (state == NULL ||
        !PyArg_ParseTupleAndKeywords(args, kwargs, "OO|$iiO:SpriteSheet", keywords, &image, &size,
                                     &margin, &spacing, &count_object) ||
        !number_parse_size(size, "size", KB_MAX_IMAGE_PX, &width, &height)) {
        return NULL;
    }
    if (!image_check(state, image)) {
        return PyErr_Format(PyExc_TypeError, "a sheet is made of an Image, not %R", image);
    }
    struct sheet *self = object_new(type);
    if (self == NULL) {
        return NULL;
    }
    self->image = (struct image *)Py_NewRef(image);
    self->width = (int32_t)width;
    self->height = (int32_t)height;
    self->columns = fit(self->image->width, self->width, margin, spacing);
    self->rows = fit(self->image->height, self->height, margin, spacing);
    if (check_sheet(self, margin, spacing, count_object, &count)) {
        self->frames = cut(self, margin, spacing, count);
    }
    if (self->frames == NULL) {
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

static int sheet_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((struct sheet *)object)->image);
    Py_VISIT(((struct sheet *)object)->frames);
    return 0;
}

static void sheet_dealloc(PyObject *object)
{
    PyObject_GC_UnTrack(object);
    PyObject *image = (PyObject *)((struct sheet *)object)->image;
    PyObject *frames = ((struct sheet *)object)->frames;
    object_free(object);
    Py_XDECREF(frames);
    Py_XDECREF(image);
}

static Py_ssize_t sheet_length(PyObject *object)
{
    return PyTuple_Size(((struct sheet *)object)->frames);
}

static PyObject *sheet_item(PyObject *object, Py_ssize_t index)
{
    return PySequence_GetItem(((struct sheet *)object)->frames, index);
}

static PyObject *sheet_iter(PyObject *object)
{
    return PyObject_GetIter(((struct sheet *)object)->frames);
}

/* sheet[7], sheet[2:5] and sheet[column, row]. */
static PyObject *sheet_subscript(PyObject *object, PyObject *key)
{
    const struct sheet *self = (const struct sheet *)object;
    int32_t column, row;
    if (!PyTuple_Check(key)) {
        return PyObject_GetItem(self->frames, key);
    }
    if (!number_parse_pair(key, "the place", &column, &row)) {
        return NULL;
    }
    if (column < 0 || row < 0 || column >= self->columns || row >= self->rows ||
        (Py_ssize_t)row * self->columns + column >= PyTuple_Size(self->frames)) {
        return PyErr_Format(PyExc_IndexError, "a sheet of %dx%d frames has none at (%d, %d)",
                            (int)self->columns, (int)self->rows, (int)column, (int)row);
    }
    return Py_NewRef(PyTuple_GetItem(self->frames, (Py_ssize_t)row * self->columns + column));
}

static PyObject *sheet_size(PyObject *object, void *closure)
{
    const struct sheet *self = (const struct sheet *)object;
    (void)closure;
    return Py_BuildValue("(ii)", (int)self->width, (int)self->height);
}

static PyGetSetDef sheet_getset[] = {
    {"size", sheet_size, NULL, "(width, height) of a frame.", NULL},
    {0},
};

static PyMemberDef sheet_members[] = {
    {"image", T_OBJECT, offsetof(struct sheet, image), READONLY, "The whole image."},
    {"columns", T_INT, offsetof(struct sheet, columns), READONLY, "Frames side by side."},
    {"rows", T_INT, offsetof(struct sheet, rows), READONLY, "Frames below each other."},
    {0},
};

static PyType_Slot sheet_slots[] = {
    {Py_tp_doc, "SpriteSheet(image, size, *, margin=0, spacing=0, count=None)\n--\n\n"
                "An image's frames of one size."},
    {Py_tp_new, sheet_tp_new},
    {Py_tp_traverse, sheet_traverse},
    {Py_tp_dealloc, sheet_dealloc},
    {Py_tp_getset, sheet_getset},
    {Py_tp_members, sheet_members},
    {Py_tp_iter, sheet_iter},
    {Py_sq_length, sheet_length},
    {Py_sq_item, sheet_item},
    {Py_mp_length, sheet_length},
    {Py_mp_subscript, sheet_subscript},
    {0},
};

PyType_Spec sheet_spec = {
    .name = "kmsblit.SpriteSheet",
    .basicsize = sizeof(struct sheet),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = sheet_slots,
};

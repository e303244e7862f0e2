/*
 * blits() of an array: numpy's structured arrays, or rows of positions.
 *
 * The array is read through the buffer protocol, so that numpy is not needed here, and a row costs
 * no Python object. An array laid out as kmsblit.BLIT_DTYPE is read as it is; any other goes
 * through a table of where its fields lie.
 */
#include "module.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A row of kmsblit.BLIT_DTYPE. */
struct row {
    uint16_t special_flags;
    uint8_t alpha, flags;
    uint32_t tint, image;
    int16_t src_x, src_y;
    uint16_t src_width, src_height;
    int32_t x, y;
    uint32_t reserved;
};
_Static_assert(sizeof(struct row) == KB_COMMAND_UNIT_BYTES, "as large as what it becomes");

enum kind { NONE, I8, U8, I16, U16, I32, U32, I64, U64, F32, F64, OTHER };

enum field {
    SPECIAL_FLAGS,
    ALPHA,
    FLAGS,
    TINT,
    IMAGE,
    SRC_X,
    SRC_Y,
    SRC_WIDTH,
    SRC_HEIGHT,
    X,
    Y,
    FIELDS
};

#define FIELD(name, kind, low, high, missing)                       \
    {                                                               \
#name, kind, offsetof(struct row, name), low, high, missing \
    }

/* What the fields may hold, and what a missing one counts as. */
static const struct {
    const char *name;
    enum kind kind; /* in a row */
    size_t offset;  /* in a row */
    int64_t low, high, missing;
} fields[FIELDS] = {
    FIELD(special_flags, U16, 0, UINT16_MAX, 0),
    FIELD(alpha, U8, 0, 255, 255),
    FIELD(flags, U8, 0, KB_BLIT_FLAG_FLIP_X | KB_BLIT_FLAG_FLIP_Y, 0),
    FIELD(tint, U32, 0, UINT32_MAX, 0),
    FIELD(image, U32, 0, UINT32_MAX, 0),
    FIELD(src_x, I16, INT16_MIN, INT16_MAX, 0),
    FIELD(src_y, I16, INT16_MIN, INT16_MAX, 0),
    FIELD(src_width, U16, 0, UINT16_MAX, 0),
    FIELD(src_height, U16, 0, UINT16_MAX, 0),
    FIELD(x, I32, -INT32_MAX, INT32_MAX, 0),
    FIELD(y, I32, -INT32_MAX, INT32_MAX, 0),
};

/* Where an array's fields lie in its items; kind NONE is missing. */
struct layout {
    struct {
        enum kind kind;
        size_t offset;
    } at[FIELDS];
    bool is_row; /* just as in a row */
};

/* ---- The buffer protocol's description of an item ------------------------------------------- */

struct reader {
    const char *at;
    char order; /* one of "@=<>!^" */
    size_t offset;
};

static enum kind kind_of(char code, bool native, size_t *bytes)
{
    static const struct {
        char code;
        enum kind kind;
        uint8_t bytes, native_bytes;
    } codes[] = {
        {'?', U8, 1, 1},    {'b', I8, 1, 1},    {'B', U8, 1, 1},    {'c', OTHER, 1, 1},
        {'s', OTHER, 1, 1}, {'x', OTHER, 1, 1}, {'h', I16, 2, 2},   {'H', U16, 2, 2},
        {'e', OTHER, 2, 2}, {'i', I32, 4, 4},   {'I', U32, 4, 4},   {'l', I32, 4, 8},
        {'L', U32, 4, 8},   {'q', I64, 8, 8},   {'Q', U64, 8, 8},   {'n', I64, 8, 8},
        {'N', U64, 8, 8},   {'f', F32, 4, 4},   {'d', F64, 8, 8},   {'g', OTHER, 16, 16},
        {'w', OTHER, 4, 4}, {'O', OTHER, 8, 8}, {'P', OTHER, 8, 8},
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i].code == code) {
            *bytes = native ? codes[i].native_bytes : codes[i].bytes;
            return codes[i].kind == I32 && *bytes == 8   ? I64
                   : codes[i].kind == U32 && *bytes == 8 ? U64
                                                         : codes[i].kind;
        }
    }
    return NONE;
}

/* The digits at the reader as a number that stays small enough to be multiplied. */
static size_t read_number(struct reader *reader)
{
    size_t number = 0;
    while (isdigit((unsigned char)*reader->at)) {
        number = number * 10 + (size_t)(*reader->at++ - '0');
        number = number > UINT32_MAX ? UINT32_MAX : number;
    }
    return number;
}

/* "(2,3)" in front of a field, or "4": how often it is there. */
static size_t read_count(struct reader *reader)
{
    size_t count = 1;
    if (*reader->at == '(') {
        while (*reader->at != '\0' && *reader->at != ')') {
            reader->at++;
            count *= read_number(reader);
            count = count > UINT32_MAX ? UINT32_MAX : count;
        }
        reader->at += *reader->at != '\0';
    }
    if (isdigit((unsigned char)*reader->at)) {
        count *= read_number(reader);
    }
    return count;
}

static void note_field(struct layout *layout, const char *name, size_t length, enum kind kind,
                       size_t offset)
{
    for (int i = 0; i < FIELDS; i++) {
        if (strlen(fields[i].name) == length && memcmp(fields[i].name, name, length) == 0) {
            layout->at[i].kind = kind;
            layout->at[i].offset = offset;
        }
    }
}

static bool read_struct(struct reader *reader, struct layout *layout, int depth);

/* One field and its name. layout is NULL within a field that is a struct itself. */
static bool read_field(struct reader *reader, struct layout *layout, int depth)
{
    const size_t count = read_count(reader);
    const bool native = reader->order == '@' || reader->order == '^';
    const bool foreign = reader->order == '>' || reader->order == '!';
    size_t bytes = 0;
    enum kind kind = OTHER;

    if (reader->at[0] == 'T' && reader->at[1] == '{') {
        struct reader inner = {reader->at + 2, reader->order, 0};
        if (depth == 8 || !read_struct(&inner, NULL, depth + 1) || *inner.at != '}') {
            return false;
        }
        reader->at = inner.at + 1;
        bytes = inner.offset;
    } else {
        const bool complex = *reader->at == 'Z';
        reader->at += complex;
        kind = *reader->at != '\0' ? kind_of(*reader->at++, native, &bytes) : NONE;
        if (kind == NONE) {
            return false;
        }
        if (reader->order == '@') {
            reader->offset = (reader->offset + bytes - 1) / bytes * bytes;
        }
        bytes *= complex ? 2 : 1;
        kind = complex || count != 1 || (foreign && bytes > 1) ? OTHER : kind;
    }
    const size_t offset = reader->offset;
    reader->offset += bytes * count;
    if (*reader->at == ':') {
        const char *name = reader->at + 1, *end = strchr(name, ':');
        if (end == NULL) {
            return false;
        }
        if (layout != NULL) {
            note_field(layout, name, (size_t)(end - name), kind, offset);
        }
        reader->at = end + 1;
    }
    return true;
}

/* Up to the closing brace. */
static bool read_struct(struct reader *reader, struct layout *layout, int depth)
{
    while (*reader->at != '\0' && *reader->at != '}') {
        if (strchr("@=<>!^", *reader->at) != NULL) {
            reader->order = *reader->at++;
        } else if (isspace((unsigned char)*reader->at)) {
            reader->at++;
        } else if (!read_field(reader, layout, depth)) {
            return false;
        }
    }
    return true;
}

static bool refuse(const Py_buffer *view, const char *why)
{
    PyErr_Format(
        PyExc_ValueError,
        "blits() cannot draw this array (%s; its items are \"%s\"): it takes one dimension "
        "of records with x and y, as kmsblit.BLIT_DTYPE, or rows of (x, y) or (x, y, "
        "width, height) with image=",
        why, view->format != NULL ? view->format : "B");
    return false;
}

static bool check_fields(const Py_buffer *view, struct layout *layout)
{
    layout->is_row = (size_t)view->itemsize == sizeof(struct row);
    for (int i = 0; i < FIELDS; i++) {
        if (layout->at[i].kind == OTHER) {
            PyErr_Format(PyExc_TypeError, "the array's field %s must be one number of this machine",
                         fields[i].name);
            return false;
        }
        layout->is_row = layout->is_row && layout->at[i].kind == fields[i].kind &&
                         layout->at[i].offset == fields[i].offset;
    }
    return (layout->at[X].kind != NONE && layout->at[Y].kind != NONE) ||
           refuse(view, "without fields x and y");
}

/* Rows of numbers: the columns are x, y and a size that does not matter. */
static bool layout_of_rows(const Py_buffer *view, struct layout *layout)
{
    struct reader reader = {view->format != NULL ? view->format : "B", '@', 0};
    size_t bytes = 0;

    if (view->ndim != 2 || (view->shape[1] != 2 && view->shape[1] != 4)) {
        return refuse(view, "of another shape");
    }
    if (*reader.at != '\0' && strchr("@=<>!^", *reader.at) != NULL) {
        reader.order = *reader.at++;
    }
    const enum kind kind = kind_of(*reader.at, reader.order == '@', &bytes);
    if (kind == NONE || kind == OTHER || reader.at[1] != '\0' || reader.order == '>' ||
        reader.order == '!') {
        return refuse(view, "not of numbers");
    }
    layout->at[X].kind = layout->at[Y].kind = kind;
    layout->at[Y].offset = (size_t)view->strides[1]; /* may be negative, and wraps rightly */
    return true;
}

static bool read_layout(const Py_buffer *view, struct layout *layout)
{
    memset(layout, 0, sizeof(*layout));
    if (view->suboffsets != NULL || view->ndim < 1) {
        return refuse(view, "not in one piece");
    }
    if (view->format == NULL || strncmp(view->format, "T{", 2) != 0) {
        return layout_of_rows(view, layout);
    }
    if (view->ndim != 1) {
        return refuse(view, "of another shape");
    }
    struct reader reader = {view->format + 2, '@', 0};
    if (!read_struct(&reader, layout, 0) || strcmp(reader.at, "}") != 0 ||
        reader.offset > (size_t)view->itemsize) { /* what follows the last field may be left out */
        return refuse(view, "not understood");
    }
    return check_fields(view, layout);
}

/* ---- Rows ----------------------------------------------------------------------------------- */

#define BLENDS_MOST 512u /* above all BLEND_ constants */

struct table {
    struct layout layout;
    struct image *only;    /* borrowed: image= */
    struct image **images; /* owned array of owned references: images=, or NULL */
    size_t images_count;
    int8_t blends[BLENDS_MOST]; /* what special_flags stand for; -1: nothing */
};

/* A real number loses its fraction; one that is none, or too large, becomes the largest. */
static int64_t whole(double number)
{
    return fabs(number) < 1e15 ? (int64_t)number : INT64_MAX;
}

static int64_t load(const char *from, enum kind kind)
{
    int64_t value = 0;
    double number;
    float small;

    switch (kind) { /* little-endian */
    case I8: return *(const int8_t *)from;
    case U8: return *(const uint8_t *)from;
    case I16: memcpy(&value, from, 2); return (int16_t)value;
    case U16: memcpy(&value, from, 2); return value;
    case I32: memcpy(&value, from, 4); return (int32_t)value;
    case U32: memcpy(&value, from, 4); return value;
    case I64: memcpy(&value, from, 8); return value;
    case U64: memcpy(&value, from, 8); return value < 0 ? INT64_MAX : value;
    case F32: memcpy(&small, from, 4); return whole((double)small);
    case F64: memcpy(&number, from, 8); return whole(number);
    case NONE:
    case OTHER: break;
    }
    return value;
}

static bool load_field(const struct layout *layout, enum field field, const char *from,
                       int64_t *value)
{
    if (layout->at[field].kind == NONE) {
        *value = fields[field].missing;
        return true;
    }
    *value = load(from + layout->at[field].offset, layout->at[field].kind);
    if (*value == INT64_MAX) {
        PyErr_Format(PyExc_ValueError, "%s is out of range", fields[field].name);
        return false;
    }
    if (*value < fields[field].low || *value > fields[field].high) {
        PyErr_Format(PyExc_ValueError, "%s is %lld: it goes from %lld to %lld", fields[field].name,
                     (long long)*value, (long long)fields[field].low,
                     (long long)fields[field].high);
        return false;
    }
    return true;
}

static bool read_row(const struct layout *layout, const char *from, struct row *row)
{
    int64_t values[FIELDS];

    for (int i = 0; i < FIELDS; i++) {
        if (!load_field(layout, (enum field)i, from, &values[i])) {
            return false;
        }
    }
    *row = (struct row){
        .special_flags = (uint16_t)values[SPECIAL_FLAGS],
        .alpha = (uint8_t)values[ALPHA],
        .flags = (uint8_t)values[FLAGS],
        .tint = (uint32_t)values[TINT],
        .image = (uint32_t)values[IMAGE],
        .src_x = (int16_t)values[SRC_X],
        .src_y = (int16_t)values[SRC_Y],
        .src_width = (uint16_t)values[SRC_WIDTH],
        .src_height = (uint16_t)values[SRC_HEIGHT],
        .x = (int32_t)values[X],
        .y = (int32_t)values[Y],
    };
    return true;
}

static bool find_image(struct batch *batch, const struct table *table, uint32_t number,
                       struct image **image)
{
    if (table->only != NULL) {
        *image = table->only;
    } else if (table->images != NULL) {
        if (number >= table->images_count) {
            PyErr_Format(PyExc_ValueError, "image is %u: images has %zu", (unsigned)number,
                         table->images_count);
            return false;
        }
        *image = table->images[number];
    } else {
        *image = image_of_id(batch->display, number);
        if (*image == NULL) {
            PyErr_Format(PyExc_ValueError,
                         "image is %u: no image of this display has that id (Image.id; for indices "
                         "give images=[...])",
                         (unsigned)number);
            return false;
        }
    }
    if (!(*image)->is_canvas && !(*image)->closed) {
        return true;
    }
    return draw_settle(batch->display->state, (PyObject *)*image) &&
           draw_parse_image(batch->display, batch->frame, (PyObject *)*image, image);
}

static bool blit_of(struct batch *batch, const struct table *table, const struct row *row,
                    struct blit *blit)
{
    const int blend = row->special_flags < BLENDS_MOST ? table->blends[row->special_flags] : -1;
    if (blend < 0) {
        PyErr_Format(PyExc_ValueError, "special_flags is %u: that is none of the BLEND_ constants",
                     (unsigned)row->special_flags);
        return false;
    }
    if (row->flags > fields[FLAGS].high) {
        PyErr_Format(PyExc_ValueError, "flags is %u: there are FLIP_X and FLIP_Y",
                     (unsigned)row->flags);
        return false;
    }
    *blit = (struct blit){
        .has_area = (row->src_width | row->src_height) != 0,
        .x = row->x,
        .y = row->y,
        .blend = (enum kb_blend)blend,
        .alpha = row->alpha,
        .flags = row->flags,
        .tint = row->tint != 0 ? row->tint | 0xff000000 : 0xffffffff,
    };
    if (blit->has_area) {
        blit->area = (struct box){row->src_x, row->src_y, row->src_width, row->src_height};
    }
    return find_image(batch, table, row->image, &blit->image);
}

/* The daemon cuts a blit as draw_record() does: where nobody wants to know what is left of it, its
 * record is written as it is. */
static bool add_record(struct batch *batch, const struct blit *blit)
{
    const struct image *image = blit->image;
    batch->records[batch->used++] = (struct kb_command_blit){
        .op = KB_COMMAND_BLIT,
        .blend = (uint8_t)blit->blend,
        .alpha = blit->alpha,
        .flags = blit->flags,
        .tint = blit->tint,
        .image = image->id,
        .src_x = (int16_t)blit->area.x,
        .src_y = (int16_t)blit->area.y,
        .src_width = (uint16_t)(blit->has_area ? blit->area.w : image->width),
        .src_height = (uint16_t)(blit->has_area ? blit->area.h : image->height),
        .x = blit->x,
        .y = blit->y,
    };
    return image->frame == batch->frame->number || frame_use(batch->frame, blit->image);
}

static bool add_rows(struct batch *batch, struct table *table, const Py_buffer *view)
{
    const Py_ssize_t count = view->shape[0];
    const char *from = view->buf;
    struct row row;
    struct blit blit;

    if (count > 0 && !batch_make_room(batch, (size_t)count)) {
        return false;
    }
    for (Py_ssize_t i = 0; i < count; i++, from += view->strides[0]) {
        bool done = true;
        if (table->layout.is_row) {
            memcpy(&row, from, sizeof(row));
        } else {
            done = read_row(&table->layout, from, &row);
        }
        if (!done || !blit_of(batch, table, &row, &blit) ||
            !(batch->rects == NULL ? add_record(batch, &blit) : batch_add(batch, &blit))) {
            error_name_item("blits()", i);
            return false;
        }
    }
    return true;
}

/* ---- The call ------------------------------------------------------------------------------- */

bool arrays_check(PyObject *object, bool *array)
{
    Py_buffer view;
    *array = false;
    if (!PyObject_CheckBuffer(object) || PyBytes_Check(object) || PyByteArray_Check(object)) {
        return true;
    }
    if (PyObject_GetBuffer(object, &view, PyBUF_FULL_RO) < 0) {
        if (PyErr_ExceptionMatches(PyExc_ValueError)) { /* numpy: the fields are out of order */
            PyErr_Clear();
            PyErr_SetString(PyExc_ValueError,
                            "blits() cannot read this array: its fields overlap or do not lie in "
                            "their order; numpy.lib.recfunctions.repack_fields() makes one where "
                            "they do");
        }
        return false;
    }
    /* An array of Python's objects is a sequence of items like any other. */
    *array = view.format == NULL || strcmp(view.format, "O") != 0;
    PyBuffer_Release(&view);
    return true;
}

static void drop_images(struct table *table)
{
    for (size_t i = 0; i < table->images_count; i++) {
        Py_DECREF((PyObject *)table->images[i]);
    }
    free(table->images);
}

static bool take_images(const struct batch *batch, PyObject *tuple, struct table *table)
{
    const size_t count = (size_t)PyTuple_Size(tuple);
    table->images = malloc((count + 1) * sizeof(struct image *));
    if (table->images == NULL) {
        PyErr_NoMemory();
        return false;
    }
    for (; table->images_count < count; table->images_count++) {
        struct image **image = &table->images[table->images_count];
        PyObject *object = PyTuple_GetItem(tuple, (Py_ssize_t)table->images_count);
        if (!draw_parse_image(batch->display, batch->frame, object, image)) {
            error_name_item("blits() images", (Py_ssize_t)table->images_count);
            return false;
        }
        Py_INCREF(object);
    }
    return true;
}

static bool add_array(struct batch *batch, const Py_buffer *view, PyObject *image, PyObject *images)
{
    struct table table = {0};
    enum kb_blend blend;

    for (unsigned i = 0; i < BLENDS_MOST; i++) {
        table.blends[i] = names_blend_of(i, KB_BLEND_OVER, &blend) ? (int8_t)blend : -1;
    }
    /* From here on none of the program's code runs: no image can be closed. */
    bool done =
        (images == NULL || take_images(batch, images, &table)) &&
        (image == Py_None || draw_parse_image(batch->display, batch->frame, image, &table.only)) &&
        read_layout(view, &table.layout);
    if (done && table.only == NULL && table.layout.at[IMAGE].kind == NONE) {
        PyErr_SetString(PyExc_TypeError,
                        "the array has no field image: say with image= which one to draw");
        done = false;
    }
    done = done && add_rows(batch, &table, view);
    drop_images(&table);
    return done;
}

bool arrays_add(struct batch *batch, PyObject *array, PyObject *image, PyObject *images)
{
    PyObject *tuple = NULL;
    Py_buffer view;
    bool done = false;

    if (image != Py_None && images != Py_None) {
        PyErr_SetString(PyExc_TypeError, "blits() takes image= or images=, not both");
        return false;
    }
    if (images != Py_None && (tuple = PySequence_Tuple(images)) == NULL) {
        return false;
    }
    if (PyObject_GetBuffer(array, &view, PyBUF_FULL_RO) == 0) {
        done = add_array(batch, &view, image, tuple);
        PyBuffer_Release(&view);
    }
    Py_XDECREF(tuple);
    return done;
}

/*
 * What the files of the extension share: the objects, the module's state, errors.
 *
 * The extension stands on the limited API of Python 3.11 (one binary for every later Python) and on
 * libkmsblit. Python's lock is let go wherever the daemon is waited for; call.c says how a display
 * is kept to one thread at a time all the same.
 */
#ifndef KMSBLIT_MODULE_H
#define KMSBLIT_MODULE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <pythread.h>
#include <structmember.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kmsblit.h>

/* What sprites need again and again (sprites.h). */
enum sprites_kept {
    KEPT_SPRITE, /* types */
    KEPT_ABSTRACT_GROUP,
    KEPT_LAYERED_UPDATES,
    KEPT_GROUP_SINGLE,
    KEPT_COLLIDE_RECT_RATIO,
    KEPT_COLLIDE_CIRCLE_RATIO,
    KEPT_COLLIDE_RECT, /* functions of the module */
    KEPT_COLLIDE_CIRCLE,
    KEPT_COLLIDE_MASK,
    KEPT_SPRITE_IMAGE, /* what classes have that do not define it themselves */
    KEPT_SPRITE_RECT,
    KEPT_GROUP_SPRITES,
    KEPT_NAME_IMAGE, /* names */
    KEPT_NAME_RECT,
    KEPT_NAME_SPRITES,
    KEPT_NAME_UPDATE,
    KEPT_NAME_KILL,
    KEPT_NAME_LAYER,
    KEPT_NAME_OWN_LAYER,
    KEPT_NAME_RADIUS,
    KEPT_NAME_MASK,
    KEPT_COUNT
};

/* The module's state. Every object keeps a borrowed pointer to it: an object keeps its type alive,
 * the type the module, and the module this. */
struct state {
    PyTypeObject *display_type;
    PyTypeObject *window_type;
    PyTypeObject *image_type;
    PyTypeObject *shared_image_type;
    PyTypeObject *canvas_type;
    PyTypeObject *transformed_type;
    PyTypeObject *screenshot_type;
    PyTypeObject *rect_type;
    PyTypeObject *font_type;
    PyTypeObject *mask_type;
    PyTypeObject *sub_image_type;
    PyTypeObject *presented_type;
    PyTypeObject *output_type;
    PyObject *error;
    PyObject *no_daemon_error;
    PyObject *request_error;
    PyObject *connection_lost_error;
    PyObject *fonts; /* str: the folder of the fonts that come along */
    PyObject
        *hand_out; /* gives events to handlers, see kmsblit._input; NULL or None: there are none */
    PyObject *sprites[KEPT_COUNT];
};

struct trash; /* what a thread could not free because another one was in a call (call.c) */

struct display {
    PyObject_HEAD PyObject *weakrefs;
    struct state *state;
    struct kb_display *kb;   /* owned; NULL before connecting and when all is freed */
    PyObject *socket;        /* the path asked for, or None */
    PyObject *rest;          /* owned, of _events.py: a list of events to be taken next, or NULL */
    PyThread_type_lock lock; /* held while busy */
    struct trash *trash;     /* owned list */
    struct image **images;   /* owned array of borrowed pointers, by the slot in their ids */
    size_t images_count;     /* slots in images */
    struct window *windows;  /* borrowed: the first of all that exist */
    uint64_t frames_begun;   /* gives every frame being built a number of its own */
    unsigned exports;        /* views of shared images' memory: kb must live as long */
    unsigned waiters;        /* threads in call_poll() */
    unsigned building;       /* blits() calls under way */
    int wake_fd;             /* owned eventfd: one count wakes one waiter; -1 is none */
    int lifeline;            /* owned: while it is open, a private daemon lives; -1 is none */
    bool busy;               /* a thread is in a call without Python's lock */
    bool asked;              /* for events since the last flip() */
    bool closed;
};

struct image {
    PyObject_HEAD PyObject *weakrefs;
    struct display *display; /* owned */
    struct kb_image *kb;     /* owned while display->kb lives */
    uint64_t frame;          /* the frame being built that used it last */
    uint32_t id;
    int32_t width, height;
    size_t stride_bytes;   /* of a shared image's memory */
    enum kb_format format; /* likewise */
    unsigned frames;       /* frames being built that use it: kb must live as long */
    unsigned exports;      /* views of its memory, likewise */
    bool shared;
    bool is_canvas;
    bool closed;
};

/* The frame being built for a window or a canvas. */
struct frame {
    struct kb_frame *kb; /* the owner's; valid while that is open */
    struct image **used; /* owned array of owned references: images that it draws */
    size_t used_count, used_capacity;
    uint64_t number;         /* of the frame, in the display */
    uint32_t width, height;  /* of the window or canvas */
    struct kb_rect clip;     /* within that; meant if has_clip */
    size_t units;            /* records in the frame */
    const struct image *own; /* borrowed: the canvas that it is for; NULL for a window's */
    bool has_clip;
    bool clip_sent; /* the frame has the clip as it is now */
    bool clipped;   /* the frame has a clip that is not the whole window */
    bool begun;     /* something was drawn into it, or it was cleared */
    bool building;  /* blits() is under way */
};

/* A canvas is an image that has a frame. */
struct canvas {
    struct image image;
    struct frame frame;
};

struct window {
    PyObject_HEAD PyObject *weakrefs;
    struct display *display; /* owned; at the same place as an image's */
    struct frame frame;
    struct window *next;          /* borrowed; in display->windows */
    struct kb_window *kb;         /* owned while display->kb lives */
    struct kb_window_info info;   /* as set; the title is in title */
    PyObject *title;              /* str */
    PyObject *cursor;             /* as it was set; NULL: never */
    uint32_t serials[KB_CREDITS]; /* of the last frames committed, the latest first; 0: none */
    unsigned calls;               /* threads in a call with it: kb must live as long */
    bool locked, grabbed;         /* as set: the pointer, the keyboard */
    bool closed;
};
_Static_assert(offsetof(struct window, display) == offsetof(struct image, display),
               "frame_enter() looks at it before it knows which one it has");

/* A rectangle as Python has it: sizes may be negative. */
struct box {
    int32_t x, y, w, h;
};

/* A part of an image. */
struct sub_image {
    PyObject_HEAD struct image *image; /* owned */
    struct box area;                   /* within the image */
};

/* An image, or a part of it, turned and scaled, to be drawn. */
struct transformed {
    PyObject_HEAD struct image *image; /* owned */
    struct box area;                   /* within the image */
    double angle;                      /* degrees counter-clockwise */
    double scale_x, scale_y;
    int32_t width, height; /* what it covers */
    bool smooth;
};

struct rect {
    PyObject_HEAD struct state *state;
    int32_t x, y, w, h;
};

/* A row of a method table. */
#define METHOD(name, function, flags, doc)                      \
    {                                                           \
        name, (PyCFunction)(void (*)(void))function, flags, doc \
    }

/* ---- module.c ------------------------------------------------------------------------------- */

extern struct PyModuleDef kmsblit_module;

/* The state, for constructors that a subclass may call. NULL sets an exception. */
struct state *state_of_type(PyTypeObject *type);

/* Makes a type and adds it to the module. NULL with an exception. */
PyTypeObject *module_add_type(PyObject *module, PyType_Spec *spec, PyTypeObject *base);

/* Allocates an object of a type of ours, all zeros. */
void *object_new(PyTypeObject *type);
/* The end of every tp_dealloc: gives back the memory and the type. */
void object_free(void *object);

/* ---- errors.c ------------------------------------------------------------------------------- */

int errors_add(PyObject *module, struct state *state);

/* Sets the exception for a negative errno of libkmsblit, with its sentence. Returns NULL. */
void *error_of_library(const struct state *state, int error);
void *error_of_connect(const struct state *state, int error);
/* Sets kmsblit.Error with this errno. Returns NULL. */
void *error_set(const struct state *state, int error, const char *format, ...);
/* Puts "blits() item 7: " before the message of the exception that is set. */
void error_name_item(const char *function, Py_ssize_t index);

/* ---- call.c: Python's lock and threads ------------------------------------------------------ */

/* To be called before the display's library is: waits for a call of another thread, frees what
 * was left, and sets an exception if the display is closed. */
bool call_enter(struct display *display);
/* Around a call without Python's lock. */
PyThreadState *call_begin(struct display *display);
void call_end(struct display *display, PyThreadState *thread);
#define CALL(display, expression)                         \
    do {                                                  \
        PyThreadState *call_thread = call_begin(display); \
        expression;                                       \
        call_end(display, call_thread);                   \
    } while (0)

/* The same for a function of the library that waits, and is called again if a signal came that
 * raised nothing. result is what it returned; -EINTR means that an exception is set. */
#define CALL_PATIENTLY(display, result, expression) \
    do {                                            \
        CALL(display, result = (expression));       \
    } while ((result) == -EINTR && call_again(display))
/* Handles signals; whether to call again. */
bool call_again(struct display *display);

/* Handles what has come from the daemon, or waits until something comes; timeout_ms -1 is for ever.
 * Other threads may use the display meanwhile. Returns the number of events, -1 with an exception
 * (KeyboardInterrupt among them). */
int call_wait(struct display *display, int timeout_ms);

/* Frees an image or window, now or as soon as no thread is in a call. Either may be NULL. */
void call_destroy(struct display *display, struct kb_image *image, struct kb_window *window);
/* Frees the connection if it is closed and nobody needs its memory. */
void call_disconnect(struct display *display);

/* ---- number.c: positions and rectangles as pygame takes them -------------------------------- */

/* An int, or a float whose fraction is dropped. */
bool number_parse(PyObject *object, int32_t *value);
/* A pair of numbers. what is for the error: "dest". */
bool number_parse_pair(PyObject *object, const char *what, int32_t *first, int32_t *second);
/* A pair of finite real numbers. */
bool number_parse_reals(PyObject *object, const char *what, double *first, double *second);
/* Sizes: a pair of numbers from 1 to most. */
bool number_parse_size(PyObject *object, const char *what, uint32_t most, uint32_t *width,
                       uint32_t *height);
/* Rect, pygame.Rect, (x, y, w, h), ((x, y), (w, h)), or an object with such a .rect. */
bool number_parse_box(struct state *state, PyObject *object, const char *what, struct box *box);
/* A pair, or the top left corner of what number_parse_box() takes. */
bool number_parse_position(struct state *state, PyObject *object, int32_t *x, int32_t *y);

/* ---- color.c -------------------------------------------------------------------------------- */

/* What pygame takes for a colour, as 0xAARRGGBB. */
bool color_parse(PyObject *object, uint32_t *color);
/* color_names.c: a name in small letters without spaces. False: no such colour. */
bool color_by_name(const char *name, uint32_t *color);
PyObject *color_tuple(uint32_t color);

/* ---- names.c: words and flags for the protocol's numbers ------------------------------------ */

bool names_format(PyObject *object, enum kb_format *format);
bool names_scale(PyObject *object, enum kb_scale *scale);
bool names_filter(PyObject *object, enum kb_filter *filter);
bool names_scope(PyObject *object, enum kb_statistics_scope *scope);
PyObject *names_scale_of(enum kb_scale scale);
PyObject *names_filter_of(enum kb_filter filter);
PyObject *names_format_of(enum kb_format format);
PyObject *names_statistic_of(uint32_t statistic);
/* pygame's special_flags; plain is what 0 means. The second sets no exception. */
bool names_blend(PyObject *object, enum kb_blend plain, enum kb_blend *blend);
bool names_blend_of(long value, enum kb_blend plain, enum kb_blend *blend);
int names_add(PyObject *module);

/* ---- rect.c --------------------------------------------------------------------------------- */

extern PyType_Spec rect_spec;
PyObject *rect_new(const struct state *state, int64_t x, int64_t y, int64_t w, int64_t h);
/* Of the same class as like. */
PyObject *rect_like(struct rect *like, int64_t x, int64_t y, int64_t w, int64_t h);
bool rect_check(const struct state *state, PyObject *object);
/* At (0, 0); then the keywords set its attributes, as pygame's get_rect() does. */
PyObject *rect_of_size(const struct state *state, int32_t width, int32_t height, PyObject *args,
                       PyObject *kwargs);
extern PyMethodDef rect_methods[];
/* rect_search.c */
PyObject *rect_collidedict(struct rect *self, PyObject *args, PyObject *kwargs);
PyObject *rect_collidedictall(struct rect *self, PyObject *args, PyObject *kwargs);
PyObject *rect_collideobjects(struct rect *self, PyObject *args, PyObject *kwargs);
PyObject *rect_collideobjectsall(struct rect *self, PyObject *args, PyObject *kwargs);
PyObject *rect_clipline(struct rect *self, PyObject *args);
PyObject *rect_fit(struct rect *self, PyObject *args);
PyObject *rect_scale_by(struct rect *self, PyObject *args, PyObject *kwargs);
PyObject *rect_scale_by_ip(struct rect *self, PyObject *args, PyObject *kwargs);
/* Whether any pixel is common; the smallest box around both. */
bool rect_boxes_collide(struct box a, struct box b);
struct box rect_boxes_join(struct box a, struct box b);

/* ---- display.c, outputs.c ------------------------------------------------------------------- */

extern PyType_Spec display_spec;
extern PyStructSequence_Desc output_desc;
/* The display given, or the last one connected for None; a new reference. */
struct display *display_find(const struct state *state, PyObject *display);
PyObject *crash_keep(PyObject *module, PyObject *args);
PyObject *crash_card(PyObject *module, PyObject *args);
PyObject *display_connect(PyObject *module, PyObject *args, PyObject *kwargs);

PyObject *outputs_get(struct display *display, void *closure);
/* An Output, an id, a name or None (0). */
bool outputs_parse(struct display *display, PyObject *object, uint32_t *id);
/* A struct sequence of new references; a NULL among them gives it up. */
PyObject *sequence_new(PyTypeObject *type, PyObject **values, Py_ssize_t count);
PyObject *statistics_of(struct display *display, enum kb_statistics_scope scope, uint32_t object);
PyObject *display_statistics(struct display *self, PyObject *args, PyObject *kwargs);

/* ---- image.c, shared.c, pixels.c, surface.c -------------------------------------------------------- */

extern PyType_Spec image_spec, shared_image_spec;
int image_traverse(PyObject *object, visitproc visit, void *arg);
void image_dealloc(PyObject *object);
/* call_enter() for an image's methods. */
bool image_enter(struct image *self);
/* Frees the library's image once nothing needs it any more. */
void image_free_unneeded(struct image *self);
PyObject *image_load(struct display *display, PyObject *source);
PyObject *image_make(struct display *display, PyObject *args, PyObject *kwargs);
PyObject *image_make_shared(struct display *display, PyObject *args, PyObject *kwargs);
/* A Python object for a library image, which becomes its property (and is freed on failure). */
PyObject *image_wrap(struct display *display, PyTypeObject *type, struct kb_image *kb);
PyObject *image_create(struct display *display, const struct kb_image_info *info,
                       const void *pixels);
/* An area's pixels (area NULL: all), 0xAARRGGBB and not premultiplied; to be freed. NULL with an
 * exception. */
uint32_t *image_read(struct image *self, const struct box *area);
bool image_check(const struct state *state, PyObject *object);
/* Borrowed, NULL if none has this id. */
struct image *image_of_id(const struct display *display, uint32_t id);
/* Lets go of what a frame used; frees the library's image when that was the last need of it. */
void image_unuse(struct image *image);

unsigned pixels_bytes_of(enum kb_format format);
/* Raw rows: size is a pair, format a name or None, stride an int or None. like has the palette and
 * the colour key. */
PyObject *pixels_from_bytes(struct display *display, const struct kb_image_info *like,
                            PyObject *source, PyObject *format, PyObject *size, PyObject *stride);
/* An array of HxW or HxWx3 or HxWx4. */
PyObject *pixels_from_array(struct display *display, const struct kb_image_info *like,
                            PyObject *source, PyObject *format);
bool surface_check(PyObject *source);
/* 0xAARRGGBB of which the alpha is what pygame makes masks of, without a threshold if it is keyed;
 * to be freed. */
uint32_t *surface_read(PyObject *source, uint32_t *width, uint32_t *height, bool *keyed);
PyObject *surface_convert(struct display *display, PyObject *source);

/* ---- view.c: the buffer protocol for rows of 32-bit pixels ---------------------------------- */

int view_fill(Py_buffer *view, PyObject *owner, void *pixels, uint32_t width, uint32_t height,
              size_t stride_bytes, bool readonly, int flags);
void view_release(Py_buffer *view);

/* ---- window.c, frame.c, draw.c, blits.c, arrays.c, show.c ---------------------------------------------- */

extern PyType_Spec window_spec;
PyObject *window_make(struct display *display, PyObject *args, PyObject *kwargs);
/* The window that has it, borrowed, or NULL. */
struct window *window_of_library(const struct display *display, const struct kb_window *kb);
/* call_enter() for a window's methods. */
bool window_enter(struct window *self);
/* CALL_PATIENTLY() for a window; sets the exception. expression uses self->kb. */
#define WINDOW_CALL(self, result, expression)                 \
    do {                                                      \
        window_call_begin(self);                              \
        CALL_PATIENTLY((self)->display, result, expression);  \
        window_call_end(self);                                \
        if ((result) < 0) {                                   \
            error_of_library((self)->display->state, result); \
        }                                                     \
    } while (0)
void window_call_begin(struct window *self);
void window_call_end(struct window *self);

/* ---- frame.c -------------------------------------------------------------------------------- */

/* call_enter() for what changes the frame of a window or canvas: not while blits() builds it. NULL
 * with an exception. */
struct frame *frame_enter(PyObject *owner);
struct frame *frame_of(PyObject *owner);
struct display *frame_display(PyObject *owner);
/* Forgets which images the frame uses, and begins to count for the next one. */
void frame_begin(struct frame *self, struct display *display);
int frame_traverse(struct frame *self, visitproc visit, void *arg);
/* What drawing is limited to. */
struct box frame_bounds(const struct frame *self);
/* The common part; false if there is none. */
bool frame_intersect(const struct box *a, const struct box *b, struct box *common);
/* Keeps the image until the frame is committed. */
bool frame_use(struct frame *self, struct image *image);
/* Room for records at the end of the frame, which learns the clip first. NULL with an exception.
 * Beware: the union is larger than a unit, so that the address of the first record is all it tells. */
union kb_command *frame_append(struct frame *self, const struct state *state, size_t units);
void frame_trim(struct frame *self, size_t units);
PyObject *frame_clear(PyObject *self, PyObject *unused);
PyObject *frame_set_clip(PyObject *self, PyObject *rect);
PyObject *frame_get_clip(PyObject *self, PyObject *unused);
PyObject *frame_clip_getter(PyObject *self, void *closure);
int frame_clip_setter(PyObject *self, PyObject *value, void *closure);

/* What one blit needs to know. */
struct blit {
    struct image *image; /* borrowed */
    struct box area;     /* meant if has_area */
    bool has_area;
    int32_t x, y;
    enum kb_blend blend;
    uint8_t alpha;
    uint8_t flags;
    uint32_t tint;
    bool posed;                    /* then the following is meant, and not x and y */
    struct kb_transform transform; /* from the target to the image */
    struct box extent;             /* what is drawn lies within */
};
/* What is drawn of it, clipped; and its record. Returns the units of the record, 0 if nothing is
 * drawn. */
size_t draw_record(const struct frame *frame, const struct blit *blit, struct box *drawn,
                   union kb_command *record);
/* Commits what is still to be drawn into a canvas; nothing to do for anything else. To be called
 * before draw_parse_image(), since other threads may run meanwhile. */
bool draw_settle(const struct state *state, PyObject *source);
/* An image of this display that is open, to be drawn into frame. */
bool draw_parse_image(const struct display *display, const struct frame *frame, PyObject *object,
                      struct image **image);
/* The same, or what rotated() and scaled() return; then blit->x and blit->y are where it goes. */
bool draw_parse_source(const struct display *display, const struct frame *frame, PyObject *object,
                       struct blit *blit);

PyObject *draw_fill(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *draw_blit(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *draw_blits(PyObject *self, PyObject *args, PyObject *kwargs);

/* ---- canvas.c, transform.c ------------------------------------------------------------------ */

extern PyType_Spec canvas_spec, transformed_spec;
PyObject *canvas_make(struct display *display, PyObject *args, PyObject *kwargs);
/* Commits the frame being built, if anything was drawn. */
bool canvas_settle(struct canvas *self);
/* Gives up what is being drawn into it. */
void canvas_drop(struct canvas *self);

PyObject *transform_rotated(struct image *image, const struct box *area, PyObject *args,
                            PyObject *kwargs);
PyObject *transform_scaled(struct image *image, const struct box *area, PyObject *args,
                           PyObject *kwargs);
PyObject *image_rotated(struct image *self, PyObject *args, PyObject *kwargs);
PyObject *image_scaled(struct image *self, PyObject *args, PyObject *kwargs);
/* An image's source at an angle and a scale: its point (pivot_x, pivot_y) comes to lie on (x, y). */
struct pose {
    double x, y, pivot_x, pivot_y, angle, scale_x, scale_y;
};
/* Fills blit's transform and extent; sets an exception for what the daemon's numbers cannot hold. */
bool transform_pose(const struct pose *pose, struct blit *blit);
/* The same for an image that rotated() or scaled() made, its corner at blit->x and blit->y. */
bool transformed_pose(const struct transformed *self, struct blit *blit);
/* A number or a pair of them, above 0. */
bool transform_parse_scale(PyObject *object, double *x, double *y);

/* A blits() under way. */
struct batch {
    struct display *display;
    struct frame *frame;
    PyObject *rects;                 /* owned list, or NULL if none are wanted */
    struct kb_command_blit *records; /* room at the end of the frame */
    size_t room, used;               /* of records */
    size_t appended;                 /* units taken from the frame in all */
    struct box drawn;                /* what was drawn of the last one */
};
/* Begins one in the frame of a window or canvas, which nothing else may change until its end. */
bool batch_begin(struct batch *batch, PyObject *owner, bool rects);
/* The rects, or None; if it is not done, nothing of it is drawn, and NULL. */
PyObject *batch_end(struct batch *batch, bool done);
/* Room for so many more records. */
bool batch_make_room(struct batch *batch, size_t units);
bool batch_add(struct batch *batch, const struct blit *blit);
/* Whether it is an array that arrays_add() takes; image and images may be None there. */
bool arrays_check(PyObject *object, bool *array);
bool arrays_add(struct batch *batch, PyObject *array, PyObject *image, PyObject *images);

extern PyStructSequence_Desc presented_desc;
PyObject *show_flip(struct window *self, PyObject *args, PyObject *kwargs);
PyObject *show_update(struct window *self, PyObject *args, PyObject *kwargs);
PyObject *show_commit(struct window *self, PyObject *unused);
PyObject *show_wait(struct window *self, PyObject *serial);
PyObject *show_presented(struct window *self, void *closure);

/* ---- font.c --------------------------------------------------------------------------------- */

extern PyType_Spec font_spec;
PyObject *font_draw_text(PyObject *self, PyObject *args, PyObject *kwargs);

/* ---- mask.c, mask_parts.c ------------------------------------------------------------------- */

extern PyType_Spec mask_spec;
struct bits;
bool mask_check(const struct state *state, PyObject *object);
/* Of a mask. */
struct bits *mask_bits(PyObject *mask);
struct state *mask_state(PyObject *mask);
/* A new mask, empty. */
PyObject *mask_new(struct state *state, int32_t width, int32_t height);
/* A new mask of an Image or a pygame Surface. */
PyObject *mask_of_image(struct state *state, PyObject *source, int threshold);
PyObject *mask_outline(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *mask_get_bounding_rects(PyObject *self, PyObject *unused);
PyObject *mask_connected_component(PyObject *self, PyObject *args, PyObject *kwargs);
PyObject *mask_connected_components(PyObject *self, PyObject *args, PyObject *kwargs);
/* What get_at() and set_at() take, too. */
bool mask_parse_pixel(PyObject *self, PyObject *pos, int32_t *x, int32_t *y);

/* ---- draw_shapes.c: kmsblit.draw ------------------------------------------------------------ */

PyObject *shapes_line(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_lines(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_polygon(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_circle(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_ellipse(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_arc(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_rect(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_aaline(PyObject *module, PyObject *args, PyObject *kwargs);
PyObject *shapes_aalines(PyObject *module, PyObject *args, PyObject *kwargs);

/* ---- sheet.c, timing.c ---------------------------------------------------------------------- */

extern PyType_Spec sub_image_spec, sheet_spec, clock_spec, animation_spec;
bool sub_check(const struct state *state, PyObject *object);
PyObject *sub_new(struct image *image, const struct box *area);
PyObject *image_subsurface(struct image *self, PyObject *args);
/* Makes the blit of a part, whose area is one of that part, one of its image. */
void sub_narrow(const struct sub_image *self, struct blit *blit);

/* ---- input.c -------------------------------------------------------------------------------- */

/* Gives events to handlers; without any, brings what is asked up to date for programs that take no
 * events. False: a handler raised an exception. */
bool input_after_flip(struct display *self);
PyObject *input_set_hand_out(PyObject *module, PyObject *function);
PyObject *input_next_event(struct display *self, PyObject *unused);
PyObject *input_pump(struct display *self, PyObject *unused);
PyObject *input_focus(struct display *self, PyObject *unused);
PyObject *input_held_keys(struct display *self, PyObject *unused);
PyObject *input_modifiers(struct display *self, PyObject *unused);
PyObject *input_pointer(struct display *self, PyObject *unused);
PyObject *input_touches(struct display *self, PyObject *unused);
PyObject *input_devices(struct display *self, PyObject *unused);
PyObject *input_device(struct display *self, PyObject *args);
PyObject *input_axis(struct display *self, PyObject *args);
PyObject *input_button(struct display *self, PyObject *args);
PyObject *input_rumble(struct display *self, PyObject *args);
PyObject *input_set_repeat(struct display *self, PyObject *args);
PyObject *input_get_repeat(struct display *self, PyObject *unused);
PyObject *input_inject(struct display *self, PyObject *args, PyObject *kwargs);
PyObject *input_window_focus(struct window *self, PyObject *unused);
PyObject *input_get_focused(PyObject *object, void *closure);
PyObject *input_get_locked(PyObject *object, void *closure);
PyObject *input_get_grabbed(PyObject *object, void *closure);
int input_set_locked(PyObject *object, PyObject *value, void *closure);
int input_set_grabbed(PyObject *object, PyObject *value, void *closure);
/* Of displays and windows alike: what the function of kmsblit._input returns, which the closure names. */
PyObject *input_get_in_python(PyObject *object, void *closure);
PyObject *input_events(PyObject *object, PyObject *unused);

/* ---- screenshot.c, png.c -------------------------------------------------------------------- */

extern PyType_Spec screenshot_spec;
PyObject *screenshot_take(struct display *display, uint32_t output, struct window *window);
/* Writes 0xXXRRGGBB pixels as a PNG file; 0 or -errno. */
int png_write(const char *path, uint32_t width, uint32_t height, const uint32_t *pixels);

#endif

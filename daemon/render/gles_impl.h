/*
 * Inside the GLES renderer. A step of a drawing goes through these: frame (what of which operations shows in which rectangle), ops and sample (as
 * quads), images and pages (what they sample, brought to the GPU at once), batch (few draws of many quads, at the end), target.
 *
 * Everything here is used between kd_egl_enter() and kd_egl_leave(). Memory is kept from frame to frame: nothing is allocated for one that is like those
 * before it.
 */
#ifndef KD_RENDER_GLES_IMPL_H
#define KD_RENDER_GLES_IMPL_H

#include <pthread.h>
#include <stdatomic.h>

#include "image/pixels.h"
#include "pix/pix.h"
#include "plan/plan.h"
#include "render/egl.h"
#include "render/gles.h"
#include "render/render.h"

struct kd_gles;

/* Memory that grows. */
struct kd_gles_room {
    void *data; /* owned */
    size_t bytes;
};

/* At least so many; what was in it stays. NULL: out of memory, and nothing changed. */
void *kd_gles_room_for(struct kd_gles *gles, struct kd_gles_room *room, size_t count, size_t size);

/* ---- Textures (gles_pages.c) --------------------------------------------------------------------- */

struct kd_gles_image;

/* A texture: an atlas of small images, or a piece of a large one. */
struct kd_gles_page {
    struct kd_gles_page *next; /* in the list of all, which owns it */
    struct kd_gles_image *owner;
    uint32_t piece; /* the owner's; owner NULL: it is an atlas */
    unsigned texture;
    int32_t width_px, height_px;
    bool bilinear;          /* how it is sampled now */
    uint64_t used;          /* the last step that needs it */
    int32_t end_y;          /* atlases: where the next shelf begins */
    uint32_t shelves_count; /* rows of images of about the same height */
    struct kd_gles_shelf {
        int16_t y, height_px, end_x;
    } shelves[64];
};

struct kd_gles_pages {
    struct kd_gles_page *list; /* owned */
    uint64_t bytes;            /* of all of them */
};

/* ---- What is drawn (gles_batch.c) ----------------------------------------------------------------- */

enum kd_gles_program {
    KD_GLES_FILL,    /* a colour */
    KD_GLES_TEXTURE, /* texels as they are, one to one */
    KD_GLES_TINT,    /* ... by a colour */
    KD_GLES_SCALED,  /* as TEXTURE, at exact places */
    KD_GLES_SAMPLED, /* as TINT, at exact places, kept within a box */
    KD_GLES_PROGRAMS,
};

/* What becomes of the target's colours (D) with the source's (S, alpha A). */
enum kd_gles_blend {
    KD_GLES_NONE,     /* S */
    KD_GLES_OVER,     /* S + D * (1 - A) */
    KD_GLES_STRAIGHT, /* S * A + D * (1 - A) */
    KD_GLES_ADD,
    KD_GLES_SUB,
    KD_GLES_MULT,
    KD_GLES_MIN,
    KD_GLES_MAX,
};

/* As vertices have it: 65535 is 1. A byte a channel would round the product of tint and alpha once too often. */
struct kd_gles_color {
    uint16_t red, green, blue, alpha;
};

/* 0xAARRGGBB */
static inline struct kd_gles_color kd_gles_color_of(uint32_t color)
{
    return (struct kd_gles_color){(uint16_t)((color >> 16 & 255) * 257),
                                  (uint16_t)((color >> 8 & 255) * 257),
                                  (uint16_t)((color & 255) * 257), (uint16_t)((color >> 24) * 257)};
}

static inline bool kd_gles_is_white(struct kd_gles_color color)
{
    return (color.red & color.green & color.blue & color.alpha) == UINT16_MAX;
}

/* What quads of one draw have in common. */
struct kd_gles_state {
    uint8_t program; /* enum kd_gles_program */
    uint8_t blend;   /* enum kd_gles_blend */
    bool bilinear;
    struct kd_gles_page *page; /* NULL: none */
};

/* A rectangle of the target; of the page: its texels at the corners, the first and the last one along rows and columns, which run backwards if the
 * last is before the first. */
struct kd_gles_quad {
    struct kd_cover where;
    int16_t u1, v1, u2, v2;
    bool turned; /* texels' rows are the target's columns */
    struct kd_gles_color color;
    uint32_t batch;
};

/* Corners of a sampled quad, in order around it. */
struct kd_gles_vertex {
    float x, y; /* target pixels */
    float u, v; /* of the page, 0 to 1 */
    struct kd_gles_color color;
    float box[4]; /* that u and v are kept in */
};

/* What quads lie over: the first of them as they are, others roughly: their rectangle in 16 times 16 parts, a bit each. */
#define KD_GLES_FIRST 8
#define KD_GLES_PARTS 16
struct kd_gles_batch {
    struct kd_gles_state state;
    struct kd_cover quads[KD_GLES_FIRST];
    uint16_t taken[KD_GLES_PARTS]; /* by row of parts */
    uint32_t rectangle;
    uint32_t count, first; /* quads, and which of their kind is the first */
};

struct kd_gles_batches {
    unsigned programs[KD_GLES_PROGRAMS];
    int scales[KD_GLES_PROGRAMS]; /* locations of uniforms */
    unsigned vertex_buffer, index_buffer;

    struct kd_gles_room batches, quads, sampled, sampled_batch, vertices; /* of this step */
    uint32_t batches_count, quads_count, sampled_count;
    uint32_t barrier; /* quads do not go into batches before this one */
    int64_t area_px;  /* of all quads */
    uint32_t ops;     /* operations that they are all of */
};

/* ---- Images on the GPU (gles_images.c) ----------------------------------------------------------- */

/* What is done to an image's pixels when they are uploaded. */
enum kd_gles_conversion {
    KD_GLES_AS_STORED,
    KD_GLES_PREMULTIPLIED, /* straight ones */
    KD_GLES_OPAQUE,        /* alpha becomes 255 */
};

/* 64x64 pixels of an image, less at its right and bottom edge. */
struct kd_gles_cell {
    uint64_t key;   /* of the tile that was uploaded; 0: none */
    uint32_t color; /* solid: as converted */
    uint8_t content;
};

/* A part of an image in one page. */
struct kd_gles_piece {
    struct kd_gles_page *page; /* NULL: not made */
    int16_t x, y;              /* where the box's corner lies in it */
    struct kd_box core;        /* pixels that are drawn from it, ... */
    struct kd_box box;         /* ... and one more around them, if there are others beside it */
};

struct kd_gles_image {
    struct kd_gles_image *next; /* of the same hash */
    uint64_t id;                /* a tile's key, or a lineage */
    uint64_t step, version; /* the last step that samples it, and of which version; 0: of several */
    int32_t width_px, height_px;
    uint8_t conversion; /* enum kd_gles_conversion */
    bool is_versioned;
    bool has_cells; /* it is large enough for its cells to be looked at */
    int32_t cells_x, cells_y;
    int32_t pieces_x, pieces_y;
    struct kd_gles_cell *cells; /* behind the pieces */
    struct kd_gles_piece pieces[];
};

#define KD_GLES_IMAGE_HASHES 1024

struct kd_gles_images {
    struct kd_gles_image *hashes[KD_GLES_IMAGE_HASHES]; /* owned */
    bool has_leftovers;                                 /* some have no page */
    struct kd_gles_room rows;                           /* pixels on their way */
};

/* ---- The renderer (gles.c) ------------------------------------------------------------------------ */

/* What one GPU wants, and others do not. */
struct kd_gles_driver {
    const char *name;     /* how its renderer's name begins */
    uint32_t rectangles;  /* at most so many scissored areas a step */
    int64_t rectangle_px; /* what one more costs, as so many pixels */
    bool flushes;         /* a job has one area around all its scissors: one job for each */
    bool
        loads_tiles; /* tiles of 64x64 are loaded and stored; only if all are drawn anew they need not be loaded */
};

struct kd_gles_target {
    struct kd_attachment attachment;
    struct kd_gles_target *next; /* of the renderer's */
    struct kd_gles *gles;
    struct kd_buffer *buffer;
    struct kd_egl_target egl; /* its image is NULL where the pixels are read back, ... */
    unsigned texture;         /* ... from this */
    bool is_imported;
    bool
        is_lost; /* there is nothing left of it in the context, and what was drawn last is not known */
};

struct kd_gles {
    struct kd_renderer base;
    struct kd_renderer *cpu; /* owned: pictures */
    pthread_mutex_t lock;    /* of all that follows */
    struct kd_egl *egl;      /* owned */
    const struct kd_pix *pix;
    const struct kd_gles_driver *driver;
    struct kd_gles_limits limits;
    bool reads_bgra;
    uint64_t step; /* the number of this one */
    atomic_bool loses;
    struct kd_gles_counters counters;
    struct kd_gles_batches batches;
    struct kd_gles_pages pages;
    struct kd_gles_images images;
    struct kd_gles_target *targets;                 /* each is its buffer's; see gles_target.c */
    struct kd_gles_room covers, seen, loads, parts; /* gles_frame.c's */
    struct kd_box rectangles[16];
    size_t rectangles_count;
    bool clears; /* the step begins with a colour everywhere: */
    uint32_t clear_color;
};

/* ---- gles_pages.c --------------------------------------------------------------------------------- */

/* Room for an image's piece, of this size. 0; -EAGAIN: only once this step is over; -ENOMEM. */
int kd_gles_page_get(struct kd_gles *gles, struct kd_gles_image *owner, uint32_t piece,
                     int32_t width_px, int32_t height_px);

/* Room in an atlas. The same. */
int kd_gles_page_share(struct kd_gles *gles, int32_t width_px, int32_t height_px,
                       struct kd_gles_piece *piece);

void kd_gles_pages_finish(struct kd_gles *gles);

/* ---- gles_images.c -------------------------------------------------------------------------------- */

/* An image whose pixels in this box are on the GPU when the step's drawing begins. 0, -EAGAIN, -ENOMEM. */
int kd_gles_image_get(struct kd_gles *gles, const struct kd_pixels *pixels,
                      enum kd_gles_conversion conversion, struct kd_box box,
                      struct kd_gles_image **out);

/* The page is somebody else's from now on. */
void kd_gles_images_leave(struct kd_gles *gles, const struct kd_gles_page *page);

/* Between steps: frees those that have nothing on the GPU, or all. */
void kd_gles_images_sweep(struct kd_gles *gles, bool all);

/* ---- gles_batch.c --------------------------------------------------------------------------------- */

/* Programs and buffers. 0, or -EOPNOTSUPP: why says more. */
int kd_gles_batches_init(struct kd_gles *gles, char *why, size_t why_bytes);
void kd_gles_batches_finish(struct kd_gles *gles);

/* A new step has begun. */
void kd_gles_batches_begin(struct kd_gles *gles);

/* From now on quads belong to this one of the rectangles. */
void kd_gles_batches_rectangle(struct kd_gles *gles);

/* 0 or -ENOMEM. quad->batch is set here. */
int kd_gles_add_quad(struct kd_gles *gles, const struct kd_gles_state *state,
                     struct kd_gles_quad *quad, uint32_t rectangle);
int kd_gles_add_sampled(struct kd_gles *gles, const struct kd_gles_state *state,
                        const struct kd_gles_vertex corners[4], struct kd_box bounds,
                        uint32_t rectangle);

/* Draws what was added into the target that is bound. 0 or -ENOMEM. */
int kd_gles_batches_draw(struct kd_gles *gles, int32_t width_px, int32_t height_px);

/* ---- gles_ops.c, gles_sample.c -------------------------------------------------------------------- */

/* How an operation uses its source's pixels. */
struct kd_gles_use {
    enum kd_gles_conversion conversion;
    enum kd_gles_blend blend;
    struct kd_gles_color color; /* that they are multiplied by */
};
struct kd_gles_use kd_gles_use_of(const struct kd_op *op, const struct kd_pixels *source);

/* The part of an operation within clip. 0; -EAGAIN: not in this step; -ENOMEM. */
int kd_gles_add_op(struct kd_gles *gles, const struct kd_plan *plan, const struct kd_op *op,
                   struct kd_box clip, uint32_t rectangle);
int kd_gles_add_fill(struct kd_gles *gles, struct kd_box where, uint32_t color,
                     enum kd_gles_blend blend, uint32_t rectangle);

/* Where the part sub of what an operation draws upright goes; part and upright are all of it. */
struct kd_box kd_gles_placed(const struct kd_op *op, struct kd_box part, struct kd_box upright,
                             struct kd_box sub);

int kd_gles_add_scaled(struct kd_gles *gles, const struct kd_plan *plan, const struct kd_op *op,
                       struct kd_box part, uint32_t rectangle);
int kd_gles_add_transformed(struct kd_gles *gles, const struct kd_plan *plan,
                            const struct kd_op *op, struct kd_box part, uint32_t rectangle);

/* ---- gles_frame.c --------------------------------------------------------------------------------- */

/* Where a step of a drawing ends, and the next one goes on. */
struct kd_gles_progress {
    uint32_t rectangle, op;
};

/* The rectangles of a drawing. */
void kd_gles_find_rectangles(struct kd_gles *gles, const struct kd_draw *draw, bool whole);

/* Adds quads from there on, until the step has enough: then *done is false. 0 or -ENOMEM. */
int kd_gles_add_frame(struct kd_gles *gles, const struct kd_plan *plan,
                      struct kd_gles_progress *progress, bool *done);

/* ---- gles_target.c -------------------------------------------------------------------------------- */

/* What the GPU draws a buffer into. 0 or -errno. */
int kd_gles_target_get(struct kd_gles *gles, struct kd_buffer *buffer, struct kd_gles_target **out);

/* What was drawn goes to the buffer's memory, if the GPU has none of its own. 0 or -ENOMEM. */
int kd_gles_target_read_back(struct kd_gles *gles, struct kd_gles_target *target);

/* Pixels of the target that is bound, as 0xFFRRGGBB. 0 or -ENOMEM. */
int kd_gles_target_read(struct kd_gles *gles, struct kd_box box, uint32_t *out, size_t stride_px);

/* They are made anew when they are needed. */
void kd_gles_targets_lose(struct kd_gles *gles);
void kd_gles_targets_finish(struct kd_gles *gles);

#endif

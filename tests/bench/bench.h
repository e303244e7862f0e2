/*
 * The benchmark of drawing: the same frames drawn by the daemon's own path and by its peers, in turns, in one run.
 * Pictures and frames are made from a fixed seed; every subject gets them in the form that it likes best.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_SEED       UINT64_C(0x6B6D73626C6974)
#define BENCH_FRAMES_MAX 8

/* --- Pictures ---------------------------------------------------------------------------------- */

struct bench_picture {
    int32_t width_px, height_px;
    bool is_opaque;
    uint32_t *straight;      /* owned; 0xAARRGGBB, rows without gaps */
    uint32_t *premultiplied; /* owned; the same, (c * a + 127) / 255 */
};

struct bench_pictures {
    struct bench_picture *list; /* owned */
    uint32_t count;
    uint32_t sprites, sprites_count; /* which of them are sprites, ... */
    uint32_t small, small_count;     /* ... sprites of 32x32, ... */
    uint32_t tiles, tiles_count;     /* ... opaque tiles of 32x32, ... */
    uint32_t page, background;       /* ... and of the target's size */
};

/* Of all pixels of the sprites, parts of 1. */
struct bench_shares {
    double transparent, opaque, translucent;
};

uint64_t bench_random(uint64_t *state);
int32_t bench_below(uint64_t *state, int32_t bound);

/* folder: PNGs to be used as sprites; NULL: made ones. False after telling why not. */
bool bench_pictures_make(struct bench_pictures *pictures, int32_t width_px, int32_t height_px,
                         const char *folder);
void bench_pictures_finish(struct bench_pictures *pictures);
struct bench_shares bench_pictures_shares(const struct bench_pictures *pictures);

/* An empty picture at the end of the list; exits when memory is out. */
struct bench_picture *bench_pictures_add(struct bench_pictures *pictures, int32_t width_px,
                                         int32_t height_px);
/* Adds every PNG of a folder, by name; the number, or -1 after telling why. */
int bench_pictures_load(struct bench_pictures *pictures, const char *folder);

/* --- Frames ------------------------------------------------------------------------------------ */

enum bench_item_kind {
    BENCH_FILL,
    BENCH_BLIT,
    BENCH_TURN, /* a picture turned and scaled */
};

/* Target to picture, 16.16. */
struct bench_matrix {
    int32_t xx, xy, x0, yx, yy, y0;
};

struct bench_item {
    uint8_t kind; /* enum bench_item_kind */
    bool smooth;  /* turned: bilinear */
    uint32_t picture;
    int32_t x, y, width_px, height_px; /* the rectangle; turned: a box around what is drawn */
    uint32_t color;                    /* fills: 0xAARRGGBB, straight */
    double angle_deg, scale, center_x, center_y; /* turned: counter-clockwise */
    struct bench_matrix matrix;
};

/* Frames that are drawn one after the other, round and round. Each of them covers the whole target. */
struct bench_scene {
    const char *name, *what;
    int32_t width_px, height_px;
    bool has_difference; /* little changes from frame to frame */
    int tolerance; /* how far pixels may be from pixman's, in levels; -1: they are not compared */
    uint32_t frames_count;
    uint32_t items_count;                       /* of each frame */
    struct bench_item *items[BENCH_FRAMES_MAX]; /* owned */
};

#define BENCH_SCENES_MAX 16

/* Fills in all scenes; returns their number. */
uint32_t bench_scenes_make(struct bench_scene *scenes, const struct bench_pictures *pictures,
                           int32_t width_px, int32_t height_px);
void bench_scene_finish(struct bench_scene *scene);

/* Bytes that drawing everything in order moves: source and target read, target written. */
uint64_t bench_scene_painter_bytes(const struct bench_scene *scene,
                                   const struct bench_pictures *pictures);

/* Writes pictures and scenes for the programs in Python. False after telling why not. */
bool bench_dump(const char *folder, const struct bench_pictures *pictures,
                const struct bench_scene *scenes, uint32_t count);

/* --- Subjects ---------------------------------------------------------------------------------- */

struct bench_times {
    int64_t total_ns;
    int64_t plan_ns; /* the part of it before drawing; 0: not told apart */
};

struct bench_job {
    const struct bench_scene *scene;
    const struct bench_pictures *pictures;
    bool by_difference;
    unsigned threads;
};

/* What draws: one for every way of every subject. */
struct bench_subject {
    const char *name, *form; /* form: "full", "difference", ... */
    void *(*create)(
        const struct bench_job *job); /* NULL: it does not do such scenes, or is not there */
    void (*frame)(void *subject, uint32_t n,
                  struct bench_times *times);                    /* n: of the scene's frames */
    const uint32_t *(*pixels)(void *subject, size_t *stride_px); /* NULL: not to be compared */
    uint64_t (*drawn_px)(void *subject); /* NULL: not known; pixels drawn in the last frame */
    void (*destroy)(void *subject);
};

/* Ends with a NULL name. */
extern const struct bench_subject bench_ours[], bench_pixman[], bench_sdl[], bench_limits[];

/* "2.26.5", or NULL if it is not installed. */
const char *bench_pixman_version(void);
const char *bench_sdl_version(void);

/* The name of the kernels in use, and how many threads the renderer can use. */
const char *bench_ours_kernels(void);
unsigned bench_ours_threads_max(void);

/* --- Measuring --------------------------------------------------------------------------------- */

struct bench_options {
    int32_t width_px, height_px;
    unsigned threads;
    bool quick;
    bool renderers;     /* both of them, and nothing else */
    const char *only;   /* "W1,W5", or NULL */
    const char *images; /* a folder, or NULL */
};

/* Time of the processor, used by this process: so other programs disturb less. With several threads it is real time that counts. */
int64_t bench_now_ns(void);
void bench_use_wall_clock(void);
const char *bench_clock_name(void); /* "cpu" or "wall" */

bool bench_is_wanted(const struct bench_options *options, const char *name);

struct bench_series {
    int64_t samples_ns[4096], plans_ns[4096];
    uint32_t count;
};
void bench_series_add(struct bench_series *series, const struct bench_times *times);
double bench_min_ms(const int64_t *samples_ns, uint32_t count);
double bench_median_ms(const int64_t *samples_ns, uint32_t count); /* sorts a copy */

/* Everything about one scene, printed as lines of JSON. False: pixels were wrong. */
bool bench_measure(const struct bench_options *options, const struct bench_scene *scene,
                   const struct bench_pictures *pictures);

/* Both renderers on each scene, printed as lines of JSON. False: there is no GPU, or one could not draw. */
bool bench_measure_renderers(const struct bench_options *options,
                             const struct bench_pictures *pictures,
                             const struct bench_scene *scenes, uint32_t count);

/* What threads are worth that share nothing. */
void bench_measure_threads(const struct bench_options *options);

/* W7: sets of rectangles. */
void bench_measure_rectangles(const struct bench_options *options);

/* Classification of images, in bytes a second. */
void bench_measure_classifier(const struct bench_options *options,
                              const struct bench_pictures *pictures);

#endif

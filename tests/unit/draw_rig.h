/*
 * For tests of drawing: random images and command lists, the daemon's way of drawing them, and a painter that knows nothing of tiles: pixel by
 * pixel, with the formulas of docs/protocol.md written down again.
 */
#ifndef DRAW_RIG_H
#define DRAW_RIG_H

#include "plan/bounds.h"
#include "plan/plan.h"
#include "render/render.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>

#define DRAW_SEED UINT64_C(0x1234567890ABCDEF)

/* An image twice: as the daemon has it, and as plain rows. */
struct draw_image {
    struct kd_pixels *pixels; /* owned */
    uint32_t *plain;          /* owned; width * height */
};

/* Random pixels in the daemon's form, keys by content. */
struct draw_image draw_image_create(enum kd_source_kind kind, int32_t width, int32_t height,
                                    bool versioned);

/* The same in the daemon's form from given pixels. */
struct kd_pixels *draw_pixels(enum kd_source_kind kind, int32_t width, int32_t height,
                              bool versioned, const uint32_t *plain);

/* A single tile, clear around a figure of random pixels, and classified as the daemon does. */
struct draw_image draw_image_create_figure(enum kd_source_kind kind, int32_t width, int32_t height);
void draw_image_finish(struct draw_image *image);

/* A list of commands under way; the memory is the caller's. */
struct draw_commands {
    unsigned char *bytes; /* 32 a unit */
    uint32_t units;
};
void draw_fill(struct draw_commands *list, enum kb_blend blend, uint8_t alpha, uint32_t color,
               struct kb_rect where);
void draw_clip(struct draw_commands *list, struct kb_rect where);
void draw_blit(struct draw_commands *list, const struct kb_command_blit *blit);

/* A random command for a target of this size: fills, blits of the first so many images, plain and transformed, now and then a
 * clip. At most two units. */
void draw_random_command(struct draw_commands *list, int32_t width, int32_t height,
                         const struct draw_image *images, uint32_t images_count);

/* What a window shows, of any size up to so many pixels each way: alpha is 255 everywhere. */
struct draw_image draw_random_picture(int32_t most_px);

/* A window anywhere on an output of this size, shown in any size. */
struct kd_layer draw_random_layer(int32_t width, int32_t height, const struct draw_image *pictures,
                                  uint32_t pictures_count);

/* Draws the commands over plain rows. */
void draw_paint(uint32_t *target, int32_t width, int32_t height, enum kd_target_kind kind,
                const struct draw_commands *list, const struct draw_image *images);

/* One layer over plain rows. */
void draw_paint_layer(uint32_t *target, int32_t width, int32_t height, const struct kd_layer *layer,
                      const struct draw_image *pictures);

/* A buffer's plain rows with an output's picture in it, black around: step by step, as the view says it. To be freed. */
uint32_t *draw_on_device(const struct kd_view *view, const uint32_t *picture);

/* What the daemon makes of the next frame of a window. */
struct drawn_frame {
    struct kd_pixels *picture; /* owned by the caller; a reference */
    uint32_t tiles_drawn;
    uint64_t pixels_drawn;
    unsigned slices;
    bool split_a_tile; /* a slice ended within a tile */
};
void draw_frame(struct drawn_frame *frame, const struct kd_pixels *before, bool clear,
                struct kd_grid grid, enum kd_target_kind target, uint32_t base_color,
                uint64_t max_touches, const struct draw_commands *list,
                const struct draw_image *images, uint32_t images_count);

/* Runs a drawing to its end; returns the number of slices. */
unsigned draw_run(struct kd_draw *draw, bool *split_a_tile);

/* Fails the test, naming the pixel, where rows differ. */
void draw_expect_equal(const uint32_t *got, size_t got_stride_px, const uint32_t *want,
                       int32_t width, int32_t height, const char *what);

#endif

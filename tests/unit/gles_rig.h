/*
 * For tests of the GLES renderer: plans drawn by it and by the CPU's renderer into buffers beside each other, and how far their pixels are apart.
 */
#ifndef GLES_RIG_H
#define GLES_RIG_H

#include "draw_rig.h"

#include "render/gles.h"

/* Why there is no renderer; NULL: there is one. The tests are then left out, and say so. */
const char *gles_missing(void);

/* A renderer of its own for each test. limits NULL: as the driver has them. */
struct kd_renderer *gles_create(const struct kd_gles_limits *limits);

/* A display: a buffer for each of the two. */
struct gles_display {
    struct kd_renderer *gles, *cpu;
    struct kd_buffer *got, *want;
    uint64_t max_touches; /* of plans; 0: as always */
    bool has_no_memory;   /* everything is drawn in vain, first: ... */
    unsigned textures;    /* ... there is memory for so many more textures */
    unsigned steps;       /* of the last drawing by GLES */
    struct kd_gles_counters before;
};
void gles_display_init(struct gles_display *display, int32_t width, int32_t height,
                       enum kb_format format, const struct kd_gles_limits *limits);
void gles_display_finish(struct gles_display *display);

/* What the display shows, drawn by both where the buffers differ from it. base: the colour below all operations. */
void gles_draw_commands(struct gles_display *display, const struct draw_commands *list,
                        uint32_t base, const struct draw_image *images, uint32_t images_count);
void gles_draw_layers(struct gles_display *display, const struct kd_view *view,
                      const struct kd_layer *layers, uint32_t layers_count,
                      const struct draw_image *pictures, uint32_t pictures_count);

/* What was asked of the GPU since the last time. */
struct kd_gles_counters gles_counted(struct gles_display *display);

/* The largest difference of a channel, where the mask (by pixel; NULL: nowhere) is 0. */
unsigned gles_apart(const struct gles_display *display, const uint8_t *mask);

/* Fails the test, naming the pixel that is furthest away, if that is more than allowed. */
void gles_expect(const struct gles_display *display, unsigned allowed, const uint8_t *mask,
                 const char *what);

#endif

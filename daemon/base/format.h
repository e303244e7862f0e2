/*
 * Pixel formats: one table of what is to be known about each.
 */
#ifndef KD_BASE_FORMAT_H
#define KD_BASE_FORMAT_H

#include "gen/kmsblit_types.h"

#include <stdbool.h>
#include <stdint.h>

struct kd_format {
    enum kb_format value; /* in the protocol */
    const char *name;     /* as in the protocol's description */
    uint32_t drm_fourcc;  /* the same bits for DRM (which knows no premultiplication); 0: none */
    uint8_t bytes_per_px;
    bool opaque;        /* no alpha: every pixel has 255 */
    bool premultiplied; /* colours are multiplied by alpha */
    bool implemented;   /* false: image_create answers not_implemented */
};

/* What is known about a format; NULL if the protocol has no such value. */
const struct kd_format *kd_format_get(unsigned value);

#endif

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

/* 5 and 6 bits widen by repeating their high bits. */
static inline uint32_t kd_rgb565_widen(uint32_t pixel)
{
    uint32_t r = pixel >> 11, g = pixel >> 5 & 63, b = pixel & 31;

    return 0xFF000000 | (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2);
}

/* The nearest that 5 and 6 bits can say; of a widened pixel, that pixel. */
static inline uint16_t kd_rgb565_narrow(uint32_t pixel)
{
    uint32_t r = ((pixel >> 16 & 255) * 31 + 127) / 255, g = ((pixel >> 8 & 255) * 63 + 127) / 255;
    uint32_t b = ((pixel & 255) * 31 + 127) / 255;

    return (uint16_t)(r << 11 | g << 5 | b);
}

#endif

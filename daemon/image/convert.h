/*
 * Clients' pixels of all formats, as the 32-bit pixels 0xAARRGGBB that images are made of.
 */
#ifndef KD_IMAGE_CONVERT_H
#define KD_IMAGE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pix/pix.h"

#include "gen/kmsblit_types.h"

struct kd_conversion {
    enum kb_format format;
    bool has_key;
    uint32_t key;            /* 0x00RRGGBB: pixels of this colour become 0 */
    const uint32_t *palette; /* 256 straight colours, for p8; else NULL */
};

/* What the pixels mean once they are converted. */
enum kd_source_kind kd_conversion_kind(const struct kd_conversion *conversion);

/* count_px pixels as the client stores them (in need not be aligned). */
void kd_convert_row(const struct kd_conversion *conversion, uint32_t *out, const uint8_t *in,
                    size_t count_px);

#endif

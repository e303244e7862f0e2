/*
 * What a display says of itself (EDID): its name and size. The bytes come from whatever is plugged in: nothing in them is believed.
 */
#ifndef KD_OUTPUT_EDID_H
#define KD_OUTPUT_EDID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kd_edid {
    char name[64];                /* "LG HDR 4K": maker and model, printable ASCII; never empty */
    uint32_t width_mm, height_mm; /* of the picture; 0: not said */
    bool checksum_ok; /* of the first block; a wrong one is no reason to refuse the rest */
};

/* Reads the first block. Returns 0, or -EINVAL if bytes are too few or no EDID: out is then all
 * zero. */
int kd_edid_parse(const uint8_t *bytes, size_t bytes_count, struct kd_edid *out);

#endif

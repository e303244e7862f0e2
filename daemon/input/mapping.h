/*
 * Layouts of gamepads in SDL's format: which button, axis or hat of a device is which of a gamepad's.
 *
 *     030000005e0400008e02000014010000,A pad,a:b0,leftx:a0,dpup:h0.1,lefttrigger:a2,-righty:+a4~,platform:Linux
 */
#ifndef KD_INPUT_MAPPING_H
#define KD_INPUT_MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KD_GUID_BYTES    16
#define KD_BINDS_MAX     64
#define KD_MAPPING_BYTES 4096 /* of a line, with its end */

/* Which half of an axis: its sign, or 0 for all of it. */
struct kd_bind {
    enum { KD_BIND_BUTTON, KD_BIND_AXIS, KD_BIND_HAT } from;
    uint16_t index;   /* of the device's button, axis or hat */
    uint8_t hat_bit;  /* 1 up, 2 right, 4 down, 8 left */
    int8_t from_half; /* of an axis */
    bool from_inverted;
    bool to_axis;    /* else to a button */
    bool to_trigger; /* an axis that goes from 0 to 32767 only */
    int8_t to_half;
    uint16_t to;
};

struct kd_mapping {
    uint8_t guid[KD_GUID_BYTES]; /* without the checksum of the name */
    uint16_t crc;                /* of the name; 0: of any */
    uint16_t binds_count;
    struct kd_bind binds[KD_BINDS_MAX];
};

/* What SDL calls a device; name as the device says it. */
void kd_guid_make(uint8_t guid[KD_GUID_BYTES], uint16_t bus, uint16_t vendor, uint16_t product,
                  uint16_t version, const char *name);

/* One line, without its end. 1: it is a mapping; 0: it is none for us (a remark, another system); -EINVAL: why says what is wrong. */
int kd_mapping_parse(const char *line, struct kd_mapping *mapping, char *why, size_t why_bytes);

/* Whether it is for a device: by_name: for one of this very name, else of any; any_version: also for another version of it. */
bool kd_mapping_matches(const struct kd_mapping *mapping, const uint8_t guid[KD_GUID_BYTES],
                        const char *name, bool by_name, bool any_version);

/* Those of some files. */
struct kd_mappings;

int kd_mappings_create(struct kd_mappings **out);
void kd_mappings_destroy(struct kd_mappings *mappings); /* NULL is allowed */

/* Adds the lines of a text (from: what it is called in warnings), or of a file. What is wrong in it is warned about; -errno: it cannot be read at all. */
void kd_mappings_add_text(struct kd_mappings *mappings, const char *text, size_t bytes,
                          const char *from);
int kd_mappings_add_file(struct kd_mappings *mappings, const char *path);

/* The last that was added for a device, one for its very name first, then one for another version of it; NULL: none. */
const struct kd_mapping *kd_mappings_find(const struct kd_mappings *mappings,
                                          const uint8_t guid[KD_GUID_BYTES], const char *name);

#endif

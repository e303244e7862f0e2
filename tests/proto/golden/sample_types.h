/* Made by proto/gen.py from the protocol description; changes here are lost. */
#ifndef KB_SAMPLE_TYPES_H
#define KB_SAMPLE_TYPES_H

#include <stdint.h>

/* 16.16 fixed point. */
typedef int32_t kb_fixed;

#define KB_PROTO_VERSION 2

#define KB_MAX_MESSAGE_BYTES 65536u /* Largest message. */
#define KB_MOST_BOXES 4u /* Boxes in one `draw`. */

/* How one feels. */
enum kb_mood {
    KB_MOOD_CALM = 0, /* Not at all excited. */
    KB_MOOD_GLAD = 7, /* A "good" mood. (Not yet implemented.) */
    KB_MOOD_WILD = 200, /* Above 63, so beyond the quick test. */
};

/* What one is. */
enum kb_trait {
    KB_TRAIT_TALL = 1, /* Over two metres. */
    KB_TRAIT_BOLD = 32768, /* Unafraid. */
};
#define KB_TRAIT_ALL 0x8001u

/* Four numbers. */
struct kb_box {
    int32_t x; /* Left edge. */
    int32_t y; /* Top edge. */
    kb_fixed scale; /* Size. */
    uint8_t mood; /* enum kb_mood. How the box feels. */
    uint8_t pad0[3]; /* Zero. */
};

/* Waits. */
struct kb_step_wait {
    uint8_t kind; /* 1. */
    uint8_t pad0[3]; /* Zero. */
    uint32_t ticks; /* How long. */
};

/* Puts a box. */
struct kb_step_put {
    uint8_t kind; /* 9. */
    uint8_t pad0[1]; /* Zero. */
    uint16_t traits; /* enum kb_trait. What it is. */
    struct kb_box box; /* The box. */
    uint8_t pad1[4]; /* Zero. */
};

enum kb_step_kind {
    KB_STEP_WAIT = 1,
    KB_STEP_PUT = 9,
};

/* What to do. */
union kb_step {
    uint8_t kind; /* enum kb_step_kind */
    struct kb_step_wait wait;
    struct kb_step_put put;
};
#define KB_STEP_UNIT_BYTES 8u

#endif

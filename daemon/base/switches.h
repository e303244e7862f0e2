/*
 * Optimisations that can be switched off, each by itself: to find out which one a wrong pixel comes from, and what each is worth. The pixels are
 * the same with all of them on, off, or any mixture.
 */
#ifndef KD_BASE_SWITCHES_H
#define KD_BASE_SWITCHES_H

#include <stdbool.h>
#include <stddef.h>

enum kd_switch {
    KD_SWITCH_SECTIONS =
        1, /* images are classified: transparent parts skipped, opaque ones copied, ... */
    KD_SWITCH_COVER = 2,      /* what operations together hide in a tile is not drawn */
    KD_SWITCH_DIFFERENCE = 4, /* tiles that have their pixels already are not drawn */
    KD_SWITCH_ALONE =
        8, /* small drawings are one worker's; off: everything is drawn by all workers */
    KD_SWITCH_BOUNDS = 16,        /* of a tile that changed, only the part that did is drawn */
    KD_SWITCH_TRANSFORMS = 32,    /* images that are drawn with the same transform again are kept */
    KD_SWITCH_RUNS = 64,          /* tiles beside each other are drawn together */
    KD_SWITCH_STACK = 128,        /* within tiles, what later operations hide is not drawn */
    KD_SWITCH_REUSE = 256,        /* what a frame took is kept for the next one */
    KD_SWITCH_DIRECT = 512,       /* commands are drawn where they are shown, without a picture */
    KD_SWITCH_GPU_CELLS = 1024,   /* of images on the GPU, parts of one colour are filled, ... */
    KD_SWITCH_GPU_BATCHES = 2048, /* and what is alike is drawn at once */
};
#define KD_SWITCHES_ALL                                                              \
    (KD_SWITCH_SECTIONS | KD_SWITCH_COVER | KD_SWITCH_DIFFERENCE | KD_SWITCH_ALONE | \
     KD_SWITCH_BOUNDS | KD_SWITCH_TRANSFORMS | KD_SWITCH_RUNS | KD_SWITCH_STACK |    \
     KD_SWITCH_REUSE | KD_SWITCH_DIRECT | KD_SWITCH_GPU_CELLS | KD_SWITCH_GPU_BATCHES)

/* "sections, cover" to a mask; "all" and "" too. False if a word is none of them: bad then says which. */
bool kd_switches_parse(const char *text, unsigned *mask, char *bad, size_t bad_bytes);

/* Which ones are off in this process: before anything is drawn. */
void kd_switches_set_off(unsigned mask);
bool kd_switch_is_on(enum kd_switch which);

#endif

/*
 * Which of a display's modes is used: a pure choice, so that every odd display can be a line of a test's table.
 */
#ifndef KD_OUTPUT_MODES_H
#define KD_OUTPUT_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kd_mode {
    int32_t width_px, height_px;
    uint32_t refresh_mhz; /* 59940: 59.94 Hz. 0: the driver does not say */
    bool preferred, interlaced;
};

/* What the configuration asks for. 0: whatever is best. */
struct kd_mode_wish {
    int32_t width_px, height_px; /* both or neither */
    uint32_t refresh_mhz;
};

/* The index of the mode to use, -1 if there is none. why gets a whole sentence for the log: what was
 * chosen and why, or which part of the wish could not be met. Without a wish it is the preferred
 * mode, unless that is interlaced or slower than 50 Hz and a better one exists. */
int kd_mode_choose(const struct kd_mode *modes, size_t count, const struct kd_mode_wish *wish,
                   char *why, size_t why_bytes);

/* The exact refresh from a mode's timings, rounded to 1/1000 Hz; an interlaced mode's is that of its
 * fields. vscan 0 is 1. 0 if the timings say nothing, as those of some SPI panels. */
uint32_t kd_mode_refresh_mhz(uint32_t clock_khz, uint16_t htotal, uint16_t vtotal, bool interlaced,
                             bool doublescan, uint16_t vscan);

#endif

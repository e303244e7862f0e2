/* What the daemon would be given of the benchmark's pictures and frames. */
#ifndef BENCH_COMMANDS_H
#define BENCH_COMMANDS_H

#include "bench.h"
#include "image/pixels.h"

/* A picture as an image; straight: as programs hand it over that do not think of it. NULL: out of memory. */
struct kd_pixels *bench_make_source(const struct bench_picture *picture, bool straight);

/* One item as a command of KB_COMMAND_UNIT_BYTES times as many units as it returns. */
uint32_t bench_put_command(const struct bench_item *item, const struct bench_picture *picture,
                           void *out);

#endif

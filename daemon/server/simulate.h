/*
 * Simulated drawing times, for tests on the virtual clock.
 */
#ifndef KD_SERVER_SIMULATE_H
#define KD_SERVER_SIMULATE_H

#include <stdint.h>

/* How long drawing a frame of the window with this title is to take, by a list "TITLE:MILLISECONDS,..."; 0 if it is not in it. */
int64_t kd_simulated_draw_ns(const char *list, const char *title);

#endif

/* A handler of input that keeps what it is told, as lines of text. */
#ifndef INPUT_RIG_H
#define INPUT_RIG_H

#include "input/input.h"

extern const struct kd_input_handler rig_handler;

/* What was told since the last time that this was asked, one thing a line. The answer is good until the next call. */
const char *rig_told(void);

/* The number of the last device; 100: there was none. */
extern uint32_t rig_last_id;

/* The next devices are not wanted. */
extern bool rig_refuses;

/* What open() answers instead of an fd, if it is negative; how many fds are open. */
extern int rig_open_error, rig_opened;

#endif

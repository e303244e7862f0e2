/* A window of libkmsblit that has the focus, and what a daemon says of input; for the tests of both. */
#ifndef EVENTS_RIG_H
#define EVENTS_RIG_H

#include <kmsblit.h>

#include "fake_daemon.h"

extern struct fake rig_fake;
extern struct kb_display *rig_display;
extern struct kb_window *rig_window;

/* A fixture: connected, with a window that has no focus. */
void rig_setup(void);
void rig_teardown(void);

void rig_say(uint16_t opcode, const void *event);
/* All that was said has come. */
void rig_settle(void);
/* The same with nothing left to be taken. */
void rig_drain(void);

void rig_focus(const struct kb_window *window, bool gained, uint32_t modifiers);
void rig_device(uint32_t id, uint32_t capabilities);
void rig_device_gone(uint32_t id);
void rig_key(uint32_t code, bool down, uint32_t keysym, const char *text, uint32_t modifiers);
void rig_button(uint32_t button, bool down);
void rig_move(int x, int y, int dx, int dy);
void rig_wheel(int horizontal, int vertical);
void rig_over(bool inside, int x, int y);
void rig_touch(int finger, enum kb_touch_phase phase, int x, int y);
void rig_axis(uint32_t device, uint32_t axis, int value);
void rig_pad_button(uint32_t device, uint32_t button, bool down);
void rig_keymap(const char *text, unsigned delay_ms, unsigned rate);

/* The next event must be of this type. */
struct kb_event rig_take(enum kb_event_type type);
/* There must be none. */
void rig_take_nothing(void);

#endif

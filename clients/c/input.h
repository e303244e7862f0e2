/* Input inside the library: what is known, events that wait to be taken, text and repeats.
 *
 *     wire -> input.c -> queue.c -> kb_next_event() and so on (events_api.c)
 *
 * There are two states: as events have come, and as the program has taken them. state.c lets an
 * event act on either. */
#ifndef KC_INPUT_H
#define KC_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <kmsblit.h>

#include "gen/kmsblit_proto.h"

#define KC_KEYS         768u   /* codes of keys below this; KEY_MAX + 1 */
#define KC_BUTTON_FIRST 0x110u /* codes of a pointer's buttons: BTN_MOUSE and on */
#define KC_BUTTONS      32u
#define KC_TOUCHES      64u
#define KC_PAD_AXES     64u
#define KC_PAD_BUTTONS  128u
#define KC_EVENTS_SOFT  1024u /* from this many on, old events are joined and forgotten */
#define KC_TYPED_BYTES  256u

enum kc_when { KC_TAKEN, KC_COME, KC_WHENS };

/* One input device. */
struct kc_device {
    struct kb_device_info info;
    unsigned queued; /* events in the queue that name it */
    struct {
        bool there;
        int32_t axes[KC_PAD_AXES];
        bool buttons[KC_PAD_BUTTONS];
    } at[KC_WHENS];
};

struct kc_state {
    uint32_t focus; /* a window's id; 0: none */
    uint32_t modifiers;
    struct {
        bool down;
        uint32_t base;
    } keys[KC_KEYS];
    struct kb_pointer pointer;
    struct kb_touch touches[KC_TOUCHES];
    unsigned touches_count;
};

/* An event with what the program does not see. */
struct kc_queued {
    struct kb_event event;    /* its window is found when it is taken */
    uint32_t window;          /* id */
    struct kc_device *device; /* borrowed; NULL: the event does not depend on one */
    /* KB_EVENT_LOST: what is so from here on, whatever was dropped. */
    uint32_t modifiers;
    struct kb_pointer pointer;
};

struct kc_queue {
    struct kc_queued *events; /* owned: a ring */
    size_t capacity, first, count;
    size_t limit;  /* at this many, it is compacted */
    size_t pumped; /* that many of the first have acted on the taken state already */
};

struct kc_text; /* text.c */

/* repeat.c */
struct kc_repeat {
    bool own;                          /* delay_ms and rate are the program's */
    unsigned delay_ms, rate;           /* in effect */
    unsigned said_delay_ms, said_rate; /* the daemon's */
    struct kc_queued key;              /* that repeats; its type is 0 if none does */
    int64_t began_ns, due_ns;          /* CLOCK_MONOTONIC */
    int timer_fd;                      /* owned; -1 until the first repeat */
};

struct kc_input {
    struct kc_state state[KC_WHENS];
    struct kc_device **devices; /* owned array of owned pointers, the oldest first */
    size_t devices_count;
    struct kc_queue queue;
    struct kc_text *text; /* owned; NULL: no memory, or no keymap yet */
    struct kc_repeat repeat;
    uint64_t lost_here, lost_there; /* events dropped by the library, by the daemon */
    int32_t wheel_x, wheel_y;       /* parts of notches */
    kb_event_handler handler;       /* the program's; NULL: none */
    void *handler_context;
};

/* ---- state.c -------------------------------------------------------------------------------- */

/* Lets an event act on one of the two states. */
void kc_state_apply(struct kc_input *input, enum kc_when when, const struct kc_queued *queued);

/* ---- queue.c -------------------------------------------------------------------------------- */

/* Acts on the state of what has come, and waits to be taken. -ENOMEM: it is lost. */
int kc_queue_push(struct kc_input *input, const struct kc_queued *queued);
/* False: there is none. */
bool kc_queue_take(struct kc_input *input, struct kc_queued *queued);
size_t kc_queue_pump(struct kc_input *input);
void kc_queue_forget_window(struct kc_queue *queue, uint32_t window);

/* ---- input.c -------------------------------------------------------------------------------- */

void kc_input_init(struct kc_input *input);
void kc_input_finish(struct kc_input *input);
/* Releases all that is held; nobody has the focus any more, and there are no devices. */
void kc_input_reset(struct kb_display *display);
/* A window is being destroyed: what waits of it is of none, and what is held is released. */
void kc_input_leave(struct kb_display *display, uint32_t window);
/* Says that the program is to end. */
void kc_input_close(struct kb_display *display, uint32_t window);
/* The device that is there; NULL: none has this id. */
struct kc_device *kc_input_device(const struct kc_input *input, enum kc_when when, uint32_t id);
/* Queues a key and what it types. */
void kc_input_key(struct kb_display *display, const struct kc_queued *key);

/* The daemon's events. */
int kc_on_events_lost(void *context, const struct kb_evt_events_lost *event);
int kc_on_device(void *context, const struct kb_evt_device *event);
int kc_on_device_gone(void *context, const struct kb_evt_device_gone *event);
int kc_on_focus(void *context, const struct kb_evt_focus *event);
int kc_on_key(void *context, const struct kb_evt_key *event);
int kc_on_keymap(void *context, const struct kb_evt_keymap *event);
int kc_on_pointer_motion(void *context, const struct kb_evt_pointer_motion *event);
int kc_on_pointer_button(void *context, const struct kb_evt_pointer_button *event);
int kc_on_pointer_wheel(void *context, const struct kb_evt_pointer_wheel *event);
int kc_on_pointer_over(void *context, const struct kb_evt_pointer_over *event);
int kc_on_touch(void *context, const struct kb_evt_touch *event);
int kc_on_gamepad_axis(void *context, const struct kb_evt_gamepad_axis *event);
int kc_on_gamepad_button(void *context, const struct kb_evt_gamepad_button *event);
int kc_on_window_close(void *context, const struct kb_evt_window_close *event);

/* ---- text.c: keymaps, dead keys and compose keys, by libxkbcommon ----------------------------- */

/* NULL: no memory. */
struct kc_text *kc_text_create(void);
void kc_text_destroy(struct kc_text *text); /* NULL is allowed */
/* Takes another keymap; one that cannot be read is left out. */
void kc_text_keymap(struct kc_text *text, const char *keymap, size_t bytes);
/* What a key means without modifiers, given what it means with them. text may be NULL. */
uint32_t kc_text_base(struct kc_text *text, uint32_t code, uint32_t keysym);
/* Whether a key repeats when it is held. text may be NULL. */
bool kc_text_repeats(const struct kc_text *text, uint32_t code, uint32_t keysym);
/* Makes ready for dead keys; slow the first time. */
void kc_text_ready(struct kc_text *text);
/* A key went down that types `plain` alone: what was typed by it and the dead keys before, "" if nothing. */
void kc_text_type(struct kc_text *text, uint32_t keysym, const char *plain,
                  char typed[KC_TYPED_BYTES]);
/* Whether dead keys wait for another one. */
bool kc_text_is_composing(const struct kc_text *text);
void kc_text_reset(struct kc_text *text);

/* ---- repeat.c ------------------------------------------------------------------------------- */

void kc_repeat_init(struct kc_repeat *repeat);
void kc_repeat_finish(struct kc_repeat *repeat);
/* The daemon's wish. */
void kc_repeat_say(struct kb_display *display, unsigned delay_ms, unsigned rate);
void kc_repeat_begin(struct kb_display *display, const struct kc_queued *key);
void kc_repeat_end(struct kb_display *display);
/* When the next one is due; INT64_MAX: never. */
int64_t kc_repeat_due(const struct kb_display *display);
/* Queues what is due. Returns the number of repeats. */
int kc_repeat_run(struct kb_display *display);

#endif

/*
 * What the seat's keys mean: the keymap, how it comes to clients, and the keys that are held.
 */
#ifndef KD_SERVER_KEYBOARD_H
#define KD_SERVER_KEYBOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/keymap.h"

struct kd_connection;
struct kd_focus;

/* Codes of keys are below. */
#define KD_KEY_CODES 0x300

struct kd_keyboard {
    struct kd_keymap *keymap; /* owned; NULL: there is none, keys have only codes */
    int text_fd;              /* owned: a sealed memfd of its text, or -1 */
    uint32_t text_bytes;
    struct kd_keymap_names names;   /* of the keymap */
    char reason[200];               /* why it is not what was asked for; or "" */
    uint32_t plain_held;            /* the keys of modifiers that are held, keymap or not */
    struct kd_key key;              /* the one that was pressed or released last */
    uint32_t keysyms[KD_KEY_CODES]; /* by code: when it was pressed; it is released as the same */
};

/* Makes the keymap of these names, in place of the one before, if there is one; keys that are held now stay so. What is wrong with them is said in the log;
 * then the one before stays, or it is "us". */
void kd_keyboard_set(struct kd_keyboard *keyboard, const struct kd_keymap_names *names,
                     const struct kd_focus *focus);
void kd_keyboard_finish(struct kd_keyboard *keyboard);

void kd_keyboard_press(struct kd_keyboard *keyboard, uint32_t code, bool down);
uint32_t kd_keyboard_modifiers(const struct kd_keyboard *keyboard);
uint32_t kd_keyboard_locked(const struct kd_keyboard *keyboard);

/* Tells the client. */
void kd_keyboard_tell(const struct kd_keyboard *keyboard, struct kd_connection *connection,
                      unsigned repeat_delay_ms, unsigned repeat_rate);

#endif

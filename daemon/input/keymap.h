/*
 * What keys mean: one XKB keymap and state for all keyboards of the seat.
 */
#ifndef KD_INPUT_KEYMAP_H
#define KD_INPUT_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kd_keymap;

/* "": not said. */
struct kd_keymap_names {
    char model[64], layout[128], variant[128], options[256];
};

/* What the system is set to: XKBMODEL, XKBLAYOUT, XKBVARIANT, XKBOPTIONS of a file like /etc/default/keyboard, for what names leaves empty. A variant
 * belongs to its layout: the file's is only taken with the file's layout. A file that is not there changes nothing. */
void kd_keymap_system_names(struct kd_keymap_names *names, const char *path);

/* No layout is "us". -EINVAL: no such layout, -ENOENT: this system has none at all, -ENOMEM; why is a sentence then. */
int kd_keymap_create(const struct kd_keymap_names *names, struct kd_keymap **out, char *why,
                     size_t why_bytes);
void kd_keymap_destroy(struct kd_keymap *keymap); /* NULL is allowed */

struct kd_key {
    uint32_t keysym;
    uint32_t modifiers; /* enum kb_modifier, in effect after it */
    char text
        [33]; /* UTF-8 without control characters: what pressing it types, before compose; "" for a release */
    bool repeats;
};

/* A key went down or up, code as of evdev. A key that is down already, or up, changes no modifiers. */
void kd_keymap_key(struct kd_keymap *keymap, uint32_t code, bool down, struct kd_key *key);

uint32_t kd_keymap_modifiers(const struct kd_keymap *keymap);

/* Those of them that are locked: what the lamps of keyboards show. */
uint32_t kd_keymap_locked(const struct kd_keymap *keymap);

/* Modifiers that only hold while their keys are down are up again (their keyboards are gone); locks stay. */
void kd_keymap_release(struct kd_keymap *keymap);

/* The keymap as text, for clients; of the keymap's lifetime. text_bytes does not count the 0 that ends it. */
const char *kd_keymap_text(const struct kd_keymap *keymap, size_t *text_bytes);

#endif

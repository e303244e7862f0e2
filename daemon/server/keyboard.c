#include "server/keyboard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scene/focus.h"
#include "socket/connection.h"
#include "socket/events.h"

#define KD_LOG_MODULE "keyboard"
#include "base/log.h"

/* The keymap's text, for clients. An fd or -errno. */
static int sealed_text(const char *text, size_t text_bytes)
{
    int fd = memfd_create("kmsblit-keymap", MFD_CLOEXEC | MFD_ALLOW_SEALING), error;
    size_t written = 0;

    if (fd < 0)
        return -errno;
    while (written < text_bytes) {
        ssize_t bytes = write(fd, text + written, text_bytes - written);

        if (bytes < 0 && errno != EINTR)
            goto failed;
        written += bytes > 0 ? (size_t)bytes : 0;
    }
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
        return fd;
failed:
    error = -errno;
    close(fd);
    return error;
}

static void drop(struct kd_keyboard *keyboard)
{
    kd_keymap_destroy(keyboard->keymap);
    if (keyboard->text_fd >= 0)
        close(keyboard->text_fd);
    keyboard->keymap = NULL;
    keyboard->text_fd = -1;
}

/* What is held is held under the new keymap too. */
static void hold(struct kd_keyboard *keyboard, const struct kd_focus *focus)
{
    struct kd_key key;

    for (unsigned i = 0; i < focus->held_count; i++)
        if (focus->held[i].kind == KD_INPUT_KEY)
            kd_keymap_key(keyboard->keymap, focus->held[i].code, true, &key);
}

void kd_keyboard_set(struct kd_keyboard *keyboard, const struct kd_keymap_names *names,
                     const struct kd_focus *focus)
{
    static const struct kd_keymap_names us = {.layout = "us"};
    struct kd_keymap *keymap = NULL;
    char why[160];
    const char *text;
    size_t text_bytes;

    keyboard->reason[0] = '\0';
    if (kd_keymap_create(names, &keymap, why, sizeof(why)) < 0) {
        snprintf(keyboard->reason, sizeof(keyboard->reason), "%s", why);
        KD_WARN("%s", why);
        if (keyboard->keymap || kd_keymap_create(&us, &keymap, why, sizeof(why)) < 0)
            return;
    }
    drop(keyboard);
    keyboard->keymap = keymap;
    keyboard->names = keyboard->reason[0] ? us : *names;
    text = kd_keymap_text(keymap, &text_bytes);
    keyboard->text_fd = sealed_text(text, text_bytes);
    keyboard->text_bytes = (uint32_t)text_bytes;
    if (keyboard->text_fd < 0)
        KD_WARN("clients get no keymap: %s", strerror(-keyboard->text_fd));
    hold(keyboard, focus);
}

void kd_keyboard_finish(struct kd_keyboard *keyboard)
{
    drop(keyboard);
}

/* Where the modifiers of most keyboards are: without a keymap the daemon's shortcuts work all the same. Bits as their place in the table. */
static const struct {
    uint32_t code, modifier;
} plain[] = {{KEY_LEFTSHIFT, KB_MODIFIER_SHIFT}, {KEY_RIGHTSHIFT, KB_MODIFIER_SHIFT},
             {KEY_LEFTCTRL, KB_MODIFIER_CTRL},   {KEY_RIGHTCTRL, KB_MODIFIER_CTRL},
             {KEY_LEFTALT, KB_MODIFIER_ALT},     {KEY_RIGHTALT, KB_MODIFIER_ALT},
             {KEY_LEFTMETA, KB_MODIFIER_LOGO},   {KEY_RIGHTMETA, KB_MODIFIER_LOGO}};

#define PLAIN (sizeof(plain) / sizeof(plain[0]))

static uint32_t plain_modifiers(uint32_t held)
{
    uint32_t modifiers = 0;

    for (unsigned i = 0; i < PLAIN; i++)
        modifiers |= held & 1u << i ? plain[i].modifier : 0;
    return modifiers;
}

void kd_keyboard_press(struct kd_keyboard *keyboard, uint32_t code, bool down)
{
    keyboard->key = (struct kd_key){.keysym = 0};
    if (keyboard->keymap)
        kd_keymap_key(keyboard->keymap, code, down, &keyboard->key);
    for (unsigned i = 0; i < PLAIN; i++)
        if (plain[i].code == code)
            keyboard->plain_held = (keyboard->plain_held & ~(1u << i)) | (uint32_t)down << i;
    if (down)
        keyboard->keysyms[code] = keyboard->key.keysym;
}

uint32_t kd_keyboard_modifiers(const struct kd_keyboard *keyboard)
{
    return keyboard->keymap ? kd_keymap_modifiers(keyboard->keymap)
                            : plain_modifiers(keyboard->plain_held);
}

uint32_t kd_keyboard_locked(const struct kd_keyboard *keyboard)
{
    return keyboard->keymap ? kd_keymap_locked(keyboard->keymap) : 0;
}

/* Each client gets an open file of its own, so that none moves another's place in it. */
static int own_fd(int fd)
{
    char path[40];

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void kd_keyboard_tell(const struct kd_keyboard *keyboard, struct kd_connection *connection,
                      unsigned repeat_delay_ms, unsigned repeat_rate)
{
    int fd = keyboard->text_fd >= 0 ? own_fd(keyboard->text_fd) : -1;

    if (fd >= 0)
        kd_event_keymap(connection->client,
                        &(struct kb_evt_keymap){.size_bytes = keyboard->text_bytes,
                                                .repeat_delay_ms = (uint16_t)repeat_delay_ms,
                                                .repeat_rate = (uint16_t)repeat_rate,
                                                .text = fd});
    if (fd >= 0)
        close(fd);
}

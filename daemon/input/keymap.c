#include "input/keymap.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon.h>

#include "gen/kmsblit_types.h"

#define KD_LOG_MODULE "keymap"
#include "base/log.h"

/* XKB counts X's keycodes, and X kept the first eight for itself. */
#define XKB_OFFSET 8

#define MODIFIERS_COUNT 7

struct kd_keymap {
    struct xkb_context *context; /* owned */
    struct xkb_keymap *keymap;   /* owned */
    struct xkb_state *state;     /* owned */
    char *text;                  /* owned */
    size_t text_bytes;
    xkb_mod_mask_t masks[MODIFIERS_COUNT]; /* as modifier_names; 0: the keymap has none */
    uint64_t held[(KEY_CNT + 63) / 64];    /* the keys that are down */
};

/* By the real modifiers: what is called Alt, NumLock, Super and LevelThree is bound to these by every keymap of xkeyboard-config. */
static const struct {
    const char *name;
    enum kb_modifier modifier;
} modifier_names[MODIFIERS_COUNT] = {
    {XKB_MOD_NAME_SHIFT, KB_MODIFIER_SHIFT},  {XKB_MOD_NAME_CAPS, KB_MODIFIER_CAPS_LOCK},
    {XKB_MOD_NAME_CTRL, KB_MODIFIER_CTRL},    {XKB_MOD_NAME_ALT, KB_MODIFIER_ALT},
    {XKB_MOD_NAME_NUM, KB_MODIFIER_NUM_LOCK}, {"Mod5", KB_MODIFIER_ALTGR},
    {XKB_MOD_NAME_LOGO, KB_MODIFIER_LOGO},
};

/* ---- Making one ------------------------------------------------------------------------------ */

/* What xkbcommon says is about files of the system and names of the configuration; the sentence for the user is made by create(). */
__attribute__((format(printf, 3, 0))) static void on_log(struct xkb_context *context,
                                                         enum xkb_log_level level,
                                                         const char *format, va_list args)
{
    char line[256], safe[256];

    (void)context;
    (void)level;
    int length = vsnprintf(line, sizeof(line), format, args);
    if (length < 0)
        return;
    length = length < (int)sizeof(line) ? length : (int)sizeof(line) - 1;
    while (length > 0 && line[length - 1] == '\n')
        length--;
    KD_DEBUG("xkbcommon: %s", kd_log_safe(safe, sizeof(safe), line, (uint32_t)length));
}

static int make_context(struct kd_keymap *keymap, char *why, size_t why_bytes)
{
    /* What the daemon is told counts, not the XKB_DEFAULT_LAYOUT of whoever starts it. */
    keymap->context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    if (!keymap->context) {
        snprintf(why, why_bytes, "there are no keyboard layouts on this system: install xkb-data");
        return -ENOENT;
    }
    xkb_context_set_log_fn(keymap->context, on_log);
    return 0;
}

static int say_unknown(const struct kd_keymap_names *names, const char *layout, char *why,
                       size_t why_bytes)
{
    char safe[4][64];
    const char *texts[] = {layout, names->variant, names->model, names->options};

    for (size_t i = 0; i < 4; i++)
        kd_log_safe(safe[i], sizeof(safe[i]), texts[i], (uint32_t)strlen(texts[i]));
    snprintf(
        why, why_bytes,
        "XKB has no keyboard layout \"%s\" with variant \"%s\" (model \"%s\", options \"%s\"): "
        "names are listed in /usr/share/X11/xkb/rules/evdev.lst",
        safe[0], safe[1], safe[2], safe[3]);
    return -EINVAL;
}

static int make_state(struct kd_keymap *keymap, const struct kd_keymap_names *names, char *why,
                      size_t why_bytes)
{
    const char *layout = names->layout[0] ? names->layout : "us";
    const struct xkb_rule_names rules = {.model = names->model,
                                         .layout = layout,
                                         .variant = names->variant,
                                         .options = names->options};

    keymap->keymap =
        xkb_keymap_new_from_names(keymap->context, &rules, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (!keymap->keymap)
        return say_unknown(names, layout, why, why_bytes);
    keymap->state = xkb_state_new(keymap->keymap);
    keymap->text = xkb_keymap_get_as_string(keymap->keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
    if (!keymap->state || !keymap->text) {
        snprintf(why, why_bytes, "out of memory");
        return -ENOMEM;
    }
    keymap->text_bytes = strlen(keymap->text);
    for (size_t i = 0; i < MODIFIERS_COUNT; i++) {
        xkb_mod_index_t index = xkb_keymap_mod_get_index(keymap->keymap, modifier_names[i].name);
        keymap->masks[i] = index < 32 ? UINT32_C(1) << index : 0;
    }
    return 0;
}

int kd_keymap_create(const struct kd_keymap_names *names, struct kd_keymap **out, char *why,
                     size_t why_bytes)
{
    struct kd_keymap *keymap = calloc(1, sizeof(*keymap));

    if (!keymap) {
        snprintf(why, why_bytes, "out of memory");
        return -ENOMEM;
    }
    int error = make_context(keymap, why, why_bytes);
    if (!error)
        error = make_state(keymap, names, why, why_bytes);
    if (error) {
        kd_keymap_destroy(keymap);
        return error;
    }
    *out = keymap;
    return 0;
}

void kd_keymap_destroy(struct kd_keymap *keymap)
{
    if (!keymap)
        return;
    free(keymap->text);
    xkb_state_unref(keymap->state);
    xkb_keymap_unref(keymap->keymap);
    xkb_context_unref(keymap->context);
    free(keymap);
}

const char *kd_keymap_text(const struct kd_keymap *keymap, size_t *text_bytes)
{
    *text_bytes = keymap->text_bytes;
    return keymap->text;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static uint32_t modifiers_of(const struct kd_keymap *keymap, enum xkb_state_component which)
{
    xkb_mod_mask_t active = xkb_state_serialize_mods(keymap->state, which);
    uint32_t modifiers = 0;

    for (size_t i = 0; i < MODIFIERS_COUNT; i++)
        modifiers |= active & keymap->masks[i] ? (uint32_t)modifier_names[i].modifier : 0;
    return modifiers;
}

uint32_t kd_keymap_modifiers(const struct kd_keymap *keymap)
{
    return modifiers_of(keymap, XKB_STATE_MODS_EFFECTIVE);
}

uint32_t kd_keymap_locked(const struct kd_keymap *keymap)
{
    return modifiers_of(keymap, XKB_STATE_MODS_LOCKED);
}

static bool has_control(const char *text)
{
    for (const uint8_t *at = (const uint8_t *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0))
            return true;
    }
    return false;
}

/* The state counts how often a modifier's key is down: each press must have its release. */
static void update(struct kd_keymap *keymap, uint32_t code, bool down)
{
    uint64_t bit = UINT64_C(1) << code % 64, *word = &keymap->held[code / 64];

    if (down == ((*word & bit) != 0))
        return;
    *word ^= bit;
    xkb_state_update_key(keymap->state, code + XKB_OFFSET, down ? XKB_KEY_DOWN : XKB_KEY_UP);
}

void kd_keymap_key(struct kd_keymap *keymap, uint32_t code, bool down, struct kd_key *key)
{
    *key = (struct kd_key){0};
    if (code < KEY_CNT) {
        /* A key means what it means under the modifiers before it. */
        xkb_keycode_t xkb_code = code + XKB_OFFSET;
        key->keysym = xkb_state_key_get_one_sym(keymap->state, xkb_code);
        key->repeats = xkb_keymap_key_repeats(keymap->keymap, xkb_code) != 0;
        int length = 0;
        if (down)
            length = xkb_state_key_get_utf8(keymap->state, xkb_code, key->text, sizeof(key->text));
        if (length >= (int)sizeof(key->text) || has_control(key->text))
            key->text[0] = '\0';
        update(keymap, code, down);
    }
    key->modifiers = kd_keymap_modifiers(keymap);
}

void kd_keymap_release(struct kd_keymap *keymap)
{
    for (uint32_t code = 0; code < KEY_CNT; code++)
        update(keymap, code, false);
    /* A latch that its key's release has just set would change the next key, on another keyboard, much later. Any key ends it. */
    if (xkb_state_serialize_mods(keymap->state, XKB_STATE_MODS_LATCHED)) {
        update(keymap, KEY_SPACE, true);
        update(keymap, KEY_SPACE, false);
    }
}

/* What keys mean without modifiers, and what they type with dead keys and compose keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "input.h"

#define FALLBACK_LOCALE "en_US.UTF-8"
#define EVDEV_OFFSET    8u /* between evdev's codes and XKB's */

struct kc_text {
    struct xkb_context *context;       /* owned */
    struct xkb_keymap *keymap;         /* owned; NULL: none yet */
    struct xkb_compose_state *compose; /* owned; NULL: there is no table, or not yet */
    xkb_layout_index_t layout;         /* of the last key that told */
    bool ready;                        /* a table was looked for */
    bool complained;
};

struct kc_text *kc_text_create(void)
{
    struct kc_text *text = calloc(1, sizeof(*text));
    if (text == NULL)
        return NULL;
    text->context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES);
    if (text->context == NULL) {
        free(text);
        return NULL;
    }
    /* What is wrong with a table is no concern of a game's terminal. */
    xkb_context_set_log_level(text->context, XKB_LOG_LEVEL_CRITICAL);
    return text;
}

void kc_text_destroy(struct kc_text *text)
{
    if (text == NULL)
        return;
    xkb_compose_state_unref(text->compose);
    xkb_keymap_unref(text->keymap);
    xkb_context_unref(text->context);
    free(text);
}

void kc_text_keymap(struct kc_text *text, const char *keymap, size_t bytes)
{
    bytes = strnlen(keymap, bytes);
    struct xkb_keymap *made = xkb_keymap_new_from_buffer(
        text->context, keymap, bytes, XKB_KEYMAP_FORMAT_TEXT_V1, XKB_KEYMAP_COMPILE_NO_FLAGS);
    if (made == NULL)
        return;
    xkb_keymap_unref(text->keymap);
    text->keymap = made;
    text->layout = 0;
}

/* ---- Keys ----------------------------------------------------------------------------------- */

static bool means(struct xkb_keymap *keymap, xkb_keycode_t key, xkb_layout_index_t layout,
                  xkb_keysym_t wanted)
{
    const xkb_level_index_t levels = xkb_keymap_num_levels_for_key(keymap, key, layout);
    for (xkb_level_index_t level = 0; level < levels; level++) {
        const xkb_keysym_t *found;
        const int count = xkb_keymap_key_get_syms_by_level(keymap, key, layout, level, &found);
        /* Caps lock may have changed a letter that has no level of its own for it. */
        if (count == 1 && (found[0] == wanted || xkb_keysym_to_lower(found[0]) == wanted ||
                           xkb_keysym_to_upper(found[0]) == wanted))
            return true;
    }
    return false;
}

/* Which of the keymap's layouts gives the key this meaning: the one that the last key told, else
 * the first. */
static bool find_layout(struct kc_text *text, xkb_keycode_t key, xkb_keysym_t keysym)
{
    const xkb_layout_index_t layouts = xkb_keymap_num_layouts_for_key(text->keymap, key);
    if (text->layout < layouts && means(text->keymap, key, text->layout, keysym))
        return true;
    for (xkb_layout_index_t i = 0; i < layouts; i++) {
        if (means(text->keymap, key, i, keysym)) {
            /* A key with one layout only, as most that type nothing, does not tell. */
            if (layouts > 1)
                text->layout = i;
            return true;
        }
    }
    return false;
}

uint32_t kc_text_base(struct kc_text *text, uint32_t code, uint32_t keysym)
{
    const xkb_keysym_t *found;
    const xkb_keycode_t key = code + EVDEV_OFFSET;
    if (text == NULL || text->keymap == NULL || !find_layout(text, key, keysym))
        return xkb_keysym_to_lower(keysym);
    xkb_layout_index_t layout = text->layout;
    if (layout >= xkb_keymap_num_layouts_for_key(text->keymap, key))
        layout = 0;
    if (xkb_keymap_key_get_syms_by_level(text->keymap, key, layout, 0, &found) != 1)
        return xkb_keysym_to_lower(keysym);
    return found[0];
}

bool kc_text_repeats(const struct kc_text *text, uint32_t code, uint32_t keysym)
{
    if (text != NULL && text->keymap != NULL)
        return xkb_keymap_key_repeats(text->keymap, code + EVDEV_OFFSET) != 0;
    const bool modifier = (keysym >= XKB_KEY_Shift_L && keysym <= XKB_KEY_Hyper_R) ||
                          keysym == XKB_KEY_ISO_Level3_Shift || keysym == XKB_KEY_Num_Lock;
    return !modifier;
}

/* ---- Composing ------------------------------------------------------------------------------ */

static const char *locale_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && value[0] != '\0')
            return value;
    }
    return "C";
}

static struct xkb_compose_table *find_table(struct xkb_context *context)
{
    const char *locale = locale_of_environment();
    struct xkb_compose_table *table = NULL;
    if (strcmp(locale, "C") != 0 && strcmp(locale, "POSIX") != 0)
        table = xkb_compose_table_new_from_locale(context, locale, XKB_COMPOSE_COMPILE_NO_FLAGS);
    if (table == NULL)
        table = xkb_compose_table_new_from_locale(context, FALLBACK_LOCALE,
                                                  XKB_COMPOSE_COMPILE_NO_FLAGS);
    return table;
}

void kc_text_ready(struct kc_text *text)
{
    if (text == NULL || text->ready)
        return;
    text->ready = true;
    struct xkb_compose_table *table = find_table(text->context);
    if (table == NULL)
        return;
    text->compose = xkb_compose_state_new(table, XKB_COMPOSE_STATE_NO_FLAGS);
    xkb_compose_table_unref(table);
}

/* Once, and only if somebody needs it. */
static void complain(struct kc_text *text, uint32_t keysym)
{
    const bool dead = keysym == XKB_KEY_Multi_key ||
                      (keysym >= XKB_KEY_dead_grave && keysym <= XKB_KEY_dead_greek);
    if (!dead || text->complained)
        return;
    text->complained = true;
    fprintf(stderr,
            "libkmsblit: there is no table of dead keys and compose keys, so that they type "
            "nothing; install libx11-data\n");
}

static bool is_control(const char *text)
{
    return ((unsigned char)text[0] < 0x20 || text[0] == 0x7f) && text[0] != '\0';
}

void kc_text_type(struct kc_text *text, uint32_t keysym, const char *plain,
                  char typed[KC_TYPED_BYTES])
{
    snprintf(typed, KC_TYPED_BYTES, "%s", plain);
    if (text != NULL && text->compose == NULL && text->ready)
        complain(text, keysym);
    if (text != NULL && text->compose != NULL &&
        xkb_compose_state_feed(text->compose, keysym) == XKB_COMPOSE_FEED_ACCEPTED) {
        switch (xkb_compose_state_get_status(text->compose)) {
        case XKB_COMPOSE_NOTHING: break;
        case XKB_COMPOSE_COMPOSING:
        case XKB_COMPOSE_CANCELLED: typed[0] = '\0'; break;
        case XKB_COMPOSE_COMPOSED:
            xkb_compose_state_get_utf8(text->compose, typed, KC_TYPED_BYTES);
            break;
        }
    }
    if (is_control(typed))
        typed[0] = '\0';
}

bool kc_text_is_composing(const struct kc_text *text)
{
    return text != NULL && text->compose != NULL &&
           xkb_compose_state_get_status(text->compose) == XKB_COMPOSE_COMPOSING;
}

void kc_text_reset(struct kc_text *text)
{
    if (text != NULL && text->compose != NULL)
        xkb_compose_state_reset(text->compose);
}

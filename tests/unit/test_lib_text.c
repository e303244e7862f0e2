/* libkmsblit: what is typed is what libxkbcommon says, with dead keys and compose keys; what keys mean. */
#include <check.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon.h>

#include "events_rig.h"

#define TEXT_BYTES 4096

static struct xkb_context *context;
static struct xkb_keymap *keymap;
static struct xkb_state *state;
static struct xkb_compose_state *compose;
static char expected[TEXT_BYTES], typed[TEXT_BYTES];

static void setup(void)
{
    rig_setup();
    context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    expected[0] = typed[0] = '\0';
}

static void teardown(void)
{
    xkb_compose_state_unref(compose);
    xkb_state_unref(state);
    xkb_keymap_unref(keymap);
    xkb_context_unref(context);
    rig_teardown();
}

/* What the daemon does with a layout, and what the locale says of dead keys. */
static void use(const char *layout, const char *variant, const char *options, const char *locale)
{
    const struct xkb_rule_names names = {.layout = layout, .variant = variant, .options = options};
    keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    ck_assert_ptr_nonnull(keymap);
    state = xkb_state_new(keymap);
    struct xkb_compose_table *table =
        xkb_compose_table_new_from_locale(context, locale, XKB_COMPOSE_COMPILE_NO_FLAGS);
    ck_assert_ptr_nonnull(table);
    compose = xkb_compose_state_new(table, XKB_COMPOSE_STATE_NO_FLAGS);
    xkb_compose_table_unref(table);
    char *text = xkb_keymap_get_as_string(keymap, XKB_KEYMAP_FORMAT_TEXT_V1);
    rig_keymap(text, 0, 0);
    free(text);
    rig_focus(rig_window, true, 0);
    rig_drain();
}

static uint32_t modifiers(void)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } all[] = {{XKB_MOD_NAME_SHIFT, KB_MODIFIER_SHIFT},  {XKB_MOD_NAME_CAPS, KB_MODIFIER_CAPS_LOCK},
               {XKB_MOD_NAME_CTRL, KB_MODIFIER_CTRL},    {XKB_MOD_NAME_ALT, KB_MODIFIER_ALT},
               {XKB_MOD_NAME_NUM, KB_MODIFIER_NUM_LOCK}, {XKB_MOD_NAME_LOGO, KB_MODIFIER_LOGO}};
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (xkb_state_mod_name_is_active(state, all[i].name, XKB_STATE_MODS_EFFECTIVE) > 0)
            bits |= all[i].bit;
    }
    return bits;
}

static void add(char *sum, const char *text)
{
    const size_t before = strlen(sum);
    snprintf(sum + before, TEXT_BYTES - before, "%s", text);
}

/* Adds what libxkbcommon says that this key types. */
static void expect(xkb_keysym_t keysym, const char *plain)
{
    char text[64];
    snprintf(text, sizeof(text), "%s", plain);
    if (xkb_compose_state_feed(compose, keysym) == XKB_COMPOSE_FEED_ACCEPTED) {
        const enum xkb_compose_status status = xkb_compose_state_get_status(compose);
        if (status == XKB_COMPOSE_COMPOSING || status == XKB_COMPOSE_CANCELLED)
            text[0] = '\0';
        if (status == XKB_COMPOSE_COMPOSED)
            xkb_compose_state_get_utf8(compose, text, sizeof(text));
    }
    if ((unsigned char)text[0] >= 0x20 && text[0] != 0x7f)
        add(expected, text);
}

static void key(uint32_t code, bool down)
{
    char plain[64];
    const xkb_keysym_t keysym = xkb_state_key_get_one_sym(state, code + 8);
    xkb_state_key_get_utf8(state, code + 8, plain, sizeof(plain));
    if ((unsigned char)plain[0] < 0x20 || plain[0] == 0x7f) /* the wire carries no such */
        plain[0] = '\0';
    xkb_state_update_key(state, code + 8, down ? XKB_KEY_DOWN : XKB_KEY_UP);
    rig_key(code, down, keysym, plain, modifiers());
    if (down)
        expect(keysym,
               modifiers() & (KB_MODIFIER_CTRL | KB_MODIFIER_ALT | KB_MODIFIER_LOGO) ? "" : plain);
}

static void tap(uint32_t code)
{
    key(code, true);
    key(code, false);
}

static void tap_with(uint32_t modifier, uint32_t code)
{
    key(modifier, true);
    tap(code);
    key(modifier, false);
}

static void take_text(void)
{
    struct kb_event event;
    rig_settle();
    while (kb_next_event(rig_display, &event) > 0) {
        if (event.type == KB_EVENT_TEXT)
            add(typed, event.text.text);
    }
}

static const struct {
    const char *layout, *variant, *options;
} layouts[] = {
    {"us", "", ""},
    {"us", "intl", ""},
    {"de", "", ""},
    {"fr", "", ""},
    {"jp", "", ""},
    {"fr", "oss", "compose:ralt"},
    {"us,ru", "", "grp:caps_toggle"},
};

/* Every key after every other that may be dead, plain and with each modifier: thousands of keys. */
START_TEST(layouts_type_what_they_should)
{
    static const uint32_t with[] = {0, KEY_LEFTSHIFT, KEY_RIGHTALT};
    use(layouts[_i].layout, layouts[_i].variant, layouts[_i].options, "en_US.UTF-8");
    for (uint32_t code = KEY_ESC; code <= KEY_RIGHTALT; code++) {
        for (size_t i = 0; i < 3; i++) {
            if (code == KEY_LEFTCTRL || code == KEY_LEFTALT || code == with[i])
                continue;
            if (with[i] != 0)
                tap_with(with[i], code);
            else
                tap(code);
            tap(KEY_E);
        }
        take_text();
        ck_assert_str_eq(typed, expected);
    }
    ck_assert_uint_gt(strlen(expected), 200);
}
END_TEST

START_TEST(dead_keys_wait_for_another)
{
    use("us", "intl", "compose:menu", "en_US.UTF-8");
    tap(KEY_APOSTROPHE);
    tap(KEY_E); /* é */
    tap(KEY_GRAVE);
    tap(KEY_LEFTSHIFT);
    tap(KEY_A); /* à, though shift came between */
    tap(KEY_APOSTROPHE);
    tap(KEY_Q); /* nothing: there is none of these */
    tap_with(KEY_LEFTSHIFT, KEY_APOSTROPHE);
    tap_with(KEY_LEFTSHIFT, KEY_U); /* Ü */
    tap(KEY_COMPOSE);
    tap(KEY_S);
    tap(KEY_S); /* ß */
    take_text();
    ck_assert_str_eq(typed, "\xc3\xa9\xc3\xa0\xc3\x9c\xc3\x9f");
    ck_assert_str_eq(typed, expected);
}
END_TEST

START_TEST(the_focus_forgets_dead_keys)
{
    use("us", "intl", "", "en_US.UTF-8");
    tap(KEY_APOSTROPHE);
    rig_focus(rig_window, false, 0);
    rig_focus(rig_window, true, 0);
    tap(KEY_E);
    take_text();
    ck_assert_str_eq(typed, "e");
}
END_TEST

START_TEST(commands_type_nothing)
{
    use("us", "", "", "en_US.UTF-8");
    tap_with(KEY_LEFTCTRL, KEY_A);
    tap_with(KEY_LEFTALT, KEY_A);
    tap_with(KEY_LEFTMETA, KEY_A);
    tap(KEY_ENTER);
    tap(KEY_TAB);
    tap(KEY_BACKSPACE);
    tap(KEY_ESC);
    tap(KEY_B);
    take_text();
    ck_assert_str_eq(typed, "b");
}
END_TEST

/* The locale's own table, and that of English where there is none. */
START_TEST(the_locale_chooses_the_table)
{
    static const char *const locales[] = {"C", "pt_BR.UTF-8", "nonsense", "C.UTF-8"};
    const char *const table = _i == 1 ? "pt_BR.UTF-8" : "en_US.UTF-8";
    setenv(_i == 3 ? "LANG" : "LC_ALL", locales[_i], 1);
    if (_i == 3) {
        unsetenv("LC_ALL");
        unsetenv("LC_CTYPE");
    }
    use("us", "intl", "", table);
    tap(KEY_APOSTROPHE);
    tap(KEY_C); /* ç in Brazil, ć elsewhere */
    take_text();
    ck_assert_str_eq(typed, expected);
    ck_assert_str_eq(typed, _i == 1 ? "\xc3\xa7" : "\xc4\x87");
}
END_TEST

/* The key's base meaning does not depend on modifiers, but on the layout in effect. */
START_TEST(keys_mean_what_is_on_them)
{
    struct kb_held_key held;
    use("fr,us", "", "grp:caps_toggle", "en_US.UTF-8");
    key(KEY_LEFTSHIFT, true);
    key(KEY_Q, true);
    rig_drain();
    ck_assert_uint_eq(kb_keys_down(rig_display, &held, 1), 2);
    ck_assert_uint_eq(held.code, KEY_Q);
    ck_assert_uint_eq(held.base, XKB_KEY_a);
    key(KEY_Q, false);
    key(KEY_1, true);
    key(KEY_LEFTSHIFT, false);
    rig_drain();
    kb_keys_down(rig_display, &held, 1);
    ck_assert_uint_eq(held.base, XKB_KEY_ampersand);
    key(KEY_1, false);
    tap(KEY_CAPSLOCK); /* the other layout */
    key(KEY_Q, true);
    rig_drain();
    kb_keys_down(rig_display, &held, 1);
    ck_assert_uint_eq(held.base, XKB_KEY_q);
}
END_TEST

/* A modifier is held without repeating, by the keymap. */
START_TEST(modifiers_do_not_repeat)
{
    struct kb_event event;
    use("de", "", "", "en_US.UTF-8");
    kb_set_key_repeat(rig_display, 1, 1000);
    key(KEY_RIGHTALT, true);
    rig_drain();
    ck_assert_int_eq(kb_wait_event(rig_display, 20, &event), 0);
    key(KEY_Q, true);
    rig_settle();
    do {
        ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), 1);
    } while (event.type != KB_EVENT_KEY_DOWN || !event.key.repeat);
    ck_assert_str_eq(rig_take(KB_EVENT_TEXT).text.text, "@");
}
END_TEST

Suite *lib_text_suite(void)
{
    Suite *suite = suite_create("lib_text");
    TCase *tcase = tcase_create("text");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, layouts_type_what_they_should, 0,
                        (int)(sizeof(layouts) / sizeof(layouts[0])));
    tcase_add_test(tcase, dead_keys_wait_for_another);
    tcase_add_test(tcase, the_focus_forgets_dead_keys);
    tcase_add_test(tcase, commands_type_nothing);
    tcase_add_loop_test(tcase, the_locale_chooses_the_table, 0, 4);
    tcase_add_test(tcase, keys_mean_what_is_on_them);
    tcase_add_test(tcase, modifiers_do_not_repeat);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* What keys mean: against a state of xkbcommon's that is driven beside it, and against what is printed on keyboards. */
#include <check.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "gen/kmsblit_types.h"
#include "input/keymap.h"

static struct kd_keymap *keymap;
static char why[256];

static void open_layout(const char *layout, const char *variant, const char *options)
{
    struct kd_keymap_names names = {0};

    kd_keymap_destroy(keymap);
    keymap = NULL;
    snprintf(names.layout, sizeof(names.layout), "%s", layout);
    snprintf(names.variant, sizeof(names.variant), "%s", variant);
    snprintf(names.options, sizeof(names.options), "%s", options);
    ck_assert_msg(kd_keymap_create(&names, &keymap, why, sizeof(why)) == 0, "%s", why);
}

static void close_layout(void)
{
    kd_keymap_destroy(keymap);
    keymap = NULL;
}

static struct kd_key key(uint32_t code, bool down)
{
    struct kd_key result;

    kd_keymap_key(keymap, code, down, &result);
    return result;
}

/* What pressing a key types. */
static const char *typed(uint32_t code)
{
    static struct kd_key result;

    result = key(code, true);
    ck_assert_str_eq(key(code, false).text, "");
    return result.text;
}

/* ---- Against xkbcommon ----------------------------------------------------------------------- */

static struct xkb_context *their_context;
static struct xkb_keymap *their_keymap;
static struct xkb_state *their_state;

static void open_theirs(const char *layout, const char *variant, const char *options)
{
    struct xkb_rule_names names = {"evdev", "pc105", layout, variant, options};

    their_context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    their_keymap = xkb_keymap_new_from_names(their_context, &names, 0);
    ck_assert_ptr_nonnull(their_keymap);
    their_state = xkb_state_new(their_keymap);
}

static void close_theirs(void)
{
    xkb_state_unref(their_state);
    xkb_keymap_unref(their_keymap);
    xkb_context_unref(their_context);
}

static bool is_clean(const char *text)
{
    for (; *text; text++) {
        if ((uint8_t)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

/* A key of both, which must say the same. Returns whether it types something. */
static bool both(uint32_t code, bool down)
{
    char text[64] = "";
    xkb_keysym_t keysym = xkb_state_key_get_one_sym(their_state, code + 8);

    if (down)
        xkb_state_key_get_utf8(their_state, code + 8, text, sizeof(text));
    xkb_state_update_key(their_state, code + 8, down ? XKB_KEY_DOWN : XKB_KEY_UP);

    struct kd_key ours = key(code, down);
    ck_assert_msg(ours.keysym == keysym, "key %u: keysym %#x, not %#x", code, ours.keysym, keysym);
    ck_assert_msg(strcmp(ours.text, is_clean(text) ? text : "") == 0, "key %u: \"%s\", not \"%s\"",
                  code, ours.text, text);
    ck_assert_int_eq(ours.repeats, xkb_keymap_key_repeats(their_keymap, code + 8));
    static const struct {
        const char *name;
        uint32_t bit;
    } modifiers[] = {{XKB_MOD_NAME_SHIFT, 1},
                     {XKB_MOD_NAME_CAPS, 2},
                     {XKB_MOD_NAME_CTRL, 4},
                     {"Mod1", 8},
                     {"Mod2", 16},
                     {"Mod5", 32},
                     {"Mod4", 64}};
    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        bool active = xkb_state_mod_name_is_active(their_state, modifiers[i].name,
                                                   XKB_STATE_MODS_EFFECTIVE) > 0;
        ck_assert_msg(active == ((ours.modifiers & modifiers[i].bit) != 0), "key %u: %s", code,
                      modifiers[i].name);
    }
    ck_assert_uint_eq(ours.modifiers, kd_keymap_modifiers(keymap));
    return ours.text[0] != '\0';
}

/* Every key that a keyboard may have, with these keys held. Returns how many type something. */
static unsigned all_keys(const uint32_t *with, size_t with_count)
{
    unsigned typing = 0;

    for (size_t i = 0; i < with_count; i++)
        both(with[i], true);
    for (uint32_t code = 0; code <= KEY_MAX; code++) {
        bool is_held = false;
        for (size_t i = 0; i < with_count; i++)
            is_held = is_held || with[i] == code;
        if (is_held)
            continue;
        typing += both(code, true);
        both(code, false);
    }
    for (size_t i = with_count; i > 0; i--)
        both(with[i - 1], false);
    return typing;
}

static const struct {
    const char *layout, *variant, *options;
} samples[] = {
    {"us", "", ""},           {"de", "", ""},
    {"fr", "", ""},           {"jp", "", ""},
    {"de", "nodeadkeys", ""}, {"us", "dvorak", "ctrl:nocaps"},
    {"us", "intl", ""},       {"gb", "", "compose:ralt"},
    {"ru", "", ""},           {"us,de", ",nodeadkeys", "grp:alt_shift_toggle"},
    {"ch", "fr", ""},         {"jp", "kana", "caps:swapescape"},
};

START_TEST(test_equals_xkbcommon)
{
    const uint32_t shift = KEY_LEFTSHIFT, ctrl = KEY_LEFTCTRL, altgr = KEY_RIGHTALT;
    const uint32_t both_levels[] = {KEY_RIGHTSHIFT, KEY_RIGHTALT};

    open_layout(samples[_i].layout, samples[_i].variant, samples[_i].options);
    open_theirs(samples[_i].layout, samples[_i].variant, samples[_i].options);
    /* Caps Lock, Num Lock and a change of layout are among the keys: each round begins differently. */
    for (int round = 0; round < 4; round++) {
        ck_assert_uint_gt(all_keys(NULL, 0), 45);
        ck_assert_uint_gt(all_keys(&shift, 1), 45);
        ck_assert_uint_gt(all_keys(&altgr, 1), 10);
        ck_assert_uint_gt(all_keys(both_levels, 2), 10);
        all_keys(&ctrl, 1);
        both(round % 2 ? KEY_CAPSLOCK : KEY_NUMLOCK, true);
        both(round % 2 ? KEY_CAPSLOCK : KEY_NUMLOCK, false);
    }
    close_theirs();
}
END_TEST

/* ---- Against keyboards ----------------------------------------------------------------------- */

START_TEST(test_us)
{
    open_layout("", "", "");
    ck_assert_str_eq(typed(KEY_Z), "z");
    ck_assert_str_eq(typed(KEY_SPACE), " ");
    ck_assert_str_eq(typed(KEY_ENTER), "");
    ck_assert_str_eq(typed(KEY_TAB), "");
    ck_assert_str_eq(typed(KEY_ESC), "");
    ck_assert_str_eq(typed(KEY_BACKSPACE), "");
    ck_assert_str_eq(typed(KEY_DELETE), "");
    ck_assert_uint_eq(key(KEY_ENTER, true).keysym, XKB_KEY_Return);
    key(KEY_ENTER, false);
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, true).modifiers, KB_MODIFIER_SHIFT);
    ck_assert_str_eq(typed(KEY_1), "!");
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, false).modifiers, 0);
    key(KEY_LEFTCTRL, true);
    ck_assert_str_eq(typed(KEY_A), "");
    key(KEY_LEFTCTRL, false);
    ck_assert(key(KEY_A, true).repeats);
    key(KEY_A, false);
    ck_assert(!key(KEY_LEFTSHIFT, true).repeats);
}
END_TEST

START_TEST(test_de)
{
    open_layout("de", "", "");
    ck_assert_str_eq(typed(KEY_Y), "z");
    ck_assert_str_eq(typed(KEY_SEMICOLON), "ö");
    ck_assert_str_eq(typed(KEY_MINUS), "ß");
    ck_assert_uint_eq(key(KEY_RIGHTALT, true).modifiers, KB_MODIFIER_ALTGR);
    ck_assert_str_eq(typed(KEY_Q), "@");
    ck_assert_str_eq(typed(KEY_E), "€");
    ck_assert_uint_eq(key(KEY_RIGHTALT, false).modifiers, 0);
    struct kd_key dead = key(KEY_EQUAL, true);
    ck_assert_uint_eq(dead.keysym, XKB_KEY_dead_acute);
    ck_assert_str_eq(dead.text, "");
    open_layout("de", "nodeadkeys", "");
    ck_assert_str_eq(typed(KEY_EQUAL), "´");
}
END_TEST

START_TEST(test_fr_and_jp)
{
    open_layout("fr", "", "");
    ck_assert_str_eq(typed(KEY_Q), "a");
    ck_assert_str_eq(typed(KEY_2), "é");
    key(KEY_RIGHTALT, true);
    ck_assert_str_eq(typed(KEY_0), "@");
    key(KEY_RIGHTALT, false);
    key(KEY_LEFTSHIFT, true);
    ck_assert_str_eq(typed(KEY_2), "2");

    open_layout("jp", "", "");
    key(KEY_LEFTSHIFT, true);
    ck_assert_str_eq(typed(KEY_2), "\"");
    key(KEY_LEFTSHIFT, false);
    ck_assert_str_eq(typed(KEY_RO), "\\");
    ck_assert_uint_eq(key(KEY_HENKAN, true).keysym, XKB_KEY_Henkan_Mode);
}
END_TEST

START_TEST(test_locks)
{
    open_layout("us", "", "");
    ck_assert_uint_eq(key(KEY_CAPSLOCK, true).modifiers, KB_MODIFIER_CAPS_LOCK);
    ck_assert_uint_eq(key(KEY_CAPSLOCK, false).modifiers, KB_MODIFIER_CAPS_LOCK);
    ck_assert_str_eq(typed(KEY_A), "A");
    ck_assert_str_eq(typed(KEY_1), "1");
    key(KEY_LEFTSHIFT, true);
    ck_assert_str_eq(typed(KEY_A), "a");
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), KB_MODIFIER_CAPS_LOCK | KB_MODIFIER_SHIFT);
    ck_assert_uint_eq(kd_keymap_locked(keymap), KB_MODIFIER_CAPS_LOCK);
    kd_keymap_release(keymap);
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), KB_MODIFIER_CAPS_LOCK);
    key(KEY_CAPSLOCK, true);
    ck_assert_uint_eq(key(KEY_CAPSLOCK, false).modifiers, 0);

    ck_assert_str_eq(typed(KEY_KP4), "");
    key(KEY_NUMLOCK, true);
    ck_assert_uint_eq(key(KEY_NUMLOCK, false).modifiers, KB_MODIFIER_NUM_LOCK);
    ck_assert_str_eq(typed(KEY_KP4), "4");
    ck_assert_uint_eq(kd_keymap_locked(keymap), KB_MODIFIER_NUM_LOCK);
    ck_assert_uint_eq(key(KEY_LEFTMETA, true).modifiers, KB_MODIFIER_NUM_LOCK | KB_MODIFIER_LOGO);
    ck_assert_uint_eq(key(KEY_LEFTALT, true).modifiers,
                      KB_MODIFIER_NUM_LOCK | KB_MODIFIER_LOGO | KB_MODIFIER_ALT);
}
END_TEST

START_TEST(test_options)
{
    open_layout("us", "", "ctrl:nocaps");
    ck_assert_uint_eq(key(KEY_CAPSLOCK, true).modifiers, KB_MODIFIER_CTRL);
    ck_assert_uint_eq(key(KEY_CAPSLOCK, false).modifiers, 0);
    open_layout("us,de", "", "grp:caps_toggle");
    ck_assert_str_eq(typed(KEY_Y), "y");
    typed(KEY_CAPSLOCK);
    ck_assert_str_eq(typed(KEY_Y), "z");
    kd_keymap_release(keymap);
    ck_assert_str_eq(typed(KEY_Y), "z");
}
END_TEST

/* One key pressed twice is down once: its one release ends it. A release of nothing does nothing. */
START_TEST(test_doubled_keys)
{
    open_layout("us", "", "");
    key(KEY_LEFTSHIFT, true);
    key(KEY_LEFTSHIFT, true);
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, false).modifiers, 0);
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, false).modifiers, 0);
    ck_assert_uint_eq(key(KEY_CAPSLOCK, false).modifiers, 0);
    key(KEY_LEFTSHIFT, true);
    key(KEY_RIGHTSHIFT, true);
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, false).modifiers, KB_MODIFIER_SHIFT);
    kd_keymap_release(keymap);
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), 0);
    ck_assert_uint_eq(key(KEY_LEFTSHIFT, true).modifiers, KB_MODIFIER_SHIFT);
}
END_TEST

START_TEST(test_a_latch_does_not_outlive_its_keyboard)
{
    const uint32_t latch = KEY_APOSTROPHE;

    open_layout("lv", "apostrophe", "");
    typed(latch);
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), KB_MODIFIER_ALTGR);
    ck_assert_str_eq(typed(KEY_A), "ā");
    ck_assert_str_eq(typed(KEY_A), "a");
    key(latch, true);
    kd_keymap_release(keymap);
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), 0);
    ck_assert_str_eq(typed(KEY_A), "a");
    key(KEY_CAPSLOCK, true);
    typed(latch);
    kd_keymap_release(keymap);
    ck_assert_uint_eq(kd_keymap_modifiers(keymap), KB_MODIFIER_CAPS_LOCK);
}
END_TEST

START_TEST(test_codes_that_mean_nothing)
{
    static const uint32_t codes[] = {0,    BTN_LEFT,       KEY_MAX,   KEY_CNT,
                                     1000, UINT32_MAX - 7, UINT32_MAX};

    open_layout("us", "", "");
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct kd_key result = key(codes[i], true);
        ck_assert_uint_eq(result.keysym, XKB_KEY_NoSymbol);
        ck_assert_str_eq(result.text, "");
        ck_assert_uint_eq(result.modifiers, 0);
    }
    kd_keymap_release(keymap);
}
END_TEST

START_TEST(test_refusals)
{
    struct kd_keymap_names names = {.layout = "nosuchland"};

    ck_assert_int_eq(kd_keymap_create(&names, &keymap, why, sizeof(why)), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "\"nosuchland\""));
    ck_assert_ptr_null(keymap);
    names = (struct kd_keymap_names){.layout = "de", .variant = "no\nsuch%n"};
    ck_assert_int_eq(kd_keymap_create(&names, &keymap, why, sizeof(why)), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "\"no?such%n\""));
    names = (struct kd_keymap_names){.layout = "us"};
    ck_assert_int_eq(kd_keymap_create(&names, &keymap, why, 0), 0);
    kd_keymap_destroy(NULL);
}
END_TEST

/* A client that compiles the text gets the same keymap. */
START_TEST(test_text)
{
    size_t text_bytes;

    open_layout("de", "", "");
    const char *text = kd_keymap_text(keymap, &text_bytes);
    ck_assert_uint_eq(text_bytes, strlen(text));
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_FLAGS);
    struct xkb_keymap *theirs =
        xkb_keymap_new_from_string(context, text, XKB_KEYMAP_FORMAT_TEXT_V1, 0);
    ck_assert_ptr_nonnull(theirs);
    struct xkb_state *state = xkb_state_new(theirs);
    ck_assert_uint_eq(xkb_state_key_get_one_sym(state, KEY_SEMICOLON + 8), XKB_KEY_odiaeresis);
    xkb_state_unref(state);
    xkb_keymap_unref(theirs);
    xkb_context_unref(context);
}
END_TEST

/* ---- What the system is set to --------------------------------------------------------------- */

static struct kd_keymap_names system_names(const char *text, struct kd_keymap_names names)
{
    char path[64];
    int fd = memfd_create("keyboard", 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    kd_keymap_system_names(&names, path);
    close(fd);
    return names;
}

static void assert_names(struct kd_keymap_names names, const char *model, const char *layout,
                         const char *variant, const char *options)
{
    ck_assert_str_eq(names.model, model);
    ck_assert_str_eq(names.layout, layout);
    ck_assert_str_eq(names.variant, variant);
    ck_assert_str_eq(names.options, options);
}

START_TEST(test_system_names)
{
    const struct kd_keymap_names none = {0};

    assert_names(system_names("# KEYBOARD CONFIGURATION FILE\n\n"
                              "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"gb\"\nXKBVARIANT=\"\"\n"
                              "XKBOPTIONS=\"\"\n\nBACKSPACE=\"guess\"\n",
                              none),
                 "pc105", "gb", "", "");
    assert_names(system_names("export XKBLAYOUT='de',us # two\n  XKBVARIANT=nodeadkeys\\,\"\"\r\n"
                              "#XKBMODEL=no\nXKBOPTIONS=\"a\\\"b\\c\\\nd\"'\\'",
                              none),
                 "", "de,us", "nodeadkeys,", "a\"b\\cd\\");
    assert_names(system_names("XKBLAYOUT=us\nXKBLAYOUT=fr;x\nMYXKBLAYOUT=no\nXKBLAYOUTS=no", none),
                 "", "fr", "", "");
    assert_names(system_names("", none), "", "", "", "");
}
END_TEST

START_TEST(test_system_names_below_ours)
{
    const char *text = "XKBMODEL=pc104\nXKBLAYOUT=de\nXKBVARIANT=neo\nXKBOPTIONS=ctrl:nocaps\n";
    const struct kd_keymap_names layout = {.layout = "us"}, variant = {.variant = "dvorak"};

    assert_names(system_names(text, layout), "pc104", "us", "", "ctrl:nocaps");
    assert_names(system_names(text, variant), "pc104", "de", "dvorak", "ctrl:nocaps");
}
END_TEST

START_TEST(test_odd_system_names)
{
    const struct kd_keymap_names none = {0};
    char text[70000];

    assert_names(system_names("XKBLAYOUT=\"de\nXKBVARIANT=x", none), "", "", "", "");
    assert_names(system_names("XKBLAYOUT='de\x01'\nXKBMODEL=pc105\\", none), "pc105", "", "", "");
    snprintf(text, sizeof(text), "XKBLAYOUT=%0200d\nXKBMODEL=pc101\n", 1);
    assert_names(system_names(text, none), "pc101", "", "", "");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_names(system_names(text, none), "", "", "", "");

    struct kd_keymap_names names = {.layout = "jp"};
    kd_keymap_system_names(&names, "/nonexistent/keyboard");
    kd_keymap_system_names(&names, "/dev/zero");
    kd_keymap_system_names(&names, "/");
    assert_names(names, "", "jp", "", "");
}
END_TEST

Suite *keymap_suite(void)
{
    Suite *suite = suite_create("keymap");
    TCase *tcase = tcase_create("keys");

    tcase_add_checked_fixture(tcase, NULL, close_layout);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_equals_xkbcommon, 0, sizeof(samples) / sizeof(samples[0]));
    tcase_add_test(tcase, test_us);
    tcase_add_test(tcase, test_de);
    tcase_add_test(tcase, test_fr_and_jp);
    tcase_add_test(tcase, test_locks);
    tcase_add_test(tcase, test_options);
    tcase_add_test(tcase, test_doubled_keys);
    tcase_add_test(tcase, test_a_latch_does_not_outlive_its_keyboard);
    tcase_add_test(tcase, test_codes_that_mean_nothing);
    tcase_add_test(tcase, test_refusals);
    tcase_add_test(tcase, test_text);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("system");
    tcase_add_test(tcase, test_system_names);
    tcase_add_test(tcase, test_system_names_below_ours);
    tcase_add_test(tcase, test_odd_system_names);
    suite_add_tcase(suite, tcase);
    return suite;
}

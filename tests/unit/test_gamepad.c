/* Gamepads without gamepads: SDL's layouts, how SDL counts, the kernel's convention, and what is told when. */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gen/kmsblit_types.h"
#include "input/names.h"
#include "input/pad.h"

static char told[8192], why[256];
static size_t told_bytes;
static struct kd_pad pad;
static struct kd_pad_parts parts;

static void on_told(void *ctx, bool is_axis, uint32_t index, int32_t value)
{
    const char *name = "";

    (void)ctx;
    if (pad.mapped)
        name = is_axis ? kd_gamepad_axis_names[index] : kd_gamepad_button_names[index];
    int wrote = pad.mapped
                    ? snprintf(told + told_bytes, sizeof(told) - told_bytes, "%s %d;", name, value)
                    : snprintf(told + told_bytes, sizeof(told) - told_bytes, "%s%u %d;",
                               is_axis ? "axis" : "button", index, value);
    told_bytes += (size_t)wrote;
    ck_assert_uint_lt(told_bytes, sizeof(told));
}

/* What is told of an event. */
static const char *event(uint16_t type, uint16_t code, int32_t value)
{
    told_bytes = 0;
    told[0] = '\0';
    kd_pad_event(&pad, type, code, value, on_told, NULL);
    return told;
}

static const char *key(uint16_t code, bool down)
{
    return event(EV_KEY, code, down);
}

static const char *turn(uint16_t code, int32_t value)
{
    return event(EV_ABS, code, value);
}

static const char *begin(void)
{
    told_bytes = 0;
    told[0] = '\0';
    kd_pad_begin(&pad, on_told, NULL);
    return told;
}

static void axis(unsigned code, int32_t min, int32_t max)
{
    parts.abs[code].is_there = true;
    parts.abs[code].min = min;
    parts.abs[code].max = max;
    parts.abs[code].fuzz = max > 1 ? 1 : 0;
}

static void hat(unsigned code)
{
    axis(code, -1, 1);
    axis(code + 1, -1, 1);
}

/* As the kernel's xpad says a wired Xbox 360 gamepad is. */
static void xbox(void)
{
    static const unsigned keys[] = {BTN_SOUTH,  BTN_EAST,  BTN_NORTH, BTN_WEST,   BTN_TL,    BTN_TR,
                                    BTN_SELECT, BTN_START, BTN_MODE,  BTN_THUMBL, BTN_THUMBR};

    memset(&parts, 0, sizeof(parts));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        parts.keys[keys[i]] = true;
    axis(ABS_X, -32768, 32767);
    axis(ABS_Y, -32768, 32767);
    axis(ABS_Z, 0, 255);
    axis(ABS_RX, -32768, 32767);
    axis(ABS_RY, -32768, 32767);
    axis(ABS_RZ, 0, 255);
    hat(ABS_HAT0X);
}

static void use(const char *line)
{
    struct kd_mapping mapping;

    if (line)
        ck_assert_msg(kd_mapping_parse(line, &mapping, why, sizeof(why)) == 1, "%s", why);
    kd_pad_init(&pad, &parts, line ? &mapping : NULL, false);
}

#define GUID "030000005e0400008e02000014010000"

/* ---- Names of devices ------------------------------------------------------------------------ */

static const char *guid_text(uint16_t bus, uint16_t vendor, uint16_t product, uint16_t version,
                             const char *name)
{
    static char text[33];
    uint8_t guid[KD_GUID_BYTES];

    kd_guid_make(guid, bus, vendor, product, version, name);
    for (size_t i = 0; i < KD_GUID_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", guid[i]);
    return text;
}

/* As these are in SDL's own list. */
START_TEST(test_guids)
{
    ck_assert_str_eq(guid_text(3, 0x045e, 0x028e, 0x0114, "X360"), GUID);
    ck_assert_str_eq(guid_text(5, 0x054c, 0x09cc, 0x8100, "Wireless Controller"),
                     "050000004c050000cc09000000810000");
    ck_assert_str_eq(guid_text(0x19, 0, 0, 0, "gpio-keys"), "190000006770696f2d6b657973000000");
    ck_assert_str_eq(guid_text(3, 0, 1, 2, "longer than that"), "030000006c6f6e676572207468616e00");
}
END_TEST

/* ---- Lines ----------------------------------------------------------------------------------- */

static const struct {
    const char *line, *why;
} mistakes[] = {
    {"nonsense", "begins with a GUID"},
    {"030000005e0400008e0200001401000,A,a:b0,", "begins with a GUID"},
    {"g30000005e0400008e02000014010000,A,a:b0,", "begins with a GUID"},
    {GUID, "name of the gamepad is missing"},
    {GUID ",A pad", "nothing is assigned"},
    {GUID ",A pad,platform:Linux,", "nothing is assigned"},
    {GUID ",A pad,a:b0,b", "\"b\" has no colon"},
    {GUID ",A pad,a:", "\"\" of \"a\" is no button"},
    {GUID ",A pad,a:b", "\"b\" of \"a\""},
    {GUID ",A pad,a:x1", "\"x1\" of \"a\""},
    {GUID ",A pad,a:b1x", "\"b1x\" of \"a\""},
    {GUID ",A pad,a:b1024", "\"b1024\" of \"a\""},
    {GUID ",A pad,a:b99999999999999999999", "of \"a\""},
    {GUID ",A pad,a:+b1", "\"+b1\" of \"a\""},
    {GUID ",A pad,a:h0", "\"h0\" of \"a\""},
    {GUID ",A pad,a:h0.16", "\"h0.16\" of \"a\""},
    {GUID ",A pad,a:h0.0", "\"h0.0\" of \"a\""},
    {GUID ",A pad,leftx:a0~~", "\"a0~~\" of \"leftx\""},
    {GUID ",A pad,a:%n%s\x1b", "\"%n%s?\" of \"a\""},
    {GUID ",A pad,a:b0,crc:12345", "\"crc:\" needs"},
};

START_TEST(test_mistakes)
{
    struct kd_mapping mapping;

    ck_assert_int_eq(kd_mapping_parse(mistakes[_i].line, &mapping, why, sizeof(why)), -EINVAL);
    ck_assert_msg(strstr(why, mistakes[_i].why), "%s", why);
}
END_TEST

START_TEST(test_lines_for_others)
{
    struct kd_mapping mapping;
    static const char *const lines[] = {
        "",
        "  ",
        "# " GUID ",A,a:b0,",
        GUID ",A pad,a:b0,platform:Windows,",
        "xinput,XInput Controller,a:b0,platform:Windows,",
        GUID ",A pad,a:b0,platform:Linux2",
        GUID ",A pad,a:b1,hint:SDL_GAMECONTROLLER_USE_BUTTON_LABELS:=1,platform:Linux,",
        GUID ",A pad,a:b1,hint:SDL_SOMETHING:=0,platform:Linux,",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        ck_assert_int_eq(kd_mapping_parse(lines[i], &mapping, why, sizeof(why)), 0);
    ck_assert_int_eq(kd_mapping_parse(GUID ",A,a:b1,hint:!SDL_GAMECONTROLLER_USE_BUTTON_LABELS:=1,",
                                      &mapping, why, sizeof(why)),
                     1);
    /* What newer SDLs know is passed over. */
    ck_assert_int_eq(
        kd_mapping_parse(GUID ",A,misc7:b1,sdk>=:30,type:ps5,a:b3,face:abxy", &mapping, why, 100),
        1);
    ck_assert_uint_eq(mapping.binds_count, 1);
}
END_TEST

/* ---- Files ----------------------------------------------------------------------------------- */

static uint16_t first_button(const struct kd_mappings *mappings, uint16_t version, const char *name)
{
    uint8_t guid[KD_GUID_BYTES];

    kd_guid_make(guid, 3, 0x045e, 0x028e, version, name);
    const struct kd_mapping *mapping = kd_mappings_find(mappings, guid, name);
    return mapping ? mapping->binds[0].index : 999;
}

START_TEST(test_finding)
{
    struct kd_mappings *mappings;
    static const char text[] =
        "# a list\r\n\r\n" GUID ",A,a:b1,platform:Linux,\r\n"
        "broken\n" GUID ",B,a:b2,\n" GUID ",C,a:b3,platform:Mac OS X,\n"
        /* 0xbb3d is the checksum of 123456789, as everywhere */
        "03003dbb5e0400008e02000014010000,D,a:b4,\n" GUID ",E,a:b5,crc:1234,";

    ck_assert_int_eq(kd_mappings_create(&mappings), 0);
    ck_assert_uint_eq(first_button(mappings, 0x0114, "x"), 999);
    kd_mappings_add_text(mappings, text, strlen(text), "a list");
    ck_assert_uint_eq(first_button(mappings, 0x0114, "x"), 2);
    ck_assert_uint_eq(first_button(mappings, 0x0114, "123456789"), 4);
    ck_assert_uint_eq(first_button(mappings, 0x0115, "x"), 2);
    kd_mappings_add_text(mappings, "030000005e0400008e02000015010000,F,a:b6,\n", 41, "a list");
    ck_assert_uint_eq(first_button(mappings, 0x0115, "x"), 6);
    ck_assert_uint_eq(first_button(mappings, 0x0114, "x"), 2);
    kd_mappings_destroy(mappings);
    kd_mappings_destroy(NULL);
}
END_TEST

START_TEST(test_files)
{
    struct kd_mappings *mappings;
    static char text[5000];
    char path[] = "/tmp/kmsblit-mappings-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    memset(text, 'x', sizeof(text));
    int wrote = dprintf(fd, "%.4500s\n" GUID ",A,a:b7", text);
    ck_assert_int_gt(wrote, 4500);
    ck_assert_int_eq(kd_mappings_create(&mappings), 0);
    ck_assert_int_eq(kd_mappings_add_file(mappings, path), 0);
    ck_assert_uint_eq(first_button(mappings, 0x0114, "x"), 7);
    ck_assert_int_eq(write(fd, "\0,b:b3\n", 7), 7);
    struct kd_mappings *others;
    ck_assert_int_eq(kd_mappings_create(&others), 0);
    ck_assert_int_eq(kd_mappings_add_file(others, path), 0);
    ck_assert_uint_eq(first_button(others, 0x0114, "x"), 999);
    ck_assert_int_eq(ftruncate(fd, 1 << 30), 0);
    ck_assert_int_eq(kd_mappings_add_file(others, path), -EFBIG);
    ck_assert_int_eq(kd_mappings_add_file(others, "/nonexistent"), -ENOENT);
    ck_assert_int_eq(kd_mappings_add_file(others, "/dev/zero"), -EINVAL);
    kd_mappings_destroy(others);
    kd_mappings_destroy(mappings);
    close(fd);
    unlink(path);
}
END_TEST

/* ---- By a mapping ---------------------------------------------------------------------------- */

START_TEST(test_by_mapping)
{
    xbox();
    use(GUID ",A,a:b1,b:b0,x:a2,dpup:h0.1,dpleft:h0.8,leftx:a1,lefty:a0~,lefttrigger:a2,"
             "righttrigger:b5,+rightx:+a3,-rightx:b6,righty:h0.4,platform:Linux,");
    ck_assert_str_eq(begin(), "lefty -1;lefttrigger 16383;");
    ck_assert_uint_eq(pad.axes, 6);
    ck_assert_uint_eq(pad.buttons, 21);
    ck_assert_str_eq(key(BTN_EAST, true), "a 1;");
    ck_assert_str_eq(key(BTN_EAST, true), "");
    ck_assert_str_eq(event(EV_KEY, BTN_EAST, 2), "");
    ck_assert_str_eq(key(BTN_EAST, false), "a 0;");
    ck_assert_str_eq(key(BTN_SOUTH, true), "b 1;");
    ck_assert_str_eq(turn(ABS_Z, 0), "lefttrigger 0;");
    ck_assert_str_eq(turn(ABS_Z, 255), "x 1;lefttrigger 32767;");
    ck_assert_str_eq(turn(ABS_Z, 100), "x 0;lefttrigger 12849;");
    ck_assert_str_eq(turn(ABS_X, -32768), "lefty 32767;");
    ck_assert_str_eq(turn(ABS_X, 32767), "lefty -32768;");
    ck_assert_str_eq(turn(ABS_Y, 1234), "leftx 1234;");
    ck_assert_str_eq(turn(ABS_HAT0Y, -1), "dpup 1;");
    ck_assert_str_eq(turn(ABS_HAT0X, -1), "dpleft 1;");
    ck_assert_str_eq(turn(ABS_HAT0Y, 1), "dpup 0;righty 32767;");
    ck_assert_str_eq(turn(ABS_HAT0Y, 0), "righty 0;");
    ck_assert_str_eq(key(BTN_TR, true), "righttrigger 32767;");
    ck_assert_str_eq(turn(ABS_RX, 32767), "rightx 32767;");
    ck_assert_str_eq(turn(ABS_RX, -5), "rightx 0;");
    ck_assert_str_eq(key(BTN_SELECT, true), "rightx -32768;");
    ck_assert_str_eq(key(BTN_START, true), "");
}
END_TEST

/* A mapping of another device's: what this one has not never happens. */
START_TEST(test_a_wrong_mapping)
{
    memset(&parts, 0, sizeof(parts));
    parts.keys[BTN_TRIGGER] = true;
    use(GUID ",A,a:b0,b:b999,leftx:a999,dpup:h9.1,x:h3.15,lefttrigger:a7~,");
    begin();
    ck_assert_str_eq(key(BTN_TRIGGER, true), "a 1;");
    for (unsigned code = 0; code < 2000; code++) {
        ck_assert_str_eq(turn((uint16_t)code, 1), "");
        if (code != BTN_TRIGGER)
            ck_assert_str_eq(key((uint16_t)code, true), "");
    }
}
END_TEST

/* ---- By the kernel's convention -------------------------------------------------------------- */

START_TEST(test_by_kernel)
{
    xbox();
    use(NULL);
    ck_assert(pad.mapped);
    /* The triggers have not said where they are, and are taken to be in the middle of their way. */
    begin();
    ck_assert_str_eq(key(BTN_SOUTH, true), "a 1;");
    ck_assert_str_eq(key(BTN_NORTH, true), "y 1;");
    ck_assert_str_eq(key(BTN_WEST, true), "x 1;");
    ck_assert_str_eq(key(BTN_MODE, true), "guide 1;");
    ck_assert_str_eq(key(BTN_THUMBR, true), "rightstick 1;");
    ck_assert_str_eq(turn(ABS_HAT0X, 1), "dpright 1;");
    ck_assert_str_eq(turn(ABS_HAT0X, -1), "dpright 0;dpleft 1;");
    ck_assert_str_eq(turn(ABS_RX, -32768), "rightx -32768;");
    ck_assert_str_eq(turn(ABS_Y, 32767), "lefty 32767;");
    ck_assert_str_eq(turn(ABS_RZ, 255), "righttrigger 32767;");
    ck_assert_str_eq(turn(ABS_RZ, 0), "righttrigger 0;");

    kd_pad_init(&pad, &parts, NULL, true);
    begin();
    ck_assert_str_eq(key(BTN_NORTH, true), "x 1;");
    ck_assert_str_eq(key(BTN_WEST, true), "y 1;");
}
END_TEST

/* A plain one: four buttons, a direction pad of keys, triggers that are keys, Z and RZ as its second stick. */
START_TEST(test_by_kernel_without_right_axes)
{
    memset(&parts, 0, sizeof(parts));
    parts.keys[BTN_SOUTH] = parts.keys[BTN_DPAD_LEFT] = parts.keys[BTN_TL2] = true;
    axis(ABS_X, 0, 255);
    axis(ABS_Y, 0, 255);
    axis(ABS_Z, 0, 255);
    axis(ABS_RZ, 0, 255);
    use(NULL);
    begin();
    ck_assert_str_eq(key(BTN_DPAD_LEFT, true), "dpleft 1;");
    ck_assert_str_eq(key(BTN_TL2, true), "lefttrigger 32767;");
    ck_assert_str_eq(key(BTN_TL2, false), "lefttrigger 0;");
    ck_assert_str_eq(turn(ABS_Z, 0), "rightx -32768;");
    ck_assert_str_eq(turn(ABS_RZ, 255), "righty 32767;");
    ck_assert_str_eq(turn(ABS_X, 128), "leftx 128;");
    ck_assert_str_eq(turn(ABS_X, 127), "leftx -129;");
    ck_assert_str_eq(turn(ABS_X, 300), "leftx 32767;");
    ck_assert_str_eq(turn(ABS_X, INT32_MIN), "leftx -32768;");
}
END_TEST

/* ---- As it counts ---------------------------------------------------------------------------- */

/* SDL counts from BTN_JOYSTICK on, and what is below that after it; hats are neither axes nor buttons of their own. */
START_TEST(test_counting)
{
    memset(&parts, 0, sizeof(parts));
    parts.keys[KEY_A] = parts.keys[BTN_TRIGGER] = parts.keys[BTN_BASE6] = true;
    parts.keys[BTN_0] = true;
    axis(ABS_THROTTLE, 0, 255);
    axis(ABS_X, 10, 10);
    axis(ABS_MISC, INT32_MIN, INT32_MAX);
    hat(ABS_HAT0X);
    hat(ABS_HAT2X);
    axis(ABS_HAT3X, 0, 255); /* an analog one, on a hat's number */
    use(NULL);
    ck_assert(!pad.mapped);
    ck_assert_uint_eq(pad.buttons, 4 + 8);
    ck_assert_uint_eq(pad.axes, 4);
    begin();
    ck_assert_str_eq(key(BTN_TRIGGER, true), "button0 1;");
    ck_assert_str_eq(key(BTN_BASE6, true), "button1 1;");
    ck_assert_str_eq(key(KEY_A, true), "button2 1;");
    ck_assert_str_eq(key(BTN_0, true), "button3 1;");
    ck_assert_str_eq(turn(ABS_HAT0Y, -1), "button4 1;");
    ck_assert_str_eq(turn(ABS_HAT0X, 1), "button5 1;");
    ck_assert_str_eq(turn(ABS_HAT0Y, 1), "button4 0;button6 1;");
    ck_assert_str_eq(turn(ABS_HAT2X, -1), "button11 1;");
    ck_assert_str_eq(turn(ABS_X, 10), "");
    ck_assert_str_eq(turn(ABS_THROTTLE, 255), "axis1 32767;");
    ck_assert_str_eq(turn(ABS_HAT3X, 255), "axis2 32767;");
    ck_assert_str_eq(turn(ABS_MISC, INT32_MAX), "axis3 32767;");
    ck_assert_str_eq(turn(ABS_MISC, INT32_MIN), "axis3 -32768;");
    ck_assert_str_eq(turn(ABS_RZ, 1), "");
    ck_assert_str_eq(event(EV_REL, 0, 1), "");
    ck_assert_str_eq(event(EV_KEY, KEY_CNT, 1), "");
    ck_assert_str_eq(event(EV_ABS, UINT16_MAX, 1), "");
}
END_TEST

START_TEST(test_too_many_parts)
{
    for (unsigned code = 0; code < KEY_CNT; code++)
        parts.keys[code] = code != BTN_GAMEPAD;
    for (unsigned code = 0; code < ABS_CNT; code++)
        axis(code, 0, 255);
    for (unsigned code = ABS_HAT0X; code <= ABS_HAT3Y; code += 2)
        hat(code);
    for (unsigned code = ABS_HAT0X; code <= ABS_HAT3Y; code++)
        parts.abs[code].fuzz = 0;
    use(NULL);
    ck_assert_uint_eq(pad.buttons, KD_PAD_BUTTONS + 16);
    ck_assert_uint_eq(pad.axes, ABS_CNT - 8);
    begin();
    for (unsigned code = 0; code < KEY_CNT; code++)
        key((uint16_t)code, true);
    ck_assert_str_eq(turn(ABS_HAT3X, -1), "button143 1;");
    ck_assert_str_eq(turn(ABS_MAX, 255), "axis55 32767;");
}
END_TEST

/* ---- Before it was there --------------------------------------------------------------------- */

START_TEST(test_held_before)
{
    xbox();
    use(NULL);
    ck_assert_str_eq(key(BTN_SOUTH, true), "");
    ck_assert_str_eq(turn(ABS_X, 20000), "");
    ck_assert_str_eq(turn(ABS_Z, 0), "");
    ck_assert_str_eq(turn(ABS_RZ, 0), "");
    ck_assert_str_eq(begin(), "leftx 20000;");
    ck_assert_str_eq(key(BTN_EAST, true), "b 1;");
    ck_assert_str_eq(key(BTN_SOUTH, false), "");
    ck_assert_str_eq(key(BTN_SOUTH, true), "a 1;");
    ck_assert_str_eq(key(BTN_SOUTH, false), "a 0;");
}
END_TEST

static bool down[KD_PAD_BUTTONS + 16];
static unsigned presses;

static void on_any(void *ctx, bool is_axis, uint32_t index, int32_t value)
{
    (void)ctx;
    if (is_axis) {
        ck_assert_uint_lt(index, KD_PAD_AXES);
        ck_assert_int_ge(value, index >= KB_GAMEPAD_AXIS_LEFTTRIGGER && pad.mapped ? 0 : -32768);
        ck_assert_int_le(value, 32767);
        return;
    }
    ck_assert_uint_lt(index, pad.buttons);
    ck_assert_int_eq(value, !down[index]);
    down[index] = !down[index];
    presses += value != 0;
}

/* Whatever happens: down and up by turns, and values in their range. */
START_TEST(test_any_events)
{
    static const char *const lines[] = {
        NULL, GUID ",A,a:b0,b:a0,x:+a0,y:-a0,back:a0~,start:-a1~,dpup:h0.1,dpdown:h0.4,lefty:a1,"
                   "leftx:b1,-leftx:b2,+leftx:a4,lefttrigger:a5~,+righttrigger:a3,guide:h0.9,"};
    uint32_t state = 7;

    xbox();
    use(lines[_i]);
    memset(down, 0, sizeof(down));
    presses = 0;
    turn(ABS_Z, 0);
    turn(ABS_RZ, 0);
    begin();
    for (int i = 0; i < 20000; i++) {
        state = state * 1664525 + 1013904223;
        uint16_t type = state >> 31 ? EV_KEY : EV_ABS;
        uint16_t code = type == EV_KEY ? (uint16_t)(BTN_SOUTH + (state >> 8) % 16)
                                       : (uint16_t)((state >> 8) % (ABS_HAT3Y + 1));
        kd_pad_event(&pad, type, code, (int32_t)(state >> 4) % (type == EV_KEY ? 2 : 40000), on_any,
                     NULL);
    }
    ck_assert_uint_gt(presses, 100);
}
END_TEST

Suite *gamepad_suite(void)
{
    Suite *suite = suite_create("gamepad");
    TCase *tcase = tcase_create("mapping");

    tcase_add_test(tcase, test_guids);
    tcase_add_loop_test(tcase, test_mistakes, 0, sizeof(mistakes) / sizeof(mistakes[0]));
    tcase_add_test(tcase, test_lines_for_others);
    tcase_add_test(tcase, test_finding);
    tcase_add_test(tcase, test_files);
    suite_add_tcase(suite, tcase);

    tcase = tcase_create("pad");
    tcase_add_test(tcase, test_by_mapping);
    tcase_add_test(tcase, test_a_wrong_mapping);
    tcase_add_test(tcase, test_by_kernel);
    tcase_add_test(tcase, test_by_kernel_without_right_axes);
    tcase_add_test(tcase, test_counting);
    tcase_add_test(tcase, test_too_many_parts);
    tcase_add_test(tcase, test_held_before);
    tcase_add_loop_test(tcase, test_any_events, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}

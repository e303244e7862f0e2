/* The configuration: what it says about displays, real and virtual. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "config_rig.h"
#include "server/config.h"

START_TEST(test_display)
{
    ck_assert_int_eq(read_text("[display]\nbackend = kms\nsession = service\ncard = vc4\nvt = 7\n"
                               "plane_scaling = off\ncursor = software\ndamage = dirtyfb\n"
                               "off_after = 600\nmargin = 0\n"),
                     0);
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(config.backend, KD_BACKEND_KMS);
    ck_assert_int_eq(config.session_mode, KD_SESSION_SERVICE);
    ck_assert_str_eq(config.card, "vc4");
    ck_assert_uint_eq(config.vt, 7);
    ck_assert_int_eq(config.plane_scaling, KD_OFF);
    ck_assert_int_eq(config.hardware_cursor, KD_OFF);
    ck_assert(!config.cursor_hidden);
    ck_assert_int_eq(config.damage, KD_DAMAGE_DIRTYFB);
    ck_assert_uint_eq(config.off_after_s, 600);
    ck_assert_uint_eq(config.margin_us, 0);
    ck_assert_int_eq(read_text("[display]\ncursor = off\n"), 0);
    ck_assert(config.cursor_hidden);
}
END_TEST

static void assert_mode(size_t i, int32_t width_px, int32_t height_px, uint32_t refresh_mhz)
{
    ck_assert_int_eq(config.connectors[i].mode.width_px, width_px);
    ck_assert_int_eq(config.connectors[i].mode.height_px, height_px);
    ck_assert_uint_eq(config.connectors[i].mode.refresh_mhz, refresh_mhz);
}

START_TEST(test_connectors)
{
    ck_assert_int_eq(read_text("[output HDMI-A-1]\nmode = 1280x720@59.94\nrotate = 90\n"
                               "reflect = x\nposition = -5, 6\noverscan = 1,2,3,4\n"
                               "[output DSI-1]\nmode = preferred\nrotate = 270\nreflect = xy\n"
                               "overscan = 8\nformat = rgb565\n"
                               "[output SPI-1]\nmode = 240x320\ny = 7\n"
                               "[output tv]\nsize = 640x480\nposition = 3,4\n"
                               "[output HDMI-A-2]\nmirror = HDMI-A-1\n"
                               "[output DP-1]\nmode = off\n"),
                     0);
    ck_assert_str_eq(said, "");
    ck_assert_uint_eq(config.outputs_count, 1);
    ck_assert_int_eq(config.outputs[0].x, 3);
    ck_assert_int_eq(config.outputs[0].y, 4);
    ck_assert_uint_eq(config.connectors_count, 5);
    const struct kd_config_connector *connector = config.connectors;
    ck_assert_str_eq(connector[0].name, "HDMI-A-1");
    assert_mode(0, 1280, 720, 59940);
    ck_assert_int_eq(connector[0].rotation, KB_ROTATION_ROTATE90);
    ck_assert(connector[0].reflect_x && !connector[0].reflect_y);
    ck_assert(connector[0].has_position && !connector[0].has_format && !connector[0].off);
    ck_assert_int_eq(connector[0].x, -5);
    ck_assert_int_eq(connector[0].y, 6);
    for (int side = 0; side < 4; side++) {
        ck_assert_int_eq(connector[0].overscan[side], side + 1);
        ck_assert_int_eq(connector[1].overscan[side], 8);
    }
    assert_mode(1, 0, 0, 0);
    ck_assert_int_eq(connector[1].rotation, KB_ROTATION_ROTATE270);
    ck_assert(connector[1].reflect_x && connector[1].reflect_y && !connector[1].has_position);
    ck_assert(connector[1].has_format && connector[1].format == KB_FORMAT_RGB565);
    assert_mode(2, 240, 320, 0);
    ck_assert(connector[2].has_position && connector[2].x == 0 && connector[2].y == 7);
    ck_assert_str_eq(connector[3].mirror, "HDMI-A-1");
    ck_assert(connector[4].off);
}
END_TEST

/* Each line by itself is allowed. */
static const struct {
    const char *text, *message;
} bad_together[] = {
    {"[display]\nbackend = kms\n[output tv]\nsize = 1x1\n",
     ": backend kms shows no virtual displays such as tv: leave them out, or choose backend"},
    {"[display]\nbackend = kms\nclock = virtual\n", ": backend kms has the display's own clock"},
    {"[display]\nsession = seat\nvt = 3\n", ": session seat gets its VT from the seat"},
    {"[output a]\nmirror = b\n[output b]\nmirror = c\n",
     ": [output a] mirror: b has no picture of its own, it is a mirror itself"},
    {"[output b]\nmode = off\n[output a]\nmirror = b\n", "it is off"},
    {"[output a]\nsize = 1x1\nmirror = b\n", ": [output a] mirror: there is no virtual display b"},
    {"[output HEADLESS-1]\nmirror = HEADLESS-2\n[output HEADLESS-2]\nmirror = HEADLESS-1\n",
     "HEADLESS-2 has no picture of its own, it is a mirror itself"},
};

START_TEST(test_a_file_that_contradicts_itself)
{
    write_bytes(bad_together[_i].text, strlen(bad_together[_i].text));
    ck_assert_int_eq(PARSE("--check-config"), KD_CONFIG_EXIT_FAILURE);
    assert_said(bad_together[_i].message);
    ck_assert_uint_eq(lines_said(), 1);
    ck_assert_int_eq(PARSE("--buffers=2"), KD_CONFIG_EXIT_FAILURE);
}
END_TEST

static const struct {
    const char *text, *args[5];
    const char *message;     /* NULL: no mistake */
    enum kd_backend backend; /* then */
    unsigned outputs_count;
} backends[] = {
    {"", {"--buffers=2"}, NULL, KD_BACKEND_AUTO, 0},
    {"[output a]\nrotate = 90\n", {"--buffers=2"}, NULL, KD_BACKEND_AUTO, 0},
    {"[output a]\nsize = 1x1\n", {"--buffers=2"}, NULL, KD_BACKEND_HEADLESS, 1},
    {"[output a]\nsize = 1x1\n", {"--backend=kms"}, NULL, KD_BACKEND_KMS, 0},
    {"", {"--output=headless"}, NULL, KD_BACKEND_HEADLESS, 1},
    {"", {"--clock=virtual"}, NULL, KD_BACKEND_HEADLESS, 0},
    {"", {"--backend=headless"}, NULL, KD_BACKEND_HEADLESS, 0},
    {"[display]\nbackend = kms\n",
     {"--output=headless", "--backend=headless"},
     NULL,
     KD_BACKEND_HEADLESS,
     1},
    {"",
     {"--backend=kms", "--card=/dev/dri/card1", "--vt=2", "--session=service"},
     NULL,
     KD_BACKEND_KMS,
     0},
    {"", {"--backend=kms", "--output=headless"}, "backend kms shows no virtual displays", 0, 0},
    {"[display]\nbackend = kms\n", {"--output=headless"}, "backend kms shows no virtual", 0, 0},
    {"", {"--backend=kms", "--clock=virtual"}, "backend kms has the display's own clock", 0, 0},
    {"", {"--session=seat", "--vt=3"}, "session seat gets its VT from the seat", 0, 0},
};

START_TEST(test_backend)
{
    const char *args[8] = {"--config", path};
    write_bytes(backends[_i].text, strlen(backends[_i].text));
    memcpy(args + 2, backends[_i].args, sizeof(backends[_i].args));
    enum kd_config_action action = parse(args);
    if (backends[_i].message != NULL) {
        ck_assert_int_eq(action, KD_CONFIG_EXIT_USAGE);
        assert_said(backends[_i].message);
        ck_assert_uint_eq(lines_said(), 1);
        return;
    }
    ck_assert_str_eq(said, "");
    ck_assert_int_eq(action, KD_CONFIG_RUN);
    ck_assert_int_eq(config.backend, backends[_i].backend);
    ck_assert_uint_eq(config.outputs_count, backends[_i].outputs_count);
}
END_TEST

static const struct {
    const char *text;
    const char *message; /* behind "FILE:" */
} bad_lines[] = {
    {"[output a]\nrefresh = 60\n[log]", "1: [output a]: refresh is for a virtual display"},
    {"[output a]\nrefresh = 60", "1: [output a]: refresh is for a virtual display"},
    {"[output a]\nsize = 1x1\nmode = 1x1",
     "3: [output a] mode = 1x1: is for a real display; one with a size"},
    {"[output HEADLESS-1]\nmode = off", "2: [output HEADLESS-1] mode = off: is for a real"},
    {"[output a]\nmode = 1x1\nsize = 1x1",
     "3: [output a] size = 1x1: is for a virtual display, and mode for a real one"},
    {"[output a]\nmode = 640", "2: [output a] mode = 640: must be WIDTHxHEIGHT, WIDTHxHEIGHT@HZ, "
                               "preferred or off"},
    {"[output a]\nmode = best", "must be WIDTHxHEIGHT"},
    {"[output a]\nmode =", "must be WIDTHxHEIGHT"},
    {"[output a]\nmode = 640x", "a size must be"},
    {"[output a]\nmode = 640x480@", "a refresh must be from 1 to 1000 Hz with at most three"},
    {"[output a]\nmode = 640x480@0", "a refresh must be"},
    {"[output a]\nmode = 640x480@60Hz", "a refresh must be"},
    {"[output a]\nmode = 640x480i", "a size must be"},
    {"[output a]\nmode = 10000000000000000000000000000000000x480", "must be WIDTHxHEIGHT"},
    {"[output a]\nrotate = 45", "must be 0, 90, 180 or 270"},
    {"[output a]\nreflect = z", "must be none, x, y or xy"},
    {"[output a]\nposition = 5", "must be X,Y, each a number from -65536 to 65536"},
    {"[output a]\nposition = 5,6,7", "must be X,Y"},
    {"[output a]\nposition = 5,", "must be X,Y"},
    {"[output a]\nposition = 5,6\nx = 7", "3: [output a] x = 7: the place is given already"},
    {"[output a]\ny = 5\nposition = 5,6", "3: [output a] position = 5,6: the place is given"},
    {"[output a]\noverscan = 1,2", "must be PIXELS or LEFT,TOP,RIGHT,BOTTOM"},
    {"[output a]\noverscan = 1,2,3,4,5", "must be PIXELS or"},
    {"[output a]\noverscan = -1", "each a number from 0 to 2048"},
    {"[output a]\noverscan = 00000000000000001", "must be PIXELS or"},
    {"[output a]\nmirror = a", "must be another output"},
    {"[output a]\nmirror = b c", "an output's name must be"},
    {"[output a]\nmirror = b\nx = 5", "1: [output a]: has a place, and is a mirror of b"},
    {"[display]\nbackend = x11", "2: [display] backend = x11: must be auto, kms or headless"},
    {"[display]\nsession = systemd", "must be auto, service or seat"},
    {"[display]\nvt = 64", "must be a number from 0 to 63"},
    {"[display]\ncard = \001", "without control characters"},
    {"[display]\nplane_scaling = yes", "must be auto, on or off"},
    {"[display]\ncursor = hidden", "must be auto, software or off"},
    {"[display]\ndamage = some", "must be auto, clips, dirtyfb or full"},
    {"[display]\noff_after = never", "must be a number from 0 to 1000000"},
    {"[display]\nmargin = 10001", "must be a number from 0 to 10000"},
};

START_TEST(test_one_mistake)
{
    ck_assert_int_eq(read_text(bad_lines[_i].text), -EINVAL);
    assert_said(bad_lines[_i].message);
    ck_assert_msg(lines_said() == 1, "one mistake, but said:\n%s", said);
}
END_TEST

static void assert_hangs(const struct kd_config_output *output, int rotation, bool reflect_x,
                         bool reflect_y, const int32_t *overscan)
{
    ck_assert_int_eq(output->rotation, rotation);
    ck_assert(output->reflect_x == reflect_x && output->reflect_y == reflect_y);
    ck_assert_int_eq(memcmp(output->overscan, overscan, sizeof(output->overscan)), 0);
}

START_TEST(test_virtual_displays_are_turned)
{
    static const int32_t none[4] = {0, 0, 0, 0}, some[4] = {1, 2, 3, 4}, even[4] = {9, 9, 9, 9};

    ck_assert_int_eq(read_text("[output a]\nrotate = 90\nsize = 640x480\noverscan = 1,2,3,4\n"
                               "[output HEADLESS-9]\nreflect = y\n"
                               "[output b]\nmirror = a\nsize = 10x10\nrotate = 0\n"
                               "[output c]\nsize = 1x1\n"),
                     0);
    ck_assert_uint_eq(config.outputs_count, 4);
    assert_hangs(&config.outputs[0], KB_ROTATION_ROTATE90, false, false, some);
    assert_hangs(&config.outputs[1], KB_ROTATION_NORMAL, false, true, none);
    assert_hangs(&config.outputs[2], KB_ROTATION_NORMAL, false, false, none);
    ck_assert_int_eq(config.outputs[1].x, 480 - 2 - 4); /* right of what is seen of the first */
    ck_assert_int_eq(config.outputs[3].x, 474 + 1280);  /* a mirror takes no place */
    ck_assert_str_eq(config.outputs[2].mirror, "a");
    ck_assert_str_eq(config.outputs[3].mirror, "");

    ck_assert_int_eq(PARSE("--output", "headless:640x480,rotate=270,reflect=xy,overscan=1:2:3:4",
                           "--output", "headless:64x48,rotate=180,overscan=9,mirror=HEADLESS-1"),
                     KD_CONFIG_RUN);
    ck_assert_uint_eq(config.outputs_count, 2);
    assert_hangs(&config.outputs[0], KB_ROTATION_ROTATE270, true, true, some);
    assert_hangs(&config.outputs[1], KB_ROTATION_ROTATE180, false, false, even);
    ck_assert_int_eq(config.outputs[1].x, 474);
    ck_assert_str_eq(config.outputs[1].mirror, "HEADLESS-1");
    ck_assert_int_eq(PARSE("--output", "headless:640x480,rotate=1"), KD_CONFIG_EXIT_USAGE);
    assert_said("must be 0, 90, 180 or 270");
    ck_assert_int_eq(PARSE("--output", "headless:640x480,overscan=1,2,3,4"), KD_CONFIG_EXIT_USAGE);
    assert_said("'2' is none of name=");
}
END_TEST

Suite *config_displays_suite(void);
Suite *config_displays_suite(void)
{
    Suite *suite = suite_create("config_displays");
    TCase *tcase = tcase_create("displays");
    tcase_add_checked_fixture(tcase, config_rig_setup, config_rig_teardown);
    tcase_add_test(tcase, test_display);
    tcase_add_test(tcase, test_connectors);
    tcase_add_test(tcase, test_virtual_displays_are_turned);
    tcase_add_loop_test(tcase, test_one_mistake, 0, sizeof(bad_lines) / sizeof(bad_lines[0]));
    tcase_add_loop_test(tcase, test_a_file_that_contradicts_itself, 0,
                        sizeof(bad_together) / sizeof(bad_together[0]));
    tcase_add_loop_test(tcase, test_backend, 0, sizeof(backends) / sizeof(backends[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

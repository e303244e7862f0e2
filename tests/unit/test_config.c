/* The configuration: its file, the command line, and what is said about mistakes. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_rig.h"
#include "gen/kmsblit_proto.h"
#include "server/config.h"

#define SAMPLE "systemd/kmsblitd.conf"

/* ---- The file
 * --------------------------------------------------------------------------------- */

static void assert_defaults(void)
{
    ck_assert_str_eq(config.socket_path, "");
    ck_assert_uint_eq(config.socket_mode, 0660);
    ck_assert_str_eq(config.socket_group, "");
    ck_assert_uint_eq(config.outputs_count, 0);
    ck_assert_uint_eq(config.connectors_count, 0);
    ck_assert_int_eq(config.backend, KD_BACKEND_AUTO);
    ck_assert_int_eq(config.session_mode, KD_SESSION_AUTO);
    ck_assert_str_eq(config.card, "");
    ck_assert_uint_eq(config.vt, 0);
    ck_assert_int_eq(config.plane_scaling, KD_AUTO);
    ck_assert_int_eq(config.hardware_cursor, KD_AUTO);
    ck_assert(!config.cursor_hidden);
    ck_assert_int_eq(config.damage, KD_DAMAGE_AUTO);
    ck_assert_uint_eq(config.off_after_s, 0);
    ck_assert_uint_eq(config.margin_us, 1500);
    ck_assert_uint_eq(config.buffers, 2);
    ck_assert_int_eq(config.clock, KD_CLOCK_REAL);
    ck_assert_uint_eq(config.threads, 0);
    ck_assert_uint_eq(config.max_client_bytes, 512u << 20);
    ck_assert_uint_eq(config.max_client_objects, 65535);
    ck_assert_uint_eq(config.max_clients, 256);
    ck_assert_uint_eq(config.everyone, 0);
    ck_assert_int_eq(config.log_level, KD_LOG_INFO);
    ck_assert_int_eq(config.ready_fd, -1);
    ck_assert_str_eq(config.simulate_draw, "");
}

START_TEST(test_defaults)
{
    assert_defaults();
    ck_assert_int_eq(read_text(""), 0);
    assert_defaults();
    ck_assert_int_eq(read_text("# nothing\n\n   \n; here\n[socket]\n[log]"), 0);
    assert_defaults();
    ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_every_key)
{
    const struct group *group = getgrgid(getgid());
    char text[1024];
    snprintf(text, sizeof(text),
             "[socket]\npath = /run/x/y.sock\nmode = 0666\ngroup = %s\n"
             "[display]\nbuffers = 3\nclock = virtual\n[render]\nthreads=7\n"
             "[limits]\nclient_memory = 64M\nclient_objects = 100\nclients = 12\n"
             "[permissions]\neveryone = screenshot, statistics\n"
             "[log]\nlevel = debug\n[test]\nsimulate_draw = slow:100,slower game:250\n",
             group != NULL ? group->gr_name : "root");
    ck_assert_int_eq(read_text(text), 0);
    ck_assert_str_eq(said, "");
    ck_assert_str_eq(config.socket_path, "/run/x/y.sock");
    ck_assert_uint_eq(config.socket_mode, 0666);
    ck_assert_uint_eq(kd_config_socket_gid(&config), group != NULL ? group->gr_gid : 0);
    ck_assert_uint_eq(config.buffers, 3);
    ck_assert_int_eq(config.clock, KD_CLOCK_VIRTUAL);
    ck_assert_uint_eq(config.threads, 7);
    ck_assert_uint_eq(config.max_client_bytes, 64u << 20);
    ck_assert_uint_eq(config.max_client_objects, 100);
    ck_assert_uint_eq(config.max_clients, 12);
    ck_assert_uint_eq(config.everyone, KB_PERMISSION_SCREENSHOT | KB_PERMISSION_STATISTICS);
    ck_assert_int_eq(config.log_level, KD_LOG_DEBUG);
    ck_assert_str_eq(config.simulate_draw, "slow:100,slower game:250");
}
END_TEST

START_TEST(test_forms_of_lines)
{
    ck_assert_int_eq(read_text("\xef\xbb\xbf[log]\r\n  level   =  warn   ; quiet\r\n"
                               "\t[ display ]\n[display]; with a comment\n\tbuffers:1"),
                     -EINVAL);
    ck_assert_uint_eq(lines_said(), 1);
    assert_said(":3: [ display ]: unknown section");
    ck_assert_int_eq(config.log_level, KD_LOG_WARN);
    ck_assert_uint_eq(config.buffers, 1);
}
END_TEST

START_TEST(test_outputs)
{
    ck_assert_int_eq(read_text("[output left]\nsize = 640x480\nrefresh = 59.94\n"
                               "[output HEADLESS-9]\n"
                               "[output above]\nsize=1x8192\nrefresh = 0\nx = -5\ny = -720\n"
                               "format = rgb565\n"),
                     0);
    ck_assert_uint_eq(config.outputs_count, 3);
    const struct kd_config_output *output = config.outputs;
    ck_assert_str_eq(output[0].name, "left");
    ck_assert_uint_eq(output[0].width_px, 640);
    ck_assert_uint_eq(output[0].height_px, 480);
    ck_assert_uint_eq(output[0].refresh_ns, 16683350);
    ck_assert_int_eq(output[0].x, 0);
    ck_assert_str_eq(output[1].name, "HEADLESS-9");
    ck_assert_uint_eq(output[1].width_px, 1280);
    ck_assert_uint_eq(output[1].height_px, 720);
    ck_assert_uint_eq(output[1].refresh_ns, 16666667);
    ck_assert_int_eq(output[1].x, 640);
    ck_assert_int_eq(output[1].y, 0);
    ck_assert_uint_eq(output[2].refresh_ns, 0);
    ck_assert_int_eq(output[1].format, KB_FORMAT_XRGB8888);
    ck_assert_int_eq(output[2].format, KB_FORMAT_RGB565);
    ck_assert_int_eq(output[2].x, -5);
    ck_assert_int_eq(output[2].y, -720);
}
END_TEST

static const struct {
    const char *text;
    const char *message; /* behind "FILE:" */
} bad_files[] = {
    {"[display]\nbuffers = 0", "2: [display] buffers = 0: must be a number from 1 to 3"},
    {"[display]\nbuffers = 4", "2: [display] buffers = 4: must be"},
    {"[display]\nbuffers = 2.5", "2: [display] buffers = 2.5: must be"},
    {"[display]\nbuffers = -1", "2: [display] buffers = -1: must be"},
    {"[display]\nbuffers =", "2: [display] buffers = : must be"},
    {"[display]\nbuffers = 2 # two", "2: [display] buffers = 2 # two: must be"},
    {"[display]\nbuffers = 99999999999999999999999999", "must be a number from 1 to 3"},
    {"[display]\nbuffers = 18446744073709551617", "must be a number from 1 to 3"},
    {"[display]\nclock = sun", "2: [display] clock = sun: must be real or virtual"},
    {"[render]\nthreads = 65", "must be a number from 0 to 64"},
    {"[limits]\nclient_memory = 1", "must be a size from 1M to 1024G"},
    {"[limits]\nclient_memory = 1025G", "must be a size"},
    {"[limits]\nclient_memory = M", "must be a size"},
    {"[limits]\nclient_memory = 20T", "must be a size"},
    {"[limits]\nclient_memory = 18446744073709551616K", "must be a size"},
    {"[limits]\nclient_memory = 1000000000000000000000000000000G", "must be a size"},
    {"[limits]\nclient_objects = 65536", "must be a number from 1 to 65535"},
    {"[limits]\nclients = 0", "must be a number from 1 to 4096"},
    {"[permissions]\neveryone = statistics fly",
     "must be a list of screenshot, monitor, inject, clock, display, statistics"},
    {"[log]\nlevel = loud", "2: [log] level = loud: must be error, warn, info or debug"},
    {"[socket]\nmode = 0999", "must be an octal mode"},
    {"[socket]\nmode = 0060", "must be an octal mode"},
    {"[socket]\nmode = 0777", "must be an octal mode"},
    {"[socket]\ngroup = no-such-group-here", "must be a group of this system"},
    {"[socket]\npath =", "2: [socket] path = : must be a path"},
    {"[socket]\npath = /a/b\001c", "must be a path without control characters"},
    {"[socket]\npath = "
     "/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaa",
     "must be a path of at most 107 bytes"},
    {"[test]\nsimulate_draw = slow", "must be TITLE:MILLISECONDS"},
    {"[test]\nsimulate_draw = slow:fast", "must be TITLE:MILLISECONDS"},
    {"[output a]\nsize = 0x10", "2: [output a] size = 0x10: a size must be WIDTHxHEIGHT"},
    {"[output a]\nsize = 10x8193", "each from 1 to 8192 pixels"},
    {"[output a]\nsize = 640*480", "a size must be"},
    {"[output a]\nrefresh = 1001", "a refresh must be from 1 to 1000 Hz"},
    {"[output a]\nrefresh = 1000.001", "a refresh must be"},
    {"[output a]\nrefresh = 0.5", "a refresh must be"},
    {"[output a]\nrefresh = 60.", "a refresh must be"},
    {"[output a]\nrefresh = 60.0001", "a refresh must be"},
    {"[output a]\nrefresh = ", "a refresh must be"},
    {"[output a]\nx = 65537", "must be a number from -65536 to 65536"},
    {"[output a]\nformat = RGB565", "a display's format must be xrgb8888 or rgb565"},
    {"[output a]\nx = --5", "must be a number from -65536 to 65536"},
    {"[output a]\ncolour = red",
     "2: [output a] colour: unknown key; there are size, refresh, x, y"},
    {"[output a]\n[output a]", "2: [output a]: another output has the name a"},
    {"[output a b]", "1: [output a b]: an output's name must be"},
    {"[output 123456789012345678901234567890123]", "an output's name must be 1 to 32"},
    {"[output]", "1: [output]: the output's name is missing"},
    {"[output 1]\n[output 2]\n[output 3]\n[output 4]\n[output 5]\n[output 6]\n[output 7]\n[output 8]\n"
     "[output 9]",
     "9: [output 9]: there can be at most 8 outputs"},
    {"[display]\nfont = big", "2: [display] font: unknown key; there are buffers, clock"},
    {"[render]\nfont = big",
     "2: [render] font: unknown key; there are renderer, render_node, threads, off, debug_damage"},
    {"[sound]\nvolume = 3",
     "1: [sound]: unknown section; there are [socket], [display], [render], [keyboard], [input], [limits], "
     "[permissions], [log], [test], [output NAME], [input NAME]"},
    {"[log]\nlevel = info\nlevel = info", "3: [log] level: is set in line 2 already"},
    {"[log]\nlevel = info\n[display]\n[log]\nlevel = info", "5: [log] level: is set in line 2"},
    {"buffers = 2", "1: buffers: stands before the first [SECTION]"},
    {"[display", "1: '[' without ']'"},
    {"[display] buffers = 2", "1: 'buffers = 2' behind ']'"},
    {"[display]\nbuffers", "2: neither KEY = VALUE nor [SECTION]"},
    {"[log]\nlevel = info\n  more", "3: neither KEY = VALUE nor [SECTION]"},
    {"[log]\n\n\x1b[31mred\n", "3: neither KEY = VALUE"},
};

START_TEST(test_one_mistake)
{
    ck_assert_int_eq(read_text(bad_files[_i].text), -EINVAL);
    assert_said(bad_files[_i].message);
    ck_assert_msg(strncmp(said, path, strlen(path)) == 0, "%s", said);
    ck_assert_msg(lines_said() == 1, "one mistake, but said:\n%s", said);
}
END_TEST

START_TEST(test_all_mistakes_are_reported)
{
    ck_assert_int_eq(read_text("[display]\nbuffers = 9\nclock = sun\nnonsense\n[what]\na = 1\n"
                               "b = 2\n[log]\nlevel = info\n[output x]\nsize = big\n"),
                     -EINVAL);
    ck_assert_uint_eq(lines_said(), 5);
    assert_said(":2: ");
    assert_said(":3: ");
    assert_said(":4: ");
    assert_said(":5: ");
    assert_said(":11: ");
}
END_TEST

START_TEST(test_control_characters_are_not_printed)
{
    ck_assert_int_eq(read_text("[log]\nlevel = \x1b[31mred\n"), -EINVAL);
    assert_said("level = ?[31mred: must be");
}
END_TEST

START_TEST(test_long_line)
{
    char text[1024];
    snprintf(text, sizeof(text), "[log]\nlevel = info%300sx\n[display]\nbuffers = 3\n", "");
    ck_assert_int_eq(read_text(text), -EINVAL);
    ck_assert_uint_eq(lines_said(), 1);
    assert_said(":2: the line is longer than");
    ck_assert_uint_eq(config.buffers, 3);
}
END_TEST

START_TEST(test_files_that_are_no_text)
{
    char *junk = malloc(3 << 20);
    unsigned state = 1;
    for (size_t i = 0; i < 3 << 20; i++) {
        state = state * 1664525u + 1013904223u;
        junk[i] = (char)(state >> 24);
    }
    write_bytes(junk, 3 << 20);
    free(junk);
    capture_begin();
    int result = kd_config_read(&config, path);
    capture_end();
    ck_assert_int_eq(result, -EINVAL);
    ck_assert_uint_eq(lines_said(), 21);
    assert_said("mistakes more");

    capture_begin();
    int zero = kd_config_read(&config, "/dev/zero");
    int directory = kd_config_read(&config, "/tmp");
    int missing = kd_config_read(&config, "/tmp/no/such/file");
    capture_end();
    ck_assert_int_eq(zero, -EINVAL);
    ck_assert_int_lt(directory, 0);
    ck_assert_int_eq(missing, -ENOENT);
    assert_said("/dev/zero:1: the file is longer than 1 MiB");
    assert_said("/tmp: cannot be read");
}
END_TEST

/* Uncomments the lines of the sample that begin with mark and something else than a space. */
static unsigned uncomment_sample(char mark, char *text, size_t text_bytes)
{
    char line[256];
    unsigned keys = 0;
    FILE *sample = fopen(SAMPLE, "re");
    ck_assert_msg(sample != NULL, SAMPLE ": %m: unit tests run in the top folder");
    size_t used = 0;
    while (fgets(line, sizeof(line), sample) != NULL) {
        bool is_key = line[0] == mark && strchr(" \n", line[1]) == NULL;
        keys += is_key;
        used += (size_t)snprintf(text + used, text_bytes - used, "%s", line + is_key);
        ck_assert_uint_lt(used, text_bytes);
    }
    fclose(sample);
    return keys;
}

/* It says of each line with a ';' that it is the default, and of those with a '#' that they are
 * allowed. */
START_TEST(test_the_sample)
{
    char text[8192];
    capture_begin();
    int as_it_is = kd_config_read(&config, SAMPLE);
    capture_end();
    ck_assert_msg(as_it_is == 0, "%s", said);
    assert_defaults();

    ck_assert_uint_eq(uncomment_sample(';', text, sizeof(text)), 23);
    ck_assert_msg(read_text(text) == 0, "%s", said);
    assert_defaults();

    ck_assert_uint_eq(uncomment_sample('#', text, sizeof(text)), 15);
    ck_assert_msg(read_text(text) == 0, "%s", said);
    ck_assert_str_eq(config.socket_path, "/run/kmsblit/kmsblit.sock");
    struct kd_config_output shown = config.outputs[0];
    ck_assert_uint_eq(config.outputs_count, 1);
    ck_assert_int_eq(PARSE("--output", "headless"), KD_CONFIG_RUN);
    ck_assert_mem_eq(&shown, &config.outputs[0], sizeof(shown));
}
END_TEST

/* ---- The command line
 * ------------------------------------------------------------------------- */

START_TEST(test_no_options)
{
    ck_assert_int_eq(PARSE("--buffers=2"), KD_CONFIG_RUN);
    ck_assert_str_eq(said, "");
    ck_assert_uint_eq(config.outputs_count, 0);
    char why[KD_CONFIG_WHY_BYTES];
    ck_assert_ptr_eq(kd_config_add_output(&config, "", why), &config.outputs[0]);
    ck_assert_uint_eq(config.outputs_count, 1);
    ck_assert_str_eq(config.outputs[0].name, "HEADLESS-1");
    ck_assert_uint_eq(config.outputs[0].width_px, 1280);
    ck_assert_uint_eq(config.outputs[0].height_px, 720);
    ck_assert_uint_eq(config.outputs[0].refresh_ns, 16666667);
}
END_TEST

START_TEST(test_every_option)
{
    ck_assert_int_eq(PARSE("--socket", "/tmp/s", "--output", "headless:320x240@50,name=tv,x=7,y=-3",
                           "--output", "headless:100x50@0", "--output", "headless", "--buffers",
                           "1", "--clock", "virtual", "--threads", "3", "--log-level", "error",
                           "--ready-fd", "2", "--simulate-draw", "a:1", "--simulate-draw",
                           "b c:20"),
                     KD_CONFIG_RUN);
    ck_assert_str_eq(said, "");
    ck_assert_str_eq(config.socket_path, "/tmp/s");
    ck_assert_uint_eq(config.outputs_count, 3);
    ck_assert_str_eq(config.outputs[0].name, "tv");
    ck_assert_uint_eq(config.outputs[0].width_px, 320);
    ck_assert_uint_eq(config.outputs[0].height_px, 240);
    ck_assert_uint_eq(config.outputs[0].refresh_ns, 20000000);
    ck_assert_int_eq(config.outputs[0].x, 7);
    ck_assert_int_eq(config.outputs[0].y, -3);
    ck_assert_str_eq(config.outputs[1].name, "HEADLESS-2");
    ck_assert_uint_eq(config.outputs[1].refresh_ns, 0);
    ck_assert_int_eq(config.outputs[1].x, 327);
    ck_assert_str_eq(config.outputs[2].name, "HEADLESS-3");
    ck_assert_uint_eq(config.outputs[2].width_px, 1280);
    ck_assert_uint_eq(config.buffers, 1);
    ck_assert_int_eq(config.clock, KD_CLOCK_VIRTUAL);
    ck_assert_uint_eq(config.threads, 3);
    ck_assert_int_eq(config.log_level, KD_LOG_ERROR);
    ck_assert_int_eq(config.ready_fd, 2);
    ck_assert_str_eq(config.simulate_draw, "a:1,b c:20");
}
END_TEST

START_TEST(test_options_win_over_the_file)
{
    read_text(
        "[display]\nbuffers = 3\n[log]\nlevel = debug\n[output a]\nsize = 5x5\n[output HEADLESS-b]\n"
        "[test]\nsimulate_draw = a:1\n");
    ck_assert_int_eq(PARSE("--clock=virtual"), KD_CONFIG_RUN);
    ck_assert_uint_eq(config.buffers, 3);
    ck_assert_uint_eq(config.outputs_count, 2);
    ck_assert_str_eq(config.simulate_draw, "a:1");
    ck_assert_int_eq(PARSE("--clock=virtual", "--buffers", "1", "--output", "headless:10x10",
                           "--simulate-draw", "a:5"),
                     KD_CONFIG_RUN);
    ck_assert_uint_eq(config.buffers, 1);
    ck_assert_int_eq(config.log_level, KD_LOG_DEBUG);
    ck_assert_uint_eq(config.outputs_count, 1);
    ck_assert_uint_eq(config.outputs[0].width_px, 10);
    ck_assert_str_eq(config.simulate_draw, "a:5");
}
END_TEST

static const struct {
    const char *args[4];
    const char *message;
} bad_options[] = {
    {{"--buffers", "9"}, "kmsblitd: --buffers 9: must be a number from 1 to 3"},
    {{"--buffers=9"}, "kmsblitd: --buffers 9: must be"},
    {{"--buffers"}, "kmsblitd: --buffers: needs a value; see kmsblitd --help"},
    {{"--buffers", "2", "--buffers", "2"}, "kmsblitd: --buffers 2: the option is given twice"},
    {{"--colour", "red"}, "kmsblitd: --colour: no such option; see kmsblitd --help"},
    {{"--colour=red"}, "kmsblitd: --colour=red: no such option"},
    {{"-x"}, "kmsblitd: -x: no such option"},
    {{"--check-config=yes"}, "kmsblitd: --check-config=yes: takes no value"},
    {{"game"}, "kmsblitd: game: no argument is expected here"},
    {{"--", "game"}, "kmsblitd: game: no argument"},
    {{"--socket", ""}, "kmsblitd: --socket : must be a path"},
    {{"--output", "vga"}, "kmsblitd: --output vga: must be headless[:WIDTHxHEIGHT[@HZ]]"},
    {{"--output", "headlessly"}, "must be headless[:"},
    {{"--output", "headless:"}, "a size must be"},
    {{"--output", "headless:10"}, "a size must be"},
    {{"--output", "headless:10x10@"}, "a refresh must be"},
    {{"--output", "headless:10x10@60Hz"}, "a refresh must be"},
    {{"--output", "headless:10x10,z=1"}, "'z=1' is none of name=, x=, y=, format="},
    {{"--output", "headless:10x10,"}, "'' is none of"},
    {{"--output", "headless,name="}, "an output's name must be"},
    {{"--output", "headless,name=a", "--output", "headless,name=a"},
     "another output has the name a"},
    {{"--ready-fd", "60000"}, "--ready-fd 60000: must be an open file descriptor"},
    {{"--simulate-draw", "a:1"}, "--simulate-draw: works only with --clock virtual"},
};

START_TEST(test_bad_option)
{
    const char *args[8] = {"--config", path};
    memcpy(args + 2, bad_options[_i].args, sizeof(bad_options[_i].args));
    ck_assert_int_eq(parse(args), KD_CONFIG_EXIT_USAGE);
    assert_said(bad_options[_i].message);
    ck_assert_msg(lines_said() <= 2, "%s", said);
}
END_TEST

START_TEST(test_help_names_every_option)
{
    static const char *const options[] = {"--config FILE",
                                          "--check-config",
                                          "--probe",
                                          "--socket PATH",
                                          "--output SPEC",
                                          "--backend BACKEND",
                                          "--session MODE",
                                          "--card CARD",
                                          "--vt N",
                                          "--buffers N",
                                          "--clock real|virtual",
                                          "--threads N",
                                          "--log-level LEVEL",
                                          "--ready-fd N",
                                          "--simulate-draw TITLE:MS",
                                          "--help",
                                          "--version"};
    ck_assert_int_eq(PARSE("--help"), KD_CONFIG_EXIT_OK);
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        char shown[64];
        snprintf(shown, sizeof(shown), "\n  %s ", options[i]); /* a space before its help */
        assert_said(shown);
    }
    for (const char *at = said; *at != '\0'; at += strcspn(at, "\n") + 1) {
        ck_assert_msg(strcspn(at, "\n") <= 90, "a long line: %.*s", (int)strcspn(at, "\n"), at);
    }
}
END_TEST

START_TEST(test_version)
{
    ck_assert_int_eq(PARSE("--version"), KD_CONFIG_EXIT_OK);
    ck_assert_str_eq(said, "kmsblitd " KMSBLIT_VERSION "\n");
}
END_TEST

START_TEST(test_check_config)
{
    char line[128];
    ck_assert_int_eq(PARSE("--check-config"), KD_CONFIG_EXIT_OK);
    snprintf(line, sizeof(line), "%s: ok\n", path);
    ck_assert_str_eq(said, line);
    read_text("[log]\nlevel = loud\n[display]\nbuffers = 0\n");
    ck_assert_int_eq(PARSE("--check-config"), KD_CONFIG_EXIT_FAILURE);
    ck_assert_uint_eq(lines_said(), 2);
    ck_assert_int_eq(PARSE("--log-level=info"), KD_CONFIG_EXIT_FAILURE);
    ck_assert_uint_eq(lines_said(), 2);
}
END_TEST

START_TEST(test_a_named_file_must_be_there)
{
    unlink(path);
    ck_assert_int_eq(PARSE("--check-config"), KD_CONFIG_EXIT_FAILURE);
    assert_said("there is no such file");
}
END_TEST

START_TEST(test_socket_path)
{
    char out[108];
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "/run/kmsblit/kmsblit.sock");
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "/run/user/7/kmsblit.sock");
    setenv("KMSBLIT_SOCKET", "/tmp/env", 1);
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "/tmp/env");
    snprintf(config.socket_path, sizeof(config.socket_path), "/tmp/config");
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "/tmp/config");
    config.socket_path[0] = '\0';
    setenv("KMSBLIT_SOCKET", "", 1);
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    ck_assert_str_eq(out, "/run/user/7/kmsblit.sock");

    char longest[200];
    memset(longest, 'a', sizeof(longest));
    longest[107] = '\0';
    setenv("KMSBLIT_SOCKET", longest, 1);
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), 0);
    longest[107] = 'a';
    longest[108] = '\0';
    setenv("KMSBLIT_SOCKET", longest, 1);
    ck_assert_int_eq(kd_config_socket_path(&config, out, sizeof(out)), -ENAMETOOLONG);
    ck_assert_int_eq(PARSE("--buffers=2"), KD_CONFIG_EXIT_USAGE);
    unsetenv("KMSBLIT_SOCKET");
    unsetenv("XDG_RUNTIME_DIR");
}
END_TEST

Suite *config_suite(void);
Suite *config_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *file = tcase_create("file");
    tcase_add_checked_fixture(file, config_rig_setup, config_rig_teardown);
    tcase_add_test(file, test_defaults);
    tcase_add_test(file, test_every_key);
    tcase_add_test(file, test_forms_of_lines);
    tcase_add_test(file, test_outputs);
    tcase_add_loop_test(file, test_one_mistake, 0, sizeof(bad_files) / sizeof(bad_files[0]));
    tcase_add_test(file, test_all_mistakes_are_reported);
    tcase_add_test(file, test_control_characters_are_not_printed);
    tcase_add_test(file, test_long_line);
    tcase_add_test(file, test_files_that_are_no_text);
    tcase_add_test(file, test_the_sample);
    suite_add_tcase(suite, file);

    TCase *options = tcase_create("options");
    tcase_add_checked_fixture(options, config_rig_setup, config_rig_teardown);
    tcase_add_test(options, test_no_options);
    tcase_add_test(options, test_every_option);
    tcase_add_test(options, test_options_win_over_the_file);
    tcase_add_loop_test(options, test_bad_option, 0, sizeof(bad_options) / sizeof(bad_options[0]));
    tcase_add_test(options, test_help_names_every_option);
    tcase_add_test(options, test_version);
    tcase_add_test(options, test_check_config);
    tcase_add_test(options, test_a_named_file_must_be_there);
    tcase_add_test(options, test_socket_path);
    suite_add_tcase(suite, options);
    return suite;
}

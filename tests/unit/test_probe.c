/*
 * JSON as it is written, and what --probe says of cards.
 */
#include "proto/json.h"
#include "server/probe.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t text_bytes;

static FILE *begin(void)
{
    FILE *out = open_memstream(&text, &text_bytes);

    ck_assert_ptr_nonnull(out);
    return out;
}

static void expect(FILE *out, const char *wanted)
{
    ck_assert_int_eq(fclose(out), 0);
    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(json_layout)
{
    FILE *out = begin();
    struct kb_json json;

    kb_json_init(&json, out);
    kb_json_object(&json, NULL, false);
    kb_json_string(&json, "a", "b");
    kb_json_array(&json, "empty", false);
    kb_json_array_end(&json);
    kb_json_array(&json, "line", true);
    kb_json_number(&json, NULL, -5);
    kb_json_milli(&json, NULL, 59940);
    kb_json_milli(&json, NULL, 7);
    kb_json_array_end(&json);
    kb_json_array(&json, "many", false);
    kb_json_object(&json, NULL, true);
    kb_json_bool(&json, "x", true);
    kb_json_null(&json, "y");
    kb_json_object_end(&json);
    kb_json_object(&json, NULL, false);
    kb_json_object_end(&json);
    kb_json_raw(&json, NULL, "[1]");
    kb_json_array_end(&json);
    kb_json_string(&json, "z", NULL);
    kb_json_object_end(&json);
    kb_json_finish(&json);
    expect(out, "{\n"
                "  \"a\": \"b\",\n"
                "  \"empty\": [],\n"
                "  \"line\": [-5, 59.940, 0.007],\n"
                "  \"many\": [\n"
                "    {\"x\": true, \"y\": null},\n"
                "    {},\n"
                "    [1]\n"
                "  ],\n"
                "  \"z\": null\n"
                "}\n");
}
END_TEST

START_TEST(json_strings)
{
    static const struct {
        const char *from, *to;
    } table[] = {
        {"a\"b\\c\n\x1b\x7f", "\"a\\\"b\\\\c\\u000a\\u001b\\u007f\""},
        {"caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x8E\xAE",
         "\"caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x8E\xAE\""},
        {"\x80", "\"\xEF\xBF\xBD\""},                                 /* no first byte */
        {"\xC3", "\"\xEF\xBF\xBD\""},                                 /* cut off */
        {"\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},                 /* longer than needed */
        {"\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""}, /* half of a pair */
        {"\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
        {"\xFFz", "\"\xEF\xBF\xBDz\""},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        FILE *out = begin();
        struct kb_json json;

        kb_json_init(&json, out);
        kb_json_string(&json, NULL, table[i].from);
        expect(out, table[i].to);
    }
}
END_TEST

static struct kd_card *make_cards(void)
{
    struct kd_card *cards = calloc(2, sizeof(*cards));
    struct kd_card_connector *connector = &cards[1].connectors[0];
    struct kd_card_plane *plane = &cards[1].planes[0];

    ck_assert_ptr_nonnull(cards);
    cards[0] = (struct kd_card){.path = "/dev/dri/card0",
                                .bus = "platform:v3d",
                                .group = "video",
                                .mode = 0660,
                                .error = -EACCES,
                                .problem = "cannot open it"};
    cards[1] = (struct kd_card){.path = "/dev/dri/card1",
                                .driver = "vc4",
                                .bus = "platform:gpu",
                                .group = "video",
                                .mode = 0660,
                                .dev_major = 226,
                                .dev_minor = 1,
                                .is_display = true,
                                .is_atomic = true,
                                .has_dumb = true,
                                .is_master = true,
                                .connectors_count = 1,
                                .planes_count = 1};
    *connector = (struct kd_card_connector){.name = "HDMI-A-1",
                                            .status = KD_CONNECTED,
                                            .is_desktop = true,
                                            .edid = {.name = "DELL U2415", .width_mm = 520},
                                            .modes_count = 2};
    connector->modes[0] = (struct kd_mode){1920, 1200, 59950, true, false};
    connector->modes[1] = (struct kd_mode){1280, 720, 60000, false, false};
    *plane = (struct kd_card_plane){.id = 31,
                                    .type = KD_PLANE_CURSOR,
                                    .crtcs = 1,
                                    .formats = {0x34325241, 0x34325258},
                                    .formats_count = 2,
                                    .rotations = 0x31,
                                    .has_zpos = true,
                                    .zpos_max = 7};
    return cards;
}

static void check_says(const char *part)
{
    ck_assert_msg(strstr(text, part) != NULL, "%s is not in:\n%s", part, text);
}

START_TEST(probe_says_what_there_is)
{
    struct kd_card *cards = make_cards();
    struct kd_config config;
    FILE *out = begin();

    kd_config_defaults(&config);
    ck_assert_int_eq(kd_probe_write(&config, cards, 2, NULL, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    check_says("\"usable\": true");
    check_says("\"chosen\": \"/dev/dri/card1\"");
    check_says("\"error\": \"EACCES\",\n      \"unusable\": \"cannot open it\"");
    check_says("\"device\": \"226:1\",\n      \"group\": \"video\",\n      \"mode\": \"660\"");
    check_says("\"display\": \"DELL U2415\"");
    check_says("\"chosen_mode\": {\"width\": 1920, \"height\": 1200, \"refresh_hz\": 59.950, "
               "\"preferred\": true, \"interlaced\": false}");
    check_says("\"formats\": [\"AR24\", \"XR24\"]");
    check_says("\"rotations\": [\"rotate-0\", \"reflect-x\", \"reflect-y\"]");
    check_says("\"zpos\": {\"min\": 0, \"max\": 7, \"is_fixed\": false}");
    free(text);
    free(cards);
}
END_TEST

START_TEST(probe_follows_the_configuration)
{
    struct kd_card *cards = make_cards();
    struct kd_config config;
    FILE *out = begin();

    kd_config_defaults(&config);
    config.connectors_count = 1;
    snprintf(config.connectors[0].name, sizeof(config.connectors[0].name), "HDMI-A-1");
    config.connectors[0].mode = (struct kd_mode_wish){1280, 720, 0};
    ck_assert_int_eq(kd_probe_write(&config, cards, 2, NULL, out), 0);
    ck_assert_int_eq(fclose(out), 0);
    check_says("\"chosen_mode\": {\"width\": 1280, \"height\": 720");
    free(text);

    config.connectors[0].off = true;
    out = begin();
    kd_probe_write(&config, cards, 2, NULL, out);
    ck_assert_int_eq(fclose(out), 0);
    check_says("\"chosen_mode\": null,\n          \"chosen_because\": \"the configuration says");
    free(text);

    snprintf(config.card, sizeof(config.card), "panel");
    out = begin();
    ck_assert_int_eq(kd_probe_write(&config, cards, 2, NULL, out), 1);
    ck_assert_int_eq(fclose(out), 0);
    check_says("\"chosen\": null");
    check_says("there is no card panel");
    free(text);
    free(cards);
}
END_TEST

START_TEST(probe_tells_of_holders)
{
    static const struct {
        const char *holder;
        int status;
    } table[] = {{NULL, 0}, {"Xorg (pid 512)", 1}, {"kmsblitd (pid 9)", 0}};
    struct kd_card *cards = make_cards();
    struct kd_config config;

    kd_config_defaults(&config);
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        FILE *out = begin();

        ck_assert_int_eq(kd_probe_write(&config, cards, 2, table[i].holder, out), table[i].status);
        ck_assert_int_eq(fclose(out), 0);
        check_says(table[i].holder ? table[i].holder : "\"holder\": null");
        free(text);
    }
    free(cards);
}
END_TEST

Suite *probe_suite(void);

Suite *probe_suite(void)
{
    Suite *suite = suite_create("probe");
    TCase *json = tcase_create("json");
    TCase *probe = tcase_create("probe");

    tcase_add_test(json, json_layout);
    tcase_add_test(json, json_strings);
    suite_add_tcase(suite, json);
    tcase_add_test(probe, probe_says_what_there_is);
    tcase_add_test(probe, probe_follows_the_configuration);
    tcase_add_test(probe, probe_tells_of_holders);
    suite_add_tcase(suite, probe);
    return suite;
}

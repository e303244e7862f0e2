/* Which mode is used: what displays offer, what the configuration asks for, and what is said. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "output/modes.h"

#define MODES_MAX 8
#define PREFERRED true, false
#define PLAIN     false, false
#define FIELDS    false, true

struct choice {
    const char *display;
    struct kd_mode modes[MODES_MAX]; /* up to the first without a width */
    struct kd_mode_wish wish;
    int index;
    const char *why; /* a part of it */
};

static const struct choice choices[] = {
    {"a usual monitor",
     {{1280, 720, 60000, PLAIN}, {1920, 1080, 60000, PREFERRED}, {1920, 1080, 50000, PLAIN}},
     {0},
     1,
     "1920x1080 at 60.000 Hz: the display's preferred mode"},
    {"a 4K television whose cable or whose Pi is too slow",
     {{3840, 2160, 30000, PREFERRED},
      {4096, 2160, 24000, PLAIN},
      {1280, 1024, 75025, PLAIN},
      {1920, 1080, 50000, PLAIN},
      {1920, 1080, 59940, PLAIN},
      {1920, 1080, 60000, PLAIN},
      {1280, 720, 60000, PLAIN}},
     {0},
     5,
     "1920x1080 at 60.000 Hz: the best of 50 Hz or more, as the preferred mode is 3840x2160 at "
     "30.000 Hz"},
    {"4K at 30 Hz, and at 60 Hz behind it",
     {{3840, 2160, 30000, PREFERRED}, {3840, 2160, 60000, PLAIN}, {1920, 1080, 60000, PLAIN}},
     {0},
     1,
     "3840x2160 at 60.000 Hz"},
    {"a larger mode than the preferred one is not what it likes",
     {{1920, 1080, 30000, PREFERRED}, {3840, 2160, 60000, PLAIN}, {1280, 720, 60000, PLAIN}},
     {0},
     2,
     "1280x720"},
    {"another shape only if need be",
     {{3840, 2160, 30000, PREFERRED}, {1920, 1200, 60000, PLAIN}, {1366, 768, 59790, PLAIN}},
     {0},
     2,
     "1366x768"},
    {"need be",
     {{3840, 2160, 30000, PREFERRED}, {1024, 768, 60004, PLAIN}, {640, 480, 60000, PLAIN}},
     {0},
     1,
     "1024x768 at 60.004 Hz"},
    {"an old television: interlaced preferred",
     {{1920, 1080, 60000, true, true}, {720, 576, 50000, PLAIN}, {1280, 720, 60000, PLAIN}},
     {0},
     2,
     "as the preferred mode is 1920x1080 at 60.000 Hz interlaced"},
    {"a European television",
     {{1920, 1080, 50000, PREFERRED}, {1920, 1080, 60000, PLAIN}},
     {0},
     0,
     "preferred"},
    {"composite: all that there is, is interlaced",
     {{720, 480, 59940, FIELDS}, {720, 576, 50000, true, true}},
     {0},
     1,
     "720x576 at 50.000 Hz interlaced: the display's preferred mode, and it has no progressive one"},
    {"no preference: the largest, then what is nearest to 60 Hz",
     {{1024, 768, 60004, PLAIN},
      {1280, 1024, 75025, PLAIN},
      {1280, 1024, 60020, PLAIN},
      {1600, 1200, 30000, PLAIN}},
     {0},
     2,
     "the best, as the display prefers none"},
    {"the same mode twice: the driver's order",
     {{1280, 720, 60000, PLAIN}, {1280, 720, 60000, PLAIN}},
     {0},
     0,
     "1280x720"},
    {"two preferred ones, the first slow",
     {{3840, 2160, 24000, PREFERRED}, {1920, 1080, 60000, PREFERRED}, {2560, 1440, 60000, PLAIN}},
     {0},
     1,
     "preferred mode"},
    {"a panel with 30 Hz", {{400, 1280, 30000, PREFERRED}}, {0}, 0, "the display's only mode"},
    {"a panel with 30 Hz that says nothing", {{400, 1280, 30000, PLAIN}}, {0}, 0, "only mode"},
    {"two slow modes", {{800, 480, 24000, PLAIN}, {800, 480, 30000, PLAIN}}, {0}, 1, "30.000"},
    {"SPI: nobody knows its refresh", {{240, 320, 0, PREFERRED}}, {0}, 0, "240x320: the display's"},
    {"SPI, with a wish",
     {{240, 320, 0, PREFERRED}},
     {240, 320, 60000},
     0,
     "240x320: as configured"},
    {"a DSI panel", {{800, 480, 60042, PREFERRED}}, {0}, 0, "800x480 at 60.042 Hz"},
    {"modes without a size", {{1, 0, 60000, PREFERRED}, {640, 480, 60000, PLAIN}}, {0}, 1, "640"},

    {"a wish",
     {{1920, 1080, 60000, PREFERRED}, {1280, 720, 50000, PLAIN}, {1280, 720, 60000, PLAIN}},
     {1280, 720, 0},
     2,
     "1280x720 at 60.000 Hz: as configured"},
    {"a wish with a refresh, met exactly",
     {{1920, 1080, 60000, PREFERRED}, {1920, 1080, 59940, PLAIN}},
     {1920, 1080, 59940},
     1,
     "59.940 Hz: as configured"},
    {"a wish with a refresh, met nearly",
     {{1280, 720, 59940, PLAIN}, {1280, 720, 50000, PREFERRED}},
     {1280, 720, 60000},
     0,
     "1280x720 at 59.940 Hz: as configured"},
    {"a refresh that it has not",
     {{1280, 720, 60000, PREFERRED}, {1280, 720, 75000, PLAIN}},
     {1280, 720, 85000},
     1,
     "1280x720 at 75.000 Hz: the nearest to the configured 1280x720 at 85.000 Hz, which the "
     "display does not have"},
    {"a size that it has not",
     {{1920, 1080, 60000, PREFERRED}, {1280, 720, 60000, PLAIN}, {1280, 1024, 60020, PLAIN}},
     {1280, 700, 0},
     1,
     "1280x720 at 60.000 Hz: the nearest to the configured 1280x700, which"},
    {"near the size only 30 Hz",
     {{1366, 768, 30000, PLAIN}, {1280, 720, 60000, PREFERRED}},
     {1366, 700, 60000},
     1,
     "nearest"},
    {"near the size only 30 Hz, as it was wished",
     {{1366, 768, 30000, PLAIN}, {1280, 720, 60000, PREFERRED}},
     {1366, 700, 30000},
     0,
     "1366x768 at 30.000 Hz: the nearest"},
    {"a slow mode that is asked for by its size",
     {{1920, 1080, 60000, PREFERRED}, {3840, 2160, 30000, PLAIN}},
     {3840, 2160, 0},
     1,
     "3840x2160 at 30.000 Hz: as configured"},
    {"a wish for less than 50 Hz",
     {{1920, 1080, 60000, PREFERRED}, {1920, 1080, 24000, PLAIN}},
     {1920, 1080, 24000},
     1,
     "24.000 Hz: as configured"},
    {"the preferred refresh of the size",
     {{1920, 1080, 60000, PLAIN}, {1920, 1080, 50000, PREFERRED}},
     {1920, 1080, 0},
     1,
     "as configured"},
    {"not its slow preferred refresh",
     {{1920, 1080, 24000, PREFERRED}, {1920, 1080, 50000, PLAIN}},
     {1920, 1080, 0},
     1,
     "as configured"},
    {"progressive before interlaced",
     {{1920, 1080, 60000, FIELDS}, {1920, 1080, 59940, PLAIN}},
     {1920, 1080, 60000},
     1,
     "59.940"},
    {"interlaced before half the refresh",
     {{1920, 1080, 60000, FIELDS}, {1920, 1080, 30000, PLAIN}},
     {1920, 1080, 60000},
     0,
     "interlaced: as configured"},
    {"a refresh alone, of the preferred size",
     {{1920, 1080, 60000, PREFERRED}, {1920, 1080, 50000, PLAIN}, {1280, 720, 50000, PLAIN}},
     {0, 0, 50000},
     1,
     "as configured"},
    {"a refresh alone that only another size has",
     {{1920, 1080, 60000, PREFERRED}, {1280, 720, 100000, PLAIN}, {800, 600, 100000, PLAIN}},
     {0, 0, 100000},
     1,
     "1280x720 at 100.000 Hz: as configured"},
    {"a refresh alone that nothing has",
     {{1920, 1080, 60000, PREFERRED}, {1920, 1080, 75000, PLAIN}, {1280, 720, 60000, PLAIN}},
     {0, 0, 144000},
     1,
     "the nearest to the configured 144.000 Hz, which"},

    {"nothing", {{0}}, {0}, -1, "the display has no modes"},
    {"nothing, with a wish", {{0}}, {640, 480, 0}, -1, "the display has no modes"},
    {"nothing, with a refresh", {{0}}, {0, 0, 60000}, -1, "the display has no modes"},
};

START_TEST(test_choice)
{
    const struct choice *choice = &choices[_i];
    size_t count = 0;
    char why[256];
    int index;

    while (count < MODES_MAX && choice->modes[count].width_px)
        count++;
    index = kd_mode_choose(choice->modes, count, &choice->wish, why, sizeof(why));
    ck_assert_msg(index == choice->index, "%s: %d, not %d: %s", choice->display, index,
                  choice->index, why);
    ck_assert_msg(strstr(why, choice->why) != NULL, "%s: said: %s\nwithout: %s", choice->display,
                  why, choice->why);
}
END_TEST

/* Only modes without a size are as good as none. */
START_TEST(test_unusable_modes)
{
    const struct kd_mode modes[] = {{0, 480, 60000, PREFERRED}, {-640, 480, 60000, PLAIN}};
    const struct kd_mode_wish wishes[] = {{0, 0, 0}, {640, 480, 0}, {0, 0, 60000}};
    char why[8] = "";

    ck_assert_int_eq(kd_mode_choose(modes, 2, &wishes[_i], why, sizeof(why)), -1);
    ck_assert_str_eq(why, "the dis");
}
END_TEST

/* Whatever is offered: an index that is there, and never less than 50 Hz or interlaced without need. */
START_TEST(test_any_modes)
{
    static const int32_t sizes[][2] = {{640, 480}, {1280, 720}, {1920, 1080}, {3840, 2160}, {0, 5}};
    static const uint32_t refreshes[] = {0, 24000, 30000, 49999, 50000, 59940, 60000, 120000};

    srand(7);
    for (int round = 0; round < 20000; round++) {
        struct kd_mode modes[6];
        struct kd_mode_wish none = {0};
        size_t count = (size_t)(rand() % 6);
        bool has_smooth = false, has_any = false;
        char why[256];

        for (size_t i = 0; i < count; i++) {
            const int32_t *size = sizes[rand() % 5];

            modes[i] = (struct kd_mode){size[0], size[1], refreshes[rand() % 8], rand() % 3 == 0,
                                        rand() % 4 == 0};
            has_any = has_any || size[0] > 0;
            has_smooth = has_smooth || (size[0] > 0 && !modes[i].interlaced &&
                                        (!modes[i].refresh_mhz || modes[i].refresh_mhz >= 49999));
        }
        int index = kd_mode_choose(modes, count, &none, why, sizeof(why));
        ck_assert_int_lt(index, (int)count);
        ck_assert_int_eq(index >= 0, has_any);
        if (has_smooth) {
            ck_assert(!modes[index].interlaced);
            ck_assert(!modes[index].refresh_mhz || modes[index].refresh_mhz >= 49999);
        }
        none.width_px = none.height_px = 500;
        none.refresh_mhz = refreshes[rand() % 8];
        ck_assert_int_eq(kd_mode_choose(modes, count, &none, why, sizeof(why)) >= 0, has_any);
    }
}
END_TEST

static const struct {
    uint32_t clock_khz;
    uint16_t htotal, vtotal;
    bool interlaced, doublescan;
    uint16_t vscan;
    uint32_t refresh_mhz;
} timings[] = {
    {148500, 2200, 1125, false, false, 0, 60000},     /* 1920x1080 */
    {148352, 2200, 1125, false, false, 1, 59940},     /* the same for NTSC */
    {148500, 2640, 1125, false, false, 0, 50000},     /* and for PAL */
    {74250, 2200, 1125, true, false, 0, 60000},       /* 1080i */
    {25175, 800, 525, false, false, 0, 59940},        /* 640x480 */
    {297000, 4400, 2250, false, false, 0, 30000},     /* 4K at 30 Hz */
    {594000, 4400, 2250, false, false, 0, 60000},     /* and at 60 Hz */
    {27777, 928, 500, false, false, 0, 59864},        /* a DSI panel */
    {12587, 400, 525, false, true, 0, 29969},         /* each line twice */
    {12587, 400, 262, false, false, 2, 60052},        /* likewise */
    {1, 320, 240, false, false, 0, 0},                /* SPI: no clock at all */
    {1, 1, 1, false, false, 0, 1000000},              /* 1 kHz: as it is said */
    {0, 2200, 1125, false, false, 0, 0},              /* nothing said */
    {148500, 0, 1125, false, false, 0, 0},            /* hostile */
    {148500, 2200, 0, false, false, 0, 0},            /* hostile */
    {UINT32_MAX, 1, 1, true, false, 0, 0},            /* more than can be */
    {UINT32_MAX, 65535, 65535, true, true, 65535, 0}, /* less than can be */
};

START_TEST(test_refresh)
{
    ck_assert_uint_eq(kd_mode_refresh_mhz(timings[_i].clock_khz, timings[_i].htotal,
                                          timings[_i].vtotal, timings[_i].interlaced,
                                          timings[_i].doublescan, timings[_i].vscan),
                      timings[_i].refresh_mhz);
}
END_TEST

Suite *modes_suite(void);
Suite *modes_suite(void)
{
    Suite *suite = suite_create("modes");
    TCase *tcase = tcase_create("modes");

    tcase_add_loop_test(tcase, test_choice, 0, sizeof(choices) / sizeof(choices[0]));
    tcase_add_loop_test(tcase, test_unusable_modes, 0, 3);
    tcase_add_test(tcase, test_any_modes);
    tcase_add_loop_test(tcase, test_refresh, 0, sizeof(timings) / sizeof(timings[0]));
    suite_add_tcase(suite, tcase);
    return suite;
}

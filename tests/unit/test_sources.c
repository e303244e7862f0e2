/* Sources of real devices, where there may be none: they are made, wait, are suspended and resumed, and go. Devices are in tests/vm. */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "input_rig.h"

static void settings(void *ctx, const char *name, struct kd_input_settings *to)
{
    (void)ctx;
    (void)name;
    to->ignore = true; /* a test has no business with the keyboard of whoever runs it */
}

static void live(struct kd_input_source *source)
{
    struct pollfd fd = {.fd = source->impl->get_fd(source), .events = POLLIN};

    ck_assert_int_ge(fd.fd, 0);
    ck_assert_int_ge(poll(&fd, 1, 0), 0);
    ck_assert_int_eq(source->impl->dispatch(source, 1000), 0);
    source->impl->suspend(source);
    ck_assert_int_eq(source->impl->dispatch(source, 2000), 0);
    source->impl->resume(source);
    source->impl->set_leds(source, 0x7f);
    ck_assert_int_eq(source->impl->rumble(source, 1, 1, 1, 1), -ENODEV);
    ck_assert_int_eq(source->impl->wake_ns(source), 0);
    source->impl->destroy(source);
    ck_assert_str_eq(rig_told(), "");
    ck_assert_int_eq(rig_opened, 0);
}

START_TEST(test_libinput)
{
    struct kd_input_source *source;

    ck_assert_int_eq(kd_libinput_create(&rig_handler, settings, &source), 0);
    live(source);
}
END_TEST

START_TEST(test_gamepads)
{
    static const char *const mappings[] = {"/nonexistent/gamecontrollerdb.txt"};
    struct kd_input_source *source;

    ck_assert_int_eq(kd_gamepads_create(&rig_handler, settings, mappings, 1, &source), 0);
    live(source);
}
END_TEST

Suite *sources_suite(void)
{
    Suite *suite = suite_create("sources");
    TCase *tcase = tcase_create("sources");

    tcase_add_test(tcase, test_libinput);
    tcase_add_test(tcase, test_gamepads);
    suite_add_tcase(suite, tcase);
    return suite;
}

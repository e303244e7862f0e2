/* Taking a virtual terminal and giving it back, on a kernel that the test plays. */
#include "server/console.h"

#include <check.h>
#include <errno.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <string.h>

#include "console_rig.h"

#define ENTER "open7 state get_keyboard keyboard=4 text=1 activate=7 wait=7 lock=1"
#define LEAVE "lock=0 text=0 keyboard=3 state activate=1 wait=1"

static struct kd_console_calls calls;
static struct console_rig *rig;
static struct kd_console console;
static char why[256];

static void setup(void)
{
    rig = console_rig_create(&calls);
    why[0] = '\0';
}

static int enter(unsigned vt)
{
    return kd_console_enter(&console, &calls, vt, false, why, sizeof(why));
}

static int leave(void)
{
    return kd_console_leave(&console, why, sizeof(why));
}

static void assert_usable(void)
{
    ck_assert_uint_eq(rig->active, 1);
    ck_assert_int_eq(rig->opened, 0);
    for (size_t i = 0; i < sizeof(rig->vts) / sizeof(rig->vts[0]); i++) {
        ck_assert_int_eq(rig->vts[i].text, KD_TEXT);
        ck_assert_int_eq(rig->vts[i].keyboard, K_UNICODE);
        ck_assert_int_eq(rig->vts[i].lock, VT_AUTO);
    }
}

static void assert_says(const char *text)
{
    ck_assert_msg(strstr(why, text) != NULL, "\"%s\" does not say \"%s\"", why, text);
}

START_TEST(test_there_and_back)
{
    ck_assert_int_eq(enter(7), 0);
    ck_assert_str_eq(rig->log, ENTER);
    ck_assert_uint_eq(rig->active, 7);
    ck_assert_int_eq(leave(), 0);
    ck_assert_str_eq(rig->log, ENTER " " LEAVE);
    assert_usable();
    ck_assert_int_eq(leave(), 0);
    ck_assert_str_eq(rig->log, ENTER " " LEAVE);
}
END_TEST

START_TEST(test_a_free_one)
{
    ck_assert_int_eq(enter(0), 0);
    ck_assert_str_eq(rig->log, "open0 free " ENTER);
    ck_assert_uint_eq(console.vt, 7);
    leave();
    assert_usable();
    rig->free_vt = (unsigned)-1;
    ck_assert_int_eq(enter(0), -EBUSY);
    assert_says("no virtual terminal is free");
    assert_usable();
}
END_TEST

/* On the VT that is active already, nothing is switched, there or back. */
START_TEST(test_the_active_one)
{
    ck_assert_int_eq(enter(1), 0);
    ck_assert_ptr_null(strstr(rig->log, "activate"));
    ck_assert_int_eq(rig->vts[1].text, KD_GRAPHICS);
    ck_assert_int_eq(leave(), 0);
    ck_assert_ptr_null(strstr(rig->log, "activate"));
    assert_usable();
}
END_TEST

/* Somebody had it switched by force: the VT that they look at stays. */
START_TEST(test_another_is_active_at_the_end)
{
    ck_assert_int_eq(enter(7), 0);
    rig->active = 3;
    ck_assert_int_eq(leave(), 0);
    ck_assert_uint_eq(rig->active, 3);
    rig->active = 1;
    assert_usable();
}
END_TEST

/* What a program that crashed left behind is no mode to come back to. */
START_TEST(test_a_dead_keyboard_before)
{
    rig->vts[7].keyboard = K_OFF;
    rig->vts[7].text = KD_GRAPHICS;
    ck_assert_int_eq(enter(7), 0);
    ck_assert_int_eq(leave(), 0);
    assert_usable();
    rig->vts[7].keyboard = K_XLATE;
    ck_assert_int_eq(enter(7), 0);
    ck_assert_int_eq(leave(), 0);
    ck_assert_int_eq(rig->vts[7].keyboard, K_XLATE);
}
END_TEST

/* Whichever step fails, nothing stays changed, and the message names the file. */
START_TEST(test_each_step_fails)
{
    int steps = 0;

    for (int i = 1;; i++) {
        rig->calls = 0;
        rig->fail_at = i;
        rig->fail_errno = EPERM;
        if (enter(7) == 0)
            break;
        assert_says("/dev/tty7");
        assert_says("not permitted");
        assert_usable();
        steps++;
    }
    rig->fail_at = 0;
    leave();
    ck_assert_int_eq(steps, 8);
}
END_TEST

/* Whichever step back fails, all the others are still done. */
START_TEST(test_each_step_back_fails)
{
    static const char *const names[] = {"lock", "activate", "wait", "text", "keyboard"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        rig->fail_name = NULL;
        ck_assert_int_eq(enter(7), 0);
        rig->fail_name = names[i];
        rig->fail_errno = EPERM;
        ck_assert_int_eq(leave(), -EPERM);
        assert_says("/dev/tty7: cannot ");
        ck_assert_int_eq(rig->opened, 0);
        ck_assert_int_eq(rig->vts[7].text, i == 3 ? KD_GRAPHICS : KD_TEXT);
        ck_assert_int_eq(rig->vts[7].keyboard, i == 4 ? K_OFF : K_UNICODE);
        ck_assert_int_eq(rig->vts[7].lock, i == 0 ? VT_PROCESS : VT_AUTO);
        ck_assert_uint_eq(rig->active, i == 0 || i == 1 || i == 3 ? 7 : 1);
        rig->vts[7] = rig->vts[8];
        rig->active = 1;
    }
}
END_TEST

/* A display server on the active VT that does not give way. */
START_TEST(test_a_switch_that_never_comes)
{
    rig->vts[1].lock = VT_PROCESS;
    ck_assert_int_eq(enter(7), -ETIMEDOUT);
    assert_says("end that display server");
    rig->vts[1].lock = VT_AUTO;
    assert_usable();
}
END_TEST

/* Members of the group tty may only write. */
START_TEST(test_writing_is_enough)
{
    rig->fail_name = "open";
    rig->fail_errno = EACCES;
    ck_assert_int_eq(enter(7), 0);
    ck_assert_ptr_nonnull(strstr(rig->log, "open7 open7w "));
    leave();
    assert_usable();
}
END_TEST

START_TEST(test_messages)
{
    calls = (struct kd_console_calls){0};
    rig = console_rig_create(&calls);
    rig->fail_name = "open";
    rig->fail_errno = ENOENT;
    ck_assert_int_eq(enter(0), -ENOENT);
    ck_assert_str_eq(why, "there is no /dev/tty0");
    rig->fail_errno = EMFILE;
    ck_assert_int_eq(enter(7), -EMFILE);
    ck_assert_str_eq(why, "cannot open /dev/tty7: Too many open files");
}
END_TEST

static int refuse(void *ctx, const char *path, int flags)
{
    (void)ctx;
    (void)path;
    (void)flags;
    errno = EACCES;
    return -1;
}

START_TEST(test_not_permitted_names_file_and_group)
{
    calls.open = refuse;
    ck_assert_int_eq(enter(7), -EACCES);
    assert_says("cannot open /dev/tty7: permission denied");
    assert_says("group tty");
}
END_TEST

/* A getty that was started there meanwhile has cut off the fd. */
START_TEST(test_cut_off)
{
    ck_assert_int_eq(enter(7), 0);
    rig->calls = 0;
    rig->fail_at = 1;
    rig->fail_errno = EIO;
    ck_assert_int_eq(leave(), 0);
    ck_assert_ptr_nonnull(strstr(rig->log, "lock=0 open7 lock=0"));
    assert_usable();
}
END_TEST

Suite *console_suite(void)
{
    Suite *suite = suite_create("console");
    TCase *tcase = tcase_create("console");

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_there_and_back);
    tcase_add_test(tcase, test_a_free_one);
    tcase_add_test(tcase, test_the_active_one);
    tcase_add_test(tcase, test_another_is_active_at_the_end);
    tcase_add_test(tcase, test_a_dead_keyboard_before);
    tcase_add_test(tcase, test_each_step_fails);
    tcase_add_test(tcase, test_each_step_back_fails);
    tcase_add_test(tcase, test_a_switch_that_never_comes);
    tcase_add_test(tcase, test_writing_is_enough);
    tcase_add_test(tcase, test_messages);
    tcase_add_test(tcase, test_not_permitted_names_file_and_group);
    tcase_add_test(tcase, test_cut_off);
    suite_add_tcase(suite, tcase);
    return suite;
}

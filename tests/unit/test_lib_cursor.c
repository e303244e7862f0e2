/* libkmsblit: windows' cursors; against a scripted daemon. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include <kmsblit.h>

#include "fake_daemon.h"

static struct fake fake;
static struct kb_display *display;
static struct kb_window *window;
static struct kb_image *image;
static const uint32_t pixels[257];

static void setup(void)
{
    const struct kb_window_info info = {.width = 320, .height = 240};
    const struct kb_image_info small = {.width = 4, .height = 2};

    setenv("KMSBLIT_RECONNECT", "600", 1);
    fake_start(&fake);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), 0);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
    ck_assert_int_eq(kb_image_create(display, &small, pixels, &image), 0);
}

static void teardown(void)
{
    kb_disconnect(display);
    fake_stop(&fake);
}

static void restart(void)
{
    ck_assert_int_eq(kb_sync(display), 0);
    fake_restart(&fake);
    ck_assert_msg(kb_sync(display) == 0, "%s", kb_last_error());
}

/* The one that the daemon was told of. */
static void check_cursor(int hot_x, int hot_y)
{
    const struct fake_record *record = fake_find(&fake, KB_REQ_WINDOW_CURSOR, 0);
    struct kb_req_window_cursor cursor;

    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_CURSOR), 1);
    ck_assert_int_eq(
        kb_req_window_cursor_decode(record->message,
                                    ((const struct kb_header *)(const void *)record->message)->size,
                                    NULL, 0, &cursor, NULL),
        0);
    ck_assert_uint_eq(cursor.object, kb_window_id(window));
    ck_assert_uint_eq(cursor.image, kb_image_id(image));
    ck_assert_int_eq(cursor.hot_x, hot_x);
    ck_assert_int_eq(cursor.hot_y, hot_y);
}

START_TEST(it_is_sent)
{
    const struct kb_image_info wide = {.width = 257, .height = 1};
    struct kb_req_window_input input;
    const struct fake_record *record;
    struct kb_image *large;

    ck_assert_int_eq(kb_image_create(display, &wide, pixels, &large), 0);
    ck_assert_int_eq(kb_window_set_cursor(window, large, 0, 0), -EINVAL);
    ck_assert_int_eq(kb_window_set_cursor(window, image, 4, 0), -EINVAL);
    ck_assert_int_eq(kb_window_set_cursor(window, image, 0, -1), -EINVAL);
    ck_assert_int_eq(kb_window_set_cursor(window, NULL, 1, 0), -EINVAL);
    ck_assert_int_eq(kb_window_set_cursor(window, image, 3, 1), 0);
    ck_assert_int_eq(kb_window_hide_cursor(window, true), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    check_cursor(3, 1);
    record = fake_find(&fake, KB_REQ_WINDOW_INPUT, 0);
    ck_assert_ptr_nonnull(record);
    ck_assert_int_eq(
        kb_req_window_input_decode(record->message,
                                   ((const struct kb_header *)(const void *)record->message)->size,
                                   NULL, 0, &input, NULL),
        0);
    ck_assert_uint_eq(input.flags, KB_WINDOW_INPUT_FLAG_HIDE_CURSOR);
}
END_TEST

START_TEST(it_is_told_again)
{
    ck_assert_int_eq(kb_window_set_cursor(window, image, 1, 0), 0);
    ck_assert_int_eq(kb_window_hide_cursor(window, true), 0);
    restart();
    check_cursor(1, 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_INPUT), 1);
    kb_image_destroy(image); /* then the next daemon knows nothing of it */
    ck_assert_int_eq(kb_window_hide_cursor(window, false), 0);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_CURSOR), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_INPUT), 0);
}
END_TEST

Suite *lib_cursor_suite(void)
{
    Suite *suite = suite_create("lib_cursor");
    TCase *tcase = tcase_create("cursor");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, it_is_sent);
    tcase_add_test(tcase, it_is_told_again);
    suite_add_tcase(suite, tcase);
    return suite;
}

/* libkmsblit: events and what is held; against a scripted daemon. */
#include <check.h>
#include <errno.h>
#include <linux/input-event-codes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "events_rig.h"

#define PAD \
    (KB_DEVICE_CAPABILITY_GAMEPAD | KB_DEVICE_CAPABILITY_MAPPED | KB_DEVICE_CAPABILITY_RUMBLE)

static bool readable(void)
{
    struct pollfd poll_fd = {.fd = kb_get_fd(rig_display), .events = POLLIN};
    return poll(&poll_fd, 1, 0) == 1;
}

START_TEST(keys_are_held_as_they_are_taken)
{
    struct kb_held_key held[2];
    rig_focus(rig_window, true, 0);
    rig_key(KEY_A, true, XKB_KEY_A, "A", KB_MODIFIER_SHIFT);
    rig_key(KEY_A, false, XKB_KEY_A, "", KB_MODIFIER_SHIFT);
    rig_settle();
    ck_assert_ptr_null(kb_focus(rig_display));
    ck_assert_ptr_eq(rig_take(KB_EVENT_FOCUS_GAINED).window, rig_window);
    ck_assert_ptr_eq(kb_focus(rig_display), rig_window);
    ck_assert(!kb_key_down(rig_display, KEY_A));
    const struct kb_event down = rig_take(KB_EVENT_KEY_DOWN);
    ck_assert_uint_eq(down.key.code, KEY_A);
    ck_assert_uint_eq(down.key.keysym, XKB_KEY_A);
    ck_assert_uint_eq(down.key.base, XKB_KEY_a);
    ck_assert_uint_eq(down.key.modifiers, KB_MODIFIER_SHIFT);
    ck_assert_str_eq(down.key.text, "A");
    ck_assert(!down.key.repeat);
    ck_assert_uint_eq(down.device, 1);
    ck_assert(kb_key_down(rig_display, KEY_A));
    ck_assert_uint_eq(kb_modifiers(rig_display), KB_MODIFIER_SHIFT);
    ck_assert_uint_eq(kb_keys_down(rig_display, held, 2), 1);
    ck_assert_uint_eq(held[0].code, KEY_A);
    ck_assert_uint_eq(held[0].base, XKB_KEY_a);
    ck_assert_str_eq(rig_take(KB_EVENT_TEXT).text.text, "A");
    ck_assert(kb_key_down(rig_display, KEY_A));
    ck_assert_uint_eq(rig_take(KB_EVENT_KEY_UP).key.base, XKB_KEY_a);
    ck_assert(!kb_key_down(rig_display, KEY_A));
    rig_take_nothing();
    ck_assert(!kb_key_down(rig_display, 5000));
}
END_TEST

START_TEST(a_pump_is_for_those_that_only_ask)
{
    rig_focus(rig_window, true, 0);
    rig_key(KEY_SPACE, true, XKB_KEY_space, " ", 0);
    rig_settle();
    ck_assert_int_eq(kb_pump(rig_display), 3);
    ck_assert(kb_key_down(rig_display, KEY_SPACE));
    ck_assert_int_eq(kb_pump(rig_display), 0);
    rig_key(KEY_SPACE, false, XKB_KEY_space, "", 0);
    rig_settle();
    rig_take(KB_EVENT_FOCUS_GAINED);
    rig_take(KB_EVENT_KEY_DOWN);
    rig_take(KB_EVENT_TEXT);
    ck_assert(kb_key_down(rig_display, KEY_SPACE));
    rig_take(KB_EVENT_KEY_UP);
    ck_assert(!kb_key_down(rig_display, KEY_SPACE));
}
END_TEST

START_TEST(the_pointer_and_fingers)
{
    struct kb_pointer pointer;
    struct kb_touch touches[4];
    rig_focus(rig_window, true, 0);
    rig_over(true, 5, 6);
    rig_move(7, 8, 2, 3);
    rig_button(BTN_RIGHT, true);
    rig_wheel(0, 80);
    rig_wheel(-240, 50);
    rig_touch(3, KB_TOUCH_PHASE_DOWN, 10, 20);
    rig_touch(4, KB_TOUCH_PHASE_DOWN, 11, 21);
    rig_touch(3, KB_TOUCH_PHASE_MOTION, 12, 22);
    rig_touch(3, KB_TOUCH_PHASE_UP, 12, 22);
    rig_settle();
    rig_take(KB_EVENT_FOCUS_GAINED);
    rig_take(KB_EVENT_POINTER_ENTER);
    kb_pointer_get(rig_display, &pointer);
    ck_assert(pointer.inside && pointer.x == 5 && pointer.y == 6 && pointer.moved_x == 0);
    ck_assert(rig_take(KB_EVENT_POINTER_MOTION).pointer.dy == 3);
    ck_assert_uint_eq(rig_take(KB_EVENT_POINTER_DOWN).pointer.button, BTN_RIGHT);
    kb_pointer_get(rig_display, &pointer);
    ck_assert(pointer.x == 7 && pointer.moved_x == 2 && pointer.moved_y == 3);
    ck_assert_uint_eq(pointer.buttons, 2);
    ck_assert_int_eq(rig_take(KB_EVENT_WHEEL).wheel.notches_y, 0);
    const struct kb_event wheel = rig_take(KB_EVENT_WHEEL);
    ck_assert_int_eq(wheel.wheel.notches_y, 1);
    ck_assert_int_eq(wheel.wheel.notches_x, -2);
    ck_assert_int_eq(wheel.wheel.vertical, 50);
    rig_take(KB_EVENT_TOUCH_DOWN);
    rig_take(KB_EVENT_TOUCH_DOWN);
    rig_take(KB_EVENT_TOUCH_MOTION);
    ck_assert_uint_eq(kb_touches(rig_display, touches, 4), 2);
    ck_assert(touches[0].finger == 3 && touches[0].x == 12 && touches[1].finger == 4);
    rig_take(KB_EVENT_TOUCH_UP);
    ck_assert_uint_eq(kb_touches(rig_display, touches, 4), 1);
    ck_assert_int_eq(touches[0].finger, 4);
}
END_TEST

START_TEST(gamepads_come_and_go)
{
    struct kb_device_info info;
    rig_device(7, PAD);
    rig_focus(rig_window, true, 0);
    rig_axis(7, KB_GAMEPAD_AXIS_LEFTX, -32768);
    rig_pad_button(7, KB_GAMEPAD_BUTTON_A, true);
    rig_settle();
    ck_assert_uint_eq(kb_device_count(rig_display), 0);
    rig_take(KB_EVENT_DEVICE_ADDED);
    ck_assert_uint_eq(kb_device_count(rig_display), 1);
    ck_assert_int_eq(kb_device_get(rig_display, 0, &info), 0);
    ck_assert_str_eq(info.name, "pad \xc3\xa4");
    ck_assert(info.id == 7 && info.axes == 6 && info.capabilities == PAD && info.vendor == 0x45e);
    ck_assert_int_eq(kb_device_get(rig_display, 1, &info), -EINVAL);
    rig_take(KB_EVENT_FOCUS_GAINED);
    ck_assert_int_eq(kb_gamepad_axis(rig_display, 7, 0), 0);
    rig_take(KB_EVENT_AXIS);
    rig_take(KB_EVENT_BUTTON_DOWN);
    ck_assert_int_eq(kb_gamepad_axis(rig_display, 7, 0), -32768);
    ck_assert(kb_gamepad_button(rig_display, 7, 0));
    rig_device_gone(7); /* held as it is: the library releases it */
    rig_settle();
    ck_assert_uint_eq(rig_take(KB_EVENT_BUTTON_UP).gamepad.button, 0);
    ck_assert_int_eq(rig_take(KB_EVENT_AXIS).gamepad.value, 0);
    ck_assert_uint_eq(rig_take(KB_EVENT_DEVICE_REMOVED).device, 7);
    ck_assert_int_eq(kb_device_find(rig_display, 7, &info), 0);
    ck_assert_str_eq(info.name, "pad \xc3\xa4");
    ck_assert_uint_eq(kb_device_count(rig_display), 0);
    ck_assert_int_eq(kb_gamepad_axis(rig_display, 7, 0), 0);
    rig_device(8, PAD);
    rig_drain();
    ck_assert_int_eq(kb_device_find(rig_display, 7, &info), -EINVAL);
    ck_assert_int_eq(kb_device_find(rig_display, 8, &info), 0);
}
END_TEST

START_TEST(what_is_held_is_released_with_the_focus)
{
    rig_focus(rig_window, true, 0);
    rig_over(true, 1, 1);
    rig_key(KEY_W, true, XKB_KEY_w, "w", 0);
    rig_button(BTN_LEFT, true);
    rig_touch(1, KB_TOUCH_PHASE_DOWN, 1, 1);
    rig_drain();
    rig_focus(rig_window, false, KB_MODIFIER_CAPS_LOCK);
    rig_key(KEY_W, false, XKB_KEY_w, "", 0); /* nobody's */
    rig_settle();
    ck_assert_uint_eq(rig_take(KB_EVENT_KEY_UP).key.code, KEY_W);
    ck_assert_uint_eq(rig_take(KB_EVENT_POINTER_UP).pointer.button, BTN_LEFT);
    rig_take(KB_EVENT_TOUCH_CANCEL);
    rig_take(KB_EVENT_POINTER_LEAVE);
    ck_assert_ptr_eq(rig_take(KB_EVENT_FOCUS_LOST).window, rig_window);
    rig_take_nothing();
    ck_assert_ptr_null(kb_focus(rig_display));
    ck_assert_uint_eq(kb_modifiers(rig_display), KB_MODIFIER_CAPS_LOCK);
}
END_TEST

START_TEST(a_destroyed_window_leaves_nothing_held)
{
    struct kb_window *second;
    const struct kb_window_info info = {.width = 32, .height = 24};
    ck_assert_int_eq(kb_window_create(rig_display, &info, &second), 0);
    rig_focus(second, true, 0);
    rig_key(KEY_W, true, XKB_KEY_w, "w", 0);
    rig_settle();
    kb_window_destroy(second);
    rig_focus(rig_window, true, 0);
    rig_settle();
    ck_assert_ptr_null(rig_take(KB_EVENT_FOCUS_GAINED).window);
    rig_take(KB_EVENT_KEY_DOWN);
    rig_take(KB_EVENT_TEXT);
    rig_take(KB_EVENT_KEY_UP);
    ck_assert_ptr_null(rig_take(KB_EVENT_FOCUS_LOST).window);
    ck_assert_ptr_eq(rig_take(KB_EVENT_FOCUS_GAINED).window, rig_window);
    rig_take_nothing();
}
END_TEST

START_TEST(a_daemon_that_goes_away_releases_all)
{
    rig_device(1, KB_DEVICE_CAPABILITY_KEYBOARD);
    rig_device(2, PAD);
    rig_focus(rig_window, true, 0);
    rig_key(KEY_LEFT, true, XKB_KEY_Left, "", 0);
    rig_pad_button(2, 5, true);
    rig_drain();
    ck_assert_int_eq(kb_window_grab_keyboard(rig_window, true), 0);
    ck_assert_int_eq(kb_window_lock_pointer(rig_window, true), 0);
    ck_assert_int_eq(kb_sync(rig_display), 0);
    fake_restart(&rig_fake);
    rig_settle();
    rig_device(1, PAD); /* the same number, and another device */
    rig_settle();
    ck_assert_uint_eq(rig_take(KB_EVENT_KEY_UP).key.code, KEY_LEFT);
    ck_assert_uint_eq(rig_take(KB_EVENT_BUTTON_UP).device, 2);
    rig_take(KB_EVENT_FOCUS_LOST);
    ck_assert_uint_eq(kb_device_count(rig_display), 2);
    ck_assert_uint_eq(rig_take(KB_EVENT_DEVICE_REMOVED).device, 1);
    ck_assert_uint_eq(rig_take(KB_EVENT_DEVICE_REMOVED).device, 2);
    ck_assert_uint_eq(rig_take(KB_EVENT_DEVICE_ADDED).device, 1);
    rig_take_nothing();
    ck_assert_uint_eq(kb_device_count(rig_display), 1);
    const struct fake_record *record = fake_find(&rig_fake, KB_REQ_WINDOW_INPUT, 0);
    struct kb_req_window_input input;
    ck_assert_ptr_nonnull(record);
    ck_assert_int_eq(
        kb_req_window_input_decode(record->message,
                                   ((const struct kb_header *)(const void *)record->message)->size,
                                   NULL, 0, &input, NULL),
        0);
    ck_assert_uint_eq(input.flags,
                      KB_WINDOW_INPUT_FLAG_GRAB_KEYBOARD | KB_WINDOW_INPUT_FLAG_LOCK_POINTER);
}
END_TEST

START_TEST(who_was_ended_does_not_come_back)
{
    struct kb_event event;
    rig_focus(rig_window, true, 0);
    rig_key(KEY_A, true, XKB_KEY_a, "", 0);
    rig_drain();
    rig_say(KB_EVT_WINDOW_CLOSE, &(struct kb_evt_window_close){.object = kb_window_id(rig_window)});
    rig_settle();
    ck_assert_ptr_eq(rig_take(KB_EVENT_CLOSE).window, rig_window);
    rig_say(KB_EVT_ERROR, &(struct kb_evt_error){.code = KB_ERROR_CODE_ENDED,
                                                 .message = "by Ctrl-Alt-Backspace",
                                                 .message_bytes = 21});
    ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), 1);
    ck_assert_int_eq(event.type, KB_EVENT_CLOSE);
    rig_take(KB_EVENT_KEY_UP);
    rig_take(KB_EVENT_FOCUS_LOST);
    ck_assert_int_eq(kb_next_event(rig_display, &event), -ECANCELED);
    ck_assert_ptr_nonnull(strstr(kb_last_error(), "by Ctrl-Alt-Backspace"));
    ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), -ECANCELED);
    ck_assert_int_eq(kb_flip(rig_window, NULL), -ECANCELED);
    ck_assert_int_eq(kb_sync(rig_display), -ECANCELED);
    ck_assert_int_eq(kb_dispatch(rig_display, -1), -ECANCELED);
}
END_TEST

static unsigned handled;

static void handle(struct kb_display *display, const struct kb_event *event, void *context)
{
    struct kb_event other;
    ck_assert_ptr_eq(context, &handled);
    handled++;
    if (event->type == KB_EVENT_FOCUS_GAINED) /* it may take events itself */
        ck_assert_int_eq(kb_next_event(display, &other), 1);
    if (event->type == KB_EVENT_KEY_UP)
        kb_set_event_handler(display, NULL, NULL);
}

START_TEST(a_handler_is_called)
{
    kb_set_event_handler(rig_display, handle, &handled);
    rig_focus(rig_window, true, 0);
    rig_key(KEY_A, true, XKB_KEY_a, "", 0);
    rig_key(KEY_A, false, XKB_KEY_a, "", 0);
    rig_key(KEY_B, true, XKB_KEY_b, "", 0);
    rig_settle();
    ck_assert_uint_eq(handled, 0);
    ck_assert_int_eq(kb_dispatch(rig_display, -1), 2);
    ck_assert_uint_eq(handled, 2);
    ck_assert_uint_eq(rig_take(KB_EVENT_KEY_DOWN).key.code, KEY_B);
}
END_TEST

START_TEST(keys_repeat)
{
    struct kb_event event;
    unsigned delay_ms, rate;
    rig_keymap("not a keymap", 250, 30);
    rig_focus(rig_window, true, 0);
    rig_drain();
    kb_get_key_repeat(rig_display, &delay_ms, &rate);
    ck_assert_uint_eq(delay_ms, 250);
    ck_assert_uint_eq(rate, 30);
    ck_assert_int_eq(kb_set_key_repeat(rig_display, 0, -1), -EINVAL);
    ck_assert_int_eq(kb_set_key_repeat(rig_display, 1, 500), 0);
    rig_key(KEY_LEFTSHIFT, true, XKB_KEY_Shift_L, "", 0);
    rig_key(KEY_A, true, XKB_KEY_A, "A", KB_MODIFIER_SHIFT);
    rig_settle();
    rig_take(KB_EVENT_KEY_DOWN);
    rig_take(KB_EVENT_KEY_DOWN);
    rig_take(KB_EVENT_TEXT);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), 1);
        ck_assert_int_eq(event.type, KB_EVENT_KEY_DOWN);
        ck_assert(event.key.repeat && event.key.code == KEY_A);
        ck_assert(kb_key_down(rig_display, KEY_A));
        ck_assert_str_eq(rig_take(KB_EVENT_TEXT).text.text, "A");
    }
    /* A program that polls is woken, and kb_dispatch() queues it. */
    struct pollfd poll_fd = {.fd = kb_get_fd(rig_display), .events = POLLIN};
    rig_drain();
    ck_assert_int_eq(poll(&poll_fd, 1, -1), 1);
    ck_assert_int_gt(kb_dispatch(rig_display, 0), 0);
    ck_assert(rig_take(KB_EVENT_KEY_DOWN).key.repeat);
    rig_key(KEY_A, false, XKB_KEY_A, "", KB_MODIFIER_SHIFT);
    rig_drain();
    ck_assert_int_eq(kb_wait_event(rig_display, 20, &event), 0);
    ck_assert(!readable());
    rig_key(KEY_A, true, XKB_KEY_A, "A", KB_MODIFIER_SHIFT);
    rig_drain();
    rig_focus(rig_window, false, 0);
    rig_drain();
    ck_assert_int_eq(kb_wait_event(rig_display, 20, &event), 0);
    ck_assert_int_eq(kb_set_key_repeat(rig_display, -1, -1), 0);
    kb_get_key_repeat(rig_display, &delay_ms, &rate);
    ck_assert_uint_eq(delay_ms, 250);
}
END_TEST

/* The daemon's configuration changes while a key is held. */
START_TEST(the_daemon_ends_repeats)
{
    struct kb_event event;
    rig_keymap("not a keymap", 1, 1000);
    rig_focus(rig_window, true, 0);
    rig_key(KEY_A, true, XKB_KEY_a, "", 0);
    rig_settle();
    do {
        ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), 1);
    } while (event.type != KB_EVENT_KEY_DOWN || !event.key.repeat);
    rig_keymap("not a keymap", 1, 0);
    rig_drain();
    ck_assert_int_eq(kb_wait_event(rig_display, 20, &event), 0);
    ck_assert(!readable());
    ck_assert(kb_key_down(rig_display, KEY_A));
}
END_TEST

START_TEST(another_key_ends_a_repeat)
{
    struct kb_event event;
    rig_focus(rig_window, true, 0);
    ck_assert_int_eq(kb_set_key_repeat(rig_display, 1, 1000), 0);
    rig_key(KEY_A, true, XKB_KEY_a, "a", 0);
    rig_key(KEY_B, true, XKB_KEY_b, "b", 0);
    rig_settle();
    do {
        ck_assert_int_eq(kb_wait_event(rig_display, -1, &event), 1);
        ck_assert(event.type != KB_EVENT_KEY_DOWN || !event.key.repeat || event.key.code == KEY_B);
    } while (event.type != KB_EVENT_KEY_DOWN || !event.key.repeat);
    ck_assert_int_eq(kb_set_key_repeat(rig_display, 0, 0), 0);
    rig_key(KEY_C, true, XKB_KEY_c, "c", 0);
    rig_drain();
    ck_assert_int_eq(kb_wait_event(rig_display, 20, &event), 0);
}
END_TEST

/* The request as it came; the size of its struct is the caller's. */
#define RECEIVED(name, opcode, index, into)                                                 \
    do {                                                                                    \
        const struct fake_record *record = fake_find(&rig_fake, opcode, index);             \
        ck_assert_ptr_nonnull(record);                                                      \
        const struct kb_header *header = (const void *)record->message;                     \
        ck_assert_int_eq(                                                                   \
            kb_req_##name##_decode(record->message, header->size, NULL, 0, into, NULL), 0); \
    } while (0)

START_TEST(wishes_are_sent)
{
    struct kb_req_gamepad_rumble rumble;
    struct kb_req_window_focus focus;
    struct kb_req_input_inject inject;
    struct kb_req_hello hello;
    ck_assert_int_eq(kb_gamepad_rumble(rig_display, 7, 1, 65535, 10001), -EINVAL);
    ck_assert_int_eq(kb_gamepad_rumble(rig_display, 7, 1, 65535, 10000), 0);
    ck_assert_int_eq(kb_window_focus(rig_window), 0);
    ck_assert_int_eq(kb_inject(rig_display, 9, 1, 2, 3), -EINVAL);
    ck_assert_int_eq(kb_inject(rig_display, KB_INJECTED_DEVICE_GAMEPAD, EV_KEY, BTN_SOUTH, -3), 0);
    rig_settle();
    RECEIVED(gamepad_rumble, KB_REQ_GAMEPAD_RUMBLE, 0, &rumble);
    ck_assert(rumble.object == 7 && rumble.strong == 1 && rumble.weak == 65535 &&
              rumble.duration_ms == 10000);
    RECEIVED(window_focus, KB_REQ_WINDOW_FOCUS, 0, &focus);
    ck_assert_uint_eq(focus.object, kb_window_id(rig_window));
    RECEIVED(input_inject, KB_REQ_INPUT_INJECT, 0, &inject);
    ck_assert(inject.type == EV_KEY && inject.code == BTN_SOUTH && inject.value == -3 &&
              inject.device == KB_INJECTED_DEVICE_GAMEPAD);
    RECEIVED(hello, KB_REQ_HELLO, 0, &hello);
    ck_assert_uint_eq(hello.flags, KB_HELLO_FLAG_WANTS_INPUT);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(kb_key_name(KEY_SPACE), "space");
    ck_assert_str_eq(kb_key_name(KEY_LEFTSHIFT), "left shift");
    ck_assert_ptr_null(kb_key_name(KEY_RESERVED));
    ck_assert_uint_eq(kb_key_from_name("["), KEY_LEFTBRACE);
    ck_assert_uint_eq(kb_key_from_name("nonsense"), 0);
    for (uint32_t code = 0; code < 1000; code++)
        ck_assert(kb_key_name(code) == NULL || kb_key_from_name(kb_key_name(code)) == code);
    ck_assert_str_eq(kb_axis_name(KB_GAMEPAD_AXIS_RIGHTTRIGGER), "righttrigger");
    ck_assert_ptr_null(kb_axis_name(6));
    ck_assert_int_eq(kb_axis_from_name("lefty"), KB_GAMEPAD_AXIS_LEFTY);
    ck_assert_int_eq(kb_axis_from_name("z"), -1);
    ck_assert_int_eq(kb_button_from_name("dpleft"), KB_GAMEPAD_BUTTON_DPLEFT);
    ck_assert_str_eq(kb_button_name(KB_GAMEPAD_BUTTON_TOUCHPAD), "touchpad");
}
END_TEST

Suite *lib_input_suite(void)
{
    Suite *suite = suite_create("lib_input");
    TCase *tcase = tcase_create("input");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_test(tcase, keys_are_held_as_they_are_taken);
    tcase_add_test(tcase, a_pump_is_for_those_that_only_ask);
    tcase_add_test(tcase, the_pointer_and_fingers);
    tcase_add_test(tcase, gamepads_come_and_go);
    tcase_add_test(tcase, what_is_held_is_released_with_the_focus);
    tcase_add_test(tcase, a_destroyed_window_leaves_nothing_held);
    tcase_add_test(tcase, a_daemon_that_goes_away_releases_all);
    tcase_add_test(tcase, who_was_ended_does_not_come_back);
    tcase_add_test(tcase, a_handler_is_called);
    tcase_add_test(tcase, keys_repeat);
    tcase_add_test(tcase, the_daemon_ends_repeats);
    tcase_add_test(tcase, another_key_ends_a_repeat);
    tcase_add_test(tcase, wishes_are_sent);
    tcase_add_test(tcase, names);
    suite_add_tcase(suite, tcase);
    return suite;
}

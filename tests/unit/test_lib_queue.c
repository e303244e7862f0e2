/* libkmsblit: a program that does not take its events; whatever happens, events and answers agree. */
#include <check.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "events_rig.h"

#define KEYS    24
#define FINGERS 5
#define PADS    3
#define STEPS   6000

/* What a program knows by events alone, and what the daemon means. */
struct picture {
    bool focus, inside;
    bool keys[KEYS], buttons[3], fingers[FINGERS], pads[PADS], pad_buttons[PADS][4];
    int axes[PADS][2];
    double x, y, moved_x, wheel;
    unsigned texts;
};
static struct picture meant, seen;
static uint32_t pad_ids[PADS], next_id;
static uint64_t lost;

static int pad_of(uint32_t id)
{
    for (int i = 0; i < PADS; i++) {
        if (pad_ids[i] == id)
            return i;
    }
    return -1;
}

/* Presses are told once and releases once; what is not there does not move. */
static void flip(bool *held, bool down)
{
    ck_assert_int_ne(*held, down);
    *held = down;
}

static void see_pad(const struct kb_event *event)
{
    const int pad = pad_of(event->device);
    if (pad < 0) /* one that has gone since */
        return;
    if (event->type == KB_EVENT_DEVICE_ADDED || event->type == KB_EVENT_DEVICE_REMOVED)
        flip(&seen.pads[pad], event->type == KB_EVENT_DEVICE_ADDED);
    ck_assert(seen.pads[pad] || event->type == KB_EVENT_DEVICE_REMOVED);
    if (event->type == KB_EVENT_AXIS)
        seen.axes[pad][event->gamepad.axis] = event->gamepad.value;
    if (event->type == KB_EVENT_BUTTON_DOWN || event->type == KB_EVENT_BUTTON_UP)
        flip(&seen.pad_buttons[pad][event->gamepad.button], event->type == KB_EVENT_BUTTON_DOWN);
}

static void see(const struct kb_event *event)
{
    switch (event->type) {
    case KB_EVENT_FOCUS_GAINED:
    case KB_EVENT_FOCUS_LOST: flip(&seen.focus, event->type == KB_EVENT_FOCUS_GAINED); break;
    case KB_EVENT_KEY_DOWN:
    case KB_EVENT_KEY_UP:
        flip(&seen.keys[event->key.code - KEY_Q], event->type == KB_EVENT_KEY_DOWN);
        break;
    case KB_EVENT_TEXT: seen.texts++; break;
    case KB_EVENT_POINTER_MOTION:
        seen.x = event->pointer.x;
        seen.y = event->pointer.y;
        seen.moved_x += event->pointer.dx;
        break;
    case KB_EVENT_POINTER_ENTER:
    case KB_EVENT_POINTER_LEAVE: seen.inside = event->type == KB_EVENT_POINTER_ENTER; break;
    case KB_EVENT_POINTER_DOWN:
    case KB_EVENT_POINTER_UP:
        flip(&seen.buttons[event->pointer.button - BTN_LEFT], event->type == KB_EVENT_POINTER_DOWN);
        break;
    case KB_EVENT_WHEEL: seen.wheel += event->wheel.vertical; break;
    case KB_EVENT_TOUCH_DOWN: flip(&seen.fingers[event->touch.finger], true); break;
    case KB_EVENT_TOUCH_MOTION: ck_assert(seen.fingers[event->touch.finger]); break;
    case KB_EVENT_TOUCH_UP:
    case KB_EVENT_TOUCH_CANCEL: flip(&seen.fingers[event->touch.finger], false); break;
    case KB_EVENT_AXIS:
    case KB_EVENT_BUTTON_DOWN:
    case KB_EVENT_BUTTON_UP:
    case KB_EVENT_DEVICE_ADDED:
    case KB_EVENT_DEVICE_REMOVED: see_pad(event); break;
    case KB_EVENT_LOST:
        ck_assert_uint_ge(event->lost.count, lost);
        lost = event->lost.count;
        break;
    case KB_EVENT_CLOSE: ck_abort();
    }
}

/* The library's answers are what the events told. */
static void check_answers(void)
{
    struct kb_pointer pointer;
    struct kb_touch touches[FINGERS];
    size_t fingers = 0;
    ck_assert_int_eq(kb_focus(rig_display) == rig_window, seen.focus);
    for (uint32_t i = 0; i < KEYS; i++)
        ck_assert_int_eq(kb_key_down(rig_display, KEY_Q + i), seen.keys[i]);
    kb_pointer_get(rig_display, &pointer);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq((pointer.buttons >> i & 1) != 0, seen.buttons[i]);
    for (int i = 0; i < FINGERS; i++)
        fingers += seen.fingers[i];
    ck_assert_uint_eq(kb_touches(rig_display, touches, FINGERS), fingers);
    for (int i = 0; i < PADS; i++) {
        for (uint32_t j = 0; j < 4 && seen.pads[i]; j++)
            ck_assert_int_eq(kb_gamepad_button(rig_display, pad_ids[i], j), seen.pad_buttons[i][j]);
        for (uint32_t j = 0; j < 2 && seen.pads[i]; j++)
            ck_assert_int_eq(kb_gamepad_axis(rig_display, pad_ids[i], j), seen.axes[i][j]);
    }
}

/* ---- What happens --------------------------------------------------------------------------- */

static void forget_held(void)
{
    const struct picture before = meant;
    memset(&meant, 0, sizeof(meant));
    memcpy(meant.pads, before.pads, sizeof(meant.pads));
    meant.x = before.x;
    meant.y = before.y;
    meant.moved_x = before.moved_x;
    meant.wheel = before.wheel;
}

static void change_focus(void)
{
    if (meant.focus)
        forget_held();
    else
        meant.focus = true;
    rig_focus(rig_window, meant.focus, 0);
}

static void change_pad(int pad)
{
    meant.pads[pad] = !meant.pads[pad];
    memset(meant.pad_buttons[pad], 0, sizeof(meant.pad_buttons[pad]));
    memset(meant.axes[pad], 0, sizeof(meant.axes[pad]));
    if (meant.pads[pad]) {
        memset(seen.pad_buttons[pad], 0, sizeof(seen.pad_buttons[pad]));
        memset(seen.axes[pad], 0, sizeof(seen.axes[pad]));
        seen.pads[pad] = false;
        pad_ids[pad] = ++next_id;
        rig_device(pad_ids[pad], KB_DEVICE_CAPABILITY_GAMEPAD);
    } else {
        rig_device_gone(pad_ids[pad]);
    }
}

static void happen_to_pad(int pad, int what)
{
    if (!meant.pads[pad])
        return;
    if (what % 2) {
        meant.axes[pad][what % 4 / 2] = what * 3 + 1;
        rig_axis(pad_ids[pad], (uint32_t)what % 4 / 2, what * 3 + 1);
    } else {
        bool *held = &meant.pad_buttons[pad][what % 4];
        *held = !*held;
        rig_pad_button(pad_ids[pad], (uint32_t)what % 4, *held);
    }
}

static void happen(void)
{
    static unsigned count;
    if (count++ % 64 == 0) /* the socket holds no more */
        rig_settle();
    const int what = rand() % 100, which = rand() % 1000;
    if (what < 1)
        change_focus();
    else if (what < 3)
        change_pad(which % PADS);
    if (!meant.focus || what < 3)
        return;
    if (what < 30) {
        bool *held = &meant.keys[which % KEYS];
        *held = !*held;
        rig_key(KEY_Q + (uint32_t)which % KEYS, *held, XKB_KEY_a, *held ? "a" : "", 0);
    } else if (what < 60) {
        meant.x = which;
        meant.y = which / 2;
        meant.moved_x += which % 7 - 3;
        rig_move(which, which / 2, which % 7 - 3, 0);
    } else if (what < 65) {
        meant.buttons[which % 3] = !meant.buttons[which % 3];
        rig_button(BTN_LEFT + (uint32_t)which % 3, meant.buttons[which % 3]);
    } else if (what < 70) {
        meant.wheel += which;
        rig_wheel(0, which);
    } else if (what < 80) {
        bool *held = &meant.fingers[which % FINGERS];
        if (what < 75 && *held) {
            rig_touch(which % FINGERS, KB_TOUCH_PHASE_MOTION, which, which);
        } else {
            *held = !*held;
            rig_touch(which % FINGERS, *held ? KB_TOUCH_PHASE_DOWN : KB_TOUCH_PHASE_UP, 1, 1);
        }
    } else if (what < 83) {
        meant.inside = !meant.inside;
        if (meant.inside) {
            meant.x = 3;
            meant.y = 4;
        }
        rig_over(meant.inside, 3, 4);
    } else {
        happen_to_pad(which % PADS, which / PADS);
    }
}

static void take_some(unsigned most, bool check)
{
    struct kb_event event;
    while (most-- > 0 && kb_next_event(rig_display, &event) > 0) {
        see(&event);
        if (check)
            check_answers();
    }
}

/* All that was meant has arrived, however much was dropped on the way. */
static void check_all(void)
{
    struct kb_pointer pointer;
    rig_settle();
    take_some(100000, false);
    check_answers();
    kb_pointer_get(rig_display, &pointer);
    ck_assert_int_eq(seen.focus, meant.focus);
    ck_assert_mem_eq(seen.keys, meant.keys, sizeof(seen.keys));
    ck_assert_mem_eq(seen.buttons, meant.buttons, sizeof(seen.buttons));
    ck_assert_mem_eq(seen.fingers, meant.fingers, sizeof(seen.fingers));
    ck_assert_mem_eq(seen.pads, meant.pads, sizeof(seen.pads));
    for (int i = 0; i < PADS; i++) {
        ck_assert(!meant.pads[i] || memcmp(seen.axes[i], meant.axes[i], sizeof(seen.axes[i])) == 0);
        ck_assert(!meant.pads[i] || memcmp(seen.pad_buttons[i], meant.pad_buttons[i], 4) == 0);
    }
    ck_assert(pointer.x == meant.x && pointer.y == meant.y);
    ck_assert(pointer.moved_x == meant.moved_x && pointer.inside == meant.inside);
}

static void begin(int seed)
{
    srand((unsigned)seed);
    memset(&meant, 0, sizeof(meant));
    memset(&seen, 0, sizeof(seen));
    lost = 0;
}

/* Takes everything now and then: nothing is lost, to the last text. */
START_TEST(events_and_answers_agree)
{
    begin(_i + 1);
    for (int step = 0; step < STEPS / 4; step++) {
        happen();
        if (rand() % 100 == 0) {
            rig_settle();
            take_some((unsigned)rand() % 300, true);
        }
        if (rand() % 300 == 0)
            check_all();
    }
    check_all();
    ck_assert_uint_eq(lost, 0);
    ck_assert(seen.wheel == meant.wheel && seen.moved_x == meant.moved_x);
}
END_TEST

/* Takes a few out of thousands: what was told is released, what is held in the end is told. */
START_TEST(nothing_hangs_when_events_are_lost)
{
    begin(_i + 100);
    for (int step = 0; step < STEPS; step++) {
        happen();
        if (step % 1500 == 700) {
            rig_settle();
            take_some((unsigned)rand() % 40, _i % 2 == 0);
        }
        if (step % 500 == 0 && _i % 2)
            kb_pump(rig_display);
    }
    if (_i % 2 == 0) {
        check_all();
        ck_assert_uint_gt(lost, 100);
        ck_assert(seen.wheel == meant.wheel);
        return;
    }
    /* Pumped: what is asked is right, whatever is still to be taken. */
    rig_settle();
    kb_pump(rig_display);
    for (uint32_t i = 0; i < KEYS; i++)
        ck_assert_int_eq(kb_key_down(rig_display, KEY_Q + i), meant.keys[i]);
    seen = meant;
    check_answers();
}
END_TEST

/* A program that never takes an event needs no more memory after the first thousand. */
START_TEST(much_is_bounded)
{
    struct kb_event event;
    unsigned count = 0;
    rig_focus(rig_window, true, 0);
    for (int i = 0; i < 20000; i++) {
        rig_key(KEY_Q + (uint32_t)i % 20, i / 20 % 2 == 0, XKB_KEY_a, "a", 0);
        rig_move(i, i, 1, 1);
        if (i % 64 == 0)
            rig_settle();
    }
    rig_settle();
    while (kb_next_event(rig_display, &event) > 0)
        count++;
    ck_assert_uint_lt(count, 2100);
    ck_assert_uint_gt(count, 2);
}
END_TEST

START_TEST(what_the_daemon_lost_is_counted)
{
    rig_focus(rig_window, true, 0);
    rig_key(KEY_A, true, XKB_KEY_a, "", KB_MODIFIER_SHIFT);
    rig_say(KB_EVT_EVENTS_LOST, &(struct kb_evt_events_lost){.count = 77});
    rig_settle();
    rig_take(KB_EVENT_FOCUS_GAINED);
    rig_take(KB_EVENT_KEY_DOWN);
    ck_assert_uint_eq(rig_take(KB_EVENT_LOST).lost.count, 77);
    ck_assert_uint_eq(kb_modifiers(rig_display), KB_MODIFIER_SHIFT);
}
END_TEST

Suite *lib_queue_suite(void)
{
    Suite *suite = suite_create("lib_queue");
    TCase *tcase = tcase_create("queue");
    tcase_add_checked_fixture(tcase, rig_setup, rig_teardown);
    tcase_add_loop_test(tcase, events_and_answers_agree, 0, 6);
    tcase_add_loop_test(tcase, nothing_hangs_when_events_are_lost, 0, 8);
    tcase_add_test(tcase, much_is_bounded);
    tcase_add_test(tcase, what_the_daemon_lost_is_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}

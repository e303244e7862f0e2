/* The seat's focus: who gets what, and that nothing stays held. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scene/focus.h"
#include "scene/window.h"

#define WINDOWS 4
#define CODES   6
#define DEVICES 3
#define FINGERS 3

static struct kd_focus focus;
static struct kd_window windows[WINDOWS];
static char said[8192];  /* what windows were told, in short */
static char keys[8192];  /* what the keymap was told */
static uint32_t refused; /* this code is a shortcut */

/* What each window believes. */
static struct {
    bool has_focus, is_over;
    bool down[3][CODES];
    bool pad[DEVICES][CODES];
    bool finger[DEVICES][FINGERS];
    int32_t axis[DEVICES][CODES];
} mind[WINDOWS];

static int index_of(const struct kd_window *window)
{
    return (int)(window - windows);
}

static void __attribute__((format(printf, 2, 3))) add(char *to, const char *format, ...)
{
    va_list args;
    size_t used = strlen(to);

    va_start(args, format);
    vsnprintf(to + used, 8192 - used, format, args);
    va_end(args);
}

static void on_focus(void *ctx, struct kd_window *window, bool gained, int64_t time_ns)
{
    int i = index_of(window);

    (void)time_ns;
    ck_assert_ptr_eq(ctx, &focus);
    ck_assert(mind[i].has_focus != gained);
    mind[i].has_focus = gained;
    add(said, "%c%s ", 'A' + i, gained ? "+" : "-");
    if (gained)
        return;
    ck_assert(!mind[i].is_over);
    for (unsigned code = 0; code < CODES; code++)
        ck_assert(!mind[i].down[0][code] && !mind[i].down[1][code]);
    for (unsigned device = 0; device < DEVICES; device++) {
        for (unsigned code = 0; code < CODES; code++)
            ck_assert(!mind[i].pad[device][code] && mind[i].axis[device][code] == 0);
        for (unsigned finger = 0; finger < FINGERS; finger++)
            ck_assert(!mind[i].finger[device][finger]);
    }
}

static bool on_key(void *ctx, uint32_t code, bool down)
{
    (void)ctx;
    add(keys, "%u%s ", code, down ? "+" : "-");
    return code != refused;
}

static void on_over(void *ctx, struct kd_window *window, bool inside, int64_t time_ns)
{
    int i = index_of(window);

    (void)ctx;
    (void)time_ns;
    ck_assert(mind[i].has_focus && mind[i].is_over != inside);
    mind[i].is_over = inside;
    add(said, "%c%s ", 'A' + i, inside ? "in" : "out");
}

static void on_input(void *ctx, struct kd_window *window, const struct kd_input *input)
{
    int i = index_of(window);
    bool *state = NULL, down = false;

    (void)ctx;
    ck_assert(mind[i].has_focus);
    if (input->kind == KD_INPUT_KEY || input->kind == KD_INPUT_BUTTON ||
        input->kind == KD_INPUT_PAD_BUTTON)
        down = input->key.down;
    switch (input->kind) {
    case KD_INPUT_KEY:
    case KD_INPUT_BUTTON:
        state = &mind[i].down[input->kind == KD_INPUT_BUTTON][input->key.code];
        add(said, "%c%s%u%s ", 'A' + i, input->kind == KD_INPUT_KEY ? "k" : "b", input->key.code,
            down ? "+" : "-");
        break;
    case KD_INPUT_PAD_BUTTON:
        state = &mind[i].pad[input->device][input->key.code];
        add(said, "%cp%u.%u%s ", 'A' + i, input->device, input->key.code, down ? "+" : "-");
        break;
    case KD_INPUT_TOUCH:
        add(said, "%ct%d.%d@%d ", 'A' + i, input->touch.finger, (int)input->touch.phase,
            input->touch.x);
        if (input->touch.phase == KB_TOUCH_PHASE_MOTION) {
            ck_assert(mind[i].finger[input->device][input->touch.finger]);
            return;
        }
        state = &mind[i].finger[input->device][input->touch.finger];
        down = input->touch.phase == KB_TOUCH_PHASE_DOWN;
        break;
    case KD_INPUT_PAD_AXIS:
        ck_assert_int_ne(mind[i].axis[input->device][input->axis.axis], input->axis.value);
        mind[i].axis[input->device][input->axis.axis] = input->axis.value;
        add(said, "%ca%u=%d ", 'A' + i, input->axis.axis, input->axis.value);
        return;
    default:
        ck_assert(mind[i].is_over);
        add(said, "%cm ", 'A' + i);
        return;
    }
    ck_assert(*state != down);
    *state = down;
}

static const struct kd_focus_out out = {on_focus, on_key, on_over, on_input};

static void setup(void)
{
    memset(windows, 0, sizeof(windows));
    memset(mind, 0, sizeof(mind));
    said[0] = keys[0] = '\0';
    refused = 0;
    kd_focus_init(&focus, &out, &focus);
}

static void assert_said(const char *wanted)
{
    ck_assert_str_eq(said, wanted);
    said[0] = '\0';
}

/* Letters: topmost first. */
static void stack(const char *order)
{
    struct kd_window *visible[WINDOWS];
    size_t count = 0;

    for (; *order; order++)
        visible[count++] = &windows[*order - 'A'];
    kd_focus_restack(&focus, visible, count, 1);
}

static void key(uint32_t device, uint32_t code, bool down)
{
    const struct kd_input input = {
        .kind = KD_INPUT_KEY, .device = device, .key = {.code = code, .down = down}};

    kd_focus_input(&focus, &input, NULL);
}

static void button(uint32_t device, uint32_t code, bool down, struct kd_window *at)
{
    const struct kd_input input = {
        .kind = KD_INPUT_BUTTON, .device = device, .key = {.code = code, .down = down}};

    kd_focus_input(&focus, &input, at);
}

static void move(struct kd_window *at)
{
    const struct kd_input input = {.kind = KD_INPUT_MOTION, .device = 1};

    kd_focus_input(&focus, &input, at);
}

static void pad(uint32_t device, uint32_t code, bool down)
{
    const struct kd_input input = {
        .kind = KD_INPUT_PAD_BUTTON, .device = device, .key = {.code = code, .down = down}};

    kd_focus_input(&focus, &input, NULL);
}

static void axis(uint32_t device, uint32_t number, int32_t value)
{
    const struct kd_input input = {
        .kind = KD_INPUT_PAD_AXIS, .device = device, .axis = {.axis = number, .value = value}};

    kd_focus_input(&focus, &input, NULL);
}

static void touch(uint32_t device, int32_t finger, enum kb_touch_phase phase, int32_t x,
                  struct kd_window *at)
{
    const struct kd_input input = {.kind = KD_INPUT_TOUCH,
                                   .device = device,
                                   .touch = {.phase = phase, .finger = finger, .x = x}};

    kd_focus_input(&focus, &input, at);
}

/* ---- Who has it ---------------------------------------------------------------------------------- */

START_TEST(test_stacking)
{
    static const struct {
        const char *order, *told;
    } steps[] = {
        {"", ""},          {"A", "A+ "},  {"AB", ""}, /* below */
        {"CAB", "A- C+ "},                            /* new, above */
        {"CAB", ""},                                  /* nothing happened */
        {"ACB", "C- A+ "},                            /* raised */
        {"CB", "A- C+ "},                             /* hidden */
        {"DBC", "C- D+ "},                            /* the topmost of two that came above */
        {"BCD", "D- B+ "},                            /* both came above */
        {"CD", "B- C+ "},                             /* gone */
        {"", "C- "},       {"DA", "D+ "},
    };

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        stack(steps[i].order);
        assert_said(steps[i].told);
    }
}
END_TEST

START_TEST(test_what_was_above_does_not_take_it_back)
{
    stack("AB");
    kd_focus_set(&focus, &windows[1], 1);
    assert_said("A+ A- B+ ");
    stack("AB");
    stack("ADB"); /* new, and above of B, but not of A */
    assert_said("B- D+ ");
    kd_focus_forget(&focus, &windows[3], 1);
    assert_said("D- ");
    stack("AB");
    assert_said("A+ ");
}
END_TEST

/* ---- What is held -------------------------------------------------------------------------------- */

START_TEST(test_one_key_on_two_keyboards)
{
    stack("A");
    key(1, 2, true);
    key(1, 2, true); /* the kernel repeats, or a device is broken */
    key(2, 2, true);
    key(1, 2, false);
    key(1, 2, false);
    assert_said("A+ Ak2+ ");
    kd_focus_unplugged(&focus, 2, 1);
    assert_said("Ak2- ");
    ck_assert_str_eq(keys, "2+ 2- ");
}
END_TEST

START_TEST(test_held_over_a_change)
{
    key(1, 1, true); /* before anybody has it */
    stack("A");
    key(1, 2, true);
    key(2, 2, true);
    pad(0, 3, true);
    pad(1, 3, true);
    axis(0, 4, -5);
    move(&windows[0]);
    button(1, 5, true, &windows[0]);
    touch(0, 1, KB_TOUCH_PHASE_DOWN, 9, &windows[0]);
    assert_said("A+ Ak2+ Ap0.3+ Ap1.3+ Aa4=-5 Ain Am Ab5+ At1.0@9 ");
    kd_focus_set(&focus, &windows[1], 1);
    assert_said("Ak2- Ap0.3- Ap1.3- Ab5- Aa4=0 At1.3@9 Aout A- B+ ");
    key(1, 1, false);
    key(1, 2, false);
    key(2, 2, false);
    pad(0, 3, false);
    button(1, 5, false, &windows[0]);
    touch(0, 1, KB_TOUCH_PHASE_MOTION, 3, NULL);
    touch(0, 1, KB_TOUCH_PHASE_UP, 0, NULL);
    axis(0, 4, 0);
    kd_focus_unplugged(&focus, 1, 1);
    assert_said("");
    ck_assert_str_eq(keys, "1+ 2+ 1- 2- ");
    ck_assert_uint_eq(focus.held_count + focus.tilted_count + focus.fingers_count, 0);
}
END_TEST

START_TEST(test_shortcuts_are_not_told)
{
    refused = 3;
    stack("A");
    key(1, 2, true);
    key(1, 3, true);
    key(2, 3, true);
    key(1, 3, false);
    key(2, 3, false);
    key(1, 2, false);
    assert_said("A+ Ak2+ Ak2- ");
    ck_assert_str_eq(keys, "2+ 3+ 3- 2- ");
}
END_TEST

START_TEST(test_unplugged)
{
    stack("A");
    for (uint32_t code = 0; code < CODES; code++) {
        key(1, code, true);
        pad(1, code, true);
        axis(1, code, 7);
    }
    for (int32_t finger = 0; finger < FINGERS; finger++)
        touch(1, finger, KB_TOUCH_PHASE_DOWN, 1, &windows[0]);
    said[0] = '\0';
    kd_focus_unplugged(&focus, 1, 1);
    ck_assert_uint_eq(focus.held_count + focus.tilted_count + focus.fingers_count, 0);
    kd_focus_set(&focus, NULL, 1); /* checks what the window believes */
}
END_TEST

/* ---- The pointer --------------------------------------------------------------------------------- */

START_TEST(test_dragging)
{
    stack("A");
    move(&windows[1]); /* over another one */
    button(1, 1, false, &windows[1]);
    assert_said("A+ ");
    move(&windows[0]);
    button(1, 1, true, &windows[0]);
    move(&windows[1]);
    button(1, 2, true, &windows[1]); /* gives no focus while another button is held */
    button(1, 2, false, &windows[1]);
    button(1, 1, false, &windows[1]);
    assert_said("Ain Am Ab1+ Am Ab2+ Ab2- Ab1- Aout ");
    button(1, 1, true, &windows[1]);
    assert_said("A- B+ Bin Bb1+ ");
    kd_focus_pointer(&focus, NULL, 1); /* it is gone; the button still holds it */
    button(1, 1, false, NULL);
    assert_said("Bb1- Bout ");
    button(1, 1, true, NULL); /* on nothing */
    assert_said("");
}
END_TEST

START_TEST(test_lock)
{
    windows[0].input_flags = KB_WINDOW_INPUT_FLAG_LOCK_POINTER;
    stack("A");
    assert_said("A+ Ain ");
    move(&windows[1]);
    button(1, 1, true, &windows[1]);
    assert_said("Am Ab1+ ");
    kd_focus_lock(&focus, false, 1);
    button(1, 1, false, &windows[1]);
    assert_said("Ab1- Aout ");
    kd_focus_set(&focus, &windows[1], 1);
    assert_said("A- B+ Bin ");
}
END_TEST

START_TEST(test_touch)
{
    stack("AB");
    touch(0, 0, KB_TOUCH_PHASE_DOWN, 1, &windows[0]);
    touch(0, 0, KB_TOUCH_PHASE_MOTION, 2, NULL);
    touch(0, 0, KB_TOUCH_PHASE_DOWN, 3, &windows[0]); /* its end was missed */
    touch(0, 0, KB_TOUCH_PHASE_UP, 0, NULL);
    touch(0, 0, KB_TOUCH_PHASE_UP, 0, NULL);
    assert_said("A+ At0.0@1 At0.1@2 At0.3@2 At0.0@3 At0.2@3 ");
    focus.is_by_click = false;
    touch(0, 1, KB_TOUCH_PHASE_DOWN, 1, &windows[1]);
    touch(0, 1, KB_TOUCH_PHASE_UP, 1, &windows[1]);
    assert_said("");
    for (int32_t finger = 0; finger < 2 * KD_FOCUS_FINGERS; finger++)
        touch(9, finger, KB_TOUCH_PHASE_DOWN, 1, NULL);
    ck_assert_uint_eq(focus.fingers_count, KD_FOCUS_FINGERS);
}
END_TEST

/* ---- Anything ------------------------------------------------------------------------------------ */

static uint32_t seed;

static uint32_t below(uint32_t limit)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % limit;
}

static struct kd_window *any_window(void)
{
    uint32_t i = below(WINDOWS + 1);

    return i < WINDOWS ? &windows[i] : NULL;
}

static void anything(void)
{
    struct kd_window *visible[WINDOWS];
    uint32_t device = below(DEVICES), code = below(CODES);
    bool down = below(2);

    switch (below(12)) {
    case 0:
    case 1: key(device, code, down); break;
    case 2:
    case 3: button(device, code, down, any_window()); break;
    case 4: pad(device, code, down); break;
    case 5: axis(device, code, (int32_t)below(3) - 1); break;
    case 6:
    case 7:
        touch(device, (int32_t)below(FINGERS), (enum kb_touch_phase)below(4), (int32_t)below(9),
              any_window());
        break;
    case 8: move(any_window()); break;
    case 9:
        if (below(4) == 0)
            kd_focus_unplugged(&focus, device, 1);
        else
            kd_focus_lock(&focus, down, 1);
        break;
    case 10:
        if (below(4) == 0)
            kd_focus_set(&focus, any_window(), 1);
        else
            kd_focus_pointer(&focus, any_window(), 1);
        break;
    default: {
        size_t count = 0;

        for (unsigned i = 0; i < WINDOWS; i++)
            if (below(3) > 0)
                visible[count++] = &windows[(i + seed) % WINDOWS];
        for (size_t i = 1; i < count; i++) /* each once */
            for (size_t j = 0; j < i; j++)
                if (visible[i] == visible[j])
                    return;
        if (below(4) == 0)
            kd_focus_restack(&focus, visible, count, 1);
    }
    }
    said[0] = keys[0] = '\0';
    for (unsigned i = 0; i < WINDOWS; i++)
        ck_assert(mind[i].has_focus == (focus.window == &windows[i]));
}

/* What is wrong the callbacks notice. */
START_TEST(test_anything)
{
    seed = (uint32_t)_i + 1;
    for (unsigned i = 0; i < 20000; i++)
        anything();
    for (uint32_t device = 0; device < DEVICES; device++)
        kd_focus_unplugged(&focus, device, 1);
    ck_assert_uint_eq(focus.held_count + focus.tilted_count + focus.fingers_count, 0);
    kd_focus_set(&focus, NULL, 1);
}
END_TEST

/* More keys than there is room for: those are not told, and none stays. */
START_TEST(test_full)
{
    for (uint32_t code = 0; code < 2 * KD_FOCUS_HELD; code++)
        key(1, code, true);
    ck_assert_uint_eq(focus.held_count, KD_FOCUS_HELD);
    keys[0] = '\0';
    key(1, 2 * KD_FOCUS_HELD - 1, false);
    ck_assert_str_eq(keys, "");
    for (uint32_t code = 0; code < 2 * KD_FOCUS_HELD; code++)
        key(1, code, false);
    ck_assert_uint_eq(focus.held_count, 0);
}
END_TEST

Suite *focus_suite(void);
Suite *focus_suite(void)
{
    Suite *suite = suite_create("focus");
    TCase *cases = tcase_create("cases"), *random = tcase_create("random");

    tcase_add_checked_fixture(cases, setup, NULL);
    tcase_add_test(cases, test_stacking);
    tcase_add_test(cases, test_what_was_above_does_not_take_it_back);
    tcase_add_test(cases, test_one_key_on_two_keyboards);
    tcase_add_test(cases, test_held_over_a_change);
    tcase_add_test(cases, test_shortcuts_are_not_told);
    tcase_add_test(cases, test_unplugged);
    tcase_add_test(cases, test_dragging);
    tcase_add_test(cases, test_lock);
    tcase_add_test(cases, test_touch);
    tcase_add_test(cases, test_full);
    suite_add_tcase(suite, cases);
    tcase_add_checked_fixture(random, setup, NULL);
    tcase_add_loop_test(random, test_anything, 0, 16);
    suite_add_tcase(suite, random);
    return suite;
}

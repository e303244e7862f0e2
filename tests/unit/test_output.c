/*
 * Outputs: the table of states against docs/states.md, the headless display, and both together under a random life in virtual time.
 */
#include "output/output.h"
#include "pixel_test.h"

#include "base/clock.h"
#include "base/log.h"

#include "gen/kmsblit_types.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define STATES_PAGE "docs/states.md" /* tests run in the root of the sources */

static struct kd_output *headless(int32_t width, int32_t height, uint64_t refresh_ns,
                                  unsigned buffers, int64_t origin_ns)
{
    const struct kd_headless_info info = {.name = "HEADLESS-1",
                                          .width_px = width,
                                          .height_px = height,
                                          .x = 100,
                                          .y = -20,
                                          .format = KB_FORMAT_XRGB8888,
                                          .refresh_ns = refresh_ns,
                                          .buffers = buffers,
                                          .origin_ns = origin_ns};
    struct kd_output *output;

    ck_assert_int_eq(kd_headless_create(&info, &output), 0);
    return output;
}

/* ---- The table ------------------------------------------------------------------------------ */

/* The cells of a row of a Markdown table, without blanks; returns how many. */
static int commit(struct kd_output *output, struct kd_buffer *buffer, int64_t now_ns)
{
    const struct kd_commit what = {.buffer = buffer, .fence_fd = -1};

    return output->impl->commit(output, &what, now_ns);
}

static int split(char *line, char **cells, int most)
{
    int count = 0;
    char *rest;

    for (char *cell = strtok_r(line, "|\n", &rest); cell && count < most;
         cell = strtok_r(NULL, "|\n", &rest)) {
        size_t length;

        cell += strspn(cell, " ");
        length = strlen(cell);
        while (length > 0 && cell[length - 1] == ' ')
            cell[--length] = '\0';
        cells[count++] = cell;
    }
    return count;
}

static void check_row(char **cells, enum kd_output_state state)
{
    ck_assert_str_eq(cells[0], kd_output_state_name(state));
    for (unsigned event = 0; event < KD_OUTPUT_EVENTS; event++) {
        struct kd_output output = {.name = "test", .state = state};
        bool possible = kd_output_step(&output, event);
        const char *next = possible ? kd_output_state_name(output.state) : "bug";

        if (strcmp(cells[event + 1], next) != 0)
            ck_abort_msg("%s, %s: %s says %s, the code %s", kd_output_state_name(state),
                         kd_output_event_name(event), STATES_PAGE, cells[event + 1], next);
        if (!possible)
            ck_assert_int_eq(output.state, state); /* stays put */
    }
}

START_TEST(the_page_says_what_the_code_does)
{
    FILE *page = fopen(STATES_PAGE, "re");
    int rows = -1;
    char line[500], *cells[KD_OUTPUT_EVENTS + 2];

    ck_assert_msg(page, "%s cannot be read: run the tests in the root of the sources", STATES_PAGE);
    while (fgets(line, sizeof(line), page)) {
        if (line[0] != '|' || split(line, cells, KD_OUTPUT_EVENTS + 2) != KD_OUTPUT_EVENTS + 1)
            continue;
        if (rows < 0) {
            for (unsigned event = 0; event < KD_OUTPUT_EVENTS; event++)
                ck_assert_str_eq(cells[event + 1], kd_output_event_name(event));
            ck_assert_ptr_nonnull(fgets(line, sizeof(line), page)); /* |---| */
            kd_log_set_fd(-1); /* bugs are logged, which is not to be read here */
            rows = 0;
        } else {
            ck_assert_int_lt(rows, KD_OUTPUT_STATES);
            check_row(cells, (enum kd_output_state)rows++);
        }
    }
    fclose(page);
    kd_log_set_fd(2);
    ck_assert_int_eq(rows, KD_OUTPUT_STATES);
}
END_TEST

/* ---- The headless display ------------------------------------------------------------------- */

START_TEST(what_a_headless_display_says_of_itself)
{
    struct kd_output *output = headless(33, 65, 1000, 2, 0);

    ck_assert_str_eq(output->impl->name, "headless");
    ck_assert_str_eq(output->name, "HEADLESS-1");
    ck_assert_uint_eq(output->flags, KB_OUTPUT_FLAG_HEADLESS);
    ck_assert(kd_box_equal(output->place.box, (struct kd_box){100, -20, 133, 45}));
    ck_assert_int_eq(output->state, KD_OUTPUT_OFF);
    ck_assert_int_eq(output->impl->wake_ns(output), 0);
    ck_assert_ptr_null(output->impl->front(output));
    output->impl->destroy(output);
}
END_TEST

START_TEST(refreshes_lie_on_a_grid)
{
    for (int n = 0; n < 2000; n++) {
        int64_t origin = (int64_t)random_u32() * (random_u32() % 100), now_ns;
        int64_t refresh = 1 + random_u32() % 40000000, next;
        struct kd_output *output = headless(1, 1, (uint64_t)refresh, 1, origin);
        uint64_t sequence, again;

        now_ns = origin + (int64_t)(random_u32() % 1000) * refresh +
                 (random_u32() % 3 ? random_u32() % refresh : 0);
        next = output->impl->next_refresh_ns(output, now_ns, &sequence);
        EXPECT(next > now_ns && next <= now_ns + refresh);
        EXPECT((next - origin) % refresh == 0);
        EXPECT((int64_t)sequence == (next - origin) / refresh);
        EXPECT(output->impl->next_refresh_ns(output, next, &again) == next + refresh);
        EXPECT(again == sequence + 1);
        EXPECT(output->impl->next_refresh_ns(output, next - 1, &again) == next);
        output->impl->destroy(output);
    }
}
END_TEST

/* The buffer that is free is the one shown longest ago; what is looked at, or will be, is not. */
START_TEST(buffers_take_turns)
{
    for (unsigned buffers = 1; buffers <= 3; buffers++) {
        struct kd_output *output = headless(70, 10, 1000, buffers, 0);
        struct kd_buffer *shown[12];
        struct kd_flip flip;

        for (int n = 0; n < 12; n++) {
            int64_t now_ns = n * 1000 + 1;
            struct kd_buffer *buffer = output->impl->acquire(output, NULL);

            shown[n] = buffer;
            ck_assert_ptr_nonnull(buffer);
            ck_assert_int_eq(buffer->grid.width_px, 70);
            if (buffers > 1)
                ck_assert_ptr_ne(buffer, output->impl->front(output));
            if (n >= (int)buffers)
                ck_assert_ptr_eq(buffer, shown[n - (int)buffers]);
            ck_assert_int_eq(commit(output, buffer, now_ns), 0);
            ck_assert_uint_eq(output->commits, (unsigned)n + 1);
            ck_assert_int_eq(commit(output, buffer, now_ns), -EBUSY);
            ck_assert_uint_eq(output->commits, (unsigned)n + 1);
            if (n > 0 && buffers == 3)
                ck_assert_ptr_nonnull(output->impl->acquire(output, NULL));
            if (buffers < 3 && n > 0)
                ck_assert_ptr_null(output->impl->acquire(output, NULL));
            ck_assert_int_eq(output->impl->wake_ns(output), (n + 1) * 1000);
            ck_assert(!output->impl->dispatch(output, (n + 1) * 1000 - 1, &flip));
            ck_assert(output->impl->dispatch(output, (n + 1) * 1000 + n, &flip));
            ck_assert(!output->impl->dispatch(output, (n + 1) * 1000 + n, &flip));
            ck_assert_ptr_eq(output->impl->front(output), buffer);
            ck_assert_int_eq(flip.time_ns, (n + 1) * 1000);
            ck_assert_uint_eq(flip.sequence, (unsigned)n + 1);
            ck_assert_uint_eq(flip.commit, (unsigned)n + 1);
            ck_assert_uint_eq(flip.flags, KB_PRESENTED_FLAG_VSYNC);
            ck_assert_int_eq(output->impl->wake_ns(output), 0);
        }
        output->impl->destroy(output);
    }
}
END_TEST

START_TEST(without_a_pace_a_frame_is_shown_at_once)
{
    struct kd_output *output = headless(5, 5, 0, 2, 0);
    struct kd_flip flip;
    uint64_t sequence;

    for (unsigned n = 1; n < 5; n++) {
        ck_assert_int_eq(output->impl->next_refresh_ns(output, 777, &sequence), 777);
        ck_assert_uint_eq(sequence, n);
        ck_assert_int_eq(commit(output, output->impl->acquire(output, NULL), 777), 0);
        ck_assert(output->impl->dispatch(output, 777, &flip));
        ck_assert_uint_eq(flip.sequence, n);
        ck_assert_uint_eq(flip.flags, 0);
    }
    output->impl->destroy(output);
}
END_TEST

START_TEST(buffers_begin_black_and_unknown)
{
    struct kd_buffer *buffer;

    ck_assert_int_eq(kd_buffer_create(65, 3, KB_FORMAT_XRGB8888, &buffer), 0);
    ck_assert_uint_eq((uintptr_t)buffer->pixels % 64, 0);
    for (size_t i = 0; i < 3 * buffer->stride_px; i++)
        ck_assert_uint_eq(buffer->pixels[i] & 0xFFFFFF, 0);
    ck_assert_uint_eq(kd_grid_count(buffer->grid), 2);
    ck_assert_uint_eq(buffer->tile_keys[0] | buffer->tile_keys[1], 0);
    kd_buffer_destroy(buffer);
    kd_buffer_destroy(NULL);
}
END_TEST

START_TEST(clocks)
{
    struct kd_clock clock;
    int64_t before;

    kd_clock_init(&clock, true);
    ck_assert_int_eq(kd_clock_now_ns(&clock), KD_NS_PER_S);
    clock.virtual_ns += 5;
    ck_assert_int_eq(kd_clock_now_ns(&clock), KD_NS_PER_S + 5);
    kd_clock_init(&clock, false);
    before = kd_clock_real_ns();
    ck_assert_int_ge(kd_clock_now_ns(&clock), before);
}
END_TEST

/* ---- A random life -------------------------------------------------------------------------- */

/* Who feeds the machine, as server/frame.c does it, but with made-up damage, drawing times, failures, pauses and unplugs. */
struct life {
    struct kd_output *output;
    int64_t now_ns, tick_at_ns, drawn_at_ns;
    struct kd_buffer *drawing;
    bool damaged;
    unsigned owed; /* answers */
    unsigned flips, rests;
    uint64_t last_sequence;
    int64_t last_commit_ns;
};

static void step(struct life *life, enum kd_output_event event)
{
    if (!kd_output_step(life->output, event))
        ck_abort_msg("event %s in state %s", kd_output_event_name(event),
                     kd_output_state_name(life->output->state));
}

static void schedule_or_rest(struct life *life)
{
    if (life->damaged || life->owed) {
        life->tick_at_ns = life->now_ns + 1 + random_u32() % 1000;
    } else {
        step(life, KD_OUTPUT_REST);
        life->rests++;
    }
}

static void try_later(struct life *life)
{
    step(life, KD_OUTPUT_FAIL);
    life->damaged = true;
    life->tick_at_ns = life->now_ns + 1600;
}

static void submit(struct life *life, struct kd_buffer *buffer)
{
    life->drawing = NULL;
    if (random_u32() % 10 == 0 || commit(life->output, buffer, life->now_ns) < 0) {
        try_later(life);
        return;
    }
    life->last_commit_ns = life->now_ns;
    step(life, KD_OUTPUT_SUBMIT);
}

static void tick(struct life *life)
{
    struct kd_buffer *buffer;

    life->damaged = false;
    if (random_u32() % 4 == 0) { /* nothing looks different */
        life->owed = 0;
        schedule_or_rest(life);
        return;
    }
    buffer = life->output->impl->acquire(life->output, NULL);
    if (!buffer) { /* a commit of before a pause or a failure is still to come */
        try_later(life);
        return;
    }
    if (random_u32() % 4 == 0) { /* the buffer has it already */
        submit(life, buffer);
        return;
    }
    life->drawing = buffer;
    life->drawn_at_ns = life->now_ns + random_u32() % 3000;
    step(life, KD_OUTPUT_DRAW);
}

static void look_for_flips(struct life *life)
{
    struct kd_output *output = life->output;
    enum kd_output_state state = output->state;
    struct kd_flip flip;

    while (output->impl->dispatch(output, life->now_ns, &flip)) {
        EXPECT(flip.commit == output->commits);
        EXPECT(flip.time_ns % 1000 == 7 && (int64_t)flip.sequence == flip.time_ns / 1000);
        EXPECT(flip.sequence > life->last_sequence);
        EXPECT(flip.time_ns > life->last_commit_ns && flip.time_ns <= life->last_commit_ns + 1000);
        life->last_sequence = flip.sequence;
        life->flips++;
        step(life, KD_OUTPUT_FLIP);
        if (state == KD_OUTPUT_SUBMITTED) {
            life->owed = 0;
            schedule_or_rest(life);
        }
        state = output->state;
    }
}

/* Whatever is due now. */
static void run(struct life *life)
{
    look_for_flips(life);
    if (life->output->state == KD_OUTPUT_DRAWING && life->now_ns >= life->drawn_at_ns)
        submit(life, life->drawing);
    if (life->output->state == KD_OUTPUT_SCHEDULED && life->now_ns >= life->tick_at_ns)
        tick(life);
}

static void disturb(struct life *life)
{
    enum kd_output_state state = life->output->state;

    switch (random_u32() % 40) {
    case 0: step(life, KD_OUTPUT_PAUSE); break;
    case 1: step(life, KD_OUTPUT_UNPLUG); break;
    case 2: /* the watchdog */
        if (state == KD_OUTPUT_SUBMITTED)
            try_later(life);
        break;
    case 3:
    case 4:
    case 5:
        if (state == KD_OUTPUT_OFF || state == KD_OUTPUT_PAUSED) {
            step(life, state == KD_OUTPUT_OFF ? KD_OUTPUT_ENABLE : KD_OUTPUT_RESUME);
            life->damaged = true;
            life->tick_at_ns = life->now_ns;
        }
        break;
    default:
        if (random_u32() % 2)
            break;
        life->damaged = true;
        life->owed += random_u32() % 2;
        step(life, KD_OUTPUT_DAMAGE);
        if (state == KD_OUTPUT_IDLE)
            life->tick_at_ns = life->now_ns + random_u32() % 1000;
    }
}

START_TEST(a_random_life_meets_no_bug)
{
    unsigned flips = 0, rests = 0;

    for (int n = 0; n < 600; n++) {
        struct life life = {.output = headless(64, 64, 1000, 1 + (unsigned)n % 3, 7)};

        life.now_ns = 1000;
        for (int i = 0; i < 400; i++) {
            life.now_ns += random_u32() % 700;
            run(&life);
            disturb(&life);
            if (life.output->state == KD_OUTPUT_IDLE)
                EXPECT(!life.damaged && life.owed == 0);
        }
        /* Left alone, it comes to rest, with nothing that would wake it. */
        if (life.output->state == KD_OUTPUT_PAUSED || life.output->state == KD_OUTPUT_OFF) {
            step(&life, life.output->state == KD_OUTPUT_OFF ? KD_OUTPUT_ENABLE : KD_OUTPUT_RESUME);
            life.tick_at_ns = life.now_ns;
        }
        for (int i = 0; life.output->state != KD_OUTPUT_IDLE; i++) {
            ck_assert_int_lt(i, 10000);
            life.now_ns += 100;
            run(&life);
        }
        ck_assert(!life.damaged && life.owed == 0);
        flips += life.flips;
        rests += life.rests;
        life.output->impl->destroy(life.output);
    }
    ck_assert_uint_gt(flips, 1000);
    ck_assert_uint_gt(rests, 1000);
}
END_TEST

Suite *output_suite(void)
{
    Suite *suite = suite_create("output");
    TCase *states = tcase_create("states"), *display = tcase_create("headless");

    tcase_set_timeout(states, 0);
    tcase_add_test(states, the_page_says_what_the_code_does);
    tcase_add_test(states, a_random_life_meets_no_bug);
    suite_add_tcase(suite, states);
    tcase_set_timeout(display, 0);
    tcase_add_test(display, what_a_headless_display_says_of_itself);
    tcase_add_test(display, refreshes_lie_on_a_grid);
    tcase_add_test(display, buffers_take_turns);
    tcase_add_test(display, without_a_pace_a_frame_is_shown_at_once);
    tcase_add_test(display, buffers_begin_black_and_unknown);
    tcase_add_test(display, clocks);
    suite_add_tcase(suite, display);
    return suite;
}

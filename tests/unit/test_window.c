/*
 * Windows: their queue of frames, latching, and where pictures are placed.
 */
#include "base/pool.h"
#include "draw_rig.h"
#include "pixel_test.h"

#include "scene/client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct kd_jobs *jobs;
static struct kd_scene scene;
static struct kd_client *client;
static struct kd_window *window;

static const struct kd_window_attr start_attr = {
    .width_px = 100, .height_px = 80, .base_color = 0xFF102030, .scale = KB_SCALE_FIT};

static void begin(void)
{
    memset(&scene, 0, sizeof(scene));
    ck_assert_int_eq(kd_jobs_create(1, &jobs), 0);
    ck_assert_int_eq(kd_client_create(&scene, jobs, 1 << 20, 10, &client), 0);
    ck_assert_int_eq(kd_window_create(&scene, client, 5, &start_attr, "a window", jobs, &window),
                     0);
}

static void end(void)
{
    if (window)
        kd_window_destroy(&scene, window);
    ck_assert_uint_eq(client->refs, 1);
    ck_assert_uint_eq(client->account->used_bytes, 0);
    kd_client_unref(client);
    kd_jobs_destroy(jobs);
    ck_assert_ptr_null(scene.windows);
    ck_assert_uint_eq(scene.windows_count, 0);
}

static struct kd_frame *enqueue(uint32_t serial, bool is_answered)
{
    struct kd_batch batch = {.commands = kd_pool_get(32), .units = 1};
    struct kd_frame *frame;

    ck_assert(kd_account_charge(client->account, 32));
    batch.account = kd_account_ref(client->account);
    frame = kd_frame_create(window, &batch);
    ck_assert_ptr_nonnull(frame);
    ck_assert_ptr_null(batch.commands); /* taken over */
    frame->serial = serial;
    frame->is_answered = is_answered;
    kd_window_enqueue(window, frame);
    return frame;
}

/* A picture whose tiles all have this key, or the key of one tile is another. */
static struct kd_pixels *picture(int32_t width, int32_t height, uint64_t key, size_t other)
{
    struct kd_pixels *pixels = kd_pixels_create(KD_SOURCE_OPAQUE, width, height, true);

    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++)
        kd_pixels_own_tile(pixels, i, false)->key = i == other ? ~key : key;
    return pixels;
}

static void draw(struct kd_frame *frame, struct kd_pixels *drawn)
{
    frame->picture = drawn;
    frame->state = KD_FRAME_DRAWN;
}

static uint32_t latch(bool want_changed)
{
    bool changed = !want_changed;
    struct kd_frame *frame = kd_window_latch(window, &changed);
    uint32_t serial = frame->serial;

    ck_assert_int_eq(changed, want_changed);
    ck_assert_ptr_null(frame->next);
    ck_assert_ptr_null(frame->picture);
    kd_frame_destroy(frame);
    return serial;
}

START_TEST(frames_pass_in_order)
{
    struct kd_frame *frames[3];

    begin();
    ck_assert_ptr_null(kd_window_undrawn(window));
    for (uint32_t i = 0; i < 3; i++)
        frames[i] = enqueue(i, true);
    ck_assert_ptr_eq(kd_window_undrawn(window), frames[0]);
    frames[0]->state = KD_FRAME_DRAWING;
    ck_assert_ptr_eq(kd_window_undrawn(window), frames[0]); /* the next one waits for it */
    draw(frames[0], picture(100, 80, 1, 99));
    ck_assert_ptr_eq(kd_window_undrawn(window), frames[1]);
    draw(frames[1], picture(100, 80, 2, 99));
    draw(frames[2], picture(100, 80, 3, 99));
    ck_assert_ptr_null(kd_window_undrawn(window));
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(latch(true), i);
        ck_assert_uint_eq(window->shown_picture->tiles[0]->key, i + 1);
    }
    ck_assert_ptr_null(window->queue);
    ck_assert_ptr_null(window->queue_tail);
    enqueue(9, true); /* the empty queue begins again */
    ck_assert_uint_eq(window->queue->serial, 9);
    end();
}
END_TEST

START_TEST(readiness_waits_for_every_source)
{
    struct kd_batch batch = {.sources = kd_pool_get(3 * sizeof(struct kd_source *)),
                             .sources_count = 3};
    struct kd_source *sources[3];
    struct kd_frame *frame;

    begin();
    for (int i = 0; i < 3; i++) {
        sources[i] = calloc(1, sizeof(*sources[i]));
        sources[i]->refs = 2;
        sources[i]->account = kd_account_ref(client->account);
        batch.sources[i] = sources[i];
    }
    frame = kd_frame_create(window, &batch);
    kd_window_enqueue(window, frame);
    ck_assert(!kd_frame_is_ready(frame));
    sources[2]->state = KD_SOURCE_READY;
    sources[0]->state = KD_SOURCE_FAILED; /* will draw nothing */
    ck_assert(!kd_frame_is_ready(frame));
    sources[1]->state = KD_SOURCE_READY;
    ck_assert(kd_frame_is_ready(frame));
    kd_window_destroy(&scene, window);
    window = NULL;
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(sources[i]->refs, 1);
        kd_source_unref(sources[i]);
    }
    end();
}
END_TEST

/* Latches two frames that differ in one thing, and says whether the second changed something. */
static void check_changed(struct kd_window_attr attr, struct kd_pixels *first,
                          struct kd_pixels *second, bool want)
{
    begin();
    draw(enqueue(1, true), first);
    latch(true); /* the first one shows the window */
    window->newest = attr;
    draw(enqueue(2, true), second);
    latch(want);
    ck_assert_int_eq(memcmp(&window->shown, &attr, sizeof(attr)), 0);
    end();
}

START_TEST(what_counts_as_a_change)
{
    struct kd_window_attr attrs[8];
    struct kd_pixels *same = picture(100, 80, 1, 99);

    check_changed(start_attr, picture(100, 80, 1, 99), picture(100, 80, 1, 99), false);
    check_changed(start_attr, picture(100, 80, 1, 99), picture(100, 80, 1, 3), true);
    check_changed(start_attr, picture(100, 80, 1, 99), picture(100, 80, 1, 0), true);
    check_changed(start_attr, picture(100, 80, 1, 99), picture(100, 81, 1, 99), true);
    check_changed(start_attr, picture(100, 80, 1, 99), NULL, true);
    check_changed(start_attr, NULL, picture(100, 80, 1, 99), true);
    check_changed(start_attr, NULL, NULL, false);
    check_changed(start_attr, same, kd_pixels_ref(same), false);
    for (int i = 0; i < 8; i++)
        attrs[i] = start_attr;
    attrs[0].width_px++;
    attrs[1].height_px++;
    attrs[2].base_color++;
    attrs[3].flags = KB_WINDOW_FLAG_HIDDEN;
    attrs[4].scale = KB_SCALE_STRETCH;
    attrs[5].z = -1;
    attrs[6].output = 2;
    attrs[7].place.height = 5;
    for (int i = 0; i < 8; i++)
        check_changed(attrs[i], picture(100, 80, 1, 99), picture(100, 80, 1, 99), true);
}
END_TEST

START_TEST(a_window_is_shown_from_its_first_frame_on)
{
    begin();
    draw(enqueue(1, false), NULL); /* a change of attributes that changes nothing */
    latch(false);
    ck_assert(!window->has_frame);
    draw(enqueue(2, true), NULL);
    latch(true);
    ck_assert(window->has_frame);
    end();
}
END_TEST

START_TEST(attributes_are_those_of_the_request)
{
    struct kd_frame *frame;

    begin();
    frame = enqueue(1, true);
    window->newest.z = 7;
    draw(frame, NULL);
    draw(enqueue(2, false), NULL);
    latch(true);
    ck_assert_int_eq(window->shown.z, 0);
    latch(true);
    ck_assert_int_eq(window->shown.z, 7);
    end();
}
END_TEST

START_TEST(windows_go_while_frames_are_drawn)
{
    struct kd_window *other, *third;
    struct kd_frame *drawing;

    begin();
    ck_assert_int_eq(kd_window_create(&scene, client, 6, &start_attr, "other", jobs, &other), 0);
    ck_assert_int_eq(kd_window_create(&scene, client, 7, &start_attr, "third", jobs, &third), 0);
    ck_assert_ptr_eq(scene.windows, third);
    ck_assert_ptr_eq(third->below, other);
    ck_assert_uint_gt(third->created, other->created);
    ck_assert_int_eq(kd_window_set_title(other, "renamed"), 0);
    ck_assert_str_eq(other->title, "renamed");
    kd_window_destroy(&scene, other); /* from the middle */
    ck_assert_ptr_eq(third->below, window);
    kd_window_destroy(&scene, third);
    draw(enqueue(1, true), picture(100, 80, 1, 0));
    drawing = enqueue(2, true);
    drawing->state = KD_FRAME_DRAWING;
    enqueue(3, true);
    kd_window_destroy(&scene, window);
    window = NULL;
    ck_assert_ptr_null(drawing->window); /* whoever draws it frees it */
    kd_frame_destroy(drawing);
    kd_frame_destroy(NULL);
    end();
}
END_TEST

/* ---- Placement ------------------------------------------------------------------------------ */

static int64_t random_size(void)
{
    static const int64_t edges[] = {1, 2, 3, 8191, 8192, 100, 99, 1920, 1080};

    return random_u32() % 3 ? 1 + random_u32() % 2000 : edges[random_u32() % 9];
}

/* As the protocol says it, in real numbers where it says floor. */
static void expect_placed(enum kb_scale scale, int64_t W, int64_t H, int64_t w, int64_t h)
{
    struct kd_box got = kd_place_picture(scale, (int32_t)W, (int32_t)H, (int32_t)w, (int32_t)h);
    int64_t shown_w = w, shown_h = h, left, top;

    if (scale == KB_SCALE_INTEGER) {
        int64_t factor = 1;

        while ((factor + 1) * w <= W && (factor + 1) * h <= H)
            factor++;
        shown_w = factor * w;
        shown_h = factor * h;
    } else if (scale == KB_SCALE_STRETCH) {
        shown_w = W;
        shown_h = H;
    } else if (scale == KB_SCALE_FIT) {
        shown_w = 0;
        while (shown_w < W && (shown_w + 1) * h <= w * H)
            shown_w++;
        shown_h = 0;
        while (shown_h < H && (shown_h + 1) * w <= h * W)
            shown_h++;
        shown_w = shown_w ? shown_w : 1;
        shown_h = shown_h ? shown_h : 1;
        EXPECT(shown_w <= W && shown_h <= H && (shown_w == W || shown_h == H));
    }
    left = -(w + W + shown_w); /* far left; floor((W - shown_w) / 2) is the last with ... */
    while (2 * (left + 1) <= W - shown_w)
        left++;
    top = -(h + H + shown_h);
    while (2 * (top + 1) <= H - shown_h)
        top++;
    EXPECT(got.x1 == left && got.y1 == top);
    EXPECT(got.x2 - got.x1 == shown_w && got.y2 - got.y1 == shown_h);
}

START_TEST(placement_is_the_protocols)
{
    for (int n = 0; n < 1500; n++) {
        int64_t W = random_size(), H = random_size(), w = random_size(), h = random_size();

        for (enum kb_scale scale = KB_SCALE_NONE; scale <= KB_SCALE_STRETCH; scale++)
            expect_placed(scale, W, H, w, h);
    }
}
END_TEST

START_TEST(placement_in_huge_rectangles)
{
    /* Clients may place windows into anything up to twice KD_COORD_MAX. */
    const int32_t huge = 2 * KD_COORD_MAX;
    struct kd_box box = kd_place_picture(KB_SCALE_INTEGER, huge, huge, 3, 5);

    ck_assert_int_eq(kd_box_width(box), 3 * (huge / 5));
    ck_assert_int_eq(kd_box_height(box), 5 * (huge / 5));
    box = kd_place_picture(KB_SCALE_FIT, huge, 1, 8192, 1);
    ck_assert_int_eq(kd_box_width(box), 8192);
    ck_assert_int_eq(box.x1, (huge - 8192) / 2);
    box = kd_place_picture(KB_SCALE_FIT, huge, 1, 1, 8192);
    ck_assert_int_eq(kd_box_width(box), 1);
    ck_assert_int_eq(kd_box_height(box), 1);
    box = kd_place_picture(KB_SCALE_STRETCH, huge, huge, 1, 1);
    ck_assert_int_eq(kd_box_area(box) / huge, huge);
    box = kd_place_picture(KB_SCALE_NONE, 1, 1, 8192, 8191);
    ck_assert_int_eq(box.x1, -4096); /* floor(-8191 / 2) */
    ck_assert_int_eq(box.y1, -4095);
}
END_TEST

Suite *window_suite(void)
{
    Suite *suite = suite_create("window");
    TCase *frames = tcase_create("frames"), *place = tcase_create("place");

    tcase_add_test(frames, frames_pass_in_order);
    tcase_add_test(frames, readiness_waits_for_every_source);
    tcase_add_test(frames, what_counts_as_a_change);
    tcase_add_test(frames, a_window_is_shown_from_its_first_frame_on);
    tcase_add_test(frames, attributes_are_those_of_the_request);
    tcase_add_test(frames, windows_go_while_frames_are_drawn);
    suite_add_tcase(suite, frames);
    tcase_set_timeout(place, 0);
    tcase_add_test(place, placement_is_the_protocols);
    tcase_add_test(place, placement_in_huge_rectangles);
    suite_add_tcase(suite, place);
    return suite;
}

/* libkmsblit: a daemon that goes away and comes back knowing nothing; against a scripted one. */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <kmsblit.h>

#include "fake_daemon.h"

static struct fake fake;
static struct kb_display *display;
static struct kb_window *window;
static char away[128]; /* where the socket is while nobody is to find it */

static void setup(void)
{
    const struct kb_window_info info = {.width = 320,
                                        .height = 240,
                                        .base_color = 0x123456,
                                        .z = -3,
                                        .scale = KB_SCALE_FIT,
                                        .filter = KB_FILTER_BILINEAR,
                                        .output = 8,
                                        .place = {1, 2, 3, 4},
                                        .title = "first"};
    setenv("KMSBLIT_RECONNECT", "600", 1);
    fake_start(&fake);
    snprintf(away, sizeof(away), "%s.away", fake.path);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), 0);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
}

static void teardown(void)
{
    kb_disconnect(display);
    fake_stop(&fake);
}

/* All that was sent has been read; then the daemon is another one, and is told of everything. */
static void restart(void)
{
    ck_assert_int_eq(kb_sync(display), 0);
    fake_restart(&fake);
    ck_assert_msg(kb_sync(display) == 0, "%s", kb_last_error());
}

static const struct kb_header *header_of(const struct fake_record *record)
{
    ck_assert_ptr_nonnull(record);
    return (const void *)record->message;
}

static struct kb_req_frame frame_at(unsigned index)
{
    struct kb_req_frame frame;
    const struct fake_record *record = fake_find(&fake, KB_REQ_FRAME, index);
    ck_assert_int_eq(
        kb_req_frame_decode(record->message, header_of(record)->size, NULL, 0, &frame, NULL), 0);
    return frame;
}

static uint32_t color_at(const struct kb_req_frame *frame, unsigned index)
{
    return ((const struct kb_command_fill *)frame->commands)[index].color;
}

static struct kb_req_image_create image_at(unsigned index, const struct fake_record **record)
{
    struct kb_req_image_create create;
    const int fd = 0;
    *record = fake_find(&fake, KB_REQ_IMAGE_CREATE, index);
    ck_assert_int_eq(kb_req_image_create_decode((*record)->message, header_of(*record)->size, &fd,
                                                1, &create, NULL),
                     0);
    return create;
}

static struct kb_req_window_create window_at(unsigned index)
{
    struct kb_req_window_create create;
    const struct fake_record *record = fake_find(&fake, KB_REQ_WINDOW_CREATE, index);
    ck_assert_int_eq(kb_req_window_create_decode(record->message, header_of(record)->size, NULL, 0,
                                                 &create, NULL),
                     0);
    return create;
}

static struct kb_image *make_image(uint32_t pixel)
{
    struct kb_image *image;
    const struct kb_image_info info = {.width = 1, .height = 1};
    ck_assert_int_eq(kb_image_create(display, &info, &pixel, &image), 0);
    return image;
}

static uint32_t commit(struct kb_window *target, bool clear, uint32_t color)
{
    const struct kb_rect part = {.width = 5, .height = 5};
    uint32_t serial;
    if (clear)
        kb_clear(target);
    kb_fill(target, &part, color);
    ck_assert_msg(kb_commit(target, &serial) == 0, "%s", kb_last_error());
    return serial;
}

/* What was lost: canvases and windows, told once. */
static void assert_lost(const struct kb_image *canvas, const struct kb_window *one)
{
    struct kb_image *lost_canvas;
    struct kb_window *lost_window;
    unsigned expected = (canvas != NULL) + (one != NULL), found = 0;
    while (kb_next_lost(display, &lost_canvas, &lost_window) == 1) {
        ck_assert(lost_canvas != NULL ? lost_canvas == canvas && lost_window == NULL
                                      : lost_window != NULL && lost_window == one);
        found++;
    }
    ck_assert_uint_eq(found, expected);
    ck_assert_ptr_null(lost_canvas);
    ck_assert_ptr_null(lost_window);
}

START_TEST(images_are_told_again)
{
    static const uint32_t palette[] = {1, 2};
    const struct fake_record *record;
    struct kb_image *shared, *keyed;
    struct kb_image_info info = {.width = 2, .height = 2, .format = KB_FORMAT_P8};
    info.stride_bytes = 3;
    info.palette = palette;
    info.palette_count = 2;
    info.has_color_key = true;
    info.color_key = 2;
    ck_assert_int_eq(kb_image_create(display, &info, "\0\1\7\1\0\7", &keyed), 0);
    info = (struct kb_image_info){.width = 1, .height = 1, .format = KB_FORMAT_XRGB8888};
    ck_assert_int_eq(kb_image_create_shared(display, &info, &shared), 0);
    kb_image_destroy(make_image(3)); /* leaves a gap that nobody is told of */
    *(uint32_t *)kb_image_pixels(shared, NULL) = 0x332211;
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_HELLO), 1);
    ck_assert_uint_eq(
        fake_count(&fake, KB_REQ_IMAGE_CREATE) - fake_count(&fake, KB_REQ_IMAGE_DESTROY), 2);
    struct kb_req_image_create create = image_at(0, &record);
    ck_assert_uint_eq(create.object, kb_image_id(keyed));
    ck_assert_uint_eq(create.format, KB_FORMAT_P8);
    ck_assert_uint_eq(create.stride_bytes, 2);
    ck_assert_uint_eq(create.flags, KB_IMAGE_FLAG_COLOR_KEY);
    ck_assert_uint_eq(create.color_key, 2);
    ck_assert_uint_eq(create.palette_count, 2);
    ck_assert_uint_eq(create.palette[1], 2);
    ck_assert_mem_eq(record->memory, "\0\1\1\0", 4);
    create = image_at(1, &record);
    ck_assert_uint_eq(create.object, kb_image_id(shared));
    ck_assert_uint_eq(create.flags, KB_IMAGE_FLAG_SHARED);
    ck_assert_uint_eq(*(uint32_t *)(void *)record->memory, 0x332211);
    ck_assert_int_eq(kb_image_wait(shared), 0);
    ck_assert_int_eq(kb_image_update(shared, NULL, 0), 0);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_UPDATE), 0); /* it was told with all of it */
    ck_assert_int_eq(kb_image_wait(shared), 0);
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(hello_has_the_token)
{
    struct kb_req_hello hello;
    restart();
    const struct fake_record *record = fake_find(&fake, KB_REQ_HELLO, 0);
    ck_assert_int_eq(
        kb_req_hello_decode(record->message, header_of(record)->size, NULL, 0, &hello, NULL), 0);
    ck_assert_uint_eq(hello.token, 1);
    ck_assert_uint_eq(kb_output_count(display), 2);
}
END_TEST

START_TEST(windows_are_told_again)
{
    struct kb_window *second, *third;
    const struct kb_window_info info = {.width = 10, .height = 10};
    const struct kb_window_info other = {
        .width = 64, .height = 48, .base_color = 0x111111, .title = "other", .flags = 1, .z = 9};
    ck_assert_int_eq(kb_window_create(display, &info, &second), 0);
    kb_window_destroy(second);
    ck_assert_int_eq(kb_window_create(display, &info, &third), 0); /* in the slot of the second */
    ck_assert_int_eq(kb_window_create(display, &info, &second), 0);
    ck_assert_int_eq(kb_window_set(third,
                                   KB_WINDOW_FIELD_TITLE | KB_WINDOW_FIELD_SIZE |
                                       KB_WINDOW_FIELD_FLAGS | KB_WINDOW_FIELD_BASE,
                                   &other),
                     0);
    ck_assert_int_eq(kb_window_set(third, 1u << 20, &info), -EINVAL);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_CREATE), 3);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 0); /* nothing is shown that was not */
    struct kb_req_window_create create = window_at(0);
    ck_assert_uint_eq(create.object, kb_window_id(window));
    ck_assert_uint_eq(create.base_color, 0xff123456);
    ck_assert_int_eq(create.z, -3);
    ck_assert_uint_eq(create.scale, KB_SCALE_FIT);
    ck_assert_uint_eq(create.filter, KB_FILTER_BILINEAR);
    ck_assert_uint_eq(create.output, 8);
    ck_assert_uint_eq(create.place.height, 4);
    ck_assert_int_eq(memcmp(create.title, "first", 5), 0);
    create = window_at(1);
    ck_assert_uint_eq(create.object, kb_window_id(third));
    ck_assert_uint_eq(create.width * 100 + create.height, 6448);
    ck_assert_uint_eq(create.flags, 1);
    ck_assert_int_eq(create.z, 0);
    ck_assert_uint_eq(create.title_bytes, 5);
    ck_assert_uint_eq(window_at(2).object, kb_window_id(second));
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(an_output_that_is_gone)
{
    const struct kb_window_info info = {.output = 99};
    ck_assert_int_eq(kb_window_set(window, KB_WINDOW_FIELD_PLACEMENT, &info), 0);
    restart();
    ck_assert_uint_eq(window_at(0).output, 0);
}
END_TEST

START_TEST(the_picture_is_told_again)
{
    struct kb_presented presented;
    commit(window, true, 1);
    uint32_t serial = commit(window, true, 2);
    ck_assert_int_eq(kb_wait(window, serial, NULL), 0);
    FAKE_SET(&fake, hold, 1);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    struct kb_req_frame frame = frame_at(0);
    ck_assert_uint_eq(frame.flags, KB_FRAME_FLAG_CLEAR);
    ck_assert_uint_eq(color_at(&frame, 0), 0xff000002);
    /* It takes a credit, but to the program it was answered long ago. */
    ck_assert_uint_eq(kb_credits(window), 1);
    ck_assert(kb_is_answered(window, serial));
    ck_assert_int_eq(kb_wait(window, serial, &presented), 0);
    ck_assert_uint_eq(presented.serial, serial);
    ck_assert_uint_eq(presented.sequence, 2);
    restart(); /* while that is unanswered */
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    frame = frame_at(0);
    ck_assert_uint_eq(color_at(&frame, 0), 0xff000002);
    FAKE_SET(&fake, hold, 0);
    commit(window, true, 3);
    restart();
    ck_assert_uint_eq(kb_credits(window), 2);
    frame = frame_at(0);
    ck_assert_uint_eq(color_at(&frame, 0), 0xff000003);
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(unanswered_frames_are_answered_once)
{
    FAKE_SET(&fake, hold, 10);
    uint32_t first = commit(window, true, 1), second = commit(window, false, 2);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 2);
    ck_assert_uint_eq(frame_at(0).serial, first);
    ck_assert_uint_eq(frame_at(1).serial, second);
    ck_assert_uint_eq(frame_at(1).flags, 0);
    ck_assert_uint_eq(kb_credits(window), 0);
    ck_assert(!kb_is_answered(window, first));
    FAKE_SET(&fake, answer_on_sync, true);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert(kb_is_answered(window, second));
    ck_assert_uint_eq(kb_credits(window), 2);
    assert_lost(NULL, NULL);
    restart(); /* now the first is drawn over */
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 0);
    assert_lost(NULL, window);
    restart();
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(what_is_unanswered_goes_over_what_is_kept)
{
    const struct kb_rect all = {.width = 320, .height = 240};
    commit(window, true, 1);
    ck_assert_int_eq(kb_sync(display), 0);
    FAKE_SET(&fake, hold, 10);
    uint32_t serial = commit(window, false, 2);
    commit(window, false, 3);
    for (int i = 0; i < 2; i++) {
        restart();
        ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 2);
        const struct kb_req_frame frame = frame_at(0);
        ck_assert_uint_eq(frame.serial, serial);
        ck_assert_uint_eq(frame.flags, KB_FRAME_FLAG_CLEAR);
        ck_assert_uint_eq(frame.commands_units, 3);
        ck_assert_uint_eq(color_at(&frame, 0), 0xff000001);
        ck_assert_mem_eq(&((const struct kb_command_clip *)frame.commands)[1].where, &all,
                         sizeof(all));
        ck_assert_uint_eq(color_at(&frame, 2), 0xff000002);
    }
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(pictures_that_are_not_lost)
{
    kb_fill(window, &(struct kb_rect){-1, -1, 321, 241}, 7); /* covers all: as good as a clear */
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0); /* draws nothing */
    restart();
    assert_lost(NULL, NULL);
    ck_assert_uint_eq(frame_at(0).flags, KB_FRAME_FLAG_CLEAR);
    ck_assert_uint_eq(frame_at(0).commands_units, 1);
    FAKE_SET(&fake, refuse_code, KB_ERROR_CODE_QUOTA);
    FAKE_SET(&fake, refuse, KB_REQ_FRAME);
    commit(window, false, 2); /* refused: not drawn */
    ck_assert_int_eq(kb_sync(display), -EDQUOT);
    FAKE_SET(&fake, refuse, 0);
    restart();
    assert_lost(NULL, NULL);
    commit(window, false, 2);
    ck_assert_int_eq(kb_sync(display), 0);
    FAKE_SET(&fake, hold, 10);
    commit(window, true, 3); /* will draw all that was lost */
    restart();
    assert_lost(NULL, NULL);
}
END_TEST

START_TEST(almost_all_is_not_all)
{
    static const struct kb_rect parts[] = {
        {1, 0, 320, 240}, {0, 1, 320, 240}, {0, 0, 319, 240}, {0, 0, 320, 239}};
    commit(window, true, 1);
    kb_fill(window, &parts[_i], 7);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    restart();
    assert_lost(NULL, window);
}
END_TEST

START_TEST(sizes_as_they_were)
{
    const struct kb_window_info small = {.width = 30, .height = 20};
    struct kb_req_window_set set;
    commit(window, true, 1);
    ck_assert_int_eq(kb_window_set(window, KB_WINDOW_FIELD_SIZE, &small), 0);
    restart();
    const struct kb_req_window_create create = window_at(0);
    ck_assert_uint_eq(create.width * 1000 + create.height, 320240);
    const struct fake_record *record = fake_find(&fake, KB_REQ_WINDOW_SET, 0);
    ck_assert_int_eq(
        kb_req_window_set_decode(record->message, header_of(record)->size, NULL, 0, &set, NULL), 0);
    ck_assert_uint_eq(set.width * 100 + set.height, 3020);
    ck_assert_uint_eq(set.base_color, 0xff123456);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
}
END_TEST

START_TEST(drawn_over_at_another_size)
{
    const struct kb_window_info small = {.width = 30, .height = 20};
    commit(window, true, 1);
    ck_assert_int_eq(kb_sync(display), 0);
    FAKE_SET(&fake, hold, 10);
    ck_assert_int_eq(kb_window_set(window, KB_WINDOW_FIELD_SIZE, &small), 0);
    uint32_t serial = commit(window, false, 2);
    restart();
    assert_lost(NULL, window);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    ck_assert_uint_eq(frame_at(0).serial, serial);
    ck_assert_uint_eq(frame_at(0).commands_units, 1);
}
END_TEST

START_TEST(destroyed_images_stay_for_the_picture)
{
    struct kb_image *image = make_image(0xabcdef);
    const struct fake_record *record;
    uint32_t id = kb_image_id(image);
    kb_clear(window);
    kb_blit(window, image, NULL, 0, 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    kb_image_destroy(image);
    for (int i = 0; i < 2; i++) {
        struct kb_image *other = make_image(1); /* never in the slot of the first */
        ck_assert_uint_ne(kb_image_id(other) & 0xfffff, id & 0xfffff);
        restart();
        ck_assert_uint_eq(image_at(0, &record).object, id);
        ck_assert_uint_eq(*(uint32_t *)(void *)record->memory, 0xabcdef);
        ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
        ck_assert_uint_eq(header_of(fake_find(&fake, KB_REQ_IMAGE_DESTROY, 0))->object, id);
        kb_image_destroy(other);
    }
    commit(window, true, 1);
    restart();
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_CREATE), 0);
}
END_TEST

START_TEST(many_images_come_and_go)
{
    commit(window, true, 1);
    for (int i = 0; i < 2000; i++) {
        struct kb_image *image = make_image(1);
        ck_assert_uint_lt(kb_image_id(image) & 0xfffff, 100); /* slots are used again */
        kb_image_destroy(image);
    }
    ck_assert_msg(kb_sync(display) == 0, "%s", kb_last_error());
}
END_TEST

START_TEST(canvases_are_lost)
{
    struct kb_image *canvas, *untouched, *gone;
    ck_assert_int_eq(kb_canvas_create(display, 8, 9, &canvas), 0);
    ck_assert_int_eq(kb_canvas_create(display, 8, 8, &untouched), 0);
    ck_assert_int_eq(kb_canvas_create(display, 8, 8, &gone), 0);
    kb_draw_clear(kb_canvas_frame(canvas));
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), 0);
    ck_assert_int_eq(kb_canvas_commit(gone, NULL), 0);
    commit(window, true, 1);
    restart();
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_CANVAS_CREATE), 3);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    kb_image_destroy(gone);
    assert_lost(canvas, NULL);
    ck_assert_int_eq(kb_canvas_wait(canvas), 0);
    restart(); /* nobody has drawn into it since */
    assert_lost(NULL, NULL);
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), 0);
    kb_clear(window);
    kb_blit(window, untouched, NULL, 0, 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    restart();
    assert_lost(canvas, NULL);
    ck_assert_int_eq(kb_canvas_commit(canvas, NULL), 0);
    kb_clear(window);
    kb_blit_posed(window, canvas, NULL, &(struct kb_pose){.angle = 3}, NULL);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    restart(); /* what shows a lost canvas is lost as well */
    assert_lost(canvas, window);
}
END_TEST

START_TEST(large_and_many)
{
    struct kb_image *images[100];
    for (unsigned i = 0; i < 100; i++)
        images[i] = make_image(i);
    FAKE_SET(&fake, hold, 10);
    for (unsigned k = 0; k < 2; k++) {
        kb_clear(window);
        for (unsigned i = 0; i < (k == 0 ? 9000 : 2046); i++)
            kb_blit(window, images[i % 100], NULL, 0, (int)i);
        ck_assert_int_eq(kb_commit(window, NULL), 0);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(kb_sync(display), 0);
        fake_restart(&fake);
        FAKE_SET(&fake, answer_on_sync, i == 2);
        ck_assert_int_eq(kb_sync(display), 0);
        ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_CREATE), 100);
        ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME_MEMFD), 1);
        ck_assert_uint_eq(frame_at(0).commands_units, 2046);
        const struct kb_command_blit *blits =
            (const void *)fake_find(&fake, KB_REQ_FRAME_MEMFD, 0)->memory;
        ck_assert_int_eq(blits[8999].y, 8999);
    }
    ck_assert_uint_eq(kb_credits(window), 2);
}
END_TEST

START_TEST(while_it_is_away)
{
    const struct kb_window_info info = {.title = "later"};
    struct kb_image *canvas;
    int fd = kb_get_fd(display);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_int_eq(rename(fake.path, away), 0);
    fake_restart(&fake);
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, -1), 1);
    ck_assert_int_eq(kb_dispatch(display, 0), 0);
    struct kb_image *image = make_image(77);
    ck_assert_int_eq(kb_canvas_create(display, 3, 3, &canvas), 0);
    ck_assert_int_eq(kb_canvas_create(display, 0, 3, &canvas), -EINVAL); /* it is still checked */
    ck_assert_int_eq(kb_window_set(window, KB_WINDOW_FIELD_TITLE, &info), 0);
    kb_clear(window);
    kb_blit(window, image, NULL, 1, 1);
    uint32_t serial;
    ck_assert_int_eq(kb_commit(window, &serial), 0);
    ck_assert_int_eq(kb_flush(display), 0);
    ck_assert_uint_eq(kb_credits(window), 1);
    ck_assert_int_eq(kb_dispatch(display, 1), 0);
    ck_assert_int_eq(poll(&wait, 1, -1), 1); /* there will be a next try */
    ck_assert_uint_eq(fake.records_count, 0);
    ck_assert_int_eq(rename(away, fake.path), 0);
    ck_assert_int_eq(kb_wait(window, serial, NULL), 0);
    ck_assert_int_eq(kb_get_fd(display), fd);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_CANVAS_CREATE), 1);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_CREATE), 1);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_SET), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    ck_assert_int_eq(memcmp(window_at(0).title, "later", 5), 0);
    assert_lost(NULL, NULL);
}
END_TEST

/* Each kind of call that waits for an answer, asked a daemon that dies of it the first time. */
static int ask(unsigned kind)
{
    struct kb_statistic_value values[3];
    const struct kb_window_info info = {.width = 8, .height = 8};
    struct kb_window *one;
    uint32_t width, height, *pixels;
    int error = 0;
    switch (kind) {
    case 0: return kb_sync(display);
    case 1: return kb_statistics(display, KB_STATISTICS_SCOPE_CLIENT, 0, values, 3) - 3;
    case 2: return kb_clock_step(display, 5);
    case 3: return kb_window_create(display, &info, &one);
    case 4: kb_clear(window); return kb_flip(window, NULL);
    case 5:
        error = kb_screenshot(display, 0, NULL, &width, &height, &pixels);
        return error == -EPROTO ? 0 : error; /* there is no picture, but an answer */
    }
    return -EINVAL;
}

static const uint16_t asked[] = {KB_REQ_SYNC,          KB_REQ_GET_STATISTICS, KB_REQ_CLOCK_STEP,
                                 KB_REQ_WINDOW_CREATE, KB_REQ_FRAME,          KB_REQ_SCREENSHOT};

START_TEST(calls_are_answered_by_the_next_one)
{
    unsigned windows = asked[_i] == KB_REQ_WINDOW_CREATE ? 2 : 1;
    ck_assert_int_eq(kb_sync(display), 0);
    FAKE_SET(&fake, derail_bytes, "");
    FAKE_SET(&fake, derail_closes, true);
    FAKE_SET(&fake, derail_once, true);
    FAKE_SET(&fake, derail, asked[_i]);
    if (asked[_i] == KB_REQ_SCREENSHOT)
        FAKE_SET(&fake, event_fd, STDIN_FILENO);
    ck_assert_msg(ask((unsigned)_i) == 0, "%s", kb_last_error());
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_HELLO), 2);
    ck_assert_uint_eq(fake_count(&fake, asked[_i]) - (asked[_i] == KB_REQ_SYNC ? 4 : 0),
                      asked[_i] == KB_REQ_WINDOW_CREATE ? 2 + windows : 2);
    ck_assert_uint_eq(kb_credits(window), 2);
}
END_TEST

START_TEST(it_does_not_come_back)
{
    ck_assert_int_eq(kb_set_reconnect(display, 1), 0);
    ck_assert_int_eq(kb_set_reconnect(display, 100000000), -EINVAL);
    ck_assert_int_eq(kb_sync(display), 0);
    if (_i == 0) { /* nobody is there; or somebody who says nothing */
        ck_assert_int_eq(rename(fake.path, away), 0);
    } else {
        FAKE_SET(&fake, derail_bytes, "");
        FAKE_SET(&fake, derail_closes, true);
        FAKE_SET(&fake, derail, KB_REQ_HELLO);
    }
    fake_restart(&fake);
    ck_assert_int_eq(kb_sync(display), -EPIPE);
    ck_assert_msg(strstr(kb_last_error(), "did not come back within 1 s") != NULL, "%s",
                  kb_last_error());
    ck_assert_int_eq(kb_dispatch(display, -1), -EPIPE);
    struct pollfd wait = {.fd = kb_get_fd(display), .events = POLLIN};
    ck_assert_int_eq(poll(&wait, 1, -1), 1); /* programs that poll learn of it */
    rename(away, fake.path);
}
END_TEST

static void ignore(int number)
{
    (void)number;
}

START_TEST(signals_interrupt_looking)
{
    const struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 5000}, {0, 5000}}, never = {{0, 0}, {0, 0}};
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_int_eq(rename(fake.path, away), 0);
    fake_restart(&fake);
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    ck_assert_int_eq(kb_sync(display), -EINTR);
    ck_assert_int_eq(kb_dispatch(display, -1), -EINTR);
    setitimer(ITIMER_REAL, &never, NULL);
    ck_assert_int_eq(rename(away, fake.path), 0);
    ck_assert_int_eq(kb_sync(display), 0);
}
END_TEST

static unsigned open_fds(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

START_TEST(no_fd_is_left)
{
    unsigned before = 0;
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 20; k++)
            make_image(1); /* they are kept without files */
        commit(window, true, 1);
        restart();
        before = i == 0 ? open_fds() : before;
    }
    ck_assert_uint_eq(open_fds(), before);
}
END_TEST

START_TEST(another_version)
{
    ck_assert_int_eq(kb_sync(display), 0);
    FAKE_SET(&fake, version, KB_PROTO_VERSION + 1);
    fake_restart(&fake);
    ck_assert_int_eq(kb_sync(display), -EPIPE);
    ck_assert_msg(strstr(kb_last_error(), "version 2") != NULL, "%s", kb_last_error());
}
END_TEST

START_TEST(the_program_ends_it)
{
    kb_shutdown(display);
    ck_assert_int_eq(kb_sync(display), -EPIPE);
    ck_assert_int_eq(kb_commit(window, NULL), -EPIPE);
    ck_assert_int_eq(kb_dispatch(display, 0), -EPIPE);
}
END_TEST

Suite *lib_restart_suite(void)
{
    Suite *suite = suite_create("lib_restart");
    TCase *told = tcase_create("told");
    tcase_add_checked_fixture(told, setup, teardown);
    tcase_add_test(told, images_are_told_again);
    tcase_add_test(told, hello_has_the_token);
    tcase_add_test(told, windows_are_told_again);
    tcase_add_test(told, an_output_that_is_gone);
    tcase_add_test(told, the_picture_is_told_again);
    tcase_add_test(told, unanswered_frames_are_answered_once);
    tcase_add_test(told, what_is_unanswered_goes_over_what_is_kept);
    tcase_add_test(told, pictures_that_are_not_lost);
    tcase_add_loop_test(told, almost_all_is_not_all, 0, 4);
    tcase_add_test(told, sizes_as_they_were);
    tcase_add_test(told, drawn_over_at_another_size);
    tcase_add_test(told, destroyed_images_stay_for_the_picture);
    tcase_add_test(told, many_images_come_and_go);
    tcase_add_test(told, canvases_are_lost);
    tcase_add_test(told, large_and_many);
    suite_add_tcase(suite, told);
    TCase *gone = tcase_create("gone");
    tcase_add_checked_fixture(gone, setup, teardown);
    tcase_add_test(gone, while_it_is_away);
    tcase_add_loop_test(gone, calls_are_answered_by_the_next_one, 0,
                        sizeof(asked) / sizeof(asked[0]));
    tcase_add_loop_test(gone, it_does_not_come_back, 0, 2);
    tcase_add_test(gone, signals_interrupt_looking);
    tcase_add_test(gone, no_fd_is_left);
    tcase_add_test(gone, another_version);
    tcase_add_test(gone, the_program_ends_it);
    suite_add_tcase(suite, gone);
    return suite;
}

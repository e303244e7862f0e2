/* libkmsblit: images, frames, credits; against a scripted daemon. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <kmsblit.h>

#include "client.h"
#include "fake_daemon.h"
#include "png_samples.h"

static struct fake fake;
static struct kb_display *display;
static struct kb_window *window;

static void setup(void)
{
    const struct kb_window_info info = {.width = 320, .height = 240, .base_color = 0x123456};
    fake_start(&fake);
    ck_assert_int_eq(kb_connect(fake.path, "test", &display), 0);
    ck_assert_int_eq(kb_window_create(display, &info, &window), 0);
}

static void teardown(void)
{
    kb_disconnect(display);
    fake_stop(&fake);
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

static struct kb_image *make_image(uint32_t width, uint32_t height)
{
    struct kb_image *image;
    uint32_t *pixels = calloc((size_t)width * height, 4);
    const struct kb_image_info info = {.width = width, .height = height};
    ck_assert_int_eq(kb_image_create(display, &info, pixels, &image), 0);
    free(pixels);
    return image;
}

START_TEST(window_tells)
{
    struct kb_window_state state;
    struct kb_req_window_create create;
    uint32_t width, height;
    kb_window_get_state(window, &state);
    ck_assert_uint_eq(state.output, 7);
    ck_assert_int_eq(state.picture.y, 20);
    kb_window_size(window, &width, &height);
    ck_assert_uint_eq(width * 1000 + height, 320240);
    const struct fake_record *record = fake_find(&fake, KB_REQ_WINDOW_CREATE, 0);
    ck_assert_int_eq(kb_req_window_create_decode(record->message, header_of(record)->size, NULL, 0,
                                                 &create, NULL),
                     0);
    ck_assert_uint_eq(create.base_color, 0xff123456);
    ck_assert_uint_eq(create.title_bytes, 4);
    ck_assert_int_eq(memcmp(create.title, "test", 4), 0);
}
END_TEST

START_TEST(window_mistakes)
{
    static const struct {
        struct kb_window_info info;
        const char *says;
    } bad[] = {
        {{.width = 0, .height = 1}, "window_create.width"},
        {{.width = 1, .height = 8193}, "window_create.height"},
        {{.width = 1, .height = 1, .scale = (enum kb_scale)4}, "window_create.scale"},
        {{.width = 1, .height = 1, .scale = (enum kb_scale)256}, "window_create.scale"},
        {{.width = 1, .height = 1, .flags = 2}, "window_create.flags"},
        {{.width = 1, .height = 1, .title = "\xff"}, "window_create.title"},
    };
    struct kb_window *none;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(kb_window_create(display, &bad[i].info, &none), -EINVAL);
        ck_assert_msg(strstr(kb_last_error(), bad[i].says) != NULL, "%s", kb_last_error());
        ck_assert_ptr_null(none);
    }
    fake.refuse = KB_REQ_WINDOW_CREATE;
    fake.refuse_code = KB_ERROR_CODE_QUOTA;
    const struct kb_window_info good = {.width = 1, .height = 1};
    ck_assert_int_eq(kb_window_create(display, &good, &none), -EDQUOT);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_CREATE), 2);
}
END_TEST

START_TEST(window_changes)
{
    struct kb_req_window_set set;
    const struct kb_window_info info = {.width = 64, .height = 48, .z = 3, .base_color = 0x111111};
    ck_assert_int_eq(kb_window_set(window, KB_WINDOW_FIELD_SIZE | KB_WINDOW_FIELD_Z, &info), 0);
    kb_fill(window, NULL, 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_window_set(window, 1u << 20, &info), -EINVAL);
    ck_assert_int_eq(
        kb_window_set(window, KB_WINDOW_FIELD_SIZE, &(struct kb_window_info){.width = 1}), -EINVAL);
    ck_assert_int_eq(kb_sync(display), 0);
    const struct fake_record *record = fake_find(&fake, KB_REQ_WINDOW_SET, 0);
    ck_assert_int_eq(
        kb_req_window_set_decode(record->message, header_of(record)->size, NULL, 0, &set, NULL), 0);
    ck_assert_uint_eq(set.width, 64);
    ck_assert_int_eq(set.z, 3);
    ck_assert_uint_eq(set.base_color, 0xff000000);
    const struct kb_command_fill *fill = frame_at(0).commands;
    ck_assert_uint_eq(fill->where.width, 64);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_WINDOW_SET), 1);
}
END_TEST

START_TEST(records_of_fills_and_clips)
{
    const struct kb_rect rect = {.x = -5, .y = 6, .width = 7, .height = 8};
    kb_fill(window, &rect, 0x80112233); /* forgotten by the clear */
    kb_clear(window);
    kb_fill(window, &rect, 0x80112233);
    kb_clip(window, &rect);
    kb_clip(window, NULL);
    kb_fill_with(window, NULL, 0x80112233, KB_BLEND_ADD);
    kb_frame_append(window, 2);
    kb_frame_trim(window, 2);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0); /* empty */
    ck_assert_int_eq(kb_sync(display), 0);
    const struct kb_req_frame frame = frame_at(0);
    ck_assert_uint_eq(frame.flags, KB_FRAME_FLAG_CLEAR);
    ck_assert_uint_eq(frame.commands_units, 4);
    const struct kb_command_fill *fills = frame.commands;
    const struct kb_command_clip *clips = frame.commands;
    ck_assert_uint_eq(fills[0].color, 0xff112233);
    ck_assert_uint_eq(fills[0].blend, KB_BLEND_REPLACE);
    ck_assert_mem_eq(&fills[0].where, &rect, sizeof(rect));
    ck_assert_uint_eq(clips[1].op, KB_COMMAND_CLIP);
    ck_assert_mem_eq(&clips[1].where, &rect, sizeof(rect));
    ck_assert_uint_eq(clips[2].where.width, 320);
    ck_assert_uint_eq(fills[3].color, 0x80112233);
    ck_assert_uint_eq(fills[3].alpha, 255);
    ck_assert_uint_eq(fills[3].blend, KB_BLEND_ADD);
    ck_assert_uint_eq(fills[3].where.height, 240);
    ck_assert_uint_eq(frame_at(1).flags, 0);
    ck_assert_uint_eq(frame_at(1).commands_units, 0);
}
END_TEST

/* A blit of a 20x10 image, and the record it makes; width 0: none. */
static const struct {
    struct kb_rect source;
    uint8_t flags;
    int32_t x, y;
    int16_t src_x, src_y;
    uint16_t src_width, src_height;
    int32_t to_x, to_y;
} cuts[] = {
    {{0, 0, 20, 10}, 0, 5, 6, 0, 0, 20, 10, 5, 6},
    {{3, 4, 5, 6}, 0, -9, -8, 3, 4, 5, 6, -9, -8},
    {{-2, -3, 10, 10}, 0, 100, 200, 0, 0, 8, 7, 102, 203},
    {{15, 5, 10, 10}, 0, 100, 200, 15, 5, 5, 5, 100, 200},
    {{15, 5, 10, 10}, KB_BLIT_FLAG_FLIP_X, 100, 200, 15, 5, 5, 5, 105, 200},
    {{-2, -3, 10, 10}, KB_BLIT_FLAG_FLIP_Y, 100, 200, 0, 0, 8, 7, 102, 200},
    {{20, 0, 5, 5}, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {{5, 5, 0, 5}, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {{INT32_MIN, 0, UINT32_MAX, 10}, 0, 7, 0, 0, 0, 0, 0, 0, 0},
    {{INT32_MIN, 0, UINT32_MAX, 10}, 0, INT32_MIN, 0, 0, 0, 20, 10, 0, 0},
    {{-1, -1, UINT32_MAX, UINT32_MAX}, 0, INT32_MIN, 0, 0, 0, 20, 10, INT32_MIN + 1, 1},
};

START_TEST(records_of_blits)
{
    struct kb_image *image = make_image(20, 10);
    const struct kb_blit_options options = {
        .blend = KB_BLEND_MAX, .transparency = 55, .flags = cuts[_i].flags, .tint = 0x102030};
    kb_blit_with(window, image, &cuts[_i].source, cuts[_i].x, cuts[_i].y, &options);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    const struct kb_req_frame frame = frame_at(0);
    if (cuts[_i].src_width == 0) {
        ck_assert_uint_eq(frame.commands_units, 0);
        return;
    }
    const struct kb_command_blit expected = {
        .op = KB_COMMAND_BLIT,
        .blend = KB_BLEND_MAX,
        .alpha = 200,
        .flags = cuts[_i].flags,
        .tint = 0xff102030,
        .image = kb_image_id(image),
        .src_x = cuts[_i].src_x,
        .src_y = cuts[_i].src_y,
        .src_width = cuts[_i].src_width,
        .src_height = cuts[_i].src_height,
        .x = cuts[_i].to_x,
        .y = cuts[_i].to_y,
    };
    ck_assert_uint_eq(frame.commands_units, 1);
    ck_assert_mem_eq(frame.commands, &expected, sizeof(expected));
}
END_TEST

START_TEST(plain_blit)
{
    struct kb_image *image = make_image(20, 10);
    kb_blit(window, image, NULL, 1, 2);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    const struct kb_command_blit *blit = frame_at(0).commands;
    ck_assert_uint_eq(blit->alpha, 255);
    ck_assert_uint_eq(blit->tint, 0xffffffff);
    ck_assert_uint_eq(blit->blend, KB_BLEND_OVER);
    ck_assert_uint_eq(blit->src_width, 20);
}
END_TEST

START_TEST(frames_that_cannot_be_built)
{
    struct kb_image *image = make_image(2, 2);
    struct kb_display *other;
    struct kb_image *foreign;
    const struct kb_image_info info = {.width = 1, .height = 1};
    struct fake second;
    fake_start(&second);
    ck_assert_int_eq(kb_connect(second.path, "other", &other), 0);
    ck_assert_int_eq(kb_image_create_shared(other, &info, &foreign), 0);
    kb_blit(window, foreign, NULL, 0, 0);
    ck_assert_int_eq(kb_commit(window, NULL), -EINVAL);
    kb_disconnect(other);
    fake_stop(&second);
    kb_blit(window, NULL, NULL, 0, 0);
    ck_assert_int_eq(kb_commit(window, NULL), -EINVAL);
    kb_blit_with(window, image, NULL, 0, 0, &(struct kb_blit_options){.flags = 0x80});
    ck_assert_int_eq(kb_commit(window, NULL), -EINVAL);
    kb_fill_with(window, NULL, 0, (enum kb_blend)99);
    ck_assert_int_eq(kb_commit(window, NULL), -EINVAL);
    ck_assert_ptr_nonnull(kb_frame_append(window, KB_MAX_FRAME_UNITS));
    ck_assert_ptr_null(kb_frame_append(window, 1));
    ck_assert_int_eq(kb_commit(window, NULL), -E2BIG);
    ck_assert_ptr_null(kb_frame_append(window, SIZE_MAX));
    ck_assert_int_eq(kb_flip(window, NULL), -E2BIG);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME) + fake_count(&fake, KB_REQ_FRAME_MEMFD), 0);
}
END_TEST

static void *no_memory(void *memory, size_t bytes)
{
    (void)memory;
    (void)bytes;
    return NULL;
}

START_TEST(frames_out_of_memory)
{
    kc_frame_realloc = no_memory;
    kb_fill(window, NULL, 1);
    kb_fill(window, NULL, 2);
    ck_assert_ptr_null(kb_frame_append(window, 1));
    ck_assert_int_eq(kb_commit(window, NULL), -ENOMEM);
    ck_assert_msg(strstr(kb_last_error(), "no memory") != NULL, "%s", kb_last_error());
    kc_frame_realloc = realloc;
    kb_fill(window, NULL, 3);
    kc_frame_realloc = no_memory;
    for (int i = 0; i < 255; i++)
        kb_fill(window, NULL, 4); /* fits into what there is */
    kb_clear(window);
    kb_fill(window, NULL, 5);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    for (int i = 0; i < 257; i++)
        kb_fill(window, NULL, 6);
    ck_assert_int_eq(kb_commit(window, NULL), -ENOMEM);
    kc_frame_realloc = realloc;
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    const struct kb_command_fill *fill = frame_at(0).commands;
    ck_assert_uint_eq(fill->color, 0xff000005);
}
END_TEST

static void commit_fills(unsigned count, uint32_t first_color)
{
    for (unsigned i = 0; i < count; i++)
        kb_fill(window, NULL, first_color + i);
    ck_assert_msg(kb_commit(window, NULL) == 0, "%s", kb_last_error());
}

static void assert_memfd_frame(unsigned index, unsigned count, uint32_t first_color)
{
    struct kb_req_frame_memfd frame;
    const struct fake_record *record = fake_find(&fake, KB_REQ_FRAME_MEMFD, index);
    const int fd = 0;
    ck_assert_int_eq(
        kb_req_frame_memfd_decode(record->message, header_of(record)->size, &fd, 1, &frame, NULL),
        0);
    ck_assert_uint_eq(frame.units, count);
    ck_assert_int_eq(record->seals & (F_SEAL_SHRINK | F_SEAL_GROW), F_SEAL_SHRINK | F_SEAL_GROW);
    ck_assert_uint_ge(record->memory_bytes, frame.offset_bytes + count * 32);
    const struct kb_command_fill *fills = (const void *)(record->memory + frame.offset_bytes);
    for (unsigned i = 0; i < count; i++)
        ck_assert_uint_eq(fills[i].color, 0xff000000 | (first_color + i));
}

START_TEST(large_frames_go_through_a_memfd)
{
    commit_fills(2046, 1000);
    commit_fills(2047, 2000);
    commit_fills(9000, 5000);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(frame_at(0).commands_units, 2046);
    const struct kb_command_fill *fills = frame_at(0).commands;
    ck_assert_uint_eq(fills[2045].color, 0xff000000 | 3045);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 1);
    assert_memfd_frame(0, 2047, 2000);
    assert_memfd_frame(1, 9000, 5000);
}
END_TEST

START_TEST(memfds_are_used_again_when_released)
{
    for (unsigned i = 0; i < 6; i++) {
        commit_fills(2047 + i, 0);
        ck_assert_int_eq(kb_sync(display), 0);
    }
    for (unsigned i = 1; i < 6; i++)
        ck_assert_uint_eq(fake_find(&fake, KB_REQ_FRAME_MEMFD, i)->inode,
                          fake_find(&fake, KB_REQ_FRAME_MEMFD, 0)->inode);
    fake.release = false;
    for (unsigned i = 0; i < 3; i++) {
        commit_fills(2047, 0);
        ck_assert_int_eq(kb_sync(display), 0);
    }
    ck_assert_uint_ne(fake_find(&fake, KB_REQ_FRAME_MEMFD, 7)->inode,
                      fake_find(&fake, KB_REQ_FRAME_MEMFD, 6)->inode);
    ck_assert_uint_ne(fake_find(&fake, KB_REQ_FRAME_MEMFD, 8)->inode,
                      fake_find(&fake, KB_REQ_FRAME_MEMFD, 7)->inode);
    /* A refusal gives the memory back too: more refused frames than there is memory for. */
    fake.refuse = KB_REQ_FRAME_MEMFD;
    fake.refuse_code = KB_ERROR_CODE_BAD_VALUE;
    for (unsigned i = 0; i < 6; i++) {
        commit_fills(2047, 0);
        ck_assert_int_eq(kb_sync(display), -EINVAL);
    }
}
END_TEST

START_TEST(credits)
{
    struct kb_presented presented;
    uint32_t first, second, third;
    fake.hold = 2;
    fake.answer_on_sync = true;
    kb_last_presented(window, &presented);
    ck_assert_uint_eq(presented.serial, 0);
    ck_assert_uint_eq(kb_credits(window), 2);
    ck_assert_int_eq(kb_commit(window, &first), 0);
    ck_assert_uint_eq(kb_credits(window), 1);
    ck_assert_int_eq(kb_commit(window, &second), 0);
    ck_assert_uint_eq(kb_credits(window), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(kb_credits(window), 2);
    ck_assert_int_eq(kb_wait(window, first, &presented), 0);
    ck_assert_uint_eq(presented.serial, first);
    ck_assert_uint_eq(presented.sequence, 1);
    ck_assert_int_eq(kb_wait(window, second, &presented), 0);
    ck_assert_uint_eq(presented.sequence, 2);
    ck_assert_uint_eq(presented.flags, KB_PRESENTED_FLAG_VSYNC);
    ck_assert(!presented.discarded);
    /* From now on a frame is answered when the next one comes. */
    fake.hold = 1;
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(kb_flip(window, &presented), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    kb_last_presented(window, &presented);
    ck_assert_uint_eq(presented.sequence, 22);
    fake.hold = 0;
    fake.discard = true;
    ck_assert_int_eq(kb_commit(window, &third), 0);
    ck_assert_int_eq(kb_wait(window, third, &presented), 0);
    ck_assert(presented.discarded);
    ck_assert_int_eq(kb_wait(window, first, &presented), 0); /* long ago: the last answer */
    ck_assert_uint_eq(presented.serial, third);
    ck_assert_int_eq(kb_wait(window, third + 1, NULL), -EINVAL);
    ck_assert_int_eq(kb_wait(window, 0, NULL), -EINVAL);
}
END_TEST

START_TEST(refused_frames)
{
    struct kb_presented presented;
    uint32_t serial;
    fake.refuse = KB_REQ_FRAME;
    fake.refuse_code = KB_ERROR_CODE_BAD_OBJECT;
    ck_assert_int_eq(kb_commit(window, &serial), 0);
    ck_assert_int_eq(kb_wait(window, serial, &presented), -EBADF);
    ck_assert_str_eq(kb_last_error(), "frame: not today");
    ck_assert_uint_eq(kb_credits(window), 2);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_int_eq(kb_wait(window, serial, &presented), -EBADF);
    /* Not waited for: the next commit says it, once, and keeps its frame. */
    ck_assert_int_eq(kb_commit(window, &serial), 0);
    ck_assert_int_eq(kb_dispatch(display, -1), 1);
    fake.refuse = 0;
    kb_fill(window, NULL, 0x77);
    ck_assert_int_eq(kb_commit(window, NULL), -EBADF);
    ck_assert_int_eq(kb_commit(window, NULL), 0);
    ck_assert_int_eq(kb_sync(display), 0);
    const struct kb_req_frame frame = frame_at(2);
    ck_assert_uint_eq(frame.commands_units, 1);
    /* A flip that sees its own refusal. */
    fake.refuse = KB_REQ_FRAME;
    fake.hold = 2;
    int error = 0;
    for (int i = 0; i < 3 && error == 0; i++)
        error = kb_flip(window, NULL);
    ck_assert_int_eq(error, -EBADF);
}
END_TEST

static void ignore(int number)
{
    (void)number;
}

static void ring(bool on)
{
    const struct sigaction action = {.sa_handler = ignore, .sa_flags = SA_RESTART};
    const struct itimerval time = {{0, on ? 5000 : 0}, {0, on ? 5000 : 0}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &time, NULL);
}

START_TEST(signals_send_no_frame_twice)
{
    uint32_t serial;
    fake.hold = 2;
    fake.answer_on_sync = true;
    commit_fills(1, 1);
    kb_fill(window, NULL, 2);
    ring(true);
    ck_assert_int_eq(kb_flip(window, NULL), -EINTR); /* sent, and no credit is free */
    ck_assert_int_eq(kb_flip(window, NULL), -EINTR); /* goes on waiting */
    ring(false);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_int_eq(kb_flip(window, NULL), 0); /* the interrupted one, which has its credit now */
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 2);
    commit_fills(1, 3);
    commit_fills(1, 4);
    kb_fill(window, NULL, 5);
    ring(true);
    ck_assert_int_eq(kb_flip(window, NULL), -EINTR); /* not sent for want of credit */
    ck_assert_int_eq(kb_commit(window, &serial), -EINTR);
    ring(false);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 4);
    ck_assert_int_eq(kb_flip(window, NULL), 0);
    ck_assert_int_eq(kb_commit(window, NULL), 0); /* an empty frame is a frame */
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_FRAME), 6);
    const struct kb_command_fill *fill = frame_at(4).commands;
    ck_assert_uint_eq(frame_at(4).commands_units, 1);
    ck_assert_uint_eq(fill->color, 0xff000005);
}
END_TEST

START_TEST(image_is_copied)
{
    enum { STRIDE = 5 };
    uint32_t pixels[3 * STRIDE];
    struct kb_req_image_create create;
    struct kb_image *image;
    const int fd = 0;
    for (unsigned i = 0; i < 3 * STRIDE; i++)
        pixels[i] = i;
    const struct kb_image_info info = {
        .width = 4, .height = 3, .format = KB_FORMAT_XRGB8888, .stride_bytes = STRIDE * 4};
    ck_assert_int_eq(kb_image_create(display, &info, pixels, &image), 0);
    memset(pixels, 0xee, sizeof(pixels));
    ck_assert_int_eq(kb_sync(display), 0);
    const struct fake_record *record = fake_find(&fake, KB_REQ_IMAGE_CREATE, 0);
    ck_assert_int_eq(
        kb_req_image_create_decode(record->message, header_of(record)->size, &fd, 1, &create, NULL),
        0);
    ck_assert_uint_eq(create.stride_bytes, 16);
    ck_assert_uint_eq(create.format, KB_FORMAT_XRGB8888);
    ck_assert_int_eq(record->seals & F_SEAL_SHRINK, F_SEAL_SHRINK);
    for (unsigned i = 0; i < 12; i++)
        ck_assert_uint_eq(((const uint32_t *)(const void *)record->memory)[i], i / 4 * 5 + i % 4);
    ck_assert_ptr_null(kb_image_pixels(image, NULL));
    ck_assert_int_eq(kb_image_update(image, NULL, 0), -EINVAL);
}
END_TEST

START_TEST(image_mistakes)
{
    static const struct {
        struct kb_image_info info;
        int error;
    } bad[] = {
        {{.width = 0, .height = 1}, -EINVAL},
        {{.width = 1, .height = 16385}, -EINVAL},
        {{.width = 2, .height = 1, .stride_bytes = 7}, -EINVAL},
        {{.width = 1, .height = 1, .format = (enum kb_format)77}, -EINVAL},
        {{.width = 1, .height = 1, .format = KB_FORMAT_P8}, -EINVAL},
    };
    struct kb_image *image;
    const uint32_t pixels[4] = {0};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_int_eq(kb_image_create(display, &bad[i].info, pixels, &image), bad[i].error);
        ck_assert_ptr_null(image);
        ck_assert_int_eq(kb_image_create_shared(display, &bad[i].info, &image), bad[i].error);
    }
    const struct kb_image_info good = {.width = 1, .height = 1};
    ck_assert_int_eq(kb_image_create(display, &good, NULL, &image), -EINVAL);
    const struct kb_image_info odd = {.width = 1, .height = 1, .stride_bytes = 6};
    ck_assert_int_eq(kb_image_create_shared(display, &odd, &image), -EINVAL);
}
END_TEST

START_TEST(shared_image)
{
    struct kb_image *image;
    size_t stride_bytes;
    const struct kb_image_info info = {.width = 3, .height = 2, .stride_bytes = 16};
    static struct kb_rect rects[3000];
    ck_assert_int_eq(kb_image_create_shared(display, &info, &image), 0);
    uint8_t *pixels = kb_image_pixels(image, &stride_bytes);
    ck_assert_uint_eq(stride_bytes, 16);
    ck_assert_uint_eq(pixels[31], 0);
    ck_assert_int_eq(kb_image_wait(image), 0);
    pixels[31] = 1;
    ck_assert_int_eq(kb_image_update(image, NULL, 0), 0);
    ck_assert_int_eq(kb_image_update(image, rects, 3000), 0);
    ck_assert_int_eq(kb_image_wait(image), 0);
    fake.release = false;
    ck_assert_int_eq(kb_image_update(image, rects, 1), 0);
    ring(true);
    ck_assert_int_eq(kb_image_wait(image), -EINTR);
    ring(false);
    kb_image_destroy(image);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_UPDATE), 4); /* 1 + 2048 and 952 + 1 */
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_DESTROY), 1);
}
END_TEST

START_TEST(ids_are_not_used_again)
{
    struct kb_image *first = make_image(1, 1);
    uint32_t last = kb_image_id(first);
    kb_image_destroy(first);
    for (int i = 0; i < 5000; i++) {
        struct kb_image *next = make_image(1, 1);
        ck_assert_uint_ne(kb_image_id(next), last);
        ck_assert_uint_ne(kb_image_id(next), 0);
        last = kb_image_id(next);
        kb_image_destroy(next);
    }
}
END_TEST

/* What the daemon was handed for a PNG. */
static void assert_picture(const struct png_sample *sample)
{
    struct kb_req_image_create create;
    const int fd = 0;
    ck_assert_int_eq(kb_sync(display), 0);
    const struct fake_record *record =
        fake_find(&fake, KB_REQ_IMAGE_CREATE, fake_count(&fake, KB_REQ_IMAGE_CREATE) - 1);
    ck_assert_int_eq(
        kb_req_image_create_decode(record->message, header_of(record)->size, &fd, 1, &create, NULL),
        0);
    ck_assert_uint_eq(create.width, PNG_SAMPLE_WIDTH);
    ck_assert_uint_eq(create.height, PNG_SAMPLE_HEIGHT);
    ck_assert_msg(create.format == (sample->alpha ? KB_FORMAT_ARGB8888 : KB_FORMAT_XRGB8888),
                  "%s: format %u", sample->name, create.format);
    for (int i = 0; i < PNG_SAMPLE_WIDTH * PNG_SAMPLE_HEIGHT; i++) {
        uint32_t word = ((const uint32_t *)(const void *)record->memory)[i];
        ck_assert_msg(word == sample->words[i], "%s: pixel %d is %08x, not %08x", sample->name, i,
                      word, sample->words[i]);
    }
}

START_TEST(png_kinds)
{
    const struct png_sample *sample = &png_samples[_i];
    struct kb_image *image;
    ck_assert_msg(kb_image_load_memory(display, sample->png, sample->png_bytes, &image) == 0,
                  "%s: %s", sample->name, kb_last_error());
    assert_picture(sample);
}
END_TEST

START_TEST(png_files)
{
    const struct png_sample *sample = &png_samples[0];
    struct kb_image *image;
    char path[128];
    snprintf(path, sizeof(path), "%s/a.png", fake.folder);
    ck_assert_int_eq(kb_image_load(display, path, &image), -ENOENT);
    ck_assert_msg(strstr(kb_last_error(), path) != NULL, "%s", kb_last_error());
    ck_assert_int_eq(kb_image_load(display, fake.folder, &image), -EISDIR);
    FILE *file = fopen(path, "wb");
    fwrite(sample->png, 1, sample->png_bytes, file);
    fclose(file);
    ck_assert_int_eq(kb_image_load(display, path, &image), 0);
    assert_picture(sample);
    unlink(path);
}
END_TEST

START_TEST(png_damaged)
{
    const struct png_sample *sample = &png_samples[9];
    struct kb_image *image;
    uint8_t copy[256];
    const char gif[64] = "GIF89a";
    const size_t checked = sample->png_bytes - 4; /* IEND's own checksum says nothing */
    for (size_t size = 0; size < checked; size++)
        ck_assert_int_eq(kb_image_load_memory(display, sample->png, size, &image), -EINVAL);
    for (size_t at = 0; at < checked; at++) {
        memcpy(copy, sample->png, sample->png_bytes);
        copy[at] ^= 0x10;
        int error = kb_image_load_memory(display, copy, sample->png_bytes, &image);
        ck_assert_msg(error < 0, "byte %zu", at);
        ck_assert_ptr_null(image);
    }
    ck_assert_int_eq(kb_image_load_memory(display, gif, sizeof(gif), &image), -EINVAL);
    ck_assert_msg(strstr(kb_last_error(), "not a PNG") != NULL, "%s", kb_last_error());
    ck_assert_int_eq(kb_image_load_memory(display, NULL, 0, &image), -EINVAL);
    /* 16385 pixels wide, with the right checksum. */
    static const uint8_t wide[] =
        "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x40\x01\0\0\0\x01\x08\0\0\0\0"
        "\xec\x36\x82\xba";
    ck_assert_int_eq(kb_image_load_memory(display, wide, sizeof(wide) - 1, &image), -E2BIG);
    ck_assert_int_eq(kb_sync(display), 0);
    ck_assert_uint_eq(fake_count(&fake, KB_REQ_IMAGE_CREATE), 0);
}
END_TEST

static void add_pictures(Suite *suite)
{
    TCase *pictures = tcase_create("images");
    tcase_add_checked_fixture(pictures, setup, teardown);
    tcase_add_test(pictures, image_is_copied);
    tcase_add_test(pictures, image_mistakes);
    tcase_add_test(pictures, shared_image);
    tcase_add_test(pictures, ids_are_not_used_again);
    tcase_add_loop_test(pictures, png_kinds, 0, sizeof(png_samples) / sizeof(png_samples[0]));
    tcase_add_test(pictures, png_files);
    tcase_add_test(pictures, png_damaged);
    suite_add_tcase(suite, pictures);
}

Suite *lib_frames_suite(void)
{
    Suite *suite = suite_create("lib_frames");
    TCase *frames = tcase_create("frames");
    tcase_add_checked_fixture(frames, setup, teardown);
    tcase_add_test(frames, window_tells);
    tcase_add_test(frames, window_mistakes);
    tcase_add_test(frames, window_changes);
    tcase_add_test(frames, records_of_fills_and_clips);
    tcase_add_loop_test(frames, records_of_blits, 0, sizeof(cuts) / sizeof(cuts[0]));
    tcase_add_test(frames, plain_blit);
    tcase_add_test(frames, frames_that_cannot_be_built);
    tcase_add_test(frames, frames_out_of_memory);
    tcase_add_test(frames, large_frames_go_through_a_memfd);
    tcase_add_test(frames, memfds_are_used_again_when_released);
    tcase_add_test(frames, credits);
    tcase_add_test(frames, refused_frames);
    tcase_add_test(frames, signals_send_no_frame_twice);
    suite_add_tcase(suite, frames);
    add_pictures(suite);
    return suite;
}

/*
 * Images read out of memfds, in versions.
 */
#include "base/format.h"
#include "base/jobs.h"
#include "image/image.h"
#include "pixel_test.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIMIT (UINT64_C(64) << 20)

/* One client's side, and what it was told. */
static struct kd_jobs *jobs;
static struct kd_lane *lane;
static struct kd_account *account;
static unsigned told;
static uint32_t told_object, told_serial;
static int told_error;

static void on_read(void *ctx, uint32_t object, uint32_t serial, int error)
{
    ck_assert_ptr_eq(ctx, &told);
    told++;
    told_object = object;
    told_serial = serial;
    told_error = error;
}

static struct kd_image_notice notice(uint32_t object, uint32_t serial)
{
    return (struct kd_image_notice){on_read, &told, object, serial};
}

static void begin(void)
{
    told = 0;
    ck_assert_int_eq(kd_jobs_create(1, &jobs), 0);
    ck_assert_int_eq(kd_lane_create(jobs, false, &lane), 0);
    account = kd_account_create(LIMIT);
    ck_assert_ptr_nonnull(account);
}

static void settle(void)
{
    while (!kd_jobs_idle(jobs)) {
        struct pollfd ready = {.fd = kd_jobs_fd(jobs), .events = POLLIN};

        ck_assert_int_eq(poll(&ready, 1, -1), 1);
        kd_jobs_collect(jobs);
    }
}

/* All that was charged is given back. */
static void end(void)
{
    settle();
    ck_assert_uint_eq(account->used_bytes, 0);
    ck_assert_uint_eq(account->refs, 1);
    kd_account_unref(account);
    kd_lane_destroy(lane);
    kd_jobs_destroy(jobs);
}

static int sealed_memfd(uint64_t bytes, int seals)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)bytes), 0);
    ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
    return fd;
}

/* A client's memory, which it goes on writing to. */
struct shared {
    struct kd_memory *memory;
    uint8_t *bytes;
    size_t size;
};

static struct shared shared_create(size_t size)
{
    struct shared shared = {.size = size};
    int fd = sealed_memfd(size, F_SEAL_SHRINK);
    const char *why;

    shared.bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(shared.bytes, MAP_FAILED);
    for (size_t i = 0; i < size; i++)
        shared.bytes[i] = (uint8_t)random_u32();
    ck_assert_int_eq(kd_memory_create(fd, account, &why, &shared.memory), 0);
    return shared;
}

static void shared_finish(struct shared *shared)
{
    kd_memory_unref(shared->memory);
    munmap(shared->bytes, shared->size);
}

static uint32_t stored(const struct shared *shared, const struct kd_image_info *info, uint32_t x,
                       uint32_t y)
{
    uint32_t pixel;

    memcpy(&pixel,
           shared->bytes + info->offset_bytes + (size_t)y * info->stride_bytes + 4 * (size_t)x, 4);
    return pixel;
}

static void copy_stored(const struct shared *shared, const struct kd_image_info *info,
                        uint32_t *out)
{
    for (uint32_t y = 0; y < info->height_px; y++)
        for (uint32_t x = 0; x < info->width_px; x++)
            out[y * info->width_px + x] = stored(shared, info, x, y);
}

static void expect_pixels(const struct kd_pixels *pixels, const uint32_t *want)
{
    int32_t run_px;

    for (int32_t y = 0; y < pixels->height_px; y++)
        for (int32_t x = 0; x < pixels->width_px; x++)
            EXPECT_PIXEL(*kd_pixels_at(pixels, x, y, &run_px), want[y * pixels->width_px + x]);
}

static struct kd_image *create(const struct kd_image_info *info, struct shared *shared)
{
    const struct kd_image_notice read = notice(7, 70);
    struct kd_image *image;
    const char *why;

    ck_assert_int_eq(kd_image_create(info, shared->memory, account, lane, &read, &why, &image), 0);
    return image;
}

START_TEST(strides_and_offsets)
{
    begin();
    for (int n = 0; n < 60; n++) {
        struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                     .width_px = 1 + random_u32() % 150,
                                     .height_px = 1 + random_u32() % 150,
                                     .offset_bytes = random_u32() % 100,
                                     .shared = n % 2};
        uint32_t *want = malloc((size_t)info.width_px * info.height_px * 4);
        struct shared shared;
        struct kd_image *image;

        info.stride_bytes = 4 * (info.width_px + (n % 3 ? random_u32() % 40 : 0));
        /* Exactly as large as it must be: the last row ends where the memory does. */
        shared =
            shared_create(info.offset_bytes + (size_t)info.stride_bytes * (info.height_px - 1) +
                          4 * (size_t)info.width_px);
        image = create(&info, &shared);
        ck_assert_int_eq(image->newest->state, KD_SOURCE_WAITING);
        settle();
        ck_assert_uint_eq(told, (unsigned)n + 1);
        ck_assert_int_eq(told_error, 0);
        ck_assert_uint_eq(told_object, 7);
        ck_assert_uint_eq(told_serial, 70);
        ck_assert_int_eq(image->newest->state, KD_SOURCE_READY);
        copy_stored(&shared, &info, want);
        expect_pixels(image->newest->pixels, want);
        kd_image_destroy(image);
        shared_finish(&shared);
        free(want);
    }
    kd_image_destroy(NULL);
    end();
}
END_TEST

START_TEST(all_formats)
{
    static const uint8_t bytes[8] = {0x10, 0x20, 0x30, 0x40, 0xFF, 0x00, 0x0F, 0x80};
    static const uint32_t palette[17] = {[15] = 0x12345678, [16] = 0x80FF0001};
    static const struct {
        enum kb_format format;
        enum kd_source_kind kind;
        uint32_t want[2];
    } cases[] = {
        {KB_FORMAT_ARGB8888, KD_SOURCE_STRAIGHT, {0x40302010, 0x800F00FF}},
        {KB_FORMAT_ARGB8888_PREMULTIPLIED, KD_SOURCE_PREMULTIPLIED, {0x40302010, 0x800F00FF}},
        {KB_FORMAT_XRGB8888, KD_SOURCE_OPAQUE, {0xFF302010, 0xFF0F00FF}},
        {KB_FORMAT_ABGR8888, KD_SOURCE_STRAIGHT, {0x40102030, 0x80FF000F}},
        {KB_FORMAT_ABGR8888_PREMULTIPLIED, KD_SOURCE_PREMULTIPLIED, {0x40102030, 0x80FF000F}},
        {KB_FORMAT_XBGR8888, KD_SOURCE_OPAQUE, {0xFF102030, 0xFFFF000F}},
        {KB_FORMAT_RGB565, KD_SOURCE_OPAQUE, {0xFF210084, 0xFF420484}},
        {KB_FORMAT_A8, KD_SOURCE_STRAIGHT, {0x10FFFFFF, 0x20FFFFFF}},
        {KB_FORMAT_P8, KD_SOURCE_STRAIGHT, {0x80FF0001, 0}},
    };

    begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct shared shared = shared_create(8);
        struct kd_image_info info = {.format = cases[i].format,
                                     .width_px = 2,
                                     .height_px = 1,
                                     .stride_bytes =
                                         2 * kd_format_get(cases[i].format)->bytes_per_px};
        struct kd_image *image;

        memcpy(shared.bytes, bytes, 8);
        if (cases[i].format == KB_FORMAT_P8) {
            info.palette = palette;
            info.palette_count = 17;
        }
        image = create(&info, &shared);
        settle();
        ck_assert_int_eq(image->newest->pixels->kind, cases[i].kind);
        expect_pixels(image->newest->pixels, cases[i].want);
        kd_image_destroy(image);
        /* The colour that the first pixel has is transparent, the second pixel is as before. */
        info.has_key = true;
        info.color_key = cases[i].want[0] & 0xFFFFFF;
        image = create(&info, &shared);
        settle();
        ck_assert_int_eq(image->newest->pixels->kind,
                         cases[i].kind == KD_SOURCE_OPAQUE ? KD_SOURCE_STRAIGHT : cases[i].kind);
        expect_pixels(image->newest->pixels,
                      (uint32_t[2]){0, cases[i].format == KB_FORMAT_A8 ? 0 : cases[i].want[1]});
        kd_image_destroy(image);
        shared_finish(&shared);
    }
    end();
}
END_TEST

static struct kb_rect random_rect(uint32_t width, uint32_t height)
{
    struct kb_rect rect = {(int32_t)(random_u32() % (2 * width)) - (int32_t)width,
                           (int32_t)(random_u32() % (2 * height)) - (int32_t)height,
                           random_u32() % width, random_u32() % height};

    if (random_u32() % 10 == 0)
        rect = (struct kb_rect){INT32_MIN, -5, UINT32_MAX, 12};
    if (random_u32() % 10 == 0)
        rect.x = INT32_MAX;
    return rect;
}

/* What the rectangles touch is new, the rest is as it was, whatever the client wrote there; also where they overlap so much that their
 * areas add up to more than the image. */
START_TEST(updates_read_their_rectangles)
{
    begin();
    for (int n = 0; n < 40; n++) {
        struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                     .width_px = 100 + random_u32() % 100,
                                     .height_px = 60 + random_u32() % 100,
                                     .stride_bytes = 1000,
                                     .offset_bytes = 12,
                                     .shared = true};
        struct shared shared = shared_create(12 + 1000 * info.height_px);
        uint32_t *want = malloc((size_t)info.width_px * info.height_px * 4);
        uint32_t *before = malloc((size_t)info.width_px * info.height_px * 4);
        struct kd_image *image = create(&info, &shared);

        settle();
        copy_stored(&shared, &info, want);
        for (uint32_t round = 0; round < 4; round++) {
            const struct kd_image_notice read = notice(8, round);
            struct kd_source *old = kd_source_ref(image->newest);
            struct kb_rect rects[3];
            const char *why;

            memcpy(before, want, (size_t)info.width_px * info.height_px * 4);
            for (size_t i = 0; i < shared.size; i++)
                shared.bytes[i] = (uint8_t)random_u32();
            for (int i = 0; i < 3; i++) {
                rects[i] = random_rect(info.width_px, info.height_px);
                for (uint32_t y = 0; y < info.height_px; y++)
                    for (uint32_t x = 0; x < info.width_px; x++)
                        if ((int64_t)x >= rects[i].x && (int64_t)y >= rects[i].y &&
                            (int64_t)x < (int64_t)rects[i].x + rects[i].width &&
                            (int64_t)y < (int64_t)rects[i].y + rects[i].height) {
                            want[y * info.width_px + x] = stored(&shared, &info, x, y);
                        }
            }
            ck_assert_int_eq(kd_image_update(image, rects, 3, lane, &read, &why), 0);
            ck_assert_ptr_ne(image->newest, old);
            ck_assert_int_eq(image->newest->state, KD_SOURCE_WAITING);
            expect_pixels(old->pixels, before); /* while the new one is being read */
            settle();
            ck_assert_uint_eq(told_serial, round);
            expect_pixels(image->newest->pixels, want);
            expect_pixels(old->pixels, before);
            kd_source_unref(old);
        }
        kd_image_destroy(image);
        shared_finish(&shared);
        free(want);
        free(before);
    }
    end();
}
END_TEST

/* Keys are of the content: what did not change keeps its key, equal pixels have equal keys. */
START_TEST(keys_name_the_content)
{
    struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                 .width_px = 150,
                                 .height_px = 70,
                                 .stride_bytes = 600,
                                 .shared = true};
    const struct kb_rect pixel = {70, 2, 1, 1}, all = {0, 0, 150, 70};
    const struct kd_image_notice read = notice(1, 1);
    struct shared shared;
    struct kd_image *image, *other;
    struct kd_source *old;
    const char *why;

    begin();
    shared = shared_create(600 * 70);
    image = create(&info, &shared);
    other = create(&info, &shared);
    settle();
    old = kd_source_ref(image->newest);
    shared.bytes[2 * 600 + 70 * 4] ^= 1;
    ck_assert_int_eq(kd_image_update(image, &pixel, 1, lane, &read, &why), 0);
    settle();
    for (size_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(old->pixels->tiles[i]->key, other->newest->pixels->tiles[i]->key);
        ck_assert_int_eq(image->newest->pixels->tiles[i] == old->pixels->tiles[i], i != 1);
        ck_assert_int_eq(image->newest->pixels->tiles[i]->key == old->pixels->tiles[i]->key,
                         i != 1);
    }
    ck_assert_int_eq(kd_image_update(other, &all, 1, lane, &read, &why), 0);
    settle();
    for (size_t i = 0; i < 6; i++)
        ck_assert_uint_eq(image->newest->pixels->tiles[i]->key,
                          other->newest->pixels->tiles[i]->key);
    kd_source_unref(old);
    kd_image_destroy(image);
    kd_image_destroy(other);
    shared_finish(&shared);
    end();
}
END_TEST

/* Several updates at once; the image goes while they are under way; frames keep their versions. */
START_TEST(versions_outlive_the_image)
{
    struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                 .width_px = 100,
                                 .height_px = 100,
                                 .stride_bytes = 400,
                                 .shared = true};
    const struct kb_rect all = {0, 0, 100, 100}, none = {200, 0, 100, 100};
    static uint32_t want[100 * 100];
    const struct kd_image_notice read = notice(1, 1);
    struct kd_source *sources[3];
    struct shared shared;
    struct kd_image *image;
    const char *why;

    begin();
    shared = shared_create(400 * 100);
    copy_stored(&shared, &info, want);
    image = create(&info, &shared);
    sources[0] = kd_source_ref(image->newest);
    ck_assert_int_eq(kd_image_update(image, &all, 1, lane, &read, &why), 0);
    sources[1] = kd_source_ref(image->newest);
    ck_assert_int_eq(kd_image_update(image, &none, 1, lane, &read, &why), 0);
    sources[2] = kd_source_ref(image->newest);
    kd_image_destroy(image);
    shared_finish(&shared);
    settle();
    ck_assert_uint_eq(told, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sources[i]->state, KD_SOURCE_READY);
        expect_pixels(sources[i]->pixels, want);
        ck_assert_uint_eq(account->used_bytes, (3 - (unsigned)i) * kd_pixels_bytes(100, 100));
        kd_source_unref(sources[i]);
    }
    kd_source_unref(NULL);
    end();
}
END_TEST

/* Memory that turns out shorter than it said: only with an fd that was swapped, which a fake stands for. */
START_TEST(reads_that_fail)
{
    struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                 .width_px = 10,
                                 .height_px = 100,
                                 .stride_bytes = 40,
                                 .shared = true};
    const struct kb_rect top = {0, 0, 10, 10}, all = {0, 0, 10, 100};
    const struct kd_image_notice read = notice(1, 1);
    static uint32_t want[10 * 100];
    struct shared shared;
    struct kd_image *image;
    const char *why;
    int whole, shorter = sealed_memfd(40 * 50, F_SEAL_SHRINK);

    begin();
    shared = shared_create(40 * 100);
    whole = shared.memory->fd;
    shared.memory->fd = shorter;
    image = create(&info, &shared);
    settle();
    ck_assert_int_eq(told_error, -EIO);
    ck_assert_int_eq(image->newest->state, KD_SOURCE_FAILED);
    ck_assert_ptr_null(image->newest->pixels);
    /* There is no older version: the next update, of whatever part, reads it all. */
    shared.memory->fd = whole;
    ck_assert_int_eq(kd_image_update(image, &top, 1, lane, &read, &why), 0);
    settle();
    ck_assert_int_eq(told_error, 0);
    copy_stored(&shared, &info, want);
    expect_pixels(image->newest->pixels, want);
    /* From now on a failure keeps the older version, all of it. */
    memset(shared.bytes, 0x55, shared.size);
    shared.memory->fd = shorter;
    ck_assert_int_eq(kd_image_update(image, &all, 1, lane, &read, &why), 0);
    settle();
    ck_assert_int_eq(told_error, -EIO);
    ck_assert_int_eq(image->newest->state, KD_SOURCE_READY);
    expect_pixels(image->newest->pixels, want);
    shared.memory->fd = whole;
    close(shorter);
    kd_image_destroy(image);
    shared_finish(&shared);
    end();
}
END_TEST

START_TEST(bad_descriptions)
{
    const struct kd_image_info good = {.format = KB_FORMAT_ARGB8888,
                                       .width_px = 10,
                                       .height_px = 10,
                                       .stride_bytes = 48,
                                       .offset_bytes = 8};
    static const uint32_t palette[1];
    const struct kd_image_notice read = notice(1, 1);
    struct kd_image_info bad[12];
    static const int want[12] = {-EINVAL, -EINVAL, -EINVAL, -EBADF,  -EBADF,  -EBADF,
                                 -EBADF,  -EINVAL, -EINVAL, -EINVAL, -EINVAL, -EBADF};
    struct kd_image *image;
    struct shared shared;
    const char *why;

    begin();
    shared = shared_create(8 + 9 * 48 + 40);
    for (int i = 0; i < 12; i++)
        bad[i] = good;
    bad[0].stride_bytes = 36;
    bad[1].stride_bytes = 41;
    bad[2].stride_bytes = 0;
    bad[3].offset_bytes = 9;
    bad[4].stride_bytes = 52;
    bad[5].offset_bytes = UINT64_MAX;
    bad[6].stride_bytes = UINT32_MAX - 3;
    bad[7].format = KB_FORMAT_P8;
    bad[8].palette = palette;
    bad[8].palette_count = 1;
    bad[9].color_key = 1;
    bad[10].stride_bytes = 39;
    bad[11].offset_bytes = UINT64_MAX - (9 * 48 + 40) + 1;
    for (int i = 0; i < 12; i++) {
        why = NULL;
        ck_assert_int_eq(
            kd_image_create(&bad[i], shared.memory, account, lane, &read, &why, &image), want[i]);
        ck_assert_ptr_nonnull(why);
    }
    ck_assert_uint_eq(account->used_bytes, shared.size);
    image = create(&good, &shared);
    settle();
    ck_assert_ptr_null(image->memory); /* read once, and no longer held */
    ck_assert_int_eq(kd_image_update(image, NULL, 0, lane, &read, &why), -EINVAL);
    kd_image_destroy(image);
    ck_assert_uint_eq(told, 1);
    shared_finish(&shared);
    end();
}
END_TEST

START_TEST(quotas)
{
    struct kd_image_info info = {.format = KB_FORMAT_ARGB8888,
                                 .width_px = 100,
                                 .height_px = 100,
                                 .stride_bytes = 400,
                                 .shared = true};
    const struct kb_rect all = {0, 0, 100, 100};
    const struct kd_image_notice read = notice(1, 1);
    uint64_t picture = kd_pixels_bytes(100, 100);
    struct shared shared;
    struct kd_image *image;
    struct kd_memory *memory;
    struct kd_source *held;
    const char *why;

    begin();
    account->limit_bytes = 40000 + 2 * picture - 1;
    shared = shared_create(40000);
    ck_assert_uint_eq(account->used_bytes, 40000);
    image = create(&info, &shared);
    settle();
    held = kd_source_ref(image->newest);
    ck_assert_int_eq(kd_image_update(image, &all, 1, lane, &read, &why), -EDQUOT);
    ck_assert_ptr_eq(image->newest, held); /* as before */
    ck_assert_int_eq(kd_image_create(&info, shared.memory, account, lane, &read, &why, &image),
                     -EDQUOT);
    ck_assert_int_eq(
        kd_memory_create(sealed_memfd(UINT64_C(1) << 40, F_SEAL_SHRINK), account, &why, &memory),
        -EDQUOT);
    ck_assert_uint_eq(account->used_bytes, 40000 + picture);
    account->limit_bytes++;
    ck_assert_int_eq(kd_image_update(image, &all, 1, lane, &read, &why), 0);
    ck_assert_uint_eq(account->used_bytes, account->limit_bytes);
    ck_assert(kd_account_charge(account, 0));
    ck_assert(!kd_account_charge(account, 1));
    ck_assert(!kd_account_charge(account, UINT64_MAX));
    settle();
    kd_source_unref(held);
    ck_assert_uint_eq(account->used_bytes, 40000 + picture);
    kd_image_destroy(image);
    shared_finish(&shared);
    end();
}
END_TEST

Suite *image_suite(void)
{
    Suite *suite = suite_create("image");
    TCase *images = tcase_create("images");

    tcase_set_timeout(images, 0);
    tcase_add_test(images, strides_and_offsets);
    tcase_add_test(images, all_formats);
    tcase_add_test(images, updates_read_their_rectangles);
    tcase_add_test(images, keys_name_the_content);
    tcase_add_test(images, versions_outlive_the_image);
    tcase_add_test(images, reads_that_fail);
    tcase_add_test(images, bad_descriptions);
    tcase_add_test(images, quotas);
    suite_add_tcase(suite, images);
    return suite;
}

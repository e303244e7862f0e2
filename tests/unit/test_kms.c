/*
 * The KMS backend on scripted cards and virtual time: what it commits, when it believes that a flip happened, and that every call may fail.
 */
#include "kms_rig.h"

#include "base/log.h"

#include "gen/kmsblit_types.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drmMode.h>

/* ---- Flips ---------------------------------------------------------------------------------- */

START_TEST(a_flip_is_believed_when_it_comes)
{
    struct kd_flip flip, last = {.sequence = 0};
    struct kd_output *output;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    output = rig.outputs[0];
    ck_assert_str_eq(output->name, "HDMI-A-1");
    ck_assert_uint_eq(output->refresh_ns, PERIOD_NS);
    for (uint32_t n = 1; n < 20; n++) {
        ck_assert_int_eq(kms_show(output, 0xff000000 | n, NULL), 0);
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 0);
        ck_assert_int_eq(kms_show(output, 0, NULL), -EBUSY);
        ck_assert_int_eq(kms_refresh(&rig, output, &flip), 1);
        ck_assert_uint_eq(flip.commit, output->commits);
        ck_assert_int_eq(flip.time_ns, kms_now_ns / 1000 * 1000); /* the kernel counts in us */
        ck_assert_uint_eq(flip.flags, KB_PRESENTED_FLAG_VSYNC | KB_PRESENTED_FLAG_HARDWARE_CLOCK);
        if (n > 1)
            ck_assert_uint_eq(flip.sequence, last.sequence + 1);
        last = flip;
        ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000000 | n);
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 0);
    }
    ck_assert_uint_eq(fake_drm_counts(rig.card).written_while_shown, 0);
    ck_assert_uint_eq(fake_drm_counts(rig.card).modesets, 1);
    kms_stop(&rig);
}
END_TEST

/* The sequence of a kernel has 32 bits and may begin anywhere, and wrap. */
START_TEST(sequences_do_not_wrap)
{
    struct kd_flip flip;
    uint64_t last = 0;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    fake_drm("sequence 0 4294967290");
    for (int n = 0; n < 12; n++) {
        ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], &flip), 1);
        if (n > 0)
            ck_assert_uint_eq(flip.sequence, last + 1);
        last = flip.sequence;
    }
    kms_stop(&rig);
}
END_TEST

START_TEST(a_flip_that_never_comes)
{
    static const char *const kinds[] = {"lost", "never"};
    struct kd_flip flip;

    for (int kind = 0; kind < 2; kind++) {
        struct kd_output *output;
        struct kms_rig rig;
        int64_t wake_ns;

        fake_drm("preset bare card0 no-connectors");
        fake_drm("connector HDMI-A-1 64x48@60*");
        kms_start(&rig);
        output = rig.outputs[0];
        ck_assert_int_eq(kms_show(output, 1, NULL), 0);
        ck_assert_int_eq(kms_refresh(&rig, output, NULL), 1);
        fake_drm("flip %s", kinds[kind]);
        ck_assert_int_eq(kms_show(output, 2, NULL), 0);
        ck_assert_int_eq(kms_refresh(&rig, output, NULL), 0);
        wake_ns = output->impl->wake_ns(output);
        ck_assert(wake_ns > kms_now_ns && wake_ns <= kms_now_ns + 2 * KD_NS_PER_S);
        ck_assert_int_eq(output->impl->dispatch(output, wake_ns - 1, &flip), 0);
        kms_now_ns = wake_ns;
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), -ETIMEDOUT);
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 0);
        ck_assert_int_eq(kms_show(output, 3, NULL), kind ? -EBUSY : 0);
        fake_drm("release"); /* the late event of the one that was given up */
        kd_kms_dispatch(rig.kms);
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 0);
        if (kind)
            ck_assert_int_eq(kms_show(output, 3, NULL), 0);
        ck_assert(fake_drm_commit(rig.card, -1)->flags & DRM_MODE_ATOMIC_ALLOW_MODESET);
        ck_assert_int_eq(kms_refresh(&rig, output, &flip), 1);
        ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000003);
        kms_stop(&rig);
    }
}
END_TEST

START_TEST(a_flip_that_comes_twice)
{
    struct kd_flip flip;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    for (uint32_t n = 1; n < 6; n++) {
        fake_drm("flip twice");
        ck_assert_int_eq(kms_show(rig.outputs[0], n, NULL), 0);
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], &flip), 1);
        ck_assert_int_eq(rig.outputs[0]->impl->dispatch(rig.outputs[0], kms_now_ns, &flip), 0);
        ck_assert_uint_eq(flip.commit, rig.outputs[0]->commits);
    }
    kms_stop(&rig);
}
END_TEST

/* A display is plugged out with a flip under way, and its successor's first commit has the same number. */
START_TEST(a_flip_that_comes_after_the_display_was_plugged_out)
{
    struct kd_flip flip;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    fake_drm("flip held");
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
    fake_drm("unplug HDMI-A-1");
    ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), 0);
    ck_assert_uint_eq(rig.count, 0);
    ck_assert_uint_eq(kms_first_pixel(&rig), 0);
    ck_assert_uint_eq(fake_drm_counts(rig.card).framebuffers, 0);
    fake_drm("plug HDMI-A-1 32x32@60*");
    ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), 1);
    ck_assert_int_eq(kms_show(rig.outputs[0], 2, NULL), 0);
    fake_drm("release");
    kd_kms_dispatch(rig.kms);
    ck_assert_int_eq(rig.outputs[0]->impl->dispatch(rig.outputs[0], kms_now_ns, &flip), 0);
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], &flip), 1);
    ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000002);
    ck_assert_uint_eq(fake_drm_counts(rig.card).removed_while_shown, 0);
    kms_stop(&rig);
}
END_TEST

/* ---- Pausing, going dark -------------------------------------------------------------------- */

START_TEST(paused_and_resumed)
{
    struct kd_flip flip;
    struct kms_rig rig;

    fake_drm("preset pi4 card0");
    kms_start(&rig);
    for (uint32_t n = 1; n < 6; n++) {
        ck_assert_int_eq(kms_show(rig.outputs[0], n, NULL), 0);
        if (n & 1)
            ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
        kd_kms_pause(rig.kms);
        ck_assert_int_eq(kms_show(rig.outputs[0], 9, NULL), -EACCES);
        fake_drm("master Xorg");
        ck_assert_int_eq(kd_kms_resume(rig.kms), -EACCES);
        fake_drm("master none");
        fake_drm_vblank(rig.card, 0, kms_now_ns += PERIOD_NS); /* what was under way comes now */
        ck_assert_int_eq(kd_kms_resume(rig.kms), 0);
        ck_assert_int_eq(kms_show(rig.outputs[0], n + 100, NULL), 0);
        ck_assert(fake_drm_commit(rig.card, -1)->flags & DRM_MODE_ATOMIC_ALLOW_MODESET);
        kd_kms_dispatch(rig.kms);
        ck_assert_int_eq(rig.outputs[0]->impl->dispatch(rig.outputs[0], kms_now_ns, &flip), 0);
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], &flip), 1);
        ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000064 + n);
    }
    kms_stop(&rig);
}
END_TEST

START_TEST(dark_and_lit_again)
{
    struct kd_commit dark = {.fence_fd = -1};
    struct kms_rig rig;

    fake_drm("preset pi4 card0");
    kms_start(&rig);
    for (uint32_t n = 1; n < 4; n++) {
        ck_assert_int_eq(kms_show(rig.outputs[0], n, NULL), 0);
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
        ck_assert_int_eq(rig.outputs[0]->impl->commit(rig.outputs[0], &dark, kms_now_ns), 0);
        ck_assert_uint_eq(kms_first_pixel(&rig), 0);
        ck_assert_uint_eq(fake_drm_commit(rig.card, -1)->planes_count, 0);
        ck_assert_uint_eq(fake_drm_commit(rig.card, -1)->connectors[0].crtc, 0);
    }
    ck_assert_uint_eq(fake_drm_counts(rig.card).removed_while_shown, 0);
    kms_stop(&rig);
}
END_TEST

/* ---- Commits -------------------------------------------------------------------------------- */

START_TEST(a_fence_is_waited_for)
{
    struct kd_commit commit = {.fence_fd = fake_drm_fence()};
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    ck_assert_int_eq(kms_show(rig.outputs[0], 2, &commit), 0);
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 0);
    ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000001);
    fake_drm_fence_signal(commit.fence_fd);
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000002);
    close(commit.fence_fd);
    kms_stop(&rig);
}
END_TEST

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) == 1;
}

START_TEST(a_fence_comes_out)
{
    int fence = -2;
    struct kd_commit commit = {.fence_fd = -1, .out_fence_fd = &fence};
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, &commit), 0);
    ck_assert_int_ge(fence, 0);
    ck_assert(!is_readable(fence));
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    ck_assert(is_readable(fence));
    close(fence);
    kms_stop(&rig);
}
END_TEST

START_TEST(clips_are_sent_as_they_are)
{
    struct kd_box boxes[80];
    struct kd_commit commit = {.fence_fd = -1, .clips = boxes};
    struct kms_rig rig;

    fake_drm("card card0");
    fake_drm("crtcs 1");
    fake_drm("plane primary damage");
    fake_drm("connector HDMI-A-1 320x240@60*");
    kms_start(&rig);
    for (int n = 0; n < 80; n++)
        boxes[n] = (struct kd_box){n, 2 * n, n + 10, 2 * n + 3};
    for (size_t count = 0; count <= 80; count += count < 5 ? 1 : 15) {
        const struct fake_commit_plane *plane;

        commit.clips_count = count;
        ck_assert_int_eq(kms_show(rig.outputs[0], (uint32_t)count, &commit), 0);
        plane = &fake_drm_commit(rig.card, -1)->planes[0];
        if (fake_drm_counts(rig.card).commits == 1) { /* the modeset: all of it */
            ck_assert(!plane->has_clips);
        } else if (count > 64) { /* one around them all */
            ck_assert_uint_eq(plane->clips_count, 1);
            ck_assert_int_eq(plane->clips[0].x2, (int)count + 9);
        } else {
            ck_assert_uint_eq(plane->clips_count, count);
            for (size_t n = 0; n < count; n++)
                ck_assert_mem_eq(&plane->clips[n], &boxes[n], sizeof(boxes[n]));
        }
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    }
    ck_assert_uint_eq(fake_drm_counts(rig.card).blobs, 1); /* the mode's */
    kms_stop(&rig);
}
END_TEST

START_TEST(a_test_changes_nothing)
{
    struct kd_commit commit = {.fence_fd = -1, .test_only = true};
    struct kms_rig rig;

    fake_drm("preset pi4 card0");
    kms_start(&rig);
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
    ck_assert_int_eq(kms_show(rig.outputs[0], 2, &commit), 0); /* also while a flip is under way */
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    ck_assert_uint_eq(fake_drm_counts(rig.card).commits, 1);
    ck_assert_uint_eq(rig.outputs[0]->commits, 1);
    kms_stop(&rig);
}
END_TEST

/* ---- Every call may fail -------------------------------------------------------------------- */

static const char *const calls[] = {"drmSetClientCap",
                                    "drmGetCap",
                                    "drmGetVersion",
                                    "drmModeGetResources",
                                    "drmModeGetPlaneResources",
                                    "drmModeGetPlane",
                                    "drmModeObjectGetProperties",
                                    "drmModeGetProperty",
                                    "drmModeGetPropertyBlob",
                                    "drmModeGetConnector",
                                    "drmModeGetEncoder",
                                    "drmModeCreatePropertyBlob",
                                    "drmModeAtomicAlloc",
                                    "drmModeAtomicCommit",
                                    "drmModeCreateDumbBuffer",
                                    "drmModeMapDumbBuffer",
                                    "drmModeAddFB2",
                                    "mmap",
                                    "drmCrtcGetSequence",
                                    "drmHandleEvent",
                                    "drmSetMaster"};
#define CALLS ((int)(sizeof(calls) / sizeof(calls[0])))

/* Opened, shown, plugged out and in, closed, with one call that fails at its k-th time. Returns false when it has no such time. */
static bool life_with_failure(const char *call, int nth, const char *error)
{
    struct kms_rig rig;
    int result;

    fake_drm("preset pi4 card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60* 32x32@60");
    kms_open(&rig);
    fake_drm("fail %s %d 1 %s", call, nth, error);
    result = kms_start_with(&rig, &kms_usual);
    for (uint32_t n = 0; result >= 0 && n < 6; n++) {
        if (rig.count && kms_show(rig.outputs[0], n, NULL) == 0)
            kms_refresh(&rig, rig.outputs[0], NULL);
        if (n == 3) {
            fake_drm("unplug HDMI-A-1");
            kd_kms_scan(rig.kms, kms_now_ns);
            fake_drm("plug HDMI-A-1 64x48@60*");
            kd_kms_scan(rig.kms, kms_now_ns);
        }
        kms_now_ns += 11 * KD_NS_PER_S;
        if (rig.count) {
            struct kd_flip flip;

            rig.outputs[0]->impl->dispatch(rig.outputs[0], kms_now_ns, &flip);
        }
    }
    fake_drm("no-rules");
    if (result >= 0) { /* afterwards all is well */
        ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), 1);
        if (kms_show(rig.outputs[0], 77, NULL) == -EBUSY) {
            kms_refresh(&rig, rig.outputs[0], NULL);
            ck_assert_int_eq(kms_show(rig.outputs[0], 77, NULL), 0);
        }
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
        ck_assert_uint_eq(kms_first_pixel(&rig), 0xff00004d);
    }
    kms_stop(&rig);
    return nth < 24;
}

START_TEST(every_call_may_fail)
{
    static const char *const errors[] = {"ENOMEM", "EINVAL", "EBUSY", "EACCES", "EIO"};

    for (int n = 1; life_with_failure(calls[_i], n, errors[n % 5]); n++)
        ;
}
END_TEST

/* ---- A random life -------------------------------------------------------------------------- */

static uint32_t random_state;

static uint32_t pick(uint32_t count)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % count;
}

static void random_step(struct kms_rig *rig)
{
    static const char *const lines[] = {"flip lost",
                                        "flip never",
                                        "flip twice",
                                        "flip held",
                                        "release",
                                        "fail commit 1 1 EBUSY",
                                        "fail commit 1 1 ENOSPC",
                                        "no-rules",
                                        "fail test 1 1 EINVAL",
                                        "fail drmModeCreateDumbBuffer 2 1 ENOMEM"};
    struct kd_output *output = rig->count ? rig->outputs[pick(rig->count)] : NULL;

    switch (pick(12)) {
    case 0: fake_drm("%s", lines[pick(10)]); break;
    case 1: fake_drm("unplug HDMI-A-%u", 1 + pick(2)); break;
    case 2: fake_drm("plug HDMI-A-%u %ux48@60*", 1 + pick(2), 32 + pick(4)); break;
    case 3: kd_kms_scan(rig->kms, kms_now_ns); break;
    case 4:
        kd_kms_pause(rig->kms);
        if (pick(2))
            kms_now_ns += KD_NS_PER_S;
        ck_assert_int_eq(kd_kms_resume(rig->kms), 0);
        break;
    case 5: kms_now_ns += KD_NS_PER_S * pick(12); break;
    default:
        kms_now_ns += PERIOD_NS;
        fake_drm_vblank(rig->card, pick(2), kms_now_ns);
        kd_kms_dispatch(rig->kms);
    }
    for (unsigned n = 0; n < rig->count; n++) {
        struct kd_flip flip;

        while (rig->outputs[n]->impl->dispatch(rig->outputs[n], kms_now_ns, &flip) > 0)
            ck_assert_uint_eq(flip.commit, rig->outputs[n]->commits);
    }
    if (output && pick(2) && rig->count && output == rig->outputs[0])
        kms_show(output, random_state, NULL);
}

START_TEST(a_random_life)
{
    struct kms_rig rig;

    random_state = (uint32_t)_i + 1;
    fake_drm("preset pi4 card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    fake_drm("connector HDMI-A-2 32x32@75* off");
    kms_start(&rig);
    for (int n = 0; n < 600; n++)
        random_step(&rig);
    fake_drm("no-rules");
    fake_drm("release");
    kd_kms_scan(rig.kms, kms_now_ns);
    fake_drm("unplug HDMI-A-1");
    fake_drm("unplug HDMI-A-2");
    ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), 0);
    ck_assert_uint_eq(fake_drm_counts(rig.card).framebuffers, 0);
    kms_stop(&rig);
}
END_TEST

Suite *kms_suite(void);
Suite *kms_suite(void)
{
    Suite *suite = suite_create("kms");
    TCase *tests = tcase_create("kms");

    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, a_flip_is_believed_when_it_comes);
    tcase_add_test(tests, sequences_do_not_wrap);
    tcase_add_test(tests, a_flip_that_never_comes);
    tcase_add_test(tests, a_flip_that_comes_twice);
    tcase_add_test(tests, a_flip_that_comes_after_the_display_was_plugged_out);
    tcase_add_test(tests, paused_and_resumed);
    tcase_add_test(tests, dark_and_lit_again);
    tcase_add_test(tests, a_fence_is_waited_for);
    tcase_add_test(tests, a_fence_comes_out);
    tcase_add_test(tests, clips_are_sent_as_they_are);
    tcase_add_test(tests, a_test_changes_nothing);
    tcase_add_loop_test(tests, every_call_may_fail, 0, CALLS);
    tcase_add_loop_test(tests, a_random_life, 0, 20);
    suite_add_tcase(suite, tests);
    return suite;
}

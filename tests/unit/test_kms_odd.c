/*
 * The KMS backend on drivers and cards with habits of their own: times of flips, DIRTYFB, leftovers.
 */
#include "kms_rig.h"

#include "gen/kmsblit_types.h"

#include <check.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <xf86drmMode.h>

/* Kernels say when the first line of a picture is sent, which is after the event. The next refresh is another one all the same. */
START_TEST(a_flip_is_said_a_little_early)
{
    struct kd_output *output;
    struct kd_flip flip;
    uint64_t sequence;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    output = rig.outputs[0];
    ck_assert_int_eq(kms_show(output, 1, NULL), 0);
    kms_now_ns += PERIOD_NS;
    fake_drm_vblank(rig.card, 0, kms_now_ns + KD_NS_PER_MS / 2);
    ck_assert_int_eq(kd_kms_dispatch(rig.kms), 0);
    ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 1);
    ck_assert_int_gt(flip.time_ns, kms_now_ns);
    ck_assert_int_eq(output->impl->next_refresh_ns(output, kms_now_ns, &sequence),
                     flip.time_ns + PERIOD_NS);
    ck_assert_uint_eq(sequence, flip.sequence + 1);
    kms_stop(&rig);
}
END_TEST

/* A time that is nonsense does not keep the next frame waiting for long. */
START_TEST(a_flip_is_said_an_hour_early)
{
    struct kd_flip flip;
    uint64_t sequence;
    int64_t next_ns;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
    fake_drm_vblank(rig.card, 0, kms_now_ns + 3600 * KD_NS_PER_S);
    ck_assert_int_eq(kd_kms_dispatch(rig.kms), 0);
    ck_assert_int_eq(rig.outputs[0]->impl->dispatch(rig.outputs[0], kms_now_ns, &flip), 1);
    next_ns = rig.outputs[0]->impl->next_refresh_ns(rig.outputs[0], kms_now_ns, &sequence);
    ck_assert_int_gt(next_ns, kms_now_ns);
    ck_assert_int_le(next_ns, kms_now_ns + PERIOD_NS);
    kms_stop(&rig);
}
END_TEST

/* Changes that are sent by DIRTYFB have no event of the kernel's: they are shown at the next refresh, one after another. */
START_TEST(dirtyfb_is_paced)
{
    struct kd_kms_settings settings = kms_usual;
    struct kd_flip flip, last;
    struct kd_output *output;
    struct kms_rig rig;

    settings.damage = KD_KMS_DAMAGE_DIRTYFB;
    fake_drm("preset bare card0 no-connectors panel");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_open(&rig);
    ck_assert_int_eq(kms_start_with(&rig, &settings), 1);
    output = rig.outputs[0];
    fake_drm("sequence 0 1000");
    ck_assert_int_eq(kms_show(output, 1, NULL), 0);
    ck_assert_int_eq(kms_refresh(&rig, output, &last), 1);
    for (uint32_t n = 2; n < 6; n++) {
        int64_t wake_ns;

        ck_assert_int_eq(kms_show(output, n, NULL), 0);
        ck_assert(fake_drm_commit(rig.card, -1)->is_dirtyfb);
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 0);
        wake_ns = output->impl->wake_ns(output);
        ck_assert(wake_ns > kms_now_ns && wake_ns <= kms_now_ns + PERIOD_NS);
        kms_now_ns = wake_ns;
        ck_assert_int_eq(output->impl->dispatch(output, kms_now_ns, &flip), 1);
        ck_assert_uint_eq(flip.sequence, last.sequence + 1);
        ck_assert_int_eq(flip.time_ns, last.time_ns + PERIOD_NS);
        ck_assert_uint_eq(flip.flags, 0);
        last = flip;
    }
    kms_stop(&rig);
}
END_TEST

/* A driver that has no DIRTYFB is found out once. */
START_TEST(no_dirtyfb)
{
    const struct kd_box box = {0, 0, 64, 48};
    struct kd_commit all = {.fence_fd = -1, .clips = &box, .clips_count = 1};
    struct kd_kms_settings settings = kms_usual;
    struct kd_output *output;
    struct kms_rig rig;

    settings.damage = KD_KMS_DAMAGE_DIRTYFB;
    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_open(&rig);
    ck_assert_int_eq(kms_start_with(&rig, &settings), 1);
    output = rig.outputs[0];
    for (uint32_t n = 1; n < 6; n++) {
        ck_assert_int_eq(kms_show(output, n, &all), 0);
        ck_assert_int_eq(kms_refresh(&rig, output, NULL), 1);
        ck_assert_uint_eq(kms_first_pixel(&rig), 0xff000000 | n);
    }
    ck_assert_uint_eq(fake_drm_counts(rig.card).modesets, 1);
    ck_assert_uint_eq(fake_drm_counts(rig.card).refused, 1);
    kms_stop(&rig);
}
END_TEST

/* What a daemon that crashed left on the fd that was kept. */
START_TEST(leftovers_of_another_daemon)
{
    uint32_t fb_id, handle, stride_bytes;
    uint64_t bytes;
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_open(&rig);
    for (int n = 0; n < 3; n++) {
        ck_assert_int_eq(
            drmModeCreateDumbBuffer(rig.fd, 64, 48, 32, 0, &handle, &stride_bytes, &bytes), 0);
        ck_assert_int_eq(drmModeAddFB2(rig.fd, 64, 48, DRM_FORMAT_XRGB8888, (uint32_t[4]){handle},
                                       (uint32_t[4]){stride_bytes}, (uint32_t[4]){0}, &fb_id, 0),
                         0);
    }
    ck_assert_int_eq(kms_start_with(&rig, &kms_usual), 1);
    ck_assert_uint_eq(fake_drm_counts(rig.card).framebuffers, 3 + 2);
    ck_assert_uint_eq(kd_kms_forget_stale(rig.kms), 0); /* it may show one of them */
    ck_assert_int_eq(kms_show(rig.outputs[0], 1, NULL), 0);
    ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
    ck_assert_uint_eq(kd_kms_forget_stale(rig.kms), 3);
    ck_assert_uint_eq(fake_drm_counts(rig.card).framebuffers, 2);
    ck_assert_uint_eq(fake_drm_counts(rig.card).dumb_buffers, 2);
    kms_stop(&rig);
}
END_TEST

/* The card cannot be asked for a moment: what is plugged in stays. */
START_TEST(a_scan_that_fails)
{
    struct kms_rig rig;

    fake_drm("preset bare card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    fake_drm("fail drmModeGetResources 1 1 ENOMEM");
    ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), -ENOMEM);
    ck_assert_uint_eq(rig.count, 1);
    fake_drm("fail drmModeGetResources 1 1 ENODEV");
    ck_assert_int_eq(kd_kms_scan(rig.kms, kms_now_ns), -ENODEV);
    ck_assert_uint_eq(rig.count, 0);
    kms_stop(&rig);
}
END_TEST

/* Images that were only asked about do not get into the one that is seen. */
START_TEST(a_cursor_is_asked_about)
{
    uint32_t pixels[16] = {0};
    struct kd_cursor_image image = {.pixels = pixels, .width_px = 4, .height_px = 4, .serial = 1};
    struct kd_commit commit = {.fence_fd = -1, .cursor = &image, .cursor_x = 8, .cursor_y = 8};
    struct kd_commit asked = commit;
    struct kms_rig rig;

    fake_drm("preset pi4 card0 no-connectors");
    fake_drm("connector HDMI-A-1 64x48@60*");
    kms_start(&rig);
    for (; image.serial < 9; image.serial++) {
        pixels[0] = 0xff000000 | (uint32_t)image.serial;
        ck_assert_int_eq(kms_show(rig.outputs[0], 1, &commit), 0);
        ck_assert_int_eq(kms_refresh(&rig, rig.outputs[0], NULL), 1);
        for (int n = 0; n < 3; n++) {
            image.serial++;
            pixels[0] = 0xffff0000 | (uint32_t)image.serial;
            asked.test_only = true;
            asked.buffer = rig.outputs[0]->impl->front(rig.outputs[0]);
            ck_assert_int_eq(rig.outputs[0]->impl->commit(rig.outputs[0], &asked, kms_now_ns), 0);
        }
    }
    ck_assert_uint_eq(fake_drm_counts(rig.card).written_while_shown, 0);
    kms_stop(&rig);
}
END_TEST

Suite *kms_odd_suite(void);
Suite *kms_odd_suite(void)
{
    Suite *suite = suite_create("kms_odd");
    TCase *tests = tcase_create("kms_odd");

    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, a_flip_is_said_a_little_early);
    tcase_add_test(tests, a_flip_is_said_an_hour_early);
    tcase_add_test(tests, dirtyfb_is_paced);
    tcase_add_test(tests, no_dirtyfb);
    tcase_add_test(tests, leftovers_of_another_daemon);
    tcase_add_test(tests, a_scan_that_fails);
    tcase_add_test(tests, a_cursor_is_asked_about);
    suite_add_tcase(suite, tests);
    return suite;
}

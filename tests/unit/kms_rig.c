#include "kms_rig.h"

#include "base/log.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int64_t kms_now_ns;
static struct kms_rig *the_rig; /* of the test that runs */

static int64_t test_now(void)
{
    return kms_now_ns;
}

static void on_added(void *ctx, struct kd_output *output)
{
    struct kms_rig *rig = ctx;

    ck_assert_uint_lt(rig->count, MOST_OUTPUTS);
    rig->outputs[rig->count++] = output;
}

static void on_removed(void *ctx, struct kd_output *output)
{
    struct kms_rig *rig = ctx;

    for (unsigned n = 0; n < rig->count; n++)
        if (rig->outputs[n] == output) {
            rig->outputs[n] = rig->outputs[--rig->count];
            output->impl->destroy(output);
            return;
        }
    ck_abort_msg("an output that nobody knows was removed");
}

const struct kd_kms_settings kms_usual = {
    .buffers = 2, .window_planes = true, .cursor_planes = true, .rotation_planes = true};

void kms_open(struct kms_rig *rig)
{
    kms_now_ns = 5 * KD_NS_PER_S;
    fake_drm_clock(test_now);
    fake_drm("flips manual");
    *rig = (struct kms_rig){.card = fake_drm_card("card0")};
    the_rig = rig;
    rig->fd = open(fake_drm_path(rig->card), O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ck_assert_int_ge(rig->fd, 0);
    kd_log_set_fd(-1); /* what fails here is logged, which is not to be read */
}

int kms_start_with(struct kms_rig *rig, const struct kd_kms_settings *settings)
{
    const struct kd_kms_listener listener = {
        .ctx = rig, .added = on_added, .removed = on_removed, .lost = NULL};
    int error = kd_kms_create(rig->fd, fake_drm_path(rig->card), settings, &listener, &rig->kms);

    return error ? error : kd_kms_scan(rig->kms, kms_now_ns);
}

void kms_start(struct kms_rig *rig)
{
    kms_open(rig);
    ck_assert_int_eq(kms_start_with(rig, &kms_usual), (int)rig->count);
}

void kms_stop(struct kms_rig *rig)
{
    struct fake_counts counts;

    while (rig->count)
        rig->outputs[rig->count - 1]->impl->destroy(rig->outputs[rig->count - 1]), rig->count--;
    if (rig->kms)
        kd_kms_destroy(rig->kms);
    counts = fake_drm_counts(rig->card);
    ck_assert_uint_eq(counts.framebuffers, 0);
    ck_assert_uint_eq(counts.dumb_buffers, 0);
    ck_assert_uint_eq(counts.blobs, 0);
    ck_assert_uint_eq(counts.maps, 0);
    close(rig->fd);
    kd_log_set_fd(2);
    fake_drm_reset();
}

int kms_show(struct kd_output *output, uint32_t color, struct kd_commit *with)
{
    struct kd_commit commit = with ? *with : (struct kd_commit){.fence_fd = -1};
    struct kd_buffer *buffer = output->impl->acquire(output, NULL);

    if (!buffer)
        return -EBUSY;
    if (buffer == output->impl->front(output)) /* memory for a single one */
        ck_assert_uint_lt(fake_drm_counts(the_rig->card).framebuffers, 2 * the_rig->count);
    for (int32_t y = 0; y < buffer->grid.height_px; y++)
        for (int32_t x = 0; x < buffer->grid.width_px; x++)
            ((uint32_t *)buffer->pixels)[y * (int32_t)buffer->stride_px + x] = color;
    commit.buffer = buffer;
    return output->impl->commit(output, &commit, kms_now_ns);
}

int kms_refresh(struct kms_rig *rig, struct kd_output *output, struct kd_flip *flip)
{
    struct kd_flip unused;

    kms_now_ns += PERIOD_NS;
    fake_drm_vblank(rig->card, 0, kms_now_ns);
    kd_kms_dispatch(rig->kms);
    return output->impl->dispatch(output, kms_now_ns, flip ? flip : &unused);
}

uint32_t kms_first_pixel(const struct kms_rig *rig)
{
    int32_t width, height;
    uint32_t *screen = fake_drm_screen(rig->card, 0, &width, &height), pixel = 0;

    if (screen)
        pixel = screen[0];
    free(screen);
    return pixel;
}

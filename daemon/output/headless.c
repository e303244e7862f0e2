/*
 * The headless output: a virtual display with buffers in memory. Its refreshes lie on a grid of time; on the virtual clock that
 * time is stepped by tests, else the server's timer wakes it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "gen/kmsblit_types.h"
#include "output/output.h"

#define MAX_BUFFERS 3

struct headless {
    struct kd_output base;
    struct kd_buffer *buffers[MAX_BUFFERS]; /* owned */
    unsigned buffers_count;
    struct kd_buffer *shown;   /* one of them; NULL before the first flip */
    struct kd_buffer *pending; /* one of them; committed, not shown yet; NULL: none */
    int64_t flip_at_ns;        /* when pending is shown */
    uint64_t flip_sequence;
    int64_t origin_ns;
    unsigned next_buffer; /* where the search for a free one begins: the one used longest ago */
};

static struct headless *headless_of(struct kd_output *output)
{
    return (struct headless *)output;
}

/* A virtual display has no planes for windows. */
static struct kd_buffer *headless_acquire(struct kd_output *output,
                                          const struct kd_plane_window *window)
{
    struct headless *headless = headless_of(output);

    if (window)
        return NULL;
    if (headless->buffers_count == 1)
        return headless->pending ? NULL : headless->buffers[0];
    for (unsigned i = 0; i < headless->buffers_count; i++) {
        struct kd_buffer *buffer =
            headless->buffers[(headless->next_buffer + i) % headless->buffers_count];

        if (buffer != headless->shown && buffer != headless->pending)
            return buffer;
    }
    return NULL;
}

static int64_t headless_next_refresh_ns(struct kd_output *output, int64_t now_ns,
                                        uint64_t *sequence)
{
    struct headless *headless = headless_of(output);
    int64_t passed;

    if (output->refresh_ns == 0) {
        *sequence = output->commits + 1;
        return now_ns;
    }
    passed = kd_floor_div(now_ns - headless->origin_ns, (int64_t)output->refresh_ns);
    *sequence = (uint64_t)(passed + 1);
    return headless->origin_ns + (passed + 1) * (int64_t)output->refresh_ns;
}

static int headless_commit(struct kd_output *output, const struct kd_commit *commit, int64_t now_ns)
{
    struct headless *headless = headless_of(output);

    if (commit->window.buffer || commit->cursor)
        return -EINVAL;
    if (commit->test_only)
        return 0;
    if (!commit->buffer) {
        headless->shown = headless->pending = NULL;
        return 0;
    }
    if (headless->pending)
        return -EBUSY;
    headless->flip_at_ns = headless_next_refresh_ns(output, now_ns, &headless->flip_sequence);
    headless->pending = commit->buffer;
    output->commits++;
    for (unsigned i = 0; i < headless->buffers_count; i++)
        if (headless->buffers[i] == commit->buffer)
            headless->next_buffer = i + 1;
    return 0;
}

static struct kd_buffer *headless_front(struct kd_output *output)
{
    return headless_of(output)->shown;
}

static int64_t headless_wake_ns(struct kd_output *output)
{
    struct headless *headless = headless_of(output);

    return headless->pending ? headless->flip_at_ns : 0;
}

static int headless_dispatch(struct kd_output *output, int64_t now_ns, struct kd_flip *flip)
{
    struct headless *headless = headless_of(output);

    if (!headless->pending || now_ns < headless->flip_at_ns)
        return 0;
    *flip = (struct kd_flip){.commit = output->commits,
                             .time_ns = headless->flip_at_ns,
                             .sequence = headless->flip_sequence,
                             .flags = output->refresh_ns ? KB_PRESENTED_FLAG_VSYNC : 0};
    headless->shown = headless->pending;
    headless->pending = NULL;
    return 1;
}

static int headless_renew(struct kd_output *output)
{
    struct headless *headless = headless_of(output);

    for (unsigned i = 0; i < headless->buffers_count; i++)
        kd_buffer_forget(headless->buffers[i]);
    return 0;
}

static void headless_destroy(struct kd_output *output)
{
    struct headless *headless = headless_of(output);

    for (unsigned i = 0; i < headless->buffers_count; i++)
        kd_buffer_destroy(headless->buffers[i]);
    free(headless);
}

static const struct kd_output_impl headless_impl = {
    .name = "headless",
    .acquire = headless_acquire,
    .commit = headless_commit,
    .front = headless_front,
    .next_refresh_ns = headless_next_refresh_ns,
    .wake_ns = headless_wake_ns,
    .dispatch = headless_dispatch,
    .renew = headless_renew,
    .destroy = headless_destroy,
};

int kd_headless_create(const struct kd_headless_info *info, struct kd_output **out)
{
    struct headless *headless = calloc(1, sizeof(*headless));
    struct kd_point size;

    if (!headless)
        return -ENOMEM;
    headless->base.impl = &headless_impl;
    headless->base.flags = KB_OUTPUT_FLAG_HEADLESS;
    headless->base.refresh_ns = info->refresh_ns;
    headless->base.view = kd_view_of(info->width_px, info->height_px, info->rotation,
                                     info->reflect_x, info->reflect_y, info->overscan_px);
    headless->base.rotation = info->rotation;
    size = kd_view_size(&headless->base.view);
    headless->base.place.box =
        (struct kd_box){info->x, info->y, info->x + size.x, info->y + size.y};
    snprintf(headless->base.name, sizeof(headless->base.name), "%s", info->name);
    snprintf(headless->base.description, sizeof(headless->base.description), "virtual display");
    headless->origin_ns = info->origin_ns;
    while (headless->buffers_count < info->buffers && headless->buffers_count < MAX_BUFFERS) {
        if (kd_buffer_create(info->width_px, info->height_px, info->format,
                             &headless->buffers[headless->buffers_count]) < 0) {
            headless_destroy(&headless->base);
            return -ENOMEM;
        }
        headless->buffers_count++;
    }
    *out = &headless->base;
    return 0;
}

/*
 * Atomic requests: what one output should show, as properties of the card's objects.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>

#include "base/fence.h"
#include "output/kms_impl.h"

/* More rectangles than that become one around them all: the kernel walks the list for each commit. */
#define MAX_CLIPS 64

struct request {
    struct kd_kms *kms;
    drmModeAtomicReq *list;
    int error;
    uint32_t clips_blob; /* owned; 0: none */
};

/* A property that an object lacks is left out: those that must be there are checked when the card is opened. */
static void put(struct request *request, const struct kms_object *object, enum kms_prop prop,
                uint64_t value)
{
    if (object->props[prop] == 0 || request->error)
        return;
    if (drmModeAtomicAddProperty(request->list, object->id, object->props[prop], value) < 0)
        request->error = -ENOMEM;
}

static void put_plane_off(struct request *request, const struct kms_object *plane)
{
    put(request, plane, KMS_FB_ID, 0);
    put(request, plane, KMS_CRTC_ID, 0);
}

static void put_plane(struct request *request, const struct kms_object *plane,
                      const struct kms_output *output, uint32_t fb_id, struct kd_box from,
                      struct kd_box to)
{
    put(request, plane, KMS_FB_ID, fb_id);
    put(request, plane, KMS_CRTC_ID, output->crtc->object.id);
    put(request, plane, KMS_SRC_X, (uint64_t)from.x1 << 16);
    put(request, plane, KMS_SRC_Y, (uint64_t)from.y1 << 16);
    put(request, plane, KMS_SRC_W, (uint64_t)kd_box_width(from) << 16);
    put(request, plane, KMS_SRC_H, (uint64_t)kd_box_height(from) << 16);
    put(request, plane, KMS_CRTC_X, (uint64_t)(int64_t)to.x1);
    put(request, plane, KMS_CRTC_Y, (uint64_t)(int64_t)to.y1);
    put(request, plane, KMS_CRTC_W, (uint64_t)kd_box_width(to));
    put(request, plane, KMS_CRTC_H, (uint64_t)kd_box_height(to));
}

/* ---- Damage ------------------------------------------------------------------------------------ */

static uint32_t pack_clips(const struct kd_commit *commit, struct drm_mode_rect *rects)
{
    struct kd_box all = {INT32_MAX, INT32_MAX, 0, 0};

    if (commit->clips_count <= MAX_CLIPS) {
        for (size_t i = 0; i < commit->clips_count; i++)
            rects[i] = (struct drm_mode_rect){commit->clips[i].x1, commit->clips[i].y1,
                                              commit->clips[i].x2, commit->clips[i].y2};
        return (uint32_t)commit->clips_count;
    }
    for (size_t i = 0; i < commit->clips_count; i++) {
        all.x1 = kd_min(all.x1, commit->clips[i].x1);
        all.y1 = kd_min(all.y1, commit->clips[i].y1);
        all.x2 = kd_max(all.x2, commit->clips[i].x2);
        all.y2 = kd_max(all.y2, commit->clips[i].y2);
    }
    rects[0] = (struct drm_mode_rect){all.x1, all.y1, all.x2, all.y2};
    return 1;
}

/* Without clips the kernel takes the whole buffer as changed; so it does after a modeset. */
static void put_clips(struct request *request, const struct kms_output *output,
                      const struct kd_commit *commit)
{
    struct drm_mode_rect rects[MAX_CLIPS];
    uint32_t count;

    if (!output->uses_clips)
        return;
    if (output->needs_modeset || commit->clips_count == 0) {
        put(request, &output->primary->object, KMS_FB_DAMAGE_CLIPS, 0);
        return;
    }
    count = pack_clips(commit, rects);
    if (drmModeCreatePropertyBlob(request->kms->fd, rects, count * sizeof(rects[0]),
                                  &request->clips_blob) == 0)
        put(request, &output->primary->object, KMS_FB_DAMAGE_CLIPS, request->clips_blob);
}

/* ---- Modes ------------------------------------------------------------------------------------- */

/* A connector that hangs on our CRTC, or on one that nobody uses, without being ours: the kernel refuses a CRTC that is off with a connector on it. */
static void put_connector_off(struct request *request, const struct kms_output *output, uint32_t id)
{
    struct kms_object connector;

    for (const struct kms_output *other = request->kms->outputs; other; other = other->next)
        if (other->connector.id == id)
            return;
    if (id == output->connector.id ||
        kd_kms_object_read(request->kms->fd, id, DRM_MODE_OBJECT_CONNECTOR, &connector) < 0)
        return;
    if (connector.values[KMS_CRTC_ID] != 0)
        put(request, &connector, KMS_CRTC_ID, 0);
}

/* What somebody else left behind: connectors, planes and CRTCs that nobody uses now. */
static void put_leftovers_off(struct request *request, const struct kms_output *output)
{
    struct kd_kms *kms = request->kms;
    drmModeRes *resources = drmModeGetResources(kms->fd);

    for (int i = 0; resources && i < resources->count_connectors; i++)
        put_connector_off(request, output, resources->connectors[i]);
    drmModeFreeResources(resources);
    for (size_t i = 0; i < kms->planes_count; i++) {
        const struct kms_plane *plane = &kms->planes[i];

        if (!plane->user)
            put_plane_off(request, &plane->object);
    }
    for (size_t i = 0; i < kms->crtcs_count; i++) {
        const struct kms_crtc *crtc = &kms->crtcs[i];

        if (crtc->user || !crtc->object.values[KMS_ACTIVE])
            continue;
        put(request, &crtc->object, KMS_ACTIVE, 0);
        put(request, &crtc->object, KMS_MODE_ID, 0);
    }
}

static void put_modeset(struct request *request, const struct kms_output *output)
{
    const struct kms_plane *primary = output->primary;

    put_leftovers_off(request, output);
    put(request, &output->connector, KMS_CRTC_ID, output->crtc->object.id);
    put(request, &output->connector, KMS_LINK_STATUS, DRM_MODE_LINK_STATUS_GOOD);
    put(request, &output->crtc->object, KMS_MODE_ID, output->mode_blob);
    put(request, &output->crtc->object, KMS_ACTIVE, 1);
    put(request, &primary->object, KMS_ROTATION, output->plane_rotation);
    if (!primary->zpos_fixed)
        put(request, &primary->object, KMS_ZPOS, primary->zpos_min);
}

/* ---- One frame --------------------------------------------------------------------------------- */

/* Where setting the mode puts it. */
static uint64_t primary_zpos(const struct kms_plane *primary)
{
    return primary->zpos_fixed ? primary->object.values[KMS_ZPOS] : primary->zpos_min;
}

static uint64_t zpos_above(const struct kms_plane *plane, uint64_t below)
{
    uint64_t zpos = below + 1 > plane->zpos_min ? below + 1 : plane->zpos_min;

    return zpos < plane->zpos_max ? zpos : plane->zpos_max;
}

/* Without such a property the drawing is waited for here. */
static void put_fence(struct request *request, const struct kms_object *plane,
                      const struct kd_commit *commit)
{
    if (commit->fence_fd < 0 || commit->test_only)
        return;
    if (plane->props[KMS_IN_FENCE_FD])
        put(request, plane, KMS_IN_FENCE_FD, (uint64_t)commit->fence_fd);
    else
        kd_fence_wait(commit->fence_fd);
}

static void put_window(struct request *request, const struct kms_output *output,
                       const struct kd_commit *commit, const struct kms_buffer *buffer)
{
    const struct kd_plane_window *window = &commit->window;
    const struct kms_plane *plane = output->overlay;

    put_fence(request, &plane->object, commit);
    put_plane(request, &plane->object, output, buffer->fb_id, window->from, window->to);
    if (!plane->zpos_fixed)
        put(request, &plane->object, KMS_ZPOS, zpos_above(plane, primary_zpos(output->primary)));
    if (plane->has_nearest)
        put(request, &plane->object, KMS_SCALING_FILTER,
            window->filter == KB_FILTER_NEAREST ? plane->nearest : 0);
}

static void put_cursor(struct request *request, const struct kms_output *output,
                       const struct kd_commit *commit, const struct kms_buffer *buffer)
{
    int32_t x = commit->cursor_x - commit->cursor->hot_x;
    int32_t y = commit->cursor_y - commit->cursor->hot_y;
    struct kd_box all = kd_box_of_size(buffer->base.grid.width_px, buffer->base.grid.height_px);

    put_plane(request, &output->cursor->object, output, buffer->fb_id, all,
              kd_box_moved(all, x, y));
}

/* Whether nothing of the screen can be seen behind the window's plane, so that it need not be shown. */
static bool is_covered(const struct kms_output *output, const struct kd_commit *commit)
{
    return commit->window.buffer && !output->keeps_primary &&
           kd_box_contains(commit->window.to, output->plane_box);
}

/* A screen that is shown already is left alone: the kernel would take it as changed all over. */
static void put_screen(struct request *request, const struct kms_output *output,
                       const struct kd_commit *commit, const struct kms_buffer *buffer)
{
    const struct kms_object *plane = &output->primary->object;

    if (is_covered(output, commit)) {
        put_plane_off(request, plane);
        return;
    }
    if (buffer == output->swap.shown && commit->clips_count == 0 && !output->needs_modeset &&
        output->primary_shown)
        return;
    put_plane(request, plane, output, buffer->fb_id,
              kd_box_of_size(buffer->base.grid.width_px, buffer->base.grid.height_px),
              output->plane_box);
    put_clips(request, output, commit);
    put_fence(request, plane, commit);
}

static int build(struct request *request, struct kms_output *output, const struct kd_commit *commit)
{
    const struct kms_buffer *buffer = kd_kms_swap_find(&output->swap, commit->buffer);
    const struct kms_buffer *window = kd_kms_swap_find(&output->window, commit->window.buffer);
    const struct kms_buffer *cursor =
        commit->cursor ? kd_kms_cursor_prepare(output, commit->cursor) : NULL;

    if (!buffer || (commit->window.buffer && !window) || (commit->cursor && !cursor))
        return -EINVAL;
    if (output->needs_modeset)
        put_modeset(request, output);
    put_screen(request, output, commit, buffer);
    if (window)
        put_window(request, output, commit, window);
    else if (output->overlay && (output->window_shown || output->needs_modeset))
        put_plane_off(request, &output->overlay->object);
    if (cursor)
        put_cursor(request, output, commit, cursor);
    else if (output->cursor && (output->cursor_shown || output->needs_modeset))
        put_plane_off(request, &output->cursor->object);
    return request->error;
}

static int begin(struct request *request, struct kd_kms *kms)
{
    *request = (struct request){.kms = kms, .list = drmModeAtomicAlloc()};
    return request->list ? 0 : -ENOMEM;
}

static void end(struct request *request)
{
    drmModeAtomicFree(request->list);
    if (request->clips_blob)
        drmModeDestroyPropertyBlob(request->kms->fd, request->clips_blob);
}

int kd_kms_commit(struct kms_output *output, const struct kd_commit *commit)
{
    struct request request;
    uint32_t flags = commit->test_only ? DRM_MODE_ATOMIC_TEST_ONLY
                                       : DRM_MODE_ATOMIC_NONBLOCK | DRM_MODE_PAGE_FLIP_EVENT;
    int error = begin(&request, output->kms);

    if (error)
        return error;
    if (output->needs_modeset)
        flags |= DRM_MODE_ATOMIC_ALLOW_MODESET;
    error = build(&request, output, commit);
    if (commit->out_fence_fd)
        *commit->out_fence_fd = -1;
    if (commit->out_fence_fd && !commit->test_only)
        put(&request, &output->crtc->object, KMS_OUT_FENCE_PTR,
            (uint64_t)(uintptr_t)commit->out_fence_fd);
    error = error ? error : request.error;
    if (!error && drmModeAtomicCommit(output->kms->fd, request.list, flags,
                                      (void *)(uintptr_t)(output->base.commits + 1)) < 0)
        error = -errno;
    if (!error && !commit->test_only) {
        output->crtc->object.values[KMS_ACTIVE] = 1;
        output->window_shown = commit->window.buffer != NULL;
        output->cursor_shown = commit->cursor != NULL;
        output->cursor_front = output->cursor_buffer;
        output->shown_cursor_serial = commit->cursor ? commit->cursor->serial : 0;
        output->shown_cursor_x = commit->cursor_x;
        output->shown_cursor_y = commit->cursor_y;
        output->primary_shown = !is_covered(output, commit);
    }
    end(&request);
    return error;
}

/* Blocks until it is done. */
int kd_kms_commit_off(struct kms_output *output)
{
    struct request request;
    struct kms_plane *planes[] = {output->primary, output->overlay, output->cursor};
    int error = begin(&request, output->kms);

    if (error)
        return error;
    for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++)
        if (planes[i])
            put_plane_off(&request, &planes[i]->object);
    put(&request, &output->connector, KMS_CRTC_ID, 0);
    put(&request, &output->crtc->object, KMS_ACTIVE, 0);
    put(&request, &output->crtc->object, KMS_MODE_ID, 0);
    if (!request.error &&
        drmModeAtomicCommit(output->kms->fd, request.list, DRM_MODE_ATOMIC_ALLOW_MODESET, NULL) < 0)
        request.error = -errno;
    error = request.error;
    end(&request);
    if (!error) {
        output->crtc->object.values[KMS_ACTIVE] = 0;
        output->window_shown = output->cursor_shown = output->primary_shown = false;
    }
    return error;
}

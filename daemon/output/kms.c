#include "output/kms.h"

#include <errno.h>
#include <gbm.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "output/kms_impl.h"

#define KD_LOG_MODULE "kms"
#include "base/log.h"

/* ---- Events ------------------------------------------------------------------------------------ */

/* Whose events drmHandleEvent() reads: it hands on no pointer but the commit's. Set for the length of that call. */
static _Thread_local struct kd_kms *reading;

static void on_flip(int fd, unsigned sequence, unsigned s, unsigned us, unsigned crtc_id,
                    void *commit)
{
    (void)fd;
    for (struct kms_output *output = reading->outputs; output; output = output->next)
        if (output->crtc && output->crtc->object.id == crtc_id)
            kd_kms_output_flipped(output, (uintptr_t)commit, sequence,
                                  (int64_t)s * KD_NS_PER_S + (int64_t)us * 1000);
}

int kd_kms_dispatch(struct kd_kms *kms)
{
    drmEventContext context = {.version = 3, .page_flip_handler2 = on_flip};
    int result;

    reading = kms;
    result = drmHandleEvent(kms->fd, &context);
    reading = NULL;
    return result < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

/* ---- Connectors -------------------------------------------------------------------------------- */

static struct kms_output *find_output(const struct kd_kms *kms, uint32_t connector_id)
{
    for (struct kms_output *output = kms->outputs; output; output = output->next)
        if (output->connector.id == connector_id)
            return output;
    return NULL;
}

static void remove_output(struct kd_kms *kms, struct kms_output *output)
{
    KD_INFO("output %s: gone", output->base.name);
    kd_kms_output_release(output);
    kms->listener.removed(kms->listener.ctx, &output->base);
}

/* Whether the display there can still show the mode that is set. */
static bool has_mode(const drmModeConnector *connector, const drmModeModeInfo *mode)
{
    for (int i = 0; i < connector->count_modes; i++) {
        const drmModeModeInfo *other = &connector->modes[i];

        if (other->clock == mode->clock && other->hdisplay == mode->hdisplay &&
            other->htotal == mode->htotal && other->vdisplay == mode->vdisplay &&
            other->vtotal == mode->vtotal)
            return true;
    }
    return false;
}

/* The best that this display has to offer now: another one when a virtual machine's window was resized, say. */
static bool is_other_display(const drmModeConnector *connector, const struct kms_output *output)
{
    if (connector->count_modes && connector->modes[0].type & DRM_MODE_TYPE_PREFERRED &&
        output->preferred_px[0] != 0 &&
        (connector->modes[0].hdisplay != output->preferred_px[0] ||
         connector->modes[0].vdisplay != output->preferred_px[1]))
        return true;
    return !has_mode(connector, &output->mode) ||
           kd_kms_mode_is_bad(output->kms, connector->connector_id, &output->mode);
}

static bool is_display(struct kd_kms *kms, const drmModeConnector *connector)
{
    struct kms_object object;

    if (connector->connection != DRM_MODE_CONNECTED || connector->count_modes == 0 ||
        connector->connector_type == DRM_MODE_CONNECTOR_WRITEBACK)
        return false;
    return kd_kms_object_read(kms->fd, connector->connector_id, DRM_MODE_OBJECT_CONNECTOR,
                              &object) == 0 &&
           !(object.props[KMS_NON_DESKTOP] && object.values[KMS_NON_DESKTOP]);
}

static bool is_wanted(struct kd_kms *kms, const drmModeConnector *connector)
{
    char name[33];

    kd_kms_connector_name(connector, name);
    return is_display(kms, connector) && !kd_kms_wish(kms, name)->off;
}

static void check_link(struct kd_kms *kms, struct kms_output *output)
{
    struct kms_object object;

    if (kd_kms_object_read(kms->fd, output->connector.id, DRM_MODE_OBJECT_CONNECTOR, &object) < 0 ||
        !object.props[KMS_LINK_STATUS] ||
        object.values[KMS_LINK_STATUS] != DRM_MODE_LINK_STATUS_BAD)
        return;
    KD_WARN("output %s: the link was lost; its mode is set anew", output->base.name);
    output->needs_modeset = true;
    if (kms->listener.lost)
        kms->listener.lost(kms->listener.ctx, &output->base);
}

/* Whether what was plugged in is still there. */
static void check_output(struct kd_kms *kms, struct kms_output *output)
{
    drmModeConnector *connector = drmModeGetConnector(kms->fd, output->connector.id);

    if (!connector || !is_wanted(kms, connector))
        kd_kms_forgive_modes(kms, output->connector.id);
    if (!connector || !is_wanted(kms, connector) || is_other_display(connector, output))
        remove_output(kms, output);
    else
        check_link(kms, output);
    drmModeFreeConnector(connector);
}

static void look_for_display(struct kd_kms *kms, uint32_t connector_id, int64_t now_ns)
{
    drmModeConnector *connector = drmModeGetConnector(kms->fd, connector_id);
    struct kms_output *output;

    if (connector && is_wanted(kms, connector) &&
        kd_kms_output_create(kms, connector, now_ns, &output) == 0)
        kms->listener.added(kms->listener.ctx, &output->base);
    drmModeFreeConnector(connector);
}

static bool has_connector(const drmModeRes *resources, uint32_t id)
{
    for (int i = 0; resources && i < resources->count_connectors; i++)
        if (resources->connectors[i] == id)
            return true;
    return false;
}

bool kd_kms_wants_scan(const struct kd_kms *kms)
{
    return kms->wants_scan && !kms->paused;
}

int kd_kms_scan(struct kd_kms *kms, int64_t now_ns)
{
    drmModeRes *resources = drmModeGetResources(kms->fd);
    int error = resources ? 0 : -errno, count = 0;
    struct kms_output *next;

    kms->wants_scan = false;
    if (error && error != -ENODEV)
        return error; /* it cannot be asked now: nothing is known to have changed */
    /* First those that go: they may hold what those that come need. A connector itself may be gone: behind a hub, or with the card. */
    for (struct kms_output *output = kms->outputs; output; output = next) {
        next = output->next;
        if (has_connector(resources, output->connector.id))
            check_output(kms, output);
        else
            remove_output(kms, output);
    }
    for (int i = 0; resources && i < resources->count_connectors; i++)
        if (!find_output(kms, resources->connectors[i]))
            look_for_display(kms, resources->connectors[i], now_ns);
    drmModeFreeResources(resources);
    for (const struct kms_output *output = kms->outputs; output; output = output->next)
        count++;
    return error ? error : count;
}

/* ---- Pausing ----------------------------------------------------------------------------------- */

static int read_crtcs(struct kd_kms *kms)
{
    int error = 0;

    for (size_t i = 0; i < kms->crtcs_count && !error; i++)
        error = kd_kms_object_read(kms->fd, kms->crtcs[i].object.id, DRM_MODE_OBJECT_CRTC,
                                   &kms->crtcs[i].object);
    return error;
}

void kd_kms_pause(struct kd_kms *kms)
{
    kms->paused = true;
    for (struct kms_output *output = kms->outputs; output; output = output->next) {
        output->is_pending = false;
        output->swap.pending = output->window.pending = NULL;
        output->needs_modeset = true;
    }
}

int kd_kms_resume(struct kd_kms *kms)
{
    if (!drmIsMaster(kms->fd) && drmSetMaster(kms->fd) < 0)
        return -EACCES;
    kms->paused = false;
    return read_crtcs(kms); /* others have left their own modes */
}

/* More buffers than any daemon has. */
#define MAX_STALE_HANDLES 256

/* ---- Opening ----------------------------------------------------------------------------------- */

static void read_driver(struct kd_kms *kms)
{
    drmVersion *version = drmGetVersion(kms->fd);
    uint64_t value;

    kms->is_virtio = version && strcmp(version->name, "virtio_gpu") == 0;
    drmFreeVersion(version);
    kms->prefers_shadow = drmGetCap(kms->fd, DRM_CAP_DUMB_PREFER_SHADOW, &value) == 0 && value;
    kms->has_modifiers = drmGetCap(kms->fd, DRM_CAP_ADDFB2_MODIFIERS, &value) == 0 && value;
    kms->is_16_bit = drmGetCap(kms->fd, DRM_CAP_DUMB_PREFERRED_DEPTH, &value) == 0 && value == 16;
    kms->cursor_width_px = kms->cursor_height_px = 64;
    if (drmGetCap(kms->fd, DRM_CAP_CURSOR_WIDTH, &value) == 0 && value > 0 && value <= 512)
        kms->cursor_width_px = (uint32_t)value;
    if (drmGetCap(kms->fd, DRM_CAP_CURSOR_HEIGHT, &value) == 0 && value > 0 && value <= 512)
        kms->cursor_height_px = (uint32_t)value;
}

/* What an earlier process had on this fd: its framebuffers keep what is shown alive, so its names for their memory can go at once. There is no
 * list of those; they are small numbers. */
static int remember_stale(struct kd_kms *kms, const drmModeRes *resources)
{
    if (resources->count_fbs <= 0)
        return 0;
    kms->stale = calloc((size_t)resources->count_fbs, sizeof(*kms->stale));
    if (!kms->stale)
        return -ENOMEM;
    kms->stale_count = (size_t)resources->count_fbs;
    memcpy(kms->stale, resources->fbs, kms->stale_count * sizeof(*kms->stale));
    for (uint32_t handle = 1; handle <= MAX_STALE_HANDLES; handle++)
        drmModeDestroyDumbBuffer(kms->fd, handle);
    return 0;
}

static int read_card(struct kd_kms *kms)
{
    drmModeRes *resources = drmModeGetResources(kms->fd);
    int error = resources ? 0 : -errno;

    if (!error)
        kms->crtcs = calloc((size_t)resources->count_crtcs + 1, sizeof(*kms->crtcs));
    if (!error && !kms->crtcs)
        error = -ENOMEM;
    for (int i = 0; !error && i < resources->count_crtcs; i++)
        kms->crtcs[kms->crtcs_count++].object.id = resources->crtcs[i];
    if (!error)
        error = read_crtcs(kms);
    if (!error)
        error = remember_stale(kms, resources);
    if (!error)
        error = kd_kms_planes_read(kms);
    drmModeFreeResources(resources);
    return error;
}

unsigned kd_kms_forget_stale(struct kd_kms *kms)
{
    unsigned count = 0;

    for (const struct kms_output *output = kms->outputs; output; output = output->next)
        if (!output->swap.shown)
            return 0; /* it may still be showing one of them */
    for (; kms->stale_count; count++)
        drmModeRmFB(kms->fd, kms->stale[--kms->stale_count]);
    return count;
}

int kd_kms_create(int fd, const char *path, const struct kd_kms_settings *settings,
                  const struct kd_kms_listener *listener, struct kd_kms **out)
{
    struct kd_kms *kms;
    int error;

    if (drmSetClientCap(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) < 0 ||
        drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1) < 0)
        return -EOPNOTSUPP;
    kms = calloc(1, sizeof(*kms));
    if (!kms)
        return -ENOMEM;
    kms->fd = fd;
    kms->path = path;
    kms->settings = *settings;
    kms->listener = *listener;
    read_driver(kms);
    error = read_card(kms);
    if (error) {
        kd_kms_destroy(kms);
        return error;
    }
    *out = kms;
    return 0;
}

void kd_kms_destroy(struct kd_kms *kms)
{
    if (!kms)
        return;
    if (kms->gbm)
        gbm_device_destroy(kms->gbm);
    free(kms->stale);
    free(kms->crtcs);
    free(kms->planes);
    free(kms);
}

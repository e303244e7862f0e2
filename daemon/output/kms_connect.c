/*
 * A display was plugged in: which mode it gets, which CRTC and planes, which kind of buffers; what does not work is left for the next best.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/edid.h"
#include "output/kms_impl.h"

#define KD_LOG_MODULE "kms"
#include "base/log.h"

/* So many modes are tried before a display is given up. */
#define MAX_MODES 128
#define MAX_TRIES 8

/* ---- Who it is --------------------------------------------------------------------------------- */

static void read_edid(struct kms_output *output)
{
    drmModePropertyBlobRes *blob =
        output->connector.values[KMS_EDID]
            ? drmModeGetPropertyBlob(output->kms->fd, (uint32_t)output->connector.values[KMS_EDID])
            : NULL;
    struct kd_edid edid;

    if (blob && kd_edid_parse(blob->data, blob->length, &edid) == 0) {
        snprintf(output->base.description, sizeof(output->base.description), "%s", edid.name);
        if (edid.width_mm) {
            output->base.width_mm = edid.width_mm;
            output->base.height_mm = edid.height_mm;
        }
    }
    drmModeFreePropertyBlob(blob);
}

void kd_kms_connector_name(const drmModeConnector *connector, char name[33])
{
    const char *type = drmModeGetConnectorTypeName(connector->connector_type);

    snprintf(name, 33, "%.20s-%u", type ? type : "Unknown", connector->connector_type_id);
}

static void describe(struct kms_output *output, const drmModeConnector *connector)
{
    const char *type = drmModeGetConnectorTypeName(connector->connector_type);

    kd_kms_connector_name(connector, output->base.name);
    snprintf(output->base.description, sizeof(output->base.description), "%.20s display",
             type ? type : "unknown");
    if (connector->modes[0].type & DRM_MODE_TYPE_PREFERRED) {
        output->preferred_px[0] = connector->modes[0].hdisplay;
        output->preferred_px[1] = connector->modes[0].vdisplay;
    }
    output->base.width_mm = connector->mmWidth;
    output->base.height_mm = connector->mmHeight;
    read_edid(output);
}

const struct kd_connector_wish *kd_kms_wish(const struct kd_kms *kms, const char *name)
{
    static const struct kd_connector_wish none = {.mode = {0, 0, 0}};

    for (size_t i = 0; i < kms->settings.wishes_count; i++)
        if (strcmp(kms->settings.wishes[i].name, name) == 0)
            return &kms->settings.wishes[i];
    return &none;
}

/* ---- CRTC -------------------------------------------------------------------------------------- */

/* CRTCs that the connector can be driven by, as a mask by index; and the one that drives it now. */
static uint32_t possible_crtcs(const struct kd_kms *kms, const drmModeConnector *connector,
                               uint32_t *now)
{
    uint32_t mask = 0;

    *now = 0;
    for (int i = 0; i < connector->count_encoders; i++) {
        drmModeEncoder *encoder = drmModeGetEncoder(kms->fd, connector->encoders[i]);

        if (!encoder)
            continue;
        mask |= encoder->possible_crtcs;
        if (encoder->encoder_id == connector->encoder_id)
            *now = encoder->crtc_id;
        drmModeFreeEncoder(encoder);
    }
    return mask;
}

/* The CRTC that drives it now, if that is free: its mode may stay as it is. */
static struct kms_crtc *find_crtc(struct kd_kms *kms, const drmModeConnector *connector)
{
    uint32_t now, mask = possible_crtcs(kms, connector, &now);
    struct kms_crtc *first = NULL;

    for (size_t i = 0; i < kms->crtcs_count && i < 32; i++) {
        struct kms_crtc *crtc = &kms->crtcs[i];

        if (crtc->user || !(mask >> i & 1))
            continue;
        if (crtc->object.id == now)
            return crtc;
        if (!first)
            first = crtc;
    }
    return first;
}

/* ---- Mode -------------------------------------------------------------------------------------- */

static bool is_same_mode(const drmModeModeInfo *a, const drmModeModeInfo *b)
{
    return a->clock == b->clock && a->hdisplay == b->hdisplay && a->htotal == b->htotal &&
           a->vdisplay == b->vdisplay && a->vtotal == b->vtotal && a->flags == b->flags;
}

bool kd_kms_mode_is_bad(const struct kd_kms *kms, uint32_t connector_id,
                        const drmModeModeInfo *mode)
{
    for (size_t i = 0; i < kms->bad_modes_count; i++)
        if (kms->bad_modes[i].connector_id == connector_id &&
            is_same_mode(&kms->bad_modes[i].mode, mode))
            return true;
    return false;
}

void kd_kms_forbid_mode(struct kms_output *output)
{
    struct kd_kms *kms = output->kms;

    if (kms->bad_modes_count == KMS_MAX_BAD_MODES)
        return;
    KD_ERROR("output %s: mode %ux%u passes every test and cannot be set; trying another",
             output->base.name, output->mode.hdisplay, output->mode.vdisplay);
    kms->bad_modes[kms->bad_modes_count++] =
        (struct kms_bad_mode){output->connector.id, output->mode};
    kms->wants_scan = true;
}

void kd_kms_forgive_modes(struct kd_kms *kms, uint32_t connector_id)
{
    size_t kept = 0;

    for (size_t i = 0; i < kms->bad_modes_count; i++)
        if (kms->bad_modes[i].connector_id != connector_id)
            kms->bad_modes[kept++] = kms->bad_modes[i];
    kms->bad_modes_count = kept;
}

struct choice {
    const drmModeConnector *connector;
    struct kd_mode modes[MAX_MODES];
    uint32_t indices[MAX_MODES]; /* of the connector's */
    size_t count;
};

static void list_modes(const struct kd_kms *kms, struct choice *choice,
                       const drmModeConnector *connector)
{
    choice->connector = connector;
    choice->count = 0;
    for (int i = 0; i < connector->count_modes && choice->count < MAX_MODES; i++) {
        const drmModeModeInfo *info = &connector->modes[i];
        bool interlaced = info->flags & DRM_MODE_FLAG_INTERLACE;

        if (info->hdisplay == 0 || info->vdisplay == 0 || info->hdisplay > KB_MAX_WINDOW_PX ||
            info->vdisplay > KB_MAX_WINDOW_PX ||
            kd_kms_mode_is_bad(kms, connector->connector_id, info))
            continue;
        choice->modes[choice->count] = (struct kd_mode){
            .width_px = info->hdisplay,
            .height_px = info->vdisplay,
            .refresh_mhz = kd_mode_refresh_mhz(info->clock, info->htotal, info->vtotal, interlaced,
                                               info->flags & DRM_MODE_FLAG_DBLSCAN, info->vscan),
            .preferred = info->type & DRM_MODE_TYPE_PREFERRED,
            .interlaced = interlaced,
        };
        choice->indices[choice->count++] = (uint32_t)i;
    }
}

static void leave_out(struct choice *choice, size_t index)
{
    choice->count--;
    memmove(&choice->modes[index], &choice->modes[index + 1],
            (choice->count - index) * sizeof(choice->modes[0]));
    memmove(&choice->indices[index], &choice->indices[index + 1],
            (choice->count - index) * sizeof(choice->indices[0]));
}

/* ---- View and buffers -------------------------------------------------------------------------- */

/* Whether the plane turns the picture. Then buffers are upright, and what overscan leaves free in the display's own coordinates is so too. */
static void make_view(struct kms_output *output, bool by_plane)
{
    const struct kd_connector_wish *wish = output->wish;
    int32_t width_px = output->mode.hdisplay, height_px = output->mode.vdisplay;
    struct kd_view view = kd_view_of(width_px, height_px, wish->rotation, wish->reflect_x,
                                     wish->reflect_y, wish->overscan_px);
    struct kd_box upright;

    output->plane_rotation = DRM_MODE_ROTATE_0;
    output->plane_box = kd_box_of_size(width_px, height_px);
    if (by_plane) {
        struct kd_view whole = kd_view_of(width_px, height_px, wish->rotation, wish->reflect_x,
                                          wish->reflect_y, (const int32_t[4]){0});
        struct kd_point size = kd_view_size(&whole);

        upright = kd_view_to_output(&whole, (struct kd_device_box){view.inner}).box;
        view = kd_view_plain(size.x, size.y);
        view.inner = upright;
        output->plane_rotation =
            kd_kms_rotation_bits(wish->rotation, wish->reflect_x, wish->reflect_y);
    }
    output->base.view = view;
    output->base.rotation = wish->rotation;
    output->base.place.box = kd_box_of_size(kd_view_size(&view).x, kd_view_size(&view).y);
}

static bool plane_can_turn(const struct kms_output *output)
{
    const struct kd_connector_wish *wish = output->wish;
    uint32_t bits = kd_kms_rotation_bits(wish->rotation, wish->reflect_x, wish->reflect_y);

    return output->kms->settings.rotation_planes && bits != DRM_MODE_ROTATE_0 &&
           (output->primary->rotations & bits) == bits;
}

/* How changes are told, and so how many buffers are needed. */
static unsigned choose_damage(struct kms_output *output)
{
    const struct kd_kms_settings *settings = &output->kms->settings;
    bool has_clips = output->primary->object.props[KMS_FB_DAMAGE_CLIPS];
    enum kd_kms_damage damage = settings->damage;

    if (damage == KD_KMS_DAMAGE_AUTO)
        damage = !has_clips && output->kms->is_virtio ? KD_KMS_DAMAGE_DIRTYFB : KD_KMS_DAMAGE_CLIPS;
    output->uses_dirtyfb = damage == KD_KMS_DAMAGE_DIRTYFB;
    output->uses_clips = damage == KD_KMS_DAMAGE_CLIPS && has_clips;
    return output->uses_dirtyfb ? 1 : settings->buffers;
}

/* ---- Trying ------------------------------------------------------------------------------------ */

/* Whether the card says that it could show this. Without being its master nobody can ask: then it is found out later. */
static int test(struct kms_output *output)
{
    const struct kd_commit commit = {
        .buffer = &output->swap.buffers[0].base, .fence_fd = -1, .test_only = true};
    int error = kd_kms_commit(output, &commit);

    return error == -EACCES ? 0 : error;
}

static int make_buffers(struct kms_output *output, enum kms_kind kind, enum kb_format format)
{
    const struct kd_view *view = &output->base.view;
    unsigned wanted = choose_damage(output);
    int error =
        kd_kms_swap_create(output->kms, kind, output->primary, wanted, view->device_width_px,
                           view->device_height_px, format, &output->swap);

    if (error)
        return error;
    if (output->swap.count < wanted)
        KD_WARN("output %s: memory for only %u of %u buffers", output->base.name,
                output->swap.count, wanted);
    error = test(output);
    if (error)
        kd_kms_swap_destroy(output->kms, &output->swap);
    return error;
}

int kd_kms_output_make_buffers(struct kms_output *output, enum kb_format format)
{
    static const char *const kinds[] = {[KMS_DUMB] = "dumb buffers", [KMS_GBM] = "buffers of GBM"};
    enum kms_kind kind = kd_kms_best_kind(output->kms);
    int error = make_buffers(output, kind, format);

    while (error && kind != KMS_PLAIN) {
        KD_INFO("output %s: %s cannot be shared with the GPU: %s", output->base.name, kinds[kind],
                strerror(-error));
        error = make_buffers(output, --kind, format);
    }
    output->base.is_shared = !error && kind != KMS_PLAIN;
    return error;
}

static void drop_mode(struct kms_output *output)
{
    kd_kms_swap_destroy(output->kms, &output->swap);
    if (output->mode_blob)
        drmModeDestroyPropertyBlob(output->kms->fd, output->mode_blob);
    output->mode_blob = 0;
}

static int try_view(struct kms_output *output, bool by_plane, enum kb_format format)
{
    make_view(output, by_plane);
    return kd_kms_output_make_buffers(output, format);
}

static int try_mode(struct kms_output *output, const drmModeModeInfo *mode, enum kb_format format)
{
    int error = -EINVAL;

    output->mode = *mode;
    if (drmModeCreatePropertyBlob(output->kms->fd, mode, sizeof(*mode), &output->mode_blob) < 0)
        return -errno;
    if (plane_can_turn(output))
        error = try_view(output, true, format);
    if (error)
        error = try_view(output, false, format);
    if (error)
        drop_mode(output);
    return error;
}

/* The best mode that works. */
static int find_mode(struct kms_output *output, const drmModeConnector *connector,
                     enum kb_format format)
{
    struct choice *choice = malloc(sizeof(*choice));
    int error = choice ? -ENODEV : -ENOMEM;

    if (choice) {
        list_modes(output->kms, choice, connector);
        if (choice->count == 0) { /* then once more from the first */
            kd_kms_forgive_modes(output->kms, connector->connector_id);
            output->is_last_resort = true;
            list_modes(output->kms, choice, connector);
        }
    }
    for (int i = 0; choice && i < MAX_TRIES && error && error != -ENOMEM; i++) {
        int best = kd_mode_choose(choice->modes, choice->count, &output->wish->mode,
                                  output->base.reason, sizeof(output->base.reason));
        const drmModeModeInfo *mode;

        if (best < 0)
            break;
        mode = &connector->modes[choice->indices[best]];
        error = try_mode(output, mode, format);
        if (!error) {
            output->base.refresh_ns =
                choice->modes[best].refresh_mhz
                    ? (UINT64_C(1000000000000) + choice->modes[best].refresh_mhz / 2) /
                          choice->modes[best].refresh_mhz
                    : UINT64_C(16666667);
            break;
        }
        KD_WARN("output %s: mode %dx%d cannot be set: %s; trying another", output->base.name,
                choice->modes[best].width_px, choice->modes[best].height_px, strerror(-error));
        leave_out(choice, (size_t)best);
    }
    free(choice);
    return error;
}

static int find_format(struct kms_output *output, enum kb_format *format)
{
    bool narrow = output->wish->has_format ? output->wish->format == KB_FORMAT_RGB565
                                           : output->kms->is_16_bit;

    for (int i = 0; i < 2; i++, narrow = !narrow) {
        if (kd_kms_planes_take(output, narrow ? DRM_FORMAT_RGB565 : DRM_FORMAT_XRGB8888)) {
            *format = narrow ? KB_FORMAT_RGB565 : KB_FORMAT_XRGB8888;
            return 0;
        }
    }
    return -ENOSPC;
}

void kd_kms_output_describe(struct kms_output *output)
{
    char *reason = output->base.reason;
    size_t used = strcspn(reason, ";");
    char buffers[96];

    kd_kms_swap_describe(&output->swap, buffers, sizeof(buffers));
    snprintf(reason + used, sizeof(output->base.reason) - used, "%s%s", buffers[0] ? "; " : "",
             buffers);
}

static bool crtc_has_vblank(const struct kms_output *output)
{
    uint64_t sequence, time_ns;

    return drmCrtcGetSequence(output->kms->fd, output->crtc->object.id, &sequence, &time_ns) == 0 ||
           (errno != EOPNOTSUPP && errno != ENOSYS && errno != ENOTTY);
}

static int set_up(struct kms_output *output, const drmModeConnector *connector)
{
    enum kb_format format = KB_FORMAT_XRGB8888;
    int error;

    output->crtc = find_crtc(output->kms, connector);
    if (!output->crtc) {
        KD_WARN("output %s: no CRTC is free for it", output->base.name);
        return -ENOSPC;
    }
    output->crtc->user = output;
    error = find_format(output, &format);
    if (error)
        KD_WARN("output %s: no plane is free for it", output->base.name);
    else
        error = find_mode(output, connector, format);
    if (error) {
        kd_kms_planes_release(output);
        output->crtc->user = NULL;
        return error;
    }
    output->has_vblank = crtc_has_vblank(output);
    kd_kms_output_describe(output);
    return 0;
}

int kd_kms_output_create(struct kd_kms *kms, const drmModeConnector *connector, int64_t now_ns,
                         struct kms_output **out)
{
    struct kms_output *output = calloc(1, sizeof(*output));
    int error;

    if (!output)
        return -ENOMEM;
    output->kms = kms;
    output->base.impl = &kd_kms_output_impl;
    output->needs_modeset = true;
    output->base.commits = kms->commits;
    output->vblank_ns = now_ns;
    error = kd_kms_object_read(kms->fd, connector->connector_id, DRM_MODE_OBJECT_CONNECTOR,
                               &output->connector);
    if (!error) {
        describe(output, connector);
        output->wish = kd_kms_wish(kms, output->base.name);
        error = set_up(output, connector);
    }
    if (error) {
        free(output);
        return error;
    }
    output->next = kms->outputs;
    kms->outputs = output;
    KD_INFO("output %s (%s): %ux%u, %s%s%s", output->base.name, output->base.description,
            output->mode.hdisplay, output->mode.vdisplay, output->base.reason,
            output->has_vblank ? "" : "; paced by the daemon: the driver has no vblank",
            output->uses_dirtyfb ? "; changes are sent by DIRTYFB"
            : output->uses_clips ? "; with damage clips"
                                 : "");
    *out = output;
    return 0;
}

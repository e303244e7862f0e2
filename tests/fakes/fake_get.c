/*
 * What a card says about itself: resources, connectors, encoders, CRTCs, planes.
 */
#include "fake_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Begins a call that returns something for an object: takes the lock; NULL with errno. */
static struct fake_file *begin(const char *call, int fd)
{
    struct fake_file *file;
    int error;

    fake_lock();
    file = fake_file(fd);
    error = file ? fake_fails(call) : errno;
    if (error)
        errno = error;
    return error ? NULL : file;
}

static struct fake_object *find(struct fake_file *file, uint32_t id, uint32_t type)
{
    struct fake_object *object = file ? fake_find_object(file->card, id) : NULL;

    if (object && object->type == type)
        return object;
    if (file)
        errno = ENOENT;
    return NULL;
}

static uint32_t *ids(const struct fake_card *card, unsigned first, unsigned count, uint32_t plus)
{
    uint32_t *list = calloc(count + 1, sizeof(*list));

    for (unsigned n = 0; n < count; n++)
        list[n] = card->objects[first + n].id + plus;
    return list;
}

/* Those of this file alone, as a kernel has it. */
static uint32_t *framebuffers(const struct fake_card *card, int fd, int *count)
{
    uint32_t *list;
    int most = 0;

    for (const struct fake_fb *fb = card->fbs; fb; fb = fb->next)
        most++;
    list = calloc((size_t)most + 1, sizeof(*list));
    *count = 0;
    for (const struct fake_fb *fb = card->fbs; fb; fb = fb->next)
        if (fb->owner == fd)
            list[(*count)++] = fb->id;
    return list;
}

drmModeResPtr drmModeGetResources(int fd)
{
    struct fake_file *file = begin("drmModeGetResources", fd);
    drmModeResPtr res = NULL;

    if (file && file->card->crtcs == 0) { /* a card that only renders */
        errno = EOPNOTSUPP;
    } else if (file) {
        struct fake_card *card = file->card;

        res = calloc(1, sizeof(*res));
        res->fbs = framebuffers(card, fd, &res->count_fbs);
        res->count_crtcs = (int)card->crtcs;
        res->crtcs = ids(card, 0, card->crtcs, 0);
        res->count_connectors = (int)card->connectors;
        res->connectors = ids(card, FAKE_FIRST_CONNECTOR, card->connectors, 0);
        res->count_encoders = (int)card->connectors;
        res->encoders = ids(card, FAKE_FIRST_CONNECTOR, card->connectors, 20);
        res->max_width = res->max_height = 8192;
    }
    fake_unlock();
    return res;
}

void drmModeFreeResources(drmModeResPtr res)
{
    if (!res)
        return;
    free(res->fbs);
    free(res->crtcs);
    free(res->connectors);
    free(res->encoders);
    free(res);
}

/* ---- Connectors and encoders ---------------------------------------------------------------- */

static drmModeConnectorPtr describe(struct fake_file *file, const struct fake_object *connector)
{
    drmModeConnectorPtr out = calloc(1, sizeof(*out));
    const struct fake_state *state = &file->card->state;
    unsigned index = fake_index(file->card, connector);

    out->connector_id = connector->id;
    out->connector_type = connector->connector_type;
    out->connector_type_id = connector->connector_type_id;
    out->connection = connector->connected ? DRM_MODE_CONNECTED : DRM_MODE_DISCONNECTED;
    out->encoder_id = fake_get(state, index, K_CRTC_ID) ? connector->encoder : 0;
    out->subpixel = DRM_MODE_SUBPIXEL_UNKNOWN;
    out->count_encoders = 1;
    out->encoders = calloc(1, sizeof(*out->encoders));
    out->encoders[0] = connector->encoder;
    out->props = calloc(K_COUNT, sizeof(*out->props));
    out->prop_values = calloc(K_COUNT, sizeof(*out->prop_values));
    for (unsigned kind = 0; kind < K_COUNT; kind++) {
        if (!(connector->has >> kind & 1) ||
            (!file->atomic && fake_properties[kind].flags & DRM_MODE_PROP_ATOMIC))
            continue;
        out->props[out->count_props] = fake_property_id(file->card, connector, kind);
        out->prop_values[out->count_props++] = fake_get(state, index, kind);
    }
    if (connector->connected) {
        out->mmWidth = connector->width_mm;
        out->mmHeight = connector->height_mm;
        out->count_modes = (int)connector->modes_count;
        out->modes = calloc(FAKE_MODES, sizeof(*out->modes));
        memcpy(out->modes, connector->modes, connector->modes_count * sizeof(*out->modes));
    }
    return out;
}

static drmModeConnectorPtr get_connector(const char *call, int fd, uint32_t id, bool probe)
{
    struct fake_file *file = begin(call, fd);
    const struct fake_object *connector = find(file, id, DRM_MODE_OBJECT_CONNECTOR);
    drmModeConnectorPtr out = connector ? describe(file, connector) : NULL;

    if (out && probe)
        file->card->counts.probes++;
    fake_unlock();
    return out;
}

drmModeConnectorPtr drmModeGetConnector(int fd, uint32_t connectorId)
{
    return get_connector("drmModeGetConnector", fd, connectorId, true);
}

drmModeConnectorPtr drmModeGetConnectorCurrent(int fd, uint32_t connector_id)
{
    return get_connector("drmModeGetConnectorCurrent", fd, connector_id, false);
}

void drmModeFreeConnector(drmModeConnectorPtr connector)
{
    if (!connector)
        return;
    free(connector->encoders);
    free(connector->props);
    free(connector->prop_values);
    free(connector->modes);
    free(connector);
}

static const struct {
    const char *name;
    uint32_t type;
} connector_types[] = {
    {"Unknown", DRM_MODE_CONNECTOR_Unknown},
    {"VGA", DRM_MODE_CONNECTOR_VGA},
    {"DVI-I", DRM_MODE_CONNECTOR_DVII},
    {"DVI-D", DRM_MODE_CONNECTOR_DVID},
    {"DVI-A", DRM_MODE_CONNECTOR_DVIA},
    {"Composite", DRM_MODE_CONNECTOR_Composite},
    {"LVDS", DRM_MODE_CONNECTOR_LVDS},
    {"DP", DRM_MODE_CONNECTOR_DisplayPort},
    {"HDMI-A", DRM_MODE_CONNECTOR_HDMIA},
    {"HDMI-B", DRM_MODE_CONNECTOR_HDMIB},
    {"eDP", DRM_MODE_CONNECTOR_eDP},
    {"Virtual", DRM_MODE_CONNECTOR_VIRTUAL},
    {"DSI", DRM_MODE_CONNECTOR_DSI},
    {"DPI", DRM_MODE_CONNECTOR_DPI},
    {"Writeback", DRM_MODE_CONNECTOR_WRITEBACK},
    {"SPI", DRM_MODE_CONNECTOR_SPI},
    {"USB", DRM_MODE_CONNECTOR_USB},
};

const char *drmModeGetConnectorTypeName(uint32_t connector_type)
{
    for (unsigned n = 0; n < sizeof(connector_types) / sizeof(connector_types[0]); n++)
        if (connector_types[n].type == connector_type)
            return connector_types[n].name;
    return NULL;
}

drmModeEncoderPtr drmModeGetEncoder(int fd, uint32_t encoder_id)
{
    struct fake_file *file = begin("drmModeGetEncoder", fd);
    const struct fake_object *connector = find(file, encoder_id - 20, DRM_MODE_OBJECT_CONNECTOR);
    drmModeEncoderPtr out = NULL;

    if (connector) {
        out = calloc(1, sizeof(*out));
        out->encoder_id = encoder_id;
        out->encoder_type = DRM_MODE_ENCODER_TMDS;
        out->crtc_id =
            (uint32_t)fake_get(&file->card->state, fake_index(file->card, connector), K_CRTC_ID);
        out->possible_crtcs = connector->crtcs & ((1u << file->card->crtcs) - 1);
    }
    fake_unlock();
    return out;
}

void drmModeFreeEncoder(drmModeEncoderPtr encoder)
{
    free(encoder);
}

/* ---- CRTCs ---------------------------------------------------------------------------------- */

/* The primary plane of a CRTC, as the old calls show it. */
static uint32_t primary_fb(struct fake_card *card, uint32_t crtc)
{
    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
        if (fake_get(&card->state, n, K_CRTC_ID) == crtc &&
            fake_get(&card->state, n, K_TYPE) == DRM_PLANE_TYPE_PRIMARY)
            return (uint32_t)fake_get(&card->state, n, K_FB_ID);
    return 0;
}

drmModeCrtcPtr drmModeGetCrtc(int fd, uint32_t crtcId)
{
    struct fake_file *file = begin("drmModeGetCrtc", fd);
    const struct fake_object *crtc = find(file, crtcId, DRM_MODE_OBJECT_CRTC);
    drmModeCrtcPtr out = NULL;

    if (crtc) {
        out = calloc(1, sizeof(*out));
        out->crtc_id = crtcId;
        out->buffer_id = primary_fb(file->card, crtcId);
        out->mode_valid = fake_crtc_mode(file->card, &file->card->state,
                                         fake_index(file->card, crtc), &out->mode);
        out->width = out->mode.hdisplay;
        out->height = out->mode.vdisplay;
    }
    fake_unlock();
    return out;
}

void drmModeFreeCrtc(drmModeCrtcPtr crtc)
{
    free(crtc);
}

int drmCrtcGetSequence(int fd, uint32_t crtcId, uint64_t *sequence, uint64_t *ns)
{
    struct fake_file *file = begin("drmCrtcGetSequence", fd);
    const struct fake_object *object = find(file, crtcId, DRM_MODE_OBJECT_CRTC);
    int result = -1;

    if (object) {
        struct fake_card *card = file->card;
        unsigned index = fake_index(card, object);

        if (card->no_vblank) {
            errno = EOPNOTSUPP;
        } else if (!fake_get(&card->state, index, K_ACTIVE)) {
            errno = EINVAL;
        } else {
            result = 0;
            if (sequence)
                *sequence = card->crtc[index].sequence;
            if (ns)
                *ns = (uint64_t)fake_now_ns();
        }
    }
    fake_unlock();
    return result;
}

/* ---- Planes --------------------------------------------------------------------------------- */

drmModePlaneResPtr drmModeGetPlaneResources(int fd)
{
    struct fake_file *file = begin("drmModeGetPlaneResources", fd);
    drmModePlaneResPtr res = NULL;

    if (file) {
        struct fake_card *card = file->card;

        res = calloc(1, sizeof(*res));
        res->planes = calloc(FAKE_PLANES, sizeof(*res->planes));
        for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
            if (file->universal || fake_get(&card->state, n, K_TYPE) == DRM_PLANE_TYPE_OVERLAY)
                res->planes[res->count_planes++] = card->objects[n].id;
    }
    fake_unlock();
    return res;
}

void drmModeFreePlaneResources(drmModePlaneResPtr res)
{
    if (!res)
        return;
    free(res->planes);
    free(res);
}

drmModePlanePtr drmModeGetPlane(int fd, uint32_t plane_id)
{
    struct fake_file *file = begin("drmModeGetPlane", fd);
    const struct fake_object *plane = find(file, plane_id, DRM_MODE_OBJECT_PLANE);
    drmModePlanePtr out = NULL;

    if (plane) {
        const struct fake_card *card = file->card;
        unsigned index = fake_index(card, plane);

        out = calloc(1, sizeof(*out));
        out->plane_id = plane_id;
        out->count_formats = plane->formats_count;
        out->formats = calloc(FAKE_FORMATS, sizeof(*out->formats));
        memcpy(out->formats, plane->formats, sizeof(plane->formats));
        out->crtc_id = (uint32_t)fake_get(&card->state, index, K_CRTC_ID);
        out->fb_id = (uint32_t)fake_get(&card->state, index, K_FB_ID);
        out->possible_crtcs = plane->crtcs & ((1u << card->crtcs) - 1);
    }
    fake_unlock();
    return out;
}

void drmModeFreePlane(drmModePlanePtr plane)
{
    if (!plane)
        return;
    free(plane->formats);
    free(plane);
}

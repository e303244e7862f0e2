#include "output/cards.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <xf86drm.h>
#include <xf86drmMode.h>

#define KD_LOG_MODULE "cards"
#include "base/log.h"

/* ---- Files ---------------------------------------------------------------------------------- */

static void group_name(gid_t gid, char *out, size_t out_bytes)
{
    const struct group *group = getgrgid(gid);

    if (group)
        snprintf(out, out_bytes, "%s", group->gr_name);
    else
        snprintf(out, out_bytes, "%u", (unsigned)gid);
}

static void refused_problem(const char *path, int error, char *out, size_t out_bytes)
{
    const char *what = error == -EPERM ? "not permitted" : "permission denied";
    const struct passwd *user = getpwuid(geteuid());
    char group[33], name[33];
    struct stat file;

    if (stat(path, &file) < 0) {
        snprintf(out, out_bytes, "cannot open %s: %s; look at the permissions of its folder", path,
                 what);
        return;
    }
    group_name(file.st_gid, group, sizeof(group));
    if (user)
        snprintf(name, sizeof(name), "%s", user->pw_name);
    else
        snprintf(name, sizeof(name), "%u", (unsigned)geteuid());
    if (error == -EPERM || geteuid() == 0)
        snprintf(out, out_bytes,
                 "cannot open %s: %s although %s asks for it; a container or the service's "
                 "DeviceAllow= keeps it away",
                 path, what, name);
    else if ((file.st_mode & S_IRGRP) && (file.st_mode & S_IWGRP) && file.st_gid != 0)
        snprintf(out, out_bytes,
                 "cannot open %s: %s; add the user %s to group %s (usermod -aG %s %s) and log in "
                 "again",
                 path, what, name, group, group, name);
    else
        snprintf(out, out_bytes,
                 "cannot open %s: %s, and its group %s may not either (mode %03o); run as root, "
                 "or with --session seat",
                 path, what, group, (unsigned)file.st_mode & 0777);
}

const char *kd_open_problem(const char *path, int error, char *out, size_t out_bytes)
{
    char holder[128];

    switch (error) {
    case -EACCES:
    case -EPERM: refused_problem(path, error, out, out_bytes); break;
    case -ENOENT:
        snprintf(out, out_bytes,
                 "cannot open %s: there is no such device; the driver is not loaded, or the device "
                 "was unplugged",
                 path);
        break;
    case -ENXIO:
    case -ENODEV:
        snprintf(out, out_bytes, "cannot open %s: no device is behind this file any more", path);
        break;
    case -EBUSY:
        kd_card_holder(path, holder, sizeof(holder));
        snprintf(out, out_bytes, "cannot open %s: %s has it; end that program first", path, holder);
        break;
    case -EMFILE:
    case -ENFILE:
        snprintf(out, out_bytes,
                 "cannot open %s: too many open files; raise the limit (LimitNOFILE=, ulimit -n)",
                 path);
        break;
    default: snprintf(out, out_bytes, "cannot open %s: %s", path, strerror(-error)); break;
    }
    return out;
}

const char *kd_card_wish(const char *wish, char *out, size_t out_bytes)
{
    char *real = wish[0] == '/' ? realpath(wish, NULL) : NULL;

    snprintf(out, out_bytes, "%s", real ? real : wish);
    free(real);
    return out;
}

/* ---- Properties ----------------------------------------------------------------------------- */

typedef void (*property_visitor)(void *ctx, int fd, const drmModePropertyRes *property,
                                 uint64_t value);

static void visit_properties(int fd, uint32_t object, uint32_t type, property_visitor visit,
                             void *ctx)
{
    drmModeObjectProperties *all = drmModeObjectGetProperties(fd, object, type);

    if (!all)
        return;
    for (uint32_t i = 0; i < all->count_props; i++) {
        drmModePropertyRes *property = drmModeGetProperty(fd, all->props[i]);

        if (property) {
            visit(ctx, fd, property, all->prop_values[i]);
            drmModeFreeProperty(property);
        }
    }
    drmModeFreeObjectProperties(all);
}

static void see_plane(void *ctx, int fd, const drmModePropertyRes *property, uint64_t value)
{
    struct kd_card_plane *plane = ctx;
    const char *name = property->name;

    (void)fd;
    if (strcmp(name, "type") == 0) {
        plane->type = value == DRM_PLANE_TYPE_PRIMARY  ? KD_PLANE_PRIMARY
                      : value == DRM_PLANE_TYPE_CURSOR ? KD_PLANE_CURSOR
                                                       : KD_PLANE_OVERLAY;
    } else if (strcmp(name, "rotation") == 0) {
        for (int i = 0; i < property->count_enums; i++) {
            if (property->enums[i].value < 32)
                plane->rotations |= UINT32_C(1) << property->enums[i].value;
        }
    } else if (strcmp(name, "zpos") == 0) {
        plane->has_zpos = true;
        plane->zpos_fixed = property->flags & DRM_MODE_PROP_IMMUTABLE;
        plane->zpos_min = property->count_values >= 1 ? property->values[0] : value;
        plane->zpos_max = property->count_values >= 2 ? property->values[1] : value;
    } else if (strcmp(name, "alpha") == 0) {
        plane->has_alpha = true;
    } else if (strcmp(name, "pixel blend mode") == 0) {
        plane->has_blend_mode = true;
    } else if (strcmp(name, "SCALING_FILTER") == 0) {
        plane->has_scaling_filter = true;
    } else if (strcmp(name, "FB_DAMAGE_CLIPS") == 0) {
        plane->has_damage_clips = true;
    } else if (strcmp(name, "IN_FORMATS") == 0) {
        plane->has_modifiers = value != 0;
    }
}

static void see_connector(void *ctx, int fd, const drmModePropertyRes *property, uint64_t value)
{
    struct kd_card_connector *connector = ctx;

    if (strcmp(property->name, "non-desktop") == 0) {
        connector->is_desktop = connector->is_desktop && value == 0;
    } else if (strcmp(property->name, "EDID") == 0 && value != 0) {
        drmModePropertyBlobRes *blob = drmModeGetPropertyBlob(fd, (uint32_t)value);

        if (blob) {
            kd_edid_parse(blob->data, blob->length, &connector->edid);
            drmModeFreePropertyBlob(blob);
        }
    }
}

/* ---- Connectors and planes ------------------------------------------------------------------ */

static struct kd_mode mode_of(const drmModeModeInfo *info)
{
    return (struct kd_mode){
        .width_px = info->hdisplay,
        .height_px = info->vdisplay,
        .refresh_mhz = kd_mode_refresh_mhz(info->clock, info->htotal, info->vtotal,
                                           info->flags & DRM_MODE_FLAG_INTERLACE,
                                           info->flags & DRM_MODE_FLAG_DBLSCAN, info->vscan),
        .preferred = info->type & DRM_MODE_TYPE_PREFERRED,
        .interlaced = info->flags & DRM_MODE_FLAG_INTERLACE};
}

static void read_connector(int fd, uint32_t id, struct kd_card *card)
{
    struct kd_card_connector *out = &card->connectors[card->connectors_count];
    drmModeConnector *in = drmModeGetConnector(fd, id);
    const char *type;

    if (!in)
        return;
    memset(out, 0, sizeof(*out));
    type = drmModeGetConnectorTypeName(in->connector_type);
    snprintf(out->name, sizeof(out->name), "%s-%u", type ? type : "Unknown", in->connector_type_id);
    out->id = id;
    out->status = in->connection == DRM_MODE_CONNECTED      ? KD_CONNECTED
                  : in->connection == DRM_MODE_DISCONNECTED ? KD_DISCONNECTED
                                                            : KD_CONNECTION_UNKNOWN;
    out->is_desktop = in->connector_type != DRM_MODE_CONNECTOR_WRITEBACK;
    for (int i = 0; i < in->count_modes; i++) {
        if (out->modes_count < KD_CARD_MODES)
            out->modes[out->modes_count++] = mode_of(&in->modes[i]);
        else
            out->modes_left_out++;
    }
    visit_properties(fd, id, DRM_MODE_OBJECT_CONNECTOR, see_connector, out);
    drmModeFreeConnector(in);
    card->connectors_count++;
}

static void read_plane(int fd, uint32_t id, struct kd_card *card)
{
    struct kd_card_plane *out = &card->planes[card->planes_count];
    drmModePlane *in = drmModeGetPlane(fd, id);

    if (!in)
        return;
    memset(out, 0, sizeof(*out));
    out->id = id;
    out->type = KD_PLANE_OVERLAY;
    out->crtcs = in->possible_crtcs;
    for (uint32_t i = 0; i < in->count_formats && out->formats_count < KD_CARD_FORMATS; i++)
        out->formats[out->formats_count++] = in->formats[i];
    drmModeFreePlane(in);
    visit_properties(fd, id, DRM_MODE_OBJECT_PLANE, see_plane, out);
    card->planes_count++;
}

/* ---- Cards ---------------------------------------------------------------------------------- */

static bool has_cap(int fd, uint64_t cap)
{
    uint64_t value = 0;

    return drmGetCap(fd, cap, &value) == 0 && value != 0;
}

static void read_caps(int fd, struct kd_card *card)
{
    uint64_t value = 0;

    card->has_dumb = has_cap(fd, DRM_CAP_DUMB_BUFFER);
    card->prefers_shadow = has_cap(fd, DRM_CAP_DUMB_PREFER_SHADOW);
    card->has_modifiers = has_cap(fd, DRM_CAP_ADDFB2_MODIFIERS);
    if (drmGetCap(fd, DRM_CAP_CURSOR_WIDTH, &value) == 0)
        card->cursor_px[0] = (uint32_t)value;
    if (drmGetCap(fd, DRM_CAP_CURSOR_HEIGHT, &value) == 0)
        card->cursor_px[1] = (uint32_t)value;
}

/* What an open fd says; card->path and the rest about the file are left alone. 0 or -errno. */
static int read_card(int fd, struct kd_card *card)
{
    drmVersion *version = drmGetVersion(fd);
    drmModePlaneRes *planes;
    drmModeRes *resources;

    if (!version)
        return errno ? -errno : -EINVAL;
    kd_log_safe(card->driver, sizeof(card->driver), version->name, (uint32_t)version->name_len);
    drmFreeVersion(version);
    card->connectors_count = card->planes_count = card->crtcs_count = 0;
    resources = drmModeGetResources(fd);
    card->is_display = resources != NULL;
    if (!resources) /* a card that only draws, v3d: no error */
        return 0;
    card->is_master = drmIsMaster(fd);
    card->is_atomic = drmSetClientCap(fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) == 0 &&
                      drmSetClientCap(fd, DRM_CLIENT_CAP_ATOMIC, 1) == 0;
    read_caps(fd, card);
    card->crtcs_count = (size_t)resources->count_crtcs;
    for (int i = 0; i < resources->count_connectors && card->connectors_count < KD_CARD_CONNECTORS;
         i++)
        read_connector(fd, resources->connectors[i], card);
    drmModeFreeResources(resources);
    planes = drmModeGetPlaneResources(fd);
    if (planes) {
        for (uint32_t i = 0; i < planes->count_planes && card->planes_count < KD_CARD_PLANES; i++)
            read_plane(fd, planes->planes[i], card);
        drmModeFreePlaneResources(planes);
    }
    return 0;
}

static void bus_name(const drmDevice *device, char *out, size_t out_bytes)
{
    out[0] = '\0';
    if (device->bustype == DRM_BUS_PCI && device->businfo.pci)
        snprintf(out, out_bytes, "pci:%04x:%02x:%02x.%u", device->businfo.pci->domain,
                 device->businfo.pci->bus, device->businfo.pci->dev, device->businfo.pci->func);
    else if (device->bustype == DRM_BUS_USB && device->businfo.usb)
        snprintf(out, out_bytes, "usb:%u:%u", device->businfo.usb->bus, device->businfo.usb->dev);
    else if (device->bustype == DRM_BUS_PLATFORM && device->businfo.platform)
        snprintf(out, out_bytes, "platform:%.50s", device->businfo.platform->fullname);
    else if (device->bustype == DRM_BUS_HOST1X && device->businfo.host1x)
        snprintf(out, out_bytes, "host1x:%.50s", device->businfo.host1x->fullname);
}

static void look_at(const struct kd_opener *opener, const drmDevice *device, struct kd_card *card)
{
    struct stat file;
    int fd;

    memset(card, 0, sizeof(*card));
    snprintf(card->path, sizeof(card->path), "%s", device->nodes[DRM_NODE_PRIMARY]);
    bus_name(device, card->bus, sizeof(card->bus));
    if (stat(card->path, &file) == 0) {
        card->dev_major = major(file.st_rdev);
        card->dev_minor = minor(file.st_rdev);
        card->mode = file.st_mode & 07777;
        group_name(file.st_gid, card->group, sizeof(card->group));
    }
    fd = opener->open(opener->ctx, card->path);
    if (fd < 0) {
        card->error = fd;
        kd_open_problem(card->path, fd, card->problem, sizeof(card->problem));
        return;
    }
    card->error = read_card(fd, card);
    if (card->error)
        snprintf(card->problem, sizeof(card->problem),
                 "%s does not answer as a display device does: %s", card->path,
                 strerror(-card->error));
    opener->close(opener->ctx, fd);
}

/* By number: "/dev/dri/card10" is after "/dev/dri/card9". */
static int by_number(const void *left, const void *right)
{
    const char *a = (*(drmDevice *const *)left)->nodes[DRM_NODE_PRIMARY];
    const char *b = (*(drmDevice *const *)right)->nodes[DRM_NODE_PRIMARY];
    size_t a_length = strlen(a), b_length = strlen(b);

    return a_length != b_length ? (a_length < b_length ? -1 : 1) : strcmp(a, b);
}

int kd_cards_find(const struct kd_opener *opener, struct kd_card *cards, size_t max)
{
    drmDevicePtr devices[64], primary[64];
    int found = drmGetDevices2(0, devices, 64), primaries = 0;
    size_t count;

    if (found < 0)
        return found == -ENOENT ? 0 : found;
    found = found > 64 ? 64 : found;
    for (int i = 0; i < found; i++) {
        if (devices[i]->available_nodes & (1 << DRM_NODE_PRIMARY))
            primary[primaries++] = devices[i];
    }
    qsort(primary, (size_t)primaries, sizeof(primary[0]), by_number);
    for (count = 0; count < (size_t)primaries && count < max; count++)
        look_at(opener, primary[count], &cards[count]);
    drmFreeDevices(devices, found);
    return (int)count;
}

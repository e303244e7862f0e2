/*
 * Atomic requests, and what a kernel refuses of them (drm_atomic_uapi.c, drm_atomic.c and the helpers of Linux 6.1), with its errnos.
 */
#include "fake_model.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Requests ------------------------------------------------------------------------------- */

drmModeAtomicReqPtr drmModeAtomicAlloc(void)
{
    return fake_fails("drmModeAtomicAlloc") ? NULL : calloc(1, sizeof(drmModeAtomicReq));
}

void drmModeAtomicFree(drmModeAtomicReqPtr req)
{
    if (!req)
        return;
    free(req->items);
    free(req);
}

int drmModeAtomicAddProperty(drmModeAtomicReqPtr req, uint32_t object_id, uint32_t property_id,
                             uint64_t value)
{
    if (!req || !object_id || !property_id)
        return -EINVAL;
    if (req->count == req->room) {
        int room = req->room ? req->room * 2 : 32;
        struct fake_atomic_item *items = realloc(req->items, (size_t)room * sizeof(*items));

        if (!items)
            return -ENOMEM;
        req->items = items;
        req->room = room;
    }
    req->items[req->count++] = (struct fake_atomic_item){object_id, property_id, value};
    return req->count;
}

int drmModeAtomicGetCursor(const drmModeAtomicReqPtr req)
{
    return req ? req->count : -EINVAL;
}

void drmModeAtomicSetCursor(drmModeAtomicReqPtr req, int cursor)
{
    if (req && cursor <= req->count)
        req->count = cursor;
}

drmModeAtomicReqPtr drmModeAtomicDuplicate(const drmModeAtomicReqPtr req)
{
    drmModeAtomicReqPtr copy = req ? drmModeAtomicAlloc() : NULL;

    if (copy && drmModeAtomicMerge(copy, req)) {
        drmModeAtomicFree(copy);
        copy = NULL;
    }
    return copy;
}

int drmModeAtomicMerge(drmModeAtomicReqPtr base, const drmModeAtomicReqPtr augment)
{
    if (!base)
        return -EINVAL;
    for (int n = 0; augment && n < augment->count; n++) {
        const struct fake_atomic_item *item = &augment->items[n];
        int result = drmModeAtomicAddProperty(base, item->object, item->property, item->value);

        if (result < 0)
            return result;
    }
    return 0;
}

/* ---- One value ------------------------------------------------------------------------------ */

#define REFUSE(check, error, ...) \
    (snprintf((check)->why, sizeof((check)->why), __VA_ARGS__), -(error))

static bool power_of_2(uint64_t value)
{
    return value && !(value & (value - 1));
}

static bool bit_is_known(const struct fake_object *object, enum fake_kind kind, uint64_t value)
{
    unsigned count = 0;

    while (count < 8 && fake_properties[kind].values[count])
        count++;
    if (kind == K_ROTATION)
        return !(value & ~(uint64_t)object->rotations) && power_of_2(value & DRM_MODE_ROTATE_MASK);
    return value < count;
}

static bool value_fits(struct fake_card *card, const struct fake_object *object,
                       enum fake_kind kind, uint64_t value)
{
    const struct fake_property *property = &fake_properties[kind];
    const struct fake_blob *blob = fake_find_blob(card, (uint32_t)value);

    switch (property->flags & (DRM_MODE_PROP_LEGACY_TYPE | DRM_MODE_PROP_EXTENDED_TYPE)) {
    case DRM_MODE_PROP_RANGE:
        if (kind == K_ZPOS)
            return value >= object->zpos_min && value <= object->zpos_max;
        return value >= property->min && value <= property->max;
    case DRM_MODE_PROP_SIGNED_RANGE:
        return (int64_t)value >= (int64_t)property->min && (int64_t)value <= (int64_t)property->max;
    case DRM_MODE_PROP_BLOB:
        if (value == 0)
            return true;
        if (kind == K_MODE_ID)
            return blob && blob->bytes_count == sizeof(drmModeModeInfo);
        return blob && blob->bytes_count % sizeof(struct drm_mode_rect) == 0;
    case DRM_MODE_PROP_OBJECT:
        return value == 0 || (kind == K_FB_ID ? fake_find_fb(card, (uint32_t)value) != NULL
                                              : fake_crtc_index(card, (uint32_t)value) >= 0);
    }
    return bit_is_known(object, kind, value);
}

static int set(struct fake_card *card, const struct fake_atomic_item *item,
               struct fake_check *check)
{
    struct fake_object *object = fake_find_object(card, item->object), *owner;
    enum fake_kind kind = fake_property_kind(card, item->property, &owner);
    unsigned index;

    if (!object)
        return REFUSE(check, ENOENT, "no object %u", item->object);
    if (kind == K_COUNT || !(object->has >> kind & 1) || (owner && owner != object))
        return REFUSE(check, ENOENT, "object %u has no property %u", item->object, item->property);
    index = fake_index(card, object);
    if (fake_property_fixed(object, kind) || kind == K_DPMS)
        return REFUSE(check, EINVAL, "%s of %u cannot be set", fake_properties[kind].name,
                      item->object);
    if (!value_fits(card, object, kind, item->value))
        return REFUSE(check, EINVAL, "%s of %u cannot be %lld", fake_properties[kind].name,
                      item->object, (long long)item->value);
    if (kind == K_IN_FENCE_FD && (int64_t)item->value >= 0 && fcntl((int)item->value, F_GETFD) < 0)
        return REFUSE(check, EINVAL, "IN_FENCE_FD %lld is closed", (long long)item->value);
    check->next->values[index][kind] = item->value;
    check->named |= UINT64_C(1) << index;
    return 0;
}

/* ---- Planes --------------------------------------------------------------------------------- */

static bool formats_have(const struct fake_object *plane, uint32_t format)
{
    for (unsigned n = 0; n < plane->formats_count; n++)
        if (plane->formats[n] == format)
            return true;
    return false;
}

static int check_clips(const struct fake_card *card, const struct fake_fb *fb, uint32_t blob_id,
                       struct fake_check *check)
{
    const struct fake_blob *blob = fake_find_blob(card, blob_id);
    size_t count = blob ? blob->bytes_count / sizeof(struct drm_mode_rect) : 0;

    for (size_t n = 0; n < count; n++) {
        struct drm_mode_rect clip;

        memcpy(&clip, blob->bytes + n * sizeof(clip), sizeof(clip));
        if (clip.x1 >= clip.x2 || clip.y1 >= clip.y2 || clip.x1 < 0 || clip.y1 < 0 ||
            clip.x2 > (int32_t)fb->width || clip.y2 > (int32_t)fb->height)
            return REFUSE(check, EINVAL, "damage clip %d,%d,%d,%d is not inside of %ux%u", clip.x1,
                          clip.y1, clip.x2, clip.y2, fb->width, fb->height);
    }
    return 0;
}

static int check_scale(const struct fake_object *plane, const uint64_t *v, struct fake_check *check)
{
    uint64_t width = v[K_SRC_W], height = v[K_SRC_H];

    if (v[K_ROTATION] & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270)) {
        width = v[K_SRC_H];
        height = v[K_SRC_W];
    }
    if (!width || !height || !v[K_CRTC_W] || !v[K_CRTC_H])
        return 0; /* invisible */
    for (unsigned n = 0; n < 2; n++) {
        uint64_t scale = (n ? v[K_CRTC_H] << 32 : v[K_CRTC_W] << 32) / (n ? height : width);

        if (scale < plane->scale_min || scale > plane->scale_max)
            return REFUSE(check, ERANGE, "plane %u cannot scale by %llu/65536", plane->id,
                          (unsigned long long)scale);
    }
    return 0;
}

static int check_place(struct fake_card *card, const struct fake_object *plane, const uint64_t *v,
                       unsigned crtc, struct fake_check *check)
{
    int32_t x = (int32_t)v[K_CRTC_X], y = (int32_t)v[K_CRTC_Y];
    drmModeModeInfo mode;

    if (plane->width_max && (v[K_CRTC_W] > plane->width_max || v[K_CRTC_H] > plane->height_max))
        return REFUSE(check, EINVAL, "plane %u is at most %ux%u", plane->id, plane->width_max,
                      plane->height_max);
    if (!plane->covers || !fake_get(check->next, crtc, K_ACTIVE) ||
        !fake_crtc_mode(card, check->next, crtc, &mode))
        return 0;
    if (x > 0 || y > 0 || x + (int64_t)v[K_CRTC_W] < mode.hdisplay ||
        y + (int64_t)v[K_CRTC_H] < mode.vdisplay)
        return REFUSE(check, EINVAL, "plane %u must cover its CRTC", plane->id);
    return 0;
}

static int check_plane(struct fake_card *card, unsigned index, struct fake_check *check)
{
    const struct fake_object *plane = &card->objects[index];
    const uint64_t *v = check->next->values[index];
    const struct fake_fb *fb = fake_find_fb(card, (uint32_t)v[K_FB_ID]);
    int crtc = fake_crtc_index(card, (uint32_t)v[K_CRTC_ID]), error;
    uint64_t old = card->state.values[index][K_CRTC_ID];

    if (v[K_CRTC_ID] && !fb)
        return REFUSE(check, EINVAL, "plane %u has a CRTC and no framebuffer", plane->id);
    if (fb && !v[K_CRTC_ID])
        return REFUSE(check, EINVAL, "plane %u has a framebuffer and no CRTC", plane->id);
    if (!fb)
        return 0;
    if (!(plane->crtcs >> crtc & 1))
        return REFUSE(check, EINVAL, "plane %u cannot be on CRTC %d", plane->id, crtc);
    if (old && old != v[K_CRTC_ID])
        return REFUSE(check, EINVAL, "plane %u goes from one CRTC to another", plane->id);
    if (!formats_have(plane, fb->format))
        return REFUSE(check, EINVAL, "plane %u cannot show format %.4s", plane->id,
                      (const char *)&fb->format);
    if (v[K_CRTC_W] > INT32_MAX || (int32_t)v[K_CRTC_X] > INT32_MAX - (int32_t)v[K_CRTC_W] ||
        v[K_CRTC_H] > INT32_MAX || (int32_t)v[K_CRTC_Y] > INT32_MAX - (int32_t)v[K_CRTC_H])
        return REFUSE(check, ERANGE, "plane %u lies out of numbers", plane->id);
    if (v[K_SRC_X] + v[K_SRC_W] > (uint64_t)fb->width << 16 ||
        v[K_SRC_Y] + v[K_SRC_H] > (uint64_t)fb->height << 16)
        return REFUSE(check, ENOSPC, "plane %u takes what lies outside of its framebuffer",
                      plane->id);
    error = check_clips(card, fb, (uint32_t)v[K_DAMAGE], check);
    if (!error)
        error = check_scale(plane, v, check);
    return error ? error : check_place(card, plane, v, (unsigned)crtc, check);
}

/* ---- CRTCs and connectors ------------------------------------------------------------------- */

static int check_crtc(struct fake_card *card, unsigned index, struct fake_check *check)
{
    const uint64_t *v = check->next->values[index];
    unsigned connectors = 0;
    drmModeModeInfo mode;

    if (v[K_ACTIVE] && !v[K_MODE_ID])
        return REFUSE(check, EINVAL, "CRTC %u is active without a mode", index);
    for (unsigned n = FAKE_FIRST_CONNECTOR; n < FAKE_FIRST_CONNECTOR + card->connectors; n++) {
        if (check->next->values[n][K_CRTC_ID] != card->objects[index].id)
            continue;
        connectors++;
        if (!(card->objects[n].crtcs >> index & 1))
            return REFUSE(check, EINVAL, "connector %s cannot be on CRTC %u", card->objects[n].name,
                          index);
    }
    if (!v[K_MODE_ID] != !connectors)
        return REFUSE(check, EINVAL, "CRTC %u has %u connectors and %s mode", index, connectors,
                      v[K_MODE_ID] ? "a" : "no");
    if (v[K_MODE_ID] && (!fake_crtc_mode(card, check->next, index, &mode) || !mode.clock ||
                         mode.htotal < mode.hdisplay || mode.vtotal < mode.vdisplay))
        return REFUSE(check, EINVAL, "CRTC %u has a mode that is none", index);
    return 0;
}

/* Which CRTCs a request concerns, and whether one of them must be set anew. */
static void find_crtcs(struct fake_card *card, struct fake_check *check)
{
    static const enum fake_kind modeset[] = {K_ACTIVE, K_MODE_ID};

    for (unsigned n = 0; n < FAKE_OBJECTS; n++) {
        const struct fake_state *states[] = {&card->state, check->next};

        if (!(check->named >> n & 1))
            continue;
        if (n < FAKE_CRTCS)
            check->crtcs |= 1u << n;
        for (unsigned s = 0; n >= FAKE_CRTCS && s < 2; s++) {
            int crtc = fake_crtc_index(card, (uint32_t)states[s]->values[n][K_CRTC_ID]);

            if (crtc >= 0)
                check->crtcs |= 1u << crtc;
        }
        for (unsigned m = 0; n < FAKE_CRTCS && m < 2; m++)
            if (card->state.values[n][modeset[m]] != check->next->values[n][modeset[m]])
                check->modeset = true;
        if (n >= FAKE_CRTCS && n < FAKE_FIRST_PLANE &&
            (card->state.values[n][K_CRTC_ID] != check->next->values[n][K_CRTC_ID] ||
             card->state.values[n][K_LINK] != check->next->values[n][K_LINK]))
            check->modeset = true;
    }
}

static int check_load(const struct fake_card *card, struct fake_check *check)
{
    int64_t pixels = 0;
    unsigned planes = 0;

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
        if (check->next->values[n][K_FB_ID]) {
            planes++;
            pixels +=
                (int64_t)(check->next->values[n][K_CRTC_W] * check->next->values[n][K_CRTC_H]);
        }
    if (card->planes_max && planes > card->planes_max)
        return REFUSE(check, ENOSPC, "%u planes are more than %u", planes, card->planes_max);
    if (card->draw_max && pixels > card->draw_max)
        return REFUSE(check, ENOSPC, "%lld pixels are too much", (long long)pixels);
    return 0;
}

static int check_state(struct fake_card *card, uint32_t flags, struct fake_check *check)
{
    int error = 0;

    find_crtcs(card, check);
    if (flags & DRM_MODE_PAGE_FLIP_EVENT && !check->crtcs)
        return REFUSE(check, EINVAL, "an event is wanted, and no CRTC named");
    for (unsigned n = FAKE_FIRST_PLANE; !error && n < FAKE_FIRST_PLANE + card->planes; n++)
        if (check->named >> n & 1 || check->modeset)
            error = check_plane(card, n, check);
    for (unsigned n = 0; !error && n < card->crtcs; n++) {
        error = check_crtc(card, n, check);
        if (!error && check->crtcs >> n & 1 && flags & DRM_MODE_PAGE_FLIP_EVENT &&
            !check->next->values[n][K_ACTIVE] && !card->state.values[n][K_ACTIVE])
            error = REFUSE(check, EINVAL, "an event is wanted of CRTC %u, which is off", n);
    }
    if (!error && check->modeset && !(flags & DRM_MODE_ATOMIC_ALLOW_MODESET))
        error = REFUSE(check, EINVAL, "a modeset is needed, and not allowed");
    return error ? error : check_load(card, check);
}

/* ---- The whole ------------------------------------------------------------------------------ */

static int check_flags(const struct fake_file *file, uint32_t flags, struct fake_check *check)
{
    const struct fake_card *card = file->card;

    if (card->master_fd != file->fd || *card->master)
        return REFUSE(check, EACCES, "not master");
    if (card->no_atomic)
        return REFUSE(check, EOPNOTSUPP, "no atomic driver");
    if (!file->atomic)
        return REFUSE(check, EINVAL, "the client did not ask for atomic");
    if (flags & ~(uint32_t)DRM_MODE_ATOMIC_FLAGS || flags & DRM_MODE_PAGE_FLIP_ASYNC)
        return REFUSE(check, EINVAL, "flags %x", flags);
    if (flags & DRM_MODE_ATOMIC_TEST_ONLY && flags & DRM_MODE_PAGE_FLIP_EVENT)
        return REFUSE(check, EINVAL, "an event of a test");
    return 0;
}

static int check_busy(const struct fake_card *card, struct fake_check *check)
{
    for (unsigned n = 0; n < card->crtcs; n++)
        if (check->crtcs >> n & 1 && card->crtc[n].pending)
            return REFUSE(check, EBUSY, "a flip of CRTC %u is pending", n);
    return 0;
}

static int scripted(const char *name, struct fake_check *check)
{
    int error = fake_fails(name);

    return error ? REFUSE(check, error, "the script says so (%s)", name) : 0;
}

/* A mode that looked well until it was set. */
static int check_refused(const struct fake_card *card, struct fake_check *check)
{
    drmModeModeInfo mode;

    for (unsigned n = 0; card->refuse_error && check->modeset && n < card->crtcs; n++)
        if (check->crtcs >> n & 1 && fake_crtc_mode(card, check->next, n, &mode) &&
            mode.hdisplay == card->refuse_width && mode.vdisplay == card->refuse_height)
            return REFUSE(check, card->refuse_error, "the script refuses %ux%u", mode.hdisplay,
                          mode.vdisplay);
    return 0;
}

int fake_check(struct fake_file *file, const struct _drmModeAtomicReq *request, uint32_t flags,
               struct fake_check *check)
{
    struct fake_card *card = file->card;
    bool test = flags & DRM_MODE_ATOMIC_TEST_ONLY;
    int error = check_flags(file, flags, check);

    *check->next = card->state;
    for (unsigned n = 0; n < FAKE_OBJECTS; n++) {
        check->next->values[n][K_DAMAGE] = 0; /* a kernel forgets these with every commit */
        check->next->values[n][K_IN_FENCE_FD] = (uint64_t)-1;
        check->next->values[n][K_OUT_FENCE] = 0;
    }
    for (int n = 0; !error && n < request->count; n++)
        error = set(card, &request->items[n], check);
    if (!error)
        error = check_state(card, flags, check);
    if (!error)
        error = scripted("drmModeAtomicCommit", check);
    if (!error)
        error = scripted(test ? "test" : check->modeset ? "modeset" : "commit", check);
    if (!error && !test)
        error = check_refused(card, check);
    if (!error && !test && flags & DRM_MODE_ATOMIC_NONBLOCK)
        error = check_busy(card, check);
    return error;
}

int drmModeAtomicCommit(int fd, const drmModeAtomicReqPtr req, uint32_t flags, void *user_data)
{
    struct fake_check check = {0};
    struct fake_file *file;
    int error;

    if (!req)
        return -EINVAL;
    if (req->count == 0)
        return 0; /* as libdrm has it */
    fake_lock();
    file = fake_file(fd);
    error = file ? 0 : -errno;
    check.next = malloc(sizeof(*check.next));
    if (file) {
        struct fake_commit *commit = fake_new_commit(file->card);

        error = fake_check(file, req, flags, &check);
        fake_record(file->card, commit, &check, flags, error);
        if (!error && !(flags & DRM_MODE_ATOMIC_TEST_ONLY))
            fake_apply(file, &check, flags, user_data);
        fake_sweep_blobs(file->card);
    }
    fake_unlock();
    free(check.next);
    if (error)
        errno = -error;
    return error;
}

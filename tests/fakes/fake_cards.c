/*
 * Cards and what they are made of: objects, their first states, modes and EDIDs.
 */
#include "fake_model.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct fake_card *fake_cards[FAKE_CARDS], *fake_current;

static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int64_t (*test_clock)(void);

void fake_lock(void)
{
    pthread_mutex_lock(&lock);
}

void fake_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

void fake_wait(void)
{
    pthread_cond_wait(&changed, &lock);
}

void fake_changed(void)
{
    pthread_cond_broadcast(&changed);
}

void fake_drm_clock(int64_t (*now_ns)(void))
{
    test_clock = now_ns;
}

int64_t fake_now_ns(void)
{
    struct timespec now;

    if (test_clock)
        return test_clock();
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* ---- Cards ---------------------------------------------------------------------------------- */

static int make_node(struct fake_card *card, const char *path)
{
    char folder[] = "/tmp/fake-drm-XXXXXX";
    struct stat node;

    if (path && *path) {
        snprintf(card->path, sizeof(card->path), "%s", path);
    } else {
        if (!mkdtemp(folder))
            return -errno;
        card->own_folder = true;
        snprintf(card->path, sizeof(card->path), "%s/%s", folder, card->name);
    }
    if (mkfifo(card->path, 0600) && errno != EEXIST)
        return -errno;
    if (stat(card->path, &node))
        return -errno;
    if (!S_ISFIFO(node.st_mode))
        return -EEXIST;
    card->dev = node.st_dev;
    card->ino = node.st_ino;
    return 0;
}

int fake_new_card(const char *name, const char *path, struct fake_card **out)
{
    struct fake_card *card = calloc(1, sizeof(*card));
    int error = card ? 0 : -ENOMEM;

    if (card) {
        snprintf(card->name, sizeof(card->name), "%s", name);
        snprintf(card->driver, sizeof(card->driver), "fake");
        card->master_fd = -1;
        card->depth = 24;
        card->next_id = 300;
        card->next_offset = 1 << 20;
        card->commits = calloc(FAKE_KEPT, sizeof(*card->commits));
        error = card->commits ? make_node(card, path) : -ENOMEM;
    }
    for (unsigned n = 0; !error && n < FAKE_CARDS; n++)
        if (!fake_cards[n]) {
            fake_cards[n] = card;
            *out = card;
            return 0;
        }
    if (card)
        free(card->commits);
    free(card);
    return error ? error : -ENOSPC;
}

static void destroy_card(struct fake_card *card)
{
    struct fake_blob *blob;

    fake_close_memory(card, -1);
    while ((blob = card->blobs)) {
        card->blobs = blob->next;
        free(blob);
    }
    for (unsigned n = 0; n < FAKE_CRTCS; n++) {
        struct fake_crtc *crtc = &card->crtc[n];

        free(crtc->panel);
        while (crtc->in_fences_count)
            close(crtc->in_fences[--crtc->in_fences_count]);
        if (crtc->pending && crtc->out_fence >= 0)
            close(crtc->out_fence);
    }
    if (card->own_folder) {
        unlink(card->path);
        *strrchr(card->path, '/') = '\0';
        rmdir(card->path);
    }
    free(card->commits);
    free(card);
}

void fake_drm_reset(void)
{
    fake_stop_thread();
    fake_lock();
    fake_forget_rules();
    fake_forget_files();
    for (unsigned n = 0; n < FAKE_CARDS; n++) {
        if (fake_cards[n])
            destroy_card(fake_cards[n]);
        fake_cards[n] = NULL;
    }
    test_clock = NULL;
    fake_current = NULL;
    fake_unlock();
}

struct fake_card *fake_drm_card(const char *name)
{
    for (unsigned n = 0; n < FAKE_CARDS; n++)
        if (fake_cards[n] && !strcmp(fake_cards[n]->name, name))
            return fake_cards[n];
    fprintf(stderr, "fake drm: there is no card %s\n", name);
    abort();
}

const char *fake_drm_path(const struct fake_card *card)
{
    return card->path;
}

struct fake_counts fake_drm_counts(const struct fake_card *card)
{
    struct fake_counts counts;

    fake_lock();
    counts = card->counts;
    counts.maps = fake_live_maps();
    fake_unlock();
    return counts;
}

/* ---- Objects -------------------------------------------------------------------------------- */

#define BIT(kind) (UINT64_C(1) << (kind))
#define PLANE_HAS                                                                                 \
    (BIT(K_TYPE) | BIT(K_FB_ID) | BIT(K_IN_FENCE_FD) | BIT(K_CRTC_ID) | BIT(K_CRTC_X) |           \
     BIT(K_CRTC_Y) | BIT(K_CRTC_W) | BIT(K_CRTC_H) | BIT(K_SRC_X) | BIT(K_SRC_Y) | BIT(K_SRC_W) | \
     BIT(K_SRC_H))

static struct fake_object *place(struct fake_card *card, unsigned first, unsigned *count,
                                 unsigned most, uint32_t id)
{
    struct fake_object *object;

    if (*count == most)
        return NULL;
    object = &card->objects[first + *count];
    object->id = id + *count;
    ++*count;
    return object;
}

struct fake_object *fake_new_object(struct fake_card *card, uint32_t type)
{
    struct fake_object *object = NULL;

    if (type == DRM_MODE_OBJECT_CRTC)
        object = place(card, 0, &card->crtcs, FAKE_CRTCS, 40);
    else if (type == DRM_MODE_OBJECT_CONNECTOR)
        object = place(card, FAKE_FIRST_CONNECTOR, &card->connectors, FAKE_CONNECTORS, 60);
    else if (type == DRM_MODE_OBJECT_PLANE)
        object = place(card, FAKE_FIRST_PLANE, &card->planes, FAKE_PLANES, 100);
    if (!object)
        return NULL;
    object->type = type;
    if (type == DRM_MODE_OBJECT_CRTC) {
        object->has = BIT(K_ACTIVE) | BIT(K_MODE_ID) | BIT(K_OUT_FENCE);
        card->crtc[fake_index(card, object)].out_fence = -1;
    } else if (type == DRM_MODE_OBJECT_CONNECTOR) {
        object->has = BIT(K_EDID) | BIT(K_DPMS) | BIT(K_LINK) | BIT(K_NON_DESKTOP) | BIT(K_CRTC_ID);
        object->encoder = object->id + 20;
    } else {
        object->has = PLANE_HAS;
        object->crtcs = ~0u;
        object->rotations = DRM_MODE_ROTATE_0;
        object->scale_min = object->scale_max = 1 << 16;
    }
    return object;
}

static bool same_id(const struct fake_object *object, uint32_t id)
{
    return object->id && object->id == id;
}

struct fake_object *fake_find_object(struct fake_card *card, uint32_t id)
{
    for (unsigned n = 0; n < FAKE_OBJECTS; n++)
        if (same_id(&card->objects[n], id))
            return &card->objects[n];
    return NULL;
}

struct fake_object *fake_find_connector(struct fake_card *card, const char *name)
{
    for (unsigned n = 0; n < card->connectors; n++)
        if (!strcmp(card->objects[FAKE_FIRST_CONNECTOR + n].name, name))
            return &card->objects[FAKE_FIRST_CONNECTOR + n];
    return NULL;
}

unsigned fake_index(const struct fake_card *card, const struct fake_object *object)
{
    return (unsigned)(object - card->objects);
}

int fake_crtc_index(const struct fake_card *card, uint32_t id)
{
    for (unsigned n = 0; n < card->crtcs; n++)
        if (same_id(&card->objects[n], id))
            return (int)n;
    return -1;
}

uint64_t fake_get(const struct fake_state *state, unsigned index, enum fake_kind kind)
{
    return state->values[index][kind];
}

uint32_t fake_drm_crtc_id(const struct fake_card *card, unsigned index)
{
    return index < card->crtcs ? card->objects[index].id : 0;
}

uint32_t fake_drm_plane_id(const struct fake_card *card, unsigned index)
{
    return index < card->planes ? card->objects[FAKE_FIRST_PLANE + index].id : 0;
}

uint32_t fake_drm_connector_id(const struct fake_card *card, const char *name)
{
    const struct fake_object *connector = fake_find_connector((struct fake_card *)card, name);

    return connector ? connector->id : 0;
}

void fake_default_state(struct fake_card *card, struct fake_object *object)
{
    uint64_t *values = card->state.values[fake_index(card, object)];

    values[K_IN_FENCE_FD] = (uint64_t)-1;
    values[K_ROTATION] = DRM_MODE_ROTATE_0;
    values[K_ALPHA] = 0xffff;
    values[K_ZPOS] = object->zpos_min;
    values[K_DPMS] = DRM_MODE_DPMS_OFF;
    if (object->type == DRM_MODE_OBJECT_PLANE && object->zpos_max > object->zpos_min)
        values[K_ZPOS] = object->zpos_min + (card->planes - 1) % 4;
    if (values[K_ZPOS] > object->zpos_max)
        values[K_ZPOS] = object->zpos_max;
}

/* ---- Modes ---------------------------------------------------------------------------------- */

/* WxH[i]@HZ[*]: i interlaced, * preferred; HZ may have decimals. */
bool fake_mode(drmModeModeInfo *mode, const char *text)
{
    unsigned width, height;
    int used = 0;
    double refresh = 60;
    uint64_t pixels;

    *mode = (drmModeModeInfo){0};
    if (sscanf(text, "%ux%u%n", &width, &height, &used) < 2 || width > 8192 || height > 8192)
        return false;
    text += used;
    if (*text == 'i') {
        mode->flags |= DRM_MODE_FLAG_INTERLACE;
        text++;
    }
    if (*text == '@') {
        if (sscanf(text, "@%lf%n", &refresh, &used) < 1)
            return false;
        text += used;
    }
    mode->type = DRM_MODE_TYPE_DRIVER | (*text == '*' ? DRM_MODE_TYPE_PREFERRED : 0);
    mode->hdisplay = (uint16_t)width;
    mode->hsync_start = (uint16_t)(width + 88);
    mode->hsync_end = (uint16_t)(width + 132);
    mode->htotal = (uint16_t)((width + 299) / 20 * 20); /* so that the clock is whole kHz */
    mode->vdisplay = (uint16_t)height;
    mode->vsync_start = (uint16_t)(height + 4);
    mode->vsync_end = (uint16_t)(height + 9);
    mode->vtotal = (uint16_t)((height + 94) / 50 * 50);
    pixels = (uint64_t)mode->htotal * mode->vtotal;
    if (mode->flags & DRM_MODE_FLAG_INTERLACE)
        refresh /= 2; /* what is said is fields, as everywhere */
    mode->clock = (uint32_t)((double)pixels * refresh / 1000 + 0.5);
    mode->vrefresh = (fake_refresh_mhz(mode) + 500) / 1000;
    snprintf(mode->name, sizeof(mode->name), "%ux%u%s", width, height,
             mode->flags & DRM_MODE_FLAG_INTERLACE ? "i" : "");
    return *text == '\0' || !strcmp(text, "*");
}

uint32_t fake_refresh_mhz(const drmModeModeInfo *mode)
{
    uint64_t pixels = (uint64_t)mode->htotal * mode->vtotal;
    uint64_t rate = pixels ? ((uint64_t)mode->clock * 1000000 + pixels / 2) / pixels : 0;

    return (uint32_t)(mode->flags & DRM_MODE_FLAG_INTERLACE ? rate * 2 : rate);
}

bool fake_crtc_mode(const struct fake_card *card, const struct fake_state *state, unsigned crtc,
                    drmModeModeInfo *mode)
{
    const struct fake_blob *blob = fake_find_blob(card, (uint32_t)fake_get(state, crtc, K_MODE_ID));

    if (!blob || blob->bytes_count != sizeof(*mode))
        return false;
    memcpy(mode, blob->bytes, sizeof(*mode));
    return true;
}

/* A monitor of the maker KMS; an empty name: no EDID. */
void fake_add_edid(struct fake_card *card, struct fake_object *connector, const char *name)
{
    uint8_t edid[128] = {0, 255, 255, 255, 255, 255, 255, 0};
    uint64_t *value = &card->state.values[fake_index(card, connector)][K_EDID];
    struct fake_blob *blob;
    size_t length = strlen(name);
    uint8_t sum = 0;

    *value = 0;
    if (!*name)
        return;
    edid[8] = ('K' - '@') << 2 | ('M' - '@') >> 3;
    edid[9] = (uint8_t)(('M' - '@') << 5 | ('S' - '@'));
    edid[18] = 1;
    edid[19] = 4;
    edid[20] = 0x80;
    edid[21] = (uint8_t)(connector->width_mm / 10);
    edid[22] = (uint8_t)(connector->height_mm / 10);
    edid[57] = 0xfc; /* the name, in the first descriptor */
    memset(edid + 59, ' ', 13);
    memcpy(edid + 59, name, length < 13 ? length : 13);
    if (length < 13)
        edid[59 + length] = '\n';
    for (unsigned n = 0; n < 127; n++)
        sum = (uint8_t)(sum + edid[n]);
    edid[127] = (uint8_t)-sum;
    blob = fake_new_blob(card, -1, edid, sizeof(edid));
    if (blob) {
        blob->fixed = true;
        *value = blob->id;
    }
}

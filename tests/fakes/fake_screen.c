/*
 * What is to be seen: the planes of a CRTC composed, and the memory of panels that are told what changed.
 */
#include "fake_model.h"

#include <stdlib.h>
#include <string.h>

struct target {
    uint32_t *pixels;
    int32_t width, height;
};

/* ---- Pixels of a framebuffer ---------------------------------------------------------------- */

static uint32_t pixel(const struct fake_fb *fb, uint32_t x, uint32_t y)
{
    const uint8_t *at = fb->memory->bytes + fb->offset + (size_t)fb->pitch * y;
    uint32_t value = 0;
    uint16_t small;

    if (fb->format == DRM_FORMAT_RGB565) {
        memcpy(&small, at + x * 2, sizeof(small));
        uint32_t r = small >> 11, g = small >> 5 & 63, b = small & 31;

        return 0xff000000 | (r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2);
    }
    memcpy(&value, at + x * 4, sizeof(value));
    if (fb->format == DRM_FORMAT_XBGR8888 || fb->format == DRM_FORMAT_ABGR8888)
        value = (value & 0xff00ff00) | (value & 255) << 16 | (value >> 16 & 255);
    if (fb->format == DRM_FORMAT_XRGB8888 || fb->format == DRM_FORMAT_XBGR8888)
        value |= 0xff000000;
    return value;
}

static uint32_t blend(uint32_t under, uint32_t over, uint32_t alpha)
{
    uint32_t result = 0, a = ((over >> 24) * alpha + 127) / 255;

    for (unsigned shift = 0; shift < 24; shift += 8) {
        uint32_t o = ((over >> shift & 255) * alpha + 127) / 255;
        uint32_t sum = o + ((under >> shift & 255) * (255 - a) + 127) / 255;

        result |= (sum > 255 ? 255 : sum) << shift;
    }
    return result | 0xff000000;
}

/* ---- A plane -------------------------------------------------------------------------------- */

/* Where the pixel u, v of a picture of w times h on the screen comes from: undoes the turn (counter-clockwise), then the reflection, as numerators over w and h. */
static void turn_back(uint32_t rotation, int64_t *u, int64_t *v, int64_t w, int64_t h)
{
    int64_t x = *u, y = *v;

    if (rotation & DRM_MODE_ROTATE_90) {
        *u = h - y;
        *v = x;
    } else if (rotation & DRM_MODE_ROTATE_180) {
        *u = w - x;
        *v = h - y;
    } else if (rotation & DRM_MODE_ROTATE_270) {
        *u = y;
        *v = w - x;
    }
    if (rotation & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270)) {
        int64_t swap = w;

        w = h;
        h = swap;
    }
    if (rotation & DRM_MODE_REFLECT_X)
        *u = w - *u;
    if (rotation & DRM_MODE_REFLECT_Y)
        *v = h - *v;
}

static void draw_plane(const struct fake_fb *fb, const uint64_t *v, const struct target *to)
{
    int32_t left = (int32_t)v[K_CRTC_X], top = (int32_t)v[K_CRTC_Y];
    int64_t width = (int64_t)v[K_CRTC_W], height = (int64_t)v[K_CRTC_H];
    uint32_t rotation = (uint32_t)v[K_ROTATION];
    bool turned = rotation & (DRM_MODE_ROTATE_90 | DRM_MODE_ROTATE_270);
    uint32_t alpha = (uint32_t)(v[K_ALPHA] >> 8);

    for (int64_t y = top < 0 ? -top : 0; y < height && top + y < to->height; y++)
        for (int64_t x = left < 0 ? -left : 0; x < width && left + x < to->width; x++) {
            int64_t u = 2 * x + 1, w = 2 * y + 1; /* centres, in halves */
            uint64_t sx, sy;
            uint32_t *at = &to->pixels[(top + y) * to->width + left + x];

            turn_back(rotation, &u, &w, 2 * width, 2 * height);
            sx = v[K_SRC_X] + (uint64_t)u * v[K_SRC_W] / (uint64_t)(2 * (turned ? height : width));
            sy = v[K_SRC_Y] + (uint64_t)w * v[K_SRC_H] / (uint64_t)(2 * (turned ? width : height));
            sx >>= 16;
            sy >>= 16;
            if (sx < fb->width && sy < fb->height)
                *at = blend(*at, pixel(fb, (uint32_t)sx, (uint32_t)sy), alpha);
        }
}

/* ---- A CRTC --------------------------------------------------------------------------------- */

static bool is_above(const struct fake_state *state, unsigned a, unsigned b)
{
    uint64_t za = fake_get(state, a, K_ZPOS), zb = fake_get(state, b, K_ZPOS);

    return za != zb ? za > zb : a > b;
}

/* The planes of a CRTC, the lowest first. */
static unsigned sorted(const struct fake_card *card, unsigned crtc, const struct fake_state *state,
                       unsigned *planes)
{
    unsigned count = 0;

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++) {
        unsigned at = count;

        if (fake_get(state, n, K_CRTC_ID) != card->objects[crtc].id)
            continue;
        for (; at > 0 && is_above(state, planes[at - 1], n); at--)
            planes[at] = planes[at - 1];
        planes[at] = n;
        count++;
    }
    return count;
}

bool fake_compose(const struct fake_card *card, unsigned crtc, const struct fake_state *state,
                  uint32_t **pixels, int32_t *width, int32_t *height)
{
    unsigned planes[FAKE_PLANES], count;
    struct target to;
    drmModeModeInfo mode;

    if (!fake_get(state, crtc, K_ACTIVE) || !fake_crtc_mode(card, state, crtc, &mode))
        return false;
    *width = to.width = mode.hdisplay;
    *height = to.height = mode.vdisplay;
    *pixels = to.pixels = malloc((size_t)to.width * (size_t)to.height * 4);
    for (int32_t n = 0; n < to.width * to.height; n++)
        to.pixels[n] = 0xff000000;
    count = sorted(card, crtc, state, planes);
    for (unsigned n = 0; n < count; n++) {
        const struct fake_fb *fb =
            fake_find_fb(card, (uint32_t)fake_get(state, planes[n], K_FB_ID));

        if (fb)
            draw_plane(fb, state->values[planes[n]], &to);
    }
    return true;
}

uint32_t *fake_drm_screen(const struct fake_card *card, unsigned index, int32_t *width_px,
                          int32_t *height_px)
{
    const struct fake_crtc *crtc = &card->crtc[index];
    uint32_t *pixels = NULL;

    fake_lock();
    if (!crtc->shows || !fake_compose(card, index, &crtc->shown, &pixels, width_px, height_px)) {
        pixels = NULL;
    } else if (card->panel && crtc->panel && crtc->panel_width == *width_px &&
               crtc->panel_height == *height_px) {
        memcpy(pixels, crtc->panel, (size_t)*width_px * (size_t)*height_px * 4);
    }
    fake_unlock();
    return pixels;
}

/* Of the framebuffers' bytes: quick enough for every flip. */
uint64_t fake_hash_shown(const struct fake_card *card, unsigned crtc)
{
    const struct fake_state *state = &card->crtc[crtc].shown;
    uint64_t hash = 1469598103934665603u;

    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++) {
        const struct fake_fb *fb = fake_find_fb(card, (uint32_t)fake_get(state, n, K_FB_ID));

        if (!fb || fake_get(state, n, K_CRTC_ID) != card->objects[crtc].id)
            continue;
        for (size_t at = 0; at + 8 <= fb->memory->size; at += 8) {
            uint64_t word;

            memcpy(&word, fb->memory->bytes + at, sizeof(word));
            hash = (hash ^ word) * 1099511628211u;
            hash ^= hash >> 29;
        }
    }
    return hash;
}

/* ---- Panels --------------------------------------------------------------------------------- */

static void copy(struct fake_crtc *crtc, const uint32_t *pixels, struct fake_rect box)
{
    for (int32_t y = box.y1 < 0 ? 0 : box.y1; y < box.y2 && y < crtc->panel_height; y++)
        for (int32_t x = box.x1 < 0 ? 0 : box.x1; x < box.x2 && x < crtc->panel_width; x++)
            crtc->panel[y * crtc->panel_width + x] = pixels[y * crtc->panel_width + x];
}

static void copy_plane(const struct fake_card *card, struct fake_crtc *crtc, unsigned plane,
                       const uint32_t *pixels)
{
    const uint64_t *v = crtc->shown.values[plane];
    const struct fake_blob *blob = fake_find_blob(card, (uint32_t)v[K_DAMAGE]);
    int32_t left = (int32_t)v[K_CRTC_X] - (int32_t)(v[K_SRC_X] >> 16);
    int32_t top = (int32_t)v[K_CRTC_Y] - (int32_t)(v[K_SRC_Y] >> 16);

    for (size_t n = 0; blob && n < blob->bytes_count / sizeof(struct drm_mode_rect); n++) {
        struct drm_mode_rect clip;

        memcpy(&clip, blob->bytes + n * sizeof(clip), sizeof(clip));
        copy(crtc, pixels,
             (struct fake_rect){clip.x1 + left, clip.y1 + top, clip.x2 + left, clip.y2 + top});
    }
    if (!blob)
        copy(crtc, pixels,
             (struct fake_rect){(int32_t)v[K_CRTC_X], (int32_t)v[K_CRTC_Y],
                                (int32_t)(v[K_CRTC_X] + v[K_CRTC_W]),
                                (int32_t)(v[K_CRTC_Y] + v[K_CRTC_H])});
}

/* A panel gets what the commit says has changed, and keeps the rest as it was. */
void fake_to_panel(struct fake_card *card, unsigned index, bool everything)
{
    struct fake_crtc *crtc = &card->crtc[index];
    uint32_t *pixels = NULL;
    int32_t width, height;

    if (!fake_compose(card, index, &crtc->shown, &pixels, &width, &height))
        return;
    if (everything || !crtc->panel || crtc->panel_width != width || crtc->panel_height != height) {
        free(crtc->panel);
        crtc->panel = pixels;
        crtc->panel_width = width;
        crtc->panel_height = height;
        return;
    }
    for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
        if (fake_get(&crtc->shown, n, K_CRTC_ID) == card->objects[index].id)
            copy_plane(card, crtc, n, pixels);
    if (memcmp(crtc->panel, pixels, (size_t)width * (size_t)height * 4) != 0) {
        card->counts.lies++;
        fake_log("\"what\": \"lie\", \"crtc\": %u", index);
    }
    free(pixels);
}

void fake_dirty_panel(struct fake_card *card, const struct fake_fb *fb, const drmModeClip *clips,
                      unsigned count)
{
    for (unsigned index = 0; index < card->crtcs; index++) {
        struct fake_crtc *crtc = &card->crtc[index];
        uint32_t *pixels = NULL;
        int32_t width, height;
        bool shows = false;

        for (unsigned n = FAKE_FIRST_PLANE; n < FAKE_FIRST_PLANE + card->planes; n++)
            if (fake_get(&crtc->shown, n, K_FB_ID) == fb->id &&
                fake_get(&crtc->shown, n, K_CRTC_ID) == card->objects[index].id)
                shows = true;
        if (!shows || !crtc->panel ||
            !fake_compose(card, index, &crtc->shown, &pixels, &width, &height))
            continue;
        for (unsigned n = 0; n < count; n++)
            copy(crtc, pixels,
                 (struct fake_rect){clips[n].x1, clips[n].y1, clips[n].x2, clips[n].y2});
        if (count == 0)
            copy(crtc, pixels, (struct fake_rect){0, 0, width, height});
        free(pixels);
    }
}

/*
 * Drawn by counting, in a fine grid over each pixel, what lies in the arrow and what in the line around it: integers only, so it is the same
 * everywhere.
 */
#include "server/cursor_arrow.h"

#include <stdbool.h>

#define SIZE_PX 24
#define FINE    8 /* points of the grid for a pixel, in each direction */
#define SAMPLES (FINE / 2)

/* The line's width: a little more than a pixel, so that the arrow is seen on any background. */
#define LINE (FINE * 5 / 4)

struct point {
    int32_t x, y;
};

/* The arrow's corners, in points of the fine grid; its line begins at the edge of the image. */
static const struct point corners[] = {{10, 10},  {10, 134}, {38, 107}, {57, 151},
                                       {77, 142}, {58, 99},  {97, 99}};
#define CORNERS (sizeof(corners) / sizeof(corners[0]))

static bool is_inside(struct point at)
{
    bool inside = false;

    for (size_t i = 0, j = CORNERS - 1; i < CORNERS; j = i++) {
        struct point a = corners[i], b = corners[j];
        int32_t side = (b.x - a.x) * (at.y - a.y) - (at.x - a.x) * (b.y - a.y);

        if ((a.y > at.y) != (b.y > at.y))
            inside ^= b.y > a.y ? side > 0 : side < 0;
    }
    return inside;
}

/* Whether a point is at most LINE away from one of the arrow's edges. */
static bool is_on_line(struct point at)
{
    for (size_t i = 0, j = CORNERS - 1; i < CORNERS; j = i++) {
        struct point a = corners[j], edge = {corners[i].x - a.x, corners[i].y - a.y};
        struct point to = {at.x - a.x, at.y - a.y};
        int64_t length2 = edge.x * edge.x + edge.y * edge.y;
        int64_t along = to.x * edge.x + to.y * edge.y;
        int64_t across = to.x * edge.y - to.y * edge.x;

        if (along >= 0 && along <= length2 && across * across <= LINE * LINE * length2)
            return true;
        if (to.x * to.x + to.y * to.y <= LINE * LINE)
            return true;
    }
    return false;
}

/* White, with a black line around. */
static uint32_t pixel(int32_t x, int32_t y, int32_t factor)
{
    uint32_t white = 0, seen = 0;

    for (int32_t i = 0; i < SAMPLES; i++) {
        for (int32_t j = 0; j < SAMPLES; j++) {
            struct point at = {(x * FINE + 2 * j + 1) / factor, (y * FINE + 2 * i + 1) / factor};
            bool inside = is_inside(at);

            white += inside;
            seen += inside || is_on_line(at);
        }
    }
    white = white * 255 / (SAMPLES * SAMPLES);
    seen = seen * 255 / (SAMPLES * SAMPLES);
    return seen << 24 | white << 16 | white << 8 | white;
}

struct kd_pixels *kd_cursor_arrow(int32_t factor)
{
    int32_t size_px = SIZE_PX * factor;
    struct kd_pixels *pixels = kd_pixels_create(KD_SOURCE_PREMULTIPLIED, size_px, size_px, false);
    struct kd_tile *tile = pixels ? kd_pixels_own_tile(pixels, 0, false) : NULL;

    if (!tile) {
        kd_pixels_unref(pixels);
        return NULL;
    }
    for (int32_t y = 0; y < size_px; y++)
        for (int32_t x = 0; x < size_px; x++)
            tile->pixels[(size_t)y * tile->stride_px + (size_t)x] = pixel(x, y, factor);
    return pixels;
}

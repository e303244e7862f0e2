/*
 * The simplest painter: pixel by pixel, command by command, with the formulas of docs/protocol.md written down once more.
 */
#ifndef FUZZ_PAINTER_H
#define FUZZ_PAINTER_H

#include "gen/kmsblit_types.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum kind { STRAIGHT, PREMULTIPLIED, OPAQUE };

struct picture {
    int width, height; /* width 0: there is none */
    enum kind kind;
    bool is_canvas, is_window;
    uint32_t base;
    uint32_t *pixels; /* owned */
};

static inline int mul(int a, int b)
{
    return (a * b + 127) / 255;
}

static inline int channel(uint32_t pixel, int i)
{
    return (int)(pixel >> (8 * i) & 255);
}

static inline int low(int a, int b)
{
    return a < b ? a : b;
}

static inline int simple(int blend, int d, int s)
{
    switch (blend) {
    case KB_BLEND_ADD: return low(255, d + s);
    case KB_BLEND_SUB: return d > s ? d - s : 0;
    case KB_BLEND_MULT: return mul(d, s);
    case KB_BLEND_MIN: return low(d, s);
    default: return d > s ? d : s;
    }
}

/* One channel of the table in "Colours and blending": s as stored, p premultiplied, a the source's alpha. */
static inline int blended(int blend, int d, int s, int p, int a)
{
    if (blend == KB_BLEND_OVER)
        return low(255, p + mul(d, 255 - a));
    if (blend == KB_BLEND_PREMULTIPLIED)
        return low(255, s + mul(d, 255 - a));
    if (blend == KB_BLEND_REPLACE)
        return p;
    return simple(blend >= KB_BLEND_RGBA_ADD ? blend - KB_BLEND_RGBA_ADD + KB_BLEND_ADD : blend, d,
                  s);
}

static inline void put(struct picture *target, int x, int y, uint32_t source, enum kind kind,
                       int blend, uint32_t tint, int alpha)
{
    uint32_t *pixel = &target->pixels[y * target->width + x], result = 0;
    int a = mul(kind == OPAQUE ? 255 : channel(source, 3), alpha), d_alpha = channel(*pixel, 3);

    for (int i = 0; i < 3; i++) {
        int s = mul(channel(source, i), channel(tint, i)), p;

        if (kind == PREMULTIPLIED)
            s = mul(s, alpha);
        p = kind == PREMULTIPLIED || (blend == KB_BLEND_REPLACE && target->is_window) ? s
                                                                                      : mul(s, a);
        result |= (uint32_t)blended(blend, channel(*pixel, i), s, p, a) << (8 * i);
    }
    if (target->is_window)
        d_alpha = 255;
    else if (blend < KB_BLEND_ADD || blend >= KB_BLEND_RGBA_ADD)
        d_alpha = blended(blend, d_alpha, a, a, a);
    *pixel = result | (uint32_t)d_alpha << 24;
}

static inline uint32_t premultiplied(const struct picture *picture, int64_t x, int64_t y)
{
    uint32_t pixel = picture->pixels[y * picture->width + x];
    int a = channel(pixel, 3);

    if (picture->kind == OPAQUE)
        return pixel | 0xFF000000;
    if (picture->kind == PREMULTIPLIED)
        return pixel;
    return (uint32_t)a << 24 | (uint32_t)mul(channel(pixel, 2), a) << 16 |
           (uint32_t)mul(channel(pixel, 1), a) << 8 | (uint32_t)mul(channel(pixel, 0), a);
}

static inline int64_t clamped(int64_t value, int64_t first, int64_t end)
{
    return value < first ? first : value >= end ? end - 1 : value;
}

static inline int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Between four pixels, at 256ths from the centre of the first, clamped to [x1, x2) x [y1, y2). */
static inline uint32_t filtered(const struct picture *picture, int64_t u, int64_t v, int64_t x1,
                                int64_t y1, int64_t x2, int64_t y2)
{
    int64_t x = floor_div(u, 256), y = floor_div(v, 256);
    uint32_t fx = (uint32_t)(u - 256 * x), fy = (uint32_t)(v - 256 * y), result = 0;
    uint32_t sum[4] = {32768, 32768, 32768, 32768};

    for (int n = 0; n < 4; n++) {
        uint32_t pixel =
            premultiplied(picture, clamped(x + n % 2, x1, x2), clamped(y + n / 2, y1, y2));

        for (int i = 0; i < 4; i++)
            sum[i] +=
                (n % 2 ? fx : 256 - fx) * (n / 2 ? fy : 256 - fy) * (uint32_t)channel(pixel, i);
    }
    for (int i = 0; i < 4; i++)
        result |= sum[i] >> 16 << (8 * i);
    return result;
}

static inline bool inside(struct kb_rect rect, int64_t x, int64_t y)
{
    return x >= rect.x && y >= rect.y && x < (int64_t)rect.x + rect.width &&
           y < (int64_t)rect.y + rect.height;
}

static inline void paint_blit(struct picture *target, int x, int y,
                              const struct kb_command_blit *blit, const struct picture *image)
{
    int64_t u = (int64_t)x - blit->x, v = (int64_t)y - blit->y;

    if (u < 0 || v < 0 || u >= blit->src_width || v >= blit->src_height)
        return;
    u = blit->src_x + (blit->flags & KB_BLIT_FLAG_FLIP_X ? blit->src_width - 1 - u : u);
    v = blit->src_y + (blit->flags & KB_BLIT_FLAG_FLIP_Y ? blit->src_height - 1 - v : v);
    if (u >= 0 && v >= 0 && u < image->width && v < image->height)
        put(target, x, y, image->pixels[v * image->width + u], image->kind, blit->blend, blit->tint,
            blit->alpha);
}

static inline void paint_transformed(struct picture *target, int x, int y,
                                     const struct kb_command_transformed_blit *blit,
                                     const struct picture *image)
{
    int64_t cx = 2 * (int64_t)x + 1, cy = 2 * (int64_t)y + 1;
    int64_t u = floor_div(blit->xx * cx + blit->xy * cy, 2) + blit->x0;
    int64_t v = floor_div(blit->yx * cx + blit->yy * cy, 2) + blit->y0;
    int64_t x1 = blit->src_x, y1 = blit->src_y, x2 = x1 + blit->src_width;
    int64_t y2 = y1 + blit->src_height, px, py;

    if (blit->flags & KB_BLIT_FLAG_FLIP_X)
        u = 65536 * (x1 + x2) - 1 - u;
    if (blit->flags & KB_BLIT_FLAG_FLIP_Y)
        v = 65536 * (y1 + y2) - 1 - v;
    x1 = x1 < 0 ? 0 : x1;
    y1 = y1 < 0 ? 0 : y1;
    x2 = x2 > image->width ? image->width : x2;
    y2 = y2 > image->height ? image->height : y2;
    px = floor_div(u, 65536);
    py = floor_div(v, 65536);
    if (px < x1 || py < y1 || px >= x2 || py >= y2)
        return;
    if (blit->flags & KB_BLIT_FLAG_BILINEAR)
        put(target, x, y,
            filtered(image, floor_div(u - 32768, 256), floor_div(v - 32768, 256), x1, y1, x2, y2),
            PREMULTIPLIED, blit->blend, blit->tint, blit->alpha);
    else
        put(target, x, y, image->pixels[py * image->width + px], image->kind, blit->blend,
            blit->tint, blit->alpha);
}

static inline void paint(struct picture *target, const struct picture *pictures,
                         const uint8_t *commands, uint32_t units)
{
    struct kb_rect clip = {0, 0, UINT32_MAX, UINT32_MAX};

    for (uint32_t unit = 0; unit < units; unit++) {
        const union kb_command *command = (const void *)(commands + 32 * (size_t)unit);

        for (int i = 0; i < target->width * target->height; i++) {
            int x = i % target->width, y = i / target->width;

            if (!inside(clip, x, y))
                continue;
            if (command->op == KB_COMMAND_FILL && inside(command->fill.where, x, y))
                put(target, x, y, command->fill.color, STRAIGHT, command->fill.blend, UINT32_MAX,
                    command->fill.alpha);
            else if (command->op == KB_COMMAND_BLIT)
                paint_blit(target, x, y, &command->blit, &pictures[command->blit.image]);
            else if (command->op == KB_COMMAND_TRANSFORMED_BLIT)
                paint_transformed(target, x, y, &command->transformed_blit,
                                  &pictures[command->transformed_blit.image]);
        }
        if (command->op == KB_COMMAND_CLIP)
            clip = command->clip.where;
        unit += command->op == KB_COMMAND_TRANSFORMED_BLIT;
    }
}

static inline void picture_make(struct picture *picture, int width, int height, uint32_t base)
{
    free(picture->pixels);
    *picture = (struct picture){.width = width, .height = height, .base = base};
    picture->pixels = malloc((size_t)width * (size_t)height * sizeof(uint32_t));
    for (int i = 0; i < width * height; i++)
        picture->pixels[i] = base;
}

static inline void picture_resize(struct picture *picture, int width, int height, uint32_t base)
{
    struct picture old = *picture;

    picture->pixels = NULL;
    picture_make(picture, width, height, base);
    picture->kind = OPAQUE;
    picture->is_window = true;
    for (int y = 0; y < low(height, old.height); y++)
        for (int x = 0; x < low(width, old.width); x++)
            picture->pixels[y * width + x] = old.pixels[y * old.width + x];
    free(old.pixels);
}

/* ---- Images as clients have them --------------------------------------------------------------- */

static const uint8_t px_bytes[] = {0, 4, 4, 4, 4, 4, 4, 2, 1, 1};

/* What the format says ("rgb565" and so on), on whole pixels of memory. */
static inline uint32_t decoded(unsigned format, const uint8_t *in, const uint32_t *palette,
                               int64_t key)
{
    uint32_t bgra = (uint32_t)in[0], pixel;

    for (unsigned i = 1; i < px_bytes[format]; i++)
        bgra |= (uint32_t)in[i] << (8 * i);
    switch (format) {
    case KB_FORMAT_RGB565:
        pixel = 0xFF000000 | (bgra >> 11) << 19 | (bgra >> 13) << 16 | (bgra >> 5 & 63) << 10 |
                (bgra >> 9 & 3) << 8 | (bgra & 31) << 3 | (bgra >> 2 & 7);
        break;
    case KB_FORMAT_A8: pixel = bgra << 24 | 0xFFFFFF; break;
    case KB_FORMAT_P8: pixel = palette[bgra]; break;
    default:
        pixel = format < KB_FORMAT_ABGR8888
                    ? bgra
                    : (bgra & 0xFF00FF00) | (bgra >> 16 & 255) | (bgra & 255) << 16;
        if (format == KB_FORMAT_XRGB8888 || format == KB_FORMAT_XBGR8888)
            pixel |= 0xFF000000;
    }
    return key >= 0 && (pixel & 0xFFFFFF) == key ? 0 : pixel;
}

static inline enum kind kind_of(unsigned format, bool has_key)
{
    if (format == KB_FORMAT_ARGB8888_PREMULTIPLIED || format == KB_FORMAT_ABGR8888_PREMULTIPLIED)
        return PREMULTIPLIED;
    return !has_key && (format == KB_FORMAT_XRGB8888 || format == KB_FORMAT_XBGR8888 ||
                        format == KB_FORMAT_RGB565)
               ? OPAQUE
               : STRAIGHT;
}

#endif

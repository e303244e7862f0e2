/* Pictures as images of the daemon, items as commands. */
#include "commands.h"

#include <string.h>

#include "base/hash.h"
#include "base/switches.h"
#include "image/sections.h"

struct kd_pixels *bench_make_source(const struct bench_picture *picture, bool straight)
{
    enum kd_source_kind kind = straight ? KD_SOURCE_STRAIGHT : KD_SOURCE_PREMULTIPLIED;
    const uint32_t *from = straight ? picture->straight : picture->premultiplied;
    struct kd_pixels *pixels = kd_pixels_create(kind, picture->width_px, picture->height_px, false);
    struct kd_tile *tile = pixels ? kd_pixels_own_tile(pixels, 0, false) : NULL;
    size_t row_bytes = (size_t)picture->width_px * sizeof(uint32_t);

    if (!tile) {
        kd_pixels_unref(pixels);
        return NULL;
    }
    for (int32_t y = 0; y < picture->height_px; y++)
        memcpy(tile->pixels + (size_t)y * tile->stride_px, from + y * picture->width_px, row_bytes);
    tile->key = kd_hash_rows(BENCH_SEED, tile->pixels, tile->stride_px * sizeof(uint32_t),
                             row_bytes, (size_t)picture->height_px);
    if (kd_switch_is_on(KD_SWITCH_SECTIONS))
        tile->sections = kd_sections_make(tile->pixels, tile->stride_px, picture->width_px,
                                          picture->height_px, kind);
    return pixels;
}

uint32_t bench_put_command(const struct bench_item *item, const struct bench_picture *picture,
                           void *out)
{
    if (item->kind == BENCH_FILL) {
        struct kb_command_fill fill = {
            .op = KB_COMMAND_FILL,
            .blend = KB_BLEND_OVER,
            .alpha = 255,
            .color = item->color,
            .where = {item->x, item->y, (uint32_t)item->width_px, (uint32_t)item->height_px}};

        memcpy(out, &fill, sizeof(fill));
        return 1;
    }
    if (item->kind == BENCH_BLIT) {
        struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                       .blend = KB_BLEND_OVER,
                                       .alpha = 255,
                                       .tint = 0xFFFFFFFF,
                                       .image = item->picture,
                                       .src_width = (uint16_t)picture->width_px,
                                       .src_height = (uint16_t)picture->height_px,
                                       .x = item->x,
                                       .y = item->y};

        memcpy(out, &blit, sizeof(blit));
        return 1;
    }
    struct kb_command_transformed_blit turned = {.op = KB_COMMAND_TRANSFORMED_BLIT,
                                                 .blend = KB_BLEND_OVER,
                                                 .alpha = 255,
                                                 .flags = item->smooth ? KB_BLIT_FLAG_BILINEAR : 0,
                                                 .tint = 0xFFFFFFFF,
                                                 .image = item->picture,
                                                 .src_width = (uint16_t)picture->width_px,
                                                 .src_height = (uint16_t)picture->height_px,
                                                 .xx = item->matrix.xx,
                                                 .xy = item->matrix.xy,
                                                 .x0 = item->matrix.x0,
                                                 .yx = item->matrix.yx,
                                                 .yy = item->matrix.yy,
                                                 .y0 = item->matrix.y0};
    memcpy(out, &turned, sizeof(turned));
    return 2;
}

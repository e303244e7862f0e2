#include <errno.h>

#include "base/hash.h"
#include "plan/plan.h"

/* The tile of before at the same place, or NULL. */
static struct kd_tile *tile_before(const struct kd_pixels *before, struct kd_box box,
                                   struct kd_box *old_box)
{
    size_t index = (size_t)(box.y1 >> KD_TILE_SHIFT) * (size_t)before->tiles_x +
                   (size_t)(box.x1 >> KD_TILE_SHIFT);

    if (box.x1 >= before->width_px || box.y1 >= before->height_px)
        return NULL;
    *old_box = kd_pixels_tile_box(before, index);
    return before->tiles[index];
}

/* What was there, and the base colour beside it. */
static int resize_tile(struct kd_pixels *picture, size_t index, const struct kd_pixels *before,
                       uint32_t base_color, uint64_t seed)
{
    struct kd_box box = kd_pixels_tile_box(picture, index), old_box = {0, 0, 0, 0}, kept;
    struct kd_tile *old = tile_before(before, box, &old_box);
    struct kd_tile *tile;

    if (old && kd_box_equal(old_box, box)) {
        kd_pixels_share_tile(picture, index, old);
        return 0;
    }
    tile = kd_pixels_own_tile(picture, index, false);
    if (!tile)
        return -ENOMEM;
    for (int32_t y = 0; y < kd_box_height(box); y++)
        for (int32_t x = 0; x < kd_box_width(box); x++)
            tile->pixels[(size_t)y * tile->stride_px + (size_t)x] = base_color;
    tile->key = kd_plan_base_key(seed, base_color, box);
    if (!old)
        return 0;
    kept = kd_box_intersect(old_box, box);
    kd_pixels_read(before, kept, tile->pixels, tile->stride_px);
    tile->key = kd_hash_mix(tile->key, old->key);
    tile->key =
        kd_hash_mix(tile->key, (uint64_t)kd_box_width(kept) << 32 | (uint32_t)kd_box_height(kept));
    return 0;
}

int kd_plan_resize(const struct kd_pixels *before, int32_t width_px, int32_t height_px,
                   uint32_t base_color, uint64_t seed, struct kd_pixels **out)
{
    struct kd_pixels *picture = kd_pixels_create(before->kind, width_px, height_px, true);
    int error = picture ? 0 : -ENOMEM;

    for (size_t i = 0; !error && i < kd_pixels_tiles(picture); i++)
        error = resize_tile(picture, i, before, base_color, seed);
    if (error) {
        kd_pixels_unref(picture);
        return error;
    }
    *out = picture;
    return 0;
}

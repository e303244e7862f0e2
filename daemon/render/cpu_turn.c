/*
 * Pictures on displays that are turned or reflected: drawn upright beside the tile, then turned into it. So they are sampled exactly as on a display that
 * stands upright.
 */
#include "render/cpu.h"

/* Pixels of the target that are turned at a time, both ways: what they come from and where they go is in the cache then. */
#define BLOCK_PX 8

/* right, down: from the source of one pixel to that of the next. */
static inline __attribute__((always_inline)) void copy_block(uint32_t *to, size_t to_stride_px,
                                                             const uint32_t *from, ptrdiff_t right,
                                                             ptrdiff_t down, int32_t width,
                                                             int32_t height)
{
    for (int32_t y = 0; y < height; y++, to += to_stride_px, from += down)
        for (int32_t x = 0; x < width; x++)
            to[x] = from[x * right];
}

/* Whole blocks of turned pictures, the most of what is drawn here, go twice as fast where all is known when this is compiled. */
static void turn_block(uint32_t *to, size_t to_stride_px, const uint32_t *from, ptrdiff_t right,
                       ptrdiff_t down, int32_t width, int32_t height)
{
    bool whole = width == BLOCK_PX && height == BLOCK_PX;

    if (whole && right == KD_TILE_PX && down == 1)
        copy_block(to, to_stride_px, from, KD_TILE_PX, 1, BLOCK_PX, BLOCK_PX);
    else if (whole && right == KD_TILE_PX && down == -1)
        copy_block(to, to_stride_px, from, KD_TILE_PX, -1, BLOCK_PX, BLOCK_PX);
    else if (whole && right == -KD_TILE_PX && down == 1)
        copy_block(to, to_stride_px, from, -KD_TILE_PX, 1, BLOCK_PX, BLOCK_PX);
    else if (whole && right == -KD_TILE_PX && down == -1)
        copy_block(to, to_stride_px, from, -KD_TILE_PX, -1, BLOCK_PX, BLOCK_PX);
    else
        copy_block(to, to_stride_px, from, right, down, width, height);
}

/* upright: its pixels lie KD_TILE_PX apart. */
static void turn(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part,
                 const uint32_t *upright)
{
    bool turned = op->flags & KD_OP_TURNED;
    ptrdiff_t right = 1, down = KD_TILE_PX; /* steps in upright for one in the target */
    int32_t width = kd_box_width(part), height = kd_box_height(part);
    int32_t last_x = (turned ? height : width) - 1, last_y = (turned ? width : height) - 1;

    if (op->flags & KB_BLIT_FLAG_FLIP_X) {
        upright += last_x;
        right = -1;
    }
    if (op->flags & KB_BLIT_FLAG_FLIP_Y) {
        upright += (ptrdiff_t)last_y * KD_TILE_PX;
        down = -KD_TILE_PX;
    }
    if (turned) {
        ptrdiff_t swapped = right;

        right = down;
        down = swapped;
    }
    for (int32_t y = 0; y < height; y += BLOCK_PX)
        for (int32_t x = 0; x < width; x += BLOCK_PX)
            turn_block(kd_cpu_row(tile, part.x1 + x, part.y1 + y), tile->stride_px,
                       upright + y * down + x * right, right, down, kd_min(BLOCK_PX, width - x),
                       kd_min(BLOCK_PX, height - y));
}

void kd_cpu_draw_turned(const struct kd_cpu_tile *tile, const struct kd_op *op, struct kd_box part)
{
    uint32_t pixels[KD_TILE_PX * KD_TILE_PX];
    const struct kd_box box = kd_op_upright(op, part);
    const struct kd_cpu_tile beside = {.pix = tile->pix,
                                       .plan = tile->plan,
                                       .box = box,
                                       .pixels = pixels,
                                       .stride_px = KD_TILE_PX};
    struct kd_op upright = *op;

    upright.flags = 0;
    upright.where = box;
    if (op->kind == KD_OP_BLIT) {
        upright.src_x = box.x1;
        upright.src_y = box.y1;
        kd_cpu_draw_blit(&beside, &upright, box);
    } else {
        upright.shown_x = upright.shown_y = 0;
        kd_cpu_draw_scaled(&beside, &upright, box);
    }
    turn(tile, op, part, pixels);
}

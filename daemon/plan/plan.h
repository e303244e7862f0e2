/*
 * What is to be drawn: commands or stacked windows become operations, operations are binned into tiles, and each tile gets the key of what
 * will be in it. Pure: values in, values out; all memory comes from the arena.
 */
#ifndef KD_PLAN_PLAN_H
#define KD_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/geom.h"
#include "base/tile.h"
#include "base/view.h"
#include "image/pixels.h"
#include "pix/pix.h"
#include "plan/transform.h"

#include "gen/kmsblit_types.h"

enum kd_op_kind {
    KD_OP_FILL,
    KD_OP_BLIT,  /* source pixels one to one, perhaps mirrored */
    KD_OP_SCALE, /* a whole picture */
    KD_OP_TRANSFORM,
};

/* In an operation's flags, beside those of blits: the source's rows are the target's columns; FLIP_X then means that its columns
 * run upwards. Such operations replace. */
#define KD_OP_TURNED 0x80

/* A part of a target (at most 16384 pixels wide and high), in half the bytes of a box. */
struct kd_cover {
    int16_t x1, y1, x2, y2;
};

static inline struct kd_box kd_cover_box(struct kd_cover c)
{
    return (struct kd_box){c.x1, c.y1, c.x2, c.y2};
}

static inline struct kd_cover kd_cover_of(struct kd_box b)
{
    return (struct kd_cover){(int16_t)b.x1, (int16_t)b.y1, (int16_t)b.x2, (int16_t)b.y2};
}

/* One drawing operation, cut to the target; it refers to sources by index. Small: a plan reads all of them. */
struct kd_op {
    uint8_t kind;        /* enum kd_op_kind */
    uint8_t blend;       /* enum kb_blend */
    uint8_t alpha;       /* blits */
    uint8_t flags;       /* blits and scaled: enum kb_blit_flag, KD_OP_TURNED */
    uint32_t color;      /* fills: straight, alpha applied; blits: the tint */
    struct kd_box where; /* target pixels; not empty */
    uint32_t source;
    uint8_t filter; /* scaled and transformed: enum kb_filter */
    bool is_opaque; /* what was in where before does not matter */
    bool
        has_tiles; /* set by kd_ops_add: its source has several: their keys are not in this one's */
    uint8_t unused; /* 0 */
    union {
        struct {
            int32_t src_x,
                src_y; /* blits: the source pixel that goes to the top left corner of where */
            int32_t unused_x, unused_y; /* 0 */
        };
        struct {
            int32_t shown_x,
                shown_y; /* scaled: where the whole picture's top left corner would be, ... */
            int32_t shown_width, shown_height; /* ... its scaled size, before it is turned */
        };
        uint32_t transform; /* transformed: index into the transforms */
    };
    struct kd_cover cover; /* a part of where that is opaque, if not all of it is; may be empty */
};

/* What a tile begins with. */
enum kd_load {
    KD_LOAD_KEEP, /* the pixels that are there */
    KD_LOAD_BASE, /* the base colour */
    KD_LOAD_NONE, /* nothing: the first operation covers it */
};

struct kd_plan_tile {
    uint64_t key;      /* of the pixels that the tile should have; never 0 */
    uint32_t first_op; /* operations before it do not show; only where plan.lists is NULL */
    uint32_t list,
        list_count; /* its operations that show: plan.lists[list..]; unused where plan.lists is NULL */
    uint8_t load; /* enum kd_load */
};

struct kd_plan {
    struct kd_grid grid;
    uint32_t base_color;
    enum kd_target_kind target;
    const struct kd_op *ops; /* in drawing order */
    const struct kd_transform *transforms;
    uint32_t ops_count;
    const struct kd_pixels *const *sources;
    struct kd_plan_tile *tiles;
    const uint32_t
        *lists; /* NULL: too many visits; every tile then takes all operations from first_op on */
    const uint64_t *op_keys; /* by operation: kd_op_key() of those that are in lists */
};

/* Above so many visits of tiles by operations a batch is not binned but drawn in painter's order: bounds the plan's time and
 * memory (4 bytes a visit). */
#define KD_PLAN_MAX_TOUCHES (UINT64_C(4) << 20)

/* A list of operations being made. */
struct kd_ops {
    struct kd_op *ops;
    uint32_t count, capacity;
    struct kd_transform *transforms;
    uint32_t transforms_count;
    uint64_t seed;
    uint64_t max_touches; /* KD_PLAN_MAX_TOUCHES; tests choose less */
    bool no_cover;        /* hide only what a single operation hides; false unless it is set */
    const struct kd_pixels *const *sources;
};

int kd_ops_init(struct kd_ops *ops, struct kd_arena *arena, uint32_t capacity, uint64_t seed,
                const struct kd_pixels *const *sources);

/* Appends one; where may be empty: then it is left out. There is room for capacity ones. */
void kd_ops_add(struct kd_ops *ops, const struct kd_op *op);

/* The same for one that was made in place: at the end of ops->ops, where it does not count yet. */
void kd_ops_add_last(struct kd_ops *ops);

/* Of everything that shapes what an operation draws but, if its source has several tiles, the source's content. */
uint64_t kd_op_key(const struct kd_ops *ops, const struct kd_op *op);

/* A frame's commands as operations on a target of this size. commands have been checked; image fields are indices into the sources, of
 * which those that are NULL (not readable) draw nothing. -ENOMEM. */
int kd_ops_from_commands(struct kd_ops *ops, struct kd_arena *arena, struct kd_grid grid,
                         const union kb_command *commands, uint32_t units, uint64_t seed,
                         const struct kd_pixels *const *sources);

/* One window on an output. */
struct kd_layer {
    struct kd_output_box place; /* its rectangle */
    struct kd_output_box
        picture; /* where its scaled picture lies; what is outside place is cropped */
    uint32_t base_color;
    enum kb_filter filter;
    uint32_t source; /* its picture among the sources */
};

/* The part of its source (scaled: of the scaled picture, counted from its corner) that a blit or a scaled picture draws to a part of its target. */
struct kd_box kd_op_upright(const struct kd_op *op, struct kd_box part);

/* The same for what it draws in one tile of the target, with the content of the source's tiles that are sampled there; key is the operation's. The
 * source's tile with the index other counts as if its key were other_key; SIZE_MAX: none. */
uint64_t kd_op_key_in_tile(const struct kd_ops *ops, const struct kd_op *op, uint64_t key,
                           struct kd_box tile, size_t other, uint64_t other_key);

/* The source pixels that an operation samples for a part of its target; may be empty. */
struct kd_box kd_op_footprint(const struct kd_ops *ops, const struct kd_op *op, struct kd_box part);

/* Stacked windows, back to front, as operations on the buffer that an output has this view of; there is room for one more. -ENOMEM. */
int kd_ops_from_layers(struct kd_ops *ops, struct kd_arena *arena, const struct kd_view *view,
                       const struct kd_layer *layers, uint32_t layers_count, uint64_t seed,
                       const struct kd_pixels *const *sources);

/* Bins operations into tiles. before: what the operations draw over, where a tile's key is known by its index, or NULL for base_color
 * everywhere. -ENOMEM. */
int kd_plan_make(struct kd_plan *plan, struct kd_arena *arena, struct kd_grid grid,
                 enum kd_target_kind target, uint32_t base_color, const struct kd_pixels *before,
                 const struct kd_ops *ops);

/* The key of a tile that has just the base colour. */
uint64_t kd_plan_base_key(uint64_t seed, uint32_t base_color, struct kd_box tile);

/* A picture of another size: the one before (versioned, as this) at the top left corner, base_color where that has nothing. The tiles that are
 * the same in both are shared; the keys of all tiles are set. -ENOMEM. */
int kd_plan_resize(const struct kd_pixels *before, int32_t width_px, int32_t height_px,
                   uint32_t base_color, uint64_t seed, struct kd_pixels **out);

/* Indices of the tiles whose key is not the one in have (by index; 0: unknown). changed has room for all. Returns their number. */
uint32_t kd_plan_changes(const struct kd_plan *plan, const uint64_t *have, uint32_t *changed);

/* Sum of the pixels of these tiles. */
uint64_t kd_plan_area_px(struct kd_grid grid, const uint32_t *tiles, uint32_t count);

/* Tiles, ascending, as few rectangles of whole tiles: runs in a row, and equal runs in rows below each other. rects has room for count.
 * Returns their number. */
uint32_t kd_plan_rects(struct kd_grid grid, const uint32_t *tiles, uint32_t count,
                       struct kd_box *rects);

#endif

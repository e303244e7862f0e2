#include <errno.h>
#include <stddef.h>

#include "base/hash.h"
#include "plan/plan.h"

int kd_ops_init(struct kd_ops *ops, struct kd_arena *arena, uint32_t capacity, uint64_t seed,
                const struct kd_pixels *const *sources)
{
    *ops = (struct kd_ops){
        .capacity = capacity, .seed = seed, .max_touches = KD_PLAN_MAX_TOUCHES, .sources = sources};
    ops->ops = kd_arena_alloc(arena, capacity ? capacity : 1, sizeof(*ops->ops));
    return ops->ops ? 0 : -ENOMEM;
}

_Static_assert(sizeof(struct kd_transform) == 12 * sizeof(int32_t),
               "struct kd_transform has a gap");

/* Fields before the key have no gaps between them (see the assertion), so that their bytes can be hashed. The index of the source says
 * nothing about the pixels: equal content under another index is the same drawing; likewise that of the transform. */
_Static_assert(offsetof(struct kd_op, key) == 64,
               "struct kd_op has a gap, or changed: look at op_key()");

static uint64_t op_key(const struct kd_ops *ops, const struct kd_op *op)
{
    struct kd_op hashed = *op;
    uint64_t key;

    hashed.source = 0;
    hashed.transform = 0;
    key = kd_hash_bytes(ops->seed, &hashed, offsetof(struct kd_op, key));
    if (op->kind == KD_OP_TRANSFORM)
        key = kd_hash_mix(key, kd_hash_bytes(ops->seed, &ops->transforms[op->transform],
                                             sizeof(ops->transforms[0])));
    if (op->kind != KD_OP_FILL) {
        const struct kd_pixels *source = ops->sources[op->source];

        key = kd_hash_mix(key, (uint64_t)source->kind << 32 | (uint32_t)source->width_px);
        key = kd_hash_mix(key, (uint32_t)source->height_px);
        if (kd_pixels_tiles(source) == 1)
            key = kd_hash_mix(key,
                              source->tiles[0]->key); /* else tiles.c adds what each tile samples */
    }
    return key;
}

void kd_ops_add(struct kd_ops *ops, const struct kd_op *op)
{
    struct kd_op *copy;

    if (kd_box_empty(op->where))
        return;
    copy = &ops->ops[ops->count++];
    *copy = *op;
    copy->key = op_key(ops, copy);
}

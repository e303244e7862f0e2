#include <errno.h>
#include <stddef.h>
#include <string.h>

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

/* Fields before the cover have no gaps between them, so that their bytes can be hashed. */
_Static_assert(offsetof(struct kd_op, cover) == 48 && sizeof(struct kd_op) == 56,
               "struct kd_op has a gap, or changed: look at kd_op_key()");

/* The index of the source says nothing about the pixels: equal content under another index is the same drawing; likewise that of the
 * transform. */
uint64_t kd_op_key(const struct kd_ops *ops, const struct kd_op *op)
{
    uint64_t words[KD_HASH_WORDS] = {0};

    memcpy(words, op, offsetof(struct kd_op, cover));
    words[3] &= ~(uint64_t)UINT32_MAX; /* the source's index */
    if (op->kind == KD_OP_TRANSFORM) {
        words[4] =
            kd_hash_bytes(ops->seed, &ops->transforms[op->transform], sizeof(ops->transforms[0]));
        words[5] = 0;
    }
    if (op->kind != KD_OP_FILL) {
        const struct kd_pixels *source = ops->sources[op->source];

        words[3] |= source->kind;
        words[6] = (uint64_t)source->width_px << 32 | (uint32_t)source->height_px;
        if (!op->has_tiles)
            words[7] = source->tiles[0]->key; /* else tiles.c adds what each tile samples */
    }
    return kd_hash_words(ops->seed, words);
}

_Static_assert(offsetof(struct kd_op, source) == 3 * sizeof(uint64_t), "words[3] begins with it");
_Static_assert(offsetof(struct kd_op, transform) == 4 * sizeof(uint64_t), "words[4] begins so");

void kd_ops_add_last(struct kd_ops *ops)
{
    struct kd_op *op = &ops->ops[ops->count];

    if (kd_box_empty(op->where))
        return;
    op->has_tiles = op->kind != KD_OP_FILL && kd_pixels_tiles(ops->sources[op->source]) > 1;
    ops->count++;
}

void kd_ops_add(struct kd_ops *ops, const struct kd_op *op)
{
    ops->ops[ops->count] = *op;
    kd_ops_add_last(ops);
}

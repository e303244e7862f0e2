/*
 * --debug-damage: what was drawn into a buffer is shown by a tint, on the display only.
 */
#ifndef KD_SERVER_TINT_H
#define KD_SERVER_TINT_H

#include "render/render.h"

/* Of a drawing's tiles, in the arena: what differs from what the buffer would have without its tints. NULL: nothing can be tinted. */
struct kd_box *kd_tint_find(const struct kd_draw *draw, const struct kd_ops *ops,
                            struct kd_arena *arena);

/* Shows what was drawn. The tiles are no longer what their keys say: the next frame in this buffer draws them again, without a tint if they are as they
 * were before it. tints NULL: nothing is done. */
void kd_tint_drawn(const struct kd_draw *draw, const struct kd_box *tints);

#endif

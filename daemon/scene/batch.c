#include "scene/batch.h"

#include <stddef.h>

#include "base/pool.h"

void kd_batch_finish(struct kd_batch *batch)
{
    for (uint32_t i = 0; i < batch->sources_count; i++)
        kd_source_unref(batch->sources[i]);
    kd_pool_put(batch->sources);
    kd_pool_put(batch->commands);
    if (batch->account)
        kd_account_release(batch->account, (uint64_t)batch->units * 32);
    kd_account_unref(batch->account);
    *batch = (struct kd_batch){.commands = NULL};
}

const struct kd_pixels **kd_batch_pixels(const struct kd_batch *batch)
{
    const struct kd_pixels **pixels =
        kd_pool_get(((size_t)batch->sources_count + 1) * sizeof(*pixels));

    for (uint32_t i = 0; pixels && i < batch->sources_count; i++)
        pixels[i] = batch->sources[i]->pixels;
    return pixels;
}

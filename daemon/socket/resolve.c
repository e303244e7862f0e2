#include "socket/resolve.h"

#include <errno.h>

#include "base/pool.h"

int kd_commands_validate(const union kb_command *commands, uint32_t units,
                         struct kb_wire_error *error)
{
    struct kb_stream stream;
    const union kb_command *command;
    int more;

    kb_stream_init(&stream, commands, units);
    do {
        more = kb_command_next(&stream, &command, error);
    } while (more == 1);
    return more;
}

/* What is being resolved. */
struct resolver {
    struct kd_batch *batch;
    struct kd_client *client;
    const struct kd_image *canvas;
    struct kd_refusal *refusal;
    uint32_t capacity; /* of batch->sources */
    uint32_t mark;     /* of this frame, in the images that it uses */
};

static bool refuse(struct resolver *resolver, enum kb_error_code code, const char *what)
{
    resolver->refusal->code = code;
    resolver->refusal->what = what;
    return false;
}

/* The image's place among the frame's sources: its version as of now. -ENOMEM. */
static int64_t source_index(struct resolver *resolver, struct kd_image *image)
{
    struct kd_batch *batch = resolver->batch;

    if (image->frame_mark == resolver->mark)
        return image->frame_source;
    if (batch->sources_count == resolver->capacity) {
        uint32_t capacity = resolver->capacity ? 2 * resolver->capacity : 16;
        struct kd_source **sources = kd_pool_grow(batch->sources, capacity * sizeof(*sources));

        if (!sources)
            return -ENOMEM;
        batch->sources = sources;
        resolver->capacity = capacity;
    }
    image->frame_mark = resolver->mark;
    image->frame_source = batch->sources_count;
    batch->sources[batch->sources_count++] = kd_source_ref(image->newest);
    return image->frame_source;
}

/* A command that draws an image. False after a refusal. */
static bool resolve_image(struct resolver *resolver, uint32_t *image_id, uint32_t tint)
{
    enum kd_object_kind kind;
    struct kd_image *image = kd_objects_get(&resolver->client->objects, *image_id, &kind);
    int64_t index;

    if (!image)
        return refuse(resolver, KB_ERROR_CODE_BAD_OBJECT,
                      "it draws an image that does not exist, or no more");
    if (kind != KD_OBJECT_IMAGE)
        return refuse(resolver, KB_ERROR_CODE_WRONG_KIND, "it draws something that is no image");
    if (image == resolver->canvas)
        return refuse(resolver, KB_ERROR_CODE_BAD_VALUE, "it draws a canvas into itself");
    if (tint >> 24 != 255)
        return refuse(resolver, KB_ERROR_CODE_BAD_VALUE, "a tint's alpha must be 255");
    index = source_index(resolver, image);
    if (index < 0)
        return refuse(resolver, KB_ERROR_CODE_NO_MEMORY, "the daemon is out of memory");
    *image_id = (uint32_t)index;
    return true;
}

bool kd_batch_resolve(struct kd_batch *batch, struct kd_client *client,
                      const struct kd_image *canvas, struct kd_refusal *refusal)
{
    struct resolver resolver = {.batch = batch,
                                .client = client,
                                .canvas = canvas,
                                .refusal = refusal,
                                .mark = ++client->frames_counted};

    for (uint32_t unit = 0; unit < batch->units; unit++) {
        union kb_command *command = (void *)((char *)batch->commands + (size_t)unit * 32);

        refusal->unit = unit;
        switch (command->op) {
        case KB_COMMAND_BLIT:
            if (command->blit.flags & KB_BLIT_FLAG_BILINEAR)
                return refuse(&resolver, KB_ERROR_CODE_BAD_VALUE,
                              "only transformed blits can be filtered");
            if (!resolve_image(&resolver, &command->blit.image, command->blit.tint))
                return false;
            break;
        case KB_COMMAND_TRANSFORMED_BLIT:
            if (!resolve_image(&resolver, &command->transformed_blit.image,
                               command->transformed_blit.tint))
                return false;
            unit++; /* it has 64 bytes */
            break;
        }
    }
    return true;
}

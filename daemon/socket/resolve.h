/*
 * Checking the commands of a frame, and replacing the ids in them by what they mean now.
 */
#ifndef KD_SOCKET_RESOLVE_H
#define KD_SOCKET_RESOLVE_H

#include "scene/batch.h"
#include "scene/client.h"

#include "gen/kmsblit_proto.h"

/* Why a frame was refused. */
struct kd_refusal {
    enum kb_error_code code;
    uint32_t unit; /* which 32 bytes of the commands */
    const char *what;
};

/* Whether the bytes of a batch are commands at all. Any thread. 0, or -EPROTO. */
int kd_commands_validate(const union kb_command *commands, uint32_t units,
                         struct kb_wire_error *error);

/* Valid commands: replaces image ids by indices into batch->sources, which become the images' versions as of now. canvas: the image that is drawn into,
 * or NULL. False, with a reason, if the frame must be refused; the batch is then only good to be finished. */
bool kd_batch_resolve(struct kd_batch *batch, struct kd_client *client,
                      const struct kd_image *canvas, struct kd_refusal *refusal);

#endif

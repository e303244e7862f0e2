/*
 * Handlers of requests that have a file of their own.
 */
#ifndef KD_SOCKET_REQUESTS_H
#define KD_SOCKET_REQUESTS_H

#include "gen/kmsblit_proto.h"

int kd_on_frame(void *ctx, const struct kb_req_frame *in);
int kd_on_frame_memfd(void *ctx, const struct kb_req_frame_memfd *in);

#endif

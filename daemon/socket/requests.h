/*
 * Handlers of requests that have a file of their own.
 */
#ifndef KD_SOCKET_REQUESTS_H
#define KD_SOCKET_REQUESTS_H

#include "gen/kmsblit_proto.h"

struct kd_connection;

/* Whether the client may do this; else an error was sent. name: the permission's. */
bool kd_permitted(struct kd_connection *connection, uint32_t permission, const char *name,
                  uint32_t object, uint32_t serial);

/* True if an object with this id may be made; else an error was sent. */
bool kd_new_id(struct kd_connection *connection, uint32_t id, uint32_t serial);

int kd_on_frame(void *ctx, const struct kb_req_frame *in);
int kd_on_frame_memfd(void *ctx, const struct kb_req_frame_memfd *in);

/* pointing.c */
int kd_on_window_cursor(void *ctx, const struct kb_req_window_cursor *in);
int kd_on_window_focus(void *ctx, const struct kb_req_window_focus *in);
int kd_on_gamepad_rumble(void *ctx, const struct kb_req_gamepad_rumble *in);
int kd_on_window_input(void *ctx, const struct kb_req_window_input *in);
int kd_on_input_inject(void *ctx, const struct kb_req_input_inject *in);

/* launch.c */
int kd_on_launch(void *ctx, const struct kb_req_launch *in);
int kd_on_launched(void *ctx, const struct kb_req_launched *in);
int kd_on_window_adopt(void *ctx, const struct kb_req_window_adopt *in);

#endif

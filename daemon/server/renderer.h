/*
 * Which renderer draws: the CPU's, or one on a GPU from when the display is known until that GPU is lost.
 */
#ifndef KD_SERVER_RENDERER_H
#define KD_SERVER_RENDERER_H

#include <stdbool.h>

struct kd_output;
struct kd_server;

/* The CPU's; with virtual displays also one on a GPU, where it is asked for. 0 or -ENOMEM. */
int kd_renderer_start(struct kd_server *server);

/* A display's card is known: before its outputs are there, and after they are gone. */
void kd_renderer_use_card(struct kd_server *server, const char *path, const char *driver);
void kd_renderer_leave_card(struct kd_server *server);

/* An output has come: whether its buffers are such that the renderer can use them, the renderer has to know. */
void kd_renderer_judge(struct kd_server *server, const struct kd_output *output);

/* A drawing failed because the GPU is gone: the CPU draws from now on. */
void kd_renderer_lost(struct kd_server *server);

/* Destroys those that nothing uses any more. */
void kd_renderer_reap(struct kd_server *server);
void kd_renderer_stop(struct kd_server *server);

/* For outputs: what memory the renderer's device can draw into. */
struct kd_sharing;
struct kd_sharing kd_renderer_sharing(struct kd_server *server);

#endif

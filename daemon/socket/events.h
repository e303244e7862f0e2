/*
 * What the daemon tells its clients: one function an event. They do nothing for a client whose connection is gone.
 */
#ifndef KD_SOCKET_EVENTS_H
#define KD_SOCKET_EVENTS_H

#include "scene/client.h"

#include "gen/kmsblit_proto.h"

void kd_event_welcome(struct kd_client *client, const struct kb_evt_welcome *event);
void kd_event_error(struct kd_client *client, const struct kb_evt_error *event);
void kd_event_done(struct kd_client *client, uint32_t object, uint32_t serial);
void kd_event_released(struct kd_client *client, uint32_t object, uint32_t serial);
void kd_event_output(struct kd_client *client, const struct kb_evt_output *event);
void kd_event_output_gone(struct kd_client *client, uint32_t output);
void kd_event_device(struct kd_client *client, const struct kb_evt_device *event);
void kd_event_device_gone(struct kd_client *client, uint32_t device);
void kd_event_window_close(struct kd_client *client, uint32_t window);
void kd_event_keymap(struct kd_client *client, const struct kb_evt_keymap *event);
void kd_event_launch_state(struct kd_client *client, const struct kb_evt_launch_state *event);
void kd_event_window_adopted(struct kd_client *client, const struct kb_evt_window_adopted *event);
void kd_event_window_state(struct kd_client *client, const struct kb_evt_window_state *event);
void kd_event_presented(struct kd_client *client, const struct kb_evt_presented *event);
void kd_event_discarded(struct kd_client *client, const struct kb_evt_discarded *event);
/* describe() writes the text. */
void kd_event_description(struct kd_client *client, uint32_t serial,
                          void (*describe)(void *ctx, char *text, size_t text_bytes), void *ctx);
void kd_event_statistics(struct kd_client *client, const struct kb_evt_statistics *event);
int kd_event_screenshot_done(struct kd_client *client, const struct kb_evt_screenshot_done *event);

#endif

/*
 * Tells when display cards or what is plugged into them may have changed.
 */
#ifndef KD_OUTPUT_HOTPLUG_H
#define KD_OUTPUT_HOTPLUG_H

#include <stdbool.h>

struct kd_hotplug;

/* -errno: this machine tells nobody, or -ENOMEM. */
int kd_hotplug_create(struct kd_hotplug **out);
void kd_hotplug_destroy(struct kd_hotplug *hotplug);

/* To be watched for reading; then dispatch() says whether the cards should be looked at. */
int kd_hotplug_fd(const struct kd_hotplug *hotplug);
bool kd_hotplug_dispatch(struct kd_hotplug *hotplug);

#endif

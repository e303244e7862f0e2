/*
 * The event devices of seat0, by udev, now and later. One that may not be opened is tried again when its node's permissions change: udev has set them
 * before it tells of a device, but logind's access lists and an administrator's chmod come without any event of udev's, so inotify looks for those.
 */
#ifndef KD_INPUT_NODES_H
#define KD_INPUT_NODES_H

#include <stdbool.h>

#include "input/input.h"

struct kd_nodes;
struct udev_device;

/* Who wants devices. Called from kd_nodes_scan(), kd_nodes_dispatch() and kd_nodes_close_all(). */
struct kd_nodes_user {
    void *ctx;

    /* A device is there: its name, path, ids and output are in device, what it can do is not yet. 0: it is used, or not wanted; -errno: it could not
     * be opened, which is told to the handler as refused. */
    int (*add)(void *ctx, struct udev_device *node, const struct kd_input_device *device);
    void (*remove)(void *ctx, const char *path);
};

/* Both are borrowed. -errno. */
int kd_nodes_create(const struct kd_input_handler *handler, const struct kd_nodes_user *user,
                    struct kd_nodes **out);
void kd_nodes_destroy(struct kd_nodes *nodes); /* removes nothing; NULL is allowed */

/* Adds all that are there, and from now on what comes. */
void kd_nodes_scan(struct kd_nodes *nodes);

/* Removes all; what comes is not added until kd_nodes_scan(). */
void kd_nodes_close_all(struct kd_nodes *nodes);

/* To be polled for reading, then dispatched. */
int kd_nodes_fd(const struct kd_nodes *nodes);
void kd_nodes_dispatch(struct kd_nodes *nodes);

/* Whether a device is for gamepad.c, and then not for libinput.c. */
bool kd_node_is_gamepad(struct udev_device *node);

#endif

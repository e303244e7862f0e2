/*
 * Fences: file descriptors that signal when a device is done (the kernel's sync files).
 */
#ifndef KD_BASE_FENCE_H
#define KD_BASE_FENCE_H

/* One that signals when both have; takes both over. -1 is one that has signalled. Should the kernel not do it, both have been waited for. */
int kd_fence_merge(int a, int b);

/* Waits until it has signalled. 0, or -ETIMEDOUT: a device hangs. */
int kd_fence_wait(int fd);

void kd_fence_close(int fd); /* -1 is allowed */

#endif

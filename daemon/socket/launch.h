/*
 * What becomes of the windows of launched programs (scene/launch.h), and who is told.
 */
#ifndef KD_SOCKET_LAUNCH_H
#define KD_SOCKET_LAUNCH_H

#include "socket/connection.h"

/* The client has destroyed its window, or has gone: the window goes, too, or stays for the launch's keeper. */
void kd_launch_window_gone(const struct kd_host *host, struct kd_window *window, bool with_client);

/* What is seen of the window has changed; had_frame: it was shown before. With a program's first frame, what was left goes. */
void kd_launch_shown(const struct kd_host *host, const struct kd_window *window, bool had_frame);

/* After its windows. What stayed for it goes. */
void kd_launch_client_gone(const struct kd_host *host, struct kd_client *client);

#endif

/*
 * The listening socket: made at a path with a lock file beside it, or taken over from systemd.
 */
#ifndef KD_SOCKET_LISTEN_H
#define KD_SOCKET_LISTEN_H

#include <stddef.h>
#include <sys/types.h>

struct kd_listener;

/* Creates the socket at path with this mode (and group, unless (gid_t)-1), and PATH.lock beside
 * it, held with flock for as long as the listener lives. A stale socket is taken over. Missing
 * last directory component is created (0755). On failure a sentence saying what to do is in why
 * (a second daemon: "another kmsblitd (pid 123, user x) owns PATH"): -EADDRINUSE. A path that is
 * no socket (file, directory, symlink) is never removed: -EEXIST. Sets the umask for a moment:
 * before there are threads. */
int kd_listener_create(const char *path, mode_t mode, gid_t group, char *why, size_t why_bytes,
                       struct kd_listener **out);

/* A socket that systemd passed; it stays at its path when the listener goes. Takes fd in any
 * case. Checks that it is a listening AF_UNIX stream socket: -EINVAL. */
int kd_listener_adopt(int fd, char *why, size_t why_bytes, struct kd_listener **out);

/* Closes; removes path and lock file if it made them and they are still its own. NULL is
 * allowed. */
void kd_listener_destroy(struct kd_listener *listener);

int kd_listener_fd(const struct kd_listener *listener);

/* For people: "@name" for an abstract socket. */
const char *kd_listener_path(const struct kd_listener *listener);

/* One accepted connection (non-blocking, CLOEXEC), or -EAGAIN, or -EMFILE/-ENFILE (the
 * connection was then closed with the help of a spare fd, so that polling does not spin; the
 * owner waits a little all the same, as the spare can be lost), or another -errno. */
int kd_listener_accept(struct kd_listener *listener);

#endif

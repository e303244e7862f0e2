/*
 * What systemd handed over at the start, and what it keeps for the next start: fds by name. The listening socket is named by its
 * unit; what an earlier daemon left in the store has the names below.
 */
#ifndef KD_SERVER_FDSTORE_H
#define KD_SERVER_FDSTORE_H

#define KD_FDSTORE_GUARD "guard" /* the daemon's end of the guard's socket */
#define KD_FDSTORE_CARD  "card"  /* the display */

/* Reads the environment and removes it from there; the others below do so the first time. Once more: forgets what was handed
 * over, for tests. */
void kd_fdstore_init(void);

/* The next fd with this name, which is the caller's from now on; -1: there is none. */
int kd_fdstore_take(const char *name);

/* The same for the first one that is none of the names above: the listening socket. */
int kd_fdstore_take_socket(void);

/* Asks systemd to keep a copy. Nothing happens without systemd, or where the unit has no store. */
void kd_fdstore_keep(int fd, const char *name);

/* Asks systemd to close all that it keeps under this name. */
void kd_fdstore_forget(const char *name);

#endif

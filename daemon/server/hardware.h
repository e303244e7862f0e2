/*
 * The real displays: the session through which devices are opened, the card, and what is plugged into it.
 */
#ifndef KD_SERVER_HARDWARE_H
#define KD_SERVER_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kd_hardware;
struct kd_output;
struct kd_server;

/* Finds and opens the card, and takes the console. To be called before there are threads. -errno, and why is a sentence for the log: with
 * the backend `auto` whatever keeps the display from being used, with `kms` only what waiting cannot mend. */
int kd_hardware_create(struct kd_server *server, struct kd_hardware **out, char *why,
                       size_t why_bytes);

/* Displays appear, and are watched from now on. */
int kd_hardware_start(struct kd_hardware *hardware);

/* Nothing is shown any more; then, when the displays are destroyed, the rest goes and the console is given back. NULL is allowed. */
void kd_hardware_stop(struct kd_hardware *hardware);
void kd_hardware_destroy(struct kd_hardware *hardware);

/* A commit was refused: somebody else has the display. */
void kd_hardware_lost(struct kd_hardware *hardware);

/* While the display is somebody else's it is asked for again and again. */
int64_t kd_hardware_wake_ns(const struct kd_hardware *hardware);
void kd_hardware_run(struct kd_hardware *hardware, int64_t now_ns);

/* Through the session. open(): an fd or -errno. switch_vt(): -EOPNOTSUPP: it does not do that. */
int kd_hardware_open(const struct kd_hardware *hardware, const char *path);
void kd_hardware_close(const struct kd_hardware *hardware, int fd);
bool kd_hardware_is_active(const struct kd_hardware *hardware);
int kd_hardware_switch_vt(const struct kd_hardware *hardware, unsigned vt);

/* "kms /dev/dri/card0 (vc4): ..." for people. */
void kd_hardware_describe(const struct kd_hardware *hardware, char *text, size_t text_bytes);

#endif

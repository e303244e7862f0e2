/*
 * kmsblitd --probe: what the daemon would see and choose, as JSON on standard output; nothing is
 * shown, and a daemon that runs is not disturbed.
 */
#ifndef KD_SERVER_PROBE_H
#define KD_SERVER_PROBE_H

#include <stdio.h>

#include "output/cards.h"
#include "server/config.h"

/* 0 if there is a display that can be used, else 1: what main() returns. */
int kd_probe(const struct kd_config *config);

/* The same of cards that were found. holder: who has the chosen card, if that is another program;
 * else NULL. */
int kd_probe_write(const struct kd_config *config, const struct kd_card *cards, size_t count,
                   const char *holder, FILE *out);

#endif

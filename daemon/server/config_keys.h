/*
 * The keys of the configuration file and the options of the command line: one table for both,
 * and how each value is read. Part of config.
 */
#ifndef KD_SERVER_CONFIG_KEYS_H
#define KD_SERVER_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "server/config.h"

struct kd_config_key {
    const char *section; /* NULL: only an option */
    const char *name;    /* in the file */
    const char *option;  /* without its dashes; NULL: only in the file */
    const char *argument;
    const char *help;
    /* Of an option that may be given several times: what the first one does with the file's.
     * Else NULL. */
    void (*clear)(struct kd_config *config);
    /* Sets what value says. If that is not allowed, why (KD_CONFIG_WHY_BYTES) says what is:
     * "must be ...". */
    bool (*set)(struct kd_config *config, const char *value, char *why);
};

extern const struct kd_config_key kd_config_keys[];
extern const size_t kd_config_keys_count;

/* The keys of an [output NAME] section, which mean the output that was added last. */
extern const struct kd_config_key kd_config_output_keys[];
extern const size_t kd_config_output_keys_count;

/* The name of one permission's bit, or NULL. */
const char *kd_config_permission_name(uint32_t bit);

#endif

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

/* The names of the values of enum kd_backend, kd_session_mode, kd_tri and kd_damage_mode. */
extern const char *const kd_config_backends[];
extern const char *const kd_config_sessions[];
extern const char *const kd_config_renderers[];
extern const char *const kd_config_tris[];
extern const char *const kd_config_damages[];

/* The name of one permission's bit, or NULL. */
const char *kd_config_permission_name(uint32_t bit);

/* ---- [output NAME] --------------------------------------------------------------------------- */

/* Such a section while it is read: what it is may show at its last key only. */
struct kd_config_section {
    struct kd_config_output output;       /* if it is a virtual display ... */
    struct kd_config_connector connector; /* ... and if it is not */
    bool is_virtual, has_refresh, by_position;
    const char *connector_key; /* one that it has and virtual displays do not; NULL: none */
};

struct kd_config_output_key {
    const char *name;
    enum { KD_KEY_BOTH, KD_KEY_VIRTUAL, KD_KEY_CONNECTOR } of;
    bool (*set)(struct kd_config_section *section, const char *value, char *why);
};

extern const struct kd_config_output_key kd_config_output_keys[];
extern const size_t kd_config_output_keys_count;

/* All return false if why says what was wrong. Only the end changes config. */
bool kd_config_section_begin(const struct kd_config *config, struct kd_config_section *section,
                             const char *name, char *why);
bool kd_config_section_set(struct kd_config_section *section,
                           const struct kd_config_output_key *key, const char *value, char *why);
bool kd_config_section_end(struct kd_config *config, const struct kd_config_section *section,
                           char *why);

/* Whether every mirror has something to show. */
bool kd_config_mirrors_ok(const struct kd_config *config, char *why);

bool kd_config_renderer(struct kd_config *config, const char *value, char *why);
bool kd_config_key_output(struct kd_config *config, const char *value, char *why);

/* ---- Values: all return false if why says what is allowed ------------------------------------ */

/* Returns false. */
bool kd_config_refuse(char *why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Digits alone: no sign, no space, nothing behind them. Says nothing. */
bool kd_config_digits(const char *text, int base, uint64_t max, uint64_t *out);

bool kd_config_number(const char *value, uint32_t min, uint32_t max, uint32_t *out, char *why);
bool kd_config_coordinate(const char *value, int32_t *out, char *why);
bool kd_config_copy_text(char *to, size_t to_bytes, const char *value, const char *what, char *why);
bool kd_config_size(const char *value, uint32_t *width_px, uint32_t *height_px, char *why);

/* Hz with up to three decimals. */
bool kd_config_refresh(const char *value, bool zero_too, uint32_t *out_mhz, char *why);

/* The index of the name that value is; of at least two. */
bool kd_config_choice(const char *value, const char *const *names, unsigned count, unsigned *out,
                      char *why);

#endif

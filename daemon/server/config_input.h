/*
 * Input in the configuration: [keyboard], [input], and [input NAME] for devices. Part of config.
 */
#ifndef KD_SERVER_CONFIG_INPUT_H
#define KD_SERVER_CONFIG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/keymap.h"

#define KD_CONFIG_MAX_DEVICES 16

struct kd_config;

/* A key with modifiers; code 0: none. */
struct kd_combination {
    uint32_t code, modifiers; /* KEY_*, enum kb_modifier */
};

/* [input NAME]: what is said of devices whose name matches the pattern. A tri that is AUTO is not said. */
struct kd_config_device {
    char pattern[129]; /* of fnmatch(3) */
    char output[33];   /* "": not said */
    bool has_matrix, has_speed;
    float matrix[6];
    double speed;
    uint8_t acceleration, natural_scroll, left_handed, tap, ignore; /* enum kd_tri */
};

struct kd_config_input {
    struct kd_keymap_names keyboard; /* empty: as the system has it */
    unsigned repeat_delay_ms, repeat_rate;
    uint8_t devices; /* enum kd_tri: AUTO: with real displays */
    bool accelerate, focus_click;
    double speed; /* -1 to 1 */
    struct kd_combination end_game;
    char record[192], replay[192], mappings[192];            /* paths; "": none */
    struct kd_config_device settings[KD_CONFIG_MAX_DEVICES]; /* later ones win */
    size_t settings_count;
};

void kd_config_input_defaults(struct kd_config_input *input);

/* A combination as people write it; text[64]. */
void kd_combination_name(const struct kd_combination *combination, char *text);

bool kd_config_key_model(struct kd_config *config, const char *value, char *why);
bool kd_config_key_layout(struct kd_config *config, const char *value, char *why);
bool kd_config_key_variant(struct kd_config *config, const char *value, char *why);
bool kd_config_key_xkb_options(struct kd_config *config, const char *value, char *why);
bool kd_config_key_repeat_delay(struct kd_config *config, const char *value, char *why);
bool kd_config_key_repeat_rate(struct kd_config *config, const char *value, char *why);
bool kd_config_key_devices(struct kd_config *config, const char *value, char *why);
bool kd_config_key_acceleration(struct kd_config *config, const char *value, char *why);
bool kd_config_key_speed(struct kd_config *config, const char *value, char *why);
bool kd_config_key_end_game(struct kd_config *config, const char *value, char *why);
bool kd_config_key_focus_click(struct kd_config *config, const char *value, char *why);
bool kd_config_key_record(struct kd_config *config, const char *value, char *why);
bool kd_config_key_replay(struct kd_config *config, const char *value, char *why);
bool kd_config_key_mappings(struct kd_config *config, const char *value, char *why);

/* ---- [input NAME] ------------------------------------------------------------------------------ */

struct kd_config_device_key {
    const char *name;
    bool (*set)(struct kd_config_device *device, const char *value, char *why);
};

extern const struct kd_config_device_key kd_config_device_keys[];
extern const size_t kd_config_device_keys_count;

/* False if why says what was wrong. Only the end changes config, and that cannot fail. */
bool kd_config_device_begin(const struct kd_config *config, struct kd_config_device *device,
                            const char *pattern, char *why);
void kd_config_device_end(struct kd_config *config, const struct kd_config_device *device);

#endif

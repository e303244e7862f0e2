#include "server/config_input.h"

#include <linux/input-event-codes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_keys.h"

void kd_config_input_defaults(struct kd_config_input *input)
{
    *input = (struct kd_config_input){
        .repeat_delay_ms = 500,
        .repeat_rate = 25,
        .accelerate = true,
        .focus_click = true,
        .end_game = {KEY_BACKSPACE, KB_MODIFIER_CTRL | KB_MODIFIER_ALT},
    };
}

/* ---- Values ------------------------------------------------------------------------------------ */

static bool set_on(const char *value, bool *out, char *why)
{
    static const char *const names[] = {"off", "on"};
    unsigned choice;

    if (!kd_config_choice(value, names, 2, &choice, why))
        return false;
    *out = choice == 1;
    return true;
}

static bool set_tri(const char *value, uint8_t *out, char *why)
{
    bool on;

    if (!set_on(value, &on, why))
        return false;
    *out = on ? KD_ON : KD_OFF;
    return true;
}

/* A number with a decimal point, whatever the locale; *end is behind it. False: there is none. */
static bool decimal(const char *text, double *out, const char **end)
{
    static locale_t c;
    char *stop;

    if (!c)
        c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (strchr("-.0123456789", text[0]) == NULL || text[0] == '\0')
        return false;
    *out = c ? strtod_l(text, &stop, c) : strtod(text, &stop);
    *end = stop;
    return stop != text;
}

static bool set_speed(const char *value, double *out, char *why)
{
    const char *end;
    double speed;

    if (!decimal(value, &speed, &end) || *end != '\0' || !(speed >= -1 && speed <= 1))
        return kd_config_refuse(why, "must be a number from -1 (slow) to 1 (fast)");
    *out = speed;
    return true;
}

/* ---- Combinations ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    uint32_t bit;
} modifiers[] = {{"ctrl", KB_MODIFIER_CTRL},
                 {"alt", KB_MODIFIER_ALT},
                 {"shift", KB_MODIFIER_SHIFT},
                 {"logo", KB_MODIFIER_LOGO},
                 {"altgr", KB_MODIFIER_ALTGR}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Keys are named by what is printed on them on most keyboards. */
static const struct {
    const char *name;
    uint32_t code;
} keys[] = {
    {"backspace", KEY_BACKSPACE},
    {"delete", KEY_DELETE},
    {"esc", KEY_ESC},
    {"end", KEY_END},
    {"home", KEY_HOME},
    {"pause", KEY_PAUSE},
    {"print", KEY_SYSRQ},
    {"enter", KEY_ENTER},
    {"space", KEY_SPACE},
    {"tab", KEY_TAB},
    {"insert", KEY_INSERT},
    {"scrolllock", KEY_SCROLLLOCK},
    {"power", KEY_POWER},
    {"f1", KEY_F1},
    {"f2", KEY_F2},
    {"f3", KEY_F3},
    {"f4", KEY_F4},
    {"f5", KEY_F5},
    {"f6", KEY_F6},
    {"f7", KEY_F7},
    {"f8", KEY_F8},
    {"f9", KEY_F9},
    {"f10", KEY_F10},
    {"f11", KEY_F11},
    {"f12", KEY_F12},
    {"q", KEY_Q},
    {"x", KEY_X},
};

static bool combination_part(struct kd_combination *combination, const char *part, size_t length)
{
    for (size_t i = 0; i < COUNT(modifiers); i++)
        if (strlen(modifiers[i].name) == length && memcmp(modifiers[i].name, part, length) == 0) {
            combination->modifiers |= modifiers[i].bit;
            return true;
        }
    for (size_t i = 0; i < COUNT(keys) && combination->code == 0; i++)
        if (strlen(keys[i].name) == length && memcmp(keys[i].name, part, length) == 0) {
            combination->code = keys[i].code;
            return true;
        }
    return false;
}

bool kd_config_key_end_game(struct kd_config *config, const char *value, char *why)
{
    struct kd_combination combination = {.code = 0};
    bool good = true;

    for (const char *part = value; good; part++) {
        size_t length = strcspn(part, "-");

        good = combination_part(&combination, part, length);
        part += length;
        if (*part == '\0')
            break;
    }
    if (strcmp(value, "none") == 0)
        combination = (struct kd_combination){.code = 0};
    else if (!good || combination.code == 0 || combination.modifiers == 0)
        return kd_config_refuse(
            why,
            "must be none, or any of ctrl, alt, shift, altgr and logo, and a key: backspace, delete, esc, end, home, insert, pause, print, scrolllock, power, enter, space, tab, f1 to f12, q or x; with dashes between them");
    config->input.end_game = combination;
    return true;
}

void kd_combination_name(const struct kd_combination *combination, char *text)
{
    size_t used = 0;

    if (combination->code == 0) {
        memcpy(text, "none", 5);
        return;
    }
    for (size_t i = 0; i < COUNT(modifiers); i++)
        if (combination->modifiers & modifiers[i].bit)
            used += (size_t)snprintf(text + used, 64 - used, "%s-", modifiers[i].name);
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].code == combination->code)
            snprintf(text + used, 64 - used, "%s", keys[i].name);
}

/* ---- [keyboard] and [input] ---------------------------------------------------------------------- */

#define COPY(to, what) kd_config_copy_text(to, sizeof(to), value, what, why)

bool kd_config_key_model(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.keyboard.model, "a keyboard's model (pc105)");
}

bool kd_config_key_layout(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.keyboard.layout, "a layout (de), or several with commas");
}

bool kd_config_key_variant(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.keyboard.variant, "a variant of the layout (nodeadkeys)");
}

bool kd_config_key_xkb_options(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.keyboard.options, "options (compose:menu), with commas");
}

bool kd_config_key_repeat_delay(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 1, 10000, &config->input.repeat_delay_ms, why);
}

bool kd_config_key_repeat_rate(struct kd_config *config, const char *value, char *why)
{
    return kd_config_number(value, 0, 1000, &config->input.repeat_rate, why);
}

bool kd_config_key_devices(struct kd_config *config, const char *value, char *why)
{
    unsigned choice;

    if (!kd_config_choice(value, kd_config_tris, 3, &choice, why))
        return false;
    config->input.devices = (uint8_t)choice;
    return true;
}

bool kd_config_key_acceleration(struct kd_config *config, const char *value, char *why)
{
    return set_on(value, &config->input.accelerate, why);
}

bool kd_config_key_speed(struct kd_config *config, const char *value, char *why)
{
    return set_speed(value, &config->input.speed, why);
}

bool kd_config_key_focus_click(struct kd_config *config, const char *value, char *why)
{
    return set_on(value, &config->input.focus_click, why);
}

bool kd_config_key_record(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.record, "a path");
}

bool kd_config_key_replay(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.replay, "a path");
}

bool kd_config_key_mappings(struct kd_config *config, const char *value, char *why)
{
    return COPY(config->input.mappings, "a path");
}

/* ---- [input NAME] ------------------------------------------------------------------------------ */

static bool device_output(struct kd_config_device *device, const char *value, char *why)
{
    return COPY(device->output, "an output's name (HDMI-A-1)");
}

static bool device_matrix(struct kd_config_device *device, const char *value, char *why)
{
    const char *at = value;

    for (unsigned i = 0; i < 6; i++) {
        double number = 0;
        bool good = decimal(at, &number, &at);

        at += good ? strspn(at, " ,") : 0;
        if (!good || !(number >= -1000 && number <= 1000) || (i == 5 && *at != '\0'))
            return kd_config_refuse(
                why,
                "must be six numbers from -1000 to 1000, with spaces between them: two rows of a matrix, such as 1 0 0 0 1 0");
        device->matrix[i] = (float)number;
    }
    device->has_matrix = true;
    return true;
}

static bool device_acceleration(struct kd_config_device *device, const char *value, char *why)
{
    return set_tri(value, &device->acceleration, why);
}

static bool device_speed(struct kd_config_device *device, const char *value, char *why)
{
    device->has_speed = true;
    return set_speed(value, &device->speed, why);
}

static bool device_natural_scroll(struct kd_config_device *device, const char *value, char *why)
{
    return set_tri(value, &device->natural_scroll, why);
}

static bool device_left_handed(struct kd_config_device *device, const char *value, char *why)
{
    return set_tri(value, &device->left_handed, why);
}

static bool device_tap(struct kd_config_device *device, const char *value, char *why)
{
    return set_tri(value, &device->tap, why);
}

static bool device_ignore(struct kd_config_device *device, const char *value, char *why)
{
    return set_tri(value, &device->ignore, why);
}

const struct kd_config_device_key kd_config_device_keys[] = {
    {"output", device_output},
    {"matrix", device_matrix},
    {"acceleration", device_acceleration},
    {"speed", device_speed},
    {"natural_scroll", device_natural_scroll},
    {"left_handed", device_left_handed},
    {"tap", device_tap},
    {"ignore", device_ignore},
};
const size_t kd_config_device_keys_count = COUNT(kd_config_device_keys);

bool kd_config_device_begin(const struct kd_config *config, struct kd_config_device *device,
                            const char *pattern, char *why)
{
    *device = (struct kd_config_device){.has_matrix = false};
    if (strlen(pattern) >= sizeof(device->pattern))
        return kd_config_refuse(why, "a device's name has at most %zu bytes; use a pattern with *",
                                sizeof(device->pattern) - 1);
    if (config->input.settings_count == KD_CONFIG_MAX_DEVICES)
        return kd_config_refuse(why, "there may be at most %d sections [input NAME]",
                                KD_CONFIG_MAX_DEVICES);
    memcpy(device->pattern, pattern, strlen(pattern) + 1);
    for (size_t i = 0; i < config->input.settings_count; i++)
        if (strcmp(config->input.settings[i].pattern, pattern) == 0)
            return kd_config_refuse(why, "there is such a section already");
    return true;
}

void kd_config_device_end(struct kd_config *config, const struct kd_config_device *device)
{
    config->input.settings[config->input.settings_count++] = *device;
}

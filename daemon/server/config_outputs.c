/*
 * Displays in the configuration: virtual ones (--output, and [output NAME] with a size or named
 * HEADLESS-...), and what is wished for connectors (every other [output NAME]). Which of the two a
 * section is may show at its last key only, so it is read as both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/view.h"
#include "server/config_keys.h"

#define OVERSCAN_MAX_PX 2048

/* ---- How a display hangs --------------------------------------------------------------------- */

static bool set_rotate(uint8_t *rotation, const char *value, char *why)
{
    static const char *const turns[] = {"0", "90", "180", "270"};
    unsigned turn;
    if (!kd_config_choice(value, turns, 4, &turn, why)) {
        return false;
    }
    *rotation = (uint8_t)(KB_ROTATION_NORMAL + turn);
    return true;
}

static bool set_reflect(bool *reflect_x, bool *reflect_y, const char *value, char *why)
{
    static const char *const axes[] = {"none", "x", "y", "xy"};
    unsigned axis;
    if (!kd_config_choice(value, axes, 4, &axis, why)) {
        return false;
    }
    *reflect_x = axis & 1;
    *reflect_y = axis & 2;
    return true;
}

/* Numbers with one of these separators between them. Returns how many, 0 if there are too many or
 * one is too long; what each says is not looked at. */
static unsigned split_numbers(const char *value, const char *separators, char numbers[4][16])
{
    for (unsigned count = 0; count < 4; count++) {
        size_t length = strcspn(value, separators);
        if (length >= sizeof(numbers[0])) {
            return 0;
        }
        memcpy(numbers[count], value, length);
        numbers[count][length] = '\0';
        if (value[length] == '\0') {
            return count + 1;
        }
        value += length + 1;
        value += strspn(value, " ");
    }
    return 0;
}

/* Colons too: in --output, commas end the whole. */
static bool set_overscan(int32_t *overscan, const char *value, char *why)
{
    char numbers[4][16];
    unsigned count = split_numbers(value, ",:", numbers);
    for (unsigned i = 0; i < 4; i++) {
        uint32_t pixels;
        if ((count != 1 && count != 4) ||
            !kd_config_number(numbers[count == 4 ? i : 0], 0, OVERSCAN_MAX_PX, &pixels, why)) {
            return kd_config_refuse(
                why, "must be PIXELS or LEFT,TOP,RIGHT,BOTTOM, each a number from 0 to %d",
                OVERSCAN_MAX_PX);
        }
        overscan[i] = (int32_t)pixels;
    }
    return true;
}

/* ---- Virtual displays ------------------------------------------------------------------------ */

static bool name_is_free(const struct kd_config *config, const struct kd_config_output *but,
                         const char *name)
{
    for (size_t i = 0; i < config->outputs_count; i++) {
        if (&config->outputs[i] != but && strcmp(config->outputs[i].name, name) == 0) {
            return false;
        }
    }
    for (size_t i = 0; i < config->connectors_count; i++) {
        if (strcmp(config->connectors[i].name, name) == 0) {
            return false;
        }
    }
    return true;
}

/* name[33]. */
static bool set_name(char *name, const char *value, char *why)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(value);
    if (length == 0 || length > 32 || strspn(value, allowed) != length) {
        return kd_config_refuse(
            why, "an output's name must be 1 to 32 letters, digits, '.', '_' or '-'");
    }
    memcpy(name, value, length + 1);
    return true;
}

static bool set_output_name(const struct kd_config *config, struct kd_config_output *output,
                            const char *value, char *why)
{
    if (!set_name(output->name, value, why)) {
        return false;
    }
    return name_is_free(config, output, value) ||
           kd_config_refuse(why, "another output has the name %s", value);
}

/* Its width among the others. */
static int32_t seen_width_px(const struct kd_config_output *output)
{
    struct kd_view view =
        kd_view_of((int32_t)output->width_px, (int32_t)output->height_px, output->rotation,
                   output->reflect_x, output->reflect_y, output->overscan);
    return kd_view_size(&view).x;
}

static struct kd_config_output new_output(const struct kd_config *config)
{
    struct kd_config_output output = {.width_px = 1280,
                                      .height_px = 720,
                                      .refresh_ns = UINT64_C(16666667),
                                      .format = KB_FORMAT_XRGB8888};
    for (size_t i = 0; i < config->outputs_count; i++) {
        const struct kd_config_output *last = &config->outputs[i];
        if (last->mirror[0] == '\0') {
            output.x = last->x + seen_width_px(last);
        }
    }
    return output;
}

struct kd_config_output *kd_config_add_output(struct kd_config *config, const char *name, char *why)
{
    size_t count = config->outputs_count;
    if (count == KD_CONFIG_MAX_OUTPUTS) {
        kd_config_refuse(why, "there can be at most %d outputs", KD_CONFIG_MAX_OUTPUTS);
        return NULL;
    }
    struct kd_config_output *output = &config->outputs[count];
    *output = new_output(config);
    if (name[0] != '\0' && !set_output_name(config, output, name, why)) {
        return NULL;
    }
    for (size_t number = count + 1; output->name[0] == '\0'; number++) {
        char numbered[sizeof(output->name)] = "";
        snprintf(numbered, sizeof(numbered), "HEADLESS-%zu", number);
        if (name_is_free(config, NULL, numbered)) {
            memcpy(output->name, numbered, sizeof(numbered));
        }
    }
    config->outputs_count++;
    return output;
}

static bool set_refresh(struct kd_config_output *output, const char *value, char *why)
{
    uint32_t mhz;
    if (!kd_config_refresh(value, true, &mhz, why)) {
        return false;
    }
    output->refresh_ns = mhz > 0 ? (UINT64_C(1000000000000) + mhz / 2) / mhz : 0;
    return true;
}

static bool set_format(enum kb_format *format, const char *value, char *why)
{
    if (strcmp(value, "xrgb8888") == 0) {
        *format = KB_FORMAT_XRGB8888;
    } else if (strcmp(value, "rgb565") == 0) {
        *format = KB_FORMAT_RGB565;
    } else {
        return kd_config_refuse(why, "a display's format must be xrgb8888 or rgb565");
    }
    return true;
}

/* ---- --output -------------------------------------------------------------------------------- */

/* One "NAME=VALUE" behind a comma. */
static bool set_output_part(struct kd_config *config, struct kd_config_output *output,
                            const char *part, char *why)
{
    if (strncmp(part, "name=", 5) == 0) {
        return set_output_name(config, output, part + 5, why);
    }
    if (strncmp(part, "x=", 2) == 0) {
        return kd_config_coordinate(part + 2, &output->x, why);
    }
    if (strncmp(part, "y=", 2) == 0) {
        return kd_config_coordinate(part + 2, &output->y, why);
    }
    if (strncmp(part, "format=", 7) == 0) {
        return set_format(&output->format, part + 7, why);
    }
    if (strncmp(part, "rotate=", 7) == 0) {
        return set_rotate(&output->rotation, part + 7, why);
    }
    if (strncmp(part, "reflect=", 8) == 0) {
        return set_reflect(&output->reflect_x, &output->reflect_y, part + 8, why);
    }
    if (strncmp(part, "overscan=", 9) == 0) {
        return set_overscan(output->overscan, part + 9, why);
    }
    if (strncmp(part, "mirror=", 7) == 0) {
        return set_name(output->mirror, part + 7, why);
    }
    return kd_config_refuse(why,
                            "'%.32s' is none of name=, x=, y=, format=, rotate=, reflect=, "
                            "overscan= and mirror=",
                            part);
}

static bool parse_output(struct kd_config *config, struct kd_config_output *output, char *spec,
                         char *why)
{
    static const char prefix[] = "headless";
    static const char allowed[] =
        "must be headless[:WIDTHxHEIGHT[@HZ]][,name=NAME][,x=X][,y=Y][,format=FORMAT]"
        "[,rotate=DEGREES][,reflect=AXES][,overscan=PIXELS][,mirror=NAME]";
    char *next = strchr(spec, ',');
    if (next != NULL) {
        *next++ = '\0';
    }
    if (strncmp(spec, prefix, sizeof(prefix) - 1) != 0) {
        return kd_config_refuse(why, "%s", allowed);
    }
    char *mode = spec + sizeof(prefix) - 1;
    if (*mode == ':') {
        char *refresh = strchr(++mode, '@');
        if (refresh != NULL) {
            *refresh++ = '\0';
        }
        if (!kd_config_size(mode, &output->width_px, &output->height_px, why) ||
            (refresh && !set_refresh(output, refresh, why))) {
            return false;
        }
    } else if (*mode != '\0') {
        return kd_config_refuse(why, "%s", allowed);
    }
    while (next != NULL) {
        char *part = next;
        next = strchr(part, ',');
        if (next != NULL) {
            *next++ = '\0';
        }
        if (!set_output_part(config, output, part, why)) {
            return false;
        }
    }
    return true;
}

bool kd_config_key_output(struct kd_config *config, const char *value, char *why)
{
    char spec[192];
    size_t length = strlen(value);
    if (length >= sizeof(spec)) {
        return kd_config_refuse(why, "must have at most %zu bytes", sizeof(spec) - 1);
    }
    memcpy(spec, value, length + 1);
    struct kd_config_output *output = kd_config_add_output(config, "", why);
    if (output == NULL) {
        return false;
    }
    if (!parse_output(config, output, spec, why)) {
        config->outputs_count--;
        return false;
    }
    return true;
}

/* ---- The keys of [output NAME] --------------------------------------------------------------- */

static bool key_size(struct kd_config_section *section, const char *value, char *why)
{
    struct kd_config_output *output = &section->output;
    section->is_virtual = true;
    return kd_config_size(value, &output->width_px, &output->height_px, why);
}

static bool key_refresh(struct kd_config_section *section, const char *value, char *why)
{
    section->has_refresh = set_refresh(&section->output, value, why);
    return section->has_refresh;
}

/* How the place was given: by both ways it would be unclear which holds. */
static bool place(struct kd_config_section *section, bool by_position, char *why)
{
    struct kd_config_connector *connector = &section->connector;
    if (connector->has_position && (by_position || section->by_position)) {
        return kd_config_refuse(why, "the place is given already: either position or x and y");
    }
    connector->has_position = true;
    section->by_position = by_position;
    return true;
}

static bool key_x(struct kd_config_section *section, const char *value, char *why)
{
    if (!kd_config_coordinate(value, &section->output.x, why) || !place(section, false, why)) {
        return false;
    }
    section->connector.x = section->output.x;
    return true;
}

static bool key_y(struct kd_config_section *section, const char *value, char *why)
{
    if (!kd_config_coordinate(value, &section->output.y, why) || !place(section, false, why)) {
        return false;
    }
    section->connector.y = section->output.y;
    return true;
}

static bool key_position(struct kd_config_section *section, const char *value, char *why)
{
    char numbers[4][16];
    int32_t x, y;
    if (split_numbers(value, ",", numbers) != 2 || !kd_config_coordinate(numbers[0], &x, why) ||
        !kd_config_coordinate(numbers[1], &y, why)) {
        return kd_config_refuse(why, "must be X,Y, each a number from -65536 to 65536");
    }
    if (!place(section, true, why)) {
        return false;
    }
    section->output.x = section->connector.x = x;
    section->output.y = section->connector.y = y;
    return true;
}

static bool key_format(struct kd_config_section *section, const char *value, char *why)
{
    section->connector.has_format = set_format(&section->output.format, value, why);
    section->connector.format = section->output.format;
    return section->connector.has_format;
}

static bool key_mode(struct kd_config_section *section, const char *value, char *why)
{
    struct kd_config_connector *connector = &section->connector;
    char size[32];
    uint32_t width_px, height_px;
    size_t length = strcspn(value, "@");
    if (strcmp(value, "preferred") == 0) {
        return true;
    }
    if (strcmp(value, "off") == 0) {
        connector->off = true;
        return true;
    }
    if (strchr(value, 'x') == NULL || length >= sizeof(size)) {
        return kd_config_refuse(why, "must be WIDTHxHEIGHT, WIDTHxHEIGHT@HZ, preferred or off");
    }
    memcpy(size, value, length);
    size[length] = '\0';
    if (!kd_config_size(size, &width_px, &height_px, why) ||
        (value[length] == '@' &&
         !kd_config_refresh(value + length + 1, false, &connector->mode.refresh_mhz, why))) {
        return false;
    }
    connector->mode.width_px = (int32_t)width_px;
    connector->mode.height_px = (int32_t)height_px;
    return true;
}

static bool key_rotate(struct kd_config_section *section, const char *value, char *why)
{
    if (!set_rotate(&section->output.rotation, value, why)) {
        return false;
    }
    section->connector.rotation = section->output.rotation;
    return true;
}

static bool key_reflect(struct kd_config_section *section, const char *value, char *why)
{
    struct kd_config_output *output = &section->output;
    if (!set_reflect(&output->reflect_x, &output->reflect_y, value, why)) {
        return false;
    }
    section->connector.reflect_x = output->reflect_x;
    section->connector.reflect_y = output->reflect_y;
    return true;
}

static bool key_overscan(struct kd_config_section *section, const char *value, char *why)
{
    if (!set_overscan(section->output.overscan, value, why)) {
        return false;
    }
    memcpy(section->connector.overscan, section->output.overscan,
           sizeof(section->connector.overscan));
    return true;
}

static bool key_mirror(struct kd_config_section *section, const char *value, char *why)
{
    struct kd_config_connector *connector = &section->connector;
    if (!set_name(connector->mirror, value, why)) {
        return false;
    }
    memcpy(section->output.mirror, connector->mirror, sizeof(connector->mirror));
    return strcmp(value, connector->name) != 0 ||
           kd_config_refuse(why, "must be another output: one cannot show what it shows itself");
}

const struct kd_config_output_key kd_config_output_keys[] = {
    {"size", KD_KEY_VIRTUAL, key_size},
    {"refresh", KD_KEY_VIRTUAL, key_refresh},
    {"x", KD_KEY_BOTH, key_x},
    {"y", KD_KEY_BOTH, key_y},
    {"format", KD_KEY_BOTH, key_format},
    {"position", KD_KEY_BOTH, key_position},
    {"mode", KD_KEY_CONNECTOR, key_mode},
    {"rotate", KD_KEY_BOTH, key_rotate},
    {"reflect", KD_KEY_BOTH, key_reflect},
    {"overscan", KD_KEY_BOTH, key_overscan},
    {"mirror", KD_KEY_BOTH, key_mirror},
};
const size_t kd_config_output_keys_count =
    sizeof(kd_config_output_keys) / sizeof(kd_config_output_keys[0]);

/* ---- Sections -------------------------------------------------------------------------------- */

bool kd_config_section_begin(const struct kd_config *config, struct kd_config_section *section,
                             const char *name, char *why)
{
    *section = (struct kd_config_section){.output = new_output(config)};
    if (config->outputs_count + config->connectors_count >= KD_CONFIG_MAX_OUTPUTS) {
        return kd_config_refuse(why, "there can be at most %d outputs", KD_CONFIG_MAX_OUTPUTS);
    }
    if (!set_output_name(config, &section->output, name, why)) {
        return false;
    }
    memcpy(section->connector.name, section->output.name, sizeof(section->connector.name));
    section->is_virtual = strncmp(name, "HEADLESS-", 9) == 0;
    return true;
}

bool kd_config_section_set(struct kd_config_section *section,
                           const struct kd_config_output_key *key, const char *value, char *why)
{
    if (key->of == KD_KEY_CONNECTOR) {
        if (section->is_virtual) {
            return kd_config_refuse(why, "is for a real display; one with a size, or named "
                                         "HEADLESS-..., is virtual");
        }
        section->connector_key = key->name;
    } else if (key->of == KD_KEY_VIRTUAL && section->connector_key != NULL) {
        return kd_config_refuse(why, "is for a virtual display, and %s for a real one",
                                section->connector_key);
    }
    return key->set(section, value, why);
}

bool kd_config_section_end(struct kd_config *config, const struct kd_config_section *section,
                           char *why)
{
    const struct kd_config_connector *connector = &section->connector;
    if (!section->is_virtual && section->has_refresh) {
        return kd_config_refuse(why, "refresh is for a virtual display, which has a size; for a "
                                     "real one, mode = WIDTHxHEIGHT@HZ");
    }
    if (connector->mirror[0] != '\0' && connector->has_position) {
        return kd_config_refuse(why,
                                "has a place, and is a mirror of %s: a mirror has no place "
                                "of its own",
                                connector->mirror);
    }
    if (section->is_virtual) {
        config->outputs[config->outputs_count++] = section->output;
    } else {
        config->connectors[config->connectors_count++] = *connector;
    }
    return true;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static const struct kd_config_connector *find_connector(const struct kd_config *config,
                                                        const char *name)
{
    for (size_t i = 0; i < config->connectors_count; i++) {
        if (strcmp(config->connectors[i].name, name) == 0) {
            return &config->connectors[i];
        }
    }
    return NULL;
}

/* Virtual displays are all known, so what they mirror must be there. */
static bool virtual_mirror_ok(const struct kd_config *config, const struct kd_config_output *mirror,
                              char *why)
{
    for (size_t i = 0; i < config->outputs_count; i++) {
        const struct kd_config_output *shown = &config->outputs[i];
        if (strcmp(shown->name, mirror->mirror) != 0) {
            continue;
        }
        return shown->mirror[0] == '\0' ||
               kd_config_refuse(why,
                                "[output %s] mirror: %s has no picture of its own, it is a mirror "
                                "itself",
                                mirror->name, shown->name);
    }
    return kd_config_refuse(why, "[output %s] mirror: there is no virtual display %s", mirror->name,
                            mirror->mirror);
}

bool kd_config_mirrors_ok(const struct kd_config *config, char *why)
{
    for (size_t i = 0; i < config->outputs_count; i++) {
        const struct kd_config_output *mirror = &config->outputs[i];
        if (mirror->mirror[0] != '\0' && !virtual_mirror_ok(config, mirror, why)) {
            return false;
        }
    }
    for (size_t i = 0; i < config->connectors_count; i++) {
        const struct kd_config_connector *mirror = &config->connectors[i];
        const struct kd_config_connector *shown = find_connector(config, mirror->mirror);
        if (mirror->mirror[0] == '\0' || shown == NULL) {
            continue;
        }
        if (shown->mirror[0] != '\0' || shown->off) {
            return kd_config_refuse(why, "[output %s] mirror: %s has no picture of its own, it %s",
                                    mirror->name, shown->name,
                                    shown->off ? "is off" : "is a mirror itself");
        }
    }
    return true;
}

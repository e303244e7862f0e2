/*
 * The lines of a script. Those that describe a card belong to the card named last.
 *
 *   card NAME [path=FIFO] [driver=D] [depth=N] [master=OTHER] [planes-max=N] [pixels-max=N] [no-atomic] [no-dumb] [no-vblank] [panel] [prefer-shadow]
 *        [render-node] [render-only]
 *   preset pi4|pi5|spi|virtio|bare|render NAME [the same]
 *   crtcs N
 *   plane primary|overlay|cursor [crtcs=0,1] [formats=XR24,AR24,RG16] [scale=MIN-MAX] [rotate=0,90,180,270,x,y] [zpos=N|MIN..MAX] [max=WxH] [damage] [alpha]
 *         [filter] [cover]
 *   connector NAME [off] [edid=NAME] [mm=WxH] [crtcs=0,1] [WxH[i]@HZ[*] ...]    without modes: three that everybody has
 *   use NAME                      the lines after it are about that card
 *   plug NAME [as connector]      unplug NAME      gone (the whole card: ENODEV)
 *   flips manual|at-once|refresh  how commits become visible
 *   flip never|lost|twice|held [NTH [COUNT]]       the NTH flip from now; never: EBUSY from then on
 *   sequence CRTC N               the count of refreshes goes on from there
 *   link good|bad CONNECTOR       what link-status says
 *   release                       held events are sent, flips that never came come now
 *   vblank CRTC [NS]
 *   fail CALL [NTH [COUNT]] ERRNO any of libdrm's calls, mmap, or test, commit, modeset
 *   refuse-mode WxH ERRNO         passes TEST_ONLY, and fails when it is set; refuse-mode none
 *   master OTHER|none             somebody else has the display, or nobody
 *   no-rules                      forget fail and flip
 *   hotplug                       the system says that something was plugged in or out
 *   log FILE    counts    wait COUNT N    screen CRTC FILE
 */
#include "fake_model.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS  40
#define NO_END 1000000000u

struct line {
    unsigned count;
    char *words[WORDS];
    char text[1024], *answer;
    size_t answer_bytes;
};

/* ---- Words ---------------------------------------------------------------------------------- */

/* The value of key=value, or NULL. */
static const char *option(const struct line *line, const char *key)
{
    size_t length = strlen(key);

    for (unsigned n = 1; n < line->count; n++)
        if (!strncmp(line->words[n], key, length) && line->words[n][length] == '=')
            return line->words[n] + length + 1;
    return NULL;
}

static bool flag(const struct line *line, const char *key)
{
    for (unsigned n = 1; n < line->count; n++)
        if (!strcmp(line->words[n], key))
            return true;
    return false;
}

static const char *word(const struct line *line, unsigned n)
{
    return n < line->count ? line->words[n] : "";
}

static unsigned number(const struct line *line, unsigned n, unsigned otherwise)
{
    return n < line->count ? (unsigned)strtoul(line->words[n], NULL, 10) : otherwise;
}

static int wrong(struct line *line, const char *what)
{
    snprintf(line->answer, line->answer_bytes, "%s", what);
    return -EINVAL;
}

static uint32_t bits(const char *list)
{
    uint32_t result = 0;

    for (; list && *list; list += *list == ',')
        result |= 1u << strtoul(list, (char **)&list, 10);
    return result;
}

static int errno_of(const char *name)
{
    static const struct {
        const char *name;
        int value;
    } known[] = {{"EBUSY", EBUSY},           {"EINVAL", EINVAL}, {"ENOSPC", ENOSPC},
                 {"ENOMEM", ENOMEM},         {"EACCES", EACCES}, {"ENODEV", ENODEV},
                 {"EINTR", EINTR},           {"EIO", EIO},       {"ERANGE", ERANGE},
                 {"ENOENT", ENOENT},         {"EPERM", EPERM},   {"EAGAIN", EAGAIN},
                 {"EOPNOTSUPP", EOPNOTSUPP}, {"ENOSYS", ENOSYS}};

    for (unsigned n = 0; n < sizeof(known) / sizeof(known[0]); n++)
        if (!strcmp(known[n].name, name))
            return known[n].value;
    return 0;
}

/* ---- Describing ----------------------------------------------------------------------------- */

static int card_line(struct line *line)
{
    const char *value;
    struct fake_card *card;
    int error = fake_new_card(word(line, 1), option(line, "path"), &card);

    if (error)
        return wrong(line, "the card cannot be made");
    fake_current = card;
    if ((value = option(line, "driver")))
        snprintf(card->driver, sizeof(card->driver), "%s", value);
    if ((value = option(line, "master")))
        snprintf(card->master, sizeof(card->master), "%s", value);
    if ((value = option(line, "depth")))
        card->depth = (unsigned)strtoul(value, NULL, 10);
    if ((value = option(line, "planes-max")))
        card->planes_max = (unsigned)strtoul(value, NULL, 10);
    if ((value = option(line, "pixels-max")))
        card->draw_max = strtoll(value, NULL, 10);
    card->no_atomic = flag(line, "no-atomic");
    card->no_dumb = flag(line, "no-dumb");
    card->no_vblank = flag(line, "no-vblank");
    card->panel = flag(line, "panel");
    card->prefer_shadow = flag(line, "prefer-shadow");
    card->renders = flag(line, "render-node") || flag(line, "render-only");
    card->no_primary = flag(line, "render-only");
    if (card->no_vblank)
        card->policy = FLIP_AT_ONCE;
    return 0;
}

static int crtcs_line(struct line *line)
{
    for (unsigned n = number(line, 1, 1); n > 0; n--) {
        struct fake_object *crtc = fake_new_object(fake_current, DRM_MODE_OBJECT_CRTC);

        if (!crtc)
            return wrong(line, "too many CRTCs");
        fake_default_state(fake_current, crtc);
    }
    return 0;
}

static void add_formats(struct fake_object *plane, const char *list)
{
    for (; list && strlen(list) >= 4 && plane->formats_count < FAKE_FORMATS; list += 4) {
        list += *list == ',';
        plane->formats[plane->formats_count++] =
            fourcc_code((uint32_t)list[0], (uint32_t)list[1], (uint32_t)list[2], (uint32_t)list[3]);
    }
}

static void add_in_formats(struct fake_object *plane)
{
    unsigned char bytes[sizeof(struct drm_format_modifier_blob) + FAKE_FORMATS * 4 +
                        2 * sizeof(struct drm_format_modifier)] = {0};
    struct drm_format_modifier_blob head = {.version = 1,
                                            .count_formats = plane->formats_count,
                                            .formats_offset = sizeof(head),
                                            .count_modifiers = 2};
    const uint64_t all = (UINT64_C(1) << plane->formats_count) - 1;
    const struct drm_format_modifier modifiers[2] = {
        {.formats = all, .modifier = DRM_FORMAT_MOD_LINEAR},
        {.formats = all, .modifier = DRM_FORMAT_MOD_BROADCOM_VC4_T_TILED}};
    struct fake_blob *blob;

    head.modifiers_offset = (uint32_t)(sizeof(head) + (plane->formats_count + 1) / 2 * 8);
    memcpy(bytes, &head, sizeof(head));
    memcpy(bytes + head.formats_offset, plane->formats, plane->formats_count * 4);
    memcpy(bytes + head.modifiers_offset, modifiers, sizeof(modifiers));
    blob = fake_new_blob(fake_current, -1, bytes, head.modifiers_offset + sizeof(modifiers));
    blob->fixed = true;
    fake_current->state.values[fake_index(fake_current, plane)][K_IN_FORMATS] = blob->id;
    plane->has |= UINT64_C(1) << K_IN_FORMATS;
}

static void plane_options(const struct line *line, struct fake_object *plane)
{
    const char *value = option(line, "rotate");
    double least = 1, most = 1;
    unsigned long long low = 0, high = 0;

    if (value) {
        plane->has |= UINT64_C(1) << K_ROTATION;
        plane->rotations = DRM_MODE_ROTATE_0 | (strstr(value, "90") ? DRM_MODE_ROTATE_90 : 0) |
                           (strstr(value, "180") ? DRM_MODE_ROTATE_180 : 0) |
                           (strstr(value, "270") ? DRM_MODE_ROTATE_270 : 0) |
                           (strchr(value, 'x') ? DRM_MODE_REFLECT_X : 0) |
                           (strchr(value, 'y') ? DRM_MODE_REFLECT_Y : 0);
    }
    if ((value = option(line, "scale")) && sscanf(value, "%lf-%lf", &least, &most) == 2) {
        plane->scale_min = (uint32_t)(least * 65536);
        plane->scale_max = (uint32_t)(most * 65536);
    }
    if ((value = option(line, "zpos"))) {
        plane->has |= UINT64_C(1) << K_ZPOS;
        if (sscanf(value, "%llu..%llu", &low, &high) == 1)
            high = low;
        plane->zpos_min = low;
        plane->zpos_max = high;
    }
    if ((value = option(line, "max")))
        sscanf(value, "%ux%u", &plane->width_max, &plane->height_max);
    if ((value = option(line, "crtcs")))
        plane->crtcs = bits(value);
    if (flag(line, "damage"))
        plane->has |= UINT64_C(1) << K_DAMAGE;
    if (flag(line, "alpha"))
        plane->has |= UINT64_C(1) << K_ALPHA | UINT64_C(1) << K_BLEND;
    if (flag(line, "filter"))
        plane->has |= UINT64_C(1) << K_FILTER;
    plane->covers = flag(line, "cover");
    add_formats(plane, option(line, "formats") ? option(line, "formats") : "XR24,AR24");
}

static int plane_line(struct line *line)
{
    static const char *const types[] = {"overlay", "primary", "cursor"};
    struct fake_object *plane = fake_new_object(fake_current, DRM_MODE_OBJECT_PLANE);
    unsigned type = 0;

    while (type < 3 && strcmp(word(line, 1), types[type]) != 0)
        type++;
    if (!plane || type == 3)
        return wrong(line, "no such plane, or too many");
    plane_options(line, plane);
    fake_default_state(fake_current, plane);
    fake_current->state.values[fake_index(fake_current, plane)][K_TYPE] = type;
    if (flag(line, "in-formats"))
        add_in_formats(plane);
    return 0;
}

static bool add_modes(const struct line *line, struct fake_object *connector, unsigned from)
{
    static const char *const usual[] = {"1920x1080@60*", "1280x720@60", "640x480@60"};

    connector->modes_count = 0;
    for (unsigned n = from; n < line->count; n++) {
        const char *text = line->words[n];

        if (!isdigit((unsigned char)*text) || connector->modes_count == FAKE_MODES)
            continue;
        if (!fake_mode(&connector->modes[connector->modes_count++], text))
            return false;
    }
    for (unsigned n = 0; connector->modes_count == 0 || (n > 0 && n < 3); n++)
        fake_mode(&connector->modes[connector->modes_count++], usual[n]);
    return true;
}

static int connect(struct line *line, struct fake_object *connector)
{
    const char *edid = option(line, "edid"), *size = option(line, "mm");

    connector->connected = true;
    connector->width_mm = 520;
    connector->height_mm = 290;
    if (size)
        sscanf(size, "%ux%u", &connector->width_mm, &connector->height_mm);
    fake_add_edid(fake_current, connector, edid ? edid : "Test monitor");
    return add_modes(line, connector, 2) ? 0 : wrong(line, "a mode is WxH@HZ");
}

static int connector_line(struct line *line)
{
    const char *name = word(line, 1), *dash = strrchr(name, '-');
    struct fake_object *connector = fake_new_object(fake_current, DRM_MODE_OBJECT_CONNECTOR);

    if (!connector || !dash)
        return wrong(line, "too many connectors, or no number in the name");
    snprintf(connector->name, sizeof(connector->name), "%s", name);
    connector->connector_type_id = (uint32_t)strtoul(dash + 1, NULL, 10);
    for (uint32_t type = 0; type < 25; type++) {
        const char *known = drmModeGetConnectorTypeName(type);

        if (known && strlen(known) == (size_t)(dash - name) && !strncmp(known, name, strlen(known)))
            connector->connector_type = type;
    }
    connector->crtcs = option(line, "crtcs") ? bits(option(line, "crtcs")) : ~0u;
    fake_default_state(fake_current, connector);
    return flag(line, "off") ? 0 : connect(line, connector);
}

static int preset_line(struct line *line)
{
    const char *options, *lines = fake_preset(word(line, 1), &options);
    char text[1024];
    int used, error;

    if (!lines)
        return wrong(line, "there is no such preset");
    used = snprintf(text, sizeof(text), "card %s", word(line, 2));
    for (unsigned n = 3; n < line->count; n++) /* of two values, the first counts */
        used += snprintf(text + used, sizeof(text) - (size_t)used, " %s", line->words[n]);
    snprintf(text + used, sizeof(text) - (size_t)used, " %s", options);
    error = fake_run_line(text, line->answer, line->answer_bytes);
    for (; !error && *lines; lines += strcspn(lines, "\n"), lines += *lines == '\n') {
        if (!strncmp(lines, "connector", 9) && flag(line, "no-connectors"))
            continue;
        snprintf(text, sizeof(text), "%.*s", (int)strcspn(lines, "\n"), lines);
        error = fake_run_line(text, line->answer, line->answer_bytes);
    }
    return error;
}

/* ---- Run time ------------------------------------------------------------------------------- */

static int use_line(struct line *line)
{
    fake_current = fake_drm_card(word(line, 1));
    return 0;
}

static int plug_line(struct line *line)
{
    struct fake_object *connector = fake_find_connector(fake_current, word(line, 1));

    if (!connector)
        return wrong(line, "there is no such connector");
    return connect(line, connector);
}

static int unplug_line(struct line *line)
{
    struct fake_object *connector = fake_find_connector(fake_current, word(line, 1));

    if (!connector)
        return wrong(line, "there is no such connector");
    connector->connected = false;
    connector->modes_count = 0;
    fake_add_edid(fake_current, connector, "");
    return 0;
}

static int gone_line(struct line *line)
{
    (void)line;
    fake_current->unplugged = true;
    return 0;
}

static int flips_line(struct line *line)
{
    if (!strcmp(word(line, 1), "manual"))
        fake_current->policy = FLIP_MANUAL;
    else if (!strcmp(word(line, 1), "at-once"))
        fake_current->policy = FLIP_AT_ONCE;
    else if (!strcmp(word(line, 1), "refresh"))
        fake_current->policy = FLIP_REFRESH;
    else
        return wrong(line, "flips are manual, at-once or refresh");
    return 0;
}

static int flip_line(struct line *line)
{
    static const struct {
        const char *name;
        enum fake_policy policy;
    } known[] = {
        {"never", FLIP_NEVER}, {"lost", FLIP_LOST}, {"twice", FLIP_TWICE}, {"held", FLIP_HELD}};

    for (unsigned n = 0; n < sizeof(known) / sizeof(known[0]); n++)
        if (!strcmp(word(line, 1), known[n].name))
            return fake_add_rule("flip", number(line, 2, 1), number(line, 3, 1),
                                 (int)known[n].policy);
    return wrong(line, "a flip is never, lost, twice or held");
}

static int release_line(struct line *line)
{
    (void)line;
    fake_release_events(fake_current);
    for (unsigned n = 0; n < fake_current->crtcs; n++)
        if (fake_current->crtc[n].pending && fake_current->crtc[n].policy == FLIP_NEVER)
            fake_complete(fake_current, n, fake_now_ns());
    return 0;
}

static int vblank_line(struct line *line)
{
    unsigned crtc = number(line, 1, 0);

    if (crtc >= fake_current->crtcs)
        return wrong(line, "there is no such CRTC");
    fake_drm_vblank(fake_current, crtc,
                    line->count > 2 ? strtoll(line->words[2], NULL, 10) : fake_now_ns());
    return 0;
}

static int sequence_line(struct line *line)
{
    unsigned crtc = number(line, 1, 0);

    if (crtc >= fake_current->crtcs)
        return wrong(line, "there is no such CRTC");
    fake_current->crtc[crtc].sequence = number(line, 2, 0);
    return 0;
}

static int link_line(struct line *line)
{
    struct fake_object *connector = fake_find_connector(fake_current, word(line, 2));

    if (!connector)
        return wrong(line, "there is no such connector");
    fake_current->state.values[fake_index(fake_current, connector)][K_LINK] =
        !strcmp(word(line, 1), "bad");
    return 0;
}

static int fail_line(struct line *line)
{
    int error = errno_of(line->words[line->count - 1]);
    bool nth = line->count > 3, times = line->count > 4;

    if (!error || line->count < 3)
        return wrong(line, "fail CALL [NTH [COUNT]] ERRNO");
    return fake_add_rule(word(line, 1), nth ? number(line, 2, 1) : 1,
                         times ? number(line, 3, 1)
                         : nth ? 1
                               : NO_END,
                         error);
}

static int refuse_mode_line(struct line *line)
{
    fake_current->refuse_error = errno_of(word(line, 2));
    if (!strcmp(word(line, 1), "none"))
        return 0;
    if (sscanf(word(line, 1), "%ux%u", &fake_current->refuse_width, &fake_current->refuse_height) !=
            2 ||
        !fake_current->refuse_error)
        return wrong(line, "refuse-mode WxH ERRNO");
    return 0;
}

static int master_line(struct line *line)
{
    bool nobody = !strcmp(word(line, 1), "none");

    snprintf(fake_current->master, sizeof(fake_current->master), "%s", nobody ? "" : word(line, 1));
    if (!nobody)
        fake_current->master_fd = -1;
    return 0;
}

static int hotplug_line(struct line *line)
{
    (void)line;
    if (fake_hotplug)
        fake_hotplug();
    return 0;
}

static int no_rules_line(struct line *line)
{
    (void)line;
    fake_forget_rules();
    return 0;
}

static int log_line(struct line *line)
{
    fake_log_open(word(line, 1));
    return 0;
}

#define COUNT(name)                               \
    {                                             \
#name, offsetof(struct fake_counts, name) \
    }

static const struct {
    const char *name;
    size_t at;
} count_names[] = {COUNT(files),
                   COUNT(framebuffers),
                   COUNT(dumb_buffers),
                   COUNT(memories),
                   COUNT(blobs),
                   COUNT(maps),
                   COUNT(commits),
                   COUNT(tests),
                   COUNT(refused),
                   COUNT(flips),
                   COUNT(modesets),
                   COUNT(dirtyfbs),
                   COUNT(probes),
                   COUNT(events),
                   COUNT(removed_while_shown),
                   COUNT(lies),
                   COUNT(fences),
                   COUNT(empty_reads),
                   COUNT(written_while_shown)};
#define COUNT_NAMES (sizeof(count_names) / sizeof(count_names[0]))

static unsigned count_of(const struct fake_counts *counts, unsigned n)
{
    unsigned value;

    memcpy(&value, (const char *)counts + count_names[n].at, sizeof(value));
    return value;
}

static int counts_line(struct line *line)
{
    const struct fake_counts counts = fake_drm_counts(fake_current);
    size_t used = 0;

    for (unsigned n = 0; n < COUNT_NAMES && used < line->answer_bytes; n++)
        used += (size_t)snprintf(line->answer + used, line->answer_bytes - used, "%s\"%s\": %u",
                                 n ? ", " : "{", count_names[n].name, count_of(&counts, n));
    if (used + 2 < line->answer_bytes)
        memcpy(line->answer + used, "}", 2);
    return 0;
}

/* Until something was counted so often. */
static int wait_line(struct line *line)
{
    for (unsigned n = 0; n < COUNT_NAMES; n++) {
        struct fake_counts counts;

        if (strcmp(count_names[n].name, word(line, 1)) != 0)
            continue;
        while (counts = fake_drm_counts(fake_current), count_of(&counts, n) < number(line, 2, 1))
            fake_wait();
        return 0;
    }
    return wrong(line, "nothing of that name is counted");
}

/* Writes the picture of a CRTC as 32-bit pixels; the answer is its size, "off" if there is none. */
static int screen_line(struct line *line)
{
    unsigned crtc = number(line, 1, 0);
    int32_t width, height;
    uint32_t *pixels;
    FILE *file;

    if (crtc >= fake_current->crtcs)
        return wrong(line, "there is no such CRTC");
    pixels = fake_drm_screen(fake_current, crtc, &width, &height);
    if (!pixels) {
        snprintf(line->answer, line->answer_bytes, "off");
        return 0;
    }
    file = fopen(word(line, 2), "we");
    if (file) {
        fwrite(pixels, 4, (size_t)width * (size_t)height, file);
        fclose(file);
    }
    free(pixels);
    snprintf(line->answer, line->answer_bytes, "%d %d", width, height);
    return file ? 0 : wrong(line, "the file cannot be written");
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool needs_card;
    int (*run)(struct line *line);
} commands[] = {
    {"card", false, card_line},
    {"preset", false, preset_line},
    {"wait", true, wait_line},

    {"crtcs", true, crtcs_line},
    {"plane", true, plane_line},
    {"connector", true, connector_line},
    {"use", false, use_line},
    {"plug", true, plug_line},
    {"unplug", true, unplug_line},
    {"gone", true, gone_line},
    {"flips", true, flips_line},
    {"flip", true, flip_line},
    {"release", true, release_line},
    {"vblank", true, vblank_line},
    {"fail", false, fail_line},
    {"refuse-mode", true, refuse_mode_line},
    {"master", true, master_line},
    {"sequence", true, sequence_line},
    {"link", true, link_line},
    {"hotplug", false, hotplug_line},
    {"no-rules", false, no_rules_line},
    {"log", false, log_line},
    {"counts", true, counts_line},
    {"screen", true, screen_line},
};

int fake_run_line(const char *text, char *answer, size_t answer_bytes)
{
    struct line line = {.answer = answer, .answer_bytes = answer_bytes};
    char *rest;

    *answer = '\0';
    snprintf(line.text, sizeof(line.text), "%s", text);
    line.text[strcspn(line.text, "#\n")] = '\0';
    for (char *at = strtok_r(line.text, " \t", &rest); at && line.count < WORDS;
         at = strtok_r(NULL, " \t", &rest))
        line.words[line.count++] = at;
    if (line.count == 0)
        return 0;
    for (unsigned n = 0; n < sizeof(commands) / sizeof(commands[0]); n++)
        if (!strcmp(commands[n].name, line.words[0])) {
            if (commands[n].needs_card && !fake_current)
                return wrong(&line, "there is no card yet");
            return commands[n].run(&line);
        }
    return wrong(&line, "there is no such line");
}

int fake_drm_line(const char *line, char *answer, size_t answer_bytes)
{
    int error;

    fake_lock();
    error = fake_run_line(line, answer, answer_bytes);
    fake_unlock();
    return error;
}

void fake_drm(const char *format, ...)
{
    char line[1024], answer[1024];
    va_list list;

    va_start(list, format);
    vsnprintf(line, sizeof(line), format, list);
    va_end(list);
    if (fake_drm_line(line, answer, sizeof(answer))) {
        fprintf(stderr, "fake drm: %s: %s\n", line, answer);
        abort();
    }
}

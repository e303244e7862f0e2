#include "input/recording.h"

#include <errno.h>
#include <libevdev/libevdev.h>
#include <linux/input-event-codes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "input/input.h"
#include "input/names.h"

/* kb_fixed has 16 bits behind the point; as many digits say them exactly. */
#define FIXED_DIGITS 16
#define FIXED_UNIT   KD_RECORDING_FIXED_UNIT

#define SECONDS_MAX INT64_C(4000000000)
#define WORDS_MAX   16

/* A line in its words, and where what is wrong with it is said. */
struct words {
    char text[KD_RECORDING_LINE_BYTES];
    const char *word[WORDS_MAX]; /* in text */
    bool quoted[WORDS_MAX];
    size_t count, next;
    char *why; /* borrowed */
    size_t why_bytes;
};

__attribute__((format(printf, 2, 3))) static int refuse(struct words *words, const char *format,
                                                        ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(words->why, words->why_bytes, format, args);
    va_end(args);
    return -EINVAL;
}

/* A word of the file, to be shown. The answer is good until the next call. */
static const char *shown(const char *word)
{
    static char safe[48];

    kd_input_safe_name(safe, sizeof(safe), word);
    return safe;
}

/* ---- Words ----------------------------------------------------------------------------------- */

/* A quoted word: \" and \\ are the only escapes. Returns what follows it; NULL: it has no end. */
static char *unquote(char *at)
{
    char *to = at;

    for (; *at; at++) {
        if (*at == '"') {
            *to = '\0';
            return at + 1;
        }
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        *to++ = *at;
    }
    return NULL;
}

static int split(struct words *words, const char *line)
{
    size_t bytes = strlen(line) + 1;

    if (bytes > sizeof(words->text))
        return refuse(words, "a line has at most %zu bytes", sizeof(words->text) - 2);
    memcpy(words->text, line, bytes);
    char *at = words->text;
    for (;;) {
        at += strspn(at, " \t\r");
        if (*at == '\0' || *at == '#')
            return 0;
        if (words->count == WORDS_MAX)
            return refuse(words, "this line has too many words");
        words->quoted[words->count] = *at == '"';
        words->word[words->count] = *at == '"' ? at + 1 : at;
        char *end = *at == '"' ? unquote(at + 1) : at + strcspn(at, " \t\r");
        if (end == NULL)
            return refuse(words, "a quote is not closed");
        if (*end != '\0' && !strchr(" \t\r", *end))
            return refuse(words, "there is no space behind a quote");
        words->count++;
        if (*end == '\0')
            return 0;
        *end = '\0';
        at = end + 1;
    }
}

/* The next word, which what names; NULL: refused, as there is none. */
static const char *take(struct words *words, const char *what)
{
    if (words->next == words->count) {
        refuse(words, "%s is missing at the end of the line", what);
        return NULL;
    }
    return words->word[words->next++];
}

static bool at_end(const struct words *words)
{
    return words->next == words->count;
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* Digits, decimal or behind 0x. */
static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *text == '-';
    text += negative;
    int64_t base = text[0] == '0' && text[1] == 'x' ? 16 : 10, value = 0;
    text += base == 16 ? 2 : 0;

    if (*text == '\0')
        return false;
    for (; *text; text++) {
        const char *digits = "0123456789abcdef", *digit = strchr(digits, *text | 0x20);
        if (*text < '0' || !digit || digit - digits >= base || value > INT64_C(1) << 40)
            return false;
        value = value * base + (digit - digits);
    }
    value = negative ? -value : value;
    *out = value;
    return value >= min && value <= max;
}

static int number(struct words *words, const char *what, int64_t min, int64_t max, int64_t *out)
{
    const char *word = take(words, what);

    if (!word)
        return -EINVAL;
    if (parse_number(word, min, max, out))
        return 0;
    return refuse(words, "\"%s\" is no %s: a number from %lld to %lld", shown(word), what,
                  (long long)min, (long long)max);
}

/* Digits before and behind a point, the latter as a number of so many digits. */
static bool parse_decimal(const char *text, int64_t whole_max, int digits, int64_t *whole,
                          int64_t *fraction)
{
    char head[24];
    size_t length = strcspn(text, ".");

    *fraction = 0;
    if (length >= sizeof(head))
        return false;
    memcpy(head, text, length);
    head[length] = '\0';
    if (strspn(head, "0123456789") != length || !parse_number(head, 0, whole_max, whole))
        return false;
    if (text[length] == '\0')
        return true;
    const char *at = text + length + 1;
    if (*at == '\0')
        return false;
    for (int i = 0; i < digits; i++) {
        if (*at && (*at < '0' || *at > '9'))
            return false;
        *fraction = *fraction * 10 + (*at ? *at++ - '0' : 0);
    }
    return *at == '\0';
}

static int fixed(struct words *words, const char *what, kb_fixed *out)
{
    const char *word = take(words, what);
    int64_t whole, fraction;

    if (!word)
        return -EINVAL;
    bool negative = word[0] == '-';
    if (!parse_decimal(word + negative, 32767, FIXED_DIGITS, &whole, &fraction))
        return refuse(words, "\"%s\" is no %s: pixels from -32767 to 32767, such as -1.5",
                      shown(word), what);
    int64_t value = whole * 65536 + (fraction + FIXED_UNIT / 2) / FIXED_UNIT;
    *out = (kb_fixed)(negative ? -value : value);
    return 0;
}

static int up_or_down(struct words *words, bool *down)
{
    const char *word = take(words, "up or down");

    if (!word)
        return -EINVAL;
    *down = strcmp(word, "down") == 0;
    if (!*down && strcmp(word, "up") != 0)
        return refuse(words, "\"%s\" is neither up nor down", shown(word));
    return 0;
}

/* A number, or one of so many names. */
static int numbered(struct words *words, const char *what, const char *const *names, size_t count,
                    uint32_t *out)
{
    int64_t value;

    for (size_t i = 0; i < count && !at_end(words); i++) {
        if (strcmp(words->word[words->next], names[i]) == 0) {
            words->next++;
            *out = (uint32_t)i;
            return 0;
        }
    }
    int error = number(words, what, 0, 1023, &value);
    *out = error ? 0 : (uint32_t)value;
    return error;
}

/* ---- Events ---------------------------------------------------------------------------------- */

static int read_code(struct words *words, struct kd_input *input)
{
    int64_t value;

    if (!at_end(words)) {
        int code = libevdev_event_code_from_name(EV_KEY, words->word[words->next]);
        if (code >= 0) {
            words->next++;
            input->key.code = (uint32_t)code;
            return up_or_down(words, &input->key.down);
        }
    }
    int error = number(words, "code (or name such as KEY_A)", 0, KEY_MAX, &value);
    if (error)
        return error;
    input->key.code = (uint32_t)value;
    return up_or_down(words, &input->key.down);
}

static int read_pad_button(struct words *words, struct kd_input *input)
{
    int error =
        numbered(words, "button", kd_gamepad_button_names, KD_GAMEPAD_BUTTONS, &input->key.code);

    return error ? error : up_or_down(words, &input->key.down);
}

static int read_pad_axis(struct words *words, struct kd_input *input)
{
    int64_t value;
    int error = numbered(words, "axis", kd_gamepad_axis_names, KD_GAMEPAD_AXES, &input->axis.axis);

    if (!error)
        error = number(words, "value", -32768, 32767, &value);
    if (!error)
        input->axis.value = (int32_t)value;
    return error;
}

static int read_motion(struct words *words, struct kd_input *input)
{
    int error = fixed(words, "dx", &input->motion.dx);

    if (!error)
        error = fixed(words, "dy", &input->motion.dy);
    input->motion.raw_dx = input->motion.dx;
    input->motion.raw_dy = input->motion.dy;
    if (error || at_end(words))
        return error;
    error = fixed(words, "raw dx", &input->motion.raw_dx);
    return error ? error : fixed(words, "raw dy", &input->motion.raw_dy);
}

/* A place on the device; where it may stay as it is, "-" says so. */
static int read_place(struct words *words, const char *what, bool may_stay, int32_t *out)
{
    int64_t value = -1;

    if (may_stay && !at_end(words) && strcmp(words->word[words->next], "-") == 0)
        words->next++;
    else if (number(words, what, 0, KD_INPUT_EXTENT - 1, &value))
        return -EINVAL;
    *out = (int32_t)value;
    return 0;
}

static int read_position(struct words *words, struct kd_input *input)
{
    int error = read_place(words, "x", true, &input->position.x);

    return error ? error : read_place(words, "y", true, &input->position.y);
}

static int read_wheel(struct words *words, struct kd_input *input)
{
    int64_t horizontal, vertical = 0;
    int error = number(words, "horizontal way", -1000000, 1000000, &horizontal);

    if (!error)
        error = number(words, "vertical way", -1000000, 1000000, &vertical);
    if (error)
        return error;
    input->wheel.horizontal = (int32_t)horizontal;
    input->wheel.vertical = (int32_t)vertical;
    return 0;
}

static int read_touch(struct words *words, struct kd_input *input)
{
    int64_t finger;
    size_t phase = 0;

    if (number(words, "finger", 0, 255, &finger))
        return -EINVAL;
    const char *word = take(words, "down, motion, up or cancel");
    if (!word)
        return -EINVAL;
    while (phase < KD_RECORDING_PHASES && strcmp(word, kd_recording_phases[phase]) != 0)
        phase++;
    if (phase == KD_RECORDING_PHASES)
        return refuse(words, "\"%s\" is not down, motion, up or cancel", shown(word));
    input->touch.phase = (enum kb_touch_phase)phase;
    input->touch.finger = (int32_t)finger;
    if (phase == KB_TOUCH_PHASE_UP || phase == KB_TOUCH_PHASE_CANCEL)
        return 0;
    int error = read_place(words, "x", false, &input->touch.x);
    return error ? error : read_place(words, "y", false, &input->touch.y);
}

static const struct {
    uint32_t capability; /* that a device must have for it */
    int (*read)(struct words *words, struct kd_input *input);
} events[KD_RECORDING_EVENTS] = {
    [KD_INPUT_KEY] = {KB_DEVICE_CAPABILITY_KEYBOARD, read_code},
    [KD_INPUT_BUTTON] = {KB_DEVICE_CAPABILITY_POINTER, read_code},
    [KD_INPUT_MOTION] = {KB_DEVICE_CAPABILITY_POINTER, read_motion},
    [KD_INPUT_POSITION] = {KB_DEVICE_CAPABILITY_POINTER, read_position},
    [KD_INPUT_WHEEL] = {KB_DEVICE_CAPABILITY_POINTER, read_wheel},
    [KD_INPUT_TOUCH] = {KB_DEVICE_CAPABILITY_TOUCH, read_touch},
    [KD_INPUT_PAD_AXIS] = {KB_DEVICE_CAPABILITY_GAMEPAD, read_pad_axis},
    [KD_INPUT_PAD_BUTTON] = {KB_DEVICE_CAPABILITY_GAMEPAD, read_pad_button},
};

/* ---- Lines ----------------------------------------------------------------------------------- */

/* The place of a device that is there; devices_count: there is none. */
static size_t find(const struct kd_recording *recording, uint32_t id)
{
    size_t i = 0;

    while (i < recording->devices_count && recording->devices[i].id != id)
        i++;
    return i;
}

static int read_capabilities(struct words *words, uint32_t *out)
{
    const char *word = take(words, "what the device can do");

    *out = 0;
    if (!word)
        return -EINVAL;
    if (strcmp(word, "none") == 0)
        return 0;
    while (*word) {
        size_t length = strcspn(word, ","), i = 0;
        while (i < KD_RECORDING_CAPABILITIES &&
               (strlen(kd_recording_capabilities[i]) != length ||
                strncmp(kd_recording_capabilities[i], word, length) != 0))
            i++;
        if (i == KD_RECORDING_CAPABILITIES)
            return refuse(words,
                          "\"%s\" is not what a device can do: keyboard, pointer, touch, gamepad, "
                          "mapped, rumble, with commas between them",
                          shown(word));
        *out |= UINT32_C(1) << i;
        word += length + (word[length] == ',');
    }
    return 0;
}

static int read_name(struct words *words, const char *what, char *to, size_t to_bytes)
{
    bool quoted = !at_end(words) && words->quoted[words->next];
    const char *word = take(words, what);

    if (!word)
        return -EINVAL;
    if (!quoted)
        return refuse(words, "%s stands in quotes: \"%s\"", what, shown(word));
    kd_input_safe_name(to, to_bytes, word);
    return 0;
}

static int read_device(struct words *words, struct kd_recording *recording,
                       struct kd_record *record)
{
    struct kd_input_device *device = &record->device;
    int64_t id, axes, buttons, numbers[4];
    static const char *const what[] = {"bus", "vendor", "product", "version"};

    if (number(words, "number of a device", 1, UINT32_MAX, &id) ||
        read_capabilities(words, &device->capabilities) ||
        number(words, "number of axes", 0, 1024, &axes) ||
        number(words, "number of buttons", 0, 1024, &buttons))
        return -EINVAL;
    for (size_t i = 0; i < 4; i++) {
        if (number(words, what[i], 0, UINT16_MAX, &numbers[i]))
            return -EINVAL;
    }
    if (read_name(words, "the name", device->name, sizeof(device->name)) ||
        (!at_end(words) && read_name(words, "the output", device->output, sizeof(device->output))))
        return -EINVAL;
    if (find(recording, (uint32_t)id) < recording->devices_count)
        return refuse(words, "device %lld is there already", (long long)id);
    if (recording->devices_count == KD_RECORDING_DEVICES_MAX)
        return refuse(words, "at most %d devices are there at a time", KD_RECORDING_DEVICES_MAX);
    device->axes = (uint32_t)axes;
    device->buttons = (uint32_t)buttons;
    device->bus = (uint16_t)numbers[0];
    device->vendor = (uint16_t)numbers[1];
    device->product = (uint16_t)numbers[2];
    device->version = (uint16_t)numbers[3];
    record->kind = KD_RECORD_DEVICE;
    record->id = (uint32_t)id;
    return 0;
}

static int read_event(struct words *words, const struct kd_recording *recording,
                      struct kd_record *record)
{
    int64_t id;

    if (number(words, "number of a device", 1, UINT32_MAX, &id))
        return -EINVAL;
    const char *word = take(words, "what happens");
    if (!word)
        return -EINVAL;
    size_t at = find(recording, (uint32_t)id), i = 0;
    if (at == recording->devices_count)
        return refuse(words, "there is no device %lld", (long long)id);
    record->id = (uint32_t)id;
    record->kind = KD_RECORD_GONE;
    if (strcmp(word, "gone") == 0)
        return 0;
    while (i < KD_RECORDING_EVENTS && strcmp(word, kd_recording_events[i]) != 0)
        i++;
    if (i == KD_RECORDING_EVENTS)
        return refuse(words,
                      "\"%s\" is nothing that happens: key, button, motion, position, wheel, "
                      "touch, axis, pad_button, gone",
                      shown(word));
    if (!(recording->devices[at].capabilities & events[i].capability))
        return refuse(words, "device %lld has no %s", (long long)id, word);
    record->kind = KD_RECORD_INPUT;
    record->input = (struct kd_input){.kind = (enum kd_input_kind)i, .device = record->id};
    return events[i].read(words, &record->input);
}

static int read_time(struct words *words, int64_t *time_ns)
{
    const char *word = words->word[words->next++];
    int64_t seconds, fraction;

    if (!parse_decimal(word, SECONDS_MAX, 9, &seconds, &fraction))
        return refuse(words, "\"%s\" is no time in seconds, such as 0.250, and not \"device\"",
                      shown(word));
    *time_ns = seconds * INT64_C(1000000000) + fraction;
    return 0;
}

static int read_words(struct words *words, struct kd_recording *recording, struct kd_record *record)
{
    record->time_ns = recording->time_ns;
    if (strcmp(words->word[0], "device") != 0 && read_time(words, &record->time_ns))
        return -EINVAL;
    bool is_device = !at_end(words) && strcmp(words->word[words->next], "device") == 0;
    words->next += is_device;
    int error =
        is_device ? read_device(words, recording, record) : read_event(words, recording, record);
    if (error)
        return error;
    if (!at_end(words))
        return refuse(words, "\"%s\" is too much on this line", shown(words->word[words->next]));
    record->input.time_ns = record->kind == KD_RECORD_INPUT ? record->time_ns : 0;
    return 0;
}

/* A line that was right: what it changes for those that follow. */
static void take_over(struct kd_recording *recording, const struct kd_record *record)
{
    size_t at = find(recording, record->id);

    recording->time_ns = record->time_ns;
    if (record->kind == KD_RECORD_DEVICE) {
        recording->devices[at].id = record->id;
        recording->devices[at].capabilities = record->device.capabilities;
        recording->devices_count++;
    } else if (record->kind == KD_RECORD_GONE) {
        recording->devices[at] = recording->devices[--recording->devices_count];
    }
}

int kd_recording_read(struct kd_recording *recording, const char *line, struct kd_record *record,
                      char *why, size_t why_bytes)
{
    struct words words = {.why = why, .why_bytes = why_bytes};

    *record = (struct kd_record){.time_ns = recording->time_ns};
    if (!recording->has_begun) {
        size_t length = strlen(KD_RECORDING_HEADER);
        if (strncmp(line, KD_RECORDING_HEADER, length) != 0 ||
            line[length + strspn(line + length, " \t\r")])
            return refuse(&words, "a recording begins with the line \"%s\"", KD_RECORDING_HEADER);
        recording->has_begun = true;
        return 0;
    }
    int error = split(&words, line);
    if (error || words.count == 0)
        return error;
    error = read_words(&words, recording, record);
    if (!error)
        take_over(recording, record);
    return error;
}

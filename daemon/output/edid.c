#include "output/edid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BLOCK_BYTES      128
#define DESCRIPTORS      54 /* four of them */
#define DESCRIPTOR_BYTES 18
#define TEXT_BYTES       13

enum { TEXT_SERIAL = 0xff, TEXT_OTHER = 0xfe, TEXT_NAME = 0xfc };

/* Three letters that UEFI's registry gives to makers; those that a Pi is likely to meet. */
static const struct {
    char id[4];
    const char *name;
} makers[] = {
    {"ACI", "ASUS"},         {"ACR", "Acer"},      {"AOC", "AOC"},          {"APP", "Apple"},
    {"AUO", "AU Optronics"}, {"AUS", "ASUS"},      {"BBY", "Insignia"},     {"BNQ", "BenQ"},
    {"BOE", "BOE"},          {"CMN", "Innolux"},   {"CMO", "Chi Mei"},      {"CPQ", "Compaq"},
    {"CTX", "CTX"},          {"DEL", "Dell"},      {"DON", "Denon"},        {"ELO", "Elo"},
    {"ENC", "EIZO"},         {"EPI", "Envision"},  {"FUS", "Fujitsu"},      {"GBT", "Gigabyte"},
    {"GSM", "LG"},           {"GWY", "Gateway"},   {"HIT", "Hitachi"},      {"HKC", "HKC"},
    {"HPN", "HP"},           {"HRE", "Haier"},     {"HSD", "HannStar"},     {"HSP", "HannStar"},
    {"HWP", "HP"},           {"HWV", "Huawei"},    {"IBM", "IBM"},          {"INL", "Innolux"},
    {"IVM", "iiyama"},       {"JVC", "JVC"},       {"LEN", "Lenovo"},       {"LGD", "LG Display"},
    {"LOE", "Loewe"},        {"MEI", "Panasonic"}, {"MEL", "Mitsubishi"},   {"MJI", "Marantz"},
    {"MSI", "MSI"},          {"NEC", "NEC"},       {"ONK", "Onkyo"},        {"OTM", "Optoma"},
    {"PHL", "Philips"},      {"PIO", "Pioneer"},   {"PKB", "Packard Bell"}, {"QDS", "Quanta"},
    {"RHT", "Red Hat"},      {"SAM", "Samsung"},   {"SAN", "Sanyo"},        {"SDC", "Samsung"},
    {"SHP", "Sharp"},        {"SNY", "Sony"},      {"SPT", "Sceptre"},      {"STN", "Samtron"},
    {"TCL", "TCL"},          {"TOS", "Toshiba"},   {"TSB", "Toshiba"},      {"VES", "Vestel"},
    {"VIZ", "Vizio"},        {"VSC", "ViewSonic"}, {"WAC", "Wacom"},        {"XMI", "Xiaomi"},
    {"YMH", "Yamaha"},
};

/* Three letters of five bits each, 1 is A; anything else becomes '?'. */
static void read_maker(const uint8_t *bytes, char id[4])
{
    unsigned packed = (unsigned)(bytes[8] << 8 | bytes[9]);

    for (int i = 0; i < 3; i++) {
        unsigned letter = packed >> (10 - 5 * i) & 31;

        id[i] = letter >= 1 && letter <= 26 ? (char)('A' + letter - 1) : '?';
    }
    id[3] = '\0';
}

static const char *maker_name(const char id[4])
{
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++)
        if (memcmp(makers[i].id, id, 4) == 0)
            return makers[i].name;
    return id;
}

/* Ended by a newline or the field's end; what is not printable ASCII becomes '?', and spaces around
 * it go. */
static void read_text(const uint8_t *bytes, char text[TEXT_BYTES + 1])
{
    size_t length = 0, begin = 0;

    while (length < TEXT_BYTES && bytes[length] != '\n' && bytes[length] != '\0')
        length++;
    while (begin < length && bytes[begin] == ' ')
        begin++;
    while (length > begin && bytes[length - 1] == ' ')
        length--;
    for (size_t i = begin; i < length; i++)
        text[i - begin] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    text[length - begin] = '\0';
}

/* A descriptor with a pixel clock is a timing, else what its fourth byte says. */
static bool is_timing(const uint8_t *descriptor)
{
    return descriptor[0] || descriptor[1];
}

/* The name, or, of panels without one, the text that they have instead. */
static void read_model(const uint8_t *bytes, char text[TEXT_BYTES + 1])
{
    text[0] = '\0';
    for (int i = 0; i < 4; i++) {
        const uint8_t *descriptor = bytes + DESCRIPTORS + i * DESCRIPTOR_BYTES;

        if (is_timing(descriptor))
            continue;
        if (descriptor[3] == TEXT_NAME) {
            read_text(descriptor + 5, text);
            if (text[0])
                return;
        }
        if (descriptor[3] == TEXT_OTHER && !text[0])
            read_text(descriptor + 5, text);
    }
}

/* Some televisions write the ratio of the sides, 16 and 9, where a size belongs. */
static bool is_ratio(uint32_t width_mm, uint32_t height_mm)
{
    for (uint32_t unit = 1; unit <= 100; unit *= 10)
        if (width_mm == 16 * unit && (height_mm == 9 * unit || height_mm == 10 * unit))
            return true;
    return false;
}

/* In mm with the first timing, else in cm; there, one of the two alone is a ratio since 1.4. */
static void read_size(const uint8_t *bytes, struct kd_edid *out)
{
    const uint8_t *timing = bytes + DESCRIPTORS;
    uint32_t width_mm = (uint32_t)timing[12] | (uint32_t)(timing[14] & 0xf0) << 4;
    uint32_t height_mm = (uint32_t)timing[13] | (uint32_t)(timing[14] & 0x0f) << 8;

    if (!is_timing(timing) || width_mm == 0 || height_mm == 0 || is_ratio(width_mm, height_mm)) {
        width_mm = 10 * (uint32_t)bytes[21];
        height_mm = 10 * (uint32_t)bytes[22];
    }
    if (width_mm == 0 || height_mm == 0 || is_ratio(width_mm, height_mm))
        return;
    out->width_mm = width_mm;
    out->height_mm = height_mm;
}

int kd_edid_parse(const uint8_t *bytes, size_t bytes_count, struct kd_edid *out)
{
    static const uint8_t header[8] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    char id[4], model[TEXT_BYTES + 1];
    const char *maker;
    uint8_t sum = 0;

    *out = (struct kd_edid){0};
    if (bytes_count < BLOCK_BYTES || memcmp(bytes, header, sizeof(header)) != 0)
        return -EINVAL;
    for (size_t i = 0; i < BLOCK_BYTES; i++)
        sum = (uint8_t)(sum + bytes[i]);
    out->checksum_ok = sum == 0;
    read_maker(bytes, id);
    read_model(bytes, model);
    maker = maker_name(id);
    /* Some begin with the maker's name themselves. */
    if (strncasecmp(model, maker, strlen(maker)) == 0)
        snprintf(out->name, sizeof(out->name), "%s", model);
    else if (model[0])
        snprintf(out->name, sizeof(out->name), "%s %s", maker, model);
    else
        snprintf(out->name, sizeof(out->name), "%s %04X", maker,
                 (unsigned)(bytes[10] | bytes[11] << 8));
    read_size(bytes, out);
    return 0;
}

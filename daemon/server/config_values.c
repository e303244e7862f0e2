#include "server/config_keys.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "gen/kmsblit_proto.h"
#include "proto/wire.h"

bool kd_config_refuse(char *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why, KD_CONFIG_WHY_BYTES, format, args);
    va_end(args);
    return false;
}

bool kd_config_digits(const char *text, int base, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(unsigned char)*text - '0';
        if (digit >= (uint64_t)base || digit > max || value > (max - digit) / (uint64_t)base) {
            return false;
        }
        value = value * (uint64_t)base + digit;
    }
    *out = value;
    return true;
}

bool kd_config_number(const char *value, uint32_t min, uint32_t max, uint32_t *out, char *why)
{
    uint64_t number;
    if (!kd_config_digits(value, 10, max, &number) || number < min) {
        return kd_config_refuse(why, "must be a number from %u to %u", min, max);
    }
    *out = (uint32_t)number;
    return true;
}

bool kd_config_coordinate(const char *value, int32_t *out, char *why)
{
    bool negative = value[0] == '-';
    uint64_t number;
    if (!kd_config_digits(value + negative, 10, 65536, &number)) {
        return kd_config_refuse(why, "must be a number from -65536 to 65536");
    }
    *out = negative ? -(int32_t)number : (int32_t)number;
    return true;
}

bool kd_config_copy_text(char *to, size_t to_bytes, const char *value, const char *what, char *why)
{
    size_t length = strlen(value);
    if (length >= to_bytes) {
        return kd_config_refuse(why, "must be %s of at most %zu bytes", what, to_bytes - 1);
    }
    if (!kb_wire_text_ok(value, length) || strpbrk(value, "\t\n") != NULL) {
        return kd_config_refuse(why, "must be %s without control characters, in UTF-8", what);
    }
    memcpy(to, value, length + 1);
    return true;
}

static bool decimals(const char *value, uint64_t *hz, uint64_t *mhz)
{
    char whole[8];
    char fraction[4] = "000";
    size_t whole_length = strcspn(value, ".");
    size_t fraction_length = value[whole_length] == '.' ? strlen(value + whole_length + 1) : 0;
    if (whole_length >= sizeof(whole) || fraction_length >= sizeof(fraction) ||
        (value[whole_length] == '.' && fraction_length == 0)) {
        return false;
    }
    memcpy(whole, value, whole_length);
    whole[whole_length] = '\0';
    memcpy(fraction, value + whole_length + 1, fraction_length);
    return kd_config_digits(whole, 10, 1000, hz) && kd_config_digits(fraction, 10, 999, mhz);
}

bool kd_config_refresh(const char *value, bool zero_too, uint32_t *out_mhz, char *why)
{
    uint64_t hz, mhz;
    if (!decimals(value, &hz, &mhz) || hz * 1000 + mhz > 1000000 ||
        (hz == 0 && (mhz > 0 || !zero_too))) {
        return kd_config_refuse(why,
                                "a refresh must be from 1 to 1000 Hz with at most three decimals%s",
                                zero_too ? ", or 0: not paced" : "");
    }
    *out_mhz = (uint32_t)(hz * 1000 + mhz);
    return true;
}

bool kd_config_size(const char *value, uint32_t *width_px, uint32_t *height_px, char *why)
{
    char width_text[16];
    uint64_t width, height;
    const char *x = strchr(value, 'x');
    bool good = x != NULL && (size_t)(x - value) < sizeof(width_text);
    if (good) {
        memcpy(width_text, value, (size_t)(x - value));
        width_text[x - value] = '\0';
        good = kd_config_digits(width_text, 10, KB_MAX_WINDOW_PX, &width) && width > 0 &&
               kd_config_digits(x + 1, 10, KB_MAX_WINDOW_PX, &height) && height > 0;
    }
    if (!good) {
        return kd_config_refuse(why, "a size must be WIDTHxHEIGHT, each from 1 to %u pixels",
                                (unsigned)KB_MAX_WINDOW_PX);
    }
    *width_px = (uint32_t)width;
    *height_px = (uint32_t)height;
    return true;
}

bool kd_config_choice(const char *value, const char *const *names, unsigned count, unsigned *out,
                      char *why)
{
    size_t used = (size_t)snprintf(why, KD_CONFIG_WHY_BYTES, "must be %s", names[0]);
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(value, names[i]) == 0) {
            *out = i;
            return true;
        }
        if (i > 0 && used < KD_CONFIG_WHY_BYTES) {
            used += (size_t)snprintf(why + used, KD_CONFIG_WHY_BYTES - used, "%s%s",
                                     i + 1 < count ? ", " : " or ", names[i]);
        }
    }
    return false;
}

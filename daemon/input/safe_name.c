#include <string.h>

#include "input/input.h"

/* Characters that show nothing, or change where and in which order others are shown: with them a name can look like another. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe || c >= 0xe0000;
}

/* The character that text, which ends with 0, begins with. Returns its bytes; 0: that is no UTF-8. */
static size_t decode(const uint8_t *text, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80   ? 1
                    : text[0] < 0xc0 ? 0
                    : text[0] < 0xe0 ? 2
                    : text[0] < 0xf0 ? 3
                    : text[0] < 0xf8 ? 4
                                     : 0;

    if (length <= 1) {
        *c = text[0];
        return length;
    }
    *c = text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *c = *c << 6 | (text[i] & 0x3fu);
    }
    bool is_bad = *c < least[length] || (*c >= 0xd800 && *c < 0xe000) || *c > 0x10ffff;
    return is_bad ? 0 : length;
}

void kd_input_safe_name(char *to, size_t to_bytes, const char *from)
{
    const uint8_t *at = (const uint8_t *)from;
    size_t used = 0, end = 0;

    if (to_bytes == 0)
        return;
    while (*at) {
        uint32_t c;
        size_t step = decode(at, &c);
        bool is_shown = step > 0 && !is_unseen(c);
        size_t out_bytes = is_shown ? step : 1;
        if (used + out_bytes >= to_bytes)
            break;
        if (is_shown)
            memcpy(to + used, at, step);
        else
            to[used] = '?';
        at += step ? step : 1;
        if (is_shown && c == ' ' && used == 0)
            continue;
        used += out_bytes;
        if (!is_shown || c != ' ')
            end = used;
    }
    memset(to + end, 0, to_bytes - end); /* equal names are equal bytes, wherever they are kept */
}

#include "base/format.h"

#include <stddef.h>

#define FOURCC(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

#define AR24 FOURCC('A', 'R', '2', '4')
#define AB24 FOURCC('A', 'B', '2', '4')

static const struct kd_format formats[] = {
    {KB_FORMAT_ARGB8888, "argb8888", AR24, 4, false, false, true},
    {KB_FORMAT_ARGB8888_PREMULTIPLIED, "argb8888_premultiplied", AR24, 4, false, true, true},
    {KB_FORMAT_XRGB8888, "xrgb8888", FOURCC('X', 'R', '2', '4'), 4, true, false, true},
    {KB_FORMAT_ABGR8888, "abgr8888", AB24, 4, false, false, true},
    {KB_FORMAT_ABGR8888_PREMULTIPLIED, "abgr8888_premultiplied", AB24, 4, false, true, true},
    {KB_FORMAT_XBGR8888, "xbgr8888", FOURCC('X', 'B', '2', '4'), 4, true, false, true},
    {KB_FORMAT_RGB565, "rgb565", FOURCC('R', 'G', '1', '6'), 2, true, false, true},
    {KB_FORMAT_A8, "a8", 0, 1, false, false, true},
    {KB_FORMAT_P8, "p8", FOURCC('C', '8', ' ', ' '), 1, false, false, true},
};

const struct kd_format *kd_format_get(unsigned value)
{
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        if ((unsigned)formats[i].value == value) {
            return &formats[i];
        }
    }
    return NULL;
}

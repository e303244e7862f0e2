#include "image/convert.h"

#include <string.h>

#include "base/format.h"

enum kd_source_kind kd_conversion_kind(const struct kd_conversion *conversion)
{
    const struct kd_format *format = kd_format_get(conversion->format);

    if (format->premultiplied)
        return KD_SOURCE_PREMULTIPLIED;
    return format->opaque && !conversion->has_key ? KD_SOURCE_OPAQUE : KD_SOURCE_STRAIGHT;
}

static uint32_t load_32(const uint8_t *in)
{
    uint32_t pixel;

    memcpy(&pixel, in, sizeof(pixel));
    return pixel;
}

static uint32_t swap_red_blue(uint32_t pixel)
{
    return (pixel & 0xFF00FF00) | (pixel & 0xFF) << 16 | (pixel >> 16 & 0xFF);
}

static void widen_row(const struct kd_conversion *conversion, uint32_t *out, const uint8_t *in,
                      size_t count_px)
{
    for (size_t i = 0; i < count_px; i++) {
        switch (conversion->format) {
        case KB_FORMAT_ARGB8888:
        case KB_FORMAT_ARGB8888_PREMULTIPLIED: out[i] = load_32(in + 4 * i); break;
        case KB_FORMAT_XRGB8888: out[i] = 0xFF000000 | load_32(in + 4 * i); break;
        case KB_FORMAT_ABGR8888:
        case KB_FORMAT_ABGR8888_PREMULTIPLIED: out[i] = swap_red_blue(load_32(in + 4 * i)); break;
        case KB_FORMAT_XBGR8888: out[i] = 0xFF000000 | swap_red_blue(load_32(in + 4 * i)); break;
        case KB_FORMAT_RGB565:
            out[i] = kd_rgb565_widen((uint32_t)in[2 * i] | (uint32_t)in[2 * i + 1] << 8);
            break;
        case KB_FORMAT_A8: out[i] = 0x00FFFFFF | (uint32_t)in[i] << 24; break;
        case KB_FORMAT_P8: out[i] = conversion->palette[in[i]]; break;
        }
    }
}

void kd_convert_row(const struct kd_conversion *conversion, uint32_t *out, const uint8_t *in,
                    size_t count_px)
{
    if (conversion->format == KB_FORMAT_ARGB8888 ||
        conversion->format == KB_FORMAT_ARGB8888_PREMULTIPLIED)
        memcpy(out, in, count_px * sizeof(*out)); /* most images, as they are */
    else
        widen_row(conversion, out, in, count_px);
    if (!conversion->has_key)
        return;
    for (size_t i = 0; i < count_px; i++)
        if ((out[i] & 0x00FFFFFF) == conversion->key)
            out[i] = 0;
}

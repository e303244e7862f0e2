/* Reading an image's pixels back, from the program's own copy of them. */
#include <errno.h>
#include <string.h>

#include "client.h"

static uint32_t swap_red_blue(uint32_t pixel)
{
    return (pixel & 0xff00ff00u) | (pixel >> 16 & 0xff) | (pixel & 0xff) << 16;
}

static uint32_t divide(uint32_t pixel)
{
    uint32_t alpha = pixel >> 24, made = alpha << 24;
    for (unsigned shift = 0; alpha > 0 && shift < 24; shift += 8) {
        uint32_t value = ((pixel >> shift & 0xff) * 255 + alpha / 2) / alpha;
        made |= (value > 255 ? 255 : value) << shift;
    }
    return made;
}

/* Values of few bits widen as the protocol says. */
static uint32_t widen(uint32_t pixel)
{
    uint32_t red = pixel >> 11, green = pixel >> 5 & 63, blue = pixel & 31;
    return 0xff000000u | (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
           (blue << 3 | blue >> 2);
}

static uint32_t convert(const struct kb_image *image, uint32_t raw)
{
    switch (image->format) {
    case KB_FORMAT_ARGB8888: return raw;
    case KB_FORMAT_ARGB8888_PREMULTIPLIED: return divide(raw);
    case KB_FORMAT_XRGB8888: return raw | 0xff000000u;
    case KB_FORMAT_ABGR8888: return swap_red_blue(raw);
    case KB_FORMAT_ABGR8888_PREMULTIPLIED: return divide(swap_red_blue(raw));
    case KB_FORMAT_XBGR8888: return swap_red_blue(raw) | 0xff000000u;
    case KB_FORMAT_RGB565: return widen(raw);
    case KB_FORMAT_A8: return raw << 24 | 0xffffff;
    case KB_FORMAT_P8: return raw < image->palette_count ? image->palette[raw] : 0;
    }
    return 0;
}

int kb_image_read(const struct kb_image *image, const struct kb_rect *area, uint32_t *pixels)
{
    const struct kb_rect all = {.width = image->width, .height = image->height};
    const struct kb_rect part = area != NULL ? *area : all;
    if (image->frame != NULL)
        return kc_fail(-EINVAL, "only the daemon has the pixels of a canvas");
    if (image->memory == NULL)
        return kc_fail(-ENODATA, "with KMSBLIT_RECONNECT=0 no copies of images are kept, so that "
                                 "their pixels cannot be read");
    if (part.x < 0 || part.y < 0 || (uint32_t)part.x > image->width ||
        (uint32_t)part.y > image->height || part.width > image->width - (uint32_t)part.x ||
        part.height > image->height - (uint32_t)part.y)
        return kc_fail(-EINVAL, "%ux%u pixels from (%d, %d) on are not within %ux%u", part.width,
                       part.height, part.x, part.y, image->width, image->height);
    const size_t bytes = kc_pixel_bytes(image->format);
    for (uint32_t y = 0; y < part.height; y++) {
        const uint8_t *from = image->memory->map + ((size_t)part.y + y) * image->stride_bytes +
                              (size_t)part.x * bytes;
        for (uint32_t x = 0; x < part.width; x++, from += bytes) {
            uint32_t raw = 0;
            memcpy(&raw, from, bytes); /* little-endian */
            const uint32_t pixel = convert(image, raw);
            const bool key =
                image->flags & KB_IMAGE_FLAG_COLOR_KEY && (pixel & 0xffffff) == image->color_key;
            *pixels++ = key ? 0 : pixel;
        }
    }
    return 0;
}

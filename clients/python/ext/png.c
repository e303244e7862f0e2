/* Writing PNG files. */
#include "module.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <spng.h>

static uint8_t *pack_rgb(const uint32_t *pixels, size_t count)
{
    uint8_t *rgb = malloc(count * 3);
    for (size_t i = 0; rgb != NULL && i < count; i++) {
        rgb[3 * i] = (uint8_t)(pixels[i] >> 16);
        rgb[3 * i + 1] = (uint8_t)(pixels[i] >> 8);
        rgb[3 * i + 2] = (uint8_t)pixels[i];
    }
    return rgb;
}

static int encode(FILE *file, uint32_t width, uint32_t height, const uint8_t *rgb)
{
    struct spng_ihdr header = {
        .width = width,
        .height = height,
        .bit_depth = 8,
        .color_type = SPNG_COLOR_TYPE_TRUECOLOR,
    };
    spng_ctx *encoder = spng_ctx_new(SPNG_CTX_ENCODER);
    if (encoder == NULL) {
        return -ENOMEM;
    }
    int status = spng_set_png_file(encoder, file);
    if (status == 0) {
        status = spng_set_ihdr(encoder, &header);
    }
    if (status == 0) {
        status = spng_encode_image(encoder, rgb, (size_t)width * height * 3, SPNG_FMT_PNG,
                                   SPNG_ENCODE_FINALIZE);
    }
    spng_ctx_free(encoder);
    return status == 0 ? 0 : status == SPNG_EMEM ? -ENOMEM : -EIO;
}

int png_write(const char *path, uint32_t width, uint32_t height, const uint32_t *pixels)
{
    uint8_t *rgb = pack_rgb(pixels, (size_t)width * height);
    if (rgb == NULL) {
        return -ENOMEM;
    }
    FILE *file = fopen(path, "wbe");
    int error = file != NULL ? encode(file, width, height, rgb) : -errno;
    if (file != NULL && fclose(file) != 0 && error == 0) {
        error = -errno;
    }
    free(rgb);
    return error;
}

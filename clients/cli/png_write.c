#include <errno.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static int encode(FILE *file, uint32_t width, uint32_t height, const uint8_t *rows, size_t bytes)
{
    struct spng_ihdr head = {
        .width = width,
        .height = height,
        .bit_depth = 8,
        .color_type = SPNG_COLOR_TYPE_TRUECOLOR,
    };
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    if (png == NULL)
        return SPNG_EMEM;
    int status = spng_set_png_file(png, file);
    if (status == SPNG_OK)
        status = spng_set_ihdr(png, &head);
    if (status == SPNG_OK)
        status = spng_encode_image(png, rows, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    spng_ctx_free(png);
    return status;
}

/* The word 0xXXRRGGBB becomes bytes R, G, B. */
static uint8_t *to_rows(const uint32_t *pixels, size_t count)
{
    uint8_t *rows = malloc(count * 3);
    for (size_t i = 0; rows != NULL && i < count; i++) {
        rows[3 * i] = (uint8_t)(pixels[i] >> 16);
        rows[3 * i + 1] = (uint8_t)(pixels[i] >> 8);
        rows[3 * i + 2] = (uint8_t)pixels[i];
    }
    return rows;
}

int cli_png_write(const char *path, uint32_t width, uint32_t height, const uint32_t *pixels,
                  const char **why)
{
    bool to_stdout = strcmp(path, "-") == 0;
    size_t count = (size_t)width * height;
    uint8_t *rows = to_rows(pixels, count);
    FILE *file = NULL;
    int error = 0;
    errno = ENOMEM;
    if (rows != NULL)
        file = to_stdout ? stdout : fopen(path, "wbe");
    if (file == NULL) {
        error = -errno;
    } else {
        errno = 0;
        int status = encode(file, width, height, rows, count * 3);
        if (status != SPNG_OK)
            error = errno != 0 ? -errno : -EIO;
        else if (fflush(file) != 0)
            error = -errno;
        if (!to_stdout) {
            if (fclose(file) != 0 && error == 0)
                error = -errno;
            if (error < 0)
                unlink(path); /* half a picture is none */
        }
    }
    free(rows);
    *why = strerror(-error);
    return error;
}

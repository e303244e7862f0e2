/* PNG files as images. */
#include <errno.h>
#include <fcntl.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"

/* More than this in one text or colour profile is nothing that a picture needs. */
#define CHUNK_BYTES_MAX 8000000u

static int refuse(const char *what, int status)
{
    switch (status) {
    case SPNG_EMEM: return kc_fail(-ENOMEM, "%s: no memory for its pixels", what);
    case SPNG_EUSER_WIDTH:
    case SPNG_EUSER_HEIGHT:
        return kc_fail(-E2BIG, "%s: the picture is larger than %u pixels", what, KB_MAX_IMAGE_PX);
    case SPNG_ESIGNATURE: return kc_fail(-EINVAL, "%s: not a PNG", what);
    case SPNG_EOF:
    case SPNG_IO_EOF: return kc_fail(-EINVAL, "%s: a damaged PNG: it ends too early", what);
    default: return kc_fail(-EINVAL, "%s: a damaged PNG: %s", what, spng_strerror(status));
    }
}

static bool has_alpha(spng_ctx *png, const struct spng_ihdr *head)
{
    struct spng_trns transparency;
    return head->color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA ||
           head->color_type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA ||
           spng_get_trns(png, &transparency) == SPNG_OK;
}

/* Bytes R, G, B, A become the word 0xAARRGGBB. */
static void swap_red_and_blue(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t red = pixels[4 * i];
        pixels[4 * i] = pixels[4 * i + 2];
        pixels[4 * i + 2] = red;
    }
}

/* what names the picture in sentences. */
static int load(struct kb_display *display, spng_ctx *png, const char *what,
                struct kb_image **image)
{
    struct spng_ihdr head;
    size_t bytes;
    spng_set_image_limits(png, KB_MAX_IMAGE_PX, KB_MAX_IMAGE_PX);
    spng_set_chunk_limits(png, CHUNK_BYTES_MAX, 2 * CHUNK_BYTES_MAX);
    int status = spng_get_ihdr(png, &head);
    if (status == SPNG_OK)
        status = spng_decoded_image_size(png, SPNG_FMT_RGBA8, &bytes);
    if (status != SPNG_OK)
        return refuse(what, status);
    uint8_t *pixels = malloc(bytes);
    if (pixels == NULL)
        return refuse(what, SPNG_EMEM);
    int error;
    status = spng_decode_image(png, pixels, bytes, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS);
    if (status == SPNG_OK)
        status = spng_decode_chunks(png); /* to the end: a file that was cut off is damaged */
    if (status == SPNG_OK) {
        const struct kb_image_info info = {
            .width = head.width,
            .height = head.height,
            .format = has_alpha(png, &head) ? KB_FORMAT_ARGB8888 : KB_FORMAT_XRGB8888,
        };
        swap_red_and_blue(pixels, bytes / 4);
        error = kb_image_create(display, &info, pixels, image);
    } else {
        error = refuse(what, status);
    }
    free(pixels);
    return error;
}

int kb_image_load(struct kb_display *display, const char *path, struct kb_image **image)
{
    struct stat status;
    *image = NULL;
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return kc_fail(-errno, "%s: %s", path, strerror(errno));
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        fclose(file);
        return kc_fail(-EISDIR, "%s: %s", path, strerror(EISDIR));
    }
    spng_ctx *png = spng_ctx_new(0);
    int error = png == NULL ? refuse(path, SPNG_EMEM) : 0;
    if (error == 0) {
        spng_set_png_file(png, file);
        error = load(display, png, path, image);
    }
    spng_ctx_free(png);
    fclose(file);
    return error;
}

int kb_image_load_memory(struct kb_display *display, const void *png_bytes, size_t bytes,
                         struct kb_image **image)
{
    *image = NULL;
    if (png_bytes == NULL || bytes == 0)
        return kc_fail(-EINVAL, "a PNG of no bytes");
    spng_ctx *png = spng_ctx_new(0);
    if (png == NULL)
        return refuse("a PNG in memory", SPNG_EMEM);
    spng_set_png_buffer(png, png_bytes, bytes);
    int error = load(display, png, "a PNG in memory", image);
    spng_ctx_free(png);
    return error;
}

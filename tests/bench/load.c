/* Sprites out of a folder of PNGs. */
#include <dirent.h>
#include <errno.h>
#include <spng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MAX_FILES   100
#define MAX_EDGE_PX 512

static int is_png(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return length > 4 && strcasecmp(entry->d_name + length - 4, ".png") == 0;
}

/* 1: added, 0: not a picture that can be used. */
static int load(struct bench_pictures *pictures, FILE *file)
{
    spng_ctx *png = spng_ctx_new(0);
    struct spng_ihdr head;
    struct bench_picture *picture;
    unsigned char *bytes = NULL;
    size_t size;
    int loaded = 0;

    if (!png)
        return 0;
    spng_set_png_file(png, file);
    if (spng_get_ihdr(png, &head) || head.width > MAX_EDGE_PX || head.height > MAX_EDGE_PX ||
        spng_decoded_image_size(png, SPNG_FMT_RGBA8, &size))
        goto done;
    bytes = malloc(size);
    if (!bytes || spng_decode_image(png, bytes, size, SPNG_FMT_RGBA8, SPNG_DECODE_TRNS))
        goto done;
    picture = bench_pictures_add(pictures, (int32_t)head.width, (int32_t)head.height);
    for (size_t i = 0; i < size / 4; i++)
        picture->straight[i] = (uint32_t)bytes[4 * i + 3] << 24 | (uint32_t)bytes[4 * i] << 16 |
                               (uint32_t)bytes[4 * i + 1] << 8 | bytes[4 * i + 2];
    loaded = 1;
done:
    free(bytes);
    spng_ctx_free(png);
    return loaded;
}

int bench_pictures_load(struct bench_pictures *pictures, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, is_png, alphasort), loaded = 0;

    if (count < 0) {
        fprintf(stderr, "kmsblit-bench: %s: %s\n", folder, strerror(errno));
        return -1;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        free(entries[i]);
        file = loaded < MAX_FILES ? fopen(path, "rbe") : NULL;
        if (!file)
            continue;
        loaded += load(pictures, file);
        fclose(file);
    }
    free(entries);
    if (loaded == 0)
        fprintf(stderr, "kmsblit-bench: %s has no PNG of at most %dx%d pixels\n", folder,
                MAX_EDGE_PX, MAX_EDGE_PX);
    return loaded ? loaded : -1;
}

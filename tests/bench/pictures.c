/* Pictures made from a seed, or loaded. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define MAX_PICTURES 512

uint64_t bench_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

int32_t bench_below(uint64_t *state, int32_t bound)
{
    return (int32_t)(bench_random(state) % (uint64_t)bound);
}

struct bench_picture *bench_pictures_add(struct bench_pictures *pictures, int32_t width_px,
                                         int32_t height_px)
{
    struct bench_picture *picture = &pictures->list[pictures->count];
    size_t bytes = (size_t)width_px * (size_t)height_px * sizeof(uint32_t);

    *picture = (struct bench_picture){.width_px = width_px,
                                      .height_px = height_px,
                                      .straight = malloc(bytes),
                                      .premultiplied = malloc(bytes)};
    if (pictures->count == MAX_PICTURES || !picture->straight || !picture->premultiplied) {
        fputs("kmsblit-bench: too many pictures, or no memory\n", stderr);
        exit(1);
    }
    pictures->count++;
    return picture;
}

/* Makes the premultiplied form, once the straight one is there. */
static void complete(struct bench_picture *picture)
{
    picture->is_opaque = true;
    for (size_t i = 0; i < (size_t)picture->width_px * (size_t)picture->height_px; i++) {
        uint32_t p = picture->straight[i], a = p >> 24, out = a << 24;

        picture->is_opaque = picture->is_opaque && a == 255;
        for (int shift = 0; shift < 24; shift += 8)
            out |= ((p >> shift & 255) * a + 127) / 255 << shift;
        picture->premultiplied[i] = out;
    }
}

static uint32_t shade(uint32_t alpha, double light, const double color[3])
{
    uint32_t out = alpha << 24;

    for (int i = 0; i < 3; i++) {
        double value = color[i] * light * 255;

        out |= (uint32_t)(value > 255 ? 255 : value < 0 ? 0 : value) << (16 - 8 * i);
    }
    return out;
}

/* A figure with a wavy outline and soft edge. Of an ellipse in its box, 0.54 are within this radius, and 0.75 within that: so many are
 * opaque, and opaque or translucent, as in the sprites of real games. */
#define RADIUS_OPAQUE  0.829
#define RADIUS_VISIBLE 0.977

static void make_sprite(struct bench_pictures *pictures, uint64_t *random, int32_t width_px,
                        int32_t height_px)
{
    struct bench_picture *picture = bench_pictures_add(pictures, width_px, height_px);
    double color[3], phase = bench_below(random, 628) / 100.0;
    int waves = 3 + bench_below(random, 5);

    for (int i = 0; i < 3; i++)
        color[i] = 0.4 + bench_below(random, 60) / 100.0;
    for (int32_t y = 0; y < height_px; y++) {
        for (int32_t x = 0; x < width_px; x++) {
            double u = (2 * x + 1.0) / width_px - 1, v = (2 * y + 1.0) / height_px - 1;
            double wave = 1 + 0.03 * sin(waves * atan2(v, u) + phase), alpha;
            double d = sqrt(u * u + v * v) * wave;

            alpha = 255 * (RADIUS_VISIBLE - d) / (RADIUS_VISIBLE - RADIUS_OPAQUE);
            alpha = d <= RADIUS_OPAQUE ? 255 : alpha <= 0 ? 0 : alpha < 1 ? 1 : alpha;
            picture->straight[y * width_px + x] =
                alpha > 0
                    ? shade((uint32_t)alpha > 254 && d > RADIUS_OPAQUE ? 254 : (uint32_t)alpha,
                            1.1 - 0.5 * d - 0.3 * v + bench_below(random, 100) / 1000.0, color)
                    : 0;
        }
    }
    complete(picture);
}

static void make_tile(struct bench_pictures *pictures, uint64_t *random)
{
    struct bench_picture *picture = bench_pictures_add(pictures, 32, 32);
    double color[3];

    for (int i = 0; i < 3; i++)
        color[i] = 0.2 + bench_below(random, 70) / 100.0;
    for (int32_t i = 0; i < 32 * 32; i++)
        picture->straight[i] = shade(255, 0.8 + bench_below(random, 40) / 100.0, color);
    complete(picture);
}

/* Lines of strokes with grey edges on white: about a fifth is not white. */
static void make_page(struct bench_pictures *pictures, uint64_t *random, int32_t width_px,
                      int32_t height_px)
{
    struct bench_picture *picture = bench_pictures_add(pictures, width_px, height_px);
    int32_t stroke = 0, gap = 0;

    for (int32_t i = 0; i < width_px * height_px; i++)
        picture->straight[i] = 0xFFFFFFFF;
    for (int32_t y = 0; y < height_px; y++) {
        if (y % 18 >= 12)
            continue;
        for (int32_t x = 24; x < width_px - 24; x++) {
            if (stroke == 0 && gap == 0) {
                stroke = 1 + bench_below(random, 3);
                gap = 2 + bench_below(random, bench_below(random, 6) == 0 ? 16 : 5);
            }
            if (stroke > 0) {
                uint32_t grey = bench_below(random, 3) ? 0 : (uint32_t)bench_below(random, 200);

                picture->straight[y * width_px + x] = 0xFF000000 | grey * 0x010101;
                stroke--;
            } else {
                gap--;
            }
        }
    }
    complete(picture);
}

static void make_background(struct bench_pictures *pictures, uint64_t *random, int32_t width_px,
                            int32_t height_px)
{
    struct bench_picture *picture = bench_pictures_add(pictures, width_px, height_px);

    for (int32_t y = 0; y < height_px; y++)
        for (int32_t x = 0; x < width_px; x++)
            picture->straight[y * width_px + x] =
                0xFF000000 | (uint32_t)(60 + 100 * y / height_px) << 16 |
                (uint32_t)(80 + 90 * x / width_px) << 8 | (uint32_t)(128 + bench_below(random, 32));
    complete(picture);
}

/* A sprite in 32x32: the mean of the premultiplied pixels that lie in each. */
static void shrink(struct bench_pictures *pictures, uint32_t index)
{
    struct bench_picture *small = bench_pictures_add(pictures, 32, 32);
    const struct bench_picture *large = &pictures->list[index];

    for (int32_t y = 0; y < 32; y++) {
        for (int32_t x = 0; x < 32; x++) {
            int32_t x1 = x * large->width_px / 32, y1 = y * large->height_px / 32;
            int32_t x2 = (x + 1) * large->width_px / 32, y2 = (y + 1) * large->height_px / 32;
            uint64_t sums[4] = {0}, count = 0;
            uint32_t out;

            for (int32_t v = y1; v < y2 || v == y1; v++)
                for (int32_t u = x1; u < x2 || u == x1; u++, count++)
                    for (int i = 0; i < 4; i++)
                        sums[i] += large->premultiplied[v * large->width_px + u] >> 8 * i & 255;
            out = (uint32_t)(sums[3] / count) << 24;
            for (int i = 0; i < 3 && sums[3] > 0; i++)
                out |= (uint32_t)(sums[i] * 255 / sums[3] > 255 ? 255 : sums[i] * 255 / sums[3])
                       << 8 * i;
            small->straight[y * 32 + x] = out;
        }
    }
    complete(small);
}

static bool add_sprites(struct bench_pictures *pictures, uint64_t *random, const char *folder)
{
    static const int32_t sizes[][2] = {{66, 92}, {69, 92}, {72, 97}, {67, 92},
                                       {66, 82}, {72, 86}, {60, 94}, {75, 94}};

    if (folder) {
        int loaded = bench_pictures_load(pictures, folder);

        if (loaded <= 0)
            return false;
        pictures->sprites_count = pictures->small_count = (uint32_t)loaded;
        for (uint32_t i = 0; i < pictures->sprites_count; i++)
            complete(&pictures->list[i]);
        pictures->small = pictures->count;
        for (uint32_t i = 0; i < pictures->sprites_count; i++)
            shrink(pictures, i);
        return true;
    }
    pictures->sprites_count = pictures->small_count = 8;
    for (uint32_t i = 0; i < pictures->sprites_count; i++)
        make_sprite(pictures, random, sizes[i][0], sizes[i][1]);
    pictures->small = pictures->count;
    for (uint32_t i = 0; i < pictures->small_count; i++)
        make_sprite(pictures, random, 32, 32);
    return true;
}

bool bench_pictures_make(struct bench_pictures *pictures, int32_t width_px, int32_t height_px,
                         const char *folder)
{
    uint64_t random = BENCH_SEED;

    *pictures = (struct bench_pictures){.list = calloc(MAX_PICTURES + 1, sizeof(*pictures->list))};
    if (!pictures->list || !add_sprites(pictures, &random, folder))
        return false;
    pictures->tiles = pictures->count;
    pictures->tiles_count = 8;
    for (uint32_t i = 0; i < pictures->tiles_count; i++)
        make_tile(pictures, &random);
    pictures->page = pictures->count;
    make_page(pictures, &random, width_px, height_px);
    pictures->background = pictures->count;
    make_background(pictures, &random, width_px, height_px);
    return true;
}

void bench_pictures_finish(struct bench_pictures *pictures)
{
    for (uint32_t i = 0; i < pictures->count; i++) {
        free(pictures->list[i].straight);
        free(pictures->list[i].premultiplied);
    }
    free(pictures->list);
}

struct bench_shares bench_pictures_shares(const struct bench_pictures *pictures)
{
    uint64_t all = 0, transparent = 0, opaque = 0;

    for (uint32_t i = 0; i < pictures->sprites_count; i++) {
        const struct bench_picture *picture = &pictures->list[pictures->sprites + i];
        size_t count = (size_t)picture->width_px * (size_t)picture->height_px;

        all += count;
        for (size_t p = 0; p < count; p++) {
            transparent += picture->straight[p] >> 24 == 0;
            opaque += picture->straight[p] >> 24 == 255;
        }
    }
    return (struct bench_shares){.transparent = (double)transparent / (double)all,
                                 .opaque = (double)opaque / (double)all,
                                 .translucent = (double)(all - transparent - opaque) / (double)all};
}

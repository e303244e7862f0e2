#include "draw_rig.h"

#include "base/hash.h"
#include "pixel_test.h"

#include <stdlib.h>
#include <string.h>

/* ---- Images --------------------------------------------------------------------------------- */

struct kd_pixels *draw_pixels(enum kd_source_kind kind, int32_t width, int32_t height,
                              bool versioned, const uint32_t *plain)
{
    struct kd_pixels *pixels = kd_pixels_create(kind, width, height, versioned);

    ck_assert_ptr_nonnull(pixels);
    for (size_t i = 0; i < kd_pixels_tiles(pixels); i++) {
        struct kd_box box = kd_pixels_tile_box(pixels, i);
        struct kd_tile *tile = kd_pixels_own_tile(pixels, i, false);
        size_t row_bytes = (size_t)kd_box_width(box) * sizeof(uint32_t);

        ck_assert_ptr_nonnull(tile);
        for (int32_t y = box.y1; y < box.y2; y++)
            memcpy(tile->pixels + (size_t)(y - box.y1) * tile->stride_px,
                   plain + (size_t)y * (size_t)width + box.x1, row_bytes);
        tile->key = kd_hash_rows(DRAW_SEED, tile->pixels, tile->stride_px * sizeof(uint32_t),
                                 row_bytes, (size_t)kd_box_height(box));
        tile->sections = kd_sections_make(tile->pixels, tile->stride_px, kd_box_width(box),
                                          kd_box_height(box), kind);
    }
    return pixels;
}

struct draw_image draw_image_create(enum kd_source_kind kind, int32_t width, int32_t height,
                                    bool versioned)
{
    struct draw_image image = {.plain = malloc((size_t)width * (size_t)height * sizeof(uint32_t))};

    unsigned most = random_u32() % 2 ? 1 : 1 + random_u32() % 40, run = 0, sort = 0;

    /* runs of opaque pixels, of transparent ones and of any, or just any */
    for (size_t i = 0; i < (size_t)width * (size_t)height; i++, run--) {
        if (run == 0) {
            run = 1 + random_u32() % most;
            sort = most > 1 ? random_u32() % 4 : 3;
        }
        image.plain[i] = sort == 0   ? 0
                         : sort == 1 ? random_pixel() | 0xFF000000
                         : sort == 2 ? 0xFF204060
                                     : random_pixel();
    }
    if (random_u32() % 3 == 0) /* round, as sprites are */
        for (int32_t y = 0; y < height; y++)
            for (int32_t x = 0; x < width; x++) {
                int64_t dx = (2 * x + 1 - width) * (int64_t)height;
                int64_t dy = (2 * y + 1 - height) * (int64_t)width;

                if (dx * dx + dy * dy > (int64_t)width * width * height * height)
                    image.plain[(size_t)y * (size_t)width + (size_t)x] = 0;
            }
    image.pixels = draw_pixels(kind, width, height, versioned, image.plain);
    return image;
}

struct draw_image draw_image_create_figure(enum kd_source_kind kind, int32_t width, int32_t height)
{
    struct draw_image image = {.plain = malloc((size_t)width * (size_t)height * sizeof(uint32_t))};
    int32_t middle_x = (int32_t)(random_u32() % (uint32_t)width);
    int32_t middle_y = (int32_t)(random_u32() % (uint32_t)height);
    int32_t reach = (int32_t)(random_u32() % (uint32_t)(width + height));
    uint32_t clear = kind == KD_SOURCE_STRAIGHT ? random_u32() & 0xFFFFFF : 0;

    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++)
            image.plain[y * width + x] =
                abs(x - middle_x) + abs(y - middle_y) < reach ? random_pixel() : clear;
    image.pixels = draw_pixels(kind, width, height, false, image.plain);
    return image;
}

void draw_image_finish(struct draw_image *image)
{
    kd_pixels_unref(image->pixels);
    free(image->plain);
}

/* ---- Commands ------------------------------------------------------------------------------- */

static void append(struct draw_commands *list, const void *command, size_t bytes)
{
    ck_assert_uint_eq(bytes % 32, 0);
    memcpy(list->bytes + (size_t)list->units * 32, command, bytes);
    list->units += (uint32_t)bytes / 32;
}

void draw_fill(struct draw_commands *list, enum kb_blend blend, uint8_t alpha, uint32_t color,
               struct kb_rect where)
{
    struct kb_command_fill fill = {.op = KB_COMMAND_FILL,
                                   .blend = (uint8_t)blend,
                                   .alpha = alpha,
                                   .color = color,
                                   .where = where};

    append(list, &fill, sizeof(fill));
}

void draw_clip(struct draw_commands *list, struct kb_rect where)
{
    struct kb_command_clip clip = {.op = KB_COMMAND_CLIP, .where = where};

    append(list, &clip, sizeof(clip));
}

void draw_blit(struct draw_commands *list, const struct kb_command_blit *blit)
{
    append(list, blit, sizeof(*blit));
}

static int32_t random_between(int32_t low, int32_t high)
{
    return low + (int32_t)(random_u32() % (uint32_t)(high - low + 1));
}

/* Mostly near the target, sometimes as far away as it goes. */
static struct kb_rect random_rect(int32_t width, int32_t height)
{
    static const int32_t far[] = {INT32_MIN, INT32_MIN + 1, -70000,
                                  70000,     INT32_MAX - 1, INT32_MAX};
    struct kb_rect rect = {random_between(-width, width), random_between(-height, height),
                           (uint32_t)random_between(0, width + 20),
                           (uint32_t)random_between(0, height + 20)};

    switch (random_u32() % 16) {
    case 0: rect.x = far[random_u32() % 6]; break;
    case 1: rect.y = far[random_u32() % 6]; break;
    case 2: rect = (struct kb_rect){INT32_MIN, INT32_MIN, UINT32_MAX, UINT32_MAX}; break;
    case 3: rect = (struct kb_rect){0, 0, (uint32_t)width, (uint32_t)height}; break;
    case 4: /* whole tiles */
        rect.x &= ~63;
        rect.y &= ~63;
        rect.width &= ~63u;
        rect.height &= ~63u;
        break;
    default: break;
    }
    return rect;
}

static void random_blit(struct draw_commands *list, int32_t width, int32_t height,
                        const struct draw_image *images, uint32_t images_count)
{
    struct kb_command_blit blit = {.op = KB_COMMAND_BLIT,
                                   .blend = (uint8_t)(random_u32() % KD_PIX_BLENDS),
                                   .alpha = random_u32() % 2 ? 255 : (uint8_t)random_u32(),
                                   .flags = (uint8_t)(random_u32() % 4),
                                   .tint =
                                       random_u32() % 3 ? 0xFFFFFFFF : random_u32() | 0xFF000000,
                                   .image = random_u32() % images_count};
    const struct kd_pixels *image = images[blit.image].pixels;
    int32_t w = image ? image->width_px : 10, h = image ? image->height_px : 10;
    struct kb_rect to = random_rect(width, height);

    if (random_u32() % 2)
        blit.blend = random_u32() % 2 ? KB_BLEND_OVER : KB_BLEND_REPLACE;
    blit.src_width = (uint16_t)w;
    blit.src_height = (uint16_t)h;
    if (random_u32() % 3 == 0) {
        blit.src_x = (int16_t)random_between(-w - 3, w + 3);
        blit.src_y = (int16_t)random_between(-h - 3, h + 3);
        blit.src_width = (uint16_t)random_between(0, 2 * w);
        blit.src_height = (uint16_t)random_between(0, 2 * h);
    }
    if (random_u32() % 50 == 0) {
        blit.src_x = INT16_MIN;
        blit.src_width = UINT16_MAX;
    }
    blit.x = to.x;
    blit.y = to.y;
    draw_blit(list, &blit);
}

static int32_t random_fixed(int64_t value)
{
    return (int32_t)(value < INT32_MIN ? INT32_MIN : value > INT32_MAX ? INT32_MAX : value);
}

/* Turns and scales about the middle, mostly; shears, lines and nonsense at times. */
static void random_matrix(struct kb_command_transformed_blit *blit, int32_t width, int32_t height,
                          int32_t image_width, int32_t image_height)
{
    static const int32_t edges[] = {0, 1, -1, 65536, -65536, 32768, INT32_MIN, INT32_MAX};
    int32_t *const factors[] = {&blit->xx, &blit->xy, &blit->yx, &blit->yy};
    unsigned bits = 14 + random_u32() % 6;

    for (int i = 0; i < 4; i++)
        *factors[i] = (int32_t)(random_u32() % (2u << bits)) - (int32_t)(1u << bits);
    if (random_u32() % 3 == 0)
        blit->xy = blit->yx = 0;
    if (random_u32() % 6 == 0)
        *factors[random_u32() % 4] = edges[random_u32() % 8];
    if (random_u32() % 12 == 0) { /* nearly a line */
        blit->yx = random_fixed((int64_t)blit->xx + random_between(-1, 1));
        blit->yy = random_fixed((int64_t)blit->xy + random_between(-1, 1));
    }
    if (random_u32() % 30 == 0)
        for (int i = 0; i < 4; i++)
            *factors[i] = (int32_t)random_u32();
    if (random_u32() % 30 == 0)
        for (int i = 0; i < 4; i++)
            *factors[i] = 0x70000000 + random_between(-9, 9);
    blit->x0 = random_fixed(((int64_t)image_width << 15) - (int64_t)blit->xx * (width / 2) -
                            (int64_t)blit->xy * (height / 2));
    blit->y0 = random_fixed(((int64_t)image_height << 15) - (int64_t)blit->yx * (width / 2) -
                            (int64_t)blit->yy * (height / 2));
    if (random_u32() % 20 == 0)
        blit->x0 = edges[random_u32() % 8];
}

static void random_transformed(struct draw_commands *list, int32_t width, int32_t height,
                               const struct draw_image *images, uint32_t images_count)
{
    unsigned char straight[32];
    struct draw_commands one = {.bytes = straight};
    struct kb_command_blit blit;
    struct kb_command_transformed_blit transformed;
    const struct kd_pixels *image;

    random_blit(&one, width, height, images, images_count);
    memcpy(&blit, straight, 32);
    image = images[blit.image].pixels;
    transformed = (struct kb_command_transformed_blit){.op = KB_COMMAND_TRANSFORMED_BLIT,
                                                       .blend = blit.blend,
                                                       .alpha = blit.alpha,
                                                       .flags = (uint8_t)(random_u32() % 8),
                                                       .tint = blit.tint,
                                                       .image = blit.image,
                                                       .src_x = blit.src_x,
                                                       .src_y = blit.src_y,
                                                       .src_width = blit.src_width,
                                                       .src_height = blit.src_height};
    random_matrix(&transformed, width, height, image ? image->width_px : 10,
                  image ? image->height_px : 10);
    append(list, &transformed, sizeof(transformed));
}

void draw_random_command(struct draw_commands *list, int32_t width, int32_t height,
                         const struct draw_image *images, uint32_t images_count)
{
    enum kb_blend blend = random_u32() % KD_PIX_BLENDS;

    switch (random_u32() % 10) {
    case 0: draw_clip(list, random_rect(width, height)); break;
    case 1: draw_clip(list, (struct kb_rect){0, 0, (uint32_t)width, (uint32_t)height}); break;
    case 2:
    case 3:
        draw_fill(list, random_u32() % 2 ? KB_BLEND_OVER : blend,
                  random_u32() % 2 ? 255 : (uint8_t)random_u32(), random_pixel(),
                  random_rect(width, height));
        break;
    case 4:
    case 5: random_transformed(list, width, height, images, images_count); break;
    default: random_blit(list, width, height, images, images_count); break;
    }
}

/* ---- Layers ----------------------------------------------------------------------------------- */

struct kd_layer draw_random_layer(int32_t width, int32_t height, const struct draw_image *pictures,
                                  uint32_t pictures_count)
{
    struct kd_layer layer = {.base_color = random_u32() | 0xFF000000,
                             .source = random_u32() % pictures_count,
                             .filter = random_u32() % 2 ? KB_FILTER_BILINEAR : KB_FILTER_NEAREST};
    const struct kd_pixels *picture = pictures[layer.source].pixels;
    int32_t x = random_between(-width / 2, width), y = random_between(-height / 2, height);
    int32_t w = random_between(1, 2 * width), h = random_between(1, 2 * height);

    if (random_u32() % 3 == 0) {
        x = y = 0;
        w = width;
        h = height;
    }
    layer.place.box = (struct kd_box){x, y, x + w, y + h};
    layer.picture.box = kd_box_moved(
        kd_box_of_size(random_between(1, 3 * width), random_between(1, 3 * height)), x, y);
    if (random_u32() % 2)
        layer.picture.box =
            kd_box_moved(kd_box_of_size(picture->width_px, picture->height_px), x - 3, y + 4);
    if (random_u32() % 8 == 0)
        layer.picture.box = (struct kd_box){0, 0, 0, 0};
    return layer;
}

struct draw_image draw_random_picture(int32_t most_px)
{
    int32_t w = random_between(1, most_px), h = random_between(1, most_px);
    struct draw_image picture = draw_image_create(KD_SOURCE_OPAQUE, w, h, true);

    for (int32_t i = 0; i < w * h; i++)
        picture.plain[i] |= 0xFF000000;
    kd_pixels_unref(picture.pixels);
    picture.pixels = draw_pixels(KD_SOURCE_OPAQUE, w, h, true, picture.plain);
    return picture;
}

/* ---- The painter ---------------------------------------------------------------------------- */

struct color {
    int a, c[3];
};

static int mul(int a, int b)
{
    return (a * b + 127) / 255;
}

static struct color unpack(uint32_t pixel)
{
    return (struct color){(int)(pixel >> 24),
                          {(int)(pixel & 255), (int)(pixel >> 8 & 255), (int)(pixel >> 16 & 255)}};
}

static uint32_t pack(struct color color)
{
    return (uint32_t)color.a << 24 | (uint32_t)color.c[2] << 16 | (uint32_t)color.c[1] << 8 |
           (uint32_t)color.c[0];
}

static int simple(int blend, int d, int s)
{
    switch (blend) {
    case KB_BLEND_ADD: return d + s < 255 ? d + s : 255;
    case KB_BLEND_SUB: return d - s > 0 ? d - s : 0;
    case KB_BLEND_MULT: return mul(d, s);
    case KB_BLEND_MIN: return d < s ? d : s;
    default: return d > s ? d : s;
    }
}

/* The table of "Colours and blending". */
static uint32_t blended(enum kd_target_kind target, int blend, uint32_t dst, struct color s,
                        bool premultiplied)
{
    struct color d = unpack(dst), r = d;
    bool rgba = blend >= KB_BLEND_RGBA_ADD;

    for (int i = 0; i < 3; i++) {
        int p = premultiplied ? s.c[i] : mul(s.c[i], s.a), sum;

        switch (blend) {
        case KB_BLEND_OVER: sum = p + mul(d.c[i], 255 - s.a); break;
        case KB_BLEND_REPLACE: sum = target == KD_TARGET_OPAQUE ? s.c[i] : p; break;
        case KB_BLEND_PREMULTIPLIED: sum = s.c[i] + mul(d.c[i], 255 - s.a); break;
        default:
            sum = simple(rgba ? blend - KB_BLEND_RGBA_ADD + KB_BLEND_ADD : blend, d.c[i], s.c[i]);
        }
        r.c[i] = sum < 255 ? sum : 255;
    }
    if (target == KD_TARGET_OPAQUE) {
        r.a = 255;
    } else if (blend == KB_BLEND_REPLACE) {
        r.a = s.a;
    } else if (blend == KB_BLEND_OVER || blend == KB_BLEND_PREMULTIPLIED) {
        int sum = s.a + mul(d.a, 255 - s.a);

        r.a = sum < 255 ? sum : 255;
    } else if (rgba) {
        r.a = simple(blend - KB_BLEND_RGBA_ADD + KB_BLEND_ADD, d.a, s.a);
    }
    return pack(r);
}

/* Tint, then alpha. */
static struct color modulated(struct color s, bool premultiplied, uint32_t tint_pixel, int alpha)
{
    struct color tint = unpack(tint_pixel);

    for (int i = 0; i < 3; i++) {
        s.c[i] = mul(s.c[i], tint.c[i]);
        if (premultiplied)
            s.c[i] = mul(s.c[i], alpha);
    }
    s.a = mul(s.a, alpha);
    return s;
}

/* The image's pixel as it counts. */
static struct color pixel_of(const struct draw_image *image, int64_t x, int64_t y)
{
    struct color s = unpack(image->plain[y * image->pixels->width_px + x]);

    if (image->pixels->kind == KD_SOURCE_OPAQUE)
        s.a = 255;
    return s;
}

static bool inside(struct kb_rect rect, int64_t x, int64_t y)
{
    return x >= rect.x && y >= rect.y && x < (int64_t)rect.x + rect.width &&
           y < (int64_t)rect.y + rect.height;
}

static void paint_blit(uint32_t *pixel, int32_t x, int32_t y, enum kd_target_kind kind,
                       const struct kb_command_blit *blit, const struct draw_image *image)
{
    int64_t column = (int64_t)x - blit->x, row = (int64_t)y - blit->y;
    bool premultiplied;

    if (!image->pixels || column < 0 || row < 0 || column >= blit->src_width ||
        row >= blit->src_height)
        return;
    if (blit->flags & KB_BLIT_FLAG_FLIP_X)
        column = blit->src_width - 1 - column;
    if (blit->flags & KB_BLIT_FLAG_FLIP_Y)
        row = blit->src_height - 1 - row;
    column += blit->src_x;
    row += blit->src_y;
    if (column < 0 || row < 0 || column >= image->pixels->width_px ||
        row >= image->pixels->height_px)
        return;
    premultiplied = image->pixels->kind == KD_SOURCE_PREMULTIPLIED;
    *pixel =
        blended(kind, blit->blend, *pixel,
                modulated(pixel_of(image, column, row), premultiplied, blit->tint, blit->alpha),
                premultiplied);
}

static int64_t clamped(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value >= high ? high - 1 : value;
}

/* Bilinear: u and v in 256ths, from the centre of the first pixel; neighbours are clamped to the box. Premultiplied. */
static struct color filtered(const struct draw_image *image, struct kd_box box, int64_t u,
                             int64_t v)
{
    int64_t left = kd_floor_div(u, 256), top = kd_floor_div(v, 256);
    int64_t fx = u - left * 256, fy = v - top * 256;
    int64_t sums[4] = {0};

    for (int i = 0; i < 4; i++) {
        int64_t weight = (i & 1 ? fx : 256 - fx) * (i & 2 ? fy : 256 - fy);
        struct color s = pixel_of(image, clamped(left + (i & 1), box.x1, box.x2),
                                  clamped(top + (i >> 1), box.y1, box.y2));

        for (int c = 0; c < 3; c++)
            sums[c] += weight *
                       (image->pixels->kind == KD_SOURCE_PREMULTIPLIED ? s.c[c] : mul(s.c[c], s.a));
        sums[3] += weight * s.a;
    }
    return (struct color){(int)((sums[3] + 32768) >> 16),
                          {(int)((sums[0] + 32768) >> 16), (int)((sums[1] + 32768) >> 16),
                           (int)((sums[2] + 32768) >> 16)}};
}

static void paint_transformed(uint32_t *pixel, int64_t x, int64_t y, enum kd_target_kind kind,
                              const struct kb_command_transformed_blit *blit,
                              const struct draw_image *image)
{
    int64_t u = kd_floor_div(blit->xx * (2 * x + 1) + blit->xy * (2 * y + 1), 2) + blit->x0;
    int64_t v = kd_floor_div(blit->yx * (2 * x + 1) + blit->yy * (2 * y + 1), 2) + blit->y0;
    bool bilinear = blit->flags & KB_BLIT_FLAG_BILINEAR, premultiplied;
    struct kd_box box;
    struct color s;

    if (!image->pixels)
        return;
    if (blit->flags & KB_BLIT_FLAG_FLIP_X)
        u = (2 * (int64_t)blit->src_x + blit->src_width) * 65536 - 1 - u;
    if (blit->flags & KB_BLIT_FLAG_FLIP_Y)
        v = (2 * (int64_t)blit->src_y + blit->src_height) * 65536 - 1 - v;
    box = (struct kd_box){blit->src_x > 0 ? blit->src_x : 0, blit->src_y > 0 ? blit->src_y : 0,
                          kd_min(blit->src_x + blit->src_width, image->pixels->width_px),
                          kd_min(blit->src_y + blit->src_height, image->pixels->height_px)};
    if (u < (int64_t)box.x1 * 65536 || v < (int64_t)box.y1 * 65536 ||
        u >= (int64_t)box.x2 * 65536 || v >= (int64_t)box.y2 * 65536)
        return;
    premultiplied = bilinear || image->pixels->kind == KD_SOURCE_PREMULTIPLIED;
    if (bilinear)
        s = filtered(image, box, kd_floor_div(u - 32768, 256), kd_floor_div(v - 32768, 256));
    else
        s = pixel_of(image, u / 65536, v / 65536);
    *pixel = blended(kind, blit->blend, *pixel,
                     modulated(s, premultiplied, blit->tint, blit->alpha), premultiplied);
}

void draw_paint(uint32_t *target, int32_t width, int32_t height, enum kd_target_kind kind,
                const struct draw_commands *list, const struct draw_image *images)
{
    struct kb_rect clip = {0, 0, (uint32_t)width, (uint32_t)height};

    for (uint32_t i = 0; i < list->units; i++) {
        const union kb_command *command = (const void *)(list->bytes + (size_t)i * 32);

        if (command->op == KB_COMMAND_CLIP) {
            clip = command->clip.where;
            continue;
        }
        for (int32_t y = 0; y < height; y++) {
            for (int32_t x = 0; x < width; x++) {
                uint32_t *pixel = &target[(size_t)y * (size_t)width + (size_t)x];
                struct color color;

                if (!inside(clip, x, y))
                    continue;
                if (command->op == KB_COMMAND_BLIT) {
                    paint_blit(pixel, x, y, kind, &command->blit, &images[command->blit.image]);
                } else if (command->op == KB_COMMAND_TRANSFORMED_BLIT) {
                    paint_transformed(pixel, x, y, kind, &command->transformed_blit,
                                      &images[command->transformed_blit.image]);
                } else if (inside(command->fill.where, x, y)) {
                    color = unpack(command->fill.color);
                    color.a = mul(color.a, command->fill.alpha);
                    *pixel = blended(kind, command->fill.blend, *pixel, color, false);
                }
            }
        }
        i += command->op == KB_COMMAND_TRANSFORMED_BLIT; /* it has 64 bytes */
    }
}

void draw_paint_layer(uint32_t *target, int32_t width, int32_t height, const struct kd_layer *layer,
                      const struct draw_image *pictures)
{
    struct kd_box place = layer->place.box, shown = layer->picture.box;
    int64_t shown_w = (int64_t)shown.x2 - shown.x1, shown_h = (int64_t)shown.y2 - shown.y1;

    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++) {
            uint32_t *pixel = &target[(size_t)y * (size_t)width + (size_t)x];

            if (x < place.x1 || x >= place.x2 || y < place.y1 || y >= place.y2)
                continue;
            *pixel = layer->base_color;
            if (x >= shown.x1 && x < shown.x2 && y >= shown.y1 && y < shown.y2) {
                const struct draw_image *picture = &pictures[layer->source];
                int64_t w = picture->pixels->width_px, h = picture->pixels->height_px;
                int64_t from_x = (2 * ((int64_t)x - shown.x1) + 1) * w;
                int64_t from_y = (2 * ((int64_t)y - shown.y1) + 1) * h;

                if (layer->filter == KB_FILTER_BILINEAR && (w != shown_w || h != shown_h))
                    *pixel = pack(filtered(picture, kd_box_of_size((int32_t)w, (int32_t)h),
                                           from_x * 256 / (2 * shown_w) - 128,
                                           from_y * 256 / (2 * shown_h) - 128));
                else
                    *pixel = picture->plain[from_y / (2 * shown_h) * w + from_x / (2 * shown_w)];
            }
        }
    }
}

/* ---- The daemon's way ----------------------------------------------------------------------- */

unsigned draw_run(struct kd_draw *draw, bool *split_a_tile)
{
    struct kd_renderer *renderer;
    unsigned slices = 1;

    ck_assert_int_eq(kd_cpu_renderer_create(&renderer), 0);
    while (renderer->impl->draw(renderer, draw) == KD_JOB_AGAIN) {
        *split_a_tile = *split_a_tile || atomic_load(&draw->places_waiting) != 0;
        slices++;
    }
    renderer->impl->destroy(renderer);
    ck_assert_int_eq(atomic_load(&draw->error), 0);
    ck_assert_uint_eq(atomic_load(&draw->next_tile), draw->tiles_count);
    return slices;
}

void draw_frame(struct drawn_frame *frame, const struct kd_pixels *before, bool clear,
                struct kd_grid grid, enum kd_target_kind target, uint32_t base_color,
                uint64_t max_touches, const struct draw_commands *list,
                const struct draw_image *images, uint32_t images_count)
{
    static unsigned frames;
    struct kd_arena arena = {0};
    struct kd_plan plan;
    struct kd_ops ops;
    struct kd_origins origins;
    struct kd_draw draw = {.plan = &plan};
    const struct kd_pixels **sources =
        kd_arena_alloc(&arena, images_count, sizeof(struct kd_pixels *));
    uint64_t *have = kd_arena_alloc(&arena, kd_grid_count(grid), sizeof(*have));
    uint32_t *changed = kd_arena_alloc(&arena, kd_grid_count(grid), sizeof(*changed));

    *frame = (struct drawn_frame){0};
    for (uint32_t i = 0; i < images_count; i++)
        sources[i] = images[i].pixels;
    frame->picture = before ? kd_pixels_derive(before)
                            : kd_pixels_create(target == KD_TARGET_OPAQUE ? KD_SOURCE_OPAQUE
                                                                          : KD_SOURCE_PREMULTIPLIED,
                                               grid.width_px, grid.height_px, true);
    ck_assert_int_eq(kd_ops_from_commands(&ops, &arena, grid, (const void *)list->bytes,
                                          list->units, DRAW_SEED, sources),
                     0);
    ops.max_touches = max_touches;
    ck_assert_int_eq(kd_plan_make(&plan, &arena, grid, target, base_color,
                                  clear || !before ? NULL : frame->picture, &ops),
                     0);
    for (size_t i = 0; i < kd_grid_count(grid); i++)
        have[i] = frame->picture->tiles[i] ? frame->picture->tiles[i]->key : 0;
    draw.tiles_count = kd_plan_changes(&plan, have, changed);
    draw.tiles = changed;
    draw.picture = frame->picture;
    frame->tiles_drawn = draw.tiles_count;
    ck_assert_int_eq(
        kd_origins_init(&origins, &arena, &plan, &ops, frame->picture, changed, draw.tiles_count),
        0);
    draw.bounds = frames++ % 4 ? origins.bounds : NULL; /* now and then without */
    frame->pixels_drawn = kd_draw_area_px(&draw);
    frame->slices = draw_run(&draw, &frame->split_a_tile);
    kd_origins_attach(&origins, frame->picture);
    kd_origins_finish(&origins);
    kd_arena_finish(&arena);
}

/* Left and right change places. */
static void reflect(uint32_t *rows, int32_t width, int32_t height)
{
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width / 2; x++) {
            uint32_t *a = &rows[y * width + x], *b = &rows[y * width + width - 1 - x], kept = *a;

            *a = *b;
            *b = kept;
        }
}

/* A quarter turn counter-clockwise: the right column becomes the first row. */
static void turn(uint32_t *rows, int32_t *width, int32_t *height)
{
    int32_t w = *width, h = *height;
    uint32_t *copy = malloc((size_t)w * (size_t)h * sizeof(uint32_t));

    memcpy(copy, rows, (size_t)w * (size_t)h * sizeof(uint32_t));
    for (int32_t y = 0; y < w; y++)
        for (int32_t x = 0; x < h; x++)
            rows[y * h + x] = copy[x * w + (w - 1 - y)];
    free(copy);
    *width = h;
    *height = w;
}

uint32_t *draw_on_device(const struct kd_view *view, const uint32_t *picture)
{
    int32_t width = kd_view_size(view).x, height = kd_view_size(view).y;
    int32_t device_width = view->device_width_px, device_height = view->device_height_px;
    uint32_t *rows = malloc((size_t)width * (size_t)height * sizeof(uint32_t));
    uint32_t *device = malloc((size_t)device_width * (size_t)device_height * sizeof(uint32_t));
    int turns = view->rotation + (view->reflect_y ? 2 : 0);

    memcpy(rows, picture, (size_t)width * (size_t)height * sizeof(uint32_t));
    if (view->reflect_x != view->reflect_y) /* top and bottom: left and right and half a turn */
        reflect(rows, width, height);
    for (int i = 0; i < turns; i++)
        turn(rows, &width, &height);
    for (int32_t i = 0; i < device_width * device_height; i++)
        device[i] = 0xFF000000;
    for (int32_t y = 0; y < height; y++)
        memcpy(device + (y + view->inner.y1) * device_width + view->inner.x1, rows + y * width,
               (size_t)width * sizeof(uint32_t));
    free(rows);
    return device;
}

void draw_expect_equal(const uint32_t *got, size_t got_stride_px, const uint32_t *want,
                       int32_t width, int32_t height, const char *what)
{
    for (int32_t y = 0; y < height; y++)
        for (int32_t x = 0; x < width; x++) {
            uint32_t g = got[(size_t)y * got_stride_px + (size_t)x];
            uint32_t w = want[(size_t)y * (size_t)width + (size_t)x];

            if (g != w)
                ck_abort_msg("%s: pixel (%d, %d) of %dx%d is %08x, not %08x", what, x, y, width,
                             height, g, w);
        }
}
